"""The page of chapter 3 on how likely targets are, against the range of what may come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pandas as pd

from kamlib.charts.attainability import reach_chart
from kamlib.charts.figure import NativeChart
from kamlib.forecast import ForecastParams, draw_period_sums
from kamlib.forecast.sales_history import month_number
from kamlib.incentives import PayParams, cost_at_forecast
from kamlib.measures.money import as_float
from kamlib.measures.rounding import Integers
from kamlib.packs.page import Page
from kamlib.packs.pages_proof import joined
from kamlib.packs.past_sides import PastSide, past_side
from kamlib.packs.paying import period_pay
from kamlib.packs.targets_scope import (
    Scope,
    leading_side,
    mean_beside_middle,
    names_of,
    told_apart,
    with_side,
)
from kamlib.runs import Run
from kamlib.targets import attain_probability, reps_at_target
from kamlib.targets.attainability import LEVELS, AttainabilityParams, RepsAtTarget

_SHOWN = 20  # reps or others drawn, those with the largest targets
_NAMED = 3  # targets named where the chance is on the other side of even than the forecast
_BANDS = ("out_of_reach", "stretch", "attainable", "easy", "unknown")


@dataclass(frozen=True)
class Likely:
    """How likely the targets of a run are.

    Attributes
    ----------
    table : pandas.DataFrame
        What `kamlib.targets.attain_probability` returns.
    reps : RepsAtTarget
        How many reps may reach theirs.
    origins : int
        Past dates whose errors are drawn from; 0 where there are none or the period is not forecast.
    params : AttainabilityParams
        Bands, and what practice aims at.
    keys, paths : pandas.DataFrame, numpy.ndarray or None
        The sums drawn, as `kamlib.targets.attain_probability` takes them.
    cost : pandas.DataFrame or None
        What variable pay may cost, as `kamlib.incentives.cost_at_forecast` returns it.
    pay : PayParams
        What attainment pays in the period.
    side : PastSide or None
        To which side most past forecasts of the period went wrong.
    history : tuple of int, or None
        Where there are too few past errors to draw from: months of history that a chance needs at least, and
        those that are known.
    """

    table: pd.DataFrame
    reps: RepsAtTarget
    origins: int
    params: AttainabilityParams
    keys: pd.DataFrame = field(repr=False)
    paths: Integers | None = field(repr=False)
    cost: pd.DataFrame | None = None
    pay: PayParams = field(default_factory=PayParams)
    side: PastSide | None = None
    history: tuple[int, int] | None = None

    @property
    def company(self) -> pd.Series:
        """The row of `table` of the company."""
        return self.table[self.table["dimension"] == "company"].iloc[0]

    @property
    def told(self) -> bool:
        """Whether the company's chance is known, and with it that of whatever was sold."""
        return bool(pd.notna(self.company["reach_probability"]))


def judge_targets(
    run: Run, summary: pd.DataFrame, cube: pd.DataFrame, accounts: pd.DataFrame, forecast: pd.DataFrame
) -> Likely:
    """Draw what the period may bring from the errors that chapter 2 kept, and set the targets against it.

    Parameters
    ----------
    run : Run
        The run; chapter 2 has saved ``forecast_errors``. Gets ``target_probabilities``.
    summary : pandas.DataFrame
        What `kamlib.targets.summarise_targets` returns.
    cube, accounts, forecast : pandas.DataFrame
        The run's own.
    """
    params = run.params(AttainabilityParams)
    sums = draw_period_sums(
        cube, accounts, forecast, run.load("forecast_errors"),
        period=run.period, as_of=run.as_of, params=run.params(ForecastParams), seed=run.seed,
    )  # fmt: skip
    keys, paths = _NO_SUMS if sums is None else (sums.keys, sums.paths)
    rows = summary[~summary["without_account"]]
    table = attain_probability(rows, keys, paths, params=params, unit=run.rounding_unit)
    run.save("target_probabilities", table)
    origins = 0 if sums is None or paths is None else sums.origins
    pay = period_pay(run)
    cost = cost_at_forecast(rows, keys, paths, params=pay)
    if cost is not None:
        run.save("pay_cost", cost)
    reps = reps_at_target(rows, keys, paths)
    history = _history(run, cube, forecast) if paths is None and sums is not None else None
    return Likely(table, reps, origins, params, keys, paths, cost, pay, past_side(run), history)


