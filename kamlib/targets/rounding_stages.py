"""A joint split in whole units: account totals, then product line x month, then what joins them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.measures.rounding import Floats, Integers, controlled_rounding, move_units, snap_whole
from kamlib.targets.fitted import MarginFit
from kamlib.targets.margins import fit_margins
from kamlib.targets.requirements import Requirement, require
from kamlib.targets.scaling import scale_to_margins
from kamlib.targets.whole_sums import round_sums

_SHARP, _LEAST_GAP = 1e-3, 1e-13  # what a fit is off at most before it is rounded: in units, and relative


@dataclass(frozen=True, eq=False)
class JointSplit:
    """A joint split before and after rounding.

    Attributes
    ----------
    fit : MarginFit
        The fitted table before rounding [units].
    units : numpy.ndarray of int64
        The same in whole units, within the bounds of the cells.
    residuals : pandas.DataFrame
        One row per group whose units miss what was asked: requirement, key, lower, upper (as asked), units,
        residual (units above the cap or, negative, below the floor) [units]. Empty when all is met.
    """

    fit: MarginFit
    units: Integers
    residuals: pd.DataFrame


def split_jointly(
    seed: npt.ArrayLike,
    requirements: Sequence[Requirement],
    *,
    lower: npt.ArrayLike = 0,
    upper: npt.ArrayLike = np.inf,
    groups: npt.ArrayLike | None = None,
    close: Sequence[Requirement] = (),
    axes: Sequence[Sequence[str]] | None = None,
) -> JointSplit:
    """Split a seed over accounts, product lines and months, in whole units.

    Bounds of cells, floors and caps are first rounded inward to whole units; then `fit_margins`, to a
    thousandth of a unit as far as floats reach. Rounding is in three stages, each a two-sided flow: account
    totals, next to exact and with each requirement on accounts met; the sums of product line x month over all
    accounts, likewise; and each cell, given both. In a stage each number is its exact value rounded down or
    up; only where units cannot be moved so that the sums of lines and months are met, cells go further,
    within their bounds. A third family of groups that is nested in neither of two others no longer makes a
    flow: where the flow misses what is asked of it, an integer program finds the units that meet all. A
    requirement that speaks of accounts and of lines or months at once crosses stages: it is missed by a few
    units at most times. What is missed, `residuals` lists.

    Parameters
    ----------
    seed : array_like, shape (accounts, product lines, months)
        Cells of zero or more.
    requirements : sequence of Requirement
        What sums of cells must be [units].
    lower, upper : array_like, optional
        Bounds of each cell [units].
    groups : array_like of int, shape (accounts,) or (accounts, levels), optional
        Groups of accounts, widest first, whose sums by month the rounding of cells keeps close to exact, as
        `controlled_rounding` takes them.
    close : sequence of Requirement, optional
        Groups, of accounts or of lines and months, whose sums rounding keeps next to exact though nothing is
        asked of them, as far as the two families of their stage hold them; earlier ones first.
    axes : sequence of sequence of str, optional
        What accounts, product lines and months are called, for a message that names cells.

    Returns
    -------
    JointSplit

    Raises
    ------
    ConflictError
        If the request cannot be met; see `fit_margins`.
    ParameterError
        If the seed has not three axes, or no whole unit lies between a floor and its cap.

    References
    ----------
    L. H. Cox (1987). A constructive procedure for unbiased controlled rounding. JASA 82:520-524.

    Examples
    --------
    >>> accounts = require("account", ["a", "b", "c"], None, None, total=[1, 1, 1])
    >>> split = split_jointly(np.ones((3, 1, 3)), [accounts])
    >>> split.units[:, 0, :].sum(axis=0).tolist(), len(split.residuals)
    ([1, 1, 1], 0)
    """
    cells = np.asarray(seed, dtype=np.float64)
    if cells.ndim != 3:
        raise ParameterError(f"the seed has {cells.ndim} axes; it must have account, product line and month.")
    low = np.broadcast_to(np.ceil(np.asarray(lower, dtype=np.float64)), cells.shape)
    high = np.broadcast_to(np.floor(np.asarray(upper, dtype=np.float64)), cells.shape)
    inward = [_inward(one) for one in requirements]
    high = np.where(cells > 0, high, low)
    fit = _sharpen(fit_margins(cells, inward, lower=low, upper=high, axes=axes), inward, low, high)
    table = snap_whole(fit.table)
    order = [*sorted(inward, key=lambda one: one.size), *close]
    by_cell = [one for one in order if one.codes[0] is None]
    rows = round_accounts(table.sum(axis=(1, 2)), order)
    columns = round_sums(table.sum(axis=0, keepdims=True), [_all(rows), *by_cell])
    units = _join(table, rows.ravel(), columns.ravel(), low, high, groups)
    return JointSplit(fit, units, list_residuals(units, requirements))


def round_accounts(sums: Floats, requirements: Sequence[Requirement]) -> Integers:
    """Round the totals of accounts, the first stage of `split_jointly`.

    Parameters
    ----------
    sums : numpy.ndarray, shape (accounts,)
        Totals before rounding [units].
    requirements : sequence of Requirement
        Of a table of accounts, product lines and months; those that speak of accounts alone count, in order.

    Returns
    -------
    numpy.ndarray of int64, shape (accounts, 1, 1)

    Examples
    --------
    >>> rep = require("rep", ["a", "a", "b"], None, None, lower=0)
    >>> round_accounts(np.array([0.5, 0.5, 1.0]), [rep]).ravel().tolist() in ([1, 0, 1], [0, 1, 1])
    True
    """
    by_account = [one for one in requirements if one.codes[1] is None and one.codes[2] is None]
    fixed = [one.fixed_total() for one in requirements]
    known = next((float(amount) for amount in fixed if amount is not None), None)
    total = require("all", None, None, None, total=known, lower=0 if known is None else None)
    return round_sums(sums.reshape(-1, 1, 1), [total, *by_account])


def list_residuals(units: Integers, requirements: Sequence[Requirement]) -> pd.DataFrame:
    """Return a row per group whose units miss what was asked; see `JointSplit`."""
    rows = []
    for one in requirements:
        sums = one.sums(units.astype(np.float64))
        off = sums - np.clip(sums, one.lower, one.upper)
        for group in np.flatnonzero(off).tolist():
            low, high = one.lower.flat[group], one.upper.flat[group]
            rows.append((one.name, one.key(group), low, high, int(sums.flat[group]), off.flat[group]))
    columns = ["requirement", "key", "lower", "upper", "units", "residual"]
    return pd.DataFrame(rows, columns=columns)


def _sharpen(fit: MarginFit, requirements: Sequence[Requirement], low: Floats, high: Floats) -> MarginFit:
    """Fit a table further where its gap is more than a small part of a unit."""
    amounts = [float(one.lower.max(initial=1.0)) for one in requirements]
    tolerance = max(_LEAST_GAP, _SHARP / max(amounts, default=1.0))
    if fit.gap <= tolerance:
        return fit
    sharp = scale_to_margins(fit.table, requirements, lower=low, upper=high, tolerance=tolerance)
    closer = sharp.gap < fit.gap
    return replace(fit, table=sharp.table, gap=sharp.gap, sweeps=fit.sweeps + sharp.sweeps) if closer else fit


def _join(
    table: Floats, rows: Integers, columns: Integers, low: Floats, high: Floats, groups: npt.ArrayLike | None
) -> Integers:
    """Round the cells to given row and column sums, in the fitted table moved to them."""
    flat, count = (len(rows), len(columns)), len(columns)
    least, most = low.reshape(flat), high.reshape(flat)
    by_row = require("row", np.arange(len(rows)), None, total=rows)
    by_column = require("column", None, np.arange(count), total=columns)
    start = table.reshape(flat)
    fit = scale_to_margins(start, [by_row, by_column], lower=least, upper=most)
    if not fit.converged:
        fit = scale_to_margins(start, [by_row], lower=least, upper=most)
    exact = snap_whole(fit.table)
    sums = exact.sum(axis=1, keepdims=True)
    shares = np.divide(exact, sums, out=np.full(flat, 1 / count), where=sums > 0)
    units = controlled_rounding(rows, shares, groups=groups)
    bounds = np.iinfo(np.int64).max // 2
    bottom = least.astype(np.int64)
    top = np.where(np.isfinite(most), most, bounds).astype(np.int64)
    down, up = np.floor(start).astype(np.int64), np.ceil(start).astype(np.int64)
    units = _refill(np.clip(units, down, up), exact, rows, down, up)
    units = _refill(units, exact, rows, bottom, top)
    near = np.minimum(down, units), np.maximum(up, units)
    units = move_units(units, exact, columns, lower=near[0], upper=near[1])
    return move_units(units, exact, columns, lower=bottom, upper=top).reshape(table.shape)


def _refill(units: Integers, exact: Floats, rows: Integers, bottom: Integers, top: Integers) -> Integers:
    """Give rows the units that they miss, within bounds, to the cells that are furthest from exact."""
    units = units.copy()
    missing = rows - units.sum(axis=1)
    for row in np.flatnonzero(missing).tolist():
        sign = int(np.sign(missing[row]))
        limit = top[row] if sign > 0 else bottom[row]
        for _ in range(abs(int(missing[row]))):
            claim = np.where(sign * (limit - units[row]) > 0, sign * (exact[row] - units[row]), -np.inf)
            cell = int(claim.argmax())
            if np.isneginf(claim[cell]):
                break
            units[row, cell] += sign
    return units


def _inward(one: Requirement) -> Requirement:
    """Round floors up and caps down to whole units; a total that is not whole stays."""
    total = one.lower == one.upper
    low = np.where(total, one.lower, np.ceil(one.lower))
    high = np.where(total, one.upper, np.floor(one.upper))
    if (low > high).any():
        at = int((low > high).argmax())
        raise ParameterError(
            f'requirement "{one.name}", {one.key(at)}: no whole unit lies between {one.lower.flat[at]:g} and '
            f"{one.upper.flat[at]:g}. Widen it."
        )
    return replace(one, lower=low, upper=high)


def _all(rows: Integers) -> Requirement:
    return require("all", None, None, None, total=float(rows.sum()))
