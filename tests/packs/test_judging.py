"""What a case asks of its reps: targets of each KPI's own months, none that nothing can be set against."""

import pandas as pd
import pytest

from kamlib.appraisal.kpi import Kpi, ScorecardParams
from kamlib.errors import BookError
from kamlib.measures.money import to_money
from kamlib.packs.judging import case_of, measure_case
from kamlib.runs import Run
from kamlib.runs.run import write_table

MONTHS = [str(m) for m in pd.period_range("2024-01", "2025-12", freq="M")]


def a_run(folder, targets):
    """Write the tables of a book by hand: R sells 10 a month."""
    tables = {
        "cube": pd.DataFrame({"account_id": "A", "product_line": "p", "rep_id": "R", "month": MONTHS,
                              "revenue": to_money([100_000] * 24)}),
        "accounts": pd.DataFrame({"account_id": ["A"], "rep_id": ["R"], "status": ["active"]}),
        "targets": pd.DataFrame(targets, columns=["period", "measure", "rep_id", "target"]),
    }  # fmt: skip
    for name, table in tables.items():
        write_table(table, folder / "book" / f"{name}.parquet")
    facts = {"pack": "appraisal", "period": "2025Q4", "as_of": "2026-01-01", "seed": 1, "lang": "en",
             "book": {"fiscal_year_start": 1, "currency": "CNY", "name": "B"}, "parameters": {}}  # fmt: skip
    return Run(folder, facts)


def planned(**more):
    return Kpi(measure="target_attainment", weight=1.0, perspective="financial", target="plan", **more)


QUARTERS = [(f"2025Q{q}", "revenue", "R", 10.0 * q) for q in range(1, 5)]


@pytest.mark.parametrize(("trailing", "asked", "attained"), [(False, 40.0, 0.75), (True, 100.0, 1.2)])
def test_a_planned_target_is_of_the_months_that_the_kpi_judges(tmp_path, trailing, asked, attained):
    params = ScorecardParams(kpis=(planned(trailing_year=trailing),))
    found = measure_case(case_of(a_run(tmp_path, QUARTERS), params)).scores
    assert found[["kpi_target", "attainment"]].values.tolist() == [[asked, pytest.approx(attained)]]


def test_a_target_of_zero_is_refused_with_its_months_and_only_for_who_is_judged(tmp_path):
    rows = [*QUARTERS[:3], ("2025Q4", "revenue", "R", 0.0), ("2025Q4", "revenue", "gone", 0.0)]
    case = case_of(a_run(tmp_path, rows), ScorecardParams(kpis=(planned(),)))
    with pytest.raises(BookError, match=r"0 for rep R, .* 2025-10 to 2025-12 \(1 such\)"):
        _ = case.asked


@pytest.mark.parametrize(("period", "asked"), [("2025Q4", 30.0), ("2025", 120.0), ("2025-12", 10.0)])
def test_a_fixed_sum_is_a_years_and_a_period_gets_its_part(tmp_path, period, asked):
    run = a_run(tmp_path, QUARTERS)
    run.facts["period"] = period
    fixed = planned().model_copy(update={"target": "fixed", "value": 120.0})
    found = measure_case(case_of(run, ScorecardParams(kpis=(fixed,)))).scores
    assert found[["kpi_target", "attainment"]].values.tolist() == [[asked, pytest.approx(1.0)]]
