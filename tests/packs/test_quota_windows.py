"""AdventureWorks: quotas of every window beside what the selling rep sold, against published figures."""

import os
from pathlib import Path

import pandas as pd
import pytest

from kamlib.appraisal.planned import planned_targets
from kamlib.appraisal.window import judged_window
from kamlib.book import open_book
from kamlib.measures.money import as_float
from kamlib.periods import parse_period
from kamlib.runs.run import read_table

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
BOOK = ROOT / "data" / "examples" / "adventureworks_quotas.yaml"


@pytest.mark.skipif(not (SHARED / "data" / "adventureworks").is_dir(), reason="needs ../shared")
def test_all_rep_quarters_have_the_attainment_that_was_published(tmp_path, monkeypatch):
    monkeypatch.setenv("KAM_SHARED", os.environ.get("KAM_SHARED", str(SHARED)))
    with open_book(BOOK) as book:
        book.snapshot(pd.Timestamp("2100-01-01").date(), tmp_path)
    tables = {p.stem: read_table(p) for p in (tmp_path / "book").glob("*.parquet")} or {
        p.stem: read_table(p) for p in tmp_path.glob("*.parquet")
    }
    cube, targets, accounts = tables["cube"], tables["targets"], tables["accounts"]
    sold = cube.assign(revenue=as_float(cube["revenue"]))
    rows = []
    for label in sorted(targets["period"].dropna().unique()):
        window = judged_window(parse_period(label))
        asked = planned_targets(targets, None, accounts, window=window).groupby("rep_id")["asked"].sum()
        actual = sold[sold["month"].isin(window.months)].groupby("rep_id")["revenue"].sum()
        rows.append(pd.DataFrame({"asked": asked, "actual": actual.reindex(asked.index).fillna(0.0)}))
    table = pd.concat(rows)
    table["attained"] = table["actual"] / table["asked"]
    assert len(table) == 163
    assert round(100 * table["actual"].sum() / table["asked"].sum(), 1) == 84.1
    assert round(100 * table["attained"].median(), 1) == 84.8
    assert round(100 * (table["attained"] >= 1).mean(), 1) == 4.9
