"""What each rep should work on: the KPIs that cost most against peers, and the plan for each."""

from __future__ import annotations

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
    plans: dict[str, str] = param(
        {},
        en="by measure: the improvement or training line that a plan takes up",
        zh="按指标：改进或培训措施",
        unit="",
        source="none unless the company sets one",
        strength="our choice",
    )


def cost_drivers(scores: pd.DataFrame, *, params: GrowthParams) -> pd.DataFrame:
    """Name the KPIs that cost a rep most points against the median of peers.

    The cost is what the KPI weighs for the rep times how far its score lies below the median of all other
    reps measured on it; a KPI at or above the median costs nothing and is not named.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of `kamlib.appraisal.scorecard.score_reps`.
    params : GrowthParams
        How many; lines by measure.

    Returns
    -------
    pandas.DataFrame
        One row per rep and driver, the costliest first: rep_id, driver (1 is the first), kpi, score,
        peer_score, points_lost [score points], plan (null where the parameters attach none).

    Examples
    --------
    >>> scores = pd.DataFrame({"rep_id": ["a", "b", "c"], "kpi": "sales_volume", "score": [50.0, 90.0, 100.0],
    ...                        "used_weight": 0.5})
    >>> cost_drivers(scores, params=GrowthParams())[["rep_id", "peer_score", "points_lost"]]
      rep_id  peer_score  points_lost
    0      a        95.0  22.5
    """
    known = scores[scores["score"].notna()].copy()
    known["peer_score"] = [
        known.loc[(known["kpi"] == kpi) & (known["rep_id"] != rep), "score"].median()
        for rep, kpi in zip(known["rep_id"], known["kpi"], strict=True)
    ]
    known["points_lost"] = known["used_weight"] * (known["peer_score"] - known["score"])
    costly = known[known["points_lost"] > 0]
    costly = costly.sort_values(
        ["rep_id", "points_lost", "kpi"], ascending=[True, False, True], ignore_index=True
    )
    costly["driver"] = costly.groupby("rep_id").cumcount() + 1
    costly = costly[costly["driver"] <= params.drivers].reset_index(drop=True)
    costly["plan"] = (
        costly["kpi"].map(params.plans).astype("str").where(costly["kpi"].isin(list(params.plans)))
    )
    return costly[["rep_id", "driver", "kpi", "score", "peer_score", "points_lost", "plan"]]
