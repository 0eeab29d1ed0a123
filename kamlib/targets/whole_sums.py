"""Sums of groups in whole units: two nested families as a flow, more of them as an integer program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kamlib.errors import ParameterError
from kamlib.measures.rounding import Floats, Integers, snap_whole
from kamlib.targets.requirements import Requirement

# What a unit costs beyond down or up, of the sum of a group and of a cell; and where it misses what is asked.
_FAR, _FAR_CELL, _ASKED = 1e3, 1e4, 1e6
_DIGITS = 6  # of the part of a unit that a cell lies above its floor, where it says which cells move
_NOISE = 1e-5  # units: as near to a whole number the parts of units of a group add up to it
_NODES, _GAP = 2000, 0.01  # where an integer program stops looking for cells that move less


def round_sums(table: Floats, requirements: Sequence[Requirement]) -> Integers:
    """Round a table so that each cell and each group of two nested families stay next to exact.

    A linear program whose vertices are whole (a flow between two trees) rounds the cells so that they move
    least; requirements are taken in order into the first family in which they are nested, and left out if in
    neither. What is asked of a group outranks that a cell be its exact value rounded down or up, and that
    outranks the same of the group's sum, so that a table which meets a request but for the noise of its fit
    is rounded to one that meets it. Where a group that was left out misses what is asked, all that is asked
    is put to an integer program.

    Parameters
    ----------
    table : numpy.ndarray
        Cells, with an axis of length 1 where the requirements sum over it [units].
    requirements : sequence of Requirement
        What sums should be [units]; a floor of zero without a cap: next to exact, but nothing is asked.

    Returns
    -------
    numpy.ndarray of int64
        Of the table's shape.

    Examples
    --------
    >>> from kamlib.targets.requirements import require
    >>> halves = np.full((2, 2), 0.5)
    >>> rows, columns = require("row", [0, 1], None, lower=0), require("column", None, [0, 1], lower=0)
    >>> round_sums(halves, [rows, columns]).sum(axis=0).tolist()
    [1, 1]
    """
    kept = two_families(requirements, table.shape)
    units = _solve(table, kept, whole=False)
    left = [one for one in requirements if one not in kept and _is_asked(one)]
    if any(_misses(one, units) for one in left):
        units = _solve(table, [*kept, *left], whole=True)
    return units


def _solve(table: Floats, requirements: Sequence[Requirement], *, whole: bool) -> Integers:
    """Round cells so that they move least; a unit that misses what is asked costs more than any move."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, hstack

    low, high = _single_cells(requirements, table.shape)
    exact = np.clip(snap_whole(table.ravel()), low, high)
    floors = np.floor(exact)
    part = np.round(exact - floors, _DIGITS)  # so that equals stay equal whatever sums they come from
    conditions = _Conditions.of(requirements, floors, exact - floors, table.shape)
    sums, slack = conditions.sums, conditions.slack
    size, rooms = len(floors), len(conditions.room)
    cost = np.concatenate([1 - 2 * part, np.full(2 * size, _FAR_CELL), conditions.cost])
    room = np.concatenate([part > 0, floors - low, high - np.ceil(exact), conditions.room])
    matrix = csr_array(hstack([sums, -sums, sums, slack], format="csr"))
    result = milp(
        cost,
        constraints=LinearConstraint(matrix, conditions.least, conditions.most),
        bounds=Bounds(np.zeros(len(cost)), room),
        integrality=np.append(np.full(3 * size, int(whole)), np.zeros(rooms)),
        options={"node_limit": _NODES, "mip_rel_gap": _GAP} if whole else {},
    )
    if result.x is None:
        raise ParameterError(f"sums could not be rounded to whole units: {result.message}")
    moved, down, up = np.rint(result.x[: 3 * size]).astype(np.int64).reshape(3, size)
    units: Integers = floors.astype(np.int64) + moved - down + up
    return units.reshape(table.shape)


