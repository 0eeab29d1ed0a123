"""What the open pipeline is worth, when it may close, and how much of it the base forecast does not hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import KamError
from kamlib.forecast.pipeline_params import PipelineParams
from kamlib.forecast.sales_history import month_number, month_text
from kamlib.forecast.stage_rates import open_too_long
from kamlib.measures.money import SCALE, sum_money, to_money, to_ticks, total_money
from kamlib.periods import Period

_TAILS = (0.1, 0.9)
_CELLS = 2_000_000  # draws held at once: some 100 MB, whatever the size of the pipeline


@dataclass(frozen=True)
class Pipeline:
    """What the open pipeline is worth.

    Attributes
    ----------
    opportunities : pandas.DataFrame
        One row per open opportunity, largest weighted value first, then by id: opportunity_id, account_id,
        rep_id, product_line, stage, amount, expected_close, overdue (expected before `as_of`), open_too_long
        (open for longer than nine of ten won ones took), used_rate [fraction],
        weighted (amount x rate, rounded to four decimals) [currency], close_month (``YYYY-MM``),
        counted (new_business or in_base) and new_business (weighted where it is new, else 0) [currency].
    months : pandas.DataFrame
        One row per month asked for: period, weighted, new_business (its part the base forecast does not
        hold), low_80 and high_80 (range of new business won in that month) [currency].
    low_80, high_80 : float
        Range of the new business won in all months asked for [currency].
    weighted_low_80, weighted_high_80 : float
        Range of all that is won in all months asked for, new or in the base forecast [currency].
    won : numpy.ndarray, shape (paths, months)
        New business won on each path [currency].
    """

    opportunities: pd.DataFrame
    months: pd.DataFrame
    low_80: float
    high_80: float
    weighted_low_80: float
    weighted_high_80: float
    won: npt.NDArray[np.float64]

    @property
    def added(self) -> Decimal:
        """New business of all months asked for: what comes on top of the base forecast [currency]."""
        return total_money(self.months["new_business"])


@dataclass(frozen=True)
class OpenTarget:
    """A period's target, and what of it is open after what is booked and forecast; below zero: reached."""

    target: Decimal
    open: Decimal


