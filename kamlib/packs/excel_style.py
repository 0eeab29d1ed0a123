"""How the workbook looks: cell formats by a column's kind, column widths."""

from __future__ import annotations

from typing import Any

from kamlib.charts.figure import ACCENT, DARK, GRID, LIGHT
from kamlib.packs.cells import TableColumn, text_of, width_of

FONT = "Calibri"
_WIDEST = {"text": 42, "number": 20}
_MEASURED = 400
_CHANCE = '[<0.01]"< 1 %";[>0.99]"> 99 %";0 %'  # as Words.chance writes one


class Style:
    """The cell formats of one workbook, each made once."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._made: dict[tuple[str, str, int, bool], Any] = {}
        self.title = self._make(bold=True, font_size=15)
        self.subtitle = self._make(font_color="#56636c")
        self.note = self._make(font_color=DARK, italic=False)
        self.back = self._make(font_color=ACCENT, font_size=9)
        self.header = self._make(bold=True, bottom=2, bottom_color=DARK)
        self.chapter = self._make(bold=True, bottom=1, bottom_color=LIGHT, font_color="#56636c")
        self.link = self._make(font_color=ACCENT, valign="vcenter")
        self.text = self._make(valign="vcenter")
        self.wrapped = self._make(text_wrap=True, valign="vcenter", align="left")
        self.small = self._make(font_size=8, font_color="#6b7780")
        self.small_head = self._make(font_size=8, font_color="#6b7780", bottom=1, bottom_color=LIGHT)
        self.small_number = self._make(font_size=8, font_color="#6b7780", num_format="#,##0")
        self.number_left = self._make(align="left", valign="vcenter", num_format="#,##0.######")

    def of(self, column: TableColumn) -> Any:
        """Return the format of a column's cells."""
        return self._cached("cell", column.kind, column.decimals, column.signed)

    def head(self, column: TableColumn) -> Any:
        """Return the format of a column's heading."""
        return self._cached("head", column.kind, 0)

    def total(self, column: TableColumn) -> Any:
        """Return the format of a column's total."""
        return self._cached("total", column.kind, column.decimals, column.signed)

    def _cached(self, place: str, kind: str, decimals: int, signed: bool = False) -> Any:
        key = (place, kind, decimals, signed)
        if key not in self._made:
            line: dict[str, Any] = {"bottom": 1, "bottom_color": GRID, "valign": "vcenter"}
            if place == "total":
                line = {"top": 2, "top_color": DARK, "bold": True, "valign": "vcenter"}
            self._made[key] = (
                self._head(kind) if place == "head" else self._cell(kind, decimals, signed, line)
            )
        return self._made[key]

    def _head(self, kind: str) -> Any:
        side: dict[str, Any] = {"align": "right"}
        if kind in ("text", "period", "date"):
            side = {"align": "left", "indent": 1}  # as its cells, so that they keep off a number before them
        elif kind == "flag":
            side = {"align": "center"}
        return self._make(bold=True, text_wrap=True, valign="bottom", bottom=2, bottom_color=DARK, **side)

    def _cell(self, kind: str, decimals: int, signed: bool, line: dict[str, Any]) -> Any:
        places = "." + "0" * decimals if decimals else ""
        numbers = {"money": "#,##0", "count": "#,##0", "number": "#,##0", "fraction": "0"}
        if kind == "chance":
            return self._make(num_format=_CHANCE, **line)
        if kind in numbers:
            form = f"{numbers[kind]}{places}{' %' if kind == 'fraction' else ''}"
            return self._make(num_format=f"+{form};-{form};{form}" if signed else form, **line)
        if kind == "date":
            return self._make(num_format="yyyy-mm-dd", align="left", indent=1, **line)
        if kind == "flag":
            return self._make(align="center", **line)
        return self._make(num_format="@", align="left", indent=1, **line)

    def _make(self, **settings: Any) -> Any:
        base = {"font_name": FONT, "font_size": 10, "font_color": DARK}
        return self._workbook.add_format(base | settings)


def head_lines(column: TableColumn) -> int:
    """Return over how many lines a heading wraps in its column.

    Examples
    --------
    >>> head_lines(TableColumn("x", "Target for the wanted probability", "number", 0, (1,)))
    3
    """
    room, lines, used = int(column_width(column)) - 2, 1, 0
    for part in column.label.split():
        wide = width_of(part)
        if used and used + 1 + wide > room:
            lines, used = lines + 1, 0
        used += wide + (1 if used else 0)
        lines, used = (
            lines + (used - 1) // room,
            (used - 1) % room + 1,
        )  # a word wider than its column is broken
    return lines


def column_width(column: TableColumn) -> float:
    """Return the width of a column [characters], from its heading and the first values.

    Examples
    --------
    >>> column_width(TableColumn("name", "Name", "text", 0, ("A", "华东区域直营客户")))
    18.0
    """
    widest = _WIDEST["number" if column.numeric else "text"]
    values = [width_of(text_of(value, column)) for value in column.values[:_MEASURED]]
    if column.total is not None:
        values.append(width_of(text_of(column.total, column)))
    word = max((width_of(part) for part in column.label.split()), default=0)
    heading = max(word, min(width_of(column.label), 14)) + 3
    return float(min(max([heading, 8, *(v + 2 for v in values)]), widest))
