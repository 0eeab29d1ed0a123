from __future__ import annotations

from decimal import Decimal

import pytest

from kamlib.errors import ParameterError
from kamlib.params import STRENGTHS, Layer, build_params, list_params, parse_overrides
from kamlib.targets import AllocationParams, SizingParams


def test_every_default_has_its_source() -> None:
    rows = [*list_params(SizingParams()), *list_params(AllocationParams())]
    assert {row.name for row in rows} == {
        "growth", "total", "history_weight", "history_quarters", "growth_floor", "growth_cap",
        "potential_cap", "pins", "floors", "caps", "weights", "purchasing_power", "requirements",
        "growth_parts", "growth_convention", "market_size", "market_growth", "market_ka_part",
        "market_share_aim", "potential_uplift", "basis", "above_weight", "over_assignment", "stretch",
    }  # fmt: skip
    assert all(row.source and row.strength in STRENGTHS and row.unit and row.meaning_zh for row in rows)


def test_account_ids_that_yaml_reads_as_numbers_are_text() -> None:
    given = parse_overrides(["pins.1001=5000", "pins.A7=12.5"])
    params = build_params(AllocationParams, [Layer("-p", given)])
    assert params.pins == {"1001": Decimal(5000), "A7": Decimal("12.5")}


def test_a_run_stores_amounts_and_reads_them_back() -> None:
    params = AllocationParams(pins={"A": "1200.50"}, growth_cap=None)
    stored = params.model_dump(mode="json")
    assert build_params(AllocationParams, [Layer("run", stored)]) == params
    assert stored["pins"] == {"A": "1200.50"}


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        (AllocationParams, {"history_weight": 1.2}, "history_weight is 1.2: input should be less than or equal to 1."),
        (AllocationParams, {"growth_flor": 0.1}, 'growth_flor is not a parameter. Did you mean "growth_floor"?'),
        (AllocationParams, {"growth_floor": -1.5}, "growth_floor is -1.5: input should be greater than or equal to -1."),
        (AllocationParams, {"pins": {"A": "much"}}, "pins.A is 'much': 'much' is not an amount; write digits such as 120000 or 99.5."),
        (AllocationParams, {"pins": 5}, "pins is 5: write a mapping of names to values: {name: value}."),
        (AllocationParams, {"weights": {"history": 0.5, "potential": 0.4}}, "weights: the weights add up to 0.9; they must add up to 1."),
        (AllocationParams, {"weights": {"histroy": 1.0}}, 'weights: "histroy" is not a factor; there are history, potential, forecast, ability, demand, competition, resources, purchasing_power.'),
        (SizingParams, {"growth": -1.0}, "growth is -1.0: input should be greater than -1."),
        (SizingParams, {"total": 0}, "total is 0: input should be greater than 0."),
        (SizingParams, {"growth": "ten"}, "growth is 'ten': write a number in digits, such as 0.08."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(model: type, values: dict, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        build_params(model, [Layer("file", values)])
    assert str(caught.value) == f"file: {message}"
