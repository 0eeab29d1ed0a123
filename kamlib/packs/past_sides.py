"""To which side past forecasts of the planned months went wrong."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.forecast import ForecastParams
from kamlib.forecast.sales_history import month_number
from kamlib.glossary import Words
from kamlib.measures.money import as_float
from kamlib.runs import Run

_SIDED = 0.8  # of the past dates to one side
_DATES = 4  # fewer dates fall to one side by chance
SAME_SIDE = 0.47  # of retail sums after one-sided errors whose forecast went to that side again (tests/bench)


@dataclass(frozen=True)
class PastSide:
    """Past forecasts of the planned months, as far ahead as now, most of which went wrong to one side.

    Attributes
    ----------
    high : bool
        Whether they were too high.
    times, dates : int
        Dates at which they went to that side, and all dates.
    mean : float
        Error on average over all dates; above zero is too high [share of what came].
    first, last : str
        First and last month forecast first.
    nearest, furthest : int
        Months ahead that are summed.
    least, most, known : int
        Months of history that the past forecasts stood on at least and at most, and today's does.
    """

    high: bool
    times: int
    dates: int
    mean: float
    first: str
    last: str
    nearest: int
    furthest: int
    least: int
    most: int
    known: int

    def ahead(self, words: Words) -> str:
        """Say how many months ahead they looked."""
        return months_ahead(self.nearest, self.furthest, words)

    def said(self, words: Words) -> str:
        """Say to which side they went wrong, when, and that this does not tell where today's goes."""
        same = self.least == self.most == self.known
        key = f"planning.one_sided_{'same' if same else 'known'}"
        known = words(key, least=self.least, most=self.most, known=self.known)
        return words(
            f"planning.one_sided_{'high' if self.high else 'low'}",
            ahead=self.ahead(words), dates=self.dates, times=self.times, mean=words.percent(abs(self.mean)),
            first=self.first, last=self.last, known=known,
            overlap=words("planning.one_sided_overlap") if self.overlap else "",
            same=words.chance(SAME_SIDE),
        )  # fmt: skip

    @property
    def overlap(self) -> bool:
        """Whether dates follow on each other before the months they look at are over."""
        between = (_number(self.last) - _number(self.first)) / max(self.dates - 1, 1)
        return between < self.furthest - self.nearest + 1


def months_ahead(nearest: int, furthest: int, words: Words) -> str:
    """Say how many months ahead a forecast looks."""
    key = "planning.ahead_one" if nearest == furthest else "planning.ahead"
    return words(key, nearest=nearest, furthest=furthest)


def dates_of(origins: pd.Series) -> dict[str, object]:
    """Return at how many dates past forecasts were made, and from when to when.

    Parameters
    ----------
    origins : pandas.Series
        First month that each looked at, as text; repeats count once.
    """
    return {"dates": int(origins.nunique()), "first": origins.min(), "last": origins.max()}


def past_side(run: Run) -> PastSide | None:
    """Return to which side most past forecasts of the planned months went wrong; None where to both.

    Summed are the same months ahead as the period's are now, over accounts that had begun by then, beside
    what these brought.

    Parameters
    ----------
    run : Run
        The run; chapter 2 has saved ``forecast_errors``.
    """
    errors, cube = run.load("forecast_errors"), run.load("cube")
    today = month_number(run.as_of)
    ahead = [_number(str(month)) - today + 1 for month in run.period.months()]
    ahead = [months for months in ahead if months >= 1]
    if not ahead or errors.empty or errors["horizon"].max() < ahead[-1]:
        return None
    off = _off(errors[errors["horizon"].isin(ahead) & errors["error"].notna()], cube)
    high = one_sided(off)
    if high is None:
        return None
    first, last = str(off.index[0]), str(off.index[-1])
    begun, window = _number(cube["month"].min()), run.params(ForecastParams).history_months
    least, most, known = (min(window, month - begun) for month in (_number(first), _number(last), today))
    times = int((off > 0).sum() if high else (off < 0).sum())
    return PastSide(
        high, times, len(off), float(off.mean()), first, last, ahead[0], ahead[-1], least, most, known
    )


def one_sided(off: pd.Series) -> bool | None:
    """Say whether past errors, one a date, were too high or else too low; None where they were both.

    To one side are four dates in five, of four at least.

    Examples
    --------
    >>> one_sided(pd.Series([5.0, 2, -1, 4, 3])), one_sided(pd.Series([5.0, -2, -1, 4])) is None
    (True, True)
    """
    above, below = int((off > 0).sum()), int((off < 0).sum())
    if len(off) < _DATES or max(above, below) < _SIDED * len(off):
        return None
    return above > below


def _off(errors: pd.DataFrame, cube: pd.DataFrame) -> pd.Series:
    """Return by which share of what came the summed forecasts of each date were off, in order of date."""
    found, numbers = {}, cube["month"].map(_number)
    for origin, rows in errors.groupby("origin", sort=True):
        months = _number(str(origin)) - 1 + rows["horizon"].unique()
        begun = rows[["account_id", "product_line"]].drop_duplicates()
        sold = cube[numbers.isin(months)].merge(begun, on=["account_id", "product_line"])
        came = as_float(sold["revenue"]).sum()
        found[origin] = as_float(rows["error"]).sum() / came if came > 0 else np.nan
    return pd.Series(found, dtype="float64").dropna()


def _number(month: str) -> int:
    return month_number(dt.date.fromisoformat(f"{month}-01"))
