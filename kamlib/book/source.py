"""From a source to a table: CSV in any encoding, parquet, a workbook's sheet or a SELECT, on embedded DuckDB.

Everything but parquet is staged once as parquet in the book's scratch folder, CSV and workbooks as text, so
that bad values can be counted and shown before they are cast.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import datetime as dt
import glob
import hashlib
import io
import os
import re
import warnings
import zipfile
import zlib
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.datatypes as dtypes
import pyarrow as pa
import pyarrow.parquet as pq

from kamlib.book.config import BookConfig, Source
from kamlib.book.findings import SourceError, make_problem, quote
from kamlib.book.unread import find_unread, open_bytes, rejected
from kamlib.errors import ParameterError, Problem

_CHUNK = 1 << 20
_MEMORY = "1600MB"
_LONGEST = 200
_WIDE = dtypes.Decimal(38, 0)


@ibis.udf.scalar.builtin(signature=((dtypes.string,), dtypes.uint64))  # type: ignore[untyped-decorator]
def md5_number_lower(text: str) -> int:  # type: ignore[empty-body]
    """Return the lower half of a text's MD5 (a function of the engine)."""


@ibis.udf.scalar.builtin(signature=((dtypes.string,), dtypes.uint64))  # type: ignore[untyped-decorator]
def md5_number_upper(text: str) -> int:  # type: ignore[empty-body]
    """Return the upper half of a text's MD5 (a function of the engine)."""


@dataclass(frozen=True)
class Raw:
    """A table as its source has it: the Ibis table, and the file (None for a SELECT).

    unread is the problem of lines that could not be read, which the table is without.
    """

    source: Source
    table: Any
    file: Path | None
    unread: Problem | None = None


def connect(config: BookConfig, scratch: Path) -> Any:
    """Open the book's engine: an embedded DuckDB that loads no extension and opens no file of others.

    It opens what lies below the book's root and in its scratch folder, and the files that ``file:`` names;
    nothing else, whatever a SELECT asks for, and no SELECT can change that.

    The environment's ``KAM_THREADS`` limits its threads, which changes no result.

    Raises
    ------
    ParameterError
        If ``KAM_THREADS`` is not a whole number from 1.
    """
    # Ibis 12 calls methods that DuckDB 2.0 has renamed.
    warnings.filterwarnings("ignore", message="fetch_arrow", category=DeprecationWarning)
    engine = ibis.duckdb.connect(
        autoinstall_known_extensions=False,
        autoload_known_extensions=False,
        temp_directory=str(scratch / "spill"),
        memory_limit=_MEMORY,
        preserve_insertion_order=False,
    )
    engine.con.execute("SET enable_progress_bar = false")
    engine.con.execute("SET file_search_path = ?", [str(config.root)])
    threads = os.environ.get("KAM_THREADS", "")
    if threads:
        if not re.fullmatch("[1-9][0-9]{0,3}", threads):
            raise ParameterError(f'KAM_THREADS is "{threads}"; it must be a whole number from 1.')
        engine.con.execute(f"SET threads = {threads}")
    _enclose(engine, config, scratch)
    return engine


def _enclose(engine: Any, config: BookConfig, scratch: Path) -> None:
    """Shut the engine's way to files but the book's own; nothing opens it again while the engine runs."""
    files = [config.root / source.file for source in config.sources if source.file]
    allowed = {
        "allowed_directories": [config.root.resolve(), scratch, scratch.resolve()],
        "allowed_paths": [*files, *(file.resolve() for file in files)],
    }
    for setting, paths in allowed.items():
        listed = ", ".join(f"'{_literal(path)}'" for path in paths)
        engine.con.execute(f"SET {setting} = [{listed}]")
    engine.con.execute("SET enable_external_access = false")


