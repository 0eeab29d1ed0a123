"""Exponential smoothing and Theta of many series at once, averaged over a grid of smoothing parameters.

Arrays are time-first: one row a period, one column a series, series that start earlier further left, so that
the series alive at a period are a slice. Before its start a series is NaN; a NaN after it is a gap, over
which the state is carried forward and no error counts.

Instead of the one best parameter of the grid, each takes part by its likelihood. A long series then all but
picks the best; a short one, which cannot tell them apart, gets their mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kamlib.forecast.arrays import Flags, Floats, Indices, add_up

_FIRST = 10  # observations that set the starting level and trend (Hyndman et al. 2008, section 2.6.1)
_PERFECT = 1e-12  # share of the variance that counts as no error, so that perfect fits can be compared


@dataclass(frozen=True)
class Grid:
    """Smoothing parameters, one row each: of the level, of the trend, and the damping.

    `estimated` is the number of parameters an information criterion counts: smoothing parameters, starting
    states and the variance.
    """

    level: Floats
    trend: Floats
    damping: Floats
    estimated: int


def _grid(levels: list[float], trends: list[float], dampings: list[float], estimated: int) -> Grid:
    rows = np.array([(a, a * b, p) for p in dampings for b in trends for a in levels])
    return Grid(rows[:, :1].copy(), rows[:, 1:2].copy(), rows[:, 2:].copy(), estimated)


SIMPLE = _grid([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99], [0.0], [0.0], 3)
DAMPED = _grid([0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.99], [0.02, 0.1, 0.3], [0.8, 0.9, 0.98], 6)


def simple(y: Floats, start: Indices, horizon: int) -> Floats:
    """Forecast by simple exponential smoothing from the mean of the first ten values, shape (horizon, n).

    References
    ----------
    Gardner (2006), Exponential smoothing: the state of the art II, International Journal of Forecasting
    22:637-666.
    """
    return _simple(y, start).ahead(horizon)


def damped(y: Floats, start: Indices, horizon: int) -> Floats:
    """Forecast by damped-trend exponential smoothing, shape (horizon, n).

    The starting trend is the slope of the first ten values, less the share of it that could be chance (see
    `trend_share`).

    References
    ----------
    Gardner & McKenzie (1985), Forecasting trends in time series, Management Science 31:1237-1246.
    """
    return _damped(y, start).ahead(horizon)


def smoothing(y: Floats, start: Indices, horizon: int) -> Floats:
    """Forecast by simple and damped-trend smoothing, each weighted by Akaike's criterion, shape (horizon, n).

    The criterion is the one corrected for short series (AICc): below eight values the damped trend has more
    parameters than the series can bear and does not take part.

    References
    ----------
    Kolassa (2011), Combining exponential smoothing forecasts using Akaike weights, International Journal of
    Forecasting 27:238-251.
    """
    flat, trended = _simple(y, start), _damped(y, start)
    bearable = np.isfinite(trended.criterion)
    behind = np.where(bearable, trended.criterion, 0.0) - np.where(bearable, flat.criterion, 0.0)
    weight = np.where(bearable, 1 / (1 + np.exp(np.clip(behind, -1400.0, 1400.0) / 2)), 0.0)
    return (1 - weight) * flat.ahead(horizon) + weight * trended.ahead(horizon)


def theta(y: Floats, start: Indices, horizon: int) -> Floats:
    """Forecast by the Theta method: the mean of the line through the series and its smoothed double.

    The line's slope is taken less the share of it that could be chance (see `trend_share`). On a straight
    line the forecast rises by half its slope a period.

    References
    ----------
    Assimakopoulos & Nikolopoulos (2000), The theta model, International Journal of Forecasting 16:521-530.
    Fiorucci et al. (2016), Models for optimising the theta method, International Journal of Forecasting
    32:1151-1161.
    """
    length = len(y)
    middle, slope, centre = fit_line(y, start)
    time = np.arange(length + horizon)[:, None] - start
    line = middle + slope * (time - centre)
    doubled = 2 * y - line[:length]
    return (line[length:] + simple(doubled, start, horizon)) / 2


def fit_line(y: Floats, start: Indices) -> tuple[Floats, Floats, Floats]:
    """Fit a straight line to each series: its height at the centre of time, its slope, that centre.

    Time counts from each series' start. The slope is taken less the share of it that could be chance (see
    `trend_share`).
    """
    middle, slope, centre = _line(y, start)
    time = np.arange(len(y))[:, None] - start
    return middle, slope * _line_share(y, middle + slope * (time - centre), time - centre, slope), centre


def trend_share(slope: Floats, variance: Floats) -> Floats:
    """Return the share of a slope that is no chance: 1 - variance / slope², not below 0; 0 where unknown.

    The positive-part James-Stein rule for one mean: what is left of a slope no larger than its standard error
    is nothing.

    References
    ----------
    James & Stein (1961), Estimation with quadratic loss, Proc. Fourth Berkeley Symposium 1:361-379.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        share = 1 - variance / slope**2
    return np.where(np.isfinite(share), np.maximum(share, 0.0), 0.0)


