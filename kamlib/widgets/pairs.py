"""The part of the panel of weights that judges KPIs in pairs (AHP)."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from itertools import combinations
from typing import Any

import ipywidgets as ui

from kamlib.appraisal.judged_weights import AhpWeights, weights_ahp
from kamlib.appraisal.weighting import judged_matrix
from kamlib.packs.appraisal import AppraisalParams
from kamlib.widgets.frame import Frame
from kamlib.widgets.slider import Slider, fold

_PAIRED = 7  # KPIs up to which all pairs are asked for: 21 judgements are what one sits through
_MOST = 8  # steps to either side: nine times as important, Saaty's scale


class Pairs:
    """A slider per pair of KPIs: to the right the second counts more, to the left the first.

    Parameters
    ----------
    frame : Frame
        The panel.
    use : callable
        Given weights and the judgements behind them, takes both.
    """

    def __init__(
        self, frame: Frame[AppraisalParams], use: Callable[[AhpWeights, dict[str, float]], None]
    ) -> None:
        self.frame, self._use = frame, use
        self.sliders: dict[str, Slider] = {}
        self.told = ui.HTML()
        self._steps: dict[str, int] = {}
        self._stored: dict[str, float] | None = None
        self._open = False
        self._warned: dict[str, float] | None = None

    def lay_out(self, names: list[str]) -> Any:
        """Make the controls in the panel's language; judgements stay."""
        words = self.frame.words
        if len(names) < 3:
            return ui.VBox()
        if len(names) > _PAIRED:
            count = len(names) * (len(names) - 1) // 2
            return ui.HTML(f"<p>{escape(words('widgets.pairs_many', kpis=len(names), pairs=count))}</p>")
        self.sliders = {}
        for one, other in combinations(names, 2):
            first, second = words.value("kpi", one), words.value("kpi", other)
            slider = Slider(
                value=self._steps.get(f"{one}/{other}", 0), min=-_MOST, max=_MOST, lang=words.lang,
                label=words("widgets.pair", first=first, second=second),
                texts={str(step): self._said(step, first, second) for step in range(-_MOST, _MOST + 1)},
            )  # fmt: skip
            slider.add_class("kam-pair")
            self.frame.watch(slider, lambda _: self._judged())
            self.sliders[f"{one}/{other}"] = slider
        self.frame.follow.append(self._follow)
        button = self.frame.button(words("widgets.use_pairs"), self.take)
        inside = [*self.sliders.values(), self.told, button]
        return fold(words("widgets.pairs"), inside, open_=self._open, told=self._opened)

    def take(self, *_: Any) -> None:
        """Use the weights found; where judgements contradict each other, only when asked twice."""
        pairs = {pair: times(int(slider.value)) for pair, slider in self.sliders.items()}
        found = weights_ahp(judged_matrix(self._names(), pairs))
        if not found.consistent and pairs != self._warned:
            self._warned = pairs
            self.frame.say(self.frame.words("widgets.use_anyway", ratio=f"{found.ratio:.2f}"))
            return
        self._use(found, pairs)

    def _opened(self, is_open: bool) -> None:
        self._open = is_open

    def _follow(self, state: AppraisalParams) -> None:
        """Show the stored judgements when these are other ones than before: after undo, reset, load."""
        stored = state.weights.pairs
        if stored != self._stored:
            self._stored = stored
            for pair, slider in self.sliders.items():
                one, other = pair.split("/")
                slider.value = step(stored.get(pair, 1 / stored.get(f"{other}/{one}", 1.0)))
        self._judged()

    def _judged(self) -> None:
        self._steps = {pair: int(slider.value) for pair, slider in self.sliders.items()}
        words, names = self.frame.words, self._names()
        found = weights_ahp(judged_matrix(names, {pair: times(at) for pair, at in self._steps.items()}))
        said = words("widgets.consistent", ratio=f"{found.ratio:.2f}")
        if not found.consistent and found.revisit is not None:
            first, second = (words.value("kpi", name) for name in found.revisit)
            said = words("widgets.inconsistent", ratio=f"{found.ratio:.2f}", first=first, second=second)
        weights = "; ".join(
            f"{words.value('kpi', name)} {words.percent(found.weights[name])}" for name in names
        )
        self.told.value = f'<p lang="{words.lang}">{escape(said)}<br>{escape(weights)}</p>'

    def _names(self) -> list[str]:
        return list(dict.fromkeys(name for pair in self.sliders for name in pair.split("/")))

    def _said(self, at: int, first: str, second: str) -> str:
        if not at:
            return self.frame.words("widgets.pair_alike")
        return self.frame.words("widgets.pair_times", kpi=first if at < 0 else second, times=1 + abs(at))


def step(often: float) -> int:
    """Return the place of a judgement on the slider: 0 is alike, 8 nine times for the second."""
    return round(1 - often) if often >= 1 else round(1 / often - 1)


def times(at: int) -> float:
    """Return how many times as important the first is as the second."""
    return float(1 - at) if at <= 0 else 1 / (1 + at)
