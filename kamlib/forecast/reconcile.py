"""Forecasts of every level that add up, found from forecasts that don't."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from kamlib.errors import ParameterError, did_you_mean
from kamlib.forecast.arrays import Flags, Floats
from kamlib.forecast.covariance import (
    Covariance,
    equal_weights,
    own_variances,
    shrunk_covariance,
)
from kamlib.forecast.structure import Structure

Reconciliation = Literal["bottom_up", "ols", "wls", "mint_shrink"]
RECONCILIATIONS: tuple[str, ...] = get_args(Reconciliation)

_ROWS = 2_000_000  # numbers of a block of rows at a time: some 16 MB an array
_FLOOR = 1e-10  # of its parts' variance a sum has at least: one met exactly is held all but exactly


def reconcile(
    forecast: npt.ArrayLike,
    structure: Structure,
    *,
    method: str = "mint_shrink",
    errors: npt.ArrayLike | None = None,
    non_negative: bool | Flags = False,
) -> Floats:
    """Change forecasts of all series as little as needed for every level to add up.

    Each method is the least-squares answer for some covariance W of forecast errors, y - W C' (C W C')^-1 C y
    with C y the gaps between sums and their parts (Wickramasuriya et al. 2019): ``ols`` takes all series as
    equally uncertain, ``wls`` each by its mean square error, ``mint_shrink`` also by how errors move
    together, shrunk as `kamlib.forecast.covariance.shrunk_covariance` says. ``bottom_up`` keeps the bottom
    series and sums them. Forecasts that add up already stay as they are. Memory grows with the number of
    series times that of errors and levels.

    Parameters
    ----------
    forecast : array_like, shape (rows, all)
        Forecasts of the sums, then of the bottom series, as `structure` orders them: a row per period, or per
        period and sample path.
    structure : Structure
        Which series add up to which.
    method : str
        One of `RECONCILIATIONS`.
    errors : array_like, shape (observations, all), optional
        Past errors of the same forecasts, NaN where one is not known; needed by ``wls`` and ``mint_shrink``.
        Take those of one period ahead from many origins: errors further ahead, from origins close by, repeat
        each other, and correlations then look surer than they are. A series whose errors are all zero keeps
        its forecast: a bottom series exactly, a sum to within 1e-10 of the gap, unless its parts too are to
        be kept.
    non_negative : bool or numpy.ndarray of bool, shape (bottom,)
        Whether (or which) bottom series may not fall below zero. In each row those that would are held at
        zero and the others are found anew, given that, until none is below. What is once held stays held: a
        heuristic for the least-squares problem with bounds, exact when no held series would rise again.

    Returns
    -------
    numpy.ndarray, shape (rows, all)
        Sums are those of the bottom series returned.

    Raises
    ------
    ParameterError
        If a shape does not fit, a forecast is missing, an error is infinite, the method is unknown, or it
        needs errors and there are none, or fewer than two of every bottom series.

    References
    ----------
    Wickramasuriya, Athanasopoulos & Hyndman (2019), Optimal forecast reconciliation for hierarchical and
    grouped time series through trace minimization, Journal of the American Statistical Association
    114:804-819.
    Wickramasuriya, Turlach & Hyndman (2020), Optimal non-negative forecast reconciliation, Statistics and
    Computing 30:1167-1182.

    Examples
    --------
    Total 10 over parts 3 and 4: with equal weights each gives way by a third of the gap of 3.

    >>> import pandas as pd
    >>> from kamlib.forecast.structure import build_structure
    >>> structure = build_structure(pd.DataFrame({"company": ["all", "all"]}), ["company"])
    >>> reconcile([[10, 3, 4]], structure, method="ols").tolist()
    [[9.0, 4.0, 5.0]]
    """
    return make_reconciler(structure, method=method, errors=errors).apply(forecast, non_negative=non_negative)


def make_reconciler(
    structure: Structure, *, method: str = "mint_shrink", errors: npt.ArrayLike | None = None
) -> Reconciler:
    """Prepare a reconciliation once, to be applied to many forecasts or sample paths.

    Parameters and conditions are those of `reconcile`.

    Returns
    -------
    Reconciler
    """
    if method not in RECONCILIATIONS:
        raise ParameterError(
            f'method: "{method}" is unknown; it must be one of {", ".join(RECONCILIATIONS)}.'
            f"{did_you_mean(method, RECONCILIATIONS)}"
        )
    if method == "bottom_up":
        return Reconciler(structure, None)
    if method == "ols":
        return Reconciler(structure, equal_weights(structure))
    if errors is None:
        raise ParameterError(
            f'errors: none are given, and "{method}" weighs series by them. Give past errors, or reconcile '
            'by "ols" or "bottom_up".'
        )
    past = np.asarray(errors, dtype=np.float64)
    _check_shape("errors", past, structure)
    if np.isinf(past).any():
        raise ParameterError(f"errors: {int(np.isinf(past).sum())} are infinite. Give NaN where unknown.")
    make = own_variances if method == "wls" else shrunk_covariance
    return Reconciler(structure, make(past, structure))


@dataclass(frozen=True, eq=False)
class Reconciler:
    """A reconciliation, made ready by `make_reconciler`.

    Attributes
    ----------
    structure : Structure
        Which series add up to which.
    covariance : Covariance or None
        Of forecast errors; None sums from the bottom.
    """

    structure: Structure
    covariance: Covariance | None
    _sums: Any = field(init=False, repr=False)
    _solver: _Gaps | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sums", self.structure.matrix())
        solver = None
        if self.covariance is not None and self.structure.above:
            solver = _Gaps(self._sums, self.covariance.own, self.covariance.shared)
        object.__setattr__(self, "_solver", solver)

    def apply(self, forecast: npt.ArrayLike, *, non_negative: bool | Flags = False) -> Floats:
        """Reconcile forecasts of shape (rows, all); see `reconcile`."""
        y = np.asarray(forecast, dtype=np.float64)
        _check_shape("forecast", y, self.structure)
        missing = int((~np.isfinite(y)).sum())
        if missing:
            raise ParameterError(
                f"forecast: {missing} of {y.size} values are missing or infinite. Give every series a "
                "forecast."
            )
        bounded = np.broadcast_to(np.asarray(non_negative, dtype=bool), (self.structure.bottom,))
        result = np.empty_like(y)
        step = max(1, _ROWS // self.structure.total)
        for begin in range(0, len(y), step):
            bottom = self._bottom(y[begin : begin + step], bounded)
            result[begin : begin + step, self.structure.above :] = bottom
            result[begin : begin + step, : self.structure.above] = (self._sums @ bottom.T).T
        return result

    def _bottom(self, y: Floats, bounded: Flags) -> Floats:
        """Return the reconciled bottom series."""
        bottom = y[:, self.structure.above :]
        if self._solver is None:
            return np.where(bounded, np.maximum(bottom, 0.0), bottom)
        bottom = self._solver.close(y)
        for row in np.flatnonzero((bounded & (bottom < 0)).any(axis=1)):
            bottom[row] = self._hold(y[row], bottom[row], bounded)
        return bottom

    def _hold(self, y: Floats, bottom: Floats, bounded: Flags) -> Floats:
        """Return one row's bottom series with those that fall below zero held there.

        What is known of a held series tells of the others: they are forecast, and their errors vary, given
        that the held ones are zero.
        """
        assert self.covariance is not None
        above = self.structure.above
        held = bounded & (bottom < 0)
        while (below := bounded & (bottom < 0)).any():
            held = held | below
            columns = above + np.flatnonzero(held)
            own, shared, given = self.covariance.own.copy(), self.covariance.shared, y.copy()
            weight = np.divide(1.0, own[columns], out=np.zeros(len(columns)), where=own[columns] > 0)
            part = shared[:, columns] * weight
            half = np.linalg.cholesky(np.eye(len(shared)) + part @ shared[:, columns].T)
            shared = np.linalg.solve(half, shared)
            given -= shared.T @ np.linalg.solve(half, part @ y[columns])
            own[columns] = given[columns] = shared[:, columns] = 0.0
            bottom = _Gaps(self._sums, own, shared).close(given[None])[0]
            bottom[held] = 0.0
        return bottom


class _Gaps:
    """Closes the gaps between sums and parts, for one covariance."""

    def __init__(self, sums: Any, own: Floats, shared: Floats) -> None:
        from scipy.sparse import diags_array
        from scipy.sparse.linalg import splu

        self.sums, self.above = sums, sums.shape[0]
        self.own, self.shared = own[self.above :], shared[:, self.above :]
        parts = sums @ self.own
        top = np.maximum(own[: self.above], _FLOOR * parts)
        top[top == 0] = 1.0  # neither the sum nor a part may move: the sum gives way
        spread = (sums * self.own) @ sums.T + diags_array(top)
        # symmetric and positive: no pivoting, and an order of elimination that keeps the factors sparse
        self.factor = splu(
            spread.tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        self.gap = shared[:, : self.above] - (sums @ self.shared.T).T
        self.solved = self.factor.solve(self.gap.T)
        self.inner = np.eye(len(shared)) + self.gap @ self.solved

    def close(self, y: Floats) -> Floats:
        """Return the bottom series of rows of all series, moved so that the sums agree with them."""
        bottom = y[:, self.above :]
        pull = self.factor.solve(np.asfortranarray((y[:, : self.above] - (self.sums @ bottom.T).T).T))
        pull -= self.solved @ np.linalg.solve(self.inner, self.gap @ pull)
        moved: Floats = bottom + self.own * (self.sums.T @ pull).T - (self.shared.T @ (self.gap @ pull)).T
        return moved


def _check_shape(name: str, values: Floats, structure: Structure) -> None:
    if values.ndim != 2 or values.shape[1] != structure.total:
        raise ParameterError(
            f"{name} has the shape {values.shape}; it must be rows x {structure.total} series: "
            f"{structure.above} sums, then {structure.bottom} bottom series."
        )
