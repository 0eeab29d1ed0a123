"""The demo book's README: the planted truth, with the figures that were in fact generated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from kamlib.book.contract import TABLES
from kamlib.book.demo_crm import STAGES, win_rates
from kamlib.book.demo_names import COMPETITORS, LINES, REGIONS
from kamlib.book.demo_people import HARSHNESS
from kamlib.book.demo_sales import COST_RISE, PRICE_RISE, Sold
from kamlib.book.demo_tables import OWN_SHARES, TARGET_STRETCH
from kamlib.book.demo_world import (
    ABILITY_GROWTH,
    CONTACT_GROWTH,
    DIP,
    DIP_LEVEL,
    GROWTH_SPREAD,
    LINE_GROWTH,
    OWN_GROWTH,
    POACHING,
    World,
    season,
)
from kamlib.book.demo_write import Array

Blocks = Mapping[str, Mapping[str, Any]]
_LISTED = 20  # ids named before "and n more"


def readme(world: World, sold: Sold, blocks: Blocks, rows: Mapping[str, int], made: str) -> str:
    """Write the README's text (Markdown).

    Parameters
    ----------
    world, sold : World, Sold
        What was planted and what was sold.
    blocks : mapping
        The other tables' columns.
    rows : mapping
        Rows of every table.
    made : str
        The command that makes this book again.
    """
    parts = [
        "# Harbour Drives: a demo book with a known truth",
        "A made-up maker of industrial drives; every company and person is invented, a likeness is chance. "
        f"The book is written by\n\n    {made}\n\nand the same command gives the same bytes. Don't edit the "
        "files. Money is in CNY. The truth below is what methods should find; it was planted, and the "
        "figures were counted in what was generated.",
        "## Tables",
        _table(["table", "rows"], [[name, f"{rows[name]:,}"] for name in TABLES]),
        "Survey scores run from 1 to 10, feedback scores from 1 to 5, severity of incidents from 1 to 5. Won "
        "opportunities and sales are drawn apart: a won amount is not found again among the sales lines.",
        "## The company",
        _table(["fact", "value"], _company(world, sold)),
        "## Planted stories",
        _table(["story", "who", "what the data shows"], _stories(world, sold, blocks)),
        "## How it was drawn",
        *_rules(world, blocks),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: list[str], body: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _ids(world: World, places: Array) -> str:
    named = ", ".join(world.ids[k] for k in places[:_LISTED])
    return named + (f" and {len(places) - _LISTED:,} more" if len(places) > _LISTED else "")


def _cny(cents: Any) -> str:
    return f"{round(int(cents) / 100):,}"


def _percent(share: Any, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def _company(world: World, sold: Sold) -> list[list[str]]:
    m = len(world.months)
    last_year = sold.revenue[:, -12:].sum(axis=1)
    top = np.sort(last_year)[::-1][: round(0.2 * len(last_year))].sum() / last_year.sum()
    strays, returns = sold.strays, sold.returns
    gone, coming = int((world.stop < m).sum()), int((world.start == m).sum())
    active = len(world.ids) - gone - coming
    density = sold.active_lines / world.active.sum()
    facts = [
        ["months", f"{world.months[0]} to {world.months[-1]} ({m})"],
        [
            "accounts at the end",
            f"{len(world.ids):,}: {active:,} active, {gone:,} closed, {coming:,} prospects",
        ],
        ["revenue of the last twelve months", f"{_cny(last_year.sum())} from accounts"],
        ["the largest 20 % of accounts", f"{_percent(top, 1)} of that"],
        ["sales lines", f"{sold.lines:,}; {density:.2f} an account and month in which it buys"],
        ["returns", f"{returns[0]:,} lines, {_cny(returns[1])}"],
        ["sales without an account", f"{strays[0]:,} lines, {_cny(strays[1])}"],
    ]
    if m >= 24:
        before = sold.revenue[:, -24:-12].sum()
        facts.insert(3, ["growth over the twelve months before", _percent(last_year.sum() / before - 1, 1)])
    lists = {
        "closed": world.stop < m,
        "prospects, no sales yet": world.start == m,
        "new in the book's time": (world.start > 0) & (world.start < m),
        "transferred to another rep": world.switch < m,
        "without a rep (unassigned)": world.rep_after < 0,
        "potential unknown": ~world.potential_known,
    }
    return facts + [[name, _ids(world, np.flatnonzero(which))] for name, which in lists.items()]


def _stories(world: World, sold: Sold, blocks: Blocks) -> list[list[str]]:
    accounts = {
        "slides away": ("sliding", _sliding), "bought out by a competitor": ("bought", _bought),
        "large, costs more than it brings": ("costly", _costly), "old, of little value": ("old", _old),
        "climbs fast": ("climber", _climber), "large potential, small sales": ("giant", _giant),
        "another rep sells into it": ("poached", _poached),
    }  # fmt: skip
    rows = []
    for name, (key, say) in accounts.items():
        place = world.story[key]
        rows.append([name, f"{world.ids[place]} {world.names[place]}", say(world, sold, place, blocks)])
    rows += _rep_stories(world, sold, blocks)
    for parent in np.unique(world.parent[world.parent >= 0])[:5]:
        children = _ids(world, np.flatnonzero(world.parent == parent))
        rows.append(
            ["group of companies", f"{world.ids[parent]} {world.names[parent]}", f"parent of {children}"]
        )
    return rows


def _rep_stories(world: World, sold: Sold, blocks: Blocks) -> list[list[str]]:
    reps = world.reps
    ratio = forecast_ratios(world, sold, blocks["rep_forecasts"])
    given = mean_given(world, blocks["feedback"])
    others = np.setdiff1d(np.arange(len(reps.ids)), [reps.sandbagger, reps.happy_ears])
    usual = f"the others' is {np.nanmean(ratio[others]):.2f}"
    mild = np.nanmean(np.delete(given, reps.harsh))
    left = np.flatnonzero((world.rep_before == reps.leaver) & (world.switch < len(world.months)))
    pairs = zip(*np.unique(world.rep_after[left], return_counts=True), strict=True)
    heirs = [f"{count:,} to {reps.ids[heir]}" for heir, count in pairs]
    return [
        [
            "sandbags",
            _rep(world, reps.sandbagger),
            f"forecast before the quarter over outcome, mean: {ratio[reps.sandbagger]:.2f}; {usual}",
        ],
        ["happy ears", _rep(world, reps.happy_ears), f"the same: {ratio[reps.happy_ears]:.2f}; {usual}"],
        [
            "rates harshly",
            _rep(world, reps.harsh),
            f"mean score given as a peer {given[reps.harsh]:.2f}; other peers {mild:.2f}",
        ],
        [
            "left",
            _rep(world, reps.leaver),
            f"on {reps.left[reps.leaver]}; {len(left):,} accounts were transferred, {' and '.join(heirs)}; "
            f"{reps.ids[reps.successor]} was hired on {reps.hired[reps.successor]}",
        ],
    ]


def _rep(world: World, place: int) -> str:
    return f"{world.reps.ids[place]} {world.reps.names[place]}"


def _sliding(world: World, sold: Sold, place: int, blocks: Blocks) -> str:
    now, usual = sold.revenue[place, -3:].sum(), 100 * world.unharmed[place, -3:].sum()
    scores = _of(blocks["surveys"], "account_id", world.ids[place], "score")
    return (
        f"revenue falls from {world.months[-11]} on; last three months {_cny(now)}, {_percent(now / usual)} "
        f"of what it would have bought; satisfaction falls first: {np.mean(scores[:4]):.1f} in the first "
        f"survey, {np.mean(scores[-4:]):.1f} in the last; complaints and sightings rise, visits get rare"
    )


def _bought(world: World, sold: Sold, place: int, blocks: Blocks) -> str:
    seen = _of(blocks["sightings"], "account_id", world.ids[place], "competitor")
    rival = max(COMPETITORS, key=lambda name: (seen == name).sum())
    last = np.flatnonzero(sold.revenue[place])[-1]
    cause = _of(blocks["loss_reviews"], "account_id", world.ids[place], "cause")[0]
    return (
        f"last sale in {world.months[last]}, closed {world.closed_on[place]}; {rival} seen there "
        f"{(seen == rival).sum()} times; loss review: {cause}"
    )


def _costly(world: World, sold: Sold, place: int, _: object) -> str:
    revenue, cost = sold.revenue[place, -12:].sum(), sold.cost[place, -12:].sum()
    service = 100 * int(world.service_cost[place])
    rank = int((sold.revenue[:, -12:].sum(axis=1) > revenue).sum()) + 1
    return (
        f"last twelve months: revenue {_cny(revenue)} (place {rank}), margin {_cny(revenue - cost)}, service "
        f"{_cny(service)}, so it brings {_cny(revenue - cost - service)}"
    )


def _old(world: World, sold: Sold, place: int, _: object) -> str:
    year = sold.revenue[:, -12:].sum(axis=1)
    return (
        f"since {world.since[place]}, the longest of all; last twelve months {_cny(year[place])}, place "
        f"{(year > year[place]).sum() + 1:,} of {len(year):,}"
    )


def _climber(world: World, sold: Sold, place: int, _: object) -> str:
    revenue = sold.revenue[place]
    return (
        f"first month {world.months[world.start[place]]}; {_cny(revenue[-12:-9].sum())} in "
        f"{world.months[-12]} to {world.months[-10]}, {_cny(revenue[-3:].sum())} in the last three months"
    )


def _giant(world: World, sold: Sold, place: int, blocks: Blocks) -> str:
    potential = float(_of(blocks["accounts"], "account_id", world.ids[place], "potential")[0])
    year = sold.revenue[place, -12:].sum()
    share = _percent(year / potential / 100, 1)
    return f"potential {potential:,.0f} a year; last twelve months {_cny(year)}, {share} of it"


def _poached(world: World, sold: Sold, place: int, _: object) -> str:
    reps = world.reps
    share = _percent(sold.poached[reps.poacher] / sold.poached.sum())
    owner, other = reps.ids[world.rep_after[place]], reps.ids[reps.poacher]
    return f"served by {owner}; in the last {POACHING} months {other} sold {share} of its revenue"


def _of(block: Mapping[str, Any], key: str, value: str, column: str) -> Array:
    keys = pa.array(block[key]).to_numpy(zero_copy_only=False)
    return np.asarray(pa.array(block[column]).to_numpy(zero_copy_only=False)[keys == value])


def forecast_ratios(world: World, sold: Sold, block: Mapping[str, Any]) -> Array:
    """Return the mean of forecast over outcome by rep, for forecasts made before a quarter that has ended.

    Returns
    -------
    numpy.ndarray, shape (r,)
        Fractions; NaN for a rep without such forecasts.
    """
    reps = world.reps
    made, period, rep, amount = (
        pa.array(block[name]).to_numpy(zero_copy_only=False)
        for name in ("made_on", "period", "rep_id", "amount")
    )
    quarter = np.array([f"{p[:4]}-{3 * int(p[5]) - 2:02d}" for p in period], dtype="datetime64[M]")
    first = (quarter - world.months[0]).astype(int)
    use = (made.astype("datetime64[D]") < quarter.astype("datetime64[D]")) & (first + 3 <= len(world.months))
    place = np.searchsorted(reps.ids, rep[use].astype(str))
    cents = np.cumsum(np.column_stack([np.zeros(len(reps.ids), dtype=np.int64), sold.by_rep]), axis=1)
    outcome = (cents[place, first[use] + 3] - cents[place, first[use]]) / 100
    count = np.bincount(place, minlength=len(reps.ids))
    total = np.bincount(place, weights=amount[use].astype(float) / outcome, minlength=len(reps.ids))
    return np.asarray(total / np.where(count, count, np.nan))


def mean_given(world: World, block: Mapping[str, Any]) -> Array:
    """Return the mean score that each rep gave as a peer, shape (r,); NaN for one who gave none."""
    group, rater, score = (
        pa.array(block[name]).to_numpy(zero_copy_only=False) for name in ("rater_group", "rater_id", "score")
    )
    peer = group == "peer"
    place = np.searchsorted(world.reps.ids, rater[peer].astype(str))
    count = np.bincount(place, minlength=len(world.reps.ids))
    total = np.bincount(place, weights=score[peer], minlength=len(world.reps.ids))
    return np.asarray(total / np.where(count, count, np.nan))


def _win_rows(world: World, blocks: Blocks) -> list[list[str]]:
    deals, steps = blocks["opportunities"], blocks["stage_history"]
    ids, outcome, deal, stage = (
        pa.array(column).to_numpy(zero_copy_only=False).astype(str)
        for column in (deals["opportunity_id"], deals["outcome"], steps["opportunity_id"], steps["stage"])
    )
    created = deals["created"].to_numpy(zero_copy_only=False).astype("datetime64[D]")
    outcome = np.where(created < world.end_day - 365, outcome, "open")
    ended = outcome[np.searchsorted(ids, deal)]
    rows = []
    for name, true in zip(STAGES, win_rates(), strict=True):
        decided = int(((stage == name) & (ended != "open")).sum())
        won = int(((stage == name) & (ended == "won")).sum())
        found = f"{won:,} of {decided:,} ({_percent(won / max(1, decided), 1)})"
        rows.append([name, f"{name} %", _percent(true, 1), found])
    return rows


def _rates(names: Iterable[str], rates: Array) -> str:
    return ", ".join(f"{name} {100 * rate:+.0f} %" for name, rate in zip(names, rates, strict=True))


def _rules(world: World, blocks: Blocks) -> list[str]:
    course = season(world.months[-12:]) / (1 + LINE_GROWTH[:, None]) ** (np.arange(-11, 1) / 12)
    shares = ", ".join(
        f"{region} {_percent(share)}" for region, share in zip(REGIONS, OWN_SHARES, strict=True)
    )
    reps = world.reps
    modest, eager = reps.sandbagger, reps.happy_ears
    rules = [
        f"Accounts' revenue grows by {_percent(OWN_GROWTH)} a year (standard deviation "
        f"{100 * GROWTH_SPREAD[0]:.0f} points for the largest to {100 * GROWTH_SPREAD[1]:.0f} for the "
        f"smallest), by {ABILITY_GROWTH * 10:.1f} points more for each 0.1 of their rep's ability over 1, by "
        f"{CONTACT_GROWTH * 100:.0f} points more for contacts at twice the usual pace, and beside that by "
        f"product line: {_rates(LINES, LINE_GROWTH)}.",
        f"List prices rise every January: {_rates(LINES, PRICE_RISE)}; unit costs {100 * COST_RISE:+.1f} %.",
        f"An account that changes rep buys {_percent(1 - DIP_LEVEL)} less in the first {DIP} months.",
        f"Targets are {_percent(TARGET_STRETCH - 1)} above what was expected of the rep's accounts when the "
        "quarter began (standard deviation 6 points), the stories not foreseen.",
        f"Forecasts of reps: {reps.ids[modest]} says {_percent(reps.bias[modest])} of what comes, "
        f"{reps.ids[eager]} {_percent(reps.bias[eager])}, the others 100 % (standard deviation 3 points by "
        "rep and 6 by forecast); the second forecast of a quarter is nearer.",
        f"{reps.ids[reps.harsh]} rates {HARSHNESS} points lower than the others, before scores are rounded.",
        f"Own market share in the last year: {shares}.",
    ]
    months = ["month", *(str(k) for k in range(1, 13))]
    courses = [[line, *(f"{x:.2f}" for x in row)] for line, row in zip(LINES, course, strict=True)]
    return [
        "\n".join(f"- {rule}" for rule in rules),
        "Expected course of the year by product line (1 is the average month):",
        _table(months, courses),
        "Chance to win from each stage: what the stage says, the truth, and what was found among decided "
        "opportunities that reached it, those of the last year left out (of theirs the lost ones are decided "
        "first):",
        _table(["stage", "said", "true", "won"], _win_rows(world, blocks)),
    ]
