"""Requests that cannot be met: which requirements conflict, and the nearest request that can be met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.measures.rounding import Floats, Integers
from kamlib.targets.fitted import check_table
from kamlib.targets.irreducible import ConflictSet, find_irreducible
from kamlib.targets.nearest import miss_least
from kamlib.targets.patterns import Request
from kamlib.targets.requirements import Requirement

_NONE = 1e-5  # units: less than this is the solver's own tolerance (1e-7) added up, not a conflict
_NAMED = 5  # members, cells and changes that a message names


@dataclass(frozen=True, eq=False)
class Conflict:
    """Requirements that cannot be met together, and the nearest that can.

    Attributes
    ----------
    members : pandas.DataFrame
        One row per conflicting group, what gives way most easily first: requirement, key, kind (total, or the
        floor or cap that is in conflict), lower and upper, as asked [units]. Without any one of them the
        others can be met.
    nearest : pandas.DataFrame
        One row per group that the nearest request changes: requirement, key, kind, asked, nearest, change
        [units]. No other change has a smaller weighted sum of amounts.
    least, most : float
        What the cells of the members can hold together within their own bounds [units].
    zeros : tuple of str
        Cells of zero seed that would resolve the conflict if they could grow.
    """

    members: pd.DataFrame
    nearest: pd.DataFrame
    least: float
    most: float
    zeros: tuple[str, ...]

    def times(self, unit: float) -> Conflict:
        """Return the same with amounts in another unit, such as currency."""
        return replace(
            self,
            members=self.members.assign(
                lower=self.members["lower"] * unit, upper=self.members["upper"] * unit
            ),
            nearest=self.nearest.assign(
                **{name: self.nearest[name] * unit for name in ("asked", "nearest", "change")}
            ),
            least=self.least * unit,
            most=self.most * unit,
        )

    def renamed(self, name: Callable[[str, str, str], str]) -> Conflict:
        """Return the same with requirements called as `name` says of requirement, key and kind."""

        def called(table: pd.DataFrame) -> pd.DataFrame:
            columns = (table["requirement"], table["key"], table["kind"])
            return table.assign(requirement=[name(*row) for row in zip(*columns, strict=True)])

        return replace(self, members=called(self.members), nearest=called(self.nearest))

    def __str__(self) -> str:
        blocks = self.members.groupby(["requirement", "kind"], sort=False)
        asked = "; ".join(_block(rows) for _, rows in blocks)
        text = f"what is asked cannot all be met ({_counted(self.members)}): {asked}. "
        if self.zeros:
            text += (
                f"{len(self.zeros)} of their cells have a share (seed) of zero, so they cannot grow: "
                f"{_some(self.zeros, '; ')}. "
            )
        elif np.isfinite(self.most):
            held = f"{_amount(self.least)} to {_amount(self.most)}"
            text += f"Their cells alone can hold {held} within the cells' bounds. "
        totals = self.members[self.members["kind"] == "total"].groupby("requirement", sort=False)["lower"]
        sums = totals.sum()
        if len(sums) > 1 and (totals.size() > 1).any():
            text += "Totals add up to " + ", ".join(f'{_amount(v)} by "{k}"' for k, v in sums.items()) + ". "
        steps = [
            f'"{r.requirement}"{_key(r.key)} {_amount(r.asked)} -> {_amount(r.nearest)}'
            for r in self.nearest.itertuples()
        ]
        return text + f"The nearest request that can be met: {_some(steps, '; ')}."


class ConflictError(ParameterError):
    """A joint request that cannot be met; `conflict` says why and what could be."""

    def __init__(self, conflict: Conflict) -> None:
        super().__init__(str(conflict))
        self.conflict = conflict


def find_conflict(
    seed: npt.ArrayLike,
    requirements: Sequence[Requirement],
    *,
    lower: npt.ArrayLike = 0.0,
    upper: npt.ArrayLike = np.inf,
    axes: Sequence[Sequence[str]] | None = None,
) -> Conflict | None:
    """Look for requirements that cannot be met together within the bounds of the cells.

    A linear program finds the change of amounts with the least weighted sum that lets all be met; groups with
    a price in it conflict, and `kamlib.targets.irreducible.find_irreducible` finds an irreducible set among
    them, of any size. Bounds of cells and seeds of zero are given, not members; a cell's bound that may have
    to give way is asked for as a `Requirement` of one cell. Where all amounts are whole units, so are the
    changes.

    Solvers count in parts of 1e-7, which add up over groups. What is apart by a part of 1e-12 of the largest
    amount, or by less, passes as met (one unit in 1e12), and `kamlib.targets.joint.check_sum` refuses such a
    request later; where dozens of groups cross, a part of 1e-11 may pass, too, or a member be one too many.

    Parameters
    ----------
    seed : array_like
        Cells of zero or more; a cell of zero stays at its lower bound.
    requirements : sequence of Requirement
        What sums of cells must be.
    lower, upper : array_like, optional
        Bounds of each cell [units].
    axes : sequence of sequence of str, optional
        What the positions of each axis are called; by default they are counted from 0.

    Returns
    -------
    Conflict or None
        None if all can be met.

    Raises
    ------
    ParameterError
        As `scale_to_margins` for a broken table.

    Examples
    --------
    >>> from kamlib.targets.requirements import require
    >>> rows = require("row", ["a", "b"], None, total=[60, 40])
    >>> columns = require("column", None, ["x", "y"], total=[50, 51])
    >>> find_conflict(np.ones((2, 2)), [rows, columns]).nearest["change"].abs().sum()
    np.float64(1.0)
    """
    cells, low, high = check_table(seed, requirements, lower, upper)
    request = Request.of(cells.shape, low, high, requirements)
    change, shares = least_change(request)
    if change is None:
        return None
    found = find_irreducible(request, shares, change)
    touched = np.asarray(np.isin(request.patterns, found.groups).any(axis=1))[request.pattern_of]
    touched = touched.reshape(cells.shape)
    free = Request.of(cells.shape, low, np.broadcast_to(upper, cells.shape), requirements)
    zeros = _zeros(cells, free, found, float(request.weight @ np.abs(change)))
    order = np.argsort(request.weight[found.groups], kind="stable")
    return Conflict(
        _describe(request, found.groups[order], found.sides[order]),
        _changed(request, change),
        float(low[touched].sum()),
        float(high[touched].sum()),
        tuple(_place(at, axes) for at in zeros),
    )


def least_change(request: Request) -> tuple[Floats | None, Floats]:
    """Return the least change of sums that lets a request be met (None: none is needed).

    With it, for each group, what the change would cost less for a unit of its floor or (below zero) its cap.

    Raises
    ------
    ParameterError
        If a program is not solved.
    """
    count = len(request.lower)
    if not ((request.lower > 0) | np.isfinite(request.upper)).any():
        return None, np.zeros(count)
    found = miss_least(request, np.arange(count), request.weight)
    shares = np.where(np.abs(found.shares) > _NONE, found.shares, 0.0)
    if found.price <= _NONE:
        return None, shares
    missed = found.missed
    amounts = np.concatenate([request.lower, request.upper, request.least, request.most])
    amounts = amounts[np.isfinite(amounts)]
    if (amounts == np.rint(amounts)).all():
        if np.abs(missed - np.rint(missed)).max() > _NONE * found.scale:
            missed = _whole_change(request)
        missed = np.rint(missed)
    return missed, shares


def _whole_change(request: Request) -> Floats:
    """Return the least change in whole units."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import eye_array, hstack

    count, patterns = len(request.lower), len(request.least)
    eye = eye_array(count)
    wide = hstack([request.matrix(np.arange(count)), eye, -eye], format="csr")
    none, any_amount = np.zeros(2 * count), np.full(2 * count, np.inf)
    solved = milp(
        np.concatenate([np.zeros(patterns), request.weight, request.weight]),
        constraints=LinearConstraint(wide, request.lower, request.upper),
        bounds=Bounds(np.append(request.least, none), np.append(request.most, any_amount)),
        integrality=np.repeat([0, 1], [patterns, 2 * count]),
        options={"mip_rel_gap": 0.0},
    )
    if solved.x is None:
        raise ParameterError(f"the nearest request in whole units was not found: {solved.message}")
    short, over = solved.x[patterns:].reshape(2, count)
    change: Floats = over - short
    return change


