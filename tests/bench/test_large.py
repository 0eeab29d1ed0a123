"""A book of about ten million sales lines: the cube beside a bare group-by, memory, and the methods in seconds."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import statistics
import sys
import time
from pathlib import Path

import duckdb
import pytest

from kamlib.book import open_book
from tests.bench.measure import python, report, run

KAM = str(Path(sys.executable).with_name("kam"))
BARE = """copy (
    select account_id, product_line, rep_id, strftime(date, '%Y-%m') as month, sum(revenue) as revenue,
           sum(quantity) as quantity, sum(cost) as cost, count(*) as lines
    from read_parquet('{book}/sales.parquet') where date < date '2026-01-01'
    group by all order by all) to '{file}' (format parquet, compression zstd)"""
CUBE = """
import datetime as dt, sys
from pathlib import Path
from kamlib.book import open_book
open_book(Path(sys.argv[1])).write_cube(dt.date(2026, 1, 1), Path(sys.argv[2]))
"""
SNAPSHOT = """
import datetime as dt, sys
from pathlib import Path
from kamlib.book import open_book
book = open_book(Path(sys.argv[1]))
assert not [p for p in book.check() if p.severity == "refuse"]
book.snapshot(dt.date(2026, 1, 1), Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large") / "book"
    size = ["--accounts", "20000", "--months", "36", "--lines-per-month", "14"]
    cost = run([KAM, "demo", "--out", str(folder), *size])
    print(f"\nkam demo: {cost.seconds:.0f} s, {cost.megabytes:.0f} MB")
    return folder


def test_cube_beside_bare_group_by(large: Path, tmp_path: Path) -> None:
    ratios = []
    with open_book(large) as book:
        assert book.facts()["rows"]["sales"] > 9_000_000
        for _ in range(4):
            started = time.perf_counter()
            book.write_cube(dt.date(2026, 1, 1), tmp_path / "cube.parquet")
            between = time.perf_counter()
            duckdb.connect().execute(BARE.format(book=large, file=tmp_path / "bare.parquet"))
            ratios.append((between - started, time.perf_counter() - between))
    value = statistics.median(ours / bare for ours, bare in ratios[1:])
    alone = run([*python(CUBE), str(large), str(tmp_path / "cube.parquet")])
    ours, bare = ratios[-1]
    report("cube / bare group-by", value, 2.0, f"{ours:.1f} s / {bare:.1f} s, peak {alone.megabytes:.0f} MB")
    assert value <= 2.0
    assert alone.megabytes < 2048


def test_snapshot_is_the_same_on_one_thread_and_two(large: Path, tmp_path: Path, monkeypatch) -> None:
    digests = []
    for threads in ("1", "2", "2"):
        monkeypatch.setenv("KAM_THREADS", threads)
        folder = tmp_path / f"run{len(digests)}"
        cost = run([*python(SNAPSHOT), str(large), str(folder)])
        print(f"\ncheck and snapshot on {threads} threads: {cost.seconds:.1f} s, {cost.megabytes:.0f} MB")
        assert cost.megabytes < 2048
        files = sorted((folder / "book").glob("*.parquet"))
        digests.append({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files})
    assert digests[0] == digests[1] == digests[2]


def test_a_whole_plan_of_twenty_thousand_accounts(large: Path, tmp_path: Path) -> None:
    cost = run([KAM, "plan", "--book", str(large), "--period", "2026Q1", "--out", str(tmp_path)])
    facts = json.loads((tmp_path / "planning" / "2026Q1" / "latest" / "manifest.json").read_text())
    print(f"\nkam plan, 20,000 accounts: {cost.seconds:.0f} s, {cost.megabytes:.0f} MB, {facts['seconds']}")
    assert facts["book"]["rows"]["accounts"] == 20_000
    assert {"segments", "forecast", "plan_targets"} <= set(facts["tables"])
