from __future__ import annotations

from decimal import Decimal

import pandas as pd

from kamlib.glossary import Words
from kamlib.packs.pages_falls import fall_sentences, with_forecasts
from kamlib.packs.targets_scope import Scope
from kamlib.targets import SizingParams, size_target
from tests.targets.sample import PERIOD, make_cube

NAMES = {letter: f"Shop {letter}" for letter in "ABCDEFGHI"}
SIZE = size_target(make_cube(), None, period=PERIOD, params=SizingParams(), unit=10)


def rep(key: str, before: int, target: int, forecast: int | None = None) -> dict[str, object]:
    return {
        "key": key, "name": f"Rep {key}", "actual_last_year": Decimal(before), "target": target,
        "forecast": None if forecast is None else Decimal(forecast), "change_asked": Decimal(target - before),
        "growth_asked": target / before - 1 if before else None,
    }  # fmt: skip


def account(
    name: str, rep_id: str, before: int, target: int = 0, rule: str = "both", forecast: int = 0
) -> dict[str, object]:
    return {
        "account_id": name, "rep_id": rep_id, "actual_last_year": before, "target": target, "rule": rule,
        "forecast": Decimal(forecast),
    }  # fmt: skip


def said(
    reps: list[dict[str, object]], accounts: list[dict[str, object]], *silent: str, lang: str = "en"
) -> tuple[str, ...]:
    segments = pd.DataFrame({"account_id": list(NAMES), "last_bought": "2025-04"})
    segments["gone_silent"] = segments["account_id"].isin(silent)
    scope = Scope(Words(lang, "EUR"), "Seven", SIZE, {}, NAMES)
    return fall_sentences(pd.DataFrame(reps), pd.DataFrame(accounts), segments, scope=scope)


def test_a_fall_of_more_than_a_third_names_closed_and_silent_accounts_by_size() -> None:
    accounts = [
        account("A", "R", 100, rule="closed"), account("B", "R", 300, 20), account("C", "R", 500, rule="closed"),
        account("D", "R", 900, 600), account("E", "S", 800, rule="closed"), account("F", "R", 30, rule="closed"),
        account("G", "R", 20, rule="closed"), account("H", "R", 0, rule="closed"),
    ]  # fmt: skip
    assert said([rep("R", 1850, 620), rep("S", 1000, 700)], accounts, "B") == (
        "Target below 2025Q1 by more than a third: Rep R, -66.5 % (-1.23 k): Shop C, closed, brought 500, Shop B, silent since "
        "2025-04, brought 300, Shop A, closed, brought 100, 2 more closed or silent 50.0.",
    )
    small = [account("A", "R", 30, rule="closed"), account("B", "R", 970, 200), account("C", "R", 5, 2)]
    assert said([rep("R", 1005, 202)], small) == (
        "Target below 2025Q1 by more than a third: Rep R, -79.9 % (-803): Shop A, closed, brought 30.0, of the others "
        "Shop B falls most, -770.",
    )
    assert said([rep("R", 1005, 202)], small, lang="zh") == (
        "目标较 2025Q1 下降超过三分之一：Rep R -79.9 %（-803）：Shop A 已关闭，当时为 30.0、其余客户中 Shop B 下降最多，-770。",
    )
    assert said([rep("S", 800, 0)], accounts, lang="zh") == (
        "目标较 2025Q1 下降超过三分之一：Rep S -100 %（-800）：Shop E 已关闭，当时为 800。",
    )


def test_who_is_silent_and_asked_all_the_same_is_not_the_whole_cause() -> None:
    accounts = [account("A", "R", 300, 250), account("B", "R", 700, 150)]
    assert said([rep("R", 1000, 400)], accounts, "A") == (
        "Target below 2025Q1 by more than a third: Rep R, -60.0 % (-600): Shop A, silent since 2025-04, brought 300, of the "
        "others Shop B falls most, -550.",
    )
    half = [account("A", "R", 400, 100), account("B", "R", 600, 300)]
    assert said([rep("R", 1000, 400)], half, "A") == (
        "Target below 2025Q1 by more than a third: Rep R, -60.0 % (-600): Shop A, silent since 2025-04, brought 400.",
    )


def test_a_closed_account_with_returns_beyond_its_sales_made_no_fall() -> None:
    accounts = [account("A", "R", -100, rule="closed"), account("B", "R", 1000, 300)]
    assert said([rep("R", 900, 300)], accounts) == (
        "Target below 2025Q1 by more than a third: Rep R, -66.7 % (-600): none of the accounts that brought anything then is "
        "closed or silent; Shop B falls most, -700.",
    )


def test_a_third_itself_is_no_such_fall_and_a_fallen_forecast_is() -> None:
    accounts = [account("A", "R", 600, 400, forecast=450), account("B", "R", 300, 200, forecast=50)]
    assert said([rep("R", 900, 600)], accounts) == ()
    assert said([rep("R", 900, 600, 700), rep("S", 0, 0)], accounts) == ()
    assert said([rep("R", 900, 600, 500)], accounts) == (
        "Forecast, not target, below 2025Q1 by more than a third: Rep R, -44.4 % (-400): none of the accounts that "
        "brought anything then is closed or silent; Shop B falls most, -250.",
    )
    assert said([rep("R", 900, 600, 500)], accounts, lang="zh") == (
        "预测（而非目标）较 2025Q1 下降超过三分之一：Rep R -44.4 %（-400）：当时有收入的客户中没有已关闭或未再采购的；Shop B 下降最多，-250。",
    )


def test_falls_are_ranked_by_what_is_told_and_no_account_that_rises_is_named() -> None:
    accounts = [account("A", "R", 400, 430), account("C", "R", 500, 120),
                account("B", "S", 800, 900, forecast=-20), account("D", "S", 100, 50, forecast=120)]  # fmt: skip
    none = "none of the accounts that brought anything then is closed or silent"
    assert said([rep("R", 900, 550, 550), rep("S", 900, 950, 100)], accounts) == (
        f"Target below 2025Q1 by more than a third: Rep R, -38.9 % (-350): {none}; Shop C falls most, -380.",
        f"Forecast, not target, below 2025Q1 by more than a third: Rep S, -88.9 % (-800): {none}; Shop B falls most, -820.",
    )


def test_only_the_largest_falls_are_told_and_the_rest_is_counted() -> None:
    reps = [rep(key, 100 * at, 10) for at, key in enumerate("RSTUV", start=1)]
    told = said(reps, [account("A", key, 100 * at, 10) for at, key in enumerate("RSTUV", start=1)])[0]
    assert [f"Rep {key}" in told for key in "VUTSR"] == [True, True, True, False, False]
    assert told.endswith("closed or silent; Shop A falls most, -290; and reps besides: 2.")


def test_accounts_get_what_is_forecast_of_them() -> None:
    summary = pd.DataFrame(
        {
            "dimension": ["account", "account", "rep"], "key": ["A", None, "B"],
            "forecast": [Decimal("12.5"), Decimal(9), Decimal(7)],
        }
    )  # fmt: skip
    accounts = pd.DataFrame({"account_id": ["A", "B"]})
    assert with_forecasts(accounts, summary)["forecast"].astype(float).tolist() == [12.5, 0.0]
    assert "forecast" not in with_forecasts(accounts, summary.assign(forecast=None))
