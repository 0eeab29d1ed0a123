from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kamlib.charts.figure import DARK, GOOD, Figure, NativeChart
from kamlib.errors import RunError
from kamlib.packs.content import PageRef, Section
from kamlib.packs.excel import render_excel
from kamlib.packs.excel_charts import short_format
from kamlib.packs.page import Page, save_page
from kamlib.runs import Run
from tests.packs import sample

TABLE = pd.DataFrame({"month": ["2025-01", "2025-02"], "a": [1.0, 2.0], "b": [3.0, -4.0], "c": [0.1, 0.2]})


def charts(folder: Path, *natives: NativeChart, table: pd.DataFrame = TABLE, lang: str = "en") -> list[str]:
    run = Run(folder, sample.facts(lang))
    figures = tuple(Figure({}, native, "<svg/>") for native in natives)
    save_page(run, Page(id="book_1", title="T", subtitle="S", table=table, figures=figures))
    sections = [Section("book", "Book", (PageRef("book_1"),))]
    path = render_excel(folder, sections=sections, facts=run.facts, words=run.words)
    with zipfile.ZipFile(path) as package:
        return [package.read(n).decode() for n in package.namelist() if n.startswith("xl/charts/")]


def series(chart: str) -> list[str]:
    return re.findall(r"<c:ser>.*?</c:ser>", chart)


def test_scenarios_look_the_same_in_every_chart(tmp_path: Path) -> None:
    native = NativeChart("column", "month", {"a": "PY", "b": "FC", "c": "PL"})
    before, forecast, plan = series(charts(tmp_path, native)[0])
    assert '<a:solidFill><a:srgbClr val="B8C0C6"/></a:solidFill>' in before
    assert '<a:pattFill prst="wdUpDiag">' in forecast
    assert '<a:prstDash val="dash"/>' in forecast
    assert "<c:spPr><a:noFill/>" in plan
    assert f'<a:srgbClr val="{DARK[1:].upper()}"/>' in plan


def test_bars_run_from_the_top_of_the_table_and_start_at_labels(tmp_path: Path) -> None:
    native = NativeChart("bar", "month", {"a": "AC"}, rows=1)
    chart = charts(tmp_path, native)[0]
    assert '<c:barDir val="bar"/>' in chart
    assert '<c:orientation val="maxMin"/>' in chart
    assert "<c:f>'1 Is the data complete'!$B$6</c:f>" in chart
    assert '<c:showVal val="1"/>' in chart


@pytest.mark.parametrize(("kind", "mark"), [("line", "lineChart"), ("scatter", "scatterChart")])
def test_lines_and_dots(tmp_path: Path, kind: Any, mark: str) -> None:
    chart = charts(tmp_path, NativeChart(kind, "a", {"b": "AC", "c": "PL"}))[0]
    assert f"<c:{mark}>" in chart
    assert len(series(chart)) == 2


def test_a_bridge_stands_on_its_own_steps_and_crosses_zero(tmp_path: Path) -> None:
    steps = (("PY", 10.0, "PY"), ("Lost", -25.0, "change"), ("FC", -15.0, "FC"), ("More", 5.0, "change"))
    chart = charts(tmp_path, NativeChart("bridge", steps=steps))[0]  # type: ignore[arg-type]
    base, above, below, labels = series(chart)
    cached = [
        re.findall(r"<c:v>([^<]*)</c:v>", part.split("<c:val>")[1]) for part in (base, above, below, labels)
    ]
    assert cached == [
        ["0", "0", "0", "-10"],
        ["10", "10", "0", "0"],
        ["0", "-15", "-15", "-5"],
        ["10", "10", "0", "-10"],
    ]
    assert re.findall(r"<a:t>([^<]*)</a:t>", labels) == ["10.0", "-25.0", "-15.0", "+5.00"]
    assert GOOD[1:].upper() in above


def test_a_chart_of_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="page book_1: its chart in the workbook names d, which its table"):
        charts(tmp_path, NativeChart("bar", "month", {"d": "AC"}))


@pytest.mark.parametrize(
    ("kind", "largest", "lang", "expected"),
    [
        ("money", 45_600, "en", '#,##0," k"'),
        ("money", 12_345_678, "en", '#,##0.0,," M"'),
        ("money", 950, "en", "#,##0"),
        ("count", 3, "en", "0.0#"),
        ("money", 123_456_789, "zh", r'0\.00,,"亿"'),
        ("money", 9_999, "zh", "#,##0"),
        ("fraction", 0.04, "zh", "0.0 %"),
    ],
)
def test_labels_have_three_digits(kind: str, largest: float, lang: str, expected: str) -> None:
    assert short_format(kind, largest, lang) == expected
