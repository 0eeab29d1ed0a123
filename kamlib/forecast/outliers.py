"""One-off orders and slips: values far outside what a series does, damped before it is forecast.

Arrays are time-first: one row a period, one column a series; a gap is NaN.
"""

from __future__ import annotations

import numpy as np

from kamlib.forecast.arrays import Flags, Floats, Indices
from kamlib.forecast.seasonal import find_cadence, find_season

FAR = 3.0  # interquartile ranges beyond the quartiles: the outer fence (Tukey 1977)
_AROUND = 3  # periods to each side whose median a value is compared with: a one-off and its echo are fewer
_LEAST = 24  # values: in fewer, a season and a slip look alike
_LEAST_ORDERS = 8  # orders: a quartile of fewer rests on one of them
_ROUNDING = 1e-9  # of a series' mean: what is left of a straight line after its season
_LEAST_STEP = 0.1  # of the level: what differs by less is no one-off, however calm the series
_NORMAL = 1.349 * 1.2533  # interquartile range of normal values over their mean absolute deviation


def damp_outliers(y: Floats, start: Indices, season_length: int) -> Floats:
    """Return series whose outliers are moved to the fence, shape (time, n).

    What is left of a value without season and cadence is compared with the median of itself and three periods
    to each side. The fence lies three interquartile ranges beyond the quartiles of these differences, those
    of nothing left out unless they are more than half: then their mean absolute deviation stands for the
    range. It lies at least a tenth of the series' mean away. Not moved are zeros, which are sales of nothing,
    the last three periods, where a one-off cannot be told from a new level, and series of fewer than 24
    values. A moved value lies between what it was and its neighbours' median, and within the series' range.
    An outlier makes its own position in the season look usual and the others far off, so that fences are
    found twice: the season of the second time leaves out the farthest value of each position.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        Observations; NaN is a gap.
    start : numpy.ndarray of int, shape (n,)
        Row of each series' first observation, ascending.
    season_length : int
        Periods in a season; 1 means none.

    References
    ----------
    Tukey (1977), Exploratory Data Analysis, chapter 2 (the outer fence). Iglewicz & Hoaglin (1993), How to
    Detect and Handle Outliers, chapter 3 (the mean absolute deviation where more than half are equal).

    Examples
    --------
    >>> y = np.tile([10.0, 11, 9], 10)[:, None]
    >>> y[12] = 95
    >>> damp_outliers(y, np.zeros(1, dtype=int), 12)[11:14, 0].round(1).tolist()
    [9.0, 24.4, 11.0]
    """
    result = y.copy()
    asked = np.flatnonzero((~np.isnan(y)).sum(axis=0) >= _LEAST)
    if not len(asked):
        return result
    part, begin = y[:, asked], start[asked]
    doubted, _ = _beyond(part, part, begin, season_length)
    known = np.where(_farthest(doubted, season_length), np.nan, part)
    beyond, fence = _beyond(part, known, begin, season_length)
    held = np.clip(fence, np.nanmin(part, axis=0), np.nanmax(part, axis=0))
    result[:, asked] = np.where(beyond > 0, held, part)
    return result


def _beyond(y: Floats, known: Floats, start: Indices, season_length: int) -> tuple[Floats, Floats]:
    """Return how far each value lies beyond its fence, and the fence, with the season of what is `known`."""
    cadence = find_cadence(known, start, season_length)
    season = find_season(cadence.remove(known), start, season_length)
    level = season.remove(cadence.remove(y))
    middle = _running_median(level)
    away = level - middle
    low, high = _fences(away, np.nanmean(np.abs(level), axis=0))
    held = np.clip(away, low, high)
    beyond = np.where(y != 0, np.abs(away - held), 0.0)
    beyond[len(y) - _AROUND :] = 0.0
    return beyond, cadence.put_back(season.put_back(middle + held))


def _farthest(beyond: Floats, season_length: int) -> Flags:
    """Return the value farthest beyond at each position in the season: it makes the others look far off."""
    result = np.zeros(beyond.shape, dtype=bool)
    column = np.arange(beyond.shape[1])
    for position in range(min(season_length, len(beyond))):
        part = beyond[position::season_length]
        row = position + season_length * part.argmax(axis=0)
        result[row, column] = beyond[row, column] > 0
    return result


def damp_orders(y: Floats) -> Floats:
    """Return intermittent series whose one-off orders are cut to the fence, shape (time, n).

    The fence lies three interquartile ranges above the upper quartile of the logarithms of the orders' sizes,
    as sizes differ by factors. Series of fewer than eight orders are left as they are, and so are orders all
    of one size.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        Observations of zero or more; NaN is a gap.

    Examples
    --------
    >>> y = np.array([[2.0], [0], [2], [4], [0], [4], [2], [0], [900], [4], [2]])
    >>> damp_orders(y)[8].round(6).tolist()
    [32.0]
    """
    size = np.where(y > 0, y, np.nan)
    asked = np.flatnonzero((y > 0).sum(axis=0) >= _LEAST_ORDERS)
    result = y.copy()
    if len(asked):
        low, _, high = quartiles(np.log(size[:, asked]))
        fence = np.where(high > low, np.exp(high + FAR * (high - low)), np.inf)
        result[:, asked] = np.minimum(y[:, asked], fence)
    return result


def _running_median(y: Floats) -> Floats:
    """Return the median of each value and its neighbours, as far as there are any; NaN at a gap."""
    length, n = y.shape
    edge = np.full((_AROUND, n), np.nan)
    wide = np.concatenate([edge, y, edge])
    windows = np.stack([wide[k : k + length] for k in range(2 * _AROUND + 1)])
    ordered = np.sort(windows, axis=0)
    count = (~np.isnan(windows)).sum(axis=0)
    below = np.take_along_axis(ordered, np.maximum(count - 1, 0)[None] // 2, axis=0)[0]
    above = np.take_along_axis(ordered, np.minimum(count // 2, 2 * _AROUND)[None], axis=0)[0]
    return np.where(np.isnan(y), np.nan, (below + above) / 2)


def _fences(away: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Return both fences of differences, shape (n,), of series of a given mean size."""
    same = np.abs(away) <= _ROUNDING * size
    most = 2 * same.sum(axis=0) > (~np.isnan(away)).sum(axis=0)
    away = np.where(same, np.where(most, 0.0, np.nan), away)
    low, middle, high = quartiles(away)
    spread = np.nanmean(np.abs(away - middle), axis=0) * _NORMAL
    span = np.maximum(FAR * np.where(high > low, high - low, spread), _LEAST_STEP * size)
    return low - span, high + span


def quartiles(y: Floats) -> Floats:
    """Return the quartiles of each column's known values, shape (3, n): all columns are sorted at once."""
    ordered = np.sort(y, axis=0)
    last = np.maximum((~np.isnan(y)).sum(axis=0) - 1, 0)
    place = np.array([[0.25], [0.5], [0.75]]) * last
    below = np.floor(place).astype(np.intp)
    low = np.take_along_axis(ordered, below, axis=0)
    high = np.take_along_axis(ordered, np.minimum(below + 1, last), axis=0)
    result: Floats = low + (high - low) * (place - below)
    return result
