"""Pay: the worked examples, laws of curves and tiers, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kamlib.errors import ParameterError
from kamlib.incentives.pay import PayParams, Reward, give_rewards, pay_cost, pay_curve, pay_reps, pay_tiers

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
