"""One run's ranking: final scores, ranks with their doubt, and what would flip them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.appraisal.draws import draw_scores, scores_without, weigh
from kamlib.appraisal.incidents import IncidentParams, adjust_scores, weigh_incidents
from kamlib.appraisal.kpi import Kpi
from kamlib.appraisal.ranking import draw_weights, flips, force_distribution, rank_draws, rank_reps
from kamlib.packs.appraisal_params import RankingParams
from kamlib.packs.judging import Judged
from kamlib.runs import Run

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ranked:
    """What chapter 4 found.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per rep, best first: rep_id, the columns of `final_scores`, score_low, score_high, score_rank,
        best_rank, worst_rank, first_share and, with a forced distribution, forced_band and other_band (share
        of the draws in another band); who has no total has no rank.
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


def incident_points(run: Run, reps: Sequence[str], *, params: IncidentParams) -> pd.Series:
    """Return what incidents add to the score of each rep; zero without any."""
    names = pd.Series(list(reps), dtype="str")
    if not run.has("incidents"):
        return pd.Series(0.0, index=names)
    weighed = weigh_incidents(run.load("incidents"), as_of=run.as_of, params=params)
    return pd.Series(np.asarray(adjust_scores(weighed, names, params=params), dtype=float), index=names)


@dataclass(frozen=True)
class Mix:
    """How own scores become final ones: with the team's mean, feedback and incidents.

    Attributes
    ----------
    part, team_part, rest : numpy.ndarray of float64, shape (reps,)
        Part of the own score, part of the team's mean, and what feedback and incidents add.
    mates : numpy.ndarray of float64, shape (reps, reps)
        1 where two reps are of one team, the rep itself included; all 0 without a team's part.
    """

    part: Floats
    team_part: Floats
    rest: Floats
    mates: Floats

    def finals(self, own: Floats) -> Floats:
        """Return final scores (..., reps) of own ones; a mate without a score is not in the team's mean."""
        if not self.team_part.any():
            return self.part * own + self.rest
        known = ~np.isnan(own)
        with np.errstate(invalid="ignore", divide="ignore"):
            team = np.where(known, own, 0.0) @ self.mates / (known @ self.mates)
        return self.part * own + np.where(self.team_part > 0, self.team_part * team, 0.0) + self.rest


def mix_scores(judged: Judged, feedback: pd.DataFrame | None, points: pd.Series, *, share: float) -> Mix:
    """Say how the scorecard's own scores, the team's, feedback and incidents are mixed.

    Parameters
    ----------
    judged : Judged
        Scorecards.
    feedback : pandas.DataFrame or None
        rep_id, feedback_score.
    points : pandas.Series
        What incidents add, by rep.
    share : float
        Part of the final score that is feedback, of reps who have one [fraction].
    """
    reps = judged.totals["rep_id"]
    known = (
        dict(zip(feedback["rep_id"], feedback["feedback_score"], strict=True)) if feedback is not None else {}
    )
    score = reps.map(known).astype("float64")
    given = (score.notna() * share).to_numpy(dtype=float)
    rest = given * score.fillna(0).to_numpy() + points.reindex(reps).to_numpy(dtype=float)
    team_share = judged.case.params.team_share
    mates = np.zeros((len(reps), len(reps)))
    if team_share > 0 and "reps" in judged.case.tables:
        team = reps.map(judged.case.tables["reps"].set_index("rep_id")["team"])
        mates = (team.to_numpy()[:, None] == team.to_numpy()[None, :]) & team.notna().to_numpy()
        mates = mates.astype(float)
    in_team = mates.any(axis=1) * team_share
    return Mix((1 - given) * (1 - in_team), (1 - given) * in_team, rest, mates)


def final_scores(
    judged: Judged, feedback: pd.DataFrame | None, points: pd.Series, *, params: RankingParams
) -> pd.DataFrame:
    """Mix the scorecard's total with feedback where the parameters say so, and add incidents.

    Parameters
    ----------
    judged, feedback, params
        As for `rank`.
    points : pandas.Series
        What incidents add, by rep.

    Returns
    -------
    pandas.DataFrame
        One row per rep: rep_id, own_score, team_score, feedback_score, incident_points, score_part,
        team_part, score_rest and final_score, which is score_part x own_score + team_part x team_score +
        score_rest.
    """
    mix = mix_scores(judged, feedback, points, share=params.feedback_share)
    table = judged.totals[["rep_id", "own_score", "team_score"]].copy()
    known = feedback.set_index("rep_id")["feedback_score"] if feedback is not None else {}
    return table.assign(
        feedback_score=table["rep_id"].map(known).astype("float64"),
        incident_points=points.reindex(table["rep_id"]).to_numpy(dtype=float),
        score_part=mix.part,
        team_part=mix.team_part,
        score_rest=mix.rest,
        final_score=mix.finals(table["own_score"].to_numpy(dtype=float)),
    )


