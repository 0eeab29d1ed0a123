"""Forecasts of a book made again at past planning dates, with what was known then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from kamlib.forecast.arrays import Floats, Ints
from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.levels import (
    Levels,
    base_forecast,
    closed_pairs,
    make_levels,
    reconciled_ticks,
    step_errors,
)
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

_LEAST_ERRORS = 2  # a variance needs two errors
_STEPS = 24  # one-month-ahead errors that levels are weighed by: two seasons
_MANY = 10_000  # pairs beyond which single ones are replayed at planning dates only: fewer take a minute or
# less with every month, and what is pooled over more series needs fewer dates, not more


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
    steps : numpy.ndarray, shape (time, all)
        Error of every series forecast by itself one month ahead, by month [currency]; NaN where that was not
        replayed and before a series began. Of sums, of the accounts they were forecast from.
    open_steps : numpy.ndarray, shape (time, all)
        The same of the accounts that are not closed today, by which today's forecast is reconciled: what a
        closed account did has no say in what the others will do.
    apart : int
        Months between the dates at which accounts and pairs were replayed.
    base : numpy.ndarray, shape (origins, longest, all)
        Forecast of every series by itself [currency]; NaN beyond the history.
    params : ForecastParams
        How forecasts were made and are reconciled.
    actual : numpy.ndarray of int64, shape (origins, longest, n)
        What came [currency / 10,000]; 0 beyond the history.
    """

    levels: Levels
    origins: Ints
    horizon: int
    steps: Floats
    open_steps: Floats
    apart: int
    base: Floats
    params: ForecastParams
    actual: Ints

    @cached_property
    def forecast(self) -> Ints:
        """Reconciled forecast of each pair, shape (origins, longest, n) [currency / 10,000]."""
        result = np.zeros_like(self.actual)
        for place, origin in enumerate(self.origins):
            known = self.levels.until(origin)
            ahead = min(result.shape[1], len(self.levels.pairs.ticks) - origin)
            result[place, :ahead] = reconciled_ticks(
                known, self.base[place, :ahead], self.known_errors(origin), params=self.params
            )
        return result

    def known_errors(self, row: int) -> Floats | None:
        """Return the one-month-ahead errors that were known before `row`; see `_last_errors`."""
        return _last_errors(self.steps, row, self.levels)

    def errors_today(self) -> Floats | None:
        """Return those by which today's forecast is reconciled."""
        return _last_errors(self.open_steps, len(self.levels.pairs.ticks), self.levels)

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
    `params.season_length` months of history before it. Forecasts are reconciled with the errors one month
    ahead of the two seasons before the date. Regions, reps, types and whether an account is closed are not
    replayed; an account that began later has no part in a past forecast.

    In a book of more than 10,000 pairs, accounts and pairs are replayed only at dates a multiple of
    `params.holdout_step` months before `as_of`, for the ranges too; the levels above the account every month.
    Blocks of a year that begin a month apart share eleven of twelve months: leaving out two of three loses
    little of what they tell (see `kamlib.forecast.paths.independent_blocks`).

    Parameters
    ----------
    cube, accounts, as_of, until, params
        As for `kamlib.forecast.forecast_sales`.

    Returns
    -------
    PastForecasts
    """
    pairs = lay_out(cube, as_of=as_of)
    groups = group_keys(pairs, accounts)
    levels, closed = make_levels(pairs, groups), closed_pairs(pairs, accounts)
    horizon, length = month_number(until) - month_number(as_of), len(pairs.ticks)
    judged = range(length - params.holdout_months, length, params.holdout_step)
    apart = params.holdout_step if len(pairs.keys) > _MANY else 1
    blocks = range(length - horizon - params.error_origins + 1, length - horizon + 1)
    chosen = {*judged, *(row for row in blocks if (length - row) % apart == 0)}
    origins = np.array(sorted(row for row in chosen if row >= params.season_length), dtype=np.int64)
    longest = reach(horizon, params)
    n, above = len(pairs.keys), levels.structure.above
    base = np.full((len(origins), longest, above + n), np.nan)
    actual = np.zeros((len(origins), longest, n), dtype=np.int64)
    steps = np.full((length, above + n), np.nan)
    first = max(params.season_length, min([length, *origins.tolist()]) - _STEPS)
    for origin in range(first, length):
        place = int(np.searchsorted(origins, origin))
        replayed = place < len(origins) and origins[place] == origin
        sums_only = not replayed and (length - origin) % apart > 0
        made = _forecast_at(levels, origin, longest, params, sums_only=sums_only)
        steps[origin] = _error_of(levels, origin, made[0], params)
        if replayed:
            ahead = min(longest, length - origin)
            base[place, :ahead] = made[:ahead]
            actual[place, :ahead] = pairs.ticks[origin : origin + ahead]
    open_steps = steps
    if closed.any():
        open_steps, still = np.full_like(steps, np.nan), make_levels(pairs, groups, closed)
        for origin in range(max(params.season_length, length - _STEPS), length):
            sums_only = (length - origin) % apart > 0
            made = _forecast_at(still, origin, longest, params, sums_only=sums_only)
            open_steps[origin] = _error_of(still, origin, made[0], params)
    return PastForecasts(levels, origins, horizon, steps, open_steps, apart, base, params, actual)


def reach(horizon: int, params: ForecastParams) -> int:
    """Return the months that every forecast of a book is made for, however few are asked for.

    What past months say of a method is measured over as many as are to be forecast. So a month's forecast is
    the same whether a quarter or the year is asked for (up to `holdout_months` ahead), and the same as the
    replay of its date.
    """
    return max(horizon, params.holdout_months)


def _forecast_at(
    levels: Levels, origin: int, horizon: int, params: ForecastParams, *, sums_only: bool
) -> Floats:
    known = levels.until(origin)
    return base_forecast(known, horizon=horizon, params=params, method=params.method, sums_only=sums_only)


def _error_of(levels: Levels, origin: int, made: Floats, params: ForecastParams) -> Floats:
    """Return how far the first month's forecasts of an origin were off."""
    came = levels.pairs.ticks[origin]
    return step_errors(levels.until(origin), made, came, season_length=params.season_length)


def _last_errors(steps: Floats, row: int, levels: Levels) -> Floats | None:
    """Return the last one-month-ahead errors before `row`, shape (errors, all); None if too few.

    Errors further ahead overlap from one date to the next: they repeat each other and would pass for more
    evidence than they are.
    """
    known = steps[max(0, row - _STEPS) : row]
    known = known[~np.isnan(known).all(axis=1)]
    of_pairs = ~np.isnan(known[:, levels.structure.above :]).all(axis=1)
    return known if of_pairs.sum() >= _LEAST_ERRORS else None


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
