"""The panel that sets targets by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from html import escape
from typing import Any, NamedTuple

import ipywidgets as ui

from kamlib.glossary import Words
from kamlib.packs.live_targets import TargetDesk, idle, plan_remarks, quick_pins, with_values
from kamlib.packs.live_targets_page import targets_html
from kamlib.packs.planning import PlanningParams, planning_params
from kamlib.runs import open_run, project_root
from kamlib.widgets.frame import Frame, panel_or_reason
from kamlib.widgets.saving import Store
from kamlib.widgets.slider import DESCRIBED, WIDE, Slider, fold


class Knob(NamedTuple):
    """A parameter that has a slider [percent].

    Attributes
    ----------
    section : str
        Section of the parameter.
    low, high, step : int
        Ends and step of the slider.
    open_end : bool
        Whether the high end means that there is no limit.
    """

    section: str
    low: int
    high: int
    step: int = 1
    open_end: bool = False

    def value(self, params: PlanningParams, name: str) -> float:
        """Return where the slider stands; beyond its ends it stands at them."""
        value = getattr(getattr(params, self.section), name)
        return float(self.high) if value is None else min(max(round(100 * value, 2), self.low), self.high)

    def parameter(self, percent: float) -> float | None:
        """Return the parameter's value where the slider stands."""
        return None if self.open_end and percent >= self.high else round(percent / 100, 6)


KNOBS = {
    "growth": Knob("sizing", -30, 60),
    "history_weight": Knob("allocation", 0, 100),
    "growth_floor": Knob("allocation", -100, 0),
    "growth_cap": Knob("allocation", 0, 305, 5, open_end=True),
    "potential_cap": Knob("allocation", 0, 305, 5, open_end=True),
    "wanted_probability": Knob("attainability", 1, 99),
}
_QUICK = 10  # accounts offered to be pinned by a click
_LISTED = 400  # accounts in the list to pin at an amount: a longer one is no list any more


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


def plan_frame(
    desk: TargetDesk,
    title: str,
    controls: Callable[[Frame[PlanningParams]], list[Any]],
    draw: Callable[[PlanningParams, Words], str],
    *,
    followed: tuple[str, ...],
    remarks: Callable[[PlanningParams, Words], list[str]] = lambda *_: [],
) -> Frame[PlanningParams]:
    """Make the frame of a panel of a plan; see `Frame` and `plan_remarks`, which come before own remarks."""
    period, book = desk.run.facts["period"], desk.run.facts["book"]["name"]
    return Frame(
        desk.params,
        store=Store(planning_params, project_root() / "params" / "planning", period, book),
        title=title,
        controls=controls,
        draw=draw,
        words=desk.run.words,
        remarks=lambda params, words: [
            *plan_remarks(desk, params, words, followed=followed),
            *remarks(params, words),
        ],
    )


