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


_HALF = 0.5  # share of the line's slope at which the Theta method goes on
_LEVELS = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99]
_TRENDED = [0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.99]
SIMPLE = _grid(_LEVELS, [0.0], [0.0], 3)
DRIFT = _grid(_LEVELS, [0.0], [1.0], 4)
HOLT = _grid(_TRENDED, [0.02, 0.1, 0.3], [1.0], 5)
DAMPED = _grid(_TRENDED, [0.02, 0.1, 0.3], [0.8, 0.9, 0.98], 6)


@dataclass(frozen=True)
class Fit:
    """State at the end of each series, averaged over a grid, and Akaike's criterion of the grid's best.

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


def simple(y: Floats, start: Indices, horizon: int) -> Floats:
    """Forecast by simple exponential smoothing, shape (horizon, n).

    The starting level is the one that fits best.

    References
    ----------
    Gardner (2006), Exponential smoothing: the state of the art II, International Journal of Forecasting
    22:637-666.
    """
    return fit_simple(y, start).ahead(horizon)


def holt(y: Floats, start: Indices, horizon: int) -> Floats:
    """Forecast by exponential smoothing with a trend that goes on, shape (horizon, n).

    The starting trend is that of `damped`. On short or noisy series it extrapolates noise; it is here to be
    compared with.

    References
    ----------
    Holt (2004, first 1957), Forecasting seasonals and trends by exponentially weighted moving averages,
    International Journal of Forecasting 20:5-10.
    """
    return fit_trended(y, start, HOLT).ahead(horizon)


def damped(y: Floats, start: Indices, horizon: int) -> Floats:
    """Forecast by damped-trend exponential smoothing, shape (horizon, n).

    The starting trend is the slope of the first ten values, less the share of it that could be chance (see
    `trend_share`).

    References
    ----------
    Gardner & McKenzie (1985), Forecasting trends in time series, Management Science 31:1237-1246.
    """
    return fit_trended(y, start, DAMPED).ahead(horizon)


def theta(y: Floats, start: Indices, horizon: int, season_length: int = 1) -> Floats:
    """Forecast by the Theta method: the mean of the line through the series and its smoothed double.

    That is simple smoothing with a drift of half the line's slope, which is how it is computed. The slope is
    taken less the share of it that could be chance (see `trend_share`); within less than a season of
    `season_length` periods a slope cannot be told from the season, and none is taken.

    References
    ----------
    Assimakopoulos & Nikolopoulos (2000), The theta model, International Journal of Forecasting 16:521-530.
    Hyndman & Billah (2003), Unmasking the Theta method, International Journal of Forecasting 19:287-290.
    """
    return fit_drift(y, start, season_length).ahead(horizon)


def fit_simple(y: Floats, start: Indices) -> Fit:
    """Fit what `simple` forecasts with."""
    middle, _, _ = _first_line(y, start)
    return _smooth(y, start, SIMPLE, middle, np.zeros_like(middle))


def fit_drift(y: Floats, start: Indices, least: int, share: float = _HALF) -> Fit:
    """Fit simple smoothing with a drift: `share` of the line's slope, if the series has `least` periods."""
    middle, slope, centre = fit_line(y, start, least)
    return _smooth(y, start, DRIFT, middle - share * slope * centre, share * slope)


def fit_trended(y: Floats, start: Indices, grid: Grid) -> Fit:
    """Fit what `damped` and `holt` forecast with."""
    middle, slope, count = _first_line(y, start)
    change = np.diff(y, axis=0)
    seen = ~np.isnan(change)
    number = add_up(seen)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = add_up(np.where(seen, change, 0.0)) / number
        variance = add_up(np.where(seen, change - mean, 0.0) ** 2) / (number - 1) / number
    slope = slope * trend_share(slope, variance)
    return _smooth(y, start, grid, middle - slope * (count + 1) / 2, slope)


def choose(plain: Fit, richer: Fit, horizon: int) -> Floats:
    """Forecast by two fits, each weighted by Akaike's criterion, shape (horizon, n).

    References
    ----------
    Kolassa (2011), Combining exponential smoothing forecasts using Akaike weights, International Journal of
    Forecasting 27:238-251.
    """
    behind = np.clip(richer.criterion - plain.criterion, -1400.0, 1400.0)
    weight = 1 / (1 + np.exp(behind / 2))
    return (1 - weight) * plain.ahead(horizon) + weight * richer.ahead(horizon)


