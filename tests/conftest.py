"""What tests use beyond Python: where it is absent they are skipped by name; under CI=true that is a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A busy machine is no failure: speed is measured in tests/bench, never timed here.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
OFFICE = shutil.which("soffice") or ""
QUIET = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def _has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=False).stdout)


NEEDS: dict[str, tuple[str, str, Callable[[], bool]]] = {
    "browser": ("Chromium", "chromium", lambda: bool(CHROMIUM)),
    "office": ("LibreOffice Calc", "libreoffice-calc", lambda: bool(OFFICE)),
    "fonts": ("a Chinese font", "fonts-noto-cjk fontconfig", _has_chinese_font),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (name, package, found) in NEEDS.items():
        if item.get_closest_marker(marker) is None or found():
            continue
        message = f"{item.name} needs {name}: apt-get install {package}"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)


@dataclass
class Visit:
    """A page open in the browser, and every request that left the file for elsewhere (each was refused)."""

    page: Any
    left: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Open a file in a window of its own; anything but file: and data: is refused and noted."""
    contexts = []

    def open_file(path: Path, *, width: int = 1280, height: int = 800, scripts: bool = True) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=scripts, service_workers="block"
        )
        contexts.append(context)
        seen = Visit(context.new_page())

        def guard(route: Any) -> None:
            if route.request.url.startswith(("file:", "data:")):
                route.continue_()
            else:
                seen.left.append(route.request.url)
                route.abort()

        context.route("**/*", guard)
        seen.page.on("console", lambda message: seen.said.append(message.text))
        seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
        seen.page.on("dialog", lambda dialog: (seen.said.append(dialog.message), dialog.dismiss()))
        seen.page.goto(path.as_uri())
        return seen

    yield open_file
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str], Path]:
    """Convert a workbook with LibreOffice, every formula calculated anew, and return the file made."""
    profile = tmp_path_factory.mktemp("office")
    settings = profile / "user" / "registrymodifications.xcu"
    settings.parent.mkdir()
    settings.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" '
        'oor:op="fuse"><value>0</value></prop></item></oor:items>',
        encoding="utf-8",
    )

    def convert(workbook: Path, form: str) -> Path:
        out = tmp_path_factory.mktemp("converted")
        home = f"-env:UserInstallation={profile.as_uri()}"
        command = [OFFICE, home, "--headless", "--convert-to", form, "--outdir", str(out), str(workbook)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return next(out.iterdir())

    return convert


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a published planning run of the demo book, in English."""
    from kamlib.packs.planning import plan

    return plan(DEMO, "2026Q1", lang="en", out=tmp_path_factory.mktemp("outputs-en"), say=lambda _: None)


@pytest.fixture(scope="session")
def demo_command_zh(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Return the ended command that planned the demo book in Chinese, with what it said."""
    kam = str(Path(sys.executable).with_name("kam"))
    out = str(tmp_path_factory.mktemp("outputs-zh"))
    command = [kam, "plan", "--book", str(DEMO), "--period", "2026Q1", "--lang", "zh", "--out", out]
    return subprocess.run(command, capture_output=True, text=True, check=True)


@pytest.fixture(scope="session")
def demo_run_zh(demo_command_zh: subprocess.CompletedProcess[str]) -> Path:
    """Return a published planning run of the demo book, in Chinese."""
    return Path(demo_command_zh.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def appraisal_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a published appraisal run of the demo book, in English."""
    from kamlib.packs.appraisal import appraise

    return appraise(DEMO, "2025Q4", lang="en", out=tmp_path_factory.mktemp("appraisal"), say=lambda _: None)


@pytest.fixture(scope="session")
def team_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same with targets by peers, a part of the team, pay by score and feedback in it."""
    from kamlib.packs.appraisal import appraise

    folder = tmp_path_factory.mktemp("teams")
    file = folder / "teams.yaml"
    file.write_text(
        """
scorecard:
  team_share: 0.3
  kpis:
    - {measure: target_attainment, weight: 0.4, perspective: financial, target: plan}
    - {measure: sales_volume, weight: 0.3, perspective: financial, target: peers}
    - {measure: effective_contacts, weight: 0.3, perspective: process, target: peers}
weights: {policies: []}
ranking: {feedback_share: 0.1}
pay: {by: score}
""",
        encoding="utf-8",
    )
    return appraise(DEMO, "2025Q4", params_file=file, lang="en", out=folder / "out", say=lambda _: None)
