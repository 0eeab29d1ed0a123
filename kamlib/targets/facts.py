"""What a split goes by: each account's history, revenue of the base period and potential, in exact ticks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import BookError
from kamlib.measures.money import to_ticks
from kamlib.periods import Period, month_of

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def month_numbers(months: pd.Series) -> Integers:
    """Return months written as 2026-01, counted as `Period.first` is.

    Examples
    --------
    >>> month_numbers(pd.Series(["2026-01", "2026-03"])).tolist() == [2026 * 12, 2026 * 12 + 2]
    True
    """
    since_1970 = months.astype("str").to_numpy(dtype="str").astype("datetime64[M]").astype(np.int64)
    return np.asarray(since_1970 + 12 * 1970, dtype=np.int64)


def exact_money(ticks: int | Fraction) -> Decimal:
    """Return ticks as an amount, to the nearest tick, halves up.

    Examples
    --------
    >>> exact_money(Fraction(25_001, 2))
    Decimal('1.2501')
    """
    return Decimal((2 * Fraction(ticks) + 1) // 2).scaleb(-4)


@dataclass(frozen=True)
class Windows:
    """The months a plan looks back on, all before `as_of`.

    Attributes
    ----------
    period : Period
        The period planned.
    base : Period
        The same period of the latest year in which it was over on `as_of`: normally last year's.
    history : tuple of str
        Months of the history window.
    as_of : datetime.date
        First day not seen.
    """

    period: Period
    base: Period
    history: tuple[str, ...]
    as_of: dt.date

    @property
    def base_months(self) -> tuple[str, ...]:
        """Months of the base period."""
        return tuple(str(month) for month in self.base.months())

    @property
    def first_unseen(self) -> str:
        """The first month of which no day is seen; a month that `as_of` cuts is seen in part."""
        month = month_of(self.as_of)
        return str(month if self.as_of.day == 1 else month.shift(1))

    @property
    def base_is_last_year(self) -> bool:
        """Whether the base period is one year, and not more, before the period."""
        return self.base == self.period.last_year()


def look_back(period: Period, *, as_of: dt.date | None, quarters: int = 4) -> Windows:
    """Return the windows a plan of `period` looks back on.

    Parameters
    ----------
    period : Period
        The period planned.
    as_of : datetime.date or None
        First day not seen; the period's first day by default.
    quarters : int
        Complete quarters of history [quarters].

    Returns
    -------
    Windows

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> windows = look_back(parse_period("2026"), as_of=dt.date(2025, 11, 1))
    >>> str(windows.base), windows.history[0], windows.history[-1]
    ('2024', '2024-10', '2025-09')
    """
    day = as_of or period.start
    base = period.last_year()
    while base.end > day:
        base = base.last_year()
    before = month_of(day, fiscal_year_start=period.fiscal_year_start).window_before(quarters)
    return Windows(period, base, tuple(str(month) for month in before), day)


def unknown_months(cube: pd.DataFrame, months: Sequence[str]) -> int:
    """Count the months that lie before the book's first sale: nothing is known of them, which is not zero.

    An account or a product line may begin later; in a book without any sale no month counts.

    Examples
    --------
    >>> unknown_months(pd.DataFrame({"month": ["2025-03", "2025-04"]}), ["2025-01", "2025-02", "2025-03"])
    2
    """
    return int(sum(month < str(cube["month"].min()) for month in months)) if len(cube) else 0


def base_lack(cube: pd.DataFrame, windows: Windows) -> str | None:
    """Say why no growth can be counted on the same period one year before; None where it can.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per month at least: month, revenue [currency].
    windows : Windows
        The months to look at.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> cube = pd.DataFrame({"month": ["2025-03"], "revenue": [9.0]})
    >>> base_lack(cube, look_back(parse_period("2026Q1"), as_of=None))
    '2025Q1, of which 1 of 3 months is known: the first sale of the book is in 2025-03'
    """
    if not windows.base_is_last_year:
        return f"{windows.period.last_year()}, which is not complete on {windows.as_of}"
    months = windows.base_months
    known = len(months) - unknown_months(cube, months)
    if known < len(months):
        are = "is" if known == 1 else "are"
        return (
            f"{windows.base}, of which {known} of {len(months)} {'month' if len(months) == 1 else 'months'} "
            f"{are} known: the first sale of the book is in {cube['month'].min()}"
        )
    base = int(to_ticks(cube["revenue"])[cube["month"].isin(months).to_numpy()].sum())
    return f"{windows.base}, which is {in_full(exact_money(base))}" if base <= 0 else None


@dataclass(frozen=True)
class AccountFacts:
    """Facts of each account, in the order of `table`; money in ticks [currency / 10,000].

    Attributes
    ----------
    table : pandas.DataFrame
        The accounts, sorted by account_id.
    history, base : numpy.ndarray of int64
        Revenue in the history window and in the base period.
    potential : numpy.ndarray of int64
        Potential a year; 0 where unknown.
    known : numpy.ndarray of bool
        Whether the potential is known.
    sold, recent : numpy.ndarray of bool
        Whether the account ever bought, and whether it did in the history window.
    open : numpy.ndarray of bool
        Whether it is asked for a target: its status is not closed.
    company_base : int
        Revenue of the base period with all accounts and without an account.
    base_whole : bool
        Whether the book knows all months of the base period.
    history_months : int
        Months of the history window that the book knows.
    """

    table: pd.DataFrame
    history: Integers
    base: Integers
    potential: Integers
    known: Flags
    sold: Flags
    recent: Flags
    open: Flags
    company_base: int
    base_whole: bool
    history_months: int


def account_facts(cube: pd.DataFrame, accounts: pd.DataFrame, *, windows: Windows) -> AccountFacts:
    """Gather what a split needs to know of each account.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency]. Months at or after
        `windows.as_of` are not read.
    accounts : pandas.DataFrame
        One row per account.
    windows : Windows
        The months to look at.

    Returns
    -------
    AccountFacts

    Raises
    ------
    BookError
        If a column is missing, an account stands twice, or a sale names an account that is not there.
    """
    _require(cube, "cube", ("account_id", "product_line", "month", "revenue"))
    _require(accounts, "accounts", ("account_id", "region", "account_type", "rep_id", "potential", "status"))
    table = accounts.sort_values("account_id", ignore_index=True)
    ids = pd.Index(table["account_id"])
    if not ids.is_unique:
        twice = ids[ids.duplicated()][0]
        raise BookError(f'accounts.account_id: "{twice}" stands twice. Keep one row per account.')
    seen = cube[cube["month"] < windows.first_unseen]
    codes = ids.get_indexer(seen["account_id"])
    orphan = (codes < 0) & seen["account_id"].notna().to_numpy()
    if orphan.any():
        name = seen["account_id"].to_numpy()[orphan].min()
        raise BookError(
            f'cube.account_id: {int(orphan.sum())} rows name accounts that are not there, first "{name}".'
            " Add them to the table accounts."
        )
    ticks = to_ticks(seen["revenue"])
    in_history = seen["month"].isin(windows.history).to_numpy()
    in_base = seen["month"].isin(windows.base_months).to_numpy()
    known = table["potential"].notna().to_numpy()
    potential = np.zeros(len(table), dtype=np.int64)
    potential[known] = to_ticks(table.loc[known, "potential"])
    return AccountFacts(
        table=table,
        history=sum_by(codes[in_history], ticks[in_history], len(table)),
        base=sum_by(codes[in_base], ticks[in_base], len(table)),
        potential=potential,
        known=known,
        sold=sum_by(codes, np.ones_like(ticks), len(table)) > 0,
        recent=sum_by(codes[in_history], np.ones_like(ticks[in_history]), len(table)) > 0,
        open=(table["status"].astype("object") != "closed").to_numpy(dtype=bool),
        company_base=int(ticks[in_base].sum()),
        base_whole=not unknown_months(cube, windows.base_months),
        history_months=len(windows.history) - unknown_months(cube, windows.history),
    )


def sum_by(codes: npt.NDArray[np.intp], values: Integers, size: int) -> Integers:
    """Sum whole values by code exactly; codes below zero count nowhere.

    Examples
    --------
    >>> sum_by(np.array([0, 2, 0, -1]), np.array([1, 5, 2, 9]), 3).tolist()
    [3, 0, 5]
    """
    total = np.zeros(size, dtype=np.int64)
    inside = codes >= 0
    np.add.at(total, codes[inside], values[inside])
    return total


def in_full(amount: Decimal | int) -> str:
    """Write an amount in full, as messages do.

    Examples
    --------
    >>> in_full(Decimal("1234567.5000")), in_full(Decimal("0.0000"))
    ('1,234,567.5', '0')
    """
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,f}".rstrip("0")


def _require(table: pd.DataFrame, name: str, columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise BookError(f"{name}: no column {', '.join(missing)}. Add it to the table.")
