from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.targets.conflicts import Conflict, ConflictError, find_conflict
from kamlib.targets.joint import check_sum
from kamlib.targets.margins import fit_margins
from kamlib.targets.requirements import Requirement, require
from kamlib.targets.rounding_stages import split_jointly
from tests.targets.joint import Asked, can_be_met, changed_requests, nested_requests


def rows(*total: float) -> Requirement:
    return require("row", ["a", "b"], None, total=list(total))


def columns(*total: float) -> Requirement:
    return require("column", None, ["x", "y"], total=list(total))


def test_margins_that_disagree_are_refused_with_both_sums() -> None:
    with pytest.raises(ConflictError, match='100 by "row", 101 by "column"') as error:
        fit_margins(np.ones((2, 2)), [rows(60, 40), columns(50, 51)])
    assert error.value.conflict.nearest["change"].abs().sum() == 1


def test_structural_zeros_that_make_a_margin_unreachable_are_named() -> None:
    with pytest.raises(ConflictError, match=r"2 of their cells .* zero, .*: \(0, 1\); \(1, 1\)\. ") as error:
        fit_margins([[1, 0], [1, 0]], [rows(60, 40), columns(50, 50)])
    conflict = error.value.conflict
    assert conflict.zeros == ("(0, 1)", "(1, 1)")
    assert conflict.members[["requirement", "key", "kind", "lower"]].to_numpy().tolist() == [
        ["column", "y", "total", 50]
    ]
    assert conflict.most == 0
    # one zero: row b can only be column x, which wants less
    with pytest.raises(ConflictError, match=r"1 of their cells .* zero, .*: \(1, 1\)\. "):
        fit_margins([[1, 1], [1, 0]], [rows(60, 40), columns(30, 70)])


def test_floors_against_caps_and_the_cheapest_change() -> None:
    floor = require("region", ["N", "S"], None, lower=[5, 5], weight=3)
    cap = require("month", None, [1, 2], upper=[4, 4])
    conflict = find_conflict(np.ones((2, 2)), [floor, cap])
    assert conflict is not None
    assert sorted(conflict.members["kind"]) == ["cap", "cap", "floor", "floor"]
    assert set(conflict.nearest["requirement"]) == {"month"}
    assert conflict.nearest["change"].sum() == 2


def test_cell_bounds_that_leave_too_little_room_are_told() -> None:
    with pytest.raises(ConflictError, match="hold 0 to 20 within the cells' bounds"):
        fit_margins(np.ones((2, 2)), [rows(30, 10)], upper=10)


def named(asked: Asked) -> dict[tuple[str, str], tuple[int, int]]:
    """Return requirement and number of each group by its name and key."""
    return {
        (one.name, one.key(group)): (at, group)
        for at, one in enumerate(asked.requirements)
        for group in range(one.size)
    }


def numbers(asked: Asked, conflict: Conflict) -> list[tuple[int, int]]:
    """Return requirement and number of the members of a conflict."""
    places = named(asked)
    return [places[row.requirement, row.key] for row in conflict.members.itertuples()]


@settings(max_examples=120, deadline=None)
@given(st.one_of(changed_requests(), nested_requests()))
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
    members = numbers(asked, conflict)
    assert not can_be_met(asked, members)
    for member in members:
        assert can_be_met(asked, [other for other in members if other != member])
    places = named(asked)
    changes = {places[row.requirement, row.key]: row.change for row in conflict.nearest.itertuples()}
    every = list(places.values())
    extra = np.array([changes.get(at, 0.0) for at in every])
    assert (extra == np.rint(extra)).all()
    assert np.abs(extra).sum() >= 1
    assert can_be_met(asked, every, extra)


def test_zeros_are_named_by_what_their_axes_are_called_and_only_where_they_matter() -> None:
    seed, names = [[1, 0], [1, 0]], [["A1", "A2"], ["Parts", "Pumps"]]
    with pytest.raises(ConflictError, match=r"A1 x Pumps; A2 x Pumps\. "):
        fit_margins(seed, [rows(60, 40), columns(50, 50)], axes=names)
    # totals that disagree: no zero plays a part in it
    conflict = find_conflict(seed, [rows(60, 40), columns(99, 0)])
    assert conflict is not None
    assert conflict.zeros == ()
    assert "zero" not in str(conflict)


def large(number: int, apart: int) -> Asked:
    """Return hundreds of accounts, whose caps conflict with the totals of each of `apart` regions."""
    rng = np.random.default_rng(number)
    n = int(rng.integers(310, 420)) * apart
    seed = rng.lognormal(0, 1, (n, 2))
    region, caps = np.arange(n) % apart, np.ceil(seed.sum(axis=1) * 10)
    over = np.bincount(region, caps) + rng.integers(1, 9, apart)
    share = np.ceil(over * rng.uniform(0.3, 0.5))
    asked = (
        require("account", np.arange(n), None, lower=np.floor(caps / 2), upper=caps, weight=100),
        require("region", region, None, total=over),
        require("region x month", region, ["m", None], upper=share[:, None] + 10**6),
    )
    return Asked(seed, np.zeros(seed.shape), np.full(seed.shape, np.inf), seed, asked)


