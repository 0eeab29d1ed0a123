"""Matching columns: exact names, named ones, hints, leftovers."""

from __future__ import annotations

import pytest

from kamlib.book.columns import match_columns
from kamlib.book.config import Source

SALES = ["date", "account_id", "product_line", "revenue"]


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("Quantity", "quantity"),
        ("quantitty", "quantity"),
        ("order-id", "order_id"),
        ("Order ID", "order_id"),
        ("rep", "rep_id"),
        ("order", "order_id"),
        ("product_name", ""),
        ("discount", ""),
        ("revenues", ""),
        ("date2", ""),
        ("tocs", "cost"),
        ("csot", "cost"),
    ],
)
def test_near_columns_are_refused_and_others_left_out(column: str, meant: str) -> None:
    [problem] = match_columns([*SALES, column], Source("sales")).problems
    if meant:
        assert (problem.check, problem.severity) == ("nearly_known_column", "refuse")
        assert problem.message == f'"{column}" is not a column of sales. Did you mean "{meant}"?'
    else:
        assert (problem.check, problem.severity, problem.count) == ("extra_columns", "keep", 1)
        assert problem.message == f'1 column is not read: "{column}".'


def test_a_named_column_wins_over_one_of_the_same_name() -> None:
    found = match_columns(
        [*SALES, "Net", "Cost"], Source("sales", columns={"revenue": "Net", "cost": "Cost"})
    )
    assert found.names["revenue"] == "Net"
    assert found.names["cost"] == "Cost"
    assert [p.message for p in found.problems] == ['1 column is not read: "revenue".']


def test_a_required_column_that_is_nearly_there_is_told_once() -> None:
    found = match_columns(["date", "account_id", "product_line", "Revenue"], Source("sales"))
    assert [p.check for p in found.problems] == ["nearly_known_column"]