def value_pipeline(
    opportunities: pd.DataFrame,
    rates: pd.DataFrame,
    cube: pd.DataFrame,
    *,
    as_of: dt.date,
    months: Sequence[str],
    delays: npt.NDArray[np.float64],
    params: PipelineParams,
    paths: int,
    seed: int,
) -> Pipeline:
    """Weigh every open opportunity by its stage's rate, and say when it may close.

    No order is counted twice: the base forecast goes on from what accounts bought, so an opportunity of an
    account that bought the same product line in the last `params.repeat_months` whole months before `as_of`
    (revenue less returns above zero) is in it already. Of an account or a line that did not buy, it is new
    business and comes on top, at its weighted value. An opportunity without a product line is in the base
    forecast if its account bought any line.

    The base forecast holds no growth by new accounts either: its sums are like for like (see
    `kamlib.forecast.levels`).

    It closes on the day expected plus the median delay of won ones, but not before `as_of`: deals that tend
    to close early don't make one overdue. Where the day expected is past, or none was given, it closes the
    median time from its stage to winning after `as_of` (without one: in the first month). The range draws
    for each opportunity whether it is won, and its delay from `delays`; wins are taken to be independent,
    which they are not where a common cause, such as a budget freeze, strikes them all.

    Parameters
    ----------
    opportunities : pandas.DataFrame
        One row per opportunity as known on `as_of`: opportunity_id, account_id, rep_id, product_line, stage,
        amount [currency], created, expected_close, closed, outcome.
    rates : pandas.DataFrame
        What `kamlib.forecast.learn_stage_rates` made.
    cube : pandas.DataFrame
        One row per account, product line and month: account_id, product_line, month (``YYYY-MM``), revenue
        [currency].
    as_of : datetime.date
        First day not seen.
    months : sequence of str
        Months to say the value of, ``YYYY-MM``.
    delays : numpy.ndarray, shape (won,)
        What `kamlib.forecast.closing_delays` made; empty: none [days].
    params : PipelineParams
        What counts as repeat business.
    paths : int
        Draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    Pipeline

    Raises
    ------
    KamError
        If an open opportunity stands in a stage that `rates` lacks or in none, is there twice, or has an
        amount below zero.

    Examples
    --------
    >>> from kamlib.forecast import learn_stage_rates
    >>> opportunities = pd.DataFrame({"opportunity_id": ["a"], "account_id": ["A"], "rep_id": ["R"],
    ...     "product_line": ["Bikes"], "stage": ["30"], "amount": to_money([1_000_000]), "outcome": ["open"],
    ...     "created": pd.to_datetime(["2025-11-01"]), "closed": pd.to_datetime([None]),
    ...     "expected_close": pd.to_datetime(["2026-02-10"])})
    >>> day, params = dt.date(2026, 1, 1), PipelineParams()
    >>> rates = learn_stage_rates(opportunities, None, stages={"30": 0.3}, as_of=day, params=params)
    >>> cube = pd.DataFrame({"account_id": ["A"], "product_line": ["Parts"], "month": ["2025-06"],
    ...     "revenue": to_money([100])})
    >>> value_pipeline(opportunities, rates, cube, as_of=day, months=["2026-01", "2026-02"],
    ...     delays=np.zeros(0), params=params, paths=100, seed=1).months["new_business"].tolist()
    [Decimal('0.0000'), Decimal('30.0000')]
    """
    rows = opportunities.assign(open_too_long=open_too_long(opportunities, as_of=as_of))
    rows = rows[rows["outcome"] == "open"].sort_values("opportunity_id", ignore_index=True)
    _check(rows, rates)
    found = rates.set_index("stage")
    rate = rows["stage"].map(found["used_rate"]).to_numpy(dtype=np.float64)
    amount = np.asarray(to_ticks(rows["amount"]), dtype=np.int64)
    weighted = np.rint(amount * rate).astype(np.int64)
    new = ~_bought(rows, cube, as_of, params.repeat_months)
    wait = rows["stage"].map(found["days_to_win"]).fillna(0.0).to_numpy(dtype=np.float64)
    typical = np.median(delays) if len(delays) else 0.0
    close = _close_month(rows, np.full(len(rows), typical), wait, as_of)
    columns = ["opportunity_id", "account_id", "rep_id", "product_line", "stage", "amount", "expected_close"]
    table = rows[columns].assign(
        overdue=(rows["expected_close"] < pd.Timestamp(as_of)).astype("bool"),
        open_too_long=rows["open_too_long"].astype("bool"),
        used_rate=rate,
        weighted=to_money(weighted),
        close_month=pd.Series(month_text(close), dtype="str"),
        counted=pd.Series(np.where(new, "new_business", "in_base"), dtype="str"),
        new_business=to_money(np.where(new, weighted, 0)),
    )
    asked = np.array([month_number(dt.date.fromisoformat(f"{month}-01")) for month in months], dtype=np.int64)
    at = close[:, None] == asked
    chances = _Chances(rows, amount / SCALE, rate, wait, new, delays if len(delays) else np.zeros(1))
    drawn = _draw(chances, as_of, asked, paths, seed)
    low, high = np.quantile(drawn[:, 1], _TAILS, axis=0)
    by_month = pd.DataFrame({"period": pd.Series(list(months), dtype="str")})
    by_month["weighted"] = to_money((at * weighted[:, None]).sum(axis=0))
    by_month["new_business"] = to_money((at * np.where(new, weighted, 0)[:, None]).sum(axis=0))
    by_month["low_80"] = to_money(np.rint(low * SCALE).astype(np.int64))
    by_month["high_80"] = to_money(np.rint(high * SCALE).astype(np.int64))
    order = np.lexsort((table["opportunity_id"], -weighted))
    new_ends, all_ends = (
        np.quantile(part.sum(axis=1), _TAILS).tolist() for part in (drawn[:, 1], drawn.sum(axis=1))
    )
    return Pipeline(
        opportunities=table.iloc[order].reset_index(drop=True),
        months=by_month,
        low_80=new_ends[0],
        high_80=new_ends[1],
        weighted_low_80=all_ends[0],
        weighted_high_80=all_ends[1],
        won=drawn[:, 1],
    )


