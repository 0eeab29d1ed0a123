"""What a KPI reads of its window and of nothing else: dates, who served when, unknown beside none."""

import pandas as pd
import pytest
from pydantic import ValidationError

from kamlib.appraisal.facts import RepFacts
from kamlib.appraisal.kpi import Kpi
from kamlib.appraisal.measure import measure_reps, rep_values
from kamlib.appraisal.results import sold_by_others
from kamlib.appraisal.service_kpis import forecast_direction
from kamlib.appraisal.window import Window, judged_window
from kamlib.measures.money import to_money
from kamlib.periods import parse_period

QUARTER = judged_window(parse_period("2025Q1"))
ACCOUNTS = pd.DataFrame({"account_id": ["A", "B"], "rep_id": ["new", "S"], "status": "active"})
HISTORY = pd.DataFrame({"account_id": "A", "from": pd.to_datetime(["2020-01-01", "2025-03-31"]),
                        "rep_id": ["old", "new"], "status": ["active", "active"], "potential": None})  # fmt: skip
SOLD = pd.DataFrame({"account_id": "A", "product_line": "p", "rep_id": ["old", "old"],
                     "month": ["2024-02", "2025-02"], "revenue": [50.0, 100.0]})  # fmt: skip
EVERYONE = ["R", "S", "T", "new", "old"]


def values(measure, window=QUARTER, *, cube=SOLD, accounts=ACCOUNTS, **tables):
    found = measure_reps(
        {"cube": cube, "accounts": accounts, **tables}, measures=[measure], window=window, reps=EVERYONE
    )
    table = rep_values(found)
    return dict(zip(table["rep_id"], table["value"], strict=True))


def days(*labels):
    return pd.to_datetime(list(labels))


def test_the_market_share_is_the_windows_own():
    market = pd.DataFrame({"period": ["2023", "2024", "2024Q1", "2025Q1"], "region": "n", "product_line": None,
                           "size": 100.0, "own_share": [0.1, 0.2, 0.3, 0.4]})  # fmt: skip
    reps = pd.DataFrame({"rep_id": ["R"], "region": ["n"]})
    said = {
        label: values("market_share", judged_window(parse_period(label)), market=market, reps=reps).get("R")
        for label in ("2023Q4", "2024Q1", "2024Q4", "2024", "2025Q1", "2026Q1", "2027")
    }
    assert said == {"2023Q4": 0.1, "2024Q1": 0.3, "2024Q4": 0.2, "2024": 0.2, "2025Q1": 0.4,
                    "2026Q1": None, "2027": None}  # fmt: skip


def test_what_was_closed_or_reviewed_after_the_window_is_open_in_it():
    complaints = pd.DataFrame({"opened": days("2025-01-05", "2025-01-06"), "account_id": "B",
                               "closed": days("2025-03-31", "2025-04-01"), "result": "resolved"})  # fmt: skip
    reviews = pd.DataFrame({"account_id": "B", "lost_on": days("2025-02-01", "2025-02-02"),
                            "reviewed_on": days("2025-06-10", "2025-03-01")})  # fmt: skip
    assert values("complaints_closed", complaints=complaints)["S"] == 0.5
    assert values("losses_reviewed", loss_reviews=reviews)["S"] == 0.5


def test_who_served_when_is_read_from_the_history():
    facts = RepFacts({"accounts": ACCOUNTS, "account_history": HISTORY}, ())
    months = facts.held(QUARTER).set_index(["rep_id", "account_id"])["months"].to_dict()
    assert months == pytest.approx({("old", "A"): 2 + 30 / 31, ("new", "A"): 1 / 31, ("S", "B"): 3.0})
    assert facts.rep_of(QUARTER).to_dict() == {"A": "new", "B": "S"}
    assert facts.rep_of(QUARTER.last_year()).to_dict() == {"A": "old", "B": "S"}


def test_contacts_count_for_who_served_and_for_the_months_served():
    visits = pd.DataFrame({"date": days("2025-01-05", "2025-02-05", "2024-06-01"), "rep_id": ["old", "old", "new"],
                           "account_id": "A", "kind": "visit", "effective": 1.0})  # fmt: skip
    found = values("effective_contacts", activities=visits, account_history=HISTORY)
    assert found == pytest.approx({"old": 2 / (2 + 30 / 31), "new": 0.0})
    began = ACCOUNTS.assign(rep_id="R", since=days("2025-03-01", "2020-01-01"))
    visits = pd.DataFrame({"date": days("2025-03-05"), "rep_id": "R", "account_id": "A", "effective": 1.0})
    assert values("effective_contacts", activities=visits, accounts=began)["R"] == pytest.approx(1 / 4)


def test_contacts_of_unknown_effect_are_unknown_and_not_zero():
    visits = pd.DataFrame({"date": days("2025-01-05", "2025-01-06", "2025-01-07"), "rep_id": ["R", "S", "T"],
                           "account_id": ["A", "B", "C"], "effective": [None, 1.0, None]})  # fmt: skip
    accounts = pd.DataFrame({"account_id": list("ABC"), "rep_id": ["R", "S", "T"], "status": "active"})
    assert values("effective_contacts", activities=visits, accounts=accounts) == pytest.approx({"S": 1 / 3})


