"""The panel that weighs KPIs by hand."""

from __future__ import annotations

from html import escape
from itertools import combinations
from typing import Any

import ipywidgets as ui

from kamlib.appraisal.judged_weights import weights_ahp
from kamlib.appraisal.weighting import judged_matrix
from kamlib.measures.giveway import move_weight
from kamlib.packs.appraisal import AppraisalParams, appraisal_params
from kamlib.packs.live_weights import (
    WeightDesk,
    given_weights,
    log_changes,
    robust_html,
    weights_html,
    whole_weights,
    with_weights,
)
from kamlib.packs.ranked import Ranked
from kamlib.runs import open_run, project_root
from kamlib.widgets.frame import DESCRIBED, WIDE, Frame, panel_or_reason
from kamlib.widgets.latest import Aside

_PAIRED = 7  # KPIs up to which all pairs are asked for: 21 judgements are what one sits through


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
        self.sliders: dict[str, Any] = {}
        self.labels: dict[str, Any] = {}
        self._aside = Aside()
        period, book = desk.run.facts["period"], desk.run.facts["book"]["name"]
        self.frame: Frame[AppraisalParams] = Frame(
            desk.params,
            below=[appraisal_params(book=book), appraisal_params(period, book=book)],
            folder=project_root() / "params" / "appraisal",
            name=period,
            title="widgets.weights",
            controls=self._controls,
            draw=lambda params, words: weights_html(desk, params, words),
            words=desk.run.words,
            book=book,
            sign=lambda params, who, why, day: log_changes(
                params, appraisal_params(period, book=book), who=who, why=why, day=day
            ),
        )

    def move(self, name: str, percent: float) -> None:
        """Move one weight; the others that are not locked give way."""
        locked = {other for other, lock in self.locks.items() if lock.value}
        weights = move_weight(given_weights(self.frame.state), name, percent / 100, locked=locked)
        state = with_weights(self.frame.state, weights)
        self.frame.change(state)

    def use(self, preset: str) -> None:
        """Take the weights of a preset."""
        try:
            weights = self.desk.preset(preset, self.frame.state)
        except Exception as error:
            self.frame.say(error)
            return
        self.frame.change(with_weights(self.frame.state, weights))

    def _show(self, state: AppraisalParams) -> None:
        with self.frame.quiet():
            for name, weight in given_weights(state).items():
                self.sliders[name].value = round(100 * weight)
                self.labels[name].value = self.frame.words.percent(weight)

    def _controls(self, frame: Frame[AppraisalParams]) -> list[Any]:
        words = frame.words
        locked = {name for name, lock in self.locks.items() if lock.value}
        rows = []
        for name, weight in given_weights(frame.state).items():
            label = words.value("kpi", name)
            # Whole points: what a slider cannot show exactly it would snap to and send back as a move.
            slider = ui.IntSlider(
                value=round(100 * weight), min=0, max=100, description=label, readout=False,
                layout=WIDE, style=DESCRIBED, tooltip=words("widgets.weight_of", kpi=label),
            )  # fmt: skip
            slider.observe(lambda change, name=name: self._moved(name, change["new"]), "value")
            self.labels[name] = ui.Label(words.percent(weight), layout=ui.Layout(width="5em"))
            lock = ui.Checkbox(
                value=name in locked, description=words("widgets.lock"), indent=False,
                tooltip=words("widgets.lock_of", kpi=label), layout=ui.Layout(width="8em"),
            )  # fmt: skip
            self.sliders[name], self.locks[name] = slider, lock
            rows.append(ui.HBox([slider, self.labels[name], lock]))
        frame.follow.append(self._show)
        presets = [self._preset(name) for name in self.desk.presets(frame.state)]
        return [
            ui.VBox(rows),
            ui.HBox([ui.Label(words("widgets.presets")), *presets]),
            *self._pairs(),
            self._doubt(),
        ]

    def _moved(self, name: str, percent: int) -> None:
        if not self.frame.setting and percent != round(100 * given_weights(self.frame.state)[name]):
            self.move(name, percent)

    def _preset(self, name: str) -> Any:
        return self.frame.button(self.frame.words(f"widgets.preset_{name}"), lambda *_: self.use(name))

    def _pairs(self) -> list[Any]:
        """Make a slider per pair of KPIs: to the right the second counts more, to the left the first."""
        words, names = self.frame.words, list(given_weights(self.frame.state))
        if not 2 < len(names) <= _PAIRED:
            return []
        told = ui.HTML()
        stored = self.frame.state.weights.pairs
        sliders = {}
        for one, other in combinations(names, 2):
            times = stored.get(f"{one}/{other}", 1 / stored.get(f"{other}/{one}", 1.0))
            labels = {"first": words.value("kpi", one), "second": words.value("kpi", other)}
            sliders[f"{one}/{other}"] = ui.IntSlider(
                value=_step(times), min=-8, max=8, description=words("widgets.pair", **labels), readout=False,
                layout=ui.Layout(width="44em"), style={"description_width": "24em"},
                tooltip=words("widgets.pair", **labels),
            )  # fmt: skip

        def judged(*_: Any) -> None:
            told.value = _consistency(self.frame, names, sliders)

        for slider in sliders.values():
            slider.observe(judged, "value")
        judged()

        def take(*_: Any) -> None:
            pairs = {pair: _times(slider.value) for pair, slider in sliders.items()}
            weights = weights_ahp(judged_matrix(names, pairs)).weights
            state = with_weights(self.frame.state, whole_weights(weights.to_dict()))
            rule = state.weights.model_copy(update={"pairs": pairs})
            self.frame.change(state.model_copy(update={"weights": rule}))

        button = self.frame.button(words("widgets.use_pairs"), take)
        inside = ui.VBox([*sliders.values(), told, button])
        return [ui.Accordion([inside], titles=[words("widgets.pairs")], selected_index=None)]

    def _doubt(self) -> Any:
        words = self.frame.words
        shown = ui.HTML()
        progress = ui.IntProgress(min=0, max=1, layout=ui.Layout(visibility="hidden", width="12em"))

        def done(ranked: Ranked) -> None:
            progress.value = 1
            progress.layout.visibility = "hidden"
            shown.value = robust_html(ranked, self.desk.measured.case.names, self.frame.words)

        def failed(error: Exception) -> None:
            progress.layout.visibility = "hidden"
            self.frame.say(error)

        def start(*_: Any) -> None:
            progress.value = 0
            progress.bar_style = "info"
            progress.layout.visibility = "visible"
            shown.value = f"<p>{escape(self.frame.words('widgets.drawing'))}</p>"
            state = self.frame.state
            self._aside.start(lambda: self.desk.robust(state), done, failed)

        def cancel(*_: Any) -> None:
            self._aside.cancel()
            progress.layout.visibility = "hidden"
            shown.value = ""

        self.frame.follow.append(lambda _: cancel())
        buttons = [self.frame.button(words(f"widgets.{name}"), call) for name, call in
                   (("robust", start), ("cancel", cancel))]  # fmt: skip
        return ui.VBox([ui.HBox([*buttons, progress]), shown])


def _step(times: float) -> int:
    """Return the place of a judgement on the slider: 0 is alike, 8 nine times for the second."""
    return round(1 - times) if times >= 1 else round(1 / times - 1)


def _times(step: int) -> float:
    """Return how many times as important the first is as the second."""
    return float(1 - step) if step <= 0 else 1 / (1 + step)


def _consistency(frame: Frame[AppraisalParams], names: list[str], sliders: dict[str, Any]) -> str:
    words = frame.words
    found = weights_ahp(judged_matrix(names, {pair: _times(s.value) for pair, s in sliders.items()}))
    weights = "; ".join(f"{words.value('kpi', name)} {words.percent(found.weights[name])}" for name in names)
    said = words("widgets.consistent", ratio=f"{found.ratio:.2f}")
    if not found.consistent and found.revisit is not None:
        first, second = (words.value("kpi", name) for name in found.revisit)
        said = words("widgets.inconsistent", ratio=f"{found.ratio:.2f}", first=first, second=second)
    return f"<p>{escape(said)}<br>{escape(weights)}</p>"
