from __future__ import annotations

import numpy as np
import pytest

from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.group import Group, group_paths, lend

PATTERN = np.array([0.5, 1.5, 1.2, 0.8])


def test_a_season_is_lent_and_goes_on() -> None:
    path = group_paths(np.tile(100 * PATTERN, 3)[:, None], horizon=3, season_length=4)
    np.testing.assert_allclose(path[:, 0], PATTERN[np.arange(15) % 4])


@pytest.mark.parametrize(("seasons", "lasts"), [(2, 1 / 2), (3, 27 / 35), (5, 125 / 133)])
def test_growth_is_followed_and_goes_on_as_far_as_its_seasons_say(seasons: int, lasts: float) -> None:
    length = 4 * seasons
    growth = np.log(1.01)
    line = 1.01 ** np.arange(length)
    path = group_paths(line[:, None], horizon=8, season_length=4)[:, 0]
    np.testing.assert_allclose(path[:length], np.exp(growth * np.arange(1 - length, 1)))
    np.testing.assert_allclose(path[length:], 1 + lasts * growth * np.arange(1, 9))
    falling = group_paths(line[::-1, None], horizon=8, season_length=4)[:, 0]
    np.testing.assert_allclose(falling[length:], np.exp(-lasts * growth * np.arange(1, 9)))


def test_a_group_grows_as_all_do_but_for_what_it_is_known_to_differ_by() -> None:
    time = np.arange(40)
    noise = np.random.default_rng(1).standard_normal((40, 2))
    alike = 100 * 1.01 ** time[:, None] * np.exp(0.05 * noise)
    paths = group_paths(alike, horizon=4, season_length=4)
    np.testing.assert_allclose(paths[:, 0], paths[:, 1], rtol=0.01)
    apart = 100 * np.array([1.02, 0.99]) ** time[:, None]
    rising, falling = group_paths(apart, horizon=4, season_length=4).T
    assert rising[39] / rising[38] == pytest.approx(1.02, abs=2e-3)
    assert falling[39] / falling[38] == pytest.approx(0.99, abs=2e-3)


@pytest.mark.parametrize("odd", [3.0, 0.0, -5.0, 500.0])
@pytest.mark.parametrize("row", [10, 33])
def test_one_odd_month_neither_stops_growth_nor_makes_it(row: int, odd: float) -> None:
    """However far off, it counts as one at the fence of what is usual."""
    noise = 0.02 * np.random.default_rng(1).standard_normal((36, 1))
    for growth in (1.0, 0.98):
        y = 100 * growth ** np.arange(36.0)[:, None] * np.exp(noise)
        clean = group_paths(y, horizon=12, season_length=12)[:, 0]
        y[row] = odd
        path = group_paths(y, horizon=12, season_length=12)[:, 0]
        assert path[47] / path[35] == pytest.approx(clean[47] / clean[35], rel=0.02)


def test_months_of_nothing_are_left_out_and_a_year_of_others_within_two_is_needed() -> None:
    y = 1.01 ** np.arange(48.0)[:, None]
    y[np.random.default_rng(0).permutation(48)[:12]] = 0.0
    path = group_paths(y, horizon=12, season_length=12)[:, 0]
    np.testing.assert_allclose(path[48:] / path[47], 1 + 27 / 35 * np.log(1.01) * np.arange(1, 13))
    y[np.flatnonzero(y > 0)[1:14]] = 0.0
    lasts = (23 / 12) ** 3 / ((23 / 12) ** 3 + 8)
    path = group_paths(y, horizon=12, season_length=12)[:, 0]
    np.testing.assert_allclose(path[48:] / path[47], 1 + lasts * np.log(1.01) * np.arange(1, 13))
    for left_out in (slice(None, 25), np.flatnonzero(y > 0)[1:13]):
        few = y.copy()
        few[left_out] = 0.0  # sales go back 23 months, or make up 11
        np.testing.assert_allclose(group_paths(few, horizon=12, season_length=12), 1.0)


@pytest.mark.parametrize("growth", [3.0, 0.2])
def test_growth_is_seen_whole_however_strong(growth: float) -> None:
    rise = np.log(growth) / 12
    path = group_paths(growth ** (np.arange(48) / 12)[:, None], horizon=12, season_length=12)[:, 0]
    ahead = 64 / 72 * rise * np.arange(1, 13)
    np.testing.assert_allclose(path[48:] / path[47], 1 + ahead if growth > 1 else np.exp(ahead))


def test_what_a_late_group_differs_by_counts_from_its_own_months() -> None:
    time = np.arange(60.0)[:, None]
    y = 100 * np.array([1.0, 0.5]) ** (time / 12)
    y[:36, 1] = np.nan
    steady, late = group_paths(y, horizon=12, season_length=12).T
    np.testing.assert_allclose(steady, 1.0)
    np.testing.assert_allclose(late[36:60], 2.0 ** ((59 - time[36:60, 0]) / 12))
    np.testing.assert_allclose(late[60:], np.exp(8 / 16 * np.log(0.5) * np.arange(1, 13) / 12))


