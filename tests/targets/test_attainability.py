from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import KamError, ParameterError
from kamlib.measures.money import SCALE, to_money
from kamlib.params import Layer, build_params
from kamlib.targets import AttainabilityParams, attain_probability, reps_at_target, target_for_probability

PARAMS = AttainabilityParams()


def make_keys(names: list[str], level: str = "rep") -> pd.DataFrame:
    money = to_money([SCALE] * len(names))
    return pd.DataFrame({"level": level, "key": names, "landing": money, "low_80": money, "high_80": money})


def make_targets(names: list[str | None], targets: list[int], dimension: str = "rep") -> pd.DataFrame:
    return pd.DataFrame({"dimension": dimension, "key": pd.Series(names, dtype="str"), "target": targets})


def paths_of(*rows: list[float]) -> np.ndarray:
    return np.rint(np.array(rows) * SCALE).astype(np.int64)


def test_at_the_target_is_reached_and_a_tick_below_is_not() -> None:
    paths = paths_of([99.9999, 100, 100, 100.0001])
    table = attain_probability(make_targets(["R"], [100]), make_keys(["R"]), paths, params=PARAMS)
    assert table["reach_probability"].iloc[0] == pytest.approx(3.5 / 5)
    assert table["reach_error"].iloc[0] == pytest.approx(np.sqrt(0.7 * 0.3 / 6))


def test_finite_paths_say_neither_never_nor_surely() -> None:
    paths = paths_of([10.0] * 999, [10.0] * 999)
    targets = make_targets(["A", "B"], [11, 10])
    table = attain_probability(targets, make_keys(["A", "B"]), paths, params=PARAMS)
    assert table["reach_probability"].tolist() == [0.5 / 1000, 999.5 / 1000]
    assert table["reach_band"].tolist() == ["out_of_reach", "easy"]


def test_the_normal_law_is_found() -> None:
    # 100,000 draws of a standard normal around 1000 with spread 100: P(>= 900) is 0.8413
    drawn = np.random.default_rng(1).normal(1000, 100, 100_000)
    table = attain_probability(make_targets(["R"], [900]), make_keys(["R"]), paths_of(drawn), params=PARAMS)
    assert table["reach_probability"].iloc[0] == pytest.approx(0.841345, abs=4 * table["reach_error"].iloc[0])


def test_who_is_not_known_has_no_probability() -> None:
    targets = make_targets(["A", None, "never bought"], [1, 1, 1])
    table = attain_probability(targets, make_keys(["A"]), paths_of([2.0, 2.0]), params=PARAMS)
    assert table["reach_probability"].notna().tolist() == [True, False, False]
    assert table["reach_band"].tolist() == ["easy", "unknown", "unknown"]
    assert table["landing"].notna().tolist() == [True, False, False]
    assert table["wanted_target"].notna().tolist() == [True, False, False]


def test_a_target_of_nothing_has_no_probability() -> None:
    asked = pd.DataFrame({"dimension": "rep", "key": ["R", "R"], "target": [0, 1]})
    keys = pd.DataFrame({"level": ["rep"], "key": ["R"], "landing": to_money([0]), "low_80": to_money([0]),
                         "high_80": to_money([0])})  # fmt: skip
    table = attain_probability(asked, keys, np.array([[0, 20_000]]), params=AttainabilityParams())
    assert table["reach_probability"].fillna(-1).tolist() == [-1, 0.5]
    assert table["reach_band"].tolist() == ["unknown", "attainable"]


def test_without_errors_to_draw_from_nothing_is_said() -> None:
    table = attain_probability(make_targets(["A"], [1]), make_keys(["A"]), None, params=PARAMS)
    assert table[["reach_probability", "reach_error", "wanted_target"]].isna().all(axis=None)
    assert table["landing"].notna().all()
    found = reps_at_target(make_targets(["A"], [1]), make_keys(["A"]), None)
    assert (found.reps, found.expected, found.low_80) == (1, None, None)


