from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.targets.requirements import require
from kamlib.targets.rounding_stages import list_residuals, round_accounts, split_jointly


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_whole_margins_of_each_stage_are_met_to_the_unit(number: int) -> None:
    rng = np.random.default_rng(number)
    shape = (int(rng.integers(4, 30)), int(rng.integers(1, 4)), int(rng.integers(1, 7)))
    table = rng.integers(0, 9, shape).astype(float)
    lower, upper = np.floor(table * 0.5), np.ceil(table * 1.5) + 1
    seed = (table + 0.5) * rng.uniform(0.5, 2, shape)
    rep, kind = rng.integers(0, 6, shape[0]), rng.integers(0, 3, shape[0])
    quarter = np.arange(shape[2]) // 3
    axes = {
        "rep": (rep, None, None),
        "region": (rep // 2, None, None),
        "type": (kind, None, None),
        "line": (None, np.arange(shape[1]), None),
        "month": (None, None, np.arange(shape[2])),
        "quarter": (None, None, quarter),
    }
    asked = [
        require(name, *groups, total=require(name, *groups, lower=0).sums(table))
        for name, groups in axes.items()
    ]
    split = split_jointly(seed, asked, lower=lower, upper=upper, groups=rep)
    assert (split.units >= lower).all()
    assert (split.units <= upper).all()
    accounts = split.fit.table.sum(axis=(1, 2))
    assert np.abs(split.units.sum(axis=(1, 2)) - accounts).max() < 1
    assert len(list_residuals(split.units, asked[:3])) == 0
    assert int(split.units.sum()) == int(table.sum())
    assert np.abs(split.residuals["residual"]).sum() == sum(
        np.abs(one.sums(split.units.astype(float)) - one.lower).sum() for one in asked
    )


def test_bounds_are_rounded_inward_before_the_fit() -> None:
    accounts = require("account", ["a", "b"], None, None, total=[5, 5])
    split = split_jointly(np.ones((2, 1, 2)), [accounts], lower=[[[2.6, 0]], [[0, 0]]])
    assert split.fit.table[0, 0].tolist() == pytest.approx([3, 2])
    assert split.units[0, 0].tolist() == [3, 2]


def test_what_crosses_stages_is_listed_with_its_residual() -> None:
    cross = require("account x month", ["a", "b"], None, ["m", "n"], total=[[0.5, 0.5], [0.5, 0.5]])
    split = split_jointly(np.ones((2, 1, 2)), [cross])
    assert len(split.residuals) == 4
    assert np.abs(split.residuals["residual"]).tolist() == [0.5] * 4
    assert split.units.sum() == 2


def test_broken_requests_are_refused() -> None:
    with pytest.raises(ParameterError, match="the seed has 2 axes"):
        split_jointly(np.ones((2, 2)), [])
    narrow = require("region", ["N", "S"], None, None, lower=2.2, upper=2.8)
    with pytest.raises(ParameterError, match='"region", N: no whole unit lies between 2.2 and 2.8'):
        split_jointly(np.ones((2, 1, 1)), [narrow])


def test_cells_at_a_whole_bound_stay_within_a_unit_of_the_fit() -> None:
    rng = np.random.default_rng(1)
    seed = rng.lognormal(0, 1.5, (400, 1, 1)) * rng.lognormal(0, 0.7, (400, 4, 12)) * 5
    table = np.floor(seed * rng.lognormal(0, 0.4, seed.shape) + rng.random(seed.shape))
    low = np.floor(table * rng.uniform(0, 0.9, seed.shape))
    high = np.ceil(table * rng.uniform(1.05, 2, seed.shape)) + 1
    accounts = require("account", np.arange(400), None, None, total=table.sum((1, 2)))
    months = require("month", None, None, np.arange(12), total=table.sum((0, 1)))
    split = split_jointly(seed, [accounts, months], lower=low, upper=high)
    at_bound = (split.fit.table == low) | (split.fit.table == high)
    assert at_bound.any()
    assert np.abs(split.units - split.fit.table).max() < 1
    assert (split.units == split.fit.table)[at_bound].all()
    assert len(split.residuals) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([10**4, 10**7, 10**9, 10**12]))
