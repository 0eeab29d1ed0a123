"""How wide an interval is: how errors grow with the periods ahead, where their tails end, how many there are.

Scores are errors in units of their series' scale, shape (origins, horizon, n); NaN where unknown.
"""

from __future__ import annotations

import numpy as np

from kamlib.forecast.arrays import Floats, Ints

_WALK = 0.5  # power of the periods ahead by which errors grow where every period brings as much that is new


def growth_ahead(score: Floats) -> Floats:
    """Return how large scores are by period ahead, never falling, shape (horizon,).

    That is their mean size, made to rise or stay (isotonic regression weighted by the number of scores).
    Beyond the last period ahead that was ever reached it goes on as a power of the periods ahead: half way
    between the root, by which the errors of a random walk grow, and the power that the periods reached
    show, which lies between 0, where a series always comes back, and 1, where a trend was missed. A few
    periods tell little of many, so that both count the same: our choice.

    References
    ----------
    Barlow et al. (1972), Statistical Inference under Order Restrictions (isotonic regression). Hyndman &
    Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., section 5.5 (errors of a random walk
    grow as the root of the periods ahead).

    Examples
    --------
    >>> score = np.array([[1.0, 2.0, np.nan, np.nan], [1.0, np.nan, np.nan, np.nan]])[:, :, None]
    >>> growth_ahead(score).round(3).tolist()
    [1.0, 2.0, 2.711, 3.364]
    """
    known = np.isfinite(score)
    count = known.sum(axis=(0, 2)).astype(np.float64)
    total = np.abs(np.where(known, score, 0.0)).sum(axis=(0, 2))
    merged: list[list[float]] = []  # sum, number of errors, periods
    for amount, number in zip(total, count, strict=True):
        merged.append([amount, number, 1])
        while len(merged) > 1 and merged[-2][0] * merged[-1][1] >= merged[-1][0] * merged[-2][1]:
            last = merged.pop()
            merged[-1] = [a + b for a, b in zip(merged[-1], last, strict=True)]
    mean = [amount / number if number and amount else 1.0 for amount, number, _ in merged]
    growth = np.repeat(mean, [int(periods) for _, _, periods in merged])
    return _go_on(growth, count)


def _go_on(growth: Floats, count: Floats) -> Floats:
    """Let widths grow on beyond the last period ahead of which an error is known."""
    reached = int(np.flatnonzero(count)[-1]) + 1
    ahead = np.arange(1.0, len(growth) + 1)
    shown = _WALK
    if reached > 1:
        number = count[:reached]
        time, size = np.log(ahead[:reached]), np.log(growth[:reached])
        away = number * (time - np.average(time, weights=number))
        spread = (away * time).sum()
        shown = float(np.clip((away * size).sum() / spread, 0.0, 1.0)) if spread > 0 else _WALK
    beyond = np.maximum(ahead / reached, 1.0) ** ((_WALK + shown) / 2)
    return np.where(ahead > reached, growth[reached - 1] * beyond, growth)


def tail_ends(score: Floats, shares: tuple[float, ...], *, independent: float) -> tuple[Floats, Floats]:
    """Return the lower and upper end that hold each share of the scores, shape (levels,) each.

    Their shape is the mean of where each tail alone ends and of where the size of scores ends, whatever their
    sign: tails alone would take it that next year errs to the same side as the backtest's few years did,
    sizes alone that orders are not skew. Both ends are then multiplied by the least factor at which they hold
    ceil((m + 1) x share) of the m scores, which is exact where all are independent, and by how much wider
    Student's quantile is for as many `independent` ones than for m: overlapping errors repeat each other.

    References
    ----------
    Lei et al. (2018), Distribution-free predictive inference for regression, Journal of the American
    Statistical Association 113:1094-1111. Student (1908), The probable error of a mean, Biometrika 6:1-25.
    """
    known = score[np.isfinite(score)]
    ordered, size = np.sort(known), np.sort(np.abs(known))
    share = np.array(shares)
    lower, upper = -_at(-ordered[::-1], (1 + share) / 2), _at(ordered, (1 + share) / 2)
    even = _at(size, share)
    low, high = (np.minimum(lower, 0.0) - even) / 2, (np.maximum(upper, 0.0) + even) / 2
    few = _student(share, independent) / _student(share, len(known))
    for level in np.flatnonzero(even > 0):
        times = np.sort(np.maximum(known / low[level], known / high[level]))
        factor = _at(times, share)[level] * few[level]
        low[level], high[level] = factor * low[level], factor * high[level]
    rising = np.argsort(share)  # a larger share never ends inside a smaller one
    low[rising], high[rising] = np.minimum.accumulate(low[rising]), np.maximum.accumulate(high[rising])
    return low, high


def independent_errors(score: Floats, origins: Ints) -> float:
    """Return how many independent errors the known ones are worth, series being taken as independent.

    An error h ahead is taken as the sum of what was new in h periods, so that two errors of a series go
    together as far as their periods overlap, r = overlap / sqrt(h1 x h2); N of them are worth N² / sum r²
    (the effective number of a mean of squares). Of each origin as many periods count as have a known error,
    the nearest. Not below 2.

    References
    ----------
    Bartlett (1946), On the theoretical specification and sampling properties of autocorrelated time-series,
    Supplement to the Journal of the Royal Statistical Society 8:27-41.

    Examples
    --------
    >>> twelve = np.ones((12, 12, 1))
    >>> round(independent_errors(twelve, np.arange(12)), 1), independent_errors(twelve[:, :1], np.arange(12))
    (4.3, 12.0)
    """
    known = np.isfinite(score)
    reached = known.any(axis=2).sum(axis=1)
    origins, reached = origins[reached > 0], reached[reached > 0] - 1
    ahead = np.arange(1.0, score.shape[1] + 1)
    together = np.zeros((len(origins), len(origins)))
    for later in np.unique(origins[:, None] - origins):
        if later >= 0:
            overlap = np.clip(np.minimum(ahead[:, None] - later, ahead), 0.0, None)
            sums = (overlap**2 / (ahead[:, None] * ahead)).cumsum(axis=0).cumsum(axis=1)
            first, second = np.nonzero(origins - origins[:, None] == later)
            together[first, second] = together[second, first] = sums[reached[first], reached[second]]
    return max(2.0, float(known.sum()) * float((reached + 1).sum()) / float(together.sum()))


def _student(share: Floats, independent: float) -> Floats:
    """Return Student's quantiles that hold each share, by as many degrees of freedom."""
    from scipy.special import stdtrit

    return np.asarray(stdtrit(independent, (1 + share) / 2))


def _at(ordered: Floats, share: Floats) -> Floats:
    """Return the least of m ordered values that holds ceil((m + 1) x share) of them, at most the last."""
    m = len(ordered)
    place = np.ceil((m + 1) * share - 1e-9).astype(np.int64)  # less round-off: 9.000000001 is place 9
    return np.asarray(ordered[np.minimum(place, m) - 1])
