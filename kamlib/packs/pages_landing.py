"""Page of chapter 2 on where the year lands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from kamlib.charts import forecast as charts
from kamlib.charts.fan import fan_chart
from kamlib.charts.figure import NativeChart
from kamlib.glossary import Words
from kamlib.measures.money import as_float, to_money, to_ticks, total_money
from kamlib.packs.page import Page
from kamlib.packs.past_sides import dates_of, months_ahead
from kamlib.periods import Period


def landing_page(
    outlook: pd.DataFrame,
    accuracy: pd.DataFrame,
    *,
    words: Words,
    name: str,
    year: Period,
    as_of: dt.date,
    totals: pd.DataFrame | None = None,
    running: pd.DataFrame | None = None,
    blocks: pd.DataFrame | None = None,
    sentences: tuple[str, ...] = (),
) -> Page:
    """Say where the fiscal year lands (forecast 1).

    Parameters
    ----------
    outlook : pandas.DataFrame
        What `kamlib.forecast.outlook_by_month` made.
    accuracy : pandas.DataFrame
        What `kamlib.forecast.accuracy_on_holdout` made.
    words : Words
        Labels and sentences.
    name : str
        Name of the book.
    year : Period
        The fiscal year.
    as_of : datetime.date
        First day not seen.
    totals : pandas.DataFrame, optional
        Totals of `kamlib.forecast.forecast_ranges`, of a forecast that ends with the year.
    running : pandas.DataFrame, optional
        Its running sums of the company.
    blocks : pandas.DataFrame, optional
        What `kamlib.forecast.forecast_errors` made: the errors that the totals stand on.
    sentences : tuple of str
        What comes on top, such as new business from the pipeline.
    """
    landing, whole = total_money(outlook["landing"]), bool(outlook["actual_last_year"].notna().all())
    before = total_money(outlook["actual_last_year"])
    table = outlook.assign(change=_difference(outlook["landing"], outlook["actual_last_year"]))
    if whole and before > 0:
        title = words("forecast.landing_title", year=year, landing=words.money(landing),
                      change=words.signed_money(landing - before),
                      percent=words.signed_percent(float(landing / before - 1)))  # fmt: skip
    else:
        open_year = year.last_year().end > as_of
        key = "running" if open_year else "no_base" if whole else "alone"
        title = words(f"forecast.landing_title_{key}", year=year, landing=words.money(landing))
    notes = [
        words(
            "forecast.landing_split",
            year=year,
            as_of=as_of,
            actual=words.money(total_money(outlook["actual"])),
            forecast=words.money(total_money(outlook["forecast"])),
        )
    ]
    span = _landing_span(outlook, totals)
    if span and blocks is not None:
        ahead = months_ahead(1, int(blocks["horizon"].max()), words)
        notes.append(words("forecast.landing_range", low=words.money(span.low), high=words.money(span.high),
                           under=words.signed_percent(span.under), over=words.signed_percent(span.over),
                           ahead=ahead, **dates_of(blocks["origin"])))  # fmt: skip
    elif whole:
        change = table.set_index("period")["change"].astype("float64")
        up, down = str(change.idxmax()), str(change.idxmin())
        notes.append(words("forecast.landing_months", up=up, up_change=words.signed_money(change[up]),
                           down=down, down_change=words.signed_money(change[down])))  # fmt: skip
    notes.append(_landing_doubt(accuracy, words, as_of))
    native = NativeChart("column", "period", {"actual_last_year": "PY", "actual": "AC", "forecast": "FC"})
    deltas = table.loc[table["change"].notna(), ["period", "change"]]
    figure = charts.year_chart(
        _month_bars(outlook, words),
        deltas.assign(text=deltas["change"].map(words.signed_money).astype("str")),
        _year_bars(outlook, words, year, span),
        words=words,
        native=native,
    )
    subtitle = words("forecast.landing_subtitle", name=name, currency=words.money_unit, year=year)
    summed = ("actual", "forecast", "landing", *(("actual_last_year", "change") if whole else ()))
    return Page(
        id="forecast_1",
        title=title,
        subtitle=subtitle,
        table=table,
        figures=(figure, fan_chart(fan_lines(outlook, running), words=words)),
        sentences=sentences,
        notes=tuple(notes),
        totals=summed,
    )


def _landing_doubt(accuracy: pd.DataFrame, words: Words, as_of: dt.date) -> str:
    """Say how far the same forecast, made at earlier dates, was off by the time of `as_of`."""
    past = accuracy[
        (accuracy["level"] == "company") & accuracy["origin"].notna() & accuracy["horizon"].isna()
    ]
    past = past[(past["method"] == past["method"].head(1).squeeze()) & past["bias"].notna()]
    if past.empty:
        return words("forecast.landing_untested")
    low, high = words.signed_percent(past["bias"].min()), words.signed_percent(past["bias"].max())
    stood = dates_of(past["origin"])
    if len(past) == 1:
        return words("forecast.landing_doubt_one", as_of=as_of, low=low, **stood)
    return words("forecast.landing_doubt", as_of=as_of, low=low, high=high, **stood)


def fan_lines(outlook: pd.DataFrame, running: pd.DataFrame | None) -> pd.DataFrame:
    """Return the year's sums so far by month: last year, actual, forecast and range; NaN where unknown."""
    table = pd.DataFrame({"period": outlook["period"]})
    before = as_float(outlook["actual_last_year"])
    table["PY"] = np.where(np.isnan(before).any(), np.nan, np.nancumsum(before))
    actual = as_float(outlook["actual"])
    table["AC"] = np.where(np.isnan(actual), np.nan, np.nancumsum(actual))
    landing = np.cumsum(as_float(outlook["landing"]))
    ahead = np.isnan(actual)
    table["FC"] = np.where(ahead, landing, np.nan)
    if ahead.any() and not ahead[0]:
        table.loc[np.flatnonzero(ahead)[0] - 1, "FC"] = table["AC"].max()
    table["low"] = table["high"] = table["FC"]
    if running is not None and running["low_80"].notna().all():
        sold = float(np.nansum(actual))
        ends = running.set_index("period").reindex(table.loc[ahead, "period"])
        for name, column in (("low", "low_80"), ("high", "high_80")):
            table.loc[ahead, name] = sold + as_float(ends[column])
    return table