def test_months_of_a_window_add_up_to_it():
    visits = pd.DataFrame({"date": days("2025-01-05", "2025-02-05", "2025-03-31"), "rep_id": ["old", "old", "new"],
                           "account_id": "A", "effective": [1.0, None, 1.0]})  # fmt: skip
    surveys = pd.DataFrame({"date": days("2025-01-05", "2025-03-31"), "account_id": "A", "score": [8.0, 6.0]})
    tables = {"cube": SOLD, "accounts": ACCOUNTS, "account_history": HISTORY, "activities": visits,
              "surveys": surveys}  # fmt: skip
    keys = ["measure", "rep_id", "account_id"]
    for measure in ("effective_contacts", "satisfaction"):
        whole = measure_reps(tables, measures=[measure], window=QUARTER, reps=EVERYONE)
        months = [QUARTER.first.shift(k) for k in range(3)]
        parts = pd.concat(
            [measure_reps(tables, measures=[measure], window=Window(m, m), reps=EVERYONE, whole=QUARTER)
             for m in months]
        )  # fmt: skip
        added = parts.groupby(keys)[["amount", "base"]].sum()
        pd.testing.assert_frame_equal(added, whole.set_index(keys)[["amount", "base"]])


def test_a_seller_who_served_in_the_month_of_the_sale_sold_into_an_own_account():
    cube = SOLD.assign(revenue=to_money([500_000, 1_000_000]))
    late = pd.DataFrame([{"account_id": "B", "product_line": "p", "rep_id": "old", "month": "2025-03"}])
    cube = pd.concat([cube, late.assign(revenue=to_money([70_000]))], ignore_index=True)
    found = sold_by_others(cube, ACCOUNTS, window=QUARTER, history=HISTORY)
    assert found[["account_id", "rep_id", "seller"]].values.tolist() == [["B", "S", "old"]]
    assert len(sold_by_others(cube, ACCOUNTS, window=QUARTER)) == 2


def forecasts(*rows):
    return pd.DataFrame(rows, columns=["made_on", "period", "rep_id", "amount"]).assign(account_id=None)


def test_a_forecast_of_sales_that_never_came_hits_nothing():
    said = forecasts(("2024-12-01", "2025Q1", "R", 1e6), ("2024-12-01", "2025Q1", "old", 80.0),
                     ("2024-12-01", "2025Q1", "S", 0.0))  # fmt: skip
    assert values("forecast_accuracy", rep_forecasts=said) == pytest.approx({"R": 0.0, "old": 0.8})


def test_forecasts_are_read_in_the_periods_that_each_rep_gives():
    cube = pd.DataFrame({"account_id": "A", "product_line": "p", "rep_id": ["R", "R", "S"],
                         "month": ["2025-01", "2025-02", "2025-01"], "revenue": [100.0, 100.0, 100.0]})  # fmt: skip
    said = forecasts(("2024-12-01", "2025-01", "R", 100.0), ("2025-01-02", "2025-02", "R", 50.0),
                     ("2024-12-01", "2025Q1", "S", 90.0), ("2024-12-01", "2025-01", "S", 10.0))  # fmt: skip
    found = values("forecast_accuracy", cube=cube, rep_forecasts=said)
    assert found == pytest.approx({"R": 0.75, "S": 0.9})


def test_the_side_of_forecasts_is_told_where_their_accuracy_is_the_same():
    cube = pd.DataFrame({"account_id": "A", "product_line": "p", "rep_id": ["R", "S"], "month": "2025-01",
                         "revenue": 100.0})  # fmt: skip
    said = forecasts(("2024-12-01", "2025Q1", "R", 75.0), ("2024-12-01", "2025Q1", "S", 125.0))
    assert values("forecast_accuracy", cube=cube, rep_forecasts=said) == pytest.approx({"R": 0.75, "S": 0.75})
    found = forecast_direction({"cube": cube, "rep_forecasts": said}, window=QUARTER, reps=EVERYONE)
    assert found.values.tolist() == [["R", 1, 1, -0.25], ["S", 1, 0, 0.25]]
    assert not len(forecast_direction({"cube": cube}, window=QUARTER, reps=EVERYONE))


def test_money_that_was_overdue_before_the_window_is_to_be_collected_too():
    owed = pd.DataFrame({"account_id": "B", "amount": [100.0, 200.0, 400.0, 700.0],
                         "due": days("2024-05-01", "2024-05-01", "2024-05-01", "2025-02-01"),
                         "paid_on": days("2025-02-01", None, "2024-12-01", "2025-04-10")})  # fmt: skip
    assert values("overdue_collected", receivables=owed)["S"] == pytest.approx(100 / (100 + 200 + 700))


@pytest.mark.parametrize(("measure", "worst", "best"), [("sales_cycle", 5.0, 20.0), ("retention", 1.0, 0.5)])
def test_a_best_on_the_wrong_side_of_the_worst_is_refused(measure, worst, best):
    with pytest.raises(ValidationError, match=f"{measure}: .* is better, but best .* swap them"):
        Kpi(measure=measure, weight=1.0, perspective="process", target="none", worst=worst, best=best)