@dataclass(frozen=True)
class _Fit:
    """State at the end of each series, averaged over a grid, and how well the grid's best fits.

    `trend` has one row per value of `damping`: the sum of weight x trend of the points that share it.
    """

    level: Floats
    trend: Floats
    damping: Floats
    criterion: Floats

    def ahead(self, horizon: int) -> Floats:
        """Return the forecasts, shape (horizon, n)."""
        reach = np.cumsum(self.damping ** np.arange(1, horizon + 1)[:, None], axis=0)
        result = np.repeat(self.level[None], horizon, axis=0)
        for column, trend in enumerate(self.trend):
            result += reach[:, column : column + 1] * trend
        return result


def _simple(y: Floats, start: Indices) -> _Fit:
    level, _, _ = _first_line(y, start)
    return _smooth(y, start, SIMPLE, level, np.zeros_like(level))


def _damped(y: Floats, start: Indices) -> _Fit:
    middle, slope, count = _first_line(y, start)
    change = np.diff(y, axis=0)
    seen = ~np.isnan(change)
    number = add_up(seen)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = add_up(np.where(seen, change, 0.0)) / number
        variance = add_up(np.where(seen, change - mean, 0.0) ** 2) / (number - 1) / number
    slope = slope * trend_share(slope, variance)
    return _smooth(y, start, DAMPED, middle - slope * (count + 1) / 2, slope)


def _smooth(y: Floats, start: Indices, grid: Grid, level: Floats, trend: Floats) -> _Fit:
    """Run every point of the grid over all series and average the states by likelihood."""
    points, n = len(grid.level), y.shape[1]
    levels, trends = np.repeat(level[None], points, axis=0), np.repeat(trend[None], points, axis=0)
    squares = np.zeros((points, n))
    alive = np.searchsorted(start, np.arange(len(y)), side="right")
    seen = ~np.isnan(y)
    gappy = (~seen).sum(axis=1) > n - alive
    for t in range(len(y)):
        k = alive[t]
        drift = grid.damping * trends[:, :k]
        expected = levels[:, :k] + drift
        error = y[t, :k] - expected
        if gappy[t]:
            error[:, ~seen[t, :k]] = 0.0
        squares[:, :k] += error * error
        levels[:, :k] = expected + grid.level * error
        trends[:, :k] = drift + grid.trend * error
    count = add_up(seen)
    squares += _PERFECT * (_spread(y, seen, count) + np.finfo(float).tiny)
    least = squares.min(axis=0)
    weight = np.exp(-count / 2 * np.log(squares / least))
    weight /= add_up(weight)
    damping = np.unique(grid.damping)
    by_damping = [add_up(weight * trends * (grid.damping == p)) for p in damping]
    k = grid.estimated
    with np.errstate(divide="ignore"):
        correction = np.where(count > k + 1, 2 * k + 2 * k * (k + 1) / np.maximum(count - k - 1, 1), np.inf)
    criterion = count * np.log(least / count) + correction
    return _Fit(add_up(weight * levels), np.array(by_damping), damping, criterion)


def _spread(y: Floats, seen: Flags, count: Floats) -> Floats:
    """Return the sum of squares around each series' mean."""
    mean = add_up(np.where(seen, y, 0.0)) / count
    return add_up(np.where(seen, y - mean, 0.0) ** 2)


def _first_line(y: Floats, start: Indices) -> tuple[Floats, Floats, Floats]:
    """Return mean and slope of each series' first ten values, and how many they are."""
    order = np.cumsum(~np.isnan(y), axis=0)
    middle, slope, _ = _line(np.where(order <= _FIRST, y, np.nan), start)
    return middle, slope, np.minimum(order[-1], _FIRST).astype(np.float64)


def _line(y: Floats, start: Indices) -> tuple[Floats, Floats, Floats]:
    """Fit a straight line to each series, by least squares; see `fit_line`."""
    seen = ~np.isnan(y)
    count = add_up(seen)
    time = np.where(seen, np.arange(len(y), dtype=np.float64)[:, None] - start, 0.0)
    centre = add_up(time) / count
    middle = add_up(np.where(seen, y, 0.0)) / count
    away = np.where(seen, time - centre, 0.0)
    spread = add_up(away * away)
    slope = add_up(away * np.where(seen, y - middle, 0.0)) / np.where(spread > 0, spread, 1.0)
    return middle, slope, centre


def _line_share(y: Floats, line: Floats, away: Floats, slope: Floats) -> Floats:
    """Return the share of a fitted slope that is no chance, with residuals that follow on each other.

    The slope's variance is that of least squares times (1 + r) / (1 - r), r being the residuals' first
    autocorrelation, not below 0: slow residuals make a chance slope steeper.
    """
    seen = ~np.isnan(y)
    residual = np.where(seen, y - line, 0.0)
    count, square, spread = add_up(seen), add_up(residual**2), add_up(np.where(seen, away, 0.0) ** 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        follow = np.clip(np.nan_to_num(add_up(residual[1:] * residual[:-1]) / square), 0.0, 0.99)
        variance = square / (count - 2) / spread * (1 + follow) / (1 - follow)
    return np.where(count > 2, trend_share(slope, variance), 0.0)
