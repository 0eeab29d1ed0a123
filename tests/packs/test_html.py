from __future__ import annotations

import json
import re
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kamlib.charts.bridge import bridge
from kamlib.charts.figure import Figure
from kamlib.glossary import Words
from kamlib.packs.content import PageRef, Prose, Section
from kamlib.packs.html import ROWS_SHOWN, render_html, vega_bundle
from kamlib.packs.page import Choice, Page, save_page
from kamlib.runs import Run
from tests.packs import sample

PAGES = ["summary", "accounts_1", "accounts_2", "forecast_1", "forecast_2"]
CHARTS = 5


def make_pack(folder: Path, lang: str) -> Path:
    run = sample.make_run(folder, lang)
    return render_html(run.folder, sections=sample.sections(run.words), facts=run.facts, words=run.words)


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("en"), "en")


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pack(tmp_path_factory.mktemp("zh"), "zh")


@pytest.fixture(params=["en", "zh"])
def pack(request: pytest.FixtureRequest, english: Path, chinese: Path) -> Path:
    return english if request.param == "en" else chinese


def small_pack(folder: Path, *, prose: str = "Look.", **page: Any) -> str:
    run = Run(folder, sample.facts("en"))
    table = page.pop("table", pd.DataFrame({"name": ["x"], "share": [None]}))
    save_page(run, Page(**{"id": "book_1", "title": "T", "subtitle": "S", "table": table, **page}))
    facts = {**run.facts, "book": {**run.facts["book"], "name": "</style><b>&"}}
    sections = [Section("book", "<i>Book</i>", (Prose(prose), PageRef("book_1"), Prose("End.")))]
    path = render_html(folder, sections=sections, facts=facts, words=run.words)
    return path.read_text(encoding="utf-8").replace(vega_bundle(), "")


def test_one_file_with_pages_in_order_and_nothing_from_outside(pack: Path) -> None:
    text = pack.read_text(encoding="utf-8").replace(vega_bundle(), "")
    assert re.findall(r'<article class="page" id="page-(\w+)"', text) == PAGES
    assert re.findall(r'href="#page-(\w+)"', text) == PAGES
    links = set(re.findall(r"""(?:src|href)=["']([^"'#]+)""", text))
    assert links == set()
    assert "default-src 'none'" in text
    assert text.count("<svg") == CHARTS
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_the_same_run_gives_the_same_bytes(pack: Path) -> None:
    before = pack.read_bytes()
    lang = "zh" if b'lang="zh-CN"' in before else "en"
    words = Words(lang, "EUR")
    facts = {**sample.facts(lang), "seconds": {"accounts": 3.2}, "versions": {"kamlib": "0"}}
    again = render_html(pack.parent, sections=sample.sections(words), facts=facts, words=words)
    assert again.read_bytes() == before
    assert str(pack.parent).encode() not in before


def test_language_is_said_and_spoken(pack: Path) -> None:
    text = pack.read_text(encoding="utf-8")
    if 'lang="zh-CN"' in text:
        assert "合计" in text
        assert "118 家客户中的 23 家" in text
        assert "Filter rows" not in text
    else:
        assert '<html lang="en">' in text
        assert ">Total<" in text
        assert "合计" not in text


def test_names_are_escaped_wherever_they_stand(tmp_path: Path) -> None:
    text = small_pack(
        tmp_path,
        table=pd.DataFrame({"name": sample.HOSTILE, "x": ["\u2028"] * len(sample.HOSTILE)}),
        title="<script>alert(2)</script>",
        notes=("<img src=x onerror=alert(3)>",),
        labels={"x": '"><b>'},
        prose="<script>alert(4)</script>\n\n![pic](http://elsewhere.example/x.png) [go](javascript:alert(5))",
    )
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "</style><b>" not in text
    assert "<i>Book</i>" not in text
    assert 'href="javascript:' not in text
    assert "elsewhere.example" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert '"&gt;&lt;b&gt;' in text or "&quot;&gt;&lt;b&gt;" in text


