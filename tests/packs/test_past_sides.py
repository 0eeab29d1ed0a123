from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.measures.money import to_money
from kamlib.packs.past_sides import PastSide, past_side
from kamlib.periods import parse_period

DATES = [f"2025-0{at}" for at in range(1, 7)]
MONTHS = [f"{year}-{at:02d}" for year in (2023, 2024, 2025) for at in range(1, 13)]


def a_run(
    period: str = "2026Q1",
    *,
    near: int = 25,
    dates: int = 6,
    window: int = 60,
    last: int | None = None,
) -> SimpleNamespace:
    """A sells 100 a month; its forecasts are off by `near` up to three months ahead, by -10 up to six.

    B begins after all dates, so that its 1,000 a month count in no past sum.
    """
    rows = [
        ("A", date, ahead, near if ahead <= 3 else -10) for date in DATES[:dates] for ahead in range(1, 7)
    ]
    if last is not None:
        rows = [(*row[:3], last) if row[1] == DATES[dates - 1] else row for row in rows]
    rows += [("B", date, ahead, None) for date in DATES[:dates] for ahead in range(1, 7)]
    errors = pd.DataFrame(rows, columns=["account_id", "origin", "horizon", "error"])
    known = errors["error"].notna()
    ticks = (errors["error"].fillna(0) * 10_000).astype("int64")
    cube = pd.DataFrame({"account_id": "A", "month": MONTHS, "revenue": 100})
    cube = pd.concat([cube, pd.DataFrame({"account_id": "B", "month": MONTHS[-7:], "revenue": 1_000})])
    tables = {
        "forecast_errors": errors.assign(product_line="P", error=to_money(ticks).where(known)),
        "cube": cube.assign(product_line="P", revenue=to_money(cube["revenue"] * 10_000).to_numpy()),
    }
    return SimpleNamespace(
        load=tables.__getitem__,
        as_of=dt.date(2026, 1, 1),
        period=parse_period(period),
        params=lambda model: model(history_months=window),
    )


def test_the_period_s_own_months_ahead_are_summed() -> None:
    assert past_side(a_run()) == PastSide(True, 6, 6, 0.25, "2025-01", "2025-06", 1, 3, 24, 29, 36)
    later = past_side(a_run("2026Q2"))
    assert replace(later, mean=0) == PastSide(False, 6, 6, 0, "2025-01", "2025-06", 4, 6, 24, 29, 36)
    assert later.mean == pytest.approx(-0.1)
    month = past_side(a_run("2026-02"))
    assert (month.nearest, month.furthest) == (2, 2)


def test_forecasts_off_to_both_sides_or_of_few_dates_say_nothing() -> None:
    assert past_side(a_run(near=0)) is None
    assert past_side(a_run(dates=3)) is None
    assert past_side(a_run(dates=4, last=-25)) is None  # three of four are too high
    assert past_side(a_run(dates=5, last=-25)).times == 4


def test_months_further_ahead_than_past_forecasts_say_nothing() -> None:
    assert past_side(a_run("2026Q3")) is None
    assert past_side(a_run("2026")) is None


def test_no_more_months_are_known_than_a_forecast_looks_back_on() -> None:
    side = past_side(a_run(window=27))
    assert (side.least, side.most, side.known) == (24, 27, 27)


@pytest.mark.parametrize(
    ("lang", "side", "said"),
    [
        (
            "en",
            PastSide(False, 11, 12, -0.07, "2024-02", "2025-01", 1, 12, 13, 24, 36),
            "Forecasts 1 to 12 months ahead, made at 12 dates from 2024-02 to 2025-01, with 13 to 24 months known "
            "(now 36), were too low at 11 of them, by 7.0 % on average over all; their months overlap, so that they "
            "tell less than as many apart would. That does not tell where these go, and no chance is corrected for it: "
            "of Australian retail sales, by state, industry and both, 1988 to 2018, 47 % went to the same side again after "
            "such a run.",
        ),
        (
            "en",
            PastSide(True, 4, 4, 0.07, "2025-01", "2025-10", 1, 3, 60, 60, 60),
            "Forecasts 1 to 3 months ahead, made at 4 dates from 2025-01 to 2025-10, each with the last 60 months known, "
            "as now, were too high at 4 of them, by 7.0 % on average over all. That does not tell where these go, and no "
            "chance is corrected for it: of Australian retail sales, by state, industry and both, 1988 to 2018, 47 % went to "
            "the same side again after such a run.",
        ),
        (
            "zh",
            PastSide(True, 12, 12, 0.07, "2024-02", "2025-01", 1, 1, 13, 24, 36),
            "提前 1 个月的预测在 2024-02 至 2025-01 的 12 个时点（当时已知 13 至 24 个月，现为 36 个月）中有 12 个偏高"
            "（全部时点平均 7.0 %）。这并不预示本次的方向，概率也未据此校正：在 1988 至 2018 年澳大利亚零售数据（按州、行业及其组合）中，"
            "出现这种一边倒之后仍偏向同侧的占 47 %。",
        ),
    ],
)
def test_a_side_is_told_with_what_it_stands_on(lang: str, side: PastSide, said: str) -> None:
    assert side.said(Words(lang, "EUR")) == said
