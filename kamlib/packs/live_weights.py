"""The numbers behind the sliders for weights: a published appraisal scored anew at other weights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

import pandas as pd

from kamlib.appraisal.incidents import IncidentParams
from kamlib.appraisal.judged_weights import weights_ahp
from kamlib.appraisal.kpi import Kpi, ScorecardParams
from kamlib.appraisal.ranking import rank_reps
from kamlib.appraisal.weighting import (
    Policy,
    WeightChange,
    WeightParams,
    judged_matrix,
    settle_weights,
)
from kamlib.charts import live
from kamlib.glossary import Words
from kamlib.measures.giveway import ATOMS
from kamlib.measures.rounding import largest_remainder
from kamlib.packs.appraisal import AppraisalParams
from kamlib.packs.appraisal_params import RankingParams
from kamlib.packs.judging import Judged, Measured, case_of, measure_case, score_measured
from kamlib.packs.overlay import PanelError, unlike
from kamlib.packs.ranked import Ranked, final_scores, incident_points, rank
from kamlib.params import Layer, build_params
from kamlib.runs import Run

_SHOWN = 40
_ALWAYS = "0001-01-01"
_PRESSURE = 1.5  # half as much again, as the seed's examples of a changed emphasis
STOCK: Mapping[str, tuple[str, ...]] = {
    "expansion": ("new_accounts", "new_account_value"),
    "margin": ("gross_margin",),
}
"""Emphases that are offered where the scorecard has their KPIs: their weight is raised by half before all
are brought back to a sum of 1."""
PRESETS = ("given", "equal", "ahp", "critic")
"""Presets of any scorecard: the run's own weights, all alike, the stored judgements, what data say."""


@dataclass(frozen=True)
class WeightDesk:
    """A published appraisal, ready to be scored at other weights.

    Attributes
    ----------
    run : Run
        The appraisal.
    """

    run: Run

    @cached_property
    def params(self) -> AppraisalParams:
        """The run's parameters."""
        return build_params(AppraisalParams, [Layer("run", self.run.facts["parameters"])])

    @cached_property
    def measured(self) -> Measured:
        """What reps did and what was asked of them; no weight changes it."""
        return measure_case(case_of(self.run, self.run.params(ScorecardParams)))

    @cached_property
    def feedback(self) -> pd.DataFrame | None:
        """Feedback scores that the run holds."""
        return self.run.load("feedback_scores") if self.run.has("feedback_scores") else None

    @cached_property
    def points(self) -> pd.Series:
        """What incidents add to each rep's score."""
        return incident_points(self.run, self.measured.case.reps, params=self.run.params(IncidentParams))

    @cached_property
    def before(self) -> pd.Series:
        """Rank of each rep at the run's weights."""
        table = self.finals(self.judged(self.params))
        return pd.Series(rank_reps(table["final_score"]).to_numpy(), index=table["rep_id"])

    def judged(self, params: AppraisalParams) -> Judged:
        """Score all reps by other parameters of weight; the review log is no part of a score."""
        rule = params.weights.model_copy(update={"log": ()})
        return score_measured(self.measured, rule, kpis=params.scorecard.kpis)

    def finals(self, judged: Judged) -> pd.DataFrame:
        """Return final scores, as `kamlib.packs.ranked.final_scores`."""
        return final_scores(judged, self.feedback, self.points, params=self.run.params(RankingParams))

    def robust(self, params: AppraisalParams, tick: Callable[[float], None]) -> Ranked:
        """Draw how else the ranking could have come out at other weights; see `kamlib.packs.ranked.rank`."""
        ranking, incidents = self.run.params(RankingParams), self.run.params(IncidentParams)
        return rank(self.judged(params), self.feedback, params=ranking, incidents=incidents, tick=tick)

    def base(self, params: AppraisalParams) -> dict[str, float]:
        """Return the weights before policies: those given with the KPIs, or those that a method finds."""
        if params.weights.method == "given":
            return given_weights(params)
        return _whole(self.settled(params.scorecard.kpis, params.weights), "method_weight")

    def preset(self, name: str, params: AppraisalParams) -> dict[str, float]:
        """Return the weights of a preset: one of `PRESETS`, or an emphasis of `STOCK`."""
        kpis = params.scorecard.kpis
        if name == "given":
            return given_weights(self.params)
        if name == "equal":
            return whole_weights({kpi.measure: 1.0 for kpi in kpis})
        if name == "ahp":
            matrix = judged_matrix([kpi.measure for kpi in kpis], params.weights.pairs)
            return whole_weights(weights_ahp(matrix).weights.to_dict())
        if name in STOCK:
            raised = dict.fromkeys([kpi.measure for kpi in kpis if kpi.measure in STOCK[name]], _PRESSURE)
            policy = Policy(name=name, who="-", why="-", starts=_ALWAYS, factors=raised)
            rule = WeightParams(policies=(policy,))
        else:
            rule = WeightParams.model_validate({"method": name})
        return _whole(self.settled(kpis, rule), "weight")

    def presets(self, params: AppraisalParams) -> list[str]:
        """Return the presets that this scorecard and the stored judgements allow."""
        names = {kpi.measure for kpi in params.scorecard.kpis}
        plain = [name for name in PRESETS if name != "ahp" or params.weights.pairs]
        return [*plain, *(name for name, raised in STOCK.items() if names & set(raised))]

    def check(self, params: AppraisalParams) -> None:
        """Refuse parameters that weigh other KPIs than those that were measured.

        Raises
        ------
        ParameterError
            If a KPI is missing or new.
        """
        here, there = (list(given_weights(one)) for one in (self.params, params))
        if set(here) != set(there):
            raise PanelError("widgets.other_kpis", here=", ".join(here), there=", ".join(there))

    def needs_run(self, params: AppraisalParams) -> list[str]:
        """Return the parameters that differ from the run's and are not followed here, by name."""
        found = unlike(params, self.params, except_=("weights.", "scorecard.kpis"))
        bare = [
            {kpi.measure: _given(kpi, 0.0) for kpi in one.scorecard.kpis} for one in (params, self.params)
        ]
        return [*found, *(["scorecard.kpis"] if bare[0] != bare[1] else [])]

    def settled(self, kpis: Sequence[Kpi], rule: WeightParams) -> pd.DataFrame:
        """Say what each KPI weighs and why, as `kamlib.appraisal.weighting.settle_weights`."""
        day = self.measured.case.window.end - dt.timedelta(days=1)
        rule = rule.model_copy(update={"log": ()})
        return settle_weights(kpis, self.measured.wide, day=day, params=rule)


