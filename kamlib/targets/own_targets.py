"""The company's own targets of past periods beside those that each rule would have set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.measures.money import SCALE, as_float, to_money
from kamlib.measures.rounding import Floats
from kamlib.periods import month_of, parse_period
from kamlib.targets.facts import month_numbers
from kamlib.targets.judge import Cases, Draws, ends
from kamlib.targets.past import PastPeriod, PastWindow

COMPANY = "company"
"""The rule's name of the company's own targets."""

_OTHERS = ("account_id", "region", "product_line", "account_type")
_LEVEL = 0.95
_LEAST_RATIOS = 20  # of earlier forecasts: a probability in steps of five points
_DIGITS = 9


def compare_own_targets(
    cube: pd.DataFrame,
    targets: pd.DataFrame | None,
    *,
    windows: Sequence[PastWindow],
    shares: Floats,
    reps: Sequence[str],
    names: Sequence[str],
    fiscal_year_start: int,
    seed: int,
) -> pd.DataFrame:
    """Compare the company's own targets by rep with those of each rule, by what each rep then sold.

    The company's targets are revenue targets that name a rep and nothing else, for exactly one of the
    periods. A rule splits, over the reps who had one, the same total in proportion to its shares. What counts
    is what each rep sold (not what the accounts held on the planning day bought), as that is what the
    company's targets were set for; a rep who held no account then gets nothing from a rule, which counts as
    its error. Two totals: that of the company's targets, and what these reps then sold, to which the
    company's targets are scaled, too, so that only the split is judged.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency].
    targets : pandas.DataFrame or None
        Targets of the book: period, starts, ends, measure, rep_id, account_id, region, product_line,
        account_type, target [currency].
    windows : sequence of PastWindow
        Periods replayed, in order of time.
    shares : numpy.ndarray of float64, shape (rules, periods, reps)
        Share of each rep by each rule [fraction].
    reps : sequence of str
        Reps of `shares`.
    names : sequence of str
        Rules of `shares`.
    fiscal_year_start : int
        Calendar month in which the fiscal year starts.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        One row per rule (``"company"`` first) and total (``"company"``, ``"true"``): split_rule, split_total,
        replayed_periods, replayed_cases, rep_error, in_band, attainment_spread, error_difference (to the
        company's), difference_low, difference_high (of 95 % for all rules together) [fraction]. Without rows
        where the company had no such targets.
    """
    own = _own_targets(targets, windows, fiscal_year_start)
    if not len(own):
        return pd.DataFrame({c: pd.Series(dtype="str") for c in ("split_rule", "split_total")})
    everyone = sorted(set(own["rep_id"]))
    asked = _matrix(own["at"], own["rep_id"], own["amount"], len(windows), everyone)
    counted = asked > 0
    sold = np.where(counted, _sold(cube, windows, everyone), 0.0)
    place = pd.Index(reps).get_indexer(everyone)
    known = np.where(place >= 0, shares[:, :, np.maximum(place, 0)], 0.0) * counted
    sums = known.sum(axis=2, keepdims=True)
    split = np.concatenate([asked[None], known / np.where(sums > 0, sums, 1)])
    kept = np.flatnonzero(counted.any(axis=1) & (sold.sum(axis=1) > 0))
    draws = Draws.make(len(kept), len(everyone), seed=seed) if len(kept) > 1 else None
    tables = []
    for total, amount in (("company", asked.sum(axis=1)), ("true", sold.sum(axis=1))):
        target = split * amount[:, None]
        target[0] = asked * (amount / np.maximum(asked.sum(axis=1), 1))[:, None]
        cases = Cases(target[:, kept], sold[kept], counted[kept])
        tables.append(_judged(cases, (COMPANY, *names), total, draws))
    return pd.concat(tables, ignore_index=True)


def own_chances(
    targets: pd.DataFrame | None, past: Sequence[PastPeriod], *, fiscal_year_start: int
) -> pd.DataFrame:
    """Say how likely the company's own targets were on their planning days.

    A rep may land at the forecast of the accounts held on the day, times any of the ratios of what came to
    what was forecast, of all reps and of the periods over on that day: the probability is the share of these
    ratios with which the target is reached. That is coarser than the paths drawn for the period planned, and
    takes reps' errors to be alike.

    Parameters
    ----------
    targets : pandas.DataFrame or None
        As for `compare_own_targets`.
    past : sequence of PastPeriod
        Periods replayed, in order of time.
    fiscal_year_start : int
        Calendar month in which the fiscal year starts.

    Returns
    -------
    pandas.DataFrame
        One row per period and rep who had a target and held an account: period, rep_id, target, landing
        (forecast of the accounts), actual (what these accounts bought) [currency] and reach_probability
        [fraction, null with fewer than twenty earlier ratios]. Without rows where nothing was forecast.
    """
    own = _own_targets(targets, [p.window for p in past], fiscal_year_start)
    columns = ["period", "rep_id", "target", "landing", "actual", "reach_probability"]
    parts = [
        _held(p, p.evidence.forecast).assign(at=at)
        for at, p in enumerate(past)
        if p.evidence.forecast is not None
    ]
    if not len(own) or not parts:
        return pd.DataFrame({c: pd.Series(dtype="str") for c in columns})
    held = pd.concat(parts, ignore_index=True)
    asked = own.groupby(["at", "rep_id"], sort=True)["amount"].sum().rename("target").reset_index()
    table = asked.merge(held, on=["at", "rep_id"])
    table["period"] = pd.Series([past[at].window.label for at in table["at"]], dtype="str")
    table["reach_probability"] = np.nan
    forecast = held[held["landing"] > 0]
    for at, rows in table.groupby("at"):
        day = past[int(at)].window.planned
        over = [j for j, p in enumerate(past) if p.window.first + p.window.length <= day]
        known = forecast[forecast["at"].isin(over)]
        ratios = (known["actual"] / known["landing"]).to_numpy()
        if len(ratios) >= _LEAST_RATIOS:
            landings = rows["landing"].to_numpy()[:, None] * ratios
            reached = (landings >= rows["target"].to_numpy()[:, None]).mean(axis=1)
            table.loc[rows.index, "reach_probability"] = reached.round(_DIGITS)
    for name in ("target", "landing", "actual"):
        table[name] = to_money(np.rint(table[name].to_numpy() * SCALE).astype(np.int64))
    return table[columns]


def _held(past: PastPeriod, coming: pd.DataFrame) -> pd.DataFrame:
    """Return what was forecast of the open accounts of each rep on the day, and what they bought."""
    amounts = pd.Series(as_float(coming["forecast"]), index=coming["account_id"].to_numpy())
    table = pd.DataFrame(
        {
            "rep_id": past.reps,
            "landing": amounts.reindex(past.facts.table["account_id"]).fillna(0.0).to_numpy(),
            "actual": past.actual,
        }
    )[past.facts.open]
    return table.groupby("rep_id", sort=True)[["landing", "actual"]].sum().reset_index()


def _own_targets(
    targets: pd.DataFrame | None, windows: Sequence[PastWindow], fiscal_year_start: int
) -> pd.DataFrame:
    """Return the company's targets of reps: at (place of the period), rep_id, amount [currency]."""
    if targets is None or not len(targets):
        return pd.DataFrame({"at": [], "rep_id": [], "amount": []})
    rows = targets[targets["rep_id"].notna() & (targets["measure"].fillna("revenue") == "revenue")]
    for column in _OTHERS:
        rows = rows[rows[column].isna()] if column in rows else rows
    spans = {(w.first, w.first + w.length): at for at, w in enumerate(windows)}
    at = [
        spans.get(_span(period, starts, ends, fiscal_year_start), -1)
        for period, starts, ends in zip(rows["period"], rows["starts"], rows["ends"], strict=True)
    ]
    found = pd.DataFrame({"at": at, "rep_id": rows["rep_id"].astype(str), "amount": as_float(rows["target"])})
    return found[found["at"] >= 0]


def _span(period: object, starts: object, ends: object, fiscal_year_start: int) -> tuple[int, int]:
    """Return first month and month after the last; (-1, -1) for days that are no whole months."""
    if isinstance(period, str):
        whole = parse_period(period, fiscal_year_start=fiscal_year_start)
        return whole.first, whole.first + whole.length
    first, after = pd.Timestamp(starts), pd.Timestamp(ends) + pd.Timedelta(days=1)
    if first.day != 1 or after.day != 1:
        return -1, -1
    return month_of(first.date()).first, month_of(after.date()).first


def _sold(cube: pd.DataFrame, windows: Sequence[PastWindow], reps: Sequence[str]) -> Floats:
    """Return what each rep sold in each period, shape (periods, reps) [currency]."""
    month = month_numbers(cube["month"])
    result = np.zeros((len(windows), len(reps)))
    for at, window in enumerate(windows):
        rows = cube[(month >= window.first) & (month < window.first + window.length)]
        places = pd.Series(at, index=rows.index)
        result += _matrix(places, rows["rep_id"], as_float(rows["revenue"]), len(windows), reps)
    return result


def _matrix(
    at: pd.Series, rep: pd.Series, amount: npt.ArrayLike, periods: int, reps: Sequence[str]
) -> Floats:
    code = pd.Index(reps).get_indexer(rep)
    result = np.zeros((periods, len(reps)))
    np.add.at(
        result, (at.to_numpy(dtype=np.int64)[code >= 0], code[code >= 0]), np.asarray(amount)[code >= 0]
    )
    return result


def _judged(cases: Cases, names: Sequence[str], total: str, draws: Draws | None) -> pd.DataFrame:
    error = cases.error()
    interval = np.full((2, len(names)), np.nan)
    if draws is not None:
        drawn = draws.relative(cases.errors, cases.weight)
        interval = ends(drawn - drawn[:, [0]], level=1 - (1 - _LEVEL) / max(len(names) - 1, 1))
    fractions = {
        "rep_error": error,
        "in_band": cases.in_band(),
        "attainment_spread": cases.spread(),
        "error_difference": error - error[0],
        "difference_low": interval[0],
        "difference_high": interval[1],
    }
    return pd.DataFrame(
        {
            "split_rule": pd.Series(names, dtype="str"),
            "split_total": pd.Series([total] * len(names), dtype="str"),
            "replayed_periods": len(cases.actual),
            "replayed_cases": int(cases.counted.sum()),
        }
        | {name: values.round(_DIGITS) for name, values in fractions.items()}
    )
