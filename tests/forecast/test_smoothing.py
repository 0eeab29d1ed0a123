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
    # errors 10 - l, 15 - l/2, 17.5 - l/4, 18.75 - l/8 are least in squares at l = 24.21875 / 1.328125;
    # the level ends at 30.625 + l/16
    fit = sm._smooth(column(10, 20, 30, 40), ZERO, one_point(0.5), np.array([25.0]), np.array([0.0]))
    np.testing.assert_allclose(fit.ahead(2)[:, 0], 30.625 + 24.21875 / 1.328125 / 16)


def test_where_smoothing_starts_does_not_matter() -> None:
    y = column(3, np.nan, 8, 2, 9)
    near, far = (sm._smooth(y, ZERO, sm.SIMPLE, np.array([v]), np.array([0.0])) for v in (5.0, -40.0))
    np.testing.assert_allclose(near.ahead(1), far.ahead(1))
    np.testing.assert_allclose(near.criterion, far.criterion)


def test_damped_trend_by_hand() -> None:
    # start 10 rising by 2, damping .5: expects 11, sees 13, error 2; level 12, trend 1 + .25 x 2 = 1.5
    fit = sm._smooth(column(13), ZERO, one_point(0.5, 0.25, 0.5), np.array([10.0]), np.array([2.0]))
    np.testing.assert_allclose(fit.ahead(3)[:, 0], [12.75, 13.125, 13.3125])


def test_points_of_the_grid_take_part_by_their_likelihood() -> None:
    # of 0 and 2, with b = 1 - a: starts at 2b / (1 + b²), sum of squares 4 / (1 + b²); two values: power -1
    a = sm.SIMPLE.level[:, 0]
    b = 1 - a
    weight = 1 + b**2
    level = 2 * b**3 / (1 + b**2) + 2 * a
    assert sm.simple(column(0, 2), ZERO, 1)[0, 0] == pytest.approx((weight * level).sum() / weight.sum())


def test_a_gap_carries_the_state_forward() -> None:
    fit = sm._smooth(column(13, np.nan), ZERO, one_point(0.5, 0.25, 0.5), np.array([10.0]), np.array([2.0]))
    np.testing.assert_allclose(fit.ahead(2)[:, 0], [13.125, 13.3125])


@pytest.mark.parametrize("method", [sm.simple, sm.holt, sm.damped, sm.theta])
def test_a_series_that_starts_later_is_the_same_as_a_shorter_one(method) -> None:
    y = np.column_stack([np.arange(9.0) ** 1.5, [np.nan, np.nan, np.nan, 4, 9, 2, 6, 5, 3]])
    both = method(y, np.array([0, 3]), 4)
    np.testing.assert_array_equal(both[:, 1:], method(y[3:, 1:], ZERO, 4))


@pytest.mark.parametrize("method", [sm.simple, sm.holt, sm.damped, sm.theta])
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


def test_holt_follows_a_line_all_the_way() -> None:
    forecast = sm.holt((10 + 4.0 * np.arange(30))[:, None], ZERO, 12)[:, 0]
    np.testing.assert_allclose(forecast, 10 + 4.0 * np.arange(30, 42), rtol=1e-6)


def fit(level: float, criterion: float) -> sm.Fit:
    return sm.Fit(np.array([level]), np.zeros((1, 1)), np.ones(1), np.array([criterion]))


def test_two_fits_share_by_akaikes_criterion() -> None:
    # twice a log-likelihood of ln 3 better: three parts to one
    forecast = sm.choose(fit(10.0, 5.0), fit(20.0, 5.0 - 2 * np.log(3)), 1)
    assert forecast[0, 0] == pytest.approx(0.25 * 10 + 0.75 * 20)
    assert sm.choose(fit(10.0, 0.0), fit(20.0, 1e9), 1)[0, 0] == 10.0


def test_a_clear_trend_takes_over_from_simple_smoothing() -> None:
    y = (10 + 4.0 * np.arange(30))[:, None]
    trended = sm.fit_trended(y, ZERO, sm.DAMPED)
    chosen = sm.choose(sm.fit_simple(y, ZERO), trended, 6)
    np.testing.assert_allclose(chosen, trended.ahead(6), rtol=1e-6)


def test_within_less_than_a_season_there_is_no_line() -> None:
    y = column(1, 2, 4, 5, 6, 8)
    assert sm.fit_line(y, ZERO, 6)[1][0] > 1
    assert sm.fit_line(y, ZERO, 7)[1][0] == 0.0
    np.testing.assert_allclose(sm.theta(y, ZERO, 3, 7), sm.simple(y, ZERO, 3))


def test_theta_is_the_mean_of_the_line_and_its_smoothed_double() -> None:
    # with one point of the grid the two ways to write Theta meet but for how they start
    y = column(*(5 + 2 * np.arange(60.0) + np.tile([1.0, -1.0, 0.5], 20)))
    middle, slope, centre = sm.fit_line(y, ZERO)
    time = np.arange(63)[:, None]
    line = middle + slope * (time - centre)
    doubled = sm._smooth(2 * y - line[:60], ZERO, one_point(0.6), middle, np.zeros(1)).ahead(3)
    grid = sm.Grid(np.array([[0.6]]), np.array([[0.0]]), np.array([[1.0]]), 4)
    drifting = sm._smooth(y, ZERO, grid, middle, slope / 2).ahead(3)
    np.testing.assert_allclose(drifting, (line[60:] + doubled) / 2, rtol=0.03)


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
