"""Forecasts of a long table of series, all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError, did_you_mean
from kamlib.forecast.arrays import Floats, Indices, Ints
from kamlib.forecast.axis import TimeAxis, read_axis
from kamlib.forecast.engine import check_counts, forecast_matrix
from kamlib.forecast.group import Group, lend
from kamlib.forecast.intervals import backtest_intervals, check_coverage
from kamlib.measures.money import as_float

_COLUMNS = ("unique_id", "ds", "y")
_LARGEST = 1e15
_LONGEST = 10_000

Groups: TypeAlias = Mapping[object, object] | pd.Series


@dataclass(frozen=True)
class Panel:
    """Series side by side, each ending in the last row.

    Attributes
    ----------
    ids : pandas.Index, shape (n,)
        Names of the series, sorted.
    axis : TimeAxis
        How the dates were written.
    last : numpy.ndarray of int64, shape (n,)
        Position of each series' last row on the axis.
    y : numpy.ndarray, shape (time, n)
        Values; NaN is a gap or before the series' first row.
    """

    ids: pd.Index
    axis: TimeAxis
    last: Ints
    y: Floats

    @property
    def lag(self) -> Indices:
        """Periods by which each series ends before the panel, shape (n,)."""
        latest = self.last.max(initial=np.iinfo(np.int64).min)
        lag: Indices = ((latest - self.last) // self.axis.step).astype(np.intp)
        if lag.max(initial=0) > _LONGEST:
            raise ParameterError(
                f"history.ds: a series ends {lag.max():,} periods before the last one, more than "
                f"{_LONGEST:,}. Remove it."
            )
        return lag

    def by_date(self) -> Floats:
        """Return the values with one row a period of the panel, so that a row is a date, (time, n).

        There are as many rows more than in `y` as the greatest lag is; a series' last row lies its lag before
        the end.
        """
        lag, n = self.lag, len(self.ids)
        late = int(lag.max(initial=0))
        dated = np.full((len(self.y) + late, n), np.nan)
        dated[np.arange(len(self.y))[:, None] + late - lag, np.arange(n)] = self.y
        return dated

    def before(self, period: int) -> Panel:
        """Return the panel as it was that many periods before its end, each series ending by then."""
        away = np.maximum(period - self.lag, 0)
        rows = np.arange(len(self.y))[:, None] - away
        y = np.where(rows >= 0, self.y[np.maximum(rows, 0), np.arange(len(self.ids))], np.nan)
        return Panel(self.ids, self.axis, self.last - self.axis.step * away, y)

    def lender(
        self, groups: Groups | None, *, horizon: int, season_length: int
    ) -> Callable[[int], Group] | None:
        """Return what makes, from the rows before a given one, what groups lend; None without groups."""
        if groups is None:
            return None
        lag, code = self.lag, _group_codes(groups, self.ids)
        return lambda row: lend(self.y[:row], lag, code, horizon=horizon, season_length=season_length)


def forecast_panel(
    history: pd.DataFrame,
    *,
    horizon: int,
    season_length: int,
    method: str = "blend",
    groups: Groups | None = None,
    coverage: Sequence[float] = (),
) -> pd.DataFrame:
    """Forecast every series of a long table, each from its own last row on.

    A missing row between a series' first and last one, or a missing value, is a gap: it is bridged, it does
    not count as zero. A zero is a sale of nothing. A series starts with its first observed value. What season
    it has beyond noise is removed (see `find_season` and `find_cadence` in `kamlib.forecast.seasonal`), the
    rest is forecast by `method`, and the season is put back. A forecast is never below zero unless the series
    itself is. Each series is forecast by itself, but for the weights of a blend, which lean on all of them,
    and for series bought now and then, which follow their sum; the order of rows changes nothing. Weights
    come from past forecasts as far ahead as `horizon`, so that the first months of a year's forecast may
    differ by a percent or two from a quarter's. A series that ended before others is forecast from its own
    end on: periods that may be past for the panel.

    Parameters
    ----------
    history : pandas.DataFrame
        One row per series and period, in any order: unique_id (text or number), ds (months as text YYYY-MM,
        timestamps, or whole numbers) and y (a number; null is a gap). Other columns are ignored. A period is
        a month of text, one of whole numbers, and for timestamps the largest step that reaches every row.
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
    groups : mapping or pandas.Series, optional
        Parent of each unique_id, such as its industry or product line. A group lends its members its season
        and its growth, which a single series, above all one of 8 to 24 months, is too short or too noisy to
        show (see `kamlib.forecast.group.lend`); a member then only adds what it is known to differ by. A
        series that is not in it, or has a null parent, borrows from none. Seasonal naive has no use for it.
    coverage : sequence of float
        Shares of coming values that intervals are to hold, each between 0 and 1, such as (0.8, 0.95). They
        come from a backtest of the panel (see `kamlib.forecast.intervals.backtest_intervals`), which takes
        about a dozen times as long as the forecast.

    Returns
    -------
    pandas.DataFrame
        One row per series and period ahead: unique_id, ds (as in `history`), forecast (null where a series
        has no observed value at all), method and, for each share asked for, low_80 and high_80 (null where
        there is nothing to backtest, or every series is constant); sorted by unique_id and ds.

    Raises
    ------
    ParameterError
        If a column is missing, a row is there twice, an id or date is missing or unreadable, a value is not
        a number, infinite or above 1e15, `groups` names a series twice, or an argument is out of range.

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
    check_counts(horizon=horizon, season_length=season_length)
    coverage = check_coverage(coverage, none=True)
    panel = read_panel(history)
    lender = panel.lender(groups, horizon=horizon, season_length=season_length)
    forecast = forecast_matrix(
        panel.y,
        horizon=horizon,
        season_length=season_length,
        method=method,
        group=lender(len(panel.y)) if lender else None,
    )
    ahead = panel.last[:, None] + panel.axis.step * np.arange(1, horizon + 1)
    table = pd.DataFrame(
        {
            "unique_id": panel.ids.repeat(horizon),
            "ds": panel.axis.write(ahead.ravel()),
            "forecast": forecast.T.ravel(),
            "method": pd.Series(method, index=range(ahead.size), dtype="str"),
        }
    )
    if len(coverage):
        found = backtest_intervals(
            panel.y, forecast, season_length=season_length, method=method, group=lender, coverage=coverage
        )
        for share, low, high in zip(found.coverage, found.low, found.high, strict=True):
            table[f"low_{100 * share:g}"], table[f"high_{100 * share:g}"] = low.T.ravel(), high.T.ravel()
    return table


