from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.forecast.structure import build_structure

ACCOUNTS = pd.DataFrame({"company": "all", "region": ["S", "N", "S"], "line": [2, 2, 1]})


def test_every_key_of_every_level_is_a_sum_in_order_of_levels_then_keys() -> None:
    structure = build_structure(ACCOUNTS, ["company", "line", "region"])
    assert list(structure.labels.itertuples(index=False, name=None)) == [
        ("company", "all"), ("line", "1"), ("line", "2"), ("region", "N"), ("region", "S"),
    ]  # fmt: skip
    assert (structure.above, structure.bottom, structure.total) == (5, 3, 8)
    assert structure.sum_up([[1, 10, 100]]).tolist() == [[111, 100, 11, 10, 101, 1, 10, 100]]


def test_the_matrix_has_a_one_per_series_and_level() -> None:
    matrix = build_structure(ACCOUNTS, ["company", "region"]).matrix()
    assert matrix.toarray().tolist() == [[1, 1, 1], [0, 1, 0], [1, 0, 1]]


def test_without_levels_there_are_only_the_series_themselves() -> None:
    structure = build_structure(ACCOUNTS, [])
    assert (structure.above, structure.bottom) == (0, 3)
    assert structure.sum_up([[1, 2, 3]]).tolist() == [[1, 2, 3]]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(-9, 9)), min_size=1))
def test_sums_are_those_of_a_group_by_and_order_of_series_changes_none(rows: list[tuple]) -> None:
    table = pd.DataFrame(rows, columns=["p", "q", "value"])
    structure = build_structure(table, ["p", "q"])
    sums = structure.sum_up(table[["value"]].T)[0, : structure.above]
    expected = [*table.groupby("p")["value"].sum(), *table.groupby("q")["value"].sum()]
    np.testing.assert_array_equal(sums, expected)
    turned = build_structure(table[::-1], ["p", "q"])
    pd.testing.assert_frame_equal(turned.labels, structure.labels)
    np.testing.assert_array_equal(turned.sum_up(table[::-1][["value"]].T)[0, : turned.above], sums)


@pytest.mark.parametrize(
    ("keys", "levels", "message"),
    [
        (ACCOUNTS[:0], ["region"], "keys: no row, so there is no series to add up."),
        (ACCOUNTS, ["reigon"], 'levels: "reigon" is no column of keys; it has company, region, line. Did you mean "region"'),
        (ACCOUNTS, ["region", "region"], 'levels: "region" is named twice.'),
        (ACCOUNTS.assign(region=["S", None, None]), ["region"], "keys.region: 2 of 3 series have no key."),
    ],
)  # fmt: skip
def test_what_is_no_structure_is_refused(keys: pd.DataFrame, levels: list[str], message: str) -> None:
    with pytest.raises(ParameterError) as refused:
        build_structure(keys, levels)
    assert message in str(refused.value)


def test_bottom_of_another_width_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"bottom has the shape \(1, 2\); it must be rows x 3 bottom"):
        build_structure(ACCOUNTS, ["region"]).sum_up([[1, 2]])
