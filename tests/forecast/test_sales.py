from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import KamError, ParameterError
from kamlib.forecast import ForecastParams, forecast_sales
from kamlib.forecast.sales_history import LEVELS, history_of, lay_out, month_number, month_text
from kamlib.measures.money import MONEY, to_money, to_ticks

AS_OF, UNTIL = dt.date(2026, 1, 1), dt.date(2026, 4, 1)
MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["A", "B", "C", "D"],
        "region": ["North", "South", "South", "East"],
        "account_type": ["Dealer", "Chain", "Dealer", "Dealer"],
        "rep_id": ["R1", "R2", None, "R1"],
    }
)


def rows(account: str | None, line: str, revenue: dict[str, float]) -> pd.DataFrame:
    months = list(revenue)
    return pd.DataFrame(
        {
            "account_id": pd.Series([account] * len(months), dtype="str"),
            "product_line": line,
            "rep_id": "R1",
            "month": months,
            "revenue": to_money([round(v * 10_000) for v in revenue.values()]),
        }
    )


def book() -> pd.DataFrame:
    steady = {m: 100.0 + i for i, m in enumerate(MONTHS)}
    return pd.concat(
        [
            rows("A", "Bikes", steady),
            rows("A", "Parts", dict.fromkeys(MONTHS[::3], 10.01)),
            rows("B", "Bikes", dict.fromkeys(MONTHS[24:], 40.0)),
            rows("C", "Parts", dict.fromkeys(MONTHS[:18], 50.0)),
            rows(None, "Bikes", dict.fromkeys(MONTHS, 5.5)),
        ],
        ignore_index=True,
    )


def forecast(cube: pd.DataFrame, **more: object) -> pd.DataFrame:
    arguments: dict[str, object] = {"as_of": AS_OF, "until": UNTIL, "params": ForecastParams()}
    return forecast_sales(cube, ACCOUNTS, **(arguments | more))


def keys(table: pd.DataFrame, level: str) -> list[str]:
    return table.loc[table["level"] == level, "key"].drop_duplicates().tolist()


