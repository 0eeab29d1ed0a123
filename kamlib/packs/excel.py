"""The workbook of a pack: contents first, then a sheet a page with its native charts and its table."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from kamlib.glossary import Words
from kamlib.packs.cells import TICK, Cell, TableColumn, clean, distinct, table_columns, text_of, width_of
from kamlib.packs.content import Chapter, NumberedPage, Section, load_chapters, sheet_names
from kamlib.packs.excel_charts import STEPS_AFTER, insert_charts
from kamlib.packs.excel_style import Style, column_width, head_lines

SHEET_ROWS = 1_048_576
TEXT_LENGTH = 32_767
_ROW_HEIGHT = 21
_LINE = 14  # points of one line of a heading
_TITLE_WIDTH = 1.7  # a title's characters beside those of a cell: 15 points, bold, against 10
_PLAIN_WIDTH = 8.43  # characters of a column whose width is not set
# What a formula that names a column could not hold without escapes, which not every program reads.
_HEADING = str.maketrans({"[": "(", "]": ")", "#": "＃", "'": "’", "@": "＠"})
_FACTS = ("period", "as_of", "seed")
_BOOK_FACTS = ("name", "currency", "rounding_unit", "fiscal_year_start", "hash")


def render_excel(
    run_folder: Path,
    *,
    sections: Sequence[Section],
    facts: Mapping[str, Any],
    words: Words,
    more: Callable[[Any, Style], None] | None = None,
) -> Path:
    """Write ``pack.xlsx`` of a run; the same input gives the same bytes.

    The first sheet holds the contents, the run's facts and its parameters; then each page has a sheet with
    its title, subtitle and notes, its table (filters, frozen header, totals as formulas with their value) and
    the native charts of its figures beside it. Unknown values are empty cells; texts are never formulas.

    Parameters
    ----------
    run_folder : pathlib.Path
        The run folder, with ``pages/``.
    sections : sequence of Section
        The pack's chapters, in order.
    facts : mapping
        The manifest: pack, period, as_of, seed, book and parameters are read.
    words : Words
        The pack's language and currency.
    more : callable, optional
        Given the workbook and its style, adds sheets after the pages'.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    RunError
        If a page was not saved, stands in the pack twice, or totals a column that holds no numbers.
    """
    import xlsxwriter

    chapters = load_chapters(run_folder, sections, words)
    names = sheet_names(chapters)
    path = run_folder / "pack.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        as_of = dt.date.fromisoformat(facts["as_of"])
        pack = words("pack.title", pack=words(f"pack.{facts['pack']}"), period=facts["period"])
        workbook.set_properties(
            {
                "title": clean(f"{facts['book']['name']} · {pack}"),
                "created": dt.datetime(as_of.year, as_of.month, as_of.day),
            }
        )
        workbook.set_size(2400, 1400)
        style = Style(workbook)
        first = words("pack.contents")
        contents = workbook.add_worksheet(first)
        for chapter in chapters:
            for numbered in chapter.pages:
                sheet = workbook.add_worksheet(names[numbered.page.id])
                _write_page(workbook, sheet, numbered, style, words, back=first)
        if more is not None:
            more(workbook, style)
        _write_contents(contents, chapters, names, facts, style, words)
    return path


def _write_contents(
    sheet: Any,
    chapters: Sequence[Chapter],
    names: Mapping[str, str],
    facts: Mapping[str, Any],
    style: Style,
    words: Words,
) -> None:
    pack = words("pack.title", pack=words(f"pack.{facts['pack']}"), period=facts["period"])
    sheet.hide_gridlines(2)
    for column, width in enumerate((5, 34, 96)):
        sheet.set_column(column, column, width)
    sheet.set_default_row(18)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, _text(f"{facts['book']['name']} · {pack}"), style.title)
    sheet.write_string(1, 0, _text(words("pack.legend")), style.subtitle)
    row = 3
    for column, key in enumerate(("", "page", "finding")):
        sheet.write_string(row, column, words(f"pack.{key}") if key else "", style.header)
    for chapter in chapters:
        row += 1
        sheet.write_string(row, 0, _text(chapter.title), style.chapter)
        sheet.write_blank(row, 1, None, style.chapter)
        sheet.write_blank(row, 2, None, style.chapter)
        for numbered in chapter.pages:
            row += 1
            name = names[numbered.page.id]
            link = f"internal:'{name}'!A1"
            sheet.write_number(row, 0, numbered.number, style.number_left)
            sheet.write_url(row, 1, link, style.link, _text(numbered.name))
            sheet.write_string(row, 2, _text(numbered.page.title), style.wrapped)
    row = _write_pairs(sheet, row + 2, words("pack.run"), _run_facts(facts, words), style)
    parameters = [
        (f"{section}.{name}", _plain(value))
        for section, values in sorted(facts.get("parameters", {}).items())
        for name, value in sorted(values.items())
    ]
    if not parameters:
        parameters = [(words("pack.no_parameters"), "")]
    _write_pairs(sheet, row + 1, words("pack.parameters"), parameters, style)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _run_facts(facts: Mapping[str, Any], words: Words) -> list[tuple[str, str | int | float]]:
    book = facts["book"]
    pairs = [(words(f"pack.fact_{name}"), _plain(book[name])) for name in _BOOK_FACTS if book.get(name)]
    pairs[1:1] = [(words(f"pack.fact_{name}"), _plain(facts[name])) for name in _FACTS if name in facts]
    rows = sorted(book.get("rows", {}).items())
    return pairs + [(words("pack.fact_rows", table=table), int(count)) for table, count in rows]


def _write_pairs(
    sheet: Any, row: int, heading: str, pairs: Sequence[tuple[str, str | int | float]], style: Style
) -> int:
    sheet.write_string(row, 0, _text(heading), style.chapter)
    sheet.write_blank(row, 1, None, style.chapter)
    sheet.write_blank(row, 2, None, style.chapter)
    for name, value in pairs:
        row += 1
        sheet.write_string(row, 1, _text(name), style.text)
        if isinstance(value, str):
            sheet.write_string(row, 2, _text(value), style.wrapped)
        else:
            sheet.write_number(row, 2, value, style.number_left)
    return row + 1


def _plain(value: object) -> str | int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    return str(value)


def _write_page(
    workbook: Any, sheet: Any, numbered: NumberedPage, style: Style, words: Words, *, back: str
) -> None:
    page = numbered.page
    sheet.hide_gridlines(2)
    sheet.set_default_row(16)
    sheet.set_row(0, 24)
    sheet.write_string(0, 0, _text(page.title), style.title)
    sheet.write_string(1, 0, _text(page.subtitle), style.subtitle)
    row = 2
    for said in (*page.sentences, *(f"· {note}" for note in page.notes)):
        sheet.write_string(row, 0, _text(said), style.note)
        row += 1
    columns = table_columns(page, words)
    rows = len(page.table)
    room = SHEET_ROWS - row - 5
    if rows > room:
        text = words("pack.sheet_cut", shown=words.count(room), rows=words.count(rows), page=page.id)
        sheet.write_string(row, 0, _text(text), style.note)
        row, rows = row + 1, room
    sheet.write_url(row, 0, f"internal:'{back}'!A1", style.back, f"← {words('pack.back')}")
    header = row + 2
    for position, column in enumerate(columns):
        sheet.set_column(position, position, column_width(column))
    sheet.set_row(header, _LINE * max(map(head_lines, columns), default=1) + 2)
    down = 0
    if not rows:
        for position, column in enumerate(columns):
            sheet.write_string(header, position, column.label, style.head(column))
        sheet.write_string(header + 1, 0, words("pack.table_empty"), style.note)
    else:
        _write_table(sheet, columns, header, rows, numbered.number, style, words)
        sheet.freeze_panes(header + 1, 1)
        down = insert_charts(workbook, sheet, page, columns, header, rows, style=style, words=words)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(header)
    bottom = header + max(rows + 1, down // _ROW_HEIGHT + 1)
    across = len(columns) - 1 + (STEPS_AFTER if down else 0)
    lines = (page.subtitle, *page.sentences, *page.notes)
    wide = max(_TITLE_WIDTH * width_of(page.title), *map(width_of, lines))
    beside = wide - sum(map(column_width, columns))
    sheet.print_area(0, 0, bottom, max(across, len(columns) - 1 + math.ceil(beside / _PLAIN_WIDTH)))


def _write_table(
    sheet: Any,
    columns: Sequence[TableColumn],
    header: int,
    rows: int,
    number: int,
    style: Style,
    words: Words,
) -> None:
    name = f"page_{number}"
    settings: list[dict[str, Any]] = []
    totalled = any(column.total is not None for column in columns)
    headings = distinct([column.label.translate(_HEADING) for column in columns])
    for position, column in enumerate(columns):
        setting: dict[str, Any] = {"header": headings[position], "header_format": style.head(column)}
        if column.total is not None:
            setting["total_function"] = "sum"
        elif position == 0 and totalled:
            setting["total_string"] = words("pack.total")
        settings.append(setting)
    last = header + rows + (1 if totalled else 0)
    sheet.add_table(
        header,
        0,
        last,
        len(columns) - 1,
        {
            "name": name,
            "style": "Table Style Light 1",
            "banded_rows": False,
            "total_row": totalled,
            "columns": settings,
        },
    )
    for position, column in enumerate(columns if totalled else ()):
        if column.total is not None:
            formula = f"=SUBTOTAL(109,{name}[{headings[position]}])"
            sheet.write_formula(last, position, formula, style.total(column), _sheet_total(column, rows))
        else:
            label = words("pack.total") if position == 0 else ""
            sheet.write_string(last, position, label, style.total(column))
    for position, column in enumerate(columns):
        plain = style.of(column)
        for row, value in enumerate(column.values[:rows], start=header + 1):
            _write_cell(sheet, row, position, value, column, plain)


def _sheet_total(column: TableColumn, rows: int) -> float:
    """Return what the total's formula gives: the exact total, or the sum of the rows that the sheet holds."""
    if rows == len(column.values) and column.total is not None:
        return float(column.total)
    return math.fsum(float(v) for v in column.values[:rows] if isinstance(v, (int, float, Decimal)))


def _write_cell(sheet: Any, row: int, position: int, value: Cell, column: TableColumn, plain: Any) -> None:
    if value is None:
        sheet.write_blank(row, position, None, plain)
    elif isinstance(value, bool):
        if value:
            sheet.write_string(row, position, TICK, plain)
        else:
            sheet.write_blank(row, position, None, plain)
    elif isinstance(value, (int, float, Decimal)):
        sheet.write_number(row, position, float(value), plain)
    elif isinstance(value, dt.date) and value.year >= 1900:
        sheet.write_datetime(row, position, value, plain)
    else:
        sheet.write_string(row, position, _text(text_of(value, column)), plain)


def _text(text: str) -> str:
    return clean(text)[:TEXT_LENGTH]
