"""Rewrite what the docs show of the code: the contract in data/README.md and the picture in README.md.

Run by ``make docs``; the picture needs Chromium.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from kamlib.book.contract import contract_markdown
from kamlib.packs.planning import plan

ROOT = Path(__file__).resolve().parents[1]
_CONTRACT = re.compile(r"(<!-- contract -->\n).*(<!-- /contract -->)", re.S)


def write_contract() -> None:
    """Put the contract between its markers in data/README.md."""
    path = ROOT / "data" / "README.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(_CONTRACT.sub(lambda m: m[1] + contract_markdown() + m[2], text), encoding="utf-8")


def draw_pack() -> None:
    """Photograph the first page of the demo book's pack."""
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(ROOT / "tests"))
    from conftest import CHROMIUM, QUIET

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run = plan(ROOT / "data" / "demo", "2026Q1", out=Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto((run / "pack.html").as_uri())
        page.wait_for_timeout(1000)
        page.screenshot(path=ROOT / "outputs" / "demo-pack.png")
        browser.close()


if __name__ == "__main__":
    write_contract()
    draw_pack()
