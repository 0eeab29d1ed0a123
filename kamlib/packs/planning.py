"""The planning pack, from a book to a published run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamlib.errors import ParameterError
from kamlib.forecast import ForecastParams, PipelineParams
from kamlib.glossary import Words
from kamlib.incentives import PayParams
from kamlib.packs.adopt import adopted_digest, keep_adopted, read_adopted
from kamlib.packs.building import (
    Clock,
    RunParams,
    build_run,
    check_out,
    left_out,
    package_versions,
    read_params,
    refuse_broken,
    say_left_out,
)
from kamlib.packs.paying import period_pay
from kamlib.params import Params
from kamlib.periods import Period, parse_period
from kamlib.runs import Run
from kamlib.runs.publish import discard, start_run
from kamlib.segments import SegmentParams
from kamlib.targets import (
    AllocationParams,
    AttainabilityParams,
    CalendarParams,
    ScenarioParams,
    SizingParams,
    check_request,
)
from kamlib.targets.facts import base_lack, look_back
from kamlib.targets.kinds import KindParams
from kamlib.targets.longterm import LongTermParams
from kamlib.targets.past import past_windows
from kamlib.targets.sizing import needs_base

if TYPE_CHECKING:
    from kamlib.book.book import Book

CHAPTERS = ("1_accounts", "2_forecast", "3_targets")


class PlanningParams(Params):
    """Every parameter of the planning pack, a section a room."""

    run: RunParams = RunParams()
    segments: SegmentParams = SegmentParams()
    forecast: ForecastParams = ForecastParams()
    pipeline: PipelineParams = PipelineParams()
    sizing: SizingParams = SizingParams()
    allocation: AllocationParams = AllocationParams()
    attainability: AttainabilityParams = AttainabilityParams()
    pay: PayParams = PayParams()
    calendar: CalendarParams = CalendarParams()
    kinds: KindParams = KindParams()
    longterm: LongTermParams = LongTermParams()
    scenarios: ScenarioParams = ScenarioParams()


def planning_params(
    period: str | None = None,
    *,
    book: str | None = None,
    params_file: Path | None = None,
    overrides: Sequence[str] = (),
) -> PlanningParams:
    """Read the planning pack's parameters; section ``pay`` stands in the appraisal's files.

    Parameters
    ----------
    period : str, optional
        Also apply ``params/planning/<period>.yaml`` where it exists.
    book : str, optional
        The name of the book; files written for another are left out.
    params_file : pathlib.Path, optional
        A file laid over those of ``params/``.
    overrides : sequence of str
        ``section.name=value`` assignments, laid over everything.

    Returns
    -------
    PlanningParams

    Raises
    ------
    ParameterError
        If any name, type, value or file is wrong; all problems at once.
    """
    return read_params(
        PlanningParams, "planning", period, book=book, params_file=params_file, overrides=overrides
    )


def plan(
    book_path: Path,
    period: str,
    *,
    params_file: Path | None = None,
    overrides: Sequence[str] = (),
    lang: str | None = None,
    out: Path | None = None,
    as_of: str | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Produce the planning pack of a period and publish it.

    Parameters
    ----------
    book_path : pathlib.Path
        A folder of tables, or a ``book.yaml``.
    period : str
        Period label: a year, quarter or month.
    params_file, overrides
        See `planning_params`.
    lang : str, optional
        ``"en"`` or ``"zh"``; the book's language by default.
    out : pathlib.Path, optional
        Root of the outputs; ``outputs/`` of the project by default.
    as_of : str, optional
        First day that the plan does not see, ``YYYY-MM-DD``; the period's first day by default.
    say : callable
        Told, in one line each, what is being done.

    Returns
    -------
    pathlib.Path
        The published run's folder.

    Raises
    ------
    ParameterError
        If a parameter, the period or the request is wrong; nothing was written.
    BookError
        If the book breaks its contract; nothing was written.
    KamError
        If a chapter or the rendering fails; the message names the folder that holds what was made.
    """
    from kamlib.book import open_book
    from kamlib.book.config import read_config
    from kamlib.packs.render import render_planning

    clock = Clock()
    parse_period(period)  # a wrong label or day is refused before the book is read
    day = _read_day(as_of)
    name = read_config(book_path).name
    params = planning_params(period, book=name, params_file=params_file, overrides=overrides)
    root = check_out(out)
    if lang is not None:
        Words(lang)
    others = left_out("planning", period, name)
    say_left_out(others, name, params_file, say)
    say(f"reading the book {book_path}")
    adopted = read_adopted(book_path)
    with open_book(book_path) as book:
        run = _snapshot(
            book, params, period, lang=lang, others=others, out=root, as_of=day, adopted=adopted, clock=clock
        )
    return build_run(run, params, chapters=CHAPTERS, render=render_planning, clock=clock, say=say)


