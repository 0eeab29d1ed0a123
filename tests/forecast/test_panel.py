from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kamlib
from kamlib.errors import ParameterError
from kamlib.forecast import backtest_panel, forecast_panel
from kamlib.forecast.engine import METHODS
from kamlib.measures.money import to_money
from tests.owa import owa

M3 = Path(__file__).resolve().parents[3] / "shared" / "data" / "forecast" / "m3_monthly.parquet"


def long(**series: list[float | None]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"unique_id": k, "ds": range(len(v)), "y": np.array(v, dtype=float)})
        for k, v in series.items()
    ]
    return pd.concat(parts, ignore_index=True)


def forecast_of(values: list[float | None], horizon: int = 6, **more: object) -> np.ndarray:
    return forecast_panel(long(a=values), horizon=horizon, **({"season_length": 12} | more))[
        "forecast"
    ].to_numpy()


def test_it_is_public() -> None:
    assert kamlib.forecast_panel is forecast_panel


def test_one_row_per_series_and_period_sorted() -> None:
    history = long(b=[1, 2, 3], a=[5, 5])
    table = forecast_panel(history, horizon=2, season_length=12, method="simple")
    assert table.columns.tolist() == ["unique_id", "ds", "forecast", "method"]
    assert table["unique_id"].tolist() == ["a", "a", "b", "b"]
    assert table["ds"].tolist() == [2, 3, 3, 4]
    assert table["method"].unique().tolist() == ["simple"]
    assert table["forecast"].tolist()[:2] == pytest.approx([5.0, 5.0])


def test_each_series_goes_on_from_its_own_last_row_even_a_null_one() -> None:
    history = pd.DataFrame(
        {"unique_id": ["a", "a", "b"], "ds": ["2025-11", "2025-12", "2024-02"], "y": [4.0, None, 3.0]}
    )
    table = forecast_panel(history, horizon=1, season_length=12)
    assert table["ds"].tolist() == ["2026-01", "2024-03"]
    assert table["forecast"].tolist() == pytest.approx([4.0, 3.0])


def test_seasonal_naive_by_hand() -> None:
    assert forecast_of([1, 2, 3, 4, 5, 6], 5, season_length=4, method="seasonal_naive").tolist() == [
        3,
        4,
        5,
        6,
        3,
    ]


def test_a_missing_row_is_a_gap_and_a_zero_is_none() -> None:
    history = long(a=[10, 10, 10, 10, 10, 10])
    gap = forecast_panel(history.drop(index=3), horizon=1, season_length=12)["forecast"].item()
    null = forecast_of([10, 10, 10, None, 10, 10], 1).item()
    zero = forecast_of([10, 10, 10, 0, 10, 10], 1).item()
    assert gap == null == pytest.approx(10.0)
    assert zero < 10


def test_what_lies_before_the_first_value_is_no_history() -> None:
    np.testing.assert_array_equal(forecast_of([None, None, 3, 5, 4]), forecast_of([3, 5, 4]))
    zeros, none = (forecast_of([*v, 3, 5, 4], method="simple") for v in ([0, 0], [None, None]))
    assert (zeros < none).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.0] * 30, 0.0), ([7.0] * 30, 7.0), ([7.0], 7.0), ([None, 7.0, None], 7.0), ([-3.0] * 5, -3.0)],
)
def test_zeros_constants_and_a_single_value_stay(
    method: str, values: list[float | None], expected: float
) -> None:
    np.testing.assert_allclose(forecast_of(values, method=method), expected)


def test_a_series_without_any_value_has_a_null_forecast() -> None:
    table = forecast_panel(long(a=[None, None], b=[1, 1]), horizon=1, season_length=12)
    assert table["forecast"].isna().tolist() == [True, False]


