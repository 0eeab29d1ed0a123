"""Which targets hold for a period already: the adopted ones, or the book's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.measures.money import to_ticks
from kamlib.periods import Period, parse_period

KEYS: dict[str, list[str]] = {
    "company": [],
    "rep": ["rep_id"],
    "region": ["region"],
    "account_type": ["account_type"],
    "product_line": ["product_line"],
    "quarter": ["quarter"],
    "month": ["month"],
    "account": ["account_id", "rep_id"],
}
SOURCE = ["period", "run", "adopted_by", "adopted_at"]
_NAMES = ["account_id", "rep_id", "region", "product_line", "account_type"]  # of what a target may speak
_QUARTER = 3  # months
_OF_ACCOUNT = ["rep_id", "region", "account_type"]


@dataclass(frozen=True)
class Holding:
    """Rows that tell each side's targets, their months, and their adoptions (none: the book's own).

    passed is what is adopted for some of the months where the book's own hold, which are of all of them and
    cannot be told month by month.
    """

    sides: dict[str, pd.DataFrame]
    months: tuple[str, ...]
    sources: pd.DataFrame
    passed: Holding | None = None


def what_holds(
    adopted: pd.DataFrame | None,
    own: pd.DataFrame | None,
    accounts: pd.DataFrame | None,
    period: Period,
    asked: pd.DataFrame,
) -> Holding:
    """Return the adopted targets where they cover the period, else the book's own, else those of a part.

    Of what the book states for the period, for its quarters and for its months that counts which speaks of
    the most that is asked; of as much, that of the longer ones.
    """
    months = tuple(str(month) for month in period.months())
    rows = adopted_of(adopted, months)
    covered = tuple(month for month in months if month in set(rows["month"]))
    sources = rows[SOURCE].drop_duplicates().sort_values(SOURCE, ignore_index=True)
    rows = rows.assign(quarter=rows["month"].map(quarters_of(months, period)))
    taken = Holding(dict.fromkeys(KEYS, rows), covered, sources)
    if len(covered) == len(months):
        return taken
    ways = [[period], *([period.quarters()] if period.length > _QUARTER else []), period.months()]
    said = [stated(own, accounts, told) for told in ways]
    whole = [rows for rows, told in zip(said, ways, strict=True) if rows["period"].nunique() == len(told)]
    if not whole and covered:
        return taken
    best = max(whole or said, key=lambda rows: _spoken_of(rows, asked))
    if not len(best):
        return taken
    labels = set(best["period"])
    known = {str(m) for told in ways for one in told if str(one) in labels for m in one.months()}
    told_months = tuple(month for month in months if month in known)
    return Holding(
        {side: least_named(best, side) for side in KEYS},
        told_months,
        sources.head(0),
        taken if covered else None,
    )


def _spoken_of(rows: pd.DataFrame, asked: pd.DataFrame) -> int:
    """Return how much of what is asked the book's targets speak of [currency / 10,000]."""
    return int(to_ticks(same_cells(least_named(rows, "company"), asked)["target"]).sum())


def same_cells(stated: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Return what is asked of the very accounts, product lines and months that stated targets name."""
    parts = [asked.head(0)]
    for (_, names), rows in stated.groupby(["period", "names"]):
        within, named = asked, names.split()
        for time in ("month", "quarter"):
            if pd.notna(rows[time].iloc[0]):
                within = asked[asked[time] == rows[time].iloc[0]]
                break
        parts.append(within.merge(rows[named].drop_duplicates(), on=named) if named else within)
    return pd.concat(parts, ignore_index=True)


def quarters_of(months: Sequence[str], period: Period) -> dict[str, str]:
    """Return the quarter of each month."""
    start = period.fiscal_year_start
    return {m: str(parse_period(m, fiscal_year_start=start).quarters()[0]) for m in months}


def adopted_of(adopted: pd.DataFrame | None, months: Sequence[str]) -> pd.DataFrame:
    """Return the adopted targets of revenue of these months."""
    if adopted is None:
        return pd.DataFrame(columns=[*SOURCE, "month", "target", *_NAMES])
    return adopted[(adopted["measure"] == "revenue") & adopted["month"].isin(months)]


def stated(own: pd.DataFrame | None, accounts: pd.DataFrame | None, told: Sequence[Period]) -> pd.DataFrame:
    """Return the book's targets of revenue of these periods, with every side as a column.

    level orders them by how much they name; a side that only the account tells is filled in after that.
    """
    if own is None or "period" not in own:
        return pd.DataFrame(columns=["period", "level", "names", "quarter", "month", "target", *_NAMES])
    measure = own.reindex(columns=["measure"])["measure"].astype("str").fillna("revenue")
    rows = own[(measure == "revenue") & own["period"].isin([str(one) for one in told])].reset_index(drop=True)
    rows = rows[["period", "target"]].join(rows.reindex(columns=_NAMES).astype("str"))
    named = rows[_NAMES].notna().to_numpy()
    rows["level"] = named.sum(axis=1) * 2 ** len(_NAMES) + named @ (2 ** np.arange(len(_NAMES))[::-1])
    rows["names"] = [" ".join(np.array(_NAMES)[row]) for row in named]
    if accounts is not None:
        of = accounts.set_index("account_id")
        for name in _OF_ACCOUNT:
            rows[name] = rows[name].fillna(rows["account_id"].map(of[name]))
    within = {str(p): str(p.quarters()[0]) for p in told if p.length <= _QUARTER}
    rows["quarter"] = rows["period"].map(within)
    rows["month"] = rows["period"].where(rows["period"].isin([str(p) for p in told if p.length == 1]))
    return rows


def least_named(stated: pd.DataFrame, side: str) -> pd.DataFrame:
    """Return the rows that tell a side's targets: of those that name it, each key's that name least."""
    key = KEYS[side][:1]
    rows = stated[stated[key].notna().all(axis=1)]
    return rows[rows["level"] == rows.groupby(["period", *key])["level"].transform("min")]