@dataclass(frozen=True)
class _Span:
    """The year's 80 % range [currency], and the extreme errors of the past dates it stands on [fraction]."""

    low: Decimal
    high: Decimal
    under: float
    over: float


def _landing_span(outlook: pd.DataFrame, totals: pd.DataFrame | None) -> _Span | None:
    """Return the range of the year: what was sold, and the range of the months to come."""
    if totals is None:
        return None
    company = totals[totals["level"] == "company"].iloc[0]
    if pd.isna(company["low_80"]):
        return None
    sold = total_money(outlook["actual"])
    return _Span(
        sold + company["low_80"],
        sold + company["high_80"],
        float(company["past_low"]),
        float(company["past_high"]),
    )


def _month_bars(outlook: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Lay the months out as bars: previous year, then actual or forecast, which carries the text."""
    parts = []
    for scenario, column in (("PY", "actual_last_year"), ("AC", "actual"), ("FC", "forecast")):
        part = outlook.assign(amount=outlook[column], scenario=scenario, text="")
        ranged = scenario == "FC" and "low_80" in part
        part["low"], part["high"] = (part["low_80"], part["high_80"]) if ranged else (np.nan, np.nan)
        part = part.loc[part["amount"].notna(), ["period", "scenario", "amount", "low", "high", "text"]]
        part = part.astype({"low": "float64", "high": "float64"})
        if scenario != "PY":
            part["text"] = part["amount"].map(words.money).astype("str")
        parts.append(part)
    return pd.concat(parts, ignore_index=True).sort_values("period", kind="stable", ignore_index=True)


def _year_bars(outlook: pd.DataFrame, words: Words, year: Period, span: _Span | None) -> pd.DataFrame:
    """Lay the year's totals out as two bars: last year, and actual with forecast and its range on top."""
    before, actual = total_money(outlook["actual_last_year"]), total_money(outlook["actual"])
    landing = total_money(outlook["landing"])
    whole = bool(outlook["actual_last_year"].notna().all())
    last_year = [(str(year.last_year()), "PY", 0, before, before, words.money(before))] if whole else []
    rows = [
        *last_year,
        (str(year), "AC", 0, actual, actual, ""),
        (str(year), "FC", actual, landing, landing - actual, words.money(landing)),
    ]
    table = pd.DataFrame(rows, columns=["bar", "scenario", "low", "high", "amount", "text"])
    table["from"], table["to"] = np.nan, np.nan
    if span:
        table.loc[table.index[-1], ["from", "to"]] = [float(span.low), float(span.high)]
    return table.astype({"low": "float64", "high": "float64", "amount": "float64"})


def _difference(left: pd.Series, right: pd.Series) -> pd.Series:
    """Subtract money exactly; null where either side is."""
    known = left.notna() & right.notna()
    ticks = np.zeros(len(left), dtype=np.int64)
    ticks[known] = to_ticks(left[known]) - to_ticks(right[known])
    return to_money(ticks, left.index).where(known)
