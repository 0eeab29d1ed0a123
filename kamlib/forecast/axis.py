"""Where periods stand on a line of whole numbers, whatever kind of date a table uses, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.forecast.arrays import Ints

Kind = Literal["number", "month text", "first of month", "last of month", "day"]


@dataclass(frozen=True)
class TimeAxis:
    """Periods of a table as whole numbers.

    Attributes
    ----------
    position : numpy.ndarray of int64, shape (rows,)
        Periods since an origin: numbers as they are, months, or days.
    kind : str
        What the dates are: whole numbers, text ``YYYY-MM``, timestamps that all are the first (or all the
        last) day of a month, or other days.
    step : int
        Positions between two neighbouring periods.
    """

    position: Ints
    kind: Kind
    step: int

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
        return pd.Series(months.astype("datetime64[us]"))


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
        Steps are 1 for numbers and month text; for timestamps the largest step that reaches every row of
        every series from its first one (1 where no series has two rows).

    Raises
    ------
    ParameterError
        If a date is missing or of another kind.
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
    if (days == months.astype("datetime64[D]")).all():
        kind: Kind = "first of month"
        position = months.astype(np.int64)
    elif (days + 1 == (months + 1).astype("datetime64[D]")).all():
        kind = "last of month"
        position = months.astype(np.int64)
    else:
        kind = "day"
        position = days.astype(np.int64)
    first = np.full(series.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, series, position)
    step = int(np.gcd.reduce(position - first[series])) if len(position) else 1
    return TimeAxis(position, kind, max(step, 1))
