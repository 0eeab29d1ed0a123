"""Page of chapter 3 on when the target is due: months, quarters, weeks and working days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kamlib.charts import targets as charts
from kamlib.charts.figure import NativeChart
from kamlib.measures.money import as_float, total_money
from kamlib.packs.page import Page
from kamlib.packs.pages_held import add_held, held_labels, quarters_said
from kamlib.packs.pages_proof import joined
from kamlib.packs.pages_targets import bars_of, series_of
from kamlib.packs.targets_scope import Scope
from kamlib.runs import Run
from kamlib.targets import CalendarParams, count_days, period_days, split_days, sum_weeks
from kamlib.targets.calendars import CALENDARS, compared_days
from kamlib.targets.facts import look_back
from kamlib.targets.held import Held

_CUT_MONTHS = 3  # of a longer period weeks are drawn whole: cut at months there are too many to tell apart


def split_when(run: Run, targets: pd.DataFrame, *, params: CalendarParams) -> dict[str, Any]:
    """Split the reps' month targets over working days and weeks, and save both with the run.

    Parameters
    ----------
    run : Run
        The run.
    targets : pandas.DataFrame
        What `kamlib.targets.allocate_targets` returns as `targets`.
    params : CalendarParams
        Which days are worked.

    Returns
    -------
    dict
        days (counted by month) and weeks (by rep), as `kamlib.targets.count_days` and `sum_weeks` make them,
        and compared, what `kamlib.targets.calendars.compared_days` returns.
    """
    days = period_days(run.period, params=params, lang=run.words.lang)
    by_month = targets.groupby(["rep_id", "month"], dropna=False, sort=True)["target"].sum().reset_index()
    split = split_days(by_month, days, unit=run.rounding_unit)
    weeks = sum_weeks(split)
    run.save("target_days", split)
    run.save("target_weeks", weeks)
    base = look_back(run.period, as_of=run.as_of).base
    compared = compared_days(base, run.period, params=params)
    return {"days": count_days(days), "weeks": weeks, "compared": compared}


def months_page(
    summary: pd.DataFrame,
    *,
    scope: Scope,
    days: pd.DataFrame,
    weeks: pd.DataFrame,
    compared: Mapping[str, int] | None = None,
    held: Held | None = None,
) -> Page:
    """Answer when the target is due (targets 5).

    Parameters
    ----------
    summary : pandas.DataFrame
        What `kamlib.targets.summarise_targets` returns.
    scope : Scope
        What the page is about, in which words.
    days, weeks, compared
        What `split_when` returns.
    held : Held, optional
        What `kamlib.packs.pages_held.save_held` returns.
    """
    words = scope.words
    rows = summary[summary["dimension"].isin(["month", "quarter"])].copy()
    rows = rows.assign(name=rows["key"])
    months = add_held(rows[rows["dimension"] == "month"].reset_index(drop=True), held)
    quarters = add_held(rows[(rows["dimension"] == "quarter") & (len(months) > 1)], held)
    total = max(scope.size.total, 1)
    table = pd.DataFrame({"month": months["key"]})
    for name in ("actual_last_year", "forecast", "target", "change_asked", "growth_asked", "forecast_gap"):
        table[name] = months[name]
    table.insert(4, "target_share", months["target"] / total)
    beside = [name for name in ("target_held", "held_change") if name in months]
    table[beside] = months[beside]
    worked = days.set_index("month").reindex(table["month"])
    table["working_days"] = worked["working_days"].to_numpy()
    if compared is not None:
        base = dict(zip(sorted(set(compared) - set(months["key"])), months["key"], strict=True))
        table["working_days_base"] = months["key"].map({month: compared[old] for old, month in base.items()})
    table["target_a_day"] = months["target"].to_numpy() / table["working_days"].clip(lower=1)
    native = NativeChart("column", "month", series_of(scope.size))
    return Page(
        id="targets_5",
        title=_title(months, scope),
        subtitle=scope.subtitle(words("targets.months_what")),
        table=table,
        figures=(
            charts.month_chart(
                bars_of(months, "", words, most=None),
                bars_of(quarters, "", words, most=None),
                words=words,
                native=native,
            ),
            charts.week_chart(drawn_weeks(weeks, cut=len(months) <= _CUT_MONTHS), words=words),
        ),
        sentences=quarters_said(quarters, scope),
        notes=_notes(table, scope, calendar=days["calendar"]),
        labels=scope.labels() | held_labels(held, words),
        totals=(*series_of(scope.size), *_summed(months, beside, held), "working_days"),
    )


def _summed(months: pd.DataFrame, beside: list[str], held: Held | None) -> list[str]:
    """Return the columns of what holds whose sum is all that holds: none where some holds by quarter only."""
    if held is None or not beside:
        return []
    return beside if total_money(months["target_held"].dropna()) == held.total else []


def drawn_weeks(weeks: pd.DataFrame, *, cut: bool) -> pd.DataFrame:
    """Return the weeks of all reps in time, cut where a month ends or whole.

    Parameters
    ----------
    weeks : pandas.DataFrame
        What `kamlib.targets.sum_weeks` returns.
    cut : bool
        Whether a week that a month's end cuts stays two rows.
    """
    pieces = weeks.groupby(["month", "week"], sort=True).agg(
        starts=("starts", "min"), working_days=("working_days", "first"), target=("target", "sum")
    )
    if not cut:
        pieces = pieces.groupby("week", sort=True).agg(
            {"starts": "min", "working_days": "sum", "target": "sum"}
        )
    return pieces.reset_index().sort_values("starts", ignore_index=True)


def _title(months: pd.DataFrame, scope: Scope) -> str:
    words = scope.words
    most = months.loc[months["target"].idxmax()]
    known = {"month": most["key"], "target": words.money(most["target"])}
    if len(months) == 1:
        known["base"] = scope.size.base_period
        if scope.size.base_unknown:
            return words("targets.months_title_one_part", **known)
        return words("targets.months_title_one", change=words.signed_money(most["change_asked"]), **known)
    share = words.percent(most["target"] / max(scope.size.total, 1))
    return words("targets.months_title", share=share, period=scope.size.period, **known)


def _rule_note(months: int, scope: Scope, *, by_days: bool) -> str:
    """Say what months go by, and what stands for those of the base that the book does not know."""
    words, unknown = scope.words, scope.size.base_unknown
    known = {"base": scope.size.base_period}
    if unknown == months:
        return words("targets.months_note_even", **known)
    note = words("targets.months_note_by_days" if by_days else "targets.months_note_rule", **known)
    return (
        joined([note, words("targets.months_note_part", unknown=unknown, **known)], words)
        if unknown
        else note
    )


def _notes(table: pd.DataFrame, scope: Scope, *, calendar: pd.Series) -> tuple[str, ...]:
    """Say what months go by, where they are furthest from the forecast, and how many days are worked.

    One month shares nothing with others: its working days are told, beside the base's where these differ.
    """
    words = scope.words
    worked = int(table["working_days"].sum())
    known = max(set(calendar), key=CALENDARS.index)
    said = {"days": words.count(worked), "calendar": words.value("calendar", known)}
    if len(table) == 1:
        return (joined([words("targets.months_note_days_one", **said), *_days_beside(table, scope)], words),)
    notes = [_rule_note(len(table), scope, by_days="working_days_base" in table)]
    if scope.size.forecast is not None:
        gaps = pd.Series(as_float(table["forecast_gap"]))
        at = int(gaps.abs().argmax())
        gap = words.signed_money(gaps[at])
        notes.append(words("targets.months_note_gap", month=table["month"].iloc[at], gap=gap))
    return (*notes, words("targets.months_note_days", **said))


def _days_beside(table: pd.DataFrame, scope: Scope) -> list[str]:
    """Say what one month asks a working day more than its base brought, where that had more or fewer."""
    row = table.iloc[0]
    then, now = int(row.get("working_days_base", row["working_days"])), int(row["working_days"])
    sold = float(row["actual_last_year"])
    if then == now or not then or not now or sold <= 0:
        return []
    words = scope.words
    growth = words.signed_percent(float(row["target"]) / now / (sold / then) - 1)
    return [words("targets.months_note_days_beside", base=scope.size.base_period, then=then, growth=growth)]
