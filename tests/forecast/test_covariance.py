from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.forecast.covariance import Covariance, own_variances, shrunk_covariance
from kamlib.forecast.structure import Structure, build_structure

NAN = np.nan


def alone(n: int) -> Structure:
    return build_structure(pd.DataFrame({"key": range(n)}), [])


def square(covariance: Covariance) -> np.ndarray:
    return np.diag(covariance.own) + covariance.shared.T @ covariance.shared


def defined_shrinkage(errors: np.ndarray) -> float:
    """Return the shrinkage by its definition, pair by pair: Schaefer & Strimmer 2005, with standardised errors."""
    time = len(errors)
    x = (errors - errors.mean(axis=0)) / errors.std(axis=0)
    spread = squares = 0.0
    for i in range(x.shape[1]):
        for j in range(x.shape[1]):
            if i != j:
                w = x[:, i] * x[:, j]
                spread += time / (time - 1) ** 3 * ((w - w.mean()) ** 2).sum()
                squares += (time / (time - 1) * w.mean()) ** 2
    return min(1.0, spread / squares)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 12), st.integers(2, 6))
def test_variances_stay_and_correlations_shrink_by_the_published_share(seed: int, time: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    errors = rng.normal(size=(time, n)) @ rng.normal(size=(n, n)) + rng.normal(size=n)
    found = shrunk_covariance(errors, alone(n))
    assert found.shrinkage == pytest.approx(defined_shrinkage(errors), rel=1e-9)
    sample = np.cov(errors.T)
    expected = (1 - found.shrinkage) * sample + found.shrinkage * np.diag(np.diag(sample))
    np.testing.assert_allclose(square(found), expected, rtol=1e-9, atol=1e-12 * sample.max())


def test_own_variance_is_the_mean_square_about_zero() -> None:
    assert own_variances(np.array([[1.0, 2.0], [3.0, 2.0]]), alone(2)).own.tolist() == [5.0, 4.0]


def test_missing_errors_leave_variances_of_what_is_known_and_weaken_correlations() -> None:
    errors = np.array([[1.0, 2.0], [-1.0, -2.0], [2.0, 4.0], [-2.0, NAN], [1.0, NAN], [-1.0, NAN]])
    found = shrunk_covariance(errors, alone(2))
    variance = [errors[:, 0].var(ddof=1), errors[:3, 1].var(ddof=1)]
    np.testing.assert_allclose(np.diag(square(found)), variance)
    both = errors[:3] - [0.0, 4 / 3]
    common = both[:, 0] @ both[:, 1] / np.sqrt(5 * 2)
    assert square(found)[0, 1] == pytest.approx((1 - found.shrinkage) * common)
    assert np.linalg.eigvalsh(square(found)).min() > 0


def test_rows_without_any_error_say_nothing() -> None:
    errors = np.array([[1.0, 2.0], [-1.0, 1.0], [2.0, -4.0]])
    gappy = np.vstack([errors[:1], [[NAN, NAN]], errors[1:]])
    np.testing.assert_array_equal(
        square(shrunk_covariance(gappy, alone(2))), square(shrunk_covariance(errors, alone(2)))
    )


def test_unknown_series_take_a_variance_of_their_kind() -> None:
    structure = build_structure(pd.DataFrame({"region": ["N", "N", "S"]}), ["region"])
    errors = np.array([[NAN, 1.0, 1.0, 3.0, NAN], [NAN, -1.0, -1.0, -3.0, 5.0]])
    # own squares: S 1, bottom 1 and 9; the third has one error: their mean, 5; N is the sum of its two
    assert own_variances(errors, structure).own.tolist() == [10.0, 1.0, 1.0, 9.0, 5.0]
    np.testing.assert_allclose(
        np.diag(square(shrunk_covariance(errors, structure))), [20.0, 2.0, 2.0, 18.0, 10.0]
    )


def test_two_errors_show_no_correlation() -> None:
    assert shrunk_covariance(np.array([[1.0, 2.0], [2.0, 5.0]]), alone(2)).shrinkage == 1.0


def test_errors_that_always_move_together_keep_a_rest_of_their_own() -> None:
    found = shrunk_covariance(np.array([[1.0, 2.0], [-1.0, -2.0], [1.0, 2.0], [-1.0, -2.0]]), alone(2))
    assert found.shrinkage == 1e-6
    assert np.linalg.eigvalsh(square(found)).min() > 0


def test_errors_all_alike_have_their_mean_square_and_errors_of_zero_none() -> None:
    found = shrunk_covariance(np.array([[3.1, 0.0, 1.0]] * 3 + [[3.1, 0.0, -1.0]] * 3), alone(3))
    np.testing.assert_allclose(np.diag(square(found)), [3.1**2, 0.0, 1.2])
    assert found.shrinkage == 1.0


def test_without_two_errors_of_any_series_there_is_no_variance() -> None:
    with pytest.raises(ParameterError, match=r"none of 2 bottom series has 2 known errors.*\"ols\" or"):
        shrunk_covariance(np.array([[1.0, 2.0]]), alone(2))
