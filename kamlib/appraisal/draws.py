"""How sure a score is: scores drawn from resampled accounts and months, and scores without one account.

The law. A rep's accounts are drawn with replacement, as many as there are. Of the n months judged n - 1 are
drawn with replacement, each counted n / (n - 1) times: the sum then keeps its mean, and its variance is the
unbiased one of n months, which drawing n of them would put too low by a factor (n - 1) / n. A draw has the
same months for all reps, since a bad month is bad for all; what an account brought in a month counts as often
as both together say. A target of a sum is laid on months by what all brought in them a year before, and those
drawn take their part of it along: December's season is not luck. A month that brought nothing then, or is not
known, takes the mean of the others, so that no month is without a target. A single month, and KPIs that do
not add up over months, such as accounts kept, are drawn by account alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.appraisal.kpi import Kpi
from kamlib.appraisal.scorecard import attain, clip_scores

Floats = npt.NDArray[np.float64]


DATED = (
    "target_attainment",
    "sales_volume",
    "gross_margin",
    "satisfaction",
    "sales_cycle",
    "activity_participation",
    "effective_contacts",
)
"""Measures whose evidence adds up over the months of a window."""


@dataclass(frozen=True)
class Parts:
    """What evidence is kept by: the whole window, then months.

    Attributes
    ----------
    spans : tuple of tuple of str
        The distinct runs of months that KPIs are measured over; their months follow each other as parts.
    place : mapping of tuple of str to int
        The part of each measure's month.
    share : numpy.ndarray of float64, shape (parts, kpis)
        Part of a sum's target that each part holds; columns sum to 1.
    """

    spans: tuple[tuple[str, ...], ...]
    place: Mapping[tuple[str, str], int]
    share: Floats

    def draw(self, draws: int, rng: np.random.Generator) -> Floats:
        """Draw how often each part counts, shape (draws, parts); the whole window counts once."""
        columns: list[Floats] = [np.ones((draws, 1))]
        for span in self.spans:
            n = len(span)
            drawn = rng.multinomial(n - 1, np.full(n, 1 / n), size=draws)
            columns.append(np.asarray(drawn * (n / (n - 1)), dtype=np.float64))
        return np.hstack(columns)


@dataclass(frozen=True)
class RepCases:
    """What one rep did, account by account and month by month, ready to be resampled.

    Attributes
    ----------
    rep_id : str
        The rep.
    accounts : tuple of str
        Accounts that any KPI saw, in order.
    parts : Parts
        What evidence is kept by, the same for all reps.
    amount, base : numpy.ndarray of float64, shape (parts, accounts, kpis)
        Summands of value and base.
    asked : numpy.ndarray of float64, shape (accounts, kpis)
        Summands of the target where it belongs to accounts.
    fixed_amount, fixed_base : numpy.ndarray of float64, shape (parts, kpis)
        Of facts that name no account.
    target : numpy.ndarray of float64, shape (kpis,)
        The target, NaN where there is none.
    measured, is_ratio, by_account : numpy.ndarray of bool, shape (kpis,)
        Whether the rep was measured; whether the value has a base; whether the target belongs to accounts.
    """

    rep_id: str
    accounts: tuple[str, ...]
    parts: Parts
    amount: Floats
    base: Floats
    asked: Floats
    fixed_amount: Floats
    fixed_base: Floats
    target: Floats
    measured: npt.NDArray[np.bool_]
    is_ratio: npt.NDArray[np.bool_]
    by_account: npt.NDArray[np.bool_]

    def scores(self, counts: Floats, kpis: Sequence[Kpi], drawn: Floats | None = None) -> Floats:
        """Return scores (draws, kpis) with accounts and parts counted as often as told.

        Parameters
        ----------
        counts : numpy.ndarray of float64, shape (draws, accounts)
            How often each account counts.
        kpis : sequence of Kpi
            KPIs in order.
        drawn : numpy.ndarray of float64, shape (draws, parts), optional
            How often each part counts; once without.
        """
        often = np.ones((len(counts), len(self.amount))) if drawn is None else drawn
        amount = _count(counts, often, self.amount) + often @ self.fixed_amount
        base = _count(counts, often, self.base) + often @ self.fixed_base
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(self.is_ratio, amount / np.where(base != 0, base, np.nan), amount)
        held = np.where(self.is_ratio, 1.0, often @ self.parts.share)
        asked = counts @ self.asked
        target = held * np.where(self.by_account, np.where(asked > 0, asked, np.nan), self.target)
        columns = [
            clip_scores(100 * attain(value[:, k], target[:, k], [kpi] * len(counts)), [kpi] * len(counts))
            for k, kpi in enumerate(kpis)
        ]
        return np.where(self.measured, np.column_stack(columns), np.nan)


def _count(counts: Floats, often: Floats, summands: Floats) -> Floats:
    """Sum (parts, accounts, kpis), accounts and parts counted as often as told, shape (draws, kpis)."""
    total = np.zeros((len(counts), summands.shape[2]))
    for part, rows in enumerate(summands):
        total += often[:, part, None] * (counts @ rows)
    return total


def rep_cases(
    evidence: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    before: pd.DataFrame,
    planned: pd.DataFrame | None = None,
    months: Mapping[str, Sequence[str]] | None = None,
    kpis: Sequence[Kpi],
    reps: Sequence[str],
) -> list[RepCases]:
    """Arrange what was measured by rep, account and month.

    The target of a sum (revenue, volume, accounts) is laid on accounts: as planned by account where that is
    known, else in proportion to what each account brought in the same months a year before. So that an
    account that is left out takes its part of the target with it.

    Parameters
    ----------
    evidence, before : pandas.DataFrame
        Of `kamlib.appraisal.measure.measure_reps`, in the window and a year before it; of the measures in
        `months` one row a month, with a column month, which is null in rows about the whole window.
    targets : pandas.DataFrame
        Of `kamlib.appraisal.scorecard.set_targets`.
    planned : pandas.DataFrame, optional
        Targets by measure, rep_id and account_id: asked.
    months : mapping of str to sequence of str, optional
        By measure of `DATED`, the months it is measured over, two or more; none are drawn without.
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
    parts = _parts(before, names, months or {})
    now, then = (dict(list(table.groupby("rep_id"))) for table in (evidence, before))
    asked = dict(list(planned.groupby("rep_id"))) if planned is not None else {}
    found = []
    for rep in reps:
        mine = now.get(rep, evidence.iloc[:0])
        weights = _weights_of_accounts(asked.get(rep), then.get(rep, before.iloc[:0]), names)
        of_accounts = mine[mine["account_id"].notna()]
        of_rep = mine[mine["account_id"].isna()].assign(account_id="")
        accounts = sorted(set(of_accounts["account_id"]) | set(weights["account_id"]))
        goal = target.reindex([rep]).to_numpy(dtype=float)[0]
        part = _grid(weights, "amount", accounts, names, {})[0].clip(min=0)
        whole = part.sum(axis=0)
        by_account = shared & (whole > 0) & ~np.isnan(goal)
        found.append(
            RepCases(
                rep_id=rep,
                accounts=tuple(accounts),
                parts=parts,
                amount=_grid(of_accounts, "amount", accounts, names, parts.place),
                base=_grid(of_accounts, "base", accounts, names, parts.place),
                asked=np.where(by_account, part * np.nan_to_num(goal) / np.where(whole > 0, whole, 1), 0.0),
                fixed_amount=_grid(of_rep, "amount", [""], names, parts.place)[:, 0],
                fixed_base=_grid(of_rep, "base", [""], names, parts.place)[:, 0],
                target=goal,
                measured=np.isin(names, mine["measure"].unique()),
                is_ratio=is_ratio,
                by_account=by_account,
            )
        )
    return found


