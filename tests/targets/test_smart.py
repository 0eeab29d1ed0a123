from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import ParameterError
from kamlib.periods import Period, parse_period
from kamlib.targets import smart_cards
from kamlib.targets.smart import CRITERIA, PASSES

QUARTER, AS_OF = parse_period("2026Q1"), dt.date(2026, 1, 1)
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["A", "B", "C", "D"],
        "rep_id": ["R1", "R1", None, "R2"],
        "region": ["N", "N", "S", "S"],
        "account_type": "T",
        "by_history": [100, 30, 10, 0],
        "proposal": [90, 40, 10, 0],
        "history_share": [100 / 140, 30 / 140, 10 / 140, 0.0],
        "potential_share": [80 / 140, 50 / 140, 10 / 140, 0.0],
    }
)
TARGETS = pd.DataFrame(
    {
        "account_id": ["A", "A", "B", "B", "C", "D"],
        "product_line": ["P", "Q", "P", "P", "P", "P"],
        "month": ["2026-01", "2026-02", "2026-01", "2026-03", "2026-02", "2026-01"],
        "line_share": [0.5, 0.5, 1.0, 1.0, 1.0, 1.0],
        "target": [60, 60, 20, 20, 5, 0],
    }
)
CUBE = pd.DataFrame({"account_id": ["A", "C", None], "product_line": ["P", "P", "Q"], "revenue": [1, 1, 1]})
BEFORE = {
    "company": {"company": 200},
    "rep": {"R1": 150, None: 10, "R2": 0},
    "region": {"N": 150, "S": 10},
    "account_type": {"T": 160},
    "product_line": {"P": 90, "Q": 70},
    "account": {"A": 100, "B": 50, "C": 10, "D": 0, None: 40},
}
SUMMARY = pd.DataFrame(
    [(level, key, level == "account" and key is None, amount)
     for level, amounts in BEFORE.items() for key, amount in amounts.items()],
    columns=["dimension", "key", "without_account", "actual_last_year"],
).assign(change_asked=0)  # fmt: skip


def make_likely() -> pd.DataFrame:
    rows = [
        ("company", "company", 165, 150, 0.4, "attainable"),
        ("region", "N", 160, 150, 0.4, "attainable"),
        ("region", "S", 5, 6, 0.3, "stretch"),
        ("account_type", "T", 165, 150, 0.4, "attainable"),
        ("product_line", "P", 105, 80, 0.4, "attainable"),
        ("product_line", "Q", 60, 70, 0.7, "attainable"),
        ("rep", "R1", 160, 150, 0.4, "attainable"),
        ("rep", "R2", 0, None, None, "unknown"),
        ("rep", None, 5, None, None, "unknown"),
        ("account", "A", 120, 100, 0.05, "out_of_reach"),
        ("account", "B", 40, 60, 0.9, "easy"),
        ("account", "C", 5, 6, 0.3, "stretch"),
        ("account", "D", 0, None, None, "unknown"),
    ]
    columns = ["dimension", "key", "target", "landing", "reach_probability", "reach_band"]
    return pd.DataFrame(rows, columns=columns).astype({"key": "str", "landing": "float64"})


def cards(
    *,
    period: Period = QUARTER,
    as_of: dt.date = AS_OF,
    weights: tuple[str, ...] = ("history", "potential"),
    **more: pd.DataFrame,
) -> pd.DataFrame:
    tables = {
        "likely": make_likely(), "accounts": ACCOUNTS, "targets": TARGETS, "summary": SUMMARY, "cube": CUBE, **more
    }  # fmt: skip
    return smart_cards(
        tables["likely"],
        tables["accounts"],
        tables["targets"],
        tables["summary"],
        cube=tables["cube"],
        period=period,
        as_of=as_of,
        weights=dict.fromkeys(weights, 1 / len(weights)),
    )


def owned(made: pd.DataFrame) -> pd.DataFrame:
    """Return the cards of reps and accounts."""
    return made[made["dimension"].isin(["rep", "account"])]


def test_who_is_asked_for_something_gets_a_card() -> None:
    made = cards()
    assert made[["dimension", "key"]].fillna("-").to_numpy().tolist() == [
        ["company", "company"], ["region", "N"], ["region", "S"], ["account_type", "T"],
        ["product_line", "P"], ["product_line", "Q"],
        ["rep", "R1"], ["rep", "-"], ["account", "A"], ["account", "B"], ["account", "C"],
    ]  # fmt: skip
    assert made["ends"].eq(pd.Timestamp("2026-03-31")).all()
    assert made["measure"].eq("revenue").all()


def test_potential_is_an_aim_only_where_it_has_a_weight() -> None:
    weighed = cards(weights=("history", "forecast")).set_index("key")["relevant"]
    assert weighed["B"] == "factors"  # history alone asks 30, all factors weighed 40
    even = ACCOUNTS.assign(potential_share=ACCOUNTS["history_share"])
    assert cards(accounts=even).set_index("key")["relevant"]["B"] == "factors"
    alone = even.assign(proposal=even["by_history"])
    assert cards(accounts=alone).set_index("key")["relevant"]["B"] == "no_aim"


