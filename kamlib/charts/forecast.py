"""Figures of chapter 2: the year by month, the waterfall of accounts, errors beside seasonal naive."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from kamlib.charts.figure import ACCENT, BAD, DARK, GOOD, GRID, LIGHT, Figure, NativeChart, figure
from kamlib.glossary import Words
from kamlib.measures.money import as_float

PALE = "#f4f6f7"
_HEIGHT = 230


def year_chart(
    months: pd.DataFrame, deltas: pd.DataFrame, totals: pd.DataFrame, *, words: Words, native: NativeChart
) -> Figure:
    """Draw a fiscal year: months with last year beside, what differs from it below, and the year's total.

    Parameters
    ----------
    months : pandas.DataFrame
        One row per bar: period, scenario (PY, AC, FC), amount, low and high (ends of the bar's range, NaN
        without one) and text (written over that very bar, empty on bars that carry none).
    deltas : pandas.DataFrame
        One row per month of which last year is known: period, change and text; may be empty.
    totals : pandas.DataFrame
        One row per part of the year's two bars: bar (the year), scenario, low and high (ends of the part),
        amount, text (empty but on the topmost part of a bar), from and to (ends of its range, NaN without
        one).
    words : Words
        Labels.
    native : NativeChart
        The chart of the page's table in the workbook.
    """
    import altair as alt

    names = {s: words(f"forecast.{s.lower()}") for s in ("PY", "AC", "FC")}
    fill, line, dash = _scenario_encodings(list(names.values()))
    tooltip = [alt.Tooltip("name:N", title=" "),
               alt.Tooltip("amount:Q", title=words.label("revenue"), format=",.0f")]  # fmt: skip
    data = _plain(months).assign(name=months["scenario"].map(names), side=months["scenario"] != "PY")
    x = alt.X("period:N", title=None, sort=None, axis=alt.Axis(labelAngle=0, labelFontSize=10, ticks=False))
    side = alt.XOffset("side:N", sort=[False, True])
    bars = alt.Chart(data).mark_bar(strokeWidth=1).encode(
        x=x,
        xOffset=side,
        y=alt.Y("amount:Q", title=None, axis=None, scale=alt.Scale(zero=True)),
        fill=fill, stroke=line, strokeDash=dash,
        tooltip=[alt.Tooltip("period:N", title=words.label("period")), *tooltip],
    )  # fmt: skip
    # A value stands at its own bar: above it, or below its top where a whisker goes on upwards.
    written = data[data["text"] != ""]
    text = [
        mark.encode(x=x, xOffset=side, y="amount:Q", text="text:N")
        for mark in _values(written, ranged=written["high"].notna(), fontSize=10)
    ]
    ranges = alt.Chart(data[data["high"].notna()]).encode(x=x, xOffset=side)
    left = alt.layer(bars, *_whisker(ranges, "low", "high"), *text).properties(width=590, height=_HEIGHT)
    sums_data = _plain(totals).assign(name=totals["scenario"].map(names))
    bar = alt.X("bar:N", title=None, sort=None, axis=alt.Axis(labelAngle=0, ticks=False))
    whole = alt.Chart(sums_data).encode(x=bar)
    sums = whole.mark_bar(strokeWidth=1, size=34).encode(
        y=alt.Y("low:Q", title=None, axis=None, scale=alt.Scale(zero=True)),
        y2="high:Q",
        fill=fill,
        stroke=line,
        strokeDash=dash,
        tooltip=tooltip,
    )
    named = sums_data[sums_data["text"] != ""]
    tops = [
        mark.encode(x=bar, y="high:Q", text="text:N") for mark in _values(named, ranged=named["to"].notna())
    ]
    span = _whisker(whole.transform_filter("isValid(datum.to)"), "from", "to")
    right = alt.layer(sums, *span, *tops).properties(
        width=120, height=_HEIGHT, title=_heading(words("forecast.full_year"))
    )
    if len(deltas):
        left = alt.vconcat(
            left,
            _delta_panel(deltas, list(dict.fromkeys(data["period"])), float(data["amount"].max()), words),
            spacing=6,
        )
    return figure(alt.hconcat(left, right, spacing=24), native)


def _whisker(base: Any, low: str, high: str) -> list[Any]:
    """Draw a range between two columns as a line with a cap at both ends: three layers."""
    import altair as alt

    ends = [alt.Y(f"{column}:Q", axis=None, title=None) for column in (low, high)]
    caps = [base.mark_tick(color=ACCENT, thickness=1.5, size=8).encode(y=end) for end in ends]
    return [base.mark_rule(color=ACCENT, strokeWidth=1.5).encode(y=ends[0], y2=high), *caps]


def _delta_panel(deltas: pd.DataFrame, months: list[str], top: float, words: Words) -> Any:
    """Draw what differs from last year by month, on the scale of the months above it."""
    import altair as alt

    data = _plain(deltas)
    data["kind"] = data["change"].ge(0).map({True: "good", False: "bad"})
    span = max(0.0, data["change"].max()) - min(0.0, data["change"].min())
    base = alt.Chart(data).encode(
        x=alt.X("period:N", title=None, scale=alt.Scale(domain=months), axis=None),
        y=alt.Y("change:Q", title=None, axis=None, scale=alt.Scale(zero=True)),
    )
    bars = base.mark_bar(size=20).encode(
        color=alt.Color("kind:N", scale=alt.Scale(domain=["good", "bad"], range=[GOOD, BAD]), legend=None),
        tooltip=[alt.Tooltip("period:N", title=words.label("period")),
                 alt.Tooltip("change:Q", title=words.label("change"), format="+,.0f")],
    )  # fmt: skip
    above = base.transform_filter("datum.change >= 0").mark_text(dy=-7, fontSize=10).encode(text="text:N")
    below = base.transform_filter("datum.change < 0").mark_text(dy=8, fontSize=10).encode(text="text:N")
    height = max(24.0, _HEIGHT * span / top) if top > 0 else 24.0
    return (bars + above + below).properties(
        width=590, height=height, title=_heading(words("forecast.delta"))
    )


def movers_chart(steps: pd.DataFrame, *, words: Words, native: NativeChart) -> Figure:
    """Draw a waterfall of changes by account that ends in the total change.

    Parameters
    ----------
    steps : pandas.DataFrame
        One row per bar, top to bottom: row (its number), name, kind (up, down or total), low and high (ends
        of the bar in the order of time), change and text (the change as written).
    words : Words
        Labels.
    native : NativeChart
        The chart of the page's table in the workbook.
    """
    import altair as alt

    data = _plain(steps)
    data["right"] = data[["low", "high"]].max(axis=1)
    colour = alt.Scale(domain=["up", "down", "total"], range=[GOOD, BAD, DARK])
    rows = alt.Scale(domain=data["row"].tolist())
    names = json.dumps(data["name"].tolist())
    axis = alt.Axis(ticks=False, domain=False, labelLimit=210, labelExpr=f"{names}[datum.value]")
    base = alt.Chart(data).encode(y=alt.Y("row:O", title=None, scale=rows, axis=axis))
    bars = base.mark_bar(size=15).encode(
        x=alt.X("low:Q", title=None, axis=None, scale=alt.Scale(zero=True)),
        x2="high:Q",
        color=alt.Color("kind:N", scale=colour, legend=None),
        tooltip=[alt.Tooltip("name:N", title=words.label("name")),
                 alt.Tooltip("change:Q", title=words.label("change"), format="+,.0f")],
    )  # fmt: skip
    text = base.mark_text(align="left", dx=5).encode(x="right:Q", text="text:N")
    zero = alt.Chart(data.head(1)).mark_rule(color=LIGHT).encode(x=alt.X("low:Q", axis=None))
    return figure((zero + bars + text).properties(width=500, height=23 * len(data)), native)


def error_chart(
    levels: pd.DataFrame, horizons: pd.DataFrame, *, words: Words, level_name: str, native: NativeChart
) -> Figure:
    """Draw errors by level (bars) and by months ahead (lines), forecast beside seasonal naive.

    Parameters
    ----------
    levels : pandas.DataFrame
        One row per level and method: level (as written), name (the method, as written), wape [fraction].
    horizons : pandas.DataFrame
        One row per months ahead and method: horizon, name, wape [fraction], single (whether it stands on one
        date only, which is drawn hollow).
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
    ahead = alt.Chart(_plain(horizons)).encode(
        x=alt.X("horizon:O", title=words("forecast.months_ahead"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("wape:Q", title=None, scale=alt.Scale(zero=True),
                axis=alt.Axis(format=".0%", grid=True, gridColor=GRID, tickCount=4, domain=False)),
        tooltip=[alt.Tooltip("horizon:O", title=words("forecast.months_ahead")), *tooltip],
    )  # fmt: skip
    by_name = alt.Color("name:N", scale=colour, sort=names)
    edge = alt.Stroke("name:N", scale=colour, sort=names)
    line = ahead.mark_line().encode(color=by_name)
    dots = ahead.mark_circle(size=45, opacity=1).encode(color=by_name).transform_filter("!datum.single")
    hollow = ahead.mark_point(size=45, fill="white", opacity=1).encode(stroke=edge)
    hollow = hollow.transform_filter("datum.single")
    heading = "chart_horizon_single" if horizons["single"].any() else "chart_horizon"
    right = (line + dots + hollow).properties(
        width=270,
        height=34 * levels["level"].nunique(),
        title=_heading(words(f"forecast.{heading}", level=level_name)),
    )
    return figure(alt.hconcat(left, right, spacing=40), native)


def _scenario_encodings(names: list[str]) -> tuple[Any, Any, Any]:
    """Return fill, stroke and dash of previous year, actual and forecast, sharing one legend."""
    import altair as alt

    fill = alt.Fill("name:N", sort=names, scale=alt.Scale(domain=names, range=[LIGHT, DARK, PALE]))
    line = alt.Stroke("name:N", sort=names, scale=alt.Scale(domain=names, range=[LIGHT, DARK, DARK]))
    dash = alt.StrokeDash("name:N", sort=names, scale=alt.Scale(domain=names, range=[[1, 0], [1, 0], [3, 2]]))
    return fill, line, dash


def _values(rows: pd.DataFrame, *, ranged: pd.Series, **look: Any) -> list[Any]:
    """Write values above their bars, and below the top of bars from which a whisker goes on upwards."""
    import altair as alt

    halo = {"stroke": "white", "strokeWidth": 4, "strokeJoin": "round"}
    return [
        alt.Chart(part).mark_text(dy=dy, **look, **more)
        for part, dy in ((rows[~ranged], -7), (rows[ranged], 10))
        if len(part)  # a layer without rows has no extent, of which the browser complains
        for more in (halo, {})
    ]


def _heading(text: str) -> dict[str, Any]:
    return {"text": text, "anchor": "start", "fontSize": 11, "fontWeight": "normal", "color": DARK}


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with money as floats, which is what a drawing takes."""
    money = [c for c, dtype in table.dtypes.items() if isinstance(dtype, pd.ArrowDtype)]
    return table.assign(**{str(c): as_float(table[c]) for c in money}).reset_index(drop=True)
