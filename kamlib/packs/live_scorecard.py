"""The workbook's live scorecard: weights are cells; points, totals and plain ranks are formulas on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from kamlib.glossary import Words
from kamlib.packs.excel_style import Style

_HEAD, _FIRST = 6, 7  # rows of the heading and of the first rep, counted from 0
_WEIGHTS = 4  # row of the weights


@dataclass(frozen=True)
class LiveScorecard:
    """What the live sheet is made from.

    Attributes
    ----------
    scores : pandas.DataFrame
        One row per rep, best first, a column per KPI: scores, NaN where left out; indexed by name.
    weights : pandas.Series
        By KPI; the run's.
    kpis : dict of str to str
        Heading by KPI.
    fixed : pandas.DataFrame
        By name: score_part and team_part (of the own score and the team's mean in the final one), team (null
        where the team has no part), score_rest (what feedback and incidents add), best_rank, worst_rank.
    """

    scores: pd.DataFrame
    weights: pd.Series
    kpis: dict[str, str]
    fixed: pd.DataFrame

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns after the points; those of teams where a team has a part in any score."""
        teams = ("team", "team_score", "team_part") if (self.fixed["team_part"] > 0).any() else ()
        mixed = ("own_score", "score_part", *teams, "score_rest", "final_score")
        return (*mixed, "score_rank", "best_rank", "worst_rank")

    def place(self, column: str) -> int:
        """Return where one of `columns` stands in the sheet, counted from 0."""
        return 1 + 2 * len(self.kpis) + self.columns.index(column)


def add_live_sheet(workbook: Any, live: LiveScorecard, *, style: Style, words: Words) -> None:
    """Add the sheet: yellow weights, then a row per rep.

    Columns: name, a score per KPI (values), points per KPI (formulas: score times weight over the weights of
    the KPIs that count for the rep), scorecard total and its part, where teams have a part the team, the mean
    of its members' totals (formula) and its part, what else is added (value), final score, rank, and the
    plausible ranks, which are values at the run's weights.

    Parameters
    ----------
    workbook : xlsxwriter.Workbook
        The workbook.
    live : LiveScorecard
        Scores and weights.
    style, words
        Formats and language.
    """
    sheet = workbook.add_worksheet(words("appraisal.live_sheet"))
    for row, key in enumerate(("live_title", "live_how", "live_values")):
        sheet.write_string(row, 0, words(f"appraisal.{key}"), style.note if row else style.title)
    weights = _write_weights(workbook, sheet, live, style, words)
    for column, head in enumerate(_heads(live, words)):
        sheet.write_string(_HEAD, column, head, style.header)
    formats = {form: workbook.add_format({"num_format": form}) for form in ("0.0", "0", "0.0 %")}
    values = _values(live)
    for r, name in enumerate(live.scores.index):
        sheet.write_string(_FIRST + r, 0, str(name), style.text)
        _write_scores(sheet, r, live, values, weights, formats["0.0"])
        _write_total(sheet, r, live, values, formats)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, len(_heads(live, words)) - 1, 14)
    sheet.freeze_panes(_FIRST, 1)


def _heads(live: LiveScorecard, words: Words) -> list[str]:
    points = [f"{head}: {words.label('points')}" for head in live.kpis.values()]
    return [words.label("name"), *live.kpis.values(), *points, *(words.label(c) for c in live.columns)]


def _write_weights(workbook: Any, sheet: Any, live: LiveScorecard, style: Style, words: Words) -> str:
    """Write the weights as cells to be changed, and return their range."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    entry = {"bg_color": "#fff3bf", "num_format": "0.0 %", "border": 1, "border_color": "#b8c0c6"}
    yellow, count = workbook.add_format(entry), len(live.kpis)
    sheet.write_string(_WEIGHTS, 0, words.label("weight"), style.header)
    for k, kpi in enumerate(live.kpis):
        sheet.write_number(_WEIGHTS, 1 + k, float(live.weights[kpi]), yellow)
    first, last = (xl_rowcol_to_cell(_WEIGHTS, column, True, True) for column in (1, count))
    share = workbook.add_format({"num_format": "0.0 %"})
    sheet.write_formula(_WEIGHTS, 1 + count, f"=SUM({first}:{last})", share, float(live.weights.sum()))
    return f"{first}:{last}"


def _write_scores(
    sheet: Any, r: int, live: LiveScorecard, values: dict[str, Any], weights: str, number: Any
) -> None:
    """Write a rep's scores as values and points as formulas on the weights."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    line, count = _FIRST + r, len(live.kpis)
    scored = f"{xl_rowcol_to_cell(line, 1)}:{xl_rowcol_to_cell(line, count)}"
    used = f"SUMPRODUCT({weights},--ISNUMBER({scored}))"
    for k, kpi in enumerate(live.kpis):
        score, points = live.scores[kpi].iloc[r], values["points"].iloc[r, k]
        if pd.notna(score):
            sheet.write_number(line, 1 + k, float(score), number)
        cell, weight = xl_rowcol_to_cell(line, 1 + k), xl_rowcol_to_cell(_WEIGHTS, 1 + k, True, True)
        formula = f'=IF(ISNUMBER({cell}),IFERROR({cell}*{weight}/{used},""),"")'
        sheet.write_formula(line, 1 + count + k, formula, number, "" if pd.isna(points) else float(points))


