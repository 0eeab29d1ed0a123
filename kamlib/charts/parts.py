"""What the figures of several rooms share: scales, tooltips and number formats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from kamlib.charts.figure import DARK
from kamlib.glossary import MAGNITUDES, Words
from kamlib.measures.money import as_float


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Turn exact money into floats, which is all a drawing needs.

    Examples
    --------
    >>> from kamlib.measures.money import to_money
    >>> plain(pd.DataFrame({"revenue": to_money([15000])}))["revenue"].tolist()
    [1.5]
    """
    result = table.reset_index(drop=True)
    for column in result.columns:
        if isinstance(result[column].dtype, pd.ArrowDtype):
            result[column] = as_float(result[column])
    return result


def tips(
    words: Words,
    *,
    text: Sequence[str] = (),
    count: Sequence[str] = (),
    number: Sequence[str] = (),
    money: Sequence[str] = (),
    fraction: Sequence[str] = (),
) -> list[Any]:
    """Return tooltips of columns by what they hold, headed by their labels.

    Examples
    --------
    >>> [tip.to_dict()["title"] for tip in tips(Words("en"), text=["account_id"], money=["revenue"])]
    ['Account', 'Revenue']
    """
    kinds = (
        (text, "N", None),
        (count, "Q", ",d"),
        (number, "Q", ",.1f"),
        (money, "Q", ",.0f"),
        (fraction, "Q", ".1%"),
    )
    return [
        alt.Tooltip(f"{name}:{kind}", title=words.label(name), **({"format": style} if style else {}))
        for names, kind, style in kinds
        for name in names
    ]


def padded_scale(values: pd.Series) -> Any:
    """Return the scale of bars that start at zero, with room for the values written at their ends.

    Examples
    --------
    >>> padded_scale(pd.Series([100.0, -100.0])).domain
    [-130.0, 130.0]
    """
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    room = 0.15 * (high - low)
    return alt.Scale(domain=[low - room * (low < 0), high + room * (high > 0)], nice=False, zero=True)


def log_span(values: pd.Series) -> list[float]:
    """Return the ends of a logarithmic axis around positive values.

    Examples
    --------
    >>> log_span(pd.Series([10.0, 0.0, 100.0]))
    [8.0, 125.0]
    """
    above = values[values > 0]
    return [float(above.min()) * 0.8, float(above.max()) * 1.25] if len(above) else [1.0, 10.0]


def log_ticks(span: Sequence[float]) -> list[float]:
    """Return round values for a logarithmic axis: powers of ten, with 2 and 5 between where there is room.

    Examples
    --------
    >>> log_ticks([8, 125])
    [10.0, 20.0, 50.0, 100.0]
    """
    low, high = span
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(powers) <= 4 else (1,)
    values = [step * 10.0**power for power in powers for step in steps]
    return [value for value in values if low <= value <= high]


def money_axis(words: Words, span: Sequence[float]) -> Any:
    """Return a logarithmic axis of money, labelled with the language's magnitudes.

    Examples
    --------
    >>> "万" in money_axis(Words("zh"), [1e4, 1e6]).labelExpr
    True
    """
    text = "format(datum.value, ',~g')"
    for scale, sign in reversed(MAGNITUDES[words.lang]):
        scaled = f"format(datum.value / {scale:.0f}, ',~g') + '{sign}'"
        text = f"abs(datum.value) >= {scale:.0f} ? {scaled} : ({text})"
    return alt.Axis(labelExpr=text, labelOverlap=True, values=log_ticks(span))


def heading(text: str) -> Any:
    """Return the title over a part of a display.

    Examples
    --------
    >>> heading("revenue").anchor
    'start'
    """
    return alt.TitleParams(text, anchor="start", fontSize=12, fontWeight="normal", color=DARK)


def with_values(base: Any, bars: Any, values: pd.Series, *, x: str) -> Any:
    """Write the column `text` at the outer end of each bar of column `x`.

    Examples
    --------
    >>> base = alt.Chart(pd.DataFrame({"v": [1.0, -1.0], "text": ["a", "b"]})).encode(x="v:Q", y="text:N")
    >>> len(with_values(base, base.mark_bar(), pd.Series([1.0, -1.0]), x="v").layer)
    3
    """
    right = base.transform_filter(f"datum['{x}'] >= 0").mark_text(align="left", dx=5).encode(text="text:N")
    left = base.transform_filter(f"datum['{x}'] < 0").mark_text(align="right", dx=-5).encode(text="text:N")
    return alt.layer(bars, right, left) if (values < 0).any() else alt.layer(bars, right)
