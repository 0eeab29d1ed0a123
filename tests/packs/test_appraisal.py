"""The appraisal pack on the demo book: pages, planted stories, privacy, the live workbook, refusals."""

import dataclasses
import datetime as dt
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kamlib.appraisal.feedback import FeedbackParams, score_feedback
from kamlib.appraisal.incidents import IncidentParams
from kamlib.appraisal.kpi import ScorecardParams
from kamlib.appraisal.weighting import WeightChange, WeightParams
from kamlib.cli import main
from kamlib.packs.appraisal import appraisal_params, appraise
from kamlib.packs.appraisal_params import RankingParams
from kamlib.packs.judging import case_of, judge
from kamlib.packs.pages_feedback import Cycle, feedback_page, latest_cycle
from kamlib.packs.pages_judged import log_page
from kamlib.packs.pages_ranking import ranks_page
from kamlib.packs.ranked import rank
from kamlib.runs import open_run

DEMO = Path(__file__).parents[2] / "data" / "demo"
PAGES = [
    "summary",
    "results_1",
    "results_2",
    "results_3",
    "scorecard_1",
    "scorecard_2",
    "scorecard_3",
    "objectives",
    "scorecard_4",
    "feedback_1",
    "feedback_2",
    "incidents",
    "ranking_1",
    "ranking_2",
    "pay",
    "growth",
    "book_1",
    "book_2",
    "appendix_1",
    "appendix_2",
]


def test_the_pack_has_its_pages_in_order(appraisal_run):
    html = (appraisal_run / "pack.html").read_text(encoding="utf-8")
    assert re.findall(r'id="page-([a-z_0-9]+)"', html) == PAGES


def test_totals_are_the_sums_of_points_and_results_those_of_the_cube(appraisal_run):
    run = open_run(str(appraisal_run))
    scores, totals = run.load("scores"), run.load("score_totals")
    sums = scores.groupby("rep_id")["points"].sum()
    assert np.allclose(totals["own_score"], totals["rep_id"].map(sums), atol=1e-9)
    assert scores.groupby("rep_id")["used_weight"].sum().to_numpy() == pytest.approx(np.ones(11))
    results = run.load("results")
    cube = run.load("cube")
    months = ["2025-10", "2025-11", "2025-12"]
    sold = cube.loc[cube["month"].isin(months), "revenue"].sum()
    for _, part in results.groupby("dimension"):
        assert part["actual"].sum() == sold
    bridge = run.load("results_bridge").set_index("part")["amount"]
    assert bridge.drop("after").sum() == bridge["after"] == sold


def test_attainment_is_what_the_seller_sold_over_the_books_target(appraisal_run):
    run = open_run(str(appraisal_run))
    results = run.load("results")
    rep = results[(results["dimension"] == "rep") & (results["key"] == "R03")].iloc[0]
    targets = pd.read_csv(DEMO / "targets.csv").query("period == '2025Q4' and rep_id == 'R03'")
    sales = pd.read_csv(DEMO / "sales.csv").query("'2025-10-01' <= date <= '2025-12-31'")
    held = pd.read_csv(DEMO / "accounts.csv").set_index("account_id")["rep_id"]
    sales = sales[sales["rep_id"].fillna(sales["account_id"].map(held)) == "R03"]
    assert rep["attainment"] == pytest.approx(sales["revenue"].sum() / targets["target"].sum())
    scores = run.load("scores").query("rep_id == 'R03' and kpi == 'target_attainment'").iloc[0]
    assert scores["attainment"] == pytest.approx(rep["attainment"])


def test_the_harsh_rater_is_found_and_nobody_else(appraisal_run):
    raters = open_run(str(appraisal_run)).load("feedback_raters")
    harsh = raters[raters["severe"].fillna(False).astype(bool)]
    assert harsh["rater_id"].tolist() == ["R10"]
    assert harsh["rater_severity"].iloc[0] < -0.8


