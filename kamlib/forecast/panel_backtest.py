"""How good the forecasts of a long table of series would have been, beside seasonal naive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.forecast.arrays import Flags, Floats, Ints
from kamlib.forecast.backtest import Blocks, choose_origins
from kamlib.forecast.engine import check_counts, forecast_matrix
from kamlib.forecast.intervals import Intervals, check_coverage, conformal_scales, intervals
from kamlib.forecast.panel import Groups, Panel, read_panel
from kamlib.measures.accuracy import quantile_loss, seasonal_scales

_NAIVE = "seasonal_naive"


@dataclass(frozen=True)
class _Losses:
    """What is summed, each (origins, horizon, n), NaN where it is unknown."""

    size: Floats
    error: Floats
    relative: Floats
    scaled: Floats
    squared: Floats
    allowed: Floats
    pinball: Floats
    within: dict[str, Floats]


def backtest_panel(
    history: pd.DataFrame,
    *,
    horizon: int,
    season_length: int,
    origins: int = 12,
    step: int = 1,
    method: str = "blend",
    groups: Groups | None = None,
    coverage: Sequence[float] = (0.8, 0.95),
) -> pd.DataFrame:
    """Forecast every series again from past origins and say how far off the forecasts were.

    Origins are those of `choose_origins`, counted back from each series' own last row. Each forecast is what
    `forecast_panel` would have made of the rows dated before its origin, of this series and of all others;
    each interval is made from the errors of earlier origins known by then, so that the first origins have
    none. An error counts where both the forecast and the actual value are known. Seasonal naive is judged on
    the same. Where series end at many different dates, all are forecast again at each of the dates.

    Parameters
    ----------
    history : pandas.DataFrame
        As for `kamlib.forecast.forecast_panel`.
    horizon : int
        Periods to forecast at each origin [periods].
    season_length : int
        Periods in a season [periods].
    origins : int
        Origins to judge by. A dozen months meet every month of the year once.
    step : int
        Periods between two origins.
    method, groups
        As for `kamlib.forecast.forecast_panel`.
    coverage : sequence of float
        Shares that intervals are to hold, each between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        Per method (`method`, then seasonal_naive) one row for all series and periods ahead (unique_id and
        horizon null), one per period ahead (unique_id null) and one per series (horizon null). errors: how
        many count. wape: sum |error| / sum |actual|; bias: sum error / sum |actual|, positive where too
        high; smape: mean of 2 |error| / (|actual| + |forecast|), 0 where both are zero; mase: mean of
        |error| over the mean absolute change over a season in the series before the origin; rmsse: root of
        sum error² / sum of the mean square change over a season, each error bringing that of its series
        before its origin, so that series that hardly move cannot outweigh all others; pinball: twice the
        pinball losses of forecast and interval ends over sum |actual|, mean over these quantiles, where
        intervals are known; coverage_80, ...: share of actual values within their intervals; beats_naive:
        whether sum |error| is below seasonal naive's (a tie is not), null for seasonal naive itself. A
        measure is null where nothing counts.

    Raises
    ------
    ParameterError
        As `forecast_panel`; if the history has one row or none in each series, or a coverage is not between 0
        and 1.

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy, International Journal of Forecasting
    16:437-450. Hyndman & Koehler (2006), International Journal of Forecasting 22:679-688. Theil (1966),
    Applied Economic Forecasting, chapter 2 (U, a root of a ratio of sums of squares).

    Examples
    --------
    >>> history = pd.DataFrame({"unique_id": "A", "ds": range(8), "y": [2.0, 4, 2, 4, 2, 4, 2, 4]})
    >>> table = backtest_panel(
    ...     history, horizon=1, season_length=1, origins=2, method="seasonal_naive", coverage=()
    ... )
    >>> table[["unique_id", "horizon", "method", "errors", "wape", "bias"]]
      unique_id  horizon          method  errors      wape  bias
    0       NaN     <NA>  seasonal_naive       2  0.666667   0.0
    1       NaN        1  seasonal_naive       2  0.666667   0.0
    2         A     <NA>  seasonal_naive       2  0.666667   0.0
    """
    check_counts(horizon=horizon, season_length=season_length)
    coverage = check_coverage(coverage, none=True)
    panel = read_panel(history)
    rows = choose_origins(
        len(panel.y), horizon=horizon, season_length=season_length, origins=origins, step=step
    )
    if not len(rows):
        raise ParameterError(
            f"history: no series has two rows, so there is nothing to backtest ({len(panel.ids)} series)."
        )
    methods = (method,) if method == _NAIVE else (method, _NAIVE)
    dated = panel.by_date()
    losses = {}
    for name in methods:
        blocks, judged = _backtest(panel, rows, groups, (horizon, season_length, name))
        losses[name] = _losses(dated, blocks, judged, season_length, coverage)
    base = np.abs(losses[_NAIVE].error)
    parts = []
    for name, found in losses.items():
        views = {None: _table(found, base, (0, 1, 2)), "horizon": _table(found, base, (0, 2))}
        views["unique_id"] = _table(found, base, (0, 1))
        views["horizon"]["horizon"] = np.arange(1, horizon + 1)
        views["unique_id"]["unique_id"] = panel.ids
        for table in views.values():
            table["method"] = name
            if name == _NAIVE:
                table["beats_naive"] = None
        parts += list(views.values())
    return _together(parts, panel.ids)


def _backtest(
    panel: Panel, rows: Ints, groups: Groups | None, task: tuple[int, int, str]
) -> tuple[Blocks, Flags]:
    """Forecast at every date that is some series' origin, (o,); also say whose it is, shape (o, n)."""
    horizon, season_length, method = task
    actual = panel.by_date()
    origin = rows[:, None] + len(actual) - len(panel.y) - panel.lag
    dates = np.unique(origin)
    forecast = np.full((len(dates), horizon, len(panel.ids)), np.nan)
    came = np.full_like(forecast, np.nan)
    for k, date in enumerate(dates):
        known = panel.before(len(actual) - int(date))
        lender = known.lender(groups, horizon=horizon, season_length=season_length)
        made = forecast_matrix(
            known.y,
            horizon=horizon,
            season_length=season_length,
            method=method,
            group=lender(len(known.y)) if lender else None,
        )
        forecast[k] = np.where(panel.lag <= len(actual) - date, made, np.nan)
        ahead = actual[date : date + horizon]
        came[k, : len(ahead)] = ahead
    judged: Flags = (dates[:, None, None] == origin).any(axis=1)
    return Blocks(dates, came, forecast), judged