def read_panel(history: pd.DataFrame) -> Panel:
    """Lay a long table out as `forecast_panel` reads it, and refuse what it refuses."""
    _check_columns(history)
    series, ids = pd.factorize(history["unique_id"], sort=True)
    axis = read_axis(history["ds"], series)
    last, y = _to_matrix(history, series, len(ids), axis)
    return Panel(ids, axis, last, y)


def _check_columns(history: pd.DataFrame) -> None:
    if not isinstance(history, pd.DataFrame):
        raise ParameterError(
            f"history is a {type(history).__name__}; it must be a table with columns unique_id, ds and y."
        )
    for column in _COLUMNS:
        if column not in history.columns:
            hint = did_you_mean(column, [str(name) for name in history.columns])
            raise ParameterError(f'history has no column "{column}"; it needs unique_id, ds and y.{hint}')
        if (history.columns == column).sum() > 1:
            raise ParameterError(f'history has more than one column "{column}". Keep one.')
    missing = int(history["unique_id"].isna().sum())
    if missing:
        raise ParameterError(f"history.unique_id: {missing} ids are missing. Name every series.")


def _group_codes(groups: Groups, ids: pd.Index) -> Indices:
    """Return the group of each series as a number, -1 for none."""
    if not isinstance(groups, Mapping | pd.Series):
        raise ParameterError(
            f'groups is "{groups}"; it must be a mapping of unique_id to parent, or a series indexed by '
            "unique_id."
        )
    parent = groups if isinstance(groups, pd.Series) else pd.Series(dict(groups), dtype="object")
    twice = parent.index[parent.index.duplicated()]
    if len(twice):
        raise ParameterError(
            f'groups: {twice.nunique()} series have more than one parent, such as "{twice[0]}". Keep one.'
        )
    code, _ = pd.factorize(parent.reindex(ids))
    return np.asarray(code, dtype=np.intp)


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
