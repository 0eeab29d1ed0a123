"""Past periods as they stood on their own planning day: what a replay of targets goes by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.measures.money import SCALE, to_ticks
from kamlib.measures.rounding import Floats, Integers
from kamlib.periods import Period, month_of
from kamlib.targets.factors import Evidence
from kamlib.targets.facts import AccountFacts, Flags, month_numbers
from kamlib.targets.shares import blend_shares

MOST_PERIODS = 12  # three years of quarters; what is older says little of how a rule does today
_STEP = 3  # planning is done once a quarter: longer periods are replayed from every quarter's start
_FACTORS = ("history", "potential", "forecast")
_EVEN = dict.fromkeys(_FACTORS, 1.0)


@dataclass(frozen=True)
class PastWindow:
    """A past period of the same length as the one planned.

    Attributes
    ----------
    label : str
        Its label, or its first and last month where it begins elsewhere in the fiscal calendar.
    first, length : int
        First month, counted as `Period.first` is, and number of months.
    day : datetime.date
        Its planning day: as long before it as the plan's own day is before the period planned.
    """

    label: str
    first: int
    length: int
    day: dt.date

    @property
    def planned(self) -> int:
        """The month of the planning day."""
        return month_of(self.day).first


def past_windows(
    period: Period, *, as_of: dt.date, first_month: str, quarters: int = 4
) -> tuple[PastWindow, ...]:
    """Return the past periods that rules can be replayed on, in order of time.

    They begin a period's own length apart, a year's a quarter apart (so that those overlap); each is over on
    `as_of` and has, before its own planning day, a whole history window and the same period a year before.
    The latest twelve are kept.

    Parameters
    ----------
    period : Period
        The period planned.
    as_of : datetime.date
        Its planning day.
    first_month : str
        First month of the book's sales.
    quarters : int
        Length of the history window [quarters].

    Returns
    -------
    tuple of PastWindow

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> found = past_windows(parse_period("2026Q1"), as_of=dt.date(2025, 12, 1), first_month="2024-04")
    >>> [(window.label, str(window.day)) for window in found]
    [('2025Q3', '2025-06-01')]
    """
    start, now = period.first, month_of(as_of).first
    lead, step = start - now, min(period.length, _STEP)
    earliest = month_of(dt.date.fromisoformat(f"{first_month}-01")).first
    found: list[PastWindow] = []
    first = start - step
    while len(found) < MOST_PERIODS:
        day = _day(first - lead)
        begins = month_of(day, fiscal_year_start=period.fiscal_year_start).window_before(quarters)[0].first
        if min(begins, _base(first, period.length, first - lead)) < earliest:
            break
        if first + period.length <= now:
            found.append(PastWindow(_label(first, period), first, period.length, day))
        first -= step
    return tuple(reversed(found))


@dataclass(frozen=True)
class PastPeriod:
    """What was known of a past period on its planning day, and what came.

    Attributes
    ----------
    window : PastWindow
        The period.
    facts : AccountFacts
        The accounts known on the day.
    shares : mapping of str to numpy.ndarray of float64
        Share of each account by history, potential and forecast, as far as known, and by last_year
        [fraction].
    reps : numpy.ndarray of str
        Who held each account; None where nobody did.
    actual : numpy.ndarray of float64
        What each open account bought in the period; zero for closed ones [currency].
    growth : numpy.ndarray of float64
        Growth of the history window over the same months a year before [fraction]; NaN where these brought
        nothing or lie before the book.
    outside : float
        What came in the period from elsewhere: from accounts not open or not known on the day, and from sales
        without an account [currency].
    base : float
        Revenue of the company in the same period a year before [currency].
    dated : mapping of str to bool
        Of rep and potential: whether every account known on the day has them from a dated row.
    evidence : Evidence
        What the share of forecast is taken from.
    """

    window: PastWindow
    facts: AccountFacts
    shares: Mapping[str, Floats]
    reps: npt.NDArray[np.object_]
    actual: Floats
    growth: Floats
    outside: float
    base: float
    dated: Mapping[str, bool]
    evidence: Evidence


def past_periods(
    cube: pd.DataFrame,
    accounts_past: pd.DataFrame,
    forecasts: pd.DataFrame | None,
    *,
    windows: Sequence[PastWindow],
    fiscal_year_start: int,
    quarters: int = 4,
) -> tuple[PastPeriod, ...]:
    """Gather, for each past period, what was known on its planning day.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency].
    accounts_past : pandas.DataFrame
        One row per planning day and account known on it: as_of, account_id, region, account_type, rep_id,
        potential [currency/year], status, rep_dated, potential_dated.
    forecasts : pandas.DataFrame or None
        One row per account and planning month: account_id, origin (month), forecast of the period [currency].
    windows : sequence of PastWindow
        The periods; one whose day `accounts_past` does not have is left out.
    fiscal_year_start : int
        Calendar month in which the fiscal year starts.
    quarters : int
        Length of the history window [quarters].

    Returns
    -------
    tuple of PastPeriod
    """
    sales = _Sales.of(cube)
    found = []
    for window in windows:
        known = accounts_past[pd.to_datetime(accounts_past["as_of"]) == pd.Timestamp(window.day)]
        if len(known):
            table = known.sort_values("account_id", ignore_index=True)
            found.append(_past(sales, table, forecasts, window, fiscal_year_start, quarters))
    return tuple(found)


@dataclass(frozen=True)
class _Sales:
    """Ticks and rows of the cube by account (rows, the last without an account) and month (columns)."""

    ids: pd.Index
    ticks: Integers
    rows: Integers
    start: int

    @classmethod
    def of(cls, cube: pd.DataFrame) -> _Sales:
        month = month_numbers(cube["month"])
        ids = pd.Index(sorted(cube["account_id"].dropna().unique()))
        ticks = np.zeros((len(ids) + 1, int(month.max() - month.min()) + 1), dtype=np.int64)
        rows = np.zeros_like(ticks)
        cells = (ids.get_indexer(cube["account_id"]), month - month.min())
        np.add.at(ticks, cells, to_ticks(cube["revenue"]))
        np.add.at(rows, cells, 1)
        return cls(ids, ticks, rows, int(month.min()))

    def between(self, first: int, length: int) -> Integers:
        """Return ticks by account in some months; those outside the book bring nothing."""
        begin, end = max(first - self.start, 0), max(first + length - self.start, 0)
        return np.asarray(self.ticks[:, begin:end].sum(axis=1))

    def bought(self, first: int, length: int) -> Flags:
        """Say which accounts have a row in some months."""
        begin, end = max(first - self.start, 0), max(first + length - self.start, 0)
        return np.asarray(self.rows[:, begin:end].any(axis=1))


def _past(
    sales: _Sales,
    table: pd.DataFrame,
    forecasts: pd.DataFrame | None,
    window: PastWindow,
    fiscal_year_start: int,
    quarters: int,
) -> PastPeriod:
    months = month_of(window.day, fiscal_year_start=fiscal_year_start).window_before(quarters)
    before, length = months[0].first, len(months)
    base = sales.between(_base(window.first, window.length, window.planned), window.length)
    came = sales.between(window.first, window.length)
    at = sales.ids.get_indexer(table["account_id"])

    def of(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        return np.where(at >= 0, values[at], np.zeros(1, dtype=values.dtype))

    history, year_ago = of(sales.between(before, length)), of(sales.between(before - 12, length))
    known = table["potential"].notna().to_numpy()
    potential = np.zeros(len(table), dtype=np.int64)
    potential[known] = to_ticks(table.loc[known, "potential"])
    facts = AccountFacts(
        table=table,
        history=history.astype(np.int64),
        base=of(base).astype(np.int64),
        potential=potential,
        known=known,
        sold=of(sales.bought(sales.start, window.planned - sales.start)).astype(bool),
        recent=of(sales.bought(before, length)).astype(bool),
        open=(table["status"].astype("object") != "closed").to_numpy(dtype=bool),
        company_base=int(base.sum()),
        base_whole=True,  # `past_windows` takes no other
        history_months=length,
    )
    evidence = _evidence(forecasts, window)
    actual = np.where(facts.open, of(came).astype(np.float64), 0) / SCALE
    grown = (year_ago.astype(np.float64) > 0) & (before - 12 >= sales.start)
    return PastPeriod(
        window=window,
        facts=facts,
        shares=_shares(facts, evidence, quarters),
        reps=table["rep_id"].astype("object").where(table["rep_id"].notna(), None).to_numpy(dtype=object),
        actual=actual,
        growth=np.where(grown, history / np.where(grown, year_ago, 1) - 1, np.nan),
        outside=float(came.sum() / SCALE - actual.sum()),
        base=facts.company_base / SCALE,
        dated={name: bool(table.loc[facts.open, f"{name}_dated"].all()) for name in ("rep", "potential")},
        evidence=evidence,
    )


def _evidence(forecasts: pd.DataFrame | None, window: PastWindow) -> Evidence:
    """Return what was forecast of the accounts on the planning day."""
    if forecasts is None:
        return Evidence()
    origin = f"{window.planned // 12:04d}-{window.planned % 12 + 1:02d}"
    rows = forecasts[forecasts["origin"] == origin]
    made = rows.assign(level="account", period=origin) if len(rows) else None
    return Evidence(forecast=made, months=(origin,))


def _shares(facts: AccountFacts, evidence: Evidence, quarters: int) -> dict[str, Floats]:
    """Return shares by every factor known on the day, and by the same period a year before."""
    found = dict(blend_shares(facts, weights=_EVEN, evidence=evidence, quarters=quarters).factors)
    last = np.where(facts.open, np.maximum(facts.base, 0), 0).astype(np.float64)
    if last.any():
        found["last_year"] = last / last.sum()
    return found


def _base(first: int, length: int, planned: int) -> int:
    """Return the first month of the latest same period of a year that was over on the planning day."""
    base = first - 12
    while base + length > planned:
        base -= 12
    return base


def _label(first: int, period: Period) -> str:
    same = Period(first, period.length, period.fiscal_year_start)
    if (first - period.first) % period.length == 0:
        return str(same)
    months = same.months()
    return f"{months[0]}–{months[-1]}"


def _day(month: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, 1)
