from __future__ import annotations

import numpy as np
import pytest

from kamlib.errors import ParameterError
from kamlib.forecast import replayed_forecasts
from kamlib.measures.money import SCALE, to_ticks
from kamlib.periods import parse_period
from tests.forecast.test_replay import cube, replay


def test_each_date_sums_up_what_it_forecast_of_the_accounts_that_had_begun() -> None:
    past = replay(cube())
    table = replayed_forecasts(past, period=parse_period("2026Q1"))
    # rows 24, 27, 30, ... of 36; C began in row 21
    assert table["origin"].unique().tolist() == [
        "2025-01",
        "2025-04",
        "2025-07",
        "2025-08",
        "2025-09",
        "2025-10",
    ]
    first = table[table["origin"] == "2025-01"]
    assert first["account_id"].tolist() == ["A", "B", "C"]
    assert to_ticks(first["forecast"]).tolist() == past.forecast[0, :3].sum(axis=0).tolist()
    late = replayed_forecasts(past, period=parse_period("2026-02"))
    assert to_ticks(late["forecast"])[:3].tolist() == past.forecast[0, 1].tolist()


def test_an_account_that_had_not_begun_has_no_row() -> None:
    early = replay(cube(), holdout_months=18)
    table = replayed_forecasts(early, period=parse_period("2026Q1"))
    assert table.loc[table["origin"] == "2024-07", "account_id"].tolist() == ["A", "B"]


def test_dates_whose_months_are_not_over_are_left_out() -> None:
    past = replay(cube())
    table = replayed_forecasts(past, period=parse_period("2026Q2"))
    assert table["origin"].max() == "2025-07"
    assert np.isfinite(to_ticks(table["forecast"]) / SCALE).all()


def test_more_months_than_were_forecast_are_refused() -> None:
    with pytest.raises(
        ParameterError, match="2027 lies 13 to 24 months ahead; past forecasts cover 1 to 12."
    ):
        replayed_forecasts(replay(cube()), period=parse_period("2027"))
