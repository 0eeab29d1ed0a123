"""One run's appraisal up to its scores: the methods called in order on the run's tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from kamlib.appraisal.draws import DATED, RepCases, rep_cases
from kamlib.appraisal.kpi import Kpi, ScorecardParams
from kamlib.appraisal.measure import measure_reps, rep_values
from kamlib.appraisal.planned import check_asked, planned_targets
from kamlib.appraisal.scorecard import (
    perspective_scores,
    reweigh_scores,
    score_reps,
    set_targets,
    total_scores,
)
from kamlib.appraisal.service_kpis import forecast_direction
from kamlib.appraisal.weighting import WeightParams, settle_weights
from kamlib.appraisal.window import Window, judged_window
from kamlib.runs import Run

_TABLES = (
    "cube",
    "products",
    "accounts",
    "account_history",
    "reps",
    "market",
    "surveys",
    "opportunities",
    "activities",
    "complaints",
    "loss_reviews",
    "rep_forecasts",
    "receivables",
)


@dataclass(frozen=True)
class Case:
    """What is judged: the run, the time, who, by which KPIs.

    Attributes
    ----------
    run : Run
        The run.
    window : Window
        The months judged.
    params : ScorecardParams
        KPIs.
    """

    run: Run
    window: Window
    params: ScorecardParams

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables of the book that KPIs read."""
        return {name: self.run.load(name) for name in _TABLES if self.run.has(name)}

    @cached_property
    def reps(self) -> list[str]:
        """Reps who served accounts at the window's end or sold in it, and had not left before it began."""
        cube, accounts = self.tables["cube"], self.tables["accounts"]
        sellers = cube.loc[cube["month"].isin(self.window.months), "rep_id"].dropna()
        servers = accounts.loc[accounts["status"] != "closed", "rep_id"].dropna()
        found = set(sellers) | set(servers)
        if "reps" in self.tables:
            left = pd.to_datetime(self.tables["reps"].set_index("rep_id")["left"])
            gone = left.index[left < pd.Timestamp(self.window.start)]
            found -= set(gone)
        return sorted(found)

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of reps; the id where there is none."""
        reps = self.tables.get("reps")
        known = (
            {}
            if reps is None
            else dict(zip(reps["rep_id"], reps["name"].fillna(reps["rep_id"]), strict=True))
        )
        return {rep: known.get(rep, rep) for rep in self.reps}

    @cached_property
    def everyone(self) -> dict[str, str]:
        """Names of all reps of the book, also of those who are not judged."""
        reps = self.tables.get("reps")
        known = {} if reps is None else dict(zip(reps["rep_id"], reps["name"], strict=True))
        return {rep: name for rep, name in known.items() if pd.notna(name)} | self.names

    @cached_property
    def planned(self) -> pd.DataFrame:
        """Targets that hold in the window: measure, rep_id, account_id, asked, source."""
        return self._planned(self.window)

    @cached_property
    def asked(self) -> pd.DataFrame:
        """Targets that hold for the KPIs that ask for them, each in its own window.

        Raises
        ------
        BookError
            If one of them is zero or below.
        """
        parts = []
        for kpi in (kpi for kpi in self.params.kpis if kpi.target == "plan"):
            window = self.spans(self.window)[kpi.measure]
            found = self.planned if window == self.window else self._planned(window)
            mine = found[(found["measure"] == kpi.measure) & found["rep_id"].isin(self.reps)]
            parts.append(check_asked(mine, window))
        return pd.concat(parts, ignore_index=True) if parts else self.planned.iloc[:0]

    def _planned(self, window: Window) -> pd.DataFrame:
        return planned_targets(
            self.run.load("targets") if self.run.has("targets") else None,
            self.run.load("adopted_targets") if self.run.has("adopted_targets") else None,
            self.tables["accounts"],
            window=window,
            fiscal_year_start=self.run.facts["book"]["fiscal_year_start"],
        )

    @cached_property
    def forecasts(self) -> pd.DataFrame:
        """Which way reps' own forecasts of the last twelve months erred; see `forecast_direction`."""
        return forecast_direction(self.tables, window=self.window.trailing_year(), reps=self.reps)

    def spans(self, window: Window) -> dict[str, Window]:
        """Return what each KPI is measured over: the window, or the twelve months up to its end."""
        return {
            kpi.measure: window.trailing_year() if kpi.trailing_year else window for kpi in self.params.kpis
        }

    def evidence(self, window: Window) -> pd.DataFrame:
        """Return what reps did, KPI by KPI."""
        return pd.concat(
            [self._measure(measure, span) for measure, span in self.spans(window).items()], ignore_index=True
        )

    def dated_evidence(self, window: Window) -> pd.DataFrame:
        """Return the same, month by month (column month) where a KPI adds up over months."""
        parts = []
        for measure, span in self.spans(window).items():
            if measure in DATED and span.length > 1:
                months = [span.first.shift(k) for k in range(span.length)]
                parts += [self._measure(measure, Window(m, m), span).assign(month=str(m)) for m in months]
            else:
                parts.append(self._measure(measure, span).assign(month=None))
        return pd.concat(parts, ignore_index=True).astype({"month": "str"})

    def _measure(self, measure: str, window: Window, whole: Window | None = None) -> pd.DataFrame:
        return measure_reps(self.tables, measures=[measure], window=window, reps=self.reps, whole=whole)


