"""Intervals of each series' forecast that cover what they say: from the panel's own past errors.

A single account has too few past forecasts to count how often an interval held. Errors of many series are
therefore pooled, each as a multiple of its series' scale (what that series changes by), among series of like
relative noise. The interval is the range that held the said share of them (split conformal prediction):
no distribution is assumed, only that the coming errors are like those of the backtest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kamlib.errors import KamError, ParameterError
from kamlib.forecast.arrays import Floats, Indices, add_up
from kamlib.forecast.backtest import Blocks, backtest_matrix, choose_origins
from kamlib.forecast.group import Group
from kamlib.forecast.widths import growth_ahead, independent_errors, tail_ends

_ORIGINS = 12  # a dozen months meet every month of the year once
_LARGEST = 3.0  # of a forecast against the mean forecast: months sell more by a season, not tenfold
_SEASONS = 2  # the fewest that show a change over a season for every period of it
_PRIOR = 4  # changes that what the panel says of a series' scale counts for: a mean of 4 is known to +-40 %
_CLASS = 50  # series a class of relative noise needs: a 95 % interval's tail then holds more than one
_CLASSES = 5  # most classes


@dataclass(frozen=True)
class Intervals:
    """Intervals around a forecast.

    Attributes
    ----------
    coverage : tuple of float
        Share of coming values that each level's intervals are to hold.
    low, high : numpy.ndarray, shape (levels, horizon, n)
        Ends; NaN where there is no forecast.
    """

    coverage: tuple[float, ...]
    low: Floats
    high: Floats


def conformal_scales(y: Floats, origins: Sequence[int] | Indices, *, season_length: int) -> Floats:
    """Return what each series changes by, as known at each origin and at the end, shape (origins + 1, n).

    The mean absolute change over one period or over one season, whichever is less, so that neither a season
    nor a trend counts as noise, in the last two seasons known (of no season: all): older changes were those
    of another size. Each of the two is first averaged with what the panel says, the mean |y| of the series
    times the panel's ratio of such changes to sizes, the latter counting as four changes: a few equal months
    do not make a certain series, nor one pair of equal Januaries. A series of zeros only has scale 0; one
    not yet begun NaN.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        One column a series; NaN is a gap, and before the first observation the series does not exist yet.
    origins : sequence of int
        Rows before which the scales are wanted.
    season_length : int
        Periods in a season; 1 means none.

    References
    ----------
    Hyndman & Koehler (2006), Another look at measures of forecast accuracy, International Journal of
    Forecasting 22:679-688 (scaling by mean absolute changes).

    Examples
    --------
    >>> y = np.array([[1.0], [3.0], [1.0], [3.0]])
    >>> conformal_scales(y, [3], season_length=1).round(2).tolist()
    [[2.0], [2.0]]
    """
    rows = np.append(np.asarray(origins, dtype=np.int64), len(y))
    known = _SEASONS * season_length if season_length > 1 else len(y)
    return np.array([_changes(y[max(0, row - known) : row], season_length) for row in rows])


def _changes(y: Floats, season_length: int) -> Floats:
    """Return what each series changes by, shape (n,); see `conformal_scales`."""
    size, count = _mean(np.abs(y))
    result, _ = _expected(np.diff(y, axis=0), size)
    if 1 < season_length < len(y):
        seasonal, changes = _expected(y[season_length:] - y[:-season_length], size)
        result = np.where((changes > 0) & (seasonal < result), seasonal, result)
    return np.where(count > 0, result, np.nan)


def _expected(change: Floats, size: Floats) -> tuple[Floats, Floats]:
    """Return each series' mean absolute change, averaged with the panel's, and how many are known, (n,)."""
    own, known = _mean(np.abs(change))
    both = (known > 0) & (size > 0)
    whole = size[both].sum()
    panel = own[both].sum() / whole * size if whole > 0 else np.zeros(len(size))
    return (own * known + _PRIOR * panel) / (known + _PRIOR), known


def intervals(
    forecast: Floats, blocks: Blocks, scale: Floats, *, coverage: Sequence[float] = (0.8, 0.95)
) -> Intervals:
    """Return intervals that hold the said share of values, from the errors of a backtest.

    Errors are divided by their series' scale, half of which goes up and down with the forecast, up to three
    times its mean in the backtest: more is sold in December, and missed. They are pooled in classes of like
    relative noise: scale over mean |forecast|, at most five classes of at least 50 series. A series' class is
    its rank among the series at each origin, not its noise itself: that of a few months is another figure
    than that of years. In each class the mean absolute error by period ahead says how widths grow, and how
    they go on beyond the periods that were reached (`kamlib.forecast.widths.growth_ahead`). All errors of a
    class, divided by that growth, then give the ends, which hold the share of them, and are wider the fewer
    independent ones they are worth (`tail_ends`, `independent_errors`). The forecast lies inside.

    Parameters
    ----------
    forecast : numpy.ndarray, shape (horizon, n)
        The forecast.
    blocks : Blocks
        Backtest of the same series, as many periods ahead. Origins whose horizon is not over count as far as
        they go.
    scale : numpy.ndarray, shape (n,) or (origins + 1, n)
        What each series changes by: now, or as known at each origin and, last, now (see `conformal_scales`),
        which is more honest where histories are short.
    coverage : sequence of float
        Shares to hold, each between 0 and 1.

    Returns
    -------
    Intervals
        Never below zero where neither the forecast nor a known actual value is.

    Raises
    ------
    ParameterError
        If a coverage is not between 0 and 1, or shapes differ.
    KamError
        If no error is known at all.

    References
    ----------
    Lei et al. (2018), Distribution-free predictive inference for regression, Journal of the American
    Statistical Association 113:1094-1111 (split conformal, scaled errors).

    Examples
    --------
    >>> error = np.arange(-9.0, 10.0).reshape(19, 1, 1)
    >>> blocks = Blocks(np.arange(19), 50 - error, np.full((19, 1, 1), 50.0))
    >>> found = intervals(np.full((1, 1), 50.0), blocks, np.ones(1), coverage=[0.8])
    >>> found.low.item(), found.high.item()
    (42.0, 58.0)
    """
    shares = check_coverage(coverage)
    _check_shapes(forecast, blocks, scale)
    scales = np.broadcast_to(scale, (len(blocks.origins) + 1, forecast.shape[1]))
    usable = np.where(scales > 0, scales, np.nan)
    past_size, size = _sizes(blocks.forecast, forecast)
    score = -blocks.error / (usable[:-1, None] * past_size)
    if not np.isfinite(score).any():
        raise KamError("blocks: no error of a series with a scale is known. Backtest at an earlier origin.")
    past, now = _classes(blocks.forecast, forecast, usable)
    width = np.nan_to_num(scales[-1])
    low = np.empty((len(shares), *forecast.shape))
    high = np.empty_like(low)
    for one in range(int(now.max(initial=0)) + 1):
        mine = now == one
        part = np.where((past == one)[:, None], score, np.nan)
        part = part if np.isfinite(part).any() else score
        growth = growth_ahead(part)
        independent = independent_errors(part, blocks.origins)
        ends = tail_ends(part / growth[:, None], shares, independent=independent)
        reach = growth[:, None] * size[:, mine] * width[mine]
        low[:, :, mine] = forecast[:, mine] + ends[0][:, None, None] * reach
        high[:, :, mine] = forecast[:, mine] + ends[1][:, None, None] * reach
    floor = ~((forecast < 0).any(axis=0) | (blocks.actual < 0).any(axis=(0, 1)))
    low = np.where(floor, np.maximum(low, 0.0), low)
    return Intervals(shares, low, high)


def backtest_intervals(
    y: Floats,
    forecast: Floats,
    *,
    season_length: int,
    method: str = "blend",
    group: Callable[[int], Group] | None = None,
    coverage: Sequence[float] = (0.8, 0.95),
) -> Intervals:
    """Backtest a panel and return the intervals of its forecast.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        One column a series, all ending in the last row.
    forecast : numpy.ndarray, shape (horizon, n)
        What `forecast_matrix` makes of them with the same `method`.
    season_length : int
        Periods in a season; 1 means none.
    method, group
        As for `kamlib.forecast.backtest.backtest_matrix`.
    coverage : sequence of float
        Shares to hold, each between 0 and 1.

    Returns
    -------
    Intervals
        From twelve origins, one period apart, the last one whole horizon before the end (`choose_origins`):
        a dozen months meet every month of the year once. NaN where nothing can be backtested.

    Raises
    ------
    ParameterError
        If a coverage is not between 0 and 1.
    """
    shares, horizon = check_coverage(coverage), len(forecast)
    unknown = np.full((len(shares), *forecast.shape), np.nan)
    rows = choose_origins(len(y), horizon=horizon, season_length=season_length, origins=_ORIGINS)
    if not len(rows):
        return Intervals(shares, unknown, unknown.copy())
    blocks = backtest_matrix(
        y, horizon=horizon, season_length=season_length, origins=rows.tolist(), method=method, group=group
    )
    scale = conformal_scales(y, rows, season_length=season_length)
    if not (np.isfinite(blocks.error) & (scale[:-1, None] > 0)).any():
        return Intervals(shares, unknown, unknown.copy())
    return intervals(forecast, blocks, scale, coverage=shares)


def _mean(values: Floats) -> tuple[Floats, Floats]:
    """Return the mean of known values of each column, 0 where there is none, and how many there are."""
    seen = ~np.isnan(values)
    count = add_up(seen)
    return add_up(np.where(seen, values, 0.0)) / np.maximum(count, 1), count


def check_coverage(coverage: Sequence[float], *, none: bool = False) -> tuple[float, ...]:
    """Return the shares; refuse one that is not between 0 and 1, and, unless `none` may be, none at all."""
    values = np.asarray(coverage, dtype=object)
    wrong = values.ndim != 1 or any(not isinstance(v, float | np.floating) or not 0 < v < 1 for v in values)
    if wrong or not (len(values) or none):
        raise ParameterError(
            f"coverage is {coverage}; give a list of at least one share, each between 0 and 1."
        )
    return tuple(float(share) for share in values)


def _check_shapes(forecast: Floats, blocks: Blocks, scale: Floats) -> None:
    if blocks.error.shape[1:] != forecast.shape:
        raise ParameterError(
            f"blocks has {blocks.error.shape[1:]} periods and series, the forecast {forecast.shape}; "
            "backtest the same series with the same horizon."
        )
    n, origins = forecast.shape[1], len(blocks.origins)
    if scale.shape not in ((n,), (origins + 1, n)):
        raise ParameterError(
            f"scale has shape {scale.shape}; it needs ({n},), or ({origins + 1}, {n}) for every "
            "origin and now."
        )


def _sizes(past: Floats, forecast: Floats) -> tuple[Floats, Floats]:
    """Return how large the scale is at each past and present forecast: 1 at a series' mean past one."""
    known = ~np.isnan(past).all(axis=1)
    total = np.nan_to_num(np.abs(past)).mean(axis=1).sum(axis=0)
    mean = total / np.maximum(known.sum(axis=0), 1)

    def of(values: Floats) -> Floats:
        share = np.abs(values) / np.where(mean > 0, mean, 1.0)
        return np.where(mean > 0, (1 + np.minimum(share, _LARGEST)) / 2, 1.0)

    return of(past), np.nan_to_num(of(forecast), nan=1.0)


def _classes(past: Floats, forecast: Floats, scale: Floats) -> tuple[Indices, Indices]:
    """Return each series' class of relative noise at each origin (o, n) and now (n,)."""
    before, now = (
        _relative(np.abs(past).mean(axis=1), scale[:-1]),
        _relative(np.abs(forecast).mean(axis=0), scale[-1]),
    )
    count = int(np.clip(np.isfinite(now).sum() // _CLASS, 1, _CLASSES))
    shares = np.arange(1, count) / count
    return np.array([_place(row, shares) for row in before]), _place(now, shares)


def _place(values: Floats, shares: Floats) -> Indices:
    """Return how many of the quantiles at `shares` lie below each value, shape (n,)."""
    known = values[np.isfinite(values)]
    return np.searchsorted(np.quantile(known, shares) if len(known) else shares, values)


def _relative(size: Floats, scale: Floats) -> Floats:
    """Return scale / size, the most there is where the size is nothing."""
    return np.where(size > 0, scale / np.where(size > 0, size, 1.0), np.finfo(np.float64).max)