def _parts(before: pd.DataFrame, names: Sequence[str], months: Mapping[str, Sequence[str]]) -> Parts:
    """Lay targets of sums on months as all reps' sums of a year before lay, or evenly without any."""
    spans = tuple(dict.fromkeys(tuple(months[name]) for name in names if name in months))
    first = dict(zip(spans, np.cumsum([1, *map(len, spans)]).tolist(), strict=False))
    place: dict[tuple[str, str], int] = {}
    share = np.zeros((1 + sum(map(len, spans)), len(names)))
    for k, name in enumerate(names):
        if name not in months:
            share[0, k] = 1.0
            continue
        span = tuple(months[name])
        place |= {(name, month): first[span] + j for j, month in enumerate(span)}
        sums = before[before["measure"] == name].groupby("month")["amount"].sum()
        past = [f"{int(month[:4]) - 1}{month[4:]}" for month in span]  # the same months a year before
        brought = sums.reindex(past)
        brought = brought.where(brought > 0)
        brought = brought.fillna(brought.mean()).fillna(1.0)
        share[[place[name, month] for month in span], k] = brought / brought.sum()
    return Parts(spans, place, share)


def _weights_of_accounts(
    asked: pd.DataFrame | None, then: pd.DataFrame, names: Sequence[str]
) -> pd.DataFrame:
    """Return what targets are laid on accounts by: as planned where a measure is, else last year's sums."""
    rows = then[["measure", "account_id", "amount"]]
    if asked is not None:
        plan = asked[["measure", "account_id", "asked"]].rename(columns={"asked": "amount"})
        rows = pd.concat([plan, rows[~rows["measure"].isin(plan["measure"])]])
    return rows[rows["account_id"].notna() & rows["measure"].isin(names)]


