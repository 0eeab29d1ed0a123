"""The first page of a planning pack: asked, forecast, likely, and what must be decided."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from kamlib.charts.bridge import bridge
from kamlib.glossary import Words
from kamlib.measures.money import total_money
from kamlib.packs.deciding import decide_gap
from kamlib.packs.first_moves import first_moves, with_alike
from kamlib.packs.page import Page
from kamlib.packs.pages_held import (
    add_held,
    beside_held,
    furthest,
    held_labels,
    held_totals,
    months_said,
    plain_said,
)
from kamlib.packs.pages_proof import joined
from kamlib.packs.pages_required import required_moves
from kamlib.packs.past_sides import PastSide, dates_of, past_side
from kamlib.packs.targets_scope import (
    base_doubt,
    base_labels,
    leading_side,
    mean_beside_middle,
    side_name,
    with_side,
)
from kamlib.periods import Period
from kamlib.runs import Run
from kamlib.segments import profit_basis
from kamlib.targets.held import Held

_TOTALS = ("actual_last_year", "forecast", "target", "forecast_gap", "held_change")
_NAMED = 2  # reps whose difference from what holds is told
_KINDS = 3  # of oddities that are named
_EVEN = 0.5
_ONE_SIDED = 0.5  # of the error: a larger bias is most of it


def summary_page(run: Run) -> Page:
    """Make the page a manager reads in a minute: asked, forecast, last year, and what must be decided.

    Parameters
    ----------
    run : Run
        The run; its chapters have saved ``segments``, ``forecast`` and ``targets``.

    Returns
    -------
    Page
        Its table has one row a rep or, where the book names none who is asked, a region or what else it
        names: last year's same period, forecast, target, growth asked, forecast minus target and target less
        what holds for its months already, where that differs [currency], and the probability of reaching the
        target where it is known.
    """
    words = run.words
    holds, side = beside_held(run, run.load("plan_targets")), past_side(run)
    held = _told(holds)
    lead = leading_side(run.load("target_summary"))
    rows = _rows(run, held, lead)
    before, forecast = total_money(rows["actual_last_year"]), total_money(rows["forecast"])
    target = Decimal(int(rows["target"].sum()))
    gap = forecast - target
    place = "side_above" if gap > 0 else "side_below"
    growth = _growth_said(run.load("target_summary"), words)
    title = words(
        "planning.summary_title" if gap else "planning.summary_title_equal",
        period=run.period, base=_base_period(run), target=words.money(target), growth=growth,
        **({"gap": words.money(abs(gap)), "side": words(f"planning.{place}")} if gap else {}),
    )  # fmt: skip
    steps = pd.DataFrame(
        [
            (f"PY {_base_period(run)}", float(before), "PY"),
            ("FC − PY", float(forecast - before), "change"),
            (f"FC {run.period}", float(forecast), "FC"),
            ("PL − FC", float(target - forecast), "neutral"),
            (f"PL {run.period}", float(target), "PL"),
        ],
        columns=["step", "amount", "scenario"],
    )
    return Page(
        id="summary",
        title=title,
        subtitle=words(
            "planning.summary_subtitle",
            book=run.facts["book"]["name"], currency=words.money_unit, as_of=run.as_of,
            period=_with_months(run.period, words),
        ),
        sentences=_sentences(run, rows, lead, held, side),
        notes=(
            decide_gap(_named_by(lead, rows, words), gap, words, holds),
            _decide_service(run),
            _decide_effort(run),
        ),
        figures=(bridge(steps, words=words),),
        table=rows.drop(columns="key"),
        labels=base_labels(_base_period(run), words) | held_labels(held, words) | _heading(lead, words),
        totals=tuple(name for name in _TOTALS if name in rows),
        folded=False,
    )  # fmt: skip


def _named_by(lead: str, rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return rows with names that say in a sentence what they are of."""
    return rows.assign(name=[with_side(name, lead, words) for name in rows["name"]])


def _growth_said(summary: pd.DataFrame, words: Words) -> str:
    """Write by how much the plan is above the base, which need not be known."""
    growth = summary.loc[summary["dimension"] == "company", "growth_asked"].iloc[0]
    return words("planning.no_growth") if pd.isna(growth) else words.signed_percent(float(growth))


def _with_months(period: Period, words: Words) -> str:
    """Name a period with its months; a month is its own."""
    months = [str(month) for month in period.months()]
    label = str(period)
    return (
        label
        if months == [label]
        else words("planning.period_months", period=label, months=months_said(months, words))
    )


def _base_period(run: Run) -> str:
    """Return the period that the target is compared with: last year's, or the latest one that is over."""
    steps = run.load("target_steps")
    return str(steps.loc[steps["step"] == "base", "period"].iloc[0])


def _told(held: Held | None) -> Held | None:
    """Return what holds already, if the plan asks any rep otherwise, or more or fewer months have some."""
    if held is None:
        return None
    apart = held.change or len(furthest(held)) or held.passed is not None or held.enclosing is not None
    return held if apart else None


