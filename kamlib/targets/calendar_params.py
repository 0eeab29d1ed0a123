"""What a company can set about its working days."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from pydantic import field_validator, model_validator

from kamlib.params import Params, param


class CalendarParams(Params):
    """Which days are worked."""

    section: ClassVar[str] = "calendar"

    country: str | None = param(
        None,
        en="calendar of public holidays, as a country code such as CN, or with a part of it such as DE-BY; "
        "null: Monday to Friday without holidays",
        zh="公共假日日历：国家代码（如 CN），或加地区（如 DE-BY）；null 表示周一至周五、不计节假日",
        unit="",
        source="no country is guessed from a book",
        strength="our choice",
    )
    holidays: list[str] = param(
        [],
        en="the company's own days off, written 2026-01-31",
        zh="公司自定的休息日，写作 2026-01-31",
        unit="days",
        source="none unless the company sets one",
        strength="our choice",
    )
    workdays: list[str] = param(
        [],
        en="days that the company works though the calendar says they are off, written 2026-01-31",
        zh="日历上休息而公司照常上班的日子，写作 2026-01-31",
        unit="days",
        source="none unless the company sets one",
        strength="our choice",
    )

    months_by_days: bool = param(
        True,
        en="whether a month weighs last year's revenue per working day times its own working days; without a "
        "country, and where not every day of both years is known, it weighs last year's revenue",
        zh="月份是否按上年日均收入 × 本年工作日数分配；未设定国家或两年工作日未全部确定时，按上年收入分配",
        unit="",
        source="trading-day adjustment, as of X-13ARIMA-SEATS (U.S. Census Bureau)",
        strength="study",
    )

    @field_validator("holidays", "workdays")
    @classmethod
    def _check_days(cls, values: list[str]) -> list[str]:
        for value in values:
            try:
                known = dt.date.fromisoformat(value).isoformat() == value
            except ValueError:
                known = False
            if not known:
                raise ValueError(f'"{value}" is not a day; write days as 2026-01-31')
        return values

    @model_validator(mode="after")
    def _check_both(self) -> CalendarParams:
        both = sorted(set(self.holidays) & set(self.workdays))
        if both:
            raise ValueError(f"{', '.join(both)} stands in holidays and in workdays; keep one of the two")
        return self
