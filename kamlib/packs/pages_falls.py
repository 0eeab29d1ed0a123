"""What page targets 2 says of reps who fall far below last year: the accounts behind it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.measures.money import as_float, to_money, to_ticks, total_money
from kamlib.packs.targets_scope import Scope

_REPS = 3
_ACCOUNTS = 3


def fall_sentences(
    reps: pd.DataFrame, accounts: pd.DataFrame, segments: pd.DataFrame | None, *, scope: Scope
) -> tuple[str, ...]:
    """Name the accounts behind each rep whose target or forecast falls by more than a third.

    Named are, by what they brought last year, accounts that are closed and accounts that have gone silent;
    where a rep has none of them, the account that falls most.

    Parameters
    ----------
    reps : pandas.DataFrame
        Rows of reps of `kamlib.targets.summarise_targets`, with name.
    accounts : pandas.DataFrame
        One row per account; what `kamlib.targets.allocate_targets` returns as `accounts`.
    segments : pandas.DataFrame or None
        What chapter 1 found: account_id, gone_silent, last_bought; without it nobody is known to be silent.
    scope : Scope
        What the page is about, in which words.

    Returns
    -------
    tuple of str
        One sentence; none where no rep falls so far. The largest falls come first, the rest is counted.
    """
    words = scope.words
    named = reps[reps["key"].notna()]
    before = as_float(named["actual_last_year"])
    told_of = [_told(row) for row in named.itertuples()]
    after = np.array(
        [np.nan if name is None else float(named[name].iloc[i]) for i, name in enumerate(told_of)]
    )
    fallen = named.assign(told=told_of, lost=before - after).dropna(subset="lost")
    fallen = fallen.sort_values("lost", ascending=False, kind="stable")
    if not len(fallen):
        return ()
    silent = {} if segments is None else _silent(segments)
    told = [
        _rep_said(row, accounts[accounts["rep_id"] == row.key], silent, scope)
        for row in fallen.head(_REPS).itertuples()
    ]
    if len(fallen) > _REPS:
        told.append(words("targets.fall_more", count=words.count(len(fallen) - _REPS)))
    return (words("targets.falls", base=scope.size.base_period, reps=words("targets.list").join(told)),)


def _told(row: Any) -> str | None:
    """Return of what less than two thirds of last year are left: the target, else the forecast, else none."""
    return next((name for name in ("target", "forecast") if _far_below(getattr(row, name), row)), None)


def _far_below(amount: Any, row: Any) -> bool:
    before = float(row.actual_last_year)
    return not pd.isna(amount) and before > 0 and 3 * float(amount) < 2 * before


def _rep_said(row: Any, own: pd.DataFrame, silent: dict[str, str], scope: Scope) -> str:
    """Tell a rep's fall: that of the target, or of the forecast where only that falls so far."""
    words, before, amount = scope.words, float(row.actual_last_year), float(getattr(row, row.told))
    return words(
        "targets.fall_rep" if row.told == "target" else "targets.fall_rep_forecast",
        name=row.name,
        growth=words.signed_percent(amount / before - 1),
        change=words.signed_money(amount - before),
        accounts=_behind(own, silent, row.told, scope),
    )


def _silent(segments: pd.DataFrame) -> dict[str, str]:
    """Return the month each silent account last bought in."""
    gone = segments[segments["gone_silent"].astype(bool)]
    return dict(zip(gone["account_id"], gone["last_bought"].astype(str), strict=True))


def _behind(own: pd.DataFrame, silent: dict[str, str], told_of: str, scope: Scope) -> str:
    """Say which of a rep's accounts are behind the fall, each with what it brought last year."""
    words, link = scope.words, scope.words("targets.required_and")
    rows = own[to_ticks(own["actual_last_year"]) > 0]
    rows = rows.iloc[(-as_float(rows["actual_last_year"])).argsort(kind="stable")]
    left = rows[(rows["rule"] == "closed") | rows["account_id"].isin(silent)]
    if not len(left):
        return _largest(rows, told_of, scope)
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
    return link.join(told)


def _largest(rows: pd.DataFrame, told_of: str, scope: Scope) -> str:
    """Name the account that falls most by what the rep falls by, where none is closed or silent."""
    words = scope.words
    if not len(rows):
        return words("targets.fall_unknown")
    if told_of not in rows:  # accounts have no forecast of their own here
        return words("targets.fall_none")
    change = to_ticks(rows[told_of]) - to_ticks(rows["actual_last_year"])
    at = int(change.argmin())
    account = rows["account_id"].iloc[at]
    amount = words.signed_money(total_money(to_money([change[at]])))
    return words("targets.fall_open", name=scope.accounts.get(account, account), amount=amount)
