"""SMART cards: is a target specific, measurable, attainable, relevant and time-bound, and if not, why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.measures.money import to_money, to_ticks
from kamlib.measures.rounding import Integers
from kamlib.periods import Period

CRITERIA = ("specific", "measurable", "attainable", "relevant", "time_bound")
PASSES = {
    "specific": {"named", "shared"},
    "measurable": {"recorded", "countable"},
    "attainable": {"attainable", "easy"},
    "relevant": {"growth", "potential", "factors", "forecast_gap"},
    "time_bound": {"milestones", "deadline"},
}
_NEVER = np.iinfo(np.int64).max
_EVEN = 1e-12  # what sums of shares differ by from rounding
STRETCH, UNKNOWN = "stretch", "unknown"
OPEN = (STRETCH, UNKNOWN)  # neither pass nor fail
_OWNERS = {
    "company": None,
    "rep": "rep_id",
    "region": "region",
    "account_type": "account_type",
    "product_line": "product_line",
    "account": "account_id",
}


def smart_cards(
    likely: pd.DataFrame,
    accounts: pd.DataFrame,
    targets: pd.DataFrame,
    summary: pd.DataFrame,
    *,
    cube: pd.DataFrame,
    period: Period,
    as_of: dt.date,
    weights: Mapping[str, float],
    measure: str = "revenue",
) -> pd.DataFrame:
    """Write a card for every target: the company's, and by rep, region, account type, product line, account.

    Each of the five criteria is answered by a code, which says why it passes or fails:

    - specific: ``named`` (one rep serves every account that carries a part), ``shared`` (several reps do, and
      each part has one); fails as ``no_rep``, where nobody is named who is to reach it, and as
      ``part_no_rep``, where that is so of a part.
    - measurable: ``recorded`` (the book holds the measure of what the target is of), ``countable`` (it would,
      but there is none yet); fails as ``no_source``, where the book names no account in what is measured.
    - attainable: the band of the probability, ``attainable`` or ``easy``; ``stretch`` is neither passed nor
      failed, nor is ``unknown``, where no probability can be said; fails as ``out_of_reach``.
    - relevant, by the first aim it serves: ``growth`` (above last year's revenue), ``potential`` (above what
      history alone asks, and potential has a weight and more of a share than history), ``factors`` (above
      what history alone asks, as all factors weighed do), ``forecast_gap`` (above the forecast); fails as
      ``no_aim``, at or below all of them, so that nothing more is asked. Where the book does not know last
      year whole, growth is no aim, and ``unknown``, neither passed nor failed, stands for ``no_aim``.
    - time_bound: ``milestones`` (more than one month carries a part), ``deadline`` (the period is one month);
      fails as ``one_lump`` (one month of several carries all) and ``over`` (nothing of the period is left on
      `as_of`).

    Parameters
    ----------
    likely : pandas.DataFrame
        What `attain_probability` returns; rows with a target above nothing get a card.
    accounts : pandas.DataFrame
        One row per account with its chain; what `allocate_targets` returns as `accounts`. A product line's
        factors are its accounts', by the part of each account's shares that falls on it.
    targets : pandas.DataFrame
        One row per account, product line and month; what `allocate_targets` returns as `targets`.
    summary : pandas.DataFrame
        One row per dimension and key, with last year's revenue and what is asked beyond it, null where last
        year is not known whole; what `summarise_targets` returns.
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
        One row per target, in the order of `likely`: dimension, key (null: accounts without a rep), measure,
        period, target [currency], ends (last day), milestones (months that carry a part), reach_probability
        [fraction], aim_from (the least above which a target serves an aim; null where none is known)
        [currency], the five codes,
        passed (criteria that pass) and smart (all five do).

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
    >>> accounts = pd.DataFrame({"account_id": ["A"], "rep_id": ["R"], "region": "N", "account_type": "T",
    ...                          "by_history": [90], "proposal": [90], "history_share": [1.0],
    ...                          "potential_share": [1.0]})
    >>> targets = pd.DataFrame({"account_id": "A", "product_line": "P", "month": ["2026-01", "2026-02"],
    ...                         "line_share": 1.0, "target": [50, 40]})
    >>> summary = pd.DataFrame({"dimension": ["account"], "key": ["A"], "without_account": False,
    ...                         "actual_last_year": [70], "change_asked": [20]})
    >>> cube = pd.DataFrame({"account_id": ["A"], "product_line": "P", "revenue": [70]})
    >>> card = smart_cards(likely, accounts, targets, summary, cube=cube, period=parse_period("2026Q1"),
    ...                    as_of=dt.date(2026, 1, 1), weights={"history": 1.0}).iloc[0]
    >>> card["attainable"], card["relevant"], card["time_bound"], int(card["passed"]), bool(card["smart"])
    ('stretch', 'growth', 'milestones', 4, False)
    """
    asked = to_ticks(likely["target"]) > 0
    rows = likely[likely["dimension"].isin(list(_OWNERS)) & asked].reset_index(drop=True)
    lost = rows[(rows["dimension"] == "account") & ~rows["key"].isin(accounts["account_id"])]
    if len(lost):
        raise ParameterError(
            f'likely.key: account "{lost["key"].iloc[0]}" is not in accounts. Take both from one allocation.'
        )
    known = _known(rows, accounts, targets, summary, cube, measure)
    table = rows[["dimension", "key"]].assign(measure=measure, period=str(period))
    table["target"] = rows["target"]
    table["ends"] = pd.Timestamp(period.end) - pd.Timedelta(days=1)
    table["milestones"] = known["milestones"].fillna(0).astype("Int64")
    table["reach_probability"] = rows["reach_probability"]
    whole = bool(summary.loc[summary["dimension"].isin(list(_OWNERS)), "change_asked"].notna().all())
    aims = _aims(rows, known, by_growth=whole, by_potential=weights.get("potential", 0) > 0)
    least = np.minimum.reduce(list(aims.values()))
    table["aim_from"] = to_money(np.where(least < _NEVER, least, 0), rows.index).where(least < _NEVER)
    source = measure in cube and bool(cube["account_id"].notna().any())
    table["specific"] = _named(known)
    recorded = known["recorded"].fillna(False).astype(bool)
    table["measurable"] = np.where(recorded, "recorded", "countable") if source else "no_source"
    table["attainable"] = rows["reach_band"]
    above = [to_ticks(rows["target"]) > aim for aim in aims.values()]
    table["relevant"] = np.select(above, list(aims), "no_aim" if whole else UNKNOWN)
    table["time_bound"] = _bound(table["milestones"], period, as_of)
    table = table.astype(dict.fromkeys(CRITERIA, "str"))
    passed = sum(table[name].isin(list(PASSES[name])).astype("int64") for name in CRITERIA)
    return table.assign(passed=passed, smart=passed == len(CRITERIA)).astype({"passed": "Int64"})


def _known(
    rows: pd.DataFrame,
    accounts: pd.DataFrame,
    targets: pd.DataFrame,
    summary: pd.DataFrame,
    cube: pd.DataFrame,
    measure: str,
) -> pd.DataFrame:
    """Return what is known of each target, one row per row; "" stands for a key that is null."""
    chain = accounts[["account_id", "rep_id", "region", "account_type"]].assign(
        history=to_ticks(accounts["by_history"]),
        pull=to_ticks(accounts["proposal"]) - to_ticks(accounts["by_history"]),
        open=accounts["potential_share"].astype(float) - accounts["history_share"].astype(float),
        recorded=accounts["account_id"].isin(cube["account_id"]) & (measure in cube),
    )
    mixes = targets[["account_id", "product_line", "line_share"]]
    lines = mixes.drop_duplicates(["account_id", "product_line"]).merge(chain, on="account_id")
    for name in ("history", "pull"):
        lines[name] = np.rint(lines[name] * lines["line_share"]).astype("int64")
    lines["open"] = lines["open"] * lines["line_share"]
    sold = cube.loc[cube["account_id"].notna(), "product_line"]
    lines["recorded"] = lines["product_line"].isin(sold) & (measure in cube)
    due = targets.loc[to_ticks(targets["target"]) > 0, ["account_id", "product_line", "month"]]
    due = due.merge(chain[["account_id", "rep_id", "region", "account_type"]], on="account_id")
    facts = pd.concat(
        [_facts(name, lines if name == "product_line" else chain, due) for name in _OWNERS], ignore_index=True
    )
    base = summary[~summary["without_account"].astype(bool)]
    base = base[["dimension"]].assign(owner=_unnull(base["key"]), before=to_ticks(base["actual_last_year"]))
    key = rows[["dimension"]].assign(owner=_unnull(rows["key"]))
    facts = facts.merge(base, how="left", on=["dimension", "owner"])
    return key.merge(facts, how="left", on=["dimension", "owner"])


def _facts(dimension: str, chain: pd.DataFrame, due: pd.DataFrame) -> pd.DataFrame:
    """Return each key's factors, and of the parts of its target reps, months and whether one has no rep."""
    result = chain.groupby(_owner(chain, dimension)).agg(
        history=("history", "sum"), pull=("pull", "sum"), open=("open", "sum"), recorded=("recorded", "any")
    )
    owner = _owner(due, dimension)
    result["milestones"] = due["month"].groupby(owner).nunique()
    result["reps"] = due["rep_id"].groupby(owner).nunique()
    result["unnamed"] = due["rep_id"].isna().groupby(owner).any()
    return result.rename_axis("owner").reset_index().assign(dimension=dimension)


