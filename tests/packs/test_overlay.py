"""What differs is written, nothing else, and a run reads it back."""

import datetime as dt

import pytest

from kamlib.errors import ParameterError
from kamlib.packs.overlay import difference, overlay_path, overlay_text, write_overlay
from kamlib.packs.planning import PlanningParams
from kamlib.params import Layer, build_params, read_layer

BASE = PlanningParams()
DAY = dt.date(2026, 1, 5)


def made(**sections: object) -> PlanningParams:
    return build_params(PlanningParams, [Layer("test", sections)])


def test_only_what_differs_is_written_and_read_back(tmp_path):
    wanted = made(sizing={"growth": 0.05}, allocation={"pins": {"A: 1": 120.5}, "history_weight": 0.25})
    values = difference(wanted, [BASE])
    assert values == {
        "sizing": {"growth": 0.05},
        "allocation": {"history_weight": 0.25, "pins": {"A: 1": "120.5"}},
    }
    text = overlay_text(values, book="B: 1", who="Li\nNa", why="budget round", day=DAY)
    assert text.startswith(
        "# Set by Li Na on 2026-01-05: budget round\nbook: 'B: 1'\nsizing:\n  growth: 0.05\n"
    )
    path = overlay_path(tmp_path / "params" / "planning", "2026Q1.yaml")
    write_overlay(path, text, params=wanted, below=[BASE])
    layer, book = read_layer(path, "file")
    assert (build_params(PlanningParams, [layer]), book) == (wanted, "B: 1")
    assert list(path.parent.iterdir()) == [path]


def test_what_a_period_sets_back_is_written_too():
    period = made(sizing={"growth": 0.2})
    assert difference(BASE, [BASE, period]) == {"sizing": {"growth": BASE.sizing.growth}}
    assert difference(BASE, [BASE]) == {}


def test_a_file_that_is_there_a_nameless_choice_and_a_path_are_refused(tmp_path):
    path = overlay_path(tmp_path, "choice")
    text = overlay_text({}, book="B", who="a", why="b", day=DAY)
    write_overlay(path, text, params=BASE, below=[BASE])
    with pytest.raises(ParameterError, match=r"choice\.yaml is there already"):
        write_overlay(path, text, params=BASE, below=[BASE])
    write_overlay(path, text + "\n", params=BASE, below=[BASE], replace=True)
    with pytest.raises(ParameterError, match="who settles on this and why"):
        overlay_text({}, book="B", who=" ", why="b", day=DAY)
    for name in ("../x", "a/b", "", ".hidden"):
        with pytest.raises(ParameterError, match="cannot name a file"):
            overlay_path(tmp_path, name)


def test_an_entry_that_goes_is_written_as_null_and_taken_away(tmp_path):
    pinned = made(allocation={"pins": {"A": 5, "B": 7}})
    wanted = made(allocation={"pins": {"B": 8}})
    values = difference(wanted, [pinned, BASE])
    assert values == {"allocation": {"pins": {"B": "8", "A": None}}}
    path = tmp_path / "x.yaml"
    text = overlay_text(values, book="B", who="a", why="b", day=DAY)
    write_overlay(path, text, params=wanted, below=[pinned, BASE])
    laid = [Layer("below", pinned.model_dump(mode="json")), read_layer(path, "x")[0]]
    assert build_params(PlanningParams, laid) == wanted


def test_what_would_not_give_the_parameters_back_is_not_written(tmp_path):
    text = overlay_text({"sizing": {"growth": 0.3}}, book="B", who="a", why="b", day=DAY)
    with pytest.raises(ParameterError, match="would not give these parameters back"):
        write_overlay(tmp_path / "x.yaml", text, params=BASE, below=[BASE])
    assert not list(tmp_path.iterdir())
