from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.targets.requirements import require
from kamlib.targets.whole_sums import round_sums, two_families


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32), st.sampled_from([2, 3, 10, 997]))
def test_cells_rows_columns_and_total_stay_next_to_exact(
    rows: int, columns: int, number: int, parts: int
) -> None:
    table = np.random.default_rng(number).integers(0, 4 * parts, (rows, columns)) / parts
    margins = [
        require("row", np.arange(rows), None, lower=0),
        require("column", None, np.arange(columns), lower=0),
        require("all", None, None, lower=0),
    ]
    units = round_sums(table, margins)
    for one in [*margins, require("cell", np.arange(rows), np.arange(columns), lower=0)]:
        assert np.abs(one.sums(units.astype(float)) - one.sums(table)).max() < 1 - 1e-6
    assert round_sums(units.astype(float), margins).tolist() == units.tolist()


def test_groups_that_cross_two_families_are_left_out() -> None:
    wanted = {"region": [0, 0, 1, 1], "type": [0, 1, 0, 1], "other": [0, 1, 1, 0]}
    asked = [require(name, labels, lower=0) for name, labels in wanted.items()]
    assert [one.name for one in two_families(asked, (4,))] == ["region", "type"]
