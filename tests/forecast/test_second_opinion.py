from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import ParameterError
from kamlib.forecast.second_opinion import second_opinion, stl_strengths

WAVE = np.array([40.0, 60, 100, 140, 160, 150, 120, 100, 90, 80, 70, 90])


def long(**series: object) -> pd.DataFrame:
    parts = [pd.DataFrame({"unique_id": k, "ds": range(len(v)), "y": v}) for k, v in series.items()]
    return pd.concat(parts, ignore_index=True)


def noise(length: int, size: float = 1.0) -> np.ndarray:
    return np.random.default_rng(3).normal(0, size, length)


def test_a_line_goes_on_and_its_trend_is_strong() -> None:
    y = 100 + 5.0 * np.arange(40) + noise(40, 0.5)
    table = second_opinion(long(a=y), horizon=4, season_length=1)
    truth = sum(100 + 5.0 * np.arange(40, 44))
    assert table["model"].str.startswith(("ETS(A,A,N)", "SARIMAX")).all()
    assert table.loc[0, "total"] == pytest.approx(truth, rel=0.01)
    assert table["seasonal_strength"].isna().all()
    assert stl_strengths(y, season_length=4)["trend_strength"] > 0.99


def test_a_pure_season_is_repeated_inside_its_interval() -> None:
    y = np.tile(WAVE, 5) + noise(60)
    table = second_opinion(long(a=y), horizon=6, season_length=12)
    assert table["model"].str.contains(r"A,N,N\)|\(0,1,1\)12").all()
    assert table["season_found"].isin(["factor", "amount"]).all()
    assert table["total"].tolist() == pytest.approx([WAVE[:6].sum()] * 2, rel=0.02)
    assert (table["low_80"] < table["total"]).all()
    assert (table["total"] < table["high_80"]).all()
    assert (table["seasonal_strength"] > 0.99).all()
    assert table["ljung_box"].between(0, 1).all()


def test_noise_has_a_constant_forecast_and_an_interval_of_its_spread() -> None:
    table = second_opinion(long(a=100 + noise(200, 10)), horizon=1, season_length=1)
    ets = table.iloc[0]
    assert ets["model"] == "ETS(A,N,N)"
    assert ets["total"] == pytest.approx(100, abs=3)
    assert ets["high_80"] - ets["low_80"] == pytest.approx(2 * 1.2816 * 10, rel=0.15)


def test_the_same_again_and_the_same_in_another_unit() -> None:
    y = np.tile(WAVE[:4], 8) + noise(32)
    one = second_opinion(long(a=y), horizon=4, season_length=4)
    pd.testing.assert_frame_equal(second_opinion(long(a=y), horizon=4, season_length=4), one)
    large = second_opinion(long(a=1024 * y), horizon=4, season_length=4)
    for column in ("total", "low_80", "high_80"):
        np.testing.assert_allclose(large[column], 1024 * one[column], rtol=1e-6)
    assert large["model"].tolist() == one["model"].tolist()


@pytest.mark.parametrize(
    ("y", "season", "note"),
    [
        ([1.0, 2.0], 12, "short"),
        (list(range(23)), 12, "seasons"),
        ([7.0] * 30, 12, "constant"),
        ([1.0, None, 3, 4, 5, 6, 7, 8, 9], 1, "gaps"),
        ([None] * 9, 1, "short"),
    ],
)
def test_what_no_model_can_use_has_a_reason(y: list[float | None], season: int, note: str) -> None:
    table = second_opinion(long(a=np.array(y, dtype=float)), horizon=3, season_length=season)
    assert table["model"].tolist() == ["ETS", "SARIMAX"]
    assert table["opinion_note"].tolist() == [note, note]
    assert table["total"].isna().all()


def test_two_seasons_are_enough() -> None:
    y = np.tile(WAVE, 2) * (1 + noise(24, 0.02))
    table = second_opinion(long(a=y), horizon=12, season_length=12)
    assert table["opinion_note"].isna().all()
    assert table["total"].tolist() == pytest.approx([WAVE.sum()] * 2, rel=0.05)


def test_noise_has_no_season_and_no_strengths_below_five_seasons() -> None:
    rng = np.random.default_rng(1)
    series = {f"s{i:02}": 100 + rng.normal(0, 10, 36) for i in range(5)}
    table = second_opinion(long(**series), horizon=12, season_length=12)
    assert (table["season_found"] == "none").all()
    assert table[["trend_strength", "seasonal_strength"]].isna().all(axis=None)


def test_a_season_of_three_years_is_taken_up_by_both_models() -> None:
    # a line times a season with 5 % noise: no season would be off by what the first months differ by
    rng = np.random.default_rng(2)
    months = np.arange(48)
    truth = (100 + 2 * months) * np.tile(WAVE, 4) / WAVE.mean()
    series = {f"s{i}": truth[:36] * rng.lognormal(0, 0.05, 36) for i in range(4)}
    table = second_opinion(long(**series), horizon=6, season_length=12)
    assert (table["season_found"] == "factor").all()
    off = (table["total"] / truth[36:42].sum() - 1).abs()
    assert off.groupby(table["model"].str[:3]).mean().max() < 0.06


def test_no_series_no_rows() -> None:
    empty = second_opinion(long(a=[1.0]).head(0), horizon=3, season_length=12)
    assert empty.empty
    assert empty.columns[0] == "unique_id"


@pytest.mark.parametrize("name", ["horizon", "season_length"])
def test_less_than_one_period_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match=f"{name}: 0 is below 1"):
        second_opinion(long(a=[1.0]), **({"horizon": 1, "season_length": 1} | {name: 0}))
