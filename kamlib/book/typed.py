"""From a source's columns to the contract's: the cast of each kind of column."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dtypes

from kamlib.book.config import Options
from kamlib.book.contract import Column, Table
from kamlib.book.rules import Flag, column_flags, row_flags

TYPES: Mapping[str, Any] = {
    "id": dtypes.string,
    "text": dtypes.string,
    "choice": dtypes.string,
    "period": dtypes.string,
    "date": dtypes.date,
    "money": dtypes.Decimal(18, 4),
    "number": dtypes.float64,
    "count": dtypes.int64,
}

_DAY = r"^\s*[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}([ T][0-9:.+Z-]*)?\s*$"


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def try_strptime(text: str, form: str) -> dt.datetime:  # type: ignore[empty-body]
    """Read a day in a stated form; null where it is not one (a function of the engine)."""


@dataclass(frozen=True)
class Typed:
    """A table in the contract's types, every column of the contract there (absent ones null), with its flags.

    Attributes
    ----------
    contract : Table
        The table of the contract.
    rows : ibis table
        One row per row of the source; ids and text empty -> null, money DECIMAL(18, 4) [currency].
    present : frozenset of str
        Columns that the source has.
    flagged : ibis table
        The same rows with what the flags are computed from.
    flags : tuple of Flag
        Conditions over `flagged`.
    """

    contract: Table
    rows: Any
    present: frozenset[str]
    flagged: Any
    flags: tuple[Flag, ...]


def type_table(
    raw: Any, contract: Table, *, names: Mapping[str, str], options: Options, stages: Mapping[str, float]
) -> Typed:
    """Cast a source's table to the contract.

    Parameters
    ----------
    raw : ibis table
        As read.
    contract : Table
        What it shall be.
    names : mapping of str to str
        Column of the contract -> column of the source, for those it has.
    options : Options
        How numbers and days are written.
    stages : mapping of str to float
        Stages the book knows.

    Returns
    -------
    Typed
    """
    values: dict[str, Any] = {}
    written: dict[str, Any] = {}
    for column in contract.columns:
        if column.name in names:
            source = raw[names[column.name]]
            values[column.name] = _cast(source, column, options)
            written[f"_{column.name}"] = source.nullif("") if source.type().is_string() else source
        else:
            values[column.name] = ibis.null(TYPES[column.kind])
    flagged = raw.select(**values, **written)
    exact = frozenset(
        c.name for c in contract.columns if c.name in names and _is_exact(raw[names[c.name]], c)
    )
    flags = [
        flag
        for column in contract.columns
        if column.name in names
        for flag in column_flags(
            flagged, contract, column, cast=column.name not in exact, stages=tuple(stages)
        )
    ]
    flags += row_flags(flagged, contract, frozenset(names))
    return Typed(contract, raw.select(**values), frozenset(names), flagged, tuple(flags))


def _is_exact(source: Any, column: Column) -> bool:
    """Tell whether the source has the column in the contract's type, so that no cast can fail."""
    kind = source.type()
    return bool(kind == TYPES[column.kind] or (column.kind == "date" and kind.is_temporal()))


def as_text(source: Any) -> Any:
    """Write a column as text, whole floats without a decimal point, empty text as null."""
    kind = source.type()
    if kind.is_string():
        return source.nullif("")
    if kind.is_floating():
        whole = source.try_cast("int64")
        return ibis.ifelse(whole.cast("float64") == source, whole.cast("string"), source.cast("string"))
    return source.cast("string")


def _cast(source: Any, column: Column, options: Options) -> Any:
    kind, wanted = source.type(), TYPES[column.kind]
    if wanted.is_string():
        return as_text(source)
    if wanted.is_date():
        if kind.is_date():
            return source
        if kind.is_timestamp():
            return source.cast("date")
        return _date(as_text(source), options)
    if kind.is_boolean():
        return ibis.null(wanted)
    if kind.is_string():
        source = _number(source, options)
    if kind == wanted:
        return source
    if column.kind == "count":
        whole = source.try_cast("int64")
        return ibis.ifelse(whole.cast("float64") == source.try_cast("float64"), whole, ibis.null("int64"))
    result = source.try_cast(wanted)
    if column.kind == "number" and not (kind.is_integer() or kind.is_decimal()):
        return ibis.ifelse(result.isinf() | result.isnan(), ibis.null("float64"), result)
    return result


def _date(text: Any, options: Options) -> Any:
    """Read a day; the engine's own extras (epoch, infinity, BC) are not days."""
    plain = ibis.ifelse(text.re_search(_DAY), text.try_cast("date"), ibis.null("date"))
    if not options.date_format:
        return plain
    return ibis.coalesce(try_strptime(text, options.date_format).cast("date"), plain)


def _number(text: Any, options: Options) -> Any:
    """Put a written number into plain digits; one that breaks the stated signs becomes null."""
    decimal, thousands = re.escape(options.decimal), re.escape(options.thousands)
    whole = f"([0-9]+|[0-9]{{1,3}}({thousands}[0-9]{{3}})+)" if thousands else "[0-9]+"
    pattern = rf"^\s*[-+]?({whole}({decimal}[0-9]*)?|{decimal}[0-9]+)([eE][-+]?[0-9]+)?\s*$"
    plain = text.replace(options.thousands, "") if thousands else text
    if options.decimal != ".":
        plain = plain.replace(options.decimal, ".")
    return ibis.ifelse(text.re_search(pattern), plain, ibis.null("string"))
