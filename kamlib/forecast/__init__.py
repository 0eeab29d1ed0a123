"""What will happen: forecasts of every account and product line, and how good they have been."""

from kamlib.forecast.holdout import accuracy_on_holdout
from kamlib.forecast.outlook import outlook_by_account, outlook_by_month
from kamlib.forecast.panel import forecast_panel
from kamlib.forecast.params import ForecastParams
from kamlib.forecast.ranges import forecast_ranges, range_coverage
from kamlib.forecast.replay import forecast_errors, replay_sales
from kamlib.forecast.sales import forecast_sales

__all__ = [
    "ForecastParams",
    "accuracy_on_holdout",
    "forecast_errors",
    "forecast_panel",
    "forecast_ranges",
    "forecast_sales",
    "outlook_by_account",
    "outlook_by_month",
    "range_coverage",
    "replay_sales",
]
