"""Required totals of regions, reps, account types, product lines and times, met together with all else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError, did_you_mean
from kamlib.measures.money import MONEY, SCALE, to_money
from kamlib.measures.rounding import Floats, Integers
from kamlib.targets.bounded import BoundedSplit
from kamlib.targets.bounds import UNBOUNDED, Bounds
from kamlib.targets.conflicts import ConflictError
from kamlib.targets.requirements import Requirement, require
from kamlib.targets.rounding_stages import round_accounts, split_jointly
from kamlib.targets.wishes import ACCOUNT_SIDES, SIDES, Wish

# What a unit of change costs where the nearest request is sought: the required totals give way before the
# floors and caps of accounts, and these before the total.
_ACCOUNT_STAYS, _TOTAL_STAYS = 100.0, 10_000.0
_AT_REST = 1e-9  # logarithm of a rate within which a required total moves nothing
_NEAR = 0.01  # units from its floor or cap within which a required total counts as met without room
_NAMED = 6  # planned values that a message names
_AT_BOUND = 1e-6  # units from a bound within which it counts as having bitten


@dataclass(frozen=True)
class Requested:
    """A split over accounts, product lines and months.

    Attributes
    ----------
    split : BoundedSplit
        Of the accounts, open ones in their places and 0 elsewhere.
    units : numpy.ndarray of int64, shape (open accounts, product lines x months)
        The cells in whole units.
    exact : numpy.ndarray of float64
        The cells before rounding, those of an account adding up to its whole units [units].
    fitted : numpy.ndarray of float64, shape (open accounts, product lines)
        The split before any rounding [units].
    moved : numpy.ndarray of float64, shape (open accounts, product lines x months)
        What required totals of their own move of its cells against the split without required totals [units].
    changed : numpy.ndarray of float64, shape (open accounts, product lines x months)
        What all required totals change of it against that split, pushed at by others' included [units].
    met : pandas.DataFrame
        One row per required total: account, rep, region, account_type, product_line, quarter, month (what it
        speaks of, null: all of it), requirement (the same in words), floor and cap (as asked), target (what
        it came to), unrequired (what it would come to if no totals were required), residual (by how much
        whole units miss it) [currency], binds (floor or cap: what holds it
        there beside all others; none: it holds without).
    """

    split: BoundedSplit
    units: Integers
    exact: Floats
    fitted: Floats
    moved: Floats
    changed: Floats
    met: pd.DataFrame


def split_requested(
    accounts: pd.DataFrame,
    split: BoundedSplit,
    bounds: Bounds,
    shares: Floats,
    wishes: Sequence[Wish],
    *,
    lines: Sequence[str],
    months: Sequence[str],
    quarters: Sequence[str],
    total: int,
    unit: int,
) -> Requested:
    """Lay a split over accounts on product lines and months, moved as little as required totals ask for.

    Of all tables that meet the total, every account's floor, cap or pin and every required total, the one
    with the least cross-entropy from the split by share and season (`kamlib.targets.margins.fit_margins`), in
    whole units in stages (`kamlib.targets.rounding_stages.split_jointly`): reps (and what has none), and next
    to them regions and account types, stay within a unit of exact, then product lines, quarters and months.

    Parameters
    ----------
    accounts : pandas.DataFrame
        One row per account with `ACCOUNT_SIDES` and open (flag).
    split : BoundedSplit
        The split over accounts without required totals.
    bounds : Bounds
        Floors, caps and pins of the accounts [units].
    shares : numpy.ndarray, shape (accounts, product lines x months)
        Share of each cell in its account.
    wishes : sequence of Wish
        The required totals.
    lines, months, quarters : sequence of str
        Product lines; months of the period, and the quarter of each.
    total, unit : int
        What is split, and the rounding unit [currency].

    Returns
    -------
    Requested

    Raises
    ------
    ParameterError
        If a required total names what is not there, holds no whole unit, or cannot be met with the others: an
        irreducible set of requirements in conflict, and the nearest request that can be met.
    """
    opened = accounts["open"].to_numpy(dtype=bool)
    table = accounts[opened]
    shape = (len(table), len(lines), len(months))
    seed = (split.exact[opened][:, None] * shares[opened]).reshape(shape)
    low, high = _bounds(bounds, opened)
    places = {"product_line": lines, "month": months, "quarter": quarters}
    asked = [_requirement(wish, accounts, opened, places, unit) for wish in wishes]
    always = _always(table, low, high, total // unit)
    groups = np.column_stack([_codes(table, ["rep_id"]), _codes(table, ["rep_id", "region", "account_type"])])
    axes = (table["account_id"].tolist(), lines, months)
    try:
        joint = split_jointly(seed, [*always, *asked], groups=groups, close=_close(table, places), axes=axes)
    except ConflictError as error:
        conflict = error.conflict.times(unit).renamed(_names(axes[0], bounds.source[opened]))
        raise ParameterError(
            f"allocation.requirements: {conflict} Change what is asked, or the floors, caps and pins of "
            "accounts."
        ) from None
    rows = joint.fit.table.sum(axis=(1, 2))
    exact, units = np.zeros(len(accounts)), np.zeros(len(accounts), dtype=np.int64)
    exact[opened], units[opened] = rows, check_sum(joint.units.sum(axis=(1, 2)), total // unit)
    bound = np.full(len(accounts), "none", dtype=np.object_)
    at_floor, at_cap = (rows <= low + _AT_BOUND) & (low > 0), rows >= high - _AT_BOUND
    # where both are one amount, as a cap below the floor by growth makes them, the side that shares lie on
    bound[opened] = np.select(
        [at_floor & at_cap, at_floor, at_cap], [split.bound[opened], "floor", "cap"], "none"
    )
    parts = np.divide(units[opened], rows, out=np.zeros(len(rows)), where=rows > 0)
    within = joint.fit.table * parts[:, None, None]
    rates = joint.fit.rates[len(always) :]
    each = zip(wishes, asked, rates, strict=True)
    met = required_table([_met(*one, joint.units, seed, unit) for one in each])
    changed = joint.fit.table - seed
    return Requested(
        BoundedSplit(exact, units, bound),
        joint.units.reshape(len(table), -1),
        within.reshape(len(table), -1),
        joint.fit.table.sum(axis=2),
        np.where(_held(joint.fit.table, asked), changed, 0.0).reshape(len(table), -1),
        changed.reshape(len(table), -1),
        met,
    )


def round_plan(
    accounts: pd.DataFrame, split: BoundedSplit, bounds: Bounds, *, total: int, unit: int
) -> Integers:
    """Round a split over accounts as `split_requested` does where nothing is required of lines or months.

    Parameters
    ----------
    accounts, split, bounds, total, unit
        As for `split_requested`.

    Returns
    -------
    numpy.ndarray of int64, shape (accounts,)
        Whole units, 0 for closed accounts.
    """
    opened = accounts["open"].to_numpy(dtype=bool)
    table = accounts[opened]
    low, high = _bounds(bounds, opened)
    always = _always(table, low, high, total // unit)
    units = np.zeros(len(accounts), dtype=np.int64)
    rounded = round_accounts(split.exact[opened], [*always, *_close(table, {})]).ravel()
    units[opened] = check_sum(rounded, total // unit)
    return units


def check_sum(units: Integers, total: int) -> Integers:
    """Return units that add up to the total asked for, and refuse any others.

    Raises
    ------
    ParameterError
        If the sum is another.
    """
    if (found := int(units.sum())) != total:
        raise ParameterError(
            f"targets: whole units add up to {found:,}, not to the total of {total:,}. Take a larger "
            "rounding_unit."
        )
    return units


def required_table(rows: Sequence[dict[str, object]] = ()) -> pd.DataFrame:
    """Lay out required totals and what they came to; without rows where none is asked."""
    types = {
        **dict.fromkeys(SIDES, "str"),
        "requirement": "str",
        "floor": MONEY,
        "cap": MONEY,
        "target": "int64",
        "unrequired": "int64",
        "residual": "int64",
        "binds": "str",
    }
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=t) for name, t in types.items()})


def _held(table: Floats, asked: Sequence[Requirement]) -> npt.NDArray[np.bool_]:
    """Return the cells of required totals that are met without room: those that such totals may move."""
    held = np.zeros(table.shape, dtype=bool)
    for one in asked:
        sums = one.sums(table)
        near = np.minimum(np.abs(sums - one.lower), np.abs(sums - one.upper)) <= _NEAR
        held |= one.spread(near.astype(np.float64), outside=0.0) > 0
    return held


def _close(accounts: pd.DataFrame, places: Mapping[str, Sequence[str]]) -> list[Requirement]:
    """Return the margins that rounding keeps next to exact: reps, regions, types; lines, quarters, months.

    What has no rep, region or type is a group like any other.
    """
    sides = {n: _codes(accounts, [ACCOUNT_SIDES[n]]) for n in ("rep", "region", "account_type")}
    return [
        *(require(name, codes, None, None, lower=0) for name, codes in sides.items()),
        require("product_line", None, places.get("product_line", []), None, lower=0),
        *(require(name, None, None, places.get(name, []), lower=0) for name in ("quarter", "month")),
    ]


def _bounds(bounds: Bounds, opened: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    high = np.where(bounds.upper >= UNBOUNDED, np.inf, bounds.upper.astype(np.float64))
    return bounds.lower.astype(np.float64)[opened], high[opened]


def _always(accounts: pd.DataFrame, low: Floats, high: Floats, total: int) -> list[Requirement]:
    """Return what is required in any case: the total, and each account's floor and cap."""
    ids = accounts["account_id"].tolist()
    return [
        require("total", None, None, None, total=total, weight=_TOTAL_STAYS),
        require("account", ids, None, None, lower=low, upper=high, weight=_ACCOUNT_STAYS),
    ]


