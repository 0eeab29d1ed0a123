"""Broken books: each told in full, all of it at once, with exit code 3."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import pytest
import yaml

from kamlib.book import open_book
from kamlib.errors import BookError
from tests.book.shelf import BASIC, workbook, write_book

CASES = Path(__file__).resolve().parents[1] / "broken" / "book"
ROWS = yaml.safe_load((CASES / "rows.yaml").read_text(encoding="utf-8"))
DESCRIPTIONS = yaml.safe_load((CASES / "descriptions.yaml").read_text(encoding="utf-8"))


def refused(folder: Path) -> list[str]:
    with open_book(folder) as book:
        problems = [str(problem) for problem in book.check() if problem.severity == "refuse"]
        if problems:
            with pytest.raises(BookError) as caught:
                book.facts()
            assert str(caught.value) == "\n".join(problems)
            assert caught.value.exit_code == 3
    return problems


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case["broken"])
def test_broken_rows(tmp_path: Path, case: dict[str, Any]) -> None:
    assert refused(write_book(tmp_path / "b", case["files"], names=BASIC)) == case["refused"]


def test_the_good_book_has_nothing_to_refuse(tmp_path: Path) -> None:
    assert refused(write_book(tmp_path / "b")) == []


@pytest.mark.parametrize("case", DESCRIPTIONS, ids=lambda case: case["broken"])
def test_broken_descriptions(tmp_path: Path, case: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAM_TEST_SECRET", "hunter2")
    folder = write_book(tmp_path / "b", {"book.yaml": case["text"]}, names=BASIC)
    with pytest.raises(BookError) as caught:
        open_book(folder)
    assert str(caught.value) == case["message"]
    assert caught.value.exit_code == 3


def test_books_that_are_none(tmp_path: Path) -> None:
    for name, message in {
        "none": f"{tmp_path / 'none'}: no such file or folder. Name a book.yaml, or a folder of tables.",
        "book.txt": "book.txt: a book is a folder or a .yaml file. Name one of them.",
        "none.yaml": f"{tmp_path / 'none.yaml'}: no such file. Name an existing YAML file.",
    }.items():
        if name == "book.txt":
            (tmp_path / name).write_text("x")
        with pytest.raises(BookError) as caught:
            open_book(tmp_path / name)
        assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sale.csv", 'book.yaml: file "sale.csv" is not named as a table. Did you mean "sales"?'),
        (
            "truth.parquet",
            'book.yaml: file "truth.parquet" is not named as a table. Move it, or list the book\'s tables in book.yaml.',
        ),
        ("targets.xls", 'book.yaml: file "targets.xls": a table is one of .csv, .csv.gz, .parquet, .xlsx. Export it again.'),
        ("sales.xlsx", 'book.yaml: files "sales.csv" and "sales.xlsx" are the same table. Keep one.'),
    ],
)  # fmt: skip
def test_files_that_do_not_belong(tmp_path: Path, name: str, message: str) -> None:
    folder = write_book(tmp_path / "b", {name: "x", "README.md": "", ".hidden.csv": "", "~$sales.xlsx": ""})
    with pytest.raises(BookError) as caught:
        open_book(folder)
    assert str(caught.value) == message


REPS = "rep_id,name\nR1,Ann\nR2,王伟\n"
YAML = "tables: {accounts: {file: accounts.csv}, sales: {file: sales.csv}, reps: {file: FILE, options: {OPTIONS}}}"


@pytest.mark.parametrize(
    ("file", "content", "options", "message"),
    [
        ("r.csv", None, "", 'reps: there is no file "r.csv". Correct the file\'s name, or the root.'),
        ("r.csv", REPS.encode("gb18030"), "", 'reps: "r.csv" is not text in "utf-8". Set options: {encoding: ...}: gb18030 for Chinese, cp1252 for Western European files.'),
        ("r.csv", REPS.encode("utf-16"), "", 'reps: "r.csv" is not text in "utf-8". Set options: {encoding: ...}: utf-16.'),
        ("r.csv", REPS.encode("utf-16-le"), "", 'reps: "r.csv" is not text in "utf-8". Set options: {encoding: ...}: utf-16-le or utf-16-be.'),
        ("r.csv", REPS.encode() + b"\xff", "encoding: gb18030", 'reps: "r.csv" is not text in "gb18030". Set options: {encoding: ...}: gb18030 for Chinese, cp1252 for Western European files.'),
        ("r.csv.gz", REPS.encode(), "", 'reps: "r.csv.gz" cannot be read (BadGzipFile). Mend the file or export it again.'),
        ("r.csv.gz", gzip.compress(REPS.encode())[:-9], "", 'reps: "r.csv.gz" cannot be read (EOFError). Mend the file or export it again.'),
        ("r.parquet", REPS.encode(), "", None),
        ("r.xlsx", REPS.encode(), "", 'reps: "r.xlsx" cannot be read (BadZipFile). Mend the file or export it again.'),
        ("r.xlsx", workbook({"Reps": [["rep_id"]], "=1+1": []}), "sheet: Rep", 'reps: "r.xlsx" has no sheet "Rep"; it has "Reps", "=1+1". Correct options: {sheet: ...}.'),
        ("r.xlsx", workbook({"Reps": []}), "", 'reps: "r.xlsx" has no header. Export the table again.'),
        ("r.xlsx", workbook({"Reps": [["rep_id", "hired"], ["R1", "soon"], ["R2", dt.date(2020, 1, 1)]]}), "", 'reps.hired: 1 value is not a day from 1900 to 2199: "soon". Write days as 2026-01-31, or set options: {date_format: ...}.'),
    ],
)  # fmt: skip
def test_broken_files(
    tmp_path: Path, file: str, content: bytes | None, options: str, message: str | None
) -> None:
    text = YAML.replace("FILE", file).replace("OPTIONS", options)
    folder = write_book(tmp_path / "b", {"book.yaml": text, file: content}, names=BASIC)
    found = refused(folder)
    if message is None:
        assert len(found) == 1
        assert found[0].startswith(f'reps: "{file}" cannot be read: ')
        assert found[0].endswith(" Mend the file or export it again.")
        assert str(tmp_path) not in found[0]
    else:
        assert found == [message]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("name", ["r.csv", "r.csv.gz"])
def test_lines_that_cannot_be_read_are_named_as_an_editor_counts(
    tmp_path: Path, end: str, encoding: str, name: str
) -> None:
    lines = [
        "rep_id,name,hired",
        'R1,"An',
        'n",2015-01-01',
        "R2,王伟",
        "",
        "",
        "R3,Li,2016-01-01,x,y",
        'R4,"O"x,',
    ]
    text = end.join([*lines, "R5,Bo,", ""])
    content = text.encode(encoding)
    options = "encoding: gb18030" if encoding == "gb18030" else ""
    folder = write_book(
        tmp_path / "b",
        {"book.yaml": YAML.replace("FILE", name).replace("OPTIONS", options),
         name: gzip.compress(content) if name.endswith(".gz") else content},
        names=BASIC,
    )  # fmt: skip
    assert refused(folder) == [
        f'reps: "{name}": line 4 has 2 values where the header has 3; line 7 has 5 values where the header has 3;'
        " line 8 is not valid CSV. Mend the file or export it again."
    ]


def test_where_no_line_can_be_read_all_are_counted(tmp_path: Path) -> None:
    folder = write_book(tmp_path / "b", {"reps.csv": "rep_id,name\nR1\nR2\n"}, names=BASIC)
    with open_book(folder) as book:
        found = [(problem.check, problem.table, problem.count) for problem in book.check()]
    assert ("unreadable_file", "reps", 2) in found


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select 1; select 2", "reps: the sql is not one SELECT. Correct the sql of the table."),
        ("create table x (a int)", "reps: the sql is not one SELECT. Correct the sql of the table."),
        ("copy (select 1) to 'x.csv'", "reps: the sql is not one SELECT. Correct the sql of the table."),
        ("selec 1", 'reps: the SELECT fails: Parser Error: syntax error at or near "selec". Correct the sql of the table.'),
        ("select no_such from 'reps.csv'", None),
        ("from 'none.csv'", None),
        ("from read_csv('https://example.org/x.csv')", None),
        ("select 'R1' as rep", 'reps.rep: "rep" is not a column of reps. Did you mean "rep_id"? Rename it, or name it under columns:.'),
    ],
)  # fmt: skip
def test_broken_sql(tmp_path: Path, sql: str, message: str | None) -> None:
    tables = "tables: {accounts: {file: accounts.csv}, sales: {file: sales.csv}, reps: {sql: SQL}}"
    text = tables.replace("SQL", '"' + sql.replace('"', '\\"') + '"')
    found = refused(write_book(tmp_path / "b", {"book.yaml": text}, names=BASIC))
    assert len(found) == 1
    if message is None:
        assert found[0].startswith("reps: the SELECT fails: ")
        assert found[0].endswith(" Correct the sql of the table.")
        assert str(tmp_path) not in found[0]
    else:
        assert found == [message]


def test_a_named_column_that_the_source_lacks(tmp_path: Path) -> None:
    text = "tables: {accounts: {file: accounts.csv}, sales: {file: sales.csv, columns: {quantity: Menge, cost: Cots}}}"
    sales = "date,account_id,product_line,revenue,Stück,Costs\n2024-01-05,A1,Bikes,1,2,3\n"
    folder = write_book(tmp_path / "b", {"book.yaml": text, "sales.csv": sales}, names=BASIC)
    assert refused(folder) == [
        'sales.quantity: the source has no column "Menge". It has "date", "account_id", "product_line", "revenue", "Stück", "Costs". Correct the name under columns:.',
        'sales.cost: the source has no column "Cots". Did you mean "Costs"? Correct the name under columns:.',
    ]
