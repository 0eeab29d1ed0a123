"""Rows kept though odd: counted with their money."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq

from kamlib.book import open_book
from kamlib.errors import Problem
from tests.book.shelf import BASIC, write_book

ACCOUNTS = """\
account_id,region,account_type,rep_id,potential,since,status,colour
A1,N,T,R1,10,2024-02-01,active,red
A2,N,T,,0,,closed,red
A3,N,T,R1,,,active,
A4,N,T,,,,prospect,
"""
SALES = """\
date,account_id,product_line,revenue
2024-01-31,A1,P,1
2024-02-01,A1,P,-2.5
2024-03-01,A2,P,4
2024-05-01,A2,P,8
2024-05-01,A3,P,16
2024-05-01,,P,32
2024-06-01,,P,-64
"""
HISTORY = "account_id,from,status\nA2,2024-01-01,active\nA2,2024-04-01,closed\n"


def kept(folder: Path) -> dict[str, tuple[int, Decimal | None]]:
    with open_book(folder) as book:
        problems = book.check()
    assert {p.severity for p in problems} == {"keep"}
    return {p.check: (p.count, p.money) for p in problems}


def test_each_is_counted_with_its_money(tmp_path: Path) -> None:
    folder = write_book(tmp_path, {"accounts.csv": ACCOUNTS, "sales.csv": SALES}, names=BASIC)
    assert kept(folder) == {
        "extra_columns": (1, None),
        "returns": (2, Decimal("-66.5")),
        "sales_without_account": (2, Decimal("-32")),
        "sales_of_closed_accounts": (2, Decimal("12")),
        "sales_before_since": (1, Decimal("1")),
        "accounts_without_rep": (2, Decimal("12")),
        "accounts_without_potential": (2, Decimal("16")),
    }


def test_the_history_says_when_an_account_was_closed(tmp_path: Path) -> None:
    changes = {"accounts.csv": ACCOUNTS, "sales.csv": SALES, "account_history.csv": HISTORY}
    assert kept(write_book(tmp_path, changes, names=BASIC))["sales_of_closed_accounts"] == (1, Decimal("8"))


def test_a_book_with_nothing_odd(tmp_path: Path) -> None:
    accounts = "account_id,region,account_type,rep_id,potential\nA1,N,T,R1,1\n"
    sales = "date,account_id,product_line,revenue\n2024-01-31,A1,P,0\n"
    assert_none = write_book(tmp_path, {"accounts.csv": accounts, "sales.csv": sales}, names=BASIC)
    with open_book(assert_none) as book:
        assert book.check() == []


def test_messages(tmp_path: Path) -> None:
    folder = write_book(tmp_path, {"accounts.csv": ACCOUNTS, "sales.csv": SALES}, names=BASIC)
    with open_book(folder) as book:
        problems: list[Problem] = book.check()
    assert [str(p) for p in problems] == [
        'accounts: 1 column is not read: "colour". Nothing, if they are not needed.',
        "sales.revenue: 2 lines have negative revenue. Nothing, if they are returns.",
        "sales.account_id: 2 lines name no account. Name the account, if it is known.",
        "sales.account_id: 2 lines are of accounts closed on that day. Check the status of these accounts.",
        "sales.date: 1 line is dated before its account became one. Check the column since of these accounts.",
        "accounts.rep_id: 2 accounts have no rep. Assign a rep.",
        "accounts.potential: 2 accounts have no known potential. Estimate it; unknown is not zero.",
    ]


def test_the_snapshot_counts_only_what_was_known(tmp_path: Path) -> None:
    accounts = ACCOUNTS.replace("A3,N,T,R1,,,", "A3,N,T,R1,,2024-06-01,").replace(
        "2024-02-01,active", "2024-05-01,active"
    )
    changes = {"accounts.csv": accounts, "sales.csv": SALES, "account_history.csv": HISTORY}
    with open_book(write_book(tmp_path / "b", changes, names=BASIC)) as book:
        book.snapshot(dt.date(2024, 5, 1), tmp_path)
    rows = pq.read_table(tmp_path / "book" / "book_checks.parquet").to_pylist()
    assert {row["check"]: (row["count"], row["money"]) for row in rows} == {
        "returns": (1, Decimal("-2.5")),
        "sales_before_since": (2, Decimal("-1.5")),
        "accounts_without_rep": (2, Decimal("4")),
        "accounts_without_potential": (1, Decimal("0")),
        "extra_columns": (1, None),
    }
