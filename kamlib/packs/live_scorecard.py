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
    from xlsxwriter.utility import xl_rowcol_to_cell

    sheet = workbook.add_worksheet(words("appraisal.live_sheet"))
    count, reps = len(live.kpis), len(live.scores)
    for row, key in enumerate(("live_title", "live_how", "live_values")):
        sheet.write_string(row, 0, words(f"appraisal.{key}"), style.note if row else style.title)
    weights = _write_weights(workbook, sheet, live, style, words)
    for column, head in enumerate(_heads(live, words)):
        sheet.write_string(_HEAD, column, head, style.header)
    formats = {form: workbook.add_format({"num_format": form}) for form in ("0.0", "0")}
    final = 1 + 2 * count + 3
    ends = (xl_rowcol_to_cell(row, final, True, True) for row in (_FIRST, _FIRST + reps - 1))
    ranked, values = ":".join(ends), _values(live)
    for r, name in enumerate(live.scores.index):
        sheet.write_string(_FIRST + r, 0, str(name), style.text)
        _write_scores(sheet, r, live, values, weights, formats["0.0"])
        _write_total(sheet, r, live, values, ranked, formats)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, len(_heads(live, words)) - 1, 14)
    sheet.freeze_panes(_FIRST, 1)


def _heads(live: LiveScorecard, words: Words) -> list[str]:
    rest = ("own_score", "score_part", "score_rest", "final_score", "score_rank", "best_rank", "worst_rank")
    points = [f"{head}: {words.label('points')}" for head in live.kpis.values()]
    return [words.label("name"), *live.kpis.values(), *points, *(words.label(c) for c in rest)]


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
        formula = f'=IF(ISNUMBER({cell}),{cell}*{weight}/{used},"")'
        sheet.write_formula(line, 1 + count + k, formula, number, "" if pd.isna(points) else float(points))


def _write_total(
    sheet: Any, r: int, live: LiveScorecard, values: dict[str, Any], ranked: str, formats: dict[str, Any]
) -> None:
    """Write a rep's total, final score and rank as formulas, the plausible ranks as values."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    line, count = _FIRST + r, len(live.kpis)
    number, at = formats["0.0"], 1 + 2 * count
    begin, end = xl_rowcol_to_cell(line, 1 + count), xl_rowcol_to_cell(line, 2 * count)
    own, part, rest, final = (xl_rowcol_to_cell(line, at + k) for k in range(4))
    sheet.write_formula(line, at, f"=SUM({begin}:{end})", number, float(values["own"].iloc[r]))
    sheet.write_number(line, at + 1, float(live.fixed["part"].iloc[r]), number)
    sheet.write_number(line, at + 2, float(live.fixed["rest"].iloc[r]), number)
    sheet.write_formula(line, at + 3, f"={part}*{own}+{rest}", number, float(values["final"].iloc[r]))
    rank = f"=RANK({final},{ranked})"
    sheet.write_formula(line, at + 4, rank, formats["0"], int(values["rank"].iloc[r]))
    for k, bound in enumerate(("best_rank", "worst_rank")):
        sheet.write_number(line, at + 5 + k, int(live.fixed[bound].iloc[r]), formats["0"])


def _values(live: LiveScorecard) -> dict[str, Any]:
    """Return what the formulas give at the run's weights, for programs that do not recalculate."""
    scores = live.scores[list(live.kpis)]
    weights = live.weights[list(live.kpis)]
    used = scores.notna().mul(weights, axis=1)
    points = scores.mul(used, axis=0).div(used.sum(axis=1), axis=0).where(scores.notna())
    own = points.sum(axis=1)
    final = live.fixed["part"].to_numpy() * own + live.fixed["rest"].to_numpy()
    return {"points": points, "own": own, "final": final, "rank": final.rank(ascending=False, method="min")}
