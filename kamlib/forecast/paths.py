"""Joint sample paths: how sales may go, drawn from whole blocks of past errors.

An interval of each series says nothing of the interval of their sum: that depends on how far they miss
together. So all series and all periods ahead of one path take their errors from the same past origins.

The law. With e_k the errors of origin k of o (all periods, all series at once), m their mean over origins
and d_k = e_k - m, a path's error is

    f x (cos(a) d_i + sin(a) d_j + z m)

i and j drawn from the origins, a evenly from a quarter circle, z standard normal, all independent and the
same for every series and period. As cos² + sin² = 1 and the d_k have mean nothing, it has mean nothing and
covariance E(f²) x the mean of e_k e_k', whatever the angle: mixing two blocks makes many paths of a dozen
blocks and changes no variance and no correlation. A quarter circle, not a whole one, keeps most of the skew
(8 / 3π of it), and orders are skew. The mean error stays in as a spread, not as a shift: a dozen overlapping
origins cannot tell a biased method from an odd year, and a forecast is not corrected by it.

The factor f is drawn once a path. A spread known from few blocks is as often too small as too large, and too
small costs more coverage than too large gains, which is what turns a normal distribution into Student's t:
f² is v / chi-square with v degrees of freedom, v being how many independent blocks the overlapping ones are
worth (see `independent_blocks`). The widest twentieth of f is drawn again from the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kamlib.errors import KamError, ParameterError
from kamlib.forecast.arrays import Flags, Floats, Indices
from kamlib.forecast.donors import complete_errors

FOUND = ("period", "running", "total")
_CHUNK = 64  # series at a time: 12 periods x 1000 paths of them are 6 MB, which stay near the processor
_HELD = 2**24  # numbers of all levels' sums held at once (128 MB); larger levels are summed group by group
_WIDEST = 0.05  # share of the widest factors not drawn: with few blocks they are without bound
_NEWTON = 3  # steps towards the shift that keeps the mean; the little that is left is scaled away


@dataclass(frozen=True)
class Level:
    """Sums of sample paths by group.

    Attributes
    ----------
    quantiles : tuple of float
        Shares of paths below, ascending.
    period : numpy.ndarray, shape (quantiles, horizon, groups)
        Quantiles of each period's sum; NaN where not asked for.
    running : numpy.ndarray, shape (quantiles, horizon, groups)
        Quantiles of the sum of all periods so far; the last row is the whole horizon's. NaN where not asked
        for.
    paths : numpy.ndarray, shape (groups, horizon, paths), or None
        The sums themselves, where asked to be kept.
    """

    quantiles: tuple[float, ...]
    period: Floats
    running: Floats
    paths: Floats | None


def draw_paths(
    forecast: Floats,
    errors: Floats,
    *,
    paths: int,
    seed: int,
    step: int = 1,
    non_negative: bool | Flags = True,
) -> Floats:
    """Draw joint sample paths of many series from whole blocks of their past errors.

    The law is that of `kamlib.forecast.paths`. Where a series must not fall below zero, what a path would
    lose by that in one period it loses in its others: its sum over the horizon stays as drawn while that is
    above zero, and the mean of the sums is the forecast's.

    Parameters
    ----------
    forecast : numpy.ndarray, shape (horizon, n)
        The forecast; NaN is a series without one, whose paths are NaN.
    errors : numpy.ndarray, shape (o, horizon, n)
        Past errors, forecast - actual, one block an origin, origins ascending; NaN where unknown, filled as
        `kamlib.forecast.donors.complete_errors` says.
    paths : int
        Paths to draw.
    seed : int
        Same seed, same paths, bit for bit.
    step : int
        Periods between two origins.
    non_negative : bool or numpy.ndarray of bool, shape (n,)
        Series that cannot fall below zero; those with a forecast below zero still do.

    Returns
    -------
    numpy.ndarray, shape (paths, horizon, n)
        Joint: row p of all series is one course of events.

    Raises
    ------
    ParameterError
        If shapes differ, or `paths` or `step` is below 1.
    KamError
        If no error is known at all.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 16.5 (smoothed bootstrap) and 8.6
    (moving blocks).

    Examples
    --------
    >>> forecast, errors = np.full((1, 2), 100.0), np.array([[[3.0, 3.0]], [[-3.0, -3.0]]])
    >>> drawn = draw_paths(forecast, errors, paths=500, seed=1)
    >>> drawn.shape, bool((drawn[:, 0, 0] == drawn[:, 0, 1]).all())
    ((500, 1, 2), True)
    """
    blocks, weights, floor = _prepare(forecast, errors, paths, seed, step, non_negative)
    return np.ascontiguousarray(_draw(forecast, blocks, weights, floor).transpose(2, 1, 0))


def path_totals(
    forecast: Floats,
    errors: Floats,
    codes: Mapping[str, Indices],
    *,
    paths: int,
    seed: int,
    step: int = 1,
    non_negative: bool | Flags = True,
    quantiles: Sequence[float] = (0.025, 0.1, 0.5, 0.9, 0.975),
    keep: Sequence[str] = (),
    find: Sequence[str] = FOUND[:2],
    chunk: int = _CHUNK,
) -> dict[str, Level]:
    """Sum the paths that `draw_paths` draws by many groupings at once, without holding them all.

    Parameters
    ----------
    forecast, errors, paths, seed, step, non_negative
        As for `draw_paths`; a series without a forecast adds nothing.
    codes : mapping of str to numpy.ndarray of int, shape (n,)
        Group of every series at each level, from 0; a series with a code below 0 is in no group.
    quantiles : sequence of float
        Shares of paths to find the quantiles of, between 0 and 1.
    keep : sequence of str
        Levels whose summed paths are returned too.
    find : sequence of str
        Sums to find the quantiles of, as each takes its time: period (of each period), running (of all
        periods so far), total (of the whole horizon alone).
    chunk : int
        Series drawn at a time; changes memory and speed, never a result.

    Returns
    -------
    dict of str to Level

    Raises
    ------
    ParameterError
        As `draw_paths`; if a level's codes are not one a series, `keep` names no level, `find` no sum, a
        quantile lies outside 0..1, or `chunk` is below 1.
    KamError
        If no error is known at all.

    Examples
    --------
    >>> forecast, errors = np.full((1, 2), 100.0), np.array([[[3.0, 3.0]], [[-3.0, -3.0]]])
    >>> codes = {"company": np.array([0, 0])}
    >>> level = path_totals(forecast, errors, codes, paths=2000, seed=1, quantiles=[0.5])["company"]
    >>> bool(abs(level.running[0, 0, 0] - 200) < 1)
    True
    """
    _check_levels(forecast, codes, quantiles, keep, find, chunk)
    blocks, weights, floor = _prepare(forecast, errors, paths, seed, step, non_negative)
    forecast = np.nan_to_num(forecast)
    shares = tuple(sorted(quantiles))
    cells = forecast.shape[0] * paths
    counts = {name: int(code.max(initial=-1)) + 1 for name, code in codes.items()}
    held, room = list(keep), _HELD
    for name in sorted(codes, key=lambda name: counts[name]):
        room -= counts[name] * cells
        if name not in held and room >= 0:
            held.append(name)
    sums = {name: np.zeros((counts[name], forecast.shape[0], paths)) for name in held}
    whole = np.arange(forecast.shape[1])
    for first, part in _chunks(forecast, blocks, weights, floor, whole, chunk) if held else ():
        for name in held:
            for column, drawn in enumerate(part, start=first):
                if codes[name][column] >= 0:
                    sums[name][codes[name][column]] += drawn
    result = {}
    for name, code in codes.items():
        if name in held:
            steps = range(0, counts[name], chunk)
            parts = [_quantiles(sums[name][i : i + chunk], shares, find) for i in steps]
            period, total = (np.concatenate([part[k] for part in parts], axis=2) for k in (0, 1))
        else:
            drawn = _chunks(forecast, blocks, weights, floor, _in_order(code), chunk)
            period, total = _by_group(drawn, code, shares, (forecast.shape[0], chunk), find)
        result[name] = Level(shares, period, total, sums[name] if name in keep else None)
    return result


def independent_blocks(origins: int, *, horizon: int, step: int) -> float:
    """Return how many independent blocks overlapping ones are worth.

    3/2 of the horizons that fit into the periods that the blocks cover (an overlapping estimate of a variance
    over h periods is half as precise again as one of separate blocks), not above their number, at least 2.

    References
    ----------
    Lo & MacKinlay (1989), The size and power of the variance ratio test in finite samples, Journal of
    Econometrics 40:203-238 (precision of overlapping estimates).

    Examples
    --------
    >>> independent_blocks(13, horizon=12, step=1), independent_blocks(8, horizon=3, step=3)
    (3.0, 8.0)
    """
    covered = (origins - 1) * min(step, horizon) + horizon
    return float(min(max(origins, 2), max(2.0, 1.5 * covered / horizon)))


def _prepare(
    forecast: Floats, errors: Floats, paths: int, seed: int, step: int, non_negative: bool | Flags
) -> tuple[Floats, Floats, Flags]:
    """Return completed blocks (o, horizon, n), weights of blocks in each path (o, paths), and who is cut."""
    if errors.ndim != 3 or errors.shape[1:] != forecast.shape:
        raise ParameterError(
            f"errors has shape {errors.shape} and forecast {forecast.shape}; errors must be (origins, "
            "horizon, series) with the forecast's horizon and series."
        )
    for name, value in (("paths", paths), ("step", step)):
        if value < 1:
            raise ParameterError(f"{name} is {value}; it must be at least 1.")
    if forecast.size and not np.isfinite(errors).any():
        raise KamError("errors: no error of any origin is known. Backtest at an earlier origin.")
    blocks = complete_errors(forecast, errors)
    freedom = independent_blocks(len(blocks), horizon=len(forecast), step=step)
    weights = _weights(len(blocks), freedom, paths, seed)
    floor = np.broadcast_to(np.asarray(non_negative, dtype=bool), forecast.shape[1:])
    return blocks, weights, floor & ~(forecast < 0).any(axis=0)


def _weights(origins: int, freedom: float, paths: int, seed: int) -> Floats:
    """Return how much of each block is in each path, shape (o, paths)."""
    from scipy.stats import chi2

    rng = np.random.default_rng(seed)
    one, two = rng.integers(0, origins, (2, paths))
    angle = rng.uniform(0, np.pi / 2, paths)
    mean = rng.standard_normal(paths)
    factor = np.sqrt(freedom / chi2.ppf(rng.uniform(_WIDEST, 1, paths), freedom))
    weights = np.zeros((origins, paths))
    np.add.at(weights, (one, np.arange(paths)), np.cos(angle))
    np.add.at(weights, (two, np.arange(paths)), np.sin(angle))
    result: Floats = factor * (weights + (mean - np.cos(angle) - np.sin(angle)) / origins)
    return result


def _draw(forecast: Floats, blocks: Floats, weights: Floats, floor: Flags) -> Floats:
    """Return the paths of some series, shape (n, horizon, paths).

    One product of the same shape for each series, so that no last digit depends on its neighbours.
    """
    centre = forecast.T[:, :, None]
    drawn: Floats = centre - np.matmul(np.ascontiguousarray(blocks.transpose(2, 1, 0)), weights)
    cut = floor & (drawn < 0).any(axis=(1, 2))
    if cut.any():
        drawn[cut] = _never_negative(drawn[cut], centre[cut])
    return drawn


def _never_negative(drawn: Floats, mean: Floats) -> Floats:
    """Keep paths from falling below zero: each series' paths (n, horizon, paths) around its mean.

    The sum over the horizon of each path is cut at zero and moved so that its mean stays; its periods are the
    path's own above zero, scaled to the period's mean and then to the path's sum.
    """
    total = _cut(drawn.sum(axis=1, keepdims=True), mean.sum(axis=1, keepdims=True))
    above = np.maximum(drawn, 0.0)
    above *= _ratio(mean, above.mean(axis=2, keepdims=True))
    above *= _ratio(total, above.sum(axis=1, keepdims=True))
    left = above.sum(axis=1, keepdims=True).mean(axis=2, keepdims=True)
    return np.asarray(above * _ratio(mean.sum(axis=1, keepdims=True), left))


def _cut(total: Floats, mean: Floats) -> Floats:
    """Cut at zero after moving down by what keeps the mean, found by Newton's steps from no shift.

    These never pass it, as the mean that is left falls ever more slowly.
    """
    shift = np.zeros_like(mean)
    for _ in range(_NEWTON):
        left = np.maximum(total - shift, 0.0).mean(axis=2, keepdims=True)
        share = (total > shift).mean(axis=2, keepdims=True)
        shift = shift + _ratio(np.maximum(left - mean, 0.0), share)
    return np.maximum(total - shift, 0.0)


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, 0 where the whole is not above 0."""
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), 0.0)


