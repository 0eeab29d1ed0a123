"""One private sheet per rep: only that rep's rows, and rounded bands of groups of at least five others."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from kamlib.appraisal.growth import GrowthParams
from kamlib.charts import appraisal as charts
from kamlib.packs.content import PageRef, Section
from kamlib.packs.html import render_html
from kamlib.packs.judging import Judged
from kamlib.packs.page import Page, save_page
from kamlib.packs.pages_judged import TOLD
from kamlib.packs.pages_results import subtitle
from kamlib.packs.pages_scorecard import chain_chart, chain_sentence, score_table
from kamlib.packs.ranked import Ranked
from kamlib.runs import Run

LEAST = 5  # others that a band must be made of
_STEP = 5  # score points that bands are rounded to
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def write_rep_sheets(judged: Judged, ranked: Ranked, *, growth: GrowthParams) -> list[Path]:
    """Write ``reps/<rep>/sheet.html`` for every rep.

    Parameters
    ----------
    judged : Judged
        Scorecards.
    ranked : Ranked
        Final scores and ranks.
    growth : GrowthParams
        Lines of improvement by measure.

    Returns
    -------
    list of pathlib.Path
        The files, in the order of the reps.
    """
    run = judged.case.run
    found = []
    for number, rep in enumerate(judged.case.reps, start=1):
        folder = run.folder / "reps" / f"{number:03d}-{_UNSAFE.sub('_', rep)}"
        (folder / "pages").mkdir(parents=True)
        private = Run(folder, run.facts)
        pages = rep_pages(judged, ranked, rep, growth=growth)
        for page in pages:
            save_page(private, page)
        title = run.words("appraisal.sheet", name=judged.case.names[rep])
        section = Section("summary", title, tuple(PageRef(page.id) for page in pages))
        facts = {k: run.facts[k] for k in ("pack", "period", "as_of", "book")}
        made = render_html(folder, sections=[section], facts=facts, words=run.words, interactive=False)
        found.append(made.rename(folder / "sheet.html"))
    return found


def rep_pages(judged: Judged, ranked: Ranked, rep: str, *, growth: GrowthParams) -> list[Page]:
    """Make one rep's pages: results and rank, score step by step, drivers and plan, pay."""
    return [
        _result_page(judged, ranked, rep),
        _score_page(judged, rep),
        *_group_page(judged, rep),
        _plan_page(judged, rep, growth),
        *_pay_page(judged, rep),
        *_objectives_page(judged, rep),
    ]


def _result_page(judged: Judged, ranked: Ranked, rep: str) -> Page:
    words, case = judged.case.run.words, judged.case
    row = ranked.table.set_index("rep_id").loc[rep]
    known = pd.notna(row["final_score"])
    facts = {
        "score": _said(row["final_score"]),
        "low": _said(row["score_low"]),
        "high": _said(row["score_high"]),
    }
    shown = ["own_score", "feedback_score", "incident_points", "final_score", "score_low", "score_high"]
    mine = ranked.table.loc[ranked.table["rep_id"] == rep, shown]
    table = mine.astype("float64").round(1).reset_index(drop=True)
    return Page(
        id="rep_1",
        title=words("appraisal.my_title" if known else "appraisal.my_title_none", **(facts if known else {})),
        subtitle=subtitle(case, case.names[rep]),
        table=table,
        notes=(words("appraisal.my_range"),) if known else (),
        folded=False,
    )


def _score_page(judged: Judged, rep: str) -> Page:
    words, case = judged.case.run.words, judged.case
    mine = judged.scores[judged.scores["rep_id"] == rep]
    table = score_table(judged, mine).drop(columns=["rep_id", "name", "perspective"])
    return Page(
        id="rep_2",
        title=chain_sentence(judged, rep),
        subtitle=subtitle(case, words("appraisal.my_score_what")),
        table=table,
        figures=(chain_chart(judged, rep),) if mine["score"].notna().any() else (),
        notes=(words("appraisal.chain_rule"),),
        folded=False,
    )


