from __future__ import annotations

import functools
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kamlib.charts.targets import week_chart
from kamlib.glossary import Words
from kamlib.measures.money import SCALE, total_money
from kamlib.packs import pages_targets as pages
from kamlib.packs.cells import table_columns
from kamlib.packs.page import Page
from kamlib.packs.pages_attainability import Likely
from kamlib.packs.pages_held import held_chance, held_labels, held_sentences, held_totals, quarters_said
from kamlib.packs.pages_required import required_sentences
from kamlib.packs.pages_when import drawn_weeks, months_page
from kamlib.periods import parse_period
from kamlib.runs import Run, write_table
from kamlib.targets import (
    Allocation,
    AllocationParams,
    CalendarParams,
    Sides,
    SizingParams,
    allocate_targets,
    count_days,
    period_days,
    size_target,
    sizing_steps,
    split_days,
    sum_weeks,
    summarise_targets,
    trace_targets,
)
from kamlib.targets.attainability import AttainabilityParams, RepsAtTarget
from kamlib.targets.held import compare_held
from kamlib.targets.holding import Enclosing
from kamlib.targets.wishes import SIDES, Wish
from tests.targets.sample import PERIOD, free_params, make_accounts, make_cube, make_forecast

REPS = {"R1": "Wu Lei", "R2": "Ann"}


def make_pages(
    lang: str = "en",
    *,
    forecast: bool = True,
    accounts: pd.DataFrame | None = None,
    sizing: SizingParams | None = None,
    params: AllocationParams | None = None,
    cube: pd.DataFrame | None = None,
    only: str = "",
    compared: dict[str, int] | None = None,
    adopted: str = "",
    own: pd.DataFrame | None = None,
) -> dict[str, Page]:
    cube = make_cube() if cube is None else cube
    accounts = make_accounts() if accounts is None else accounts
    coming = make_forecast(make_cube()) if forecast else None
    size = size_target(cube, coming, period=PERIOD, params=sizing or SizingParams(), unit=10)
    allocation = allocate_targets(
        cube, accounts, total=size.total, period=PERIOD, params=params or AllocationParams(), unit=10
    )
    names = dict(zip(accounts["account_id"], accounts["name"], strict=True))
    scope = pages.Scope(Words(lang, "EUR"), "Seven", size, REPS, names)
    summary = summarise_targets(allocation.targets, accounts, cube=cube, forecast=coming, period=PERIOD)
    adopted_rows = adopted_like(allocation, adopted) if adopted else None
    held = compare_held(allocation.targets, adopted_rows, own, accounts, period=PERIOD)
    made = {
        "targets_1": lambda: pages.size_page(sizing_steps(size), scope=scope),
        "targets_2": lambda: pages.margins_page(summary, allocation, scope=scope, held=held),
        "targets_3": lambda: pages.chain_page(allocation, trace_targets(allocation), None, scope=scope),
        "targets_5": lambda: months_page(
            summary, scope=scope, held=held, compared=compared, **when_of(allocation)
        ),
    }
    return {name: make() for name, make in made.items() if name in (only or name)}


def adopted_like(allocation: Allocation, period: str) -> pd.DataFrame:
    """Return adopted targets that ask 10 more than the plan of each cell of account A."""
    plan = allocation.targets
    about = {"adopted_by": "Li", "adopted_at": "2025-12-03T08:00:00+00:00", "run": "004-ab", "period": period}
    return plan.assign(target=plan["target"] + 10 * (plan["account_id"] == "A"), measure="revenue", **about)


def when_of(allocation: Allocation) -> dict[str, pd.DataFrame]:
    days = period_days(PERIOD, params=CalendarParams())
    by_month = allocation.targets.groupby(["rep_id", "month"], dropna=False)["target"].sum().reset_index()
    return {"days": count_days(days), "weeks": sum_weeks(split_days(by_month, days, unit=10))}


@functools.cache
def sample_pages(lang: str = "en") -> dict[str, Page]:
    return make_pages(lang)


def test_titles_are_findings() -> None:
    titles = {name: page.title for name, page in sample_pages().items()}
    assert titles == {
        "targets_1": "1.21 k is asked for 2026Q1, +10.0 % on 2025Q1; the forecast stands 1.19 k above it",
        "targets_2": "Reps asked for more than in 2025Q1: 1 of 2; Wu Lei carries most: 1.00 k, 0 on 2025Q1",
        "targets_3": "Wu Lei is asked for 1.00 k of 1.21 k (82.6 %): history 446, potential 327,"
        " share of the rest +226",
        "targets_5": "2026-01 is asked for most: 740, 61.2 % of 2026Q1",
    }


def test_a_base_that_is_not_last_year_is_named() -> None:
    for name in ("targets_2", "targets_5"):
        page = sample_pages()[name]
        assert page.label("actual_last_year", Words("en")) == "PY 2025Q1"
        assert page.label("growth_asked", Words("en")) == "ΔPY % asked, on 2025Q1"


def test_titles_in_chinese() -> None:
    titles = {name: page.title for name, page in sample_pages("zh").items()}
    assert titles["targets_1"] == "2026Q1 目标为1,210，较 2025Q1 +10.0 %；预测高出目标1,190"
    assert titles["targets_5"] == "2026-01 目标最高：740，占 2026Q1 的 61.2 %"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_page_is_whole(lang: str) -> None:
    for page in sample_pages(lang).values():
        assert len(page.notes) <= 3
        assert page.figures
        for figure in page.figures:
            assert figure.svg.startswith("<svg")
            if figure.native and figure.native.kind != "bridge":
                used = {figure.native.category, *figure.native.series}
                assert used <= set(page.table.columns)
        labels = [column.label for column in table_columns(page, Words(lang, "EUR"))]
        assert all(labels)


