"""What pay hangs on: its cost while a period is open, ranks that may flip, territories that earn more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.incentives.pay import bonus_of_ranks, pay_cost, target_pays
from kamlib.incentives.pay_params import PayParams
from kamlib.measures.money import as_float

Floats = npt.NDArray[np.float64]
_FEW = 3  # reps of a group below which a ratio of it tells of persons, not of the group
_DRAWS = 1000  # ends of an 80 % range are then known to about a percent of the draws
_THIRDS = ("small", "middle", "large")


def cost_at_forecast(
    targets: pd.DataFrame,
    keys: pd.DataFrame,
    paths: npt.NDArray[np.int64] | None,
    *,
    params: PayParams,
) -> pd.DataFrame | None:
    """Say what variable pay may cost when the period is still open.

    Each joint path of what the accounts of reps may bring is an attainment of every rep, and the curve a
    payout; reps rise and fall together on a path, and so does the cost. Bonuses by rank are no part of it.

    Parameters
    ----------
    targets : pandas.DataFrame
        One row per target: dimension, key, target [currency]; rows of dimension ``rep`` with a key and a
        target above nothing count.
    keys : pandas.DataFrame
        One row per level and key: level, key.
    paths : numpy.ndarray of int64, shape (rows of keys, n), or None
        What the period brings on each path [currency / 10,000].
    params : PayParams
        Of the period that is open (`kamlib.incentives.pay_params.pay_of_months`).

    Returns
    -------
    pandas.DataFrame or None
        One row, as `kamlib.incentives.pay.pay_cost`, and reps, how many it speaks of, with their mean
        target_pay [currency]; None without paths or reps, and where pay goes by score, which no forecast
        tells.

    Examples
    --------
    >>> targets = pd.DataFrame({"dimension": ["rep"], "key": ["R"], "target": [100.0]})
    >>> keys = pd.DataFrame({"level": ["rep"], "key": ["R"]})
    >>> paths = np.array([[1_000_000, 850_000, 1_200_000, 500_000]])
    >>> cost_at_forecast(targets, keys, paths, params=PayParams(target_pay=100.0))["mean_cost"].item()
    72.5
    """
    asked = targets[(targets["dimension"] == "rep") & targets["key"].notna()]
    amount = dict(zip(asked["key"].astype(str), as_float(asked["target"]), strict=True))
    of_rep = (keys["level"] == "rep") & keys["key"].map(lambda key: amount.get(str(key), 0.0) > 0)
    if paths is None or not of_rep.any() or params.by == "score":
        return None
    reps = keys.loc[of_rep, "key"].astype(str)
    wanted = reps.map(amount).to_numpy(dtype=float)
    drawn = paths[of_rep.to_numpy()] / 10_000 / wanted[:, None]
    pays = target_pays(reps, params=params)
    cost = pay_cost(drawn.T, params=params, pays=pays, targets=wanted)
    return cost.assign(reps=int(of_rep.sum()), target_pay=pays.mean())


def rank_stakes(ranks: pd.DataFrame, counts: npt.NDArray[np.int64], *, params: PayParams) -> pd.DataFrame:
    """Say how much of pay hangs on the order of ranks.

    Parameters
    ----------
    ranks : pandas.DataFrame
        One row per rep: rep_id, score_rank.
    counts : numpy.ndarray of int, shape (reps, ranks)
        Draws in which the rep has the rank, reps in the same order.
    params : PayParams
        Bonuses by rank.

    Returns
    -------
    pandas.DataFrame
        One row per rep: rep_id, rank_bonus (for the rank found), bonus_expected (mean over the draws)
        [currency], bonus_at_stake (share of the draws that pay another bonus [fraction]); null where the rep
        has no rank.

    Raises
    ------
    ParameterError
        If `counts` has not one row per rep.

    Examples
    --------
    >>> ranks = pd.DataFrame({"rep_id": ["a", "b"], "score_rank": [1, 2]})
    >>> params = PayParams(rank_bonus=((1, 1000.0),))
    >>> rank_stakes(ranks, np.array([[70, 30], [30, 70]]), params=params)
      rep_id  rank_bonus  bonus_expected  bonus_at_stake
    0      a      1000.0           700.0             0.3
    1      b         0.0           300.0             0.3
    """
    if len(counts) != len(ranks):
        raise ParameterError(f"counts has {len(counts)} rows for {len(ranks)} reps; it needs one for each.")
    paid = bonus_of_ranks(ranks["score_rank"], params)
    each = bonus_of_ranks(pd.Series(np.arange(1, counts.shape[1] + 1)), params)
    total = counts.sum(axis=1)
    drawn = np.where(total > 0, total, 1)
    known = ~np.isnan(paid) & (total > 0)
    other = (counts * (each[None, :] != paid[:, None])).sum(axis=1)
    return pd.DataFrame(
        {
            "rep_id": ranks["rep_id"].to_numpy(),
            "rank_bonus": np.where(known, paid, np.nan),
            "bonus_expected": np.where(known, counts @ each / drawn, np.nan),
            "bonus_at_stake": np.where(known, other / drawn, np.nan),
        }
    )


def pay_fairness(pay: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Compare pay per point of attainment across territories.

    Reps are put together by region, and by the size of their target in thirds (ties by id). A group's pay per
    point is its payouts over its points of attainment; where groups differ though attainment counts alike for
    all, the curve, caps or targets favour one. Ranges resample the reps of a group.

    Parameters
    ----------
    pay : pandas.DataFrame
        One row per rep: rep_id, pay_basis [fraction], payout [currency], region (may be null), territory_size
        (the target [currency], may be null).
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    pandas.DataFrame
        One row per side and group: pay_side (``region`` or ``territory``), pay_group, reps, mean_basis
        [fraction], pay_per_point [currency per point], against_all (over that of all [fraction]), ratio_low,
        ratio_high (80 % range of against_all; null under three reps). Groups without attainment are left out.

    Examples
    --------
    >>> pay = pd.DataFrame({"rep_id": ["a", "b"], "pay_basis": [1.0, 0.5], "payout": [100.0, 20.0],
    ...                     "region": ["N", "S"], "territory_size": [None, None]})
    >>> found = pay_fairness(pay, rng=np.random.default_rng(1))
    >>> found[["pay_group", "pay_per_point", "against_all"]].round(2).values.tolist()
    [['N', 1.0, 1.25], ['S', 0.4, 0.5]]
    """
    known = pay[pay["pay_basis"].notna() & pay["payout"].notna()].sort_values("rep_id", ignore_index=True)
    points = 100 * known["pay_basis"].to_numpy(dtype=float)
    paid = known["payout"].to_numpy(dtype=float)
    if not points.sum() > 0 or not paid.sum() > 0:
        return _no_groups()
    overall = paid.sum() / points.sum()
    rows = []
    for side, label in (("region", known["region"]), ("territory", _thirds(known["territory_size"]))):
        for group in [g for g in _THIRDS if side == "territory"] or sorted(set(label.dropna())):
            at = np.flatnonzero((label == group).to_numpy())
            if not points[at].sum() > 0:
                continue
            per_point = paid[at].sum() / points[at].sum()
            again = rng.choice(at, (_DRAWS, len(at)))
            sums = points[again].sum(axis=1)
            ratio = paid[again].sum(axis=1) / np.where(sums > 0, sums, np.nan) / overall
            low, high = np.nanquantile(ratio, [0.1, 0.9]) if len(at) >= _FEW else (np.nan, np.nan)
            rows.append(
                (side, group, len(at), points[at].mean() / 100, per_point, per_point / overall, low, high)
            )
    return pd.DataFrame(rows, columns=list(_no_groups().columns)).astype(_TYPES)


_TYPES = {
    "pay_side": "str",
    "pay_group": "str",
    "reps": "int64",
    **dict.fromkeys(("mean_basis", "pay_per_point", "against_all", "ratio_low", "ratio_high"), "float64"),
}


def _no_groups() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _TYPES.items()})


def _thirds(size: pd.Series) -> pd.Series:
    """Put sizes in thirds, equal ones in order of appearance; null where there are fewer than three."""
    known = size.astype("float64").dropna().sort_values(kind="stable")
    label = pd.Series(pd.NA, index=size.index, dtype="str")
    if len(known) >= len(_THIRDS):
        place = np.arange(len(known)) * len(_THIRDS) // len(known)
        label[known.index] = np.array(_THIRDS, dtype=object)[place]
    return label
