"""The panel that weighs KPIs by hand."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import ipywidgets as ui

from kamlib.appraisal.judged_weights import AhpWeights
from kamlib.glossary import Words
from kamlib.measures.giveway import move_weight
from kamlib.packs.appraisal import AppraisalParams, appraisal_params
from kamlib.packs.live_weights import (
    WeightDesk,
    keep_locked,
    log_changes,
    robust_html,
    weight_remarks,
    weights_html,
    whole_weights,
    with_weights,
)
from kamlib.packs.ranked import Ranked
from kamlib.runs import open_run, project_root
from kamlib.widgets.frame import Frame, panel_or_reason
from kamlib.widgets.latest import Aside
from kamlib.widgets.pairs import Pairs
from kamlib.widgets.saving import Store
from kamlib.widgets.slider import WIDE, Slider


def weights_panel(run: str = "latest") -> Any:
    """Make the panel of a published appraisal.

    Parameters
    ----------
    run : str
        Folder of an appraisal run, or ``"latest"``.

    Returns
    -------
    ipywidgets.VBox
        Where there is no such run: a message that says so.
    """
    return panel_or_reason(lambda: WeightsPanel(WeightDesk(open_run(run, pack="appraisal"))).frame.show())


class WeightsPanel:
    """Sliders that sum to one, presets, judgements in pairs, and the doubt on demand.

    Parameters
    ----------
    desk : WeightDesk
        The appraisal.
    """

    def __init__(self, desk: WeightDesk) -> None:
        self.desk = desk
        self.locks: dict[str, Any] = {}
        self.sliders: dict[str, Slider] = {}
        self._aside = Aside()
        self._ranked: tuple[AppraisalParams, Ranked] | None = None
        period, book = desk.run.facts["period"], desk.run.facts["book"]["name"]
        self.frame: Frame[AppraisalParams] = Frame(
            desk.params,
            store=Store(
                appraisal_params,
                project_root() / "params" / "appraisal",
                period,
                book,
                sign=lambda params, who, why, day: log_changes(
                    params, appraisal_params(period, book=book), who=who, why=why, day=day
                ),
            ),
            title="widgets.weights",
            controls=self._controls,
            draw=lambda params, words: weights_html(desk, params, words),
            words=desk.run.words,
            remarks=self._remarks,
            check=desk.check,
        )
        self.pairs = Pairs(self.frame, self._use_pairs)

    def move(self, name: str, percent: float) -> None:
        """Move one weight; the others that are not locked give way, in the proportions of before the move."""

        def moved(before: AppraisalParams) -> AppraisalParams:
            weights = move_weight(self.desk.base(before), name, percent / 100, locked=self._locked())
            return with_weights(before, weights)

        self.frame.turn(name, moved)

    def use(self, preset: str) -> None:
        """Take the weights of a preset; locked ones stay, the others share the rest by it."""
        self.frame.change(self._taken(self.desk.preset(preset, self.frame.state)))

    def _taken(self, weights: dict[str, float]) -> AppraisalParams:
        """Return the parameters with other weights, of which the locked ones stay as they are."""
        state = self.frame.state
        return with_weights(state, keep_locked(weights, self.desk.base(state), self._locked()))

    def _use_pairs(self, found: AhpWeights, pairs: dict[str, float]) -> None:
        state = self._taken(whole_weights(found.weights.to_dict()))
        rule = state.weights.model_copy(update={"pairs": pairs})
        self.frame.change(state.model_copy(update={"weights": rule}))

    def _remarks(self, params: AppraisalParams, words: Words) -> list[str]:
        said = weight_remarks(self.desk, params, words)
        if self._locked() and len(self.sliders) - len(self._locked()) < 2:
            said.append(words("widgets.all_locked"))
        return said

    def _locked(self) -> set[str]:
        return {name for name, lock in self.locks.items() if lock.value}

    def _show(self, state: AppraisalParams) -> None:
        for name, weight in self.desk.base(state).items():
            self.sliders[name].value = round(100 * weight, 2)

    def _controls(self, frame: Frame[AppraisalParams]) -> list[Any]:
        words, locked = frame.words, self._locked()
        rows = []
        weights = self.desk.base(frame.state)
        for name, weight in weights.items():
            label = words.value("kpi", name)
            slider = Slider(
                value=round(100 * weight, 2), label=label, name=words("widgets.weight_of", kpi=label),
                unit=" %", lang=words.lang, layout=WIDE,
            )  # fmt: skip
            frame.watch(slider, partial(self.move, name))
            lock = ui.Checkbox(
                value=name in locked, description=words("widgets.lock", kpi=label), indent=False,
                tooltip=words("widgets.lock_of", kpi=label), layout=ui.Layout(width="20em"),
            )  # fmt: skip
            frame.watch(lock, lambda _: frame.change(frame.state))  # for what is said about locks
            self.sliders[name], self.locks[name] = slider, lock
            rows.append(ui.HBox([slider, lock]))
        frame.follow.append(self._show)
        presets = ui.HBox()

        def offer(state: AppraisalParams) -> None:
            names = self.desk.presets(state)
            if len(presets.children) != 1 + len(names):
                presets.children = [ui.Label(words("widgets.presets")), *map(self._preset, names)]

        frame.follow.append(offer)
        return [
            ui.VBox(rows),
            presets,
            self.pairs.lay_out(list(weights)),
            self._doubt(),
        ]

    def _preset(self, name: str) -> Any:
        return self.frame.button(self.frame.words(f"widgets.preset_{name}"), lambda *_: self.use(name))

    def _doubt(self) -> Any:
        words, frame = self.frame.words, self.frame
        shown, under_way = ui.HTML(), ui.HTML()

        def tell(ranked: Ranked) -> None:
            shown.value = robust_html(ranked, self.desk.measured.case.names, words)

        def progress(part: float) -> None:
            said, percent = escape(words("widgets.drawing")), f"{100 * part:.0f}"
            under_way.value = (
                f'<label>{said} <progress max="100" value="{percent}"></progress> {percent} %</label>'
            )

        def stop(*_: Any) -> None:
            self._aside.cancel()
            under_way.value = ""

        def start(*_: Any) -> None:
            state = frame.state

            def done(ranked: Ranked) -> None:
                self._ranked = (state, ranked)
                under_way.value = ""
                tell(ranked)

            def failed(error: Exception) -> None:
                under_way.value = ""
                frame.say(error)

            shown.value = ""
            progress(0.0)
            self._aside.start(lambda tick: self.desk.robust(state, tick), done, failed, progress)

        def follow(state: AppraisalParams) -> None:
            stop()
            if self._ranked is not None and self._ranked[0] == state:
                tell(self._ranked[1])
            else:
                shown.value = ""

        frame.follow.append(follow)
        robust, cancel = (frame.button(words(f"widgets.{name}"), call) for name, call in
                          (("robust", start), ("cancel", stop)))  # fmt: skip
        return ui.VBox([ui.HBox([robust, cancel, under_way]), shown])
