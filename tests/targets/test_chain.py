from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib import glossary
from kamlib.errors import ParameterError
from kamlib.measures.money import to_ticks, total_money
from kamlib.targets import Allocation, AllocationParams, allocate_targets, trace_targets
from kamlib.targets.chain import TRACED, chain_steps
from tests.targets.sample import PERIOD, free_params, make_accounts, make_cube
from tests.targets.test_allocation import books


def allocate(params: AllocationParams | None = None, *, total: int = 1210, unit: int = 10) -> Allocation:
    return allocate_targets(
        make_cube(),
        make_accounts(),
        total=total,
        period=PERIOD,
        params=params or AllocationParams(),
        unit=unit,
    )


def rows(table: pd.DataFrame, dimension: str) -> pd.DataFrame:
    return table[table["dimension"] == dimension].assign(key=lambda t: t["key"].fillna("-")).set_index("key")


def adds_up(table: pd.DataFrame) -> bool:
    """Say whether the steps of each row add up to its target, to the tick."""
    steps = sum(to_ticks(table[name]) for name in chain_steps(list(table.columns)))
    return steps.tolist() == to_ticks(table["target"]).tolist()


def test_a_chain_by_hand() -> None:
    # Of 1,210 a half falls by history (45 : 16 sixty-firsts), a half by potential (33 : 24 : 4). C, D and E are
    # cut to their caps 120, 60 and 30; what that leaves over, 226.39, finds room with A and B of R1 alone.
    table = trace_targets(allocate())
    reps = rows(table, "rep")
    assert reps["target"].tolist() == [1000, 180, 30]
    assert reps["accounts"].tolist() == [3, 2, 1]
    assert reps["total"].tolist() == [1210] * 3
    assert reps["history_part"].astype(float).tolist() == [446.31, 158.69, 0]
    assert reps["potential_part"].astype(float).tolist() == [327.30, 238.03, 39.67]
    assert reps["by_own_bounds"].astype(float).tolist() == [0, -216.72, -9.67]
    assert reps["by_required"].astype(float).tolist() == [0, 0, 0]
    assert reps["by_rest"].astype(float).tolist() == [226.39, 0, 0]
    assert reps["rounding"].astype(float).tolist() == [0, 0, 0]
    assert (reps["blend"] * 61).tolist() == pytest.approx([39, 20, 2])
    assert set(table.columns) <= set(glossary.columns())
    assert list(dict.fromkeys(table["dimension"])) == list(TRACED)
    assert adds_up(table)


def test_a_product_line_has_no_bounds_of_its_own() -> None:
    lines = rows(trace_targets(allocate()), "product_line")
    assert lines["accounts"].tolist() == [5, 5]
    assert lines["by_own_bounds"].astype(float).tolist() == [0, 0]
    # the caps of C, D and E take from the company's mix and give to that of A and B
    assert lines["by_rest"].astype(float).tolist() == [-11.79, 11.79]
    assert lines["target"].tolist() == [820, 390]
    assert total_money(lines["history_part"]) == 605


def test_required_totals_are_told_apart_from_what_they_take_elsewhere() -> None:
    free = trace_targets(allocate(free_params()))
    asked = trace_targets(allocate(free_params(requirements=[{"region": "South", "exactly": Decimal(300)}])))
    before, after = rows(free, "region"), rows(asked, "region")
    assert after.loc["South", "target"] == 300
    moved = 300 - float(before.loc["South", "history_part"] + before.loc["South", "potential_part"])
    assert float(after.loc["South", "by_required"]) == pytest.approx(moved, abs=0.02)
    assert float(after.loc["North", "by_rest"]) == pytest.approx(-moved, abs=0.02)
    assert float(after.loc["North", "by_required"]) == float(after.loc["South", "by_rest"]) == 0
    assert float(rows(asked, "rep").loc["R1", "by_required"]) == 0
    assert adds_up(asked)


