"""From a key press on a slider to the repaint, in Chromium: the panels beside a bare slider that echoes its value."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from kamlib.widgets.app import app_command, app_environment

PRESS = """(key) => new Promise(done => {
  const begun = performance.now(), old = document.querySelector('.kam-live').outerHTML;
  const look = () => {
    const now = document.querySelector('.kam-live');
    if (now && now.outerHTML !== old) requestAnimationFrame(() => done(performance.now() - begun));
    else if (performance.now() - begun > 5000) done(5000);
    else setTimeout(look, 1);
  };
  document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, code: key, bubbles: true}));
  look();
})"""
BARE = """import ipywidgets as ui
slider = ui.IntSlider(value=50)
shown = ui.HTML('<div class="kam-live"><table><tr><td>50</td></tr></table></div>')
def follow(change):
    shown.value = f'<div class="kam-live"><table><tr><td>{change["new"]}</td></tr></table></div>'
slider.observe(follow, 'value')
ui.VBox([slider, shown])"""
PRESSES, PORT = 40, 18866
TABLE, LATE = 150, 300  # milliseconds: a table with its bars, median and 95 %


def notebook(path: Path, source: str) -> None:
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "c0",
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    book = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(book), encoding="utf-8")


def presses(browser: Any, name: str) -> list[float]:
    """Return milliseconds from key press to repaint, ascending."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(f"http://127.0.0.1:{PORT}/voila/render/{name}.ipynb", timeout=90_000)
    page.wait_for_selector(".kam-live table", timeout=90_000)
    page.locator(".noUi-handle").first.focus()
    found = []
    for press in range(PRESSES + 2):
        found.append(page.evaluate(PRESS, "ArrowRight" if press % 2 else "ArrowLeft"))
        time.sleep(0.1)
    page.close()
    return sorted(found[2:])


@pytest.mark.browser
def test_from_a_key_press_to_the_repaint(
    browser: Any, appraisal_run: Path, demo_run: Path, tmp_path: Path
) -> None:
    notebook(tmp_path / "bare.ipynb", BARE)
    for name, run in (("weights", appraisal_run), ("targets", demo_run)):
        notebook(
            tmp_path / f"{name}.ipynb",
            f"from kamlib.widgets import {name}_panel\n\n{name}_panel({str(run)!r})",
        )
    with subprocess.Popen(app_command(tmp_path, port=PORT), env=app_environment(),
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:  # fmt: skip
        try:
            for _ in range(60):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.5)
            found = {name: presses(browser, name) for name in ("bare", "weights", "targets")}
        finally:
            server.terminate()
    for name, times in found.items():
        median, late = statistics.median(times), times[int(0.95 * len(times))]
        ratio = median / statistics.median(found["bare"])
        print(f"\n{name}: median {median:.0f} ms, 95 % under {late:.0f} ms, {ratio:.1f} x the bare slider")
        assert name == "bare" or (median < TABLE and late < LATE)
