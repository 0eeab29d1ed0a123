"""Private sheets: a rep's own rows, nothing that another rep did, and nothing it could be worked out from."""

import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from kamlib.appraisal.kpi import ScorecardParams
from kamlib.appraisal.scorecard import set_targets
from kamlib.packs.judging import case_of
from kamlib.packs.pages_scorecard import written
from kamlib.packs.rep_sheets import _private, team_others
from kamlib.runs import open_run


def figures(run, rep):
    """Every figure of a rep as a sheet would write it: of KPIs of three digits, of all else of four or more.

    Fewer meet by chance.
    """
    words, scores = run.words, run.load("scores").query("rep_id == @rep")
    ranking, pay = (run.load(name).set_index("rep_id").loc[rep] for name in ("ranking", "pay"))
    told = [written(k, v, words) for c in ("kpi_value", "kpi_target")
            for k, v in zip(scores["kpi"], scores[c], strict=True)]  # fmt: skip
    told += [f"{v:,.{d}f}" for c in ("kpi_value", "kpi_target") for v in scores[c] for d in (0, 1, 2)]
    small = {text for text in told if digits(text) == 3}
    told += [f"{v:.2f}" for c in ("points", "score") for v in scores[c]]
    told += [f"{v:.{d}f}" for v in ranking.drop("polarity", errors="ignore")
             [["own_score", "final_score", "score_low", "score_high"]] for d in (1, 2)]  # fmt: skip
    told += [f"{pay['payout']:,.{d}f}" for d in (0, 2)] + [f"{pay['next_step']:,.2f}"]
    return small | {text for text in told if digits(text) >= 4}


def digits(text):
    return len(re.sub(r"\D", "", text).strip("0"))


@pytest.fixture(params=["appraisal_run", "team_run"])
def published(request):
    return request.getfixturevalue(request.param)


def test_no_sheet_names_another_rep_or_shows_a_figure_of_one(published):
    run = open_run(str(published))
    case = case_of(run, run.params(ScorecardParams))
    sheets = sorted((published / "reps").glob("*/sheet.html"))
    assert len(sheets) == len(case.reps)
    known = {rep: figures(run, rep) for rep in case.reps}
    held = Counter(figure for found in known.values() for figure in found)
    checked: Counter[str] = Counter()
    for rep, sheet in zip(case.reps, sheets, strict=True):
        text = sheet.read_text(encoding="utf-8")
        body = re.sub(r"<(style|script)[^>]*>.*?</\1>", "", text, flags=re.S)
        # What single accounts added to the rep's own figures are so many that three digits meet by chance.
        head, found, rest = body.partition('id="page-rep_8"')
        assert found
        summed, words = (re.sub(r"<[^>]+>", " ", part) for part in (head, head + rest))
        assert case.names[rep] in words
        for other in set(case.reps) - {rep}:
            assert case.names[other] not in text
            assert not re.search(rf"\b{other}\b", text)
            for figure in known[other] - known[rep]:
                few = digits(figure) == 3
                if few and held[figure] > 1:
                    continue  # two reps have it: it tells of neither
                checked["few digits" if few else "many"] += 1
                there = rf"(?<![\d.,]){re.escape(figure)}(?!\d)"
                assert not re.search(there, summed if few else words), (rep, other, figure)
    assert checked["many"] > 1500
    assert checked["few digits"] > 200


@pytest.mark.parametrize("left_out", [[], ["R12"]])
def test_no_target_by_peers_is_a_figure_of_one_rep(team_run, left_out):
    """With eleven reps the others are even in number, with ten odd."""
    run = open_run(str(team_run))
    scores = run.load("scores")
    known = scores[scores["kpi"].isin(["sales_volume", "effective_contacts"])]
    values = known[~known["rep_id"].isin(left_out)].rename(columns={"kpi": "measure", "kpi_value": "value"})
    reps = list(dict.fromkeys(values["rep_id"]))
    kpis = [kpi for kpi in run.params(ScorecardParams).kpis if kpi.target == "peers"]
    asked = set_targets(values, kpis=kpis, reps=reps, planned={}, before=values)
    for kpi in kpis:
        told = set(asked.loc[asked["measure"] == kpi.measure, "kpi_target"])
        held = Counter(float(f"{v:.3g}") for v in values.loc[values["measure"] == kpi.measure, "value"])
        assert len(told) >= 2
        assert not {figure for figure in told if held[figure] == 1}


def test_a_sheets_tables_hold_that_reps_rows_only(published):
    for folder in (published / "reps").iterdir():
        rep = folder.name.split("-", 1)[1]
        for page in (folder / "pages").glob("*.parquet"):
            table = pd.read_parquet(page)
            assert "rep_id" not in table or set(table["rep_id"]) <= {rep}


