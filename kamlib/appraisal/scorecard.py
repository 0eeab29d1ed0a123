"""Scores: what a rep did beside what was asked, KPI by KPI, weighed into a total that can be added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.appraisal.kpi import PERSPECTIVES, Kpi
from kamlib.appraisal.measure import rep_values
from kamlib.errors import ParameterError
from kamlib.params import ROUNDED

Floats = npt.NDArray[np.float64]

LEAST_OTHERS = 5  # of whom a figure may be told to a rep
SCORES = (
    "rep_id",
    "kpi",
    "perspective",
    "kpi_value",
    "kpi_target",
    "attainment",
    "score",
    "weight",
    "used_weight",
    "points",
    "cases",
    "left_out",
)
"""Columns of a scorecard."""


def set_targets(
    values: pd.DataFrame,
    *,
    kpis: Sequence[Kpi],
    reps: Sequence[str],
    planned: Mapping[str, Mapping[str, float]],
    before: pd.DataFrame,
) -> pd.DataFrame:
    """Say what each rep was asked for, KPI by KPI.

    What is asked by peers is the mean of the middle of the others who were measured, five or more: of the two
    in the middle where they are even in number, of the three where they are odd, to three significant digits.
    A target is told to the rep, and the median of an odd number would tell what one of the others did.

    Parameters
    ----------
    values : pandas.DataFrame
        Of `kamlib.appraisal.measure.rep_values`, in the window judged.
    kpis : sequence of Kpi
        KPIs and their target rules.
    reps : sequence of str
        Who is judged.
    planned : mapping of str to mapping of str to float
        Targets that hold, by measure and rep, above zero (`kamlib.appraisal.planned.check_asked`).
    before : pandas.DataFrame
        Values of the same months a year before.

    Returns
    -------
    pandas.DataFrame
        One row per KPI and rep: measure, rep_id, kpi_target (null where the rule gives none).
    """
    parts = []
    for kpi in kpis:
        asked = pd.Series(np.nan, index=pd.Index(reps, name="rep_id"), dtype="float64")
        if kpi.target == "plan":
            asked = asked.index.to_series().map(planned.get(kpi.measure, {})).astype("float64")
        elif kpi.target == "fixed":
            asked[:] = kpi.value
        elif kpi.target == "last_year":
            own = before[before["measure"] == kpi.measure].set_index("rep_id")["value"]
            asked = own.reindex(asked.index) * (1 + kpi.growth)
        elif kpi.target == "peers":
            found = values[values["measure"] == kpi.measure].set_index("rep_id")["value"].dropna()
            asked = asked.index.to_series().map(lambda rep, found=found: _middle_of_others(found, rep))
        asked = asked.where(asked > 0)
        parts.append(
            pd.DataFrame({"measure": kpi.measure, "rep_id": list(reps), "kpi_target": asked.to_numpy()})
        )
    return pd.concat(parts, ignore_index=True)


def _middle_of_others(values: pd.Series, rep: str) -> float:
    """Return the mean of the two or three middle others to three digits; NaN of fewer than five."""
    others = np.sort(values[values.index != rep].to_numpy(dtype=float))
    if len(others) < LEAST_OTHERS:
        return np.nan
    middle = 2 + len(others) % 2
    first = (len(others) - middle) // 2
    return float(f"{others[first : first + middle].mean():.3g}")


def score_reps(
    evidence: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    kpis: Sequence[Kpi],
    weights: Mapping[str, float],
    reps: Sequence[str],
) -> pd.DataFrame:
    """Score each rep on each KPI.

    Attainment is value / target where more is better, target / value or 2 - value / target where less is,
    and the place between worst and best where there is no target. The score is 100 times that, kept between
    the KPI's floor and cap. A KPI without a value or a target for a rep is left out, and the weights of the
    rep's others are raised in proportion; what was not measured is neither zero nor full.

    Parameters
    ----------
    evidence : pandas.DataFrame
        Of `kamlib.appraisal.measure.measure_reps`.
    targets : pandas.DataFrame
        Of `set_targets`.
    kpis : sequence of Kpi
        KPIs in the order they are shown.
    weights : mapping of str to float
        By measure, after policy; sum 1.
    reps : sequence of str
        Who is judged.

    Returns
    -------
    pandas.DataFrame
        One row per rep and KPI, in the order given: `SCORES`. ``weight`` is what the KPI weighs,
        ``used_weight`` what it weighs for this rep (null where left out), ``points`` score times that
        [score points], ``left_out`` why it does not count: no_value, no_target, or null.

    Raises
    ------
    ParameterError
        If the weights are not those of the KPIs, negative, or do not sum to 1.

    Examples
    --------
    >>> kpi = Kpi(measure="sales_volume", weight=1.0, perspective="financial", target="fixed", value=80.0)
    >>> evidence = pd.DataFrame({"measure": ["sales_volume"], "rep_id": ["R"], "account_id": ["A"],
    ...                          "amount": [60.0], "base": [float("nan")], "cases": [1]})
    >>> targets = pd.DataFrame({"measure": ["sales_volume"], "rep_id": ["R"], "kpi_target": [80.0]})
    >>> score_reps(evidence, targets, kpis=[kpi], weights={"sales_volume": 1.0}, reps=["R"])[
    ...     ["attainment", "score", "points"]]
       attainment  score  points
    0        0.75   75.0          75.0
    """
    check_weights_of(weights, kpis)
    grid = pd.MultiIndex.from_product([reps, [kpi.measure for kpi in kpis]], names=["rep_id", "measure"])
    values = rep_values(evidence).set_index(["rep_id", "measure"]).reindex(grid)
    table = values.join(targets.set_index(["rep_id", "measure"])).reset_index()
    by_name = {kpi.measure: kpi for kpi in kpis}
    score = attain(
        table["value"].to_numpy(dtype=float),
        table["kpi_target"].to_numpy(dtype=float),
        [by_name[m] for m in table["measure"]],
    )
    table["attainment"] = score
    table["score"] = clip_scores(100 * score, [by_name[m] for m in table["measure"]])
    counted = table["score"].notna()
    table["perspective"] = table["measure"].map({m: kpi.perspective for m, kpi in by_name.items()})
    why = np.where(table["value"].isna(), "no_value", "no_target")
    table["left_out"] = pd.Series(why, dtype="str").mask(counted)
    table["cases"] = table["cases"].fillna(0).astype("int64")
    named = table.rename(columns={"measure": "kpi", "value": "kpi_value"})
    named = named.astype({"left_out": "str", "perspective": "str"})
    return reweigh_scores(named, weights)


def reweigh_scores(scores: pd.DataFrame, weights: Mapping[str, float]) -> pd.DataFrame:
    """Weigh scores: by each KPI's weight, over what counts for the rep.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per rep and KPI: rep_id, kpi, score and the other columns of `SCORES` but weight, used_weight
        and points, which are made anew.
    weights : mapping of str to float
        By measure.

    Returns
    -------
    pandas.DataFrame
        One row per rep and KPI: `SCORES`.
    """
    weight = scores["kpi"].map(weights).astype("float64")
    used = weight.where(scores["score"].notna())
    total = used.groupby(scores["rep_id"]).transform("sum")
    part = used / total.where(total > 0)
    table = scores.assign(weight=weight, used_weight=part, points=scores["score"] * part)
    return table[list(SCORES)]


def attain(value: Floats, target: Floats, kpis: Sequence[Kpi]) -> Floats:
    """Return the attainment of each value [fraction]; NaN where value or target is unknown.

    Parameters
    ----------
    value, target : numpy.ndarray of float64, shape (n,)
        NaN where unknown; targets above 0.
    kpis : sequence of Kpi, length n
        The KPI that each value is of.
    """
    worst = np.array([kpi.worst if kpi.worst is not None else np.nan for kpi in kpis])
    best = np.array([kpi.best if kpi.best is not None else np.nan for kpi in kpis])
    down = np.array([kpi.direction == "down" for kpi in kpis])
    ratio = np.array([kpi.convention == "ratio" for kpi in kpis])
    ranged = np.array([kpi.target == "none" for kpi in kpis])
    with np.errstate(divide="ignore", invalid="ignore"):
        more = value / target
        # Nothing of what should be little is more than any cap.
        less = np.where(ratio, np.where(value > 0, target / value, np.inf), 2 - more)
        between = (value - worst) / (best - worst)
    found = np.where(ranged, between, np.where(down, less, more))
    unknown = np.isnan(value) | (np.isnan(target) & ~ranged)
    return np.asarray(np.where(unknown, np.nan, found))


def clip_scores(scores: Floats, kpis: Sequence[Kpi]) -> Floats:
    """Keep scores between their KPIs' floors and caps."""
    return np.asarray(np.clip(scores, [kpi.floor for kpi in kpis], [kpi.cap for kpi in kpis]))


