"""The demo book's sales lines: consistent with the accounts, and the stories are to be found in them."""

from pathlib import Path

import pandas as pd
import pytest

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    return pd.read_csv(DEMO / "sales.csv", parse_dates=["date"])


@pytest.fixture(scope="module")
def accounts() -> pd.DataFrame:
    return pd.read_csv(DEMO / "accounts.csv", parse_dates=["since"]).set_index("account_id")


@pytest.fixture(scope="module")
def year(sales: pd.DataFrame) -> pd.DataFrame:
    """Each account's last four quarters."""
    last = sales[sales["date"] >= "2025-01-01"]
    return last.groupby("account_id")[["revenue", "cost"]].sum()


def test_lines_are_in_order_of_day_and_order_on_working_days(sales: pd.DataFrame) -> None:
    assert len(sales) == 23_623
    assert (sales["date"].min(), sales["date"].max()) == (
        pd.Timestamp("2023-01-02"),
        pd.Timestamp("2025-12-31"),
    )
    assert sales["date"].is_monotonic_increasing
    assert sales["order_id"].is_monotonic_increasing
    assert (sales["date"].dt.day_of_week < 5).all()
    assert (sales.groupby("order_id")[["date"]].nunique() == 1).all(axis=None)
    assert sales.groupby("order_id")["account_id"].nunique().max() == 1


def test_nobody_buys_before_registration_or_after_closing(sales, accounts) -> None:
    history = pd.read_csv(DEMO / "account_history.csv", parse_dates=["from"])
    closed = history[history["status"] == "closed"].set_index("account_id")["from"]
    span = sales.groupby("account_id")["date"].agg(["min", "max"])
    assert (span["min"] >= accounts["since"].reindex(span.index)).all()
    assert (span["max"].reindex(closed.index) < closed).all()
    assert set(closed.index) == set(accounts.index[accounts["status"] == "closed"])
    assert set(accounts.index) - set(span.index) == set(accounts.index[accounts["status"] == "prospect"])


def test_sellers_were_employed(sales: pd.DataFrame) -> None:
    reps = pd.read_csv(DEMO / "reps.csv", parse_dates=["hired", "left"]).set_index("rep_id")
    who = reps.loc[sales["rep_id"].dropna()]
    day = sales.loc[sales["rep_id"].notna(), "date"].to_numpy()
    assert (who["hired"].to_numpy() <= day).all()
    assert (who["left"].fillna(pd.Timestamp("2030-01-01")).to_numpy() >= day).all()
    unnoted = sales["rep_id"].isna() & sales["account_id"].notna()
    assert 0.005 < unnoted.mean() < 0.03


def test_a_fifth_of_the_accounts_bring_four_fifths(year: pd.DataFrame) -> None:
    revenue = year["revenue"].sort_values(ascending=False)
    assert revenue.iloc[:24].sum() / revenue.sum() == pytest.approx(0.809, abs=0.0005)


def test_it_grows_and_has_seasons(sales: pd.DataFrame) -> None:
    by_year = sales.groupby(sales["date"].dt.year)["revenue"].sum()
    assert by_year[2025] / by_year[2024] == pytest.approx(1.060, abs=0.001)
    assert by_year[2024] > by_year[2023]
    by_month = sales.groupby([sales["date"].dt.year, sales["date"].dt.month])["revenue"].sum().unstack()
    assert (by_month.idxmin(axis=1) == 2).all()
    assert (by_month[12] > by_month.mean(axis=1)).all()


def test_returns_and_sales_without_an_account_are_few(sales: pd.DataFrame) -> None:
    back, stray = sales["revenue"] < 0, sales["account_id"].isna()
    assert (back.sum(), stray.sum()) == (268, 47)
    assert sales.loc[back, "revenue"].sum() == pytest.approx(-2_019_568, abs=1)
    assert ((sales["quantity"] < 0) == back).all()
    assert ((sales["cost"] < 0) == back).all()
    unit = (sales["revenue"] / sales["quantity"]).groupby(sales["product_id"])
    assert (unit.max() / unit.min() < 1.6).all()


def test_one_large_account_slides_away(sales: pd.DataFrame, year: pd.DataFrame) -> None:
    quarter = sales["date"].dt.to_period("Q").astype(str)
    by_quarter = sales.pivot_table("revenue", "account_id", quarter, aggfunc="sum", fill_value=0)
    still = by_quarter[by_quarter["2025Q4"] > 0]
    large = still.loc[year["revenue"].nlargest(24).index.intersection(still.index)]
    change = (large["2025Q4"] / large["2024Q4"]).sort_values()
    assert change.index[0] == "A015"
    assert change.iloc[0] == pytest.approx(0.249, abs=0.001)
    assert change.iloc[1] > 0.4


def test_one_account_was_taken_over(sales: pd.DataFrame) -> None:
    assert str(sales.loc[sales["account_id"] == "A096", "date"].max().date()) < "2025-08-01"


def test_one_large_account_costs_more_than_it_brings(year: pd.DataFrame, accounts: pd.DataFrame) -> None:
    brings = year["revenue"] - year["cost"] - accounts["service_cost"].reindex(year.index)
    large = brings.loc[year["revenue"].nlargest(24).index]
    assert large[large < 0].round().to_dict() == {"A039": -1_856_968}
    assert year["revenue"].rank(ascending=False)["A039"] == 4


def test_the_oldest_account_is_of_little_value(year: pd.DataFrame, accounts: pd.DataFrame) -> None:
    assert accounts["since"].idxmin() == "A086"
    assert year.loc["A086", "revenue"] < year["revenue"].quantile(0.25)


def test_one_account_buys_a_fraction_of_its_potential(year: pd.DataFrame, accounts: pd.DataFrame) -> None:
    share = (year["revenue"] / accounts["potential"].reindex(year.index))[year["revenue"] > 500_000]
    assert share.idxmin() == "A077"
    assert share["A077"] == pytest.approx(0.048, abs=0.001)


def test_a_new_account_climbs_into_the_first_fifth(sales: pd.DataFrame, year: pd.DataFrame) -> None:
    first = sales.groupby("account_id")["date"].min()
    new = year.loc[first[first >= "2024-07-01"].index.intersection(year.index), "revenue"]
    assert new.idxmax() == "A024"
    assert (year["revenue"] > new["A024"]).sum() < 24


def test_a_rep_sells_into_anothers_account(sales: pd.DataFrame, accounts: pd.DataFrame) -> None:
    late = sales[(sales["date"] >= "2024-07-01") & sales["account_id"].notna()]
    owner = late["account_id"].map(accounts["rep_id"])
    foreign = late["rep_id"].notna() & (late["rep_id"] != owner) & owner.notna()
    moved = pd.read_csv(DEMO / "account_history.csv").groupby("account_id")["rep_id"].nunique() > 1
    steady = late["account_id"].isin(moved.index[~moved])
    share = (
        late["revenue"].where(foreign, 0)[steady].groupby(late["account_id"]).sum()
        / late["revenue"][steady].groupby(late["account_id"]).sum()
    )
    large = share[late.groupby("account_id")["revenue"].sum().nlargest(40).index.intersection(share.index)]
    assert large.idxmax() == "A004"
    assert large["A004"] == pytest.approx(0.39, abs=0.02)
    assert large.drop("A004").max() < 0.15
    theirs = late[foreign & (late["account_id"] == "A004")].groupby("rep_id")["revenue"].sum()
    assert theirs.idxmax() == "R04"
