"""A plan beside the targets that hold for its months already: the adopted ones, or the book's own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.measures.money import sum_money, to_money, to_ticks, total_money
from kamlib.periods import Period
from kamlib.targets.held_reasons import held_reasons
from kamlib.targets.holding import (
    KEYS,
    Enclosing,
    Holding,
    adopted_of,
    least_named,
    quarters_of,
    same_cells,
    stated,
    what_holds,
)


@dataclass(frozen=True)
class Held:
    """What holds for the months of a plan, and what the plan asks of the same months.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per dimension (company, rep, region, account_type, product_line, quarter, month, account) and
        key (null: no rep, or no such side in the adopted file): dimension, key, rep_id (of accounts; one that
        changed hands has a row with each rep), target_held (what holds), target_beside (asked by the plan),
        held_change (asked less held) [currency] and held_reason (of accounts, see `held_reasons`).
    months : tuple of str
        Months of the plan for which targets hold; none where only a longer period's target does.
    whole : bool
        Whether these are all months of the plan.
    sources : pandas.DataFrame
        One row per adoption that holds for any of them: period, run, adopted_by, adopted_at. Without rows
        where the book's own targets hold alone.
    covers : bool
        Whether what holds speaks of all that the plan asks; otherwise the company's row is of a part of it,
        of the plan's target, too.
    own_months : tuple of str
        Those of the months for which the book's own targets hold.
    enclosing : Enclosing or None
        The book's own target of the longer period that this one is a part of, where targets hold for none or
        some of its months.
    passed : Held or None
        What is adopted for months that the book's own target of a longer period counts for.
    chance : float or None
        How likely the period brings what holds, where that is of all that the plan asks and is known.
    """

    table: pd.DataFrame = field(repr=False)
    months: tuple[str, ...]
    whole: bool
    sources: pd.DataFrame = field(repr=False)
    covers: bool = True
    own_months: tuple[str, ...] = ()
    enclosing: Enclosing | None = None
    passed: Held | None = None
    chance: float | None = None

    @property
    def adopted(self) -> bool:
        """Whether adopted targets hold, and none of the book's own."""
        return len(self.sources) > 0 and not self.own_months

    @property
    def mixed(self) -> bool:
        """Whether adopted targets hold for some of the months and the book's own for others."""
        return len(self.sources) > 0 and bool(self.own_months)

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
    coming: pd.DataFrame | None = None,
) -> Held | None:
    """Set a plan beside the targets that hold for its months, by every side they speak of.

    What holds is found period by period, as `kamlib.targets.holding.what_holds` says: adopted targets where
    they are of all months of a month, quarter or year, else the book's own of it, or of its quarters and
    months, with those adopted among them. What the book states for a longer period counts as it stands, and
    what is adopted for some months of it is told apart (`Held.passed`): a quarter's target is not told month
    by month. Where targets hold for none or some of the months, the book's own of the quarter or year around
    them, the shorter first, is told, too (`Held.enclosing`), without rows: a part of a period and the whole
    are not compared side by side.

    Of the plan only those months count for which targets hold, so that both sums are of the
    same months. Each side's amounts stand with whom they were asked of: those that hold with the rep, region
    and type they name, the plan's with its own.

    The book may state a period's target several times over, by rep, by region and for the company. For each
    key of a side those rows count that name the fewest of account, rep, region, product line and account type
    beside it; of as few, those that come last in this order. A row of an account counts for its rep, region
    and type, too. Both sums are of the same accounts, product lines and months: a key of which the book names
    less than the plan asks has no row, as has one of which it names nothing, which is not zero. The company
    always has its row; `Held.covers` says whether it is of all that the plan asks.

    Why an account's amount differs is told as `kamlib.targets.held_reasons.held_reasons` says.

    Parameters
    ----------
    targets : pandas.DataFrame
        One row per account, product line and month; what `allocate_targets` returns as `targets`.
    adopted : pandas.DataFrame or None
        Adopted targets that hold: measure, period, run, adopted_by, adopted_at, account_id, rep_id, region,
        account_type, product_line, month, target [currency]; bound and required_change, where they are told.
    own : pandas.DataFrame, optional
        The book's targets: period, measure (revenue where null), account_id, rep_id, region, product_line,
        account_type (each may be null or absent) and target [currency].
    accounts : pandas.DataFrame, optional
        account_id, rep_id, region, account_type; of whom an account's own target is.
    period : Period
        The period planned.
    coming : pandas.DataFrame, optional
        What was sold in each month that is over, and the forecast of each of the others: account_id, rep_id,
        region, account_type, product_line, month and target [currency].

    Returns
    -------
    Held or None
        None where no revenue target holds for any month of the period, nor of a longer one around it.

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
    asked = _by_quarter(targets, period)
    found = what_holds(adopted, own, accounts, period, asked)
    held = _compared(found, asked, period)
    around = None if held.whole else _enclosing(targets, adopted, own, accounts, period, coming)
    if not held.months and around is None:
        return None
    passed = _compared(found.beside(), asked, period) if len(found.passed) else None
    return replace(held, enclosing=around, passed=passed)


def _by_quarter(targets: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Return targets of the months of a period, with the quarter of each."""
    quarters = quarters_of([str(month) for month in period.months()], period)
    rows = targets[targets["month"].isin(quarters)]
    return rows.assign(quarter=rows["month"].map(quarters))


