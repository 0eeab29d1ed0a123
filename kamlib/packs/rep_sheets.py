"""One private sheet per rep: only that rep's rows, and rounded bands of groups of at least five others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from kamlib.appraisal.growth import GrowthParams
from kamlib.appraisal.incidents import IncidentParams
from kamlib.appraisal.scorecard import LEAST_OTHERS
from kamlib.charts import appraisal as charts
from kamlib.glossary import Words
from kamlib.incentives import PayParams
from kamlib.packs.appraisal_params import RankingParams
from kamlib.packs.content import PageRef, Section
from kamlib.packs.html import render_html
from kamlib.packs.judging import Judged
from kamlib.packs.page import Page, save_page
from kamlib.packs.pages_judged import TOLD, kpi_rules
from kamlib.packs.pages_results import subtitle
from kamlib.packs.pages_scorecard import chain_chart, chain_sentence, score_table, written
from kamlib.packs.ranked import Ranked
from kamlib.runs import Run

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
    """Make one rep's pages: results, score step by step, drivers and plan, pay, what all of it rests on."""
    return [
        _result_page(judged, ranked, rep),
        _score_page(judged, rep),
        *_group_page(judged, rep),
        _plan_page(judged, rep, growth),
        *_pay_page(judged, ranked, rep),
        *_objectives_page(judged, rep),
        *_incidents_page(judged, ranked, rep),
        *_evidence_page(judged, rep),
    ]


def team_others(ranked: Ranked, teams: pd.Series) -> pd.Series:
    """Count the others whose scores are in the mean of each rep's team.

    Parameters
    ----------
    ranked : Ranked
        Final scores.
    teams : pandas.Series
        Team by rep_id.

    Returns
    -------
    pandas.Series of float64
        By rep_id; NaN for a rep in whose score no team has a part.
    """
    table = ranked.table.set_index("rep_id")
    team = table.index.to_series().map(teams)
    scored = table["own_score"].notna()
    others = scored.groupby(team).transform("sum").reindex(table.index) - scored
    return others.astype("float64").where(table["team_part"] > 0)


def paid_apart(judged: Judged, ranked: Ranked) -> pd.Series:
    """Say from whose pay the others' mean could be worked out: it goes by a score with a team's part.

    Pay is exact, so that a team of any size is told by it; the manager tells it instead of the sheet.

    Returns
    -------
    pandas.Series of bool
        By rep_id.
    """
    by_score = judged.case.run.params(PayParams).by == "score"
    return team_others(ranked, teams_of(judged)).notna() & by_score


def teams_of(judged: Judged) -> pd.Series:
    """Return the team of each rep; empty for a book without reps."""
    reps = judged.case.tables.get("reps", pd.DataFrame(columns=["rep_id", "team"]))
    return reps.set_index("rep_id")["team"]


def _result_page(judged: Judged, ranked: Ranked, rep: str) -> Page:
    words, case = judged.case.run.words, judged.case
    row = ranked.table.set_index("rep_id").loc[rep]
    params = case.run.params(RankingParams)
    others = team_others(ranked, teams_of(judged))[rep]
    in_team, few = bool(others >= 0), bool(others < LEAST_OTHERS)
    told = _bands(row) if in_team else dict(row[["final_score", "score_low", "score_high"]])
    parts = {} if few else {"own_score": row["own_score"]}
    if in_team and not few:
        parts["team_score"] = _STEP * np.round(row["team_score"] / _STEP)
    if params.feedback_share > 0:
        parts["feedback_score"] = row["feedback_score"]
    parts |= {"incident_points": row["incident_points"], **told}
    notes = []
    if pd.notna(row["final_score"]):
        notes.append(words("appraisal.my_range", level=words.percent(params.level)))
    if in_team:
        share = words.percent(row["team_part"])
        notes.append(words("appraisal.my_team", share=share, step=_STEP, least=LEAST_OTHERS))
    if paid_apart(judged, ranked)[rep]:
        notes.append(words("appraisal.my_pay_apart"))
    share = words.percent(params.feedback_share)
    return Page(
        id="rep_1",
        title=_result_title(words, told),
        subtitle=subtitle(case, case.names[rep]),
        table=pd.DataFrame([parts]).astype("float64").round(1),
        labels={"feedback_score": words("appraisal.my_feedback", share=share)},
        notes=tuple(notes),
        folded=False,
    )


def _bands(row: pd.Series) -> dict[str, float]:
    """Return the band that a final score lies in, and its range rounded outwards."""
    lower = _STEP * np.floor(row["final_score"] / _STEP)
    low, high = _STEP * np.floor(row["score_low"] / _STEP), _STEP * np.ceil(row["score_high"] / _STEP)
    return {"final_from": lower, "final_to": lower + _STEP, "score_low": low, "score_high": high}


def _result_title(words: Words, told: Mapping[str, float]) -> str:
    if pd.isna(told["score_low"]):
        return words("appraisal.my_title_none")
    low, high = told["score_low"], told["score_high"]
    if "final_from" in told:
        band = {"low": f"{told['final_from']:.0f}", "high": f"{told['final_to']:.0f}"}
        return words("appraisal.my_title_team", least=f"{low:.0f}", most=f"{high:.0f}", **band)
    return words(
        "appraisal.my_title", score=f"{told['final_score']:.1f}", low=f"{low:.1f}", high=f"{high:.1f}"
    )


