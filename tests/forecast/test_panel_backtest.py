from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import ParameterError
from kamlib.forecast.backtest import backtest_matrix
from kamlib.forecast.panel import forecast_panel
from kamlib.forecast.panel_backtest import backtest_panel
from kamlib.measures.accuracy import bias, mase, rmsse, wape


def history(n: int = 6, length: int = 30, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "unique_id": np.repeat([f"A{i}" for i in range(n)], length),
            "ds": np.tile(np.arange(length), n),
            "y": rng.lognormal(3, 0.5, n * length),
        }
    )


def test_every_measure_is_that_of_its_function() -> None:
    table = history()
    y = table["y"].to_numpy().reshape(6, 30).T
    found = backtest_panel(table, horizon=3, season_length=4, origins=1, method="simple", coverage=())
    own = found[(found["method"] == "simple") & found["unique_id"].notna()]
    block = backtest_matrix(y, horizon=3, season_length=4, origins=[27], method="simple")
    for i, row in enumerate(own.itertuples()):
        actual, forecast = block.actual[0, :, i], block.forecast[0, :, i]
        assert row.errors == 3
        assert row.wape == pytest.approx(wape(actual, forecast))
        assert row.bias == pytest.approx(bias(actual, forecast))
        assert row.mase == pytest.approx(mase(actual, forecast, history=y[:27, i], season_length=4))
        assert row.rmsse == pytest.approx(rmsse(actual, forecast, history=y[:27, i], season_length=4))
    pooled = found[(found["method"] == "simple") & found["unique_id"].isna()]
    whole = pooled[pooled["horizon"].isna()].iloc[0]
    assert whole["wape"] == pytest.approx(wape(block.actual, block.forecast))
    second = pooled[pooled["horizon"].eq(2).fillna(False)].iloc[0]
    assert second["wape"] == pytest.approx(wape(block.actual[0, 1], block.forecast[0, 1]))


def test_rows_are_the_whole_each_period_ahead_and_each_series_of_both_methods() -> None:
    found = backtest_panel(history(), horizon=3, season_length=4, origins=4)
    assert len(found) == 2 * (1 + 3 + 6)
    assert found["method"].tolist() == ["blend"] * 10 + ["seasonal_naive"] * 10
    assert found["horizon"].tolist()[1:4] == [1, 2, 3]
    assert found["unique_id"].tolist()[4:10] == [f"A{i}" for i in range(6)]
    assert found["beats_naive"].isna().tolist() == [False] * 10 + [True] * 10
    assert {"coverage_80", "coverage_95", "pinball"} <= set(found.columns)


def test_a_forecast_beats_seasonal_naive_only_where_it_is_closer() -> None:
    table = history(2)
    table.loc[table["unique_id"] == "A1", "y"] = 7.0  # both are exact: a tie
    found = backtest_panel(table, horizon=2, season_length=4, origins=6, method="simple", coverage=())
    own = found[(found["method"] == "simple") & found["unique_id"].notna()].set_index("unique_id")
    naive = found[(found["method"] != "simple") & found["unique_id"].notna()].set_index("unique_id")
    assert bool(own.loc["A0", "beats_naive"]) is bool(own.loc["A0", "wape"] < naive.loc["A0", "wape"])
    assert not own.loc["A1", "beats_naive"]


def test_intervals_of_an_origin_know_nothing_of_what_came_after_it() -> None:
    # errors are known only once the next period is over: of two origins three apart, one knows the other's
    table = history(40, 24)
    found = backtest_panel(table, horizon=3, season_length=1, origins=1)
    assert found["coverage_80"].isna().all()
    found = backtest_panel(table, horizon=3, season_length=1, origins=8, method="simple")
    assert 0.7 < found.loc[0, "coverage_80"] < 0.95
    assert found.loc[0, "coverage_80"] < found.loc[0, "coverage_95"]


def test_the_order_of_rows_changes_nothing_and_the_input_is_left_alone() -> None:
    table = history()
    before = table.copy()
    found = backtest_panel(table, horizon=2, season_length=4, origins=3)
    pd.testing.assert_frame_equal(table, before)
    shuffled = table.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(backtest_panel(shuffled, horizon=2, season_length=4, origins=3), found)


def test_measures_that_have_no_value_are_null() -> None:
    table = history(2, 12)
    table["y"] = 0.0
    found = backtest_panel(table, horizon=2, season_length=4, origins=3)
    assert found[["wape", "bias", "mase", "rmsse", "pinball"]].isna().all(axis=None)
    assert (found["smape"] == 0).all()
    assert not found["beats_naive"].fillna(False).any()


def test_seasonal_naive_is_judged_once() -> None:
    found = backtest_panel(history(), horizon=2, season_length=4, origins=2, method="seasonal_naive")
    assert len(found) == 1 + 2 + 6


