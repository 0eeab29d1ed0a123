from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kamlib.measures.money import as_float, to_money
from kamlib.periods import parse_period
from kamlib.targets import AllocationParams
from kamlib.targets.past import past_periods, past_windows
from kamlib.targets.proof import BEST_BLEND, Proof, prove_targets
from tests.targets.sample import free_params

PERIOD, AS_OF = parse_period("2026Q1"), dt.date(2026, 1, 1)
MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]


def make_cube(**sales: object) -> pd.DataFrame:
    """Sales a month of accounts called rep_account, by a function of the month's place or a number."""
    rows = [
        (name.split("_")[1], "Bikes", name.split("_")[0], month, value(at) if callable(value) else value)
        for name, value in sales.items()
        for at, month in enumerate(MONTHS)
    ]
    cube = pd.DataFrame(rows, columns=["account_id", "product_line", "rep_id", "month", "revenue"])
    cube = cube[cube["revenue"] != 0].reset_index(drop=True)
    return cube.assign(revenue=to_money((cube["revenue"] * 10_000).round().astype("int64")))


def make_past(rows: dict[str, tuple[str | None, float | None]], *, dated: bool = True) -> pd.DataFrame:
    """The same accounts, given as rep and potential, on every planning day."""
    days = [w.day for w in past_windows(PERIOD, as_of=AS_OF, first_month="2023-01")]
    table = pd.DataFrame(
        [
            (pd.Timestamp(day), account, "N", "T", rep, potential, "active", True, dated)
            for day in days
            for account, (rep, potential) in rows.items()
        ],
        columns=["as_of", "account_id", "region", "account_type", "rep_id", "potential", "status", "rep_dated",
                 "potential_dated"],
    )  # fmt: skip
    known = table["potential"].notna()
    ticks = (table["potential"].fillna(0) * 10_000).astype("int64")
    return table.assign(potential=to_money(ticks).where(known))


def make_forecasts(amounts: dict[str, float]) -> pd.DataFrame:
    windows = past_windows(PERIOD, as_of=AS_OF, first_month="2023-01")
    rows = [(str(w.day)[:7], account, amount) for w in windows for account, amount in amounts.items()]
    table = pd.DataFrame(rows, columns=["origin", "account_id", "forecast"])
    return table.assign(forecast=to_money((table["forecast"] * 10_000).astype("int64")))


STEADY = make_cube(R1_A=300, R1_B=100, R2_C=200)
KNOWN = {"A": ("R1", 1000.0), "B": ("R1", 1000.0), "C": ("R2", 2000.0)}


def prove(cube: pd.DataFrame = STEADY, past: pd.DataFrame | None = None, **more: object) -> Proof:
    known: dict = {"period": PERIOD, "as_of": AS_OF, "split": AllocationParams(), "unit": 1, "growth": 0.1}
    return prove_targets(cube, make_past(KNOWN) if past is None else past, **{**known, **more})


def row(proof: Proof, rule: str, total: str = "true") -> pd.Series:
    found = proof.rules[(proof.rules["split_rule"] == rule) & (proof.rules["split_total"] == total)]
    assert len(found) == 1
    return found.iloc[0]


def test_where_nothing_changes_history_is_exact_and_potential_is_off_by_hand() -> None:
    proof = prove()
    # of 1800 a quarter: A 900, B 300, C 600; by potential A 450, B 450, C 900
    assert row(proof, "history")["account_error"] == 0
    assert row(proof, "history")["rep_error"] == 0
    assert row(proof, "last_year")["rep_error"] == 0
    assert row(proof, "potential")["account_error"] == pytest.approx((450 + 150 + 300) / 1800)
    assert row(proof, "potential")["rep_error"] == pytest.approx(600 / 1800)
    assert row(proof, "half")["rep_error"] == pytest.approx(300 / 1800)
    assert row(proof, "history")["in_band"] == 1
    # R1 1200 / 900, R2 600 / 900
    assert row(proof, "potential")["attainment_spread"] == pytest.approx(np.std([4 / 3, 2 / 3], ddof=1))
    assert row(proof, "potential")["in_band"] == 0
    assert row(proof, "potential")["size_correlation"] == pytest.approx(np.sqrt(3) / 2)
    assert np.isnan(row(proof, "history")["growth_correlation"])
    assert proof.rules["replayed_with"].unique().tolist() == ["dated"]
    assert (proof.best, proof.against, proof.in_use) == ("history", "planned", "planned")


def test_the_total_by_growth_moves_every_target_alike() -> None:
    sized = row(prove(), "history", "sized")
    assert sized["rep_error"] == pytest.approx(0.1)
    assert sized["in_band"] == 1
    assert row(prove(growth=0.12), "history", "sized")["in_band"] == 0
    assert set(prove(growth=None).rules["split_total"]) == {"true"}


