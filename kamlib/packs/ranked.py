"""One run's ranking: final scores, ranks with their doubt, and what would flip them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.appraisal.draws import draw_scores, scores_without, weigh
from kamlib.appraisal.incidents import IncidentParams, adjust_scores, weigh_incidents
from kamlib.appraisal.kpi import Kpi
from kamlib.appraisal.ranking import draw_weights, flips, force_distribution, rank_draws, rank_reps
from kamlib.packs.appraisal_params import RankingParams
from kamlib.packs.judging import Judged
from kamlib.runs import Run


@dataclass(frozen=True)
class Ranked:
    """What chapter 4 found.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per rep, best first: rep_id, own_score, feedback_score, incident_points, final_score,
        score_low, score_high, score_rank, best_rank, worst_rank, first_share; who has no total has no rank.
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
        One row per rep: rep_id, own_score, total_score, feedback_score, incident_points, score_part,
        score_rest and final_score, which is score_part x own_score + score_rest.
    """
    table = judged.totals[["rep_id", "own_score", "total_score"]].copy()
    known = (
        dict(zip(feedback["rep_id"], feedback["feedback_score"], strict=True)) if feedback is not None else {}
    )
    table["feedback_score"] = table["rep_id"].map(known).astype("float64")
    share = table["feedback_score"].notna() * params.feedback_share
    table["incident_points"] = points.reindex(table["rep_id"]).to_numpy(dtype=float)
    fixed = share * table["feedback_score"].fillna(0) + table["incident_points"]
    own, team = table["own_score"], _team(judged)
    table["score_part"] = ((1 - share) * (1 - team)).astype("float64")
    table["score_rest"] = (fixed + (1 - share) * (table["total_score"] - (1 - team) * own)).astype("float64")
    table["final_score"] = table["score_part"] * own + table["score_rest"]
    return table


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
    points = incident_points(run, judged.case.reps, params=incidents)
    table = final_scores(judged, feedback, points, params=params)
    part, rest = (table[name].to_numpy(dtype=float) for name in ("score_part", "score_rest"))
    rng = np.random.default_rng(run.seed)
    weights = judged.weights.set_index("kpi")["weight"][[kpi.measure for kpi in kpis]].to_numpy(dtype=float)
    drawn = draw_scores(judged.cases, kpis=kpis, draws=params.draws, rng=rng)
    around = draw_weights(len(kpis), draws=params.draws, rng=rng, given=weights, spread=params.weight_spread)
    unranked = table["final_score"].isna().to_numpy()
    finals = part * weigh(drawn, around[:, None, :]) + rest
    low, high = np.nanquantile(np.where(unranked, 0.0, finals), [0.1, 0.9], axis=0)
    ranks = rank_draws(finals[:, :, None], np.ones((params.draws, 1)))
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
        table["forced_band"] = _bands(table, params.forced)
    order = table.sort_values(["final_score", "rep_id"], ascending=[False, True], na_position="last").index
    table = table.loc[order]
    return Ranked(
        table=table.drop(columns=["total_score", "score_rest"]).reset_index(drop=True),
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
