"""Where the fiscal year lands: what was sold so far and what is forecast for the rest, beside last year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.forecast.arrays import Floats
from kamlib.forecast.pipeline import Pipeline
from kamlib.forecast.sales_history import NO_ACCOUNT
from kamlib.measures.money import sum_money, to_money, to_ticks, total_money
from kamlib.periods import Period, month_of


@dataclass(frozen=True)
class Landing:
    """Where a year lands with new business: total, and its 80 % range (None if unknown) [currency]."""

    total: Decimal
    low_80: float | None
    high_80: float | None


def land_with_new_business(outlook: pd.DataFrame, value: Pipeline, company: Floats | None) -> Landing:
    """Add new business to where the year lands, path by path.

    What is sold on a path of the base forecast and what is won on one of the pipeline are taken to be
    independent: a bad year for both is then rarer than it is.

    Parameters
    ----------
    outlook : pandas.DataFrame
        What `outlook_by_month` made.
    value : Pipeline
        What `kamlib.forecast.value_pipeline` made for the months of the year still to come.
    company : numpy.ndarray, shape (months, paths), or None
        The company's months on sample paths, see `kamlib.forecast.forecast_ranges`.

    Raises
    ------
    ParameterError
        If both do not hold the same number of paths.
    """
    total = total_money(outlook["landing"]) + value.added
    if company is None:
        return Landing(total, None, None)
    if company.shape[1] != len(value.won):
        raise ParameterError(
            f"paths: the forecast has {company.shape[1]}, the pipeline {len(value.won)}. "
            "Draw as many of both."
        )
    sums = float(total_money(outlook["actual"])) + company.sum(axis=0) + value.won.sum(axis=1)
    low, high = np.quantile(sums, (0.1, 0.9))
    return Landing(total, float(low), float(high))


def outlook_by_month(
    cube: pd.DataFrame, forecast: pd.DataFrame, *, as_of: dt.date, year: Period
) -> pd.DataFrame:
    """Lay out a fiscal year month by month: actual before `as_of`, forecast from then on, last year beside.

    Parameters
    ----------
    cube : pandas.DataFrame
        As for `kamlib.forecast.forecast_sales`.
    forecast : pandas.DataFrame
        The table `kamlib.forecast.forecast_sales` made.
    as_of : datetime.date
        First day not seen.
    year : Period
        The fiscal year.

    Returns
    -------
    pandas.DataFrame
        One row per month of the year: period, actual (null from the month of `as_of` on), forecast (null
        before), low_80 and high_80 (range of the forecast, if it has one), landing (actual or forecast) and
        actual_last_year (null before the book's first month and where the month a year before is not over)
        [currency].

    Raises
    ------
    ParameterError
        If `forecast` does not reach the end of the year.

    Examples
    --------
    >>> from kamlib.forecast import ForecastParams, forecast_sales
    >>> from kamlib.periods import parse_period
    >>> cube = pd.DataFrame({"account_id": "A", "product_line": "Bikes", "month": ["2025-10", "2025-11"],
    ...                      "revenue": [10, 10]})
    >>> accounts = pd.DataFrame({"account_id": ["A"], "region": "N", "account_type": "T", "rep_id": "R"})
    >>> day = dt.date(2025, 12, 1)
    >>> forecast = forecast_sales(cube, accounts, as_of=day, until=dt.date(2026, 1, 1),
    ...                           params=ForecastParams())
    >>> outlook_by_month(cube, forecast, as_of=day, year=parse_period("2025"))["landing"].tail(3).tolist()
    [Decimal('10.0000'), Decimal('10.0000'), Decimal('10.0000')]
    """
    months = [str(m) for m in year.months()]
    past, ahead = _split(months, forecast, as_of)
    before = [str(m.last_year()) for m in year.months()]
    known = pd.Series(_known(cube, before, as_of))
    actual = _sums(cube, past, "month", "revenue", months)
    company = forecast[forecast["level"] == "company"]
    coming = _sums(company, ahead, "period", "forecast", months)
    last_year = _sums(cube, before, "month", "revenue", before)
    result = pd.DataFrame({"period": pd.Series(months, dtype="str")})
    result["actual"] = to_money(actual).where(result["period"].isin(past))
    result["forecast"] = to_money(coming).where(result["period"].isin(ahead))
    for column in ("low_80", "high_80"):
        if column in company:
            result[column] = company.set_index("period")[column].reindex(months).array
    result["landing"] = to_money(actual + coming)
    result["actual_last_year"] = to_money(last_year).where(known)
    return result


def outlook_by_account(
    cube: pd.DataFrame, forecast: pd.DataFrame, accounts: pd.DataFrame, *, as_of: dt.date, year: Period
) -> pd.DataFrame:
    """Say where each account lands in a fiscal year, and how that differs from last year.

    Parameters
    ----------
    cube, forecast, as_of, year
        As for `outlook_by_month`.
    accounts : pandas.DataFrame
        One row per account: account_id, name.

    Returns
    -------
    pandas.DataFrame
        One row per account that ever sold, and one for sales without an account (account_id null, name
        ``(no account)``): account_id, name, actual (this year before `as_of`), forecast (the rest), landing
        (their sum), actual_last_year (the whole last year), change (landing - actual_last_year) [currency];
        sorted by size of change, largest first, then account_id. Where last year is not whole, because the
        book starts within it or it is not over on `as_of`, the last two are null and the accounts are sorted
        by landing, largest first.

    Raises
    ------
    ParameterError
        If `forecast` does not reach the end of the year.
    """
    months = [str(m) for m in year.months()]
    past, ahead = _split(months, forecast, as_of)
    before = [str(m.last_year()) for m in year.months()]
    coming = forecast[(forecast["level"] == "account") & forecast["period"].isin(ahead)]
    keys = sorted(coming["key"].unique())
    sold = cube.assign(key=cube["account_id"].astype("str").fillna(NO_ACCOUNT))
    actual = _sums(sold[sold["month"].isin(past)], keys, "key", "revenue", keys)
    last_year = _sums(sold[sold["month"].isin(before)], keys, "key", "revenue", keys)
    rest = _sums(coming, keys, "key", "forecast", keys)
    change = actual + rest - last_year
    result = pd.DataFrame({"account_id": pd.Series(keys, dtype="str").replace(NO_ACCOUNT, None)})
    names = accounts.set_index("account_id")["name"]
    result["name"] = result["account_id"].map(names).astype("str").fillna(NO_ACCOUNT)
    for column, ticks in (("actual", actual), ("forecast", rest), ("landing", actual + rest),
                          ("actual_last_year", last_year), ("change", change)):  # fmt: skip
        result[column] = to_money(ticks)
    whole = all(_known(cube, before, as_of))
    for column in ("actual_last_year", "change"):
        result[column] = result[column].where(pd.Series(whole, index=result.index))
    order = np.lexsort((keys, -(np.abs(change) if whole else actual + rest)))
    return result.iloc[order].reset_index(drop=True)


def _split(months: list[str], forecast: pd.DataFrame, as_of: dt.date) -> tuple[list[str], list[str]]:
    """Return the months of the year that are over, and those to come, which `forecast` must hold."""
    past, ahead = [m for m in months if m < _month(as_of)], [m for m in months if m >= _month(as_of)]
    missing = sorted(set(ahead) - set(forecast["period"]))
    if missing:
        raise ParameterError(
            f"forecast: {len(missing)} months of the year are missing, such as {missing[0]}."
        )
    return past, ahead


def _known(cube: pd.DataFrame, months: list[str], as_of: dt.date) -> list[bool]:
    """Say of each month whether the book covers it and it is over on `as_of`."""
    first = cube["month"].min()
    return [bool(first <= month < _month(as_of)) for month in months]


def _month(day: dt.date) -> str:
    return str(month_of(day))


def _sums(table: pd.DataFrame, wanted: list[str], key: str, column: str, order: list[str]) -> np.ndarray:
    """Sum money by key exactly, as ticks in the given order; keys without rows are 0."""
    sums = sum_money(table[table[key].isin(wanted)], [key], [column]).set_index(key)[column]
    ticks = pd.Series(to_ticks(sums), index=sums.index, dtype="int64")
    return np.asarray(ticks.reindex(order, fill_value=0), dtype=np.int64)
