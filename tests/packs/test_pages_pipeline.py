from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import ParameterError
from kamlib.forecast import PipelineParams, learn_stage_rates, plan_work
from kamlib.forecast.outlook import land_with_new_business
from kamlib.forecast.pipeline import OpenTarget, Pipeline
from kamlib.glossary import Words
from kamlib.measures.money import to_money, total_money
from kamlib.packs.cells import table_columns
from kamlib.packs.page import Page
from kamlib.packs.pages_pipeline import calls_page, landing_sentence, pipeline_page, work_page
from kamlib.periods import parse_period
from kamlib.runs import Run, open_run
from tests.forecast.test_pipeline import AS_OF, STAGES, opened, value


def page_of(run: Run, found: Pipeline, lang: str = "en", open_part: OpenTarget | None = None) -> Page:
    return pipeline_page(
        found,
        run.load("pipeline_stages"),
        run.load("pipeline_reliability"),
        run.load("outlook_months"),
        words=Words(lang, "EUR"),
        year=run.period.year(),
        period=run.period,
        repeat_months=12,
        open_part=open_part,
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_page_is_whole_in_both_languages(demo_run: Path, lang: str) -> None:
    run, words = open_run(demo_run), Words(lang, "EUR")
    pages = [
        page_of(run, value(opened(("C", "Bikes", "30", 100, "2026-02-20"))), lang),
        work_page(
            run.load("work_plan"),
            run.load("pipeline_opportunities"),
            run.load("reps"),
            words=words,
            per_rep=5,
        ),
        calls_page(
            run.load("rep_forecast_leans"),
            run.load("rep_forecasts_compared"),
            run.load("reps"),
            words=words,
            period=run.period,
        ),
    ]
    assert [page.id for page in pages] == ["forecast_4", "forecast_5", "forecast_6"]
    for page in pages:
        assert "{" not in page.title + page.subtitle + "".join(page.notes)
        assert len(page.notes) <= 3
        assert [column.label for column in table_columns(page, words)]
        assert all(figure.svg.startswith("<svg") for figure in page.figures)


def test_stages_add_up_to_the_pipeline(demo_run: Path) -> None:
    run = open_run(demo_run)
    found = value(
        opened(("C", "Bikes", "30", 100, "2026-02-20"), ("A", "Bikes", "50", 50, "2026-02-20")),
    )
    table = page_of(run, found).table.set_index("stage")
    assert table["stage_opportunities"].tolist() == [0, 1, 1, 0, 0]
    assert total_money(table["weighted"]) == total_money(found.opportunities["weighted"]) == 55
    assert total_money(table["new_business"]) == total_money(found.months["new_business"]) == 30


def test_an_empty_pipeline_says_so(demo_run: Path) -> None:
    found = value(opened(("C", "Bikes", "30", 100, "2026-02-20")).assign(outcome="lost"))
    assert page_of(open_run(demo_run), found).title.startswith("No opportunity is open")


def plan_of(*rows: tuple[str, str, str]) -> Page:
    """The work page of opportunities, each of a rep, stage and expected day."""
    table = opened(*[("C", "Bikes", stage, 100, day) for _, stage, day in rows])
    table["rep_id"] = [rep for rep, _, _ in rows]
    rates = learn_stage_rates(table, None, stages=STAGES, as_of=AS_OF, params=PipelineParams())
    plan = plan_work(table, rates, as_of=AS_OF, per_rep=1)
    return work_page(plan, value(table).opportunities, None, words=Words("en", "EUR"), per_rep=1)


def test_one_opportunity_is_no_plural() -> None:
    page = plan_of(("R1", "30", "2025-12-01"))
    assert page.table["name"].tolist() == ["R1"]
    assert page.title == "Moving one opportunity one stage on this month is worth 20.0; one is overdue"
    page = plan_of(("R1", "30", "2026-02-01"), ("R2", "30", "2026-02-01"))
    assert page.title == "Moving 2 opportunities one stage on this month is worth 40.0; none is overdue"


def test_what_is_at_risk_counts_overdue_ones_beyond_the_plan() -> None:
    page = plan_of(("R1", "30", "2025-12-01"), ("R1", "50", "2025-12-01"), ("R1", "50", "2026-02-01"))
    assert len(page.table) == 1
    assert page.notes[0].startswith(
        "Open opportunities past the day they were expected to close: 2, with 200, weighted 80.0."
    )


def judged_as(*leanings: str) -> pd.DataFrame:
    lean = {
        "sandbags": -0.3,
        "happy_ears": 0.3,
        "no_clear_lean": 0.01,
        "within_a_tenth": 0.0,
        "too_few": float("nan"),
    }
    ends = [lean[name] for name in leanings]
    return pd.DataFrame(
        {
            "rep_id": pd.Series([f"R{i}" for i in range(len(leanings))], dtype="str"),
            "periods": pd.Series([1 if name == "too_few" else 8 for name in leanings], dtype="Int64"),
            "without_ratio": pd.Series([0] * len(leanings), dtype="Int64"),
            "submitted": to_money([1] * len(leanings)),
            "actual": to_money([1] * len(leanings)),
            "lean": pd.Series(ends, dtype="float64"),
            "lean_low": pd.Series(ends, dtype="float64"),
            "lean_high": pd.Series(ends, dtype="float64"),
            "wape": pd.Series([0.1] * len(leanings), dtype="float64"),
            "leaning": pd.Series(leanings, dtype="str"),
        }
    )


def calls_of(*leanings: str, now: tuple[str, ...] = ()) -> Page:
    money = to_money([10_000] * len(now))
    compared = pd.DataFrame({"rep_id": pd.Series(now, dtype="str"), "leaning": "too_few"})
    compared = compared.assign(submitted=money, corrected=money, forecast=money, gap_to_model=money)
    words = Words("en", "EUR")
    return calls_page(judged_as(*leanings), compared, None, words=words, period=parse_period("2026Q1"))


@pytest.mark.parametrize(
    ("leanings", "title", "few"),
    [
        ((), "Too few submissions to judge any rep by: it takes four periods that are over", 0),
        (("too_few",) * 3, "Too few submissions to judge any rep by: it takes four periods that are over", 3),
        (("no_clear_lean", "too_few"), "No rep is proven to be off by a tenth or more; no lean proven, and none ruled out: 1", 1),
        (("no_clear_lean", "within_a_tenth", "within_a_tenth", "too_few"), "No rep is proven to be off by a tenth or more; surely off by less than a tenth: 2; no lean proven, and none ruled out: 1", 1),
        (("sandbags", "too_few"), "Off by a tenth or more: R0 (-30.0 %); no other rep has submitted often enough to be judged", 1),
        (("sandbags", "within_a_tenth", "too_few"), "Off by a tenth or more: R0 (-30.0 %); surely off by less than a tenth: 1", 1),
        (("sandbags", "no_clear_lean", "no_clear_lean", "happy_ears"), "Off by a tenth or more: R0 (-30.0 %), R3 (+30.0 %); no lean proven, and none ruled out: 2", 0),
    ],
)  # fmt: skip
def test_who_cannot_be_judged_is_not_taken_at_their_word(
    leanings: tuple[str, ...], title: str, few: int
) -> None:
    page = calls_of(*leanings)
    assert page.title == title
    assert page.subtitle.endswith(f"too few periods to judge: {few}")


def test_who_submits_for_the_first_time_stands_in_the_table() -> None:
    page = calls_of("no_clear_lean", now=("R0", "R9"))
    assert page.table["name"].tolist() == ["R0", "R9"]
    assert page.table["leaning"].tolist() == ["no_clear_lean", "too_few"]
    assert page.table["periods"].tolist() == [8, 0]
    assert "2 reps" not in page.title


def test_periods_without_a_ratio_are_told() -> None:
    judged = judged_as("no_clear_lean", "no_clear_lean")
    assert "without_ratio" not in calls_of("no_clear_lean").table
    judged["without_ratio"] = pd.Series([0, 3], dtype="Int64")
    none = pd.DataFrame(
        {
            column: pd.Series(dtype="str")
            for column in ("rep_id", "leaning", "submitted", "corrected", "forecast", "gap_to_model")
        }
    )
    page = calls_page(judged, none, None, words=Words("en", "EUR"), period=parse_period("2026Q1"))
    assert page.table["without_ratio"].tolist() == [0, 3]
    assert "submitted nothing or sold nothing: 3;" in page.notes[1]


def test_reps_of_one_name_are_told_apart() -> None:
    reps = pd.DataFrame({"rep_id": ["R0", "R1", "R2"], "name": ["Li", "Li", None]})
    page = calls_page(
        judged_as(*["no_clear_lean"] * 3), compared=pd.DataFrame(columns=["rep_id", "submitted", "corrected",
        "forecast", "gap_to_model", "leaning"]).astype(dict.fromkeys(["rep_id", "leaning"], "str")),
        reps=reps, words=Words("en", "EUR"), period=parse_period("2026Q1"),
    )  # fmt: skip
    assert page.table["name"].tolist() == ["Li (R0)", "Li (R1)", "R2"]


@pytest.mark.parametrize(
    ("open_part", "said"),
    [
        (None, "No target of the whole company holds for 2026Q1 yet, in the book or adopted: chapter 3"),
        (OpenTarget(Decimal(500), Decimal(60)), "Of the target of 500 that holds for 2026Q1, in the book or adopted, 60.0 is open after what is booked and forecast; new business of 30.0 in 2026Q1 covers 50.0 % of that."),
        (OpenTarget(Decimal(500), Decimal(-1)), "What is booked and forecast reaches the target of 500 for 2026Q1 without the pipeline"),
    ],
)  # fmt: skip
def test_new_business_is_measured_by_what_is_open_of_the_target(
    demo_run: Path, open_part: OpenTarget | None, said: str
) -> None:
    found = value(opened(("C", "Bikes", "30", 100, "2026-02-20"), ("C", "Bikes", "30", 100, "2026-08-20")))
    page = page_of(open_run(demo_run), found, open_part=open_part)
    assert page.sentences[1].startswith(said)
    assert page.sentences[0].startswith("By the end of 2026, 60.0 weighted may close")


def test_without_dated_history_the_page_says_so(demo_run: Path) -> None:
    run, found = open_run(demo_run), value(opened(("C", "Bikes", "30", 100, "2026-02-20")))
    rates = learn_stage_rates(found.opportunities, None, stages=STAGES, as_of=AS_OF, params=PipelineParams())
    page = pipeline_page(
        found, rates, run.load("pipeline_reliability").head(0), run.load("outlook_months"),
        words=Words("en", "EUR"), year=run.period.year(), period=run.period, repeat_months=12,
    )  # fmt: skip
    assert page.notes[1].startswith("Not replayable, default used")
    source = next(c for c in table_columns(page, Words("en")) if c.name == "rate_source")
    assert set(source.values) == {"not replayable, default used"}


def test_the_landing_is_told_with_new_business_and_the_range_of_both() -> None:
    found = value(opened(("C", "Bikes", "30", 1_000_000, "2026-02-20")))
    outlook = pd.DataFrame({"landing": to_money([20_000_000_000]), "actual": to_money([5_000_000_000])})
    # what is still to come is 1.5 M on each path, and a million more on three of ten
    company = np.full((3, 2000), 500_000.0)
    landing = land_with_new_business(outlook, found, company)
    assert (landing.total, landing.low_80, landing.high_80) == (Decimal(2_300_000), 2_000_000.0, 3_000_000.0)
    said = landing_sentence(found, landing, words=Words("en", "EUR"), repeat_months=12)
    assert said.startswith(
        "With new business from the pipeline, 300 k weighted, the year lands at 2.30 M, with a probability of "
        "80 % between 2.00 M and 3.00 M."
    )
    alone = land_with_new_business(outlook, found, None)
    said = landing_sentence(found, alone, words=Words("en", "EUR"), repeat_months=12)
    assert said.startswith(
        "With new business from the pipeline, 300 k weighted, the year lands at 2.30 M. No"
    )
    with pytest.raises(ParameterError, match="the forecast has 1000, the pipeline 2000"):
        land_with_new_business(outlook, found, company[:, :1000])


def test_deals_open_for_too_long_and_large_orders_of_small_buyers_are_doubted(demo_run: Path) -> None:
    run, found = open_run(demo_run), value(opened(("C", "Bikes", "30", 100, "2026-02-20")))
    old = replace(found, opportunities=found.opportunities.assign(open_too_long=True))
    page = pipeline_page(
        old, run.load("pipeline_stages"), run.load("pipeline_reliability"), run.load("outlook_months"),
        words=Words("en", "EUR"), year=run.period.year(), period=run.period, repeat_months=12,
        beyond=Decimal(70),
    )  # fmt: skip
    assert "Open for longer than nine of ten won ones took: 1, with 100, weighted 30.0;" in page.notes[2]
    assert "70.0 weighted is more than it says of the same accounts" in page.notes[2]
    assert "Open for longer" not in page_of(run, found).notes[2]
