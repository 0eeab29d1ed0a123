"""Accounts as they were known on several past days, for a replay of plans made then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kamlib.book.asof import table_as_of
from kamlib.book.typed import Typed

_COLUMNS = ("account_id", "region", "account_type", "rep_id", "potential", "status")
_DATED = ("rep_id", "potential")


def accounts_on(tables: Mapping[str, Typed], days: Sequence[dt.date], *, fiscal_year_start: int) -> pa.Table:
    """Return the accounts as they were known on each of several days.

    Parameters
    ----------
    tables : mapping of str to Typed
        The book's tables.
    days : sequence of datetime.date
        First days that are not seen, at least one.
    fiscal_year_start : int
        Calendar month, 1..12.

    Returns
    -------
    pyarrow.Table
        One row per day and account known on it (see `kamlib.book.asof`), sorted: as_of, account_id, region,
        account_type, rep_id, potential, status, and rep_dated and potential_dated: whether rep and potential
        are those of a dated row before the day rather than of today.
    """
    first = _first_rows(tables)
    parts = []
    for day in days:
        known = table_as_of(tables, "accounts", day, fiscal_year_start=fiscal_year_start)
        table = known.select(*_COLUMNS).order_by("account_id").to_pyarrow()
        dated = pa.array([first.get(key, day) < day for key in table["account_id"].to_pylist()], pa.bool_())
        table = table.add_column(0, "as_of", pa.array([day] * len(table), pa.date32()))
        for column in _DATED:
            has = "account_history" in tables and column in tables["account_history"].present
            values = dated if has else pc.and_(dated, False)
            table = table.append_column(f"{column.removesuffix('_id')}_dated", values)
        parts.append(table)
    return pa.concat_tables(parts).combine_chunks()


def _first_rows(tables: Mapping[str, Typed]) -> dict[Any, dt.date]:
    """Return the day of each account's first row in the history."""
    if "account_history" not in tables:
        return {}
    history = tables["account_history"].rows
    found = history.group_by("account_id").agg(first=history["from"].min()).to_pyarrow()
    return dict(zip(found["account_id"].to_pylist(), found["first"].to_pylist(), strict=True))