def test_periods_say_what_was_asked_and_what_came_from_elsewhere() -> None:
    cube = make_cube(R1_A=300, R1_B=100, R2_C=200, R2_D=lambda at: 50 * (at >= 30))
    proof = prove(cube)
    table = proof.periods.set_index("period")
    assert table.index.tolist() == [f"{year}Q{q}" for year in (2024, 2025) for q in (1, 2, 3, 4)]
    assert as_float(table["actual"]).tolist() == [1800.0] * 8
    assert as_float(table["outside"]).tolist() == [0.0] * 6 + [150.0] * 2
    assert as_float(table["sized"]) == pytest.approx([1980.0] * 8)
    assert table["reps"].tolist() == [2] * 8


def test_nothing_that_came_later_changes_a_past_target() -> None:
    late = make_cube(R1_A=300, R1_B=lambda at: 100 if at < 33 else 900, R2_C=lambda at: 200 if at < 33 else 0)
    before, after = (
        p.cases[(p.cases["period"] <= "2025Q3") & (p.cases["split_rule"] != BEST_BLEND)]
        for p in (prove(), prove(late))
    )
    pd.testing.assert_frame_equal(before.reset_index(drop=True), after.reset_index(drop=True))


def test_the_blend_that_made_the_sales_is_found_and_told_with_its_interval() -> None:
    # what came is 0.6 of the share of forecast and 0.4 of that of potential, every quarter
    share = {"A": 0.6 * 0.1 + 0.4 * 0.5, "B": 0.6 * 0.2 + 0.4 * 0.3, "C": 0.6 * 0.7 + 0.4 * 0.2}
    old = {"A": 0.9, "B": 0.05, "C": 0.05}
    cube = make_cube(
        **{
            f"R{i}_{a}": (lambda at, a=a: 1000 * (share[a] if at % 12 >= 0 and at >= 12 else old[a]))
            for i, a in enumerate(share, start=1)
        }
    )
    past = make_past({"A": ("R1", 500.0), "B": ("R2", 300.0), "C": ("R3", 200.0)})
    proof = prove(cube, past, forecasts=make_forecasts({"A": 100, "B": 200, "C": 700}))
    first = proof.cases["period"] == "2024Q1"
    assert first.any()
    weights = proof.weights.set_index("factor")
    assert weights["weight"].sum() == pytest.approx(1)
    assert (
        (weights["weight_low"] <= weights["weight"]) & (weights["weight"] <= weights["weight_high"])
    ).all()
    assert row(proof, BEST_BLEND)["rep_error"] < min(
        row(proof, rule)["rep_error"] for rule in ("potential", "half", "forecast", "forecast_potential")
    )


def test_the_plan_is_a_rule_of_its_own_within_its_floors_and_caps() -> None:
    proof = prove(split=free_params(history_weight=0.75))
    assert (proof.in_use, proof.against) == ("planned", "planned")
    assert row(proof, "planned")["rep_error"] == pytest.approx(150 / 1800)
    # by potential A 450, B 450, C 900; at least 90 % of last year leaves A 810, B 330, C 660
    held = free_params(history_weight=0.0, growth_floor=-0.1)
    assert row(prove(split=held), "planned")["account_error"] == pytest.approx((90 + 30 + 60) / 1800)
    unknown = prove(split=free_params(weights={"history": 0.5, "demand": 0.5}))
    assert (unknown.in_use, unknown.against) == ("", "last_year")
    assert "planned" not in set(unknown.rules["split_rule"])


def test_a_total_that_caps_leave_out_of_reach_is_split_as_far_as_they_go() -> None:
    capped = prove(split=free_params(growth_cap=-0.2))
    assert row(capped, "planned")["account_error"] == pytest.approx(0.2)
    given = free_params(pins={"A": 5, "gone": 1}, floors={"B": 9999})
    assert row(prove(split=given), "planned")["rep_error"] == pytest.approx(300 / 1800)


def test_what_is_not_dated_is_said() -> None:
    proof = prove(past=make_past(KNOWN, dated=False))
    assert row(proof, "history")["replayed_with"] == "dated"
    assert row(proof, "potential")["replayed_with"] == "potential_today"
    both = make_past(KNOWN, dated=False).assign(rep_dated=False)
    found = prove(past=both).rules.set_index(["split_rule", "split_total"])["replayed_with"]
    assert found["history", "true"] == "reps_today"
    assert found["half", "true"] == "several_today"
    assert prove(past=both).today == ("potential", "reps")


