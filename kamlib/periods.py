"""Fiscal calendar: years, quarters and months, their bounds, parts and neighbours.

A fiscal year is named by the calendar year it ends in. Quarters and years are fiscal; a month keeps its
calendar name (``2013-10`` is October 2013 in every fiscal calendar), so that it can be read without one.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from kamlib.errors import ParameterError

_LABEL = re.compile(r"(?P<year>(?:19|20|21)\d\d)(?:Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, order=True)
class Period:
    """A year, quarter or month of a fiscal calendar.

    Attributes
    ----------
    first : int
        First month, counted as ``12 * calendar_year + (calendar_month - 1)``.
    length : int
        Number of months: 12, 3 or 1 [months].
    fiscal_year_start : int
        Calendar month in which the fiscal year starts, 1..12.

    Examples
    --------
    >>> quarter = parse_period("2026Q1", fiscal_year_start=4)
    >>> quarter.start, quarter.end
    (datetime.date(2025, 4, 1), datetime.date(2025, 7, 1))
    >>> [str(month) for month in quarter.months()]
    ['2025-04', '2025-05', '2025-06']
    >>> str(quarter.year()), str(quarter.last_year()), str(quarter.shift(-1))
    ('2026', '2025Q1', '2025Q4')
    """

    first: int
    length: int
    fiscal_year_start: int = 1

    def __str__(self) -> str:
        if self.length == 1:
            return f"{self.first // 12:04d}-{self.first % 12 + 1:02d}"
        offset = self.first - (self.fiscal_year_start - 1)
        year = offset // 12 + (self.fiscal_year_start > 1)
        return f"{year:04d}" if self.length == 12 else f"{year:04d}Q{offset % 12 // 3 + 1}"

    @property
    def start(self) -> dt.date:
        """First day of the period."""
        return _first_day(self.first)

    @property
    def end(self) -> dt.date:
        """First day after the period."""
        return _first_day(self.first + self.length)

    def months(self) -> list[Period]:
        """Return the months of the period, in order."""
        return self._parts(1)

    def quarters(self) -> list[Period]:
        """Return the quarters of a year, or the quarter itself, or the quarter a month lies in."""
        return self._parts(3) if self.length >= 3 else [self._around(3)]

    def year(self) -> Period:
        """Return the fiscal year the period lies in."""
        return self if self.length == 12 else self._around(12)

    def shift(self, steps: int) -> Period:
        """Return the period `steps` of its own lengths later (earlier when negative)."""
        return Period(self.first + steps * self.length, self.length, self.fiscal_year_start)

    def last_year(self) -> Period:
        """Return the same period one year before."""
        return Period(self.first - 12, self.length, self.fiscal_year_start)

    def window_before(self, quarters: int) -> list[Period]:
        """Return the months of the last `quarters` complete quarters before the period starts."""
        end = Period(self.first, 1, self.fiscal_year_start)._around(3).first
        return [Period(m, 1, self.fiscal_year_start) for m in range(end - 3 * quarters, end)]

    def _parts(self, length: int) -> list[Period]:
        firsts = range(self.first, self.first + self.length, length)
        return [Period(first, length, self.fiscal_year_start) for first in firsts]

    def _around(self, length: int) -> Period:
        offset = (self.first - (self.fiscal_year_start - 1)) % length
        return Period(self.first - offset, length, self.fiscal_year_start)


def parse_period(label: str, *, fiscal_year_start: int = 1) -> Period:
    """Read a period label: ``2026`` (year), ``2026Q1`` (quarter) or ``2026-01`` (calendar month).

    Parameters
    ----------
    label : str
        The label.
    fiscal_year_start : int
        Calendar month in which the fiscal year starts, 1..12.

    Returns
    -------
    Period

    Raises
    ------
    ParameterError
        If the label is none of the three, or `fiscal_year_start` is outside 1..12.

    Examples
    --------
    >>> parse_period("2013Q4").start
    datetime.date(2013, 10, 1)
    """
    if not 1 <= fiscal_year_start <= 12:
        raise ParameterError(f"fiscal_year_start is {fiscal_year_start}; it must be a month from 1 to 12.")
    match = _LABEL.fullmatch(label)
    if match is None:
        raise ParameterError(
            f'"{label}" is not a period. Write a year (2026), a quarter (2026Q1) or a month (2026-01).'
        )
    year = int(match["year"])
    if match["month"]:
        return Period(12 * year + int(match["month"]) - 1, 1, fiscal_year_start)
    first = 12 * (year - (fiscal_year_start > 1)) + fiscal_year_start - 1
    if match["quarter"]:
        return Period(first + 3 * (int(match["quarter"]) - 1), 3, fiscal_year_start)
    return Period(first, 12, fiscal_year_start)


def month_of(day: dt.date, *, fiscal_year_start: int = 1) -> Period:
    """Return the month a day lies in.

    Examples
    --------
    >>> str(month_of(dt.date(2025, 12, 31)))
    '2025-12'
    """
    return Period(12 * day.year + day.month - 1, 1, fiscal_year_start)


def _first_day(month: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, 1)
