"""Errors that were never made: of series too young for an origin, and of periods not over yet.

A path takes all its errors from the same origins, so every series needs an error at every origin. Where one
is unknown it is borrowed: the course of the error from a series of like size, its size from how far off this
series or others of its size have been.
"""

from __future__ import annotations

import numpy as np

from kamlib.forecast.arrays import Floats

_LIKE = 50  # series of like size that tell how far off one of unknown error is: a ratio of two sums of fifty
_OWN = 3  # blocks of its own at which a series' size of error counts as much as that of its like
_LEAST_BLOCKS = 3  # complete blocks below which those that reach beyond the history take part too


def complete_errors(forecast: Floats, errors: Floats) -> Floats:
    """Fill in the errors that are unknown, so that every series has one at every origin and period.

    Origins whose horizon is not over are left out if at least three others are over; otherwise their errors
    are carried on from the last known period. An error still unknown is that of a donor at the same origin
    and period, as a multiple of the donor's own root mean square error, times this series'. Donors are the
    series with the most known errors; each incomplete series takes the one at the same rank of size, size
    being the mean |forecast|, ties by column. A series' root mean square error is averaged, by squares, with
    what its size suggests, the latter counting as three blocks: the ratio of error to size of the 50 donors
    nearest in size, times its size.

    Parameters
    ----------
    forecast : numpy.ndarray, shape (horizon, n)
        The forecast that the errors are wanted for.
    errors : numpy.ndarray, shape (o, horizon, n)
        Past errors; NaN where unknown. Origins ascending.

    Returns
    -------
    numpy.ndarray, shape (blocks, horizon, n)
        Without NaN; the same as `errors` where these are known and used.

    Examples
    --------
    >>> errors = np.array([[[1.0, np.nan]], [[-1.0, np.nan]]])
    >>> complete_errors(np.array([[10.0, 20.0]]), errors)[:, 0].tolist()
    [[1.0, 2.0], [-1.0, -2.0]]
    """
    blocks = _over(errors)
    if np.isfinite(blocks).all():
        return blocks
    known = np.isfinite(blocks)
    count = known.sum(axis=(0, 1))
    short = np.flatnonzero(count < known.shape[0] * known.shape[1])
    size = np.nan_to_num(np.abs(forecast)).mean(axis=0)
    own = np.sum(
        [(np.where(seen, block, 0.0) ** 2).sum(axis=0) for seen, block in zip(known, blocks, strict=True)],
        axis=0,
    )
    own /= np.maximum(count, 1)
    donors = np.flatnonzero((count == count.max()) & (own > 0))
    if not len(donors):
        return np.nan_to_num(blocks)
    donors = donors[np.argsort(size[donors], kind="stable")]
    short = short[np.argsort(size[short], kind="stable")]
    rank = ((np.arange(len(short)) + 0.5) * len(donors) / len(short)).astype(np.intp)
    like = _like(size, np.sqrt(own), donors)[np.searchsorted(size[donors], size[short])]
    whole = count[short] / known.shape[1]
    rms = np.sqrt((whole * own[short] + _OWN * (like * size[short]) ** 2) / (whole + _OWN))
    lent = donors[rank]
    result = blocks.copy()
    for k, block in enumerate(blocks):
        borrowed = np.nan_to_num(block[:, lent]) / np.sqrt(own[lent]) * rms
        result[k][:, short] = np.where(known[k][:, short], block[:, short], borrowed)
    return result


def _over(errors: Floats) -> Floats:
    """Return the blocks whose periods are over, or more, carried on, where these are fewer than three."""
    horizon = errors.shape[1]
    period = np.where(np.isfinite(errors).any(axis=2), np.arange(1, horizon + 1), 0)
    reach = period.max(axis=1, initial=0)
    over = reach == horizon
    used = over if over.sum() >= _LEAST_BLOCKS else reach > 0
    result: Floats = errors[used]
    for block, last in zip(result, reach[used], strict=True):
        block[last:] = block[last - 1]
    return result


def _like(size: Floats, rms: Floats, donors: np.ndarray) -> Floats:
    """Return error per size among the donors around each place in their order, shape (donors + 1,)."""
    above = np.concatenate([[0.0], np.cumsum(rms[donors])])
    below = np.concatenate([[0.0], np.cumsum(size[donors])])
    place = np.arange(len(donors) + 1)
    first = np.clip(place - _LIKE // 2, 0, max(0, len(donors) - _LIKE))
    last = np.minimum(first + _LIKE, len(donors))
    whole = below[last] - below[first]
    return np.where(whole > 0, (above[last] - above[first]) / np.where(whole > 0, whole, 1.0), 0.0)
