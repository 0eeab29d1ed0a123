"""The slider workbooks as a web page: the picture never lags, nothing leaves the machine, all has a name."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from kamlib.errors import ParameterError
from kamlib.widgets.app import app_command, app_environment, refuse_taken, serve

PANELS = ("weights", "targets", "scenarios")
NAMED = {"slider", "textbox", "checkbox", "combobox", "button", "spinbutton", "link"}
KEYS = """async (gap) => {
  for (let k = 0; k < 20; k++) {
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
    await new Promise(done => setTimeout(done, gap));
  }
}"""


def notebook(path, source):
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


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def served(appraisal_run, demo_run, tmp_path_factory):
    """Serve a notebook for each panel, of published runs."""
    folder = tmp_path_factory.mktemp("explore")
    for name, run in zip(PANELS, (appraisal_run, demo_run, demo_run), strict=True):
        notebook(
            folder / f"{name}.ipynb", f"from kamlib.widgets import {name}_panel\n\n{name}_panel({str(run)!r})"
        )
    port = free_port()
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
        page.wait_for_selector("input[type=range]", timeout=30_000)
        return page, left, said

    yield open_panel
    context.close()


def unnamed(page):
    """Return the controls that a screen reader finds no name for."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    found = [(node["role"]["value"], node.get("name", {}).get("value", "").strip()) for node in nodes
          if not node.get("ignored") and "role" in node]  # fmt: skip
    assert sum(role == "slider" for role, _ in found) >= 5
    return [role for role, name in found if role in NAMED and not name]


def reached(page, presses):
    """Return what Tab comes by, from the top."""
    page.evaluate("document.activeElement.blur()")
    found = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        found.append(
            page.evaluate(
                "(e => e.innerText || e.getAttribute('aria-label') || e.labels?.[0]?.innerText || '')"
                "(document.activeElement)"
            )
        )
    return found


@pytest.mark.browser
@pytest.mark.parametrize("name", PANELS)
def test_a_panel_is_shown_without_code_and_nothing_leaves_the_machine(panel, name):
    page, left, said = panel(name)
    assert left == []
    assert said == []
    assert "_panel(" not in page.content()
    page.get_by_text("中文").first.click()
    page.wait_for_selector("text=保存与载入")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.locator("input[type=range]").first.evaluate("e => e.closest('[lang]').lang") == "zh"
    assert (left, said) == ([], [])


@pytest.mark.browser
@pytest.mark.parametrize("name", PANELS)
def test_every_control_has_a_name_and_tab_reaches_it(panel, name):
    page, _, _ = panel(name)
    by_tab = reached(page, 60)
    assert any("Save and load" in text for text in by_tab)
    page.get_by_role("button", name="Save and load").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show what would be saved").wait_for()
    if name == "weights":
        page.get_by_role("button", name="Judge in pairs").press("Enter")
    if name == "targets":
        page.get_by_role("button", name="Pin an account").press("Enter")
    assert unnamed(page) == []
    by_tab = reached(page, 100)
    for wanted in ("Show what would be saved", "Why", "Load"):
        assert any(wanted in text for text in by_tab), wanted


@pytest.mark.browser
@pytest.mark.parametrize("name", PANELS)
def test_twenty_quick_key_presses_end_in_the_picture_of_the_last(panel, name):
    page, _, said = panel(name)
    slider = page.locator("input[type=range]").first
    begun = float(slider.input_value())
    slider.focus()
    page.evaluate(KEYS, 10)
    page.wait_for_timeout(500)
    assert float(slider.input_value()) == begun + 20
    assert slider.get_attribute("aria-valuetext") == f"{begun + 20:g} %"
    picture = page.locator(".kam-live").first.inner_html()
    page.wait_for_timeout(1500)
    assert page.locator(".kam-live").first.inner_html() == picture
    if name == "weights":
        shown = [float(one.input_value()) for one in page.locator("input[type=range]").all()[:5]]
        assert sum(shown) == pytest.approx(100, abs=1e-6)
    page.get_by_role("button", name="Save and load").click()
    for label in ("Who settles on this", "Why"):
        page.get_by_label(label, exact=True).fill("trial")
    page.get_by_role("button", name="Show what would be saved").click()
    page.wait_for_selector("pre")
    assert f"{(begun + 20) / 100:g}" in page.locator("pre").first.inner_text()
    assert said == []


@pytest.mark.browser
def test_pages_are_refused_under_another_host_name(served):
    asked = urllib.request.Request(f"http://127.0.0.1:{served}/", headers={"Host": f"evil.example:{served}"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(asked, timeout=10)


def test_a_taken_port_is_refused_before_anything_is_opened(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        opened = []
        with pytest.raises(ParameterError, match=f"--port {port} cannot be had"):
            serve(tmp_path, port=port, ready=opened.append)
        assert opened == []
    refuse_taken(port)
    with pytest.raises(ParameterError, match="cannot be had"):
        refuse_taken(70000)
