"""Past periods side by side, and the blend that would have split them best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from kamlib.measures.rounding import Floats
from kamlib.targets.bounded import split_bounded
from kamlib.targets.bounds import account_bounds
from kamlib.targets.facts import Flags
from kamlib.targets.judge import Cases, Draws, ends, relative, weight_grid
from kamlib.targets.params import AllocationParams
from kamlib.targets.past import PastPeriod
from kamlib.targets.shares import blend_shares

BLENDED = ("history", "potential", "forecast")
"""Factors that a blend is sought of; last year's period is part of the history."""

PLANNED = "planned"
"""What the plan's own weights, floors and caps make of a total."""


@dataclass(frozen=True)
class Replay:
    """Past periods, factors and reps on common axes.

    Attributes
    ----------
    past : tuple of PastPeriod
        The periods, in order of time.
    factors : tuple of str
        Factors whose shares all periods have.
    reps : tuple of str
        Reps who held an open account on the planning day of one of them, sorted.
    """

    past: tuple[PastPeriod, ...]
    factors: tuple[str, ...]
    reps: tuple[str, ...]

    @cached_property
    def by_rep(self) -> Floats:
        """Share of each rep by each factor, shape (factors, periods, reps) [fraction]."""
        return np.array([[self._sum(p, p.shares[name]) for p in self.past] for name in self.factors])

    @cached_property
    def actual(self) -> Floats:
        """What the accounts of each rep bought, shape (periods, reps) [currency]."""
        return np.array([self._sum(p, p.actual) for p in self.past])

    @cached_property
    def counted(self) -> Flags:
        """Whether a rep held an open account, shape (periods, reps)."""
        return np.array([self._sum(p, p.facts.open.astype(np.float64)) > 0 for p in self.past])

    @cached_property
    def totals(self) -> Floats:
        """What all open accounts bought, shape (periods,) [currency]."""
        return np.array([p.actual.sum() for p in self.past])

    def sized(self, growth: float) -> Floats:
        """Totals by growth over the same period a year before, shape (periods,) [currency]."""
        return np.array([p.base * (1 + growth) for p in self.past])

    def constant(self, weights: Mapping[str, object]) -> Floats:
        """Return the weights of a rule that does not change, shape (periods, factors)."""
        row = [float(weights.get(name, 0)) for name in self.factors]  # type: ignore[arg-type]
        return np.tile(row, (len(self.past), 1))

    def shares(self, at: int) -> Floats:
        """Return the accounts' shares in one period, shape (factors, accounts) [fraction]."""
        return np.array([self.past[at].shares[name] for name in self.factors])

    def cases(self, used: Floats, totals: Floats) -> Cases:
        """Return the reps' targets by rules whose weights are of shape (rules, periods, factors)."""
        target = np.einsum("gdf,fdr->gdr", used, self.by_rep) * totals[:, None]
        return Cases(target, self.actual, self.counted)

    def _sum(self, past: PastPeriod, values: Floats) -> Floats:
        code = pd.Index(self.reps).get_indexer(past.reps)
        found = np.bincount(code[code >= 0], values[code >= 0], minlength=len(self.reps))
        return np.asarray(found, dtype=np.float64)


def with_plan(replay: Replay, totals: Floats, *, split: AllocationParams, unit: int) -> Replay:
    """Add, as a factor called planned, the shares that the plan's own weights, floors and caps would give.

    Amounts given for single accounts speak of the period planned and are left out. Where floors and caps
    leave a total out of reach, the nearest total within reach is split: the shares then don't add up to 1.
    """
    past = tuple(
        replace(p, shares={**p.shares, PLANNED: _planned(p, float(total), split, unit)})
        for p, total in zip(replay.past, totals, strict=True)
    )
    return Replay(past, (*replay.factors, PLANNED), replay.reps)


def _planned(past: PastPeriod, total: float, split: AllocationParams, unit: int) -> Floats:
    rules = split.model_copy(update={"pins": {}, "floors": {}, "caps": {}})
    blend = blend_shares(
        past.facts,
        weights=rules.factor_weights(),
        evidence=past.evidence,
        quarters=rules.history_quarters,
    )
    bounds = account_bounds(past.facts, params=rules, unit=unit, months=past.window.length)
    upper = np.where((blend.weights > 0).astype(bool), bounds.upper, bounds.lower)
    least, most = sum(bounds.lower.tolist()), sum(upper.tolist())
    units = min(max(round(total / unit), least), most)
    parts = split_bounded(blend.weights, units, lower=bounds.lower, upper=bounds.upper)
    return parts.exact * unit / total


@dataclass(frozen=True)
class BestBlend:
    """The blend with the smallest error of the reps' targets.

    Attributes
    ----------
    factors : tuple of str
        What is blended.
    weights : numpy.ndarray of float64, shape (factors,)
        The best weights over all periods.
    held_out : numpy.ndarray of float64, shape (periods, all factors), or None
        For each period the weights that are best on those that do not overlap it; None where a period has
        none.
    interval : numpy.ndarray of float64, shape (2, factors)
        Where 95 % of the bootstrap's best weights lie; NaN with one period.
    """

    factors: tuple[str, ...]
    weights: Floats
    held_out: Floats | None
    interval: Floats

    def table(self) -> pd.DataFrame:
        """Return one row per factor: factor, weight, weight_low, weight_high [fraction]."""
        return pd.DataFrame(
            {
                "factor": pd.Series(self.factors, dtype="str"),
                "weight": self.weights,
                "weight_low": self.interval[0],
                "weight_high": self.interval[1],
            }
        )


def best_blend(replay: Replay, draws: Draws | None) -> BestBlend:
    """Seek the blend of history, potential and forecast that would have split the true totals best.

    All weights in steps of 5 points are tried; of equally good ones the most even counts.
    """
    at = [i for i, name in enumerate(replay.factors) if name in BLENDED]
    grid = weight_grid(len(at))
    used = np.zeros((len(grid), len(replay.past), len(replay.factors)))
    used[:, :, at] = grid[:, None]
    cases = replay.cases(used, replay.totals)
    errors, weight = cases.errors, cases.weight
    by_period, came = errors.sum(axis=2), weight.sum(axis=1)
    first = np.array([p.window.first for p in replay.past])
    apart = np.abs(first[:, None] - first) >= replay.past[0].window.length
    held_out = np.zeros((len(replay.past), len(replay.factors))) if apart.any(axis=1).all() else None
    for place, others in enumerate(apart if held_out is not None else ()):
        error = relative(by_period[:, others].sum(axis=1), came[others].sum())
        held_out[place, at] = grid[_smallest(error)]  # type: ignore[index]
    interval = np.full((2, len(at)), np.nan)
    if draws is not None:
        drawn = draws.relative(errors, weight)
        known = np.isfinite(drawn).all(axis=1)
        interval = ends(grid[np.argmin(drawn[known], axis=1)])
    best = grid[_smallest(relative(by_period.sum(axis=1), came.sum()))]
    return BestBlend(tuple(replay.factors[i] for i in at), best, held_out, interval)


def _smallest(error: Floats) -> int:
    """Return the place of the smallest error, the first of equal ones; 0 where none is known."""
    return int(np.argmin(np.nan_to_num(error, nan=np.inf)))
