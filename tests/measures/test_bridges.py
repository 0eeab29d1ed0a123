"""Bridges: published cases, parts that add up, refusals."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.errors import ParameterError
from kamlib.measures.bridges import attainment, price_volume_mix, recurring_bridge, shapley_bridge
from kamlib.measures.money import to_money, total_money

PARTS = ["price", "volume", "mix", "new", "lost", "other"]


def products(rows):
    table = pd.DataFrame(rows, columns=["p", "revenue", "quantity"])
    table["revenue"] = to_money([round(value * 10_000) for value in table["revenue"]])
    return table.astype({"quantity": "float64"})


def test_price_volume_mix_of_two_products():
    found = price_volume_mix(
        products([("ABC", 60, 50), ("DEF", 32, 40)]), products([("ABC", 66, 60), ("DEF", 50, 50)]), by="p"
    )
    sums = {name: float(total_money(found[name])) for name in (*PARTS, "change")}
    assert sums == pytest.approx(
        {"price": 4.0, "volume": 20.4444, "mix": -0.4444, "new": 0, "lost": 0, "other": 0, "change": 24},
        abs=1e-4,
    )


rows = st.lists(
    st.tuples(
        st.sampled_from("abcdef"), st.integers(-500, 10_000), st.one_of(st.none(), st.integers(-5, 500))
    ),
    unique_by=lambda row: row[0],
    max_size=6,
)


@given(rows, rows)
def test_the_parts_of_every_product_add_up_to_its_change_exactly(before, after):
    found = price_volume_mix(products(before), products(after), by="p")
    for row in found.to_dict("records"):
        assert sum(row[name] for name in PARTS) == row["change"] == row["after"] - row["before"]


def test_shapley_of_two_and_three_factors():
    two = shapley_bridge(lambda p, q: p * q, {"p": 10, "q": 100}, {"p": 12, "q": 90})
    assert two == pytest.approx({"p": 190, "q": -110})
    three = shapley_bridge(
        lambda a, b, c: a * b * c, {"a": 100, "b": 0.2, "c": 50}, {"a": 120, "b": 0.25, "c": 40}
    )
    assert list(three.values()) == pytest.approx([201.6667, 246.6667, -248.3333], abs=1e-4)


def test_recurring_revenue():
    before = to_money([500_000_000, 420_000_000, 80_000_000], index=pd.Index(["a", "b", "c"]))
    after = to_money([650_000_000, 370_000_000], index=pd.Index(["a", "b"]))
    found = recurring_bridge(before, after)
    assert [float(x) for x in (found.expansion, found.contraction, found.lost, found.after)] == [
        15_000, -5_000, -8_000, 102_000,
    ]  # fmt: skip
    assert (found.net_retention, found.gross_retention) == (pytest.approx(1.02), pytest.approx(0.87))


def test_a_product_named_twice_a_target_of_zero_and_too_many_factors_are_refused():
    twice = products([("a", 1, 1), ("a", 2, 1)])
    with pytest.raises(ParameterError, match=r"before\.p: a comes twice"):
        price_volume_mix(twice, twice, by="p")
    with pytest.raises(ParameterError, match=r"before\.p: 1 rows name nothing"):
        price_volume_mix(twice.iloc[:1].assign(p=None), twice.iloc[:1], by="p")
    money = to_money([10_000, 20_000], index=pd.Index(["a", "a"]))
    with pytest.raises(ParameterError, match="before: account a comes twice"):
        recurring_bridge(money, money.iloc[:1])
    with pytest.raises(ParameterError, match="target 0"):
        attainment(pd.Series([1.0]), pd.Series([0.0]))
    with pytest.raises(ParameterError, match="1 to 7 factors"):
        shapley_bridge(lambda: 0.0, {}, {})
