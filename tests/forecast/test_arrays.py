from __future__ import annotations

import numpy as np

from kamlib.forecast.arrays import add_up


def test_a_column_sums_to_the_same_digit_in_any_company() -> None:
    values = np.random.default_rng(1).lognormal(0, 3, (200, 9))
    whole = add_up(values)
    assert add_up(values[:, 4:5])[0] == whole[4]
    assert add_up(np.asfortranarray(values)).tolist() == whole.tolist()
    np.testing.assert_array_equal(add_up(np.vstack([np.zeros((5, 9)), values])), whole)


def test_flags_are_counted() -> None:
    assert add_up(np.array([[True, False], [True, True]])).tolist() == [2.0, 1.0]
