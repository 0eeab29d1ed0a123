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

# Hyndman et al. (2008), ch. 2: additive errors, with and without a (damped) trend and a season. Models of
# multiplicative errors need values above zero, which an account's months may not have.
_ETS = (
    ("", False, False),
    ("add", False, False),
    ("add", True, False),
    ("", False, True),
    ("add", True, True),
    ("add", False, True),
)
# Box & Jenkins (1976), ch. 9: the airline model and its neighbours, then the same without a season.
_SARIMAX = (((0, 1, 1), (0, 1, 1)), ((1, 1, 1), (0, 1, 1)), ((0, 1, 1), (0, 0, 0)), ((1, 1, 1), (0, 0, 0)))
_PATHS = 1_000  # the ends of an 80 % interval are then good to about 4 % of its width
_LOWEST, _HIGHEST = 0.1, 0.9
_SEASONS = 2  # STL and a seasonal model need each phase twice
_NUMBERS = ["total", "low_80", "high_80", "aicc", "ljung_box", "trend_strength", "seasonal_strength"]
_COLUMNS = ["unique_id", "model", *_NUMBERS, "note"]


@dataclass(frozen=True)
class _Fit:
    """One fitted model: its name, its statsmodels result and what it warned of."""

    name: str
    result: Any
    aicc: float
    note: str | None


def second_opinion(history: pd.DataFrame, *, horizon: int, season_length: int, seed: int = 0) -> pd.DataFrame:
    """Forecast the sum over the horizon by ETS and SARIMAX, with diagnostics of STL.

    Each family's model is the one of a small set with the lowest AICc (a tie goes to the first). SARIMAX's
    models with different differencing aren't comparable by AICc, so seasonal differencing is used wherever
    STL's seasonal strength is at least 0.64, and only models that share it are compared. Meant for a total
    and a handful of series: each takes seconds.

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
        seasonal_strength [0..1], note (what the fit warned of, or why there is none; null if nothing). A
        series with a gap, of one value throughout, or shorter than two seasons and eight periods has null
        numbers and a note. AICc is of the values over their mean size; it compares models of one family.

    Raises
    ------
    ParameterError
        If `history` is refused by `forecast_panel`, or `horizon` or `season_length` is below 1.

    References
    ----------
    Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing. Box & Jenkins (1976), Time
    Series Analysis, ch. 9. Wang, Smith & Hyndman (2006), Data Mining and Knowledge Discovery 13:335-364
    (strengths); Hyndman & Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., 4.3 and 9.9
    (strengths; seasonal differencing from 0.64 on). Ljung & Box (1978), Biometrika 65:297-303.

    Examples
    --------
    >>> history = pd.DataFrame({"unique_id": "A", "ds": range(3), "y": [10.0, 12.0, 11.0]})
    >>> second_opinion(history, horizon=2, season_length=1)[["unique_id", "model", "note"]]
      unique_id    model                   note
    0         A      ETS  fewer than 8 periods
    1         A  SARIMAX  fewer than 8 periods
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
    return table.astype(dict.fromkeys(_NUMBERS, "float64") | {"model": "str", "note": "str"})


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
        return [{"model": family, "note": reason} for family in ("ETS", "SARIMAX")]
    # A scale of one keeps optimisers' tolerances the same in every unit.
    unit = float(np.abs(y).mean())
    strengths: dict[str, float] = {"trend_strength": np.nan, "seasonal_strength": np.nan}
    if season_length > 1:
        strengths = stl_strengths(y / unit, season_length=season_length).to_dict()
    seasonal = strengths["seasonal_strength"] >= 0.64
    return [
        _row(fit, horizon, season_length, seed, unit) | strengths
        for fit in (_best_ets(y / unit, season_length), _best_sarimax(y / unit, season_length, seasonal))
    ]


def _why_not(y: Floats, season_length: int) -> str | None:
    if len(y) < 8:
        return "fewer than 8 periods"
    if season_length > 1 and len(y) < _SEASONS * season_length + 1:
        return f"no more than {_SEASONS} seasons"
    if np.isnan(y).any():
        return f"{int(np.isnan(y).sum())} gaps"
    return "one value throughout" if np.ptp(y) == 0 else None


def _best_ets(y: Floats, season_length: int) -> _Fit:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    fits = []
    for trend, damped, season in _ETS:
        if season and season_length == 1:
            continue
        model = ETSModel(
            y,
            error="add",
            trend=trend or None,
            damped_trend=damped,
            seasonal="add" if season else None,
            seasonal_periods=season_length if season else None,
        )
        letter = "N" if not trend else "Ad" if damped else "A"
        fits.append(_fit(f"ETS(A,{letter},{'A' if season else 'N'})", model.fit))
    return min(fits, key=lambda fit: fit.aicc)


def _best_sarimax(y: Floats, season_length: int, seasonal: bool) -> _Fit:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    fits = []
    for order, season in _SARIMAX:
        if any(season) != seasonal:
            continue
        period = season_length if seasonal else 0
        label = f"SARIMAX{order}" + (f"{season}{period}" if seasonal else "")
        model = SARIMAX(y, order=order, seasonal_order=(*season, period))
        fits.append(_fit(label.replace(" ", ""), model.fit))
    return min(fits, key=lambda fit: fit.aicc)


def _fit(name: str, fit: Callable[..., Any]) -> _Fit:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = fit(disp=False, maxiter=200)
    kinds = {item.category.__name__ for item in caught}
    note = "did not converge" if "ConvergenceWarning" in kinds else None
    aicc = float(result.aicc)
    return _Fit(name, result, aicc if np.isfinite(aicc) else np.inf, note)


def _row(fit: _Fit, horizon: int, season_length: int, seed: int, unit: float) -> dict[str, object]:
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
    sums = np.asarray(paths).reshape(horizon, _PATHS).sum(axis=0)
    low, high = np.quantile(sums, [_LOWEST, _HIGHEST])
    return {
        "model": fit.name,
        "total": unit * float(np.sum(fit.result.forecast(horizon))),
        "low_80": unit * float(low),
        "high_80": unit * float(high),
        "aicc": fit.aicc,
        "ljung_box": ljung_box,
        "note": fit.note,
    }


def _burn_in(fit: _Fit) -> int:
    """Return how many first residuals only start the model up, as the value itself before differencing."""
    return int(getattr(fit.result, "loglikelihood_burn", 0))
