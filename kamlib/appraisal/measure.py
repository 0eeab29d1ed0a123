"""What reps did, KPI by KPI, kept account by account so that every value can be traced and resampled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from kamlib.appraisal import sales_kpis, service_kpis
from kamlib.appraisal.facts import EVIDENCE, RepFacts
from kamlib.appraisal.kpi import MEASURES
from kamlib.appraisal.window import Window
from kamlib.errors import ParameterError, did_you_mean

_RULES: Mapping[str, Callable[[RepFacts, Window], pd.DataFrame]] = {
    "target_attainment": sales_kpis.revenue,
    "sales_volume": sales_kpis.volume,
    "customer_count": sales_kpis.customers,
    "gross_margin": sales_kpis.margin,
    "market_share": service_kpis.market_share,
    "satisfaction": service_kpis.satisfaction,
    "new_accounts": sales_kpis.new_accounts,
    "new_account_value": sales_kpis.new_account_value,
    "cross_sell": sales_kpis.cross_sell,
    "retention": sales_kpis.retention,
    "repeat_purchase": sales_kpis.repeat_purchase,
    "wallet_gain": sales_kpis.wallet_gain,
    "sales_cycle": service_kpis.sales_cycle,
    "activity_participation": service_kpis.participation,
    "effective_contacts": service_kpis.contacts,
    "complaints_closed": service_kpis.complaints_closed,
    "losses_reviewed": service_kpis.losses_reviewed,
    "forecast_accuracy": service_kpis.forecast_accuracy,
    "overdue_collected": service_kpis.overdue_collected,
}

_FIRSTS = ("new_accounts", "new_account_value")
_COUNTS = ("target_attainment", "customer_count", *_FIRSTS)


def measure_reps(
    tables: Mapping[str, pd.DataFrame],
    *,
    measures: Sequence[str],
    window: Window,
    reps: Sequence[str],
    whole: Window | None = None,
) -> pd.DataFrame:
    """Measure what each rep did, account by account.

    A sale counts for the rep who made it, also in another rep's account; surveys, complaints, receivables
    and lost accounts count for the rep who serves the account at the end of the window, by the account's
    history where the book has one; opportunities, activities and forecasts for the rep they name. What was
    closed, reviewed or paid after the window is open in it. The value of a rep is the sum of `amount`, over
    the sum of `base` where there is one:

    - target_attainment: revenue [currency]; sales_volume: quantity; customer_count: accounts that bought.
    - gross_margin: revenue less cost over revenue, of sales whose cost is known.
    - new_accounts, new_account_value: accounts whose first purchase in the book lies in the window (none in
      the book's first month), their number and their revenue in the window.
    - cross_sell: product lines bought per account that bought. retention: accounts that bought in the same
      months a year before and again now, of those that bought then. repeat_purchase: accounts that bought in
      two months of the window or more, of those that bought.
    - wallet_gain: revenue less last year's over potential, pro rata of the months, where potential is known.
    - market_share: own share of the rep's region, weighted by market size, in the latest market period that
      ended in the year up to the window's end.
    - satisfaction: mean survey score. sales_cycle: mean days from created to closed of what was won.
    - activity_participation: contacts that took part of those invited; effective_contacts: effective contacts
      per account and month, of the accounts served in the window, for the months they were served; a rep who
      never recorded one, or none whose effect is known, has no value.
    - complaints_closed: opened in the window, of them closed with a result; losses_reviewed: lost in the
      window, of them reviewed.
    - forecast_accuracy: 1 less absolute error over actual revenue, of the rep's last forecast made for a
      period (quarters, else months, else the year) before it began; not below 0; nothing of what was
      forecast and never came.
    - overdue_collected: money overdue at the window's start or falling overdue in it, of it paid by its end.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Tables of the book by name; ``cube`` (account x product line x selling rep x month) and ``accounts``
        must be there.
    measures : sequence of str
        Which to take, of `kamlib.appraisal.kpi.MEASURES`.
    window : Window
        What is judged.
    reps : sequence of str
        Who is judged.
    whole : Window, optional
        The window that `window` is a part of, such as its months: who serves at its end, and who is measured
        at all, holds for the parts, so that they add up to it.

    Returns
    -------
    pandas.DataFrame
        One row per measure, rep and account with a case: measure, rep_id, account_id (null where the fact is
        about the rep), amount, base (null for sums), cases (int64). Ordered by these. A measure of which the
        book knows nothing has no rows; a rep without a case neither, save that revenue and numbers of
        accounts are 0 for a rep who serves accounts and had none.

    Raises
    ------
    ParameterError
        If a measure is unknown.

    Examples
    --------
    >>> from kamlib.appraisal.window import judged_window
    >>> from kamlib.periods import parse_period
    >>> cube = pd.DataFrame({"account_id": ["A", "B"], "product_line": "x", "rep_id": "R", "month": "2025-01",
    ...                      "revenue": [100.0, 300.0], "cost": [50.0, 250.0], "quantity": 1.0})
    >>> accounts = pd.DataFrame({"account_id": ["A", "B"], "rep_id": "R", "status": "active"})
    >>> evidence = measure_reps({"cube": cube, "accounts": accounts}, measures=["gross_margin"],
    ...                         window=judged_window(parse_period("2025Q1")), reps=["R"])
    >>> rep_values(evidence)[["value", "cases"]]
       value  cases
    0   0.25      2
    """
    facts = RepFacts(tables, tuple(reps), whole)
    parts = []
    for measure in measures:
        if measure not in _RULES:
            raise ParameterError(f'"{measure}" is no measure of a KPI.{did_you_mean(measure, MEASURES)}')
        found = _RULES[measure](facts, window)
        found = found[found["rep_id"].isin(facts.reps)]
        parts.append(_with_zeros(found, measure, facts, window).assign(measure=measure))
    if not parts:
        return pd.DataFrame(columns=list(EVIDENCE)).astype(EVIDENCE)
    table = pd.concat(parts, ignore_index=True)[list(EVIDENCE)].astype(EVIDENCE)
    place = {measure: k for k, measure in enumerate(measures)}
    return table.sort_values(
        ["measure", "rep_id", "account_id"], key=lambda c: c.map(place) if c.name == "measure" else c
    ).reset_index(drop=True)


def _with_zeros(found: pd.DataFrame, measure: str, facts: RepFacts, window: Window) -> pd.DataFrame:
    """Give reps who had accounts or sales a zero where none was counted: that is not unknown."""
    known = facts.cube["month"].min()
    if measure not in _COUNTS or (measure in _FIRSTS and not known < window.months[0]):
        return found
    working = set(facts.served(window)["rep_id"]) | set(facts.sold(window)["rep_id"].dropna())
    idle = [rep for rep in facts.reps if rep in working and rep not in set(found["rep_id"])]
    if not idle:
        return found
    none = pd.DataFrame({"rep_id": idle, "account_id": None, "amount": 0.0, "base": float("nan"), "cases": 0})
    return pd.concat([found.astype({"base": "float64"}), none]) if len(found) else none


def rep_values(evidence: pd.DataFrame) -> pd.DataFrame:
    """Sum evidence up to a value per measure and rep.

    Parameters
    ----------
    evidence : pandas.DataFrame
        Of `measure_reps`.

    Returns
    -------
    pandas.DataFrame
        One row per measure and rep, in the order of `evidence`: measure, rep_id, value (null where the base
        is 0), cases.
    """
    grouped = evidence.groupby(["measure", "rep_id"], sort=False)
    sums = grouped[["amount", "cases"]].sum()
    base = grouped["base"].sum(min_count=1)
    value = sums["amount"].where(base.isna(), sums["amount"] / base.where(base != 0))
    return pd.DataFrame({"value": value, "cases": sums["cases"]}).reset_index()
