"""What a pack is made of: chapters in order, each with prose and pages; and how a notebook becomes one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kamlib.errors import RunError
from kamlib.glossary import Words, word_keys
from kamlib.packs.cells import clean
from kamlib.packs.page import PAGE_MIME, Page, load_page

SHEET_NAME_LENGTH = 31
_NOT_IN_SHEET_NAME = re.compile(r"[\[\]:*?？/\\\t\n\r]")
_HEADING = re.compile(r"^#{1,6}[ \t]+(?P<title>[^\n]+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_PART = re.compile(r"\A#{2,6}[ \t]")
_TITLE = re.compile(r"\A\s*#[ \t]+(?P<title>[^\n]+?)[ \t]*#*[ \t]*(?:\n|\Z)")


@dataclass(frozen=True)
class Prose:
    """Markdown of one language, as a chapter's text cell holds it."""

    text: str


@dataclass(frozen=True)
class PageRef:
    """A page that was saved with the run, by its id."""

    id: str


Item = Prose | PageRef


@dataclass(frozen=True)
class Section:
    """A chapter of a pack.

    Attributes
    ----------
    id : str
        A lower-case word that names the chapter in links, such as ``"accounts"``.
    title : str
        The chapter's name, in the pack's language.
    items : tuple of Prose or PageRef
        Text and pages, in reading order.
    """

    id: str
    title: str
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class NumberedPage:
    """A page in its place: its number in the pack, the question it answers, prose on how to read it."""

    number: int
    name: str
    page: Page
    lead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chapter:
    """A section with its pages loaded and numbered, and the prose before the first and after the last."""

    id: str
    title: str
    pages: tuple[NumberedPage, ...]
    opening: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()


@dataclass
class _Part:
    """What stands from one heading of a notebook to the next."""

    headed: bool = False
    code: bool = False
    items: list[Item] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether its code had nothing to show."""
        return self.headed and self.code and not any(isinstance(item, PageRef) for item in self.items)


def notebook_items(path: Path, lang: str) -> tuple[Item, ...]:
    """Read prose and pages of an executed notebook, in order; code is left out.

    A part under a heading of level two or deeper whose code shows no page has nothing to say of this book,
    as where a table is absent: its heading and prose are left out. A part without code is prose and stays.

    Parameters
    ----------
    path : pathlib.Path
        The executed notebook.
    lang : str
        Language to keep, ``"en"`` or ``"zh"``: text cells tagged for the other one are left out.

    Returns
    -------
    tuple of Prose or PageRef

    Raises
    ------
    RunError
        If the file cannot be read as a notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path.name}: not a notebook that can be read ({error}).") from None
    parts = [_Part()]
    for cell in cells:
        if cell["cell_type"] == "markdown":
            tags = cell.get("metadata", {}).get("tags", [])
            languages = {tag for tag in tags if tag.startswith("lang-")}
            text = _joined(cell["source"]).strip()
            if text and (not languages or f"lang-{lang}" in languages):
                if _PART.match(text):
                    parts.append(_Part(headed=True))
                parts[-1].items.append(Prose(text))
        elif cell["cell_type"] == "code":
            parts[-1].code = True
            parts[-1].items.extend(PageRef(page) for page in _pages_shown(cell.get("outputs", [])))
    return tuple(item for part in parts if not part.empty for item in part.items)


def notebook_section(path: Path, *, section_id: str, lang: str) -> Section:
    """Make a chapter of an executed notebook; its name is the first level-one heading of its prose.

    Parameters
    ----------
    path : pathlib.Path
        The executed notebook.
    section_id : str
        Id of the chapter.
    lang : str
        Language to keep, ``"en"`` or ``"zh"``.

    Returns
    -------
    Section
        The heading is its title and no longer among its items; without a heading the title is the id.

    Raises
    ------
    RunError
        If the file cannot be read as a notebook.
    """
    items: list[Item] = []
    title = ""
    for item in notebook_items(path, lang):
        match = _TITLE.match(item.text) if isinstance(item, Prose) and not title else None
        if match is None or not isinstance(item, Prose):
            items.append(item)
            continue
        title = match["title"]
        rest = item.text[match.end() :].strip()
        if rest:
            items.append(Prose(rest))
    return Section(section_id, title or section_id, tuple(items))


