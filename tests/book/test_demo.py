"""The demo book as a whole: it is what the generator writes, it keeps the contract, and its refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kamlib.book import TABLES, open_book
from kamlib.book import demo as demo_module
from kamlib.book.demo import write_demo
from kamlib.errors import ParameterError, RunError

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_embedded_book_is_what_the_generator_writes(tmp_path: Path) -> None:
    write_demo(tmp_path / "book")
    new, kept = contents(tmp_path / "book"), contents(DEMO)
    assert list(new) == list(kept)
    assert [name for name in kept if new[name] != kept[name]] == []
    assert sum(map(len, kept.values())) < 3_000_000
    assert {f"{name}.csv" for name in TABLES} | {"README.md", "book.yaml"} == set(kept)


def test_the_embedded_book_keeps_its_contract() -> None:
    with open_book(DEMO) as book:
        problems, facts = book.check(), book.facts()
    assert [str(p) for p in problems if p.severity == "refuse"] == []
    assert {p.check: p.count for p in problems} == {
        "returns": 268,
        "sales_without_account": 47,
        "sales_without_rep": 512,
        "accounts_without_rep": 2,
        "accounts_without_potential": 4,
    }
    assert (facts["name"], facts["currency"], facts["rounding_unit"]) == ("Harbour Drives", "CNY", 100)


@pytest.mark.parametrize("size", [(20, 13, 0.5), (57, 30, 2.5), (21, 100, 1)])
def test_any_size_keeps_the_contract(size: tuple[int, int, float], tmp_path: Path) -> None:
    accounts, months, lines = size
    write_demo(tmp_path / "book", accounts=accounts, months=months, lines_per_month=lines, seed=3)
    with open_book(tmp_path / "book") as book:
        assert [str(p) for p in book.check() if p.severity == "refuse"] == []
        assert book.facts()["rows"]["accounts"] == accounts


def test_a_parquet_book_repeats_and_has_the_lines_asked_for(tmp_path: Path) -> None:
    size = {"accounts": 700, "months": 24, "lines_per_month": 14.0, "seed": 11}
    threads = pa.cpu_count()
    for name, count in (("a", threads), ("b", 1)):
        pa.set_cpu_count(count)
        write_demo(tmp_path / name, **size)
    pa.set_cpu_count(threads)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    sales = pq.read_table(tmp_path / "a" / "sales.parquet").to_pandas()
    history = pq.read_table(tmp_path / "a" / "account_history.parquet").to_pandas()
    months = pd.period_range("2024-01", "2025-12", freq="M")
    history["month"] = pd.to_datetime(history["from"]).dt.to_period("M")
    first = history[history["status"] == "active"].groupby("account_id")["month"].min()
    last = history[history["status"] == "closed"].groupby("account_id")["month"].min()
    buying = sum(
        max(0, (min(last.get(a, months[-1] + 1), months[-1] + 1) - max(start, months[0])).n)
        for a, start in first.items()
    )
    assert sales["account_id"].notna().sum() / buying == pytest.approx(14, rel=0.02)
    assert str(sales["date"].min()) >= "2024-01-01"
    assert str(sales["date"].max()) <= "2025-12-31"
    year = sales[pd.to_datetime(sales["date"]) >= "2025-01-01"]
    revenue = year.groupby("account_id")["revenue"].sum().astype(float).sort_values(ascending=False)
    assert 0.75 < revenue.iloc[:140].sum() / revenue.sum() < 0.87


def test_another_seed_is_another_company(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_demo(tmp_path / str(seed), accounts=20, months=13, lines_per_month=1, seed=seed)
    one, two = contents(tmp_path / "1"), contents(tmp_path / "2")
    assert [name for name in one if one[name] == two[name]] == ["book.yaml"]


def test_asked_for_as_parquet_it_holds_the_same(tmp_path: Path) -> None:
    size = {"accounts": 20, "months": 13, "lines_per_month": 1.0}
    write_demo(tmp_path / "csv", **size)
    write_demo(tmp_path / "parquet", **size, fmt="parquet")
    assert "--seed 7 --format parquet" in (tmp_path / "parquet" / "README.md").read_text(encoding="utf-8")
    for name in TABLES:
        exact = pq.read_table(tmp_path / "parquet" / f"{name}.parquet")
        plain = pd.read_csv(tmp_path / "csv" / f"{name}.csv", dtype=str, keep_default_na=False)
        assert list(exact.column_names) == list(plain.columns) == [c.name for c in TABLES[name].columns]
        shown = {c: ["" if v is None else str(v) for v in exact[c].to_pylist()] for c in exact.column_names}
        for column in plain.columns:
            if TABLES[name].column(column).kind not in ("number", "count"):
                assert shown[column] == plain[column].tolist(), (name, column)
            else:
                assert np.allclose(
                    pd.to_numeric(pd.Series(shown[column])), pd.to_numeric(plain[column]), equal_nan=True
                )


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"accounts": 19}, "accounts is 19; a demo book takes 20 to 200,000."),
        ({"months": 12}, "months is 12; a demo book takes 13 to 240."),
        ({"lines_per_month": 0.0}, "lines_per_month is 0.0; a demo book takes 0.5 to 500."),
        ({"lines_per_month": float("nan")}, "lines_per_month is nan; a demo book takes 0.5 to 500."),
        ({"seed": -1}, "seed is -1; a demo book takes 0 to"),
        (
            {"accounts": 100_000, "lines_per_month": 100},
            "accounts x lines_per_month is 10,000,000; a demo book takes up to 5,000,000 sales lines a month. "
            "Ask for fewer accounts or lines.",
        ),
        (
            {"accounts": 100_000, "months": 120},
            "accounts x months is 12,000,000; a demo book takes up to 8,000,000. Ask for fewer of either.",
        ),
        ({"fmt": "xlsx"}, 'fmt is "xlsx"; write one of auto, csv, parquet.'),
    ],
)
def test_wrong_sizes_are_refused(size: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        write_demo(tmp_path / "book", **size)
    assert str(caught.value).startswith(message)
    assert not any(tmp_path.iterdir())


def small(folder: Path, **more: object) -> None:
    write_demo(folder, accounts=20, months=13, lines_per_month=0.5, **more)  # type: ignore[arg-type]


def test_an_earlier_demo_book_is_replaced_whole(tmp_path: Path) -> None:
    small(tmp_path / "book")
    small(tmp_path / "book", fmt="parquet")
    assert {p.suffix for p in (tmp_path / "book").iterdir()} == {".parquet", ".yaml", ".md"}
    assert [p.name for p in tmp_path.iterdir()] == ["book"]


def test_an_empty_folder_and_missing_parents_are_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    small(tmp_path / "empty")
    small(tmp_path / "new" / "one")
    assert contents(tmp_path / "empty") == contents(tmp_path / "new" / "one")


def test_other_peoples_folders_are_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(
        ParameterError, match=r"mine holds 1 files that are not of a demo book, such as thesis"
    ):
        small(mine)
    (mine / "thesis.txt").rename(mine / "sales.csv")
    (mine / "book.yaml").write_text("name: Ours\n")
    with pytest.raises(ParameterError, match=r"holds 2 files that are not of a demo book, such as book.yaml"):
        small(mine)
    with pytest.raises(ParameterError, match=r"sales.csv is a file. Name a new or empty folder"):
        small(mine / "sales.csv")
    assert (mine / "sales.csv").read_text() == "years of work"


def test_a_failure_leaves_the_earlier_book_and_nothing_else(tmp_path: Path, monkeypatch) -> None:
    small(tmp_path / "book")
    before = contents(tmp_path / "book")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(demo_module, "_write_book", full)
    with pytest.raises(RunError, match=r"book: the demo book cannot be written: No space left on device\."):
        small(tmp_path / "book", seed=8)
    assert contents(tmp_path / "book") == before
    assert [p.name for p in tmp_path.iterdir()] == ["book"]
