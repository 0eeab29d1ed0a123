from __future__ import annotations

import re

import numpy as np
import pandas as pd

from kamlib.charts.chain import TextColumn, accounts_chart, steps_chart
from kamlib.charts.figure import ACCENT, DARK
from kamlib.glossary import Words

EN = Words("en", "EUR")
STEPS = pd.DataFrame(
    {
        "step": ["company", "history", "floors", "PL"],
        "how": ["", "25 %", "cap 2", "9 %"],
        "amount": [40_000.0, 5_000.0, -1_000.0, 4_000.0],
        "scenario": ["total", "neutral", "neutral", "PL"],
    }
)


def texts(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", svg)


def accounts(**more: object) -> pd.DataFrame:
    table = {
        "name": ["Alpha", "<b>Beta</b>", "other (2)"],
        "PY": [100.0, 0.0, 30.0],
        "PL": [120.0, 40.0, 20.0],
        "floor": [50.0, np.nan, np.nan],
        "cap": [150.0, 45.0, np.nan],
        "why": ["cap", "never bought", ""],
    }
    return pd.DataFrame({**table, **more})


def test_steps_are_written_in_order_and_the_total_is_not_drawn() -> None:
    figure = steps_chart(STEPS, texts=[TextColumn("how", "how", 100, "left")], words=EN)
    written = texts(figure.svg)
    assert [text for text in written if text in STEPS["step"].tolist()] == STEPS["step"].tolist()
    assert {"25 %", "cap 2", "9 %", "how", "+5.00 k", "-1.00 k", "4.00 k"} <= set(written)
    assert "40.0 k" not in written
    assert figure.native is not None
    assert figure.native.kind == "bridge"
    assert figure.native.steps == (
        ("history", 5_000.0, "neutral"),
        ("floors", -1_000.0, "neutral"),
        ("PL", 4_000.0, "PL"),
    )


def test_bars_float_from_where_the_one_before_ended() -> None:
    spec = steps_chart(STEPS, texts=[TextColumn("how", "how", 100, "left")], words=EN).spec
    drawn = next(rows for rows in spec["datasets"].values() if "low" in rows[0])
    assert [(row["low"], row["high"]) for row in drawn] == [(0, 5_000), (4_000, 5_000), (0, 4_000)]
    assert [row["edge"] for row in drawn] == [ACCENT, ACCENT, DARK]


def test_accounts_stand_with_their_room_and_what_is_written_of_them() -> None:
    written = texts(accounts_chart(accounts(), texts=[TextColumn("why", "why", 90, "left")], words=EN).svg)
    for expected in ("Alpha", "&lt;b&gt;Beta&lt;/b&gt;", "other (2)", "cap", "never bought", "PY", "PL"):
        assert expected in written, expected
    assert "|—| from floor to cap" in written


def test_accounts_without_bounds_last_year_or_amounts_are_drawn() -> None:
    none = [np.nan] * 3
    bare = accounts(floor=none, cap=none, PY=none, PL=[0.0] * 3)
    written = texts(accounts_chart(bare, texts=[TextColumn("why", "why", 90, "left")], words=EN).svg)
    assert "PY" not in written
    assert "|—| from floor to cap" not in written
    assert "Alpha" in written