def draw_scores(
    cases: Sequence[RepCases],
    *,
    kpis: Sequence[Kpi],
    draws: int,
    rng: np.random.Generator,
    tick: Callable[[float], None] = lambda _: None,
) -> Floats:
    """Draw scores from accounts and months resampled with replacement: accounts by rep, months for all.

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
    tick : callable
        Told the fraction of reps that is drawn, after each.

    Returns
    -------
    numpy.ndarray of float64, shape (draws, reps, kpis)
        Scores; NaN where the resampled accounts have no case, or the KPI is left out.

    References
    ----------
    B. Efron, R. Tibshirani (1993). An Introduction to the Bootstrap, ch. 8 (whole clusters are resampled).
    A. B. Owen (2007). The pigeonhole bootstrap. Annals of Applied Statistics 1:386-411 (two ways at once).
    P. J. McCarthy, C. B. Snowden (1985). The bootstrap and finite population sampling. Vital and Health
    Statistics 2(95) (n - 1 draws of n).
    """
    found = np.full((draws, len(cases), len(kpis)), np.nan)
    drawn = cases[0].parts.draw(draws, rng) if cases else None
    for k, rep in enumerate(cases):
        n = len(rep.accounts)
        counts = rng.multinomial(n, np.full(n, 1 / n), size=draws) if n else np.zeros((draws, 0))
        found[:, k, :] = rep.scores(counts.astype(float), kpis, drawn)
        tick((k + 1) / len(cases))
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


def _grid(
    rows: pd.DataFrame,
    column: str,
    accounts: Sequence[str],
    names: Sequence[str],
    place: Mapping[tuple[str, str], int],
) -> Floats:
    """Return sums of a column by part, account and measure, 0 where there is none."""
    grid = np.zeros((1 + max(place.values(), default=0), len(accounts), len(names)))
    month = rows["month"] if "month" in rows else [None] * len(rows)
    at = (
        [place.get(key, 0) for key in zip(rows["measure"], month, strict=True)],
        pd.Index(accounts).get_indexer(rows["account_id"]),
        pd.Index(names).get_indexer(rows["measure"]),
    )
    np.add.at(grid, at, np.nan_to_num(rows[column].to_numpy(dtype=float)))
    return grid
