"""Whether a request can be met at all: asked before anything runs, and again by the split itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.periods import Period
from kamlib.targets.bounds import Bounds, account_bounds
from kamlib.targets.factors import Evidence
from kamlib.targets.facts import AccountFacts, Windows, account_facts, look_back
from kamlib.targets.params import AllocationParams, SizingParams
from kamlib.targets.shares import Blend, blend_shares
from kamlib.targets.sides import size_sides
from kamlib.targets.sizing import needs_base, refuse_base, size_target


@dataclass(frozen=True)
class AccountPlan:
    """All that the split of a total over accounts goes by."""

    windows: Windows
    facts: AccountFacts
    blend: Blend
    bounds: Bounds


def plan_accounts(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    total: int,
    period: Period,
    params: AllocationParams,
    unit: int,
    as_of: dt.date | None = None,
    evidence: Evidence | None = None,
    facts: AccountFacts | None = None,
) -> AccountPlan:
    """Gather shares and bounds of the accounts, and refuse a request that cannot be met.

    Parameters and raises are those of `allocate_targets`; facts are what `account_facts` made of the same
    tables and windows, where it is at hand.
    """
    windows = look_back(period, as_of=as_of, quarters=params.history_quarters)
    if facts is None:
        facts = account_facts(cube, accounts, windows=windows)
    blend = blend_shares(
        facts,
        weights=params.factor_weights(),
        evidence=gather_evidence(evidence, period=period, params=params),
        quarters=params.history_quarters,
    )
    bounds = account_bounds(facts, params=params, unit=unit, months=period.length)
    problems = list(bounds.problems)
    if unit < 1 or total % unit:
        problems.append(f"the total {total:,} is not a multiple of the rounding unit {unit:,}.")
    if not problems:
        problems += _sums(blend, bounds, params, total=total, unit=unit)
    if problems:
        raise ParameterError("\n".join(problems))
    return AccountPlan(windows, facts, blend, bounds)


def gather_evidence(evidence: Evidence | None, *, period: Period, params: AllocationParams) -> Evidence:
    """Return what factors are taken from, with the months planned and the parameters filled in."""
    return replace(
        evidence or Evidence(),
        months=tuple(str(month) for month in period.months()),
        purchasing_power=params.purchasing_power,
    )


def check_request(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    period: Period,
    sizing: SizingParams,
    allocation: AllocationParams,
    unit: int,
    as_of: dt.date | None = None,
) -> None:
    """Refuse targets that cannot be set, before anything runs.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency].
    accounts : pandas.DataFrame
        One row per account.
    period : Period
        The period planned.
    sizing : SizingParams
        How large the total is.
    allocation : AllocationParams
        How it is split.
    unit : int
        Rounding unit [currency].
    as_of : datetime.date, optional
        First day not seen; the period's first day by default.

    Raises
    ------
    ParameterError
        If the total cannot be sized, an amount is given for an account that is not there or is closed, a pin
        is not a multiple of the unit, a floor is above its cap, floors or pins exceed the total, caps fall
        short of it, or there is nothing to split by; all problems at once, each with its amounts and what to
        do.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> cube = pd.DataFrame({"account_id": ["A"], "product_line": ["L"], "month": ["2025-01"],
    ...                      "revenue": [900.0]})
    >>> accounts = pd.DataFrame({"account_id": ["A"], "region": "N", "account_type": "T", "rep_id": "R",
    ...                          "potential": [None], "status": ["active"]})
    >>> check_request(cube, accounts, period=parse_period("2026Q1"), sizing=SizingParams(total=1000),
    ...               allocation=AllocationParams(floors={"A": 1200}), unit=100)
    Traceback (most recent call last):
    kamlib.errors.ParameterError: the floors add up to 1,200 (given for accounts 1,200), above the total
    1,000. ...
    """
    if needs_base(sizing):
        refuse_base(cube, look_back(period, as_of=as_of))
    if sizing.total is None and sizing.basis in ("below", "between"):
        return  # the total is known once the forecast is; chapter 3 asks again
    sides = size_sides(cube, None, accounts, period=period, params=sizing, as_of=as_of)
    size = size_target(cube, period=period, params=sizing, unit=unit, as_of=as_of, sides=sides)
    if allocation.requirements:
        from kamlib.targets.allocation import allocate_targets

        allocate_targets(
            cube, accounts, total=size.total, period=period, params=allocation, unit=unit, as_of=as_of
        )
        return
    plan_accounts(cube, accounts, total=size.total, period=period, params=allocation, unit=unit, as_of=as_of)


def _sums(blend: Blend, bounds: Bounds, params: AllocationParams, *, total: int, unit: int) -> list[str]:
    """Say where floors, caps and pins leave the total out of reach."""
    pins = _amount(bounds.lower, bounds.pinned, unit)
    if pins > total:
        return [
            f"the pins add up to {pins:,}, above the total {total:,}. Lower allocation.pins by"
            f" {pins - total:,}, or {_other_total('least', pins, params)}"
        ]
    least = _amount(bounds.lower, np.ones_like(bounds.pinned), unit)
    if least > total:
        return [_floors_above(bounds, params, least=least, total=total, unit=unit)]
    has_weight = blend.weights > 0
    upper = np.where(has_weight.astype(bool), bounds.upper, bounds.lower)
    most = sum(upper.tolist()) * unit
    if most >= total:
        return []
    free = ~bounds.pinned
    if not bool((has_weight & free).any()):
        return [
            f"{total - least:,} of the total {total:,} cannot be split: no account that is not pinned has"
            " revenue in the history window or a potential. Add potentials to the table accounts, or pin"
            f" accounts (allocation.pins) so that they add up to {total:,}."
        ]
    return [
        f"the caps add up to {most:,}, below the total {total:,} by {total - most:,}. Raise"
        f" allocation.growth_cap (now {params.growth_cap}), potential_cap (now {params.potential_cap}) or the"
        f" caps given for accounts, or {_other_total('most', most, params)}"
    ]


def _other_total(side: str, amount: int, params: AllocationParams) -> str:
    """Say which total accounts' own bounds leave; required totals may leave less of it."""
    told = f"give a total of at {side} {amount:,} (sizing.total)"
    if not params.requirements:
        return f"{told}."
    way = "less" if side == "most" else "more"
    return (
        f"{told}, or {way} where the required totals (allocation.requirements), not counted here, ask for it."
    )


def _floors_above(bounds: Bounds, params: AllocationParams, *, least: int, total: int, unit: int) -> str:
    parts = {
        f"growth_floor {params.growth_floor}": bounds.source == "growth",
        "given for accounts": bounds.source == "given",
        "pins": bounds.pinned,
    }
    amounts = {name: _amount(bounds.lower, mask, unit) for name, mask in parts.items()}
    made_of = ", ".join(f"{name} {amount:,}" for name, amount in amounts.items() if amount)
    return (
        f"the floors add up to {least:,} ({made_of}), above the total {total:,}. Lower them by"
        f" {least - total:,}, or {_other_total('least', least, params)}"
    )


def _amount(units: np.ndarray, mask: np.ndarray, unit: int) -> int:
    return int(sum(units[mask].tolist())) * unit
