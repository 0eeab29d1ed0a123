"""KPIs that sales tell: revenue, volume, customers, margin, new and kept accounts, lines, share of wallet."""

from __future__ import annotations

import pandas as pd

from kamlib.appraisal.facts import RepFacts, evidence
from kamlib.appraisal.window import Window


def revenue(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return revenue by selling rep and account."""
    sold = facts.sold(window)
    return evidence(sold, sold["revenue"])


def volume(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return the quantity sold, of sales whose quantity is known."""
    sold = facts.sold(window)
    sold = sold[sold["quantity"].notna()]
    return evidence(sold, sold["quantity"])


def customers(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return the accounts that bought."""
    return evidence(facts.bought(window))


def margin(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return revenue less cost over revenue, of sales whose cost is known."""
    sold = facts.sold(window)
    sold = sold[sold["cost"].notna()]
    return evidence(sold, sold["revenue"] - sold["cost"], sold["revenue"])


def new_accounts(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return the accounts whose first purchase lies in the window."""
    return evidence(_new(facts, window))


def new_account_value(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return what such accounts brought in the window."""
    new = _new(facts, window)
    return evidence(new, new["revenue"])


def _new(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return new accounts and their revenue, credited to who sold most of it (ties: first id)."""
    bought = facts.bought(window)
    sold = facts.cube[facts.cube["revenue"] > 0]
    if not len(sold):
        return bought
    first = sold.groupby("account_id")["month"].min()
    # In the book's first month every account would be new.
    new = first[first.isin(window.months) & (first > sold["month"].min())].index
    found = bought[bought["account_id"].isin(new)]
    most = found.sort_values(["revenue", "rep_id"], ascending=[False, True]).drop_duplicates("account_id")
    whole = found.groupby("account_id")["revenue"].sum()
    return most.assign(revenue=most["account_id"].map(whole))


def cross_sell(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return product lines bought per account that bought."""
    sold = facts.sold(window)
    lines = sold.groupby(["rep_id", "account_id", "product_line"], as_index=False)["revenue"].sum()
    lines = lines[lines["revenue"] > 0].groupby(["rep_id", "account_id"], as_index=False).size()
    return evidence(lines, lines["size"], 1.0)


def retention(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return accounts that bought a year before and again, of those that bought then; by who serves them.

    A book that begins less than a year before the window's start tells nothing.
    """
    before = window.last_year()
    if facts.cube["month"].min() > before.months[0]:
        return evidence(None)
    then, now = (facts.sold(w).groupby("account_id")["revenue"].sum() for w in (before, window))
    then, now = then[then > 0], now[now > 0]
    kept = pd.DataFrame({"account_id": then.index, "kept": then.index.isin(now.index)})
    kept["rep_id"] = kept["account_id"].map(facts.rep_of(window))
    kept = kept[kept["rep_id"].notna()]
    return evidence(kept, kept["kept"], 1.0)


def repeat_purchase(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return accounts that bought in two months or more, of those that bought; one month tells nothing."""
    if window.length < 2:
        return evidence(None)
    sold = facts.sold(window)
    months = sold.groupby(["rep_id", "account_id", "month"], as_index=False)["revenue"].sum()
    months = months[months["revenue"] > 0].groupby(["rep_id", "account_id"], as_index=False).size()
    return evidence(months, months["size"] >= 2, 1.0)


def wallet_gain(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return revenue less last year's over potential pro rata, where potential is known."""
    served = facts.served(window)
    before = window.last_year()
    if facts.cube["month"].min() > before.months[0]:
        return evidence(None)
    potential = served["potential"] * window.length / 12
    now, then = (facts.sold(w).groupby("account_id")["revenue"].sum() for w in (window, before))
    account = served["account_id"]
    gain = account.map(now).fillna(0.0) - account.map(then).fillna(0.0)
    known = served.assign(gain=gain, potential=potential)
    known = known[known["potential"] > 0]
    return evidence(known, known["gain"], known["potential"])
