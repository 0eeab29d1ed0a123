"""Who moved: from tier to tier since last year, who came, who went."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.measures.money import sum_money, to_money, to_ticks
from kamlib.segments.pareto import TIERS

MOVEMENTS = ("new", "returned", "up", "same", "down", "lost", "none", "unknown")
"""Kinds of movement, in order of display."""


def name_movements(
    tier: pd.Series, tier_last_year: pd.Series, *, bought_earlier: npt.NDArray[np.bool_]
) -> npt.NDArray[np.object_]:
    """Name how each account moved between last year's tiers and this year's.

    Parameters
    ----------
    tier, tier_last_year : pandas.Series, shape (n,)
        Tiers A, B, C, none; last year's all missing where the book has no sales then.
    bought_earlier : numpy.ndarray of bool, shape (n,)
        Whether the account has any sale before the window.

    Returns
    -------
    numpy.ndarray of str, shape (n,)
        ``new``: bought, and never before the window; ``returned``: bought, not last year, but earlier;
        ``lost``: bought last year and not now; ``up``, ``same``, ``down``: bought in both, the tier rose,
        stayed, fell; ``none``: bought in neither; ``unknown``: there is no last year to compare with.

    Examples
    --------
    >>> name_movements(pd.Series(["A", "C", "none", "B"]), pd.Series(["B", "C", "A", "none"]),
    ...                bought_earlier=np.array([True, True, True, False])).tolist()
    ['up', 'same', 'lost', 'new']
    """
    place = {name: number for number, name in enumerate(TIERS)}
    now = tier.map(place).to_numpy(dtype=np.float64)
    past = tier_last_year.map(place).to_numpy(dtype=np.float64)
    absent = len(TIERS) - 1
    named = np.select(
        [
            np.isnan(past),
            (now == absent) & (past == absent),
            now == absent,
            (past == absent) & bought_earlier,
            past == absent,
            now < past,
            now > past,
        ],
        ["unknown", "none", "lost", "returned", "new", "up", "down"],
        "same",
    )
    return named.astype(object)


def movement_matrix(segments: pd.DataFrame) -> pd.DataFrame:
    """Count accounts and sum their money by last year's tier and this year's.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.

    Returns
    -------
    pandas.DataFrame, shape (16, 6)
        One row per `tier_last_year` x `tier`: `accounts`, `revenue_last_year`, `revenue` and `revenue_change`
        [currency]; no rows where the book has no last year.
    """
    return _summary(segments, ["tier_last_year", "tier"], pd.MultiIndex.from_product([TIERS, TIERS]))


def summarise_movements(segments: pd.DataFrame) -> pd.DataFrame:
    """Count accounts and sum their money by kind of movement.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.

    Returns
    -------
    pandas.DataFrame, shape (7, 5)
        One row per `movement` but unknown: `accounts`, `revenue_last_year`, `revenue` and `revenue_change`
        [currency]; no rows where the book has no last year.
    """
    return _summary(segments, ["movement"], pd.Index(MOVEMENTS[:-1]))


def _summary(segments: pd.DataFrame, keys: list[str], index: pd.Index) -> pd.DataFrame:
    money = ["revenue_last_year", "revenue", "revenue_change"]
    held = segments[segments["revenue_last_year"].notna()]
    if held.empty:
        index = index[:0]
    sums = sum_money(held, keys, money).set_index(keys).reindex(index)
    result = pd.DataFrame(
        {"accounts": held.groupby(keys).size().reindex(index, fill_value=0).to_numpy(dtype=np.int64)},
        index=index.set_names(keys),
    )
    for column in money:
        result[column] = to_money(to_ticks(sums[column].fillna(0)), index=result.index)
    return result.reset_index()
