"""The demo book's company: who its reps and accounts are and what each account is expected to buy, by month.

Everything that is planted is planted here, in the expected amounts; sales are then drawn around them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from kamlib.book.demo_names import INDUSTRIES, OWNERSHIPS, REGIONS, company_names
from kamlib.book.demo_reps import Reps, leaving_month, make_reps, stream
from kamlib.book.demo_write import NO_DAY, Array

LAST_MONTH = np.datetime64("2025-12", "M")
# rows: product lines; columns: January to December (February is short, the year ends strongly)
_SEASON = np.array([
    [0.86, 0.62, 1.04, 1.02, 1.00, 1.06, 0.93, 0.90, 1.07, 1.04, 1.14, 1.32],
    [0.90, 0.66, 1.08, 1.10, 1.06, 1.02, 0.92, 0.90, 1.04, 1.02, 1.08, 1.22],
    [0.92, 0.70, 1.00, 1.00, 1.02, 1.04, 0.98, 0.96, 1.04, 1.06, 1.12, 1.16],
    [0.80, 0.74, 0.94, 1.00, 1.08, 1.12, 1.14, 1.10, 1.04, 0.98, 0.98, 1.08],
])  # fmt: skip
LINE_GROWTH = np.array([0.02, -0.03, 0.12, 0.06])  # beside the accounts' own growth [1/year]
_LINE_SHARE = np.array([0.40, 0.27, 0.18, 0.15])
_SERVICE_RATE = np.array([0.045, 0.055, 0.035, 0.08, 0.07])  # by account type [fraction of revenue]
_SIZE_SPREAD = 1.72
_MEAN_SIZE = 2_000_000.0  # mean account [currency/year]
_STORY_RANKS = {"costly": 3, "sliding": 5, "bought": 7, "poached": 8, "climber": 10}  # 0: the largest
OWN_GROWTH = 0.10  # mean growth of an account [1/year]
GROWTH_SPREAD = (0.03, 0.09)  # its standard deviation, largest to smallest account [1/year]
ABILITY_GROWTH = 0.25  # growth a year that one more point of the rep's ability brings
CONTACT_GROWTH = 0.05  # growth a year that twice the usual contacts bring
POACHING = 18  # months in which another rep sells into an account
DIP = 3  # months in which a transferred account buys less
DIP_LEVEL = 0.85  # of what it would have bought


@dataclass(frozen=True)
class World:
    """The company: reps, accounts (arrays of shape (n,)) and what is expected, by month (n, m).

    `start`, `stop` are the first month with sales and the first without again, as positions in `months`
    (m where there is none); `switch` is the month from which `rep_after` serves instead of `rep_before`;
    reps are positions, -1 for none. `level` is expected revenue [currency/month], `rate` expected sales lines
    a month, `mix` the share of each product line in shape (n, 4), `story` names positions of accounts.
    """

    seed: int
    months: Array
    reps: Reps
    ids: list[str]
    names: list[str]
    chinese: Array
    rank: Array
    region: Array
    type: Array
    industry: Array
    ownership: Array
    parent: Array
    since: Array
    start: Array
    stop: Array
    switch: Array
    rep_before: Array
    rep_after: Array
    size: Array
    wallet: Array
    potential_known: Array
    service_cost: Array
    discount: Array
    contact: Array
    mix: Array
    level: Array
    unharmed: Array
    rate: Array
    story: dict[str, int]

    @property
    def first_day(self) -> np.datetime64:
        """First day of the book."""
        return np.datetime64(self.months[0], "D")

    @property
    def end_day(self) -> np.datetime64:
        """First day after the book."""
        return np.datetime64(self.months[-1] + 1, "D")

    @property
    def active(self) -> Array:
        """Whether an account buys in a month, shape (n, m)."""
        t = np.arange(len(self.months))
        return (self.start[:, None] <= t) & (t < self.stop[:, None])

    @property
    def owner(self) -> Array:
        """Rep who serves an account in a month, shape (n, m); -1 for none."""
        t = np.arange(len(self.months))
        return np.where(t < self.switch[:, None], self.rep_before[:, None], self.rep_after[:, None])

    @property
    def closed_on(self) -> Array:
        """Day an account was closed, NaT where it was not."""
        gone = self.stop < len(self.months)
        day = self.months[np.minimum(self.stop, len(self.months) - 1)].astype("datetime64[D]")
        return np.where(gone, day, NO_DAY)

    @property
    def size_rank(self) -> Array:
        """Place by size as a fraction, 0 for the largest, shape (n,)."""
        return self.rank / len(self.rank)


def season(months: Array) -> Array:
    """Return the expected course of each product line, 1 on average over the last year, shape (4, m)."""
    years_to_go = (months - LAST_MONTH).astype(int) / 12
    calendar = months.astype("datetime64[M]").astype(int) % 12
    return _SEASON[:, calendar] * (1 + LINE_GROWTH[:, None]) ** years_to_go


def make_world(accounts: int, months: int, lines_per_month: float, seed: int) -> World:
    """Draw the company and lay the stories into what is expected of it.

    Parameters
    ----------
    accounts, months : int
        Size of the book; the last month is `LAST_MONTH`.
    lines_per_month : float
        Sales lines expected per account and month in which it buys.
    seed : int
        Seed of all random streams.

    Examples
    --------
    >>> world = make_world(40, 24, 3.0, 1)
    >>> len(world.ids), str(world.first_day), round(float(world.rate[world.active].mean()), 6)
    (40, '2024-01-01', 3.0)
    """
    n, m = accounts, months
    span = LAST_MONTH - np.arange(m)[::-1]
    reps = make_reps(n, span, seed)
    rng = stream(seed, "accounts")
    rank = rng.permutation(n)
    by_rank = np.argsort(rank)
    places = _STORY_RANKS | {"giant": max(12, int(0.35 * n)), "old": int(0.8 * n)}
    story = {name: int(by_rank[place]) for name, place in places.items()}
    size = _MEAN_SIZE * np.exp(_SIZE_SPREAD * ndtri((n - rank - 0.5) / n) - _SIZE_SPREAD**2 / 2)
    region = _regions(reps, rank, rng)
    region[[story["poached"], story["bought"]]] = 1
    parent, free = _groups(by_rank[~np.isin(by_rank, list(story.values()))], n)
    start, stop, since, unassigned = _lives(rng, free, story, span, n)
    rep_before, rep_after, switch = _serving(rng, reps, region, rank, since, stop, story, span)
    rep_before[unassigned], rep_after[unassigned], switch[unassigned] = -1, -1, m
    chinese = (region < 4) & (rng.random(n) < 0.72)
    chinese = np.where(parent >= 0, chinese[parent], chinese)
    kind = rng.choice(5, n, p=[0.26, 0.2, 0.2, 0.24, 0.1])
    contact = np.clip(rng.normal(1, 0.35, n), 0.2, 2)
    mix = rng.dirichlet(_LINE_SHARE * 6, n)
    known = np.ones(n, dtype=bool)
    known[rng.choice(free, max(2, n // 25), replace=False)] = False
    ability = np.where(rep_after >= 0, reps.ability[rep_after], 1.0)
    own_growth = OWN_GROWTH + rng.normal(0, 1, n) * np.interp(rank / n, (0, 1), GROWTH_SPREAD)
    growth = own_growth + ABILITY_GROWTH * (ability - 1) + CONTACT_GROWTH * (contact - 1)
    unharmed = _levels(size, growth, mix, span, start)
    level = _harm(unharmed, story, start, stop, switch)
    return World(
        seed=seed, months=span, reps=reps, ids=_account_ids(n), names=_names(rng, chinese, parent),
        chinese=chinese, rank=rank, region=region, type=kind, industry=rng.integers(0, len(INDUSTRIES), n),
        ownership=rng.choice(len(OWNERSHIPS), n, p=[0.5, 0.2, 0.2, 0.1]), parent=parent, since=since,
        start=start, stop=stop, switch=switch, rep_before=rep_before, rep_after=rep_after, size=size,
        wallet=_wallets(rng, n, story), potential_known=known, service_cost=_services(rng, size, kind, story),
        discount=_discounts(rng, rank, story), contact=contact, mix=mix, level=level, unharmed=unharmed,
        rate=_rates(level, lines_per_month), story=story,
    )  # fmt: skip


def _names(rng: np.random.Generator, chinese: Array, parent: Array) -> list[str]:
    """Name the accounts; plants of a group carry their parent's name."""
    names = company_names(rng, chinese)
    plants: dict[int, int] = {}
    for child in np.flatnonzero(parent >= 0):
        number = plants[parent[child]] = plants.get(parent[child], 1) + 1
        mark = f"（{number}厂）" if chinese[child] else f", plant {number}"
        names[child] = names[parent[child]] + mark
    return names


