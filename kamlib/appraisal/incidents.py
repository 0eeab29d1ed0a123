"""Critical incidents: a small, bounded, decaying adjustment of a score, and only with evidence."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from kamlib.params import Params, param


class IncidentParams(Params):
    """How incidents change a score."""

    section = "incidents"
    points: float = param(0.5,
        en="score points that one step of severity adds or takes on its day",
        zh="每级严重程度当日加减的分数", unit="score points",
        source="an incident of the highest severity of five moves a score by less than a KPI does",
        strength="our choice", ge=0)  # fmt: skip
    half_life: float = param(182.0,
        en="days after which an incident counts half", zh="关键事件影响减半的天数",
        unit="days", source="half a year: what happened in the last appraisal but one is nearly gone",
        strength="our choice", gt=0)  # fmt: skip
    most: float = param(5.0,
        en="most that all incidents together add or take", zh="关键事件合计加减分上限",
        unit="score points", source="incidents may turn a close ranking, not a clear one",
        strength="our choice", ge=0)  # fmt: skip


def weigh_incidents(incidents: pd.DataFrame, *, as_of: dt.date, params: IncidentParams) -> pd.DataFrame:
    """Weigh each incident: points x severity x 0.5 ** (days / half life), positive or negative.

    Parameters
    ----------
    incidents : pandas.DataFrame
        One row an incident: date, rep_id, polarity (+ or -), severity, note. One without a note has no
        evidence and counts nothing; it stays in the table.
    as_of : datetime.date
        First day not seen; later incidents are left out.
    params : IncidentParams
        Points, half life.

    Returns
    -------
    pandas.DataFrame
        One row per incident: rep_id, date, polarity, severity, note, evidenced, incident_points.

    References
    ----------
    J. C. Flanagan (1954). The critical incident technique. Psychological Bulletin 51:327-358 (the method;
    points, decay and bound are our choice).

    Examples
    --------
    >>> rows = pd.DataFrame({"date": ["2025-01-01"], "rep_id": "R", "polarity": "-", "severity": 4.0,
    ...                      "note": "late"})
    >>> weigh_incidents(rows, as_of=dt.date(2025, 7, 2), params=IncidentParams())["incident_points"].tolist()
    [-1.0]
    """
    table = incidents[["rep_id", "date", "polarity", "severity"]].copy()
    table["date"] = pd.to_datetime(table["date"])
    note = incidents["note"] if "note" in incidents else pd.Series(None, index=incidents.index, dtype="str")
    table["note"] = note
    table["evidenced"] = note.fillna("").str.strip() != ""
    days = (pd.Timestamp(as_of) - table["date"]).dt.days.to_numpy(dtype=float)
    sign = np.where(table["polarity"] == "+", 1.0, -1.0)
    points = sign * params.points * table["severity"].to_numpy(dtype=float) * 0.5 ** (days / params.half_life)
    table["incident_points"] = np.where(table["evidenced"], points, 0.0)
    return table[days > 0].sort_values(["rep_id", "date"], ignore_index=True)


def adjust_scores(weighed: pd.DataFrame, reps: pd.Series, *, params: IncidentParams) -> pd.Series:
    """Return what incidents add to each rep's score, between minus and plus `most`; 0 for who has none."""
    total = weighed.groupby("rep_id")["incident_points"].sum()
    return reps.map(total).fillna(0.0).clip(-params.most, params.most)
