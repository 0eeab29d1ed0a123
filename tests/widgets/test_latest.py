"""Of many wishes the last is worked on; long work can be cancelled; failures are told."""

import asyncio
import time

from kamlib.widgets.latest import Aside, Latest


def test_many_wishes_in_a_row_are_one():
    worked, told = [], []
    state = {"value": 0}

    async def turn() -> None:
        latest = Latest(lambda: worked.append(state["value"]), told.append, wait=0.01)
        for value in range(20):
            state["value"] = value
            latest.ask()
        await asyncio.sleep(0.05)
        latest.ask()
        await asyncio.sleep(0.05)

    asyncio.run(turn())
    assert (worked, told) == ([19, 19], [])


def test_a_failure_is_told_and_without_a_loop_work_is_done_at_once():
    told = []
    Latest(lambda: 1 // 0, told.append).ask()
    assert [type(error) for error in told] == [ZeroDivisionError]


def test_long_work_is_done_aside_and_its_result_dropped_once_cancelled():
    done, failed, parts = [], [], []

    def old(tick):
        time.sleep(0.02)
        return "old"

    def broken(tick):
        raise ZeroDivisionError

    def new(tick):
        return "new"

    async def run() -> None:
        aside = Aside()
        aside.start(old, done.append, failed.append, parts.append)
        aside.cancel()
        aside.start(new, done.append, failed.append, parts.append)
        await asyncio.sleep(0.1)
        aside.start(broken, done.append, failed.append, parts.append)
        await asyncio.sleep(0.05)

    asyncio.run(run())
    assert done == ["new"]
    assert [type(error) for error in failed] == [ZeroDivisionError]


def test_cancelled_work_stops_at_its_next_part_and_tells_how_far_it_is():
    begun, done, failed, parts = [], [], [], []

    def work(tick):
        for part in range(1000):
            begun.append(part)
            time.sleep(0.01)
            tick(part / 1000)

    async def run() -> None:
        aside = Aside()
        aside.start(work, done.append, failed.append, parts.append)
        await asyncio.sleep(0.35)
        aside.cancel()
        await asyncio.sleep(0.1)
        stopped = len(begun)
        await asyncio.sleep(0.2)
        assert len(begun) == stopped

    asyncio.run(run())
    assert 0 < len(begun) < 100
    assert parts == sorted(parts)
    assert 0 < parts[0] < 0.1
    assert (done, failed) == ([], [])