def test_the_bridge_runs_from_last_year_over_the_target_to_the_forecast() -> None:
    native = sample_pages()["targets_1"].figures[0].native
    assert native is not None
    assert [(label, amount, kind) for label, amount, kind in native.steps] == [
        ("PY 2025Q1", 1100.0, "PY"), ("growth +10.0 %", 110.0, "change"), ("PL 2026Q1", 1210.0, "PL"),
        ("gap", 1190.0, "change"), ("FC 2026Q1", 2400.0, "FC"),
    ]  # fmt: skip


def test_without_a_forecast_no_gap_is_named() -> None:
    made = make_pages(forecast=False)
    assert made["targets_1"].title == "1.21 k is asked for 2026Q1, +10.0 % on 2025Q1"
    assert "No forecast covers the whole period" in made["targets_1"].notes[1]
    assert made["targets_5"].totals == ("actual_last_year", "target", "working_days")
    native = made["targets_2"].figures[0].native
    assert native is not None
    assert native.series == {"actual_last_year": "PY", "target": "PL"}


def test_a_given_amount_is_said_to_be_given() -> None:
    page = make_pages(only="targets_1", sizing=SizingParams(total=Decimal("1254.9")))["targets_1"]
    assert page.title.startswith("1.25 k is asked for 2026Q1, +13.6 % on 2025Q1")
    assert page.notes[0].startswith("From above: the amount was given (1.25 k)")
    native = page.figures[0].native
    assert native is not None
    assert [step[0] for step in native.steps][1:3] == ["to the amount given", "rounding to 10"]


def test_a_forecast_on_or_below_the_target() -> None:
    free = AllocationParams(growth_cap=None, potential_cap=None)
    even = make_pages(sizing=SizingParams(total=2400), params=free, only="targets_1")
    assert even["targets_1"].title.endswith("the forecast stands exactly there")
    more = make_pages(sizing=SizingParams(total=5000), params=free, only="targets_1")
    assert more["targets_1"].title.endswith("the forecast stands 2.60 k below it")
    assert "falls 2.60 k short: that is what selling has to add" in more["targets_1"].notes[1]


def test_from_below_is_forecast_and_new_business_and_what_holds_already_is_more_or_less() -> None:
    size = size_target(make_cube(), make_forecast(make_cube()), period=PERIOD, unit=10,
                       params=SizingParams(total=3000))  # fmt: skip
    scope = pages.Scope(Words("en", "EUR"), "Seven", size, REPS, {})
    sides = Sides(Decimal(1210), None, Decimal(2400), None, Decimal(150), Decimal(700))
    page = pages.size_page(sizing_steps(size), scope=scope, sides=sides, held=Decimal(2900))
    assert page.sentences == (
        "From above: growth of +10.0 % to 1.21 k. From below: 2.55 k = forecast 2.40 k + new business 150,"
        " which is -450 against the target. The total follows: the amount given.",
        "Not counted from below: potential (sizing.potential_uplift is 0).",
        "Of this plan's total for 2026Q1 the forecast leaves 600 open; new business of 150 covers 25.0 % of that.",
        "Targets of 2.90 k hold for 2026Q1 already, in the book or adopted; this plan asks 100 more.",
    )
    assert page.notes[1].startswith(
        "The forecast, the mean of what may come without extra effort, falls 600 short"
    )
    none = replace(sides, new_business=Decimal(0))
    assert pages.size_page(sizing_steps(size), scope=scope, sides=none).sentences[2] == (
        "Of this plan's total for 2026Q1 the forecast leaves 600 open, and no new business of the pipeline is expected in it."
    )
    less = pages.size_page(sizing_steps(size), scope=scope, held=Decimal(3100)).sentences
    assert less == (
        "Targets of 3.10 k hold for 2026Q1 already, in the book or adopted; this plan asks 100 less.",
    )


def from_below(sides: Sides, *, lang: str = "en", unit: int = 10, **sizing: object) -> Page:
    params = SizingParams(basis="below", **sizing)
    coming = make_forecast(make_cube())
    size = size_target(make_cube(), coming, period=PERIOD, unit=unit, params=params, sides=sides)
    scope = pages.Scope(Words(lang, "EUR"), "Seven", size, REPS, {})
    return pages.size_page(sizing_steps(size, sides), scope=scope, sides=sides)


