from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from kamlib.measures.money import as_float, to_money
from kamlib.periods import Period, parse_period
from kamlib.targets import AllocationParams, allocate_targets
from kamlib.targets.held import Held, around_held, compare_held, total_held
from kamlib.targets.holding import Enclosing

QUARTER, YEAR = parse_period("2026Q1"), parse_period("2026")
ABOUT = {
    "measure": "revenue",
    "period": "2026",
    "run": "007-aa",
    "adopted_by": "Li",
    "adopted_at": "2025-12-01T08",
}


def rows(*cells: tuple[str, str | None, str, float], bounds: dict[str, str] | None = None) -> pd.DataFrame:
    table = pd.DataFrame(list(cells), columns=["account_id", "rep_id", "month", "target"])
    sides = {"region": "North", "account_type": "OEM", "product_line": "Drives"}
    bound = [(bounds or {}).get(a, "none") for a in table["account_id"]]
    return table.assign(**sides, bound=bound)


def held_of(plan: pd.DataFrame, adopted: pd.DataFrame, period: Period = QUARTER) -> Held:
    held = compare_held(
        plan, adopted.assign(**{k: v for k, v in ABOUT.items() if k not in adopted}), period=period
    )
    assert held is not None
    return held


def amounts(table: pd.DataFrame) -> dict[str, list[float]]:
    names = ["target_held", "target_beside", "held_change"]
    return {str(key): [float(table.loc[i, n]) for n in names] for i, key in table["key"].items()}


def test_an_adopted_year_stands_beside_the_quarters_plan_by_rep_and_in_all() -> None:
    year = rows(("A", "R1", "2026-01", 50), ("A", "R1", "2026-04", 900), ("B", "R2", "2026-03", 70))
    plan = rows(("A", "R1", "2026-01", 80), ("B", "R2", "2026-03", 60))
    year = pd.concat([year, rows(("B", "R2", "2026-02", 5))])
    held = held_of(plan, year)
    assert amounts(held.of("rep")) == {"R1": [50, 80, 30], "R2": [75, 60, -15]}
    assert amounts(held.of("company")) == {"company": [125, 140, 15]}
    assert amounts(held.of("month")) == {
        "2026-01": [50, 80, 30],
        "2026-02": [5, 0, -5],
        "2026-03": [70, 60, -10],
    }
    assert (held.months, held.whole) == (("2026-01", "2026-02", "2026-03"), True)
    assert [float(held.total), float(held.change)] == [125, 15]
    assert held.sources.to_numpy().tolist() == [["2026", "007-aa", "Li", "2025-12-01T08"]]
    for _, side in held.table.groupby("dimension"):
        assert as_float(side["held_change"]).sum() == 15  # every side adds up to the same


@pytest.mark.parametrize("known", ["str", "object"])
def test_adopted_targets_stand_beside_a_plan_that_names_no_rep(known: str) -> None:
    held = rows(("A", None, "2026-01", 50), ("B", None, "2026-02", 70)).astype({"rep_id": "str"})
    plan = rows(("A", None, "2026-01", 80), ("B", None, "2026-02", 60)).astype({"rep_id": known})
    found = held_of(plan, held)
    assert amounts(found.of("company")) == {"company": [120, 140, 20]}
    assert amounts(found.of("account")) == {"A": [50, 80, 30], "B": [70, 60, -10]}
    assert amounts(found.of("rep")) == {"nan": [120, 140, 20]}


def test_of_a_year_only_the_months_of_an_adopted_quarter_are_compared() -> None:
    quarter = rows(("A", "R1", "2026-02", 50)).assign(period="2026Q1")
    plan = rows(("A", "R1", "2026-02", 40), ("A", "R1", "2026-07", 500))
    held = held_of(plan, quarter, YEAR)
    assert amounts(held.of("company")) == {"company": [50, 40, -10]}
    assert amounts(held.of("quarter")) == {"2026Q1": [50, 40, -10]}
    assert (held.months, held.whole) == (("2026-02",), False)


