"""Exact money: DECIMAL(18, 4) in tables, whole ticks of 1/10,000 of the currency unit in sums.

Float sums depend on the order of rows; sums of ticks don't, and they are as fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kamlib.errors import KamError

SCALE = 10_000
MONEY = pd.ArrowDtype(pa.decimal128(18, 4))
_LIMIT = 10**18
_TICK = pa.scalar(Decimal("0.0001"), pa.decimal128(5, 4))


def to_ticks(values: pd.Series) -> npt.NDArray[np.int64]:
    """Convert money to whole ticks.

    Parameters
    ----------
    values : pandas.Series, shape (n,)
        Money of any numeric dtype [currency]. Decimals of more than four places and floats are rounded half
        to even at the fourth.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        Ticks [currency / 10,000].

    Raises
    ------
    KamError
        If a value is missing, not finite, or too large for DECIMAL(18, 4).

    Examples
    --------
    >>> to_ticks(pd.Series([1.1, -0.00005])).tolist()
    [11000, 0]
    """
    if values.isna().any():
        raise KamError(f"{values.name}: {int(values.isna().sum())} missing amounts where money is needed.")
    dtype = values.dtype
    if (
        isinstance(dtype, pd.ArrowDtype)
        and pa.types.is_decimal(dtype.pyarrow_dtype)
        and dtype.pyarrow_dtype.scale <= 4
    ):
        array = pa.chunked_array(values.array.__arrow_array__())
        whole_ticks = pc.multiply(array, pa.scalar(Decimal(SCALE))).cast(pa.int64())
        return np.asarray(whole_ticks, dtype=np.int64)
    if pd.api.types.is_integer_dtype(dtype):
        whole: npt.NDArray[np.int64] = values.to_numpy(dtype=np.int64)
        _check(np.abs(whole).max(initial=0) < _LIMIT // SCALE, values)
        return np.multiply(whole, SCALE, dtype=np.int64)
    if pd.api.types.is_float_dtype(dtype):
        scaled: npt.NDArray[np.float64] = np.rint(values.to_numpy(dtype=np.float64) * SCALE)
        _check(bool(np.isfinite(scaled).all()) and np.abs(scaled).max(initial=0) < _LIMIT, values)
        return scaled.astype(np.int64)
    exact = [int((Decimal(str(v)) * SCALE).to_integral_value(ROUND_HALF_EVEN)) for v in values]
    _check(max(map(abs, exact), default=0) < _LIMIT, values)
    return np.array(exact, dtype=np.int64)


def to_money(ticks: npt.ArrayLike, index: pd.Index | None = None, name: str | None = None) -> pd.Series:
    """Convert whole ticks to a DECIMAL(18, 4) column.

    Examples
    --------
    >>> to_money([11000, -5]).tolist()
    [Decimal('1.1000'), Decimal('-0.0005')]
    """
    whole = pa.array(np.asarray(ticks, dtype=np.int64)).cast(pa.decimal128(19, 0))
    money = pc.multiply(whole, _TICK).cast(pa.decimal128(18, 4))
    return pd.Series(pd.arrays.ArrowExtensionArray(money), index=index, name=name)


def as_float(values: pd.Series) -> npt.NDArray[np.float64]:
    """Convert money to floats for statistics; a missing amount becomes NaN.

    Examples
    --------
    >>> as_float(pd.Series([Decimal("1.5"), None])).tolist()
    [1.5, nan]
    """
    if isinstance(values.dtype, pd.ArrowDtype):
        return np.asarray(
            pa.chunked_array(values.array.__arrow_array__()).cast(pa.float64()).to_pandas(), dtype=np.float64
        )
    return np.asarray(pd.to_numeric(values, errors="raise"), dtype=np.float64)


def sum_money(table: pd.DataFrame, by: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Sum money columns exactly by group; a missing group key is a group, a missing amount counts nothing.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per entry.
    by : sequence of str
        Group columns.
    columns : sequence of str
        Money columns [currency].

    Returns
    -------
    pandas.DataFrame
        One row per group, sorted by `by`; sums as DECIMAL(18, 4) [currency].

    Examples
    --------
    >>> sum_money(pd.DataFrame({"k": ["b", "a", "b"], "revenue": [0.1, 1, 0.2]}), ["k"], ["revenue"])
       k  revenue
    0  a   1.0000
    1  b   0.3000
    """
    ticks = pd.DataFrame({column: _ticks_or_zero(table[column]) for column in columns}, index=table.index)
    keys = [table[key] for key in by]
    result = ticks.groupby(keys, sort=True, dropna=False, observed=True).sum().reset_index()
    for column in columns:
        result[column] = to_money(result[column])
    return result


def total_money(values: pd.Series) -> Decimal:
    """Return the exact sum of a money column [currency].

    Examples
    --------
    >>> total_money(pd.Series([0.1, 0.2]))
    Decimal('0.3000')
    """
    ticks = int(to_ticks(values.dropna()).sum())
    return Decimal(ticks).scaleb(-4).quantize(Decimal("0.0001"))


def _ticks_or_zero(values: pd.Series) -> npt.NDArray[np.int64]:
    known = values.notna().to_numpy()
    ticks = np.zeros(len(values), dtype=np.int64)
    ticks[known] = to_ticks(values[known])
    return ticks


def _check(fits: bool, values: pd.Series) -> None:
    if not fits:
        raise KamError(f"{values.name}: an amount is not finite or does not fit DECIMAL(18, 4).")
