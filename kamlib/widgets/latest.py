"""When to work: the newest wish only, and long work beside the panel."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
WAIT = 0.008  # seconds: key presses that queued up meanwhile count as one wish
_SAY = 0.1  # seconds between two words on progress


class Latest:
    """Calls a function once things are quiet: of many wishes in a row only the last is worked on.

    Parameters
    ----------
    work : callable
        What is done; it reads the newest state itself.
    failed : callable
        Told the exception where `work` raises one.
    wait : float
        Seconds without a further wish before work begins.
    """

    def __init__(
        self, work: Callable[[], None], failed: Callable[[Exception], None], *, wait: float = WAIT
    ) -> None:
        self._work, self._failed, self._wait = work, failed, wait
        self._timer: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """Wish for work; without a running event loop it is done at once."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.now()
            return
        self._timer = loop.call_later(self._wait, self.now)

    def now(self) -> None:
        """Work at once."""
        self._timer = None
        try:
            self._work()
        except Exception as error:
            self._failed(error)


class StoppedError(Exception):
    """Work that nobody wants any more ends here."""


class Aside:
    """Does long work in a thread of its own; a later start or a cancel stops it.

    Work is handed a function to call between its parts with the fraction that is done; it raises
    `StoppedError` once the work is no longer wanted.
    """

    def __init__(self) -> None:
        self._turn = 0

    def start(
        self,
        work: Callable[[Callable[[float], None]], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        progress: Callable[[float], None],
    ) -> None:
        """Begin; the other three are called in the event loop, or here where none runs.

        Parameters
        ----------
        work : callable
            Given the function to call between parts, returns the result.
        done, failed, progress : callable
            Told the result, the exception, the fraction done [0..1].
        """
        self._turn += 1
        turn = self._turn
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._finish(work, done, failed, progress)
            return
        said = time.monotonic()

        def tick(part: float) -> None:
            nonlocal said
            if turn != self._turn:
                raise StoppedError
            if time.monotonic() - said > _SAY:
                said = time.monotonic()
                loop.call_soon_threadsafe(self._tell, turn, progress, part)

        def run() -> None:
            try:
                result = work(tick)
            except StoppedError:
                return
            except Exception as error:
                loop.call_soon_threadsafe(self._tell, turn, failed, error)
            else:
                loop.call_soon_threadsafe(self._tell, turn, done, result)

        threading.Thread(target=run, daemon=True).start()

    def cancel(self) -> None:
        """Stop work under way at its next part; nothing of it is told any more."""
        self._turn += 1

    def _finish(
        self,
        work: Callable[[Callable[[float], None]], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        progress: Callable[[float], None],
    ) -> None:
        try:
            result = work(progress)
        except Exception as error:
            failed(error)
        else:
            done(result)

    def _tell(self, turn: int, told: Callable[[T], None], what: T) -> None:
        if turn == self._turn:
            told(what)
