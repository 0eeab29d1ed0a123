"""What a panel saves is what a run reads, whatever files are there; nothing is written unseen."""

import pytest

from kamlib.packs.appraisal import appraisal_params
from kamlib.packs.live_weights import given_weights
from kamlib.packs.planning import planning_params

BOOK = "Harbour Drives"


def test_after_a_period_was_saved_a_further_file_still_gives_the_panels_numbers(targets, save, root):
    targets.sliders["growth"].value = 5
    assert "2026Q1.yaml" in save(targets, "2026Q1")
    targets.frame.reset()
    targets.sliders["history_weight"].value = 30
    save(targets, "alt")
    file = root / "params" / "planning" / "alt.yaml"
    run = planning_params("2026Q1", book=BOOK, params_file=file)
    assert (run.sizing.growth, run.allocation.history_weight) == (0.08, 0.3)
    assert run == targets.frame.state


def test_a_file_changed_while_the_panel_is_open_is_read_when_saving(targets, save, root):
    (root / "params" / "planning.yaml").write_text("sizing: {growth: 0.2}\n", encoding="utf-8")
    targets.sliders["history_weight"].value = 30
    save(targets, "alt")
    file = root / "params" / "planning" / "alt.yaml"
    assert planning_params("2026Q1", book=BOOK, params_file=file) == targets.frame.state


def test_loading_lays_a_file_over_what_a_run_lays_it_over(targets, root):
    folder = root / "params" / "planning"
    (folder / "2026Q1.yaml").write_text("sizing: {growth: 0.05}\n", encoding="utf-8")
    (folder / "hand.yaml").write_text("allocation: {history_weight: 0.9}\n", encoding="utf-8")
    targets.frame.speak("en")
    targets.frame.saving.files.value = "hand"
    targets.frame.saving.take.click()
    run = planning_params("2026Q1", book=BOOK, params_file=folder / "hand.yaml")
    assert targets.frame.state == run
    assert targets.frame.state.sizing.growth == 0.05


def test_nothing_is_written_before_it_was_shown_and_not_once_it_changed(targets, root):
    saving = targets.frame.saving
    for key, value in (("file_name", "x"), ("who", "Li Na"), ("why", "trial")):
        saving.fields[key].value = value
    targets.sliders["growth"].value = 5
    saving.ask.click()
    assert "growth: 0.05" in saving.shown.value
    assert list((root / "params" / "planning").iterdir()) == []
    (root / "params" / "planning.yaml").write_text("sizing: {growth: 0.05}\n", encoding="utf-8")
    saving.confirm.click()
    assert "Something changed" in targets.frame.message.value
    assert "growth: 0.05" not in saving.shown.value
    assert list((root / "params" / "planning").iterdir()) == []
    targets.sliders["growth"].value = 6
    assert (saving.shown.value, saving.confirm.layout.display) == ("", "none")


def test_replacing_a_file_shows_what_changes_in_it(targets, save, root):
    targets.sliders["growth"].value = 5
    save(targets, "x")
    targets.sliders["growth"].value = 6
    assert "is there already" in save(targets, "x")
    saving = targets.frame.saving
    saving.replace.value = True
    saving.ask.click()
    assert "-  growth: 0.05" in saving.shown.value
    assert "+  growth: 0.06" in saving.shown.value
    saving.confirm.click()
    assert "growth: 0.06" in (root / "params" / "planning" / "x.yaml").read_text(encoding="utf-8")


def test_what_cannot_be_met_is_not_saved_and_is_refused_in_the_panels_language(targets, save, root):
    targets.sliders["growth_cap"].value = 0
    assert "the caps add up to" in save(targets, "2026Q1")
    targets.frame.speak("zh")
    assert "上限合计" in save(targets, "2026Q1")
    assert list((root / "params" / "planning").iterdir()) == []


def test_saved_weights_enter_the_log_that_is_shown_first(weights, save, root):
    weights.sliders["gross_margin"].value = 45
    saving = weights.frame.saving
    for key, value in (("file_name", "m"), ("who", "Li Na"), ("why", "trial")):
        saving.fields[key].value = value
    saving.ask.click()
    assert "who: Li Na" in saving.shown.value
    saving.confirm.click()
    file = root / "params" / "appraisal" / "m.yaml"
    run = appraisal_params("2025Q4", book=BOOK, params_file=file)
    assert given_weights(run) == given_weights(weights.frame.state)
    weights.frame.saving.files.value = "m"
    saving.take.click()
    weights.sliders["gross_margin"].value = 40
    assert weights.frame.message.value == ""
    assert given_weights(weights.frame.state)["gross_margin"] == 0.4


@pytest.mark.parametrize(
    ("name", "said"), [("x" * 300, "up to 64 letters"), ("../x", "cannot name a file"), (" ", "cannot name")]
)
def test_a_name_that_cannot_be_is_refused(targets, save, name, said):
    assert said in save(targets, name)


def test_a_folder_that_cannot_be_written_is_said(targets, save, root):
    (root / "blocked").write_text("", encoding="utf-8")
    targets.frame.saving.store.folder = root / "blocked" / "planning"
    assert "could not be written" in save(targets, "x")


def test_a_file_that_cannot_be_read_is_said(targets, root):
    (root / "params" / "planning" / "we (copy).yaml").write_text("sizing: [1\n", encoding="utf-8")
    targets.frame.speak("en")
    targets.frame.saving.files.value = "we (copy)"
    before = targets.frame.state
    targets.frame.saving.take.click()
    assert 'role="alert"' in targets.frame.message.value
    assert "we (copy).yaml" in targets.frame.message.value
    assert targets.frame.state == before


def test_other_kpis_are_refused_and_what_is_not_followed_is_named(weights, targets, root):
    four = "\n".join(
        f"    - {{measure: {name}, weight: 0.25, perspective: financial, target: plan}}"
        for name in ("target_attainment", "gross_margin", "sales_volume", "new_accounts")
    )
    (root / "params" / "appraisal" / "four.yaml").write_text(
        f"scorecard:\n  kpis:\n{four}\n", encoding="utf-8"
    )
    weights.frame.speak("en")
    weights.frame.saving.files.value = "four"
    before = weights.frame.state
    weights.frame.saving.take.click()
    assert "weighs other KPIs" in weights.frame.message.value
    assert weights.frame.state == before
    file = root / "params" / "planning" / "b.yaml"
    file.write_text("forecast: {reconciliation: bottom_up}\nsizing: {total: 50000000}\n", encoding="utf-8")
    targets.frame.speak("en")
    targets.frame.saving.files.value = "b"
    targets.frame.saving.take.click()
    assert "only by a run: forecast.reconciliation" in targets.frame.remarks.value
    assert "Growth has no effect" in targets.frame.remarks.value
    assert (targets.sliders["growth"].disabled, targets.sliders["history_weight"].disabled) == (True, False)


def test_a_language_switch_keeps_what_was_typed(targets):
    targets.frame.saving.fields["why"].value = "so"
    targets.frame.speak("zh")
    assert targets.frame.saving.fields["why"].value == "so"
