from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.params import Layer, build_params
from kamlib.targets.longterm import LongTermParams, glide_paths


def test_revenue_grows_by_one_rate_and_a_share_by_one_step() -> None:
    params = LongTermParams(aims={"revenue": {2028: 133.1}, "retention": {2027: 0.9}})
    table = glide_paths({"revenue": 100.0, "retention": 0.8}, year=2025, params=params)
    revenue, retention = table[table["measure"] == "revenue"], table[table["measure"] == "retention"]
    assert revenue["path"].tolist() == pytest.approx([100, 110, 121, 133.1])
    assert revenue["yearly_growth"].tolist()[1:] == pytest.approx([0.1] * 3)
    assert retention["path"].tolist() == pytest.approx([0.8, 0.85, 0.9])
    assert retention["yearly_growth"].isna().all()
    assert retention["yearly_step"].tolist()[1:] == pytest.approx([0.05, 0.05])


def test_a_second_aim_starts_where_the_first_ends_and_terms_are_named() -> None:
    params = LongTermParams(aims={"revenue": {2027: 121.0, 2030: 121.0}})
    table = glide_paths({"revenue": 100.0}, year=2025, params=params)
    assert table["term"].tolist() == ["start", "mid", "mid", "mid", "long", "long"]
    assert table["path"].tolist() == pytest.approx([100, 110, 121, 121, 121, 121])
    assert table["aim"].dropna().tolist() == [121, 121]


def test_what_the_book_does_not_know_has_an_aim_and_no_path() -> None:
    table = glide_paths({}, year=2025, params=LongTermParams(aims={"market_share": {2028: 0.3}}))
    assert table["aim"].tolist() == [0.3]
    assert table["path"].isna().all()


@given(st.floats(1, 1e9), st.floats(1, 1e9), st.integers(1, 12))
def test_steps_lead_from_today_to_the_aim(today: float, aim: float, years: int) -> None:
    params = LongTermParams(aims={"revenue": {2025 + years: aim}})
    table = glide_paths({"revenue": today}, year=2025, params=params)
    assert len(table) == years + 1
    assert table["path"].iloc[-1] == pytest.approx(aim)
    assert today + table["yearly_step"].sum() == pytest.approx(aim, abs=1e-6 * max(today, aim))


def test_no_aims_no_rows() -> None:
    assert glide_paths({"revenue": 1.0}, year=2025, params=LongTermParams()).empty


def test_an_aim_that_is_over_and_a_start_at_nothing_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"longterm.aims.revenue: 2025 is over; aim at 2026 or later"):
        glide_paths({"revenue": 1.0}, year=2025, params=LongTermParams(aims={"revenue": {2025: 2.0}}))
    with pytest.raises(ParameterError, match="revenue of 2025 is 0; no rate leads from there"):
        glide_paths({"revenue": 0.0}, year=2025, params=LongTermParams(aims={"revenue": {2027: 2.0}}))


@pytest.mark.parametrize(
    ("aims", "message"),
    [
        ({"profit": {2027: 1.0}}, '"profit" is no measure of an aim'),
        ({"retention": {2027: 90.0}}, "out of range"),
    ],
)
def test_aims_are_checked_when_read(aims: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        build_params(LongTermParams, [Layer("my.yaml", {"aims": aims})])


def test_years_may_come_as_text_as_a_manifest_holds_them() -> None:
    params = build_params(LongTermParams, [Layer("run", {"aims": {"revenue": {"2027": 121.0}}})])
    assert params.aims == {"revenue": {2027: 121.0}}
