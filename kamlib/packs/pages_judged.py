"""Pages of the appraisal's second chapter beside scores: objectives agreed, and what KPIs weigh and why."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from IPython.display import display

from kamlib.appraisal.judged_weights import CONSISTENT, RANDOM_INDEX, BestWorstWeights
from kamlib.appraisal.objectives import STATES, judge_objectives
from kamlib.appraisal.weighting import WeightParams, judge_weights, weight_remarks
from kamlib.packs.judging import Case, Judged
from kamlib.packs.page import Page, show
from kamlib.packs.pages_results import subtitle

TOLD = ("objective", "due", "goal", "reached", "objective_gap", "objective_state", "cause")


def show_objectives(case: Case) -> None:
    """Judge objectives, save them and show the page (objectives); nothing where the book has none."""
    if not case.run.has("objectives"):
        return
    found = judge_objectives(case.run.load("objectives"), window=case.window, as_of=case.run.as_of)
    found = found[found["rep_id"].isin(case.reps)].reset_index(drop=True)
    if len(found):
        case.run.save("objectives_judged", found)
        display(show(case.run, objectives_page(case, found)))


def objectives_page(case: Case, objectives: pd.DataFrame) -> Page:
    """Answer which objectives were met, by whom they are owned, and why others were not (objectives)."""
    words = case.run.words
    counts = objectives["objective_state"].value_counts()
    bare = objectives[(objectives["objective_state"] == "missed") & objectives["cause"].isna()]
    table = objectives[list(TOLD)].assign(owner=objectives["rep_id"].map(case.names))
    table = table[["owner", *TOLD]]
    known = {code: int(counts.get(code, 0)) for code in STATES}
    notes = [words("appraisal.objectives_rule")]
    if len(bare):
        notes.append(words("appraisal.objectives_bare", count=len(bare)))
    return Page(
        id="objectives",
        title=words("appraisal.objectives_title", count=len(objectives), **known),
        subtitle=subtitle(case, words("appraisal.objectives_what")),
        table=table,
        notes=tuple(notes),
        folded=False,
    )


def show_weights(judged: Judged, params: WeightParams) -> None:
    """Show what each KPI weighs and why (scorecard 4), and who changed given weights, where any did (5)."""
    display(show(judged.case.run, weights_page(judged, params)))
    if params.log:
        display(show(judged.case.run, log_page(judged, params)))


def weights_page(judged: Judged, params: WeightParams) -> Page:
    """Answer what each KPI weighs, by which method and policy (scorecard 4)."""
    case, words = judged.case, judged.case.run.words
    table = judged.weights.copy()
    heaviest = table.loc[table["weight"].idxmax()]
    day = case.window.months[-1]
    held = [p for p in params.policies if p.holds(pd.Timestamp(case.run.as_of).date() - pd.Timedelta(days=1))]
    notes = [words(f"appraisal.remark_{code}") for code in weight_remarks(table)]
    said = [
        words(
            "appraisal.policy",
            name=p.name,
            who=p.who,
            why=p.why,
            starts=p.starts,
            factors=words("targets.list").join(
                f"{words.value('kpi', k)} × {f:g}" for k, f in p.factors.items()
            ),
        )
        for p in held
    ]
    table = table.assign(**kpi_rules(case, table["kpi"]), kpi=[words.value("kpi", m) for m in table["kpi"]])
    return Page(
        id="scorecard_4",
        title=words(
            "appraisal.weights_title_policies" if held else "appraisal.weights_title",
            kpi=words.value("kpi", heaviest["kpi"]),
            weight=words.percent(heaviest["weight"]),
            method=words.value("method", params.method),
            **({"policies": len(held)} if held else {}),
        ),
        subtitle=subtitle(case, words("appraisal.weights_what", day=day)),
        table=table,
        totals=("given_weight", "method_weight", "weight"),
        sentences=(*_agreement_said(case, params), *said),
        notes=(words("appraisal.weights_rule"), *notes)[:3],
        folded=False,
    )


def kpi_rules(case: Case, measures: Iterable[str]) -> dict[str, list[str]]:
    """Return what each KPI counts, and over which months."""
    words, spans = case.run.words, case.spans(case.window)
    return {
        "kpi_rule": [words.value("kpi_rule", measure) for measure in measures],
        "kpi_months": [
            words("appraisal.to_date", first=spans[m].months[0], last=spans[m].months[-1]) for m in measures
        ],
    }


def log_page(judged: Judged, params: WeightParams) -> Page:
    """Answer who changed which given weight, when and why, all changes, the latest first (scorecard 5)."""
    words = judged.case.run.words
    log = sorted(params.log, key=lambda entry: (entry.day, entry.kpi), reverse=True)
    last = log[0]
    table = pd.DataFrame(
        {
            "date": pd.to_datetime([entry.day for entry in log]),
            "kpi": [words.value("kpi", entry.kpi) for entry in log],
            "before": [entry.before for entry in log],
            "after": [entry.after for entry in log],
            "who": [entry.who for entry in log],
            "why": [entry.why for entry in log],
        }
    )
    return Page(
        id="scorecard_5",
        title=words(
            "appraisal.log_title",
            count=len(log),
            day=last.day,
            kpi=words.value("kpi", last.kpi),
            before=words.percent(last.before),
            after=words.percent(last.after),
        ),
        subtitle=subtitle(judged.case, words("appraisal.log_what")),
        table=table,
        labels={column: words(f"appraisal.log_{column}") for column in ("before", "after", "who", "why")},
        kinds={"before": "fraction", "after": "fraction"},
        folded=False,
    )


def _agreement_said(case: Case, params: WeightParams) -> tuple[str, ...]:
    """Say how far judgements agree with each other, and which to look at again; nothing without any."""
    words, found = case.run.words, judge_weights(case.params.kpis, params)
    if found is None:
        return ()
    if isinstance(found, BestWorstWeights):
        said = [words("appraisal.consistency_xi", xi=f"{found.inconsistency:.3f}")]
        return (*said, *([words("appraisal.remark_xi")] if found.inconsistency > CONSISTENT else []))
    count = len(found.weights)
    ratio = words(
        "appraisal.consistency_ratio",
        ratio=f"{found.ratio:.3f}",
        index=f"{found.index:.3f}",
        random=f"{RANDOM_INDEX[count]:.2f}",
        count=count,
    )
    if found.consistent or found.revisit is None:
        return (ratio,)
    first, second = (words.value("kpi", name) for name in found.revisit)
    remark = words(
        "appraisal.remark_ratio",
        first=first,
        second=second,
        said=f"{found.said:.2g}",
        implied=f"{found.implied:.2g}",
    )
    return (ratio, remark)
