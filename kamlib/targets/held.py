"""A plan beside the targets that hold for its months already: the adopted ones, or the book's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.measures.money import sum_money, to_money, to_ticks, total_money
from kamlib.periods import Period, parse_period

_KEYS = {
    "company": [],
    "rep": ["rep_id"],
    "region": ["region"],
    "account_type": ["account_type"],
    "product_line": ["product_line"],
    "quarter": ["quarter"],
    "month": ["month"],
    "account": ["account_id", "rep_id"],
}
_SOURCE = ["period", "run", "adopted_by", "adopted_at"]
_NAMES = ["account_id", "rep_id", "region", "product_line", "account_type"]  # of what a target may speak
_QUARTER = 3  # months
_OF_ACCOUNT = ["rep_id", "region", "account_type"]


@dataclass(frozen=True)
class Held:
    """What holds for the months of a plan, and what the plan asks of the same months.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per dimension (company, rep, region, account_type, product_line, quarter, month, account) and
        key (null: no rep, or no such side in the adopted file): dimension, key, rep_id (of accounts; one that
        changed hands has a row with each rep), target_held (what holds), target_beside (asked by the plan),
        held_change (asked less held) [currency] and held_reason (of accounts, see `compare_held`).
    months : tuple of str
        Months of the plan for which targets hold.
    whole : bool
        Whether these are all months of the plan.
    sources : pandas.DataFrame
        One row per adoption that holds for any of them: period, run, adopted_by, adopted_at. Without rows
        where the book's own targets hold.
    covers : bool
        Whether what holds speaks of all that the plan asks; otherwise the company's row is of a part of it,
        of the plan's target, too.
    """

    table: pd.DataFrame = field(repr=False)
    months: tuple[str, ...]
    whole: bool
    sources: pd.DataFrame = field(repr=False)
    covers: bool = True

    @property
    def adopted(self) -> bool:
        """Whether adopted targets hold, not the book's own."""
        return len(self.sources) > 0

    @property
    def total(self) -> Decimal:
        """What holds for these months in all [currency]."""
        return total_money(self.of("company")["target_held"])

    @property
    def change(self) -> Decimal:
        """What the plan asks beyond it [currency]."""
        return total_money(self.of("company")["held_change"])

    def of(self, dimension: str) -> pd.DataFrame:
        """Return the rows of one dimension."""
        return self.table[self.table["dimension"] == dimension]


def compare_held(
    targets: pd.DataFrame,
    adopted: pd.DataFrame | None,
    own: pd.DataFrame | None = None,
    accounts: pd.DataFrame | None = None,
    *,
    period: Period,
) -> Held | None:
    """Set a plan beside the targets that hold for its months, by every side they speak of.

    Adopted targets hold where they cover every month of the plan; otherwise those that the book itself
    states for the period, or for each of its quarters, or each of its months; otherwise adopted ones of some
    of its months. Of the plan only those months count for which targets hold, so that both sums are of the
    same months. Each side's amounts stand with whom they were asked of: those that hold with the rep, region
    and type they name, the plan's with its own.

    The book may state a period's target several times over, by rep, by region and for the company. For each
    key of a side those rows count that name the fewest of account, rep, region, product line and account type
    beside it; of as few, those that come last in this order. A row of an account counts for its rep, region
    and type, too. Both sums are of the same accounts, product lines and months: a key of which the book names
    less than the plan asks has no row, as has one of which it names nothing, which is not zero. The company
    always has its row; `Held.covers` says whether it is of all that the plan asks.

    Why an account's amount differs is told by the first of these that applies: ``moved`` (another rep is
    asked now), ``closed`` (the plan does not ask it, as it does no closed account), ``new`` (what is adopted
    does not ask it), the bound that bit in the plan (``floor`` if it asks more than what holds, ``cap`` if
    less, ``pin``), else ``share`` (its share of the total).

    Parameters
    ----------
    targets : pandas.DataFrame
        One row per account, product line and month; what `allocate_targets` returns as `targets`.
    adopted : pandas.DataFrame or None
        Adopted targets that hold: measure, period, run, adopted_by, adopted_at, account_id, rep_id, region,
        account_type, product_line, month, target [currency].
    own : pandas.DataFrame, optional
        The book's targets: period, measure (revenue where null), account_id, rep_id, region, product_line,
        account_type (each may be null or absent) and target [currency].
    accounts : pandas.DataFrame, optional
        account_id, rep_id, region, account_type; of whom an account's own target is.
    period : Period
        The period planned.

    Returns
    -------
    Held or None
        None where no revenue target holds for any month of the period.

    Examples
    --------
    >>> plan = pd.DataFrame({"account_id": "A", "rep_id": "R", "region": "N", "account_type": "T",
    ...     "product_line": "L", "month": ["2026-01", "2026-02"], "target": [60, 40], "rule": "both",
    ...     "bound": "floor"})
    >>> year = plan.assign(measure="revenue", period="2026", run="001", adopted_by="Li", adopted_at="d",
    ...     target=[50, 45])
    >>> from kamlib.periods import parse_period
    >>> held = compare_held(plan, year, period=parse_period("2026Q1"))
    >>> held.months, held.whole, int(held.total), int(held.change), held.of("account")["held_reason"].item()
    (('2026-01', '2026-02'), False, 95, 5, 'floor')
    >>> book = pd.DataFrame({"period": ["2026Q1"], "rep_id": "R", "target": [90]})
    >>> held = compare_held(plan, year, book, period=parse_period("2026Q1"))
    >>> held.adopted, held.whole, held.of("rep")[["key", "held_change"]].astype(str).to_numpy().tolist()
    (False, True, [['R', '10.0000']])
    """
    found = _what_holds(adopted, own, accounts, period)
    if not found.months:
        return None
    asked = targets[targets["month"].isin(found.months)]
    asked = asked.assign(quarter=asked["month"].map(_quarters(found.months, period)))
    own_ones = not len(found.sources)
    sides, covers = [], True
    for side, held in ((side, held) for side, held in found.sides.items() if len(held)):
        same = _same_cells(held, asked) if own_ones else asked
        beside = _beside(side, held, same)
        entire = _told_whole(side, beside, asked)
        if side == "company":
            covers = bool(entire.all())
        elif own_ones:
            beside = beside[entire & beside["key"].isin(held[_KEYS[side][0]])]
        sides.append(beside)
    table = pd.concat([side for side in sides if len(side)], ignore_index=True)
    account = table["dimension"] == "account"
    table.loc[account, "held_reason"] = _reasons(table[account], asked)
    table = table.astype({"rep_id": "str", "held_reason": "str"})
    whole = len(found.months) == len(period.months())
    return Held(table, found.months, whole, found.sources, covers)


