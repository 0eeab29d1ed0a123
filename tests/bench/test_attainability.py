"""Whether targets said to have a probability are reached as often: generated books, the demo book, AdventureWorks."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.book import open_book
from kamlib.measures.money import as_float
from kamlib.periods import Period, month_of, parse_period
from kamlib.runs import read_table
from kamlib.targets.attainability import AttainabilityParams, attain_probability
from tests.targets.books import GROWTH, PAST, SAID, deciles, draw_for, reached

ROOT = Path(__file__).resolve().parents[2]
BOOKS, POINTS = 200, 0.03
OTHERS = range(200, 500)  # books that no choice of the forecast was looked at on
TOGETHER = {PAST: POINTS, 36: 0.05}  # what the pack says of all targets by months known, and
ALONE = {PAST: 0.04, 36: 0.05}  # of a quarter's or a year's alone
LEAST = {"account": 0.05, "rep": 0.05}  # of levels, of a quarter and of a year
OTHER_REPS = 0.06  # of reps on other books
SIDES = {"2026Q1": 0.07, "2026": 0.12}
_BEFORE = 18  # months: a season, two dates to err at, a quarter after each
PERIODS = (parse_period("2026Q1"), parse_period("2026"))


@pytest.fixture(scope="module", params=[PAST, 36], ids=lambda known: f"{known} months known")
def found(request: pytest.FixtureRequest) -> pd.DataFrame:
    with ProcessPoolExecutor(2) as pool:
        ask = partial(reached, periods=PERIODS, known=request.param)
        return pd.concat(pool.map(ask, range(BOOKS), chunksize=5))


def test_targets_are_reached_as_often_as_said(found: pd.DataFrame) -> None:
    table = deciles(found, by=["period"], cluster="book")
    print(f"\n{BOOKS} generated books\n{table.round(4).to_string(index=False)}")
    assert table["period"].nunique() == len(PERIODS)
    assert ((table["found"] - table["said"]).abs() <= POINTS).all()


def test_no_level_is_reached_otherwise_than_the_pack_says(found: pd.DataFrame) -> None:
    assert levels_hold(found, LEAST)


@pytest.mark.parametrize("growth", [GROWTH, 0.0], ids="books that grow by {:.0%} a year".format)
@pytest.mark.parametrize("known", TOGETHER, ids="{} months known".format)
def test_targets_of_other_books_are_reached_as_the_pack_says(known: int, growth: float) -> None:
    with ProcessPoolExecutor(2) as pool:
        ask = partial(reached, periods=PERIODS, known=known, growth=growth)
        found = pd.concat(pool.map(ask, OTHERS, chunksize=5))
    for by, told in ([], TOGETHER[known]), (["period"], ALONE[known]):
        table = deciles(found, by=by, cluster="book")
        print(f"\n{len(OTHERS)} other books\n{table.round(4).to_string(index=False)}")
        assert ((table["found"] - table["said"]).abs() <= told).all()
    assert levels_hold(found, LEAST | {"rep": OTHER_REPS})


def levels_hold(found: pd.DataFrame, least: dict[str, float]) -> bool:
    """Say whether each level is within what the pack says of it."""
    levels = deciles(found, by=["period", "level"], cluster="book")
    off = (levels["found"] - levels["said"]).rename("off")
    table = levels.assign(off=off).pivot(index=["period", "level"], columns="said", values="off")
    print(f"\n{found['book'].nunique()} generated books: found less said\n{table.round(3).to_string()}")
    told = levels["level"].map(least).fillna(levels["period"].map(SIDES))
    return bool((off.abs() <= told).all())


@pytest.mark.parametrize("name", ["demo", "examples/adventureworks.yaml"])
def test_past_quarters_of_a_book(name: str, tmp_path: Path) -> None:
    with open_book(ROOT / "data" / name) as book:
        book.write_cube(dt.date.max, tmp_path / "cube.parquet")
        accounts = book.table("accounts").to_pyarrow().to_pandas()
    cube = read_table(tmp_path / "cube.parquet")
    with ProcessPoolExecutor(2) as pool:
        parts = list(pool.map(partial(past_quarter, cube, accounts), quarters(cube)))
    found = pd.concat(parts, ignore_index=True)
    table = deciles(found, by=[], cluster="date")
    print(f"\n{name}: {found['date'].nunique()} quarters\n{table.round(3).to_string(index=False)}")
    levels = deciles(found, by=["level"], cluster="date")
    print(levels.pivot(index="level", columns="said", values="found").round(2).to_string())
    assert found["date"].nunique() >= 3
    assert table["found"].is_monotonic_increasing  # a handful of dates cannot vouch for more


def test_the_company_s_own_quotas_of_past_quarters(tmp_path: Path) -> None:
    """AdventureWorks: each quota beside its probability on the day it was set, and whether it was reached.

    A rep's paths are those of the accounts held; what counts as reached is what these accounts bought.
    """
    with open_book(ROOT / "data" / "examples" / "adventureworks_quotas.yaml") as book:
        book.write_cube(dt.date.max, tmp_path / "cube.parquet")
        accounts = book.table("accounts").to_pyarrow().to_pandas()
        targets = book.table("targets").to_pyarrow().to_pandas()
    cube = read_table(tmp_path / "cube.parquet")
    held = accounts[["account_id", "region", "account_type", "rep_id"]].astype("str")
    bought = cube.merge(held[["account_id", "rep_id"]], on="account_id", suffixes=("_sold", ""))
    rows = []
    for quarter in quarters(cube):
        asked = targets[targets["period"] == str(quarter)].groupby("rep_id")["target"].sum().astype(float)
        known = cube[cube["month"] < str(month_of(quarter.start))]
        [made] = draw_for(known, held, [quarter], as_of=quarter.start, until=quarter.end, seed=1)
        wanted = asked.rename("target").rename_axis("key").reset_index().assign(dimension="rep")
        likely = attain_probability(wanted, made.keys, made.paths, params=AttainabilityParams())
        in_quarter = bought[bought["month"].isin([str(month) for month in quarter.months()])]
        came = in_quarter.assign(sold=as_float(in_quarter["revenue"])).groupby("rep_id")["sold"].sum()
        rows.append(likely.assign(period=str(quarter), came=came.reindex(likely["key"]).fillna(0).to_numpy()))
    table = pd.concat(rows, ignore_index=True).dropna(subset="reach_probability")
    table["reached"] = table["came"] >= table["target"].astype(float)
    columns = ["period", "key", "target", "landing", "came", "reach_probability", "reached"]
    print(f"\n{table[columns].round(2).to_string(index=False)}")
    expected, reached = table["reach_probability"].sum(), int(table["reached"].sum())
    print(f"{len(table)} quotas: {expected:.1f} were expected to be reached, {reached} were")
    assert table["reach_probability"].between(0, 1, inclusive="neither").all()


def quarters(cube: pd.DataFrame) -> list[Period]:
    """Return the quarters sold in whole, with a season and two blocks of errors before them at least."""
    months = sorted(cube["month"].unique())
    found = {parse_period(month).quarters()[0] for month in months[_BEFORE:]}
    whole = [q for q in found if {str(month) for month in q.months()} <= set(months[_BEFORE:-1])]
    return sorted(whole, key=lambda quarter: quarter.start)


def past_quarter(cube: pd.DataFrame, accounts: pd.DataFrame, quarter: Period) -> pd.DataFrame:
    """Plan a past quarter from what was sold before it, and say which targets were reached."""
    known = cube[cube["month"] < str(month_of(quarter.start))]
    held = accounts[["account_id", "region", "account_type", "rep_id"]].astype("str")
    [made] = draw_for(known, held, [quarter], as_of=quarter.start, until=quarter.end, seed=1)
    came = cube[cube["month"].isin([str(month) for month in quarter.months()])]
    came = came.drop(columns="rep_id").merge(
        held.rename(columns={"rep_id": "rep"}), how="left", on="account_id", suffixes=("_sold", "")
    )
    came = came.assign(company="company", account=came["account_id"], sold=as_float(came["revenue"]))
    sums = {level: came.groupby(level)["sold"].sum() for level in made.keys["level"].unique()}
    pairs = made.keys[["level", "key"]].to_numpy()
    total = np.array([sums[level].get(key, 0.0) for level, key in pairs])
    # a key that is expected to bring nothing and brings nothing is no finding; those without an account or
    # a rep are no rep's
    counted = (as_float(made.keys["landing"]) > 0) & ~made.keys["key"].str.startswith("(").to_numpy()
    return made.found(total[:, None])[np.tile(counted, len(SAID))].assign(date=str(quarter))
