from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.packs.pages_summary import _held_otherwise, _held_sentence, _one_sided
from kamlib.periods import parse_period
from kamlib.targets.held import Held


def a_run(
    lang: str, *, over: float, mean: float, dates: int = 12, period: str = "2026", window: int = 60
) -> SimpleNamespace:
    tables = {
        "forecast_totals": pd.DataFrame(
            {"level": ["company"], "past_over": [over], "past_mean": [mean], "origins": [dates]}
        ),
        "forecast_errors": pd.DataFrame({"origin": ["2024-02", "2024-06", "2025-01"], "horizon": [1, 2, 12]}),
        "cube": pd.DataFrame({"month": ["2023-02", "2023-01", "2025-12"]}),
    }
    return SimpleNamespace(
        load=tables.__getitem__,
        words=Words(lang, "EUR"),
        as_of=dt.date(2026, 1, 1),
        period=parse_period(period),
        params=lambda model: model(history_months=window),
    )


@pytest.mark.parametrize(
    ("lang", "over", "said"),
    [
        (
            "en",
            1 / 12,
            " At 11 of 12 earlier dates, with 13 to 24 months known (now 36), forecasts of as many months were "
            "too low, by 7.0 % on average over all dates. No chance here is corrected for that: they may be "
            "too low.",
        ),
        (
            "zh",
            1.0,
            "过去 12 个时点（当时已知 13 至 24 个月，现为 36 个月）中有 12 个同样月数的预测偏高"
            "（全部时点平均 7.0 %）。此处概率未作校正，可能偏高。",
        ),
    ],
)
def test_forecasts_off_to_one_side_are_told_with_what_they_stood_on(
    lang: str, over: float, said: str
) -> None:
    assert _one_sided(a_run(lang, over=over, mean=-0.07)) == said


def test_forecasts_off_to_both_sides_or_of_few_dates_say_nothing() -> None:
    assert _one_sided(a_run("en", over=0.5, mean=0.0)) == ""
    assert _one_sided(a_run("en", over=1.0, mean=0.1, dates=3)) == ""


def test_forecasts_of_other_months_than_the_period_s_say_nothing() -> None:
    assert _one_sided(a_run("en", over=1.0, mean=0.1, period="2026Q1")) == ""


def test_no_more_months_are_known_than_a_forecast_looks_back_on() -> None:
    assert "with 13 to 20 months known (now 20)" in _one_sided(a_run("en", over=1.0, mean=0.1, window=20))


def held_run(lang: str, held: int) -> SimpleNamespace:
    plan = pd.DataFrame({"account_id": ["A", "B"], "rep_id": ["R1", "R2"], "region": "N", "account_type": "T",
                         "product_line": "L", "month": "2026-01", "target": [500, 700], "bound": "none"})  # fmt: skip
    own = pd.DataFrame({"period": "2026-01", "rep_id": ["R1", "R2"], "target": [held, 700]})
    tables = {"plan_targets": plan, "targets": own, "accounts": plan}
    return SimpleNamespace(
        load=tables.__getitem__,
        has=tables.__contains__,
        words=Words(lang, "EUR"),
        period=parse_period("2026-01"),
    )


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "The book's own targets for 2026-01: 1.10 k; this plan asks 1.20 k, +100. "
               "Furthest from what holds: Ann +100 (500 asked, 400 held)."),
        ("zh", "账册自带的 2026-01 目标为 1,100；本计划要求 1,200，相差 +100。与已有目标相差最大：Ann +100（要求 500，已有 400）。"),
    ],
)  # fmt: skip
def test_targets_that_hold_are_told_where_the_plan_asks_otherwise(lang: str, said: str) -> None:
    reps = pd.DataFrame({"key": ["R1", "R2", None], "name": ["Ann", "Wu", "(no rep)"]})
    run = held_run(lang, 400)
    held = _held_otherwise(run)
    assert isinstance(held, Held)
    assert _held_sentence(held, reps, run) == (said,)
    same = _held_otherwise(held_run(lang, 500))
    assert same is None
    assert _held_sentence(same, reps, run) == ()
