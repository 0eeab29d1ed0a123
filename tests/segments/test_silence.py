"""Who has stopped ordering: the rule by hand, at its edges, and whatever the order of rows."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.segments import SegmentParams, find_silence

PARAMS = SegmentParams()
JUNE = pd.Period("2025-06", "M")


def bought(*months: str, revenue: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame({"account_id": "a", "month": list(months), "revenue": revenue})


def row(cube: pd.DataFrame, until: pd.Period = JUNE, params: SegmentParams = PARAMS) -> pd.Series:
    return find_silence(cube, pd.Series(["a"]), until=until, params=params).iloc[0]


def test_every_other_month_then_four_months_of_nothing() -> None:
    rhythm = bought("2024-08", "2024-10", "2024-12", "2025-02")  # chance of a month 1/2
    assert row(rhythm)["silent_months"] == 4
    assert not row(rhythm)["gone_silent"]  # (1/2) ** 4 = 6 %
    assert row(rhythm, JUNE + 1)["gone_silent"]  # (1/2) ** 5 = 3 %
    assert row(rhythm, params=SegmentParams(silent_chance=0.07))["gone_silent"]


def test_a_monthly_buyer_is_silent_after_a_quarter_not_before() -> None:
    monthly = bought("2024-12", "2025-01", "2025-02", "2025-03")
    assert not row(monthly, JUNE - 1)["gone_silent"]
    assert row(monthly)["gone_silent"]


def test_two_purchases_make_no_rhythm_and_returns_are_no_purchases() -> None:
    assert not row(bought("2020-01", "2020-02"))["gone_silent"]
    returned = pd.concat([bought("2025-01", "2025-02", "2025-03"), bought("2025-06", revenue=-1.0)])
    assert row(returned)["last_bought"] == "2025-03"
    assert pd.isna(row(bought("2025-01", revenue=0.0))["last_bought"])


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20, unique=True), st.randoms())
def test_order_of_rows_and_what_comes_later_change_nothing(months: list[int], order: object) -> None:
    labels = [str(pd.Period("2022-03", "M") + k) for k in months]
    cube = bought(*labels)
    shuffled = labels.copy()
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    seen = cube[cube["month"] <= str(JUNE - 6)]
    for other in (bought(*shuffled), seen):
        pd.testing.assert_series_equal(row(other, JUNE - 6), row(cube, JUNE - 6))


@pytest.mark.parametrize("months", [["2024-01", "2024-07", "2025-01"]])
def test_who_buys_twice_a_year_is_not_missed_within_half_a_year(months: list[str]) -> None:
    assert not row(bought(*months))["gone_silent"]
