"""The total from above and from below: growth and market beside forecast, potential and pipeline."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

from kamlib.measures.money import SCALE, to_money, to_ticks
from kamlib.periods import Period
from kamlib.targets.facts import base_lack, exact_money, look_back
from kamlib.targets.params import SizingParams


@dataclass(frozen=True)
class Sides:
    """What a period's total may be, by where one looks from; None where it cannot be said [currency].

    Attributes
    ----------
    growth : Decimal or None
        Revenue of the same period last year, grown; None where `kamlib.targets.facts.base_lack` says why.
    market : Decimal or None
        Size of the market x its growth x the part that key accounts buy x the share aimed at.
    forecast : Decimal or None
        What comes if everybody goes on as before.
    uplift : Decimal or None
        The part of the open potential that selling is to win; None also where none is to be won.
    new_business : Decimal or None
        What the pipeline adds that the forecast does not hold.
    open_potential : Decimal or None
        What the potential of open accounts exceeds their forecasts by; None where no potential is known.
    """

    growth: Decimal | None
    market: Decimal | None
    forecast: Decimal | None
    uplift: Decimal | None
    new_business: Decimal | None
    open_potential: Decimal | None = None

    @property
    def below(self) -> Decimal | None:
        """Forecast, uplift and new business together."""
        if self.forecast is None:
            return None
        return self.forecast + (self.uplift or Decimal(0)) + (self.new_business or Decimal(0))


def size_sides(
    cube: pd.DataFrame,
    forecast: pd.DataFrame | None,
    accounts: pd.DataFrame,
    *,
    period: Period,
    params: SizingParams,
    pipeline: pd.DataFrame | None = None,
    as_of: dt.date | None = None,
) -> Sides:
    """Size a period's total from each side.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency].
    forecast : pandas.DataFrame or None
        The forecast with its levels, one row per level, key and month [currency].
    accounts : pandas.DataFrame
        One row per account: account_id, potential [currency/year], status.
    period : Period
        The period planned. Yearly amounts count by its months.
    params : SizingParams
        Growth, market and uplift.
    pipeline : pandas.DataFrame, optional
        One row per month: period, new_business [currency], what the pipeline adds to the forecast.
    as_of : datetime.date, optional
        First day not seen; the period's first day by default.

    Returns
    -------
    Sides

    Examples
    --------
    The market case of the deck this project starts from: 220 M that grow by 30 %, of which key accounts buy
    40 %, and 60 % of that is aimed at.

    >>> from kamlib.periods import parse_period
    >>> cube = pd.DataFrame({"month": ["2025-01"], "revenue": [50.0]})
    >>> accounts = pd.DataFrame({"account_id": ["A"], "potential": [None], "status": ["active"]})
    >>> market = SizingParams(market_size="220", market_growth=0.3, market_ka_part=0.4, market_share_aim=0.6)
    >>> size_sides(cube, None, accounts, period=parse_period("2026"), params=market).market
    Decimal('68.6400')
    """
    windows = look_back(period, as_of=as_of)
    months = [str(month) for month in period.months()]
    base = int(to_ticks(cube["revenue"])[cube["month"].isin(windows.base_months).to_numpy()].sum())
    grown = None if base_lack(cube, windows) else base * (1 + params.growth_rate())
    coming = None if forecast is None else _coming(forecast, months)
    left = None if coming is None else _open_potential(coming, accounts, len(months))
    won = Fraction(str(params.potential_uplift))
    return Sides(
        growth=_money(grown),
        market=_money(_market(params, len(months))),
        forecast=None if coming is None else _money(int(coming[1].sum())),
        uplift=None if left is None or not won else _money(left * won),
        new_business=None if pipeline is None else _money(_added(pipeline, months)),
        open_potential=_money(left),
    )


def sides_table(sides: Sides, *, total: int) -> pd.DataFrame:
    """Lay the sides out beside the total chosen.

    Returns
    -------
    pandas.DataFrame
        One row per side: side (growth, market, forecast, uplift, new_business, below), amount [currency, null
        where it cannot be said] and against_target (amount less the total) [currency], the latter null for
        uplift and new_business, which are parts of below.
    """
    names = ("growth", "market", "forecast", "uplift", "new_business", "below")
    amounts = [getattr(sides, name) for name in names]
    known = pd.Series([amount is not None for amount in amounts])
    ticks = np.array([int(amount * SCALE) if amount is not None else 0 for amount in amounts])
    whole = known & ~pd.Series(names).isin(["uplift", "new_business"])
    return pd.DataFrame(
        {
            "side": pd.Series(names, dtype="str"),
            "amount": to_money(ticks).where(known),
            "against_target": to_money(ticks - total * SCALE).where(whole),
        }
    )


def _market(params: SizingParams, months: int) -> Fraction | None:
    if params.market_size is None or params.market_share_aim is None:
        return None
    parts = (1 + Fraction(str(params.market_growth)), Fraction(str(params.market_ka_part)),
             Fraction(str(params.market_share_aim)), Fraction(months, 12))  # fmt: skip
    result = Fraction(params.market_size) * SCALE
    for part in parts:
        result *= part
    return result


def _coming(forecast: pd.DataFrame, months: list[str]) -> tuple[pd.Index, np.ndarray] | None:
    """Return accounts and their forecast of the period [ticks]; None unless every month is forecast."""
    rows = forecast[(forecast["level"] == "account") & forecast["period"].isin(months)]
    if set(rows["period"]) != set(months):
        return None
    sums = pd.Series(to_ticks(rows["forecast"])).groupby(rows["key"].to_numpy()).sum()
    return sums.index, sums.to_numpy(dtype=np.int64)


def _open_potential(coming: tuple[pd.Index, np.ndarray], accounts: pd.DataFrame, months: int) -> int | None:
    """Return what potential exceeds open accounts' forecasts by [ticks]; None where none is known."""
    known = accounts[accounts["potential"].notna() & (accounts["status"].astype("object") != "closed")]
    if not len(known):
        return None
    at = coming[0].get_indexer(known["account_id"])
    forecast = np.where(at >= 0, coming[1][np.maximum(at, 0)] if len(coming[1]) else 0, 0)
    potential = to_ticks(known["potential"]) * months // 12
    return int(np.maximum(potential - np.maximum(forecast, 0), 0).sum())


def _added(pipeline: pd.DataFrame, months: list[str]) -> int:
    rows = pipeline[pipeline["period"].isin(months)]
    return int(to_ticks(rows["new_business"]).sum())


def _money(ticks: int | Fraction | None) -> Decimal | None:
    return None if ticks is None else exact_money(ticks)
