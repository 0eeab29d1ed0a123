"""What each rep is asked for beside revenue, and the way to later years, as pages say it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.measures.money import to_money
from kamlib.packs.pages_kinds import _said, _share_of_year, glide_page, kinds_page
from kamlib.packs.targets_scope import Scope
from kamlib.periods import parse_period
from kamlib.targets import SizingParams, size_target
from kamlib.targets.kinds import KindParams
from kamlib.targets.longterm import LongTermParams, glide_paths
from tests.targets.sample import make_cube

KINDS = pd.DataFrame(
    [
        ("new_accounts", "R1", 1.0, 2.0, 1, 1.0),
        ("new_accounts", "R2", 1.0, 2.0, 1, 0.0),
        ("new_account_value", "R1", 5000.0, 9000.0, 1, 1500.0),
        ("new_account_value", "R2", 4000.0, 9000.0, 1, 0.0),
        ("satisfaction", "R1", None, 7.5, 0, 7.6),
        ("satisfaction", "R2", 7.25, 7.5, 12, 7.455),
        ("sales_cycle", "R1", 100.0, 120.0, 3, 100.0),
        ("sales_cycle", "R2", 140.0, 120.0, 3, 118.0),
    ],
    columns=["measure", "rep_id", "base", "company", "cases", "target"],
)


def scope(lang: str = "en") -> Scope:
    size = size_target(make_cube(), period=parse_period("2026Q1"), params=SizingParams(), unit=10)
    return Scope(Words(lang, "EUR"), "Seven", size, {"R1": "Wu", "R2": "Li"}, {})


def test_each_cell_says_where_the_rep_stands_what_is_asked_and_on_how_many_cases() -> None:
    page = kinds_page(KINDS, scope=scope(), params=KindParams())
    assert page.title == (
        "Kinds of target beside revenue: 4; one new account in the period, after 2 on average in as many months before"
    )
    assert page.table.to_numpy().tolist() == [
        ["Wu", "1 → 1", "5.00 k → 1.50 k", "– → 7.60 (0)", "100 → 100 (3)"],
        ["Li", "1 → 0", "4.00 k → 0", "7.25 → 7.46 (12)", "140 → 118 (3)"],
        ["Company", "2", "9.00 k", "7.50", "120"],
    ]
    assert page.notes[2].startswith(
        "The book does not know: Product lines per account; Accounts kept. To doubt"
    )
    more = KINDS.assign(target=KINDS["target"] * 2)
    assert "; 2 new accounts in the period" in kinds_page(more, scope=scope(), params=KindParams()).title
    assert kinds_page(KINDS, scope=scope("zh"), params=KindParams()).title.startswith(
        "除收入外另有 4 类目标：本期新客户 1 家"
    )


@pytest.mark.parametrize(
    ("company", "told"),
    [
        (0.92, "half the way to 95.0 % a year, pro rata of the period (kinds.retention_aim); whoever is above that is"
               " asked to stay there."),
        (0.973, "whoever is above that is asked to stay there, as the company is with 97.3 %."),
    ],
)  # fmt: skip
def test_the_aim_of_accounts_kept_is_named(company: float, told: str) -> None:
    kept = pd.DataFrame([("retention", "R1", 0.9, company, 10, 0.91)], columns=KINDS.columns)
    kinds = pd.concat([KINDS, kept], ignore_index=True)
    assert kinds_page(kinds, scope=scope(), params=KindParams()).notes[0].endswith(told)
    assert "retention_aim" not in kinds_page(KINDS, scope=scope(), params=KindParams()).notes[0]


def test_shares_of_accounts_kept_have_the_same_decimals() -> None:
    assert _said("retention", 1.0, Words("en")) == "100.0 %"
    assert _said("retention", 0.9173, Words("en")) == "91.7 %"


def test_the_way_stands_beside_the_forecast_and_steps_of_a_share_are_points() -> None:
    params = LongTermParams(aims={"revenue": {2027: 1210.0}, "retention": {2027: 0.9}})
    paths = glide_paths({"revenue": 1000.0, "retention": 0.88}, year=2025, params=params)
    page = glide_page(paths, scope=scope(), year=2026, landing=float(Decimal(1050)))
    assert page.sentences == (
        "By the forecast 2026 lands at 1.05 k, -50.0 against the way.",
        "This plan asks 1.21 k of 2026Q1, 110 % of what the way asks of 2026.",
    )
    beside = glide_page(paths, scope=scope(), year=2026, last_share=0.209)
    assert beside.sentences == (
        "This plan asks 1.21 k of 2026Q1, 110 % of what the way asks of 2026; the same part of "
        "the year before brought 20.9 % of it.",
    )
    year = dataclasses.replace(scope("zh"), size=dataclasses.replace(scope().size, period="2026"))
    assert glide_page(paths, scope=year, year=2026).sentences == (
        "本计划要求 2026 年实现 1,210，与路径相差 +110。",
    )
    assert page.subtitle.endswith("AC 2025, then PL by year")
    step = page.table.set_index(["measure", "fiscal_year"])["yearly_step"]
    assert step["retention", "2026"] == "+1.0 points"
    assert step["revenue", "2026"] == "+100"


def test_parts_of_a_new_account_have_a_decimal() -> None:
    assert [_said("new_accounts", value, Words("en")) for value in (3.0, 51.75, 0.25)] == ["3", "51.8", "0.2"]


@pytest.mark.parametrize(("first", "as_of", "share"), [("2025-01", "2026-01-01", 0.2), ("2025-01", "2025-12-01", None),
                                                       ("2025-02", "2026-01-01", None)])  # fmt: skip
def test_a_share_of_a_year_needs_the_whole_year(first: str, as_of: str, share: float | None) -> None:
    months = [f"2025-{at:02d}" for at in range(1, 13)]
    cube = pd.DataFrame({"month": months, "revenue": [20, 20, 20, *[240 / 9] * 9]})
    cube = cube[cube["month"] >= first].assign(
        revenue=lambda t: to_money((t["revenue"] * 1e4).round().astype(int))
    )
    found = _share_of_year(parse_period("2025Q1"), cube, dt.date.fromisoformat(as_of))
    assert found == (None if share is None else pytest.approx(share, abs=1e-6))