def test_each_criterion_says_why() -> None:
    made = owned(cards())
    codes = {name: made[name].tolist() for name in CRITERIA}
    assert codes == {
        "specific": ["named", "no_rep", "named", "named", "no_rep"],
        "measurable": ["recorded", "recorded", "recorded", "countable", "recorded"],
        "attainable": ["attainable", "unknown", "out_of_reach", "easy", "stretch"],
        # R1: 160 over 150 last year; B: 40 of 50, but potential pulls it up; C: 5 of 10, below all
        "relevant": ["growth", "no_aim", "growth", "potential", "no_aim"],
        "time_bound": ["milestones", "one_lump", "milestones", "milestones", "one_lump"],
    }
    assert made["milestones"].tolist() == [3, 1, 2, 2, 1]


def test_a_base_known_in_part_is_no_aim_and_what_serves_no_other_is_not_judged() -> None:
    made = owned(cards(summary=SUMMARY.assign(change_asked=None)))
    # R1: 160 over a landing of 150; A: 120 over 100; C: 5 of 6, above last year or not
    assert made["relevant"].tolist() == ["forecast_gap", "unknown", "forecast_gap", "potential", "unknown"]
    assert made["aim_from"].astype("float64").fillna(-1).tolist() == [150, -1, 100, 30, 6]
    assert made["passed"].tolist() == [5, 1, 4, 5, 1]


def test_what_several_carry_is_specific_where_each_part_has_a_rep() -> None:
    made = cards().set_index("key")
    sides = ["company", "N", "S", "T", "P", "Q"]
    # C, of no rep, carries a part of the company, region S, type T and line P
    assert made.loc[sides, "specific"].tolist() == [
        "part_no_rep", "named", "no_rep", "part_no_rep", "part_no_rep", "named",
    ]  # fmt: skip
    served = ACCOUNTS.assign(rep_id=["R1", "R2", "R1", "R2"])
    made = cards(accounts=served).set_index("key")
    assert made.loc[sides, "specific"].tolist() == ["shared", "shared", "named", "shared", "shared", "named"]
    assert made.loc["P", "milestones"] == 3


def test_a_side_serves_the_aims_of_its_own_sums() -> None:
    made = cards().set_index("key")["relevant"]
    # company 165 of 200 last year, all factors move nothing in all, but 150 is forecast; P 105 of 90
    assert made[["company", "N", "S", "T", "P"]].tolist() == [
        "forecast_gap", "growth", "no_aim", "growth", "growth",
    ]  # fmt: skip
    # Q, half of A's mix, is asked for less than history alone asks, and below its forecast
    assert made["Q"] == "no_aim"
    pulled = ACCOUNTS.assign(proposal=[110, 20, 10, 0])
    assert cards(accounts=pulled).set_index("key").loc["Q", "relevant"] == "factors"  # half of A's 10


def test_a_stretch_is_neither_passed_nor_failed() -> None:
    lone = make_likely().assign(reach_band="stretch")
    made = cards(likely=lone).set_index("key")
    assert made.loc["R1", "passed"] == 4
    assert not made["smart"].any()


def test_smart_is_all_five() -> None:
    made = owned(cards())
    passed = np.column_stack([made[name].isin(list(PASSES[name])) for name in CRITERIA]).sum(axis=1)
    assert made["passed"].tolist() == passed.tolist() == [5, 1, 4, 5, 1]
    assert made["smart"].tolist() == [True, False, False, True, False]


def test_a_target_above_the_forecast_alone_closes_a_gap() -> None:
    shrinking = make_likely()
    shrinking["target"] = shrinking["key"].map({"R1": 140, "A": 95}).fillna(shrinking["target"])
    still = ACCOUNTS.assign(proposal=ACCOUNTS["by_history"])
    made = cards(likely=shrinking.assign(landing=80.0), accounts=still).set_index("key")
    assert made.loc["A", "relevant"] == "forecast_gap"


def test_a_book_without_accounts_in_its_sales_measures_none() -> None:
    made = cards(cube=CUBE.assign(account_id=None))
    assert made["measurable"].eq("no_source").all()


def test_a_month_is_a_deadline_and_what_is_over_is_over() -> None:
    assert cards(period=parse_period("2026-01"))["time_bound"].eq("deadline").all()
    assert cards(as_of=dt.date(2026, 4, 1))["time_bound"].eq("over").all()


def test_row_order_changes_nothing() -> None:
    mixed = {
        "accounts": ACCOUNTS.iloc[::-1], "targets": TARGETS.sample(frac=1, random_state=1), "cube": CUBE.iloc[::-1],
    }  # fmt: skip
    pd.testing.assert_frame_equal(cards(), cards(**mixed))


def test_an_account_of_another_allocation_is_refused() -> None:
    with pytest.raises(ParameterError, match='account "A" is not in accounts'):
        cards(accounts=ACCOUNTS[ACCOUNTS["account_id"] != "A"])


def test_the_amount_from_which_more_is_asked_is_the_least_that_an_aim_asks_for() -> None:
    found = owned(cards())
    # R1, none, A: last year; B: history, as all factors ask for more; C: the forecast
    assert found["aim_from"].astype("float64").tolist() == [150, 10, 100, 30, 6]


def test_what_is_asked_below_history_serves_no_potential() -> None:
    """B has more potential than history, but is asked for 25, below its 30, last year's 50 and the forecast."""
    likely = make_likely()
    at = (likely["dimension"] == "account") & (likely["key"] == "B")
    likely.loc[at, ["target", "landing"]] = [25, 40]
    found = owned(cards(likely=likely))
    assert found.loc[found["key"] == "B", "relevant"].item() == "no_aim"
    likely.loc[at, "target"] = 35
    found = owned(cards(likely=likely))
    assert found.loc[found["key"] == "B", "relevant"].item() == "potential"
