"""What is kept though odd: counted with its money, never dropped, never mended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kamlib.book.asof import holdings
from kamlib.book.findings import count_of, make_problem
from kamlib.errors import Problem

_ZERO = Decimal("0.0000")
_SALES = {
    "returns": ("revenue", "line has negative revenue", "lines have negative revenue"),
    "sales_without_account": ("account_id", "line names no account", "lines name no account"),
    "sales_without_rep": ("rep_id", "line names no rep", "lines name no rep"),
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


_BY_ACCOUNT = ("returns", "sales_without_account", "sales_without_rep", *_ACCOUNTS)


@dataclass(frozen=True)
class Sold:
    """What one pass over the sales tells: lines, first and last day, and for each check lines and money."""

    lines: int
    first: Any
    last: Any
    found: Mapping[str, tuple[int, Decimal]]


def count_sales(sales: Any, accounts: Any, history: Any, present: frozenset[str]) -> Sold:
    """Count the sales that are kept though odd, and the money of accounts that are.

    One aggregate by account answers all but two questions. Those need the day of a line and are asked
    only where some account can be concerned.

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
    returned, unnamed = sales.revenue < 0, sales.rep_id.isnull()
    sold = sales.group_by("account_id").agg(
        lines=sales.count(),
        money=sales.revenue.sum(),
        first=sales.date.min(),
        last=sales.date.max(),
        returns_rows=returned.sum(),
        returns_money=sales.revenue.sum(where=returned),
        unnamed_rows=unnamed.sum(),
        unnamed_money=sales.revenue.sum(where=unnamed),
    )
    about = accounts.select(
        "since",
        known=accounts.account_id,
        unassigned=accounts.rep_id.isnull(),
        unvalued=accounts.potential.isnull(),
    )
    beside = sold.left_join(about, sold.account_id == about.known)
    row = _totals(beside)
    found = {check: (int(row[f"{check}_rows"] or 0), _money(row[f"{check}_money"])) for check in _BY_ACCOUNT}
    spells = holdings(accounts, history, present)
    closed = spells.filter(spells.status == "closed")
    lines = sales.inner_join(closed, "account_id").filter(lambda t: (t.date >= t.begins) & (t.date < t.until))
    found["sales_of_closed_accounts"] = _count(lines) if _any(closed) else (0, _ZERO)
    if found["sales_without_rep"][0] == int(row["lines"] or 0):
        found["sales_without_rep"] = (0, _ZERO)  # a book that names no rep on sales says so by that
    days = accounts.select("account_id", "since")
    lines = sales.inner_join(days, "account_id").filter(lambda t: t.date < t.since)
    found["sales_before_since"] = _count(lines) if row["early"] else (0, _ZERO)
    return Sold(int(row["lines"] or 0), row["first"], row["last"], found)


def _totals(beside: Any) -> dict[str, Any]:
    """Sum sales by account, with what is known of each account beside, over all accounts."""
    conditions = {
        "sales_without_account": beside.account_id.isnull(),
        "accounts_without_rep": beside.unassigned,
        "accounts_without_potential": beside.unvalued,
    }
    sums = {
        "lines": beside.lines.sum(),
        "first": beside["first"].min(),
        "last": beside["last"].max(),
        "early": (beside["first"] < beside.since).sum(),
        "returns_rows": beside.returns_rows.sum(),
        "returns_money": beside.returns_money.sum(),
        "sales_without_rep_rows": beside.unnamed_rows.sum(),
        "sales_without_rep_money": beside.unnamed_money.sum(),
    }
    for check, condition in conditions.items():
        sums[f"{check}_rows"] = beside.lines.sum(where=condition)
        sums[f"{check}_money"] = beside.money.sum(where=condition)
    totals: dict[str, Any] = beside.agg(**sums).to_pyarrow().to_pylist()[0]
    return totals


def _any(rows: Any) -> bool:
    return bool(rows.count().to_pyarrow().as_py())


def _count(lines: Any) -> tuple[int, Decimal]:
    """Return the number of lines and their money."""
    row = lines.agg(rows=lines.count(), money=lines.revenue.sum()).to_pyarrow().to_pylist()[0]
    return int(row["rows"]), _money(row["money"])


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
