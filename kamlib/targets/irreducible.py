"""Which of the requirements in conflict cannot be spared: irreducible sets of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kamlib.errors import ParameterError
from kamlib.measures.rounding import Floats, Integers
from kamlib.targets.patterns import Request

_TINY = 1e-7  # of the largest share in a conflict: less is the solver's own tolerance
_SMALLEST = 1e-5  # of the largest amount: what is apart by less is scaled up to it, above the tolerance
_LARGEST = 1e7  # units: amounts above are scaled down to it, as solvers count in parts of 1e-7


@dataclass(frozen=True, eq=False)
class ConflictSet:
    """Groups of a request that cannot be met together, each of which is needed for that.

    `shares` says by how much each bears on the conflict: above zero by its floor, below by its cap.
    """

    groups: Integers
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
    members, amount = _connected(request, np.flatnonzero(shares), change), float(np.abs(change).sum())
    part, shares = request.narrowed(members), shares[members]
    needed = np.zeros(len(request.lower) + 1, dtype=bool)
    while (left := np.flatnonzero(~needed[members])).size:
        one = int(members[left[0]])
        found = miss_alone(part, members, one)
        if found is None:
            rest = members[members != one]
            known = find_shares(part, rest, amount)
            shares = np.ones(len(rest)) if known is None else known
            members, shares = rest[shares != 0], shares[shares != 0]
            part = request.narrowed(members)
        else:
            needed[one] = True
            needed[_alike(part, one, *found)] = True
    return ConflictSet(members, shares)


def find_shares(request: Request, groups: Integers, amount: float) -> Floats | None:
    """Return weights of groups under which they conflict, as few as a vertex has; None if there are none."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, hstack, vstack

    sums = request.matrix(groups)
    base = sums @ request.least
    low, high = request.lower[groups] - base, request.upper[groups] - base
    floor, cap = low > 0, np.isfinite(high)
    room = request.most - request.least
    capped = np.flatnonzero(np.isfinite(room))
    ones = np.ones(len(capped))
    roof = csr_array((ones, (capped, np.arange(len(capped)))), shape=(len(room), len(capped)))
    turned = csr_array(sums.T)
    weighed = hstack([turned[:, np.flatnonzero(floor)], -turned[:, np.flatnonzero(cap)], -roof], format="csr")
    apart = np.concatenate([low[floor], -high[cap], -room[capped]])
    apart /= max(amount, _SMALLEST * float(np.abs(apart).max(initial=0.0)))
    result = linprog(
        np.append(np.ones(int(floor.sum() + cap.sum())), np.zeros(len(capped))),
        A_ub=weighed,
        b_ub=np.zeros(len(room)),
        A_eq=vstack([csr_array(apart[None, :])], format="csr"),
        b_eq=[1.0],
        method="highs-ds",
    )
    if not result.success:
        return None
    shares = np.zeros(len(groups))
    shares[floor] = result.x[: int(floor.sum())]
    shares[cap] -= result.x[int(floor.sum()) : int(floor.sum() + cap.sum())]
    return np.where(np.abs(shares) > _TINY * np.abs(shares).max(initial=0.0), shares, 0.0)


def miss_alone(request: Request, groups: Integers, one: int) -> tuple[Floats, float] | None:
    """Return sums of patterns that miss one group as little as can be and meet all others, and by how much.

    None if the others cannot be met. An amount above zero is beyond the cap, one below is short of the floor.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, hstack, vstack

    low, high = request.lower[groups], request.upper[groups]
    finite = np.concatenate([low, high, request.most])
    scale = max(1.0, float(finite[np.isfinite(finite)].max(initial=0.0)) / _LARGEST)
    own = csr_array((groups == one).astype(float)[:, None])
    wide = csr_array(hstack([request.matrix(groups), own, -own], format="csr"))
    cap = np.isfinite(high)
    result = linprog(
        np.append(np.zeros(len(request.least)), [1.0, 1.0]),
        A_ub=vstack([-wide, wide[cap]], format="csr"),
        b_ub=np.append(-low, high[cap]) / scale,
        bounds=np.column_stack(
            [np.append(request.least, [0, 0]) / scale, np.append(request.most, [np.inf, np.inf]) / scale]
        ),
        method="highs",
    )
    if result.status == 2:
        return None
    if not result.success:
        raise ParameterError(f"which requirements conflict was not found out: {result.message}")
    short, over = result.x[-2:]
    return result.x[:-2] * scale, float(over - short) * scale


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
