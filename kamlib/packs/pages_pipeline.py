"""Pages of chapter 2 on the pipeline: what it adds, whose word holds, what to move this month."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pandas as pd

from kamlib.charts import pipeline as charts
from kamlib.charts.figure import NativeChart
from kamlib.forecast.outlook import Landing
from kamlib.forecast.pipeline import OpenTarget, Pipeline
from kamlib.glossary import Words
from kamlib.measures.money import sum_money, to_money, total_money
from kamlib.packs.page import Page
from kamlib.periods import Period

# what a page has room for; the run's tables hold the rest
_STAGE_COLUMNS = ("stage", "stage_opportunities", "amount", "weighted", "new_business", "given_rate",
                  "found_rate", "used_rate", "rate_source")  # fmt: skip
_CALL_COLUMNS = ("name", "periods", "without_ratio", "lean", "leaning", "amount", "corrected", "forecast")
_PLAN_COLUMNS = (
    "name",
    "opportunity_id",
    "account_id",
    "stage",
    "amount",
    "gain",
    "at_risk",
    "expected_close",
)


def pipeline_page(
    value: Pipeline,
    rates: pd.DataFrame,
    reliability: pd.DataFrame,
    outlook: pd.DataFrame,
    *,
    words: Words,
    year: Period,
    period: Period,
    repeat_months: int,
    open_part: OpenTarget | None = None,
    beyond: Decimal = Decimal(0),
) -> Page:
    """Say what the pipeline adds to the base forecast (forecast 4).

    Parameters
    ----------
    value : Pipeline
        What `kamlib.forecast.value_pipeline` made for the months of the year still to come.
    rates : pandas.DataFrame
        What `kamlib.forecast.learn_stage_rates` made.
    reliability : pandas.DataFrame
        What `kamlib.forecast.stage_reliability` made.
    outlook : pandas.DataFrame
        What `kamlib.forecast.outlook_by_month` made.
    words : Words
        Labels and sentences.
    year : Period
        The fiscal year.
    period : Period
        The period planned.
    repeat_months : int
        Months within which a buyer is in the base forecast.
    open_part : OpenTarget, optional
        What `kamlib.forecast.pipeline.open_target` made; None while the period has no target.
    beyond : Decimal
        What `kamlib.forecast.pipeline.beyond_base` made.
    """
    base = total_money(outlook["landing"])
    opened = value.opportunities
    table = _by_stage(opened, rates)
    if opened.empty:
        title = words("pipeline.title_none", base=words.money(base))
    else:
        title = words(
            "pipeline.title",
            weighted=words.money(total_money(opened["weighted"])),
            new=words.money(value.added),
            year=year,
            base=words.money(base),
        )
    notes = (
        words("pipeline.rule", months=repeat_months),
        _reliability(reliability, rates, words),
        _doubt(opened, beyond, words),
    )
    bars = pd.concat(
        [
            table[["stage"]].assign(
                name=words(f"pipeline.{c}"), amount=table[c], text=[words.money(v) for v in table[c]]
            )
            for c in ("amount", "weighted")
        ],
        ignore_index=True,
    )
    funnel = charts.funnel_chart(
        bars,
        table[["stage", "given_rate", "found_rate", "rate_low", "rate_high", "used_rate"]],
        words=words,
        native=NativeChart("bar", "stage", {"amount": "PY", "weighted": "AC"}, rows=len(table)),
    )
    inside = total_money(value.months["weighted"])
    return Page(
        id="forecast_4",
        title=title,
        subtitle=words("pipeline.subtitle", currency=words.money_unit, n=words.count(len(opened))),
        table=_known(table, _STAGE_COLUMNS, "found_rate"),
        figures=(funnel, *((charts.months_chart(value.months, words=words),) if inside else ())),
        sentences=()
        if opened.empty
        else (_range(value, words, year), _cover(value, open_part, words, period)),
        notes=notes,
        totals=("stage_opportunities", "amount", "weighted", "new_business"),
    )


def landing_sentence(value: Pipeline, landing: Landing, *, words: Words, repeat_months: int) -> str:
    """Say where the year lands with new business, for the page on the landing (forecast 1).

    Parameters
    ----------
    value, words, repeat_months
        As for `pipeline_page`.
    landing : Landing
        What `kamlib.forecast.outlook.land_with_new_business` made.
    """
    said = {
        "new": words.money(value.added),
        "total": words.money(landing.total),
        "months": repeat_months,
    }
    if landing.low_80 is None or landing.high_80 is None:
        return words("pipeline.landing_with", **said)
    ends = {"low": words.money(landing.low_80), "high": words.money(landing.high_80)}
    return words("pipeline.landing_with_range", **said, **ends)


def calls_page(
    judged: pd.DataFrame, compared: pd.DataFrame, reps: pd.DataFrame | None, *, words: Words, period: Period
) -> Page:
    """Say which reps submit too low or too high, and what that makes of the period (forecast 6).

    Parameters
    ----------
    judged : pandas.DataFrame
        What `kamlib.forecast.judge_rep_forecasts` made.
    compared : pandas.DataFrame
        What `kamlib.forecast.compare_rep_forecasts` made.
    reps : pandas.DataFrame or None
        One row per rep: rep_id, name.
    words : Words
        Labels and sentences.
    period : Period
        The period planned.
    """
    judged = judged.sort_values(["lean", "rep_id"], ignore_index=True)
    sums = {c: words.money(total_money(compared[s])) for c, s in
            (("submitted", "submitted"), ("corrected", "corrected"), ("model", "forecast"))}  # fmt: skip
    said = "pipeline.calls_sum" if len(compared) else "pipeline.calls_sum_none"
    now = compared.rename(columns={"submitted": "amount"})
    table = judged.drop(columns=["submitted", "actual"]).merge(
        now, on="rep_id", how="outer", suffixes=("", "_now"), sort=False
    )
    table["leaning"] = table["leaning"].fillna(table.pop("leaning_now"))
    counts = ["periods", "without_ratio"]
    table[counts] = table[counts].fillna(0)
    table = table.sort_values(["lean", "rep_id"], ignore_index=True)
    chance = [words("pipeline.calls_chance")]
    if zero := int(judged["without_ratio"].sum()):
        chance.append(words("pipeline.calls_zero", n=words.count(zero)))
    drawn = _named(judged, reps)
    native = NativeChart("bar", "name", {"lean": "AC"}, rows=len(judged))
    return Page(
        id="forecast_6",
        title=_calls_title(drawn, words),
        subtitle=words(
            "pipeline.calls_subtitle", few=words.count(int((table["leaning"] == "too_few").sum()))
        ),
        table=_known(_named(table, reps), _CALL_COLUMNS, "without_ratio"),
        figures=(charts.lean_chart(drawn, words=words, native=native),) if len(judged) else (),
        notes=(
            words(said, period=period, **(sums if len(compared) else {})),
            " ".join(chance),
            words("pipeline.calls_doubt"),
        ),
    )


def work_page(
    plan: pd.DataFrame, opened: pd.DataFrame, reps: pd.DataFrame | None, *, words: Words, per_rep: int
) -> Page:
    """List which opportunities to move this month, and what is at risk as it is overdue (forecast 5).

    Parameters
    ----------
    plan : pandas.DataFrame
        What `kamlib.forecast.plan_work` made.
    opened : pandas.DataFrame
        The open opportunities of `kamlib.forecast.value_pipeline`.
    reps : pandas.DataFrame or None
        One row per rep: rep_id, name.
    words : Words
        Labels and sentences.
    per_rep : int
        Opportunities per rep at most.
    """
    overdue = int((plan["reason"] == "overdue").sum())
    if plan.empty:
        title = words("pipeline.plan_title_none")
    else:
        title = words(
            _numbered("pipeline.plan_title", len(plan)),
            n=words.count(len(plan)),
            gain=words.money(total_money(plan["gain"])),
            overdue=words(_numbered("pipeline.plan_overdue", overdue), n=words.count(overdue)),
        )
    late = opened[opened["overdue"]]
    risk = words(
        "pipeline.plan_risk",
        n=words.count(len(late)),
        amount=words.money(total_money(late["amount"])),
        weighted=words.money(total_money(late["weighted"])),
    )
    return Page(
        id="forecast_5",
        title=title,
        subtitle=words("pipeline.plan_subtitle", per_rep=per_rep, currency=words.money_unit),
        table=_named(plan, reps)[list(_PLAN_COLUMNS)],
        notes=(risk, words("pipeline.plan_note")),
        totals=("amount", "gain", "at_risk"),
        folded=False,
    )


def _known(table: pd.DataFrame, columns: tuple[str, ...], column: str) -> pd.DataFrame:
    """Keep the columns a page has room for, the one named only where it says anything."""
    says = bool((table[column].fillna(0) != 0).any())
    return table[[name for name in columns if says or name != column]]


def _numbered(key: str, number: int) -> str:
    """Return the key of the sentence for none, one or more."""
    return key + ("_none" if number == 0 else "_one" if number == 1 else "")


def _calls_title(judged: pd.DataFrame, words: Words) -> str:
    """Say who is off, who is surely not, and of how many others neither is proven."""
    count = judged["leaning"].value_counts()
    near, open_ones = int(count.get("within_a_tenth", 0)), int(count.get("no_clear_lean", 0))
    leaning = judged[judged["leaning"].isin(["sandbags", "happy_ears"])]
    if leaning.empty and not near + open_ones:
        return words("pipeline.calls_title_few")
    names = [
        words("pipeline.calls_lean", name=name, lean=words.signed_percent(lean))
        for name, lean in zip(leaning["name"], leaning["lean"], strict=True)
    ]
    parts = [
        words("pipeline.calls_off", names=words("forecast.and").join(names))
        if names
        else words("pipeline.calls_off_none")
    ]
    for key, number in (("near", near), ("unproven", open_ones)):
        if number:
            parts.append(words(f"pipeline.calls_{key}", n=words.count(number)))
    if not near + open_ones:
        parts.append(words("pipeline.calls_no_other"))
    return words("pipeline.calls_part").join(parts)


def _doubt(opened: pd.DataFrame, beyond: Decimal, words: Words) -> str:
    """Say what to doubt of the pipeline: deals open for too long, and large orders of small buyers."""
    told = [words("pipeline.doubt")]
    old = opened[opened["open_too_long"]]
    if len(old):
        told.append(
            words(
                "pipeline.doubt_old",
                n=words.count(len(old)),
                amount=words.money(total_money(old["amount"])),
                weighted=words.money(total_money(old["weighted"])),
            )
        )
    if beyond > 0:
        told.append(words("pipeline.doubt_beyond", beyond=words.money(beyond)))
    return " ".join(told)


def _range(value: Pipeline, words: Words, year: Period) -> str:
    """Say what may close by the end of the year, with its range, and what of it is new."""
    ends = {
        "all_low": value.weighted_low_80,
        "all_high": value.weighted_high_80,
        "low": value.low_80,
        "high": value.high_80,
    }
    return words(
        "pipeline.range",
        year=year,
        inside=words.money(total_money(value.months["weighted"])),
        new=words.money(value.added),
        **{name: words.money(end) for name, end in ends.items()},
    )


def _cover(value: Pipeline, open_part: OpenTarget | None, words: Words, period: Period) -> str:
    """Say how far new business of the period covers what is open of its target."""
    if open_part is None:
        return words("pipeline.cover_none", period=period)
    within = value.months["period"].isin([str(month) for month in period.months()])
    new = total_money(value.months.loc[within, "new_business"])
    said = {"period": period, "target": words.money(open_part.target), "new": words.money(new)}
    if open_part.open <= 0:
        return words("pipeline.cover_reached", **said)
    share = words.percent(float(new / open_part.open))
    return words("pipeline.cover", open=words.money(open_part.open), share=share, **said)


def _by_stage(opened: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Sum the open opportunities by stage, beside the stage's win rates."""
    columns = ["amount", "weighted", "new_business"]
    sums = sum_money(opened, ["stage"], columns)
    counts = opened.groupby("stage").size().rename("stage_opportunities").reset_index()
    table = rates.merge(counts, on="stage", how="left").merge(sums, on="stage", how="left")
    table["stage_opportunities"] = table["stage_opportunities"].fillna(0).astype("Int64")
    zero = to_money([0])[0]
    for column in columns:
        table[column] = table[column].fillna(zero)
    return table[["stage", "stage_opportunities", *columns, *rates.columns.drop("stage")]]


