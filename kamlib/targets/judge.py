"""How good targets would have been: errors, spread, what attainment goes with, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from kamlib.measures.rounding import Floats
from kamlib.targets.facts import Flags

BAND = (0.9, 1.1)
"""Attainment that counts as on target: a tenth either way, as targets are commonly judged."""
STEP = 0.05
"""Weights are tried in steps of 5 points: finer ones are not told apart by a few years of quarters."""
DRAWS = 2000
"""Draws of the bootstrap: of 95 % intervals 50 lie beyond each end, of five at once still ten."""
_BLOCK = 2_000_000  # numbers held at once while drawing: 16 MB
_LEAST_POINTS = 3  # two points always lie on a line


@dataclass(frozen=True)
class Cases:
    """Targets of several rules at several dates for the same reps, and what came.

    Attributes
    ----------
    target : numpy.ndarray of float64, shape (rules, dates, reps)
        Targets [currency].
    actual : numpy.ndarray of float64, shape (dates, reps)
        What came [currency].
    counted : numpy.ndarray of bool, shape (dates, reps)
        Whether the rep had an account on that date.
    """

    target: Floats
    actual: Floats
    counted: Flags

    @property
    def errors(self) -> Floats:
        """Absolute errors, shape (rules, dates, reps) [currency]; zero where the rep does not count."""
        return np.where(self.counted, np.abs(self.target - self.actual), 0.0)

    @property
    def weight(self) -> Floats:
        """What errors are measured by, shape (dates, reps): what came [currency]."""
        return np.where(self.counted, self.actual, 0.0)

    def error(self) -> Floats:
        """Return each rule's absolute error over all dates and reps, as a part of what came."""
        return relative(self.errors.sum(axis=(1, 2)), self.weight.sum())

    def attainment(self) -> Floats:
        """Return actual / target, shape (rules, dates, reps); NaN without a target or where not counted."""
        asked = (self.target > 0) & self.counted
        return np.where(asked, self.actual / np.where(asked, self.target, 1), np.nan)

    def in_band(self) -> Floats:
        """Return each rule's share of the cases within 90-110 %; a rep without a target is not."""
        reached = self.attainment()
        inside = (reached >= BAND[0]) & (reached <= BAND[1])
        return relative(inside.sum(axis=(1, 2)), self.counted.sum())

    def spread(self) -> Floats:
        """Return each rule's standard deviation of attainment between the reps of a date.

        The root of the mean of the dates' variances, so that a good or bad quarter of the whole company is no
        spread between reps; NaN where no date has two reps with a target.
        """
        reached = self.attainment()
        known = ~np.isnan(reached)
        count = known.sum(axis=2)
        mean = np.where(known, reached, 0).sum(axis=2) / np.maximum(count, 1)
        square = np.where(known, (reached - mean[:, :, None]) ** 2, 0).sum(axis=2)
        usable = count >= 2
        variance = np.where(usable, square / np.maximum(count - 1, 1), 0).sum(axis=1)
        return np.sqrt(relative(variance, usable.sum(axis=1)))


def relative(part: npt.ArrayLike, whole: npt.ArrayLike) -> Floats:
    """Divide; NaN where the whole is not above zero.

    Examples
    --------
    >>> relative([1, 1], [4, 0]).tolist()
    [0.25, nan]
    """
    parts, wholes = np.broadcast_arrays(
        np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    )
    return np.where(wholes > 0, parts / np.where(wholes > 0, wholes, 1), np.nan)


def rank_correlation(x: Floats, y: Floats) -> float:
    """Return Spearman's correlation of the places where both are known; ties share their mean rank.

    NaN with fewer than three points or where one of the two does not vary.

    Examples
    --------
    >>> round(rank_correlation(np.array([1.0, 2.0, 3.0, np.nan]), np.array([10.0, 30.0, 20.0, 5.0])), 3)
    0.5
    """
    from scipy.stats import rankdata

    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < _LEAST_POINTS:
        return float("nan")
    left, right = rankdata(x[both]), rankdata(y[both])
    left, right = left - left.mean(), right - right.mean()
    scale = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return float((left * right).sum() / scale) if scale else float("nan")


def weight_grid(factors: int) -> Floats:
    """Return all weights in steps of 5 points that add up to 1, the most even first.

    Examples
    --------
    >>> weight_grid(2)[:3].tolist(), len(weight_grid(3))
    ([[0.5, 0.5], [0.45, 0.55], [0.55, 0.45]], 231)
    """
    steps = round(1 / STEP)
    whole = [w for w in product(range(steps + 1), repeat=factors) if sum(w) == steps]
    whole.sort(key=lambda w: (sum(part * part for part in w), w))
    return np.array(whole, dtype=np.float64) / steps


@dataclass(frozen=True)
class Draws:
    """Cluster bootstrap over dates and reps: how often each was drawn, shapes (draws, dates), (draws, reps).

    Both are drawn with replacement and a case counts as often as its date times its rep was drawn, so that
    what is common to a date or to a rep stays together.

    References
    ----------
    A. B. Owen (2007). The pigeonhole bootstrap. Annals of Applied Statistics 1:386-411.
    """

    dates: Floats
    reps: Floats

    @classmethod
    def make(cls, dates: int, reps: int, *, seed: int) -> Draws:
        """Draw, the same for the same seed."""
        rng = np.random.default_rng(seed)
        return cls(
            rng.multinomial(dates, np.full(dates, 1 / dates), size=DRAWS).astype(np.float64),
            rng.multinomial(reps, np.full(reps, 1 / reps), size=DRAWS).astype(np.float64),
        )

    def relative(self, errors: Floats, weight: Floats) -> Floats:
        """Return the relative error of each draw and rule, shape (draws, rules); NaN where nothing came."""
        rules, dates, reps = errors.shape
        flat = np.concatenate([errors, weight[None]]).transpose(1, 0, 2).reshape(dates, -1)
        size = max(1, _BLOCK // flat.shape[1])
        sums = np.concatenate(
            [
                np.einsum(
                    "bgr,br->bg",
                    (self.dates[at : at + size] @ flat).reshape(-1, rules + 1, reps),
                    self.reps[at : at + size],
                )
                for at in range(0, DRAWS, size)
            ]
        )
        return relative(sums[:, :-1], sums[:, -1:])


def ends(draws: Floats, *, level: float = 0.95) -> Floats:
    """Return the ends of an interval of draws along the first axis, shape (2, ...); NaN draws are left out.

    Examples
    --------
    >>> ends(np.arange(101.0)).round(3).tolist()
    [2.5, 97.5]
    """
    tail = (1 - level) / 2
    usable = draws[np.isfinite(draws).reshape(len(draws), -1).all(axis=1)]
    if not len(usable):
        return np.full((2, *draws.shape[1:]), np.nan)
    return np.asarray(np.quantile(usable, [tail, 1 - tail], axis=0))
