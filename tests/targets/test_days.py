from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import BookError, ParameterError
from kamlib.periods import parse_period
from kamlib.targets.calendar_params import CalendarParams
from kamlib.targets.calendars import period_days, working_days
from kamlib.targets.days import month_rhythm, split_days, sum_weeks, week_of

CHINA = CalendarParams(country="CN")
QUARTER = period_days(parse_period("2026Q1"), params=CHINA)
MONTHS = ["2026-01", "2026-02", "2026-03"]


def ask(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["rep_id", "month", "target"])


def sell(days: pd.DataFrame, amount: object) -> pd.DataFrame:
    """One line of sales on each working day; `amount` says how much by its place in the month."""
    worked = days[days["working"]].copy()
    worked["place"] = worked.groupby("month").cumcount()
    worked["size"] = worked.groupby("month")["place"].transform("size")
    worked["revenue"] = [float(amount(p, n)) for p, n in zip(worked["place"], worked["size"], strict=True)]
    return worked[["date", "revenue"]]


def test_a_month_falls_on_its_working_days_alike() -> None:
    # February 2026: 16 working days, Saturday 14 and 28 among them, 15 to 23 off
    split = split_days(ask([("R1", "2026-02", 1600)]), QUARTER, unit=100)
    assert len(split) == 28
    assert (split.loc[split["working"], "target"] == 100).all()
    assert (split.loc[~split["working"], "target"] == 0).all()
    made_up = split[split["date"].isin([dt.date(2026, 2, 14), dt.date(2026, 2, 28)])]
    assert made_up["target"].tolist() == [100, 100]
    assert set(split["day_rule"]) == {"working_days"}


def test_odd_units_of_many_reps_do_not_pile_up_on_the_first_days() -> None:
    split = split_days(ask([(f"R{n}", "2026-01", 10) for n in range(21)]), QUARTER, unit=10)
    daily = split[split["working"]].groupby("date")["target"].sum()
    assert len(daily) == 21
    assert set(daily) == {10}


def test_weeks_are_cut_at_the_ends_of_months() -> None:
    split = split_days(ask([("R1", "2026-01", 2100), ("R1", "2026-02", 1600)]), QUARTER, unit=100)
    weeks = sum_weeks(split)
    # Thursday 1 January is of week 1; January ends on a Saturday, so Sunday 1 February is the end of week 5
    assert weeks["week"].tolist() == [
        *(f"2026-W{n:02d}" for n in range(1, 6)),
        *(f"2026-W{n:02d}" for n in range(5, 10)),
    ]
    assert weeks["working_days"].tolist() == [1, 5, 5, 5, 5, 0, 5, 6, 0, 5]
    assert weeks["target"].tolist() == [100, 500, 500, 500, 500, 0, 500, 600, 0, 500]
    assert (weeks["starts"][5], weeks["ends"][5]) == (dt.date(2026, 2, 1), dt.date(2026, 2, 1))


@pytest.mark.parametrize(
    ("day", "week"),
    [("2025-12-29", "2026-W01"), ("2026-12-31", "2026-W53"), ("2027-01-03", "2026-W53"), ("2024-12-30", "2025-W01")],
)  # fmt: skip
def test_iso_weeks(day: str, week: str) -> None:
    assert week_of(dt.date.fromisoformat(day)) == week


def test_a_month_without_a_working_day_falls_on_its_weekdays() -> None:
    off = CalendarParams(holidays=[f"2026-02-{n:02d}" for n in range(1, 29)])
    days = period_days(parse_period("2026Q1"), params=off)
    split = split_days(ask([("R1", "2026-02", 2000), ("R1", "2026-03", 2200)]), days, unit=100)
    february = split[split["month"] == "2026-02"]
    assert set(february["day_rule"]) == {"weekdays"}
    assert february["target"].tolist() == [100 * (day.weekday() < 5) for day in february["date"]]
    assert set(split.loc[split["month"] == "2026-03", "day_rule"]) == {"working_days"}


def test_accounts_without_a_rep_come_last() -> None:
    split = split_days(ask([(None, "2026-01", 10), ("R2", "2026-01", 0)]), QUARTER, unit=10)
    assert split["rep_id"].isna().tolist() == [False] * 31 + [True] * 31
    assert split.loc[split["rep_id"].isna(), "target"].sum() == 10
    assert sum_weeks(split)["rep_id"].isna().tolist() == [False] * 5 + [True] * 5


def months_of(table: pd.DataFrame) -> dict:
    sums = table.fillna({"rep_id": "none"}).groupby(["rep_id", "month"])["target"].sum()
    return sums[sums > 0].to_dict()


