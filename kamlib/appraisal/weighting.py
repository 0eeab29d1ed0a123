"""Which weights hold: given, judged or from the data, then changed by policy, with the reason on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from kamlib.appraisal import data_weights as data
from kamlib.appraisal import judged_weights as judged
from kamlib.appraisal.kpi import Kpi
from kamlib.errors import ParameterError, did_you_mean
from kamlib.params import Params, as_tuple, param

FEW, SMALL = 5, 0.05
"""KPIs and least weight beyond which a scorecard draws a remark."""


def _a_day(text: str) -> str:
    """Refuse what is not YYYY-MM-DD to the letter: days are compared and sorted."""
    try:
        known = dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        known = False
    if not known:
        raise ValueError(f'"{text}" is not a day; write YYYY-MM-DD')
    return text


Day = Annotated[str, AfterValidator(_a_day)]


class Policy(BaseModel):
    """A rule that changes weights for a time.

    Attributes
    ----------
    name, who, why : str
        What it is called, who set it, for what reason.
    starts, ends : str or None
        First and last day, YYYY-MM-DD; without an end it holds on.
    factors : mapping of str to float
        By measure: what its weight is multiplied by before all are brought back to a sum of 1.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
    name: str
    who: str
    why: str
    starts: Day
    ends: Day | None = None
    factors: dict[str, float]

    @model_validator(mode="after")
    def _check(self) -> Policy:
        if self.ends is not None and self.ends < self.starts:
            raise ValueError(f"{self.name}: it ends on {self.ends}, before it starts on {self.starts}")
        wrong = [name for name, factor in self.factors.items() if not factor > 0]
        if wrong or not self.factors:
            raise ValueError(f"{self.name}: factors must be above 0, one at least")
        return self

    def holds(self, day: dt.date) -> bool:
        """Tell whether the policy holds on a day."""
        return self.starts <= day.isoformat() and (self.ends is None or day.isoformat() <= self.ends)


class WeightChange(BaseModel):
    """An entry of the review log: who changed the given weight of which KPI, when and why.

    Attributes
    ----------
    day : str
        YYYY-MM-DD.
    who, why : str
        Who decided, for what reason.
    kpi : str
        The KPI.
    before, after : float
        Its given weight before and after.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
    day: Day
    who: str
    why: str
    kpi: str
    before: float
    after: float


Policies = Annotated[tuple[Policy, ...], BeforeValidator(as_tuple)]
WeightLog = Annotated[tuple[WeightChange, ...], BeforeValidator(as_tuple)]


class WeightParams(Params):
    """How the KPIs' weights come about."""

    section = "weights"
    method: Literal[
        "given", "ahp", "group_ahp", "best_worst", "rank", "swing", "entropy", "critic", "standard_deviation"
    ] = param(
        "given",
        en="how weights come about: given with the KPIs, judged (ahp, group_ahp, best_worst, rank, swing) or "
        "from the scores (entropy, critic, standard_deviation)",
        zh="权重来源：给定；判断（ahp、group_ahp、best_worst、rank、swing）；数据（entropy、critic、standard_deviation）",
        unit="",
        source="weights that a manager sets and can defend",
        strength="our choice",
    )
    given_share: float = param(
        0.0,
        en="part of the given weights in a blend with the method's",
        zh="与所选方法混合时给定权重所占比例",
        unit="fraction",
        source="the method alone unless the company blends",
        strength="our choice",
        ge=0,
        le=1,
    )
    pairs: dict[str, float] = param(
        {},
        en="pairwise judgements for ahp: {first/second: how many times as important}",
        zh="AHP 成对判断：{甲/乙: 重要倍数}",
        unit="times",
        source="none unless the company judges",
        strength="our choice",
    )
    judges: dict[str, dict[str, float]] = param(
        {},
        en="for group_ahp: by judge, pairwise judgements as in pairs; the group's are their geometric means",
        zh="群组 AHP：按评判人给出成对判断，取几何平均",
        unit="times",
        source="none unless the company judges",
        strength="our choice",
    )
    swings: dict[str, float] = param(
        {},
        en="for swing: points of what it is worth to bring each KPI from worst to best, the largest 100",
        zh="摆幅法：各指标由最差到最佳的价值分，最大者为 100",
        unit="points",
        source="none unless the company judges",
        strength="our choice",
    )
    best_to_others: dict[str, float] = param(
        {},
        en="for best_worst: how many times as important the best KPI is as each",
        zh="最优最差法：最优指标相对各指标的倍数",
        unit="times",
        source="none unless the company judges",
        strength="our choice",
    )
    others_to_worst: dict[str, float] = param(
        {},
        en="for best_worst: how many times as important each KPI is as the worst",
        zh="最优最差法：各指标相对最差指标的倍数",
        unit="times",
        source="none unless the company judges",
        strength="our choice",
    )
    ranks: dict[str, float] = param(
        {},
        en="for rank: rank of each KPI, 1 the most important",
        zh="排序法：各指标名次，1 为最重要",
        unit="rank",
        source="none unless the company judges",
        strength="our choice",
    )
    rank_how: Literal["centroid", "sum", "reciprocal"] = param(
        "centroid",
        en="for rank: how ranks become weights: centroid (rank-order centroid), sum (rank-sum) or reciprocal",
        zh="排序法的换算：centroid（质心）、sum（名次和）、reciprocal（名次倒数）",
        unit="",
        source="Barron and Barrett 1996: the centroid comes nearest to weights that keep the order",
        strength="study",
    )
    log: WeightLog = param(
        (),
        en="review log of given weights: day, who, why, kpi, before, after; the last entry of a KPI is its "
        "weight now",
        zh="给定权重的审议记录：日期、决定人、原因、指标、调整前后；最后一条须等于现值",
        unit="",
        source="none unless the company keeps one",
        strength="our choice",
    )
    policies: Policies = param(
        (),
        en="policies that change weights for a time: name, who, why, starts, ends, factors by measure",
        zh="阶段性权重政策：名称、制定人、原因、起止日期、各指标系数",
        unit="",
        source="none unless the company sets one",
        strength="our choice",
    )


