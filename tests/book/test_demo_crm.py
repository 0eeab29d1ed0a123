"""The demo book's customer records: a consistent pipeline, and what warns before accounts are lost."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.book.demo_crm import pipeline_blocks, win_rates
from kamlib.book.demo_world import make_world

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


def read(name: str, *dates: str) -> pd.DataFrame:
    return pd.read_csv(DEMO / f"{name}.csv", parse_dates=list(dates))


def test_opportunities_end_as_their_history_says() -> None:
    deals = read("opportunities", "created", "expected_close", "closed").set_index("opportunity_id")
    steps = read("stage_history", "date", "expected_close")
    by_deal = steps.groupby("opportunity_id")
    assert (by_deal["date"].first() == deals["created"]).all()
    assert (by_deal["stage"].first() == 10).all()
    gaps = by_deal[["date", "stage"]].diff().dropna()
    assert (gaps["date"] > pd.Timedelta(0)).all()
    assert gaps["stage"].isin([20, 30]).all()
    last = by_deal.last()
    for column in ("stage", "amount", "expected_close"):
        assert (last[column] == deals[column]).all()
    assert ((deals["outcome"] == "won") == (deals["stage"] == 100)).all()
    assert ((deals["outcome"] == "open") == deals["closed"].isna()).all()
    assert (last["date"] <= deals["closed"].fillna(pd.Timestamp("2025-12-31"))).all()
    assert (deals["closed"].dropna() <= "2025-12-31").all()
    assert deals["outcome"].value_counts().to_dict() == {"lost": 515, "won": 77, "open": 62}


def test_opportunities_fit_their_accounts() -> None:
    deals = read("opportunities", "created", "closed")
    accounts = read("accounts", "since").set_index("account_id")
    lost = read("loss_reviews", "lost_on").set_index("account_id")["lost_on"]
    assert (deals["created"] >= deals["account_id"].map(accounts["since"])).all()
    end = deals["account_id"].map(lost).fillna(pd.Timestamp("2026-01-01"))
    assert (deals["created"] < end).all()
    assert (deals["closed"].dropna() <= end[deals["closed"].notna()]).all()
    prospects = accounts.index[accounts["status"] == "prospect"]
    assert set(prospects) <= set(deals["account_id"])


def test_win_rates_are_the_truth_in_a_large_book() -> None:
    assert win_rates() == pytest.approx([0.1393, 0.2678, 0.4320, 0.7200, 1.0], abs=1e-4)
    world = make_world(4000, 60, 1.0, 7)
    blocks = pipeline_blocks(world)
    deals = pd.DataFrame({k: blocks["opportunities"][k] for k in ("opportunity_id", "created", "outcome")})
    steps = pd.DataFrame({k: blocks["stage_history"][k] for k in ("opportunity_id", "stage")})
    early = deals[deals["created"].astype("datetime64[s]") < np.datetime64("2024-06-01")]
    reached = steps.merge(early, on="opportunity_id")
    won = (reached["outcome"] == "won").groupby(reached["stage"].astype(str)).mean()
    found = won[["10", "30", "50", "70"]].to_numpy()
    assert found == pytest.approx(win_rates()[:4], abs=0.02)


def test_activities_are_by_reps_in_service_at_living_accounts() -> None:
    acts = read("activities", "date")
    reps = read("reps", "hired", "left").set_index("rep_id")
    who = reps.loc[acts["rep_id"]]
    assert (who["hired"].to_numpy() <= acts["date"].to_numpy()).all()
    assert (who["left"].fillna(pd.Timestamp("2030-01-01")).to_numpy() >= acts["date"].to_numpy()).all()
    since = acts["account_id"].map(read("accounts", "since").set_index("account_id")["since"])
    assert (acts["date"] >= since)[since.notna()].all()
    assert (acts["date"].dt.day_of_week < 5).all()
    assert set(acts["kind"]) == {"visit", "call", "event"}
    events = acts["kind"] == "event"
    assert (acts["invited"].notna() == events).all()
    assert (acts["effective"] <= acts["invited"])[events].all()
    assert set(acts.loc[~events, "effective"]) == {0, 1}
    assert set(acts["rep_id"]) == set(reps.index)


def test_the_sliding_account_warned_before_it_slid() -> None:
    surveys = read("surveys", "date")
    mean = surveys.pivot_table("score", "account_id", surveys["date"].dt.year)
    assert surveys["score"].between(1, 10).all()
    assert (mean[2025] - mean[2023]).idxmin() == "A015"
    complaints = read("complaints", "opened", "closed")
    recent = complaints.loc[complaints["opened"] >= "2024-11-01", "account_id"].value_counts()
    assert set(recent.index[:2]) == {"A015", "A039"}
    assert (complaints["closed"] > complaints["opened"])[complaints["closed"].notna()].all()
    acts = read("activities", "date")
    visits = acts.loc[acts["account_id"] == "A015", "date"].dt.year.value_counts()
    assert visits[2025] < 0.6 * visits[2024]


def test_one_competitor_was_seen_ever_more_before_it_took_an_account() -> None:
    sightings = read("sightings", "date")
    seen = sightings[sightings["account_id"] == "A096"]
    assert set(seen["competitor"]) == {"Koriel"}
    assert seen["date"].max() < pd.Timestamp("2025-08-01")
    courted = seen["date"] >= "2024-11-01"
    assert courted.sum() / 9 > 5 * (~courted).sum() / 22
    losses = read("loss_reviews", "lost_on", "reviewed_on").set_index("account_id")
    assert losses.loc["A096", "cause"] == "taken by a competitor"
    assert (losses["cause"] == "taken by a competitor").sum() == 1
    assert (losses["reviewed_on"] > losses["lost_on"])[losses["reviewed_on"].notna()].all()
    assert len(losses) == 7


def test_receivables_are_the_months_sales() -> None:
    due = read("receivables", "due", "paid_on")
    sales = read("sales", "date")
    month = sales["date"].dt.to_period("M")
    sold = (sales["revenue"] * 100).round().astype(int).groupby([sales["account_id"], month]).sum()
    assert due["amount"].mul(100).round().astype(int).sum() == sold[sold > 0].sum()
    assert len(due) == (sold > 0).sum()
    assert (due["paid_on"].dropna() < "2026-01-01").all()
    late = (due["paid_on"] > due["due"]).mean()
    assert 0.4 < late < 0.8
