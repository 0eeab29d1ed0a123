"""Native charts of the workbook, drawn on the page's own table in the notation of the pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kamlib.charts.figure import ACCENT, BAD, DARK, GOOD, GRID, LIGHT, NativeChart
from kamlib.errors import RunError
from kamlib.packs.cells import TableColumn
from kamlib.packs.page import Page

_WIDTH = 760
_BAR = 26
_LEAST, _MOST = 300, 900
_PLAIN = {"good": GOOD, "bad": BAD, "accent": ACCENT, "AC": DARK, "PY": LIGHT}


def insert_charts(
    workbook: Any,
    sheet: Any,
    page: Page,
    columns: Sequence[TableColumn],
    header: int,
    rows: int,
) -> None:
    """Draw the native charts of a page's figures right of its table, one under the other."""
    positions = {column.name: at for at, column in enumerate(columns)}
    top = 0
    for figure in page.figures:
        if figure.native is None:
            continue
        chart, height = _chart(workbook, sheet.get_name(), figure.native, page, positions, header, rows)
        place = {"y_offset": top, "x_offset": 24, "object_position": 3}
        sheet.insert_chart(header, len(columns), chart, place)
        top += height + 20


def _chart(
    workbook: Any,
    sheet: str,
    native: NativeChart,
    page: Page,
    positions: Mapping[str, int],
    header: int,
    rows: int,
) -> tuple[Any, int]:
    missing = [name for name in (native.category, *native.series) if name not in positions]
    if missing:
        raise RunError(f"page {page.id}: the workbook's chart names {', '.join(missing)}, not in its table.")
    kind: dict[str, str] = {"type": native.kind}
    if native.stacked:
        kind["subtype"] = "stacked"
    chart = workbook.add_chart(kind)
    drawn = min(native.rows or rows, rows)
    first, last = header + 1, header + drawn
    category = positions[native.category]
    for name, scenario in native.series.items():
        at = positions[name]
        chart.add_series(
            {
                "name": [sheet, header, at],
                "categories": [sheet, first, category, last, category],
                "values": [sheet, first, at, last, at],
                **_look(native.kind, scenario),
            }
        )
    height = _LEAST
    if native.kind == "bar":
        height = min(max(_LEAST, 80 + _BAR * drawn), _MOST)
        chart.set_y_axis({"reverse": True, "line": {"color": LIGHT}, "major_gridlines": {"visible": False}})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    else:
        chart.set_y_axis(
            {"major_gridlines": {"visible": True, "line": {"color": GRID}}, "line": {"none": True}}
        )
    chart.set_legend({"position": "top"} if len(native.series) > 1 else {"none": True})
    chart.set_title({"none": True})
    chart.set_chartarea({"border": {"none": True}})
    chart.set_size({"width": _WIDTH, "height": height})
    return chart, height


def _look(kind: str, scenario: str) -> dict[str, Any]:
    if kind == "line":
        colour = _PLAIN.get(scenario, DARK)
        dash = {"FC": "dash", "PL": "round_dot"}.get(scenario, "solid")
        return {"line": {"color": colour, "width": 2.25, "dash_type": dash}}
    if kind == "scatter":
        colour = _PLAIN.get(scenario, DARK)
        return {"marker": {"type": "circle", "size": 6, "fill": {"color": colour}, "border": {"none": True}}}
    if scenario == "PL":
        return {"fill": {"none": True}, "border": {"color": DARK, "width": 1.25}, "gap": 60}
    if scenario == "FC":
        pattern = {"pattern": "wide_upward_diagonal", "fg_color": DARK, "bg_color": "white"}
        return {"pattern": pattern, "border": {"color": DARK, "width": 1, "dash_type": "dash"}, "gap": 60}
    return {"fill": {"color": _PLAIN[scenario]}, "border": {"none": True}, "gap": 60}
