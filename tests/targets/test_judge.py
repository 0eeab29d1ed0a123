from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.targets.judge import Cases, Draws, ends, rank_correlation, relative, weight_grid

NAN = float("nan")


def cases(target: list, actual: list, counted: list | None = None) -> Cases:
    actual_ = np.array(actual, dtype=float)
    mask = np.ones_like(actual_, dtype=bool) if counted is None else np.array(counted, dtype=bool)
    return Cases(np.array(target, dtype=float), actual_, mask)


def test_errors_band_and_spread_by_hand() -> None:
    found = cases([[[100, 100], [200, 100]], [[90, 110], [0, 300]]], [[90, 120], [210, 90]])
    assert found.error() == pytest.approx([(10 + 20 + 10 + 10) / 510, (0 + 10 + 210 + 210) / 510])
    # 0.9, 1.2, 1.05 and 0.9 of the first; 1, 1.09, none and 0.3 of the second
    assert found.in_band().tolist() == [0.75, 0.5]
    first = np.sqrt((np.var([0.9, 1.2], ddof=1) + np.var([1.05, 0.9], ddof=1)) / 2)
    second = np.std([1, 120 / 110], ddof=1)
    assert found.spread() == pytest.approx([first, second])


def test_a_rep_without_an_account_counts_nowhere() -> None:
    found = cases([[[100, 50]]], [[110, 7]], [[True, False]])
    assert found.error() == pytest.approx([10 / 110])
    assert found.in_band().tolist() == [1.0]
    assert np.isnan(found.spread()).tolist() == [True]
    assert np.isnan(found.attainment()[0, 0, 1])


def test_rank_correlation_meets_its_limits_and_shares_ties() -> None:
    up = np.array([1.0, 2, 3, 4])
    assert rank_correlation(up, up**3) == pytest.approx(1)
    assert rank_correlation(up, -up) == pytest.approx(-1)
    assert rank_correlation(np.array([1.0, 1, 2]), np.array([1.0, 2, 3])) == pytest.approx(3 / np.sqrt(12))
    assert np.isnan(rank_correlation(up, np.ones(4)))
    assert np.isnan(rank_correlation(up[:2], up[:2]))


def test_the_grid_holds_every_blend_in_steps_of_five_points_once() -> None:
    grid = weight_grid(3)
    assert grid.sum(axis=1) == pytest.approx(np.ones(231))
    assert len({tuple(row) for row in grid.round(2).tolist()}) == 231
    assert sorted(grid[0].round(2).tolist()) == [0.3, 0.35, 0.35]
    assert sorted(grid[-1].tolist()) == [0, 0, 1]
    assert weight_grid(1).tolist() == [[1.0]]


def test_draws_repeat_and_keep_clusters_whole() -> None:
    errors = np.array([[[1.0, 0], [3, 0]], [[2, 0], [6, 0]]])
    weight = np.array([[10.0, 0], [30, 0]])
    draws = Draws.make(2, 2, seed=7)
    found = draws.relative(errors, weight)
    drawn = draws.reps[:, 0] > 0
    # every case of the first is a tenth, of the second a fifth off, whatever is drawn
    assert found[drawn] == pytest.approx(np.tile([0.1, 0.2], (drawn.sum(), 1)))
    assert np.isnan(found[~drawn]).all()
    assert np.array_equal(Draws.make(2, 2, seed=7).relative(errors, weight), found, equal_nan=True)
    assert ends(found) == pytest.approx(np.array([[0.1, 0.2], [0.1, 0.2]]))
    assert np.isnan(ends(np.full((5, 2), NAN))).all()


def test_the_bootstrap_finds_the_standard_error_of_independent_cases() -> None:
    rng = np.random.default_rng(3)
    errors = rng.normal(10, 2, size=(1, 400, 1))
    draws = Draws.make(400, 1, seed=1).relative(errors, np.ones((400, 1)))
    assert draws.std() == pytest.approx(errors.std() / 20, rel=0.06)


amounts = st.lists(st.lists(st.integers(0, 10**6), min_size=3, max_size=3), min_size=2, max_size=4)


@settings(max_examples=40, deadline=None)
@given(amounts, st.floats(0.1, 10))
def test_the_scale_of_money_changes_nothing(actual: list[list[float]], factor: float) -> None:
    came = np.array(actual, dtype=float)
    target = np.stack([came[::-1], came + 5])
    mask = np.ones_like(came, dtype=bool)
    one, other = Cases(target, came, mask), Cases(target * factor, came * factor, mask)
    for name in ("error", "spread"):
        assert getattr(one, name)() == pytest.approx(getattr(other, name)(), nan_ok=True, rel=1e-6, abs=1e-9)


def test_relative_leaves_what_has_no_whole_unknown() -> None:
    assert relative([1.0, 2.0], [0.0, 4.0]).tolist()[1] == 0.5
    assert np.isnan(relative(1.0, -1.0))
