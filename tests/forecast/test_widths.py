from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from kamlib.forecast.widths import growth_ahead, independent_errors, tail_ends

NAN = np.nan


def test_widths_grow_as_sizes_do_and_never_fall() -> None:
    score = np.array([[1.0, -3.0, 2.0, 4.0], [1.0, 3.0, -2.0, -4.0]])[:, :, None]
    np.testing.assert_allclose(growth_ahead(score), [1, 2.5, 2.5, 4])


@pytest.mark.parametrize(("power", "expected"), [(0.0, 0.25), (0.5, 0.5), (1.0, 0.75), (2.0, 0.75)])
def test_beyond_the_periods_reached_widths_grow_on_by_root_and_by_what_was_shown(
    power: float, expected: float
) -> None:
    ahead = np.arange(1.0, 13)
    score = np.where(ahead <= 4, ahead**power, NAN)[None, :, None]
    growth = growth_ahead(score)
    np.testing.assert_allclose(growth[:4], ahead[:4] ** power)
    np.testing.assert_allclose(growth[4:], 4**power * (ahead[4:] / 4) ** expected)


def test_where_one_period_was_reached_widths_grow_by_the_root() -> None:
    score = np.array([[2.0, NAN, NAN, NAN]])[:, :, None]
    np.testing.assert_allclose(growth_ahead(score), 2 * np.sqrt([1, 2, 3, 4]))


def test_errors_one_ahead_are_independent_and_longer_ones_as_far_as_they_do_not_overlap() -> None:
    assert independent_errors(np.ones((6, 1, 3)), np.arange(6)) == 18
    # two blocks of two: r of the four errors by hand, overlaps 1 of h1 x h2 in pairs (1, 2) and 1 of 4 in (2, 2)
    apart = independent_errors(np.ones((2, 2, 1)), np.array([3, 5]))
    assert apart == pytest.approx(4**2 / (4 + 2 * 2 * 1 / 2))
    beside = independent_errors(np.ones((2, 2, 1)), np.array([3, 4]))
    assert beside == pytest.approx(4**2 / (4 + 2 * 2 * 1 / 2 + 2 * 1 / 2 + 2 * 1 / 4))


def test_unknown_errors_count_for_nothing() -> None:
    score = np.ones((4, 1, 2))
    score[1:, 0, 1] = NAN
    assert independent_errors(score, np.arange(4)) == 5
    assert independent_errors(np.where(np.arange(4)[:, None, None] < 1, 1.0, NAN), np.arange(4)) == 2


def test_few_independent_errors_make_ends_wider_by_students_quantiles() -> None:
    score = np.random.default_rng(0).normal(size=(40, 1, 1))
    low, high = tail_ends(score, (0.8, 0.95), independent=40)
    wide_low, wide_high = tail_ends(score, (0.8, 0.95), independent=4)
    factor = t.ppf([0.9, 0.975], 4) / t.ppf([0.9, 0.975], 40)
    np.testing.assert_allclose(wide_low, factor * low)
    np.testing.assert_allclose(wide_high, factor * high)
