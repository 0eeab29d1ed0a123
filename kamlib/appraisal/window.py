"""The time an appraisal judges: a period, or the fiscal year up to its end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from kamlib.periods import Period


@dataclass(frozen=True)
class Window:
    """Whole months that are judged together.

    Attributes
    ----------
    first, last : Period
        First and last month.
    """

    first: Period
    last: Period

    @property
    def months(self) -> tuple[str, ...]:
        """Labels of the months, in order."""
        return tuple(str(self.first.shift(k)) for k in range(self.length))

    @property
    def length(self) -> int:
        """Number of months [months]."""
        return self.last.first - self.first.first + 1

    @property
    def start(self) -> dt.date:
        """First day."""
        return self.first.start

    @property
    def end(self) -> dt.date:
        """First day after."""
        return self.last.end

    def last_year(self) -> Window:
        """Return the same months one year before."""
        return Window(self.first.shift(-12), self.last.shift(-12))

    def before(self) -> Window:
        """Return as many months right before."""
        return Window(self.first.shift(-self.length), self.last.shift(-self.length))

    def trailing_year(self) -> Window:
        """Return the twelve months that end with this window."""
        return Window(self.last.shift(-11), self.last)


def judged_window(period: Period, *, to_date: bool = False) -> Window:
    """Return the months that an appraisal of a period judges.

    Parameters
    ----------
    period : Period
        Year, quarter or month.
    to_date : bool
        Judge the fiscal year from its first month to the period's last.

    Returns
    -------
    Window

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> judged_window(parse_period("2025Q4")).months
    ('2025-10', '2025-11', '2025-12')
    >>> judged_window(parse_period("2025Q2"), to_date=True).length
    6
    """
    begins = period.year() if to_date else period
    return Window(begins.months()[0], period.months()[-1])
