"""Why an account is asked otherwise than what is adopted for the same months."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.measures.money import to_ticks


def held_reasons(accounts: pd.DataFrame, asked: pd.DataFrame, adopted: pd.DataFrame) -> pd.Series:
    """Say of each row of an account why what is asked differs from what holds.

    The first of these that applies: ``moved`` (another rep is asked now), ``closed`` (the plan does not ask
    it, as it does no closed account), ``new`` (what is adopted does not ask it), ``required`` (what required
    totals change of it differs from what they did when adopted, by half of the difference or more to the same
    side), the bound that bit in the plan (``floor`` if it asks more than what holds, ``cap`` if less,
    ``pin``), ``unbound`` (one that bit in what is adopted, to the other side, and does not now), else
    ``share`` (its share of the total).

    Parameters
    ----------
    accounts : pandas.DataFrame
        Rows of accounts of `kamlib.targets.held.Held`: key, target_held and held_change [currency].
    asked, adopted : pandas.DataFrame
        The plan and the adopted targets of the same months, one row per account, product line and month:
        account_id, bound and required_change [currency]. Adopted targets that tell neither of these are taken
        to have had none.

    Returns
    -------
    pandas.Series of str
        Along the rows.
    """
    key, change = accounts["key"], to_ticks(accounts["held_change"])
    bound, before = (_bounds_of(rows, key) for rows in (asked, adopted))
    bites, bit = _bites(bound, change), _bites(before, -change)
    toward = np.sign(change) * (_required_of(asked, key) - _required_of(adopted, key))
    moved = key.duplicated(keep=False)
    fresh = to_ticks(accounts["target_held"]) == 0
    codes = np.select(
        [
            moved,
            ~key.isin(asked["account_id"]),
            fresh,
            (toward > 0) & (2 * toward >= np.abs(change)),
            bites,
            bit & (bound != before),
        ],
        ["moved", "closed", "new", "required", bound, "unbound"],
        "share",
    )
    return pd.Series(codes, index=accounts.index, dtype="object")


def _bounds_of(targets: pd.DataFrame, accounts: pd.Series) -> npt.NDArray[np.object_]:
    """Return the bound that bit of each account; none where that is not told."""
    told = targets.reindex(columns=["account_id", "bound"]).drop_duplicates("account_id")
    bounds = told.set_index("account_id")["bound"].astype("object").reindex(accounts)
    return np.asarray(bounds.fillna("none"), dtype=np.object_)


def _required_of(targets: pd.DataFrame, accounts: pd.Series) -> npt.NDArray[np.int64]:
    """Return what required totals change of each account; nothing where that is not told [ticks]."""
    moved = targets.reindex(columns=["required_change"])["required_change"].fillna(0)
    sums = pd.Series(to_ticks(moved), index=targets["account_id"]).groupby(level=0).sum()
    return np.asarray(sums.reindex(accounts, fill_value=0), dtype=np.int64)


def _bites(bound: npt.NDArray[np.object_], change: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Say whether a bound is why an amount is larger, where change is above zero, or smaller."""
    return np.asarray((bound == "pin") | (bound == "floor") & (change > 0) | (bound == "cap") & (change < 0))
