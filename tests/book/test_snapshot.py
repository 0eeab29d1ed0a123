"""Snapshots: what is written, and that nothing dated on or after the day changes a byte."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamlib.book import TABLES, open_book
from kamlib.errors import BookError
from kamlib.measures.money import MONEY
from kamlib.runs import read_table
from tests.book.shelf import GOOD, write_book

DAY = dt.date(2024, 7, 1)
MORE = {
    "accounts.csv": "A9,New,North,Dealer,R1,99,2024-07-01,active\n",
    "account_history.csv": "A1,2024-07-02,R2,5,closed\nA2,2024-07-01,R1,5,closed\nA9,2024-07-01,R2,5,active\n",
    "sales.csv": "2024-07-01,A1,Bikes,999,9,9,R1\n2025-01-01,A9,Boats,-5,,,\n2024-12-31,,Bikes,7,,,\n",
    "reps.csv": "R9,New,2024-07-01,\n",
    "opportunities.csv": "O9,A1,30,500,2024-07-01,2024-09-01,,open\n",
    "stage_history.csv": "O1,2024-07-01,70,900\nO2,2024-08-01,100,900\nO9,2024-07-01,10,1\n",
    "rep_forecasts.csv": "2024-07-01,2024Q4,R1,,5\n",
    "activities.csv": "2024-07-01,R1,A1,call\n",
    "surveys.csv": "2024-07-01,A1,quality,9\n",
    "complaints.csv": "2024-07-01,A1,2024-08-01\n",
    "loss_reviews.csv": "A3,2024-07-01,\n",
    "receivables.csv": "A1,2024-07-01,5,\n",
    "incidents.csv": "2024-07-01,R1,+,1\n",
    "objectives.csv": "calls,R1,2024-07-01,2024-12-31,9,9\n",
    "market.csv": "2024Q3,North,5\n2025,North,5\n",
    "sightings.csv": "2024-07-01,A1,Rival\n",
}
BASE = {
    **GOOD,
    "rep_forecasts.csv": "made_on,period,rep_id,account_id,amount\n2024-06-30,2024Q3,R1,,5\n",
    "activities.csv": "date,rep_id,account_id,kind\n2024-06-30,R1,A1,visit\n",
    "surveys.csv": "date,account_id,aspect,score\n2024-06-30,A1,quality,8\n",
    "complaints.csv": "opened,account_id,closed\n2024-06-30,A1,2024-07-01\n",
    "loss_reviews.csv": "account_id,lost_on,reviewed_on\nA2,2024-06-30,2024-07-05\n",
    "receivables.csv": "account_id,due,amount,paid_on\nA1,2024-06-30,5,2024-07-01\n",
    "incidents.csv": "date,rep_id,polarity,severity\n2024-06-30,R1,-,2\n",
    "objectives.csv": "objective,rep_id,set_on,due,goal,reached\ncalls,R1,2024-01-05,2024-06-30,9,8\n",
    "market.csv": "period,region,size\n2024Q2,North,5\n2024,North,9\n",
    "sightings.csv": "date,account_id,competitor\n2024-06-30,A1,Rival\n",
}


def snapshot(folder: Path, target: Path, day: dt.date = DAY) -> dict[str, bytes]:
    with open_book(folder) as book:
        book.snapshot(day, target)
    return {path.name: path.read_bytes() for path in sorted((target / "book").iterdir())}


def test_what_is_written(tmp_path: Path) -> None:
    files = snapshot(write_book(tmp_path / "b"), tmp_path)
    present = {"accounts", "account_history", "reps", "targets", "opportunities", "stage_history"}
    assert set(files) == {f"{name}.parquet" for name in present | {"cube", "book_tables", "book_checks"}}
    for name in present:
        table = read_table(tmp_path / "book" / f"{name}.parquet")
        assert list(table.columns) == [column.name for column in TABLES[name].columns]
    accounts = read_table(tmp_path / "book" / "accounts.parquet")
    assert list(accounts["account_id"]) == ["A1", "A2", "A3"]
    assert list(accounts["name"]) == ["=1+1", "<script>", "../x"]
    assert accounts["potential"].dtype == MONEY
    assert accounts["since"].dtype.kind == "M"
    assert accounts["industry"].isna().all()
    cube = read_table(tmp_path / "book" / "cube.parquet")
    assert [str(cube[c].dtype) for c in ("quantity", "lines", "revenue")] == ["float64", "int64", str(MONEY)]


def test_tables_and_checks_of_the_book(tmp_path: Path) -> None:
    snapshot(write_book(tmp_path / "b"), tmp_path)
    tables = pq.read_table(tmp_path / "book" / "book_tables.parquet").to_pylist()
    assert [row["table"] for row in tables] == list(TABLES)
    by_name = {row["table"]: row for row in tables}
    assert by_name["sales"] == {
        "table": "sales",
        "rows": 2,
        "first_date": dt.date(2024, 1, 5),
        "last_date": dt.date(2024, 6, 30),
        "present": True,
        "serves": "",
    }
    assert by_name["targets"]["rows"] == 2
    assert by_name["targets"]["first_date"] is None
    absent = by_name["market"]
    assert (absent["rows"], absent["present"], absent["serves"]) == (0, False, TABLES["market"].serves)
    checks = pq.read_table(tmp_path / "book" / "book_checks.parquet").to_pylist()
    assert checks == [
        {
            "check": "sales_without_rep",
            "severity": "keep",
            "table": "sales",
            "column": "rep_id",
            "count": 1,
            "money": Decimal("20.0000"),
            "message": "1 line names no rep.",
            "remedy": "Name the rep who sold.",
        },
        {
            "check": "accounts_without_rep",
            "severity": "keep",
            "table": "accounts",
            "column": "rep_id",
            "count": 1,
            "money": Decimal("0.0000"),
            "message": "1 account has no rep.",
            "remedy": "Assign a rep.",
        },
        {
            "check": "accounts_without_potential",
            "severity": "keep",
            "table": "accounts",
            "column": "potential",
            "count": 1,
            "money": Decimal("0.0000"),
            "message": "1 account has no known potential.",
            "remedy": "Estimate it; unknown is not zero.",
        },
    ]


def test_rows_dated_on_or_after_the_day_change_nothing(tmp_path: Path) -> None:
    undated = {"targets", "feedback", "contacts"}
    assert {name.removesuffix(".csv") for name in MORE} == set(TABLES) - undated
    before = snapshot(write_book(tmp_path / "a", BASE), tmp_path / "run_a")
    more = {name: BASE[name] + rows for name, rows in MORE.items()}
    after = snapshot(write_book(tmp_path / "b", {**BASE, **more}), tmp_path / "run_b")
    assert [name for name in before if before[name] != after[name]] == []
    assert list(before) == list(after)


def test_ends_dated_on_or_after_the_day_change_nothing(tmp_path: Path) -> None:
    before = snapshot(write_book(tmp_path / "a", BASE), tmp_path / "run_a")
    changes = {
        "complaints.csv": BASE["complaints.csv"].replace("2024-07-01", ""),
        "loss_reviews.csv": BASE["loss_reviews.csv"].replace("2024-07-05", ""),
        "receivables.csv": BASE["receivables.csv"].replace("2024-07-01", "2024-12-01"),
        "reps.csv": BASE["reps.csv"].replace("2025-02-01", ""),
    }
    assert snapshot(write_book(tmp_path / "b", {**BASE, **changes}), tmp_path / "run_b") == before


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_the_order_of_rows_changes_no_byte(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("order")
    shuffled = {}
    for name, text in GOOD.items():
        header, *rows = text.splitlines()
        random.Random(seed).shuffle(rows)
        shuffled[name] = "\n".join([header, *rows]) + "\n"
    given_order = snapshot(write_book(folder / "a"), folder / "run_a", dt.date(2024, 7, 3))
    assert snapshot(write_book(folder / "b", shuffled), folder / "run_b", dt.date(2024, 7, 3)) == given_order


def test_a_day_before_the_first_sale_is_refused(tmp_path: Path) -> None:
    with (
        open_book(write_book(tmp_path / "b")) as book,
        pytest.raises(
            BookError,
            match=r"^sales: no sales before 2024-01-05; the first are of 2024-01-05\. Choose a later period\.$",
        ),
    ):
        book.snapshot(dt.date(2024, 1, 5), tmp_path)
    assert not (tmp_path / "book").exists()


def test_a_broken_book_gives_no_snapshot(tmp_path: Path) -> None:
    with open_book(write_book(tmp_path / "b", {"reps.csv": ""})) as book, pytest.raises(BookError):
        book.snapshot(DAY, tmp_path)
    assert not (tmp_path / "book").exists()
