"""How good forecasts were. Everywhere error = forecast - actual, so a positive bias is a forecast too high.

Every measure takes actual values, then forecasts, of the same shape; values missing on either side are an
error of the caller, not left out in silence.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kamlib.errors import KamError

Floats = npt.NDArray[np.float64]


def wape(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> float:
    """Return the weighted absolute percentage error: sum of |error| over sum of |actual| [fraction].

    Raises
    ------
    KamError
        If the shapes differ, a value is missing, or all actual values are zero.

    References
    ----------
    Kolassa & Schuetz (2007), Advantages of the MAD/MEAN ratio over the MAPE, Foresight 6:40-43.

    Examples
    --------
    >>> wape([100, 100], [110, 80])
    0.15
    """
    a, f = _pair(actual, forecast)
    return float(np.abs(f - a).sum() / _size(a, "wape"))


def bias(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> float:
    """Return the sum of errors over the sum of |actual| [fraction]; positive where forecasts were too high.

    Its size is never above that of `wape`, whatever the signs of the actual values.

    Raises
    ------
    KamError
        If the shapes differ, a value is missing, or all actual values are zero.

    Examples
    --------
    >>> bias([100, 100], [110, 80])
    -0.05
    """
    a, f = _pair(actual, forecast)
    return float((f - a).sum() / _size(a, "bias"))


def smape(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> float:
    """Return the symmetric absolute percentage error: mean of 2 |error| / (|actual| + |forecast|), 0..2.

    Times 100 it is the M3 and M4 competitions' sMAPE in percent.

    Raises
    ------
    KamError
        If the shapes differ, a value is missing, or actual and forecast are both zero somewhere.

    References
    ----------
    Makridakis & Hibon (2000), The M3-Competition, International Journal of Forecasting 16:451-476.

    Examples
    --------
    >>> smape([100.0], [300.0])
    1.0
    """
    a, f = _pair(actual, forecast)
    size = np.abs(a) + np.abs(f)
    if (size == 0).any():
        raise KamError(
            f"smape: actual and forecast are both zero in {int((size == 0).sum())} places, where it has no "
            "value. Use wape."
        )
    return float((2 * np.abs(f - a) / size).mean())


def mase(
    actual: npt.ArrayLike, forecast: npt.ArrayLike, *, history: npt.ArrayLike, season_length: int
) -> float:
    """Return a series' mean absolute scaled error: mean |error| over seasonal naive's in history.

    Below 1 the forecast was closer than repeating last season was, one season ahead, in the past.

    Parameters
    ----------
    actual, forecast : array_like, shape (horizon,)
        Actual values and forecasts.
    history : array_like, shape (time,)
        The series before the forecast; NaN is a gap.
    season_length : int
        Periods in a season; 1 compares with repeating the last value.

    Raises
    ------
    KamError
        If the shapes differ, a value is missing, or the history has no season to compare, or repeats exactly.

    References
    ----------
    Hyndman & Koehler (2006), Another look at measures of forecast accuracy, International Journal of
    Forecasting 22:679-688.

    Examples
    --------
    >>> mase([6.0, 8.0], [5.0, 5.0], history=[1, 2, 3, 4], season_length=1)
    2.0
    """
    a, f = _pair(actual, forecast)
    absolute, _ = seasonal_scales(np.asarray(history, dtype=np.float64)[:, None], season_length)
    return float(np.abs(f - a).mean() / _known(absolute[0], "mase", season_length))


def rmsse(
    actual: npt.ArrayLike, forecast: npt.ArrayLike, *, history: npt.ArrayLike, season_length: int
) -> float:
    """Return a series' root mean squared scaled error: RMS error over seasonal naive's in history.

    With `season_length` 1 it is the M5 competition's. Parameters and conditions are those of `mase`.

    Raises
    ------
    KamError
        As `mase`.

    References
    ----------
    Makridakis et al. (2022), M5 accuracy competition, International Journal of Forecasting 38:1346-1364.

    Examples
    --------
    >>> rmsse([6.0, 8.0], [9.0, 12.0], history=[0, 1, 2, 3], season_length=1)
    3.5355339059327378
    """
    a, f = _pair(actual, forecast)
    _, squared = seasonal_scales(np.asarray(history, dtype=np.float64)[:, None], season_length)
    return float(np.sqrt(((f - a) ** 2).mean()) / _known(squared[0], "rmsse", season_length))


def pinball(actual: npt.ArrayLike, forecast: npt.ArrayLike, *, share: float) -> float:
    """Return the weighted quantile loss: twice the sum of pinball losses over sum of |actual| [fraction].

    The loss of a forecast that `share` of values are to lie below is share x (actual - forecast) where the
    actual value lies above it, else (1 - share) x (forecast - actual). For a share of one half it is `wape`.

    Parameters
    ----------
    actual, forecast : array_like
        Actual values and forecasts of the quantile.
    share : float
        Share of values that are to lie below, between 0 and 1.

    Raises
    ------
    KamError
        If the shapes differ, a value is missing, all actual values are zero, or `share` is not
        between 0 and 1.

    References
    ----------
    Koenker & Bassett (1978), Regression quantiles, Econometrica 46:33-50.

    Examples
    --------
    >>> pinball([100.0, 100.0], [125.0, 125.0], share=0.5)
    0.25
    """
    if not 0 < share < 1:
        raise KamError(f"pinball: share is {share}; it must lie between 0 and 1, such as 0.9.")
    a, f = _pair(actual, forecast)
    return float(2 * quantile_loss(a, f, share).sum() / _size(a, "pinball"))


def quantile_loss(actual: Floats, forecast: Floats, share: float) -> Floats:
    """Return the pinball loss of each forecast of a quantile, in the unit of the values; NaN where one is."""
    above = actual - forecast
    return np.maximum(share * above, (share - 1) * above)


def coverage(actual: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> float:
    """Return the share of actual values within their interval, its ends included [fraction].

    Raises
    ------
    KamError
        If the shapes differ, a value is missing, or an interval ends below its beginning.

    Examples
    --------
    >>> coverage([1.0, 2.0, 3.0, 4.0], [0, 0, 0, 0], [3, 3, 3, 3])
    0.75
    """
    a, least = _pair(actual, low)
    _, most = _pair(actual, high)
    crossed = int((most < least).sum())
    if crossed:
        raise KamError(f"coverage: {crossed} intervals end below where they begin. Exchange low and high.")
    return float(((least <= a) & (a <= most)).mean())


def seasonal_scales(history: Floats, season_length: int) -> tuple[Floats, Floats]:
    """Return the mean absolute and the root mean square change over one season of many series.

    Parameters
    ----------
    history : numpy.ndarray, shape (time, n)
        One column a series; NaN is a gap, and changes from or to it are left out.
    season_length : int
        Periods in a season.

    Returns
    -------
    pair of numpy.ndarray, shape (n,)
        NaN where a series has no change to measure, or every change is zero.
    """
    change = history[season_length:] - history[: max(0, len(history) - season_length)]
    seen = ~np.isnan(change)
    change = np.where(seen, change, 0.0)
    count = np.where(seen.any(axis=0), seen.sum(axis=0), np.nan)
    absolute, squared = np.abs(change).sum(axis=0) / count, np.sqrt((change**2).sum(axis=0) / count)
    return np.where(absolute > 0, absolute, np.nan), np.where(squared > 0, squared, np.nan)


def _pair(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> tuple[Floats, Floats]:
    a, f = np.asarray(actual, dtype=np.float64), np.asarray(forecast, dtype=np.float64)
    if a.shape != f.shape or not a.size:
        raise KamError(
            f"accuracy: {a.shape} actual values and {f.shape} forecasts; they must match and exist."
        )
    missing = int((~np.isfinite(a) | ~np.isfinite(f)).sum())
    if missing:
        raise KamError(f"accuracy: {missing} actual values or forecasts are missing or infinite.")
    return a, f


def _size(actual: Floats, name: str) -> float:
    size = float(np.abs(actual).sum())
    if size == 0:
        raise KamError(f"{name}: all actual values are zero, so a share of them has no value.")
    return size


def _known(scale: float, name: str, season_length: int) -> float:
    if np.isnan(scale):
        raise KamError(
            f"{name}: the history does not change over {season_length} periods or is no longer than that, so "
            "there is no scale. Use wape, or a longer history."
        )
    return float(scale)
