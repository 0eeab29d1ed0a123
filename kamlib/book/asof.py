"""What was known on a day: each table of a book as its rows dated before ``as_of`` tell it.

The rules, table by table; what is dated on or after `as_of` changes nothing.

- A table with a date keeps its rows dated before `as_of`; a row whose date is empty stays (only
  ``accounts.since`` and ``reps.hired`` may be empty).
- accounts: those with ``since`` on or after `as_of` are left out unless they bought before (then ``since`` is
  emptied); ``rep_id``, ``potential`` and ``status`` are those of the latest row of ``account_history`` before
  `as_of`, as far as that table has the column; accounts without such a row keep what ``accounts`` says today
  (not replayable).
- opportunities: closed on or after `as_of` -> open again, ``closed`` empty; ``stage``, ``amount`` and
  ``expected_close`` are the latest that ``stage_history`` has before `as_of`; where it has none they stay as
  they are (not replayable).
- complaints, loss reviews, receivables, reps: an end dated on or after `as_of` (and what it told) is emptied.
- market: periods that end by `as_of`. targets: all, for they are decided beforehand. contacts and
  feedback carry no date: all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ibis

from kamlib.book.contract import TABLES
from kamlib.book.typed import TYPES, Typed
from kamlib.periods import parse_period

_HELD = ("rep_id", "potential", "status")
_ENDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "complaints": ("closed", ("result",)),
    "loss_reviews": ("reviewed_on", ("cause",)),
    "receivables": ("paid_on", ()),
    "reps": ("left", ()),
}
BEGINNING, END = dt.date(1, 1, 1), dt.date(9999, 12, 31)


def table_as_of(tables: Mapping[str, Typed], name: str, as_of: dt.date, *, fiscal_year_start: int) -> Any:
    """Return one table of a book as an Ibis expression of what was known on `as_of`.

    Parameters
    ----------
    tables : mapping of str to Typed
        The book's tables.
    name : str
        One of them.
    as_of : datetime.date
        First day that is not seen.
    fiscal_year_start : int
        Calendar month, 1..12; of the periods of ``market``.

    Returns
    -------
    ibis table
        Columns of the contract, in its order.
    """
    rows, day = tables[name].rows, ibis.literal(as_of)
    if name == "accounts":
        return _accounts(tables, day)
    if name == "market":
        labels = rows.select("period").distinct().to_pyarrow()["period"].to_pylist()
        early = [p for p in labels if parse_period(p, fiscal_year_start=fiscal_year_start).end <= as_of]
        return rows.filter(rows.period.isin(early) if early else ibis.literal(False))
    dated = TABLES[name].dated
    if dated:
        rows = rows.filter(rows[dated].isnull() | (rows[dated] < day))
    if name in _ENDS:
        end, told = _ENDS[name]
        later = (rows[end] >= day).fill_null(False)
        rows = rows.mutate(
            **{c: ibis.ifelse(later, ibis.null(rows[c].type()), rows[c]) for c in (*told, end)}
        )
    if name == "opportunities":
        rows = _opportunities(rows, tables, day)
    return rows.select(*(column.name for column in TABLES[name].columns))


def _latest(history: Any, key: str, dated: str, day: Any) -> Any:
    """Return each key's latest row dated before `day`."""
    order = ibis.row_number().over(ibis.window(group_by=key, order_by=ibis.desc(history[dated])))
    ranked = history.filter(history[dated] < day).mutate(place=order)
    return ranked.filter(ranked.place == 0)


def _accounts(tables: Mapping[str, Typed], day: Any) -> Any:
    accounts, sales = tables["accounts"].rows, tables["sales"].rows
    buyers = sales.filter(sales.date < day).select(buyer=sales.account_id).distinct()
    seen = accounts.left_join(buyers, accounts.account_id == buyers.buyer)
    seen = seen.filter(seen.since.isnull() | (seen.since < day) | seen.buyer.notnull()).drop("buyer")
    seen = seen.mutate(since=ibis.ifelse(seen.since < day, seen.since, ibis.null("date")))
    if "account_history" in tables:
        held = [c for c in _HELD if c in tables["account_history"].present]
        latest = _latest(tables["account_history"].rows, "account_id", "from", day)
        latest = latest.select(known=latest.account_id, **{f"held_{c}": latest[c] for c in held})
        joined = seen.left_join(latest, seen.account_id == latest.known)
        known = joined.known.notnull()
        seen = joined.mutate(**{c: ibis.ifelse(known, joined[f"held_{c}"], joined[c]) for c in held})
    named = seen.mutate(name=ibis.coalesce(seen.name, seen.account_id))
    return named.select(*(column.name for column in TABLES["accounts"].columns))


def _opportunities(rows: Any, tables: Mapping[str, Typed], day: Any) -> Any:
    later = (rows.closed >= day).fill_null(False)
    rows = rows.mutate(
        closed=ibis.ifelse(later, ibis.null("date"), rows.closed),
        outcome=ibis.ifelse(later, "open", rows.outcome),
    )
    if "stage_history" not in tables:
        return rows
    history = tables["stage_history"].rows
    past = history.filter(history.date < day)
    replayed = past.group_by(known="opportunity_id").agg(
        **{
            f"held_{c}": past[c].argmax(past.date, where=past[c].notnull())
            for c in ("stage", "amount", "expected_close")
        }
    )
    joined = rows.left_join(replayed, rows.opportunity_id == replayed.known)
    return joined.mutate(
        **{c: ibis.coalesce(joined[f"held_{c}"], joined[c]) for c in ("stage", "amount", "expected_close")}
    )


def holdings(accounts: Any, history: Any, present: frozenset[str]) -> Any:
    """Return who held each account from when until when: one row per account and spell, spells without gaps.

    Parameters
    ----------
    accounts : ibis table
        Accounts of the contract; what they say holds before the first row of the history.
    history : ibis table or None
        ``account_history`` of the contract, or None where the book has none.
    present : frozenset of str
        Columns that the history has.

    Returns
    -------
    ibis table
        account_id, begins (first day), until (first day after), rep_id, status.
    """
    spells = accounts.select("account_id", "rep_id", "status", begins=ibis.literal(BEGINNING))
    if history is not None:
        known = accounts.select("account_id", old_rep="rep_id", old_status="status")
        later = history.inner_join(known, "account_id")
        later = later.select(
            "account_id",
            rep_id=later.rep_id if "rep_id" in present else later.old_rep,
            status=later.status if "status" in present else later.old_status,
            begins=later["from"],
        )
        spells = spells.union(later.cast({"begins": TYPES["date"]}))
    return spells.mutate(
        until=ibis.coalesce(
            spells.begins.lead().over(
                ibis.window(group_by="account_id", order_by=["begins", "rep_id", "status"])
            ),
            ibis.literal(END),
        )
    )


def join_holdings(sales: Any, spells: Any) -> Any:
    """Put the spell that a sale's day lies in beside each sale; its columns are prefixed ``held_``."""
    beside = spells.rename({f"held_{column}": column for column in spells.columns})
    return sales.left_join(
        beside,
        [
            sales.account_id == beside.held_account_id,
            sales.date >= beside.held_begins,
            sales.date < beside.held_until,
        ],
    )
