"""The numbers behind the sliders for scenarios: the plan and its scenarios side by side, come what may."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.charts import live
from kamlib.errors import ParameterError
from kamlib.glossary import Words
from kamlib.incentives import PayParams, cost_at_forecast
from kamlib.measures.money import SCALE
from kamlib.packs.live_targets import Split, TargetDesk
from kamlib.packs.overlay import PanelError
from kamlib.packs.paying import period_pay
from kamlib.packs.planning import PlanningParams
from kamlib.params import Layer, build_params
from kamlib.targets import reps_at_target
from kamlib.targets.scenarios import BASE, scenario_params

_SHOWN = 40
_KEPT = 40  # rows kept: all plans of the last few moves
CASES = ("worst", "middle", "best")
"""Tenths of what the forecast leaves open: of the joint paths with the lowest, the middle and the highest sum
of the company, each tenth is taken by itself."""


@dataclass(frozen=True)
class Effect:
    """What a plan comes to in one case.

    Attributes
    ----------
    attained : float
        Mean of the company's revenue over its target [fraction]; NaN without a target.
    reps : float or None
        Mean share of reps at target [fraction].
    pay : float or None
        Mean cost of variable pay [currency].
    """

    attained: float
    reps: float | None
    pay: float | None


@dataclass(frozen=True)
class ScenarioDesk:
    """A published plan, ready to be compared with scenarios.

    Attributes
    ----------
    desk : TargetDesk
        The plan.
    """

    desk: TargetDesk

    @cached_property
    def cases(self) -> dict[str, NDArray[np.int64]]:
        """Joint paths by case, ``all`` first; empty without a forecast."""
        keys, paths = self.desk.judged
        company = (keys["level"] == "company").to_numpy()
        if paths is None or not paths.shape[1] or not company.any():
            return {}
        order = np.argsort(paths[company][0], kind="stable")
        n = max(len(order) // 10, 1)
        starts = (0, (len(order) - n) // 2, len(order) - n)
        tenths = {case: paths[:, order[at : at + n]] for case, at in zip(CASES, starts, strict=True)}
        return {"all": paths, **tenths}

    @cached_property
    def pay(self) -> PayParams:
        """What the run's period pays."""
        return period_pay(self.desk.run)

    @cached_property
    def _effects(self) -> dict[str, dict[str, Effect]]:
        return {}

    def effects(self, split: Split) -> dict[str, Effect]:
        """Return what a split comes to over all paths and in each case of `CASES`.

        A path is a joint way in which all reps' accounts may do: reps rise and fall together on it.
        """
        if split.key not in self._effects:
            while len(self._effects) >= _KEPT:
                del self._effects[next(iter(self._effects))]
            self._effects[split.key] = {
                case: self._effect(split, paths) for case, paths in self.cases.items()
            }
        return self._effects[split.key]

    def _effect(self, split: Split, paths: NDArray[np.int64]) -> Effect:
        keys = self.desk.judged[0]
        company = (keys["level"] == "company").to_numpy()
        came = float(paths[company].mean()) / SCALE
        cost = cost_at_forecast(split.likely, keys, paths, params=self.pay)
        return Effect(
            attained=came / split.total if split.total else float("nan"),
            reps=reps_at_target(split.likely, keys, paths).expected,
            pay=None if cost is None else float(cost["mean_cost"].iloc[0]),
        )

    def plans(self, params: PlanningParams) -> dict[str, Split | ParameterError]:
        """Return the plan, under the name `BASE`, and each scenario: its split, or why there is none."""
        plans: dict[str, Split | ParameterError] = {BASE: self.desk.split(params)}
        for name, overlay in params.scenarios.overlays.items():
            try:
                sizing, allocation = scenario_params(name, params.sizing, params.allocation, overlay)
                plans[name] = self.desk.split(
                    params.model_copy(update={"sizing": sizing, "allocation": allocation})
                )
            except ParameterError as error:
                plans[name] = error
        return plans


def set_scenario(
    params: PlanningParams, name: str, overlay: dict[str, dict[str, Any]] | None
) -> PlanningParams:
    """Return parameters with one scenario's values laid over those that it has; all others stay.

    Parameters
    ----------
    params : PlanningParams
        With their scenarios.
    name : str
        The scenario; a new one comes last.
    overlay : dict or None
        By section and name, what changes; None takes the scenario away.

    Raises
    ------
    ParameterError
        If there would be too many scenarios, or a value is out of range.
    """
    overlays = dict(params.scenarios.overlays)
    if overlay is None:
        overlays.pop(name, None)
    else:
        old = overlays.get(name, {})
        overlays[name] = {section: {**old.get(section, {}), **overlay.get(section, {})}
                          for section in dict.fromkeys([*old, *overlay])}  # fmt: skip
        scenario_params(name, params.sizing, params.allocation, overlays[name])
    return _with_overlays(params, overlays)


