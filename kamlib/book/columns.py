"""Which column of a source is which of the contract: exact names only, with a hint for near ones."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kamlib.book.config import Source
from kamlib.book.contract import TABLES
from kamlib.book.findings import SHOWN, count_of, make_problem, quote
from kamlib.errors import Problem, did_you_mean

_NEAR = 0.8


@dataclass(frozen=True)
class Match:
    """Columns of the contract with the column of the source each is, and what is wrong with the rest."""

    names: Mapping[str, str]
    problems: tuple[Problem, ...]


def match_columns(columns: Sequence[str], source: Source) -> Match:
    """Find the contract's columns among a source's.

    Parameters
    ----------
    columns : sequence of str
        Columns of the source.
    source : Source
        Its table and what it says under ``columns:``.

    Returns
    -------
    Match
        Problems are: a column named under ``columns:`` or required that is absent, a column spelt nearly like
        an absent one, and (kept) columns that are not read.

    Examples
    --------
    >>> source = Source("accounts", columns={"region": "area"})
    >>> found = match_columns(["account_id", "area", "account_type"], source)
    >>> found.names
    {'account_id': 'account_id', 'region': 'area', 'account_type': 'account_type'}
    >>> found.problems
    ()
    """
    contract = TABLES[source.table]
    wanted = {column.name: source.columns.get(column.name, column.name) for column in contract.columns}
    names = {name: written for name, written in wanted.items() if written in columns}
    absent = [name for name in wanted if name not in names and name not in source.columns]
    extra = [column for column in columns if column not in names.values()]
    near = {column: meant for column in extra if (meant := _near(column, absent))}
    required = {column.name for column in contract.columns if column.required}
    lacking = [name for name in absent if name in required and name not in near.values()]
    problems = [
        *_mapped(columns, source),
        *_near_ones(near, contract.name),
        *_lacking(lacking, columns, contract.name),
        *_extra([column for column in extra if column not in near], contract.name),
    ]
    return Match(names, tuple(problems))


def _near(column: str, known: Sequence[str]) -> str:
    plain = "_".join(column.lower().replace("-", " ").replace("_", " ").split())
    if f"{plain}_id" in known:
        return f"{plain}_id"
    swapped = [name for name in known if sorted(name) == sorted(plain)]
    if swapped:
        return swapped[0]  # letters in another order: names of four letters are too short for the ratio below
    close = difflib.get_close_matches(plain, known, n=1, cutoff=_NEAR)
    return close[0] if close else ""


def _mapped(columns: Sequence[str], source: Source) -> Iterator[Problem]:
    for name, written in source.columns.items():
        if written not in columns:
            hint = did_you_mean(written, columns) or f" It has {quote(columns)}."
            message = f"the source has no column {quote([written])}.{hint}"
            remedy = "Correct the name under columns:."
            yield make_problem("missing_column", source.table, name, count=0, message=message, remedy=remedy)


def _near_ones(near: Mapping[str, str], table: str) -> Iterator[Problem]:
    for column, meant in near.items():
        message = f'{quote([column])} is not a column of {table}. Did you mean "{meant}"?'
        yield make_problem("nearly_known_column", table, column, count=0, message=message)


def _lacking(lacking: Sequence[str], columns: Sequence[str], table: str) -> Iterator[Problem]:
    for name in lacking:
        message = f"the column is absent; there are {quote(columns)}."
        yield make_problem("missing_column", table, name, count=0, message=message)


def _extra(extra: Sequence[str], table: str) -> Iterator[Problem]:
    if extra:
        message = f"{count_of(len(extra), 'column is', 'columns are')} not read: {quote(extra)}."
        yield make_problem("extra_columns", table, count=len(extra), message=message, examples=extra[:SHOWN])
