from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from kamlib.errors import ParameterError
from kamlib.forecast import reconcile as module
from kamlib.forecast.reconcile import RECONCILIATIONS, make_reconciler, reconcile
from kamlib.forecast.structure import Structure, build_structure

TWO = build_structure(pd.DataFrame({"company": ["all", "all"]}), ["company"])
NINE = build_structure(pd.DataFrame({"company": "all", "region": list("AAABBBCCC")}), ["company", "region"])


def dense(y: np.ndarray, structure: Structure, w: np.ndarray) -> np.ndarray:
    """Return S (S' W^-1 S)^-1 S' W^-1 y, the formula of the paper as printed."""
    s = structure.sum_up(np.eye(structure.bottom)).T
    weighted = np.linalg.solve(w, s).T
    return (s @ np.linalg.solve(weighted @ s, weighted @ y.T)).T


def example(seed: int, n: int = 7, time: int = 9) -> tuple[Structure, np.ndarray, np.ndarray]:
    """Return a crossed structure, forecasts that don't add up, and errors that move together."""
    rng = np.random.default_rng(seed)
    keys = pd.DataFrame({"c": "all", "p": rng.integers(0, 3, n), "q": rng.integers(0, 2, n)})
    structure = build_structure(keys, ["c", "p", "q"])
    mixing = np.eye(structure.total) + 0.3 * rng.normal(size=(structure.total, structure.total))
    errors = rng.normal(size=(time, structure.total)) @ mixing * np.exp(rng.normal(size=structure.total))
    return structure, 10 * rng.normal(size=(4, structure.total)), errors


def test_least_squares_by_hand() -> None:
    # the gap of 3 is shared equally by all three; by variances 1, 2 and 3 it is shared 1 : 2 : 3
    assert reconcile([[10, 3, 4]], TWO, method="ols").tolist() == [[9, 4, 5]]
    errors = np.sqrt([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    np.testing.assert_allclose(reconcile([[10, 3, 4]], TWO, method="wls", errors=errors), [[9.5, 4, 5.5]])


def test_a_correlation_that_is_known_by_hand() -> None:
    # total and first part each have variance 4/3 and the same error, so both move alike but for the shrinkage;
    # W = [[4/3, c, 0], [c, 4/3, 0], [0, 0, 4/3]] with c = 4/3 (1 - shrinkage), C = [1, -1, -1]
    errors = np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, 1.0], [1.0, 1.0, -1.0], [-1.0, -1.0, -1.0]])
    ready = make_reconciler(TWO, errors=errors)
    assert ready.covariance is not None
    rest = ready.covariance.shrinkage
    # of six ordered pairs two are correlated fully, r = 4/3 with variance 0; the products of the other four are
    # 1, -1, -1, 1: r = 0 with variance 4/27 x 4
    assert rest == pytest.approx((4 * 4 / 27 * 4) / (2 * (4 / 3) ** 2))
    move = 3 * np.array([1 - (1 - rest), (1 - rest) - 1, -1]) / (2 * rest + 1)
    np.testing.assert_allclose(ready.apply([[10.0, 3.0, 4.0]]), [[10, 3, 4] - move], rtol=1e-12)


def test_weights_of_three_regions_with_three_accounts() -> None:
    # S'S of this tree has the eigenvalues 13 (all), 4 (between regions) and 1 (within), so the projection is:
    weights = reconcile(np.eye(13), NINE, method="ols")
    assert weights[0, 0] == pytest.approx(9 / 13)
    np.testing.assert_allclose(weights[0, 1:], [3 / 13] * 3 + [1 / 13] * 9)
    np.testing.assert_allclose(weights[1, 1:4], [1 / 2 + 1 / 13, -1 / 4 + 1 / 13, -1 / 4 + 1 / 13])
    np.testing.assert_allclose(weights[4, 4:7], [0.73, -0.27, -0.27], atol=0.005)
    np.testing.assert_allclose(weights[4, 7:], -0.02, atol=0.005)
    np.testing.assert_allclose(weights, weights.T, atol=1e-15)


@settings(max_examples=40, deadline=None)  # the first example imports scipy
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(3, 30))
def test_equals_the_dense_formula(seed: int, n: int, time: int) -> None:
    structure, y, errors = example(seed, n, time)
    near = {"rtol": 1e-9, "atol": 1e-9 * np.abs(y).max()}
    eye = np.eye(structure.total)
    np.testing.assert_allclose(reconcile(y, structure, method="ols"), dense(y, structure, eye), **near)
    squares = np.diag((errors**2).mean(axis=0))
    np.testing.assert_allclose(
        reconcile(y, structure, method="wls", errors=errors), dense(y, structure, squares), **near
    )
    ready = make_reconciler(structure, method="mint_shrink", errors=errors)
    assert ready.covariance is not None
    kept = 1 - ready.covariance.shrinkage
    sample = np.cov(errors.T)
    w = kept * sample + (1 - kept) * np.diag(np.diag(sample))
    np.testing.assert_allclose(ready.apply(y), dense(y, structure, w), **near)


