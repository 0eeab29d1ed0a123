from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import glossary
from kamlib.measures.money import to_ticks, total_money
from kamlib.periods import parse_period
from kamlib.targets import Allocation, AllocationParams, allocate_targets
from kamlib.targets.allocation import growth_over
from tests.targets.sample import BLEND, PERIOD, RULES, free_params, make_accounts, make_cube


def allocate(total: int = 1210, params: AllocationParams | None = None, **more: Any) -> Allocation:
    return allocate_targets(
        more.get("cube", make_cube()),
        more.get("accounts", make_accounts()),
        total=total,
        period=more.get("period", PERIOD),
        params=params or AllocationParams(),
        unit=more.get("unit", 10),
        as_of=more.get("as_of"),
    )


def test_without_bounds_targets_are_the_blend() -> None:
    found = allocate(6100, free_params(), unit=1)
    assert found.accounts["target"].tolist() == [b * 100 for b in BLEND]
    assert found.accounts["rule"].tolist() == RULES
    assert (found.history_weight, found.base_period, found.total) == (0.5, "2025Q1", 6100)


def test_floors_and_caps_by_default() -> None:
    # C, D and E may carry a quarter of what they could buy in three months: 120, 60, 30; the 1,000 left fall on
    # A and B as 30 : 9, which is 769.23 and 230.77.
    chain = allocate(1210).accounts.set_index("account_id")
    assert chain["target"].tolist() == [770, 230, 120, 60, 30, 0, 0]
    assert chain["bound"].tolist() == ["none", "none", "cap", "cap", "cap", "none", "none"]
    assert chain.loc["A", ["floor", "cap"]].tolist() == [400, 1200]
    assert chain.loc["C", ["floor", "cap"]].isna().tolist() == [True, False]
    assert float(chain.loc["A", "bounded"]) == 769.23
    assert float(chain.loc["A", "rounding"]) == 0.77
    assert chain.loc["A", "growth_asked"] == pytest.approx(770 / 800 - 1)
    assert np.isnan(chain.loc["E", "growth_asked"])


def test_a_cap_below_the_floor_by_growth_is_told_as_the_cap() -> None:
    chain = allocate(800, AllocationParams(caps={"A": 300})).accounts.set_index("account_id")
    assert chain.loc["A", ["target", "floor", "cap", "bound"]].tolist() == [300, 300, 300, "cap"]


def test_each_chain_adds_up() -> None:
    chain = allocate(6100, free_params(pins={"F": 500}), unit=100).accounts
    assert (to_ticks(chain["bounded"]) + to_ticks(chain["rounding"])).tolist() == (
        chain["target"] * 10_000
    ).tolist()
    assert chain["blend"].tolist() == pytest.approx((chain["history_share"] + chain["potential_share"]) / 2)
    for name in ("by_history", "proposal", "bounded"):
        assert total_money(chain[name]) == 6100, name
    assert total_money(chain["rounding"]) == 0
    assert chain["bound"].tolist()[5] == "pin"
    assert chain["target"].tolist()[5] == 500


def test_the_joint_table_is_complete_and_every_margin_its_sum() -> None:
    found = allocate(1210)
    table = found.targets
    assert len(table) == 6 * 2 * 3
    assert table["target"].dtype == np.int64
    assert not (table["target"] % 10).any()
    assert table["target"].sum() == 1210
    by_account = table.groupby("account_id")["target"].sum()
    assert by_account.to_dict() == {
        k: v for k, v in zip(found.accounts["account_id"], found.accounts["target"], strict=True) if k != "G"
    }
    assert table["quarter"].unique().tolist() == ["2026Q1"]
    exact = by_account.reindex(table["account_id"]).to_numpy() * table["line_share"] * table["month_share"]
    assert (table["target"] - exact).abs().max() < 10
    assert (table["target"] - exact).tolist() == pytest.approx(
        table["rounding"].astype(float).tolist(), abs=0.01
    )
    assert (table["target"] - exact).groupby(table["month"]).sum().abs().max() < 10 * 3


def test_every_column_is_in_the_glossary() -> None:
    found = allocate()
    known = set(glossary.columns())
    assert set(found.targets.columns) <= known
    assert set(found.accounts.columns) - {"actual_last_year"} <= known


def test_a_year_by_month_and_quarter() -> None:
    found = allocate(60_000, free_params(), period=parse_period("2026"), unit=100)
    assert found.targets["target"].sum() == 60_000
    assert found.targets["month"].nunique() == 12
    assert sorted(found.targets["quarter"].unique()) == ["2026Q1", "2026Q2", "2026Q3", "2026Q4"]
    assert found.base_period == "2025"


def test_growth_has_no_meaning_over_nothing() -> None:
    assert growth_over(np.array([5, 5, 5]), np.array([10, 0, -3])).tolist()[0] == -0.5
    assert np.isnan(growth_over(np.array([5, 5]), np.array([0, -3]))).all()


def test_rows_on_or_after_the_planning_day_change_nothing() -> None:
    later = make_cube([("F", "Bikes", "R1", "2026-01", 900), ("A", "New line", "R1", "2026-02", 900)])
    seen = allocate(cube=pd.concat([make_cube(), later]))
    pd.testing.assert_frame_equal(seen.targets, allocate().targets)
    pd.testing.assert_frame_equal(seen.accounts, allocate().accounts)


def test_seen_from_an_earlier_day_the_base_is_the_last_whole_one() -> None:
    early = allocate(1210, free_params(), as_of=dt.date(2025, 1, 1))
    assert early.base_period == "2024Q1"
    assert early.accounts["rule"].tolist()[0] == "potential"


def test_a_name_is_not_needed() -> None:
    assert "name" not in allocate(accounts=make_accounts().drop(columns="name")).accounts.columns


