"""Requests that cannot be met: which requirements conflict, and the nearest request that can be met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.measures.rounding import Floats, Integers
from kamlib.targets.requirements import Requirement
from kamlib.targets.scaling import check_table

_NONE = 1e-5  # units: less than this is the solver's own tolerance (1e-7) added up, not a conflict
_MOST = 300  # members that are dropped one by one to find which are needed; each costs one linear program
_NAMED = 5  # members, cells and changes that a message names


@dataclass(frozen=True, eq=False)
class Conflict:
    """Requirements that cannot be met together, and the nearest that can.

    Attributes
    ----------
    members : pandas.DataFrame
        One row per conflicting group: requirement, key, kind (total, floor, cap or range), lower and upper
        [units].
    irreducible : bool
        Whether dropping any one member lets the others be met; with more than 300 members this is not tried.
    nearest : pandas.DataFrame
        One row per group that the nearest request changes: requirement, key, asked, nearest, change [units].
        No other change has a smaller weighted sum of amounts.
    least, most : float
        What the cells of the members can hold together within their own bounds [units].
    zeros : tuple of tuple of int
        Cells of the members that a seed of zero holds at their lower bound.
    """

    members: pd.DataFrame
    irreducible: bool
    nearest: pd.DataFrame
    least: float
    most: float
    zeros: tuple[tuple[int, ...], ...]

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

    def __str__(self) -> str:
        rows = list(self.members.itertuples())
        asked = "; ".join(f'"{r.requirement}"{_key(r)}: {_range(r)}' for r in rows[:_NAMED])
        more = f"; and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        text = f"what is asked cannot all be met ({len(rows)} in conflict): {asked}{more}. "
        if self.least > 0 or np.isfinite(self.most):
            held = f"{_amount(self.least)} to {_amount(self.most)}"
            text += f"Their cells alone can hold {held} within the cells' bounds. "
        if self.zeros:
            some = ", ".join(map(str, self.zeros[:_NAMED]))
            text += f"The seed is zero in {len(self.zeros)} of their cells, so these cannot grow: {some}. "
        sums = self.members[self.members["kind"] == "total"].groupby("requirement", sort=False)["lower"].sum()
        if len(sums) > 1:
            text += "Totals add up to " + ", ".join(f'{_amount(v)} by "{k}"' for k, v in sums.items()) + ". "
        near = list(self.nearest.itertuples())
        steps = "; ".join(
            f'"{r.requirement}"{_key(r)} {_amount(r.asked)} -> {_amount(r.nearest)}' for r in near[:_NAMED]
        )
        return (
            text
            + f"The nearest request that can be met: {steps}"
            + (f"; and {len(near) - _NAMED} more changes." if len(near) > _NAMED else ".")
        )


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
) -> Conflict | None:
    """Look for requirements that cannot be met together within the bounds of the cells.

    A linear program finds the change of amounts with the least weighted sum that lets all be met; groups with
    a price in it conflict. Of these, one after another is dropped for good if the rest still conflict; what
    is left is irreducible. Bounds of cells and seeds of zero are given, not members; a cell's bound that may
    have to give way is asked for as a `Requirement` of one cell. Where all amounts are whole units, so are
    the changes.

    Parameters
    ----------
    seed : array_like
        Cells of zero or more; a cell of zero stays at its lower bound.
    requirements : sequence of Requirement
        What sums of cells must be.
    lower, upper : array_like, optional
        Bounds of each cell [units].

    Returns
    -------
    Conflict or None
        None if all can be met.

    Raises
    ------
    ParameterError
        As `scale_to_margins` for a broken table.

    References
    ----------
    J. W. Chinneck, E. W. Dravnieks (1991). Locating minimal infeasible constraint sets in linear programs.
    ORSA Journal on Computing 3:157-168.

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
    every = np.arange(len(request.lower))
    change, price = request.change(every)
    if change is None:
        return None
    members = np.flatnonzero(np.abs(price) > _NONE)
    if request.change(members, whole=False)[0] is None:
        members = every
    irreducible = len(members) <= _MOST
    if irreducible:
        for member in members.tolist():
            rest = members[members != member]
            if request.change(rest, whole=False)[0] is not None:
                members = rest
    touched = np.asarray(np.isin(request.patterns, members).any(axis=1))[request.pattern_of]
    touched = touched.reshape(cells.shape)
    zeros = tuple(map(tuple, np.argwhere(touched & (cells == 0)).tolist()))
    return Conflict(
        request.describe(members),
        irreducible,
        request.changed(change),
        float(low[touched].sum()),
        float(high[touched].sum()),
        zeros,
    )


