"""Pages of the appraisal's fourth chapter: ranks with their doubt, and what would change them."""

from __future__ import annotations

import pandas as pd
from IPython.display import display

from kamlib.appraisal.incidents import IncidentParams
from kamlib.charts import appraisal as charts
from kamlib.charts.figure import NativeChart
from kamlib.glossary import Words
from kamlib.packs.appraisal_params import RankingParams
from kamlib.packs.judging import Case, Judged
from kamlib.packs.page import Page, show
from kamlib.packs.pages_results import subtitle
from kamlib.packs.ranked import Ranked, rank

_SHOWN = 40
_THIN = 0.5  # of the weights; less is not the scorecard that was agreed
_FAR = 2  # ranks: a move of one is common among scores that overlap
_FEW = 3  # months
_EDGE = 0.5  # of the draws: a band that is likelier to be another's than the rep's own
_SPARED = 1.0  # score points: a gap between neighbours in most rankings
_DROPPED = 0.005  # a weight that is left with less reads 0 %


def rank_run(judged: Judged, *, params: RankingParams, incidents: IncidentParams) -> Ranked:
    """Rank all reps, draw the doubt, and save both with the run."""
    run = judged.case.run
    feedback = run.load("feedback_scores") if run.has("feedback_scores") else None
    ranked = rank(judged, feedback, params=params, incidents=incidents)
    run.save("ranking", ranked.table)
    run.save("ranking_flips", ranked.flips)
    run.save("ranking_hinges", ranked.hinges)
    return ranked


def show_ranks(judged: Judged, ranked: Ranked, params: RankingParams) -> None:
    """Show who ranks where, and who could (ranking 1)."""
    display(show(judged.case.run, ranks_page(judged, ranked, params)))


def ranks_page(judged: Judged, ranked: Ranked, params: RankingParams) -> Page:
    """Answer who ranks where, and how sure that is (ranking 1)."""
    case, words = judged.case, judged.case.run.words
    table = ranked.table.drop(columns=["team_score", "score_part", "team_part", "score_rest"])
    table.insert(1, "name", table["rep_id"].map(case.names))
    known = table[table["final_score"].notna()]
    sure = known[known["best_rank"] == known["worst_rank"]]
    first = known.iloc[0]
    rivals = int((known["best_rank"] <= 1).sum())
    rows = known.head(_SHOWN)
    bars = pd.DataFrame(
        {
            "name": rows["name"],
            "score": rows["final_score"],
            "low": rows["score_low"],
            "high": rows["score_high"],
            "rank": rows["score_rank"].astype(float),
            "best": rows["best_rank"].astype(float),
            "worst": rows["worst_rank"].astype(float),
            "text": [
                words("appraisal.rank_tip", rank=r, best=b, worst=w)
                for r, b, w in zip(rows["score_rank"], rows["best_rank"], rows["worst_rank"], strict=True)
            ],
        }
    )
    numbers = ["own_score", "feedback_score", "incident_points", "final_score", "score_low", "score_high"]
    table[numbers] = table[numbers].round(1)
    native = NativeChart("bar", "name", {"final_score": "AC"}, rows=len(rows))
    return Page(
        id="ranking_1",
        title=words(
            "appraisal.rank_title",
            name=first["name"],
            score=f"{first['final_score']:.1f}",
            sure=len(sure),
            reps=len(known),
            rivals=rivals,
        ),
        subtitle=subtitle(case, words("appraisal.rank_what", level=words.percent(params.level))),
        table=table,
        figures=(charts.rank_chart(bars, level=params.level, words=words, native=native),),
        sentences=tuple(_evidence(judged, ranked)),
        notes=(
            _rule(case, params),
            words("appraisal.rank_doubt"),
            _forced(table, words) if params.forced else words("appraisal.rank_not_forced"),
        ),
    )


def _rule(case: Case, params: RankingParams) -> str:
    """Say what is drawn, and of a short window that its months tell little."""
    words, months = case.run.words, case.window.length
    said = words(
        "appraisal.rank_rule",
        draws=words.count(params.draws),
        spread=words.percent(params.weight_spread),
    )
    if months > _FEW:
        return said
    return said + ("" if words.lang == "zh" else " ") + words("appraisal.rank_months", months=months)


def _forced(table: pd.DataFrame, words: Words) -> str:
    """Name who sits on the edge of a forced band: half of the draws or more put them in another."""
    edge = table[table["other_band"] >= _EDGE].sort_values("other_band", ascending=False, kind="stable")
    if edge.empty:
        return words("appraisal.rank_forced_clear", share=words.percent(_EDGE))
    names = words("targets.list").join(
        f"{row['name']} ({words.percent(row['other_band'])})" for _, row in edge.iterrows()
    )
    return words("appraisal.rank_forced", names=names)


