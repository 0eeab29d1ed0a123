"""Small joint requests made at random, and an independent judge of whether one can be met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st
from scipy.optimize import linprog

from kamlib.targets.requirements import Requirement, require


@dataclass(frozen=True)
class Asked:
    """A seed, bounds of its cells, a whole table within them, and requirements made from its sums."""

    seed: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    table: np.ndarray
    requirements: tuple[Requirement, ...]


@st.composite
def requests(draw: st.DrawFn) -> Asked:
    """Draw a request that can be met: 2 or 3 axes, groups of any kind, totals, floors and caps."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=2, max_size=3)))
    seed = rng.integers(0, 9, shape) * rng.uniform(0.1, 3, shape)
    lower = rng.integers(0, 3, shape) * (rng.random(shape) < 0.3)
    upper = lower + rng.integers(0, 12, shape)
    table = np.where(seed > 0, rng.integers(lower, upper + 1), lower)
    free = rng.random(shape) < draw(st.floats(0, 1))
    asked = []
    for number in range(draw(st.integers(1, 4))):
        groups = [None if rng.random() < 0.4 else rng.integers(0, size, size) for size in shape]
        kind = draw(st.sampled_from(["total", "total", "floor", "cap", "range"]))
        sums = require(str(number), *groups, upper=0.0).sums(table.astype(float))
        below = np.maximum(sums - rng.integers(0, 4, sums.shape), 0)
        above = sums + rng.integers(0, 4, sums.shape)
        amounts = {
            "total": {"total": sums},
            "floor": {"lower": below},
            "cap": {"upper": above},
            "range": {"lower": below, "upper": above},
        }
        asked.append(require(str(number), *groups, **amounts[kind]))
    return Asked(seed, lower.astype(float), np.where(free, np.inf, upper), table, tuple(asked))


