"""KPIs that other tables of the book tell: satisfaction, contacts, complaints, losses, forecasts, payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from kamlib.appraisal.facts import RepFacts, evidence
from kamlib.appraisal.window import Window
from kamlib.measures.money import as_float
from kamlib.periods import parse_period


def market_share(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return the own share of the rep's region in the latest market period of the year to its end.

    Of periods that end together the one that begins nearest to the window's start counts; what ended a year
    before the window's end or earlier belongs to another year's value. Product lines count only where the
    region has no total.
    """
    market, reps = facts.table("market"), facts.table("reps")
    if market is None or reps is None or not reps["region"].notna().any():
        return evidence(None)
    known = market[market["own_share"].notna() & (as_float(market["size"]) > 0)]
    known = known[known["period"] == _market_period(known["period"], window)]
    if not len(known):
        return evidence(None)
    total = known["product_line"].isna() if "product_line" in known else pd.Series(True, index=known.index)
    with_total = set(known.loc[total, "region"])
    known = known[total | ~known["region"].isin(with_total)]
    size = as_float(known["size"])
    rows = known.assign(own=size * as_float(known["own_share"]), size=size)
    rows = rows[["region", "own", "size"]].merge(reps[["rep_id", "region"]], on="region")
    return evidence(rows, rows["own"], rows["size"], by=("rep_id",))


def _market_period(labels: pd.Series, window: Window) -> str | None:
    """Return the label of the market period that a window's share is read from."""
    fiscal = window.first.fiscal_year_start
    periods = {label: parse_period(label, fiscal_year_start=fiscal) for label in sorted(set(labels))}
    year = window.trailing_year().start
    ended = [(p.end, -abs(p.start - window.start), label)
             for label, p in periods.items() if year < p.end <= window.end]  # fmt: skip
    return max(ended)[2] if ended else None


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
    """Return effective contacts per account and month served; events, which many attend, are not contacts.

    Each rep is measured on the accounts served in the window, in the months that they were served. Who has
    recorded contacts before and none in the window made none; who never did, or whose contacts in the window
    all lack whether they were effective, is unknown.
    """
    table = facts.table("activities")
    if table is None:
        return evidence(None)
    if "invited" in table:
        table = table[table["invited"].isna()]
    known = _who_records(table, facts.whole or window)
    table = table[table["effective"].notna()]
    month = pd.to_datetime(table["date"]).dt.strftime("%Y-%m")
    made = table.assign(effective=as_float(table["effective"]), month=month)
    made = made.groupby(["rep_id", "account_id", "month"], as_index=False)["effective"].sum()
    months = (window.first.shift(k) for k in range(window.length))
    held = pd.concat([facts.held(Window(month, month)).assign(month=str(month)) for month in months])
    beside = held.merge(made, on=["rep_id", "account_id", "month"], how="left")
    beside = beside[beside["rep_id"].isin(known)]
    return evidence(beside, beside["effective"].fillna(0.0), beside["months"])


def _who_records(contacts: pd.DataFrame, window: Window) -> set[str]:
    """Return reps of whom the window's contacts are known, be it that there were none."""
    day, told = pd.to_datetime(contacts["date"]), contacts["effective"].notna()
    past = contacts[day < pd.Timestamp(window.end)]
    now = past[day[past.index] >= pd.Timestamp(window.start)]
    blind = set(now["rep_id"]) - set(now.loc[told[now.index], "rep_id"])
    return set(past.loc[told[past.index], "rep_id"]) - blind