class TargetsPanel:
    """Sliders for the total and its split, and accounts pinned by hand.

    Parameters
    ----------
    desk : TargetDesk
        The plan.
    """

    def __init__(self, desk: TargetDesk) -> None:
        self.desk = desk
        self.sliders: dict[str, Slider] = {}
        self.quick: list[Any] = []
        self._pins_open = False
        self.frame = plan_frame(
            desk,
            "widgets.targets",
            self._controls,
            lambda params, words: targets_html(desk, params, words),
            followed=("sizing.", "allocation.", "attainability."),
        )

    def turn(self, name: str, percent: float) -> None:
        """Set one parameter [percent]."""
        knob = KNOBS[name]
        values = {name: knob.parameter(percent)}
        self.frame.turn(name, lambda before: with_values(before, knob.section, values))

    def pin(self, account: str, amount: int) -> None:
        """Pin an account's target."""
        pins = {**self.frame.state.allocation.pins, account: Decimal(amount)}
        self.frame.change(with_values(self.frame.state, "allocation", {"pins": pins}))

    def unpin(self, account: str) -> None:
        """Let an account go again."""
        pins = {name: value for name, value in self.frame.state.allocation.pins.items() if name != account}
        split = self.frame.state.allocation.model_copy(update={"pins": pins})
        self.frame.change(self.frame.state.model_copy(update={"allocation": split}))

    def _controls(self, frame: Frame[PlanningParams]) -> list[Any]:
        words = frame.words
        for name, knob in KNOBS.items():
            slider = Slider(
                value=knob.value(frame.state, name), min=knob.low, max=knob.high, step=knob.step, unit=" %",
                label=words(f"widgets.{name}"), lang=words.lang, layout=WIDE,
                texts={str(knob.high): words("widgets.no_limit")} if knob.open_end else {},
            )  # fmt: skip
            frame.watch(slider, partial(self.turn, name))
            self.sliders[name] = slider
        frame.follow.append(self._show)
        return [ui.VBox(list(self.sliders.values())), self._quick_pins(), self._pins()]

    def _show(self, state: PlanningParams) -> None:
        without = idle(state)
        for name, slider in self.sliders.items():
            slider.value = KNOBS[name].value(state, name)
            slider.disabled = name in without

    def _quick_pins(self) -> Any:
        """Make a button an account, pinned ones first, then those that move most."""
        words = self.frame.words
        self.quick = [ui.Button(layout=ui.Layout(width="auto", display="none")) for _ in range(_QUICK)]
        offered: list[str] = []

        def offer(state: PlanningParams) -> None:
            found = quick_pins(self.desk, state)[:_QUICK]
            offered[:] = [account for account, _ in found]
            for place, button in enumerate(self.quick):
                button.layout.display = "inline-block" if place < len(offered) else "none"
                if place < len(offered):
                    account, amount = found[place]
                    mark = "✓ " if account in state.allocation.pins else ""
                    name = self.desk.names.get(account, account)
                    button.description = f"{mark}{name} · {words.money(amount)}"
                    button.tooltip = words("widgets.quick_pins")

        def click(place: int) -> None:
            account, state = offered[place], self.frame.state
            if account in state.allocation.pins:
                self.unpin(account)
            else:
                self.pin(account, dict(quick_pins(self.desk, state))[account])

        for place, button in enumerate(self.quick):
            button.on_click(self.frame.guard(lambda _, place=place: click(place)))
        self.frame.after.append(offer)
        said = ui.HTML(escape(words("widgets.quick_pins")))
        row = ui.Layout(flex_flow="row wrap")
        return ui.VBox([said, ui.Box(self.quick, layout=row)])

    def _pins(self) -> Any:
        words, names = self.frame.words, self.desk.names
        accounts = self.desk.before.accounts.sort_values("target", ascending=False)
        options = [(names.get(account, account), account) for account in accounts["account_id"][:_LISTED]]
        chosen = ui.Combobox if len(accounts) > _LISTED else ui.Dropdown
        account = chosen(
            options=[key for _, key in options] if chosen is ui.Combobox else options,
            description=words("widgets.account"), layout=WIDE, style=DESCRIBED,
        )  # fmt: skip
        amount = ui.IntText(description=words("widgets.pin_at"), layout=WIDE, style=DESCRIBED)

        def offer(state: PlanningParams) -> None:
            amount.value = dict(quick_pins(self.desk, state)).get(account.value, 0)

        self.frame.watch(account, lambda _: offer(self.frame.state))
        self.frame.after.append(offer)
        pin = self.frame.button(words("widgets.pin"), lambda *_: self.pin(account.value, amount.value))
        unpin = self.frame.button(words("widgets.unpin"), lambda *_: self.unpin(account.value))
        inside = [account, amount, ui.HBox([pin, unpin])]
        return fold(words("widgets.pins"), inside, open_=self._pins_open, told=self._opened)

    def _opened(self, is_open: bool) -> None:
        self._pins_open = is_open