def _losses(
    y: Floats, blocks: Blocks, judged: Flags, season_length: int, coverage: Sequence[float]
) -> _Losses:
    error = np.where(judged[:, None], blocks.error, np.nan)
    scales = [seasonal_scales(y[:row], season_length) for row in blocks.origins]
    absolute, square = (np.array([pair[i] for pair in scales])[:, None] for i in (0, 1))
    size = np.where(np.isnan(error), np.nan, np.abs(blocks.actual))
    both = size + np.abs(blocks.forecast)
    relative = np.where(both == 0, 0.0, 2 * np.abs(error) / np.where(both == 0, 1.0, both))
    ends = _past_intervals(y, blocks, season_length, coverage) if len(coverage) else None
    within, pinball = {}, np.full_like(error, np.nan)
    if ends is not None:
        losses = [quantile_loss(blocks.actual, blocks.forecast, 0.5)]
        for i, share in enumerate(ends.coverage):
            low, high = ends.low[i].reshape(error.shape), ends.high[i].reshape(error.shape)
            held = (low <= blocks.actual) & (blocks.actual <= high)
            within[_named(share)] = np.where(np.isnan(error + low), np.nan, held)
            losses += [quantile_loss(blocks.actual, low, (1 - share) / 2)]
            losses += [quantile_loss(blocks.actual, high, (1 + share) / 2)]
        pinball = np.where(np.isnan(error), np.nan, 2 * np.mean(losses, axis=0))
    allowed = np.where(np.isnan(error), np.nan, square**2)
    squared = np.where(np.isnan(allowed), np.nan, error**2)
    return _Losses(size, error, relative, np.abs(error) / absolute, squared, allowed, pinball, within)


def _past_intervals(y: Floats, blocks: Blocks, season_length: int, coverage: Sequence[float]) -> Intervals:
    """Return each origin's intervals as they could be known then, shape (levels, origins x horizon, n)."""
    count, horizon, n = blocks.forecast.shape
    low, high = (np.full((len(coverage), count, horizon, n), np.nan) for _ in range(2))
    scales = conformal_scales(y, blocks.origins, season_length=season_length)
    ahead = np.arange(horizon)
    for k in range(1, count):
        over = blocks.origins[:k, None] + ahead < blocks.origins[k]
        actual = np.where(over[:, :, None], blocks.actual[:k], np.nan)
        known = Blocks(blocks.origins[:k], actual, blocks.forecast[:k])
        if np.isfinite(known.error / np.where(scales[:k, None] > 0, 1.0, np.nan)).any():
            found = intervals(blocks.forecast[k], known, scales[: k + 1], coverage=coverage)
            low[:, k], high[:, k] = found.low, found.high
    shape = (len(coverage), count * horizon, n)
    return Intervals(tuple(coverage), low.reshape(shape), high.reshape(shape))


def _table(losses: _Losses, naive: Floats, over: tuple[int, ...]) -> pd.DataFrame:
    """Return one row per cell that is left after summing over axes."""

    def total(values: Floats) -> Floats:
        return np.atleast_1d(np.where(np.isnan(values), 0.0, values).sum(axis=over))

    def mean(values: Floats) -> Floats:
        return _share(total(values), total(~np.isnan(values)))

    absolute, size = np.abs(losses.error), total(losses.size)
    judged = np.where(np.isnan(losses.pinball), np.nan, losses.size)
    return pd.DataFrame(
        {
            "errors": total(~np.isnan(losses.error)).astype(np.int64),
            "wape": _share(total(absolute), size),
            "bias": _share(total(losses.error), size),
            "smape": mean(losses.relative),
            "mase": mean(losses.scaled),
            "rmsse": np.sqrt(_share(total(losses.squared), total(losses.allowed))),
            "pinball": _share(total(losses.pinball), total(judged)),
            **{name: mean(values) for name, values in losses.within.items()},
            "beats_naive": total(absolute) < total(naive),
        }
    )


def _share(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


def _named(share: float) -> str:
    return f"coverage_{100 * share:g}"


def _together(parts: list[pd.DataFrame], ids: pd.Index) -> pd.DataFrame:
    """Put the tables of both methods one below the other, keys first."""
    order = ["unique_id", "horizon", "method"]
    for part in parts:
        if "unique_id" not in part:
            part["unique_id"] = pd.Series(
                pd.NA, index=part.index, dtype=ids.dtype if ids.dtype == "str" else "object"
            )
        if "horizon" not in part:
            part["horizon"] = pd.NA
        part["horizon"] = part["horizon"].astype("Int64")
        part["beats_naive"] = part["beats_naive"].astype("boolean")
        part["method"] = part["method"].astype("str")
    table = pd.concat(parts, ignore_index=True)
    return table[order + [name for name in table.columns if name not in order]]
