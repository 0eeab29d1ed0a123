"""Pages of the appraisal's third chapter: 360-degree feedback and critical incidents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
from IPython.display import display

from kamlib.appraisal.agreement import Icc
from kamlib.appraisal.feedback import GROUPS, MERGED, Feedback, FeedbackParams, score_feedback
from kamlib.appraisal.incidents import IncidentParams, adjust_scores, weigh_incidents
from kamlib.charts import appraisal as charts
from kamlib.errors import ParameterError
from kamlib.glossary import Words
from kamlib.packs.judging import Case
from kamlib.packs.page import Page, show
from kamlib.packs.pages_results import subtitle
from kamlib.periods import parse_period

_TENTATIVE = 0.667  # Krippendorff: the least alpha from which even tentative conclusions may be drawn


@dataclass(frozen=True)
class Cycle:
    """A cycle of feedback.

    Attributes
    ----------
    label : str
        As the book names it.
    dated : bool
        Whether its label is a period, so that it is known to be over.
    """

    label: str
    dated: bool


def latest_cycle(cycles: Iterable[str], *, end: dt.date, fiscal_year_start: int = 1) -> Cycle | None:
    """Return the last cycle that was over on a day; None where there is none.

    Feedback carries no day, so a cycle is as late as the period that its label names. Where no label is a
    period, the last label is taken, which may be later than what is judged.

    Parameters
    ----------
    cycles : iterable of str
        Labels.
    end : datetime.date
        First day after what is judged.
    fiscal_year_start : int
        Calendar month, 1..12.

    Examples
    --------
    >>> latest_cycle(["2024", "2025", "2025Q2"], end=dt.date(2025, 10, 1))
    Cycle(label='2025Q2', dated=True)
    >>> latest_cycle(["round 1", "round 2"], end=dt.date(2025, 10, 1))
    Cycle(label='round 2', dated=False)
    """
    labels = sorted({str(label) for label in cycles})
    over = []
    for label in labels:
        try:
            period = parse_period(label, fiscal_year_start=fiscal_year_start)
        except ParameterError:
            continue
        over.append((period.end, -period.length, label))
    if not over:
        return Cycle(labels[-1], dated=False) if labels else None
    before = [found for found in over if found[0] <= end]
    return Cycle(max(before)[2], dated=True) if before else None


def show_feedback(case: Case, params: FeedbackParams) -> None:
    """Put the last cycle of feedback together, save it and show its pages; nothing where there is none."""
    if not case.run.has("feedback"):
        return
    rows = case.run.load("feedback")
    rows = rows[rows["rep_id"].isin(case.reps)]
    cycle = latest_cycle(
        rows["cycle"], end=case.window.end, fiscal_year_start=case.run.facts["book"]["fiscal_year_start"]
    )
    if cycle is None:
        return
    rows = rows[rows["cycle"].astype(str) == cycle.label]
    found = score_feedback(rows.astype({"score": "float64"}), params=params)
    case.run.save("feedback_scores", found.reps)
    case.run.save("feedback_groups", found.groups)
    case.run.save("feedback_raters", found.raters)
    display(show(case.run, feedback_page(case, found, cycle, params)))
    display(show(case.run, raters_page(case, found, cycle)))


def feedback_page(case: Case, found: Feedback, cycle: Cycle, params: FeedbackParams) -> Page:
    """Answer how reps are seen by those who work with them (feedback 1)."""
    words = case.run.words
    reps = found.reps.sort_values(["feedback_score", "rep_id"], ascending=[False, True], na_position="last")
    shown = [g for g in (*GROUPS, MERGED) if g in set(found.groups["rater_group"])]
    wide = found.groups.pivot(index="rep_id", columns="rater_group", values="group_mean")
    wide = wide.reindex(index=reps["rep_id"], columns=shown)
    heads = {g: words.value("rater_group", g) for g in shown}
    low, high = params.scale_low, params.scale_high
    cells = wide.rename(columns=heads).reset_index().melt("rep_id", var_name="kpi", value_name="mean")
    cells["name"] = cells["rep_id"].map(case.names)
    cells["text"] = ["–" if pd.isna(m) else f"{m:.1f}" for m in cells["mean"]]
    cells["score"] = 50 + 60 * (cells["mean"] - low) / (high - low)
    table = wide.round(2).reset_index()
    table.insert(1, "name", table["rep_id"].map(case.names))
    table["feedback_score"] = reps["feedback_score"].round(1).to_numpy()
    table["raters"] = reps["raters"].to_numpy()
    names = [case.names[r] for r in reps["rep_id"]]
    removed = ("raw", "adjusted")[found.circles] if found.circles < 2 else "circles"
    return Page(
        id="feedback_1",
        title=_feedback_title(case, reps, cycle),
        subtitle=subtitle(case, words("appraisal.feedback_what", low=f"{low:g}", high=f"{high:g}")),
        table=table,
        labels=heads,
        kinds=dict.fromkeys(shown, "number"),
        figures=(charts.heat_chart(cells, names=names, kpis=list(heads.values())),) if shown else (),
        sentences=(*_undated_said(cycle, words), *_hidden_said(case, found)),
        notes=(
            words("appraisal.feedback_rule", least=params.least_raters),
            words(f"appraisal.feedback_{removed}"),
            _agreement_said(found, words),
        ),
    )


def _feedback_title(case: Case, reps: pd.DataFrame, cycle: Cycle) -> str:
    words, known = case.run.words, reps.dropna(subset="feedback_score")
    if known.empty:
        return words("appraisal.feedback_title_none", cycle=cycle.label)
    first, last = known.iloc[0], known.iloc[-1]
    return words(
        "appraisal.feedback_title",
        cycle=cycle.label,
        name=case.names[first["rep_id"]],
        score=f"{first['feedback_score']:.0f}",
        last=case.names[last["rep_id"]],
        least=f"{last['feedback_score']:.0f}",
    )


def _undated_said(cycle: Cycle, words: Words) -> tuple[str, ...]:
    """Say that a cycle may be later than what is judged, where its label names no period."""
    return () if cycle.dated else (words("appraisal.feedback_undated", cycle=cycle.label),)


def _hidden_said(case: Case, found: Feedback) -> tuple[str, ...]:
    """Name the reps of whom ratings are shown nowhere, and how many raters gave them."""
    if found.hidden.empty:
        return ()
    words = case.run.words
    names = words("targets.list").join(
        words("appraisal.feedback_hidden_of", name=case.names[rep], raters=raters)
        for rep, raters in zip(found.hidden["rep_id"], found.hidden["raters"], strict=True)
    )
    return (words("appraisal.feedback_hidden", names=names),)


def _agreement_said(found: Feedback, words: Words) -> str:
    if pd.isna(found.agreement):
        return words("appraisal.agreement_unknown")
    level = "low" if found.agreement < _TENTATIVE else "fair"
    said = words(f"appraisal.agreement_{level}", alpha=f"{found.agreement:.2f}")
    return said if found.icc is None else said + _icc_said(found.icc, words)


def _icc_said(icc: Icc, words: Words) -> str:
    """Tell how reliable one rater and the mean of all is: by both ways where every rater rated every rep."""
    form, single, mean = 2, icc.single_2, icc.mean_2
    if pd.isna(single):
        form, single, mean = 1, icc.single_1, icc.mean_1
    return words(
        "appraisal.agreement_icc",
        form=form,
        single=f"{single:.2f}",
        mean=f"{mean:.2f}",
        raters=f"{icc.raters:.3g}",
    )


def raters_page(case: Case, found: Feedback, cycle: Cycle) -> Page:
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
    known = {"cycle": cycle.label, "raters": len(judged)}
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
    notes = [words("appraisal.incidents_rule", half=f"{params.half_life:g}")]
    if bare:
        notes.append(words("appraisal.incidents_bare", count=bare))
    return Page(
        id="incidents",
        title=_incidents_title(case, weighed, moved, params),
        subtitle=subtitle(case, words("appraisal.incidents_what")),
        table=table.sort_values("date", ascending=False, ignore_index=True),
        figures=(charts.cost_chart(bars),) if len(bars) else (),
        notes=tuple(notes),
    )


def _incidents_title(case: Case, weighed: pd.DataFrame, moved: pd.Series, params: IncidentParams) -> str:
    words = case.run.words
    if moved.empty:
        return words("appraisal.incidents_title_none")
    most = moved.abs().idxmax()
    return words(
        "appraisal.incidents_title",
        count=int(weighed["evidenced"].sum()),
        reps=len(moved),
        name=case.names[most],
        points=f"{moved[most]:+.1f}",
        most=f"{params.most:g}",
    )