def test_names_cannot_end_the_script_element_of_a_chart(english: Path) -> None:
    text = english.read_text(encoding="utf-8").replace(vega_bundle(), "")
    blocks = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    assert len(blocks) == CHARTS
    assert not any(mark in block for block in blocks for mark in "<>&\u2028\u2029")
    names = {
        row.get("name") for block in blocks for rows in json.loads(block)["datasets"].values() for row in rows
    }
    assert set(sample.HOSTILE) <= names


def test_prose_is_rendered_under_the_headings_of_the_pack(tmp_path: Path) -> None:
    text = small_pack(
        tmp_path, prose="## Why\n\n## Name\n\n**Bold** and\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    assert "<h4>Why</h4>" in text
    assert "<strong>Bold</strong>" in text
    assert "<td>1</td>" in text
    assert "End." in text


def test_choices_are_folded_with_a_chart_of_their_own_each(tmp_path: Path) -> None:
    bars = Figure({"mark": "bar"}, None, '<svg id="a" width="10"></svg>')
    choices = (
        Choice("Wu <Lei>", "Wu is asked for 5.", (bars,), group="Rep"),
        Choice("Li", "Li is asked for 4."),
    )
    text = small_pack(tmp_path, figures=(bars,), choices=choices, own_choice="An & Co")
    assert '<div class="choices" data-own="An &amp; Co" data-choose="Show">' in text
    part = text.split('<div class="choices"')[1].split("</div>\n    <details")[0]
    assert part.count("<details") == 2
    assert '<details name="book_1" data-group="Rep"><summary>Wu &lt;Lei&gt;</summary>' in part
    assert "Wu is asked for 5." in part
    assert 'id="book_1_0_0-a"' in part


def test_unknown_values_are_dashes_and_totals_count_all_rows(tmp_path: Path) -> None:
    rows = ROWS_SHOWN + 7
    table = pd.DataFrame({"name": ["n"] * rows, "lines": [1] * rows, "share": [float("nan")] * rows})
    text = small_pack(tmp_path, table=table, totals=("lines",))
    assert text.count("<tr>") == ROWS_SHOWN + 2
    assert '<td class="count">507</td>' in text
    assert '<td class="fraction">–</td>' in text
    assert not re.search(r">(?:nan|NaN|None|NaT|inf|&lt;NA&gt;)<", text)
    assert "The first 500 of 507 rows are here" in text
    assert "“1 Is the data complete”" in text


def test_a_total_row_stands_only_where_something_is_known(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ["n"], "lines": pd.array([None], dtype="Int64")})
    assert "<tfoot>" not in small_pack(tmp_path / "a", table=table, totals=("lines",), folded=False)
    known = table.assign(lines=3)
    assert "<tfoot>" in small_pack(tmp_path / "b", table=known, totals=("lines",), folded=False)


def test_short_tables_have_no_filter_and_empty_ones_say_so(tmp_path: Path) -> None:
    assert "<input" not in small_pack(tmp_path / "a")
    empty = small_pack(
        tmp_path / "b", table=pd.DataFrame({"name": pd.Series([], dtype=object)}), folded=False
    )
    assert "no rows" in empty


@pytest.mark.browser
@pytest.mark.fonts
def test_every_chart_draws_and_nothing_leaves_the_file(pack: Path, visit: Callable[..., Any]) -> None:
    seen = visit(pack)
    figures = seen.page.locator("figure.chart")
    assert figures.count() == CHARTS
    for at in range(CHARTS):
        figures.nth(at).scroll_into_view_if_needed()
        figures.nth(at).locator("svg.marks").wait_for()
        seen.page.wait_for_function(
            "figure => figure.dataset.live === 'yes'", arg=figures.nth(at).element_handle()
        )
        assert (
            figures.nth(at).locator("svg path[aria-roledescription], svg [role=graphics-symbol]").count() > 0
        )
    assert seen.left == []
    assert seen.said == []


