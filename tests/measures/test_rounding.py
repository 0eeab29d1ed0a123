from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.measures.rounding import (
    add_remainder,
    controlled_rounding,
    exact_weights,
    largest_remainder,
    move_units,
    snap_whole,
)

weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=12).filter(any)
floats = st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=1, max_size=12).filter(any)


def test_floats_count_as_the_binary_fractions_they_are() -> None:
    exact = exact_weights([0.1, 0.2, 0.0, 1e-300])
    assert Fraction(exact[1], exact[0]) == 2
    assert Fraction(exact[3], exact[0]) == Fraction(1e-300) / Fraction(0.1)
    assert exact[2] == 0


@pytest.mark.parametrize("bad", [[-1.0, 2.0], [float("nan")], [float("inf"), 1.0], [-3]])
def test_weights_must_be_finite_and_not_negative(bad: list[float]) -> None:
    with pytest.raises(ParameterError, match="a weight is .*; weights must be finite and zero or more"):
        exact_weights(bad)


def test_ties_go_to_the_larger_weight_then_to_the_earlier_row() -> None:
    assert largest_remainder([3, 1, 1, 3], 4).tolist() == [2, 0, 0, 2]
    assert largest_remainder([1, 1, 1], 2).tolist() == [1, 1, 0]
    # exact shares 1.5 and 0.5: the same remainder, the larger weight has it
    assert largest_remainder([1, 3], 2).tolist() == [0, 2]


def test_nothing_to_split_by_is_refused() -> None:
    assert largest_remainder([0, 0], 0).tolist() == [0, 0]
    with pytest.raises(ParameterError, match="5 units cannot be split: all 2 weights are zero"):
        largest_remainder([0, 0], 5)
    with pytest.raises(ParameterError, match="the total to split is -1"):
        largest_remainder([1], -1)
    with pytest.raises(ParameterError, match="3 units are left over"):
        add_remainder(exact_weights([1]), exact_weights([1]), exact_weights([1]), 4)


@settings(max_examples=50, deadline=None)
@given(weights | floats, st.integers(0, 10**9))
def test_sums_are_exact_and_within_a_unit_of_the_share(values: list[float], total: int) -> None:
    units = largest_remainder(values, total)
    assert int(units.sum()) == total
    whole = sum(map(Fraction, values))
    for unit, value in zip(units.tolist(), values, strict=True):
        assert abs(unit - Fraction(value) * total / whole) < 1


@settings(max_examples=30, deadline=None)
@given(weights, st.integers(0, 10**6), st.randoms())
def test_row_order_changes_no_result_but_among_equals(values: list[int], total: int, random: object) -> None:
    order = list(range(len(values)))
    random.shuffle(order)  # type: ignore[attr-defined]
    plain = largest_remainder(values, total)
    mixed = largest_remainder([values[i] for i in order], total)
    assert sorted(zip(values, plain.tolist(), strict=True)) == sorted(
        zip([values[i] for i in order], mixed.tolist(), strict=True)
    )


@settings(max_examples=30, deadline=None)
@given(weights, st.integers(0, 10**6), st.integers(1, 10**6))
def test_the_scale_of_weights_does_not_matter(values: list[int], total: int, factor: int) -> None:
    scaled = [v * factor for v in values]
    assert largest_remainder(scaled, total).tolist() == largest_remainder(values, total).tolist()


def split(seed: int, rows: int, columns: int, mean: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.poisson(mean, rows), rng.dirichlet(np.ones(columns), rows)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 9), st.sampled_from([0.5, 3.0, 40.0]))
def test_rows_are_exact_and_cells_rounded_down_or_up(seed: int, rows: int, columns: int, mean: float) -> None:
    totals, shares = split(seed, rows, columns, mean)
    cells = controlled_rounding(totals, shares)
    exact = totals[:, None] * shares
    assert (cells.sum(axis=1) == totals).all()
    assert (cells >= np.floor(exact - 1e-9)).all()
    assert (cells <= np.ceil(exact + 1e-9)).all()


