from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kamlib.forecast.engine import calm_matrix, forecast_matrix
from kamlib.forecast.outliers import damp_orders, damp_outliers

NAN = np.nan


def start_of(y: np.ndarray) -> np.ndarray:
    return np.zeros(y.shape[1], dtype=np.intp)


def noisy(length: int = 48, n: int = 1) -> np.ndarray:
    return 100 + 5 * np.random.default_rng(6).normal(size=(length, n))


def test_a_one_off_in_a_constant_series_is_cut_to_the_fence_by_hand() -> None:
    # differences are 0 but once 240: their mean absolute deviation is 240 / 24 = 10, its normal interquartile
    # range 1.349 * 1.2533 * 10 = 16.907, three of them 50.72
    y = np.full((24, 1), 100.0)
    y[10] = 340.0
    calm = damp_outliers(y, start_of(y), 1)[:, 0]
    assert calm[10] == pytest.approx(100 + 3 * 1.349 * 1.2533 * 10)
    assert (np.delete(calm, 10) == 100).all()


def test_the_fence_lies_three_interquartile_ranges_beyond_the_quartiles() -> None:
    y = noisy(47)
    y[20] = 400.0
    middle = np.array([np.median(y[max(t - 3, 0) : t + 4]) for t in range(47)])
    away = y[:, 0] - middle
    low, high = np.percentile(away[away != 0], [25, 75])
    calm = damp_outliers(y, start_of(y), 1)[:, 0]
    assert calm[20] == pytest.approx(middle[20] + high + 3 * (high - low))
    np.testing.assert_array_equal(np.delete(calm, 20), np.delete(y[:, 0], 20))


def test_a_slip_is_raised_but_a_sale_of_nothing_is_not() -> None:
    y = noisy()
    y[20], y[30] = 1.0, 0.0
    calm = damp_outliers(y, start_of(y), 1)[:, 0]
    assert 60 < calm[20] < 100
    assert calm[30] == 0.0


def test_the_last_three_periods_and_short_series_are_left_as_they_are() -> None:
    y = noisy()
    y[-3:] = 500.0
    np.testing.assert_array_equal(damp_outliers(y, start_of(y), 12), y)
    short = noisy(23)
    short[10] = 900.0
    np.testing.assert_array_equal(damp_outliers(short, start_of(short), 1), short)


def test_a_season_is_no_outlier() -> None:
    y = noisy(60)
    y[11::12] *= 4
    np.testing.assert_array_equal(damp_outliers(y, start_of(y), 12), y)
    y[30] *= 6
    assert (damp_outliers(y, start_of(y), 12) != y).sum() == 1


def test_gaps_stay_gaps() -> None:
    y = noisy()
    y[[0, 5, 25]], y[20] = NAN, 900.0
    calm = damp_outliers(y, start_of(y), 12)
    np.testing.assert_array_equal(np.isnan(calm), np.isnan(y))
    assert calm[20] < 200


def test_a_one_off_order_is_cut_in_factors_by_hand() -> None:
    # logarithms of 2 and 4: quartiles log 2 and log 4, so the fence is 4 * 2 ** 3
    y = np.array([[2.0], [0], [2], [4], [0], [4], [2], [0], [900], [4], [2]])
    assert damp_orders(y)[8, 0] == pytest.approx(32.0)
    few = y[3:]
    np.testing.assert_array_equal(damp_orders(few), few)
    same = np.where(y > 0, 2.0, 0.0)
    same[8] = 900.0
    np.testing.assert_array_equal(damp_orders(same), same)


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 50), st.integers(1, 3)), elements=st.floats(0, 1e6)),
    st.sampled_from([1, 4, 12]),
    st.floats(1e-3, 1e3),
)
def test_damped_values_stay_within_the_series_and_scale_with_it(y: np.ndarray, m: int, factor: float) -> None:
    calm = calm_matrix(y, season_length=m).y
    assert (calm >= y.min(axis=0) - 1e-6 * (1 + y.max(axis=0))).all()
    assert (calm <= y.max(axis=0) * (1 + 1e-6) + 1e-6).all()
    np.testing.assert_array_equal(calm == 0, y == 0)


def test_one_huge_order_does_not_carry_the_forecast_away() -> None:
    y = noisy(48, 5)
    plain = forecast_matrix(y, horizon=6, season_length=12)
    y[33, 2] = 5000.0
    moved = forecast_matrix(y, horizon=6, season_length=12)
    assert moved[:, 2] == pytest.approx(plain[:, 2], rel=0.05)


def test_what_groups_lend_is_no_outlier_and_the_rest_is_as_the_blend_reads_it() -> None:
    y = noisy(48, 3)
    y[33, 2] = 5000.0
    y[::5, 1] = 0.0
    y[:, 1] = np.where(np.random.default_rng(1).random(48) < 0.5, 0.0, y[:, 1])
    calm = calm_matrix(y, season_length=12)
    assert calm.intermittent.tolist() == [False, True, False]
    assert (calm.y != y).sum(axis=0).tolist() == [0, 0, 1]


def test_damping_never_leaves_the_range_of_the_series() -> None:
    # a car part's history: with an amount as season its fence lay below zero
    y = np.zeros((27, 1))
    y[[6, 8, 20], 0] = 1.0, 2.0, 1.0
    calm = damp_outliers(y, start_of(y), 12)
    assert calm.min() >= 0.0
    assert forecast_matrix(y, horizon=12, season_length=12).min() >= 0.0
