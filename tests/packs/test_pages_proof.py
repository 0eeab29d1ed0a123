from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.packs.page import Page
from kamlib.packs.pages_proof import proof_page
from kamlib.periods import parse_period
from tests.targets.sample import free_params
from tests.targets.test_proof import (
    KNOWN,
    REPS,
    STEADY,
    make_cube,
    make_forecasts,
    make_past,
    own_targets,
    prove,
    targets_of,
)

EN, ZH = Words("en", "EUR"), Words("zh", "EUR")


def page_of(words: Words = EN, **more: object) -> Page:
    return proof_page(prove(**more), words=words, company="Seven")


def test_the_title_says_which_rule_by_how_much_and_whether_chance_explains_it() -> None:
    page = page_of()
    assert page.title == (
        "Of the rules tried, history would have set past targets best: 0.0 % off, 16.7 points better than by the plan's own"
        " rule (in use); that is more than chance makes (95 % range 12.5 to 25.0 points)"
    )
    assert (
        page.subtitle
        == "Seven · past targets by rule against what came, share of AC · 2024Q1 to 2025Q4, AC and PL"
    )
    noisy = make_cube(R1_A=lambda at: 200 + at // 3 * 71 % 200, R2_C=lambda at: 300 + at // 3 * 37 % 100)
    past = make_past({"A": ("R1", 1000.0), "C": ("R2", 1400.0)})
    assert "8 periods cannot tell" in page_of(cube=noisy, past=past).title


def test_one_period_proves_nothing_and_none_says_why() -> None:
    one = page_of(cube=STEADY[STEADY["month"] >= "2024-10"])
    assert one.title.startswith(
        "Of the rules tried, history would have set the targets of 2025Q4 best: 0.0 % off"
    )
    assert one.title.endswith("one period proves nothing")
    assert "2025Q4, AC and PL" in one.subtitle
    none = page_of(cube=STEADY[STEADY["month"] >= "2025-01"])
    assert (
        none.title == "No rule can be tried on the past: no past period has a whole year of sales before it"
    )
    assert (none.figures, len(none.table)) == ((), 0)


@pytest.mark.parametrize(
    ("lang", "lead", "said"),
    [
        ("en", ("One rep gets everything by every rule", "No rep is named whose past targets could tell rules apart"),
         "; of single accounts history would have been best: 0.0 % off, 25.0 points better than by the plan's own rule "
         "(in use)"),
        ("zh", ("只有一名客户经理，按任何规则都承担全部", "没有客户经理可用来区分各规则"),
         "；就单个客户而言，按历史最准：偏差 0.0 %，比计划自身的规则（现用）少25.0个百分点"),
    ],
)  # fmt: skip
def test_where_reps_cannot_tell_rules_apart_accounts_do(lang: str, lead: tuple[str, str], said: str) -> None:
    """The plan asks 3/8, 5/24 and 5/12 of the total where 1/2, 1/6 and 1/3 came: 1/4 off."""
    words = Words(lang, "EUR")
    for rep, start in zip(("R1", None), lead, strict=True):
        past = make_past({account: (rep, potential) for account, (_, potential) in KNOWN.items()})
        page = page_of(words, past=past, targets=own_targets())
        assert page.title == start + said
        native = page.figures[0].native
        assert native is not None
        assert (native.series, page.table["split_rule"].iloc[0]) == ({"account_error": "AC"}, "history")
        assert page.table["difference_low"].isna().all()
        assert "best_blend" not in set(page.table["split_rule"])
        assert len(page.notes) == 2
    coming = page_of(past=past, forecasts=make_forecasts({"A": 1, "B": 1, "C": 1}))
    assert "forecast" in coming.table["split_rule"].tolist()
    assert "No forecast was made again" not in coming.notes[1]


def test_a_difference_that_is_told_as_none_is_no_finding() -> None:
    proof = prove()
    rules = proof.rules.assign(error_difference=0.0003, difference_low=0.0002, difference_high=0.0004)
    title = proof_page(dataclasses.replace(proof, rules=rules), words=EN, company="Seven").title
    assert title.endswith("cannot tell that from chance (95 % range 0.0 to 0.0 points)")


def test_the_table_has_the_best_rule_first_and_both_totals() -> None:
    page = page_of()
    assert page.table["split_rule"].iloc[0] == "history"
    assert page.table["split_total"].unique().tolist() == ["true", "sized"]
    native = page.figures[0].native
    assert native is not None
    assert (native.series, native.rows) == ({"rep_error": "AC"}, 6)


def test_notes_tell_the_blend_fairness_and_what_to_doubt() -> None:
    page = page_of(targets=own_targets())
    blend, doubt = page.notes
    fair, own = page.sentences
    assert blend.startswith("Best blend over all periods: history 100 % (100 % to 100 %); potential 0 %")
    assert "judged on each one left out, it is 0.0 % off. The plan's own rule is 16.7 % off." in blend
    assert "By the plan's own rule (in use), 0.0 % of the reps would have landed" in fair
    assert "large accounts had it easier" in fair
    assert (
        "those that grew the year before cannot be told from the rest (rank correlations +0.87 and –)" in fair
    )
    assert own.startswith(
        "The company's own targets, scaled to what came, were 16.7 % off for 16 reps and periods"
    )
    assert own.endswith("The 0.0 % in the title is by what the accounts held on the day bought.")
    assert len(page_of().sentences) == 1  # on fairness
    assert doubt.startswith(
        "To doubt: 8 periods and 2 reps; floors and caps hold for the plan's own rule only."
    )
    assert doubt.endswith("rules by forecast are left out.")
    assert "rules by forecast" not in page_of(forecasts=make_forecasts(dict.fromkeys("ABC", 1.0))).notes[1]


def test_what_is_not_dated_and_what_cannot_be_replayed_is_said() -> None:
    today = page_of(past=make_past(KNOWN, dated=False)).notes[1]
    assert today.endswith(
        "Not truly replayed, as today's stand in where nothing is dated: potential, in the rules that weigh it."
        " No forecast was made again for these periods, so rules by forecast are left out."
    )
    made = make_forecasts(dict.fromkeys("ABC", 1.0))
    assert (
        "regions, types and reps that past forecasts were reconciled over" in page_of(forecasts=made).notes[1]
    )
    other = page_of(split=free_params(weights={"history": 0.5, "demand": 0.5}))
    assert "The plan's own rule weighs factors that have no dated past" in other.notes[0]
    assert "0.0 points better than by last year plus growth" in other.title


def test_how_many_own_targets_could_be_expected_to_be_reached_is_said() -> None:
    known = {f"A{rep}": (rep, 1000.0) for rep in REPS}
    cube = make_cube(**{f"{rep}_A{rep}": 100 for rep in REPS})
    made = make_forecasts({account: 300.0 if account < "AR05" else 600.0 for account in known})
    asked = targets_of("2025Q4", {"R00": 300.0, "R01": 301.0, "R02": 150.0})
    page = page_of(cube=cube, past=make_past(known), forecasts=made, targets=asked)
    assert page.sentences[0].startswith(
        "2 of 3 past targets of the company were reached; by the forecasts of the day about 1.5 would have been. Chance "
        "makes such a difference. Counted are reps and periods, with at least twenty errors"
    )
    assert page.sentences[2].startswith("The company's own targets, scaled to what came,")


@pytest.mark.parametrize(
    ("reached", "said"),
    [
        (
            10,
            "by the forecasts of the day about 10 would have been. Chance makes such a difference.",
        ),  # 10 expected; 20 targets at one half spread by 2.2 alone
        (
            5,
            "So large a difference can still be chance, as the reps",
        ),  # two periods of ten together spread by 7.1
        (0, "So large a difference can still be chance, as the reps"),
    ],
)
def test_how_sure_it_is_that_chances_were_wrong_counts_with_reps_who_fall_together(
    reached: int, said: str
) -> None:
    assert said in chances_said(reached, periods=2)


def test_chances_that_no_shared_fall_explains_were_wrong() -> None:
    # forty periods of one rep each are independent: 20 expected, give or take 6.3
    assert "That is fewer than chance explains: such probabilities were too high." in chances_said(
        13, periods=40
    )
    assert "That is more than chance explains: such probabilities were too low." in chances_said(
        27, periods=40
    )
    assert "Chance makes such a difference." in chances_said(14, periods=40)


def chances_said(reached: int, *, periods: int) -> str:
    """Return what is said of targets at one half: twenty in two periods, or one in each."""
    count = max(periods, 20)
    chances = pd.DataFrame(
        {
            "period": [f"P{at % periods}" for at in range(count)],
            "target": 100.0,
            "actual": [100.0 if at < reached else 99.0 for at in range(count)],
            "reach_probability": 0.5,
        }
    )
    proof = dataclasses.replace(prove(targets=own_targets()), chances=chances)
    return proof_page(proof, words=EN, company="Seven").sentences[0]


@pytest.mark.parametrize("words", [EN, ZH])
def test_the_figure_draws_every_rule(words: Words) -> None:
    page = page_of(words, targets=own_targets())
    spec = json.dumps(page.figures[0].spec, ensure_ascii=False)
    for code in ("history", "potential", "half", "last_year", "best_blend"):
        assert words.value("split_rule", code) in spec
    assert page.figures[0].svg.startswith("<svg")


def test_chinese_is_chinese() -> None:
    page = page_of(ZH, targets=own_targets())
    assert page.title == (
        "所试规则中，按历史分解过去的目标最准：偏差 0.0 %，比计划自身的规则（现用）少16.7个百分点，"
        "超出偶然（95 % 区间 12.5 至 25.0 个百分点）"
    )
    assert all("一" <= note[0] <= "鿿" for note in page.notes)
    assert isinstance(page.table, pd.DataFrame)


def test_years_that_overlap_are_never_told_from_chance() -> None:
    year = parse_period("2026")
    page = page_of(period=year)
    assert page.title.endswith(
        "16.7 points better than by the plan's own rule (in use); but 5 periods cannot tell that from chance (95 % "
        "range 12.5 to 25.0 points, too narrow as periods overlap)"
    )
    assert "The periods overlap too much to judge it on one left out" in page.notes[0]
