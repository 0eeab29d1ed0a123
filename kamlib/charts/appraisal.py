"""Figures of the appraisal pack: attainment bars, heat of scores, ranks with their doubt, the pay curve."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.charts.figure import ACCENT, BAD, DARK, GOOD, LIGHT, WIDTH, Figure, NativeChart, figure
from kamlib.glossary import Words

_ROW = 26
_NAME, _LINE = 0.18, 0.06  # of the chart: what a name takes up across and down
_PALE_BAD, _PALE_GOOD, _PALE = "#f4d6d6", "#d6ead8", "#f4f6f7"


def attainment_chart(rows: pd.DataFrame, *, native: NativeChart | None = None) -> Figure:
    """Draw actual as bars, the target as an outline and last year as a light bar, with attainment written.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row a bar, from top to bottom: name, AC, PL (NaN where there is none), PY [currency], text.
    native : NativeChart, optional
        The chart of the page's table in the workbook.
    """
    import altair as alt

    data = rows.reset_index(drop=True)
    y = alt.Y("name:N", sort=data["name"].tolist(), title=None, axis=alt.Axis(ticks=False, domain=False))
    top = float(data[["AC", "PL", "PY"]].max().max()) or 1.0
    low = min(0.0, float(data[["AC", "PY"]].min().min()))
    scale = alt.Scale(domain=[low, 1.3 * top], nice=False)
    tips = [alt.Tooltip("name:N", title=" ")] + [
        alt.Tooltip(f"{c}:Q", title=c, format=",.0f") for c in ("AC", "PL", "PY")
    ]

    def bar(column: str, size: int, **look: Any) -> Any:
        kept = alt.Chart(data).transform_filter(f"isValid(datum.{column})")
        return kept.mark_bar(size=size, **look).encode(
            y, alt.X(f"{column}:Q", title=None, axis=None, scale=scale), tooltip=tips
        )

    layers = [
        bar("PY", 18, color=LIGHT),
        bar("AC", 10, color=DARK),
        bar("PL", 18, fillOpacity=0, stroke=DARK, strokeWidth=1.2),
        alt.Chart(data)
        .transform_calculate(end="max(datum.AC, isValid(datum.PL) ? datum.PL : 0, datum.PY)")
        .mark_text(align="left", dx=6)
        .encode(y, alt.X("end:Q", scale=scale), text="text:N"),
    ]
    chart = alt.layer(*layers).properties(width=WIDTH - 180, height=_ROW * max(len(data), 1))
    return figure(chart, native)


def heat_chart(cells: pd.DataFrame, *, names: list[str], kpis: list[str]) -> Figure:
    """Draw a table of scores whose ground says how far each lies from 100; the number is written in it.

    Parameters
    ----------
    cells : pandas.DataFrame
        One row per rep and KPI: name, kpi, score (NaN where left out), text.
    names, kpis : list of str
        Order of rows and columns.
    """
    import altair as alt

    axis = alt.Axis(ticks=False, domain=False, labelLimit=150)
    cell = min((WIDTH - 160) // len(kpis), 190)
    base = alt.Chart(cells).encode(
        alt.Y("name:N", sort=names, title=None, axis=axis),
        alt.X(
            "kpi:N",
            sort=kpis,
            title=None,
            axis=alt.Axis(
                orient="top",
                ticks=False,
                domain=False,
                labelAngle=0,
                labelLimit=cell - 4,
                labelPadding=18 if any("(" in kpi for kpi in kpis) else 2,
                labelExpr="split(datum.label, ' (').length > 1 ? [split(datum.label, ' (')[0],"
                " '(' + split(datum.label, ' (')[1]] : datum.label",
            ),
        ),
    )
    ground = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(
        color=alt.condition(
            "isValid(datum.score)",
            alt.Color(
                "score:Q",
                scale=alt.Scale(
                    domain=[50, 100, 120], range=[_PALE_BAD, _PALE, _PALE_GOOD], clamp=True, interpolate="rgb"
                ),
                legend=None,
            ),
            alt.value("#ffffff"),
        )
    )
    text = base.mark_text(fontSize=12).encode(text="text:N")
    return figure((ground + text).properties(width=cell * len(kpis), height=_ROW * len(names)))


def rank_chart(
    rows: pd.DataFrame, *, level: float, words: Words, native: NativeChart | None = None
) -> Figure:
    """Draw each rep's score with its range, and the plausible ranks with the rank held.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per rep, best first: name, score, low, high [score points], rank, best, worst, text.
    level : float
        Part of the draws that ranges hold [fraction].
    words : Words
        Headings.
    native : NativeChart, optional
        The chart of the page's table in the workbook.
    """
    import altair as alt

    data = rows.reset_index(drop=True)
    names, height = data["name"].tolist(), _ROW * max(len(data), 1)
    axis = alt.Axis(ticks=False, domain=False, labelLimit=150, minExtent=130)
    span = [float(data["low"].min()) - 3, float(data["high"].max()) + 3]

    def part(low: str, high: str, dot: str, scale: Any, *, first: bool, heading: str, grid: Any) -> Any:
        y = alt.Y("name:N", sort=names, title=None, axis=axis if first else None)
        base = alt.Chart(data).encode(y)
        bar = base.mark_bar(size=9, color=LIGHT, cornerRadius=3).encode(
            alt.X(f"{low}:Q", title=None, scale=scale, axis=grid), alt.X2(f"{high}:Q")
        )
        point = base.mark_point(size=70, color=DARK, filled=True, opacity=1).encode(
            alt.X(f"{dot}:Q", scale=scale),
            tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("text:N", title=" ")],
        )
        return (bar + point).properties(width=270, height=height, title=heading)

    last = len(data) + 0.5
    ends = data.assign(left=data["best"] - 0.35, right=data["worst"] + 0.35)
    data = ends
    scores = part(
        "low",
        "high",
        "score",
        alt.Scale(domain=span, nice=False),
        first=True,
        heading=words("appraisal.chart_score", level=words.percent(level)),
        grid=alt.Axis(tickCount=5, format=".0f"),
    )
    ranks = part(
        "left",
        "right",
        "rank",
        alt.Scale(domain=[0.5, last], nice=False),
        first=False,
        heading=words("appraisal.chart_rank"),
        grid=alt.Axis(tickMinStep=1, format=".0f"),
    )
    return figure(alt.hconcat(scores, ranks, spacing=24), native)


def curve_chart(curve: pd.DataFrame, reps: pd.DataFrame, *, words: Words) -> Figure:
    """Draw the pay curve with every rep on it.

    Parameters
    ----------
    curve : pandas.DataFrame
        Points of the curve: at [fraction], pay [part of target pay].
    reps : pandas.DataFrame
        name, at [fraction], pay [part of target pay].
    words : Words
        Axis titles.
    """
    import altair as alt

    x = alt.X("at:Q", title=words("appraisal.chart_attained"), axis=alt.Axis(format=".0%"))
    y = alt.Y("pay:Q", title=words("appraisal.chart_pay"), axis=alt.Axis(format=".0%"))
    line = alt.Chart(curve).mark_line(color=ACCENT, strokeWidth=2).encode(x, y)
    dots = alt.Chart(reps).mark_point(size=60, color=DARK, filled=True, opacity=1)
    dots = dots.encode(x, y, tooltip=[alt.Tooltip("name:N", title=" ")])
    names = alt.Chart(_apart(reps, curve)).encode(x, y, text="name:N")
    # The curve rises to the right: names stand below it, and above it where it lies on the axis.
    text = names.transform_filter("datum.pay > 0").mark_text(align="left", dx=9, dy=5, fontSize=11)
    unpaid = names.transform_filter("datum.pay <= 0").mark_text(align="right", dx=4, dy=-10, fontSize=11)
    return figure((line + dots + text + unpaid).properties(width=WIDTH - 80, height=280))


def _apart(reps: pd.DataFrame, curve: pd.DataFrame) -> pd.DataFrame:
    """Return those reps whose names can be written apart from each other; the table has them all."""
    wide = float(pd.concat([reps["at"], curve["at"]]).max()) or 1.0
    high = float(pd.concat([reps["pay"], curve["pay"]]).max()) or 1.0
    kept: list[tuple[float, float]] = []
    rows = []
    for place, row in (
        reps.dropna(subset=["at", "pay"]).sort_values(["pay", "at"], ascending=False).iterrows()
    ):
        at, pay = float(row["at"]), float(row["pay"])
        if all(abs(at - x) > _NAME * wide or abs(pay - y) > _LINE * high for x, y in kept):
            kept.append((at, pay))
            rows.append(place)
    return reps.loc[rows]


def cost_chart(rows: pd.DataFrame) -> Figure:
    """Draw signed score points as bars, red for what costs and green for what brings.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row a bar: name, points (signed) and text.
    """
    import altair as alt

    data = rows.reset_index(drop=True)
    y = alt.Y(
        "name:N",
        sort=data["name"].tolist(),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=260),
    )
    longest = max((len(text) for text in data["text"]), default=0)
    room = 1.1 + 0.065 * longest  # what is written at a bar's end stays clear of the names
    reach = max(float(data["points"].abs().max()), 1e-9) * room
    x = alt.X(
        "points:Q",
        title=None,
        axis=None,
        scale=alt.Scale(
            domain=[
                -reach if (data["points"] < 0).any() else 0.0,
                reach if (data["points"] >= 0).any() else 0.0,
            ],
            nice=False,
        ),
    )
    base = alt.Chart(data).encode(y, x)
    bars = base.mark_bar(size=14).encode(
        color=alt.condition("datum.points < 0", alt.value(BAD), alt.value(GOOD))
    )
    left = base.transform_filter("datum.points < 0").mark_text(align="right", dx=-5).encode(text="text:N")
    right = base.transform_filter("datum.points >= 0").mark_text(align="left", dx=5).encode(text="text:N")
    chart = alt.layer(bars, left, right)
    return figure(chart.properties(width=WIDTH - 300, height=_ROW * max(len(data), 1)))
