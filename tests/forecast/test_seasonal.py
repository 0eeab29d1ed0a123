from __future__ import annotations

import numpy as np
import pytest

from kamlib.forecast.seasonal import find_cadence, find_season, no_season
from kamlib.forecast.smoothing import fit_line

PATTERN = np.array([0.5, 1.5, 1.2, 0.8])


def start_of(y: np.ndarray) -> np.ndarray:
    return (~np.isnan(y)).argmax(axis=0)


def test_an_exact_season_is_found_whole() -> None:
    y = np.tile(100 * PATTERN, 3)[:, None]
    season = find_season(y, start_of(y), 4)
    assert season.found.tolist() == [True]
    assert season.multiplicative.tolist() == [True]
    np.testing.assert_allclose(season.index[:, 0], PATTERN)
    np.testing.assert_allclose(season.remove(y), 100)
    np.testing.assert_allclose(season.restore(np.full((5, 1), 10.0))[:, 0], 10 * PATTERN[[0, 1, 2, 3, 0]])


def test_a_season_through_zero_is_an_amount() -> None:
    y = np.tile([0.0, 20.0, 5.0, 15.0], 3)[:, None]
    season = find_season(y, start_of(y), 4)
    assert season.multiplicative.tolist() == [False]
    np.testing.assert_allclose(season.index[:, 0], [-10, 10, -5, 5])
    np.testing.assert_allclose(season.restore(season.remove(y)), y)


def test_an_index_below_a_tenth_makes_the_season_an_amount() -> None:
    y = np.tile([0.1, 2.0, 2.0, 1.9], 3)[:, None]
    assert find_season(y, start_of(y), 4).multiplicative.tolist() == [False]


def test_noise_is_taken_off_by_its_share_by_hand() -> None:
    # Around a level of 10 the moving average of 12 7 14 5 16 3 is 10 throughout. Ratios 1.2 1.4 1.6 have mean
    # 1.4, ratios .7 .5 .3 have .5; both lie .08 in squares around it, with 2 degrees of freedom each:
    # noise .16 / 4 / 3, between .45² + .45² around .95.
    season = find_season(np.array([12.0, 7, 14, 5, 16, 3])[:, None], np.array([0]), 2)
    share = 1 - (0.16 / 4 / 3) / (2 * 0.45**2)
    np.testing.assert_allclose(
        season.index[:, 0], [1 + share * (1.4 / 0.95 - 1), 1 + share * (0.5 / 0.95 - 1)]
    )


def test_years_that_contradict_each_other_have_no_season() -> None:
    up, down = [11.0, 9.0, 11.0, 9.0], [9.0, 11.0, 9.0, 11.0]
    y = np.array(up + down + up + down)[:, None]
    season = find_season(y, start_of(y), 4)
    assert season.found.tolist() == [False]
    assert (season.index == 1).all()


def test_a_season_seen_once_counts_for_a_third_and_twice_for_half() -> None:
    once = (100 * PATTERN)[:, None]
    season = find_season(once, start_of(once), 4)
    assert season.found.tolist() == [True]
    np.testing.assert_allclose(season.index[:, 0], 1 + (PATTERN - 1) / 3)
    longer = np.append(100 * PATTERN, 100 * PATTERN[:2])[:, None]
    ratio = longer[:, 0] / longer.mean()
    mean = np.array([ratio[2], ratio[3], (ratio[0] + ratio[4]) / 2, (ratio[1] + ratio[5]) / 2])
    expected = 1 + np.array([1 / 3, 1 / 3, 1 / 2, 1 / 2]) * (mean / mean.mean() - 1)
    np.testing.assert_allclose(find_season(longer, start_of(longer), 4).index[:, 0], expected)


def test_a_position_of_a_short_series_that_was_not_seen_has_no_season() -> None:
    y = np.array([90.0, 110.0, 100.0])[:, None]
    index = find_season(y, start_of(y), 4).index[:, 0]
    np.testing.assert_allclose(index, [1, 1 - 0.1 / 3, 1 + 0.1 / 3, 1])


