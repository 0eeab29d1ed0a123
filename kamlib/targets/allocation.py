"""A total split over account x product line x month: one joint table, of which every margin is a sum."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kamlib.measures.money import to_money, to_ticks
from kamlib.measures.rounding import Floats, Integers
from kamlib.periods import Period
from kamlib.targets.bounded import BoundedSplit, split_bounded
from kamlib.targets.bounds import UNBOUNDED
from kamlib.targets.chain import chain_accounts, chain_lines
from kamlib.targets.factors import Evidence
from kamlib.targets.facts import AccountFacts
from kamlib.targets.joint import Requested, round_plan, split_requested
from kamlib.targets.params import AllocationParams
from kamlib.targets.phasing import Phasing, phase_targets
from kamlib.targets.request import AccountPlan, plan_accounts
from kamlib.targets.wishes import Wish

_STAGE = ("account_id", "rep_id", "region", "account_type", "actual_last_year", "target", "bound")


@dataclass(frozen=True)
class Allocation:
    """Targets, and how each came about.

    Attributes
    ----------
    targets : pandas.DataFrame
        One row per open account, product line and month, in this order: account_id, rep_id, region,
        account_type, product_line, month, quarter, target [currency, int64, a multiple of the unit];
        line_share and month_share, by which the account's target fell here [fraction], required_change,
        what all required totals change of it, and rounding, what whole units added [currency, to the cent];
        and of the account history_share, potential_share, blend [fraction], rule and bound.
    accounts : pandas.DataFrame
        One row per account, closed ones with a target of 0, sorted by account_id: the chain from its shares
        to its units. history, actual_last_year (of the base period), potential [currency, currency,
        currency/year]; history_share, potential_share, the shares by other factors that have a weight
        (forecast_share, ability_share, ...), blend [fraction], rule; floor and cap [currency,
        null where there is none] and bound_source; the steps of `kamlib.targets.chain.chain_accounts`, from
        by_history and proposal to target and rounding [currency]; bound (floor, cap, pin or none);
        growth_asked over the base period [fraction, null where no revenue above zero is known of it or it
        is not known whole]; own_mix
        (whether product lines follow the account's own sales).
    lines : pandas.DataFrame
        One row per product line: its chain, as `kamlib.targets.chain.chain_lines` returns it.
    total : int
        Sum of the targets [currency].
    base_period : str
        The period that actual_last_year speaks of.
    history_weight : float
        The weight that history effectively had [fraction].
    weights : mapping of str to float
        The weights that the factors effectively had, adding up to 1 [fraction].
    unknown : mapping of str to int
        Open accounts that a factor beside history and potential did not know, and that were filled.
    wallet : float or None
        Share of wallet that stood in where history or potential is missing; see `blend_shares`.
    squeezed : int
        Accounts whose floor gave way because no unit lay between floor and cap.
    requirements : pandas.DataFrame
        One row per required total; see `kamlib.targets.joint.Requested`.
    """

    targets: pd.DataFrame = field(repr=False)
    accounts: pd.DataFrame = field(repr=False)
    lines: pd.DataFrame = field(repr=False)
    total: int
    base_period: str
    history_weight: float
    weights: Mapping[str, float]
    unknown: Mapping[str, int]
    wallet: float | None
    squeezed: int
    requirements: pd.DataFrame = field(repr=False)


def allocate_targets(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    total: int,
    period: Period,
    params: AllocationParams,
    unit: int,
    as_of: dt.date | None = None,
    evidence: Evidence | None = None,
) -> Allocation:
    """Split a total over accounts, product lines and months.

    The account's part is in proportion to its blend of history and potential (`blend_shares`), within floor,
    cap or pin (`split_bounded`); it falls on product lines and months by `phase_targets`. Where totals are
    required of regions, product lines, quarters and the like, the split that meets them lies as near to that
    one as can be. Whole units follow in stages (`kamlib.targets.joint.split_requested`), so that the sums of
    reps, product lines and months stay within a unit of exact, and of regions and account types where reps
    lie within them. Every target is a multiple of the unit and every margin the sum of its cells.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency]. Months at or after
        `as_of` are not read.
    accounts : pandas.DataFrame
        One row per account: account_id, region, account_type, rep_id, potential [currency/year], status.
    total : int
        What the targets add up to [currency], a multiple of `unit`.
    period : Period
        The period planned.
    params : AllocationParams
        Weights, floors, caps and pins.
    unit : int
        Rounding unit [currency].
    as_of : datetime.date, optional
        First day not seen; the period's first day by default.
    evidence : Evidence, optional
        What factors beside history and potential are taken from; a factor without it gives its weight up to
        the others.

    Returns
    -------
    Allocation

    Raises
    ------
    ParameterError
        If the request cannot be met; see `check_request`.
    BookError
        If a table lacks a column, an account stands twice, or a sale names an account that is not there.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> cube = pd.DataFrame({"account_id": ["A", "B"], "product_line": "L", "month": "2025-01",
    ...                      "revenue": [600.0, 300.0]})
    >>> accounts = pd.DataFrame({"account_id": ["A", "B"], "region": "N", "account_type": "T", "rep_id": "R",
    ...                          "potential": [None, None], "status": "active"})
    >>> result = allocate_targets(cube, accounts, total=1000, period=parse_period("2026-01"),
    ...                           params=AllocationParams(), unit=100)
    >>> result.targets[["account_id", "month", "target", "blend"]].round(2)
      account_id    month  target  blend
    0          A  2026-01     700   0.67
    1          B  2026-01     300   0.33
    """
    plan = plan_accounts(
        cube, accounts, total=total, period=period, params=params, unit=unit, as_of=as_of, evidence=evidence
    )
    split = split_bounded(plan.blend.weights, total // unit, lower=plan.bounds.lower, upper=plan.bounds.upper)
    ids = plan.facts.table["account_id"].tolist()
    worked = None if evidence is None else evidence.working_days
    phasing = phase_targets(cube, ids, windows=plan.windows, working_days=worked)
    requested = _request(plan, split, phasing, params.requirements, total=total, unit=unit)
    chain = _chain(plan, requested, phasing, total=total, unit=unit)
    return Allocation(
        targets=_cells(plan, phasing, requested, unit=unit),
        accounts=chain,
        lines=chain_lines(plan, requested, phasing, chain, total=total, unit=unit),
        total=total,
        base_period=str(plan.windows.base),
        history_weight=plan.blend.history_weight,
        weights=plan.blend.used,
        unknown=plan.blend.unknown,
        wallet=plan.blend.wallet,
        squeezed=int(plan.bounds.squeezed.sum()),
        requirements=requested.met,
    )


def account_targets(
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
) -> pd.DataFrame:
    """Split a total over accounts alone: the stage before product lines and months, and the same numbers.

    Where totals are required (`params.requirements`) the whole split is made, as these may reach across.

    Parameters and raises are those of `allocate_targets`; facts are what `kamlib.targets.facts.account_facts`
    made of the same tables, where the same accounts are split more than once.

    Returns
    -------
    pandas.DataFrame
        One row per account, sorted by account_id: account_id, rep_id, region, account_type, actual_last_year
        [currency], target [currency, int64], bound (floor, cap, pin or none).
    """
    known = {"total": total, "period": period, "params": params, "unit": unit, "as_of": as_of}
    if params.requirements:
        made = allocate_targets(cube, accounts, **known, evidence=evidence)  # type: ignore[arg-type]
        return made.accounts[list(_STAGE)]
    plan = plan_accounts(cube, accounts, **known, evidence=evidence, facts=facts)  # type: ignore[arg-type]
    split = split_bounded(plan.blend.weights, total // unit, lower=plan.bounds.lower, upper=plan.bounds.upper)
    table = plan.facts.table.assign(open=plan.facts.open)
    table["target"] = round_plan(table, split, plan.bounds, total=total, unit=unit) * unit
    table["actual_last_year"] = to_money(plan.facts.base)
    table["bound"] = np.where(plan.bounds.pinned, "pin", split.bound)
    return table[list(_STAGE)].reset_index(drop=True)


def _request(
    plan: AccountPlan, split: BoundedSplit, phasing: Phasing, wishes: Sequence[Wish], *, total: int, unit: int
) -> Requested:
    return split_requested(
        plan.facts.table.assign(open=plan.facts.open),
        split,
        plan.bounds,
        phasing.cell_shares(),
        wishes,
        lines=phasing.product_lines,
        months=phasing.months,
        quarters=[str(month.quarters()[0]) for month in plan.windows.period.months()],
        total=total,
        unit=unit,
    )


def _chain(
    plan: AccountPlan, requested: Requested, phasing: Phasing, *, total: int, unit: int
) -> pd.DataFrame:
    facts, blend, bounds = plan.facts, plan.blend, plan.bounds
    columns = ["account_id", "name", "region", "account_type", "rep_id", "status"]
    table = facts.table[[c for c in columns if c in facts.table.columns]].copy()
    table["history"] = to_money(facts.history)
    table["actual_last_year"] = to_money(facts.base)
    table["potential"] = to_money(facts.potential).where(facts.known)
    table["history_share"] = blend.history
    table["potential_share"] = blend.potential
    for name, shares in blend.factors.items():
        table[f"{name}_share"] = shares
    table["blend"] = blend.blend
    table["rule"] = blend.rule
    table["floor"] = pd.array(bounds.lower * unit, dtype="Int64")
    table.loc[(bounds.lower == 0) & ~bounds.pinned, "floor"] = pd.NA
    unbounded = bounds.upper >= UNBOUNDED
    table["cap"] = pd.array(np.where(unbounded, 0, bounds.upper) * unit, dtype="Int64")
    table.loc[unbounded, "cap"] = pd.NA
    table["bound_source"] = bounds.source
    table = table.join(chain_accounts(plan, requested, total=total, unit=unit))
    table["bound"] = np.where(bounds.pinned, "pin", requested.split.bound)
    grown = growth_over(to_ticks(table["target"]), facts.base)
    table["growth_asked"] = grown if facts.base_whole else np.nan
    table["own_mix"] = phasing.own_mix
    return table


def growth_over(now: Integers, before: Integers) -> Floats:
    """Return growth of one amount over another; NaN where that is not above zero.

    Examples
    --------
    >>> growth_over(np.array([110, 5]), np.array([100, 0])).round(2).tolist()
    [0.1, nan]
    """
    known = before > 0
    return np.where(known, now / np.where(known, before, 1) - 1, np.nan)


def _cells(plan: AccountPlan, phasing: Phasing, requested: Requested, *, unit: int) -> pd.DataFrame:
    facts, opened = plan.facts, plan.facts.open
    table = facts.table[opened]
    lines, months = len(phasing.product_lines), len(phasing.months)
    each = np.repeat(np.arange(len(table)), lines * months)
    period_months = {str(m): str(m.quarters()[0]) for m in plan.windows.period.months()}
    result = table[["account_id", "rep_id", "region", "account_type"]].iloc[each].reset_index(drop=True)
    result["product_line"] = np.tile(np.repeat(phasing.product_lines, months), len(table))
    result["month"] = np.tile(phasing.months, len(table) * lines)
    result["quarter"] = result["month"].map(period_months)
    result["target"] = requested.units.ravel() * unit
    result["required_change"] = _cents(requested.changed.ravel() * unit)
    result["rounding"] = _cents((requested.units - requested.exact).ravel() * unit)
    result["line_share"] = np.repeat(phasing.line_share[opened].ravel(), months)
    result["month_share"] = np.tile(phasing.month_share.ravel(), len(table))
    for name, values in (
        ("history_share", plan.blend.history),
        ("potential_share", plan.blend.potential),
        *((f"{name}_share", shares) for name, shares in plan.blend.factors.items()),
        ("blend", plan.blend.blend),
        ("rule", plan.blend.rule),
        ("bound", np.where(plan.bounds.pinned, "pin", requested.split.bound)),
    ):
        result[name] = values[opened][each]
    return result


def _cents(amounts: np.ndarray) -> pd.Series:
    """Return amounts that are only shown as money, to the cent."""
    return to_money(np.rint(amounts * 100).astype(np.int64) * 100)
