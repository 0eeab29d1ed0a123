"""Scenarios by hand: what is turned changes, and nothing else."""

import pytest

from kamlib.packs.live_scenarios import CASES
from kamlib.packs.live_targets import with_values

DEMO = {
    "cautious": {"sizing": {"growth": 0.04}},
    "bold": {"sizing": {"growth": 0.12}},
    "by potential": {"allocation": {"history_weight": 0.2}},
}


def slot(panel, name):
    return next(one for one in panel.slots if one["name"].value == name)


def overlays(panel):
    return dict(panel.frame.state.scenarios.overlays)


def test_a_slider_changes_its_own_key_of_its_own_scenario(scenarios):
    assert overlays(scenarios) == DEMO
    slot(scenarios, "bold")["growth"].value = 15
    assert overlays(scenarios) == {**DEMO, "bold": {"sizing": {"growth": 0.15}}}
    slot(scenarios, "cautious")["history_weight"].value = 80
    assert overlays(scenarios)["cautious"] == {
        "sizing": {"growth": 0.04},
        "allocation": {"history_weight": 0.8},
    }


def test_what_has_no_slider_stays(scenarios):
    rich = {
        "caps": {"allocation": {"growth_cap": 0.4}},
        "half": {"sizing": {"growth": 0.045}},
        **{name: {"sizing": {"total": 50_000_000}} for name in ("a", "b", "c", "d")},
    }
    state = scenarios.frame.state
    kept = state.scenarios.model_copy(update={"overlays": rich})
    scenarios.frame.change(state.model_copy(update={"scenarios": kept}))
    assert scenarios.slots[1]["growth"].value == 4.5
    assert scenarios.slots[2]["growth"].disabled
    assert "without sliders here: c, d" in scenarios.frame.remarks.value
    scenarios.slots[0]["growth"].value = 10
    assert overlays(scenarios) == {
        **rich,
        "caps": {"allocation": {"growth_cap": 0.4}, "sizing": {"growth": 0.1}},
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bold", "another scenario"),
        ("plan", "the plan itself"),
        ("本计划", "the plan itself"),
        (" ", "needs a name"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_lost(scenarios, name, said):
    of = slot(scenarios, "cautious")
    of["name"].value = name
    assert said in scenarios.frame.message.value
    assert of["name"].value == "cautious"
    assert overlays(scenarios) == DEMO


def test_a_renamed_scenario_keeps_its_place_and_values(scenarios):
    places = [one["name"].value for one in scenarios.slots]
    slot(scenarios, "cautious")["name"].value = "careful"
    renamed = ["careful" if name == "cautious" else name for name in places]
    assert [one["name"].value for one in scenarios.slots] == renamed
    assert list(overlays(scenarios)) == renamed[:3]
    assert overlays(scenarios)["careful"] == DEMO["cautious"]


def test_a_scenario_left_out_comes_back_as_it_was_in_its_slot(scenarios):
    bold = slot(scenarios, "bold")
    bold["on"].value = False
    assert overlays(scenarios) == {name: DEMO[name] for name in ("cautious", "by potential")}
    assert [one["on"].value for one in scenarios.slots] == [
        one is not bold for one in scenarios.slots[:3]
    ] + [False]
    bold["on"].value = True
    assert overlays(scenarios) == DEMO
    bold["on"].value = False
    bold["history_weight"].value = 70
    assert overlays(scenarios)["bold"] == {"sizing": {"growth": 0.12}, "allocation": {"history_weight": 0.7}}


def test_a_new_scenario_is_made_by_turning_a_free_slot(scenarios):
    for percent in range(9, 31):
        scenarios.slots[3]["growth"].value = percent
    assert overlays(scenarios)["scenario 4"] == {"sizing": {"growth": 0.3}}
    assert scenarios.slots[3]["on"].value
    scenarios.frame.undo()
    assert overlays(scenarios) == DEMO


def test_the_worst_and_the_best_of_the_forecast_are_cases_of_the_same_plan(scenarios):
    desk, state = scenarios.desk, scenarios.frame.state
    split = desk.desk.split(state)
    found = desk.effects(split)
    worst, middle, best = (found[case] for case in CASES)
    assert worst.attained < middle.attained < best.attained
    assert worst.reps < middle.reps < best.reps
    assert worst.pay < middle.pay < best.pay
    paths = desk.desk.judged[1][(desk.desk.judged[0]["level"] == "company").to_numpy()][0]
    tenth = sorted(paths.tolist())[: len(paths) // 10]
    assert worst.attained == pytest.approx(sum(tenth) / len(tenth) / 10_000 / split.total, rel=1e-12)
    assert overlays(scenarios) == DEMO


def test_a_scenario_that_cannot_be_met_is_explained_beside_the_others(scenarios):
    scenarios.frame.change(with_values(scenarios.frame.state, "allocation", {"growth_cap": 0.2}))
    slot(scenarios, "bold")["growth"].value = 40
    assert "bold: the caps add up to" in scenarios.frame.picture.value
    scenarios.frame.speak("zh")
    assert "bold: 上限合计" in scenarios.frame.picture.value
