"""The panel that compares scenarios by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import ipywidgets as ui

from kamlib.glossary import LANGUAGES, Words
from kamlib.packs.live_scenarios import ScenarioDesk, rename_scenario, scenarios_html, set_scenario
from kamlib.packs.live_targets import TargetDesk, idle
from kamlib.packs.planning import PlanningParams
from kamlib.runs import open_run
from kamlib.targets.scenarios import scenario_params
from kamlib.widgets.frame import Frame, panel_or_reason
from kamlib.widgets.slider import Slider
from kamlib.widgets.targets import KNOBS, plan_frame

_MOST = 4  # scenarios with sliders: more columns are not compared at a glance
_TURNED = ("growth", "history_weight")
Overlay = dict[str, dict[str, Any]]


def scenarios_panel(run: str = "latest") -> Any:
    """Make the panel of scenarios of a published plan; see `kamlib.widgets.targets.targets_panel`."""
    return panel_or_reason(lambda: ScenariosPanel(TargetDesk(open_run(run))).frame.show())


class ScenariosPanel:
    """Up to four named scenarios side by side with the plan; further ones of a file stay as they are.

    Parameters
    ----------
    desk : TargetDesk
        The plan.
    """

    def __init__(self, desk: TargetDesk) -> None:
        self.desk = ScenarioDesk(desk)
        self.slots: list[dict[str, Any]] = []
        self._names: list[str | None] = [None] * _MOST
        self._put_by: list[tuple[str, Overlay] | None] = [None] * _MOST
        self.frame = plan_frame(
            desk,
            "widgets.scenarios",
            self._controls,
            lambda params, words: scenarios_html(self.desk, params, words),
            followed=("sizing.", "allocation.", "attainability.", "scenarios."),
            remarks=self._remarks,
        )

    def turn(self, place: int, name: str, percent: float) -> None:
        """Set one parameter of a slot's scenario [percent]; one that is not shown is shown with it."""
        knob = KNOBS[name]
        overlay = {knob.section: {name: knob.parameter(percent)}}
        scenario, _ = self._of(place)
        kept = self._put_by[place]
        old = kept[1] if kept is not None and kept[0] == scenario else {}
        self._names[place] = scenario

        def turned(before: PlanningParams) -> PlanningParams:
            there = scenario in before.scenarios.overlays
            return set_scenario(before if there else set_scenario(before, scenario, old), scenario, overlay)

        self.frame.turn(f"{name} {scenario}", turned)

    def tick(self, place: int, on: bool) -> None:
        """Show a slot's scenario, as it was when it was last shown, or leave it out."""
        scenario, old = self._of(place)
        if not on:
            self._put_by[place] = (scenario, self.frame.state.scenarios.overlays.get(scenario, {}))
        self._names[place] = scenario if on else None
        self.frame.change(set_scenario(self.frame.state, scenario, old if on else None))

    def rename(self, place: int, name: str) -> None:
        """Give a slot's scenario another name; a name that cannot be is refused and the old one stays."""
        scenario, old = self._of(place)
        taken = tuple(Words(lang)("targets.scenario_plan") for lang in LANGUAGES)
        try:
            state = rename_scenario(self.frame.state, scenario, name.strip(), taken=taken)
        except Exception:
            with self.frame.quiet():
                self.slots[place]["name"].value = scenario
            raise
        if self._names[place] is None:
            self._put_by[place] = (name.strip(), old)
        else:
            self._names[place] = name.strip()
            self.frame.change(state)

    def _of(self, place: int) -> tuple[str, Overlay]:
        """Return the name of a slot's scenario, and what it changes where it is not shown."""
        name, kept = self._names[place], self._put_by[place]
        if name is not None:
            return name, {}
        if kept is not None and kept[0] not in self.frame.state.scenarios.overlays:
            return kept
        taken, number = self.frame.state.scenarios.overlays, place + 1
        while (free := self.frame.words("widgets.scenario_name", number=number)) in taken:
            number += _MOST
        return free, {}

    def _remarks(self, params: PlanningParams, words: Words) -> list[str]:
        further = [name for name in params.scenarios.overlays if name not in self._names]
        return [words("widgets.further", names=", ".join(further))] if further else []

    def _controls(self, frame: Frame[PlanningParams]) -> list[Any]:
        self._seat(frame.state)
        self.slots = [self._slot(place) for place in range(_MOST)]
        frame.follow.append(self._show)
        row = ui.Layout(flex_flow="row wrap", align_items="center")
        return [ui.VBox([ui.Box(list(slot.values()), layout=row) for slot in self.slots])]

    def _slot(self, place: int) -> dict[str, Any]:
        words, frame = self.frame.words, self.frame
        on = ui.Checkbox(
            value=False, indent=False, description=words("widgets.scenario_on", number=place + 1),
            layout=ui.Layout(width="11em"),
        )  # fmt: skip
        named = ui.Text(
            description=words("widgets.scenario_named", number=place + 1), continuous_update=False,
            layout=ui.Layout(width="24em"), style={"description_width": "11em"},
        )  # fmt: skip
        slot: dict[str, Any] = {"on": on, "name": named}
        frame.watch(on, partial(self.tick, place))
        frame.watch(named, partial(self.rename, place))
        for name in _TURNED:
            knob = KNOBS[name]
            slot[name] = Slider(
                min=knob.low, max=knob.high, unit=" %", label=words(f"widgets.{name}_short"),
                name=words("widgets.of_scenario", what=words(f"widgets.{name}"), number=place + 1),
                lang=words.lang, layout=ui.Layout(width="21em"),
            )  # fmt: skip
            slot[name].add_class("kam-short")
            frame.watch(slot[name], partial(self.turn, place, name))
        return slot

    def _seat(self, state: PlanningParams) -> None:
        """Let every scenario keep its slot; one that is gone leaves it, new ones take those that are free."""
        there = list(state.scenarios.overlays)
        self._names = [name if name in there else None for name in self._names]
        waiting = [name for name in there if name not in self._names]
        for place, name in enumerate(self._names):
            if name is None and waiting:
                self._names[place] = waiting.pop(0)

    def _show(self, state: PlanningParams) -> None:
        self._seat(state)
        for place, slot in enumerate(self.slots):
            name, old = self._of(place)
            shown = self._names[place] is not None
            slot["on"].value, slot["name"].value = shown, name
            overlay = state.scenarios.overlays[name] if shown else old
            sizing, allocation = scenario_params(name, state.sizing, state.allocation, overlay)
            here = state.model_copy(update={"sizing": sizing, "allocation": allocation})
            without = idle(here)
            for knob in _TURNED:
                slot[knob].value = KNOBS[knob].value(here, knob)
                slot[knob].disabled = knob in without
