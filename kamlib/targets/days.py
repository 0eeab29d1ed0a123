"""Month targets on days and weeks: by working days, and by the month's rhythm where history shows one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import BookError, ParameterError
from kamlib.measures.money import SCALE, to_ticks
from kamlib.measures.rounding import controlled_rounding
from kamlib.targets.facts import Integers, in_full, sum_by

FIFTHS = 5  # weeks of work in a month, nearly; fewer cannot show a push at its end, more hold few days each
_LEAST_MONTHS = 12  # each season once
_LEVEL = 0.05  # customary level of a test


def split_days(
    targets: pd.DataFrame, days: pd.DataFrame, *, unit: int, rhythm: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Split reps' month targets over days, in whole units.

    A month's target falls on its working days alike, or by the rhythm of past months where one is given and
    holds; other days get nothing. A month without any working day falls on its days from Monday to Friday.
    Units are spread by `controlled_rounding`: every day of a rep is its exact part rounded down or up, every
    month of a rep is exact, and the day's sum over reps stays within a unit or two of its exact part, so that
    odd units don't all fall on the first of the month.

    Parameters
    ----------
    targets : pandas.DataFrame
        Rows of rep_id (null: accounts without a rep), month and target [currency]; rows of the same rep and
        month are added up.
    days : pandas.DataFrame
        One row per day, of at least these months; what `working_days` returns.
    unit : int
        Rounding unit [currency], of which every rep's month is a multiple.
    rhythm : pandas.DataFrame, optional
        What `month_rhythm` returns; the same for every working day where it is absent or does not hold.

    Returns
    -------
    pandas.DataFrame
        One row per rep and day, by rep_id (null last), then date: rep_id, date, month, week (ISO, as in
        2026-W05; one cut by a month's end stands in both months), working, day_rule (working_days, rhythm or
        weekdays) and target [currency, int64].

    Raises
    ------
    ParameterError
        If `unit` is below 1, or a rep's month is below zero or no multiple of it.
    BookError
        If `days` lacks a day of a month asked for.

    Examples
    --------
    >>> from kamlib.targets.calendar_params import CalendarParams
    >>> from kamlib.targets.calendars import working_days
    >>> china = CalendarParams(country="CN")
    >>> october = working_days(dt.date(2025, 10, 1), dt.date(2025, 11, 1), params=china)
    >>> asked = pd.DataFrame({"rep_id": ["R1"], "month": ["2025-10"], "target": [190]})
    >>> split = split_days(asked, october, unit=10)
    >>> split[split["target"] > 10][["date", "week", "target"]]
              date      week  target
    19  2025-10-20  2025-W43      20
    """
    if unit < 1:
        raise ParameterError(f"the rounding unit is {unit}; it must be a whole number of 1 or more.")
    reps, months, asked = _sum_months(targets, unit)
    calendar = days.assign(at=pd.Index(months).get_indexer(days["month"])).sort_values("date")
    calendar = calendar[calendar["at"] >= 0].reset_index(drop=True)
    _require_days(calendar, months)
    units = np.zeros((len(reps), len(calendar)), dtype=np.int64)
    rule = np.empty(len(calendar), dtype=object)
    for at in range(len(months)):
        here = np.flatnonzero(calendar["at"] == at)
        weights, rule[here] = _weights(calendar.iloc[here], rhythm)
        shares = np.tile(weights / weights.sum(), (len(reps), 1))
        units[:, here] = controlled_rounding(asked[:, at], shares)
    return pd.DataFrame(
        {
            "rep_id": pd.Series(np.repeat(np.array(reps, dtype=object), len(calendar))).astype("str"),
            "date": np.tile(calendar["date"].to_numpy(), len(reps)),
            "month": np.tile(calendar["month"].to_numpy(), len(reps)),
            "week": np.tile([week_of(day) for day in calendar["date"]], len(reps)),
            "working": np.tile(calendar["working"].to_numpy(dtype=bool), len(reps)),
            "day_rule": np.tile(rule, len(reps)),
            "target": units.ravel() * unit,
        }
    )


def sum_weeks(day_targets: pd.DataFrame) -> pd.DataFrame:
    """Sum day targets by week; a week that a month's end cuts is two rows, one in each month.

    Parameters
    ----------
    day_targets : pandas.DataFrame
        One row per rep and day; what `split_days` returns.

    Returns
    -------
    pandas.DataFrame
        One row per rep, month and week, in this order (rep_id null last): rep_id, month, week, starts, ends
        (its first and last day in the month), working_days and target [currency, int64].

    Examples
    --------
    >>> rows = pd.DataFrame({"rep_id": "R1", "date": [dt.date(2026, 1, 31), dt.date(2026, 2, 1)],
    ...                      "month": ["2026-01", "2026-02"], "week": "2026-W05", "working": False,
    ...                      "target": [10, 20]})
    >>> sum_weeks(rows)[["month", "week", "target"]]
         month      week  target
    0  2026-01  2026-W05      10
    1  2026-02  2026-W05      20
    """
    table = day_targets.assign(working_days=day_targets["working"].astype("int64"))
    grouped = table.groupby(["rep_id", "month", "week"], sort=True, dropna=False)
    result = grouped.agg(
        starts=("date", "min"),
        ends=("date", "max"),
        working_days=("working_days", "sum"),
        target=("target", "sum"),
    ).reset_index()
    return result.sort_values(["rep_id", "starts"], na_position="last", ignore_index=True)