def beyond_base(value: Pipeline, forecast: pd.DataFrame) -> Decimal:
    """Return how much more is weighted in the base forecast than that says of the same buyers [currency].

    By account and product line, or by account where an opportunity names no line: the weighted value of what
    may close in the months asked for, less the base forecast of these months, where that leaves anything. A
    small buyer's large order is left out with it, as far as it is not a repeat.

    Parameters
    ----------
    value : Pipeline
        What `value_pipeline` made.
    forecast : pandas.DataFrame
        What `kamlib.forecast.forecast_sales` made.
    """
    months, rows = value.months["period"], value.opportunities
    rows = rows[(rows["counted"] == "in_base") & rows["close_month"].isin(months)]
    account, line = rows["account_id"].astype("str"), rows["product_line"].astype("str")
    keyed = rows.assign(key=account.where(line.isna(), account + " / " + line))
    inside = sum_money(keyed, ["key"], ["weighted"]).set_index("key")["weighted"]
    part = forecast[forecast["level"].isin(["account", "account_line"]) & forecast["period"].isin(months)]
    held = sum_money(part[part["key"].isin(inside.index)], ["key"], ["forecast"]).set_index("key")["forecast"]
    ticks = pd.Series(to_ticks(held), index=held.index, dtype="int64").reindex(inside.index, fill_value=0)
    return total_money(to_money(np.maximum(np.asarray(to_ticks(inside)) - ticks.to_numpy(), 0)))


def _check(rows: pd.DataFrame, rates: pd.DataFrame) -> None:
    """Refuse open opportunities that cannot be valued, or would be counted twice."""
    unknown = sorted(set(rows["stage"].dropna()) - set(rates["stage"]))
    if unknown:
        raise KamError(
            f'opportunities.stage: {len(unknown)} stages have no win rate, such as "{unknown[0]}". '
            "Add them under stages: in book.yaml."
        )
    amount = np.asarray(to_ticks(rows["amount"].fillna(0)), dtype=np.int64)
    for column, wrong, what, remedy in (
        ("stage", rows["stage"].isna(), "are in no stage", "Enter their stage"),
        ("opportunity_id", rows["opportunity_id"].duplicated(), "are there twice", "Keep one row of each"),
        ("amount", pd.Series(amount < 0), "have an amount below zero", "Correct it; a return is no sale"),
    ):
        if wrong.any():
            first = rows.loc[wrong, "opportunity_id"].iloc[0]
            raise KamError(
                f'opportunities.{column}: {int(wrong.sum())} open opportunities {what}, such as "{first}". '
                f"{remedy}."
            )


@dataclass(frozen=True)
class _Chances:
    """What is drawn of: open opportunities by id, each with its amount, rate, wait and whether it is new."""

    rows: pd.DataFrame
    amount: npt.NDArray[np.float64]
    rate: npt.NDArray[np.float64]
    wait: npt.NDArray[np.float64]
    new: npt.NDArray[np.bool_]
    delays: npt.NDArray[np.float64]


def open_target(outlook: pd.DataFrame, target: Decimal, *, period: Period) -> OpenTarget:
    """Say what of a period's target is still open after what is booked and forecast.

    Parameters
    ----------
    outlook : pandas.DataFrame
        What `kamlib.forecast.outlook_by_month` made, with every month of the period.
    target : Decimal
        What is asked of the company in the period [currency].
    period : Period
        The period.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> months = ["2026-01", "2026-02", "2026-03"]
    >>> outlook = pd.DataFrame({"period": months, "landing": to_money([300_000] * 3)})
    >>> open_target(outlook, Decimal(120), period=parse_period("2026Q1"))
    OpenTarget(target=Decimal('120'), open=Decimal('30.0000'))
    """
    months = {str(month) for month in period.months()}
    return OpenTarget(target, target - total_money(outlook.loc[outlook["period"].isin(months), "landing"]))


