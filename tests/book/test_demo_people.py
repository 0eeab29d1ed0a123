"""The demo book's feedback and incidents."""

from pathlib import Path

import pandas as pd
import pytest

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


@pytest.fixture(scope="module")
def feedback() -> pd.DataFrame:
    return pd.read_csv(DEMO / "feedback.csv", dtype={"cycle": str})


def test_each_rep_is_rated_each_year_by_ten_in_four_groups(feedback: pd.DataFrame) -> None:
    assert not feedback.duplicated(["cycle", "rep_id", "rater_id", "competency"]).any()
    assert feedback["score"].isin([1, 2, 3, 4, 5]).all()
    raters = feedback.groupby(["cycle", "rep_id", "rater_group"])["rater_id"].nunique().unstack()
    assert (raters == pd.Series({"customer": 3, "peer": 4, "subordinate": 2, "superior": 1})).all(axis=None)
    assert feedback.groupby("cycle")["rep_id"].nunique().to_dict() == {"2023": 11, "2024": 11, "2025": 11}
    assert (feedback["rater_id"] != feedback["rep_id"]).all()


def test_one_peer_rates_harshly(feedback: pd.DataFrame) -> None:
    peers = feedback[feedback["rater_group"] == "peer"]
    of_ratee = peers.groupby("rep_id")["score"].transform("mean")
    lean = (peers["score"] - of_ratee).groupby(peers["rater_id"]).mean().sort_values()
    assert lean.index[0] == "R10"
    assert lean.iloc[0] < -0.7
    assert lean.iloc[1] > -0.4
    given = peers.groupby("rater_id")["score"].mean()
    assert given["R10"] == pytest.approx(2.55, abs=0.005)
    assert given.drop("R10").min() > given["R10"] + 0.3


def test_able_reps_are_rated_better(feedback: pd.DataFrame) -> None:
    ability = pd.read_csv(DEMO / "reps.csv").set_index("rep_id")["ability"]
    mean = feedback.groupby("rep_id")["score"].mean()
    assert mean.corr(ability.reindex(mean.index)) > 0.4


def test_incidents_fall_into_service() -> None:
    incidents = pd.read_csv(DEMO / "incidents.csv", parse_dates=["date"])
    reps = pd.read_csv(DEMO / "reps.csv", parse_dates=["hired", "left"]).set_index("rep_id")
    who = reps.loc[incidents["rep_id"]]
    assert (who["hired"].to_numpy() <= incidents["date"].to_numpy()).all()
    assert (who["left"].fillna(pd.Timestamp("2030-01-01")).to_numpy() >= incidents["date"].to_numpy()).all()
    assert set(incidents["polarity"]) == {"+", "-"}
    assert incidents["severity"].between(1, 5).all()
    assert incidents["date"].is_monotonic_increasing
