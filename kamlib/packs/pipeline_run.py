"""The pipeline's part of chapter 2: what a book has of it is computed, saved and shown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib import forecast as forecasting
from kamlib.forecast.outlook import land_with_new_business
from kamlib.forecast.pipeline import Pipeline, beyond_base, open_target
from kamlib.packs.page import Page, show
from kamlib.packs.pages_pipeline import calls_page, landing_sentence, pipeline_page, work_page
from kamlib.packs.targets_scope import held_of
from kamlib.runs import Run


def value_open(
    run: Run, cube: pd.DataFrame, outlook: pd.DataFrame, *, paths: int, params: forecasting.PipelineParams
) -> Pipeline | None:
    """Value the open pipeline and save its tables; None without opportunities.

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
        return None
    history, as_of = _table(run, "stage_history"), run.as_of
    known = {"stages": run.facts["book"]["stages"], "as_of": as_of, "params": params}
    rates = forecasting.learn_stage_rates(opportunities, history, **known)
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
    run.save("pipeline_stages", rates)
    run.save("pipeline_reliability", forecasting.stage_reliability(opportunities, history, **known))
    run.save("pipeline_opportunities", value.opportunities)
    run.save("pipeline_months", value.months)
    return value


def landing_sentences(
    run: Run,
    value: Pipeline | None,
    outlook: pd.DataFrame,
    company: np.ndarray | None,
    *,
    params: forecasting.PipelineParams,
) -> tuple[str, ...]:
    """Say where the year lands with new business; nothing without opportunities.

    Parameters
    ----------
    run, outlook, params
        As for `value_open`.
    value : Pipeline or None
        What `value_open` made.
    company : numpy.ndarray or None
        The company's paths of `kamlib.forecast.forecast_ranges`.
    """
    if value is None:
        return ()
    landing = land_with_new_business(outlook, value, company)
    return (landing_sentence(value, landing, words=run.words, repeat_months=params.repeat_months),)


def show_pipeline(
    run: Run, value: Pipeline | None, outlook: pd.DataFrame, *, params: forecasting.PipelineParams
) -> None:
    """Show the page of the open pipeline; nothing without opportunities.

    Parameters
    ----------
    run, value, outlook, params
        As for `landing_sentences`.
    """
    if value is None:
        return
    held = held_of(run)
    open_part = None if held is None else open_target(outlook, held, period=run.period)
    page = pipeline_page(
        value,
        run.load("pipeline_stages"),
        run.load("pipeline_reliability"),
        outlook,
        words=run.words,
        year=run.period.year(),
        period=run.period,
        repeat_months=params.repeat_months,
        open_part=open_part,
        beyond=beyond_base(value, run.load("forecast")),
    )
    _display(run, page)


def show_work_plan(run: Run, *, params: forecasting.PipelineParams) -> None:
    """List what to move this month, save the table and show the page; nothing without opportunities.

    Parameters
    ----------
    run : Run
        The run, after `value_open`; the table work_plan is saved.
    params : PipelineParams
        Length of the plan.
    """
    opportunities = _table(run, "opportunities")
    if opportunities is None:
        return
    rates = run.load("pipeline_stages")
    plan = forecasting.plan_work(opportunities, rates, as_of=run.as_of, per_rep=params.work_per_rep)
    run.save("work_plan", plan)
    opened = run.load("pipeline_opportunities")
    page = work_page(plan, opened, _table(run, "reps"), words=run.words, per_rep=params.work_per_rep)
    _display(run, page)


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