def _write_total(
    sheet: Any, r: int, live: LiveScorecard, values: dict[str, Any], formats: dict[str, Any]
) -> None:
    """Write a rep's total, the team's mean, final score and rank as formulas, what is fixed as values.

    Teams are compared by EXACT: AVERAGEIF would read a star in a name as any text, and ignore case.
    """
    from xlsxwriter.utility import xl_rowcol_to_cell

    line, count = _FIRST + r, len(live.kpis)
    number, fixed = formats["0.0"], live.fixed.iloc[r]
    cell = {column: xl_rowcol_to_cell(line, live.place(column)) for column in live.columns}
    points = f"{xl_rowcol_to_cell(line, 1 + count)}:{xl_rowcol_to_cell(line, 2 * count)}"
    final = f"{cell['score_part']}*{cell['own_score']}+{cell['score_rest']}"
    formulas = {"own_score": f'IF(COUNT({points})>0,SUM({points}),"")'}
    if fixed["team_part"] > 0:
        mates = f"EXACT({_range(live, 'team')},{cell['team']})"
        own = _range(live, "own_score")
        total, members = f"SUMPRODUCT(--{mates},{own})", f"SUMPRODUCT(--{mates},--ISNUMBER({own}))"
        formulas["team_score"] = f'IFERROR({total}/{members},"")'
        sheet.write_string(line, live.place("team"), str(fixed["team"]))
        sheet.write_number(line, live.place("team_part"), float(fixed["team_part"]), formats["0.0 %"])
        final = f"{final}+{cell['team_part']}*{cell['team_score']}"
    formulas["final_score"] = f'IF(ISNUMBER({cell["own_score"]}),{final},"")'
    for column, formula in formulas.items():
        sheet.write_formula(line, live.place(column), f"={formula}", number, float(values[column].iloc[r]))
    sheet.write_number(line, live.place("score_part"), float(fixed["score_part"]), formats["0.0 %"])
    sheet.write_number(line, live.place("score_rest"), float(fixed["score_rest"]), number)
    last = cell["final_score"]
    rank = f'=IF(ISNUMBER({last}),RANK({last},{_range(live, "final_score")}),"")'
    sheet.write_formula(line, live.place("score_rank"), rank, formats["0"], int(values["rank"].iloc[r]))
    for column in ("best_rank", "worst_rank"):
        sheet.write_number(line, live.place(column), int(fixed[column]), formats["0"])


def _range(live: LiveScorecard, column: str) -> str:
    """Return the cells of a column, all reps."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    ends = (_FIRST, _FIRST + len(live.scores) - 1)
    return ":".join(xl_rowcol_to_cell(row, live.place(column), True, True) for row in ends)


def _values(live: LiveScorecard) -> dict[str, Any]:
    """Return what the formulas give at the run's weights, for programs that do not recalculate."""
    scores = live.scores[list(live.kpis)]
    weights = live.weights[list(live.kpis)]
    used = scores.notna().mul(weights, axis=1)
    points = scores.mul(used, axis=0).div(used.sum(axis=1), axis=0).where(scores.notna())
    own = points.sum(axis=1).reset_index(drop=True)
    fixed = live.fixed.reset_index(drop=True)
    team = own.groupby(fixed["team"]).transform("mean").fillna(0.0)
    final = fixed["score_part"] * own + fixed["team_part"] * team + fixed["score_rest"]
    return {
        "points": points,
        "own_score": own,
        "team_score": team,
        "final_score": final,
        "rank": final.rank(ascending=False, method="min"),
    }
