"""Proof by history: which rule would have set the best targets in past periods, and how sure that is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import pandas as pd

from kamlib.measures.money import SCALE, to_money
from kamlib.measures.rounding import Floats
from kamlib.periods import Period
from kamlib.targets.judge import Cases, Draws, ends, rank_correlation, relative
from kamlib.targets.own_targets import compare_own_targets, own_chances
from kamlib.targets.params import AllocationParams
from kamlib.targets.past import PastPeriod, past_periods, past_windows
from kamlib.targets.replayed import BLENDED, PLANNED, Replay, best_blend, with_plan

PROOF_RULES: Mapping[str, Mapping[str, Fraction]] = {
    "history": {"history": Fraction(1)},
    "potential": {"potential": Fraction(1)},
    "half": {"history": Fraction(1, 2), "potential": Fraction(1, 2)},
    "forecast": {"forecast": Fraction(1)},
    "forecast_potential": {"forecast": Fraction(1, 2), "potential": Fraction(1, 2)},
    "last_year": {"last_year": Fraction(1)},
}
"""Rules that are replayed, as weights of shares."""

BEST_BLEND = "best_blend"
_FACTORS = (*BLENDED, "last_year")
_TODAY = ("potential", "reps", "groups")
_LEVEL = 0.95
_DIGITS = 9  # what sums of floats may differ by from one machine to the next is cut off


@dataclass(frozen=True)
class Proof:
    """How each rule would have done.

    Attributes
    ----------
    rules : pandas.DataFrame
        One row per rule and total. split_rule: one of `PROOF_RULES`, ``"planned"`` (the plan's weights within
        its floors and caps, unless it weighs what has no past) or ``"best_blend"`` (for each period the
        weights that were best on the others); split_total: ``"true"`` (what came) or ``"sized"`` (the plan's
        growth on the same period a year before); replayed_with: ``"dated"``, or what had to be taken as it
        stands today: ``"potential_today"``, ``"reps_today"``, ``"groups_today"`` (regions, types and reps
        that past forecasts were reconciled over), ``"several_today"``; replayed_periods,
        replayed_cases (periods x reps) and replayed_accounts (periods x accounts); account_error and
        rep_error, sum of |target - actual| over the sum of actual; in_band, share of reps with an attainment
        of 90-110 %; attainment_spread, its standard deviation between the reps of a period; size_correlation
        and growth_correlation, Spearman's of the accounts' attainment with their revenue in the history
        window and with its growth, the mean over periods; error_difference, rep_error less the best rule's,
        with difference_low and difference_high (true total only) [fraction].
    cases : pandas.DataFrame
        One row per rule, period and rep at the true total: split_rule, period, rep_id, target, actual
        [currency], attainment [fraction, null without a target].
    weights : pandas.DataFrame
        The recommended blend, one row per factor: factor, weight, weight_low, weight_high [fraction].
    periods : pandas.DataFrame
        One row per period replayed: period, planned_on (its planning day), accounts, reps, actual (of the
        accounts open on the day), outside (what came from elsewhere), sized (the total by growth) [currency].
    own : pandas.DataFrame
        The company's own targets beside each rule's; see `kamlib.targets.own_targets.compare_own_targets`.
    chances : pandas.DataFrame
        How likely each of the company's own targets was; see `kamlib.targets.own_targets.own_chances`.
    best, against : str
        The rule with the smallest error at the true total, and the one it is held against: the rule in use,
        or the second best; empty where nothing was replayed.
    in_use : str
        ``"planned"``; empty where the plan weighs what has no past.
    today : tuple of str
        What a rule had to take as it stands today: potential, reps, groups.
    by_reps : bool
        Whether reps' targets can tell rules apart: not where no rep is named, nor where one at a time holds
        all accounts and gets everything by every rule. Rules are then told apart by account_error, and there
        are no intervals, no blend and no comparison with the company's own targets.
    """

    rules: pd.DataFrame = field(repr=False)
    cases: pd.DataFrame = field(repr=False)
    weights: pd.DataFrame = field(repr=False)
    periods: pd.DataFrame = field(repr=False)
    own: pd.DataFrame = field(repr=False)
    chances: pd.DataFrame = field(repr=False)
    best: str
    against: str
    in_use: str
    today: tuple[str, ...] = ()
    by_reps: bool = True


def prove_targets(
    cube: pd.DataFrame,
    accounts_past: pd.DataFrame,
    forecasts: pd.DataFrame | None = None,
    targets: pd.DataFrame | None = None,
    *,
    period: Period,
    as_of: dt.date,
    split: AllocationParams,
    unit: int,
    growth: float | None,
    seed: int = 1,
    reconciled: bool = True,
) -> Proof:
    """Replay past periods and judge the rules by which their total could have been split.

    Each past period (`kamlib.targets.past.past_windows`) is planned again from what was known on its own
    planning day: accounts, potential and reps as dated then, revenue and forecasts from before. A rule splits
    a total over the open accounts in proportion to its shares; the plan's own rule (``"planned"``) does so
    within its floors and caps (`kamlib.targets.replayed.with_plan`). A rep's target is the
    sum over the accounts held on the day, and so is what is held against it. Two totals: what those accounts
    then bought, so that only the split is judged; and the plan's growth on the same period a year before.
    Where forecasts were made for some periods only, those are replayed, so that all rules meet the same
    cases.

    The recommended blend of history, potential and forecast is the one, in steps of 5 points, with the
    smallest rep_error over all periods; it is judged (rule ``"best_blend"``) on each period with the weights
    that are best on the periods that do not overlap it, and not at all where a period has none. Intervals are
    of a cluster bootstrap over periods and reps (`kamlib.targets.judge.Draws`); those of differences hold at
    95 % for all rules together (Bonferroni). Of one period alone there are none; of periods that overlap they
    are too narrow. Where reps tell no rule apart (see `Proof.by_reps`) accounts do.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency].
    accounts_past, forecasts : pandas.DataFrame
        See `kamlib.targets.past.past_periods`.
    targets : pandas.DataFrame, optional
        The company's own targets, a table of the book.
    period : Period
        The period planned.
    as_of : datetime.date
        Its planning day.
    split : AllocationParams
        The plan's weights, history window, floors and caps.
    unit : int
        Rounding unit [currency].
    growth : float or None
        Growth the plan asks over the same period a year before; without it only the true total is used
        [fraction].
    seed : int
        Seed of the bootstrap.
    reconciled : bool
        Whether `forecasts` were reconciled over regions, account types and reps, which are those of today:
        a rule that weighs them is then not replayed from dated history alone.

    Returns
    -------
    Proof
        Tables without rows where no past period can be replayed.
    """
    start, quarters = period.fiscal_year_start, split.history_quarters
    windows = past_windows(period, as_of=as_of, first_month=str(cube["month"].min()), quarters=quarters)
    past = _comparable(
        past_periods(
            cube, accounts_past, forecasts, windows=windows, fiscal_year_start=start, quarters=quarters
        )
    )
    factors = tuple(name for name in _FACTORS if past and all(name in p.shares for p in past))
    rules = {name: rule for name, rule in PROOF_RULES.items() if set(rule) <= set(factors)}
    asked = {name for name, weight in split.factor_weights().items() if weight}
    in_use = PLANNED if asked <= {*factors, "history", "potential"} else ""
    reps = sorted({str(rep) for p in past for rep in p.reps[p.facts.open] if rep is not None})
    if not any(name in BLENDED for name in factors):
        return _nothing(in_use)
    replay = plain = Replay(past, factors, tuple(reps))
    if in_use:
        rules[PLANNED] = {PLANNED: Fraction(1)}
        replay = with_plan(plain, plain.totals, split=split, unit=unit)
    weighed = {name: replay.constant(shares) for name, shares in rules.items()}
    by_reps = any(pd.Series(p.reps[p.facts.open]).nunique() > 1 for p in past)
    draws = Draws.make(len(past), len(reps), seed=seed) if by_reps and len(past) > 1 else None
    blend = best_blend(replay, draws) if by_reps else None
    if blend is not None and blend.held_out is not None:
        weighed[BEST_BLEND] = blend.held_out
    used, names = np.stack(list(weighed.values())), tuple(weighed)
    true = replay.cases(used, replay.totals)
    today = [_today(replay, row, asked, reconciled=reconciled) for row in used]
    judged = [_judged(replay, used, names, replay.totals, "true", today)]
    errors = true.error() if by_reps else judged[0]["account_error"].to_numpy()
    order = [names[i] for i in np.argsort(errors[: len(rules)], kind="stable")]
    against = in_use if in_use and in_use != order[0] else order[min(1, len(order) - 1)]
    judged[0] = judged[0].join(_differences(true, names.index(order[0]), draws))
    if growth is not None:
        sized = plain.sized(growth)
        other = with_plan(plain, sized, split=split, unit=unit) if in_use else plain
        judged.append(_judged(other, used, names, sized, "sized", today))
    return Proof(
        rules=pd.concat(judged, ignore_index=True),
        cases=_cases(replay, true, names),
        weights=_nothing(in_use).weights if blend is None else blend.table(),
        periods=_periods(replay, growth),
        own=compare_own_targets(
            cube,
            targets if by_reps else None,
            windows=[p.window for p in past],
            shares=np.einsum("gdf,fdr->gdr", used, replay.by_rep),
            reps=replay.reps,
            names=names,
            fiscal_year_start=start,
            seed=seed,
        ),
        chances=own_chances(targets, past, fiscal_year_start=start),
        best=order[0],
        against=against,
        in_use=in_use,
        today=tuple(name for name in _TODAY if any(name in found for found in today)),
        by_reps=by_reps,
    )


def _nothing(in_use: str) -> Proof:
    """Return a proof without rows: nothing could be replayed."""
    tables = {
        "rules": ["split_rule", "split_total"],
        "cases": ["split_rule", "period"],
        "weights": ["factor", "weight"],
        "periods": ["period", "planned_on"],
        "own": ["split_rule", "split_total"],
        "chances": ["period", "rep_id"],
    }
    made = {
        name: pd.DataFrame({c: pd.Series(dtype="str") for c in columns}) for name, columns in tables.items()
    }
    return Proof(**made, best="", against="", in_use=in_use)


def _comparable(past: Sequence[PastPeriod]) -> tuple[PastPeriod, ...]:
    """Keep the periods that brought something and, where some have forecasts, those that have."""
    kept = [p for p in past if p.actual.sum() > 0]
    with_forecast = [p for p in kept if "forecast" in p.shares]
    return tuple(with_forecast or kept)


def _judged(
    replay: Replay,
    used: Floats,
    names: Sequence[str],
    totals: Floats,
    total: str,
    today: Sequence[Sequence[str]],
) -> pd.DataFrame:
    """Return one row per rule: its errors, spread and what attainment goes with."""
    cases = replay.cases(used, totals)
    off = np.zeros((len(replay.past), len(names)))
    ranks = np.full((len(replay.past), len(names), 2), np.nan)
    for at, past in enumerate(replay.past):
        target = used[:, at] @ replay.shares(at) * totals[at]
        off[at] = np.abs(target - past.actual).sum(axis=1)
        for row, asked in enumerate(target):
            reached = np.where(asked > 0, past.actual / np.where(asked > 0, asked, 1), np.nan)
            ranks[at, row] = (
                rank_correlation(reached, past.facts.history.astype(np.float64)),
                rank_correlation(reached, past.growth),
            )
    known = ~np.isnan(ranks)
    means = relative(np.where(known, ranks, 0).sum(axis=0), known.sum(axis=0))
    return pd.DataFrame(
        {
            "split_rule": pd.Series(names, dtype="str"),
            "split_total": pd.Series([total] * len(names), dtype="str"),
            "replayed_with": pd.Series([_code(found) for found in today], dtype="str"),
            "replayed_periods": len(replay.past),
            "replayed_cases": int(replay.counted.sum()),
            "replayed_accounts": sum(int(p.facts.open.sum()) for p in replay.past),
            "account_error": relative(off.sum(axis=0), replay.totals.sum()).round(_DIGITS),
            "rep_error": cases.error().round(_DIGITS),
            "in_band": cases.in_band().round(_DIGITS),
            "attainment_spread": cases.spread().round(_DIGITS),
            "size_correlation": means[:, 0].round(_DIGITS),
            "growth_correlation": means[:, 1].round(_DIGITS),
        }
    )


def _today(replay: Replay, used: Floats, planned: Collection[str], *, reconciled: bool) -> list[str]:
    """Return what a rule had to take as it stands today; the plan's own weighs what the plan does."""
    weighed = {name for name, weights in zip(replay.factors, used.T, strict=True) if weights.any()}
    if PLANNED in weighed:
        weighed |= set(planned) | {"potential"}  # its caps go by potential, too
    stands_in = {
        "potential": "potential" in weighed and not all(p.dated["potential"] for p in replay.past),
        "reps": bool(replay.reps) and not all(p.dated["rep"] for p in replay.past),
        "groups": "forecast" in weighed and reconciled,
    }
    return [name for name in _TODAY if stands_in[name]]


