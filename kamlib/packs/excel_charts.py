"""Native charts of the workbook in the pack's notation: on a page's table, or a bridge on its own steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kamlib.charts.figure import ACCENT, BAD, DARK, GOOD, GRID, LIGHT, NativeChart, Step
from kamlib.errors import RunError
from kamlib.glossary import Words
from kamlib.packs.cells import TableColumn, clean
from kamlib.packs.excel_style import Style
from kamlib.packs.page import Page

CHART_WIDTH, CHART_HEIGHT = 760, 320
_BAR, _TALLEST = 17, 1400
_BARS_DRAWN = 60
_LABELS_FIT = 16
_CATEGORIES_FIT = 24
STEPS_AFTER = 14
_FILL = {
    "AC": DARK,
    "PY": LIGHT,
    "good": GOOD,
    "bad": BAD,
    "accent": ACCENT,
    "up": GOOD,
    "down": BAD,
    "neutral": ACCENT,
}
_ADDED = ("change", "neutral")
_FONT = {"size": 9, "color": DARK}


@dataclass(frozen=True)
class _Block:
    """Where the numbers of a chart stand: sheet, header row, rows, and the columns of the table there."""

    sheet: str
    header: int
    rows: int
    columns: Mapping[str, TableColumn]

    def at(self, name: str) -> int:
        return list(self.columns).index(name)

    def cells(self, position: int, rows: int, *, left: int = 0) -> list[Any]:
        return [self.sheet, self.header + 1, left + position, self.header + rows, left + position]


def insert_charts(
    workbook: Any,
    sheet: Any,
    page: Page,
    columns: Sequence[TableColumn],
    header: int,
    rows: int,
    *,
    style: Style,
    words: Words,
) -> int:
    """Draw the native charts of a page's figures right of its table, one under the other.

    Parameters
    ----------
    workbook, sheet : xlsxwriter workbook and worksheet
        Where to draw.
    page : Page
        The page; figures without a native twin are left out.
    columns : sequence of TableColumn
        The columns of the page's table as written, from the sheet's first column on.
    header, rows : int
        Row of the table's header, and how many rows follow it.
    style : Style
        The workbook's formats.
    words : Words
        The pack's language.

    Returns
    -------
    int
        Height that the charts take, from the header down [px].

    Raises
    ------
    RunError
        If a chart names a column that the table does not have.
    """
    block = _Block(sheet.get_name(), header, rows, {column.name: column for column in columns})
    down, steps_row = 0, header
    for native in (figure.native for figure in page.figures if figure.native is not None):
        if native.kind == "bridge":
            left = len(columns) + STEPS_AFTER
            _write_steps(sheet, steps_row, left, native.steps, style, words)
            chart = _bridge(workbook, sheet.get_name(), steps_row, left, native.steps, words)
            height = CHART_HEIGHT
            steps_row += len(native.steps) + 3
        else:
            _check(page, native, block)
            height = _height(native, rows)
            chart = _chart(workbook, native, block, words)
        chart.set_title({"none": True})
        chart.set_chartarea({"border": {"none": True}})
        chart.set_size({"width": CHART_WIDTH, "height": height})
        sheet.insert_chart(
            header, len(columns), chart, {"x_offset": 24, "y_offset": down, "object_position": 3}
        )
        down += height + 20
    return down


def short_format(kind: str, largest: float, lang: str) -> str:
    r"""Return the number format of a chart's labels: three digits and the language's magnitudes.

    Parameters
    ----------
    kind : str
        Kind of the column.
    largest : float
        Largest amount shown, without sign.
    lang : str
        ``"en"`` or ``"zh"``.

    Examples
    --------
    >>> short_format("money", 1_234_567, "en"), short_format("money", 1_234_567, "zh")
    ('0.00,," M"', '0\\.0,"万"')
    >>> short_format("fraction", 0.4, "en")
    '0 %'
    """
    if kind == "fraction":
        return "0 %" if largest >= 0.1 else "0.0 %"
    if lang == "zh":
        if largest >= 1e8:
            return '0\\.00,,"亿"'
        return '0\\.0,"万"' if largest >= 1e4 else "#,##0"
    if largest >= 1e6:
        return '0.00,," M"' if largest < 1e7 else '#,##0.0,," M"'
    return '#,##0," k"' if largest >= 1e4 else "#,##0" if largest >= 10 else "0.0#"


def _check(page: Page, native: NativeChart, block: _Block) -> None:
    missing = [name for name in (native.category, *native.series) if name not in block.columns]
    if missing:
        named = ", ".join(missing)
        raise RunError(
            f"page {page.id}: its chart in the workbook names {named}, which its table does not have."
        )


def _drawn(native: NativeChart, rows: int) -> int:
    drawn = min(native.rows or rows, rows)
    return min(drawn, _BARS_DRAWN) if native.kind == "bar" else drawn


def _height(native: NativeChart, rows: int) -> int:
    if native.kind != "bar":
        return CHART_HEIGHT
    bars = 1 if native.stacked else len(native.series)
    return min(90 + _drawn(native, rows) * (bars * _BAR + 8), _TALLEST)


def _largest(native: NativeChart, block: _Block, rows: int) -> float:
    values = [v for name in native.series for v in block.columns[name].values[:rows]]
    return max((abs(float(v)) for v in values if isinstance(v, (int, float, Decimal))), default=0.0)


def _chart(workbook: Any, native: NativeChart, block: _Block, words: Words) -> Any:
    kind: dict[str, str] = {"type": native.kind}
    if native.stacked:
        kind["subtype"] = "stacked"
    chart = workbook.add_chart(kind)
    rows = _drawn(native, block.rows)
    value_kind = block.columns[next(iter(native.series))].kind
    number = short_format(value_kind, _largest(native, block, rows), words.lang)
    bars = native.kind in ("bar", "column") and not native.stacked
    labelled = bars and (native.kind == "bar" or rows * len(native.series) <= _LABELS_FIT)
    for name, scenario in native.series.items():
        series = {
            "name": [block.sheet, block.header, block.at(name)],
            "categories": block.cells(block.at(native.category), rows),
            "values": block.cells(block.at(name), rows),
            **_look(native.kind, scenario),
        }
        if labelled:
            series["data_labels"] = {
                "value": True,
                "num_format": number,
                "font": _FONT,
                "position": "outside_end",
            }
        chart.add_series(series)
    _axes(chart, native, block, rows, number, labelled=labelled)
    if len(native.series) > 1:
        chart.set_legend({"position": "top", "font": _FONT})
    else:
        chart.set_legend({"none": True})
    return chart


def _axes(chart: Any, native: NativeChart, block: _Block, rows: int, number: str, *, labelled: bool) -> None:
    category: dict[str, Any] = {
        "num_font": _FONT,
        "line": {"color": LIGHT},
        "major_gridlines": {"visible": False},
        "major_tick_mark": "none",
        "label_position": "low",
    }
    value: dict[str, Any] = {
        "num_font": _FONT,
        "num_format": number,
        "line": {"none": True},
        "major_gridlines": {"visible": not labelled, "line": {"color": GRID}},
        "visible": not labelled,
    }
    if native.kind == "bar":
        chart.set_y_axis({**category, "reverse": True})
        chart.set_x_axis(value)
        return
    if native.kind == "scatter":
        column = block.columns[native.category]
        largest = max(
            (abs(float(v)) for v in column.values if isinstance(v, (int, float, Decimal))), default=0
        )
        titles = {"name_font": {**_FONT, "bold": False}}
        lang = "zh" if "万" in number or "亿" in number else "en"
        category |= {"num_format": short_format(column.kind, largest, lang), "name": column.label, **titles}
        value |= {"name": block.columns[next(iter(native.series))].label, **titles}
    else:
        if block.columns[next(iter(native.series))].kind == "fraction" and native.kind == "line":
            value |= {"max": 1} if 0.8 < _largest(native, block, rows) <= 1 else {}
        category["text_axis"] = True
        category["interval_unit"] = max(1, -(-rows // _CATEGORIES_FIT))
    chart.set_x_axis(category)
    chart.set_y_axis(value)


def _look(kind: str, scenario: str) -> dict[str, Any]:
    if kind == "line":
        dash = {"FC": "dash", "PL": "round_dot"}.get(scenario, "solid")
        return {"line": {"color": _FILL.get(scenario, DARK), "width": 2.25, "dash_type": dash}}
    if kind == "scatter":
        fill: dict[str, Any] = {"color": _FILL.get(scenario, LIGHT)}
        edge: dict[str, Any] = {"none": True}
        if scenario == "PL":
            fill, edge = {"none": True}, {"color": DARK}
        return {"marker": {"type": "circle", "size": 6, "fill": fill, "border": edge}}
    return {**_body(scenario), "gap": 50}


def _body(scenario: str) -> dict[str, Any]:
    if scenario == "PL":
        return {"fill": {"none": True}, "border": {"color": DARK, "width": 1.25}}
    if scenario == "FC":
        pattern = {"pattern": "wide_upward_diagonal", "fg_color": DARK, "bg_color": "#ffffff"}
        return {"pattern": pattern, "border": {"color": DARK, "width": 1, "dash_type": "dash"}}
    return {"fill": {"color": _FILL[scenario]}, "border": {"none": True}}


def _spans(steps: Sequence[Step]) -> list[tuple[float, float, str]]:
    """Return where each bar of a bridge begins and ends, lower end first, and how it looks."""
    spans: list[tuple[float, float, str]] = []
    level = 0.0
    for _, amount, scenario in steps:
        start, end = (level, level + amount) if scenario in _ADDED else (0.0, amount)
        look = ("up" if amount >= 0 else "down") if scenario == "change" else scenario
        spans.append((min(start, end), max(start, end), look))
        level = end
    return spans


def _write_steps(sheet: Any, row: int, left: int, steps: Sequence[Step], style: Style, words: Words) -> None:
    """Write a bridge's steps: label, amount, and how each bar splits into a hidden base and parts drawn."""
    heads = ("step", "amount", "bar_base", "bar_above", "bar_below", "bar_top")
    sheet.set_column(left, left + len(heads) - 1, 14)
    for at, key in enumerate(heads):
        sheet.write_string(row, left + at, words(f"pack.{key}"), style.small_head)
    for offset, (step, (low, high, _)) in enumerate(zip(steps, _spans(steps), strict=True), start=1):
        base = low if low > 0 else high if high < 0 else 0.0
        above, below = high - max(low, 0.0) if high > 0 else 0.0, low - min(high, 0.0) if low < 0 else 0.0
        sheet.write_string(row + offset, left, clean(step[0]), style.small)
        for at, number in enumerate((step[1], base, above, below, high), start=1):
            sheet.write_number(row + offset, left + at, number, style.small_number)


