"""Figures of chapter 3: targets beside last year and the forecast, months, weeks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from kamlib.charts.figure import BAD, DARK, GOOD, LIGHT, Figure, NativeChart, figure
from kamlib.glossary import Words

_PALE = "#f4f6f7"
_LOOKS = {
    "PY": (LIGHT, LIGHT, [1, 0]),
    "FC": (_PALE, DARK, [3, 2]),
    "PL": ("#ffffff", DARK, [1, 0]),
}
_WRITTEN = {"reach": "targets.reach_chart_probability", "held": "targets.chart_held"}
_STEEP = 2.0
_NAMES = 130
_WEEKS_WRITTEN = 20  # more bars than that are too narrow for an amount each, and for a day each
_WEEKS_APART = 4  # of so many every fourth is named
_USED = 0.8
_TEXTS = ("name", "heading", "text", "reach", "held")


def margin_chart(
    groups: Sequence[pd.DataFrame], *, words: Words, native: NativeChart | None = None
) -> Figure:
    """Draw targets beside last year and the forecast, and what is asked over last year.

    Parameters
    ----------
    groups : sequence of pandas.DataFrame
        One table per dimension, one row per bar group from top to bottom: name, heading (the same on every
        row), PY, FC (NaN where there is none), PL, change (PL - PY, NaN where PY is not known whole)
        [currency] and growth [fraction, NaN where it has no base]; perhaps reach, the probability of
        reaching the target, and held, what is asked beyond what holds already, both as written. All are drawn
        to one scale.
    words : Words
        Labels and number formats.
    native : NativeChart, optional
        The chart of the page's table in the workbook.
    """
    import altair as alt

    largest = max(float(t[["PY", "FC", "PL"]].max().max()) for t in groups)
    lowest = min(0.0, *(float(t[["PY", "FC", "PL"]].min().min()) for t in groups))
    every = pd.concat(list(groups))
    changes, growths = _span(every["change"]), _span(every["growth"].clip(-_STEEP, _STEEP))
    rows = [
        alt.hconcat(
            _amounts(table, (lowest, 1.18 * largest), words),
            _changes(table, changes, words),
            _growths(table, growths, words),
            *(_beside(table, name, words(title)) for name, title in _WRITTEN.items() if name in table),
            spacing=14,
        )
        for table in groups
    ]
    chart = rows[0] if len(rows) == 1 else alt.vconcat(*rows, spacing=18)
    return figure(chart, native)


def month_chart(
    months: pd.DataFrame, quarters: pd.DataFrame, *, words: Words, native: NativeChart | None = None
) -> Figure:
    """Draw the months of the period beside its quarters.

    Parameters
    ----------
    months, quarters : pandas.DataFrame
        One row per month or quarter in time: name, PY, FC (NaN where there is none), PL [currency]; without
        rows in `quarters` the months stand alone.
    words : Words
        Labels and number formats.
    native : NativeChart, optional
        The chart of the page's table in the workbook.
    """
    import altair as alt

    if not len(quarters):
        return figure(_columns(months, words, width=180 * len(months)), native)
    left = _columns(months, words, width=460 if len(quarters) > 1 else 500)
    right = _columns(quarters, words, width=220 if len(quarters) > 1 else 170)
    both = alt.hconcat(left, right, spacing=30)
    return figure(both.resolve_scale(xOffset="independent"), native)


def week_chart(weeks: pd.DataFrame, *, words: Words) -> Figure:
    """Draw the target of each week in time, with its working days below where there is room.

    Parameters
    ----------
    weeks : pandas.DataFrame
        One row per week, whole or cut where a month ends: starts, working_days, target [currency].
    words : Words
        Labels and number formats.
    """
    import altair as alt

    data = pd.DataFrame(
        {
            "week": [f"{day:%m-%d}" for day in weeks["starts"]],
            "amount": weeks["target"].astype("float64").to_numpy(),
            "days": weeks["working_days"].to_numpy(),
            "text": pd.Series([words.money(v) for v in weeks["target"]], dtype="object"),
        }
    )
    order = data["week"].tolist()
    few = len(data) <= _WEEKS_WRITTEN
    named = {} if few else {"values": order[::_WEEKS_APART]}
    x = alt.X("week:N", sort=order, title=None, axis=alt.Axis(labelAngle=-45, ticks=False, **named))
    base = alt.Chart(data.astype({"week": "object"})).encode(x)
    bars = base.mark_bar(fill="#ffffff", stroke=DARK, strokeWidth=1).encode(
        alt.Y("amount:Q", title=None, axis=None),
        tooltip=[
            alt.Tooltip("week:N", title=words.label("starts")),
            alt.Tooltip("days:Q", title=words.label("working_days")),
            alt.Tooltip("text:N", title="PL"),
        ],
    )
    parts = [bars]
    if few:
        parts.append(base.mark_text(dy=-7, fontSize=10).encode(alt.Y("amount:Q"), text="text:N"))
        inside = (
            base.transform_filter("datum.days > 0")
            .mark_text(dy=-8, fontSize=10, color=DARK)
            .encode(y=alt.value(150), text="days:Q")
        )
        parts.append(inside)
    heading = "targets.chart_weeks" if few else "targets.chart_weeks_many"
    title = alt.TitleParams(words(heading, weeks=len(data)), fontSize=12, anchor="start")
    return figure(alt.layer(*parts).properties(width=700, height=150, title=title))


def _columns(table: pd.DataFrame, words: Words, *, width: int) -> Any:
    import altair as alt

    names = table["name"].tolist()
    shown = [s for s in _LOOKS if table[s].notna().any()]
    long = _long(table, shown, words)
    widest = max((_width(t) for t in long["text"]), default=0.0)
    bar = _USED * width / max(len(names) * len(shown), 1)
    crowded, upright = bar < widest, bar < 0.8 * widest
    base = alt.Chart(long).encode(
        alt.X(
            "name:N",
            sort=names,
            title=None,
            axis=alt.Axis(labelAngle=-45 if len(names) > 6 else 0, ticks=False),
        ),
        alt.XOffset("scenario:N", sort=shown, scale=alt.Scale(paddingInner=0.06)),
        alt.Y("amount:Q", title=None, axis=None, scale=alt.Scale(zero=True)),
    )
    bars = base.mark_bar(strokeWidth=1).encode(*_scenarios(shown), tooltip=_tips(words))
    text = base.mark_text(dy=-7, fontSize=11)
    if crowded:
        turned = {"angle": 270, "align": "left", "baseline": "middle", "dx": 5} if upright else {"dy": -7}
        text = base.mark_text(fontSize=10, **turned).transform_filter("datum.scenario == 'PL'")
        halo = base.mark_text(fontSize=10, stroke="white", strokeWidth=2, strokeJoin="round", **turned)
        halo = halo.transform_filter("datum.scenario == 'PL'").encode(text="text:N")
        bars = bars + halo
    return (bars + text.encode(text="text:N")).properties(width=width, height=250)


def _width(text: str) -> float:
    """Return about how wide a value is written [px]; Chinese characters are twice as wide as figures."""
    return 6.0 + sum(11.0 if ord(sign) > 0x2E7F else 3.5 if sign in " .," else 6.5 for sign in text)


def _amounts(table: pd.DataFrame, domain: tuple[float, float], words: Words) -> Any:
    import altair as alt

    names = table["name"].tolist()
    shown = [s for s in _LOOKS if table[s].notna().any()]
    base = alt.Chart(_long(table, shown, words)).encode(
        alt.Y("name:N", sort=names, title=None, axis=_structure()),
        alt.YOffset("scenario:N", sort=shown),
        alt.X("amount:Q", title=None, axis=None, scale=alt.Scale(domain=list(domain), nice=False)),
    )
    bars = base.mark_bar(strokeWidth=1).encode(*_scenarios(shown), tooltip=_tips(words))
    text = base.mark_text(align="left", dx=4, fontSize=10).encode(text="text:N")
    return (bars + text).properties(width=300, height=_height(table), title=table["heading"].iloc[0])


def _changes(table: pd.DataFrame, span: list[float], words: Words) -> Any:
    data = _plain(table).assign(
        amount=table["change"].astype(float).fillna(0).to_numpy(),
        text=[words.signed_money(v) if v == v else "–" for v in table["change"]],
        side=np.where(table["change"] < 0, "down", "up"),
    )
    return _variance(data, span, title="ΔPY", width=140)


def _growths(table: pd.DataFrame, span: list[float], words: Words) -> Any:
    growth = table["growth"].astype(float)
    data = _plain(table).assign(
        amount=growth.fillna(0).clip(-_STEEP, _STEEP).to_numpy(),
        text=[words.signed_percent(v) if v == v else "–" for v in growth],
        side=np.where(growth < 0, "down", "up"),
    )
    return _variance(data, span, title="ΔPY %", width=120, lollipop=True)


def _beside(table: pd.DataFrame, column: str, title: str) -> Any:
    """Write a column of texts beside the bars."""
    import altair as alt

    base = alt.Chart(_plain(table)).encode(alt.Y("name:N", sort=table["name"].tolist(), axis=None))
    text = base.mark_text(align="left", fontSize=11).encode(x=alt.value(0), text=f"{column}:N")
    return text.properties(width=56, height=_height(table), title=title)


def _span(values: pd.Series) -> list[float]:
    """Return the ends of an axis of variances, with room for what is written beside them."""
    known = values.astype(float).fillna(0)
    low, high = min(float(known.min()), 0.0), max(float(known.max()), 0.0)
    room = 0.9 * ((high - low) or 1.0)
    return [low - (room if low < 0 else 0.0), high + (room if high > 0 or low == 0 else 0.0)]


def _variance(
    data: pd.DataFrame, span: list[float], *, title: str, width: int, lollipop: bool = False
) -> Any:
    """Draw variances from a common zero: green to the right, red to the left, with sign."""
    import altair as alt

    scale = alt.Scale(domain=span, nice=False)
    names = data["name"].tolist()
    base = alt.Chart(data).encode(
        alt.Y("name:N", sort=names, axis=None),
        alt.X("amount:Q", title=None, axis=None, scale=scale),
        color=alt.Color("side:N", scale=alt.Scale(domain=["up", "down"], range=[GOOD, BAD]), legend=None),
        tooltip=[alt.Tooltip("name:N", title=" "), alt.Tooltip("text:N", title=title)],
    )
    zero = (
        alt.Chart(pd.DataFrame({"zero": [0]}))
        .mark_rule(color=DARK)
        .encode(alt.X("zero:Q", title=None, axis=None, scale=scale))
    )
    body = [base.mark_bar(size=11)]
    if lollipop:
        body = [base.mark_bar(size=2), base.mark_point(size=45, shape="square", opacity=1)]
    texts = [
        base.mark_text(align=align, dx=dx, fontSize=11)
        .encode(text="text:N", color=alt.value(DARK))
        .transform_filter(f"datum.side == '{side}'")
        for side, align, dx in (("up", "left", 6), ("down", "right", -6))
    ]
    return alt.layer(*body, zero, *texts).properties(width=width, height=_height(data), title=title)


def _scenarios(shown: list[str]) -> tuple[Any, Any, Any]:
    """Return fill, stroke and dash of the scenarios, sharing one legend."""
    import altair as alt

    def scale(part: int) -> Any:
        return alt.Scale(domain=shown, range=[_LOOKS[s][part] for s in shown])

    return (
        alt.Fill("scenario:N", sort=shown, scale=scale(0)),
        alt.Stroke("scenario:N", sort=shown, scale=scale(1)),
        alt.StrokeDash("scenario:N", sort=shown, scale=scale(2)),
    )


def _long(table: pd.DataFrame, shown: list[str], words: Words) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"name": table["name"], "scenario": s, "amount": table[s].astype(float)}) for s in shown
    ]
    long = pd.concat(parts, ignore_index=True)
    long = long[long["amount"].notna()].reset_index(drop=True)
    return long.assign(text=[words.money(v) for v in long["amount"]])


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that holds only text and floats, as a chart carries them."""
    return table.astype({c: float for c in table.columns if c not in _TEXTS}).reset_index(drop=True)


def _tips(words: Words) -> list[Any]:
    import altair as alt

    return [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("scenario:N", title=words("targets.scenario")),
        alt.Tooltip("amount:Q", title=words.label("amount"), format=",.0f"),
    ]


def _structure() -> Any:
    import altair as alt

    return alt.Axis(ticks=False, domain=False, labelLimit=_NAMES, minExtent=_NAMES, maxExtent=_NAMES)


def _height(table: pd.DataFrame) -> int:
    return 42 * max(len(table), 1)
