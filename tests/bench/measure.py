"""Wall seconds and peak memory of whole commands, and ratios of two in one run."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

# Python to be run in a process of its own: its peak so far [MB]. What the kernel tells of a process's use counts
# the memory of the one that started it, too.
PEAK = "int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024"


@dataclass(frozen=True)
class Cost:
    """What one run of a command took.

    Wall seconds [s], CPU seconds of all its threads [s], peak memory of its largest process [MB].
    """

    seconds: float
    cpu: float
    megabytes: float


def run(command: Sequence[str]) -> Cost:
    """Run a command once, its output discarded; a failing command fails the bench.

    It is started by a small process, as the peak of whoever starts it counts as its own.
    """
    with multiprocessing.get_context("forkserver").Pool(1) as small:
        return small.apply(_run, (command,))


def _run(command: Sequence[str]) -> Cost:
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said.decode()
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(time.perf_counter() - started, cpu, usage.ru_maxrss / 1024)


def python(code: str) -> list[str]:
    """Return the command that runs code in this interpreter."""
    return [sys.executable, "-c", code]


def ratio(ours: Sequence[str], peer: Sequence[str], *, runs: int) -> tuple[float, list[Cost], list[Cost]]:
    """Run both in turn, after one warm-up each, and return the median of the pairwise ratios of seconds."""
    run(ours), run(peer)
    a: list[Cost] = []
    b: list[Cost] = []
    for _ in range(runs):
        a.append(run(ours))
        b.append(run(peer))
    return statistics.median(x.seconds / y.seconds for x, y in zip(a, b, strict=True)), a, b


def report(name: str, value: float, limit: float, detail: str) -> None:
    """Print one line of the bench's result."""
    print(f"\n{name}: {value:.2f} x (at most {limit}); {detail}")