def settle_weights(
    kpis: Sequence[Kpi], scores: pd.DataFrame, *, day: dt.date, params: WeightParams
) -> pd.DataFrame:
    """Say what each KPI weighs and why.

    Parameters
    ----------
    kpis : sequence of Kpi
        KPIs with their given weights.
    scores : pandas.DataFrame, shape (reps, kpis)
        Scores by measure, for methods that weigh by data; only reps with every score count there.
    day : datetime.date
        Last day of what is appraised; policies that hold on it apply.
    params : WeightParams
        Method, judgements, policies.

    Returns
    -------
    pandas.DataFrame
        One row per KPI: kpi, given_weight, method_weight, policy_factor, weight; weights sum to 1.

    Raises
    ------
    ParameterError
        If judgements lack a KPI or name an unknown one, or the data cannot weigh.

    Examples
    --------
    >>> kpis = [Kpi(measure=m, weight=0.5, perspective="financial", target="peers")
    ...         for m in ("sales_volume", "new_account_value")]
    >>> policy = Policy(name="expansion", who="board", why="new region", starts="2025-01-01",
    ...                 factors={"new_account_value": 3.0})
    >>> settle_weights(kpis, pd.DataFrame(), day=dt.date(2025, 12, 31),
    ...                params=WeightParams(policies=(policy,)))["weight"].tolist()
    [0.25, 0.75]
    """
    check_weighting(kpis, params)
    names = [kpi.measure for kpi in kpis]
    given = pd.Series({kpi.measure: kpi.weight for kpi in kpis})
    found = _by_method(names, given, scores, kpis, params)
    if params.method != "given":
        found = data.blend_weights(given.to_dict(), found.to_dict(), judged_share=params.given_share)
    factor = pd.Series(1.0, index=names)
    for policy in params.policies:
        if policy.holds(day):
            factor = factor * pd.Series(policy.factors).reindex(names).fillna(1.0)
    weight = found[names] * factor
    return pd.DataFrame(
        {
            "kpi": names,
            "given_weight": given.to_numpy(),
            "method_weight": found[names].to_numpy(),
            "policy_factor": factor.to_numpy(),
            "weight": (weight / weight.sum()).to_numpy(),
        }
    )


def check_weighting(kpis: Sequence[Kpi], params: WeightParams) -> None:
    """Refuse policies and judgements that name other KPIs than the scorecard has.

    Raises
    ------
    ParameterError
        If a policy or the log names an unknown KPI, an entry of the log does not go on from the one before
        it or end at the weight given, or the method's judgements lack a KPI or name an unknown one.
    """
    names = [kpi.measure for kpi in kpis]
    for policy in params.policies:
        unknown = [name for name in policy.factors if name not in names]
        if unknown:
            raise ParameterError(
                f"weights.policies: {policy.name} names {unknown[0]}, which is no KPI of the scorecard."
                f"{did_you_mean(unknown[0], names)} Take it out, or add the KPI."
            )
    _check_log(kpis, params.log)
    if params.method in ("ahp", "group_ahp", "best_worst", "rank", "swing"):
        given = pd.Series({kpi.measure: kpi.weight for kpi in kpis})
        _by_method(names, given, pd.DataFrame(), kpis, params)


