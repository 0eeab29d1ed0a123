"""The table of the chapter: one row per account with everything that says who it is to the company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from kamlib.errors import BookError, ParameterError
from kamlib.measures.money import to_money, to_ticks
from kamlib.segments.matrix import place_in_fields
from kamlib.segments.movement import name_movements
from kamlib.segments.params import SegmentParams
from kamlib.segments.pareto import name_tiers, rank_accounts
from kamlib.segments.service import contribution_after_service
from kamlib.segments.silence import find_silence

COLUMNS = [
    *("account_id", "name", "region", "account_type", "rep_id", "parent_id", "status"),
    *("revenue", "share", "cumulative_share", "rank", "tier", "key_account"),
    *("revenue_last_year", "share_last_year", "tier_last_year", "revenue_change", "movement"),
    *("potential", "share_of_wallet", "open_potential", "field"),
    *("cost", "margin", "service_cost", "contribution", "profit", "profit_ratio"),
    *("profit_share", "profit_cumulative_share", "profit_rank", "pays", "since", "tenure_years"),
    *("last_bought", "silent_months", "gone_silent"),
]
_DAYS_A_YEAR = 365.25


def segment_accounts(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    months: Sequence[object],
    last_year_months: Sequence[object],
    as_of: dt.date,
    params: SegmentParams,
) -> pd.DataFrame:
    """Say of every account what it brings, costs and could bring, its tier and field, and how it moved.

    Every account is a row of its own: a group of accounts under one parent is not merged. Sales that name no
    account are in no row (`summarise_tiers` keeps them). An account without sales in the window has revenue
    0.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account x product line x selling rep x month: `account_id`, `month`, `revenue` and `cost`
        [currency]; a missing cost is unknown.
    accounts : pandas.DataFrame
        One row per account: `account_id` and the contract's other columns; `potential` and `service_cost`
        [currency/year] missing where unknown.
    months : sequence of month labels
        The window that is judged, such as the last four complete quarters.
    last_year_months : sequence of month labels
        The window it is compared with.
    as_of : datetime.date
        First day that is not seen; tenure is counted up to it.
    params : SegmentParams
        Cuts and rules.

    Returns
    -------
    pandas.DataFrame, shape (n accounts, 37)
        One row per account, largest `revenue` first, then by `account_id`.

        - `revenue`, `share`, `cumulative_share`, `rank`, `tier` (A, B, C, none) and the same of last year,
          missing where the book has no sale in that window; `key_account` by `params.key_measure`.
        - `movement`: new, returned, up, same, down, lost, none, unknown (`name_movements`).
        - `potential`, `share_of_wallet`, `open_potential`, `field` (`place_in_fields`).
        - `cost`, `margin`, `service_cost` of the window, `contribution` (`contribution_after_service`);
          `profit` is the contribution, or the margin where the book knows no service cost at all; its
          shares and rank, and `pays`, whether it is not negative.
        - `tenure_years` since `since` [years].
        - `last_bought`, `silent_months` and `gone_silent` (`find_silence`); a closed account is gone, not
          silent.

    Raises
    ------
    BookError
        If the cube names an account that `accounts` has not, or an account has two rows.
    ParameterError
        If a window is empty or holds months after `as_of`, or key accounts are to be named by a profit that
        the book does not know.

    Examples
    --------
    >>> cube = pd.DataFrame({"account_id": ["a", "b", None], "month": "2025-01", "revenue": [90.0, 10.0, 5.0],
    ...                      "cost": [60.0, None, 1.0]})
    >>> accounts = pd.DataFrame({"account_id": ["b", "a"], "region": "North", "potential": [40, None]})
    >>> table = segment_accounts(cube, accounts, months=["2025-01"], last_year_months=["2024-01"],
    ...                          as_of=dt.date(2025, 2, 1), params=SegmentParams())
    >>> table[["account_id", "revenue", "share", "tier", "movement", "field"]]
      account_id  revenue  share tier movement    field
    0          a  90.0000    0.9    A  unknown  unknown
    1          b  10.0000    0.1    B  unknown     keep
    """
    window, before = [str(m) for m in months], [str(m) for m in last_year_months]
    _check_windows(window, before, as_of)
    table = _accounts(accounts)
    code = _account_codes(cube, table["account_id"])
    size = len(table)
    now = _sums(cube, code, size, window)
    table["revenue"], table["cost"] = to_money(now["revenue"]), _money_where(now["cost"], now["cost_known"])
    tier_cuts = [params.tier_a_share, params.tier_b_share]
    ranked = rank_accounts(table["revenue"], table["account_id"], cuts=tier_cuts)
    table[["rank", "share", "cumulative_share"]] = ranked[["rank", "share", "cumulative_share"]]
    table["tier"] = name_tiers(ranked["level"].to_numpy(), table["revenue"])
    compared = bool(cube["month"].isin(before).any())
    past = _sums(cube, code, size, before)["revenue"]
    table["revenue_last_year"] = _money_where(past, np.full(size, compared))
    table["revenue_change"] = _money_where(now["revenue"] - past, np.full(size, compared))
    ranked = rank_accounts(table["revenue_last_year"], table["account_id"], cuts=tier_cuts)
    table["share_last_year"] = ranked["share"]
    table["tier_last_year"] = name_tiers(ranked["level"].to_numpy(), to_money(past)) if compared else None
    earlier = np.zeros(size, dtype=bool)
    earlier[code[(code >= 0) & (cube["month"] < min(window)).to_numpy()]] = True
    table["movement"] = name_movements(table["tier"], table["tier_last_year"], bought_earlier=earlier)
    table = place_in_fields(table, months=len(window), params=params)
    table = contribution_after_service(table, months=len(window))
    table["key_account"] = _key_accounts(table, params)
    table["tenure_years"] = _tenure(pd.to_datetime(table["since"]), as_of)
    last_day = as_of - dt.timedelta(days=1)
    silence = find_silence(cube, table["account_id"], until=pd.Period(last_day, "M"), params=params)
    table = table.join(silence)
    table["gone_silent"] &= table["status"].ne("closed").fillna(True).astype(bool)
    return table.sort_values("rank", ignore_index=True)[COLUMNS]


def _check_windows(window: list[str], before: list[str], as_of: dt.date) -> None:
    for name, labels in (("months", window), ("last_year_months", before)):
        if not labels:
            raise ParameterError(f"{name} is empty; name at least one month, such as 2025-12.")
        late = [label for label in labels if label > f"{as_of:%Y-%m}"]
        if late:
            raise ParameterError(
                f"{name} holds {late[0]}, which begins after as_of {as_of}; name months that lie before it."
            )


def _accounts(accounts: pd.DataFrame) -> pd.DataFrame:
    twice = accounts["account_id"][accounts["account_id"].duplicated()]
    if len(twice):
        raise BookError(
            f"accounts.account_id: {len(twice)} rows repeat an account, such as {min(twice)}; keep one each."
        )
    table = accounts.sort_values("account_id", ignore_index=True)
    for column in (
        "name",
        "region",
        "account_type",
        "rep_id",
        "parent_id",
        "status",
        "since",
        "potential",
        "service_cost",
    ):
        if column not in table:
            table[column] = None
    table["name"] = table["name"].fillna(table["account_id"])
    for column in ("potential", "service_cost"):
        known = table[column].notna().to_numpy()
        ticks = np.zeros(len(table), dtype=np.int64)
        ticks[known] = to_ticks(table[column][known])
        table[column] = _money_where(ticks, known)
    return table


def _account_codes(cube: pd.DataFrame, ids: pd.Series) -> np.ndarray:
    code: np.ndarray = pd.Index(ids).get_indexer(cube["account_id"])
    unknown = cube["account_id"][(code < 0) & cube["account_id"].notna().to_numpy()].unique()
    if len(unknown):
        raise BookError(
            f"sales.account_id: {len(unknown)} accounts are not in accounts, such as {min(unknown)}; add "
            "them there, or leave the column empty for sales without an account."
        )
    return code


def _sums(cube: pd.DataFrame, code: np.ndarray, size: int, window: list[str]) -> dict[str, np.ndarray]:
    """Sum revenue and cost of the window by account, in ticks; a cost is known if it is on every row."""
    rows = cube["month"].isin(window).to_numpy() & (code >= 0)
    part, place = cube[rows], code[rows]
    costed = part["cost"].notna().to_numpy()
    cost = np.zeros(len(part), dtype=np.int64)
    cost[costed] = to_ticks(part["cost"][costed])
    ticks = pd.DataFrame({"revenue": to_ticks(part["revenue"]), "cost": cost, "unknown": ~costed})
    sums = ticks.groupby(place).sum().reindex(range(size), fill_value=0)
    return {
        "revenue": sums["revenue"].to_numpy(dtype=np.int64),
        "cost": sums["cost"].to_numpy(dtype=np.int64),
        "cost_known": (sums["unknown"] == 0).to_numpy() & bool(costed.any()),
    }


def _money_where(ticks: np.ndarray, known: np.ndarray) -> pd.Series:
    return to_money(ticks).where(pd.Series(known))


def _tenure(since: pd.Series, as_of: dt.date) -> pd.Series:
    """Count calendar years, so that an anniversary is a whole number."""
    months = 12 * (as_of.year - since.dt.year) + as_of.month - since.dt.month
    return (months / 12 + (as_of.day - since.dt.day) / _DAYS_A_YEAR).astype("float64")


def _key_accounts(table: pd.DataFrame, params: SegmentParams) -> pd.Series:
    measures = {"revenue": ["revenue"], "profit": ["profit"], "either": ["revenue", "profit"]}[
        params.key_measure
    ]
    if "profit" in measures and table["profit"].isna().all():
        raise ParameterError(
            f'segments.key_measure is "{params.key_measure}", but sales.cost is empty, so no profit is '
            'known; set it to "revenue", or give the cost of sales.'
        )
    key = pd.Series(False, index=table.index)
    for measure in measures:
        if params.key_threshold is None:
            ranked = rank_accounts(table[measure], table["account_id"], cuts=[params.key_share])
            key |= ranked["level"] == 0
        else:
            key |= (table[measure] >= params.key_threshold).fillna(False).astype(bool)
    return key
