"""The demo book's reps: how many, where, and which of them carry a story."""

import numpy as np
import pytest

from kamlib.book.demo_reps import leaving_month, make_reps, stream

MONTHS = np.datetime64("2025-12", "M") - np.arange(36)[::-1]


@pytest.mark.parametrize(("accounts", "count"), [(20, 8), (120, 12), (1000, 41), (20_000, 571)])
def test_a_rep_serves_ten_accounts_in_a_small_book_and_thirty_five_in_a_large_one(accounts, count) -> None:
    reps = make_reps(accounts, MONTHS, 7)
    assert len(reps.ids) == len(set(reps.ids)) == len(reps.names) == count
    assert np.bincount(reps.region, minlength=5).min() >= 1
    assert (reps.region == 1).sum() >= 4
    assert reps.ids == sorted(reps.ids)


def test_story_reps_are_different_people_and_the_leaver_has_a_successor() -> None:
    reps = make_reps(120, MONTHS, 7)
    story = [reps.leaver, reps.successor, reps.sandbagger, reps.happy_ears, reps.harsh, reps.poacher]
    assert [reps.ids[k] for k in story] == ["R05", "R07", "R01", "R08", "R10", "R04"]
    assert leaving_month(36) == 19
    assert str(reps.left[reps.leaver]) == "2024-07-31"
    assert str(reps.hired[reps.successor]) == "2024-07-11"
    assert np.isnat(np.delete(reps.left, reps.leaver)).all()
    assert (reps.bias[[reps.sandbagger, reps.happy_ears]] == [0.72, 1.30]).all()


def test_streams_are_apart_and_repeat() -> None:
    first = [stream(7, name, part).random() for name in ("sales", "levels") for part in (0, 1)]
    again = [stream(7, name, part).random() for name in ("sales", "levels") for part in (0, 1)]
    assert first == again
    assert len({*first, stream(8, "sales").random()}) == 5