def _history(run: Run, cube: pd.DataFrame, forecast: pd.DataFrame) -> tuple[int, int] | None:
    """Return how many months of history a chance needs, and how many are known; None where there are as many.

    Two past dates a month apart, a season before the first and as many months after the second as are now
    forecast.
    """
    needed = run.params(ForecastParams).season_length + int(forecast["period"].nunique()) + 1
    first = dt.date.fromisoformat(f"{cube['month'].min()}-01")
    known = month_number(run.as_of) - month_number(first)
    return (needed, known) if known < needed else None


def reach_page(likely: Likely, *, scope: Scope) -> Page:
    """Answer whether the targets are likely to be reached (targets 6).

    Drawn are reps or, where the book names none, regions or what else it names.

    Parameters
    ----------
    likely : Likely
        What `judge_targets` returns.
    scope : Scope
        What the page is about, in which words.
    """
    words = scope.words
    table = likely.table[likely.table["dimension"] != "account"].copy()
    lead = leading_side(table)
    order = {name: at for at, name in enumerate((lead, *(level for level in LEVELS if level != lead)))}
    table = table.sort_values("dimension", key=lambda c: c.map(order), kind="stable", ignore_index=True)
    table.insert(1, "name", names_of(table, scope))
    drawn = table[(table["dimension"] == lead) & (table["target"] > 0)]
    shown = drawn.head(_SHOWN)
    rows = pd.DataFrame(
        {
            "name": told_apart(shown["name"].tolist(), shown["key"].tolist()),
            "PL": as_float(shown["target"]),
            "FC": as_float(shown["landing"]),
            "low": as_float(shown["low_80"]),
            "high": as_float(shown["high_80"]),
            "target": [words.money(amount) for amount in shown["target"]],
            "reach": [words.chance(p) for p in shown["reach_probability"]],
            "said": [words.value("reach_band", band) for band in shown["reach_band"]],
        }
    )
    native = NativeChart("bar", "name", {"landing": "FC", "target": "PL"}, rows=len(shown))
    return Page(
        id="targets_6",
        title=_reach_title(likely, scope),
        subtitle=scope.subtitle(words("targets.reach_what", side=words.value("dimension", lead).lower())),
        table=table.drop(columns="key"),
        figures=(
            reach_chart(rows, title=_chart_title(len(shown), len(drawn), scope), words=words, native=native),
        ),
        sentences=(*_side_said(likely, scope), *_mean_said(likely, scope), *_cost_said(likely, scope)),
        notes=_reach_notes(likely, table, scope),
        labels={"wanted_target": _wanted_label(likely, scope)},
    )


_NO_SUMS = (
    pd.DataFrame({name: pd.Series([], dtype="str") for name in ("level", "key")}).assign(
        landing=None, low_80=None, high_80=None
    ),
    None,
)


def _reach_title(likely: Likely, scope: Scope) -> str:
    words, reps, params = scope.words, likely.reps, likely.params
    if not likely.told:
        return words("targets.reach_title_none")
    if reps.expected is None:
        return _sides_title(likely, scope)
    side = "below" if reps.expected < params.reps_low else "within"
    side = "above" if reps.expected > params.reps_high else side
    return words(
        "targets.reach_title",
        share=words.percent(reps.expected),
        reps=reps.reps,
        aim=_aim(params, scope),
        side=words(f"targets.reach_{side}"),
    )


def _sides_title(likely: Likely, scope: Scope) -> str:
    """Say how likely the total is and which part of it is least, where no rep's chance is known."""
    words, company = scope.words, likely.company
    parts = _sides(likely.table)
    total = {"total": words.money(company["target"]), "chance": words.chance(company["reach_probability"])}
    if parts.empty:
        return words("targets.reach_title_total", **total)
    least = parts.loc[parts["reach_probability"].idxmin()]
    name = names_of(parts.loc[[least.name]], scope)[0]
    return words(
        "targets.reach_title_sides",
        **total,
        name=with_side(name, least["dimension"], words),
        least=words.chance(least["reach_probability"]),
    )