def _owner(table: pd.DataFrame, dimension: str) -> pd.Series:
    """Return the key of a dimension that each row belongs to."""
    column = _OWNERS[dimension]
    return pd.Series(dimension, index=table.index) if column is None else _unnull(table[column])


def _unnull(keys: pd.Series) -> pd.Series:
    return keys.astype("object").fillna("")


def _named(known: pd.DataFrame) -> pd.Series:
    """Say of each target whether somebody is named for it."""
    reps, unnamed = known["reps"].fillna(0), known["unnamed"].fillna(True).astype(bool)
    codes = np.select([reps == 0, unnamed, reps > 1], ["no_rep", "part_no_rep", "shared"], "named")
    return pd.Series(codes, index=known.index)


def _aims(
    rows: pd.DataFrame, known: pd.DataFrame, *, by_growth: bool, by_potential: bool
) -> dict[str, Integers]:
    """Return the amount above which each target serves each aim, in their order; out of reach where never."""
    before, history, pull = (
        known[name].fillna(0).to_numpy().astype(np.int64) for name in ("before", "history", "pull")
    )
    opened = by_potential & (known["open"].fillna(0).to_numpy() > _EVEN)
    landing = rows["landing"].notna().to_numpy()
    coming = to_ticks(rows["landing"].where(landing, 0))
    return {
        "growth": np.where(by_growth, before, _NEVER),
        "potential": np.where(opened, history, _NEVER),
        "factors": np.where(pull > 0, history, _NEVER),
        "forecast_gap": np.where(landing, coming, _NEVER),
    }


def _bound(milestones: pd.Series, period: Period, as_of: dt.date) -> pd.Series:
    """Say of each target whether it is bound in time."""
    if as_of >= period.end:
        return pd.Series("over", index=milestones.index)
    if len(period.months()) == 1:
        return pd.Series("deadline", index=milestones.index)
    return pd.Series(np.where(milestones > 1, "milestones", "one_lump"), index=milestones.index)
