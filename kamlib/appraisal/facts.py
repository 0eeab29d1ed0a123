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

_HELD = ("rep_id", "potential", "status")
_BEGINNING, _END = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")


@dataclass(frozen=True)
class RepFacts:
    """Tables of a book, read by rep.

    Attributes
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables of the book by name, with ``cube`` and ``accounts``.
    reps : tuple of str
        Who is judged.
    whole : Window or None
        The window that those measured are parts of: who serves at its end, and who is measured at all, holds
        for its parts too.
    """

    tables: Mapping[str, pd.DataFrame]
    reps: tuple[str, ...]
    whole: Window | None = None

    @cached_property
    def cube(self) -> pd.DataFrame:
        """Sales by account, product line, selling rep and month; money as floats."""
        cube = self.tables["cube"]
        found = cube[["account_id", "product_line", "rep_id", "month"]].copy()
        for column in ("revenue", "cost", "quantity"):
            found[column] = as_float(cube[column]) if column in cube else float("nan")
        return found

    @cached_property
    def spells(self) -> pd.DataFrame:
        """Who served which account from when until when, as `serving_spells` returns it."""
        return serving_spells(self.tables["accounts"], self.tables.get("account_history"))

    def rep_of(self, window: Window) -> pd.Series:
        """Return the rep who serves each account on the window's last day; without a rep it is left out."""
        end = _stamp((self.whole or window).end)
        last = self.spells[(self.spells["begins"] < end) & (self.spells["until"] >= end)]
        return last.set_index("account_id")["rep_id"].dropna()

    def served(self, window: Window) -> pd.DataFrame:
        """Return accounts that are open on the window's last day, with their rep and potential."""
        end = _stamp(window.end)
        open_ = self.spells["rep_id"].notna() & (self.spells["status"] != "closed")
        return self.spells[open_ & (self.spells["begins"] < end) & (self.spells["until"] >= end)]

    def held(self, window: Window) -> pd.DataFrame:
        """Return for how long each rep served each open account in the window: rep_id, account_id, months."""
        open_ = self.spells[self.spells["rep_id"].notna() & (self.spells["status"] != "closed")]
        months = pd.Series(0.0, index=open_.index)
        for k in range(window.length):
            month = window.first.shift(k)
            start, end = _stamp(month.start), _stamp(month.end)
            days = (open_["until"].clip(upper=end) - open_["begins"].clip(lower=start)).dt.days
            months += days.clip(lower=0) / (end - start).days
        found = open_.assign(months=months)[months > 0]
        return found.groupby(["rep_id", "account_id"], as_index=False)["months"].sum()

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
            found = found.assign(rep_id=found["account_id"].map(self.rep_of(window)))
        return found[found["rep_id"].notna()]


def serving_spells(accounts: pd.DataFrame, history: pd.DataFrame | None) -> pd.DataFrame:
    """Return who served each account from when until when, spells without gaps.

    What `accounts` says holds until the first row of the history, and throughout for an account without one;
    from the day the account is a customer, where that is known.

    Parameters
    ----------
    accounts : pandas.DataFrame
        account_id, rep_id, status and, where known, potential [currency] and since.
    history : pandas.DataFrame or None
        account_id, from, and what of rep_id, status and potential the book keeps over time.

    Returns
    -------
    pandas.DataFrame
        One row per account and spell: account_id, rep_id (null without a rep), potential [currency], status,
        begins (first day), until (first day after).

    Examples
    --------
    >>> accounts = pd.DataFrame({"account_id": ["A"], "rep_id": ["new"], "status": "active"})
    >>> history = pd.DataFrame({"account_id": "A", "from": ["2024-01-01", "2025-03-31"],
    ...                         "rep_id": ["old", "new"]})
    >>> serving_spells(accounts, history)[["rep_id", "begins"]].astype(str).values.tolist()
    [['new', '1900-01-01'], ['old', '2024-01-01'], ['new', '2025-03-31']]
    """
    first = accounts.reindex(columns=["account_id", *_HELD, "since"])
    first = first.assign(potential=as_float(first["potential"]))
    first["begins"] = pd.to_datetime(first["since"]).fillna(_BEGINNING)
    parts = [first]
    if history is not None and len(history):
        known = first.set_index("account_id")
        later = history[history["account_id"].isin(known.index)]
        later = later.assign(begins=pd.to_datetime(later["from"])).sort_values(["account_id", "begins"])
        for column in _HELD:
            if column not in later or not later[column].notna().any():
                later[column] = later["account_id"].map(known[column])
        later["potential"] = as_float(later["potential"])
        began = first["account_id"].map(later.groupby("account_id")["begins"].min())
        parts = [first[~(began <= first["begins"])], later]
    spells = pd.concat([part[["account_id", *_HELD, "begins"]] for part in parts], ignore_index=True)
    spells = spells.sort_values(["account_id", "begins"], kind="stable", ignore_index=True)
    return spells.assign(until=spells.groupby("account_id")["begins"].shift(-1).fillna(_END))


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
