"""Management by objectives: what was agreed, whether it was reached, and what plans changed."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from kamlib.appraisal.window import Window

STATES = ("missed", "unreported", "open", "met")


def judge_objectives(objectives: pd.DataFrame, *, window: Window, as_of: dt.date) -> pd.DataFrame:
    """Say of each objective that is due in a window, or still open at its end, how it stands.

    Parameters
    ----------
    objectives : pandas.DataFrame
        One row per objective: objective, rep_id, kpi, set_on, due, goal, reached, better (``less`` where less
        is better, else more), cause; kpi, reached, better and cause may be null or absent.
    window : Window
        What is judged.
    as_of : datetime.date
        First day not seen; what is due from then on is open, and what was reached of it not yet known.

    Returns
    -------
    pandas.DataFrame
        One row per objective, worst first: rep_id, objective, kpi, set_on, due, goal, reached, objective_gap
        (reached less goal, or goal less reached where less is better), attainment (reached / goal, or goal /
        reached; null at zero or below), objective_state (``met``, ``missed``, ``open``: not due yet,
        ``unreported``: due, without a result), cause. Ties by due, rep_id, objective.

    Examples
    --------
    >>> from kamlib.appraisal.window import judged_window
    >>> from kamlib.periods import parse_period
    >>> rows = pd.DataFrame({"objective": ["visits", "days to reply"], "rep_id": "R", "set_on": "2025-07-01",
    ...                      "due": "2025-12-31", "goal": [24.0, 2.0], "reached": [18.0, 1.5],
    ...                      "better": [None, "less"]})
    >>> found = judge_objectives(rows, window=judged_window(parse_period("2025Q4")),
    ...                          as_of=dt.date(2026, 1, 1))
    >>> found[["objective", "objective_gap", "objective_state"]].values.tolist()
    [['visits', -6.0, 'missed'], ['days to reply', 0.5, 'met']]
    """
    rows = objectives.reindex(columns=["rep_id", "objective", "kpi", "set_on", "due", "goal", "reached",
                                       "better", "cause"])  # fmt: skip
    set_on, due = pd.to_datetime(rows["set_on"]), pd.to_datetime(rows["due"])
    seen = (due >= pd.Timestamp(window.start)) & (set_on < pd.Timestamp(as_of))
    rows = rows[seen].assign(set_on=set_on[seen], due=due[seen]).reset_index(drop=True)
    goal, reached = (rows[name].to_numpy(dtype=float, na_value=np.nan) for name in ("goal", "reached"))
    over = (rows["due"] < pd.Timestamp(as_of)).to_numpy()
    reached = np.where(over, reached, np.nan)
    rows["reached"] = reached
    less = (rows["better"] == "less").to_numpy()
    gap = np.where(less, goal - reached, reached - goal)
    part, whole = np.where(less, goal, reached), np.where(less, reached, goal)
    usable = (part > 0) & (whole > 0)
    rows["objective_gap"] = gap
    rows["attainment"] = np.where(usable, part / np.where(usable, whole, 1.0), np.nan)
    state = np.where(np.isnan(gap), "unreported", np.where(gap >= 0, "met", "missed"))
    rows["objective_state"] = np.where(over, state, "open")
    rows["place"] = [STATES.index(code) for code in rows["objective_state"]]
    rows = rows.sort_values(["place", "attainment", "due", "rep_id", "objective"], ignore_index=True)
    kinds = {"objective_state": "str", "cause": "str", "kpi": "str", "reached": "float64", "goal": "float64"}
    return rows.drop(columns=["place", "better"]).astype(kinds)


def plan_effects(
    objectives: pd.DataFrame, now: pd.DataFrame, before: pd.DataFrame, *, window: Window
) -> pd.DataFrame:
    """Compare reps who had a plan for a KPI with those who had none.

    A plan counts that was set before the window began, names a KPI and had not ended before it. Scores far
    below the mean rise by themselves, so a rep's change is set beside the median change of the reps without a
    plan for this KPI; what lies beyond is no proof that the plan did it.

    Parameters
    ----------
    objectives : pandas.DataFrame
        rep_id, objective, kpi, set_on, due.
    now, before : pandas.DataFrame
        Scores of the window and of an earlier one: rep_id, kpi, score.
    window : Window
        What is judged.

    Returns
    -------
    pandas.DataFrame
        One row per rep and KPI with a plan and both scores: rep_id, kpi, objective, plan_before, plan_after,
        others_change (null where everyone had a plan), plan_effect [score points]; the largest effect first.

    Examples
    --------
    >>> from kamlib.appraisal.window import judged_window
    >>> from kamlib.periods import parse_period
    >>> plans = pd.DataFrame({"rep_id": ["a"], "objective": "call more", "kpi": "effective_contacts",
    ...                       "set_on": "2025-07-01", "due": "2025-12-31"})
    >>> score = lambda *points: pd.DataFrame({"rep_id": list("abc"), "kpi": "effective_contacts",
    ...                                       "score": points})
    >>> found = plan_effects(plans, score(80.0, 90.0, 70.0), score(60.0, 85.0, 60.0),
    ...                      window=judged_window(parse_period("2025Q4")))
    >>> found[["others_change", "plan_effect"]].values.tolist()
    [[7.5, 12.5]]
    """
    known = now.merge(before, on=["rep_id", "kpi"], suffixes=("_now", "_before"))
    known = known.dropna(subset=["score_now", "score_before"])
    known["change"] = known["score_now"] - known["score_before"]
    held = objectives[objectives["kpi"].notna()]
    started = pd.to_datetime(held["set_on"]) < pd.Timestamp(window.start)
    lasting = pd.to_datetime(held["due"]) >= pd.Timestamp(window.start)
    plans = held[started & lasting].sort_values(["rep_id", "kpi", "set_on", "objective"])
    plans = plans.drop_duplicates(["rep_id", "kpi"], keep="last")[["rep_id", "kpi", "objective"]]
    table = plans.merge(known, on=["rep_id", "kpi"])
    with_plan = set(zip(plans["rep_id"], plans["kpi"], strict=True))
    free = known[[pair not in with_plan for pair in zip(known["rep_id"], known["kpi"], strict=True)]]
    table["others_change"] = table["kpi"].map(free.groupby("kpi")["change"].median()).astype("float64")
    table["plan_effect"] = table["change"] - table["others_change"]
    table = table.rename(columns={"score_before": "plan_before", "score_now": "plan_after"})
    columns = ["rep_id", "kpi", "objective", "plan_before", "plan_after", "others_change", "plan_effect"]
    order = ["plan_effect", "rep_id", "kpi"]
    return table.sort_values(order, ascending=[False, True, True], ignore_index=True)[columns]
