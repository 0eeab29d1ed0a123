from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pandas as pd

from kamlib.glossary import Words
from kamlib.measures.money import to_money
from kamlib.packs.targets_scope import Scope, base_doubt, told_apart
from kamlib.periods import parse_period
from kamlib.targets import CalendarParams, SizingParams, size_target
from tests.targets.sample import PERIOD, make_cube, make_forecast


def scope(lang: str = "en", *, forecast: bool = True) -> Scope:
    coming = make_forecast(make_cube()) if forecast else None
    size = size_target(make_cube(), coming, period=PERIOD, params=SizingParams(), unit=10)
    return Scope(Words(lang, "EUR"), "Seven", size, {"R1": "Wu Lei"}, {"A": "Alpha"})


def test_the_subtitle_says_who_what_unit_period_and_scenarios() -> None:
    assert scope().subtitle("targets") == "Seven · targets, EUR · PY 2025Q1, FC and PL 2026Q1"
    assert scope("zh").subtitle("目标") == "Seven · 目标，EUR · PY 2025Q1，FC 与 PL 2026Q1"
    assert scope(forecast=False).subtitle("targets") == "Seven · targets, EUR · PY 2025Q1, PL 2026Q1"


def test_names_of_reps() -> None:
    assert scope().rep_name("R1") == "Wu Lei"
    assert scope().rep_name("R9") == "R9"
    assert scope("zh").rep_name(pd.NA) == "（未分配客户经理）"


def test_names_that_stand_twice_get_their_id() -> None:
    assert told_apart(["a", "b", "a"], [1, 2, 3]) == ["a (1)", "b", "a (3)"]


def a_run(
    lang: str, period: str, first: str = "2024-01", calendar: CalendarParams | None = None
) -> SimpleNamespace:
    months = [str(month) for month in pd.period_range(first, "2025-11", freq="M")]
    cube = pd.DataFrame({"month": months, "revenue": to_money([1_000_000] * len(months))})
    return SimpleNamespace(
        period=parse_period(period),
        as_of=dt.date(2025, 12, 1),
        words=Words(lang, "EUR"),
        load={"cube": cube}.__getitem__,
        params=lambda model: calendar or model(),
    )


def test_a_base_of_other_working_days_is_doubted() -> None:
    china = CalendarParams(country="CN")
    assert base_doubt(a_run("en", "2026-02", calendar=china), "2025-02", 108) == (
        "To doubt: 2026-02 has 16 working days, 2025-02 had 19; a working day the target asks +28.2 % on it.",
    )  # 1.08 x 19 / 16 = 1.2825
    assert base_doubt(a_run("zh", "2026-02", calendar=china), "2025-02", 108) == (
        "需存疑：2026-02 有16个工作日，2025-02 为19个；按每个工作日计，目标较 2025-02 +28.2 %。",
    )
    assert base_doubt(a_run("en", "2026-03", calendar=china), "2025-03", 108) == ()
    assert base_doubt(a_run("en", "2026-02"), "2025-02", 108) == ()  # no country


def test_exactly_a_tenth_more_or_fewer_days_is_told() -> None:
    china, germany = CalendarParams(country="CN"), CalendarParams(country="DE")
    fewer = a_run("en", "2024-02", "2022-01", china)
    assert base_doubt(fewer, "2023-02", 108) == (
        "To doubt: 2024-02 has 18 working days, 2023-02 had 20; a working day the target asks +20.0 % on it.",
    )
    fewer = a_run("zh", "2026-05", calendar=germany)  # 18 after 20: Whit Monday and Ascension both
    assert base_doubt(fewer, "2025-05", 108) == (
        "需存疑：2026-05 有18个工作日，2025-05 为20个；按每个工作日计，目标较 2025-05 +20.0 %。",
    )


def test_a_base_known_in_part_is_doubted_and_no_growth_a_day_is_told() -> None:
    china = CalendarParams(country="CN")
    assert base_doubt(a_run("en", "2026Q1", "2025-03", china), "2025Q1", 1500) == (
        "To doubt: the first sale of the book is in 2025-03, so of the 3 months of 2025Q1 it knows 1: sums of 2025Q1, "
        "which PY stands for, and changes on them leave the others out; no rate of growth on it is told, and no account "
        "is bounded by it.",
    )
    assert base_doubt(a_run("zh", "2026-02", "2025-03", china), "2025-02", 1500) == (
        "需存疑：账册首笔销售在 2025-03，2025-02 的 1 个月中仅知 0 个月：各页 PY（2025-02）的合计及与其之差"
        "不含其余月份，不列相对它的增长率，客户上下限亦不以其为据。",
    )


def test_an_older_base_is_doubted_with_what_the_last_twelve_months_brought() -> None:
    said = (
        "To doubt: 2025 is not over (11 of its 12 months are known, 1.10 k), so the plan is compared with 2024, "
        "which PY stands for on the pages of chapter 3."
    )
    recent = " The twelve months before 2025-12-01 brought 1.20 k; on these the plan is +25.0 %."
    assert base_doubt(a_run("en", "2026"), "2024", 1500) == (said + recent,)
    assert base_doubt(a_run("en", "2026", "2025-01"), "2024", 1500)[0] == said  # eleven months alone
    assert base_doubt(a_run("en", "2026"), "2025", 1500) == ()
    (chinese,) = base_doubt(a_run("zh", "2026"), "2024", 1500)
    assert chinese.endswith("2025-12-01 之前的十二个月实现1,200，以此为基数本计划为 +25.0 %。")
    assert len(base_doubt(a_run("en", "2026Q1"), "2024Q1", 1500)) == 1
    assert "twelve months" not in base_doubt(a_run("en", "2026Q4"), "2024Q4", 1500)[0]