# -- any book: sales, accounts, weights, bounds and pins drawn at random

IDS = [f"A{i}" for i in range(6)]
MONTHS = ["2024-11", "2025-01", "2025-02", "2025-03", "2025-08"]
books = st.fixed_dictionaries(
    {
        "sales": st.lists(
            st.tuples(
                st.sampled_from(IDS) | st.none(), st.sampled_from(["L1", "L2", "L3"]), st.just("R"),
                st.sampled_from(MONTHS), st.integers(-50, 5000),
            ),
            min_size=1, max_size=25, unique_by=lambda s: s[:4],
        ),
        "accounts": st.tuples(
            *[
                st.tuples(
                    st.just(i), st.sampled_from("NS"), st.sampled_from("DC"), st.sampled_from(["R1", "R2"]) | st.none(),
                    st.none() | st.integers(0, 9000), st.sampled_from(["active", "active", "closed", "prospect"]),
                )
                for i in IDS
            ]
        ).map(list),
        "units": st.integers(0, 400),
        "weight": st.integers(0, 10).map(lambda n: n / 10),
        "floor": st.none() | st.integers(-10, 0).map(lambda n: n / 10),
        "cap": st.none() | st.integers(0, 20).map(lambda n: n / 10),
        "pins": st.dictionaries(st.sampled_from(IDS), st.integers(0, 30), max_size=2),
    }
)  # fmt: skip


def plan(book: dict, *, factor: int = 1, order: Any = None) -> Allocation | None:
    from kamlib.errors import ParameterError

    cube, accounts = make_cube(book["sales"], factor=factor), make_accounts(book["accounts"], factor=factor)
    if order is not None:
        cube = cube.sample(frac=1, random_state=order).reset_index(drop=True)
        accounts = accounts.sample(frac=1, random_state=order)
    params = AllocationParams(
        history_weight=book["weight"], growth_floor=book["floor"], growth_cap=book["cap"],
        pins={k: v * 10 * factor for k, v in book["pins"].items()},
    )  # fmt: skip
    try:
        return allocate(10 * factor * book["units"], params, cube=cube, accounts=accounts, unit=10 * factor)
    except ParameterError:
        return None


@settings(max_examples=50, deadline=None)
@given(books)
def test_sums_are_exact_for_any_book(book: dict) -> None:
    found = plan(book)
    if found is None:
        return
    assert found.targets["target"].sum() == found.accounts["target"].sum() == 10 * book["units"]
    assert (found.targets["target"] >= 0).all()
    assert not (found.targets["target"] % 10).any()
    chain = found.accounts.set_index("account_id")
    by_account = found.targets.groupby("account_id")["target"].sum()
    assert by_account.reindex(chain.index, fill_value=0).tolist() == chain["target"].tolist()
    for account, units in book["pins"].items():
        assert chain.loc[account, "target"] == 10 * units
    floor, cap = chain["floor"].fillna(0), chain["cap"].fillna(10**12)
    assert ((chain["target"] >= floor) & (chain["target"] <= cap)).all()


@settings(max_examples=40, deadline=None)
@given(books, st.integers(0, 1000))
def test_row_order_never_changes_a_result(book: dict, seed: int) -> None:
    plain, mixed = plan(book), plan(book, order=seed)
    assert (plain is None) == (mixed is None)
    if plain is not None and mixed is not None:
        pd.testing.assert_frame_equal(plain.targets, mixed.targets)
        pd.testing.assert_frame_equal(plain.accounts, mixed.accounts)


@settings(max_examples=40, deadline=None)
@given(books, st.sampled_from([10, 7]))
def test_money_and_unit_times_ten_give_ten_times_the_targets(book: dict, factor: int) -> None:
    small, large = plan(book), plan(book, factor=factor)
    assert (small is None) == (large is None)
    if small is not None and large is not None:
        assert (small.targets["target"] * factor).tolist() == large.targets["target"].tolist()
        assert small.accounts["blend"].tolist() == large.accounts["blend"].tolist()
        assert small.accounts["bound"].tolist() == large.accounts["bound"].tolist()


def test_twenty_thousand_accounts_keep_their_margins() -> None:
    rng = np.random.default_rng(2)
    n = 20_000
    ids = [f"A{i:05d}" for i in range(n)]
    size = np.exp(rng.normal(8, 1.5, n))
    sales = pd.DataFrame(
        {"account_id": np.repeat(ids, 8), "product_line": np.tile(np.repeat(list("abcd"), 2), n)}
    )
    sales["rep_id"], sales["month"] = "R", np.tile(["2025-01", "2025-08"], 4 * n)
    sales["revenue"] = (np.repeat(size, 8) * rng.lognormal(0, 0.5, 8 * n)).round(2)
    accounts = pd.DataFrame({"account_id": ids, "region": "N", "status": "active"})
    accounts["account_type"] = rng.choice(list("ABC"), n)
    accounts["rep_id"] = np.array([f"R{i:03d}" for i in range(400)])[np.arange(n) % 400]
    accounts["potential"] = (8 * size * rng.uniform(1, 5, n)).round(2)
    total = int(sales.loc[sales["month"] == "2025-01", "revenue"].sum() // 1000) * 1100
    found = allocate(total, cube=sales, accounts=accounts, unit=100)
    assert found.targets["target"].sum() == total
    exact = found.accounts.set_index("account_id")["target"].reindex(found.targets["account_id"]).to_numpy()
    error = (
        found.targets["target"] - exact * found.targets["line_share"] * found.targets["month_share"]
    ) / 100
    for margin in (["month"], ["product_line"], ["product_line", "month"], ["rep_id", "month"]):
        assert error.groupby([found.targets[m] for m in margin]).sum().abs().max() < 5
