"""How unevenly a total is spread over its parts: Gini, Herfindahl, top share, Lorenz curve.

Every part counts, also one of zero: who was on the list and bought nothing makes the book more uneven. Leave
parts out before calling when that is not meant. Negative parts are refused, because none of the four has a
meaning then: net them, or leave them out and say so.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import KamError, ParameterError
from kamlib.measures.money import as_float


def gini(values: pd.Series | npt.ArrayLike) -> float:
    """Return the Gini coefficient: 0 where all parts are equal, (n - 1) / n where one has everything.

    Convention: the population coefficient, sum of (2 i - n - 1) x_i over n times the total with x ascending,
    that is twice the area between the Lorenz curve and the diagonal, without the small-sample factor
    n / (n - 1).

    Parameters
    ----------
    values : array-like, shape (n,)
        Parts of a total, none negative, in any unit.

    Returns
    -------
    float
        Gini coefficient, 0 <= g <= (n - 1) / n [fraction].

    Raises
    ------
    KamError
        If there is no part, a part is missing, not finite or negative, or the total is zero.

    References
    ----------
    Gini, C. (1912). Variabilità e mutabilità. Bologna: Cuppini.
    Zeileis, A. (2014). ineq: Measuring Inequality, Concentration, and Poverty. R package; its data of ten
    incomes is the published case of the tests.

    Examples
    --------
    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 7])
    (0.0, 0.75)
    """
    parts = np.sort(_parts(values))
    places = 2.0 * np.arange(1, parts.size + 1) - parts.size - 1
    return max(0.0, float(places @ parts) / (parts.size * float(parts.sum())))


def herfindahl(values: pd.Series | npt.ArrayLike) -> float:
    """Return the Herfindahl index: the sum of squared shares, 1 / n where all are equal, 1 where one has all.

    Convention: shares are fractions, so the index is 0..1; times 10,000 it is the index of shares in percent
    that competition authorities print. No part is left out and nothing is normalised.

    Parameters
    ----------
    values : array-like, shape (n,)
        Parts of a total, none negative, in any unit; shares in percent serve as well.

    Returns
    -------
    float
        Herfindahl index, 1 / n <= h <= 1 [fraction].

    Raises
    ------
    KamError
        If there is no part, a part is missing, not finite or negative, or the total is zero.

    References
    ----------
    Herfindahl, O. C. (1950). Concentration in the steel industry. Columbia University.

    Examples
    --------
    >>> herfindahl([3, 3, 3, 3]), round(10_000 * herfindahl([25, 20, 15, 10, 9, 8, 7, 6]))
    (0.25, 1580)
    """
    parts = _parts(values)
    shares = parts / parts.sum()
    return min(1.0, float(shares @ shares))


def top_share(values: pd.Series | npt.ArrayLike, *, fraction: float = 0.2) -> float:
    """Return the share of the total that the largest parts have.

    Convention: the largest parts are whole ones, `fraction` of their number rounded up, so that of 118
    accounts the top 20 % are 24.

    Parameters
    ----------
    values : array-like, shape (n,)
        Parts of a total, none negative, in any unit.
    fraction : float
        Fraction of the number of parts that counts as largest, 0 < fraction <= 1 [fraction].

    Returns
    -------
    float
        Their share of the total [fraction].

    Raises
    ------
    ParameterError
        If `fraction` is outside 0..1 or zero.
    KamError
        If there is no part, a part is missing, not finite or negative, or the total is zero.

    Examples
    --------
    >>> top_share([4, 2, 1, 1], fraction=0.25), top_share([4, 2, 1, 1], fraction=0.3)
    (0.5, 0.75)
    """
    if not 0 < fraction <= 1:
        raise ParameterError(f"fraction is {fraction}; it must be above 0 and at most 1.")
    parts = np.sort(_parts(values))[::-1]
    count = ceil(Fraction(str(fraction)) * parts.size)
    return min(1.0, float(parts[:count].sum() / parts.sum()))


def lorenz_curve(values: pd.Series | npt.ArrayLike) -> pd.DataFrame:
    """Return the Lorenz curve: what share of the total the smallest parts have together.

    Parameters
    ----------
    values : array-like, shape (n,)
        Parts of a total, none negative, in any unit.

    Returns
    -------
    pandas.DataFrame, shape (n + 1, 2)
        One row per point, from (0, 0) to (1, 1), smallest part first: `part_share`, the fraction of the
        number of parts, and `value_share`, the fraction of the total [fraction].

    Raises
    ------
    KamError
        If there is no part, a part is missing, not finite or negative, or the total is zero.

    References
    ----------
    Lorenz, M. O. (1905). Methods of measuring the concentration of wealth. Publications of the American
    Statistical Association 9(70), 209-219.

    Examples
    --------
    >>> lorenz_curve([6, 2])
       part_share  value_share
    0         0.0         0.00
    1         0.5         0.25
    2         1.0         1.00
    """
    parts = np.sort(_parts(values))
    reached = np.concatenate(([0.0], np.cumsum(parts)))
    return pd.DataFrame(
        {
            "part_share": np.arange(parts.size + 1) / parts.size,
            "value_share": np.minimum(reached / reached[-1], 1.0),
        }
    )


def _parts(values: pd.Series | npt.ArrayLike) -> npt.NDArray[np.float64]:
    series = values if isinstance(values, pd.Series) else pd.Series(np.asarray(values).ravel())
    name = series.name or "values"
    if series.empty:
        raise KamError(f"{name}: no parts, so nothing can be concentrated.")
    parts = as_float(series)
    for what, wrong in (("missing or not finite", ~np.isfinite(parts)), ("negative", parts < 0)):
        if wrong.any():
            first = series[wrong].iloc[0]
            raise KamError(
                f"{name}: {int(wrong.sum())} of {parts.size} parts are {what}, the first is {first}; "
                "concentration is of amounts from zero up. Leave them out, and say so."
            )
    peak = parts.max()
    if peak == 0:
        raise KamError(f"{name}: the total of {parts.size} parts is zero, so they have no shares.")
    scaled: npt.NDArray[np.float64] = parts / peak
    return scaled
