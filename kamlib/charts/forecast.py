"""Figures of chapter 2: the year by month, the waterfall of accounts, errors beside seasonal naive."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.charts.figure import BAD, DARK, GOOD, GRID, LIGHT, Figure, NativeChart, figure
from kamlib.glossary import Words
from kamlib.measures.money import as_float

_PALE = "#f4f6f7"


def year_chart(months: pd.DataFrame, totals: pd.DataFrame, *, words: Words, native: NativeChart) -> Figure:
    """Draw a fiscal year: months with last year beside, and the year's total.

    Parameters
    ----------
    months : pandas.DataFrame
        One row per bar: period, scenario (PY, AC, FC), amount and text (the amount as written).
    totals : pandas.DataFrame
        One row per part of the year's two bars: bar (the year), scenario, low and high (ends of the part),
        amount, and text, empty but on the topmost part of a bar.
    words : Words
        Labels.
    native : NativeChart
        The chart of the page's table in the workbook.
    """
    import altair as alt

    names = {s: words(f"forecast.{s.lower()}") for s in ("PY", "AC", "FC")}
    fill, line, dash = _scenario_encodings(list(names.values()))
    tooltip = [alt.Tooltip("period:N", title=words.label("period")), alt.Tooltip("name:N", title=" "),
               alt.Tooltip("amount:Q", title=words.label("revenue"), format=",.0f")]  # fmt: skip
    data = _plain(months).assign(
        name=months["scenario"].map(names), side=(months["scenario"] != "PY").astype(int)
    )
    base = alt.Chart(data).encode(
        x=alt.X("period:N", title=None, sort=None, axis=alt.Axis(labelAngle=0, labelOverlap=False)),
        xOffset=alt.XOffset("side:O", scale=alt.Scale(paddingInner=0.02)),
        y=alt.Y("amount:Q", title=None, axis=None, scale=alt.Scale(zero=True)),
        tooltip=tooltip,
    )
    bars = base.mark_bar(strokeWidth=1).encode(fill=fill, stroke=line, strokeDash=dash)
    text = (
        base.mark_text(dy=-7, fontSize=10).transform_filter("datum.side == 1").encode(text="text:N")
    )
    left = (bars + text).properties(width=590, height=260)
    whole = _plain(totals).assign(name=totals["scenario"].map(names))
    year = alt.Chart(whole).encode(
        x=alt.X("bar:N", title=None, sort=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("low:Q", title=None, axis=None, scale=alt.Scale(zero=True)),
        y2="high:Q",
        tooltip=tooltip[1:],
    )
    sums = year.mark_bar(strokeWidth=1, size=34).encode(fill=fill, stroke=line, strokeDash=dash)
    tops = alt.Chart(whole[whole["text"] != ""]).mark_text(dy=-7).encode(
        x=alt.X("bar:N", sort=None), y=alt.Y("high:Q"), text="text:N"
    )  # fmt: skip
    right = (sums + tops).properties(width=120, height=260)
    return figure(alt.hconcat(left, right, spacing=24), native)


def movers_chart(steps: pd.DataFrame, *, words: Words, native: NativeChart) -> Figure:
    """Draw a waterfall from last year's total over changes by account to where the year lands.

    Parameters
    ----------
    steps : pandas.DataFrame
        One row per bar, top to bottom: name, kind (PY, landing, up, down), low and high (ends of the bar,
        in the order of time) and text (the amount as written).
    words : Words
        Labels.
    native : NativeChart
        The chart of the page's table in the workbook.
    """
    import altair as alt

    data = _plain(steps)
    data["row"], data["right"] = range(len(data)), data[["low", "high"]].max(axis=1)
    data["amount"] = data["high"] - data["low"]
    kinds = alt.Scale(domain=["PY", "landing", "up", "down"], range=[LIGHT, _PALE, GOOD, BAD])
    edges = alt.Scale(domain=["PY", "landing", "up", "down"], range=[LIGHT, DARK, GOOD, BAD])
    dashes = alt.Scale(domain=["PY", "landing", "up", "down"], range=[[1, 0], [3, 2], [1, 0], [1, 0]])
    order = alt.EncodingSortField("row", op="min", order="ascending")
    y = alt.Y("name:N", title=None, sort=order, axis=alt.Axis(ticks=False, domain=False, labelLimit=200))
    base = alt.Chart(data).encode(y=y)
    bars = base.mark_bar(size=15, strokeWidth=1).encode(
        x=alt.X("low:Q", title=None, axis=None, scale=alt.Scale(zero=True)),
        x2="high:Q",
        fill=alt.Fill("kind:N", scale=kinds, legend=None),
        stroke=alt.Stroke("kind:N", scale=edges, legend=None),
        strokeDash=alt.StrokeDash("kind:N", scale=dashes, legend=None),
        tooltip=[alt.Tooltip("name:N", title=words.label("name")),
                 alt.Tooltip("amount:Q", title=words.label("change"), format="+,.0f")],
    )  # fmt: skip
    text = base.mark_text(align="left", dx=5).encode(x="right:Q", text="text:N")
    return figure((bars + text).properties(width=500, height=24 * len(data)), native)


def error_chart(
    levels: pd.DataFrame, horizons: pd.DataFrame, *, words: Words, level_name: str, native: NativeChart
) -> Figure:
    """Draw errors by level (bars) and by months ahead (lines), forecast beside seasonal naive.

    Parameters
    ----------
    levels : pandas.DataFrame
        One row per level and method: level (as written), name (the method, as written), wape [fraction].
    horizons : pandas.DataFrame
        One row per months ahead and method: horizon, name, wape [fraction].
    words : Words
        Labels.
    level_name : str
        The level that `horizons` is of, as written.
    native : NativeChart
        The chart of the page's table in the workbook.
    """
    import altair as alt

    names = list(dict.fromkeys(levels["name"]))
    colour = alt.Scale(domain=names, range=[DARK, LIGHT][: len(names)])
    tooltip = [alt.Tooltip("name:N", title=" "), alt.Tooltip("wape:Q", title="WAPE", format=".1%")]
    base = alt.Chart(_plain(levels)).encode(
        y=alt.Y("level:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False)),
        yOffset=alt.YOffset("name:N", sort=names),
        x=alt.X("wape:Q", title=None, axis=None, scale=alt.Scale(zero=True)),
        tooltip=tooltip,
    )
    bars = base.mark_bar().encode(color=alt.Color("name:N", scale=colour, sort=names))
    text = base.mark_text(align="left", dx=4, fontSize=10).encode(text=alt.Text("wape:Q", format=".1%"))
    left = (bars + text).properties(
        width=270, height=34 * levels["level"].nunique(), title=_heading(words("forecast.chart_level"))
    )
    lines = alt.Chart(_plain(horizons)).mark_line(point=True).encode(
        x=alt.X("horizon:O", title=words("forecast.months_ahead"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("wape:Q", title=None, scale=alt.Scale(zero=True),
                axis=alt.Axis(format=".0%", grid=True, gridColor=GRID, tickCount=4, domain=False)),
        color=alt.Color("name:N", scale=colour, sort=names),
        tooltip=[alt.Tooltip("horizon:O", title=words("forecast.months_ahead")), *tooltip],
    )  # fmt: skip
    right = lines.properties(
        width=270,
        height=34 * levels["level"].nunique(),
        title=_heading(words("forecast.chart_horizon", level=level_name)),
    )
    return figure(alt.hconcat(left, right, spacing=40), native)


def _scenario_encodings(names: list[str]) -> tuple[Any, Any, Any]:
    """Return fill, stroke and dash of previous year, actual and forecast, sharing one legend."""
    import altair as alt

    fill = alt.Fill("name:N", sort=names, scale=alt.Scale(domain=names, range=[LIGHT, DARK, _PALE]))
    line = alt.Stroke("name:N", sort=names, scale=alt.Scale(domain=names, range=[LIGHT, DARK, DARK]))
    dash = alt.StrokeDash("name:N", sort=names, scale=alt.Scale(domain=names, range=[[1, 0], [1, 0], [3, 2]]))
    return fill, line, dash


def _heading(text: str) -> dict[str, Any]:
    return {"text": text, "anchor": "start", "fontSize": 11, "fontWeight": "normal", "color": DARK}


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with money as floats, which is what a drawing takes."""
    money = [c for c, dtype in table.dtypes.items() if isinstance(dtype, pd.ArrowDtype)]
    return table.assign(**{str(c): as_float(table[c]) for c in money}).reset_index(drop=True)
