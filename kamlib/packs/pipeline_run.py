"""The pipeline's part of chapter 2: what a book has of it is computed, saved and shown."""

from __future__ import annotations

import pandas as pd

from kamlib import forecast as forecasting
from kamlib.packs.page import Page, show
from kamlib.packs.pages_pipeline import calls_page, pipeline_page, work_page
from kamlib.runs import Run


def show_pipeline(
    run: Run, cube: pd.DataFrame, outlook: pd.DataFrame, *, paths: int, params: forecasting.PipelineParams
) -> None:
    """Value the open pipeline, save its tables and show its page; nothing without opportunities.

    Parameters
    ----------
    run : Run
        The run; tables pipeline_stages, pipeline_reliability, pipeline_opportunities and
        pipeline_months are saved.
    cube, outlook : pandas.DataFrame
        The cube, and what `kamlib.forecast.outlook_by_month` made.
    paths : int
        Draws for the range of new business.
    params : PipelineParams
        Weight of given win rates, repeat business.
    """
    opportunities = _table(run, "opportunities")
    if opportunities is None:
        return
    history, as_of = _table(run, "stage_history"), run.as_of
    known = {"stages": run.facts["book"]["stages"], "as_of": as_of, "params": params}
    rates = forecasting.learn_stage_rates(opportunities, history, **known)
    reliability = forecasting.stage_reliability(opportunities, history, **known)
    value = forecasting.value_pipeline(
        opportunities,
        rates,
        cube,
        as_of=as_of,
        months=outlook.loc[outlook["forecast"].notna(), "period"].tolist(),
        delays=forecasting.closing_delays(opportunities, history, as_of=as_of),
        params=params,
        paths=paths,
        seed=run.seed,
    )
    for name, table in (
        ("pipeline_stages", rates),
        ("pipeline_reliability", reliability),
        ("pipeline_opportunities", value.opportunities),
        ("pipeline_months", value.months),
    ):
        run.save(name, table)
    year = run.period.year()
    page = pipeline_page(
        value, rates, reliability, outlook, words=run.words, year=year, repeat_months=params.repeat_months
    )
    _display(run, page)


def show_work_plan(run: Run, *, params: forecasting.PipelineParams) -> None:
    """List what to move this month, save the table and show the page; nothing without opportunities.

    Parameters
    ----------
    run : Run
        The run, after `show_pipeline`; the table work_plan is saved.
    params : PipelineParams
        Length of the plan.
    """
    opportunities = _table(run, "opportunities")
    if opportunities is None:
        return
    rates = run.load("pipeline_stages")
    plan = forecasting.plan_work(opportunities, rates, as_of=run.as_of, per_rep=params.work_per_rep)
    run.save("work_plan", plan)
    _display(run, work_page(plan, _table(run, "reps"), words=run.words, per_rep=params.work_per_rep))


def show_rep_forecasts(run: Run, cube: pd.DataFrame, forecast: pd.DataFrame) -> None:
    """Judge what reps submit, save the tables and show the page; nothing without submissions.

    Parameters
    ----------
    run : Run
        The run; tables rep_forecast_leans and rep_forecasts_compared are saved.
    cube, forecast : pandas.DataFrame
        The cube, and what `kamlib.forecast.forecast_sales` made.
    """
    submitted = _table(run, "rep_forecasts")
    if submitted is None:
        return
    start = run.facts["book"]["fiscal_year_start"]
    judged = forecasting.judge_rep_forecasts(submitted, cube, as_of=run.as_of, fiscal_year_start=start)
    compared = forecasting.compare_rep_forecasts(submitted, judged, forecast, period=run.period)
    run.save("rep_forecast_leans", judged)
    run.save("rep_forecasts_compared", compared)
    _display(run, calls_page(judged, compared, _table(run, "reps"), words=run.words, period=run.period))


def _table(run: Run, name: str) -> pd.DataFrame | None:
    return run.load(name) if run.has(name) else None


def _display(run: Run, page: Page) -> None:
    """Show a page from within a function, as the last line of a cell does."""
    from IPython.display import display

    display(show(run, page))