def test_what_is_asked_is_exact_at_any_size(number: int, size: int) -> None:
    rng = np.random.default_rng(number)
    shape = (int(rng.integers(2, 40)), int(rng.integers(1, 4)), int(rng.integers(1, 7)))
    weights = rng.lognormal(0, 1.5, shape)
    table = np.floor(weights / weights.sum() * rng.uniform(0.1, 1) * size)
    seed = (table + 0.5) * rng.uniform(0.7, 1.4, shape)
    rep = rng.integers(0, 5, shape[0])
    sums = table.sum(axis=(1, 2))
    asked = [
        require("total", None, None, None, total=table.sum()),
        require(
            "account",
            np.arange(shape[0]),
            None,
            None,
            lower=np.floor(sums * rng.uniform(0.3, 1, shape[0])),
            upper=np.ceil(sums * rng.uniform(1, 2, shape[0])),
        ),
        require("rep", rep, None, None, total=np.bincount(rep, sums)[np.unique(rep)]),
        require("month", None, None, np.arange(shape[2]), total=table.sum(axis=(0, 1))),
    ]
    split = split_jointly(seed, asked, groups=rep)
    assert int(split.units.sum()) == int(table.sum())
    assert len(split.residuals) == 0
    assert (split.units >= 0).all()
    assert np.abs(split.units - split.fit.table).max() < 1 + 1e-12 * size


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([10**4, 10**9, 10**12]))
def test_only_a_total_is_split_exactly_at_any_size(number: int, size: int) -> None:
    rng = np.random.default_rng(number)
    shape = (int(rng.integers(1, 60)), 2, 3)
    total = int(rng.integers(1, size))
    seed = rng.lognormal(0, 2, shape)
    split = split_jointly(seed, [require("total", None, None, None, total=total)])
    assert int(split.units.sum()) == total
    exact = seed * (total / seed.sum())
    assert np.abs(split.units - exact).max() < 1 + 1e-12 * size


def test_equal_accounts_share_a_large_total_to_the_unit() -> None:
    split = split_jointly(np.ones((3, 1, 1)), [require("total", None, None, None, total=100_000_001)])
    assert sorted(split.units.ravel().tolist()) == [33_333_333, 33_333_334, 33_333_334]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
@example(12816)  # where a cell by more than a unit or a sum of its group by more than one can be had
def test_three_crossing_families_are_met_wherever_whole_units_can(number: int) -> None:
    rng = np.random.default_rng(number)
    n = int(rng.integers(4, 25))
    units = rng.integers(0, 9, n)
    sums = np.abs(units + rng.uniform(-0.9, 0.9, n))
    asked = []
    for name, count in (("region", 3), ("rep", 4), ("type", 3)):
        labels = rng.integers(0, count, n)
        least = require(name, labels, lower=0).sums(units.astype(float))
        asked.append(require(name, labels, None, None, lower=least, upper=least + rng.integers(0, 2)))
    rounded = round_accounts(sums, asked)
    assert len(list_residuals(rounded, asked)) == 0
    assert np.abs(rounded.ravel() - sums).max() < 1


def test_a_third_family_that_a_flow_misses_is_met() -> None:
    rng = np.random.default_rng(5)
    met_by_flow = 0
    for _ in range(40):
        labels = rng.integers(0, 3, (3, 12))
        units = rng.integers(1, 5, 12)
        sums = units + rng.uniform(-0.99, 0.99, 12)
        asked = [
            require(name, one, None, None, total=np.bincount(one, units)[np.unique(one)])
            for name, one in zip(("region", "rep", "type"), labels, strict=True)
        ]
        met_by_flow += len(list_residuals(round_accounts(sums, asked[:2]), asked)) == 0
        rounded = round_accounts(sums, asked)
        assert len(list_residuals(rounded, asked)) == 0
        assert np.abs(rounded.ravel() - sums).max() < 1
    assert met_by_flow < 40