@pytest.mark.parametrize("mean", [0.5, 2.0, 30.0])
def test_columns_and_groups_stay_close_where_rounding_row_by_row_drifts(mean: float) -> None:
    totals, shares = split(7, 3000, 12, mean)
    shares = 0.2 * shares + 0.8 * np.linspace(0.02, 0.18, 12) / np.linspace(0.02, 0.18, 12).sum()
    groups = np.arange(3000) % 20
    exact = totals[:, None] * shares
    error = controlled_rounding(totals, shares, groups=groups) - exact
    by_group = np.array([error[groups == g].sum(axis=0) for g in range(20)])
    alone = np.array([largest_remainder(s, int(t)) for s, t in zip(shares, totals, strict=True)]) - exact
    assert np.abs(error.sum(axis=0)).max() < 1
    assert np.abs(error.cumsum(axis=1).sum(axis=0)).max() <= 0.5 + 1e-6
    assert np.abs(by_group).max() < 2
    assert np.abs(alone.sum(axis=0)).max() > 20


def test_inner_groups_stay_close_within_outer_ones() -> None:
    totals, shares = split(3, 3000, 8, 2.0)
    outer = np.arange(3000) % 20
    inner = outer * 3 + np.arange(3000) // 20 % 3
    exact = totals[:, None] * shares
    error = controlled_rounding(totals, shares, groups=np.column_stack([outer, inner])) - exact
    alone = controlled_rounding(totals, shares, groups=outer) - exact
    kinds = inner % 3

    def worst(cells: np.ndarray) -> float:
        return max(float(np.abs(cells[kinds == k].sum(axis=0)).max()) for k in range(3))

    assert max(float(np.abs(error[outer == g].sum(axis=0)).max()) for g in range(20)) < 2
    assert worst(error) < worst(alone)


def test_ties_go_to_the_larger_row_then_to_the_earlier() -> None:
    half = np.full((3, 2), 0.5)
    assert controlled_rounding([1, 3, 1], half).tolist() == [[1, 0], [2, 1], [0, 1]]
    assert controlled_rounding([1, 1], half[:2]).tolist() == [[1, 0], [0, 1]]


def test_impossible_rows_are_refused() -> None:
    with pytest.raises(ParameterError, match="must be zero or more"):
        controlled_rounding([-1], [[1.0]])
    with pytest.raises(ParameterError, match="must add up to 1"):
        controlled_rounding([3], [[0.5, 0.4]])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([10**6, 10**9, 10**12]))
def test_rows_of_any_size_are_exact_and_their_cells_next_to_exact(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    totals = rng.integers(0, size, 30)
    shares = rng.dirichlet(np.full(12, 0.2), 30)
    cells = controlled_rounding(totals, shares)
    assert (cells.sum(axis=1) == totals).all()
    assert (cells >= 0).all()
    assert np.abs(cells - totals[:, None] * shares).max() < 1 + 1e-14 * size


def test_float_noise_is_told_from_parts_of_a_unit_at_any_size() -> None:
    assert snap_whole([1 - 1e-10, 1e12 + 0.001, 0.999]).tolist() == [1, 1e12, 0.999]
    assert snap_whole([5e8 + 0.4, 1e12 + 0.25]).tolist() == [5e8 + 0.4, 1e12 + 0.25]
    assert snap_whole([0.9, 1.2], 0.1).tolist() == [1, 1.2]


def test_units_stay_where_bounds_leave_no_way() -> None:
    moved = move_units([[2, 0], [1, 0]], [[2.0, 0.0], [0.5, 0.5]], [0, 3])
    assert moved.tolist() == [[2, 0], [0, 1]]
    moved = move_units(
        [[2, 0], [1, 0]], [[2.0, 0.0], [0.5, 0.5]], [0, 3], lower=[[0, 0]] * 2, upper=[[9, 9]] * 2
    )
    assert moved.tolist() == [[0, 2], [0, 1]]


def test_units_outside_their_bounds_are_refused() -> None:
    with pytest.raises(ParameterError, match="within the bounds of their cells"):
        move_units([[3]], [[1.0]], [1])