def _bought(rows: pd.DataFrame, cube: pd.DataFrame, as_of: dt.date, months: int) -> npt.NDArray[np.bool_]:
    """Say of each opportunity whether its account bought its product line of late, returns set off."""
    since, until = month_text(np.array([month_number(as_of) - months, month_number(as_of)]))
    month = cube["month"].astype("str")
    recent = cube[(month >= str(since)) & (month < str(until)) & cube["account_id"].notna()]
    sums = sum_money(recent, ["account_id", "product_line"], ["revenue"])
    bought = sums[to_ticks(sums["revenue"]) > 0]
    pairs = set(zip(bought["account_id"], bought["product_line"], strict=True))
    accounts = set(bought["account_id"])
    return np.array(
        [
            account in accounts if pd.isna(line) else (account, line) in pairs
            for account, line in zip(rows["account_id"], rows["product_line"], strict=True)
        ],
        dtype=bool,
    )


def _close_month(
    rows: pd.DataFrame, delay: npt.NDArray[np.float64], wait: npt.NDArray[np.float64], as_of: dt.date
) -> npt.NDArray[np.int64]:
    """Return the month each opportunity closes in, counted from year 0, given its delay [days]."""
    start = np.datetime64(as_of, "D")
    expected, late = _expected(rows, start)
    due = np.maximum(expected + np.rint(delay).astype("timedelta64[D]"), start)
    day = np.where(late, start + np.rint(wait).astype("timedelta64[D]"), due)
    return np.asarray(day.astype("datetime64[M]").astype(np.int64) + 12 * 1970, dtype=np.int64)


def _expected(
    rows: pd.DataFrame, start: np.datetime64
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.bool_]]:
    """Return the day each is expected (the start where none is given), and whether it is past or none."""
    expected = rows["expected_close"].to_numpy(dtype="datetime64[D]")
    late = np.isnat(expected) | (expected < start)
    return np.where(np.isnat(expected), start, expected), late


def _draw(
    chances: _Chances, as_of: dt.date, asked: npt.NDArray[np.int64], paths: int, seed: int
) -> npt.NDArray[np.float64]:
    """Draw what is won in each month asked for, shape (paths, 2, months): in the base forecast, and new.

    One uniform number decides both: below the rate it is won, and how far below picks the delay. Rows are in
    order of id and numbers are drawn path by path, so neither row order nor the size of a block matters.
    """
    start, count, slots = np.datetime64(as_of, "D"), len(chances.rows), len(asked) + 1
    expected, late = _expected(chances.rows, start)
    days = np.where(late, np.rint(chances.wait), (expected - start).astype(np.float64)).astype(np.int64)
    slot = _slot_of_day(start, asked)
    lags = np.rint(chances.delays).astype(np.int64)
    rng = np.random.default_rng([seed, 1])  # a stream of its own: the base's paths are drawn from the seed
    sums = np.zeros((paths, 2 * slots))
    block = max(1, _CELLS // max(count, 1))
    for first in range(0, paths, block):
        size = min(block, paths - first)
        drawn = rng.random((size, count))
        path, row = np.nonzero(drawn < chances.rate)
        place = drawn[path, row] / chances.rate[row] * len(lags)
        lag = lags[np.minimum(place.astype(np.int64), len(lags) - 1)]
        day = np.clip(days[row] + np.where(late[row], 0, lag), 0, len(slot) - 1)
        cell = (path * 2 + chances.new[row]) * slots + slot[day]
        won = np.bincount(cell, weights=chances.amount[row], minlength=size * 2 * slots)
        sums[first : first + size] = won.reshape(size, 2 * slots)
    return sums.reshape(paths, 2, slots)[:, :, :-1]


def _slot_of_day(start: np.datetime64, asked: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return, for each day from the start on, which month asked for it lies in; their count where in none.

    The last day stands for all later ones and lies in none.
    """
    end = np.datetime64("0000-01", "M") + int(asked.max(initial=0)) + 1
    span = max(0, int((end.astype("datetime64[D]") - start).astype(np.int64)))
    month = (start + np.arange(span)).astype("datetime64[M]").astype(np.int64) + 12 * 1970
    hit = month[:, None] == asked
    return np.append(
        np.where(hit.any(axis=1), hit.argmax(axis=1) if len(asked) else 0, len(asked)), len(asked)
    )
