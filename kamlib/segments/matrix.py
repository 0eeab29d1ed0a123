"""Who could bring more: share of wallet, open potential, and the four fields of value and potential."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.measures.money import as_float, sum_money, to_money, to_ticks
from kamlib.segments.params import SegmentParams
from kamlib.segments.pareto import rank_accounts

FIELDS = ("keep", "grow", "harvest", "review", "unknown")
"""Fields in order: value and potential high, only potential, only value, neither, potential unknown."""


def place_in_fields(table: pd.DataFrame, *, months: int, params: SegmentParams) -> pd.DataFrame:
    """Add share of wallet, open potential and the field of value and potential to a table of accounts.

    Value is read as share of wallet, what the account brings against what it could: high from `wallet_cut`.
    Potential is high for the accounts that hold `potential_share` of all known potential together (the
    account that crosses is inside, and so is every account of the same potential), or from
    `potential_threshold`. A missing potential stays missing and its field is unknown. A potential below
    sales gives a share of wallet above 1 and no open potential. A potential of zero is low; its share of
    wallet is missing, and its value high if the account bought all the same.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n, k)
        One row per account: `account_id`, `revenue` of the window [currency], `potential` [currency/year].
    months : int
        Length of the window; revenue is brought to a year [months].
    params : SegmentParams
        The cuts.

    Returns
    -------
    pandas.DataFrame, shape (n, k + 3)
        The table with `share_of_wallet` [fraction], `open_potential` [currency/year] and `field`, one of
        `FIELDS`.

    Examples
    --------
    >>> book = pd.DataFrame(
    ...     {"account_id": ["a", "b", "c"], "revenue": [60, 10, 5], "potential": [100, 100, None]}
    ... )
    >>> place_in_fields(book, months=12, params=SegmentParams())["field"].tolist()
    ['keep', 'grow', 'unknown']
    """
    result = table.copy()
    known = result["potential"].notna().to_numpy()
    potential = np.zeros(len(result), dtype=np.int64)
    potential[known] = to_ticks(result["potential"][known])
    bought = to_ticks(result["revenue"])
    yearly = np.rint(bought * (12 / months)).astype(np.int64) if months != 12 else bought
    with np.errstate(divide="ignore", invalid="ignore"):
        wallet = np.where(known & (potential > 0), yearly / potential, np.nan)
    result["share_of_wallet"] = wallet
    open_potential = np.clip(potential - np.maximum(yearly, 0), 0, None)
    result["open_potential"] = to_money(open_potential, index=result.index).where(
        pd.Series(known, index=result.index)
    )
    if params.potential_threshold is None:
        ranked = rank_accounts(result["potential"], result["account_id"], cuts=[params.potential_share])
        inside = (ranked["level"] == 0).to_numpy()
        high_potential = inside | (potential >= potential[inside].min(initial=np.iinfo(np.int64).max))
    else:
        high_potential = potential >= int(params.potential_threshold * 10_000)
    high_value = np.where(potential > 0, np.nan_to_num(wallet) >= params.wallet_cut, yearly > 0)
    fields = np.select(
        [~known, high_potential & high_value, high_potential, high_value],
        ["unknown", "keep", "grow", "harvest"],
        "review",
    )
    result["field"] = fields.astype(object)
    return result


def summarise_fields(segments: pd.DataFrame, *, months: int = 12) -> pd.DataFrame:
    """Sum accounts by field of value and potential.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.
    months : int
        Length of the window; revenue is brought to a year for the share of wallet [months].

    Returns
    -------
    pandas.DataFrame, shape (5, 6)
        One row per `field` of `FIELDS`: `accounts`, `revenue` [currency], `potential` and `open_potential`
        [currency/year], `share_of_wallet` of the field as a whole [fraction]; potential is missing for
        unknown.
    """
    sums = sum_money(segments, ["field"], ["revenue", "potential", "open_potential"]).set_index("field")
    rows = pd.DataFrame({"field": FIELDS})
    rows["accounts"] = segments.groupby("field").size().reindex(FIELDS, fill_value=0).to_numpy(dtype=np.int64)
    for column in ("revenue", "potential", "open_potential"):
        rows[column] = to_money(to_ticks(sums[column].reindex(FIELDS).fillna(0)))
    rows.loc[rows["field"] == "unknown", ["potential", "open_potential"]] = None
    potential = as_float(rows["potential"])
    with np.errstate(divide="ignore", invalid="ignore"):
        rows["share_of_wallet"] = np.where(
            potential > 0, as_float(rows["revenue"]) * 12 / months / potential, np.nan
        )
    return rows
