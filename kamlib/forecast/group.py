"""What a group of series lends its members: its season and its growth, as factors by period.

A single account's months are too few and too noisy to show a season or a growth of a few percent a year; the
sum of all accounts of its product line shows both. A member is divided by its group's factors before it is
forecast, so that it only adds what it is known to differ by, and multiplied by them afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kamlib.forecast.arrays import Flags, Floats, Indices
from kamlib.forecast.comparable import repeat_unknown
from kamlib.forecast.outliers import FAR, quartiles
from kamlib.forecast.seasonal import bridge, find_season
from kamlib.forecast.smoothing import fit_line, straight_line

_HALF_CHANCE = 2  # years whose growth is half chance: it fits sums of M3 and retail, 24 to 60 months long
_LEAST_FACTOR = 0.1  # a group that began at less than a tenth of its present size lends no more growth


@dataclass(frozen=True)
class Group:
    """Factors of groups of series.

    Attributes
    ----------
    path : numpy.ndarray, shape (time + horizon, groups)
        Season x growth by period, growth being 1 in the last period of history; above 0 in history.
    member : numpy.ndarray of int, shape (n,)
        Group of each series.
    """

    path: Floats
    member: Indices


def group_paths(y: Floats, *, horizon: int, season_length: int, year: int | None = None) -> Floats:
    """Return the factors that groups lend, shape (time + horizon, groups).

    The season is that of all groups together, and what each is known to differ from it. So is growth: the
    slope of the straight line through the logarithms of all sums together without season, and that of a
    group's share of them, less the part of it that could be chance. Months of nothing are left out, and
    months far off the line do not turn it: they count as three interquartile ranges beyond the quartiles of
    what the line of the median slope leaves over. In history a factor is the growth compounded; beyond it
    growth goes on by the same amount a period, decline by the same share, both at n³ / (n³ + 8) of what n
    years of months with sales show, those of the group for what it differs by: the variance of a line's slope
    falls with the cube of its length, and what two years show is taken to be half chance. A season needs two
    seasons of history and growth two years with sales in as many months as one has, as neither can be told
    from the other before; without them, or where sums are not above zero on average, all factors are 1.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, groups)
        Sums of each group's members, like for like: of the same members throughout. NaN before they can be
        compared.
    horizon : int
        Periods beyond the history.
    season_length : int
        Periods in a season.
    year : int, optional
        Periods in a year; a season where it is not given.

    References
    ----------
    Assimakopoulos & Nikolopoulos (2000), The theta model, International Journal of Forecasting 16:521-530
    (half of a slope goes on). Efron & Morris (1975), Data analysis using Stein's estimator and its
    generalizations, Journal of the American Statistical Association 70:311-319. Sen (1968), Estimates of the
    regression coefficient based on Kendall's tau, Journal of the American Statistical Association
    63:1379-1389 (the median slope).
    """
    length = len(y)
    time = np.arange(length + horizon)
    year = year or season_length
    if length < 2 * season_length:
        return np.ones((length + horizon, y.shape[1]))
    position = (time - length) % season_length
    years = (y > 0).sum(axis=0) / year
    throughout = ~np.isnan(y).any(axis=0)
    filled = y[:, throughout] if throughout.any() else repeat_unknown(y, season_length=season_length)
    whole = filled.sum(axis=1, keepdims=True)
    together = _season(whole, season_length)
    own = _season(y / together[position[:length]], season_length)
    season = (together * own)[position]
    alike, apart = _growth(y / season[:length], whole / together[position[:length]], year)
    since, growth = time[:, None] - (length - 1), alike + apart
    sold = (whole > 0).sum() / year
    ahead = (_lasts(sold) * alike + _lasts(years) * apart) * since
    path = np.where(since > 0, np.where(ahead > 0, 1 + ahead, np.exp(ahead)), np.exp(growth * since))
    path[:length] = np.maximum(path[:length], _LEAST_FACTOR)
    return path * season


def _lasts(years: Floats | float) -> Floats:
    """Return the share of growth that goes on after so many years of it."""
    seen = np.asarray(years, dtype=np.float64) ** 3
    return seen / (seen + _HALF_CHANCE**3)


def _growth(y: Floats, whole: Floats, year: int) -> tuple[Floats, Floats]:
    """Return by how much logarithms rise a period: of all together, and of each group's share of it.

    Both are without season; 0 where it is not `_shown`. Nothing has no logarithm.
    """
    start, apart = np.zeros(y.shape[1], dtype=np.intp), np.zeros(y.shape[1])
    if not (whole.mean() > 0 and _shown(whole > 0, year).all()):
        return np.zeros(1), apart
    part = np.divide(y, whole, out=np.full(y.shape, np.nan), where=(whole > 0) & (y > 0))
    whole = np.where(whole > 0, whole, np.nan)
    asked = np.flatnonzero(_shown(~np.isnan(part), year))
    if len(asked):
        apart[asked] = fit_line(_logs(part[:, asked]), start[asked])[1]
    return straight_line(_logs(whole), start[:1])[1], apart


def _shown(sold: Flags, year: int) -> Flags:
    """Say of which columns growth can be told: where sales go back two years and make up one."""
    result: Flags = (sold.sum(axis=0) >= year) & (len(sold) - sold.argmax(axis=0) >= 2 * year)
    return result


def _logs(y: Floats) -> Floats:
    """Return logarithms of amounts above zero, those far off their line moved to the fence; NaN is a gap."""
    logs = np.log(y)
    line = np.arange(len(y))[:, None] * _median_slope(logs)
    left = logs - line
    low, _, high = quartiles(left)
    span = FAR * (high - low)
    return np.asarray(line + np.clip(left, low - span, high + span))


def _median_slope(y: Floats) -> Floats:
    """Return the median of the slopes between any two known values of each series."""
    first, second = np.triu_indices(len(y), 1)
    slopes: Floats = (y[second] - y[first]) / (second - first)[:, None]
    return np.asarray(np.nanmedian(slopes, axis=0))


def lend(y: Floats, lag: Indices, code: Indices, *, horizon: int, season_length: int) -> Group:
    """Return what the groups of a panel lend its series.

    Groups are summed over the same window, which begins when a quarter of the series had begun: later, few
    periods would be left to see a season in, earlier, few series. Sums are like for like: of the series that
    had begun by then and were observed within the last season; a gap in one is bridged, and after its last
    observation its last season is repeated. Before the window the factors of its first season hold.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, n)
        One column a series, each ending in the last row; NaN is a gap, or before the first observation.
    lag : numpy.ndarray of int, shape (n,)
        Periods by which each series ends before the panel does.
    code : numpy.ndarray of int, shape (n,)
        Group of each series; -1 for none.
    horizon : int
        Periods beyond each series' end.
    season_length : int
        Periods in a season.
    """
    late = int(lag.max(initial=0))
    length, n = len(y) + late, len(lag)
    dated = np.full((length, n), np.nan)
    rows = np.arange(len(y))[:, None] + late - lag
    dated[rows, np.arange(n)] = y
    seen = ~np.isnan(dated)
    member = (code >= 0) & seen.any(axis=0)
    result = Group(np.ones((len(y) + horizon, 1)), np.zeros(n, dtype=np.intp))
    if not member.any():
        return result
    start, last = seen.argmax(axis=0), length - 1 - seen[::-1].argmax(axis=0)
    begin = int(np.sort(start[member])[(member.sum() - 1) // 4])
    lasting = member & (start <= begin) & (last >= length - season_length)
    whole = bridge(dated[:, lasting])[begin:]
    for row in range(season_length, len(whole)):
        whole[row] = np.where(np.isnan(whole[row]), whole[row - season_length], whole[row])
    sums = np.zeros((length - begin, int(code.max()) + 1))
    np.add.at(sums.T, code[lasting], np.nan_to_num(whole.T))
    path = group_paths(sums, horizon=horizon, season_length=season_length)
    before = path[np.arange(-begin, 0) % min(season_length, len(path))]
    path = np.column_stack([np.concatenate([before, path]), np.ones(length + horizon)])
    pairs, where = np.unique(np.stack([np.where(member, code, -1), lag]), axis=1, return_inverse=True)
    ahead = np.arange(len(y) + horizon)[:, None] + late - pairs[1]
    return Group(path[ahead, pairs[0]], where.reshape(-1).astype(np.intp))


def _season(y: Floats, season_length: int) -> Floats:
    """Return seasonal factors of each column, 1 where it has no season that could be lent as a factor."""
    season = find_season(y, np.isfinite(y).argmax(axis=0), season_length)
    return np.where(season.multiplicative, season.index, 1.0)
