from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.intermittent import (
    INTERMITTENT_PARTS,
    adida,
    find_intermittent,
    follow_sum,
    imapa,
    intermittent_parts,
    tsb,
)
from kamlib.forecast.smoothing import simple

NAN = np.nan


def at(*rows: float) -> np.ndarray:
    return np.array(rows, dtype=np.float64)[:, None]


def start_of(y: np.ndarray) -> np.ndarray:
    return np.zeros(y.shape[1], dtype=np.intp)


def kind(y: np.ndarray, season_length: int = 12) -> bool:
    return bool(find_intermittent(y, start_of(y), season_length)[0])


def test_132_hundredths_of_a_period_per_order_are_the_limit() -> None:
    rng = np.random.default_rng(3)
    y = np.zeros((132, 1))
    y[rng.choice(132, 100, replace=False)] = 1.0
    assert kind(y, 1)
    y[np.flatnonzero(y[:, 0] == 0)[0]] = 1.0
    assert not kind(y, 1)


def test_who_bought_all_the_time_for_more_than_a_season_and_stopped_is_not_intermittent() -> None:
    assert not kind(at(*[5.0] * 13, *[0.0] * 12))
    assert kind(at(*[5.0] * 12, *[0.0] * 30))
    assert kind(at(*[5.0, 0.0] * 13, *[0.0] * 12))


def test_a_quarterly_cadence_and_a_summer_season_are_no_rare_orders() -> None:
    rng = np.random.default_rng(4)
    quarterly, summer, chance = np.zeros((36, 1)), np.zeros((36, 1)), np.zeros((36, 1))
    quarterly[2::3, 0] = rng.lognormal(2, 0.2, 12)
    summer[np.arange(36) % 12 < 4, 0] = rng.lognormal(2, 0.2, 12)
    chance[rng.choice(36, 12, replace=False), 0] = rng.lognormal(2, 0.2, 12)
    assert [kind(y) for y in (quarterly, summer, chance)] == [False, False, True]


def test_negative_never_selling_and_unseen_periods() -> None:
    assert not kind(at(0, 0, 0, 0))
    assert not kind(at(5, 0, -1, 0, 0))
    assert not kind(at(5, NAN, 4, NAN, 3, 4))
    assert kind(at(5, 0, NAN, 4, 0, 0), 1)


def test_adida_smooths_sums_of_as_many_periods_as_there_are_per_order() -> None:
    # three periods per order: runs of three from the end, the first period is left over; all runs sum to 6
    y = at(9, 6, 0, 0, 0, 6, 0, 0, 0, 6, 6, 0, 0)
    assert adida(y, start_of(y), 2, 12)[:, 0] == pytest.approx([2.0, 2.0])


def test_adida_of_a_period_per_order_is_simple_smoothing_and_imapa_their_mean() -> None:
    rng = np.random.default_rng(1)
    y = rng.lognormal(1, 0.5, (24, 4))
    np.testing.assert_array_equal(adida(y, start_of(y), 3, 12), simple(y, start_of(y), 3))
    rare = np.where(rng.random((24, 1)) < 0.5, y[:, :1], 0.0)
    rare[::2] = 0.0
    width = round(24 / (rare > 0).sum())
    sums = [
        simple(rare[24 % k :].reshape(-1, k, 1).mean(axis=1), np.array([0]), 1)[0, 0]
        for k in range(1, width + 1)
    ]
    assert imapa(rare, np.array([0]), 1, 12)[0, 0] == pytest.approx(np.mean(sums))


def test_tsb_by_hand() -> None:
    # starts at 2 orders in 4 periods and a mean size of 5; the chance: .5, .6, .48, .584, .4672; size 5, 4.9, 5.01
    y = at(4, 0, 6, 0)
    assert tsb(y, 2, chance=0.2)[:, 0] == pytest.approx([0.4672 * 5.01] * 2)


