"""SMART cards: is a target specific, measurable, attainable, relevant and time-bound, and if not, why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.measures.money import to_money, to_ticks
from kamlib.periods import Period

CRITERIA = ("specific", "measurable", "attainable", "relevant", "time_bound")
PASSES = {
    "specific": {"named"},
    "measurable": {"recorded", "countable"},
    "attainable": {"stretch", "attainable", "easy"},
    "relevant": {"growth", "potential", "factors", "forecast_gap"},
    "time_bound": {"milestones", "deadline"},
}
_EVEN = 1e-12  # what sums of shares differ by from rounding
_OWNERS = {"rep": "rep_id", "account": "account_id"}


def smart_cards(
    likely: pd.DataFrame,
    accounts: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    cube: pd.DataFrame,
    period: Period,
    as_of: dt.date,
    weights: Mapping[str, float],
    measure: str = "revenue",
) -> pd.DataFrame:
    """Write a card for the target of every rep and every account.

    Each of the five criteria is answered by a code, which says why it passes or fails:

    - specific: ``named`` (rep or account, measure, period and amount are there); fails as ``no_rep``, where
      nobody is named who is to reach it.
    - measurable: ``recorded`` (the book holds the measure of this rep's accounts or this account),
      ``countable`` (it would, but there is none yet); fails as ``no_source``, where the book names no account
      in what is measured.
    - attainable: the band of the probability, ``stretch``, ``attainable`` or ``easy``; fails as
      ``out_of_reach`` and as ``unknown``.
    - relevant, by the first aim it serves: ``growth`` (above last year's revenue), ``potential`` (potential
      has a weight, and its share is above that of history), ``factors`` (all factors weighed ask more than
      history alone), ``forecast_gap`` (above the forecast); fails as ``no_aim``, at or below all of them, so
      that nothing more is asked.
    - time_bound: ``milestones`` (more than one month carries a part), ``deadline`` (the period is one month);
      fails as ``one_lump`` (one month of several carries all) and ``over`` (nothing of the period is left on
      `as_of`).

    Parameters
    ----------
    likely : pandas.DataFrame
        What `attain_probability` returns; rows of reps and accounts with a target above nothing get a card.
    accounts : pandas.DataFrame
        One row per account with its chain; what `allocate_targets` returns as `accounts`.
    targets : pandas.DataFrame
        One row per account, product line and month; what `allocate_targets` returns as `targets`.
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month, with the measure.
    period : Period
        The period planned.
    as_of : datetime.date
        First day not seen.
    weights : mapping of str to float
        The weights that factors effectively had, `Allocation.weights` [fraction].
    measure : str
        What the target counts, a column of `cube`.

    Returns
    -------
    pandas.DataFrame
        One row per target, in the order of `likely`: dimension (rep or account), key (null: accounts without
        a rep), measure, period, target [currency], ends (last day), milestones (months that carry a part),
        reach_probability [fraction], aim_from (the lower of last year's revenue and the forecast, above which
        a target serves an aim) [currency], the five codes, passed (criteria that pass) and smart (all five
        do).

    Raises
    ------
    ParameterError
        If a target is of an account that `accounts` lacks.

    References
    ----------
    Doran (1981), There's a S.M.A.R.T. way to write management's goals and objectives, Management Review
    70(11):35-36; criteria as practice words them today.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> likely = pd.DataFrame({"dimension": ["account"], "key": ["A"], "target": [90], "landing": [80],
    ...                        "reach_probability": [0.3], "reach_band": ["stretch"]})
    >>> accounts = pd.DataFrame({"account_id": ["A"], "rep_id": ["R"], "actual_last_year": [70],
    ...                          "by_history": [90], "proposal": [90], "history_share": [1.0],
    ...                          "potential_share": [1.0]})
    >>> targets = pd.DataFrame({"account_id": "A", "month": ["2026-01", "2026-02"], "target": [50, 40]})
    >>> cube = pd.DataFrame({"account_id": ["A"], "revenue": [70]})
    >>> card = smart_cards(likely, accounts, targets, cube=cube, period=parse_period("2026Q1"),
    ...                    as_of=dt.date(2026, 1, 1), weights={"history": 1.0}).iloc[0]
    >>> card["attainable"], card["relevant"], card["time_bound"], bool(card["smart"])
    ('stretch', 'growth', 'milestones', True)
    """
    asked = to_ticks(likely["target"]) > 0
    rows = likely[likely["dimension"].isin(list(_OWNERS)) & asked].reset_index(drop=True)
    lost = rows[(rows["dimension"] == "account") & ~rows["key"].isin(accounts["account_id"])]
    if len(lost):
        raise ParameterError(
            f'likely.key: account "{lost["key"].iloc[0]}" is not in accounts. Take both from one allocation.'
        )
    facts = pd.concat(
        [_facts(dimension, accounts, targets, cube, measure) for dimension in _OWNERS], ignore_index=True
    )
    key = rows[["dimension"]].assign(owner=rows["key"].astype("object").fillna(""))
    known = key.merge(facts, how="left", on=["dimension", "owner"])
    table = rows[["dimension", "key"]].assign(measure=measure, period=str(period))
    table["target"] = rows["target"]
    table["ends"] = pd.Timestamp(period.end) - pd.Timedelta(days=1)
    table["milestones"] = known["milestones"].fillna(0).astype("Int64")
    table["reach_probability"] = rows["reach_probability"]
    table["aim_from"] = _aim_from(rows, known)
    source = measure in cube and bool(cube["account_id"].notna().any())
    unnamed = rows["key"].isna() | ~known["has_rep"].fillna(False).astype(bool)
    table["specific"] = np.where(unnamed, "no_rep", "named")
    recorded = known["recorded"].fillna(False).astype(bool)
    table["measurable"] = np.where(recorded, "recorded", "countable") if source else "no_source"
    table["attainable"] = rows["reach_band"]
    table["relevant"] = _aims(rows, known, by_potential=weights.get("potential", 0) > 0)
    table["time_bound"] = _bound(table["milestones"], period, as_of)
    table = table.astype(dict.fromkeys(CRITERIA, "str"))
    passed = sum(table[name].isin(list(PASSES[name])).astype("int64") for name in CRITERIA)
    return table.assign(passed=passed, smart=passed == len(CRITERIA)).astype({"passed": "Int64"})


def _facts(
    dimension: str, accounts: pd.DataFrame, targets: pd.DataFrame, cube: pd.DataFrame, measure: str
) -> pd.DataFrame:
    """Return what is known of each rep or account, one row per owner; "" stands for no rep."""
    chain = accounts[["account_id", "rep_id"]].assign(
        before=to_ticks(accounts["actual_last_year"]),
        pull=to_ticks(accounts["proposal"]) - to_ticks(accounts["by_history"]),
        open=accounts["potential_share"].astype(float) - accounts["history_share"].astype(float),
        recorded=accounts["account_id"].isin(cube["account_id"]) & (measure in cube),
        has_rep=accounts["rep_id"].notna(),
    )
    chain["owner"] = chain[_OWNERS[dimension]].astype("object").fillna("")
    by = chain.groupby("owner", sort=True)
    result = by.agg(
        before=("before", "sum"),
        pull=("pull", "sum"),
        open=("open", "sum"),
        recorded=("recorded", "any"),
        has_rep=("has_rep", "all"),
    )
    due = targets[to_ticks(targets["target"]) > 0]
    owner = due["account_id"].map(chain.set_index("account_id")["owner"])
    result["milestones"] = due["month"].groupby(owner.to_numpy()).nunique()
    return result.reset_index().assign(dimension=dimension)


def _aims(rows: pd.DataFrame, known: pd.DataFrame, *, by_potential: bool) -> pd.Series:
    """Return the first aim that each target serves."""
    asked = to_ticks(rows["target"])
    growth = asked > known["before"].fillna(0).to_numpy()
    potential = by_potential & (known["open"].fillna(0).to_numpy() > _EVEN)
    factors = known["pull"].fillna(0).to_numpy() > 0
    landing = rows["landing"].notna().to_numpy()
    gap = landing & (asked > to_ticks(rows["landing"].where(landing, 0)))
    names = ["growth", "potential", "factors", "forecast_gap"]
    codes = np.select([growth, potential, factors, gap], names, "no_aim")
    return pd.Series(codes, index=rows.index)


def _aim_from(rows: pd.DataFrame, known: pd.DataFrame) -> pd.Series:
    """Return the amount above which each target asks for more than last year or the forecast."""
    before = known["before"].fillna(0).to_numpy().astype(np.int64)
    landing = rows["landing"].notna().to_numpy()
    coming = to_ticks(rows["landing"].where(landing, 0))
    return to_money(np.where(landing, np.minimum(before, coming), before), rows.index)


def _bound(milestones: pd.Series, period: Period, as_of: dt.date) -> pd.Series:
    """Say of each target whether it is bound in time."""
    if as_of >= period.end:
        return pd.Series("over", index=milestones.index)
    if len(period.months()) == 1:
        return pd.Series("deadline", index=milestones.index)
    return pd.Series(np.where(milestones > 1, "milestones", "one_lump"), index=milestones.index)
