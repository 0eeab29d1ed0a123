"""Whose open potential to look at first: accounts that still buy, the largest of each field."""

from __future__ import annotations

import pandas as pd

from kamlib.glossary import Words


def still_buying(segments: pd.DataFrame) -> pd.Series:
    """Tell the accounts that are neither closed nor silent for longer than their rhythm explains."""
    return segments["status"].ne("closed").fillna(True).astype(bool) & ~segments["gone_silent"].astype(bool)


def first_moves(segments: pd.DataFrame) -> pd.DataFrame:
    """Return the account with the largest open potential of each field, in the order of fields.

    Accounts that are closed or have gone silent are left out: they are to be won back before they can grow.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.

    Returns
    -------
    pandas.DataFrame
        Its rows, with alike, how many others of the field have the same open potential (where
        there is any).
    """
    order = {"keep": 0, "grow": 1, "harvest": 2, "review": 3}
    known = segments[segments["open_potential"].notna() & still_buying(segments)]
    largest = known.sort_values(["open_potential", "account_id"], ascending=[False, True])
    alike = largest.groupby(["field", "open_potential"])["account_id"].transform("size") - 1
    alike = alike.where(largest["open_potential"] > 0, 0)
    first = largest.assign(alike=alike).drop_duplicates("field")
    return first.sort_values("field", key=lambda field: field.map(order))


def with_alike(name: str, alike: int, words: Words) -> str:
    """Return a name, and how many others have the same amount, so that chance names nobody alone."""
    return words("accounts.with_alike", name=name, count=words.count(alike)) if alike else name
