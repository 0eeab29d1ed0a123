"""Targets by rep, region, type, product line, month and quarter, beside last year and the forecast."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.measures.money import SCALE, to_money, to_ticks
from kamlib.periods import Period
from kamlib.targets.allocation import growth_over
from kamlib.targets.facts import Flags, Integers, look_back, sum_by, unknown_months

DIMENSIONS = ("company", "rep", "region", "account_type", "product_line", "quarter", "month", "account")
_COLUMNS = {"rep": "rep_id", "account": "account_id"}


def summarise_targets(
    targets: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    cube: pd.DataFrame,
    forecast: pd.DataFrame | None,
    period: Period,
    as_of: dt.date | None = None,
) -> pd.DataFrame:
    """Sum the targets by every dimension, beside revenue of the base period and the forecast.

    Revenue and forecast are counted with the account's rep, region and type of today, whoever sold; sales
    without an account stand in a row of their own.

    Parameters
    ----------
    targets : pandas.DataFrame
        One row per account, product line and month; what `allocate_targets` returns as `targets`.
    accounts : pandas.DataFrame
        One row per account: account_id, rep_id, region, account_type.
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency].
    forecast : pandas.DataFrame or None
        The forecast with its levels; None where there is none.
    period : Period
        The period planned.
    as_of : datetime.date, optional
        First day not seen; the period's first day by default.

    Returns
    -------
    pandas.DataFrame
        One row per dimension (one of `DIMENSIONS`) and key: dimension, key (null for accounts without a rep
        and for sales without an account), without_account, accounts (asked for more than nothing),
        actual_last_year, forecast [currency, null without a forecast], target [currency, int64], change_asked
        (target - last year) [currency] and growth_asked [fraction, null where last year is not above zero],
        both null where last year holds months before the book's first sale, and forecast_gap (forecast -
        target) [currency]. Dimensions in order; quarters and months in time, the
        others by target, largest first, then key; null keys last.
    """
    windows = look_back(period, as_of=as_of)
    months = [str(month) for month in period.months()]
    lines = sorted(set(targets["product_line"]) | set(cube["product_line"]))
    frame = _Frame.of(accounts, lines, period, unknown=unknown_months(cube, windows.base_months))
    sold = cube[cube["month"].isin(windows.base_months)]
    moved = sold["month"].map(dict(zip(windows.base_months, months, strict=True)))
    sources = {
        "actual_last_year": frame.place(sold, moved, sold["revenue"]),
        "target": frame.place(targets, targets["month"], targets["target"]),
    }
    if forecast is not None:
        coming = forecast[(forecast["level"] == "account_line") & forecast["period"].isin(months)]
        sources["forecast"] = frame.place(coming, coming["period"], coming["forecast"])
    table = pd.concat([_by(frame, sources, dimension) for dimension in DIMENSIONS], ignore_index=True)
    table["key"] = table["key"].astype("str")
    return table


@dataclass(frozen=True)
class _Cells:
    """Amounts in ticks with the position of their account (-1: none), product line and month."""

    account: Integers
    line: Integers
    month: Integers
    ticks: Integers


@dataclass(frozen=True)
class _Frame:
    """The axes that cells are placed on."""

    accounts: pd.DataFrame
    lines: list[str]
    months: list[str]
    quarters: list[str]
    unknown: int

    @staticmethod
    def of(accounts: pd.DataFrame, lines: list[str], period: Period, *, unknown: int) -> _Frame:
        """Return the axes; last year nothing is known of the first months, as many as `unknown`."""
        months = period.months()
        quarters = [str(month.quarters()[0]) for month in months]
        return _Frame(accounts, lines, [str(month) for month in months], quarters, unknown)

    def place(self, table: pd.DataFrame, month: pd.Series, amount: pd.Series) -> _Cells:
        """Place one source's rows on the axes."""
        return _Cells(
            pd.Index(self.accounts["account_id"]).get_indexer(table["account_id"]).astype(np.int64),
            pd.Index(self.lines).get_indexer(table["product_line"]).astype(np.int64),
            pd.Index(self.months).get_indexer(month).astype(np.int64),
            to_ticks(amount),
        )

    def whole(self, dimension: str, keys: list[str | None]) -> Flags:
        """Say of which keys the book knows last year whole."""
        if dimension not in ("month", "quarter"):
            return np.full(len(keys), not self.unknown)
        months = self.months if dimension == "month" else self.quarters
        return np.array([key not in months[: self.unknown] for key in keys], dtype=bool)

    def keys(self, dimension: str, cells: _Cells) -> tuple[Integers, list[str | None]]:
        """Return each cell's code in a dimension and the keys; those of accounts end with two nulls."""
        if dimension == "company":
            return np.zeros(len(cells.ticks), dtype=np.int64), ["company"]
        if dimension == "product_line":
            return cells.line, list(self.lines)
        if dimension == "month":
            return cells.month, list(self.months)
        if dimension == "quarter":
            codes, found = pd.factorize(pd.Series(self.quarters))
            return codes.astype(np.int64)[cells.month], list(found)
        codes, found = pd.factorize(self.accounts[_COLUMNS.get(dimension, dimension)], sort=True)
        codes = np.append(np.where(codes < 0, len(found), codes), len(found) + 1).astype(np.int64)
        return codes[cells.account], [*found, None, None]


def _by(frame: _Frame, sources: dict[str, _Cells], dimension: str) -> pd.DataFrame:
    sums, asked, present = {}, None, None
    for name, cells in sources.items():
        codes, keys = frame.keys(dimension, cells)
        present = np.zeros(len(keys), dtype=bool) if present is None else present
        sums[name] = sum_by(codes, cells.ticks, len(keys))
        present[codes] = True
        if name == "target":
            some = cells.ticks > 0
            pairs = np.unique(codes[some] * len(frame.accounts) + cells.account[some])
            asked = np.bincount(pairs // max(len(frame.accounts), 1), minlength=len(keys))
    table = pd.DataFrame({"dimension": dimension, "key": pd.Series(keys, dtype="object")})
    table["without_account"] = False
    if keys[-1] is None:
        table.loc[len(keys) - 1, "without_account"] = True
    table["accounts"] = asked
    before, now = sums["actual_last_year"], sums["target"]
    coming = sums.get("forecast", np.zeros_like(now))
    known = pd.Series("forecast" in sums, index=table.index)
    table["actual_last_year"] = to_money(before)
    table["forecast"] = to_money(coming).where(known)
    table["target"] = now // SCALE
    whole = pd.Series(frame.whole(dimension, keys), index=table.index)
    table["change_asked"] = to_money(now - before).where(whole)
    table["growth_asked"] = np.where(whole, growth_over(now, before), np.nan)
    table["forecast_gap"] = to_money(coming - now).where(known)
    order = ["key"] if dimension in ("quarter", "month") else ["without_account", "target", "key"]
    rising = [name != "target" for name in order]
    return table[present].sort_values(order, ascending=rising, na_position="last", kind="stable")
