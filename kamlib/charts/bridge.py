"""A bridge: from one total to another through what changes, as a waterfall in IBCS notation."""

from __future__ import annotations

import pandas as pd

from kamlib.charts.figure import ACCENT, BAD, DARK, GOOD, LIGHT, WIDTH, Figure, NativeChart, figure
from kamlib.glossary import Words

_FILL = {"AC": DARK, "PY": LIGHT, "FC": "#eef0f2", "PL": "#ffffff"}
_FILL |= {"up": GOOD, "down": BAD, "neutral": ACCENT}
_DASH = {"FC": [4, 2]}


def bridge(steps: pd.DataFrame, *, words: Words) -> Figure:
    """Draw totals as bars from zero and changes as floating bars between them, values written on.

    Parameters
    ----------
    steps : pandas.DataFrame
        One row a bar, in order: ``step`` (its label), ``amount`` [currency] and ``scenario``: AC, PY, FC or
        PL for a total; ``change`` for what is added to the bar before, green or red by its sign;
        ``neutral`` for what is added and neither good nor bad.
    words : Words
        Number format.

    Returns
    -------
    Figure
        With its native twin in the workbook.
    """
    import altair as alt

    bars = _bars(steps, words)
    low, high = float(bars["low"].min()), float(bars["high"].max())
    pad = 0.12 * ((high - low) or 1.0)
    scale = alt.Scale(domain=[low - pad if low < 0 else 0.0, max(high + pad, 0.0)], nice=False)
    x = alt.X("step:N", sort=bars["step"].tolist(), title=None, axis=alt.Axis(labelAngle=0, ticks=False))
    base = alt.Chart(bars).encode(x=x)
    body = base.mark_bar(size=46).encode(
        y=alt.Y("low:Q", title=None, scale=scale, axis=None),
        y2=alt.Y2("high:Q"),
        color=alt.Color("fill:N", scale=None),
        stroke=alt.Stroke("edge:N", scale=None),
        strokeDash=alt.StrokeDash("dash:N", scale=None),
        tooltip=[
            alt.Tooltip("step:N", title=words("planning.step")),
            alt.Tooltip("text:N", title=words("planning.amount")),
        ],
    )
    label = base.mark_text(dy=-6, baseline="bottom").encode(
        y=alt.Y("high:Q", scale=scale, axis=None), text="text:N"
    )
    native = NativeChart("bridge", steps=tuple(steps.itertuples(index=False, name=None)))
    return figure((body + label).properties(width=WIDTH - 40, height=240), native)


def _bars(steps: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Place each bar: a total from zero, a change from where the bar before ended."""
    rows = []
    level = 0.0
    for step, amount, scenario in zip(steps["step"], steps["amount"], steps["scenario"], strict=True):
        value = float(amount)
        change = scenario in ("change", "neutral")
        start, end = (level, level + value) if change else (0.0, value)
        kind = ("up" if value >= 0 else "down") if scenario == "change" else scenario
        rows.append(
            {
                "step": step,
                "low": min(start, end),
                "high": max(start, end),
                "fill": _FILL[kind],
                "edge": DARK if kind in ("FC", "PL") else _FILL[kind],
                "dash": _DASH.get(kind, [1, 0]),
                "text": words.signed_money(value) if change else words.money(value),
            }
        )
        level = end
    return pd.DataFrame(rows)
