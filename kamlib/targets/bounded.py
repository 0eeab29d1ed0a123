"""A total split in proportion to weights within bounds, solved exactly by sorting the breakpoints."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from kamlib.errors import ParameterError
from kamlib.measures.rounding import Exact, Floats, Integers, add_remainder, exact_weights


@dataclass(frozen=True)
class BoundedSplit:
    """A bounded split before and after rounding.

    Attributes
    ----------
    exact : numpy.ndarray of float64, shape (n,)
        ``clip(rate * weights, lower, upper)``, adding up to the total [units].
    units : numpy.ndarray of int64, shape (n,)
        The same in whole units, within the bounds, adding up to the total [units].
    bound : numpy.ndarray of str, shape (n,)
        The bound that bit: ``"floor"``, ``"cap"`` or ``"none"``.
    """

    exact: Floats
    units: Integers
    bound: npt.NDArray[np.object_]


def split_bounded(
    weights: npt.ArrayLike, total: int, *, lower: npt.ArrayLike, upper: npt.ArrayLike
) -> BoundedSplit:
    """Split a whole total in proportion to weights, each part within whole bounds.

    The parts are ``clip(rate * w, lower, upper)`` with the one rate that makes them add up: everyone who
    meets no bound has the same ratio to its weight. All arithmetic is exact; whole units then follow by
    largest remainder among those who meet no bound (see `largest_remainder`; ties to the larger weight, then
    to the earlier row), which keeps every part within its bounds. A part whose weight is zero is at its
    lower bound.

    Parameters
    ----------
    weights : array_like, shape (n,)
        Weights of zero or more.
    total : int
        What the parts add up to [units].
    lower, upper : array_like of int, shape (n,)
        Bounds, zero or more [units].

    Returns
    -------
    BoundedSplit

    Raises
    ------
    ParameterError
        If a lower bound is above its upper bound, or the bounds cannot be met.

    References
    ----------
    G. R. Bitran, A. C. Hax (1981). Disaggregation and resource allocation using convex knapsack problems with
    bounded variables. Management Science 27:431-441.

    Examples
    --------
    >>> split_bounded([50, 30, 20], 100, lower=[0, 0, 25], upper=[40, 100, 100]).exact.tolist()
    [40.0, 35.0, 25.0]
    """
    exact = exact_weights(weights)
    low = np.asarray(lower, dtype=np.int64).astype(np.object_)
    high = np.minimum(np.asarray(upper, dtype=np.int64), max(int(total), 0)).astype(np.object_)
    high = np.where(exact > 0, np.maximum(high, low), low)
    if (np.asarray(lower) > np.asarray(upper)).any():
        raise ParameterError("a lower bound is above its upper bound.")
    least, most = sum(low.tolist()), sum(high.tolist())
    if not least <= total <= most:
        raise ParameterError(
            f"the bounds leave {least} to {most} units; {total} cannot be split within them."
        )
    rate = _rate(exact, low, high, total)
    share = exact * rate.numerator
    below, above = share < low * rate.denominator, share > high * rate.denominator
    floors = np.where(below, low, np.where(above, high, share // rate.denominator))
    remainders = np.where(below | above, 0, share % rate.denominator)
    parts = np.where(below, low, np.where(above, high, share / rate.denominator)).astype(np.float64)
    bound = np.where(below, "floor", np.where(above, "cap", "none")).astype(np.object_)
    return BoundedSplit(parts, add_remainder(floors, remainders, exact, total), bound)


def _rate(weights: Exact, low: Exact, high: Exact, total: int) -> Fraction:
    """Return the rate at which the clipped parts add up to the total.

    Between breakpoints (where a part leaves its lower or meets its upper bound) the sum is a straight line,
    so the breakpoints are sorted, exactly, and the line that holds the total is solved.
    """
    some = weights > 0
    weight, start, stop = weights[some], low[some], high[some]
    constant = sum(low.tolist())
    if not len(weight):
        return Fraction(0)
    shift = 2 * int(max(weight.tolist())).bit_length() + 1
    at = np.concatenate([start, stop])
    by = np.concatenate([weight, weight])
    order = np.argsort((at * (1 << shift)) // by, kind="stable")
    at, by = at[order], by[order]
    slopes = np.cumsum(np.concatenate([weight, -weight])[order])
    constants = np.cumsum(np.concatenate([-start, stop])[order]) + constant
    reached = constants * by + slopes * at >= total * by
    first = int(np.argmax(reached))
    if first == 0:
        return Fraction(at[0], by[0])
    return Fraction(total - constants[first - 1], slopes[first - 1])
