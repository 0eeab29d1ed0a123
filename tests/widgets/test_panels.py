"""Panels without a browser: what is turned, saved and run gives the panel's numbers."""

import numpy as np
import pandas as pd
import pytest

from kamlib.appraisal.ranking import rank_reps
from kamlib.packs.appraisal import appraise
from kamlib.packs.live_targets import TargetDesk, moved_accounts, quick_pins
from kamlib.packs.live_weights import WeightDesk, given_weights, whole_weights
from kamlib.packs.planning import plan
from kamlib.runs import open_run
from kamlib.widgets import scenarios_panel, targets_panel, weights_panel
from kamlib.widgets.targets import ScenariosPanel, TargetsPanel
from kamlib.widgets.weights import WeightsPanel, _step, _times
from tests.conftest import DEMO


@pytest.fixture
def weights(appraisal_run, tmp_path):
    panel = WeightsPanel(WeightDesk(open_run(str(appraisal_run))))
    panel.frame.folder = tmp_path / "params" / "appraisal"
    panel.frame.show()
    return panel


@pytest.fixture
def targets(demo_run, tmp_path):
    panel = TargetsPanel(TargetDesk(open_run(str(demo_run))))
    panel.frame.folder = tmp_path / "params" / "planning"
    panel.frame.show()
    return panel


def fill(panel, name):
    for key, value in (("file_name", name), ("who", "Li Na"), ("why", "tried by hand")):
        panel.frame.fields[key].value = value


def test_a_moved_weight_takes_from_the_others_and_can_be_undone(weights):
    first = given_weights(weights.frame.state)
    weights.locks["satisfaction"].value = True
    weights.sliders["target_attainment"].value = 60
    now = given_weights(weights.frame.state)
    assert now["target_attainment"] == 0.6
    assert now["satisfaction"] == first["satisfaction"]
    assert sum(now.values()) == pytest.approx(1, abs=1e-12)
    assert weights.sliders["gross_margin"].value == round(100 * now["gross_margin"])
    weights.frame.undo()
    assert given_weights(weights.frame.state) == first
    weights.use("expansion")
    raised = given_weights(weights.frame.state)["new_accounts"]
    assert raised == pytest.approx(0.15 / 1.05, abs=1e-4)
    weights.frame.reset()
    assert weights.frame.state == weights.frame.first


def test_saved_weights_give_a_run_the_panels_scores_and_ranks(weights, tmp_path):
    weights.sliders["gross_margin"].value = 45
    fill(weights, "more margin")
    weights.frame.save()
    file = tmp_path / "params" / "appraisal" / "more margin.yaml"
    assert "more margin.yaml" in weights.frame.message.value
    folder = appraise(DEMO, "2025Q4", lang="en", params_file=file, out=tmp_path / "out", say=lambda _: None)
    run = open_run(str(folder))
    log = run.facts["parameters"]["weights"]["log"]
    assert {entry["kpi"]: entry["after"] for entry in log} == given_weights(weights.frame.state)
    assert {(entry["who"], entry["why"]) for entry in log} == {("Li Na", "tried by hand")}
    found = run.load("ranking").set_index("rep_id")
    finals = weights.desk.finals(weights.desk.judged(weights.frame.state)).set_index("rep_id")
    assert np.allclose(found["final_score"], finals.loc[found.index, "final_score"], atol=1e-9)
    ranks = pd.Series(rank_reps(finals["final_score"]).to_numpy(), index=finals.index)
    assert found["score_rank"].tolist() == ranks[found.index].tolist()
    weights.frame.save()
    assert "is there already" in weights.frame.message.value
    weights.frame.reset()
    weights.frame.files.value = "more margin"
    weights.frame.load()
    assert given_weights(weights.frame.state)["gross_margin"] == 0.45


