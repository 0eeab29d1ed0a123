"""Panels without a browser: what is turned, saved and run gives the panel's numbers."""

import numpy as np
import pandas as pd
import pytest

from kamlib.appraisal.ranking import rank_reps
from kamlib.packs.appraisal import appraise
from kamlib.packs.live_targets import moved_accounts, quick_pins
from kamlib.packs.live_weights import given_weights, whole_weights
from kamlib.packs.planning import plan
from kamlib.runs import open_run
from kamlib.widgets import scenarios_panel, targets_panel, weights_panel
from kamlib.widgets.pairs import step, times
from tests.conftest import DEMO


def by_method(panel, method):
    state = panel.frame.state
    rule = state.weights.model_copy(update={"method": method})
    panel.frame.change(state.model_copy(update={"weights": rule}))


def test_a_moved_weight_takes_from_the_others_and_can_be_undone(weights):
    first = given_weights(weights.frame.state)
    weights.locks["satisfaction"].value = True
    weights.sliders["target_attainment"].value = 60
    now = given_weights(weights.frame.state)
    assert now["target_attainment"] == 0.6
    assert now["satisfaction"] == first["satisfaction"]
    assert sum(now.values()) == pytest.approx(1, abs=1e-12)
    assert weights.sliders["gross_margin"].value == pytest.approx(100 * now["gross_margin"], abs=1e-9)
    weights.frame.undo()
    assert given_weights(weights.frame.state) == first
    weights.locks["satisfaction"].value = False
    weights.use("expansion")
    raised = given_weights(weights.frame.state)["new_accounts"]
    assert raised == pytest.approx(0.15 / 1.05, abs=1e-4)
    weights.frame.reset()
    assert weights.frame.state == weights.frame.first


def test_there_and_back_again_is_where_one_was_and_one_step_of_undo(weights):
    first = given_weights(weights.frame.state)
    slider = weights.sliders["target_attainment"]
    for percent in [*range(41, 101), *range(99, 39, -1)]:
        slider.value = percent
    assert given_weights(weights.frame.state) == first
    slider.value = 70
    weights.frame.undo()
    assert given_weights(weights.frame.state) == first
    assert weights.frame._past == []


def test_a_turn_after_a_pause_or_of_another_slider_is_a_step_of_its_own(weights, clock):
    weights.sliders["target_attainment"].value = 50
    clock[0] = 5.0
    weights.sliders["target_attainment"].value = 60
    weights.sliders["gross_margin"].value = 30
    weights.frame.undo()
    assert given_weights(weights.frame.state)["target_attainment"] == 0.6
    weights.frame.undo()
    assert given_weights(weights.frame.state)["target_attainment"] == 0.5


def test_weights_that_cannot_move_say_so(weights):
    for name in list(weights.locks)[1:]:
        weights.locks[name].value = True
    weights.sliders["target_attainment"].value = 70
    assert weights.sliders["target_attainment"].value == 40
    assert "unlock at least two" in weights.frame.remarks.value
    weights.locks["gross_margin"].value = False
    assert weights.frame.remarks.value == ""


def test_sliders_show_the_weights_that_a_method_finds_and_go_on_from_them(weights):
    by_method(weights, "critic")
    judged = weights.desk.judged(weights.frame.state).weights.set_index("kpi")["weight"]
    for name, slider in weights.sliders.items():
        assert slider.value == pytest.approx(100 * judged[name], abs=0.01)
    assert "found by a method: from the scores (CRITIC)" in weights.frame.remarks.value
    picture = weights.frame.picture.value
    margin = weights.sliders["gross_margin"].value
    weights.sliders["gross_margin"].value = margin + 0.01
    assert weights.frame.state.weights.method == "given"
    assert given_weights(weights.frame.state)["gross_margin"] == pytest.approx(
        (margin + 0.01) / 100, abs=1e-9
    )
    assert weights.frame.remarks.value == ""
    scores = [cell for cell in picture.split("<td") if 'class="n"' in cell]
    assert len(scores) == len([c for c in weights.frame.picture.value.split("<td") if 'class="n"' in c])


