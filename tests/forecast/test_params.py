from __future__ import annotations

import pytest

from kamlib.errors import ParameterError
from kamlib.forecast import ForecastParams
from kamlib.params import Layer, build_params


def test_defaults() -> None:
    params = ForecastParams()
    assert (params.method, params.season_length, params.history_months) == ("blend", 12, 60)
    assert (params.holdout_months, params.holdout_step) == (12, 3)
    assert ForecastParams.section == "forecast"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "thetta"),
        ("season_length", 0),
        ("history_months", 0),
        ("holdout_months", 37),
        ("holdout_step", 2.5),
    ],
)
def test_what_is_out_of_range_is_refused(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=name):
        build_params(ForecastParams, [Layer("test", {name: value})])
