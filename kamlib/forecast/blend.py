"""The parts of a blend, and their weights: how each forecast the series' past, shrunk towards the panel's.

How good the parts were is kept as an evidence matrix: for every pair of parts the mean product of their
errors at past origins. It holds what a mean of them would have erred, whatever the weights: parts that err in
opposite directions are worth more together than two that err alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kamlib.forecast.arrays import Floats, Indices, Ints, add_up
from kamlib.forecast.smoothing import DAMPED, choose, fit_drift, fit_simple, fit_trended, last_value

_OWN = 20.0  # origins after which a series counts as much as its panel; it has at most three, so an eighth:
# on held-out origins of M3's training parts and of retail series none to a quarter did about as well
_EVEN = 20.0  # origins that equal weights count for: a panel of a few series cannot tell parts apart
_ALIKE = 0.02  # share of independent error added to each part, so that parts that all but agree share evenly
_LEAST = 3  # observations before an origin: fewer show no trend

PARTS = ("chosen", "simple", "damped", "theta", "drift", "last")


@dataclass(frozen=True)
class Evidence:
    """Errors of a blend's parts at past origins.

    Attributes
    ----------
    product : numpy.ndarray, shape (n, parts, parts)
        Sum over origins of the mean product of two parts' errors, each in units of the parts' mean absolute
        error at that origin, so that a wild origin or series counts no more than a calm one.
    count : numpy.ndarray, shape (n,)
        Number of origins.
    """

    product: Floats
    count: Floats


def blend_parts(y: Floats, start: Indices, horizon: int, season_length: int) -> list[Floats]:
    """Return the forecasts of each of `PARTS`, shape (horizon, n), of series without their season.

    In order: simple or damped smoothing by Akaike's criterion; simple; damped; Theta, which drifts at half
    the line's slope; smoothing that drifts at the whole slope, where two seasons show one; and the last
    value. A last value within less than a season may be the season's, so simple smoothing stands in for it
    there. Those that go on too far in one panel are the best in another; their weights tell.
    """
    plain, trended = fit_simple(y, start), fit_trended(y, start, DAMPED)
    theta = fit_drift(y, start, season_length)
    drift = fit_drift(y, start, 2 * season_length, share=1.0)
    level = plain.ahead(horizon)
    last = np.where(len(y) - start < season_length, level, last_value(y))
    return [
        choose(plain, trended, horizon),
        level,
        trended.ahead(horizon),
        theta.ahead(horizon),
        drift.ahead(horizon),
        last,
    ]


def past_origins(length: Indices, horizon: int) -> Ints:
    """Return how far before the end each series' past origins lie, shape (3, n); 0 where it has none.

    They lie half a horizon, one and two horizons before the end, none of them more than half the series, and
    at least three observations remain. Errors are measured over one horizon, or up to the end.

    Examples
    --------
    >>> past_origins(np.array([5, 8, 36, 90]), 12).tolist()
    [[1, 2, 6, 6], [2, 4, 12, 12], [0, 0, 18, 24]]
    """
    most = np.minimum(length // 2, length - _LEAST).clip(min=0)
    one = np.minimum(most, horizon)
    far = np.minimum(most, 2 * horizon)
    near = one // 2
    return np.stack([near, one, np.where(far > one, far, 0)]).astype(np.int64)


def weigh_errors(error: Floats) -> Evidence:
    """Return the evidence of one origin from the parts' errors, shape (parts, horizon, n).

    NaN is a period without an observation. A series without any, or that every part met exactly, gives no
    evidence.
    """
    parts, _, n = error.shape
    known = ~np.isnan(error[0])
    number = add_up(known)
    size = sum(add_up(np.where(known, np.abs(part), 0.0)) for part in error) / parts
    useful = (number > 0) & (size > 0)
    scale = np.where(useful, size / np.maximum(number, 1), 1.0)
    scaled = np.where(known & useful, error / scale, 0.0)
    product = np.empty((n, parts, parts))
    for i in range(parts):
        for j in range(i + 1):
            product[:, i, j] = product[:, j, i] = add_up(scaled[i] * scaled[j]) / np.maximum(number, 1)
    return Evidence(product, useful.astype(np.float64))


def blend_weights(evidence: Evidence) -> Floats:
    """Return the weights of each series' parts, shape (n, parts): at least 0, of sum 1.

    They make the mean square error least (Bates & Granger) under the series' own evidence and the panel's,
    the panel's mean counting as twenty origins, and the panel's under its own and that of equal weights,
    those too counting as twenty origins. So a series of a large panel without a past of its own takes the
    panel's weights, and a panel of one short series nearly equal ones. Where a weight would be negative, the
    part with the most negative one is left out, until none is. Sums over series are exact, so that their
    order changes nothing.

    References
    ----------
    Bates & Granger (1969), The combination of forecasts, Operational Research Quarterly 20:451-468.
    """
    parts = evidence.product.shape[1]
    total = math.fsum(evidence.count)
    panel = np.array([[math.fsum(evidence.product[:, i, j]) for j in range(parts)] for i in range(parts)])
    size = float(np.trace(panel)) / parts / total if total else 1.0
    panel = (panel + _EVEN * size * np.eye(parts)) / (total + _EVEN) + _ALIKE * size * np.eye(parts)
    own = (evidence.product + _OWN * panel) / (evidence.count + _OWN)[:, None, None]
    return _least_error(own)


def _least_error(product: Floats) -> Floats:
    """Return the weights w of sum 1, none negative, that make w' product w least."""
    n, parts, _ = product.shape
    inside = np.ones((n, parts), dtype=bool)
    weights = np.full((n, parts), 1.0 / parts)
    todo = np.arange(n)
    while len(todo):
        kept = inside[todo]
        both = kept[:, :, None] & kept[:, None, :]
        system = np.where(both, product[todo], np.eye(parts))
        solved = np.linalg.solve(system, kept[:, :, None].astype(np.float64))[:, :, 0]
        solved = np.where(kept, solved, 0.0)
        solved /= add_up(solved.T)[:, None]
        weights[todo] = solved
        negative = solved.min(axis=1) < 0
        todo = todo[negative]
        inside[todo, solved[negative].argmin(axis=1)] = False
    return weights