def test_rules_by_forecasts_that_today_s_groups_reconciled_are_not_called_dated() -> None:
    made = make_forecasts({"A": 900.0, "B": 450.0, "C": 450.0})
    proof = prove(forecasts=made)
    found = proof.rules.set_index(["split_rule", "split_total"])["replayed_with"]
    assert found["forecast", "true"] == found["forecast_potential", "true"] == "groups_today"
    assert found["history", "true"] == found["planned", "true"] == "dated"
    assert proof.today == ("groups",)
    by_forecast = free_params(weights={"history": 0.5, "forecast": 0.5})
    assert row(prove(forecasts=made, split=by_forecast), "planned")["replayed_with"] == "groups_today"
    alone = prove(forecasts=made, reconciled=False)
    assert alone.rules["replayed_with"].unique().tolist() == ["dated"]


def test_without_potential_or_forecast_their_rules_are_left_out() -> None:
    unknown = make_past({a: (rep, None) for a, (rep, _) in KNOWN.items()})
    assert set(prove(past=unknown).rules["split_rule"]) == {"history", "last_year", "planned", BEST_BLEND}
    some = make_forecasts({"A": 1, "B": 1, "C": 1})
    some = some[some["origin"] >= "2025-01"]
    proof = prove(forecasts=some)
    assert {"forecast", "forecast_potential"} <= set(proof.rules["split_rule"])
    assert proof.periods["period"].tolist() == ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]


def test_too_short_a_history_proves_nothing() -> None:
    proof = prove(STEADY[STEADY["month"] >= "2025-01"])
    assert (len(proof.rules), len(proof.cases), proof.best) == (0, 0, "")


def test_one_period_alone_has_no_interval() -> None:
    cube = STEADY[STEADY["month"] >= "2024-10"]
    proof = prove(cube)
    assert proof.periods["period"].tolist() == ["2025Q4"]
    assert proof.rules["difference_low"].isna().all()
    assert proof.weights["weight_low"].isna().all()
    assert BEST_BLEND not in set(proof.rules["split_rule"])


def test_overlapping_years_leave_nothing_to_judge_a_blend_on() -> None:
    year = parse_period("2026")
    days = [w.day for w in past_windows(year, as_of=AS_OF, first_month="2023-01")]
    past = make_past(KNOWN)
    proof = prove(past=past[past["as_of"].isin(pd.to_datetime(days))], period=year)
    assert proof.periods["period"].tolist()[0::4] == ["2024", "2025"]
    assert BEST_BLEND not in set(proof.rules["split_rule"])
    assert row(proof, "history")["rep_error"] == 0


def test_row_order_changes_nothing() -> None:
    mixed = prove(STEADY.sample(frac=1, random_state=1), make_past(KNOWN).sample(frac=1, random_state=2))
    for name in ("rules", "cases", "weights", "periods"):
        pd.testing.assert_frame_equal(getattr(prove(), name), getattr(mixed, name))


def test_a_year_is_replayed_from_every_quarter_and_an_earlier_day_looks_back_further() -> None:
    year = past_windows(parse_period("2026"), as_of=AS_OF, first_month="2023-01")
    assert [w.label for w in year] == [
        "2024",
        "2024-04–2025-03",
        "2024-07–2025-06",
        "2024-10–2025-09",
        "2025",
    ]
    early = past_windows(PERIOD, as_of=dt.date(2025, 11, 1), first_month="2024-01")
    assert [(w.label, str(w.day)) for w in early] == [("2025Q2", "2025-02-01"), ("2025Q3", "2025-05-01")]
    assert past_windows(PERIOD, as_of=AS_OF, first_month="2025-06") == ()


def test_accounts_are_seen_as_they_stood_on_the_day() -> None:
    past = make_past(KNOWN)
    past.loc[(past["account_id"] == "B") & (past["as_of"] < "2025-01-01"), "rep_id"] = "R2"
    past.loc[(past["account_id"] == "C") & (past["as_of"] >= "2025-10-01"), "status"] = "closed"
    windows = past_windows(PERIOD, as_of=AS_OF, first_month="2023-01")
    found = past_periods(STEADY, past, None, windows=windows, fiscal_year_start=1)
    assert found[0].reps.tolist() == ["R1", "R2", "R2"]
    assert found[-1].reps.tolist() == ["R1", "R1", "R2"]
    assert found[-1].shares["history"].round(3).tolist() == [0.75, 0.25, 0]
    assert (found[-1].actual.tolist(), found[-1].outside) == ([900, 300, 0], 600)
    assert found[0].growth.tolist() == pytest.approx([np.nan] * 3, nan_ok=True)
    assert found[-1].growth.tolist() == pytest.approx([0.0, 0.0, 0.0])


