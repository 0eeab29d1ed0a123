"""Controls that a keyboard reaches and a screen reader names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as ui
import traitlets

_HERE = Path(__file__).parent
WIDE = ui.Layout(width="52em")
OWN = {"width": "auto", "align_self": "flex-start"}  # as wide as what it says
DESCRIBED = {"description_width": "24em"}


class Slider(anywidget.AnyWidget):  # type: ignore[misc]
    """A slider of the browser's own kind: it bears its label as its name and says its value in words.

    Attributes
    ----------
    value, min, max, step : float
        Keys and drags go to whole steps; a value between two is shown as it is.
    label : str
        Shown before it.
    name : str
        What a screen reader says, where that is more than the label.
    unit : str
        Written after the value.
    texts : dict of str to str
        What is written in place of some values, keyed by the value as JavaScript writes it.
    disabled : bool
        Whether it cannot be turned.
    lang : str
        Language of the label.
    """

    _esm = _HERE / "slider.js"
    _css = _HERE / "slider.css"
    value = traitlets.Float(0.0).tag(sync=True)
    min = traitlets.Float(0.0).tag(sync=True)
    max = traitlets.Float(100.0).tag(sync=True)
    step = traitlets.Float(1.0).tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    name = traitlets.Unicode("").tag(sync=True)
    unit = traitlets.Unicode("").tag(sync=True)
    texts = traitlets.Dict().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    lang = traitlets.Unicode("en").tag(sync=True)


def fold(title: str, inside: Sequence[Any], *, open_: bool, told: Callable[[bool], None]) -> Any:
    """Make a button that shows and hides what is below it; unlike the head of an accordion, Tab reaches it.

    Parameters
    ----------
    title : str
        What the button says.
    inside : sequence of widgets
        What is shown.
    open_ : bool
        Whether it is shown to begin with.
    told : callable
        Told whether it is shown at each press.
    """
    button = ui.ToggleButton(value=open_, tooltip=title, layout=OWN)
    box = ui.VBox(list(inside), layout={"margin": "0 0 0 1em"})

    def follow(*_: Any) -> None:
        button.description = f"{'▾' if button.value else '▸'} {title}"
        box.layout.display = "flex" if button.value else "none"
        told(button.value)

    button.observe(follow, "value")
    follow()
    return ui.VBox([button, box])