def test_tsb_falls_towards_nothing_after_the_last_order_and_a_gap_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    y = np.where(rng.random((30, 1)) < 0.4, 3.0, 0.0)
    gone = np.concatenate([y, np.zeros((40, 1))])
    assert tsb(gone, 1, chance=0.2)[0, 0] < 0.02 * tsb(y, 1, chance=0.2)[0, 0]
    open_end = np.concatenate([y, np.full((5, 1), NAN)])
    np.testing.assert_array_equal(tsb(open_end, 1), tsb(y, 1))


@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 40), st.integers(1, 4)),
        elements=st.sampled_from([0.0, 0.0, 1.0, 7.5, NAN]),
    ),
    st.sampled_from([1, 4, 12]),
)
def test_rates_lie_between_nothing_and_the_largest_order(y: np.ndarray, season_length: int) -> None:
    y[0] = np.nan_to_num(y[0])
    for part in intermittent_parts(y, start_of(y), 3, season_length):
        assert (part >= -1e-9).all()
        assert (part <= np.nanmax(y, axis=0) * (1 + 1e-9)).all()


def test_parts_are_named_in_order() -> None:
    y = at(0, 4, 0, 0, 6, 0, 5, 0, 0, 2, 0, 0)
    parts = dict(zip(INTERMITTENT_PARTS, intermittent_parts(y, start_of(y), 1, 12), strict=True))
    assert parts["adida"] == pytest.approx(adida(y, start_of(y), 1, 12))
    assert parts["imapa"] == pytest.approx(imapa(y, start_of(y), 1, 12))
    assert parts["tsb_slow"] == pytest.approx(tsb(y, 1, chance=0.1))
    assert parts["tsb_quick"] == pytest.approx(tsb(y, 1, chance=0.2))


def test_rates_follow_the_sum() -> None:
    # two series in units of their mean order; their mean is 1/2 every period and is said to double
    y = np.array([[8.0, 0], [0, 2], [8, 0], [0, 2], [8, 0], [0, 2]])
    rates = np.full((2, 2), 1.0) * [4.0, 1.0]

    def doubled(whole: np.ndarray) -> np.ndarray:
        np.testing.assert_allclose(whole, 0.5)
        return np.array([[1.0], [0.75]])

    lifted = follow_sum(y, rates, forecast_sum=doubled, season_length=12)
    np.testing.assert_allclose(lifted, [[8.0, 2.0], [6.0, 1.5]])


def test_a_sum_that_is_rare_itself_moves_nothing() -> None:
    y = at(0, 0, 4, 0, 0, 0, 0, 6, 0, 0)
    rates = np.full((2, 1), 1.0)

    def never(_: np.ndarray) -> np.ndarray:
        raise AssertionError("the sum was asked")

    np.testing.assert_array_equal(follow_sum(y, rates, forecast_sum=never, season_length=12), rates)


def test_fewer_and_fewer_orders_show_in_the_sum_of_all_and_lower_every_rate() -> None:
    # 400 series whose chance of an order falls from 0.5 to 0.2 in a straight line over 48 months, six times
    chance = np.linspace(0.5, 0.2, 48)[:, None]
    truth = 400 * chance[42:].sum() * np.exp(2 + 0.5**2 / 2)
    together, alone = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        past = np.where(rng.random((42, 400)) < chance[:42], rng.lognormal(2, 0.5, (42, 400)), 0.0)
        together.append(forecast_matrix(past, horizon=6, season_length=12).sum() / truth)
        alone.append(forecast_matrix(past, horizon=6, season_length=12, method="tsb").sum() / truth)
    assert np.mean(together) == pytest.approx(1.0, abs=0.08)
    assert np.mean(alone) > 1.25


def test_a_season_of_the_sum_is_every_series_season() -> None:
    # a chance of 0.4 in June and July, 0.1 else: no series shows it, their sum does
    rng = np.random.default_rng(9)
    chance = np.where(np.isin(np.arange(60) % 12, [5, 6]), 0.4, 0.1)[:, None]
    y = np.where(rng.random((60, 300)) < chance, 10.0, 0.0)
    forecast = forecast_matrix(y[:48], horizon=12, season_length=12).sum(axis=1)
    assert forecast == pytest.approx(3000 * chance[48:, 0], rel=0.2)
