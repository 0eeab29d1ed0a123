"""360-degree feedback: small groups merged, severity removed, groups weighed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.appraisal.agreement import Severity, krippendorff_alpha, rater_severity
from kamlib.errors import BookError, ParameterError
from kamlib.params import Params, param

GROUPS = ("superior", "subordinate", "peer", "customer")
MERGED = "others"
_WORTH = 0.125  # of the scale: half a step of five, below which no rounded score changes
_CLEAR = 3.0  # standard errors: one rater in 400 looks so by chance, and a company has some dozens


class FeedbackParams(Params):
    """How feedback is put together."""

    section = "feedback"
    superior_weight: float = param(0.4,
        en="weight of superiors", zh="上级权重", unit="fraction",
        source="superiors see results, others conduct", strength="our choice", ge=0, le=1)  # fmt: skip
    subordinate_weight: float = param(0.1, en="weight of subordinates", zh="下级权重", unit="fraction",
        source="few reps lead others", strength="our choice", ge=0, le=1)  # fmt: skip
    peer_weight: float = param(0.25, en="weight of peers", zh="同级权重", unit="fraction",
        source="as much as customers", strength="our choice", ge=0, le=1)  # fmt: skip
    customer_weight: float = param(0.25, en="weight of customers", zh="客户权重", unit="fraction",
        source="as much as peers", strength="our choice", ge=0, le=1)  # fmt: skip
    least_raters: int = param(3,
        en="raters a group needs to be shown by itself", zh="单独展示的评价组最少人数",
        unit="raters", source="common practice of 360-degree vendors: groups under three are merged",
        strength="vendor practice", ge=1)  # fmt: skip
    superiors_exempt: bool = param(True,
        en="superiors are shown by themselves however few", zh="上级评价不受人数限制",
        unit="", source="a rep knows who the superior is", strength="vendor practice")  # fmt: skip
    scale_low: float = param(1.0, en="least score of the scale", zh="评分下限", unit="score",
        source="five steps are usual", strength="vendor practice")  # fmt: skip
    scale_high: float = param(5.0, en="highest score of the scale", zh="评分上限", unit="score",
        source="five steps are usual", strength="vendor practice")  # fmt: skip

    @property
    def weights(self) -> dict[str, float]:
        """Weight by rater group."""
        return {group: getattr(self, f"{group}_weight") for group in GROUPS}


@dataclass(frozen=True)
class Feedback:
    """What a cycle of feedback says.

    Attributes
    ----------
    reps : pandas.DataFrame
        One row per rep: rep_id, feedback_score (score points 0..100 of the scale; null where no group can be
        shown), raters.
    groups : pandas.DataFrame
        One row per rep and group that is shown (``others`` for merged ones): rep_id, rater_group, merged (the
        groups in it), raters, group_mean [score], group_weight [fraction of the rep's groups].
    hidden : pandas.DataFrame
        One row per rep whose groups were too small even together: rep_id, raters.
    raters : pandas.DataFrame
        One row per rater: rater_id, ratings, rater_severity, severity_error, severe (True where clearly
        below the average: by three standard errors and half a step of five; null where it cannot be told).
    severity_removed : bool
        Whether scores are what an average rater would give; False where the rater graph is not connected.
    agreement : float
        Krippendorff's alpha of raters on reps (interval), over mean scores by rater; NaN where nobody is
        rated twice.
    """

    reps: pd.DataFrame
    groups: pd.DataFrame
    hidden: pd.DataFrame
    raters: pd.DataFrame
    severity_removed: bool
    agreement: float


def score_feedback(ratings: pd.DataFrame, *, params: FeedbackParams) -> Feedback:
    """Put one cycle of feedback together.

    A rater's scores of a rep are first averaged over competencies. Groups with fewer raters than
    `least_raters` are merged into one; where that is still too small, the smallest group shown joins it, so
    that no group left out can be derived from what is shown. Superiors may be exempt. The weight of a merged
    group is the sum of its groups'; a rep's weights are then raised to sum to 1. Comments are not read.

    Parameters
    ----------
    ratings : pandas.DataFrame
        One row a rating: rep_id, rater_id, rater_group, competency, score.
    params : FeedbackParams
        Weights, least number of raters, scale.

    Raises
    ------
    BookError
        If a score is off the scale.
    ParameterError
        If the weights of groups do not sum to 1.
    """
    if abs(sum(params.weights.values()) - 1) > 1e-6:
        total = sum(params.weights.values())
        raise ParameterError(f"feedback: the weights of groups sum to {total:g}; they must sum to 1.")
    off = ratings[(ratings["score"] < params.scale_low) | (ratings["score"] > params.scale_high)]
    if len(off):
        raise BookError(
            f"feedback.score: {off['score'].iloc[0]:g} ({len(off)} such) is off the scale"
            f" {params.scale_low:g} to {params.scale_high:g}. Correct it, or set the scale in feedback."
        )
    by_rater = ratings.groupby(["rep_id", "rater_id", "rater_group"], as_index=False)["score"].mean()
    try:
        # A customer rates one rep only, so severities are taken over all who rate several.
        fit = rater_severity(by_rater, person="rep_id", rater="rater_id", score="score")
    except ParameterError:
        fit = None
    shown = by_rater
    if fit is not None:
        shown = by_rater.assign(score=by_rater["score"] - by_rater["rater_id"].map(fit.raters))
    groups, hidden = _show_groups(shown, params)
    scale = params.scale_high - params.scale_low
    weighted = (groups["group_mean"] * groups["group_weight"]).groupby(groups["rep_id"]).sum()
    reps = by_rater.groupby("rep_id")["rater_id"].nunique().rename("raters").reset_index()
    score = 100 * (reps["rep_id"].map(weighted) - params.scale_low) / scale
    reps.insert(1, "feedback_score", score.clip(0, 100))
    wide = by_rater.pivot_table(index="rep_id", columns="rater_id", values="score")
    twice = bool((wide.notna().sum(axis=1) >= 2).any())
    return Feedback(
        reps=reps,
        groups=groups,
        hidden=hidden,
        raters=_raters(by_rater, fit, worth=_WORTH * scale),
        severity_removed=fit is not None,
        agreement=krippendorff_alpha(wide) if twice else float("nan"),
    )


def _show_groups(by_rater: pd.DataFrame, params: FeedbackParams) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, hidden = [], []
    for rep, mine in by_rater.groupby("rep_id"):
        sizes = mine.groupby("rater_group")["rater_id"].nunique()
        shown, merged = _merge_groups(sizes, params)
        parts = [(group, (group,)) for group in shown] + ([(MERGED, merged)] if merged else [])
        total = sum(params.weights[g] for _, members in parts for g in members)
        if not parts or total <= 0:
            hidden.append((rep, int(sizes.sum())))
            continue
        for name, members in parts:
            scores = mine.loc[mine["rater_group"].isin(members), "score"]
            weight = sum(params.weights[g] for g in members) / total
            rows.append((rep, name, " + ".join(members), len(scores), float(scores.mean()), weight))
    columns = ["rep_id", "rater_group", "merged", "raters", "group_mean", "group_weight"]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(hidden, columns=["rep_id", "raters"])


def _merge_groups(
    sizes: Mapping[str, int] | pd.Series, params: FeedbackParams
) -> tuple[list[str], tuple[str, ...]]:
    """Say which groups are shown by themselves and which only together.

    Parameters
    ----------
    sizes : mapping of str to int
        Raters by group; groups without a rater are not named.
    params : FeedbackParams
        Least number of raters; whether superiors are exempt.

    Returns
    -------
    tuple of (list of str, tuple of str)
        Groups shown, in the order of `GROUPS`, and those merged into one (empty where none is). Groups too
        small even with the smallest other one are in neither: nothing is shown of them.

    Examples
    --------
    >>> _merge_groups({"superior": 1, "peer": 4, "customer": 2}, FeedbackParams())
    (['superior'], ('peer', 'customer'))
    """
    present = [group for group in GROUPS if sizes.get(group, 0) > 0]
    exempt = [g for g in present if g == "superior" and params.superiors_exempt]
    shown = [g for g in present if g not in exempt and sizes[g] >= params.least_raters]
    merged = [g for g in present if g not in exempt and sizes[g] < params.least_raters]
    if merged and sum(sizes[g] for g in merged) < params.least_raters and shown:
        smallest = min(shown, key=lambda g: (sizes[g], GROUPS.index(g)))
        shown.remove(smallest)
        merged = [g for g in GROUPS if g in (*merged, smallest)]
    if merged and sum(sizes[g] for g in merged) < params.least_raters:
        merged = []
    return [g for g in GROUPS if g in (*exempt, *shown)], tuple(merged)


def _raters(by_rater: pd.DataFrame, fit: Severity | None, *, worth: float) -> pd.DataFrame:
    table = by_rater.groupby("rater_id").size().rename("ratings").reset_index()
    if fit is None:
        return table.assign(severity=np.nan, severity_error=np.nan, severe=pd.Series(dtype="boolean"))
    table["rater_severity"] = table["rater_id"].map(fit.raters)
    table["severity_error"] = table["rater_id"].map(fit.errors)
    judged = (table["ratings"] >= 2) & table["severity_error"].gt(0)
    severe = table["rater_severity"] < -np.maximum(_CLEAR * table["severity_error"], worth)
    table["severe"] = severe.astype("boolean").where(judged)
    return table.sort_values(["rater_severity", "rater_id"], ignore_index=True)
