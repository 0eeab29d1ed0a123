"""One-off orders and slips of a book: the months that a forecast does not take at their word."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from kamlib.forecast.engine import calm_matrix
from kamlib.forecast.levels import closed_pairs, make_levels, read_series
from kamlib.forecast.params import ForecastParams
from kamlib.forecast.sales_history import group_keys, lay_out, month_text
from kamlib.measures.money import SCALE, to_money


def list_one_offs(
    cube: pd.DataFrame, accounts: pd.DataFrame, *, as_of: dt.date, params: ForecastParams
) -> pd.DataFrame:
    """List the months of accounts and product lines that are damped before they are forecast.

    The rules are those of `kamlib.forecast.outliers`: a value far outside what the pair does at that time of
    the year is moved to a fence. The book itself stays as it is.

    Parameters
    ----------
    cube, accounts, as_of, params
        As for `kamlib.forecast.forecast_sales`.

    Returns
    -------
    pandas.DataFrame
        One row per account, product line and month damped: account_id (null for sales without an account),
        product_line, period (month), revenue, damped_to and moved (damped_to less revenue) [currency]; the
        largest move first, ties by account_id, product_line and month. Empty where the method is no blend, as
        the others take every month as it is.

    Raises
    ------
    KamError
        As for `kamlib.forecast.forecast_sales`.

    Examples
    --------
    >>> months = [f"{2024 + m // 12}-{m % 12 + 1:02}" for m in range(24)]
    >>> cube = pd.DataFrame({"account_id": "A", "product_line": "Bikes", "month": months,
    ...                      "revenue": [900 if m == 7 else 9 + m % 3 for m in range(24)]})
    >>> accounts = pd.DataFrame({"account_id": ["A"], "region": "N", "account_type": "T", "rep_id": "R"})
    >>> list_one_offs(cube, accounts, as_of=dt.date(2026, 1, 1), params=ForecastParams(season_length=1))[
    ...     ["account_id", "period", "revenue", "damped_to"]]
      account_id   period   revenue  damped_to
    0          A  2024-08  900.0000    16.8997
    """
    pairs = lay_out(cube, as_of=as_of)
    levels = make_levels(pairs, group_keys(pairs, accounts), closed_pairs(pairs, accounts))
    read = read_series(levels, horizon=1, params=params)
    row = column = np.zeros(0, dtype=np.intp)
    calm = read.y
    if params.method == "blend":
        calm = calm_matrix(read.y, season_length=params.season_length, group=read.group).y
        row, column = np.nonzero((calm != read.y) & ~np.isnan(read.y))
        row, column = row[column >= levels.structure.above], column[column >= levels.structure.above]
    pair = column - levels.structure.above
    month = len(pairs.ticks) - len(calm) + row
    before, after = pairs.ticks[month, pair], np.rint(calm[row, column] * SCALE).astype(np.int64)
    table = pairs.keys.iloc[pair].reset_index(drop=True)
    table["period"] = pd.Series(month_text(pairs.start + month), dtype="str")
    for name, ticks in (("revenue", before), ("damped_to", after), ("moved", after - before)):
        table[name] = to_money(ticks, table.index)
    order = np.lexsort((month, pair, -np.abs(after - before)))
    return table.iloc[order].reset_index(drop=True)
