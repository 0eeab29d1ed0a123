"""Growth that groups lend: how far it should go on, and what it is worth a year ahead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest

from kamlib.forecast import ForecastParams, forecast_sales
from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.group import _HALF_CHANCE, Group, group_paths
from kamlib.measures.money import SCALE, to_money
from tests.bench.series import DATA, Panel

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="needs the data beside the project")
YEAR, LONGEST, TEN, DRAWS = 12, 60, 10, 60
FLAT, SCATTER = 40, 0.3  # books without growth, and the spread of a month's logarithm
LEVELS = {
    "company": "company", "region": "region", "product_line": "product_line", "account": "account_id",
}  # fmt: skip
Sum = tuple[np.ndarray, float]


def retail() -> pd.DataFrame:
    table = pd.read_parquet(DATA / "aus_retail.parquet").dropna(subset="Turnover")
    names = {"Series ID": "account_id", "State": "region", "Industry": "product_line"}
    ticks = np.rint(table["Turnover"] * SCALE).astype(np.int64)
    month = table["Month"].dt.strftime("%Y-%m")
    return table.rename(columns=names).assign(month=month, company="company", revenue=to_money(ticks))


def retail_sums() -> Iterator[Sum]:
    """Sums by state and by industry: five years and the year after them, for every year."""
    for level in ("region", "product_line"):
        sums = retail().pivot_table(index="month", columns=level, values="Turnover", aggfunc="sum")
        for first in range(LONGEST, len(sums) - YEAR, YEAR):
            y = sums.iloc[first - LONGEST : first + YEAR].dropna(axis=1).to_numpy()
            yield from ((one[:LONGEST], one[LONGEST:].sum()) for one in y.T)


def m3_sums() -> Iterator[Sum]:
    """Sums of ten series of one kind, each brought to a mean of 1."""
    panel = Panel("m3_monthly", YEAR)
    kind = pd.read_parquet(DATA / "m3_monthly.parquet").groupby("unique_id")["type"].first()
    train, test = (
        {name: part.sort_values("ds")["y"].to_numpy() for name, part in table.groupby("unique_id")}
        for table in (panel.train, panel.test)
    )
    rng = np.random.default_rng(0)
    for one in ("MICRO", "INDUSTRY", "FINANCE", "MACRO", "DEMOGRAPHIC"):
        long = [name for name in kind.index[kind == one] if len(train[name]) >= LONGEST]
        for _ in range(DRAWS):
            ten = rng.choice(long, TEN, replace=False)
            mean = {name: train[name][-LONGEST:].mean() for name in ten}
            yield (
                sum(train[name][-LONGEST:] / mean[name] for name in ten),
                sum(test[name][:YEAR].sum() / mean[name] for name in ten),
            )


@pytest.mark.parametrize("sums", [retail_sums, m3_sums])
def test_growth_goes_on_as_far_as_its_seasons_say(
    sums: Callable[[], Iterator[Sum]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year by what goes on of the growth seen: none, what the seasons say, all; and without a group."""
    pairs = list(sums())
    y, came = np.column_stack([past for past, _ in pairs]), np.array([year for _, year in pairs])
    rows = []
    for months in (24, 36, 48, 60):
        row = {"months": months, "no group": rmse(follow(y[-months:], None), came)}
        for name, half_chance in {"none": 1e6, "ours": _HALF_CHANCE, "all": 0.0}.items():
            monkeypatch.setattr("kamlib.forecast.group._HALF_CHANCE", half_chance)
            lent = [group_paths(one[:, None], horizon=YEAR, season_length=YEAR) for one in y[-months:].T]
            row[name] = rmse(follow(y[-months:], np.column_stack(lent)), came)
        rows.append(row)
    table = pd.DataFrame(rows).set_index("months")
    print(f"\n{sums.__name__}, {len(came)} years, root mean square error\n{table.round(4).to_string()}")
    assert table.loc[60, "ours"] < table["no group"].min()
    assert table.loc[60, "ours"] < table.loc[60, "none"]
    assert table.loc[24, "ours"] < table.loc[24, "all"]


