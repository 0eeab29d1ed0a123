from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import KamError, ParameterError
from kamlib.forecast.backtest import Blocks, backtest_matrix, choose_origins
from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.intervals import backtest_intervals, conformal_scales, intervals

NAN = np.nan


def blocks_of(errors: np.ndarray, forecast: float = 50.0) -> Blocks:
    ahead = np.full_like(errors, forecast)
    return Blocks(np.arange(1, len(errors) + 1), ahead - errors, ahead)


def test_the_scale_is_the_lesser_of_changes_over_a_period_and_a_season() -> None:
    season, trend = np.tile([0.0, 9.0, 0.0, 9.0], 5), 5.0 * np.arange(20)
    found = conformal_scales(np.column_stack([season, trend]), [], season_length=4)[0]
    # of the last 8 rows: 7 changes over a period of 9 and of 5, 4 over a season of 0 and of 20; sizes 4.5, 77.5
    period, season = (9 + 5) / (4.5 + 77.5), (0 + 20) / (4.5 + 77.5)
    np.testing.assert_allclose(found, [4 * season * 4.5 / 8, (7 * 5 + 4 * period * 77.5) / 11])


def test_one_pair_of_equal_months_does_not_make_a_series_certain() -> None:
    rng = np.random.default_rng(0)
    y = 100 + rng.normal(0, 10, (13, 60))
    y[12, 0] = y[0, 0]  # the only change over a season is 0
    early, late = conformal_scales(y, [12], season_length=12)
    assert late[0] > 0.7 * early[0]


def test_a_scale_is_of_what_was_known_at_the_origin() -> None:
    y = np.array([[1.0], [3.0], [1.0], [30.0], [2.0]])
    whole = conformal_scales(y, [2, 3], season_length=1)
    for row, scale in zip((2, 3, 5), whole, strict=True):
        np.testing.assert_allclose(conformal_scales(y[:row], [], season_length=1)[0], scale)


def test_a_series_not_begun_has_no_scale_and_one_of_zeros_none_but_zero() -> None:
    y = np.array([[NAN, 0.0, 4.0], [NAN, 0.0, 6.0], [5.0, 0.0, 4.0]])
    early, late = conformal_scales(y, [2], season_length=1)
    assert np.isnan(early[0])
    assert early[1:].tolist() == [0.0, 2.0]
    assert late[0] > 0  # one value only: what the panel says


def test_the_ends_have_a_shape_between_tails_and_sizes_and_hold_the_share() -> None:
    # actual - forecast is 1..9: the tails are place 9 = 9 and, not below 0, 0; the size is place 8 = 8, so the
    # shape is -4 and 8.5; place 8 of 9 errors, 8, is held at 8 / 8.5 of it
    found = intervals(
        np.full((1, 1), 50.0), blocks_of(-np.arange(1.0, 10).reshape(9, 1, 1)), np.ones(1), coverage=[0.8]
    )
    assert found.low.item() == pytest.approx(50 - 4 * 8 / 8.5)
    assert found.high.item() == pytest.approx(58)


def test_widths_scale_with_the_series_and_never_shrink_with_the_horizon() -> None:
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(20, 6, 40)) * np.array([1, 2, 1, 3, 2, 2.0])[:, None]
    scale = rng.lognormal(0, 1, 40)
    forecast = np.full((6, 40), 500.0)
    found = intervals(forecast, blocks_of(errors * scale, 500.0), scale)
    width = (found.high - found.low) / scale
    np.testing.assert_allclose(width, width[:, :, :1].repeat(40, axis=2))
    assert (np.diff(width, axis=1) >= -1e-9).all()
    assert width[0, 0, 0] < width[0, -1, 0]
    assert (found.low[1] < found.low[0]).all()


def test_periods_never_reached_are_wider_than_the_last_that_was() -> None:
    errors = np.random.default_rng(0).normal(size=(20, 4, 10))
    errors[:, 2:] = NAN
    forecast = np.full((4, 10), 50.0)
    found = intervals(forecast, blocks_of(errors), np.ones(10))
    width = found.high[0, :, 0] - 50
    assert width[1] * 1.5**0.25 <= width[2] <= width[1] * 1.5**0.75
    assert width[2] < width[3]


@pytest.mark.parametrize("length", [8, 12, 18])
def test_ranges_of_short_panels_hold_what_they_say(length: int) -> None:
    n, horizon, held = 200, 12, []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        drift = np.exp(np.cumsum(0.03 * rng.standard_normal((length + horizon, n)), axis=0))
        y = rng.lognormal(5, 1, n) * drift * rng.lognormal(0, 0.1, (length + horizon, n))
        forecast = forecast_matrix(y[:length], horizon=horizon, season_length=12)
        found = backtest_intervals(y[:length], forecast, season_length=12)
        held.append(((found.low <= y[length:]) & (y[length:] <= found.high)).mean(axis=(1, 2)))
    eighty, ninety_five = np.mean(held, axis=0)
    assert 0.77 <= eighty <= 0.85
    assert 0.93 <= ninety_five <= 0.975


