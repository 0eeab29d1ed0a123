"""Casts: what each kind of column becomes from each kind of source."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from kamlib.book.config import Options
from kamlib.book.contract import Column, Table
from kamlib.book.typed import TYPES, as_text, type_table

KINDS = ("id", "text", "date", "money", "number", "count", "period")
CONTRACT = Table("tried", tuple(Column(kind, kind) for kind in KINDS))  # type: ignore[arg-type]
PLAIN = Options()
COMMAS = Options(thousands=".", decimal=",", date_format="%d.%m.%Y")


@pytest.fixture(scope="module")
def engine() -> Any:
    return ibis.duckdb.connect()


def arrow_table(engine: Any, table: pa.Table) -> Any:
    engine.con.register("raw", table)
    return engine.table("raw")


def cast(engine: Any, kind: str, values: list[Any], of: pa.DataType, options: Options = PLAIN) -> list[Any]:
    raw = arrow_table(engine, pa.table({kind: pa.array(values, of)}))
    typed = type_table(raw, CONTRACT, names={kind: kind}, options=options, stages={})
    result = typed.rows.select(kind).to_pyarrow()
    assert typed.rows.schema()[kind] == TYPES[kind]
    return result[kind].to_pylist()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("id", "007", "007"),
        ("id", "", None),
        ("id", " a ", " a "),
        ("text", "=1+1", "=1+1"),
        ("date", "2024-02-29", dt.date(2024, 2, 29)),
        ("date", "2024/2/9", dt.date(2024, 2, 9)),
        ("date", "2024-02-09 23:59:59", dt.date(2024, 2, 9)),
        ("date", "2023-02-29", None),
        ("money", "-12.34567", Decimal("-12.3457")),
        ("money", "+.5", Decimal("0.5")),
        ("money", "12.", Decimal("12")),
        ("money", "1e3", Decimal("1000")),
        ("money", " 7 ", Decimal("7")),
        ("money", "7 8", None),
        ("money", "1,5", None),
        ("money", "", None),
        ("number", "1.5", 1.5),
        ("number", "nan", None),
        ("number", "infinity", None),
        ("number", "1e999", None),
        ("count", "3", 3),
        ("count", "3.0", 3),
        ("count", "3.5", None),
        ("count", "-1", -1),
        ("period", "2024Q1", "2024Q1"),
    ],
)
def test_text(engine: Any, kind: str, text: str, value: Any) -> None:
    assert cast(engine, kind, [text, None], pa.string()) == [value, None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,5", "1234.5"),
        ("1234,5", "1234.5"),
        ("-1.234.567", "-1234567"),
        (",25", "0.25"),
        ("1.23", None),
        ("1234.567", None),
        ("1,234,5", None),
        (".5", None),
    ],
)
def test_written_signs(engine: Any, text: str, value: str | None) -> None:
    assert cast(engine, "money", [text], pa.string(), COMMAS) == [Decimal(value) if value else None]


def test_written_days(engine: Any) -> None:
    values = ["31.12.2024", "2024-12-31", "12.31.2024", None]
    day = dt.date(2024, 12, 31)
    assert cast(engine, "date", values, pa.string(), COMMAS) == [day, day, None, None]


@pytest.mark.parametrize(
    ("kind", "of", "given", "value"),
    [
        ("id", pa.int32(), 7, "7"),
        ("id", pa.float64(), 272.0, "272"),
        ("id", pa.float64(), 2.5, "2.5"),
        ("text", pa.bool_(), True, "true"),
        ("date", pa.timestamp("ns"), dt.datetime(2024, 1, 2, 23), dt.date(2024, 1, 2)),
        ("date", pa.date32(), dt.date(2024, 1, 2), dt.date(2024, 1, 2)),
        ("date", pa.int32(), 20240102, None),
        ("money", pa.float64(), 0.1, Decimal("0.1")),
        ("money", pa.float64(), float("nan"), None),
        ("money", pa.float64(), 1e15, None),
        ("money", pa.bool_(), True, None),
        ("number", pa.bool_(), False, None),
        ("count", pa.bool_(), True, None),
        ("money", pa.int64(), -5, Decimal("-5")),
        ("money", pa.decimal128(30, 10), Decimal("1.00005"), Decimal("1.0001")),
        ("money", pa.decimal128(18, 4), Decimal("1.5"), Decimal("1.5")),
        ("number", pa.decimal128(10, 2), Decimal("1.5"), 1.5),
        ("number", pa.int8(), 3, 3.0),
        ("count", pa.float32(), 2.0, 2),
        ("count", pa.float32(), 2.5, None),
        ("period", pa.int64(), 2024, "2024"),
    ],
)
def test_typed_sources(engine: Any, kind: str, of: pa.DataType, given: Any, value: Any) -> None:
    assert cast(engine, kind, [given, None], of) == [value, None]


def test_absent_columns_are_null_in_their_type(engine: Any) -> None:
    raw = arrow_table(engine, pa.table({"x": ["a"]}))
    typed = type_table(raw, CONTRACT, names={"id": "x"}, options=Options(), stages={})
    assert typed.rows.schema() == ibis.schema({kind: TYPES[kind] for kind in KINDS})
    assert typed.present == {"id"}
    row = typed.rows.to_pyarrow().to_pylist()[0]
    assert row == {"id": "a"} | dict.fromkeys(KINDS[1:])


def test_text_of_values(engine: Any) -> None:
    raw = arrow_table(engine, pa.table({"x": [1e3, 0.5, None]}))
    texts = raw.select(t=as_text(raw.x)).to_pyarrow()["t"].to_pylist()
    assert sorted(texts, key=str) == ["0.5", "1000", None]
