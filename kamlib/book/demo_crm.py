"""The demo book's customer records: pipeline, visits, surveys, complaints, losses, payments, sightings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from kamlib.book.demo_names import ASPECTS, COMPETITORS, LINES
from kamlib.book.demo_reps import stream
from kamlib.book.demo_sales import Sold
from kamlib.book.demo_world import World
from kamlib.book.demo_write import NO_DAY, Array, days, money, text

Block = dict[str, Any]
STAGES = ("10", "30", "50", "70", "100")
ADVANCE = np.array([0.52, 0.62, 0.60, 0.72])  # chance to reach the next stage from 10, 30, 50, 70
RIVAL = 1  # place in COMPETITORS of the one that takes an account over
_STEP = np.array([42.0, 55.0, 50.0, 40.0])  # mean stay in a stage [days]
_KINDS = ("visit", "call", "event")
_RESULTS = ("resolved", "credit note", "rejected")
_CAUSES = ("price", "product fit", "service", "closed its business", "taken by a competitor")
_SIGHTED = ("quotation", "visit", "trial", "installed base")


def win_rates() -> Array:
    """Return the true chance to win from each stage, 10 to 100.

    Examples
    --------
    >>> win_rates().round(3).tolist()
    [0.139, 0.268, 0.432, 0.72, 1.0]
    """
    return np.append(np.cumprod(ADVANCE[::-1])[::-1], 1.0)


def _last_day(world: World, account: Array) -> Array:
    """First day on which nothing more happens at an account: the book's end or its closing."""
    closed = world.closed_on[account]
    return np.asarray(np.where(np.isnat(closed), world.end_day, closed))


def _rep_on(world: World, account: Array, day: Array) -> Array:
    """Who served an account on a day of the book, -1 for none."""
    month = (day.astype("datetime64[M]") - world.months[0]).astype(int)
    return np.asarray(world.owner[account, np.clip(month, 0, len(world.months) - 1)])


def pipeline_blocks(world: World) -> dict[str, Block]:
    """Make ``opportunities`` and ``stage_history``.

    Each opportunity starts at stage 10 and reaches the next with the chances `ADVANCE`, or is lost there;
    what an account leaves undecided when it closes is lost, what the book's end leaves undecided is open.
    """
    rng = stream(world.seed, "opportunities")
    n, m = len(world.ids), len(world.months)
    begin = np.maximum(world.since, world.first_day)
    length = (_last_day(world, np.arange(n)) - begin).astype(int)
    pace = 0.09 + 0.16 * (1 - world.size_rank)
    count = rng.poisson(pace * length / 30.4)
    count = np.where(world.start == m, np.maximum(count, 1), count)
    account = np.repeat(np.arange(n), count)
    created = begin[account] + (rng.random(len(account)) * np.maximum(length[account] - 6, 1)).astype(int)
    row = np.lexsort((account, created))
    account, created = account[row], created[row]
    k = len(account)

    advances = np.cumprod(rng.random((k, 4)) < ADVANCE, axis=1).astype(bool)
    stays = np.maximum(4, np.rint(rng.gamma(2.5, _STEP / 2.5, (k, 4)))).astype(int)
    reached_on = created[:, None] + np.concatenate([np.zeros((k, 1), int), np.cumsum(stays, axis=1)], axis=1)
    top = advances.sum(axis=1)  # last stage reached if nothing interrupts
    decided_on = reached_on[np.arange(k), np.minimum(top + 1, 4)]
    cut = _last_day(world, account)
    reached = (np.arange(5) <= top[:, None]) & (reached_on < cut[:, None])
    stage = reached.sum(axis=1) - 1
    done = decided_on < cut
    interrupted = ~done & (cut < world.end_day)
    outcome = np.where(done, np.where(top == 4, 0, 1), np.where(interrupted, 1, 2))
    closed = np.where(done, decided_on, np.where(interrupted, cut, NO_DAY))

    base = world.size[account] * rng.lognormal(-2.9, 0.7, k)
    drift = np.cumprod(np.column_stack([np.ones(k), rng.lognormal(-0.02, 0.10, (k, 4))]), axis=1)
    amount = np.maximum(1, np.rint(base[:, None] * drift / 100)).astype(np.int64) * 100
    to_go = np.append(np.cumsum((_STEP * 0.85)[::-1])[::-1], 0)
    expected = reached_on + np.rint(to_go * rng.lognormal(0, 0.15, (k, 1))).astype(int)
    line = (rng.random(k)[:, None] >= np.cumsum(world.mix[account], axis=1)[:, :3]).sum(axis=1)
    width = max(4, len(str(k)))
    ids = [f"P{i + 1:0{width}d}" for i in range(k)]
    pick = np.arange(k)
    handled = np.where(outcome == 2, world.end_day - 1, closed)
    opportunities = {
        "opportunity_id": ids,
        "account_id": text(account, world.ids),
        "rep_id": text(_rep_on(world, account, handled), world.reps.ids),
        "product_line": text(line, LINES),
        "stage": text(stage, STAGES),
        "amount": money(amount[pick, stage] * 100),
        "created": days(created),
        "expected_close": days(expected[pick, stage]),
        "closed": days(closed),
        "outcome": text(outcome, ("won", "lost", "open")),
    }
    deal, step = np.nonzero(reached)
    history = {
        "opportunity_id": text(deal, ids),
        "date": days(reached_on[deal, step]),
        "stage": text(step, STAGES),
        "amount": money(amount[deal, step] * 100),
        "expected_close": days(expected[deal, step]),
    }
    return {"opportunities": opportunities, "stage_history": history}