def complaints_closed(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return complaints opened in the window, of them closed with a result by its end."""
    rows = facts.within("complaints", "opened", window)
    if rows is None:
        return evidence(None)
    return evidence(rows, _by_end(rows["closed"], window) & rows["result"].notna(), 1.0)


def losses_reviewed(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return accounts lost in the window, of them reviewed by its end."""
    rows = facts.within("loss_reviews", "lost_on", window)
    return evidence(rows, None if rows is None else _by_end(rows["reviewed_on"], window), 1.0)


def forecast_accuracy(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return 1 less absolute error over actual revenue of the last forecast made before each period began.

    A rep who forecast sales and made none hits nothing of what was forecast.
    """
    made = rep_forecasts(facts, window)
    made = made[(made["actual"] > 0) | (made["forecast"] > 0)]
    error = (made["forecast"] - made["actual"]).abs()
    base = made["actual"].where(made["actual"] > 0, made["forecast"])
    return evidence(made, (made["actual"] - error).clip(lower=0), base, by=("rep_id",))


def rep_forecasts(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return each rep's last forecasts made before each period of the window began, beside what came.

    Periods are the quarters that lie whole in the window; for months of which a rep gave no quarter, the
    months; and the window's year where a rep gave nothing shorter.

    Returns
    -------
    pandas.DataFrame
        One row per rep and period: rep_id, period, forecast, actual [currency].
    """
    table = facts.table("rep_forecasts")
    if table is None:
        return pd.DataFrame(columns=["rep_id", "period", "forecast", "actual"])
    table = table[table["account_id"].isna()] if "account_id" in table else table
    told: dict[str, set[str]] = {}
    rows = []
    for label, part in _periods(window).items():
        made = table[
            (table["period"] == label) & (pd.to_datetime(table["made_on"]) < pd.Timestamp(part.start))
        ]
        last = made.sort_values("made_on", kind="stable").drop_duplicates("rep_id", keep="last")
        news = [told.get(rep, set()).isdisjoint(part.months) for rep in last["rep_id"]]
        last = last[np.array(news, dtype=bool)]
        for rep in last["rep_id"]:
            told.setdefault(rep, set()).update(part.months)
        sold = facts.sold(part).groupby("rep_id")["revenue"].sum()
        rows.append(
            pd.DataFrame(
                {
                    "rep_id": last["rep_id"],
                    "period": label,
                    "forecast": as_float(last["amount"]),
                    "actual": last["rep_id"].map(sold).astype("float64").fillna(0.0),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def forecast_direction(
    tables: Mapping[str, pd.DataFrame], *, window: Window, reps: Sequence[str]
) -> pd.DataFrame:
    """Say on which side of what came each rep's forecasts lay, which their accuracy does not tell.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables of the book, as `kamlib.appraisal.measure.measure_reps` takes them.
    window : Window
        Whose periods are looked at, the last forecast made before each began.
    reps : sequence of str
        Who is looked at.

    Returns
    -------
    pandas.DataFrame
        One row per rep with a forecast and sales: rep_id, periods, periods_below (of which came more than was
        forecast), forecast_bias (forecast less actual over actual [fraction]; below zero is held back).

    Examples
    --------
    >>> from kamlib.appraisal.window import judged_window
    >>> sold = pd.DataFrame({"account_id": "A", "product_line": "p", "rep_id": "R", "month": ["2025-01"],
    ...                      "revenue": [100.0]})
    >>> said = pd.DataFrame({"made_on": ["2024-12-01"], "period": "2025Q1", "rep_id": "R", "amount": [80.0]})
    >>> forecast_direction({"cube": sold, "rep_forecasts": said}, reps=["R"],
    ...                    window=judged_window(parse_period("2025Q1"))).values.tolist()
    [['R', 1, 1, -0.2]]
    """
    made = rep_forecasts(RepFacts(tables, tuple(reps)), window)
    made = made[made["rep_id"].isin(list(reps))]
    made = made.assign(periods=1, periods_below=(made["forecast"] < made["actual"]).astype("int64"))
    sums = made.groupby("rep_id")[["periods", "periods_below", "forecast", "actual"]].sum()
    sums = sums[sums["actual"] > 0].reset_index()
    bias = ((sums["forecast"] - sums["actual"]) / sums["actual"]).astype("float64")
    return sums[["rep_id", "periods", "periods_below"]].assign(forecast_bias=bias)


def overdue_collected(facts: RepFacts, window: Window) -> pd.DataFrame:
    """Return money that was overdue at the window's start or fell overdue in it, of it paid by its end."""
    table = facts.table("receivables")
    if table is None:
        return evidence(None)
    due, paid = pd.to_datetime(table["due"]), pd.to_datetime(table["paid_on"])
    start, end = pd.Timestamp(window.start), pd.Timestamp(window.end)
    late = (due < end) & (paid.isna() | ((paid > due) & (paid >= start)))
    rows = table[late].assign(rep_id=table["account_id"].map(facts.rep_of(window)))
    rows = rows[rows["rep_id"].notna()]
    amount = pd.Series(as_float(rows["amount"]), index=rows.index)
    return evidence(rows, amount.where((paid < end).reindex(rows.index), 0.0), amount)


def _by_end(days: pd.Series, window: Window) -> pd.Series:
    """Tell which days are known and lie before the window's end."""
    return pd.to_datetime(days) < pd.Timestamp(window.end)


def _periods(window: Window) -> dict[str, Window]:
    """Return the quarters, the months and the years that lie whole in the window, by label, in this order."""
    months = [window.first.shift(k) for k in range(window.length)]
    quarters = {str(q): q for m in months for q in m.quarters()}
    years = {str(m.year()): m.year() for m in months}
    whole = {
        label: Window(p.months()[0], p.months()[-1])
        for label, p in (quarters | {str(m): m for m in months} | years).items()
    }
    return {label: p for label, p in whole.items() if p.start >= window.start and p.end <= window.end}
