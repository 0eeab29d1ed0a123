from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from kamlib.targets.conflicts import ConflictError, find_conflict
from kamlib.targets.margins import fit_margins
from kamlib.targets.requirements import Requirement, require
from tests.targets.joint import Asked, can_be_met, changed_requests


def rows(*total: float) -> Requirement:
    return require("row", ["a", "b"], None, total=list(total))


def columns(*total: float) -> Requirement:
    return require("column", None, ["x", "y"], total=list(total))


def test_margins_that_disagree_are_refused_with_both_sums() -> None:
    with pytest.raises(ConflictError, match='100 by "row", 101 by "column"') as error:
        fit_margins(np.ones((2, 2)), [rows(60, 40), columns(50, 51)])
    assert error.value.conflict.nearest["change"].abs().sum() == 1


def test_structural_zeros_that_make_a_margin_unreachable_are_named() -> None:
    with pytest.raises(ConflictError, match=r"zero in 2 of their cells.*\(0, 1\), \(1, 1\)") as error:
        fit_margins([[1, 0], [1, 0]], [rows(60, 40), columns(50, 50)])
    conflict = error.value.conflict
    assert conflict.zeros == ((0, 1), (1, 1))
    assert conflict.members[["requirement", "key", "kind", "lower"]].to_numpy().tolist() == [
        ["column", "y", "total", 50]
    ]
    assert conflict.most == 0
    # one zero: row b can only be column x, which wants less
    with pytest.raises(ConflictError, match=r"zero in 1 of their cells.*\(1, 1\)"):
        fit_margins([[1, 1], [1, 0]], [rows(60, 40), columns(30, 70)])


def test_floors_against_caps_and_the_cheapest_change() -> None:
    floor = require("region", ["N", "S"], None, lower=[5, 5], weight=3)
    cap = require("month", None, [1, 2], upper=[4, 4])
    conflict = find_conflict(np.ones((2, 2)), [floor, cap])
    assert conflict is not None
    assert conflict.irreducible
    assert sorted(conflict.members["kind"]) == ["cap", "cap", "floor", "floor"]
    assert set(conflict.nearest["requirement"]) == {"month"}
    assert conflict.nearest["change"].sum() == 2


def test_cell_bounds_that_leave_too_little_room_are_told() -> None:
    with pytest.raises(ConflictError, match="hold 0 to 20 within the cells' bounds"):
        fit_margins(np.ones((2, 2)), [rows(30, 10)], upper=10)


@settings(max_examples=60, deadline=None)
@given(changed_requests())
def test_refused_only_what_cannot_be_met_by_a_set_that_cannot_shrink(asked: Asked) -> None:
    bounds = {"lower": asked.lower, "upper": asked.upper}
    try:
        fit_margins(asked.seed, asked.requirements, **bounds)
    except ConflictError as error:
        conflict = error.conflict
    else:
        assert can_be_met(asked)
        return
    assert not can_be_met(asked)
    numbers = {
        (one.name, one.key(group)): (at, group)
        for at, one in enumerate(asked.requirements)
        for group in range(one.size)
    }
    members = [numbers[row.requirement, row.key] for row in conflict.members.itertuples()]
    assert not can_be_met(asked, members)
    for member in members:
        assert can_be_met(asked, [other for other in members if other != member])
    changes = {numbers[row.requirement, row.key]: row.change for row in conflict.nearest.itertuples()}
    every = list(numbers.values())
    extra = np.array([changes.get(at, 0.0) for at in every])
    assert (extra == np.rint(extra)).all()
    assert np.abs(extra).sum() >= 1
    assert can_be_met(asked, every, extra)
