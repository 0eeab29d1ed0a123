"""Pay: the worked examples, laws of curves and tiers, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kamlib.errors import ParameterError
from kamlib.incentives.pay import give_rewards, pay_cost, pay_curve, pay_reps, pay_tiers
from kamlib.incentives.pay_params import PayParams, Reward, pay_of_months

CURVE = [(0.7, 0.0), (1.0, 1.0), (1.5, 2.0)]
TIERS = [(0, 0.05), (100_000, 0.07), (250_000, 0.09)]


def test_the_curve_pays_the_published_amounts():
    paid = 10_000 * pay_curve([0.69, 0.85, 1.0, 1.2, 1.5, 1.7], CURVE)
    assert paid == pytest.approx([0, 5_000, 10_000, 14_000, 20_000, 20_000])


@given(st.lists(st.floats(0, 3), min_size=2, max_size=20))
def test_more_attainment_never_pays_less(attained):
    paid = pay_curve(sorted(attained), CURVE)
    assert (np.diff(paid) >= -1e-12).all()


@given(st.floats(0, 1e6), st.floats(0, 1e4))
def test_marginal_tiers_are_continuous_and_cliffs_jump_only_at_their_starts(amount, more):
    low, high = pay_tiers([amount, amount + more], TIERS)
    assert 0.05 * more - 1e-6 <= high - low <= 0.09 * more + 1e-6
    assert pay_tiers([amount], TIERS, how="cliff")[0] >= pay_tiers([amount], TIERS)[0] - 1e-6


def test_bands_are_half_open():
    assert pay_tiers([99_999.99, 100_000], TIERS, how="cliff") == pytest.approx([4999.9995, 7000])
    assert pay_curve([0.7], [(0.7, 0.5), (1.0, 1.0)]).tolist() == [0.5]


def test_reps_are_paid_to_the_cent_and_the_unknown_stays_unknown():
    table = pd.DataFrame({"rep_id": ["a", "b"], "pay_basis": [0.85, None]})
    found = pay_reps(table, params=PayParams(target_pay=10_000.0))
    assert found["payout"].tolist()[0] == pytest.approx(5000.0)
    assert found["next_step"].tolist()[0] == pytest.approx(333.33)
    assert found["payout"].isna().tolist() == [False, True]


def test_cost_before_the_end_is_that_of_the_draws():
    drawn = np.array([[1.0, 1.0], [0.7, 1.0]])
    found = pay_cost(drawn, params=PayParams(target_pay=100.0))
    assert found.loc[0, ["mean_cost", "full_cost"]].tolist() == pytest.approx([150.0, 200.0])


def test_rewards_ask_for_the_whole_plausible_range():
    table = pd.DataFrame(
        {"rep_id": ["a", "b", "c"], "total_score": [95.0, 92.0, 55.0], "worst_rank": [2, 4, 9]}
    )
    params = PayParams(rewards=(Reward(name="honour", best_ranks=3), Reward(name="talk", score_below=60.0)))
    assert give_rewards(table, params=params).to_dict("records") == [
        {"rep_id": "a", "reward": "honour"},
        {"rep_id": "c", "reward": "talk"},
    ]


def test_curves_that_fall_and_tiers_that_do_not_begin_at_zero_are_refused():
    with pytest.raises(ParameterError, match="pay never falling"):
        pay_curve([1.0], [(0.5, 1.0), (1.0, 0.5)])
    with pytest.raises(ParameterError, match="begin at 0 and rise"):
        pay_tiers([1.0], [(10, 0.1)])
    with pytest.raises(ParameterError, match="write marginal or cliff"):
        pay_tiers([1.0], TIERS, how="clif")
    with pytest.raises(ParameterError, match="attainment rising"):
        pay_curve([1.0], [(0.7, 0.0), (float("nan"), 1.0)])
    with pytest.raises(ParameterError, match="-1 is negative"):
        pay_tiers([-1.0], TIERS)
    with pytest.raises(ValidationError, match="pay never falling"):
        PayParams(curve=((1.0, 1.0), (0.5, 2.0)))


def test_amounts_are_a_years_and_a_period_gets_its_months_part():
    params = PayParams(target_pay=12_000.0, target_pay_of={"a": 24_000.0}, rank_bonus=((1, 1_200.0),),
                       tiers=((0, 0.01), (1_200, 0.02)))  # fmt: skip
    basis = pd.DataFrame(
        {"rep_id": ["a", "b"], "pay_basis": 1.0, "score_rank": [2, 1], "revenue": [300.0, 299.0]}
    )
    paid = {
        months: pay_reps(basis, params=pay_of_months(params, months))["payout"].tolist() for months in (3, 12)
    }
    assert paid[3] == pytest.approx([6_000 + 3.0, 3_000 + 2.99 + 300])
    assert paid[12] == pytest.approx([24_000 + 3.0, 12_000 + 2.99 + 1_200])
    assert pay_of_months(params, 12) == params


def test_a_team_may_have_its_own_pay_and_a_rep_of_it_another():
    params = PayParams(target_pay=1.0, target_pay_of={"a": 30.0, "North": 20.0})
    basis = pd.DataFrame({"rep_id": list("abc"), "pay_basis": 1.0})
    mine = pay_of_months(params, 12, teams={"a": "North", "b": "North", "c": ""})
    assert pay_reps(basis, params=mine)["payout"].tolist() == [30.0, 20.0, 1.0]
    with pytest.raises(
        ParameterError, match='"Nort" is no rep and no team of the book .* Did you mean "North"'
    ):
        pay_of_months(PayParams(target_pay_of={"Nort": 1.0}), 3, teams={"a": "North"})
    with pytest.raises(ValidationError, match="-1 is below 0"):
        PayParams(target_pay_of={"a": -1.0})


def test_tiers_pay_a_commission_in_half_open_bands_marginal_or_at_the_cliff():
    basis = pd.DataFrame({"rep_id": list("abcd"), "pay_basis": None, "revenue": [99.99, 100.0, -5.0, None]})
    rules = {"target_pay": 0.0, "tiers": ((0, 0.1), (100, 0.2))}
    marginal, cliff = (
        pay_reps(basis, params=PayParams(**rules, tiers_how=how)) for how in ("marginal", "cliff")
    )
    assert marginal["payout"].tolist()[:3] == [10.0, 10.0, 0.0]
    assert cliff["commission"].tolist()[:3] == [10.0, 20.0, 0.0]
    assert cliff["payout"].isna().tolist() == [False, False, False, True]
    drawn = np.array([[0.5, 2.0]])
    cost = pay_cost(drawn, params=PayParams(**rules), targets=np.array([100.0, 100.0]))
    assert cost.loc[0, ["mean_cost", "full_cost"]].tolist() == pytest.approx([5 + 30, 20.0])
    with pytest.raises(ValidationError, match="begin at 0 and rise"):
        PayParams(tiers=((5, 0.1),))


@given(st.integers(1, 10**6))
def test_an_attainment_that_is_the_threshold_in_cents_reaches_it(tenth_of_cents):
    cents = 10 * tenth_of_cents
    assert pay_curve([cents * 7 / 10 / 100 / (cents / 100)], [(0.7, 0.5), (1.0, 1.0)])[0] == 0.5
    assert pay_curve([5.81 / 8.30], [(0.7, 0.5), (1.0, 1.0)])[0] == 0.5
