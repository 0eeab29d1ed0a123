"""The slider workbooks as a web page: the picture never lags, nothing leaves the machine, no code is shown."""

import json
import socket
import subprocess
import time
import urllib.request

import pytest

from kamlib.widgets.app import app_command, app_environment

KEYS = """async (gap) => {
  for (let k = 0; k < 20; k++) {
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', code: 'ArrowRight',
      keyCode: 39, bubbles: true}));
    await new Promise(done => setTimeout(done, gap));
  }
}"""


@pytest.fixture(scope="module")
def served(appraisal_run, demo_run, tmp_path_factory):
    """Serve a notebook for each panel, of published runs."""
    folder = tmp_path_factory.mktemp("explore")
    for name, run in (("weights", appraisal_run), ("targets", demo_run), ("scenarios", demo_run)):
        source = f"from kamlib.widgets import {name}_panel\n\n{name}_panel({str(run)!r})"
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
        (folder / f"{name}.ipynb").write_text(json.dumps(book), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(app_command(folder, port=port), env=app_environment(),
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:  # fmt: skip
        try:
            for _ in range(120):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                        assert b"weights" in page.read()
                    break
                except OSError:
                    time.sleep(0.5)
            yield port
        finally:
            server.terminate()


@pytest.fixture
def panel(browser, served):
    """Open a panel; requests to anywhere else are refused and noted."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    left, said = [], []

    def guard(route):
        url = route.request.url
        if url.startswith((f"http://127.0.0.1:{served}/", "data:", "blob:")):
            route.continue_()
        else:
            left.append(url)
            route.abort()

    context.route("**/*", guard)

    def open_panel(name):
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"http://127.0.0.1:{served}/voila/render/{name}.ipynb", timeout=90_000)
        page.wait_for_selector(".kam-live table", timeout=90_000)
        return page, left, said

    yield open_panel
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["weights", "targets", "scenarios"])
def test_a_panel_is_shown_without_code_and_nothing_leaves_the_machine(panel, name):
    page, left, said = panel(name)
    assert left == []
    assert said == []
    assert "_panel(" not in page.content()
    page.get_by_text("中文").first.click()
    page.wait_for_selector("text=保存与载入")


@pytest.mark.browser
def test_twenty_quick_key_presses_end_in_the_picture_of_the_last(panel):
    page, _, said = panel("weights")
    handle = page.locator(".noUi-handle").first
    begun = int(float(handle.get_attribute("aria-valuenow")))
    handle.focus()
    page.evaluate(KEYS, 10)
    page.wait_for_timeout(500)
    weight = page.locator(".widget-label").filter(has_text="%").first.inner_text()
    assert int(float(handle.get_attribute("aria-valuetext"))) == begun + 20
    assert weight == f"{begun + 20:.1f} %"
    summed = page.locator(".widget-label").filter(has_text="%").all_inner_texts()
    assert sum(float(text.split()[0]) for text in summed) == pytest.approx(100, abs=0.3)
    pre = page.locator("pre").first
    page.get_by_text("Save and load").click()
    assert f"weight: {(begun + 20) / 100}" in pre.inner_text()
    assert said == []
