"""The appraisal pack's chapters in reading order, rendered to HTML and Excel, and one sheet per rep."""

from __future__ import annotations

import pandas as pd

from kamlib.appraisal.growth import GrowthParams
from kamlib.appraisal.incidents import IncidentParams
from kamlib.appraisal.kpi import ScorecardParams
from kamlib.appraisal.scorecard import LEAST_OTHERS
from kamlib.appraisal.weighting import WeightParams
from kamlib.packs.appraisal_params import RankingParams
from kamlib.packs.content import PageRef, Section, notebook_section
from kamlib.packs.excel import render_excel
from kamlib.packs.excel_style import Style
from kamlib.packs.html import render_html
from kamlib.packs.judging import Judged, case_of, judge
from kamlib.packs.live_scorecard import LiveScorecard, add_live_sheet
from kamlib.packs.page import Page, save_page
from kamlib.packs.pages_planning import book_pages, parameter_page, run_page
from kamlib.packs.pages_results import asked_by_dimension, label_of, subtitle
from kamlib.packs.ranked import Ranked, rank
from kamlib.packs.rep_sheets import paid_apart, team_others, teams_of, write_rep_sheets
from kamlib.params import Params
from kamlib.runs import Run
from kamlib.runs.publish import previous_run

_CHAPTERS = {
    "results": "1_results",
    "scorecard": "2_scorecard",
    "feedback": "3_feedback",
    "ranking": "4_ranking",
    "pay": "5_pay_and_growth",
}


def render_appraisal(run: Run, params: Params) -> None:
    """Make the summary, book and appendix pages, ``pack.html``, ``pack.xlsx`` and the reps' sheets.

    Parameters
    ----------
    run : Run
        The run being built; its chapters have run.
    params : Params
        The pack's parameters.

    Raises
    ------
    RunError
        If a page or table that the pack needs was not saved.
    """
    words = run.words
    judged = judge(case_of(run, run.params(ScorecardParams)), run.params(WeightParams))
    ranked = _ranked(judged)
    front = [summary_page(judged, ranked)]
    book = book_pages(run)
    back = [parameter_page(params, run, previous_run(run)), run_page(run)]
    for page in (*front, *book, *back):
        save_page(run, page)
    chapters = [
        notebook_section(run.folder / "notebooks" / f"{file}.ipynb", section_id=name, lang=words.lang)
        for name, file in _CHAPTERS.items()
    ]
    sections = [
        Section("summary", words("planning.summary"), tuple(PageRef(page.id) for page in front)),
        *(chapter for chapter in chapters if any(isinstance(item, PageRef) for item in chapter.items)),
        Section("book", words("planning.book"), tuple(PageRef(page.id) for page in book)),
        Section("appendix", words("planning.appendix"), tuple(PageRef(page.id) for page in back)),
    ]
    live = live_scorecard(judged, ranked)
    render_html(run.folder, sections=sections, facts=run.facts, words=words)
    render_excel(
        run.folder,
        sections=sections,
        facts=run.facts,
        words=words,
        more=lambda workbook, style: _live(workbook, style, live, run),
    )
    write_rep_sheets(judged, ranked, growth=run.params(GrowthParams))


def _live(workbook: object, style: Style, live: LiveScorecard, run: Run) -> None:
    add_live_sheet(workbook, live, style=style, words=run.words)


def _ranked(judged: Judged) -> Ranked:
    run = judged.case.run
    feedback = run.load("feedback_scores") if run.has("feedback_scores") else None
    return rank(judged, feedback, params=run.params(RankingParams), incidents=run.params(IncidentParams))


def live_scorecard(judged: Judged, ranked: Ranked) -> LiveScorecard:
    """Return what the workbook's live sheet is made from; reps without any score are left out."""
    words = judged.case.run.words
    table = ranked.table[ranked.table["final_score"].notna()]
    kpis = [kpi.measure for kpi in judged.case.params.kpis]
    wide = judged.scores.pivot(index="rep_id", columns="kpi", values="score").reindex(table["rep_id"])[kpis]
    fixed = table[["score_part", "team_part", "score_rest", "best_rank", "worst_rank"]].reset_index(drop=True)
    team = table["rep_id"].map(teams_of(judged))
    fixed["team"] = team.where(table["team_part"] > 0).to_numpy()
    return LiveScorecard(
        scores=wide.set_index(pd.Index([judged.case.names[r] for r in table["rep_id"]])),
        weights=judged.weights.set_index("kpi")["weight"],
        kpis={k: words.value("kpi", k) for k in kpis},
        fixed=fixed,
    )


