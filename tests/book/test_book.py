"""An open book: facts, hash, secrets, and that it leaves nothing behind."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from kamlib import open_book as public_open_book
from kamlib.book import open_book
from kamlib.errors import BookError
from tests.book.shelf import BASIC, write_book


def book_hash(folder: Path) -> str:
    with open_book(folder) as book:
        return str(book.facts()["hash"])


def test_facts_are_plain_and_name_no_path(tmp_path: Path) -> None:
    text = "name: Nord\ncurrency: EUR\nrounding_unit: 100\nstages: {10: 0.1, 30: 0.4, 50: 0.5, 100: 1}\n"
    with public_open_book(write_book(tmp_path / "b", {"book.yaml": text})) as book:
        facts = book.facts()
    assert json.loads(json.dumps(facts)) == facts
    assert str(tmp_path) not in json.dumps(facts)
    assert len(facts.pop("hash")) == 64
    assert facts == {
        "name": "Nord",
        "currency": "EUR",
        "rounding_unit": 100,
        "fiscal_year_start": 1,
        "language": "en",
        "stages": {"10": 0.1, "30": 0.4, "50": 0.5, "100": 1},
        "rows": {
            "accounts": 3,
            "account_history": 2,
            "sales": 4,
            "reps": 2,
            "targets": 2,
            "opportunities": 2,
            "stage_history": 2,
        },
    }


def test_the_hash_is_of_the_content_not_of_the_place(tmp_path: Path) -> None:
    first = book_hash(write_book(tmp_path / "a", names=BASIC))
    assert book_hash(write_book(tmp_path / "b", names=BASIC)) == first
    changed = {"reps.csv": "rep_id,name\nR1,Ann\nR2,Bo\n"}
    assert book_hash(write_book(tmp_path / "c", changed, names=BASIC)) != first


def test_the_hash_of_a_select_is_of_its_rows_in_any_order(tmp_path: Path) -> None:
    def with_reps(name: str, sql: str) -> str:
        text = f'tables: {{accounts: {{file: accounts.csv}}, sales: {{file: sales.csv}}, reps: {{sql: "{sql}"}}}}'
        return book_hash(write_book(tmp_path / name, {"book.yaml": text}, names=BASIC))

    first = with_reps("a", "select rep_id, name from 'reps.csv' order by 1")
    assert with_reps("b", "select name, rep_id from read_csv('reps.csv') order by 2 desc") == first
    assert (
        with_reps("c", "select rep_id, name || '' as name from 'reps.csv' union all select 'R3', null")
        != first
    )
    assert with_reps("d", "select rep_id, nullif(name, 'Ann') as name from 'reps.csv'") != first


def test_values_of_the_environment_are_in_no_message_and_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_book(tmp_path / "s3cret", names=BASIC)
    (folder / "bad.parquet").write_text("no parquet")
    monkeypatch.setenv("KAM_TEST_ROOT", str(tmp_path / "s3cret"))
    tables = "tables:\n  accounts: {file: accounts.csv}\n  sales: {file: sales.csv}\n"
    file = tmp_path / "book.yaml"
    file.write_text(
        "root: ${KAM_TEST_ROOT}\n"
        + tables
        + "  reps: {file: bad.parquet}\n  contacts: {sql: from 'bad.parquet'}\n"
        "  surveys: {file: none.csv}\n"
    )
    with open_book(file) as book:
        problems = book.check()
        with pytest.raises(BookError) as caught:
            book.snapshot(dt.date(2025, 1, 1), tmp_path / "run")
    assert {p.table for p in problems if p.severity == "refuse"} == {"reps", "contacts", "surveys"}
    assert "s3cret" not in "".join(map(str, problems)) + str(caught.value)
    file.write_text("root: ${KAM_TEST_ROOT}\n" + tables)
    with open_book(file) as book:
        assert "s3cret" not in json.dumps(book.facts())
        book.snapshot(dt.date(2025, 1, 1), tmp_path / "run")
    assert all(b"s3cret" not in path.read_bytes() for path in (tmp_path / "run" / "book").iterdir())


def test_a_closed_book_leaves_nothing_behind(tmp_path: Path) -> None:
    book = open_book(write_book(tmp_path, names=BASIC))
    scratch = book._scratch
    assert book.check() == book.check()
    assert any(scratch.iterdir())
    book.close()
    book.close()
    assert not scratch.exists()


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with (
        open_book(write_book(tmp_path, names=BASIC)) as book,
        pytest.raises(
            BookError, match=r'^the book has no table "sale" that can be read\. Did you mean "sales"\?$'
        ),
    ):
        book.table("sale")


def test_two_books_open_at_once_do_not_mix(tmp_path: Path) -> None:
    sales = "date,account_id,product_line,revenue\n2024-01-01,A1,P,1\n"
    with (
        open_book(write_book(tmp_path / "a", names=BASIC)) as one,
        open_book(write_book(tmp_path / "b", {"sales.csv": sales}, names=BASIC)) as two,
    ):
        assert (one.facts()["rows"]["sales"], two.facts()["rows"]["sales"]) == (4, 1)
        assert one.facts()["rows"]["sales"] == 4
