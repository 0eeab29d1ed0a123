from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import KamError
from kamlib.measures.accuracy import bias, mase, rmsse, seasonal_scales, smape, wape

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
