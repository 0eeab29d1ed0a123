"""Minimum cross-entropy by an interior point: for requests on which scaling stalls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kamlib.measures.rounding import Floats, Integers
from kamlib.targets.barrier import Point, Program, System
from kamlib.targets.fitted import WIDEST, MarginFit, largest_amount, widest_gap
from kamlib.targets.patterns import Request
from kamlib.targets.requirements import Requirement
from kamlib.targets.room import Room, find_room, solve_linear

_CENTRING, _STEPS = 100, 100  # at most; 432 random requests took 30 and 40
_CENTRED = 0.1  # Newton decrement, squared, within which a point is near enough to the path's start
_LEAST = 1e-9  # shortest step: none that falls is shorter, but for rounding
_CLOSE = 1e-26  # share of room, in the largest amount: a bound without a share is then off by its root, 1e-13
_TRUE = 1e-9  # widest error of a logarithm of a cell's rates
_NEAR = 1e-6  # as far may rounding keep the path from its end: the same table by any other method
_FINE = 1e-6  # units that a group may miss: less is the linear program's own tolerance
_DEAR = 1e4  # what a unit missed counts, in units moved
_LIGHT = 1e-4  # what a unit moved of the largest cell counts beside one of the smallest: more than tolerances
_POLISH = 20  # passes over all sums at most; 540 random requests took none, one or, once, eight
_SHORT = 0.995  # part of the way to the nearest bound that a step may go


def fit_inside(
    seed: Floats, low: Floats, high: Floats, requirements: Sequence[Requirement], *, tolerance: float
) -> MarginFit:
    """Fit a seed to requirements that can be met, however they lie in each other.

    What the request settles without saying so is found first (`kamlib.targets.room.find_room`): cells at a
    bound, floors and caps that are totals in truth. The rest has room on all sides. From within, a
    primal-dual interior point goes to the table of least cross-entropy: each step solves one sparse system
    with a row for each group, in which floors and caps of groups are bounds of their sums like those of
    cells. Unlike rates scaled one after the other it does not halt at a floor that stands in the way of
    another's. Where sums of groups that cross leave each other a unit or so of room in a billion, its steps
    miss them by as much; that much is laid on the cells by a linear program.

    Parameters
    ----------
    seed, low, high : numpy.ndarray of float64
        As `kamlib.targets.fitted.check_table` returns them.
    requirements : sequence of Requirement
        That can be met together.
    tolerance : float
        Widest relative gap at which the fit has converged, being near the least cross-entropy: the path's
        rates of cells, and sums of groups whose rate is not 1, are within 1e-6 of theirs, and what was laid
        on a cell after that is within 1e-6 of the largest one. So beside millions a cell of a few units may
        be off its rates by a unit or so, where its group has to bear what the path misses.

    Returns
    -------
    MarginFit
        `sweeps` counts the steps; `gap` is how far off the least cross-entropy it ended, if not near it.

    References
    ----------
    S. Mehrotra (1992). On the implementation of a primal-dual interior point method. SIAM Journal on
    Optimization 2:575-601.
    S. Boyd, L. Vandenberghe (2004). Convex Optimization, chapters 10 and 11. Cambridge University Press.
    """
    request = Request.of(seed.shape, low, high, requirements)
    room = find_room(request)
    low, high, settled = _settle(request, room, low, high)
    table, duals = low.copy(), np.zeros(sum(one.size for one in settled))
    steps, astray = 0, 0.0
    cells = np.flatnonzero(low < high)
    if cells.size:
        scale = max(1.0, largest_amount(settled))
        merged = _merge(request, low, high)
        program, groups = _program(request, seed, low, high, settled, cells, merged, scale=scale)
        start = np.bincount(merged, _start(request, room, low, high)[cells]) / scale
        point, centring = _centre(program, start)
        point, steps, astray = _follow_path(program, point)
        found, duals[groups] = program.finish(point)
        laid = _lay_rest(program, found, scale=scale)
        astray = max(astray, float(np.abs(laid - found).max() / max(found.max(), 1 / scale)))
        shares = seed.ravel()[cells] / program.seed[merged]
        table.ravel()[cells] = np.clip(laid[merged] * shares, low.ravel()[cells], high.ravel()[cells])
        steps += centring
        table = _polish(table, low, high, settled, tolerance)
    parts = np.split(duals, np.cumsum([one.size for one in settled])[:-1])
    shaped = [part.reshape(one.lower.shape) for part, one in zip(parts, settled, strict=True)]
    none = [np.zeros_like(part) for part in shaped]
    gap, astray = widest_gap(settled, none, table), max(astray, widest_gap(settled, shaped, table))
    gap = gap if astray <= _NEAR else max(gap, astray)
    return MarginFit(
        table, tuple(np.exp(np.clip(part, -WIDEST, WIDEST)) for part in shaped), gap, steps, gap <= tolerance
    )


def _polish(
    table: Floats, low: Floats, high: Floats, requirements: Sequence[Requirement], tolerance: float
) -> Floats:
    """Scale cells to the sums asked for, where a linear program's tolerance leaves small groups off.

    A hundred-millionth of a unit is nothing to a group of millions and too much for one of a few units.
    """
    none = [np.zeros(one.lower.shape) for one in requirements]
    for _ in range(_POLISH):
        if widest_gap(requirements, none, table) <= tolerance:
            break
        for one in requirements:
            sums = one.sums(table)
            wanted = np.clip(sums, one.lower, one.upper)
            rate = np.divide(wanted, sums, out=np.ones(sums.shape), where=sums > 0)
            table = np.clip(table * one.spread(rate, outside=1.0), low, high)
    return table


def _settle(
    request: Request, room: Room, low: Floats, high: Floats
) -> tuple[Floats, Floats, list[Requirement]]:
    """Hold cells and groups without a choice where they are in every table."""
    place = request.pattern_of.reshape(low.shape)
    least, most = room.at_least[place], room.at_most[place]
    settled, first = [], 0
    for one in request.requirements:
        part = slice(first, first + one.size)
        floor, cap = (flags[part].reshape(one.lower.shape) for flags in (room.at_floor, room.at_cap))
        lower, upper = np.where(cap, one.upper, one.lower), np.where(floor, one.lower, one.upper)
        settled.append(replace(one, lower=lower, upper=upper))
        first += one.size
    return np.where(most & ~least, high, low), np.where(least, low, high), settled


def _merge(request: Request, low: Floats, high: Floats) -> Integers:
    """Return the value that each cell that can move is part of: those of a pattern without bounds make one.

    They stay in proportion to the seed, as whatever moves one moves all.
    """
    free = (low < high).ravel()
    alone = ((low > 0) | np.isfinite(high)).ravel()[free]
    own = len(request.least) + np.arange(int(free.sum()))
    merged = np.unique(np.where(alone, own, request.pattern_of[free]), return_inverse=True)[1]
    return merged.astype(np.int64)


def _program(
    request: Request,
    seed: Floats,
    low: Floats,
    high: Floats,
    requirements: Sequence[Requirement],
    cells: Integers,
    merged: Integers,
    *,
    scale: float,
) -> tuple[Program, Integers]:
    """Return the program of cells that can move, in parts of a scale, and the groups that are its rows."""
    from scipy.sparse import csr_array, eye_array, hstack

    free = (low < high).ravel()
    first = cells[np.unique(merged, return_index=True)[1]]
    lower = np.concatenate([one.lower.ravel() for one in requirements])
    upper = np.concatenate([one.upper.ravel() for one in requirements])
    members = request.patterns[request.pattern_of[first]]
    place, column = np.nonzero(members >= 0)
    shape = (len(lower), len(first))
    rows = csr_array((np.ones(len(place)), (members[place, column], place)), shape=shape)
    held = request.patterns[request.pattern_of[~free]]
    amounts = np.repeat(low.ravel()[~free], held.shape[1])[held.ravel() >= 0]
    base = np.bincount(held[held >= 0], amounts, len(lower))
    asked = (np.diff(rows.indptr) > 0) & ((lower > base) | np.isfinite(upper))
    groups = np.flatnonzero(asked)
    lower, upper = (lower - base)[groups] / scale, (upper - base)[groups] / scale
    summed = np.flatnonzero(lower < upper)
    sums = eye_array(len(groups), format="csr")[:, summed]
    program = Program(
        csr_array(hstack([rows[groups], -sums], format="csr")),
        np.where(lower < upper, 0.0, lower),
        np.bincount(merged, seed.ravel()[cells]) / scale,
        np.append(low.ravel()[first] / scale, np.where(lower > 0, lower, -np.inf)[summed]),
        np.append(high.ravel()[first] / scale, upper[summed]),
        summed,
    )
    return program, groups


def _start(request: Request, room: Room, low: Floats, high: Floats) -> Floats:
    """Lay the sums of patterns on their cells, each strictly within its bounds where it can move."""
    at, count = request.pattern_of, len(room.sums)
    least, width = low.ravel(), (high - low).ravel()
    open_ = np.isinf(width)
    above = (room.sums - request.least)[at]
    without = np.bincount(at, open_, count)[at]  # cells of the pattern that have no cap
    part = above / np.bincount(at, minlength=count)[at]
    own = np.where(open_, 0.0, np.minimum(part, width / 2))
    rest = (above - np.bincount(at, own, count)[at]) / np.maximum(without, 1)
    whole = np.bincount(at, np.where(open_, 0.0, width), count)[at]
    shares = np.divide(above, whole, out=np.zeros(len(at)), where=whole > 0)
    start: Floats = least + np.where(
        open_, rest, np.where(without > 0, own, shares * np.where(open_, 0.0, width))
    )
    return start


def _centre(program: Program, cells: Floats) -> tuple[Point, int]:
    """Go from a point within all bounds to the path along which rooms of bounds shrink together."""
    values = np.append(cells, (program.rows[:, : len(cells)] @ cells)[program.summed])
    point = program.away(values, np.zeros(len(program.goal)))
    level, none = float(cells.sum()) / len(values), np.zeros(len(values))
    floors, caps = np.where(program.floored, level, 0.0), np.where(program.capped, level, 0.0)
    steps, still, length = 0, np.inf, 1.0
    while still > _CENTRED * level and length > _LEAST and steps < _CENTRING:
        point = program.shared(point, level)
        system = System.of(program.rows, program.bend(point))
        step = replace(program.step(point, system, floors, caps), floors=none, caps=none)
        still = float(step.values @ (system.bend * step.values))
        length, merit = min(1.0, _SHORT * program.reach(point, step)), program.merit(point, level)
        while (
            length > _LEAST and program.merit(point.moved(step, length), level) > merit - length * still / 10
        ):
            length /= 2
        point = replace(point.moved(step, length), duals=point.duals + step.duals)
        steps += 1
    return program.shared(point, level), steps


def _follow_path(program: Program, point: Point) -> tuple[Point, int, float]:
    """Go along the path to its end, each step after a trial of how far it may go.

    Returned are the end, the number of steps, and how far off the path's end it is: 0 where it was reached,
    otherwise the nearest point that was found before rounding led away again.
    """
    none = np.zeros(len(point.values))
    nearest, least = point, float("inf")
    for steps in range(_STEPS):
        level, unrest = program.level(point), float(np.abs(program.unrest(point)).max())
        if level <= _CLOSE and unrest <= _TRUE:
            return point, steps, 0.0
        if (astray := max(level**0.5, unrest)) < least:
            nearest, least = point, astray
        system = System.of(program.rows, program.bend(point))
        trial = program.step(point, system, none, none)
        ahead = program.level(point.moved(trial, min(1.0, program.reach(point, trial))))
        goal = level * min(1.0, (ahead / level) ** 3)
        floors = np.where(program.floored, goal - trial.below * trial.floors, 0.0)
        caps = np.where(program.capped, goal - trial.above * trial.caps, 0.0)
        step = program.step(point, system, floors, caps)
        point = point.moved(step, min(1.0, _SHORT * program.reach(point, step)))
    return nearest, _STEPS, least


def _lay_rest(program: Program, cells: Floats, *, scale: float) -> Floats:
    """Return cells moved by what groups still miss, in units, by as small shares as can be.

    Cells of less than a ten-thousandth of the largest count alike.
    """
    from scipy.sparse import eye_array, hstack

    sums = program.rows[:, : len(cells)] @ cells
    values = np.append(
        cells, np.clip(sums[program.summed], program.low[len(cells) :], program.high[len(cells) :])
    )
    missing = (program.goal - program.rows @ values) * scale
    if np.abs(missing).max(initial=0.0) <= _FINE:
        return cells
    above, below = (np.maximum(room, 0.0) * scale for room in (program.high - values, values - program.low))
    off = np.full(2 * len(missing), np.inf)
    moves = np.zeros(len(values))
    moves[: len(cells)] = _LIGHT / np.maximum(cells / cells.max(), _LIGHT)
    each = eye_array(len(missing))
    found = solve_linear(
        np.concatenate([moves, moves, np.full(len(off), _DEAR)]),
        "what sums of groups still miss",
        A_eq=hstack([program.rows, -program.rows, each, -each], format="csr"),
        b_eq=missing,
        bounds=np.column_stack([np.zeros(2 * len(values) + len(off)), np.concatenate([above, below, off])]),
    )
    up, down = found[: 2 * len(values)].reshape(2, -1)[:, : len(cells)]
    moved: Floats = cells + (up - down) / scale
    return moved