def last_value(y: Floats) -> Floats:
    """Return the last observation of each series, shape (n,); NaN where there is none."""
    last = np.full(y.shape[1], np.nan)
    for row in y:
        last = np.where(np.isnan(row), last, row)
    return last


def fit_line(y: Floats, start: Indices, least: int = 1) -> tuple[Floats, Floats, Floats]:
    """Fit a `straight_line` to each series, less what of its slope could be chance (see `trend_share`).

    The slope is 0 for a series of fewer than `least` periods.
    """
    middle, slope, centre = straight_line(y, start)
    away = np.arange(len(y))[:, None] - start - centre
    share = _line_share(y, middle + slope * away, away, slope)
    return middle, slope * np.where(len(y) - start < least, 0.0, share), centre


def straight_line(y: Floats, start: Indices) -> tuple[Floats, Floats, Floats]:
    """Fit a straight line to each series by least squares: its height at the centre of time, slope, centre.

    Time counts from each series' start.
    """
    seen = ~np.isnan(y)
    count = add_up(seen)
    time = np.where(seen, np.arange(len(y), dtype=np.float64)[:, None] - start, 0.0)
    centre = add_up(time) / count
    middle = add_up(np.where(seen, y, 0.0)) / count
    away = np.where(seen, time - centre, 0.0)
    spread = add_up(away * away)
    slope = add_up(away * np.where(seen, y - middle, 0.0)) / np.where(spread > 0, spread, 1.0)
    return middle, slope, centre


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


def _smooth(y: Floats, start: Indices, grid: Grid, level: Floats, trend: Floats) -> Fit:
    """Run every point of the grid over all series and average the states by likelihood.

    Where the grid leaves the trend as it starts, every error is linear in the starting level, which is then
    moved to where the sum of squares is least.
    """
    points, n = len(grid.level), y.shape[1]
    levels, trends = np.repeat(level[None], points, axis=0), np.repeat(trend[None], points, axis=0)
    squares, cross, square = (np.zeros((points, n)) for _ in range(3))
    rest = np.ones((points, n))
    buffers = np.empty((2, points, n))  # all steps are made in place: most of the time goes into memory
    steady = not grid.trend.any()
    alive = np.searchsorted(start, np.arange(len(y)), side="right")
    for row, k in zip(y, alive, strict=True):
        error, change = buffers[0, :, :k], buffers[1, :, :k]
        state, slope = levels[:, :k], trends[:, :k]
        slope *= grid.damping
        state += slope
        np.subtract(row[:k], state, out=error)
        gap = np.isnan(row[:k])
        error[:, gap] = 0.0
        squares[:, :k] += np.multiply(error, error, out=change)
        state += np.multiply(grid.level, error, out=change)
        if not steady:
            slope += np.multiply(grid.trend, error, out=change)
            continue
        part = rest[:, :k]
        cross[:, :k] += np.multiply(part, error, out=change)
        np.multiply(part, part, out=change)
        change[:, gap] = 0.0
        square[:, :k] += change
        np.multiply(grid.level, part, out=change)
        change[:, gap] = 0.0
        part -= change
    if steady:
        squares = np.maximum(squares - cross * cross / square, 0.0)
        levels += cross / square * rest
    return _average(grid, squares, levels, trends, y)


def _average(grid: Grid, squares: Floats, levels: Floats, trends: Floats, y: Floats) -> Fit:
    """Average the points' last states by likelihood."""
    seen = ~np.isnan(y)
    count = add_up(seen)
    squares = squares + _PERFECT * (_spread(y, seen, count) + np.finfo(float).tiny)
    least = squares.min(axis=0)
    weight = np.exp(-count / 2 * np.log(squares / least))
    weight /= add_up(weight)
    damping = np.unique(grid.damping)
    by_damping = [add_up(weight * trends * (grid.damping == p)) for p in damping]
    criterion = count * np.log(least / count) + 2 * grid.estimated
    return Fit(add_up(weight * levels), np.array(by_damping), damping, criterion)


def _spread(y: Floats, seen: Flags, count: Floats) -> Floats:
    """Return the sum of squares around each series' mean."""
    mean = add_up(np.where(seen, y, 0.0)) / count
    return add_up(np.where(seen, y - mean, 0.0) ** 2)


def _first_line(y: Floats, start: Indices) -> tuple[Floats, Floats, Floats]:
    """Return mean and slope of each series' first ten values, and how many they are."""
    order = np.cumsum(~np.isnan(y), axis=0)
    middle, slope, _ = straight_line(np.where(order <= _FIRST, y, np.nan), start)
    return middle, slope, np.minimum(order[-1], _FIRST).astype(np.float64)


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