def test_noisy_series_take_their_width_from_noisy_ones() -> None:
    rng = np.random.default_rng(0)
    forecast = np.tile(np.repeat([1000.0, 10.0], 60), (1, 1))
    wide = np.repeat([1.0, 4.0], 60)
    errors = rng.normal(size=(12, 1, 120)) * wide
    blocks = Blocks(np.arange(1, 13), forecast - errors, np.tile(forecast, (12, 1, 1)))
    found = intervals(forecast, blocks, np.ones(120), coverage=[0.8])
    width = (forecast - found.low)[0, 0]
    assert 2.5 < width[60:].mean() / width[:60].mean() < 5.5


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 130), st.integers(1, 5))
def test_ends_hold_the_forecast_inside_and_stay_above_zero(seed: int, n: int, horizon: int) -> None:
    rng = np.random.default_rng(seed)
    forecast = rng.lognormal(0, 2, (horizon, n)) * (rng.random((horizon, n)) < 0.8)
    past = rng.lognormal(0, 2, (4, horizon, n))
    actual = past * (rng.random(past.shape) < 0.5)
    actual[rng.random(past.shape) < 0.2] = NAN
    actual[0, 0, 0] = 1.0
    found = intervals(forecast, Blocks(np.arange(1, 5), actual, past), rng.lognormal(0, 1, n))
    assert ((found.low >= 0) & (found.low <= forecast) & (forecast <= found.high)).all()
    assert (found.low[1] <= found.low[0]).all()
    assert (found.high[1] >= found.high[0]).all()


def test_a_series_that_was_negative_may_be_so_again() -> None:
    errors = np.array([8.0, -8.0, 8.0])[:, None, None] * np.ones((1, 1, 2))
    forecast = np.array([[2.0, 2.0]])
    actual = np.full((3, 1, 2), 5.0)
    actual[0, 0, 1] = -5.0
    found = intervals(forecast, Blocks(np.arange(1, 4), actual, actual + errors), np.ones(2))
    assert found.low[0, 0, 0] == 0
    assert found.low[0, 0, 1] < 0


@pytest.mark.parametrize("length", [36, 72])
def test_intervals_of_a_seasonal_panel_hold_what_they_say(length: int) -> None:
    rng = np.random.default_rng(1)
    n, horizon = 250, 6
    size, noise = rng.lognormal(3, 1, n), rng.choice([0.1, 0.3, 0.5], n)
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(length + horizon) / 12)[:, None]
    drift = np.exp(np.cumsum(0.03 * rng.standard_normal((length + horizon, n)), axis=0))
    y = size * season * drift * rng.lognormal(0, noise, (length + horizon, n))
    known, actual = y[:length], y[length:]
    forecast = forecast_matrix(known, horizon=horizon, season_length=12)
    found = backtest_intervals(known, forecast, season_length=12)
    for share, low, high in zip(found.coverage, found.low, found.high, strict=True):
        held = ((low <= actual) & (actual <= high)).mean()
        assert share - 0.04 <= held <= min(share + 0.08, 0.99)


def test_the_backtest_behind_intervals_is_that_of_twelve_origins() -> None:
    y = np.random.default_rng(2).lognormal(2, 0.4, (40, 12))
    forecast = forecast_matrix(y, horizon=3, season_length=4, method="simple")
    rows = choose_origins(40, horizon=3, season_length=4, origins=12)
    blocks = backtest_matrix(y, horizon=3, season_length=4, origins=rows.tolist(), method="simple")
    expected = intervals(forecast, blocks, conformal_scales(y, rows, season_length=4))
    found = backtest_intervals(y, forecast, season_length=4, method="simple")
    np.testing.assert_array_equal(found.low, expected.low)
    np.testing.assert_array_equal(found.high, expected.high)


@pytest.mark.parametrize("y", [np.zeros((20, 2)), np.full((20, 2), NAN), np.ones((1, 2))])
def test_where_nothing_can_be_backtested_ends_are_unknown(y: np.ndarray) -> None:
    forecast = forecast_matrix(y, horizon=2, season_length=4)
    found = backtest_intervals(y, forecast, season_length=4)
    assert found.low.shape == (2, 2, 2)
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()


@pytest.mark.parametrize("coverage", [[], [0.0], [0.8, 1.0]])
def test_a_coverage_outside_0_and_1_is_refused(coverage: list[float]) -> None:
    with pytest.raises(ParameterError, match="each between 0 and 1"):
        intervals(np.ones((1, 1)), blocks_of(np.ones((2, 1, 1))), np.ones(1), coverage=coverage)


def test_shapes_that_differ_and_errors_unknown_are_refused() -> None:
    blocks = blocks_of(np.ones((2, 1, 1)))
    with pytest.raises(
        ParameterError, match=r"blocks has \(1, 1\) periods and series, the forecast \(3, 1\)"
    ):
        intervals(np.ones((3, 1)), blocks, np.ones(1))
    with pytest.raises(ParameterError, match=r"scale has shape \(2,\); it needs \(1,\), or \(3, 1\)"):
        intervals(np.ones((1, 1)), blocks, np.ones(2))
    with pytest.raises(KamError, match="no error of a series with a scale is known"):
        intervals(np.ones((1, 1)), blocks, np.zeros(1))
