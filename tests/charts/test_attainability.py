from __future__ import annotations

import json

import pandas as pd
import pytest

from kamlib.charts.attainability import reach_chart
from kamlib.glossary import Words

ROWS = pd.DataFrame(
    {
        "name": ["Wu Lei", "Ann <&>", "new"],
        "PL": [100.0, 80.0, 5.0],
        "FC": [95.0, 90.0, None],
        "low": [80.0, 70.0, None],
        "high": [110.0, 120.0, None],
        "target": ["100", "80", "5"],
        "reach": ["32.0 %", "78.0 %", "–"],
        "said": ["stretch", "attainable", "cannot be said"],
    }
)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_is_drawn_with_what_is_written(lang: str) -> None:
    drawn = reach_chart(ROWS, title="ranges", words=Words(lang, "EUR")).svg
    assert all(text in drawn for text in ("32.0 %", "78.0 %", "Ann &lt;&amp;&gt;", "ranges"))


def test_the_scale_holds_every_end() -> None:
    text = json.dumps(reach_chart(ROWS, title="", words=Words("en", "EUR")).spec)
    assert '"domain": [0.0, 126.0]' in text  # 5 % beyond the largest end, 120


def test_who_is_unknown_has_no_range() -> None:
    one = ROWS.tail(1)
    assert reach_chart(one, title="", words=Words("en", "EUR")).svg.startswith("<svg")
