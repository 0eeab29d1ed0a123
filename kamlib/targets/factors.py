"""What a share can be taken by beside history and potential: forecast, rep, region and account type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.measures.money import to_ticks
from kamlib.measures.rounding import Exact
from kamlib.periods import parse_period
from kamlib.targets.facts import AccountFacts, Flags

FACTORS = (
    "history",
    "potential",
    "forecast",
    "ability",
    "demand",
    "competition",
    "resources",
    "purchasing_power",
)
"""What an account's share can be taken by; see `kamlib.targets.shares.blend_shares`."""

_FINE = 1_000_000  # indices and market amounts count to six digits more than they are written with


@dataclass(frozen=True)
class Evidence:
    """What factors other than history and potential are taken from; None where the book does not have it.

    Attributes
    ----------
    forecast : pandas.DataFrame or None
        The forecast with its levels: level, account_id, period (month), forecast [currency].
    reps : pandas.DataFrame or None
        One row per rep: rep_id, region, left (day, null for who is still there), ability.
    market : pandas.DataFrame or None
        One row per period, region and product line: size [currency], competitor_share [fraction].
    purchasing_power : mapping of str to float
        Purchasing power by account type, any scale.
    months : tuple of str
        Months planned, of which the forecast counts.
    working_days : mapping of str to int or None
        Working days by month, of the period planned and of its base period, by which months are weighed; see
        `kamlib.targets.phasing.phase_targets`.
    """

    forecast: pd.DataFrame | None = None
    reps: pd.DataFrame | None = None
    market: pd.DataFrame | None = None
    purchasing_power: Mapping[str, float] = field(default_factory=dict)
    months: tuple[str, ...] = ()
    working_days: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Factor:
    """One factor's amounts, whole numbers on a scale of their own, zero or more, in the order of the facts.

    Attributes
    ----------
    amounts : numpy.ndarray of int (Python integers)
        What shares are in proportion to; every open account is filled, see `make_factor`.
    unknown : int
        Open accounts with a share whose amount was filled, as the factor does not know them.
    """

    amounts: Exact
    unknown: int


def make_factor(name: str, facts: AccountFacts, carrier: Exact, evidence: Evidence) -> Factor | None:
    """Return one factor's amounts by account; None where nothing is known of it.

    Every factor is taken from data that may not speak of all accounts; those it does not know are filled so
    that they count as they do by history (`carrier`), never as zero.

    - forecast: the account's forecast of the period, zero where it is below; an account without a forecast
      gets its part of the carrier times what the others' forecast is of theirs;
    - ability: the carrier times the ability of the account's rep;
    - competition: the carrier times what competitors leave of the region's market (1 - their share);
    - purchasing_power: the carrier times the power of the account's type;
    - demand, resources: the size of the region's market, and its reps still there, each split within the
      region in proportion to the carrier.

    Of ability, competition and power the mean of those known, weighted by the carrier, stands in; a region
    that demand or resources do not know gets its part of the carrier. Of the market the latest period that
    has ended counts, of several that end with it the longest; the row without a product line, or the sum of
    those with one. What a region has whose accounts carry nothing is given to nobody.

    Parameters
    ----------
    name : str
        One of `FACTORS` from the third on.
    facts : AccountFacts
        The accounts.
    carrier : numpy.ndarray of int (Python integers)
        History of each account, filled by its potential where it never bought; zero for closed ones.
    evidence : Evidence
        What factors are taken from.

    Returns
    -------
    Factor or None
    """
    if name == "forecast":
        return _forecast(facts, carrier, evidence)
    if name in ("demand", "resources"):
        amounts = _demand(evidence.market) if name == "demand" else _resources(evidence.reps)
        return _spread(carrier, facts.table["region"], amounts)
    if name == "ability":
        return _index(carrier, facts.table["rep_id"], _column(evidence.reps, "rep_id", "ability"))
    if name == "competition":
        return _index(carrier, facts.table["region"], _room(evidence.market))
    return _index(carrier, facts.table["account_type"], evidence.purchasing_power)


def _forecast(facts: AccountFacts, carrier: Exact, evidence: Evidence) -> Factor | None:
    table = evidence.forecast
    if table is None:
        return None
    rows = table[(table["level"] == "account") & table["period"].isin(evidence.months)]
    at = pd.Index(facts.table["account_id"]).get_indexer(rows["account_id"])
    amounts = np.zeros(len(carrier), dtype=np.int64)
    known = np.zeros(len(carrier), dtype=bool)
    np.add.at(amounts, at[at >= 0], to_ticks(rows["forecast"])[at >= 0])
    known[at[at >= 0]] = True
    return forecast_factor(np.where(facts.open, amounts, 0), known & facts.open, carrier)


