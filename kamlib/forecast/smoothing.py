"""Exponential smoothing and Theta of many series at once, each on a grid of smoothing parameters.

Arrays are time-first: one row a period, one column a series, series that start earlier further left, so that
the series alive at a period are a slice. Before its start a series is NaN; a NaN after it is a gap, over
which the state is carried forward and no error counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_FIRST = 10  # observations that set the starting level and trend (Hyndman et al. 2008, section 2.6.1)


@dataclass(frozen=True)
class Grid:
    """Smoothing parameters to choose from, one row each: level, trend and damping."""

    level: Floats
    trend: Floats
    damping: Floats


def _grid(levels: list[float], trends: list[float], dampings: list[float]) -> Grid:
    rows = np.array([(a, a * b, p) for p in dampings for b in trends for a in levels])
    return Grid(rows[:, :1].copy(), rows[:, 1:2].copy(), rows[:, 2:].copy())


SIMPLE = _grid([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99], [0.0], [0.0])
DAMPED = _grid([0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 0.99], [0.02, 0.1, 0.3], [0.8, 0.9, 0.98])


def simple(y: Floats, start: Ints, horizon: int) -> Floats:
    """Forecast by simple exponential smoothing, shape (horizon, n).

    The start is the mean of the first ten observations; the smoothing parameter is the one of the grid with
    the least sum of squared one-step errors, the smallest on ties.
    """
    level, _ = _first_states(y, start)
    state = _smooth(y, start, SIMPLE, level, np.zeros_like(level))
    return np.repeat(state.level[None], horizon, axis=0)


def damped(y: Floats, start: Ints, horizon: int) -> Floats:
    """Forecast by damped-trend exponential smoothing, shape (horizon, n).

    References
    ----------
    Gardner & McKenzie (1985), Forecasting trends in time series, Management Science 31:1237-1246.
    """
    middle, slope = _first_states(y, start)
    observed = np.minimum((~np.isnan(y)).sum(axis=0), _FIRST)
    state = _smooth(y, start, DAMPED, middle - slope * (observed + 1) / 2, slope)
    reach = np.cumsum(state.damping[None] ** np.arange(1, horizon + 1)[:, None], axis=0)
    return state.level + reach * state.trend


def theta(y: Floats, start: Ints, horizon: int) -> Floats:
    """Forecast by the Theta method: the mean of the line through the series and its smoothed double.

    References
    ----------
    Assimakopoulos & Nikolopoulos (2000), The theta model, International Journal of Forecasting 16:521-530.
    Fiorucci et al. (2016), Models for optimising the theta method, International Journal of Forecasting
    32:1151-1161.
    """
    length = len(y)
    time = np.arange(length, dtype=np.float64)[:, None]
    middle, slope, centre = _line(y, time)
    ahead = middle + slope * (length + np.arange(horizon)[:, None] - centre)
    doubled = 2 * y - (middle + slope * (time - centre))
    return (ahead + simple(doubled, start, horizon)) / 2


@dataclass(frozen=True)
class _State:
    level: Floats
    trend: Floats
    damping: Floats


def _smooth(y: Floats, start: Ints, grid: Grid, level: Floats, trend: Floats) -> _State:
    """Run the grid over all series and keep, of each, the state with the least squared error."""
    points, n = len(grid.level), y.shape[1]
    levels = np.repeat(level[None], points, axis=0)
    trends = np.repeat(trend[None], points, axis=0)
    squares = np.zeros((points, n))
    alive = np.searchsorted(start, np.arange(len(y)), side="right")
    gaps = np.isnan(y).sum(axis=0) > start
    for t in range(len(y)):
        k = alive[t]
        if k == 0:
            continue
        drift = grid.damping * trends[:, :k]
        expected = levels[:, :k] + drift
        error = y[t, :k] - expected
        if gaps[:k].any():
            error[:, np.isnan(y[t, :k])] = 0.0
        squares[:, :k] += error * error
        levels[:, :k] = expected + grid.level * error
        trends[:, :k] = drift + grid.trend * error
    best = squares.argmin(axis=0)
    column = np.arange(n)
    return _State(levels[best, column], trends[best, column], grid.damping[best, 0])


def _first_states(y: Floats, start: Ints) -> tuple[Floats, Floats]:
    """Return the mean and the slope of each series' first ten observations."""
    del start
    first = np.where(np.cumsum(~np.isnan(y), axis=0) <= _FIRST, y, np.nan)
    middle, slope, _ = _line(first, np.arange(len(y), dtype=np.float64)[:, None])
    return middle, slope


def _line(y: Floats, time: Floats) -> tuple[Floats, Floats, Floats]:
    """Fit a straight line to each series: its height at the centre of time, its slope, that centre."""
    seen = ~np.isnan(y)
    count = seen.sum(axis=0)
    centre = np.where(seen, time, 0.0).sum(axis=0) / count
    middle = np.where(seen, y, 0.0).sum(axis=0) / count
    away = np.where(seen, time - centre, 0.0)
    spread = (away * away).sum(axis=0)
    slope = (away * np.where(seen, y - middle, 0.0)).sum(axis=0) / np.where(spread > 0, spread, 1.0)
    return middle, slope, centre
