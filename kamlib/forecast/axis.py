"""Where periods stand on a line of whole numbers, whatever kind of date a table uses, and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.forecast.arrays import Ints

Kind = Literal["number", "month text", "day of month", "last of month", "day"]

_MONTH = (28, 31)  # days between the same day of two neighbouring months, least and most
_HALF = 0.5  # share of periods that must have a row: an axis that is mostly empty is another one, misread


@dataclass(frozen=True)
class TimeAxis:
    """Periods of a table as whole numbers.

    Attributes
    ----------
    position : numpy.ndarray of int64, shape (rows,)
        Periods since an origin: numbers as they are, months, or days.
    kind : str
        What the dates are: whole numbers, text ``YYYY-MM``, timestamps that all are the same (or all the
        last) day of a month, or other days.
    step : int
        Positions between two neighbouring periods.
    day : int
        Day of the month, where all are the same.
    """

    position: Ints
    kind: Kind
    step: int
    day: int = 1

    def write(self, position: Ints) -> pd.Series:
        """Return positions in the kind the table used."""
        if self.kind == "number":
            return pd.Series(position)
        if self.kind == "day":
            return pd.Series(position.astype("datetime64[D]").astype("datetime64[us]"))
        months = position.astype("datetime64[M]")
        if self.kind == "month text":
            return pd.Series(np.datetime_as_string(months, unit="M"), dtype="str")
        if self.kind == "last of month":
            months = months + 1
            return pd.Series((months.astype("datetime64[D]") - 1).astype("datetime64[us]"))
        return pd.Series((months.astype("datetime64[D]") + (self.day - 1)).astype("datetime64[us]"))


def read_axis(ds: pd.Series, series: Ints) -> TimeAxis:
    """Read the dates of a long table.

    Parameters
    ----------
    ds : pandas.Series, shape (rows,)
        Whole numbers, text ``YYYY-MM``, or timestamps at midnight.
    series : numpy.ndarray of int64, shape (rows,)
        Which series each row belongs to.

    Returns
    -------
    TimeAxis
        Steps are 1 for numbers and month text, which say themselves what a period is; for timestamps the
        largest step that reaches every row of every series from its first one (1 where no series has two
        rows).

    Raises
    ------
    ParameterError
        If a date is missing or of another kind; if days are mostly further apart than that step, and more
        than half of the periods would be empty: a single odd date would turn weeks or months into days.
    """
    if ds.isna().any():
        raise ParameterError(
            f"history.ds: {int(ds.isna().sum())} dates are missing. Fill or remove these rows."
        )
    if pd.api.types.is_integer_dtype(ds.dtype):
        number = ds.to_numpy(dtype=np.int64)
        if len(number) and (number // 100 >= 1900).all() and (number // 100 < 2100).all():
            raise ParameterError(
                f"history.ds: whole numbers such as {number.min()} look like months; December and January "
                "would lie 89 periods apart. Write months as text YYYY-MM."
            )
        return TimeAxis(number, "number", 1)
    if pd.api.types.is_datetime64_any_dtype(ds.dtype):
        return _read_timestamps(ds, series)
    text = ds.astype("str")
    wrong = text[~text.str.fullmatch(r"\d{4}-(0[1-9]|1[0-2])")]
    if len(wrong):
        raise ParameterError(
            f'history.ds: {len(wrong)} values are no dates, such as "{min(wrong)}". '
            "Use months as text YYYY-MM, timestamps, or whole numbers."
        )
    months = text.to_numpy(dtype="str").astype("datetime64[M]").astype(np.int64)
    return TimeAxis(months, "month text", 1)


def _read_timestamps(ds: pd.Series, series: Ints) -> TimeAxis:
    if getattr(ds.dtype, "tz", None) is not None:
        raise ParameterError("history.ds: timestamps have a time zone. Convert them to plain dates first.")
    stamps = ds.to_numpy(dtype="datetime64[us]")
    days = stamps.astype("datetime64[D]")
    if (days != stamps).any():
        raise ParameterError(
            f"history.ds: {int((days != stamps).sum())} timestamps are not at midnight, such as "
            f"{stamps[days != stamps].min()}. Sum to days or months first."
        )
    months = days.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
    last = days + 1 == (months + 1).astype("datetime64[D]")
    if last.all():
        axis = TimeAxis(months.astype(np.int64), "last of month", 1)
    elif (of_month == of_month[0]).all():
        axis = TimeAxis(months.astype(np.int64), "day of month", 1, int(of_month[0]))
    else:
        axis = TimeAxis(days.astype(np.int64), "day", 1)
    first = np.full(series.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, series, axis.position)
    step = int(np.gcd.reduce(axis.position - first[series])) if len(days) else 1
    axis = replace(axis, step=max(step, 1))
    if axis.kind == "day":
        _check_days(axis, series, np.where(last.mean() > _HALF, np.where(last, 0, 1), of_month))
    return axis


def _check_days(axis: TimeAxis, series: Ints, of_month: Ints) -> None:
    """Refuse days most of which are further apart than one step, so that most periods would be empty.

    `of_month` is the day of the month, or, where most are the last one, whether it is not.
    """
    order = np.lexsort([axis.position, series])
    position, apart = axis.position[order], np.diff(axis.position[order])
    inside = np.diff(series[order]) == 0
    apart = np.where(inside, apart, 0)
    distances, count = np.unique(apart[apart > 0], return_counts=True)
    if not len(distances):
        return
    usual = int(distances[count.argmax()])
    periods = apart.sum() // axis.step + len(np.unique(series))
    if usual <= axis.step or len(position) > _HALF * periods:
        return
    if _MONTH[0] <= usual <= _MONTH[1]:
        days, number = np.unique(of_month, return_counts=True)
        odd = axis.position[of_month != days[number.argmax()]].min()
        raise ParameterError(
            "history.ds: most rows lie 28 to 31 days apart, as months do, but they are not all on the same "
            f"or the last day of the month, such as {_day(odd)}: read as days, nearly all would be gaps. "
            "Write months as text YYYY-MM."
        )
    odd = position[1:][inside & (apart % usual > 0)].min()
    raise ParameterError(
        f"history.ds: most rows lie {usual} days apart, but {_day(odd)} does not: in steps of {axis.step} "
        f"days, {1 - len(position) / periods:.0%} of all periods would be gaps. Correct that date; if all "
        "are right, give every period between a row of its own, y null for a gap."
    )


def _day(position: int) -> str:
    return str(np.int64(position).astype("datetime64[D]"))
