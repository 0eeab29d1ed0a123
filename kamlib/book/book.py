"""A company's book: opened, checked, described and snapshot as of a day."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamlib.book.config import BookConfig, read_config
from kamlib.book.contract import TABLES
from kamlib.book.findings import make_problem
from kamlib.errors import BookError, Problem, did_you_mean

if TYPE_CHECKING:
    from kamlib.book.checks import Profile
    from kamlib.book.columns import Match
    from kamlib.book.source import Raw
    from kamlib.book.typed import Typed


class Book:
    """An open book; made by `open_book`.

    Nothing is read until it is asked for. Reading happens once, on an embedded engine of the book's own.

    Attributes
    ----------
    config : BookConfig
        What the book says of itself.
    """

    def __init__(self, config: BookConfig) -> None:
        self.config = config
        self._scratch = Path(tempfile.mkdtemp(prefix="kam-book-"))
        self._finalizer = weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)

    def close(self) -> None:
        """Let go of the engine and remove what was staged."""
        if "_engine" in self.__dict__:
            self._engine.disconnect()
        self._finalizer()

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> list[Problem]:
        """Validate the whole book.

        Returns
        -------
        list of Problem
            All problems at once, in the order of the contract's tables: what is refused, then what is kept
            though odd.
        """
        return list(self._problems)

    def table(self, name: str) -> Any:
        """Return a table as the contract has it, every row and column of it, unchecked.

        Parameters
        ----------
        name : str
            A table of the contract that the book has.

        Returns
        -------
        ibis table
            Absent columns are null; nothing is read before it is asked for.

        Raises
        ------
        BookError
            If the book has no such table, or its source cannot be read.
        """
        if name not in self._tables:
            hint = did_you_mean(name, self._tables) or f" There are: {', '.join(self._tables)}."
            raise BookError(f'the book has no table "{name}" that can be read.{hint}')
        return self._tables[name].rows

    def facts(self) -> dict[str, Any]:
        """Describe the book in plain JSON types.

        Returns
        -------
        dict
            name, currency, rounding_unit [currency], fiscal_year_start [month], language, stages (win rates
            by stage), hash, rows (number by table). The hash is the SHA-256 over, for each table, how it is
            read and the SHA-256 of its file; for a SELECT, over its rows in the contract's types, whatever
            their order. No path is in it.

        Raises
        ------
        BookError
            If the book breaks its contract.
        """
        self._refuse()
        return {
            "name": self.config.name,
            "currency": self.config.currency,
            "rounding_unit": self.config.rounding_unit,
            "fiscal_year_start": self.config.fiscal_year_start,
            "language": self.config.language,
            "stages": dict(self.config.stages),
            "hash": self._hash,
            "rows": {name: profile.rows for name, profile in self._profiles.items()},
        }

    def snapshot(self, as_of: dt.date, folder: Path) -> None:
        """Write what was known on `as_of` as parquet into ``folder/book/``.

        Parameters
        ----------
        as_of : datetime.date
            First day that is not seen; `kamlib.book.asof` states the rule of each table.
        folder : pathlib.Path
            The run folder.

        Raises
        ------
        BookError
            If the book breaks its contract, or has no sales before `as_of`.
        """
        from kamlib.book.snapshot import write_snapshot

        self._refuse()
        first = self._profiles["sales"].first
        if first >= as_of:
            raise BookError(
                f"sales: no sales before {as_of}; the first are of {first}. Choose a later period."
            )
        extra = [problem for problem in self._problems if problem.check == "extra_columns"]
        target = Path(folder) / "book"
        target.mkdir(parents=True, exist_ok=True)
        self.write_cube(as_of, target / "cube.parquet")
        write_snapshot(
            self._tables,
            extra,
            as_of,
            target,
            fiscal_year_start=self.config.fiscal_year_start,
        )

    def snapshot_past(self, days: Sequence[dt.date], folder: Path) -> None:
        """Write the accounts as they were known on past days as ``folder/book/accounts_past.parquet``.

        Parameters
        ----------
        days : sequence of datetime.date
            First days that are not seen; without any, nothing is written.
        folder : pathlib.Path
            The run folder.
        """
        from kamlib.book.past import accounts_on
        from kamlib.book.snapshot import write_rows

        if days:
            table = accounts_on(self._tables, days, fiscal_year_start=self.config.fiscal_year_start)
            target = Path(folder) / "book"
            target.mkdir(parents=True, exist_ok=True)
            write_rows(table, target / "accounts_past.parquet")

    def write_cube(self, as_of: dt.date, file: Path) -> None:
        """Write the one heavy query alone: sales by account, product line, selling rep and month.

        Parameters
        ----------
        as_of : datetime.date
            First day that is not seen.
        file : pathlib.Path
            The parquet file; its rows are described at `kamlib.book.cube.cube_expression`. The book is not
            checked before.
        """
        from kamlib.book.cube import write_cube

        write_cube(self._tables, as_of, Path(file), scratch=self._scratch)

    def write_products(self, since: dt.date, as_of: dt.date, file: Path) -> None:
        """Write the sales of some months by product, where the book names products; else nothing.

        Parameters
        ----------
        since, as_of : datetime.date
            First day that is seen, and first day that no longer is.
        file : pathlib.Path
            The parquet file; its rows are described at `kamlib.book.cube.product_expression`.
        """
        from kamlib.book.cube import write_products

        if "product_id" in self._tables["sales"].present:
            write_products(self._tables, since, as_of, Path(file), scratch=self._scratch)

    def _refuse(self) -> None:
        refused = [problem for problem in self._problems if problem.severity == "refuse"]
        if refused:
            raise BookError("\n".join(str(problem) for problem in refused), refused)

    @cached_property
    def _engine(self) -> Any:
        from kamlib.book.source import connect

        return connect(self.config, self._scratch)

    @cached_property
    def _raw(self) -> dict[str, Raw | Problem]:
        from kamlib.book.source import read_source

        return {
            source.table: read_source(self._engine, self.config, source, self._scratch)
            for source in self.config.sources
        }

    @cached_property
    def _matched(self) -> dict[str, Match]:
        from kamlib.book.columns import match_columns

        return {
            name: match_columns(raw.table.columns, raw.source)
            for name, raw in self._raw.items()
            if not isinstance(raw, Problem)
        }

    @cached_property
    def _tables(self) -> dict[str, Typed]:
        from kamlib.book.typed import type_table

        return {
            name: type_table(
                raw.table,
                TABLES[name],
                names=self._matched[name].names,
                options=raw.source.options,
                stages=self.config.stages,
            )
            for name, raw in self._raw.items()
            if not isinstance(raw, Problem)
        }

    @cached_property
    def _profiles(self) -> dict[str, Profile]:
        from kamlib.book.checks import profile_table

        return {name: profile_table(typed) for name, typed in self._tables.items()}

    @cached_property
    def _problems(self) -> tuple[Problem, ...]:
        from kamlib.book.checks import keys_of, refuse_rows

        keys = {c.refers for table in TABLES.values() for c in table.columns if c.refers}
        whole = {name for name, raw in self._raw.items() if not isinstance(raw, Problem) and not raw.unread}
        known = {name: keys_of(self._tables[name]) for name in sorted(keys & whole)}
        known = {name: values for name, values in known.items() if values}
        problems: list[Problem] = []
        for name, contract in TABLES.items():
            raw = self._raw.get(name)
            if isinstance(raw, Problem):
                problems.append(raw)
            elif raw is not None:
                problems += [raw.unread] if raw.unread else []
                problems += self._matched[name].problems
                problems += refuse_rows(self._tables[name], self._profiles[name], known)
            elif contract.required:
                problems.append(
                    make_problem("missing_table", name, count=0, message="the book has no such table.")
                )
        doubled = any(problem.check == "duplicate_key" for problem in problems)
        if not doubled and {"accounts", "sales"} <= whole:
            problems += self._odd()  # doubled accounts would count their sales twice, lost lines not at all
        return tuple(sorted(problems, key=lambda problem: problem.severity != "refuse"))

    def _odd(self) -> list[Problem]:
        from kamlib.book.odd import count_sales, odd_rows

        history = self._tables.get("account_history")
        accounts = self._tables["accounts"].rows
        present = history.present if history else frozenset[str]()
        sold = count_sales(self._tables["sales"].rows, accounts, history.rows if history else None, present)
        return list(odd_rows(sold, accounts))

    @cached_property
    def _hash(self) -> str:
        from kamlib.book.source import hash_file, hash_rows

        content: dict[str, list[Any]] = {}
        for name, raw in self._raw.items():
            if isinstance(raw, Problem):
                continue
            if raw.file is None:
                content[name] = [hash_rows(self._tables[name].rows)]
            else:
                content[name] = [hash_file(raw.file), raw.source.options.__dict__, dict(raw.source.columns)]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def open_book(path: str | Path) -> Book:
    """Open a company's book.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder of files named as the tables (csv, csv.gz, parquet, xlsx), or a ``book.yaml``.

    Returns
    -------
    Book
        Use it in a ``with`` statement, or close it.

    Raises
    ------
    BookError
        If the description is not right: an unknown key or table, a value that is not of its kind, no such
        folder. What is wrong inside the tables is found by `Book.check`.
    """
    return Book(read_config(Path(path)))
