"""Sums of a planned period on joint sample paths, drawn again from what a run keeps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.errors import KamError
from kamlib.forecast.arrays import Flags, Floats, Indices, Ints
from kamlib.forecast.donors import complete_errors
from kamlib.forecast.levels import closed_pairs
from kamlib.forecast.params import ForecastParams
from kamlib.forecast.paths import draw_paths
from kamlib.forecast.sales_history import LEVELS, Pairs, group_keys, lay_out, month_number, month_text
from kamlib.measures.money import SCALE, to_money, to_ticks
from kamlib.periods import Period

SUMMED = LEVELS[:-1]  # an account x product line pair has no target of its own to be judged by
_CHUNK = 256  # series drawn at a time: 12 months x 1000 paths of them are 25 MB
_LEAST_BLOCKS = 2  # one block has no spread


@dataclass(frozen=True)
class PeriodSums:
    """What a period may bring, on joint sample paths.

    Attributes
    ----------
    keys : pandas.DataFrame
        One row per level and key: level, key, actual (sold in the period before `as_of`), forecast (of the
        period's months from `as_of` on) and landing (both together) [currency], low_80 and high_80
        (range of what the period brings, null without errors to draw from) [currency]; levels in order, keys
        sorted.
    paths : numpy.ndarray of int64, shape (rows of keys, paths), or None
        What the period brings on each path [currency / 10,000]; a column is one course of events for all.
        None without errors to draw from.
    origins : int
        Past dates whose errors are drawn from.
    """

    keys: pd.DataFrame
    paths: Ints | None
    origins: int


def draw_period_sums(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    forecast: pd.DataFrame,
    errors: pd.DataFrame,
    *,
    period: Period,
    as_of: dt.date,
    params: ForecastParams,
    seed: int,
) -> PeriodSums | None:
    """Draw what a period may bring for the company, every region, rep, type, product line and account.

    The draws are those of `kamlib.forecast.forecast_ranges`: the same blocks of past errors, the same seed,
    the same paths, made again from the tables that a run keeps. A path covers the whole horizon of the
    forecast, of which the months of the period are summed; what was sold in the period before `as_of` is
    added, as it is known. New business of the pipeline is no part of it.

    Parameters
    ----------
    cube : pandas.DataFrame
        As for `kamlib.forecast.forecast_sales`.
    accounts : pandas.DataFrame
        One row per account: account_id, region, account_type, rep_id and, optionally, status.
    forecast : pandas.DataFrame
        What `kamlib.forecast.forecast_sales` made.
    errors : pandas.DataFrame
        What `kamlib.forecast.forecast_errors` made of the same replay; may be empty.
    period : Period
        The period planned.
    as_of : datetime.date
        First day not seen.
    params : ForecastParams
        Number of paths.
    seed : int
        Seed of the draws.

    Returns
    -------
    PeriodSums or None
        None where the forecast does not cover the months of the period that lie ahead, or none do.

    Raises
    ------
    KamError
        If `forecast` or `errors` are of other accounts and product lines than `cube`, or the blocks of errors
        do not reach as far as the forecast.

    Examples
    --------
    >>> from kamlib.forecast import forecast_errors, forecast_sales, replay_sales
    >>> from kamlib.periods import parse_period
    >>> cube = pd.DataFrame({"account_id": "A", "product_line": "Bikes", "month": ["2025-11", "2025-12"],
    ...                      "revenue": to_money([100_000, 100_000])})
    >>> accounts = pd.DataFrame({"account_id": ["A"], "region": "N", "account_type": "T", "rep_id": "R"})
    >>> known = {"as_of": dt.date(2026, 1, 1), "params": ForecastParams()}
    >>> past = replay_sales(cube, accounts, until=dt.date(2026, 4, 1), **known)
    >>> forecast = forecast_sales(cube, accounts, until=dt.date(2026, 4, 1), past=past, **known)
    >>> sums = draw_period_sums(cube, accounts, forecast, forecast_errors(past),
    ...                         period=parse_period("2026Q1"), seed=1, **known)
    >>> sums.keys["landing"].iloc[0], sums.paths is None
    (Decimal('30.0000'), True)
    """
    pairs = lay_out(cube, as_of=as_of)
    ahead, booked = _rows(forecast, pairs, period)
    if ahead is None:
        return None
    expected = _by_month(forecast, pairs, "period", "forecast", "forecast")[0] / SCALE
    blocks = _blocks(errors, pairs, len(expected))
    blocks[:, :, closed_pairs(pairs, accounts)] = 0.0
    groups = group_keys(pairs, accounts)
    found = [pd.factorize(groups[level], sort=True) for level in SUMMED]
    keys = pd.concat(
        [
            pd.DataFrame({"level": level, "key": names})
            for level, (_, names) in zip(SUMMED, found, strict=True)
        ],
        ignore_index=True,
    ).astype("str")
    first = np.cumsum([0, *(len(names) for _, names in found)])
    codes = np.array([code + at for (code, _), at in zip(found, first[:-1], strict=True)], dtype=np.intp)
    sold = _sum_by(codes, pairs.ticks[booked].sum(axis=0), len(keys))
    coming = _sum_by(codes, np.rint(expected[ahead] * SCALE).astype(np.int64).sum(axis=0), len(keys))
    keys["actual"], keys["forecast"] = to_money(sold), to_money(coming)
    keys["landing"] = to_money(sold + coming)
    paths = None
    if len(blocks) >= _LEAST_BLOCKS:
        never_negative = np.asarray((pairs.ticks >= 0).all(axis=0))
        size = {"paths": params.paths, "seed": seed, "step": _apart(errors)}
        paths = _draw_sums(expected, blocks, codes, ahead, len(keys), never_negative, size) + sold[:, None]
    ends = np.full((2, len(keys)), np.nan) if paths is None else np.quantile(paths, (0.1, 0.9), axis=1)
    for name, end in zip(("low_80", "high_80"), ends, strict=True):
        keys[name] = to_money(np.rint(np.nan_to_num(end)).astype(np.int64)).where(pd.Series(~np.isnan(end)))
    return PeriodSums(keys, paths, len(blocks))


def _rows(forecast: pd.DataFrame, pairs: Pairs, period: Period) -> tuple[Flags | None, Ints]:
    """Say which months of the forecast lie in the period, and which rows of the history do.

    The first is None where the forecast does not cover the months of the period that lie ahead.
    """
    months = np.sort(forecast["period"].unique())
    wanted = np.array([str(month) for month in period.months()])
    known = month_text(pairs.start + np.arange(len(pairs.ticks)))
    to_come = wanted[wanted >= str(month_text(np.array([pairs.end]))[0])]
    within = np.isin(months, to_come)
    covered = len(to_come) > 0 and within.sum() == len(to_come)
    return (within if covered else None), np.flatnonzero(np.isin(known, wanted))


def _by_month(table: pd.DataFrame, pairs: Pairs, column: str, amount: str, name: str) -> tuple[Ints, Flags]:
    """Lay a table of pairs out: amounts [ticks] and whether they are known, shape (values of column, n)."""
    rows = table[table["level"] == "account_line"] if "level" in table else table
    place = pd.MultiIndex.from_frame(pairs.keys.astype("str").fillna("")).get_indexer(
        pd.MultiIndex.from_frame(rows[["account_id", "product_line"]].astype("str").fillna(""))
    )
    code, values = pd.factorize(rows[column], sort=True)
    if (place < 0).any() or len(rows) != len(values) * len(pairs.keys):
        raise KamError(
            f"{name}: its accounts and product lines are not those of the cube, which has {len(pairs.keys)}. "
            "Take both from the same run."
        )
    known = rows[amount].notna().to_numpy()
    ticks = np.zeros((len(values), len(pairs.keys)), dtype=np.int64)
    seen = np.zeros(ticks.shape, dtype=bool)
    ticks[code, place], seen[code, place] = to_ticks(rows[amount].fillna(0)), known
    return ticks, seen


def _blocks(errors: pd.DataFrame, pairs: Pairs, horizon: int) -> Floats:
    """Return the blocks of errors, shape (origins, horizon, n) [currency]; NaN where unknown."""
    if errors.empty:
        return np.zeros((0, horizon, len(pairs.keys)))
    at = errors.assign(at=errors["origin"].astype("str") + errors["horizon"].map("{:04d}".format))
    ticks, known = _by_month(at, pairs, "at", "error", "errors")
    if len(ticks) % horizon or errors["horizon"].max() != horizon:
        raise KamError(
            f"errors: blocks reach {errors['horizon'].max()} months ahead, the forecast {horizon}. "
            "Take both from the same run."
        )
    return np.where(known, ticks / SCALE, np.nan).reshape(-1, horizon, len(pairs.keys))


def _apart(errors: pd.DataFrame) -> int:
    """Return the months between two origins."""
    origins = [month_number(dt.date.fromisoformat(f"{month}-01")) for month in errors["origin"].unique()]
    return int(np.diff(np.sort(origins)).min())


def _sum_by(codes: Indices, ticks: Ints, count: int) -> Ints:
    result = np.zeros(count, dtype=np.int64)
    for code in codes:
        np.add.at(result, code, ticks)
    return result


def _draw_sums(
    expected: Floats,
    blocks: Floats,
    codes: Indices,
    ahead: Flags,
    count: int,
    never_negative: Flags,
    size: dict[str, int],
) -> Ints:
    """Sum the paths of the months ahead by group, shape (count, paths) [ticks].

    Errors are completed once, with all series at hand; what is drawn of a part is then what would be drawn
    of it among all.
    """
    blocks = complete_errors(expected, blocks)
    sums = np.zeros((count, size["paths"]))
    for first in range(0, expected.shape[1], _CHUNK):
        part = slice(first, first + _CHUNK)
        drawn = draw_paths(
            expected[:, part], blocks[:, :, part], non_negative=never_negative[part], **size
        )  # (paths, horizon, part)
        total = np.zeros((drawn.shape[2], drawn.shape[0]))
        for month in np.flatnonzero(ahead):
            total += drawn[:, month].T
        for code in codes:
            np.add.at(sums, code[part], total)
    return np.rint(sums * SCALE).astype(np.int64)
