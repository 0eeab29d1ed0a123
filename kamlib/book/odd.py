"""What is kept though odd: counted with its money, never dropped, never mended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kamlib.book.asof import holdings, join_holdings
from kamlib.book.findings import count_of, make_problem
from kamlib.errors import Problem

_ZERO = Decimal("0.0000")
_SALES = {
    "returns": ("revenue", "line has negative revenue", "lines have negative revenue"),
    "sales_without_account": ("account_id", "line names no account", "lines name no account"),
    "sales_of_closed_accounts": (
        "account_id",
        "line is of an account closed on that day",
        "lines are of accounts closed on that day",
    ),
    "sales_before_since": (
        "date",
        "line is dated before its account became one",
        "lines are dated before their accounts became ones",
    ),
}
_ACCOUNTS = {
    "accounts_without_rep": ("rep_id", "account has no rep", "accounts have no rep"),
    "accounts_without_potential": (
        "potential",
        "account has no known potential",
        "accounts have no known potential",
    ),
}


@dataclass(frozen=True)
class Sold:
    """What one pass over the sales tells: lines, first and last day, and for each check lines and money."""

    lines: int
    first: Any
    last: Any
    found: Mapping[str, tuple[int, Decimal]]


def count_sales(sales: Any, accounts: Any, history: Any, present: frozenset[str]) -> Sold:
    """Count the sales that are kept though odd, and the money of accounts that are, in one aggregate.

    Parameters
    ----------
    sales, accounts : ibis table
        Of the contract.
    history : ibis table or None
        ``account_history`` of the contract, which says when an account was closed; without it an account's
        status holds on every day.
    present : frozenset of str
        Columns that the history has.
    """
    lines = join_holdings(sales, holdings(accounts, history, present))
    conditions = {
        "returns": lines.revenue < 0,
        "sales_without_account": lines.account_id.isnull(),
        "sales_of_closed_accounts": lines.held_status == "closed",
        "sales_before_since": lines.date < lines.held_since,
        "accounts_without_rep": lines.held_unassigned,
        "accounts_without_potential": lines.held_unvalued,
    }
    sums = {"lines": lines.count(), "first": lines.date.min(), "last": lines.date.max()}
    for check, condition in conditions.items():
        sums[f"{check}_rows"] = condition.sum().fill_null(0)
        sums[f"{check}_money"] = lines.revenue.sum(where=condition)
    row = lines.agg(**sums).to_pyarrow().to_pylist()[0]
    found = {check: (int(row[f"{check}_rows"]), _money(row[f"{check}_money"])) for check in conditions}
    return Sold(int(row["lines"]), row["first"], row["last"], found)


def odd_rows(sold: Sold, accounts: Any) -> Iterator[Problem]:
    """Yield one problem per check that found rows which are kept.

    The money of an account without a rep or potential is the revenue of its sales.
    """
    for check, (column, one, many) in _SALES.items():
        count, money = sold.found[check]
        if count:
            message = f"{count_of(count, one, many)}."
            yield make_problem(check, "sales", column, count=count, message=message, money=money)
    unknown = {check: accounts[column].isnull().sum() for check, (column, _, _) in _ACCOUNTS.items()}
    counts = accounts.agg(**unknown).to_pyarrow().to_pylist()[0]
    for check, (column, one, many) in _ACCOUNTS.items():
        count = int(counts[check] or 0)
        if count:
            message = f"{count_of(count, one, many)}."
            money = sold.found[check][1]
            yield make_problem(check, "accounts", column, count=count, message=message, money=money)


def _money(value: Decimal | None) -> Decimal:
    return _ZERO if value is None else value.quantize(_ZERO)
