"""From a source's columns to the contract's: the cast of each kind, and what a cast or a rule finds wrong."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dtypes

from kamlib.book.config import Options
from kamlib.book.contract import STAGE_COLUMNS, Column, Table

FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
PERIOD = r"^(19|20|21)[0-9][0-9](Q[1-4]|-(0[1-9]|1[0-2]))?$"
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


@ibis.udf.scalar.builtin
def try_strptime(text: str, form: str) -> dt.datetime:  # type: ignore[empty-body]
    """Read a day in a stated form; null where it is not one (a function of the engine)."""


@dataclass(frozen=True)
class Flag:
    """A rule as a condition on rows: the check that names it, the column, and the text shown of a row."""

    check: str
    column: str
    condition: Any
    shown: Any = None
    money: Any = None


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
    shown: dict[str, Any] = {}
    for column in contract.columns:
        if column.name in names:
            source = raw[names[column.name]]
            values[column.name] = _cast(source, column, options)
            shown[f"_{column.name}"] = _text(source)
        else:
            values[column.name] = ibis.null(TYPES[column.kind])
    flagged = raw.select(**values, **shown)
    flags: list[Flag] = []
    for column in contract.columns:
        if column.name in names:
            choices = _choices(contract, column, stages)
            flags += _column_flags(flagged, column, raw[names[column.name]].type(), choices)
    flags += _row_flags(flagged, contract.name, frozenset(names))
    return Typed(contract, raw.select(**values), frozenset(names), flagged, tuple(flags))


def _text(source: Any) -> Any:
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
        return _text(source)
    if wanted.is_date():
        if kind.is_date():
            return source
        if kind.is_timestamp():
            return source.cast("date")
        return _date(_text(source), options)
    if kind.is_string():
        source = _number(source, options)
    if kind == wanted:
        return source
    if column.kind == "count":
        number = source.try_cast("float64")
        return ibis.ifelse(number == number.floor(), source.try_cast("int64"), ibis.null("int64"))
    result = source.try_cast(wanted)
    if column.kind == "number" and not (kind.is_integer() or kind.is_decimal()):
        return ibis.ifelse(result.isinf() | result.isnan(), ibis.null("float64"), result)
    return result


def _date(text: Any, options: Options) -> Any:
    plain = text.try_cast("date")
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


def _choices(contract: Table, column: Column, stages: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(stages) if f"{contract.name}.{column.name}" in STAGE_COLUMNS else column.choices


def _column_flags(rows: Any, column: Column, kind: Any, choices: tuple[str, ...]) -> Iterator[Flag]:
    name = column.name
    value, text = rows[name], rows[f"_{name}"]
    bad = text.notnull() & value.isnull()
    if column.kind in ("id", "text") and (column.required or column.kind == "id"):
        blank = text.strip() == ""
        check = "blank_id" if column.kind == "id" else "missing_value"
        yield Flag(check, name, (text.isnull() | blank) if column.required else blank)
    elif column.required:
        yield Flag("missing_value", name, text.isnull())
    if column.kind == "date":
        outside = (value < ibis.literal(FIRST_DAY)) | (value > ibis.literal(LAST_DAY))
        yield Flag("impossible_date", name, outside if kind.is_temporal() else bad | outside, text)
    if column.kind in ("money", "number", "count") and kind != TYPES[column.kind]:
        yield Flag("not_a_number", name, bad, text)
    elif column.kind == "number":
        yield Flag("not_a_number", name, value.isinf() | value.isnan(), text)
    bounds = [value < column.minimum] if column.minimum is not None else []
    bounds += [value > column.maximum] if column.maximum is not None else []
    if bounds:
        yield Flag("out_of_bounds", name, bounds[0] if len(bounds) == 1 else bounds[0] | bounds[1], text)
    if column.kind == "choice":
        check = "unknown_stage" if name == "stage" else "unknown_choice"
        yield Flag(check, name, value.notnull() & ~value.isin(choices), text)
    if column.kind == "period":
        yield Flag("bad_period", name, value.notnull() & ~value.re_search(PERIOD), text)


_ORDERED = {
    "reps": ("hired", "left"),
    "targets": ("starts", "ends"),
    "opportunities": ("created", "closed"),
    "complaints": ("opened", "closed"),
    "loss_reviews": ("lost_on", "reviewed_on"),
}


def _row_flags(rows: Any, table: str, present: frozenset[str]) -> Iterator[Flag]:
    first, last = _ORDERED.get(table, ("", ""))
    if {first, last} <= present:
        yield Flag("dates_out_of_order", last, rows[last] < rows[first], rows[f"_{last}"])
    if table == "targets":
        window = rows["starts"].notnull() & rows["ends"].notnull()
        yield Flag("no_window", "period", rows["period"].isnull() & ~window)
    if table == "opportunities" and "outcome" in present:
        against = (rows["outcome"] == "open") != rows["closed"].isnull()
        yield Flag("outcome_against_closed", "closed", against, rows["opportunity_id"])
    if table == "sales" and {"account_id", "revenue"} <= present:
        yield Flag("returns", "revenue", rows["revenue"] < 0, money=rows["revenue"])
    if table == "accounts":
        yield Flag("accounts_without_rep", "rep_id", rows["rep_id"].isnull())
        yield Flag("accounts_without_potential", "potential", rows["potential"].isnull())
