"""What a run's period pays: the company's amounts of a year, for its months and its reps."""

from __future__ import annotations

from typing import Any

from kamlib.appraisal.window import judged_window
from kamlib.incentives import PayParams, pay_of_months
from kamlib.runs import Run


def period_months(run: Run) -> int:
    """Return the length of what a run plans or appraises [months]."""
    return judged_window(run.period, to_date=run.facts.get("to_date", False)).length


def period_pay(run: Run, **knobs: Any) -> PayParams:
    """Return a run's pay for its period.

    Parameters
    ----------
    run : Run
        The run; its parameters hold a year's amounts.
    **knobs : object
        Values of a chapter's parameter cell, a year's too.

    Raises
    ------
    ParameterError
        If an amount is set for who is no rep and no team of the book.
    """
    teams: dict[str, str] = {}
    if run.has("reps"):
        reps = run.load("reps")
        teams = dict(zip(reps["rep_id"], reps["team"].fillna(""), strict=True))
    for name in ("accounts", "cube"):
        teams = dict.fromkeys(run.load(name)["rep_id"].dropna(), "") | teams
    return pay_of_months(run.params(PayParams, **knobs), period_months(run), teams=teams)
