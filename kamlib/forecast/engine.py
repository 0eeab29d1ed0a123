"""Forecasts of a matrix of series: the methods by name, in blocks of series so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

import numpy as np

from kamlib.errors import ParameterError, did_you_mean
from kamlib.forecast.arrays import Floats, Indices, add_up
from kamlib.forecast.group import Group
from kamlib.forecast.params import Method
from kamlib.forecast.seasonal import find_cadence, find_season
from kamlib.forecast.smoothing import damped, simple, smoothing, theta

METHODS: tuple[str, ...] = get_args(Method)
_BLOCK = 2048  # series at a time: the smoothing grids then stay within a few megabytes


_MAKERS: Mapping[str, tuple[Callable[[Floats, Indices, int], Floats], ...]] = {
    "simple": (simple,),
    "damped": (damped,),
    "theta": (theta,),
    "blend": (smoothing, theta),
}


def forecast_matrix(
    y: Floats,
    *,
    horizon: int,
    season_length: int,
    method: str = "blend",
    group: Group | None = None,
    block: int = _BLOCK,
) -> Floats:
    """Forecast many series that end in the same row.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        One column a series; NaN is a gap, and before the first observation the series does not exist yet.
    horizon : int
        Periods to forecast.
    season_length : int
        Periods in a season; 1 means none.
    method : str
        One of `METHODS`.
    group : Group, optional
        What groups of series lend their members; removed first, so that a series only adds by how much it is
        known to differ from its group. Seasonal naive has no use for it.
    block : int
        Series computed at a time; changes memory and speed, never a result.

    Returns
    -------
    numpy.ndarray, shape (horizon, n)
        Forecasts; NaN for a series without any observation, never below zero unless the series itself is.

    Raises
    ------
    ParameterError
        If `method` is unknown, or `horizon`, `season_length` or `block` is below 1.
    """
    if method not in METHODS:
        hint = did_you_mean(method, METHODS) or f" It is one of: {', '.join(METHODS)}."
        raise ParameterError(f'method is "{method}", which is no forecasting method.{hint}')
    for name, value in (("horizon", horizon), ("season_length", season_length), ("block", block)):
        if value < 1:
            raise ParameterError(f"{name} is {value}; it must be at least 1.")
    result = np.full((horizon, y.shape[1]), np.nan)
    if not y.size:
        return result
    seen = ~np.isnan(y)
    start = np.where(seen.any(axis=0), seen.argmax(axis=0), len(y))
    order = np.argsort(start, kind="stable")
    order = order[start[order] < len(y)]
    for first in range(0, len(order), block):
        part = order[first : first + block]
        begin = start[part[0]]
        factors = np.ones((1, 1)) if group is None else group.path[begin:, group.member[part]]
        ready = y[begin:, part], start[part] - begin
        result[:, part] = _forecast_block(*ready, factors, horizon, season_length, method)
    return result


def _forecast_block(
    y: Floats,
    start: Indices,
    factors: Floats,
    horizon: int,
    season_length: int,
    method: str,
) -> Floats:
    if method == "seasonal_naive":
        return seasonal_naive(y, horizon, season_length)
    seen = ~np.isnan(y)
    scale = add_up(np.where(seen, np.abs(y), 0.0)) / add_up(seen)
    scale[scale == 0] = 1.0
    scaled = y / scale / factors[: len(y)]
    cadence = find_cadence(scaled, start, season_length)
    steady = cadence.remove(scaled)
    season = find_season(steady, start, season_length)
    level = season.remove(steady)
    mean = np.mean([make(level, start, horizon) for make in _MAKERS[method]], axis=0)
    forecast = cadence.restore(season.restore(mean)) * factors[-horizon:] * scale
    never_negative = ~(y < 0).any(axis=0)
    result: Floats = np.where(never_negative, np.maximum(forecast, 0.0), forecast)
    return result


def seasonal_naive(y: Floats, horizon: int, season_length: int) -> Floats:
    """Repeat the last observed value of the same position in the season, shape (horizon, n).

    A position that was never observed takes the last observation of all.
    """
    length, n = y.shape
    last = np.full(n, np.nan)
    for row in y:
        last = np.where(np.isnan(row), last, row)
    season = np.full((season_length, n), np.nan)
    for t in range(length):
        row = season[(t - length) % season_length]
        row[:] = np.where(np.isnan(y[t]), row, y[t])
    season = np.where(np.isnan(season), last, season)
    return season[np.arange(horizon) % season_length]
