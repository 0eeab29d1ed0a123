from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from kamlib.charts.figure import BAD, DARK, GOOD, LIGHT
from kamlib.charts.targets import margin_chart, month_chart
from kamlib.glossary import Words

EN = Words("en", "EUR")


def margins(**more: list) -> pd.DataFrame:
    table = {
        "name": ["Wu Lei", "<b>Ann</b>", "other (3)"],
        "heading": "Rep",
        "PY": [1200.0, 800.0, 50.0],
        "FC": [1300.0, 700.0, 40.0],
        "PL": [1500.0, 760.0, 90.0],
        "change": [300.0, -40.0, 40.0],
        "growth": [0.25, -0.05, 0.8],
    }
    return pd.DataFrame({**table, **more})


def texts(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", svg)


def test_targets_stand_beside_last_year_and_forecast() -> None:
    svg = margin_chart([margins()], words=EN).svg
    written = texts(svg)
    for expected in (
        "1.20 k",
        "1.30 k",
        "1.50 k",
        "+300",
        "-40.0",
        "+25.0 %",
        "-5.0 %",
        "Wu Lei",
        "ΔPY",
        "ΔPY %",
    ):
        assert expected in written, expected
    assert written[-3:] == ["PY", "FC", "PL"]
    assert "<b>Ann</b>" not in svg
    assert "&lt;b&gt;Ann&lt;/b&gt;" in svg


def test_scenarios_look_the_same_everywhere() -> None:
    for chart in (margin_chart([margins()], words=EN), month_chart(margins(), margins().head(1), words=EN)):
        spec = str(chart.spec)
        assert "'domain': ['PY', 'FC', 'PL'], 'range': ['#b8c0c6', '#f4f6f7', '#ffffff']" in spec
        assert "'range': ['#b8c0c6', '#333f48', '#333f48']" in spec
        assert "'range': [[1, 0], [3, 2], [1, 0]]" in spec
    assert (LIGHT, DARK) == ("#b8c0c6", "#333f48")


def test_variances_show_their_side_by_sign_and_colour() -> None:
    svg = margin_chart([margins()], words=EN).svg
    assert GOOD in svg
    assert BAD in svg


def test_all_dimensions_are_drawn_to_one_scale() -> None:
    small = margins(PY=[1.0, 1.0, 1.0], FC=[1.0] * 3, PL=[1.0] * 3, change=[0.0] * 3, growth=[0.0] * 3)
    spec = margin_chart([margins(), small.assign(heading="Region")], words=EN).spec
    domains = [row["hconcat"][0]["layer"][0]["encoding"]["x"]["scale"]["domain"] for row in spec["vconcat"]]
    assert domains == [[0.0, 1500 * 1.18]] * 2


def test_a_missing_forecast_and_growth_are_left_out() -> None:
    table = margins(FC=[np.nan] * 3, growth=[np.nan, 9.0, -1.0])
    chart = margin_chart([table], words=EN)
    assert "FC" not in texts(chart.svg)
    assert "–" in texts(chart.svg)
    assert "+900 %" in texts(chart.svg)


def test_months_run_to_the_right_beside_their_quarters() -> None:
    names = [f"2026-{m:02d}" for m in range(1, 13)]
    year = pd.DataFrame({"name": names, "PY": 10.0, "FC": 11.0, "PL": np.arange(12.0) + 5})
    quarters = pd.DataFrame({"name": ["2026Q1", "2026Q2"], "PY": 30.0, "FC": 33.0, "PL": [18.0, 27.0]})
    written = texts(month_chart(year, quarters, words=EN).svg)
    assert [t for t in written if t in names] == names
    assert "27.0" in written
    alone = month_chart(year.head(1), quarters.head(0), words=EN)
    assert [t for t in texts(alone.svg) if t.startswith("2026")] == ["2026-01"]


def test_values_that_would_overlap_are_written_on_targets_only() -> None:
    three = pd.DataFrame({"name": ["2026-01", "2026-02", "2026-03"], "PY": 1.2e7, "FC": 1.25e7, "PL": 1.31e7})
    quarter = pd.DataFrame({"name": ["2026Q1"], "PY": [3.6e7], "FC": [3.75e7], "PL": [3.93e7]})
    english = texts(month_chart(three, quarter, words=EN).svg)
    assert {"12.0 M", "12.5 M", "13.1 M", "36.0 M"} <= set(english)
    chinese = texts(month_chart(three, quarter, words=Words("zh", "CNY")).svg)
    assert "1,310万" in chinese
    assert "3,930万" in chinese
    assert not {"1,200万", "1,250万", "3,600万", "3,750万"} & set(chinese)


def test_values_wider_than_their_bars_stand_upright() -> None:
    year = pd.DataFrame({"name": [f"2026-{m:02d}" for m in range(1, 13)], "PY": 1e7, "FC": 1e7, "PL": 1.31e7})
    quarters = pd.DataFrame({"name": [f"2026Q{q}" for q in (1, 2, 3, 4)], "PY": 3e7, "FC": 3e7, "PL": 3.93e7})
    svg = month_chart(year, quarters, words=EN).svg
    for text in ("13.1 M", "39.3 M"):
        marks = re.findall(rf'<text[^>]*transform="([^"]*)"[^>]*>{text}</text>', svg)
        assert marks
        assert all("rotate(270)" in mark for mark in marks)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_both_languages(lang: str) -> None:
    words = Words(lang, "CNY")
    big = margins(PY=[12e6, 8e6, 1e5], FC=[13e6, 7e6, 2e5], PL=[15e6, 7.6e6, 3e5], change=[3e6, -4e5, 2e5])
    written = texts(margin_chart([big], words=words).svg)
    assert ("1,500万" if lang == "zh" else "15.0 M") in written
