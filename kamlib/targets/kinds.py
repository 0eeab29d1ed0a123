"""Targets beside revenue: new accounts, satisfaction, cross-sell, sales cycle and retention, per rep."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import pandas as pd

from kamlib.measures.money import as_float
from kamlib.measures.rounding import Floats, largest_remainder
from kamlib.params import Params, param
from kamlib.periods import Period

KINDS = ("new_accounts", "new_account_value", "satisfaction", "cross_sell", "sales_cycle", "retention")
"""Number and value of new accounts; mean score; product lines per account; days; share of accounts kept."""

_ROUNDING = 1e-9  # of float arithmetic, so that four quarters of a whole number are not one more
_LIKE_COMPANY = 10.0  # cases that the company's mean counts as, beside a rep's own


class KindParams(Params):
    """What is asked beside revenue."""

    section: ClassVar[str] = "kinds"
    new_accounts_growth: float = param(
        0.0,
        en="growth asked of the number of new accounts over the twelve months before the plan, pro rata",
        zh="新客户数相对规划前十二个月（按期间折算）的增长率",
        unit="fraction",
        source="as many as before unless the company wants more",
        strength="our choice",
        gt=-1,
    )
    satisfaction_step: float = param(
        0.1,
        en="what is asked of the mean satisfaction score above where the rep stands",
        zh="满意度均分在现状之上的提高幅度",
        unit="score",
        source="a tenth of a point: more than noise of a hundred answers, less than a campaign",
        strength="our choice",
        ge=0,
    )
    cross_sell_step: float = param(
        0.1,
        en="product lines per account asked for above where the rep stands",
        zh="每客户产品线数在现状之上的提高幅度",
        unit="lines",
        source="one account in ten takes a line more",
        strength="our choice",
        ge=0,
    )
    cycle_cut: float = param(
        0.05,
        en="part of the days from first contact to a won order that is to be saved",
        zh="赢单周期（天）拟缩短的比例",
        unit="fraction",
        source="a twentieth: some three days of two months",
        strength="our choice",
        ge=0,
        lt=1,
    )
    retention_aim: float = param(
        0.95,
        en="share of accounts to be kept; reps below it are asked for half the way a year, pro rata",
        zh="客户保留率目标；低于目标者每年缩小一半差距，按期间折算",
        unit="fraction",
        source="one account in twenty lost a year",
        strength="our choice",
        gt=0,
        le=1,
    )


def kind_targets(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    period: Period,
    as_of: dt.date,
    params: KindParams,
    surveys: pd.DataFrame | None = None,
    opportunities: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Set five further kinds of target for each rep.

    The target is a step ahead of what the rep did in the twelve months before `as_of`. That mean is drawn
    towards the company's, which counts as ten cases, so that less of a step is asked of a rep whom the luck
    of three accounts puts ahead of it; what is asked is never behind what the rep did, and never more than a
    step ahead of it. Without a case it is a step ahead of the company's. Accounts count with the rep of
    today.

    - new accounts: the company's number, grown and pro rata of the period's months, rounded up, goes to
      reps by what their open accounts and their own record lead to expect (open accounts x new ones per open
      account, drawn to the company's as above), in whole accounts by largest remainder. Their value is the
      number times what new accounts brought a month since they came, times the months that one found at any
      time of the period has left in it, (months + 1) / 2 on average.
    - satisfaction: mean score of their accounts' surveys; cross-sell: mean number of product lines of
      accounts that bought; both plus a step.
    - sales cycle: mean days from created to closed of won opportunities, less a part; lower is better, so
      never longer than the rep's own.
    - retention: share of the accounts that bought in the year before which bought again; below the aim half
      of the way to it is asked a year, pro rata of the period's months, above it what it is.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency].
    accounts : pandas.DataFrame
        One row per account: account_id, rep_id, status.
    period : Period
        The period planned.
    as_of : datetime.date
        First day not seen.
    params : KindParams
        Steps and aims.
    surveys : pandas.DataFrame, optional
        date, account_id, score.
    opportunities : pandas.DataFrame, optional
        rep_id, created, closed, outcome.

    Returns
    -------
    pandas.DataFrame
        One row per kind and rep, kinds in the order of `KINDS`, then rep_id: measure, rep_id, base (what the
        rep did; null without a case), company (its mean, or its sum of new accounts), cases, target. Of new
        accounts base and company are those of the twelve months pro rata of the period's months, and what
        they brought a month for the months left in it, as in the target. A kind of which the book knows
        nothing has no rows.

    References
    ----------
    B. Efron, C. Morris (1975). Data analysis using Stein's estimator and its generalizations. JASA 70:311-319
    (drawing towards the common mean; that it counts as ten cases is our choice).
    """
    reps = sorted(accounts.loc[accounts["status"] != "closed", "rep_id"].dropna().unique())
    rep_of = accounts.set_index("account_id")["rep_id"]
    end = pd.Period(as_of, "M")
    last, before = (_months(end, span) for span in (range(1, 13), range(13, 25)))
    sold = cube[as_float(cube["revenue"]) > 0]
    year = sold[sold["month"].isin(last)]
    since = pd.Timestamp(as_of) - pd.DateOffset(years=1)
    parts = [_new_accounts(sold, accounts, reps, end, period, params)]
    if surveys is not None:
        asked = surveys[(surveys["date"] >= since) & (surveys["date"] < pd.Timestamp(as_of))]
        scores = pd.DataFrame({"rep_id": asked["account_id"].map(rep_of), "value": asked["score"]})
        parts.append(_stepped("satisfaction", scores, reps, lambda own: own + params.satisfaction_step))
    lines = year.groupby("account_id")["product_line"].nunique()
    lines_by = pd.DataFrame({"rep_id": lines.index.map(rep_of), "value": lines.to_numpy(dtype=float)})
    parts.append(_stepped("cross_sell", lines_by, reps, lambda own: own + params.cross_sell_step))
    if opportunities is not None:
        won = opportunities[(opportunities["outcome"] == "won") & opportunities["closed"].notna()]
        won = won[(won["closed"] >= since) & (won["closed"] < pd.Timestamp(as_of))]
        days = pd.DataFrame({"rep_id": won["rep_id"], "value": (won["closed"] - won["created"]).dt.days})
        cut = 1 - params.cycle_cut
        parts.append(_stepped("sales_cycle", days, reps, lambda own: own * cut, better=np.fmin))
    had = pd.Index(sold.loc[sold["month"].isin(before), "account_id"].dropna().unique())
    kept = pd.DataFrame({"rep_id": had.map(rep_of), "value": had.isin(year["account_id"]).astype(float)})
    half, aim = period.length / 12 / 2, params.retention_aim
    parts.append(_stepped("retention", kept, reps, lambda own: own + half * np.maximum(aim - own, 0.0)))
    empty = pd.DataFrame(columns=["measure", "rep_id", "base", "company", "cases", "target"], dtype="float64")
    table = pd.concat([part for part in parts if len(part)] or [empty], ignore_index=True)
    return table.astype({"measure": "str", "rep_id": "str", "cases": "Int64"})


