from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import KamError
from kamlib.forecast import (
    ForecastParams,
    draw_period_sums,
    forecast_errors,
    forecast_ranges,
    forecast_sales,
    replay_sales,
)
from kamlib.forecast.period_sums import SUMMED, PeriodSums
from kamlib.measures.money import as_float, to_money, to_ticks
from kamlib.periods import Period, parse_period

N, PARAMS = 12, ForecastParams(paths=200)
MONTHS = [f"{year}-{month:02d}" for year in range(2022, 2026) for month in range(1, 13)]
ACCOUNTS = pd.DataFrame(
    {
        "account_id": [f"A{i:02d}" for i in range(N)],
        "region": ["North", "South"] * (N // 2),
        "account_type": "T",
        "rep_id": [f"R{i % 3}" for i in range(N)],
        "status": ["active"] * (N - 1) + ["closed"],
    }
)
AS_OF, YEAR, QUARTER = dt.date(2026, 1, 1), parse_period("2026"), parse_period("2026Q1")


def cube(months: list[str] = MONTHS) -> pd.DataFrame:
    """Noisy sales; the first account begins late, so that errors are lent to it."""
    rng = np.random.default_rng(3)
    values = 1000 * np.exp(0.3 * rng.standard_normal((N, len(months))))
    values[0, : len(months) - 15] = 0
    table = pd.DataFrame(
        {
            "account_id": np.repeat(ACCOUNTS["account_id"], len(months)).to_numpy(),
            "product_line": "Bikes",
            "month": np.tile(months, N),
        }
    )
    table["revenue"] = to_money(np.rint(values.ravel() * 10_000).astype(np.int64))
    loose = table[table["account_id"] == "A01"].assign(account_id=None)
    return pd.concat([table[to_ticks(table["revenue"]) > 0], loose], ignore_index=True)


class Made:
    """What chapter 2 makes and keeps."""

    def __init__(self, as_of: dt.date = AS_OF, months: list[str] = MONTHS) -> None:
        self.cube, self.as_of = cube(months), as_of
        known = {"as_of": as_of, "until": YEAR.end, "params": PARAMS}
        past = replay_sales(self.cube, ACCOUNTS, **known)  # type: ignore[arg-type]
        made = forecast_sales(self.cube, ACCOUNTS, past=past, **known)  # type: ignore[arg-type]
        self.ranges = forecast_ranges(made, ACCOUNTS, past, params=PARAMS, seed=1)
        self.errors = forecast_errors(past)

    def sums(self, period: Period, **more: object) -> PeriodSums | None:
        given = {"cube": self.cube, "forecast": self.ranges.forecast, "errors": self.errors, **more}
        return draw_period_sums(
            given.pop("cube"), ACCOUNTS, given.pop("forecast"), given.pop("errors"),
            period=period, as_of=self.as_of, params=PARAMS, seed=1,
        )  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Made:
    return Made()


def test_the_whole_horizon_has_the_ranges_of_chapter_2(made: Made) -> None:
    sums, totals = made.sums(YEAR), made.ranges.totals
    assert sums is not None
    totals = totals[totals["level"].isin(SUMMED)].reset_index(drop=True)
    pd.testing.assert_frame_equal(sums.keys[["level", "key"]], totals[["level", "key"]])
    for column in ("low_80", "high_80"):  # sums of floats in another order: a tick apart at most
        assert np.abs(to_ticks(sums.keys[column]) - to_ticks(totals[column])).max() <= 1
    assert (sums.keys["landing"] == totals["forecast"]).all()
    assert sums.origins == totals["origins"].iloc[0] == 12


def test_every_level_is_the_sum_of_its_accounts_on_every_path(made: Made) -> None:
    sums = made.sums(QUARTER)
    assert sums is not None
    assert sums.paths is not None
    level = sums.keys["level"].to_numpy()
    whole = sums.paths[level == "company"][0]
    for name in SUMMED:
        # each sum is rounded to a tick by itself
        assert np.abs(sums.paths[level == name].sum(axis=0) - whole).max() <= (level == name).sum()


def test_what_is_sold_in_the_period_already_is_sure(made: Made) -> None:
    later = Made(dt.date(2026, 2, 1), [*MONTHS, "2026-01"])
    sums = later.sums(QUARTER)
    assert sums is not None
    assert sums.paths is not None
    sold = later.cube.loc[later.cube["month"] == "2026-01", "revenue"]
    assert as_float(sums.keys["actual"])[0] == pytest.approx(as_float(sold).sum())
    company = later.ranges.forecast
    company = company[(company["level"] == "company") & company["period"].isin(["2026-02", "2026-03"])]
    assert as_float(sums.keys["forecast"])[0] == pytest.approx(as_float(company["forecast"]).sum())
    # no account that never fell below zero brings less than what is sold
    assert (sums.paths >= to_ticks(sums.keys["actual"])[:, None] - 1).all()


def test_a_closed_account_brings_nothing(made: Made) -> None:
    sums = made.sums(QUARTER)
    assert sums is not None
    assert sums.paths is not None
    row = sums.keys.index[sums.keys["key"] == f"A{N - 1:02d}"][0]
    assert (sums.paths[row] == 0).all()


def test_row_order_changes_nothing(made: Made) -> None:
    one = made.sums(QUARTER)
    mixed = {"cube": made.cube, "forecast": made.ranges.forecast, "errors": made.errors}
    two = made.sums(QUARTER, **{name: table.sample(frac=1, random_state=5) for name, table in mixed.items()})
    assert one is not None
    assert two is not None
    pd.testing.assert_frame_equal(one.keys, two.keys)
    np.testing.assert_array_equal(one.paths, two.paths)


def test_without_errors_there_are_no_paths(made: Made) -> None:
    sums = made.sums(QUARTER, errors=made.errors.head(0))
    assert sums is not None
    assert sums.paths is None
    assert sums.keys["low_80"].isna().all()
    assert sums.origins == 0


@pytest.mark.parametrize("period", ["2025Q4", "2027Q1"])
def test_a_period_that_is_not_forecast_has_no_sums(made: Made, period: str) -> None:
    assert made.sums(parse_period(period)) is None


def test_a_period_forecast_in_part_has_no_sums(made: Made) -> None:
    ahead = made.ranges.forecast
    assert made.sums(QUARTER, forecast=ahead[ahead["period"] != "2026-02"]) is None


def test_tables_of_another_book_are_refused(made: Made) -> None:
    other = made.errors[made.errors["account_id"] != "A03"]
    with pytest.raises(KamError, match=r"errors: its accounts and product lines are not those of the cube"):
        made.sums(QUARTER, errors=other)
    near = made.errors[made.errors["horizon"] <= 6]
    with pytest.raises(KamError, match=r"errors: blocks reach 6 months ahead, the forecast 12"):
        made.sums(QUARTER, errors=near)