def test_why_an_account_is_asked_otherwise() -> None:
    year = rows(*((a, "R1", "2026-01", 10) for a in "ABCDE"), ("G", None, "2026-01", 10))
    plan = rows(
        ("A", "R2", "2026-01", 10), ("C", "R1", "2026-01", 15),
        ("D", "R1", "2026-01", 5), ("E", "R1", "2026-01", 12), ("F", "R1", "2026-01", 9), ("G", None, "2026-01", 11),
        bounds={"A": "cap", "C": "floor", "D": "cap", "E": "cap", "F": "cap", "G": "pin"},
    )  # fmt: skip
    account = held_of(plan, year).of("account")
    told = account.assign(rep_id=account["rep_id"].fillna("-"))[
        ["key", "rep_id", "held_change", "held_reason"]
    ]
    assert told.astype({"held_change": "float64"}).to_numpy().tolist() == [
        ["A", "R1", -10, "moved"], ["A", "R2", 10, "moved"], ["B", "R1", -10, "closed"], ["C", "R1", 5, "floor"],
        ["D", "R1", -5, "cap"], ["E", "R1", 2, "share"], ["F", "R1", 9, "new"], ["G", "-", 1, "pin"],
    ]  # fmt: skip


def test_required_totals_are_the_reason_where_they_move_otherwise_than_when_adopted() -> None:
    plan = rows(*((a, "R1", "2026-01", 20) for a in "ABCDE"), bounds={"A": "floor", "E": "cap"})
    plan["required_change"] = to_money([100_000, 50_000, 40_000, 100_000, 0])
    year = rows(*((a, "R1", "2026-01", 10) for a in "ABCDE"), bounds={"B": "cap", "C": "cap", "E": "cap"})
    told = held_of(plan, year).of("account")["held_reason"].tolist()
    # of +10 required totals bring 10, 5, 4 and 10; C's cap held before and E's holds still
    assert told == ["required", "required", "unbound", "required", "share"]
    year["required_change"] = to_money([100_000, 0, 0, 60_000, -100_000])
    told = held_of(plan, year).of("account")["held_reason"].tolist()
    assert told == ["floor", "required", "unbound", "share", "required"]  # E was held down by one
    less = held_of(year, plan).of("account")["held_reason"].tolist()  # the other way round
    assert less == ["unbound", "required", "cap", "share", "required"]


def test_a_closed_account_is_the_reason_and_a_cap_is_none_for_being_asked_more() -> None:
    cube = pd.DataFrame(
        {"account_id": ["A", "B"], "product_line": "L", "month": "2025-01", "revenue": [600.0, 300.0]}
    )
    accounts = pd.DataFrame({"account_id": ["A", "B"], "region": "N", "account_type": "T", "rep_id": "R",
                             "potential": [None, None], "status": "active"})  # fmt: skip
    made = {"period": parse_period("2026-01"), "params": AllocationParams(), "unit": 100}
    adopted = allocate_targets(cube, accounts, total=1000, **made).targets
    later = allocate_targets(cube, accounts.assign(status=["closed", "active"]), total=400, **made)
    assert later.accounts["bound"].tolist() == ["none", "cap"]
    account = held_of(later.targets, adopted, made["period"]).of("account")
    told = account[["key", "held_change", "held_reason"]].astype({"held_change": "float64"})
    assert told.to_numpy().tolist() == [["A", -700, "closed"], ["B", 100, "share"]]


@pytest.mark.parametrize("adopted", [
    None, rows(("A", "R1", "2026-04", 5)).assign(**ABOUT), rows(("A", "R1", "2026-01", 5)).assign(**ABOUT | {"measure": "retention"}),
])  # fmt: skip
def test_without_adopted_revenue_there_is_nothing_to_stand_beside(adopted: pd.DataFrame | None) -> None:
    assert compare_held(rows(("A", "R1", "2026-01", 5)), adopted, period=QUARTER) is None


ACCOUNT = pd.DataFrame({"account_id": ["A"], "rep_id": "R1", "region": "North", "account_type": "OEM"})
OWN = pd.DataFrame(
    {
        "period": ["2026Q1", "2026Q1", "2026Q1", "2026Q1", "2026Q1", "2025Q1", "2026Q1"],
        "measure": ["revenue", None, None, "revenue", None, None, "budget"],
        "rep_id": [None, "R1", "R3", None, "R1", "R1", "R1"],
        "account_id": [None, None, None, "A", None, None, None],
        "product_line": [None, None, None, None, "Drives", None, None],
        "target": [200, 90, 40, 55, 70, 1, 2],
    }
)


