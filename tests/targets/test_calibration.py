"""Targets said to have a probability are reached as often, where the truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.forecast import draw_paths
from kamlib.measures.money import SCALE
from kamlib.targets import AttainabilityParams, attain_probability, target_for_probability
from tests.targets.books import SAID, deciles

BOOKS, ACCOUNTS, FUTURES, PATHS = 120, 12, 100, 1000
KEYS = pd.DataFrame(
    {
        "level": ["company", "rep", "rep", "rep", *["account"] * ACCOUNTS],
        "key": ["company", "R0", "R1", "R2", *[f"A{i:02d}" for i in range(ACCOUNTS)]],
    }
)
SUMS = np.vstack([np.ones(ACCOUNTS), np.eye(3)[np.arange(ACCOUNTS) % 3].T, np.eye(ACCOUNTS)])


def wandering_book(seed: int, ahead: int, origins: int) -> pd.DataFrame:
    """Ask targets of a book whose accounts wander: the best forecast is where they stand.

    A month moves each account by a shock of its own and one common to all. The forecast repeats the last
    month, so its errors at past dates and those to come follow the same law and overlap as those of a book do.
    """
    rng = np.random.default_rng(seed)
    months = origins - 1 + ahead
    size = rng.uniform(5, 20, ACCOUNTS)
    own = rng.standard_normal((FUTURES, months + ahead, ACCOUNTS)) * size
    common = rng.standard_normal((FUTURES, months + ahead, 1)) * size / 2
    level = 1000 + (own + common).cumsum(axis=1)
    past = 1000 + (own[0, :months] + common[0, :months]).cumsum(axis=0)
    past = np.vstack([np.full(ACCOUNTS, 1000.0), past])
    errors = np.array([past[k] - past[k + 1 : k + 1 + ahead] for k in range(origins)])
    stand = past[-1]
    drawn = draw_paths(np.tile(stand, (ahead, 1)), errors, paths=PATHS, seed=seed)
    sums = np.rint(SUMS @ drawn.sum(axis=1).T * SCALE).astype(np.int64)
    came = (level[:, months:] - level[:, months - 1 : months] + stand).sum(axis=1) @ SUMS.T
    rows = []
    for said in SAID:
        asked = target_for_probability(KEYS, sums, probability=said)["wanted_target"].astype("float64")
        reached = (came >= asked.to_numpy()).mean(axis=0)
        rows.append(KEYS.assign(book=seed, said=said, found=reached))
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module", params=[(3, 12), (12, 25)], ids=["quarter", "year"])
def found(request: pytest.FixtureRequest) -> pd.DataFrame:
    """Return what was found a quarter ahead from a dozen dates, and a year ahead from 25."""
    ahead, origins = request.param
    return pd.concat([wandering_book(seed, ahead, origins) for seed in range(BOOKS)], ignore_index=True)


@pytest.mark.parametrize("level", ["company", "rep", "account"])
def test_frequency_is_what_was_said(found: pd.DataFrame, level: str) -> None:
    table = deciles(found[found["level"] == level], by=[], cluster="book")
    # three points, as promised, and what the books at hand leave open: half the 95 % bootstrap interval
    room = 0.03 + (table["high"] - table["low"]) / 2
    assert ((table["found"] - table["said"]).abs() <= room).all(), table
    assert table["said"].tolist() == pytest.approx(SAID)


def test_a_target_for_a_probability_is_given_that_probability() -> None:
    paths = np.random.default_rng(4).integers(0, 10**8, (len(KEYS), PATHS))
    keys = KEYS.assign(landing=0, low_80=0, high_80=0)
    for said in SAID:
        targets = target_for_probability(KEYS, paths, probability=said).rename(
            columns={"level": "dimension", "wanted_target": "target"}
        )
        made = attain_probability(targets, keys, paths, params=AttainabilityParams())["reach_probability"]
        assert made.between(said, said + 2 / PATHS).all()