def _names(ids: Sequence[str], sources: npt.NDArray[np.object_]) -> Callable[[str, str, str], str]:
    """Return what calls the floors and caps of accounts by the parameters they come from."""
    source = dict(zip(ids, sources, strict=True))

    def name(requirement: str, key: str, kind: str) -> str:
        if requirement != "account":
            return requirement
        side = "floor" if kind == "floor" else "cap"
        given = {"growth": f"growth_{side}", "potential": f"potential_{side}", "pin": "pins"}
        return given.get(source[key], "floors and caps given")

    return name


def _codes(table: pd.DataFrame, by: list[str]) -> npt.NDArray[np.int64]:
    codes: npt.NDArray[np.int64] = table.groupby(by, dropna=False, sort=True).ngroup().to_numpy(np.int64)
    return codes


def _requirement(
    wish: Wish,
    accounts: pd.DataFrame,
    opened: npt.NDArray[np.bool_],
    places: dict[str, Sequence[str]],
    unit: int,
) -> Requirement:
    """Return a required total as groups of cells: those it names, and none else."""
    name = wish.label()
    mask = opened.copy()
    for side, column in ACCOUNT_SIDES.items():
        value = getattr(wish, side)
        if value is not None:
            found = _equal(accounts[column].tolist(), value, side, name)
            if not (found & opened).any():
                raise ParameterError(f"allocation.requirements: {name}: {_closed(side, value)}")
            mask &= found
    mask = mask[opened]
    times = np.ones(len(places["month"]), dtype=bool)
    for side in ("month", "quarter"):
        value = getattr(wish, side)
        if value is not None:
            times &= _equal(places[side], value, side, name)
    line = wish.product_line
    products = None if line is None else _equal(places["product_line"], line, "product_line", name)
    if not (mask.any() and times.any()):
        raise ParameterError(f"allocation.requirements: {name}: nothing is in all of these. Name fewer.")
    floor, cap = wish.bounds()
    lower = 0.0 if floor is None else float(-(-Fraction(floor) // unit))
    upper = np.inf if cap is None else float(Fraction(cap) // unit)
    if lower > upper:
        raise ParameterError(
            f"allocation.requirements: {name} holds no multiple of the rounding unit {unit:,}. Widen it."
        )
    return require(
        name,
        _inside(mask),
        None if products is None else _inside(products),
        _inside(times),
        lower=lower,
        upper=upper,
    )


def _closed(side: str, value: str) -> str:
    what = (
        f'account "{value}" is closed'
        if side == "account"
        else f'all accounts of {side} "{value}" are closed'
    )
    return f"{what} and asked for nothing. Leave it out, or reopen accounts in the table accounts."


def _inside(chosen: npt.NDArray[np.bool_]) -> list[str | None] | None:
    """Return the labels of an axis of which some positions are chosen; None where all are."""
    return None if chosen.all() else ["all" if one else None for one in chosen]


def _equal(values: Sequence[object], value: str, side: str, name: str) -> npt.NDArray[np.bool_]:
    found = np.array([one == value for one in values], dtype=bool)
    if not found.any():
        known = sorted({str(one) for one in values if not pd.isna(one)})
        raise ParameterError(
            f'allocation.requirements: {name}: there is no {side} "{value}".{_planned(side, value, known)}'
        )
    return found


def _planned(side: str, value: str, known: list[str]) -> str:
    """Say which values of a side are planned: the span of months, the one meant, or the first ones."""
    if side in ("quarter", "month"):
        span = f"{side} is {known[0]}" if len(known) == 1 else f"{side}s are {known[0]} to {known[-1]}"
        return f" The plan's {span}."
    if not known:
        return " No planned account has any."
    more = f" and {len(known) - _NAMED:,} more" if len(known) > _NAMED else ""
    return did_you_mean(value, known) or f" Planned are {', '.join(known[:_NAMED])}{more}."


def _met(
    wish: Wish, one: Requirement, rate: Floats, units: Integers, seed: Floats, unit: int
) -> dict[str, object]:
    floor, cap = wish.bounds()
    came = int(np.rint(one.sums(units.astype(np.float64)).sum())) * unit
    over = 0 if cap is None else max(came - int(cap), 0)
    under = 0 if floor is None else max(int(floor) - came, 0)
    floor_money, cap_money = (None if v is None else to_money([int(v * SCALE)]).iloc[0] for v in (floor, cap))
    pull = float(np.log(rate.flat[0]))
    return {
        **{side: getattr(wish, side) for side in SIDES},
        "requirement": wish.label(),
        "floor": floor_money,
        "cap": cap_money,
        "target": came,
        "unrequired": int(np.rint(one.sums(seed).sum() * unit)),
        "residual": over - under,
        "binds": "none" if abs(pull) <= _AT_REST else "floor" if pull > 0 else "cap",
    }
