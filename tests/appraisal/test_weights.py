"""Weights by judgement and by data: published cases, laws, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.appraisal.data_weights import (
    blend_weights,
    weights_critic,
    weights_entropy,
    weights_standard_deviation,
)
from kamlib.appraisal.judged_weights import (
    weights_ahp,
    weights_ahp_group,
    weights_best_worst,
    weights_by_rank,
    weights_by_swing,
)
from kamlib.errors import ParameterError

DRINKS = ["coffee", "wine", "tea", "beer", "soda", "milk", "water"]
SAATY_2008 = [
    [1, 9, 5, 2, 1, 1, 1 / 2],
    [1 / 9, 1, 1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9],
    [1 / 5, 3, 1, 1 / 3, 1 / 4, 1 / 3, 1 / 9],
    [1 / 2, 9, 3, 1, 1 / 2, 1, 1 / 3],
    [1, 9, 4, 2, 1, 2, 1 / 2],
    [1, 9, 3, 1, 1 / 2, 1, 1 / 3],
    [2, 9, 9, 3, 2, 3, 1],
]


def square(rows, names=None):
    names = names or [f"c{k}" for k in range(len(rows))]
    return pd.DataFrame(rows, names, names, dtype=float)


def test_ahp_gives_the_weights_of_drinks_of_saaty_2008():
    found = weights_ahp(square(SAATY_2008, DRINKS))
    assert found.weights.round(3).tolist() == [0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327]
    assert found.principal == pytest.approx(7.1766, abs=5e-5)
    assert found.ratio == pytest.approx(0.022, abs=5e-4)
    assert found.consistent


def test_ahp_warns_of_saatys_inconsistent_house_and_names_the_pair_to_revisit():
    found = weights_ahp(square([[1, 6, 8], [1 / 6, 1, 4], [1 / 8, 1 / 4, 1]]))
    assert (found.principal, found.index, found.ratio) == (
        pytest.approx(3.136, abs=5e-4),
        pytest.approx(0.068, abs=5e-4),
        pytest.approx(0.117, abs=5e-4),
    )
    assert not found.consistent
    assert found.revisit is not None
    assert found.said != pytest.approx(found.implied, rel=0.05)


def test_ahp_of_a_group_is_the_geometric_mean_of_its_judgements():
    found = weights_ahp_group(
        [
            square([[1, 3, 5], [1 / 3, 1, 3], [1 / 5, 1 / 3, 1]]),
            square([[1, 1 / 2, 4], [2, 1, 6], [1 / 4, 1 / 6, 1]]),
        ]
    )
    assert found.weights.round(4).tolist() == [0.4828, 0.4145, 0.1027]


@given(st.lists(st.floats(0.05, 1), min_size=2, max_size=7))
def test_ahp_of_a_consistent_matrix_gives_its_weights_back(raw):
    weights = np.array(raw) / sum(raw)
    found = weights_ahp(square(weights[:, None] / weights[None, :]))
    assert np.allclose(found.weights, weights, atol=1e-9)
    assert found.ratio == pytest.approx(0, abs=1e-6)


def test_ahp_refuses_a_pair_that_is_not_reciprocal_and_names_it():
    with pytest.raises(ParameterError, match=r"c0 against c1 is 3, and back 0\.5.*Write 0\.333"):
        weights_ahp(square([[1, 3], [0.5, 1]]))


def test_ahp_refuses_judgements_that_are_not_positive_not_square_or_too_many():
    with pytest.raises(ParameterError, match="above 0"):
        weights_ahp(square([[1, -3], [-1 / 3, 1]]))
    with pytest.raises(ParameterError, match="same criteria"):
        weights_ahp(pd.DataFrame([[1.0, 2.0], [0.5, 1.0]], ["a", "b"], ["a", "c"]))
    with pytest.raises(ParameterError, match="11 criteria"):
        weights_ahp(square(np.ones((11, 11))))
    with pytest.raises(ParameterError, match="different criteria"):
        weights_ahp_group([square(np.ones((2, 2))), square(np.ones((2, 2)), ["x", "y"])])
    with pytest.raises(ParameterError, match="no judgements"):
        weights_ahp_group([])


@pytest.mark.parametrize(
    ("best", "worst", "weights", "inconsistency"),
    [
        ([8, 2, 1], [1, 5, 8], [0.0714, 0.3214, 0.6071], None),
        ([2, 1, 4, 2, 8], [4, 8, 2, 4, 1], [0.2105, 0.4211, 0.1053, 0.2105, 0.0526], 0.0),
        ([2, 1, 4, 3, 8], [4, 8, 2, 3, 1], [0.2295, 0.4481, 0.1148, 0.1530, 0.0546], 0.0109),
    ],
)
def test_best_worst_gives_rezaeis_examples(best, worst, weights, inconsistency):
    names = [f"c{k}" for k in range(len(best))]
    found = weights_best_worst(dict(zip(names, best, strict=True)), dict(zip(names, worst, strict=True)))
    assert found.weights.to_numpy() == pytest.approx(weights, abs=5.1e-5)
    if inconsistency is not None:
        assert found.inconsistency == pytest.approx(inconsistency, abs=5.1e-5)


def test_best_worst_refuses_values_off_the_scale_and_lists_that_differ():
    with pytest.raises(ParameterError, match=r"best_to_others\.b is outside 1 to 9"):
        weights_best_worst({"a": 1, "b": 10}, {"a": 2, "b": 1})
    with pytest.raises(ParameterError, match="has no 1"):
        weights_best_worst({"a": 2, "b": 3}, {"a": 2, "b": 1})
    with pytest.raises(ParameterError, match="different criteria"):
        weights_best_worst({"a": 1}, {"b": 1})


@pytest.mark.parametrize(
    ("how", "weights"),
    [
        ("centroid", [0.5208, 0.2708, 0.1458, 0.0625]),
        ("sum", [0.4, 0.3, 0.2, 0.1]),
        ("reciprocal", [0.48, 0.24, 0.16, 0.12]),
    ],
)
def test_weights_by_rank_of_four(how, weights):
    found = weights_by_rank({"d": 4, "a": 1, "c": 3, "b": 2}, how=how)
    assert found[["a", "b", "c", "d"]].round(4).tolist() == weights


def test_tied_ranks_share_the_mean_and_an_unknown_rule_is_refused():
    assert weights_by_rank({"a": 1, "b": 1}, how="sum").tolist() == [0.5, 0.5]
    with pytest.raises(ParameterError, match="centroid, sum, reciprocal"):
        weights_by_rank({"a": 1}, how="mean")
    with pytest.raises(ParameterError, match="a has no rank"):
        weights_by_rank({"a": float("nan"), "b": 1})
    with pytest.raises(ParameterError, match="points are not negative"):
        weights_by_swing({"a": -1})


def test_critic_gives_the_weights_of_diakoulaki_1995():
    firms = pd.DataFrame(
        [[61, 1.08, 4.33], [20.7, 0.26, 4.34], [16.3, 1.98, 2.53], [9, 3.29, 1.65], [5.4, 2.77, 2.33],
         [4, 4.12, 1.21], [-6.1, 3.52, 2.10], [-34.6, 3.31, 0.98]],
        columns=list("abc"),
    )  # fmt: skip
    found = weights_critic(firms, directions=dict.fromkeys("abc", "up"))
    assert found.to_numpy() == pytest.approx([0.20222554, 0.48090173, 0.31687273], abs=5e-9)
    other = weights_critic(firms, directions={"a": "up", "b": "down", "c": "up"})
    assert abs(other["b"] - found["b"]) > 0.01


def test_entropy_gives_the_published_weights():
    columns = [
        [2, 4, 3, 5, 4, 3], [1, 1, 2, 1, 2, 2], [4, 5, 6, 5, 5, 6], [7, 6, 6, 7, 6, 6], [6, 7, 5, 6, 7, 6],
        [6, 7, 6, 7, 7, 6], [7, 6, 8, 7, 6, 6], [3000, 3500, 4000, 3000, 3000, 3500],
    ]  # fmt: skip
    found = weights_entropy(pd.DataFrame(dict(enumerate(columns)), dtype=float))
    expected = [
        0.29967361,
        0.44136734,
        0.07009089,
        0.02123824,
        0.04902293,
        0.02308038,
        0.04776331,
        0.04776331,
    ]
    assert found.to_numpy() == pytest.approx(expected, abs=5e-9)


def test_standard_deviation_gives_the_weights_of_mukhametzyanov_2021():
    rows = [
        [71, 4500, 150, 1056, 478], [85, 5800, 145, 2680, 564], [76, 5600, 135, 1230, 620],
        [74, 4200, 160, 1480, 448], [82, 6200, 183, 1350, 615], [81, 6000, 178, 2065, 580],
        [80, 5900, 160, 1650, 610], [85, 6500, 140, 1650, 667],
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=list("abcde"), dtype=float)
    directions = dict(zip("abcde", ["up", "down", "up", "up", "down"], strict=True))
    found = weights_standard_deviation(table, directions=directions)
    assert found.round(3).tolist() == [0.210, 0.203, 0.207, 0.183, 0.196]


@given(st.integers(0, 10_000), st.integers(2, 8), st.integers(1, 6))
def test_weights_from_data_sum_to_one_and_do_not_depend_on_the_order_of_reps(seed, reps, kpis):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.uniform(1, 100, (reps, kpis)), columns=[f"k{j}" for j in range(kpis)])
    shuffled = table.sample(frac=1, random_state=seed % 2**32)
    directions = dict.fromkeys(table.columns, "up")
    for found, other in (
        (weights_entropy(table), weights_entropy(shuffled)),
        (weights_critic(table, directions=directions), weights_critic(shuffled, directions=directions)),
    ):
        assert found.sum() == pytest.approx(1)
        assert (found >= 0).all()
        assert found.to_numpy() == pytest.approx(other.to_numpy(), abs=1e-9)


def test_weights_from_data_refuse_gaps_negatives_and_columns_that_tell_nothing():
    even = pd.DataFrame({"a": [1.0, 1.0], "b": [2.0, 2.0]})
    with pytest.raises(ParameterError, match="same for all 2"):
        weights_standard_deviation(even, directions={"a": "up", "b": "up"})
    with pytest.raises(ParameterError, match="a of 1 is negative"):
        weights_entropy(pd.DataFrame({"a": [1.0, -1.0]}))
    with pytest.raises(ParameterError, match="a is 0 for every rep"):
        weights_entropy(pd.DataFrame({"a": [0.0, 0.0], "b": [1.0, 2.0]}))
    with pytest.raises(ParameterError, match="a of 1 is missing"):
        weights_entropy(pd.DataFrame({"a": [1.0, None]}))
    with pytest.raises(ParameterError, match="1 rows"):
        weights_entropy(pd.DataFrame({"a": [1.0]}))
    with pytest.raises(ParameterError, match="b has no direction"):
        weights_critic(even, directions={"a": "up"})


def test_blend_refuses_other_kpis_and_a_share_above_one():
    with pytest.raises(ParameterError, match="differ in b"):
        blend_weights({"a": 1.0}, {"a": 0.5, "b": 0.5}, judged_share=0.5)
    with pytest.raises(ParameterError, match=r"1\.5 is not in"):
        blend_weights({"a": 1.0}, {"a": 1.0}, judged_share=1.5)
