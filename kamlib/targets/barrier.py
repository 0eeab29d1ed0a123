"""A convex program with bounds, and the Newton steps of an interior point through it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kamlib.measures.rounding import Floats, Integers
from kamlib.targets.room import Flags

_RIDGE = 1e-13  # of a group's own bend: groups may depend on each other, as regions do on the total
_REFINED = 3  # solutions of a system, each of what the last one left


@dataclass(frozen=True, eq=False)
class System:
    """The linear system of a step: a row for each group, values eliminated by their bend.

    Groups that share values with few others, as accounts do, come before those that do with many.
    """

    rows: Any
    bend: Floats
    order: Integers
    scales: Floats
    factors: Any

    @staticmethod
    def of(rows: Any, bend: Floats) -> System:
        """Factor the system of rows at a bend."""
        from scipy.sparse import diags_array, eye_array
        from scipy.sparse.linalg import splu

        laid = rows @ diags_array(1 / bend) @ rows.T
        order = np.argsort(np.diff(laid.indptr), kind="stable")
        scales = 1 / np.sqrt(laid.diagonal()[order])
        scaled = diags_array(scales) @ laid[order][:, order] @ diags_array(scales)
        ridged = (scaled + _RIDGE * eye_array(len(scales))).tocsc()
        options = {"SymmetricMode": True}
        factors = splu(ridged, permc_spec="NATURAL", diag_pivot_thresh=0.0, options=options)
        return System(rows, bend, order, scales, factors)

    def solve(self, wanted: Floats) -> Floats:
        """Return duals that move each row by what is wanted."""
        found, rest = np.zeros(len(wanted)), wanted
        for _ in range(_REFINED):
            found[self.order] += self.scales * self.factors.solve(self.scales * rest[self.order])
            rest = wanted - self.rows @ ((self.rows.T @ found) / self.bend)
        return found


@dataclass(frozen=True, eq=False)
class Point:
    """Values, how far they lie from their lower and upper bounds, those bounds' shares, and groups' duals.

    Room of values without the bound is 1, and its share 0.
    """

    values: Floats
    below: Floats
    above: Floats
    floors: Floats
    caps: Floats
    duals: Floats

    def moved(self, by: Point, length: float) -> Point:
        """Return the point a part of a step on."""
        pairs = zip(vars(self).values(), vars(by).values(), strict=True)
        return Point(*(mine + length * theirs for mine, theirs in pairs))

    def bounds(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """Return room and share of lower bounds, and of upper bounds."""
        return (self.below, self.floors), (self.above, self.caps)


@dataclass(frozen=True, eq=False)
class Program:
    """Values are free cells, then sums of groups that have bounds.

    `rows` has one row per group: its cells, less its sum where that is a value; `goal` is what it comes to,
    the total or nothing. `summed` are the rows whose sums are values, in their order.
    """

    rows: Any
    goal: Floats
    seed: Floats
    low: Floats
    high: Floats
    summed: Integers

    @property
    def cells(self) -> int:
        """Number of values that are cells."""
        return len(self.seed)

    @property
    def floored(self) -> Flags:
        """Which values have a lower bound: all cells, and sums with a floor."""
        some: Flags = np.isfinite(self.low)
        return some

    @property
    def capped(self) -> Flags:
        """Which values have an upper bound."""
        some: Flags = np.isfinite(self.high)
        return some

    def slope(self, values: Floats) -> Floats:
        """Return the slope of the cross-entropy, which sums don't bear on."""
        result = np.zeros(len(values))
        result[: self.cells] = np.log(values[: self.cells] / self.seed)
        return result

    def away(self, values: Floats, duals: Floats) -> Point:
        """Return a point of given values, its bounds without shares."""
        below = np.where(self.floored, values - self.low, 1.0)
        above = np.where(self.capped, self.high - values, 1.0)
        none = np.zeros(len(values))
        return Point(values, below, above, none, none, duals)

    def shared(self, point: Point, level: float) -> Point:
        """Give each bound the share that its room has at a level of the path."""
        floors = np.where(self.floored, level / point.below, 0.0)
        return replace(point, floors=floors, caps=np.where(self.capped, level / point.above, 0.0))

    def bend(self, point: Point) -> Floats:
        """Return how fast the slope of each value rises, with what bounds push back."""
        result = point.floors / point.below + point.caps / point.above
        result[: self.cells] += 1 / point.values[: self.cells]
        return result

    def unrest(self, point: Point) -> Floats:
        """Return by how much the slope of each value is not what rates and shares of bounds make it."""
        pull: Floats = self.rows.T @ point.duals - self.slope(point.values) + point.floors - point.caps
        return pull

    def step(self, point: Point, system: System, floors: Floats, caps: Floats) -> Point:
        """Return the Newton step to given products of room and share."""
        floor_pull, cap_pull = floors / point.below, caps / point.above
        pull = self.unrest(point) - point.floors + point.caps + floor_pull - cap_pull
        missing = self.goal - self.rows @ point.values
        duals = system.solve(missing - self.rows @ (pull / system.bend))
        by = (self.rows.T @ duals + pull) / system.bend
        return Point(
            by,
            np.where(self.floored, by, 0.0),
            np.where(self.capped, -by, 0.0),
            floor_pull - point.floors - point.floors / point.below * by,
            cap_pull - point.caps + point.caps / point.above * by,
            duals,
        )

    def reach(self, point: Point, step: Point) -> float:
        """Return how many times a step may be gone until a room or a share is nothing."""
        parts = []
        for chosen, names in ((self.floored, ("below", "floors")), (self.capped, ("above", "caps"))):
            parts += [(getattr(point, name)[chosen], getattr(step, name)[chosen]) for name in names]
        furthest = min(float((by / at).min(initial=0.0)) for at, by in parts)
        return -1.0 / furthest if furthest < 0 else np.inf

    def level(self, point: Point) -> float:
        """Return the mean product of room and share: how far the point still is along the path."""
        count = int(self.floored.sum() + self.capped.sum())
        return sum(float(room @ share) for room, share in point.bounds()) / max(count, 1)

    def merit(self, point: Point, level: float) -> float:
        """Return the cross-entropy and the barrier of a level."""
        cells = point.values[: self.cells]
        value = float((cells * np.log(cells / self.seed) - cells).sum())
        rooms = np.log(point.below).sum() + np.log(point.above).sum()  # that of no bound is 1
        return value - level * float(rooms)

    def finish(self, point: Point) -> tuple[Floats, Floats]:
        """Return cells, put on bounds that have a share, and the logarithm of each group's rate."""
        own = 1 / point.values
        floor, cap = (share / room > own for room, share in point.bounds())
        values = np.where(floor, self.low, np.where(cap, self.high, point.values))
        duals = point.duals.copy()
        duals[self.summed] = np.where(floor | cap, point.floors - point.caps, 0.0)[self.cells :]
        return values[: self.cells], duals