def _months(end: pd.Period, before: Sequence[int]) -> list[str]:
    """Return months by how far they lie before a month."""
    return [str(end - k) for k in before]


def _stepped(
    kind: str,
    cases: pd.DataFrame,
    reps: Sequence[str],
    ahead: Callable[[Floats], Floats],
    *,
    better: np.ufunc = np.fmax,
) -> pd.DataFrame:
    """Draw each rep's mean to the company's and ask for a step ahead, at most from the own mean.

    Nothing without any case.
    """
    known = cases.dropna()
    if known.empty:
        return pd.DataFrame()
    company = float(known["value"].astype(float).mean())
    grouped = known.groupby("rep_id")["value"]
    number = grouped.size().reindex(reps, fill_value=0).to_numpy(dtype=float)
    base = grouped.mean().reindex(reps).to_numpy(dtype=float)
    own = (number * np.nan_to_num(base) + _LIKE_COMPANY * company) / (number + _LIKE_COMPANY)
    worse = np.fmin if better is np.fmax else np.fmax
    target = better(worse(ahead(own), ahead(base)), base)
    return pd.DataFrame(
        {
            "measure": kind,
            "rep_id": reps,
            "base": base,
            "company": company,
            "cases": number.astype("int64"),
            "target": target,
        }
    )


def _new_accounts(
    sold: pd.DataFrame,
    accounts: pd.DataFrame,
    reps: Sequence[str],
    end: pd.Period,
    period: Period,
    params: KindParams,
) -> pd.DataFrame:
    """Split the company's new accounts over reps, and value them by what new ones brought."""
    if not len(reps):
        return pd.DataFrame()
    last = _months(end, range(1, 13))
    first = sold.groupby("account_id")["month"].min()
    first = first[first.isin(last) & (first > sold["month"].min())]
    rep_of = accounts.set_index("account_id")["rep_id"]
    opened = accounts[accounts["status"] != "closed"]
    came, carried = (
        pd.Series(held).value_counts().reindex(reps, fill_value=0).to_numpy(dtype=float)
        for held in (first.index.map(rep_of), opened["rep_id"])
    )
    wanted = math.ceil(len(first) * (1 + params.new_accounts_growth) * period.length / 12 - _ROUNDING)
    per_account = came.sum() / max(carried.sum(), 1) or 1.0
    expected = carried * (came + _LIKE_COMPANY * per_account) / (carried + _LIKE_COMPANY)
    number = largest_remainder(expected, wanted)
    rows = sold[sold["account_id"].isin(first.index)]
    brought = pd.Series(as_float(rows["revenue"])).groupby(rows["account_id"].map(rep_of).to_numpy()).sum()
    months = pd.Series([(end - pd.Period(month, "M")).n for month in first], index=first.index, dtype=float)
    since = months.groupby(months.index.map(rep_of).to_numpy()).sum().reindex(reps).to_numpy()
    part, left = period.length / 12, (period.length + 1) / 2
    each = float(as_float(rows["revenue"]).sum()) / months.sum() * left if len(first) else 0.0
    own = np.nan_to_num(brought.reindex(reps).to_numpy() / since) * left
    table = pd.DataFrame({"rep_id": reps, "cases": came.astype("int64")})
    return pd.concat(
        [
            table.assign(
                measure="new_accounts", base=came * part, company=len(first) * part, target=number * 1.0
            ),
            table.assign(
                measure="new_account_value",
                base=came * part * own,
                company=len(first) * part * each,
                target=number * each,
            ),
        ],
        ignore_index=True,
    )
