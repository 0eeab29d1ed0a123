"""A book as it was known on a day, written into a run folder as parquet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kamlib.book.asof import table_as_of
from kamlib.book.contract import TABLES
from kamlib.book.odd import Sold, count_sales, odd_rows
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
    """Write tables, list of tables and kept-though-odd lines; same book and day, same bytes.

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
    history = tables.get("account_history")
    held = (history.rows if history else None, history.present if history else frozenset[str]())
    sales = tables["sales"].rows
    seen: dict[str, pa.Table] = {}
    for name in tables:
        if name != "sales":
            known = table_as_of(tables, name, as_of, fiscal_year_start=fiscal_year_start)
            key = TABLES[name].key
            seen[name] = known.order_by([*key, *(c for c in known.columns if c not in key)]).to_pyarrow()
            write_rows(seen[name], folder / f"{name}.parquet")
    # Accounts as known on the day, but with the day they themselves give: sales before it are counted.
    since = tables["accounts"].rows.select("account_id", "since")
    accounts = ibis.memtable(seen["accounts"]).drop("since").inner_join(since, "account_id")
    sold = count_sales(sales.filter(sales.date < ibis.literal(as_of)), accounts, *held)
    about = [_about(name, seen.get(name), sold) for name in TABLES]
    write_rows(_table(about, _SCHEMA_TABLES), folder / "book_tables.parquet")
    odd = [
        (p.check, p.severity, p.table, p.column, p.count, p.money, p.message, p.remedy)
        for p in (*odd_rows(sold, accounts), *extra)
    ]
    write_rows(_table(odd, _SCHEMA_CHECKS), folder / "book_checks.parquet")


def _about(name: str, table: pa.Table | None, sold: Sold) -> tuple[Any, ...]:
    """Return a table's line in the list of tables."""
    contract = TABLES[name]
    if name == "sales":
        return name, sold.lines, sold.first, sold.last, True, contract.serves
    if table is None:
        return name, 0, None, None, False, contract.serves
    days = pc.min_max(table[contract.dated]).as_py() if contract.dated else {"min": None, "max": None}
    return name, len(table), days["min"], days["max"], True, contract.serves


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.Table.from_arrays(
        [pa.array(values, kind) for values, kind in zip(columns, schema.types, strict=True)], schema=schema
    )


def write_rows(table: pa.Table, path: Path) -> None:
    """Write a table in groups of a fixed number of rows, whatever pieces the engine returned it in."""
    table = table.replace_schema_metadata(None)
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for start in range(0, len(table), _GROUP):
            writer.write_table(table.slice(start, _GROUP).combine_chunks(), row_group_size=_GROUP)