@settings(deadline=None)
@pytest.mark.parametrize("method", RECONCILIATIONS)
@given(seed=st.integers(0, 10_000))
def test_sums_agree_and_what_agrees_already_stays(method: str, seed: int) -> None:
    structure, y, errors = example(seed)
    ready = make_reconciler(structure, method=method, errors=errors)
    found = ready.apply(y)
    np.testing.assert_allclose(found, structure.sum_up(found[:, structure.above :]), rtol=1e-12, atol=1e-12)
    coherent = structure.sum_up(y[:, structure.above :])
    np.testing.assert_allclose(ready.apply(coherent), coherent, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ready.apply(found), found, rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@pytest.mark.parametrize("method", RECONCILIATIONS)
@given(seed=st.integers(0, 10_000))
def test_order_of_series_and_unit_of_money_change_nothing(method: str, seed: int) -> None:
    structure, y, errors = example(seed)
    found = reconcile(y, structure, method=method, errors=errors)
    order = np.random.default_rng(seed).permutation(structure.bottom)
    columns = np.concatenate([np.arange(structure.above), structure.above + order])
    turned = Structure(structure.labels, structure.parents[:, order])
    again = reconcile(y[:, columns], turned, method=method, errors=errors[:, columns])
    np.testing.assert_allclose(again, found[:, columns], rtol=1e-9, atol=1e-9)
    large = reconcile(1e6 * y, structure, method=method, errors=1e6 * errors)
    np.testing.assert_allclose(large, 1e6 * found, rtol=1e-9, atol=1e-3)


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_wls_moves_each_series_in_proportion_to_its_variance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    variance, y = rng.uniform(0.1, 5, 3), rng.normal(size=(1, 3))
    found = reconcile(y, TWO, method="wls", errors=np.sqrt(np.tile(variance, (2, 1))))
    gap = y[0, 0] - y[0, 1] - y[0, 2]
    np.testing.assert_allclose((found - y)[0], gap * variance * [-1, 1, 1] / variance.sum(), atol=1e-12)


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    structure, y, errors = example(3)
    paths = np.vstack([y, 2 * y, 3 * y])
    whole = reconcile(paths, structure, errors=errors)
    monkeypatch.setattr(module, "_ROWS", 2 * structure.total)
    np.testing.assert_allclose(reconcile(paths, structure, errors=errors), whole, rtol=1e-12)


def test_a_single_series_and_levels_that_say_the_same() -> None:
    one = build_structure(pd.DataFrame({"company": ["all"], "region": ["N"]}), ["company", "region"])
    np.testing.assert_allclose(reconcile([[3.0, 6.0, 9.0]], one, method="ols"), [[6.0, 6.0, 6.0]])
    errors = np.array([[1.0, 2.0, -1.0], [-2.0, 1.0, 1.0], [1.0, -1.0, 1.0]])
    found = reconcile([[3.0, 6.0, 9.0]], one, errors=errors)
    assert found.min() == found.max()


def test_without_sums_forecasts_stay() -> None:
    none = build_structure(pd.DataFrame({"key": [1, 2]}), [])
    assert reconcile([[1.0, -2.0]], none, method="ols").tolist() == [[1.0, -2.0]]
    assert reconcile([[1.0, -2.0]], none, method="ols", non_negative=True).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("method", ["wls", "mint_shrink"])
def test_a_series_that_was_never_off_keeps_its_forecast(method: str) -> None:
    errors = np.array([[1.0, 0.0, 2.0], [-1.0, 0.0, 1.0], [1.0, 0.0, -2.0], [-1.5, 0.0, -1.0]])
    found = reconcile([[10.0, 3.0, 4.0]], TWO, method=method, errors=errors)
    assert found[0, 1] == 3.0
    assert 4.0 < found[0, 2] < 7.0
    errors[:, [0, 1]] = errors[:, [1, 0]]
    found = reconcile([[10.0, 3.0, 4.0]], TWO, method=method, errors=errors)
    assert found[0, 0] == pytest.approx(10.0, abs=1e-8)


def test_where_nothing_was_ever_off_sums_follow_their_parts() -> None:
    errors = np.zeros((3, 3))
    for method in ("wls", "mint_shrink"):
        assert reconcile([[10.0, 3.0, 4.0]], TWO, method=method, errors=errors).tolist() == [[7, 3, 4]]


def test_never_below_zero_by_hand() -> None:
    # equal weights: total 1 over 3 and -5 has a gap of 3, so 2, 4 and -4; the last is held at zero, and what
    # is left of the gap, 1 - 3, is shared by total and first: 2, 2, 0
    np.testing.assert_allclose(
        reconcile([[1.0, 3.0, -5.0]], TWO, method="ols", non_negative=True), [[2.0, 2.0, 0.0]], atol=1e-12
    )
    free = reconcile([[1.0, 3.0, -5.0]], TWO, method="ols", non_negative=np.array([True, False]))
    np.testing.assert_allclose(free, [[0.0, 4.0, -4.0]], atol=1e-12)


@settings(max_examples=40, deadline=None)  # the first example imports scipy
@given(st.integers(0, 10_000), st.sampled_from(RECONCILIATIONS))
def test_never_below_zero_agrees_and_rows_without_a_negative_stay(seed: int, method: str) -> None:
    structure, y, errors = example(seed)
    ready = make_reconciler(structure, method=method, errors=errors)
    free, found = ready.apply(y), ready.apply(y, non_negative=True)
    bottom = found[:, structure.above :]
    assert bottom.min() >= 0
    np.testing.assert_allclose(found, structure.sum_up(bottom), rtol=1e-12, atol=1e-12)
    fine = (free[:, structure.above :] >= 0).all(axis=1)
    np.testing.assert_array_equal(found[fine], free[fine])


@settings(max_examples=40, deadline=None)  # the first example imports scipy
@given(st.integers(0, 10_000), st.sampled_from(["ols", "wls", "mint_shrink"]))
def test_held_series_leave_the_others_at_their_least_squares(seed: int, method: str) -> None:
    structure, y, errors = example(seed, n=5)
    ready = make_reconciler(structure, method=method, errors=errors)
    assert ready.covariance is not None
    w = np.diag(ready.covariance.own) + ready.covariance.shared.T @ ready.covariance.shared
    root = np.linalg.inv(np.linalg.cholesky(w))
    s = structure.sum_up(np.eye(structure.bottom)).T
    for forecast, found in zip(y, ready.apply(y, non_negative=True)[:, structure.above :], strict=True):
        active = found > 0
        if active.any():
            inside = np.linalg.lstsq(root @ s[:, active], root @ forecast)[0]
            np.testing.assert_allclose(found[active], inside, rtol=1e-7, atol=1e-7)
        best = lsq_linear(root @ s, root @ forecast, bounds=(0, np.inf))
        cost = 0.5 * ((root @ (s @ found - forecast)) ** 2).sum()
        assert best.cost <= cost * (1 + 1e-9)


ERRORS = np.array([[1.0, 2.0, 3.0], [2.0, -1.0, 1.0]])


@pytest.mark.parametrize(
    ("forecast", "method", "errors", "message"),
    [
        ([[1, 2]], "ols", None, "forecast has the shape (1, 2); it must be rows x 3 series: 1 sums, then 2 bottom"),
        ([1, 2, 3], "ols", None, "forecast has the shape (3,)"),
        ([[1, 2, np.nan]], "ols", None, "forecast: 1 of 3 values are missing or infinite. Give every series a"),
        ([[1, 2, 3]], "mint_shrunk", ERRORS, 'method: "mint_shrunk" is unknown; it must be one of bottom_up, ols, wls, '
         'mint_shrink. Did you mean "mint_shrink"?'),
        ([[1, 2, 3]], "wls", None, 'errors: none are given, and "wls" weighs series by them.'),
        ([[1, 2, 3]], "mint_shrink", ERRORS[:, :2], "errors has the shape (2, 2); it must be rows x 3 series"),
        ([[1, 2, 3]], "wls", np.full((2, 3), np.inf), "errors: 6 are infinite. Give NaN where unknown."),
        ([[1, 2, 3]], "wls", ERRORS[:1], "errors: none of 2 bottom series has 2 known errors"),
    ],
)  # fmt: skip
def test_what_cannot_be_reconciled_is_refused(
    forecast: list, method: str, errors: np.ndarray, message: str
) -> None:
    with pytest.raises(ParameterError) as refused:
        reconcile(forecast, TWO, method=method, errors=errors)
    assert message in str(refused.value)
