from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import KamError
from kamlib.measures.accuracy import (
    bias,
    coverage,
    mase,
    pinball,
    quantile_loss,
    rmsse,
    seasonal_scales,
    smape,
    wape,
)

ACTUAL, FORECAST = [100.0, 200.0, 100.0], [110.0, 180.0, 100.0]


def test_wape_is_absolute_error_over_actual() -> None:
    assert wape(ACTUAL, FORECAST) == pytest.approx(30 / 400)


def test_bias_is_positive_where_the_forecast_is_too_high() -> None:
    assert bias([100.0], [120.0]) == pytest.approx(0.2)
    assert bias([100.0], [80.0]) == pytest.approx(-0.2)
    assert bias(ACTUAL, FORECAST) == pytest.approx(-10 / 400)


def test_bias_keeps_its_sign_where_returns_outweigh_sales() -> None:
    assert bias([-100.0], [-80.0]) == pytest.approx(0.2)


def test_smape_by_hand() -> None:
    assert smape([100.0, 200.0], [110.0, 180.0]) == pytest.approx((20 / 210 + 40 / 380) / 2)


def test_mase_by_hand() -> None:
    # seasonal naive in history was off by |5-1|, |7-2|, |6-5|, |9-7| = 3 on average
    assert mase([10.0], [16.0], history=[1, 2, 5, 7, 6, 9], season_length=2) == pytest.approx(6 / 3)


def test_mase_leaves_gaps_out_of_its_scale() -> None:
    assert mase([10.0], [16.0], history=[1, np.nan, 5, 7, 6, 9], season_length=2) == pytest.approx(
        6 / (7 / 3)
    )


def test_rmsse_by_hand() -> None:
    # errors 3 and 4: root of 12.5; naive changes of 2 throughout
    assert rmsse([6.0, 8.0], [9.0, 12.0], history=[0, 2, 4, 6], season_length=1) == pytest.approx(
        12.5**0.5 / 2
    )


def test_scales_of_many_series_are_null_where_there_is_none() -> None:
    history = np.array([[1.0, 5.0, np.nan], [2.0, 5.0, np.nan], [4.0, 5.0, 3.0]])
    absolute, squared = seasonal_scales(history, 1)
    assert absolute.tolist()[0] == 1.5
    assert squared[0] == pytest.approx(2.5**0.5)
    assert np.isnan(absolute[1:]).all()
    assert np.isnan(squared[1:]).all()
    assert np.isnan(seasonal_scales(history, 12)[0]).all()


@pytest.mark.parametrize("measure", [wape, bias])
def test_a_share_of_nothing_is_refused(measure) -> None:
    with pytest.raises(KamError, match="all actual values are zero"):
        measure([0.0, 0.0], [1.0, 2.0])


def test_smape_of_zero_and_zero_is_refused() -> None:
    with pytest.raises(KamError, match="both zero in 1 places"):
        smape([0.0, 1.0], [0.0, 1.0])


@pytest.mark.parametrize("measure", [mase, rmsse])
@pytest.mark.parametrize("history", [[5.0, 5.0, 5.0], [5.0], []])
def test_a_history_without_change_is_refused(measure, history) -> None:
    with pytest.raises(KamError, match="there is no scale"):
        measure([1.0], [2.0], history=history, season_length=1)


@pytest.mark.parametrize("measure", [wape, bias, smape])
def test_what_does_not_match_or_is_missing_is_refused(measure) -> None:
    with pytest.raises(KamError, match="must match"):
        measure([1.0, 2.0], [1.0])
    with pytest.raises(KamError, match="must match and exist"):
        measure([], [])
    with pytest.raises(KamError, match="1 actual values or forecasts are missing"):
        measure([1.0, np.nan], [1.0, 2.0])


amounts = st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4)


@settings(max_examples=50)
@given(actual=amounts.filter(any), forecast=amounts, factor=st.floats(1e-3, 1e3))
def test_measures_have_no_unit_and_bias_is_within_wape(actual, forecast, factor) -> None:
    a, f = np.array(actual), np.array(forecast)
    assert abs(bias(a, f)) <= wape(a, f) * (1 + 1e-9)
    assert wape(a * factor, f * factor) == pytest.approx(wape(a, f))


def test_pinball_by_hand() -> None:
    # 90 % are to lie below 110: 100 does, which costs 0.1 x 10; 150 does not, which costs 0.9 x 40
    assert pinball([100.0, 150.0], [110.0, 110.0], share=0.9) == pytest.approx(2 * (1 + 36) / 250)


def test_pinball_of_the_median_is_wape() -> None:
    assert pinball(ACTUAL, FORECAST, share=0.5) == pytest.approx(wape(ACTUAL, FORECAST))


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.5, 0.8]))
def test_no_forecast_costs_less_than_the_quantile_itself(seed: int, share: float) -> None:
    actual = np.random.default_rng(seed).lognormal(0, 1, 99)
    least = np.quantile(actual, share, method="inverted_cdf")
    costs = [quantile_loss(actual, np.full(99, value), share).sum() for value in (least, *actual)]
    assert costs[0] <= min(costs) + 1e-9


def test_coverage_counts_the_ends_as_held() -> None:
    assert coverage([1.0, 3.0, 3.1, 0.9], [1, 1, 1, 1], [3, 3, 3, 3]) == 0.5


@pytest.mark.parametrize("share", [0.0, 1.0, 90.0])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(KamError, match="share is .*; it must lie between 0 and 1"):
        pinball([1.0], [1.0], share=share)


def test_crossed_intervals_and_missing_ends_are_refused() -> None:
    with pytest.raises(KamError, match="1 intervals end below where they begin. Exchange low and high."):
        coverage([1.0, 2.0], [0.0, 3.0], [2.0, 1.0])
    with pytest.raises(KamError, match="are missing or infinite"):
        coverage([1.0], [np.nan], [2.0])