def test_a_year_of_retail_sales_forecast_as_a_book() -> None:
    """Every third year from what five years before it say, beside each sum forecast by itself."""
    sales = retail()
    accounts = sales.drop_duplicates("account_id")[["account_id", "region"]]
    accounts = accounts.assign(account_type="T", rep_id=accounts["region"])
    rows = []
    for year in range(1988, 2018, 3):
        known = sales[sales["month"].between(f"{year - 5}-01", f"{year - 1}-12")]
        coming = sales[sales["month"].between(f"{year}-01", f"{year}-12")]
        coming = coming[coming["account_id"].isin(known["account_id"])]
        day, until = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
        made = forecast_sales(known, accounts, as_of=day, until=until, params=ForecastParams())
        total = made.groupby(["level", "key"])["forecast"].sum().astype(float)
        for level, column in LEVELS.items():
            came = coming.groupby(column)["Turnover"].sum()
            past = known.pivot_table(index="month", columns=column, values="Turnover", aggfunc="sum")
            alone = follow(past[came.index].to_numpy(), None)
            for key, one in zip(came.index, alone, strict=True):
                rows.append((level, np.log(total[level, key] / came[key]), np.log(one / came[key])))
    table = pd.DataFrame(rows, columns=["level", "ours", "alone"]).groupby("level", sort=False)
    found = table.agg(["mean", root_mean_square])
    print(f"\nretail, years as a book: mean error and its root mean square\n{found.round(4).to_string()}")
    spread = found.xs("root_mean_square", axis=1, level=1)
    assert (spread["ours"] < spread["alone"]).all()
    assert (found["ours", "mean"].abs() < 0.01).all()


def test_what_growth_costs_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flat books of ten accounts whose months scatter by three tenths, beside the same without growth lent."""
    names, rows = [f"A{account}" for account in range(10)], []
    accounts = pd.DataFrame({"account_id": names, "region": "N", "account_type": "T", "rep_id": "R"})
    rng = np.random.default_rng(0)
    for months in (24, 36, 60):
        past = pd.period_range(end="2025-12", periods=months, freq="M").astype(str)
        for _ in range(FLAT):
            sold = 100 * np.exp(SCATTER * rng.standard_normal((10, months)) - SCATTER**2 / 2)
            cube = pd.DataFrame(
                {
                    "account_id": np.repeat(names, months),
                    "product_line": "Bikes",
                    "month": np.tile(past, 10),
                    "revenue": to_money(np.rint(sold.ravel() * SCALE).astype(np.int64)),
                }
            )
            for name, half_chance in {"none": 1e6, "ours": _HALF_CHANCE}.items():
                monkeypatch.setattr("kamlib.forecast.group._HALF_CHANCE", half_chance)
                day, until = dt.date(2026, 1, 1), dt.date(2027, 1, 1)
                made = forecast_sales(cube, accounts, as_of=day, until=until, params=ForecastParams())
                year = made.loc[made["level"] == "company", "forecast"].astype(float).sum()
                rows.append((months, name, np.log(year / (12 * 10 * 100))))
    table = pd.DataFrame(rows, columns=["months", "lent", "error"])
    table = table.groupby(["months", "lent"])["error"].agg(root_mean_square).unstack()
    table["cost"] = table["ours"] / table["none"]
    print(f"\nflat books, years: root mean square error\n{table.round(4).to_string()}")
    assert (table["cost"] < 1.5).all()
    assert table.loc[60, "ours"] < table.loc[24, "ours"]


def follow(y: np.ndarray, lent: np.ndarray | None) -> np.ndarray:
    group = None if lent is None else Group(lent, np.arange(y.shape[1]))
    return forecast_matrix(y, horizon=YEAR, season_length=YEAR, group=group).sum(axis=0)


def rmse(made: np.ndarray, came: np.ndarray) -> float:
    return root_mean_square(np.log(made / came))


def root_mean_square(error: pd.Series | np.ndarray) -> float:
    return float(np.sqrt((error**2).mean()))
