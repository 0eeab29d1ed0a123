"""What a chart is to a pack: a Vega-Lite drawing and its native twin in the workbook; IBCS colours once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DARK, LIGHT, ACCENT, GOOD, BAD, GRID = "#333f48", "#b8c0c6", "#0a6ebd", "#2e7d32", "#c62828", "#e3e6e8"
WIDTH = 760
FONT = "'Noto Sans', 'DejaVu Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"

Scenario = Literal["AC", "PY", "FC", "PL", "good", "bad", "accent"]


@dataclass(frozen=True)
class NativeChart:
    """The Excel chart of a page's table.

    Attributes
    ----------
    kind : str
        ``"bar"`` (horizontal), ``"column"``, ``"line"`` or ``"scatter"``.
    category : str
        Column of the page's table on the category axis (x of a scatter).
    series : mapping of str to str
        Value columns of the page's table and the scenario each is drawn as: AC solid dark, PY solid light,
        PL outline, FC light with a dashed outline, good green, bad red, accent blue.
    rows : int
        Number of rows drawn, from the top; 0 draws all.
    stacked : bool
        Whether bars or columns stand on each other.
    """

    kind: Literal["bar", "column", "line", "scatter"]
    category: str
    series: Mapping[str, Scenario]
    rows: int = 0
    stacked: bool = False


@dataclass(frozen=True)
class Figure:
    """A chart of a page: Vega-Lite with its data inside, and its native twin in the workbook if it has one."""

    spec: dict[str, Any] = field(repr=False)
    native: NativeChart | None = None


def figure(chart: Any, native: NativeChart | None = None) -> Figure:
    """Turn an Altair chart into a `Figure`, with the house's fonts, axes and sizes.

    Parameters
    ----------
    chart : altair chart
        Any Altair chart object; widths are the author's, `WIDTH` is what a page has [px].
    native : NativeChart, optional
        The chart of the same table in the workbook.
    """
    config = {
        "font": FONT,
        "view": {"stroke": None},
        "axis": {"grid": False, "domainColor": LIGHT, "tickColor": LIGHT, "labelColor": DARK, "titleColor": DARK,
                 "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "labelLimit": 220},
        "legend": {"labelColor": DARK, "titleColor": DARK, "orient": "top", "title": None},
        "text": {"color": DARK, "fontSize": 11},
        "bar": {"color": DARK},
        "line": {"color": DARK},
        "point": {"color": DARK, "filled": True},
    }  # fmt: skip
    spec = chart.to_dict()
    spec["config"] = config
    return Figure(spec, native)
