"""Exact money: conversions at the edges, sums that don't depend on order."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.errors import KamError
from kamlib.measures.money import MONEY, as_float, sum_money, to_money, to_ticks, total_money

AMOUNTS = st.lists(st.decimals(-(10**9), 10**9, places=4), min_size=1, max_size=30)


@given(AMOUNTS)
def test_decimals_survive_the_round_trip(amounts: list[Decimal]) -> None:
    money = to_money(to_ticks(pd.Series(amounts, dtype=object)))
    assert money.dtype == MONEY
    assert money.tolist() == amounts
    assert to_ticks(money).tolist() == [int(a * 10_000) for a in amounts]


@given(AMOUNTS, st.randoms())
def test_sums_are_exact_in_any_order(amounts: list[Decimal], random) -> None:
    shuffled = list(amounts)
    random.shuffle(shuffled)
    table = pd.DataFrame({"k": "x", "revenue": to_money(to_ticks(pd.Series(shuffled, dtype=object)))})
    assert sum_money(table, ["k"], ["revenue"])["revenue"].tolist() == [sum(amounts)]
    assert total_money(table["revenue"]) == sum(amounts)


def test_halves_round_to_even_at_the_fourth_place() -> None:
    assert to_ticks(pd.Series([Decimal("0.00005"), Decimal("0.00015")], dtype=object)).tolist() == [0, 2]
    assert to_ticks(pd.Series([0.5, 1.25])).tolist() == [5000, 12500]
    assert to_ticks(pd.Series([3, -2])).tolist() == [30000, -20000]


def test_a_missing_key_is_a_group_and_a_missing_amount_counts_nothing() -> None:
    table = pd.DataFrame({"k": ["a", None, None], "revenue": [1.0, 2.0, np.nan]})
    sums = sum_money(table, ["k"], ["revenue"])
    assert sums["k"].isna().tolist() == [False, True]
    assert sums["revenue"].tolist() == [Decimal(1), Decimal(2)]


def test_missing_amounts_become_nan_not_zero() -> None:
    values = as_float(pd.Series([Decimal("1.5"), None], dtype=MONEY))
    assert values[0] == 1.5
    assert np.isnan(values[1])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, None], "revenue: 1 missing amounts where money is needed."),
        ([np.inf], "revenue: an amount is not finite or does not fit DECIMAL\\(18, 4\\)."),
        ([1e15], "revenue: an amount is not finite or does not fit"),
        ([10**15], "revenue: an amount is not finite or does not fit"),
    ],
)
def test_amounts_that_cannot_be_money(values: list[float], message: str) -> None:
    with pytest.raises(KamError, match=message):
        to_ticks(pd.Series(values, name="revenue"))