def test_money_and_whole_numbers_are_taken_as_they_are() -> None:
    history = long(a=[1, 2, 4, 3])
    plain = forecast_panel(history, horizon=2, season_length=1)
    money = forecast_panel(
        history.assign(y=to_money([10_000, 20_000, 40_000, 30_000])), horizon=2, season_length=1
    )
    exact = forecast_panel(
        history.assign(y=[Decimal(1), Decimal(2), Decimal(4), Decimal(3)]), horizon=2, season_length=1
    )
    pd.testing.assert_frame_equal(money, plain)
    pd.testing.assert_frame_equal(exact, plain)


def test_an_empty_history_has_an_empty_forecast() -> None:
    assert forecast_panel(long(a=[1]).head(0), horizon=3, season_length=12).empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rename": {"y": "value"}}, 'no column "y"; it needs unique_id, ds and y'),
        ({"rename": {"unique_id": "uniqueid"}}, 'Did you mean "uniqueid"'),
        ({"y": ["1", "two", "3"]}, '1 values are not numbers, such as "two"'),
        ({"y": [1.0, np.inf, 2.0]}, "1 values are infinite or above 1e15"),
        ({"unique_id": ["a", None, "a"]}, "1 ids are missing"),
        ({"ds": [0, 1, 1]}, "2 rows share a unique_id and ds, such as a at 1"),
        ({"ds": [0, 1, 10**6]}, "spans 1,000,001 periods"),
        ({"ds": ["2025-01", "2025-02", "March"]}, '1 values are no dates, such as "March"'),
    ],
)
def test_broken_histories_are_refused(change: dict[str, object], message: str) -> None:
    history = long(a=[1, 2, 3])
    history = history.rename(columns=change["rename"]) if "rename" in change else history.assign(**change)
    with pytest.raises(ParameterError, match=message):
        forecast_panel(history, horizon=2, season_length=12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"horizon": 2.0}, "horizon is 2.0; it must be a whole number, at least 1"),
        ({"horizon": True}, "horizon is True; it must be a whole number"),
        ({"season_length": 4.5}, "season_length is 4.5; it must be a whole number"),
        ({"season_length": 0, "groups": {"a": "G"}}, "season_length is 0; it must be a whole number"),
        ({"coverage": 0.8}, r"coverage is 0.8; give a list"),
        ({"coverage": ["0.8"]}, "each between 0 and 1"),
        ({"groups": "region"}, 'groups is "region"; it must be a mapping'),
    ],
)
def test_arguments_of_another_kind_are_refused(change: dict[str, object], message: str) -> None:
    for made in (forecast_panel, backtest_panel):
        with pytest.raises(ParameterError, match=message):
            made(long(a=[1, 2, 3]), **({"horizon": 1, "season_length": 4} | change))


def test_what_is_no_table_of_three_columns_is_refused() -> None:
    history = long(a=[1, 2, 3])
    with pytest.raises(ParameterError, match="history is a Series; it must be a table"):
        forecast_panel(history["y"], horizon=1, season_length=4)
    with pytest.raises(ParameterError, match='more than one column "y". Keep one'):
        forecast_panel(pd.concat([history, history[["y"]]], axis=1), horizon=1, season_length=4)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ParameterError, match='Did you mean "damped"'):
        forecast_panel(long(a=[1]), horizon=1, season_length=12, method="dampd")


SEASON = [40.0, 60, 100, 140, 160, 150, 120, 100, 90, 80, 70, 90]


def test_a_short_series_borrows_the_season_of_its_group() -> None:
    history = long(a=SEASON * 3, b=[2 * v for v in SEASON] * 3, c=[50.0] * 36, d=SEASON[4:])
    history.loc[history["unique_id"] == "d", "ds"] += 28
    alone = forecast_panel(history, horizon=12, season_length=12)
    parents = {"a": "N", "b": "N", "c": "S", "d": "N"}
    lent = forecast_panel(history, horizon=12, season_length=12, groups=parents)
    series = pd.Series(parents, dtype="str")
    pd.testing.assert_frame_equal(
        forecast_panel(history.iloc[::-1], horizon=12, season_length=12, groups=series[::-1]), lent
    )
    d, without = (t.loc[t["unique_id"] == "d", "forecast"].to_numpy() for t in (lent, alone))
    truth = np.array(SEASON)
    assert np.abs(d - truth).mean() < 0.05 * truth.mean()
    assert np.abs(without - truth).mean() > 0.15 * truth.mean()
    np.testing.assert_allclose(lent.loc[lent["unique_id"] == "c", "forecast"], 50.0)


