"""Classical seasonal indices of many series at once, shrunk towards no season where years disagree.

Arrays are time-first: one row a period, one column a series; a gap is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kamlib.forecast.arrays import Flags, Floats, Indices, add_up
from kamlib.forecast.smoothing import fit_line

_SEASONS = 2  # whole seasons that can disagree throughout, so that noise can be told apart
_DOUBT = 2.0  # noise variance over that of the season where it cannot be told: our choice, wary of patterns
_STRONG = 6.0  # twice the log-likelihood that is strong evidence (Kass & Raftery 1995, section 3.2)
CLEAR = 0.8  # share of a pattern that must be no noise: F above 5, met by one series of noise in a hundred
_LEAST_INDEX = 0.1  # below a tenth of the mean a ratio says little and dividing by it blows noise up


@dataclass(frozen=True)
class Season:
    """Seasonal indices of a panel.

    Attributes
    ----------
    index : numpy.ndarray, shape (season_length, n)
        Index of each position in the season; position 0 is that of the first period after the history. 1 for
        a series without a season.
    multiplicative : numpy.ndarray of bool, shape (n,)
        Whether the index is a factor (True) or an amount (False).
    found : numpy.ndarray of bool, shape (n,)
        Whether the series has a season.
    """

    index: Floats
    multiplicative: Flags
    found: Flags

    def remove(self, y: Floats) -> Floats:
        """Return the history without its season, shape (time, n)."""
        index = self._past(len(y))
        return np.where(self.multiplicative, y / np.where(self.multiplicative, index, 1.0), y - index)

    def put_back(self, level: Floats) -> Floats:
        """Return the history with its season, from what `remove` made of it, shape (time, n)."""
        index = self._past(len(level))
        return np.where(self.multiplicative, level * index, level + index)

    def restore(self, forecast: Floats) -> Floats:
        """Return forecasts with their season, shape (horizon, n)."""
        index = self.index[np.arange(len(forecast)) % len(self.index)]
        return np.where(self.multiplicative, forecast * index, forecast + index)

    def _past(self, length: int) -> Floats:
        return self.index[(np.arange(length) - length) % len(self.index)]


def find_season(y: Floats, start: Indices, season_length: int, *, least: float = 0.0) -> Season:
    """Estimate the season of each series, shrunk towards none by the share of it that is noise.

    Indices are classical: the mean ratio to the centred moving average (a factor), or the mean difference
    from it (an amount). It is an amount where a value is zero or negative, an index would fall below a tenth,
    or years agree on amounts so much better that the evidence is strong. Each is an average over few years,
    so part of the differences between positions is noise. How much is measured by how far the years disagree:
    with V the noise variance of an index and S the variance between indices, V / S of every difference is
    noise and is taken off, all of it where V >= S. That replaces a test for a season by how much of one there
    is.

    That takes two whole seasons, and each position at least one observation. A shorter series of more than
    half a season is compared with its straight line instead, and as noise cannot be measured there, it is
    taken as twice the season's variance: of what a position differs by, a third counts where it was seen
    once, half where it was seen twice, and nothing where it was not seen. Within less than a season a slope
    and a season cannot be told apart; of the season only the share counts by which the series departs from a
    straight line (the root of the variance left), so that steady growth is not taken for one.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        Observations; NaN is a gap. Gaps are bridged in a straight line for the moving average, which is
        continued at both ends at its mean slope, and left out of the indices.
    start : numpy.ndarray of int, shape (n,)
        Row of each series' first observation, ascending.
    season_length : int
        Periods in a season; 1 means none.
    least : float
        Share of the differences that must be no noise for the season to count [fraction]; above 0 series of
        less than two seasons have none.

    Returns
    -------
    Season

    References
    ----------
    Miller & Williams (2003), Shrinkage estimators of time series seasonal factors and their effect on
    forecasting accuracy, International Journal of Forecasting 19:669-684. The noise share here is the plain
    moment estimate, without the James-Stein factor for few positions. Kass & Raftery (1995), Bayes factors,
    Journal of the American Statistical Association 90:773-795 (what evidence is strong).
    """
    length = len(y) - start
    season = no_season(y.shape[1], season_length)
    if season_length < 2:
        return season
    whole = np.flatnonzero(length >= _SEASONS * season_length)
    if len(whole):
        _find_whole(y[:, whole], season, whole, least)
    part = np.flatnonzero((length < _SEASONS * season_length) & (2 * length > season_length))
    if len(part) and least == 0.0:
        _find_part(y[:, part], start[part], season, part)
    return season


def _find_whole(y: Floats, season: Season, columns: Indices, least: float) -> None:
    """Enter the seasons of series that have seen two of them."""
    m = len(season.index)
    trend = _extend(_centred_average(bridge(y), m))
    with np.errstate(invalid="ignore", divide="ignore"):
        factors, real = _shrunk(y / trend, m, centre=1.0)
        amounts, real_amounts = _shrunk(y - trend, m, centre=0.0)
        freedom = add_up(~np.isnan(y)) - m
        clearer = freedom * np.log((1 - real) / (1 - real_amounts)) > _STRONG
    positive = _positive(y, trend, factors) & ~clearer
    share = np.where(positive, real, real_amounts)
    _enter(season, columns, np.where(positive, factors, amounts), positive, share > least)


def _find_part(y: Floats, start: Indices, season: Season, columns: Indices) -> None:
    """Enter the seasons of series too short to show how noisy they are."""
    m = len(season.index)
    middle, slope, centre = fit_line(y, start, m)
    away = np.arange(len(y))[:, None] - start - centre
    trend = middle + slope * away
    straight = middle + fit_line(y, start)[1] * away
    with np.errstate(invalid="ignore", divide="ignore"):
        left = np.sqrt(_squares(y - straight) / _squares(y - trend))
        left = np.where(np.isfinite(left), left, 1.0)
        factors, amounts = (_wary(y / trend, m, left, centre=1.0), _wary(y - trend, m, left, centre=0.0))
    positive = _positive(y, trend, factors)
    found = np.ones(len(columns), dtype=bool)
    _enter(season, columns, np.where(positive, factors, amounts), positive, found)


def _positive(y: Floats, trend: Floats, factors: Floats) -> Flags:
    """Return which series can be divided by a season."""
    possible: Flags = ~((y <= 0) | (trend <= 0)).any(axis=0) & (factors.min(axis=0) >= _LEAST_INDEX)
    return possible


def _enter(season: Season, columns: Indices, index: Floats, positive: Flags, found: Flags) -> None:
    found = found & np.isfinite(index).all(axis=0)
    season.index[:, columns[found]] = index[:, found]
    season.multiplicative[columns[found]] = positive[found]
    season.found[columns[found]] = True


def find_cadence(y: Floats, start: Indices, season_length: int) -> Season:
    """Find which series are bought in every few periods: a repeat of a quarter of the season.

    Who orders once a quarter sells nothing in two months of three. That shows within a few quarters, long
    before two whole seasons do. Only series with periods of nothing are asked, and only a repeat that is more
    pattern than noise counts.

    Parameters
    ----------
    y, start, season_length
        As for `find_season`.

    Returns
    -------
    Season
        Of `season_length` / 4 positions; of one where that is no whole number above 1.
    """
    cadence = season_length // 4 if season_length % 4 == 0 else 1
    return find_season(y, np.where((y == 0).any(axis=0), start, len(y)), cadence, least=CLEAR)


def no_season(n: int, season_length: int) -> Season:
    """Return what `find_season` returns for `n` series without a season."""
    return Season(np.ones((season_length, n)), np.ones(n, dtype=bool), np.zeros(n, dtype=bool))


def _shrunk(values: Floats, m: int, *, centre: float) -> tuple[Floats, Floats]:
    """Return seasonal indices around `centre`, shape (m, n), and the share of them that is no noise."""
    mean, count, away = _positions(values, m)
    within = add_up(away) / add_up(count - 1)
    noise = within * add_up(1 / count) / m
    middle = add_up(mean) / m
    between = add_up((mean - middle) ** 2) / (m - 1)
    share = 1 - np.minimum(noise / between, 1.0)
    indices = mean / middle if centre else mean - middle
    return centre + share * (indices - centre), np.nan_to_num(share)


def _wary(values: Floats, m: int, left: Floats, *, centre: float) -> Floats:
    """Return seasonal indices around `centre`, shape (m, n), that count by how often they were seen.

    `left` is the share of them that a straight line does not explain as well, shape (n,).
    """
    mean, count, _ = _positions(values, m)
    known = count > 0
    middle = add_up(np.where(known, mean, 0.0)) / add_up(known)
    indices = np.where(known, mean / middle if centre else mean - middle, centre)
    return centre + left * count / (count + _DOUBT) * (indices - centre)


def _squares(values: Floats) -> Floats:
    return add_up(np.where(np.isnan(values), 0.0, values) ** 2)


def _positions(values: Floats, m: int) -> tuple[Floats, Floats, Floats]:
    """Return mean, number and sum of squares around the mean of each position in the season, shape (m, n)."""
    mean, count, away = (np.empty((m, values.shape[1])) for _ in range(3))
    for position in range(m):
        part = values[(position + len(values)) % m :: m]
        seen = ~np.isnan(part)
        count[position] = add_up(seen)
        mean[position] = add_up(np.where(seen, part, 0.0)) / count[position]
        away[position] = add_up(np.where(seen, part - mean[position], 0.0) ** 2)
    return mean, count, away


def bridge(y: Floats) -> Floats:
    """Fill gaps between two observations in a straight line; both ends stay NaN."""
    if not np.isnan(y).any():
        return y
    length, n = y.shape
    rows = np.arange(length)[:, None]
    seen = ~np.isnan(y)
    left = np.maximum.accumulate(np.where(seen, rows, -1), axis=0)
    right = np.minimum.accumulate(np.where(seen, rows, length)[::-1], axis=0)[::-1]
    inside = (left >= 0) & (right < length)
    column = np.arange(n)
    low, high = y[np.maximum(left, 0), column], y[np.minimum(right, length - 1), column]
    share = (rows - left) / np.maximum(right - left, 1)
    return np.where(inside, low + share * (high - low), np.nan)


def _centred_average(y: Floats, m: int) -> Floats:
    """Return the moving average over one season centred on each period; NaN at both ends."""
    length = len(y)
    result = np.full_like(y, np.nan)
    half = m // 2
    span = length - 2 * half
    total = np.zeros((span, y.shape[1]))
    for k in range(2 * half + 1):
        weight = 0.5 if m % 2 == 0 and k in (0, 2 * half) else 1.0
        total += weight * y[k : k + span]
    result[half : half + span] = total / m
    return result


def _extend(trend: Floats) -> Floats:
    """Continue each moving average to both ends at its mean slope."""
    seen = ~np.isnan(trend)
    rows, column = np.arange(len(trend))[:, None], np.arange(trend.shape[1])
    first, last = seen.argmax(axis=0), len(trend) - 1 - seen[::-1].argmax(axis=0)
    low, high = trend[first, column], trend[last, column]
    slope = (high - low) / np.maximum(last - first, 1)
    result = np.where(rows < first, low + slope * (rows - first), trend)
    return np.where(rows > last, high + slope * (rows - last), result)
