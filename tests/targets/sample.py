"""Seven accounts, one per rule, with numbers small enough to check by hand; 2026Q1 planned on its first day."""

from __future__ import annotations

import pandas as pd

from kamlib.measures.money import to_money
from kamlib.periods import parse_period
from kamlib.targets import AllocationParams

PERIOD = parse_period("2026Q1")
FREE = {"growth_floor": None, "growth_cap": None, "potential_cap": None}

SALES = [
    ("A", "Bikes", "R1", "2025-01", 600),
    ("A", "Bikes", "R1", "2025-02", 200),
    ("A", "Parts", "R1", "2025-07", 400),
    ("B", "Bikes", "R1", "2025-03", 200),
    ("B", "Parts", "R2", "2025-10", 100),
    ("D", "Bikes", "R2", "2024-05", 500),
    ("E", "Parts", "R2", "2025-02", -50),
    ("G", "Bikes", "R2", "2025-01", 100),
    (None, "Bikes", None, "2025-03", 50),
]
ACCOUNTS = [
    ("A", "North", "Dealer", "R1", 3000, "active"),
    ("B", "North", "Chain", "R1", None, "active"),
    ("C", "South", "Dealer", "R2", 2000, "prospect"),
    ("D", "South", "Chain", "R2", 1000, "active"),
    ("E", "South", "Dealer", None, 500, None),
    ("F", "North", "Dealer", "R1", None, "active"),
    ("G", "South", "Dealer", "R2", 900, "closed"),
]
RULES = ["both", "history", "potential", "lapsed", "returns", "nothing", "closed"]
# Shares in 61sts: history 1200 and 300; the wallet of A, D and E is 1200 of 4500, so C stands for 533 1/3.
HISTORY = [36, 9, 16, 0, 0, 0, 0]
POTENTIAL = [24, 9, 16, 8, 4, 0, 0]
BLEND = [30, 9, 16, 4, 2, 0, 0]


def make_cube(sales: list[tuple] | None = None, *, factor: int = 1) -> pd.DataFrame:
    columns = ["account_id", "product_line", "rep_id", "month", "revenue"]
    cube = pd.DataFrame(SALES if sales is None else sales, columns=columns)
    cube["revenue"] = to_money((cube["revenue"] * 10_000 * factor).astype("int64"))
    return cube


def make_accounts(accounts: list[tuple] | None = None, *, factor: int = 1) -> pd.DataFrame:
    columns = ["account_id", "region", "account_type", "rep_id", "potential", "status"]
    table = pd.DataFrame(ACCOUNTS if accounts is None else accounts, columns=columns)
    table.insert(1, "name", "Account " + table["account_id"])
    known = table["potential"].notna()
    amounts = (table["potential"].fillna(0) * 10_000 * factor).astype("int64")
    table["potential"] = to_money(amounts).where(known)
    return table


def make_forecast(cube: pd.DataFrame, amount: int = 100) -> pd.DataFrame:
    """The company and each pair that sold, `amount` a month each, in the form of chapter 2."""
    pairs = cube[["account_id", "product_line"]].drop_duplicates()
    months = [str(month) for month in PERIOD.months()]
    rows = [
        ("account_line", account, line, month, amount)
        for account, line in pairs.itertuples(index=False)
        for month in months
    ]
    rows += [("company", None, None, month, amount * len(pairs)) for month in months]
    table = pd.DataFrame(rows, columns=["level", "account_id", "product_line", "period", "forecast"])
    table["forecast"] = to_money(table["forecast"] * 10_000)
    return table


def free_params(**more: object) -> AllocationParams:
    return AllocationParams(**{**FREE, **more})
