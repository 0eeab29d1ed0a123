"""Why reps' targets differ between two runs: parts that add up to the change, in words."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kamlib.runs import Run
from kamlib.runs.explain_reps import moved_reps
from tests.runs.test_explain import account, run_of


def with_reps(
    folder: Path, rows: list[dict[str, object]], reps: list[str | None], period: str = "2026Q1"
) -> Run:
    run = run_of(folder, [row | {"rep_id": rep} for row, rep in zip(rows, reps, strict=True)])
    run = Run(folder, {**run.facts, "period": period})
    sums = pd.DataFrame({"key": reps, "target": [row["target"] for row in rows]})
    sums = sums.groupby("key", dropna=False, as_index=False)["target"].sum().astype({"target": "int64"})
    run.save("target_summary", sums.assign(dimension="rep", without_account=False))
    return run


def test_reps_whose_targets_moved(tmp_path: Path) -> None:
    runs = []
    for side, amounts in (("a", [10, 20, 30]), ("b", [10, 5, 45])):
        run = Run(tmp_path / side, {"pack": "planning", "period": "2026Q1"})
        table = {"dimension": "rep", "key": ["R1", "R2", None, None], "target": [*amounts, 0]}
        summary = pd.DataFrame({**table, "without_account": [False, False, False, True]})
        company = pd.DataFrame({"dimension": ["company"], "key": ["company"], "target": [sum(amounts)]})
        run.save("target_summary", pd.concat([company.assign(without_account=False), summary]))
        runs.append(run)
    assert moved_reps(*runs) == [["(no rep)", 30, 45, 15, ""], ["R2", 20, 5, -15, ""]]
    empty = Run(tmp_path / "none", {})
    assert moved_reps(empty, empty) == []


def test_a_reps_reasons_are_the_sums_of_its_accounts_and_the_largest_is_named(tmp_path: Path) -> None:
    old = [
        account("A", 0.4, 1000),
        account("B", 0.2, 1000, held=-50, bound="cap"),
        account("C", 0.4, 1000, held=50),
    ]
    new = [
        account("A", 0.5, 1100, history=0.4),
        account("B", 0.2, 1100),
        account("C", 0.3, 1100, history=0.4),
    ]
    runs = [with_reps(tmp_path / side, rows, ["R1", "R1", None]) for side, rows in (("a", old), ("b", new))]
    rows = moved_reps(*runs, lambda key: f"{key} Ltd")
    assert rows == [
        # A +150: 40 the total, 110 potential; B +70: 20 the total, 50 the cap; C +40 the total, -110, -50 the rest
        ["R1", 550, 770, 220, "+110 potential share +20.0 points, all A Ltd; +60 the total changed; "
                              "+50 floors, caps and pins, all B Ltd"],
        ["(no rep)", 450, 330, -120, "-110 potential share -20.0 points, all C Ltd; -50 shares of what all bounds leave "
                                     "over, all C Ltd; +40 the total changed"],
    ]  # fmt: skip


def test_of_a_part_that_several_accounts_make_the_one_that_makes_most_is_named(tmp_path: Path) -> None:
    steps = [0, -7, -20, 5, 22]
    old = [account(key, 0.2, 1000) for key in "ABCDE"]
    new = [account(key, 0.2, 1000, held=step) for key, step in zip("ABCDE", steps, strict=True)]
    runs = [with_reps(tmp_path / side, rows, [*"RRRRS"]) for side, rows in (("a", old), ("b", new))]
    assert moved_reps(*runs)[0][4] == "-22 shares of what all bounds leave over, most C -20"


def test_accounts_that_came_and_went_count_whole(tmp_path: Path) -> None:
    old = [account("A", 0.5, 1000), account("B", 0.3, 1000), account("C", 0.2, 1000)]
    new = [account("A", 0.5, 1000), account("B", 0.3, 1000), account("D", 0.2, 1000)]
    before = with_reps(tmp_path / "a", old, ["R1", "R1", "R2"])
    after = with_reps(tmp_path / "b", new, ["R1", "R2", "R1"])
    assert moved_reps(before, after) == [
        [
            "R1",
            800,
            700,
            -100,
            "-300 accounts that have another rep now, all B; +200 accounts only in B, all D",
        ],
        ["R2", 200, 300, 100, "+300 accounts that had another rep, all B; -200 accounts only in A, all C"],
    ]


def test_of_another_period_the_total_says_so(tmp_path: Path) -> None:
    before = with_reps(tmp_path / "a", [account("A", 1.0, 1000)], ["R"])
    after = with_reps(tmp_path / "b", [account("A", 1.0, 4000)], ["R"], period="2026")
    assert moved_reps(before, after)[0][4] == "+3,000 the total, of 2026 in place of 2026Q1"