REPS = st.lists(
    st.tuples(st.sampled_from(["R1", "R2", "R3", None]), st.sampled_from(MONTHS), st.integers(0, 400)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(REPS, st.sampled_from([1, 50, 1000]), st.sampled_from(["even", "push"]), st.randoms())
def test_days_and_weeks_add_up_to_every_month_of_every_rep(
    rows: list[tuple], unit: int, shape: str, random: object
) -> None:
    asked = ask([(rep, month, units * unit) for rep, month, units in rows])
    pace = [0.5, 0.5, 1.0, 1.0, 2.0]
    rhythm = pd.DataFrame({"pace": pace, "rhythm_holds": True}) if shape == "push" else None
    split = split_days(asked, QUARTER, unit=unit, rhythm=rhythm)
    for table in (split, sum_weeks(split)):
        assert months_of(table) == months_of(asked)
    assert (split.loc[~split["working"], "target"] == 0).all()
    assert (split["target"] % unit == 0).all()
    assert (split["target"] >= 0).all()
    by_day = split.groupby("date")["target"].sum()
    for month, part in QUARTER.groupby("month"):
        total = int(asked.loc[asked["month"] == month, "target"].sum())
        if shape == "even" and total:
            exact = total / part["working"].sum()
            assert (by_day[part.loc[part["working"], "date"]] - exact).abs().max() <= 2 * unit
    order = list(range(len(asked)))
    random.shuffle(order)
    again = split_days(asked.iloc[order], QUARTER.iloc[::-1], unit=unit, rhythm=rhythm)
    pd.testing.assert_frame_equal(again, split)


YEARS = working_days(dt.date(2024, 1, 1), dt.date(2026, 1, 1), params=CHINA)
AS_OF = dt.date(2026, 1, 1)


def test_a_push_at_the_months_end_is_found_and_followed() -> None:
    sold = sell(YEARS, lambda place, size: 6 if 5 * place // size == 4 else 1)
    rhythm = month_rhythm(sold, YEARS, as_of=AS_OF)
    assert rhythm["fifth"].tolist() == [1, 2, 3, 4, 5]
    assert (rhythm["rhythm_months"] == 24).all()
    assert rhythm["rhythm_holds"].all()
    assert rhythm["pace"].is_monotonic_increasing
    # twenty days, four a fifth: paces of 1 : 6, in tenths of 4 x (1 + 1 + 1 + 1 + 6) = 40 parts
    even = working_days(dt.date(2025, 11, 1), dt.date(2025, 12, 1), params=CHINA)
    one = month_rhythm(sell(even, lambda place, _: 6 if place >= 16 else 1), even, as_of=AS_OF)
    assert one["pace"].tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5, 3.0])
    held = one.assign(rhythm_holds=True)
    split = split_days(ask([("R1", "2025-11", 40)]), even, unit=1, rhythm=held)
    assert split.loc[split["working"], "target"].tolist() == [1] * 16 + [6] * 4
    assert set(split["day_rule"]) == {"rhythm"}


def test_even_or_short_history_shows_no_rhythm() -> None:
    even = month_rhythm(sell(YEARS, lambda *_: 1), YEARS, as_of=AS_OF)
    assert even["pace"].tolist() == pytest.approx([1.0] * 5)
    assert (even["probability"].tolist(), even["rhythm_holds"].any()) == ([1.0] * 5, False)
    pushed = sell(YEARS, lambda place, size: 9 if 5 * place // size == 4 else 1)
    short = month_rhythm(pushed, YEARS, as_of=dt.date(2024, 12, 31))
    assert (short["rhythm_months"] == 11).all()
    assert not short["rhythm_holds"].any()
    assert short["probability"].isna().all()
    split = split_days(ask([("R1", "2026-02", 160)]), QUARTER, unit=10, rhythm=short)
    assert set(split["day_rule"]) == {"working_days"}
    none = month_rhythm(pushed.iloc[:0], YEARS, as_of=AS_OF)
    assert (none["rhythm_months"].tolist(), none["pace"].tolist()) == ([0] * 5, [1.0] * 5)


def test_noise_is_seldom_taken_for_a_rhythm() -> None:
    rng = np.random.default_rng(7)
    found = [
        month_rhythm(sell(YEARS, lambda *_: rng.exponential()), YEARS, as_of=AS_OF)["rhythm_holds"][0]
        for _ in range(40)
    ]
    assert sum(found) <= 6  # 5 % of 40 is 2; more than 6 has a probability of 0.3 %


def test_sales_on_days_off_count_on_the_working_day_before() -> None:
    november = working_days(dt.date(2025, 11, 1), dt.date(2025, 12, 1), params=CHINA)
    sold = pd.DataFrame({"date": [dt.date(2025, 11, 1), dt.date(2025, 11, 30)], "revenue": [1.0, 3.0]})
    assert month_rhythm(sold, november, as_of=AS_OF)["pace"].tolist() == [1.25, 0.0, 0.0, 0.0, 3.75]


def test_what_is_not_in_whole_units_is_refused() -> None:
    with pytest.raises(ParameterError) as caught:
        split_days(ask([("R1", "2026-01", 105), ("R2", "2026-01", -10)]), QUARTER, unit=10)
    assert str(caught.value) == (
        "targets.target: 2 month targets of reps are below zero or no multiple of the rounding unit 10, first"
        " 105 of R1 in 2026-01. Give targets in whole units."
    )
    with pytest.raises(
        ParameterError, match="the rounding unit is 0; it must be a whole number of 1 or more"
    ):
        split_days(ask([("R1", "2026-01", 100)]), QUARTER, unit=0)


def test_a_calendar_with_holes_is_refused() -> None:
    with pytest.raises(
        BookError, match="days: 2 days of 2026-01 are missing. Give the days of whole months."
    ):
        split_days(ask([("R1", "2026-01", 100)]), QUARTER.iloc[2:], unit=10)
