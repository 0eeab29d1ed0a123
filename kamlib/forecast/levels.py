"""Forecasts of a book's sales at every level at once, and how they are made to add up.

The company as a whole, a region or a product line shows a season and a growth that single accounts hide; an
account knows its own changes first. Every level is forecast from its own months, and the forecasts are then
reconciled: each gives way by how far off it has been, until the parts add up to their sums.

The base forecast is what the accounts that buy today go on to buy. So the sums are like for like: of accounts
that began before the last season and bought in it, without growth by new ones (see
`kamlib.forecast.comparable`). Younger accounts add what is forecast of their own months. What accounts yet to
begin will bring is new business, and no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kamlib.forecast.arrays import Flags, Floats, Indices, Ints
from kamlib.forecast.comparable import comparable_sums
from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.group import Group, group_paths
from kamlib.forecast.params import ForecastParams
from kamlib.forecast.sales_history import LEVELS, Pairs, history_of, sum_groups
from kamlib.measures.money import SCALE

if TYPE_CHECKING:
    from kamlib.forecast.structure import Structure

ABOVE = LEVELS[:-1]
_YEAR = 12  # months, by which growth is counted whether there is a season or not
_LEAST_ERRORS = 2  # of one pair: a spread needs two


@dataclass(frozen=True)
class Levels:
    """Pairs and the series above them.

    Attributes
    ----------
    pairs : Pairs
        The account x product line pairs: the bottom series.
    groups : pandas.DataFrame, shape (n, ...)
        Key of every pair at each level, see `kamlib.forecast.sales_history.group_keys`.
    structure : Structure
        All series: those above, level by level and sorted by key, then the pairs.
    still : numpy.ndarray of bool, shape (n,)
        Pairs whose account may still buy.
    """

    pairs: Pairs
    groups: pd.DataFrame
    structure: Structure
    still: Flags

    @property
    def sums(self) -> int:
        """Number of series above the accounts."""
        return sum(int(self.groups[level].nunique()) for level in ABOVE[:-1])

    def lasting(self, season_length: int) -> Flags:
        """Say of each pair whether its account counts in the sums above.

        It does if it began before the last season and bought anything in it. Who bought in the book's first
        month had begun before it.
        """
        ticks, account = self.pairs.ticks, pd.factorize(self.groups["account"])[0]
        sold = (ticks[-season_length:] != 0).any(axis=0)
        buys = np.zeros(account.max() + 1, dtype=bool)
        buys[account[sold]] = True
        result: Flags = self.still & (self.began < len(ticks) - season_length) & buys[account]
        return result

    @property
    def began(self) -> Ints:
        """Row before which each pair's account had begun; the book's first month counts as begun before."""
        return np.where(self.pairs.first == 0, -1, self.pairs.first)

    def until(self, origin: int) -> Levels:
        """Return the levels as they were known before row `origin`."""
        return Levels(self.pairs.until(origin), self.groups, self.structure, self.still)


@dataclass(frozen=True)
class Series:
    """All series of the levels: their months, shape (time, all) [currency], and what groups lend them."""

    y: Floats
    group: Group


def make_levels(pairs: Pairs, groups: pd.DataFrame, closed: Flags | None = None) -> Levels:
    """Return the levels of pairs; those of `closed` accounts are no part of the levels above."""
    from kamlib.forecast.structure import build_structure

    still = np.ones(len(groups), dtype=bool) if closed is None else ~closed
    return Levels(pairs, groups, build_structure(groups, ABOVE), still)


def closed_pairs(pairs: Pairs, accounts: pd.DataFrame) -> Flags:
    """Say of each pair whether its account is closed; none is where `accounts` has no status."""
    if "status" not in accounts:
        return np.zeros(len(pairs.keys), dtype=bool)
    closed = accounts.loc[accounts["status"] == "closed", "account_id"]
    return np.asarray(pairs.keys["account_id"].isin(closed), dtype=bool)


def base_forecast(
    levels: Levels, *, horizon: int, params: ForecastParams, method: str, sums_only: bool = False
) -> Floats:
    """Forecast every series by itself, shape (horizon, all); NaN where nothing is known.

    With `sums_only` only the levels above the account are forecast; accounts and pairs are NaN.
    """
    read = read_series(levels, horizon=horizon, params=params)
    asked = slice(levels.sums if sums_only else None)
    result = np.full((horizon, read.y.shape[1]), np.nan)
    result[:, asked] = forecast_matrix(
        read.y[:, asked],
        horizon=horizon,
        season_length=params.season_length,
        method=method,
        group=Group(read.group.path, read.group.member[asked]),
    )
    return result


def read_series(levels: Levels, *, horizon: int, params: ForecastParams) -> Series:
    """Lay out what is forecast: every series within the history window, and what it is lent.

    Sums above the account are like for like (see `Levels.lasting`); an account is the sum of its own lines.
    Pairs take season and growth from their product line, and so does the line's own sum; regions, reps,
    account types and accounts take them from the company, and so does the company's.
    """
    pairs, season_length = levels.pairs, params.season_length
    begin = max(0, len(pairs.ticks) - params.history_months)
    bottom = history_of(pairs, len(pairs.ticks), params.history_months)
    bottom[:, ~levels.still] = np.nan
    lasting, sold = levels.lasting(season_length), pairs.ticks[begin:] / SCALE
    first = np.where(levels.began < begin, -1, pairs.first - begin)
    above, lent = [], []
    lines, _ = pd.factorize(levels.groups["product_line"], sort=True)
    company = lines.max() + 1
    for level in ABOVE[:-1]:
        code, keys = pd.factorize(levels.groups[level], sort=True)
        part = sold[:, lasting], first[lasting], code[lasting]
        above.append(comparable_sums(*part, len(keys), season_length=season_length))
        lent.append(np.arange(len(keys)) if level == "product_line" else np.full(len(keys), company))
    like = np.column_stack([above[ABOVE.index("product_line")], above[ABOVE.index("company")]])
    path = group_paths(like, horizon=horizon, season_length=season_length, year=_YEAR)
    account, keys = pd.factorize(levels.groups["account"], sort=True)
    above.append(_account_sums(levels, account, len(keys), begin))
    lent.append(np.full(len(keys), company))
    group = Group(path, np.concatenate([*lent, lines]))
    return Series(np.column_stack([*above, bottom]), group)


def _account_sums(levels: Levels, code: Indices, count: int, begin: int) -> Floats:
    """Return what each account sold of all lines, from row `begin` on; NaN before its first sale."""
    pairs = levels.pairs
    sums = sum_groups(pairs.ticks[begin:] * levels.still, code, count).T / SCALE
    first = np.full(count, len(pairs.ticks))
    np.minimum.at(first, code[levels.still], pairs.first[levels.still])
    sums[np.arange(begin, len(pairs.ticks))[:, None] < first] = np.nan
    return sums


def step_errors(levels: Levels, made: Floats, came: Ints, *, season_length: int) -> Floats:
    """Return how far forecasts of the next month were off, shape (all,) [currency].

    Parameters
    ----------
    levels : Levels
        As known before that month.
    made : numpy.ndarray, shape (all,)
        What `base_forecast` said of it.
    came : numpy.ndarray of int, shape (n,)
        What each pair then sold [currency / 10,000].
    season_length : int
        Months in a season.
    """
    above, sums = levels.structure.above, levels.sums
    sold = came / SCALE
    all_sold = levels.structure.sum_up(sold[None])[0]
    like = levels.structure.sum_up((sold * levels.lasting(season_length))[None])[0]
    result: Floats = made - np.concatenate([like[:sums], all_sold[sums:above], sold])
    return result


def reconciled_ticks(levels: Levels, base: Floats, errors: Floats | None, *, params: ForecastParams) -> Ints:
    """Reconcile base forecasts and return those of the pairs, shape (horizon, n) [currency / 10,000].

    Part take the pairs of accounts that count in the sums (see `Levels.lasting`), but for those that sold
    nothing for a whole season, as adding up must not bring back what has stopped. All others keep their own
    forecast: closed and idle ones, those not begun, and those too young to be compared. So do all without
    errors, by `bottom_up`, and where the method is seasonal naive. A pair that never fell below zero is kept
    from it; every sum is then taken from the pairs, so that all levels add up exactly.
    """
    above = levels.structure.above
    result = np.nan_to_num(base[:, above:])
    lasting = levels.lasting(params.season_length)
    active = lasting & (levels.pairs.ticks[-params.season_length :] != 0).any(axis=0)
    weighed = (
        errors is not None and params.reconciliation != "bottom_up" and params.method != "seasonal_naive"
    )
    if weighed and errors is not None and _has_spread(errors[:, above:][:, active]):
        result[:, active] = _reconcile_part(levels, base, errors, active, lasting & ~active, params)
    never_negative = (levels.pairs.ticks >= 0).all(axis=0)
    result = np.where(never_negative, np.maximum(result, 0.0), result)
    ticks: Ints = np.rint(np.where(levels.still, result, 0.0) * SCALE).astype(np.int64)
    return ticks


def _reconcile_part(
    levels: Levels, base: Floats, errors: Floats, active: Flags, kept: Flags, params: ForecastParams
) -> Floats:
    """Reconcile the active pairs with the sums they are in, less what is kept of those: (horizon, active)."""
    from kamlib.forecast.reconcile import reconcile

    structure = levels.structure
    sums = structure.holding(active)
    columns = np.concatenate([sums, structure.above + np.flatnonzero(active)])
    held = structure.sum_up(np.where(kept, np.nan_to_num(base[:, structure.above :]), 0.0))
    y = base[:, columns]
    y[:, : len(sums)] -= held[:, sums]
    part = structure.part(active)
    return reconcile(y, part, method=params.reconciliation, errors=errors[:, columns])[:, part.above :]


def _has_spread(errors: Floats) -> bool:
    """Say whether any series has two known errors."""
    return bool(((~np.isnan(errors)).sum(axis=0) >= _LEAST_ERRORS).any())
