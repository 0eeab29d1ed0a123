"""Who does not pay: contribution after cost to serve, and whether old accounts are valuable ones."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
import pandas as pd

from kamlib.measures.money import as_float, sum_money, to_money, to_ticks
from kamlib.segments.params import SegmentParams
from kamlib.segments.pareto import rank_accounts

Basis = Literal["contribution", "margin", "none"]


def contribution_after_service(table: pd.DataFrame, *, months: int) -> pd.DataFrame:
    """Add margin, contribution after cost to serve, and profit with its ranks to a table of accounts.

    margin = revenue - cost of goods; contribution = margin - service cost of the window (the yearly cost
    times months / 12). Where a part is unknown, so is the result: null is not zero. Profit is the
    contribution, or the margin where the book knows the service cost of no account at all (`profit_basis`
    tells which).

    Parameters
    ----------
    table : pandas.DataFrame, shape (n, k)
        One row per account: `account_id`, `revenue`, `cost` [currency], `service_cost` [currency/year].
    months : int
        Length of the window [months].

    Returns
    -------
    pandas.DataFrame, shape (n, k + 8)
        The table with `service_cost` now of the window [currency], and `margin`, `contribution`, `profit`
        [currency], `profit_ratio` to revenue, `profit_share`, `profit_cumulative_share` [fraction],
        `profit_rank`, and `pays`, whether the profit is zero or above, missing where unknown.

    Examples
    --------
    >>> book = pd.DataFrame(
    ...     {"account_id": ["a", "b"], "revenue": [90, 10], "cost": [60, None], "service_cost": 31}
    ... )
    >>> contribution_after_service(book, months=12)[["margin", "contribution", "pays"]]
        margin  contribution   pays
    0  30.0000       -1.0000  False
    1     <NA>          <NA>   <NA>
    """
    result = table.copy()
    revenue = to_ticks(result["revenue"])
    costed, served = result["cost"].notna().to_numpy(), result["service_cost"].notna().to_numpy()
    cost, service = np.zeros(len(result), dtype=np.int64), np.zeros(len(result), dtype=np.int64)
    cost[costed] = to_ticks(result["cost"][costed])
    service[served] = to_ticks(result["service_cost"][served])
    if months != 12:
        service = np.rint(service * (months / 12)).astype(np.int64)

    def money(ticks: np.ndarray, known: np.ndarray) -> pd.Series:
        return to_money(ticks, index=result.index).where(pd.Series(known, index=result.index))

    result["service_cost"] = money(service, served)
    result["margin"] = money(revenue - cost, costed)
    result["contribution"] = money(revenue - cost - service, costed & served)
    result["profit"] = result["contribution"] if served.any() else result["margin"]
    with np.errstate(divide="ignore", invalid="ignore"):
        result["profit_ratio"] = np.where(revenue > 0, as_float(result["profit"]) * 1e4 / revenue, np.nan)
    ranked = rank_accounts(result["profit"], result["account_id"])
    result["profit_share"], result["profit_cumulative_share"] = ranked["share"], ranked["cumulative_share"]
    result["profit_rank"] = ranked["rank"]
    known = result["profit"].notna().to_numpy()
    pays = pd.array(np.nan_to_num(as_float(result["profit"])) >= 0, dtype="boolean")
    pays[~known] = pd.NA
    result["pays"] = pays
    return result


def profit_basis(segments: pd.DataFrame) -> Basis:
    """Tell what the profit of the segments is: the contribution after cost to serve, the margin, or none.

    Examples
    --------
    >>> profit_basis(pd.DataFrame({"profit": [None], "contribution": [None]}))
    'none'
    """
    if segments["profit"].isna().all():
        return "none"
    return "margin" if segments["service_cost"].isna().all() else "contribution"


def summarise_tenure(segments: pd.DataFrame, *, params: SegmentParams) -> pd.DataFrame:
    """Sum accounts by how long they have been accounts.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.
    params : SegmentParams
        `tenure_bands`: the years at which bands meet; an account of exactly that many years is in the later
        one.

    Returns
    -------
    pandas.DataFrame, shape (bands + 1, 8)
        One row per `band`, youngest first, the last for accounts whose start is unknown: `from_years`
        [years], `accounts`, `revenue` [currency], `profit` [currency] of the `profit_known` accounts of
        which it is known (null where it is known of none), `revenue_per_account` [currency], and
        `rank_correlation`, Spearman's correlation of tenure and revenue over all accounts with a known start,
        the same in each row (1: the older the larger; 0: age says nothing), missing below three such
        accounts.

    References
    ----------
    Spearman, C. (1904). The proof and measurement of association between two things. American Journal of
    Psychology 15(1), 72-101.
    """
    edges = [0.0, *params.tenure_bands]
    names = [f"{a:g}-{b:g}" for a, b in itertools.pairwise(edges)] + [f"{edges[-1]:g}+", "unknown"]
    years = segments["tenure_years"].to_numpy(dtype=np.float64)
    place = np.where(
        np.isnan(years), len(edges), np.maximum(np.searchsorted(edges, years, side="right") - 1, 0)
    )
    placed = segments.assign(band=place)
    sums = sum_money(placed, ["band"], ["revenue", "profit"]).set_index("band").reindex(range(len(names)))
    counts = placed.groupby("band").size().reindex(range(len(names)), fill_value=0).to_numpy(dtype=np.int64)
    rows = pd.DataFrame({"band": names, "from_years": [*edges, np.nan], "accounts": counts})
    for column in ("revenue", "profit"):
        rows[column] = to_money(to_ticks(sums[column].fillna(0)))
    profitable = placed.loc[placed["profit"].notna(), "band"].value_counts()
    rows["profit_known"] = profitable.reindex(range(len(names)), fill_value=0).to_numpy(dtype=np.int64)
    rows["profit"] = rows["profit"].where(rows["profit_known"] > 0)
    mean = np.rint(to_ticks(rows["revenue"]) / np.maximum(counts, 1)).astype(np.int64)
    rows["revenue_per_account"] = to_money(mean).where(pd.Series(counts > 0))
    known = segments[segments["tenure_years"].notna()]
    ranks = pd.DataFrame(
        {"t": known["tenure_years"].rank(), "r": pd.Series(as_float(known["revenue"])).rank().to_numpy()}
    )
    varied = len(known) >= 3 and (ranks.nunique() > 1).all()
    rows["rank_correlation"] = float(np.corrcoef(ranks["t"], ranks["r"])[0, 1]) if varied else np.nan
    return rows
