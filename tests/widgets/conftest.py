"""Panels of published runs, whose parameter files are a copy that tests may write."""

import shutil

import pytest

from kamlib.packs import building
from kamlib.packs.live_targets import TargetDesk
from kamlib.packs.live_weights import WeightDesk
from kamlib.runs import open_run
from kamlib.widgets import frame
from kamlib.widgets.scenarios import ScenariosPanel
from kamlib.widgets.targets import TargetsPanel
from kamlib.widgets.weights import WeightsPanel


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Stand still but for what a test adds: whether turns are one step does not hang on the machine."""
    now = [0.0]
    monkeypatch.setattr(frame, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Copy the project's parameter files; runs and panels read the copy."""
    (tmp_path / "notebooks").symlink_to(building.project_root() / "notebooks")
    (tmp_path / "params").mkdir()
    for pack in ("planning", "appraisal"):
        shutil.copy(building.project_root() / "params" / f"{pack}.yaml", tmp_path / "params")
        (tmp_path / "params" / pack).mkdir()
    monkeypatch.setattr(building, "project_root", lambda: tmp_path)
    return tmp_path


def shown(panel, folder):
    panel.frame.saving.store.folder = folder
    panel.frame.show()
    return panel


@pytest.fixture(scope="session")
def weight_desk(appraisal_run):
    return WeightDesk(open_run(str(appraisal_run)))


@pytest.fixture(scope="session")
def target_desk(demo_run):
    return TargetDesk(open_run(str(demo_run)))


@pytest.fixture
def weights(weight_desk, root):
    return shown(WeightsPanel(weight_desk), root / "params" / "appraisal")


@pytest.fixture
def targets(target_desk, root):
    return shown(TargetsPanel(target_desk), root / "params" / "planning")


@pytest.fixture
def scenarios(target_desk, root):
    return shown(ScenariosPanel(target_desk), root / "params" / "planning")


@pytest.fixture
def save():
    """Save what a panel shows, in both steps."""

    def saved(panel, name, *, replace=False):
        saving = panel.frame.saving
        for key, value in (("file_name", name), ("who", "Li Na"), ("why", "tried by hand")):
            saving.fields[key].value = value
        saving.replace.value = replace
        saving.ask.click()
        if saving.confirm.layout.display != "none":
            saving.confirm.click()
        return panel.frame.message.value

    return saved
