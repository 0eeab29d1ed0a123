"""Forecasts of a matrix of series: the methods by name, in blocks of series so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from kamlib.errors import ParameterError, did_you_mean
from kamlib.forecast.arrays import Flags, Floats, Indices, add_up
from kamlib.forecast.blend import PARTS, Evidence, blend_parts, blend_weights, past_origins, weigh_errors
from kamlib.forecast.group import Group
from kamlib.forecast.intermittent import (
    INTERMITTENT_PARTS,
    adida,
    find_intermittent,
    follow_sum,
    imapa,
    intermittent_parts,
    tsb,
)
from kamlib.forecast.outliers import damp_orders, damp_outliers
from kamlib.forecast.params import Method
from kamlib.forecast.seasonal import find_cadence, find_season
from kamlib.forecast.smoothing import damped, holt, last_value, simple, theta

METHODS: tuple[str, ...] = get_args(Method)
_BLOCK = 2048  # series at a time: the smoothing grids then stay within a few megabytes


_MAKERS: Mapping[str, Callable[[Floats, Indices, int, int], list[Floats]]] = {
    "simple": lambda y, start, horizon, _: [simple(y, start, horizon)],
    "holt": lambda y, start, horizon, _: [holt(y, start, horizon)],
    "damped": lambda y, start, horizon, _: [damped(y, start, horizon)],
    "theta": lambda y, start, horizon, season_length: [theta(y, start, horizon, season_length)],
    "adida": lambda *task: [adida(*task)],
    "imapa": lambda *task: [imapa(*task)],
    "tsb": lambda y, _start, horizon, _season: [tsb(y, horizon)],
    "blend": blend_parts,
    "intermittent": intermittent_parts,
}
_RATES = ("adida", "imapa", "tsb", "intermittent")  # forecast with no season of their own
_PARTS = {"blend": len(PARTS), "intermittent": len(INTERMITTENT_PARTS)}


@dataclass(frozen=True)
class _Task:
    """What is asked of every block of series."""

    horizon: int
    season_length: int
    method: str


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

    Each series is brought to a mean size of 1, what season it has beyond noise is removed (see `find_season`
    and `find_cadence` in `kamlib.forecast.seasonal`), the rest is forecast by `method`, and the season is put
    back. A blend is the weighted mean of six parts (see `kamlib.forecast.blend.blend_parts`), of series whose
    outliers are damped (see `kamlib.forecast.outliers`). Its weights come from how the parts forecast each
    series' own past, shrunk towards the panel's (see `kamlib.forecast.blend.blend_weights`). Series that sell
    now and then by no pattern are blended from parts of their own, and follow their sum (see
    `kamlib.forecast.intermittent`). There alone a forecast depends on the other series of `y`, never on their
    order.

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
    check_counts(horizon=horizon, season_length=season_length, block=block)
    task = _Task(horizon, season_length, method)
    if method != "blend":
        return _forecast(y, group, task, block)
    calm = calm_matrix(y, season_length=season_length, group=group, block=block)
    y, rare = calm.y, calm.intermittent
    result = np.full((horizon, y.shape[1]), np.nan)
    result[:, ~rare] = _forecast(y[:, ~rare], _of(group, ~rare), task, block)
    if rare.any():
        result[:, rare] = _forecast_rare(y[:, rare], _of(group, rare), task, block)
    return result


def check_counts(**counts: int) -> None:
    """Refuse what is no whole number of at least 1, by name."""
    for name, value in counts.items():
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < 1:
            raise ParameterError(f"{name} is {value}; it must be a whole number, at least 1.")


@dataclass(frozen=True)
class Calm:
    """Series as a blend reads them.

    Attributes
    ----------
    y : numpy.ndarray, shape (time, n)
        Values, outliers and one-off orders damped.
    intermittent : numpy.ndarray of bool, shape (n,)
        Series forecast as rates.
    """

    y: Floats
    intermittent: Flags


def calm_matrix(y: Floats, *, season_length: int, group: Group | None = None, block: int = _BLOCK) -> Calm:
    """Damp outliers and one-off orders, without what groups lend; parameters as for `forecast_matrix`."""
    result, rare = y.copy(), np.zeros(y.shape[1], dtype=bool)
    for part, ready, start, factors in _blocks(y, group, block):
        own = ready / factors[: len(ready)]
        few = find_intermittent(own, start, season_length)
        calm = damp_outliers(own, start, season_length)
        calm[:, few] = damp_orders(own[:, few])
        begin = len(y) - len(ready)
        result[begin:, part] = np.where(calm == own, ready, calm * factors[: len(ready)])
        rare[part] = few
    return Calm(result, rare)


def _forecast(y: Floats, group: Group | None, task: _Task, block: int) -> Floats:
    """Forecast every series by one method."""
    result = np.full((task.horizon, y.shape[1]), np.nan)
    blocks = list(_blocks(y, group, block))
    if task.method == "seasonal_naive":
        for part, ready, _, _ in blocks:
            result[:, part] = seasonal_naive(ready, task.horizon, task.season_length)
        return result
    weights = np.ones((y.shape[1], 1))
    if task.method in _PARTS:
        number = _PARTS[task.method]
        evidence = Evidence(np.zeros((y.shape[1], number, number)), np.zeros(y.shape[1]))
        for part, ready, start, factors in blocks:
            _look_back(evidence, part, ready, start, factors, task)
        weights = blend_weights(evidence)
    for part, ready, start, factors in blocks:
        parts = _forecast_parts(ready, start, factors, task)
        result[:, part] = sum(w * forecast for w, forecast in zip(weights[part].T, parts, strict=True))
    return result


def _forecast_rare(y: Floats, group: Group | None, task: _Task, block: int) -> Floats:
    """Forecast intermittent series: their blended rates, going where their sum goes."""
    rates = _forecast(y, group, replace(task, method="intermittent"), block)
    factors = np.ones((1, 1)) if group is None else group.path[:, group.member]
    ahead = factors[-task.horizon :]
    return ahead * follow_sum(
        y / factors[: len(y)],
        rates / np.where(ahead > 0, ahead, 1.0),
        forecast_sum=lambda whole: _forecast(whole, None, task, block),
        season_length=task.season_length,
    )


def _of(group: Group | None, columns: Flags) -> Group | None:
    return None if group is None else replace(group, member=group.member[columns])


def _blocks(y: Floats, group: Group | None, block: int) -> Iterator[tuple[Indices, Floats, Indices, Floats]]:
    """Return each block: its columns, their rows from the first start on, their starts, their factors."""
    if not y.size:
        return
    seen = ~np.isnan(y)
    start = np.where(seen.any(axis=0), seen.argmax(axis=0), len(y))
    order = np.argsort(start, kind="stable")
    order = order[start[order] < len(y)]
    for first in range(0, len(order), block):
        part = order[first : first + block]
        begin = start[part[0]]
        factors = np.ones((1, 1)) if group is None else group.path[begin:, group.member[part]]
        yield part, y[begin:, part], start[part] - begin, factors


def _look_back(
    evidence: Evidence, part: Indices, y: Floats, start: Indices, factors: Floats, task: _Task
) -> None:
    """Enter how the parts forecast each series' own past, with what its group lends as known today."""
    length = len(y)
    for distances in past_origins(length - start, task.horizon):
        for distance in np.unique(distances[distances > 0]):
            columns = np.flatnonzero(distances == distance)
            origin, begin = length - distance, start[columns[0]]
            ahead = min(int(distance), task.horizon)
            lent = factors if len(factors) == 1 else factors[begin : origin + ahead, columns]
            past = y[begin:origin, columns], start[columns] - begin, lent
            parts = _forecast_parts(*past, replace(task, horizon=ahead))
            error = np.array(parts) - y[origin : origin + ahead, columns]
            if task.method == "intermittent":
                error = _add_known(error)
            one = weigh_errors(error)
            evidence.product[part[columns]] += one.product
            evidence.count[part[columns]] += one.count


