from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from kamlib.errors import KamError
from kamlib.forecast import ForecastParams, list_one_offs
from kamlib.measures.money import total_money

AS_OF = dt.date(2026, 1, 1)
PLAIN = ForecastParams(season_length=1)
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["A", "B"],
        "region": "N",
        "account_type": "T",
        "rep_id": "R",
        "status": ["active", "closed"],
    }
)


def cube(amounts: dict[str, list[float]], lines: str = "Bikes") -> pd.DataFrame:
    months = [str(m) for m in pd.period_range("2023-01", "2025-12", freq="M")]
    return pd.concat(
        [
            pd.DataFrame({"account_id": key, "product_line": lines, "month": months, "revenue": values})
            for key, values in amounts.items()
        ],
        ignore_index=True,
    )


def steady(spikes: dict[int, float]) -> list[float]:
    return [spikes.get(m, 10.0) for m in range(36)]


def test_one_row_a_damped_month_largest_move_first() -> None:
    # all others are equal, so that three times the range of their mean deviation is the fence
    table = list_one_offs(cube({"A": steady({5: 900.0, 20: 200.0})}), ACCOUNTS, as_of=AS_OF, params=PLAIN)
    assert table["period"].tolist() == ["2023-06", "2024-09"]
    fence = 10 + 3 * 1.349 * 1.2533 * (890 + 190) / 36
    assert table["damped_to"].astype(float).tolist() == pytest.approx([fence, fence], abs=1e-4)
    assert total_money(table["moved"]) == total_money(table["damped_to"]) - total_money(table["revenue"])


def test_the_order_of_rows_changes_nothing() -> None:
    sales = cube({"A": steady({5: 900.0, 20: 200.0})})
    again = list_one_offs(sales.sample(frac=1, random_state=1), ACCOUNTS, as_of=AS_OF, params=PLAIN)
    pd.testing.assert_frame_equal(again, list_one_offs(sales, ACCOUNTS, as_of=AS_OF, params=PLAIN))


def test_closed_accounts_other_methods_and_calm_books_list_nothing() -> None:
    wild = steady({5: 900.0})
    closed = list_one_offs(cube({"A": steady({}), "B": wild}), ACCOUNTS, as_of=AS_OF, params=PLAIN)
    method = ForecastParams(season_length=1, method="theta")
    other = list_one_offs(cube({"A": wild}), ACCOUNTS, as_of=AS_OF, params=method)
    for table in (closed, other):
        assert table.columns.tolist() == [
            "account_id",
            "product_line",
            "period",
            "revenue",
            "damped_to",
            "moved",
        ]
        assert table.empty


def test_months_before_the_history_window_are_not_read() -> None:
    params = ForecastParams(season_length=1, history_months=24)
    table = list_one_offs(cube({"A": steady({5: 900.0, 20: 500.0})}), ACCOUNTS, as_of=AS_OF, params=params)
    assert table["period"].tolist() == ["2024-09"]


def test_sales_after_the_planning_date_are_refused() -> None:
    late = cube({"A": steady({})}).assign(month="2026-05")
    with pytest.raises(KamError, match="dated on or after 2026-01-01"):
        list_one_offs(late, ACCOUNTS, as_of=AS_OF, params=PLAIN)
