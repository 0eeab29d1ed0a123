"""The demo book's 360-degree feedback and critical incidents."""

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