def test_straight_growth_within_less_than_a_season_is_no_season() -> None:
    line = np.arange(1.0, 9.0)
    bent = line + np.array([1.0, -1, -1, 1, 1, -1, -1, 1])
    y = np.column_stack([line, bent])
    season = find_season(y, start_of(y), 12)
    np.testing.assert_allclose(season.remove(y)[:, 0], line, rtol=1e-4)
    # slope 1 (42 / 42) around 4.5 leaves 8 of the 42 + 8 squares; its chance share by the residuals as they follow
    straight = 4.5 + fit_line(bent[:, None], np.array([0]))[1] * (line - 4.5)
    left = np.sqrt(((bent - straight) ** 2).sum() / ((bent - 4.5) ** 2).sum())
    np.testing.assert_allclose(season.index[4:, 1], 1 + left / 3 * (bent / 4.5 - 1))


def test_half_a_season_or_less_is_none() -> None:
    y = np.column_stack([[np.nan, np.nan, 9.0, 11.0], [np.nan, 9.0, 11.0, 10.0]])[:, ::-1]
    season = find_season(y, start_of(y), 4)
    assert season.found.tolist() == [True, False]


def test_amounts_are_chosen_where_years_agree_on_them_far_better() -> None:
    level = np.repeat(100 * 1.25 ** np.arange(8), 4)
    noise = 1 + 0.003 * np.sin(np.arange(32.0) ** 2)
    factors = level * np.tile(PATTERN, 8) * noise
    amounts = (level + np.tile(40 * (PATTERN - 1), 8)) * noise
    season = find_season(np.column_stack([factors, amounts]), np.zeros(2, dtype=int), 4)
    assert season.multiplicative.tolist() == [True, False]


def test_a_straight_line_and_a_constant_have_no_season() -> None:
    y = np.column_stack([np.arange(1.0, 37.0), np.full(36, 7.0), np.zeros(36)])
    season = find_season(y, start_of(y), 12)
    np.testing.assert_allclose(season.restore(season.remove(y)), y)
    assert not season.found[1:].any()


def test_gaps_are_bridged_and_left_out_of_the_indices() -> None:
    y = np.tile(100 * PATTERN, 5)[:, None]
    y[9] = np.nan
    season = find_season(y, start_of(y), 4)
    assert season.found.all()
    np.testing.assert_allclose(season.index[:, 0], PATTERN, atol=0.06)


def test_a_position_never_observed_has_no_season() -> None:
    y = np.tile(100 * PATTERN, 3)[:, None]
    y[1::4] = np.nan
    assert not find_season(y, np.array([0]), 4).found.any()


def test_a_season_of_one_is_none() -> None:
    y = np.arange(10.0)[:, None]
    assert not find_season(y, start_of(y), 1).found.any()
    np.testing.assert_array_equal(no_season(3, 4).index, np.ones((4, 3)))


def test_an_order_once_a_quarter_shows_within_two_quarters() -> None:
    y = np.array([0.0, 0.0, 90.0, 0.0, 0.0, 90.0])[:, None]
    cadence = find_cadence(y, start_of(y), 12)
    assert cadence.found.all()
    np.testing.assert_allclose(cadence.index[:, 0], [-30, -30, 60])
    assert not find_cadence(y + 1, start_of(y), 12).found.any()


def test_orders_without_a_cadence_have_none() -> None:
    y = np.array([0.0, 0, 90, 0, 90, 0, 90, 0, 0, 0, 0, 90])[:, None]
    assert not find_cadence(y, start_of(y), 12).found.any()


@pytest.mark.parametrize("season_length", [1, 4, 7])
def test_a_season_that_has_no_quarters_has_no_cadence(season_length: int) -> None:
    y = np.tile([0.0, 10.0], 12)[:, None]
    assert not find_cadence(y, start_of(y), season_length).found.any()
