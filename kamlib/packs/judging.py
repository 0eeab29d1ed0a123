"""One run's appraisal: the methods called in order on the run's tables, and their results saved."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from kamlib.appraisal.draws import RepCases, draw_scores, rep_cases, scores_without, weigh
from kamlib.appraisal.incidents import IncidentParams, adjust_scores, weigh_incidents
from kamlib.appraisal.kpi import Kpi, ScorecardParams
from kamlib.appraisal.measure import measure_reps, rep_values
from kamlib.appraisal.planned import planned_targets
from kamlib.appraisal.ranking import draw_weights, flips, force_distribution, rank_draws, rank_reps
from kamlib.appraisal.scorecard import perspective_scores, score_reps, set_targets, total_scores
from kamlib.appraisal.weighting import WeightParams, settle_weights
from kamlib.appraisal.window import Window, judged_window
from kamlib.packs.appraisal_params import RankingParams
from kamlib.runs import Run

_TABLES = (
    "cube",
    "accounts",
    "reps",
    "market",
    "surveys",
    "opportunities",
    "activities",
    "complaints",
    "loss_reviews",
    "rep_forecasts",
    "receivables",
)


@dataclass(frozen=True)
class Case:
    """What is judged: the run, the time, who, by which KPIs.

    Attributes
    ----------
    run : Run
        The run.
    window : Window
        The months judged.
    params : ScorecardParams
        KPIs.
    """

    run: Run
    window: Window
    params: ScorecardParams

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables of the book that KPIs read."""
        return {name: self.run.load(name) for name in _TABLES if self.run.has(name)}

    @cached_property
    def reps(self) -> list[str]:
        """Reps who served accounts at the window's end or sold in it, and had not left before it began."""
        cube, accounts = self.tables["cube"], self.tables["accounts"]
        sellers = cube.loc[cube["month"].isin(self.window.months), "rep_id"].dropna()
        servers = accounts.loc[accounts["status"] != "closed", "rep_id"].dropna()
        found = set(sellers) | set(servers)
        if "reps" in self.tables:
            left = pd.to_datetime(self.tables["reps"].set_index("rep_id")["left"])
            gone = left.index[left < pd.Timestamp(self.window.start)]
            found -= set(gone)
        return sorted(found)

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of reps; the id where there is none."""
        reps = self.tables.get("reps")
        known = (
            {}
            if reps is None
            else dict(zip(reps["rep_id"], reps["name"].fillna(reps["rep_id"]), strict=True))
        )
        return {rep: known.get(rep, rep) for rep in self.reps}

    @cached_property
    def planned(self) -> pd.DataFrame:
        """Targets that hold: measure, rep_id, account_id, asked, source."""
        return planned_targets(
            self.run.load("targets") if self.run.has("targets") else None,
            self.run.load("adopted_targets") if self.run.has("adopted_targets") else None,
            self.tables["accounts"],
            window=self.window,
            fiscal_year_start=self.run.facts["book"]["fiscal_year_start"],
        )

    def evidence(self, window: Window) -> pd.DataFrame:
        """Return what reps did, KPI by KPI, in a window or the twelve months up to its end."""
        parts = [
            measure_reps(
                self.tables,
                measures=[kpi.measure],
                window=window.trailing_year() if kpi.trailing_year else window,
                reps=self.reps,
            )
            for kpi in self.params.kpis
        ]
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class Judged:
    """What chapter 2 found.

    Attributes
    ----------
    case : Case
        What was judged.
    evidence : pandas.DataFrame
        What reps did, account by account.
    weights : pandas.DataFrame
        What each KPI weighs and why.
    scores, totals, perspectives : pandas.DataFrame
        Scorecard by rep and KPI; totals by rep; scores by perspective.
    cases : list of RepCases
        The same, to be resampled.
    """

    case: Case
    evidence: pd.DataFrame
    weights: pd.DataFrame
    scores: pd.DataFrame
    totals: pd.DataFrame
    perspectives: pd.DataFrame
    cases: list[RepCases]


def case_of(run: Run, params: ScorecardParams) -> Case:
    """Return what a run judges."""
    window = judged_window(run.period, to_date=run.facts.get("to_date", False))
    return Case(run, window, params)


def judge(case: Case, weights: WeightParams) -> Judged:
    """Measure, set targets, weigh and score.

    Parameters
    ----------
    case : Case
        What is judged.
    weights : WeightParams
        How the KPIs' weights come about.
    """
    kpis = case.params.kpis
    evidence, before = case.evidence(case.window), case.evidence(case.window.last_year())
    planned = case.planned
    asked = planned.groupby(["measure", "rep_id"])["asked"].sum()
    by_rep = {str(m): part.droplevel(0).to_dict() for m, part in asked.groupby(level=0)}
    targets = set_targets(
        rep_values(evidence), kpis=kpis, reps=case.reps, planned=by_rep, before=rep_values(before)
    )
    given = {kpi.measure: kpi.weight for kpi in kpis}
    plain = score_reps(evidence, targets, kpis=kpis, weights=given, reps=case.reps)
    wide = plain.pivot(index="rep_id", columns="kpi", values="score")
    last_day = case.window.end - dt.timedelta(days=1)
    settled = settle_weights(kpis, wide, day=last_day, params=weights)
    used = dict(zip(settled["kpi"], settled["weight"], strict=True))
    scores = score_reps(evidence, targets, kpis=kpis, weights=used, reps=case.reps)
    teams = case.tables["reps"].set_index("rep_id")["team"] if "reps" in case.tables else None
    totals = total_scores(scores, teams=teams, team_share=case.params.team_share)
    accounts = planned[planned["account_id"].notna()]
    return Judged(
        case=case,
        evidence=evidence,
        weights=settled,
        scores=scores,
        totals=totals,
        perspectives=perspective_scores(scores),
        cases=rep_cases(
            evidence,
            targets,
            before=before,
            planned=accounts if len(accounts) else None,
            kpis=kpis,
            reps=case.reps,
        ),
    )


@dataclass(frozen=True)
class Ranked:
    """What chapter 4 found.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per rep, best first: rep_id, own_score, feedback_score, incident_points, final_score,
        score_low, score_high, score_rank, best_rank, worst_rank, first_share.
    flips : pandas.DataFrame
        One row per pair of neighbours: upper, lower, score_gap, kpi, weight_change.
    hinges : pandas.DataFrame
        One row per rep: the account without which the rank moves most: rep_id, account_id, score_without,
        rank_without, rank_move.
    ranks : numpy.ndarray of int64, shape (reps, reps)
        Draws by rep of `table` and rank.
    """

    table: pd.DataFrame
    flips: pd.DataFrame
    hinges: pd.DataFrame
    ranks: np.ndarray


def rank(
    judged: Judged, feedback: pd.DataFrame | None, *, params: RankingParams, incidents: IncidentParams
) -> Ranked:
    """Rank reps by final score and draw how else the ranking could have come out.

    The final score mixes the scorecard's total with feedback where the parameters say so, and adds incidents.
    Draws resample each rep's accounts and draw weights around those that hold; feedback, incidents and the
    team's part stay as they are.

    Parameters
    ----------
    judged : Judged
        Scorecards.
    feedback : pandas.DataFrame or None
        rep_id, feedback_score.
    params : RankingParams
        Draws, spread, level.
    incidents : IncidentParams
        Points, half life, bound.
    """
    run, kpis = judged.case.run, judged.case.params.kpis
    table = judged.totals[["rep_id", "own_score", "total_score"]].copy()
    known = (
        dict(zip(feedback["rep_id"], feedback["feedback_score"], strict=True)) if feedback is not None else {}
    )
    table["feedback_score"] = table["rep_id"].map(known).astype("float64")
    share = table["feedback_score"].notna() * params.feedback_share
    table["incident_points"] = 0.0
    if run.has("incidents"):
        weighed = weigh_incidents(run.load("incidents"), as_of=run.as_of, params=incidents)
        table["incident_points"] = adjust_scores(weighed, table["rep_id"], params=incidents)
    fixed = share * table["feedback_score"].fillna(0) + table["incident_points"]
    part = ((1 - share) * (1 - _team(judged))).to_numpy(dtype=float)
    rest = (fixed + (1 - share) * (table["total_score"] - (1 - _team(judged)) * table["own_score"])).to_numpy(
        float
    )
    table["final_score"] = part * table["own_score"] + rest
    rng = np.random.default_rng(run.seed)
    weights = judged.weights.set_index("kpi")["weight"][[kpi.measure for kpi in kpis]].to_numpy(dtype=float)
    drawn = draw_scores(judged.cases, kpis=kpis, draws=params.draws, rng=rng)
    around = draw_weights(len(kpis), draws=params.draws, rng=rng, given=weights, spread=params.weight_spread)
    finals = part * weigh(drawn, around[:, None, :]) + rest
    low, high = np.nanquantile(finals, [0.1, 0.9], axis=0)
    ranks = rank_draws(finals[:, :, None], np.ones((params.draws, 1)))
    best, worst = ranks.plausible(params.level)
    table = table.assign(
        score_part=part,
        score_low=low,
        score_high=high,
        score_rank=rank_reps(table["final_score"]),
        best_rank=best,
        worst_rank=worst,
        first_share=ranks.acceptabilities[:, 0],
    )
    if params.forced:
        table["forced_band"] = _bands(table, params.forced)
    order = table.sort_values(["final_score", "rep_id"], ascending=[False, True], na_position="last").index
    table = table.loc[order]
    return Ranked(
        table=table.drop(columns="total_score").reset_index(drop=True),
        flips=_flips(judged, weights),
        hinges=_hinges(judged, table, part, rest, weights),
        ranks=ranks.counts[order.to_numpy()],
    )


def _team(judged: Judged) -> pd.Series:
    return judged.totals["team_score"].notna() * judged.case.params.team_share


def _bands(table: pd.DataFrame, shares: tuple[float, ...]) -> pd.Series:
    """Put reps in bands of a forced distribution, numbered from 1, the best; ties by id."""
    counts = force_distribution(len(table), shares)
    numbers = np.repeat(np.arange(1, len(counts) + 1), counts)
    order = table.sort_values(["final_score", "rep_id"], ascending=[False, True]).index
    return pd.Series(numbers, index=order).reindex(table.index)


def _flips(judged: Judged, weights: np.ndarray) -> pd.DataFrame:
    """Look at neighbours by the own scorecard, which is what weights move."""
    own = judged.totals.sort_values(["own_score", "rep_id"], ascending=[False, True])
    order = own[own["own_score"].notna()].index
    kpis = [kpi.measure for kpi in judged.case.params.kpis]
    reps = judged.case.reps
    wide = judged.scores.pivot(index="rep_id", columns="kpi", values="score").reindex(
        index=reps, columns=kpis
    )
    found = flips(wide.to_numpy(dtype=float), weights, [int(k) for k in order])
    return pd.DataFrame(
        {
            "upper": [reps[k] for k in found["upper"]],
            "lower": [reps[k] for k in found["lower"]],
            "score_gap": found["gap"],
            "kpi": pd.Series([kpis[k] if k >= 0 else None for k in found["kpi"]], dtype="str"),
            "weight_change": found["change"],
        }
    )


def _hinges(
    judged: Judged, table: pd.DataFrame, part: np.ndarray, rest: np.ndarray, weights: np.ndarray
) -> pd.DataFrame:
    """Find for each rep the account without which the rank among all would move most."""
    kpis: tuple[Kpi, ...] = judged.case.params.kpis
    without = scores_without(judged.cases, kpis=kpis)
    if not len(without):
        return pd.DataFrame(columns=["rep_id", "account_id", "score_without", "rank_without", "rank_move"])
    place = {rep: k for k, rep in enumerate(judged.case.reps)}
    at = without["rep_id"].map(place).to_numpy()
    own = weigh(without[[kpi.measure for kpi in kpis]].to_numpy(dtype=float), weights)
    without["score_without"] = part[at] * own + rest[at]
    finals = table["final_score"].to_dict()
    others = np.array([finals[k] for k in range(len(place))])
    better = (others[None, :] > without["score_without"].to_numpy()[:, None]) & (
        np.arange(len(place)) != at[:, None]
    )
    without["rank_without"] = better.sum(axis=1) + 1
    ranked = table["score_rank"].to_dict()
    without["rank_move"] = without["rank_without"] - [
        int(ranked[k]) if pd.notna(ranked[k]) else 0 for k in at
    ]
    without["far"], without["gap"] = (
        -without["rank_move"].abs(),
        -(without["score_without"] - others[at]).abs(),
    )
    far = without[without["score_without"].notna()]
    first = far.sort_values(["rep_id", "far", "gap", "account_id"]).drop_duplicates("rep_id")
    return first[["rep_id", "account_id", "score_without", "rank_without", "rank_move"]].reset_index(
        drop=True
    )