def _held_sentence(held: Held | None, run: Run) -> tuple[str, ...]:
    """Say what holds already and for whom the plan differs most; nothing where it asks the same."""
    if held is None:
        return ()
    words, names = run.words, _rep_names(run)
    told = [
        plain_said(row, lambda key: _rep_name(key, names, words), words)
        for row in furthest(held).head(_NAMED).itertuples()
    ]
    said = list(held_totals(held, words, period=str(run.period)))
    if told:
        said.append(words("targets.held_reps", reps=words("targets.list").join(told)))
    return (joined(said, words),)


def _required_sentence(run: Run, lead: str) -> tuple[str, ...]:
    """Say what required totals move."""
    names = _rep_names(run) if lead == "rep" else {}
    asked, targets = run.load("target_requirements"), run.load("plan_targets")
    return required_moves(asked, targets, names, run.words, side=lead)


def _rep_names(run: Run) -> dict[str, str]:
    """Return the names of reps by id; of one without a name the id."""
    if not run.has("reps"):
        return {}
    reps = run.load("reps")
    return dict(zip(reps["rep_id"], reps["name"].fillna(reps["rep_id"]), strict=True))


def _rep_name(key: object, names: Mapping[str, str], words: Words) -> str:
    return words("targets.unassigned") if pd.isna(key) else names.get(str(key), str(key))


def _heading(lead: str, words: Words) -> dict[str, str]:
    """Return the heading of the names, where they are not of reps."""
    return {} if lead == "rep" else {"name": words.value("dimension", lead)}


def _rows(run: Run, held: Held | None, lead: str) -> pd.DataFrame:
    """One row a rep or other side, then what has none, then sales without an account, as chapter 3 sums."""
    words, names = run.words, _rep_names(run)
    summary = run.load("target_summary")
    table = add_held(summary[summary["dimension"] == lead].reset_index(drop=True), held)
    table["name"] = [
        _rep_name(key, names, words) if lead == "rep" else side_name(key, words) for key in table["key"]
    ]
    table.loc[table["without_account"].astype(bool), "name"] = words("targets.without_account")
    columns = ["key", "name", *_TOTALS[:3], "growth_asked", *_TOTALS[3:]]
    chance = table["key"].map(_likely(run, lead)).astype("float64")
    return table[[name for name in columns if name in table]].assign(reach_probability=chance)


def _likely(run: Run, dimension: str) -> pd.Series:
    """Probability of reaching each target of a dimension, by key; empty where none is known."""
    table = run.load("target_probabilities")
    rows = table[(table["dimension"] == dimension) & table["reach_probability"].notna()]
    return rows.set_index("key")["reach_probability"]


def _sentences(
    run: Run, rows: pd.DataFrame, lead: str, held: Held | None, side: PastSide | None
) -> tuple[str, ...]:
    words = run.words
    segments = run.load("segments")
    keys = segments["key_account"].fillna(False).astype(bool)
    return (
        *base_doubt(run, _base_period(run), int(rows["target"].sum())),
        _year_sentence(run),
        *_error_sentence(run),
        *_likely_sentence(run, rows, lead, side),
        *_held_sentence(held, run),
        *_required_sentence(run, lead),
        words(
            "planning.sentence_keys",
            keys=int(keys.sum()), accounts=int((segments["revenue"] > 0).sum()),
            share=words.percent(float(segments.loc[keys, "share"].sum())),
        ),
        _data_sentence(run.load("book_checks"), words),
    )  # fmt: skip


def _data_sentence(checks: pd.DataFrame, words: Words) -> str:
    """Name the kinds of oddities that were kept, as many as stay readable, and what returns come to."""
    kept = checks[checks["severity"] == "keep"]
    if not len(kept):
        return words("planning.sentence_data_clean")
    kinds = list(dict.fromkeys(words(f"book.check_{name}") for name in kept["check"]))
    listed, more = words("targets.list").join(kinds[:_KINDS]), len(kinds) - _KINDS
    if more > 0:
        listed = words("planning.data_more", kinds=listed, count=more)
    said = words("planning.sentence_data", count=len(kinds), kinds=listed)
    returns = kept.loc[kept["check"] == "returns", "money"].dropna()
    if not len(returns):
        return said
    return joined([said, words("planning.data_returns", returns=words.money(total_money(returns)))], words)


def _likely_sentence(run: Run, rows: pd.DataFrame, lead: str, side: PastSide | None) -> tuple[str, ...]:
    """Say how likely the total is, and how many reps or other sides are likelier than not to reach theirs."""
    words, company = run.words, _likely(run, "company")
    judged = rows[rows["reach_probability"].notna()]
    if company.empty:
        return ()
    likely = int((judged["reach_probability"] >= _EVEN).sum())
    known = {"judged": len(judged), "likely": likely, "side": words.value("dimension", lead).lower()}
    which = ("reps" if lead == "rep" else "sides") if len(judged) else "no_reps"
    told = [
        words(
            "planning.sentence_likely",
            total=words.chance(float(company.iloc[0])),
            who=words(f"planning.likely_{which}", **known),
        ),
        *_against_forecast(run),
        *(() if side is None else (side.said(words),)),
    ]
    return (joined(told, words),)


