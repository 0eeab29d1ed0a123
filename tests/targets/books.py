"""Generated books whose future is known: many courses of events from the same past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t

from kamlib.forecast import (
    ForecastParams,
    draw_period_sums,
    forecast_errors,
    forecast_sales,
    replay_sales,
)
from kamlib.measures.money import SCALE, to_money
from kamlib.periods import Period
from kamlib.targets.attainability import target_for_probability

Floats = npt.NDArray[np.float64]
AS_OF, UNTIL = dt.date(2026, 1, 1), dt.date(2027, 1, 1)
PAST, AHEAD, FUTURES = 60, 12, 60  # months known, months to come, courses of events from the same past
ACCOUNTS, REPS, REGIONS = 24, 6, 2
GROWTH = 0.05  # a year, of books on average
SAID = np.arange(0.05, 1.0, 0.1)  # the middle of every decile
_MONTHS = [f"{2021 + month // 12}-{month % 12 + 1:02d}" for month in range(PAST)]


@dataclass(frozen=True)
class GeneratedBook:
    """One book: what was sold, shape (accounts, PAST), and what may come, (FUTURES, accounts, AHEAD)."""

    sold: Floats
    coming: Floats


def make_book(seed: int, growth: float = GROWTH) -> GeneratedBook:
    """Generate a book: level, season, growth, shocks common to all and to a region, intermittent accounts.

    Sales are level x growth x season x exp(shocks + noise). A book grows by `growth` a year, give or take five
    points, and its accounts by that, give or take five more, throughout. The shock of the market and that of a region fade
    (seven tenths are left after a month), each account's level wanders, and every fourth account orders in a
    part of the months only. The courses of events share the past and go on from its last month.
    """
    rng = np.random.default_rng(seed)
    length = PAST + AHEAD
    level = np.exp(rng.normal(8, 1, ACCOUNTS))
    pace = rng.normal(growth, 0.05) + rng.normal(0, 0.05, ACCOUNTS)
    season = rng.uniform(0.05, 0.3) * np.cos(2 * np.pi * (np.arange(length) - rng.integers(12)) / 12)
    own = 0.1 * rng.standard_normal((ACCOUNTS, 12))[:, np.arange(length) % 12]
    path = level[:, None] * np.exp(pace[:, None] * np.arange(length) / 12 + season + own)
    wander = _branch(rng, (ACCOUNTS,), 0.03, 1.0)
    market = _branch(rng, (1,), 0.04, 0.7)
    region = _branch(rng, (REGIONS,), 0.04, 0.7)[:, np.arange(ACCOUNTS) % REGIONS]
    noise = rng.uniform(0.1, 0.4, ACCOUNTS)[:, None] * _branch(rng, (ACCOUNTS,), 1.0, 0.0)
    busy = np.where(np.arange(ACCOUNTS) % 4 == 3, rng.uniform(0.2, 0.7, ACCOUNTS), 1.0)
    buys = _branch_uniform(rng) < busy[:, None]
    sales = path * np.exp(wander + market + region + noise) * buys / busy[:, None]
    return GeneratedBook(sales[0, :, :PAST], sales[:, :, PAST:])


def _branch(rng: np.random.Generator, shape: tuple[int, ...], spread: float, left: float) -> Floats:
    """Return shocks of which `left` is left a month later, shape (FUTURES, ..., time): one past, many futures."""
    drawn = spread * rng.standard_normal((FUTURES, *shape, PAST + AHEAD))
    drawn[..., :PAST] = drawn[:1, ..., :PAST]
    for month in range(1, PAST + AHEAD):
        drawn[..., month] += left * drawn[..., month - 1]
    return drawn


def _branch_uniform(rng: np.random.Generator) -> Floats:
    drawn = rng.random((FUTURES, ACCOUNTS, PAST + AHEAD))
    drawn[..., :PAST] = drawn[:1, ..., :PAST]
    return drawn


@dataclass(frozen=True)
class Drawn:
    """Sums of a period by key, shape (keys, paths), as drawn from what was known before it."""

    period: Period
    keys: pd.DataFrame
    paths: npt.NDArray[np.int64] | None

    def found(self, came: Floats) -> pd.DataFrame:
        """Ask targets of every tenth of probability and say on what share of courses they are reached.

        Parameters
        ----------
        came : numpy.ndarray, shape (keys, courses of events)
            What came.
        """
        rows = []
        for said in SAID:
            found = target_for_probability(self.keys, self.paths, probability=said)
            asked = found["wanted_target"].astype("float64").to_numpy()[:, None]
            share = np.where(np.isnan(asked), np.nan, came >= asked).mean(axis=1)
            rows.append(self.keys[["level", "key"]].assign(period=str(self.period), said=said, found=share))
        return pd.concat(rows, ignore_index=True)


def draw_for(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    periods: Sequence[Period],
    *,
    as_of: dt.date,
    until: dt.date,
    seed: int,
    paths: int = 1000,
) -> list[Drawn]:
    """Forecast a book as of a day and draw what periods may bring."""
    known = {"as_of": as_of, "params": ForecastParams(paths=paths)}
    past = replay_sales(cube, accounts, until=until, **known)
    made = forecast_sales(cube, accounts, until=until, past=past, **known)
    errors = forecast_errors(past)
    drawn = []
    for period in periods:
        sums = draw_period_sums(cube, accounts, made, errors, period=period, seed=seed, **known)
        if sums is not None:
            drawn.append(Drawn(period, sums.keys, sums.paths))
    return drawn


def reached(seed: int, periods: Sequence[Period], known: int = PAST, growth: float = GROWTH) -> pd.DataFrame:
    """Ask targets of a generated book of which the last `known` months are seen; say how often they come.

    Returns
    -------
    pandas.DataFrame
        One row per period, level, key and probability said: book, level, key, period, said and found (share
        of the courses of events that reach it).
    """
    book = make_book(seed, growth)
    names = np.array([f"A{i:02d}" for i in range(ACCOUNTS)])
    lines = np.where(np.arange(ACCOUNTS) % 3 == 0, "Bikes", "Parts")
    cube = pd.DataFrame(
        {
            "account_id": np.repeat(names, known),
            "product_line": np.repeat(lines, known),
            "month": np.tile(_MONTHS[-known:], ACCOUNTS),
            "revenue": to_money(np.rint(book.sold[:, -known:].ravel() * SCALE).astype(np.int64)),
        }
    )
    accounts = pd.DataFrame(
        {
            "account_id": names,
            "region": [f"G{i % REGIONS}" for i in range(ACCOUNTS)],
            "account_type": [f"T{i % 3}" for i in range(ACCOUNTS)],
            "rep_id": [f"R{i % REPS}" for i in range(ACCOUNTS)],
            "status": "active",
        }
    )
    member = {
        "company": np.full(ACCOUNTS, "company"),
        "region": accounts["region"].to_numpy(),
        "rep": accounts["rep_id"].to_numpy(),
        "account_type": accounts["account_type"].to_numpy(),
        "product_line": lines,
        "account": names,
    }
    rows = []
    for drawn in draw_for(cube, accounts, periods, as_of=AS_OF, until=UNTIL, seed=seed):
        months = [int(str(month)[5:]) - 1 for month in drawn.period.months()]
        came = book.coming[:, :, months].sum(axis=2)
        pairs = drawn.keys[["level", "key"]].to_numpy()
        rows.append(
            drawn.found(np.array([came[:, member[level] == key].sum(axis=1) for level, key in pairs]))
        )
    return pd.concat(rows, ignore_index=True).assign(book=seed)


def deciles(found: pd.DataFrame, *, by: list[str], cluster: str, draws: int = 1000) -> pd.DataFrame:
    """Say how often targets of each probability were reached, with a 95 % interval by cluster bootstrap.

    Whole clusters (books, dates) are drawn again with replacement: what belongs to one went wrong together.
    A handful of clusters drawn again differ too little by 1 / n of the variance, and their spread is itself
    uncertain: the interval is Student's, n - 1 degrees of freedom, on the bootstrap's standard error x
    sqrt(n / (n - 1)), cut at 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row per group of `by` and probability said: said, found, low, high and cases; unknown cases left
        out.
    """
    known = found.dropna(subset="found")
    sums = known.groupby([*by, "said", cluster])["found"].agg(["sum", "count"])
    rng = np.random.default_rng(1)
    rows = []
    for group, part in sums.groupby(level=[*by, "said"], sort=True):
        amount, count, n = part["sum"].to_numpy(), part["count"].to_numpy(), len(part)
        again = rng.integers(0, n, (draws, n))
        spread = (amount[again].sum(axis=1) / count[again].sum(axis=1)).std()
        room = t.ppf(0.975, n - 1) * spread * np.sqrt(n / (n - 1)) if n > 1 else 1.0
        share = amount.sum() / count.sum()
        rows.append((*group, share, max(0.0, share - room), min(1.0, share + room), int(count.sum())))
    return pd.DataFrame(rows, columns=[*by, "said", "found", "low", "high", "cases"])
