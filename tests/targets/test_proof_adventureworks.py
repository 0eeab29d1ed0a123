"""AdventureWorks over its quota windows: the company's own quotas beside the rules, replayed from each day."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.book import open_book
from kamlib.forecast import ForecastParams, replay_sales, replayed_forecasts
from kamlib.measures.money import as_float
from kamlib.periods import parse_period
from kamlib.runs import read_table
from kamlib.targets import AllocationParams, Proof, prove_targets
from kamlib.targets.past import past_windows

ROOT = Path(__file__).resolve().parents[2]
RAW = Path(os.environ.get("KAM_SHARED") or ROOT.parent / "shared") / "data" / "adventureworks"
BOOK = ROOT / "data" / "examples" / "adventureworks_quotas.yaml"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not RAW.is_dir(), reason="the data set is not beside the project"),
]
PERIOD = parse_period("2013Q4")
QUIET = {"company": 0.066, "forecast": 0.167, "best_blend": 0.1685}


@dataclass(frozen=True)
class Shelf:
    cube: pd.DataFrame
    accounts: pd.DataFrame
    past: pd.DataFrame
    targets: pd.DataFrame
    forecasts: pd.DataFrame

    def prove(self, past: pd.DataFrame | None = None) -> Proof:
        return prove_targets(
            self.cube,
            self.past if past is None else past,
            self.forecasts,
            self.targets,
            period=PERIOD,
            as_of=PERIOD.start,
            split=AllocationParams(),
            unit=100,
            growth=0.08,
        )


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    folder = tmp_path_factory.mktemp("quotas")
    with open_book(BOOK) as book:
        book.snapshot(PERIOD.start, folder)
        first = str(read_table(folder / "book" / "cube.parquet")["month"].min())
        windows = past_windows(PERIOD, as_of=PERIOD.start, first_month=first)
        book.snapshot_past([w.day for w in windows], folder)
    cube, accounts, past, targets = (
        read_table(folder / "book" / f"{name}.parquet")
        for name in ("cube", "accounts", "accounts_past", "targets")
    )
    # judged dates reach back over all seven windows that have a year of sales before them
    made = replay_sales(
        cube,
        accounts,
        as_of=PERIOD.start,
        until=PERIOD.end,
        params=ForecastParams(holdout_months=21),
    )
    return Shelf(cube, accounts, past, targets, replayed_forecasts(made, period=PERIOD))


@pytest.fixture(scope="module")
def proof(shelf: Shelf) -> Proof:
    return shelf.prove()


def own(proof: Proof, rule: str, total: str) -> pd.Series:
    table = proof.own
    return table[(table["split_rule"] == rule) & (table["split_total"] == total)].iloc[0]


def test_days_are_moved_without_changing_an_amount(shelf: Shelf) -> None:
    with open_book(ROOT / "data" / "examples" / "adventureworks.yaml") as book, open_book(BOOK) as moved:
        for name, column in (("sales", "revenue"), ("targets", "target")):
            amounts = [b.table(name)[column].sum().to_pyarrow().as_py() for b in (book, moved)]
            assert amounts[0] == amounts[1], name
    months = pd.Index(sorted(shelf.cube["month"].unique()))
    assert (len(months), months[0], months[-1]) == (33, "2011-01", "2013-09")


def test_quotas_of_complete_windows_beside_what_came(shelf: Shelf) -> None:
    """Eleven windows are complete; the quotas follow what came even for reps in their first quarter.

    They are a fifth above the result and correlate with it by .97 and more in every window. A rep's first quota is
    within a third of the first result without any history to go by: the sample's quotas look as though they
    were made from its sales, and are no measure of what a company could have known.
    """
    cube, targets = shelf.cube, shelf.targets
    quarter = pd.PeriodIndex(cube["month"], freq="M").asfreq("Q").astype(str)
    sold = pd.Series(as_float(cube["revenue"])).groupby([quarter, cube["rep_id"].to_numpy()]).sum()
    quota = pd.Series(
        as_float(targets["target"]), index=pd.MultiIndex.from_frame(targets[["period", "rep_id"]])
    )
    quota = quota[quota.index.get_level_values(0) < "2013Q4"]
    both = pd.DataFrame({"quota": quota, "sold": sold.reindex(quota.index).fillna(0)})
    windows = both.groupby(level=0)
    assert (len(windows), len(both)) == (11, 146)
    error = (both["quota"] - both["sold"]).abs().sum() / both["sold"].sum()
    assert error == pytest.approx(0.2064, abs=5e-5)
    reached = both["sold"] / both["quota"]
    assert reached.between(0.9, 1.1).mean() == pytest.approx(31 / 146)
    assert windows.apply(lambda w: np.corrcoef(w["quota"], w["sold"])[0, 1]).min() > 0.97
    first = both.reset_index(names=["period", "rep_id"]).sort_values("period").drop_duplicates("rep_id")
    fresh = first[first["period"] > "2011Q1"]
    assert (len(fresh), (fresh["sold"] / fresh["quota"]).between(0.66, 0.89).all()) == (7, True)


def test_rules_over_the_seven_windows_with_a_year_before_them(proof: Proof) -> None:
    assert proof.periods["period"].tolist() == [
        "2012Q1", "2012Q2", "2012Q3", "2012Q4", "2013Q1", "2013Q2", "2013Q3",
    ]  # fmt: skip
    true = proof.rules[proof.rules["split_total"] == "true"].set_index("split_rule")
    expected = {
        "history": (0.593, 0.185, 31),
        "potential": (1.221, 0.256, 19),
        "half": (0.824, 0.189, 25),
        "forecast": (0.584, 0.142, 39),
        "forecast_potential": (0.8145, 0.1805, 28),
        "last_year": (1.068, 0.346, 13),
        "planned": (0.793, 0.188, 27),
        "best_blend": (0.557, 0.140, 35),
    }
    for rule, (account, rep, within) in expected.items():
        assert true.loc[rule, "account_error"] == pytest.approx(account, abs=6e-4), rule
        assert true.loc[rule, "rep_error"] == pytest.approx(rep, abs=6e-4), rule
        assert true.loc[rule, "in_band"] == pytest.approx(within / 99), rule
    assert (proof.best, proof.against) == ("forecast", "planned")
    # 4.6 points over seven quarters are not told from chance; last year's quarter alone is worse beyond it
    assert true.loc["half", "difference_low"] < 0 < true.loc["half", "difference_high"]
    assert true.loc["last_year", "difference_low"] > 0
    assert true.loc["forecast", "replayed_with"] == "groups_today"
    assert true.loc["half", "replayed_with"] == "potential_today"
    assert proof.weights.set_index("factor")["weight"].round(2).to_dict() == {
        "history": 0.25, "potential": 0.0, "forecast": 0.75,
    }  # fmt: skip


def test_quotas_beside_the_rules(proof: Proof) -> None:
    """Absolute error over what each rep sold, and cases of 106 within 90-110 %: as set, and at the true total."""
    expected = {
        "company": (0.209, 24, 0.071, 77),
        "history": (0.422, 14, 0.303, 28),
        "half": (0.386, 19, 0.285, 29),
        "forecast": (0.383, 20, 0.270, 34),
        "forecast_potential": (0.374, 23, 0.277, 22),
        "planned": (0.389, 20, 0.287, 29),
        "best_blend": (0.385, 14, 0.2695, 36),
    }
    for rule, (set_error, set_within, error, within) in expected.items():
        as_set, true = own(proof, rule, "company"), own(proof, rule, "true")
        assert (as_set["rep_error"], true["rep_error"]) == pytest.approx((set_error, error), abs=6e-4), rule
        assert (as_set["in_band"], true["in_band"]) == pytest.approx((set_within / 106, within / 106)), rule
    assert own(proof, "forecast", "true")["difference_low"] > 0


def test_new_territories_make_most_of_the_distance(shelf: Shelf) -> None:
    """In 2012Q1 and 2013Q1 hundreds of accounts begin that nobody's history can tell of."""
    table = shelf.prove().periods.set_index("period")
    share = as_float(table["outside"]) / (as_float(table["outside"]) + as_float(table["actual"]))
    assert dict(zip(table.index, share.round(2), strict=True)) == {
        "2012Q1": 0.6, "2012Q2": 0.0, "2012Q3": 0.0, "2012Q4": 0.0, "2013Q1": 0.38, "2013Q2": 0.0, "2013Q3": 0.0,
    }  # fmt: skip
    waves = pd.to_datetime(["2012-01-01", "2013-01-01"])
    quiet = shelf.prove(shelf.past[~shelf.past["as_of"].isin(waves)])
    # over the five other windows the best rule is 17 % off instead of 28 %, the quotas still 7 %
    found = {rule: own(quiet, rule, "true")["rep_error"] for rule in ("company", "forecast", "best_blend")}
    assert found == pytest.approx(QUIET, abs=6e-4)
