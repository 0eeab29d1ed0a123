"""Agreement, severity, feedback and incidents: published cases, laws, refusals."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.appraisal.agreement import icc, krippendorff_alpha, rater_severity
from kamlib.appraisal.feedback import GROUPS, FeedbackParams, _merge_groups, score_feedback
from kamlib.appraisal.incidents import IncidentParams, adjust_scores, weigh_incidents
from kamlib.errors import BookError, ParameterError

N = np.nan


def test_icc_gives_the_six_figures_of_shrout_and_fleiss():
    rows = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    found = icc(pd.DataFrame(rows))
    shown = [found.single_1, found.single_2, found.single_3, found.mean_1, found.mean_2, found.mean_3]
    assert np.round(shown, 2).tolist() == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


def test_icc_of_ratings_with_gaps_has_the_one_way_forms_only():
    found = icc(pd.DataFrame([[1.0, 2.0, N], [N, 4.0, 6.0], [7.0, 8.0, 9.0]]))
    # By hand: k = (7 - 17/7) / 2; subjects 1.5 | 5 | 8 on 2, 2 and 3 ratings around 37/7; within 0.5 + 2 + 2.
    k, between, within = (
        16 / 7,
        (2 * (1.5 - 37 / 7) ** 2 + 2 * (5 - 37 / 7) ** 2 + 3 * (8 - 37 / 7) ** 2) / 2,
        4.5 / 4,
    )
    assert found.raters == pytest.approx(k)
    assert found.mean_1 == pytest.approx((between - within) / between)
    assert found.single_1 == pytest.approx((between - within) / (between + (k - 1) * within))
    assert np.isnan([found.single_2, found.mean_2, found.single_3, found.mean_3]).all()


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorffs_alpha_of_four_coders(level, alpha):
    coders = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ]
    assert krippendorff_alpha(pd.DataFrame(coders).T, level=level) == pytest.approx(alpha, abs=5e-4)


def long(rows):
    table = pd.DataFrame(rows, index=list("abcd")[: len(rows)], columns=["x", "y", "z"])
    return table.stack().rename_axis(["rep_id", "rater_id"]).rename("score").reset_index()


def test_severity_is_taken_apart_exactly():
    found = rater_severity(
        long([[2.5, 3.0, N], [3.0, N, 4.0], [N, 4.0, 4.5], [2.0, 2.5, N]]),
        person="rep_id",
        rater="rater_id",
        score="score",
    )
    assert found.persons.to_numpy() == pytest.approx([3.0, 3.5, 4.0, 2.5])
    assert found.raters.to_numpy() == pytest.approx([-0.5, 0, 0.5])


def test_severity_refuses_groups_that_no_rating_connects():
    with pytest.raises(ParameterError, match="2 groups that no rating connects"):
        rater_severity(long([[1, 2, N], [N, N, 3]]), person="rep_id", rater="rater_id", score="score")


def test_agreement_refuses_gaps_and_units_rated_once():
    with pytest.raises(ParameterError, match="2 subjects with 2 ratings"):
        icc(pd.DataFrame([[1, N], [N, 3]]))
    with pytest.raises(ParameterError, match="1 subjects with 2 ratings"):
        icc(pd.DataFrame([[1, 2], [N, N]]))
    with pytest.raises(ParameterError, match="every rating is the same"):
        icc(pd.DataFrame([[1, 1], [1, 1]]))
    with pytest.raises(ParameterError, match="no unit is rated twice"):
        krippendorff_alpha(pd.DataFrame([[1, N]]))
    with pytest.raises(ParameterError, match="nominal, ordinal, interval, ratio"):
        krippendorff_alpha(pd.DataFrame([[1, 2]]), level="cardinal")


def ratings(sizes, seed=1):
    rng = np.random.default_rng(seed)
    rows = [
        ("R1", f"{group}{k}", group, "x", float(rng.integers(1, 6)))
        for group, size in sizes.items()
        for k in range(size)
    ]
    return pd.DataFrame(rows, columns=["rep_id", "rater_id", "rater_group", "competency", "score"])


@given(st.dictionaries(st.sampled_from(GROUPS), st.integers(1, 6), min_size=1))
def test_no_group_under_three_raters_is_shown_or_can_be_taken_from_what_is_shown(sizes):
    params = FeedbackParams()
    shown, merged = _merge_groups(sizes, params)
    assert all(sizes[g] >= 3 or g == "superior" for g in shown)
    assert not merged or sum(sizes[g] for g in merged) >= 3
    assert not set(shown) & set(merged)
    found = score_feedback(ratings(sizes), params=params)
    # The total is made of the shown means alone, so nothing that is hidden is left in it.
    if len(found.groups):
        total = (found.groups["group_mean"] * found.groups["group_weight"]).sum()
        assert found.reps["feedback_score"].iloc[0] == pytest.approx(np.clip(25 * (total - 1), 0, 100))
        assert found.groups["group_weight"].sum() == pytest.approx(1)
    else:
        assert found.reps["feedback_score"].isna().all()


def cycle_of(*rows):
    table = pd.DataFrame(rows, columns=["rep_id", "rater_id", "rater_group", "score"])
    return table.assign(competency="x", score=table["score"].astype(float))


def team(**customers):
    """Three reps rated by one superior and each other's peers, and by customers of their own."""
    rows = [(rep, "M", "superior", 3 + k % 2) for k, rep in enumerate("ABC")]
    rows += [(rep, peer, "peer", 3 + (rep == "B") - (peer == "Q")) for rep in "ABC" for peer in "PQR"]
    rows += [(r, f"{r}{k}", "customer", customers.get(r, 3 + k)) for r in "ABC" for k in range(3)]
    return cycle_of(*rows)