def test_the_sandbagger_and_the_happy_ears_forecast_worst(tmp_path):
    file = tmp_path / "accuracy.yaml"
    file.write_text(
        "scorecard: {kpis: [{measure: forecast_accuracy, weight: 1.0, perspective: process, target: fixed,"
        " value: 0.9}]}\nweights: {policies: []}\n"
    )
    folder = appraise(DEMO, "2025", lang="en", params_file=file, out=tmp_path / "out", say=lambda _: None)
    scores = open_run(str(folder)).load("scores").sort_values("kpi_value")
    assert set(scores["rep_id"].head(2)) == {"R01", "R08"}
    assert scores["kpi_value"].iloc[1] < 0.8 < 0.9 < scores["kpi_value"].iloc[2]


def test_all_changes_of_given_weights_are_listed_the_latest_first(appraisal_run):
    run = open_run(str(appraisal_run))
    case = case_of(run, run.params(ScorecardParams))
    log = tuple(
        WeightChange(
            day=f"2025-0{k}-01", who="board", why=f"reason {k}", kpi="satisfaction", before=0.1, after=0.15
        )
        for k in (2, 7, 1, 3, 5, 4, 6)
    )
    page = log_page(SimpleNamespace(case=case), WeightParams(log=log))
    assert page.table["why"].tolist() == [f"reason {k}" for k in (7, 6, 5, 4, 3, 2, 1)]
    assert page.title.startswith(
        "Given weights were changed 7 times, last on 2025-07-01: Satisfaction from 10.0 %"
    )


@pytest.mark.parametrize(
    ("cycles", "taken"),
    [
        (["2023", "2024", "2025"], Cycle("2024", dated=True)),
        (["2024", "2025Q3", "2025Q4"], Cycle("2025Q3", dated=True)),
        (["2025"], None),
        (["2024", "spring 2025"], Cycle("2024", dated=True)),
        (["autumn 2024", "spring 2025"], Cycle("spring 2025", dated=False)),
        ([], None),
    ],
)
def test_a_cycle_that_is_not_over_is_not_read(cycles, taken):
    assert latest_cycle(cycles, end=dt.date(2025, 10, 1)) == taken


def test_the_feedback_page_says_who_is_not_shown_and_how_far_raters_agree(appraisal_run):
    run = open_run(str(appraisal_run))
    case = case_of(run, run.params(ScorecardParams))
    rows = run.load("feedback").query("cycle == '2025'").astype({"score": "float64"})
    rows = rows[(rows["rep_id"] != "R12") | (rows["rater_id"].str[0] == "M") | (rows["rater_id"] == "C034")]
    found = score_feedback(rows, params=FeedbackParams())
    page = feedback_page(case, found, Cycle("spring", dated=False), FeedbackParams())
    assert page.sentences[0].startswith('The cycle "spring" is not named by a period')
    assert page.sentences[1].endswith(f"even together: {case.names['R12']} (raters: 1).")
    assert (
        f"ICC(1,1) of one rater {found.icc.single_1:.2f}, ICC(1,k) of the mean of 9.11 raters"
        in page.notes[2]
    )
    assert found.groups.query("rep_id == 'R12'")["rater_group"].tolist() == ["superior"]


def test_a_rank_that_hangs_on_one_account_is_named(appraisal_run):
    run = open_run(str(appraisal_run))
    hinges = run.load("ranking_hinges").set_index("rep_id")
    assert hinges["rank_move"].abs().max() >= 3
    shared = run.load("results_shared")
    assert ("A004", "R06", "R04") in set(
        zip(shared["account_id"], shared["rep_id"], shared["seller"], strict=True)
    )


def test_plausible_ranks_hold_the_rank_or_lie_beside_it_and_cover_all_places(appraisal_run):
    table = open_run(str(appraisal_run)).load("ranking")
    assert (table["best_rank"] <= table["worst_rank"]).all()
    assert (table["score_low"] <= table["score_high"]).all()
    assert table["final_score"].is_monotonic_decreasing
    assert table["first_share"].sum() == pytest.approx(1)


def test_the_same_book_and_parameters_give_the_same_tables(appraisal_run, tmp_path):
    again = appraise(DEMO, "2025Q4", lang="en", out=tmp_path, say=lambda _: None)
    facts = [json.loads((run / "manifest.json").read_text())["tables"] for run in (appraisal_run, again)]
    assert facts[0] == facts[1]


