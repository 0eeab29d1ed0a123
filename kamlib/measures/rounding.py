"""Whole units from shares: sums exact, ties by a stated rule, no row repaired at the end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kamlib.errors import ParameterError

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Exact = npt.NDArray[np.object_]
"""Python integers of any size in a numpy array: arithmetic on them is exact."""

_MANTISSA = 53
_NOISE = 2.0**-49  # of an amount: a few roundings of a float


def exact_weights(weights: npt.ArrayLike) -> Exact:
    """Turn weights into whole numbers in exactly the same proportions.

    Parameters
    ----------
    weights : array_like, shape (n,)
        Weights of zero or more: whole numbers, or floats, which count as exactly the binary fractions they
        are.

    Returns
    -------
    numpy.ndarray of int (Python integers), shape (n,)

    Raises
    ------
    ParameterError
        If a weight is negative or not finite.

    Examples
    --------
    >>> exact_weights([0.5, 0.25, 3]).tolist()
    [2, 1, 12]
    """
    array = np.asarray(weights)
    if array.dtype == np.object_ or np.issubdtype(array.dtype, np.integer):
        whole = array.astype(np.object_)
        _refuse_negative(whole, bool((whole < 0).any()) if whole.size else False)
        return whole
    floats = array.astype(np.float64)
    _refuse_negative(floats, not bool(np.isfinite(floats).all()) or bool((floats < 0).any()))
    fraction, exponent = np.frexp(floats)
    mantissa = (fraction * 2.0**_MANTISSA).astype(np.int64).astype(np.object_)
    used = exponent[floats > 0]
    shift = np.where(floats > 0, exponent - (used.min() if used.size else 0), 0)
    scaled = mantissa * 2 ** shift.astype(np.object_)
    common = np.gcd.reduce(scaled) if scaled.size else 0
    result: Exact = scaled // common if common else scaled
    return result


def largest_remainder(weights: npt.ArrayLike, total: int) -> Integers:
    """Split a whole total in proportion to weights (Hamilton's method).

    Everyone gets the whole part of the exact share; the units left go to the largest fractions, ties to the
    larger weight, then to the earlier row. Each result is within one unit of the exact share.

    Parameters
    ----------
    weights : array_like, shape (n,)
        Weights of zero or more, not all zero unless `total` is 0.
    total : int
        Units to split, zero or more.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        Units, adding up to `total`.

    Raises
    ------
    ParameterError
        If a weight is negative or not finite, the total is negative, or there is nothing to split by.

    References
    ----------
    M. L. Balinski, H. P. Young (2001). Fair Representation, 2nd ed. Brookings, ch. 2 and app. A.

    Examples
    --------
    >>> largest_remainder([6, 6, 2], 10).tolist()
    [4, 4, 2]
    >>> largest_remainder([1, 1, 1], 10000).tolist()
    [3334, 3333, 3333]
    """
    exact = exact_weights(weights)
    whole = sum(exact.tolist())
    if total < 0:
        raise ParameterError(f"the total to split is {total}; it must be zero or more.")
    if whole == 0:
        if total:
            raise ParameterError(f"{total} units cannot be split: all {len(exact)} weights are zero.")
        return np.zeros(len(exact), dtype=np.int64)
    scaled = exact * total
    return add_remainder(scaled // whole, scaled % whole, exact, total)


def add_remainder(floors: Exact, remainders: Exact, weights: Exact, total: int) -> Integers:
    """Give the units that whole parts leave over to the largest remainders.

    Parameters
    ----------
    floors, remainders, weights : numpy.ndarray of int (Python integers), shape (n,)
        Whole parts [units], what was cut off (any common scale), and weights, which break ties.
    total : int
        What the result adds up to [units].

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        `floors`, plus one where the remainder was among the largest; equal remainders: larger weight, then
        earlier row.

    Raises
    ------
    ParameterError
        If the units left over are fewer than none or more than there are remainders.

    Examples
    --------
    >>> a = lambda *values: np.array(values, dtype=object)
    >>> add_remainder(a(1, 1, 0), a(5, 5, 2), a(8, 9, 1), 3).tolist()
    [1, 2, 0]
    """
    missing = total - sum(floors.tolist())
    if not 0 <= missing <= int((remainders > 0).sum() if len(remainders) else 0):
        raise ParameterError(f"{missing} units are left over; the whole parts do not fit the total {total}.")
    order = np.argsort(-weights, kind="stable")
    order = order[np.argsort(-remainders[order], kind="stable")]
    units = floors.astype(np.int64)
    units[order[:missing]] += 1
    return units


def snap_whole(values: npt.ArrayLike, near: npt.ArrayLike | None = None) -> Floats:
    """Take what is a whole number but for float noise as that number.

    Parameters
    ----------
    values : array_like
        Amounts [units].
    near : array_like, optional
        How near a whole number counts as it [units]; by default what arithmetic on floats of that size leaves
        (`float_noise`), which stays below a hundredth of a unit up to 1e12.

    Returns
    -------
    numpy.ndarray of float64

    Examples
    --------
    >>> snap_whole([0.1 + 0.2 + 0.7, 5e9 + 0.4]).tolist()
    [1.0, 5000000000.4]
    """
    given = np.asarray(values, dtype=np.float64)
    whole = np.rint(given)
    return np.where(np.abs(given - whole) <= (float_noise(given) if near is None else near), whole, given)


def float_noise(amounts: npt.ArrayLike) -> Floats:
    """Return how far floats may be from what they stand for: 1e-9, and 2e-15 of large amounts."""
    return 1e-9 + _NOISE * np.abs(np.asarray(amounts, dtype=np.float64))


def controlled_rounding(
    totals: npt.ArrayLike, shares: npt.ArrayLike, *, groups: npt.ArrayLike | None = None
) -> Integers:
    """Split whole row totals over columns so that rows are exact and sums over rows stay close to exact.

    Columns are taken from left to right. Up to each column, a row has received its exact share up to there,
    rounded down or up; as many rows are rounded up as bring the sum over all rows to its exact value rounded
    to the nearest unit. They are taken from the groups that are owed most, within them from the groups inside
    that are owed most, and there from the rows that are owed most; ties to the larger row total, then to the
    earlier row. A column's sum is therefore within a unit or two of exact however many rows are smaller than
    a unit, so is every run of neighbouring columns, and a group's stays close; rounding each row by itself
    would pile its errors up. Every cell is its exact value rounded down or up.

    Parameters
    ----------
    totals : array_like of int, shape (n,)
        Row totals, zero or more [units].
    shares : array_like, shape (n, k)
        Share of each column in its row, zero or more; each row adds up to 1.
    groups : array_like of int, shape (n,) or (n, levels), optional
        Group of each row, counted from 0; with several levels each lies within the one before it, widest
        first. By default all rows are one group.

    Returns
    -------
    numpy.ndarray of int64, shape (n, k)
        Units, zero or more; each row adds up to its total.

    Raises
    ------
    ParameterError
        If a total or a share is negative, or a row of shares does not add up to 1.

    References
    ----------
    L. H. Cox (1987). A constructive procedure for unbiased controlled rounding. JASA 82:520-524, for the aim;
    the rule here is one pass of error diffusion.

    Examples
    --------
    >>> controlled_rounding([1, 1, 1, 1], np.full((4, 2), 0.5)).tolist()
    [[1, 0], [1, 0], [0, 1], [0, 1]]
    >>> controlled_rounding([1, 1, 1, 1], np.full((4, 2), 0.5), groups=[0, 0, 1, 1]).tolist()
    [[1, 0], [0, 1], [1, 0], [0, 1]]
    """
    rows = np.asarray(totals, dtype=np.int64)
    parts = np.asarray(shares, dtype=np.float64).reshape(len(rows), -1)
    level = np.zeros(len(rows), dtype=np.int64) if groups is None else np.asarray(groups, dtype=np.int64)
    nested = level.reshape(len(rows), -1)
    if (rows < 0).any() or (parts < 0).any():
        raise ParameterError("row totals and shares must be zero or more.")
    if not np.allclose(parts.sum(axis=1), 1.0, rtol=0, atol=1e-9):
        raise ParameterError("the shares of a row must add up to 1.")
    owed: Floats = rows.astype(np.float64)[:, None] * np.cumsum(parts, axis=1)
    noise = float_noise(rows)[:, None]
    owed = np.minimum(snap_whole(owed, noise), rows[:, None])
    owed[:, -1] = rows
    cells = snap_whole(np.diff(owed, axis=1, prepend=0.0), noise)
    given = np.zeros(owed.shape, dtype=np.int64)
    before = np.zeros(len(rows), dtype=np.int64)
    for column in range(owed.shape[1]):
        before = _round_column(owed[:, column], cells[:, column], before, rows, nested)
        given[:, column] = before
    result: Integers = np.diff(given, axis=1, prepend=0)
    return result


def move_units(
    units: npt.ArrayLike,
    exact: npt.ArrayLike,
    columns: npt.ArrayLike,
    *,
    lower: npt.ArrayLike | None = None,
    upper: npt.ArrayLike | None = None,
) -> Integers:
    """Move units within rows until the columns add up to what they should, as far as bounds allow.

    Parameters
    ----------
    units : array_like of int, shape (n, k)
        Cells within the bounds [units]; row sums are kept.
    exact : array_like, shape (n, k)
        Exact values of the cells, which say who gives way first [units].
    columns : array_like of int, shape (k,)
        What the columns should add up to [units].
    lower, upper : array_like of int, shape (n, k), optional
        Bounds of each cell; by default the exact value rounded down and up.

    Returns
    -------
    numpy.ndarray of int64, shape (n, k)
        The most that can be moved has been: where a column still differs, no table within the bounds and with
        these row sums is nearer to the columns in total.

    Raises
    ------
    ParameterError
        If a cell lies outside its bounds.

    References
    ----------
    R. K. Ahuja, T. L. Magnanti, J. B. Orlin (1993). Network Flows. Prentice Hall, section 7.2.

    Examples
    --------
    >>> move_units([[1, 0], [1, 0]], np.full((2, 2), 0.5), [1, 1]).tolist()
    [[0, 1], [1, 0]]
    """
    given, wanted = np.array(units, dtype=np.int64), np.asarray(columns, dtype=np.int64)
    value = np.asarray(exact, dtype=np.float64)
    low = np.floor(value).astype(np.int64) if lower is None else np.asarray(lower, dtype=np.int64)
    high = np.ceil(value).astype(np.int64) if upper is None else np.asarray(upper, dtype=np.int64)
    if (given < low).any() or (given > high).any():
        raise ParameterError("units to move must lie within the bounds of their cells.")
    fewer, more = (given > low).astype(np.float32), (given < high).astype(np.float32)
    links = fewer.T @ more  # float32 is exact below 2 ** 24 rows
    over = given.sum(axis=0) - wanted
    closed = np.zeros(len(wanted), dtype=bool)
    while (left := np.flatnonzero((over > 0) & ~closed)).size:
        chain = _chain(links > 0, int(left[0]), over < 0)
        closed[left[0]] = not chain
        for source, target in pairwise(chain):
            able = np.flatnonzero((fewer[:, source] > 0) & (more[:, target] > 0))
            off = given[able] - value[able]
            row = int(able[np.argmin(off[:, target] - off[:, source])])
            given[row, source] -= 1
            given[row, target] += 1
            links -= np.outer(fewer[row], more[row])
            fewer[row], more[row] = given[row] > low[row], given[row] < high[row]
            links += np.outer(fewer[row], more[row])
        if chain:
            over[chain[0]] -= 1
            over[chain[-1]] += 1
    return given


def _chain(links: npt.NDArray[np.bool_], source: int, ends: npt.NDArray[np.bool_]) -> list[int]:
    """Return the shortest chain of columns from one to any of the ends, ties to the earlier; none: empty."""
    before = np.full(len(links), -1)
    before[source] = source
    reached = [source]
    for at in reached:
        if ends[at]:
            chain = [at]
            while chain[-1] != source:
                chain.append(int(before[chain[-1]]))
            return chain[::-1]
        new = np.flatnonzero(links[at] & (before < 0))
        before[new] = at
        reached.extend(new.tolist())
    return []


def _round_column(owed: Floats, cell: Floats, before: Integers, rows: Integers, nested: Integers) -> Integers:
    """Round what is owed so far to the nearest sum; no cell is rounded further than down or up."""
    low = np.maximum(np.floor(owed).astype(np.int64), before + np.floor(cell).astype(np.int64))
    high = np.minimum(np.ceil(owed).astype(np.int64), before + np.ceil(cell).astype(np.int64))
    fixed = high <= low
    wanted = int(np.floor(owed.sum() + 0.5)) - int(low.sum())
    claim = owed - low
    for group in nested.T[::-1]:
        need = np.zeros(int(group.max(initial=0)) + 1)
        np.add.at(need, group, owed - low)
        claim = need[group] - _rank(claim, rows, fixed, group)
    order = np.lexsort((-rows, low - owed, -claim, fixed))
    low[order[: min(max(wanted, 0), len(rows) - int(fixed.sum()))]] += 1
    return low


def _rank(claim: Floats, rows: Integers, fixed: npt.NDArray[np.bool_], group: Integers) -> Integers:
    """Return each row's place in its group, the largest claim first, rows that cannot be rounded up last."""
    order = np.lexsort((-rows, -claim, fixed, group))
    sorted_group = group[order]
    rank = np.empty(len(rows), dtype=np.int64)
    rank[order] = np.arange(len(rows)) - np.searchsorted(sorted_group, sorted_group)
    return rank


def _refuse_negative(values: Exact | Floats, broken: bool) -> None:
    if broken:
        bad = next(v for v in values.tolist() if not 0 <= v < float("inf"))
        raise ParameterError(f"a weight is {bad}; weights must be finite and zero or more.")
