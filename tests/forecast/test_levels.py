from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kamlib.forecast import ForecastParams, PipelineParams, forecast_sales, learn_stage_rates, value_pipeline
from kamlib.forecast.replay import replay_sales
from kamlib.measures.money import to_money, to_ticks, total_money

AS_OF, UNTIL = dt.date(2026, 1, 1), dt.date(2027, 1, 1)
MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
METHODS = ("bottom_up", "wls", "mint_shrink")
NOISE = 0.03


def flat(spans: dict[str, tuple[int, int]], seed: int = 3, size: float = 100.0) -> pd.DataFrame:
    """Accounts that sell the same every month but for noise, from one row to another."""
    rng = np.random.default_rng(seed)
    rows = [
        (account, "Line", MONTHS[row], size * np.exp(NOISE * rng.standard_normal()))
        for account, (begin, end) in spans.items()
        for row in range(begin, end)
    ]
    table = pd.DataFrame(rows, columns=["account_id", "product_line", "month", "revenue"])
    return table.assign(revenue=to_money(np.rint(table["revenue"] * 10_000).astype(np.int64)))


def masters(cube: pd.DataFrame, closed: str = "-") -> pd.DataFrame:
    ids = sorted(cube["account_id"].unique())
    return pd.DataFrame(
        {
            "account_id": ids,
            "region": ["North" if hash_of(i) % 2 else "South" for i in ids],
            "account_type": "T",
            "rep_id": [f"R{hash_of(i) % 3}" for i in ids],
            "status": ["closed" if i.startswith(closed) else "active" for i in ids],
        }
    )


def hash_of(account: str) -> int:
    return int(account[1:])


def growing(new: int) -> dict[str, tuple[int, int]]:
    old = {f"A{i:03d}": (0, 36) for i in range(20)}
    return old | {f"N{row * new + i:03d}": (row, 36) for row in range(1, 36) for i in range(new)}


def year_of(
    cube: pd.DataFrame, accounts: pd.DataFrame, until: dt.date = UNTIL, **more: object
) -> pd.DataFrame:
    return forecast_sales(cube, accounts, as_of=AS_OF, until=until, params=ForecastParams(**more))


def by_account(table: pd.DataFrame) -> pd.Series:
    return table[table["level"] == "account"].groupby("key")["forecast"].sum().astype(float)


@pytest.mark.parametrize("reconciliation", METHODS)
@pytest.mark.parametrize("new", [0, 1, 2])
def test_new_accounts_of_the_past_are_no_growth_of_those_there_are(new: int, reconciliation: str) -> None:
    cube = flat(growing(new))
    rate = 12 * (20 + 35 * new) * 100 * np.exp(NOISE**2 / 2)
    found = by_account(year_of(cube, masters(cube), reconciliation=reconciliation))
    assert found.sum() == pytest.approx(rate, rel=0.02)
    assert found[found.index.str.startswith("A")].sum() == pytest.approx(12 * 2000, rel=0.02)


@pytest.mark.parametrize("reconciliation", METHODS)
def test_base_and_new_business_are_what_comes(reconciliation: str) -> None:
    cube = flat(growing(1))
    base = by_account(year_of(cube, masters(cube), reconciliation=reconciliation)).sum()
    days = pd.date_range("2026-01-15", periods=12, freq=pd.DateOffset(months=1))
    # one new account a month, whose order is what it will buy until the year ends
    opened = pd.DataFrame(
        {
            "opportunity_id": [f"P{i:02d}" for i in range(12)],
            "account_id": [f"X{i:02d}" for i in range(12)],
            "rep_id": "R",
            "product_line": "Line",
            "stage": "100",
            "amount": to_money([100 * (12 - i) * 10_000 for i in range(12)]),
            "created": pd.Timestamp("2025-12-01"),
            "closed": pd.NaT,
            "expected_close": days,
            "outcome": "open",
        }
    )
    params = PipelineParams()
    rates = learn_stage_rates(opened, None, stages={"100": 1.0}, as_of=AS_OF, params=params)
    value = value_pipeline(opened, rates, cube, as_of=AS_OF, months=[f"2026-{m:02d}" for m in range(1, 13)],
                           delays=np.zeros(0), params=params, paths=100, seed=1)  # fmt: skip
    comes = 12 * 55 * 100 * np.exp(NOISE**2 / 2) + 100 * sum(range(1, 13))
    assert float(value.added) == 7800
    assert base + float(value.added) == pytest.approx(comes, rel=0.02)


