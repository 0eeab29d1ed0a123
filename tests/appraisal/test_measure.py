"""KPIs, targets, scores and draws on tables small enough to count by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.appraisal.draws import draw_scores, rep_cases, scores_without, weigh
from kamlib.appraisal.kpi import MEASURES, Kpi
from kamlib.appraisal.measure import measure_reps, rep_values
from kamlib.appraisal.planned import check_asked, planned_budgets, planned_targets
from kamlib.appraisal.results import attain_by_dimension, bridge_from_last_year, sold_by_others
from kamlib.appraisal.scorecard import perspective_scores, score_reps, set_targets, total_scores
from kamlib.appraisal.weighting import (
    Policy,
    WeightChange,
    WeightParams,
    check_weighting,
    judged_matrix,
    settle_weights,
    weight_remarks,
)
from kamlib.appraisal.window import judged_window
from kamlib.errors import BookError, ParameterError
from kamlib.measures.money import to_money
from kamlib.periods import parse_period

WINDOW = judged_window(parse_period("2025Q1"))
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["A", "B", "C"],
        "rep_id": ["R", "R", "S"],
        "status": "active",
        "potential": [1200.0, None, 400.0],
        "region": ["n", "n", "s"],
        "account_type": "x",
    }
)


def cube(rows):
    table = pd.DataFrame(
        rows, columns=["account_id", "product_line", "rep_id", "month", "revenue", "cost", "quantity"]
    )
    table["revenue"] = to_money([round(r * 10_000) for r in table["revenue"]])
    return table


SOLD = cube(
    [
        ("A", "p", "R", "2024-01", 80.0, 40.0, 8.0),
        ("C", "p", "S", "2024-02", 50.0, 40.0, 5.0),
        ("A", "p", "R", "2025-01", 100.0, 60.0, 9.0),
        ("A", "q", "R", "2025-02", 20.0, None, 1.0),
        ("B", "p", "S", "2025-03", 60.0, 30.0, 5.0),
    ]
)
TABLES = {
    "cube": SOLD,
    "accounts": ACCOUNTS,
    "reps": pd.DataFrame({"rep_id": ["R", "S"], "region": ["n", "s"]}),
    "market": pd.DataFrame({"period": ["2024", "2024"], "region": ["n", "s"], "product_line": [None, None],
                            "size": [100.0, 50.0], "own_share": [0.4, 0.2]}),
    "surveys": pd.DataFrame({"date": pd.to_datetime(["2025-01-05", "2025-02-05", "2025-04-01"]),
                             "account_id": ["A", "B", "A"], "score": [8.0, 6.0, 1.0]}),
    "opportunities": pd.DataFrame({"rep_id": ["R", "R"], "account_id": ["A", "A"], "outcome": ["won", "lost"],
                                   "created": pd.to_datetime(["2025-01-01", "2025-01-01"]),
                                   "closed": pd.to_datetime(["2025-01-31", "2025-02-28"])}),
    "activities": pd.DataFrame({"date": pd.to_datetime(["2025-01-05", "2025-02-05", "2025-03-05"]),
                                "rep_id": "R", "account_id": ["A", "A", "B"], "kind": ["visit", "visit", "event"],
                                "invited": [None, None, 4], "effective": [1.0, 1.0, 3.0]}),
    "complaints": pd.DataFrame({"opened": pd.to_datetime(["2025-01-05", "2025-01-06"]), "account_id": ["A", "B"],
                                "closed": pd.to_datetime(["2025-02-01", None]), "result": ["resolved", None]}),
    "loss_reviews": pd.DataFrame({"account_id": ["C"], "lost_on": pd.to_datetime(["2025-02-01"]),
                                  "reviewed_on": pd.to_datetime(["2025-02-10"])}),
    "rep_forecasts": pd.DataFrame({"made_on": pd.to_datetime(["2024-11-01", "2024-12-01", "2025-02-01"]),
                                   "period": "2025Q1", "rep_id": "R", "account_id": None,
                                   "amount": [500.0, 90.0, 120.0]}),
    "receivables": pd.DataFrame({"account_id": ["A", "A", "B"], "due": pd.to_datetime(["2025-01-10"] * 3),
                                 "amount": [100.0, 300.0, 50.0],
                                 "paid_on": pd.to_datetime(["2025-01-20", None, "2025-01-09"])}),
}  # fmt: skip
EXPECTED = {
    "target_attainment": {"R": 120.0, "S": 60.0},
    "sales_volume": {"R": 10.0, "S": 5.0},
    "customer_count": {"R": 1.0, "S": 1.0},
    "gross_margin": {"R": 0.4, "S": 0.5},
    "market_share": {"R": 0.4, "S": 0.2},
    "satisfaction": {"R": 7.0},
    "new_accounts": {"R": 0.0, "S": 1.0},
    "new_account_value": {"R": 0.0, "S": 60.0},
    "cross_sell": {"R": 2.0, "S": 1.0},
    "retention": {"R": 1.0, "S": 0.0},
    "repeat_purchase": {"R": 1.0, "S": 0.0},
    "wallet_gain": {"R": (120 - 80) / 300, "S": -50 / 100},
    "sales_cycle": {"R": 30.0},
    "activity_participation": {"R": 0.75},
    "effective_contacts": {"R": 2 / 6},
    "complaints_closed": {"R": 0.5},
    "losses_reviewed": {"S": 1.0},
    "forecast_accuracy": {"R": 0.75},
    "overdue_collected": {"R": 0.25},
}


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_each_kpi_is_what_can_be_counted_by_hand(measure):
    found = rep_values(measure_reps(TABLES, measures=[measure], window=WINDOW, reps=["R", "S"]))
    assert dict(zip(found["rep_id"], found["value"], strict=True)) == pytest.approx(EXPECTED[measure])


def test_a_kpi_of_an_absent_table_has_no_rows_and_an_unknown_one_is_refused():
    bare = {"cube": SOLD, "accounts": ACCOUNTS}
    assert not len(measure_reps(bare, measures=["satisfaction"], window=WINDOW, reps=["R"]))
    with pytest.raises(ParameterError, match='"margin" is no measure'):
        measure_reps(bare, measures=["margin"], window=WINDOW, reps=["R"])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_measures_do_not_depend_on_the_order_of_rows(seed):
    shuffled = {name: table.sample(frac=1, random_state=seed) for name, table in TABLES.items()}
    names = sorted(MEASURES)
    one, two = (measure_reps(t, measures=names, window=WINDOW, reps=["R", "S"]) for t in (TABLES, shuffled))
    pd.testing.assert_frame_equal(one, two)


def test_targets_of_quarters_make_the_year_and_adopted_ones_come_first():
    quarters = [f"2025Q{q}" for q in range(1, 5)]
    targets = pd.DataFrame(
        {"period": quarters, "measure": "revenue", "rep_id": "R", "target": [1.0, 2.0, 3.0, 4.0]}
    )
    year = judged_window(parse_period("2025"))
    found = planned_targets(targets, None, ACCOUNTS, window=year)
    assert found[["measure", "rep_id", "asked", "source"]].values.tolist() == [
        ["target_attainment", "R", 10.0, "book"]
    ]
    assert not len(planned_targets(targets.iloc[:3], None, ACCOUNTS, window=year))
    adopted = pd.DataFrame(
        {"period": "2025Q1", "measure": "revenue", "rep_id": "R", "account_id": "A", "month": list(WINDOW.months),
         "target": to_money([70_000, 70_000, 70_000])}
    )  # fmt: skip
    found = planned_targets(targets, adopted, ACCOUNTS, window=WINDOW)
    assert found[["account_id", "asked", "source"]].values.tolist() == [["A", 21.0, "adopted"]]


def test_targets_of_accounts_go_to_who_serves_them_and_of_regions_to_nobody():
    targets = pd.DataFrame(
        {"starts": pd.to_datetime(["2025-01-01"] * 2), "ends": pd.to_datetime(["2025-03-31"] * 2),
         "measure": [None, "revenue"], "account_id": ["C", None], "region": [None, "n"], "target": [5.0, 9.0]}
    )  # fmt: skip
    found = planned_targets(targets, None, ACCOUNTS, window=WINDOW)
    assert found[["rep_id", "account_id", "asked"]].values.tolist() == [["S", "C", 5.0]]


def kpi(measure="sales_volume", **more):
    return Kpi(
        **(
            {"measure": measure, "weight": 1.0, "perspective": "financial", "target": "fixed", "value": 10.0}
            | more
        )
    )


def evidence(value, measure="sales_volume", rep="R"):
    return pd.DataFrame(
        {
            "measure": [measure],
            "rep_id": [rep],
            "account_id": ["A"],
            "amount": [value],
            "base": [np.nan],
            "cases": [1],
        }
    )


def scored(value, one):
    rows = evidence(value, one.measure)
    targets = set_targets(rep_values(rows), kpis=[one], reps=["R"], planned={}, before=rep_values(rows))
    return score_reps(rows, targets, kpis=[one], weights={one.measure: 1.0}, reps=["R"]).iloc[0]


def test_lower_is_better_in_its_three_conventions():
    cycle = {"measure": "sales_cycle", "cap": 200.0}
    assert scored(8.0, kpi(**cycle))["attainment"] == pytest.approx(1.25)
    assert scored(8.0, kpi(**cycle, convention="complement"))["attainment"] == pytest.approx(1.2)
    ranged = {"target": "none", "value": None, "worst": 20.0, "best": 5.0}
    assert scored(8.0, kpi(**cycle, **ranged))["attainment"] == pytest.approx(0.8)


def test_scores_stay_between_floor_and_cap():
    assert scored(50.0, kpi())["score"] == 120.0
    assert scored(-5.0, kpi())["score"] == 0.0
    assert scored(1.0, kpi(floor=40.0))["score"] == 40.0


def test_what_is_left_out_raises_the_others_and_a_target_of_zero_is_refused():
    kpis = [kpi(weight=0.5), kpi("satisfaction", weight=0.5)]
    rows = evidence(5.0)
    targets = set_targets(rep_values(rows), kpis=kpis, reps=["R", "S"], planned={}, before=rep_values(rows))
    weights = {"sales_volume": 0.5, "satisfaction": 0.5}
    table = score_reps(rows, targets, kpis=kpis, weights=weights, reps=["R", "S"])
    assert table["left_out"].isna().tolist() == [True, False, False, False]
    totals = total_scores(table, teams=pd.Series({"R": "t", "S": "t"}), team_share=0.5)
    assert totals["own_score"].tolist()[0] == pytest.approx(50.0)
    assert totals["total_score"].isna().tolist() == [False, True]
    assert perspective_scores(table)["score"].tolist()[0] == pytest.approx(50.0)
    asked = pd.DataFrame({"measure": ["sales_volume"], "rep_id": ["R"], "asked": [0.0]})
    said = r"targets\.target: 0 for rep R, measure sales_volume, 2025-01 to 2025-03 \(1 such\)"
    with pytest.raises(BookError, match=said):
        check_asked(asked, WINDOW)
    with pytest.raises(ParameterError, match="differ in: satisfaction"):
        score_reps(rows, targets, kpis=kpis, weights={"sales_volume": 1.0}, reps=["R"])
    with pytest.raises(ParameterError, match=r"sum to 0\.9"):
        score_reps(rows, targets, kpis=kpis, weights={"sales_volume": 0.5, "satisfaction": 0.4}, reps=["R"])


def test_an_account_left_out_takes_its_part_of_the_target_with_it():
    one = kpi("target_attainment", target="plan", value=None, cap=300.0)
    now = pd.DataFrame({"measure": one.measure, "rep_id": "R", "account_id": ["A", "B"], "amount": [90.0, 10.0],
                        "base": np.nan, "cases": 1})  # fmt: skip
    before = now.assign(amount=[30.0, 10.0])
    targets = pd.DataFrame({"measure": [one.measure], "rep_id": ["R"], "kpi_target": [80.0]})
    cases = rep_cases(now, targets, before=before, kpis=[one], reps=["R"])
    found = scores_without(cases, kpis=[one]).set_index("account_id")["target_attainment"]
    assert found.to_dict() == pytest.approx({"A": 100 * 10 / 20, "B": 100 * 90 / 60})
    drawn = draw_scores(cases, kpis=[one], draws=500, rng=np.random.default_rng(1))[:, 0, 0]
    assert set(np.round(drawn, 6)) == {50.0, 125.0, 150.0}


def monthly(amounts, account="A", measure="target_attainment", year=2025):
    return pd.DataFrame(
        {"measure": measure, "rep_id": "R", "account_id": account, "amount": amounts, "base": np.nan, "cases": 1,
         "month": [f"{year}-{m:02d}" for m in range(1, len(amounts) + 1)]}
    )  # fmt: skip


def drawn_of(now, before, goal):
    one = kpi("target_attainment", target="plan", value=None, cap=1e6)
    targets = pd.DataFrame({"measure": [one.measure], "rep_id": ["R"], "kpi_target": [goal]})
    months = {one.measure: sorted(now["month"].unique())}
    cases = rep_cases(now, targets, before=before, months=months, kpis=[one], reps=["R"])
    return draw_scores(cases, kpis=[one], draws=40_000, rng=np.random.default_rng(1))[:, 0, 0]


def test_drawn_months_keep_the_mean_and_have_the_variance_of_a_sum_of_months():
    drawn = drawn_of(monthly([10.0, 20.0, 30.0]), monthly([1.0, 1.0, 1.0], year=2024), 100.0)
    assert drawn.mean() == pytest.approx(60, abs=0.2)
    assert drawn.var() == pytest.approx(3 * 100, rel=0.02)  # three months of variance 100


def test_a_season_that_the_target_shares_is_no_doubt_and_one_month_is_not_drawn():
    seasonal = drawn_of(monthly([10.0, 20.0, 30.0]), monthly([5.0, 10.0, 15.0], year=2024), 80.0)
    assert np.allclose(seasonal, 75.0)
    one = kpi("target_attainment", target="plan", value=None)
    now = monthly([60.0]).assign(month=None)
    targets = pd.DataFrame({"measure": [one.measure], "rep_id": ["R"], "kpi_target": [80.0]})
    cases = rep_cases(now, targets, before=now, kpis=[one], reps=["R"])
    assert np.allclose(draw_scores(cases, kpis=[one], draws=50, rng=np.random.default_rng(1)), 75.0)


@pytest.mark.parametrize("known", [["2024-02", "2024-03"], ["2024-02"], []])
def test_a_month_that_is_not_known_of_last_year_takes_the_mean_of_the_others(known):
    before = monthly([10.0, 10.0, 10.0], year=2024)
    drawn = drawn_of(monthly([20.0, 20.0, 20.0]), before[before["month"].isin(known)], 80.0)
    assert np.allclose(drawn, 75.0)


def test_sales_without_an_account_are_drawn_by_month_with_their_target():
    drawn = drawn_of(
        monthly([10.0, 20.0, 30.0], account=None), monthly([5.0, 10.0, 15.0], account=None, year=2024), 80.0
    )
    assert np.allclose(drawn, 75.0)


def test_targets_planned_by_account_of_one_measure_leave_last_years_shares_to_the_others():
    kpis = [
        kpi("target_attainment", target="plan", value=None),
        kpi("customer_count", target="last_year", value=None),
    ]
    now = pd.DataFrame({"measure": ["target_attainment", "customer_count"] * 2, "rep_id": "R",
                        "account_id": ["A", "A", "B", "B"], "amount": 1.0, "base": np.nan, "cases": 1})  # fmt: skip
    planned = pd.DataFrame(
        {"measure": "target_attainment", "rep_id": "R", "account_id": ["A", "B"], "asked": [3.0, 1.0]}
    )
    targets = pd.DataFrame({"measure": [k.measure for k in kpis], "rep_id": "R", "kpi_target": [4.0, 2.0]})
    [case] = rep_cases(now, targets, before=now, planned=planned, kpis=kpis, reps=["R"])
    assert case.asked.tolist() == [[3.0, 1.0], [1.0, 1.0]]


def test_weights_are_raised_over_what_is_known():
    assert weigh(np.array([[80.0, np.nan], [np.nan, np.nan]]), np.array([0.3, 0.7]))[0] == 80.0
    assert np.isnan(weigh(np.array([np.nan]), np.array([1.0])))


def test_a_policy_holds_between_its_days_and_is_refused_for_an_unknown_kpi():
    kpis = [kpi(weight=0.5), kpi("satisfaction", weight=0.5)]
    policy = Policy(
        name="p", who="w", why="y", starts="2025-02-01", ends="2025-03-31", factors={"satisfaction": 3.0}
    )
    params = WeightParams(policies=(policy,))
    for day, weight in (
        (dt.date(2025, 1, 31), 0.5),
        (dt.date(2025, 3, 31), 0.75),
        (dt.date(2025, 4, 1), 0.5),
    ):
        assert settle_weights(kpis, pd.DataFrame(), day=day, params=params)["weight"].tolist()[1] == weight
    with pytest.raises(ParameterError, match="p names satisfaction, which is no KPI"):
        check_weighting(kpis[:1], params)


def test_judged_weights_come_from_pairs_and_are_blended_with_the_given():
    kpis = [kpi(weight=0.5), kpi("satisfaction", weight=0.5)]
    params = WeightParams(method="ahp", pairs={"sales_volume/satisfaction": 3.0}, given_share=0.5)
    found = settle_weights(kpis, pd.DataFrame(), day=dt.date(2025, 1, 1), params=params)
    assert found["weight"].tolist() == pytest.approx([0.625, 0.375])
    with pytest.raises(ParameterError, match="1 pairs are missing, the first a/b"):
        judged_matrix(["a", "b"], {})
    with pytest.raises(ParameterError, match="write a number above 0"):
        judged_matrix(["a", "b"], {"a/b": 0.0})
    with pytest.raises(ParameterError, match=r"weights\.ranks: satisfaction must be named"):
        check_weighting(kpis, WeightParams(method="rank", ranks={"sales_volume": 1.0}))


def test_many_kpis_and_small_weights_draw_a_remark():
    table = pd.DataFrame({"weight": [0.96, 0.04]})
    assert weight_remarks(table) == ["small"]
    assert weight_remarks(pd.DataFrame({"weight": [1 / 6] * 6})) == ["many"]


def test_results_and_bridge_add_up_on_every_side():
    results = attain_by_dimension(SOLD, ACCOUNTS, window=WINDOW, targets={"rep": {"R": 150.0, "T": 10.0}})
    for _, part in results.groupby("dimension"):
        assert float(part["actual"].sum()) == 180.0
        assert float(part["actual_last_year"].sum()) == 130.0
    reps = results[results["dimension"] == "rep"].set_index("key")
    assert reps.loc["R", "attainment"] == pytest.approx(0.8)
    assert reps.loc["T", "attainment"] == 0.0
    bridge = bridge_from_last_year(SOLD, window=WINDOW).set_index("part")["amount"].astype(float)
    assert bridge[["before", "lost", "new", "after"]].tolist() == [130.0, -50.0, 60.0, 180.0]
    assert bridge[["price", "volume", "new_products"]].tolist() == pytest.approx([10.0, 10.0, 20.0])
    shared = sold_by_others(SOLD, ACCOUNTS, window=WINDOW)
    assert shared[["account_id", "rep_id", "seller"]].values.tolist() == [["B", "R", "S"]]


def test_a_bridge_by_product_tells_price_from_mix():
    names = ["account_id", "product_line", "product_id", "month", "revenue", "quantity"]
    sold = pd.DataFrame(
        [
            ("A", "p", "ABC", "2024-01", 60.0, 50.0),
            ("A", "p", "DEF", "2024-02", 32.0, 40.0),
            ("A", "p", None, "2024-03", 8.0, None),
            ("A", "p", "ABC", "2025-01", 66.0, 60.0),
            ("A", "p", "DEF", "2025-02", 20.0, 20.0),
            ("A", "p", "DEF", "2025-03", 30.0, 30.0),
            ("A", "p", None, "2025-03", 5.0, 1.0),
        ],
        columns=names,
    )
    sold["revenue"] = to_money([round(r * 10_000) for r in sold["revenue"]])
    parts = bridge_from_last_year(sold, window=WINDOW).set_index("part")["amount"].astype(float)
    assert parts[["before", "price", "volume", "mix", "other", "after"]].round(4).tolist() == [
        100.0, 4.0, 20.4444, -0.4444, -3.0, 121.0
    ]  # fmt: skip
    by_line = bridge_from_last_year(sold.drop(columns="product_id"), window=WINDOW).set_index("part")
    assert float(by_line.loc["other", "amount"]) == 21.0  # a quantity is missing: nothing can be told apart


def test_a_group_judges_swings_weigh_and_the_log_must_end_at_the_weight():
    names = ("sales_volume", "satisfaction")
    kpis = [Kpi(measure=m, weight=0.5, perspective="financial", target="peers") for m in names]
    day = dt.date(2025, 12, 31)
    pair = "sales_volume/satisfaction"
    group = WeightParams(method="group_ahp", judges={"x": {pair: 4.0}, "y": {pair: 1.0}})
    assert settle_weights(kpis, pd.DataFrame(), day=day, params=group)["weight"].tolist() == pytest.approx(
        [2 / 3, 1 / 3]
    )
    swing = WeightParams(method="swing", swings={"sales_volume": 100.0, "satisfaction": 25.0})
    assert settle_weights(kpis, pd.DataFrame(), day=day, params=swing)["weight"].tolist() == pytest.approx(
        [0.8, 0.2]
    )
    with pytest.raises(ParameterError, match="nobody judges"):
        settle_weights(kpis, pd.DataFrame(), day=day, params=WeightParams(method="group_ahp"))

    def change(when: str, before: float, after: float, kpi: str = "satisfaction") -> WeightChange:
        return WeightChange(day=when, who="board", why="returns", kpi=kpi, before=before, after=after)

    good = WeightParams(log=(change("2025-06-01", 0.3, 0.5), change("2025-01-01", 0.2, 0.3)))
    assert len(settle_weights(kpis, pd.DataFrame(), day=day, params=good)) == 2
    for log, said in (
        ((change("2025-01-01", 0.2, 0.3),), "satisfaction was left at 0.3 on 2025-01-01, but weighs 0.5"),
        ((change("2025-01-01", 0.2, 0.3), change("2025-06-01", 0.4, 0.5)), "was left at 0.3 on 2025-01-01"),
        (
            (change("2025-01-01", 0.2, 0.5, "satisfacton"),),
            'no KPI of the scorecard. Did you mean "satisfaction"',
        ),
    ):
        with pytest.raises(ParameterError, match=said):
            settle_weights(kpis, pd.DataFrame(), day=day, params=WeightParams(log=log))


def test_budgets_hold_side_by_side_and_are_no_targets():
    rows = pd.DataFrame(
        {
            "period": ["2025Q1", "2025Q2", "2025Q1", "2025", "2025Q1"],
            "measure": ["budget", "budget", "budget", "budget", "revenue"],
            "region": [None, None, "N", "N", None],
            "rep_id": [None, None, None, None, "R"],
            "target": [100.0, 50.0, 30.0, 99.0, 7.0],
        }
    )
    half = judged_window(parse_period("2025Q2"), to_date=True)
    first = judged_window(parse_period("2025Q1"))
    assert planned_budgets(rows, window=half) == {"company": {"company": 150.0}}
    assert planned_budgets(rows, window=first) == {"company": {"company": 100.0}, "region": {"N": 30.0}}
    asked = planned_targets(rows, None, pd.DataFrame({"account_id": ["A"], "rep_id": ["R"]}), window=first)
    assert asked["asked"].tolist() == [7.0]
    assert planned_budgets(None, window=first) == {}


def test_who_is_measured_on_too_little_has_no_total():
    rows = pd.DataFrame(
        {
            "rep_id": ["R", "R", "S", "S"],
            "kpi": ["a", "b"] * 2,
            "score": [80.0, 60.0, float("nan"), 120.0],
            "weight": [0.8, 0.2] * 2,
            "points": [64.0, 12.0, float("nan"), 120.0],
        }
    )
    totals = total_scores(rows, least_weight=0.5)
    assert totals["own_score"].tolist()[0] == 76.0
    assert totals["total_score"].isna().tolist() == [False, True]
    assert totals["weight_counted"].tolist() == [1.0, 0.2]
    # A fifth of the weight is enough where a fifth is asked, and where nobody is measured on more.
    assert total_scores(rows, least_weight=0.2)["total_score"].tolist() == [76.0, 120.0]
    assert total_scores(rows[2:], least_weight=1.0)["total_score"].tolist() == [120.0]


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ([8.0, 12.0, 20.512, 31.683, 44.0], [np.nan] * 5),
        # five others: the three in the middle, of whose mean nobody's own is told
        ([8.0, 12.0, 20.512, 31.683, 44.0, 70.0], [32.1, 32.1, 29.2, 25.5, 21.4, 21.4]),
        # six others: the two in the middle
        ([8.0, 12.0, 20.512, 31.683, 44.0, 70.0, 90.0], [37.8, 37.8, 37.8, 32.3, 26.1, 26.1, 26.1]),
        ([23.0, 25.0, 29.0, 34.0, 41.0, 52.0], [34.7, 34.7, 33.3, 31.7, 29.3, 29.3]),
        ([4.37, 4.42, 4.51, 4.67, 4.9, 5.0], [4.69, 4.69, 4.66, 4.61, 4.53, 4.53]),
    ],
)
def test_peers_ask_for_the_mean_of_the_middle_others_and_tell_nobodys_own(values, asked):
    reps = list("abcdefg")[: len(values)]
    table = pd.DataFrame({"measure": "sales_volume", "rep_id": reps, "value": values})
    kpi = Kpi(measure="sales_volume", weight=1.0, perspective="financial", target="peers")
    found = set_targets(table.iloc[::-1], kpis=[kpi], reps=reps, planned={}, before=table)["kpi_target"]
    assert found.tolist() == pytest.approx(asked, nan_ok=True)
    assert not set(found) & {float(f"{value:.3g}") for value in values}
