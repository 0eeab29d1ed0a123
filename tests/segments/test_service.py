from __future__ import annotations

import pandas as pd
import pytest

from kamlib.measures.money import total_money
from kamlib.segments import SegmentParams, profit_basis, summarise_tenure
from kamlib.segments.service import contribution_after_service
from tests.segments.sample import column, make_accounts, make_cube, make_segments, money


def test_contribution_by_hand() -> None:
    table = make_segments()
    assert column(table, "margin") == {
        "a1": 200, "a2": 10, "a3": 60, "a4": None, "a5": 30, "a8": 40, "a6": 0, "a9": 0, "a7": -10,
    }  # fmt: skip
    assert column(table, "contribution") == {
        "a1": 150, "a2": -20, "a3": 60, "a4": None, "a5": 20, "a8": 25, "a6": -5, "a9": None, "a7": -10,
    }  # fmt: skip
    assert column(table, "pays") == {
        "a1": True, "a2": False, "a3": True, "a4": None, "a5": True, "a8": True, "a6": False, "a9": None,
        "a7": False,
    }  # fmt: skip
    assert profit_basis(table) == "contribution"
    assert column(table, "profit_ratio")["a2"] == pytest.approx(-0.1)
    assert column(table, "profit_ratio")["a7"] is None


def test_ranks_by_profit_pass_the_whole_before_the_losses() -> None:
    table = make_segments().dropna(subset="profit_rank").sort_values("profit_rank")
    assert table["account_id"].tolist() == ["a1", "a3", "a8", "a5", "a6", "a7", "a2"]
    expected = [150 / 220, 210 / 220, 235 / 220, 255 / 220, 250 / 220, 240 / 220, 1]
    assert table["profit_cumulative_share"].tolist() == pytest.approx(expected)


def test_a_cost_that_is_missing_is_not_zero() -> None:
    book = pd.DataFrame(
        {"account_id": ["a", "b", "c"], "revenue": [90, 90, 90], "cost": money([60, None, 60]),
         "service_cost": money([5, 5, None])}
    )  # fmt: skip
    result = contribution_after_service(book, months=12)
    assert [None if pd.isna(v) else float(v) for v in result["margin"]] == [30, None, 30]
    assert [None if pd.isna(v) else float(v) for v in result["contribution"]] == [25, None, None]


def test_without_any_service_cost_profit_is_the_margin() -> None:
    accounts = make_accounts().assign(service_cost=None)
    table = make_segments(accounts=accounts)
    assert profit_basis(table) == "margin"
    assert column(table, "profit")["a2"] == 10
    assert table["contribution"].isna().all()


def test_without_any_cost_nobody_is_judged() -> None:
    cube = make_cube()
    table = make_segments(cube.assign(cost=money([None] * len(cube))))
    assert profit_basis(table) == "none"
    assert table["margin"].isna().all()
    assert table["pays"].isna().all()


def test_tenure_bands_by_hand() -> None:
    table = make_segments()
    bands = summarise_tenure(table, params=SegmentParams())
    assert bands["band"].tolist() == ["0-1", "1-3", "3-5", "5-10", "10+", "unknown"]
    assert bands["accounts"].tolist() == [1, 0, 2, 2, 2, 2]
    assert column(bands, "revenue", "band") == {
        "0-1": 100, "1-3": 0, "3-5": 40, "5-10": 100, "10+": 700, "unknown": 60,
    }  # fmt: skip
    assert total_money(bands["revenue"]) == total_money(table["revenue"])
    assert column(bands, "revenue_per_account", "band")["10+"] == 350
    assert column(bands, "revenue_per_account", "band")["1-3"] is None


def test_tenure_bands_say_of_how_many_accounts_profit_is_known() -> None:
    table = make_segments()
    table["tenure_years"] = [0.5, 0.5, 4.0, 4.0, 20.0, 20.0, 20.0, 20.0, 20.0][: len(table)]
    known = pd.Series([False, False, True, False] + [True] * (len(table) - 4), index=table.index)
    table["profit"] = money([7] * len(table)).where(known)
    bands = summarise_tenure(table, params=SegmentParams())
    assert bands["profit_known"].tolist()[:5] == [0, 0, 1, 0, len(table) - 4]
    assert column(bands, "profit", "band") == {
        "0-1": None, "1-3": None, "3-5": 7, "5-10": None, "10+": 7 * (len(table) - 4), "unknown": None,
    }  # fmt: skip


def test_rank_correlation_of_tenure_and_revenue() -> None:
    """Oldest first a1 a2 a6 a3 a8 a7 a4; ranks of tenure 7..1, of revenue 7 6 2 4.5 3 1 4.5 (a3 and a4 tie)."""
    expected = pd.Series([7, 6, 5, 4, 3, 2, 1]).corr(pd.Series([7, 6, 2, 4.5, 3, 1, 4.5]))
    bands = summarise_tenure(make_segments(), params=SegmentParams())
    assert bands["rank_correlation"].tolist() == pytest.approx([expected] * len(bands))


def test_rank_correlation_of_two_accounts_is_missing() -> None:
    accounts = make_accounts()
    accounts.loc[2:, "since"] = pd.NaT
    bands = summarise_tenure(make_segments(accounts=accounts), params=SegmentParams())
    assert bands["rank_correlation"].isna().all()
