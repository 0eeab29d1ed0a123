"""AdventureWorks as a book: its totals are the raw files' to the cent."""

from __future__ import annotations

import datetime as dt
import itertools
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from kamlib.book import Book, open_book
from kamlib.measures.money import total_money
from kamlib.runs import read_table

ROOT = Path(__file__).resolve().parents[2]
RAW = Path(os.environ.get("KAM_SHARED") or ROOT.parent / "shared") / "data" / "adventureworks"
pytestmark = pytest.mark.skipif(not RAW.is_dir(), reason="the data set is not beside the project")


@pytest.fixture(scope="module")
def book() -> Any:
    with open_book(ROOT / "data" / "examples" / "adventureworks.yaml") as opened:
        yield opened


@pytest.fixture(scope="module")
def run(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    book.snapshot(dt.date(2013, 10, 1), folder)
    return folder / "book"


def test_the_book_keeps_its_contract(book: Book) -> None:
    assert book.check() == []
    facts = book.facts()
    assert facts["rows"] == {
        "accounts": 635,
        "account_history": 916,
        "sales": 60_855,
        "reps": 17,
        "targets": 163,
    }
    assert (facts["name"], facts["currency"]) == ("Adventure Works", "USD")


def test_totals_equal_the_raw_files(book: Book, tmp_path: Path) -> None:
    book.write_cube(dt.date(2014, 1, 1), tmp_path / "cube.parquet")
    cube = read_table(tmp_path / "cube.parquet")
    assert total_money(cube["revenue"]) == Decimal("80450596.9823")
    assert int(cube["lines"].sum()) == 60_855
    assert not cube[["account_id", "rep_id", "quantity", "cost"]].isna().any().any()
    [(cost, quantity)] = duckdb.sql(
        f"select sum(TotalProductCost::decimal(18, 4)), sum(OrderQuantity) from '{RAW}/FactResellerSales.parquet'"
    ).fetchall()
    assert total_money(cube["cost"]) == cost
    assert cube["quantity"].sum() == quantity
    target = book.table("targets").target.sum().to_pyarrow().as_py()
    assert target == Decimal("95714000")


def test_windows_of_targets_follow_on_each_other(book: Book) -> None:
    targets = book.table("targets").to_pyarrow().to_pandas()
    assert set(targets.loc[targets["starts"] == dt.date(2010, 12, 29), "ends"]) == {dt.date(2011, 3, 30)}
    assert set(targets.loc[targets["starts"] == dt.date(2013, 9, 29), "ends"]) == {dt.date(2013, 12, 28)}
    windows = sorted(set(zip(targets["starts"], targets["ends"], strict=True)))
    assert len(windows) == 12
    assert all(b[0] - a[1] == dt.timedelta(days=1) for a, b in itertools.pairwise(windows))


def test_attainment_by_window_is_the_checked_one(book: Book) -> None:
    """84.1 % overall, sales of the reps in their windows beside their targets (README of the data)."""
    targets, sales = book.table("targets"), book.table("sales")
    joined = targets.inner_join(
        sales,
        [targets.rep_id == sales.rep_id, sales.date >= targets.starts, sales.date <= targets.ends],
    )
    reached = joined.revenue.sum().to_pyarrow().as_py()
    assert round(float(reached) / 95_714_000, 3) == 0.841


def test_a_third_of_the_accounts_changed_rep(book: Book) -> None:
    history = book.table("account_history").to_pyarrow().to_pandas()
    changed = (history.groupby("account_id").size() > 1).sum()
    assert 0.3 < changed / 635 < 0.4
    latest = history.sort_values("from").groupby("account_id")["rep_id"].last()
    accounts = book.table("accounts").to_pyarrow().to_pandas().set_index("account_id")
    assert (accounts["rep_id"] == latest.reindex(accounts.index)).all()


def test_the_snapshot_for_2013q4(run: Path) -> None:
    accounts = read_table(run / "accounts.parquet")
    cube = read_table(run / "cube.parquet")
    tables = read_table(run / "book_tables.parquet").set_index("table")
    assert len(accounts) == 632
    assert accounts["since"].max() < pd.Timestamp(2013, 10, 1)
    assert set(cube["account_id"]) <= set(accounts["account_id"])
    assert cube["month"].max() == "2013-09"
    [(revenue, lines)] = duckdb.sql(
        f"select sum(SalesAmount::decimal(18, 4)), count(*) from '{RAW}/FactResellerSales.parquet' "
        "where OrderDate < date '2013-10-01'"
    ).fetchall()
    assert total_money(cube["revenue"]) == revenue
    assert tables.loc["sales", "rows"] == lines
    assert len(read_table(run / "reps.parquet")) == 17
    assert len(read_table(run / "targets.parquet")) == 163
    assert len(read_table(run / "book_checks.parquet")) == 0
