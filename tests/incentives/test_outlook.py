"""What pay hangs on: worked by hand, laws, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kamlib.errors import ParameterError
from kamlib.incentives import PayParams, cost_at_forecast, pay_fairness, pay_reps, rank_stakes

STEPS = PayParams(target_pay=100.0, rank_bonus=((1, 50.0), (2, 20.0)))


def test_cost_while_open_is_read_off_the_curve_path_by_path():
    targets = pd.DataFrame(
        {"dimension": ["rep", "rep", "region"], "key": ["a", None, "a"], "target": [100.0] * 3}
    )
    keys = pd.DataFrame({"level": ["region", "rep", "rep"], "key": ["a", "a", "b"]})
    paths = np.array([[0, 0], [850_000, 1_200_000], [10, 10]])
    found = cost_at_forecast(targets, keys, paths, params=PayParams(target_pay=100.0))
    assert found is not None
    assert found.loc[0, ["mean_cost", "full_cost", "reps"]].tolist() == pytest.approx([95.0, 100.0, 1])
    mine = PayParams(target_pay=100.0, target_pay_of={"a": 200.0}, tiers=((0.0, 0.0), (100.0, 0.5)))
    found = cost_at_forecast(targets, keys, paths, params=mine)
    assert found is not None
    # 85 and 120 of 100 pay 0.5 and 1.4 times 200; the 20 above the tier pay half of themselves.
    assert found.loc[0, ["mean_cost", "full_cost", "target_pay"]].tolist() == pytest.approx(
        [195.0, 200.0, 200]
    )
    assert cost_at_forecast(targets, keys, None, params=PayParams()) is None
    assert cost_at_forecast(targets, keys, paths, params=PayParams(by="score")) is None


def test_a_bonus_by_rank_is_paid_and_its_chance_told():
    basis = pd.DataFrame({"rep_id": list("abc"), "pay_basis": [1.0, 1.0, None], "score_rank": [1, 2, None]})
    assert pay_reps(basis, params=STEPS)["payout"].tolist()[:2] == [150.0, 120.0]
    counts = np.array([[60, 30, 10], [40, 50, 10], [0, 20, 80]])
    found = rank_stakes(basis, counts, params=STEPS)
    assert found["bonus_expected"].tolist()[:2] == pytest.approx([36.0, 30.0])
    assert found["bonus_at_stake"].tolist()[:2] == pytest.approx([0.4, 0.5])
    assert found.loc[2].isna().tolist() == [False, True, True, True]
    with pytest.raises(ParameterError, match="counts has 2 rows for 3 reps"):
        rank_stakes(basis, counts[:2], params=STEPS)


@pytest.mark.parametrize(
    "steps", [((2, 5.0), (1, 9.0)), ((1, 5.0), (2, 9.0)), ((0, 5.0),), ((1.5, 5.0),), (3,)]
)
def test_bonuses_that_do_not_fall_with_the_rank_are_refused(steps):
    with pytest.raises(ValidationError):
        PayParams(rank_bonus=steps)


@given(st.lists(st.floats(0.1, 2), min_size=3, max_size=15))
def test_where_pay_is_in_proportion_every_group_is_paid_alike(attained):
    n = len(attained)
    pay = pd.DataFrame(
        {
            "rep_id": [f"r{k}" for k in range(n)],
            "pay_basis": attained,
            "payout": [1000 * a for a in attained],
            "region": ["N", "S"] * (n // 2) + ["N"] * (n % 2),
            "territory_size": np.arange(n, dtype=float),
        }
    )
    found = pay_fairness(pay, rng=np.random.default_rng(1))
    assert found["against_all"].to_numpy() == pytest.approx(1.0)
    assert found.groupby("pay_side")["reps"].sum().tolist() == [n, n]


def test_without_pay_there_is_nothing_to_compare():
    pay = pd.DataFrame({"rep_id": ["a"], "pay_basis": [0.5], "payout": [0.0], "region": ["N"],
                        "territory_size": [1.0]})  # fmt: skip
    assert len(pay_fairness(pay, rng=np.random.default_rng(1))) == 0
