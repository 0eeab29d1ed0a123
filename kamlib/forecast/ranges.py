"""How far a forecast may be off: ranges of every month and of the sum of all months, at every level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.forecast.arrays import Flags, Floats, Indices
from kamlib.forecast.levels import closed_pairs
from kamlib.forecast.params import ForecastParams
from kamlib.forecast.paths import path_totals
from kamlib.forecast.replay import PastForecasts
from kamlib.forecast.sales_history import LEVELS
from kamlib.measures.money import SCALE, as_float, to_money, to_ticks

_TAILS = (0.1, 0.9)  # ends of the 80 % range
_ENDS = ("low_80", "high_80")
_PAST = ("past_low", "past_high")
_JUDGED = 5_000  # keys of a level: a share of 0.8 is then found to half a percent at each date
_LEAST_BLOCKS = 2  # one block has no spread


@dataclass(frozen=True)
class Ranges:
    """Ranges of a forecast.

    Attributes
    ----------
    forecast : pandas.DataFrame
        The forecast with low_80 and high_80 [currency], null without errors to draw from.
    totals : pandas.DataFrame
        One row per level and key: level, key, forecast (sum of all months), low_80 and high_80 (range of that
        sum, which is narrower than the sum of the ranges) [currency], origins (past dates the range stands
        on), past_low and past_high (by how much the company's sum over as many months was off on them at
        worst, above zero is too high [fraction]; null elsewhere).
    running : pandas.DataFrame
        One row per month ahead of the company's sum of all months so far: period, forecast, low_80 and
        high_80 (range of that sum) [currency].
    company : numpy.ndarray, shape (months, paths), or None
        The company's months on the paths that the ranges are counted from [currency]; None without errors to
        draw from.
    """

    forecast: pd.DataFrame
    totals: pd.DataFrame
    running: pd.DataFrame
    company: Floats | None = None


def forecast_ranges(
    forecast: pd.DataFrame, accounts: pd.DataFrame, past: PastForecasts, *, params: ForecastParams, seed: int
) -> Ranges:
    """Count the 80 % range of every month and of the sum of all months from sample paths.

    A path adds to the forecast the errors that the forecasts of past dates made, whole blocks of all accounts
    and months together (see `kamlib.forecast.paths`): what went wrong together then goes wrong together
    here, so that a region's range is that of its accounts' sum. All levels share the same draws. An account
    that had not begun at a past date has no error there; it is lent one of an account of like size.

    Parameters
    ----------
    forecast : pandas.DataFrame
        What `kamlib.forecast.forecast_sales` made with `past`.
    accounts : pandas.DataFrame
        One row per account: account_id and, optionally, status.
    past : PastForecasts
        What `kamlib.forecast.replay_sales` made.
    params : ForecastParams
        Number of paths.
    seed : int
        Seed of the draws.

    Returns
    -------
    Ranges
    """
    pairs, groups = past.levels.pairs, past.levels.groups
    chosen = past.complete()
    blocks = past.errors()[chosen, : past.horizon]
    blocks[:, :, closed_pairs(pairs, accounts)] = 0.0
    codes = {level: pd.factorize(groups[level], sort=True) for level in LEVELS}
    expected = _expected(forecast, past)
    ends = {level: (np.full((2, past.horizon, len(keys)), np.nan),) * 2 for level, (_, keys) in codes.items()}
    if len(chosen) >= _LEAST_BLOCKS:
        drawn = path_totals(
            expected,
            blocks,
            {level: code for level, (code, _) in codes.items()},
            paths=params.paths,
            seed=seed,
            step=past.apart,
            non_negative=np.asarray((pairs.ticks >= 0).all(axis=0)),
            quantiles=_TAILS,
            find=("period", "total"),
            keep=("company",),
        )
        ends = {level: (found.period, found.running) for level, found in drawn.items()}
    months, totals = [], []
    for level, (code, keys) in codes.items():
        rows = forecast.index[forecast["level"] == level]
        by_month, in_all = ends[level]
        sums = np.bincount(code, weights=expected.sum(axis=0), minlength=len(keys)).astype(np.float64)
        total = pd.DataFrame({"level": level, "key": pd.Series(keys, dtype="str"), "forecast": _money(sums)})
        months.append(pd.DataFrame({c: _money(by_month[i].T.ravel(), rows) for i, c in enumerate(_ENDS)}))
        totals.append(total.assign(**{c: _money(in_all[i, -1]) for i, c in enumerate(_ENDS)}))
    table = pd.concat(totals, ignore_index=True).assign(origins=len(chosen)).astype({"origins": "Int64"})
    table[list(_PAST)] = np.nan
    table.loc[table["level"] == "company", list(_PAST)] = _past_errors(past, chosen)
    paths = drawn["company"].paths if len(chosen) >= _LEAST_BLOCKS else None
    company = None if paths is None else paths[0]
    return Ranges(forecast.join(pd.concat(months)), table, _running(forecast, company), company)


def _past_errors(past: PastForecasts, chosen: Indices) -> tuple[float, ...]:
    """Return how past sums of the company were off at worst, too low and too high.

    Of all accounts that had begun by then, also those that are closed today; NaN where unknown.
    """
    blocks = past.errors()[chosen, : past.horizon]
    sold = (past.actual[chosen, : past.horizon] * ~np.isnan(blocks)).sum(axis=(1, 2)) / SCALE
    off = np.nansum(blocks, axis=(1, 2))[sold > 0] / sold[sold > 0]
    if not len(off):
        return (np.nan,) * len(_PAST)
    return float(off.min()), float(off.max())


def _running(forecast: pd.DataFrame, paths: Floats | None) -> pd.DataFrame:
    """Sum up the company's months so far, with the range of each sum."""
    company = forecast[forecast["level"] == "company"].reset_index(drop=True)
    table = company[["period"]].assign(forecast=to_money(to_ticks(company["forecast"]).cumsum()))
    ends = np.full((len(_ENDS), len(table)), np.nan)
    if paths is not None:
        ends = np.quantile(paths.cumsum(axis=0), _TAILS, axis=1)
    return table.assign(**{name: _money(end) for name, end in zip(_ENDS, ends, strict=True)})