def forecast_factor(amounts: npt.NDArray[np.int64], known: Flags, carrier: Exact) -> Factor | None:
    """Fill forecasts where there are none; None where no forecast is above zero.

    Examples
    --------
    >>> carrier = np.array([100, 50, 10], dtype=object)
    >>> forecast_factor(np.array([30, 15, 0]), np.array([True, True, False]), carrier)
    Factor(amounts=array([4500, 2250, 450], dtype=object), unknown=1)
    """
    above = np.where(known, np.maximum(amounts, 0), 0).astype(np.object_)
    total, carried = sum(above.tolist()), sum(carrier[known].tolist())
    if not total:
        return None
    missing = ~known & (carrier > 0).astype(bool)
    if not missing.any():
        return Factor(above, 0)
    if not carried:
        return Factor(np.where(missing, carrier, above), int(missing.sum()))
    return Factor(np.where(missing, carrier * total, above * carried), int(missing.sum()))


def _index(carrier: Exact, keys: pd.Series, values: Mapping[str, float]) -> Factor | None:
    """Multiply the carrier by an index of each account's group, filled by the mean."""
    fine = {key: round(Fraction(str(value)) * _FINE) for key, value in values.items()}
    known = keys.isin(list(fine)).to_numpy(dtype=bool) & (carrier > 0).astype(bool)
    if not known.any():
        return None
    index = np.array([fine.get(key, 0) for key in keys], dtype=np.object_)
    mean = sum((carrier * index)[known].tolist()) // sum(carrier[known].tolist())
    amounts = carrier * np.where(known, index, mean)
    return Factor(amounts, int((~known & (carrier > 0).astype(bool)).sum())) if amounts.any() else None


def _spread(carrier: Exact, keys: pd.Series, values: Mapping[str, int]) -> Factor | None:
    """Split each group's amount within the group in proportion to the carrier."""
    code, groups = pd.factorize(keys, use_na_sentinel=False)
    carried = np.zeros(len(groups), dtype=np.object_)
    np.add.at(carried, code, carrier)
    known = np.array([key in values for key in groups]) & (carried > 0).astype(bool)
    total = sum(values[key] for key in groups[known])
    if not total:
        return None
    held = sum(carried[known].tolist())
    amount = np.array(
        [
            values[key] if has else own * total // held
            for key, has, own in zip(groups, known, carried, strict=True)
        ],
        dtype=np.object_,
    )
    amounts = amount[code] * _FINE * carrier // np.maximum(carried, 1)[code]
    return Factor(amounts, int((~known[code] & (carrier > 0).astype(bool)).sum()))


def _demand(market: pd.DataFrame | None) -> dict[str, int]:
    """Return the size of each region's market in ticks."""
    if market is None or not len(market):
        return {}
    latest = _latest(market)
    sizes = pd.Series(to_ticks(latest["size"]), index=latest["region"]).groupby(level=0).sum()
    return {str(region): int(size) for region, size in sizes.items()}


def _room(market: pd.DataFrame | None) -> dict[str, float]:
    """Return what competitors leave of each region's market, lines weighted by their size."""
    if market is None or not len(market) or "competitor_share" not in market:
        return {}
    latest = _latest(market[market["competitor_share"].notna()])
    size = to_ticks(latest["size"]).astype(np.float64)
    left = (1 - latest["competitor_share"].astype(float)) * size
    sums = (
        pd.DataFrame({"left": left.to_numpy(), "size": size}, index=latest["region"]).groupby(level=0).sum()
    )
    sums = sums[sums["size"] > 0]
    return {str(region): float(x) for region, x in (sums["left"] / sums["size"]).items()}


def _latest(market: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the latest period; a region's row without a product line outranks those with one."""
    if not len(market):
        return market
    ends = {label: parse_period(label) for label in market["period"].unique()}
    label = max(ends, key=lambda text: (ends[text].end, ends[text].length))
    rows = market[market["period"] == label]
    whole = rows["product_line"].isna() if "product_line" in rows else pd.Series(True, index=rows.index)
    return rows[whole | ~rows["region"].isin(rows.loc[whole, "region"])]


def _resources(reps: pd.DataFrame | None) -> dict[str, int]:
    """Return how many reps each region has that are still there."""
    if reps is None or "region" not in reps:
        return {}
    there = reps[reps["left"].isna()] if "left" in reps else reps
    return {str(region): int(count) * _FINE for region, count in there["region"].value_counts().items()}


def _column(table: pd.DataFrame | None, key: str, column: str) -> dict[str, float]:
    if table is None or column not in table:
        return {}
    known = table[table[column].notna()]
    return dict(zip(known[key].astype(str), known[column].astype(float).tolist(), strict=True))
