from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.forecast import compare_rep_forecasts, judge_rep_forecasts, plan_work
from kamlib.measures.money import to_money
from kamlib.periods import parse_period
from kamlib.runs import open_run

AS_OF = dt.date(2026, 1, 1)
QUARTERS = [f"{year}Q{q}" for year in (2024, 2025) for q in range(1, 5)]
STARTS = dict(zip(QUARTERS, pd.to_datetime([f"{y}-{m:02d}-01" for y in (2024, 2025) for m in (1, 4, 7, 10)]),
                  strict=True))  # fmt: skip
CUBE = pd.DataFrame(
    {
        "rep_id": "R1",
        "month": [str(start)[:7] for start in STARTS.values()],
        "revenue": to_money([1_000_000] * 8),
    }
)
RATES = pd.DataFrame({"stage": ["10", "30", "50", "100"], "used_rate": [0.1, 0.3, 0.25, 1.0]})


def calls(shares: list[float], days_before: int = 5, rep: str = "R1") -> pd.DataFrame:
    """Submissions as shares of what came, one a quarter."""
    quarters = QUARTERS[: len(shares)]
    return pd.DataFrame(
        {
            "made_on": [STARTS[q] - pd.Timedelta(days=days_before) for q in quarters],
            "period": quarters,
            "rep_id": rep,
            "account_id": pd.Series([None] * len(quarters), dtype="str"),
            "amount": to_money([round(1_000_000 * s) for s in shares]),
        }
    )


def judge(table: pd.DataFrame, as_of: dt.date = AS_OF) -> pd.Series:
    return judge_rep_forecasts(table, CUBE, as_of=as_of).set_index("rep_id").loc["R1"]


def test_the_lean_is_the_geometric_mean_with_students_interval() -> None:
    row = judge(calls([0.7, 0.8, 0.7, 0.8]))
    logs = np.log([0.7, 0.8, 0.7, 0.8])
    assert row["lean"] == pytest.approx(np.exp(logs.mean()) - 1)
    half = 3.182446 * logs.std(ddof=1) / 2  # Student's t at .975 with three degrees of freedom
    assert row["lean_low"] == pytest.approx(np.exp(logs.mean() - half) - 1, rel=1e-5)
    assert (row["periods"], row["leaning"]) == (4, "sandbags")
    assert (row["submitted"], row["actual"]) == (Decimal(300), Decimal(400))
    assert row["wape"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("shares", "leaning"),
    [
        ([1.3, 1.25, 1.3, 1.4], "happy_ears"),
        ([1.05, 1.05, 1.05, 1.051], "within_a_tenth"),
        ([0.5, 1.5, 0.7, 1.4], "no_clear_lean"),
        ([0.5, 0.5, 0.5], "too_few"),
    ],
)
def test_a_lean_is_told_where_it_is_sure_and_large(shares: list[float], leaning: str) -> None:
    assert judge(calls(shares))["leaning"] == leaning


def test_only_what_was_said_before_a_period_that_is_over_counts() -> None:
    early, late = calls([0.5] * 8), calls([1.0] * 8, days_before=-30)
    row = judge(pd.concat([late, early], ignore_index=True), dt.date(2025, 6, 1))
    assert (row["periods"], row["lean"]) == (5, pytest.approx(-0.5))
    newer = calls([0.8] * 8, days_before=2)
    assert judge(pd.concat([newer, early], ignore_index=True))["lean"] == pytest.approx(-0.2)


def test_submissions_by_account_are_summed_per_day() -> None:
    total = calls([0.5] * 4)
    parts = [calls([0.3] * 4).assign(account_id="A"), calls([0.4] * 4).assign(account_id="B")]
    before = calls([9.0] * 4, days_before=9).assign(account_id="A")
    by_account = pd.concat([*parts, before], ignore_index=True)
    assert judge(by_account)["lean"] == pytest.approx(-0.3)
    assert judge(by_account)["submitted"] == Decimal(280)
    # what a rep says of all stands before what is said of some accounts, also on a later day
    assert judge(pd.concat([total.assign(made_on=total["made_on"] - pd.Timedelta(days=3)), by_account]))[
        "lean"
    ] == pytest.approx(-0.5)


def test_of_several_submissions_on_a_day_the_largest_counts() -> None:
    twice = pd.concat([calls([0.5] * 4), calls([0.8] * 4)], ignore_index=True)
    for table in (twice, twice[::-1]):
        assert judge(table)["lean"] == pytest.approx(-0.2)
        now = compare_rep_forecasts(table, judge_rep_forecasts(table, CUBE, as_of=AS_OF),
                                    pd.DataFrame({"level": [], "key": [], "period": [], "forecast": []}),
                                    period=parse_period("2024Q1"))  # fmt: skip
        assert now["submitted"].tolist() == [Decimal(80)]


