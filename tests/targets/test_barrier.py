from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array, eye_array, hstack

from kamlib.targets.barrier import Program, System

GROUPS = csr_array(
    np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]])
)  # the last is the sum of the others


def test_duals_of_groups_that_depend_on_each_other_move_them_by_what_is_wanted() -> None:
    bend = np.array([1.0, 2, 4, 8])
    wanted = np.array([3.0, -1, 2])
    found = System.of(GROUPS, bend).solve(wanted)
    np.testing.assert_allclose(GROUPS @ ((GROUPS.T @ found) / bend), wanted, rtol=1e-10)


def test_a_step_meets_what_groups_come_to_and_goes_as_far_as_there_is_room() -> None:
    """Two cells of seed 1 that come to 4 at 1 and 1; the first may be 2 at most."""
    rows = csr_array(np.array([[1.0, 1]]))
    high = np.array([2.0, np.inf])
    program = Program(rows, np.array([4.0]), np.ones(2), np.zeros(2), high, np.zeros(0, dtype=np.int64))
    point = program.shared(program.away(np.ones(2), np.zeros(1)), 0.5)
    none = np.zeros(2)
    step = program.step(point, System.of(rows, program.bend(point)), none, none)
    assert step.values.sum() == pytest.approx(2.0)
    assert step.below == pytest.approx(step.values)
    assert step.above == pytest.approx([-step.values[0], 0.0])
    far = program.reach(point, step)
    moved = point.moved(step, far)
    shares = [room @ share for room, share in moved.bounds()]
    assert min(moved.below.min(), moved.above.min(), moved.floors.min(), moved.caps.min()) == pytest.approx(0)
    assert program.level(moved) == pytest.approx(sum(shares) / 3)  # two floors and one cap


def test_a_value_with_more_of_a_share_than_its_own_pull_is_put_on_its_bound() -> None:
    rows = csr_array(hstack([np.array([[1.0, 1]]), -eye_array(1)], format="csr"))
    program = Program(
        rows, np.zeros(1), np.ones(2), np.array([0.0, 1.5, 3.0]), np.full(3, np.inf), np.array([0])
    )
    point = program.shared(program.away(np.array([1.0, 1.6, 2.6 + 1]), np.array([7.0])), 0.0)
    point.floors[:] = [0.0, 1.0, 2.0]
    cells, duals = program.finish(point)
    assert cells.tolist() == [1.0, 1.5]  # of the second the share, 1 / .1, is above 1 / 1.6
    assert duals.tolist() == [2.0]  # what the floor of the sum pulls