def test_a_total_from_below_is_told_by_what_is_added_to_the_forecast() -> None:
    page = from_below(Sides(Decimal(1210), None, Decimal(2400), Decimal(204), None, Decimal(1020)))
    assert page.sentences == (
        "From above: growth of +10.0 % to 1.21 k. From below: 2.60 k = forecast 2.40 k + potential to be won"
        " 204, which is the target before rounding. The total follows: the sum from below.",
        "Not counted from below: new business, as the book has no opportunities to count it on.",
    )
    assert page.notes[:2] == (
        "From below: the sum of what is forecast and added; +137 % on 2025Q1 follows from it, rounded to"
        " multiples of 10.",
        "The forecast, the mean of what may come without extra effort, falls 200 short, which selling has to"
        " add: potential to be won 204 + rounding -4.00.",
    )
    native = page.figures[0].native
    assert native is not None
    assert [step[:2] for step in native.steps] == [
        ("PY 2025Q1", 1100), ("to FC", 1300), ("potential", 204), ("rounding to 10", -4),
        ("PL 2026Q1", 2600), ("gap", -200), ("FC 2026Q1", 2400),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lang", "unit", "sizing", "way", "parts"),
    [
        ("en", 1300, {}, "+118 % on 2025Q1 follows from it, rounded to multiples of 1,300.", "add: rounding 200."),
        ("zh", 1300, {}, "相对 2025Q1 为 +118 %，由此得出；按1,300取整。", "即取整200。"),
        ("en", 1000, {"over_assignment": 0.15}, "+118 % on 2025Q1 follows from it, rounded to multiples of 1,000."
         " On top of that, before rounding, 360 is over-assigned.", "add: over-assignment 360 + rounding 240."),
        ("zh", 1000, {"over_assignment": 0.15}, "相对 2025Q1 为 +118 %，由此得出；按1,000取整。在此之上（取整前）另加超额分配360。",
         "即超额分配360 + 取整240。"),
        ("en", 1000, {"over_assignment": 0.25}, " On top of that, before rounding, 600 is over-assigned.",
         "add: over-assignment 600."),
    ],
)  # fmt: skip
def test_what_rounding_and_over_assignment_add_from_below_is_told_as_theirs(
    lang: str, unit: int, sizing: dict[str, float], way: str, parts: str
) -> None:
    page = from_below(Sides(None, None, Decimal(2400), None, None), lang=lang, unit=unit, **sizing)
    assert page.notes[0].endswith(way)
    assert page.notes[1].endswith(parts)


def test_what_is_not_known_from_below_is_said_and_has_no_bar() -> None:
    page = from_below(Sides(None, None, Decimal(2400), None, None), over_assignment=0.05)
    assert page.sentences == (
        "From above: nothing to count on. From below: 2.40 k = forecast 2.40 k, which is -120 against the"
        " target. The total follows: the sum from below.",
        "Not counted from below: potential, as no account's is known; new business, as the book has no"
        " opportunities to count it on.",
    )
    assert page.notes[0].endswith(" On top of that, before rounding, 120 is over-assigned.")
    assert page.table["step"].tolist() == [
        "base",
        "to_forecast",
        "over",
        "rounding",
        "target",
        "gap",
        "forecast",
    ]


@pytest.mark.parametrize(
    ("sizing", "told"),
    [
        (SizingParams(over_assignment=0.05), "From above: the revenue of 2025Q1, +10.0 %, rounded to multiples of 10."
                                             " On top of that, before rounding, 60.5 is over-assigned."),
        (SizingParams(total=2000, over_assignment=0.1), "From above: the amount was given (2.00 k); growth on 2025Q1"
         " follows from it. On top of that, before rounding, 200 is over-assigned."),
        (SizingParams(basis="market", market_size="9900", market_share_aim=1.0, market_ka_part=1.0),
         "From above: the market aim; +125 % on 2025Q1 follows from it, rounded to multiples of 10."),
        (SizingParams(basis="between"),
         "Between growth and the sum from below; +64.1 % on 2025Q1 follows from it, rounded to multiples of 10."),
    ],
)  # fmt: skip
def test_growth_that_was_asked_is_told_apart_from_growth_that_follows(
    sizing: SizingParams, told: str
) -> None:
    sides = Sides(Decimal(1210), Decimal(2475), Decimal(2400), None, None)
    coming = make_forecast(make_cube())
    size = size_target(make_cube(), coming, period=PERIOD, unit=10, params=sizing, sides=sides)
    scope = pages.Scope(Words("en", "EUR"), "Seven", size, REPS, {})
    assert pages.size_page(sizing_steps(size, sides), scope=scope, sides=sides).notes[0] == told


@pytest.mark.parametrize(("covers", "expected", "said"), [
    (True, 4000, "The book's own targets hold for 2026, which 2026Q1 is a part of: 9.00 k. Sold or forecast in its other 9 "
                 "months: 4.00 k, so that 2026Q1 has to bring 5.00 k, 2.00 k more than this plan asks of it."),
    (False, 4000, "The book's own targets for 2026, which 2026Q1 is a part of, speak of a part: 9.00 k. Of the same, 4.00 k "
                  "is sold or forecast in its other 9 months, so that 2026Q1 has to bring 5.00 k of it."),
    (True, None, "The book's own targets hold for 2026, which 2026Q1 is a part of: 9.00 k."),
])  # fmt: skip
def test_before_the_split_a_longer_period_says_what_this_one_has_to_bring(
    covers: bool, expected: int | None, said: str
) -> None:
    size = size_target(make_cube(), make_forecast(make_cube()), period=PERIOD, unit=10,
                       params=SizingParams(total=3000))  # fmt: skip
    rest = tuple(f"2026-{month:02d}" for month in range(4, 13))
    known = None if expected is None else Decimal(expected)
    around = Enclosing("2026", "2026Q1", Decimal(9000), Decimal(2500), covers, rest, Decimal(0), (), known)
    scope = pages.Scope(Words("en", "EUR"), "Seven", size, REPS, {})
    assert pages.size_page(sizing_steps(size), scope=scope, around=around).sentences == (said,)


