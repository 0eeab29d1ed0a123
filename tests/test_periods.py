"""The fiscal calendar at its edges, and its laws."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.periods import month_of, parse_period

STARTS = st.integers(1, 12)
LABELS = st.builds(
    lambda year, part: f"{year}{part}",
    st.integers(1990, 2100),
    st.sampled_from(["", "Q1", "Q2", "Q3", "Q4", "-01", "-06", "-12"]),
)


@pytest.mark.parametrize(
    ("label", "start_month", "first", "end"),
    [
        ("2026", 1, "2026-01-01", "2027-01-01"),
        ("2026", 4, "2025-04-01", "2026-04-01"),
        ("2026Q1", 1, "2026-01-01", "2026-04-01"),
        ("2026Q4", 10, "2026-07-01", "2026-10-01"),
        ("2013-10", 4, "2013-10-01", "2013-11-01"),
    ],
)
def test_bounds(label: str, start_month: int, first: str, end: str) -> None:
    period = parse_period(label, fiscal_year_start=start_month)
    assert (period.start.isoformat(), period.end.isoformat()) == (first, end)


@given(LABELS, STARTS)
def test_a_label_reads_back(label: str, start: int) -> None:
    assert str(parse_period(label, fiscal_year_start=start)) == label


@given(LABELS, STARTS)
def test_parts_tile_the_whole(label: str, start: int) -> None:
    period = parse_period(label, fiscal_year_start=start)
    months = period.months()
    assert months[0].start == period.start
    assert months[-1].end == period.end
    assert all(a.end == b.start for a, b in itertools.pairwise(months))
    assert period.year().start <= period.start < period.end <= period.year().end


@given(LABELS, STARTS, st.integers(-20, 20))
def test_shift_and_back(label: str, start: int, steps: int) -> None:
    period = parse_period(label, fiscal_year_start=start)
    assert period.shift(steps).shift(-steps) == period
    assert period.last_year().months()[0].shift(12) == period.months()[0]


def test_window_before_is_whole_quarters() -> None:
    months = parse_period("2026-02").window_before(4)
    assert (str(months[0]), str(months[-1]), len(months)) == ("2025-01", "2025-12", 12)


def test_quarters() -> None:
    assert [str(q) for q in parse_period("2026", fiscal_year_start=4).quarters()] == [
        "2026Q1",
        "2026Q2",
        "2026Q3",
        "2026Q4",
    ]
    assert [str(q) for q in parse_period("2026-05").quarters()] == ["2026Q2"]
    assert str(month_of(dt.date(2025, 12, 31))) == "2025-12"


@pytest.mark.parametrize("label", ["26Q1", "2026Q5", "2026-13", "2026 Q1", "", "0000", "2026-1"])
def test_wrong_labels(label: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse_period(label)
    assert (
        str(caught.value)
        == f'"{label}" is not a period. Write a year (2026), a quarter (2026Q1) or a month (2026-01).'
    )


def test_wrong_fiscal_year_start() -> None:
    with pytest.raises(ParameterError, match="fiscal_year_start is 13; it must be a month from 1 to 12"):
        parse_period("2026", fiscal_year_start=13)
