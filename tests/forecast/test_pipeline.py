from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import KamError
from kamlib.forecast import PipelineParams, learn_stage_rates, value_pipeline
from kamlib.forecast.pipeline import Pipeline
from kamlib.measures.money import to_money, to_ticks, total_money

AS_OF, MONTHS = dt.date(2026, 1, 1), [f"2026-{m:02d}" for m in range(1, 13)]
STAGES = {"10": 0.1, "30": 0.3, "50": 0.5, "70": 0.7, "100": 1.0}
TRACKING = Path(__file__).parents[3] / "shared" / "data" / "opportunity_tracking"
CUBE = pd.DataFrame(
    {
        "account_id": ["A", "B"],
        "product_line": ["Bikes", "Bikes"],
        "month": ["2025-06", "2024-12"],
    }
)


def opened(*rows: tuple[str | None, str | None, str, int, str | None]) -> pd.DataFrame:
    """Open opportunities of account, line, stage, amount and expected day."""
    table = pd.DataFrame(rows, columns=["account_id", "product_line", "stage", "amount", "expected_close"])
    table["amount"] = to_money(table["amount"].astype("int64") * 10_000)
    table["expected_close"] = pd.to_datetime(table["expected_close"])
    return table.assign(
        opportunity_id=[f"P{i:02d}" for i in range(len(table))],
        rep_id="R",
        outcome="open",
        created=pd.Timestamp("2025-10-01"),
        closed=pd.NaT,
    )


def value(
    table: pd.DataFrame, delays: list[float] | None = None, stages: dict[str, float] = STAGES
) -> Pipeline:
    params = PipelineParams()
    rates = learn_stage_rates(table, None, stages=stages, as_of=AS_OF, params=params)
    return value_pipeline(
        table,
        rates,
        CUBE,
        as_of=AS_OF,
        months=MONTHS,
        delays=np.array(delays or []),
        params=params,
        paths=2000,
        seed=1,
    )


def test_who_bought_the_line_of_late_is_in_the_base_forecast() -> None:
    table = opened(
        ("A", "Bikes", "50", 100, "2026-02-10"),
        ("A", "Parts", "50", 200, "2026-02-10"),
        ("B", "Bikes", "50", 400, "2026-03-10"),
        ("A", None, "50", 800, "2026-03-10"),
        ("B", None, "50", 1600, "2026-03-10"),
        (None, "Bikes", "50", 3200, "2026-03-10"),
    )
    found = value(table).opportunities.set_index("opportunity_id")
    # B last bought thirteen months before, one month too long ago
    assert found["counted"].sort_index().tolist() == ["in_base", *["new_business"] * 2, "in_base",
                                                      *["new_business"] * 2]  # fmt: skip
    assert total_money(found["new_business"]) == Decimal(100 + 200 + 800 + 1600)


def test_months_follow_the_expected_day_and_the_median_delay() -> None:
    table = opened(("C", "Bikes", "30", 100, "2026-02-20"))
    assert value(table).opportunities["close_month"].tolist() == ["2026-02"]
    late = value(table, [0.0, 10.0, 90.0])
    assert late.opportunities["close_month"].tolist() == ["2026-03"]
    assert late.months.set_index("period").loc["2026-03", "new_business"] == Decimal(30)


def test_what_is_overdue_closes_after_the_planning_date() -> None:
    table = opened(("C", "Bikes", "30", 100, "2025-11-20"), ("C", "Bikes", "30", 100, None))
    assert value(table).opportunities["close_month"].tolist() == ["2026-01", "2026-01"]


def test_the_range_is_that_of_a_coin() -> None:
    found = value(opened(("C", "Bikes", "50", 100, "2026-02-20")))
    assert (found.low_80, found.high_80) == (0.0, 100.0)
    sure = value(opened(("C", "Bikes", "100", 100, "2026-02-20")))
    assert (sure.low_80, sure.high_80) == (100.0, 100.0)


def test_wins_are_drawn_by_their_rate() -> None:
    # 400 of 1 at .3: normal with mean 120 and standard deviation sqrt(400 x .21) = 9.17
    found = value(opened(*[("C", "Bikes", "30", 1, "2026-02-20")] * 400))
    assert found.low_80 == pytest.approx(120 - 1.2816 * 9.17, abs=1.5)
    assert found.high_80 == pytest.approx(120 + 1.2816 * 9.17, abs=1.5)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(sorted(STAGES)), st.integers(0, 10**6)),
                min_size=1, max_size=8))  # fmt: skip
def test_sums_are_exact_and_order_changes_nothing(rows: list[tuple[str, str, int]]) -> None:
    table = opened(*[(a, "Bikes", stage, amount, "2026-05-05") for a, stage, amount in rows])
    found = value(table)
    ticks = sum(round(amount * 10_000 * STAGES[stage]) for _, stage, amount in rows)
    assert to_ticks(found.opportunities["weighted"]).sum() == ticks
    assert to_ticks(found.months["weighted"]).sum() == ticks
    again = value(table.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(found.opportunities, again.opportunities)
    pd.testing.assert_frame_equal(found.months, again.months)


def test_an_empty_pipeline_is_worth_nothing() -> None:
    found = value(opened(("C", "Bikes", "50", 100, "2026-02-20")).assign(outcome="lost"))
    assert found.opportunities.empty
    assert total_money(found.months["weighted"]) == 0


def test_a_stage_without_a_rate_is_refused() -> None:
    with pytest.raises(KamError, match='1 stages have no win rate, such as "30"'):
        value(opened(("C", "Bikes", "30", 100, "2026-02-20")), stages={"50": 0.5})


@pytest.mark.skipif(not TRACKING.exists(), reason="the opportunity tracking sample is not beside the project")
def test_microsofts_sample_is_weighted_to_the_last_row() -> None:
    lines = pd.read_csv(TRACKING / "Fact.csv")
    rates = pd.read_csv(TRACKING / "SalesStage.csv").set_index("Sales Stage ID")["Probability"]
    stage = lines["Sales Stage ID"].map(lambda i: str(int(i)))
    rows = zip(stage, lines["ProductRevenue"].astype("int64"), strict=True)
    table = opened(*[(None, None, name, amount, None) for name, amount in rows])
    table["opportunity_id"] = [f"P{i:03d}" for i in range(len(table))]
    found = value(table, stages={str(int(i)): rate for i, rate in rates.items()}).opportunities
    assert len(found) == 487
    assert round(total_money(found["amount"]) / 1_000_000, 1) == Decimal("2110.9")
    assert round(total_money(found["weighted"]) / 1_000_000, 1) == Decimal("461.1")
    factored = found.set_index("opportunity_id")["weighted"].astype("float64").sort_index()
    np.testing.assert_allclose(factored, lines["FactoredProductRevenue"], rtol=1e-12)
