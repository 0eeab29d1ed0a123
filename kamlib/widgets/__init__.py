"""Panels of sliders: layout and events only; what they show is computed by the rooms and drawn by charts."""

from kamlib.widgets.scenarios import scenarios_panel
from kamlib.widgets.targets import targets_panel
from kamlib.widgets.weights import weights_panel

__all__ = ["scenarios_panel", "targets_panel", "weights_panel"]
