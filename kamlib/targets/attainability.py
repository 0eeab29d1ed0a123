"""How likely targets are to be reached, from joint sample paths of what the period may bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import model_validator

from kamlib.errors import ParameterError
from kamlib.measures.money import SCALE, to_money, to_ticks
from kamlib.params import Params, param

LEVELS = ("company", "region", "rep", "account_type", "product_line", "account")
Integers = npt.NDArray[np.int64]
_PRACTICE = "Cichelli 2010, Compensating the Sales Force, 2nd ed.: 60 to 70 % of reps reach a good target"
_TAILS = (0.1, 0.9)  # ends of the 80 % range


class AttainabilityParams(Params):
    """What counts as attainable."""

    section = "attainability"
    wanted_probability: float = param(
        0.65,
        en="probability of being reached that a target is set beside: what would be asked for it",
        zh="对照用的达成概率：按此概率应设定的目标额",
        unit="fraction",
        source=f"{_PRACTICE}; the middle of it",
        strength="vendor practice",
        gt=0,
        lt=1,
    )
    out_of_reach_below: float = param(
        0.1,
        en="probability below which a target is out of reach",
        zh="达成概率低于此值的目标视为遥不可及",
        unit="fraction",
        source="less than one course of events in ten reaches it: it lies above the 80 % range",
        strength="our choice",
        ge=0,
        le=1,
    )
    stretch_below: float = param(
        0.4,
        en="probability below which a target is a stretch",
        zh="达成概率低于此值的目标视为挑战性目标",
        unit="fraction",
        source="clearly less likely than not",
        strength="our choice",
        ge=0,
        le=1,
    )
    easy_above: float = param(
        0.8,
        en="probability above which a target is easy",
        zh="达成概率高于此值的目标视为轻松可达",
        unit="fraction",
        source="four courses of events in five reach it without anything done",
        strength="our choice",
        ge=0,
        le=1,
    )
    reps_low: float = param(
        0.6,
        en="least share of reps at or above target that practice aims at",
        zh="通常期望的达标客户经理占比下限",
        unit="fraction",
        source=_PRACTICE,
        strength="vendor practice",
        ge=0,
        le=1,
    )
    reps_high: float = param(
        0.7,
        en="largest share of reps at or above target that practice aims at",
        zh="通常期望的达标客户经理占比上限",
        unit="fraction",
        source=_PRACTICE,
        strength="vendor practice",
        ge=0,
        le=1,
    )

    @model_validator(mode="after")
    def _ascend(self) -> Self:
        if not self.out_of_reach_below <= self.stretch_below <= self.easy_above:
            raise ValueError("out_of_reach_below, stretch_below and easy_above must not fall, in this order")
        if self.reps_low > self.reps_high:
            raise ValueError(f"reps_low ({self.reps_low}) is above reps_high ({self.reps_high})")
        return self

    def band(self, probability: float | None) -> str:
        """Return the band of a probability; its ends belong to the attainable side.

        Examples
        --------
        >>> [AttainabilityParams().band(p) for p in (0.09, 0.1, 0.4, 0.8, 0.81, None)]
        ['out_of_reach', 'stretch', 'attainable', 'attainable', 'easy', 'unknown']
        """
        if probability is None or probability != probability:
            return "unknown"
        if probability < self.out_of_reach_below:
            return "out_of_reach"
        if probability < self.stretch_below:
            return "stretch"
        return "easy" if probability > self.easy_above else "attainable"


@dataclass(frozen=True)
class RepsAtTarget:
    """How many reps may reach their targets.

    Attributes
    ----------
    reps : int
        Reps with a target above nothing of whom paths are known.
    expected : float or None
        Expected share of them at or above target [fraction]; None without paths or reps.
    low_80, high_80 : float or None
        Range of that share: on one path in ten it is below, on one in ten above [fraction].
    """

    reps: int
    expected: float | None
    low_80: float | None
    high_80: float | None


def attain_probability(
    targets: pd.DataFrame,
    keys: pd.DataFrame,
    paths: Integers | None,
    *,
    params: AttainabilityParams,
    unit: int = 1,
) -> pd.DataFrame:
    """Say of each target how likely the period's sum is at or above it.

    Of n paths, on k the sum is at or above the target; the probability is (k + 1/2) / (n + 1), the mean of
    what k of n leaves open (Jeffreys), so that no finite number of paths says never or surely. Its standard
    error, the root of p (1 - p) / (n + 2), is that of drawing n paths and no more: how well a dozen past
    dates tell the spread is another matter (see `kamlib.forecast.paths`).

    Parameters
    ----------
    targets : pandas.DataFrame
        One row per target: dimension (a level of `keys`), key and target [currency]; rows of other dimensions
        are passed over. A null key has no probability, nor has a target of nothing, nor a key that `keys`
        lacks, such as an account that has never bought.
    keys : pandas.DataFrame
        One row per level and key: level, key, landing, low_80 and high_80 [currency]; see
        `kamlib.forecast.draw_period_sums`.
    paths : numpy.ndarray of int64, shape (rows of keys, n), or None
        What the period brings on each path [currency / 10,000]; None: no probability is known.
    params : AttainabilityParams
        Bands, and the wanted probability.
    unit : int
        Rounding unit of the target for the wanted probability [currency].

    Returns
    -------
    pandas.DataFrame
        One row per target of a level, in the order of `targets`: dimension, key, target, landing, low_80,
        high_80 [currency], reach_probability, its reach_error [fraction], reach_band (out_of_reach, stretch,
        attainable, easy, unknown) and wanted_target, the target that would be reached with the wanted
        probability (see `target_for_probability`) [currency]; null where unknown.

    Raises
    ------
    ParameterError
        If `paths` has not one row per row of `keys`, or `unit` is below 1.

    References
    ----------
    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion, Statistical Science
    16:101-133 (the Jeffreys prior).

    Examples
    --------
    >>> targets = pd.DataFrame({"dimension": ["rep"], "key": ["R1"], "target": [90]})
    >>> keys = pd.DataFrame({"level": ["rep"], "key": ["R1"], "landing": to_money([1_000_000]),
    ...                      "low_80": to_money([800_000]), "high_80": to_money([1_200_000])})
    >>> paths = np.array([[800_000, 900_000, 1_100_000, 1_200_000]])
    >>> likely = attain_probability(targets, keys, paths, params=AttainabilityParams())
    >>> float(likely["reach_probability"].iloc[0]), likely["reach_band"].iloc[0]
    (0.7, 'attainable')
    """
    _check_paths(keys, paths)
    rows = targets[targets["dimension"].isin(LEVELS)].reset_index(drop=True)
    table = rows[["dimension", "key", "target"]].copy()
    at = _places(rows, keys)
    for name in ("landing", "low_80", "high_80"):
        table[name] = _found(keys[name], at)
    asked = to_ticks(rows["target"])
    chance = np.full(len(rows), np.nan)
    if paths is not None and paths.shape[1]:
        n = paths.shape[1]
        for row in np.flatnonzero((at >= 0) & (asked > 0)):
            chance[row] = (np.count_nonzero(paths[at[row]] >= asked[row]) + 0.5) / (n + 1)
        table["reach_error"] = np.sqrt(chance * (1 - chance) / (n + 2))
    else:
        table["reach_error"] = np.nan
    table.insert(6, "reach_probability", chance)
    table["reach_band"] = pd.Series([params.band(p) for p in chance], dtype="str")
    wanted = target_for_probability(keys, paths, probability=params.wanted_probability, unit=unit)
    table["wanted_target"] = _found(wanted["wanted_target"], at)
    return table


def target_for_probability(
    keys: pd.DataFrame, paths: Integers | None, *, probability: float, unit: int = 1
) -> pd.DataFrame:
    """Return the largest targets that are reached with at least a wanted probability.

    The inverse of `attain_probability`: with k the least number of the n paths whose (k + 1/2) / (n + 1) is
    not below the probability, the target is the k-th largest sum, rounded down to the unit; rounding down
    can only make it likelier. Null where n paths cannot vouch for the probability, where not even a target
    of nothing is so likely, and without paths.

    Parameters
    ----------
    keys : pandas.DataFrame
        One row per level and key: level, key.
    paths : numpy.ndarray of int64, shape (rows of keys, n), or None
        What the period brings on each path [currency / 10,000].
    probability : float
        Wanted probability, above 0 and below 1.
    unit : int
        Rounding unit [currency].

    Returns
    -------
    pandas.DataFrame
        One row per row of `keys`: level, key and wanted_target [currency].

    Raises
    ------
    ParameterError
        If `probability` is not between 0 and 1, `unit` is below 1, or `paths` has not one row per row of
        `keys`.

    Examples
    --------
    >>> keys = pd.DataFrame({"level": ["rep"], "key": ["R1"]})
    >>> paths = np.array([[800_000, 900_000, 1_100_000, 1_200_000]])
    >>> target_for_probability(keys, paths, probability=0.65, unit=20)["wanted_target"].iloc[0]
    Decimal('80.0000')
    """
    _check_paths(keys, paths)
    if not 0 < probability < 1:
        raise ParameterError(f"probability is {probability}; it must lie above 0 and below 1.")
    if unit < 1:
        raise ParameterError(f"the rounding unit is {unit}; it must be a whole number of 1 or more.")
    found = np.full(len(keys), -1, dtype=np.int64)
    n = 0 if paths is None else paths.shape[1]
    k = max(1, _least_paths(probability, n))
    if paths is not None and 0 < k <= n:
        found = np.partition(paths, n - k, axis=1)[:, n - k] // (unit * SCALE) * (unit * SCALE)
    table = keys[["level", "key"]].reset_index(drop=True)
    return table.assign(wanted_target=to_money(np.maximum(found, 0)).where(pd.Series(found >= 0)))


def reps_at_target(targets: pd.DataFrame, keys: pd.DataFrame, paths: Integers | None) -> RepsAtTarget:
    """Say what share of reps may be at or above target, and how far that may differ.

    Reps rise and fall together on a path, so the range is wider than if each tossed a coin of its own. Ends
    of the range are shares that occur: the largest that at most a tenth of the paths is below, and likewise
    above.

    Parameters
    ----------
    targets, keys, paths
        As for `attain_probability`; rows with dimension rep, a key and a target above nothing count.

    Returns
    -------
    RepsAtTarget

    Raises
    ------
    ParameterError
        If `paths` has not one row per row of `keys`.

    Examples
    --------
    >>> targets = pd.DataFrame({"dimension": "rep", "key": ["R1", "R2"], "target": [1, 1]})
    >>> keys = pd.DataFrame({"level": "rep", "key": ["R1", "R2"]})
    >>> reps_at_target(targets, keys, np.array([[20_000, 0], [20_000, 20_000]])).expected
    0.75
    """
    _check_paths(keys, paths)
    rows = targets[(targets["dimension"] == "rep") & targets["key"].notna()].reset_index(drop=True)
    at, asked = _places(rows, keys), to_ticks(rows["target"])
    counted = (at >= 0) & (asked > 0)
    if paths is None or not paths.shape[1] or not counted.any():
        return RepsAtTarget(int(counted.sum()), None, None, None)
    shares = (paths[at[counted]] >= asked[counted, None]).mean(axis=0)
    low, high = np.quantile(shares, _TAILS, method="inverted_cdf")
    return RepsAtTarget(int(counted.sum()), float(shares.mean()), float(low), float(high))


def _least_paths(probability: float, n: int) -> int:
    """Return the least k whose (k + 1/2) / (n + 1) is not below the probability."""
    k = int(np.ceil(probability * (n + 1) - 0.5))
    while (k + 0.5) / (n + 1) < probability:
        k += 1
    while k > 0 and (k - 0.5) / (n + 1) >= probability:
        k -= 1
    return k


def _places(rows: pd.DataFrame, keys: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the row of `keys` that each target is of, -1 where there is none."""
    known = {pair: place for place, pair in enumerate(zip(keys["level"], keys["key"], strict=True))}
    asked = zip(rows["dimension"], rows["key"], rows["key"].notna(), strict=True)
    return np.array([known.get((level, key), -1) if has else -1 for level, key, has in asked], dtype=np.intp)


def _found(values: pd.Series, at: npt.NDArray[np.intp]) -> pd.Series:
    """Return the values at places; null where the place is -1."""
    found = values.take(np.maximum(at, 0)).reset_index(drop=True)
    return found if (at >= 0).all() else found.where(pd.Series(at >= 0))


def _check_paths(keys: pd.DataFrame, paths: Integers | None) -> None:
    if paths is not None and (paths.ndim != 2 or len(paths) != len(keys)):
        raise ParameterError(
            f"paths has shape {paths.shape}; it needs one row for each of the {len(keys)} rows of keys."
        )
