from __future__ import annotations

import re
from decimal import Decimal

import pandas as pd
import pytest

from kamlib.charts.figure import Figure
from kamlib.glossary import Words
from kamlib.measures.money import to_ticks
from kamlib.packs.page import Page
from kamlib.packs.pages_targets_chain import chain_page
from kamlib.packs.targets_scope import Scope
from kamlib.targets import (
    AllocationParams,
    Evidence,
    SizingParams,
    allocate_targets,
    size_target,
    trace_targets,
)
from tests.targets.sample import PERIOD, free_params, make_accounts, make_cube


def make_page(
    params: AllocationParams | None = None,
    *,
    lang: str = "en",
    accounts: pd.DataFrame | None = None,
    segments: pd.DataFrame | None = None,
    cube: pd.DataFrame | None = None,
    gaps: dict[str, int] | None = None,
) -> Page:
    cube = make_cube() if cube is None else cube
    accounts = make_accounts() if accounts is None else accounts
    size = size_target(cube, period=PERIOD, params=SizingParams(total=1210), unit=10)
    allocation = allocate_targets(
        cube, accounts, total=1210, period=PERIOD, params=params or AllocationParams(), unit=10
    )
    names = dict(zip(accounts["account_id"], accounts["name"], strict=True))
    scope = Scope(Words(lang, "EUR"), "Seven", size, {"R1": "Wu Lei"}, names)
    summary = None
    if gaps is not None:
        rows = {"dimension": "rep", "key": list(gaps), "forecast_gap": list(gaps.values())}
        summary = pd.DataFrame(rows).assign(without_account=False)
    return chain_page(allocation, trace_targets(allocation), segments, scope=scope, summary=summary)


def texts(figure: Figure) -> list[str]:
    return re.findall(r">([^<>]+)</text>", figure.svg)


def test_the_chain_of_the_largest_rep_runs_from_the_total_to_the_last_unit() -> None:
    page = make_page()
    native = page.figures[0].native
    assert native is not None
    amounts = [amount for _, amount, _ in native.steps]
    assert sum(amounts[:-1]) == pytest.approx(amounts[-1])
    assert [step for step, *_ in native.steps] == [
        "history",
        "potential",
        "share of the rest",
        "rounding",
        "PL 2026Q1",
    ]
    assert [kind for *_, kind in native.steps] == ["neutral"] * 4 + ["PL"]
    written = texts(page.figures[0])
    for expected in ("company 2026Q1", "1,210", "weight 50.0 % × share 73.8 %", "+446.31", "+327.30", "+226.39",
                     "+0.00", "1,000", "82.6 % of the company"):  # fmt: skip
        assert expected in written, expected
    assert page.title == (
        "Wu Lei is asked for 1.00 k of 1.21 k (82.6 %): history 446, potential 327, share of the rest +226"
    )


def test_bounds_of_its_own_are_a_step_with_their_count() -> None:
    chains = {choice.label: choice for choice in make_page().choices}
    written = texts(chains["R2 · 180"].figures[0])
    for expected in ("own floors and caps", "of 2 accounts raised 0, cut 2, pinned 0", "-216.72"):
        assert expected in written, expected
    assert chains["R2 · 180"].sentence == (
        "R2 is asked for 180 of 1.21 k (14.9 %): history 159, potential 238, own bounds -217; 2 of 2 open "
        "accounts, 100 % of it, are at the cap"
    )


def test_reps_regions_types_and_product_lines_can_be_chosen_and_add_up() -> None:
    page = make_page()
    assert page.own_choice == "Wu Lei · 1.00 k"
    assert [(choice.group, choice.label.split(" · ")[0]) for choice in page.choices] == [
        ("Rep", "R2"), ("Rep", "(no rep)"), ("Region", "North"), ("Region", "South"), ("Account type", "Dealer"),
        ("Account type", "Chain"), ("Product line", "Bikes"), ("Product line", "Parts"),
    ]  # fmt: skip
    for choice in page.choices:
        native = choice.figures[0].native
        assert native is not None
        amounts = [amount for _, amount, _ in native.steps]
        assert sum(amounts[:-1]) == pytest.approx(amounts[-1])
        name = choice.label.split(" · ")[0]
        assert choice.sentence.startswith(
            name if choice.group == "Rep" else f"{choice.group} {name} is asked for"
        )


def test_a_product_line_shows_the_mix_of_its_accounts() -> None:
    bikes = next(choice for choice in make_page().choices if choice.group == "Product line")
    assert bikes.sentence == (
        "Product line Bikes is asked for 820 of 1.21 k (67.8 %): history 412, potential 418, "
        "bounds of accounts -12.0"
    )
    written = texts(bikes.figures[1])
    # A, 770, bought 800 Bikes and 400 Parts; E had returns alone, so that the company's mix stands in
    for expected in ("Account A", "770", "66.7 %", "its own sales", "the company's"):
        assert expected in written, expected


