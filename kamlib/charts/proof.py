"""Figures of the proof by history: errors by rule with what chance makes of them, and whom a rule favours."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.charts.figure import ACCENT, DARK, GRID, LIGHT, Figure, NativeChart, figure
from kamlib.charts.parts import heading, padded_scale
from kamlib.glossary import Words

_ROW = 30
_NAMES = 190


def proof_chart(rules: pd.DataFrame, *, error: str, words: Words, native: NativeChart) -> Figure:
    """Draw each rule's error, how much more it is than the best one's, and what attainment goes with.

    Parameters
    ----------
    rules : pandas.DataFrame
        One row per rule from top to bottom: name, rep_error, account_error, error_difference, difference_low
        and difference_high (NaN without an interval) [fraction], used (whether it is the rule in use),
        size_correlation and growth_correlation (NaN where unknown), text (the error as written).
    error : str
        The error that is drawn, a column of `rules`.
    words : Words
        Labels.
    native : NativeChart
        The chart of the page's table in the workbook.
    """
    import altair as alt

    names, height = rules["name"].tolist(), _ROW * len(rules)
    y = alt.Y("name:N", sort=names, title=None, axis=_names())
    base = alt.Chart(rules).encode(
        y, alt.X(f"{error}:Q", title=None, axis=None, scale=padded_scale(rules[error]))
    )
    bars = base.mark_bar(size=16).encode(
        color=alt.Color("used:N", scale=alt.Scale(domain=[True, False], range=[DARK, LIGHT]), legend=None),
        tooltip=_tips(words, error),
    )
    text = base.mark_text(align="left", dx=5).encode(text="text:N")
    left = (bars + text).properties(width=180, height=height, title=heading(words(f"proof.chart_{error}")))
    parts = [left]
    if rules["difference_low"].notna().any():
        parts.append(_differences(rules, names, height, words))
    if rules[["size_correlation", "growth_correlation"]].notna().any(axis=None):
        parts.append(_correlations(rules, names, height, words))
    return figure(
        alt.hconcat(*parts, spacing=24).resolve_scale(color="independent", shape="independent"), native
    )


def _differences(rules: pd.DataFrame, names: list[str], height: int, words: Words) -> Any:
    import altair as alt

    ends = rules[["difference_low", "difference_high", "error_difference"]]
    span = [min(0.0, float(ends.min().min())), max(0.01, float(ends.max().max()))]
    x = {"title": None, "scale": alt.Scale(domain=span, nice=True)}
    axis = alt.Axis(format="+.0%", tickCount=3, domain=False)
    base = alt.Chart(rules).encode(alt.Y("name:N", sort=names, axis=None))
    lines = base.mark_rule(color=DARK, strokeWidth=1.5).encode(
        alt.X("difference_low:Q", axis=axis, **x), alt.X2("difference_high:Q")
    )
    dots = base.mark_point(color=DARK, filled=True, size=55, opacity=1).encode(
        alt.X("error_difference:Q", axis=axis, **x),
        tooltip=_tips(words, "error_difference", "difference_low", "difference_high"),
    )
    zero = (
        alt.Chart(pd.DataFrame({"zero": [0.0]}))
        .mark_rule(color=ACCENT)
        .encode(alt.X("zero:Q", axis=axis, **x))
    )
    return (zero + lines + dots).properties(
        width=170, height=height, title=heading(words("proof.chart_difference"))
    )


def _correlations(rules: pd.DataFrame, names: list[str], height: int, words: Words) -> Any:
    import altair as alt

    kinds = {"size_correlation": words("proof.with_size"), "growth_correlation": words("proof.with_growth")}
    long = pd.concat(
        [
            pd.DataFrame({"name": rules["name"], "kind": said, "r": rules[column]})
            for column, said in kinds.items()
        ],
        ignore_index=True,
    ).dropna(subset="r")
    axis = alt.Axis(values=[-1, -0.5, 0, 0.5, 1], format="+.1f", grid=True, gridColor=GRID, domain=False)
    base = alt.Chart(long).encode(
        alt.Y("name:N", sort=names, axis=None),
        alt.X("r:Q", title=None, axis=axis, scale=alt.Scale(domain=[-1, 1])),
    )
    said = list(kinds.values())
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(
        color=alt.Color("kind:N", sort=said, scale=alt.Scale(domain=said, range=[DARK, ACCENT])),
        shape=alt.Shape("kind:N", sort=said, scale=alt.Scale(domain=said, range=["circle", "diamond"])),
        tooltip=[
            alt.Tooltip("name:N", title=" "),
            alt.Tooltip("kind:N", title=" "),
            alt.Tooltip("r:Q", title="r", format="+.2f"),
        ],
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=DARK).encode(alt.X("zero:Q", axis=axis))
    return (zero + dots).properties(width=150, height=height, title=heading(words("proof.chart_correlation")))


def _tips(words: Words, *columns: str) -> list[Any]:
    import altair as alt

    return [
        alt.Tooltip("name:N", title=" "),
        *(alt.Tooltip(f"{column}:Q", title=words.label(column), format=".1%") for column in columns),
    ]


def _names() -> Any:
    import altair as alt

    return alt.Axis(ticks=False, domain=False, labelLimit=_NAMES, minExtent=_NAMES, maxExtent=_NAMES)
