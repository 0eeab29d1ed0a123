"""What each rep should work on: the KPIs that cost most against peers, and the plan for each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.params import Params, param


class GrowthParams(Params):
    """What is looked at, and which lines of improvement and training belong to which KPI."""

    section = "growth"
    drivers: int = param(
        3,
        en="KPIs named per rep, the costliest first",
        zh="每人列出的短板指标数，损失最大者在前",
        unit="KPIs",
        source="two or three are what a plan can hold",
        strength="vendor practice",
        ge=1,
    )
    peers: int = param(
        5,
        en="reps of the most like territory (size and number of accounts) that a rep is set against",
        zh="对照的相近区域客户经理人数（按规模与客户数）",
        unit="reps",
        source="a median of five is moved by no single one of them",
        strength="our choice",
        ge=1,
    )
    plans: dict[str, str] = param(
        {},
        en="by measure: the improvement or training line that a plan takes up",
        zh="按指标：改进或培训措施",
        unit="",
        source="none unless the company sets one",
        strength="our choice",
    )


def like_territories(territories: pd.DataFrame, *, count: int) -> dict[str, list[str]]:
    """Find for each rep the others whose territories are most like.

    Territories are as far apart as their size and their number of accounts, both on a log scale and in
    standard deviations; ties by id. Where a size is unknown, numbers of accounts alone decide, and where
    nothing differs, ids.

    Parameters
    ----------
    territories : pandas.DataFrame
        One row per rep: rep_id, territory_size [currency, may be null], accounts.
    count : int
        Peers per rep; all others where there are no more.

    Returns
    -------
    dict of str to list of str
        By rep the peers, the most like first.

    Examples
    --------
    >>> made = pd.DataFrame({"rep_id": list("abcd"), "territory_size": [10.0, 11.0, 90.0, 100.0],
    ...                      "accounts": [5, 5, 30, 30]})
    >>> like_territories(made, count=1)
    {'a': ['b'], 'b': ['a'], 'c': ['d'], 'd': ['c']}
    """
    table = territories.sort_values("rep_id", ignore_index=True)
    sides = []
    for name in ("territory_size", "accounts"):
        known = table[name].astype("float64").clip(lower=0)
        value = np.log1p(known)
        spread = float(value.std(ddof=0))
        sides.append(((value - value.mean()) / spread if spread > 0 else 0 * value).fillna(0.0).to_numpy())
    at = np.column_stack(sides)
    apart = np.round(((at[:, None] - at[None]) ** 2).sum(axis=2), 12)
    np.fill_diagonal(apart, np.inf)
    order = np.argsort(apart, axis=1, kind="stable")[:, : len(table) - 1]
    names = table["rep_id"].tolist()
    return {rep: [names[k] for k in order[i, :count]] for i, rep in enumerate(names)}


def cost_drivers(
    scores: pd.DataFrame, *, params: GrowthParams, territories: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Name the KPIs that cost a rep most points against the median of peers.

    The cost is what the KPI weighs for the rep times how far its score lies below the median of the peers
    measured on it; a KPI at or above the median costs nothing and is not named. Peers are the reps of the
    most like territories (`like_territories`), or all others where territories are not given or none of the
    peers is measured.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of `kamlib.appraisal.scorecard.score_reps`.
    params : GrowthParams
        How many; how many peers; lines by measure.
    territories : pandas.DataFrame, optional
        As `like_territories` takes it.

    Returns
    -------
    pandas.DataFrame
        One row per rep and driver, the costliest first: rep_id, driver (1 is the first), kpi, score,
        peer_score, points_lost against the peers, points_short of full marks [score points], plan (null where
        the parameters attach none).

    Examples
    --------
    >>> scores = pd.DataFrame({"rep_id": ["a", "b", "c"], "kpi": "sales_volume", "score": [50.0, 90.0, 100.0],
    ...                        "used_weight": 0.5})
    >>> cost_drivers(scores, params=GrowthParams())[["rep_id", "peer_score", "points_lost"]]
      rep_id  peer_score  points_lost
    0      a        95.0  22.5
    """
    known = scores[scores["score"].notna()].copy()
    like = {} if territories is None else like_territories(territories, count=params.peers)
    of_kpi = {str(kpi): part.set_index("rep_id")["score"] for kpi, part in known.groupby("kpi")}
    known["peer_score"] = [
        _peer_score(of_kpi[kpi].drop(rep), like.get(rep, []))
        for rep, kpi in zip(known["rep_id"], known["kpi"], strict=True)
    ]
    known["points_lost"] = known["used_weight"] * (known["peer_score"] - known["score"])
    known["points_short"] = (known["used_weight"] * (100 - known["score"])).clip(lower=0)
    costly = known[known["points_lost"] > 0]
    costly = costly.sort_values(
        ["rep_id", "points_lost", "kpi"], ascending=[True, False, True], ignore_index=True
    )
    costly["driver"] = costly.groupby("rep_id").cumcount() + 1
    costly = costly[costly["driver"] <= params.drivers].reset_index(drop=True)
    costly["plan"] = (
        costly["kpi"].map(params.plans).astype("str").where(costly["kpi"].isin(list(params.plans)))
    )
    return costly[["rep_id", "driver", "kpi", "score", "peer_score", "points_lost", "points_short", "plan"]]


def _peer_score(others: pd.Series, peers: list[str]) -> float:
    """Return the median score of peers; of all others where no peer is measured."""
    near = others.reindex([peer for peer in peers if peer in others.index])
    return float((near if len(near) else others).median())
