"""The demo book's 360-degree feedback, critical incidents and objectives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from kamlib.book.demo_names import COMPETENCIES
from kamlib.book.demo_reps import stream
from kamlib.book.demo_tables import manager_ids
from kamlib.book.demo_world import World
from kamlib.book.demo_write import Array, days, text

Block = dict[str, Any]
HARSHNESS = 1.2  # how much lower the harsh rater rates, before rounding [points of 1 to 5]
_GROUPS = ("superior", "subordinate", "peer", "customer")
_COMMENTS = (
    "Knows the account well.", "Plans early and keeps to it.", "准备充分，答复及时。",
    "Should visit more often.", "对产品很熟悉。", "Promises more than can be delivered.",
)  # fmt: skip
_GOOD = (
    "Won back a lost order",
    "Solved a stoppage at the customer's plant",
    "客户书面表扬",
    "Trained two colleagues",
)
_BAD = ("Missed a tender deadline", "Forecast handed in late", "客户投诉响应慢", "Discount without approval")


# What reps agree on for half a year: words, KPI, aim.
_OBJECTIVES = (
    ("Visit calendars agreed with accounts", "effective_contacts", 8.0),
    ("回访满意度最低的客户", "satisfaction", 5.0),
    ("Prospects called on", "new_accounts", 12.0),
    ("Discounts renegotiated with accounts", "gross_margin", 4.0),
)
_CAUSES = ("Vacancy in the team", "竞争对手降价", "Prices lowered without approval", "客户推迟投产")


def feedback_block(world: World) -> Block:
    """Make ``feedback``: each year, each serving rep, ten raters in four groups, scores 1 to 5."""
    rng = stream(world.seed, "feedback")
    reps = world.reps
    r = len(reps.ids)
    true = 3.4 + 3.0 * (reps.ability[:, None] - 1) + rng.normal(0, 0.35, (r, len(COMPETENCIES)))
    severity = rng.normal(0, 0.2, 3 * r)
    severity[reps.harsh] = -HARSHNESS
    rows: list[tuple[int, int, int, int, int]] = []
    years = sorted({int(y) for y in world.months.astype("datetime64[Y]").astype(int)})
    for cycle, year in enumerate(years):
        day = np.datetime64(year, "Y").astype("datetime64[D]") + 319
        serving = np.flatnonzero((reps.hired <= day) & ~(reps.left < day))
        for place, rep in enumerate(serving):
            peers = [int(serving[(place + step) % len(serving)]) for step in (1, 2, 3, 5)]
            raters = [(0, int(reps.team[rep]), 0.0)]
            raters += [(1, (int(rep) + k) % r, severity[r + (rep + k) % r]) for k in range(2)]
            raters += [(2, peer, severity[peer]) for peer in peers]
            raters += [(3, 3 * int(rep) + k, severity[2 * r + rep]) for k in range(3)]
            for group, rater, lean in raters:
                noise = rng.normal(0, 0.45, len(COMPETENCIES))
                score = np.clip(np.rint(true[rep] + lean + noise), 1, 5).astype(int)
                rows += [(cycle, int(rep), group, rater, int(s)) for s in score]
    cycle_of, rep_of, group_of, rater_of, score_of = np.array(rows).T
    comment = np.where(rng.random(len(rows)) < 0.04, rng.integers(0, len(_COMMENTS), len(rows)), -1)
    return {
        "cycle": text(cycle_of, [str(1970 + year) for year in years]),
        "rep_id": text(rep_of, reps.ids),
        "rater_id": _rater_ids(world, group_of, rater_of),
        "rater_group": text(group_of, _GROUPS),
        "competency": list(COMPETENCIES) * (len(rows) // len(COMPETENCIES)),
        "score": pa.array(score_of),
        "comment": text(comment, _COMMENTS),
    }


def _rater_ids(world: World, group: Array, rater: Array) -> list[str]:
    managers, reps = manager_ids(world), world.reps.ids
    width = max(2, len(str(len(reps))))
    names = (
        lambda k: managers[k],
        lambda k: f"S{k + 1:0{width}d}",
        lambda k: reps[k],
        lambda k: f"C{k + 1:0{width + 1}d}",
    )
    return [names[g](k) for g, k in zip(group, rater, strict=True)]


def incident_block(world: World) -> Block:
    """Make ``incidents``: about three a rep in two years, more good ones of able reps; severity 1 to 5."""
    rng = stream(world.seed, "incidents")
    reps = world.reps
    m = len(world.months)
    count = rng.poisson(0.12 * m, len(reps.ids))
    rep = np.repeat(np.arange(len(reps.ids)), count)
    day = world.first_day + (rng.random(len(rep)) * (world.end_day - world.first_day).astype(int)).astype(int)
    serving = (reps.hired[rep] <= day) & ~(reps.left[rep] < day)
    good = rng.random(len(rep)) < np.clip(0.6 + 1.5 * (reps.ability[rep] - 1), 0.1, 0.95)
    severity = rng.choice(5, len(rep), p=[0.35, 0.3, 0.2, 0.1, 0.05]) + 1
    note = rng.integers(0, 4, len(rep)) + np.where(good, 0, 4)
    row = np.lexsort((rep, day))
    row = row[serving[row]]
    return {
        "date": days(day[row]),
        "rep_id": text(rep[row], reps.ids),
        "polarity": text(np.where(good, 0, 1)[row], ("+", "-")),
        "severity": pa.array(severity[row].astype(np.int64)),
        "note": text(note[row], (*_GOOD, *_BAD)),
    }


def objective_block(world: World) -> Block:
    """Make ``objectives``: two a rep and half-year, from January and July; what is not over has no result.

    They count what a rep does for a KPI, so that they cannot contradict what the KPI itself is found to be.
    """
    rng = stream(world.seed, "objectives")
    reps = world.reps
    first, last = world.months[0], world.months[-1]
    halves = [m for m in np.arange(first, last + 1) if int(m.astype(int)) % 6 == 0]
    half, rep = (grid.ravel() for grid in np.meshgrid(halves, np.arange(len(reps.ids)), indexing="ij"))
    begins = half.astype("datetime64[D]") + 4
    ends = (half + 6).astype("datetime64[D]") - 1
    serving = (reps.hired[rep] <= begins) & ~(reps.left[rep] < begins)
    half, rep, begins, ends = half[serving], rep[serving], begins[serving], ends[serving]
    one = rng.integers(0, len(_OBJECTIVES), len(rep))
    other = (one + rng.integers(1, len(_OBJECTIVES), len(rep))) % len(_OBJECTIVES)
    kind = np.column_stack([one, other]).ravel()
    rep, begins, ends = (np.repeat(values, 2) for values in (rep, begins, ends))
    part = rng.normal(0.97 + 0.6 * (reps.ability[rep] - 1), 0.12)
    aims = np.array([aim for _, _, aim in _OBJECTIVES])[kind]
    found = np.rint(aims * part)
    over = ends < world.end_day
    said = ~over | (found >= aims) | (rng.random(len(rep)) < 0.3)
    cause = np.where(said, -1, rng.integers(0, len(_CAUSES), len(rep)))
    return {
        "objective": text(kind, [words for words, _, _ in _OBJECTIVES]),
        "rep_id": text(rep, reps.ids),
        "kpi": text(kind, [kpi for _, kpi, _ in _OBJECTIVES]),
        "set_on": days(begins),
        "due": days(ends),
        "goal": pa.array(aims),
        "reached": pa.array(found, mask=~over),
        "better": text(np.zeros(len(rep), dtype=int), ("more",)),
        "cause": text(cause, _CAUSES),
    }