@dataclass(frozen=True)
class Measured:
    """What reps did and what was asked of them, before anything is weighed.

    Attributes
    ----------
    case : Case
        What is judged.
    evidence, before : pandas.DataFrame
        What reps did in the window and in the same months of last year, account by account.
    targets : pandas.DataFrame
        What is asked of each rep, KPI by KPI.
    """

    case: Case
    evidence: pd.DataFrame
    before: pd.DataFrame
    targets: pd.DataFrame

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Scores by rep and KPI at the weights given with the KPIs; no score depends on a weight."""
        kpis = self.case.params.kpis
        given = {kpi.measure: kpi.weight for kpi in kpis}
        return score_reps(self.evidence, self.targets, kpis=kpis, weights=given, reps=self.case.reps)

    @cached_property
    def wide(self) -> pd.DataFrame:
        """The same, a row per rep and a column per KPI."""
        return self.scores.pivot(index="rep_id", columns="kpi", values="score")


@dataclass(frozen=True)
class Judged:
    """What chapter 2 found.

    Attributes
    ----------
    measured : Measured
        What was judged.
    weights : pandas.DataFrame
        What each KPI weighs and why.
    scores, totals : pandas.DataFrame
        Scorecard by rep and KPI; totals by rep.
    """

    measured: Measured
    weights: pd.DataFrame
    scores: pd.DataFrame
    totals: pd.DataFrame

    @property
    def case(self) -> Case:
        """What was judged."""
        return self.measured.case

    @property
    def evidence(self) -> pd.DataFrame:
        """What reps did, account by account."""
        return self.measured.evidence

    @cached_property
    def perspectives(self) -> pd.DataFrame:
        """Scores by perspective."""
        return perspective_scores(self.scores)

    @cached_property
    def cases(self) -> list[RepCases]:
        """The same, to be resampled by account and month."""
        case, window = self.case, self.case.window
        accounts = case.planned[case.planned["account_id"].notna()]
        return rep_cases(
            case.dated_evidence(window),
            self.measured.targets,
            before=case.dated_evidence(window.last_year()),
            planned=accounts if len(accounts) else None,
            months={
                measure: span.months
                for measure, span in case.spans(window).items()
                if measure in DATED and span.length > 1
            },
            kpis=case.params.kpis,
            reps=self.case.reps,
        )


def case_of(run: Run, params: ScorecardParams) -> Case:
    """Return what a run judges, with what is fixed a year for the months judged."""
    window = judged_window(run.period, to_date=run.facts.get("to_date", False))
    kpis = tuple(kpi.of_months(window.length) for kpi in params.kpis)
    return Case(run, window, params.model_copy(update={"kpis": kpis}))


def measure_case(case: Case) -> Measured:
    """Measure what reps did and set what is asked of them."""
    evidence, before = case.evidence(case.window), case.evidence(case.window.last_year())
    asked = case.asked.groupby(["measure", "rep_id"])["asked"].sum()
    by_rep = {str(m): part.droplevel(0).to_dict() for m, part in asked.groupby(level=0)}
    targets = set_targets(
        rep_values(evidence),
        kpis=case.params.kpis,
        reps=case.reps,
        planned=by_rep,
        before=rep_values(before),
    )
    return Measured(case, evidence, before, targets)


def judge(case: Case, weights: WeightParams) -> Judged:
    """Measure, set targets, weigh and score.

    Parameters
    ----------
    case : Case
        What is judged.
    weights : WeightParams
        How the KPIs' weights come about.
    """
    return score_measured(measure_case(case), weights)


def score_measured(measured: Measured, weights: WeightParams, *, kpis: Sequence[Kpi] | None = None) -> Judged:
    """Weigh and score what was measured.

    Parameters
    ----------
    measured : Measured
        What reps did and what was asked.
    weights : WeightParams
        How the KPIs' weights come about.
    kpis : sequence of Kpi, optional
        The same KPIs with other given weights.
    """
    case = measured.case
    kpis = case.params.kpis if kpis is None else kpis
    last_day = case.window.end - dt.timedelta(days=1)
    settled = settle_weights(kpis, measured.wide, day=last_day, params=weights)
    used = dict(zip(settled["kpi"], settled["weight"], strict=True))
    scores = reweigh_scores(measured.scores, used)
    teams = case.tables["reps"].set_index("rep_id")["team"] if "reps" in case.tables else None
    return Judged(
        measured=measured,
        weights=settled,
        scores=scores,
        totals=total_scores(
            scores,
            teams=teams,
            team_share=case.params.team_share,
            least_weight=case.params.least_weight,
        ),
    )
