from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from kamlib.errors import RunError
from kamlib.glossary import Words
from kamlib.packs.content import (
    SHEET_NAME_LENGTH,
    Chapter,
    NumberedPage,
    PageRef,
    Prose,
    Section,
    load_chapters,
    notebook_items,
    notebook_section,
    page_name,
    sheet_names,
)
from kamlib.packs.page import PAGE_MIME, Page
from tests.packs import sample


def write_notebook(path: Path) -> Path:
    def text(source: str | list[str], *tags: str) -> dict[str, object]:
        return {"cell_type": "markdown", "source": source, "metadata": {"tags": list(tags)} if tags else {}}

    def code(*pages: str) -> dict[str, object]:
        outputs: list[dict[str, object]] = [{"output_type": "stream", "name": "stdout", "text": "noise"}]
        outputs += [{"output_type": "execute_result", "data": {PAGE_MIME: {"page": p}}} for p in pages]
        return {"cell_type": "code", "source": "secret()", "metadata": {}, "outputs": outputs}

    cells = [
        text(["# Accounts\n", "\n", "Who matters."], "lang-en"),
        text("# 客户\n\n谁重要。", "lang-zh"),
        code(),
        code("accounts_1"),
        text("Both languages."),
        text("  \n"),
        text("Next.", "lang-en", "note"),
        text("下一步。", "lang-zh"),
        code("accounts_2"),
    ]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}), encoding="utf-8")
    return path


def test_a_heading_whose_code_shows_no_page_is_left_out(tmp_path: Path) -> None:
    def text(source: str, lang: str = "en") -> dict[str, object]:
        return {"cell_type": "markdown", "source": source, "metadata": {"tags": [f"lang-{lang}"]}}

    def code(*pages: str) -> dict[str, object]:
        return {"cell_type": "code", "outputs": [{"data": {PAGE_MIME: {"page": p}}} for p in pages]}

    cells = [
        text("# Forecast\n\nWhat comes."), code(), text("Still the opening."),
        text("## Pipeline\n\nOpen orders."), text("## 商机", "zh"), code(),
        text("## How to read\n\nNo code here."),
        text("## Opinion\n\nA second one."), text("## 意见", "zh"), code(), code("forecast_7"),
        text("## Calls"), code(),
    ]  # fmt: skip
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert notebook_items(path, "en") == (
        Prose("# Forecast\n\nWhat comes."),
        Prose("Still the opening."),
        Prose("## How to read\n\nNo code here."),
        Prose("## Opinion\n\nA second one."),
        PageRef("forecast_7"),
    )
    assert notebook_items(path, "zh") == (Prose("## 意见"), PageRef("forecast_7"))


def test_a_notebook_gives_prose_of_one_language_and_pages_in_order(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "x.ipynb")
    assert notebook_items(path, "en") == (
        Prose("# Accounts\n\nWho matters."),
        PageRef("accounts_1"),
        Prose("Both languages."),
        Prose("Next."),
        PageRef("accounts_2"),
    )
    assert Prose("下一步。") in notebook_items(path, "zh")


@pytest.mark.parametrize(
    ("lang", "title", "first"), [("en", "Accounts", "Who matters."), ("zh", "客户", "谁重要。")]
)
def test_a_chapter_is_named_by_its_first_heading(tmp_path: Path, lang: str, title: str, first: str) -> None:
    section = notebook_section(write_notebook(tmp_path / "x.ipynb"), section_id="accounts", lang=lang)
    assert (section.id, section.title, section.items[0]) == ("accounts", title, Prose(first))


def test_what_is_no_notebook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    with pytest.raises(RunError, match=r"x\.ipynb: not a notebook"):
        notebook_items(path, "en")
    path.write_text("[1]", encoding="utf-8")
    with pytest.raises(RunError, match=r"x\.ipynb: not a notebook"):
        notebook_items(path, "en")


def test_pages_are_numbered_through_and_named_by_the_heading_before_them(tmp_path: Path) -> None:
    run = sample.make_run(tmp_path)
    sections = (*sample.sections(run.words), Section("end", "End", (Prose("Last words."),)))
    chapters = load_chapters(run.folder, sections, run.words)
    names = {page.page.id: (page.number, page.name) for chapter in chapters for page in chapter.pages}
    assert names == {
        "summary": (1, "Summary"),
        "accounts_1": (2, "Who brings the money?"),
        "accounts_2": (3, "accounts 2"),
        "forecast_1": (4, "forecast 1"),
        "forecast_2": (5, "forecast 2"),
    }
    assert chapters[1].opening == ("Who matters, and for what.",)
    assert chapters[1].pages[0].lead == ("Look first at the **cut**, then at who stands near it.",)
    assert chapters[1].pages[1].lead == ()
    assert chapters[3].closing == ("Last words.",)


def test_prose_between_pages_belongs_to_the_page_after_it(tmp_path: Path) -> None:
    run = sample.make_run(tmp_path)
    items = (
        Prose("Opening."),
        Prose("## One ##\n\nRead it so."),
        PageRef("summary"),
        Prose("Between."),
        Prose("### A\n\nfirst\n\n### B\n\nsecond"),
        Prose("More."),
        PageRef("accounts_1"),
    )
    chapter = load_chapters(run.folder, [Section("a", "A", items)], run.words)[0]
    assert chapter.opening == ("Opening.",)
    assert [(page.name, page.lead) for page in chapter.pages] == [
        ("One", ("Read it so.",)),
        ("B", ("Between.", "### A\n\nfirst", "second", "More.")),
    ]


def test_a_page_or_chapter_twice_and_a_page_not_saved_are_refused(tmp_path: Path) -> None:
    run = sample.make_run(tmp_path)
    with pytest.raises(RunError, match='page "summary" stands in the pack twice'):
        load_chapters(run.folder, [Section("a", "A", (PageRef("summary"), PageRef("summary")))], run.words)
    with pytest.raises(RunError, match='chapter "a" stands in the pack twice'):
        load_chapters(run.folder, [Section("a", "A"), Section("a", "A")], run.words)
    with pytest.raises(RunError, match=r'no page "sumary"\. Did you mean "summary"\?'):
        load_chapters(run.folder, [Section("a", "A", (PageRef("sumary"),))], run.words)


def test_sheet_names_are_legal_and_start_with_the_number() -> None:
    def numbered(number: int, page_id: str, name: str) -> NumberedPage:
        table = pd.DataFrame({"a": [1]})
        return NumberedPage(number, name, Page(id=page_id, title="T", subtitle="S", table=table))

    pages = (
        numbered(1, "a", "Who brings the money?"),
        numbered(22, "b", "How does the total come about, and why?"),
        numbered(3, "c", "x" * 60),
        numbered(4, "d", "[a]/b\\c:*\x01'"),
        numbered(5, "e", "谁在贡献收入？"),
    )
    names = sheet_names([Chapter("c", "C", pages[:2]), Chapter("d", "D", pages[2:])])
    assert names == {
        "a": "1 Who brings the money",
        "b": "22 How does the total come",
        "c": "3 " + "x" * 29,
        "d": "4 abc\ufffd",
        "e": "5 谁在贡献收入",
    }
    assert all(len(name) <= SHEET_NAME_LENGTH for name in names.values())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pages_without_a_chapter_have_names(lang: str) -> None:
    for page in ("summary", "book_1", "book_2", "appendix_1", "appendix_2"):
        assert page_name(page, Words(lang)) != page.replace("_", " ")
