from __future__ import annotations

from decimal import Decimal

import pytest

from kamlib.targets import AllocationParams
from kamlib.targets.bounds import UNBOUNDED, Bounds, account_bounds
from kamlib.targets.facts import account_facts, look_back
from tests.targets.sample import PERIOD, SALES, free_params, make_accounts, make_cube

FACTS = account_facts(make_cube(), make_accounts(), windows=look_back(PERIOD, as_of=None))


def bounds(params: AllocationParams, unit: int = 10) -> Bounds:
    return account_bounds(FACTS, params=params, unit=unit, months=3)


def test_growth_bounds_are_rounded_inward() -> None:
    found = bounds(AllocationParams(growth_floor=-0.333, growth_cap=0.111, potential_cap=0.25))
    # A: 800 x .667 = 533.6 up to 540, x 1.111 = 888.8 down to 880; B: 133.4 to 222.2
    assert (found.lower * 10).tolist()[:2] == [540, 140]
    assert (found.upper * 10).tolist()[:2] == [880, 220]
    # C, D, E sold nothing in the base period: a quarter of three months of 2000, 1000 and 500
    assert (found.upper * 10).tolist()[2:5] == [120, 60, 30]
    assert found.upper[5] == found.upper[6] == UNBOUNDED
    assert found.source.tolist() == [
        "growth",
        "growth",
        "potential",
        "potential",
        "potential",
        "none",
        "none",
    ]
    assert not found.problems


def test_who_sold_nothing_in_the_base_and_has_no_potential_is_held_to_its_history() -> None:
    cube = make_cube([*SALES, ("F", "Bikes", "R1", "2025-06", 399)])
    facts = account_facts(cube, make_accounts(), windows=look_back(PERIOD, as_of=None))
    at = 5
    assert (facts.base[at], facts.known[at]) == (0, False)
    found = account_bounds(facts, params=AllocationParams(growth_cap=0.5), unit=1, months=3)
    assert found.upper[at] == 149  # a quarter of 399, half as much again: 149.6
    assert found.source[at] == "history"
    free = account_bounds(facts, params=AllocationParams(growth_cap=None), unit=1, months=3)
    assert (free.upper[at], free.source[at]) == (UNBOUNDED, "none")


def test_a_base_known_in_part_bounds_nobody_and_history_counts_by_the_months_known() -> None:
    cube = make_cube([("A", "Bikes", "R1", "2025-03", 600), ("B", "Bikes", "R1", "2025-11", 200)])
    facts = account_facts(cube, make_accounts(), windows=look_back(PERIOD, as_of=None))
    assert (facts.base_whole, facts.history_months) == (False, 10)
    params = AllocationParams(growth_floor=-0.5, growth_cap=0.5, potential_cap=0.4)
    found = account_bounds(facts, params=params, unit=1, months=3)
    # A: 0.4 of a quarter of 3000; B: 200 in ten months, three of them half as much again
    assert (found.lower.tolist()[:2], found.upper.tolist()[:2]) == ([0, 0], [300, 90])
    assert found.source.tolist()[:2] == ["potential", "history"]
    whole = account_facts(make_cube(), make_accounts(), windows=look_back(PERIOD, as_of=None))
    assert (whole.base_whole, whole.history_months) == (True, 12)


def test_none_means_no_bound() -> None:
    found = bounds(free_params())
    assert (found.lower == 0).all()
    assert (found.upper == UNBOUNDED).all()
    assert set(found.source) == {"none"}


def test_the_floor_gives_way_where_no_unit_lies_between() -> None:
    found = bounds(AllocationParams(growth_floor=0.0, growth_cap=0.1, potential_cap=None), unit=500)
    # A: 800 up to 1000, 880 down to 500; B: 200 up to 500, 220 down to 0
    assert (found.lower * 500).tolist()[:2] == [500, 0]
    assert (found.upper * 500).tolist()[:2] == [500, 0]
    assert found.squeezed.tolist()[:3] == [True, True, False]


def test_an_amount_given_outranks_growth_and_a_pin_outranks_both() -> None:
    params = AllocationParams(
        growth_floor=-0.5, growth_cap=0.5, floors={"A": Decimal(1500), "B": Decimal(95)},
        caps={"C": Decimal(77), "B": Decimal(105)}, pins={"F": Decimal(40)},
    )  # fmt: skip
    found = bounds(params)
    assert (found.lower * 10).tolist()[:3] == [1500, 100, 0]
    assert (found.upper * 10).tolist()[:3] == [1500, 100, 70]
    assert (found.lower[5], found.upper[5]) == (4, 4)
    assert found.source.tolist()[:3] == ["given", "given", "given"]
    assert (found.source[5], found.pinned.tolist()) == ("pin", [False] * 5 + [True, False])
    assert not found.problems


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"pins": {"a": 10}}, 'allocation.pins: "a" is not an account. Did you mean "A"?'),
        ({"caps": {"Z9": 10}}, 'allocation.caps: "Z9" is not an account. Name an account_id of the table accounts.'),
        ({"pins": {"G": 10}}, 'allocation.pins: account "G" is closed and is asked for nothing. Leave it out, or reopen it in the table accounts.'),
        ({"floors": {"A": -10}}, 'allocation.floors: -10 for "A" is below zero. Write zero or more.'),
        ({"pins": {"A": 1234}}, 'allocation.pins: 1,234 for "A" is not a multiple of the rounding unit 10. Write 1,230 or 1,240.'),
        ({"pins": {"A": Decimal("0.5")}}, 'allocation.pins: 0.5 for "A" is not a multiple of the rounding unit 10. Write 0 or 10.'),
        ({"pins": {"A": 100}, "floors": {"A": 200}}, 'allocation.pins: 100 for "A" is below its floor 200. Drop one of the two.'),
        ({"pins": {"A": 300}, "caps": {"A": 200}}, 'allocation.pins: 300 for "A" is above its cap 200. Drop one of the two.'),
        ({"floors": {"A": 201}, "caps": {"A": 209}}, 'allocation.floors: no multiple of 10 lies between the floor 201 and the cap 209 of "A". Lower the floor or raise the cap.'),
        ({"floors": {"A": 300}, "caps": {"A": 200}}, 'allocation.floors: no multiple of 10 lies between the floor 300 and the cap 200 of "A". Lower the floor or raise the cap.'),
        ({"growth_floor": 0.2, "growth_cap": 0.1}, "allocation.growth_floor is 0.2, above growth_cap 0.1. Lower the floor or raise the cap."),
    ],
)  # fmt: skip
def test_problems_name_amounts_and_remedy(values: dict, message: str) -> None:
    found = bounds(AllocationParams(**values))
    assert found.problems == (message,)


def test_all_problems_are_said_at_once() -> None:
    found = bounds(AllocationParams(pins={"Q": Decimal(7)}, growth_floor=1.0, growth_cap=0.0))
    assert len(found.problems) == 3