def test_presets_leave_locked_weights_alone_and_given_ones_come_back(weights):
    first = given_weights(weights.frame.state)
    weights.locks["gross_margin"].value = True
    weights.use("equal")
    assert given_weights(weights.frame.state) == dict.fromkeys(first, 0.2)
    weights.locks["gross_margin"].value = False
    weights.sliders["gross_margin"].value = 60
    weights.locks["gross_margin"].value = True
    weights.use("equal")
    assert given_weights(weights.frame.state) == {
        name: 0.6 if name == "gross_margin" else 0.1 for name in first
    }
    weights.locks["gross_margin"].value = False
    weights.use("given")
    assert given_weights(weights.frame.state) == first


def test_judgements_are_kept_followed_and_a_preset_and_contradictions_are_asked_about(weights):
    assert "ahp" not in weights.desk.presets(weights.frame.state)
    pairs = weights.pairs
    pairs.sliders["target_attainment/gross_margin"].value = -2
    weights.frame.speak("zh")
    assert pairs.sliders["target_attainment/gross_margin"].value == -2
    for pair in ("satisfaction/new_accounts", "target_attainment/new_accounts"):
        pairs.sliders[pair].value = 8
    before = weights.frame.state
    pairs.take()
    assert weights.frame.state == before
    assert "一致性比率" in weights.frame.message.value
    pairs.take()
    assert weights.frame.state.weights.pairs["target_attainment/gross_margin"] == 3
    taken = given_weights(weights.frame.state)
    weights.frame.undo()
    assert {slider.value for slider in pairs.sliders.values()} == {0}
    pairs.frame.change(before)
    weights.frame._past.clear()
    for pair, at in (("satisfaction/new_accounts", 8), ("target_attainment/new_accounts", 8),
                     ("target_attainment/gross_margin", -2)):  # fmt: skip
        pairs.sliders[pair].value = at
    pairs.take()
    pairs.take()
    weights.use("equal")
    weights.use("ahp")
    assert given_weights(weights.frame.state) == taken


def test_judgements_leave_locked_weights_alone_as_presets_do(weights):
    first = given_weights(weights.frame.state)
    weights.locks["satisfaction"].value = True
    weights.pairs.sliders["target_attainment/gross_margin"].value = -2
    weights.pairs.take()
    state = weights.frame.state
    taken = given_weights(state)
    assert state.weights.pairs["target_attainment/gross_margin"] == 3
    assert taken["satisfaction"] == first["satisfaction"]
    assert sum(taken.values()) == pytest.approx(1, abs=1e-12)
    found = weights.desk.preset("ahp", state)
    free = [name for name in taken if name != "satisfaction"]
    rest = sum(found[name] for name in free)
    for name in free:
        shared = (1 - first["satisfaction"]) * found[name] / rest
        assert taken[name] == pytest.approx(shared, abs=1e-4)
    weights.use("ahp")
    assert given_weights(weights.frame.state) == taken


def test_more_than_seven_kpis_are_told_why_no_pairs_are_asked_for(weights):
    said = weights.pairs.lay_out([f"kpi {number}" for number in range(8)]).value
    assert "up to 7 KPIs: these 8 would be 28 pairs" in said


def test_saved_weights_give_a_run_the_panels_scores_and_ranks(weights, save, root):
    weights.sliders["gross_margin"].value = 45
    assert "more margin.yaml" in save(weights, "more margin")
    file = root / "params" / "appraisal" / "more margin.yaml"
    folder = appraise(DEMO, "2025Q4", lang="en", params_file=file, out=root / "out", say=lambda _: None)
    run = open_run(str(folder))
    log = run.facts["parameters"]["weights"]["log"]
    assert {entry["kpi"]: entry["after"] for entry in log} == given_weights(weights.frame.state)
    assert {(entry["who"], entry["why"]) for entry in log} == {("Li Na", "tried by hand")}
    found = run.load("ranking").set_index("rep_id")
    finals = weights.desk.finals(weights.desk.judged(weights.frame.state)).set_index("rep_id")
    assert np.allclose(found["final_score"], finals.loc[found.index, "final_score"], atol=1e-9)
    ranks = pd.Series(rank_reps(finals["final_score"]).to_numpy(), index=finals.index)
    assert found["score_rank"].tolist() == ranks[found.index].tolist()


def test_judgements_in_pairs_are_read_both_ways():
    assert [times(at) for at in (-8, -1, 0, 1, 8)] == [9, 2, 1, 0.5, 1 / 9]
    assert [step(times(at)) for at in range(-8, 9)] == list(range(-8, 9))
    assert whole_weights({"a": 1.0, "b": 1.0, "c": 1.0}) == {"a": 0.3334, "b": 0.3333, "c": 0.3333}


