from __future__ import annotations

import csv
import datetime as dt
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.measures.money import to_money, total_money
from kamlib.packs import excel
from kamlib.packs.content import PageRef, Section
from kamlib.packs.excel import render_excel
from kamlib.packs.page import Page, save_page
from kamlib.runs import Run
from tests.packs import sample


def render(folder: Path, lang: str = "en") -> Path:
    run = sample.make_run(folder, lang)
    return render_excel(folder, sections=sample.sections(run.words), facts=run.facts, words=run.words)


def render_table(folder: Path, table: pd.DataFrame, **page: Any) -> Path:
    run = Run(folder, sample.facts("en"))
    save_page(run, Page(**{"id": "book_1", "title": "T", "subtitle": "S", "table": table, **page}))
    sections = [Section("book", "Book", (PageRef("book_1"),))]
    return render_excel(folder, sections=sections, facts=run.facts, words=run.words)


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render(tmp_path_factory.mktemp("en"))


def test_contents_first_then_a_sheet_a_page(english: Path) -> None:
    book = openpyxl.load_workbook(english)
    assert book.sheetnames == [
        "Contents",
        "1 Summary",
        "2 Who brings the money",
        "3 accounts 2",
        "4 forecast 1",
        "5 forecast 2",
    ]
    sheet = book["Contents"]
    lines = {
        row[0].value: row for row in sheet.iter_rows(min_row=5, max_row=12) if isinstance(row[0].value, int)
    }
    assert lines[2][1].value == "Who brings the money?"
    assert lines[2][1].hyperlink.location == "'2 Who brings the money'!A1"
    assert lines[2][2].value == sample.TEXT["pareto"]["en"]
    facts = {row[1].value: row[2].value for row in sheet.iter_rows(min_row=12) if row[1].value}
    assert facts["Period"] == "2026Q1"
    assert facts["Rows of sales in the file"] == 30211
    assert facts["segments.key_share"] == 0.8
    assert facts["segments.tiers"] == "[0.8, 0.95]"


def test_a_sheet_says_what_its_page_says(english: Path) -> None:
    sheet = openpyxl.load_workbook(english)["1 Summary"]
    said = [row[0].value for row in sheet.iter_rows(max_row=8)]
    text = {key: pair["en"] for key, pair in sample.TEXT.items()}
    assert said == [
        text["summary"],
        text["bridge_sub"],
        text["months"],
        text["pareto"],
        text["value"],
        f"· {text['note_1']}",
        f"· {text['note_2']}",
        "← Contents",
    ]


def test_a_table_has_filters_a_frozen_header_formats_and_totals(english: Path) -> None:
    sheet = openpyxl.load_workbook(english)["2 Who brings the money"]
    table = sheet.tables["page_2"]
    assert table.ref == "A6:J125"
    assert table.autoFilter.ref == "A6:J124"
    assert table.totalsRowCount == 1
    assert sheet.freeze_panes == "B7"
    revenue = sheet["C7"]
    expected = sample.accounts()
    assert Decimal(str(revenue.value)) == expected["revenue"].iloc[0]
    assert revenue.number_format == "#,##0"
    assert sheet["D7"].number_format == "0.0 %"
    assert sheet["G7"].value == expected["since"].iloc[0].to_pydatetime()
    assert sheet["G7"].number_format == "yyyy-mm-dd"
    assert [sheet["H7"].value, sheet["H124"].value] == ["✓", None]
    assert sheet["A125"].value == "Total"
    assert sheet["C125"].value == "=SUBTOTAL(109,page_2[Revenue])"
    assert sheet["C125"].font.bold


def test_totals_carry_their_value_for_readers_that_do_not_calculate(english: Path) -> None:
    sheet = openpyxl.load_workbook(english, data_only=True)["2 Who brings the money"]
    table = sample.accounts()
    assert Decimal(str(sheet["C125"].value)) == total_money(table["revenue"])
    assert sheet["F125"].value == table["lines"].sum()


def test_unknown_values_are_empty_cells(english: Path) -> None:
    sheet = openpyxl.load_workbook(english)["2 Who brings the money"]
    growth = [sheet.cell(row, 10).value for row in range(7, 125)]
    assert [value is None for value in growth] == sample.accounts()["growth"].isna().tolist()


def test_texts_are_never_formulas(english: Path) -> None:
    sheet = openpyxl.load_workbook(english)["2 Who brings the money"]
    names = [sheet.cell(row, 2) for row in range(7, 7 + len(sample.HOSTILE))]
    assert [cell.value for cell in names] == sample.HOSTILE
    assert {cell.data_type for cell in names} == {"s"}


def test_headings_may_hold_what_formulas_mean_something_by(tmp_path: Path) -> None:
    labels = {"a": "=1+1 [x] #'y'", "b": "=1+1 [X] #'Y'"}
    table = pd.DataFrame({"name": ["x"], "a": [1.5], "b": [2]})
    path = render_table(tmp_path, table, labels=labels, totals=("a", "b"))
    sheet = openpyxl.load_workbook(path)["1 Is the data complete"]
    assert [cell.value for cell in sheet[5]][:3] == ["Name", "=1+1 (x) ＃’y’", "=1+1 (X) ＃’Y’ (2)"]
    assert sheet["B7"].value == "=SUBTOTAL(109,page_1[=1+1 (x) ＃’y’])"