def test_of_the_books_own_targets_each_side_counts_those_that_name_least() -> None:
    plan = rows(("A", "R1", "2026-01", 80), ("B", "R2", "2026-03", 60))
    accounts = pd.DataFrame({"account_id": ["A", "B"], "rep_id": ["R1", "R2"],
                             "region": "North", "account_type": "OEM"})  # fmt: skip
    held = compare_held(plan, None, OWN, accounts, period=QUARTER)
    assert held is not None
    assert (held.adopted, held.whole, float(held.total), float(held.change)) == (False, True, 200, -60)
    assert amounts(held.of("rep")) == {"R1": [90, 80, -10], "R3": [40, 0, -40]}  # R2 has none, which is not 0
    assert amounts(held.of("account")) == {"A": [55, 80, 25]}
    assert held.covers
    assert held.of("region").empty  # told of one of its two accounts only
    assert held.of("product_line").empty  # told of one of its two reps only
    assert amounts(held.of("quarter")) == {"2026Q1": [200, 140, -60]}
    assert held.of("month").empty


Q = {"period": "2026Q1"}


@pytest.mark.parametrize(("own", "total", "reps", "regions", "whole"), [
    ([Q | {"rep_id": "R1", "target": 50}, Q | {"rep_id": "R2", "target": 20}], [70, 80, 10],
     {"R1": [50, 50, 0], "R2": [20, 30, 10]}, {}, None),
    ([Q | {"region": "N", "target": 45}], [45, 50, 5], {}, {"N": [45, 50, 5]}, None),
    ([Q | {"rep_id": "R1", "target": 50}, Q | {"rep_id": "R3", "target": 12},
      Q | {"rep_id": "R2", "product_line": "L1", "target": 10}, Q | {"rep_id": "R2", "product_line": "L2", "target": 12}],
     [62, 90, 28], {"R1": [50, 50, 0], "R2": [22, 30, 8], "R3": [12, 40, 28]}, {}, None),
    ([Q | {"rep_id": rep, "target": 50} for rep in ("R1", "R2", "R3")], [150, 120, -30],
     {"R1": [50, 50, 0], "R2": [50, 30, -20], "R3": [50, 40, -10]}, {}, 150),
])  # fmt: skip
def test_both_sums_are_of_the_same_and_what_tells_a_part_is_no_whole(
    own: list[dict[str, object]], total: list[int], reps: dict[str, list[int]], regions: dict[str, list[int]],
    whole: int | None,
) -> None:  # fmt: skip
    about = [
        ("A", "R1", "N", "L1", 50),
        ("B", "R2", "S", "L1", 10),
        ("B", "R2", "S", "L2", 20),
        ("C", "R3", "S", "L1", 40),
    ]
    plan = pd.DataFrame(about, columns=["account_id", "rep_id", "region", "product_line", "target"])
    plan = plan.assign(month="2026-01", account_type="T", rule="both", bound="none")
    accounts = plan.drop_duplicates("account_id")[["account_id", "rep_id", "region", "account_type"]]
    stated = pd.DataFrame(own)
    held = compare_held(plan, None, stated, accounts, period=QUARTER)
    assert held is not None
    assert amounts(held.of("company"))["company"] == total
    assert (amounts(held.of("rep")), amounts(held.of("region"))) == (reps, regions)
    assert held.covers == (whole is not None)
    assert total_held(None, stated, accounts, plan, period=QUARTER) == whole


@pytest.mark.parametrize(("own", "total"), [
    ([Q | {"product_line": line, "target": 60} for line in ("L1", "L2")], 120),
    ([Q | {"rep_id": rep, "region": "N", "target": 70} for rep in ("R1", "R2")], 140),
    ([Q | {"rep_id": "R1", "target": 70}], None), ([Q | {"region": "N", "target": 70}], 70), ([Q | {"target": 5}], 5),
    ([Q | {"region": "N", "target": 70, "measure": "budget"}], None),
])  # fmt: skip
def test_what_holds_of_the_company_is_the_same_before_there_is_a_plan(
    own: list[dict[str, object]], total: int | None
) -> None:
    # C is open, but nothing is expected or asked of it
    about = [("A", "R1", "L1", 50), ("A", "R1", "L2", 20), ("B", "R2", "L1", 30), ("C", "R3", "L1", 0)]
    plan = pd.DataFrame(about, columns=["account_id", "rep_id", "product_line", "target"])
    plan = plan.assign(month="2026-01", region="N", account_type="T", rule="both", bound="none")
    expected = plan.assign(target=[1, 2, 3, 0])
    accounts = plan.drop_duplicates("account_id")[["account_id", "rep_id", "region", "account_type"]]
    stated = pd.DataFrame(own)
    held = compare_held(plan, None, stated, accounts, period=QUARTER)
    assert (None if held is None or not held.covers else held.total) == total
    assert total_held(None, stated, accounts, expected, period=QUARTER) == total
    without = (
        table.assign(rep_id=table["rep_id"].mask(table["rep_id"] == "R2"))
        for table in (plan, expected, accounts)
    )
    plan, expected, accounts = without
    named = pd.DataFrame([Q | {"rep_id": "R1", "target": 70}])
    part = compare_held(plan, None, named, accounts, period=QUARTER)
    assert part is not None
    assert not part.covers  # B has no rep
    assert total_held(None, named, accounts, expected, period=QUARTER) is None


