"""A fitted table, how far it is off, and the checks of what it is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kamlib.errors import ParameterError
from kamlib.measures.rounding import Floats
from kamlib.targets.requirements import Requirement

WIDEST = 200.0  # largest logarithm of a rate: exp(200) times a seed squared is a float, exp(-200) nothing


@dataclass(frozen=True, eq=False)
class MarginFit:
    """A fitted table and how well it meets what was asked.

    Attributes
    ----------
    table : numpy.ndarray of float64
        The fitted cells, of the seed's shape [units].
    rates : tuple of numpy.ndarray of float64
        Factor of each requirement's groups: a cell is the seed times its groups' factors, within its bounds.
        1: the requirement does not bind.
    gap : float
        Widest gap of a group to what it must lie between, and of a floor or cap whose factor is not 1 to the
        bound itself, relative to that amount (absolute below one unit).
    sweeps : int
        Passes over all requirements, or steps of an interior point.
    converged : bool
        Whether the gap is within the tolerance.
    """

    table: Floats
    rates: tuple[Floats, ...]
    gap: float
    sweeps: int
    converged: bool


def widest_gap(requirements: Sequence[Requirement], duals: Sequence[Floats], table: Floats) -> float:
    """Return the widest relative gap of a group; a floor or cap with a rate must be met as a total."""
    widest = 0.0
    for one, dual in zip(requirements, duals, strict=True):
        sums = one.sums(table)
        wanted = np.clip(sums, one.lower, one.upper)
        wanted = np.where(dual > 0, one.lower, np.where(dual < 0, one.upper, wanted))
        widest = max(widest, float((np.abs(sums - wanted) / np.maximum(wanted, 1.0)).max(initial=0.0)))
    return widest


def largest_amount(requirements: Sequence[Requirement]) -> float:
    """Return the largest amount that any group is asked for."""
    bounds = [part for one in requirements for part in (one.lower, one.upper)]
    return max((float(part[np.isfinite(part)].max(initial=0.0)) for part in bounds), default=0.0)


def check_table(
    seed: npt.ArrayLike, requirements: Sequence[Requirement], lower: npt.ArrayLike, upper: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return seed, lower and upper bounds in one shape, cells of seed zero held at their lower bound."""
    cells = np.asarray(seed, dtype=np.float64)
    low = np.broadcast_to(np.asarray(lower, dtype=np.float64), cells.shape)
    high = np.broadcast_to(np.asarray(upper, dtype=np.float64), cells.shape)
    for name, values in (("the seed", cells), ("lower", low), ("upper", high)):
        bad = ~(values >= 0) | (np.isinf(values) & (name != "upper"))
        if bad.any():
            at = tuple(int(i) for i in np.argwhere(bad)[0])
            raise ParameterError(
                f"{name} is {values[at]:g} at {at} ({int(bad.sum())} cells); "
                "it must be finite and zero or more."
            )
    if (low > high).any():
        at = tuple(int(i) for i in np.argwhere(low > high)[0])
        raise ParameterError(
            f"at {at} the lower bound {low[at]:g} is above the upper bound {high[at]:g} "
            f"({int((low > high).sum())} cells)."
        )
    for one in requirements:
        pairs = zip(one.codes, cells.shape, strict=False)
        sizes = tuple(size if codes is None else len(codes) for codes, size in pairs)
        if len(one.codes) != cells.ndim or sizes != cells.shape:
            raise ParameterError(
                f'requirement "{one.name}" speaks of {len(one.codes)} axes of sizes {sizes}; the seed is of '
                f"shape {cells.shape}. Give one label for each position of each axis, or None."
            )
    return cells, low, np.where(cells > 0, high, low)
