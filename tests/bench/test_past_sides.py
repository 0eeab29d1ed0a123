"""Whether forecasts that went wrong to one side go on to the same side: sums of Australian retail sales."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ProcessPoolExecutor

import pandas as pd
import pytest

from kamlib.forecast import ForecastParams, forecast_errors, forecast_sales, replay_sales
from kamlib.measures.money import as_float
from kamlib.packs.past_sides import SAME_SIDE, one_sided
from tests.bench.series import DATA
from tests.bench.test_growth import LEVELS, retail

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="needs the data beside the project")
YEARS, KNOWN = range(1988, 2019), 5
AHEAD = {"month": 1, "quarter": 3, "year": 12}


def test_to_which_side_the_next_forecast_goes() -> None:
    with ProcessPoolExecutor(2) as pool:
        found = pd.concat(pool.map(one_year, YEARS), ignore_index=True)
    shares = found.groupby(["period", "level"])["same"].agg(["size", "mean"]).unstack("period")
    print(f"\nafter one-sided errors, to the same side again\n{shares.round(3).to_string()}")
    same = found["same"].mean()
    by_year = found.groupby("year")["same"].mean()
    error = by_year.std() / len(by_year) ** 0.5
    print(f"{len(found)} sums: {same:.1%}, standard error over years {error:.1%}")
    assert round(same, 2) == SAME_SIDE
    assert same < 0.5 + 2 * error


def one_year(year: int) -> pd.DataFrame:
    """Forecast a year from the five before it; return the sums whose past errors lie to one side."""
    sales = retail()
    accounts = sales.drop_duplicates("account_id")[["account_id", "region", "product_line", "company"]]
    accounts = accounts.assign(account_type="T", rep_id=accounts["region"], status="active")
    known = sales[sales["month"].between(f"{year - KNOWN}-01", f"{year - 1}-12")]
    accounts = accounts[accounts["account_id"].isin(known["account_id"])]
    coming = sales[sales["month"].between(f"{year}-01", f"{year}-12")]
    coming = coming[coming["account_id"].isin(known["account_id"])]
    until, asked = dt.date(year + 1, 1, 1), {"as_of": dt.date(year, 1, 1), "params": ForecastParams()}
    past = replay_sales(known, accounts, until=until, **asked)
    made = forecast_sales(known, accounts, until=until, past=past, **asked)
    errors = forecast_errors(past).dropna(subset="error")
    errors = errors.assign(off=as_float(errors["error"])).drop(columns="product_line")
    errors = errors.merge(accounts, on="account_id")
    rows = []
    for name, months in AHEAD.items():
        within = [f"{year}-{month:02d}" for month in range(1, months + 1)]
        for level, column in LEVELS.items():
            off = errors[errors["horizon"] <= months].pivot_table(
                index=column, columns="origin", values="off", aggfunc="sum"
            )
            total = made[(made["level"] == level) & made["period"].isin(within)].groupby("key")["forecast"]
            came = coming[coming["month"].isin(within)].groupby(column)["Turnover"].sum()
            now = total.sum().astype(float).reindex(came.index) - came
            for key, past_errors in off.iterrows():
                high = one_sided(past_errors.dropna())
                if high is not None and key in now.index:
                    rows.append((year, name, level, (now[key] > 0) == high))
    return pd.DataFrame(rows, columns=["year", "period", "level", "same"])
