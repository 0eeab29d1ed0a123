from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.params import STRENGTHS, Layer, build_params, list_params
from kamlib.periods import parse_period
from kamlib.targets.calendar_params import CalendarParams
from kamlib.targets.calendars import DAY_KINDS, compared_days, count_days, period_days, working_days

CHINA = CalendarParams(country="CN")
WEEKDAYS = CalendarParams()

# Notices of the General Office of the State Council of 8 December 2022, 25 October 2023, 12 November 2024 and
# 4 November 2025: weekdays that are off, and Saturdays and Sundays that are worked.
NOTICES = {
    2023: (
        "01-02 01-23 01-24 01-25 01-26 01-27 04-05 05-01 05-02 05-03 06-22 06-23 09-29 10-02 10-03 10-04 10-05 10-06",
        "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
        249,
    ),
    2024: (
        "01-01 02-12 02-13 02-14 02-15 02-16 04-04 04-05 05-01 05-02 05-03 06-10 09-16 09-17 10-01 10-02 10-03 10-04 10-07",
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
        251,
    ),
    2025: (
        "01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 10-01 10-02 10-03 10-06 10-07 10-08",
        "01-26 02-08 04-27 09-28 10-11",
        248,
    ),
    2026: (
        "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 10-01 10-02 10-05 10-06 10-07",
        "01-04 02-14 02-28 05-09 09-20 10-10",
        248,
    ),
}  # fmt: skip


@pytest.mark.parametrize("year", NOTICES)
def test_chinas_years_as_announced(year: int) -> None:
    days = period_days(parse_period(str(year)), params=CHINA)
    off, made_up, count = NOTICES[year]
    weekday = days["date"].map(lambda day: day.weekday() < 5)
    assert [f"{day:%m-%d}" for day in days.loc[weekday & ~days["working"], "date"]] == off.split()
    assert [f"{day:%m-%d}" for day in days.loc[days["day_kind"] == "make_up", "date"]] == made_up.split()
    assert days["working"].sum() == count
    assert set(days["calendar"]) == {"known"}


def test_every_year_since_2001_is_known_and_the_next_one_is_not_guessed() -> None:
    days = working_days(dt.date(2000, 1, 1), dt.date(2027, 1, 1), params=CHINA)
    of_year = days.groupby(days["date"].map(lambda day: day.year))["calendar"].first()
    assert of_year[2000] == "weekdays_only"
    assert set(of_year.loc[2001:]) == {"known"}
    later = period_days(parse_period("2090"), params=CHINA)
    assert set(later["calendar"]) == {"weekdays_only"}
    assert later["working"].tolist() == [day.weekday() < 5 for day in later["date"]]
    assert later["holiday"].isna().all()


def test_a_fiscal_year_spans_two_notices() -> None:
    days = period_days(parse_period("2026", fiscal_year_start=7), params=CHINA)
    assert (days["date"].iloc[0], days["date"].iloc[-1]) == (dt.date(2025, 7, 1), dt.date(2026, 6, 30))
    halves = days.groupby(days["date"].map(lambda day: day.year))["working"].sum()
    assert halves.tolist() == [132 - 6 + 2, 129 - 13 + 4]  # weekdays, less those off, and days made up


def test_without_a_country_and_with_another_one() -> None:
    plain = period_days(parse_period("2026-12"), params=WEEKDAYS)
    assert (plain["working"].sum(), set(plain["calendar"])) == (23, {"none"})
    bavaria = working_days(dt.date(2026, 1, 5), dt.date(2026, 1, 8), params=CalendarParams(country="DE-BY"))
    assert bavaria["working"].tolist() == [True, False, True]  # Epiphany, a holiday in Bavaria
    germany = working_days(dt.date(2026, 1, 5), dt.date(2026, 1, 8), params=CalendarParams(country="DE"))
    assert germany["working"].all()
    emirates = period_days(parse_period("2030"), params=CalendarParams(country="AE"))
    assert set(emirates["calendar"]) == {"estimated"}


def test_names_of_holidays_in_both_languages() -> None:
    english = working_days(dt.date(2026, 10, 1), dt.date(2026, 10, 2), params=CHINA)
    chinese = working_days(dt.date(2026, 10, 1), dt.date(2026, 10, 2), params=CHINA, lang="zh")
    assert (english["holiday"][0], chinese["holiday"][0]) == ("National Day", "国庆节")


def test_the_companys_own_days_outrank_the_calendar() -> None:
    own = CalendarParams(country="CN", holidays=["2026-02-13", "2026-02-14"], workdays=["2026-02-15"])
    days = working_days(dt.date(2026, 2, 13), dt.date(2026, 2, 17), params=own)
    assert days["day_kind"].tolist() == ["company_holiday", "company_holiday", "company_workday", "holiday"]
    assert days["working"].tolist() == [False, False, True, False]


