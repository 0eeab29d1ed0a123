"""Objectives and plans, participation and territories: counted by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.appraisal.growth import GrowthParams, cost_drivers, like_territories
from kamlib.appraisal.objectives import judge_objectives, plan_effects
from kamlib.appraisal.uplift import participation_uplift
from kamlib.appraisal.window import judged_window
from kamlib.periods import parse_period

Q4 = judged_window(parse_period("2025Q4"))
END = dt.date(2026, 1, 1)


def objectives() -> pd.DataFrame:
    rows = [
        ("over", "a", "2025-07-01", "2025-12-31", 10.0, 12.0, None),
        ("under", "a", "2025-07-01", "2025-12-31", 10.0, 9.0, None),
        ("exact", "b", "2025-07-01", "2025-12-31", 10.0, 10.0, None),
        ("days", "b", "2025-07-01", "2025-12-31", 5.0, 8.0, "less"),
        ("silent", "b", "2025-07-01", "2025-11-30", 5.0, None, None),
        ("later", "b", "2025-07-01", "2026-06-30", 5.0, 2.0, None),
        ("gone", "b", "2025-01-01", "2025-09-30", 5.0, 1.0, None),
        ("unseen", "b", "2026-01-01", "2026-06-30", 5.0, 9.0, None),
    ]
    columns = ["objective", "rep_id", "set_on", "due", "goal", "reached", "better"]
    return pd.DataFrame(rows, columns=columns)


def test_objectives_are_met_missed_open_or_without_a_result():
    found = judge_objectives(objectives(), window=Q4, as_of=END).set_index("objective")
    assert found["objective_state"].to_dict() == {
        "days": "missed",
        "under": "missed",
        "silent": "unreported",
        "later": "open",
        "exact": "met",
        "over": "met",
    }
    assert found.loc["days", ["objective_gap", "attainment"]].tolist() == [-3.0, 0.625]
    assert list(found.index[:2]) == ["days", "under"]  # the furthest below first


@given(st.permutations(range(8)))
def test_objectives_do_not_depend_on_the_order_of_rows(order):
    shuffled = objectives().iloc[list(order)]
    pd.testing.assert_frame_equal(
        judge_objectives(shuffled, window=Q4, as_of=END), judge_objectives(objectives(), window=Q4, as_of=END)
    )


def test_a_plan_is_set_beside_those_who_had_none():
    plans = pd.DataFrame(
        {
            "rep_id": ["a", "b", "c"],
            "objective": ["o", "p", "q"],
            "kpi": ["satisfaction", "satisfaction", None],
            "set_on": ["2025-07-01", "2025-11-01", "2025-07-01"],
            "due": "2025-12-31",
        }
    )
    score = lambda *points: pd.DataFrame({"rep_id": list("abcd"), "kpi": "satisfaction", "score": points})  # noqa: E731
    found = plan_effects(plans, score(70.0, 90.0, 80.0, None), score(50.0, 80.0, 84.0, 90.0), window=Q4)
    # b's plan came too late, c's names no KPI, d has no score now: a's 20 points against 10 and -4
    assert found[["rep_id", "others_change", "plan_effect"]].values.tolist() == [["a", 3.0, 17.0]]


def test_growth_of_who_took_part_is_set_beside_who_stayed_away():
    visits = pd.DataFrame(
        {
            "date": ["2025-10-05"] * 5 + ["2025-09-30"],
            "account_id": list("abcdef"),
            "invited": [2, 2, 2, 2, None, 2],
            "effective": [1, 2, 0, 0, 1, 0],
        }
    )
    sold = pd.DataFrame(
        {
            "account_id": list("abcdef") * 2,
            "month": ["2024-11"] * 6 + ["2025-11"] * 6,
            "revenue": [100.0] * 6 + [150.0, 130.0, 90.0, 110.0, 500.0, 500.0],
        }
    )
    found = participation_uplift(visits, sold, window=Q4, rng=np.random.default_rng(1))
    assert found is not None
    assert found.loc[0, ["took_part", "stayed_away"]].tolist() == [2, 2]
    assert found.loc[0, ["growth_part", "growth_away", "uplift"]].tolist() == pytest.approx([0.4, 0.0, 0.4])
    assert found["uplift_low"].item() <= 0.4 <= found["uplift_high"].item()
    assert participation_uplift(visits.head(3), sold, window=Q4, rng=np.random.default_rng(1)) is None


def test_peers_are_those_of_like_territory():
    territories = pd.DataFrame(
        {"rep_id": list("abcd"), "territory_size": [10.0, 11.0, 90.0, None], "accounts": [5, 5, 30, 28]}
    )
    assert like_territories(territories, count=1)["c"] == ["d"]
    assert like_territories(territories, count=9)["a"] == ["b", "d", "c"]
    scores = pd.DataFrame({"rep_id": list("abcd"), "kpi": "sales_volume", "score": [50.0, 60.0, 99.0, 100.0],
                           "used_weight": 1.0})  # fmt: skip
    found = cost_drivers(scores, params=GrowthParams(peers=1), territories=territories)
    assert dict(zip(found["rep_id"], found["points_lost"], strict=True)) == {"a": 10.0, "c": 1.0}


@given(st.lists(st.tuples(st.floats(1, 1e6), st.integers(0, 60)), min_size=1, max_size=12))
def test_nobody_is_a_peer_of_oneself_and_all_have_as_many(sides):
    names = [f"r{k:02d}" for k in range(len(sides))]
    made = pd.DataFrame({"rep_id": names, "territory_size": [s for s, _ in sides],
                         "accounts": [n for _, n in sides]})  # fmt: skip
    found = like_territories(made, count=3)
    assert all(rep not in peers and len(set(peers)) == min(3, len(names) - 1) for rep, peers in found.items())
