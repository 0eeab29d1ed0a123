from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.targets import AllocationParams
from kamlib.targets.facts import AccountFacts, account_facts, look_back
from kamlib.targets.shares import Blend
from kamlib.targets.shares import blend_shares as blend_factors
from tests.targets.sample import BLEND, HISTORY, PERIOD, POTENTIAL, RULES, make_accounts, make_cube

WINDOWS = look_back(PERIOD, as_of=None)


def facts_of(sales: list[tuple] | None = None, accounts: list[tuple] | None = None) -> AccountFacts:
    return account_facts(make_cube(sales), make_accounts(accounts), windows=WINDOWS)


def made_facts(rows: list[tuple[int, int | None, int, bool]]) -> AccountFacts:
    """Facts of accounts given as (history, potential, months with sales, open)."""
    history, potential, sold, opened = (list(column) for column in zip(*rows, strict=True))
    known = np.array([p is not None for p in potential])
    bought = np.array(sold) > 0
    return AccountFacts(
        table=make_accounts().iloc[:0],
        history=np.where(bought, history, 0).astype(np.int64),
        base=np.zeros(len(rows), dtype=np.int64),
        potential=np.array([p or 0 for p in potential], dtype=np.int64),
        known=known,
        sold=bought,
        recent=bought,
        open=np.array(opened, dtype=bool),
        company_base=0,
        base_whole=True,
        history_months=12,
    )


def blend_shares(facts: AccountFacts, *, history_weight: float, quarters: int = 4) -> Blend:
    """Blend history and potential alone, as the one knob says."""
    weights = AllocationParams(history_weight=history_weight).factor_weights()
    return blend_factors(facts, weights=weights, quarters=quarters)


def in_61sts(shares: np.ndarray) -> list[float]:
    return (shares * 61).round(9).tolist()


def test_what_is_missing_is_filled_by_the_share_of_wallet() -> None:
    blend = blend_shares(facts_of(), history_weight=0.5)
    assert blend.rule.tolist() == RULES
    assert in_61sts(blend.history) == HISTORY
    assert in_61sts(blend.potential) == POTENTIAL
    assert in_61sts(blend.blend) == BLEND
    assert blend.wallet == pytest.approx(1200 / 4500)
    assert blend.history_weight == 0.5


def test_the_weight_moves_from_one_column_to_the_other() -> None:
    facts = facts_of()
    assert in_61sts(blend_shares(facts, history_weight=1.0).blend) == HISTORY
    assert in_61sts(blend_shares(facts, history_weight=0.0).blend) == POTENTIAL
    mixed = blend_shares(facts, history_weight=0.6)
    assert mixed.blend == pytest.approx(0.6 * mixed.history + 0.4 * mixed.potential)


def test_an_unknown_potential_is_not_zero() -> None:
    known = [(*a[:4], 0 if a[0] == "B" else a[4], a[5]) for a in make_rows()]
    unknown = blend_shares(facts_of(), history_weight=0.5)
    zero = blend_shares(facts_of(accounts=known), history_weight=0.5)
    assert unknown.potential[1] == unknown.history[1] > 0
    assert zero.potential[1] == 0
    assert zero.rule[1] == "both"


def test_without_any_potential_history_decides_alone() -> None:
    rows = [(*a[:4], None, a[5]) for a in make_rows()]
    blend = blend_shares(facts_of(accounts=rows), history_weight=0.3)
    assert blend.blend.tolist() == [0.8, 0.2, 0, 0, 0, 0, 0]
    assert (blend.history_weight, blend.wallet) == (1.0, None)
    assert blend.rule[2] == "nothing"


def test_without_any_history_potential_decides_alone() -> None:
    blend = blend_shares(facts_of(sales=[("A", "Bikes", "R1", "2023-01", 5)]), history_weight=0.3)
    assert blend.blend == pytest.approx(np.array([3000, 0, 2000, 1000, 500, 0, 0]) / 6500)
    assert (blend.history_weight, blend.wallet) == (0.0, None)


def test_where_no_account_has_both_potential_counts_as_bought_whole() -> None:
    blend = blend_shares(made_facts([(300, None, 1, True), (0, 100, 0, True)]), history_weight=0.5)
    assert blend.wallet == 1.0
    assert blend.blend.tolist() == [0.75, 0.25]
    half_a_year = blend_shares(
        made_facts([(300, None, 1, True), (0, 100, 0, True)]), history_weight=0.5, quarters=2
    )
    assert half_a_year.blend == pytest.approx([6 / 7, 1 / 7])


def test_nothing_known_at_all_leaves_no_share() -> None:
    blend = blend_shares(made_facts([(0, None, 0, True), (5, None, 1, False)]), history_weight=0.5)
    assert blend.blend.tolist() == [0, 0]
    assert blend.rule.tolist() == ["nothing", "closed"]


amounts = st.integers(-(10**6), 10**12)
rows = st.lists(
    st.tuples(amounts, st.none() | st.integers(0, 10**12), st.integers(0, 1), st.booleans()),
    min_size=1,
    max_size=9,
)


@settings(max_examples=50, deadline=None)
@given(rows, st.integers(0, 100))
def test_each_column_adds_up_to_one_or_is_empty(
    accounts: list[tuple[int, int | None, int, bool]], percent: int
) -> None:
    facts = made_facts(accounts)
    blend = blend_shares(facts, history_weight=percent / 100)
    for column in (blend.history, blend.potential, blend.blend):
        assert column.sum() == pytest.approx(1) or not column.any()
        assert (column >= 0).all()
        assert not column[~facts.open].any()
    weight = blend.history_weight
    if blend.blend.any():
        assert blend.blend == pytest.approx(weight * blend.history + (1 - weight) * blend.potential)


@settings(max_examples=40, deadline=None)
@given(rows, st.integers(0, 100), st.integers(2, 1000))
def test_the_scale_of_money_changes_no_share(
    accounts: list[tuple[int, int | None, int, bool]], percent: int, factor: int
) -> None:
    def shares(scale: int) -> Blend:
        scaled = [(h * scale, None if p is None else p * scale, s, o) for h, p, s, o in accounts]
        return blend_shares(made_facts(scaled), history_weight=percent / 100)

    assert shares(factor).weights.tolist() == shares(1).weights.tolist()
    assert shares(factor).blend.tolist() == shares(1).blend.tolist()


@settings(max_examples=30, deadline=None)
@given(rows, st.randoms())
def test_row_order_changes_no_share(
    accounts: list[tuple[int, int | None, int, bool]], random: object
) -> None:
    order = list(range(len(accounts)))
    random.shuffle(order)  # type: ignore[attr-defined]
    plain = blend_shares(made_facts(accounts), history_weight=0.4)
    mixed = blend_shares(made_facts([accounts[i] for i in order]), history_weight=0.4)
    assert mixed.weights.tolist() == [plain.weights[i] for i in order]


def test_closed_accounts_lend_no_wallet() -> None:
    facts = facts_of()
    closed = replace(facts, open=np.array([False, True, True, True, True, True, True]))
    blend = blend_shares(closed, history_weight=0.5)
    # only G is left with history and a potential of its own: 100 of 2400 with D and E
    assert blend.wallet == pytest.approx(100 / 2400)
    assert Fraction(int(blend.weights[6]), int(sum(blend.weights.tolist()))) > 0


def make_rows() -> list[tuple]:
    from tests.targets.sample import ACCOUNTS

    return ACCOUNTS
