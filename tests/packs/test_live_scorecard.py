"""The workbook's live scorecard, calculated anew by a spreadsheet program, beside kamlib's own figures."""

import openpyxl
import pandas as pd
import pytest
import xlsxwriter

from kamlib.appraisal.kpi import ScorecardParams
from kamlib.appraisal.scorecard import reweigh_scores, total_scores
from kamlib.glossary import Words
from kamlib.packs.excel_style import Style
from kamlib.packs.live_scorecard import LiveScorecard, add_live_sheet
from kamlib.runs import open_run

pytestmark = pytest.mark.office


def read(path, reps):
    """Return the live sheet's rows under their headings."""
    sheet = openpyxl.load_workbook(path, data_only=True)["Live scorecard"]
    rows = list(sheet.iter_rows(min_row=7, max_row=7 + reps, values_only=True))
    return pd.DataFrame(rows[1:], columns=rows[0])


def changed(path, weights, folder):
    book = openpyxl.load_workbook(path)
    for k, weight in enumerate(weights):
        book["Live scorecard"].cell(5, 2 + k).value = weight
    book.save(folder / "changed.xlsx")
    return folder / "changed.xlsx"


@pytest.mark.parametrize("name", ["appraisal_run", "team_run"])
def test_the_live_sheet_follows_changed_weights(name, request, office, tmp_path):
    folder = request.getfixturevalue(name)
    run = open_run(str(folder))
    params, ranking, scores = run.params(ScorecardParams), run.load("ranking"), run.load("scores")
    teams = run.load("reps").set_index("rep_id")["team"]
    settled = run.load("kpi_weights").set_index("kpi")["weight"]
    feedback = run.load("feedback_scores").set_index("rep_id")["feedback_score"]
    share = run.facts["parameters"]["ranking"]["feedback_share"]

    def expect(weights):
        totals = total_scores(
            reweigh_scores(scores, weights), teams=teams, team_share=params.team_share
        ).set_index("rep_id").loc[ranking["rep_id"]]  # fmt: skip
        mixed = (1 - share) * totals["total_score"] + share * feedback[totals.index]
        final = mixed + ranking.set_index("rep_id")["incident_points"]
        return totals["own_score"], final, final.rank(ascending=False, method="min")

    drawn = [0.1] * (len(settled) - 1) + [0.6]
    other = pd.Series(drawn, index=settled.index) / sum(drawn)
    names = run.load("reps").set_index("rep_id")["name"][ranking["rep_id"]].tolist()
    for path, weights in (
        (folder / "pack.xlsx", settled),
        (changed(folder / "pack.xlsx", drawn, tmp_path), other),
    ):
        shown = read(office(path, "xlsx"), len(ranking))
        own, final, place = expect(weights)
        assert shown["Name"].tolist() == names
        assert shown[run.words.label("own_score")].tolist() == pytest.approx(own.tolist(), abs=1e-9)
        assert shown[run.words.label("final_score")].tolist() == pytest.approx(final.tolist(), abs=1e-9)
        assert shown[run.words.label("score_rank")].tolist() == place.tolist()
    at_first = read(folder / "pack.xlsx", len(ranking))
    assert at_first[run.words.label("final_score")].tolist() == pytest.approx(
        ranking["final_score"].tolist(), abs=1e-9
    )
    assert ("Part of the team" in at_first) is (name == "team_run")


def small_sheet(path):
    """Four reps: two of a team whose name a criterion would read as a pattern, one of the like, one of none."""
    names = ["a", "b", "c", "d"]
    live = LiveScorecard(
        scores=pd.DataFrame({"x": [80.0, None, 60.0, 50.0], "y": [40.0, 100.0, 20.0, None]}, index=names),
        weights=pd.Series({"x": 0.75, "y": 0.25}),
        kpis={"x": "X", "y": "Y"},
        fixed=pd.DataFrame({
            "score_part": [0.5, 0.5, 0.5, 1.0], "team_part": [0.5, 0.5, 0.5, 0.0],
            "team": ["n*", "n*", "N*", None], "score_rest": [1.0, 0.0, 0.0, 0.0], "best_rank": 1, "worst_rank": 4,
        }),
    )  # fmt: skip
    with xlsxwriter.Workbook(path) as workbook:
        add_live_sheet(workbook, live, style=Style(workbook), words=Words("en"))
    return path


def test_teams_are_told_apart_exactly_and_a_rep_without_one_stands_alone(office, tmp_path):
    path = small_sheet(tmp_path / "small.xlsx")
    for found in (read(path, 4), read(office(path, "xlsx"), 4)):
        assert found["Final score"].tolist() == pytest.approx([70 / 2 + 85 / 2 + 1, 92.5, 50, 50])
        assert found["Rank"].tolist() == [2, 1, 3, 3]


def test_who_has_no_weight_left_has_no_score_and_is_in_no_mean(office, tmp_path):
    path = changed(small_sheet(tmp_path / "small.xlsx"), [0.0, 0.25], tmp_path)
    found = read(office(path, "xlsx"), 4)
    assert found["Final score"].iloc[:3].tolist() == pytest.approx([40 / 2 + 70 / 2 + 1, 85, 20])
    assert pd.isna(found["Final score"].iloc[3])
    assert found["Rank"].iloc[:3].tolist() == [2, 1, 3]
    path = changed(small_sheet(tmp_path / "small.xlsx"), [0.25, 0.0], tmp_path)
    found = read(office(path, "xlsx"), 4)
    assert found["Final score"].iloc[0] == pytest.approx(81)
    assert found["Final score"].iloc[2:].tolist() == pytest.approx([60, 50])
