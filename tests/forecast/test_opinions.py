from __future__ import annotations

from kamlib.forecast import ForecastParams, forecast_ranges, forecast_sales, replay_sales, sales_opinions
from tests.forecast.test_ranges import ACCOUNTS, AS_OF, MONTHS, UNTIL, cube


def test_textbook_models_stand_beside_the_forecast_in_use() -> None:
    params = ForecastParams(paths=200, opinion_accounts=1)
    sales = cube(0.1, MONTHS[12:])
    past = replay_sales(sales, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=params)
    made = forecast_sales(sales, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=params, past=past)
    totals = forecast_ranges(made, ACCOUNTS, past, params=params, seed=1).totals
    table = sales_opinions(past, totals, params=params, seed=1)
    assert table["level"].tolist() == ["company"] * 3 + ["account"] * 3
    assert table["model"].str.split("(").str[0].tolist() == ["blend", "ETS", "SARIMAX"] * 2
    accounts = totals[totals["level"] == "account"]
    assert table["key"].iloc[3] == accounts.loc[accounts["forecast"].astype("float64").idxmax(), "key"]
    assert table["total"].iloc[0] == totals["forecast"].iloc[0]
    # thirty accounts at 1,000 a month, less the one that closed: three months of about 29 or 30 thousand
    company = table["total"].iloc[1:3].astype("float64")
    assert company.between(80_000, 100_000).all()


def test_a_short_history_says_why_there_is_nothing() -> None:
    params = ForecastParams(paths=200, opinion_accounts=0)
    sales = cube(0.1, MONTHS[36:])
    past = replay_sales(sales, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=params)
    made = forecast_sales(sales, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=params, past=past)
    table = sales_opinions(
        past, forecast_ranges(made, ACCOUNTS, past, params=params, seed=1).totals, params=params, seed=1
    )
    assert len(table) == 3
    assert table["total"].iloc[1:].isna().all()
    assert table["opinion_note"].iloc[1:].notna().all()
