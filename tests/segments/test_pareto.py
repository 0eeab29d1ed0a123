from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.measures.money import total_money
from kamlib.segments import SegmentParams, pareto_curve, summarise_concentration, summarise_tiers
from kamlib.segments.pareto import rank_accounts
from tests.segments.sample import LAST_YEAR, MONTHS, column, make_cube, make_segments, money


def ids(number: int) -> pd.Series:
    return pd.Series([f"a{place:02d}" for place in range(number)])


def test_unknown_amounts_have_no_rank() -> None:
    ranked = rank_accounts(money([None, 5, 10]), ids(3), cuts=[0.5])
    assert ranked["rank"].tolist() == [pd.NA, 2, 1]
    assert ranked["level"].tolist() == [1, 1, 0]
    assert ranked["cumulative_share"].tolist()[1:] == pytest.approx([1, 2 / 3])


def test_a_cut_of_everything_holds_every_account_above_zero() -> None:
    assert rank_accounts(pd.Series([3, 1, 0]), ids(3), cuts=[1.0])["level"].tolist() == [0, 0, 1]


def test_the_cut_is_compared_exactly() -> None:
    """0.1 + 0.2 is not 0.3 in floats; the third account must still be outside."""
    ranked = rank_accounts(money([0.1, 0.1, 0.1, 0.7]), ids(4), cuts=[0.7, 0.8])
    assert ranked["level"].tolist() == [1, 2, 2, 0]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40), st.floats(0.01, 1))
def test_accounts_inside_reach_the_cut_and_one_fewer_do_not(values: list[int], cut: float) -> None:
    ranked = rank_accounts(pd.Series(values), ids(len(values)), cuts=[cut]).assign(value=values)
    inside = ranked[ranked["level"] == 0].sort_values("rank")
    if sum(values) == 0:
        assert inside.empty
        return
    assert inside["value"].sum() >= cut * sum(values) * (1 - 1e-12)
    assert inside["value"].iloc[:-1].sum() < cut * sum(values) * (1 + 1e-12)
    assert ranked["share"].sum() == pytest.approx(1)


def test_tiers_tie_to_the_cube_with_sales_without_an_account_in_their_own_line() -> None:
    cube = make_cube()
    tiers = summarise_tiers(make_segments(), cube, months=MONTHS, last_year_months=LAST_YEAR)
    assert tiers["tier"].tolist() == ["A", "B", "C", "none", "no_account"]
    assert column(tiers, "revenue", "tier") == {"A": 800, "B": 160, "C": 60, "none": -20, "no_account": 7}
    assert column(tiers, "accounts", "tier") == {"A": 3, "B": 2, "C": 1, "none": 3, "no_account": None}
    assert column(tiers, "revenue_last_year", "tier") == {
        "A": 970, "B": 100, "C": 30, "none": 0, "no_account": 3,
    }  # fmt: skip
    assert column(tiers, "accounts_last_year", "tier")["A"] == 4
    assert column(tiers, "share", "tier")["A"] == pytest.approx(0.8)
    assert column(tiers, "account_share", "tier")["A"] == pytest.approx(0.5)
    for months, name in ((MONTHS, "revenue"), (LAST_YEAR, "revenue_last_year")):
        assert total_money(tiers[name]) == total_money(cube[cube["month"].isin(months)]["revenue"])


def test_tiers_of_a_book_without_last_year_say_nothing_of_it() -> None:
    cube = make_cube()
    cube = cube[cube["month"] >= "2025-01"]
    tiers = summarise_tiers(make_segments(cube), cube, months=MONTHS, last_year_months=LAST_YEAR)
    assert tiers["revenue_last_year"].isna().all()
    assert tiers["revenue_change"].isna().all()
    assert tiers["accounts_last_year"].isna().all()


def test_concentration_by_hand() -> None:
    table = summarise_concentration(make_segments(), params=SegmentParams()).set_index("basis")
    revenue, profit = table.loc["revenue"], table.loc["profit"]
    assert (revenue["accounts"], float(revenue["total"]), revenue["inside"], revenue["tail"]) == (
        6,
        1000,
        3,
        1,
    )
    assert float(revenue["inside_total"]) == 800
    assert revenue["gini"] == pytest.approx(2620 / 6120)
    assert revenue["herfindahl"] == pytest.approx(317200 / 1020**2)
    assert revenue["top_share"] == pytest.approx(700 / 1020)
    assert (profit["accounts"], float(profit["total"]), profit["inside"]) == (4, 220, 2)
    assert table.loc["revenue_last_year", "inside"] == 4


def test_concentration_of_nothing_is_missing() -> None:
    cube = make_cube([("a7", "Parts", "2025-03", -20, None)])
    table = summarise_concentration(make_segments(cube), params=SegmentParams()).set_index("basis")
    assert table[["inside", "inside_share", "tail", "gini", "top_share"]].isna().all(axis=None)
    assert float(table.loc["revenue", "total"]) == -20


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    curve = pareto_curve(pd.Series(range(1, 1001)), ids(1000), points=50)
    assert len(curve) == 50
    assert curve["accounts"].iloc[[0, -1]].tolist() == [1, 1000]
    assert curve["cumulative_share"].is_monotonic_increasing
    assert curve["cumulative_share"].iloc[-1] == pytest.approx(1)
    assert curve["account_share"].iloc[-1] == 1


def test_a_curve_of_nothing_is_empty() -> None:
    assert pareto_curve(money([None, None]), ids(2)).empty
    assert pareto_curve(pd.Series([0, -1]), ids(2)).empty
