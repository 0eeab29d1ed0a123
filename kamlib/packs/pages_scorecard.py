"""Pages of the appraisal's second chapter: all reps by KPI, how a score is made, perspectives, weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
from IPython.display import display

from kamlib.appraisal.kpi import PERSPECTIVES
from kamlib.appraisal.uplift import participation_uplift
from kamlib.appraisal.weighting import WeightParams
from kamlib.charts import appraisal as charts
from kamlib.charts.figure import Figure
from kamlib.glossary import Words
from kamlib.packs.judging import Case, Judged, judge
from kamlib.packs.page import Choice, Page, show
from kamlib.packs.pages_results import subtitle

_FAR = 3.0  # times the target: beyond it the target is the likelier mistake
_ONE_SIDED, _PERIODS = 0.10, 3  # a forecast off by this, in every one of so many periods, is no chance
_MONEY = ("target_attainment", "new_account_value")
_FRACTIONS = (
    "gross_margin",
    "market_share",
    "retention",
    "repeat_purchase",
    "wallet_gain",
    "activity_participation",
    "complaints_closed",
    "losses_reviewed",
    "forecast_accuracy",
    "overdue_collected",
)


def judge_run(case: Case, weights: WeightParams) -> Judged:
    """Score all reps and save what was found with the run."""
    judged = judge(case, weights)
    run = case.run
    run.save("kpi_evidence", judged.evidence.rename(columns={"measure": "kpi"}))
    run.save("kpi_weights", judged.weights)
    run.save("scores", judged.scores)
    run.save("score_totals", judged.totals)
    run.save("score_perspectives", judged.perspectives)
    return judged


def written(measure: str, value: float, words: Words) -> str:
    """Write a KPI's value as it is read: money, percent or a number."""
    if pd.isna(value):
        return "–"
    if measure in _MONEY:
        return words.money(value)
    return (
        words.percent(value)
        if measure in _FRACTIONS
        else f"{value:,.3g}"
        if abs(value) < 1000
        else f"{value:,.0f}"
    )


def show_heat(judged: Judged) -> None:
    """Show all reps by KPI (scorecard 1)."""
    display(show(judged.case.run, heat_page(judged)))


def heat_page(judged: Judged) -> Page:
    """Answer how all reps did on all KPIs (scorecard 1)."""
    case, words = judged.case, judged.case.run.words
    kpis = [kpi.measure for kpi in case.params.kpis]
    totals = judged.totals.sort_values(["total_score", "rep_id"], ascending=[False, True], na_position="last")
    order = totals["rep_id"].tolist()
    wide = judged.scores.pivot(index="rep_id", columns="kpi", values="score").reindex(
        index=order, columns=kpis
    )
    heads = {m: words.value("kpi", m) for m in kpis}
    cells = (
        wide.rename(columns=heads)
        .reset_index(names="rep_id")
        .melt("rep_id", var_name="kpi", value_name="score")
    )
    cells["name"] = cells["rep_id"].map(case.names)
    cells["text"] = ["–" if pd.isna(score) else f"{score:.0f}" for score in cells["score"]]
    means = wide.mean()
    worst, best = str(means.idxmin()), str(means.idxmax())
    table = wide.round(1).reset_index()
    table.insert(1, "name", table["rep_id"].map(case.names))
    table["total_score"] = totals["total_score"].round(1).to_numpy()
    left = judged.scores[judged.scores["left_out"].notna()]
    notes = [words("appraisal.heat_rule")]
    if len(left):
        notes.append(words("appraisal.heat_left_out", count=len(left), kpis=_list(words, left["kpi"])))
    few = judged.scores[judged.scores["cases"].between(1, case.params.clear_cases - 1)]
    if len(few):
        notes.append(words("appraisal.heat_few", count=len(few), cases=case.params.clear_cases))
    return Page(
        id="scorecard_1",
        title=words(
            "appraisal.heat_title",
            reps=int(totals["total_score"].notna().sum()),
            name=case.names[order[0]],
            score=f"{totals['total_score'].iloc[0]:.1f}",
            worst=heads[worst],
            low=f"{means[worst]:.0f}",
            best=heads[best],
            high=f"{means[best]:.0f}",
        ),
        subtitle=subtitle(case, words("appraisal.heat_what")),
        table=table,
        labels=heads,
        kinds=dict.fromkeys(kpis, "number"),
        figures=(charts.heat_chart(cells, names=[case.names[r] for r in order], kpis=list(heads.values())),),
        sentences=(*_forecasts_said(case), *_uplift_said(case), *_far_above(judged)),
        notes=tuple(notes),
    )