def test_counts_by_month() -> None:
    counts = count_days(period_days(parse_period("2025Q4"), params=CHINA))
    assert counts.to_dict("list") == {
        "month": ["2025-10", "2025-11", "2025-12"],
        "calendar_days": [31, 30, 31],
        "working_days": [18, 20, 23],
        "holidays_on_weekdays": [6, 0, 0],
        "make_up_days": [1, 0, 0],
        "calendar": ["known"] * 3,
    }


@settings(max_examples=30, deadline=None)
@given(st.dates(dt.date(2001, 1, 1), dt.date(2030, 1, 1)), st.integers(1, 90), st.integers(1, 90))
def test_a_range_is_its_two_parts(start: dt.date, first: int, second: int) -> None:
    middle, end = start + dt.timedelta(days=first), start + dt.timedelta(days=first + second)
    whole = working_days(start, end, params=CHINA)
    parts = [working_days(start, middle, params=CHINA), working_days(middle, end, params=CHINA)]
    assert whole["working"].tolist() == [*parts[0]["working"], *parts[1]["working"]]
    assert set(whole["day_kind"]) <= set(DAY_KINDS)
    counts = count_days(whole)
    assert counts["working_days"].sum() == whole["working"].sum()
    weekdays = sum(day.weekday() < 5 for day in whole["date"])
    swapped = counts["make_up_days"].sum() - counts["holidays_on_weekdays"].sum()
    assert counts["working_days"].sum() == weekdays + swapped


def test_days_are_compared_only_where_both_years_are_known() -> None:
    spring = compared_days(parse_period("2025Q1"), parse_period("2026Q1"), params=CHINA)
    assert spring == {
        "2025-01": 19, "2025-02": 19, "2025-03": 21, "2026-01": 21, "2026-02": 16, "2026-03": 22,
    }  # fmt: skip
    years = parse_period("2026Q1"), parse_period("2027Q1")
    assert compared_days(*years, params=CHINA) is None  # 2027 is not announced
    assert compared_days(*years, params=CalendarParams()) is None
    assert compared_days(*years, params=CalendarParams(country="DE")) is not None
    off = CalendarParams(country="CN", months_by_days=False)
    assert compared_days(parse_period("2025Q1"), parse_period("2026Q1"), params=off) is None


@pytest.mark.parametrize("country", ["HU", "KR", "RU", "SA", "TW", "TWN"])
def test_where_days_come_by_notice_no_year_counts_as_known(country: str) -> None:
    params = CalendarParams(country=country)
    days = working_days(dt.date(2024, 1, 1), dt.date(2028, 1, 1), params=params)
    assert set(days["calendar"]) == {"estimated"}
    for year in (2025, 2026):
        both = parse_period(f"{year}Q1"), parse_period(f"{year + 1}Q1")
        assert compared_days(*both, params=params) is None


def test_days_are_not_compared_where_some_hang_on_the_moon() -> None:
    emirates = CalendarParams(country="AE")
    assert compared_days(parse_period("2029Q1"), parse_period("2030Q1"), params=emirates) is None


def test_hong_kong_rests_on_saturday_and_sunday() -> None:
    days = working_days(dt.date(2026, 1, 1), dt.date(2026, 2, 1), params=CalendarParams(country="HK"))
    saturdays = days["date"].map(lambda day: day.weekday() == 5)
    assert set(days.loc[saturdays, "day_kind"]) == {"weekend"}
    assert days["working"].sum() == 21  # 22 weekdays less New Year's Day
    assert set(days["calendar"]) == {"known"}


def test_every_default_has_its_source() -> None:
    rows = list(list_params(CalendarParams()))
    assert {row.name for row in rows} == {"country", "holidays", "workdays", "months_by_days"}
    assert all(row.source and row.strength in STRENGTHS and row.meaning_zh for row in rows)


@pytest.mark.parametrize(
    ("country", "message"),
    [
        ("cn", 'calendar.country: no calendar of "cn" is known. Did you mean "CN"?'),
        ("?", 'calendar.country: no calendar of "?" is known. Write a code such as CN, US or DE-BY, or null.'),
        ("CN-SH", 'calendar.country: CN has no part "SH". Parts known: none.'),
    ],
)  # fmt: skip
def test_unknown_calendars_are_refused(country: str, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        period_days(parse_period("2026"), params=CalendarParams(country=country))
    assert str(caught.value) == message


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(
        ParameterError, match="ends on 2026-01-01, not after its start 2026-01-01. Swap the two."
    ):
        working_days(dt.date(2026, 1, 1), dt.date(2026, 1, 1), params=WEEKDAYS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"holidays": ["2026-13-01"]}, 'file: holidays is [\'2026-13-01\']: "2026-13-01" is not a day; write days as 2026-01-31.'),
        ({"workdays": ["20260101"]}, 'file: workdays is [\'20260101\']: "20260101" is not a day; write days as 2026-01-31.'),
        ({"holidays": ["2026-01-01"], "workdays": ["2026-01-01"]}, "file: 2026-01-01 stands in holidays and in workdays; keep one of the two."),
    ],
)  # fmt: skip
def test_wrong_days_are_refused(values: dict, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        build_params(CalendarParams, [Layer("file", values)])
    assert str(caught.value) == message
