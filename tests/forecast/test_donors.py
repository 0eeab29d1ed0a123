from __future__ import annotations

import numpy as np

from kamlib.forecast.donors import complete_errors

NAN = np.nan


def test_known_errors_stay_as_they_are() -> None:
    errors = np.random.default_rng(0).normal(size=(5, 3, 4))
    np.testing.assert_array_equal(complete_errors(np.ones((3, 4)), errors), errors)


def test_an_unknown_error_has_its_donors_course_and_its_own_size() -> None:
    # the donor is off by 10 % of its size; the new series is four times as large
    errors = np.array([[[10.0, NAN]], [[-10.0, NAN]], [[10.0, NAN]]])
    filled = complete_errors(np.array([[100.0, 400.0]]), errors)
    np.testing.assert_allclose(filled[:, 0, 1], [40, -40, 40])


def test_own_blocks_count_beside_three_of_the_like() -> None:
    # one own block of error 20; its size suggests 10: mean square (1 x 400 + 3 x 100) / 4 = 175
    errors = np.array([[[10.0, NAN]], [[-10.0, NAN]], [[10.0, 20.0]]])
    filled = complete_errors(np.array([[100.0, 100.0]]), errors)
    np.testing.assert_allclose(filled[:, 0, 1], [175**0.5, -(175**0.5), 20])


def test_donors_are_those_at_the_same_rank_of_size() -> None:
    forecast = np.array([[100.0, 1000.0, 90.0, 2000.0]])
    errors = np.array([[[1.0, 300.0, NAN, NAN]], [[1.0, -300.0, NAN, NAN]], [[1.0, 300.0, NAN, NAN]]])
    filled = complete_errors(forecast, errors)
    assert (np.sign(filled[:, 0, 2]) == 1).all()  # the small one errs as the small one does
    assert np.sign(filled[:, 0, 3]).tolist() == [1, -1, 1]


def test_origins_whose_horizon_is_not_over_are_left_out_where_three_are() -> None:
    errors = np.arange(8.0).reshape(4, 2, 1)
    errors[3, 1] = NAN
    np.testing.assert_array_equal(complete_errors(np.ones((2, 1)), errors), errors[:3])


def test_with_fewer_the_last_error_is_carried_on() -> None:
    errors = np.array([1.0, 2.0, 3.0, NAN]).reshape(2, 2, 1)
    assert complete_errors(np.ones((2, 1)), errors)[:, :, 0].tolist() == [[1, 2], [3, 3]]


def test_the_input_is_left_alone() -> None:
    errors = np.array([1.0, 2.0, 3.0, NAN]).reshape(2, 2, 1)
    before = errors.copy()
    complete_errors(np.ones((2, 1)), errors)
    np.testing.assert_array_equal(errors, before)


def test_where_no_series_ever_erred_nothing_is_borrowed() -> None:
    errors = np.zeros((3, 1, 2))
    errors[0, 0, 1] = NAN
    np.testing.assert_array_equal(complete_errors(np.ones((1, 2)), errors), np.zeros((3, 1, 2)))
