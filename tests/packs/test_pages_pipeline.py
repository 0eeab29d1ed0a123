from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kamlib.forecast.pipeline import Pipeline
from kamlib.glossary import Words
from kamlib.measures.money import total_money
from kamlib.packs.cells import table_columns
from kamlib.packs.pages_pipeline import calls_page, pipeline_page, work_page
from kamlib.runs import Run, open_run
from tests.forecast.test_pipeline import opened, value


def page_of(run: Run, found: Pipeline, lang: str = "en"):  # type: ignore[no-untyped-def]
    return pipeline_page(
        found,
        run.load("pipeline_stages"),
        run.load("pipeline_reliability"),
        run.load("outlook_months"),
        words=Words(lang, "EUR"),
        year=run.period.year(),
        repeat_months=12,
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_page_is_whole_in_both_languages(demo_run: Path, lang: str) -> None:
    run, words = open_run(demo_run), Words(lang, "EUR")
    pages = [
        page_of(run, value(opened(("C", "Bikes", "30", 100, "2026-02-20"))), lang),
        work_page(run.load("work_plan"), run.load("reps"), words=words, per_rep=5),
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


def test_without_reps_names_the_id_stands() -> None:
    plan = pd.DataFrame({"rep_id": ["R1"], "reason": ["overdue"], "gain": found_gain()})
    page = work_page(plan, None, words=Words("en", "EUR"), per_rep=5)
    assert page.table["name"].tolist() == ["R1"]
    assert page.title == "Moving 1 opportunities one stage on this month is worth 30.0; 1 of them are overdue"


def found_gain() -> pd.Series:
    return value(opened(("C", "Bikes", "30", 100, "2026-02-20"))).opportunities["weighted"]