def total_held(
    adopted: pd.DataFrame | None, own: pd.DataFrame | None, accounts: pd.DataFrame, *, period: Period
) -> Decimal | None:
    """Return what is asked of the company in a period already [currency]; see `compare_held`.

    None where no targets hold for all of its months, or the book's own name the company by a side of which
    they leave out what open accounts have.

    Parameters
    ----------
    accounts : pandas.DataFrame
        account_id, rep_id, region, account_type and, optionally, status.
    """
    found = _what_holds(adopted, own, None, period)
    if len(found.months) < len(period.months()):
        return None
    rows = found.sides["company"]
    opened = accounts[accounts["status"] != "closed"] if "status" in accounts else accounts
    if len(found.sources):
        return total_money(rows["target"])
    for (_, names), part in rows.groupby(["period", "names"]):
        named = names.split()
        if len(named) > 1 or (named and named[0] not in opened):
            return None
        if named and set(opened[named[0]].dropna()) - set(part[named[0]]):
            return None
    return total_money(rows["target"])


@dataclass(frozen=True)
class _Holding:
    """Rows that tell each side's targets, their months, and their adoptions (none: the book's own)."""

    sides: dict[str, pd.DataFrame]
    months: tuple[str, ...]
    sources: pd.DataFrame


def _what_holds(
    adopted: pd.DataFrame | None, own: pd.DataFrame | None, accounts: pd.DataFrame | None, period: Period
) -> _Holding:
    """Return the adopted targets where they cover the period, else the book's own, else a part of it."""
    months = tuple(str(month) for month in period.months())
    rows = _adopted(adopted, months)
    covered = tuple(month for month in months if month in set(rows["month"]))
    if len(covered) < len(months):
        stated = _stated(own, accounts, period)
        if len(stated):
            return _Holding(
                {side: _least_named(stated, side) for side in _KEYS}, months, rows[_SOURCE].head(0)
            )
    sources = rows[_SOURCE].drop_duplicates().sort_values(_SOURCE, ignore_index=True)
    rows = rows.assign(quarter=rows["month"].map(_quarters(months, period)))
    return _Holding(dict.fromkeys(_KEYS, rows), covered, sources)


def _quarters(months: Sequence[str], period: Period) -> dict[str, str]:
    """Return the quarter of each month."""
    start = period.fiscal_year_start
    return {m: str(parse_period(m, fiscal_year_start=start).quarters()[0]) for m in months}


def _adopted(adopted: pd.DataFrame | None, months: Sequence[str]) -> pd.DataFrame:
    """Return the adopted targets of revenue of these months."""
    if adopted is None:
        return pd.DataFrame(columns=[*_SOURCE, "month"])
    return adopted[(adopted["measure"] == "revenue") & adopted["month"].isin(months)]


