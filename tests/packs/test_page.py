from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from kamlib.charts.figure import Figure, NativeChart
from kamlib.errors import RunError
from kamlib.measures.money import to_money
from kamlib.packs.page import PAGE_MIME, Choice, Page, load_page, save_page, show
from kamlib.runs import Run
from tests.packs import sample


def make_page(**more: object) -> Page:
    table = pd.DataFrame({"name": ["=1+1", None], "revenue": to_money([10_000, 25_000])})
    return Page(
        id="accounts_1", title="Two accounts", subtitle="All", table=table, totals=("revenue",), **more
    )


def make_run(folder: Path) -> Run:
    return Run(folder, sample.facts("en"))


def test_a_page_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    steps = (("PY", 1.0, "PY"), ("Δ", 2.5, "change"))
    figures = (
        Figure({"mark": "bar"}, NativeChart("bar", "name", {"revenue": "AC"}, rows=3), "<svg/>"),
        Figure({"mark": "point"}, NativeChart("bridge", steps=steps), "<svg/>"),
        Figure({"mark": "line"}, None, "<svg/>"),
    )
    page = make_page(
        figures=figures, notes=("Look.",), sentences=("One.",), kinds={"x": "count"}, folded=False,
        choices=(Choice("Wu", "Wu is asked for 5.", figures[:2], group="Rep"),), own_choice="Li",
    )  # fmt: skip
    save_page(make_run(tmp_path), page)
    back = load_page(tmp_path, "accounts_1")
    pd.testing.assert_frame_equal(back.table, page.table)
    assert (back.choices, back.own_choice) == (page.choices, "Li")
    assert [back.figures, back.notes, back.sentences, back.totals, back.kinds, back.folded] == [
        page.figures, page.notes, page.sentences, page.totals, page.kinds, page.folded,
    ]  # fmt: skip


def test_a_page_that_was_not_saved_is_named(tmp_path: Path) -> None:
    save_page(make_run(tmp_path), make_page())
    with pytest.raises(RunError, match=r'the run has no page "acounts_1"\. Did you mean "accounts_1"\?'):
        load_page(tmp_path, "acounts_1")


@pytest.mark.parametrize("page_id", ["Accounts", "accounts-1", "../x", "accounts_1_2", ""])
def test_an_id_that_could_be_a_path_is_refused(page_id: str) -> None:
    with pytest.raises(RunError, match="the id is a lower-case word"):
        Page(id=page_id, title="T", subtitle="S", table=pd.DataFrame())


def test_a_page_has_at_most_three_notes() -> None:
    with pytest.raises(RunError, match="4 notes; a page has at most three"):
        make_page(notes=("a", "b", "c", "d"))


def test_the_notebook_shows_the_page_and_names_it_for_the_pack(tmp_path: Path) -> None:
    shown = show(make_run(tmp_path), make_page(figures=(Figure({}, None, "<svg>1</svg>"),), notes=("<b>",)))
    bundle = shown._repr_mimebundle_()
    assert bundle[PAGE_MIME] == {"page": "accounts_1"}
    assert bundle["text/plain"] == "accounts_1: Two accounts"
    html = bundle["text/html"]
    assert "<svg>1</svg><ul><li>&lt;b&gt;</li></ul>" in html
    assert "<td>=1+1</td><td>1.00</td></tr><tr><td>–</td><td>2.50</td>" in html
    assert json.loads((tmp_path / "pages" / "accounts_1.json").read_text(encoding="utf-8"))["totals"] == [
        "revenue"
    ]