def test_a_year_is_made_up_of_the_quarters_that_the_book_states() -> None:
    plan = rows(("A", "R1", "2026-01", 80), ("A", "R1", "2026-08", 60))
    own = pd.DataFrame(
        {"period": [f"2026Q{n}" for n in (1, 2, 3, 4)], "rep_id": "R1", "target": [10, 20, 30, 40]}
    )
    held = compare_held(plan, None, own, period=YEAR)
    assert held is not None
    assert amounts(held.of("rep")) == {"R1": [100, 140, 40]}
    assert amounts(held.of("quarter")) == {
        "2026Q1": [10, 80, 70], "2026Q2": [20, 0, -20], "2026Q3": [30, 60, 30], "2026Q4": [40, 0, -40],
    }  # fmt: skip
    part = compare_held(plan, None, own.head(3), period=YEAR)
    assert part is not None
    assert (part.months, part.whole) == (tuple(f"2026-{n:02d}" for n in range(1, 10)), False)
    assert (part.covers, amounts(part.of("company"))) == (True, {"company": [60, 140, 80]})
    whole = pd.concat([own, pd.DataFrame({"period": ["2026"], "rep_id": ["R1"], "target": [99]})])
    year = compare_held(plan, None, whole, period=YEAR)
    assert year is not None
    assert (float(year.total), len(year.of("quarter"))) == (99, 0)
    mixed = pd.concat([own, pd.DataFrame({"period": ["2026Q2"], "rep_id": [None], "target": [25]})])
    other = [("A", "R1", f"2026-{n:02d}", 5) for n in (1, 4, 7, 10)] + [("B", "R2", "2026-02", 7)]
    one = pd.DataFrame({"period": ["2026"], "rep_id": ["R2"], "target": [8]})
    most = compare_held(rows(*other), None, pd.concat([own, one]), period=YEAR)
    assert most is not None
    assert (most.covers, amounts(most.of("rep"))) == (
        False,
        {"R1": [100, 20, -80]},
    )  # more than R2's year tells
    assert total_held(None, mixed, ACCOUNT, plan, period=YEAR) == 105  # of each quarter what names least
    assert total_held(None, own.head(3), ACCOUNT, plan, period=YEAR) is None


def test_adopted_targets_of_all_months_come_before_the_books_own_and_those_before_a_part() -> None:
    plan = rows(*(("A", "R1", month, 10) for month in ("2026-01", "2026-02", "2026-03")))
    adopted = plan.assign(target=20, **ABOUT)
    whole = compare_held(plan, adopted, OWN, period=QUARTER)
    part = compare_held(plan, adopted.head(2), OWN, period=QUARTER)
    assert whole is not None
    assert part is not None
    assert [(h.adopted, float(h.total), float(h.change)) for h in (whole, part)] == [
        (True, 60, -30), (False, 200, -170),
    ]  # fmt: skip