def test_every_level_and_month_in_order() -> None:
    table = forecast(book())
    assert table["level"].drop_duplicates().tolist() == list(LEVELS)
    assert table["period"].tolist() == ["2026-01", "2026-02", "2026-03"] * (len(table) // 3)
    assert table["forecast"].dtype == MONEY
    assert keys(table, "company") == ["company"]
    assert keys(table, "region") == ["(no account)", "North", "South"]
    assert keys(table, "rep") == ["(no account)", "(unassigned)", "R1", "R2"]
    assert keys(table, "account_type") == ["(no account)", "Chain", "Dealer"]
    assert keys(table, "product_line") == ["Bikes", "Parts"]
    assert keys(table, "account") == ["(no account)", "A", "B", "C"]
    assert keys(table, "account_line") == [
        "(no account) / Bikes",
        "A / Bikes",
        "A / Parts",
        "B / Bikes",
        "C / Parts",
    ]
    base = table[table["level"] == "account_line"]
    assert base["account_id"].isna().sum() == 3
    assert base["product_line"].notna().all()
    assert (
        table.loc[table["level"].isin(["company", "region", "rep", "account_type"]), "account_id"]
        .isna()
        .all()
    )


def test_every_level_is_the_exact_sum_of_the_pairs() -> None:
    table = forecast(book())
    for column in ("forecast", "actual_last_year"):
        ticks = (
            table.assign(ticks=to_ticks(table[column])).groupby(["level", "period"])["ticks"].sum().unstack()
        )
        assert (ticks == ticks.loc["company"]).all(axis=None)


def test_last_year_is_exact() -> None:
    table = forecast(book())
    company = table[table["level"] == "company"].set_index("period")["actual_last_year"]
    # January: A 124 + 10.01, B 40, without an account 5.5; February and March without the part
    assert company.tolist() == [Decimal("179.5100"), Decimal("170.5000"), Decimal("171.5000")]
    stopped = table[table["key"] == "C"]
    assert stopped["actual_last_year"].tolist() == [Decimal("0.0000")] * 3


def test_last_year_is_null_where_the_book_does_not_reach_or_it_is_not_over() -> None:
    cube = rows("A", "Bikes", {"2025-02": 1.0, "2025-12": 1.0})
    table = forecast(cube, until=dt.date(2027, 3, 1))
    known = table[table["level"] == "company"].set_index("period")["actual_last_year"]
    assert (
        known[known.notna()].index.tolist()
        == month_text(month_number(dt.date(2026, 2, 1)) + np.arange(11)).tolist()
    )
    assert known["2026-02"] == 1
    assert known["2026-03"] == 0


def test_a_month_without_a_line_is_a_sale_of_nothing_from_the_accounts_first_sale_on() -> None:
    pairs = lay_out(book(), as_of=AS_OF)
    y = history_of(pairs, 36, 36)
    column = pairs.keys.index[(pairs.keys["account_id"] == "C")][0]
    assert y[17:20, column].tolist() == [50.0, 0.0, 0.0]
    late = pairs.keys.index[(pairs.keys["account_id"] == "B")][0]
    assert np.isnan(y[:24, late]).all()
    assert y[24, late] == 40.0
    new_line = lay_out(pd.concat([book(), rows("B", "Parts", {"2025-12": 9.0})]), as_of=AS_OF)
    last = new_line.keys.index[
        (new_line.keys["account_id"] == "B") & (new_line.keys["product_line"] == "Parts")
    ][0]
    assert history_of(new_line, 36, 36)[24:, last].tolist() == [0.0] * 11 + [9.0]


def test_sellers_and_split_lines_of_a_month_add_up() -> None:
    once = rows("A", "Bikes", {"2025-12": 30.0})
    twice = pd.concat(
        [rows("A", "Bikes", {"2025-12": 10.0}), rows("A", "Bikes", {"2025-12": 20.0}).assign(rep_id="R9")]
    )
    pd.testing.assert_frame_equal(forecast(once), forecast(twice))


def test_growth_goes_on_and_what_stopped_fades() -> None:
    table = forecast(book()).set_index(["key", "period"])["forecast"].astype(float)
    assert table["A / Bikes", "2026-03"] > table["A / Bikes", "2026-01"] > 134
    assert table["C / Parts", "2026-03"] < 1.0
    assert table["B / Bikes", "2026-01"] == pytest.approx(40.0, rel=0.15)


def test_only_the_history_window_counts() -> None:
    params = ForecastParams(history_months=12)
    old = rows("A", "Bikes", {"2021-01": 9e6, "2025-06": 10.0, "2025-12": 10.0})
    young = rows("A", "Bikes", {"2024-01": 1.0, "2025-06": 10.0, "2025-12": 10.0})
    a, b = (forecast(cube, params=params)["forecast"] for cube in (old, young))
    pd.testing.assert_series_equal(a, b)


def test_the_month_of_a_planning_date_within_it_is_forecast_whole() -> None:
    cube = pd.concat([book(), rows("A", "Bikes", {"2026-01": 7.0})])
    table = forecast(cube, as_of=dt.date(2026, 1, 15))
    pd.testing.assert_frame_equal(table, forecast(book()))


def test_what_lies_at_or_after_the_planning_date_is_refused() -> None:
    cube = pd.concat([book(), rows("A", "Bikes", {"2026-01": 7.0})])
    with pytest.raises(KamError, match="sales of 2026-01 are dated on or after 2026-01-01"):
        forecast(cube)
    with pytest.raises(KamError, match="sales of 2026-02"):
        forecast(pd.concat([book(), rows("A", "Bikes", {"2026-02": 7.0})]), as_of=dt.date(2026, 1, 15))


def test_an_unknown_account_is_refused() -> None:
    with pytest.raises(KamError, match='1 accounts are not in accounts, such as "Z"'):
        forecast(pd.concat([book(), rows("Z", "Bikes", {"2025-01": 1.0})]))


def test_nothing_to_forecast_from_or_to_is_refused() -> None:
    with pytest.raises(KamError, match="nothing to forecast from"):
        forecast(book().head(0))
    with pytest.raises(ParameterError, match="until is 2026-01-01"):
        forecast(book(), until=AS_OF)


def test_returns_may_take_a_forecast_below_zero() -> None:
    table = forecast(rows("A", "Bikes", dict.fromkeys(MONTHS, -5.0)))
    assert table["forecast"].astype(float).tolist() == pytest.approx([-5.0] * len(table))


def test_a_closed_account_buys_nothing_more() -> None:
    cube = pd.concat(
        [rows("A", "Bikes", dict.fromkeys(MONTHS, 5.0)), rows("B", "Bikes", dict.fromkeys(MONTHS, 7.0))]
    )
    status = ["closed" if account == "A" else "active" for account in ACCOUNTS["account_id"]]
    open_only = forecast_sales(
        cube, ACCOUNTS.assign(status=status), as_of=AS_OF, until=UNTIL, params=ForecastParams()
    )
    by_key = open_only[open_only["level"] == "account"].groupby("key")["forecast"].sum().astype(float)
    months = open_only.loc[open_only["level"] == "company", "period"].nunique()
    assert by_key["A"] == 0
    assert by_key["B"] == pytest.approx(7.0 * months)


@settings(max_examples=20, deadline=None)
@given(
    entries=st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C", None]),
            st.sampled_from(["Bikes", "Parts"]),
            st.sampled_from(MONTHS[18:]),
            st.integers(-10_000, 10**9),
        ),
        min_size=1,
        max_size=60,
    ),
    seed=st.integers(0, 99),
)
def test_any_book_ties_and_row_order_changes_nothing(entries, seed: int) -> None:
    cube = pd.DataFrame(entries, columns=["account_id", "product_line", "month", "ticks"])
    cube["account_id"] = cube["account_id"].astype("str")
    cube["revenue"] = to_money(cube.pop("ticks"))
    table = forecast(cube)
    shuffled = forecast(cube.sample(frac=1, random_state=seed))
    pd.testing.assert_frame_equal(table, shuffled, check_exact=True)
    ticks = (
        table.assign(ticks=to_ticks(table["forecast"])).groupby(["level", "period"])["ticks"].sum().unstack()
    )
    assert (ticks == ticks.loc["company"]).all(axis=None)
