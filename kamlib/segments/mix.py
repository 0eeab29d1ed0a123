"""Is the mix healthy: the key accounts' share of revenue against the company's own market share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pandas as pd

from kamlib.measures.money import as_float, sum_money, to_money, to_ticks
from kamlib.periods import parse_period
from kamlib.segments.params import SegmentParams

VERDICTS = ("reasonable", "healthy", "opportunity", "unmet", "no_rule", "no_share")
"""What the rule says; ``unmet``: it speaks and is not met; ``no_share``: no own market share is known."""


def mix_bands(*, params: SegmentParams) -> pd.DataFrame:
    """Return where the rule of the mix speaks, as bands of own market share and key accounts' share.

    Returns
    -------
    pandas.DataFrame, shape (3, 5)
        One row per `verdict`: `own_from`, `own_to`, `key_from`, `key_to` [fraction].

    Examples
    --------
    >>> mix_bands(params=SegmentParams())
           verdict  own_from  own_to  key_from  key_to
    0  opportunity       0.3     0.4      0.50    1.00
    1      healthy       0.5     0.6      0.40    1.00
    2   reasonable       0.6     1.0      0.35    0.45
    """
    first, second, third, fourth = params.mix_shares
    middle = params.mix_reference
    bands = [
        ("opportunity", first, second, min(1.0, middle + params.mix_well_above), 1.0),
        ("healthy", third, fourth, middle, 1.0),
        ("reasonable", fourth, 1.0, middle - params.mix_about, middle + params.mix_about),
    ]
    table = pd.DataFrame(bands, columns=["verdict", "own_from", "own_to", "key_from", "key_to"])
    return table.round({"key_from": 12, "key_to": 12})


def judge_mix(own_share: float, key_share: float, *, params: SegmentParams) -> str:
    """Say what the rule of the mix says of one own market share and key accounts' share.

    From 60 % own share, key accounts of about 40 % of revenue are reasonable; from 50 to below 60 %, above
    40 % is healthy; from 30 to 40 %, both inside, well above 40 % is an opportunity. Between and below the
    rule says nothing. (The numbers are the defaults of `params`.)

    Parameters
    ----------
    own_share, key_share : float
        Own market share, and key accounts' share of revenue; NaN where unknown [fraction].
    params : SegmentParams
        The bands.

    Returns
    -------
    str
        One of `VERDICTS`.

    Examples
    --------
    >>> judge_mix(0.62, 0.41, params=SegmentParams()), judge_mix(0.45, 0.41, params=SegmentParams())
    ('reasonable', 'no_rule')
    """
    if np.isnan(own_share) or np.isnan(key_share):
        return "no_share"
    opportunity, healthy, reasonable = mix_bands(params=params).itertuples(index=False)
    if own_share >= reasonable.own_from:
        return "reasonable" if reasonable.key_from <= round(key_share, 12) <= reasonable.key_to else "unmet"
    if own_share >= healthy.own_from:
        return "healthy" if key_share > healthy.key_from else "unmet"
    if opportunity.own_from <= own_share <= opportunity.own_to:
        return "opportunity" if key_share > opportunity.key_from else "unmet"
    return "no_rule"


def mix_health(
    segments: pd.DataFrame,
    market: pd.DataFrame | None = None,
    *,
    months: Sequence[object],
    as_of: dt.date,
    fiscal_year_start: int = 1,
    params: SegmentParams,
) -> pd.DataFrame:
    """Judge the mix of key accounts, by region and in all, by the company's own market share.

    The own share of a region is that of the market rows whose period lies in the window, weighted by market
    size; where there is none, of the latest period that ended by `as_of`. Rows for the market as a whole are
    taken before rows by product line. In all: the regions' shares weighted by market size.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.
    market : pandas.DataFrame, optional
        The contract's table: `period`, `region`, `product_line`, `size` [currency], `own_share` [fraction].
    months : sequence of month labels
        The window the segments were made for.
    as_of : datetime.date
        Market periods that end later are not seen.
    fiscal_year_start : int
        Calendar month in which the fiscal year starts, for reading the periods.
    params : SegmentParams
        The rule's bands.

    Returns
    -------
    pandas.DataFrame, shape (regions + 1, 9)
        One row per region in alphabetical order, then the total (`level` region or total): `region`,
        `accounts` and `key_accounts` with revenue above zero, `key_revenue` and `revenue` [currency],
        `key_share` of revenue, `own_share` of the market [fraction], and the `verdict`.
    """
    bought = segments[to_ticks(segments["revenue"]) > 0]
    key = segments[segments["key_account"]]
    total = sum_money(segments, ["region"], ["revenue"]).set_index("region")
    rows = pd.DataFrame({"level": "region", "region": total.index})
    for column, part in (("accounts", bought), ("key_accounts", bought[bought["key_account"]])):
        rows[column] = (
            part.groupby("region").size().reindex(total.index, fill_value=0).to_numpy(dtype=np.int64)
        )
    held = sum_money(key, ["region"], ["revenue"]).set_index("region")["revenue"].reindex(total.index)
    rows["key_revenue"] = to_money(to_ticks(held.fillna(Decimal(0))))
    rows["revenue"] = to_money(to_ticks(total["revenue"]))
    shares = _own_shares(market, months=[str(m) for m in months], as_of=as_of, start=fiscal_year_start)
    rows["own_share"] = shares["own_share"].reindex(total.index).to_numpy(dtype=np.float64)
    everything = {
        "level": "total",
        "accounts": rows["accounts"].sum(),
        "key_accounts": rows["key_accounts"].sum(),
        "key_revenue": int(to_ticks(rows["key_revenue"]).sum()),
        "revenue": int(to_ticks(rows["revenue"]).sum()),
        "own_share": np.average(shares["own_share"], weights=shares["size"]) if len(shares) else np.nan,
    }
    last = pd.DataFrame([everything]).assign(
        key_revenue=lambda t: to_money(t["key_revenue"]), revenue=lambda t: to_money(t["revenue"])
    )
    result = pd.concat([rows, last], ignore_index=True)
    revenue = as_float(result["revenue"])
    with np.errstate(divide="ignore", invalid="ignore"):
        result["key_share"] = np.where(revenue > 0, as_float(result["key_revenue"]) / revenue, np.nan)
    result["verdict"] = [
        judge_mix(own, held, params=params)
        for own, held in zip(result["own_share"], result["key_share"], strict=True)
    ]
    return result[
        [
            "level",
            "region",
            "accounts",
            "key_accounts",
            "key_revenue",
            "revenue",
            "key_share",
            "own_share",
            "verdict",
        ]
    ]


def _own_shares(
    market: pd.DataFrame | None, *, months: list[str], as_of: dt.date, start: int
) -> pd.DataFrame:
    """Return own share and market size by region, from the periods that count."""
    nothing = pd.DataFrame({"own_share": [], "size": []}, index=pd.Index([], name="region"), dtype="float64")
    if market is None or market.empty or "own_share" not in market:
        return nothing
    rows = market[market["own_share"].notna()].copy()
    if "product_line" not in rows:
        rows["product_line"] = None
    periods = [parse_period(str(label), fiscal_year_start=start) for label in rows["period"]]
    rows["end"] = [period.end for period in periods]
    rows["inside"] = [set(map(str, period.months())) <= set(months) for period in periods]
    rows["weight"], rows["own"] = as_float(rows["size"]), rows["own_share"].astype("float64")
    rows = rows[(rows["end"] <= as_of) & (rows["weight"] > 0)]
    if rows.empty:
        return nothing
    any_inside = rows.groupby("region")["inside"].transform("any")
    latest = rows.groupby("region")["end"].transform("max") == rows["end"]
    rows = rows[rows["inside"] | (~any_inside & latest)]
    whole = rows["product_line"].isna()
    rows = rows[whole | ~whole.groupby([rows["region"], rows["period"]]).transform("any")]
    rows = rows.assign(product=rows["own"] * rows["weight"]).sort_values(["region", "period", "product_line"])
    sums = rows.groupby("region")[["product", "weight"]].sum()
    return pd.DataFrame({"own_share": sums["product"] / sums["weight"], "size": sums["weight"]})
