"""Where a request leaves room: what it settles, and a table that lies strictly within all the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kamlib.errors import ParameterError
from kamlib.measures.rounding import Floats
from kamlib.targets.patterns import Request

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Room:
    """What every table that meets a request has in common.

    Attributes
    ----------
    at_least, at_most : numpy.ndarray of bool
        Patterns whose cells are at their lower, at their upper bound in every such table.
    at_floor, at_cap : numpy.ndarray of bool
        Groups whose sum is at its floor, at its cap in every such table.
    sums : numpy.ndarray of float64
        Sum of each pattern in a table that meets the request with room at all other bounds [units].
    """

    at_least: Flags
    at_most: Flags
    at_floor: Flags
    at_cap: Flags
    sums: Floats


def find_room(request: Request) -> Room:
    """Return what a request settles, though it may not say so, and a table with room at all else.

    One linear program finds a multiple of such a table in which as many patterns and groups as possible are a
    unit or more away from each of their bounds; those that are not never can be.

    Parameters
    ----------
    request : Request
        One that can be met.

    Returns
    -------
    Room

    Raises
    ------
    ParameterError
        If the linear program is not solved.
    """
    from scipy.sparse import csr_array, eye_array, hstack, vstack

    count = len(request.least)
    sums = request.matrix(np.arange(len(request.lower)))
    base = sums @ request.least
    exact = request.lower >= request.upper
    moves = request.most > request.least
    capped = moves & np.isfinite(request.most)
    floors, caps = (request.lower > base) & ~exact, np.isfinite(request.upper) & ~exact
    each = eye_array(count, format="csr")

    def beside(rows: Any, amounts: Floats) -> Any:
        """Return rows on what patterns have above their lower bounds, and on the multiple."""
        return hstack([rows, csr_array(np.where(np.isfinite(amounts), amounts, 0.0)[:, None])], format="csr")

    parts = [
        beside(each, np.zeros(count))[moves],
        beside(-each, request.most - request.least)[capped],
        beside(sums, base - request.lower)[floors],
        beside(-sums, request.upper - base)[caps],
    ]
    away = vstack(parts, format="csr")
    sides = away.shape[0]
    held = beside(sums, base - request.lower)[exact]
    found = solve_linear(
        np.concatenate([np.zeros(count + 1), -np.ones(sides)]),
        "where the request leaves room",
        A_ub=hstack([-away, eye_array(sides)], format="csr"),
        b_ub=np.zeros(sides),
        A_eq=hstack([held, csr_array((held.shape[0], sides))], format="csr"),
        b_eq=np.zeros(held.shape[0]),
        bounds=np.column_stack(
            [
                np.concatenate([np.zeros(count), [1.0], np.zeros(sides)]),
                np.concatenate([np.where(moves, np.inf, 0.0), [np.inf], np.ones(sides)]),
            ]
        ),
    )
    stuck = np.split(found[count + 1 :] < 0.5, np.cumsum([part.shape[0] for part in parts])[:-1])
    at_least, at_most, at_floor, at_cap = (
        np.zeros(len(sides), dtype=bool) for sides in (moves, capped, floors, caps)
    )
    at_least[moves], at_most[capped], at_floor[floors], at_cap[caps] = stuck
    inside = request.least + found[:count] / found[count]
    return Room(at_least | ~moves, at_most, at_floor, at_cap, inside)


def solve_linear(costs: Floats, asked: str, **program: Any) -> Floats:
    """Return the solution of a linear program; in full, where the solver's short cuts lead nowhere.

    Parameters
    ----------
    costs : numpy.ndarray of float64
        Cost of a unit of each variable.
    asked : str
        What is to be found out, for a message.
    **program
        Rows and bounds, as `scipy.optimize.linprog` takes them.

    Raises
    ------
    ParameterError
        If the program is not solved.
    """
    from scipy.optimize import linprog

    for short_cuts in (True, False):
        result = linprog(costs, method="highs", options={"presolve": short_cuts}, **program)
        if result.success:
            found: Floats = result.x
            return found
    raise ParameterError(
        f"{asked} was not found out ({result.message.strip('()')}). Leave floors and caps more room."
    )
