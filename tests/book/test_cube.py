"""The cube: exact sums by account, product line, selling rep and month, on any engine and number of threads."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamlib.book import TABLES, open_book
from kamlib.book.asof import holdings
from kamlib.book.cube import KEYS, cube_expression
from kamlib.book.typed import TYPES
from tests.book.shelf import BASIC, write_book


def read_cube(folder: Path, day: dt.date, target: Path) -> list[dict[str, Any]]:
    with open_book(folder) as book:
        book.write_cube(day, target)
    return pq.read_table(target).to_pylist()


def test_a_small_cube(tmp_path: Path) -> None:
    rows = read_cube(write_book(tmp_path), dt.date(2024, 7, 2), tmp_path / "cube.parquet")
    assert [tuple(row.values()) for row in rows] == [
        ("A1", "Bikes", "R1", "2024-01", Decimal("10.5"), 1.0, Decimal("6"), 1),
        ("A1", "Bikes", "R1", "2024-07", Decimal("30"), 3.0, None, 1),
        ("A1", "Bikes", "R2", "2024-06", Decimal("20"), 2.0, Decimal("12"), 1),
    ]


def test_sales_without_seller_or_account_and_unknown_parts(tmp_path: Path) -> None:
    sales = """\
date,account_id,product_line,revenue,quantity,cost,rep_id
2024-01-05,A1,P,1,1,1,
2024-01-06,A1,P,2,,1,
2024-01-07,A2,P,4,1,,
2024-01-08,A2,P,8,1,1,R1
2024-01-09,A3,P,16,,,
2024-01-10,,P,-32,0.1,0,
2024-01-11,,P,0,0.2,0,R2
"""
    folder = write_book(tmp_path, {"sales.csv": sales})
    rows = read_cube(folder, dt.date(2024, 2, 1), tmp_path / "cube.parquet")
    assert [tuple(row.values()) for row in rows] == [
        ("A1", "P", "R2", "2024-01", Decimal("3"), None, Decimal("2"), 2),
        ("A2", "P", "R1", "2024-01", Decimal("8"), 1.0, Decimal("1"), 1),
        ("A2", "P", "R2", "2024-01", Decimal("4"), 1.0, None, 1),
        ("A3", "P", None, "2024-01", Decimal("16"), None, None, 1),
        (None, "P", "R2", "2024-01", Decimal("0"), 0.2, Decimal("0"), 1),
        (None, "P", None, "2024-01", Decimal("-32"), 0.1, Decimal("0"), 1),
    ]


def test_sales_by_product_within_some_months(tmp_path: Path) -> None:
    sales = """\
