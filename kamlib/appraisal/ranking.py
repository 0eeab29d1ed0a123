"""Ranks with their doubt: which ranks a rep may hold when accounts and weights could have been others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.measures.rounding import largest_remainder

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_LAST = -1e18  # the total of who was not measured: finite, so that differences are
_BATCH = 256  # draws ranked at a time, so that memory does not grow with their number


@dataclass(frozen=True)
class RankDraws:
    """How often each rep held each rank.

    Attributes
    ----------
    counts : numpy.ndarray of int64, shape (reps, reps)
        Draws in which the row's rep held the column's rank (0 is the best); ties share the best rank.
    draws : int
        Number of draws.
    central : numpy.ndarray of float64, shape (reps, kpis)
        Mean of the weights under which the rep came first; NaN for who never did.
    """

    counts: Integers
    draws: int
    central: Floats

    @property
    def acceptabilities(self) -> Floats:
        """Share of draws by rep and rank; rows sum to 1."""
        return np.asarray(self.counts / self.draws)

    def plausible(self, level: float = 0.9) -> tuple[Integers, Integers]:
        """Return the best and the worst rank (1 is the best) that enclose `level` of each rep's draws."""
        cumulated = np.cumsum(self.counts, axis=1) / self.draws
        tail = (1 - level) / 2
        best = (cumulated <= tail + 1e-12).sum(axis=1) + 1
        worst = (cumulated < 1 - tail - 1e-12).sum(axis=1) + 1
        return best.astype(np.int64), worst.astype(np.int64)


def draw_weights(
    kpis: int,
    *,
    draws: int,
    rng: np.random.Generator,
    given: Sequence[float] | None = None,
    spread: float = 1.0,
) -> Floats:
    """Draw weights from the simplex: all alike, or around given ones.

    Parameters
    ----------
    kpis : int
        Number of KPIs.
    draws : int
        Number of draws.
    rng : numpy.random.Generator
        Source of randomness.
    given : sequence of float, optional
        Weights to draw around; each drawn weight then has them as its mean. Without, every set of weights is
        as likely as any other.
    spread : float
        Of draws around `given`: the standard deviation of a weight w is spread * sqrt(w (1 - w)), 0 < spread
        < 1 (Dirichlet with concentration 1 / spread**2 - 1).

    Returns
    -------
    numpy.ndarray of float64, shape (draws, kpis)
        Rows sum to 1.
    """
    if given is None:
        return np.asarray(rng.dirichlet(np.ones(kpis), size=draws))
    if not 0 < spread < 1:
        raise ParameterError(f"spread of weights is {spread:g}; it must be between 0 and 1.")
    weights = np.asarray(given, dtype=float)
    shape = weights / weights.sum() * (1 / spread**2 - 1)
    gammas = rng.standard_gamma(shape, size=(draws, kpis))
    return np.asarray(gammas / gammas.sum(axis=1, keepdims=True))


def rank_draws(scores: Floats, weights: Floats) -> RankDraws:
    """Rank reps under many weights, and under many scores where these were drawn too (SMAA-2).

    Parameters
    ----------
    scores : numpy.ndarray of float64, shape (reps, kpis) or (draws, reps, kpis)
        Scores, or a set of them per draw; NaN where a KPI is left out for a rep, whose other weights are
        then raised in proportion. A rep without any KPI ranks last.
    weights : numpy.ndarray of float64, shape (draws, kpis)
        Weights, a row a draw.

    Returns
    -------
    RankDraws

    References
    ----------
    R. Lahdelma, P. Salminen (2001). SMAA-2: stochastic multicriteria acceptability analysis for group
    decision making. Operations Research 49:444-454.

    Examples
    --------
    >>> even = np.array([[0.5, 0.5]])
    >>> rank_draws(np.array([[1.0, 0.0], [0.6, 0.6]]), even).counts
    array([[0, 1],
           [1, 0]])
    """
    draws, kpis = weights.shape
    reps = scores.shape[-2]
    counts = np.zeros((reps, reps), dtype=np.int64)
    central = np.zeros((reps, kpis))
    firsts = np.zeros(reps)
    rows = np.arange(reps)[None, :] * reps
    for start in range(0, draws, _BATCH):
        part = weights[start : start + _BATCH]
        total = _totals(scores[start : start + _BATCH] if scores.ndim == 3 else scores, part)
        ranks = _ranks(total)
        counts += np.bincount((rows + ranks).ravel(), minlength=reps * reps).reshape(reps, reps)
        first = (ranks == 0).astype(float)
        central += first.T @ part
        firsts += first.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return RankDraws(counts, draws, np.where(firsts[:, None] > 0, central / firsts[:, None], np.nan))


def _totals(scores: Floats, weights: Floats) -> Floats:
    """Return weighted means (draws, reps), weights raised where KPIs are left out."""
    known = ~np.isnan(scores)
    filled = np.where(known, scores, 0.0)
    if scores.ndim == 2:
        total, used = weights @ filled.T, weights @ known.T.astype(float)
    else:
        total = np.einsum("drk,dk->dr", filled, weights)
        used = np.einsum("drk,dk->dr", known.astype(float), weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(used > 0, total / used, _LAST))