@dataclass(frozen=True, eq=False)
class _Conditions:
    """Sums of groups in the program of `_solve`, counted from the sums of the floors of their cells.

    `sums` has a row per group and a column per cell, `slack` a column per way to leave the range from `least`
    to `most`, which goes as far as `room` at `cost` each unit.
    """

    sums: Any
    slack: Any
    least: Floats
    most: Floats
    room: Floats
    cost: Floats

    @staticmethod
    def of(
        requirements: Sequence[Requirement], floors: Floats, part: Floats, shape: tuple[int, ...]
    ) -> _Conditions:
        """Gather the groups of more than one cell."""
        from scipy.sparse import csr_array, eye_array, hstack, vstack

        rows: list[Any] = []
        low: list[Floats] = []
        high: list[Floats] = []
        exact: list[Floats] = []
        for one in requirements:
            member = one.cell_groups(shape).ravel()
            some = np.bincount(member[member >= 0], minlength=one.size) > 1
            inside = np.flatnonzero((member >= 0) & some[member])
            each = (np.cumsum(some) - 1)[member[inside]]
            count = int(some.sum())
            rows.append(csr_array((np.ones(len(inside)), (each, inside)), shape=(count, len(floors))))
            base = np.bincount(each, floors[inside], count)
            low.append(np.floor(one.lower.ravel()[some]) - base)
            high.append(np.ceil(one.upper.ravel()[some]) - base)
            exact.append(np.bincount(each, part[inside], count).astype(np.float64))
        asked_low, asked_high = np.concatenate(low), np.concatenate(high)
        near = snap_whole(np.concatenate(exact), _NOISE)
        least = np.clip(np.floor(near), asked_low, asked_high)
        most = np.clip(np.ceil(near), asked_low, asked_high)
        eye, free = eye_array(len(least)), np.full(len(least), np.inf)
        return _Conditions(
            csr_array(vstack(rows, format="csr")),
            csr_array(hstack([eye, -eye, eye, -eye], format="csr")),
            least,
            most,
            np.concatenate([least - asked_low, asked_high - most, free, free]),
            np.repeat([_FAR, _FAR, _ASKED, _ASKED], len(least)),
        )


def _single_cells(requirements: Sequence[Requirement], shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return bounds of cells: of zero or more, and what is asked of groups of one cell."""
    low, high = np.zeros(shape).ravel(), np.full(shape, np.inf).ravel()
    for one in requirements:
        member = one.cell_groups(shape).ravel()
        single = np.bincount(member[member >= 0], minlength=one.size) == 1
        at = np.flatnonzero((member >= 0) & single[member])
        low[at] = np.maximum(low[at], np.floor(one.lower.ravel()[member[at]]))
        high[at] = np.minimum(high[at], np.ceil(one.upper.ravel()[member[at]]))
    return low, high


def _is_asked(one: Requirement) -> bool:
    return bool(one.lower.any() or np.isfinite(one.upper).any())


def _misses(one: Requirement, units: Integers) -> bool:
    sums = one.sums(units.astype(np.float64))
    return bool(((sums < np.floor(one.lower)) | (sums > np.ceil(one.upper))).any())


def two_families(requirements: Sequence[Requirement], shape: tuple[int, ...]) -> list[Requirement]:
    """Return the requirements that form two families of nested groups: each, in order, that fits one.

    Examples
    --------
    >>> from kamlib.targets.requirements import require
    >>> pick = lambda name, labels: require(name, list(labels), lower=0)
    >>> four = [pick("region", "NNSS"), pick("rep", [1, 2, 3, 3]), pick("type", "abab"), pick("x", "pqqp")]
    >>> [one.name for one in two_families(four, (4,))]
    ['region', 'rep', 'type']
    """
    families: tuple[list[Integers], list[Integers]] = ([], [])
    kept = []
    for one in requirements:
        member = one.cell_groups(shape).ravel()
        for family in families:
            if all(_nested(member, other) for other in family):
                family.append(member)
                kept.append(one)
                break
    return kept


def _nested(one: Integers, other: Integers) -> bool:
    """Say whether any two groups of two requirements are apart or one within the other."""
    both = (one >= 0) & (other >= 0)
    sizes = np.bincount(one[one >= 0], minlength=1), np.bincount(other[other >= 0], minlength=1)
    pairs, counts = np.unique(one[both] * len(sizes[1]) + other[both], return_counts=True)
    first, second = np.divmod(pairs, len(sizes[1]))
    whole = (counts == sizes[0][first]) | (counts == sizes[1][second])
    return bool(whole.all())