def activity_block(world: World) -> Block:
    """Make ``activities``: visits and calls where an account has a rep, events with guests, some for many.

    The sliding account is visited ever less; an account is visited from its registration to its end.
    """
    rng = stream(world.seed, "activities")
    known = world.since[:, None] <= world.months.astype("datetime64[D]")
    open_ = known & (np.arange(len(world.months)) < world.stop[:, None]) & (world.owner >= 0)
    pace = np.where(open_, world.contact[:, None] * 1.5, 0.0)
    pace = pace * (0.4 + 1.2 * (1 - world.size_rank))[:, None]
    late = np.maximum(0, np.arange(len(world.months)) - (len(world.months) - 16))
    pace[world.story["sliding"]] *= np.clip(1.5 - 0.1 * late, 0.2, None)
    account, month = np.nonzero(pace)
    count = rng.poisson(pace[account, month])
    account, month = np.repeat(account, count), np.repeat(month, count)
    rep = world.owner[account, month]
    first = world.months.astype("datetime64[D]")
    day = first[month] + (rng.random(len(account)) * 28).astype(int)
    day = np.busday_offset(day, 0, roll="backward")
    day = np.maximum(day, np.busday_offset(first[month], 0, roll="forward"))
    kind = np.searchsorted([0.45, 0.93], rng.random(len(account)))
    invited = rng.integers(3, 13, len(account))
    guests = rng.binomial(invited, 0.6)
    effective = np.where(kind == 2, guests, rng.random(len(account)) < np.where(kind == 0, 0.82, 0.55))
    hours = np.round(rng.gamma(4, np.array([0.9, 0.15, 1.5])[kind], len(account)), 1)
    shared = (kind == 2) & (rng.random(len(account)) < 0.25)
    row = np.lexsort((kind, account, rep, day))
    return {
        "date": days(day[row]),
        "rep_id": text(rep[row], world.reps.ids),
        "account_id": text(np.where(shared, -1, account)[row], world.ids),
        "kind": text(kind[row], _KINDS),
        "invited": pa.array(invited[row], mask=kind[row] < 2),
        "effective": pa.array(effective[row].astype(np.int64)),
        "hours": pa.array(np.maximum(hours[row], 0.1)),
    }


def survey_block(world: World) -> Block:
    """Make ``surveys``: twice a year, four aspects, scores 1 to 10; six accounts in ten answer."""
    rng = stream(world.seed, "surveys")
    m = len(world.months)
    waves = np.flatnonzero(np.isin(world.months.astype(int) % 12, [4, 10]))
    mood = rng.normal(7.4, 0.9, len(world.ids))
    account, wave = np.nonzero(world.active[:, waves] & (rng.random((len(world.ids), len(waves))) < 0.6))
    told = np.isin(np.arange(len(world.ids)), [world.story["sliding"], world.story["bought"]])
    extra = np.nonzero(world.active[:, waves] & told[:, None])
    account, wave = np.unique(np.stack([np.append(account, extra[0]), np.append(wave, extra[1])]), axis=1)
    worse = told[account] * 0.22 * np.clip(waves[wave] - (m - 17), 0, 16)
    level = mood[account] - worse
    scores = np.clip(np.rint(level[:, None] + rng.normal(0, 0.8, (len(account), 4))), 1, 10).astype(np.int64)
    day = world.months[waves[wave]].astype("datetime64[D]") + 9 + rng.integers(0, 15, len(account))
    row = np.lexsort((account, day))
    return {
        "date": days(np.repeat(day[row], 4)),
        "account_id": text(np.repeat(account[row], 4), world.ids),
        "aspect": list(ASPECTS) * len(row),
        "score": pa.array(scores[row].ravel()),
    }