def _forecasts_said(case: Case) -> tuple[str, ...]:
    """Name who forecast less, or more, than came in every period; accuracy alone tells no side."""
    words, known = case.run.words, case.forecasts
    known = known[(known["periods"] >= _PERIODS) & (known["forecast_bias"].abs() >= _ONE_SIDED)]
    sides = {
        "low": known[known["periods_below"] == known["periods"]],
        "high": known[known["periods_below"] == 0],
    }
    said = []
    for side, rows in sides.items():
        if not len(rows):
            continue
        rows = rows.sort_values("forecast_bias", key=lambda bias: -bias.abs(), kind="stable")
        names = [
            words(
                "appraisal.forecast_of",
                name=case.names[row["rep_id"]],
                bias=words.signed_percent(row["forecast_bias"]),
                periods=row["periods"],
            )
            for _, row in rows.iterrows()
        ]
        said.append(words(f"appraisal.forecasts_{side}", names=words("targets.list").join(names)))
    return tuple(said)


def _value_said(case: Case, rep: str, measure: str, value: float) -> str:
    """Write a KPI's value, the accuracy of forecasts with the side that they err on."""
    words, said = case.run.words, written(measure, value, case.run.words)
    if measure != "forecast_accuracy" or pd.isna(value):
        return said
    bias = case.forecasts.set_index("rep_id")["forecast_bias"].get(rep)
    return (
        said
        if bias is None
        else words("appraisal.forecast_said", value=said, bias=words.signed_percent(bias))
    )


def _uplift_said(case: Case) -> tuple[str, ...]:
    """Say how accounts that took part in activities grew beside invited ones that did not, where known."""
    activities = case.tables.get("activities")
    if activities is None or "invited" not in activities:
        return ()
    rng = np.random.default_rng(case.run.seed)
    found = participation_uplift(activities, case.tables["cube"], window=case.window, rng=rng)
    if found is None:
        return ()
    words, row = case.run.words, found.iloc[0]
    return (
        words(
            "appraisal.uplift",
            part=int(row["took_part"]),
            away=int(row["stayed_away"]),
            growth=words.signed_percent(row["growth_part"]),
            other=words.signed_percent(row["growth_away"]),
            low=f"{100 * row['uplift_low']:+.0f}",
            high=f"{100 * row['uplift_high']:+.0f}",
        ),
    )


def _far_above(judged: Judged) -> tuple[str, ...]:
    """Name attainments so high that the target is doubtful, such as a margin of nearly nothing last year."""
    words, scores = judged.case.run.words, judged.scores
    far = scores[(scores["attainment"] > _FAR) & scores["kpi_target"].notna()]
    if far.empty:
        return ()
    row = far.loc[far["attainment"].idxmax()]
    return (
        words(
            "appraisal.far_above",
            count=len(far),
            times=f"{_FAR:g}",
            name=judged.case.names[row["rep_id"]],
            kpi=words.value("kpi", row["kpi"]),
            value=written(row["kpi"], row["kpi_value"], words),
            target=written(row["kpi"], row["kpi_target"], words),
        ),
    )


def show_chain(judged: Judged) -> None:
    """Show how each rep's score is made (scorecard 2)."""
    display(show(judged.case.run, chain_page(judged)))


def chain_page(judged: Judged) -> Page:
    """Answer how a score is made, rep by rep (scorecard 2)."""
    case, words = judged.case, judged.case.run.words
    totals = judged.totals.set_index("rep_id")["total_score"]
    order = totals.sort_values(ascending=False, kind="stable").index
    chains = [
        Choice(
            f"{case.names[rep]} · {_points(totals[rep])}",
            chain_sentence(judged, rep),
            (chain_chart(judged, rep),),
        )
        for rep in order
    ]
    table = score_table(judged, judged.scores)
    return Page(
        id="scorecard_2",
        title=chains[0].sentence,
        subtitle=subtitle(case, words("appraisal.chain_what")),
        table=table,
        figures=chains[0].figures,
        own_choice=chains[0].label,
        choices=tuple(chains[1:]),
        notes=(words("appraisal.chain_rule"), words("appraisal.chain_conventions")),
        totals=(),
    )


def score_table(judged: Judged, scores: pd.DataFrame) -> pd.DataFrame:
    """Return score rows with names and values as they are read."""
    words, names = judged.case.run.words, judged.case.names
    return (
        pd.DataFrame(
            {
                "rep_id": scores["rep_id"],
                "name": scores["rep_id"].map(names),
                "kpi": [words.value("kpi", m) for m in scores["kpi"]],
                "perspective": [words.value("perspective", p) for p in scores["perspective"]],
                "kpi_value_said": [
                    _value_said(judged.case, rep, m, v)
                    for rep, m, v in zip(scores["rep_id"], scores["kpi"], scores["kpi_value"], strict=True)
                ],
                "kpi_target_said": [
                    written(m, v, words) for m, v in zip(scores["kpi"], scores["kpi_target"], strict=True)
                ],
                "attainment": scores["attainment"],
                "score": scores["score"].round(1),
                "weight": scores["weight"],
                "used_weight": scores["used_weight"],
                "points": scores["points"].round(2),
                "cases": scores["cases"],
                "left_out": [None if pd.isna(c) else words.value("left_out", c) for c in scores["left_out"]],
            }
        )
        .astype({"left_out": "str"})
        .reset_index(drop=True)
    )


