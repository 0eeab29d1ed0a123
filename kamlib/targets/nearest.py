"""The nearest that can be met: a linear program in which groups of a request may be missed at a price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kamlib.errors import ParameterError
from kamlib.measures.rounding import Floats, Integers
from kamlib.targets.patterns import Request

_LARGEST = 1e7  # units: amounts above are scaled down to it, as solvers count in parts of 1e-7


@dataclass(frozen=True, eq=False)
class Nearest:
    """Sums of patterns that miss some groups of a request at the least price.

    Attributes
    ----------
    sums : numpy.ndarray of float64
        Sum of each pattern [units].
    missed : numpy.ndarray of float64
        By how much each group is missed [units]: above zero beyond its cap, below zero short of its floor.
    shares : numpy.ndarray of float64
        What a unit less of each group's floor, or (below zero) a unit more of its cap, would save. Floors and
        caps of those that are not zero conflict.
    scale : float
        What amounts were divided by for the solver.
    price : float
        Price of all that is missed, in units of `scale`.
    """

    sums: Floats
    missed: Floats
    shares: Floats
    scale: float
    price: float


def miss_least(request: Request, groups: Integers, weight: Floats) -> Nearest:
    """Return the sums that miss groups of a request at the least price.

    Parameters
    ----------
    request : Request
        What is asked.
    groups : numpy.ndarray of int64
        Its groups that count.
    weight : numpy.ndarray of float64
        Price of missing each of them by a unit; infinite where it must be met.

    Returns
    -------
    Nearest
        Its price is infinite, and nothing is moved, if those that must be met cannot be.

    Raises
    ------
    ParameterError
        If the linear program is not solved.
    """
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, hstack, vstack

    low, high = request.lower[groups], request.upper[groups]
    floor, cap = np.flatnonzero(low > 0), np.flatnonzero(np.isfinite(high))
    amounts = np.concatenate([low, high, request.least, request.most])
    scale = max(1.0, float(amounts[np.isfinite(amounts)].max(initial=0.0)) / _LARGEST)
    may, patterns = np.flatnonzero(np.isfinite(weight)), len(request.least)
    give = csr_array((np.ones(len(may)), (may, np.arange(len(may)))), shape=(len(groups), len(may)))
    wide = csr_array(hstack([request.matrix(groups), give, -give], format="csr"))
    least = np.append(request.least, np.zeros(2 * len(may)))
    most = np.append(request.most, np.full(2 * len(may), np.inf))
    result = linprog(
        np.concatenate([np.zeros(patterns), weight[may], weight[may]]),
        A_ub=vstack([-wide[floor], wide[cap]], format="csr"),
        b_ub=np.append(-low[floor], high[cap]) / scale,
        bounds=np.column_stack([least, most]) / scale,
        method="highs-ds",
    )
    if result.status == 2:
        return Nearest(request.least, np.zeros(len(groups)), np.zeros(len(groups)), scale, np.inf)
    if not result.success:
        raise ParameterError(f"whether the request can be met was not found out: {result.message}")
    short, over = result.x[patterns:].reshape(2, len(may))
    missed, shares = np.zeros(len(groups)), np.zeros(len(groups))
    missed[may] = (over - short) * scale
    shares[floor] += np.abs(result.ineqlin.marginals[: len(floor)])
    shares[cap] -= np.abs(result.ineqlin.marginals[len(floor) :])
    return Nearest(result.x[:patterns] * scale, missed, shares, scale, float(result.fun))