def test_a_month_without_targets_knows_the_quarter_that_has_some() -> None:
    plan = rows(("A", "R1", "2026-02", 40), ("B", "R2", "2026-02", 10)).assign(rule="both")
    own = pd.DataFrame({"period": ["2026Q1", "2026Q1", "2026", "2026Q2"], "rep_id": ["R1", "R2", None, "R1"],
                        "target": [100, 60, 900, 7]})  # fmt: skip
    adopted = rows(("A", "R1", "2026-01", 30), ("A", "R1", "2026-04", 900)).assign(**ABOUT)
    coming = rows(
        ("A", "R1", "2026-01", 35),
        ("A", "R1", "2026-02", 45),
        ("B", "R2", "2026-03", 50),
        ("A", "R1", "2026-04", 1),
    )
    month = parse_period("2026-02")
    held = compare_held(plan, adopted, own, period=month, coming=coming)
    assert held is not None
    assert (held.months, held.whole, len(held.table)) == ((), False, 0)
    assert held.enclosing == Enclosing(
        "2026Q1",
        "2026-02",
        Decimal(160),
        Decimal(50),
        True,
        ("2026-01", "2026-03"),
        Decimal(30),
        ("2026-01",),
        Decimal(85),
        Decimal(45),
    )  # the quarter, not the year around it, too
    assert (held.enclosing.left, held.enclosing.must, held.enclosing.more) == (110, 75, 25)
    # of R1's 100 January brought 35, of R2's 60 March will bring 50
    assert held.enclosing.reps.astype({"must": int, "asked": int}).to_numpy().tolist() == [
        ["R1", 65, 40], ["R2", 10, 10],
    ]  # fmt: skip
    before = around_held(
        adopted, own, plan, coming[coming["month"] == "2026-02"], period=month, coming=coming
    )
    assert before is not None
    assert (before.must, before.asked, before.covers) == (75, 45, True)  # asked is what is expected
    others = pd.concat([adopted, rows(("B", "R2", "2026-01", 50)).assign(**ABOUT)])
    part = compare_held(plan, others, own.head(1), period=month, coming=coming)
    assert part is not None
    assert part.enclosing == Enclosing(
        "2026Q1",
        "2026-02",
        Decimal(100),
        Decimal(40),
        False,
        ("2026-01", "2026-03"),
        Decimal(30),
        ("2026-01",),
        Decimal(35),
        Decimal(45),
    )  # of rep R1 alone, so beside what the plan asks of R1, what is adopted of R1 and what R1 sold
    short = compare_held(plan, None, own, period=month, coming=coming.head(2))
    assert short is not None
    assert short.enclosing is not None
    assert (short.enclosing.expected, short.enclosing.must, short.enclosing.more) == (
        None,
        None,
        None,
    )  # no March
    for told in (own.assign(period="2026-02"), own[own["period"] == "2026Q2"]):
        held = compare_held(plan, None, told, period=month)
        assert held is None or held.enclosing is None


def test_months_adopted_within_the_books_own_quarter_are_told_apart() -> None:
    plan = rows(("A", "R1", "2026-01", 80), ("A", "R1", "2026-02", 60)).assign(rule="both")
    adopted = rows(("A", "R1", "2026-01", 75)).assign(**ABOUT)
    own = pd.DataFrame({"period": ["2026Q1"], "rep_id": ["R1"], "target": [200]})
    held = compare_held(plan, adopted, own, period=QUARTER)
    assert held is not None
    assert (held.adopted, amounts(held.of("company"))) == (False, {"company": [200, 140, -60]})
    assert held.passed is not None
    assert (held.passed.months, amounts(held.passed.of("company"))) == (
        ("2026-01",),
        {"company": [75, 80, 5]},
    )
    assert held.enclosing is None
    alone = compare_held(plan, None, own, period=QUARTER)
    assert alone is not None
    assert alone.passed is None


def stated_for(*told: tuple[str, str | None, float]) -> pd.DataFrame:
    return pd.DataFrame(list(told), columns=["period", "rep_id", "target"])


MONTHS = ("2026-01", "2026-02", "2026-03")


def test_adopted_months_replace_the_months_that_the_book_states() -> None:
    plan = rows(*(("A", "R1", month, 30) for month in MONTHS)).assign(rule="both")
    own = stated_for(*((month, None, 20) for month in MONTHS))
    adopted = rows(("A", "R1", "2026-01", 50)).assign(**ABOUT)
    held = compare_held(plan, adopted, own, period=QUARTER)
    assert held is not None
    assert (held.mixed, held.adopted, held.whole, held.covers) == (True, False, True, True)
    assert (held.months, held.own_months) == (MONTHS, MONTHS[1:])
    assert amounts(held.of("company")) == {"company": [90, 90, 0]}
    assert amounts(held.of("month"))["2026-01"] == [50, 30, -20]
    assert held.of("rep").empty  # of R1 only January is told
    assert held.passed is None
    assert total_held(adopted, own, ACCOUNT, plan, period=QUARTER) == 90
    gap = compare_held(plan, adopted, own.tail(2), period=QUARTER)
    assert gap is not None
    assert (gap.mixed, float(gap.total)) == (True, 90)


