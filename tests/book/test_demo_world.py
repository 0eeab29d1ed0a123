"""What is expected of the demo book's accounts, before sales are drawn."""

import numpy as np
import pytest

from kamlib.book.demo_world import DIP_LEVEL, World, make_world, season


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(600, 36, 5.0, 7)


def test_an_account_lives_from_registration_to_closing(world: World) -> None:
    m = 36
    first = world.months[np.minimum(world.start, m - 1)].astype("datetime64[D]")
    assert (world.since <= first)[world.start < m].all()
    assert (world.since < world.end_day).all()
    assert (world.start < world.stop).sum() == 600 - (world.start == m).sum()
    assert (world.start == m).sum() == 15
    assert np.array_equal(np.isnat(world.closed_on), world.stop == m)
    assert ((world.level > 0) == world.active).all()


def test_lines_expected_are_what_was_asked_for(world: World) -> None:
    assert world.rate[world.active].mean() == pytest.approx(5.0)
    assert (world.rate[~world.active] == 0).all()


def test_revenue_is_concentrated_about_80_20(world: World) -> None:
    year = np.sort(world.level[:, -12:].sum(axis=1))[::-1]
    assert 0.75 < year[:120].sum() / year.sum() < 0.85


def test_nobody_is_served_by_one_who_left_or_is_not_there_yet(world: World) -> None:
    reps, owner = world.reps, world.owner
    first = world.months.astype("datetime64[D]")
    known = world.since[:, None].astype("datetime64[M]") <= world.months
    served = (owner >= 0) & (np.arange(36) < world.stop[:, None]) & known
    assert not (served & (reps.left[owner] < first)).any()
    assert not (served & (reps.hired[owner] > first)).any()
    assert (world.region == reps.region[world.rep_after])[world.rep_after >= 0].all()
    assert (world.rep_after < 0).sum() == 10


def test_a_transferred_account_dips_for_three_months(world: World) -> None:
    plain = np.flatnonzero((world.switch < 30) & (world.start == 0) & (world.stop == 36))
    account = next(int(k) for k in plain if k not in world.story.values())
    t = int(world.switch[account])
    share = world.level[account] / world.unharmed[account]
    assert share[t - 1 : t + 4] == pytest.approx([1, DIP_LEVEL, DIP_LEVEL, DIP_LEVEL, 1])


def test_stories_are_laid_into_different_accounts(world: World) -> None:
    assert len(set(world.story.values())) == len(world.story) == 7
    share = world.level[world.story["sliding"]] / world.unharmed[world.story["sliding"]]
    assert share[:25] == pytest.approx(1)
    assert (np.diff(share[25:35]) < 0).all()
    assert share[-1] == pytest.approx(0.2)
    assert world.closed_on[world.story["bought"]] == np.datetime64("2025-08-01")
    assert world.size_rank[world.story["old"]] == 0.8
    assert world.wallet[world.story["giant"]] == 0.05


def test_groups_have_two_or_three_plants_named_after_their_parent(world: World) -> None:
    parents, counts = np.unique(world.parent[world.parent >= 0], return_counts=True)
    assert len(parents) == 10
    assert set(counts) == {2, 3}
    assert (world.parent[parents] == -1).all()
    for child in np.flatnonzero(world.parent >= 0):
        assert world.names[child].startswith(world.names[world.parent[child]])
    assert len(set(world.names)) == 600


def test_the_year_has_its_course() -> None:
    months = np.datetime64("2025-12", "M") - np.arange(24)[::-1]
    course = season(months)
    assert course[0, 23] == pytest.approx(1.32)
    assert course[0, 11] == pytest.approx(1.32 / 1.02)
    assert (course.argmin(axis=1) % 12 == 1).all()
