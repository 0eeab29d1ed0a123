from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.params import Layer, build_params
from kamlib.periods import parse_period
from kamlib.targets import Allocation, AllocationParams, allocate_targets, check_request
from kamlib.targets.allocation import account_targets
from kamlib.targets.joint import check_sum
from kamlib.targets.params import SizingParams
from kamlib.targets.wishes import Wish
from tests.targets.sample import FREE, PERIOD, make_accounts, make_cube


def allocate(wishes: list[dict[str, Any]], *, total: int = 1220, **more: Any) -> Allocation:
    wanted = build_params(AllocationParams, [Layer("test", {"requirements": wishes, **FREE, **more})])
    return allocate_targets(make_cube(), make_accounts(), total=total, period=PERIOD, params=wanted, unit=10)


def total_of(made: Allocation, **where: str) -> int:
    rows = made.targets
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return int(rows["target"].sum())


def test_totals_on_any_sides_are_met_at_once_and_everything_adds_up() -> None:
    made = allocate(
        [
            {"region": "South", "exactly": 500},
            {"product_line": "Parts", "at_least": 450},
            {"rep": "R1", "month": "2026-03", "at_most": 100},
        ]
    )
    assert total_of(made, region="South") == 500
    assert total_of(made, product_line="Parts") >= 450
    assert total_of(made, rep_id="R1", month="2026-03") <= 100
    assert made.targets["target"].sum() == 1220
    assert made.requirements["residual"].tolist() == [0, 0, 0]
    plain = allocate([])
    alone = [
        total_of(plain, region="South"),
        total_of(plain, product_line="Parts"),
        total_of(plain, rep_id="R1", month="2026-03"),
    ]
    np.testing.assert_allclose(
        made.requirements["unrequired"], alone, atol=10
    )  # the same but for whole units
    changed = made.targets.groupby("account_id")["required_change"].sum().astype(float)
    before = plain.targets.groupby("account_id")["target"].sum()
    after = made.targets.groupby("account_id")["target"].sum()
    np.testing.assert_allclose(changed, after - before, atol=10)  # the same but for whole units
    assert changed.sum() == pytest.approx(0, abs=0.05)
    assert made.requirements["requirement"].tolist()[2] == "rep R1, month 2026-03"
    assert made.requirements.loc[2, ["rep", "month"]].tolist() == ["R1", "2026-03"]
    assert made.requirements.loc[2, ["account", "region", "quarter"]].isna().all()
    assert made.requirements["binds"].tolist() == ["floor", "floor", "cap"]
    by_account = made.targets.groupby("account_id")["target"].sum()
    chain = made.accounts.set_index("account_id")["target"]
    assert by_account.to_dict() == chain[by_account.index].to_dict()


def test_what_holds_already_changes_nothing() -> None:
    plain = allocate([])
    kept = allocate([{"region": "North", "at_least": 0}])
    assert plain.requirements.empty
    assert kept.requirements["binds"].tolist() == ["none"]
    pd.testing.assert_series_equal(kept.accounts["target"], plain.accounts["target"])


def test_a_required_total_moves_accounts_of_a_region_alike() -> None:
    plain, more = allocate([]), allocate([{"region": "North", "exactly": 900}])
    north = plain.accounts["region"].eq("North") & (plain.accounts["target"] > 0)
    before = plain.accounts.loc[north, "bounded"].astype(float)
    after = more.accounts.loc[north, "bounded"].astype(float)
    np.testing.assert_allclose(after / before, 900 / before.sum(), rtol=1e-3)


def test_floors_caps_and_pins_of_accounts_hold_beside() -> None:
    made = allocate(
        [{"region": "North", "at_least": 650}], pins={"A": Decimal(500)}, caps={"B": Decimal(200)}
    )
    targets = made.accounts.set_index("account_id")["target"]
    bound = made.accounts.set_index("account_id")["bound"]
    assert (targets["A"], bound["A"]) == (500, "pin")
    assert targets["B"] <= 200
    assert total_of(made, region="North") >= 650


def test_the_stage_of_accounts_gives_the_numbers_of_the_whole_split() -> None:
    for more in ({}, {"history_weight": 0.2}, {"pins": {"A": Decimal(500)}}):
        wanted = build_params(AllocationParams, [Layer("test", {**FREE, **more})])
        known = {"total": 1220, "period": PERIOD, "params": wanted, "unit": 10}
        whole = allocate_targets(make_cube(), make_accounts(), **known).accounts
        stage = account_targets(make_cube(), make_accounts(), **known)
        pd.testing.assert_frame_equal(stage, whole[stage.columns.tolist()])


