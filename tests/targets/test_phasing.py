from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from kamlib.errors import ParameterError
from kamlib.periods import parse_period
from kamlib.targets.facts import look_back
from kamlib.targets.phasing import phase_targets
from tests.targets.sample import PERIOD, make_cube

WINDOWS = look_back(PERIOD, as_of=None)
IDS = list("ABCDEFG")


def test_lines_follow_the_accounts_own_mix_or_the_companys() -> None:
    phasing = phase_targets(make_cube(), IDS, windows=WINDOWS)
    assert phasing.product_lines == ("Bikes", "Parts")
    # the company: Bikes 800 + 200 + 100 + 50, Parts 400 + 100 - 50
    company = [1150 / 1600, 450 / 1600]
    assert phasing.line_share.tolist()[:2] == [[800 / 1200, 400 / 1200], [200 / 300, 100 / 300]]
    assert phasing.line_share[2:6] == pytest.approx(pd.DataFrame([company] * 4).to_numpy())
    assert phasing.own_mix.tolist() == [True, True, False, False, False, False, True]


def test_months_follow_the_line_or_all_lines() -> None:
    phasing = phase_targets(make_cube(), IDS, windows=WINDOWS)
    assert phasing.months == ("2026-01", "2026-02", "2026-03")
    # Bikes 700, 200, 250 in the base period; Parts only returned, so all lines together
    assert phasing.month_share[0] == pytest.approx([700 / 1150, 200 / 1150, 250 / 1150])
    assert phasing.month_share[1] == pytest.approx([700 / 1150, 200 / 1150, 250 / 1150])
    assert phasing.cell_shares().shape == (7, 6)
    assert phasing.cell_shares().sum(axis=1) == pytest.approx(1)


def test_without_sales_in_the_windows_shares_are_equal() -> None:
    old = make_cube([("A", "Bikes", "R1", "2022-01", 9), ("A", "Parts", "R1", "2022-01", 1)])
    phasing = phase_targets(old, IDS, windows=WINDOWS)
    assert (phasing.line_share == 0.5).all()
    assert phasing.month_share == pytest.approx(1 / 3)
    assert not phasing.own_mix.any()


def test_one_side_of_a_fiscal_calendar() -> None:
    period = parse_period("2026Q1", fiscal_year_start=4)
    sales = [("A", "Bikes", "R1", month, 10 * at) for at, month in enumerate(("2024-03", "2024-05"))]
    sold = make_cube([*sales, ("A", "Bikes", "R1", "2024-06", 30)])
    phasing = phase_targets(sold, ["A"], windows=look_back(period, as_of=None))
    assert phasing.months == ("2025-04", "2025-05", "2025-06")
    assert phasing.month_share.tolist() == [[0, 0.25, 0.75]]


def test_months_before_the_books_first_sale_count_as_the_mean_of_those_known() -> None:
    sales = [("A", "Bikes", "R1", "2025-02", 10), ("B", "Bikes", "R1", "2025-03", 30),
             ("B", "Parts", "R1", "2025-03", 5)]  # fmt: skip
    phasing = phase_targets(make_cube(sales), ["A", "B"], windows=WINDOWS)
    # Bikes: nothing is known of January, February 10, March 30; a line that begins later sold nothing before
    assert phasing.month_share.tolist() == [[20 / 60, 10 / 60, 30 / 60], [2.5 / 7.5, 0, 5 / 7.5]]
    days = dict(zip(("2025-01", "2025-02", "2025-03"), (20, 20, 20), strict=True))
    days |= {"2026-01": 20, "2026-02": 10, "2026-03": 20}
    worked = phase_targets(make_cube(sales), ["A", "B"], windows=WINDOWS, working_days=days)
    assert worked.month_share[0].tolist() == [20 / 55, 5 / 55, 30 / 55]
    begun = [(account, line, rep, "2025-04", amount) for account, line, rep, _, amount in sales]
    later = phase_targets(make_cube(begun), ["A", "B"], windows=WINDOWS)
    assert later.month_share == pytest.approx(1 / 3)


def test_nothing_sold_before_the_plan_is_refused() -> None:
    with pytest.raises(ParameterError, match="nothing was sold before the plan, so there is no product line"):
        phase_targets(make_cube([]), IDS, windows=WINDOWS)


def test_product_lines_first_sold_after_the_planning_day_are_not_seen() -> None:
    later = make_cube([("A", "New", "R1", "2026-01", 5)])
    phasing = phase_targets(pd.concat([make_cube(), later]), IDS, windows=WINDOWS)
    assert phasing.product_lines == ("Bikes", "Parts")
    early = look_back(PERIOD, as_of=dt.date(2025, 4, 1))
    assert phase_targets(make_cube(), IDS, windows=early).own_mix.tolist()[3] is True


def test_months_weigh_last_years_revenue_per_working_day_times_this_years_days() -> None:
    days = {"2025-01": 19, "2025-02": 20, "2025-03": 0, "2026-01": 21, "2026-02": 16, "2026-03": 22}
    sold = make_cube(
        [("A", "Bikes", "R1", "2025-01", 190), ("A", "Bikes", "R1", "2025-02", 200),
         ("A", "Bikes", "R1", "2025-03", 100)]
    )  # fmt: skip
    phasing = phase_targets(sold, ["A"], windows=WINDOWS, working_days=days)
    # 10 a day in January and February; March of the base had no working day and keeps its 100
    assert phasing.month_share[0].tolist() == [210 / 470, 160 / 470, 100 / 470]
    same = dict.fromkeys(days, 20)
    even = phase_targets(sold, ["A"], windows=WINDOWS, working_days=same)
    assert even.month_share.tolist() == phase_targets(sold, ["A"], windows=WINDOWS).month_share.tolist()


def test_a_line_without_last_year_follows_all_lines_by_working_days() -> None:
    days = {"2025-01": 20, "2025-02": 20, "2025-03": 20, "2026-01": 20, "2026-02": 10, "2026-03": 20}
    phasing = phase_targets(make_cube(), IDS, windows=WINDOWS, working_days=days)
    assert phasing.month_share[1] == pytest.approx([700 / 1050, 100 / 1050, 250 / 1050])
