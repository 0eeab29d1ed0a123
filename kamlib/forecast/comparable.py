"""Sums like for like: what the accounts of today sold together, without the growth that new ones brought.

A sum of all accounts rises as accounts begin, though none of them grows. Its forecast would go on rising, by
accounts that have not begun: new business, which the pipeline adds. So history is made comparable, as chains
of shops do it, a year on the same year before: of accounts that had begun in both.
"""

from __future__ import annotations

import numpy as np

from kamlib.forecast.arrays import Floats, Indices, Ints

_COMPARABLE = (
    0.5  # share of the later month that accounts begun by the earlier one bring at least: our choice
)


def comparable_sums(y: Floats, first: Ints, code: Indices, count: int, *, season_length: int) -> Floats:
    """Return sums by group with growth by new series taken out, shape (time, count).

    In the last season a sum is what the series sold. A month before is the sum of those that had begun before
    it, at the scale of the same month a season later: times what that month came to, over what the same
    series brought of it. That is exact where none began in between. It is NaN where those series brought less
    than half of the later month, or the later month is itself unknown; and in the first row, unless none
    began in the season after it, as who is seen to begin in it has sold in it.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        Amounts; zero before a series began.
    first : numpy.ndarray of int, shape (n,)
        Row of each series' first sale; below zero where it began before the first row. None begins in the
        last season, which leaves nothing to compare.
    code : numpy.ndarray of int, shape (n,)
        Group of each series.
    count : int
        Groups.
    season_length : int
        Periods in a season.

    Examples
    --------
    Two sell 10 a month; the second began in the second of three seasons of two months.

    >>> y = np.array([[10.0, 0], [10, 0], [10, 10], [10, 10], [10, 10], [10, 10]])
    >>> comparable_sums(y, np.array([-1, 2]), np.zeros(2, dtype=int), 1, season_length=2).ravel().tolist()
    [20.0, 20.0, 20.0, 20.0, 20.0, 20.0]
    """
    length = len(y)
    begun = first < np.arange(length)[:, None]
    if length:
        begun[0] |= first == 0
    own, number = _sum(y * begun, code, count), _sum(begun.astype(np.float64), code, count)
    later = _sum(y[season_length:] * begun[: max(0, length - season_length)], code, count)
    scale = np.where(number > 0, 1.0, np.nan)
    seen_to_begin = _sum((first == 0)[None].astype(np.float64), code, count)[0] > 0
    for row in range(length - season_length - 1, -1, -1):
        after, before = own[row + season_length], later[row]
        same = number[row] == number[row + season_length]
        share = np.divide(before, after, out=np.zeros(count), where=after > 0)
        known = same | ((share >= _COMPARABLE) & ~(seen_to_begin & (row == 0)))
        ratio = np.divide(1.0, share, out=np.ones(count), where=known & ~same)
        scale[row] *= np.where(known, scale[row + season_length] * ratio, np.nan)
    return own * scale


def repeat_unknown(sums: Floats, *, season_length: int) -> Floats:
    """Fill months that are not known with the same month a season later: no growth is known; else with 0."""
    result = sums.copy()
    for row in range(len(result) - season_length - 1, -1, -1):
        result[row] = np.where(np.isnan(result[row]), result[row + season_length], result[row])
    return np.nan_to_num(result)


def _sum(values: Floats, code: Indices, count: int) -> Floats:
    result = np.zeros((count, len(values)))
    np.add.at(result, code, values.T)
    return result.T