def week_of(day: dt.date) -> str:
    """Return the ISO week of a day.

    Examples
    --------
    >>> week_of(dt.date(2027, 1, 1))
    '2026-W53'
    """
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def month_rhythm(sales: pd.DataFrame, days: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Measure whether sales fall on certain parts of a month.

    The working days of a month are cut into fifths by place; the pace of a fifth is its part of the month's
    revenue over its part of the month's working days, so that 1 is even. What is sold on a day off counts on
    the working day before it, or the month's first; a fifth that returns make negative counts as zero, and a
    month without revenue or with fewer working days than fifths not at all. The rhythm holds where at least
    12 months show it and Friedman's test, which ranks the fifths within each month, finds equal fifths less
    likely than 5 %.

    Parameters
    ----------
    sales : pandas.DataFrame
        One row per line of sales: date, revenue [currency].
    days : pandas.DataFrame
        One row per day; what `working_days` returns. Months that it does not hold whole, or that are not
        over on `as_of`, are not looked at.
    as_of : datetime.date
        First day not seen.

    Returns
    -------
    pandas.DataFrame
        One row per fifth, in order: fifth (1 to 5), pace (mean over months), rhythm_months, probability of
        ranks as uneven as these if fifths were alike [fraction, null below 12 months] and rhythm_holds.

    References
    ----------
    M. Friedman (1937). The use of ranks to avoid the assumption of normality implicit in the analysis of
    variance. JASA 32:675-701.
    """
    calendar = days[[day < as_of for day in days["date"]]].sort_values("date").reset_index(drop=True)
    sold = sales[sales["date"].isin(set(calendar["date"]))]
    where = pd.Index(calendar["date"]).get_indexer(sold["date"]).astype(np.int64)
    daily = sum_by(where, to_ticks(sold["revenue"]), len(calendar))
    paces = [
        pace
        for month, part in calendar.groupby("month", sort=True)
        if len(part) == pd.Period(month).days_in_month
        and (pace := _paces(daily[part.index], part["working"].to_numpy(dtype=bool))) is not None
    ]
    enough = len(paces) >= _LEAST_MONTHS
    probability = _friedman(np.array(paces)) if enough else np.nan
    return pd.DataFrame(
        {
            "fifth": np.arange(1, FIFTHS + 1),
            "pace": np.mean(paces, axis=0) if paces else np.ones(FIFTHS),
            "rhythm_months": len(paces),
            "probability": probability,
            "rhythm_holds": bool(enough and probability < _LEVEL),
        }
    )


def _sum_months(targets: pd.DataFrame, unit: int) -> tuple[list[str | None], list[str], Integers]:
    """Return the reps (null last), the months, and whole units by rep and month."""
    reps: list[str | None] = sorted(targets["rep_id"].dropna().unique())
    months = sorted(targets["month"].unique())
    rep = pd.Index(reps).get_indexer(targets["rep_id"])
    if (rep < 0).any():
        rep, reps = np.where(rep < 0, len(reps), rep), [*reps, None]
    cell = rep * len(months) + pd.Index(months).get_indexer(targets["month"])
    ticks = sum_by(cell, to_ticks(targets["target"]), len(reps) * len(months)).reshape(-1, len(months))
    odd = np.argwhere((ticks < 0) | (ticks % (unit * SCALE) != 0))
    if len(odd):
        at, month = odd[0]
        raise ParameterError(
            f"targets.target: {len(odd)} month targets of reps are below zero or no multiple of the rounding"
            f" unit {unit}, first {in_full(Decimal(int(ticks[at, month])).scaleb(-4))} of {reps[at]} in"
            f" {months[month]}. Give targets in whole units."
        )
    return reps, months, ticks // (unit * SCALE)


def _require_days(calendar: pd.DataFrame, months: list[str]) -> None:
    found = calendar["month"].value_counts()
    for month in months:
        missing = pd.Period(month).days_in_month - int(found.get(month, 0))
        if missing:
            raise BookError(f"days: {missing} days of {month} are missing. Give the days of whole months.")


def _weights(days: pd.DataFrame, rhythm: pd.DataFrame | None) -> tuple[npt.NDArray[np.float64], str]:
    """Return the weight of each day of a month, and the rule that made it."""
    working = days["working"].to_numpy(dtype=bool)
    if not working.any():
        return np.array([day.weekday() < 5 for day in days["date"]], dtype=np.float64), "weekdays"
    if rhythm is None or not rhythm["rhythm_holds"].all():
        return working.astype(np.float64), "working_days"
    weights = np.zeros(len(days))
    weights[working] = rhythm["pace"].to_numpy(dtype=np.float64)[_fifths(int(working.sum()))]
    return (weights, "rhythm") if weights.sum() > 0 else (working.astype(np.float64), "working_days")


def _fifths(days: int) -> Integers:
    """Return the fifth, from 0, of each of a month's working days."""
    return np.arange(days, dtype=np.int64) * FIFTHS // days


def _paces(daily: Integers, working: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64] | None:
    """Return the pace of each fifth of a month, or None where it has none."""
    count = int(working.sum())
    if count < FIFTHS:
        return None
    place = np.maximum(np.cumsum(working) - 1, 0)
    fifth = _fifths(count)
    revenue = np.maximum(sum_by(fifth[place], daily, FIFTHS), 0)
    if not revenue.any():
        return None
    size = np.bincount(fifth, minlength=FIFTHS)
    pace: npt.NDArray[np.float64] = revenue / size * (count / revenue.sum())
    return pace


def _friedman(paces: npt.NDArray[np.float64]) -> float:
    """Return Friedman's probability; 1 where every month ranks all fifths alike."""
    from scipy.stats import friedmanchisquare

    if (paces == paces[:, :1]).all():
        return 1.0
    return float(friedmanchisquare(*paces.T).pvalue)
