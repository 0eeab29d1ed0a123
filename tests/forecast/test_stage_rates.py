from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from kamlib.errors import KamError, ParameterError
from kamlib.forecast import PipelineParams, closing_delays, learn_stage_rates, stage_reliability
from kamlib.forecast.stage_rates import open_too_long
from kamlib.runs import open_run

AS_OF = dt.date(2026, 1, 1)
STAGES = {"10": 0.1, "30": 0.3, "50": 0.5, "70": 0.7, "100": 1.0}


def book(outcomes: list[str], days: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Opportunities made a month apart from 2020 on, each in stage 30 at once and closed after some days."""
    created = pd.to_datetime("2020-01-01") + pd.to_timedelta(30 * np.arange(len(outcomes)), unit="D")
    ids = [f"P{i:03d}" for i in range(len(outcomes))]
    closed = created + pd.Timedelta(days=days)
    opportunities = pd.DataFrame(
        {"opportunity_id": ids, "created": created, "closed": closed, "outcome": outcomes, "stage": "30"}
    )
    opportunities.loc[opportunities["outcome"] == "open", "closed"] = pd.NaT
    entered = pd.DataFrame({"opportunity_id": ids, "date": created, "stage": "30"})
    won = opportunities[opportunities["outcome"] == "won"]
    last = pd.DataFrame({"opportunity_id": won["opportunity_id"], "date": won["closed"], "stage": "100"})
    history = pd.concat([entered, last], ignore_index=True)
    history["expected_close"] = history["date"] + pd.Timedelta(days=50)
    return opportunities, history


def learn(
    opportunities: pd.DataFrame, history: pd.DataFrame | None, prior: int = 20, as_of: dt.date = AS_OF
) -> pd.DataFrame:
    params = PipelineParams(stage_prior=prior)
    table = learn_stage_rates(opportunities, history, stages=STAGES, as_of=as_of, params=params)
    return table.set_index("stage")


def test_the_rate_is_found_held_to_what_is_given() -> None:
    row = learn(*book(["won"] * 6 + ["lost"] * 4)).loc["30"]
    assert (row["decided"], row["won"], row["found_rate"]) == (10, 6, 0.6)
    assert row["used_rate"] == pytest.approx((6 + 20 * 0.3) / 30)
    # the chance that a Beta(12, 18) lies below x is that of at least 12 of 29 at a rate of x
    assert binom.sf(11, 29, row["rate_low"]) == pytest.approx(0.1)
    assert binom.sf(11, 29, row["rate_high"]) == pytest.approx(0.9)
    assert row["days_to_win"] == 60


def test_without_dated_history_the_given_rates_stay() -> None:
    table = learn(book(["won"] * 5)[0], None)
    assert table["used_rate"].to_dict() == STAGES
    assert table["found_rate"].isna().all()
    assert stage_reliability(
        book(["won"])[0], None, stages=STAGES, as_of=AS_OF, params=PipelineParams()
    ).empty


def test_the_stage_it_closed_in_says_nothing() -> None:
    table = learn(*book(["won"] * 5 + ["lost"] * 5))
    assert table.loc["100", "decided"] == 0
    assert table.loc["100", "used_rate"] == 1.0


def test_open_ones_and_those_closed_later_are_not_counted() -> None:
    opportunities, history = book(["won", "open", "lost"])
    assert learn(opportunities, history).loc["30", "decided"] == 2
    assert learn(opportunities, history, as_of=dt.date(2020, 3, 2)).loc["30", "decided"] == 1


def test_young_ones_are_left_out_once_ten_are_won() -> None:
    opportunities, history = book(["won"] * 12)
    opportunities.loc[11, "created"] = pd.Timestamp("2025-12-01")
    opportunities.loc[11, ["outcome", "closed"]] = ["lost", pd.Timestamp("2025-12-20")]
    history.loc[history["opportunity_id"] == "P011", "date"] = pd.Timestamp("2025-12-01")
    row = learn(opportunities, history[history["stage"] == "30"]).loc["30"]
    assert (row["decided"], row["won"]) == (11, 11)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["won", "lost", "open"]), min_size=1, max_size=30), st.integers(0, 100))
def test_the_rate_lies_between_given_and_found(outcomes: list[str], prior: int) -> None:
    opportunities, history = book(outcomes)
    table = learn(opportunities, history, prior)
    shuffled = learn(
        opportunities.sample(frac=1, random_state=1), history.sample(frac=1, random_state=2), prior
    )
    pd.testing.assert_frame_equal(table, shuffled)
    row = table.loc["30"]
    if row["decided"]:
        low, high = sorted([row["found_rate"], 0.3])
        assert low - 1e-12 <= row["used_rate"] <= high + 1e-12
    else:
        assert row["used_rate"] == 0.3


def test_a_rate_that_is_no_fraction_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"stages.30 is 30; a win rate is a fraction from 0 to 1"):
        learn_stage_rates(*book(["won"]), stages={"30": 30}, as_of=AS_OF, params=PipelineParams())


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(KamError, match='1 stages are not the book\'s, such as "100"'):
        learn_stage_rates(*book(["won"]), stages={"30": 0.3}, as_of=AS_OF, params=PipelineParams())


def test_said_is_compared_with_found_once_per_stage() -> None:
    opportunities, history = book(["won", "lost"] * 40, days=100)
    table = stage_reliability(opportunities, history, stages=STAGES, as_of=AS_OF, params=PipelineParams())
    row = table.set_index("stage").loc["30"]
    # one is made each 30 days and stays open for 100, so over a first of each third month: counted are those
    # that closed between 2024-01-01 and 2026-01-01, 731 days
    assert row["cases"] == 24
    assert row["found_rate"] == pytest.approx(row["won"] / 24)
    assert row["rate_low"] < row["found_rate"] < row["rate_high"]


def test_what_closed_quickly_does_not_stand_for_all() -> None:
    # the won close after 60 days, the lost after 300: of young dates only wins are known
    opportunities, history = book(["won", "lost"] * 40)
    lost = opportunities["outcome"] == "lost"
    opportunities.loc[lost, "closed"] = opportunities.loc[lost, "created"] + pd.Timedelta(days=300)
    rows = {"stages": STAGES, "as_of": dt.date(2024, 1, 1), "params": PipelineParams()}
    table = stage_reliability(opportunities, history[history["stage"] == "30"], **rows).set_index("stage")
    # the lost are open for longer than nine of ten won ones took, so that is known of them on each date
    ripe = pd.date_range("2022-01-01", "2023-10-01", freq="3MS")
    created, closed = opportunities["created"].to_numpy(), opportunities["closed"].to_numpy()
    standing = ((created[:, None] < ripe.to_numpy()) & (closed[:, None] >= ripe.to_numpy())).any(axis=1)
    assert table.loc["30", "cases"] == standing.sum()
    assert table.loc["30", "won"] == (standing & ~lost.to_numpy()).sum()
    # five months on from the first ones, none of the lost has closed: nothing can be said
    young = stage_reliability(opportunities, history, **rows | {"as_of": dt.date(2020, 6, 1)})
    assert young.empty


def test_each_rate_says_where_it_is_from() -> None:
    assert learn(*book(["won", "lost"]))["rate_source"].to_dict() == {
        "10": "given", "30": "learned", "50": "given", "70": "given", "100": "given",
    }  # fmt: skip
    assert set(learn(book(["won"])[0], None)["rate_source"]) == {"not_replayable"}


def test_what_is_never_closed_is_not_won() -> None:
    # a fifth is won, a fifth lost, and the rest stays open for good
    opportunities, history = book(["won", "lost", "open", "open", "open"] * 12)
    row = learn(opportunities, history).loc["30"]
    assert (row["decided"], row["won"], row["found_rate"]) == (60, 12, 0.2)
    old = open_too_long(opportunities, as_of=AS_OF)
    assert old.sum() == 36
    assert (opportunities.loc[old, "outcome"] == "open").all()
    # nine of ten won ones took 60 days: on the sixtieth one is too old, a day before it is not
    last = opportunities["created"].iloc[-1]
    for days, count in ((60, 36), (59, 35)):
        assert open_too_long(opportunities, as_of=(last + pd.Timedelta(days=days)).date()).sum() == count
    assert not open_too_long(opportunities[:45], as_of=AS_OF).any()


def test_what_is_never_closed_keeps_no_date_from_being_judged() -> None:
    opportunities, history = book(["won", "open"] * 40, days=100)
    table = stage_reliability(opportunities, history, stages=STAGES, as_of=AS_OF, params=PipelineParams())
    row = table.set_index("stage").loc["30"]
    # those never closed stand on every date after the day they were made, each once: 35 before 2025-10-01
    assert row["won"] == 12
    assert row["cases"] == 12 + 35


def test_delays_are_those_of_the_day_expected_on_past_planning_dates() -> None:
    # each is expected after 60 days, slips by 30 days three times and is won after 150
    opportunities = book(["won"] * 36, days=150)[0]
    slips = [
        pd.DataFrame(
            {
                "opportunity_id": opportunities["opportunity_id"],
                "date": opportunities["created"] + pd.Timedelta(days=after),
                "stage": "30",
                "expected_close": opportunities["created"] + pd.Timedelta(days=expected),
            }
        )
        for after, expected in ((0, 60), (55, 90), (85, 120), (115, 150))
    ]
    as_of = dt.date(2022, 7, 1)
    found = closing_delays(opportunities, pd.concat(slips), as_of=as_of)
    # on a planning date one is up to 55 days old, or up to 85, 115 or 150
    assert set(found) == {90.0, 60.0, 30.0, 0.0}
    # three months after the last of the dates most of those open on it are still open
    days = [pd.Timestamp(as_of) - pd.DateOffset(months=3 * back) for back in range(8, 1, -1)]
    age = np.array([(day - opportunities["created"]).dt.days for day in days])
    assert (found == 90).sum() == ((age > 0) & (age <= 55)).sum()
    assert len(found) == ((age > 0) & (age <= 150)).sum()


def test_delays_of_what_was_overdue_are_not_those_of_what_is_not() -> None:
    opportunities, history = book(["won"] * 36, days=60)
    found = closing_delays(opportunities, history, as_of=dt.date(2022, 7, 1))
    assert set(found) == {10.0}
    late = closing_delays(
        opportunities, history.assign(expected_close=history["date"]), as_of=dt.date(2022, 7, 1)
    )
    assert late.tolist() == []


def test_delays_need_ten_and_dated_history() -> None:
    opportunities, history = book(["won"] * 36, days=60)
    as_of = dt.date(2020, 7, 1)
    # two planning dates at which two to three were open and not overdue
    assert closing_delays(opportunities, history, as_of=as_of).tolist() == []
    assert closing_delays(opportunities, None, as_of=as_of).tolist() == []


def test_the_demo_books_rates_are_found(demo_run: Path) -> None:
    run = open_run(demo_run)
    table = learn(run.load("opportunities"), run.load("stage_history"))
    truth = {"10": 0.139, "30": 0.268, "50": 0.432, "70": 0.720}  # data/demo/README.md
    for stage, rate in truth.items():
        assert table.loc[stage, "rate_low"] <= rate <= table.loc[stage, "rate_high"]
        assert abs(table.loc[stage, "used_rate"] - rate) < abs(STAGES[stage] - rate)