def test_groups_lend_in_a_backtest_too() -> None:
    table = history(8, 40)
    season = 1 + 0.8 * np.sin(2 * np.pi * table["ds"] / 12)
    table["y"] *= season
    groups = dict.fromkeys(table["unique_id"].unique(), "all")
    alone = backtest_panel(table, horizon=6, season_length=12, coverage=())
    lent = backtest_panel(table, horizon=6, season_length=12, groups=groups, coverage=())
    assert lent.loc[0, "wape"] < alone.loc[0, "wape"]


def test_a_panel_is_forecast_with_its_intervals() -> None:
    table = history(12)
    plain = forecast_panel(table, horizon=3, season_length=4)
    found = forecast_panel(table, horizon=3, season_length=4, coverage=(0.8, 0.95))
    pd.testing.assert_frame_equal(found[plain.columns], plain)
    assert found.columns.tolist()[-4:] == ["low_80", "high_80", "low_95", "high_95"]
    for inner, outer in (
        ("low_95", "low_80"),
        ("low_80", "forecast"),
        ("forecast", "high_80"),
        ("high_80", "high_95"),
    ):
        assert (found[inner] <= found[outer]).all()
    assert (found["low_95"] >= 0).all()


def test_a_single_row_has_no_intervals_and_no_backtest() -> None:
    table = pd.DataFrame({"unique_id": ["A"], "ds": [1], "y": [5.0]})
    found = forecast_panel(table, horizon=1, season_length=4, coverage=(0.8,))
    assert found[["low_80", "high_80"]].isna().all(axis=None)
    with pytest.raises(ParameterError, match="no series has two rows, so there is nothing to backtest"):
        backtest_panel(table, horizon=1, season_length=4)


def test_a_coverage_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="each between 0 and 1"):
        backtest_panel(history(), horizon=1, season_length=4, origins=1, coverage=(80,))
    with pytest.raises(ParameterError, match="each between 0 and 1"):
        forecast_panel(history(), horizon=1, season_length=4, coverage=(80,))


def test_a_series_that_hardly_moves_does_not_outweigh_the_others() -> None:
    # A moves by 6 a row and is forecast 6 too low; B moves by .01 a row and jumps by 8 at the origin
    a, b = [0.0, 6, 0, 6, 0, 6], [5.0, 5.01, 5, 5.01, 5, 13]
    history = pd.DataFrame({"unique_id": ["A"] * 6 + ["B"] * 6, "ds": [*range(6)] * 2, "y": a + b})
    table = backtest_panel(
        history, horizon=1, season_length=1, origins=1, method="seasonal_naive", coverage=()
    )
    found = table.set_index("unique_id")["rmsse"]
    assert found["A"] == pytest.approx(1.0)
    assert found["B"] == pytest.approx(800.0)
    # errors -6 and -8, scales 6 and .01: the root of (36 + 64) / (36 + .0001)
    assert table["rmsse"].iloc[0] == pytest.approx(np.sqrt(100 / 36.0001))


def test_what_others_sold_after_a_series_had_ended_changes_nothing_it_is_judged_by() -> None:
    rng = np.random.default_rng(0)

    def series(name: str, first: int, y: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame({"unique_id": name, "ds": range(first, first + len(y)), "y": y})

    ended = series("E", 0, rng.gamma(3, 10, 36))
    calm = [series(f"B{i:02d}", 24, 100 + rng.normal(0, 5, 36)) for i in range(50)]
    wild = [
        part.assign(y=np.where(part["ds"] < 36, part["y"], 100 * 1.1 ** (part["ds"] - 36))) for part in calm
    ]
    found = []
    for others in (calm, wild):
        table = backtest_panel(pd.concat([ended, *others]), horizon=6, season_length=12, origins=3)
        found.append(table[table["unique_id"] == "E"].reset_index(drop=True))
        assert found[-1]["errors"].tolist() == [18, 18]
    pd.testing.assert_frame_equal(*found)


def test_a_backtest_is_what_would_have_been_forecast_at_the_date() -> None:
    table = history(12, 40)
    late = table[(table["unique_id"] != "A0") | (table["ds"] < 31)]
    groups = {f"A{i}": i % 2 for i in range(12)}
    found = backtest_panel(
        late, horizon=3, season_length=4, origins=1, step=1, method="blend", groups=groups, coverage=()
    )
    own = found[(found["method"] == "blend") & found["unique_id"].notna()].set_index("unique_id")
    for name, origin in (("A0", 28), ("A5", 37)):
        known = late[late["ds"] < origin]
        made = forecast_panel(known, horizon=3, season_length=4, groups=groups).merge(late)
        made = made[made["unique_id"] == name]
        assert own.loc[name, "wape"] == pytest.approx(wape(made["y"], made["forecast"]), rel=1e-12)
