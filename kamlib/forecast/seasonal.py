"""Classical seasonal indices of many series at once, used only where a test finds a season.

Arrays are time-first: one row a period, one column a series; a gap is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_CRITICAL = 1.645  # 90 % two-sided, as in the M3 competition's Naive2
_SEASONS = 3  # whole seasons that the test needs, as there
_LEAST_INDEX = 0.1  # below a tenth of the mean a ratio says little and dividing by it blows noise up


@dataclass(frozen=True)
class Season:
    """Seasonal indices of a panel.

    Attributes
    ----------
    index : numpy.ndarray, shape (season_length, n)
        Index of each position in the season; position 0 is that of the panel's first period. 1 (or 0 where
        additive) for a series without a season.
    multiplicative : numpy.ndarray of bool, shape (n,)
        Whether the index is a factor (True) or an amount (False).
    found : numpy.ndarray of bool, shape (n,)
        Whether the series has a season.
    """

    index: Floats
    multiplicative: Flags
    found: Flags

    def remove(self, y: Floats) -> Floats:
        """Return the series without their season, shape (time, n)."""
        index = self._spread(len(y), 0)
        return np.where(self.multiplicative, y / index, y - index)

    def restore(self, forecast: Floats, origin: int) -> Floats:
        """Return forecasts with their season, shape (horizon, n); `origin` periods lie before them."""
        index = self._spread(len(forecast), origin)
        return np.where(self.multiplicative, forecast * index, forecast + index)

    def _spread(self, length: int, first: int) -> Floats:
        return self.index[(first + np.arange(length)) % len(self.index)]


def find_season(y: Floats, start: npt.NDArray[np.intp], season_length: int) -> Season:
    """Test each series for a season and estimate its indices.

    A series has a season if it spans three of them, every position was observed beside a full centred
    moving average, and its autocorrelation at one season is significant at 90 % (the test of the M3
    competition's Naive2). Indices are classical: the mean ratio to (or, where a value is zero or negative or
    an index would fall below a tenth, the mean difference from) the centred moving average, scaled to a mean
    of 1 (or 0). Gaps are bridged in a straight line for the moving average and left out of the indices.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        Observations; NaN is a gap.
    start : numpy.ndarray of int, shape (n,)
        Row of each series' first observation.
    season_length : int
        Periods in a season; 1 means none.

    Returns
    -------
    Season

    References
    ----------
    Makridakis & Hibon (2000), The M3-Competition, International Journal of Forecasting 16:451-476.
    """
    length, n = y.shape
    index = np.ones((max(season_length, 1), n))
    none = Season(index, np.ones(n, dtype=bool), np.zeros(n, dtype=bool))
    if season_length < 2 or length < _SEASONS * season_length:
        return none
    tested = (length - start >= _SEASONS * season_length) & _autocorrelated(y, season_length)
    columns = np.flatnonzero(tested)
    if not len(columns):
        return none
    part = y[:, columns]
    trend = _centred_average(_bridge(part), season_length)
    factors = _indices(part / np.where(trend > 0, trend, np.nan), season_length)
    factors /= factors.mean(axis=0)
    amounts = _indices(part - trend, season_length)
    amounts -= amounts.mean(axis=0)
    with np.errstate(invalid="ignore"):
        as_factor = (np.nanmin(part, axis=0) > 0) & (factors.min(axis=0) >= _LEAST_INDEX)
    chosen = np.where(as_factor, factors, amounts)
    known = np.isfinite(chosen).all(axis=0)
    columns = columns[known]
    index[:, columns] = chosen[:, known]
    none.multiplicative[columns] = as_factor[known]
    none.found[columns] = True
    return none


def _autocorrelated(y: Floats, lag: int) -> Flags:
    """Tell whether the autocorrelation at `lag` is significant; gaps count as the mean."""
    observed = ~np.isnan(y)
    count = observed.sum(axis=0)
    mean = np.where(observed, y, 0.0).sum(axis=0) / np.maximum(count, 1)
    d = np.where(observed, y - mean, 0.0)
    square = (d * d).sum(axis=0)
    square[square == 0] = np.nan
    before = np.zeros(y.shape[1])
    for k in range(1, lag):
        before += ((d[k:] * d[:-k]).sum(axis=0) / square) ** 2
    at_lag = (d[lag:] * d[:-lag]).sum(axis=0) / square
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Flags = np.abs(at_lag) > _CRITICAL * np.sqrt((1 + 2 * before) / count)
    return found


def _bridge(y: Floats) -> Floats:
    """Fill gaps between two observations in a straight line; before the first and after the last stays NaN."""
    if not np.isnan(y).any():
        return y
    length, n = y.shape
    rows = np.arange(length)[:, None]
    seen = ~np.isnan(y)
    left = np.maximum.accumulate(np.where(seen, rows, -1), axis=0)
    right = np.minimum.accumulate(np.where(seen, rows, length)[::-1], axis=0)[::-1]
    inside = (left >= 0) & (right < length)
    column = np.arange(n)
    low, high = y[np.maximum(left, 0), column], y[np.minimum(right, length - 1), column]
    share = (rows - left) / np.maximum(right - left, 1)
    return np.where(inside, low + share * (high - low), np.nan)


def _centred_average(y: Floats, m: int) -> Floats:
    """Return the moving average over one season centred on each period; NaN at both ends."""
    length = len(y)
    result = np.full_like(y, np.nan)
    half = m // 2
    span = length - 2 * half
    total = np.zeros((span, y.shape[1]))
    for k in range(2 * half + 1):
        weight = 0.5 if m % 2 == 0 and k in (0, 2 * half) else 1.0
        total += weight * y[k : k + span]
    result[half : half + span] = total / m
    return result


def _indices(values: Floats, m: int) -> Floats:
    """Return the mean of each position in the season, NaN where a position was never observed."""
    result = np.empty((m, values.shape[1]))
    for position in range(m):
        part = values[position::m]
        seen = ~np.isnan(part)
        count = seen.sum(axis=0)
        result[position] = np.where(seen, part, 0.0).sum(axis=0) / np.where(count > 0, count, np.nan)
    return result