def read_source(engine: Any, config: BookConfig, source: Source, scratch: Path) -> Raw | Problem:
    """Make one source a table of the engine, or say why it cannot be read."""
    try:
        if source.sql:
            return Raw(source, _read_sql(engine, source, config.root, scratch), None)
        path = config.root / source.file
        if not path.is_file():
            raise SourceError("missing_file", f"there is no file {quote([source.file])}.")
        if path.stat().st_size == 0:
            raise SourceError("empty_file", f"{quote([source.file])} is empty.")
        read = {".parquet": _read_parquet, ".xlsx": _read_workbook}.get(source.suffix, _read_csv)
        return _told_apart(engine, Raw(source, read(engine, source, path, scratch), path), scratch)
    except SourceError as problem:
        check, message, remedy = problem.check, problem.message, problem.remedy
    except duckdb.Error as error:
        check = "failed_sql" if source.sql else "unreadable_file"
        message, remedy = _plain(error, source), ""
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, csv.Error) as error:
        check, remedy = "unreadable_file", ""
        message = f"{quote([source.file])} cannot be read ({type(error).__name__})."
    message = config.redact(message.replace(str(scratch), "<scratch>"))
    return make_problem(check, source.table, count=0, message=message, remedy=remedy)


def _plain(error: duckdb.Error, source: Source) -> str:
    """Word an error of the engine: its first line."""
    first = str(error).partition("\n")[0].rstrip(".")
    if len(first) > _LONGEST:
        first = first[: _LONGEST - 1] + "…"
    return f"the SELECT fails: {first}." if source.sql else f"{quote([source.file])} cannot be read: {first}."


def _told_apart(engine: Any, raw: Raw, scratch: Path) -> Raw | Problem:
    """Return a table with what is wrong with lines that could not be read; that alone, if none could be."""
    if raw.file is None:
        return raw
    copy = _copy(raw.source, scratch)
    unread = find_unread(engine, raw.source, copy if copy.is_file() else raw.file)
    if unread is None or raw.table.count().to_pyarrow().as_py():
        return replace(raw, unread=unread)
    return unread