def _zeros(cells: Floats, free: Request, found: ConflictSet, cost: float) -> list[tuple[int, ...]]:
    """Return cells of zero seed that pull on a conflict, if less need change where they are free to grow."""
    wanted = free.matrix(found.groups).T @ found.shares > 0
    pulled = wanted[free.pattern_of].reshape(cells.shape) & (cells == 0)
    if not pulled.any():
        return []
    change, _ = least_change(free)
    less = change is None or float(free.weight @ np.abs(change)) < cost - _NONE
    return [tuple(at) for at in np.argwhere(pulled).tolist()] if less else []


def _describe(request: Request, groups: Integers, sides: Floats | Integers) -> pd.DataFrame:
    names = [request.name(int(group)) for group in groups]
    low, high = request.lower[groups], request.upper[groups]
    return pd.DataFrame(
        {
            "requirement": [name for name, _ in names],
            "key": [key for _, key in names],
            "kind": np.select([low == high, sides > 0], ["total", "floor"], "cap"),
            "lower": low,
            "upper": high,
        }
    )


def _changed(request: Request, change: Floats) -> pd.DataFrame:
    some = np.flatnonzero(np.abs(change) > _NONE)
    table = _describe(request, some, -change[some])[["requirement", "key", "kind"]]
    table["asked"] = np.where(change[some] > 0, request.upper[some], request.lower[some])
    table["nearest"] = table["asked"] + change[some]
    table["change"] = change[some]
    return table


