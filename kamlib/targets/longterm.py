"""Mid- and long-term aims: the path from today to the aim, and what each year contributes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import AfterValidator, BeforeValidator

from kamlib.errors import ParameterError
from kamlib.params import Params, param

MEASURES = ("revenue", "market_share", "retention", "new_products")
"""What an aim can be set for: revenue [currency], the others as shares of 1."""

_MID = 3  # years that are mid term; what lies further is long term


def _checked(aims: dict[str, dict[int, float]]) -> dict[str, dict[int, float]]:
    for measure, years in aims.items():
        if measure not in MEASURES:
            raise ValueError(f'"{measure}" is no measure of an aim; write one of {", ".join(MEASURES)}')
        for year, value in years.items():
            if value <= 0 or (measure != "revenue" and value > 1):
                raise ValueError(
                    f"{measure} {year}: {value:g} is out of range; revenue is above 0, a share in 0..1"
                )
    return aims


def _years(value: object) -> object:
    """Years that JSON holds as text are numbers."""
    if not isinstance(value, dict):
        return value
    return {
        measure: {int(y) if isinstance(y, str) and y.isdecimal() else y: v for y, v in years.items()}
        if isinstance(years, dict)
        else years
        for measure, years in value.items()
    }


Aims = Annotated[dict[str, dict[int, float]], BeforeValidator(_years), AfterValidator(_checked)]
"""Aims by measure and fiscal year."""


class LongTermParams(Params):
    """Where the company wants to be in some years."""

    section: ClassVar[str] = "longterm"
    aims: Aims = param(
        {},
        en="aims by measure (revenue, market_share, retention, new_products) and fiscal year, as in "
        "{revenue: {2028: 250000000}}",
        zh="按指标（revenue、market_share、retention、new_products）与财年设定的中长期目标，"
        "如 {revenue: {2028: 250000000}}",
        unit="currency or fraction",
        source="none unless the company sets one",
        strength="our choice",
    )


def glide_paths(today: Mapping[str, float | None], *, year: int, params: LongTermParams) -> pd.DataFrame:
    """Lay out the way from the last whole year to each aim.

    Revenue grows by the same rate every year, a share moves by the same amount, from one aim to the next.

    Parameters
    ----------
    today : mapping of str to float or None
        By measure, its value in the fiscal year `year`; None or absent where the book does not know it.
    year : int
        The last whole fiscal year.
    params : LongTermParams
        The aims.

    Returns
    -------
    pandas.DataFrame
        One row per measure and year, from the last whole year to the last aim: measure, fiscal_year, term
        (start, mid up to three years, long beyond), aim (null between aims), path, yearly_step (path less the
        year before) and yearly_growth (of revenue: path over the year before, less 1) [currency or fraction;
        the last two null at the start]. A measure whose value today is unknown has its aims and no path.

    Raises
    ------
    ParameterError
        If an aim lies in a year that is over, or revenue today is not above zero.

    Examples
    --------
    >>> params = LongTermParams(aims={"revenue": {2027: 121.0}})
    >>> paths = glide_paths({"revenue": 100.0}, year=2025, params=params)
    >>> paths[["fiscal_year", "path", "yearly_step"]].round(6)
       fiscal_year   path  yearly_step
    0         2025  100.0          NaN
    1         2026  110.0         10.0
    2         2027  121.0         11.0
    """
    rows: list[dict[str, Any]] = []
    for measure in MEASURES:
        aims = dict(sorted(params.aims.get(measure, {}).items()))
        if not aims:
            continue
        late = [aim for aim in aims if aim <= year]
        if late:
            raise ParameterError(f"longterm.aims.{measure}: {late[0]} is over; aim at {year + 1} or later.")
        rows += _rows(measure, today.get(measure), aims, year)
    columns = ["measure", "fiscal_year", "term", "aim", "path", "yearly_step", "yearly_growth"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype(
        {"measure": "str", "term": "str", "fiscal_year": "int64"} | dict.fromkeys(columns[3:], "float64")
    )


def _rows(measure: str, now: float | None, aims: dict[int, float], year: int) -> list[dict[str, Any]]:
    if measure == "revenue" and now is not None and now <= 0:
        raise ParameterError(
            f"longterm.aims.revenue: revenue of {year} is {now:g}; no rate leads from there."
        )
    path = {year: now} if now is not None else {}
    rows = [_row(measure, year, 0, None, now, None)] if now is not None else []
    for to, value in aims.items():
        begin = max(path) if path else to
        for at in range(begin + 1, to + 1):
            before = path[at - 1]
            path[at] = _between(measure, path[begin], value, (at - begin) / (to - begin))
            rows.append(_row(measure, at, at - year, value if at == to else None, path[at], before))
        if not path or to not in path:
            rows.append(_row(measure, to, to - year, value, None, None))
    return rows


def _between(measure: str, start: float, end: float, part: float) -> float:
    return start * (end / start) ** part if measure == "revenue" else start + (end - start) * part


def _row(
    measure: str, year: int, ahead: int, aim: float | None, path: float | None, before: float | None
) -> dict[str, Any]:
    step = growth = math.nan
    if path is not None and before is not None:
        step = path - before
        growth = path / before - 1 if measure == "revenue" else math.nan
    return {
        "measure": measure,
        "fiscal_year": year,
        "term": "start" if not ahead else "mid" if ahead <= _MID else "long",
        "aim": aim,
        "path": path,
        "yearly_step": step,
        "yearly_growth": growth,
    }
