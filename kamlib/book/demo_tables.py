"""The demo book's standing tables: accounts and their history, reps, contacts, targets, forecasts, market."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from kamlib.book.demo_names import INDUSTRIES, LINES, OWNERSHIPS, REGIONS, TYPES, people_names
from kamlib.book.demo_reps import stream
from kamlib.book.demo_sales import Sold
from kamlib.book.demo_world import World
from kamlib.book.demo_write import NO_DAY, Array, days, money, text

Block = dict[str, Any]
ROUNDING_UNIT = 100
TARGET_STRETCH = 1.05  # over what is expected of a rep in the quarter
OWN_SHARES = np.array([0.63, 0.54, 0.44, 0.35, 0.12])  # own market share by region in the last year
_STATUS = ("active", "closed", "prospect")
_ROLES = ("decision", "user", "purchasing", "interface")


def account_blocks(world: World) -> dict[str, Block]:
    """Make ``accounts`` as held at the end of the book and ``account_history`` that leads there."""
    history = _history(world)
    last = np.flatnonzero(np.append(np.diff(history["account"]) != 0, True))
    accounts = {
        "account_id": world.ids,
        "name": world.names,
        "region": text(world.region, REGIONS),
        "account_type": text(world.type, TYPES),
        "rep_id": text(history["rep"][last], world.reps.ids),
        "potential": money(history["potential"][last] * 100, world.potential_known),
        "service_cost": money(world.service_cost * 100),
        "since": days(world.since),
        "industry": text(world.industry, INDUSTRIES),
        "size": text(
            np.searchsorted([0.15, 0.5], world.size_rank, side="right"), ("large", "medium", "small")
        ),
        "ownership": text(world.ownership, OWNERSHIPS),
        "parent_id": text(world.parent, world.ids),
        "status": text(history["status"][last], _STATUS),
    }
    rows = {
        "account_id": text(history["account"], world.ids),
        "from": days(history["from"]),
        "rep_id": text(history["rep"], world.reps.ids),
        "potential": money(history["potential"] * 100, world.potential_known[history["account"]]),
        "status": text(history["status"], _STATUS),
    }
    return {"accounts": accounts, "account_history": rows}


def _history(world: World) -> dict[str, Array]:
    """List what held from which day on: at registration, each January, first sale, transfer and closing."""
    n, m = len(world.ids), len(world.months)
    every = np.arange(n)
    month_days = np.append(world.months.astype("datetime64[D]"), world.end_day)
    januaries = month_days[1:m][world.months[1:m].astype(int) % 12 == 0]
    late = (world.start > 0) & (world.start < m)
    moved, gone = world.switch < m, world.stop < m
    account = np.concatenate([every, np.tile(every, len(januaries)), every[late], every[moved], every[gone]])
    start = np.concatenate(
        [
            world.since, np.repeat(januaries, n), month_days[world.start[late]],
            month_days[world.switch[moved]], month_days[world.stop[gone]],
        ]
    )  # fmt: skip
    fits = (start >= world.since[account]) & ~(start > world.closed_on[account])
    key = np.unique(np.stack([account[fits], start[fits].astype(int)]), axis=1)
    account, start = key[0], key[1].astype("datetime64[D]")
    begun = month_days[np.minimum(world.start, m)][account] <= start
    begun |= world.start[account] == 0
    status = np.where(start >= world.closed_on[account], 1, np.where(begun, 0, 2))
    transferred = start >= month_days[np.minimum(world.switch, m)][account]
    rep = np.where(transferred, world.rep_after[account], world.rep_before[account])
    return {"account": account, "from": start, "rep": rep, "status": status,
            "potential": _potential(world, account, start)}  # fmt: skip


def _potential(world: World, account: Array, start: Array) -> Array:
    """Return what accounts could buy in the year, as estimated on a day, in whole thousands [currency]."""
    years = world.months.astype("datetime64[Y]").astype(int)
    year = np.clip(start.astype("datetime64[Y]").astype(int), years[0], years[-1]) - years[0]
    sums = np.stack([world.unharmed[:, years == y].mean(axis=1) * 12 for y in np.unique(years)], axis=1)
    newcomer = world.start > 0
    sums[newcomer] = world.size[newcomer, None]
    sums[world.story["climber"]] = world.size[world.story["climber"]]
    noise = stream(world.seed, "accounts", 1).normal(1, 0.06, sums.shape)
    estimate = sums / world.wallet[:, None] * noise
    return np.asarray(np.maximum(1, np.rint(estimate / 1000)).astype(np.int64)[account, year] * 1000)


def rep_block(world: World) -> Block:
    """Make ``reps``; managers are known by id only."""
    reps = world.reps
    teams = [f"Team {k + 1}" for k in range(int(reps.team.max()) + 1)]
    return {
        "rep_id": reps.ids,
        "name": reps.names,
        "region": text(reps.region, REGIONS),
        "team": text(reps.team, teams),
        "manager_id": text(reps.team, manager_ids(world)),
        "hired": days(reps.hired),
        "left": days(reps.left),
        "ability": pa.array(reps.ability),
    }


def manager_ids(world: World) -> list[str]:
    """Return the id of each team's manager."""
    return [f"M{k + 1:02d}" for k in range(int(world.reps.team.max()) + 1)]


def contact_block(world: World) -> Block:
    """Make ``contacts``: one to four people an account, more at larger ones."""
    rng = stream(world.seed, "contacts")
    count = np.clip(rng.poisson(2.6 * (1 - world.size_rank)) + 1, 1, 4)
    account = np.repeat(np.arange(len(world.ids)), count)
    within = np.arange(len(account)) - np.repeat(np.cumsum(count) - count, count)
    return {
        "account_id": text(account, world.ids),
        "person": people_names(rng, world.chinese[account]),
        "role": text(within, _ROLES),
    }