def rank(
    judged: Judged,
    feedback: pd.DataFrame | None,
    *,
    params: RankingParams,
    incidents: IncidentParams,
    tick: Callable[[float], None] = lambda _: None,
) -> Ranked:
    """Rank reps by final score and draw how else the ranking could have come out.

    The final score mixes the scorecard's total with feedback where the parameters say so, and adds incidents.
    Draws resample accounts and months (see `kamlib.appraisal.draws`) and draw weights around those that hold;
    a team's mean goes with its members, feedback and incidents stay as they are.

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
    tick : callable
        Told now and then the fraction that is done.
    """
    run, kpis = judged.case.run, judged.case.params.kpis
    points = incident_points(run, judged.case.reps, params=incidents)
    table = final_scores(judged, feedback, points, params=params)
    mix = mix_scores(judged, feedback, points, share=params.feedback_share)
    rng = np.random.default_rng(run.seed)
    weights = judged.weights.set_index("kpi")["weight"][[kpi.measure for kpi in kpis]].to_numpy(dtype=float)
    tick(0.0)
    drawn = draw_scores(
        judged.cases, kpis=kpis, draws=params.draws, rng=rng, tick=lambda part: tick(0.6 * part)
    )
    around = draw_weights(len(kpis), draws=params.draws, rng=rng, given=weights, spread=params.weight_spread)
    unranked = table["final_score"].isna().to_numpy()
    finals = mix.finals(np.where(unranked, np.nan, weigh(drawn, around[:, None, :])))
    tails = [(1 - params.level) / 2, (1 + params.level) / 2]
    low, high = np.nanquantile(np.where(unranked, 0.0, finals), tails, axis=0)
    tick(0.65)
    ranks = rank_draws(finals[:, :, None], np.ones((params.draws, 1)))
    tick(0.7)
    best, worst = ranks.plausible(params.level)
    table = table.assign(
        score_low=np.where(unranked, np.nan, low),
        score_high=np.where(unranked, np.nan, high),
        score_rank=rank_reps(table["final_score"]),
        best_rank=pd.Series(best, dtype="Int64").mask(unranked),
        worst_rank=pd.Series(worst, dtype="Int64").mask(unranked),
        first_share=np.where(unranked, np.nan, ranks.acceptabilities[:, 0]),
    )
    if params.forced:
        table = table.join(_bands(table, params.forced, ranks.acceptabilities))
    order = table.sort_values(["final_score", "rep_id"], ascending=[False, True], na_position="last").index
    return Ranked(
        table=table.loc[order].reset_index(drop=True),
        flips=_flips(judged, mix, weights, [int(k) for k in order if not unranked[k]]),
        hinges=_hinges(judged, table, mix, weights, lambda part: tick(0.7 + 0.3 * part)),
        ranks=ranks.counts[order.to_numpy()],
    )


def _bands(table: pd.DataFrame, shares: tuple[float, ...], ranks: Floats) -> pd.DataFrame:
    """Put ranked reps in bands of a forced distribution, numbered from 1, the best; ties by id.

    Beside the band stands the share of the draws that put the rep in another one.
    """
    order = table[table["final_score"].notna()].sort_values(
        ["final_score", "rep_id"], ascending=[False, True]
    )
    counts = force_distribution(len(order), shares)
    ends = np.cumsum([0, *counts])
    band = pd.Series(np.repeat(np.arange(len(counts)), counts), index=order.index)
    within = [ranks[row, ends[b] : ends[b + 1]].sum() for row, b in band.items()]
    return pd.DataFrame(
        {"forced_band": (band + 1).astype("Int64"), "other_band": 1 - np.array(within)}, index=band.index
    )


def _flips(judged: Judged, mix: Mix, weights: Floats, order: Sequence[int]) -> pd.DataFrame:
    """Look at neighbours by final score."""
    reps, kpis = judged.case.reps, [kpi.measure for kpi in judged.case.params.kpis]
    scores = judged.measured.wide.reindex(index=reps, columns=kpis).to_numpy(dtype=float)
    counted = [tuple(row) for row in ~np.isnan(scores)]
    alike = [  # a team's mean is linear in a weight only where all are measured on the same KPIs
        counted[k] if {counted[j] for j in np.flatnonzero(mix.mates[k])} <= {counted[k]} else None
        for k in range(len(reps))
    ]
    ranked = np.isin(np.arange(len(reps)), order)
    found = flips(
        lambda w: mix.finals(np.where(ranked, weigh(scores, w), np.nan)), weights, order, measured=alike
    )
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
    judged: Judged, table: pd.DataFrame, mix: Mix, weights: Floats, tick: Callable[[float], None]
) -> pd.DataFrame:
    """Find for each rep the account without which the rank among all would move most."""
    kpis: tuple[Kpi, ...] = judged.case.params.kpis
    without = scores_without(judged.cases, kpis=kpis)
    names = ["rep_id", "account_id", "score_without", "rank_without", "rank_move"]
    parts = []
    for rep, rows in without.groupby("rep_id"):
        k = judged.case.reps.index(rep)
        tick(k / len(judged.case.reps))
        if pd.isna(table["score_rank"].iloc[k]):
            continue
        owns = np.tile(table["own_score"].to_numpy(dtype=float), (len(rows), 1))
        owns[:, k] = weigh(rows[[kpi.measure for kpi in kpis]].to_numpy(dtype=float), weights)
        finals = mix.finals(owns)
        score = finals[:, k]
        rank = (finals > score[:, None]).sum(axis=1) + 1
        found = rows[["rep_id", "account_id"]].assign(
            score_without=score,
            rank_without=rank,
            rank_move=rank - int(table["score_rank"].iloc[k]),
            gap=-np.abs(score - table["final_score"].iloc[k]),
        )
        found = found.assign(far=-found["rank_move"].abs())[found["score_without"].notna()]
        parts.append(found.sort_values(["far", "gap", "account_id"]).head(1))
    if not parts:
        return pd.DataFrame(columns=names)
    return pd.concat(parts, ignore_index=True)[names]