@pytest.mark.browser
def test_charts_stand_without_scripts(english: Path, visit: Callable[..., Any]) -> None:
    seen = visit(english, scripts=False)
    drawn = seen.page.locator("figure.chart svg")
    assert drawn.count() == CHARTS
    assert all(drawn.nth(at).bounding_box()["height"] > 100 for at in range(CHARTS))
    assert seen.left == []


@pytest.mark.browser
def test_a_tooltip_shows_a_name_as_text(english: Path, visit: Callable[..., Any]) -> None:
    seen = visit(english)
    figure = seen.page.locator("#page-accounts_1 figure.chart").first
    figure.scroll_into_view_if_needed()
    seen.page.wait_for_function("figure => figure.dataset.live === 'yes'", arg=figure.element_handle())
    figure.locator("svg .mark-rect path").first.hover()
    tip = seen.page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    assert "<script>alert(1)</script>" in tip.inner_text()
    assert seen.said == []


@pytest.mark.browser
def test_tables_sort_by_value_with_unknown_values_last(english: Path, visit: Callable[..., Any]) -> None:
    seen = visit(english)
    page = seen.page
    table = page.locator("#page-accounts_1 table")
    page.locator("#page-accounts_1 details.table > summary").click()
    heads = table.locator("thead th")
    names = heads.all_inner_texts()
    texts = lambda at: table.locator(f"tbody td:nth-child({at + 1})").all_inner_texts()  # noqa: E731
    revenue = next(i for i in range(len(names)) if "money" in (heads.nth(i).get_attribute("class") or ""))
    growth = len(names) - 1
    by = lambda at: [t.replace(",", "") for t in texts(at)]  # noqa: E731

    heads.nth(growth).locator("button").click()
    assert heads.nth(growth).get_attribute("aria-sort") == "descending"
    known = [float(t.removesuffix(" %")) for t in by(growth) if t != "–"]
    assert known == sorted(known, reverse=True)
    assert set(by(growth)[len(known) :]) == {"–"}
    heads.nth(growth).locator("button").click()
    rising = [float(t.removesuffix(" %")) for t in by(growth)[: len(known)]]
    assert rising == sorted(known)
    assert set(by(growth)[len(known) :]) == {"–"}

    heads.nth(revenue).locator("button").click()
    assert [float(t) for t in by(revenue)] == sorted((float(t) for t in by(revenue)), reverse=True)
    since = next(i for i in range(len(names)) if "date" in (heads.nth(i).get_attribute("class") or ""))
    heads.nth(since).locator("button").click()
    assert texts(since) == sorted(texts(since))
    assert heads.nth(revenue).get_attribute("aria-sort") == "none"


@pytest.mark.browser
def test_a_choice_takes_the_place_of_the_page_s_own_display(
    tmp_path: Path, visit: Callable[..., Any]
) -> None:
    choices = (Choice("Wu", "Wu is asked for 5."), Choice("East", "East is asked for 9.", group="Region"))
    table = pd.DataFrame({"name": ["b", "a"]})
    small_pack(tmp_path, table=table, folded=False, choices=choices, own_choice="Li")
    seen = visit(tmp_path / "pack.html")
    page = seen.page
    assert page.locator(".chooser option").all_inner_texts() == ["Li", "Wu", "East"]
    page.locator(".chooser select").select_option("East")
    assert page.locator("#page-book_1 h3").inner_text() == "East is asked for 9."
    page.locator(".chooser select").select_option("Li")
    assert page.locator("#page-book_1 h3").inner_text() == "T"
    page.locator("th button").first.click()
    assert page.locator("tbody td:first-child").all_inner_texts() == ["a", "b"]
    assert seen.said == []


@pytest.mark.browser
def test_chinese_names_sort_by_pinyin(tmp_path: Path, visit: Callable[..., Any]) -> None:
    small_pack(tmp_path, table=pd.DataFrame({"name": ["张", "b2", "李", "b10", "安", None]}), folded=False)
    page = visit(tmp_path / "pack.html").page
    page.locator("th button").first.click()
    assert page.locator("tbody td:first-child").all_inner_texts() == ["安", "李", "张", "b2", "b10", "–"]


