"""Rules as conditions: which rows break them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kamlib.book import open_book
from kamlib.book.config import Options
from kamlib.book.contract import TABLES
from kamlib.book.typed import Typed, type_table
from tests.book.shelf import BASIC, write_book


@pytest.fixture(scope="module")
def engine() -> Any:
    return ibis.duckdb.connect()


def arrow_table(engine: Any, table: pa.Table) -> Any:
    engine.con.register("raw", table)
    return engine.table("raw")


def typed(engine: Any, table: str, columns: dict[str, Any]) -> Typed:
    raw = arrow_table(engine, pa.table(columns))
    names = {name: name for name in columns}
    return type_table(raw, TABLES[table], names=names, options=Options(), stages={"10": 0.1, "won": 1.0})


def hits(of: Typed) -> dict[tuple[str, str], int]:
    """Return the rows that break each rule, for rules that are broken."""
    sums = {str(i): flag.condition.sum().fill_null(0) for i, flag in enumerate(of.flags)}
    row = of.flagged.agg(**sums).to_pyarrow().to_pylist()[0]
    return {(f.check, f.column): row[str(i)] for i, f in enumerate(of.flags) if row[str(i)]}


def test_ids_and_required_text_may_not_be_blank(engine: Any) -> None:
    columns = {
        "account_id": ["A", "", None, " \t"],
        "region": [" ", "N", None, ""],
        "account_type": ["T"] * 4,
        "name": ["", " ", None, "x"],
        "rep_id": ["", None, "  ", "R"],
    }
    assert hits(typed(engine, "accounts", columns)) == {
        ("blank_id", "account_id"): 3,
        ("missing_value", "region"): 3,
        ("blank_id", "rep_id"): 1,
    }


def test_typed_sources_are_judged_by_value(engine: Any) -> None:
    columns = {
        "date": pa.array([None, -(2**20), 19_000, 2**20], pa.date32()),
        "product_line": pa.array([1, 2, None, 4], pa.int32()),
        "revenue": pa.array([1.0, float("nan"), None, float("inf")]),
        "quantity": pa.array([1.0, float("nan"), None, 1e12]),
        "order_id": pa.array([1, None, 2, 3]),
    }
    assert hits(typed(engine, "sales", columns)) == {
        ("missing_value", "date"): 1,
        ("impossible_date", "date"): 2,
        ("missing_value", "product_line"): 1,
        ("missing_value", "revenue"): 1,
        ("not_a_number", "revenue"): 2,
        ("not_a_number", "quantity"): 2,
    }


@pytest.mark.parametrize(
    ("starts", "ends", "period", "broken"),
    [
        ("2024-01-01", "2024-03-31", None, {}),
        ("2024-01-01", "2024-01-01", None, {}),
        (None, None, "2024Q1", {}),
        ("2024-01-01", None, "2024", {}),
        ("2024-01-01", None, None, {("no_window", "period"): 1}),
        (None, None, None, {("no_window", "period"): 1}),
        ("2024-01-02", "2024-01-01", None, {("dates_out_of_order", "ends"): 1}),
        (None, None, "2024Q0", {("bad_period", "period"): 1}),
        (None, None, "2024-1", {("bad_period", "period"): 1}),
        (None, None, "1824", {("bad_period", "period"): 1}),
    ],
)
def test_windows_of_targets(engine: Any, starts: Any, ends: Any, period: Any, broken: dict[Any, int]) -> None:
    columns = {"starts": [starts], "ends": [ends], "period": [period], "target": ["5"]}
    table = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    assert hits(typed(engine, "targets", table)) == broken


@pytest.mark.parametrize(
    ("outcome", "closed", "stage", "broken"),
    [
        ("open", None, "10", {}),
        ("won", "2024-03-01", "won", {}),
        ("lost", None, "10", {("outcome_against_closed", "closed"): 1}),
        ("open", "2024-03-01", "10", {("outcome_against_closed", "closed"): 1}),
        ("won", "2024-02-28", "10", {("dates_out_of_order", "closed"): 1}),
        ("open", None, "30", {("unknown_stage", "stage"): 1}),
        (None, None, "10", {("missing_value", "outcome"): 1}),
    ],
)
def test_opportunities(engine: Any, outcome: Any, closed: Any, stage: str, broken: dict[Any, int]) -> None:
    columns = {
        "opportunity_id": ["O"],
        "stage": [stage],
        "amount": ["1"],
        "created": ["2024-02-29"],
        "closed": [closed],
        "outcome": [outcome],
    }
    table = {name: pa.array(values, pa.string()) for name, values in columns.items()}
    assert hits(typed(engine, "opportunities", table)) == broken


def test_bounds_are_inside(engine: Any) -> None:
    columns = {
        "period": ["2024"] * 4,
        "region": ["N"] * 4,
        "size": ["0", "-0.01", "1", "1"],
        "own_share": ["0", "1", "1.01", "-0.01"],
    }
    assert hits(typed(engine, "market", columns)) == {
        ("out_of_bounds", "size"): 1,
        ("out_of_bounds", "own_share"): 2,
    }


@pytest.mark.parametrize(
    ("table", "column", "values", "shown"),
    [
        ("sales", "revenue", pa.array([float("nan"), 1.5]), '1 value is not an amount: "nan".'),
        ("sales", "cost", pa.array([float("inf"), float("nan")], pa.float32()), '2 values are not amounts: "inf", "nan".'),
        ("sales", "quantity", pa.array([float("nan"), 1.5], pa.float32()), '1 value is not a number: "nan".'),
        ("sales", "quantity", pa.array([float("nan"), 1.5]), '1 value is not a number: "nan".'),
        ("accounts", "potential", pa.array([1.5, float("nan")]), '1 value is not an amount: "nan".'),
        ("activities", "invited", pa.array([float("nan"), 2.0]), '1 value is not a whole number: "nan".'),
        ("sales", "revenue", pa.array([True, None]), '1 value is not an amount: "true".'),
        ("activities", "invited", pa.array([True, False]), '2 values are not whole numbers: "false", "true".'),
    ],
)  # fmt: skip
def test_what_a_parquet_has_for_a_number(
    tmp_path: Path, table: str, column: str, values: pa.Array, shown: str
) -> None:
    columns = {
        "sales": {"date": ["2024-01-01"] * 2, "account_id": ["A1", "A2"], "product_line": ["P"] * 2, "revenue": [1, 2]},
        "accounts": {"account_id": ["A1", "A2"], "region": ["N", "S"], "account_type": ["T", "T"]},
        "activities": {"date": ["2024-01-01"] * 2, "rep_id": ["R1"] * 2, "kind": ["call"] * 2},
    }[table]  # fmt: skip
    folder = write_book(tmp_path, {f"{table}.csv": None}, names=BASIC)
    pq.write_table(pa.table({**columns, column: values}), folder / f"{table}.parquet")
    with open_book(folder) as book:
        [message] = [p.message for p in book.check() if p.check == "not_a_number"]
    assert message == shown