def range_coverage(past: PastForecasts, *, params: ForecastParams, seed: int) -> pd.DataFrame:
    """Say how often what came lay within the 80 % range that would have been given for it.

    At each judged date (see `kamlib.forecast.replay_sales`) the range of the next `params.holdout_step`
    months' sum is drawn from the errors that were known then. Keys with nothing forecast and nothing sold are
    not counted: nothing is no finding. Of a level with more than 5,000 keys, every second, third and so on in
    order of key is judged, so that no more than 5,000 are.

    Parameters
    ----------
    past : PastForecasts
        What `kamlib.forecast.replay_sales` made.
    params : ForecastParams
        What is held out, and the number of paths.
    seed : int
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        One row per level: level, coverage_said (0.8) and coverage_found (share of the cases within the range)
        [fraction], cases (keys x dates) and origins (dates). Empty where no date has two blocks of errors
        before it.
    """
    ahead, length = params.holdout_step, len(past.levels.pairs.ticks)
    codes = {level: _judged(pd.factorize(past.levels.groups[level], sort=True)[0]) for level in LEVELS}
    hits: dict[str, list[Flags]] = {level: [] for level in LEVELS}
    errors = past.errors()[:, :ahead]
    dates = range(length - params.holdout_months, length - ahead + 1, params.holdout_step)
    for place in np.flatnonzero(np.isin(past.origins, dates)):
        known = past.origins + ahead <= past.origins[place]
        if known.sum() < _LEAST_BLOCKS:
            continue
        expected = past.forecast[place, :ahead] / SCALE
        drawn = path_totals(
            expected,
            errors[known],
            codes,
            paths=params.paths,
            seed=seed,
            step=past.apart,
            non_negative=np.asarray((past.levels.pairs.ticks[: past.origins[place]] >= 0).all(axis=0)),
            quantiles=_TAILS,
            find=("total",),
        )
        for level, code in codes.items():
            within = code >= 0
            sold = np.bincount(code[within], weights=past.actual[place, :ahead, within].sum(axis=1) / SCALE)
            hoped = np.bincount(code[within], weights=expected[:, within].sum(axis=0))
            low, high = drawn[level].running[:, -1]
            hits[level].append(((low <= sold) & (sold <= high))[(sold != 0) | (hoped != 0)])
    rows = [
        (level, 0.8, float(np.concatenate(found).mean()), sum(map(len, found)), len(found))
        for level, found in hits.items()
        if sum(map(len, found))
    ]
    columns = ["level", "coverage_said", "coverage_found", "cases", "origins"]
    table = pd.DataFrame(rows, columns=columns).astype({"cases": "Int64", "origins": "Int64"})
    return table.astype({"level": "str", "coverage_said": "float64", "coverage_found": "float64"})


def _judged(code: Indices) -> Indices:
    """Return the groups counted from 0 anew, only every so many of them; -1 for series of the others."""
    every = -(-(int(code.max()) + 1) // _JUDGED)
    return np.where(code % every == 0, code // every, -1)


def _expected(forecast: pd.DataFrame, past: PastForecasts) -> Floats:
    """Return the pairs' forecasts, shape (horizon, n), in the order of the pairs."""
    _, keys = pd.factorize(past.levels.groups["account_line"], sort=True)
    rows = forecast[forecast["level"] == "account_line"]
    by_key = as_float(rows["forecast"]).reshape(len(keys), past.horizon).T
    return by_key[:, pd.Index(keys).get_indexer(past.levels.groups["account_line"])]


def _money(values: Floats, index: pd.Index | None = None) -> pd.Series:
    known = pd.Series(~np.isnan(values), index=index)
    return to_money(np.rint(np.nan_to_num(values) * SCALE).astype(np.int64), index).where(known)