def test_of_a_year_an_adopted_quarter_replaces_the_one_that_the_book_states() -> None:
    plan = rows(*(("A", "R1", f"2026-{n:02d}", 30) for n in range(1, 13))).assign(rule="both")
    own = stated_for(*((f"2026Q{n}", "R1", 60) for n in (1, 2, 3, 4)))
    adopted = rows(*(("A", "R1", month, 50) for month in (*MONTHS, "2026-05"))).assign(**ABOUT)
    held = compare_held(plan, adopted, own, period=YEAR)
    assert held is not None
    assert amounts(held.of("rep")) == {"R1": [330, 360, 30]}
    assert amounts(held.of("quarter")) == {
        "2026Q1": [150, 90, -60], "2026Q2": [60, 90, 30], "2026Q3": [60, 90, 30], "2026Q4": [60, 90, 30],
    }  # fmt: skip
    assert (held.mixed, held.whole, held.own_months[0]) == (True, True, "2026-04")
    assert held.passed is not None  # May's changes nothing of the second quarter's
    assert (held.passed.months, float(held.passed.total)) == (("2026-05",), 50)
    year = pd.concat([own, stated_for(("2026", "R1", 200))])
    whole = compare_held(plan, adopted, year, period=YEAR)
    assert whole is not None
    assert (whole.mixed, float(whole.total)) == (False, 200)


def test_quarters_and_months_that_the_book_states_are_told_together() -> None:
    plan = rows(*(("A", "R1", f"2026-{n:02d}", 10) for n in range(1, 13))).assign(rule="both")
    own = stated_for(("2026Q1", None, 60), ("2026-04", None, 20), ("2026-05", None, 20))
    held = compare_held(plan, None, own, period=YEAR)
    assert held is not None
    assert (held.months, held.whole) == ((*MONTHS, "2026-04", "2026-05"), False)
    assert amounts(held.of("company")) == {"company": [100, 50, -50]}


def test_a_quarter_of_which_nothing_is_planned_does_not_hide_its_months() -> None:
    plan = rows(*(("A", "R1", month, 30) for month in MONTHS)).assign(rule="both")
    own = stated_for(("2026Q1", "R9", 100), ("2026-01", None, 20), ("2026-02", None, 20))
    held = compare_held(plan, None, own, period=QUARTER)
    assert held is not None
    assert (held.months, amounts(held.of("company"))) == (MONTHS[:2], {"company": [40, 60, 20]})
    alone = compare_held(plan, None, own.head(1), period=QUARTER)
    assert alone is not None
    assert (alone.covers, amounts(alone.of("company"))) == (False, {"company": [100, 0, -100]})


def test_a_quarter_of_which_nothing_is_planned_does_not_hide_the_year_around() -> None:
    plan = rows(("A", "R1", "2026-02", 40)).assign(rule="both")
    own = stated_for(("2026Q1", "R9", 30), ("2026", None, 900))
    held = compare_held(plan, None, own, period=parse_period("2026-02"))
    assert held is not None
    assert held.enclosing is not None
    assert (held.enclosing.period, held.enclosing.target, held.enclosing.asked) == ("2026", 900, 40)
    alone = compare_held(plan, None, own.head(1), period=parse_period("2026-02"))
    assert alone is not None
    assert alone.enclosing is not None
    assert (alone.enclosing.period, alone.enclosing.asked) == ("2026Q1", 0)


def test_a_month_without_a_line_sold_nothing_and_is_known() -> None:
    plan = rows(("A", "R1", "2026-04", 40)).assign(rule="both")
    coming = rows(("A", "R1", "2026-04", 45), *(("A", "R1", month, 10) for month in ("2026-05", "2026-06")))
    own = stated_for(("2026Q2", "R1", 100), ("2026", None, 900))
    gap = coming[coming["month"] != "2026-05"]
    for known, expected in ((coming, 20), (gap, 10), (coming.head(2), None)):
        held = compare_held(plan, None, own, period=parse_period("2026-04"), coming=known)
        assert held is not None
        assert held.enclosing is not None
        assert held.enclosing.expected == expected