date,account_id,product_line,revenue,quantity,product_id
2023-12-31,A1,P,64,1,x
2024-01-05,A1,P,1,1,x
2024-01-06,A1,P,2,2,x
2024-01-07,A1,P,4,,y
2024-01-08,A1,P,8,1,y
2024-02-09,,P,16,1,
2024-03-01,A1,P,32,1,x
"""
    with open_book(write_book(tmp_path, {"sales.csv": sales})) as book:
        book.write_products(dt.date(2024, 1, 1), dt.date(2024, 3, 1), tmp_path / "products.parquet")
    assert [tuple(row.values()) for row in pq.read_table(tmp_path / "products.parquet").to_pylist()] == [
        ("A1", "P", "x", "2024-01", Decimal("3"), 3.0),
        ("A1", "P", "y", "2024-01", Decimal("12"), None),
        (None, "P", None, "2024-02", Decimal("16"), 1.0),
    ]


def test_a_book_that_names_no_product_has_no_sales_by_product(tmp_path: Path) -> None:
    with open_book(write_book(tmp_path)) as book:
        book.write_products(dt.date(2024, 1, 1), dt.date(2024, 3, 1), tmp_path / "products.parquet")
    assert not (tmp_path / "products.parquet").exists()


def test_without_a_history_the_accounts_rep_sold(tmp_path: Path) -> None:
    rows = read_cube(write_book(tmp_path, names=BASIC), dt.date(2025, 1, 1), tmp_path / "cube.parquet")
    assert [(row["account_id"], row["rep_id"], row["month"]) for row in rows] == [
        ("A1", "R1", "2024-01"),
        ("A1", "R1", "2024-06"),
        ("A1", "R1", "2024-07"),
        ("A2", "R2", "2024-07"),
    ]


def test_the_expression_prints_as_postgresql() -> None:
    def table(name: str) -> Any:
        return ibis.table({c.name: TYPES[c.kind] for c in TABLES[name].columns}, name=name)

    history = table("account_history")
    spells = holdings(table("accounts"), history, frozenset(history.columns))
    query = ibis.to_sql(cube_expression(table("sales"), spells, dt.date(2024, 7, 1)), dialect="postgres")
    assert "GROUP BY" in query
    assert "TO_CHAR" in query
    assert '"account_history"' in query
    assert 'CAST("t' in query


amounts = st.decimals(-10_000, 10_000, places=4)
lines = st.lists(
    st.tuples(
        st.dates(dt.date(2023, 12, 1), dt.date(2024, 3, 31)),
        st.sampled_from(["A1", "A2", "A3", ""]),
        st.sampled_from(["P", "Q", "=1+1"]),
        amounts,
        st.sampled_from(["", "0.1", "0.2", "0.7", "3"]),
        st.sampled_from(["R1", "R2", ""]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=lines, order=st.randoms(use_true_random=False))
def test_sums_are_exact_and_the_order_of_lines_changes_no_byte(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[Any, ...]], order: Any
) -> None:
    folder = tmp_path_factory.mktemp("b")
    texts = [",".join(map(str, line)) for line in lines]
    digests = []
    for name in ("given", "shuffled"):
        text = "\n".join(["date,account_id,product_line,revenue,quantity,rep_id", *texts]) + "\n"
        book = write_book(folder / name, {"sales.csv": text}, names=("accounts.csv", "account_history.csv"))
        rows = read_cube(book, dt.date(2024, 3, 1), folder / f"{name}.parquet")
        digests.append((folder / f"{name}.parquet").read_bytes())
        order.shuffle(texts)
    assert digests[0] == digests[1]
    expected: dict[tuple[Any, ...], list[Any]] = {}
    for day, account, line, revenue, quantity, rep in lines:
        if day < dt.date(2024, 3, 1):
            # The history of A1 and the accounts table name R2 on these days, and nobody for A3.
            seller = rep or {"A1": "R2", "A2": "R2"}.get(account)
            cell = expected.setdefault((account or None, line, seller, f"{day:%Y-%m}"), [])
            cell.append((revenue, Decimal(quantity) if quantity else None))
    keys = [tuple(row[key] for key in KEYS) for row in rows]
    assert keys == sorted(expected, key=lambda key: [(part is None, part or "") for part in key])
    for key, row in zip(keys, rows, strict=True):
        revenues, quantities = zip(*expected[key], strict=True)
        assert row["revenue"] == sum(revenues)
        assert row["lines"] == len(revenues)
        assert row["quantity"] == (None if None in quantities else float(sum(quantities)))
        assert row["cost"] is None


def test_bytes_are_the_same_on_any_number_of_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_book(tmp_path / "b", {"sales.csv": None, "accounts.csv": None}, names=("accounts.csv",))
    duckdb.sql(f"""copy (
        select date '2022-01-01' + (hash(i) % 1000)::int as date, 'A' || (hash(i * 3) % 997) as account_id,
               'L' || (i % 5) as product_line, ((hash(i * 7) % 100000) / 7.0)::decimal(18, 4) as revenue,
               (hash(i * 11) % 1000) / 10.0 as quantity, case when i % 3 > 0 then 'R' || (i % 20) end as rep_id
        from range(400000) t(i)) to '{folder}/sales.parquet'""")
    duckdb.sql(f"""copy (
        select 'A' || i as account_id, 'N' as region, 'T' as account_type, 'R' || (i % 20) as rep_id
        from range(997) t(i)) to '{folder}/accounts.parquet'""")
    written = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("KAM_THREADS", threads)
        rows = read_cube(folder, dt.date(2024, 7, 1), tmp_path / f"{threads}.parquet")
        written.append((tmp_path / f"{threads}.parquet").read_bytes())
    assert written[0] == written[1] == written[2]
    assert len(rows) > 130_000
    [(total, lines)] = duckdb.sql(
        f"select sum(revenue), count(*) from '{folder}/sales.parquet' where date < date '2024-07-01'"
    ).fetchall()
    assert sum(row["revenue"] for row in rows) == total
    assert sum(row["lines"] for row in rows) == lines
