"""Figures of how one target comes about: its steps from the total to the unit, and its accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import pandas as pd

from kamlib.charts.figure import ACCENT, DARK, LIGHT, Figure, NativeChart, figure
from kamlib.glossary import Words

_STEP, _ROW = 23, 21  # height of a row [px]
_STEPS, _NAMES = 172, 150  # room for labels [px]
_APART = 6  # between columns of text [px]
_LOOKS = {"PY": LIGHT, "PL": "#ffffff"}


@dataclass(frozen=True)
class TextColumn:
    """A column of text beside the bars of a figure.

    Attributes
    ----------
    field : str
        The column that is written.
    title : str
        Its heading.
    width : int
        Its width [px].
    align : str
        ``"left"`` or ``"right"``.
    """

    field: str
    title: str
    width: int
    align: Literal["left", "right"] = "right"


def steps_chart(steps: pd.DataFrame, *, texts: Sequence[TextColumn], words: Words) -> Figure:
    """Draw the steps to one target from top to bottom: how each is made, its exact amount, and a waterfall.

    Parameters
    ----------
    steps : pandas.DataFrame
        One row a step: step (its label), amount [currency], scenario (``total``, where the chain starts:
        written and not drawn, as it would dwarf the others; ``neutral``, what is added; ``PL``, what the
        steps add up to) and the columns of `texts`.
    texts : sequence of TextColumn
        What is written between label and bar.
    words : Words
        Labels and number formats.

    Returns
    -------
    Figure
        With a bridge in the workbook.
    """
    order = steps["step"].tolist()
    height = _STEP * len(order)
    bars = _floating(steps, words)
    scale = alt.Scale(domain=_span(bars, ["low", "high"], room=0.3), nice=False)
    y = alt.Y("step:N", sort=order, axis=None, scale=alt.Scale(type="band", domain=order))
    base = alt.Chart(bars).encode(y)
    body = base.mark_bar(size=13, strokeWidth=1).encode(
        alt.X("low:Q", title=None, axis=None, scale=scale),
        alt.X2("high:Q"),
        color=alt.Color("fill:N", scale=None),
        stroke=alt.Stroke("edge:N", scale=None),
        tooltip=[
            alt.Tooltip("step:N", title=words("planning.step")),
            alt.Tooltip("amount:Q", title=words("planning.amount"), format=",.2f"),
        ],
    )
    label = base.mark_text(align="left", dx=5, fontSize=11).encode(
        alt.X("high:Q", title=None, axis=None, scale=scale), text="short:N"
    )
    drawn = (body + label).properties(width=240, height=height)
    named = _texts(steps, texts, "step", height, axis=_labels(_STEPS))
    native = NativeChart("bridge", steps=_native(steps))
    return figure(alt.hconcat(named, drawn, spacing=12), native)


def accounts_chart(accounts: pd.DataFrame, *, texts: Sequence[TextColumn], words: Words) -> Figure:
    """Draw the accounts of one target: last year, target, the room between floor and cap, and their steps.

    Parameters
    ----------
    accounts : pandas.DataFrame
        One row per account from top to bottom: name, PY (NaN where it is not of this target), PL [currency],
        floor and cap [currency, NaN where there is none] and the columns of `texts`.
    texts : sequence of TextColumn
        What is written beside the bars.
    words : Words
        Labels and number formats.
    """
    names = accounts["name"].tolist()
    height = _ROW * max(len(names), 1)
    shown = [name for name in _LOOKS if accounts[name].notna().any()]
    most = max(float(accounts[shown].max().max()), 1.0)
    reach = min(max(most, float(accounts["cap"].max()) if accounts["cap"].notna().any() else 0.0), 3 * most)
    scale = alt.Scale(domain=[0, 1.05 * reach], clamp=True, nice=False)
    y = alt.Y(
        "name:N",
        sort=names,
        title=None,
        axis=_labels(_NAMES),
        scale=alt.Scale(type="band", paddingInner=0.25),
    )
    long = accounts.melt(["name"], shown, "scenario", "amount").dropna(subset="amount")
    bars = (
        alt.Chart(long.assign(amount=long["amount"].astype(float)))
        .mark_bar(strokeWidth=1)
        .encode(
            y,
            alt.X("amount:Q", title=None, axis=None, scale=scale),
            alt.YOffset("scenario:N", sort=shown),
            alt.Fill(
                "scenario:N", scale=alt.Scale(domain=shown, range=[_LOOKS[s] for s in shown]), sort=shown
            ),
            alt.Stroke(
                "scenario:N",
                scale=alt.Scale(domain=shown, range=[DARK if s == "PL" else LIGHT for s in shown]),
                sort=shown,
            ),
            tooltip=[
                alt.Tooltip("name:N", title=" "),
                alt.Tooltip("scenario:N", title=words("targets.scenario")),
                alt.Tooltip("amount:Q", title=words.label("amount"), format=",.0f"),
            ],
        )
    )
    line, ends = _room(accounts, y, scale, reach, words)
    left = alt.layer(*line, bars, *ends).properties(
        width=170, height=height, title=_room_title(accounts, words)
    )
    return figure(alt.hconcat(left, _texts(accounts, texts, "name", height), spacing=6))


def _floating(steps: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Place each bar: what is added from where the one before ended, the target from zero."""
    rows, level = [], 0.0
    for step, amount, scenario in zip(steps["step"], steps["amount"], steps["scenario"], strict=True):
        if scenario == "total":
            continue
        value = float(amount)
        start, end = (level, level + value) if scenario == "neutral" else (0.0, value)
        fill = ACCENT if scenario == "neutral" else "#ffffff"
        edge = ACCENT if scenario == "neutral" else DARK
        short = words.signed_money(round(value, 1) + 0.0) if scenario == "neutral" else words.money(value)
        rows.append((step, min(start, end), max(start, end), value, fill, edge, short))
        level = end
    return pd.DataFrame(rows, columns=["step", "low", "high", "amount", "fill", "edge", "short"])


