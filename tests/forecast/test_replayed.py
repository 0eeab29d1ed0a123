from __future__ import annotations

import numpy as np
import pytest

from kamlib.errors import ParameterError
from kamlib.forecast import replayed_forecasts
from kamlib.measures.money import SCALE, to_ticks
from tests.forecast.test_replay import cube, replay


def test_each_date_sums_up_what_it_forecast_of_the_accounts_that_had_begun() -> None:
    past = replay(cube())
    table = replayed_forecasts(past, lead=0, months=3)
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
    late = replayed_forecasts(past, lead=1, months=2)
    assert to_ticks(late["forecast"])[:3].tolist() == past.forecast[0, 1:3].sum(axis=0).tolist()


def test_an_account_that_had_not_begun_has_no_row() -> None:
    early = replay(cube(), holdout_months=18)
    table = replayed_forecasts(early, lead=0, months=3)
    assert table.loc[table["origin"] == "2024-07", "account_id"].tolist() == ["A", "B"]


def test_dates_whose_months_are_not_over_are_left_out() -> None:
    past = replay(cube())
    table = replayed_forecasts(past, lead=2, months=3)
    assert table["origin"].max() == "2025-08"
    assert np.isfinite(to_ticks(table["forecast"]) / SCALE).all()


def test_more_months_than_were_forecast_are_refused() -> None:
    with pytest.raises(
        ParameterError, match="months 3 to 14 ahead are asked for; past forecasts cover 1 to 12."
    ):
        replayed_forecasts(replay(cube()), lead=2, months=12)
