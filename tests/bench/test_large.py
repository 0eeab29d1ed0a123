"""A book of about ten million sales lines: the cube beside a bare group-by, memory, and the methods in seconds."""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

import pytest

from tests.bench.measure import python, ratio, report, run

KAM = str(Path(sys.executable).with_name("kam"))
BARE = """
import duckdb, sys
duckdb.sql(f\"\"\"copy (
    select account_id, product_line, rep_id, strftime(date, '%Y-%m') as month, sum(revenue) as revenue,
           sum(quantity) as quantity, sum(cost) as cost, count(*) as lines
    from read_parquet('{sys.argv[1]}/sales.parquet') where date < date '2026-01-01'
    group by all order by all) to '{sys.argv[2]}' (format parquet)\"\"\")
"""
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
    ours = [*python(CUBE), str(large), str(tmp_path / "cube.parquet")]
    peer = [*python(BARE), str(large), str(tmp_path / "bare.parquet")]
    value, a, b = ratio(ours, peer, runs=3)
    peak = max(c.megabytes for c in a)
    report(
        "cube / bare group-by", value, 2.0, f"{a[0].seconds:.1f} s / {b[0].seconds:.1f} s, peak {peak:.0f} MB"
    )
    assert value <= 2.0
    assert peak < 2048


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


def test_segments_and_targets_take_seconds(large: Path, tmp_path: Path) -> None:
    started = time.perf_counter()
    command = [KAM, "plan", "--book", str(large), "--period", "2026Q1", "--out", str(tmp_path)]
    cost = run(command)
    print(f"\nkam plan, 20,000 accounts: {time.perf_counter() - started:.0f} s, {cost.megabytes:.0f} MB")