def test_saved_targets_and_scenarios_give_a_run_the_panels_numbers(targets, scenarios, save, root):
    targets.sliders["growth"].value = 5
    targets.sliders["history_weight"].value = 30
    account = targets.desk.before.accounts.sort_values("target")["account_id"].iloc[-1]
    targets.pin(account, 1_000_000)
    asked = targets.desk.split(targets.frame.state)
    scenarios.frame.change(targets.frame.state)
    scenarios.slots[0]["growth"].value = 1
    scenarios.slots[1]["history_weight"].value = 90
    made = scenarios.desk.plans(scenarios.frame.state)
    save(scenarios, "by hand")
    file = root / "params" / "planning" / "by hand.yaml"
    folder = plan(DEMO, "2026Q1", lang="en", params_file=file, out=root / "out", say=lambda _: None)
    run = open_run(str(folder))
    targets_of = run.load("target_accounts").set_index("account_id")["target"]
    assert targets_of.sum() == asked.total
    assert targets_of.to_dict() == asked.accounts.set_index("account_id")["target"].to_dict()
    assert targets_of[account] == 1_000_000
    table = run.load("target_scenarios")
    totals = table[table["dimension"] == "company"].set_index("scenario")["target"].to_dict()
    assert totals == {name: split.total for name, split in made.items()}
    accounts = table[table["dimension"] == "account"]
    for name, split in made.items():
        there = accounts[accounts["scenario"] == name].set_index("key")["target"]
        here = split.accounts.set_index("account_id")["target"]
        assert there[there != 0].to_dict() == here[here != 0].to_dict()


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
    targets.frame._settle()
    account, amount = quick_pins(targets.desk, targets.frame.state)[0]
    assert amount == targets.desk.before.accounts["target"].max()
    name = targets.desk.names[account]
    assert targets.quick[0].description.startswith(f"{name} · ")
    targets.quick[0].click()
    assert targets.frame.state.allocation.pins == {account: amount}
    targets.sliders["growth"].value = 20
    targets.frame._settle()
    assert targets.quick[0].description.startswith(f"✓ {name} · ")
    split = targets.desk.split(targets.frame.state).accounts.set_index("account_id")["target"]
    assert split[account] == amount
    targets.quick[0].click()
    assert targets.frame.state.allocation.pins == {}


def test_both_languages_lay_the_panel_out_anew(weights):
    weights.frame.speak("zh")
    assert "个名次" in weights.frame.picture.value
    assert weights.sliders["satisfaction"].label == "客户满意度"
    assert weights.locks["satisfaction"].description == "锁定客户满意度"
    weights.frame.speak("en")
    assert weights.sliders["satisfaction"].label == "Satisfaction"


def test_a_cap_can_be_lifted_and_set_again(targets):
    targets.sliders["growth_cap"].value = 305
    assert targets.frame.state.allocation.growth_cap is None
    targets.sliders["growth_cap"].value = 300
    assert targets.frame.state.allocation.growth_cap == 3.0


def test_targets_add_up_with_the_accounts_that_nobody_serves(targets):
    split = targets.desk.split(targets.frame.state)
    served = split.likely.loc[split.likely["dimension"] == "rep", "target"].sum()
    nobody = split.accounts.loc[split.accounts["rep_id"].isna(), "target"].sum()
    assert served + nobody == split.total
    assert "Accounts without a rep" in targets.frame.picture.value
    assert split.size.growth == pytest.approx(0.08, abs=1e-4)


def test_an_exception_of_an_event_is_said_in_the_panel(weights, monkeypatch):
    def broken(*_):
        raise OSError("no space left")

    monkeypatch.setattr(type(weights.desk), "base", broken)
    weights.sliders["satisfaction"].value = 33
    assert "OSError: no space left" in weights.frame.message.value
    assert 'role="alert"' in weights.frame.message.value


def test_without_a_run_the_panel_says_what_to_do(tmp_path):
    for made in (weights_panel, targets_panel, scenarios_panel):
        assert "no manifest.json there" in made(str(tmp_path)).value
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    for made in (weights_panel, targets_panel, scenarios_panel):
        assert 'role="alert"' in made(str(tmp_path)).value
