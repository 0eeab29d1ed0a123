"""What was known on a day, table by table."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from kamlib.book import open_book
from kamlib.book.asof import holdings, table_as_of
from tests.book.shelf import write_book


def known(folder: Path, name: str, day: str, **files: str) -> list[dict[str, Any]]:
    with open_book(write_book(folder, {f"{table}.csv": text for table, text in files.items()})) as book:
        as_of = dt.date.fromisoformat(day)
        rows = table_as_of(book._tables, name, as_of, fiscal_year_start=4)
        assert rows.columns == book.table(name).columns
        return rows.order_by(rows.columns[0]).to_pyarrow().to_pylist()


def test_accounts_are_held_as_the_history_says(tmp_path: Path) -> None:
    held = {row["account_id"]: row for row in known(tmp_path, "accounts", "2024-07-01")}
    assert (held["A1"]["rep_id"], held["A1"]["potential"]) == ("R2", 800)
    assert (held["A2"]["rep_id"], held["A2"]["potential"]) == ("R2", None)
    assert (held["A3"]["rep_id"], held["A3"]["name"]) == (None, "../x")


def test_a_change_holds_from_its_day_on(tmp_path: Path) -> None:
    held = {row["account_id"]: row for row in known(tmp_path, "accounts", "2024-07-02")}
    assert (held["A1"]["rep_id"], held["A1"]["potential"]) == ("R1", 1000)


def test_a_history_tells_only_the_columns_it_has_and_empty_there_is_unknown(tmp_path: Path) -> None:
    history = "account_id,from,rep_id\nA1,2024-01-01,\n"
    [row, *_] = known(tmp_path, "accounts", "2024-07-01", account_history=history)
    assert (row["rep_id"], row["potential"], row["status"]) == (None, 1000, "active")


def test_accounts_that_come_later_are_left_out_unless_they_bought_before(tmp_path: Path) -> None:
    accounts = "account_id,region,account_type,since\nA1,N,T,2024-07-01\nA2,N,T,2024-08-01\nA3,N,T,2024-06-30\nA4,N,T,\n"
    rows = known(tmp_path, "accounts", "2024-07-01", accounts=accounts)
    assert [row["account_id"] for row in rows] == ["A1", "A3", "A4"]
    assert [row["name"] for row in rows] == ["A1", "A3", "A4"]
    assert [row["since"] for row in rows] == [None, dt.date(2024, 6, 30), None]


def test_opportunities_are_open_until_the_day_they_close(tmp_path: Path) -> None:
    [one, two] = known(tmp_path / "a", "opportunities", "2024-06-15")
    assert (two["outcome"], two["closed"], two["stage"]) == ("open", None, "50")
    assert (one["stage"], one["amount"], one["expected_close"]) == ("10", 400, dt.date(2024, 9, 1))
    [_, two] = known(tmp_path / "b", "opportunities", "2024-06-16")
    assert (two["outcome"], two["closed"]) == ("won", dt.date(2024, 6, 15))
    assert [r["opportunity_id"] for r in known(tmp_path / "c", "opportunities", "2024-03-01")] == ["O1"]


def test_what_the_stage_history_leaves_empty_is_the_latest_it_tells(tmp_path: Path) -> None:
    history = (
        "opportunity_id,date,stage,amount,expected_close\nO1,2024-02-01,10,400,2024-10-01\n"
        "O1,2024-03-01,30,,2024-11-01\nO1,2024-04-01,50,450,\n"
    )
    [one, _] = known(tmp_path, "opportunities", "2024-03-02", stage_history=history)
    assert (one["stage"], one["amount"], one["expected_close"]) == ("30", 400, dt.date(2024, 11, 1))


@pytest.mark.parametrize(
    ("name", "text", "columns", "expected"),
    [
        (
            "complaints",
            "opened,account_id,closed,result\n2024-01-01,A1,2024-04-30,credit\n2024-01-02,A1,2024-05-01,credit\n2024-05-01,A1,,\n",
            ("opened", "closed", "result"),
            [(dt.date(2024, 1, 1), dt.date(2024, 4, 30), "credit"), (dt.date(2024, 1, 2), None, None)],
        ),
        (
            "loss_reviews",
            "account_id,lost_on,reviewed_on,cause\nA1,2024-01-01,2024-05-01,price\nA2,2024-01-01,2024-04-30,price\nA3,2024-05-01,,\n",
            ("account_id", "reviewed_on", "cause"),
            [("A1", None, None), ("A2", dt.date(2024, 4, 30), "price")],
        ),
        (
            "receivables",
            "account_id,due,amount,paid_on\nA1,2024-04-30,5,2024-05-01\nA2,2024-04-30,5,2024-04-30\nA3,2024-05-01,5,2024-04-01\n",
            ("account_id", "paid_on"),
            [("A1", None), ("A2", dt.date(2024, 4, 30))],
        ),
        (
            "reps",
            "rep_id,hired,left\nR1,2024-05-01,\nR2,,2024-05-01\nR3,2024-04-30,2024-04-30\nR4,,\n",
            ("rep_id", "left"),
            [("R2", None), ("R3", dt.date(2024, 4, 30)), ("R4", None)],
        ),
        (
            "market",
            "period,region,size\n2024,N,1\n2025,N,1\n2024-04,N,1\n2024-05,N,1\n2025Q1,N,1\n2025Q2,N,1\n",
            ("period",),
            [("2024",), ("2024-04",)],
        ),
        ("targets", "period,target\n2030,1\n2024,1\n", ("period",), [("2024",), ("2030",)]),
        ("activities", "date,rep_id,kind\n2024-05-01,R1,call\n2024-04-30,R1,visit\n", ("kind",), [("visit",)]),
        ("contacts", "account_id,person,role\nA1,x,user\n", ("person",), [("x",)]),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isalpha() else "",
)  # fmt: skip
def test_other_tables(
    tmp_path: Path, name: str, text: str, columns: tuple[str, ...], expected: list[tuple[Any, ...]]
) -> None:
    rows = known(tmp_path, name, "2024-05-01", **{"reps": "rep_id\nR1\nR2\n", name: text})
    assert [tuple(row[column] for column in columns) for row in rows] == expected


def test_holdings_are_spells_without_gaps(tmp_path: Path) -> None:
    with open_book(write_book(tmp_path)) as book:
        accounts, history = book._tables["accounts"].rows, book._tables["account_history"]
        told = (
            holdings(accounts, history.rows, history.present)
            .order_by("account_id", "begins")
            .to_pyarrow()
            .to_pylist()
        )
        plain = holdings(accounts, None, frozenset()).to_pyarrow().to_pylist()
    first, last = dt.date(1, 1, 1), dt.date(9999, 12, 31)
    assert [(r["account_id"], r["begins"], r["until"], r["rep_id"]) for r in told] == [
        ("A1", first, dt.date(2019, 3, 1), "R1"),
        ("A1", dt.date(2019, 3, 1), dt.date(2024, 7, 1), "R2"),
        ("A1", dt.date(2024, 7, 1), last, "R1"),
        ("A2", first, last, "R2"),
        ("A3", first, last, None),
    ]
    assert sorted((r["account_id"], r["until"]) for r in plain) == [("A1", last), ("A2", last), ("A3", last)]