def _score_page(judged: Judged, rep: str) -> Page:
    words, case = judged.case.run.words, judged.case
    mine = judged.scores[judged.scores["rep_id"] == rep]
    table = score_table(judged, mine).drop(columns=["rep_id", "name", "perspective"])
    table = table.assign(**kpi_rules(case, mine["kpi"]))
    return Page(
        id="rep_2",
        title=chain_sentence(judged, rep, of="own_score"),
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
        if len(others) >= LEAST_OTHERS and pd.notna(own):
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
            notes=(words("appraisal.my_group_rule", least=LEAST_OTHERS, step=_STEP),),
            folded=False,
        )
    ]


def _plan_page(judged: Judged, rep: str, growth: GrowthParams) -> Page:
    """Name the KPIs that cost most against full marks: the others' median would tell of the others."""
    words, case = judged.case.run.words, judged.case
    mine = judged.scores[(judged.scores["rep_id"] == rep) & judged.scores["score"].notna()].copy()
    mine["points_short"] = (mine["used_weight"] * (100 - mine["score"])).clip(lower=0).round(1)
    costly = mine[mine["points_short"] > 0].sort_values(["points_short", "kpi"], ascending=[False, True])
    costly = costly.head(growth.drivers).reset_index(drop=True)
    names = [words.value("kpi", k) for k in costly["kpi"]]
    plans = pd.Series([growth.plans.get(k) for k in costly["kpi"]], dtype="str")
    table = pd.DataFrame(
        {
            "kpi": names,
            "score": costly["score"].round(1),
            "points_short": costly["points_short"],
            "plan": plans,
        }
    )
    bars = pd.DataFrame(
        {
            "name": names,
            "points": -costly["points_short"],
            "text": [f"-{c:.1f}" for c in costly["points_short"]],
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


def _pay_page(judged: Judged, ranked: Ranked, rep: str) -> list[Page]:
    run, words = judged.case.run, judged.case.run.words
    if paid_apart(judged, ranked)[rep]:
        return []
    pay = run.load("pay")
    row = pay[pay["rep_id"] == rep]
    if not len(row) or row["payout"].isna().all():
        return []
    first = row.iloc[0]
    return [
        Page(
            id="rep_5",
            title=words("appraisal.my_pay_plain", payout=f"{first['payout']:,.0f}", currency=words.money_unit)
            if pd.isna(first["pay_basis"])
            else words(
                "appraisal.my_pay_title",
                payout=f"{first['payout']:,.0f}",
                currency=words.money_unit,
                pay_basis=words.percent(first["pay_basis"]),
                step=f"{first['next_step']:,.0f}",
            ),
            subtitle=subtitle(judged.case, words("appraisal.pay_what", currency=words.money_unit)),
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
            table=_private(mine[list(TOLD)].reset_index(drop=True), ("objective", "cause"), judged, rep),
            notes=(words("appraisal.objectives_rule"),),
            folded=False,
        )
    ]


def _incidents_page(judged: Judged, ranked: Ranked, rep: str) -> list[Page]:
    run, words = judged.case.run, judged.case.run.words
    found = run.load("incident_points") if run.has("incident_points") else None
    mine = None if found is None else found[found["rep_id"] == rep]
    if mine is None or not len(mine):
        return []
    params = run.params(IncidentParams)
    points = ranked.table.set_index("rep_id")["incident_points"][rep]
    shown = mine[["date", "polarity", "severity", "note", "incident_points"]]
    shown = shown.sort_values("date", ascending=False, ignore_index=True).round({"incident_points": 2})
    return [
        Page(
            id="rep_7",
            title=words(
                "appraisal.my_incidents_title",
                count=len(mine),
                points=f"{points:+.1f}",
                most=f"{params.most:g}",
            ),
            subtitle=subtitle(judged.case, words("appraisal.my_incidents_what")),
            table=_private(shown, ("note",), judged, rep),
            notes=(words("appraisal.incidents_rule", half=f"{params.half_life:g}"),),
            folded=False,
        )
    ]


def _evidence_page(judged: Judged, rep: str) -> list[Page]:
    """List what each account added to the rep's values."""
    case, words = judged.case, judged.case.run.words
    mine = judged.evidence[judged.evidence["rep_id"] == rep]
    if not len(mine):
        return []
    names = case.tables["accounts"].set_index("account_id")["name"]
    value = mine["amount"] / mine["base"].where(mine["base"] != 0, np.nan)
    table = pd.DataFrame(
        {
            "kpi": [words.value("kpi", m) for m in mine["measure"]],
            "account_id": mine["account_id"],
            "account_name": mine["account_id"].map(names),
            "amount": mine["amount"],
            "base": mine["base"],
            "kpi_value_said": [
                written(m, v, words)
                for m, v in zip(mine["measure"], value.fillna(mine["amount"]), strict=True)
            ],
        }
    )
    of, amount = words("appraisal.my_evidence_of"), words("appraisal.my_evidence_amount")
    return [
        Page(
            id="rep_8",
            title=words("appraisal.my_evidence_title", rows=len(mine), accounts=mine["account_id"].nunique()),
            subtitle=subtitle(case, words("appraisal.my_evidence_what")),
            table=table.reset_index(drop=True),
            labels={"base": of, "amount": amount},
            kinds={"base": "number", "amount": "number"},
            notes=(words("appraisal.my_evidence_rule"),),
        )
    ]


def _private(table: pd.DataFrame, columns: Sequence[str], judged: Judged, rep: str) -> pd.DataFrame:
    """Replace texts that name another rep: the manager tells them."""
    names = judged.case.names
    others = {text for other in names if other != rep for text in (other, names[other])}
    named = re.compile(
        "|".join(rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])" for text in sorted(others)) or r"(?!)"
    )
    told = judged.case.run.words("appraisal.my_told")
    texts = {c: table[c].mask(table[c].fillna("").str.contains(named), told) for c in columns}
    return table.assign(**texts)
