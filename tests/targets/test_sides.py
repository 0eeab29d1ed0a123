from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from kamlib.errors import ParameterError
from kamlib.measures.money import to_money
from kamlib.periods import parse_period
from kamlib.targets import (
    Sides,
    SizingParams,
    check_request,
    sides_table,
    size_sides,
    size_target,
    sizing_steps,
)
from kamlib.targets.params import AllocationParams
from tests.targets.sample import FREE, PERIOD, make_accounts, make_cube

MONTHS = ["2026-01", "2026-02", "2026-03"]


def forecast_of(**monthly: int) -> pd.DataFrame:
    rows = [("account", key, month, amount) for key, amount in monthly.items() for month in MONTHS]
    rows += [("company", "company", month, sum(monthly.values())) for month in MONTHS]
    table = pd.DataFrame(rows, columns=["level", "key", "period", "forecast"])
    return table.assign(forecast=to_money((table["forecast"] * 10_000).astype("int64")))


def sides_of(params: SizingParams | None = None, **more: Any) -> Sides:
    forecast = more.pop("forecast", forecast_of(A=200, B=50))
    return size_sides(
        make_cube(), forecast, make_accounts(), period=PERIOD, params=params or SizingParams(), **more
    )


def test_growth_is_last_years_quarter_grown() -> None:
    # 600 + 200 + 200 - 50 + 100 + 50 in 2025Q1
    assert sides_of(SizingParams(growth=0.1)).growth == Decimal(1210)


def test_parts_of_growth_are_added_or_compounded() -> None:
    parts = {"market": 0.10, "price": -0.02}
    assert sides_of(SizingParams(growth_parts=parts)).growth == Decimal(1188)
    compounded = SizingParams(growth_parts=parts, growth_convention="compounded")
    assert sides_of(compounded).growth == Decimal("1185.8")


def test_the_market_case_of_the_deck() -> None:
    params = SizingParams(
        market_size="220000000", market_growth=0.3, market_ka_part=0.4, market_share_aim=0.6
    )
    year = size_sides(make_cube(), None, make_accounts(), period=parse_period("2026"), params=params)
    assert year.market == Decimal("68640000")
    assert sides_of(params).market == Decimal("17160000")
    assert sides_of(SizingParams(market_size="220")).market is None


def test_from_below_is_forecast_and_a_part_of_the_open_potential_and_new_business() -> None:
    # a quarter of the potentials of A, C, D and E is 750, 500, 250, 125; A's forecast of 600 leaves 150 of
    # its 750; G is closed; so 1,025 are open, a fifth of which is 205
    pipeline = pd.DataFrame({"period": ["2026-01", "2026-04"], "new_business": to_money([30_0000, 99_0000])})
    sides = sides_of(SizingParams(potential_uplift=0.2), pipeline=pipeline)
    assert (sides.forecast, sides.open_potential, sides.uplift, sides.new_business) == (750, 1025, 205, 30)
    assert sides.below == 985


def test_potential_that_is_not_known_or_not_to_be_won_is_null_from_below() -> None:
    assert (sides_of().open_potential, sides_of().uplift) == (1025, None)
    unknown = make_accounts().assign(potential=None)
    params = SizingParams(potential_uplift=0.2)
    sides = size_sides(make_cube(), forecast_of(A=200), unknown, period=PERIOD, params=params)
    assert (sides.open_potential, sides.uplift, sides.below) == (None, None, 600)
    table = sides_table(sides, total=1000).set_index("side")
    assert table.loc[["uplift", "new_business"], "amount"].isna().all()


def test_without_a_forecast_of_every_month_nothing_is_said_from_below() -> None:
    part = forecast_of(A=200)
    assert sides_of(forecast=part[part["period"] != "2026-03"]).below is None
    assert sides_of(forecast=None).below is None


def test_the_table_compares_whole_sides_with_the_total() -> None:
    table = sides_table(sides_of(SizingParams(potential_uplift=0.2)), total=1000).set_index("side")
    assert table.loc["below", "against_target"] == Decimal(-45)
    assert table.loc["growth", "against_target"] == Decimal(210)
    assert table.loc[["uplift", "new_business", "market"], "against_target"].isna().all()


@pytest.mark.parametrize(
    ("basis", "total"), [("growth", 1210), ("market", 17160000), ("below", 960), ("between", 1080)]
)
def test_the_total_is_the_side_asked_for(basis: str, total: int) -> None:
    params = SizingParams(
        basis=basis, market_size="220000000", market_growth=0.3, market_ka_part=0.4, market_share_aim=0.6,
        potential_uplift=0.2,
    )  # fmt: skip
    size = size_target(
        make_cube(), forecast_of(A=200, B=50), period=PERIOD, params=params, unit=10, sides=sides_of(params)
    )
    # below: 955, rounded up to 960; between: half of 1,210 + 955 = 1,082.50
    assert size.total == total
    assert size.basis == basis


def test_a_total_from_below_is_reached_step_by_step() -> None:
    params = SizingParams(basis="below", potential_uplift=0.2, over_assignment=0.1)
    forecast, sides = forecast_of(A=200, B=50), sides_of(params)
    size = size_target(make_cube(), forecast, period=PERIOD, params=params, unit=10, sides=sides)
    steps = sizing_steps(size, sides)
    # 1,100 last year; 750 forecast, 205 of potential, a tenth of 955 more: 1,050.5
    assert dict(zip(steps["step"], steps["amount"].astype(float), strict=True)) == {
        "base": 1100, "to_forecast": -350, "uplift": 205, "over": 95.5, "rounding": -0.5, "target": 1050,
        "gap": -300, "forecast": 750,
    }  # fmt: skip
    assert steps["growth"].isna().all()
    alone = sizing_steps(size).set_index("step")
    assert (alone.loc["below", "amount"], alone.loc["below", "growth"]) == (-145, pytest.approx(-145 / 1100))


def test_over_assignment_is_added_to_the_total_and_named() -> None:
    params = SizingParams(over_assignment=0.05)
    size = size_target(make_cube(), period=PERIOD, params=params, unit=1)
    assert size.total == 1271
    assert size.over == Decimal("60.5")
    steps = sizing_steps(size).set_index("step")
    assert steps.loc[["growth", "over"], "amount"].tolist() == [110, Decimal("60.5")]
    assert steps.loc["growth", "growth"] == 0.1


@pytest.mark.parametrize(
    ("basis", "message"),
    [("market", "Give sizing.market_size and sizing.market_share_aim"), ("below", "Forecast every month")],
)
def test_a_side_that_is_not_known_is_refused(basis: str, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        size_target(make_cube(), period=PERIOD, params=SizingParams(basis=basis), unit=10)


def test_a_request_by_the_market_is_checked_beforehand_one_from_below_later() -> None:
    more: dict[str, Any] = {"period": PERIOD, "allocation": AllocationParams(**FREE), "unit": 10}
    with pytest.raises(ParameterError, match="total by market, which is not known"):
        check_request(make_cube(), make_accounts(), sizing=SizingParams(basis="market"), **more)
    check_request(make_cube(), make_accounts(), sizing=SizingParams(basis="below"), **more)
