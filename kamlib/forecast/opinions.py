"""The company and its largest accounts by textbook models, beside the panel's forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.forecast.params import ForecastParams
from kamlib.forecast.replay import PastForecasts
from kamlib.forecast.sales_history import COMPANY, NO_ACCOUNT, sum_groups
from kamlib.forecast.second_opinion import second_opinion
from kamlib.measures.money import SCALE, as_float, to_money


def sales_opinions(
    past: PastForecasts, totals: pd.DataFrame, *, params: ForecastParams, seed: int
) -> pd.DataFrame:
    """Forecast the company and its largest accounts by ETS and SARIMAX, beside the forecast in use.

    Largest by the forecast of the months to come, ties by key, `params.opinion_accounts` of them. Each is
    taken from its first month with a sale; a month without one is a sale of nothing.

    Parameters
    ----------
    past : PastForecasts
        What `kamlib.forecast.replay_sales` made.
    totals : pandas.DataFrame
        Totals of `kamlib.forecast.forecast_ranges`.
    params : ForecastParams
        Season, history window, and how many accounts.
    seed : int
        Seed of the models' simulated ranges.

    Returns
    -------
    pandas.DataFrame
        One row per key and model, company first, then accounts by size, the forecast in use first of each:
        level, key, model, total, low_80, high_80 (of all months to come) [currency], ljung_box (p-value that
        residuals are uncorrelated), season_found and opinion_note (why there is no number).
        See `kamlib.forecast.second_opinion`.
    """
    accounts = totals[(totals["level"] == "account") & (totals["key"] != NO_ACCOUNT)]
    size = as_float(accounts["forecast"])
    chosen = accounts["key"].to_numpy()[np.lexsort((accounts["key"], -size))][: params.opinion_accounts]
    own = totals[(totals["level"] == "company") | totals["key"].isin(chosen) & (totals["level"] == "account")]
    history = pd.concat(
        [_history(past, "company", COMPANY, params), *(_history(past, "account", k, params) for k in chosen)]
    )
    found = second_opinion(history, horizon=past.horizon, season_length=params.season_length, seed=seed)
    for column in ("total", "low_80", "high_80"):
        known = found[column].notna()
        ticks = np.rint(found[column].fillna(0.0).to_numpy() * SCALE).astype(np.int64)
        found[column] = to_money(ticks, found.index).where(known)
    found["level"] = np.where(found["unique_id"] == COMPANY, "company", "account")
    found = found.rename(columns={"unique_id": "key"})
    used = own.rename(columns={"forecast": "total"}).assign(model=params.method)
    table = pd.concat([used, found], ignore_index=True)
    columns = ["level", "key", "model", "total", "low_80", "high_80", "ljung_box", "season_found"]
    columns.append("opinion_note")
    place = {key: i for i, key in enumerate([COMPANY, *chosen])}
    order = np.argsort(table["key"].map(place).to_numpy(), kind="stable")
    return table.iloc[order][columns].reset_index(drop=True).astype({"level": "str", "model": "str"})


def _history(past: PastForecasts, level: str, key: str, params: ForecastParams) -> pd.DataFrame:
    """Return one key's months as a long table, from its first month with a sale."""
    pairs = past.levels.pairs
    mine = (past.levels.groups[level] == key).to_numpy()
    ticks = sum_groups(pairs.ticks[:, mine], np.zeros(mine.sum(), dtype=np.intp), 1)[0]
    begin = max(int(pairs.first[mine].min()), len(ticks) - params.history_months)
    return pd.DataFrame({"unique_id": key, "ds": np.arange(begin, len(ticks)), "y": ticks[begin:] / SCALE})
