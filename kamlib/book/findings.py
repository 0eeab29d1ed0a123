"""How a book's problems are worded: one maker of `Problem`, one way to count and to quote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from kamlib.book.contract import CHECKS
from kamlib.errors import Problem

LONGEST = 40
SHOWN = 3


class SourceError(Exception):
    """A source cannot be read: the check it fails, what is wrong, and a remedy if not the check's own."""

    def __init__(self, check: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.check, self.message, self.remedy = check, message, remedy


def make_problem(
    check: str,
    table: str,
    column: str = "",
    *,
    count: int,
    message: str,
    examples: Sequence[str] = (),
    remedy: str = "",
    money: Decimal | None = None,
) -> Problem:
    """Make a problem; severity and, unless given, the remedy are the check's own.

    Examples
    --------
    >>> print(make_problem("returns", "sales", "revenue", count=2, message="2 rows are negative."))
    sales.revenue: 2 rows are negative. Nothing, if they are returns.
    """
    rule = CHECKS[check]
    return Problem(
        check, rule.severity, table, column, count, tuple(examples), message, remedy or rule.remedy, money
    )


def count_of(number: int, one: str, many: str = "") -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> count_of(1, "row"), count_of(12000, "row"), count_of(2, "day is", "days are")
    ('1 row', '12,000 rows', '2 days are')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def quote(values: Sequence[str]) -> str:
    r"""Write values from data in quotes, shortened, with control signs made visible.

    Examples
    --------
    >>> quote(["=1+1", "two\nlines", "x" * 50])
    '"=1+1", "two\\nlines", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"'
    """
    short = (v if len(v) <= LONGEST else v[: LONGEST - 1] + "…" for v in values)
    return ", ".join(json.dumps(v, ensure_ascii=False) for v in short)