def test_groups_that_name_no_series_change_nothing() -> None:
    history = long(a=SEASON * 3, b=[5.0] * 9)
    plain = forecast_panel(history, horizon=3, season_length=12)
    pd.testing.assert_frame_equal(forecast_panel(history, horizon=3, season_length=12, groups={}), plain)


def test_broken_groups_are_refused() -> None:
    twice = pd.Series(["N", "S", "N"], index=["a", "a", "b"])
    with pytest.raises(ParameterError, match='groups: 1 series have more than one parent, such as "a"'):
        forecast_panel(long(a=[1, 2]), horizon=1, season_length=12, groups=twice)
    history = pd.DataFrame({"unique_id": ["a", "b"], "ds": [0, 20_000], "y": 1.0})
    with pytest.raises(ParameterError, match="ends 20,000 periods before the last one"):
        forecast_panel(history, horizon=1, season_length=12, groups={"a": "N"})


values = st.lists(
    st.one_of(st.none(), st.just(0.0), st.floats(0, 1e6), st.integers(0, 50).map(float)),
    min_size=1,
    max_size=36,
).filter(lambda v: any(x is not None for x in v))


@settings(max_examples=50, deadline=None)
@given(
    series=st.lists(values, min_size=1, max_size=4), method=st.sampled_from(METHODS), seed=st.integers(0, 99)
)
def test_finite_never_negative_and_the_same_for_any_order_of_rows(series, method: str, seed: int) -> None:
    history = long(**{f"s{i}": v for i, v in enumerate(series)})
    table = forecast_panel(history, horizon=15, season_length=12, method=method)
    assert np.isfinite(table["forecast"]).all()
    assert (table["forecast"] >= 0).all()
    shuffled = history.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(
        forecast_panel(shuffled, horizon=15, season_length=12, method=method), table, check_exact=True
    )
    if method == "blend":
        return
    last = f"s{len(series) - 1}"
    alone = forecast_panel(history[history["unique_id"] == last], horizon=15, season_length=12, method=method)
    np.testing.assert_array_equal(alone["forecast"], table.loc[table["unique_id"] == last, "forecast"])


@settings(max_examples=50, deadline=None)
@given(v=values, method=st.sampled_from(METHODS), factor=st.sampled_from([1e-4, 0.1, 10.0, 1e4]))
def test_another_unit_gives_the_same_forecast_in_that_unit(v, method: str, factor: float) -> None:
    forecast = forecast_of(v, method=method)
    scaled = forecast_of([None if x is None else x * factor for x in v], method=method)
    largest = max(x for x in v if x is not None)
    np.testing.assert_allclose(scaled, forecast * factor, rtol=1e-6, atol=1e-6 * largest * factor)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=36), st.sampled_from(METHODS))
def test_series_below_zero_have_finite_forecasts(v: list[float], method: str) -> None:
    assert np.isfinite(forecast_of(v, 24, method=method)).all()


@pytest.mark.skipif(not M3.exists(), reason=f"{M3.name} is not beside the project")
def test_m3_monthly_is_far_better_than_naive2() -> None:
    data = pd.read_parquet(M3).rename(columns={"t": "ds"})
    train = data[data["split"] == "train"]
    table = forecast_panel(train, horizon=18, season_length=12)
    actual = {k: v["y"].to_numpy() for k, v in data[data["split"] == "test"].groupby("unique_id")}
    ours = {k: v["forecast"].to_numpy() for k, v in table.groupby("unique_id")}
    history = {k: v.sort_values("ds")["y"].to_numpy() for k, v in train.groupby("unique_id")}
    assert len(ours) == 1428
    assert owa(ours, actual, history, 12) <= 0.815
