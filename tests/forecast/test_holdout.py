from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from kamlib.forecast import ForecastParams, accuracy_on_holdout
from kamlib.forecast.sales_history import LEVELS
from kamlib.measures.accuracy import bias, mase, rmsse, wape
from kamlib.measures.money import to_money

AS_OF = dt.date(2026, 1, 1)
MONTHS = [f"{year}-{month:02d}" for year in (2022, 2023, 2024, 2025) for month in range(1, 13)]
ACCOUNTS = pd.DataFrame(
    {"account_id": ["A", "B"], "region": ["N", "S"], "account_type": "T", "rep_id": ["R1", "R2"]}
)
NAIVE = ForecastParams(method="seasonal_naive", history_months=36, holdout_months=6, holdout_step=6)


def cube(**sales: dict[str, float]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {"account_id": a, "product_line": "Bikes", "month": list(v), "revenue": list(v.values())}
        )
        for a, v in sales.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(revenue=to_money((table["revenue"] * 10_000).round().astype("int64")))


def year(level: float, which: str) -> dict[str, float]:
    return {m: level + i for i, m in enumerate(MONTHS) if m.startswith(which)}


STEADY = {m: 100.0 + 12 * (i // 12) for i, m in enumerate(MONTHS)}


def pooled(table: pd.DataFrame, level: str) -> pd.Series:
    return table[table["origin"].isna() & table["horizon"].isna() & (table["level"] == level)].iloc[0]


def test_errors_of_seasonal_naive_by_hand() -> None:
    # each year sells 12 a month more than the last: seasonal naive is 12 too low throughout
    table = accuracy_on_holdout(cube(A=STEADY), ACCOUNTS, as_of=AS_OF, params=NAIVE)
    row = pooled(table, "company")
    assert (row["origins"], row["series"]) == (1, 1)
    assert (row["actual"], row["forecast"]) == (6 * 136, 6 * 124)
    assert row["wape"] == pytest.approx(12 / 136)
    assert row["bias"] == pytest.approx(-12 / 136)
    assert row["mase"] == pytest.approx(1.0)
    assert row["rmsse"] == pytest.approx(1.0)
    assert table["origin"].dropna().unique().tolist() == ["2025-07"]
    assert table["horizon"].dropna().unique().tolist() == [1, 2, 3, 4, 5, 6]


def test_rows_agree_with_the_measures() -> None:
    sales = {m: 100.0 + 7 * (i % 5) + i for i, m in enumerate(MONTHS)}
    table = accuracy_on_holdout(cube(A=sales), ACCOUNTS, as_of=AS_OF, params=NAIVE)
    values = list(sales.values())
    actual, forecast, history = values[42:], values[30:36], values[6:42]
    row = pooled(table, "account_line")
    scale = {"history": history, "season_length": 12}
    assert row["wape"] == pytest.approx(wape(actual, forecast))
    assert row["bias"] == pytest.approx(bias(actual, forecast))
    assert row["mase"] == pytest.approx(mase(actual, forecast, **scale))
    assert row["rmsse"] == pytest.approx(rmsse(actual, forecast, **scale))
    third = table[
        (table["origin"] == "2025-07") & (table["horizon"] == 3) & (table["level"] == "company")
    ].iloc[0]
    assert third["wape"] == pytest.approx(wape(actual[2:3], forecast[2:3]))


def test_every_level_both_methods_and_all_origins() -> None:
    table = accuracy_on_holdout(cube(A=STEADY, B=STEADY), ACCOUNTS, as_of=AS_OF, params=ForecastParams())
    assert table["level"].drop_duplicates().tolist() == list(LEVELS)
    assert table["method"].drop_duplicates().tolist() == ["blend", "seasonal_naive"]
    assert table["origin"].dropna().unique().tolist() == ["2025-01", "2025-04", "2025-07", "2025-10"]
    company = table[(table["level"] == "company") & (table["method"] == "blend") & table["origin"].isna()]
    assert company["horizon"].tolist() == [pd.NA, *range(1, 13)]
    assert company["origins"].tolist() == [4, 4, 4, 4, 3, 3, 3, 2, 2, 2, 1, 1, 1]


def test_errors_of_regions_do_not_offset_each_other_but_those_of_the_company_do() -> None:
    up = {m: 100.0 + 50 * (m >= "2025-07") for m in MONTHS}
    down = {m: 100.0 - 50 * (m >= "2025-07") for m in MONTHS}
    table = accuracy_on_holdout(cube(A=up, B=down), ACCOUNTS, as_of=AS_OF, params=NAIVE)
    assert pooled(table, "company")["wape"] == 0
    assert pooled(table, "region")["wape"] == pytest.approx(0.5)


def test_what_a_new_account_brings_counts_as_error() -> None:
    new = {m: 25.0 for m in MONTHS if m >= "2025-07"}
    table = accuracy_on_holdout(
        cube(A=dict.fromkeys(MONTHS, 100.0), B=new), ACCOUNTS, as_of=AS_OF, params=NAIVE
    )
    assert pooled(table, "company")["bias"] == pytest.approx(-25 / 125)


def test_an_origin_sees_nothing_of_what_comes_after() -> None:
    later = {m: v * (100 if m >= "2025-10" else 1) for m, v in STEADY.items()}
    both = [
        accuracy_on_holdout(cube(A=v), ACCOUNTS, as_of=AS_OF, params=ForecastParams())
        for v in (STEADY, later)
    ]
    forecasts = [
        t[(t["origin"] == "2025-07") & t["horizon"].notna()][["level", "method", "horizon", "forecast"]]
        for t in both
    ]
    pd.testing.assert_frame_equal(*forecasts)


def test_measures_without_a_denominator_are_null() -> None:
    gone = {m: 100.0 for m in MONTHS if m < "2025-01"}
    table = accuracy_on_holdout(cube(A=gone), ACCOUNTS, as_of=AS_OF, params=NAIVE)
    row = pooled(table, "company")
    assert pd.isna(row["wape"])
    assert pd.isna(row["bias"])
    assert row["actual"] == 0


def test_a_history_too_short_for_any_origin_gives_an_empty_table() -> None:
    short = {m: 1.0 for m in MONTHS if m >= "2025-06"}
    table = accuracy_on_holdout(cube(A=short), ACCOUNTS, as_of=AS_OF, params=ForecastParams())
    assert table.empty
    assert table["wape"].dtype == "float64"


def test_row_order_changes_nothing() -> None:
    sales = cube(A=STEADY, B=dict.fromkeys(MONTHS[::2], 3.3))
    once, again = (
        accuracy_on_holdout(c, ACCOUNTS, as_of=AS_OF, params=ForecastParams())
        for c in (sales, sales.sample(frac=1, random_state=3))
    )
    pd.testing.assert_frame_equal(once, again, check_exact=True)
