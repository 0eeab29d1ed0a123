"""Forecasts of a long table of series, all at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError, did_you_mean
from kamlib.forecast.arrays import Floats, Indices, Ints
from kamlib.forecast.axis import TimeAxis, read_axis
from kamlib.forecast.engine import forecast_matrix
from kamlib.measures.money import as_float

_COLUMNS = ("unique_id", "ds", "y")
_LARGEST = 1e15
_LONGEST = 10_000


def forecast_panel(
    history: pd.DataFrame, *, horizon: int, season_length: int, method: str = "blend"
) -> pd.DataFrame:
    """Forecast every series of a long table, each from its own last row on.

    A missing row between a series' first and last one, or a missing value, is a gap: it is bridged, it does
    not count as zero. A zero is a sale of nothing. A series starts with its first observed value. What season
    it has beyond noise is removed (see `find_season` and `find_cadence` in `kamlib.forecast.seasonal`), the
    rest is forecast by `method`, and the season is put back. A forecast is never below zero unless the series
    itself is. Each series is forecast by itself, but for the weights of a blend, which lean on all of them;
    the order of rows changes nothing.

    Parameters
    ----------
    history : pandas.DataFrame
        One row per series and period, in any order: unique_id (text or number), ds (months as text YYYY-MM,
        timestamps, or whole numbers) and y (a number; null is a gap). Other columns are ignored.
    horizon : int
        Periods to forecast beyond each series' last row [periods].
    season_length : int
        Periods in a season: 12 for months, 4 for quarters, 1 for none [periods].
    method : str
        ``"seasonal_naive"`` repeats the last season; ``"simple"`` smoothing follows the level; ``"holt"``
        follows a trend; ``"damped"`` follows one that fades; ``"theta"`` goes half way along the line through
        the series; ``"blend"`` is their mean (see `kamlib.forecast.engine.forecast_matrix`), weighted by how
        they forecast the series' own past and the panel's (`kamlib.forecast.blend.blend_weights`), which is
        more accurate than each alone.

    Returns
    -------
    pandas.DataFrame
        One row per series and period ahead: unique_id, ds (as in `history`), forecast (null where a series
        has no observed value at all), method; sorted by unique_id and ds.

    Raises
    ------
    ParameterError
        If a column is missing, a row is there twice, an id or date is missing or unreadable, a value is not
        a number, infinite or above 1e15, or an argument is out of range.

    References
    ----------
    Makridakis & Hibon (2000), The M3-Competition, International Journal of Forecasting 16:451-476 (the mean
    of simple methods). Gardner & McKenzie (1985), Management Science 31:1237-1246 (damped trend).
    Assimakopoulos & Nikolopoulos (2000), International Journal of Forecasting 16:521-530 (Theta).

    Examples
    --------
    >>> history = pd.DataFrame({"unique_id": "A", "ds": ["2025-11", "2025-12"], "y": [10.0, 10.0]})
    >>> forecast_panel(history, horizon=2, season_length=12)
      unique_id       ds  forecast method
    0         A  2026-01      10.0  blend
    1         A  2026-02      10.0  blend
    """
    _check_columns(history)
    series, ids = pd.factorize(history["unique_id"], sort=True)
    axis = read_axis(history["ds"], series)
    last, matrix = _to_matrix(history, series, len(ids), axis)
    forecast = forecast_matrix(matrix, horizon=horizon, season_length=season_length, method=method)
    ahead = last[:, None] + axis.step * np.arange(1, horizon + 1)
    return pd.DataFrame(
        {
            "unique_id": ids.repeat(horizon),
            "ds": axis.write(ahead.ravel()),
            "forecast": forecast.T.ravel(),
            "method": pd.Series(method, index=range(ahead.size), dtype="str"),
        }
    )


def _check_columns(history: pd.DataFrame) -> None:
    for column in _COLUMNS:
        if column not in history.columns:
            hint = did_you_mean(column, [str(name) for name in history.columns])
            raise ParameterError(f'history has no column "{column}"; it needs unique_id, ds and y.{hint}')
    missing = int(history["unique_id"].isna().sum())
    if missing:
        raise ParameterError(f"history.unique_id: {missing} ids are missing. Name every series.")


def _to_matrix(history: pd.DataFrame, series: Indices, count: int, axis: TimeAxis) -> tuple[Ints, Floats]:
    """Lay the series side by side, each ending in the last row; also return each one's last position."""
    y = _values(history["y"])
    last = np.full(count, np.iinfo(np.int64).min)
    np.maximum.at(last, series, axis.position)
    back = (last[series] - axis.position) // axis.step
    length = int(back.max(initial=-1)) + 1
    if length > _LONGEST:
        raise ParameterError(
            f"history.ds: a series spans {length:,} periods, more than {_LONGEST:,}. If these are dates as "
            "numbers, use months as text YYYY-MM, or timestamps."
        )
    cell = series * length + back
    if len(np.unique(cell)) < len(cell):
        twice = history.loc[pd.Series(cell, index=history.index).duplicated(keep=False), ["unique_id", "ds"]]
        one = twice.sort_values(["unique_id", "ds"]).iloc[0]
        raise ParameterError(
            f"history: {len(twice)} rows share a unique_id and ds, such as {one.unique_id} at {one.ds}. "
            "Sum or remove them."
        )
    matrix = np.full((length, count), np.nan)
    matrix[length - 1 - back, series] = y
    return last, matrix


def _values(y: pd.Series) -> Floats:
    try:
        values = as_float(y)
    except (ValueError, TypeError):
        wrong = sorted({str(v) for v in y[pd.to_numeric(y, errors="coerce").isna() & y.notna()]})
        raise ParameterError(
            f'history.y: {len(wrong)} values are not numbers, such as "{wrong[0]}". Convert them first.'
        ) from None
    large = np.abs(values) > _LARGEST
    if large.any():
        raise ParameterError(
            f"history.y: {int(large.sum())} values are infinite or above 1e15, such as {values[large][0]}."
        )
    return values
