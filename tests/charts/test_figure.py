from __future__ import annotations

import altair as alt
import pandas as pd

from kamlib.charts.figure import DARK, Figure, figure


def chart() -> alt.Chart:
    table = pd.DataFrame({"name": ["<script>", "华东"], "value": [1, 2]})
    return alt.Chart(table).mark_bar().encode(x="value:Q", y="name:N")


def test_a_figure_has_the_house_style_and_its_data_inside() -> None:
    made = figure(chart())
    assert made.spec["config"]["bar"] == {"color": DARK}
    assert made.spec["config"]["axis"]["grid"] is False
    assert next(iter(made.spec["datasets"].values()))[1] == {"name": "华东", "value": 2}
    assert made.native is None


def test_the_same_chart_is_drawn_the_same_and_names_stay_text() -> None:
    first, second = figure(chart()).svg, figure(chart()).svg
    assert first == second
    assert "&lt;script&gt;" in first
    assert "<script>" not in first
    assert "华东" in first


def test_a_drawing_made_before_is_kept() -> None:
    assert Figure({"mark": "bar"}, None, "<svg/>").svg == "<svg/>"
