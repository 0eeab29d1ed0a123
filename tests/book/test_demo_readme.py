"""The demo book's README says what is in the files."""

import re
from pathlib import Path

import pandas as pd
import pytest

from kamlib.book import TABLES
from kamlib.book.demo_readme import readme

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


@pytest.fixture(scope="module")
def cells() -> dict[str, list[str]]:
    text = (DEMO / "README.md").read_text(encoding="utf-8")
    rows = [
        [c.strip() for c in line.strip("| ").split(" | ")] for line in text.splitlines() if line[:2] == "| "
    ]
    return {row[0]: row[1:] for row in rows}


def test_rows_of_every_table_are_counted(cells) -> None:
    counted = {name: int(cells[name][0].replace(",", "")) for name in TABLES}
    assert counted == {name: len(pd.read_csv(DEMO / f"{name}.csv")) for name in TABLES}


def test_figures_are_those_of_the_sales(cells) -> None:
    sales = pd.read_csv(DEMO / "sales.csv", parse_dates=["date"])
    year = sales[(sales["date"] >= "2025-01-01") & sales["account_id"].notna()]
    assert cells["revenue of the last twelve months"] == [f"{year['revenue'].sum():,.0f} from accounts"]
    stray = sales[sales["account_id"].isna()]
    assert cells["sales without an account"] == [f"{len(stray)} lines, {stray['revenue'].sum():,.0f}"]
    back = sales[sales["revenue"] < 0]
    assert cells["returns"] == [f"{len(back)} lines, {back['revenue'].sum():,.0f}"]


def test_stories_name_who_carries_them(cells) -> None:
    names = pd.read_csv(DEMO / "accounts.csv").set_index("account_id")["name"].to_dict()
    names |= pd.read_csv(DEMO / "reps.csv").set_index("rep_id")["name"].to_dict()
    stories = {
        "slides away": "A015",
        "bought out by a competitor": "A096",
        "large, costs more than it brings": "A039",
        "old, of little value": "A086",
        "climbs fast": "A024",
        "large potential, small sales": "A077",
        "another rep sells into it": "A004",
        "sandbags": "R01",
        "happy ears": "R08",
        "rates harshly": "R10",
        "left": "R05",
    }
    assert {story: cells[story][0] for story in stories} == {
        story: f"{who} {names[who]}" for story, who in stories.items()
    }
    assert re.search(r"so it brings -[\d,]+$", cells["large, costs more than it brings"][1])
    assert cells["70"][:2] == ["70 %", "72.0 %"]


def test_it_is_made_by_the_command_line(cells) -> None:
    assert readme.__module__ == "kamlib.book.demo_readme"
    text = (DEMO / "README.md").read_text(encoding="utf-8")
    assert "    kam demo --accounts 120 --months 36 --lines-per-month 6 --seed 7\n" in text