def total_scores(
    scores: pd.DataFrame,
    *,
    teams: pd.Series | None = None,
    team_share: float = 0.0,
    least_weight: float = 0.0,
) -> pd.DataFrame:
    """Add a scorecard up to a total per rep, with the part that is the team's.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of `score_reps`.
    teams : pandas.Series, optional
        Team by rep_id; a rep without one is scored alone.
    team_share : float
        Part of the total that is the mean score of the rep's team, the rep included [fraction].
    least_weight : float
        Who is measured on less than this part of the weight that the best measured rep is measured on has no
        total: a score of one small KPI is not to be set beside those of whole scorecards [fraction].

    Returns
    -------
    pandas.DataFrame
        One row per rep, in the order of `scores`: rep_id, own_score, team_score (null without a team or a
        team share), total_score (all null where no KPI counts, or too little) [score points], kpis_counted,
        weight_counted (weights of the KPIs that count, before they were raised [fraction]).
    """
    grouped = scores.groupby("rep_id", sort=False)
    table = pd.DataFrame(
        {
            "own_score": grouped["points"].sum(min_count=1),
            "kpis_counted": grouped["score"].count(),
            "weight_counted": scores["weight"]
            .where(scores["score"].notna())
            .groupby(scores["rep_id"], sort=False)
            .sum(),
        }
    )
    enough = table["weight_counted"] >= least_weight * table["weight_counted"].max() - ROUNDED
    table["own_score"] = table["own_score"].where(enough)
    table["team_score"] = np.nan
    if teams is not None and team_share > 0:
        team = table.index.to_series().map(teams)
        table["team_score"] = table["own_score"].groupby(team).transform("mean").reindex(table.index)
    alone = table["own_score"]
    mixed = (1 - team_share) * alone + team_share * table["team_score"]
    table["total_score"] = alone.where(table["team_score"].isna() | alone.isna(), mixed)
    return table.reset_index()[
        ["rep_id", "own_score", "team_score", "total_score", "kpis_counted", "weight_counted"]
    ]


