"""Ranks with doubt: exact geometry, laws, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.appraisal.ranking import draw_weights, flips, force_distribution, rank_draws, rank_reps, topsis
from kamlib.errors import ParameterError


def test_acceptabilities_of_three_alternatives_are_those_of_geometry():
    weights = draw_weights(2, draws=200_000, rng=np.random.default_rng(1))
    found = rank_draws(np.array([[1, 0], [0, 1], [0.6, 0.6]]), weights)
    expected = [[0.4, 0.1, 0.5], [0.4, 0.1, 0.5], [0.2, 0.8, 0.0]]
    assert found.acceptabilities == pytest.approx(np.array(expected), abs=0.005)
    assert found.central == pytest.approx(np.array([[0.8, 0.2], [0.2, 0.8], [0.5, 0.5]]), abs=0.005)


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 4))
def test_every_rep_has_a_rank_in_every_draw_and_none_below_one_it_dominates(seed, reps, kpis):
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0, 100, (reps, kpis))
    found = rank_draws(np.vstack([scores, scores[:1] + 1]), draw_weights(kpis, draws=50, rng=rng))
    assert found.counts.sum(axis=1).tolist() == [50] * (reps + 1)
    assert found.counts.sum(axis=0).tolist() == [50] * (reps + 1)
    upto = np.cumsum(found.counts, axis=1)
    assert (upto[-1] >= upto[0]).all()


def test_a_kpi_left_out_leaves_the_others_weights_and_nobody_measured_is_last():
    scores = np.array([[80.0, np.nan], [70.0, 70.0], [np.nan, np.nan]])
    found = rank_draws(scores, np.array([[0.5, 0.5]]))
    assert found.counts.argmax(axis=1).tolist() == [0, 1, 2]


def test_ties_share_the_best_rank():
    assert rank_draws(np.array([[1.0], [1.0], [0.0]]), np.ones((1, 1))).counts.tolist() == [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 1],
    ]
    assert rank_reps(pd.Series([5.0, 7.0, 5.0, None])).tolist() == [2, 1, 2, pd.NA]


def test_plausible_ranks_enclose_what_was_drawn():
    scores = np.zeros((100, 2, 1))
    scores[:50, 0, 0] = 1
    scores[50:, 1, 0] = 1
    best, worst = rank_draws(scores, np.ones((100, 1))).plausible(0.9)
    assert (best.tolist(), worst.tolist()) == ([1, 1], [2, 2])


@given(st.integers(0, 10_000))
def test_the_change_that_flips_makes_the_two_level(seed):
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0, 100, (2, 3))
    weights = rng.dirichlet(np.ones(3))
    rest = rng.uniform(-10, 10, 2)
    order = np.argsort(-(scores @ weights + rest))
    row = flips(lambda w: scores @ w + rest, weights, order, measured=[0, 0]).iloc[0]
    if row["kpi"] >= 0:
        k = int(row["kpi"])
        moved = weights * (1 - weights[k] - row["change"]) / (1 - weights[k])
        moved[k] = weights[k] + row["change"]
        total = scores @ moved + rest
        assert total[0] == pytest.approx(total[1], abs=1e-6)
    assert flips(lambda w: scores @ w, weights, order, measured=[0, 1])["kpi"].tolist() == [-1]


def test_drawn_weights_have_the_given_ones_as_mean_and_the_stated_spread():
    drawn = draw_weights(3, draws=100_000, rng=np.random.default_rng(3), given=[0.5, 0.3, 0.2], spread=0.1)
    assert drawn.mean(axis=0) == pytest.approx([0.5, 0.3, 0.2], abs=0.002)
    assert drawn.std(axis=0)[0] == pytest.approx(0.1 * 0.5, rel=0.02)
    with pytest.raises(ParameterError, match="spread of weights is 2"):
        draw_weights(2, draws=1, rng=np.random.default_rng(1), given=[0.5, 0.5], spread=2.0)


def test_forced_distribution_and_topsis_refuse_what_they_cannot_use():
    with pytest.raises(ParameterError, match="sum to 1"):
        force_distribution(5, (0.5, 0.6))
    with pytest.raises(ParameterError, match="no criterion that is all zero"):
        topsis(pd.DataFrame([[0.0], [0.0]]), [1], directions=["up"])
