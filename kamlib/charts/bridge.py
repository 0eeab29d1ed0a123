"""A bridge: from one total to another through what changes, as a waterfall in IBCS notation."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.charts.figure import BAD, DARK, GOOD, LIGHT, WIDTH, Figure, NativeChart, figure
from kamlib.glossary import Words

_FILL = {"AC": DARK, "PY": LIGHT, "FC": "#eef0f2", "PL": "#ffffff", "up": GOOD, "down": BAD}
_DASH = {"FC": [4, 2]}


def bridge(
    steps: pd.DataFrame, *, words: Words, native: NativeChart | None = None, horizontal: bool = False
) -> Figure:
    """Draw totals as bars from zero and changes as floating bars between them, values written on.

    Parameters
    ----------
    steps : pandas.DataFrame
        One row a bar, in order: ``step`` (its label), ``amount`` [currency] and ``scenario``: AC, PY, FC or
        PL for a total, ``change`` for what is added to the bar before.
    words : Words
        Number format.
    native : NativeChart, optional
        The chart in the workbook.
    horizontal : bool
        Bars from top to bottom (structure) rather than left to right (time).

    Returns
    -------
    Figure
    """
    import altair as alt

    bars = _bars(steps, words)
    order = bars["step"].tolist()
    along: Any = alt.Y if horizontal else alt.X
    across: Any = alt.X if horizontal else alt.Y
    position = along(
        "step:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, ticks=False, labelLimit=240)
    )
    low, high = float(bars[["low", "high"]].to_numpy().min()), float(bars[["low", "high"]].to_numpy().max())
    pad = 0.12 * ((high - low) or 1.0)
    scale = alt.Scale(domain=[min(0.0, low - pad if low < 0 else 0.0), max(high + pad, 0.0)], nice=False)
    value = across("low:Q", title=None, scale=scale, axis=None)
    end = alt.X2("high:Q") if horizontal else alt.Y2("high:Q")
    names = {("x" if not horizontal else "y"): position, ("y" if not horizontal else "x"): value}
    ends = {"x2" if horizontal else "y2": end}
    tooltip = [
        alt.Tooltip("step:N", title=words("planning.step")),
        alt.Tooltip("text:N", title=words("planning.amount")),
    ]
    size = alt.Step(26) if horizontal else None
    base = alt.Chart(bars)
    body = base.mark_bar(size=16 if horizontal else 46).encode(
        **names,
        **ends,
        color=alt.Color("fill:N", scale=None),
        stroke=alt.Stroke("edge:N", scale=None),
        strokeDash=alt.StrokeDash("dash:N", scale=None),
        tooltip=tooltip,
    )
    place = (
        {"dx": 6, "align": "left", "baseline": "middle"} if horizontal else {"dy": -6, "baseline": "bottom"}
    )
    label = base.mark_text(**place).encode(
        **{("x" if not horizontal else "y"): position},
        **{("y" if not horizontal else "x"): across("top:Q", scale=scale, axis=None)},
        text="text:N",
    )
    chart = (body + label).properties(width=WIDTH - 260 if horizontal else WIDTH - 40, height=size or 240)
    return figure(chart, native)


def _bars(steps: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Place each bar: a total from zero, a change from where the bar before ended."""
    rows = []
    level = 0.0
    for step, amount, scenario in zip(steps["step"], steps["amount"], steps["scenario"], strict=True):
        value = float(amount)
        change = scenario == "change"
        start, end = (level, level + value) if change else (0.0, value)
        kind = ("up" if value >= 0 else "down") if change else scenario
        rows.append(
            {
                "step": step,
                "low": min(start, end),
                "high": max(start, end),
                "top": max(start, end),
                "fill": _FILL[kind],
                "edge": DARK if kind in ("FC", "PL") else _FILL[kind],
                "dash": _DASH.get(kind, [1, 0]),
                "text": words.signed_money(value) if change else words.money(value),
            }
        )
        level = end
    return pd.DataFrame(rows)