def _snapshot(
    book: Book,
    params: PlanningParams,
    period: str,
    *,
    lang: str | None,
    others: dict[str, str],
    out: Path,
    as_of: dt.date | None,
    adopted: Any,
    clock: Clock,
) -> Run:
    """Check the book and the request, and start a run with the book as it was known on the planning date."""
    facts: dict[str, Any] = {
        "pack": "planning",
        "book": book.facts(),
        "parameters": params.model_dump(mode="json"),
        "left_out": others,
    }
    when = parse_period(period, fiscal_year_start=facts["book"]["fiscal_year_start"])
    facts |= {
        "period": str(when),
        "as_of": _as_of(as_of, when).isoformat(),
        "lang": lang or facts["book"]["language"],
        "seed": params.run.seed,
        "versions": package_versions(),
        "adopted": adopted_digest(adopted),
    }
    refuse_broken(book)
    clock.mark("book")
    run = start_run(out, facts)
    try:
        book.snapshot(run.as_of, run.folder)
        keep_adopted(adopted, run)
        _snapshot_past(book, run, params)
        _check_request(run, params)
        period_pay(run)  # refuses pay for nobody
    except BaseException:
        discard(run)
        raise
    clock.mark("snapshot")
    return run


def _snapshot_past(book: Book, run: Run, params: PlanningParams) -> None:
    """Keep the accounts as they were known on the planning days of past periods, for chapter 3 to replay."""
    tables = run.load("book_tables")
    first = tables.loc[tables["table"] == "sales", "first_date"].iloc[0]
    windows = past_windows(
        run.period,
        as_of=run.as_of,
        first_month=f"{first:%Y-%m}",
        quarters=params.allocation.history_quarters,
    )
    book.snapshot_past([window.day for window in windows], run.folder)


def _check_request(run: Run, params: PlanningParams) -> None:
    """Refuse data that end before the planning day, and impossible targets, before any chapter runs."""
    cube = run.load("cube")
    last = parse_period(str(cube["month"].max()))
    if last.end < run.as_of:
        remedy = f"plan with --as-of {last.end}{_and_total(run, params, last.end)}"
        raise ParameterError(
            f"the book's last sale before {run.as_of} is in {last}: the months between would count as sales "
            f"of nothing. Add their sales, or {remedy}."
        )
    check_request(
        cube,
        run.load("accounts"),
        period=run.period,
        sizing=params.sizing,
        allocation=params.allocation,
        unit=run.rounding_unit,
        as_of=run.as_of,
    )


def _and_total(run: Run, params: PlanningParams, day: dt.date) -> str:
    """Say that a plan from an earlier day needs the total, where growth then has nothing to count on."""
    lack = (
        base_lack(run.load("cube"), look_back(run.period, as_of=day)) if needs_base(params.sizing) else None
    )
    return f" and -p sizing.total=AMOUNT, as growth counts on {lack}" if lack else ""


def _read_day(label: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(label) if label is not None else None
    except ValueError:
        raise ParameterError(f'--as-of is "{label}"; write a day as YYYY-MM-DD.') from None


def _as_of(day: dt.date | None, period: Period) -> dt.date:
    if day is None:
        return period.start
    if day > period.start:
        raise ParameterError(
            f"--as-of is {day}, after {period} starts ({period.start}); plan from an earlier day."
        )
    if day.day != 1:
        raise ParameterError(f"--as-of is {day}; history is by month, so name the first day of a month.")
    return day
