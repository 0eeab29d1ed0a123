from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.measures.rounding import largest_remainder
from kamlib.targets import split_bounded

rows = st.lists(
    st.tuples(st.integers(0, 10**15) | st.integers(0, 5), st.integers(0, 50), st.integers(0, 100)),
    min_size=1,
    max_size=10,
)


def feasible(cases: list[tuple[int, int, int]], at: float) -> tuple[list[int], list[int], list[int], int]:
    weights, lower = [c[0] for c in cases], [c[1] for c in cases]
    upper = [low + room for _, low, room in cases]
    most = sum(up if w else low for w, low, up in zip(weights, lower, upper, strict=True))
    return weights, lower, upper, sum(lower) + int(at * (most - sum(lower)))


@settings(max_examples=50, deadline=None)
@given(rows, st.floats(0, 1))
def test_sums_are_exact_bounds_kept_and_free_parts_proportional(
    cases: list[tuple[int, int, int]], at: float
) -> None:
    weights, lower, upper, total = feasible(cases, at)
    split = split_bounded(weights, total, lower=lower, upper=upper)
    assert int(split.units.sum()) == total
    assert split.exact.sum() == pytest.approx(total, abs=1e-6)
    assert all(low <= u <= up for low, u, up in zip(lower, split.units.tolist(), upper, strict=True))
    assert np.abs(split.units - split.exact).max() < 1
    free = [i for i, b in enumerate(split.bound) if b == "none" and weights[i]]
    rates = [split.exact[i] / weights[i] for i in free]
    assert max(rates, default=0) == pytest.approx(min(rates, default=0), rel=1e-9)
    for i, bound in enumerate(split.bound):
        if rates and weights[i] and bound == "cap":
            assert split.units[i] == upper[i] <= rates[0] * weights[i] + 1e-6
        if rates and bound == "floor":
            assert split.units[i] == lower[i] >= rates[0] * weights[i] - 1e-6


@settings(max_examples=30, deadline=None)
@given(rows, st.floats(0, 1), st.randoms())
def test_row_order_changes_no_part_before_rounding(
    cases: list[tuple[int, int, int]], at: float, random: object
) -> None:
    weights, lower, upper, total = feasible(cases, at)
    order = list(range(len(cases)))
    random.shuffle(order)  # type: ignore[attr-defined]
    plain = split_bounded(weights, total, lower=lower, upper=upper)
    mixed = split_bounded(
        [weights[i] for i in order],
        total,
        lower=[lower[i] for i in order],
        upper=[upper[i] for i in order],
    )
    assert mixed.exact.tolist() == plain.exact[order].tolist()
    assert mixed.bound.tolist() == plain.bound[order].tolist()


def test_without_bounds_it_is_largest_remainder() -> None:
    weights = np.random.default_rng(1).integers(0, 1000, 50)
    free = split_bounded(weights, 12345, lower=np.zeros(50), upper=np.full(50, 12345))
    assert free.units.tolist() == largest_remainder(weights, 12345).tolist()
    assert set(free.bound) == {"none"}


def test_equal_breakpoints_and_equal_weights_are_exact() -> None:
    split = split_bounded([1, 1, 1, 2], 10, lower=[2, 2, 2, 4], upper=[9, 9, 9, 9])
    assert split.exact.tolist() == [2, 2, 2, 4]
    assert split.bound.tolist() == ["none"] * 4
    split = split_bounded([1, 1, 1], 4, lower=[0, 0, 0], upper=[1, 9, 9])
    assert Fraction(split.exact[1]).limit_denominator() == Fraction(3, 2)
    assert split.units.tolist() == [1, 2, 1]
    assert split.bound.tolist() == ["cap", "none", "none"]


def test_a_part_without_weight_is_at_its_floor() -> None:
    split = split_bounded([0, 1], 10, lower=[3, 0], upper=[8, 20])
    assert split.units.tolist() == [3, 7]
    assert split.bound.tolist() == ["floor", "none"]


def test_a_bound_that_is_met_exactly_does_not_bite() -> None:
    split = split_bounded([1, 1], 10, lower=[5, 0], upper=[20, 5])
    assert split.bound.tolist() == ["none", "none"]


def test_impossible_bounds_are_refused() -> None:
    with pytest.raises(ParameterError, match="a lower bound is above its upper bound"):
        split_bounded([1], 1, lower=[2], upper=[1])
    with pytest.raises(ParameterError, match="the bounds leave 3 to 5 units; 6 cannot be split within them"):
        split_bounded([1, 1], 6, lower=[3, 0], upper=[4, 1])
    with pytest.raises(ParameterError, match="the bounds leave 0 to 0 units; 1 cannot"):
        split_bounded([0], 1, lower=[0], upper=[5])


def test_many_parts_are_quick_and_exact() -> None:
    rng = np.random.default_rng(5)
    weights = np.exp(rng.normal(0, 2, 20_000))
    lower = rng.integers(0, 5, 20_000)
    split = split_bounded(weights, 400_000, lower=lower, upper=lower + rng.integers(0, 60, 20_000))
    assert int(split.units.sum()) == 400_000
    assert set(split.bound) == {"floor", "cap", "none"}
