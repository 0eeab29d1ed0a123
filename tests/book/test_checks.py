"""Profiles and look-ups: counts, spans, duplicates, orphans, examples."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from kamlib.book import open_book
from kamlib.book.checks import keys_of, profile_table, refuse_rows
from tests.book.shelf import BASIC, write_book


def test_a_profile_counts_rows_and_spans_days(tmp_path: Path) -> None:
    with open_book(write_book(tmp_path)) as book:
        tables = book._tables
        sales, history = profile_table(tables["sales"]), profile_table(tables["account_history"])
        assert (sales.rows, sales.first, sales.last) == (4, dt.date(2024, 1, 5), dt.date(2024, 7, 2))
        assert sales.keys == ("account_id", "rep_id")
        assert (history.rows, history.first) == (2, dt.date(2019, 3, 1))
        targets = profile_table(tables["targets"])
        assert (targets.rows, targets.first, targets.last) == (2, None, None)
        assert keys_of(tables["accounts"]) == {"A1", "A2", "A3"}


def test_a_table_without_rows_has_no_span(tmp_path: Path) -> None:
    changes = {"complaints.csv": "opened,account_id\n", "contacts.csv": "account_id,person,role\n"}
    with open_book(write_book(tmp_path, changes, names=BASIC)) as book:
        assert [p for p in book.check() if p.severity == "refuse"] == []
        profile = profile_table(book._tables["complaints"])
        assert (profile.rows, profile.first, profile.last) == (0, None, None)


def test_ids_are_not_looked_up_in_tables_that_are_absent(tmp_path: Path) -> None:
    with open_book(write_book(tmp_path, names=BASIC)) as book:
        typed = book._tables["sales"]
        profile = profile_table(typed)
        assert list(refuse_rows(typed, profile, {})) == []
        found = list(refuse_rows(typed, profile, {"reps": frozenset({"R2"}), "accounts": frozenset({"A2"})}))
    assert [(p.check, p.count, p.examples) for p in found] == [
        ("orphan_account", 3, ("A1",)),
        ("orphan_rep", 1, ("R1",)),
    ]


def test_examples_are_three_in_order_and_shortened(tmp_path: Path) -> None:
    values = ["z", "b", "a", "b", "y" * 60, "c"]
    rows = "".join(f"2024-01-01,A1,P,{value}\n" for value in values)
    sales = f"date,account_id,product_line,revenue\n{rows}"
    with open_book(write_book(tmp_path, {"sales.csv": sales}, names=BASIC)) as book:
        [problem] = [p for p in book.check() if p.severity == "refuse"]
    assert (problem.count, problem.examples) == (6, ("a", "b", "c"))
    assert (problem.table, problem.column, problem.check) == ("sales", "revenue", "not_a_number")


def test_an_empty_part_of_a_key_counts_as_equal(tmp_path: Path) -> None:
    market = "period,region,product_line,size\n2023,N,,1\n2023,N,,2\n2023,N,P,1\n"
    with open_book(write_book(tmp_path, {"market.csv": market}, names=BASIC)) as book:
        [problem] = [p for p in book.check() if p.severity == "refuse"]
    assert str(problem) == (
        'market.period, region, product_line: 2 rows share their key with others: "2023 / N / ". '
        "Keep one row of each, or tell them apart."
    )