@pytest.mark.parametrize("apart", [1, 2])
@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**32))
def test_a_set_of_hundreds_is_in_conflict_and_every_member_is_needed(apart: int, number: int) -> None:
    asked = large(number, apart)
    conflict = find_conflict(asked.seed, asked.requirements)
    assert conflict is not None
    of_region = conflict.members[conflict.members["requirement"] == "region"]
    assert conflict.members["requirement"].iloc[0] == "region"
    assert len(of_region) == 1  # one of the two conflicts, not both
    assert len(conflict.members) == 1 + len(asked.seed) // apart
    members = numbers(asked, conflict)
    assert not can_be_met(asked, members)
    rng = np.random.default_rng(number)
    for member in [members[0], *(members[at] for at in rng.choice(len(members), 12))]:
        assert can_be_met(asked, [other for other in members if other != member])
    text = str(conflict)
    assert f'"account": caps of {len(members) - 1:,}, together ' in text
    assert text.index('"region"') < text.index('"account":')
    assert len(conflict.nearest) == apart


def mixed(number: int, size: int) -> Asked:
    """Return accounts, reps, kinds x lines and months whose sums are off by units, or by `size` units."""
    rng = np.random.default_rng(number)
    shape = (int(rng.integers(8, 40)), 3, 4)
    table = rng.integers(0, 20, shape).astype(float) * size
    rep, kind = rng.integers(0, 5, shape[0]), rng.integers(0, 3, shape[0])
    axes = {
        "account": (np.arange(shape[0]), None, None),
        "rep": (rep, None, None),
        "type x line": (kind, np.arange(3), None),
        "month": (None, None, np.arange(4)),
    }
    asked = []
    for name, groups in axes.items():
        sums = require(name, *groups, lower=0).sums(table)
        by = rng.integers(-9, 10, sums.shape) * (name != "account") * rng.choice([1, size])
        lower = np.maximum(sums + by - rng.integers(0, 4), 0)
        upper = lower + rng.integers(0, 9) * rng.choice([1, size])
        asked.append(require(name, *groups, lower=lower, upper=upper))
    return Asked(table + 0.5, np.zeros(shape), np.full(shape, np.inf), table, tuple(asked))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 10**6]))
def test_sets_of_mixed_kinds_cannot_shrink_and_are_told_by_the_side_in_conflict(
    number: int, size: int
) -> None:
    request = mixed(number, size)
    conflict = find_conflict(request.seed, request.requirements)
    if conflict is None:
        assert can_be_met(request)
        return
    members = numbers(request, conflict)
    assert not can_be_met(request, members, kinds=conflict.members["kind"].tolist())
    for member in members:
        assert can_be_met(request, [other for other in members if other != member])


@pytest.mark.parametrize("number", [16, 243, 756, 1718])
def test_members_of_large_amounts_are_told_by_the_side_in_conflict(number: int) -> None:
    request = mixed(number, 10**9)
    conflict = find_conflict(request.seed, request.requirements)
    assert conflict is not None
    kinds = conflict.members["kind"]
    assert not can_be_met(request, numbers(request, conflict), kinds=kinds.tolist())
    assert {"cap", "total"} & set(kinds)  # floors alone never conflict


@pytest.mark.parametrize("size", [10**3, 10**9, 10**11])
def test_one_unit_too_many_is_found_at_any_size_below_the_limit(size: int) -> None:
    floor = require("region", ["N", "S"], None, lower=[size, size])
    conflict = find_conflict(np.ones((2, 2)), [floor, require("total", None, None, total=2 * size - 1)])
    assert conflict is not None
    assert conflict.members["kind"].tolist() == ["floor", "floor", "total"]
    assert conflict.nearest["change"].abs().sum() == 1
    assert find_conflict(np.ones((2, 2)), [floor, require("total", None, None, total=2 * size)]) is None


@pytest.mark.parametrize("size", [10**9, 10**10, 10**11])
def test_one_unit_between_two_axes_is_refused_before_anything_is_split(size: int) -> None:
    region = require("region", ["N", "S"], None, None, total=[size, size])
    line = require("line", None, ["x", "y"], None, total=[size, size + 1])
    said = f'Totals add up to {2 * size:,} by "region", {2 * size + 1:,} by "line"'
    with pytest.raises(ConflictError, match=said):
        split_jointly(np.ones((2, 2, 1)), [region, line])


def test_one_unit_too_many_at_the_limit_is_refused_by_its_units() -> None:
    size = 10**12
    floor = require("region", ["N", "S"], None, None, lower=[size, size])
    total = require("total", None, None, None, total=2 * size - 1)
    seed = np.ones((2, 2, 1))
    assert find_conflict(seed, [floor, total]) is None
    units = split_jointly(seed, [floor, total]).units
    with pytest.raises(ParameterError, match="add up to 2,000,000,000,000, not to the total of 1,999,"):
        check_sum(units, 2 * size - 1)
    larger = require("total", None, None, None, total=2 * size - 100)
    conflict = find_conflict(seed, [floor, larger])
    assert conflict is not None
    assert conflict.nearest["change"].abs().sum() == 100