def _whole(table: pd.DataFrame, column: str) -> dict[str, float]:
    return whole_weights(dict(zip(table["kpi"], table[column], strict=True)))


def whole_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights in hundredths of a percentage point that sum to 1."""
    parts = largest_remainder(list(weights.values()), ATOMS)
    return {name: int(part) / ATOMS for name, part in zip(weights, parts, strict=True)}


def keep_locked(
    weights: Mapping[str, float], now: Mapping[str, float], locked: Collection[str]
) -> dict[str, float]:
    """Return weights of which the locked ones stay as they are now and the others share the rest.

    Examples
    --------
    >>> keep_locked({"a": 0.5, "b": 0.3, "c": 0.2}, {"a": 0.2, "b": 0.4, "c": 0.4}, {"a"})
    {'a': 0.2, 'b': 0.48, 'c': 0.32}
    """
    free = [name for name in weights if name not in locked]
    kept = {name: round(now[name] * ATOMS) for name in weights if name in locked}
    if not free or not kept:
        return dict(now) if not free else dict(weights)
    shares = [weights[name] for name in free]
    parts = largest_remainder(shares if any(shares) else [1.0] * len(free), ATOMS - sum(kept.values()))
    kept.update(zip(free, parts.tolist(), strict=True))
    return {name: kept[name] / ATOMS for name in weights}


def given_weights(params: AppraisalParams) -> dict[str, float]:
    """Return the weights that are given with the KPIs."""
    return {kpi.measure: kpi.weight for kpi in params.scorecard.kpis}


def with_weights(params: AppraisalParams, weights: Mapping[str, float]) -> AppraisalParams:
    """Return parameters with other given weights, which then hold without a method; policies stay.

    The review log stays as it is: `log_changes` enters what changed once it is settled.
    """
    kpis = tuple(_given(kpi, weights[kpi.measure]) for kpi in params.scorecard.kpis)
    scorecard = params.scorecard.model_copy(update={"kpis": kpis})
    rule = params.weights.model_copy(update={"method": "given"})
    return params.model_copy(update={"scorecard": scorecard, "weights": rule})


def log_changes(
    params: AppraisalParams, before: AppraisalParams, *, who: str, why: str, day: dt.date
) -> AppraisalParams:
    """Enter in the review log which given weights are others than before, who changed them and why.

    Parameters
    ----------
    params : AppraisalParams
        With the weights settled on.
    before : AppraisalParams
        What held until now; its log is gone on with.
    who, why : str
        Who settles on the weights, for what reason.
    day : datetime.date
        When.
    """
    old, log = given_weights(before), list(before.weights.log)
    for name, weight in given_weights(params).items():
        if name in old and weight != old[name]:
            entry = {"day": day.isoformat(), "who": who, "why": why, "kpi": name}
            log.append(WeightChange(**entry, before=old[name], after=weight))
    rule = params.weights.model_copy(update={"log": tuple(log)})
    return params.model_copy(update={"weights": rule})


def _given(kpi: Kpi, weight: float) -> Kpi:
    return kpi.model_copy(update={"weight": weight})


def weights_html(desk: WeightDesk, params: AppraisalParams, words: Words) -> str:
    """Draw scores, contributions and ranks at other weights.

    Parameters
    ----------
    desk : WeightDesk
        The appraisal.
    params : AppraisalParams
        Its parameters with other weights.
    words : Words
        Language.
    """
    judged = desk.judged(params)
    finals = desk.finals(judged)
    finals = finals.assign(score_rank=rank_reps(finals["final_score"]).to_numpy())
    finals = finals.sort_values(["final_score", "rep_id"], ascending=[False, True], na_position="last")
    kpis = [kpi.measure for kpi in params.scorecard.kpis]
    names = [words.value("kpi", name) for name in kpis]
    points = judged.scores.pivot(index="rep_id", columns="kpi", values="points")[kpis].fillna(0.0)
    full = max(float(points.clip(lower=0).sum(axis=1).max()), 1.0)
    case, rows = judged.case, []
    for row in finals.head(_SHOWN).itertuples():
        known = row.final_score == row.final_score
        parts = points.loc[row.rep_id].tolist()
        said = ", ".join(f"{name} {part:.1f}" for name, part in zip(names, parts, strict=True))
        was = desk.before.get(row.rep_id)
        moved = int(was) - int(row.score_rank) if known and pd.notna(was) else 0
        rows.append(
            [
                str(int(row.score_rank)) if known else "–",
                live.change_mark(moved),
                escape(case.names[row.rep_id]),
                f"{row.final_score:.1f}" if known else "–",
                live.stacked_bar(parts, full=full, said=said),
            ]
        )
    head = [words("widgets.rank"), words("widgets.change"), words("widgets.rep"), words("widgets.score"),
            words("widgets.points")]  # fmt: skip
    was, now = finals["rep_id"].map(desk.before).fillna(0), finals["score_rank"].fillna(0)
    top = words(
        "widgets.weights_title",
        moved=int((was.astype(int) != now.astype(int)).sum()),
        reps=int(((was > 0) | (now > 0)).sum()),
    )
    more = ""
    if len(finals) > _SHOWN:
        more = f"<p>{escape(words('widgets.more', shown=_SHOWN, count=len(finals)))}</p>"
    table = live.live_table(head, rows, numeric=[True, False, False, True, False], caption=top)
    return live.live_page(top, f"{live.colour_key(names)}{table}{more}", lang=words.lang)


def weight_remarks(desk: WeightDesk, params: AppraisalParams, words: Words) -> list[str]:
    """Say in words where other weights hold than those of the KPIs, and what is not followed here."""
    said = []
    if params.weights.method != "given":
        name = words.value("method", params.weights.method)
        said.append(words("widgets.by_method", method=name))
    used = desk.settled(params.scorecard.kpis, params.weights)
    if (used["policy_factor"] != 1).any():
        weights = "; ".join(
            f"{words.value('kpi', kpi)} {words.percent(weight)}"
            for kpi, weight in zip(used["kpi"], used["weight"], strict=True)
        )
        said.append(words("widgets.after_policies", weights=weights))
    unfollowed = desk.needs_run(params)
    if unfollowed:
        said.append(words("widgets.needs_run", names=", ".join(unfollowed)))
    return said


def robust_html(ranked: Ranked, names: Mapping[str, str], words: Words) -> str:
    """Draw each rep's rank with the ranks that are plausible at these weights."""
    reps = len(ranked.table)
    rows = [
        [
            str(row.score_rank),
            escape(names[row.rep_id]),
            f"{row.best_rank}–{row.worst_rank}",
            live.range_bar(
                float(row.best_rank), float(row.worst_rank), [(float(row.score_rank), live.COLOURS[0])],
                full=float(reps), said=words("appraisal.rank_tip", rank=row.score_rank, best=row.best_rank,
                                             worst=row.worst_rank),
            ),
        ]
        for row in ranked.table[ranked.table["final_score"].notna()].head(_SHOWN).itertuples()
    ]  # fmt: skip
    title = words("widgets.robust_title")
    head = [words("widgets.rank"), words("widgets.rep"), words("widgets.plausible"), ""]
    table = live.live_table(head, rows, numeric=[True, False, True, False], caption=title)
    return f'<div class="kam-live" lang="{words.lang}"><p><b>{escape(title)}</b></p>{table}</div>'