def test_without_a_base_growth_is_not_said() -> None:
    sales = [("A", "Bikes", "R1", "2025-07", 300), ("A", "Bikes", "R1", "2024-07", 300)]
    free = AllocationParams(potential_cap=None)
    more: dict[str, Any] = {"sizing": SizingParams(total=500), "params": free, "only": "targets_1"}
    page = make_pages(cube=make_cube(sales), **more)["targets_1"]
    assert page.title == "500 is asked for 2026Q1; there was no revenue in 2025Q1 to compare it with"
    begun = make_cube([*sales[:1], ("A", "Bikes", "R1", "2025-03", 100)])
    page = make_pages(cube=begun, **more)["targets_1"]
    assert page.title == (
        "500 is asked for 2026Q1; the book does not know the whole of 2025Q1 to compare it with"
    )
    assert page.notes[0] == "From above: the amount was given (500)."


def test_reps_stand_first_and_every_dimension_adds_up() -> None:
    table = sample_pages()["targets_2"].table
    assert list(dict.fromkeys(table["dimension"])) == [
        "rep",
        "region",
        "product_line",
        "account_type",
        "company",
    ]
    assert table.query("dimension == 'rep'")["name"].tolist() == ["Wu Lei", "Ann", "(no rep)", "(no account)"]
    assert set(table.groupby("dimension")["target"].sum()) == {1210}


def test_what_nobody_is_asked_for_is_said() -> None:
    loose = sample_pages()["targets_2"].notes
    assert loose[-1] == "On accounts without a rep stand 30.0: name a rep before this is handed out."
    accounts = make_accounts()
    accounts["rep_id"] = accounts["rep_id"].fillna("R2")
    known = make_pages(accounts=accounts, only="targets_2")["targets_2"].notes
    assert known[-1] == (
        "Of 2025Q1, 100 of closed accounts and 50.0 of sales without an account are in the total;"
        " others are asked for them."
    )


def test_one_rep_carries_all() -> None:
    accounts = make_accounts()
    accounts["rep_id"] = "R1"
    page = make_pages(accounts=accounts, only="targets_2")["targets_2"]
    assert page.title == "One rep carries the whole target: 1.21 k, +160 on 2025Q1"


def test_many_reps_are_gathered_with_their_sum() -> None:
    rows = [(f"N{i:02d}", "North", "Dealer", f"Q{i:02d}", 100 + i, "active") for i in range(28)]
    sales = [(f"N{i:02d}", "Bikes", f"Q{i:02d}", "2025-01", 100 + i) for i in range(28)]
    made = make_pages(only="targets_2", accounts=make_accounts(rows), cube=make_cube(sales), forecast=False)
    chart, native = made["targets_2"].figures[0], made["targets_2"].figures[0].native
    assert native is not None
    assert native.rows == 20
    assert "other (8)" in chart.svg
    assert len(made["targets_2"].table.query("dimension == 'rep'")) == 28


def test_months_add_up_to_the_total() -> None:
    page = sample_pages()["targets_5"]
    assert page.table["target"].sum() == 1210
    assert page.table["target_share"].sum() == pytest.approx(1)
    assert total_money(page.table["forecast"]) == 2400
    assert "Widest gap to the forecast: 2026-02, +590." in page.notes[1]