def chain_sentence(judged: Judged, rep: str, *, of: str = "total_score") -> str:
    """Say what made a rep's score (a column of totals), and what cost most against full marks."""
    words, mine = judged.case.run.words, _own(judged, rep)
    known = mine[mine["score"].notna()]
    total = judged.totals.set_index("rep_id")[of][rep]
    if not len(known):
        return words("appraisal.chain_none", name=judged.case.names[rep])
    if pd.isna(total):
        part = judged.totals.set_index("rep_id")["weight_counted"][rep]
        return words("appraisal.chain_little", name=judged.case.names[rep], part=words.percent(part))
    lost = (100 - known["score"]) * known["used_weight"]
    if lost.max() <= 0:
        return words("appraisal.chain_full", name=judged.case.names[rep], score=f"{total:.1f}")
    worst = known.loc[lost.idxmax()]
    return words(
        "appraisal.chain_title",
        name=judged.case.names[rep],
        score=f"{total:.1f}",
        kpi=words.value("kpi", worst["kpi"]),
        value=written(worst["kpi"], worst["kpi_value"], words),
        lost=f"{lost.max():.1f}",
    )


def chain_chart(judged: Judged, rep: str) -> Figure:
    """Draw what each KPI adds to a rep's score beside what it could have added at 100."""
    words, mine = judged.case.run.words, _own(judged, rep)
    known = mine[mine["score"].notna()]
    rows = pd.DataFrame(
        {
            "name": [words.value("kpi", m) for m in known["kpi"]],
            "points": known["points"] - 100 * known["used_weight"],
            "text": [
                words("appraisal.chain_bar", score=f"{s:.0f}", weight=words.percent(w), points=f"{c:.1f}")
                for s, w, c in zip(known["score"], known["used_weight"], known["points"], strict=True)
            ],
        }
    )
    return charts.cost_chart(rows)


def show_perspectives(judged: Judged) -> None:
    """Show scores by perspective (scorecard 3)."""
    display(show(judged.case.run, perspectives_page(judged)))


def perspectives_page(judged: Judged) -> Page:
    """Answer how reps did by perspective of the balanced scorecard (scorecard 3)."""
    case, words = judged.case, judged.case.run.words
    wide = judged.perspectives.pivot(index="rep_id", columns="perspective", values="score")
    found = [p for p in PERSPECTIVES if p in wide.columns]
    totals = judged.totals.set_index("rep_id")["total_score"].sort_values(ascending=False, kind="stable")
    wide = wide.reindex(index=totals.index, columns=found)
    weights = judged.weights.set_index("kpi")["weight"]
    of = {kpi.measure: kpi.perspective for kpi in case.params.kpis}
    share = weights.groupby(weights.index.map(of)).sum()
    heads = {p: f"{words.value('perspective', p)} ({words.percent(share[p])})" for p in found}
    cells = wide.rename(columns=heads).reset_index().melt("rep_id", var_name="kpi", value_name="score")
    cells["name"] = cells["rep_id"].map(case.names)
    cells["text"] = ["–" if pd.isna(score) else f"{score:.0f}" for score in cells["score"]]
    means = wide.mean()
    low, high = str(means.idxmin()), str(means.idxmax())
    table = wide.round(1).reset_index()
    table.insert(1, "name", table["rep_id"].map(case.names))
    missing = [words.value("perspective", p) for p in PERSPECTIVES if p not in found]
    notes = [words("appraisal.perspective_rule")]
    if missing:
        notes.append(words("appraisal.perspective_missing", names=words("targets.list").join(missing)))
    return Page(
        id="scorecard_3",
        title=words(
            "appraisal.perspective_title",
            low=words.value("perspective", low),
            least=f"{means[low]:.0f}",
            high=words.value("perspective", high),
            most=f"{means[high]:.0f}",
        ),
        subtitle=subtitle(case, words("appraisal.perspective_what")),
        table=table,
        labels={p: words.value("perspective", p) for p in found},
        kinds=dict.fromkeys(found, "number"),
        figures=(
            charts.heat_chart(cells, names=[case.names[r] for r in totals.index], kpis=list(heads.values())),
        ),
        notes=tuple(notes),
    )


def _own(judged: Judged, rep: str) -> pd.DataFrame:
    return judged.scores[judged.scores["rep_id"] == rep]


def _points(score: float) -> str:
    return "–" if pd.isna(score) else f"{score:.1f}"


def _list(words: Words, kpis: pd.Series) -> str:
    return words("targets.list").join(words.value("kpi", k) for k in dict.fromkeys(kpis))
