from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.measures.money import total_money
from kamlib.periods import parse_period
from kamlib.targets import (
    AllocationParams,
    SizingParams,
    TargetSize,
    check_request,
    size_sides,
    size_target,
    sizing_steps,
)
from tests.targets.sample import PERIOD, make_accounts, make_cube, make_forecast


def size(growth: float = 0.1, *, unit: int = 100, **more: object) -> TargetSize:
    return size_target(make_cube(), period=PERIOD, params=SizingParams(growth=growth), unit=unit, **more)


def test_from_above() -> None:
    found = size(0.1, unit=1)
    assert (found.base, found.added, found.amount) == (Decimal(1100), Decimal(110), Decimal(1210))
    assert (found.total, found.rounding, found.growth, found.given) == (1210, 0, 0.1, False)
    assert (found.period, found.base_period) == ("2026Q1", "2025Q1")


@pytest.mark.parametrize(
    ("growth", "unit", "total"), [(0.0, 200, 1200), (0.05, 100, 1200), (0.04, 100, 1100), (-0.5, 1000, 1000)]
)
def test_rounding_is_to_the_nearest_unit_halves_up(growth: float, unit: int, total: int) -> None:
    found = size(growth, unit=unit)
    assert found.total == total
    assert found.amount + found.rounding == total


def test_growth_is_taken_as_the_decimal_it_is_written_as() -> None:
    assert size(0.07, unit=1).amount == Decimal("1177.0000")


def test_a_given_amount_outranks_growth() -> None:
    found = size_target(make_cube(), period=PERIOD, params=SizingParams(total="2249.99"), unit=100)
    assert (found.total, found.given, found.added) == (2200, True, Decimal("1149.99"))
    assert found.growth == pytest.approx(1149.99 / 1100)


def test_a_given_amount_needs_no_base() -> None:
    found = size_target(make_cube([]), period=PERIOD, params=SizingParams(total=5000), unit=100)
    assert (found.total, found.growth, found.base) == (5000, None, 0)


def test_from_below_and_the_gap() -> None:
    found = size_target(
        make_cube(), make_forecast(make_cube()), period=PERIOD, params=SizingParams(growth=0.0), unit=100
    )
    assert (found.forecast, found.gap) == (Decimal(2400), Decimal(1300))
    half = make_forecast(make_cube()).query("period != '2026-03'")
    assert size_target(make_cube(), half, period=PERIOD, params=SizingParams(), unit=100).forecast is None


def test_how_the_base_itself_grew() -> None:
    assert size().base_growth is None  # the book begins in 2024-05
    older = make_cube([("A", "Bikes", "R1", "2024-01", 1000)])
    found = size_target(pd.concat([make_cube(), older]), period=PERIOD, params=SizingParams(), unit=100)
    assert found.base_growth == pytest.approx(0.1)


def test_what_cannot_be_sized_is_refused() -> None:
    with pytest.raises(ParameterError) as caught:
        size_target(make_cube([]), period=PERIOD, params=SizingParams(), unit=100)
    assert str(caught.value) == (
        "sizing.growth counts on the revenue of 2025Q1, which is 0."
        " Give the total itself, for example -p sizing.total=1200000."
    )
    with pytest.raises(
        ParameterError, match="the rounding unit is 0; it must be a whole number of 1 or more"
    ):
        size(unit=0)
    with pytest.raises(
        ParameterError, match="revenue of 2025, which is not complete on 2025-11-01. Give the total"
    ):
        size_target(
            make_cube(),
            period=parse_period("2026"),
            params=SizingParams(),
            unit=1,
            as_of=dt.date(2025, 11, 1),
        )


BEGUN = make_cube([("A", "Bikes", "R1", "2025-03", 600), ("A", "Bikes", "R1", "2025-04", 200)])


@pytest.mark.parametrize(
    ("first", "known"), [("2025-02", "2 of 3 months are"), ("2025-03", "1 of 3 months is"), ("2025-04", "0 of 3 months are")]
)  # fmt: skip
@pytest.mark.parametrize("basis", ["growth", "between"])
def test_a_base_that_the_book_knows_in_part_is_not_grown(first: str, known: str, basis: str) -> None:
    cube = make_cube([("A", "Bikes", "R1", first, 600), ("A", "Bikes", "R1", "2025-08", 200)])
    params = SizingParams(basis=basis)
    told = (
        f"sizing.growth counts on the revenue of 2025Q1, of which {known} known: the first sale of the book is in "
        f"{first}. Give the total itself, for example -p sizing.total=1200000, plan from below "
        f"(-p sizing.basis=below), or add the sales before {first}."
    )
    with pytest.raises(ParameterError) as caught:
        size_target(cube, make_forecast(cube), period=PERIOD, params=params, unit=10)
    assert str(caught.value) == told
    with pytest.raises(ParameterError) as caught:
        check_request(
            cube, make_accounts(), period=PERIOD, sizing=params, allocation=AllocationParams(), unit=10
        )
    assert str(caught.value) == told


def test_an_account_or_a_line_may_begin_within_the_base() -> None:
    sales = [("B", "Parts", "R1", "2025-01", 100), ("A", "Bikes", "R1", "2025-03", 600)]
    found = size_target(make_cube(sales), period=PERIOD, params=SizingParams(growth=0.1), unit=10)
    assert (found.base, found.base_unknown, found.growth, found.total) == (700, 0, 0.1, 770)


def test_a_base_known_in_part_stays_without_growth_where_the_total_comes_from_elsewhere() -> None:
    coming = make_forecast(BEGUN)
    coming = pd.concat([coming, coming[coming["level"] == "company"].assign(level="account", key="A")])
    given = size_target(BEGUN, coming, period=PERIOD, params=SizingParams(total=1500), unit=10)
    assert (given.total, given.base, given.base_unknown, given.growth) == (1500, 600, 2, None)
    steps = sizing_steps(given).set_index("step")
    assert (steps.loc["given", "amount"], steps["growth"].isna().all()) == (900, True)
    params = SizingParams(basis="below")
    sides = size_sides(BEGUN, coming, make_accounts(), period=PERIOD, params=params)
    assert (sides.growth, sides.below) == (None, 300)
    assert size_target(BEGUN, coming, period=PERIOD, params=params, unit=10, sides=sides).total == 300
    later = size_target(BEGUN, period=parse_period("2026Q2"), params=SizingParams(growth=0.0), unit=10)
    assert (later.total, later.base_unknown) == (200, 0)


def test_steps_add_up() -> None:
    forecast = make_forecast(make_cube())
    found = size_target(make_cube(), forecast, period=PERIOD, params=SizingParams(growth=0.123), unit=100)
    steps = sizing_steps(found).set_index("step")["amount"]
    assert total_money(steps[["base", "growth", "rounding"]]) == steps["target"] == found.total
    assert total_money(steps[["target", "gap"]]) == steps["forecast"] == found.forecast
    assert list(steps.index) == ["base", "growth", "rounding", "target", "gap", "forecast"]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10**9), st.integers(-99, 200), st.integers(1, 1000))
def test_money_and_unit_times_ten_give_ten_times_the_total(cents: int, percent: int, unit: int) -> None:
    sold = pd.DataFrame({"month": ["2025-01"], "revenue": [Decimal(cents) / 100]})
    params = SizingParams(growth=percent / 100)
    small = size_target(sold, period=PERIOD, params=params, unit=unit)
    large = size_target(
        sold.assign(revenue=sold["revenue"] * 10), period=PERIOD, params=params, unit=10 * unit
    )
    assert large.total == 10 * small.total
    assert abs(small.rounding) * 2 <= unit