def test_many_factors_are_told_by_the_two_heaviest_and_the_rest() -> None:
    weights = {"history": 0.25, "potential": 0.5, "purchasing_power": 0.125, "resources": 0.125}
    cube, accounts = make_cube(), make_accounts()
    reps = pd.DataFrame({"rep_id": ["R1", "R2"], "region": ["North", "South"], "left": None, "ability": None})
    allocation = allocate_targets(
        cube, accounts, total=1210, period=PERIOD, unit=10, evidence=Evidence(reps=reps),
        params=free_params(weights=weights, purchasing_power={"Dealer": 2.0}),
    )  # fmt: skip
    size = size_target(cube, period=PERIOD, params=SizingParams(total=1210), unit=10)
    names = dict(zip(accounts["account_id"], accounts["name"], strict=True))
    scope = Scope(Words("en", "EUR"), "Seven", size, {"R1": "Li Na", "R2": "Li Na"}, names)
    page = chain_page(allocation, trace_targets(allocation), None, scope=scope)
    assert page.title == (
        "Li Na (R1) is asked for 740 of 1.21 k (61.2 %): potential 327, history 223, other factors 187"
    )
    assert page.choices[0].label.startswith("Li Na (R2)")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "R2 is asked for 190 of 1.21 k (15.7 %), 120 above the forecast: history 159, potential 238, "
               "own bounds -207; 2 of 2 open accounts, 100 % of it, are at the cap"),
        ("zh", "R2 的目标为190，占1,210的 15.7 %，高于预测 120：历史159，潜力238，自身上下限 -207；"
               "2家未关闭客户中有2家触及上限，占该目标的 100 %"),
    ],
)  # fmt: skip
def test_the_rep_asked_for_most_above_the_forecast_comes_first(lang: str, said: str) -> None:
    page = make_page(AllocationParams(caps={"C": 130}), lang=lang, gaps={"R1": 10, "R2": -120})
    assert page.title == said
    assert page.own_choice.startswith("R2")
    assert [c.label.split(" ·")[0] for c in page.choices][:1] == ["Wu Lei"]
    assert make_page(gaps={"R1": 10, "R2": 0}).own_choice.startswith("Wu Lei")


def test_required_totals_are_a_step_of_the_chain() -> None:
    asked = free_params(requirements=[{"region": "South", "exactly": Decimal(300)}])
    page = make_page(asked)
    south = next(choice for choice in page.choices if choice.label.startswith("South"))
    assert "required totals -" in south.sentence
    assert "totals required of it or parts" in texts(south.figures[0])
    assert "by_required" in page.table
    assert "by_required" not in make_page().table


def test_columns_on_the_base_name_it() -> None:
    assert make_page().labels["growth_asked"] == "ΔPY % asked, on 2025Q1"
    assert make_page(lang="zh").labels["actual_last_year"] == "PY 2025Q1"


def test_the_table_holds_every_chain_and_then_every_reps_accounts_in_their_order() -> None:
    segments = pd.DataFrame({"account_id": ["A", "B"], "tier": ["A", "B"]})
    table = make_page(segments=segments).table
    sums, accounts = table[table["dimension"] != "account"], table[table["dimension"] == "account"]
    assert sums["name"].tolist() == ["Company", "Wu Lei", "R2", "(no rep)", "North", "South", "Dealer", "Chain",
                                     "Bikes", "Parts"]  # fmt: skip
    assert accounts["rep_name"].tolist() == ["Wu Lei", "Wu Lei", "Wu Lei", "R2", "R2", "(no rep)"]
    assert accounts["account_id"].tolist() == ["A", "B", "F", "C", "D", "E"]
    assert accounts["tier"].fillna("-").tolist() == ["A", "B", "-", "-", "-", "-"]
    steps = ["history_part", "potential_part", "by_own_bounds", "by_rest", "rounding"]
    assert sum(to_ticks(table[name]) for name in steps).tolist() == to_ticks(table["target"]).tolist()


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
        " neither known, no share: 1; closed, not asked: 1."
    )


def test_more_factors_are_named_with_their_weights_and_what_was_filled() -> None:
    params = AllocationParams(
        weights={"history": 0.75, "purchasing_power": 0.25}, purchasing_power={"Dealer": 2.0}
    )
    page = make_page(params)
    assert "history 669, purchasing power of the type " in page.title
    assert {"purchasing_power_share", "purchasing_power_part"} <= set(page.table)
    assert "potential_part" not in page.table
    native = page.figures[0].native
    assert native is not None
    assert [step for step, *_ in native.steps][:2] == ["history", "purchasing power of the type"]
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


def test_bounds_that_move_nothing_stay_out_of_title_and_chain() -> None:
    page = make_page(free_params())
    assert page.title == "Wu Lei is asked for 770 of 1.21 k (63.6 %): history 446, potential 327"
    native = page.figures[0].native
    assert native is not None
    assert [step for step, *_ in native.steps] == ["history", "potential", "rounding", "PL 2026Q1"]
    assert (
        make_page(lang="zh").title
        == "Wu Lei 的目标为1,000，占1,210的 82.6 %：历史446，潜力327，余量分摊 +226"
    )


def test_where_no_rep_is_named_regions_come_first() -> None:
    accounts = make_accounts()
    accounts["rep_id"] = None
    page = make_page(accounts=accounts)
    assert page.title.startswith("Region North is asked for 1.00 k of 1.21 k (82.6 %)")
    assert page.own_choice == "North · 1.00 k"
    assert "(no rep) · 1.21 k" in [choice.label for choice in page.choices]
    assert "Account A" in page.figures[1].svg


def test_accounts_of_one_name_are_told_apart_and_the_rest_gathered() -> None:
    rows = [(f"N{i:02d}", "North", "Dealer", "R1", 100 + i, "active") for i in range(20)]
    sales = [(f"N{i:02d}", "Bikes", "R1", "2025-01", 100 + i) for i in range(20)]
    accounts = make_accounts(rows)
    accounts["name"] = ["Twin", "Twin", *accounts["name"].tolist()[2:]]
    page = make_page(free_params(), accounts=accounts, cube=make_cube(sales))
    written = texts(page.figures[1])
    assert "other (12)" in written
    assert {"Twin (N00)", "Twin (N01)"} <= set(written)
    assert (page.table["dimension"] == "account").sum() == 20
