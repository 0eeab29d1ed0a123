"""Pages of chapter 2 on the pipeline: what it adds, whose word holds, what to move this month."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from kamlib.charts import pipeline as charts
from kamlib.charts.figure import NativeChart
from kamlib.forecast.pipeline import Pipeline
from kamlib.glossary import Words
from kamlib.measures.money import sum_money, to_money, total_money
from kamlib.packs.page import Page
from kamlib.periods import Period


def pipeline_page(
    value: Pipeline,
    rates: pd.DataFrame,
    reliability: pd.DataFrame,
    outlook: pd.DataFrame,
    *,
    words: Words,
    year: Period,
    repeat_months: int,
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
    repeat_months : int
        Months within which a buyer is in the base forecast.
    """
    base = total_money(outlook["landing"])
    new, inside = total_money(value.months["new_business"]), total_money(value.months["weighted"])
    opened = value.opportunities
    table = _by_stage(opened, rates)
    if opened.empty:
        title = words("pipeline.title_none", base=words.money(base))
    else:
        title = words(
            "pipeline.title",
            weighted=words.money(total_money(opened["weighted"])),
            new=words.money(new),
            year=year,
            base=words.money(base),
        )
    notes = (
        words("pipeline.rule", months=repeat_months, year=year,
              low=words.money(Decimal(str(round(value.low_80, 4)))),
              high=words.money(Decimal(str(round(value.high_80, 4))))),
        _reliability(reliability, words),
        words("pipeline.doubt"),
    )  # fmt: skip
    bars = pd.concat(
        [
            table[["stage"]].assign(
                name=words(f"pipeline.{c}"), amount=table[c], text=[words.money(v) for v in table[c]]
            )
            for c in ("amount", "weighted")
        ],
        ignore_index=True,
    )
    figure = charts.funnel_chart(
        bars,
        table[["stage", "given_rate", "found_rate", "rate_low", "rate_high", "used_rate"]],
        words=words,
        native=NativeChart("bar", "stage", {"amount": "PY", "weighted": "AC"}, rows=len(table)),
    )
    return Page(
        id="forecast_4",
        title=title,
        subtitle=words("pipeline.subtitle", currency=words.currency, n=words.count(len(opened)), year=year,
                       inside=words.money(inside)),
        table=table,
        figures=(figure,),
        notes=notes,
        totals=("stage_opportunities", "amount", "weighted", "new_business"),
    )  # fmt: skip


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
    judged = _named(judged, reps).sort_values("lean", kind="stable", ignore_index=True)
    leaning = judged[judged["leaning"].isin(["sandbags", "happy_ears"])]
    if leaning.empty:
        title = words("pipeline.calls_title_none")
    else:
        names = [words("pipeline.calls_lean", name=name, lean=words.signed_percent(lean))
                 for name, lean in zip(leaning["name"], leaning["lean"], strict=True)]  # fmt: skip
        joined = words("forecast.and").join(names)
        title = words("pipeline.calls_title", names=joined, n=words.count(len(judged) - len(leaning)))
    sums = {c: words.money(total_money(compared[s])) for c, s in
            (("submitted", "submitted"), ("corrected", "corrected"), ("model", "forecast"))}  # fmt: skip
    said = "pipeline.calls_sum" if len(compared) else "pipeline.calls_sum_none"
    now = compared.drop(columns="leaning").rename(columns={"submitted": "amount"})
    table = judged.drop(columns=["submitted", "actual"]).merge(now, on="rep_id", how="left")
    native = NativeChart("bar", "name", {"lean": "AC"}, rows=len(judged))
    return Page(
        id="forecast_6",
        title=title,
        subtitle=words("pipeline.calls_subtitle"),
        table=table,
        figures=(charts.lean_chart(judged, words=words, native=native),),
        notes=(
            words(said, period=period, **(sums if len(compared) else {})),
            words("pipeline.calls_chance"),
            words("pipeline.calls_doubt"),
        ),
    )


def work_page(plan: pd.DataFrame, reps: pd.DataFrame | None, *, words: Words, per_rep: int) -> Page:
    """List which opportunities to move this month (forecast 5).

    Parameters
    ----------
    plan : pandas.DataFrame
        What `kamlib.forecast.plan_work` made.
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
        gain = words.money(total_money(plan["gain"]))
        title = words(
            "pipeline.plan_title", n=words.count(len(plan)), gain=gain, overdue=words.count(overdue)
        )
    return Page(
        id="forecast_5",
        title=title,
        subtitle=words("pipeline.plan_subtitle", per_rep=per_rep, currency=words.currency),
        table=_named(plan, reps),
        notes=(words("pipeline.plan_note"),),
        totals=("amount", "gain"),
        folded=False,
    )


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


def _reliability(reliability: pd.DataFrame, words: Words) -> str:
    if reliability.empty:
        return words("pipeline.reliability_none")
    stages = [
        words("pipeline.reliability_stage", stage=row.stage, said=words.percent(row.given_rate),
              found=words.percent(row.found_rate), n=words.count(int(row.cases)))
        for row in reliability.itertuples()
    ]  # fmt: skip
    return words("pipeline.reliability", stages=words("forecast.and").join(stages))


def _named(table: pd.DataFrame, reps: pd.DataFrame | None) -> pd.DataFrame:
    """Put the rep's name after the id; the id again where there is none."""
    names = None if reps is None else reps.set_index("rep_id")["name"]
    name = table["rep_id"] if names is None else table["rep_id"].map(names).fillna(table["rep_id"])
    result = table.copy()
    result.insert(1, "name", name.astype("str"))
    return result