def test_the_pack_speaks_chinese_and_judges_the_year_to_date(tmp_path, capsys):
    code = main(
        [
            "appraise",
            "--book",
            str(DEMO),
            "--period",
            "2025Q2",
            "--to-date",
            "--lang",
            "zh",
            "--out",
            str(tmp_path),
        ]
    )
    folder = Path(capsys.readouterr().out.strip())
    assert code == 0
    run = open_run(str(folder))
    cube = run.load("cube")
    company = run.load("results").query("dimension == 'company'").iloc[0]
    half = cube["month"].between("2025-01", "2025-06")
    assert company["actual"] == cube.loc[half, "revenue"].sum()
    targets = pd.read_csv(DEMO / "targets.csv").query("period in ('2025Q1', '2025Q2')")
    assert company["target"] == pytest.approx(targets["target"].sum())
    assert "2025-01 至 2025-06" in (folder / "pack.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scorecard: {kpis: [{measure: gross_margin, weight: 0.5, perspective: financial, target: peers}]}", "sum to 0.5"),
        (
            "scorecard: {kpis: [{measure: gross_margin, weight: 0.5, perspective: financial, target: peers},"
            " {measure: gross_margin, weight: 0.5, perspective: financial, target: peers}]}",
            "gross_margin: named 2 times",
        ),
        ("scorecard: {kpis: [{measure: gros_margin, weight: 1.0, perspective: financial, target: peers}]}", 'Did you mean "gross_margin"'),
        ("scorecard: {kpis: [{measure: retention, weight: 1.0, perspective: customer, target: fixed, value: 0.0}]}", "above 0"),
        ("ranking: {forced: [0.5, 0.6]}", "sum to 1.1"),
        ("pay: {curve: [[1.0, 1.0], [0.5, 2.0]]}", "pay never falling"),
        ("feedback: {superior_weight: 0.9}", "the weights of groups sum to 1.5; they must sum to 1"),
        ("feedback: {scale_low: 5.0}", "scale_low 5 is not below scale_high 5"),
    ],
)  # fmt: skip
def test_broken_parameters_are_refused_before_anything_runs(text, said, tmp_path, capsys):
    file = tmp_path / "wrong.yaml"
    file.write_text(text + "\n")
    out = tmp_path / "out"
    code = main(
        ["appraise", "--book", str(DEMO), "--period", "2025Q4", "--params", str(file), "--out", str(out)]
    )
    assert code == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_a_period_that_is_not_over_and_a_target_of_zero_are_refused(tmp_path, capsys):
    assert main(["appraise", "--book", str(DEMO), "--period", "2026Q1", "--out", str(tmp_path / "a")]) == 2
    assert "what is not over cannot be appraised" in capsys.readouterr().err
    book = tmp_path / "book"
    shutil.copytree(DEMO, book)
    targets = pd.read_csv(book / "targets.csv", dtype=str)
    targets.loc[(targets["period"] == "2025Q4") & (targets["rep_id"] == "R03"), "target"] = "0"
    targets.to_csv(book / "targets.csv", index=False)
    assert main(["appraise", "--book", str(book), "--period", "2025Q4", "--out", str(tmp_path / "b")]) == 3
    assert (
        "targets.target: 0 for rep R03, measure target_attainment, 2025-10 to 2025-12 (1 such)"
        in capsys.readouterr().err
    )
    assert not list((tmp_path / "b").rglob("*.ipynb"))


def test_a_target_of_zero_in_the_quarter_before_leaves_the_effect_of_plans_out(tmp_path):
    book = tmp_path / "book"
    shutil.copytree(DEMO, book)
    targets = pd.read_csv(book / "targets.csv", dtype=str)
    targets.loc[(targets["period"] == "2025Q3") & (targets["rep_id"] == "R02"), "target"] = "0"
    targets.to_csv(book / "targets.csv", index=False)
    folder = appraise(book, "2025Q4", lang="en", out=tmp_path / "out", say=lambda _: None)
    assert not open_run(str(folder)).has("growth_effects")
    said = "What earlier plans changed cannot be told: a target of the period before is zero."
    assert said in (folder / "pack.html").read_text(encoding="utf-8")


