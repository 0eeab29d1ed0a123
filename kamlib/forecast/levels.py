"""Forecasts of a book's sales at every level at once, and how they are made to add up.

The company as a whole, a region or a product line shows a season and a growth that single accounts hide; an
account knows its own changes first. Every level is forecast from its own months, and the forecasts are then
reconciled: each gives way by how far off it has been, until the parts add up to their sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kamlib.forecast.arrays import Flags, Floats, Ints
from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.group import Group, group_paths
from kamlib.forecast.params import ForecastParams
from kamlib.forecast.sales_history import LEVELS, Pairs, history_of, sum_groups
from kamlib.measures.money import SCALE

if TYPE_CHECKING:
    from kamlib.forecast.structure import Structure

ABOVE = LEVELS[:-1]


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

    Pairs take season and growth from their product line; regions, reps, account types and accounts from the
    company.
    """
    pairs = levels.pairs
    begin = max(0, len(pairs.ticks) - params.history_months)
    bottom = history_of(pairs, len(pairs.ticks), params.history_months)
    bottom[:, ~levels.still] = np.nan
    above, lent = [], []
    lasting = levels.still & (pairs.first < begin + params.season_length)
    lines, _ = pd.factorize(levels.groups["product_line"], sort=True)
    company, own = lines.max() + 1, lines.max() + 2
    for level in ABOVE:
        code, keys = pd.factorize(levels.groups[level], sort=True)
        sums = sum_groups(pairs.ticks[begin:] * levels.still, code, len(keys)).T / SCALE
        first = np.full(len(keys), len(pairs.ticks))
        np.minimum.at(first, code[levels.still], pairs.first[levels.still])
        sums[np.arange(begin, len(pairs.ticks))[:, None] < first] = np.nan
        above.append(sums)
        lent.append(np.full(len(keys), own if level in ("company", "product_line") else company))
    like = sum_groups(pairs.ticks[begin:] * lasting, lines, company).T / SCALE
    like = np.column_stack([like, like.sum(axis=1)])
    path = group_paths(like, horizon=horizon, season_length=params.season_length)
    group = Group(np.column_stack([path, np.ones(len(path))]), np.concatenate([*lent, lines]))
    return Series(np.column_stack([*above, bottom]), group)


def reconciled_ticks(levels: Levels, base: Floats, errors: Floats | None, *, params: ForecastParams) -> Ints:
    """Reconcile base forecasts and return those of the pairs, shape (horizon, n) [currency / 10,000].

    Without errors, by `bottom_up`, and where the method is seasonal naive, pairs keep their own forecast; so
    does a pair that sold nothing for a whole season, as adding up must not bring back what has stopped. A
    pair that never fell below zero is kept from it; every sum is then taken from the pairs, so that all
    levels add up exactly.
    """
    from kamlib.forecast.reconcile import reconcile

    bottom = slice(levels.structure.above, None)
    base = np.nan_to_num(base)
    result = base[:, bottom]
    if errors is not None and params.reconciliation != "bottom_up" and params.method != "seasonal_naive":
        result = reconcile(base, levels.structure, method=params.reconciliation, errors=errors)[:, bottom]
    idle = (levels.pairs.ticks[-params.season_length :] == 0).all(axis=0)
    result = np.where(idle, base[:, bottom], result)
    never_negative = (levels.pairs.ticks >= 0).all(axis=0)
    result = np.where(never_negative, np.maximum(result, 0.0), result)
    ticks: Ints = np.rint(np.where(levels.still, result, 0.0) * SCALE).astype(np.int64)
    return ticks