def own_targets(**more: object) -> pd.DataFrame:
    quarters = [f"{year}Q{q}" for year in (2024, 2025) for q in (1, 2, 3, 4)]
    table = pd.DataFrame(
        [(q, rep, amount) for q in quarters for rep, amount in (("R1", 1500.0), ("R2", 500.0))],
        columns=["period", "rep_id", "target"],
    )
    blank = dict.fromkeys(
        ["starts", "ends", "measure", "account_id", "region", "product_line", "account_type"]
    )
    table = table.assign(**{**blank, **more})
    return table.assign(target=to_money((table["target"] * 10_000).astype("int64")))


def test_own_targets_stand_beside_the_rules() -> None:
    own = prove(targets=own_targets()).own.set_index(["split_rule", "split_total"])
    # sold 1200 and 600; asked 1500 and 500; history would have asked 1333 and 667, the true total exactly
    assert own.loc[("company", "company"), "rep_error"] == pytest.approx(400 / 1800)
    assert own.loc[("history", "company"), "rep_error"] == pytest.approx(200 / 1800)
    assert own.loc[("company", "true"), "rep_error"] == pytest.approx(300 / 1800)
    assert own.loc[("history", "true"), "rep_error"] == 0
    assert own.loc[("history", "company"), "in_band"] == 1
    assert own.loc[("company", "company"), ["in_band", "replayed_periods", "replayed_cases"]].tolist() == [
        0,
        8,
        16,
    ]
    assert own.loc[("history", "true"), "difference_high"] < 0
    named = own_targets().iloc[:4]
    assert prove(targets=named).own["replayed_periods"].unique().tolist() == [2]


def test_only_targets_of_reps_for_a_whole_period_are_compared() -> None:
    assert len(prove(targets=own_targets(measure="margin")).own) == 0
    assert len(prove(targets=own_targets(region="N")).own) == 0
    assert len(prove().own) == 0
    days = own_targets().iloc[:2].assign(period=None)
    whole = days.assign(starts=pd.Timestamp("2024-01-01"), ends=pd.Timestamp("2024-03-31"))
    assert prove(targets=whole).own["replayed_cases"].unique().tolist() == [2]
    part = days.assign(starts=pd.Timestamp("2024-01-02"), ends=pd.Timestamp("2024-03-31"))
    assert len(prove(targets=part).own) == 0


REPS = [f"R{i:02d}" for i in range(10)]


def targets_of(period: str, amounts: dict[str, float]) -> pd.DataFrame:
    table = pd.DataFrame({"period": period, "starts": pd.NaT, "ends": pd.NaT, "measure": "revenue",
                          "rep_id": list(amounts), "target": list(amounts.values())})  # fmt: skip
    return table.assign(target=to_money((table["target"] * 10_000).astype("int64")))


def test_the_companys_own_targets_get_the_share_of_earlier_ratios_that_reach_them() -> None:
    # ten reps with an account of 100 a month each; R00 to R04 were forecast 300 a quarter, the others 600,
    # so that half of all ratios are 1 and half are 1/2
    cube = make_cube(**{f"{rep}_A{rep}": 100 for rep in REPS})
    past = make_past({f"A{rep}": (rep, 1000.0) for rep in REPS})
    made = make_forecasts({f"A{rep}": 300.0 if rep < "R05" else 600.0 for rep in REPS})
    asked = {"R00": 300.0, "R01": 301.0, "R02": 150.0, "R03": 149.0, "R05": 301.0, "R06": 299.0, "gone": 5.0}
    found = prove(cube, past, forecasts=made, targets=targets_of("2025Q4", asked)).chances
    assert found["rep_id"].tolist() == ["R00", "R01", "R02", "R03", "R05", "R06"]
    assert found["reach_probability"].tolist() == [0.5, 0.0, 1.0, 1.0, 0.5, 1.0]
    assert as_float(found["landing"]).tolist() == [300, 300, 300, 300, 600, 600]
    assert as_float(found["actual"]).tolist() == [300] * 6
    early = past_windows(PERIOD, as_of=AS_OF, first_month="2023-01")[0].label
    first = prove(cube, past, forecasts=made, targets=targets_of(early, asked)).chances
    assert first["reach_probability"].isna().all()
    assert prove(cube, past, targets=targets_of("2025Q4", asked)).chances.empty


@pytest.mark.parametrize(("c", "told"), [("R2", True), ("R1", False), (None, False)])
def test_one_named_rep_tells_no_rule_apart(c: str | None, told: bool) -> None:
    proof = prove(past=make_past(KNOWN | {"C": (c, 2000.0)}))
    assert proof.by_reps == told
    assert (len(proof.weights) > 0) == told
