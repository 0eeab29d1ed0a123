from __future__ import annotations

import numpy as np
import pytest

from kamlib.errors import ParameterError
from kamlib.forecast.blend import blend_parts
from kamlib.forecast.engine import METHODS, forecast_matrix, seasonal_naive

NAN = np.nan


def panel(n: int = 37, length: int = 36) -> np.ndarray:
    rng = np.random.default_rng(5)
    season = 1 + 0.4 * np.sin(2 * np.pi * np.arange(length) / 12)[:, None]
    y = rng.lognormal(3, 1, n) * season * rng.lognormal(0, 0.3, (length, n))
    y[rng.random(y.shape) < 0.2] = 0.0
    y[rng.random(y.shape) < 0.05] = NAN
    y[np.arange(length)[:, None] < rng.integers(0, length, n)] = NAN
    return y


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("block", [1, 7, 1000])
def test_the_size_of_blocks_changes_nothing(method: str, block: int) -> None:
    y = panel()
    whole = forecast_matrix(y, horizon=12, season_length=12, method=method)
    parts = forecast_matrix(y, horizon=12, season_length=12, method=method, block=block)
    np.testing.assert_array_equal(parts, whole)


@pytest.mark.parametrize("method", METHODS)
def test_a_series_is_forecast_the_same_alone_and_in_any_order(method: str) -> None:
    y = panel()
    whole = forecast_matrix(y, horizon=6, season_length=12, method=method)
    np.testing.assert_array_equal(
        forecast_matrix(y[:, ::-1], horizon=6, season_length=12, method=method), whole[:, ::-1]
    )
    if method != "blend":
        alone = forecast_matrix(y[:, 3:4], horizon=6, season_length=12, method=method)
        np.testing.assert_array_equal(alone, whole[:, 3:4])


def test_seasonal_naive_repeats_the_last_season() -> None:
    assert seasonal_naive(np.array([[1.0], [2], [3], [4]]), 3, 2)[:, 0].tolist() == [3, 4, 3]


def test_seasonal_naive_looks_further_back_over_a_gap_then_at_the_last_value() -> None:
    assert seasonal_naive(np.array([[1.0], [2], [NAN], [4]]), 2, 2)[:, 0].tolist() == [1, 4]
    assert seasonal_naive(np.array([[7.0], [NAN]]), 4, 4)[:, 0].tolist() == [7, 7, 7, 7]


def test_a_blend_lies_between_its_parts() -> None:
    rng = np.random.default_rng(2)
    y = rng.lognormal(3, 0.4, (30, 40)).cumsum(axis=0)
    blend = forecast_matrix(y, horizon=6, season_length=1)
    parts = np.stack(blend_parts(y, np.zeros(40, dtype=int), 6, 1))
    assert (blend >= parts.min(axis=0) * (1 - 1e-6)).all()
    assert (blend <= parts.max(axis=0) * (1 + 1e-6)).all()


def test_a_blend_learns_from_its_panel_which_part_is_best() -> None:
    # lines that go on: alone each series shares its parts evenly, together they show that drifting is best
    rng = np.random.default_rng(1)
    slope = rng.uniform(2, 6, 200)
    y = 100 + np.outer(np.arange(30.0), slope) + rng.normal(0, 1.0, (30, 200))
    truth = 100 + 35 * slope
    together = forecast_matrix(y, horizon=6, season_length=1)[-1]
    theta = forecast_matrix(y, horizon=6, season_length=1, method="theta")[-1]
    alone = np.array([forecast_matrix(y[:, [i]], horizon=6, season_length=1)[-1, 0] for i in range(20)])
    assert np.abs(together - truth).mean() < 0.2 * np.abs(theta - truth).mean()
    assert np.abs(together - truth)[:20].mean() < 0.5 * np.abs(alone - truth[:20]).mean()


def test_a_series_never_observed_has_no_forecast() -> None:
    y = np.column_stack([np.full(5, NAN), np.arange(5.0)])
    forecast = forecast_matrix(y, horizon=2, season_length=12)
    assert np.isnan(forecast[:, 0]).all()
    assert np.isfinite(forecast[:, 1]).all()


def test_below_zero_only_where_the_series_has_been() -> None:
    falling = np.arange(20.0, 0.0, -1.0)
    forecast = forecast_matrix(
        np.column_stack([falling, falling - 15]), horizon=40, season_length=1, method="theta"
    )
    assert forecast[:, 0].min() == 0.0
    assert forecast[:, 1].min() < 0.0


@pytest.mark.parametrize("method", METHODS)
def test_histories_of_one_to_three_years_have_finite_forecasts_not_below_zero(method: str) -> None:
    rng = np.random.default_rng(8)
    for length in range(1, 37):
        y = rng.lognormal(2, 1, (length, 12)) * np.linspace(1, rng.choice([0.01, 30]), length)[:, None]
        y[rng.random(y.shape) < 0.3] = 0.0
        y[rng.random(y.shape) < 0.2] = NAN
        y[-1, ::4] = 0.0
        known = ~np.isnan(y).all(axis=0)
        forecast = forecast_matrix(y, horizon=18, season_length=12, method=method)[:, known]
        assert np.isfinite(forecast).all()
        assert (forecast >= 0).all()


def test_an_account_that_stopped_decays() -> None:
    y = np.full((36, 1), 100.0)
    y[24:] = 0.0
    forecast = forecast_matrix(y, horizon=12, season_length=12)
    assert forecast.max() < 5.0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"method": "thetta"}, 'Did you mean "theta"'),
        ({"method": "arima"}, "It is one of: seasonal_naive, simple"),
        ({"horizon": 0}, "horizon is 0"),
        ({"season_length": 0}, "season_length is 0"),
        ({"block": 0}, "block is 0"),
    ],
)
def test_arguments_out_of_range_are_refused(more: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        forecast_matrix(np.ones((3, 1)), **({"horizon": 1, "season_length": 1} | more))


def test_an_order_once_a_quarter_is_forecast_in_its_months() -> None:
    y = np.tile([0.0, 0.0, 90.0], 4)[:, None]
    forecast = forecast_matrix(y, horizon=6, season_length=12)[:, 0]
    np.testing.assert_allclose(forecast, [0, 0, 90, 0, 0, 90], atol=1.0)