def test_judgements_in_pairs_are_read_both_ways():
    assert [_times(step) for step in (-8, -1, 0, 1, 8)] == [9, 2, 1, 0.5, 1 / 9]
    assert [_step(_times(step)) for step in range(-8, 9)] == list(range(-8, 9))
    assert whole_weights({"a": 1.0, "b": 1.0, "c": 1.0}) == {"a": 0.3334, "b": 0.3333, "c": 0.3333}


def test_saved_targets_and_scenarios_give_a_run_the_panels_numbers(targets, demo_run, tmp_path):
    targets.sliders["growth"].value = 5
    targets.sliders["history_weight"].value = 30
    account = targets.desk.before.accounts.sort_values("target")["account_id"].iloc[-1]
    targets.pin(account, 1_000_000)
    asked = targets.desk.split(targets.frame.state)
    scenarios = ScenariosPanel(targets.desk)
    scenarios.frame.state = targets.frame.state
    scenarios.frame.folder = targets.frame.folder
    scenarios.frame.show()
    scenarios.settle({"low": {"sizing": {"growth": 0.01}}, "high": {"allocation": {"history_weight": 0.9}}})
    fill(scenarios, "by hand")
    scenarios.frame.save()
    file = targets.frame.folder / "by hand.yaml"
    folder = plan(DEMO, "2026Q1", lang="en", params_file=file, out=tmp_path / "out", say=lambda _: None)
    run = open_run(str(folder))
    made = run.load("target_accounts").set_index("account_id")["target"]
    assert made.sum() == asked.total
    assert made.to_dict() == asked.accounts.set_index("account_id")["target"].to_dict()
    assert made[account] == 1_000_000
    table = run.load("target_scenarios")
    totals = table[table["dimension"] == "company"].set_index("scenario")["target"]
    for name, state in (("low", {"sizing": 0.01}), ("high", {})):
        sizing = scenarios.frame.state.sizing.model_copy(update={"growth": state.get("sizing", 0.05)})
        assert (
            targets.desk.split(scenarios.frame.state.model_copy(update={"sizing": sizing})).total
            == totals[name]
        )


def test_what_cannot_be_met_is_explained_in_place_and_shows_no_old_picture(targets):
    targets.sliders["growth_cap"].value = 0
    assert targets.frame.picture.value == ""
    assert "the caps add up to" in targets.frame.message.value
    targets.frame.undo()
    assert "P(reach)" in targets.frame.picture.value
    assert targets.frame.message.value == ""


def test_the_accounts_that_move_most_are_named_first(targets):
    targets.sliders["history_weight"].value = 0
    moved = moved_accounts(targets.desk.split(targets.frame.state), targets.desk.before)
    assert moved["change"].sum() == 0
    assert moved["change"].abs().is_monotonic_decreasing
    assert "P(reach)" in targets.frame.picture.value


def test_an_account_is_pinned_and_let_go_by_a_click(targets):
    targets.frame._compare()
    account, amount = quick_pins(targets.desk, targets.frame.state)[0]
    assert amount == targets.desk.before.accounts["target"].max()
    name = targets.desk.names[account]
    assert targets.quick[0].description.startswith(f"{name} · ")
    targets.quick[0].click()
    assert targets.frame.state.allocation.pins == {account: amount}
    targets.sliders["growth"].value = 20
    targets.frame._compare()
    assert targets.quick[0].description.startswith(f"✓ {name} · ")
    split = targets.desk.split(targets.frame.state).accounts.set_index("account_id")["target"]
    assert split[account] == amount
    targets.quick[0].click()
    assert targets.frame.state.allocation.pins == {}


def test_both_languages_lay_the_panel_out_anew(weights):
    weights.frame._speak({"new": "zh"})
    assert "个名次" in weights.frame.picture.value
    assert (
        weights.sliders["satisfaction"].description == "客户满意度"
        or weights.sliders["satisfaction"].description
    )


def test_without_a_run_the_panel_says_what_to_do(tmp_path):
    for made in (weights_panel, targets_panel, scenarios_panel):
        assert "no manifest.json there" in made(str(tmp_path)).value