def complaint_block(world: World) -> Block:
    """Make ``complaints``: one in four years an account, many more from the sliding and the costly one."""
    rng = stream(world.seed, "complaints")
    m = len(world.months)
    pace = np.where(world.active, 0.02 + 0.03 * (1 - world.size_rank)[:, None], 0)
    pace[world.story["costly"]] += 0.45
    pace[world.story["sliding"], max(0, m - 14) :] += 0.3
    count = rng.poisson(pace)
    account, month = np.nonzero(count)
    count = count[account, month]
    account, month = np.repeat(account, count), np.repeat(month, count)
    opened = world.months[month].astype("datetime64[D]") + rng.integers(0, 28, len(account))
    closed = opened + rng.integers(3, 50, len(account))
    closed = np.where(closed < world.end_day, closed, NO_DAY)
    result = np.searchsorted([0.7, 0.9], rng.random(len(account)))
    row = np.lexsort((account, opened))
    return {
        "opened": days(opened[row]),
        "account_id": text(account[row], world.ids),
        "closed": days(closed[row]),
        "result": text(np.where(np.isnat(closed), -1, result)[row], _RESULTS),
    }


def loss_block(world: World) -> Block:
    """Make ``loss_reviews``: every closed account, most of them reviewed, with the cause found."""
    rng = stream(world.seed, "losses")
    account = np.flatnonzero(world.stop < len(world.months))
    lost = world.closed_on[account]
    reviewed = lost + rng.integers(10, 60, len(account))
    cause = rng.integers(0, 4, len(account))
    bought = account == world.story["bought"]
    reviewed = np.where(bought, lost + 21, reviewed)
    cause = np.where(bought, 4, cause)
    skipped = ((rng.random(len(account)) < 0.2) & ~bought) | (reviewed >= world.end_day)
    row = np.lexsort((account, lost))
    return {
        "account_id": text(account[row], world.ids),
        "lost_on": days(lost[row]),
        "reviewed_on": days(np.where(skipped, NO_DAY, reviewed)[row]),
        "cause": text(np.where(skipped, -1, cause)[row], _CAUSES),
    }


def receivable_block(world: World, sold: Sold) -> Block:
    """Make ``receivables``: one invoice a month for what was sold, due in 45 days, paid early or late."""
    rng = stream(world.seed, "receivables")
    account, month = np.nonzero(sold.revenue > 0)
    due = (world.months[month] + 1).astype("datetime64[D]") + 44
    habit = rng.gamma(1.2, 9, len(world.ids)) - 6
    habit[world.story["sliding"]] = 12
    delay = np.rint(habit[account] + rng.gamma(1.5, 5, len(account)) - 5).astype(int)
    paid = np.maximum(due + delay, (world.months[month] + 1).astype("datetime64[D]"))
    row = np.lexsort((account, due))
    return {
        "account_id": text(account[row], world.ids),
        "due": days(due[row]),
        "amount": money(sold.revenue[account, month][row]),
        "paid_on": days(np.where(paid < world.end_day, paid, NO_DAY)[row]),
    }


def sighting_block(world: World) -> Block:
    """Make ``sightings``: competitors seen at accounts; one of them ever more often where it took over."""
    rng = stream(world.seed, "sightings")
    m = len(world.months)
    pace = np.where(world.active, 0.03 + 0.09 * (1 - world.size_rank)[:, None], 0)
    pace[world.story["sliding"], max(0, m - 14) :] = 0.5
    bought = world.story["bought"]
    stop = int(world.stop[bought])
    courted = np.arange(max(0, stop - 9), stop)
    pace[bought, courted] = np.linspace(1.0, 4.0, len(courted))
    count = rng.poisson(pace)
    count[bought, courted] = np.maximum(count[bought, courted], 1)
    account, month = np.nonzero(count)
    count = count[account, month]
    account, month = np.repeat(account, count), np.repeat(month, count)
    day = world.months[month].astype("datetime64[D]") + rng.choice([13, 27], len(account))
    rival = rng.integers(0, len(COMPETITORS), len(account))
    rival = np.where(account == bought, RIVAL, rival)
    kind = rng.integers(0, len(_SIGHTED), len(account))
    row = np.lexsort((kind, rival, account, day))
    return {
        "date": days(day[row]),
        "account_id": text(account[row], world.ids),
        "competitor": text(rival[row], COMPETITORS),
        "kind": text(kind[row], _SIGHTED),
    }
