"""What differs between two runs is named with its values, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kamlib.errors import ParameterError, RunError
from kamlib.measures.money import to_money
from kamlib.runs import Run
from kamlib.runs.diff import Difference, diff_runs
from kamlib.runs.publish import hash_tables, publish_run, start_run, write_facts
from kamlib.runs.run import write_table
from tests.runs.test_run import FACTS


def publish(out: Path, tables: dict[str, pd.DataFrame], **facts: Any) -> Path:
    run: Run = start_run(out, FACTS | facts)
    for name, table in tables.items():
        run.save(name, table)
    run.facts["tables"] = hash_tables(run)
    write_facts(run)
    return publish_run(run).folder


def targets(*amounts: int) -> pd.DataFrame:
    ids = [f"A{i}" for i in range(len(amounts))]
    return pd.DataFrame(
        {"account_id": ids, "rep_id": None, "target": amounts, "money": to_money([1] * len(amounts))}
    )


def test_equal_runs_do_not_differ(tmp_path: Path) -> None:
    a = publish(tmp_path, {"targets": targets(1, 2)})
    b = publish(tmp_path, {"targets": targets(1, 2)})
    assert [rows for _, _, rows in diff_runs(a, b).sections()] == [[]] * 6


def test_parameters_data_and_numbers(tmp_path: Path) -> None:
    a = publish(tmp_path, {"targets": targets(1000, 2000, 3000), "old": targets(1)})
    book = FACTS["book"] | {"hash": "cd"}
    b = publish(
        tmp_path, {"targets": targets(1000, 2500, 2900)}, book=book, parameters={"room": {"weight": 0.5}}
    )
    found = diff_runs(a, b)
    assert found.parameters == [["room.weight", 0.25, 0.5]]
    assert found.data == [["book.hash", "ab", "cd"]]
    assert found.totals == [
        ["old", "only in A", None, None, None, None],
        ["targets", "target", 2, "6,000", "6,400", "400"],
    ]
    assert found.largest == [
        ["targets", "target", "A1", "2,000", "2,500", "500"],
        ["targets", "target", "A2", "3,000", "2,900", "-100"],
    ]


def test_adopted_targets_are_named_by_their_versions(tmp_path: Path) -> None:
    a, b = start_run(tmp_path, FACTS), start_run(tmp_path, FACTS | {"adopted": "0f3a"})
    held = pd.DataFrame({"period": ["2026", "2026", "2026Q1"], "version": ["1", "1", "12"]})
    write_table(held, b.folder / "book" / "adopted_targets.parquet")
    for run in (a, b):
        write_facts(run)
    found = diff_runs(publish_run(a).folder, publish_run(b).folder)
    assert found.data == [["adopted targets", "none", "2026-v001, 2026Q1-v012 (hash 0f3a)"]]


def test_runs_of_two_packs_are_not_compared(tmp_path: Path) -> None:
    a = publish(tmp_path, {"targets": targets(1)})
    b = publish(tmp_path, {"targets": targets(1)}, pack="appraisal")
    with pytest.raises(
        RunError, match="run of the planning pack and .* of the appraisal pack; compare two runs"
    ):
        diff_runs(a, b)


def test_runs_of_two_currencies_are_not_compared(tmp_path: Path) -> None:
    table = {"targets": targets(1)}
    a, other = (
        publish(tmp_path, table, book=FACTS["book"] | {"currency": currency}) for currency in ("CNY", "USD")
    )
    with pytest.raises(RunError, match="is in CNY and .* in USD; .* Compare two runs in one currency"):
        diff_runs(a, other)
    assert diff_runs(a, a).currency == "CNY"


def test_amounts_without_a_currency_get_none_from_the_other_run(tmp_path: Path) -> None:
    named, none = (
        publish(tmp_path, {"targets": targets(amount)}, book=FACTS["book"] | {"currency": currency})
        for amount, currency in ((1, "CNY"), (2, ""))
    )
    for a, b, told in ((named, none, ("A", "B")), (none, named, ("B", "A"))):
        found = diff_runs(a, b)
        assert found.currency == ""
        assert found.warnings == [
            f"{told[0]} is in CNY, the book of {told[1]} names no currency: amounts are like for like only if they are in "
            "CNY too. Name it in that book (currency: CNY)."
        ]
        assert "[" not in "".join(name for _, columns, _ in found.sections() for name in columns)


def test_another_period_and_another_book_are_said_first(tmp_path: Path) -> None:
    a = publish(tmp_path, {"targets": targets(1)})
    b = publish(tmp_path, {"targets": targets(1)}, period="2026", book=FACTS["book"] | {"name": "C"})
    period, book = diff_runs(a, b).warnings
    assert period.startswith("A is of 2026Q1, B of 2026: what differs by amount differs first of all because")
    assert book.startswith('A is of the book "B", B of "C": rows are matched by id alone')
    assert diff_runs(a, a).warnings == []


def test_a_list_of_accounts_that_is_an_extract_says_so() -> None:
    rows: list[list[object]] = [["A0", 1, 2, 1, "+1 required totals"]]
    told = Difference([], [], [], [], [], [], rows, changed=87)
    titles = [title for title, _, _ in told.sections()]
    assert titles[3] == "Why targets changed (the 1 accounts that moved most, of 87)"
    titles = [title for title, _, _ in Difference([], [], [], [], [], [], rows, changed=1).sections()]
    assert titles[3] == "Why targets changed"


def test_rows_that_only_one_run_has_count_whole(tmp_path: Path) -> None:
    a = publish(tmp_path, {"targets": targets(1000)})
    b = publish(tmp_path, {"targets": targets(1000, 500)}, seed=4)
    found = diff_runs(a, b)
    assert found.totals[0] == ["targets", "target", 1, "1,000", "1,500", "500"]
    assert found.largest[0] == ["targets", "target", "A1", "-", "500", "500"]


def test_rows_are_named_by_their_keys_and_no_row_by_its_place(tmp_path: Path) -> None:
    plain = pd.DataFrame({"v": [1.5, 2.5]})
    keyed = pd.DataFrame({"k": [None, "x"], "v": [1.0, 2.0]})
    ahead = pd.DataFrame({"k": ["x", "x"], "horizon": [1, 2], "v": [1.0, 2.0]})
    tables = {"plain": plain, "keyed": keyed, "ahead": ahead, "single": plain.head(1)}
    a = publish(tmp_path, tables)
    b = publish(
        tmp_path, {name: t.assign(v=t["v"] + [1.0, 0.0][: len(t)]) for name, t in tables.items()}, seed=4
    )
    found = diff_runs(a, b)
    assert [row[:3] for row in found.totals] == [
        [name, "v", 1] for name in ("ahead", "keyed", "plain", "single")
    ]
    assert [[row[0], row[2]] for row in found.largest] == [
        ["ahead", "x · 1"],
        ["keyed", "–"],
        ["single", "the only row"],
    ]


def test_rows_that_overlap_and_fractions_are_not_added_up_and_noise_is_no_difference(tmp_path: Path) -> None:
    both = pd.DataFrame({"dimension": ["company", "rep"], "key": ["company", "R"], "target": [100, 100],
                         "reach_probability": [0.5, 0.25], "blend": [0.1 + 0.2, 1.0]})  # fmt: skip
    moved = both.assign(target=[110, 110], reach_probability=[0.4, 0.25], blend=[0.3, 1.0])
    a = publish(tmp_path, {"t": both})
    b = publish(tmp_path, {"t": moved}, parameters={"room": {"weight": 0.25, "list": [{"region": "北"}]}})
    found = diff_runs(a, b)
    assert found.totals == [["t", "target", 2, "-", "-", "-"], ["t", "reach_probability", 1, "-", "-", "-"]]
    assert found.parameters == [["room.list", None, '[{"region": "北"}]']]


def test_amounts_are_written_with_separators(tmp_path: Path) -> None:
    reps = pd.DataFrame({"dimension": ["rep"], "key": ["R1"], "without_account": [False], "target": [1200]})
    a = publish(tmp_path, {"target_summary": reps})
    b = publish(tmp_path, {"target_summary": reps.assign(target=2500)}, seed=4)
    shown = {title: rows for title, _, rows in diff_runs(a, b).sections()}
    assert shown["Reps whose targets changed"] == [["R1", "1,200", "2,500", "1,300", ""]]


def test_accounts_and_reps_are_told_by_name_and_amounts_with_their_currency(tmp_path: Path) -> None:
    about = pd.DataFrame({"account_id": ["A0", "A1", "A2"], "name": ["Huatai", None, "A2"]})
    reps = pd.DataFrame({"rep_id": ["R1"], "name": ["Ann"]})
    summary = pd.DataFrame({"dimension": ["rep", "rep", "region"], "key": ["R1", "R2", "R1"], "without_account": False,
                            "target": [1200, 700, 1900]})  # fmt: skip
    runs = []
    for step in (0, 10):
        run = start_run(tmp_path, FACTS | {"seed": step})
        for name, table in (("accounts", about), ("reps", reps)):
            write_table(table, run.folder / "book" / f"{name}.parquet")
        run.save("plan", targets(1000 + step, 2000 + step, 3000 + step))
        run.save("target_summary", summary.assign(target=summary["target"] + [2 * step, 0, step]))
        run.facts["tables"] = hash_tables(run)
        write_facts(run)
        runs.append(publish_run(run).folder)
    found = diff_runs(*runs)
    assert [row[2] for row in found.largest] == ["A0 Huatai", "A1", "A2", "rep · R1 Ann", "region · R1"]
    assert found.reps == [["R1 Ann", 1200, 1220, 20, ""]]
    headers = {title: header for title, header, _ in found.sections()}
    currency = FACTS["book"]["currency"]
    assert headers["Reps whose targets changed"] == [
        "rep",
        *(f"{n} [{currency}]" for n in ("A", "B", "B - A", "why")),
    ]
    assert headers["Why targets changed"][-1] == f"why [{currency}]"


def test_amounts_are_added_up_to_the_last_tick(tmp_path: Path) -> None:
    tables = [pd.DataFrame({"account_id": list("ABC"), "rounding": to_money(t)}) for t in
              ([1000, 2000, -3000], [7000, -7000, 0])]  # fmt: skip
    assert sum([0.1, 0.2, -0.3]) != 0
    a, b = (publish(tmp_path, {"target_accounts": table}) for table in tables)
    assert diff_runs(a, b).totals == [["target_accounts", "rounding", 3, "0", "0", "0"]]


def test_what_a_requirement_leaves_open_is_neither_printed_nor_a_difference(tmp_path: Path) -> None:
    def run(*asked: dict[str, object]) -> Path:
        parameters = {"allocation": {"requirements": list(asked)}}
        return publish(tmp_path, {"targets": targets(1)}, parameters=parameters)

    north: dict[str, object] = {"region": "North", "at_least": "7"}
    none, some, open_ = run(), run(north), run(north | {"at_most": None, "rep": None})
    written = [["allocation.requirements", "[]", '[{"at_least": "7", "region": "North"}]']]
    assert diff_runs(none, some).parameters == diff_runs(none, open_).parameters == written
    assert diff_runs(some, open_).parameters == []


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="it is not a run folder"):
        diff_runs(tmp_path, tmp_path)