def summary_page(judged: Judged, ranked: Ranked) -> Page:
    """Make the page a manager reads in a minute: reached, who stands where, what to talk about."""
    case, words = judged.case, judged.case.run.words
    known = ranked.table[ranked.table["final_score"].notna()]
    pay = case.run.load("pay")
    total, paid = words.money(float(pay["payout"].sum())), int(pay["payout"].notna().sum())
    asked = sum(asked_by_dimension(case).get("rep", {}).values())
    sold = judged.evidence[judged.evidence["measure"] == "target_attainment"]
    facts = {"period": label_of(case), "reps": len(known), "median": f"{known['final_score'].median():.0f}"}
    if asked and len(sold):
        attained = words.percent(sold["amount"].sum() / asked)
        title = words("appraisal.sum_title", attained=attained, asked=words.money(asked), **facts)
    else:
        title = words("appraisal.sum_title_plain", **facts)
    return Page(
        id="summary",
        title=title,
        subtitle=subtitle(case, words("appraisal.sum_what")),
        sentences=_sentences(judged, ranked),
        notes=(
            words("appraisal.sum_pay", total=total, reps=paid) if paid else words("appraisal.sum_pay_none"),
            words("appraisal.sum_talk_apart" if paid_apart(judged, ranked).any() else "appraisal.sum_talk"),
            *_small_teams_said(judged, ranked),
        ),
        table=_summary_table(judged, ranked),
        folded=False,
    )


def _small_teams_said(judged: Judged, ranked: Ranked) -> tuple[str, ...]:
    """Name teams so small that a member could work out the others' mean from an exact final score."""
    words, teams = judged.case.run.words, teams_of(judged)
    others = team_others(ranked, teams)
    small = sorted({str(teams[rep]) for rep in others.index[others < LEAST_OTHERS]})
    if not small:
        return ()
    names = words("targets.list").join(small)
    return (words("appraisal.sum_small_teams", members=LEAST_OTHERS + 1, names=names),)


def _summary_table(judged: Judged, ranked: Ranked) -> pd.DataFrame:
    table = ranked.table.copy()
    table.insert(1, "name", table["rep_id"].map(judged.case.names))
    mine = judged.scores[judged.scores["kpi"] == "target_attainment"].set_index("rep_id")
    if len(mine):
        table.insert(2, "attainment", table["rep_id"].map(mine["attainment"]))
    scores, ranks = ["final_score", "score_low", "score_high"], ["score_rank", "best_rank", "worst_rank"]
    table[scores] = table[scores].round(1)
    return table[[c for c in ("rep_id", "name", "attainment", *scores, *ranks) if c in table]]


def _sentences(judged: Judged, ranked: Ranked) -> tuple[str, ...]:
    case, words = judged.case, judged.case.run.words
    known = ranked.table[ranked.table["final_score"].notna()]
    said = [
        words(
            f"appraisal.sum_{key}",
            name=case.names[row["rep_id"]],
            score=f"{row['final_score']:.1f}",
            best=row["best_rank"],
            worst=row["worst_rank"],
        )
        for key, (_, row) in zip(("first", "last"), known.iloc[[0, -1]].iterrows(), strict=True)
    ]
    moved = ranked.hinges.reindex((-ranked.hinges["rank_move"].abs()).sort_values(kind="stable").index)
    if len(moved) and moved["rank_move"].iloc[0] != 0:
        row = moved.iloc[0]
        accounts = case.tables["accounts"].set_index("account_id")["name"]
        account = accounts.get(row["account_id"], row["account_id"])
        move = abs(int(row["rank_move"]))
        said.append(words("appraisal.sum_hinge", name=case.names[row["rep_id"]], account=account, move=move))
    sure = int((known["best_rank"] == known["worst_rank"]).sum())
    return (*said, words("appraisal.sum_sure", sure=sure, reps=len(known)))
