"""Figure of a year's sum so far: last year, actual, and the forecast with a range that widens."""

from __future__ import annotations

import pandas as pd

from kamlib.charts.figure import ACCENT, DARK, LIGHT, Figure, figure
from kamlib.glossary import Words

_WIDTH, _HEIGHT = 680, 190
_LOOKS = {"PY": (LIGHT, [1, 0]), "AC": (DARK, [1, 0]), "FC": (DARK, [3, 2])}


def fan_chart(lines: pd.DataFrame, *, words: Words) -> Figure:
    """Draw the sum of a year so far, month by month.

    Parameters
    ----------
    lines : pandas.DataFrame
        One row per month: period, PY, AC, FC, low and high (ends of the forecast's range) [currency]; NaN
        where a line has no point.
    words : Words
        Labels and number formats.
    """
    import altair as alt

    data = lines.astype({"period": "object"})
    names = {s: words(f"forecast.{s.lower()}") for s in _LOOKS}
    axis = alt.Axis(labelAngle=0, labelFontSize=10, ticks=False)
    x = alt.X("period:N", sort=data["period"].tolist(), title=None, axis=axis)
    band = alt.Chart(data[data["low"].notna()]).mark_area(color=ACCENT, opacity=0.16)
    parts = [band.encode(x, alt.Y("low:Q", title=None, axis=None), alt.Y2("high:Q"))]
    for scenario, (colour, dash) in _LOOKS.items():
        known = data[data[scenario].notna()]
        if known.empty:
            continue
        line = alt.Chart(known).mark_line(
            color=colour, strokeDash=dash, strokeWidth=2, point={"color": colour, "size": 18}
        )
        tip = [
            alt.Tooltip("period:N", title=words.label("period")),
            alt.Tooltip(f"{scenario}:Q", title=names[scenario], format=",.0f"),
        ]
        parts.append(line.encode(x, alt.Y(f"{scenario}:Q", title=None, axis=None), tooltip=tip))
    parts += _ends(data, words)
    chart = alt.layer(*parts).properties(
        width=_WIDTH,
        height=_HEIGHT,
        title=alt.TitleParams(words("forecast.fan"), fontSize=12, anchor="start"),
    )
    return figure(chart)


def _ends(data: pd.DataFrame, words: Words) -> list[object]:
    """Write at the last month where the range ends, and where last year ended."""
    import altair as alt

    last = data.iloc[-1]
    rows = [
        (last[column], f"{label}{words.money(last[column])}")
        for column, label in (("high", "≤ "), ("FC", "FC "), ("low", "≥ "), ("PY", "PY "))
        if pd.notna(last[column])
    ]
    if last["low"] == last["high"]:
        rows = [row for row in rows if row[1][0] not in "≤≥"]
    gap = 0.075 * float(data[["PY", "AC", "FC", "high"]].max().max())
    shown: list[tuple[float, str]] = []
    for at, text in sorted(rows, key=lambda row: row[0]):
        shown.append((max(float(at), shown[-1][0] + gap) if shown else float(at), text))
    ends = pd.DataFrame(shown, columns=["at", "text"]).assign(period=last["period"])
    mark = alt.Chart(ends.astype({"text": "object", "period": "object"})).mark_text(
        align="left", dx=8, fontSize=11
    )
    x = alt.X("period:N", sort=data["period"].tolist(), title=None)
    return [mark.encode(x, alt.Y("at:Q", title=None, axis=None), text="text:N")]
