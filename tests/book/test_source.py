"""Sources: the same table from every kind of file, in every encoding, and from a SELECT."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kamlib.book import open_book
from kamlib.book.config import read_config
from kamlib.book.source import connect
from kamlib.errors import BookError, ParameterError
from tests.book.shelf import BASIC, GOOD, workbook, write_book

TEXT = """\
rep_id,name,hired,left,ability
R1,"=HYPERLINK(""x"",""y"")",2020-01-31,,1.25
R2,王伟 <script>,2021/2/3,2024-05-06,
R3,"../x
second line",2021-02-03 10:30:00,,3
007,O'Neill,1900-01-01,2199-12-31,0
"""
ROWS = [
    ("007", "O'Neill", dt.date(1900, 1, 1), dt.date(2199, 12, 31), 0.0),
    ("R1", '=HYPERLINK("x","y")', dt.date(2020, 1, 31), None, 1.25),
    ("R2", "王伟 <script>", dt.date(2021, 2, 3), dt.date(2024, 5, 6), None),
    ("R3", "../x\nsecond line", dt.date(2021, 2, 3), None, 3.0),
]


def read_reps(folder: Path, source: str, **files: Any) -> list[tuple[Any, ...]]:
    """Return the reps of a book whose reps come from `source`."""
    text = f"tables: {{accounts: {{file: accounts.csv}}, sales: {{file: sales.csv}}, reps: {{{source}}}}}"
    contents = {name.replace("__", "."): content for name, content in files.items()}
    write_book(folder, {"book.yaml": text, **contents}, names=("accounts.csv", "sales.csv"))
    with open_book(folder) as book:
        rows = book.table("reps").order_by("rep_id").to_pyarrow()
    return [tuple(row[c] for c in ("rep_id", "name", "hired", "left", "ability")) for row in rows.to_pylist()]


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("r.csv", TEXT.encode(), ""),
        ("r.csv", TEXT.encode("utf-8-sig"), ""),
        ("r.csv", TEXT.replace("\n", "\r\n").replace("x\r\ns", "x\ns").encode(), ""),
        ("r.csv", TEXT.encode("gb18030"), "encoding: gb18030"),
        ("r.csv", TEXT.encode("utf-16"), "encoding: utf-16"),
        ("r.csv", TEXT.encode("utf-16-be"), "encoding: utf-16-be"),
        ("r.csv.gz", gzip.compress(TEXT.encode()), ""),
        ("r.csv.gz", gzip.compress(TEXT.encode("gb18030")), "encoding: gb18030"),
        ("r[1]'s*.csv", TEXT.encode(), ""),
        ("R.CSV", TEXT.encode().replace(b",", b"\t").replace(b'"x""\t', b'"x"",'), 'delimiter: "\\t"'),
    ],
)
def test_text_files(tmp_path: Path, name: str, content: bytes, options: str) -> None:
    source = f'file: "{name}", options: {{{options}}}'
    assert read_reps(tmp_path, source, **{name.replace(".", "__"): content}) == ROWS


def test_text_of_one_encoding_that_spans_chunks(tmp_path: Path) -> None:
    text = "rep_id,name\n" + "".join(f"R{i},客户经理{i}\n" for i in range(100_000))
    write_book(
        tmp_path,
        {
            "book.yaml": "tables: {reps: {file: r.csv, options: {encoding: gb18030}}}",
            "r.csv": text.encode("gb18030"),
        },
    )
    with open_book(tmp_path) as book:
        rows = book.table("reps").order_by("rep_id").to_pyarrow()
    assert len(rows) == 100_000
    assert rows["name"][-1].as_py() == "客户经理99999"


def test_workbooks(tmp_path: Path) -> None:
    cells = [
        ["rep_id", "name", "hired", "left", "ability", None, "note"],
        ["R1", "'=HYPERLINK", dt.date(2020, 1, 31), None, 1.25, None, True],
        [None] * 7,
        [2.0, "王伟 <script>", dt.datetime(2021, 2, 3, 10, 30), "2024-05-06"],
        [3, 4.5, "2021-02-03", None, "3", "odd", 1e22],
    ]
    content = workbook({"Other": [["x"]], "Reps": cells})
    rows = read_reps(tmp_path, "file: r.xlsx, options: {sheet: Reps}", r__xlsx=content)
    assert rows == [
        ("2", "王伟 <script>", dt.date(2021, 2, 3), dt.date(2024, 5, 6), None),
        ("3", "4.5", dt.date(2021, 2, 3), None, 3.0),
        ("R1", "'=HYPERLINK", dt.date(2020, 1, 31), None, 1.25),
    ]
    with open_book(tmp_path) as book:
        [extra] = [p for p in book.check() if p.check == "extra_columns"]
    assert extra.message == '2 columns are not read: "column_6", "note".'


def test_the_first_sheet_where_none_is_named(tmp_path: Path) -> None:
    content = workbook({"Reps": [["rep_id"], ["R1"]], "Other": [["x"]]})
    assert read_reps(tmp_path, "file: r.xlsx", r__xlsx=content) == [("R1", None, None, None, None)]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "rep_id": pa.array([1, 2, 3], pa.int64()),
            "name": pa.array(["a", "", None]).dictionary_encode(),
            "hired": pa.array([dt.datetime(2020, 1, 2, 23)] * 3, pa.timestamp("us")),
            "left": pa.array([None, dt.date(2021, 1, 1), None], pa.date32()),
            "ability": pa.array([1, None, 2.5], pa.float32()),
        }
    )
    pq.write_table(table, tmp_path / "r.parquet")
    day = dt.date(2020, 1, 2)
    assert read_reps(tmp_path, "file: r.parquet") == [
        ("1", "a", day, None, 1.0),
        ("2", None, day, dt.date(2021, 1, 1), None),
        ("3", None, day, None, 2.5),
    ]


def test_a_select_reads_below_root_joins_and_derives(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "people.csv").write_text("id,first,last\n1,Ann,Lee\n2,Bo,Ek\n")
    (tmp_path / "raw" / "hired.csv").write_text("id,day\n1,2020-01-31\n2,2021-02-03\n")
    (tmp_path / "book.yaml").write_text(
        "root: raw\ntables:\n  reps:\n    sql: |\n      -- two files; names joined\n"
        "      select id as rep_id, concat_ws(' ', first, last) as name, day as hired\n"
        "      from 'people.csv' join read_csv('hired.csv') using (id); -- done\n"
    )
    with open_book(tmp_path) as book:
        assert book.table("reps").order_by("rep_id").to_pyarrow()["name"].to_pylist() == ["Ann Lee", "Bo Ek"]


def test_written_numbers_and_days(tmp_path: Path) -> None:
    sales = "date;account_id;product_line;revenue;quantity\n31.12.2023;A1;P;1.234.567,89;1,5\n01.02.2024;A1;P;-12;1.000\n2024-02-03;A1;P;,5;2\n"
    options = 'delimiter: ";", thousands: ".", decimal: ",", date_format: "%d.%m.%Y"'
    text = f"tables: {{accounts: {{file: accounts.csv}}, sales: {{file: sales.csv, options: {{{options}}}}}}}"
    with open_book(write_book(tmp_path, {"book.yaml": text, "sales.csv": sales}, names=BASIC)) as book:
        assert [p for p in book.check() if p.severity == "refuse"] == []
        rows = book.table("sales").order_by("date").to_pyarrow()
    assert [str(v) for v in rows["revenue"].to_pylist()] == ["1234567.8900", "-12.0000", "0.5000"]
    assert rows["quantity"].to_pylist() == [1.5, 1000.0, 2.0]
    assert rows["date"].to_pylist()[1:] == [dt.date(2024, 2, 1), dt.date(2024, 2, 3)]


def test_where_a_point_parts_thousands_a_comma_is_the_decimal_sign(tmp_path: Path) -> None:
    sales = "date;account_id;product_line;revenue\n2024-01-01;A1;P;1.234,50\n"
    text = (
        "tables: {accounts: {file: accounts.csv}, "
        "sales: {file: sales.csv, options: {delimiter: ';', thousands: '.'}}}"
    )
    with open_book(write_book(tmp_path, {"book.yaml": text, "sales.csv": sales}, names=BASIC)) as book:
        assert [p for p in book.check() if p.severity == "refuse"] == []
        assert str(book.table("sales").to_pyarrow()["revenue"][0].as_py()) == "1234.5000"


def test_digits_that_are_not_in_threes_are_not_guessed(tmp_path: Path) -> None:
    sales = "date,account_id,product_line,revenue\n2024-01-01,A1,P,1234.56\n2024-01-01,A1,P,1.234\n2024-01-01,A1,P,12.34\n"
    text = "tables: {accounts: {file: accounts.csv}, sales: {file: sales.csv, options: {thousands: '.', decimal: ','}}}"
    with open_book(write_book(tmp_path, {"book.yaml": text, "sales.csv": sales}, names=BASIC)) as book:
        [problem] = [p for p in book.check() if p.severity == "refuse"]
    assert problem.message == '2 values are not amounts: "12.34", "1234.56".'


def test_the_engine_loads_no_extension_and_obeys_kam_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = read_config(write_book(tmp_path))
    monkeypatch.setenv("KAM_THREADS", "1")
    engine = connect(config, tmp_path)
    settings = engine.con.execute(
        "select current_setting('threads'), current_setting('autoload_known_extensions'), "
        "current_setting('autoinstall_known_extensions'), current_setting('enable_progress_bar')"
    ).fetchone()
    assert settings == (1, False, False, False)
    with pytest.raises(duckdb.Error):
        engine.con.execute("from read_csv('https://example.org/x.csv')")
    engine.disconnect()
    monkeypatch.setenv("KAM_THREADS", "many")
    with pytest.raises(ParameterError, match=r'^KAM_THREADS is "many"; it must be a whole number from 1\.$'):
        connect(config, tmp_path)


def test_the_books_own_files_stay_as_they_are(tmp_path: Path) -> None:
    folder = write_book(tmp_path)
    with open_book(folder) as book:
        book.check()
        book.snapshot(dt.date(2024, 7, 1), tmp_path / "run")
    assert {p.name: p.read_text() for p in folder.glob("*.csv")} == dict(GOOD)


def failed(folder: Path, sql: str) -> str:
    """Return what is said of a book whose reps come from this SELECT; its files lie in ``raw``."""
    (folder / "raw").mkdir(exist_ok=True)
    text = f"root: raw\ntables:\n  reps:\n    sql: |\n      {sql}\n"
    (folder / "book.yaml").write_text(text)
    with open_book(folder) as book, pytest.raises(BookError) as caught:
        book.facts()
    assert caught.value.exit_code == 3
    assert "failed_sql" in [problem.check for problem in caught.value.problems]
    return str(caught.value)


@pytest.mark.parametrize(
    "path", ["/proc/self/environ", "/etc/hostname", "../secret.txt", "../../../../../../etc/hostname"]
)
def test_a_select_reads_nothing_outside_the_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("KAM_TEST_SECRET", "hunter2")
    (tmp_path / "secret.txt").write_text("hunter2")
    message = failed(tmp_path, f"select cast(content as int) as rep_id from read_text('{path}')")
    assert "hunter2" not in message
    for value in os.environ.values():
        assert len(value) < 12 or value not in message
    assert f'Permission Error: Cannot access file "{path}"' in message


def test_what_the_engine_says_is_cut(tmp_path: Path) -> None:
    message = failed(tmp_path, f"select cast('{'x' * 900}' as int) as rep_id")
    [line] = [line for line in message.splitlines() if "SELECT fails" in line]
    assert 200 < len(line) < 300
    assert "…" in line


def test_a_file_beside_the_root_is_read_by_its_name_only(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "reps.csv").write_text("rep_id\nR1\n")
    pq.write_table(pa.table({"account_id": ["A1"]}), tmp_path / "a.parquet")
    (tmp_path / "book.yaml").write_text(
        "root: raw\ntables: {reps: {file: ../reps.csv}, accounts: {file: ../a.parquet}}"
    )
    with open_book(tmp_path) as book:
        assert book.table("reps").to_pyarrow()["rep_id"].to_pylist() == ["R1"]
        assert book.table("accounts").to_pyarrow()["account_id"].to_pylist() == ["A1"]
    assert "Permission Error" in failed(tmp_path, "from '../reps.csv'")
