from __future__ import annotations

import altair as alt
import pandas as pd
import pytest

from kamlib.charts.parts import (
    heading,
    log_span,
    log_ticks,
    money_axis,
    padded_scale,
    plain,
    tips,
    with_values,
)
from kamlib.glossary import Words
from kamlib.measures.money import to_money


def test_exact_money_becomes_floats_and_the_rest_stays() -> None:
    index = pd.Index([5, 7])
    money = to_money([12_500, 0], index=index).where([True, False])
    made = plain(pd.DataFrame({"revenue": money, "name": ["a", "b"]}, index=index))
    assert made["revenue"].fillna(-1).tolist() == [1.25, -1]
    assert made["name"].tolist() == ["a", "b"]
    assert made.index.tolist() == [0, 1]


def test_tooltips_are_headed_and_formatted_by_kind() -> None:
    made = [tip.to_dict() for tip in tips(Words("zh"), text=["name"], money=["revenue"], fraction=["share"])]
    assert [(tip["title"], tip.get("format")) for tip in made] == [
        ("名称", None), ("销售收入", ",.0f"), ("收入占比", ".1%"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "domain"), [([0.0, 100.0], [0, 115]), ([-100.0, 100.0], [-130, 130]), ([-100.0], [-115, 0])]
)
def test_bars_start_at_zero_with_room_for_their_values(values: list[float], domain: list[float]) -> None:
    assert padded_scale(pd.Series(values)).domain == pytest.approx(domain)


def test_logarithmic_axes() -> None:
    assert log_span(pd.Series([0.0, -1.0])) == [1, 10]
    assert log_ticks([8, 125]) == [10, 20, 50, 100]
    assert log_ticks([1, 1e9]) == [10.0**power for power in range(10)]


@pytest.mark.parametrize(("lang", "marks"), [("en", ["' k'", "' M'", "' B'"]), ("zh", ["'万'", "'亿'"])])
def test_money_on_an_axis_has_the_magnitudes_of_the_language(lang: str, marks: list[str]) -> None:
    expression = money_axis(Words(lang), [1, 1e6]).labelExpr
    assert all(mark in expression for mark in marks)
    assert expression.startswith(f"abs(datum.value) >= {10**9 if lang == 'en' else 10**8}")


def test_values_are_written_at_the_outer_end_of_their_bars() -> None:
    data = pd.DataFrame({"v": [2.0, -1.0], "text": ["2", "-1"]})
    base = alt.Chart(data).encode(alt.X("v:Q"))
    both = with_values(base, base.mark_bar(), data["v"], x="v").to_dict()
    marks = [layer["mark"] for layer in both["layer"]]
    assert [mark.get("align") for mark in marks] == [None, "left", "right"]
    assert len(with_values(base, base.mark_bar(), pd.Series([1.0]), x="v").to_dict()["layer"]) == 2


def test_a_heading_starts_at_the_left() -> None:
    assert heading("Revenue").to_dict()["anchor"] == "start"
