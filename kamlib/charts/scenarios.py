"""Figure of scenarios: the total under each, and how far each moves the reps."""

from __future__ import annotations

import pandas as pd

from kamlib.charts.figure import ACCENT, DARK, LIGHT, Figure, NativeChart, figure
from kamlib.glossary import Words

_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
_COLOURS = [ACCENT, DARK, "#7a8a94", "#2f9e8f", "#a06a00", "#6b4fa0"]


def scenario_chart(
    totals: pd.DataFrame,
    reps: pd.DataFrame,
    *,
    words: Words,
    heading: str,
    native: NativeChart | None = None,
) -> Figure:
    """Draw the total of each scenario as a bar and each rep's change against the plan as dots.

    Parameters
    ----------
    totals : pandas.DataFrame
        One row per scenario from top to bottom: scenario, target [currency], growth [fraction, NaN where it
        has no base].
    reps : pandas.DataFrame
        One row per rep, or what else the book names, and scenario: name, scenario, change [currency].
    words : Words
        Labels and number formats.
    heading : str
        What stands above the dots.
    native : NativeChart, optional
        The chart of the page's table in the workbook.
    """
    import altair as alt

    order = totals["scenario"].tolist()
    said = [
        words.money(target) + ("" if pd.isna(growth) else f" ({words.signed_percent(growth)})")
        for target, growth in zip(totals["target"], totals["growth"], strict=True)
    ]
    reach = alt.Scale(domain=[0, 1.45 * max(float(totals["target"].max()), 1.0)])
    y = alt.Y("scenario:N", sort=order, title=None)
    base = alt.Chart(
        totals.assign(text=pd.Series(said, dtype="str")).astype({"scenario": "object", "text": "object"})
    )
    bars = base.mark_bar(fill="#ffffff", stroke=DARK, height={"band": 0.6}).encode(
        y, alt.X("target:Q", title=None, axis=None, scale=reach)
    )
    text = base.mark_text(align="left", dx=6, fontSize=11).encode(
        y, alt.X("target:Q", title=None, axis=None, scale=reach), text="text:N"
    )
    left = alt.layer(bars, text).properties(
        width=300, height=34 * len(order), title=words("targets.chart_scenario_total")
    )
    others = [name for name in order if name in set(reps["scenario"])]
    if not others:
        return figure(left, native)
    span = max(float(reps["change"].abs().max()), 1.0)
    names = reps.groupby("name", sort=True)["change"].apply(lambda c: c.abs().max())
    ranked = names.sort_values(ascending=False, kind="stable").index.tolist()
    drawn = reps.assign(tip=[words.signed_money(v) for v in reps["change"]]).astype(
        {"name": "object", "scenario": "object", "tip": "object"}
    )
    rule = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(color=LIGHT).encode(alt.X("x:Q", title=None))
    dots = (
        alt.Chart(drawn)
        .mark_point(filled=True, size=60, opacity=0.9)
        .encode(
            alt.Y("name:N", sort=ranked, title=None),
            alt.X("change:Q", title=None, scale=alt.Scale(domain=[-1.05 * span, 1.05 * span]),
                  axis=alt.Axis(format="~s", tickCount=5)),
            alt.Color("scenario:N", sort=others, title=None, legend=alt.Legend(orient="top"),
                      scale=alt.Scale(domain=others, range=_COLOURS[: len(others)])),
            alt.Shape("scenario:N", sort=others, title=None,
                      scale=alt.Scale(domain=others, range=_SHAPES[: len(others)])),
            tooltip=[alt.Tooltip("name:N"), alt.Tooltip("scenario:N"), alt.Tooltip("tip:N", title=" ")],
        )
    )  # fmt: skip
    right = alt.layer(rule, dots).properties(width=300, height=22 * len(ranked), title=heading)
    return figure(alt.hconcat(left, right, spacing=24), native)