def test_the_scope_of_a_run(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    write_table(make_accounts(), folder / "book" / "accounts.parquet")
    write_table(make_cube(), folder / "book" / "cube.parquet")
    facts = {"lang": "en", "book": {"name": "Seven", "currency": "EUR", "fiscal_year_start": 1}}
    facts |= {"period": str(PERIOD), "parameters": {}}
    size = size_target(make_cube(), period=PERIOD, params=SizingParams(), unit=10)
    bare = pages.scope_of(Run(folder, facts), size)
    assert (bare.company, bare.reps, bare.accounts["A"]) == ("Seven", {}, "Account A")
    reps = pd.DataFrame({"rep_id": ["R1", "R2"], "name": ["Wu Lei", None]})
    write_table(reps, folder / "book" / "reps.parquet")
    assert pages.scope_of(Run(folder, facts), size).reps == {"R1": "Wu Lei", "R2": "R2"}


def test_a_required_total_that_whole_units_miss_is_told_with_by_how_much() -> None:
    pages_made = sample_pages()
    assert pages_made["targets_2"].label("accounts", Words("en")) == "Accounts asked"
    assert pages_made["targets_3"].label("accounts", Words("en")) == "Open accounts"
    row = {"account_type": "OEM", "month": "2026-01", "floor": None, "cap": Decimal(2200), "target": 2210,
           "residual": 10, "unrequired": 2310, "binds": "cap"}  # fmt: skip
    rows = pd.DataFrame([dict.fromkeys(SIDES) | row])
    assert required_sentences(rows, Words("en"))[1].endswith(
        "months: Account type OEM, Month 2026-01 by +10."
    )


def test_required_totals_are_told_with_what_was_asked_and_what_moves() -> None:
    wanted = AllocationParams(
        requirements=[
            Wish(region="North", at_least=Decimal(700)),
            Wish(product_line="Parts", quarter="2026Q1", exactly=Decimal(450)),
            Wish(region="North", month="2026-01", at_least=Decimal(10), at_most=Decimal(9000)),
        ]
    )
    known = {"only": "targets_2", "params": wanted, "sizing": SizingParams(total=1200)}
    assert make_pages(**known)["targets_2"].sentences[:-1] == (
        "Required totals: Region North: asked at least 700, came to 990, as it would without required "
        "totals; Product line Parts, Quarter 2026Q1: asked exactly 450, came to 450, +61.0 against the 389 without "
        "required totals; Region North, Month 2026-01: asked 10 to 9,000, came to 600, -3.00 against the 603 without "
        "required totals.",
    )
    assert make_pages("zh", **known)["targets_2"].sentences[:-1] == (
        "必须满足的合计：区域 North：要求至少 700，结果 990，与无规定合计时相同；产品线 Parts、季度 2026Q1：要求恰为 450，结果 450，较无规定合计时的389相差+61.0；"
        "区域 North、月份 2026-01：要求10 至 9,000，结果 600，较无规定合计时的603相差-3.00。",
    )
    assert len(sample_pages()["targets_2"].sentences) == 1  # on what is adopted


def test_a_years_weeks_are_whole_and_none_is_left_out() -> None:
    year = parse_period("2014")
    days = period_days(year, params=CalendarParams())
    asked = pd.DataFrame({"rep_id": ["R1", "R2"] * 12,
                          "month": [f"2014-{m:02d}" for m in range(1, 13) for _ in "12"],
                          "target": [230, 460] * 12})  # fmt: skip
    weeks = sum_weeks(split_days(asked, days, unit=10))
    whole = drawn_weeks(weeks, cut=False)
    assert len(whole) == 53
    assert whole["target"].sum() == 12 * 690
    assert whole["working_days"].sum() == 261
    assert whole.loc[5, ["week", "working_days"]].tolist() == ["2014-W06", 5]
    # the week from 27 January to 2 February stands in two months, and is one bar
    assert str(whole.loc[4, "starts"]) == "2014-01-27"
    assert len(drawn_weeks(weeks, cut=True)) == 62
    svg = week_chart(whole, words=Words("en", "EUR")).svg
    assert "the 53 weeks from the first day shown" in svg
    assert ">01-27<" in svg
    assert ">02-03<" not in svg


def test_months_by_working_days_are_said_with_last_years_days() -> None:
    compared = {"2025-01": 23, "2025-02": 20, "2025-03": 21, "2026-01": 22, "2026-02": 20, "2026-03": 22}
    page = make_pages(only="targets_5", compared=compared)["targets_5"]
    assert page.table["working_days_base"].tolist() == [23, 20, 21]
    assert page.notes[0] == (
        "Months follow what each product line brought per working day in the same months of 2025Q1, over all"
        " accounts, times this year's working days."
    )


@pytest.mark.parametrize(
    ("lang", "title", "one", "month"),
    [
        ("en", "Of 2 reps Wu Lei carries most: 290", "One rep carries the whole target: 600", "2026-01 is asked for 600"),
        ("zh", "2名客户经理中 Wu Lei 承担最多：290", "全部目标由一名客户经理承担：600", "2026-01 目标为600"),
    ],
)  # fmt: skip
def test_what_is_asked_beyond_a_base_known_in_part_is_not_told(
    lang: str, title: str, one: str, month: str
) -> None:
    end = {
        "en": "; the book does not know the whole of {} to compare it with",
        "zh": "；账册未含完整的 {}，无可比数据",
    }[lang]
    more: dict[str, Any] = {"sizing": SizingParams(total=600), "params": free_params(), "only": "targets_2"}
    sold = [("A", "Bikes", "R1", "2025-03", 500), ("D", "Bikes", "R2", "2025-03", 100)]
    page = make_pages(lang, cube=make_cube(sold), **more)["targets_2"]
    assert page.title == title + end.format("2025Q1")
    assert page.table["change_asked"].isna().all()
    page = make_pages(lang, cube=make_cube(sold), accounts=make_accounts().assign(rep_id="R1"), **more)[
        "targets_2"
    ]
    assert page.title == one + end.format("2025Q1")
    first = parse_period("2026-01")
    targets = pd.DataFrame({**ONE, "month": ["2026-01"], "target": 600})
    accounts = pd.DataFrame({"account_id": ["A"], "region": "N", "account_type": "T", "rep_id": "R1"})
    cube, days = make_cube(sold), period_days(first, params=CalendarParams())
    size = size_target(cube, None, period=first, params=SizingParams(total=600), unit=10)
    page = months_page(
        summarise_targets(targets, accounts, cube=cube, forecast=None, period=first),
        scope=pages.Scope(Words(lang, "EUR"), "Seven", size, REPS, {}),
        days=count_days(days),
        weeks=sum_weeks(split_days(targets, days, unit=10)),
    )
    assert page.title == month + end.format("2025-01")


def test_what_holds_is_summed_over_months_only_where_months_hold_all_of_it() -> None:
    own = pd.DataFrame({"period": ["2026-01", "2026-02", "2026-03"], "target": [700, 200, 300]})
    page = make_pages(own=own, only="targets_5")["targets_5"]
    assert page.table["target_held"].astype("float64").tolist() == [700, 200, 300]
    assert {"target_held", "held_change"} < set(page.totals)
    size = size_target(make_cube(), None, period=parse_period("2026"), params=SizingParams(), unit=10)
    year = pd.DataFrame(
        {**ONE, "month": [str(month) for month in parse_period("2026").months()], "target": 60}
    )
    taken = year[year["month"] > "2026-09"].assign(**ADOPTED | {"period": "2026Q4"})
    stated = pd.DataFrame({"period": ["2026Q1", "2026Q2", "2026Q3"], "target": [100, 110, 120]})
    held = compare_held(year, taken, stated, period=parse_period("2026"))
    assert held is not None
    accounts = pd.DataFrame({"account_id": ["A"], "region": "N", "account_type": "T", "rep_id": "R1"})
    summary = summarise_targets(year, accounts, cube=make_cube(), forecast=None, period=parse_period("2026"))
    days = period_days(parse_period("2026"), params=CalendarParams())
    page = months_page(
        summary,
        scope=pages.Scope(Words("en", "EUR"), "Seven", size, REPS, {}),
        held=held,
        days=count_days(days),
        weeks=sum_weeks(split_days(year, days, unit=10)),
    )
    assert (int(held.total), int(page.table["target_held"].dropna().sum())) == (510, 180)
    assert {"target_held", "held_change"} < set(page.table)
    assert {"target_held", "held_change"}.isdisjoint(page.totals)
    assert "target" in page.totals


@pytest.mark.parametrize(
    ("lang", "same", "beside"),
    [
        ("en", "22 working days (no country is set: Monday to Friday); the month falls on them alike.",
         " 2025-01 had 20: a working day the target asks +57.1 % on it."),
        ("zh", "共 22 个工作日（未设定国家，按周一至周五计）；月目标平均分配到工作日。",
         "2025-01 为 20 个：按每个工作日计，目标较其 +57.1 %。"),
    ],
)  # fmt: skip
def test_one_month_alone_is_told_by_its_working_days(lang: str, same: str, beside: str) -> None:
    month = parse_period("2026-01")
    size = size_target(make_cube(), None, period=month, params=SizingParams(), unit=10)
    plan = pd.DataFrame({**ONE, "month": ["2026-01"], "target": [1210]})
    accounts = pd.DataFrame({"account_id": ["A"], "region": "N", "account_type": "T", "rep_id": "R1"})
    summary = summarise_targets(plan, accounts, cube=make_cube(), forecast=None, period=month)
    days = period_days(month, params=CalendarParams())
    known = {"days": count_days(days), "weeks": sum_weeks(split_days(plan, days, unit=10))}
    scope = pages.Scope(Words(lang, "EUR"), "Seven", size, REPS, {})
    assert months_page(summary, scope=scope, **known).notes == (same,)
    as_many = {"2025-01": 22, "2026-01": 22}
    assert months_page(summary, scope=scope, compared=as_many, **known).notes == (same,)
    fewer = {"2025-01": 20, "2026-01": 22}
    assert months_page(summary, scope=scope, compared=fewer, **known).notes == (same + beside,)


@pytest.mark.parametrize(
    ("lang", "part", "none"),
    [
        ("en", "Months of 2025Q1 before the first sale of the book: 2; PY has nothing of them, and the mean of the others "
               "stands for each.", "Months share evenly: the book knows no month of 2025Q1."),
        ("zh", "2025Q1 的前 2 个月早于账册首笔销售：PY 无数据，以其余月份的平均代替。", "账册没有 2025Q1 的任何月份，故各月均分。"),
    ],
)  # fmt: skip
def test_months_that_the_book_does_not_know_are_said(lang: str, part: str, none: str) -> None:
    sold = [("A", "Bikes", "R1", "2025-03", 100), ("A", "Bikes", "R1", "2025-07", 300)]
    more: dict[str, Any] = {"sizing": SizingParams(total=600), "params": free_params(), "only": "targets_5"}
    page = make_pages(lang, cube=make_cube(sold), **more)["targets_5"]
    assert page.notes[0].endswith(part)
    assert page.notes[0] != part
    assert page.table["target"].tolist() == [200, 200, 200]
    later = make_pages(lang, cube=make_cube(sold[1:]), **more)["targets_5"]
    assert later.notes[0] == none


def test_a_quarters_plan_stands_beside_the_adopted_year() -> None:
    made = make_pages(adopted="2026")
    assert made["targets_2"].sentences == (
        "Adopted for 2026Q1: 1.27 k (plan of 2026, run 004-ab, by Li on 2025-12-03); this plan asks 1.21 k, -60.0.",
        "Furthest from what holds: Wu Lei -60.0 (accounts by their shares -60.0, most Account A -60.0).",
        "A year's plan grows and bounds whole years and lays them on months by product lines' seasons; a quarter's "
        "grows and bounds the quarter itself. So, even where no parameter changed, accounts with a quarter unlike the "
        "rest of their year are asked otherwise.",
    )
    table = made["targets_2"].table
    reps = table[(table["dimension"] == "rep") & table["target_held"].notna()]
    shown = reps.astype({"target_held": "float64", "held_change": "float64"})
    assert shown[["name", "target", "target_held", "held_change"]].to_numpy().tolist() == [
        ["Wu Lei", 1000, 1060, -60], ["Ann", 180, 180, 0], ["(no rep)", 30, 30, 0],
    ]  # fmt: skip
    assert table.loc[table["name"] == "(no account)", "target_held"].isna().all()
    months = made["targets_5"].table
    assert months["held_change"].astype("float64").tolist() == [-20, -20, -20]
    assert {"target_held", "held_change"} < set(made["targets_5"].totals)
    assert made["targets_5"].sentences == ()  # one quarter is told by its months


ADOPTED = {
    "measure": "revenue",
    "period": "2026-01",
    "run": "001",
    "adopted_by": "Li",
    "adopted_at": "2025-12-03",
}
ONE = {
    "account_id": "A",
    "rep_id": "R1",
    "region": "N",
    "account_type": "T",
    "product_line": "L",
    "rule": "both",
    "bound": "",
}


def test_what_holds_for_a_part_of_the_months_says_for_which() -> None:
    plan = pd.DataFrame({**ONE, "month": ["2026-01", "2026-02"], "target": 60})
    words = Words("en", "EUR")
    part = compare_held(plan, plan.head(1).assign(**ADOPTED), period=PERIOD)
    assert held_labels(part, words)["held_change"] == "Δ held already, 2026-01"
    months = [str(month) for month in PERIOD.months()]
    whole = compare_held(
        plan, pd.concat([plan.head(1).assign(month=m, **ADOPTED) for m in months]), period=PERIOD
    )
    assert held_labels(whole, words) == held_labels(None, words) == {}


def test_an_account_that_is_asked_no_more_needs_no_word_on_years_either() -> None:
    plan = pd.DataFrame(
        {
            "account_id": ["A", "B"], "rep_id": ["R1", "R2"], "region": "N", "account_type": "T", "product_line": "L",
            "month": "2026-01", "target": [60, 40], "rule": "both", "bound": "",
        }
    )  # fmt: skip
    year = plan.assign(measure="revenue", period="2026", run="001", adopted_by="Li", adopted_at="2025-12-03")
    size = size_target(make_cube(), None, period=PERIOD, params=SizingParams(), unit=10)
    scope = pages.Scope(Words("en", "EUR"), "Seven", size, REPS, {"A": "Account A", "B": "Account B"})
    said = held_sentences(compare_held(plan.head(1), year, period=PERIOD), scope)
    assert said[1:] == (
        "Furthest from what holds: Ann -40.0 (accounts it asks no more, as closed ones -40.0, most Account B -40.0).",
    )


def test_the_quarters_own_adopted_plan_needs_no_word_on_years() -> None:
    said = make_pages("zh", adopted="2026Q1", only="targets_2")["targets_2"].sentences
    assert said == (
        "2026Q1 已采用的目标为 1,270（2026Q1 的计划，运行 004-ab，Li 于 2025-12-03 采用）；本计划要求 1,210，相差 -60.0。",
        "与已有目标相差最大：Wu Lei -60.0（按份额分解的客户 -60.0，其中 Account A 最多，-60.0）。",
    )


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ("The book's own targets for 2026Q1 speak of a part: 1.30 k; of the same this plan asks 1.18 k, -120.",
                "Furthest from what holds: Wu Lei -100 (1.00 k asked, 1.10 k held); Ann -20.0 (180 asked, 200 held).")),
        ("zh", ("账册自带的 2026Q1 目标仅涉及一部分：1,300；本计划对同一部分要求 1,180，相差 -120。",
                "与已有目标相差最大：Wu Lei -100（要求 1,000，已有 1,100）；Ann -20.0（要求 180，已有 200）。")),
    ],
)  # fmt: skip
def test_the_books_own_targets_stand_beside_the_plan_as_adopted_ones_do(
    lang: str, said: tuple[str, ...]
) -> None:
    own = pd.DataFrame({"period": "2026Q1", "rep_id": ["R1", "R2"], "target": [1100, 200]})
    made = make_pages(lang, own=own)
    page = made["targets_2"]
    assert page.sentences == said
    one = own.assign(account_id=None)
    one.loc[2] = {"period": "2026Q1", "account_id": "A", "target": 700}  # of one account, and of no rep
    assert make_pages(lang, own=one, only="targets_2")["targets_2"].sentences == said
    gone = pd.concat([own, pd.DataFrame({"period": ["2026Q1"], "rep_id": ["R9"], "target": [50]})])
    rows = make_pages(lang, own=gone, only="targets_2")["targets_2"].table
    rows = rows[rows["dimension"] == "rep"]
    bare = make_pages(lang, own=gone, only="targets_2", forecast=False)["targets_2"].table
    assert bare["forecast"].isna().all()
    assert rows["name"].tolist()[:3] == ["Wu Lei", "Ann", "R9"]  # who has no account now is asked nothing
    assert rows.loc[rows["name"] == "R9", ["actual_last_year", "target", "held_change"]].astype(
        "float64"
    ).to_numpy().tolist() == [[0, 0, -50]]
    reps = page.table[page.table["dimension"] == "rep"]
    shown = reps[["target_held", "held_change"]].astype("float64").fillna(-1).to_numpy().tolist()
    assert shown == [[1100, -100], [200, -20], [-1, -1], [-1, -1]]  # whom the book does not name has none
    drawn = [pages.bars_of(page.table.assign(key="", name="")[page.table["dimension"] == side], "", Words("en", "EUR"))
             for side in ("rep", "region")]  # fmt: skip
    assert ["held" in bars for bars in drawn] == [True, False]
    assert "target_held" not in made["targets_5"].table  # of no month does the book say a target


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "The book's own targets hold for 2026, which 2026Q1 is a part of: 5.00 k. This plan asks 1.21 k of that "
               "(24.2 %) and leaves 3.79 k for its other 9 months."),
        ("zh", "账册自带的目标涵盖 2026Q1 所属的 2026：5,000。本计划占其中1,210（24.2 %），为其余9个月留下3,790。"),
    ],
)  # fmt: skip
def test_a_part_of_a_period_with_targets_is_set_beside_the_whole_in_words_alone(lang: str, said: str) -> None:
    made = make_pages(lang, own=pd.DataFrame({"period": ["2026"], "target": [5000]}))
    assert made["targets_2"].sentences == (said,)
    assert [name for name in made["targets_2"].table if "held" in name] == []
    assert [name for name in made["targets_5"].table if "held" in name] == []
    assert set(made["targets_2"].labels) == set(sample_pages()["targets_2"].labels)


