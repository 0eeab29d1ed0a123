"""What a group of series lends its members: its season and its growth, as factors by period.

A single account's months are too few and too noisy to show a season or a growth of a few percent a year; the
sum of all accounts of its product line shows both. A member is divided by its group's factors before it is
forecast, so that it only adds what it is known to differ by, and multiplied by them afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kamlib.forecast.arrays import Floats, Indices
from kamlib.forecast.seasonal import bridge, find_season
from kamlib.forecast.smoothing import fit_line

_LEAST_FACTOR = 0.1  # a group that began at less than a tenth of its present size lends no more growth
_ONWARD = 0.5  # share of its slope at which growth goes on, as the Theta method has it


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


def group_paths(y: Floats, *, horizon: int, season_length: int) -> Floats:
    """Return the factors that groups lend, shape (time + horizon, groups).

    The season is that of all groups together, and what each is known to differ from it. Growth is the
    straight line through the group's sums without season, less the share of its slope that could be chance;
    beyond the history it goes on at half that slope. Both need two seasons of history, as neither can be told
    from the other before; without them, or where sums are not above zero, all factors are 1.

    Parameters
    ----------
    y : numpy.ndarray, shape (time, groups)
        Sums of each group's members, like for like: of the same members throughout.
    horizon : int
        Periods beyond the history.
    season_length : int
        Periods in a season.

    References
    ----------
    Assimakopoulos & Nikolopoulos (2000), The theta model, International Journal of Forecasting 16:521-530.
    """
    length = len(y)
    time = np.arange(length + horizon)
    if length < 2 * season_length:
        return np.ones((length + horizon, y.shape[1]))
    position = (time - length) % season_length
    together = _season(y.sum(axis=1, keepdims=True), season_length)
    own = _season(y / together[position[:length]], season_length)
    season = (together * own)[position]
    level, slope, centre = fit_line(y / season[:length], np.zeros(y.shape[1], dtype=np.intp))
    end = level + slope * (length - 1 - centre)
    growth = slope / np.where(end > 0, end, np.inf)
    since = time[:, None] - (length - 1)
    path = 1 + growth * np.where(since > 0, _ONWARD * since, since)
    path[:length] = np.maximum(path[:length], _LEAST_FACTOR)
    return np.maximum(path, 0.0) * season


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
    season = find_season(y, np.zeros(y.shape[1], dtype=np.intp), season_length)
    return np.where(season.multiplicative, season.index, 1.0)