def _check_log(kpis: Sequence[Kpi], log: Sequence[WeightChange]) -> None:
    given = {kpi.measure: kpi.weight for kpi in kpis}
    last: dict[str, WeightChange] = {}
    for entry in sorted(log, key=lambda entry: entry.day):
        if entry.kpi not in given:
            raise ParameterError(
                f"weights.log: {entry.day} names {entry.kpi}, which is no KPI of the scorecard."
                f"{did_you_mean(entry.kpi, given)}"
            )
        before = last.get(entry.kpi)
        if before is not None and before.after != entry.before:
            raise ParameterError(
                f"weights.log: {entry.kpi} goes from {entry.before:g} on {entry.day}, but was left at "
                f"{before.after:g} on {before.day}. Enter what happened between."
            )
        last[entry.kpi] = entry
    for name, entry in last.items():
        if entry.after != given[name]:
            raise ParameterError(
                f"weights.log: {name} was left at {entry.after:g} on {entry.day}, but weighs {given[name]:g}"
                " now (scorecard.kpis). Enter who changed it and why, or correct the weight."
            )


def weight_remarks(weights: pd.DataFrame) -> list[str]:
    """Return codes of remarks: ``many`` (over five KPIs), ``small`` (a weight under 5 %)."""
    found = ["many"] if len(weights) > FEW else []
    return found + (["small"] if (weights["weight"] < SMALL).any() else [])


def judged_matrix(names: Sequence[str], pairs: Mapping[str, float]) -> pd.DataFrame:
    """Return the reciprocal matrix of pairwise judgements written as ``first/second``.

    Raises
    ------
    ParameterError
        If a pair names an unknown KPI, comes twice, or is missing.
    """
    matrix = pd.DataFrame(np.nan, names, names)
    for pair, times in pairs.items():
        first, _, second = pair.partition("/")
        for name in (first, second):
            if name not in names:
                raise ParameterError(f'weights.pairs: "{name}" is no KPI.{did_you_mean(name, names)}')
        if first == second or not np.isnan(matrix.loc[first, second]):
            raise ParameterError(f"weights.pairs: {pair} compares a KPI with itself or comes twice.")
        if not times > 0:
            raise ParameterError(f"weights.pairs: {pair} is {times:g}; write a number above 0.")
        matrix.loc[first, second], matrix.loc[second, first] = times, 1 / times
    missing = [f"{a}/{b}" for i, a in enumerate(names) for b in names[i + 1 :] if np.isnan(matrix.loc[a, b])]
    if missing:
        raise ParameterError(f"weights.pairs: {len(missing)} pairs are missing, the first {missing[0]}.")
    return matrix.fillna(1.0)


def judge_weights(
    kpis: Sequence[Kpi], params: WeightParams
) -> judged.AhpWeights | judged.BestWorstWeights | None:
    """Return weights from judgements that may contradict each other, with how far they do.

    Returns
    -------
    AhpWeights, BestWorstWeights or None
        None where the method is another than ahp, group_ahp or best_worst.

    Raises
    ------
    ParameterError
        If judgements lack a KPI or name an unknown one.
    """
    names = [kpi.measure for kpi in kpis]
    if params.method == "ahp":
        return judged.weights_ahp(judged_matrix(names, params.pairs))
    if params.method == "group_ahp":
        if not params.judges:
            raise ParameterError("weights.judges: nobody judges; group_ahp needs a judge or more.")
        return judged.weights_ahp_group([judged_matrix(names, pairs) for pairs in params.judges.values()])
    if params.method == "best_worst":
        _all_named(params.best_to_others, names, "best_to_others")
        return judged.weights_best_worst(params.best_to_others, params.others_to_worst)
    return None


def _by_method(
    names: list[str], given: pd.Series, scores: pd.DataFrame, kpis: Sequence[Kpi], params: WeightParams
) -> pd.Series:
    if params.method == "given":
        return given
    judgement = judge_weights(kpis, params)
    if judgement is not None:
        return judgement.weights
    if params.method == "swing":
        _all_named(params.swings, names, "swings")
        return judged.weights_by_swing(params.swings)
    if params.method == "rank":
        _all_named(params.ranks, names, "ranks")
        return judged.weights_by_rank(params.ranks, how=params.rank_how)
    known = scores[names].dropna()
    if params.method == "entropy":
        return data.weights_entropy(known)
    # Scores are already better when higher, whatever the KPI's own direction.
    up = dict.fromkeys((kpi.measure for kpi in kpis), "up")
    rule = data.weights_critic if params.method == "critic" else data.weights_standard_deviation
    return rule(known, directions=up)


def _all_named(given: Mapping[str, float], names: Sequence[str], what: str) -> None:
    if set(given) != set(names):
        wrong = ", ".join(sorted(set(given) ^ set(names)))
        raise ParameterError(f"weights.{what}: {wrong} must be named in it exactly as in the scorecard.")
