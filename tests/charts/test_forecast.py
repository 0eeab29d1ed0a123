from __future__ import annotations

import json

import pandas as pd
import pytest

from kamlib.charts import forecast as charts
from kamlib.charts.figure import BAD, DARK, GOOD, LIGHT, NativeChart
from kamlib.glossary import Words

NATIVE = NativeChart("column", "period", {"actual": "AC"})
MONTHS = pd.DataFrame(
    {
        "period": ["2025-01", "2025-01", "2025-02", "2025-02"],
        "scenario": ["PY", "AC", "PY", "FC"],
        "amount": [90.0, 100.0, 95.0, 80.0],
        "low": [float("nan")] * 3 + [70.0],
        "high": [float("nan")] * 3 + [92.0],
        "text": ["", "100", "", "80.0"],
    }
)
DELTAS = pd.DataFrame({"period": ["2025-01", "2025-02"], "change": [10.0, -15.0], "text": ["+10.0", "-15.0"]})
TOTALS = pd.DataFrame(
    {
        "bar": ["2024", "2025", "2025"],
        "scenario": ["PY", "AC", "FC"],
        "low": [0.0, 0.0, 100.0],
        "high": [185.0, 100.0, 180.0],
        "amount": [185.0, 100.0, 80.0],
        "text": ["185", "", "180"],
        "from": [float("nan")] * 2 + [170.0],
        "to": [float("nan")] * 2 + [192.0],
    }
)
STEPS = pd.DataFrame(
    {
        "row": [0, 1, 2],
        "name": ["Twin", "Twin", "ΔPY"],
        "kind": ["up", "down", "total"],
        "low": [0.0, 30.0, 0.0],
        "high": [30.0, 10.0, 10.0],
        "change": [30.0, -20.0, 10.0],
        "text": ["+30.0", "-20.0", "+10.0"],
    }
)
LEVELS = pd.DataFrame({"level": ["Company"] * 2, "wape": [0.1, 0.2], "name": ["blend", "naive"]})
AHEAD = pd.DataFrame(
    {
        "horizon": [1, 2, 1, 2],
        "wape": [0.1, 0.1, 0.2, 0.2],
        "name": ["blend"] * 2 + ["naive"] * 2,
        "single": [False, True] * 2,
    }
)


def values_of(spec: dict) -> list[dict]:
    return [row for rows in spec["datasets"].values() for row in rows]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("deltas", [DELTAS, DELTAS.head(0)])
def test_the_year_is_drawn_with_and_without_last_year(lang: str, deltas: pd.DataFrame) -> None:
    words = Words(lang, "EUR")
    figure = charts.year_chart(MONTHS, deltas, TOTALS, words=words, native=NATIVE)
    assert figure.native == NATIVE
    assert "100" in figure.svg
    assert words("forecast.py") in figure.svg
    assert (words("forecast.delta") in figure.svg) == bool(len(deltas))


def test_a_value_stands_on_its_own_bar_though_last_year_was_higher() -> None:
    spec = charts.year_chart(MONTHS, DELTAS, TOTALS, words=Words("en"), native=NATIVE).spec
    layers = spec["hconcat"][0]["vconcat"][0]["layer"]
    texts = [layer for layer in layers if layer["mark"]["type"] == "text"]
    assert texts
    for layer in texts:
        assert layer["encoding"]["y"]["field"] == "amount"
        assert layer["encoding"]["xOffset"] == layers[0]["encoding"]["xOffset"]


def test_changes_stand_below_their_months_where_some_are_unknown() -> None:
    spec = charts.year_chart(MONTHS, DELTAS.tail(1), TOTALS, words=Words("en"), native=NATIVE).spec
    below = spec["hconcat"][0]["vconcat"][1]["layer"][0]
    assert below["encoding"]["x"]["scale"]["domain"] == ["2025-01", "2025-02"]


def test_scenarios_look_the_same_everywhere() -> None:
    figure = charts.year_chart(MONTHS, DELTAS, TOTALS, words=Words("en"), native=NATIVE)
    text = json.dumps(figure.spec)
    assert json.dumps([LIGHT, DARK, charts.PALE]) in text
    assert json.dumps([[1, 0], [1, 0], [3, 2]]) in text
    assert json.dumps([GOOD, BAD]) in text


def test_months_differ_on_the_same_scale_as_their_bars() -> None:
    figure = charts.year_chart(MONTHS, DELTAS, TOTALS, words=Words("en"), native=NATIVE)
    above, below = figure.spec["hconcat"][0]["vconcat"]
    assert below["height"] == pytest.approx(above["height"] * 25 / 100)


def test_a_waterfall_keeps_accounts_of_the_same_name_apart() -> None:
    figure = charts.movers_chart(STEPS, words=Words("en"), native=NATIVE)
    assert figure.svg.count(">Twin<") == 2
    assert ">+10.0<" in figure.svg


def test_names_are_data_not_code() -> None:
    name = '"] + alert(1) + ["<script>'
    figure = charts.movers_chart(STEPS.assign(name=[name, "b", "c"]), words=Words("en"), native=NATIVE)
    assert "&lt;script&gt;" in figure.svg
    assert "alert(1) + " in figure.svg


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_errors_stand_beside_seasonal_naive(lang: str) -> None:
    words = Words(lang)
    figure = charts.error_chart(LEVELS, AHEAD, words=words, level_name="Company", native=NATIVE)
    assert ">blend<" in figure.svg
    assert ">naive<" in figure.svg
    assert words("forecast.months_ahead") in figure.svg
    assert {row["wape"] for row in values_of(figure.spec)} == {0.1, 0.2}


def test_a_single_method_is_drawn_alone() -> None:
    one = LEVELS[LEVELS["name"] == "naive"]
    figure = charts.error_chart(
        one, AHEAD[AHEAD["name"] == "naive"], words=Words("en"), level_name="Company", native=NATIVE
    )
    assert ">naive<" in figure.svg


def test_months_ahead_that_stand_on_one_date_are_hollow() -> None:
    known = {"words": Words("en"), "level_name": "Company", "native": NATIVE}
    figure = charts.error_chart(LEVELS, AHEAD, **known)
    assert "by months ahead, Company; hollow: one date only" in figure.svg
    layers = figure.spec["hconcat"][1]["layer"]
    assert [layer["transform"][0]["filter"] for layer in layers[1:]] == ["!datum.single", "datum.single"]
    many = charts.error_chart(LEVELS, AHEAD.assign(single=False), **known)
    assert "hollow" not in many.svg
