from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from kamlib.errors import ParameterError
from kamlib.forecast import ForecastParams, forecast_sales, outlook_by_account, outlook_by_month
from kamlib.measures.money import to_money, total_money
from kamlib.periods import parse_period

AS_OF, YEAR = dt.date(2025, 10, 1), parse_period("2025")
MONTHS = [f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)][:21]
ACCOUNTS = pd.DataFrame(
    {"account_id": ["A", "B"], "name": ["Alpha", "Beta"], "region": "N", "account_type": "T", "rep_id": "R"}
)
CUBE = pd.DataFrame(
    [("A", m, 100.0) for m in MONTHS] + [("B", m, 10.0) for m in MONTHS[:12]] + [(None, "2025-03", 1.0)],
    columns=["account_id", "month", "revenue"],
).assign(product_line="Bikes")
CUBE["account_id"] = CUBE["account_id"].astype("str")
CUBE["revenue"] = to_money((CUBE["revenue"] * 10_000).astype("int64"))
FORECAST = forecast_sales(
    CUBE, ACCOUNTS, as_of=AS_OF, until=YEAR.end, params=ForecastParams(method="seasonal_naive")
)


def test_months_are_actual_before_the_planning_date_and_forecast_after() -> None:
    table = outlook_by_month(CUBE, FORECAST, as_of=AS_OF, year=YEAR)
    assert table["period"].tolist() == [str(m) for m in YEAR.months()]
    assert table["actual"].notna().tolist() == [True] * 9 + [False] * 3
    assert table["forecast"].isna().tolist() == [True] * 9 + [False] * 3
    assert table["actual"].tolist()[:3] == [100, 100, 101]
    # B has bought nothing for nine months, but did a year before: seasonal naive repeats that
    assert table["forecast"].tolist()[9:] == [110, 110, 110]
    assert table["landing"].tolist() == [*table["actual"][:9], *table["forecast"][9:]]
    assert table["actual_last_year"].tolist() == [110] * 12


def test_last_year_is_null_before_the_book_starts() -> None:
    table = outlook_by_month(CUBE[CUBE["month"] >= "2024-03"], FORECAST, as_of=AS_OF, year=YEAR)
    assert table["actual_last_year"].isna().tolist() == [True, True] + [False] * 10


def test_a_plan_made_before_its_year_is_all_forecast() -> None:
    year = parse_period("2026")
    forecast = forecast_sales(CUBE, ACCOUNTS, as_of=AS_OF, until=year.end, params=ForecastParams())
    table = outlook_by_month(CUBE, forecast, as_of=AS_OF, year=year)
    assert table["actual"].isna().all()
    assert table["forecast"].notna().all()
    assert table["actual_last_year"].notna().tolist() == [True] * 9 + [False] * 3


def test_accounts_by_size_of_change() -> None:
    table = outlook_by_account(CUBE, FORECAST, ACCOUNTS, as_of=AS_OF, year=YEAR)
    assert table["name"].tolist() == ["Beta", "(no account)", "Alpha"]
    assert table["account_id"].isna().tolist() == [False, True, False]
    beta = table.iloc[0]
    assert (beta["actual"], beta["forecast"], beta["landing"]) == (0, 30, 30)
    assert (beta["actual_last_year"], beta["change"]) == (120, -90)
    assert table["change"].tolist() == [Decimal(-90), Decimal(1), Decimal(0)]
    months = outlook_by_month(CUBE, FORECAST, as_of=AS_OF, year=YEAR)
    assert total_money(table["landing"]) == total_money(months["landing"])


def test_accounts_are_compared_with_a_whole_last_year_only() -> None:
    coming = parse_period("2026")
    forecast = forecast_sales(CUBE, ACCOUNTS, as_of=AS_OF, until=coming.end, params=ForecastParams())
    late = CUBE[CUBE["month"] >= "2024-03"]
    for table in (
        outlook_by_account(CUBE, forecast, ACCOUNTS, as_of=AS_OF, year=coming),
        outlook_by_account(late, FORECAST, ACCOUNTS, as_of=AS_OF, year=YEAR),
    ):
        assert table["actual_last_year"].isna().all()
        assert table["change"].isna().all()
        assert table["landing"].notna().all()
        assert table["landing"].is_monotonic_decreasing


def test_equal_changes_are_sorted_by_account() -> None:
    twins = pd.concat([CUBE[CUBE["account_id"] == "A"].assign(account_id=a) for a in ("B", "A")])
    forecast = forecast_sales(twins, ACCOUNTS, as_of=AS_OF, until=YEAR.end, params=ForecastParams())
    table = outlook_by_account(twins, forecast, ACCOUNTS, as_of=AS_OF, year=YEAR)
    assert table["account_id"].tolist() == ["A", "B"]


def test_a_forecast_that_stops_short_of_the_year_is_refused() -> None:
    short = FORECAST[FORECAST["period"] != "2025-12"]
    with pytest.raises(ParameterError, match="1 months of the year are missing, such as 2025-12"):
        outlook_by_month(CUBE, short, as_of=AS_OF, year=YEAR)
    with pytest.raises(ParameterError, match="2025-12"):
        outlook_by_account(CUBE, short, ACCOUNTS, as_of=AS_OF, year=YEAR)
