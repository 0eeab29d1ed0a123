"""KPIs that other tables of the book tell: satisfaction, contacts, complaints, losses, forecasts, payment."""

from __future__ import annotations

import pandas as pd

from kamlib.appraisal.facts import RepFacts, evidence
from kamlib.appraisal.window import Window
from kamlib.measures.money import as_float


def market_share(facts: RepFacts, _window: Window) -> pd.DataFrame:
    """Return the own share of the rep's region in the latest market period that ended by the window's end.

    Product lines count only where the region has no total.
    """
    market, reps = facts.table("market"), facts.table("reps")
    if market is None or reps is None or not reps["region"].notna().any():
        return evidence(None)
    known = market[market["own_share"].notna() & (as_float(market["size"]) > 0)]
    known = known[known["period"] == known["period"].max()]
    if not len(known):
        return evidence(None)
    total = known["product_line"].isna() if "product_line" in known else pd.Series(True, index=known.index)
    with_total = set(known.loc[total, "region"])
    known = known[total | ~known["region"].isin(with_total)]
    size = as_float(known["size"])
    rows = known.assign(own=size * as_float(known["own_share"]), size=size)
    rows = rows[["region", "own", "size"]].merge(reps[["rep_id", "region"]], on="region")
    return evidence(rows, rows["own"], rows["size"], by=("rep_id",))


def satisfaction(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return the mean survey score."""
    rows = facts.within("surveys", "date", window)
    return evidence(rows, None if rows is None else as_float(rows["score"]), 1.0)


def sales_cycle(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return mean days from created to closed of opportunities won in the window."""
    rows = facts.within("opportunities", "closed", window)
    if rows is None:
        return evidence(None)
    won = rows[rows["outcome"] == "won"]
    days = (pd.to_datetime(won["closed"]) - pd.to_datetime(won["created"])).dt.days
    return evidence(won, days, 1.0)


def participation(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return contacts that took part of those invited."""
    rows = facts.within("activities", "date", window)
    if rows is None or "invited" not in rows:
        return evidence(None)
    invited = pd.Series(as_float(rows["invited"]), index=rows.index)
    rows = rows[(invited > 0) & rows["effective"].notna()]
    return evidence(rows, as_float(rows["effective"]), as_float(rows["invited"]))


def contacts(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return effective contacts per account served and month; events, which many attend, are not contacts."""
    rows = facts.within("activities", "date", window)
    if rows is None or not rows["effective"].notna().any():
        return evidence(None)
    if "invited" in rows:
        rows = rows[rows["invited"].isna()]
    made = rows.assign(effective=as_float(rows["effective"])).groupby(["rep_id", "account_id"])["effective"]
    served = facts.served[["rep_id", "account_id"]].reset_index(drop=True)
    beside = served.merge(made.sum().reset_index(), on=["rep_id", "account_id"], how="left")
    return evidence(beside, beside["effective"].fillna(0.0), float(window.length))


def complaints_closed(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return complaints opened in the window, of them closed with a result."""
    rows = facts.within("complaints", "opened", window)
    if rows is None:
        return evidence(None)
    return evidence(rows, rows["closed"].notna() & rows["result"].notna(), 1.0)


def losses_reviewed(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return accounts lost in the window, of them reviewed."""
    rows = facts.within("loss_reviews", "lost_on", window)
    return evidence(rows, None if rows is None else rows["reviewed_on"].notna(), 1.0)


def forecast_accuracy(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return 1 less absolute error over actual revenue of the last forecast made before each period began."""
    table = facts.table("rep_forecasts")
    if table is None:
        return evidence(None)
    table = table[table["account_id"].isna()] if "account_id" in table else table
    rows = []
    for label, months in _periods(window).items():
        made = table[
            (table["period"] == label) & (pd.to_datetime(table["made_on"]) < months.start.isoformat())
        ]
        last = made.sort_values("made_on").drop_duplicates("rep_id", keep="last")
        sold = facts.sold(months).groupby("rep_id")["revenue"].sum()
        actual = last["rep_id"].map(sold).astype("float64")
        error = (as_float(last["amount"]) - actual).abs()
        kept = pd.DataFrame(
            {"rep_id": last["rep_id"], "actual": actual, "hit": (actual - error).clip(lower=0)}
        )
        rows.append(kept[kept["actual"] > 0])
    found = pd.concat(rows) if rows else None
    return evidence(found, None if found is None else found["hit"],
                    None if found is None else found["actual"], by=("rep_id",))  # fmt: skip


def overdue_collected(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return money due in the window and not paid when due, of it paid by the window's end."""
    rows = facts.within("receivables", "due", window)
    if rows is None:
        return evidence(None)
    paid, due = pd.to_datetime(rows["paid_on"]), pd.to_datetime(rows["due"])
    end = pd.Timestamp(window.end)
    late = rows[(paid > due) | paid.isna()]
    amount = pd.Series(as_float(late["amount"]), index=late.index)
    collected = amount.where((paid < end).reindex(late.index), 0.0)
    return evidence(late, collected, amount)


def _periods(window: Window) -> dict[str, Window]:
    """Return the quarters, or else months, that lie whole in the window, by label."""
    months = [window.first.shift(k) for k in range(window.length)]
    quarters = {str(q): q for m in months for q in m.quarters()}
    whole = {
        label: Window(q.months()[0], q.months()[-1])
        for label, q in quarters.items()
        if q.start >= window.start and q.end <= window.end
    }
    return whole or {str(m): Window(m, m) for m in months}
