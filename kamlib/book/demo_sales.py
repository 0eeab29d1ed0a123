"""The demo book's sales lines, drawn month by month around what the world expects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from kamlib.book.demo_names import LINES, PRODUCTS
from kamlib.book.demo_reps import stream
from kamlib.book.demo_world import POACHING, World, season
from kamlib.book.demo_write import Array, TableFile, days, money, text

# list prices in the book's first year, four products a line [cents], and margin at list [fraction]
_PRICES = np.array([[9600, 14800, 21500, 6400], [5200, 8900, 12400, 3600], [1250, 2100, 3400, 4800],
                    [9000, 11000, 12500, 15000]])  # fmt: skip
_MARGINS = np.array([0.34, 0.29, 0.43, 0.47])
PRICE_RISE = np.array([0.03, 0.02, 0.0, 0.04])  # every January [1/year]
COST_RISE = 0.025  # every January [1/year]
_NOISE = 0.55  # spread of a line's value (log)
LINES_PER_ORDER = 3
RETURN_RATE = 0.012
OTHER_SELLER_RATE = 0.015
NO_SELLER_RATE = 0.01
POACHED_RATE = 0.45
_STRAY_RATE = 0.002  # lines without an account, as a fraction of the others


@dataclass(frozen=True)
class Sold:
    """What the sales came to, exactly: cents by account and month (n, m), by selling rep and month (r, m).

    `by_market` is by region of the account, product line and month (5, 4, m);
    `poached` is what was sold to the poached account in the months of the story, by selling rep (r,);
    `strays` and `returns` are (lines, cents).
    """

    revenue: Array
    cost: Array
    by_rep: Array
    by_market: Array
    poached: Array
    lines: int
    active_lines: int
    strays: tuple[int, int]
    returns: tuple[int, int]


@dataclass(frozen=True)
class _Block:
    """One month's sales lines, in the order of the file; positions, -1 for none, and cents."""

    day: Array
    account: Array
    product: Array
    revenue: Array
    quantity: Array
    cost: Array
    seller: Array
    credited: Array
    order: Array
    orders: int


def write_sales(world: World, folder: Path, fmt: str) -> Sold:
    """Draw and write the sales, one month at a time, and return what they came to."""
    n, m, r = len(world.ids), len(world.months), len(world.reps.ids)
    revenue, cost = np.zeros((n, m), dtype=np.int64), np.zeros((n, m), dtype=np.int64)
    by_rep, poached = np.zeros((r, m), dtype=np.int64), np.zeros(r, dtype=np.int64)
    by_market = np.zeros((5, 4, m), dtype=np.int64)
    counts = np.zeros(6, dtype=np.int64)
    with TableFile(folder, "sales", fmt) as file:
        for t in range(m):
            block = _draw_month(world, t)
            file.write(_columns(world, t, block))
            known = block.account >= 0
            revenue[:, t] = _sum(block.account[known], block.revenue[known], n)
            cost[:, t] = _sum(block.account[known], block.cost[known], n)
            cell = world.region[block.account[known]] * 4 + block.product[known] // 4
            by_market[:, :, t] = _sum(cell, block.revenue[known], 20).reshape(5, 4)
            sold = block.credited >= 0
            by_rep[:, t] = _sum(block.credited[sold], block.revenue[sold], r)
            if t >= m - POACHING:
                theirs = block.account == world.story["poached"]
                poached += _sum(block.credited[theirs], block.revenue[theirs], r)
            back = block.revenue < 0
            counts += [len(known), known.sum(), (~known).sum(), block.revenue[~known].sum(),
                       back.sum(), block.revenue[back].sum()]  # fmt: skip
    total, active, *rest = map(int, counts)
    return Sold(
        revenue, cost, by_rep, by_market, poached, total, active, (rest[0], rest[1]), (rest[2], rest[3])
    )


def _sum(places: Array, cents: Array, size: int) -> Array:
    """Sum whole cents by place; exact, as no sum comes near 2**53."""
    return np.rint(np.bincount(places, weights=cents, minlength=size)).astype(np.int64)