@pytest.mark.parametrize("reconciliation", METHODS)
def test_closed_accounts_move_no_open_one(reconciliation: str) -> None:
    spans = {f"A{i:03d}": (i % 20, 36) for i in range(40)}
    alone = flat(spans)
    both = pd.concat([alone, flat({f"Z{i:03d}": (0, 23) for i in range(90)}, seed=9)], ignore_index=True)
    without = by_account(year_of(alone, masters(alone), reconciliation=reconciliation))
    found = by_account(year_of(both, masters(both, closed="Z"), reconciliation=reconciliation))
    assert (found[found.index.str.startswith("Z")] == 0).all()
    pd.testing.assert_series_equal(found[without.index], without, check_exact=True)


@pytest.mark.parametrize("reconciliation", METHODS)
def test_a_replay_is_the_forecast_of_a_book_cut_at_its_date(reconciliation: str) -> None:
    cube = flat(growing(2), seed=5)
    params = ForecastParams(reconciliation=reconciliation)
    past = replay_sales(cube, masters(cube), as_of=AS_OF, until=UNTIL, params=params)
    for day in (dt.date(2024, 7, 1), dt.date(2025, 1, 1), dt.date(2025, 7, 1)):
        cut = cube[cube["month"] < str(day)[:7]]
        then = forecast_sales(
            cut, masters(cut), as_of=day, until=day.replace(year=day.year + 1), params=params
        )
        pairs = then[then["level"] == "account_line"]
        ahead = min(12, 36 - 12 * (day.year - 2023) - day.month + 1)
        made = np.asarray(to_ticks(pairs["forecast"])).reshape(-1, 12)[:, :ahead].T
        place = int(np.searchsorted(past.origins, 12 * (day.year - 2023) + day.month - 1))
        there = past.levels.pairs.keys["account_id"].isin(cut["account_id"]).to_numpy()
        np.testing.assert_array_equal(past.forecast[place][:ahead, there], made)
        assert (past.forecast[place][:, ~there] == 0).all()


@pytest.mark.parametrize("reconciliation", METHODS)
def test_a_large_account_that_left_does_not_pull_its_neighbours_down(reconciliation: str) -> None:
    spans = {f"A{i:03d}": (0, 36) for i in range(40)}
    cube = pd.concat([flat(spans), flat({"Z000": (0, 23)}, size=2000.0)], ignore_index=True)
    found = by_account(year_of(cube, masters(cube), reconciliation=reconciliation)).drop("Z000")
    assert found.sum() == pytest.approx(12 * 4000, rel=0.01)


def test_a_month_is_forecast_the_same_whether_a_quarter_or_the_year_is_asked_for() -> None:
    cube = flat({f"A{i:03d}": (i % 14, 36) for i in range(12)})
    year = year_of(cube, masters(cube))
    quarter = year_of(cube, masters(cube), until=dt.date(2026, 4, 1))
    same = quarter.merge(year, on=["level", "key", "period"])
    assert len(same) == len(quarter)
    assert (same["forecast_x"] == same["forecast_y"]).all()
    assert total_money(quarter.loc[quarter["level"] == "company", "forecast"]) > 0


def test_only_young_accounts_keep_their_own_forecasts() -> None:
    """No account has begun before the last season: there is nothing to compare, and nothing to reconcile."""
    cube = flat({f"A{i:03d}": (24 + i, 36) for i in range(6)} | {"B006": (0, 20)})
    by_method = [by_account(year_of(cube, masters(cube), reconciliation=name)) for name in METHODS]
    assert by_method[0].sum() > 6000
    for found in by_method[1:]:
        pd.testing.assert_series_equal(found, by_method[0])