def _ranks(total: Floats) -> Integers:
    """Return ranks from 0 within each row, the highest first; equal totals share the best rank."""
    order = np.argsort(-total, axis=1, kind="stable")
    ordered = np.take_along_axis(total, order, axis=1)
    fresh = np.ones(total.shape, dtype=bool)
    # Sums of floats that differ by rounding alone are ties.
    with np.errstate(invalid="ignore"):
        gap = ordered[:, :-1] - ordered[:, 1:]
        fresh[:, 1:] = gap > 1e-12 * np.maximum(np.abs(ordered[:, 1:]), 1.0)
    place = np.maximum.accumulate(np.where(fresh, np.arange(total.shape[1]), 0), axis=1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, place, axis=1)
    return np.asarray(ranks, dtype=np.int64)


def rank_reps(totals: pd.Series) -> pd.Series:
    """Rank totals, 1 the best; equal totals share the best rank, unknown ones have none.

    Examples
    --------
    >>> rank_reps(pd.Series([80.0, 90.0, 80.0])).tolist()
    [2, 1, 2]
    """
    return totals.rank(ascending=False, method="min").astype("Int64")


def flips(
    finals: Callable[[Floats], Floats], weights: Floats, order: Sequence[int], measured: Sequence[Hashable]
) -> pd.DataFrame:
    """Find, for neighbours in a ranking, the smallest change of one weight that puts the lower one level.

    One KPI's weight moves, the others give way or gain in proportion. Scores then change linearly between
    the weights that hold and those of the KPI alone, as long as all who matter are measured on the same KPIs;
    other pairs are not compared.

    Parameters
    ----------
    finals : callable
        Given weights (kpis,), returns final scores (reps,).
    weights : numpy.ndarray of float64, shape (kpis,)
        Weights of sum 1.
    order : sequence of int
        Reps from the best to the worst.
    measured : sequence
        By rep, what tells on which KPIs the score rests; pairs that differ in it are not compared, nor those
        where it is None.

    Returns
    -------
    pandas.DataFrame
        One row per pair of neighbours: upper, lower (reps), gap (difference of their final scores [score
        points]), kpi (column that moves; -1 where no change of one weight does it), change (of its weight,
        signed [fraction]).
    """
    here = finals(weights)
    alone = np.array([finals(row) for row in np.eye(len(weights))])  # (kpis, reps)
    rows = []
    for upper, lower in pairwise(order):
        gap = here[upper] - here[lower]
        best, found = -1, np.nan
        if measured[upper] == measured[lower] and measured[upper] is not None:
            for k, weight in enumerate(weights):
                change = _level_change(gap, alone[k, upper] - alone[k, lower], weight)
                if not np.isnan(change) and not abs(change) >= abs(found):
                    best, found = k, change
        rows.append((upper, lower, float(gap), best, found))
    return pd.DataFrame(rows, columns=["upper", "lower", "gap", "kpi", "change"])


def _level_change(gap: float, gap_alone: float, weight: float) -> float:
    """Return the change of a weight at which two reps are level; NaN where there is none within 0..1."""
    if weight >= 1 or np.isnan(gap_alone) or gap == gap_alone:
        return np.nan
    level = weight + (1 - weight) * gap / (gap - gap_alone)
    return float(level - weight) if 0 <= level <= 1 else np.nan


def force_distribution(reps: int, shares: Sequence[float]) -> Integers:
    """Split a number of reps into bands, the best first, by largest remainder.

    Examples
    --------
    >>> [force_distribution(n, (0.2, 0.7, 0.1)).tolist() for n in (23, 7, 3)]
    [[5, 16, 2], [1, 5, 1], [1, 2, 0]]
    """
    if not shares or min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise ParameterError(f"forced distribution: shares {list(shares)} must not be negative and sum to 1.")
    return largest_remainder(np.asarray(shares), reps)


def topsis(scores: pd.DataFrame, weights: Sequence[float], *, directions: Sequence[str]) -> pd.Series:
    """Score alternatives by closeness to the ideal and distance from its opposite, with vector norms.

    Parameters
    ----------
    scores : pandas.DataFrame, shape (alternatives, criteria)
        Without gaps; no column all zero.
    weights : sequence of float
        Any scale.
    directions : sequence of str
        ``up`` or ``down`` per criterion.

    References
    ----------
    C.-L. Hwang, K. Yoon (1981). Multiple Attribute Decision Making. Springer.

    Examples
    --------
    >>> table = pd.DataFrame([[9, 7, 6, 7], [8, 7, 9, 6], [7, 8, 6, 6]])
    >>> topsis(table, [4, 2, 6, 8], directions=["up"] * 4).round(7).tolist()
    [0.387687, 0.6503238, 0.0834767]
    """
    values = scores.to_numpy(dtype=float)
    norm = np.sqrt((values**2).sum(axis=0))
    if not np.isfinite(values).all() or (norm == 0).any() or len(weights) != values.shape[1]:
        raise ParameterError("TOPSIS: values without gaps, a weight each, and no criterion that is all zero.")
    share = np.asarray(weights, dtype=float) / np.sum(weights)
    placed = values / norm * share * np.where([d == "down" for d in directions], -1.0, 1.0)
    to_best = np.sqrt(((placed - placed.max(axis=0)) ** 2).sum(axis=1))
    to_worst = np.sqrt(((placed - placed.min(axis=0)) ** 2).sum(axis=1))
    apart = to_best + to_worst
    return pd.Series(np.where(apart > 0, to_worst / np.where(apart > 0, apart, 1), 0.5), index=scores.index)
