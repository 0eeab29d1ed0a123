"""Why targets differ between two runs: parts that add up to the change, in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.measures.money import to_money
from kamlib.runs import Run
from kamlib.runs.explain import explain_targets

FACTS = {"pack": "planning", "period": "2026Q1"}


def run_of(folder: Path, rows: list[dict[str, object]]) -> Run:
    table = pd.DataFrame(rows).astype({"target": "int64"})
    for name in ("proposal", "bounded"):
        table[name] = to_money((table[name] * 10_000).astype("int64"))
    run = Run(folder, FACTS)
    run.save("target_accounts", table)
    return run


def account(key: str, blend: float, total: int, *, held: int = 0, bound: str = "none", target: int | None = None,
            history: float | None = None, rule: str = "blend") -> dict[str, object]:  # fmt: skip
    proposal = int(blend * total)
    share = blend if history is None else history
    return {"account_id": key, "rule": rule, "history_share": share, "potential_share": 2 * blend - share,
            "blend": blend, "proposal": proposal, "bounded": proposal + held, "bound": bound,
            "target": proposal + held if target is None else target}  # fmt: skip


def reasons(tmp_path: Path, old: list[dict[str, object]], new: list[dict[str, object]]) -> dict[object, str]:
    rows = explain_targets(run_of(tmp_path / "a", old), run_of(tmp_path / "b", new))
    assert all(row[2] - row[1] == row[3] for row in rows)
    return {row[0]: str(row[4]) for row in rows}


def test_a_total_a_share_and_a_cap_each_get_their_part(tmp_path: Path) -> None:
    old = [account("A", 0.5, 1000, held=100), account("B", 0.5, 1000, held=-100, bound="cap")]
    new = [account("A", 0.55, 1200, history=0.5), account("B", 0.45, 1200, history=0.5)]
    assert reasons(tmp_path, old, new) == {
        "A": "+100 the total changed; +60 potential share +10.0 points; "
        "-100 what required totals and others' floors and caps leave",
        "B": "+100 the total changed; -60 potential share -10.0 points; +100 the cap no longer binds",
    }


def test_parts_add_up_to_the_change(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    blend = rng.dirichlet(np.ones(20), 2)
    old, new = ([account(f"A{i:02}", b, 1000 * (k + 3), held=int(rng.integers(-9, 9)), bound="floor")
                 for i, b in enumerate(row)] for k, row in enumerate(blend))  # fmt: skip
    rows = explain_targets(run_of(tmp_path / "a", list(old)), run_of(tmp_path / "b", list(new)))
    assert len(rows) == 12
    for _, before, after, change, why in rows:
        parts = [int(part.split()[0].replace(",", "")) for part in str(why).split("; ")]
        assert sum(parts) == change == int(str(after)) - int(str(before))
    sizes = [abs(int(str(row[3]))) for row in rows]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [("none", "cap", "the cap binds now"), ("floor", "none", "the floor no longer binds"),
     ("floor", "floor", "the floor moved"), ("none", "none", "what required totals and others' floors and caps leave")],
)  # fmt: skip
def test_bounds_in_words(tmp_path: Path, before: str, after: str, said: str) -> None:
    found = reasons(
        tmp_path, [account("A", 0.5, 100, bound=before)], [account("A", 0.5, 100, held=7, bound=after)]
    )
    assert f"+7 {said}" in found["A"]


def test_new_weights_a_new_rule_and_a_new_account(tmp_path: Path) -> None:
    old = [account("A", 0.4, 1000, history=0.2), account("B", 0.6, 1000, history=0.6)]
    moved = account("A", 0.5, 1000, history=0.2) | {"potential_share": 0.6}
    new = [moved, account("C", 0.5, 1000, rule="potential")]
    found = reasons(tmp_path, old, new)
    assert "weights of the shares moved the blend +10.0 points" in found["A"]
    assert found["B"] == "the account is only in A"
    assert found["C"] == "the account is only in B"


def test_runs_without_targets_by_account_explain_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path / "a", FACTS)
    assert explain_targets(run, run) == []
