from __future__ import annotations

import re

import numpy as np
import pandas as pd

from kamlib.charts.fan import fan_chart
from kamlib.glossary import Words

NAN = np.nan
MONTHS = [f"2025-{m:02}" for m in range(1, 7)]


def lines(**more: list[float]) -> pd.DataFrame:
    known = {"PY": [1, 2, 3, 4, 5, 6], "AC": [2, 4, 6, NAN, NAN, NAN], "FC": [NAN, NAN, 6, 8, 10, 12],
             "low": [NAN, NAN, 6, 7, 8, 9], "high": [NAN, NAN, 6, 9, 12, 15]}  # fmt: skip
    return pd.DataFrame({"period": MONTHS, **(known | more)})


def test_months_stand_in_time_whatever_line_begins_late() -> None:
    svg = fan_chart(lines(), words=Words("en", "EUR")).svg
    assert re.findall(r">(2025-\d\d)<", svg)[:6] == MONTHS


def test_the_ends_are_written_with_their_range() -> None:
    svg = fan_chart(lines(), words=Words("en", "EUR")).svg
    for text in ("FC 12", "≤ 15", "≥ 9", "PY 6"):
        assert text in svg


def test_without_a_range_no_ends_of_one_are_written() -> None:
    alone = [NAN, NAN, 6, 8, 10, 12]
    svg = fan_chart(lines(low=alone, high=alone), words=Words("en", "EUR")).svg
    assert "≤" not in svg


def test_a_line_without_a_point_is_left_out() -> None:
    parts = fan_chart(lines(AC=[NAN] * 6, PY=[NAN] * 6), words=Words("en", "EUR")).spec["layer"]
    fields = [part["encoding"]["y"]["field"] for part in parts]
    assert "AC" not in fields
    assert "PY" not in fields
    assert "FC" in fields
