"""A page of a pack: one question, answered in its title, with the display that proves it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.charts.figure import Figure, NativeChart
from kamlib.errors import RunError
from kamlib.glossary import Words
from kamlib.runs import Run, read_table, write_table

PAGE_MIME = "application/vnd.kamlib.page+json"
KINDS = ("text", "money", "fraction", "number", "count", "date", "period", "flag")


@dataclass(frozen=True)
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
    """

    id: str
    title: str
    subtitle: str
    table: pd.DataFrame = field(repr=False)
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    folded: bool = True

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
        import vl_convert

        page = self._page
        pictures = "".join(vl_convert.vegalite_to_svg(figure.spec) for figure in page.figures)
        notes = "".join(f"<li>{escape(note)}</li>" for note in page.notes)
        head = page.table.head(12).rename(columns={c: page.label(c, self._words) for c in page.table.columns})
        html = (
            f"<h3>{escape(page.title)}</h3><p>{escape(page.subtitle)}</p>{pictures}<ul>{notes}</ul>"
            f"{head.to_html(index=False, escape=True)}"
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
        "notes": page.notes,
        "totals": page.totals,
        "labels": page.labels,
        "kinds": page.kinds,
        "folded": page.folded,
        "figures": [
            {"spec": f.spec, "native": f.native.__dict__ if f.native else None} for f in page.figures
        ],
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    (folder / f"{page.id}.json").write_text(text, encoding="utf-8")


def load_page(folder: Path, page_id: str) -> Page:
    """Read a page that a chapter saved in the run `folder`."""
    content = json.loads((folder / "pages" / f"{page_id}.json").read_text(encoding="utf-8"))
    figures = tuple(
        Figure(f["spec"], NativeChart(**f["native"]) if f["native"] else None) for f in content.pop("figures")
    )
    content["notes"], content["totals"] = tuple(content["notes"]), tuple(content["totals"])
    return Page(table=read_table(folder / "pages" / f"{page_id}.parquet"), figures=figures, **content)