def _against_forecast(run: Run) -> tuple[str, ...]:
    """Say why the total's chance is on the other side of even than the forecast; nothing where it isn't."""
    table = run.load("target_probabilities")
    sides = mean_beside_middle(table[table["dimension"] == "company"]).dropna()
    return tuple(run.words(f"planning.mean_{side}") for side in sides)


def _year_sentence(run: Run) -> str:
    words = run.words
    year = run.period.year()
    cube, forecast = run.load("cube"), run.load("forecast")
    so_far = total_money(cube.loc[cube["month"].isin([str(m) for m in year.months()]), "revenue"])
    before = total_money(cube.loc[cube["month"].isin([str(m) for m in year.last_year().months()]), "revenue"])
    in_year = (forecast["level"] == "company") & forecast["period"].isin([str(m) for m in year.months()])
    ahead = total_money(forecast.loc[in_year, "forecast"])
    known = {
        "year": year,
        "landing": words.money(so_far + ahead),
        "actual": words.money(so_far),
        "forecast": words.money(ahead),
    }
    whole = year.last_year().end <= run.as_of and str(cube["month"].min()) <= str(
        year.last_year().months()[0]
    )
    if before <= 0 or not whole:
        return words("planning.sentence_year_first", **known)
    if not so_far:
        change = words.signed_percent(float(ahead / before) - 1)
        return words("planning.sentence_year_ahead", year=year, landing=words.money(ahead), change=change)
    return words(
        "planning.sentence_year", change=words.signed_percent(float((so_far + ahead) / before) - 1), **known
    )


def _error_sentence(run: Run) -> tuple[str, ...]:
    """Say how far such forecasts were off, beside seasonal naive; nothing where no past could be judged."""
    wape = _company_errors(run, "wape")
    ours = next((error for method, error in wape.items() if method != "seasonal_naive"), None)
    if ours is None or "seasonal_naive" not in wape:
        return ()
    naive = run.words.percent(wape["seasonal_naive"])
    made = dates_of(run.load("forecast_accuracy")["origin"].dropna())
    known = {"ours": _with_side(run, ours), "made": run.words("planning.errors_made", **made)}
    if run.words.percent(ours) == naive:
        return (run.words("planning.sentence_error_same", **known),)
    key = "planning.sentence_error" if ours < wape["seasonal_naive"] else "planning.sentence_error_worse"
    return (run.words(key, naive=naive, **known),)


def _with_side(run: Run, wape: float) -> str:
    """Write an error, with its side where most of it went to one."""
    words = run.words
    bias = next(b for method, b in _company_errors(run, "bias").items() if method != "seasonal_naive")
    if abs(bias) <= _ONE_SIDED * wape:
        return words.percent(wape)
    side = "error_high" if bias > 0 else "error_low"
    return words(f"planning.{side}", error=words.percent(wape), bias=words.percent(abs(bias)))


def _company_errors(run: Run, measure: str) -> dict[str, float]:
    """Error of the company's past monthly forecasts by method, all months ahead pooled."""
    errors = run.load("forecast_accuracy")
    pooled = errors[(errors["level"] == "company") & errors["origin"].isna() & errors["horizon"].isna()]
    return dict(zip(pooled["method"], pooled[measure].astype(float), strict=True))


def _decide_service(run: Run) -> str:
    """Say who earns less than it costs, by contribution or, without any cost to serve, by margin."""
    words, segments = run.words, run.load("segments")
    basis = profit_basis(segments)
    if basis == "none":
        return words("planning.decision_service_unknown")
    losing = segments[segments["profit"] < 0].sort_values(["profit", "account_id"])
    if losing.empty:
        return words(f"planning.decision_{basis}_none")
    return words(
        f"planning.decision_{basis}",
        count=len(losing), amount=words.money(abs(total_money(losing["profit"]))),
        name=losing.iloc[0]["name"], most=words.money(abs(losing.iloc[0]["profit"])),
    )  # fmt: skip


def _decide_effort(run: Run) -> str:
    """Say where potential is unsold, and what is asked of accounts that have gone silent."""
    words, segments = run.words, run.load("segments")
    grow = segments[segments["field"] == "grow"]
    first = first_moves(grow)
    first = first[first["open_potential"] > 0]
    said = words("planning.decision_grow_none")
    if len(first):
        name = with_alike(first.iloc[0]["name"], int(first.iloc[0]["alike"]), words)
        known = {"amount": words.money(total_money(grow["open_potential"])), "name": name}
        most = words.money(first.iloc[0]["open_potential"])
        said = (
            words("planning.decision_grow_one", **known)
            if len(grow) == 1
            else words("planning.decision_grow", count=len(grow), most=most, **known)
        )
    silent = segments[segments["gone_silent"].astype(bool)]
    if silent.empty:
        return said
    plan = run.load("plan_targets")
    asked = words.money(int(plan.loc[plan["account_id"].isin(silent["account_id"]), "target"].sum()))
    if len(silent) == 1:
        return joined([said, words("planning.silent_one", name=silent.iloc[0]["name"], asked=asked)], words)
    return joined([said, words("planning.silent", count=len(silent), asked=asked)], words)
