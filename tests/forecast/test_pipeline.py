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
from kamlib.forecast.pipeline import Pipeline, beyond_base, open_target
from kamlib.measures.money import to_money, to_ticks, total_money
from kamlib.periods import parse_period

AS_OF, MONTHS = dt.date(2026, 1, 1), [f"2026-{m:02d}" for m in range(1, 13)]
STAGES = {"10": 0.1, "30": 0.3, "50": 0.5, "70": 0.7, "100": 1.0}
TRACKING = Path(__file__).parents[3] / "shared" / "data" / "opportunity_tracking"
CUBE = pd.DataFrame(
    {
        "account_id": ["A", "B"],
        "product_line": ["Bikes", "Bikes"],
        "month": ["2025-06", "2024-12"],
        "revenue": to_money([10_000, 10_000]),
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
    table: pd.DataFrame,
    delays: list[float] | None = None,
    stages: dict[str, float] = STAGES,
    cube: pd.DataFrame = CUBE,
) -> Pipeline:
    params = PipelineParams()
    rates = learn_stage_rates(table, None, stages=stages, as_of=AS_OF, params=params)
    return value_pipeline(
        table,
        rates,
        cube,
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


def test_what_was_returned_again_was_not_bought() -> None:
    table = opened(("A", "Bikes", "50", 100, "2026-02-10"), ("A", None, "50", 100, "2026-02-10"))
    back = pd.DataFrame({"account_id": "A", "product_line": "Bikes", "month": ["2025-06", "2025-09"],
                         "revenue": to_money([10_000, -10_000])})  # fmt: skip
    assert set(value(table, cube=back).opportunities["counted"]) == {"new_business"}
    kept = back.assign(revenue=to_money([10_000, -9_999]))
    assert set(value(table, cube=kept).opportunities["counted"]) == {"in_base"}


def test_what_was_bought_in_the_month_of_the_planning_date_or_later_is_not_seen() -> None:
    table = opened(("A", "Bikes", "50", 100, "2026-02-10"))
    late = CUBE.assign(month=["2026-01", "2026-02"], account_id="A")
    assert value(table, cube=late).opportunities["counted"].tolist() == ["new_business"]


def test_deals_that_close_early_make_none_overdue() -> None:
    table = opened(("C", "Bikes", "30", 100, "2026-01-20"), ("C", "Bikes", "30", 100, "2026-03-20"))
    rates = learn_stage_rates(table, None, stages=STAGES, as_of=AS_OF, params=PipelineParams())
    # who is overdue would wait half a year
    rates["days_to_win"] = 180.0
    found = value_pipeline(table, rates, CUBE, as_of=AS_OF, months=MONTHS, delays=np.full(10, -30.0),
                           params=PipelineParams(), paths=100, seed=1)  # fmt: skip
    months = found.opportunities.set_index("opportunity_id")["close_month"]
    assert months.to_dict() == {"P00": "2026-01", "P01": "2026-02"}
    assert not found.opportunities["overdue"].any()
    drawn = found.months.set_index("period")["high_80"]
    assert drawn[drawn > 0].index.tolist() == ["2026-01", "2026-02"]


def test_drawn_months_follow_each_delay_of_the_past() -> None:
    # of a sure win, half close when expected and half two months later
    table = opened(*[("C", "Bikes", "100", 1, "2026-02-10")] * 400, ("C", "Bikes", "100", 7, "2025-12-10"))
    found = value(table, [0.0, 59.0]).months.set_index("period")
    for month in ("2026-02", "2026-04"):
        middle = float(found.loc[month, "low_80"] + found.loc[month, "high_80"]) / 2
        assert middle == pytest.approx(200, abs=2)  # binomial, standard deviation 10
    assert found.loc["2026-01", "low_80"] == found.loc["2026-01", "high_80"] == Decimal(7)


def test_the_range_of_all_holds_what_is_in_the_base_forecast() -> None:
    table = opened(("A", "Bikes", "100", 100, "2026-02-20"), ("C", "Bikes", "100", 40, "2026-02-20"))
    found = value(table)
    assert (found.low_80, found.high_80) == (40.0, 40.0)
    assert (found.weighted_low_80, found.weighted_high_80) == (140.0, 140.0)
    assert found.added == Decimal(40)


def test_the_draws_are_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    table = opened(*[("C", "Bikes", "30", i, "2026-02-20") for i in range(50)])
    whole = value(table, [-20.0, 0.0, 45.0])
    monkeypatch.setattr("kamlib.forecast.pipeline._CELLS", 333)
    pd.testing.assert_frame_equal(value(table, [-20.0, 0.0, 45.0]).months, whole.months)


def test_paths_of_new_business_are_those_its_range_is_counted_from() -> None:
    found = value(
        opened(*[("C", "Bikes", "30", 100, "2026-02-20")] * 5, ("A", "Bikes", "50", 90, "2026-03-20"))
    )
    assert found.won.shape == (2000, 12)
    assert np.quantile(found.won.sum(axis=1), [0.1, 0.9]).tolist() == [found.low_80, found.high_80]
    assert found.won[:, 1].mean() == pytest.approx(150, rel=0.05)
    assert (np.delete(found.won, 1, axis=1) == 0).all()


def test_what_cannot_be_valued_is_refused() -> None:
    table = opened(("C", "Bikes", "30", 100, None), ("C", "Bikes", "50", 100, None))
    with pytest.raises(KamError, match='1 open opportunities are there twice, such as "P00". Keep one row'):
        value(table.assign(opportunity_id="P00"))
    with pytest.raises(
        KamError, match='amount: 1 open opportunities have an amount below zero, such as "P01"'
    ):
        value(table.assign(amount=to_money([1, -1])))
    with pytest.raises(KamError, match='stage: 1 open opportunities are in no stage, such as "P01"'):
        value(table.assign(stage=pd.Series(["30", None], dtype="str")))
    # what is closed is not valued
    assert len(value(table.assign(amount=to_money([1, -1]), outcome=["open", "lost"])).opportunities) == 1


def test_more_than_the_base_forecast_of_a_buyer_is_told() -> None:
    table = opened(
        ("A", "Bikes", "50", 100, "2026-02-20"),
        ("A", "Bikes", "50", 60, "2026-03-20"),
        ("A", None, "50", 10, "2026-03-20"),
        ("C", "Bikes", "50", 1000, "2026-03-20"),
        ("A", "Bikes", "50", 5000, "2027-03-20"),
    )
    forecast = pd.DataFrame(
        {
            "level": ["account_line", "account_line", "account", "account_line"],
            "key": ["A / Bikes", "A / Bikes", "A", "A / Bikes"],
            "period": ["2026-02", "2026-03", "2026-03", "2027-03"],
            "forecast": to_money([300_000, 200_000, 500_000, 9_000_000]),
        }
    )
    # 80 weighted against 50 forecast; without a line 5 against 50; what closes beyond the months is not asked
    assert beyond_base(value(table), forecast) == Decimal(30)


def test_a_year_that_is_over_has_no_months_to_come() -> None:
    table = opened(("C", "Bikes", "50", 100, "2026-02-20"))
    rates = learn_stage_rates(table, None, stages=STAGES, as_of=AS_OF, params=PipelineParams())
    found = value_pipeline(table, rates, CUBE, as_of=AS_OF, months=[], delays=np.zeros(0),
                           params=PipelineParams(), paths=100, seed=1)  # fmt: skip
    assert (len(found.months), found.added, found.high_80) == (0, Decimal(0), 0.0)


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


def test_the_open_target_is_what_the_period_s_months_leave_of_it() -> None:
    months = ["2026-01", "2026-02", "2026-03", "2026-04"]
    outlook = pd.DataFrame({"period": months, "landing": to_money([200_000] * 4)})
    found = open_target(outlook, Decimal(100), period=parse_period("2026Q1"))
    assert (found.target, found.open) == (Decimal(100), Decimal(40))


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