def test_what_is_adopted_of_a_part_is_told_beside_the_books_whole() -> None:
    plan = pd.DataFrame({**ONE, "month": ["2026-01", "2026-02"], "target": 60})
    own = pd.DataFrame({"period": ["2026Q1"], "target": [150]})
    held = compare_held(plan, plan.head(1).assign(target=50, **ADOPTED), own, period=PERIOD)
    assert held is not None
    assert held_totals(held, Words("en", "EUR"), period="2026Q1") == (
        "The book's own targets for 2026Q1: 150; this plan asks 120, -30.0.",
        "Adopted already for 2026-01: 50.0 (plan of 2026-01, run 001, by Li on 2025-12-03); this plan asks 60.0 of the "
        "same, +10.0.",
        "What the book states for a quarter or year counts above as it stands; what is adopted for some of its "
        "months changes nothing of it and counts for those months alone.",
    )


@pytest.mark.parametrize(("lang", "own", "said"), [
    ("en", {"target": [70]}, "Targets of 120 hold already: adopted ones for 2026-01 (plan of 2026-01, run 001, by Li on 2025-12-03), "
     "the book's own for 2026-02; this plan asks 120 of the same months, 0."),
    ("en", {"target": [70], "rep_id": ["R9"]}, "Targets of 120 hold already: adopted ones for 2026-01 (plan of "
     "2026-01, run 001, by Li on 2025-12-03), the book's own, which speak of a part, for 2026-02; of the same this plan asks 60.0, -60.0."),
    ("zh", {"target": [70]}, "已有目标为 120：2026-01 为已采用的目标（2026-01 的计划，运行 001，Li 于 2025-12-03 采用），2026-02 "
     "为账册自带的目标；本计划对同样月份要求 120，相差 0。"),
])  # fmt: skip
def test_adopted_months_and_stated_ones_are_told_together(
    lang: str, own: dict[str, list[object]], said: str
) -> None:
    plan = pd.DataFrame({**ONE, "month": ["2026-01", "2026-02"], "target": 60})
    held = compare_held(
        plan,
        plan.head(1).assign(target=50, **ADOPTED),
        pd.DataFrame({"period": ["2026-02"], **own}),
        period=PERIOD,
    )
    assert held is not None
    assert held_totals(held, Words(lang, "EUR"), period="2026Q1") == (said,)