@st.composite
def nested_requests(draw: st.DrawFn) -> Asked:
    """Draw totals, windows, floors and caps on groups that lie in each other; a third cannot be met."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (int(rng.integers(2, 9)), int(rng.integers(1, 4)), int(rng.integers(1, 5)))
    scale = int(rng.choice([1, 10, 1000, 10**6]))
    seed = rng.gamma(0.7, 1, shape) * scale * (rng.random(shape) < rng.choice([0.75, 1]))
    table = rng.integers(0, 3 + scale, shape) * ((seed > 0) & (rng.random(shape) < 0.85))
    lower, upper = np.zeros(shape), np.full(shape, np.inf)
    some = rng.random(shape) < rng.choice([0, 0.5])
    lower[some] = np.floor(table[some] * rng.random(some.sum()))
    some = rng.random(shape) < rng.choice([0, 0.5])
    upper[some] = table[some] + rng.integers(0, 1 + scale, some.sum())
    region, rep, kind = (rng.integers(0, count, shape[0]) for count in (3, 4, 2))
    line, month = np.arange(shape[1]), np.arange(shape[2])
    sides = {
        "total": (None, None, None),
        "line": (None, line, None),
        "month": (None, None, month),
        "quarter": (None, None, month // 2),
        "line x month": (None, line, month),
        "region": (region, None, None),
        "rep": (rep, None, None),
        "type": (kind, None, None),
        "account": (np.arange(shape[0]), None, None),
        "region x line": (region, line, None),
        "rep x month": (rep, None, month),
    }
    moved = rng.random() < 0.45
    asked = []
    for name in [name for name in sides if rng.random() < 0.45]:
        sums = require(name, *sides[name], lower=0).sums(table.astype(float))
        if moved and rng.random() < 0.5:
            most = 2 + int(scale * rng.choice([0, 0.3]))
            sums = sums + rng.integers(0, most, sums.shape) * (rng.random(sums.shape) < 0.3)
        room = int(rng.integers(1, 5) if rng.random() < 0.5 else rng.integers(1, 2 + scale))
        below, above = (
            np.maximum(sums - rng.integers(0, room, sums.shape), 0),
            sums + rng.integers(0, room, sums.shape),
        )
        amounts = [{"total": sums}, {"lower": below, "upper": above}, {"lower": below}, {"upper": above}]
        asked.append(require(name, *sides[name], **amounts[rng.integers(4)]))
    return Asked(seed, lower, upper, table, tuple(asked))


@st.composite
def changed_requests(draw: st.DrawFn) -> Asked:
    """Draw a request of which some amounts were changed, so that it often cannot be met."""
    asked = draw(requests())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    changed = []
    for one in asked.requirements:
        by = rng.integers(-6, 7, one.lower.shape) * (rng.random(one.lower.shape) < 0.5)
        lower, upper = np.maximum(one.lower + by, 0), np.maximum(one.upper + by, 0)
        changed.append(replace(one, lower=lower, upper=upper))
    return replace(asked, requirements=tuple(changed))


def can_be_met(
    asked: Asked,
    groups: Sequence[tuple[int, int]] | None = None,
    extra: np.ndarray | None = None,
    kinds: Sequence[str] | None = None,
) -> bool:
    """Say whether some groups (requirement, number) can be met, their sums changed by `extra`.

    Of a group of kind "floor" or "cap" the other side is left out. Sums are measured from the known table, so
    that amounts are small and the solver's tolerance plays no part.
    """
    rows, low, high = [], [], []
    wanted = (
        [(i, g) for i, one in enumerate(asked.requirements) for g in range(one.size)]
        if groups is None
        else groups
    )
    for at, (i, group) in enumerate(wanted):
        one = asked.requirements[i]
        cells = (one.cell_groups(asked.seed.shape) == group).ravel()
        rows.append(cells)
        by = (0 if extra is None else extra[at]) - asked.table.ravel()[cells].sum()
        kind = None if kinds is None else kinds[at]
        low.append(-np.inf if kind == "cap" else one.lower.flat[group] + by)
        high.append(np.inf if kind == "floor" else one.upper.flat[group] + by)
    if not rows:
        return True
    matrix = np.array(rows, dtype=float)
    top = np.where(asked.seed > 0, asked.upper, asked.lower).ravel()
    floor, capped = np.isfinite(low), np.isfinite(high)
    result = linprog(
        np.zeros(matrix.shape[1]),
        A_ub=np.vstack([-matrix[floor], matrix[capped]]),
        b_ub=np.concatenate([-np.array(low)[floor], np.array(high)[capped]]),
        bounds=np.column_stack([asked.lower.ravel(), top]) - asked.table.ravel()[:, None],
        method="highs",
    )
    return bool(result.status == 0)


def could_fall(asked: Asked, table: np.ndarray) -> float:
    """Return by how much the cross-entropy falls at most, for a unit of the largest amount, on any way.

    A table that meets a request is the one of least cross-entropy if on the way to no other that meets it the
    cross-entropy falls at first: a linear program, which knows nothing of rates.
    """
    cells, seed, shape = table.ravel(), asked.seed.ravel(), asked.seed.shape
    top = np.where(asked.seed > 0, asked.upper, asked.lower).ravel()
    scale = max(1.0, float(cells.max()))
    some = (cells > 0) & (seed > 0)  # the others are at their lower bound, as can_be_met says they must be
    slope = np.log(np.divide(cells, seed, out=np.ones(len(cells)), where=some))
    rows, above, below = [np.zeros(len(cells))], [0.0], [0.0]
    for one in asked.requirements:
        number = one.cell_groups(shape).ravel()
        rows += [number == group for group in range(one.size)]
        sums = one.sums(table)
        above += ((one.upper - sums) / scale).ravel().tolist()
        below += ((sums - one.lower) / scale).ravel().tolist()
    matrix, capped = np.array(rows, dtype=float), np.isfinite(above)
    result = linprog(
        slope,
        A_ub=np.vstack([matrix[capped], -matrix]),
        b_ub=np.maximum(np.concatenate([np.array(above)[capped], below]), 0.0),
        bounds=np.column_stack([asked.lower.ravel() - cells, top - cells]) / scale,
        method="highs",
    )
    assert result.status == 0
    return -float(result.fun)
