"""What is refused in a row: each rule of the contract as a condition, with the words it is told in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ibis

from kamlib.book.contract import STAGE_COLUMNS, Column, Table

FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
LARGEST_NUMBER = 1e11
_BLANK = "^[\\s\u00a0\u2000-\u200b\u3000\ufeff]*$"
PERIOD = r"^(19|20|21)[0-9][0-9](Q[1-4]|-(0[1-9]|1[0-2]))?$"
_NUMBERS = {
    "money": ("value is not an amount", "values are not amounts"),
    "number": ("value is not a number", "values are not numbers"),
    "count": ("value is not a whole number", "values are not whole numbers"),
}
_ORDERED = {
    "reps": ("hired", "left"),
    "targets": ("starts", "ends"),
    "opportunities": ("created", "closed"),
    "complaints": ("opened", "closed"),
    "loss_reviews": ("lost_on", "reviewed_on"),
}


@dataclass(frozen=True)
class Flag:
    """A rule as a condition on rows.

    Attributes
    ----------
    check, column : str
        The check it belongs to, and the column it is about.
    condition : ibis boolean column
        True on rows that break the rule.
    words : tuple of str
        What one row, and what several rows, do.
    shown : ibis column or None
        What is shown of such a row; None shows the row's id.
    choices : tuple of str
        Allowed values, of which the nearest is suggested.
    """

    check: str
    column: str
    condition: Any
    words: tuple[str, str]
    shown: Any = None
    choices: tuple[str, ...] = ()


def column_flags(
    rows: Any, contract: Table, column: Column, *, cast: bool, stages: tuple[str, ...]
) -> Iterator[Flag]:
    """Yield the rules of one column.

    Parameters
    ----------
    rows : ibis table
        Each column of the contract by its name, and as written under its name with ``_`` before it.
    contract : Table
        The table.
    column : Column
        One of its columns.
    cast : bool
        Whether the column was cast, so that values may have been lost.
    stages : tuple of str
        Stages the book knows.
    """
    name = column.name
    value, text = rows[name], rows[f"_{name}"]
    lost = text.notnull() & value.isnull()
    if text.type().is_floating():
        # The statistics of a parquet leave out nan, and by them the engine takes a cast for one that cannot
        # fail and isnan() for never true, unless it has to compute something of it.
        lost = lost | (ibis.ifelse(text.isnan() | text.isinf(), 1, 0) == 1)
    yield from _empty_flags(column, text)
    if column.kind == "date":
        outside = (value < ibis.literal(FIRST_DAY)) | (value > ibis.literal(LAST_DAY))
        words = ("value is not a day from 1900 to 2199", "values are not days from 1900 to 2199")
        yield Flag("impossible_date", name, (lost | outside) if cast else outside, words, text)
    if column.kind == "number":
        unusable = value.isnan() | (value.abs() > LARGEST_NUMBER)
        yield Flag("not_a_number", name, lost | unusable, _NUMBERS["number"], text)
    elif column.kind in _NUMBERS and cast:
        yield Flag("not_a_number", name, lost, _NUMBERS[column.kind], text)
    yield from _bound_flags(column, value, text)
    if column.kind == "choice":
        known = f"{contract.name}.{name}" in STAGE_COLUMNS
        choices = stages if known else column.choices
        allowed = f"one of {', '.join(choices)}"
        words = (f"value is not {allowed}", f"values are not {allowed}")
        check = "unknown_stage" if known else "unknown_choice"
        yield Flag(check, name, value.notnull() & ~value.isin(choices), words, text, choices)
    if column.kind == "period":
        words = ("value is not a period", "values are not periods")
        yield Flag("bad_period", name, value.notnull() & ~value.re_search(PERIOD), words, text)


def _empty_flags(column: Column, text: Any) -> Iterator[Flag]:
    named = column.kind in ("id", "text")
    if named and text.type().is_string():
        # Only what begins below "!" or beyond ASCII can be blank: looking at all would cost most of the pass.
        maybe = (text < "!") | (text > "~")
        empty = ibis.ifelse(maybe, text.re_search(_BLANK), text.isnull() if column.required else False)
    else:
        empty = text.isnull()
    if column.kind == "id" and (column.required or text.type().is_string()):
        yield Flag("blank_id", column.name, empty, ("row is empty or blank", "rows are empty or blank"))
    elif column.required:
        yield Flag("missing_value", column.name, empty, ("row is empty", "rows are empty"))


def _bound_flags(column: Column, value: Any, text: Any) -> Iterator[Flag]:
    low, high = column.minimum, column.maximum
    if low is None:
        return
    outside, where = value < low, f"below {low:g}"
    if high is not None:
        outside, where = outside | (value > high), f"outside {low:g} to {high:g}"
    yield Flag("out_of_bounds", column.name, outside, (f"value is {where}", f"values are {where}"), text)


def row_flags(rows: Any, contract: Table, present: frozenset[str]) -> Iterator[Flag]:
    """Yield the rules that concern several columns of a row."""
    first, last = _ORDERED.get(contract.name, ("", ""))
    if first and {first, last} <= present:
        words = (f"row has {last} before {first}", f"rows have {last} before {first}")
        yield Flag("dates_out_of_order", last, rows[last] < rows[first], words, rows[f"_{last}"])
    if contract.name == "targets":
        window = rows["starts"].notnull() & rows["ends"].notnull()
        missing = "neither period nor both starts and ends"
        words = (f"row has {missing}", f"rows have {missing}")
        yield Flag("no_window", "period", rows["period"].isnull() & ~window, words)
    if contract.name == "opportunities" and "outcome" in present:
        against = (rows["outcome"] == "open") != rows["closed"].isnull()
        words = ("row has an outcome that closed contradicts", "rows have an outcome that closed contradicts")
        yield Flag("outcome_against_closed", "closed", against, words)