@dataclass(frozen=True, eq=False)
class Request:
    """Requirements as linear conditions on patterns: cells that lie in the same groups count as one.

    `patterns` has a row per pattern and a column per requirement, the group's number counted through all
    requirements or -1; `pattern_of` is each cell's pattern; `least` and `most` bound a pattern's sum; `lower`
    and `upper` bound each group's.
    """

    requirements: tuple[Requirement, ...]
    patterns: Integers
    pattern_of: Integers
    least: Floats
    most: Floats
    lower: Floats
    upper: Floats
    weight: Floats

    @staticmethod
    def of(shape: tuple[int, ...], low: Floats, high: Floats, requirements: Sequence[Requirement]) -> Request:
        """Gather cells by the groups that they lie in."""
        starts = np.cumsum([0, *(one.size for one in requirements)])
        code = np.zeros(low.size, dtype=np.int64)
        columns = []
        for one, start in zip(requirements, starts, strict=False):
            groups = one.cell_groups(shape).ravel()
            columns.append(np.where(groups >= 0, groups + start, -1))
            _, code = np.unique(code * (one.size + 1) + groups + 1, return_inverse=True)
        _, first, pattern_of = np.unique(code, return_index=True, return_inverse=True)
        patterns = np.stack(columns, axis=1)[first] if columns else np.zeros((1, 0), dtype=np.int64)

        def joined(parts: list[Floats]) -> Floats:
            return np.concatenate(parts) if parts else np.zeros(0)

        return Request(
            tuple(requirements),
            patterns,
            pattern_of.astype(np.int64),
            np.bincount(pattern_of, low.ravel()).astype(np.float64),
            np.bincount(pattern_of, high.ravel()).astype(np.float64),
            joined([one.lower.ravel() for one in requirements]),
            joined([one.upper.ravel() for one in requirements]),
            joined([np.full(one.size, one.weight) for one in requirements]),
        )

    def matrix(self, groups: Integers) -> Any:
        """Return the conditions of some groups on all patterns, a sparse row for each."""
        from scipy.sparse import csr_array

        row = np.full(len(self.lower) + 1, -1)
        row[groups] = np.arange(len(groups))
        at = row[self.patterns]
        pattern, _ = np.nonzero(at >= 0)
        ones = np.ones(len(pattern))
        return csr_array((ones, (at[at >= 0], pattern)), shape=(len(groups), len(self.least)))

    def change(self, groups: Integers, *, whole: bool = True) -> tuple[Floats | None, Floats]:
        """Return the least change of sums that lets groups be met (None: no change), and its prices."""
        from scipy.optimize import Bounds, LinearConstraint, linprog, milp
        from scipy.sparse import csr_array, eye_array, hstack, vstack

        count, low, high = len(groups), self.lower[groups], self.upper[groups]
        if not count:
            return None, np.zeros(0)
        wide = csr_array(hstack([self.matrix(groups), eye_array(count), -eye_array(count)], format="csr"))
        cost = np.concatenate([np.zeros(len(self.least)), self.weight[groups], self.weight[groups]])
        bounds = np.column_stack(
            [np.append(self.least, np.zeros(2 * count)), np.append(self.most, np.full(2 * count, np.inf))]
        )
        same = low == high
        floor, cap = ~same & (low > 0), ~same & np.isfinite(high)
        result = linprog(
            cost,
            A_eq=wide[same] if same.any() else None,
            b_eq=low[same] if same.any() else None,
            A_ub=vstack([-wide[floor], wide[cap]], format="csr") if (floor | cap).any() else None,
            b_ub=np.append(-low[floor], high[cap]) if (floor | cap).any() else None,
            bounds=bounds,
            method="highs",
        )
        if not result.success:
            raise ParameterError(f"whether the request can be met was not found out: {result.message}")
        prices = np.zeros(count)
        prices[same] = np.abs(result.eqlin.marginals) if same.any() else 0.0
        if (floor | cap).any():
            split = int(floor.sum())
            prices[floor] += np.abs(result.ineqlin.marginals[:split])
            prices[cap] += np.abs(result.ineqlin.marginals[split:])
        if result.fun <= _NONE:
            return None, prices
        extra = result.x[len(self.least) :]
        finite = np.concatenate([low, high[np.isfinite(high)], self.least, self.most[np.isfinite(self.most)]])
        if whole and (finite == np.rint(finite)).all():
            if np.abs(extra - np.rint(extra)).max() > _NONE:
                kind = np.append(np.zeros(len(self.least)), np.ones(2 * count))
                limits = LinearConstraint(wide, low, high)
                solved = milp(cost, constraints=limits, bounds=Bounds(*bounds.T), integrality=kind)
                extra = solved.x[len(self.least) :] if solved.x is not None else extra
            extra = np.rint(extra)
        return extra[count:] - extra[:count], prices

    def name(self, group: int) -> tuple[str, str]:
        """Return the requirement and the key of a group."""
        for one in self.requirements:
            if group < one.size:
                return one.name, one.key(group)
            group -= one.size
        raise IndexError(group)

    def describe(self, groups: Integers) -> pd.DataFrame:
        """Return a row per group: requirement, key, kind, lower, upper."""
        names = [self.name(int(group)) for group in groups]
        low, high = self.lower[groups], self.upper[groups]
        kind = np.select([low == high, np.isinf(high), low == 0], ["total", "floor", "cap"], "range")
        return pd.DataFrame(
            {
                "requirement": [name for name, _ in names],
                "key": [key for _, key in names],
                "kind": kind,
                "lower": low,
                "upper": high,
            }
        )

    def changed(self, change: Floats) -> pd.DataFrame:
        """Return a row per group that changes: requirement, key, asked, nearest, change."""
        some = np.flatnonzero(np.abs(change) > _NONE)
        table = self.describe(some)[["requirement", "key"]]
        table["asked"] = np.where(change[some] > 0, self.upper[some], self.lower[some])
        table["nearest"] = table["asked"] + change[some]
        table["change"] = change[some]
        return table


