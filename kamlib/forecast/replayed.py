"""What past forecasts said of accounts over a period as long as the one planned."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.forecast.replay import PastForecasts
from kamlib.forecast.sales_history import month_text, sum_groups
from kamlib.measures.money import to_money


def replayed_forecasts(past: PastForecasts, *, lead: int, months: int) -> pd.DataFrame:
    """Sum up what each past forecast said of each account, over months as far ahead as those planned now.

    Parameters
    ----------
    past : PastForecasts
        What `kamlib.forecast.replay_sales` made.
    lead : int
        Months between the planning date and the first month counted [months].
    months : int
        Months counted [months].

    Returns
    -------
    pandas.DataFrame
        One row per planning date and account that had begun before it: origin (month of the planning date),
        account_id, forecast [currency]; sorted so. Dates whose months are not over are left out, and so are
        sales without an account.

    Raises
    ------
    ParameterError
        If more months are asked for than were forecast.
    """
    ahead = past.forecast.shape[1]
    if lead < 0 or months < 1 or lead + months > ahead:
        raise ParameterError(
            f"months {lead + 1} to {lead + months} ahead are asked for; past forecasts cover 1 to {ahead}."
        )
    pairs = past.levels.pairs
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
