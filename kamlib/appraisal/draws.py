"""How sure a score is: scores drawn from resampled accounts, and scores without one account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.appraisal.kpi import Kpi
from kamlib.appraisal.scorecard import attain, clip_scores

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RepCases:
    """What one rep did, account by account, ready to be resampled.

    Attributes
    ----------
    rep_id : str
        The rep.
    accounts : tuple of str
        Accounts that any KPI saw, in order.
    amount, base, asked : numpy.ndarray of float64, shape (accounts, kpis)
        Summands of value and base, and of the target where it belongs to accounts.
    fixed_amount, fixed_base : numpy.ndarray of float64, shape (kpis,)
        Of facts that are about the rep and no account.
    target : numpy.ndarray of float64, shape (kpis,)
        The target, NaN where there is none.
    measured, is_ratio, by_account : numpy.ndarray of bool, shape (kpis,)
        Whether the rep was measured; whether the value has a base; whether the target belongs to accounts.
    """

    rep_id: str
    accounts: tuple[str, ...]
    amount: Floats
    base: Floats
    asked: Floats
    fixed_amount: Floats
    fixed_base: Floats
    target: Floats
    measured: npt.NDArray[np.bool_]
    is_ratio: npt.NDArray[np.bool_]
    by_account: npt.NDArray[np.bool_]

    def scores(self, counts: Floats, kpis: Sequence[Kpi]) -> Floats:
        """Return scores (draws, kpis) with each account counted as `counts` (draws, accounts) says."""
        amount = counts @ self.amount + self.fixed_amount
        base = counts @ self.base + self.fixed_base
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(self.is_ratio, amount / np.where(base != 0, base, np.nan), amount)
        asked = counts @ self.asked
        target = np.where(self.by_account, np.where(asked > 0, asked, np.nan), self.target)
        columns = [
            clip_scores(100 * attain(value[:, k], target[:, k], [kpi] * len(counts)), [kpi] * len(counts))
            for k, kpi in enumerate(kpis)
        ]
        return np.where(self.measured, np.column_stack(columns), np.nan)


def rep_cases(
    evidence: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    before: pd.DataFrame,
    planned: pd.DataFrame | None = None,
    kpis: Sequence[Kpi],
    reps: Sequence[str],
) -> list[RepCases]:
    """Arrange what was measured by rep and account.

    The target of a sum (revenue, volume, accounts) is laid on accounts: as planned by account where that is
    known, else in proportion to what each account brought in the same months a year before. So that an
    account that is left out takes its part of the target with it.

    Parameters
    ----------
    evidence, before : pandas.DataFrame
        Of `kamlib.appraisal.measure.measure_reps`, in the window and a year before it.
    targets : pandas.DataFrame
        Of `kamlib.appraisal.scorecard.set_targets`.
    planned : pandas.DataFrame, optional
        Targets by measure, rep_id and account_id: asked.
    kpis : sequence of Kpi
        KPIs in order.
    reps : sequence of str
        Reps in order.

    Returns
    -------
    list of RepCases
        One per rep.
    """
    names = [kpi.measure for kpi in kpis]
    target = targets.pivot(index="rep_id", columns="measure", values="kpi_target").reindex(columns=names)
    is_ratio = np.array([evidence.loc[evidence["measure"] == n, "base"].notna().any() for n in names])
    shared = [kpi.target in ("plan", "last_year") for kpi in kpis] & ~is_ratio
    now, then = (dict(list(table.groupby("rep_id"))) for table in (evidence, before))
    asked = dict(list(planned.groupby("rep_id"))) if planned is not None else {}
    found = []
    for rep in reps:
        mine = now.get(rep, evidence.iloc[:0])
        weights = asked.get(rep, then.get(rep, before.iloc[:0]))
        weights = weights[weights["account_id"].notna() & weights["measure"].isin(names)]
        of_accounts = mine[mine["account_id"].notna()]
        of_rep = mine[mine["account_id"].isna()].groupby("measure")[["amount", "base"]].sum().reindex(names)
        accounts = sorted(set(of_accounts["account_id"]) | set(weights["account_id"]))
        goal = target.reindex([rep]).to_numpy(dtype=float)[0]
        part = _grid(weights, "asked" if rep in asked else "amount", accounts, names).clip(min=0)
        whole = part.sum(axis=0)
        by_account = shared & (whole > 0) & ~np.isnan(goal)
        found.append(
            RepCases(
                rep_id=rep,
                accounts=tuple(accounts),
                amount=_grid(of_accounts, "amount", accounts, names),
                base=_grid(of_accounts, "base", accounts, names),
                asked=np.where(by_account, part * np.nan_to_num(goal) / np.where(whole > 0, whole, 1), 0.0),
                fixed_amount=of_rep["amount"].fillna(0).to_numpy(dtype=float),
                fixed_base=of_rep["base"].fillna(0).to_numpy(dtype=float),
                target=goal,
                measured=np.isin(names, mine["measure"].unique()),
                is_ratio=is_ratio,
                by_account=by_account,
            )
        )
    return found


def draw_scores(
    cases: Sequence[RepCases], *, kpis: Sequence[Kpi], draws: int, rng: np.random.Generator
) -> Floats:
    """Draw scores from accounts resampled with replacement, each rep's by itself.

    Parameters
    ----------
    cases : sequence of RepCases
        Of `rep_cases`.
    kpis : sequence of Kpi
        KPIs in order.
    draws : int
        Number of draws.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    numpy.ndarray of float64, shape (draws, reps, kpis)
        Scores; NaN where the resampled accounts have no case, or the KPI is left out.

    References
    ----------
    B. Efron, R. Tibshirani (1993). An Introduction to the Bootstrap, ch. 8 (whole clusters are resampled).
    """
    found = np.full((draws, len(cases), len(kpis)), np.nan)
    for k, rep in enumerate(cases):
        n = len(rep.accounts)
        counts = rng.multinomial(n, np.full(n, 1 / n), size=draws) if n else np.zeros((draws, 0))
        found[:, k, :] = rep.scores(counts.astype(float), kpis)
    return found


def scores_without(cases: Sequence[RepCases], *, kpis: Sequence[Kpi]) -> pd.DataFrame:
    """Score each rep without each of the rep's accounts.

    Returns
    -------
    pandas.DataFrame
        One row per rep and account: rep_id, account_id, and a column per KPI with the score.
    """
    parts = []
    for rep in cases:
        n = len(rep.accounts)
        if n < 2:
            continue
        scores = rep.scores(1.0 - np.eye(n), kpis)
        table = pd.DataFrame(scores, columns=[kpi.measure for kpi in kpis])
        table.insert(0, "account_id", list(rep.accounts))
        table.insert(0, "rep_id", rep.rep_id)
        parts.append(table)
    columns = ["rep_id", "account_id", *(kpi.measure for kpi in kpis)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def weigh(scores: Floats, weights: Floats) -> Floats:
    """Return the weighted mean of scores over the KPIs that are known, weights raised in proportion.

    Parameters
    ----------
    scores : numpy.ndarray of float64, shape (..., kpis)
        NaN where a KPI is left out.
    weights : numpy.ndarray of float64, shape (kpis,) or broadcastable
        Weights of the KPIs.

    Returns
    -------
    numpy.ndarray of float64, shape (...)
        NaN where no KPI is known or all that are weigh nothing.
    """
    used = np.where(np.isnan(scores), 0.0, weights)
    total = used.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, (used * np.nan_to_num(scores)).sum(axis=-1) / total, np.nan)


def _grid(rows: pd.DataFrame, column: str, accounts: Sequence[str], names: Sequence[str]) -> Floats:
    """Return sums of a column by account and measure, 0 where there is none."""
    grid = np.zeros((len(accounts), len(names)))
    place = {account: k for k, account in enumerate(accounts)}
    column_of = {name: k for k, name in enumerate(names)}
    values = rows[column].to_numpy(dtype=float)
    at = [place[a] for a in rows["account_id"]], [column_of[m] for m in rows["measure"]]
    np.add.at(grid, at, np.nan_to_num(values))
    return grid
