"""What past forecasts said of accounts over a period as long as the one planned."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.forecast.replay import PastForecasts
from kamlib.forecast.sales_history import month_text, sum_groups
from kamlib.measures.money import to_money
from kamlib.periods import Period


def replayed_forecasts(past: PastForecasts, *, period: Period) -> pd.DataFrame:
    """Sum up what each past forecast said of each account, over months as far ahead as those planned now.

    Parameters
    ----------
    past : PastForecasts
        What `kamlib.forecast.replay_sales` made.
    period : Period
        The period planned; past dates count as many months, as far ahead.

    Returns
    -------
    pandas.DataFrame
        One row per planning date and account that had begun before it: origin (month of the planning date),
        account_id, forecast [currency]; sorted so. Dates whose months are not over are left out, and so are
        sales without an account.

    Raises
    ------
    ParameterError
        If the period lies outside the months that were forecast.
    """
    pairs, ahead = past.levels.pairs, past.forecast.shape[1]
    lead, months = period.first - pairs.end, period.length
    if lead < 0 or months < 1 or lead + months > ahead:
        raise ParameterError(
            f"{period} lies {lead + 1} to {lead + months} months ahead; past forecasts cover 1 to {ahead}."
            " Forecast as far as the period's end."
        )
    code, ids = pd.factorize(pairs.keys["account_id"], sort=True)
    first = np.full(len(ids), len(pairs.ticks))
    np.minimum.at(first, code[code >= 0], pairs.first[code >= 0])
    parts = []
    for place, origin in enumerate(past.origins):
        if origin + lead + months <= len(pairs.ticks):
            ticks = past.forecast[place, lead : lead + months][:, code >= 0].sum(axis=0, keepdims=True)
            sums = sum_groups(ticks, code[code >= 0], len(ids))[:, 0]
            begun = first < origin
            name = month_text(np.array([pairs.start + origin]))[0]
            parts.append(pd.DataFrame({"origin": name, "account_id": ids[begun], "ticks": sums[begun]}))
    columns = {"origin": "str", "account_id": "str", "ticks": "int64"}
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(columns))
    table = table.astype(columns)
    return table.assign(forecast=to_money(table["ticks"].to_numpy())).drop(columns="ticks")
