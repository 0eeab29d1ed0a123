"""Win rates of the pipeline's stages: given, found in dated history, and what is made of both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from kamlib.errors import KamError, ParameterError
from kamlib.forecast.pipeline_params import PipelineParams

_TAILS = (0.1, 0.9)
_RIPE = 0.9  # share that must have closed before those that close late no longer change what is found
_QUARTERS = 8  # past planning dates at which said is compared with found: two years
_LEAST_DELAYS = 10  # won opportunities below which their delays are no distribution


def learn_stage_rates(
    opportunities: pd.DataFrame,
    stage_history: pd.DataFrame | None,
    *,
    stages: Mapping[str, float],
    as_of: dt.date,
    params: PipelineParams,
) -> pd.DataFrame:
    """Learn each stage's win rate from opportunities that have closed, held to what is given.

    An opportunity that closed before `as_of` counts once in every stage it stood in before its closing day;
    the stage it closed in says nothing, as every won one closes in the last. With w won of n, the rate used
    is (w + s g) / (n + s), g being the given rate and s `params.stage_prior`: the mean of a Beta
    distribution. A stage given as 0 or 1 keeps that. Without dated history all keep what is given.

    Of young opportunities the lost are decided first, and some are never closed at all. So once ten have been
    won, only those are counted that were created at least as long ago as nine of ten won ones took to close;
    of these, what is still open counts as not won. One in ten may yet be won: the rate errs on the low side
    by as much.

    Parameters
    ----------
    opportunities : pandas.DataFrame
        One row per opportunity as known on `as_of`: opportunity_id, created, outcome (won, lost, open),
        closed.
    stage_history : pandas.DataFrame or None
        One row per opportunity and day its stage changed: opportunity_id, date, stage.
    stages : mapping of str to float
        The book's stages, first to last, with their given win rates [fraction].
    as_of : datetime.date
        First day not seen.
    params : PipelineParams
        Weight of what is given.

    Returns
    -------
    pandas.DataFrame
        One row per stage, ascending by given rate: stage, given_rate, decided (won, lost, or open for too
        long), won (counts), found_rate
        (won / decided, null without any), rate_low, rate_high (80 % range of the rate used, null where it is
        not learned), used_rate [fraction], days_to_win (median days from entering the stage to winning, null
        without any) and rate_source (learned; given: none has closed, or given as 0 or 1; not_replayable:
        given, as there is no dated history).

    Raises
    ------
    ParameterError
        If a given rate is not a fraction.
    KamError
        If `stage_history` names a stage that `stages` lacks.

    Examples
    --------
    >>> opportunities = pd.DataFrame({"opportunity_id": ["a", "b"], "outcome": ["won", "lost"],
    ...     "created": pd.to_datetime("2025-01-01"), "closed": pd.to_datetime("2025-03-01")})
    >>> history = pd.DataFrame({"opportunity_id": ["a", "a", "b"], "stage": ["30", "100", "30"],
    ...     "date": pd.to_datetime(["2025-01-01", "2025-03-01", "2025-01-01"])})
    >>> table = learn_stage_rates(opportunities, history, stages={"30": 0.3, "100": 1.0},
    ...     as_of=dt.date(2026, 1, 1), params=PipelineParams(stage_prior=8))
    >>> table[["stage", "decided", "won", "used_rate"]].round(3).values.tolist()
    [['30', 2, 1, 0.34], ['100', 0, 0, 1.0]]
    """
    from scipy.stats import beta

    for stage, rate in stages.items():
        if not 0 <= rate <= 1:
            raise ParameterError(f"stages.{stage} is {rate}; a win rate is a fraction from 0 to 1.")
    order = sorted(stages, key=lambda stage: (stages[stage], stage))
    table = pd.DataFrame({"stage": pd.Series(order, dtype="str")})
    table["given_rate"] = [float(stages[stage]) for stage in order]
    passed = _passed(opportunities, stage_history, stages, as_of)
    counts = passed.groupby("stage")["won"].agg(["size", "sum"]).reindex(order, fill_value=0)
    closed, won = counts["size"].to_numpy(dtype=np.float64), counts["sum"].to_numpy(dtype=np.float64)
    given = table["given_rate"].to_numpy()
    table["decided"] = pd.Series(closed).astype("Int64")
    table["won"] = pd.Series(won).astype("Int64")
    with np.errstate(invalid="ignore"):
        table["found_rate"] = np.where(closed > 0, won / np.where(closed > 0, closed, 1.0), np.nan)
    learned = (closed > 0) & (given > 0) & (given < 1)
    a, b = won + params.stage_prior * given, closed - won + params.stage_prior * (1 - given)
    known = learned & (a > 0) & (b > 0)
    for column, tail in zip(("rate_low", "rate_high"), _TAILS, strict=True):
        table[column] = np.where(known, beta.ppf(tail, np.where(known, a, 1), np.where(known, b, 1)), np.nan)
    table["used_rate"] = np.where(learned, a / np.where(learned, a + b, 1.0), given)
    days = passed[passed["won"]].groupby("stage")["days"].median().reindex(order)
    otherwise = "not_replayable" if stage_history is None else "given"
    return table.assign(
        days_to_win=days.to_numpy(dtype=np.float64),
        rate_source=pd.Series(np.where(learned, "learned", otherwise), dtype="str"),
    )


def stage_reliability(
    opportunities: pd.DataFrame,
    stage_history: pd.DataFrame | None,
    *,
    stages: Mapping[str, float],
    as_of: dt.date,
    params: PipelineParams,
) -> pd.DataFrame:
    """Compare what stages said on past planning dates with what came of it.

    On the first of each third month of the two years before `as_of`, every opportunity then open stands in
    its stage of that day and is said to be won by the given rate, and by the rate learned until then. It
    counts once in each stage, at the first such date, if it has closed since, or is open for too long (see
    `learn_stage_rates`), which is not won.

    Judged are ripe dates only: those of which so much is known of at least nine of ten opportunities then
    open. Of younger dates only what closed quickly is known, and that is won more or less often than the
    rest.

    Parameters
    ----------
    opportunities, stage_history, stages, as_of, params
        As for `learn_stage_rates`; opportunities also hold created.

    Returns
    -------
    pandas.DataFrame
        One row per stage that was seen: stage, given_rate, learned_rate (mean of what was said), cases, won
        (counts), found_rate, rate_low and rate_high (80 % Wilson interval of the finding) [fraction].

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of the
    American Statistical Association 22:209-212.
    """
    from scipy.stats import binomtest

    columns = ["stage", "given_rate", "learned_rate", "cases", "won", "found_rate", "rate_low", "rate_high"]
    parts = []
    for day in _planning_days(as_of) if stage_history is not None else ():
        rates = learn_stage_rates(
            opportunities, stage_history, stages=stages, as_of=day.date(), params=params
        )
        standing = _open_on(opportunities, stage_history, day, pd.Timestamp(as_of))
        parts.append(standing.merge(rates[["stage", "used_rate"]], on="stage"))
    seen = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["opportunity_id", "stage"])
    seen = seen.drop_duplicates(["opportunity_id", "stage"])
    rows = []
    for stage in sorted(set(seen["stage"]), key=lambda s: (stages[s], s)):
        part = seen[seen["stage"] == stage]
        n, won = len(part), int(part["won"].sum())
        low, high = binomtest(won, n).proportion_ci(0.8, method="wilson")
        learned = float(part["used_rate"].mean())
        rows.append((stage, float(stages[stage]), learned, n, won, won / n, float(low), float(high)))
    table = pd.DataFrame(rows, columns=columns).astype({"stage": "str", "cases": "Int64", "won": "Int64"})
    rates_of = [c for c in columns if c.endswith(("rate", "low", "high"))]
    return table.astype(dict.fromkeys(rates_of, "float64"))


def closing_delays(
    opportunities: pd.DataFrame, stage_history: pd.DataFrame | None, *, as_of: dt.date
) -> np.ndarray:
    """Return by how many days won opportunities closed after the day that was expected of them, ascending.

    Open opportunities have most of their slips before them. So the day expected is the one known on the past
    planning dates of `stage_reliability`, ripe ones only, of those then open and not overdue: one delay for
    each won one and date. The day last expected before closing would hold every slip already.

    Empty without dated history, or with fewer than ten delays: then deals are taken to close when expected.
    """
    if stage_history is None:
        return np.zeros(0)
    seen = [
        _open_on(opportunities, stage_history, day, pd.Timestamp(as_of)).assign(day=day)
        for day in _planning_days(as_of)
    ]
    rows = pd.concat(seen, ignore_index=True)
    rows = rows[rows["won"] & (rows["expected_close"] >= rows["day"])]
    days = np.sort((rows["closed"] - rows["expected_close"]).dt.days.to_numpy(dtype=np.float64))
    return days if len(days) >= _LEAST_DELAYS else np.zeros(0)


def open_too_long(opportunities: pd.DataFrame, *, as_of: dt.date) -> pd.Series:
    """Say which opportunities were not closed by `as_of` though nine of ten won ones took less time to.

    None are before ten have been won.
    """
    day = pd.Timestamp(as_of)
    closed = _closed(opportunities, day)
    won = opportunities[closed & (opportunities["outcome"] == "won")]
    if len(won) < _LEAST_DELAYS:
        return pd.Series(False, index=opportunities.index)
    return ~closed & (opportunities["created"] <= day - _life(won))


def _closed(opportunities: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    return opportunities["outcome"].isin(["won", "lost"]) & (opportunities["closed"] < day)


def _life(won: pd.DataFrame) -> pd.Timedelta:
    """Return the time within which nine of ten won opportunities closed."""
    return pd.Timedelta((won["closed"] - won["created"]).quantile(_RIPE))


def _planning_days(as_of: dt.date) -> list[pd.Timestamp]:
    """Return the past days on which said is compared with found, in order."""
    return [pd.Timestamp(as_of) - pd.DateOffset(months=3 * back) for back in range(_QUARTERS, 0, -1)]


def _passed(
    opportunities: pd.DataFrame,
    stage_history: pd.DataFrame | None,
    stages: Mapping[str, float],
    as_of: dt.date,
) -> pd.DataFrame:
    """Return stages that decided ones passed through: opportunity_id, stage, won, days to closing."""
    if stage_history is None:
        return pd.DataFrame({"stage": pd.Series(dtype="str"), "won": pd.Series(dtype="bool"), "days": 0.0})
    unknown = sorted(set(stage_history["stage"].dropna()) - set(stages))
    if unknown:
        raise KamError(
            f'stage_history.stage: {len(unknown)} stages are not the book\'s, such as "{unknown[0]}". '
            "Add them under stages: in book.yaml."
        )
    day = pd.Timestamp(as_of)
    closed, old = _closed(opportunities, day), open_too_long(opportunities, as_of=as_of)
    won = closed & (opportunities["outcome"] == "won")
    counted = closed | old
    if won.sum() >= _LEAST_DELAYS:
        counted &= opportunities["created"] <= day - _life(opportunities[won])
    over = opportunities.loc[counted, ["opportunity_id"]].assign(
        won=won, closed=opportunities["closed"].where(closed, day)
    )
    rows = stage_history.merge(over, on="opportunity_id")
    rows = rows[rows["date"] < rows["closed"]].sort_values(["opportunity_id", "date"], kind="stable")
    rows = rows.drop_duplicates(["opportunity_id", "stage"])
    days = (rows["closed"] - rows["date"]).dt.days.astype("float64")
    return rows[["opportunity_id", "stage", "won"]].assign(days=days)


def _open_on(
    opportunities: pd.DataFrame, stage_history: pd.DataFrame, day: pd.Timestamp, now: pd.Timestamp
) -> pd.DataFrame:
    """Return the opportunities open on a past day of which it is known now whether they were won.

    They are in their stage of that day, with the closing day then expected: opportunity_id, stage,
    expected_close, closed, won. None where that is known of fewer than nine of ten then open.
    """
    closed, old = _closed(opportunities, now), open_too_long(opportunities, as_of=now.date())
    then_open = ~_closed(opportunities, day)
    known = stage_history[stage_history["date"] < day].sort_values(["opportunity_id", "date"], kind="stable")
    columns = [c for c in ("opportunity_id", "stage", "expected_close") if c in known]
    last = known.groupby("opportunity_id").tail(1)[columns]
    both = last.merge(
        opportunities.loc[then_open, ["opportunity_id", "closed"]].assign(
            won=closed & (opportunities["outcome"] == "won"), decided=closed | old
        ),
        on="opportunity_id",
    )
    ripe = both["decided"].sum() >= _RIPE * len(both)
    return both[both["decided"] & ripe].drop(columns="decided")
