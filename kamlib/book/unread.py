"""Lines of a CSV that the engine could not read: which they are, and what is wrong with them."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import IO, Any

from kamlib.book.config import Source
from kamlib.book.findings import SHOWN, count_of, make_problem, quote
from kamlib.errors import Problem

_CHUNK = 1 << 20
# A line is rejected once for each value too few or too many; the one that counts them all comes first.
_WHOLE_LINE = "CASE WHEN error_type = 'MISSING COLUMNS' THEN column_idx::INT ELSE -column_idx::INT END"


def rejected(source: Source) -> str:
    """Return the name of the engine's table of lines that could not be read."""
    return f"unread_{source.table}"


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file, unpacked."""
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def find_unread(engine: Any, source: Source, file: Path) -> Problem | None:
    """Say which lines of a file could not be read, the first ones with what is wrong with them.

    Parameters
    ----------
    engine : Ibis backend
        The engine that read it.
    source : Source
        The table's source.
    file : pathlib.Path
        The file as the engine read it: in UTF-8, which may be a copy.

    Returns
    -------
    Problem or None
        None where every line could be read. Lines are counted as an editor does, a value that holds line
        breaks as several.
    """
    there = engine.con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [rejected(source)]
    )
    if there.fetchall() == [(0,)]:
        return None
    lines = engine.con.execute(
        f"SELECT min(line_byte_position), any_value(error_message ORDER BY {_WHOLE_LINE}) "
        f"FROM {rejected(source)} GROUP BY line ORDER BY line"
    ).fetchall()
    if not lines:
        return None
    numbers = _line_numbers(file, [place for place, _ in lines[:SHOWN]])
    told = "; ".join(f"line {line} {_what(text)}" for line, (_, text) in zip(numbers, lines, strict=False))
    more = f"; {count_of(len(lines), 'line')} in all" if len(lines) > SHOWN else ""
    message = f"{quote([source.file])}: {told}{more}."
    return make_problem("unreadable_file", source.table, count=len(lines), message=message)


def _line_numbers(file: Path, places: list[int]) -> list[int]:
    """Return the lines that places in a file (bytes, from 1, ascending) lie in.

    The engine's own count takes a value that holds line breaks for one line. A place may lie on the break
    before its line, or on one of several.
    """
    numbers, feeds, returns, at = [], 0, 0, 0
    with open_bytes(file) as stream:
        for place in places:
            while at < place - 1 and (chunk := stream.read(min(_CHUNK, place - 1 - at))):
                feeds, returns, at = feeds + chunk.count(b"\n"), returns + chunk.count(b"\r"), at + len(chunk)
            while (byte := stream.read(1)) in (b"\n", b"\r"):
                feeds, returns, at = feeds + (byte == b"\n"), returns + (byte == b"\r"), at + 1
            at += len(byte)
            numbers.append(max(feeds, returns) + 1)
    return numbers


def _what(text: str) -> str:
    """Word what the engine found wrong with a line."""
    columns = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if columns is None:
        return "is not valid CSV"
    return f"has {count_of(int(columns[2]), 'value')} where the header has {columns[1]}"
