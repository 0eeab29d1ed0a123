"""Joint margins: a seed fitted to what is asked, or the reason why it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from kamlib.errors import ParameterError
from kamlib.measures.rounding import Floats
from kamlib.targets.conflicts import ConflictError, find_conflict
from kamlib.targets.fitted import MarginFit, check_table, largest_amount
from kamlib.targets.interior import fit_inside
from kamlib.targets.requirements import Requirement
from kamlib.targets.scaling import scale_to_margins

_UNSEEN = 0.01  # units that a group may miss without being asked about: a unit missed may be spread on dozens


def fit_margins(
    seed: npt.ArrayLike,
    requirements: Sequence[Requirement],
    *,
    lower: npt.ArrayLike = 0.0,
    upper: npt.ArrayLike = np.inf,
    tolerance: float = 1e-10,
    axes: Sequence[Sequence[str]] | None = None,
) -> MarginFit:
    """Split a seed over all its axes at once: every requirement met, every cell within its bounds.

    Of all tables that meet the request, the one with the least cross-entropy from the seed (see
    `scale_to_margins`). A cell whose seed is zero stays at its lower bound. Where scaling stalls, the request
    is searched for a conflict; without one, the same table is found from within
    (`kamlib.targets.interior.fit_inside`).

    Parameters
    ----------
    seed : array_like
        Cells of zero or more, such as account x product line x month [units].
    requirements : sequence of Requirement
        Totals, floors, caps and pins on groups of cells; see `require`.
    lower, upper : array_like, optional
        Bounds of each cell, broadcast to the seed [units].
    tolerance : float, optional
        Widest gap of a group allowed, relative to its amount (absolute below one unit).
    axes : sequence of sequence of str, optional
        What the positions of each axis are called, for a message that names cells.

    Returns
    -------
    MarginFit
        With `converged` true.

    Raises
    ------
    ConflictError
        If the request cannot be met: with an irreducible set of conflicting requirements and the nearest
        request that can be met.
    ParameterError
        If an argument is broken (see `scale_to_margins`), or the fit does not converge.

    References
    ----------
    W. E. Deming, F. F. Stephan (1940). On a least squares adjustment of a sampled frequency table when the
    expected marginal totals are known. Annals of Mathematical Statistics 11:427-444.

    Examples
    --------
    >>> from kamlib.targets.requirements import require
    >>> rows = require("row", ["a", "b"], None, total=[30, 10])
    >>> columns = require("column", None, ["x", "y"], total=[20, 20])
    >>> fit_margins(np.ones((2, 2)), [rows, columns], upper=14).table.round(6).tolist()
    Traceback (most recent call last):
    kamlib.targets.conflicts.ConflictError: ...
    >>> fit_margins(np.ones((2, 2)), [rows, columns], upper=[[16, 14], [9, 9]]).table.round(6).tolist()
    [[16.0, 14.0], [4.0, 6.0]]
    """
    cells, low, high = check_table(seed, requirements, lower, upper)
    tight = min(tolerance, _UNSEEN / max(1.0, largest_amount(requirements)))
    fit = None
    if _may_be_met(requirements, low, high, tolerance):
        fit = scale_to_margins(cells, requirements, lower=low, upper=high, tolerance=tight)
        if fit.converged:
            return fit
    conflict = find_conflict(cells, requirements, lower=lower, upper=upper, axes=axes)
    if conflict is not None:
        raise ConflictError(conflict)
    if fit is not None and fit.gap <= tolerance:
        return replace(fit, converged=True)
    fit = fit_inside(cells, low, high, requirements, tolerance=tolerance)
    if not fit.converged:
        raise ParameterError(
            f"the joint margins are still {fit.gap:.1e} apart (at most {tolerance:.0e}), though no "
            "requirements are in conflict by as much as a solver can tell. Leave floors and caps more room."
        )
    return fit


def _may_be_met(requirements: Sequence[Requirement], low: Floats, high: Floats, tolerance: float) -> bool:
    """Say whether each group alone can be met, and totals of all cells agree; cheap, so it is asked first."""
    totals = []
    for one in requirements:
        least, most = one.sums(low), one.sums(high)
        room = tolerance * np.maximum(one.lower, 1.0)
        if (most < one.lower - room).any() or (least > one.upper + room).any():
            return False
        if (total := one.fixed_total()) is not None:
            totals.append(total)
    return not totals or max(totals) - min(totals) <= tolerance * max(1.0, max(totals))
