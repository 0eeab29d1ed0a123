"""Figures of the pipeline: the funnel by stage, what stages said beside what came, and the months to come."""

from __future__ import annotations

import pandas as pd

from kamlib.charts.figure import ACCENT, DARK, GRID, LIGHT, Figure, NativeChart, figure
from kamlib.charts.parts import padded_scale, plain, tips
from kamlib.glossary import Words

_ROW = 34


def funnel_chart(
    stages: pd.DataFrame, reliability: pd.DataFrame, *, words: Words, native: NativeChart
) -> Figure:
    """Draw amount and weighted value by stage, and beside it the win rates said, found and used.

    Parameters
    ----------
    stages : pandas.DataFrame
        One row per stage and measure: stage, name (of the measure, as written), amount and text.
    reliability : pandas.DataFrame
        One row per stage: stage, given_rate, found_rate (NaN without a finding), rate_low and rate_high (of
        the rate used), used_rate [fraction].
    words : Words
        Labels.
    native : NativeChart
        The chart of the page's table in the workbook.
    """
    import altair as alt

    names, order = list(dict.fromkeys(stages["name"])), list(dict.fromkeys(stages["stage"]))
    height = _ROW * len(order)
    y = alt.Y("stage:N", sort=order, title=words.label("stage"), axis=alt.Axis(ticks=False, domain=False))
    data = plain(stages)
    base = alt.Chart(data).encode(
        y=y,
        yOffset=alt.YOffset("name:N", sort=names),
        x=alt.X("amount:Q", title=None, axis=None, scale=padded_scale(data["amount"])),
        tooltip=[alt.Tooltip("stage:N"), alt.Tooltip("name:N", title=" "), alt.Tooltip("text:N", title=" ")],
    )
    colour = alt.Color("name:N", sort=names, scale=alt.Scale(domain=names, range=[LIGHT, DARK]))
    bars = base.mark_bar().encode(color=colour)
    text = base.mark_text(align="left", dx=4, fontSize=10).encode(text="text:N")
    left = (bars + text).properties(width=330, height=height, title=words("pipeline.chart_funnel"))
    both = alt.hconcat(left, _rates(reliability, order, height, words), spacing=40)
    return figure(both.resolve_scale(color="independent", shape="independent"), native)


def _rates(reliability: pd.DataFrame, order: list[str], height: int, words: Words) -> object:
    """Draw what stages said (open), what came with its range (blue) and what is used (dark)."""
    import altair as alt

    marks = {"given_rate": "said", "found_rate": "found", "used_rate": "used"}
    names = [words(f"pipeline.{name}") for name in marks.values()]
    points = pd.concat(
        [
            reliability[["stage", column]].set_axis(["stage", "rate"], axis=1).assign(name=name)
            for column, name in zip(marks, names, strict=True)
        ],
        ignore_index=True,
    ).dropna(subset="rate")
    y = alt.Y("stage:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False))
    x = alt.X(
        "rate:Q",
        title=None,
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    ranges = reliability.dropna(subset=["rate_low", "rate_high"])
    rule = alt.Chart(ranges).mark_rule(color=ACCENT, strokeWidth=1.5).encode(
        y=y, x=alt.X("rate_low:Q", title=None), x2="rate_high:Q"
    )  # fmt: skip
    dots = alt.Chart(points).mark_point(size=70, filled=True).encode(
        y=y,
        x=x,
        color=alt.Color("name:N", sort=names, scale=alt.Scale(domain=names, range=[LIGHT, ACCENT, DARK])),
        shape=alt.Shape(
            "name:N", sort=names, scale=alt.Scale(domain=names, range=["square", "circle", "diamond"])
        ),
        tooltip=[
            alt.Tooltip("stage:N"),
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("rate:Q", format=".0%"),
        ],
    )  # fmt: skip
    return alt.layer(rule, dots).properties(width=240, height=height, title=words("pipeline.chart_rates"))


def months_chart(months: pd.DataFrame, *, words: Words) -> Figure:
    """Draw the weighted value by month it may close, and below it what of that is new business.

    Parameters
    ----------
    months : pandas.DataFrame
        One row per month: period, weighted and new_business [currency].
    words : Words
        Labels.
    """
    import altair as alt

    data = plain(months)
    scale = alt.Scale(domain=[0, 1.25 * max(float(data["weighted"].max()), 1.0)])
    parts = []
    for column, name, colour in (("weighted", "chart_weighted", LIGHT), ("new_business", "chart_new", DARK)):
        part = data.assign(text=[words.money(v) if v else "" for v in months[column]])
        base = alt.Chart(part).encode(
            x=alt.X("period:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False)),
            y=alt.Y(f"{column}:Q", title=None, axis=None, scale=scale),
            tooltip=tips(words, text=["period"], money=["weighted", "new_business"]),
        )
        drawn = base.mark_bar(color=colour) + base.mark_text(dy=-7, fontSize=10).encode(text="text:N")
        parts.append(drawn.properties(width=720, height=80, title=words(f"pipeline.{name}")))
    return figure(alt.vconcat(*parts, spacing=12))


def lean_chart(judged: pd.DataFrame, *, words: Words, native: NativeChart) -> Figure:
    """Draw each rep's lean with its interval around zero; those that lean are coloured.

    Parameters
    ----------
    judged : pandas.DataFrame
        One row per rep, top to bottom: name, lean, lean_low, lean_high [fraction], leaning.
    words : Words
        Labels.
    native : NativeChart
        The chart of the page's table in the workbook.
    """
    import altair as alt

    data = plain(judged.dropna(subset="lean")).assign(
        text=judged["lean"].dropna().map(words.signed_percent).astype("str").to_numpy(),
        leans=judged.dropna(subset="lean")["leaning"].isin(["sandbags", "happy_ears"]).to_numpy(),
    )
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False))
    scale = alt.X(
        "lean:Q", title=words.label("lean"), axis=alt.Axis(format="+.0%", grid=True, gridColor=GRID)
    )
    colour = alt.condition("datum.leans", alt.value(ACCENT), alt.value(DARK))
    tooltip = tips(words, text=["name"], fraction=["lean", "lean_low", "lean_high"])
    points = alt.Chart(data).mark_point(size=60, filled=True)
    dots = points.encode(y=y, x=scale, color=colour, tooltip=tooltip)
    known = alt.Chart(data.dropna(subset="lean_low"))
    rule = known.mark_rule(strokeWidth=1.5).encode(
        y=y, x=alt.X("lean_low:Q", title=words.label("lean")), x2="lean_high:Q", color=colour
    )
    text = (
        alt.Chart(data)
        .mark_text(align="left", dx=8, dy=-8, fontSize=10)
        .encode(y=y, x="lean:Q", text="text:N")
    )
    zero = alt.Chart(pd.DataFrame({"at": [0.0]})).mark_rule(color=LIGHT).encode(x="at:Q")
    drawn = alt.layer(zero, rule, dots, text).properties(width=520, height=26 * max(len(data), 1))
    return figure(drawn, native)