def _place(at: tuple[int, ...], axes: Sequence[Sequence[str]] | None) -> str:
    return str(at) if axes is None else " x ".join(names[i] for names, i in zip(axes, at, strict=True))


def _counted(members: pd.DataFrame) -> str:
    """Say how many groups are in conflict, and how many of them one requirement makes, such as a cap."""
    sizes = members.groupby("requirement", sort=False).size()
    many = sizes[sizes > 1] if len(sizes) > 1 else sizes[:0]
    told = ", ".join(f'{count:,} by "{name}"' for name, count in many.items())
    return f"{len(members):,} in conflict" + (f", of them {told}" if told else "")


def _block(rows: pd.DataFrame) -> str:
    """Say what some groups of one requirement are asked for, in sum where they are many."""
    name, kind = rows["requirement"].iloc[0], rows["kind"].iloc[0]
    amounts = rows["upper" if kind == "cap" else "lower"]
    if len(rows) <= _NAMED:
        words = {"total": "exactly", "floor": "at least", "cap": "at most"}[kind]
        pairs = zip(rows["key"], amounts, strict=True)
        return "; ".join(f'"{name}"{_key(key)}: {words} {_amount(amount)}' for key, amount in pairs)
    some = _some(rows["key"].tolist(), ", ")
    return f'"{name}": {kind}s of {len(rows):,}, together {_amount(amounts.sum())} ({some})'


def _some(words: Sequence[str], link: str) -> str:
    more = f"{link}and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return link.join(words[:_NAMED]) + more


def _key(key: str) -> str:
    """Return the group's label; nothing where the requirement has one group only."""
    return "" if key == "all" else f" {key}"


def _amount(value: float) -> str:
    """Write an amount in full: 12,400 rather than 1.24e+04."""
    return f"{value:,.4f}".rstrip("0").rstrip(".") if np.isfinite(value) else "any amount"
