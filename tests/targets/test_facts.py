from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import BookError
from kamlib.periods import parse_period
from kamlib.targets.facts import account_facts, look_back, sum_by
from tests.targets.sample import PERIOD, make_accounts, make_cube

WINDOWS = look_back(PERIOD, as_of=None)


def test_windows_of_a_quarter() -> None:
    assert str(WINDOWS.base) == "2025Q1"
    assert (WINDOWS.history[0], WINDOWS.history[-1], len(WINDOWS.history)) == ("2025-01", "2025-12", 12)
    assert WINDOWS.base_is_last_year


def test_windows_seen_from_an_earlier_day() -> None:
    windows = look_back(parse_period("2026"), as_of=dt.date(2025, 11, 15))
    assert str(windows.base) == "2024"
    assert not windows.base_is_last_year
    assert (windows.history[0], windows.history[-1]) == ("2024-10", "2025-09")
    assert (windows.first_unseen, WINDOWS.first_unseen) == ("2025-12", "2026-01")
    assert str(look_back(parse_period("2026Q1"), as_of=dt.date(2025, 11, 15)).base) == "2025Q1"


def test_windows_of_a_fiscal_calendar() -> None:
    windows = look_back(parse_period("2026Q1", fiscal_year_start=4), as_of=None, quarters=2)
    assert windows.base_months == ("2024-04", "2024-05", "2024-06")
    assert windows.history == ("2024-10", "2024-11", "2024-12", "2025-01", "2025-02", "2025-03")


def test_facts_are_exact_sums() -> None:
    facts = account_facts(make_cube(), make_accounts(), windows=WINDOWS)
    assert (facts.history / 10_000).tolist() == [1200, 300, 0, 0, -50, 0, 100]
    assert (facts.base / 10_000).tolist() == [800, 200, 0, 0, -50, 0, 100]
    assert facts.company_base == 1100 * 10_000
    assert (facts.potential / 10_000).tolist() == [3000, 0, 2000, 1000, 500, 0, 900]
    assert facts.known.tolist() == [True, False, True, True, True, False, True]
    assert facts.sold.tolist() == [True, True, False, True, True, False, True]
    assert facts.recent.tolist() == [True, True, False, False, True, False, True]
    assert facts.open.tolist() == [True] * 6 + [False]


def test_rows_on_or_after_the_planning_day_are_not_read() -> None:
    later = make_cube([("F", "Bikes", "R1", "2026-01", 900), ("A", "New line", "R1", "2026-02", 900)])
    facts = account_facts(pd.concat([make_cube(), later]), make_accounts(), windows=WINDOWS)
    assert not facts.sold[5]
    assert (
        facts.history.tolist()
        == account_facts(make_cube(), make_accounts(), windows=WINDOWS).history.tolist()
    )


def test_broken_tables_are_refused() -> None:
    cube, accounts = make_cube(), make_accounts()
    with pytest.raises(BookError, match="accounts: no column status. Add it to the table."):
        account_facts(cube, accounts.drop(columns="status"), windows=WINDOWS)
    with pytest.raises(BookError, match='accounts.account_id: "A" stands twice'):
        account_facts(cube, pd.concat([accounts, accounts.head(1)]), windows=WINDOWS)
    with pytest.raises(BookError, match='2 rows name accounts that are not there, first "D"'):
        account_facts(cube, accounts[~accounts["account_id"].isin(["D", "E"])], windows=WINDOWS)


def test_codes_below_zero_count_nowhere() -> None:
    assert sum_by(np.array([1, -1, 1]), np.array([2**60, 5, 2**60]), 2).tolist() == [0, 2**61]
