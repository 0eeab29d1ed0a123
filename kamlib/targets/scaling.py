"""The table nearest to a seed that meets every margin and every bound: minimum cross-entropy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kamlib.measures.rounding import Floats
from kamlib.targets.fitted import WIDEST, MarginFit, check_table, widest_gap
from kamlib.targets.requirements import Requirement

_SWEEPS = 3000  # passes at most; 432 random requests took 71
_PLAIN = 10  # passes without clipping, at a fifth of the cost, before those that can speed up
_PATIENCE = 3  # sweeps before Newton steps set in: requests that plain scaling meets at once never need one
_INNER = 60  # halvings of a bracket: enough to reach float precision
_STEEP = 0.25  # sweeps that leave less than this part of the gap need no Newton step
_STALL = 10  # passes in which the gap must halve; what needs more is met sooner from within
_FLAT = 1e-13  # bend along a path, relative to its groups' own, that is rounding alone: groups that depend


def scale_to_margins(
    seed: npt.ArrayLike,
    requirements: Sequence[Requirement],
    *,
    lower: npt.ArrayLike = 0.0,
    upper: npt.ArrayLike = np.inf,
    tolerance: float = 1e-10,
) -> MarginFit:
    """Fit a seed to requirements that are known to agree; `fit_margins` checks that first.

    The fitted table has the least cross-entropy, sum of ``x log(x / seed) - x + seed``, among all that meet
    the requirements and the bounds. It is ``clip(seed * product of rates, lower, upper)`` with one rate for
    each group: 1 for floors and caps that don't bind. Rates are found by dual ascent: one requirement at a
    time is met exactly (iterative proportional fitting, with clipping inside), and where that is slow a
    Newton step on all rates together, by conjugate gradients, follows each pass. A cell whose seed is zero
    stays at its lower bound.

    Parameters
    ----------
    seed : array_like
        Cells of zero or more, of any number of axes.
    requirements : sequence of Requirement
        What sums of cells must be.
    lower, upper : array_like, optional
        Bounds of each cell, broadcast to the seed [units].
    tolerance : float, optional
        Widest relative gap at which the fit has converged.

    Returns
    -------
    MarginFit
        Not converged where the gap does not halve in ten passes, as it does not where requirements conflict,
        and seldom where they don't (`kamlib.targets.interior.fit_inside` meets those). Independent of the
        order of positions along an axis, to within 1e-9 of each cell relative to the largest sum asked for.

    Raises
    ------
    ParameterError
        If the seed or a bound is negative or not a number, a lower bound is above its upper bound, or a
        requirement does not fit the shape.

    References
    ----------
    I. Csiszar (1975). I-divergence geometry of probability distributions. Annals of Probability 3:146-158.
    L. M. Bregman (1967). The relaxation method of finding the common point of convex sets. USSR Computational
    Mathematics and Mathematical Physics 7:200-217.

    Examples
    --------
    >>> from kamlib.targets.requirements import require
    >>> rows = require("row", ["a", "b"], None, total=[30, 10])
    >>> columns = require("column", None, ["x", "y"], total=[20, 20])
    >>> scale_to_margins(np.ones((2, 2)), [rows, columns]).table.round(6).tolist()
    [[15.0, 15.0], [5.0, 5.0]]
    """
    cells = check_table(seed, requirements, lower, upper)
    problem = _Problem(cells[0], cells[1], cells[2], tuple(requirements))
    duals = [np.zeros(one.lower.shape) for one in requirements]
    before = np.inf
    if problem.plain():
        problem.scale(duals, tolerance)
    gap, sweeps = problem.gap(duals), 0
    gaps = [gap]
    while gap > tolerance and sweeps < _SWEEPS:
        problem.sweep(duals)
        sweeps += 1
        gap = problem.gap(duals)
        if gap > tolerance and sweeps >= _PATIENCE and gap > _STEEP * before:
            duals = problem.newton(duals)
            gap = problem.gap(duals)
        before = gap
        gaps.append(gap)
        if sweeps > _STALL and gap > min(gaps[:-_STALL]) / 2:
            break
    rates = tuple(np.exp(dual) for dual in duals)
    return MarginFit(problem.table(duals), rates, gap, sweeps, gap <= tolerance)


@dataclass(frozen=True, eq=False)
class _Problem:
    """The dual problem: a logarithm of the rate for each group."""

    seed: Floats
    lower: Floats
    upper: Floats
    requirements: tuple[Requirement, ...]

    def weights(self, duals: Sequence[Floats]) -> Floats:
        """Return the seed times its rates, before clipping."""
        result = self.seed
        if duals:
            result = self.seed * np.exp(np.clip(self._laid(duals), -WIDEST, WIDEST))
        return result

    def _laid(self, values: Sequence[Floats]) -> Floats:
        """Add up on each cell the values of the groups that it lies in."""
        parts = zip(self.requirements, values, strict=True)
        return np.asarray(sum(one.spread(value, outside=0.0) for one, value in parts))

    def table(self, duals: Sequence[Floats]) -> Floats:
        return np.clip(self.weights(duals), self.lower, self.upper)

    def plain(self) -> bool:
        """Say whether there are only totals and no bounds of cells."""
        totals = all((one.lower == one.upper).all() for one in self.requirements)
        return totals and not self.lower.any() and bool(np.isinf(self.upper[self.seed > 0]).all())

    def scale(self, duals: list[Floats], tolerance: float) -> None:
        """Scale to one total after the other, without clipping, a few times: most requests are then met."""
        table = self.seed.copy()
        for _ in range(_PLAIN):
            widest = 0.0
            for at, one in enumerate(self.requirements):
                sums = one.sums(table)
                if (one.lower[sums <= 0] > 0).any():
                    return
                rate = np.divide(one.lower, sums, out=np.ones(sums.shape), where=sums > 0)
                widest = max(widest, float((np.abs(rate - 1) * (one.lower > 0)).max(initial=0.0)))
                table *= one.spread(rate, outside=1.0)
                duals[at] = duals[at] + np.log(np.maximum(rate, np.exp(-WIDEST)))
            if widest <= tolerance:
                return

    def gap(self, duals: Sequence[Floats]) -> float:
        return widest_gap(self.requirements, duals, self.table(duals))

    def sweep(self, duals: list[Floats]) -> None:
        """Meet each requirement in turn, totals first, the others' rates held."""
        ranges = [bool((one.lower < one.upper).any()) for one in self.requirements]
        for at in sorted(range(len(duals)), key=ranges.__getitem__):
            one = self.requirements[at]
            duals[at] = self._meet(one, duals[at], self.weights(duals))

    def _meet(self, one: Requirement, dual: Floats, weights: Floats) -> Floats:
        """Return the dual at which a requirement's groups are met, or zero where they are without it."""
        now = one.sums(np.clip(weights, self.lower, self.upper))
        slack = one.lower < one.upper
        wanted, step = np.clip(now, one.lower, one.upper), np.zeros(dual.shape)
        if (slack & (dual != 0)).any():
            free = self._sums_at(one, weights, np.where(slack, -dual, 0.0))
            wanted = np.where(slack, np.clip(free, one.lower, one.upper), wanted)
            stays = dual * (wanted - free) > 0  # the bound that the rate is for still binds
            step = np.where(slack & ~stays, -dual, 0.0)
            now = np.where(stays, now, free)
        low, high = np.full(dual.shape, -WIDEST), np.full(dual.shape, WIDEST)
        first = np.abs(now - wanted)
        for _ in range(_INNER):
            open_ = np.abs(now - wanted) > 1e-13 * np.maximum(wanted, 1.0) + 1e-3 * first
            if not open_.any():
                break
            low = np.where(now < wanted, np.maximum(low, step), low)
            high = np.where(now > wanted, np.minimum(high, step), high)
            moved = weights * one.spread(np.exp(step), outside=1.0)
            slope = one.sums(np.where((moved > self.lower) & (moved < self.upper), moved, 0.0))
            ratio = 1 + np.divide(wanted - now, slope, out=np.full(slope.shape, -1.0), where=slope > 0)
            try_ = step + np.log(np.where(ratio > 0, ratio, 1.0))
            inside = (ratio > 0) & (try_ > low) & (try_ < high)
            step = np.where(open_, np.where(inside, try_, (low + high) / 2), step)
            now = self._sums_at(one, weights, step)
        return np.clip(dual + step, -WIDEST, WIDEST)

    def _sums_at(self, one: Requirement, weights: Floats, step: Floats) -> Floats:
        return one.sums(np.clip(weights * one.spread(np.exp(step), outside=1.0), self.lower, self.upper))

    def objective(self, duals: Sequence[Floats]) -> float:
        """Return the dual function, which the best rates make least."""
        weights = self.weights(duals)
        table = np.clip(weights, self.lower, self.upper)
        ratio = np.divide(weights, table, out=np.ones(table.shape), where=(table > 0) & (weights > 0))
        value = float((table + table * np.log(ratio)).sum())
        held = np.where(
            self.seed > 0, 0.0, table
        )  # has no rate to be clipped, but is part of its groups' sums
        if duals and held.any():
            value += float((held * self._laid(duals)).sum())
        for one, dual in zip(self.requirements, duals, strict=True):
            bound = np.where(dual > 0, one.lower, np.where(np.isfinite(one.upper), one.upper, 0.0))
            value -= float((dual * bound).sum())
        return value

    def newton(self, duals: list[Floats]) -> list[Floats]:
        """Return duals after a Newton step on all groups that bind, shortened until the dual falls."""
        weights = self.weights(duals)
        table = np.clip(weights, self.lower, self.upper)
        curve = np.where((weights > self.lower) & (weights < self.upper), weights, 0.0)
        gaps, scales, kinks, sides = [], [], [], []
        for one, dual in zip(self.requirements, duals, strict=True):
            sums, kink = one.sums(table), one.lower < one.upper
            bound = np.where(dual > 0, one.lower, one.upper)
            short = np.where(kink & (dual == 0), np.clip(sums, one.lower, one.upper), bound) - sums
            slope = one.sums(curve)
            binds = (slope > 0) & (~kink | (dual != 0) | (short != 0))
            gaps.append(np.where(binds, short, 0.0))
            scales.append(np.where(binds, 1.0 / np.where(slope > 0, slope, 1.0), 0.0))
            kinks.append(kink)
            sides.append(np.where(dual != 0, dual, short))
        step, ray = self._solve(curve, gaps, scales)
        start, fall = self.objective(duals), -_dot(gaps, step)
        length = 1.0
        while length > 1e-4:
            tried = []
            for dual, part, kink, side in zip(duals, step, kinks, sides, strict=True):
                moved = np.clip(dual + length * part, -WIDEST, WIDEST)
                tried.append(np.where(kink & (side * moved < 0), 0.0, moved))
            if self.objective(tried) <= start + 1e-4 * length * fall:
                duals = tried
                break
            length /= 2
        return duals if ray is None else self._follow(duals, ray)

    def _follow(self, duals: list[Floats], ray: list[Floats]) -> list[Floats]:
        """Go along a path on which the dual does not bend to where it is least, where a rate becomes 1."""
        slack = [one.lower < one.upper for one in self.requirements]
        parts = zip(duals, ray, slack, strict=True)
        ends = np.unique(np.concatenate([-d[k & (d * r < 0)] / r[k & (d * r < 0)] for d, r, k in parts]))

        def at(place: int) -> list[Floats]:
            moved = []
            for one, dual, way, kink in zip(self.requirements, duals, ray, slack, strict=True):
                end = dual + ends[place] * way
                end = np.where(np.abs(end) <= 1e-12 * np.abs(dual), 0.0, end)
                end = np.where(kink & np.isinf(one.upper), np.maximum(end, 0.0), end)
                end = np.where(kink & (one.lower <= 0), np.minimum(end, 0.0), end)
                moved.append(np.clip(end, -WIDEST, WIDEST))
            return moved

        first, last = 0, len(ends) - 1
        while first < last:  # the dual is convex, so that it falls up to its least end and rises beyond it
            middle = (first + last) // 2
            if self.objective(at(middle)) <= self.objective(at(middle + 1)):
                last = middle
            else:
                first = middle + 1
        found = at(first) if len(ends) else duals
        return found if self.objective(found) < self.objective(duals) else duals

    def _solve(
        self, curve: Floats, gaps: list[Floats], scales: list[Floats]
    ) -> tuple[list[Floats], list[Floats] | None]:
        """Solve for the Newton step by conjugate gradients, each group scaled by its own slope.

        Where groups depend on each other, as regions do on the total, a path may fall and not bend, so that
        no step along it has a length. It is returned beside the step.
        """
        step = [np.zeros(gap.shape) for gap in gaps]
        rest = [gap.copy() for gap in gaps]
        turned = [scale * gap for scale, gap in zip(scales, rest, strict=True)]
        path = turned
        size = _dot(rest, turned)
        goal = 1e-12 * size  # a millionth of the gap: each step then saves six digits near the end
        for _ in range(2 * sum(gap.size for gap in gaps) if sum(gap.size for gap in gaps) < 50 else 100):
            if size <= goal:
                break
            laid = self._laid(path)
            pushed = [
                np.where(scale > 0, one.sums(curve * laid), 0.0)
                for one, scale in zip(self.requirements, scales, strict=True)
            ]
            bend = _dot(path, pushed)
            if bend <= _FLAT * sum(_weighted(p, scale) for p, scale in zip(path, scales, strict=True)):
                return step, path
            far = size / bend
            step = [s + far * p for s, p in zip(step, path, strict=True)]
            rest = [r - far * p for r, p in zip(rest, pushed, strict=True)]
            turned = [scale * r for scale, r in zip(scales, rest, strict=True)]
            size, last = _dot(rest, turned), size
            path = [t + size / last * p for t, p in zip(turned, path, strict=True)]
        return step, None


def _dot(one: Sequence[Floats], other: Sequence[Floats]) -> float:
    return sum(float((a * b).sum()) for a, b in zip(one, other, strict=True))


def _weighted(path: Floats, scale: Floats) -> float:
    return float(np.divide(path**2, scale, out=np.zeros(path.shape), where=scale > 0).sum())