def _native(steps: pd.DataFrame) -> tuple[Any, ...]:
    drawn = steps.loc[steps["scenario"] != "total", ["step", "amount", "scenario"]]
    return tuple(drawn.itertuples(index=False, name=None))


def _span(table: pd.DataFrame, columns: list[str], *, room: float) -> list[float]:
    low, high = min(0.0, float(table[columns].min().min())), max(0.0, float(table[columns].max().max()))
    return [low, high + room * ((high - low) or 1.0)]


def _texts(
    table: pd.DataFrame, texts: Sequence[TextColumn], by: str, height: int, *, axis: Any = None
) -> Any:
    """Write columns of text side by side, each with its heading, one line a row."""
    parts, heads, left = [], [], 0
    for text in texts:
        at = left if text.align == "left" else left + text.width
        parts.append(
            pd.DataFrame({"row": table[by], "at": at, "text": table[text.field], "align": text.align})
        )
        heads.append((at, text.title, text.align))
        left += text.width + _APART
    width = left - _APART
    order = table[by].tolist()
    x = alt.X("at:Q", title=None, axis=None, scale=alt.Scale(domain=[0, width], nice=False, zero=False))
    y = alt.Y("row:N", sort=order, title=None, axis=axis, scale=alt.Scale(type="band", domain=order))
    long = pd.concat(parts, ignore_index=True)
    headings = pd.DataFrame(heads, columns=["at", "text", "align"])
    layers = []
    for align in dict.fromkeys(text.align for text in texts):
        marked = alt.Chart(long[(long["align"] == align) & (long["text"] != "")][["row", "at", "text"]])
        layers.append(marked.mark_text(align=align, fontSize=11).encode(x, y, text="text:N"))
        head = alt.Chart(headings.loc[headings["align"] == align, ["at", "text"]])
        layers.append(head.mark_text(align=align, fontSize=11).encode(x, y=alt.value(-9), text="text:N"))
    return alt.layer(*layers).properties(width=width, height=height)


def _room(
    accounts: pd.DataFrame, y: Any, scale: Any, reach: float, words: Words
) -> tuple[list[Any], list[Any]]:
    """Draw the room between floor and cap: a line under the bars, and over them an end where there is one."""
    bounded = accounts[accounts["floor"].notna() | accounts["cap"].notna()]
    if not len(bounded):
        return [], []
    room = bounded[["name", "floor", "cap"]].astype({"floor": float, "cap": float})
    room = room.assign(low=room["floor"].fillna(0.0), high=room["cap"].fillna(1.05 * reach))
    base = alt.Chart(room).encode(y)
    line = base.mark_rule(color=LIGHT, strokeWidth=1.5).encode(
        alt.X("low:Q", title=None, axis=None, scale=scale), alt.X2("high:Q")
    )
    ends = [
        base.mark_tick(color=DARK, thickness=1.5, size=11)
        .encode(
            alt.X(f"{end}:Q", title=None, axis=None, scale=scale),
            tooltip=[
                alt.Tooltip("name:N", title=words.label("name")),
                alt.Tooltip(f"{end}:Q", title=words.label(end), format=",.0f"),
            ],
        )
        .transform_filter(f"isValid(datum.{end})")
        for end in ("floor", "cap")
    ]
    return [line], ends


def _room_title(accounts: pd.DataFrame, words: Words) -> Any:
    """Say what the marks between floor and cap are, where there are any."""
    some = bool(accounts[["floor", "cap"]].notna().any(axis=None))
    title = words("targets.chart_room") if some else ""
    return alt.TitleParams(title, fontSize=11, fontWeight="normal", frame="group", anchor="start")


def _labels(room: int) -> Any:
    return alt.Axis(ticks=False, domain=False, labelLimit=room, minExtent=room, maxExtent=room)