def test_what_a_reps_customers_say_counts_for_that_rep_and_nobody_else():
    before, after = (score_feedback(rows, params=FeedbackParams()) for rows in (team(), team(B=5)))
    means = before.groups.set_index(["rep_id", "rater_group"])["group_mean"]
    moved = after.groups.set_index(["rep_id", "rater_group"])["group_mean"] - means
    assert means["B", "customer"] == pytest.approx(4)
    assert moved["B", "customer"] == pytest.approx(1)
    assert moved.drop(("B", "customer")).abs().max() == pytest.approx(0)
    points = after.reps["feedback_score"] - before.reps["feedback_score"]
    assert points.tolist() == pytest.approx([0, 25 * 0.25 / 0.9, 0])
    customers = before.raters[before.raters["ratings"] == 1]
    assert customers["rater_severity"].isna().all()
    assert customers["severe"].isna().all()


def test_a_severe_peer_is_taken_out_of_what_peers_and_superiors_gave():
    found = score_feedback(team(), params=FeedbackParams())
    severity = found.raters.set_index("rater_id")["rater_severity"]
    assert severity[["M", "P", "Q", "R"]].sum() == pytest.approx(0)
    assert severity["P"] - severity["Q"] == pytest.approx(1)
    assert found.circles == 1


def test_ratings_that_are_hidden_move_nothing_that_is_shown():
    def of(peers):
        shown = [(rep, rater, "peer", 3 + (rep == "U")) for rep in "TU" for rater in "abc"]
        hidden = [("S", "a", "peer", peers), ("S", "b", "peer", peers)]
        return cycle_of(("S", "M", "superior", 5), ("T", "M", "superior", 4), *shown, *hidden)

    low, high = (score_feedback(of(peers), params=FeedbackParams()) for peers in (1, 5))
    pd.testing.assert_frame_equal(low.groups, high.groups)
    pd.testing.assert_frame_equal(low.reps, high.reps)
    assert low.agreement == high.agreement
    assert low.hidden.to_dict("records") == [{"rep_id": "S", "raters": 2}]
    assert low.groups.query("rep_id == 'S'")["rater_group"].tolist() == ["superior"]


def test_circles_that_no_rating_connects_are_corrected_each_by_itself():
    rows = [(rep, rater, "peer", 3 - (rater == "c") - 2 * (rater == "z")) for reps, raters in
            (("AB", "abc"), ("YX", "xyz")) for rep in reps for rater in raters]  # fmt: skip
    found = score_feedback(cycle_of(*rows), params=FeedbackParams())
    severity = found.raters.set_index("rater_id")["rater_severity"]
    assert found.circles == 2
    assert severity.loc[list("abc")].tolist() == pytest.approx([1 / 3, 1 / 3, -2 / 3])
    assert severity.loc[list("xyz")].tolist() == pytest.approx([2 / 3, 2 / 3, -4 / 3])
    assert found.groups["group_mean"].tolist() == pytest.approx([8 / 3, 8 / 3, 7 / 3, 7 / 3])


def test_scores_stay_as_given_where_no_two_raters_share_a_rep():
    rows = [
        ("A", "a", "superior", 5),
        ("B", "a", "superior", 4),
        ("C", "b", "superior", 2),
        ("D", "b", "superior", 1),
    ]
    found = score_feedback(cycle_of(*rows), params=FeedbackParams())
    assert found.circles == 0
    assert found.groups["group_mean"].tolist() == [5, 4, 2, 1]
    assert np.isnan(found.agreement)
    assert found.icc is None


def test_a_rater_alone_is_hidden_and_said():
    found = score_feedback(ratings({"peer": 1}), params=FeedbackParams())
    assert found.hidden.to_dict("records") == [{"rep_id": "R1", "raters": 1}]
    assert found.reps["feedback_score"].isna().all()


def test_scores_off_the_scale_and_weights_that_do_not_sum_are_refused():
    rows = ratings({"peer": 3})
    rows.loc[0, "score"] = 6.0
    with pytest.raises(BookError, match=r"feedback\.score: 6 \(1 such\) is off the scale 1 to 5"):
        score_feedback(rows, params=FeedbackParams())
    with pytest.raises(ValueError, match=r"the weights of groups sum to 1\.6; they must sum to 1"):
        FeedbackParams(superior_weight=1.0)
    with pytest.raises(ValueError, match="scale_low 5 is not below scale_high 5"):
        FeedbackParams(scale_low=5.0)


def test_incidents_decay_are_bounded_and_need_evidence():
    rows = pd.DataFrame(
        {
            "date": ["2025-07-01", "2025-12-30", "2025-12-31", "2026-02-01"],
            "rep_id": ["a", "b", "b", "b"],
            "polarity": ["-", "+", "+", "+"],
            "severity": [4.0, 5.0, 5.0, 5.0],
            "note": ["late", None, "praise", "later"],
        }
    )
    params = IncidentParams(half_life=184.0, most=2.0)
    found = weigh_incidents(rows, as_of=dt.date(2026, 1, 1), params=params)
    assert found["incident_points"].tolist() == pytest.approx([-1.0, 0.0, 2.5 * 0.5 ** (1 / 184)])
    assert adjust_scores(found, pd.Series(["a", "b", "c"]), params=params).tolist() == [-1.0, 2.0, 0.0]
