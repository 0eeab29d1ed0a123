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


def test_pages_are_numbered_through_and_carry_the_prose_before_them(tmp_path: Path) -> None:
    run = sample.make_run(tmp_path)
    sections = (*sample.sections(run.words), Section("end", "End", (Prose("Last words."),)))
    chapters = load_chapters(run.folder, sections)
    numbers = {page.page.id: page.number for chapter in chapters for page in chapter.pages}
    assert numbers == {"summary": 1, "accounts_1": 2, "accounts_2": 3, "forecast_1": 4, "forecast_2": 5}
    assert chapters[1].pages[0].lead[0].startswith("Who matters")
    assert chapters[1].pages[1].lead == ()
    assert chapters[3].closing == ("Last words.",)


def test_a_page_or_chapter_twice_and_a_page_not_saved_are_refused(tmp_path: Path) -> None:
    run = sample.make_run(tmp_path)
    with pytest.raises(RunError, match='page "summary" stands in the pack twice'):
        load_chapters(run.folder, [Section("a", "A", (PageRef("summary"), PageRef("summary")))])
    with pytest.raises(RunError, match='chapter "a" stands in the pack twice'):
        load_chapters(run.folder, [Section("a", "A"), Section("a", "A")])
    with pytest.raises(RunError, match=r'no page "sumary"\. Did you mean "summary"\?'):
        load_chapters(run.folder, [Section("a", "A", (PageRef("sumary"),))])


def test_sheet_names_are_legal_and_start_with_the_number() -> None:
    def numbered(number: int, page_id: str) -> NumberedPage:
        return NumberedPage(number, Page(id=page_id, title="T", subtitle="S", table=pd.DataFrame({"a": [1]})))

    long = "averyveryverylongnameofapagethatdoesnotfit"
    chapters = [Chapter("c", "C", (numbered(1, "accounts_1"), numbered(22, long)))]
    names = sheet_names(chapters, Words("en"))
    assert names == {"accounts_1": "1 Who brings the money", long: "22 averyveryverylongnameofapage"}
    assert all(len(name) <= SHEET_NAME_LENGTH for name in names.values())


def test_every_page_of_a_planning_pack_has_a_name_that_fits_a_sheet() -> None:
    for lang in ("en", "zh"):
        for page in ("summary", "book_1", "book_2", "accounts_1", "forecast_4", "targets_5", "appendix_2"):
            name = page_name(page, Words(lang))
            assert name != page.replace("_", " ")
            assert len(name) + 3 <= SHEET_NAME_LENGTH