def rename_scenario(params: PlanningParams, old: str, new: str, *, taken: tuple[str, ...]) -> PlanningParams:
    """Return parameters with a scenario under another name, in its place.

    Raises
    ------
    ParameterError
        If the name is empty, another scenario's, or one of `taken`: names that the plan itself bears.
    """
    overlays = params.scenarios.overlays
    if not new:
        raise PanelError("widgets.name_empty")
    if new in (BASE, *taken):
        raise PanelError("widgets.name_plan", name=new)
    if new in overlays and new != old:
        raise PanelError("widgets.name_taken", name=new)
    return _with_overlays(params, {new if name == old else name: kept for name, kept in overlays.items()})


def _with_overlays(params: PlanningParams, overlays: dict[str, Any]) -> PlanningParams:
    values = params.model_dump()
    return build_params(PlanningParams, [Layer("panel", {**values, "scenarios": {"overlays": overlays}})])


def scenarios_html(desk: ScenarioDesk, params: PlanningParams, words: Words) -> str:
    """Draw the plan and its scenarios side by side: total, who reaches it, what pay costs, case by case."""
    plans = desk.plans(params)
    made = {name: found for name, found in plans.items() if isinstance(found, Split)}
    shown = {name: _shown_name(name, words) for name in plans}
    title = words("widgets.scenarios_title", count=len(plans) - 1)
    columns = ("scenario", "target", "growth_asked", "chance", "reps_at", "pay")
    rows = [[escape(shown[name]), *_row(desk, made.get(name), words)] for name in plans]
    table = live.live_table(
        [words(f"widgets.{name}") for name in columns], rows, numeric=[False, *[True] * 5], caption=title
    )
    refused = "".join(
        f"<p>{escape(shown[name])}: {escape(_why(error, words))}</p>"
        for name, error in plans.items()
        if isinstance(error, ParameterError)
    )
    cases = _cases_html(desk, made, words)
    return live.live_page(
        title, f"{table}{refused}{cases}{_reps_html(desk.desk, made, words)}", lang=words.lang
    )


def _shown_name(name: str, words: Words) -> str:
    return words("targets.scenario_plan") if name == BASE else name


def _why(error: ParameterError, words: Words) -> str:
    return " ".join((error.said(words) if isinstance(error, PanelError) else str(error)).split())


def _row(desk: ScenarioDesk, found: Split | None, words: Words) -> list[str]:
    if found is None:
        return ["–"] * 5
    effect = desk.effects(found).get("all", Effect(float("nan"), None, None))
    growth = found.size.growth
    return [
        words.money(found.total),
        "–" if growth is None else words.signed_percent(growth),
        words.chance(found.likely["reach_probability"].iloc[0]),
        _percent(effect.reps, words),
        "–" if effect.pay is None else words.money(effect.pay),
    ]


def _percent(fraction: float | None, words: Words) -> str:
    return "–" if fraction is None or fraction != fraction else words.percent(fraction)


def _cases_html(desk: ScenarioDesk, made: dict[str, Split], words: Words) -> str:
    """Say what the same plans come to when the worst, the middle or the best of the forecast comes."""
    if not desk.cases:
        return ""
    rows = []
    for name, found in made.items():
        effects = [desk.effects(found)[case] for case in CASES]
        rows.append(
            [
                escape(_shown_name(name, words)),
                *(_percent(one.attained, words) for one in effects),
                *(_percent(one.reps, words) for one in effects),
                *("–" if one.pay is None else words.money(one.pay) for one in effects),
            ]
        )
    title = words("widgets.cases_title")
    head = [words("widgets.scenario"), *(
        words("widgets.in_case", what=words(f"widgets.{what}"), case=words(f"widgets.case_{case}"))
        for what in ("attained", "reps_at", "pay") for case in CASES
    )]  # fmt: skip
    table = live.live_table(head, rows, numeric=[False, *[True] * 9], caption=title)
    return f"<p><b>{escape(title)}</b></p><p>{escape(words('widgets.cases_how'))}</p>{table}"


def _reps_html(desk: TargetDesk, made: dict[str, Split], words: Words) -> str:
    by_rep = pd.DataFrame(
        {name: found.accounts.groupby("rep_id")["target"].sum() for name, found in made.items()}
    )
    by_rep = by_rep.sort_values(by_rep.columns[0], ascending=False)
    by_rep = by_rep[(by_rep > 0).any(axis=1)]
    cells = [[escape(desk.names.get(str(rep), str(rep))), *(words.money(v) for v in row)]
             for rep, row in zip(by_rep.index[:_SHOWN], by_rep.to_numpy()[:_SHOWN], strict=True)]  # fmt: skip
    nobody = [found.accounts["target"][found.accounts["rep_id"].isna()].sum() for found in made.values()]
    if any(nobody):
        cells.append([escape(words("widgets.no_rep")), *(words.money(v) for v in nobody)])
    title = words("widgets.by_rep_title")
    head = [words("widgets.rep"), *(_shown_name(name, words) for name in made)]
    more = ""
    if len(by_rep) > _SHOWN:
        more = f"<p>{escape(words('widgets.more', shown=_SHOWN, count=len(by_rep)))}</p>"
    table = live.live_table(head, cells, numeric=[False, *[True] * len(made)], caption=title)
    return f"<p><b>{escape(title)}</b></p>{table}{more}"
