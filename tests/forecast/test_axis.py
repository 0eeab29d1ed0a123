from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import ParameterError
from kamlib.forecast.axis import read_axis

ONE = np.zeros(3, dtype=np.intp)


@pytest.mark.parametrize(
    ("ds", "kind", "step", "next_one"),
    [
        ([5, 6, 9], "number", 1, 10),
        (["2025-10", "2025-11", "2025-12"], "month text", 1, "2026-01"),
        (pd.to_datetime(["2025-10-01", "2025-11-01", "2025-12-01"]), "day of month", 1, pd.Timestamp("2026-01-01")),
        (pd.to_datetime(["2024-01-01", "2024-04-01", "2024-10-01"]), "day of month", 3, pd.Timestamp("2025-01-01")),
        (pd.to_datetime(["2023-11-30", "2023-12-31", "2024-01-31"]), "last of month", 1, pd.Timestamp("2024-02-29")),
        (pd.to_datetime(["2025-01-06", "2025-01-13", "2025-01-27"]), "day", 7, pd.Timestamp("2025-02-03")),
        (pd.to_datetime(["2025-10-15", "2025-11-15", "2025-12-15"]), "day of month", 1, pd.Timestamp("2026-01-15")),
        (pd.to_datetime(["1969-11-01", "1969-12-01", "1970-01-01"]), "day of month", 1, pd.Timestamp("1970-02-01")),
    ],
)  # fmt: skip
def test_dates_go_on_in_their_own_kind(ds, kind: str, step: int, next_one: object) -> None:
    axis = read_axis(pd.Series(ds), ONE)
    assert (axis.kind, axis.step) == (kind, step)
    assert axis.write(axis.position).tolist() == list(ds)
    assert axis.write(axis.position[-1:] + axis.step).tolist() == [next_one]


def test_the_step_is_what_reaches_every_row_of_every_series() -> None:
    ds = pd.Series(pd.to_datetime(["2024-01-01", "2024-07-01", "2024-02-01", "2024-06-01"]))
    assert read_axis(ds, np.array([0, 0, 1, 1])).step == 2
    assert read_axis(ds, np.array([0, 1, 2, 3])).step == 1


@pytest.mark.parametrize(
    ("ds", "message"),
    [
        (["2025-01", None, "2025-03"], "1 dates are missing"),
        (["2025-13", "2025-1", "2025-03"], '2 values are no dates, such as "2025-1"'),
        ([1.5, 2.5, 3.5], '3 values are no dates, such as "1.5"'),
        ([202411, 202412, 202501], "look like months"),
        (
            pd.to_datetime(["2025-01-01 10:00", "2025-01-02 00:00", "2025-01-03 00:00"]),
            "1 timestamps are not at midnight",
        ),
        (pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-03"], utc=True), "have a time zone"),
    ],
)
def test_what_is_no_date_is_refused(ds, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        read_axis(pd.Series(ds), ONE)


def months(*odd: str) -> list[pd.Timestamp]:
    """Return the firsts of 24 months, the last ones replaced."""
    dates = pd.date_range("2024-01-01", periods=24, freq="MS").tolist()
    return dates[: len(dates) - len(odd)] + [pd.Timestamp(day) for day in odd]


@pytest.mark.parametrize(
    ("ds", "message"),
    [
        (
            pd.date_range("2024-01-01", periods=24, freq="BME"),
            "28 to 31 days apart, as months do.*2024-03-29",
        ),
        (months("2025-11-01", "2025-12-02"), "as months do, but they are not all.*such as 2025-12-02"),
        (months("2025-12-31"), "such as 2025-12-31: read as days.*Write months as text YYYY-MM"),
        (
            [*pd.date_range("2024-01-01", periods=19, freq="7D"), pd.Timestamp("2024-05-14")],
            "most rows lie 7 days apart, but 2024-05-14 does not: in steps of 1 days, 85% of all periods",
        ),
    ],
)
def test_a_date_that_would_turn_weeks_or_months_into_days_is_refused(ds, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        read_axis(pd.Series(ds), np.zeros(len(ds), dtype=np.intp))


def test_firsts_of_month_of_one_series_beside_lasts_of_another_are_refused() -> None:
    ds = pd.Series(pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-01-31", "2024-02-29"]))
    with pytest.raises(ParameterError, match="such as 2024-01-31"):
        read_axis(ds, np.array([0, 0, 0, 1, 1]))


def test_days_and_weeks_with_gaps_are_read_as_such() -> None:
    days = pd.date_range("2024-01-01", periods=40, freq="D").delete([3, 9, 10, 30])
    assert read_axis(pd.Series(days), np.zeros(len(days), dtype=np.intp)).step == 1
    weeks = pd.date_range("2024-01-01", periods=40, freq="7D").delete(range(5, 30))
    assert read_axis(pd.Series(weeks), np.zeros(len(weeks), dtype=np.intp)).step == 7
    rare = pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03", "2024-03-09", "2024-05-20"]))
    assert read_axis(rare, np.zeros(5, dtype=np.intp)).step == 1
