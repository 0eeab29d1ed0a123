"""Floors, caps and pins in whole units, and what makes a request impossible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import did_you_mean
from kamlib.measures.money import SCALE
from kamlib.measures.rounding import Exact, Integers
from kamlib.targets.facts import AccountFacts, Flags, in_full
from kamlib.targets.params import AllocationParams

UNBOUNDED = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Bounds:
    """Bounds of the accounts in whole units, in the order of the facts.

    Attributes
    ----------
    lower, upper : numpy.ndarray of int64
        Bounds, rounded inward [units]; `UNBOUNDED` where there is no upper bound.
    source : numpy.ndarray of str
        Where they come from: ``"growth"`` (last year's revenue), ``"potential"`` (no revenue known of the
        base period), ``"history"`` (nor a known potential), ``"given"`` (an amount for the account),
        ``"pin"`` or ``"none"``.
    pinned : numpy.ndarray of bool
        Whether the account is pinned.
    squeezed : numpy.ndarray of bool
        Whether no multiple of the unit lay between floor and cap, so that the floor gave way.
    problems : tuple of str
        What is wrong with the bounds asked for, one sentence each with its remedy.
    """

    lower: Integers
    upper: Integers
    source: npt.NDArray[np.object_]
    pinned: Flags
    squeezed: Flags
    problems: tuple[str, ...]


def account_bounds(facts: AccountFacts, *, params: AllocationParams, unit: int, months: int) -> Bounds:
    """Derive each account's floor and cap and check the amounts given for accounts.

    An open account with revenue in the base period is held between ``(1 + growth_floor)`` and
    ``(1 + growth_cap)`` times that revenue; one without is held to ``potential_cap`` times its potential, pro
    rata of the months, where that is known, else to ``(1 + growth_cap)`` times its revenue in the history
    window, likewise pro rata: what caps leave over must not fall on an account because little is known of it.
    Where the book does not know the whole base period, all accounts count as without revenue in it; of the
    history window those months count that it knows.
    Floors are rounded up and caps down to whole units; where no unit
    lies between, the floor gives way. An amount given for an account outranks these and pushes the other side
    aside where the two cross; a pin outranks everything.

    Parameters
    ----------
    facts : AccountFacts
        The accounts.
    params : AllocationParams
        Floors, caps and pins.
    unit : int
        Rounding unit [currency].
    months : int
        Length of the period planned [months].

    Returns
    -------
    Bounds
    """
    ids = pd.Index(facts.table["account_id"])
    problems = _check_names(facts, params) + _check_amounts(params, unit)
    lower, upper, source = _rule_bounds(facts, params, unit=unit, months=months)
    squeezed = lower > upper
    lower = np.minimum(lower, upper)
    at, amount = _given(ids, params.caps)
    upper[at] = amount // (unit * SCALE)
    lower[at] = np.minimum(lower[at], upper[at])
    source[at] = "given"
    at, amount = _given(ids, params.floors)
    lower[at] = -(-amount // (unit * SCALE))
    upper[at] = np.maximum(upper[at], lower[at])
    source[at] = "given"
    at, amount = _given(ids, params.pins)
    lower[at] = upper[at] = amount // (unit * SCALE)
    source[at] = "pin"
    pinned = np.zeros(len(ids), dtype=bool)
    pinned[at] = True
    squeezed &= ~np.isin(source, ["given", "pin"])
    return Bounds(lower.astype(np.int64), upper.astype(np.int64), source, pinned, squeezed, tuple(problems))


def _rule_bounds(
    facts: AccountFacts, params: AllocationParams, *, unit: int, months: int
) -> tuple[Exact, Exact, npt.NDArray[np.object_]]:
    lower = np.zeros(len(facts.base), dtype=np.int64).astype(np.object_)
    upper = np.full(len(facts.base), UNBOUNDED, dtype=np.int64).astype(np.object_)
    source = np.full(len(facts.base), "none", dtype=np.object_)
    based = (facts.base > 0) & facts.base_whole
    bought = facts.open & based
    base = facts.base[bought].astype(np.object_)
    if params.growth_floor is not None:
        factor = 1 + Fraction(str(params.growth_floor))
        lower[bought] = -(-base * factor.numerator // (factor.denominator * unit * SCALE))
    if params.growth_cap is not None:
        factor = 1 + Fraction(str(params.growth_cap))
        upper[bought] = base * factor.numerator // (factor.denominator * unit * SCALE)
    if params.growth_floor is not None or params.growth_cap is not None:
        source[bought] = "growth"
    if params.potential_cap is not None:
        fresh = facts.open & ~based & facts.known
        factor = Fraction(str(params.potential_cap)) * Fraction(months, 12)
        could = facts.potential[fresh].astype(np.object_)
        upper[fresh] = could * factor.numerator // (factor.denominator * unit * SCALE)
        source[fresh] = "potential"
    dim = facts.open & ~based & ~facts.known & (facts.history > 0)
    if params.growth_cap is not None and dim.any():
        factor = (1 + Fraction(str(params.growth_cap))) * Fraction(months, facts.history_months)
        brought = facts.history[dim].astype(np.object_)
        upper[dim] = brought * factor.numerator // (factor.denominator * unit * SCALE)
        source[dim] = "history"
    return lower, upper, source


def _given(ids: pd.Index, amounts: Mapping[str, Decimal]) -> tuple[npt.NDArray[np.intp], Exact]:
    """Return the positions and ticks of the amounts given for accounts; unknown accounts are left out."""
    at = ids.get_indexer(list(amounts))
    ticks = np.array([Fraction(a) * SCALE for a in amounts.values()], dtype=np.object_)
    return at[at >= 0], ticks[at >= 0]


def _check_names(facts: AccountFacts, params: AllocationParams) -> list[str]:
    ids = pd.Index(facts.table["account_id"])
    problems = []
    for name in ("pins", "floors", "caps"):
        for account in getattr(params, name):
            at = int(ids.get_indexer([account])[0])
            if at < 0:
                hint = did_you_mean(account, ids) or " Name an account_id of the table accounts."
                problems.append(f'allocation.{name}: "{account}" is not an account.{hint}')
            elif not facts.open[at] and name != "caps":
                problems.append(
                    f'allocation.{name}: account "{account}" is closed and is asked for nothing.'
                    " Leave it out, or reopen it in the table accounts."
                )
    return problems


def _check_amounts(params: AllocationParams, unit: int) -> list[str]:
    problems = []
    for name in ("pins", "floors", "caps"):
        for account, amount in getattr(params, name).items():
            if amount < 0:
                problems.append(
                    f'allocation.{name}: {in_full(amount)} for "{account}" is below zero. Write zero or more.'
                )
    for account, amount in params.pins.items():
        if amount % unit:
            near = int(amount // unit) * unit
            problems.append(
                f'allocation.pins: {in_full(amount)} for "{account}" is not a multiple of the rounding unit'
                f" {in_full(unit)}. Write {in_full(near)} or {in_full(near + unit)}."
            )
        floor, cap = params.floors.get(account), params.caps.get(account)
        if floor is not None and amount < floor:
            problems.append(
                f'allocation.pins: {in_full(amount)} for "{account}" is below its floor {in_full(floor)}.'
                " Drop one of the two."
            )
        if cap is not None and amount > cap:
            problems.append(
                f'allocation.pins: {in_full(amount)} for "{account}" is above its cap {in_full(cap)}.'
                " Drop one of the two."
            )
    for account, floor in params.floors.items():
        cap = params.caps.get(account)
        if cap is not None and -(-Fraction(floor) // unit) > Fraction(cap) // unit:
            problems.append(
                f"allocation.floors: no multiple of {in_full(unit)} lies between the floor {in_full(floor)}"
                f' and the cap {in_full(cap)} of "{account}". Lower the floor or raise the cap.'
            )
    low, high = params.growth_floor, params.growth_cap
    if low is not None and high is not None and low > high:
        problems.append(
            f"allocation.growth_floor is {low}, above growth_cap {high}. Lower the floor or raise the cap."
        )
    return problems
