from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.measures.money import to_money
from kamlib.periods import parse_period
from kamlib.targets.kinds import KINDS, KindParams, kind_targets

AS_OF, PERIOD = dt.date(2026, 1, 1), parse_period("2026Q1")
ACCOUNTS = pd.DataFrame(
    {
        "account_id": list("ABCDE"),
        "rep_id": ["R1", "R1", "R1", "R2", "R2"],
        "status": ["active", "active", "prospect", "active", "closed"],
    }
)


def cube(rows: list[tuple[str, str, str, int]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["account_id", "product_line", "month", "revenue"])
    return table.assign(revenue=to_money((table["revenue"] * 10_000).astype("int64")))


SALES = cube(
    [
        ("A", "L", "2024-02", 10), ("A", "L", "2025-02", 10), ("A", "M", "2025-03", 10),
        ("E", "L", "2024-03", 10), ("D", "L", "2024-04", 10), ("D", "L", "2025-04", 10),
        ("B", "L", "2025-05", 300), ("B", "L", "2025-06", 100),
    ]
)  # fmt: skip


def made(params: KindParams | None = None, sales: pd.DataFrame = SALES, **more: pd.DataFrame) -> pd.DataFrame:
    table = kind_targets(sales, ACCOUNTS, period=PERIOD, as_of=AS_OF, params=params or KindParams(), **more)
    return table.set_index(["measure", "rep_id"])


def test_new_accounts_pro_rata_and_what_they_may_bring_in_the_months_left() -> None:
    # one new account (B, 400) in the year; four times as many asked make one a quarter
    table = made(KindParams(new_accounts_growth=3.0))
    assert table.loc[("new_accounts", "R1"), ["base", "company", "target"]].tolist() == [0.25, 0.25, 1]
    assert table.loc[("new_accounts", "R2"), "target"] == 0
    # 400 in the eight months from May to December; one found any time has two of three months left
    each = 400 / 8 * 2
    value = table.loc[("new_account_value", "R1"), ["base", "company", "target"]]
    assert value.tolist() == [each / 4, each / 4, each]
    assert table.loc[("new_account_value", "R2"), "base"] == 0


def test_both_sides_of_new_accounts_are_of_the_same_months() -> None:
    # R1's B brought 400 in 8 months, R2's D 60 in 6; as many are asked for as came, whose own pace is the base
    sales = pd.concat([SALES[SALES["account_id"] != "D"], cube([("D", "L", "2025-07", 60)])])
    year = kind_targets(sales, ACCOUNTS, period=parse_period("2026"), as_of=AS_OF, params=KindParams())
    table = year.set_index(["measure", "rep_id"])
    assert table.loc[("new_accounts", "R1"), ["base", "company"]].tolist() == [1, 2]
    assert table.loc["new_account_value", "base"].tolist() == pytest.approx([400 / 8 * 6.5, 60 / 6 * 6.5])
    assert table.loc["new_account_value", "company"].tolist() == pytest.approx([2 * 460 / 14 * 6.5] * 2)
    assert table.loc["new_account_value", "target"].sum() == pytest.approx(2 * 460 / 14 * 6.5)


def test_new_accounts_go_by_what_a_rep_won_beside_how_many_a_rep_holds() -> None:
    # R2 holds one open account of four, and won the only new one: D, first bought in 2025
    sales = cube([("A", "L", "2024-02", 10), ("A", "L", "2025-02", 10), ("D", "L", "2025-07", 60)])
    table = made(KindParams(new_accounts_growth=27.0), sales=sales).loc["new_accounts"]
    # expected: R1 3 x (0 + 10/4) / 13, R2 1 x (1 + 10/4) / 11: .577 and .318 of 7
    shares = {"R1": 3 * 2.5 / 13, "R2": 3.5 / 11}
    assert [round(7 * share / sum(shares.values()), 1) for share in shares.values()] == [4.5, 2.5]
    assert table["target"].tolist() == [5, 2]


def test_nobody_is_asked_for_less_than_before() -> None:
    won = pd.DataFrame(
        {
            "rep_id": ["R1", "R2"],
            "created": pd.to_datetime(["2025-01-01", "2025-01-01"]),
            "closed": pd.to_datetime(["2025-01-11", "2025-12-30"]),
            "outcome": ["won", "won"],
        }
    )
    table = made(KindParams(cross_sell_step=0.0), opportunities=won)
    # drawn to the company's 186.5 days R1's ten would be 162 less a twentieth
    assert table.loc[("sales_cycle", "R1"), "target"] == 10
    assert table.loc[("sales_cycle", "R2"), "target"] == pytest.approx(363 * 0.95)  # not the company's step
    assert table.loc[("retention", "R1"), ["base", "target"]].tolist() == [1, 1]
    assert table.loc[("cross_sell", "R1"), ["base", "target"]].tolist() == [1.5, 1.5]


def test_a_step_is_one_from_the_rep_s_own_mean() -> None:
    # product lines: A 2, B 1 (R1), D 1 (R2): company 4/3; R1 (2 * 1.5 + 10 * 4/3) / 12
    table = made()
    assert table.loc[("cross_sell", "R1"), "base"] == 1.5
    own = (2 * 1.5 + 10 * 4 / 3) / 12
    assert own + 0.1 < 1.5
    assert table.loc[("cross_sell", "R1"), "target"] == 1.5
    # below the company's mean: a step from the own one, not towards the company's
    assert table.loc[("cross_sell", "R2"), "target"] == pytest.approx(1.1)
    # above it by luck: part of a step
    wide = made(KindParams(cross_sell_step=0.2)).loc["cross_sell", "target"]
    assert wide["R1"] == pytest.approx(own + 0.2)
    assert 1.5 < wide["R1"] < 1.7
    # retention: A and D bought again, E did not; R2 kept 1 of 2; half the way to .95 a year, an eighth a quarter
    assert table.loc[("retention", "R2"), "target"] == pytest.approx(0.5 + 0.45 / 8)


def test_satisfaction_and_cycle_by_hand() -> None:
    surveys = pd.DataFrame(
        {
            "date": pd.to_datetime(["2025-06-01", "2025-07-01", "2023-01-01", "2026-02-01"]),
            "account_id": ["A", "D", "A", "A"],
            "score": [8.0, 6.0, 1.0, 1.0],
        }
    )
    won = pd.DataFrame(
        {
            "rep_id": ["R1", "R2", "R1"],
            "created": pd.to_datetime(["2025-01-01", "2025-01-01", "2025-01-01"]),
            "closed": pd.to_datetime(["2025-01-11", "2025-01-31", "2025-12-31"]),
            "outcome": ["won", "won", "lost"],
        }
    )
    table = made(surveys=surveys, opportunities=won)
    assert table.loc[("satisfaction", "R2"), "target"] == pytest.approx(6.1)
    assert table.loc[("satisfaction", "R1"), "target"] == 8
    assert table.loc[("sales_cycle", "R2"), "target"] == pytest.approx(30 * 0.95)


def test_kinds_that_the_book_knows_nothing_of_have_no_rows() -> None:
    known = list(dict.fromkeys(made().index.get_level_values("measure")))
    assert known == ["new_accounts", "new_account_value", "cross_sell", "retention"]
    assert set(known) < set(KINDS)


def test_a_book_without_reps_asks_nobody() -> None:
    nobody = ACCOUNTS.assign(rep_id=pd.Series([None] * len(ACCOUNTS), dtype="str"))
    table = kind_targets(SALES, nobody, period=PERIOD, as_of=AS_OF, params=KindParams())
    assert (len(table), list(table.columns)) == (
        0,
        ["measure", "rep_id", "base", "company", "cases", "target"],
    )


def test_a_rep_without_a_case_is_asked_for_the_companys_step() -> None:
    sales = SALES[SALES["account_id"] != "D"]
    table = made(sales=sales)
    assert pd.isna(table.loc[("cross_sell", "R2"), "base"])
    assert table.loc[("cross_sell", "R2"), "target"] == pytest.approx(
        table["company"]["cross_sell"].iloc[0] + 0.1
    )


@given(st.floats(-0.9, 20.0))
def test_new_accounts_add_up_to_the_companys_number(growth: float) -> None:
    table = made(KindParams(new_accounts_growth=growth)).loc["new_accounts"]
    assert table["target"].sum() == math.ceil((1 + growth) * 3 / 12 - 1e-9)
    assert (table["target"] == table["target"].round()).all()
