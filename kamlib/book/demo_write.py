"""How the demo book's tables are put on disk: exact columns, CSV or parquet, the same bytes every time."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from kamlib.book.contract import TABLES

Array = npt.NDArray[Any]
NO_DAY = np.datetime64("NaT", "D")


def money(cents: Array, known: Array | None = None) -> pa.Array:
    """Make an exact DECIMAL(18, 2) column of whole cents; null where not `known`.

    Examples
    --------
    >>> money(np.array([123, -5])).to_pylist()
    [Decimal('1.23'), Decimal('-0.05')]
    """
    low = np.asarray(cents, dtype=np.int64)
    words = np.stack([low, low >> 63], axis=1)
    column = pa.Array.from_buffers(pa.decimal128(18, 2), len(low), [None, pa.py_buffer(words.tobytes())])
    return column if known is None else column.filter(pa.array(known)).take(_places(known))


def text(codes: Array, values: Sequence[str]) -> pa.Array:
    """Make a text column of positions in `values`; a negative position is null.

    Examples
    --------
    >>> text(np.array([1, -1]), ["a", "b"]).to_pylist()
    ['b', None]
    """
    return pa.array(list(values), pa.string()).take(pa.array(codes, mask=np.asarray(codes) < 0))


def days(values: Array) -> pa.Array:
    """Make a date column of days (datetime64); NaT is null.

    Examples
    --------
    >>> days(np.array(["2025-01-31", "NaT"], dtype="datetime64[D]")).to_pylist()
    [datetime.date(2025, 1, 31), None]
    """
    return pa.array(values.astype("datetime64[D]"), pa.date32())


def _places(known: Array) -> pa.Array:
    return pa.array(np.cumsum(known) - 1, mask=~np.asarray(known))


class TableFile:
    """One table's file, written in blocks; its columns and their order are the contract's.

    Parameters
    ----------
    folder : pathlib.Path
        Where the file goes; its name is the table's, with ``.csv`` or ``.parquet``.
    name : str
        The contract's table.
    fmt : str
        ``"csv"`` (UTF-8) or ``"parquet"``.
    """

    def __init__(self, folder: Path, name: str, fmt: str) -> None:
        self.columns = [column.name for column in TABLES[name].columns]
        self.rows = 0
        self._path = folder / f"{name}.{fmt}"
        self._parquet: pq.ParquetWriter | None = None
        self._csv = self._path.open("w", encoding="utf-8", newline="") if fmt == "csv" else None
        if self._csv is not None:
            self._lines = csv.writer(self._csv, lineterminator="\n")
            self._lines.writerow(self.columns)

    def __enter__(self) -> TableFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self._csv, self._parquet):
            if file is not None:
                file.close()

    def write(self, block: Mapping[str, pa.Array | Sequence[str | None]]) -> None:
        """Append rows; `block` has every column of the contract's table."""
        arrays = [
            column if isinstance(column, pa.Array) else pa.array(list(column), pa.string())
            for column in (block[name] for name in self.columns)
        ]
        table = pa.Table.from_arrays(arrays, names=self.columns)
        self.rows += table.num_rows
        if self._csv is not None:
            shown = [column.cast(pa.string()).to_pylist() for column in table.columns]
            self._lines.writerows(zip(*shown, strict=True))
            return
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self._path, table.schema, compression="zstd", store_schema=False)
        self._parquet.write_table(table)


def write_whole(folder: Path, name: str, fmt: str, block: Mapping[str, Any]) -> int:
    """Write a table in one block and return its number of rows."""
    with TableFile(folder, name, fmt) as file:
        file.write(block)
    return file.rows
