"""Generated books whose future is known: many courses of events from the same past."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

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
SAID = np.arange(0.05, 1.0, 0.1)  # the middle of every decile
_MONTHS = [f"{2021 + month // 12}-{month % 12 + 1:02d}" for month in range(PAST)]


@dataclass(frozen=True)
class GeneratedBook:
    """One book: what was sold, shape (accounts, PAST), and what may come, (FUTURES, accounts, AHEAD)."""

    sold: Floats
    coming: Floats


def make_book(seed: int) -> GeneratedBook:
    """Generate a book: level, season, growth, shocks common to all and to a region, intermittent accounts.

    Sales are level x growth x season x exp(shocks + noise). The shock of the market and that of a region fade
    (seven tenths are left after a month), each account's level wanders, and every fourth account orders in a
    part of the months only. The courses of events share the past and go on from its last month.
    """
    rng = np.random.default_rng(seed)
    length = PAST + AHEAD
    level = np.exp(rng.normal(8, 1, ACCOUNTS))
    growth = rng.normal(0.05, 0.05) + rng.normal(0, 0.05, ACCOUNTS)
    season = rng.uniform(0.05, 0.3) * np.cos(2 * np.pi * (np.arange(length) - rng.integers(12)) / 12)
    own = 0.1 * rng.standard_normal((ACCOUNTS, 12))[:, np.arange(length) % 12]
    path = level[:, None] * np.exp(growth[:, None] * np.arange(length) / 12 + season + own)
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


def reached(seed: int, period: Period, *, paths: int = 1000) -> pd.DataFrame:
    """Ask of a book targets of every tenth of probability, and say how often they are reached.

    Returns
    -------
    pandas.DataFrame
        One row per level, key and probability said: book, level, key, said and found (share of the courses of
        events that reach it).
    """
    book = make_book(seed)
    names = np.array([f"A{i:02d}" for i in range(ACCOUNTS)])
    cube = pd.DataFrame(
        {
            "account_id": np.repeat(names, PAST),
            "product_line": np.repeat(np.where(np.arange(ACCOUNTS) % 3 == 0, "Bikes", "Parts"), PAST),
            "month": np.tile(_MONTHS, ACCOUNTS),
            "revenue": to_money(np.rint(book.sold.ravel() * SCALE).astype(np.int64)),
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
    known = {"as_of": AS_OF, "until": UNTIL, "params": ForecastParams(paths=paths)}
    past = replay_sales(cube, accounts, **known)
    made = forecast_sales(cube, accounts, past=past, **known)
    sums = draw_period_sums(
        cube, accounts, made, forecast_errors(past),
        period=period, as_of=AS_OF, params=known["params"], seed=seed,
    )  # fmt: skip
    months = [int(str(month)[5:]) - 1 for month in period.months()]
    came = book.coming[:, :, months].sum(axis=2)
    keys = sums.keys[["level", "key"]]
    members = {
        "company": np.full(ACCOUNTS, "company"),
        "region": accounts["region"], "rep": accounts["rep_id"], "account_type": accounts["account_type"],
        "product_line": cube["product_line"].to_numpy()[::PAST], "account": names,
    }  # fmt: skip
    total = np.array(
        [came[:, np.asarray(members[level]) == key].sum(axis=1) for level, key in keys.to_numpy()]
    )
    rows = []
    for said in SAID:
        asked = target_for_probability(keys, sums.paths, probability=said)["wanted_target"].astype("float64")
        share = (total >= asked.to_numpy()[:, None]).mean(axis=1)
        rows.append(keys.assign(book=seed, said=said, found=np.where(asked.isna(), np.nan, share)))
    return pd.concat(rows, ignore_index=True)
