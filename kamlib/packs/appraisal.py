"""The appraisal pack, from a book to a published run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kamlib.appraisal.feedback import FeedbackParams
from kamlib.appraisal.growth import GrowthParams
from kamlib.appraisal.incidents import IncidentParams
from kamlib.appraisal.kpi import ScorecardParams
from kamlib.appraisal.weighting import WeightParams, check_weighting
from kamlib.appraisal.window import judged_window
from kamlib.errors import ParameterError
from kamlib.glossary import Words
from kamlib.incentives import PayParams
from kamlib.packs.adopt import adopted_digest, keep_adopted, read_adopted
from kamlib.packs.appraisal_params import RankingParams
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
from kamlib.packs.judging import case_of
from kamlib.packs.paying import period_pay
from kamlib.params import Params
from kamlib.periods import parse_period
from kamlib.runs import Run
from kamlib.runs.publish import discard, start_run

if TYPE_CHECKING:
    from kamlib.book.book import Book

CHAPTERS = ("1_results", "2_scorecard", "3_feedback", "4_ranking", "5_pay_and_growth")


class AppraisalParams(Params):
    """Every parameter of the appraisal pack, a section a room."""

    run: RunParams = RunParams()
    scorecard: ScorecardParams = ScorecardParams()
    weights: WeightParams = WeightParams()
    feedback: FeedbackParams = FeedbackParams()
    incidents: IncidentParams = IncidentParams()
    ranking: RankingParams = RankingParams()
    pay: PayParams = PayParams()
    growth: GrowthParams = GrowthParams()


def appraisal_params(
    period: str | None = None,
    *,
    book: str | None = None,
    params_file: Path | None = None,
    overrides: Sequence[str] = (),
) -> AppraisalParams:
    """Read the appraisal pack's parameters; see `kamlib.packs.building.read_params`."""
    return read_params(
        AppraisalParams, "appraisal", period, book=book, params_file=params_file, overrides=overrides
    )


def appraise(
    book_path: Path,
    period: str,
    *,
    to_date: bool = False,
    params_file: Path | None = None,
    overrides: Sequence[str] = (),
    lang: str | None = None,
    out: Path | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Produce the appraisal pack of a period and publish it.

    Parameters
    ----------
    book_path : pathlib.Path
        A folder of tables, or a ``book.yaml``.
    period : str
        Period label: a year, quarter or month; it must be over in the book.
    to_date : bool
        Judge the fiscal year from its first month to the period's last.
    params_file, overrides
        See `kamlib.packs.building.read_params`.
    lang : str, optional
        ``"en"`` or ``"zh"``; the book's language by default.
    out : pathlib.Path, optional
        Root of the outputs; ``outputs/`` of the project by default.
    say : callable
        Told, in one line each, what is being done.

    Returns
    -------
    pathlib.Path
        The published run's folder.

    Raises
    ------
    ParameterError
        If a parameter or the period is wrong; nothing was written.
    BookError
        If the book breaks its contract; nothing was written.
    KamError
        If a chapter or the rendering fails; the message names the folder that holds what was made.
    """
    from kamlib.book import open_book
    from kamlib.book.config import read_config
    from kamlib.packs.render_appraisal import render_appraisal

    clock = Clock()
    parse_period(period)
    name = read_config(book_path).name
    params = appraisal_params(period, book=name, params_file=params_file, overrides=overrides)
    check_weighting(params.scorecard.kpis, params.weights)
    root = check_out(out)
    if lang is not None:
        Words(lang)
    others = left_out("appraisal", period, name)
    say_left_out(others, name, params_file, say)
    say(f"reading the book {book_path}")
    adopted = read_adopted(book_path)
    with open_book(book_path) as book:
        run = _snapshot(
            book, params, period, to_date=to_date, lang=lang, others=others, out=root, adopted=adopted
        )
    clock.mark("book")
    return build_run(run, params, chapters=CHAPTERS, render=render_appraisal, clock=clock, say=say)


def _snapshot(
    book: Book,
    params: AppraisalParams,
    period: str,
    *,
    to_date: bool,
    lang: str | None,
    others: dict[str, str],
    out: Path,
    adopted: Any,
) -> Run:
    """Start a run with the book as it was known when the period was over, and the targets adopted for it."""
    about = book.facts()
    when = parse_period(period, fiscal_year_start=about["fiscal_year_start"])
    window = judged_window(when, to_date=to_date)
    facts: dict[str, Any] = {
        "pack": "appraisal",
        "book": about,
        "parameters": params.model_dump(mode="json"),
        "left_out": others,
        "period": str(when),
        "to_date": to_date,
        "as_of": window.end.isoformat(),
        "lang": lang or about["language"],
        "seed": params.run.seed,
        "versions": package_versions(),
        "adopted": adopted_digest(adopted),
    }
    refuse_broken(book)
    run = start_run(out, facts)
    try:
        book.snapshot(run.as_of, run.folder)
        book.write_products(window.last_year().start, window.end, run.folder / "book" / "products.parquet")
        _check_period(run)
        keep_adopted(adopted, run)
        period_pay(run)  # refuses pay for nobody
        _ = case_of(run, params.scorecard).asked  # refuses targets that nothing can be set against
    except BaseException:
        discard(run)
        raise
    return run


def _check_period(run: Run) -> None:
    """Refuse a period that the book's sales do not reach, or a book without reps."""
    window = judged_window(run.period, to_date=run.facts["to_date"])
    cube = run.load("cube")
    last = str(cube["month"].max())
    if last < window.months[-1]:
        raise ParameterError(
            f"the book's last sale is in {last}; {run.period} lasts until {window.months[-1]}; what is"
            f" not over cannot be appraised. Appraise an earlier period, or add the sales."
        )
    if not cube["rep_id"].notna().any() and not run.load("accounts")["rep_id"].notna().any():
        raise ParameterError("the book names no rep on accounts or sales; there is nobody to appraise.")