def _sides(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of regions, account types and product lines whose chance is known."""
    return table[~table["dimension"].isin(["company", "rep", "account"]) & table["reach_probability"].notna()]


def _reach_notes(likely: Likely, table: pd.DataFrame, scope: Scope) -> tuple[str, ...]:
    words, found = scope.words, likely.reps
    if not likely.told:
        told = [words("targets.reach_note_none")]
        if likely.history is not None:
            needed, known = likely.history
            told.append(words("targets.reach_note_history", needed=needed, known=known))
        return (joined(told, words), words("targets.reach_note_pipeline"))
    doubt = joined(
        [words("targets.reach_note_doubt", origins=likely.origins), words("targets.reach_note_tested")], words
    )
    if found.low_80 is None or found.high_80 is None:
        bands = _bands(_sides(table), scope)
        return (*([words("targets.reach_note_sides", bands=bands)] if bands else []), doubt)
    company = likely.company
    reps = table[(table["dimension"] == "rep") & table["key"].notna() & (table["target"] > 0)]
    return (
        words(
            "targets.reach_note_range",
            low=words.percent(found.low_80),
            high=words.percent(found.high_80),
            total=words.money(company["target"]),
            chance=words.chance(company["reach_probability"]),
        ),
        words("targets.reach_note_bands", bands=_bands(reps, scope), aim=_aim(likely.params, scope)),
        doubt,
    )


def _bands(rows: pd.DataFrame, scope: Scope) -> str:
    """Count rows by how likely their targets are."""
    words, counted = scope.words, rows["reach_band"].value_counts()
    return words("targets.list").join(
        words("targets.reach_band_count", band=words.value("reach_band", band), count=int(counted[band]))
        for band in _BANDS
        if band in counted
    )


def _side_said(likely: Likely, scope: Scope) -> tuple[str, ...]:
    """Say so where past forecasts of the period went wrong to one side; nothing where no chance is known."""
    if likely.side is None or not likely.told:
        return ()
    return (likely.side.said(scope.words),)


def _mean_said(likely: Likely, scope: Scope) -> tuple[str, ...]:
    """Name the targets whose chance is on the other side of even than the forecast, and say why."""
    words, table = scope.words, likely.table
    sides = mean_beside_middle(table)
    told = []
    for side in ("high", "low"):
        rows = table[sides == side]
        accounts = rows["dimension"] == "account"
        others = rows[~accounts]
        pairs = zip(names_of(others, scope), others["dimension"], strict=True)
        names = [with_side(name, dimension, words) for name, dimension in pairs]
        listed = words("targets.required_and").join(names[:_NAMED])
        more = len(names) - _NAMED
        parts = [words("targets.cards_more", names=listed, count=words.count(more)) if more > 0 else listed]
        if accounts.any():
            parts.append(words("targets.reach_mean_accounts", count=words.count(int(accounts.sum()))))
        if names:
            listed = words("targets.list").join(parts)
            told.append(words(f"targets.reach_mean_{side}", names=listed))
    return tuple(told)


def _cost_said(likely: Likely, scope: Scope) -> tuple[str, ...]:
    """Say what variable pay may cost at these targets; nothing where no forecast tells."""
    if likely.cost is None:
        return ()
    words, cost = scope.words, likely.cost.iloc[0]
    return (
        words(
            "targets.reach_cost",
            pay=words.money(cost["target_pay"]),
            reps=int(cost["reps"]),
            mean=words.money(cost["mean_cost"]),
            low=words.money(cost["low_cost"]),
            high=words.money(cost["high_cost"]),
            full=words.money(cost["full_cost"]),
        ),
    )


def _aim(params: AttainabilityParams, scope: Scope) -> str:
    return scope.words(
        "targets.reach_aim", low=round(100 * params.reps_low), high=round(100 * params.reps_high)
    )


def _chart_title(shown: int, reps: int, scope: Scope) -> str:
    if shown == reps:
        return scope.words("targets.reach_chart_range")
    return scope.words("targets.reach_chart_range_some", shown=shown, reps=reps)


def _wanted_label(likely: Likely, scope: Scope) -> str:
    return scope.words("targets.reach_wanted", chance=scope.words.percent(likely.params.wanted_probability))
