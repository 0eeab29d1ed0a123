"""A book's sales as series: a column per account and product line, a row per month; what they sum up to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import KamError
from kamlib.forecast.arrays import Floats, Indices, Ints
from kamlib.measures.money import SCALE, to_ticks

LEVELS = ("company", "region", "rep", "account_type", "product_line", "account", "account_line")
COMPANY, NO_ACCOUNT, UNASSIGNED = "company", "(no account)", "(unassigned)"


@dataclass(frozen=True)
class Pairs:
    """Account x product line pairs and their monthly revenue.

    Attributes
    ----------
    keys : pandas.DataFrame, shape (n, 2)
        account_id (null for sales without an account) and product_line, sorted, nulls last.
    ticks : numpy.ndarray of int64, shape (time, n)
        Revenue by month, zero where nothing was sold [currency / 10,000].
    first : numpy.ndarray of int64, shape (n,)
        Row of the account's first month with a sale of any product line.
    start : int
        Month of row 0 (months since year 0); the book's first month.
    """

    keys: pd.DataFrame
    ticks: Ints
    first: Ints
    start: int

    @property
    def end(self) -> int:
        """Month after the last row."""
        return self.start + len(self.ticks)

    def until(self, origin: int) -> Pairs:
        """Return the pairs as they were known before row `origin`."""
        return Pairs(self.keys, self.ticks[:origin], self.first, self.start)


def lay_out(cube: pd.DataFrame, *, as_of: dt.date) -> Pairs:
    """Lay a cube out: a column per account x product line pair, a row per whole month before `as_of`."""
    month = cube["month"].astype("str").to_numpy(dtype="str").astype("datetime64[M]").astype(np.int64)
    month += 12 * 1970
    end = month_number(as_of)
    whole = month < end if as_of.day > 1 else np.ones(len(cube), dtype=bool)
    if (month[whole] >= end).any() or (month > end).any():
        late = cube.loc[month >= end, "month"].max()
        raise KamError(f"cube.month: sales of {late} are dated on or after {as_of}. Cut the cube at as_of.")
    cube, month = cube[whole], month[whole]
    if not len(cube):
        raise KamError(
            f"cube: no sale in a whole month before {as_of}, so there is nothing to forecast from."
        )
    pair = cube.groupby(["account_id", "product_line"], dropna=False, sort=True, observed=True)
    code = pair.ngroup().to_numpy()
    keys = pair.size().reset_index()[["account_id", "product_line"]]
    start = int(month.min())
    ticks = np.zeros((end - start, len(keys)), dtype=np.int64)
    np.add.at(ticks, (month - start, code), to_ticks(cube["revenue"]))
    account = cube.groupby("account_id", dropna=False, sort=True).ngroup().to_numpy()
    earliest = np.full(account.max() + 1, end - start)
    np.minimum.at(earliest, account, month - start)
    first = np.zeros(len(keys), dtype=np.int64)
    first[code] = earliest[account]
    return Pairs(keys, ticks, first, start)


def history_of(pairs: Pairs, origin: int, months: int) -> Floats:
    """Return the last `months` rows before row `origin` as amounts; NaN before an account's first sale."""
    begin = max(0, origin - months)
    y = pairs.ticks[begin:origin] / SCALE
    y[np.arange(begin, origin)[:, None] < pairs.first] = np.nan
    return y


def group_keys(pairs: Pairs, accounts: pd.DataFrame) -> pd.DataFrame:
    """Return, for every pair, its key at each level, and account_id and product_line themselves."""
    keys = pairs.keys
    known = accounts.set_index("account_id")
    orphan = keys["account_id"].notna() & ~keys["account_id"].isin(known.index)
    if orphan.any():
        names = keys.loc[orphan, "account_id"]
        raise KamError(
            f'cube.account_id: {names.nunique()} accounts are not in accounts, such as "{names.min()}". '
            "Add them."
        )
    rows = known.reindex(keys["account_id"]).reset_index(drop=True)
    without = keys["account_id"].isna()
    account = keys["account_id"].astype("str").where(~without, NO_ACCOUNT)
    result = keys.assign(company=COMPANY)
    for level, column in (("region", "region"), ("rep", "rep_id"), ("account_type", "account_type")):
        values = rows[column].astype("str").fillna(UNASSIGNED)
        result[level] = values.where(~without, NO_ACCOUNT)
    return result.assign(account=account, account_line=account + " / " + keys["product_line"].astype("str"))


def sum_groups(values: Ints, code: Indices, count: int) -> Ints:
    """Sum the columns of a matrix by group, shape (count, rows)."""
    result = np.zeros((count, len(values)), dtype=np.int64)
    np.add.at(result, code, values.T)
    return result


def month_number(day: dt.date) -> int:
    """Return the month a day lies in, counted from year 0."""
    return 12 * day.year + day.month - 1


def month_text(months: Ints) -> npt.NDArray[np.str_]:
    """Write months counted from year 0 as ``YYYY-MM``."""
    return np.datetime_as_string((np.asarray(months) - 12 * 1970).astype("datetime64[M]"), unit="M")