def _draw_month(world: World, t: int) -> _Block:
    """Draw one month: how many lines, in which orders, of what, for how much, sold by whom."""
    rng = stream(world.seed, "sales", t)
    lines = rng.poisson(world.rate[:, t])
    strays = rng.poisson(max(0.7, _STRAY_RATE * lines.sum()))
    orders = np.where(lines > 0, -(-lines // LINES_PER_ORDER), 0)
    order_account = np.concatenate([np.repeat(np.arange(len(lines)), orders), np.full(strays, -1)])
    line_account = np.concatenate([np.repeat(np.arange(len(lines)), lines), np.full(strays, -1)])
    first_order = np.cumsum(orders) - orders
    within = rng.random(len(line_account))
    order = first_order[line_account] + (within * orders[line_account]).astype(np.int64)
    order[len(line_account) - strays :] = np.arange(len(order_account) - strays, len(order_account))
    order_day = _working_days(world.months[t])
    day = order_day[rng.integers(0, len(order_day), len(order_account))]
    credited, seller = _sellers(world, t, order_account, rng)

    value = _values(world, t, line_account, rng)
    product = _products(world, t, line_account, rng)
    revenue, quantity, cost = _amounts(world, t, line_account, product, value, rng)

    # number orders by day, then account; then lines by order
    place = np.lexsort((np.arange(len(day)), order_account, day))
    number = np.empty(len(place), dtype=np.int64)
    number[place] = np.arange(len(place))
    row = np.argsort(number[order], kind="stable")
    order = order[row]
    return _Block(
        day=day[order], account=line_account[row], product=product[row], revenue=revenue[row],
        quantity=quantity[row], cost=cost[row], seller=seller[order], credited=credited[order],
        order=number[order], orders=len(place),
    )  # fmt: skip


def _working_days(month: np.datetime64) -> Array:
    every = np.arange(month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]"))
    return np.asarray(every[np.is_busday(every)])


def _values(world: World, t: int, account: Array, rng: np.random.Generator) -> Array:
    """Draw what each line is about worth [cents]."""
    per_line = 100 * world.level[:, t] / np.where(world.rate[:, t] > 0, world.rate[:, t], 1)
    noise = np.exp(rng.normal(-(_NOISE**2) / 2, _NOISE, len(account)))
    return np.asarray(np.where(account >= 0, per_line[account], 90_000.0) * noise)


def _products(world: World, t: int, account: Array, rng: np.random.Generator) -> Array:
    """Draw the product of each line: the account's mix, moved by each product line's season and growth."""
    weight = world.mix * season(world.months[t : t + 1])[:, 0]
    weight = np.concatenate([weight, weight.mean(axis=0, keepdims=True)])  # the last row serves the strays
    bounds = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)[:, :3]
    line = (rng.random(len(account))[:, None] >= bounds[account]).sum(axis=1)
    return np.asarray(line * 4 + rng.integers(0, 4, len(account)))


def _amounts(
    world: World, t: int, account: Array, product: Array, value: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Turn values into pieces at a price: revenue and cost in exact cents, quantity in pieces or hours."""
    years = int(world.months[t].astype("datetime64[Y]") - world.months[0].astype("datetime64[Y]"))
    price = (_PRICES * (1 + PRICE_RISE[:, None]) ** years).ravel()
    at_cost = (_PRICES * (1 - _MARGINS[:, None])).ravel() * (1 + COST_RISE) ** years
    unit_cost = np.rint(at_cost).astype(np.int64)
    discount = np.where(account >= 0, world.discount[account], 0.0)
    unit = np.rint(price[product] * (1 - discount)).astype(np.int64)
    quantity = np.maximum(1, np.rint(value / unit)).astype(np.int64)
    begun = (account >= 0) & (world.start[account] < t)
    back = (rng.random(len(account)) < RETURN_RATE) & begun
    quantity = np.where(back, -np.maximum(1, quantity // 3), quantity)
    return quantity * unit, quantity, quantity * unit_cost[product]


def _sellers(world: World, t: int, account: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return who sold each order (-1: nobody known) and what the file says (-1: not noted)."""
    reps = world.reps
    owner = np.where(account >= 0, world.owner[account, t], -1)
    chance, pick = rng.random((2, len(account)))
    first = world.months[t].astype("datetime64[D]")
    here = (reps.hired <= first) & ~(reps.left < first)
    for k in range(5):
        team = np.flatnonzero((reps.region == k) & here)
        other = (account >= 0) & (world.region[account] == k) & (owner >= 0) & (chance < OTHER_SELLER_RATE)
        owner = np.where(other, team[(pick * len(team)).astype(int)], owner)
    if t >= len(world.months) - POACHING:
        theirs = (account == world.story["poached"]) & (rng.random(len(account)) < POACHED_RATE)
        owner = np.where(theirs, reps.poacher, owner)
    anyone = np.flatnonzero(here)
    stray = (account < 0) & (chance < 0.5)
    owner = np.where(stray, anyone[(pick * len(anyone)).astype(int)], owner)
    unnoted = (account >= 0) & (chance > 1 - NO_SELLER_RATE)
    return np.where(unnoted, world.owner[account, t], owner), np.where(unnoted, -1, owner)


def _columns(world: World, t: int, block: _Block) -> dict[str, pa.Array]:
    month = str(world.months[t]).replace("-", "")[2:]
    width = max(4, len(str(block.orders)))
    orders = [f"S{month}-{k + 1:0{width}d}" for k in range(block.orders)]
    return {
        "date": days(block.day),
        "account_id": text(block.account, world.ids),
        "product_line": text(block.product // 4, LINES),
        "revenue": money(block.revenue),
        "quantity": pa.array(block.quantity),
        "cost": money(block.cost),
        "product_id": text(block.product, PRODUCTS),
        "rep_id": text(block.seller, world.reps.ids),
        "order_id": text(block.order, orders),
    }
