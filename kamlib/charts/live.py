"""Tables and bars as HTML text, drawn anew at every move of a slider; nothing is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

COLOURS = (
    "#1f4e79", "#c55a11", "#548235", "#7f6000", "#7030a0", "#2e75b6",
    "#a61c3c", "#3b7d7d", "#806040", "#5f5f5f", "#9a7d0a", "#4a235a",
)  # fmt: skip
STYLE = """<style>
.kam-live table{border-collapse:collapse;font:14px/1.35 system-ui,sans-serif;color:#1f2d3a;background:#fff}
.kam-live th{font-weight:600;text-align:left;padding:3px 10px;border-bottom:1px solid #44546a}
.kam-live td{padding:2px 10px;border-bottom:1px solid #e3e6ea;white-space:nowrap}
.kam-live .n{text-align:right;font-variant-numeric:tabular-nums}
.kam-live .key{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}
.kam-live .up{color:#2c6b2f}.kam-live .down{color:#a61c3c}
.kam-live p{font:14px/1.4 system-ui,sans-serif;color:#1f2d3a;margin:.4em 0;max-width:72em}
.kam-live b.head{font-size:17px}
</style>"""


def live_page(title: str, body: str, *, lang: str) -> str:
    """Put a picture under its title, in a language that a screen reader is told.

    Parameters
    ----------
    title : str
        Plain text.
    body : str
        HTML.
    lang : str
        Language of both.
    """
    head = f'<p><b class="head">{escape(title)}</b></p>'
    return f'{STYLE}<div class="kam-live" lang="{lang}">{head}{body}</div>'


def live_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Sequence[bool], caption: str
) -> str:
    """Lay out a table.

    Parameters
    ----------
    head : sequence of str
        Headings, as plain text.
    rows : sequence of sequence of str
        Cells, already HTML (text passed through `html.escape`).
    numeric : sequence of bool
        Which columns hold numbers, set to the right.
    caption : str
        What a screen reader says first.
    """
    kinds = [' class="n"' if one else "" for one in numeric]
    top = "".join(
        f'<th scope="col"{kind}>{escape(text)}</th>' for text, kind in zip(head, kinds, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<table aria-label="{escape(caption)}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def stacked_bar(parts: Sequence[float], *, full: float, said: str, width: int = 300) -> str:
    """Draw parts of a sum side by side, in the order of `COLOURS`; `full` fills the width."""
    scale = width / full if full > 0 else 0.0
    at, boxes = 0.0, []
    for place, part in enumerate(parts):
        wide = max(part, 0.0) * scale
        if wide > 0:
            colour = COLOURS[place % len(COLOURS)]
            boxes.append(f'<rect x="{at:.1f}" y="1" width="{wide:.1f}" height="14" fill="{colour}"/>')
        at += wide
    return f'<svg width="{width}" height="16" role="img" aria-label="{escape(said)}">{"".join(boxes)}</svg>'


def range_bar(
    low: float | None, high: float | None, points: Sequence[tuple[float, str]], *, full: float, said: str,
    width: int = 300,
) -> str:  # fmt: skip
    """Draw a range as a line and points on it: (value, colour); a range that is not known is left out."""
    scale = width / full if full > 0 else 0.0
    marks = ""
    if low is not None and high is not None:
        marks += (
            f'<line x1="{max(low, 0) * scale:.1f}" x2="{min(high * scale, width):.1f}" y1="8" y2="8" '
            'stroke="#2e75b6" stroke-width="3"/>'
        )
    for value, colour in points:
        marks += f'<circle cx="{min(max(value * scale, 3), width - 3):.1f}" cy="8" r="4.5" fill="{colour}"/>'
    return f'<svg width="{width}" height="16" role="img" aria-label="{escape(said)}">{marks}</svg>'


def colour_key(names: Sequence[str]) -> str:
    """Say which of `COLOURS` stands for what, in order."""
    return mark_key([(name, COLOURS[k % len(COLOURS)]) for k, name in enumerate(names)])


def mark_key(marks: Sequence[tuple[str, str]]) -> str:
    """Say what colours stand for: (name, colour)."""
    return "<p>" + "".join(
        f'<span class="key" style="background:{colour}"></span>{escape(name)}' for name, colour in marks
    ) + "</p>"  # fmt: skip


def change_mark(places: int) -> str:
    """Say by how many places a rank rose (above 0) or fell."""
    if not places:
        return ""
    return f'<span class="up">▲{places}</span>' if places > 0 else f'<span class="down">▼{-places}</span>'