def _wallets(rng: np.random.Generator, n: int, story: dict[str, int]) -> Array:
    """Draw what part of its potential an account buys here."""
    wallet = np.clip(rng.beta(2.4, 2.6, n), 0.08, 0.85)
    wallet[story["giant"]] = 0.05
    return wallet


def _services(rng: np.random.Generator, size: Array, kind: Array, story: dict[str, int]) -> Array:
    """Draw what it costs to serve an account, in whole hundreds [currency/year]."""
    cost = size * _SERVICE_RATE[kind] * rng.lognormal(0, 0.5, len(size)) + rng.uniform(800, 3000, len(size))
    cost[story["costly"]] = 0.36 * size[story["costly"]]
    return np.asarray(np.rint(cost / 100) * 100)


def _discounts(rng: np.random.Generator, rank: Array, story: dict[str, int]) -> Array:
    """Draw the discount on list prices, higher for larger accounts."""
    discount = np.clip(0.10 - 0.09 * rank / len(rank) + rng.normal(0, 0.02, len(rank)), 0, 0.2)
    discount[story["costly"]] = 0.17
    return np.asarray(discount)


def _rates(level: Array, lines_per_month: float) -> Array:
    """Return expected sales lines: larger accounts order more often; the mean is what was asked."""
    buying = level > 0
    rate = np.where(buying, level, 1.0) ** 0.42 * buying
    return np.asarray(rate * (lines_per_month / rate[buying].mean()))


