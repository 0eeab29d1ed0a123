"""The planning pack's chapters in reading order, rendered to HTML and Excel."""

from __future__ import annotations

from kamlib.packs.content import PageRef, Section, notebook_section
from kamlib.packs.excel import render_excel
from kamlib.packs.html import render_html
from kamlib.packs.page import save_page
from kamlib.packs.pages_planning import book_pages, parameter_page, run_page
from kamlib.packs.pages_summary import summary_page
from kamlib.params import Params
from kamlib.runs import Run
from kamlib.runs.publish import previous_run

_CHAPTERS = {"accounts": "1_accounts", "forecast": "2_forecast", "targets": "3_targets"}


def render_planning(run: Run, params: Params) -> None:
    """Make the summary, book and appendix pages, then ``pack.html`` and ``pack.xlsx``.

    Parameters
    ----------
    run : Run
        The run being built; its chapters have run.
    params : Params
        The pack's parameters.

    Raises
    ------
    RunError
        If a page or table that the pack needs was not saved.
    """
    words = run.words
    front = [summary_page(run)]
    book = book_pages(run)
    back = [parameter_page(params, run, previous_run(run)), run_page(run)]
    for page in (*front, *book, *back):
        save_page(run, page)
    chapters = [
        notebook_section(run.folder / "notebooks" / f"{file}.ipynb", section_id=name, lang=words.lang)
        for name, file in _CHAPTERS.items()
    ]
    sections = [
        Section("summary", words("planning.summary"), tuple(PageRef(page.id) for page in front)),
        Section("book", words("planning.book"), tuple(PageRef(page.id) for page in book)),
        *chapters,
        Section("appendix", words("planning.appendix"), tuple(PageRef(page.id) for page in back)),
    ]
    render_html(run.folder, sections=sections, facts=run.facts, words=words)
    render_excel(run.folder, sections=sections, facts=run.facts, words=words)
