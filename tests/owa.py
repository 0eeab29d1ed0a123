"""The M3 and M4 competitions' benchmark: Naive2, and the overall weighted average beside it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from kamlib.measures.accuracy import mase, smape

Floats = npt.NDArray[np.float64]


def naive2(y: Floats, horizon: int, m: int = 12) -> Floats:
    """Repeat the last value without its season, as the M3 competition's benchmark does."""
    n, index = len(y), np.ones(m)
    if n >= 3 * m:
        d = y - y.mean()
        r = np.array([(d[k:] * d[: n - k]).sum() for k in range(1, m + 1)]) / (d**2).sum()
        if abs(r[-1]) > 1.645 * np.sqrt((1 + 2 * (r[:-1] ** 2).sum()) / n):
            weights = np.r_[0.5, np.ones(m - 1), 0.5] / m
            ratio = np.full(n, np.nan)
            ratio[m // 2 : n - m // 2] = y[m // 2 : n - m // 2] / np.convolve(y, weights, mode="valid")
            index = np.array([np.nanmean(ratio[p::m]) for p in range(m)])
            index /= index.mean()
    result: Floats = y[-1] / index[(n - 1) % m] * index[(n + np.arange(horizon)) % m]
    return result


def owa(
    forecast: Mapping[str, Floats],
    actual: Mapping[str, Floats],
    history: Mapping[str, Floats],
    m: int,
    scale: Mapping[str, Floats] | None = None,
) -> float:
    """Return the mean of sMAPE and MASE, each over its mean under Naive2 (Makridakis et al. 2020, M4).

    MASE is scaled by `scale`, a longer history, where the one forecast from is too short for it.
    """
    means = []
    for made in (forecast, {key: naive2(history[key], len(actual[key]), m) for key in actual}):
        errors = [
            (
                smape(actual[key], made[key]),
                mase(actual[key], made[key], history=(scale or history)[key], season_length=m),
            )
            for key in actual
        ]
        means.append(np.nanmean(errors, axis=0))
    return float((means[0] / means[1]).mean())