def load_chapters(folder: Path, sections: Sequence[Section], words: Words) -> tuple[Chapter, ...]:
    """Load the pages of a pack, number them through and name them.

    A page is named by the last heading of the prose before it, else by the pack's words; prose after that
    heading is the page's own, and what stands before it in front of a chapter's first page opens the chapter.

    Parameters
    ----------
    folder : pathlib.Path
        The run folder, with ``pages/``.
    sections : sequence of Section
        The pack's chapters, in order.
    words : Words
        The pack's language.

    Returns
    -------
    tuple of Chapter

    Raises
    ------
    RunError
        If a page was not saved or stands in the pack twice, or two chapters have one id.
    """
    chapters: list[Chapter] = []
    seen: set[str] = set()
    for section in sections:
        if section.id in {chapter.id for chapter in chapters}:
            raise RunError(f'chapter "{section.id}" stands in the pack twice.')
        pages: list[NumberedPage] = []
        opening: tuple[str, ...] = ()
        prose: list[str] = []
        for item in section.items:
            if isinstance(item, Prose):
                prose.append(item.text)
                continue
            if item.id in seen:
                raise RunError(f'page "{item.id}" stands in the pack twice; a chapter shows a page once.')
            seen.add(item.id)
            before, name, lead = _split_at_heading(prose)
            if not pages:
                opening = before
            else:
                lead = before + lead
            page = load_page(folder, item.id)
            pages.append(NumberedPage(len(seen), name or page_name(item.id, words), page, lead))
            prose = []
        chapters.append(Chapter(section.id, section.title, tuple(pages), opening, tuple(prose)))
    return tuple(chapters)


def _split_at_heading(texts: Sequence[str]) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Split prose at its last heading: what stands before it, the heading, what follows."""
    for at in reversed(range(len(texts))):
        matches = list(_HEADING.finditer(texts[at]))
        if matches:
            last = matches[-1]
            before = (*texts[:at], texts[at][: last.start()].strip())
            after = (texts[at][last.end() :].strip(), *texts[at + 1 :])
            return tuple(filter(None, before)), last["title"], tuple(filter(None, after))
    return tuple(texts), "", ()


def page_name(page_id: str, words: Words) -> str:
    """Return the name of a page that no heading names, or its id where there are no words for it either.

    Examples
    --------
    >>> page_name("summary", Words("en")), page_name("accounts_9", Words("en"))
    ('Summary', 'accounts 9')
    """
    key = f"pack.page_{page_id}"
    return words(key) if key in word_keys() else page_id.replace("_", " ")


def sheet_names(chapters: Sequence[Chapter]) -> dict[str, str]:
    """Name the sheets of a workbook: page id to a legal, unique name that starts with the page's number.

    Parameters
    ----------
    chapters : sequence of Chapter
        The pack.

    Returns
    -------
    dict of str to str
        At most `SHEET_NAME_LENGTH` characters each, cut between words where that is possible, without the
        characters that workbooks refuse.
    """
    names = {}
    for numbered in (page for chapter in chapters for page in chapter.pages):
        name = f"{numbered.number} {_NOT_IN_SHEET_NAME.sub('', clean(numbered.name))}"
        if len(name) > SHEET_NAME_LENGTH:
            whole = name[: SHEET_NAME_LENGTH + 1].rpartition(" ")[0]
            name = whole if " " in whole else name[:SHEET_NAME_LENGTH]
        names[numbered.page.id] = name.rstrip(" '")
    return names


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _pages_shown(outputs: list[dict[str, Any]]) -> list[str]:
    bundles = (output.get("data", {}) for output in outputs)
    return [bundle[PAGE_MIME]["page"] for bundle in bundles if PAGE_MIME in bundle]