def _forecast_parts(y: Floats, start: Indices, factors: Floats, task: _Task) -> list[Floats]:
    """Forecast by each part of the method; a series' first row is its start."""
    seen = ~np.isnan(y)
    scale = add_up(np.where(seen, np.abs(y), 0.0)) / add_up(seen)
    scale[scale == 0] = 1.0
    scaled = y / scale / factors[: len(y)]
    seasonal = task.season_length if task.method not in _RATES else 1
    cadence = find_cadence(scaled, start, seasonal)
    steady = cadence.remove(scaled)
    season = find_season(steady, start, seasonal)
    level = season.remove(steady)
    never_negative = ~(y < 0).any(axis=0)
    result = []
    for ahead in _MAKERS[task.method](level, start, task.horizon, task.season_length):
        forecast = cadence.restore(season.restore(ahead)) * factors[-task.horizon :] * scale
        result.append(np.where(never_negative, np.maximum(forecast, 0.0), forecast))
    return result


def _add_known(error: Floats) -> Floats:
    """Add up errors over periods, shape (parts, 1, n): a rate does not say when an order falls."""
    known = ~np.isnan(error)
    total = np.array([[add_up(part)] for part in np.where(known, error, 0.0)])
    return np.where(known.any(axis=1, keepdims=True), total, np.nan)


def seasonal_naive(y: Floats, horizon: int, season_length: int) -> Floats:
    """Repeat the last observed value of the same position in the season, shape (horizon, n).

    A position that was never observed takes the last observation of all.
    """
    length, n = y.shape
    last = last_value(y)
    season = np.full((season_length, n), np.nan)
    for t in range(length):
        row = season[(t - length) % season_length]
        row[:] = np.where(np.isnan(y[t]), row, y[t])
    season = np.where(np.isnan(season), last, season)
    return season[np.arange(horizon) % season_length]
