"""The demo book's pack as its readers open it: in a browser, both languages, and in a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kamlib.measures.money import total_money
from kamlib.runs import open_run

pytestmark = pytest.mark.slow


@pytest.mark.browser
@pytest.mark.fonts
@pytest.mark.parametrize("fixture", ["demo_run", "demo_run_zh"])
def test_every_chart_draws_and_no_request_leaves(
    fixture: str, visit: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    seen = visit(request.getfixturevalue(fixture) / "pack.html")
    figures = seen.page.locator("figure.chart")
    assert figures.count() >= 15
    for at in range(figures.count()):
        figures.nth(at).evaluate("figure => figure.closest('details')?.setAttribute('open', '')")
        figures.nth(at).scroll_into_view_if_needed()
        seen.page.wait_for_function(
            "figure => figure.dataset.live === 'yes'", arg=figures.nth(at).element_handle()
        )
        marks = figures.nth(at).locator("svg path[aria-roledescription], svg [role=graphics-symbol]")
        assert marks.count() > 0
    assert seen.left == []
    assert seen.said == []


@pytest.mark.browser
def test_only_one_language_is_left(demo_run: Path, demo_run_zh: Path, visit: Callable[..., Any]) -> None:
    english, chinese = (visit(run / "pack.html").page.inner_text("main") for run in (demo_run, demo_run_zh))
    assert "Key accounts" in english
    assert "Who brings the money?" in english
    assert "大客户" in chinese
    assert "Who brings the money?" not in chinese


@pytest.mark.office
def test_the_workbook_calculated_anew_equals_the_tables(
    demo_run: Path, office: Callable[[Path, str], Path]
) -> None:
    run = open_run(str(demo_run))
    book = openpyxl.load_workbook(office(demo_run / "pack.xlsx", "xlsx"), data_only=True)
    sheet = book[book.sheetnames[1]]
    [total] = [row for row in sheet.iter_rows(values_only=True) if row[0] == "Total"]
    forecast = run.load("forecast")
    quarter = forecast[
        (forecast["level"] == "company") & forecast["period"].isin([str(m) for m in run.period.months()])
    ]
    assert total[2] == pytest.approx(float(total_money(quarter["forecast"])), abs=0.01)
    assert total[3] == int(run.load("plan_targets")["target"].sum())
    assert len(book.sheetnames) == 1 + len(list((demo_run / "pages").glob("*.json")))
