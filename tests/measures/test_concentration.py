from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import KamError, ParameterError
from kamlib.measures.concentration import gini, herfindahl, lorenz_curve, top_share
from kamlib.measures.money import to_money

parts = st.lists(st.integers(0, 10**12), min_size=1, max_size=40).filter(any)


@settings(max_examples=50, deadline=None)
@given(parts)
def test_bounds(values: list[int]) -> None:
    n = len(values)
    assert 0 <= gini(values) <= (n - 1) / n + 1e-12
    assert 1 / n - 1e-12 <= herfindahl(values) <= 1
    assert 1 / n - 1e-12 <= top_share(values) <= 1


@settings(max_examples=50, deadline=None)
@given(parts, st.sampled_from([10, 0.01, 1e6]), st.randoms())
def test_scale_and_order_change_nothing(values: list[int], scale: float, random: object) -> None:
    other = [scale * value for value in values]
    random.shuffle(other)
    for measure in (gini, herfindahl, top_share):
        assert measure(other) == pytest.approx(measure(values), abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_equal_parts_and_one_that_has_everything(n: int) -> None:
    assert gini([3.3] * n) == pytest.approx(0, abs=1e-15)
    assert herfindahl([3.3] * n) == pytest.approx(1 / n)
    one = [0.0] * (n - 1) + [5.0]
    assert gini(one) == pytest.approx((n - 1) / n)
    assert herfindahl(one) == 1
    assert top_share(one) == 1


@settings(max_examples=50, deadline=None)
@given(parts)
def test_the_lorenz_curve_rises_below_the_diagonal_and_gives_gini_again(values: list[int]) -> None:
    curve = lorenz_curve(values)
    x, y = curve["part_share"].to_numpy(), curve["value_share"].to_numpy()
    assert curve.iloc[[0, -1]].to_numpy().tolist() == [[0, 0], [1, 1]]
    assert (np.diff(y) >= -1e-15).all()
    assert (y <= x + 1e-12).all()
    assert 1 - 2 * np.trapezoid(y, x) == pytest.approx(gini(values), abs=1e-12)


def test_a_part_of_zero_counts_as_a_part() -> None:
    assert gini([1, 1]) == 0
    assert gini([1, 1, 0]) == pytest.approx(1 / 3)
    assert top_share([1, 1, 0, 0, 0], fraction=0.2) == 0.5


def test_a_tie_at_the_top_counts_one_of_the_two() -> None:
    assert top_share([5, 5, 1, 1, 1], fraction=0.2) == pytest.approx(5 / 13)


@pytest.mark.parametrize(("fraction", "share"), [(0.2, 0.3), (0.21, 0.5), (1, 1.0), (0.001, 0.3)])
def test_a_fraction_of_a_part_is_a_whole_part(fraction: float, share: float) -> None:
    assert top_share([30, 20, 20, 20, 10], fraction=fraction) == pytest.approx(share)


def test_money_is_taken_as_it_is() -> None:
    assert gini(to_money([10_000, 30_000])) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "values: no parts"),
        ([0, 0], "values: the total of 2 parts is zero"),
        ([1, -2, -3], "values: 2 of 3 parts are negative, the first is -2"),
        ([1, float("nan")], "values: 1 of 2 parts are missing or not finite, the first is nan"),
        ([1, float("inf")], "values: 1 of 2 parts are missing or not finite, the first is inf"),
        (pd.Series([1, -2], name="revenue"), "revenue: 1 of 2 parts are negative"),
    ],
)
@pytest.mark.parametrize("measure", [gini, herfindahl, top_share, lorenz_curve])
def test_what_cannot_be_concentrated_is_refused(measure: object, values: object, message: str) -> None:
    with pytest.raises(KamError, match=message):
        measure(values)


@pytest.mark.parametrize("fraction", [0, -0.1, 1.1, float("nan")])
def test_a_fraction_outside_0_to_1_is_refused(fraction: float) -> None:
    with pytest.raises(ParameterError, match="must be above 0 and at most 1"):
        top_share([1, 2], fraction=fraction)