def quarters(world: World) -> tuple[list[str], list[Array]]:
    """Return the labels of the complete calendar quarters of the book and the positions of their months."""
    number = world.months.astype(int)
    first = [t for t in range(len(number) - 2) if number[t] % 3 == 0]
    labels = [f"{1970 + number[t] // 12}Q{number[t] % 12 // 3 + 1}" for t in first]
    return labels, [np.arange(t, t + 3) for t in first]


def target_block(world: World) -> Block:
    """Make ``targets``: what each rep was asked for in each quarter, a stretch over what was expected.

    What was expected knows who serves which account when the quarter starts, and nothing of the stories.
    """
    rng = stream(world.seed, "targets")
    labels, months = quarters(world)
    unharmed = world.unharmed * world.active
    expected = np.stack([_by_rep(world, unharmed[:, t], world.owner[:, t[0]]) for t in months], axis=1)
    noise = rng.normal(TARGET_STRETCH, 0.06, (len(world.reps.ids), len(labels)))
    target = np.rint(expected * noise / ROUNDING_UNIT).astype(np.int64) * ROUNDING_UNIT
    quarter, rep = np.nonzero(target.T > 0)
    none, no_day = [None] * len(rep), days(np.full(len(rep), NO_DAY))
    return {
        "period": text(quarter, labels),
        "starts": no_day,
        "ends": no_day,
        "measure": ["revenue"] * len(rep),
        "account_id": none,
        "rep_id": text(rep, world.reps.ids),
        "region": none,
        "product_line": none,
        "account_type": none,
        "target": money(target[rep, quarter] * 100),
    }


def forecast_block(world: World, sold: Sold) -> Block:
    """Make ``rep_forecasts``: what each rep said before a quarter began and again in its second month.

    The last forecasts are for the quarter after the book's end; nobody made one before the book's start.
    """
    rng = stream(world.seed, "forecasts")
    reps = world.reps
    labels, months = quarters(world)
    begin = np.array([world.months[t[0]].astype("datetime64[D]") for t in months])
    outcome = np.stack([sold.by_rep[:, t].sum(axis=1) / 100 for t in months], axis=1)
    coming = _by_rep(world, world.level[:, -12:-9] * 1.08, world.owner[:, -1])
    labels, begin = [*labels, _next_quarter(labels[-1])], np.append(begin, world.end_day)
    outcome = np.column_stack([outcome, coming])
    day = np.stack([begin - 6, begin + 40])
    spread = rng.normal(0, 1, (2, *outcome.shape)) * np.array([0.06, 0.03])[:, None, None]
    pull = np.array([1.0, 0.7])[:, None, None]  # the second forecast knows more
    said = outcome * (1 + (reps.bias[:, None] - 1) * pull + spread)
    said = np.maximum(0, np.rint(said / ROUNDING_UNIT)).astype(np.int64) * ROUNDING_UNIT
    serving = (reps.hired[:, None] <= day[0] - 5) & ~(reps.left[:, None] < begin + 90) & (outcome > 0)
    seen = (day >= world.first_day) & (day < world.end_day)
    when, quarter, rep = np.nonzero(serving.T[None] & seen[:, :, None])
    order = np.lexsort((rep, day[when, quarter]))
    when, quarter, rep = when[order], quarter[order], rep[order]
    return {
        "made_on": days(day[when, quarter]),
        "period": text(quarter, labels),
        "rep_id": text(rep, reps.ids),
        "account_id": [None] * len(rep),
        "amount": money(said[when, rep, quarter] * 100),
    }


def _by_rep(world: World, amounts: Array, owner: Array) -> Array:
    served = owner >= 0
    return np.bincount(owner[served], weights=amounts[served].sum(axis=1), minlength=len(world.reps.ids))


def _next_quarter(label: str) -> str:
    year, quarter = int(label[:4]), int(label[5])
    return f"{year + quarter // 4}Q{quarter % 4 + 1}"


def market_block(world: World, sold: Sold) -> Block:
    """Make ``market``: the region's market each complete year, in all and by product line.

    Own shares are true: own sales to accounts over the size. In all they are `OWN_SHARES` by region in the
    last year and a little less each year before.
    """
    rng = stream(world.seed, "market")
    year_of = world.months.astype("datetime64[Y]").astype(int)
    years = [y for y in np.unique(year_of) if (year_of == y).sum() == 12]
    own = np.stack([sold.by_market[:, :, year_of == y].sum(axis=2) / 100 for y in years])
    own = np.maximum(own, 1)  # by year, region, product line; a line nobody bought has a market all the same
    share = OWN_SHARES * 0.985 ** np.arange(len(years) - 1, -1, -1)[:, None]
    parts = own * rng.uniform(0.85, 1.2, own.shape)
    scale = own.sum(axis=2) / share / parts.sum(axis=2)
    parts = np.ceil(parts * scale[:, :, None] / 100) * 100
    sizes = np.concatenate([parts.sum(axis=2, keepdims=True), parts], axis=2)
    mine = np.round(np.concatenate([own.sum(axis=2, keepdims=True), own], axis=2) / sizes, 4)
    rival = np.round((1 - mine) * rng.uniform(0.3, 0.6, mine.shape), 4)
    year, region, column = np.indices(mine.shape).reshape(3, -1)
    return {
        "period": text(year, [str(1970 + y) for y in years]),
        "region": text(region, REGIONS),
        "product_line": text(column - 1, LINES),
        "size": money(np.rint(sizes * 100).ravel()),
        "own_share": pa.array(mine.ravel()),
        "competitor_share": pa.array(rival.ravel()),
    }