def forced_cells(request: Request, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return the cells that are at their lower bound in every table that meets the request.

    One linear program finds a multiple of such a table in which as many patterns as possible lie at least a
    unit above their lower bounds; those that don't never can.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, diags_array, eye_array, hstack, vstack

    patterns, groups = len(request.least), np.arange(len(request.lower))
    sums = request.matrix(groups)
    finite = np.isfinite(request.upper)
    capped = np.isfinite(request.most)
    room = np.where(capped, request.most, 0.0) - request.least
    base = sums @ request.least
    none = csr_array((len(groups), patterns))

    def scaled(values: Floats) -> Any:
        return csr_array(values[:, None])

    above = hstack([sums, none, scaled(base - np.where(finite, request.upper, 0.0))], format="csr")[finite]
    below = hstack([-sums, none, scaled(request.lower - base)], format="csr")
    unit = hstack([-eye_array(patterns), eye_array(patterns), scaled(np.zeros(patterns))], format="csr")
    kept = diags_array(capped.astype(float))
    most = hstack([kept, csr_array((patterns, patterns)), scaled(-room)], format="csr")
    limits = vstack([above, below, unit, most[capped]], format="csr")
    bounds = [(0, None)] * patterns + [(0, 1)] * patterns + [(1, None)]
    cost = np.concatenate([np.zeros(patterns), -np.ones(patterns), [0.0]])
    result = linprog(cost, A_ub=limits, b_ub=np.zeros(limits.shape[0]), bounds=bounds, method="highs")
    if not result.success:
        return np.zeros(shape, dtype=bool)
    stuck: npt.NDArray[np.bool_] = (result.x[patterns : 2 * patterns] < 0.5)[request.pattern_of]
    return stuck.reshape(shape)


def _range(row: Any) -> str:
    if row.kind == "total":
        return f"exactly {_amount(row.lower)}"
    if row.kind == "floor":
        return f"at least {_amount(row.lower)}"
    most = _amount(row.upper)
    return f"at most {most}" if row.kind == "cap" else f"{_amount(row.lower)} to {most}"


def _key(row: Any) -> str:
    """Return the group's label; nothing where the requirement has one group only."""
    return "" if row.key == "all" else f" {row.key}"


def _amount(value: float) -> str:
    """Write an amount in full: 12,400 rather than 1.24e+04."""
    return f"{value:,.4f}".rstrip("0").rstrip(".") if np.isfinite(value) else "any amount"
