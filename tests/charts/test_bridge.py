"""A bridge places its bars where the amounts say, and its twin in the workbook has the same steps."""

from __future__ import annotations

import pandas as pd

from kamlib.charts.bridge import bridge
from kamlib.charts.figure import ACCENT, BAD, GOOD
from kamlib.glossary import Words

STEPS = pd.DataFrame(
    [
        ("PY", 100.0, "PY"),
        ("lost", -30.0, "change"),
        ("won", 50.0, "change"),
        ("FC", 120.0, "FC"),
        ("gap", 10.0, "neutral"),
    ],
    columns=["step", "amount", "scenario"],
)


def bars(figure) -> list[dict]:
    [rows] = figure.spec["datasets"].values()
    return rows


def test_changes_float_between_totals() -> None:
    found = [(row["low"], row["high"]) for row in bars(bridge(STEPS, words=Words("en")))]
    assert found == [(0, 100), (70, 100), (70, 120), (0, 120), (120, 130)]


def test_values_are_written_with_sign_and_only_changes_are_good_or_bad() -> None:
    rows = bars(bridge(STEPS, words=Words("en")))
    assert [row["text"] for row in rows] == ["100", "-30.0", "+50.0", "120", "+10.0"]
    assert [row["fill"] for row in rows[1:3]] == [BAD, GOOD]
    assert rows[4]["fill"] == ACCENT


def test_below_zero_the_axis_goes_down() -> None:
    figure = bridge(
        pd.DataFrame([("a", 10.0, "AC"), ("b", -30.0, "change")], columns=STEPS.columns), words=Words("en")
    )
    low, high = figure.spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low < -20
    assert high > 10


def test_the_workbook_gets_the_same_steps() -> None:
    native = bridge(STEPS, words=Words("zh")).native
    assert native is not None
    assert native.kind == "bridge"
    assert native.steps[1] == ("lost", -30.0, "change")
