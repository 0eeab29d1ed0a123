"""Backtests: what the forecasts would have been at earlier origins, beside what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kamlib.errors import ParameterError
from kamlib.forecast.arrays import Floats, Ints
from kamlib.forecast.engine import check_counts, forecast_matrix
from kamlib.forecast.group import Group


@dataclass(frozen=True)
class Blocks:
    """Forecasts of many series made at several origins, each a block of all periods ahead.

    Attributes
    ----------
    origins : numpy.ndarray of int64, shape (o,)
        Row of the first period forecast; only rows before it were known. Ascending.
    actual : numpy.ndarray, shape (o, horizon, n)
        What came; NaN in a gap, before the series began and beyond the end of the history.
    forecast : numpy.ndarray, shape (o, horizon, n)
        What was forecast; NaN where nothing was known of the series before the origin.
    """

    origins: Ints
    actual: Floats
    forecast: Floats

    @property
    def error(self) -> Floats:
        """Forecast - actual, shape (o, horizon, n); NaN where either is."""
        return self.forecast - self.actual

    @property
    def step(self) -> int:
        """Least number of rows between two origins; 1 where there is only one."""
        return int(np.diff(self.origins).min(initial=self.origins[-1])) if len(self.origins) > 1 else 1


def backtest_matrix(
    y: Floats,
    *,
    horizon: int,
    season_length: int,
    origins: Sequence[int],
    method: str = "blend",
    group: Callable[[int], Group] | None = None,
) -> Blocks:
    """Forecast many series at several origins, each from the rows before it alone.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        One column a series; NaN is a gap, and before the first observation the series does not exist yet.
    horizon : int
        Periods to forecast at each origin.
    season_length : int
        Periods in a season; 1 means none.
    origins : sequence of int
        Rows of the first period to forecast, in any order.
    method : str
        As for `kamlib.forecast.engine.forecast_matrix`.
    group : callable, optional
        Given an origin, what groups lend their members, made from the rows before the origin: shapes are
        those `forecast_matrix` asks for a history of as many rows.

    Returns
    -------
    Blocks
        Sorted by origin.

    Raises
    ------
    ParameterError
        If there is no origin, one is there twice, or one is not a row of `y` after its first.

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy: an analysis and review, International
    Journal of Forecasting 16:437-450.

    Examples
    --------
    >>> y = np.array([[5.0], [5.0], [5.0], [8.0]])
    >>> blocks = backtest_matrix(y, horizon=2, season_length=1, origins=[2, 3], method="seasonal_naive")
    >>> blocks.error[:, :, 0].tolist()
    [[0.0, -3.0], [-3.0, nan]]
    """
    rows = np.sort(np.asarray(origins, dtype=np.int64))
    if not len(rows):
        raise ParameterError("origins is empty; name at least one row to forecast from.")
    if (np.diff(rows) == 0).any():
        raise ParameterError(f"origins names a row twice, such as {rows[1:][np.diff(rows) == 0][0]}.")
    if rows[0] < 1 or rows[-1] >= len(y):
        wrong = rows[0] if rows[0] < 1 else rows[-1]
        raise ParameterError(
            f"origins holds {wrong}; with {len(y)} rows of history an origin lies from 1 to {len(y) - 1}."
        )
    actual = np.full((len(rows), horizon, y.shape[1]), np.nan)
    forecast = np.full_like(actual, np.nan)
    for k, origin in enumerate(rows):
        came = y[origin : origin + horizon]
        actual[k, : len(came)] = came
        forecast[k] = forecast_matrix(
            y[:origin],
            horizon=horizon,
            season_length=season_length,
            method=method,
            group=None if group is None else group(int(origin)),
        )
    return Blocks(rows, actual, forecast)


def choose_origins(length: int, *, horizon: int, season_length: int, origins: int, step: int = 1) -> Ints:
    """Choose rows to forecast from: the last whose horizon is over, and as many as asked for.

    They lie `step` rows apart, the last of them `horizon` rows before the end. None lies before the first
    season is over, or before half of a history shorter than two seasons; where that leaves too few, later
    rows follow, whose horizon is over in part. A history of one row has none.

    Parameters
    ----------
    length : int
        Rows of history.
    horizon, season_length : int
        Periods ahead and in a season.
    origins : int
        How many are wanted.
    step : int
        Rows between two.

    Raises
    ------
    ParameterError
        If `origins` or `step` is below 1.

    Examples
    --------
    >>> choose_origins(36, horizon=12, season_length=12, origins=3).tolist()
    [22, 23, 24]
    >>> choose_origins(16, horizon=12, season_length=12, origins=3).tolist()
    [8, 9, 10]
    """
    check_counts(origins=origins, step=step)
    least = max(1, min(season_length, length // 2))
    end = length - horizon  # the last row whose horizon is over
    first = end - step * (origins - 1)
    if first < least:
        first = least + max(0, end - least) % step
    rows = first + step * np.arange(origins)
    return np.asarray(rows[rows < length], dtype=np.int64)
