"""What will happen: forecasts of every account and product line, and how good they have been."""

from kamlib.forecast.holdout import accuracy_on_holdout
from kamlib.forecast.one_offs import list_one_offs
from kamlib.forecast.opinions import sales_opinions
from kamlib.forecast.outlook import outlook_by_account, outlook_by_month
from kamlib.forecast.panel import forecast_panel
from kamlib.forecast.panel_backtest import backtest_panel
from kamlib.forecast.params import ForecastParams
from kamlib.forecast.paths import draw_paths, path_totals
from kamlib.forecast.period_sums import PeriodSums, draw_period_sums
from kamlib.forecast.pipeline import Pipeline, open_target, value_pipeline
from kamlib.forecast.pipeline_params import PipelineParams
from kamlib.forecast.ranges import forecast_ranges, range_coverage
from kamlib.forecast.rep_calls import compare_rep_forecasts, judge_rep_forecasts, plan_work
from kamlib.forecast.replay import forecast_errors, replay_sales
from kamlib.forecast.replayed import replayed_forecasts
from kamlib.forecast.sales import forecast_sales
from kamlib.forecast.second_opinion import second_opinion
from kamlib.forecast.stage_rates import closing_delays, learn_stage_rates, stage_reliability
from kamlib.forecast.structure import build_structure

__all__ = [
    "ForecastParams",
    "PeriodSums",
    "Pipeline",
    "PipelineParams",
    "accuracy_on_holdout",
    "backtest_panel",
    "build_structure",
    "closing_delays",
    "compare_rep_forecasts",
    "draw_paths",
    "draw_period_sums",
    "forecast_errors",
    "forecast_panel",
    "forecast_ranges",
    "forecast_sales",
    "judge_rep_forecasts",
    "learn_stage_rates",
    "list_one_offs",
    "open_target",
    "outlook_by_account",
    "outlook_by_month",
    "path_totals",
    "plan_work",
    "range_coverage",
    "replay_sales",
    "replayed_forecasts",
    "sales_opinions",
    "second_opinion",
    "stage_reliability",
    "value_pipeline",
]
