"""What will happen: forecasts of every account and product line, and how good they have been."""

from kamlib.forecast.panel import forecast_panel
from kamlib.forecast.params import ForecastParams

__all__ = ["ForecastParams", "forecast_panel"]
