"""360-degree feedback: small groups merged, severity removed, groups weighed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import model_validator

from kamlib.appraisal.agreement import Icc, icc, krippendorff_alpha, rater_severity, rating_circles
from kamlib.errors import BookError
from kamlib.params import ROUNDED, Params, param

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

    @model_validator(mode="after")
    def _check(self) -> FeedbackParams:
        total = sum(self.weights.values())
        if abs(total - 1) > ROUNDED:
            raise ValueError(f"the weights of groups sum to {total:g}; they must sum to 1")
        if self.scale_low >= self.scale_high:
            raise ValueError(
                f"scale_low {self.scale_low:g} is not below scale_high {self.scale_high:g}; turn them round"
            )
        return self


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
        One row per rep with ratings that are shown nowhere, as their groups are too small even together or
        weigh nothing: rep_id, raters (those that are not shown).
    raters : pandas.DataFrame
        One row per rater: rater_id, ratings, rater_severity, severity_error (null for who rates one rep, and
        where it cannot be compared), severe (True where clearly below the average: by three standard errors
        and half a step of five; null where it cannot be told).
    circles : int
        Circles of raters whose severities were compared and removed; 0 where none could be. In more than one
        the raters of each circle are taken to be alike on average.
    agreement : float
        Krippendorff's alpha of raters on reps (interval), over mean scores by rater; NaN where nobody is
        rated twice.
    icc : Icc or None
        Intraclass correlations of the same; None where nobody is rated twice or all are rated alike.
    """

    reps: pd.DataFrame
    groups: pd.DataFrame
    hidden: pd.DataFrame
    raters: pd.DataFrame
    circles: int
    agreement: float
    icc: Icc | None


def score_feedback(ratings: pd.DataFrame, *, params: FeedbackParams) -> Feedback:
    """Put one cycle of feedback together.

    A rater's scores of a rep are first averaged over competencies. Groups with fewer raters than
    `least_raters` are merged into one; where that is still too small, the smallest group shown joins it, so
    that no group left out can be derived from what is shown. Superiors may be exempt. What is shown nowhere
    takes no part in anything that is shown. The weight of a merged group is the sum of its groups'; a rep's
    weights are then raised to sum to 1. Comments are not read.

    The severity of raters of two reps or more is removed, within each circle of raters and reps that ratings
    connect. Who rates one rep only, as customers do, has no severity that could be told from the rep's
    conduct: such scores count as they were given.

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
    """
    off = ratings[(ratings["score"] < params.scale_low) | (ratings["score"] > params.scale_high)]
    if len(off):
        raise BookError(
            f"feedback.score: {off['score'].iloc[0]:g} ({len(off)} such) is off the scale"
            f" {params.scale_low:g} to {params.scale_high:g}. Correct it, or set the scale in feedback."
        )
    by_rater = ratings.groupby(["rep_id", "rater_id", "rater_group"], as_index=False)["score"].mean()
    places = by_rater.merge(_place_groups(by_rater, params), on=["rep_id", "rater_group"])
    kept = places[places["shown_as"].notna()]
    severity, circles = _severities(kept)
    lean = severity["rater_severity"].reindex(kept["rater_id"]).fillna(0.0)
    groups = _group_means(kept.assign(score=kept["score"] - lean.to_numpy()))
    scale = params.scale_high - params.scale_low
    weighted = (groups["group_mean"] * groups["group_weight"]).groupby(groups["rep_id"]).sum()
    reps = by_rater.groupby("rep_id")["rater_id"].nunique().rename("raters").reset_index()
    score = 100 * (reps["rep_id"].map(weighted).astype("float64") - params.scale_low) / scale
    reps.insert(1, "feedback_score", score.clip(0, 100))
    hidden = places[places["shown_as"].isna()].groupby("rep_id")["rater_id"].nunique()
    alpha, correlation = _agreement(kept)
    return Feedback(
        reps=reps,
        groups=groups,
        hidden=hidden.rename("raters").reset_index(),
        raters=_raters(by_rater, severity, worth=_WORTH * scale),
        circles=circles,
        agreement=alpha,
        icc=correlation,
    )


def _place_groups(by_rater: pd.DataFrame, params: FeedbackParams) -> pd.DataFrame:
    """Say under which name each group of a rep's raters is shown (null: nowhere), and what it weighs."""
    rows = []
    for rep, mine in by_rater.groupby("rep_id"):
        sizes = mine.groupby("rater_group")["rater_id"].nunique()
        alone, merged = _merge_groups(sizes, params)
        total = sum(params.weights[g] for g in (*alone, *merged))
        for group in sizes.index:
            name = group if group in alone else MERGED if group in merged else None
            shown = name is not None and total > 0
            rows.append((rep, group, name if shown else None, params.weights[group] / total if shown else 0))
    columns = ["rep_id", "rater_group", "shown_as", "part"]
    return pd.DataFrame(rows, columns=columns).astype({"shown_as": "str", "part": "float64"})


def _group_means(kept: pd.DataFrame) -> pd.DataFrame:
    order = {name: k for k, name in enumerate((*GROUPS, MERGED))}
    rows = []
    for (rep, name), mine in kept.groupby(["rep_id", "shown_as"]):
        parts = mine.drop_duplicates("rater_group").set_index("rater_group")["part"]
        members = " + ".join(g for g in GROUPS if g in parts.index)
        rows.append((rep, name, members, len(mine), float(mine["score"].mean()), float(parts.sum())))
    columns = ["rep_id", "rater_group", "merged", "raters", "group_mean", "group_weight"]
    rows.sort(key=lambda row: (row[0], order[row[1]]))
    return pd.DataFrame(rows, columns=columns).astype({"group_mean": "float64", "group_weight": "float64"})


def _severities(kept: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return severity and standard error of who rates several reps, by rater, and the number of circles."""
    several = kept[kept.groupby("rater_id")["rep_id"].transform("nunique") >= 2]
    fits = []
    for _, circle in several.groupby(rating_circles(several, person="rep_id", rater="rater_id")):
        if circle["rater_id"].nunique() >= 2:
            fit = rater_severity(circle, person="rep_id", rater="rater_id", score="score")
            fits.append(pd.DataFrame({"rater_severity": fit.raters, "severity_error": fit.errors}))
    empty = pd.DataFrame({"rater_severity": [], "severity_error": []}, dtype="float64")
    return (pd.concat(fits) if fits else empty), len(fits)


def _agreement(kept: pd.DataFrame) -> tuple[float, Icc | None]:
    """Return Krippendorff's alpha and intraclass correlations of raters on reps, where they can be had."""
    wide = kept.pivot_table(index="rep_id", columns="rater_id", values="score")
    if not (wide.notna().sum(axis=1) >= 2).any():
        return float("nan"), None
    told_apart = len(wide) >= 2 and kept["score"].nunique() >= 2
    return krippendorff_alpha(wide), icc(wide) if told_apart else None


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


def _raters(by_rater: pd.DataFrame, severity: pd.DataFrame, *, worth: float) -> pd.DataFrame:
    table = by_rater.groupby("rater_id")["rep_id"].nunique().rename("ratings").reset_index()
    for column in ("rater_severity", "severity_error"):
        table[column] = severity[column].reindex(table["rater_id"]).to_numpy()
    severe = table["rater_severity"] < -np.maximum(_CLEAR * table["severity_error"], worth)
    table["severe"] = severe.astype("boolean").where(table["severity_error"] > 0)
    return table.sort_values(["rater_severity", "rater_id"], ignore_index=True)
