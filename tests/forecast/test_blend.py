from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kamlib.forecast.blend import PARTS, Evidence, blend_parts, blend_weights, past_origins, weigh_errors

NAN = np.nan


def evidence(product: np.ndarray, count: float, n: int = 1) -> Evidence:
    return Evidence(np.repeat(product[None], n, axis=0) * count, np.full(n, count))


def parts_of(y: np.ndarray, season_length: int) -> dict[str, np.ndarray]:
    made = blend_parts(y[:, None], np.array([0]), 4, season_length)
    return {name: part[:, 0] for name, part in zip(PARTS, made, strict=True)}


def test_theta_drifts_at_half_the_slope_and_drift_at_all_of_it() -> None:
    parts = parts_of(10 + 4.0 * np.arange(24), 12)
    np.testing.assert_allclose(np.diff(parts["theta"]), 2.0)
    np.testing.assert_allclose(parts["drift"], 10 + 4.0 * np.arange(24, 28))
    np.testing.assert_allclose(parts["last"], 10 + 4.0 * 23)
    np.testing.assert_allclose(parts["chosen"], parts["damped"], rtol=1e-6)


def test_what_a_season_hides_is_not_asked_of_short_series() -> None:
    line = 10 + 4.0 * np.arange(24)
    two, one, less = (parts_of(line[:n], 12) for n in (24, 23, 11))
    assert np.diff(two["drift"])[0] > 3.9
    np.testing.assert_allclose(one["drift"], one["simple"])
    assert np.diff(one["theta"])[0] > 1.9
    np.testing.assert_allclose(less["theta"], less["simple"])
    np.testing.assert_allclose(less["last"], less["simple"])


def test_errors_count_in_units_of_the_origins_own_size_by_hand() -> None:
    # errors 2, -2 and 6, 6: mean absolute error 4; in that unit .5, -.5 and 1.5, 1.5
    one = weigh_errors(np.array([[[2.0], [-2.0]], [[6.0], [6.0]]]))
    np.testing.assert_allclose(one.product[0], [[0.25, 0.0], [0.0, 2.25]])
    assert one.count.tolist() == [1.0]


def test_periods_without_an_observation_are_left_out() -> None:
    error = np.array([[[2.0, NAN, 0.0], [NAN, NAN, 0.0]], [[6.0, NAN, 0.0], [NAN, NAN, 0.0]]])
    one = weigh_errors(error)
    np.testing.assert_allclose(one.product[0], [[0.25, 0.75], [0.75, 2.25]])
    assert one.count.tolist() == [1.0, 0.0, 0.0]
    assert (one.product[1:] == 0).all()


def test_without_evidence_parts_share_evenly() -> None:
    np.testing.assert_allclose(blend_weights(evidence(np.zeros((4, 4)), 0.0, n=2)), 0.25)


def test_independent_errors_weigh_by_their_inverse_variance_in_a_large_panel() -> None:
    # own variances 1 and 3 count for 3 origins, the panel's, with .02 x their mean 2 added, for 20
    weights = blend_weights(evidence(np.diag([1.0, 3.0]), 3.0, n=100_000))
    first, second = (3 * v + 20 * (v + 0.04) for v in (1.0, 3.0))
    np.testing.assert_allclose(weights[:, 0], second / (first + second), atol=1e-4)


def test_a_part_that_only_adds_error_is_left_out() -> None:
    product = np.array([[1.0, 1.5], [1.5, 4.0]])
    np.testing.assert_allclose(blend_weights(evidence(product, 1000.0, n=100)), [[1.0, 0.0]] * 100)


def test_a_series_own_past_moves_it_from_its_panel() -> None:
    usual, other = np.diag([1.0, 3.0]), np.diag([3.0, 1.0])
    whole = Evidence(np.stack([3 * usual] * 999 + [3 * other]), np.full(1000, 3.0))
    weights = blend_weights(whole)
    panel = weights[0, 0]
    own = (3 * other + 20 * np.diag([1.04, 3.04])) / 23
    np.testing.assert_allclose(weights[-1, 0], own[1, 1] / own.trace(), atol=2e-3)
    assert 0.5 < weights[-1, 0] < panel


def test_a_short_series_alone_shares_nearly_evenly() -> None:
    weights = blend_weights(evidence(np.diag([1.0, 3.0]), 2.0))
    assert 0.5 < weights[0, 0] < 0.6


def test_origins_lie_in_the_series_own_second_half() -> None:
    length = np.arange(1, 200)
    distances = past_origins(length, 12)
    assert (distances <= length // 2).all()
    assert (length - distances.max(axis=0) >= np.minimum(3, length)).all()
    assert distances[:, length < 4].max() == 0
    assert (distances[1, length >= 24] == 12).all()


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 5),
    st.integers(1, 30),
)
def test_weights_are_shares_whatever_the_evidence_and_its_order(seed: int, parts: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    error = rng.normal(size=(parts, 3, n)) * rng.lognormal(0, 3, size=(parts, 1, n)) + rng.normal(
        size=(1, 3, n)
    )
    one = weigh_errors(error)
    weights = blend_weights(one)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    order = rng.permutation(n)
    again = blend_weights(Evidence(one.product[order], one.count[order]))
    np.testing.assert_array_equal(again, weights[order])
