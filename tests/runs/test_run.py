"""The run folder: what is saved loads back unchanged, and a published run stays as it is."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kamlib.errors import ParameterError, RunError
from kamlib.measures.money import MONEY, to_money
from kamlib.params import Params, param
from kamlib.runs import Run, open_run
from kamlib.runs.publish import previous_run, publish_run, set_aside, start_run, write_facts

FACTS: dict[str, Any] = {
    "pack": "planning",
    "period": "2026Q1",
    "as_of": "2026-01-01",
    "lang": "zh",
    "seed": 3,
    "parameters": {"room": {"weight": 0.25}},
    "book": {"name": "B", "currency": "CNY", "rounding_unit": 100, "fiscal_year_start": 1, "hash": "ab"},
}


class Room(Params):
    section = "room"
    weight: float = param(0.5, en="w", zh="w", unit="fraction", source="s", strength="our choice", ge=0, le=1)


def start(out: Path, **facts: Any) -> Run:
    return start_run(out, FACTS | facts)


def finish(run: Run) -> Run:
    run.facts["tables"] = {}
    write_facts(run)
    return publish_run(run)


def test_facts_become_periods_dates_and_words(tmp_path: Path) -> None:
    run = open_run(str(start(tmp_path).folder))
    assert (str(run.period), run.as_of, run.seed, run.rounding_unit) == (
        "2026Q1",
        dt.date(2026, 1, 1),
        3,
        100,
    )
    assert run.words.money(23_456) == "2.35万"


def test_tables_load_back_with_exact_money_text_and_dates(tmp_path: Path) -> None:
    run = start(tmp_path)
    table = pd.DataFrame(
        {
            "name": ["=1+1", "客户", None],
            "revenue": to_money([1, -25000, 0]),
            "since": pd.to_datetime(["2020-01-02"] * 3),
        }
    )
    run.save("things", table)
    back = run.load("things")
    assert back["revenue"].dtype == MONEY
    assert back["revenue"].tolist() == [Decimal("0.0001"), Decimal("-2.5"), Decimal(0)]
    assert back["name"].tolist()[:2] == ["=1+1", "客户"]
    assert back["name"].isna().tolist() == [False, False, True]
    assert back["since"].dt.year.tolist() == [2020] * 3


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    run = start(tmp_path)
    table = pd.DataFrame({"k": ["a", "b"], "v": [1.5, 2.5]})
    one = run.save("one", table).read_bytes()
    assert run.save("two", table.copy()).read_bytes() == one


def test_unknown_table_and_bad_name(tmp_path: Path) -> None:
    run = start(tmp_path)
    run.save("segments", pd.DataFrame({"a": [1]}))
    with pytest.raises(RunError, match='the run has no table "segment". Did you mean "segments"?'):
        run.load("segment")
    assert run.has("segments")
    assert not run.has("market")
    with pytest.raises(RunError, match='table name "../x": use lower-case letters, digits and underscores.'):
        run.save("../x", pd.DataFrame({"a": [1]}))
    (run.folder / "book" / "targets.parquet").touch()
    with pytest.raises(RunError, match='table name "targets": the book has a table of this name.'):
        run.save("targets", pd.DataFrame({"a": [1]}))


def test_knobs_lie_over_the_runs_parameters(tmp_path: Path) -> None:
    run = start(tmp_path)
    assert run.params(Room).weight == 0.25
    assert run.params(Room, weight=0.75).weight == 0.75
    with pytest.raises(ParameterError, match='notebook: wieght is not a parameter. Did you mean "weight"?'):
        run.params(Room, wieght=1.0)


def test_a_published_run_is_read_only_and_scratch_takes_what_is_saved(tmp_path: Path) -> None:
    run = finish(start(tmp_path))
    assert run.published
    path = run.save("mine", pd.DataFrame({"a": [1]}))
    assert path.relative_to(tmp_path).parts[:2] == ("scratch", f"planning-2026Q1-{run.folder.name}")
    assert not run.has("mine")


def test_publishing_numbers_runs_and_moves_latest_last(tmp_path: Path) -> None:
    first = finish(start(tmp_path))
    second = finish(start(tmp_path, seed=4))
    parent = tmp_path / "planning" / "2026Q1"
    assert first.folder.name.startswith("001-")
    assert second.folder.name.startswith("002-")
    assert first.folder.name[4:] != second.folder.name[4:]
    assert (parent / "latest").resolve() == second.folder.resolve()
    assert json.loads((parent / "latest" / "manifest.json").read_text())["seed"] == 4
    assert sorted(p.name for p in parent.iterdir()) == sorted(
        [first.folder.name, second.folder.name, "latest"]
    )


def test_the_run_before_is_one_of_the_same_book(tmp_path: Path) -> None:
    ours = finish(start(tmp_path))
    finish(start(tmp_path, book=FACTS["book"] | {"name": "another"}))
    found = previous_run(start(tmp_path, seed=4))
    assert found is not None
    assert found.folder == ours.folder
    assert previous_run(start(tmp_path)) is None


def test_what_is_judged_to_date_has_a_folder_and_a_latest_of_its_own(tmp_path: Path) -> None:
    quarter = finish(start(tmp_path))
    to_date = finish(start(tmp_path, to_date=True))
    assert to_date.folder.parent == tmp_path / "planning" / "2026Q1-to-date"
    assert (tmp_path / "planning" / "2026Q1" / "latest").resolve() == quarter.folder.resolve()
    assert previous_run(start(tmp_path, to_date=True, seed=4)).folder == to_date.folder  # type: ignore[union-attr]


def test_two_runs_at_once_take_different_numbers(tmp_path: Path) -> None:
    runs = [start(tmp_path) for _ in range(3)]
    names = [finish(run).folder.name[:3] for run in reversed(runs)]
    assert names == ["001", "002", "003"]


def test_a_failed_run_leaves_latest_alone(tmp_path: Path) -> None:
    published = finish(start(tmp_path))
    kept = set_aside(start(tmp_path))
    assert kept.name.startswith("failed-")
    assert (tmp_path / "planning" / "2026Q1" / "latest").resolve() == published.folder.resolve()


def test_a_folder_without_manifest_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no manifest.json there, so it is not a run folder"):
        open_run(str(tmp_path))
