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
        By name: part (of the scorecard in the final score), rest (what feedback, team and incidents add),
        best_rank, worst_rank.
    """

    scores: pd.DataFrame
    weights: pd.Series
    kpis: dict[str, str]
    fixed: pd.DataFrame


def add_live_sheet(workbook: Any, live: LiveScorecard, *, style: Style, words: Words) -> None:
    """Add the sheet: yellow weights, then a row per rep.

    Columns: name, a score per KPI (values), points per KPI (formulas: score times weight over the weights of
    the KPIs that count for the rep), scorecard total, what else is added (value), final score, rank, and the
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
    from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

    name = words("appraisal.live_sheet")
    sheet = workbook.add_worksheet(name)
    entry = workbook.add_format(
        {"bg_color": "#fff3bf", "num_format": "0.0 %", "border": 1, "border_color": "#b8c0c6"}
    )
    number = workbook.add_format({"num_format": "0.0"})
    whole = workbook.add_format({"num_format": "0"})
    kpis, count, reps = list(live.kpis), len(live.kpis), len(live.scores)
    sheet.write_string(0, 0, words("appraisal.live_title"), style.title)
    sheet.write_string(1, 0, words("appraisal.live_how"), style.note)
    sheet.write_string(2, 0, words("appraisal.live_values"), style.note)
    sheet.write_string(_WEIGHTS, 0, words.label("weight"), style.header)
    for k, kpi in enumerate(kpis):
        sheet.write_number(_WEIGHTS, 1 + k, float(live.weights[kpi]), entry)
    sheet.write_formula(
        _WEIGHTS,
        1 + count,
        f"=SUM(B{_WEIGHTS + 1}:{xl_col_to_name(count)}{_WEIGHTS + 1})",
        workbook.add_format({"num_format": "0.0 %"}),
        float(live.weights.sum()),
    )
    heads = [
        words.label("name"),
        *(live.kpis[k] for k in kpis),
        *(f"{live.kpis[k]}: {words.label('points')}" for k in kpis),
        *(
            words.label(c)
            for c in (
                "own_score",
                "score_part",
                "score_rest",
                "final_score",
                "score_rank",
                "best_rank",
                "worst_rank",
            )
        ),
    ]
    for column, head in enumerate(heads):
        sheet.write_string(_HEAD, column, head, style.header)
    weights = f"$B${_WEIGHTS + 1}:${xl_col_to_name(count)}${_WEIGHTS + 1}"
    totals = 1 + 2 * count
    last = _FIRST + reps
    top, bottom = (xl_rowcol_to_cell(row, totals + 3, True, True) for row in (_FIRST, last - 1))
    ranked = f"{top}:{bottom}"
    values = _values(live)
    for r, (rep, row) in enumerate(live.scores.iterrows()):
        line = _FIRST + r
        sheet.write_string(line, 0, str(rep), style.text)
        scored = f"{xl_rowcol_to_cell(line, 1)}:{xl_rowcol_to_cell(line, count)}"
        used = f"SUMPRODUCT({weights},--ISNUMBER({scored}))"
        for k, kpi in enumerate(kpis):
            if pd.notna(row[kpi]):
                sheet.write_number(line, 1 + k, float(row[kpi]), number)
            cell, weight = xl_rowcol_to_cell(line, 1 + k), xl_rowcol_to_cell(_WEIGHTS, 1 + k, True, True)
            points = values["points"].iloc[r, k]
            sheet.write_formula(
                line,
                1 + count + k,
                f'=IF(ISNUMBER({cell}),{cell}*{weight}/{used},"")',
                number,
                "" if pd.isna(points) else float(points),
            )
        begin, end = xl_rowcol_to_cell(line, 1 + count), xl_rowcol_to_cell(line, 2 * count)
        own, part, rest, final = (xl_rowcol_to_cell(line, totals + k) for k in range(4))
        sheet.write_formula(line, totals, f"=SUM({begin}:{end})", number, float(values["own"].iloc[r]))
        sheet.write_number(line, totals + 1, float(live.fixed["part"].iloc[r]), number)
        sheet.write_number(line, totals + 2, float(live.fixed["rest"].iloc[r]), number)
        sheet.write_formula(line, totals + 3, f"={part}*{own}+{rest}", number, float(values["final"].iloc[r]))
        sheet.write_formula(line, totals + 4, f"=RANK({final},{ranked})", whole, int(values["rank"].iloc[r]))
        for k, bound in enumerate(("best_rank", "worst_rank")):
            sheet.write_number(line, totals + 5 + k, int(live.fixed[bound].iloc[r]), whole)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, len(heads) - 1, 14)
    sheet.freeze_panes(_FIRST, 1)


def _values(live: LiveScorecard) -> dict[str, Any]:
    """Return what the formulas give at the run's weights, for programs that do not recalculate."""
    scores = live.scores[list(live.kpis)]
    weights = live.weights[list(live.kpis)]
    used = scores.notna().mul(weights, axis=1)
    points = scores.mul(used, axis=0).div(used.sum(axis=1), axis=0).where(scores.notna())
    own = points.sum(axis=1)
    final = live.fixed["part"].to_numpy() * own + live.fixed["rest"].to_numpy()
    return {"points": points, "own": own, "final": final, "rank": final.rank(ascending=False, method="min")}
