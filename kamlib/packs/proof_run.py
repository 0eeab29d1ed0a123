"""The proof by history's part of chapter 3: what a run has of the past is replayed, saved and shown."""

from __future__ import annotations

import pandas as pd

from kamlib.forecast import ForecastParams
from kamlib.packs.page import Page
from kamlib.packs.pages_proof import proof_page
from kamlib.runs import Run
from kamlib.targets import Allocation, AllocationParams, CalendarParams, Evidence, TargetSize, prove_targets
from kamlib.targets.calendars import compared_days
from kamlib.targets.facts import look_back


def evidence_of(run: Run, forecast: pd.DataFrame) -> Evidence:
    """Return what factors beside history and potential, and months, are taken from, as far as it is known.

    Parameters
    ----------
    run : Run
        The run.
    forecast : pandas.DataFrame
        The forecast with its levels.
    """
    base = look_back(run.period, as_of=run.as_of).base
    return Evidence(
        forecast=forecast,
        reps=_table(run, "reps"),
        market=_table(run, "market"),
        working_days=compared_days(base, run.period, params=run.params(CalendarParams)),
    )


def weights_table(allocation: Allocation) -> pd.DataFrame:
    """Return the weights that factors effectively had, one row per factor: factor, weight [fraction]."""
    return pd.DataFrame({"factor": list(allocation.weights), "weight": list(allocation.weights.values())})


def replay_rules(run: Run, cube: pd.DataFrame, *, size: TargetSize, split: AllocationParams) -> Page:
    """Replay past periods by every rule, save the tables and return the page.

    Parameters
    ----------
    run : Run
        The run; tables target_proof, target_proof_cases, target_proof_weights, target_proof_periods,
        target_proof_own and target_proof_chances are saved.
    cube : pandas.DataFrame
        The cube.
    size : TargetSize
        The total planned, of which the growth is asked of past periods, too.
    split : AllocationParams
        The weights, floors and caps in use.
    """
    past = _table(run, "accounts_past")
    proof = prove_targets(
        cube,
        pd.DataFrame({"as_of": pd.to_datetime([])}) if past is None else past,
        _table(run, "forecast_replays"),
        _table(run, "targets"),
        period=run.period,
        as_of=run.as_of,
        split=split,
        unit=run.rounding_unit,
        growth=size.growth,
        seed=run.seed,
        reconciled=_reconciled(run.params(ForecastParams)),
    )
    run.save("target_proof", proof.rules)
    run.save("target_proof_cases", proof.cases)
    run.save("target_proof_weights", proof.weights)
    run.save("target_proof_periods", proof.periods)
    run.save("target_proof_own", proof.own)
    run.save("target_proof_chances", proof.chances)
    return proof_page(proof, words=run.words, company=run.facts["book"]["name"])


def _reconciled(params: ForecastParams) -> bool:
    """Say whether past forecasts lean on regions, account types and reps."""
    return params.reconciliation != "bottom_up" and params.method != "seasonal_naive"


def _table(run: Run, name: str) -> pd.DataFrame | None:
    return run.load(name) if run.has(name) else None
