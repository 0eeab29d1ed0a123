"""A whole planning run beside its three notebooks under plain papermill in one process."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.measure import python, ratio, report

ROOT = Path(__file__).resolve().parents[2]
KAM = str(Path(sys.executable).with_name("kam"))
PLAIN = """
import sys, papermill
folder, notebooks = sys.argv[1:3]
for name in ("1_accounts", "2_forecast", "3_targets"):
    papermill.execute_notebook(f"{notebooks}/{name}.ipynb", f"{folder}/{name}.out.ipynb",
                               parameters={"run": folder}, kernel_name="python3", cwd=folder, progress_bar=False)
"""


def test_plan_beside_plain_papermill(tmp_path: Path) -> None:
    from kamlib.packs.planning import plan

    run = plan(ROOT / "data" / "demo", "2026Q1", out=tmp_path, say=lambda _: None)
    ours = [KAM, "plan", "--book", str(ROOT / "data" / "demo"), "--period", "2026Q1", "--out", str(tmp_path)]
    peer = [*python(PLAIN), str(run), str(ROOT / "notebooks" / "planning")]
    value, a, b = ratio(ours, peer, runs=3)
    report("kam plan / plain papermill", value, 1.5, f"{a[0].seconds:.1f} s / {b[0].seconds:.1f} s")
    assert value <= 1.5