def test_growth_is_counted_in_years_where_there_is_no_season() -> None:
    path = group_paths(1.01 ** np.arange(36)[:, None], horizon=12, season_length=1, year=12)[:, 0]
    np.testing.assert_allclose(path[36:], 1 + 27 / 35 * np.log(1.01) * np.arange(1, 13))
    short = group_paths(1.01 ** np.arange(23)[:, None], horizon=12, season_length=1, year=12)
    np.testing.assert_array_equal(short, np.ones((35, 1)))


def test_without_two_seasons_nothing_is_lent() -> None:
    path = group_paths(np.arange(1.0, 8.0)[:, None], horizon=2, season_length=4)
    np.testing.assert_array_equal(path, np.ones((9, 1)))


@pytest.mark.parametrize("y", [np.zeros((24, 1)), -np.arange(1.0, 25.0)[:, None]])
def test_groups_without_sales_lend_nothing(y: np.ndarray) -> None:
    np.testing.assert_allclose(group_paths(y, horizon=3, season_length=12)[:, 0], 1.0)


def test_factors_stay_above_zero() -> None:
    rising = group_paths(1.5 ** np.arange(40.0)[:, None], horizon=4, season_length=4)
    falling = group_paths(np.arange(100.0, 0.0, -1.0)[:, None], horizon=200, season_length=4)
    mixed = group_paths(np.arange(-20.0, 20.0)[:, None], horizon=4, season_length=4)
    assert rising[:40].min() >= 0.1
    assert falling.min() > 0.0
    np.testing.assert_array_equal(mixed, np.ones((44, 1)))


def test_a_member_follows_its_group() -> None:
    total = np.outer(np.linspace(100, 200, 24), [1.0]) * np.tile(PATTERN, 6)[:, None]
    path = group_paths(total, horizon=4, season_length=4)
    short = np.where(np.arange(24)[:, None] < 18, np.nan, total / 10)
    alone = forecast_matrix(short, horizon=4, season_length=4)
    lent = forecast_matrix(short, horizon=4, season_length=4, group=Group(path, np.array([0])))
    truth = (200 + 100 / 23 * np.arange(1, 5)) / 10 * PATTERN
    assert np.abs(lent[:, 0] - truth).max() < 1.0
    assert np.abs(alone[:, 0] - truth).max() > 5.0


def test_a_panel_lends_the_sum_of_the_members_that_were_there_throughout() -> None:
    whole = np.tile(100 * PATTERN, 4)
    short = np.where(np.arange(16) < 13, np.nan, 7.0)
    y = np.column_stack([whole, whole, whole, short])
    group = lend(y, np.zeros(4, dtype=int), np.array([0, 0, 0, 0]), horizon=3, season_length=4)
    np.testing.assert_allclose(group.path[:, group.member[3]], PATTERN[np.arange(19) % 4])


def test_a_series_that_ended_earlier_is_lent_the_season_of_its_own_dates() -> None:
    whole = np.tile(100 * PATTERN, 4)
    gone = np.append([np.nan] * 6, whole[5:15])
    y = np.column_stack([whole, whole, gone])
    group = lend(y, np.array([0, 0, 1]), np.array([0, 0, 0]), horizon=3, season_length=4)
    np.testing.assert_allclose(group.path[:, group.member[0]], PATTERN[np.arange(19) % 4])
    np.testing.assert_allclose(group.path[:, group.member[2]], PATTERN[np.arange(-1, 18) % 4])


def test_gaps_of_a_member_are_bridged_and_its_last_season_goes_on() -> None:
    whole = np.tile(100 * PATTERN, 5)
    holes = whole.copy()
    holes[18:] = np.nan
    both = lend(
        np.column_stack([whole, holes]), np.zeros(2, int), np.zeros(2, int), horizon=1, season_length=4
    )
    np.testing.assert_allclose(both.path[:, 0], PATTERN[np.arange(21) % 4])


def test_who_has_no_group_or_no_value_is_lent_nothing() -> None:
    whole = np.tile(100 * PATTERN, 4)
    y = np.column_stack([whole, whole, np.full(16, np.nan)])
    group = lend(y, np.zeros(3, dtype=int), np.array([0, -1, 0]), horizon=2, season_length=4)
    assert group.path[1, group.member[0]] == pytest.approx(1.5)
    assert (group.path[:, group.member[1:]] == 1).all()
    none = lend(y, np.zeros(3, dtype=int), np.full(3, -1), horizon=2, season_length=4)
    assert (none.path[:, none.member] == 1).all()
