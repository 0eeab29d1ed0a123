"""Ranges and forecasts of short histories against what came: no peer takes part."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.forecast import forecast_panel
from tests.bench.series import DATA, Panel, covered

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="needs the data beside the project")


@pytest.mark.parametrize("length", [8, 12, 18, 24, 36])
def test_ranges_of_short_histories(length: int) -> None:
    panel = Panel("m3_monthly", 12)
    train = panel.train.sort_values(["unique_id", "ds"]).groupby("unique_id").tail(length)
    test = panel.test.sort_values(["unique_id", "ds"]).groupby("unique_id").head(12)
    check_coverage(f"last {length} months", [train], test)


def test_ranges_of_panels_of_one_series() -> None:
    panel = Panel("m3_monthly", 12)
    chosen = sorted(panel.train["unique_id"].unique())[::12]
    train = panel.train[panel.train["unique_id"].isin(chosen)].sort_values(["unique_id", "ds"])
    test = panel.test[panel.test["unique_id"].isin(chosen)].sort_values(["unique_id", "ds"])
    parts = [part for _, part in train.groupby("unique_id").tail(48).groupby("unique_id")]
    check_coverage("panels of one series", parts, test.groupby("unique_id").head(12))


def check_coverage(name: str, panels: list[pd.DataFrame], test: pd.DataFrame) -> None:
    ranged = pd.concat(
        [forecast_panel(part, horizon=12, season_length=12, coverage=(0.8, 0.95)) for part in panels]
    )
    cover = {level: covered(ranged, test, f"low_{level}", f"high_{level}") for level in (80, 95)}
    print(f"\n{name}: 80 % ranges cover {cover[80]:.3f}, 95 % ranges {cover[95]:.3f}")
    assert 0.77 <= cover[80] <= 0.83
    assert 0.93 <= cover[95] <= 0.97


def test_every_short_history_of_a_car_part_has_a_forecast() -> None:
    table = pd.read_parquet(DATA / "carparts.parquet").rename(columns={"t": "ds"})
    for length in range(1, 37):
        made = forecast_panel(table.groupby("unique_id").tail(length), horizon=12, season_length=12)
        known = made["unique_id"].isin(table.groupby("unique_id").tail(length).dropna()["unique_id"])
        assert np.isfinite(made.loc[known, "forecast"]).all()
        assert (made.loc[known, "forecast"] >= 0).all()
