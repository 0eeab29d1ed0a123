"""What the open pipeline is worth, when it may close, and how much of it the base forecast does not hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import KamError
from kamlib.forecast.pipeline_params import PipelineParams
from kamlib.forecast.sales_history import month_number, month_text
from kamlib.measures.money import SCALE, to_money, to_ticks

_TAILS = (0.1, 0.9)


@dataclass(frozen=True)
class Pipeline:
    """What the open pipeline is worth.

    Attributes
    ----------
    opportunities : pandas.DataFrame
        One row per open opportunity, largest weighted value first, then by id: opportunity_id, account_id,
        rep_id, product_line, stage, amount, used_rate [fraction], weighted (amount x rate, rounded to four
        decimals) [currency], close_month (``YYYY-MM``), counted (new_business or in_base) and new_business
        (weighted where it is new, else 0) [currency].
    months : pandas.DataFrame
        One row per month asked for: period, weighted, new_business (its part the base forecast does not
        hold), low_80 and high_80 (range of new business won in that month) [currency].
    low_80, high_80 : float
        Range of the new business won in all months asked for [currency].
    """

    opportunities: pd.DataFrame
    months: pd.DataFrame
    low_80: float
    high_80: float


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
    account that bought the same product line in the last `params.repeat_months` months is in it already. Of
    an account or a line that did not buy, it is new business and comes on top, at its weighted value. An
    opportunity without a product line is in the base forecast if its account bought anything.

    It closes on the day expected plus the median delay of won ones; where that is past, or no day was given,
    the median time from its stage to winning after `as_of` (without one: in the first month). The range
    draws for each opportunity whether it is won, and its delay from `delays`; wins are taken to be
    independent, which a common cause, such as a budget freeze, is not.

    Parameters
    ----------
    opportunities : pandas.DataFrame
        One row per opportunity as known on `as_of`: opportunity_id, account_id, rep_id, product_line, stage,
        amount [currency], expected_close, outcome.
    rates : pandas.DataFrame
        What `kamlib.forecast.learn_stage_rates` made.
    cube : pandas.DataFrame
        One row per account, product line and month: account_id, product_line, month (``YYYY-MM``).
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
        If an open opportunity stands in a stage that `rates` lacks.

    Examples
    --------
    >>> from kamlib.forecast import learn_stage_rates
    >>> opportunities = pd.DataFrame({"opportunity_id": ["a"], "account_id": ["A"], "rep_id": ["R"],
    ...     "product_line": ["Bikes"], "stage": ["30"], "amount": to_money([1_000_000]), "outcome": ["open"],
    ...     "created": pd.to_datetime(["2025-11-01"]), "closed": pd.to_datetime([None]),
    ...     "expected_close": pd.to_datetime(["2026-02-10"])})
    >>> day, params = dt.date(2026, 1, 1), PipelineParams()
    >>> rates = learn_stage_rates(opportunities, None, stages={"30": 0.3}, as_of=day, params=params)
    >>> cube = pd.DataFrame({"account_id": ["A"], "product_line": ["Parts"], "month": ["2025-06"]})
    >>> value_pipeline(opportunities, rates, cube, as_of=day, months=["2026-01", "2026-02"],
    ...     delays=np.zeros(0), params=params, paths=100, seed=1).months["new_business"].tolist()
    [Decimal('0.0000'), Decimal('30.0000')]
    """
    rows = opportunities[opportunities["outcome"] == "open"].sort_values("opportunity_id", ignore_index=True)
    unknown = sorted(set(rows["stage"]) - set(rates["stage"]))
    if unknown:
        raise KamError(
            f'opportunities.stage: {len(unknown)} stages have no win rate, such as "{unknown[0]}". '
            "Add them under stages: in book.yaml."
        )
    found = rates.set_index("stage")
    rate = rows["stage"].map(found["used_rate"]).to_numpy(dtype=np.float64)
    amount = np.asarray(to_ticks(rows["amount"]), dtype=np.int64)
    weighted = np.rint(amount * rate).astype(np.int64)
    new = ~_bought(rows, cube, as_of, params.repeat_months)
    delay = float(np.median(delays)) if len(delays) else 0.0
    wait = rows["stage"].map(found["days_to_win"]).fillna(0.0).to_numpy(dtype=np.float64)
    close = _close_month(rows, np.full(len(rows), delay), wait, as_of)
    table = rows[["opportunity_id", "account_id", "rep_id", "product_line", "stage", "amount"]].assign(
        used_rate=rate,
        weighted=to_money(weighted),
        close_month=pd.Series(month_text(close), dtype="str"),
        counted=pd.Series(np.where(new, "new_business", "in_base"), dtype="str"),
        new_business=to_money(np.where(new, weighted, 0)),
    )
    asked = np.array([month_number(dt.date.fromisoformat(f"{month}-01")) for month in months])
    at = close[:, None] == asked
    drawn = _draw(rows[new], amount[new] / SCALE, rate[new], wait[new], delays, as_of, asked, paths, seed)
    low, high = np.quantile(drawn, _TAILS, axis=0)
    in_all = np.quantile(drawn.sum(axis=1), _TAILS)
    by_month = pd.DataFrame({"period": pd.Series(list(months), dtype="str")})
    by_month["weighted"] = to_money((at * weighted[:, None]).sum(axis=0))
    by_month["new_business"] = to_money((at * np.where(new, weighted, 0)[:, None]).sum(axis=0))
    by_month["low_80"] = to_money(np.rint(low * SCALE).astype(np.int64))
    by_month["high_80"] = to_money(np.rint(high * SCALE).astype(np.int64))
    order = np.lexsort((table["opportunity_id"], -weighted))
    return Pipeline(table.iloc[order].reset_index(drop=True), by_month, float(in_all[0]), float(in_all[1]))


def _bought(rows: pd.DataFrame, cube: pd.DataFrame, as_of: dt.date, months: int) -> npt.NDArray[np.bool_]:
    """Say of each opportunity whether its account bought its product line of late."""
    since = str(month_text(np.array([month_number(as_of) - months]))[0])
    recent = cube[(cube["month"].astype("str") >= since) & cube["account_id"].notna()]
    pairs = set(zip(recent["account_id"], recent["product_line"], strict=True))
    accounts = set(recent["account_id"])
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
    expected = rows["expected_close"].to_numpy(dtype="datetime64[D]")
    missing = np.isnat(expected)
    due = np.where(missing, start, expected) + np.rint(delay).astype("timedelta64[D]")
    late = missing | (due < start)
    day = np.where(late, start + np.rint(wait).astype("timedelta64[D]"), due)
    return np.asarray(day.astype("datetime64[M]").astype(np.int64) + 12 * 1970, dtype=np.int64)


def _draw(
    rows: pd.DataFrame,
    amount: npt.NDArray[np.float64],
    rate: npt.NDArray[np.float64],
    wait: npt.NDArray[np.float64],
    delays: npt.NDArray[np.float64],
    as_of: dt.date,
    asked: npt.NDArray[np.int64],
    paths: int,
    seed: int,
) -> npt.NDArray[np.float64]:
    """Draw what is won in each month asked for, shape (paths, months) [currency]."""
    rng = np.random.default_rng(seed)
    result = np.zeros((paths, len(asked)))
    for path in range(paths):
        won = rng.random(len(rows)) < rate
        delay = rng.choice(delays, len(rows)) if len(delays) else np.zeros(len(rows))
        close = _close_month(rows, delay, wait, as_of)
        result[path] = ((close[:, None] == asked) * (won * amount)[:, None]).sum(axis=0)
    return result
