"""Which series add up to which: the map from a company's bottom series to all the levels above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError, did_you_mean
from kamlib.forecast.arrays import Flags, Floats, Indices


@dataclass(frozen=True, eq=False)
class Structure:
    """Bottom series and the sums above them.

    Arrays of all series hold the sums first, level by level, then the bottom series.

    Attributes
    ----------
    labels : pandas.DataFrame
        One row per sum: level and key, in the order of the levels, by key within each.
    parents : numpy.ndarray of int, shape (levels, bottom)
        Row in `labels` of the sum that each bottom series counts in, at each level.
    """

    labels: pd.DataFrame
    parents: Indices

    @property
    def above(self) -> int:
        """Number of sums; a bottom series i is column `above` + i."""
        return len(self.labels)

    @property
    def bottom(self) -> int:
        """Number of bottom series."""
        return int(self.parents.shape[1])

    @property
    def total(self) -> int:
        """Number of all series."""
        return self.above + self.bottom

    def matrix(self) -> Any:
        """Return the sums as a sparse matrix (scipy CSR) of ones, shape (above, bottom)."""
        from scipy.sparse import csr_array

        series = np.tile(np.arange(self.bottom), len(self.parents))
        ones = np.ones(len(series))
        return csr_array((ones, (self.parents.ravel(), series)), shape=(self.above, self.bottom))

    def holding(self, bottom: Flags) -> Indices:
        """Return the rows in `labels` of the sums that hold any of some bottom series."""
        return np.unique(self.parents[:, bottom])

    def part(self, bottom: Flags) -> Structure:
        """Return the structure of some bottom series alone, and of the sums `holding` them."""
        rows = self.holding(bottom)
        parents = np.searchsorted(rows, self.parents[:, bottom]).astype(np.intp)
        return Structure(self.labels.iloc[rows].reset_index(drop=True), parents)

    def sum_up(self, bottom: npt.ArrayLike) -> Floats:
        """Return all series from bottom series: shape (rows, bottom) to (rows, all)."""
        values = np.asarray(bottom, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != self.bottom:
            raise ParameterError(
                f"bottom has the shape {values.shape}; it must be rows x {self.bottom} bottom series."
            )
        return np.hstack([(self.matrix() @ values.T).T, values])


def build_structure(keys: pd.DataFrame, levels: Sequence[str]) -> Structure:
    """Read off which bottom series add up to which sums.

    Every key of every level is one sum, of the bottom series that hold it. Levels need not lie within each
    other: regions and product lines may cross. A sum of a single series, and two levels that say the same,
    are kept as they are.

    Parameters
    ----------
    keys : pandas.DataFrame
        One row per bottom series, one column per level: the key it counts under there.
    levels : sequence of str
        The columns to sum by, in the order in which sums are wanted, such as company, region, rep.

    Returns
    -------
    Structure
        Sums by level, within a level sorted by key; bottom series in the order of `keys`.

    Raises
    ------
    ParameterError
        If `keys` has no row, lacks a level, or misses a key, or a level is named twice.

    Examples
    --------
    >>> accounts = pd.DataFrame({"company": "all", "region": ["S", "N", "S"]})
    >>> structure = build_structure(accounts, ["company", "region"])
    >>> structure.labels
         level  key
    0  company  all
    1   region    N
    2   region    S
    >>> structure.sum_up([[1, 10, 100]]).tolist()
    [[111.0, 10.0, 101.0, 1.0, 10.0, 100.0]]
    """
    if not len(keys):
        raise ParameterError("keys: no row, so there is no series to add up. Give one row per bottom series.")
    _check_levels(keys, levels)
    parents = np.empty((len(levels), len(keys)), dtype=np.intp)
    labels = []
    above = 0
    for row, level in enumerate(levels):
        code, found = pd.factorize(keys[level], sort=True)
        parents[row] = code + above
        above += len(found)
        labels.append(pd.DataFrame({"level": level, "key": pd.Series(found).astype("str")}))
    empty = pd.DataFrame({"level": pd.Series(dtype="str"), "key": pd.Series(dtype="str")})
    return Structure(pd.concat(labels, ignore_index=True) if labels else empty, parents)


def _check_levels(keys: pd.DataFrame, levels: Sequence[str]) -> None:
    seen: set[str] = set()
    for level in levels:
        if level not in keys:
            raise ParameterError(
                f'levels: "{level}" is no column of keys; it has {", ".join(map(str, keys.columns))}.'
                f"{did_you_mean(level, map(str, keys.columns))}"
            )
        if level in seen:
            raise ParameterError(f'levels: "{level}" is named twice. Name each level once.')
        seen.add(level)
        missing = int(keys[level].isna().sum())
        if missing:
            raise ParameterError(
                f"keys.{level}: {missing} of {len(keys)} series have no key. Give them one, such as "
                '"(unassigned)".'
            )
