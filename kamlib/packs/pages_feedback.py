"""Pages of the appraisal's third chapter: 360-degree feedback and critical incidents."""

from __future__ import annotations

import pandas as pd
from IPython.display import display

from kamlib.appraisal.feedback import MERGED, Feedback, FeedbackParams, score_feedback
from kamlib.appraisal.incidents import IncidentParams, adjust_scores, weigh_incidents
from kamlib.charts import appraisal as charts
from kamlib.packs.judging import Case
from kamlib.packs.page import Page, show
from kamlib.packs.pages_results import subtitle


def latest_cycle(feedback: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return the rows of the last cycle that is not named later than a period's label."""
    named = sorted(c for c in feedback["cycle"].unique() if str(c)[:4] <= label[:4])
    return feedback[feedback["cycle"] == named[-1]] if named else feedback.iloc[:0]


def show_feedback(case: Case, params: FeedbackParams) -> None:
    """Put the last cycle of feedback together, save it and show its pages; nothing where there is none."""
    if not case.run.has("feedback"):
        return
    rows = latest_cycle(case.run.load("feedback"), str(case.window.last.year()))
    rows = rows[rows["rep_id"].isin(case.reps)]
    if not len(rows):
        return
    found = score_feedback(rows.astype({"score": "float64"}), params=params)
    case.run.save("feedback_scores", found.reps)
    case.run.save("feedback_groups", found.groups)
    case.run.save("feedback_raters", found.raters)
    cycle = str(rows["cycle"].iloc[0])
    display(show(case.run, feedback_page(case, found, cycle)))
    display(show(case.run, raters_page(case, found, cycle)))


def feedback_page(case: Case, found: Feedback, cycle: str) -> Page:
    """Answer how reps are seen by those who work with them (feedback 1)."""
    words = case.run.words
    reps = found.reps.sort_values(["feedback_score", "rep_id"], ascending=[False, True], na_position="last")
    shown = [
        g
        for g in ("superior", "subordinate", "peer", "customer", MERGED)
        if g in set(found.groups["rater_group"])
    ]
    wide = found.groups.pivot(index="rep_id", columns="rater_group", values="group_mean")
    wide = wide.reindex(index=reps["rep_id"], columns=shown)
    heads = {g: words.value("rater_group", g) for g in shown}
    span = case.run.facts["parameters"]["feedback"]
    low, high = float(span["scale_low"]), float(span["scale_high"])
    cells = wide.rename(columns=heads).reset_index().melt("rep_id", var_name="kpi", value_name="mean")
    cells["name"] = cells["rep_id"].map(case.names)
    cells["text"] = ["–" if pd.isna(m) else f"{m:.1f}" for m in cells["mean"]]
    cells["score"] = 50 + 60 * (cells["mean"] - low) / (high - low)
    table = wide.round(2).reset_index()
    table.insert(1, "name", table["rep_id"].map(case.names))
    table["feedback_score"] = reps["feedback_score"].round(1).to_numpy()
    table["raters"] = reps["raters"].to_numpy()
    first, last = reps.iloc[0], reps.dropna(subset="feedback_score").iloc[-1]
    agreed = "unknown" if pd.isna(found.agreement) else "low" if found.agreement < 0.667 else "fair"
    return Page(
        id="feedback_1",
        title=words(
            "appraisal.feedback_title",
            cycle=cycle,
            name=case.names[first["rep_id"]],
            score=f"{first['feedback_score']:.0f}",
            last=case.names[last["rep_id"]],
            least=f"{last['feedback_score']:.0f}",
        ),
        subtitle=subtitle(case, words("appraisal.feedback_what", low=f"{low:g}", high=f"{high:g}")),
        table=table,
        labels=heads,
        kinds=dict.fromkeys(shown, "number"),
        figures=(
            charts.heat_chart(
                cells, names=[case.names[r] for r in reps["rep_id"]], kpis=list(heads.values())
            ),
        ),
        notes=(
            words("appraisal.feedback_rule", least=span["least_raters"]),
            words("appraisal.feedback_adjusted" if found.severity_removed else "appraisal.feedback_raw"),
            words(f"appraisal.agreement_{agreed}", alpha=f"{found.agreement:.2f}"),
        ),
    )


def raters_page(case: Case, found: Feedback, cycle: str) -> Page:
    """Answer who rates harshly (feedback 2)."""
    words = case.run.words
    table = found.raters.copy()
    reps = case.run.load("reps").set_index("rep_id")["name"].to_dict() if case.run.has("reps") else {}
    table.insert(1, "name", [reps.get(r, r) for r in table["rater_id"]])
    judged = table[table["severe"].notna()]
    harsh = judged[judged["severe"].astype(bool)]
    rows = judged.head(12)
    bars = pd.DataFrame(
        {
            "name": rows["name"],
            "points": rows["rater_severity"],
            "text": [
                f"{s:+.2f} ± {e:.2f}"
                for s, e in zip(rows["rater_severity"], rows["severity_error"], strict=True)
            ],
        }
    )
    key = "raters_title" if len(harsh) else "raters_title_none"
    known = {"cycle": cycle, "raters": len(judged)}
    if len(harsh):
        first = harsh.iloc[0]
        known |= {"count": len(harsh), "name": first["name"], "severity": f"{-first['rater_severity']:.1f}"}
    return Page(
        id="feedback_2",
        title=words(f"appraisal.{key}", **known),
        subtitle=subtitle(case, words("appraisal.raters_what")),
        table=table.astype({"severe": "boolean"}),
        figures=(charts.cost_chart(bars),) if len(bars) else (),
        notes=(words("appraisal.raters_rule"), words("appraisal.raters_private")),
    )


def show_incidents(case: Case, params: IncidentParams) -> None:
    """Weigh incidents, save them and show the page (incidents); nothing where the book has none."""
    if not case.run.has("incidents"):
        return
    weighed = weigh_incidents(case.run.load("incidents"), as_of=case.run.as_of, params=params)
    weighed = weighed[weighed["rep_id"].isin(case.reps)]
    if not len(weighed):
        return
    case.run.save("incident_points", weighed)
    display(show(case.run, incidents_page(case, weighed, params)))


def incidents_page(case: Case, weighed: pd.DataFrame, params: IncidentParams) -> Page:
    """Answer what incidents add or take (incidents)."""
    words = case.run.words
    reps = pd.Series(case.reps)
    sums = pd.Series(adjust_scores(weighed, reps, params=params).to_numpy(), index=case.reps)
    moved = sums[sums != 0].sort_values(ascending=False, kind="stable")
    bars = pd.DataFrame(
        {
            "name": [case.names[rep] for rep in moved.index],
            "points": moved.to_numpy(),
            "text": [f"{p:+.1f}" for p in moved],
        }
    )
    table = weighed.assign(name=weighed["rep_id"].map(case.names))
    table = table[["rep_id", "name", "date", "polarity", "severity", "note", "evidenced", "incident_points"]]
    bare = int((~weighed["evidenced"]).sum())
    top = moved.index[0] if len(moved) else case.reps[0]
    return Page(
        id="incidents",
        title=words(
            "appraisal.incidents_title",
            count=len(weighed),
            reps=len(moved),
            name=case.names[top],
            points=f"{sums[top]:+.1f}",
            most=f"{params.most:g}",
        ),
        subtitle=subtitle(case, words("appraisal.incidents_what")),
        table=table.sort_values("date", ascending=False, ignore_index=True),
        figures=(charts.cost_chart(bars),) if len(bars) else (),
        notes=(
            words("appraisal.incidents_rule", half=f"{params.half_life:g}"),
            words("appraisal.incidents_bare", count=bare),
        ),
    )
