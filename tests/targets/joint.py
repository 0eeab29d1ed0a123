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
