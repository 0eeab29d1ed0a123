from __future__ import annotations

import numpy as np
import pytest

from kamlib.forecast.arrays import Floats
from kamlib.forecast.comparable import comparable_sums, repeat_unknown


def comparable(y: Floats, first: list[int], season_length: int = 4) -> list[float]:
    code = np.zeros(y.shape[1], dtype=np.intp)
    return comparable_sums(y, np.array(first), code, 1, season_length=season_length).ravel().tolist()


def test_growth_by_new_series_is_taken_out() -> None:
    # three flat ones of which one begins in row 3 of twelve: before, two are scaled to three
    y = np.full((12, 3), 10.0)
    y[:3, 2] = 0
    assert comparable(y, [-1, -1, 3]) == [30.0] * 12


def test_growth_of_the_same_series_is_kept_and_chained() -> None:
    # each doubles from season to season; one begins in the second season of four
    y = np.repeat(10.0 * 2.0 ** np.arange(4), 3)[:, None] * np.ones(3)
    y[:4, 1] = 0
    assert comparable(y, [-1, 4, -1], season_length=3) == pytest.approx(
        [30, 30, 30, 60, 60, 60, 120, 120, 120, 240, 240, 240]
    )


def test_the_month_a_series_is_seen_to_begin_in_tells_nothing_of_its_rate() -> None:
    y = np.full((8, 2), 10.0)
    y[:, 1] = [0, 0, 70, 10, 10, 10, 10, 10]
    # row 2 counts the first alone, at the scale of row 6
    assert comparable(y, [-1, 2]) == [20.0] * 8


def test_a_month_that_few_of_todays_had_begun_by_is_unknown_and_so_are_those_before_it() -> None:
    y = np.full((12, 3), 10.0)
    y[:3, 1:] = 0
    found = comparable(y, [-1, 3, 3])
    # one of three brings a third of the later month; from row 4 on all had begun
    assert np.isnan(found[:4]).all()
    assert found[4:] == [30.0] * 8


def test_the_first_row_is_known_only_where_none_began_in_the_season_after() -> None:
    y = np.full((8, 3), 10.0)
    assert comparable(y, [0, 0, 0]) == [30.0] * 8
    y[:2, 2] = 0
    assert np.isnan(comparable(y, [0, 0, 2])[0])
    assert comparable(y, [0, 0, 2])[1:] == [30.0] * 7


def test_nothing_sold_is_zero_and_no_series_is_unknown() -> None:
    assert comparable(np.zeros((8, 2)), [-1, -1]) == [0.0] * 8
    found = comparable_sums(np.ones((8, 1)), np.array([-1]), np.array([1]), 2, season_length=4)
    assert np.isnan(found[:, 0]).all()
    assert found[:, 1].tolist() == [1.0] * 8


def test_unknown_months_are_those_of_the_next_season() -> None:
    sums = np.array([[np.nan], [np.nan], [np.nan], [4.0], [5.0], [6.0]])
    assert repeat_unknown(sums, season_length=2).ravel().tolist() == [5.0, 4.0, 5.0, 4.0, 5.0, 6.0]
