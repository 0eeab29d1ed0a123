"""Weights that give way: always one in all, locked ones stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.measures.giveway import ATOMS, move_weight

MOVES = st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1), st.sets(st.integers(0, 4))), max_size=15)


@given(MOVES)
def test_any_moves_leave_a_sum_of_one_and_locked_weights_alone(moves):
    weights = dict.fromkeys("abcde", 0.2)
    for at, value, held in moves:
        name, locked = "abcde"[at], {"abcde"[k] for k in held}
        before, weights = weights, move_weight(weights, name, value, locked=locked)
        assert sum(round(w * ATOMS) for w in weights.values()) == ATOMS
        assert all(weights[other] == before[other] for other in locked - {name})
        assert min(weights.values()) >= 0


@given(st.floats(0, 1))
def test_the_others_keep_their_proportion(value):
    weights = move_weight({"a": 0.4, "b": 0.4, "c": 0.2}, "a", value)
    assert weights["b"] == pytest.approx(2 * weights["c"], abs=3 / ATOMS)
    assert weights["a"] == pytest.approx(value, abs=1 / ATOMS)


def test_others_at_zero_share_alike_and_locked_ones_bound_the_move():
    assert move_weight({"a": 1.0, "b": 0.0, "c": 0.0}, "a", 0.5) == {"a": 0.5, "b": 0.25, "c": 0.25}
    assert move_weight({"a": 0.5, "b": 0.5}, "a", 0.9, locked={"b"}) == {"a": 0.5, "b": 0.5}
    with pytest.raises(ParameterError, match='"x" is no weight'):
        move_weight({"a": 1.0}, "x", 0.5)
