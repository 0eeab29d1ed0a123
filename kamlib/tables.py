"""Tables as plain text for a terminal."""

from __future__ import annotations

import shutil
import textwrap
import unicodedata
from collections.abc import Sequence

_ENDLESS = 1_000_000  # characters


def text_table(header: Sequence[str], rows: Sequence[Sequence[object]], *, width: int | None = None) -> str:
    """Lay rows out in columns, long cells wrapped, wide (Chinese) characters counted as two.

    Parameters
    ----------
    header : sequence of str
        Column headings.
    rows : sequence of sequences
        Cells; None is shown as nothing.
    width : int, optional
        Width of the whole table [characters]; by default the terminal's, or what is in the environment as
        COLUMNS. Where neither is known, as in a pipe, nothing is wrapped, so that every row is one line.

    Returns
    -------
    str

    Examples
    --------
    >>> print(text_table(["name", "n"], [["客户", 3], ["b", 12]], width=40))
    name  n
    ----  --
    客户  3
    b     12
    """
    cells = [["" if c is None else str(c) for c in row] for row in rows]
    table = [list(header), *cells]
    wanted = [max(_width(row[i]) for row in table) for i in range(len(header))]
    room = (width or shutil.get_terminal_size((_ENDLESS, 24)).columns) - 2 * (len(header) - 1)
    limits = _fit(wanted, max(room, 8 * len(header)))
    lines: list[str] = []
    for number, row in enumerate(table):
        wrapped = [_wrap(cell, limit) for cell, limit in zip(row, limits, strict=True)]
        for level in range(max(map(len, wrapped))):
            parts = [w[level] if level < len(w) else "" for w in wrapped]
            lines.append("  ".join(_pad(p, n) for p, n in zip(parts, limits, strict=True)).rstrip())
        if number == 0:
            lines.append("  ".join("-" * limit for limit in limits))
    return "\n".join(lines)


def _fit(wanted: list[int], room: int) -> list[int]:
    """Take from the widest columns first until the table fits."""
    limits = list(wanted)
    while sum(limits) > room and max(limits) > 8:
        limits[limits.index(max(limits))] -= 1
    return limits


def _wrap(cell: str, limit: int) -> list[str]:
    wide = _width(cell) > len(cell)
    return textwrap.wrap(cell, max(1, limit // 2 if wide and _width(cell) > limit else limit)) or [""]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
