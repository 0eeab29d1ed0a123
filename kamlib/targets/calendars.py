"""Working days: weekends, public holidays, China's make-up working days, a company's own days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError, did_you_mean
from kamlib.periods import Period
from kamlib.targets.calendar_params import CalendarParams

if TYPE_CHECKING:
    from holidays import HolidayBase

DAY_KINDS = ("workday", "weekend", "holiday", "make_up", "company_holiday", "company_workday")
"""What a day can be; workday, make_up and company_workday are worked."""

CALENDARS = ("known", "estimated", "weekdays_only", "none")
"""What is known of a year: every day; not every day; not announced, so weekdays only; no country."""

_WORKED = ("workday", "make_up", "company_workday")
# China's government has named make-up working days for every year since 2001, so a year without any has not
# been announced, or is not yet in the library's table.
_ANNOUNCED = ("CN",)
# Governments that move working days or add days off by a notice each year, too, but not so that a year which
# is announced can be told from one that is not; nor are all of their notices in the library's table.
_BY_NOTICE = (
    "AM", "AR", "AZ", "BY", "HU", "ID", "KG", "KR", "KZ", "LV",
    "MM", "PH", "RU", "SA", "TH", "TW", "UA", "UZ", "VN",
)  # fmt: skip
_WEEKENDS = {"HK": {5, 6}}  # where the library counts Saturday as worked but offices are closed; Monday is 0
_LANGUAGES = {"en": "en_US", "zh": "zh_CN"}


def working_days(start: dt.date, end: dt.date, *, params: CalendarParams, lang: str = "en") -> pd.DataFrame:
    """Say of every day whether it is worked.

    Weekend and public holidays are those of `params.country`; a day off that a make-up working day pays for
    (China's 调休) is a holiday, and the make-up day is worked though it is a Saturday or Sunday. Where the
    government sets a year's days by notice and that year's is not known, the year counts Monday to Friday and
    is marked `weekdays_only`: nothing is guessed. A year is `estimated` where some of its holidays hang on
    the moon and are not confirmed, and always where the government sets days by notice and it cannot be told
    whether all of them are known (such as KR, RU, TW). The company's own days off and working days outrank
    the calendar.

    Parameters
    ----------
    start, end : datetime.date
        First day, and first day after the range.
    params : CalendarParams
        Country and the company's own days.
    lang : str
        Language of the holidays' names, ``"en"`` or ``"zh"``, where the library has it.

    Returns
    -------
    pandas.DataFrame
        One row per day, in order: date, month, working (flag), day_kind (one of `DAY_KINDS`), holiday (its
        name, null on other days) and calendar (of the day's year, one of `CALENDARS`).

    Raises
    ------
    ParameterError
        If `end` is not after `start`, or no such country or part of it is known.

    References
    ----------
    General Office of the State Council, notices on the arrangement of public holidays, of each year since
    2001; as read by the library ``holidays`` (MIT), which cites each of them.

    Examples
    --------
    >>> spring = working_days(dt.date(2026, 2, 13), dt.date(2026, 2, 17), params=CalendarParams(country="CN"))
    >>> spring[["date", "working", "day_kind"]]
             date  working day_kind
    0  2026-02-13     True  workday
    1  2026-02-14     True  make_up
    2  2026-02-15    False  weekend
    3  2026-02-16    False  holiday
    """
    if end <= start:
        raise ParameterError(f"the range of days ends on {end}, not after its start {start}. Swap the two.")
    days = [start + dt.timedelta(days=n) for n in range((end - start).days)]
    # A notice may make a day before its own year a working day, so the year after is read too.
    public = _public(params.country, range(start.year, end.year + 2), lang)
    known = {year: _knowledge(public, year) for year in range(start.year, end.year + 1)}
    rows = [_day(day, public, known[day.year], params) for day in days]
    table = pd.DataFrame(rows, columns=["day_kind", "holiday"])
    table.insert(0, "date", days)
    table.insert(1, "month", [f"{day:%Y-%m}" for day in days])
    table.insert(2, "working", table["day_kind"].isin(_WORKED))
    table["holiday"] = table["holiday"].astype("str")
    table["calendar"] = [known[day.year] for day in days]
    return table


def period_days(period: Period, *, params: CalendarParams, lang: str = "en") -> pd.DataFrame:
    """Say of every day of a period whether it is worked; see `working_days`.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> int(period_days(parse_period("2025"), params=CalendarParams(country="CN"))["working"].sum())
    248
    """
    return working_days(period.start, period.end, params=params, lang=lang)


def count_days(days: pd.DataFrame) -> pd.DataFrame:
    """Count working days and what makes them, by month.

    Parameters
    ----------
    days : pandas.DataFrame
        One row per day; what `working_days` returns.

    Returns
    -------
    pandas.DataFrame
        One row per month, in order: month, calendar_days, working_days, holidays_on_weekdays (weekdays not
        worked), make_up_days (days worked though the weekend) and calendar (one of `CALENDARS`).

    Examples
    --------
    >>> february = working_days(dt.date(2026, 2, 1), dt.date(2026, 3, 1), params=CalendarParams(country="CN"))
    >>> count_days(february)[["month", "working_days", "holidays_on_weekdays", "make_up_days"]]
         month  working_days  holidays_on_weekdays  make_up_days
    0  2026-02            16                     6             2
    """
    weekday = np.array([day.weekday() < 5 for day in days["date"]], dtype=bool)
    parts = pd.DataFrame(
        {
            "month": days["month"],
            "calendar_days": 1,
            "working_days": days["working"].astype("int64"),
            "holidays_on_weekdays": (~days["working"] & weekday).astype("int64"),
            "make_up_days": (days["working"] & ~weekday).astype("int64"),
        }
    )
    table = parts.groupby("month", sort=True).sum().reset_index()
    table["calendar"] = days.groupby("month", sort=True)["calendar"].first().to_numpy()
    return table


def compared_days(base: Period, period: Period, *, params: CalendarParams) -> dict[str, int] | None:
    """Count the working days by which months of a period are compared with those of its base period.

    Parameters
    ----------
    base, period : Period
        The period that seasons are taken from, and the one planned.
    params : CalendarParams
        Country and the company's own days.

    Returns
    -------
    dict of str to int or None
        Working days by month of both; None where `params.months_by_days` is off or not every day of either is
        known (no country, or a year that is not announced or `estimated`): half a calendar would pass for a
        season.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> china = CalendarParams(country="CN")
    >>> compared_days(parse_period("2025-02"), parse_period("2026-02"), params=china)
    {'2025-02': 19, '2026-02': 16}
    >>> compared_days(parse_period("2026-02"), parse_period("2027-02"), params=china) is None
    True
    """
    if not params.months_by_days:
        return None
    found = pd.concat([count_days(period_days(each, params=params)) for each in (base, period)])
    if set(found["calendar"]) != {"known"}:
        return None
    return dict(zip(found["month"], found["working_days"].astype(int).tolist(), strict=True))


def _day(
    day: dt.date, public: HolidayBase | None, known: str, params: CalendarParams
) -> tuple[str, str | None]:
    """Return a day's kind and the name of its holiday."""
    text = day.isoformat()
    if text in params.workdays:
        return "company_workday", None
    if text in params.holidays:
        return "company_holiday", None
    if public is None or known == "weekdays_only":
        return ("workday" if day.weekday() < 5 else "weekend"), None
    weekend = public.is_weekend(day)
    if public.is_working_day(day):
        return ("make_up" if weekend else "workday"), None
    name = public.get(day)
    return ("weekend", None) if name is None else ("holiday", str(name))


def _knowledge(public: HolidayBase | None, year: int) -> str:
    """Return what is known of a year, one of `CALENDARS`."""
    if public is None:
        return "none"
    if public.country in _ANNOUNCED:
        return "known" if any(day.year == year for day in public.weekend_workdays) else "weekdays_only"
    if public.country in _BY_NOTICE:
        return "estimated"
    labels = [getattr(public, name, "") for name in ("estimated_label", "observed_estimated_label")]
    marks = [public.tr(label).replace("%s", "").strip() for label in labels if label]
    names = [name for day, name in public.items() if day.year == year]
    return "estimated" if any(mark in name for mark in marks for name in names) else "known"


def _public(country: str | None, years: range, lang: str) -> HolidayBase | None:
    """Return the country's calendar, or None where none is named."""
    if country is None:
        return None
    import holidays

    known = holidays.list_supported_countries()
    code, _, part = country.partition("-")
    if code not in known:
        hint = did_you_mean(country, known) or " Write a code such as CN, US or DE-BY, or null."
        raise ParameterError(f'calendar.country: no calendar of "{country}" is known.{hint}')
    if part and part not in known[code]:
        parts = ", ".join(known[code]) or "none"
        raise ParameterError(f'calendar.country: {code} has no part "{part}". Parts known: {parts}.')
    make: Callable[..., HolidayBase] = holidays.country_holidays
    language = _LANGUAGES.get(lang)
    spoken = language in make(code).supported_languages
    public = make(code, subdiv=part or None, years=years, language=language if spoken else None)
    public.weekend = _WEEKENDS.get(public.country, public.weekend)
    return public