def _chunks(
    forecast: Floats, blocks: Floats, weights: Floats, floor: Flags, order: Indices, chunk: int
) -> Iterator[tuple[int, Floats]]:
    for first in range(0, len(order), chunk):
        part = order[first : first + chunk]
        yield first, _draw(forecast[:, part], blocks[:, :, part], weights, floor[part])


def _quantiles(sums: Floats, shares: tuple[float, ...], find: Sequence[str]) -> tuple[Floats, Floats]:
    """Return quantiles (q, horizon, groups) of sums by period and of running sums, as far as asked for."""
    period, running = (np.full((len(shares), *sums.shape[1::-1]), np.nan) for _ in range(2))
    if "period" in find:
        period[:] = np.quantile(sums, shares, axis=2).transpose(0, 2, 1)
    if "running" in find or "total" in find:
        so_far = sums.cumsum(axis=1)
        rows = slice(None if "running" in find else -1, None)
        running[:, rows] = np.quantile(so_far[:, rows], shares, axis=2).transpose(0, 2, 1)
    return period, running


def _in_order(code: Indices) -> Indices:
    """Return the series that are in a group, group by group."""
    order = np.argsort(code, kind="stable")
    return order[code[order] >= 0]


def _by_group(
    drawn: Iterator[tuple[int, Floats]],
    code: Indices,
    shares: tuple[float, ...],
    size: tuple[int, int],
    find: Sequence[str],
) -> tuple[Floats, Floats]:
    """Find the quantiles of a level of many groups, some groups after the other; size is (horizon, chunk)."""
    horizon, chunk = size
    order = _in_order(code)
    period, whole = (np.zeros((len(shares), horizon, int(code.max()) + 1)) for _ in range(2))
    open_group, total = -1, np.zeros(0)
    done: list[tuple[int, Floats]] = []

    def flush() -> None:
        if done:
            names = [name for name, _ in done]
            both = _quantiles(np.array([sums for _, sums in done]), shares, find)
            period[:, :, names], whole[:, :, names] = both
            done.clear()

    for first, part in drawn:
        for column, path in enumerate(part, start=first):
            group = int(code[order[column]])
            if group != open_group:
                if open_group >= 0:
                    done.append((open_group, total))
                open_group, total = group, path.copy()
            else:
                total += path
            if len(done) >= chunk:
                flush()
    if open_group >= 0:
        done.append((open_group, total))
    flush()
    return period, whole


def _check_levels(
    forecast: Floats,
    codes: Mapping[str, Indices],
    quantiles: Sequence[float],
    keep: Sequence[str],
    find: Sequence[str],
    chunk: int,
) -> None:
    for name, code in codes.items():
        if code.shape != forecast.shape[1:]:
            raise ParameterError(
                f'codes["{name}"] has shape {code.shape}; it needs one group for each of '
                f"{forecast.shape[1]} series."
            )
    unknown = [name for name in keep if name not in codes]
    if unknown:
        raise ParameterError(f'keep names "{unknown[0]}", which is no level of: {", ".join(codes)}.')
    other = [name for name in find if name not in FOUND]
    if other:
        raise ParameterError(f'find names "{other[0]}"; it takes {", ".join(FOUND)}.')
    outside = [share for share in quantiles if not 0 <= share <= 1]
    if outside or not len(quantiles):
        raise ParameterError(f"quantiles is {list(quantiles)}; give at least one, each from 0 to 1.")
    if chunk < 1:
        raise ParameterError(f"chunk is {chunk}; it must be at least 1.")