def perspective_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Score each rep by perspective of the balanced scorecard.

    Parameters
    ----------
    scores : pandas.DataFrame
        Of `score_reps`.

    Returns
    -------
    pandas.DataFrame
        One row per rep and perspective that has a KPI, perspectives in the order of `PERSPECTIVES`: rep_id,
        perspective, score (mean of its KPIs' scores, weighted by what they weigh for the rep), used_weight,
        points; the last two add up to 1 and the total.
    """
    counted = scores[scores["score"].notna()]
    sums = counted.groupby(["rep_id", "perspective"])[["used_weight", "points"]].sum()
    grid = pd.MultiIndex.from_product(
        [scores["rep_id"].unique(), [p for p in PERSPECTIVES if p in set(scores["perspective"])]],
        names=["rep_id", "perspective"],
    )
    table = sums.reindex(grid)
    table["score"] = table["points"] / table["used_weight"].where(table["used_weight"] > 0)
    return table.reset_index()[["rep_id", "perspective", "score", "used_weight", "points"]]


def check_weights_of(weights: Mapping[str, float], kpis: Sequence[Kpi]) -> None:
    """Refuse weights that are not exactly those of the KPIs, or no weights at all."""
    names = {kpi.measure for kpi in kpis}
    if set(weights) != names:
        wrong = ", ".join(sorted(set(weights) ^ names))
        raise ParameterError(f"weights and KPIs differ in: {wrong}. Give each KPI one weight.")
    bad = [name for name, weight in weights.items() if not weight >= 0]
    total = sum(weights.values())
    if bad or abs(total - 1) > ROUNDED:
        what = f"{bad[0]} weighs {weights[bad[0]]:g}" if bad else f"the weights sum to {total:g}"
        raise ParameterError(f"{what}; weights are not negative and sum to 1.")
