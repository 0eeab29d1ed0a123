"""A book of nine accounts with every edge, small enough to work out by hand.

| account | 2025 | 2024 | potential | cost | service | what it is there for |
| a1 | 500 | 400 | 1000 | 300 | 50 | largest; share of wallet exactly at its cut |
| a2 | 200 | 300 | 1000 | 190 | 30 | large, does not pay |
| a3 | 100 | 100 | 80 | 40 | 0 | meets the cut of 80 % exactly; potential below sales |
| a4 | 100 | - | ? | ? | 0 | ties with a3, outside the cut by its id; new; cost unknown on one line |
| a5 | 60 | - | 0 | 30 | 10 | sold to in 2023, so back; potential zero |
| a6 | - | 150 | 200 | - | 5 | lost |
| a7 | -20 | 30 | 50 | -10 | 0 | more returns than sales |
| a8 | 60 | 120 | 170 | 20 | 15 | falls from A to C |
| a9 | - | - | ? | - | ? | never bought |
| none | 7 | 3 | | | | sales without an account |
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from kamlib.measures.money import to_money
from kamlib.segments import SegmentParams, segment_accounts

MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
LAST_YEAR = [f"2024-{month:02d}" for month in range(1, 13)]
AS_OF = dt.date(2026, 1, 1)

_SALES = [
    ("a1", "Bikes", "2025-01", 300, 200),
    ("a1", "Parts", "2025-12", 200, 100),
    ("a1", "Bikes", "2024-03", 400, 300),
    ("a2", "Bikes", "2025-05", 200, 190),
    ("a2", "Bikes", "2024-05", 300, 290),
    ("a3", "Bikes", "2025-02", 100, 40),
    ("a3", "Bikes", "2024-02", 100, 40),
    ("a4", "Bikes", "2025-06", 70, 30),
    ("a4", "Parts", "2025-07", 30, None),
    ("a5", "Bikes", "2023-11", 10, 5),
    ("a5", "Bikes", "2025-11", 60, 30),
    ("a6", "Bikes", "2024-06", 150, 100),
    ("a7", "Parts", "2025-03", -20, -10),
    ("a7", "Parts", "2024-03", 30, 15),
    ("a8", "Bikes", "2025-04", 60, 20),
    ("a8", "Bikes", "2024-04", 120, 50),
    (None, "Parts", "2025-08", 7, 1),
    (None, "Parts", "2024-08", 3, 1),
]
_ACCOUNTS = [
    ("a1", "Alpha", "North", 1000, 50, "2006-01-01", None, "active"),
    ("a2", "Beta", "South", 1000, 30, "2016-01-01", None, "active"),
    ("a3", "Gamma", "North", 80, 0, "2021-01-01", "a1", "active"),
    ("a4", "Delta", "South", None, 0, "2025-06-01", None, "active"),
    ("a5", "Epsilon", "South", 0, 10, None, None, "active"),
    ("a6", "Zeta", "North", 200, 5, "2020-01-01", None, "closed"),
    ("a7", "Eta", "South", 50, 0, "2023-01-01", None, "active"),
    ("a8", "Theta", "South", 170, 15, "2022-01-01", None, "closed"),
    ("a9", None, "South", None, None, None, None, "prospect"),
]


def money(values: list[float | None]) -> pd.Series:
    known = pd.Series([value is not None for value in values])
    return to_money([round((value or 0) * 10_000) for value in values]).where(known)


def make_cube(sales: list[tuple[str | None, str, str, float, float | None]] = _SALES) -> pd.DataFrame:
    cube = pd.DataFrame(sales, columns=["account_id", "product_line", "month", "revenue", "cost"])
    cube["revenue"], cube["cost"] = money(cube["revenue"].tolist()), money([row[4] for row in sales])
    return cube.assign(rep_id="r1", quantity=1.0, lines=1)


def make_accounts() -> pd.DataFrame:
    names = ["account_id", "name", "region", "potential", "service_cost", "since", "parent_id", "status"]
    accounts = pd.DataFrame(_ACCOUNTS, columns=names)
    for at, column in ((3, "potential"), (4, "service_cost")):
        accounts[column] = money([row[at] for row in _ACCOUNTS])
    accounts["since"] = pd.to_datetime(accounts["since"])
    return accounts.assign(account_type="Dealer", rep_id="r1")


def make_segments(
    cube: pd.DataFrame | None = None, accounts: pd.DataFrame | None = None, **params: object
) -> pd.DataFrame:
    return segment_accounts(
        make_cube() if cube is None else cube,
        make_accounts() if accounts is None else accounts,
        months=MONTHS,
        last_year_months=LAST_YEAR,
        as_of=AS_OF,
        params=SegmentParams(**params),
    )


def column(table: pd.DataFrame, name: str, key: str = "account_id") -> dict[str, object]:
    """Return a column by account; exact money as floats, missing as None."""
    values = table.set_index(key)[name]
    return {
        str(place): None if pd.isna(value) else float(value) if hasattr(value, "as_tuple") else value
        for place, value in values.items()
    }