def test_pairs_that_are_missing_or_unknown_are_named(tmp_path, capsys):
    code = main(["appraise", "--book", str(DEMO), "--period", "2025Q4", "--out", str(tmp_path),
                 "-p", "weights.method=ahp", "-p", "weights.pairs={gross_margn/satisfaction: 2.0}"])  # fmt: skip
    assert code == 2
    assert 'weights.pairs: "gross_margn" is no KPI. Did you mean "gross_margin"?' in capsys.readouterr().err


def test_parameters_of_the_pack_are_listed_with_their_sources(capsys):
    assert main(["params", "--pack", "appraisal"]) == 0
    assert "scorecard.team_share" in capsys.readouterr().out
    assert appraisal_params().ranking.draws == 2000


def test_a_book_of_two_tables_is_appraised_on_what_it_has(tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    accounts = pd.DataFrame({"account_id": [f"A{k}" for k in range(12)], "region": "x", "account_type": "y",
                             "rep_id": [f"R{k % 3}" for k in range(12)]})  # fmt: skip
    accounts.to_csv(book / "accounts.csv", index=False)
    months = pd.period_range("2024-01", "2025-12", freq="M")
    rng = np.random.default_rng(5)
    rows = [(f"{m}-15", f"A{k}", "p", round(float(rng.uniform(50, 150)), 2), f"R{k % 3}")
            for m in months for k in range(12)]  # fmt: skip
    pd.DataFrame(rows, columns=["date", "account_id", "product_line", "revenue", "rep_id"]).to_csv(
        book / "sales.csv", index=False
    )
    folder = appraise(book, "2025Q4", lang="en", out=tmp_path / "out", say=lambda _: None)
    scores = open_run(str(folder)).load("scores")
    left = scores[scores["left_out"].notna()].groupby("kpi")["left_out"].first().to_dict()
    assert left == {
        "target_attainment": "no_target",
        "gross_margin": "no_value",
        "satisfaction": "no_value",
        "effective_contacts": "no_value",
    }


def test_what_adds_up_over_months_is_the_same_by_month_as_in_one(appraisal_run):
    case = case_of(open_run(str(appraisal_run)), ScorecardParams())
    names = ["measure", "rep_id", "account_id"]
    whole, dated = case.evidence(case.window), case.dated_evidence(case.window)
    assert dated["month"].nunique() >= 3
    for column in ("amount", "base"):
        sums = dated.fillna({"account_id": ""}).groupby(names)[column].sum()
        pd.testing.assert_series_equal(sums, whole.fillna({"account_id": ""}).groupby(names)[column].sum())


def test_who_is_not_measured_on_what_costs_or_brings_most_is_named(appraisal_run):
    run = open_run(str(appraisal_run))
    judged = judge(case_of(run, ScorecardParams()), WeightParams())
    ranked = rank(judged, None, params=RankingParams(draws=100), incidents=IncidentParams())
    params = RankingParams(draws=100)
    assert not [s for s in ranks_page(judged, ranked, params).sentences if "Not measured" in s]
    scores = judged.scores.copy()
    kpis = scores["kpi"].unique()
    place = {str(kpi): scores.index[scores["kpi"] == kpi][:2] for kpi in kpis}
    for kpi, value in ((kpis[0], 40.0), (kpis[1], 118.0)):
        scores.loc[scores["kpi"] == kpi, "score"] = value
        scores.loc[place[str(kpi)], "score"] = np.nan
    changed = dataclasses.replace(judged, scores=scores)
    said = [s for s in ranks_page(changed, ranked, params).sentences if "Not measured" in s]
    names = [judged.case.names[rep] for rep in scores.loc[place[str(kpis[0])], "rep_id"]]
    costs = scores.loc[scores["kpi"] == kpis[0], "used_weight"].drop(place[str(kpis[0])]).mean() * 60
    assert f"{'; '.join(names)}. It costs those who are {costs:.1f} points in the mean" in said[0]
    assert "It brings those who are" in said[1]


def test_flips_are_of_the_ranking_that_is_shown(appraisal_run):
    run = open_run(str(appraisal_run))
    final = run.load("ranking").set_index("rep_id")["final_score"]
    found = run.load("ranking_flips")
    gaps = found["upper"].map(final) - found["lower"].map(final)
    assert found["score_gap"].to_numpy() == pytest.approx(gaps.to_numpy())
    assert (gaps >= 0).all()
