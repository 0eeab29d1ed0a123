"""One self-contained HTML file of a pack: summary first, contents beside it, charts that also print.

Each chart stands in the file twice: drawn (an SVG that shows at once, prints, and needs no script) and as its
specification, from which it is drawn again with tooltips when it comes into view. The file asks for nothing.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from kamlib.charts.figure import ACCENT, BAD, DARK, GOOD, GRID, LIGHT, Figure
from kamlib.glossary import Words
from kamlib.packs.cells import TableColumn, clean, table_columns, text_of, width_of
from kamlib.packs.content import NumberedPage, Section, load_chapters, sheet_names
from kamlib.packs.page import Page

ROWS_SHOWN = 500
ROWS_UNFILTERED = 15
_WHOLE = 40
_SHORT = 18
_BESIDE = 1100
_TEMPLATES = Path(__file__).parent / "templates"
_LANG = {"en": "en", "zh": "zh-CN"}
_SVG_WIDTH = re.compile(r'<svg[^>]* width="([\d.]+)"')
_SVG_ID = re.compile(r'(\bid="|url\(#|href="#)')


def render_html(
    run_folder: Path,
    *,
    sections: Sequence[Section],
    facts: Mapping[str, Any],
    words: Words,
    interactive: bool = True,
) -> Path:
    """Write ``pack.html`` of a run: one file without external requests; the same input gives the same bytes.

    Parameters
    ----------
    run_folder : pathlib.Path
        The run folder, with ``pages/``.
    sections : sequence of Section
        The pack's chapters; the first is the summary.
    facts : mapping
        The manifest: pack, period, as_of and book are read.
    words : Words
        The pack's language and currency.
    interactive : bool
        Whether charts are drawn again with tooltips; without it they stay as drawn and the file is small.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    RunError
        If a page was not saved, stands in the pack twice, or totals a column that holds no numbers.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    chapters = load_chapters(run_folder, sections, words)
    sheets = sheet_names(chapters)
    views = [
        {
            "id": chapter.id,
            "title": clean(chapter.title),
            "pages": [_page_view(numbered, sheets[numbered.page.id], words) for numbered in chapter.pages],
            "opening": [Markup(_prose(text)) for text in chapter.opening],
            "closing": [Markup(_prose(text)) for text in chapter.closing],
        }
        for chapter in chapters
    ]
    title = words("pack.title", pack=words(f"pack.{facts['pack']}"), period=facts["period"])
    text = environment.get_template("pack.html.j2").render(
        lang=_LANG[words.lang],
        words=words,
        title=title,
        book=clean(str(facts["book"]["name"])),
        running=Markup(_css_text(clean(f"{facts['book']['name']} · {title}"))),
        scope=words("pack.scope", as_of=facts["as_of"], currency=words.money_unit),
        chapters=views,
        colours={"dark": DARK, "light": LIGHT, "accent": ACCENT, "good": GOOD, "bad": BAD, "grid": GRID},
        css=Markup((_TEMPLATES / "pack.css").read_text(encoding="utf-8")),
        js=Markup((_TEMPLATES / "pack.js").read_text(encoding="utf-8")),
        interactive=interactive,
        vega=Markup(vega_bundle() if interactive else ""),
    )
    path = run_folder / "pack.html"
    path.write_text(text, encoding="utf-8")
    return path


@functools.cache
def vega_bundle() -> str:
    """Return the drawing library as one script, fit to stand in a page; making it takes about two seconds.

    A runner may call it in a thread while kernels work, so that rendering finds it made.
    """
    import vl_convert

    bundle = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    return bundle.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _charts(figures: Sequence[Figure], prefix: str) -> list[dict[str, Any]]:
    from markupsafe import Markup

    return [
        {"svg": Markup(_own_ids(figure.svg, f"{prefix}_{i}")), "spec": Markup(_json(figure.spec))}
        for i, figure in enumerate(figures)
    ]


def _page_view(numbered: NumberedPage, sheet: str, words: Words) -> dict[str, Any]:
    from markupsafe import Markup

    page = numbered.page
    charts = _charts(page.figures, page.id)
    widths = [float(width) for figure in page.figures for width in _SVG_WIDTH.findall(figure.svg)[:1]]
    return {
        "id": page.id,
        "number": numbered.number,
        "name": clean(numbered.name),
        "title": clean(page.title),
        "subtitle": clean(page.subtitle),
        "lead": [Markup(_prose(text)) for text in numbered.lead],
        "sentences": [clean(sentence) for sentence in page.sentences],
        "notes": [clean(note) for note in page.notes],
        "charts": charts,
        "own_choice": clean(page.own_choice),
        "choices": [
            {
                "label": clean(choice.label),
                "sentence": clean(choice.sentence),
                "group": clean(choice.group),
                "charts": _charts(choice.figures, f"{page.id}_{at}"),
            }
            for at, choice in enumerate(page.choices)
        ],
        "beside": len(charts) > 1 and sum(widths) <= _BESIDE,
        "folded": page.folded,
        "table": Markup(_table(page, sheet, words)),
        "table_title": _table_title(len(page.table), words),
    }