def test_marks_that_xml_cannot_hold_do_not_break_the_file(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ["a\x00b", "c\x1fd", "e\ufffff", "x" * 40_000]})
    path = render_table(tmp_path, table, title="T\x0b", labels={"name": "N\x01"})
    sheet = openpyxl.load_workbook(path)["1 Is the data complete"]
    assert [sheet.cell(row, 1).value for row in (6, 7, 8)] == ["a\ufffdb", "c\ufffdd", "e\ufffdf"]
    assert len(sheet["A9"].value) == 32_767
    assert sheet["A1"].value == "T\ufffd"
    assert sheet["A5"].value == "N\ufffd"


def test_the_same_run_gives_the_same_bytes(english: Path, tmp_path: Path) -> None:
    again = render(tmp_path)
    assert again.read_bytes() == english.read_bytes()
    with zipfile.ZipFile(again) as package:
        text = package.read("docProps/core.xml").decode()
    assert "2026-01-01T00:00:00Z" in text


def test_chinese_workbooks_speak_chinese(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(render(tmp_path, "zh"))
    assert book.sheetnames[:3] == ["目录", "1 摘要", "2 谁在贡献收入"]
    sheet = book["2 谁在贡献收入"]
    assert sheet["A1"].value == sample.TEXT["pareto"]["zh"]
    assert sheet["A125"].value == "合计"


def test_an_empty_table_says_so(tmp_path: Path) -> None:
    path = render_table(tmp_path, pd.DataFrame({"name": pd.Series([], dtype=object)}))
    sheet = openpyxl.load_workbook(path)["1 Is the data complete"]
    assert [sheet["A5"].value, sheet["A6"].value] == ["Name", "Table · no rows"]
    assert not sheet.tables


def test_a_column_of_which_nothing_is_known_has_no_total(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"name": ["n", "m"], "lines": [2, 3], "revenue": pd.array([None, None], dtype="Int64")}
    )
    path = render_table(tmp_path, table, totals=("lines", "revenue"))
    sheet = openpyxl.load_workbook(path, data_only=True)["1 Is the data complete"]
    assert [cell.value for cell in list(sheet.iter_rows())[-1]][:3] == ["Total", 5, ""]


def test_what_a_sheet_cannot_hold_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "SHEET_ROWS", 20)
    table = pd.DataFrame({"name": [f"n{i}" for i in range(30)], "lines": [1] * 30})
    path = render_table(tmp_path, table, totals=("lines",))
    sheet = openpyxl.load_workbook(path, data_only=True)["1 Is the data complete"]
    assert sheet.max_row <= 20
    assert sheet["A3"].value == (
        "A sheet holds 13 of the 30 rows; its total counts these; "
        "all rows are in pages/book_1.parquet of the run folder."
    )
    assert [sheet["A7"].value, sheet["A19"].value, sheet["B20"].value] == ["n0", "n12", 13]


def test_a_date_before_1900_is_text(tmp_path: Path) -> None:
    table = pd.DataFrame({"since": [pd.Timestamp("1899-12-31"), pd.Timestamp("1900-01-01")]})
    sheet = openpyxl.load_workbook(render_table(tmp_path, table))["1 Is the data complete"]
    assert [sheet["A6"].value, sheet["A7"].value] == ["1899-12-31", dt.datetime(1900, 1, 1)]


@pytest.mark.office
def test_totals_calculated_anew_equal_the_tables(english: Path, office: Callable[[Path, str], Path]) -> None:
    book = openpyxl.load_workbook(office(english, "xlsx"), data_only=True)
    sheet = book["2 Who brings the money"]
    table = sample.accounts()
    assert Decimal(str(sheet["C125"].value)).quantize(Decimal("0.01")) == total_money(
        table["revenue"]
    ).quantize(Decimal("0.01"))
    assert sheet["F125"].value == table["lines"].sum()
    year = book["4 forecast 1"]
    totals = [cell.value for cell in year[19]][1:4]
    assert totals == [37_400_000, 12_400_000, 49_200_000]


@pytest.mark.office
def test_a_wrong_stored_total_would_be_found(tmp_path: Path, office: Callable[[Path, str], Path]) -> None:
    table = pd.DataFrame({"name": sample.HOSTILE, "a[1]": to_money(range(10_000, 100_000, 10_000))})
    path = render_table(tmp_path, table, labels={"a[1]": "=1+1 [x] #'y'"}, totals=("a[1]",))
    sheet = "xl/worksheets/sheet2.xml"
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    assert parts[sheet].count(b"<v>45.0</v>") == 1
    parts[sheet] = parts[sheet].replace(b"<v>45.0</v>", b"<v>46.0</v>")
    wrong = tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(wrong, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    recalculated = openpyxl.load_workbook(office(wrong, "xlsx"), data_only=True)["1 Is the data complete"]
    assert recalculated["B15"].value == 45


@pytest.mark.office
def test_hostile_names_come_out_of_a_spreadsheet_as_they_went_in(
    tmp_path: Path, office: Callable[[Path, str], Path]
) -> None:
    table = pd.DataFrame({"name": sample.HOSTILE})
    path = render_table(tmp_path, table)
    made = office(path, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2")
    with made.open(encoding="utf-8", newline="") as file:
        rows = [row[0] for row in csv.reader(file) if row]
    start = rows.index("Name") + 1
    assert [name.strip() for name in rows[start : start + len(sample.HOSTILE)]] == [
        n.strip() for n in sample.HOSTILE
    ]


def test_numbers_in_charts_and_tables_are_one(english: Path) -> None:
    with zipfile.ZipFile(english) as package:
        charts = [package.read(n).decode() for n in package.namelist() if re.match(r"xl/charts/chart\d", n)]
    joined = "\n".join(charts)
    assert len(charts) == 5
    assert "'2 Who brings the money'!$C$7:$C$21" in joined
    assert "'4 forecast 1'!$B$7:$B$18" in joined
    assert Words("en").money(12_400_000) in joined
