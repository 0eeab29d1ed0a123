"""Which of the requirements in conflict cannot be spared: irreducible sets of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kamlib.measures.rounding import Floats, Integers
from kamlib.targets.nearest import Nearest, miss_least
from kamlib.targets.patterns import Request

_TINY = 1e-7  # of the largest share in a conflict: less is the solver's own tolerance


@dataclass(frozen=True, eq=False)
class ConflictSet:
    """Groups of a request that cannot be met together, each of which is needed for that.

    `sides` says which side of each is in conflict: 1 its floor, -1 its cap. `shares` says by how much it
    bears on the conflict, with the same signs.
    """

    groups: Integers
    sides: Integers
    shares: Floats


def find_irreducible(request: Request, shares: Floats, change: Floats) -> ConflictSet:
    """Return an irreducible set among groups in conflict.

    By the theorem of the alternative a conflict has shares of floors and caps under which they cannot hold
    within the bounds of the cells; a vertex of all such shares has few of them (Gleeson and Ryan 1990). As
    bounds of cells are given and no members, each member is then tried: a linear program finds a table that
    misses it alone, and as little as can be, or shows that the rest conflict without it, and a vertex of
    theirs goes on. Such a table also shows that those members are needed which the same amount, moved from
    one pattern of cells to another, would miss instead; so members that are alike, such as the caps of
    accounts, take one program between them.

    Parameters
    ----------
    request : Request
        What is asked.
    shares : numpy.ndarray of float64
        Share of each group in conflicts, of one or of several, zero outside them; see `ConflictSet`.
    change : numpy.ndarray of float64
        Least change of each group's sum that lets all be met [units].

    Returns
    -------
    ConflictSet

    Raises
    ------
    ParameterError
        If a linear program is not solved.

    References
    ----------
    J. Gleeson, J. Ryan (1990). Identifying minimally infeasible subsystems of inequalities. ORSA Journal on
    Computing 2:61-63.
    J. W. Chinneck, E. W. Dravnieks (1991). Locating minimal infeasible constraint sets in linear programs.
    ORSA Journal on Computing 3:157-168.
    """
    members = _connected(request, np.flatnonzero(shares), change)
    part = request.narrowed(members)
    sides = np.zeros(len(request.lower) + 1, dtype=np.int64)
    while (left := np.flatnonzero(sides[members] == 0)).size:
        one = int(members[left[0]])
        found = miss_alone(part, members, one)
        if found is None:
            members = fewer_in_conflict(part, members[members != one])
            part = request.narrowed(members)
        else:
            missed = float(found.missed[left[0]])
            also = _alike(part, one, found.sums, missed)
            sides[one] = sides[also] = -1 if missed > 0 else 1
    last = miss_least(part, members, np.ones(len(members)))
    borne: Floats = np.abs(last.shares) * sides[members]
    return ConflictSet(members, sides[members], borne)


def fewer_in_conflict(request: Request, groups: Integers) -> Integers:
    """Return those of some groups in conflict that a vertex of their shares has.

    Sums that miss all of them least show which floors and caps bear on that, and which patterns are at their
    bounds. Shares of these alone, with patterns that pull the same way or not at all, are a conflict, too: so
    the program counts in what is missed and not in the amounts, however large they are.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, diags_array, vstack

    nearest = miss_least(request, groups, np.ones(len(groups)))
    if not nearest.missed.any():
        return groups
    some = np.flatnonzero(np.abs(nearest.shares) > _TINY)
    sums = request.matrix(groups[some])
    pull = sums.T @ nearest.shares[some]
    way = np.where(np.abs(pull) > _TINY, np.sign(pull), 0.0)
    weighed = csr_array(sums.T @ diags_array(np.sign(nearest.shares[some])))
    missed = np.abs(nearest.missed[some])
    result = linprog(
        np.ones(len(some)),
        A_ub=csr_array(diags_array(-way) @ weighed)[way != 0],
        b_ub=np.zeros(int((way != 0).sum())),
        A_eq=vstack([weighed[way == 0], csr_array(missed[None, :] / missed.max())], format="csr"),
        b_eq=np.append(np.zeros(int((way == 0).sum())), 1.0),
        method="highs-ds",
    )
    return groups[some[result.x > _TINY * result.x.max()]] if result.success else groups[some]


def miss_alone(request: Request, groups: Integers, one: int) -> Nearest | None:
    """Return sums that miss one group as little as can be and meet all others; None if there are none."""
    nearest = miss_least(request, groups, np.where(groups == one, 1.0, np.inf))
    return nearest if np.isfinite(nearest.price) else None


def _connected(request: Request, groups: Integers, change: Floats) -> Integers:
    """Return those of some groups that patterns link with a changed one, that gives way most easily."""
    from scipy.sparse.csgraph import connected_components

    sums = request.narrowed(groups).matrix(groups)
    _, label = connected_components(sums @ sums.T, directed=False)
    first = int(np.argmin(np.where(np.abs(change[groups]) > _TINY, request.weight[groups], np.inf)))
    linked: Integers = groups[label == label[first]]
    return linked


def _alike(request: Request, one: int, sums: Floats, missed: float) -> Any:
    """Return the groups that a table misses instead of one, if what it is off moves to a like pattern.

    Two patterns are alike if they lie in the same groups but for those of the requirement of the one.
    """
    column = int(np.flatnonzero((request.patterns == one).any(axis=0))[0])
    others = request.patterns.copy()
    others[:, column] = -1
    _, code = np.unique(others, axis=0, return_inverse=True)
    code = code.ravel()
    own, member = request.patterns[:, column] == one, request.patterns[:, column] >= 0
    gives, takes = (sums - request.least, request.most - sums)[:: 1 if missed > 0 else -1]
    from_here = np.isin(code, code[own & (gives >= abs(missed))])
    return request.patterns[from_here & member & ~own & (takes >= abs(missed)), column]
