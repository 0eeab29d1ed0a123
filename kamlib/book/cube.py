"""The one heavy query: sales by account, product line, selling rep and month."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dtypes

from kamlib.book.asof import holdings, join_holdings
from kamlib.book.typed import Typed

KEYS = ("account_id", "product_line", "rep_id", "month")
PRODUCT_KEYS = ("account_id", "product_line", "product_id", "month")
_GROUP = 122_880
_EXACT = dtypes.Decimal(18, 6)
_MONEY = dtypes.Decimal(18, 4)


def cube_expression(sales: Any, spells: Any, as_of: dt.date) -> Any:
    """Aggregate sales dated before `as_of`, as one expression that any engine of Ibis can run.

    Parameters
    ----------
    sales : ibis table
        Sales of the contract, one row a line.
    spells : ibis table
        Who held each account when (`kamlib.book.asof.holdings`); a line without a seller counts for the rep
        who held the account on that day.
    as_of : datetime.date
        First day that is not seen.

    Returns
    -------
    ibis table
        One row per account_id, product_line, rep_id and month, sorted by them, nulls last: revenue and cost
        DECIMAL(18, 4) [currency], quantity float64, lines int64. Cost and quantity are null unless known on
        every line of the row. All sums are of decimals, so that they don't depend on the order of lines;
        quantities count to the sixth decimal.
    """
    seen = sales.filter(sales.date < ibis.literal(as_of))
    # Only lines without a seller are looked up: to join every line would double the cost of the query.
    unsold = join_holdings(seen.filter(seen.rep_id.isnull()), spells)
    lines = _lines(seen.filter(seen.rep_id.notnull()), "rep_id").union(_lines(unsold, "held_rep_id"))
    cells = lines.group_by("account_id", "product_line", "rep_id", "start").agg(
        revenue=lines.revenue.sum(),
        quantity=lines.quantity.sum(),
        cost=lines.cost.sum(),
        lines=lines.count(),
        quantities=lines.quantity.count(),
        costs=lines.cost.count(),
    )
    table = cells.select(
        "account_id",
        "product_line",
        "rep_id",
        month=cells.start.strftime("%Y-%m"),
        revenue=cells.revenue.cast(_MONEY),
        quantity=_known(cells.quantity, cells.quantities, cells.lines).cast("float64"),
        cost=_known(cells.cost, cells.costs, cells.lines).cast(_MONEY),
        lines=cells.lines,
    )
    return table.order_by([ibis.asc(key, nulls_first=False) for key in KEYS])


def _lines(sales: Any, seller: str) -> Any:
    return sales.select(
        "account_id",
        "product_line",
        "revenue",
        "cost",
        rep_id=sales[seller],
        start=sales.date.truncate("M"),
        quantity=sales.quantity.cast(_EXACT),
    )


def product_expression(sales: Any, since: dt.date, as_of: dt.date) -> Any:
    """Aggregate sales of some months by product, as one expression that any engine of Ibis can run.

    Parameters
    ----------
    sales : ibis table
        Sales of the contract, one row a line.
    since, as_of : datetime.date
        First day that is seen, and first day that no longer is.

    Returns
    -------
    ibis table
        One row per account_id, product_line, product_id and month, sorted by them, nulls last: revenue
        DECIMAL(18, 4) [currency] and quantity float64, null unless known on every line of the row.
    """
    seen = sales.filter(sales.date >= ibis.literal(since), sales.date < ibis.literal(as_of))
    lines = seen.select(
        "account_id",
        "product_line",
        "product_id",
        "revenue",
        start=seen.date.truncate("M"),
        quantity=seen.quantity.cast(_EXACT),
    )
    cells = lines.group_by("account_id", "product_line", "product_id", "start").agg(
        revenue=lines.revenue.sum(),
        quantity=lines.quantity.sum(),
        lines=lines.count(),
        quantities=lines.quantity.count(),
    )
    table = cells.select(
        "account_id",
        "product_line",
        "product_id",
        month=cells.start.strftime("%Y-%m"),
        revenue=cells.revenue.cast(_MONEY),
        quantity=_known(cells.quantity, cells.quantities, cells.lines).cast("float64"),
    )
    return table.order_by([ibis.asc(key, nulls_first=False) for key in PRODUCT_KEYS])


def _known(total: Any, counted: Any, lines: Any) -> Any:
    """Return a sum where every line has the value, null elsewhere."""
    return ibis.ifelse(counted == lines, total, ibis.null(total.type()))


def write_cube(tables: Mapping[str, Typed], as_of: dt.date, file: Path, *, scratch: Path) -> None:
    """Let the engine write the cube of a book as parquet; lines never pass through Python."""
    history = tables.get("account_history")
    spells = holdings(
        tables["accounts"].rows,
        history.rows if history else None,
        history.present if history else frozenset(),
    )
    _write(cube_expression(tables["sales"].rows, spells, as_of), file, scratch)


def write_products(
    tables: Mapping[str, Typed], since: dt.date, as_of: dt.date, file: Path, *, scratch: Path
) -> None:
    """Let the engine write the sales of some months by product, likewise."""
    _write(product_expression(tables["sales"].rows, since, as_of), file, scratch)


def _write(query: Any, file: Path, scratch: Path) -> None:
    """Write what a query returns as parquet.

    The engine cuts sorted rows into groups of a fixed number, so that the bytes are the same on any number of
    threads. It may write into its `scratch` folder only; the file is moved from there.
    """
    written = scratch / "query.parquet"
    target = str(written).replace("'", "''")
    query.get_backend().raw_sql(
        f"COPY ({ibis.to_sql(query, dialect='duckdb')}) TO '{target}' "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP})"
    )
    shutil.move(written, file)
