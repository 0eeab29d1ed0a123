"""How each target comes about: steps from the company's total to the last unit that add up to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from kamlib.measures.money import SCALE, sum_money, to_money, to_ticks
from kamlib.measures.rounding import Floats, Integers, add_remainder, controlled_rounding, largest_remainder
from kamlib.targets.bounds import UNBOUNDED, Bounds
from kamlib.targets.factors import FACTORS
from kamlib.targets.joint import Requested
from kamlib.targets.phasing import Phasing
from kamlib.targets.request import AccountPlan
from kamlib.targets.shares import Blend

if TYPE_CHECKING:
    from kamlib.targets.allocation import Allocation

_CENT = SCALE // 100  # ticks
_CENTS = 100  # a currency unit
_NOISE = 0.01  # cents that floats may be off by
Cents = TypeVar("Cents", Integers, Floats)
BOUND_STEPS = ("by_own_bounds", "by_required", "by_rest")
TRACED = ("company", "rep", "region", "account_type", "product_line")
_COLUMNS = {"rep": "rep_id", "region": "region", "account_type": "account_type"}


def chain_steps(columns: Sequence[str]) -> list[str]:
    """Return the columns of a chain's table that add up to the target, in order.

    Parameters
    ----------
    columns : sequence of str
        Columns of the table.

    Examples
    --------
    >>> chain_steps(["target", "rounding", "by_rest", "by_required", "by_own_bounds", "history_part"])
    ['history_part', 'by_own_bounds', 'by_required', 'by_rest', 'rounding']
    """
    parts = [f"{name}_part" for name in FACTORS if f"{name}_part" in columns]
    return [*parts, *BOUND_STEPS, "rounding"]


def chain_accounts(plan: AccountPlan, requested: Requested, *, total: int, unit: int) -> pd.DataFrame:
    """Lay out the chain of each account.

    Parameters
    ----------
    plan : AccountPlan
        Shares and bounds of the accounts.
    requested : Requested
        The split that meets bounds and required totals.
    total, unit : int
        What is split, and the rounding unit [currency].

    Returns
    -------
    pandas.DataFrame
        One row per account in the order of the plan: by_history and proposal, what the share of history alone
        and the blend ask; of each factor that has a weight its part of the proposal, ``total x weight x
        share`` (history_part, ...); by_own_bounds, what the account's floor, cap or pin makes of the
        proposal; by_required, what totals required of its cells move; by_rest, its part of what bounds and
        required totals leave over elsewhere; bounded, the sum so far; target; and rounding, what whole units
        add [currency, to the cent].

    Notes
    -----
    A proposal beyond a bound is first brought back to it. What all accounts together then miss of the total,
    or have over, is spread over those that still have room. A required total counts where its floor or cap
    is met without room: the moves of its cells are by_required, all other moves by_rest.
    """
    blend, units = plan.blend, requested.split.units
    proposal = _parts(blend.blend, total)
    own = _within(proposal, plan.bounds, unit) - proposal
    held = np.zeros(len(proposal))
    held[plan.facts.open] = requested.moved.sum(axis=1) * unit * _CENTS
    required = _cents(held, round(held.sum()))
    alone = blend.blend * total * _CENTS
    rest = requested.split.exact * unit * _CENTS - _within(alone, plan.bounds, unit) - held
    cents = {"by_history": _parts(blend.history, total), "proposal": proposal}
    cents |= _factor_parts(blend, proposal)
    cents |= {"by_own_bounds": own, "by_required": required}
    cents["by_rest"] = _cents(rest, -int(own.sum() + required.sum()))
    cents["bounded"] = proposal + own + required + cents["by_rest"]
    table = pd.DataFrame({name: to_money(values * _CENT) for name, values in cents.items()})
    table["target"] = units * unit
    table["rounding"] = to_money((units * unit * _CENTS - cents["bounded"]) * _CENT)
    return table


def chain_lines(
    plan: AccountPlan,
    requested: Requested,
    phasing: Phasing,
    accounts: pd.DataFrame,
    *,
    total: int,
    unit: int,
) -> pd.DataFrame:
    """Lay out the chain of each product line: what its accounts' chains bring to it.

    An account's shares fall on product lines by its mix (`kamlib.targets.phasing.phase_targets`). Floors and
    caps are of whole accounts and none of a product line, so that what they move is by_rest.

    Parameters
    ----------
    plan : AccountPlan
        Shares and bounds of the accounts.
    requested : Requested
        The split that meets bounds and required totals.
    phasing : Phasing
        The accounts' mixes.
    accounts : pandas.DataFrame
        The chains of the accounts, as `chain_accounts` returns them.
    total, unit : int
        What is split, and the rounding unit [currency].

    Returns
    -------
    pandas.DataFrame
        One row per product line, sorted: product_line, accounts (open ones whose target falls on it in part),
        the shares of `Allocation.accounts` [fraction], the steps of `chain_steps` and the target
        they add up to [currency]. Each step adds up over product lines to what it does over accounts; by_rest
        with by_own_bounds.
    """
    opened, blend = plan.facts.open, plan.blend
    mix = phasing.line_share[opened]
    shares = {"history": blend.history, "potential": blend.potential, **blend.factors}
    table = pd.DataFrame({"product_line": list(phasing.product_lines)})
    table["accounts"] = (requested.fitted > 0).sum(axis=0)
    for name, share in shares.items():
        table[f"{name}_share"] = share[opened] @ mix
    table["blend"] = blend.blend[opened] @ mix
    moved = requested.moved.reshape(len(mix), len(table), -1).sum(axis=(0, 2)) * unit * _CENTS
    alone = table["blend"].to_numpy() * total * _CENTS
    exact = {f"{name}_part": table[f"{name}_share"].to_numpy() * weight * total * _CENTS
             for name, weight in blend.used.items()}  # fmt: skip
    exact |= {"by_own_bounds": 0 * moved, "by_required": moved}
    exact["by_rest"] = requested.fitted.sum(axis=0) * unit * _CENTS - alone - moved
    sums = {name: int(to_ticks(accounts[name]).sum()) // _CENT for name in exact}
    sums |= {"by_own_bounds": 0, "by_rest": sums["by_own_bounds"] + sums["by_rest"]}
    cents = {name: _cents(values, sums[name]) for name, values in exact.items()}
    for name, values in cents.items():
        table[name] = to_money(values * _CENT)
    units = requested.units.reshape(len(mix), len(table), -1).sum(axis=(0, 2))
    table["target"] = units * unit
    table["rounding"] = to_money((units * unit * _CENTS - sum(cents.values())) * _CENT)
    return table


def trace_targets(allocation: Allocation) -> pd.DataFrame:
    """Say step by step how each target comes about, from the company's total to the last unit.

    Parameters
    ----------
    allocation : Allocation
        What `kamlib.targets.allocate_targets` returns.

    Returns
    -------
    pandas.DataFrame
        One row per dimension (one of `TRACED`) and key (null: accounts without a rep, region or type):
        dimension, key, accounts (open ones), the shares by factor and their blend [fraction], total (the
        company's, from which the chain starts), the steps of `chain_steps` and target, to which they add up
        [currency]. Dimensions in order; largest target first, then key; null last.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> from kamlib.targets import AllocationParams, allocate_targets
    >>> cube = pd.DataFrame({"account_id": ["A", "B"], "product_line": "L", "month": "2025-01",
    ...                      "revenue": [600.0, 300.0]})
    >>> accounts = pd.DataFrame({"account_id": ["A", "B"], "region": "N", "account_type": "T",
    ...                          "rep_id": ["R", "S"], "potential": [None, None], "status": "active"})
    >>> made = allocate_targets(cube, accounts, total=1000, period=parse_period("2026-01"),
    ...                         params=AllocationParams(), unit=100)
    >>> trace_targets(made)[["dimension", "key", "history_part", "rounding", "target"]].iloc[1:3]
      dimension key history_part  rounding  target
    1       rep   R     666.6700   33.3300     700
    2       rep   S     333.3300  -33.3300     300
    """
    opened = allocation.accounts[allocation.accounts["rule"] != "closed"].assign(company="company")
    groups = [_sums(opened, dimension) for dimension in TRACED[:-1]]
    lines = allocation.lines.rename(columns={"product_line": "key"}).assign(dimension="product_line")
    table = pd.concat([*groups, _ordered(lines)], ignore_index=True)
    table["total"] = allocation.total
    table["key"] = table["key"].astype("str")
    steps = chain_steps(list(table.columns))
    shares = [name for name in table if name.endswith("_share")]
    return table[["dimension", "key", "accounts", *shares, "blend", "total", *steps, "target"]]


def _sums(accounts: pd.DataFrame, dimension: str) -> pd.DataFrame:
    by = _COLUMNS.get(dimension, dimension)
    table = sum_money(accounts, [by], [*chain_steps(list(accounts.columns)), "target"])
    grouped = accounts.groupby(by, sort=True, dropna=False)
    shares = [name for name in accounts if name.endswith("_share")]
    table[[*shares, "blend"]] = grouped[[*shares, "blend"]].sum().to_numpy()
    table["accounts"] = grouped.size().to_numpy()
    table["target"] = to_ticks(table["target"]) // SCALE
    return _ordered(table.rename(columns={by: "key"}).assign(dimension=dimension))


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    order = table.sort_values(["target", "key"], ascending=[False, True], kind="stable")
    return order.sort_values("key", key=lambda keys: keys.isna(), kind="stable")


def _parts(weights: Floats, total: int) -> Integers:
    """Return the parts of a total in proportion to weights, in cents that add up to it."""
    if not weights.any():
        return np.zeros(len(weights), dtype=np.int64)
    return largest_remainder(weights, _CENTS * total)


def _within(cents: Cents, bounds: Bounds, unit: int) -> Cents:
    """Bring amounts within floor, cap or pin."""
    bounded = bounds.upper < UNBOUNDED
    most = np.where(bounded, np.where(bounded, bounds.upper, 0) * unit * _CENTS, cents)
    least = bounds.lower * unit * _CENTS
    return np.maximum(np.where(cents > most, most, cents), least)


def _factor_parts(blend: Blend, proposal: Integers) -> dict[str, Integers]:
    """Split each account's proposal over the factors, in cents that add up to it."""
    if not blend.used:
        return {}
    weighted = np.column_stack([weight * blend.factors[name] for name, weight in blend.used.items()])
    sums = weighted.sum(axis=1, keepdims=True)
    even = np.full(weighted.shape, 1 / weighted.shape[1])
    shares = np.divide(weighted, sums, out=even, where=sums > 0)
    cents = controlled_rounding(proposal, shares)
    return {f"{name}_part": cents[:, at] for at, name in enumerate(blend.used)}


def _cents(exact: Floats, total: int) -> Integers:
    """Return amounts in whole cents that add up to a total; what is nothing but for float noise stays it."""
    known = np.where(np.abs(exact) > _NOISE, exact, 0.0)
    size = np.abs(known) if known.any() else np.ones(len(known))
    values = known + (total - known.sum()) * size / max(size.sum(), _NOISE)
    floors = np.floor(values)
    return add_remainder(floors.astype(np.int64), values - floors, size.astype(np.object_), total)
