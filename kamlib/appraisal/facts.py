"""What the KPIs read: the book's tables, and who serves which account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from kamlib.appraisal.window import Window
from kamlib.measures.money import as_float

EVIDENCE = {
    "measure": "str",
    "rep_id": "str",
    "account_id": "str",
    "amount": "float64",
    "base": "float64",
    "cases": "int64",
}
"""Columns of what was measured, and their types."""


@dataclass(frozen=True)
class RepFacts:
    """Tables of a book, read by rep.

    Attributes
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables of the book by name, with ``cube`` and ``accounts``.
    reps : tuple of str
        Who is judged.
    """

    tables: Mapping[str, pd.DataFrame]
    reps: tuple[str, ...]

    @cached_property
    def cube(self) -> pd.DataFrame:
        """Sales by account, product line, selling rep and month; money as floats."""
        cube = self.tables["cube"]
        found = cube[["account_id", "product_line", "rep_id", "month"]].copy()
        for column in ("revenue", "cost", "quantity"):
            found[column] = as_float(cube[column]) if column in cube else float("nan")
        return found

    @cached_property
    def rep_of(self) -> pd.Series:
        """The rep who serves each account at the end of the window; accounts without a rep are left out."""
        held = self.tables["accounts"].set_index("account_id")["rep_id"]
        return held.dropna()

    @cached_property
    def served(self) -> pd.DataFrame:
        """Accounts that are open, with their rep."""
        accounts = self.tables["accounts"]
        return accounts[accounts["rep_id"].notna() & (accounts["status"] != "closed")]

    def sold(self, window: Window) -> pd.DataFrame:
        """Return the cube's rows of a window."""
        return self.cube[self.cube["month"].isin(window.months)]

    def bought(self, window: Window) -> pd.DataFrame:
        """Return revenue by selling rep and account in a window, where it is above zero."""
        sums = self.sold(window).groupby(["rep_id", "account_id"], as_index=False)["revenue"].sum()
        return sums[sums["revenue"] > 0]

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a table of the book, or None where it has none or no rows."""
        found = self.tables.get(name)
        return found if found is not None and len(found) else None

    def within(self, name: str, column: str, window: Window) -> pd.DataFrame | None:
        """Return the rows of a table whose day lies in the window, with the rep who serves the account."""
        table = self.table(name)
        if table is None:
            return None
        day = pd.to_datetime(table[column])
        found = table[(day >= _stamp(window.start)) & (day < _stamp(window.end))]
        if "rep_id" not in found:
            found = found.assign(rep_id=found["account_id"].map(self.rep_of))
        return found[found["rep_id"].notna()]


def evidence(
    rows: pd.DataFrame | None,
    amount: pd.Series | float = 1.0,
    base: pd.Series | float | None = None,
    *,
    by: tuple[str, ...] = ("rep_id", "account_id"),
) -> pd.DataFrame:
    """Sum cases up by rep and account.

    Parameters
    ----------
    rows : pandas.DataFrame or None
        One row a case; None where the book has nothing.
    amount, base : pandas.Series or float
        Of each case; no base for a sum.
    by : tuple of str
        ``("rep_id",)`` for facts that are about no account.

    Returns
    -------
    pandas.DataFrame
        rep_id, account_id, amount, base, cases.
    """
    columns = ["rep_id", "account_id", "amount", "base", "cases"]
    if rows is None or not len(rows):
        return pd.DataFrame({c: pd.Series(dtype=EVIDENCE[c]) for c in columns})
    facts = rows[list(by)].assign(amount=amount, base=float("nan") if base is None else base, cases=1)
    facts = facts.astype({"amount": "float64", "base": "float64"})
    grouped = facts.groupby(list(by), dropna=False)
    found = grouped[["amount", "cases"]].sum()
    found["base"] = grouped["base"].sum(min_count=1)
    found = found.reset_index()
    if "account_id" not in by:
        found["account_id"] = None
    return found[columns]


def _stamp(day: dt.date) -> pd.Timestamp:
    return pd.Timestamp(day)
