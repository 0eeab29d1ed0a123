"""A page of a pack: one question, answered in its title, with the display that proves it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.charts.figure import Figure, NativeChart
from kamlib.errors import RunError, did_you_mean
from kamlib.glossary import Words
from kamlib.runs import Run, read_table, write_table

PAGE_MIME = "application/vnd.kamlib.page+json"
_ROWS_IN_NOTEBOOK = 12
KINDS = ("text", "money", "fraction", "chance", "number", "count", "date", "period", "flag")


@dataclass(frozen=True)
class Choice:
    """The display of one of many, such as one rep, folded under the page's own until it is chosen.

    Attributes
    ----------
    label : str
        What is chosen.
    sentence : str
        The finding about it.
    figures : tuple of Figure
        The display.
    group : str
        What kind of thing it is, where choices are of several kinds.
    """

    label: str
    sentence: str
    figures: tuple[Figure, ...] = ()
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page: title sentence, subtitle, figures, at most three notes, and the table behind them.

    Attributes
    ----------
    id : str
        Name of the page in the pack, such as ``"accounts_1"``.
    title : str
        The finding, as a sentence computed from the data.
    subtitle : str
        Who · what, unit · period, scenarios.
    table : pandas.DataFrame
        The table behind the display; columns are in the glossary, or labelled by `labels`.
    figures : tuple of Figure
        The display; empty where the table itself is the display.
    sentences : tuple of str
        What the page says in words before it shows it; for the summary.
    notes : tuple of str
        What to look at and what to doubt, at most three lines.
    totals : tuple of str
        Columns that get a sum in the table's total row.
    labels : dict
        Labels of columns that are not in the glossary, such as months used as columns.
    kinds : dict
        What such columns hold, one of `KINDS`; a column that is neither here nor in the glossary is shown as
        its values are: exact decimals as money, whole numbers as counts.
    folded : bool
        Whether the table is folded under the display in HTML.
    choices : tuple of Choice
        The same display for each of many, to be chosen in place of the page's own in HTML.
    own_choice : str
        What the page's own display is called among them; needed where there are choices.
    """

    id: str
    title: str
    subtitle: str
    table: pd.DataFrame = field(repr=False)
    figures: tuple[Figure, ...] = ()
    sentences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    folded: bool = True
    choices: tuple[Choice, ...] = ()
    own_choice: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z]+(_\d+)?", self.id):
            raise RunError(
                f'page "{self.id}": the id is a lower-case word and perhaps a number, as in accounts_1.'
            )
        if len(self.notes) > 3:
            raise RunError(f"page {self.id}: {len(self.notes)} notes; a page has at most three.")

    def label(self, column: str, words: Words) -> str:
        """Return a column's heading."""
        return self.labels.get(column) or words.label(column)


class _Shown:
    """What a notebook displays for a page: the page's id for the pack, and a picture for the reader."""

    def __init__(self, page: Page, words: Words) -> None:
        self._page, self._words = page, words

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from kamlib.packs.cells import table_columns, text_of

        page = self._page
        columns = table_columns(page, self._words)
        said = "".join(f"<li>{escape(text)}</li>" for text in (*page.sentences, *page.notes))
        head = "".join(f"<th>{escape(column.label)}</th>" for column in columns)
        shown = [[text_of(v, column) for v in column.values[:_ROWS_IN_NOTEBOOK]] for column in columns]
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>"
            for row in zip(*shown, strict=True)
        )
        html = (
            f"<h3>{escape(page.title)}</h3><p>{escape(page.subtitle)}</p>"
            f"{''.join(figure.svg for figure in page.figures)}<ul>{said}</ul>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )
        return {PAGE_MIME: {"page": page.id}, "text/html": html, "text/plain": f"{page.id}: {page.title}"}


def show(run: Run, page: Page) -> _Shown:
    """Save a page with the run and return what the notebook displays of it.

    Parameters
    ----------
    run : Run
        The run the page belongs to.
    page : Page
        The page.
    """
    save_page(run, page)
    return _Shown(page, run.words)


def save_page(run: Run, page: Page) -> None:
    """Write a page as ``pages/<id>.json`` and the table behind it as ``pages/<id>.parquet``."""
    folder = run.target_folder / "pages"
    write_table(page.table, folder / f"{page.id}.parquet")
    content = {
        "id": page.id,
        "title": page.title,
        "subtitle": page.subtitle,
        "sentences": page.sentences,
        "notes": page.notes,
        "totals": page.totals,
        "labels": page.labels,
        "kinds": page.kinds,
        "folded": page.folded,
        "figures": _saved(page.figures),
        "own_choice": page.own_choice,
        "choices": [
            {"label": c.label, "sentence": c.sentence, "figures": _saved(c.figures), "group": c.group}
            for c in page.choices
        ],
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    (folder / f"{page.id}.json").write_text(text, encoding="utf-8")


def load_page(folder: Path, page_id: str) -> Page:
    """Read a page that a chapter saved in the run `folder`.

    Raises
    ------
    RunError
        If no page of this id was saved.
    """
    path = folder / "pages" / f"{page_id}.json"
    if not path.is_file():
        known = [p.stem for p in sorted(path.parent.glob("*.json"))]
        raise RunError(f'the run has no page "{page_id}".{did_you_mean(page_id, known)}')
    content = json.loads(path.read_text(encoding="utf-8"))
    figures = tuple(_figure(saved) for saved in content.pop("figures"))
    choices = tuple(
        Choice(c["label"], c["sentence"], tuple(_figure(saved) for saved in c["figures"]), c["group"])
        for c in content.pop("choices")
    )
    for name in ("sentences", "notes", "totals"):
        content[name] = tuple(content[name])
    return Page(table=read_table(path.with_suffix(".parquet")), figures=figures, choices=choices, **content)


def _saved(figures: tuple[Figure, ...]) -> list[dict[str, Any]]:
    return [
        {"spec": f.spec, "native": asdict(f.native) if f.native else None, "drawing": f.svg} for f in figures
    ]


def _figure(saved: dict[str, Any]) -> Figure:
    native = saved["native"]
    if native:
        native["steps"] = tuple((label, amount, scenario) for label, amount, scenario in native["steps"])
    return Figure(saved["spec"], NativeChart(**native) if native else None, saved["drawing"])
