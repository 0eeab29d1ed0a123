"""Forecast of a book's sales, account by product line and month, and exact sums at every level above."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import KamError, ParameterError
from kamlib.forecast.arrays import Flags, Floats, Indices, Ints
from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.group import Group, group_paths
from kamlib.forecast.params import ForecastParams
from kamlib.measures.money import SCALE, to_money, to_ticks

LEVELS = ("company", "region", "rep", "account_type", "product_line", "account", "account_line")
COMPANY, NO_ACCOUNT, UNASSIGNED = "company", "(no account)", "(unassigned)"


def forecast_sales(
    cube: pd.DataFrame, accounts: pd.DataFrame, *, as_of: dt.date, until: dt.date, params: ForecastParams
) -> pd.DataFrame:
    """Forecast revenue of every account and product line by month, and sum it up every level.

    The series are the account x product line pairs that ever sold, and the sales without an account per
    product line. A pair's history runs from the account's first month with a sale (or the start of the
    history window) to the last whole month before `as_of`; a month in it without a line is a sale of
    nothing, so that a pair that stopped decays. Each pair takes season and like-for-like growth from its
    product line and adds what it is known to differ by (see `kamlib.forecast.group`); its forecast is rounded
    to four decimals, and every level is the exact sum of the pairs. An account that is
    closed on `as_of` buys nothing more.

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
        Method, season and length of the history window.

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
    ticks = forecast_ticks(pairs, horizon=len(months), params=params)
    if "status" in accounts:
        closed = accounts.loc[accounts["status"] == "closed", "account_id"]
        ticks[:, pairs.keys["account_id"].isin(closed).to_numpy()] = 0
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


def forecast_ticks(pairs: Pairs, *, horizon: int, params: ForecastParams, method: str = "") -> Ints:
    """Forecast every pair, rounded to whole ticks, shape (horizon, n) [currency / 10,000]."""
    y = history_of(pairs, len(pairs.ticks), params.history_months)
    forecast = forecast_matrix(
        y,
        horizon=horizon,
        season_length=params.season_length,
        method=method or params.method,
        group=_lend(pairs, horizon, params),
    )
    return np.rint(np.nan_to_num(forecast) * SCALE).astype(np.int64)


def history_of(pairs: Pairs, origin: int, months: int) -> Floats:
    """Return the last `months` rows before row `origin` as amounts; NaN before an account's first sale."""
    begin = max(0, origin - months)
    y = pairs.ticks[begin:origin] / SCALE
    y[np.arange(begin, origin)[:, None] < pairs.first] = np.nan
    return y


def _lend(pairs: Pairs, horizon: int, params: ForecastParams) -> Group:
    """Return the season and growth that product lines lend their pairs.

    Only accounts that had begun by the end of the window's first season count, so that growth is like for
    like: what new accounts bring is no growth of the old ones.
    """
    begin = max(0, len(pairs.ticks) - params.history_months)
    code, lines = pd.factorize(pairs.keys["product_line"], sort=True)
    lasting = pairs.first < begin + params.season_length
    sums = sum_groups(pairs.ticks[begin:] * lasting, code, len(lines)).T / SCALE
    return Group(group_paths(sums, horizon=horizon, season_length=params.season_length), code)


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


def _last_year(pairs: Pairs, months: Ints) -> tuple[Ints, Flags]:
    """Return revenue a year before each month, shape (horizon, n), and whether that month is known."""
    row = months - 12 - pairs.start
    known = (row >= 0) & (row < len(pairs.ticks))
    values = pairs.ticks[np.clip(row, 0, len(pairs.ticks) - 1)]
    return np.where(known[:, None], values, 0), known
