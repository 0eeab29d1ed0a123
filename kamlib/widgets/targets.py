"""The panels that set targets and compare scenarios by hand."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import Any

import ipywidgets as ui

from kamlib.errors import KamError
from kamlib.packs.live_targets import (
    TargetDesk,
    best_and_worst,
    quick_pins,
    scenarios_html,
    targets_html,
    with_values,
)
from kamlib.packs.planning import PlanningParams, planning_params
from kamlib.runs import open_run, project_root
from kamlib.widgets.frame import DESCRIBED, WIDE, Frame, panel_or_reason

_KNOBS = {
    "growth": ("sizing", -30, 60),
    "history_weight": ("allocation", 0, 100),
    "growth_floor": ("allocation", -100, 0),
    "growth_cap": ("allocation", 0, 300),
    "wanted_probability": ("attainability", 1, 99),
}
"""Parameters that have a slider: their section and ends [percent]."""
_QUICK = 10  # accounts offered to be pinned by a click
_MOST = 4  # scenarios side by side: more columns are not compared at a glance


def targets_panel(run: str = "latest") -> Any:
    """Make the panel of targets of a published plan.

    Parameters
    ----------
    run : str
        Folder of a planning run, or ``"latest"``.

    Returns
    -------
    ipywidgets.VBox
        Where there is no such run: a message that says so.
    """
    return panel_or_reason(lambda: TargetsPanel(TargetDesk(open_run(run))).frame.show())


def scenarios_panel(run: str = "latest") -> Any:
    """Make the panel of scenarios of a published plan; see `targets_panel`."""
    return panel_or_reason(lambda: ScenariosPanel(TargetDesk(open_run(run))).frame.show())


def _frame(desk: TargetDesk, title: str, controls: Any, draw: Any) -> Frame[PlanningParams]:
    period, book = desk.run.facts["period"], desk.run.facts["book"]["name"]
    return Frame(
        desk.params,
        below=[planning_params(book=book), planning_params(period, book=book)],
        folder=project_root() / "params" / "planning",
        name=period,
        title=title,
        controls=controls,
        draw=draw,
        words=desk.run.words,
        book=book,
    )


def _percent(value: float | None, low: int, high: int) -> int:
    return high if value is None else min(max(round(100 * value), low), high)


class TargetsPanel:
    """Sliders for the total and its split, and accounts pinned by hand.

    Parameters
    ----------
    desk : TargetDesk
        The plan.
    """

    def __init__(self, desk: TargetDesk) -> None:
        self.desk = desk
        self.sliders: dict[str, Any] = {}
        self.quick: list[Any] = []
        self.frame = _frame(
            desk, "widgets.targets", self._controls, lambda params, words: targets_html(desk, params, words)
        )

    def turn(self, name: str, percent: int) -> None:
        """Set one parameter [percent]."""
        section = _KNOBS[name][0]
        self._set(section, {name: percent / 100})

    def pin(self, account: str, amount: int) -> None:
        """Pin an account's target."""
        pins = {**self.frame.state.allocation.pins, account: Decimal(amount)}
        self._set("allocation", {"pins": pins})

    def unpin(self, account: str) -> None:
        """Let an account go again."""
        pins = {name: value for name, value in self.frame.state.allocation.pins.items() if name != account}
        split = self.frame.state.allocation.model_copy(update={"pins": pins})
        self.frame.change(self.frame.state.model_copy(update={"allocation": split}))

    def _set(self, section: str, values: dict[str, Any]) -> None:
        try:
            state = with_values(self.frame.state, section, values)
        except KamError as error:
            self.frame.say(error)
            return
        self.frame.change(state)

    def _controls(self, frame: Frame[PlanningParams]) -> list[Any]:
        words = frame.words
        rows = []
        for name, (section, low, high) in _KNOBS.items():
            if name == "history_weight" and frame.state.allocation.weights:
                continue  # other factors are weighed one by one in the parameters
            label = words(f"widgets.{name}")
            slider = ui.IntSlider(
                value=_percent(getattr(getattr(frame.state, section), name), low, high), min=low, max=high,
                description=label, readout_format="d", layout=WIDE, style=DESCRIBED, tooltip=label,
            )  # fmt: skip
            slider.observe(lambda change, name=name: self._turned(name, change["new"]), "value")
            self.sliders[name] = slider
            rows.append(slider)
        frame.follow.append(self._show)
        return [ui.VBox(rows), self._quick_pins(), self._pins()]

    def _turned(self, name: str, percent: int) -> None:
        if not self.frame.setting:
            self.turn(name, percent)

    def _show(self, state: PlanningParams) -> None:
        for name, slider in self.sliders.items():
            section, low, high = _KNOBS[name]
            slider.value = _percent(getattr(getattr(state, section), name), low, high)

    def _quick_pins(self) -> Any:
        """Make a button an account, pinned ones first, then those that move most."""
        words = self.frame.words
        self.quick = [ui.Button(layout=ui.Layout(width="auto", display="none")) for _ in range(_QUICK)]
        offered: list[tuple[str, int]] = []

        def offer(state: PlanningParams) -> None:
            offered[:] = quick_pins(self.desk, state)[:_QUICK]
            for place, button in enumerate(self.quick):
                button.layout.display = "inline-block" if place < len(offered) else "none"
                if place < len(offered):
                    account, amount = offered[place]
                    mark = "✓ " if account in state.allocation.pins else ""
                    name = self.desk.names.get(account, account)
                    button.description = f"{mark}{name} · {words.money(amount)}"
                    button.tooltip = words("widgets.quick_pins")

        def click(place: int) -> None:
            account, amount = offered[place]
            if account in self.frame.state.allocation.pins:
                self.unpin(account)
            else:
                self.pin(account, amount)

        for place, button in enumerate(self.quick):
            button.on_click(lambda _, place=place: click(place))
        self.frame.after.append(offer)
        said = ui.HTML(escape(words("widgets.quick_pins")))
        row = ui.Layout(flex_flow="row wrap")
        return ui.VBox([said, ui.Box(self.quick, layout=row)])

    def _pins(self) -> Any:
        words, names = self.frame.words, self.desk.names
        accounts = self.desk.before.accounts
        options = [
            (f"{names.get(row.account_id, row.account_id)} · {words.money(row.target)}", row.account_id)
            for row in accounts.sort_values("target", ascending=False).itertuples()
        ]
        chosen = ui.Dropdown(
            options=options, description=words("widgets.account"), layout=WIDE, style=DESCRIBED
        )
        amount = ui.IntText(description=words("widgets.pin_at"), style=DESCRIBED)
        at = dict(zip(accounts["account_id"], accounts["target"], strict=True))

        def offer(*_: Any) -> None:
            held = self.frame.state.allocation.pins.get(chosen.value)
            amount.value = int(at[chosen.value] if held is None else held)

        chosen.observe(offer, "value")
        offer()
        pin = self.frame.button(words("widgets.pin"), lambda *_: self.pin(chosen.value, amount.value))
        unpin = self.frame.button(words("widgets.unpin"), lambda *_: self.unpin(chosen.value))
        inside = ui.VBox([chosen, amount, ui.HBox([pin, unpin])])
        return ui.Accordion([inside], titles=[words("widgets.pins")], selected_index=None)


