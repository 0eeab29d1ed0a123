from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import ParameterError
from kamlib.measures.money import total_money
from kamlib.segments import SegmentParams, mix_bands, mix_health
from kamlib.segments.mix import judge_mix
from tests.segments.sample import AS_OF, MONTHS, make_segments, money

MARKET = [
    ("2025", "North", None, 100, 0.62),
    ("2025", "North", "Bikes", 60, 0.10),
    ("2025", "South", "Bikes", 100, 0.20),
    ("2025", "South", "Parts", 200, 0.35),
    ("2026", "North", None, 100, 0.99),
    ("2024", "South", None, 100, 0.99),
]


def market(rows: list[tuple] = MARKET) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["period", "region", "product_line", "size", "own_share"])
    return table.assign(size=money(table["size"].tolist()))


def health(table: pd.DataFrame | None = None, **more: object) -> pd.DataFrame:
    facts = {"months": MONTHS, "as_of": AS_OF, "params": SegmentParams()} | more
    return mix_health(make_segments(), table, **facts)


@pytest.mark.parametrize(
    ("own", "key", "verdict"),
    [
        (0.60, 0.40, "reasonable"), (0.99, 0.45, "reasonable"), (0.60, 0.35, "reasonable"),
        (0.60, 0.46, "unmet"), (0.70, 0.34, "unmet"),
        (0.50, 0.41, "healthy"), (0.599, 0.90, "healthy"), (0.55, 0.40, "unmet"),
        (0.30, 0.51, "opportunity"), (0.40, 0.60, "opportunity"), (0.35, 0.50, "unmet"), (0.35, 0.41, "unmet"),
        (0.401, 0.60, "no_rule"), (0.499, 0.60, "no_rule"), (0.299, 0.60, "no_rule"), (0.0, 0.4, "no_rule"),
        (np.nan, 0.40, "no_share"), (0.60, np.nan, "no_share"),
    ],
)  # fmt: skip
def test_the_rule_speaks_at_its_three_points_only(own: float, key: float, verdict: str) -> None:
    assert judge_mix(own, key, params=SegmentParams()) == verdict


def test_bands_follow_the_parameters() -> None:
    params = SegmentParams(mix_reference=0.5, mix_about=0.1, mix_well_above=0.6)
    bands = mix_bands(params=params).set_index("verdict")
    assert bands.loc["reasonable", ["key_from", "key_to"]].tolist() == [0.4, 0.6]
    assert bands.loc["opportunity", "key_from"] == 1


def test_key_accounts_share_by_region_and_in_all() -> None:
    table = health()
    assert table["level"].tolist() == ["region", "region", "total"]
    assert [float(v) for v in table["key_revenue"]] == [600, 200, 800]
    assert [float(v) for v in table["revenue"]] == [600, 400, 1000]
    assert table["key_share"].tolist() == pytest.approx([1, 0.5, 800 / 1000])
    assert table["accounts"].tolist() == [2, 4, 6]
    assert table["key_accounts"].tolist() == [2, 1, 3]
    assert set(table["verdict"]) == {"no_share"}
    regions = table[table["level"] == "region"]
    assert total_money(regions["revenue"]) == total_money(make_segments()["revenue"])


def test_own_share_is_of_the_window_and_the_whole_market_goes_before_its_parts() -> None:
    table = health(market())
    assert table["own_share"].tolist() == pytest.approx([0.62, 90 / 300, (62 + 90) / 400])
    assert table["verdict"].tolist() == ["unmet", "unmet", "opportunity"]


def test_without_a_period_in_the_window_the_latest_that_ended_counts() -> None:
    rows = [
        ("2023", "North", None, 100, 0.1),
        ("2024Q3", "North", None, 100, 0.5),
        ("2026", "North", None, 1, 1),
    ]
    table = health(market(rows))
    assert table["own_share"].tolist()[0] == 0.5
    assert np.isnan(table["own_share"].tolist()[1])


def test_market_periods_that_end_after_as_of_are_not_seen() -> None:
    rows = [("2025", "North", None, 100, 0.62)]
    before, after = health(market(rows)), health(market([*rows, ("2026Q1", "North", None, 900, 0.1)]))
    pd.testing.assert_frame_equal(before, after)
    early = health(market(rows), as_of=dt.date(2025, 12, 1))
    assert early["own_share"].isna().all()


def test_quarters_are_weighted_by_size_and_row_order_changes_nothing() -> None:
    rows = [(f"2025Q{q}", "North", None, 100 * q, 0.1 * q) for q in (1, 2, 3, 4)]
    table = health(market(rows))
    assert table["own_share"].iloc[0] == pytest.approx((1 + 4 + 9 + 16) / 100)
    pd.testing.assert_frame_equal(health(market(rows[::-1])), table)


@pytest.mark.parametrize("column", ["own_share", "size"])
def test_what_the_market_table_leaves_empty_is_not_zero(column: str) -> None:
    table = market([("2025", "North", None, 100, 0.62), ("2025", "South", None, 100, 0.5)])
    table.loc[1, column] = None
    result = health(table)
    assert result["own_share"].tolist()[0] == pytest.approx(0.62)
    assert np.isnan(result["own_share"].tolist()[1])
    assert result["own_share"].tolist()[2] == pytest.approx(0.62)


def test_a_period_that_is_none_is_refused() -> None:
    with pytest.raises(ParameterError, match='"next year" is not a period'):
        health(market([("next year", "North", None, 100, 0.62)]))
