"""Forecast of a book's sales, account by product line and month, and exact sums at every level above."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.forecast.arrays import Flags, Ints
from kamlib.forecast.levels import base_forecast, closed_pairs, make_levels, reconciled_ticks
from kamlib.forecast.params import ForecastParams
from kamlib.forecast.replay import PastForecasts, reach, replay_sales
from kamlib.forecast.sales_history import (
    LEVELS,
    Pairs,
    group_keys,
    lay_out,
    month_number,
    month_text,
    sum_groups,
)
from kamlib.measures.money import to_money


def forecast_sales(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    as_of: dt.date,
    until: dt.date,
    params: ForecastParams,
    past: PastForecasts | None = None,
) -> pd.DataFrame:
    """Forecast revenue of every account and product line by month, and sum it up every level.

    The series are the account x product line pairs that ever sold, and the sales without an account per
    product line. A pair's history runs from the account's first month with a sale (or the start of the
    history window) to the last whole month before `as_of`; a month in it without a line is a sale of
    nothing, so that a pair that stopped decays. Each pair takes season and like-for-like growth from its
    product line and adds what it is known to differ by (see `kamlib.forecast.group`). Every level above is
    forecast from its own sums, too, and all are reconciled by `params.reconciliation` (see
    `kamlib.forecast.levels`); the pairs' forecasts are then rounded to four decimals, and every level is
    their exact sum. An account that is closed on `as_of` buys nothing more and is no part of these sums.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month: account_id (null for a sale without an
        account), product_line, month (``YYYY-MM``), revenue [currency].
    accounts : pandas.DataFrame
        One row per account: account_id, region, account_type, rep_id and, optionally, status as held on
        `as_of`.
    as_of : datetime.date
        First day not seen. The month it lies in is forecast whole.
    until : datetime.date
        First day after the last month to forecast.
    params : ForecastParams
        Method, season, length of the history window, and how levels are reconciled.
    past : PastForecasts, optional
        What `kamlib.forecast.replay_sales` made of the same cube; made here where it is None.

    Returns
    -------
    pandas.DataFrame
        One row per level, key and month: level, key, account_id and product_line (where the level has
        them), period (month), forecast and actual_last_year [currency], sorted by level (company, region,
        rep, account_type, product_line, account, account_line), key and month. actual_last_year is null
        where the month a year before is not over or lies before the book's first sale. Levels by region,
        rep and type follow the account's present master data; sales without an account are the key
        ``(no account)`` there, accounts without a rep ``(unassigned)``.

    Raises
    ------
    ParameterError
        If `until` is not after `as_of`.
    KamError
        If the cube is empty, holds a month on or after `as_of`, or an account that `accounts` lacks.

    Examples
    --------
    >>> cube = pd.DataFrame({"account_id": "A", "product_line": "Bikes", "month": ["2025-11", "2025-12"],
    ...                      "revenue": [10, 10]})
    >>> accounts = pd.DataFrame({"account_id": ["A"], "region": "N", "account_type": "T", "rep_id": "R"})
    >>> table = forecast_sales(cube, accounts, as_of=dt.date(2026, 1, 1), until=dt.date(2026, 2, 1),
    ...                        params=ForecastParams())
    >>> table.loc[table["level"].isin(["company", "account_line"]), ["key", "period", "forecast"]]
             key   period  forecast
    0    company  2026-01   10.0000
    6  A / Bikes  2026-01   10.0000
    """
    pairs = lay_out(cube, as_of=as_of)
    groups = group_keys(pairs, accounts)
    months = month_number(as_of) + np.arange(month_number(until) - month_number(as_of))
    if not len(months):
        raise ParameterError(f"until is {until}; it must be at least a month after as_of ({as_of}).")
    if past is None:
        past = replay_sales(cube, accounts, as_of=as_of, until=until, params=params)
    levels = make_levels(pairs, groups, closed_pairs(pairs, accounts))
    horizon = reach(len(months), params)
    base = base_forecast(levels, horizon=horizon, params=params, method=params.method)[: len(months)]
    ticks = reconciled_ticks(levels, base, past.errors_today(), params=params)
    last_year, known = _last_year(pairs, months)
    parts = []
    for level in LEVELS:
        code, keys = pd.factorize(groups[level], sort=True)
        table = pd.DataFrame({"level": level, "key": pd.Series(keys, dtype="str").repeat(len(months))})
        first = groups.drop_duplicates(level).sort_values(level)
        for column, has in (("account_id", level in ("account", "account_line")),
                            ("product_line", level in ("product_line", "account_line"))):  # fmt: skip
            values = first[column] if has else pd.Series(None, index=first.index, dtype="str")
            table[column] = values.repeat(len(months)).to_numpy()
        table["period"] = np.tile(month_text(months), len(keys))
        table["forecast"] = to_money(sum_groups(ticks, code, len(keys)).ravel(), table.index)
        before = to_money(sum_groups(last_year, code, len(keys)).ravel(), table.index)
        table["actual_last_year"] = before.where(pd.Series(np.tile(known, len(keys)), index=table.index))
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def _last_year(pairs: Pairs, months: Ints) -> tuple[Ints, Flags]:
    """Return revenue a year before each month, shape (horizon, n), and whether that month is known."""
    row = months - 12 - pairs.start
    known = (row >= 0) & (row < len(pairs.ticks))
    values = pairs.ticks[np.clip(row, 0, len(pairs.ticks) - 1)]
    return np.where(known[:, None], values, 0), known