@pytest.mark.parametrize(
    ("lang", "told"),
    [("en", "What holds is reached with a chance of 20 %."), ("zh", "已有目标的达成概率为 20 %。")],
)
def test_what_holds_is_told_with_its_chance(lang: str, told: str) -> None:
    plan = pd.DataFrame({**ONE, "month": ["2026-01", "2026-02"], "target": 60})
    own = pd.DataFrame({"period": ["2026Q1"], "target": [150]})
    held = compare_held(plan, None, own, period=PERIOD)
    assert held is not None
    keys = pd.DataFrame(
        {"level": ["company"], "key": ["company"], "landing": [100], "low_80": [80], "high_80": [120]}
    )
    paths = np.array([[100, 110, 120, 150]]) * SCALE
    likely = Likely(pd.DataFrame(), RepsAtTarget(0, None, None, None), 4, AttainabilityParams(), keys, paths)
    assert held_chance(held, likely) == pytest.approx(1.5 / 5)
    assert np.isnan(held_chance(replace(held, covers=False), likely))
    assert held_totals(replace(held, chance=0.2), Words(lang, "EUR"), period="2026Q1")[1] == told


def test_of_reps_twenty_are_drawn_and_one_alone_is_not_gathered() -> None:
    rows = pd.DataFrame({"key": [f"R{i:02d}" for i in range(22)], "target": 10, "growth_asked": 0.1})
    rows = rows.assign(name=rows["key"], actual_last_year=9, forecast=9, change_asked=1)
    bars = [pages.bars_of(rows.head(n), "Reps", Words("en", "EUR"), most=20)["name"] for n in (21, 22)]
    assert [len(b) for b in bars] == [21, 21]
    assert [b.iloc[-1] for b in bars] == ["R20", "other (2)"]