def test_with_a_teams_part_final_scores_are_bands_small_teams_show_no_mean_and_none_its_pay(team_run):
    run = open_run(str(team_run))
    ranking = run.load("ranking").set_index("rep_id")
    teams = run.load("reps").set_index("rep_id")["team"]
    for folder in (team_run / "reps").iterdir():
        rep = folder.name.split("-", 1)[1]
        told = pd.read_parquet(folder / "pages" / "rep_1.parquet").iloc[0]
        assert "final_score" not in told
        assert told["final_from"] <= ranking.loc[rep, "final_score"] < told["final_to"]
        bands = told[["final_from", "final_to", "score_low", "score_high"]]
        assert (bands % 5 == 0).all()
        assert told["final_to"] - told["final_from"] == 5
        mates = [r for r in ranking.index if teams[r] == teams[rep]]
        small = len(mates) < 6
        assert ("team_score" in told) is not small
        assert not (folder / "pages" / "rep_5.parquet").exists()
        sheet = (folder / "sheet.html").read_text(encoding="utf-8")
        assert "could be worked out from it; your manager tells it" in sheet
        if not small:
            assert told["team_score"] == 5 * round(ranking.loc[mates, "own_score"].mean() / 5)
        assert ("own_score" in told) is not small
    assert sorted(teams[list(ranking.index)].value_counts()) == [5, 6]
    pack = (team_run / "pack.html").read_text(encoding="utf-8")
    assert "Teams of fewer than 6 (Team 1)" in pack
    assert "before the talk and tell the pay yourself" in pack


def test_from_a_sheets_tables_nobody_works_out_the_others_mean_to_two_points(team_run):
    """Take all that the tables tell: the team's mean lies where its rounding and the final score allow."""
    run = open_run(str(team_run))
    ranking = run.load("ranking").set_index("rep_id")
    teams = run.load("reps").set_index("rep_id")["team"][ranking.index]
    shares = (0.9 * 0.7, 0.9 * 0.3, 0.1)  # own, team, feedback
    for folder in (team_run / "reps").iterdir():
        rep = folder.name.split("-", 1)[1]
        pages = {page.stem: pd.read_parquet(page) for page in (folder / "pages").glob("*.parquet")}
        told, own = pages["rep_1"].iloc[0], pages["rep_2"]["points"].sum()
        low, high = told["final_from"], told["final_to"]
        if "rep_5" in pages and pd.notna(pages["rep_5"]["pay_basis"].iloc[0]):
            low = high = 100 * pages["rep_5"]["pay_basis"].iloc[0]
        rest = shares[0] * own + shares[2] * told["feedback_score"] + told["incident_points"]
        low, high = (low - rest) / shares[1], (high - rest) / shares[1]
        if "team_score" in told:
            low, high = max(low, told["team_score"] - 2.5), min(high, told["team_score"] + 2.5)
        members = int((teams == teams[rep]).sum())
        low, high = ((members * mean - own) / (members - 1) for mean in (low, high))
        assert (high - low) / 2 > 2, rep
        mates = teams.index[(teams == teams[rep]) & (teams.index != rep)]
        assert low < ranking.loc[mates, "own_score"].mean() < high


def test_a_sheet_says_the_part_of_feedback_and_leaves_it_out_where_it_has_none(appraisal_run, team_run):
    for folder, shown in ((appraisal_run, False), (team_run, True)):
        sheet = next((folder / "reps").glob("*-R01/sheet.html")).read_text(encoding="utf-8")
        assert ("Feedback (10.0 % of the score)" in sheet) is shown
        assert (
            "feedback_score" in pd.read_parquet(next((folder / "reps").glob("*-R01/pages/rep_1.parquet")))
        ) is shown


def test_incidents_and_accounts_on_a_sheet_add_up_to_its_figures(appraisal_run):
    run = open_run(str(appraisal_run))
    ranking, scores = run.load("ranking").set_index("rep_id"), run.load("scores")
    for folder in (appraisal_run / "reps").iterdir():
        rep = folder.name.split("-", 1)[1]
        incidents = pd.read_parquet(folder / "pages" / "rep_7.parquet")
        assert incidents["incident_points"].sum() == pytest.approx(
            ranking.loc[rep, "incident_points"], abs=0.05
        )
        parts = pd.read_parquet(folder / "pages" / "rep_8.parquet")
        sums = parts.groupby("kpi")[["amount", "base"]].sum(min_count=1)
        mine = scores[scores["rep_id"] == rep].set_index("kpi")["kpi_value"]
        for kpi, value in mine.items():
            of = sums.loc[run.words.value("kpi", kpi)]
            assert (of["amount"] / of["base"] if of["base"] > 0 else of["amount"]) == pytest.approx(value)


def test_texts_that_name_another_rep_are_left_to_the_manager(appraisal_run):
    from types import SimpleNamespace

    run = open_run(str(appraisal_run))
    judged = SimpleNamespace(case=SimpleNamespace(names={"R01": "王芳", "R02": "Ann", "R1": "李刚"}, run=run))
    notes = pd.DataFrame(
        {"note": ["helped 李刚的客户", "annual plan, R01", "as R1 said", "R12 kits", None, "Ann too"]}
    )
    told = "your manager tells you"
    found = _private(notes, ("note",), judged, "R01")["note"]
    assert found[[0, 2, 5]].tolist() == [told] * 3
    assert found[[1, 3]].tolist() == ["annual plan, R01", "R12 kits"]
    assert pd.isna(found[4])


def test_others_of_a_team_are_those_with_a_score_and_nobody_where_teams_have_no_part():
    from types import SimpleNamespace

    table = pd.DataFrame(
        {"rep_id": list("abcd"), "own_score": [1.0, 2.0, np.nan, 4.0], "team_part": [0.3, 0.3, 0.3, 0]}
    )
    found = team_others(SimpleNamespace(table=table), pd.Series({"a": "x", "b": "x", "c": "x", "d": None}))
    assert found.iloc[:3].tolist() == [1, 1, 2]
    assert np.isnan(found["d"])
