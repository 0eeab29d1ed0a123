"""Adopted targets: a new version each time, nothing overwritten, the last one holds."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kamlib.cli import main
from kamlib.errors import BookError, ParameterError
from kamlib.measures.money import MONEY, total_money
from kamlib.packs.adopt import adopt_run, adopted_folder, read_adopted
from kamlib.runs.publish import hash_tables, publish_run, start_run, write_facts

BOOK = {"name": "Harbour", "currency": "CNY", "rounding_unit": 100, "fiscal_year_start": 1, "hash": "ab"}
NOON = dt.datetime(2025, 12, 12, 12, tzinfo=dt.UTC)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "book.yaml").write_text("name: Harbour\n", encoding="utf-8")
    return folder


def planned(
    out: Path,
    targets: dict[str, int],
    period: str = "2026Q1",
    kinds: pd.DataFrame | None = None,
    **facts: Any,
) -> Path:
    run = start_run(
        out,
        {
            "pack": "planning",
            "period": period,
            "as_of": "2026-01-01",
            "lang": "en",
            "seed": 1,
            "parameters": {},
        }
        | {"book": BOOK, "targets": targets}
        | facts,
    )
    month, amount = list(targets), list(targets.values())
    table = pd.DataFrame({"account_id": "A, B", "rep_id": None, "region": "N", "account_type": "T",
                          "product_line": "Bikes", "month": month, "target": amount, "bound": "cap", "required_change": -12.5})  # fmt: skip
    run.save("plan_targets", table.astype({"rep_id": "str"}))
    if kinds is not None:
        run.save("target_kinds", kinds)
    run.facts["tables"] = hash_tables(run)
    run.facts["parameters"] = {"x": str(targets)}
    write_facts(run)
    return publish_run(run).folder


def test_the_file_says_who_when_why_and_from_which_run(tmp_path: Path, book: Path) -> None:
    run = planned(tmp_path, {"2026-01": 100, "2026-02": 300})
    adopted = adopt_run(run, book, by=" Li Wei ", note="board,\nDecember", now=NOON)
    assert (adopted.file, adopted.version, adopted.supersedes) == (
        book / "adopted" / "2026Q1-v001.csv",
        1,
        None,
    )
    assert adopted.file.read_text(encoding="utf-8").splitlines() == [
        "period,version,measure,account_id,rep_id,region,account_type,product_line,month,target,"
        "bound,required_change,adopted_by,adopted_at,run,note",
        f'2026Q1,1,revenue,"A, B",,N,T,Bikes,2026-01,100,cap,-12.5,Li Wei,2025-12-12T12:00:00+00:00,{run.name},"board, December"',
        f'2026Q1,1,revenue,"A, B",,N,T,Bikes,2026-02,300,cap,-12.5,Li Wei,2025-12-12T12:00:00+00:00,{run.name},"board, December"',
    ]


def test_a_file_that_does_not_tell_what_bound_its_targets_is_read(tmp_path: Path, book: Path) -> None:
    file = adopt_run(planned(tmp_path, {"2026-01": 100}), book, by="Li Wei").file
    read = read_adopted(book)
    assert read[["bound", "required_change"]].astype(str).to_numpy().tolist() == [["cap", "-12.5000"]]
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("bound,required_change,", "").replace("cap,-12.5,", ""), encoding="utf-8")
    read = read_adopted(book)
    assert (read["target"].astype(int).tolist(), read["bound"].isna().all()) == ([100], True)
    assert read["required_change"].astype(float).tolist() == [0]
    file.write_text(text.replace("-12.5", "much"), encoding="utf-8")
    with pytest.raises(BookError, match="required_change: 1 values are no amounts"):
        read_adopted(book)


def test_a_later_adoption_supersedes_and_leaves_the_first_as_it_was(tmp_path: Path, book: Path) -> None:
    first = adopt_run(planned(tmp_path, {"2026-01": 100}), book, by="Li", now=NOON)
    before = first.file.read_bytes()
    second = adopt_run(planned(tmp_path, {"2026-01": 250}), book, by="Li", now=NOON)
    assert (second.version, second.supersedes) == (2, 1)
    assert first.file.read_bytes() == before
    held = read_adopted(book)
    assert held["target"].dtype == MONEY
    assert total_money(held["target"]) == 250


def test_of_each_month_the_targets_adopted_last_hold(tmp_path: Path, book: Path) -> None:
    adopt_run(planned(tmp_path, {"2026-01": 10, "2026-04": 40}, "2026"), book, by="Li", now=NOON)
    later = NOON + dt.timedelta(days=1)
    adopt_run(planned(tmp_path, {"2026-01": 15}), book, by="Li", now=later)
    held = read_adopted(book).set_index("month")["target"].astype(int)
    assert held.to_dict() == {"2026-01": 15, "2026-04": 40}


def test_a_version_number_that_is_taken_is_passed_over(tmp_path: Path, book: Path) -> None:
    adopt_run(planned(tmp_path, {"2026-01": 100}), book, by="Li", now=NOON)
    (book / "adopted" / "notes.csv").write_text("not ours")
    file = adopt_run(planned(tmp_path, {"2026-01": 200}), book, by="Li", now=NOON).file
    assert sorted(p.name for p in file.parent.iterdir()) == [
        "2026Q1-v001.csv",
        "2026Q1-v002.csv",
        "notes.csv",
    ]


def test_other_kinds_of_target_are_adopted_with_revenue(tmp_path: Path, book: Path) -> None:
    kinds = pd.DataFrame({"measure": ["retention"], "rep_id": ["R1"], "target": [0.9123456]})
    for retention in (0.5, 0.9123456):
        run = planned(tmp_path, {"2026-01": int(1000 * retention)}, kinds=kinds.assign(target=retention))
        adopt_run(run, book, by="Li", now=NOON)
    held = read_adopted(book).set_index("measure")["target"].astype(float)
    assert held.to_dict() == {"revenue": 912.0, "retention": 0.9123}


def test_a_version_supersedes_whatever_its_clock_said_and_with_all_its_measures(
    tmp_path: Path, book: Path
) -> None:
    kinds = pd.DataFrame({"measure": ["retention"], "rep_id": ["R1"], "target": [0.9]})
    adopt_run(planned(tmp_path, {"2026-01": 100}, kinds=kinds), book, by="Li", now=NOON)
    slow = NOON - dt.timedelta(minutes=5)
    second = adopt_run(planned(tmp_path, {"2026-01": 250}), book, by="Wu", now=slow)
    assert (second.version, second.supersedes) == (2, 1)
    held = read_adopted(book)
    assert held[["measure", "version", "adopted_by"]].to_numpy().tolist() == [["revenue", "2", "Wu"]]


def test_a_run_adopted_by_several_at_once_is_adopted_once(tmp_path: Path, book: Path) -> None:
    run = planned(tmp_path, {"2026-01": 100})
    gate = threading.Barrier(4)

    def adopt(_: int) -> str:
        gate.wait()
        try:
            return adopt_run(run, book, by="Li").file.name
        except BookError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(adopt, range(4)))
    assert said[0] == "2026Q1-v001.csv"
    refused = f"2026Q1-v001.csv holds the targets of run {run.name} already. Adopt another run."
    assert said[1:] == [refused] * 3
    assert [p.name for p in (book / "adopted").iterdir()] == ["2026Q1-v001.csv"]


def test_of_a_book_file_they_lie_beside_it(tmp_path: Path) -> None:
    assert adopted_folder(tmp_path / "north.yaml") == tmp_path / "north-adopted"
    assert adopted_folder(tmp_path / "book.yaml") == tmp_path / "adopted"
    assert read_adopted(tmp_path / "north.yaml").empty


def test_what_is_refused(tmp_path: Path, book: Path) -> None:
    run = planned(tmp_path, {"2026-01": 100})
    with pytest.raises(ParameterError, match="--by is empty"):
        adopt_run(run, book, by=" ")
    other = tmp_path / "other.yaml"
    other.write_text("name: Southern\n", encoding="utf-8")
    with pytest.raises(BookError, match='the run plans "Harbour", the book is "Southern"'):
        adopt_run(run, other, by="Li")
    appraisal = planned(tmp_path, {"2026-01": 100}, pack="appraisal")
    with pytest.raises(ParameterError, match="no published planning run"):
        adopt_run(appraisal, book, by="Li")
    adopt_run(run, book, by="Li")
    with pytest.raises(BookError, match=f"2026Q1-v001.csv holds the targets of run {run.name} already"):
        adopt_run(run, book, by="Li")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("measure", "measured", "2026Q1-v001.csv: no column measure"),
        (",100,", ",much,", "2026Q1-v001.csv.target: 1 values are no amounts"),
    ],
)
def test_a_file_changed_by_hand_is_named(
    tmp_path: Path, book: Path, old: str, new: str, message: str
) -> None:
    file = adopt_run(planned(tmp_path, {"2026-01": 100}), book, by="Li", now=NOON).file
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(BookError, match=message):
        read_adopted(book)


def test_the_command_prints_the_file_and_refuses_in_one_line(
    tmp_path: Path, book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = planned(tmp_path, {"2026-01": 100})
    assert main(["adopt", str(run), "--book", str(book), "--by", "Li"]) == 0
    assert capsys.readouterr().out.strip() == str(book / "adopted" / "2026Q1-v001.csv")
    assert main(["adopt", str(run), "--book", str(book), "--by", "Li"]) == 3
    assert "already" in capsys.readouterr().err