@pytest.mark.browser
def test_the_filter_keeps_rows_with_every_word(english: Path, visit: Callable[..., Any]) -> None:
    seen = visit(english)
    page = seen.page
    page.locator("#page-accounts_1 details.table > summary").click()
    page.locator("#page-accounts_1 input.filter").fill("华东 公司06")
    rows = page.locator("#page-accounts_1 tbody tr:visible")
    assert rows.count() == 4
    assert all("华东轮业有限公司06" in text for text in rows.all_inner_texts())
    tally = page.locator("#page-accounts_1 .tally").inner_text()
    assert re.findall(r"\d+", tally) == ["4", "118"]
    assert page.locator("#page-accounts_1 tfoot .filtered").is_visible()
    page.locator("#page-accounts_1 input.filter").fill("")
    assert page.locator("#page-accounts_1 tbody tr:visible").count() == 118
    assert page.locator("#page-accounts_1 tfoot .plain").is_visible()


@pytest.mark.browser
def test_printing_shows_every_chart_without_scrolling(english: Path, visit: Callable[..., Any]) -> None:
    page = visit(english).page
    full = shapes_on_sheets(page.pdf(prefer_css_page_size=True))
    page.add_style_tag(content="figure.chart svg path { display: none }")
    bare = shapes_on_sheets(page.pdf(prefer_css_page_size=True))
    assert [with_charts - without > 5 for with_charts, without in zip(full, bare, strict=True)] == [
        True, False, True, True, True, False,
    ]  # fmt: skip


def shapes_on_sheets(pdf: bytes) -> list[int]:
    """Count the shapes painted on each sheet of a PDF, in order of its page objects."""
    objects = {int(n): body for n, body in re.findall(rb"(?s)\n(\d+) 0 obj\n(.*?)\nendobj", pdf)}
    counts = []
    for body in objects.values():
        if b"/Type /Page\n" not in body:
            continue
        content = int(re.search(rb"/Contents (\d+) 0 R", body)[1])  # type: ignore[index]
        stream = re.search(rb"(?s)stream\r?\n(.*)\r?\nendstream", objects[content])
        assert stream is not None
        text = zlib.decompress(stream[1])
        counts.append(len(re.findall(rb"(?m)(?:^| )(?:f\*?|S|B\*?|Do)$", text)))
    return counts


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pack_fits_the_window(pack: Path, visit: Callable[..., Any], width: int) -> None:
    page = visit(pack, width=width, height=844).page
    page.evaluate("document.querySelectorAll('details.table').forEach((d) => { d.open = true; })")
    for at in range(CHARTS):
        page.locator("figure.chart").nth(at).scroll_into_view_if_needed()
    page.wait_for_function(f"document.querySelectorAll('figure[data-live]').length === {CHARTS}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("nav.contents details[open]").count() == (1 if width > 900 else 0)


@pytest.mark.browser
def test_a_bridge_is_whole_on_a_phone(tmp_path: Path, visit: Callable[..., Any]) -> None:
    steps = [
        ("PY", 9.0, "PY"),
        ("up", 3.0, "change"),
        ("FC", 12.0, "FC"),
        ("gap", -1.0, "change"),
        ("PL", 11.0, "PL"),
    ]
    table = pd.DataFrame(steps, columns=["step", "amount", "scenario"])
    made = bridge(table, words=Words("en"))
    assert made.spec["width"] > 600
    small_pack(tmp_path, figures=(made,))
    page = visit(tmp_path / "pack.html", width=390, height=844).page
    figure = page.locator("figure.chart")
    figure.scroll_into_view_if_needed()
    page.wait_for_function("figure => figure.dataset.live === 'yes'", arg=figure.element_handle())
    assert figure.locator("svg").bounding_box()["width"] <= 366


def test_importing_packs_loads_no_renderer() -> None:
    heavy = ("vl_convert", "xlsxwriter", "jinja2", "mistune", "nbformat", "altair", "papermill")
    code = f"import sys, kamlib.packs; sys.exit(', '.join(m for m in {heavy} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