def _compared(found: Holding, asked: pd.DataFrame, period: Period) -> Held:
    """Set a plan beside what holds, by every side; without rows where nothing does."""
    asked = asked[asked["month"].isin(found.months)]
    sides, covers = [], True
    for side in KEYS:
        held = found.of(side)
        if not len(held):
            continue
        beside = _beside(side, held, found.same(side, asked))
        entire = _told_whole(side, beside, asked)
        if side == "company":
            covers = bool(entire.all())
        elif found.own_months:
            beside = beside[entire & beside["key"].isin(held[KEYS[side][0]])]
        sides.append(beside)
    shown = [side for side in sides if len(side)] or [_beside("account", asked.head(0), asked.head(0))]
    table = pd.concat(shown, ignore_index=True)
    account = table["dimension"] == "account"
    table.loc[account, "held_reason"] = held_reasons(table[account], asked, found.adopted)
    table = table.astype({"rep_id": "str", "held_reason": "str"})
    return Held(
        table,
        found.months,
        len(found.months) == len(period.months()),
        found.sources,
        covers,
        found.own_months,
    )


def _enclosing(
    targets: pd.DataFrame, adopted: pd.DataFrame | None, own: pd.DataFrame | None,
    accounts: pd.DataFrame | None, period: Period, coming: pd.DataFrame | None,
) -> Enclosing | None:  # fmt: skip
    """Return the book's own target of the shortest period around this one that speaks of what is planned.

    That of the shortest where none does; None where there is none.
    """
    longer = [around for around in (*period.quarters(), period.year()) if around.length > period.length]
    found = [(around, stated(own, accounts, [around])) for around in longer]
    found = [(around, rows) for around, rows in found if len(rows)]
    if not found:
        return None
    asks = [same_cells(least_named(rows, "company"), targets.assign(quarter=str(one))) for one, rows in found]
    around, rows = next(
        (one for one, same in zip(found, asks, strict=True) if same["target"].any()), found[0]
    )
    held = least_named(rows, "company")
    own_months = {str(month) for month in period.months()}
    rest = tuple(str(month) for month in around.months() if str(month) not in own_months)
    asked = targets.assign(quarter=str(around))
    beside = _beside("company", held, same_cells(held, asked))
    taken = same_cells(held, adopted_of(adopted, rest).assign(quarter=str(around)))
    known = Enclosing(
        period=str(around),
        planned=str(period),
        target=total_money(beside["target_held"]),
        asked=total_money(beside["target_beside"]),
        covers=bool(_told_whole("company", beside, asked).all()),
        rest=rest,
        adopted=total_money(taken["target"]) if len(taken) else Decimal(0),
        adopted_months=tuple(sorted(set(taken["month"]))),
        expected=None,
    )
    if coming is None or not _known(rest, coming):
        return known
    coming = coming.assign(quarter=str(around))
    there, here = (coming[coming["month"].isin(months)] for months in (rest, own_months))
    return replace(
        known,
        expected=total_money(same_cells(held, there)["target"]),
        forecast=total_money(same_cells(held, here)["target"]) if _known(own_months, coming) else None,
        reps=_left_of_reps(least_named(rows, "rep"), asked, there),
    )


