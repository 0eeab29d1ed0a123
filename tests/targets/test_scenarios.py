from __future__ import annotations

from typing import Any

import pytest

from kamlib.errors import ParameterError
from kamlib.params import Layer, build_params
from kamlib.targets import AllocationParams, ScenarioParams, SizingParams, allocate_targets, compare_scenarios
from kamlib.targets.scenarios import Comparison
from tests.targets.sample import FREE, PERIOD, make_accounts, make_cube, make_forecast


def compare(overlays: dict[str, Any], **more: Any) -> Comparison:
    known: dict[str, Any] = {
        "sizing": SizingParams(total=1220),
        "allocation": AllocationParams(**FREE),
    } | more
    return compare_scenarios(
        make_cube(),
        make_accounts(),
        make_forecast(make_cube()),
        overlays=overlays,
        period=PERIOD,
        unit=10,
        **known,
    )


def total_of(found: Comparison, scenario: str, column: str = "target") -> int:
    rows = found.table[(found.table["scenario"] == scenario) & (found.table["dimension"] == "company")]
    return int(rows[column].item())


def test_a_scenario_is_the_same_split_under_its_own_parameters() -> None:
    found = compare({"history": {"allocation": {"history_weight": 1.0}}})
    alone = allocate_targets(
        make_cube(), make_accounts(), total=1220, period=PERIOD,
        params=AllocationParams(history_weight=1.0, **FREE), unit=10,
    )  # fmt: skip
    rows = found.table[(found.table["scenario"] == "history") & (found.table["dimension"] == "account")]
    there = rows.set_index("key")["target"]
    for account, target in alone.accounts.set_index("account_id")["target"].items():
        assert there.get(account, 0) == target


def test_changes_against_the_plan_add_up_at_every_dimension() -> None:
    found = compare({"bold": {"sizing": {"total": 1500}}, "flat": {}})
    assert (total_of(found, "plan"), total_of(found, "bold"), total_of(found, "flat")) == (1220, 1500, 1220)
    assert total_of(found, "bold", "against_plan") == 280
    sums = found.table.groupby(["scenario", "dimension"])["against_plan"].sum()
    assert set(sums["bold"]) == {280}
    assert set(sums["flat"]) == set(sums["plan"]) == {0}


def test_what_cannot_be_met_is_told_and_the_others_stand() -> None:
    found = compare({"floors": {"allocation": {"floors": {"A": 5000}}}, "bold": {"sizing": {"total": 1500}}})
    assert set(found.table["scenario"]) == {"plan", "bold"}
    assert found.refused["floors"].startswith("the floors add up to 5,000")
    with pytest.raises(ParameterError, match="the floors add up to 5,000"):
        compare({}, allocation=AllocationParams(floors={"A": 5000}, **FREE))


@pytest.mark.parametrize(
    ("overlays", "message"),
    [
        ({"bold": {"sizing": {"grwth": 0.2}}}, 'scenario bold: .*"?grwth'),
        ({"bold": {"sizing": {"growth": -3.0}}}, "scenario bold: growth is -3"),
    ],
)
def test_a_wrong_value_names_its_scenario(overlays: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        compare(overlays)


@pytest.mark.parametrize(
    ("overlays", "message"),
    [
        ({"plan": {}}, '"plan" is the name of the plan itself'),
        ({"x": {"forecast": {"method": "theta"}}}, 'x: "forecast" is no section of targets'),
        ({f"s{i}": {} for i in range(7)}, "7 scenarios; at most 6 can be compared"),
    ],
)
def test_names_of_scenarios_and_sections_are_checked_before_anything_runs(
    overlays: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        build_params(ScenarioParams, [Layer("my.yaml", {"overlays": overlays})])
