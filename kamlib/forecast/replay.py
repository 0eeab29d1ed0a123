"""Forecasts of a book made again at past planning dates, with what was known then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.forecast.arrays import Floats, Ints
from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.levels import Levels, base_forecast, make_levels, reconciled_ticks
from kamlib.forecast.params import ForecastParams
from kamlib.forecast.sales_history import (
    Pairs,
    group_keys,
    history_of,
    lay_out,
    month_number,
    month_text,
)
from kamlib.measures.money import SCALE, to_money

_LEAST_BLOCKS = 2  # a variance needs two errors


@dataclass(frozen=True)
class PastForecasts:
    """Forecasts made at past dates, and what came.

    Attributes
    ----------
    levels : Levels
        Pairs and the series above them, with the whole history.
    origins : numpy.ndarray of int64, shape (origins,)
        First row forecast, in order of time.
    horizon : int
        Months that a complete block of errors covers.
    base_error : numpy.ndarray, shape (origins, longest, all)
        Error of every series forecast by itself [currency]; NaN beyond the history and before a series began.
    forecast : numpy.ndarray of int64, shape (origins, longest, n)
        Reconciled forecast of each pair [currency / 10,000].
    actual : numpy.ndarray of int64, shape (origins, longest, n)
        What came [currency / 10,000]; 0 beyond the history.
    """

    levels: Levels
    origins: Ints
    horizon: int
    base_error: Floats
    forecast: Ints
    actual: Ints

    def known_errors(self, row: int) -> Floats | None:
        """Return the base errors whose months lie before `row`, shape (errors, all); None if too few."""
        ahead = np.arange(self.base_error.shape[1])
        known = self.origins[:, None] + ahead < row
        if known.any(axis=1).sum() < _LEAST_BLOCKS:
            return None
        return self.base_error[known]

    def errors(self) -> Floats:
        """Return the pairs' errors (origins, longest, n) [currency]; NaN where the account had not begun."""
        begun = self.levels.pairs.first < self.origins[:, None]
        return np.where(begun[:, None], (self.forecast - self.actual) / SCALE, np.nan)

    def complete(self) -> Ints:
        """Return the places of the origins whose block of `horizon` months is over."""
        return np.flatnonzero(self.origins + self.horizon <= len(self.levels.pairs.ticks))


def replay_sales(
    cube: pd.DataFrame, accounts: pd.DataFrame, *, as_of: dt.date, until: dt.date, params: ForecastParams
) -> PastForecasts:
    """Forecast again from past dates, each time with what was known before.

    Two sets of dates are replayed: those of the last `params.holdout_months`, `params.holdout_step` months
    apart, by which the forecast is judged; and, month by month, the last `params.error_origins` from which
    as many months lie before `as_of` as are now to be forecast: their errors set the ranges. Each needs
    `params.season_length` months of history before it. Forecasts are reconciled with the errors that were
    known on the date. Regions, reps, types and whether an account is closed are not replayed.

    Parameters
    ----------
    cube, accounts, as_of, until, params
        As for `kamlib.forecast.forecast_sales`.

    Returns
    -------
    PastForecasts
    """
    pairs = lay_out(cube, as_of=as_of)
    levels = make_levels(pairs, group_keys(pairs, accounts))
    horizon, length = month_number(until) - month_number(as_of), len(pairs.ticks)
    judged = range(length - params.holdout_months, length, params.holdout_step)
    blocks = range(length - horizon - params.error_origins + 1, length - horizon + 1)
    origins = np.array(sorted({o for o in (*judged, *blocks) if o >= params.season_length}), dtype=np.int64)
    longest = max([horizon, params.holdout_months])
    n, above = len(pairs.keys), levels.structure.above
    base = np.full((len(origins), longest, above + n), np.nan)
    actual = np.zeros((len(origins), longest, n), dtype=np.int64)
    error = np.full_like(base, np.nan)
    for i, origin in enumerate(origins):
        ahead = min(longest, length - origin)
        base[i, :ahead] = base_forecast(
            levels.until(origin), horizon=ahead, params=params, method=params.method
        )
        actual[i, :ahead] = pairs.ticks[origin : origin + ahead]
        error[i, :ahead] = base[i, :ahead] - levels.structure.sum_up(actual[i, :ahead] / SCALE)
    past = PastForecasts(levels, origins, horizon, error, np.zeros_like(actual), actual)
    for i, origin in enumerate(origins):
        ahead = min(longest, length - origin)
        past.forecast[i, :ahead] = reconciled_ticks(
            levels.until(origin), base[i, :ahead], past.known_errors(origin), params=params
        )
    return past


def naive_ticks(pairs: Pairs, *, horizon: int, params: ForecastParams) -> Ints:
    """Forecast every pair by seasonal naive, rounded to whole ticks, shape (horizon, n)."""
    y = history_of(pairs, len(pairs.ticks), params.history_months)
    forecast = forecast_matrix(
        y, horizon=horizon, season_length=params.season_length, method="seasonal_naive"
    )
    return np.rint(np.nan_to_num(forecast) * SCALE).astype(np.int64)


def forecast_errors(past: PastForecasts) -> pd.DataFrame:
    """Return the complete blocks of errors of every pair, from which ranges and sample paths are drawn.

    Parameters
    ----------
    past : PastForecasts
        What `replay_sales` made.

    Returns
    -------
    pandas.DataFrame
        One row per account, product line, origin and horizon: account_id (null for sales without an
        account), product_line, origin (first month forecast), horizon (months ahead, 1 is the origin
        itself) and error (forecast - actual) [currency; null where the account had not begun]; sorted so.
        Empty where the history is too short for a complete block.
    """
    keys, chosen = past.levels.pairs.keys, past.complete()
    blocks = past.errors()[chosen, : past.horizon].transpose(2, 0, 1)
    n, count, horizon = blocks.shape
    names = month_text(past.levels.pairs.start + past.origins[chosen])
    table = keys.loc[keys.index.repeat(count * horizon)].reset_index(drop=True)
    table["origin"] = pd.Series(np.tile(np.repeat(names, horizon), n), dtype="str")
    table["horizon"] = pd.Series(np.tile(np.arange(1, horizon + 1), n * count), dtype="Int64")
    known = pd.Series(~np.isnan(blocks.ravel()), index=table.index)
    ticks = np.rint(np.nan_to_num(blocks.ravel()) * SCALE).astype(np.int64)
    return table.assign(error=to_money(ticks, table.index).where(known))
