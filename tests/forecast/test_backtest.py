from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.forecast.backtest import backtest_matrix, choose_origins
from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.group import Group, group_paths

NAN = np.nan


def panel(n: int = 9, length: int = 30) -> np.ndarray:
    rng = np.random.default_rng(5)
    y = rng.lognormal(3, 0.5, (length, n))
    y[np.arange(length)[:, None] < rng.integers(0, length, n)] = NAN
    return y


def test_each_block_is_the_forecast_from_the_rows_before_its_origin() -> None:
    y = panel()
    blocks = backtest_matrix(y, horizon=4, season_length=12, origins=[24, 20, 28])
    assert blocks.origins.tolist() == [20, 24, 28]
    for k, origin in enumerate(blocks.origins):
        expected = forecast_matrix(y[:origin], horizon=4, season_length=12)
        np.testing.assert_array_equal(blocks.forecast[k], expected)
    np.testing.assert_array_equal(blocks.actual[0], y[20:24])
    assert np.isnan(blocks.actual[2, 2:]).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 29), st.integers(0, 2**32 - 1))
def test_what_comes_later_changes_no_forecast(origin: int, seed: int) -> None:
    y = panel()
    other = y.copy()
    other[origin:] = np.random.default_rng(seed).lognormal(5, 2, other[origin:].shape)
    before = backtest_matrix(y, horizon=3, season_length=4, origins=[origin])
    after = backtest_matrix(other, horizon=3, season_length=4, origins=[origin])
    np.testing.assert_array_equal(before.forecast, after.forecast)


def test_an_error_is_forecast_less_actual_and_unknown_where_either_is() -> None:
    y = np.array([[1.0, NAN], [1, NAN], [4, 2], [NAN, 2]])
    blocks = backtest_matrix(y, horizon=2, season_length=1, origins=[2, 3], method="seasonal_naive")
    np.testing.assert_array_equal(blocks.error[:, :, 0], [[-3, NAN], [NAN, NAN]])
    np.testing.assert_array_equal(blocks.error[:, :, 1], [[NAN, NAN], [0, NAN]])


def test_a_group_lends_what_was_known_at_each_origin() -> None:
    y = 10 + np.arange(36.0)[:, None] * np.ones((1, 3))
    asked = []

    def group(origin: int) -> Group:
        asked.append(origin)
        path = group_paths(y[:origin].sum(axis=1, keepdims=True), horizon=2, season_length=12)
        return Group(path, np.zeros(3, dtype=np.intp))

    blocks = backtest_matrix(y, horizon=2, season_length=12, origins=[26, 30], group=group)
    assert asked == [26, 30]
    expected = forecast_matrix(y[:26], horizon=2, season_length=12, group=group(26))
    np.testing.assert_array_equal(blocks.forecast[0], expected)


def test_the_step_is_the_least_distance_of_origins() -> None:
    y = panel()
    for origins, step in (([10], 1), ([10, 13, 19], 3)):
        blocks = backtest_matrix(y, horizon=2, season_length=1, origins=origins, method="simple")
        assert blocks.step == step


@pytest.mark.parametrize(
    ("origins", "message"),
    [
        ([], "origins is empty"),
        ([5, 7, 5], "names a row twice, such as 5"),
        ([0, 4], "origins holds 0; with 30 rows of history an origin lies from 1 to 29"),
        ([30], "origins holds 30"),
    ],
)
def test_origins_that_are_no_rows_are_refused(origins: list[int], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        backtest_matrix(panel(), horizon=2, season_length=12, origins=origins)


def test_origins_are_the_last_whose_horizon_is_over() -> None:
    assert choose_origins(60, horizon=12, season_length=12, origins=4, step=3).tolist() == [39, 42, 45, 48]


def test_short_histories_go_on_with_origins_that_are_over_in_part() -> None:
    assert choose_origins(26, horizon=12, season_length=12, origins=6).tolist() == [12, 13, 14, 15, 16, 17]
    assert choose_origins(5, horizon=12, season_length=12, origins=6).tolist() == [2, 3, 4]
    assert choose_origins(1, horizon=12, season_length=12, origins=6).tolist() == []


@given(
    st.integers(0, 80), st.integers(1, 20), st.sampled_from([1, 4, 12]), st.integers(1, 24), st.integers(1, 6)
)
def test_origins_lie_within_the_history_a_step_apart(length, horizon, season, origins, step) -> None:
    rows = choose_origins(length, horizon=horizon, season_length=season, origins=origins, step=step)
    assert len(rows) <= origins
    assert (np.diff(rows) == step).all()
    assert ((rows >= 1) & (rows < length)).all()
    whole = rows[rows + horizon <= length]
    if len(whole) and len(whole) == len(rows):
        assert rows[-1] == length - horizon


@pytest.mark.parametrize("name", ["origins", "step"])
def test_no_origin_or_step_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match=f"{name} is 0; it must be a whole number, at least 1"):
        choose_origins(36, **{"horizon": 3, "season_length": 12, "origins": 3, "step": 1, name: 0})