def _read_sql(engine: Any, source: Source, root: Path, scratch: Path) -> Any:
    statements = engine.con.extract_statements(source.sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise SourceError("failed_sql", "the sql is not one SELECT.")
    staged = scratch / f"{source.table}.parquet"
    # One thread and kept order make any_value(), first() and float sums inside the SELECT repeatable.
    threads = engine.con.execute("SELECT current_setting('threads')").fetchone()[0]
    engine.con.execute("SET threads = 1; SET preserve_insertion_order = true")
    try:
        # Names are judged as seen from the working folder, before they are looked for below the root.
        with contextlib.chdir(root):
            engine.con.execute(f"CREATE TEMP VIEW sql_{source.table} AS {source.sql}")
            engine.con.execute(f"COPY (FROM sql_{source.table}) TO '{_literal(staged)}' (FORMAT parquet)")
    finally:
        engine.con.execute(f"SET threads = {int(threads)}; SET preserve_insertion_order = false")
    return _parquet(engine, source.table, staged)


def _literal(path: Path) -> str:
    return str(path).replace("'", "''")


def _parquet(engine: Any, table: str, path: Path) -> Any:
    return engine.read_parquet(glob.escape(str(path)), table_name=f"raw_{table}", hive_partitioning=False)


def _read_parquet(engine: Any, source: Source, path: Path, scratch: Path) -> Any:  # noqa: ARG001
    return _parquet(engine, source.table, path)


def _read_csv(engine: Any, source: Source, path: Path, scratch: Path) -> Any:
    options = source.options
    text = _as_utf8(path, options.encoding, _copy(source, scratch))
    with open_bytes(text) as stream:
        lines = csv.reader(io.TextIOWrapper(stream, "utf-8-sig", newline=""), delimiter=options.delimiter)
        header = next(lines, [])
    names = _names(header, source)
    other = next((d for d in ";,\t|" if len(names) == 1 and d in names[0]), "")
    if other:
        raise SourceError(
            "unreadable_file",
            f"{quote([source.file])} has one column, {quote(names)}.",
            f"Set options: {{delimiter: {quote([other])}}}.",
        )
    rows = engine.read_csv(
        glob.escape(str(text)),
        table_name=f"csv_{source.table}",
        columns=dict.fromkeys(names, "VARCHAR"),
        auto_detect=False,
        header=True,
        skip=0,
        delim=options.delimiter,
        quote='"',
        escape='"',
        store_rejects=True,
        rejects_table=rejected(source),
        rejects_scan=f"{rejected(source)}_scan",
    )
    staged = scratch / f"{source.table}.parquet"
    rows.to_parquet(staged)
    return _parquet(engine, source.table, staged)


def _copy(source: Source, scratch: Path) -> Path:
    """Return where a file's UTF-8 copy is, if it is in another encoding."""
    return scratch / f"{source.table}.csv"


def _as_utf8(path: Path, encoding: str, copy: Path) -> Path:
    """Check that a file is text in the encoding; return it, or a UTF-8 copy where it is another."""
    decoder = codecs.getincrementaldecoder(encoding)()
    same = codecs.lookup(encoding).name == "utf-8"
    with open_bytes(path) as stream, io.BytesIO() if same else copy.open("wb") as target:
        start = b""
        while True:
            chunk = stream.read(_CHUNK)
            start = start or chunk[:2]
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError:
                text = "\0"
            if "\0" in text:
                likely = "gb18030 for Chinese, cp1252 for Western European files"
                if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                    likely = "utf-16"
                elif b"\0" in chunk:
                    likely = "utf-16-le or utf-16-be"
                raise SourceError(
                    "wrong_encoding",
                    f'{quote([path.name])} is not text in "{encoding}".',
                    f"Set options: {{encoding: ...}}: {likely}.",
                )
            if not same:
                target.write(text.encode())
            if not chunk:
                return path if same else copy


def _names(header: list[str], source: Source) -> list[str]:
    if not any(name.strip() for name in header):
        raise SourceError("empty_file", f"{quote([source.file])} has no header.")
    names = [name if name.strip() else f"column_{place}" for place, name in enumerate(header, 1)]
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise SourceError(
                "unreadable_file", f"{quote([source.file])} has the column {quote([name])} twice."
            )
        seen.add(name.lower())
    return names


def _read_workbook(engine: Any, source: Source, path: Path, scratch: Path) -> Any:
    rows = _sheet_rows(source, path)
    header = [_cell(value, ".") or "" for value in rows[0]] if rows else []
    width = max((len(row) for row in rows), default=0)
    header += [""] * (width - len(header))
    names = _names(header, source)
    columns = [
        pa.array(
            [_cell(row[i], source.options.decimal) if i < len(row) else None for row in rows[1:]], pa.string()
        )
        for i in range(width)
    ]
    staged = scratch / f"{source.table}.parquet"
    pq.write_table(pa.Table.from_arrays(columns, names=names), staged)
    return _parquet(engine, source.table, staged)


def _sheet_rows(source: Source, path: Path) -> list[tuple[Any, ...]]:
    """Return the rows of the sheet that hold anything, cut after the last cell that does."""
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except (KeyError, ValueError, TypeError) as error:
            raise SourceError(
                "unreadable_file", f"{quote([source.file])} cannot be read ({type(error).__name__})."
            ) from None
        try:
            sheet = source.options.sheet or book.sheetnames[0]
            if sheet not in book.sheetnames:
                raise SourceError(
                    "absent_sheet",
                    f"{quote([source.file])} has no sheet {quote([sheet])}; it has {quote(book.sheetnames)}.",
                )
            rows = []
            for row in book[sheet].iter_rows(values_only=True):
                filled = max((i + 1 for i, value in enumerate(row) if value is not None), default=0)
                if filled:
                    rows.append(tuple(row[:filled]))
            return rows
        finally:
            book.close()


def _cell(value: Any, decimal: str) -> str | None:
    """Write a cell as the text a CSV would have."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
        return text.replace(".", decimal)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_rows(rows: Any) -> str:
    """Return a digest of a table's rows whatever their order: the count and two sums of MD5 halves."""
    texts = [rows[name].cast("string").fill_null("\x00") for name in rows.columns]
    line = rows.select(line=ibis.literal("\x1f").join(texts))
    halves = line.agg(
        rows=line.count(),
        low=md5_number_lower(line.line).cast(_WIDE).sum(),
        high=md5_number_upper(line.line).cast(_WIDE).sum(),
    )
    return ":".join(str(value) for value in halves.to_pyarrow().to_pylist()[0].values())
