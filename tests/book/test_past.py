from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from kamlib.book import open_book
from kamlib.runs import read_table
from tests.book.shelf import write_book

DAYS = [dt.date(2024, 4, 1), dt.date(2024, 8, 1)]


def past_of(folder: Path, **changes: str | None) -> pd.DataFrame:
    book = write_book(folder / "book_files", {f"{name}.csv": text for name, text in changes.items()})
    with open_book(book) as opened:
        opened.snapshot_past(DAYS, folder)
    return read_table(folder / "book" / "accounts_past.parquet")


def test_accounts_are_those_of_each_day(tmp_path: Path) -> None:
    table = past_of(tmp_path)
    assert table["as_of"].dt.date.tolist() == [day for day in DAYS for _ in range(3)]
    first = table[table["account_id"] == "A1"]
    assert first["rep_id"].tolist() == ["R2", "R1"]
    assert [int(p) for p in first["potential"]] == [800, 1000]
    assert first["rep_dated"].tolist() == [True, True]
    # no row of the history tells of A2 and A3: what the accounts say today stands in
    rest = table[table["account_id"] != "A1"]
    assert not rest[["rep_dated", "potential_dated"]].to_numpy().any()


def test_a_column_the_history_lacks_is_not_dated(tmp_path: Path) -> None:
    text = "account_id,from,rep_id\nA1,2019-03-01,R2\nA1,2024-07-01,R1\n"
    table = past_of(tmp_path, account_history=text)
    first = table[table["account_id"] == "A1"]
    assert first["rep_dated"].tolist() == [True, True]
    assert first["potential_dated"].tolist() == [False, False]
    assert [int(p) for p in first["potential"]] == [1000, 1000]


def test_without_a_history_nothing_is_dated(tmp_path: Path) -> None:
    table = past_of(tmp_path, account_history=None)
    assert not table[["rep_dated", "potential_dated"]].to_numpy().any()
    assert table["rep_id"].isna().sum() == 2


def test_without_days_nothing_is_written(tmp_path: Path) -> None:
    with open_book(write_book(tmp_path / "files")) as book:
        book.snapshot_past([], tmp_path)
    assert not (tmp_path / "book").exists()