def _reliability(reliability: pd.DataFrame, rates: pd.DataFrame, words: Words) -> str:
    if (rates["rate_source"] == "not_replayable").all():
        return words("pipeline.reliability_none")
    if reliability.empty:
        return words("pipeline.reliability_young")
    stages = [
        words("pipeline.reliability_stage", stage=row.stage, said=words.percent(row.given_rate),
              found=words.percent(row.found_rate), n=words.count(int(row.cases)))
        for row in reliability.itertuples()
    ]  # fmt: skip
    found = words("pipeline.reliability", stages=words("forecast.and").join(stages))
    return f"{found} {words('pipeline.rates_differ')}"


def _named(table: pd.DataFrame, reps: pd.DataFrame | None) -> pd.DataFrame:
    """Put the rep's name in place of the id: the id where there is none, and beside it where two share it."""
    names = {} if reps is None else dict(zip(reps["rep_id"], reps["name"], strict=True))
    shared = {name for name, count in Counter(names.values()).items() if count > 1}
    told = []
    for rep in table["rep_id"]:
        name = names.get(rep)
        told.append(rep if name is None or pd.isna(name) else f"{name} ({rep})" if name in shared else name)
    result = table.drop(columns="rep_id")
    result.insert(0, "name", pd.Series(told, index=table.index, dtype="str"))
    return result
