from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

import kamlib.forecast.paths as module
from kamlib.errors import KamError, ParameterError
from kamlib.forecast.paths import draw_paths, independent_blocks, path_totals

NAN = np.nan


def book(n: int = 23, horizon: int = 4, origins: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Return a forecast and errors of gappy, skewed series; some are unknown at the first origins."""
    rng = np.random.default_rng(3)
    forecast = rng.lognormal(1, 1, (horizon, n))
    came = forecast * (rng.random((origins, horizon, n)) < 0.3) * rng.lognormal(1, 0.6, (origins, horizon, n))
    errors = forecast - came
    errors[:3, :, ::4] = NAN
    errors[:, :, 1] = NAN
    return forecast, errors


def levels(n: int) -> dict[str, np.ndarray]:
    return {"company": np.zeros(n, dtype=int), "rep": np.arange(n) % 3, "pair": np.arange(n)[::-1].copy()}


def test_the_covariance_of_paths_is_that_of_the_blocks() -> None:
    rng = np.random.default_rng(0)
    errors = rng.normal(1, 2, (8, 3, 4)) + rng.normal(0, 3, (8, 1, 1))
    drawn = draw_paths(np.full((3, 4), 50.0), errors, paths=200_000, seed=1, non_negative=False, step=3)
    flat = errors.reshape(8, -1)
    freedom = independent_blocks(8, horizon=3, step=3)
    share = np.random.default_rng(5).uniform(0.05, 1, 400_000)
    wider = (freedom / chi2.ppf(share, freedom)).mean()
    found = np.cov(drawn.reshape(len(drawn), -1).T) / wider
    np.testing.assert_allclose(found, flat.T @ flat / 8, atol=0.35)
    np.testing.assert_allclose(drawn.mean(axis=0), 50, atol=0.06)


def test_errors_that_are_the_same_everywhere_move_all_series_as_one() -> None:
    errors = np.array([5.0, -5.0, 2.0])[:, None, None] * np.ones((3, 2, 4))
    drawn = draw_paths(np.full((2, 4), 100.0), errors, paths=50, seed=2)
    np.testing.assert_allclose(drawn, drawn[:, :1, :1].repeat(2, 1).repeat(4, 2), rtol=1e-12)


def test_a_forecast_too_high_lies_above_the_actual_value() -> None:
    # a skew error: once 90 too high, else 10 too low, so that actual values fall far below more than above
    errors = np.array([90.0] + [-10.0] * 9)[:, None, None]
    away = draw_paths(np.full((1, 1), 100.0), errors, paths=4000, seed=1, non_negative=False)[:, 0, 0] - 100
    assert (away**3).mean() < 0
    assert abs(away.mean()) < 2


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_paths_are_never_negative_and_keep_the_mean_of_each_total(seed: int) -> None:
    forecast, errors = book()
    drawn = draw_paths(forecast, errors, paths=60, seed=seed)
    assert (drawn >= 0).all()
    free = draw_paths(forecast, errors, paths=60, seed=seed, non_negative=False)
    kept = (free >= 0).all(axis=(0, 1))
    np.testing.assert_allclose(drawn.sum(axis=1).mean(axis=0)[~kept], forecast.sum(axis=0)[~kept], rtol=1e-9)
    np.testing.assert_array_equal(drawn[:, :, kept], free[:, :, kept])


def test_only_series_that_cannot_are_kept_from_falling_below_zero() -> None:
    forecast, errors = np.array([[1.0, 1.0, -1.0]]), np.full((4, 1, 3), 1.0)
    errors[::2] = -20.0
    drawn = draw_paths(forecast, errors, paths=200, seed=1, non_negative=np.array([True, False, True]))
    assert (drawn.min(axis=(0, 1)) < 0).tolist() == [False, True, True]


def test_the_same_seed_draws_the_same_paths_whatever_the_other_series_are() -> None:
    forecast, errors = book()
    errors = np.nan_to_num(errors)
    whole = draw_paths(forecast, errors, paths=40, seed=9)
    np.testing.assert_array_equal(draw_paths(forecast, errors, paths=40, seed=9), whole)
    part = [4, 2, 11]
    np.testing.assert_array_equal(
        draw_paths(forecast[:, part], errors[:, :, part], paths=40, seed=9), whole[:, :, part]
    )
    assert (draw_paths(forecast, errors, paths=40, seed=10) != whole).any()


@pytest.mark.parametrize("held", [2**24, 0])
@pytest.mark.parametrize("chunk", [1, 5, 1000])
def test_totals_are_sums_of_the_paths_bit_for_bit_at_any_chunk_size(
    monkeypatch, held: int, chunk: int
) -> None:
    monkeypatch.setattr(module, "_HELD", held)
    forecast, errors = book()
    codes, shares = levels(forecast.shape[1]), (0.1, 0.5, 0.9)
    drawn = draw_paths(forecast, errors, paths=30, seed=4)
    found = path_totals(forecast, errors, codes, paths=30, seed=4, quantiles=shares, chunk=chunk)
    for name, code in codes.items():
        sums = np.zeros((code.max() + 1, drawn.shape[1], 30))
        for column in range(drawn.shape[2]):
            sums[code[column]] += drawn[:, :, column].T
        of_period = np.quantile(sums, shares, axis=2).transpose(0, 2, 1)
        running = np.quantile(sums.cumsum(axis=1), shares, axis=2).transpose(0, 2, 1)
        np.testing.assert_array_equal(found[name].period, of_period)
        np.testing.assert_array_equal(found[name].running, running)
        assert found[name].paths is None


@pytest.mark.parametrize("held", [0, 2**24])
def test_what_is_not_asked_for_is_not_found_and_the_rest_is_the_same(monkeypatch, held: int) -> None:
    monkeypatch.setattr(module, "_HELD", held)
    forecast, errors = book()
    given = {"codes": levels(forecast.shape[1]), "paths": 30, "seed": 4}
    whole = path_totals(forecast, errors, **given)
    total = path_totals(forecast, errors, **given, find=["total"])
    months = path_totals(forecast, errors, **given, find=["period"])
    for name, level in whole.items():
        assert np.isnan(total[name].period).all()
        assert np.isnan(total[name].running[:, :-1]).all()
        np.testing.assert_array_equal(total[name].running[:, -1], level.running[:, -1])
        np.testing.assert_array_equal(months[name].period, level.period)
        assert np.isnan(months[name].running).all()


def test_kept_levels_hold_their_paths_and_series_in_no_group_are_left_out() -> None:
    forecast, errors = book()
    drawn = draw_paths(forecast, errors, paths=20, seed=4)
    codes = {"some": np.where(np.arange(forecast.shape[1]) < 2, 0, -1)}
    level = path_totals(forecast, errors, codes, paths=20, seed=4, keep=["some"])["some"]
    assert level.paths is not None
    np.testing.assert_allclose(level.paths[0], drawn[:, :, :2].sum(axis=2).T)


def test_a_series_without_a_forecast_has_no_paths_and_adds_nothing() -> None:
    forecast, errors = np.array([[NAN, 10.0]]), np.array([[[NAN, 1.0]], [[NAN, -1.0]]])
    drawn = draw_paths(forecast, errors, paths=5, seed=1)
    assert np.isnan(drawn[:, :, 0]).all()
    total = path_totals(forecast, errors, {"all": np.zeros(2, dtype=int)}, paths=5, seed=1, keep=["all"])[
        "all"
    ]
    np.testing.assert_array_equal(total.paths, drawn[:, :, 1].T[None])


def test_overlapping_origins_count_by_the_periods_they_cover() -> None:
    assert independent_blocks(1, horizon=12, step=1) == 2
    assert independent_blocks(4, horizon=12, step=12) == 4  # nothing overlaps
    assert independent_blocks(25, horizon=12, step=1) == pytest.approx(4.5)  # 36 periods are 3 horizons
    assert independent_blocks(6, horizon=1, step=1) == 6


def _truth(rng: np.random.Generator, size: np.ndarray, rows: int) -> np.ndarray:
    """Return what came: a shock that all 50 series share by half of their variance, and their own."""
    common = 0.2 * rng.standard_normal((rows, 1))
    return np.asarray(size * (1 + common + 0.2 * rng.standard_normal((rows, len(size)))))


@pytest.mark.parametrize(("origins", "step", "horizon"), [(12, 1, 3), (8, 3, 6)])
def test_the_range_of_a_total_holds_what_it_says_where_drawing_apart_does_not(
    origins: int, step: int, horizon: int
) -> None:
    rng = np.random.default_rng(7)
    together = apart = 0
    for seed in range(300):
        size = rng.lognormal(3, 1, 50)
        rows = (origins - 1) * step + horizon
        came = _truth(rng, size, rows + horizon)
        errors = np.array([size - came[k * step : k * step + horizon] for k in range(origins)])
        forecast, actual = np.tile(size, (horizon, 1)), came[rows:].sum()
        drawn = draw_paths(forecast, errors, paths=300, seed=seed, step=step).sum(axis=1)
        low, high = np.quantile(drawn.sum(axis=1), [0.1, 0.9])
        together += low <= actual <= high
        shuffled = rng.permuted(drawn, axis=0).sum(axis=1)
        low, high = np.quantile(shuffled, [0.1, 0.9])
        apart += low <= actual <= high
    assert 0.74 <= together / 300 <= 0.86
    assert apart / 300 < 0.5


def test_what_does_not_fit_is_refused() -> None:
    forecast, errors = book()
    with pytest.raises(ParameterError, match=r"errors has shape \(6, 4, 23\) and forecast \(3, 23\)"):
        draw_paths(forecast[:3], errors, paths=5, seed=1)
    with pytest.raises(ParameterError, match="paths is 0; it must be at least 1"):
        draw_paths(forecast, errors, paths=0, seed=1)
    with pytest.raises(ParameterError, match="step is 0; it must be at least 1"):
        draw_paths(forecast, errors, paths=5, seed=1, step=0)
    with pytest.raises(KamError, match="no error of any origin is known. Backtest at an earlier origin."):
        draw_paths(forecast, np.full_like(errors, NAN), paths=5, seed=1)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"codes": {"rep": np.zeros(3, dtype=int)}}, r'codes\["rep"\] has shape \(3,\)'),
        ({"keep": ["region"]}, 'keep names "region", which is no level of: company'),
        ({"quantiles": [0.5, 1.5]}, r"quantiles is \[0.5, 1.5\]"),
        ({"quantiles": []}, r"quantiles is \[\]"),
        ({"find": ["running", "mean"]}, 'find names "mean"; it takes period, running, total'),
        ({"chunk": 0}, "chunk is 0; it must be at least 1"),
    ],
)
def test_levels_that_do_not_fit_are_refused(changed: dict, message: str) -> None:
    forecast, errors = book()
    given = {"codes": {"company": np.zeros(23, dtype=int)}, "paths": 5, "seed": 1, **changed}
    with pytest.raises(ParameterError, match=message):
        path_totals(forecast, errors, **given)
