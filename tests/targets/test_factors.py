from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.measures.money import to_money
from kamlib.targets import AllocationParams, Evidence, allocate_targets
from kamlib.targets.factors import FACTORS
from kamlib.targets.facts import account_facts, look_back
from kamlib.targets.shares import blend_shares
from tests.targets.sample import HISTORY, PERIOD, free_params, make_accounts, make_cube

FACTS = account_facts(make_cube(), make_accounts(), windows=look_back(PERIOD, as_of=None))
MONTHS = tuple(str(month) for month in PERIOD.months())


def money(values: list[float | None]) -> pd.Series:
    table = pd.Series(values, dtype="float64")
    return to_money((table.fillna(0) * 10_000).astype("int64")).where(table.notna())


def market(*rows: tuple) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["period", "region", "product_line", "size", "competitor_share"])
    return table.assign(size=money(table["size"].tolist()))


EVIDENCE = Evidence(
    forecast=pd.DataFrame(
        {
            "level": ["account"] * 6 + ["account_line"],
            "account_id": ["A", "A", "B", "E", "G", "A", "A"],
            "period": ["2026-01", "2026-02", "2026-01", "2026-01", "2026-01", "2025-12", "2026-01"],
            "forecast": money([200, 100, 60, -30, 900, 5000, 7000]),
        }
    ),
    reps=pd.DataFrame(
        {
            "rep_id": ["R1", "R2", "R3", "R4"],
            "region": ["North", "South", "South", "South"],
            "left": pd.to_datetime([None, None, None, "2025-05-01"]),
            "ability": [1.5, 0.5, 9.0, 9.0],
        }
    ),
    market=market(
        ("2024", "North", None, 1.0, 0.1),
        ("2025", "North", None, 300.0, 0.5),
        ("2025", "North", "Bikes", 250.0, 0.4),
        ("2025", "South", "Bikes", 60.0, 0.2),
        ("2025", "South", "Parts", 40.0, 0.7),
        ("2025Q4", "North", None, 9.0, 0.9),
    ),
    purchasing_power={"Dealer": 2.0, "Elsewhere": 7.0},
    months=MONTHS,
)
# History in 61sts: A 36 and B 9 in the North with R1, C 16 in the South with R2.
CASES = {
    # A 300, B 60, E below zero; C has none: 16 x 360 / 45 = 128 of 488
    "forecast": ([300, 60, 128, 0, 0, 0, 0], 488, 1),
    # A 36 x 1.5, B 9 x 1.5, C 16 x 0.5
    "ability": ([54, 13.5, 8, 0, 0, 0, 0], 75.5, 0),
    # North 300 of 400 by 36 : 9, South 100 of 400
    "demand": ([240, 60, 100, 0, 0, 0, 0], 400, 0),
    # rivals leave half of the North, 60 x 0.8 + 40 x 0.3 of 100 in the South
    "competition": ([18, 4.5, 9.6, 0, 0, 0, 0], 32.1, 0),
    # one rep in the North, two in the South
    "resources": ([0.8, 0.2, 2, 0, 0, 0, 0], 3, 0),
    # A and C are dealers; B's type is not given and counts as their mean, which is theirs
    "purchasing_power": (HISTORY, 61, 1),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_factor_by_hand(name: str) -> None:
    amounts, total, unknown = CASES[name]
    blend = blend_shares(FACTS, weights={name: 1.0}, evidence=EVIDENCE)
    assert blend.factors[name] == pytest.approx(np.array(amounts) / total)
    assert blend.blend == pytest.approx(blend.factors[name])
    assert blend.used == {name: 1.0}
    assert blend.unknown == ({name: unknown} if unknown else {})


def test_what_a_factor_does_not_know_counts_as_it_does_by_history() -> None:
    some = replace(
        EVIDENCE,
        market=market(("2025", "North", None, 90.0, 0.5)),
        reps=EVIDENCE.reps.assign(ability=[2.0, None, None, None]),
        purchasing_power={"Dealer": 3.0, "Chain": 1.5},
    )
    for name in ("demand", "competition", "ability"):
        blend = blend_shares(FACTS, weights={name: 1.0}, evidence=some)
        assert blend.blend * 61 == pytest.approx(HISTORY), name
        assert blend.unknown == {name: 1}
    power = blend_shares(FACTS, weights={"purchasing_power": 1.0}, evidence=some).blend
    assert power * (36 * 2 + 9 + 16 * 2) == pytest.approx([72, 9, 32, 0, 0, 0, 0])


def test_a_factor_without_data_gives_its_weight_up() -> None:
    weights = {"history": 0.3, "potential": 0.1, "ability": 0.6}
    blend = blend_shares(FACTS, weights=weights)
    assert blend.used == {"history": 0.75, "potential": 0.25}
    assert blend.history_weight == 0.75
    assert blend.blend == pytest.approx(0.75 * blend.history + 0.25 * blend.potential)
    alone = blend_shares(FACTS, weights={"forecast": 1.0}, evidence=Evidence(months=MONTHS))
    assert alone.used == {"history": 1.0}


def test_row_order_of_the_evidence_changes_nothing() -> None:
    weights = dict.fromkeys(FACTORS, 0.125)
    mixed = replace(
        EVIDENCE, **{name: getattr(EVIDENCE, name).iloc[::-1] for name in ("forecast", "reps", "market")}
    )
    plain = blend_shares(FACTS, weights=weights, evidence=EVIDENCE)
    assert blend_shares(FACTS, weights=weights, evidence=mixed).weights.tolist() == plain.weights.tolist()
    assert tuple(plain.used) == FACTORS


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=8, max_size=8).filter(any))
def test_the_blend_is_the_weighted_sum_of_the_shares(parts: list[int]) -> None:
    from fractions import Fraction

    weights = {name: Fraction(part, sum(parts)) for name, part in zip(FACTORS, parts, strict=True)}
    blend = blend_shares(FACTS, weights=weights, evidence=EVIDENCE)
    expected = sum(float(weights[name]) * shares for name, shares in blend.factors.items())
    assert blend.blend == pytest.approx(expected)
    assert blend.blend.sum() == pytest.approx(1)
    assert all(shares.sum() == pytest.approx(1) for shares in blend.factors.values())
    assert not blend.blend[~FACTS.open].any()


def test_targets_carry_the_shares_they_came_from() -> None:
    weights = {"history": 0.5, "forecast": 0.25, "demand": 0.25}
    found = allocate_targets(
        make_cube(),
        make_accounts(),
        total=48800,
        period=PERIOD,
        params=free_params(weights=weights),
        unit=1,
        evidence=EVIDENCE,
    )
    chain = found.accounts.set_index("account_id")
    exact = 0.5 * np.array(HISTORY) / 61 + 0.25 * np.array([300, 60, 128, 0, 0, 0, 0]) / 488
    exact += 0.25 * np.array([240, 60, 100, 0, 0, 0, 0]) / 400
    assert chain["blend"].to_numpy() == pytest.approx(exact)
    assert {"history_share", "forecast_share", "demand_share"} <= {*found.targets.columns, *chain.columns}
    assert abs(chain["target"].to_numpy() - 48800 * exact).max() < 1
    assert found.weights == weights
    assert found.unknown == {"forecast": 1}


def test_one_knob_is_the_simple_form_of_the_weights() -> None:
    knob = AllocationParams(history_weight=0.6)
    both = AllocationParams(weights={"history": 0.6, "potential": 0.4})
    assert knob.factor_weights() == both.factor_weights()