def _table_title(rows: int, words: Words) -> str:
    if rows == 0:
        return words("pack.table_empty")
    return words("pack.table_one") if rows == 1 else words("pack.table", rows=words.count(rows))


def _json(spec: Mapping[str, Any]) -> str:
    """Write a specification so that no name in it can end the script element it stands in."""
    text = clean(json.dumps(spec, ensure_ascii=False, separators=(",", ":"), sort_keys=True))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _own_ids(svg: str, prefix: str) -> str:
    """Give a drawing ids that no other drawing in the file has."""
    return _SVG_ID.sub(lambda match: f"{match[1]}{prefix}-", clean(svg))


def _css_text(text: str) -> str:
    """Write a text as a CSS string in which no character can end the string or the style element."""
    return '"' + "".join(c if c.isalnum() or c in " ·" else f"\\{ord(c):x} " for c in text) + '"'


def _prose(markdown: str) -> str:
    """Render a text cell; markup in it is shown, not obeyed, and pictures are left to their description."""
    import mistune

    class Renderer(mistune.HTMLRenderer):
        def heading(self, text: str, level: int, **_: Any) -> str:
            return f"<h{min(level + 2, 6)}>{text}</h{min(level + 2, 6)}>\n"

        def image(self, text: str, url: str, title: str | None = None) -> str:  # noqa: ARG002
            return text

    render = mistune.create_markdown(renderer=Renderer(escape=True), plugins=["table", "strikethrough"])
    return str(render(clean(markdown)))


def _table(page: Page, sheet: str, words: Words) -> str:
    columns = table_columns(page, words)
    rows = len(page.table)
    if not rows:
        return "" if page.folded else f'<p class="cut">{escape(_table_title(rows, words))}</p>'
    shown = min(rows, ROWS_SHOWN)
    parts = ['<div class="tools">']
    if rows > ROWS_UNFILTERED:
        label = escape(words("pack.filter"))
        count = escape(words("pack.shown", shown="{shown}", rows=words.count(shown)))
        parts.append(
            f'<input type="search" class="filter" placeholder="{label}" aria-label="{label}">'
            f'<output class="tally" data-text="{count}"></output>'
        )
    parts.append("</div>")
    if rows > shown:
        text = words("pack.cut", shown=words.count(shown), rows=words.count(rows), sheet=sheet)
        parts.append(f'<p class="cut">{escape(text)}</p>')
    size = "scroll short" if rows <= ROWS_UNFILTERED else "scroll" if rows <= _WHOLE else "scroll tall"
    parts.append(f'<div class="{size}"><table><thead><tr>')
    parts.extend(_head(column, shown, words) for column in columns)
    parts.append("</tr></thead><tbody>")
    cells = [_cells(column, shown) for column in columns]
    parts.extend(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    parts.append("</tbody>")
    if any(column.total is not None for column in columns):
        parts.append(_foot(columns, words))
    parts.append("</table></div>")
    return "".join(parts)


def _widest(column: TableColumn, shown: int) -> int:
    return max((width_of(text_of(value, column)) for value in column.values[:shown]), default=0)


def _head(column: TableColumn, shown: int, words: Words) -> str:
    widest = _widest(column, shown) if column.kind == "text" else 0
    room = (
        f' style="min-width: min({min(max(round(widest * 0.28), 10), 22)}em, 60vw)"'
        if widest > _SHORT
        else ""
    )
    kind = "number" if column.numeric else "text"
    label = escape(column.label)
    title = escape(column.meaning or words("pack.sort", column=column.label))
    return (
        f'<th scope="col" class="{column.kind}" data-kind="{kind}" aria-sort="none"{room}>'
        f'<button type="button" title="{title}">{label}</button></th>'
    )


def _cells(column: TableColumn, shown: int) -> list[str]:
    values = column.values[:shown]
    texts = [escape(text_of(value, column)) for value in values]
    kind = column.kind
    if kind == "text" and _widest(column, shown) > _SHORT:
        kind = "text long"
    if column.numeric:
        return [
            f'<td class="{kind}">{t}</td>' if v is None else f'<td class="{kind}" data-v="{v}">{t}</td>'
            for v, t in zip(values, texts, strict=True)
        ]
    return [
        f'<td class="{kind} null">{t}</td>' if v is None else f'<td class="{kind}">{t}</td>'
        for v, t in zip(values, texts, strict=True)
    ]


def _foot(columns: Sequence[TableColumn], words: Words) -> str:
    total, everything = escape(words("pack.total")), escape(words("pack.total_all"))
    label = f'<span class="plain">{total}</span><span class="filtered">{everything}</span>'
    cells = []
    for i, column in enumerate(columns):
        if column.total is not None:
            cells.append(f'<td class="{column.kind}">{escape(text_of(column.total, column))}</td>')
        else:
            cells.append(f'<td class="{column.kind}">{label if i == 0 else ""}</td>')
    return f"<tfoot><tr>{''.join(cells)}</tr></tfoot>"
