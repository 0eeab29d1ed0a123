from __future__ import annotations

import pandas as pd
import pytest

from kamlib import glossary
from kamlib.measures.money import total_money
from kamlib.targets import AllocationParams, allocate_targets, summarise_targets
from kamlib.targets.summary import DIMENSIONS
from tests.targets.sample import PERIOD, free_params, make_accounts, make_cube, make_forecast

ALLOCATION = allocate_targets(
    make_cube(), make_accounts(), total=1210, period=PERIOD, params=AllocationParams(), unit=10
)


def summary(*, forecast: bool = True) -> pd.DataFrame:
    coming = make_forecast(make_cube()) if forecast else None
    return summarise_targets(
        ALLOCATION.targets, make_accounts(), cube=make_cube(), forecast=coming, period=PERIOD
    )


def test_every_dimension_adds_up_to_the_same_totals() -> None:
    table = summary()
    for dimension in DIMENSIONS:
        rows = table[table["dimension"] == dimension]
        assert rows["target"].sum() == 1210, dimension
        assert total_money(rows["actual_last_year"]) == 1100, dimension
        assert total_money(rows["forecast"]) == 2400, dimension
        assert total_money(rows["change_asked"]) == 110, dimension
    assert list(dict.fromkeys(table["dimension"])) == list(DIMENSIONS)
    assert set(table.columns) - {"key", "actual_last_year", "forecast"} <= set(glossary.columns())


def test_no_growth_over_months_that_the_book_does_not_know() -> None:
    cube = make_cube([("A", "Bikes", "R1", "2025-02", 600), ("A", "Bikes", "R1", "2025-03", 400)])
    made = allocate_targets(cube, make_accounts(), total=1500, period=PERIOD, params=free_params(), unit=10)
    assert made.accounts["growth_asked"].isna().all()
    table = summarise_targets(made.targets, make_accounts(), cube=cube, forecast=None, period=PERIOD)
    table = table[table["accounts"] > 0].set_index(["dimension", "key"])
    assert table["growth_asked"].dropna().round(2).to_dict() == {
        ("month", "2026-02"): 0.0,
        ("month", "2026-03"): 0.0,
    }  # of January nothing is known, so that 500 stands for it: 500, 600, 400
    assert table["change_asked"].dropna().astype(float).to_dict() == {
        ("month", "2026-02"): 0.0,
        ("month", "2026-03"): 0.0,
    }


def test_reps_of_today_whoever_sold() -> None:
    reps = summary().query("dimension == 'rep'").reset_index(drop=True)
    assert reps["key"].fillna("-").tolist() == ["R1", "R2", "-", "-"]
    assert reps["without_account"].tolist() == [False, False, False, True]
    assert reps["target"].tolist() == [1000, 180, 30, 0]
    assert reps["accounts"].tolist() == [2, 2, 1, 0]
    # G is closed: its 100 of last year stay with R2, its target is nothing
    assert reps["actual_last_year"].astype(float).tolist() == [1000, 100, -50, 50]
    assert reps["growth_asked"].tolist()[:2] == pytest.approx([0, 0.8])
    assert pd.isna(reps["growth_asked"][2])
    assert reps["forecast_gap"].astype(float).tolist() == [1200 - 1000, 600 - 180, 300 - 30, 300]


def test_time_stands_in_order_and_the_rest_by_size() -> None:
    table = summary()
    assert table.query("dimension == 'month'")["key"].tolist() == ["2026-01", "2026-02", "2026-03"]
    assert table.query("dimension == 'quarter'")["target"].tolist() == [1210]
    assert table.query("dimension == 'region'")["key"].tolist()[:2] == ["North", "South"]
    assert table.query("dimension == 'account'")["target"].tolist() == [770, 230, 120, 60, 30, 0, 0, 0]


def test_without_a_forecast_there_is_no_gap() -> None:
    table = summary(forecast=False)
    assert table["forecast"].isna().all()
    assert table["forecast_gap"].isna().all()
    assert table.query("dimension == 'company'")["target"].tolist() == [1210]


def test_row_order_changes_nothing() -> None:
    mixed = summarise_targets(
        ALLOCATION.targets.sample(frac=1, random_state=1), make_accounts().iloc[::-1],
        cube=make_cube().iloc[::-1], forecast=make_forecast(make_cube()).iloc[::-1], period=PERIOD,
    )  # fmt: skip
    pd.testing.assert_frame_equal(mixed, summary())