def test_other_dimensions_are_passed_over() -> None:
    targets = pd.concat([make_targets(["2026-01"], [1], "month"), make_targets(["A"], [1])])
    table = attain_probability(targets, make_keys(["A"]), paths_of([2.0]), params=PARAMS)
    assert table["dimension"].tolist() == ["rep"]


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.integers(0, 10_000), min_size=5, max_size=80),
    probability=st.floats(0.02, 0.98),
    unit=st.sampled_from([1, 7, 100]),
)
def test_a_target_for_a_probability_has_at_least_that(
    values: list[int], probability: float, unit: int
) -> None:
    paths, keys = paths_of(values), make_keys(["R"])
    target = target_for_probability(keys, paths, probability=probability, unit=unit)["wanted_target"].iloc[0]
    n = len(values)
    if pd.isna(target):
        assert (n + 0.5) / (n + 1) < probability
        return
    assert target % unit == 0
    asked = make_targets(["R", "R"], [int(target), int(target) + unit])
    here, above = attain_probability(asked, keys, paths, params=PARAMS)["reach_probability"]
    assert not target or here >= probability or here == 0.5 / (n + 1) + 1 / (n + 1)
    assert above < probability or above == pytest.approx(0.5 / (n + 1))


def test_where_not_even_nothing_is_so_likely_there_is_no_target() -> None:
    keys = make_keys(["returns", "sells"])
    paths = paths_of([-5.0, -4, -3, -2], [5.0, 4, 3, 2])
    table = target_for_probability(keys, paths, probability=0.5)
    assert table["wanted_target"].isna().tolist() == [True, False]
    assert table["wanted_target"].iloc[1] == Decimal(4)


def test_reps_rise_and_fall_together_or_not() -> None:
    names = [f"R{i}" for i in range(10)]
    rng = np.random.default_rng(2)
    alone = paths_of(*rng.normal(100, 10, (10, 4000)))
    together = np.repeat(alone[:1], 10, axis=0)
    targets = make_targets([*names, None], [100] * 11)
    apart, joint = (reps_at_target(targets, make_keys(names), paths) for paths in (alone, together))
    assert apart.reps == joint.reps == 10
    assert apart.expected == pytest.approx(0.5, abs=0.02)
    # ten coins: at most 3 heads in 17 % of throws and at most 2 in 5 %, so the ends are 3 and 7 of ten
    assert (apart.low_80, apart.high_80) == (0.3, 0.7)
    assert (joint.low_80, joint.high_80) == (0.0, 1.0)


def test_reps_without_a_target_do_not_count() -> None:
    found = reps_at_target(make_targets(["A", "B"], [0, 5]), make_keys(["A", "B"]), paths_of([9.0], [1.0]))
    assert (found.reps, found.expected) == (1, 0.0)


def test_row_order_changes_nothing() -> None:
    names = ["A", "B", "C"]
    paths = paths_of(*np.random.default_rng(3).normal(100, 10, (3, 50)))
    targets, order = make_targets(names, [90, 100, 110]), [2, 0, 1]
    one = attain_probability(targets, make_keys(names), paths, params=PARAMS)
    keys = make_keys(names).iloc[order].reset_index(drop=True)
    two = attain_probability(targets.iloc[::-1], keys, paths[order], params=PARAMS)
    pd.testing.assert_frame_equal(one, two.iloc[::-1].reset_index(drop=True))


def test_paths_of_other_keys_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"paths has shape \(1, 1\); it needs one row for each of the 2"):
        attain_probability(make_targets(["A"], [1]), make_keys(["A", "B"]), paths_of([1.0]), params=PARAMS)


@pytest.mark.parametrize("probability", [0.0, 1.0, -1.0, 2.0])
def test_a_sure_or_impossible_wish_is_refused(probability: float) -> None:
    with pytest.raises(ParameterError, match=f"probability is {probability}; it must lie above 0"):
        target_for_probability(make_keys(["A"]), paths_of([1.0]), probability=probability)


def test_a_unit_below_one_is_refused() -> None:
    with pytest.raises(ParameterError, match="the rounding unit is 0"):
        target_for_probability(make_keys(["A"]), paths_of([1.0]), probability=0.5, unit=0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"stretch_below": 0.05}, "must not fall, in this order"),
        ({"reps_low": 0.9}, "is above reps_high"),
        ({"wanted_probability": 1.0}, "wanted_probability"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(given: dict[str, float], message: str) -> None:
    with pytest.raises(KamError, match=message):
        build_params(AttainabilityParams, [Layer("test", given)])
