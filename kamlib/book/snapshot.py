"""A book as it was known on a day, written into a run folder as parquet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kamlib.book.asof import table_as_of
from kamlib.book.contract import TABLES
from kamlib.book.cube import write_cube
from kamlib.book.odd import count_sales, odd_rows
from kamlib.book.typed import Typed
from kamlib.errors import Problem

_GROUP = 1 << 17
_MONEY = pa.decimal128(18, 4)
_SCHEMA_TABLES = pa.schema(
    [
        ("table", pa.string()),
        ("rows", pa.int64()),
        ("first_date", pa.date32()),
        ("last_date", pa.date32()),
        ("present", pa.bool_()),
        ("serves", pa.string()),
    ]
)
_SCHEMA_CHECKS = pa.schema(
    [
        ("check", pa.string()),
        ("severity", pa.string()),
        ("table", pa.string()),
        ("column", pa.string()),
        ("count", pa.int64()),
        ("money", _MONEY),
        ("message", pa.string()),
        ("remedy", pa.string()),
    ]
)


def write_snapshot(
    tables: Mapping[str, Typed],
    extra: Sequence[Problem],
    as_of: dt.date,
    folder: Path,
    *,
    fiscal_year_start: int,
) -> None:
    """Write cube, tables, list of tables and kept-though-odd lines; same book and day, same bytes.

    Parameters
    ----------
    tables : mapping of str to Typed
        The book's tables, free of problems that are refused.
    extra : sequence of Problem
        Kept problems that don't depend on the day (columns that are not read).
    as_of : datetime.date
        First day that is not seen.
    folder : pathlib.Path
        Where the parquet files go.
    fiscal_year_start : int
        Calendar month, 1..12.
    """
    folder.mkdir(parents=True, exist_ok=True)
    history = tables.get("account_history")
    held = (history.rows if history else None, history.present if history else frozenset[str]())
    sales = tables["sales"].rows
    write_cube(tables, as_of, folder / "cube.parquet")
    about = []
    for name, contract in TABLES.items():
        if name == "sales" or name not in tables:
            about.append((name, 0, None, None, False, contract.serves))
            continue
        known = table_as_of(tables, name, as_of, fiscal_year_start=fiscal_year_start)
        order = [*contract.key, *(c for c in known.columns if c not in contract.key)]
        table = known.order_by(order).to_pyarrow()
        _write(table, folder / f"{name}.parquet")
        days = table[contract.dated].drop_null().to_pylist() if contract.dated else []
        about.append(
            (name, len(table), min(days, default=None), max(days, default=None), True, contract.serves)
        )
    accounts = table_as_of(tables, "accounts", as_of, fiscal_year_start=fiscal_year_start)
    sold = count_sales(sales.filter(sales.date < as_of), accounts, *held)
    place = list(TABLES).index("sales")
    about[place] = ("sales", sold.lines, sold.first, sold.last, True, "")
    _write(_table(about, _SCHEMA_TABLES), folder / "book_tables.parquet")
    odd = [
        (p.check, p.severity, p.table, p.column, p.count, p.money, p.message, p.remedy)
        for p in (*odd_rows(sold, accounts), *extra)
    ]
    _write(_table(odd, _SCHEMA_CHECKS), folder / "book_checks.parquet")


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.Table.from_arrays(
        [pa.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema=schema
    )


def _write(table: pa.Table, path: Path) -> None:
    """Write a table in groups of a fixed number of rows, whatever pieces the engine returned it in."""
    table = table.replace_schema_metadata(None)
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for start in range(0, len(table), _GROUP):
            writer.write_table(table.slice(start, _GROUP).combine_chunks(), row_group_size=_GROUP)
