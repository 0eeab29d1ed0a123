"""Textbook models beside the panel's number, where few series matter and a reader asks for one."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.forecast.arrays import Floats
from kamlib.forecast.panel import read_panel
from kamlib.forecast.seasonal import CLEAR, Season, find_season

# Hyndman et al. (2008), ch. 2: no trend, a damped one, one that goes on; errors additive throughout, as
# those that are factors need values above zero, which an account's months may not have.
_TRENDS = (("N", None, False), ("Ad", "add", True), ("A", "add", False))
# Box & Jenkins (1976), ch. 9: the airline model and its neighbours, then the same without a season.
_SARIMAX = (((0, 1, 1), (0, 1, 1)), ((1, 1, 1), (0, 1, 1)), ((0, 1, 1), (0, 0, 0)), ((1, 1, 1), (0, 0, 0)))
_PATHS = 1_000  # the ends of an 80 % interval are then good to about 4 % of its width
_LOWEST, _HIGHEST = 0.1, 0.9
_SEASONS = 2  # a seasonal model needs each phase twice
_STRENGTHS = 5  # seasons from which STL's strengths tell a season from noise: of pure noise, 0.64 is
# exceeded by four series of five at three seasons, by one of twelve at five
_LEAST = 8  # periods: a model of four parameters then has as many observations left
_NUMBERS = ["total", "low_80", "high_80", "aicc", "ljung_box", "trend_strength", "seasonal_strength"]
_TEXTS = ["model", "season_found", "opinion_note"]
_COLUMNS = ["unique_id", "model", *_NUMBERS, "season_found", "opinion_note"]


@dataclass(frozen=True)
class _Fit:
    """One fitted model: its name, its statsmodels result and what it warned of."""

    name: str
    result: Any
    aicc: float
    note: str | None


def second_opinion(history: pd.DataFrame, *, horizon: int, season_length: int, seed: int = 0) -> pd.DataFrame:
    """Forecast the sum over the horizon by ETS and SARIMAX, with diagnostics of STL.

    Each family's model is the one of a small set with the lowest AICc (a tie goes to the first). Whether
    there is a season, and whether it is a factor or an amount, is what the panel's own noise test says
    (`kamlib.forecast.seasonal.find_season`, of which at most a fifth may be noise). ETS is fitted to the
    series without it and the season put back, as three years of months are too few to estimate a dozen
    seasonal states beside a trend; of SARIMAX, only seasonal models are compared then, else only those
    without. Meant for a total and a handful of series.

    Parameters
    ----------
    history : pandas.DataFrame
        One row per series and period: unique_id, ds and y, as `kamlib.forecast.forecast_panel` reads it.
        What lies before a series' first value is not used.
    horizon : int
        Periods ahead that are summed [periods].
    season_length : int
        Periods in a season, 1 for none [periods].
    seed : int
        Seed of the simulated paths, of whose sums the interval is made.

    Returns
    -------
    pandas.DataFrame
        One row per unique_id and model family (ETS first), sorted by unique_id: model (text, such as
        ``"ETS(A,Ad,N)"``), total, low_80 and high_80 (sum over the horizon, 10 % and 90 % of simulated sums)
        [as y], aicc, ljung_box (p-value that residuals are uncorrelated), trend_strength and
        seasonal_strength [0..1, null below five seasons], season_found (factor, amount or none) and
        opinion_note (no_convergence, or why there is none: short, seasons, gaps, constant; null if nothing).
        A series with a gap, of one value throughout, or shorter than two seasons or eight periods has null
        numbers. AICc is of the values over their mean size; it compares models of one family.

    Raises
    ------
    ParameterError
        If `history` is refused by `forecast_panel`, or `horizon` or `season_length` is below 1.

    References
    ----------
    Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing. Box & Jenkins (1976), Time
    Series Analysis, ch. 9. Wang, Smith & Hyndman (2006), Data Mining and Knowledge Discovery 13:335-364
    (strengths); Hyndman & Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., 4.3 and
    5.7 (forecasts of the seasonally adjusted series). Ljung & Box (1978), Biometrika 65:297-303.

    Examples
    --------
    >>> history = pd.DataFrame({"unique_id": "A", "ds": range(3), "y": [10.0, 12.0, 11.0]})
    >>> second_opinion(history, horizon=2, season_length=1)[["unique_id", "model", "opinion_note"]]
      unique_id    model opinion_note
    0         A      ETS        short
    1         A  SARIMAX        short
    """
    for name, value in (("horizon", horizon), ("season_length", season_length)):
        if value < 1:
            raise ParameterError(f"{name}: {value} is below 1. Give at least one period.")
    panel = read_panel(history)
    rows = [
        {"unique_id": key} | row
        for key, y in zip(panel.ids, panel.y.T, strict=True)
        for row in _opinions(y, horizon, season_length, seed)
    ]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return table.astype(dict.fromkeys(_NUMBERS, "float64") | dict.fromkeys(_TEXTS, "str"))


def stl_strengths(y: Floats, *, season_length: int) -> pd.Series:
    """Return how much of a series' variation is trend, and how much season.

    With STL's parts, strength is 1 - var(remainder) / var(part + remainder), at least 0.

    Parameters
    ----------
    y : numpy.ndarray, shape (time,)
        A series without gaps, of at least two seasons.
    season_length : int
        Periods in a season, at least 2 [periods].

    Returns
    -------
    pandas.Series
        trend_strength and seasonal_strength [0..1].

    References
    ----------
    Wang, Smith & Hyndman (2006), Data Mining and Knowledge Discovery 13:335-364.

    Examples
    --------
    >>> stl_strengths(np.tile([1.0, 2.0, 3.0, 6.0], 6), season_length=4).round(3)["seasonal_strength"].item()
    1.0
    """
    from statsmodels.tsa.seasonal import STL

    parts = STL(y, period=season_length).fit()
    rest = np.asarray(parts.resid)
    found = {}
    for name, part in (("trend_strength", parts.trend), ("seasonal_strength", parts.seasonal)):
        whole = np.var(part + rest)
        found[name] = max(0.0, 1 - np.var(rest) / whole) if whole > 0 else 0.0
    return pd.Series(found)


def _opinions(y: Floats, horizon: int, season_length: int, seed: int) -> list[dict[str, object]]:
    known = np.flatnonzero(~np.isnan(y))
    y = y[known[0] :] if len(known) else y[:0]
    reason = _why_not(y, season_length)
    if reason:
        return [{"model": family, "opinion_note": reason} for family in ("ETS", "SARIMAX")]
    # A scale of one keeps optimisers' tolerances the same in every unit.
    unit = float(np.abs(y).mean())
    season = find_season(y[:, None], np.zeros(1, dtype=np.intp), season_length, least=CLEAR)
    found = "none" if not season.found[0] else "factor" if season.multiplicative[0] else "amount"
    about: dict[str, object] = {"season_found": found}
    if season_length > 1 and len(y) >= _STRENGTHS * season_length:
        about |= stl_strengths(y / unit, season_length=season_length).to_dict()
    level = season.remove(y[:, None])[:, 0]
    ets = _row(_best_ets(level / unit), horizon, season_length, seed, unit, season)
    sarimax = _best_sarimax(y / unit, season_length, found != "none")
    return [ets | about, _row(sarimax, horizon, season_length, seed, unit) | about]


def _why_not(y: Floats, season_length: int) -> str | None:
    if len(y) < _LEAST:
        return "short"
    if season_length > 1 and len(y) < _SEASONS * season_length:
        return "seasons"
    if np.isnan(y).any():
        return "gaps"
    return "constant" if np.ptp(y) == 0 else None


def _best_ets(y: Floats) -> _Fit:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    fits = []
    for letter, trend, damped in _TRENDS:
        model = ETSModel(y, error="add", trend=trend, damped_trend=damped)
        fits.append(_fit(f"ETS(A,{letter},N)", model.fit))
    return min(fits, key=lambda fit: fit.aicc)


def _best_sarimax(y: Floats, season_length: int, seasonal: bool) -> _Fit:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    fits = []
    for order, phase in _SARIMAX:
        if any(phase) != seasonal:
            continue
        period = season_length if seasonal else 0
        label = f"SARIMAX{order}" + (f"{phase}{period}" if seasonal else "")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of starting values, which the fit moves away from
            model = SARIMAX(y, order=order, seasonal_order=(*phase, period))
            fits.append(_fit(label.replace(" ", ""), model.fit))
    return min(fits, key=lambda fit: fit.aicc)


def _fit(name: str, fit: Callable[..., Any]) -> _Fit:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = fit(disp=False, maxiter=200)
    kinds = {item.category.__name__ for item in caught}
    note = "no_convergence" if "ConvergenceWarning" in kinds else None
    aicc = float(result.aicc)
    return _Fit(name, result, aicc if np.isfinite(aicc) else np.inf, note)


def _row(
    fit: _Fit, horizon: int, season_length: int, seed: int, unit: float, season: Season | None = None
) -> dict[str, object]:
    from statsmodels.stats.diagnostic import acorr_ljungbox

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        paths = fit.result.simulate(
            horizon, anchor="end", repetitions=_PATHS, rng=np.random.default_rng(seed)
        )
        rest = np.asarray(fit.result.resid)[_burn_in(fit) :]
        # FPP3, 5.4: lags of two seasons, or ten without one, and at most a fifth of the residuals.
        lags = max(1, min(2 * season_length if season_length > 1 else 10, len(rest) // 5))
        ljung_box = float(acorr_ljungbox(rest, lags=[lags])["lb_pvalue"].iloc[0])
    drawn = np.asarray(paths).reshape(horizon, _PATHS)
    middle = np.asarray(fit.result.forecast(horizon)).reshape(horizon, 1)
    if season is not None:
        drawn, middle = _put_back(season, drawn, unit), _put_back(season, middle, unit)
    low, high = np.quantile(drawn.sum(axis=0), [_LOWEST, _HIGHEST])
    return {
        "model": fit.name,
        "total": unit * float(middle.sum()),
        "low_80": unit * float(low),
        "high_80": unit * float(high),
        "aicc": fit.aicc,
        "ljung_box": ljung_box,
        "opinion_note": fit.note,
    }


def _put_back(season: Season, ahead: Floats, unit: float) -> Floats:
    """Return forecasts or paths of one adjusted series, shape (horizon, any), with its season."""
    index = season.index[np.arange(len(ahead)) % len(season.index)]
    return ahead * index if season.multiplicative[0] else ahead + index / unit


def _burn_in(fit: _Fit) -> int:
    """Return how many first residuals only start the model up, as the value itself before differencing."""
    return int(getattr(fit.result, "loglikelihood_burn", 0))