def book(rng: np.random.Generator, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return cube and accounts of a company of n accounts, some without a rep."""
    ids = [f"A{i:02d}" for i in range(n)]
    accounts = pd.DataFrame(
        {
            "account_id": ids,
            "region": rng.choice(["N", "S"], n),
            "account_type": rng.choice(["T", "U", "V"], n),
            "rep_id": rng.choice(np.array(["R1", "R2", "R3", None], dtype=object), n),
            "potential": None,
            "status": "active",
        }
    )
    cube = pd.DataFrame(
        {
            "account_id": np.repeat(ids, 8),
            "product_line": np.tile(["P", "Q"], 4 * n),
            "month": np.tile(np.repeat(["2025-01", "2025-02", "2025-03", "2025-06"], 2), n),
            "revenue": rng.lognormal(4, 1, 8 * n).round(2),
        }
    )
    return cube, accounts


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(10**7, 10**12))
def test_every_total_is_split_exactly_at_a_unit_of_one(seed: int, total: int) -> None:
    rng = np.random.default_rng(seed)
    cube, accounts = book(rng, int(rng.integers(3, 60)))
    params = build_params(AllocationParams, [Layer("test", FREE)])
    known = {"total": total, "period": PERIOD, "params": params, "unit": 1}
    made = allocate_targets(cube, accounts, **known)
    assert int(made.targets["target"].sum()) == made.total == total
    assert int(made.accounts["target"].sum()) == total
    assert int(account_targets(cube, accounts, **known)["target"].sum()) == total
    assert (made.accounts["target"] - made.accounts["bounded"].astype(float)).abs().max() < 1.01


def test_units_that_do_not_add_up_are_refused() -> None:
    assert check_sum(np.array([1, 2]), 3).tolist() == [1, 2]
    with pytest.raises(ParameterError, match="whole units add up to 3, not to the total of 4,000"):
        check_sum(np.array([1, 2]), 4000)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["2026Q1", "2026"]))
def test_sums_of_reps_lines_and_months_stay_within_a_unit_of_exact(seed: int, label: str) -> None:
    rng = np.random.default_rng(seed)
    n, unit, period = int(rng.integers(3, 60)), 10, parse_period(label)
    cube, accounts = book(rng, n)
    params = build_params(AllocationParams, [Layer("test", FREE)])
    made = allocate_targets(cube, accounts, total=n * 130, period=period, params=params, unit=unit)
    chain = made.accounts
    exact = chain["bounded"].astype(float)
    assert (chain["target"] - exact).abs().max() < unit
    by_rep = (chain["target"] - exact).groupby(chain["rep_id"], dropna=False).sum()
    assert by_rep.abs().max() < unit + 0.02 * n  # bounded is in cents
    cells = made.targets
    share = cells["line_share"] * cells["month_share"]
    fitted = cells["account_id"].map(exact.set_axis(chain["account_id"])) * share
    for side in ("product_line", "quarter", "month"):
        off = (cells["target"] - fitted).groupby(cells[side]).sum()
        assert off.abs().max() < unit + 0.02 * n


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_feasible_totals_are_exact_to_the_unit(south: int, parts: int) -> None:
    made = allocate(
        [{"region": "South", "exactly": 10 * south}, {"product_line": "Parts", "exactly": 10 * parts}]
    )
    assert total_of(made, region="South") == 10 * south
    assert total_of(made, product_line="Parts") == 10 * parts
    assert (made.targets["target"] % 10 == 0).all()
    assert made.targets["target"].sum() == 1220


def test_what_cannot_be_met_names_the_conflict_and_the_nearest_request() -> None:
    with pytest.raises(ParameterError) as caught:
        allocate([{"region": "North", "at_least": 900}, {"region": "South", "at_least": 700}])
    text = str(caught.value)
    assert text.startswith("allocation.requirements: what is asked cannot all be met (3 in conflict): ")
    assert '"total": exactly 1,220' in text
    assert '"region North": at least 900' in text
    assert '"region South": at least 700' in text
    assert "-> 520." in text
    nearest = text.split("The nearest request that can be met: ")[1]
    assert nearest.startswith('"region ')
    assert '"account"' not in nearest


def test_caps_in_conflict_are_called_by_what_sets_them_after_what_was_asked() -> None:
    n, unit = 12, 10
    accounts = pd.DataFrame(
        {
            "account_id": [f"A{i:02d}" for i in range(n)],
            "region": ["N", "S"] * 6,
            "account_type": "T",
            "rep_id": "R1",
            "potential": None,
            "status": "active",
        }
    )
    cube = pd.DataFrame(
        {"account_id": accounts["account_id"], "product_line": "P", "month": "2025-01", "revenue": 100.0}
    )
    asked = {
        "requirements": [{"region": "N", "exactly": 5000}],
        "growth_cap": 0.5,
        "pins": {"A00": Decimal(120)},
    }
    params = build_params(AllocationParams, [Layer("test", asked)])
    with pytest.raises(ParameterError) as caught:
        allocate_targets(cube, accounts, total=1300, period=PERIOD, params=params, unit=unit)
    text = str(caught.value)
    assert text == (
        'allocation.requirements: what is asked cannot all be met (7 in conflict, of them 5 by "growth_cap"): "region N": exactly 5,000; "pins" '
        'A00: exactly 120; "growth_cap" A02: at most 150; "growth_cap" A04: at most 150; "growth_cap" A06: at most '
        '150; "growth_cap" A08: at most 150; "growth_cap" A10: at most 150. The nearest request that can be met: '
        '"region N" 5,000 -> 870. Change what is asked, or the floors, caps and pins of accounts.'
    )


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (
            {"account": "G", "at_least": 5},
            'account G: account "G" is closed and asked for nothing. Leave it out',
        ),
        ({"region": "Nort", "at_least": 5}, 'region Nort: there is no region "Nort". Did you mean "North"'),
        ({"region": "Nord", "at_least": 5}, 'there is no region "Nord". Planned are North, South.'),
        (
            {"month": "2026-07", "at_least": 5},
            'no month "2026-07". The plan\'s months are 2026-01 to 2026-03.',
        ),
        ({"quarter": "2026Q2", "at_least": 5}, 'no quarter "2026Q2". The plan\'s quarter is 2026Q1.'),
        ({"account": "Z", "at_least": 5}, 'no account "Z". Planned are A, B, C, D, E, F and 1 more.'),
        ({"rep": "R1", "region": "South", "at_least": 5}, "nothing is in all of these"),
        ({"region": "North", "at_least": 101, "at_most": 109}, "holds no multiple of the rounding unit 10"),
    ],
)
def test_a_requirement_of_nothing_is_named(wish: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        allocate([wish])


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"region": "North"}, "region North: write exactly, or at_least, at_most or both"),
        ({"region": "North", "exactly": 5, "at_most": 9}, "write exactly, or at_least"),
        ({"at_least": 5}, "names no side"),
        ({"rep_id": "R1", "exactly": 5}, 'takes no "rep_id"; it takes account, rep, region, .*, at_most'),
        ({"region": "North", "at_least": 9, "at_most": 5}, "at_least is above at_most"),
        ({"region": "North", "at_least": -1}, "below zero"),
    ],
)
def test_how_a_total_is_written_is_checked_when_read(wish: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        allocate([wish])


def test_an_impossible_request_is_refused_before_anything_runs() -> None:
    wanted = AllocationParams(requirements=[Wish(region="North", at_least=Decimal(9000))], **FREE)
    with pytest.raises(ParameterError, match="cannot all be met"):
        check_request(
            make_cube(),
            make_accounts(),
            period=PERIOD,
            sizing=SizingParams(total=1220),
            allocation=wanted,
            unit=10,
        )


@pytest.mark.parametrize(("side", "column"), [("account_type", "account_type"), ("rep", "rep_id")])
def test_a_side_that_no_account_has_is_told_so(side: str, column: str) -> None:
    wanted = AllocationParams(requirements=[Wish(**{side: "X1"}, at_least=Decimal(5))], **FREE)
    accounts = make_accounts().assign(**{column: None})
    with pytest.raises(ParameterError) as caught:
        allocate_targets(make_cube(), accounts, total=1220, period=PERIOD, params=wanted, unit=10)
    assert str(caught.value) == (
        f'allocation.requirements: {side} X1: there is no {side} "X1". No planned account has any.'
    )
