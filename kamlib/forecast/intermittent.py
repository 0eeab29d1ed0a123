"""Forecasts of series that sell nothing in many periods: ADIDA, IMAPA, TSB, and what their sum shows.

Each gives one rate per period, as when the next order falls is not known. Arrays are time-first, with NaN
for a gap and before a series' start.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from kamlib.forecast.arrays import Flags, Floats, Indices, add_up
from kamlib.forecast.seasonal import CLEAR, find_cadence, find_season
from kamlib.forecast.smoothing import fit_simple

_RARE = 1.32  # periods per order from which demand is intermittent (Syntetos, Boylan & Croston 2005)
_SIZE = 0.1  # weight of the latest order's size, and
_CHANCES = (0.1, 0.2)  # of the latest period in the chance of an order: the range Teunter et al. (2011) try

INTERMITTENT_PARTS = ("adida", "imapa", "tsb_slow", "tsb_quick")


def find_intermittent(y: Floats, start: Indices, season_length: int) -> Flags:
    """Return which series are bought now and then, by no pattern, shape (n,).

    Those of at least 1.32 periods per period with an order, gaps left out, unless a quarterly cadence or a
    season of which at most a fifth is noise says when nothing is sold. A series that goes below zero is not,
    nor one that never sold anything, nor one that sold all the time for more than a season and stopped.

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
    Syntetos, Boylan & Croston (2005), On the categorization of demand patterns, Journal of the Operational
    Research Society 56:495-503.

    Examples
    --------
    >>> y = np.array([[5.0, 0, 4], [4, 0, 4], [0, 0, 4], [0, 7, 4], [6, 0, 0], [3, 0, 4]])
    >>> find_intermittent(y, np.zeros(3, dtype=int), 12).tolist()
    [True, True, False]
    """
    ordered = y > 0
    orders, position = add_up(ordered), np.cumsum(~np.isnan(y), axis=0)
    first = np.where(ordered, position, len(y)).min(axis=0)
    last = np.where(ordered, position, 0).max(axis=0)
    stopped = (orders > season_length) & (last - first < _RARE * (orders - 1))
    rare: Flags = (orders > 0) & (position[-1] >= _RARE * orders) & ~stopped & ~(y < 0).any(axis=0)
    asked = np.flatnonzero(rare)
    if len(asked):
        part = y[:, asked], start[asked], season_length
        rare[asked] = ~(find_cadence(*part).found | find_season(*part, least=CLEAR).found)
    return rare


def adida(y: Floats, start: Indices, horizon: int, season_length: int) -> Floats:
    """Forecast by smoothing sums of several periods, shape (horizon, n).

    Periods are added up from the latest back, as many at a time as there are periods per order, rounded, at
    most a season and half the series; the sums are smoothed as by `kamlib.forecast.smoothing.simple` and
    spread evenly. Periods left over at the beginning are not used.

    References
    ----------
    Nikolopoulos, Syntetos, Boylan, Petropoulos & Assimakopoulos (2011), An aggregate-disaggregate
    intermittent demand approach (ADIDA) to forecasting, Journal of the Operational Research Society
    62:544-554.
    """
    rates, widest = _rates_by_width(y, start, season_length)
    return np.repeat(rates[widest - 1, np.arange(len(widest))][None], horizon, axis=0)


def imapa(y: Floats, start: Indices, horizon: int, season_length: int) -> Floats:
    """Forecast by the mean of smoothed sums of 1, 2, ... periods, shape (horizon, n).

    The widest is that of `adida`.

    References
    ----------
    Petropoulos & Kourentzes (2015), Forecast combinations for intermittent demand, Journal of the Operational
    Research Society 66:914-924.
    """
    rates, widest = _rates_by_width(y, start, season_length)
    mean = np.cumsum(rates, axis=0) / np.arange(1, len(rates) + 1)[:, None]
    return np.repeat(mean[widest - 1, np.arange(len(widest))][None], horizon, axis=0)


def tsb(y: Floats, horizon: int, chance: float = _CHANCES[0]) -> Floats:
    """Forecast by the chance of an order times its size, shape (horizon, n).

    The chance is smoothed every period with weight `chance`, so that a series which stops falls towards
    nothing; the size at each order with weight 0.1. Both start at their means.

    References
    ----------
    Teunter, Syntetos & Babai (2011), Intermittent demand: linking forecasting to inventory obsolescence,
    European Journal of Operational Research 214:606-615.
    """
    seen = ~np.isnan(y)
    ordered = seen & (y != 0)
    orders = add_up(ordered)
    odds = orders / np.maximum(add_up(seen), 1)
    size = add_up(np.where(ordered, y, 0.0)) / np.maximum(orders, 1)
    for row, came, known in zip(y, ordered, seen, strict=True):
        odds = np.where(known, odds + chance * (came - odds), odds)
        size = np.where(came, size + _SIZE * (row - size), size)
    return np.repeat((odds * size)[None], horizon, axis=0)


def intermittent_parts(y: Floats, start: Indices, horizon: int, season_length: int) -> list[Floats]:
    """Return the forecasts of each of `INTERMITTENT_PARTS`, shape (horizon, n)."""
    rates, widest = _rates_by_width(y, start, season_length)
    column = np.arange(len(widest))
    mean = np.cumsum(rates, axis=0) / np.arange(1, len(rates) + 1)[:, None]
    flat = [rates[widest - 1, column], mean[widest - 1, column]]
    spread = [np.repeat(rate[None], horizon, axis=0) for rate in flat]
    return spread + [tsb(y, horizon, chance) for chance in _CHANCES]


def follow_sum(
    y: Floats, forecast: Floats, *, forecast_sum: Callable[[Floats], Floats], season_length: int
) -> Floats:
    """Let the rates of intermittent series go where their sum goes, shape (horizon, n).

    No single series shows a season, or that orders get fewer; the sum of hundreds does. Each series is put in
    units of its mean order and averaged over the series that exist, so that series which begin later show as
    no growth; that mean is forecast as any series is, and all rates are multiplied, period by period, by its
    forecast over the mean of the rates. Where the mean is intermittent itself nothing is changed.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        History; NaN is a gap or before the start.
    forecast : numpy.ndarray, shape (horizon, n)
        Rates.
    forecast_sum : callable
        Forecasts a matrix of one series, shape (time, 1) to (horizon, 1).
    season_length : int
        Periods in a season; 1 means none.
    """
    orders = add_up(y > 0)
    buys = orders > 0
    size = add_up(np.where(y > 0, y, 0.0))[buys] / orders[buys]
    together = np.array([[_mean(row)] for row in y[:, buys] / size])
    rates = np.array([[_mean(row)] for row in forecast[:, buys] / size])
    known = ~np.isnan(together[:, 0])
    if not known.any() or not (rates > 0).all():
        return forecast
    together = together[known.argmax() :]
    if find_intermittent(together, np.zeros(1, dtype=np.intp), season_length).any():
        return forecast
    lift: Floats = forecast_sum(together) / rates
    return forecast * lift


def _rates_by_width(y: Floats, start: Indices, season_length: int) -> tuple[Floats, Indices]:
    """Return smoothed rates by the number of periods added up, shape (widest, n), and each series' widest."""
    length = len(y) - start
    orders = np.maximum(add_up(y > 0), 1)
    per_order = np.rint(add_up(~np.isnan(y)) / orders)
    most = np.maximum(np.minimum(length // 2, max(season_length, 1)), 1)
    widest = np.clip(per_order, 1, most).astype(np.intp)
    rates = np.full((int(widest.max(initial=1)), len(widest)), np.nan)
    for width in range(1, len(rates) + 1):
        asked = np.flatnonzero(widest >= width)
        mean, begin = _means(y[:, asked], start[asked], width)
        known = ~np.isnan(mean).all(axis=0)
        rates[width - 1, asked] = rates[width - 2, asked]
        rates[width - 1, asked[known]] = fit_simple(mean[:, known], begin[known]).level
    return rates, widest


def _means(y: Floats, start: Indices, width: int) -> tuple[Floats, Indices]:
    """Return means of whole runs of `width` periods up to the last, and the first run of each series."""
    left = len(y) % width
    runs = y[left:].reshape(-1, width, y.shape[1])
    begin = np.maximum(-((left - start) // width), 0)
    seen = ~np.isnan(runs)
    number = seen.sum(axis=1)
    total = sum(np.where(seen[:, k], runs[:, k], 0.0) for k in range(width))
    mean = total / np.maximum(number, 1)
    whole = np.arange(len(runs))[:, None] >= begin
    return np.where(whole & (number > 0), mean, np.nan), begin


def _mean(values: Floats) -> float:
    """Return the mean of what is known, the same in every order; NaN where nothing is."""
    known = values[~np.isnan(values)]
    return math.fsum(known) / len(known) if len(known) else math.nan
