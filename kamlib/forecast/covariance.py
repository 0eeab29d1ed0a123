"""How far forecasts of many series have been off, and together; kept in memory linear in their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kamlib.errors import ParameterError
from kamlib.forecast.arrays import Floats
from kamlib.forecast.structure import Structure

_LEAST_ERRORS = 2  # a spread needs two
_LEAST_CORRELATED = 3  # of two errors every correlation is 1 or -1
_LEAST_SHRINKAGE = 1e-6  # with less, fewer errors than series leave nothing to divide by
_ROUNDING = 1e-24  # a variance below this share of the mean square is rounding: the errors are all alike


@dataclass(frozen=True)
class Covariance:
    """W = diag(`own`) + `shared`' `shared`.

    Attributes
    ----------
    own : numpy.ndarray, shape (all,)
        What each series' errors do not share with others.
    shared : numpy.ndarray, shape (rows, all)
        What they share: one row per row of errors; none where series are taken as independent.
    shrinkage : float
        Share of every correlation that was given up, 0..1; 1 where series are taken as independent.
    """

    own: Floats
    shared: Floats
    shrinkage: float


def equal_weights(structure: Structure) -> Covariance:
    """Return the same variance for every series, as least squares has it."""
    return Covariance(np.ones(structure.total), np.empty((0, structure.total)), 1.0)


def own_variances(errors: Floats, structure: Structure) -> Covariance:
    """Return each series' mean square error, and no correlation.

    Missing errors are left out. A series with fewer than two known errors takes the mean of its kind, see
    `shrunk_covariance`.
    """
    count, square = _mean_square(errors)
    variance = _fill(np.where(count >= _LEAST_ERRORS, square, np.nan), structure)
    return Covariance(variance, np.empty((0, structure.total)), 1.0)


def shrunk_covariance(errors: Floats, structure: Structure) -> Covariance:
    """Return the covariance of errors with every correlation shrunk towards zero.

    Variances are of a sample, about each series' mean error. Correlations are multiplied by 1 - shrinkage,
    which Schaefer & Strimmer estimate as the sum of the variances of all correlations over the sum of their
    squares, between 0 and 1; both sums come from products of time with time.

    A missing error counts as its series' mean error: two series' covariance is taken over the rows where both
    are known and divided by the geometric mean of the two numbers of rows less one each, so that correlations
    over few rows in common are weak, and no variance can become negative. A series with fewer than two known
    errors has no correlation and takes a variance of its kind: a bottom series the mean of the bottom
    series', a sum that of the series in it. A series whose errors are all alike, but not zero, has its mean
    square.

    References
    ----------
    Schaefer & Strimmer (2005), A shrinkage approach to large-scale covariance matrix estimation, Statistical
    Applications in Genetics and Molecular Biology 4(1):32.
    """
    rows = errors[~np.isnan(errors).all(axis=1)]
    count, square = _mean_square(rows)
    known = ~np.isnan(rows)
    mean = np.where(known, rows, 0.0).sum(axis=0) / np.maximum(count, 1)
    centred = np.where(known, rows - mean, 0.0) / np.sqrt(np.maximum(count - 1, 1))
    variance = (centred**2).sum(axis=0)
    varies = (count >= _LEAST_ERRORS) & (variance > _ROUNDING * square)
    centred[:, ~varies] = 0.0
    filled = _fill(np.where(count < _LEAST_ERRORS, np.nan, np.where(varies, variance, square)), structure)
    shrinkage = _shrinkage(centred[:, varies] / np.sqrt(variance[varies]))
    own = np.where(varies, shrinkage * filled, filled)
    return Covariance(own, np.sqrt(1.0 - shrinkage) * centred, shrinkage)


def _shrinkage(unit: Floats) -> float:
    """Return the shrinkage from errors of length 1 each, shape (time, n)."""
    time, n = unit.shape
    if time < _LEAST_CORRELATED:
        return 1.0
    squares = unit**2
    fourth = (squares.sum(axis=1) ** 2).sum() - (squares**2).sum()
    correlation = ((unit @ unit.T) ** 2).sum() - n
    if correlation <= n * np.finfo(np.float64).eps:
        return 1.0
    spread = (time * fourth - correlation) / (time - 1)
    return float(np.clip(spread / correlation, _LEAST_SHRINKAGE, 1.0))


def _mean_square(errors: Floats) -> tuple[Floats, Floats]:
    """Return number and mean square of each series' known errors."""
    known = ~np.isnan(errors)
    count = known.sum(axis=0).astype(np.float64)
    return count, (np.where(known, errors, 0.0) ** 2).sum(axis=0) / np.maximum(count, 1)


def _fill(variance: Floats, structure: Structure) -> Floats:
    """Give series without a variance one of their kind: the mean of the bottom's, the sum of the parts'."""
    above, bottom = variance[: structure.above], variance[structure.above :]
    if np.isnan(bottom).all():
        raise ParameterError(
            f"errors: none of {len(bottom)} bottom series has {_LEAST_ERRORS} known errors, so nothing says "
            'how far forecasts are off. Reconcile by "ols" or "bottom_up".'
        )
    bottom = np.where(np.isnan(bottom), np.nanmean(bottom), bottom)
    above = np.where(np.isnan(above), structure.sum_up(bottom[None])[0, : structure.above], above)
    return np.concatenate([above, bottom])
