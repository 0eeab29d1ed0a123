"""What pages say of required totals: what was asked, what it came to, and what it moves."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.glossary import Words
from kamlib.targets.facts import in_full
from kamlib.targets.wishes import ACCOUNT_SIDES, SIDES


def required_sentences(requirements: pd.DataFrame, words: Words) -> tuple[str, ...]:
    """Say of each required total what was asked, what it came to, and whether it moves targets.

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
            binds=words(f"targets.required_{row.binds}"),
        )
        for row in rows
    ]
    missed = [_required_of(row, words) for row in rows if row.residual]
    link = words("targets.list")
    told = [words("targets.required", met=link.join(met))]
    if missed:
        told.append(words("targets.required_missed", missed=link.join(missed)))
    return tuple(told)


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
