from __future__ import annotations

import re

import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.packs import accounts_sentences as say
from kamlib.packs.first_moves import first_moves
from kamlib.segments import (
    SegmentParams,
    mix_health,
    summarise_concentration,
    summarise_fields,
    summarise_movements,
    summarise_tenure,
    summarise_tiers,
)
from tests.segments.sample import AS_OF, LAST_YEAR, MONTHS, make_accounts, make_cube, make_segments, money

EN, ZH = Words("en", "EUR"), Words("zh", "EUR")


def title(
    words: Words = EN,
    *,
    cube: pd.DataFrame | None = None,
    accounts: pd.DataFrame | None = None,
    **more: object,
) -> str:
    table, params = make_segments(cube, accounts, **more), SegmentParams(**more)
    now = summarise_concentration(table, params=params).set_index("basis").loc["revenue"]
    return say.pareto_title(table, now, params=params, words=words)


def notes(words: Words = EN, short: str = "") -> tuple[str, ...]:
    table, params = make_segments(), SegmentParams()
    tiers = summarise_tiers(table, make_cube(), months=MONTHS, last_year_months=LAST_YEAR)
    without = tiers.set_index("tier").loc["no_account"]
    concentration = summarise_concentration(table, params=params)
    return say.pareto_notes(table, concentration, without=without, short=short, params=params, words=words)


def test_who_brings_the_money() -> None:
    assert title() == "3 of 6 accounts bring 80 % of revenue; 1 of them does not pay for its service"
    assert title(ZH) == "6家客户中3家贡献了 80 % 的收入；其中1家的毛利不足以覆盖服务成本"
    assert title(key_share=0.5) == "1 of 6 accounts brings 50 % of revenue; all of them pay for their service"
    assert title(key_threshold=100) == (
        "Accounts with at least 100 of revenue: 4 of 6; they bring 90.0 % of it; "
        "1 of them does not pay for its service"
    )


def test_what_is_not_known_is_not_said() -> None:
    cube = make_cube()
    without_cost = title(cube=cube.assign(cost=money([None] * len(cube))))
    assert without_cost == "3 of 6 accounts bring 80 % of revenue"
    margin = title(accounts=make_accounts().assign(service_cost=None))
    assert margin.endswith("; none of them is sold to below cost")
    assert (
        title(cube=make_cube([("a7", "x", "2025-01", -5, 1)])) == "No account has net revenue in the window"
    )


def test_notes_on_concentration_tail_and_what_is_left_out() -> None:
    first, second, third = notes(short="Short.")
    assert first == (
        "The account that crosses a cut is inside. Tier A ends at 80 %, B at 95 % of revenue. Gini 0.43, "
        "Herfindahl 0.305, largest fifth of the accounts 68.6 % of revenue. Last year: 4 of 6 accounts for 80 %, "
        "Gini 0.38."
    )
    assert second == (
        "The tail: accounts that bring the last 5 %: 1 of 6. "
        "On contribution after cost to serve, 80 % comes from 2 accounts."
    )
    assert third == (
        "Not in the curve: sales that name no account, 7.00. Accounts without net revenue in the window: 3. "
        "Accounts under a parent account: 1; each is counted by itself, groups are not merged. Short."
    )


def test_who_could_bring_more() -> None:
    table = make_segments()
    assert say.potential_title(table, summarise_fields(table), words=EN) == (
        "Accounts to grow: 1; they could buy 800 a year more, of their wallet we have 20.0 %"
    )
    rule, moves, doubt = say.potential_notes(table, params=SegmentParams(), words=EN)
    assert "a share of wallet of 50 % or more" in rule
    assert moves == (
        "First to look at, by open potential: keep: Alpha (500); grow: Beta (800); harvest: Gamma (0); "
        "review: Eta (50.0)."  # Zeta is closed
    )
    assert doubt == (
        "Potential unknown: 1, with 100 of revenue. Potential below sales, so stated too low: 2."
    )
    gone = table.assign(status="closed")
    assert say.potential_notes(gone, params=SegmentParams(), words=EN)[-1].endswith(
        "Closed or silent by now among those to grow: 1, with 800 open: "
        "win them back, or take their potential out of the book."
    )
    [amount, *_] = say.potential_notes(table, params=SegmentParams(potential_threshold=5000), words=EN)
    assert amount.startswith("High potential: 5.00 k a year or more.")


def test_nobody_to_grow_and_no_potential_at_all() -> None:
    table = make_segments(potential_threshold=10_000)
    said = say.potential_title(table, summarise_fields(table), words=EN)
    assert said.startswith("No account has a high potential and a low share of wallet; 1.66 k a year is open")
    table = make_segments(accounts=make_accounts().assign(potential=None))
    said = say.potential_title(table, summarise_fields(table), words=EN)
    assert said.startswith("The potential of no account is known")
    assert len(say.potential_notes(table, params=SegmentParams(), words=EN)) == 2


