from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import glossary
from kamlib.errors import BookError, ParameterError
from kamlib.measures.money import MONEY, total_money
from kamlib.segments import SegmentParams, segment_accounts
from tests.segments.sample import (
    AS_OF,
    LAST_YEAR,
    MONTHS,
    column,
    make_accounts,
    make_cube,
    make_segments,
    money,
)


def test_accounts_are_ordered_by_revenue_then_id() -> None:
    table = make_segments()
    assert table["account_id"].tolist() == ["a1", "a2", "a3", "a4", "a5", "a8", "a6", "a9", "a7"]
    assert table["rank"].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert column(table, "revenue") == {
        "a1": 500, "a2": 200, "a3": 100, "a4": 100, "a5": 60, "a8": 60, "a6": 0, "a9": 0, "a7": -20,
    }  # fmt: skip
    expected = [0.5, 0.7, 0.8, 0.9, 0.96, 1.02, 1.02, 1.02, 1.0]
    assert table["cumulative_share"].tolist() == pytest.approx(expected)


def test_the_account_that_meets_the_cut_is_inside_and_its_tie_is_not() -> None:
    table = make_segments()
    assert column(table, "tier") == {
        "a1": "A", "a2": "A", "a3": "A", "a4": "B", "a5": "B", "a8": "C", "a6": "none", "a9": "none", "a7": "none",
    }  # fmt: skip
    assert table.loc[table["key_account"], "account_id"].tolist() == ["a1", "a2", "a3"]


def test_last_year_and_movement() -> None:
    table = make_segments()
    assert column(table, "tier_last_year") == {
        "a1": "A", "a2": "A", "a3": "B", "a4": "none", "a5": "none", "a8": "A", "a6": "A", "a9": "none", "a7": "C",
    }  # fmt: skip
    assert column(table, "movement") == {
        "a1": "same", "a2": "same", "a3": "up", "a4": "new", "a5": "returned", "a8": "down", "a6": "lost",
        "a9": "none", "a7": "lost",
    }  # fmt: skip
    assert column(table, "revenue_change")["a6"] == -150
    assert total_money(table["revenue_change"]) == 1000 - 1100


def test_a_name_that_is_missing_is_the_id_and_tenure_is_counted_to_as_of() -> None:
    table = make_segments().set_index("account_id")
    assert table.loc["a9", "name"] == "a9"
    assert table.loc["a1", "tenure_years"] == pytest.approx(20.0, abs=0.01)
    assert pd.isna(table.loc["a5", "tenure_years"])


def test_a_book_without_last_year_says_unknown_not_zero() -> None:
    cube = make_cube()
    table = make_segments(cube[cube["month"] >= "2025-01"])
    assert table["revenue_last_year"].isna().all()
    assert table["revenue_change"].isna().all()
    assert table["tier_last_year"].isna().all()
    assert set(table["movement"]) == {"unknown"}


def test_key_accounts_by_amount_by_profit_or_by_either() -> None:
    def key(**params: object) -> set[str]:
        table = make_segments(**params)
        return set(table.loc[table["key_account"], "account_id"])

    assert key(key_threshold=100) == {"a1", "a2", "a3", "a4"}
    assert key(key_share=0.5) == {"a1"}
    assert key(key_share=0.51) == {"a1", "a2"}
    assert key(key_measure="profit") == {"a1", "a3"}
    assert key(key_measure="either") == {"a1", "a2", "a3"}
    assert key(key_measure="profit", key_threshold=20) == {"a1", "a3", "a5", "a8"}


def test_every_column_is_in_the_glossary_and_money_is_exact() -> None:
    table = make_segments()
    assert set(table.columns) <= set(glossary.columns())
    for name in ("revenue", "revenue_last_year", "potential", "open_potential", "contribution", "profit"):
        assert table[name].dtype == MONEY, name


def test_negative_totals_have_no_shares_and_no_tiers() -> None:
    cube = make_cube([("a7", "Parts", "2025-03", -20, -10)])
    table = make_segments(cube)
    assert table["share"].isna().all()
    assert set(table["tier"]) == {"none"}
    assert not table["key_account"].any()


def test_an_account_the_table_does_not_hold_is_refused() -> None:
    cube = make_cube([("a1", "Parts", "2025-03", 20, 10), ("zz", "Parts", "2025-03", 20, 10)])
    with pytest.raises(BookError, match=r"sales\.account_id: 1 accounts are not in accounts, such as zz"):
        make_segments(cube)


def test_an_account_with_two_rows_is_refused() -> None:
    accounts = make_accounts()
    with pytest.raises(BookError, match=r"accounts\.account_id: 1 rows repeat an account, such as a3"):
        make_segments(accounts=pd.concat([accounts, accounts.iloc[[2]]]))


@pytest.mark.parametrize(
    ("months", "message"),
    [([], "months is empty"), (["2026-02"], "months holds 2026-02, which begins after")],
)
def test_windows_are_checked(months: list[str], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        segment_accounts(
            make_cube(), make_accounts(), months=months, last_year_months=LAST_YEAR, as_of=AS_OF,
            params=SegmentParams(),
        )  # fmt: skip


def test_profit_that_is_not_known_names_no_key_account() -> None:
    cube = make_cube().assign(cost=money([None] * len(make_cube())))
    with pytest.raises(ParameterError, match='key_measure is "profit", but sales.cost is empty'):
        make_segments(cube, key_measure="profit")
    assert make_segments(cube)["pays"].isna().all()


def test_rows_on_or_after_as_of_change_nothing() -> None:
    cube = make_cube()
    later = make_cube([("a9", "Bikes", "2026-01", 9999, 1), ("a5", "Bikes", "2026-03", 5, 1)])
    pd.testing.assert_frame_equal(make_segments(pd.concat([cube, later])), make_segments(cube))


amounts = st.integers(-(10**6), 10**8)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.booleans(), amounts), min_size=1, max_size=30), st.randoms())
def test_row_order_and_scale_change_nothing_and_sums_are_exact(rows: list, random: object) -> None:
    sales = [(f"a{n + 1}", "Bikes", "2025-05" if now else "2024-05", v / 100, 0) for n, now, v in rows]
    cube, accounts = make_cube(sales), make_accounts()
    table = make_segments(cube, accounts)
    shuffled = cube.sample(frac=1, random_state=random.randrange(1000))
    pd.testing.assert_frame_equal(make_segments(shuffled, accounts.iloc[::-1]), table)
    window = cube[cube["month"] == "2025-05"]
    assert total_money(table["revenue"]) == total_money(window["revenue"])
    if total_money(table["revenue"]) > 0:
        assert table["share"].sum() == pytest.approx(1)
    ten = make_cube([(a, line, month, 10 * v, c) for a, line, month, v, c in sales])
    scaled = make_segments(ten, accounts)
    for name in ("account_id", "tier", "tier_last_year", "movement", "key_account"):
        pd.testing.assert_series_equal(scaled[name], table[name])


def test_months_may_be_periods_and_a_shorter_window_is_brought_to_a_year() -> None:
    from kamlib.periods import parse_period

    table = segment_accounts(
        make_cube(), make_accounts(), months=parse_period("2025Q4").months(),
        last_year_months=parse_period("2024Q4").months(), as_of=dt.date(2026, 1, 1), params=SegmentParams(),
    ).set_index("account_id")  # fmt: skip
    assert float(table.loc["a1", "revenue"]) == 200
    assert table.loc["a1", "share_of_wallet"] == pytest.approx(200 * 4 / 1000)
    assert float(table.loc["a1", "service_cost"]) == 12.5
    assert len(MONTHS) == 12