def _bridge(workbook: Any, sheet: str, row: int, left: int, steps: Sequence[Step], words: Words) -> Any:
    block = _Block(sheet, row, len(steps), {})
    points = [{k: v for k, v in _body(look).items() if k != "gap"} for _, _, look in _spans(steps)]
    chart = workbook.add_chart({"type": "column", "subtype": "stacked"})
    categories = block.cells(0, len(steps), left=left)
    chart.add_series(
        {
            "categories": categories,
            "values": block.cells(2, len(steps), left=left),
            "fill": {"none": True},
            "border": {"none": True},
            "gap": 40,
        }
    )
    for at in (3, 4):
        values = block.cells(at, len(steps), left=left)
        chart.add_series({"categories": categories, "values": values, "points": points})
    texts = [words.signed_money(a) if scenario in _ADDED else words.money(a) for _, a, scenario in steps]
    labels = workbook.add_chart({"type": "line"})
    labels.add_series(
        {
            "categories": categories,
            "values": block.cells(5, len(steps), left=left),
            "line": {"none": True},
            "data_labels": {
                "value": True,
                "position": "above",
                "font": _FONT,
                "custom": [{"value": text, "font": _FONT} for text in texts],
            },
        }
    )
    chart.combine(labels)
    chart.set_legend({"none": True})
    chart.set_x_axis(
        {"num_font": _FONT, "line": {"color": LIGHT}, "major_tick_mark": "none", "label_position": "low"}
    )
    chart.set_y_axis({"visible": False, "major_gridlines": {"visible": False}})
    return chart
