"""How an account's target falls on product lines and months."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.measures.money import to_ticks
from kamlib.measures.rounding import Exact, Floats, Integers
from kamlib.targets.facts import Windows, sum_by, unknown_months
from kamlib.targets.shares import shares_of


@dataclass(frozen=True)
class Phasing:
    """Shares by which account totals fall on product lines and months.

    Attributes
    ----------
    product_lines, months : tuple of str
        The product lines, sorted, and the months of the period, in order.
    line_share : numpy.ndarray of float64, shape (accounts, product lines)
        Share of each product line in the account's target [fraction].
    own_mix : numpy.ndarray of bool, shape (accounts,)
        Whether the account's own mix was used rather than the company's.
    month_share : numpy.ndarray of float64, shape (product lines, months)
        Share of each month in the product line's target [fraction].
    """

    product_lines: tuple[str, ...]
    months: tuple[str, ...]
    line_share: Floats
    own_mix: np.ndarray
    month_share: Floats

    def cell_shares(self) -> Floats:
        """Return the share of each cell, product lines in order and months in order within them."""
        return (self.line_share[:, :, None] * self.month_share[None, :, :]).reshape(len(self.line_share), -1)


def phase_targets(
    cube: pd.DataFrame,
    accounts: Sequence[str],
    *,
    windows: Windows,
    working_days: Mapping[str, int] | None = None,
) -> Phasing:
    """Derive the shares of product lines and months.

    Product lines follow the account's own mix of revenue in the history window; an account without any
    follows the company's, and where the company has none the lines share equally. Months follow the
    company's revenue of the product line in the same months of the base period; a line without any follows
    all lines together, else months share equally. Revenue that returns make negative counts as zero. Months
    of the base period before the book's first sale count as the mean of those after it.

    Where working days are given, a month weighs what its month of the base period brought per working day,
    times its own working days: Spring Festival takes its days from another month each year, and a month of 23
    working days is not one of 20. A month of the base period without any keeps its revenue as it is.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency].
    accounts : sequence of str
        The accounts, in the order of the result.
    windows : Windows
        The months to look at.
    working_days : mapping of str to int, optional
        Working days of every month of the base period and of the period planned.

    Returns
    -------
    Phasing

    Raises
    ------
    ParameterError
        If nothing was sold before the plan, so that there is no product line to plan by.

    References
    ----------
    U.S. Census Bureau (2017), X-13ARIMA-SEATS Reference Manual, on trading-day adjustment: a month's level
    depends on the days it has for trade.
    """
    months = [str(month) for month in windows.period.months()]
    seen = cube[cube["month"] < windows.first_unseen]
    lines = sorted(seen["product_line"].unique())
    if not lines:
        raise ParameterError(
            "nothing was sold before the plan, so there is no product line to plan by. Add sales."
        )
    ticks = to_ticks(seen["revenue"])
    line = pd.Index(lines).get_indexer(seen["product_line"])
    account = pd.Index(accounts).get_indexer(seen["account_id"])
    in_history = seen["month"].isin(windows.history).to_numpy()
    cell = np.where(account >= 0, account * len(lines) + line, -1)
    mix = sum_by(cell[in_history], ticks[in_history], len(accounts) * len(lines)).reshape(-1, len(lines))
    company = sum_by(line[in_history], ticks[in_history], len(lines))
    line_share, own = _rows(mix, _row(company, np.ones(len(lines), dtype=np.int64)))
    base = pd.Index(windows.base_months).get_indexer(seen["month"])
    cell = np.where(base >= 0, line * len(months) + base, -1)
    season = sum_by(cell, ticks, len(lines) * len(months)).reshape(len(lines), -1)
    unknown = unknown_months(seen, windows.base_months)
    worked = _filled(np.maximum(season, 0).astype(np.object_), unknown) * _day_weights(windows, working_days)
    evenly = np.ones(len(months), dtype=np.int64)
    all_lines = worked.sum(axis=0)
    month_share = np.array([_row(row if any(row) else all_lines, evenly) for row in worked])
    return Phasing(tuple(lines), tuple(months), line_share, own, month_share)


def _filled(season: Exact, unknown: int) -> Exact:
    """Put the mean of the known months into the first ones, of which nothing is known; all times the known.

    Examples
    --------
    >>> _filled(np.array([[0, 10, 30]], dtype=object), 1).tolist()
    [[40, 20, 60]]
    """
    known = season.shape[1] - unknown
    if not unknown or not known:
        return season
    filled: Exact = season * known
    filled[:, :unknown] = season[:, unknown:].sum(axis=1)[:, None]
    return filled


def _day_weights(windows: Windows, working_days: Mapping[str, int] | None) -> Exact:
    """Return what a month's revenue of the base period counts by: its working days now over those then.

    Whole numbers on a common scale, so that shares stay exact.
    """
    months = [str(month) for month in windows.period.months()]
    if working_days is None:
        return np.array([1] * len(months), dtype=np.object_)
    now = [working_days[month] for month in months]
    then = [working_days[month] for month in windows.base_months]
    scale = math.lcm(*(days for days in then if days))
    return np.array(
        [a * scale // b if b else scale for a, b in zip(now, then, strict=True)], dtype=np.object_
    )


def _row(amounts: Integers | Exact, otherwise: Integers) -> Floats:
    positive = np.maximum(amounts, 0)
    return shares_of((positive if positive.any() else otherwise).astype(np.object_))


def _rows(amounts: Integers, otherwise: Floats) -> tuple[Floats, np.ndarray]:
    """Return each row's shares, and which rows have their own; the others take `otherwise`."""
    positive = np.maximum(amounts, 0)
    common = max(int(np.gcd.reduce(positive, axis=None)), 1)
    sums = positive.sum(axis=1)
    own = sums > 0
    shares = (positive // common) / np.where(own, sums // common, 1)[:, None]
    return np.where(own[:, None], shares, otherwise), own
