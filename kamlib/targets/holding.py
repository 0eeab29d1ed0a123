"""Which targets hold for a period already: the adopted ones, or the book's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

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
    """What holds for some months: adopted targets of some of them, the book's own of the others.

    Attributes
    ----------
    adopted : pandas.DataFrame
        Adopted targets, one row per account, product line and month.
    own : pandas.DataFrame
        The book's own, as `stated` returns them.
    passed : pandas.DataFrame
        Adopted targets of months that the book's own of a longer period counts for.
    adopted_months, own_months : tuple of str
        The months of each, ascending.
    """

    adopted: pd.DataFrame = field(repr=False)
    own: pd.DataFrame = field(repr=False)
    passed: pd.DataFrame = field(repr=False)
    adopted_months: tuple[str, ...]
    own_months: tuple[str, ...]

    @property
    def months(self) -> tuple[str, ...]:
        """The months for which something holds, ascending."""
        return tuple(sorted({*self.adopted_months, *self.own_months}))

    @property
    def sources(self) -> pd.DataFrame:
        """The adoptions that hold, one row each."""
        return self.adopted[SOURCE].drop_duplicates().sort_values(SOURCE, ignore_index=True)

    def of(self, side: str) -> pd.DataFrame:
        """Return the rows that tell the targets of a side."""
        columns = [*KEYS[side], "target"]
        return pd.concat([self.adopted[columns], least_named(self.own, side)[columns]], ignore_index=True)

    def same(self, side: str, asked: pd.DataFrame) -> pd.DataFrame:
        """Return what is asked of the very accounts, product lines and months that a side's targets tell."""
        own = least_named(self.own, side)
        return pd.concat(
            [asked[asked["month"].isin(self.adopted_months)], same_cells(own, asked)], ignore_index=True
        )

    def beside(self) -> Holding:
        """Return what is passed by itself."""
        months = tuple(sorted(set(self.passed["month"])))
        return Holding(self.passed, self.own.head(0), self.passed.head(0), months, ())


@dataclass(frozen=True)
class Enclosing:
    """A target of the book for a longer period, which the planned one is a part of.

    Attributes
    ----------
    period, planned : str
        The longer period, and the one planned.
    target, asked : Decimal
        What holds for it in all, and what the plan, of its part, asks of the same [currency].
    covers : bool
        Whether it speaks of all that the plan asks.
    rest : tuple of str
        Its other months.
    adopted : Decimal
        What is adopted of the same for some of these [currency].
    adopted_months : tuple of str
        Which of them that is for.
    expected : Decimal or None
        What the other months have brought or are forecast to of the same; None where that is not known of all
        of them [currency].
    forecast : Decimal or None
        What the planned months themselves are forecast to of the same, or have brought; None where that is
        not known of all of them [currency].
    reps : pandas.DataFrame
        Where both are known, one row per rep of whom it tells all that the plan asks: key, must (the rep's
        own target less what the other months bring of it, zero or more) and asked [currency].
    """

    period: str
    planned: str
    target: Decimal
    asked: Decimal
    covers: bool
    rest: tuple[str, ...]
    adopted: Decimal
    adopted_months: tuple[str, ...]
    expected: Decimal | None
    forecast: Decimal | None = None
    reps: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def left(self) -> Decimal:
        """What the plan leaves of it for the other months; below zero, what it asks beyond it [currency]."""
        return self.target - self.asked

    @property
    def must(self) -> Decimal | None:
        """What the other months leave of it for the plan's to bring, zero or more [currency]."""
        return None if self.expected is None else max(self.target - self.expected, Decimal(0))

    @property
    def more(self) -> Decimal | None:
        """What that is beyond what the plan asks; below zero, what the plan asks beyond it [currency]."""
        return None if self.must is None else self.must - self.asked


def what_holds(
    adopted: pd.DataFrame | None,
    own: pd.DataFrame | None,
    accounts: pd.DataFrame | None,
    period: Period,
    asked: pd.DataFrame,
) -> Holding:
    """Return what holds for a period: adopted targets, the book's own, or both, each of its months.

    A month, quarter or year holds what is adopted where that is of all its months; else the better of what
    the book states for it and of what its quarters, or months, hold by this same rule. Better is what
    speaks of anything asked, then what is of all months, then what speaks of most that is asked; of equals,
    what is stated for the longer period.
    """
    months = [str(month) for month in period.months()]
    rows = adopted_of(adopted, months)
    rows = rows.assign(quarter=rows["month"].map(quarters_of(months, period)))
    told = list(dict.fromkeys([period, *period.quarters(), *period.months()]))
    return _of_period(period, rows, stated(own, accounts, told), asked)


def _of_period(period: Period, adopted: pd.DataFrame, own: pd.DataFrame, asked: pd.DataFrame) -> Holding:
    """Return what holds for a period by the rule of `what_holds`."""
    months = tuple(str(month) for month in period.months())
    taken = adopted[adopted["month"].isin(months)]
    nothing = own.head(0)
    if set(months) <= set(taken["month"]):
        return Holding(taken, nothing, adopted.head(0), months, ())
    whole = own[own["period"] == str(period)]
    ways = [Holding(adopted.head(0), whole, taken, (), months)] if len(whole) else []
    if period.length > 1:
        inner = period.quarters() if period.length > _QUARTER else period.months()
        ways.append(_joined([_of_period(one, adopted, own, asked) for one in inner]))
    if not ways:
        return Holding(adopted.head(0), nothing, adopted.head(0), (), ())
    return max(
        ways, key=lambda way: _worth(way, asked, len(months))
    )  # the first of equals: the longer period's


def _joined(parts: Sequence[Holding]) -> Holding:
    """Return what holds for periods that follow each other as one."""
    adopted, own, passed = (
        pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        for name in ("adopted", "own", "passed")
    )
    adopted_months = tuple(month for part in parts for month in part.adopted_months)
    own_months = tuple(month for part in parts for month in part.own_months)
    return Holding(adopted, own, passed, adopted_months, own_months)


def _worth(way: Holding, asked: pd.DataFrame, months: int) -> tuple[bool, bool, int]:
    """Rank a way to tell what holds: of anything asked, of all months, and of how much."""
    spoken = int(to_ticks(way.same("company", asked)["target"]).sum())
    return spoken > 0, len(way.months) == months, spoken


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