def _code(today: Sequence[str]) -> str:
    """Say in one code what had to be taken as it stands today."""
    return "dated" if not today else f"{today[0]}_today" if len(today) == 1 else "several_today"


def _differences(cases: Cases, best: int, draws: Draws | None) -> pd.DataFrame:
    """Return each rule's error less the best one's with an interval that holds for all of them together."""
    error = cases.error()
    interval = np.full((2, len(error)), np.nan)
    if draws is not None:
        drawn = draws.relative(cases.errors, cases.weight)
        compared = max(len(error) - 1, 1)
        interval = ends(drawn - drawn[:, [best]], level=1 - (1 - _LEVEL) / compared)
    table = {
        "error_difference": error - error[best],
        "difference_low": interval[0],
        "difference_high": interval[1],
    }
    return pd.DataFrame({name: values.round(_DIGITS) for name, values in table.items()})


def _cases(replay: Replay, cases: Cases, names: Sequence[str]) -> pd.DataFrame:
    """Return one row per rule, period and rep."""
    rule, period, rep = np.nonzero(np.broadcast_to(cases.counted, cases.target.shape))
    labels = np.array([p.window.label for p in replay.past], dtype=object)
    return pd.DataFrame(
        {
            "split_rule": pd.Series(np.array(names, dtype=object)[rule], dtype="str"),
            "period": pd.Series(labels[period], dtype="str"),
            "rep_id": pd.Series(np.array(replay.reps, dtype=object)[rep], dtype="str"),
            "target": _money(cases.target[rule, period, rep]),
            "actual": _money(cases.actual[period, rep]),
            "attainment": cases.attainment()[rule, period, rep].round(_DIGITS),
        }
    )


def _periods(replay: Replay, growth: float | None) -> pd.DataFrame:
    """Return one row per period replayed."""
    sized = np.full(len(replay.past), np.nan) if growth is None else replay.sized(growth)
    return pd.DataFrame(
        {
            "period": pd.Series([p.window.label for p in replay.past], dtype="str"),
            "planned_on": pd.to_datetime([p.window.day for p in replay.past]),
            "accounts": [int(p.facts.open.sum()) for p in replay.past],
            "reps": replay.counted.sum(axis=1),
            "actual": _money(replay.totals),
            "outside": _money(np.array([p.outside for p in replay.past])),
            "sized": _money(np.nan_to_num(sized)).where(pd.Series(~np.isnan(sized))),
        }
    )


def _money(amounts: Floats) -> pd.Series:
    return to_money(np.rint(amounts * SCALE).astype(np.int64))
