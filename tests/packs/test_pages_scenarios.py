from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.glossary import Words
from kamlib.measures.money import to_money
from kamlib.packs.page import Page
from kamlib.packs.pages_attainability import Likely
from kamlib.packs.pages_scenarios import scenarios_page
from kamlib.packs.targets_scope import Scope
from kamlib.targets import AllocationParams, AttainabilityParams, SizingParams, compare_scenarios, size_target
from kamlib.targets.attainability import RepsAtTarget
from tests.targets.sample import FREE, PERIOD, make_accounts, make_cube


def likely_of(*amounts: int) -> Likely:
    """Return two reps who bring one of these amounts each, on a path each."""
    keys = pd.DataFrame({"level": ["company", "rep", "rep"], "key": ["company", "R1", "R2"]})
    paths = np.array([[2 * a for a in amounts], list(amounts), list(amounts)], dtype=np.int64) * 10_000
    for name in ("landing", "low_80", "high_80"):
        keys[name] = to_money(paths[:, len(amounts) // 2])
    params = AttainabilityParams()
    return Likely(pd.DataFrame(), RepsAtTarget(2, None, None, None), 12, params, keys, paths)


def page_of(
    overlays: dict[str, Any], lang: str = "en", likely: Likely | None = None, reps: bool = True
) -> Page:
    cube, accounts, sizing = make_cube(), make_accounts(), SizingParams(total=1220)
    if not reps:
        accounts["rep_id"] = pd.Series(None, index=accounts.index, dtype="str")
    found = compare_scenarios(
        cube,
        accounts,
        sizing=sizing,
        allocation=AllocationParams(**FREE),
        overlays=overlays,
        period=PERIOD,
        unit=10,
    )
    size = size_target(cube, period=PERIOD, params=sizing, unit=10)
    scope = Scope(Words(lang, "EUR"), "Seven", size, {"R1": "Wu Lei"}, {})
    return scenarios_page(found, scope=scope, likely=likely)


OVERLAYS = {"bold": {"sizing": {"total": 1500}}, "cautious": {"sizing": {"total": 1000}}}


def test_the_title_gives_the_span_and_the_plan() -> None:
    assert (
        page_of(OVERLAYS).title
        == "The total runs from 1.00 k (cautious) to 1.50 k (bold); the plan asks 1.22 k"
    )
    assert page_of(OVERLAYS, "zh").title.startswith("总目标从")


def test_one_row_for_the_company_and_each_rep_whose_sums_are_exact() -> None:
    table = page_of(OVERLAYS).table
    assert table.columns.tolist() == ["name", "plan", "bold", "cautious"]
    assert table["name"].tolist()[:2] == ["Company", "Wu Lei"]
    sums = table.drop(columns="name")
    pd.testing.assert_series_equal(sums.iloc[1:].sum(), sums.iloc[0], check_names=False)


def test_a_scenario_that_cannot_be_met_is_a_note() -> None:
    page = page_of(OVERLAYS | {"floors": {"allocation": {"floors": {"A": 9000}}}})
    assert page.notes[1].startswith("Cannot be met: floors: the floors add up to 9,000")
    assert "floors" not in page.table


def test_the_title_speaks_of_the_scenarios_that_can_be_met() -> None:
    same = {"same": {"allocation": {"history_weight": 1.0}}}
    wrong = {"floors": {"allocation": {"floors": {"A": 9000}}}}
    every = "asks 1.22 k, as the plan does: only the split differs"
    assert page_of(same).title == f"Every scenario {every}"
    assert page_of(same | wrong).title == f"Every scenario that can be met {every}"
    assert page_of(same | wrong, "zh").title == "可满足的各方案总目标均为1,220，与本计划相同：仅分解不同"
    assert page_of(wrong).title == "None of the scenarios can be met; the plan asks 1.22 k"


def test_without_reps_regions_are_compared() -> None:
    likely = likely_of(400, 600, 620, 640, 660, 680, 700, 720, 800, 900)
    page = page_of(OVERLAYS, likely=likely, reps=False)
    assert page.table["name"].tolist() == ["Company", "North", "South"]
    sums = page.table.drop(columns="name")
    pd.testing.assert_series_equal(sums.iloc[1:].sum(), sums.iloc[0], check_names=False)
    assert page.sentences[0].startswith("Who moves most against the plan: Region North +")
    assert page.sentences[1].startswith("Total reached: plan ")
    assert "Region, change against the plan" in page.figures[0].svg


def test_who_moves_most_is_named_with_the_scenario_that_moves_them() -> None:
    page = page_of(OVERLAYS)
    reps = page.table.iloc[1:].set_index("name")
    change = (reps["bold"] - reps["plan"]).astype(float)
    share = 100 * change["Wu Lei"] / reps["plan"]["Wu Lei"]
    assert page.sentences[0].startswith(
        f"Who moves most against the plan: Wu Lei +{change['Wu Lei']:.0f}, +{share:.1f} % (bold); R2 "
    )
    assert page_of({"same": {"sizing": {"total": 1220}}}).sentences == ()


def test_each_scenario_says_how_likely_it_is() -> None:
    page = page_of(OVERLAYS, likely=likely_of(400, 600, 620, 640, 660, 680, 700, 720, 800, 900))
    told = page.sentences[1]
    assert told.startswith("Total reached, and reps expected at target: plan ")
    odds = {part.split(" ")[0]: float(part.split(" ")[1]) for part in told.split(": ")[1].split("; ")}
    assert odds["cautious"] > odds["plan"] > odds["bold"]
    assert len(page_of(OVERLAYS).sentences) == 1
