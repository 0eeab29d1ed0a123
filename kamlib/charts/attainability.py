"""Figure of chapter 3: targets against the range of what may come, with the probability of each."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.charts.figure import ACCENT, DARK, Figure, NativeChart, figure
from kamlib.glossary import Words

_PALE = "#f4f6f7"
_ROW = 30
_APART = 9  # a mark at zero is not to touch the name beside it
_TEXTS = ("name", "target", "reach", "said")


def reach_chart(rows: pd.DataFrame, *, title: str, words: Words, native: NativeChart | None = None) -> Figure:
    """Draw targets as dots on the 80 % range of what may come, each with its probability.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per rep from top to bottom: name, PL, FC, low and high (ends of the range) [currency, NaN
        where unknown], target and reach (the probability), both as written, and said (in words).
    title : str
        Heading over the ranges.
    words : Words
        Labels and number formats.
    native : NativeChart, optional
        The chart of the page's table in the workbook.
    """
    import altair as alt

    data = rows.astype({c: float for c in rows.columns if c not in _TEXTS}).reset_index(drop=True)
    names, height = data["name"].tolist(), _ROW * max(len(data), 1)
    ends = data[["PL", "FC", "low", "high"]]
    reach = [min(0.0, float(ends.min().min())), 1.05 * max(float(ends.max().max()), 1.0)]
    scale = alt.Scale(domain=reach, nice=False)
    axis = alt.Axis(
        ticks=False, domain=False, labelLimit=142, labelPadding=_APART, minExtent=150, maxExtent=150
    )
    y = alt.Y("name:N", sort=names, title=None, axis=axis)

    def x(column: str) -> Any:
        return alt.X(f"{column}:Q", title=None, axis=None, scale=scale)

    tips = [alt.Tooltip("name:N", title=" ")] + [
        alt.Tooltip(f"{column}:Q", title=title, format=",.0f")
        for column, title in (("PL", "PL"), ("FC", "FC"), ("low", words.label("low_80")),
                              ("high", words.label("high_80")))
    ]  # fmt: skip
    base = alt.Chart(data).encode(y, tooltip=tips)
    known = base.transform_filter("isValid(datum.high)")
    span = known.mark_rule(color=ACCENT, strokeWidth=2).encode(x("low"), alt.X2("high:Q"))
    caps = [known.mark_tick(color=ACCENT, thickness=2, size=9).encode(x(end)) for end in ("low", "high")]
    dots = [_dots(base.encode(x(column)), column) for column in ("FC", "PL")]
    left = alt.layer(span, *caps, *dots).properties(width=300, height=height, title=title)
    written = [
        _written(alt.Chart(data), names, column, width, height).properties(
            title=words(f"targets.reach_{heading}")
        )
        for column, width, heading in (("target", 66, "chart_target"), ("reach", 66, "chart_probability"),
                                     ("said", 110, "chart_band"))
    ]  # fmt: skip
    return figure(alt.hconcat(left, *written, spacing=12), native)


def _dots(base: Any, column: str) -> Any:
    """Draw the forecast as a pale circle with a dashed outline, the target as an outlined diamond."""
    import altair as alt

    looks = {"FC": (_PALE, [3, 2]), "PL": ("#ffffff", [1, 0])}
    fill, dash = looks[column]
    shapes = alt.Scale(domain=["FC", "PL"], range=["circle", "diamond"])
    return (
        base.transform_filter(f"isValid(datum.{column})")
        .transform_calculate(scenario=f"'{column}'")
        .mark_point(size=90, filled=False, fill=fill, stroke=DARK, strokeDash=dash, opacity=1)
        .encode(shape=alt.Shape("scenario:N", scale=shapes, title=None))
    )


def _written(base: Any, names: list[str], column: str, width: int, height: int) -> Any:
    import altair as alt

    return (
        base.mark_text(align="left", fontSize=11)
        .encode(alt.Y("name:N", sort=names, axis=None), x=alt.value(0), text=f"{column}:N")
        .properties(width=width, height=height)
    )
