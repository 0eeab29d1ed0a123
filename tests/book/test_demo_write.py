"""The demo book's files: exact money, nulls, and columns in the contract's order."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kamlib.book.demo_write import TableFile, days, money, text, write_whole


def block(accounts: list[str | None], cents: list[int]) -> dict:
    return {
        "account_id": accounts,
        "due": days(np.array(["2025-01-31"] * len(accounts), dtype="datetime64[D]")),
        "amount": money(np.array(cents)),
        "paid_on": days(np.array(["NaT"] * len(accounts), dtype="datetime64[D]")),
    }


def test_money_is_exact_and_knows_null() -> None:
    cents = np.array([0, 5, -199, 9_999_999_999_999_999])
    assert money(cents).to_pylist() == [
        Decimal("0.00"),
        Decimal("0.05"),
        Decimal("-1.99"),
        Decimal("99999999999999.99"),
    ]
    known = np.array([True, False, True, False])
    assert money(cents, known).to_pylist() == [Decimal("0.00"), None, Decimal("-1.99"), None]
    assert money(cents, ~known).to_pylist() == [None, Decimal("0.05"), None, Decimal("99999999999999.99")]


def test_text_and_days_know_null() -> None:
    assert text(np.array([1, -1, 0]), ("a", "b")).to_pylist() == ["b", None, "a"]
    assert days(np.array(["2025-02-28", "NaT"], dtype="datetime64[D]")).null_count == 1


def test_blocks_follow_each_other_in_csv(tmp_path: Path) -> None:
    with TableFile(tmp_path, "receivables", "csv") as file:
        file.write(block(['云, "岭"'], [-5]))
        file.write(block([None], [100]))
    assert file.rows == 2
    assert (tmp_path / "receivables.csv").read_bytes().decode() == (
        'account_id,due,amount,paid_on\n"云, ""岭""",2025-01-31,-0.05,\n,2025-01-31,1.00,\n'
    )


def test_parquet_has_plain_exact_types(tmp_path: Path) -> None:
    assert write_whole(tmp_path, "receivables", "parquet", block(["A1", None], [1, 2])) == 2
    schema = pq.read_schema(tmp_path / "receivables.parquet")
    assert schema.types == [pa.string(), pa.date32(), pa.decimal128(18, 2), pa.date32()]


def test_a_missing_column_is_an_error(tmp_path: Path) -> None:
    short = block(["A1"], [1])
    del short["paid_on"]
    with pytest.raises(KeyError, match="paid_on"):
        write_whole(tmp_path, "receivables", "csv", short)
