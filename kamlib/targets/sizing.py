"""How large the total is: from above by growth or a given amount, beside the forecast from below."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pandas as pd

from kamlib.errors import ParameterError
from kamlib.measures.money import SCALE, to_money, to_ticks
from kamlib.periods import Period
from kamlib.targets.facts import Windows, base_lack, exact_money, look_back, unknown_months
from kamlib.targets.params import SizingParams
from kamlib.targets.sides import Sides


@dataclass(frozen=True)
class TargetSize:
    """How the total comes about, step by step.

    Attributes
    ----------
    period, base_period : str
        The period planned, and the period that growth is counted on.
    base : Decimal
        Revenue of the base period, with and without an account, as far as the book knows it [currency].
    base_unknown : int
        Months of the base period before the book's first sale, of which nothing is known.
    base_growth : float or None
        Growth of the base over the same period one year before it [fraction]; None where the book does not
        hold that whole period or its revenue is not above zero.
    given : bool
        Whether the amount was given rather than grown from the base.
    basis : str
        Which side the amount is: growth, market, below or between.
    over : Decimal
        What over-assignment adds, within `added` [currency].
    growth : float or None
        Growth of `amount` over `base` [fraction]; None where the base is not above zero or not known whole.
    added : Decimal
        What growth adds: `amount` - `base` [currency].
    amount : Decimal
        The total before rounding [currency].
    rounding : Decimal
        What rounding adds: `total` - `amount` [currency].
    total : int
        The total [currency], a multiple of `unit`.
    unit : int
        Rounding unit [currency].
    forecast : Decimal or None
        Forecast of the whole period [currency]; None where there is none.
    gap : Decimal or None
        `forecast` - `total` [currency]: negative where the forecast falls short of the target.
    """

    period: str
    base_period: str
    base: Decimal
    base_unknown: int
    base_growth: float | None
    given: bool
    basis: str
    over: Decimal
    growth: float | None
    added: Decimal
    amount: Decimal
    rounding: Decimal
    total: int
    unit: int
    forecast: Decimal | None
    gap: Decimal | None


def size_target(
    cube: pd.DataFrame,
    forecast: pd.DataFrame | None = None,
    *,
    period: Period,
    params: SizingParams,
    unit: int,
    as_of: dt.date | None = None,
    sides: Sides | None = None,
) -> TargetSize:
    """Size the total of a period.

    The total is ``base * (1 + growth)``, where the base is the revenue of the same period one year before, or
    the amount given; by `params.basis` it is another side of `sides` instead, or lies between growth and
    below. What is over-assigned is added; it is rounded to the nearest multiple of the rounding unit, halves
    up.

    Parameters
    ----------
    cube : pandas.DataFrame
        One row per account, product line, selling rep and month; revenue [currency].
    forecast : pandas.DataFrame, optional
        The forecast with its levels, one row per level, key and month [currency].
    period : Period
        The period planned.
    params : SizingParams
        Growth, or the amount.
    unit : int
        Rounding unit [currency].
    as_of : datetime.date, optional
        First day not seen; the period's first day by default.
    sides : Sides, optional
        What `kamlib.targets.size_sides` made; needed where the basis is not growth.

    Returns
    -------
    TargetSize

    Raises
    ------
    ParameterError
        If growth is counted on the base and that is not above zero, not complete on `as_of` or not known
        whole, as the book begins within it or later; if `unit` is below 1.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> cube = pd.DataFrame({"month": ["2025-01", "2025-04"], "revenue": [1000.0, 7.0]})
    >>> size = size_target(cube, period=parse_period("2026Q1"), params=SizingParams(growth=0.125), unit=50)
    >>> size.base, size.amount, size.total
    (Decimal('1000.0000'), Decimal('1125.0000'), 1150)
    """
    if unit < 1:
        raise ParameterError(f"the rounding unit is {unit}; it must be a whole number of 1 or more.")
    windows = look_back(period, as_of=as_of)
    base = int(to_ticks(cube["revenue"])[cube["month"].isin(windows.base_months).to_numpy()].sum())
    if params.total is not None:
        own = Fraction(params.total) * SCALE
    elif needs_base(params):
        refuse_base(cube, windows)
        own = base * (1 + params.growth_rate())
        if params.basis == "between":
            weight = Fraction(str(params.above_weight))
            own = weight * own + (1 - weight) * _side(sides, "below")
    else:
        own = _side(sides, params.basis)
    exact = own * (1 + Fraction(str(params.over_assignment)))
    total = unit * int((2 * exact + unit * SCALE) // (2 * unit * SCALE))
    below = _forecast(forecast, period)
    unknown = unknown_months(cube, windows.base_months)
    return TargetSize(
        period=str(period),
        base_period=str(windows.base),
        base=exact_money(base),
        base_unknown=unknown,
        base_growth=_base_growth(cube, windows, base),
        given=params.total is not None,
        basis=params.basis,
        over=exact_money(exact - own),
        growth=float(exact / base - 1) if base > 0 and not unknown else None,
        added=exact_money(exact - base),
        amount=exact_money(exact),
        rounding=exact_money(total * SCALE - exact),
        total=total,
        unit=unit,
        forecast=None if below is None else exact_money(below),
        gap=None if below is None else exact_money(below - total * SCALE),
    )


def needs_base(params: SizingParams) -> bool:
    """Say whether the total counts on the revenue of the same period one year before."""
    return params.total is None and params.basis in ("growth", "between")


def refuse_base(cube: pd.DataFrame, windows: Windows) -> None:
    """Refuse growth that has nothing to count on.

    Raises
    ------
    ParameterError
        If `kamlib.targets.facts.base_lack` says why.
    """
    lack = base_lack(cube, windows)
    if lack is None:
        return
    remedy = "Give the total itself, for example -p sizing.total=1200000"
    if windows.base_is_last_year and unknown_months(cube, windows.base_months):
        earlier = f"add the sales before {cube['month'].min()}"
        remedy += f", plan from below (-p sizing.basis=below), or {earlier}"
    raise ParameterError(f"sizing.growth counts on the revenue of {lack}. {remedy}.")


def sizing_steps(size: TargetSize, sides: Sides | None = None) -> pd.DataFrame:
    """Lay out how the total comes about, one row per step.

    Parameters
    ----------
    size : TargetSize
        The total with its steps.
    sides : Sides, optional
        What `kamlib.targets.size_sides` made; without it a total from below is one step.

    Returns
    -------
    pandas.DataFrame
        Columns step, period, amount [currency] and growth [fraction]. The first step is base, the next ones
        lead to the total by its basis: growth, market, between or given; from below to_forecast (forecast
        less base), uplift and new_business, these two where they are known and counted. Then over (what is
        over-assigned, if anything), rounding and target; they add up to it. Last gap and forecast, where
        there is one; target + gap = forecast. Growth is what the step adds to the base, of one that leads
        there alone.

    Examples
    --------
    >>> from kamlib.periods import parse_period
    >>> cube = pd.DataFrame({"month": ["2025-01"], "revenue": [1000.0]})
    >>> size = size_target(cube, period=parse_period("2026Q1"), params=SizingParams(growth=0.12), unit=100)
    >>> sizing_steps(size)[["step", "amount"]]
           step     amount
    0      base  1000.0000
    1    growth   120.0000
    2  rounding   -20.0000
    3    target  1100.0000
    """
    rows: list[tuple[str, str, Decimal, float | None]] = [
        ("base", size.base_period, size.base, None),
        *((step, size.period, amount, growth) for step, amount, growth in _way(size, sides)),
        ("rounding", size.period, size.rounding, None),
        ("target", size.period, Decimal(size.total), None),
    ]
    if size.forecast is not None and size.gap is not None:
        rows += [("gap", size.period, size.gap, None), ("forecast", size.period, size.forecast, None)]
    table = pd.DataFrame(rows, columns=["step", "period", "amount", "growth"])
    table["amount"] = to_money(to_ticks(table["amount"]))
    table["growth"] = table["growth"].astype("float64")
    return table


def _way(size: TargetSize, sides: Sides | None) -> list[tuple[str, Decimal, float | None]]:
    """Return the steps from the base to the total before rounding; growth of one that leads there alone."""
    over: list[tuple[str, Decimal, float | None]] = [("over", size.over, None)] if size.over else []
    if size.basis == "below" and not size.given and sides is not None and sides.forecast is not None:
        parts = {
            "to_forecast": sides.forecast - size.base,
            "uplift": sides.uplift,
            "new_business": sides.new_business,
        }
        return [*((step, amount, None) for step, amount in parts.items() if amount is not None), *over]
    own = size.added - size.over
    growth = None if size.growth is None else float(own / size.base)
    return [("given" if size.given else size.basis, own, growth), *over]


def _side(sides: Sides | None, name: str) -> Fraction:
    """Return a side of the total [ticks]."""
    amount = getattr(sides, name) if sides is not None else None
    if amount is None:
        remedy = {
            "market": "Give sizing.market_size and sizing.market_share_aim",
            "below": "Forecast every month of the period",
        }
        raise ParameterError(
            f"sizing.basis asks for the total by {name}, which is not known. {remedy[name]}, or use "
            "-p sizing.basis=growth."
        )
    return Fraction(amount) * SCALE


def _base_growth(cube: pd.DataFrame, windows: Windows, base: int) -> float | None:
    """Return how much the base grew over its own last year, where the book holds that whole."""
    months = [str(month) for month in windows.base.last_year().months()]
    before = int(to_ticks(cube["revenue"])[cube["month"].isin(months).to_numpy()].sum())
    if before <= 0 or cube["month"].min() > months[0]:
        return None
    return float(Fraction(base, before) - 1)


def _forecast(forecast: pd.DataFrame | None, period: Period) -> int | None:
    """Return the company's forecast of the period [ticks], or None unless every month is there."""
    if forecast is None:
        return None
    months = {str(month) for month in period.months()}
    rows = forecast[(forecast["level"] == "company") & forecast["period"].isin(months)]
    if set(rows["period"]) != months:
        return None
    return int(to_ticks(rows["forecast"]).sum())
