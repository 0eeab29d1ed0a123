from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.targets import AllocationParams, SizingParams, allocate_targets, check_request
from kamlib.targets.wishes import Wish
from tests.targets.sample import PERIOD, free_params, make_accounts, make_cube


def check(allocation: AllocationParams, *, total: int | None = 1000, unit: int = 10, **more: object) -> None:
    check_request(
        more.get("cube", make_cube()),
        more.get("accounts", make_accounts()),
        period=PERIOD,
        sizing=SizingParams(total=total),
        allocation=allocation,
        unit=unit,
    )


def test_a_request_that_can_be_met_says_nothing() -> None:
    check(AllocationParams())
    check(AllocationParams(), total=None)
    check(free_params(pins={"F": 400}, floors={"A": 600}))


@pytest.mark.parametrize(
    ("allocation", "message"),
    [
        (
            AllocationParams(growth_floor=0.2, growth_cap=None, floors={"C": 55}, pins={"F": 100}),
            "the floors add up to 1,360 (growth_floor 0.2 1,200, given for accounts 60, pins 100), above the total"
            " 1,000. Lower them by 360, or give a total of at least 1,360 (sizing.total).",
        ),
        (
            AllocationParams(growth_floor=-1.0, growth_cap=-0.9, potential_cap=0.0),
            "the caps add up to 100, below the total 1,000 by 900. Raise allocation.growth_cap (now -0.9),"
            " potential_cap (now 0.0) or the caps given for accounts, or give a total of at most 100 (sizing.total).",
        ),
        (
            free_params(pins={"A": 800, "B": 300}),
            "the pins add up to 1,100, above the total 1,000. Lower allocation.pins by 100,"
            " or give a total of at least 1,100 (sizing.total).",
        ),
        (
            free_params(pins={"A": 100, "B": 100, "C": 100, "D": 100, "E": 100}),
            "500 of the total 1,000 cannot be split: no account that is not pinned has revenue in the history"
            " window or a potential. Add potentials to the table accounts, or pin accounts (allocation.pins)"
            " so that they add up to 1,000.",
        ),
        (free_params(pins={"B": 5}), 'allocation.pins: 5 for "B" is not a multiple of the rounding unit 10. Write 0 or 10.'),
    ],
)  # fmt: skip
def test_what_cannot_be_met_names_amounts_and_remedy(allocation: AllocationParams, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        check(allocation)
    assert str(caught.value) == message


def test_the_remedy_named_is_one() -> None:
    floors = AllocationParams(growth_floor=0.2, growth_cap=None, pins={"F": 100})
    with pytest.raises(ParameterError) as caught:
        check(floors)
    least = int(re.findall(r"at least ([\d,]+)", str(caught.value))[0].replace(",", ""))
    check(floors, total=least)
    caps = AllocationParams(growth_floor=-1.0, growth_cap=-0.5)
    with pytest.raises(ParameterError) as caught:
        check(caps)
    most = int(re.findall(r"at most ([\d,]+)", str(caught.value))[0].replace(",", ""))
    check(caps, total=most)
    with pytest.raises(ParameterError, match="the caps add up to"):
        check(caps, total=most + 10)


def test_wrong_names_are_all_said() -> None:
    with pytest.raises(ParameterError) as caught:
        check(free_params(pins={"X1": 10}, floors={"X2": 10}, caps={"G": 10}))
    assert [line.split(":")[0] for line in str(caught.value).split("\n")] == [
        "allocation.pins",
        "allocation.floors",
    ]


def test_a_total_that_cannot_be_sized_is_refused_too() -> None:
    with pytest.raises(ParameterError, match="sizing.growth counts on the revenue of 2025Q1, which is 0"):
        check(AllocationParams(), total=None, cube=make_cube([]))


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 300),
    st.floats(-1, 1).map(lambda x: round(x, 3)),
    st.floats(0, 1).map(lambda x: round(x, 3)),
    st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 60).map(lambda n: n * 10), max_size=3),
    st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 900), max_size=3),
    st.dictionaries(st.sampled_from("ABCDEF"), st.integers(0, 900), max_size=3),
)
def test_what_passes_the_check_can_be_split_and_what_does_not_is_refused_alike(
    units: int, floor: float, room: float, pins: dict, floors: dict, caps: dict
) -> None:
    allocation = AllocationParams(
        growth_floor=floor, growth_cap=floor + room, pins=pins, floors=floors, caps=caps
    )

    def split() -> int:
        result = allocate_targets(
            make_cube(), make_accounts(), total=10 * units, period=PERIOD, params=allocation, unit=10
        )
        chain = result.accounts.set_index("account_id")
        for account, amount in pins.items():
            assert chain.loc[account, "target"] == amount
        for account, amount in floors.items():
            assert account in pins or chain.loc[account, "target"] >= amount
        for account, amount in caps.items():
            assert account in pins or chain.loc[account, "target"] <= amount
        return int(result.targets["target"].sum())

    try:
        check(allocation, total=10 * units)
    except ParameterError as refused:
        with pytest.raises(ParameterError, match=re.escape(str(refused))):
            split()
    else:
        assert split() == 10 * units


@pytest.mark.parametrize(
    ("bounds", "remedy"),
    [
        ({"growth_floor": -1.0, "growth_cap": -0.9, "potential_cap": 0.0}, "at most 100 (sizing.total), or less"),
        ({"pins": {"A": 800, "B": 300}}, "at least 1,100 (sizing.total), or more"),
        ({"growth_floor": 0.2, "growth_cap": None}, "at least 1,200 (sizing.total), or more"),
    ],
)  # fmt: skip
def test_the_total_that_bounds_leave_is_said_to_be_before_required_totals(
    bounds: dict[str, object], remedy: str
) -> None:
    asked = AllocationParams(**bounds, requirements=[Wish(region="North", at_most=Decimal(50))])
    with pytest.raises(ParameterError) as caught:
        check(asked)
    assert str(caught.value).endswith(
        f"{remedy} where the required totals (allocation.requirements), not counted here, ask for it."
    )
