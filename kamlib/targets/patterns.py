"""A joint request as linear conditions on patterns: cells that lie in the same groups count as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kamlib.measures.rounding import Floats, Integers
from kamlib.targets.requirements import Requirement


@dataclass(frozen=True, eq=False)
class Request:
    """Requirements as linear conditions on patterns: cells that lie in the same groups count as one.

    `patterns` has a row per pattern and a column per requirement, the group's number counted through all
    requirements or -1; `pattern_of` is each cell's pattern, or -1; `least` and `most` bound a pattern's sum;
    `lower` and `upper` bound each group's.
    """

    requirements: tuple[Requirement, ...]
    patterns: Integers
    pattern_of: Integers
    least: Floats
    most: Floats
    lower: Floats
    upper: Floats
    weight: Floats

    @staticmethod
    def of(shape: tuple[int, ...], low: Floats, high: Floats, requirements: Sequence[Requirement]) -> Request:
        """Gather cells by the groups that they lie in."""
        starts = np.cumsum([0, *(one.size for one in requirements)])
        code = np.zeros(low.size, dtype=np.int64)
        columns = []
        for one, start in zip(requirements, starts, strict=False):
            groups = one.cell_groups(shape).ravel()
            columns.append(np.where(groups >= 0, groups + start, -1))
            _, code = np.unique(code * (one.size + 1) + groups + 1, return_inverse=True)
        _, first, pattern_of = np.unique(code, return_index=True, return_inverse=True)
        patterns = np.stack(columns, axis=1)[first] if columns else np.zeros((1, 0), dtype=np.int64)

        def joined(parts: list[Floats]) -> Floats:
            return np.concatenate(parts) if parts else np.zeros(0)

        return Request(
            tuple(requirements),
            patterns,
            pattern_of.astype(np.int64),
            np.bincount(pattern_of, low.ravel()).astype(np.float64),
            np.bincount(pattern_of, high.ravel()).astype(np.float64),
            joined([one.lower.ravel() for one in requirements]),
            joined([one.upper.ravel() for one in requirements]),
            joined([np.full(one.size, one.weight) for one in requirements]),
        )

    def narrowed(self, groups: Integers) -> Request:
        """Return the request of some groups alone: fewer patterns, the numbers of groups unchanged."""
        keep = np.zeros(len(self.lower) + 1, dtype=bool)
        keep[groups] = True
        at = np.where(keep[self.patterns], self.patterns, -1)
        touched = (at >= 0).any(axis=1)
        patterns, place = np.unique(at[touched], axis=0, return_inverse=True)
        place = place.ravel()
        number = np.full(len(at) + 1, -1)
        number[:-1][touched] = place
        return replace(
            self,
            patterns=patterns,
            pattern_of=number[self.pattern_of],
            least=np.bincount(place, self.least[touched], len(patterns)).astype(np.float64),
            most=np.bincount(place, self.most[touched], len(patterns)).astype(np.float64),
        )

    def matrix(self, groups: Integers) -> Any:
        """Return the conditions of some groups on all patterns, a sparse row for each."""
        from scipy.sparse import csr_array

        row = np.full(len(self.lower) + 1, -1)
        row[groups] = np.arange(len(groups))
        at = row[self.patterns]
        pattern, _ = np.nonzero(at >= 0)
        ones = np.ones(len(pattern))
        return csr_array((ones, (at[at >= 0], pattern)), shape=(len(groups), len(self.least)))

    def name(self, group: int) -> tuple[str, str]:
        """Return the requirement and the key of a group."""
        for one in self.requirements:
            if group < one.size:
                return one.name, one.key(group)
            group -= one.size
        raise IndexError(group)
