"""Named scenarios side by side: the same split under other parameters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import AfterValidator, JsonValue

from kamlib.errors import ParameterError
from kamlib.params import Layer, Params, build_params, param
from kamlib.periods import Period
from kamlib.targets.allocation import allocate_targets
from kamlib.targets.factors import Evidence
from kamlib.targets.params import AllocationParams, SizingParams
from kamlib.targets.sides import size_sides
from kamlib.targets.sizing import size_target
from kamlib.targets.summary import summarise_targets

BASE = "plan"
"""Name of the parameters the plan itself is made with."""

_MOST = 6  # scenarios beside the plan: more bars than a reader compares
_SHOWN = ("company", "rep", "region", "account_type", "product_line", "account")
_MODELS: Mapping[str, type[Params]] = {"sizing": SizingParams, "allocation": AllocationParams}


def _checked(
    overlays: dict[str, dict[str, dict[str, JsonValue]]],
) -> dict[str, dict[str, dict[str, JsonValue]]]:
    if BASE in overlays:
        raise ValueError(f'"{BASE}" is the name of the plan itself; give the scenario another name')
    if len(overlays) > _MOST:
        raise ValueError(f"{len(overlays)} scenarios; at most {_MOST} can be compared")
    for name, sections in overlays.items():
        for section in sections:
            if section not in _MODELS:
                raise ValueError(f'{name}: "{section}" is no section of targets; write sizing or allocation')
    return overlays


Overlays = Annotated[dict[str, dict[str, dict[str, JsonValue]]], AfterValidator(_checked)]
"""Values laid over the plan's, by scenario, section and name."""


class ScenarioParams(Params):
    """Which scenarios stand beside the plan."""

    section = "scenarios"
    overlays: Overlays = param(
        {},
        en="what each named scenario changes against the plan: sizing and allocation parameters by name",
        zh="各命名情景相对计划所改动的参数：按名称给出 sizing 与 allocation 的参数",
        unit="",
        source="none unless the company names one",
        strength="our choice",
    )


@dataclass(frozen=True)
class Comparison:
    """Targets under each scenario.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per scenario (the plan first, then as named), dimension (company, rep, region, account_type,
        product_line, account) and key: scenario, dimension, key, actual_last_year, forecast [currency, null
        without a forecast], target [currency, int64], against_plan (target less the plan's) [currency,
        int64], growth_asked [fraction].
    refused : dict of str to str
        Scenarios that cannot be met, and why.
    """

    table: pd.DataFrame
    refused: dict[str, str]


def compare_scenarios(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    forecast: pd.DataFrame | None = None,
    *,
    sizing: SizingParams,
    allocation: AllocationParams,
    overlays: Mapping[str, Mapping[str, Mapping[str, Any]]],
    period: Period,
    unit: int,
    as_of: dt.date | None = None,
    evidence: Evidence | None = None,
    pipeline: pd.DataFrame | None = None,
) -> Comparison:
    """Size and split the targets under the plan's parameters and under each scenario's.

    Parameters
    ----------
    cube, accounts, forecast, period, unit, as_of, evidence, pipeline
        As for `size_sides`, `size_target` and `allocate_targets`.
    sizing, allocation : Params
        The plan's parameters.
    overlays : mapping
        By scenario, section (``"sizing"`` or ``"allocation"``) and name: the values that differ.

    Returns
    -------
    Comparison

    Raises
    ------
    ParameterError
        If the plan itself cannot be met, or a scenario names an unknown parameter or a value out of range.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> cube = pd.DataFrame({"account_id": ["A", "B"], "product_line": "L", "month": "2025-01",
    ...                      "revenue": [600.0, 300.0]})
    >>> accounts = pd.DataFrame({"account_id": ["A", "B"], "region": "N", "account_type": "T", "rep_id": "R",
    ...                          "potential": [None, None], "status": "active"})
    >>> found = compare_scenarios(cube, accounts, sizing=SizingParams(growth=0.0),
    ...                           allocation=AllocationParams(), period=parse_period("2026-01"), unit=100,
    ...                           overlays={"bold": {"sizing": {"growth": 0.2}}})
    >>> found.table.loc[found.table["dimension"] == "company", ["scenario", "target", "against_plan"]]
      scenario  target  against_plan
    0     plan     900             0
    7     bold    1100           200
    """
    plans = {BASE: (sizing, allocation)} | {
        name: scenario_params(name, sizing, allocation, overlay) for name, overlay in overlays.items()
    }
    tables, refused = [], {}
    for name, (size, split) in plans.items():
        try:
            sides = size_sides(
                cube, forecast, accounts, period=period, params=size, pipeline=pipeline, as_of=as_of
            )
            total = size_target(
                cube, forecast, period=period, params=size, unit=unit, as_of=as_of, sides=sides
            ).total
            made = allocate_targets(
                cube,
                accounts,
                total=total,
                period=period,
                params=split,
                unit=unit,
                as_of=as_of,
                evidence=evidence,
            )
        except ParameterError as error:
            if name == BASE:
                raise
            refused[name] = str(error)
            continue
        summary = summarise_targets(
            made.targets, accounts, cube=cube, forecast=forecast, period=period, as_of=as_of
        )
        kept = summary[summary["dimension"].isin(_SHOWN)].copy()
        kept.insert(0, "scenario", name)
        tables.append(kept)
    table = pd.concat(tables, ignore_index=True)
    keys = ["dimension", "key", "without_account"]
    plan = table.loc[table["scenario"] == BASE, [*keys, "target"]]
    before = table[keys].merge(plan, on=keys, how="left")["target"].fillna(0).to_numpy(dtype=np.int64)
    table["against_plan"] = table["target"] - before
    columns = ["scenario", "dimension", "key", "without_account", "actual_last_year", "target"]
    columns += ["against_plan", "growth_asked"]
    if "forecast" in table:
        columns.insert(5, "forecast")
    return Comparison(table[columns], refused)


def scenario_params(
    name: str, sizing: SizingParams, allocation: AllocationParams, overlay: Mapping[str, Mapping[str, Any]]
) -> tuple[SizingParams, AllocationParams]:
    """Lay a scenario's values over the plan's.

    Raises
    ------
    ParameterError
        If a name is unknown or a value has the wrong type or is out of range; the message names the scenario.
    """
    origin = f"scenario {name}"
    return (
        build_params(SizingParams, [_layer(sizing), Layer(origin, overlay.get("sizing", {}))]),
        build_params(AllocationParams, [_layer(allocation), Layer(origin, overlay.get("allocation", {}))]),
    )


def _layer(params: Params) -> Layer:
    return Layer("plan", params.model_dump())
