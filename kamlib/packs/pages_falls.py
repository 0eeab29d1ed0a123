"""What page targets 2 says of reps who fall far below last year: the accounts behind it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.measures.money import SCALE, as_float, to_money, to_ticks, total_money
from kamlib.measures.rounding import Integers
from kamlib.packs.targets_scope import Scope

_REPS = 3
_ACCOUNTS = 3


def with_forecasts(accounts: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Add what is forecast of each account, nothing of those without a row.

    Parameters
    ----------
    accounts : pandas.DataFrame
        What `kamlib.targets.allocate_targets` returns as `accounts`.
    summary : pandas.DataFrame
        What `kamlib.targets.summarise_targets` returns.
    """
    rows = summary[(summary["dimension"] == "account") & summary["key"].notna()]
    if "forecast" not in rows or rows["forecast"].isna().all():
        return accounts
    known = dict(zip(rows["key"], as_float(rows["forecast"]), strict=True))
    amounts = accounts["account_id"].map(known).fillna(0.0).astype("float64")
    return accounts.assign(forecast=to_money(np.rint(amounts * SCALE).astype(np.int64), accounts.index))


def fall_sentences(
    reps: pd.DataFrame, accounts: pd.DataFrame, segments: pd.DataFrame | None, *, scope: Scope
) -> tuple[str, ...]:
    """Name the accounts behind each rep whose target or forecast falls by more than a third.

    Named are, by what they brought last year, accounts that are closed and accounts that have gone silent,
    and of the others the account that falls most, where there are none of these or less than half of the fall
    is theirs: a silent account may be asked for as much as ever.

    Parameters
    ----------
    reps : pandas.DataFrame
        Rows of reps of `kamlib.targets.summarise_targets`, with name.
    accounts : pandas.DataFrame
        One row per account; what `with_forecasts` returns. A rep's amounts are the sums of its accounts'.
    segments : pandas.DataFrame or None
        What chapter 1 found: account_id, gone_silent, last_bought; without it nobody is known to be silent.
    scope : Scope
        What the page is about, in which words.

    Returns
    -------
    tuple of str
        A sentence on targets and one on forecasts that fall so far while the target does not; none where none
        does. The largest falls come first, the rest is counted.
    """
    words, said = scope.words, []
    silent = {} if segments is None else _silent(segments)
    fallen = _fallen(reps[reps["key"].notna()])
    for kind in ("target", "forecast"):
        rows = fallen[fallen["told"] == kind]
        told = [
            _rep_said(row, accounts[accounts["rep_id"] == row.key], silent, scope)
            for row in rows.head(_REPS).itertuples()
        ]
        if len(rows) > _REPS:
            told.append(words("targets.fall_more", count=words.count(len(rows) - _REPS)))
        if told:
            listed = words("targets.list").join(told)
            said.append(words(f"targets.falls_{kind}", base=scope.size.base_period, reps=listed))
    return tuple(said)


def _fallen(reps: pd.DataFrame) -> pd.DataFrame:
    """Return the reps of whose last year less than two thirds are asked, else forecast; largest falls first.

    told is what falls so far, target or forecast; lost is by how much.
    """
    before = reps["actual_last_year"].astype("float64")
    after = {name: reps[name].astype("float64") for name in ("target", "forecast")}
    far = {name: (before > 0) & (3 * amount < 2 * before) for name, amount in after.items()}
    told = np.where(far["target"], "target", "forecast")
    lost = before - after["target"].where(far["target"], after["forecast"])
    fallen = reps.assign(told=told, lost=lost)[far["target"] | far["forecast"]]
    return fallen.sort_values("lost", ascending=False, kind="stable")


def _rep_said(row: Any, own: pd.DataFrame, silent: dict[str, str], scope: Scope) -> str:
    """Tell a rep's fall: that of the target, or of the forecast where only that falls so far."""
    words, before = scope.words, float(row.actual_last_year)
    return words(
        "targets.fall_rep",
        name=row.name,
        growth=words.signed_percent(-row.lost / before),
        change=words.signed_money(-row.lost),
        accounts=_behind(own, silent, row.told, float(row.lost), scope),
    )


def _silent(segments: pd.DataFrame) -> dict[str, str]:
    """Return the month each silent account last bought in."""
    gone = segments[segments["gone_silent"].astype(bool)]
    return dict(zip(gone["account_id"], gone["last_bought"].astype(str), strict=True))


def _behind(own: pd.DataFrame, silent: dict[str, str], told_of: str, lost: float, scope: Scope) -> str:
    """Say which of a rep's accounts are behind the fall, each with what it brought last year.

    Where less than half of it is of those that are closed or silent, who falls most of the others, too.
    """
    words, link = scope.words, scope.words("targets.required_and")
    gone = (own["rule"] == "closed") | own["account_id"].isin(silent)
    left = own[gone & (to_ticks(own["actual_last_year"]) > 0)]
    left = left.iloc[(-as_float(left["actual_last_year"])).argsort(kind="stable")]
    others = own.drop(index=left.index)
    if not len(left):
        return words("targets.fall_open", **_furthest(others, told_of, scope))
    told = []
    for row in left.head(_ACCOUNTS).itertuples():
        known = {
            "name": scope.accounts.get(row.account_id, row.account_id),
            "amount": words.money(row.actual_last_year),
        }
        kind = "closed" if row.rule == "closed" else "silent"
        told.append(words(f"targets.fall_{kind}", month=silent.get(row.account_id, ""), **known))
    rest = left.iloc[_ACCOUNTS:]
    if len(rest):
        known = {
            "count": words.count(len(rest)),
            "amount": words.money(total_money(rest["actual_last_year"])),
        }
        told.append(words("targets.fall_rest", **known))
    if 2 * -_change(left, told_of).sum() / SCALE < lost:
        told.append(words("targets.fall_others", **_furthest(others, told_of, scope)))
    return link.join(told)


def _change(rows: pd.DataFrame, told_of: str) -> Integers:
    """Return what is asked, or forecast, of accounts less what they brought last year [ticks]."""
    return to_ticks(rows[told_of]) - to_ticks(rows["actual_last_year"])


def _furthest(rows: pd.DataFrame, told_of: str, scope: Scope) -> dict[str, str]:
    """Return the name of the account that falls most, and by what."""
    change = _change(rows, told_of)
    at = int(change.argmin())
    account = rows["account_id"].iloc[at]
    amount = scope.words.signed_money(total_money(to_money([change[at]])))
    return {"name": scope.accounts.get(account, account), "amount": amount}
