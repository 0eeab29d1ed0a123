"""What a chart is to a pack: a Vega-Lite drawing and its native twin in the workbook; IBCS colours once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

DARK, LIGHT, ACCENT, GOOD, BAD, GRID = "#333f48", "#b8c0c6", "#0a6ebd", "#2e7d32", "#c62828", "#e3e6e8"
WIDTH = 760
FONT = "'Noto Sans', 'DejaVu Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"

Scenario = Literal["AC", "PY", "FC", "PL", "good", "bad", "accent"]
Step = tuple[str, float, Literal["AC", "PY", "FC", "PL", "change", "neutral"]]


@dataclass(frozen=True)
class NativeChart:
    """The Excel chart of a page's table, or of a bridge's own steps.

    Attributes
    ----------
    kind : str
        ``"bar"`` (horizontal), ``"column"``, ``"line"``, ``"scatter"`` or ``"bridge"`` (of `steps`).
    category : str
        Column of the page's table on the category axis (x of a scatter); not used by a bridge.
    series : mapping of str to str
        Value columns of the page's table and the scenario each is drawn as: AC solid dark, PY solid light,
        PL outline, FC hatched with a dashed outline, good green, bad red, accent blue; not used by a bridge.
    rows : int
        Number of rows drawn, from the top; 0 draws all.
    stacked : bool
        Whether bars or columns stand on each other.
    steps : tuple of (str, float, str)
        Of a bridge, in order: label, amount [currency] and scenario; AC, PY, FC or PL is a total standing on
        the axis; ``"change"`` is added to where the step before ended, and so is ``"neutral"``, which
        is neither good nor bad. They are written beside the chart.
    """

    kind: Literal["bar", "column", "line", "scatter", "bridge"]
    category: str = ""
    series: Mapping[str, Scenario] = field(default_factory=dict)
    rows: int = 0
    stacked: bool = False
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A chart of a page.

    Attributes
    ----------
    spec : dict
        Vega-Lite, with its data inside.
    native : NativeChart or None
        Its twin in the workbook, if it has one.
    drawing : str
        Its SVG where that was drawn before; `svg` draws it otherwise.
    """

    spec: dict[str, Any] = field(repr=False)
    native: NativeChart | None = None
    drawing: str = field(default="", repr=False)

    @cached_property
    def svg(self) -> str:
        """The chart drawn as SVG, the same for the same specification; nothing is fetched to draw it."""
        import vl_convert

        return self.drawing or str(vl_convert.vegalite_to_svg(self.spec, allowed_base_urls=[]))


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
        "axis": {"grid": False, "domainColor": LIGHT, "tickColor": LIGHT, "labelColor": DARK,
                 "titleColor": DARK, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
                 "labelLimit": 220, "labelPadding": 6},
        "legend": {"labelColor": DARK, "titleColor": DARK, "orient": "top", "title": None,
                   "labelFontSize": 12},
        "header": {"labelColor": DARK, "titleColor": DARK, "labelFontSize": 12, "title": None},
        "title": {"color": DARK, "fontSize": 12, "fontWeight": "bold", "anchor": "start"},
        "text": {"color": DARK, "fontSize": 12},
        "bar": {"color": DARK},
        "line": {"color": DARK},
        "point": {"color": DARK, "filled": True},
    }  # fmt: skip
    spec = chart.to_dict()
    spec["config"] = config
    return Figure(spec, native)
