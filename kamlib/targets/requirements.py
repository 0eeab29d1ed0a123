"""What a joint split is asked for: totals, floors, caps and pins on groups of cells."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError, did_you_mean
from kamlib.measures.rounding import Floats, Integers

Amounts: TypeAlias = float | npt.ArrayLike | Mapping[Hashable, float]
Labels: TypeAlias = Sequence[Hashable] | npt.NDArray[np.generic] | pd.Series  # of each position of an axis


@dataclass(frozen=True, eq=False)
class Requirement:
    """What the sums of disjoint groups of cells must lie between.

    Attributes
    ----------
    name : str
        What it is called in messages, such as ``"region"``.
    codes : tuple of (numpy.ndarray of int64 or None)
        Per axis of the table the group of each position, -1 outside every group; None: summed over.
    keys : tuple of tuple of str
        Per axis that has groups their labels, sorted.
    lower, upper : numpy.ndarray of float64
        Least and greatest sum of each group, an axis for each one that has groups [units]. Equal: a total.
    weight : float
        What a unit of change costs where the nearest request that can be met is sought.
    """

    name: str
    codes: tuple[Integers | None, ...]
    keys: tuple[tuple[str, ...], ...]
    lower: Floats
    upper: Floats
    weight: float = 1.0

    @property
    def size(self) -> int:
        """Number of groups."""
        return int(self.lower.size)

    def fixed_total(self) -> float | None:
        """Return what all cells add up to, if each lies in a group and every group has a total."""
        whole = all(codes is None or (codes >= 0).all() for codes in self.codes)
        return float(self.lower.sum()) if whole and (self.lower == self.upper).all() else None

    def key(self, group: int) -> str:
        """Return the label of a group, counted through all axes."""
        places = np.unravel_index(group, self.lower.shape) if self.keys else ()
        return " x ".join(labels[int(at)] for labels, at in zip(self.keys, places, strict=True)) or "all"

    def sums(self, table: Floats) -> Floats:
        """Add up the cells of each group; shaped like `lower`."""
        summed = tuple(axis for axis, codes in enumerate(self.codes) if codes is None)
        result: Floats = table.sum(axis=summed, keepdims=True)
        for axis, codes in enumerate(self.codes):
            if codes is not None:
                count = len(self.keys[axis - sum(one < axis for one in summed)])
                result = _add_groups(result, codes, count, axis)
        return result.reshape(self.lower.shape)

    def spread(self, values: Floats, *, outside: float) -> Floats:
        """Lay a value of each group on its cells; shaped to broadcast against the table."""
        sizes = iter(self.lower.shape)
        result = values.reshape([1 if codes is None else next(sizes) for codes in self.codes])
        for axis, codes in enumerate(self.codes):
            if codes is None or _is_range(codes, result.shape[axis]):
                continue
            if (codes < 0).any():
                shape = list(result.shape)
                shape[axis] = 1
                result = np.concatenate([result, np.full(shape, outside)], axis=axis)
            result = np.take(result, codes, axis=axis)
        return result

    def cell_groups(self, shape: tuple[int, ...]) -> Integers:
        """Return the group of each cell, counted through all axes; -1 outside."""
        marks = np.arange(self.size, dtype=np.float64).reshape(self.lower.shape)
        return np.broadcast_to(self.spread(marks, outside=-1.0), shape).astype(np.int64)


def require(
    name: str,
    *groups: Labels | None,
    total: Amounts | None = None,
    lower: Amounts | None = None,
    upper: Amounts | None = None,
    weight: float = 1.0,
) -> Requirement:
    """Ask that sums of cells be totals, or lie between floors and caps.

    Parameters
    ----------
    name : str
        What the requirement is called in messages.
    *groups : array_like of labels, or None
        One for each axis of the table: the label of each position, such as each account's region (a missing
        label: outside), or None to sum over the axis.
    total, lower, upper : float, array_like or mapping, optional
        Amounts [units]: one for all groups; an array with an axis for each one that has labels, in the order
        of the sorted labels; or a mapping from label (a tuple of labels where several axes have them) to
        amount, in which case groups that are not named are free. Either a total, or bounds.
    weight : float, optional
        What a unit of change costs where the nearest request that can be met is sought, above zero.

    Returns
    -------
    Requirement

    Raises
    ------
    ParameterError
        If neither or both of total and bounds are given, a label is not there, an amount is negative or not a
        number, a floor is above its cap, or the weight is not above zero.

    Examples
    --------
    >>> region = require("region", ["N", "S", "N"], None, total={"N": 70, "S": 30})
    >>> region.keys, region.lower.tolist(), region.sums(np.ones((3, 2))).tolist()
    ((('N', 'S'),), [70.0, 30.0], [4.0, 2.0])
    """
    bounded = lower is not None or upper is not None
    if (total is None) != bounded:
        raise ParameterError(f'requirement "{name}": give either a total or bounds (lower, upper).')
    if not weight > 0:
        raise ParameterError(f'requirement "{name}": weight is {weight}; it must be above zero.')
    codes: list[Integers | None] = []
    labels: list[pd.Index] = []
    for axis in groups:
        if axis is None:
            codes.append(None)
            continue
        found, known = pd.factorize(pd.Series(axis), sort=True)
        codes.append(found.astype(np.int64))
        labels.append(pd.Index(known))
    low = _amounts(name, labels, total if lower is None else lower, 0.0)
    high = _amounts(name, labels, total if upper is None else upper, np.inf)
    if (low > high).any():
        at = int((low > high).argmax())
        raise ParameterError(
            f'requirement "{name}": a floor of {low.flat[at]:g} is above its cap of {high.flat[at]:g}. '
            "Lower the floor or raise the cap."
        )
    keys = tuple(tuple(str(label) for label in index) for index in labels)
    return Requirement(name, tuple(codes), keys, low, high, weight)


def _amounts(name: str, labels: list[pd.Index], given: Amounts | None, free: float) -> Floats:
    shape = tuple(len(index) for index in labels)
    if isinstance(given, Mapping):
        result = np.full(shape, free)
        for key, amount in given.items():
            parts = key if len(labels) > 1 and isinstance(key, tuple) else (key,)
            for part, index in zip(parts, labels, strict=len(parts) == len(labels)):
                if part not in index:
                    hint = did_you_mean(str(part), map(str, index))
                    raise ParameterError(f'requirement "{name}": there is no "{part}".{hint}')
            at = tuple(int(np.asarray(i.get_loc(p))) for p, i in zip(parts, labels, strict=True))
            result[at] = amount
    else:
        values = np.asarray(free if given is None else given, dtype=np.float64)
        if values.ndim and values.shape != shape:
            raise ParameterError(
                f'requirement "{name}": amounts are of shape {values.shape}, groups of {shape}. '
                "Give one amount for each group."
            )
        result = np.broadcast_to(values, shape).copy()
    if np.isnan(result).any() or (result < 0).any():
        bad = result[np.isnan(result) | (result < 0)].flat[0]
        raise ParameterError(f'requirement "{name}": an amount is {bad:g}; it must be zero or more.')
    return result


def _add_groups(table: Floats, codes: Integers, count: int, axis: int) -> Floats:
    if _is_range(codes, count):
        return table
    order = np.argsort(codes, kind="stable")
    order = order[np.searchsorted(codes[order], 0) :]
    starts = np.searchsorted(codes[order], np.arange(count))
    result: Floats = np.add.reduceat(np.take(table, order, axis=axis), starts, axis=axis)
    return result


def _is_range(codes: Integers, count: int) -> bool:
    return len(codes) == count and bool((codes == np.arange(count)).all())