def _account_ids(n: int) -> list[str]:
    width = max(3, len(str(n)))
    return [f"A{k + 1:0{width}d}" for k in range(n)]


def _regions(reps: Reps, rank: Array, rng: np.random.Generator) -> Array:
    """Deal accounts to regions, largest first, one for each rep a round: large ones are everywhere."""
    seats = reps.region[np.arange(len(reps.ids)) != reps.successor]  # the leaver and the successor share one
    rounds = [rng.permutation(seats) for _ in range(-(-len(rank) // len(seats)))]
    return np.asarray(np.concatenate(rounds)[rank])


def _groups(free: Array, n: int) -> tuple[Array, Array]:
    """Tie two or three plants each to a few middling parents; return parents and who is left free."""
    parent = np.full(n, -1)
    taken: list[int] = []
    for group in range(max(2, n // 60)):
        children = free[len(free) // 2 + 3 * group :][: 2 + group % 2]
        parent[children] = free[2 + 2 * group]
        taken += [int(free[2 + 2 * group]), *map(int, children)]
    return parent, free[~np.isin(free, taken)]


def _lives(
    rng: np.random.Generator, free: Array, story: dict[str, int], months: Array, n: int
) -> tuple[Array, Array, Array, Array]:
    """Draw when accounts were registered, began and ended, and who has no rep."""
    m = len(months)
    since = months[0].astype("datetime64[D]") - rng.integers(60, 5500, n)
    since[story["old"]] = months[0].astype("datetime64[D]") - 9800
    start, stop = np.zeros(n, dtype=int), np.full(n, m)
    shuffled = rng.permutation(free)
    years = min(m / 12, 10)
    new_ones, gone_ones = (max(1, round(rate * n * years)) for rate in (0.022, 0.018))
    sizes = [max(2, n // 40), max(2, n // 60), new_ones, gone_ones]
    prospects, unassigned, new, gone = np.split(shuffled, np.cumsum(sizes))[:4]
    start[prospects] = m
    start[new] = rng.integers(2, m - 2, len(new))
    start[story["climber"]] = max(2, m - 15)
    stop[gone] = rng.integers(m // 4, m - 1, len(gone))
    stop[story["bought"]] = m - 5
    late = np.flatnonzero((start > 0) & (start < m))
    since[late] = months[start[late]].astype("datetime64[D]") - rng.integers(20, 100, len(late))
    since[prospects] = (months[-1] + 1).astype("datetime64[D]") - rng.integers(30, 300, len(prospects))
    return start, stop, since, unassigned


def _serving(
    rng: np.random.Generator,
    reps: Reps,
    region: Array,
    rank: Array,
    since: Array,
    stop: Array,
    story: dict[str, int],
    months: Array,
) -> tuple[Array, Array, Array]:
    """Hand out accounts region by region, largest first, and transfer the leaver's and a few others."""
    n, m = len(region), len(months)
    before, switch = np.zeros(n, dtype=int), np.full(n, m)
    for k in range(len(REGIONS)):
        team = np.flatnonzero((reps.region == k) & (np.arange(len(reps.ids)) != reps.successor))
        members = np.flatnonzero(region == k)
        members = members[np.argsort(rank[members])]
        turn = np.arange(len(members)) % (2 * len(team))
        before[members] = team[np.minimum(turn, 2 * len(team) - 1 - turn)]
    heir = int(np.flatnonzero(reps.region == 1)[2])
    before[story["poached"]] = heir
    after = before.copy()
    leaving = leaving_month(m)
    served = np.flatnonzero(before == reps.leaver)
    after[served] = reps.successor
    switch[served] = leaving
    after[served[::4]] = reps.poacher
    stay = np.setdiff1d(np.arange(n), [*served, *story.values()])
    for account in rng.choice(stay, max(1, round(0.05 * n)), replace=False):
        others = np.flatnonzero((reps.region == region[account]) & np.isnat(reps.left))
        others = others[(others != before[account]) & (others != reps.successor)]
        if len(others):
            after[account] = rng.choice(others)
            switch[account] = rng.integers(3, m - 1)
    idle = switch >= stop
    after[idle], switch[idle] = before[idle], m
    late = (switch < m) & (since >= months[np.minimum(switch, m - 1)].astype("datetime64[D]"))
    before[late], switch[late] = after[late], m
    return before, after, switch


def _levels(size: Array, growth: Array, mix: Array, months: Array, start: Array) -> Array:
    """Return expected revenue by month before anything is planted, shape (n, m) [currency]."""
    years_to_go = (months - LAST_MONTH).astype(int) / 12
    course = np.einsum("al,lm->am", mix, season(months))
    trend = np.maximum(1 + growth, 0.5)[:, None] ** years_to_go
    age = np.arange(len(months)) - start[:, None] + 1
    ramp = np.where(start[:, None] > 0, np.clip(age / 6, 0, 1), 1.0)
    return np.asarray(size[:, None] / 12 * trend * course * ramp)


def _harm(unharmed: Array, story: dict[str, int], start: Array, stop: Array, switch: Array) -> Array:
    """Lay the stories, the transfers' dip and the accounts' ends over what was expected."""
    level, m = unharmed.copy(), unharmed.shape[1]
    t = np.arange(m)
    level[story["sliding"]] *= np.clip(1 - 0.085 * (t - (m - 11)), 0.2, 1)
    bought = story["bought"]
    level[bought] *= np.clip(1 - 0.18 * (t - (m - 9)), 0.2, 1)
    age = t - start[story["climber"]]
    level[story["climber"]] *= np.clip(0.1 + 0.07 * age, 0.1, 1.1)
    since_switch = t - switch[:, None]
    level[(since_switch >= 0) & (since_switch < DIP)] *= DIP_LEVEL
    level[(t < start[:, None]) | (t >= stop[:, None])] = 0
    return level