def group_bands(judged: Judged, rep: str) -> pd.DataFrame:
    """Return the quarter points of the others' scores by KPI, rounded, where at least five others have one.

    Returns
    -------
    pandas.DataFrame
        One row per KPI with enough others: kpi, score (the rep's own), band_low, band_middle, band_high
        (quarter points of the others, rounded to five score points), others.
    """
    rows = []
    for kpi, part in judged.scores.groupby("kpi", sort=False):
        others = part.loc[(part["rep_id"] != rep) & part["score"].notna(), "score"].to_numpy(dtype=float)
        own = part.loc[part["rep_id"] == rep, "score"].iloc[0]
        if len(others) >= LEAST and pd.notna(own):
            bands = _STEP * np.round(np.quantile(others, [0.25, 0.5, 0.75]) / _STEP)
            rows.append((kpi, float(own), *(float(b) for b in bands)))
    return pd.DataFrame(rows, columns=["kpi", "score", "band_low", "band_middle", "band_high"])


def _group_page(judged: Judged, rep: str) -> list[Page]:
    words, case = judged.case.run.words, judged.case
    bands = group_bands(judged, rep)
    if not len(bands):
        return []
    below = int((bands["score"] < bands["band_low"]).sum())
    above = int((bands["score"] > bands["band_high"]).sum())
    table = bands.assign(kpi=[words.value("kpi", k) for k in bands["kpi"]], score=bands["score"].round(1))
    return [
        Page(
            id="rep_3",
            title=words("appraisal.my_group_title", above=above, below=below, kpis=len(bands)),
            subtitle=subtitle(case, words("appraisal.my_group_what")),
            table=table,
            notes=(words("appraisal.my_group_rule", least=LEAST, step=_STEP),),
            folded=False,
        )
    ]


def _plan_page(judged: Judged, rep: str, growth: GrowthParams) -> Page:
    """Name the KPIs that cost most against full marks: the others' median would tell of the others."""
    words, case = judged.case.run.words, judged.case
    mine = judged.scores[(judged.scores["rep_id"] == rep) & judged.scores["score"].notna()].copy()
    mine["points_lost"] = (mine["used_weight"] * (100 - mine["score"])).clip(lower=0).round(1)
    costly = mine[mine["points_lost"] > 0].sort_values(["points_lost", "kpi"], ascending=[False, True])
    costly = costly.head(growth.drivers).reset_index(drop=True)
    names = [words.value("kpi", k) for k in costly["kpi"]]
    plans = pd.Series([growth.plans.get(k) for k in costly["kpi"]], dtype="str")
    table = pd.DataFrame(
        {"kpi": names, "score": costly["score"].round(1), "points_lost": costly["points_lost"], "plan": plans}
    )
    bars = pd.DataFrame(
        {
            "name": names,
            "points": -costly["points_lost"],
            "text": [f"-{c:.1f}" for c in costly["points_lost"]],
        }
    )
    key = "my_plan_title" if len(names) else "my_plan_title_none"
    return Page(
        id="rep_4",
        title=words(
            f"appraisal.{key}", **({"kpi": names[0], "lost": bars["text"].iloc[0][1:]} if names else {})
        ),
        subtitle=subtitle(case, words("appraisal.my_plan_what")),
        table=table,
        figures=(charts.cost_chart(bars),) if len(bars) else (),
        folded=False,
    )


def _pay_page(judged: Judged, rep: str) -> list[Page]:
    run, words = judged.case.run, judged.case.run.words
    pay = run.load("pay")
    row = pay[pay["rep_id"] == rep]
    if not len(row) or row["payout"].isna().all():
        return []
    first = row.iloc[0]
    return [
        Page(
            id="rep_5",
            title=words(
                "appraisal.my_pay_title",
                payout=f"{first['payout']:,.0f}",
                currency=words.currency,
                pay_basis=words.percent(first["pay_basis"]),
                step=f"{first['next_step']:,.0f}",
            ),
            subtitle=subtitle(judged.case, words("appraisal.pay_what", currency=words.currency)),
            table=row.drop(columns="rep_id").reset_index(drop=True),
            folded=False,
        )
    ]


def _objectives_page(judged: Judged, rep: str) -> list[Page]:
    run, words = judged.case.run, judged.case.run.words
    found = run.load("objectives_judged") if run.has("objectives_judged") else None
    mine = None if found is None else found[found["rep_id"] == rep]
    if mine is None or not len(mine):
        return []
    met = int((mine["objective_state"] == "met").sum())
    return [
        Page(
            id="rep_6",
            title=words("appraisal.my_objectives_title", count=len(mine), met=met),
            subtitle=subtitle(judged.case, words("appraisal.objectives_what")),
            table=mine[list(TOLD)].reset_index(drop=True),
            notes=(words("appraisal.objectives_rule"),),
            folded=False,
        )
    ]


def _said(score: float) -> str:
    return "–" if pd.isna(score) else f"{score:.1f}"
