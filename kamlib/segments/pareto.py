"""Who brings the money: ranks, cumulative shares, the cut, and how concentrated the book is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.measures.concentration import gini, herfindahl, top_share
from kamlib.measures.money import as_float, sum_money, to_money, to_ticks
from kamlib.segments.params import SegmentParams

TIERS = ("A", "B", "C", "none")
"""Tiers in order; ``none`` holds accounts whose net revenue is zero or negative."""


def rank_accounts(values: pd.Series, ids: pd.Series, *, cuts: Sequence[float] = ()) -> pd.DataFrame:
    """Rank accounts by an amount and say on which side of each cut they lie.

    Accounts are ordered by amount, largest first, then by id. An account lies inside a cut when those
    before it have not reached the cut's share of the total: the account that crosses the cut, or meets it
    exactly, is inside. An amount of zero or below is inside no cut. Negative amounts count in the total, so
    the cumulative share can pass 1 before it comes back to it.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        Amount of each account, missing where unknown [currency].
    ids : pandas.Series, shape (n,)
        Identifier of each account, unique.
    cuts : sequence of float
        Cumulative shares, rising, each 0 < cut <= 1 [fraction].

    Returns
    -------
    pandas.DataFrame, shape (n, 4)
        One row per account in the order given: `rank` from 1, `share` and `cumulative_share` of the total
        [fraction], and `level`, the number of cuts the account lies outside of (0 is inside the first;
        ``len(cuts)`` is outside all). `rank` is missing where the amount is unknown; shares also where the
        total is zero or negative, and then `level` is ``len(cuts)`` for all.

    Examples
    --------
    >>> book = pd.DataFrame({"id": ["b", "a", "c", "d"], "revenue": [10, 60, 20, 10]})
    >>> rank_accounts(book["revenue"], book["id"], cuts=[0.8])["level"].tolist()
    [1, 0, 0, 1]
    """
    known = values.notna().to_numpy()
    ticks = np.zeros(len(values), dtype=np.int64)
    ticks[known] = to_ticks(values[known])
    order = pd.DataFrame({"u": ~known, "t": -ticks, "i": ids.to_numpy()}).sort_values(["u", "t", "i"]).index
    ordered = ticks[order]
    reached = np.cumsum(ordered)
    total = int(ticks.sum())
    level = np.full(len(values), len(cuts), dtype=np.int64)
    share = np.full(len(values), np.nan)
    cumulative = share.copy()
    if total > 0:
        share[order] = ordered / total
        cumulative[order] = reached / total
        before = reached - ordered
        inside = [(before < ceil(Fraction(str(cut)) * total)) & (ordered > 0) for cut in cuts]
        level[order] = len(cuts) - np.sum(inside, axis=0, dtype=np.int64)
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(1, len(values) + 1)
    result = pd.DataFrame(
        {
            "rank": pd.array(rank, dtype="Int64"),
            "share": share,
            "cumulative_share": cumulative,
            "level": level,
        },
        index=values.index,
    )
    result.loc[~known, ["rank", "share", "cumulative_share"]] = None
    return result


def name_tiers(level: npt.NDArray[np.int64], values: pd.Series) -> npt.NDArray[np.object_]:
    """Name the tier of each account from its level: A, B, C, or none where it bought nothing on balance.

    Examples
    --------
    >>> name_tiers(np.array([0, 1, 2, 2]), pd.Series([90, 6, 4, 0])).tolist()
    ['A', 'B', 'C', 'none']
    """
    bought = to_ticks(values) > 0
    return np.where(bought, np.array(TIERS[:3], dtype=object)[level], "none")


def summarise_tiers(
    segments: pd.DataFrame,
    cube: pd.DataFrame,
    *,
    months: Sequence[object],
    last_year_months: Sequence[object],
) -> pd.DataFrame:
    """Sum accounts by tier, with the sales that name no account in a line of their own.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.
    cube : pandas.DataFrame
        The cube the segments were made from.
    months, last_year_months : sequence of month labels
        The windows the segments were made for.

    Returns
    -------
    pandas.DataFrame, shape (5, 9)
        One row per `tier` A, B, C, none (net revenue zero or below) and no_account: `accounts`,
        `account_share` of the accounts that bought, `revenue` [currency], `share` of the accounts' revenue
        [fraction], the same of last year by last year's tiers, missing where the book has none, and
        `revenue_change` [currency]. The sums of the money columns equal the cube's in the two windows.
    """
    rows = pd.DataFrame({"tier": [*TIERS, "no_account"]})
    for tier, revenue, suffix in (
        ("tier", "revenue", ""),
        ("tier_last_year", "revenue_last_year", "_last_year"),
    ):
        held = segments[segments[revenue].notna()]
        window = [str(month) for month in (last_year_months if suffix else months)]
        orphan = cube[cube["account_id"].isna() & cube["month"].isin(window)].assign(tier="no_account")
        money = pd.concat(
            [held[[tier, revenue]].set_axis(["tier", "revenue"], axis=1), orphan[["tier", "revenue"]]]
        )
        sums = sum_money(money, ["tier"], ["revenue"]).set_index("tier")["revenue"]
        counts = held.groupby(tier).size().reindex(TIERS, fill_value=0)
        total = float(as_float(held[revenue]).sum()) if len(held) else 0.0
        rows[f"accounts{suffix}"] = counts.reindex(rows["tier"]).astype("Int64").to_numpy()
        ticks = to_ticks(sums.reindex(rows["tier"]).fillna(Decimal(0)))
        rows[f"revenue{suffix}"] = to_money(ticks)
        share = ticks / 1e4 / total if total > 0 else np.full(len(rows), np.nan)
        rows[f"share{suffix}"] = np.where(rows["tier"] == "no_account", np.nan, share)
    buying = rows["accounts"].iloc[:3].sum()
    rows["account_share"] = rows["accounts"].iloc[:3].astype(float) / buying if buying else np.nan
    rows["revenue_change"] = to_money(to_ticks(rows["revenue"]) - to_ticks(rows["revenue_last_year"]))
    compared = ["accounts_last_year", "revenue_last_year", "share_last_year", "revenue_change"]
    if segments["revenue_last_year"].isna().all():
        rows[compared] = rows[compared].mask(pd.Series(True, index=rows.index))
    return rows[["tier", "accounts", "account_share", "revenue", "share", *compared]]


def summarise_concentration(segments: pd.DataFrame, *, params: SegmentParams) -> pd.DataFrame:
    """Measure how concentrated revenue, last year's revenue and profit are.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.
    params : SegmentParams
        Its `key_share` and `tier_b_share` are the cuts.

    Returns
    -------
    pandas.DataFrame, shape (3, 9)
        One row per `basis` revenue, revenue_last_year, profit: `accounts` with an amount above zero,
        `total` of all accounts [currency], `inside`, the number that bring `key_share` of it, their
        `inside_share` of the number [fraction], `inside_total` [currency], `tail`, the number beyond
        `tier_b_share`, and over the accounts above zero `gini`, `herfindahl` and the `top_share` of the
        largest fifth [fraction]. What has no meaning is missing: all where nothing is known or the total is
        not positive.
    """
    rows = []
    for basis in ("revenue", "revenue_last_year", "profit"):
        known = segments[segments[basis].notna()]
        ranked = rank_accounts(known[basis], known["account_id"], cuts=[params.key_share])
        tail = rank_accounts(known[basis], known["account_id"], cuts=[params.tier_b_share])["level"] == 1
        ticks = to_ticks(known[basis])
        above = known[basis][ticks > 0]
        inside = (ranked["level"] == 0).to_numpy()
        meaningful = bool(ticks.sum() > 0)
        rows.append(
            {
                "basis": basis,
                "accounts": len(above),
                "total": int(ticks.sum()),
                "inside": int(inside.sum()) if meaningful else None,
                "inside_share": inside.sum() / len(above) if meaningful else None,
                "inside_total": int(ticks[inside].sum()),
                "tail": int((tail & (ticks > 0)).sum()) if meaningful else None,
                "gini": gini(above) if len(above) else None,
                "herfindahl": herfindahl(above) if len(above) else None,
                "top_share": top_share(above) if len(above) else None,
            }
        )
    table = pd.DataFrame(rows)
    for column in ("total", "inside_total"):
        table[column] = to_money(table[column])
    return table.astype(
        {"inside": "Int64", "tail": "Int64"}
        | dict.fromkeys(("inside_share", "gini", "herfindahl", "top_share"), "float64")
    )


def pareto_curve(values: pd.Series, ids: pd.Series, *, points: int = 250) -> pd.DataFrame:
    """Return the Pareto curve of an amount: what the first n accounts bring together.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        Amount of each account; missing ones are left out [currency].
    ids : pandas.Series, shape (n,)
        Identifier of each account.
    points : int
        Most points to return; a longer curve is thinned evenly, its ends kept.

    Returns
    -------
    pandas.DataFrame
        One row per point: `accounts`, how many from the top, `account_share` [fraction], `account_id` of the
        last of them, and `cumulative_share` [fraction]; none where the total is not positive.

    Examples
    --------
    >>> pareto_curve(pd.Series([20, 60, 20]), pd.Series(["b", "a", "c"]))["cumulative_share"].tolist()
    [0.6, 0.8, 1.0]
    """
    ranked = (
        rank_accounts(values, ids)
        .assign(account_id=ids)
        .dropna(subset="cumulative_share")
        .sort_values("rank")
    )
    keep = np.unique(np.linspace(0, len(ranked) - 1, min(points, len(ranked))).round().astype(int))
    thin = ranked.iloc[keep] if len(ranked) else ranked
    return pd.DataFrame(
        {
            "accounts": thin["rank"].to_numpy(dtype=np.int64),
            "account_share": thin["rank"].to_numpy(dtype=np.float64) / max(1, len(ranked)),
            "account_id": thin["account_id"].to_numpy(),
            "cumulative_share": thin["cumulative_share"].to_numpy(),
        }
    )