def _stated(own: pd.DataFrame | None, accounts: pd.DataFrame | None, period: Period) -> pd.DataFrame:
    """Return the book's targets of revenue that make up this period, with every side as a column.

    level orders them by how much they name; a side that only the account tells is filled in after that.
    """
    if own is None or "period" not in own:
        return pd.DataFrame(columns=_NAMES)
    measure = own.reindex(columns=["measure"])["measure"].astype("str").fillna("revenue")
    rows, parts = _making_up(own[measure == "revenue"], period)
    rows = rows[["period", "target"]].join(rows.reindex(columns=_NAMES).astype("str"))
    named = rows[_NAMES].notna().to_numpy()
    rows["level"] = named.sum(axis=1) * 2 ** len(_NAMES) + named @ (2 ** np.arange(len(_NAMES))[::-1])
    rows["names"] = [" ".join(np.array(_NAMES)[row]) for row in named]
    if accounts is not None:
        of = accounts.set_index("account_id")
        for name in _OF_ACCOUNT:
            rows[name] = rows[name].fillna(rows["account_id"].map(of[name]))
    within = {str(p): str(p.quarters()[0]) for p in parts if p.length <= _QUARTER}
    rows["quarter"] = rows["period"].map(within)
    rows["month"] = rows["period"].where(rows["period"].isin([str(p) for p in parts if p.length == 1]))
    return rows


def _making_up(own: pd.DataFrame, period: Period) -> tuple[pd.DataFrame, list[Period]]:
    """Return the targets of a period, else those of its quarters or months if there are some of each."""
    quarters = period.quarters() if period.length > _QUARTER else []
    for parts in ([period], quarters, period.months()):
        labels = {str(part) for part in parts}
        rows = own[own["period"].isin(labels)].reset_index(drop=True)
        if labels and set(rows["period"]) == labels:
            return rows, parts
    return own.head(0), []


def _least_named(stated: pd.DataFrame, side: str) -> pd.DataFrame:
    """Return the rows that tell a side's targets: of those that name it, each key's that name least."""
    key = _KEYS[side][:1]
    rows = stated[stated[key].notna().all(axis=1)]
    return rows[rows["level"] == rows.groupby(["period", *key])["level"].transform("min")]


def _same_cells(stated: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Return what the plan asks of the very accounts, product lines and months that stated targets name."""
    parts = [asked.head(0)]
    for (_, names), rows in stated.groupby(["period", "names"]):
        within, named = asked, names.split()
        for time in ("month", "quarter"):
            if pd.notna(rows[time].iloc[0]):
                within = asked[asked[time] == rows[time].iloc[0]]
                break
        parts.append(within.merge(rows[named].drop_duplicates(), on=named) if named else within)
    return pd.concat(parts, ignore_index=True)


def _told_whole(dimension: str, beside: pd.DataFrame, asked: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Say of each key whether what stands beside is all that the plan asks of it."""
    key = _KEYS[dimension][:1]
    rows = asked.assign(key=asked[key[0]].astype("str") if key else "company")
    whole = pd.Series(to_ticks(rows["target"]), index=rows.index).groupby(rows["key"]).sum()
    told = pd.Series(to_ticks(beside["target_beside"]), index=beside.index)
    if dimension == "account":
        told = told.groupby(beside["key"]).transform("sum")
    return np.asarray(told == beside["key"].map(whole).fillna(0), dtype=bool)


def _beside(dimension: str, held: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Return both sums of one dimension, one row per key of either."""
    by = ["dimension", *_KEYS[dimension]]
    amounts = ("target_held", "target_beside")
    sums = [
        sum_money(rows.assign(dimension=dimension, **{name: rows["target"]}), by, [name])
        for rows, name in zip((held, asked), amounts, strict=True)
    ]
    both = sums[0].merge(sums[1], how="outer", on=by, sort=True)
    ticks = [np.where(both[n].isna(), 0, to_ticks(both[n].fillna(0))).astype(np.int64) for n in amounts]
    key = both[by[1]] if len(by) > 1 else pd.Series("company", index=both.index)
    return pd.DataFrame(
        {
            "dimension": dimension,
            "key": key.astype("str"),
            "rep_id": both["rep_id"].astype("str") if dimension == "account" else None,
            "target_held": to_money(ticks[0]),
            "target_beside": to_money(ticks[1]),
            "held_change": to_money(ticks[1] - ticks[0]),
            "held_reason": None,
        }
    )


def _reasons(accounts: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Say of each row of an account why what is asked differs from what holds."""
    plan = asked.drop_duplicates("account_id").set_index("account_id")
    key = accounts["key"]
    bound, change = key.map(plan["bound"]), to_ticks(accounts["held_change"])
    bites = (bound == "pin") | (bound == "floor") & (change > 0) | (bound == "cap") & (change < 0)
    moved = key.duplicated(keep=False)
    fresh = to_ticks(accounts["target_held"]) == 0
    codes = np.select(
        [moved, ~key.isin(plan.index), fresh, bites],
        ["moved", "closed", "new", bound.fillna("").astype("object")],
        "share",
    )
    return pd.Series(codes, index=accounts.index, dtype="object")
