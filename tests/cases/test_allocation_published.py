"""Published allocations: the House of 1792 by Hamilton's method, and hand-derived small cases."""

from __future__ import annotations

import numpy as np

from kamlib.measures.rounding import largest_remainder
from kamlib.targets import split_bounded

POPULATION_1790 = {
    "VA": 630560, "MA": 475327, "PA": 432879, "NC": 353523, "NY": 331589, "MD": 278514, "CT": 236841,
    "SC": 206236, "NJ": 179570, "NH": 141822, "VT": 85533, "GA": 70835, "KY": 68705, "RI": 68446, "DE": 55540,
}  # fmt: skip
HAMILTON = [21, 16, 14, 12, 11, 9, 8, 7, 6, 5, 3, 2, 2, 2, 2]


def test_hamilton_1792() -> None:
    assert largest_remainder(list(POPULATION_1790.values()), 120).tolist() == HAMILTON


def test_hamilton_1792_in_any_order() -> None:
    order = np.random.default_rng(1).permutation(15)
    population = np.array(list(POPULATION_1790.values()))[order]
    assert largest_remainder(population, 120).tolist() == np.array(HAMILTON)[order].tolist()


def test_ties() -> None:
    assert largest_remainder([6, 6, 2], 10).tolist() == [4, 4, 2]


def test_a_hundred_over_three() -> None:
    assert (largest_remainder([1, 1, 1], 10_000) / 100).tolist() == [33.34, 33.33, 33.33]


def test_bounded_proportional_split() -> None:
    split = split_bounded([50, 30, 20], 100, lower=[0, 0, 25], upper=[40, 100, 100])
    assert split.exact.tolist() == [40, 35, 25]
    assert split.units.tolist() == [40, 35, 25]
    assert split.bound.tolist() == ["cap", "none", "floor"]
