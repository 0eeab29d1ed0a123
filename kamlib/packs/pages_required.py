"""What pages say of required totals: what was asked, what it came to, and what it moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kamlib.glossary import Words
from kamlib.measures.money import as_float
from kamlib.targets.facts import in_full
from kamlib.targets.wishes import ACCOUNT_SIDES, SIDES

_TOLD = 2  # required totals that are told, those that move most


def required_sentences(requirements: pd.DataFrame, words: Words) -> tuple[str, ...]:
    """Say of each required total what was asked, what it came to, and what that is without any.

    Parameters
    ----------
    requirements : pandas.DataFrame
        What `kamlib.targets.allocate_targets` returns as `requirements`.
    words : Words
        Language and currency.
    """
    rows = list(requirements.itertuples())
    if not rows:
        return ()
    met = [
        words(
            "targets.required_one",
            what=_required_of(row, words),
            asked=_required_amount(row, words),
            target=words.count(row.target),
            moved=_moved(row, words),
        )
        for row in rows
    ]
    missed = [
        words("targets.required_off", what=_required_of(row, words), off=f"{row.residual:+,}")
        for row in rows
        if row.residual
    ]
    link = words("targets.list")
    told = [words("targets.required", met=link.join(met))]
    if missed:
        told.append(words("targets.required_missed", missed=link.join(missed)))
    return tuple(told)


def _moved(row: Any, words: Words) -> str:
    """Say how far a required total is from what the same would come to without any."""
    gap = row.target - row.unrequired
    if not gap:
        return words("targets.required_none")
    return words(
        "targets.required_moved", gap=words.signed_money(gap), unrequired=words.money(row.unrequired)
    )


def required_moves(
    requirements: pd.DataFrame, targets: pd.DataFrame, names: Mapping[str, str], words: Words, *, side: str
) -> tuple[str, ...]:
    """Say how many required totals hold, what of theirs is moved most, and whose targets are.

    Parameters
    ----------
    requirements : pandas.DataFrame
        What `kamlib.targets.allocate_targets` returns as `requirements`.
    targets : pandas.DataFrame
        What `kamlib.targets.allocate_targets` returns as `targets`.
    names : mapping of str to str
        Names of reps.
    words : Words
        Language and currency.
    side : str
        Whose targets are told: rep or another dimension.

    Returns
    -------
    tuple of str
        One sentence; none where nothing is required. What a required total moves is told against what the
        same would come to without any; of reps, or what else the book names, one is told to either side.
    """
    if not len(requirements):
        return ()
    gaps = requirements["target"] - requirements["unrequired"]
    rows = requirements[gaps != 0]
    count = len(requirements)
    if not len(rows):
        return (words("planning.requires_none", count=count),)
    link = words("targets.list")
    order = gaps[rows.index].abs().sort_values(ascending=False, kind="stable").index[:_TOLD]
    totals = [
        words(
            "planning.requires_total",
            what=_required_of(row, words),
            gap=words.signed_money(row.target - row.unrequired),
            target=words.money(row.target),
            unrequired=words.money(row.unrequired),
        )
        for row in rows.loc[order].itertuples()
    ]
    reps = _moved_most(targets, names, words, side)
    return (words("planning.requires", totals=link.join(totals), reps=reps, count=count),)


def _moved_most(targets: pd.DataFrame, names: Mapping[str, str], words: Words, side: str) -> str:
    """Name who is moved up most by required totals, and who down; nothing where nobody is."""
    key = targets[ACCOUNT_SIDES.get(side, side)]
    changes = pd.Series(as_float(targets["required_change"]), index=key).groupby(level=0).sum().round()
    ends = dict.fromkeys([changes.idxmax(), changes.idxmin()]) if len(changes) else {}
    told = [
        words(
            "planning.requires_rep",
            name=names.get(str(key), str(key)),
            amount=words.signed_money(changes[key]),
        )
        for key in ends
        if changes[key]
    ]
    if not told:
        return ""
    label = words.value("dimension", side).lower()
    return words("planning.requires_reps", side=label, names=words("targets.list").join(told))


def _required_of(row: Any, words: Words) -> str:
    """Return what a required total speaks of, in the language of the page."""
    named = {side: getattr(row, side) for side in SIDES if not pd.isna(getattr(row, side))}
    return words("targets.required_and").join(
        words("targets.required_side", side=words.label(ACCOUNT_SIDES.get(side, side)), value=value)
        for side, value in named.items()
    )


def _required_amount(row: Any, words: Words) -> str:
    floor, cap = (None if pd.isna(one) else in_full(one) for one in (row.floor, row.cap))
    if floor == cap:
        return words("targets.required_exactly", amount=floor)
    if cap is None:
        return words("targets.required_least", amount=floor)
    if floor is None:
        return words("targets.required_most", amount=cap)
    return words("targets.required_range", least=floor, most=cap)
