"""Who has stopped ordering: silences too long for an account's own rhythm."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.measures.money import to_ticks
from kamlib.segments.params import SegmentParams

_LEAST_ORDERS = 3  # months with purchases; two gaps at least make a rhythm


def find_silence(
    cube: pd.DataFrame, account_ids: pd.Series, *, until: pd.Period, params: SegmentParams
) -> pd.DataFrame:
    """Say how long each account has bought nothing, and whether that is too long for its own rhythm.

    An account that bought in n months, the first and the last N months apart, buys in a month with chance
    (n - 1) / N. Were it still a customer, a silence of s months would happen with chance
    (1 - (n - 1) / N) to the power of s. Where that is at most `params.silent_chance`, and the silence lasts
    at least `params.silent_months`, the account has gone silent. With fewer than three months with purchases
    there is no rhythm to tell by.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account x product line x selling rep x month: account_id, month, revenue [currency].
    account_ids : pandas.Series
        Accounts, in the order wanted.
    until : pandas.Period
        Last month that is seen.
    params : SegmentParams
        The rule.

    Returns
    -------
    pandas.DataFrame
        One row per account, in the order given: last_bought (label of the last month with revenue above
        zero, null without one), silent_months [months] since then (null likewise) and gone_silent.

    References
    ----------
    Ehrenberg, A. S. C. (1988). Repeat-Buying, 2nd ed., ch. 4: purchases at a steady rate.

    Examples
    --------
    >>> months = ["2025-01", "2025-02", "2025-03", "2025-04"]
    >>> cube = pd.DataFrame({"account_id": "a", "month": months, "revenue": 1.0})
    >>> find_silence(cube, pd.Series(["a", "b"]), until=pd.Period("2025-07"), params=SegmentParams())
      last_bought  silent_months  gone_silent
    0     2025-04              3         True
    1         NaN           <NA>        False
    """
    seen = cube[cube["month"] <= str(until)]
    sums = seen.assign(ticks=to_ticks(seen["revenue"])).groupby(["account_id", "month"])["ticks"].sum()
    bought = sums[sums > 0].reset_index()
    number = pd.PeriodIndex(bought["month"], freq="M").asi8
    span = pd.Series(number, index=bought["account_id"]).groupby(level=0).agg(["min", "max", "count"])
    span = span.reindex(account_ids)
    silent = until.ordinal - span["max"].to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = (span["count"] - 1).to_numpy(dtype=np.float64) / (span["max"] - span["min"]).to_numpy()
        chance = (1 - np.minimum(rate, 1.0)) ** silent
    gone = (span["count"].to_numpy() >= _LEAST_ORDERS) & (silent >= params.silent_months)
    last = bought.groupby("account_id")["month"].max().reindex(account_ids)
    return pd.DataFrame(
        {
            "last_bought": last.astype("str").reset_index(drop=True),
            "silent_months": pd.array(silent).astype("Int64"),
            "gone_silent": gone & (chance <= params.silent_chance),
        }
    )
