from __future__ import annotations

import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.measures.money import to_ticks
from kamlib.packs.page import Page
from kamlib.packs.pages_targets_chain import chain_page
from kamlib.packs.targets_scope import Scope
from kamlib.targets import AllocationParams, SizingParams, allocate_targets, explain_reps, size_target
from tests.targets.sample import PERIOD, free_params, make_accounts, make_cube


def make_page(
    params: AllocationParams | None = None,
    *,
    lang: str = "en",
    accounts: pd.DataFrame | None = None,
    segments: pd.DataFrame | None = None,
    cube: pd.DataFrame | None = None,
) -> Page:
    cube = make_cube() if cube is None else cube
    accounts = make_accounts() if accounts is None else accounts
    size = size_target(cube, period=PERIOD, params=SizingParams(total=1210), unit=10)
    allocation = allocate_targets(
        cube, accounts, total=1210, period=PERIOD, params=params or AllocationParams(), unit=10
    )
    names = dict(zip(accounts["account_id"], accounts["name"], strict=True))
    scope = Scope(Words(lang, "EUR"), "Seven", size, {"R1": "Wu Lei"}, names)
    return chain_page(allocation, explain_reps(allocation.accounts), segments, scope=scope)


def test_the_chain_of_the_largest_rep_adds_up() -> None:
    native = make_page().figures[0].native
    assert native is not None
    amounts = [amount for _, amount, _ in native.steps]
    assert sum(amounts[:4]) == pytest.approx(amounts[4])
    assert native.steps[0][0] == "by history (73.8 %)"
    assert [kind for *_, kind in native.steps] == ["PL", "neutral", "neutral", "neutral", "PL"]


def test_every_other_rep_can_be_chosen_and_adds_up() -> None:
    page = make_page()
    assert [choice.label.split(" · ")[0] for choice in page.choices] == ["R2", "(no rep)"]
    for choice in page.choices:
        native = choice.figures[0].native
        assert native is not None
        amounts = [amount for _, amount, _ in native.steps]
        assert sum(amounts[:4]) == pytest.approx(amounts[4])
        assert choice.sentence.startswith(" is asked for ".join(choice.label.split(" · ")))


def test_the_table_holds_every_reps_accounts_in_their_order() -> None:
    segments = pd.DataFrame({"account_id": ["A", "B"], "tier": ["A", "B"]})
    table = make_page(segments=segments).table
    assert table["rep_name"].tolist() == ["Wu Lei", "Wu Lei", "Wu Lei", "R2", "R2", "(no rep)"]
    assert table["account_id"].tolist() == ["A", "B", "F", "C", "D", "E"]
    assert table["tier"].fillna("-").tolist() == ["A", "B", "-", "-", "-", "-"]
    assert "rep_id" not in table
    whole = to_ticks(table["bounded"]) + to_ticks(table["rounding"])
    assert whole.tolist() == (table["target"] * 10_000).tolist()


def test_notes_say_rule_bounds_and_what_got_nothing() -> None:
    rule, bounds, rules = make_page().notes
    assert rule.startswith("Blend = 50.0 % x share of history + 50.0 % x share of potential.")
    assert "average share of wallet (26.7 %)" in rule
    assert bounds == (
        "Of 6 accounts, at the floor: 0, at the cap: 3, pinned: 0."
        " Not bounded by growth over 2025Q1, as they sold nothing in it: 4;"
        " they are held by potential or history where these are known."
    )
    assert rules == (
        "Accounts by rule: history and potential: 1; potential unknown, by history: 1; never bought, by potential: 1;"
        " nothing in the window, history zero: 1; returns above sales, history zero: 1;"
        " neither known, no share: 1; closed, not asked: 1. Open a rep's name to read any other chain."
    )


def test_more_factors_are_named_with_their_weights_and_what_was_filled() -> None:
    params = AllocationParams(
        weights={"history": 0.75, "purchasing_power": 0.25}, purchasing_power={"Dealer": 2.0}
    )
    page = make_page(params)
    assert ": the share of history alone would ask 893, the other factors move " in page.title
    assert "purchasing_power_share" in page.table
    native = page.figures[0].native
    assert native is not None
    assert native.steps[1][0] == "other factors"
    # potential has no weight, so no rule is said to go by it
    assert {"both_factors", "history_factors"} <= set(page.table["rule"])
    assert "Accounts by rule: all factors known: 1; potential unknown: 1;" in page.notes[2]
    assert page.notes[0] == (
        "Shares blended by these weights: history 75.0 %; purchasing power of the type 25.0 %. A factor of which"
        " the book says nothing has given its weight up to the others. What a factor does not know of an account"
        " counts as it does by history, not as zero: purchasing power of the type: 1."
    )
    assert (
        make_page(params, lang="zh")
        .notes[0]
        .startswith("各份额按以下权重综合：历史 75.0 %；客户类型购买力 25.0 %")
    )


def test_a_floor_that_gave_way_is_counted() -> None:
    params = AllocationParams(growth_floor=0.0, growth_cap=0.001, potential_cap=None)
    sales = [("A", "Bikes", "R1", "2025-01", 804), ("B", "Bikes", "R1", "2025-01", 203)]
    page = make_page(params, cube=make_cube(sales))
    assert page.notes[1].endswith(
        "Too small for the rounding unit, so that the floor gave way to the cap: 2."
    )


def test_without_potential_or_history_the_note_says_so() -> None:
    unknown = make_accounts()
    unknown["potential"] = unknown["potential"].where(pd.Series(False, index=unknown.index))
    page = make_page(free_params(), accounts=unknown)
    assert page.notes[0] == "No account has a known potential, so the share of history decides alone."
    old = make_cube([("A", "Bikes", "R1", "2022-01", 5)])
    page = make_page(free_params(), cube=old)
    assert page.notes[0].startswith("No account has revenue in the history window")


def test_bounds_that_move_nothing_stay_out_of_the_title() -> None:
    assert "floors and caps" not in make_page(free_params()).title
    assert "floors and caps, with what they leave over elsewhere, +226" in make_page().title
    assert (
        make_page(lang="zh").title
        == "Wu Lei 的目标为1,000：仅按历史份额为893，潜力影响-119，上下限（含他处余量）影响+226"
    )


def test_the_first_rep_may_be_nobody() -> None:
    accounts = make_accounts()
    accounts["rep_id"] = None
    page = make_page(accounts=accounts)
    assert page.title.startswith("(no rep) is asked for 1.21 k")
    assert "Account A" in page.figures[1].svg


def test_accounts_of_one_name_are_told_apart_and_the_rest_gathered() -> None:
    rows = [(f"N{i:02d}", "North", "Dealer", "R1", 100 + i, "active") for i in range(20)]
    sales = [(f"N{i:02d}", "Bikes", "R1", "2025-01", 100 + i) for i in range(20)]
    accounts = make_accounts(rows)
    accounts["name"] = ["Twin", "Twin", *accounts["name"].tolist()[2:]]
    page = make_page(free_params(), accounts=accounts, cube=make_cube(sales))
    svg = page.figures[1].svg
    assert "other (8)" in svg
    assert len(page.table) == 20
