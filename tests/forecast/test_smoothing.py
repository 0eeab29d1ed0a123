from __future__ import annotations

import numpy as np
import pytest

from kamlib.forecast import smoothing as sm

ZERO = np.array([0])


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)[:, None]


def one_point(level: float, trend: float = 0.0, damping: float = 0.0) -> sm.Grid:
    return sm.Grid(np.array([[level]]), np.array([[trend]]), np.array([[damping]]), 3)


def test_simple_smoothing_of_four_values_by_hand() -> None:
    # from 25 with half of each error: 17.5, 18.75, 24.375, 32.1875
    fit = sm._smooth(column(10, 20, 30, 40), ZERO, one_point(0.5), np.array([25.0]), np.array([0.0]))
    assert fit.ahead(2)[:, 0].tolist() == [32.1875, 32.1875]


def test_damped_trend_by_hand() -> None:
    # start 10 rising by 2, damping .5: expects 11, sees 13, error 2; level 12, trend 1 + .25 x 2 = 1.5
    fit = sm._smooth(column(13), ZERO, one_point(0.5, 0.25, 0.5), np.array([10.0]), np.array([2.0]))
    np.testing.assert_allclose(fit.ahead(3)[:, 0], [12.75, 13.125, 13.3125])


def test_points_of_the_grid_take_part_by_their_likelihood() -> None:
    # of 0 and 2, from their mean 1: level ends at 1 + a², sum of squares 1 + (1 + a)²; two values: power -1
    a = sm.SIMPLE.level[:, 0]
    weight = 1 / (1 + (1 + a) ** 2)
    expected = (weight * (1 + a**2)).sum() / weight.sum()
    assert sm.simple(column(0, 2), ZERO, 1)[0, 0] == pytest.approx(expected)


def test_a_gap_carries_the_state_forward() -> None:
    fit = sm._smooth(column(13, np.nan), ZERO, one_point(0.5, 0.25, 0.5), np.array([10.0]), np.array([2.0]))
    np.testing.assert_allclose(fit.ahead(2)[:, 0], [13.125, 13.3125])


def test_a_series_that_starts_later_is_the_same_as_a_shorter_one() -> None:
    y = np.column_stack([np.arange(9.0) ** 1.5, [np.nan, np.nan, np.nan, 4, 9, 2, 6, 5, 3]])
    both = sm.smoothing(y, np.array([0, 3]), 4)
    np.testing.assert_array_equal(both[:, 1:], sm.smoothing(y[3:, 1:], ZERO, 4))


@pytest.mark.parametrize("method", [sm.simple, sm.damped, sm.smoothing, sm.theta])
def test_a_constant_stays_and_one_value_is_repeated(method) -> None:
    np.testing.assert_allclose(method(np.full((12, 1), 7.0), ZERO, 3), 7.0)
    np.testing.assert_allclose(method(column(5.0), ZERO, 3), 5.0)


def test_theta_on_a_straight_line_rises_by_half_its_slope() -> None:
    forecast = sm.theta((10 + 4.0 * np.arange(30))[:, None], ZERO, 5)[:, 0]
    np.testing.assert_allclose(np.diff(forecast), 2.0)
    # smoothing lags by (1 - a) / a of a step: a hundredth of it where the most reactive point fits best
    assert forecast[0] == pytest.approx(10 + 4 * 29 + 2, abs=0.5)


def test_a_damped_trend_rises_ever_less_and_below_the_line() -> None:
    forecast = sm.damped((10 + 4.0 * np.arange(30))[:, None], ZERO, 12)[:, 0]
    steps = np.diff(forecast)
    assert (steps[1:] < steps[:-1]).all()
    assert (steps > 0).all()
    assert steps[0] < 4


def test_below_eight_values_the_damped_trend_does_not_take_part() -> None:
    y = column(1, 5, 2, 8, 4, 9, 6)
    np.testing.assert_array_equal(sm.smoothing(y, ZERO, 3), sm.simple(y, ZERO, 3))
    longer = column(1, 5, 2, 8, 4, 9, 6, 9, 9, 12)
    assert not np.array_equal(sm.smoothing(longer, ZERO, 3), sm.simple(longer, ZERO, 3))


def test_a_clear_trend_takes_over_from_simple_smoothing() -> None:
    y = (10 + 4.0 * np.arange(30))[:, None]
    np.testing.assert_allclose(sm.smoothing(y, ZERO, 6), sm.damped(y, ZERO, 6), rtol=1e-6)


def test_the_share_of_a_slope_that_is_no_chance() -> None:
    share = sm.trend_share(np.array([2.0, 1.0, 0.0, 3.0]), np.array([1.0, 2.0, 0.0, np.nan]))
    assert share.tolist() == [0.75, 0.0, 0.0, 0.0]


def test_a_line_by_hand_less_its_chance() -> None:
    # 1, 2, 4: slope 1.5, residuals 1/6, -1/3, 1/6, squares 1/6, spread of time 2, no positive autocorrelation
    middle, slope, centre = sm.fit_line(column(1, 2, 4), ZERO)
    assert (middle[0], centre[0]) == (pytest.approx(7 / 3), 1.0)
    assert slope[0] == pytest.approx(1.5 * (1 - (1 / 6 / 1 / 2) / 1.5**2))


def test_two_values_make_no_trend() -> None:
    assert sm.fit_line(column(1, 2), ZERO)[1][0] == 0.0
    np.testing.assert_array_equal(np.diff(sm.theta(column(1, 2), ZERO, 4), axis=0), 0.0)
