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
    with pytest.raises(ParameterError, match="no gap"):
        icc(pd.DataFrame([[1, N], [2, 3]]))
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


def test_a_rater_alone_is_hidden_and_said():
    found = score_feedback(ratings({"peer": 1}), params=FeedbackParams())
    assert found.hidden.to_dict("records") == [{"rep_id": "R1", "raters": 1}]
    assert found.reps["feedback_score"].isna().all()


def test_scores_off_the_scale_and_weights_that_do_not_sum_are_refused():
    rows = ratings({"peer": 3})
    rows.loc[0, "score"] = 6.0
    with pytest.raises(BookError, match=r"feedback\.score: 6 \(1 such\) is off the scale 1 to 5"):
        score_feedback(rows, params=FeedbackParams())
    with pytest.raises(ParameterError, match=r"sum to 1\.6"):
        score_feedback(ratings({"peer": 3}), params=FeedbackParams(superior_weight=1.0))


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
