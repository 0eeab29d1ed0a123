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
    done, failed = [], []

    async def run() -> None:
        aside = Aside()
        aside.start(lambda: time.sleep(0.02) or "old", done.append, failed.append)
        aside.cancel()
        aside.start(lambda: "new", done.append, failed.append)
        await asyncio.sleep(0.1)
        aside.start(lambda: 1 // 0, done.append, failed.append)
        await asyncio.sleep(0.05)

    asyncio.run(run())
    assert done == ["new"]
    assert [type(error) for error in failed] == [ZeroDivisionError]
