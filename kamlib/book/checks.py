"""Validation: one pushed-down aggregate per table, then look-ups of examples for what failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from kamlib.book.contract import Column
from kamlib.book.findings import SHOWN, count_of, make_problem, quote
from kamlib.book.rules import FIRST_DAY, LAST_DAY, Flag
from kamlib.book.typed import Typed, as_text
from kamlib.errors import Problem, did_you_mean

_ORPHANS = {
    "accounts": ("row names an account that accounts lacks", "rows name accounts that accounts lacks"),
    "reps": ("row names a rep that reps lacks", "rows name reps that reps lacks"),
    "opportunities": (
        "row names an opportunity that opportunities lacks",
        "rows name opportunities that opportunities lacks",
    ),
}
_SINGULAR = {"accounts": "account", "reps": "rep", "opportunities": "opportunity"}


@dataclass(frozen=True)
class Profile:
    """One aggregate of a table: by ids that refer elsewhere, rows, hits of each flag, first and last day."""

    groups: pa.Table
    keys: tuple[str, ...]
    rows: int
    first: Any
    last: Any


def profile_table(typed: Typed) -> Profile:
    """Count rows and hits of every flag in one aggregate, grouped by the ids that refer to other tables."""
    rows, contract = typed.flagged, typed.contract
    keys = tuple(c.name for c in contract.columns if c.refers and c.name in typed.present)
    sums = {f"flag_{i}": flag.condition.sum().fill_null(0) for i, flag in enumerate(typed.flags)}
    sums["rows"] = rows.count()
    if contract.dated:
        day = rows[contract.dated]
        day = ibis.ifelse(day.between(FIRST_DAY, LAST_DAY), day, ibis.null("date"))
        sums |= {"first": day.min(), "last": day.max()}
    result = rows.group_by(*keys).agg(**sums) if keys else rows.agg(**sums)
    groups = result.to_pyarrow()
    first = pc.min(groups["first"]).as_py() if contract.dated else None
    last = pc.max(groups["last"]).as_py() if contract.dated else None
    return Profile(groups, keys, pc.sum(groups["rows"]).as_py() or 0, first, last)


def refuse_rows(typed: Typed, profile: Profile, known: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """Yield what must be mended in one table's rows, in the order of its columns.

    Parameters
    ----------
    typed : Typed
        The table.
    profile : Profile
        Its aggregate.
    known : mapping of str to frozenset of str
        Keys of the tables that ids may refer to; absent tables are not checked against.
    """
    contract = typed.contract
    if contract.required and profile.rows == 0:
        yield make_problem("empty_file", contract.name, count=0, message="the table has no rows.")
    if contract.key and set(contract.key) & typed.present:
        yield from _duplicates(typed)
    hits = [int(pc.sum(profile.groups[f"flag_{i}"]).as_py() or 0) for i in range(len(typed.flags))]
    for column in contract.columns:
        for flag, count in zip(typed.flags, hits, strict=True):
            if flag.column == column.name and count:
                yield _flagged(typed, flag, count)
        if column.name in profile.keys and column.refers in known:
            yield from _orphans(typed, profile, column, known[column.refers])


def _flagged(typed: Typed, flag: Flag, count: int) -> Problem:
    name, text = _shown_column(typed, flag)
    examples = (
        _examples(typed.flagged.filter(flag.condition).select(value=as_text(text)))
        if text is not None
        else []
    )
    shown = f" ({name} {quote(examples)})" if name else f": {quote(examples)}"
    hint = did_you_mean(examples[0], flag.choices) if examples else ""
    return make_problem(
        flag.check,
        typed.contract.name,
        flag.column,
        count=count,
        examples=examples,
        message=f"{count_of(count, *flag.words)}{shown if examples else ''}.{hint}",
    )


def _shown_column(typed: Typed, flag: Flag) -> tuple[str, Any]:
    """Return what tells the reader which rows: the value itself, or the row's id and its name."""
    if flag.shown is not None:
        return "", flag.shown
    ids = (*typed.contract.key, "account_id", "rep_id", typed.contract.dated)
    name = next((n for n in ids if n in typed.present and n != flag.column), "")
    return name, typed.flagged[f"_{name}"] if name else None


def _examples(values: Any) -> list[str]:
    found = values.filter(values.value.notnull()).distinct().order_by("value").limit(SHOWN)
    texts: list[str] = found.to_pyarrow()["value"].to_pylist()
    return texts


def _duplicates(typed: Typed) -> Iterator[Problem]:
    key = [name for name in typed.contract.key if name in typed.present]
    rows = typed.flagged
    keys = rows.group_by(*key).agg(rows=rows.count())
    doubled = keys.filter((keys.rows > 1) & keys[key[0]].notnull()).order_by(*key)
    totals = doubled.agg(rows=doubled.rows.sum().fill_null(0)).to_pyarrow().to_pylist()[0]
    if not totals["rows"]:
        return
    shown = doubled.limit(SHOWN).to_pyarrow().to_pylist()
    examples = [" / ".join("" if row[name] is None else str(row[name]) for name in key) for row in shown]
    yield make_problem(
        "duplicate_key",
        typed.contract.name,
        ", ".join(key),
        count=int(totals["rows"]),
        examples=examples,
        message=f"{int(totals['rows']):,} rows share their key with others: {quote(examples)}.",
    )


def _orphans(typed: Typed, profile: Profile, column: Column, known: frozenset[str]) -> Iterator[Problem]:
    sums = profile.groups.group_by(column.name).aggregate([("rows", "sum")]).to_pydict()
    rows_of = zip(sums[column.name], sums["rows_sum"], strict=True)
    orphans = {v: rows for v, rows in rows_of if v is not None and v not in known and v.strip()}
    if not orphans:
        return
    examples = sorted(orphans)[:SHOWN]
    count = sum(orphans.values())
    yield make_problem(
        f"orphan_{_SINGULAR[column.refers]}",
        typed.contract.name,
        column.name,
        count=count,
        examples=examples,
        message=f"{count_of(count, *_ORPHANS[column.refers])}: {quote(examples)}.",
    )


def keys_of(typed: Typed) -> frozenset[str]:
    """Return the values of a table's key (its first column); none where the table lacks it."""
    key = typed.contract.key[0]
    if key not in typed.present:
        return frozenset()
    return frozenset(typed.rows.select(key).distinct().to_pyarrow()[key].to_pylist())