def test_where_nothing_is_adopted_the_page_says_how_to() -> None:
    page = sample_pages()["targets_2"]
    assert page.sentences[-1].startswith(
        "No plan is adopted for 2026Q1 and the book holds no targets for it, so this one stands beside no other: "
        "kam adopt RUN --book BOOK --by NAME"
    )
    assert "target_held" not in page.table


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "By quarter: 2026Q1 300 (held already 280, +20.0); 2026Q2 400."),
        ("zh", "按季度：2026Q1 300（已有 280，相差 +20.0）；2026Q2 400。"),
    ],
)
def test_a_longer_plan_lists_its_quarters_with_what_is_adopted_for_them(lang: str, said: str) -> None:
    size = size_target(make_cube(), None, period=PERIOD, params=SizingParams(), unit=10)
    scope = pages.Scope(Words(lang, "EUR"), "Seven", size, REPS, {})
    quarters = pd.DataFrame(
        {
            "key": ["2026Q1", "2026Q2"],
            "target": [300, 400],
            "target_held": [280, None],
            "held_change": [20, None],
        }
    )
    assert quarters_said(quarters, scope) == (said,)
    assert quarters_said(quarters.head(1), scope) == ()


def test_where_nothing_of_what_holds_is_known_by_row_no_column_stands() -> None:
    own = pd.DataFrame(
        {"period": ["2026Q1"], "account_id": ["A"], "product_line": ["Bikes"], "target": [700]}
    )
    page = make_pages(own=own, only="targets_2")["targets_2"]
    assert "700" in page.sentences[-1]
    assert {"target_held", "held_change"}.isdisjoint(page.table)
