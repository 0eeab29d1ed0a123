"""Bridges: why a total changed, in parts that add up to the change."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from kamlib.errors import ParameterError
from kamlib.measures.money import as_float, to_money, to_ticks

_SHAPLEY = 7  # factors; 7! orders are 5,040


def price_volume_mix(before: pd.DataFrame, after: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """Split a change of revenue into price, volume, mix, new and lost, by product.

    Products sold in both periods with quantities above 0: price = (p1 - p0) q1, volume = (q0 Q1/Q0 - q0) p0,
    mix = (q1 - q0 Q1/Q0) p0, Q over these products. Sold only after: new; only before: lost. Sold in both
    but without usable quantities: ``other``. Nothing is dropped, and the parts of a product add up to its
    change exactly (mix takes what rounding to the money's four decimals leaves).

    Parameters
    ----------
    before, after : pandas.DataFrame
        One row per product: `by`, revenue [currency], quantity (null where unknown).
    by : str
        Column that names the product.

    Returns
    -------
    pandas.DataFrame
        One row per product, sorted: `by`, before, after, price, volume, mix, new, lost, other, change
        [currency, exact].

    Raises
    ------
    ParameterError
        If a product comes twice in a table, or a row names none.

    References
    ----------
    The usual variance analysis of management accounting; see C. T. Horngren et al., Cost Accounting, ch. 14.

    Examples
    --------
    >>> before = pd.DataFrame({"p": ["ABC", "DEF"], "revenue": [60.0, 32.0], "quantity": [50.0, 40.0]})
    >>> after = pd.DataFrame({"p": ["ABC", "DEF"], "revenue": [66.0, 50.0], "quantity": [60.0, 50.0]})
    >>> from kamlib.measures.money import to_money
    >>> for table in (before, after):
    ...     table["revenue"] = to_money((table["revenue"] * 10_000).astype("int64"))
    >>> parts = price_volume_mix(before, after, by="p")[["price", "volume", "mix", "change"]]
    >>> parts.astype(float).sum().round(4).tolist()
    [4.0, 20.4444, -0.4444, 24.0]
    """
    for name, table in (("before", before), ("after", after)):
        if table[by].isna().any():
            raise ParameterError(f"{name}.{by}: {int(table[by].isna().sum())} rows name nothing. Fill it in.")
        if table[by].duplicated().any():
            raise ParameterError(f"{name}.{by}: {table[by][table[by].duplicated()].iloc[0]} comes twice.")
    products = sorted(set(before[by]) | set(after[by]))
    old, new = (table.set_index(by).reindex(products) for table in (before, after))
    r0, r1 = (
        pd.Series(
            [0 if pd.isna(v) else t for v, t in zip(s["revenue"], _ticks(s["revenue"]), strict=True)],
            products,
        )
        for s in (old, new)
    )
    q0, q1 = (s["quantity"].astype(float) for s in (old, new))
    both = old["revenue"].notna() & new["revenue"].notna()
    counted = both & (q0 > 0) & (q1 > 0)
    growth = q1[counted].sum() / q0[counted].sum() if counted.any() else 1.0
    price = ((r1 / q1 - r0 / q0) * q1).where(counted, 0.0).round().astype("int64")
    volume = (r0 * (growth - 1)).where(counted, 0.0).round().astype("int64")
    change = r1 - r0
    parts = {
        "before": r0,
        "after": r1,
        "price": price,
        "volume": volume,
        "mix": (change - price - volume).where(counted, 0),
        "new": r1.where(old["revenue"].isna(), 0),
        "lost": (-r0).where(new["revenue"].isna(), 0),
        "other": change.where(both & ~counted, 0),
        "change": change,
    }
    table = pd.DataFrame({name: to_money(ticks.to_numpy()) for name, ticks in parts.items()})
    table.insert(0, by, products)
    return table


def _ticks(values: pd.Series) -> list[int]:
    known = values.where(values.notna(), Decimal(0))
    return [int(t) for t in to_ticks(known.astype(values.dtype))]


def shapley_bridge(
    formula: Callable[..., float], before: Mapping[str, float], after: Mapping[str, float]
) -> dict[str, float]:
    """Share a change out over the factors of a formula: each one's mean effect over all orders of change.

    Parameters
    ----------
    formula : callable
        Takes the factors by name.
    before, after : mapping of str to float
        The factors.

    Returns
    -------
    dict of str to float
        By factor; they add up to the change.

    References
    ----------
    L. S. Shapley (1953). A value for n-person games. Contributions to the Theory of Games II:307-317.

    Examples
    --------
    >>> shapley_bridge(lambda p, q: p * q, {"p": 10, "q": 100}, {"p": 12, "q": 90})
    {'p': 190.0, 'q': -110.0}
    """
    names = list(before)
    if set(names) != set(after) or not 0 < len(names) <= _SHAPLEY:
        raise ParameterError(f"bridge: the same 1 to {_SHAPLEY} factors before and after, not {names}.")
    effects = dict.fromkeys(names, 0.0)
    for order in itertools.permutations(names):
        now = dict(before)
        level = formula(**now)
        for name in order:
            now[name] = after[name]
            effects[name] += formula(**now) - level
            level = formula(**now)
    orders = math.factorial(len(names))
    return {name: effect / orders for name, effect in effects.items()}


@dataclass(frozen=True)
class Recurring:
    """How revenue of accounts moved from one period to the next.

    Attributes
    ----------
    before, expansion, contraction, lost, new, after : Decimal
        before + expansion + contraction + lost + new = after; contraction and lost are not positive
        [currency].
    net_retention, gross_retention : float
        (before + expansion + contraction + lost) / before, and without expansion [fraction]; NaN where before
        is 0.
    """

    before: Decimal
    expansion: Decimal
    contraction: Decimal
    lost: Decimal
    new: Decimal
    after: Decimal
    net_retention: float
    gross_retention: float


def recurring_bridge(before: pd.Series, after: pd.Series) -> Recurring:
    """Split a change of revenue by what accounts did: new, grown, shrunk, lost.

    Parameters
    ----------
    before, after : pandas.Series of money
        Revenue by account; accounts absent or at or below 0 did not buy.

    Raises
    ------
    ParameterError
        If an account comes twice or has no amount.

    Examples
    --------
    >>> from kamlib.measures.money import to_money
    >>> before = to_money([50_000_0000, 42_000_0000, 8_000_0000], index=["a", "b", "c"])
    >>> after = to_money([65_000_0000, 37_000_0000], index=["a", "b"])
    >>> found = recurring_bridge(before, after)
    >>> round(found.net_retention, 4), round(found.gross_retention, 4), int(found.after)
    (1.02, 0.87, 102000)
    """
    for name, side in (("before", before), ("after", after)):
        if side.index.duplicated().any():
            twice = side.index[side.index.duplicated()][0]
            raise ParameterError(f"recurring bridge, {name}: account {twice} comes twice. Sum it up first.")
        if side.isna().any():
            raise ParameterError(f"recurring bridge, {name}: {side.index[side.isna()][0]} has no amount.")
    accounts = sorted(set(before.index) | set(after.index))
    old, new = (dict(zip(s.index, (int(t) for t in to_ticks(s)), strict=True)) for s in (before, after))
    sums = dict.fromkeys(("before", "expansion", "contraction", "lost", "new", "after"), 0)
    for account in accounts:
        was, now = old.get(account, 0), new.get(account, 0)
        sums["before"], sums["after"] = sums["before"] + was, sums["after"] + now
        if was > 0 and now > 0:
            sums["expansion" if now > was else "contraction"] += now - was
        elif was > 0:
            sums["lost"] += now - was
        else:
            sums["new"] += now - was
    kept = sums["before"] + sums["contraction"] + sums["lost"]
    base = sums["before"]
    amounts = {name: Decimal(ticks) / 10_000 for name, ticks in sums.items()}
    return Recurring(
        **amounts,
        net_retention=(kept + sums["expansion"]) / base if base else math.nan,
        gross_retention=kept / base if base else math.nan,
    )


def attainment(actual: pd.Series, target: pd.Series) -> pd.Series:
    """Return actual / target [fraction]; null where either is unknown.

    Raises
    ------
    ParameterError
        If a target is zero or below.

    Examples
    --------
    >>> attainment(pd.Series([80.0, 50.0]), pd.Series([100.0, None])).tolist()
    [0.8, nan]
    """
    asked = pd.Series(as_float(target), index=target.index)
    if (asked <= 0).any():
        raise ParameterError(f"target {asked[asked <= 0].iloc[0]:g}: an attainment needs a target above 0.")
    return pd.Series(as_float(actual), index=actual.index) / asked