def test_a_required_product_line_is_its_own_and_the_other_lines_rest() -> None:
    asked = trace_targets(
        allocate(free_params(requirements=[{"product_line": "Parts", "at_least": Decimal(600)}]))
    )
    lines = rows(asked, "product_line")
    assert lines.loc["Parts", "target"] == 600
    assert float(lines.loc["Parts", "by_required"]) == pytest.approx(600 - 1210 * 0.314549, abs=0.5)
    assert float(lines.loc["Bikes", "by_required"]) == 0
    assert float(lines.loc["Bikes", "by_rest"]) == -float(lines.loc["Parts", "by_required"])
    assert adds_up(asked)


def test_a_required_total_that_moves_nothing_has_no_part() -> None:
    asked = trace_targets(allocate(free_params(requirements=[{"region": "South", "at_least": Decimal(10)}])))
    assert to_ticks(asked["by_required"]).tolist() == [0] * len(asked)


def test_pins_alone_are_bounds_of_their_own() -> None:
    pinned = allocate(free_params(pins={"F": 500})).accounts.set_index("account_id")
    assert float(pinned.loc["F", "by_own_bounds"]) == 500
    assert float(pinned.loc["F", "by_rest"]) == 0
    assert total_money(pinned["by_rest"]) == -500


def test_without_bounds_nothing_is_left_over_to_the_cent() -> None:
    rng = np.random.default_rng(5)
    ids = [f"A{i:03d}" for i in range(300)]
    sales = [
        (key, line, "R", "2025-02", int(rng.lognormal(8, 2))) for key in ids for line in ("L1", "L2", "L3")
    ]
    rows = [(key, "N", "D", f"R{at % 7}", int(rng.lognormal(9, 2)), "active") for at, key in enumerate(ids)]
    made = allocate_targets(
        make_cube(sales), make_accounts(rows), total=7_654_300, period=PERIOD, params=free_params(), unit=100
    )
    for table in (made.accounts, made.lines):
        for step in ("by_own_bounds", "by_required", "by_rest"):
            assert not to_ticks(table[step]).any(), step
        assert (np.abs(to_ticks(table["rounding"])) < 100 * 10_000).all()


def test_a_factor_without_weight_has_no_part() -> None:
    table = trace_targets(allocate(free_params(history_weight=1.0)))
    assert "potential_part" not in table
    assert rows(table, "company")["history_part"].astype(float).tolist() == [1210]


wishes = st.lists(
    st.tuples(
        st.sampled_from(
            [
                ("rep", "R1"),
                ("region", "N"),
                ("account_type", "D"),
                ("product_line", "L1"),
                ("month", "2026-02"),
            ]
        ),
        st.sampled_from(["exactly", "at_least", "at_most"]),
        st.integers(0, 60),
    ),
    max_size=2,
)


@settings(max_examples=60, deadline=None)
@given(books, wishes)
def test_steps_add_up_to_the_target_for_any_book(book: dict, asked: list) -> None:
    params = AllocationParams(
        history_weight=book["weight"], growth_floor=book["floor"], growth_cap=book["cap"],
        pins={k: v * 10 for k, v in book["pins"].items()},
        requirements=[{side: name, kind: Decimal(10 * units)} for (side, name), kind, units in asked],
    )  # fmt: skip
    total = 10 * book["units"]
    try:
        made = allocate_targets(
            make_cube(book["sales"]), make_accounts(book["accounts"]), total=total, period=PERIOD,
            params=params, unit=10,
        )  # fmt: skip
    except ParameterError:
        return
    table = trace_targets(made)
    if not asked:  # what all bounds leave over is spread one way
        rest = to_ticks(made.accounts["by_rest"])
        assert (rest >= 0).all() or (rest <= 0).all()
        assert not to_ticks(made.accounts["by_required"]).any()
    assert adds_up(made.accounts)
    assert adds_up(table)
    steps = chain_steps(list(table.columns))
    summed = table.groupby("dimension", sort=False)["target"].sum()
    assert set(summed) == {total}
    for dimension in TRACED:
        part = rows(table, dimension)
        for name in steps:
            if name.endswith("_part"):
                assert total_money(part[name]) == total_money(made.accounts[name]), (dimension, name)
        assert total_money(part["rounding"]) == 0
    proposal = to_ticks(made.accounts["proposal"])
    parts = [to_ticks(made.accounts[name]) for name in steps if name.endswith("_part")]
    assert np.array_equal(sum(parts, np.zeros_like(proposal)), proposal)