def test_a_submission_of_nothing_is_counted_apart() -> None:
    row = judge(calls([0.0, 0.8, 0.8, 0.8, 0.8]))
    assert (row["periods"], row["without_ratio"], row["leaning"]) == (4, 1, "sandbags")
    assert row["lean"] == pytest.approx(-0.2)
    assert (row["submitted"], row["actual"]) == (Decimal(320), Decimal(500))
    assert row["wape"] == pytest.approx((1 + 4 * 0.2) / 5)
    never = judge(calls([0.0] * 5))
    assert (never["periods"], never["without_ratio"], never["leaning"]) == (0, 5, "too_few")
    assert np.isnan(never["lean"])
    nothing_sold = judge_rep_forecasts(calls([0.5] * 4, rep="R2"), CUBE, as_of=AS_OF).iloc[0]
    assert (nothing_sold["without_ratio"], nothing_sold["actual"]) == (4, Decimal(0))
    assert np.isnan(nothing_sold["wape"])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["R1", "R2"]), st.sampled_from(QUARTERS[:3]), st.integers(0, 3),
                          st.sampled_from([None, "A", "B"]), st.integers(0, 3)), min_size=1, max_size=12))  # fmt: skip
def test_row_order_changes_no_judgement(rows: list[tuple[str, str, int, str | None, int]]) -> None:
    table = pd.DataFrame(rows, columns=["rep_id", "period", "days", "account_id", "amount"])
    table["made_on"] = table["period"].map(STARTS) - pd.to_timedelta(1 + table["days"], unit="D")
    table = table.assign(account_id=table["account_id"].astype("str"), amount=to_money(table["amount"]))
    found = judge_rep_forecasts(table, CUBE, as_of=AS_OF)
    shuffled = judge_rep_forecasts(table.sample(frac=1, random_state=1), CUBE, as_of=AS_OF)
    pd.testing.assert_frame_equal(found, shuffled)
    counted = int(found["periods"].sum() + found["without_ratio"].sum())
    assert counted == len(table[["rep_id", "period"]].drop_duplicates())


def test_a_known_lean_is_taken_out_of_what_is_submitted() -> None:
    table = calls([0.5] * 8)
    judged = judge_rep_forecasts(table[:7], CUBE, as_of=dt.date(2025, 10, 1))
    forecast = pd.DataFrame(
        {
            "level": "rep",
            "key": "R1",
            "period": ["2025-10", "2025-11", "2025-12"],
            "forecast": to_money([300_000] * 3),
        }
    )
    found = compare_rep_forecasts(table, judged, forecast, period=parse_period("2025Q4")).iloc[0]
    assert (found["submitted"], found["corrected"]) == (Decimal(50), Decimal(100))
    assert (found["forecast"], found["gap_to_model"]) == (Decimal(90), Decimal(10))


def opened(*rows: tuple[str | None, str, int, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["rep_id", "stage", "amount", "expected_close"])
    return table.assign(
        opportunity_id=[f"P{i}" for i in range(len(table))],
        account_id="A",
        amount=to_money(table["amount"] * 10_000),
        expected_close=pd.to_datetime(table["expected_close"]),
        outcome="open",
    )


def test_the_plan_ranks_by_what_the_next_stage_is_worth() -> None:
    table = opened(
        ("R1", "10", 1000, "2026-02-01"),  # + .2: 200
        ("R1", "50", 400, "2026-02-01"),  # + .75: 300
        ("R1", "30", 5000, "2026-02-01"),  # the next stage is won less: 0
        ("R1", "10", 1000, "2025-12-01"),  # 200, overdue
        ("R1", "100", 9000, "2026-02-01"),  # in the last stage
        (None, "10", 9000, "2026-02-01"),
        ("R2", "10", 10, "2026-02-01"),
    )
    plan = plan_work(table, RATES, as_of=AS_OF, per_rep=4)
    assert plan["opportunity_id"].tolist() == ["P1", "P3", "P0", "P2", "P6"]
    assert plan["place"].tolist() == [1, 2, 3, 4, 1]
    assert plan["gain"].tolist() == [Decimal(300), Decimal(200), Decimal(200), Decimal(0), Decimal(2)]
    assert plan["reason"].tolist() == ["close", "overdue", "advance", "advance", "advance"]
    assert plan["next_stage"].tolist() == ["100", "30", "30", "50", "30"]
    assert plan["at_risk"].tolist() == [Decimal(0), Decimal(100), Decimal(0), Decimal(0), Decimal(0)]
    assert len(plan_work(table, RATES, as_of=AS_OF, per_rep=1)) == 2


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["R1", "R2"]), st.sampled_from(["10", "30", "50"]),
                          st.integers(0, 9), st.sampled_from(["2025-11-01", "2026-03-01"])), max_size=12))  # fmt: skip
def test_row_order_changes_no_plan(rows: list[tuple[str, str, int, str]]) -> None:
    table = opened(*rows)
    plan = plan_work(table, RATES, as_of=AS_OF, per_rep=3)
    shuffled = plan_work(table.sample(frac=1, random_state=1), RATES, as_of=AS_OF, per_rep=3)
    pd.testing.assert_frame_equal(plan, shuffled)
    assert (plan["gain"].astype("float64") >= 0).all()
    assert plan["place"].max() <= 3 if len(plan) else True


def test_the_demo_books_leaning_reps_are_found(demo_run: Path) -> None:
    run = open_run(demo_run)
    judged = judge_rep_forecasts(run.load("rep_forecasts"), run.load("cube"), as_of=run.as_of)
    leaning = judged.set_index("rep_id")["leaning"]
    assert leaning[leaning == "sandbags"].index.tolist() == ["R01"]
    assert leaning[leaning == "happy_ears"].index.tolist() == ["R08"]
