from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import kamlib.forecast.replay as module
from kamlib.forecast import ForecastParams, forecast_errors, forecast_sales, replay_sales
from kamlib.forecast.levels import base_forecast
from kamlib.forecast.replay import PastForecasts
from kamlib.measures.money import to_money, to_ticks

AS_OF, UNTIL = dt.date(2026, 1, 1), dt.date(2026, 4, 1)
MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["A", "B", "C"],
        "region": ["North", "South", "South"],
        "account_type": "Dealer",
        "rep_id": ["R1", "R2", "R2"],
    }
)
PARAMS = ForecastParams(error_origins=4)


def cube(months: list[str] = MONTHS, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (account, "Bikes", month, int(rng.integers(50_000, 150_000)))
        for account in "ABC"
        for month in months
        if account != "C" or month >= "2024-10"
    ]
    table = pd.DataFrame(rows, columns=["account_id", "product_line", "month", "revenue"])
    return table.assign(revenue=to_money(table["revenue"]))


def replay(table: pd.DataFrame, **more: object) -> PastForecasts:
    params = PARAMS.model_copy(update=more)
    return replay_sales(table, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=params)


def test_origins_are_the_judged_dates_and_those_before_a_whole_block() -> None:
    past = replay(cube())
    # rows 24, 27, 30, 33 are judged; 30..33 are the last four with three months after them
    assert past.origins.tolist() == [24, 27, 30, 31, 32, 33]
    assert past.origins[past.complete()].tolist() == [24, 27, 30, 31, 32, 33]
    assert past.horizon == 3


def test_an_origin_needs_a_season_before_it() -> None:
    past = replay(cube(MONTHS[20:]), holdout_months=3)
    assert past.origins.tolist() == [12, 13]


@pytest.mark.parametrize("reconciliation", ["bottom_up", "wls", "mint_shrink"])
def test_a_past_forecast_is_the_one_made_then(reconciliation: str) -> None:
    """What came later changes no forecast of an earlier date."""
    table = cube()
    past = replay(table, reconciliation=reconciliation)
    changed = table.assign(
        revenue=table["revenue"].where(table["month"] < "2025-07", to_money([7_770_000])[0])
    )
    later = replay(changed, reconciliation=reconciliation)
    known = past.origins <= 30
    assert known.sum() == 3
    np.testing.assert_array_equal(past.forecast[known], later.forecast[known])
    assert (past.forecast[~known] != later.forecast[~known]).any()


def test_without_errors_to_weigh_by_the_first_date_is_bottom_up() -> None:
    table = cube(MONTHS[20:])
    weighed = replay(table, reconciliation="wls", holdout_months=4)
    alone = replay(table, reconciliation="bottom_up", holdout_months=4)
    assert weighed.origins.tolist() == [12, 13, 15]
    np.testing.assert_array_equal(weighed.forecast[0], alone.forecast[0])


def test_levels_are_weighed_by_errors_one_month_ahead() -> None:
    past = replay(cube())
    known = past.known_errors(30)
    assert known is not None
    # rows 12 to 29 are known in row 30; those before have no season before them
    assert known.shape == (18, past.levels.structure.total)
    assert past.known_errors(13) is None
    assert past.known_errors(36).shape == (24, past.levels.structure.total)  # type: ignore[union-attr]
    company = past.steps[20, 0] * 10_000
    made = base_forecast(past.levels.until(20), horizon=12, params=PARAMS, method="blend")[0, 0] * 10_000
    assert company == pytest.approx(made - past.levels.pairs.ticks[20].sum())


def test_in_a_large_book_accounts_and_pairs_are_replayed_at_planning_dates_and_sums_every_month(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    every = replay(cube(), error_origins=12)
    monkeypatch.setattr(module, "_MANY", 2)
    past = replay(cube(), error_origins=12)
    assert (every.apart, past.apart) == (1, 3)
    # rows 22 to 33 have three months after them; those a multiple of three before row 36 are replayed
    assert past.origins.tolist() == [24, 27, 30, 33]
    above = past.levels.sums
    assert past.levels.structure.above == above + 3
    whole = ~np.isnan(past.steps[:, above:]).all(axis=1)
    assert np.flatnonzero(whole).tolist() == [12, 15, 18, 21, 24, 27, 30, 33]
    assert np.flatnonzero(~np.isnan(past.steps[:, 0])).tolist() == list(range(12, 36))
    np.testing.assert_array_equal(past.steps[whole], every.steps[whole])
    # of pairs one error, of row 12, is known in row 15, and two in row 16: a spread needs two
    assert past.known_errors(15) is None
    assert past.known_errors(16) is not None


def test_errors_are_forecast_less_actual() -> None:
    past = replay(cube())
    table = forecast_errors(past)
    assert len(table) == 3 * len(past.origins) * 3
    row = table[(table["account_id"] == "B") & (table["origin"] == "2025-07") & (table["horizon"] == 2)]
    expected = past.forecast[2, 1, 1] - past.actual[2, 1, 1]
    assert to_ticks(row["error"]).tolist() == [expected]
    sold = cube().set_index(["account_id", "month"])["revenue"]
    assert past.actual[2, 1, 1] == to_ticks(pd.Series(sold[("B", "2025-08")])).item()


def test_a_history_too_short_for_a_block_has_no_errors() -> None:
    table = forecast_errors(replay(cube(MONTHS[24:])))
    assert table.empty
    assert list(table.columns) == ["account_id", "product_line", "origin", "horizon", "error"]


def test_a_forecast_is_the_same_with_its_past_given_or_made() -> None:
    table = cube()
    made = forecast_sales(table, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=PARAMS)
    given = forecast_sales(table, ACCOUNTS, as_of=AS_OF, until=UNTIL, params=PARAMS, past=replay(table))
    pd.testing.assert_frame_equal(made, given)
