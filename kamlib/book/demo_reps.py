"""The demo book's reps, and the random streams that every part of it draws from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kamlib.book.demo_names import people_names
from kamlib.book.demo_write import NO_DAY, Array

_STREAMS = (
    "reps", "accounts", "levels", "sales", "opportunities", "forecasts", "activities", "surveys",
    "complaints", "losses", "receivables", "feedback", "incidents", "market", "sightings", "contacts",
    "targets", "objectives",
)  # fmt: skip
_SEATS = np.array([0.22, 0.32, 0.20, 0.15, 0.11])  # share of the reps by region


def stream(seed: int, name: str, part: int = 0) -> np.random.Generator:
    """Return the random generator of one purpose; streams don't disturb each other."""
    return np.random.default_rng(np.random.SeedSequence([seed, _STREAMS.index(name), part]))


@dataclass(frozen=True)
class Reps:
    """The reps, arrays of shape (r,), and which of them carry a story (positions).

    `bias` is a rep's forecast over what then comes, on average; `left` is NaT for those who stay.
    """

    ids: list[str]
    names: list[str]
    region: Array
    team: Array
    hired: Array
    left: Array
    ability: Array
    bias: Array
    leaver: int
    successor: int
    sandbagger: int
    happy_ears: int
    harsh: int
    poacher: int


def leaving_month(months: int) -> int:
    """Return the month from which the leaver's accounts are served by others, as a position."""
    return int(months * 0.55)


def make_reps(accounts: int, months: Array, seed: int) -> Reps:
    """Draw the reps: ten accounts each in a small book, up to 35 in a large one."""
    rng = stream(seed, "reps")
    count = max(8, round(accounts / np.clip(10 + (accounts - 120) / 60, 10, 35)))
    seats = np.array([1, 4, 1, 1, 1])  # the stories need four in the East
    while seats.sum() < count:
        seats[np.argmax(_SEATS - seats / count)] += 1
    region = np.repeat(np.arange(5), seats)
    north, east, south, west = (int(np.flatnonzero(region == k)[0]) for k in range(4))
    leaver, successor = east + 1, int(np.flatnonzero(region == 1)[-1])
    leaving = months[leaving_month(len(months))].astype("datetime64[D]")
    hired = months[0].astype("datetime64[D]") - rng.integers(200, 4000, count)
    hired[successor] = leaving - 21
    left = np.full(count, NO_DAY)
    left[leaver] = leaving - 1
    bias = 1 + rng.normal(0, 0.03, count)
    bias[north], bias[south] = 0.72, 1.30
    width = max(2, len(str(count)))
    return Reps(
        ids=[f"R{k + 1:0{width}d}" for k in range(count)],
        names=people_names(rng, (region < 4) & (rng.random(count) < 0.75)),
        region=region,
        team=np.arange(count) * max(1, round(count / 6)) // count,
        hired=hired,
        left=left,
        ability=np.round(np.clip(rng.normal(1, 0.1, count), 0.75, 1.25), 2),
        bias=bias,
        leaver=leaver,
        successor=successor,
        sandbagger=north,
        happy_ears=south,
        harsh=west,
        poacher=east,
    )