class ScenariosPanel:
    """Up to four named scenarios side by side with the plan.

    Parameters
    ----------
    desk : TargetDesk
        The plan.
    """

    def __init__(self, desk: TargetDesk) -> None:
        self.desk = desk
        self.slots: list[dict[str, Any]] = []
        self.frame = _frame(
            desk,
            "widgets.scenarios",
            self._controls,
            lambda params, words: scenarios_html(desk, params, words),
        )

    def settle(self, overlays: dict[str, dict[str, dict[str, Any]]]) -> None:
        """Take other scenarios."""
        scenarios = self.frame.state.scenarios.model_copy(update={"overlays": overlays})
        self.frame.change(self.frame.state.model_copy(update={"scenarios": scenarios}))

    def best_and_worst(self, *_: Any) -> None:
        """Set the scenarios to both ends of what the forecast leaves open."""
        words = self.frame.words
        found = best_and_worst(self.desk)
        self.settle(
            {words(f"widgets.{name}"): {"sizing": {"growth": value}} for name, value in found.items()}
        )

    def _controls(self, frame: Frame[PlanningParams]) -> list[Any]:
        words = frame.words
        self.slots = [self._slot(number) for number in range(1, _MOST + 1)]
        boxes = [
            ui.HBox([slot["on"], slot["name"], slot["growth"], slot["history_weight"]]) for slot in self.slots
        ]
        frame.follow.append(self._show)
        return [ui.VBox(boxes), frame.button(words("widgets.best_worst"), self.best_and_worst)]

    def _slot(self, number: int) -> dict[str, Any]:
        words = self.frame.words
        on, named = (words(f"widgets.scenario_{name}", number=number) for name in ("on", "named"))
        slot = {
            "on": ui.Checkbox(
                value=False, indent=False, description=str(number), tooltip=on, layout=ui.Layout(width="4em")
            ),
            "name": ui.Text(
                value=words("widgets.scenario_name", number=number),
                layout=ui.Layout(width="12em"),
                continuous_update=False,
                tooltip=named,
            ),
        }
        for name in ("growth", "history_weight"):
            section, low, high = _KNOBS[name]
            slot[name] = ui.IntSlider(
                value=_percent(getattr(getattr(self.frame.state, section), name), low, high),
                min=low,
                max=high,
                layout=ui.Layout(width="20em"),
                description=words(f"widgets.{name}_short"),
                tooltip=words(f"widgets.{name}"),
            )
        for control in slot.values():
            control.observe(self._turned, "value")
        return slot

    def _turned(self, *_: Any) -> None:
        if self.frame.setting:
            return
        overlays: dict[str, dict[str, dict[str, Any]]] = {}
        for slot in self.slots:
            name = slot["name"].value.strip()
            if slot["on"].value and name:
                overlays[name] = {
                    "sizing": {"growth": slot["growth"].value / 100},
                    "allocation": {"history_weight": slot["history_weight"].value / 100},
                }
        self.settle(overlays)

    def _show(self, state: PlanningParams) -> None:
        named = list(state.scenarios.overlays.items())
        for place, slot in enumerate(self.slots):
            slot["on"].value = place < len(named)
            if place >= len(named):
                continue
            name, overlay = named[place]
            slot["name"].value = name
            growth = overlay.get("sizing", {}).get("growth", state.sizing.growth)
            weight = overlay.get("allocation", {}).get("history_weight", state.allocation.history_weight)
            slot["growth"].value = _percent(growth, *_KNOBS["growth"][1:])  # type: ignore[arg-type]
            slot["history_weight"].value = _percent(weight, *_KNOBS["history_weight"][1:])  # type: ignore[arg-type]
