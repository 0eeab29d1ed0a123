"""Pages of chapter 2: who moves the year, how good forecasts have been."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd

from kamlib.charts import forecast as charts
from kamlib.charts.figure import NativeChart
from kamlib.glossary import Words
from kamlib.measures.money import to_money, to_ticks, total_money
from kamlib.packs.page import Page
from kamlib.packs.pages_proof import joined
from kamlib.packs.past_sides import dates_of, months_ahead
from kamlib.periods import Period

_SHOWN = 12
_NAMED = 3  # accounts named that bring next to nothing any more
_STOPPED = 0.1
_LONG_SILENT = 12  # months without a sale after which a forecast is doubted, whatever the account's rhythm


def movers_page(
    changes: pd.DataFrame,
    *,
    words: Words,
    year: Period,
    first_month: str,
    accounts: pd.DataFrame | None = None,
    segments: pd.DataFrame | None = None,
) -> Page:
    """Say which accounts move the year (forecast 2).

    Parameters
    ----------
    changes : pandas.DataFrame
        What `kamlib.forecast.outlook_by_account` made.
    words : Words
        Labels and sentences.
    year : Period
        The fiscal year.
    first_month : str
        First month of the book, ``YYYY-MM``.
    accounts : pandas.DataFrame, optional
        The accounts, whose status says which are closed.
    segments : pandas.DataFrame, optional
        What chapter 1 found of each account: for how many months it has been silent.
    """
    table = changes.assign(
        name=changes["name"].where(changes["account_id"].notna(), words("forecast.no_account"))
    )
    if len(table) and table["change"].isna().all():
        return _landing_by_account(table, words, year, first_month, segments)
    change = pd.Series(to_ticks(table["change"]), index=table.index)
    rising, falling = change[change > 0], change[change < 0]
    named = table["account_id"].notna()
    if change.any():
        title = words(
            "forecast.movers_title",
            up=_ticks_text(words, int(rising.sum())),
            down=_ticks_text(words, int(-falling.sum())),
            change=words.signed_money(total_money(table["change"])),
            name=table["name"].iloc[0],
            most=words.signed_money(table["change"].iloc[0]),
        )
    else:
        title = words("forecast.movers_title_none", year=year)
    shown = min(_SHOWN, int((change != 0).sum()))
    counts = {"rising": int((named & (change > 0)).sum()), "falling": int((named & (change < 0)).sum())}
    notes = [words("forecast.movers_note", shown=shown, **{k: words.count(n) for k, n in counts.items()})]
    stopped = (
        named
        & (table["actual_last_year"] > 0)
        & (table["landing"].astype("float64") < _STOPPED * table["actual_last_year"].astype("float64"))
    )
    if stopped.any():
        notes.append(_stopped_note(table[stopped], accounts, words))
    notes.append(_not_foreseen(table, segments, words, year))
    steps = _steps(table, shown, words)
    scenario = steps["kind"].map({"total": "AC"}).fillna("change")
    native = NativeChart("bridge", steps=tuple(zip(steps["name"], steps["change"], scenario, strict=True)))
    figure = charts.movers_chart(steps, words=words, native=native)
    subtitle = words(
        "forecast.movers_subtitle",
        year=year,
        currency=words.money_unit,
        before=words.money(total_money(table["actual_last_year"])),
        landing=words.money(total_money(table["landing"])),
    )
    totals = ("actual", "forecast", "landing", "actual_last_year", "change")
    return Page(
        id="forecast_2",
        title=title,
        subtitle=subtitle,
        table=table,
        figures=(figure,),
        notes=tuple(notes),
        totals=totals,
    )


def _stopped_note(stopped: pd.DataFrame, accounts: pd.DataFrame | None, words: Words) -> str:
    """Tell accounts that bring next to nothing any more: those the book closes, and those that fade."""
    closed = pd.Series(False, index=stopped.index)
    if accounts is not None and "status" in accounts:
        ids = accounts.loc[accounts["status"] == "closed", "account_id"]
        closed = stopped["account_id"].isin(ids)
    said = []
    for kind, rows in (("closed", stopped[closed]), ("stopped", stopped[~closed])):
        if not len(rows):
            continue
        rows = rows.sort_values("actual_last_year", ascending=False, kind="stable")
        names = [
            words("forecast.movers_one", name=name, amount=words.money(amount))
            for name, amount in zip(rows["name"].head(_NAMED), rows["actual_last_year"], strict=False)
        ]
        money = words.money(total_money(rows["actual_last_year"]))
        count = words.count(len(rows))
        told = words("forecast.and").join(names)
        said.append(words(f"forecast.movers_{kind}", n=count, money=money, names=told))
    return joined(said, words)


def _not_foreseen(table: pd.DataFrame, segments: pd.DataFrame | None, words: Words, year: Period) -> str:
    """Say what the forecast leaves out, and how much of it is of accounts that have long bought nothing."""
    told = words("forecast.movers_new")
    if segments is None:
        return told
    silent = segments.loc[segments["silent_months"] >= _LONG_SILENT, ["account_id", "last_bought"]]
    rows = table[to_ticks(table["forecast"]) > 0].merge(silent, on="account_id")
    if not len(rows):
        return told
    first = rows.sort_values(["forecast", "account_id"], ascending=[False, True]).iloc[0]
    return told + words(
        "forecast.movers_silent",
        n=len(rows),
        year=year,
        money=words.money(total_money(rows["forecast"])),
        name=first["name"],
        month=first["last_bought"],
        amount=words.money(first["forecast"]),
    )


def _landing_by_account(
    table: pd.DataFrame, words: Words, year: Period, first_month: str, segments: pd.DataFrame | None
) -> Page:
    """Say where each account lands, and why no change can be shown, where last year is not whole."""
    partial = first_month > str(year.last_year().months()[0])
    why = words(f"forecast.movers_{'partial' if partial else 'running'}",
                first=first_month, before=year.last_year())  # fmt: skip
    subtitle = words("forecast.movers_subtitle_alone", year=year, currency=words.money_unit,
                     landing=words.money(total_money(table["landing"])))  # fmt: skip
    return Page(
        id="forecast_2",
        title=words("forecast.movers_title_alone", year=year),
        subtitle=subtitle,
        table=table.drop(columns=["actual_last_year", "change"]),
        notes=(why, _not_foreseen(table, segments, words, year)),
        totals=("actual", "forecast", "landing"),
        folded=False,
    )


def errors_page(
    accuracy: pd.DataFrame,
    *,
    words: Words,
    method: str,
    as_of: dt.date,
    coverage: pd.DataFrame | None = None,
    blocks: pd.DataFrame | None = None,
) -> Page:
    """Say how good forecasts have been, beside seasonal naive (forecast 3).

    Parameters
    ----------
    accuracy : pandas.DataFrame
        What `kamlib.forecast.accuracy_on_holdout` made.
    words : Words
        Labels and sentences.
    method : str
        The forecasting method in use.
    as_of : datetime.date
        First day not seen.
    coverage : pandas.DataFrame, optional
        What `kamlib.forecast.range_coverage` made.
    blocks : pandas.DataFrame, optional
        What `kamlib.forecast.forecast_errors` made: the errors that page forecast 1 tells of.
    """
    table = _beside_naive(accuracy, method)
    if coverage is not None and len(coverage):
        found = coverage.set_index("level")["coverage_found"]
        table["coverage_found"] = table["level"].map(found).where(table["horizon"].isna())
    levels = table[table["horizon"].isna()]
    if levels.empty:
        return Page(
            id="forecast_3",
            title=words("forecast.errors_title_none"),
            subtitle=str(as_of),
            table=table,
            folded=False,
        )
    title = _errors_title(levels, words, method)
    table["level"] = table["level"].map(lambda level: words(f"forecast.{level}"))
    levels, ahead = table[table["horizon"].isna()], table[table["level"] == table["level"].iloc[0]].iloc[1:]
    company = levels.iloc[0]
    notes = (
        _bias_note(float(company["bias"]), accuracy["origin"], as_of, blocks, words),
        _coverage_note(coverage, words)
        or words("forecast.errors_horizon", most=ahead["origins"].iloc[0], least=ahead["origins"].iloc[-1],
              longest=ahead["horizon"].iloc[-1]),
        words("forecast.errors_meaning", as_of=as_of),
    )  # fmt: skip
    subtitle = words(
        "forecast.errors_subtitle", origins=company["origins"], first=accuracy["origin"].min(), as_of=as_of
    )
    names = {"wape": words(f"forecast.{method}"), "wape_naive": words("forecast.seasonal_naive")}
    native = NativeChart("bar", "level", {"wape": "AC", "wape_naive": "PY"}, rows=len(levels))
    figure = charts.error_chart(
        _long(levels, "level", names),
        _long(ahead.assign(single=ahead["origins"] == 1), "horizon", names, "single"),
        words=words,
        level_name=company["level"],
        native=native,
    )
    return Page(
        id="forecast_3", title=title, subtitle=subtitle, table=table, figures=(figure,), notes=notes,
    )  # fmt: skip


def _bias_note(
    bias: float, origins: pd.Series, as_of: dt.date, blocks: pd.DataFrame | None, words: Words
) -> str:
    """Say how forecasts were off on the whole, and why page forecast 1 may tell of another side."""
    known = dates_of(origins.dropna())
    told = [words("forecast.errors_bias", bias=words.signed_percent(bias), as_of=as_of, **known)]
    if blocks is not None and len(blocks):
        ahead = months_ahead(1, int(blocks["horizon"].max()), words)
        told.append(words("forecast.errors_bias_other", ahead=ahead, **dates_of(blocks["origin"])))
    return joined(told, words)


def _coverage_note(coverage: pd.DataFrame | None, words: Words) -> str:
    """Say how often what came lay within the 80 % range, of the company and of accounts; empty if unknown."""
    if coverage is None or coverage.empty:
        return ""
    rows = coverage.set_index("level")
    company, account = rows.loc["company"], rows.loc["account"]
    return words(
        "forecast.errors_coverage",
        company=words.count(round(company["coverage_found"] * company["cases"])),
        dates=words.count(int(company["cases"])),
        account=words.percent(account["coverage_found"]),
        cases=words.count(int(account["cases"])),
    )


def _steps(table: pd.DataFrame, shown: int, words: Words) -> pd.DataFrame:
    """Lay the waterfall out: the largest changes, the rest gathered, and the total they lead to."""
    rest, total = table.iloc[shown:], total_money(table["change"])
    changes = list(zip(table["name"].head(shown), table["change"].head(shown), strict=True))
    if (rest["change"] != 0).any():
        changes.append((words("forecast.other", n=words.count(len(rest))), total_money(rest["change"])))
    rows, at = [], Decimal(0)
    for name, change in changes:
        rows.append((name, "up" if change > 0 else "down", at, at + change, change))
        at += change
    rows.append((words("forecast.movers_total"), "total", Decimal(0), total, total))
    steps = pd.DataFrame(rows, columns=["name", "kind", "low", "high", "change"])
    steps["text"] = steps["change"].map(words.signed_money).astype("str")
    steps.insert(0, "row", range(len(steps)))
    return steps.astype({"low": "float64", "high": "float64", "change": "float64"})


def _beside_naive(accuracy: pd.DataFrame, method: str) -> pd.DataFrame:
    """Put the method's errors beside seasonal naive's: all months ahead first, then month by month."""
    pooled = accuracy[accuracy["origin"].isna()]
    own = pooled[pooled["method"] == method].drop(columns=["origin", "method"])
    naive = pooled.loc[pooled["method"] == "seasonal_naive", ["level", "horizon", "wape", "mase"]]
    naive = naive.rename(columns={"wape": "wape_naive", "mase": "mase_naive"})
    both = own.merge(naive, on=["level", "horizon"], how="left")
    columns = ["level", "horizon", "origins", "series", "actual", "forecast", "wape", "wape_naive",
               "bias", "mase", "mase_naive", "rmsse"]  # fmt: skip
    return pd.concat([both[both["horizon"].isna()], both[both["horizon"].notna()]], ignore_index=True)[
        columns
    ]


def _errors_title(levels: pd.DataFrame, words: Words, method: str) -> str:
    company = levels.iloc[0]
    values = {"wape": words.percent(company["wape"]), "naive": words.percent(company["wape_naive"])}
    if method == "seasonal_naive":
        return words("forecast.errors_title_same", **values)
    behind = levels.loc[~(levels["wape"] < levels["wape_naive"]), "level"]
    if behind.empty:
        return words("forecast.errors_title_better", **values)
    if len(behind) == len(levels):
        return words("forecast.errors_title_worse", **values)
    names = words("forecast.and").join(words(f"forecast.{level}").lower() for level in behind)
    return words("forecast.errors_title_mixed", n=len(behind), levels=len(levels), names=names, **values)


def _long(table: pd.DataFrame, key: str, names: dict[str, str], *more: str) -> pd.DataFrame:
    """Lay two error columns out as one row each, under the names of their methods."""
    parts = [table[[key, column, *more]].set_axis([key, "wape", *more], axis=1).assign(name=name)
             for column, name in names.items()]  # fmt: skip
    return pd.concat(parts, ignore_index=True).dropna(subset="wape")


def _ticks_text(words: Words, ticks: int) -> str:
    return words.money(total_money(to_money([ticks])))
