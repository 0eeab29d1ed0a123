"""What reps submit beside what comes and what the model says, and which opportunities to move this month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from kamlib.measures.money import as_float, sum_money, to_money, to_ticks
from kamlib.periods import Period, parse_period

_LEAST_CALLS = 4  # a year of quarters: below it no lean is told
_MATERIAL = 0.1  # a lean below a tenth is no reason to talk, however sure: our choice
_SURE = 0.95  # a lean is told where this interval leaves out zero, so one rep in twenty by chance


def judge_rep_forecasts(
    rep_forecasts: pd.DataFrame, cube: pd.DataFrame, *, as_of: dt.date, fiscal_year_start: int = 1
) -> pd.DataFrame:
    """Say who forecasts too low (sandbags) and who too high (happy ears), from what came.

    Counted is a rep's last submission for a period, made before the period began, of each period that was
    over on `as_of`; what came is the revenue the rep sold in it. The lean is the mean of
    log(submitted / actual), so that half and double weigh the same; its interval is Student's t over periods.
    A period in which nothing was submitted or nothing came has no such ratio: it is counted apart and stands
    in the sums and the error, not in the lean.

    The last submission is the one of the latest day for all of the rep's; of several on that day, the
    largest. A rep who never submits for all, but account by account, has submitted their sum on the latest
    day that has any; of several for one account on that day, the largest.

    Parameters
    ----------
    rep_forecasts : pandas.DataFrame
        One row per submission as known on `as_of`: made_on, period, rep_id, account_id (null: all of the
        rep's) and amount [currency].
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month: rep_id, month, revenue [currency].
    as_of : datetime.date
        First day not seen.
    fiscal_year_start : int
        Calendar month the fiscal year begins in.

    Returns
    -------
    pandas.DataFrame
        One row per rep: rep_id, periods, without_ratio (counts of those with a ratio and without), submitted,
        actual [currency, of both], lean (exp of the mean log ratio, less 1: 0.3 is 30 % too high), lean_low,
        lean_high (95 % interval) [fraction; null with fewer than four periods], wape [fraction; null if
        nothing came] and leaning, by rep_id: sandbags or happy_ears where the interval leaves out zero and
        the lean is at least a tenth; within_a_tenth where the whole interval is; else no_clear_lean, which
        proves neither; too_few below four periods.

    Examples
    --------
    >>> made = pd.to_datetime(["2023-12-20", "2024-03-20", "2024-06-20", "2024-09-20"])
    >>> calls = pd.DataFrame({"made_on": made, "period": ["2024Q1", "2024Q2", "2024Q3", "2024Q4"],
    ...     "rep_id": "R", "account_id": None, "amount": to_money([70, 72, 71, 69])})
    >>> cube = pd.DataFrame({"rep_id": "R", "month": ["2024-01", "2024-04", "2024-07", "2024-10"],
    ...     "revenue": to_money([100] * 4)})
    >>> judge_rep_forecasts(calls, cube, as_of=dt.date(2025, 1, 1))[["periods", "leaning"]].values.tolist()
    [[4, 'sandbags']]
    """
    from scipy.stats import t

    calls = _calls(rep_forecasts, fiscal_year_start)
    begun = {p: pd.Timestamp(period.start) for p, period in calls.items()}
    over = [label for label, period in calls.items() if period.end <= as_of]
    rows = rep_forecasts[rep_forecasts["period"].isin(over)]
    last = _last(rows[rows["made_on"] < pd.to_datetime(rows["period"].map(begun))])
    last = last.assign(actual=_sold(cube, last, calls))
    result = []
    for rep, part in last.sort_values(["rep_id", "period"]).groupby("rep_id"):
        said, came = as_float(part["amount"]), as_float(part["actual"])
        known = (said > 0) & (came > 0)
        ratio = np.log(said[known] / came[known])
        n = len(ratio)
        middle, width = (float(ratio.mean()), np.nan) if n else (np.nan, np.nan)
        if n >= _LEAST_CALLS:
            width = float(t.ppf((1 + _SURE) / 2, n - 1) * ratio.std(ddof=1) / np.sqrt(n))
        low, high = np.expm1(middle - width), np.expm1(middle + width)
        result.append(
            {
                "rep_id": rep,
                "periods": n,
                "without_ratio": len(part) - n,
                "submitted": int(to_ticks(part["amount"]).sum()),
                "actual": int(to_ticks(part["actual"]).sum()),
                "lean": np.expm1(middle),
                "lean_low": low,
                "lean_high": high,
                "wape": np.abs(said - came).sum() / came.sum() if came.sum() > 0 else np.nan,
                "leaning": _verdict(n, float(np.expm1(middle)), low, high),
            }
        )
    columns = ["rep_id", "periods", "without_ratio", "submitted", "actual", "lean", "lean_low", "lean_high",
               "wape", "leaning"]  # fmt: skip
    table = pd.DataFrame(result, columns=columns)
    table = table.astype({"rep_id": "str", "periods": "Int64", "without_ratio": "Int64", "leaning": "str"})
    for column in ("submitted", "actual"):
        table[column] = to_money(table[column].astype("int64"))
    return table.astype(dict.fromkeys(["lean", "lean_low", "lean_high", "wape"], "float64"))


def compare_rep_forecasts(
    rep_forecasts: pd.DataFrame, judged: pd.DataFrame, forecast: pd.DataFrame, *, period: Period
) -> pd.DataFrame:
    """Put what reps submit for a period beside the model's forecast.

    Parameters
    ----------
    rep_forecasts : pandas.DataFrame
        As for `judge_rep_forecasts`.
    judged : pandas.DataFrame
        What `judge_rep_forecasts` made.
    forecast : pandas.DataFrame
        What `kamlib.forecast.forecast_sales` made; it holds every month of the period.
    period : Period
        The period.

    Returns
    -------
    pandas.DataFrame
        One row per rep that has submitted: rep_id, submitted (the last, as `judge_rep_forecasts` takes it),
        corrected (submitted / (1 + lean) where the rep is known to lean, else submitted), forecast (the
        model's, of the rep's accounts) and gap_to_model (corrected - forecast) [currency], leaning; by
        rep_id.
    """
    last = _last(rep_forecasts[rep_forecasts["period"] == str(period)])
    known = judged.set_index("rep_id")
    verdict = last["rep_id"].map(known["leaning"]).fillna("too_few")
    lean = last["rep_id"].map(known["lean"]).where(verdict.isin(["sandbags", "happy_ears"]), 0.0)
    submitted = np.asarray(to_ticks(last["amount"]), dtype=np.int64)
    corrected = np.rint(submitted / (1 + lean.fillna(0.0).to_numpy(dtype=np.float64))).astype(np.int64)
    months = [str(month) for month in period.months()]
    part = forecast[(forecast["level"] == "rep") & forecast["period"].isin(months)]
    sums = sum_money(part, ["key"], ["forecast"]).set_index("key")["forecast"]
    ticks = pd.Series(to_ticks(sums), index=sums.index, dtype="int64")
    model = ticks.reindex(last["rep_id"], fill_value=0).to_numpy()
    return pd.DataFrame(
        {
            "rep_id": last["rep_id"].astype("str"),
            "submitted": to_money(submitted),
            "corrected": to_money(corrected),
            "forecast": to_money(model),
            "gap_to_model": to_money(corrected - model),
            "leaning": verdict.astype("str"),
        }
    )


def plan_work(
    opportunities: pd.DataFrame, rates: pd.DataFrame, *, as_of: dt.date, per_rep: int
) -> pd.DataFrame:
    """List, for each rep, the open opportunities to move this month, by what moving them is worth.

    Moving an opportunity to its next stage is worth its amount times the rise of the win rate, nothing where
    the next stage is not won more often. Overdue ones, expected before `as_of`, come first among equals: they
    are asked about, as their day has passed.

    Parameters
    ----------
    opportunities : pandas.DataFrame
        As for `kamlib.forecast.value_pipeline`.
    rates : pandas.DataFrame
        What `kamlib.forecast.learn_stage_rates` made: stages in order, with used_rate.
    as_of : datetime.date
        First day of the month planned.
    per_rep : int
        Opportunities per rep at most.

    Returns
    -------
    pandas.DataFrame
        One row per opportunity chosen: rep_id, place (1 is first), opportunity_id, account_id, stage,
        next_stage, amount, gain (amount x rise of the rate), at_risk (amount x rate of its stage where it is
        overdue, else 0) [currency], expected_close and reason (overdue, close where the next stage is the
        last, advance); by rep_id and place. Ties by overdue, amount, id. Opportunities without a rep, or in
        the last stage, are not listed.
    """
    order = rates["stage"].tolist()
    following = dict(pairwise(order))
    used = rates.set_index("stage")["used_rate"]
    rows = opportunities[
        (opportunities["outcome"] == "open") & opportunities["rep_id"].notna()
        & opportunities["stage"].isin(list(following))
    ]  # fmt: skip
    ahead = rows["stage"].map(following)
    rate = rows["stage"].map(used).to_numpy(np.float64)
    rise = np.maximum(ahead.map(used).to_numpy(np.float64) - rate, 0)
    amount = np.asarray(to_ticks(rows["amount"]), dtype=np.int64)
    gain = np.rint(amount * rise).astype(np.int64)
    late = (rows["expected_close"] < pd.Timestamp(as_of)).to_numpy()
    reason = np.where(late, "overdue", np.where(ahead == order[-1], "close", "advance"))
    table = rows[["rep_id", "opportunity_id", "account_id", "stage", "amount", "expected_close"]].assign(
        next_stage=ahead.astype("str"),
        gain=to_money(gain, rows.index),
        at_risk=to_money(np.where(late, np.rint(amount * rate), 0).astype(np.int64), rows.index),
        reason=reason,
    )
    places = np.lexsort((rows["opportunity_id"], -amount, ~late, -gain, rows["rep_id"]))
    table = table.iloc[places].astype({"reason": "str"})
    table["place"] = (table.groupby("rep_id").cumcount() + 1).astype("Int64")
    columns = ["rep_id", "place", "opportunity_id", "account_id", "stage", "next_stage", "amount", "gain",
               "at_risk", "expected_close", "reason"]  # fmt: skip
    return table.loc[table["place"] <= per_rep, columns].reset_index(drop=True)


def _calls(rep_forecasts: pd.DataFrame, fiscal_year_start: int) -> dict[str, Period]:
    """Return the periods submitted for, by label."""
    labels: Sequence[str] = sorted(set(rep_forecasts["period"]))
    return {label: parse_period(label, fiscal_year_start=fiscal_year_start) for label in labels}


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each rep's last submission for each period: rep_id, period, amount; by rep_id and period."""
    keys = ["rep_id", "period"]
    rows = rows[[*keys, "account_id", "made_on"]].assign(
        amount=to_ticks(rows["amount"]), whole=rows["account_id"].isna()
    )
    for column in ("whole", "made_on"):
        rows = rows[rows[column] == rows.groupby(keys)[column].transform("max")]
    each = rows.groupby([*keys, "account_id"], dropna=False)["amount"].max()
    last = each.groupby(level=keys).sum().reset_index()
    return last.assign(amount=to_money(last["amount"].astype("int64")))


def _sold(cube: pd.DataFrame, calls: pd.DataFrame, periods: dict[str, Period]) -> pd.Series:
    """Return what each submission's rep sold in its period, exactly."""
    sums = sum_money(cube, ["rep_id", "month"], ["revenue"])
    ticks = pd.Series(
        to_ticks(sums["revenue"]),
        index=pd.MultiIndex.from_frame(sums[["rep_id", "month"]].astype("str")),
        dtype="int64",
    )
    result = []
    for rep, label in zip(calls["rep_id"], calls["period"], strict=True):
        cells = [(rep, str(month)) for month in periods[label].months()]
        result.append(int(ticks.reindex(cells, fill_value=0).sum()))
    return to_money(np.array(result, dtype=np.int64), calls.index)


def _verdict(periods: int, lean: float, low: float, high: float) -> str:
    if periods < _LEAST_CALLS:
        return "too_few"
    if low > 0 and lean >= _MATERIAL:
        return "happy_ears"
    if high < 0 and lean <= -_MATERIAL:
        return "sandbags"
    return "within_a_tenth" if low > -_MATERIAL and high < _MATERIAL else "no_clear_lean"