def _known(months: Collection[str], coming: pd.DataFrame) -> bool:
    """Say whether months lie among those sold or forecast; one without a line between them sold nothing."""
    return len(coming) > 0 and coming["month"].min() <= min(months) and max(months) <= coming["month"].max()


def _left_of_reps(held: pd.DataFrame, asked: pd.DataFrame, there: pd.DataFrame) -> pd.DataFrame:
    """Return what each rep's target of a longer period leaves for the plan, beside what that asks."""
    beside = _beside("rep", held, same_cells(held, asked))
    beside = beside[_told_whole("rep", beside, asked) & beside["key"].isin(held["rep_id"])]
    sold = _beside("rep", held, same_cells(held, there)).set_index("key")["held_change"]
    left = np.maximum(-to_ticks(beside["key"].map(sold)), 0)
    return pd.DataFrame(
        {"key": beside["key"], "must": to_money(left, beside.index), "asked": beside["target_beside"]}
    )


def total_held(
    adopted: pd.DataFrame | None,
    own: pd.DataFrame | None,
    accounts: pd.DataFrame,
    expected: pd.DataFrame,
    *,
    period: Period,
) -> Decimal | None:
    """Return what is asked of the company in a period already [currency], before there is a plan.

    The rule is that of `compare_held`, with what is expected in place of what the plan asks. None where no
    targets hold for all months, or the book's own speak of a part of what is expected.

    Parameters
    ----------
    expected : pandas.DataFrame
        What was sold or is forecast: account_id, rep_id, region, account_type, product_line, month and target
        [currency], zero or more.
    """
    asked = _by_quarter(expected, period)
    found = what_holds(adopted, own, accounts, period, asked)
    held = found.of("company")
    beside = _beside("company", held, found.same("company", asked))
    if len(found.months) < len(period.months()) or not _told_whole("company", beside, asked).all():
        return None
    return total_money(held["target"])


def around_held(
    adopted: pd.DataFrame | None,
    own: pd.DataFrame | None,
    accounts: pd.DataFrame,
    expected: pd.DataFrame,
    *,
    period: Period,
    coming: pd.DataFrame,
) -> Enclosing | None:
    """Return the book's own target around a period (`Held.enclosing`), before there is a plan.

    The rule is that of `compare_held`, with what is expected in place of what the plan asks.

    Parameters
    ----------
    expected : pandas.DataFrame
        As for `total_held`.
    coming : pandas.DataFrame
        As for `compare_held`.
    """
    found = what_holds(adopted, own, accounts, period, _by_quarter(expected, period))
    if len(found.months) == len(period.months()):
        return None
    return _enclosing(expected, adopted, own, accounts, period, coming)


def _told_whole(dimension: str, beside: pd.DataFrame, asked: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Say of each key whether what stands beside is all that the plan asks of it; no target is below zero."""
    key = KEYS[dimension][:1]
    rows = asked.assign(key=asked[key[0]].astype("str") if key else "company")
    whole = pd.Series(to_ticks(rows["target"]), index=rows.index).groupby(rows["key"]).sum()
    told = pd.Series(to_ticks(beside["target_beside"]), index=beside.index)
    if dimension == "account":
        told = told.groupby(beside["key"]).transform("sum")
    return np.asarray(told == beside["key"].map(whole).fillna(0), dtype=bool)


def _beside(dimension: str, held: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Return both sums of one dimension, one row per key of either."""
    by = ["dimension", *KEYS[dimension]]
    amounts = ("target_held", "target_beside")
    known = dict.fromkeys(KEYS[dimension], "str")  # a key that is nowhere known may have become a number
    sums = [
        sum_money(rows.assign(dimension=dimension, **{name: rows["target"]}), by, [name]).astype(known)
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