def test_who_does_not_pay() -> None:
    table = make_segments()
    assert say.contribution_title(table, words=EN) == (
        "3 accounts cost 35.0 more than they bring; 1 of them is a key account"
    )
    large, old, doubt = say.contribution_notes(
        table, summarise_tenure(table, params=SegmentParams()), words=EN
    )
    assert (
        large
        == "All accounts together: +220, +24.4 % of revenue. Large and not paying: Beta (-20.0). Not paying without any net revenue in the window: 2."
    )
    assert old.startswith("Old is not valuable by itself: the rank correlation of years and revenue is 0.")
    assert old.endswith("unknown for 2 of them.")
    assert doubt.startswith("Unknown because a cost is missing, so in no sum of profit: 2, with 100")


def test_everybody_pays_or_nothing_is_known() -> None:
    paying = make_segments(make_cube([("a1", "x", "2025-01", 100, 40), ("a3", "x", "2025-01", 50, 10)]))
    paying = paying[paying["account_id"].isin(["a1", "a3"])]
    assert say.contribution_title(paying, words=EN) == (
        "Every account pays for its service; what remains is 33.3 % of revenue"
    )
    cube = make_cube()
    unknown = make_segments(cube.assign(cost=money([None] * len(cube))))
    assert say.contribution_title(unknown, words=EN).startswith("The book has no cost of sales")
    tenure = summarise_tenure(unknown, params=SegmentParams())
    assert len(say.contribution_notes(unknown, tenure, words=EN)) == 1


def test_who_moved() -> None:
    table = make_segments()
    movements = summarise_movements(table)
    assert say.movement_title(movements, words=EN) == (
        "Accounts that came: 2 with +160; that went: 2 with -200; those that stayed changed by -60.0"
    )
    total, came, silent = say.movement_notes(table, movements, short="", words=EN)
    assert total == "All accounts: 1.00 k against 1.10 k, -100 (-9.1 %)."
    assert came.startswith("Came: 1 new, 1 back after a year without purchases.")
    assert (
        "Closed by now though they bought in the window: 1, with 60.0. Up a tier: 1; down a tier: 1" in came
    )
    assert silent == "No open account has been silent for longer than its own rhythm explains."
    gone = table.assign(gone_silent=table["account_id"] == table["account_id"].iloc[0])
    said = say.movement_notes(gone, movements, short="", words=EN)[2]
    assert said.startswith("Gone silent, longer than their own rhythm explains: 1, with ")


def test_without_last_year_nothing_is_said_of_movement() -> None:
    cube = make_cube()
    table = make_segments(cube[cube["month"] >= "2025-01"])
    movements = summarise_movements(table)
    assert say.movement_title(movements, words=EN).startswith("The book has no sales a year before")
    assert say.movement_notes(table, movements, short="", words=EN) == ()


@pytest.mark.parametrize(
    ("verdict", "own", "said"),
    [
        ("reasonable", 0.61, "at an own market share of 61.0 %: reasonable"),
        ("healthy", 0.5, ": healthy"),
        ("opportunity", 0.3, ": an opportunity"),
        ("unmet", 0.7, ": not what the rule calls sound"),
        ("no_rule", 0.2, "where the rule says nothing"),
        ("no_share", None, "the own market share is not known"),
    ],
)
def test_the_mix_is_judged_in_words(verdict: str, own: float | None, said: str) -> None:
    row = pd.Series({"key_share": 0.42, "own_share": own, "verdict": verdict})
    assert say.mix_title(row, words=EN).startswith("Key accounts bring 42.0 % of revenue")
    assert said in say.mix_title(row, words=EN)
    assert re.search("[一-鿿]", say.mix_title(row, words=ZH))


def test_the_mix_notes_state_rule_regions_and_how_key_accounts_are_named() -> None:
    mix = mix_health(make_segments(), months=MONTHS, as_of=AS_OF, params=SegmentParams())
    regions = mix[mix["level"] == "region"].assign(verdict=["healthy", "no_rule"], own_share=[0.5, 0.2])
    rule, said, named = say.mix_notes(regions, params=SegmentParams(), words=EN)
    assert "from 60 %: key accounts about 40 %; 50 % to 60 %: above 40 %; 30 % to 40 %: above 50 %" in rule
    assert said == "Regions: healthy: North; no rule: South."
    assert "by a cut of 80 % of revenue" in named
    assert len(say.mix_notes(regions, params=SegmentParams(key_threshold=5), words=ZH)) == 2
    unknown = regions.assign(own_share=None, verdict="no_share")
    assert len(say.mix_notes(unknown, params=SegmentParams(), words=EN)) == 2


def test_a_book_without_revenue_has_no_mix() -> None:
    row = pd.Series({"key_share": float("nan"), "own_share": 0.5, "verdict": "no_share"})
    assert say.mix_title(row, words=EN).startswith("No revenue in the window")


def test_equal_potentials_are_not_told_as_one_accounts() -> None:
    table = make_segments()
    grow = table[table["field"] == "grow"]
    again = pd.concat([table, grow.assign(account_id="a0", name="Twin")], ignore_index=True)
    first = first_moves(again).set_index("field")
    assert (first.loc["grow", "name"], int(first.loc["grow", "alike"])) == ("Twin", 1)
    assert int(first.loc["harvest", "alike"]) == 0  # nothing is open there
    assert "grow: Twin and 1 alike (800);" in say.potential_notes(again, params=SegmentParams(), words=EN)[1]
    assert (
        "发展——Twin 等（另有1家相同）（800）"
        in say.potential_notes(again, params=SegmentParams(), words=ZH)[1]
    )
