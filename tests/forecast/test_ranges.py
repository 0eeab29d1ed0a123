from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import kamlib.forecast.ranges as module
from kamlib.forecast import (
    ForecastParams,
    forecast_ranges,
    forecast_sales,
    range_coverage,
    replay_sales,
)
from kamlib.forecast.ranges import Ranges
from kamlib.forecast.replay import PastForecasts
from kamlib.measures.money import as_float, to_money, total_money

AS_OF, UNTIL = dt.date(2026, 1, 1), dt.date(2026, 4, 1)
MONTHS = [f"{year}-{month:02d}" for year in (2022, 2023, 2024, 2025) for month in range(1, 13)]
N = 30
ACCOUNTS = pd.DataFrame(
    {
        "account_id": [f"A{i:02d}" for i in range(N)],
        "region": ["North", "South"] * (N // 2),
        "account_type": "T",
        "rep_id": [f"R{i % 5}" for i in range(N)],
        "status": ["active"] * (N - 1) + ["closed"],
    }
)
PARAMS = ForecastParams(paths=400)


def cube(noise: float, months: list[str] = MONTHS, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = 1000 * np.exp(noise * rng.standard_normal((N, len(months))))
    table = pd.DataFrame(
        {
            "account_id": np.repeat(ACCOUNTS["account_id"], len(months)).to_numpy(),
            "product_line": "Bikes",
            "month": np.tile(months, N),
        }
    )
    return table.assign(revenue=to_money(np.rint(values.ravel() * 10_000).astype(np.int64)))


@pytest.fixture(scope="module")
def noisy() -> PastForecasts:
    return replay_sales(cube(0.3), ACCOUNTS, as_of=AS_OF, until=UNTIL, params=PARAMS)


def ranges(table: pd.DataFrame, seed: int = 1, past: PastForecasts | None = None) -> Ranges:
    past = past or replay_sales(table, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=PARAMS)
    made = forecast_sales(table, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=PARAMS, past=past)
    return forecast_ranges(made, ACCOUNTS, past, params=PARAMS, seed=seed)


def test_what_never_errs_has_no_width() -> None:
    found = ranges(cube(0.0))
    table = found.forecast
    np.testing.assert_allclose(as_float(table["low_80"]), as_float(table["forecast"]), atol=1e-3)
    np.testing.assert_allclose(as_float(table["high_80"]), as_float(table["forecast"]), atol=1e-3)
    company = found.totals.iloc[0]
    assert company["forecast"] == total_money(table.loc[table["level"] == "company", "forecast"])
    assert company["origins"] == 12


def test_a_closed_account_is_surely_nothing(noisy: PastForecasts) -> None:
    table = ranges(cube(0.3), past=noisy).forecast
    rows = table[table["account_id"] == f"A{N - 1:02d}"]
    assert len(rows) == 6
    assert (rows[["forecast", "low_80", "high_80"]].astype("float64") == 0).all().all()


def test_independent_accounts_offset_each_other() -> None:
    ratios = []
    for seed in range(5):
        totals = ranges(cube(0.3, seed=seed)).totals
        width = as_float(totals["high_80"]) - as_float(totals["low_80"])
        ratios.append(width[0] / width[(totals["level"] == "account").to_numpy()][:-1].mean())
    # equal and independent accounts: the company's range is about sqrt(29) of one account's, not 29 of them;
    # a dozen overlapping blocks of one book tell a spread to about a third, five books to about a sixth
    assert np.mean(ratios) == pytest.approx(np.sqrt(N - 1), rel=1 / 3)


def test_the_sum_of_months_is_narrower_than_its_months_together(noisy: PastForecasts) -> None:
    found = ranges(cube(0.3), past=noisy)
    months = found.forecast[found.forecast["level"] == "company"]
    together = (as_float(months["high_80"]) - as_float(months["low_80"])).sum()
    company = found.totals.iloc[0]
    assert float(company["high_80"] - company["low_80"]) < together


def test_the_same_seed_gives_the_same_ranges(noisy: PastForecasts) -> None:
    table = cube(0.3)
    first, again, other = ranges(table, past=noisy), ranges(table), ranges(table, seed=2, past=noisy)
    pd.testing.assert_frame_equal(first.forecast, again.forecast)
    pd.testing.assert_frame_equal(first.totals, again.totals)
    assert (first.totals["low_80"] != other.totals["low_80"]).any()


def test_too_short_a_history_has_no_range() -> None:
    found = ranges(cube(0.3, MONTHS[36:]))
    assert found.forecast["low_80"].isna().all()
    assert found.totals["high_80"].isna().all()
    assert found.totals["origins"].eq(0).all()


def test_coverage_of_pure_noise_is_near_what_was_said(noisy: PastForecasts) -> None:
    table = range_coverage(noisy, params=PARAMS, seed=1).set_index("level")
    assert table["coverage_said"].eq(0.8).all()
    # of the four judged dates the first has no errors before it
    assert (table.loc["company", "cases"], table.loc["account", "cases"]) == (3, 3 * N)
    # 90 cases: two standard errors either side of 80 %, and ranges are wide by design where blocks are few
    assert 0.72 <= table.loc["account", "coverage_found"] <= 0.97


def test_coverage_cannot_be_found_in_a_short_history() -> None:
    past = replay_sales(cube(0.3, MONTHS[36:]), ACCOUNTS, as_of=AS_OF, until=UNTIL, params=PARAMS)
    table = range_coverage(past, params=PARAMS, seed=1)
    assert table.empty
    assert list(table.columns) == ["level", "coverage_said", "coverage_found", "cases", "origins"]


def test_of_many_keys_every_third_is_judged(monkeypatch: pytest.MonkeyPatch, noisy: PastForecasts) -> None:
    monkeypatch.setattr(module, "_JUDGED", 10)
    table = range_coverage(noisy, params=PARAMS, seed=1).set_index("level")
    dates = table["origins"].iloc[0]
    # 30 accounts, of which 10; 5 reps and 2 regions, all of them
    assert table["cases"].to_dict() == {
        "company": dates,
        "region": 2 * dates,
        "rep": 5 * dates,
        "account_type": dates,
        "product_line": dates,
        "account": 10 * dates,
        "account_line": 10 * dates,
    }
    monkeypatch.setattr(module, "_JUDGED", 30)
    every = range_coverage(noisy, params=PARAMS, seed=1).set_index("level")
    same = ["company", "region", "rep", "account_type", "product_line"]
    pd.testing.assert_frame_equal(table.loc[same], every.loc[same])
    assert every.loc["account", "cases"] == 30 * dates


def test_running_sums_end_at_the_range_of_the_total() -> None:
    params = ForecastParams(paths=300)
    sales = cube(0.2, MONTHS)
    past = replay_sales(sales, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=params)
    made = forecast_sales(sales, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=params, past=past)
    found = forecast_ranges(made, ACCOUNTS, past, params=params, seed=1)
    last, total = found.running.iloc[-1], found.totals[found.totals["level"] == "company"].iloc[0]
    assert (
        last[["forecast", "low_80", "high_80"]].tolist() == total[["forecast", "low_80", "high_80"]].tolist()
    )
    width = (found.running["high_80"] - found.running["low_80"]).astype(float)
    assert width.is_monotonic_increasing
