"""Targets by rep, region, type, product line, month and quarter, beside last year and the forecast."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from kamlib.measures.money import SCALE, sum_money, to_money, to_ticks
from kamlib.periods import Period
from kamlib.targets.allocation import growth_over
from kamlib.targets.facts import look_back

DIMENSIONS = ("company", "rep", "region", "account_type", "product_line", "quarter", "month", "account")
_COLUMNS = {"rep": "rep_id", "account": "account_id"}
_AMOUNTS = ["actual_last_year", "forecast", "target"]


def summarise_targets(
    targets: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    cube: pd.DataFrame,
    forecast: pd.DataFrame | None,
    period: Period,
    as_of: dt.date | None = None,
) -> pd.DataFrame:
    """Sum the targets by every dimension, beside revenue of the base period and the forecast.

    Revenue and forecast are counted with the account's rep, region and type of today, whoever sold; sales
    without an account stand in a row of their own.

    Parameters
    ----------
    targets : pandas.DataFrame
        One row per account, product line and month; what `allocate_targets` returns as `targets`.
    accounts : pandas.DataFrame
        One row per account: account_id, rep_id, region, account_type.
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency].
    forecast : pandas.DataFrame or None
        The forecast with its levels; None where there is none.
    period : Period
        The period planned.
    as_of : datetime.date, optional
        First day not seen; the period's first day by default.

    Returns
    -------
    pandas.DataFrame
        One row per dimension (one of `DIMENSIONS`) and key: dimension, key (null for accounts without a rep
        and for sales without an account), without_account, accounts (asked for more than nothing),
        actual_last_year, forecast [currency, null without a forecast], target [currency, int64], change_asked
        (target - last year) [currency], growth_asked [fraction, null where last year is not above zero] and
        forecast_gap (forecast - target) [currency]. Dimensions in order; quarters and months in time, the
        others by target, largest first, then key; null keys last.
    """
    windows = look_back(period, as_of=as_of)
    months = {str(m): str(m.quarters()[0]) for m in period.months()}
    moved = dict(zip(windows.base_months, months, strict=True))
    sold = cube[cube["month"].isin(windows.base_months)]
    parts = [
        _part(targets, targets["month"], "target", targets["target"]),
        _part(sold, sold["month"].map(moved), "actual_last_year", sold["revenue"]),
    ]
    if forecast is not None:
        coming = forecast[(forecast["level"] == "account_line") & forecast["period"].isin(months)]
        parts.append(_part(coming, coming["period"], "forecast", coming["forecast"]))
    cells = pd.concat(parts, ignore_index=True)
    for name in _AMOUNTS:
        cells[name] = cells[name].fillna(0).astype("int64") if name in cells.columns else 0
    cells = cells.merge(
        accounts[["account_id", "rep_id", "region", "account_type"]], on="account_id", how="left"
    )
    cells["without_account"] = ~cells["account_id"].isin(accounts["account_id"])
    cells["quarter"] = cells["month"].map(months)
    cells["company"] = "company"
    table = pd.concat([_by(cells, dimension) for dimension in DIMENSIONS], ignore_index=True)
    if forecast is None:
        for name in ("forecast", "forecast_gap"):
            table[name] = table[name].where(pd.Series(False, index=table.index))
    return table


def explain_reps(accounts: pd.DataFrame) -> pd.DataFrame:
    """Say step by step how each rep's target comes about.

    Parameters
    ----------
    accounts : pandas.DataFrame
        One row per account with its chain; what `allocate_targets` returns as `accounts`.

    Returns
    -------
    pandas.DataFrame
        One row per rep: rep_id (null: accounts without a rep), accounts (open ones), history_share,
        potential_share, blend [fraction]; by_history, what the share of history alone would ask;
        by_potential, what the share of potential adds; by_bounds, what floors, caps and pins, here and
        elsewhere, add; rounding; target: the sum of the four before it [currency]. Largest target first, then
        rep_id; null last.
    """
    table = accounts[accounts["rule"] != "closed"].copy()
    table["by_potential"] = to_money(to_ticks(table["proposal"]) - to_ticks(table["by_history"]))
    table["by_bounds"] = to_money(to_ticks(table["bounded"]) - to_ticks(table["proposal"]))
    steps = ["by_history", "by_potential", "by_bounds", "rounding", "target"]
    result = sum_money(table, ["rep_id"], steps)
    grouped = table.groupby("rep_id", sort=True, dropna=False)
    shares = grouped[["history_share", "potential_share", "blend"]].sum().reset_index(drop=True)
    result.insert(1, "accounts", grouped.size().to_numpy())
    for at, name in enumerate(shares.columns, start=2):
        result.insert(at, name, shares[name])
    result["target"] = to_ticks(result["target"]) // SCALE
    return result.sort_values(
        ["target", "rep_id"], ascending=[False, True], na_position="last", kind="stable", ignore_index=True
    )


def _part(table: pd.DataFrame, month: pd.Series, name: str, amount: pd.Series) -> pd.DataFrame:
    """Return one source of cells with its amount in ticks, so that sums are exact."""
    keys = table[["account_id", "product_line"]].assign(month=month)
    keys[name] = to_ticks(amount)
    return keys.groupby(["account_id", "product_line", "month"], dropna=False).sum().reset_index()


def _by(cells: pd.DataFrame, dimension: str) -> pd.DataFrame:
    column = _COLUMNS.get(dimension, dimension)
    separate = dimension in ("rep", "region", "account_type", "account")
    keyed = cells.assign(key=cells[column], without_account=cells["without_account"] & separate)
    result = keyed.groupby(["key", "without_account"], dropna=False)[_AMOUNTS].sum().reset_index()
    asked = (
        keyed[keyed["target"] > 0].groupby(["key", "without_account"], dropna=False)["account_id"].nunique()
    )
    counts = asked.rename("accounts").reset_index()
    result = result.merge(counts, on=["key", "without_account"], how="left")
    result["accounts"] = result["accounts"].fillna(0).astype("int64")
    before, now, coming = (result[name].to_numpy() for name in ("actual_last_year", "target", "forecast"))
    table = result[["key", "without_account", "accounts"]].copy()
    table.insert(0, "dimension", dimension)
    table["actual_last_year"], table["forecast"] = to_money(before), to_money(coming)
    table["target"] = now // SCALE
    table["change_asked"] = to_money(now - before)
    table["growth_asked"] = growth_over(now, before)
    table["forecast_gap"] = to_money(coming - now)
    order = ["key"] if dimension in ("quarter", "month") else ["without_account", "target", "key"]
    rising = [name != "target" for name in order]
    return table.sort_values(order, ascending=rising, na_position="last", kind="stable")