def _evidence(judged: Judged, ranked: Ranked) -> list[str]:
    """Say on how much all ranks rest where that is little, and who has no rank, and why."""
    case, words = judged.case, judged.case.run.words
    most = float(judged.totals["weight_counted"].max())
    said = [words("appraisal.rank_thin", most=words.percent(most))] if most < _THIN else []
    said += _spared(judged, ranked)
    missing = ranked.table.loc[ranked.table["final_score"].isna(), "rep_id"]
    if missing.empty:
        return said
    return [
        *said,
        words(
            "appraisal.rank_missing",
            count=len(missing),
            names=words("targets.list").join(case.names[rep] for rep in missing),
            least=words.percent(case.params.least_weight),
        ),
    ]


def _spared(judged: Judged, ranked: Ranked) -> list[str]:
    """Name ranked reps who are not measured on the KPI that costs, or brings, the measured ones most."""
    case, words = judged.case, judged.case.run.words
    placed = ranked.table.loc[ranked.table["final_score"].notna(), "rep_id"]
    scores = judged.scores[judged.scores["rep_id"].isin(placed)]
    lost = (scores["used_weight"] * (100 - scores["score"])).groupby(scores["kpi"]).mean()
    without = scores[scores["score"].isna()]
    cost = without["kpi"].map(lost).astype("float64")
    found = []
    for key, side in (("rank_spared", cost), ("rank_denied", -cost)):
        if side.max() >= _SPARED:
            kpi = str(without.loc[side.idxmax(), "kpi"])
            names = [case.names[rep] for rep in without.loc[without["kpi"] == kpi, "rep_id"]]
            found.append(
                words(
                    f"appraisal.{key}",
                    kpi=words.value("kpi", kpi),
                    names=words("targets.list").join(names),
                    points=f"{side.max():.1f}",
                )
            )
    return found


def show_flips(judged: Judged, ranked: Ranked) -> None:
    """Show what would change the ranking (ranking 2)."""
    display(show(judged.case.run, flips_page(judged, ranked)))


def flips_page(judged: Judged, ranked: Ranked) -> Page:
    """Answer which small change of a weight, or which single account, moves a rank (ranking 2)."""
    case, words = judged.case, judged.case.run.words
    accounts = case.tables["accounts"].set_index("account_id")["name"]
    hinges = ranked.hinges
    far = hinges.reindex((-hinges["rank_move"].abs()).sort_values(kind="stable").index)
    table = pd.DataFrame(
        {
            "name": far["rep_id"].map(case.names),
            "account_id": far["account_id"],
            "account_name": far["account_id"].map(accounts).fillna(far["account_id"]),
            "score_rank": far["rep_id"].map(ranked.table.set_index("rep_id")["score_rank"]),
            "rank_without": far["rank_without"],
            "rank_move": far["rank_move"],
            "score_without": far["score_without"].round(1),
        }
    ).reset_index(drop=True)
    small = ranked.flips[ranked.flips["kpi"].notna()].copy()
    small = small.reindex(small["weight_change"].abs().sort_values(kind="stable").index)
    weights = judged.weights.set_index("kpi")["weight"]
    sentences = [_flip_said(row, weights[row["kpi"]], case) for _, row in small.head(3).iterrows()]
    moved = table[table["rank_move"] != 0]
    if len(moved):
        first = moved.iloc[0]
        title = words(
            "appraisal.flip_title",
            name=first["name"],
            account=first["account_name"],
            rank=first["score_rank"],
            without=first["rank_without"],
            count=int((moved["rank_move"].abs() >= _FAR).sum()),
        )
    else:
        title = words("appraisal.flip_title_none")
    rows = moved.head(14)
    bars = pd.DataFrame(
        {
            "name": [f"{n} · {a}" for n, a in zip(rows["name"], rows["account_name"], strict=True)],
            "points": -rows["rank_move"].astype(float),
            "text": [f"{r} → {w}" for r, w in zip(rows["score_rank"], rows["rank_without"], strict=True)],
        }
    )
    return Page(
        id="ranking_2",
        title=title,
        subtitle=subtitle(case, words("appraisal.flip_what")),
        table=table,
        sentences=tuple(sentences),
        figures=(charts.cost_chart(bars),) if len(bars) else (),
        notes=(words("appraisal.flip_rule"), words("appraisal.flip_weights")),
    )


def _flip_said(row: pd.Series, weight: float, case: Case) -> str:
    words = case.run.words
    known = {
        "lower": case.names[row["lower"]],
        "upper": case.names[row["upper"]],
        "kpi": words.value("kpi", row["kpi"]),
    }
    if weight + row["weight_change"] < _DROPPED:
        return words("appraisal.flip_drop", weight=words.percent(weight), **known)
    return words("appraisal.flip_said", change=_points(row["weight_change"]), **known)


def _points(change: float) -> str:
    return f"{100 * change:+.1f}"
