"""How good forecasts have been: made again at past dates, and compared with what came."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.forecast.arrays import Floats, Ints
from kamlib.forecast.params import ForecastParams
from kamlib.forecast.replay import PastForecasts, naive_ticks, replay_sales
from kamlib.forecast.sales_history import LEVELS, month_text, sum_groups
from kamlib.measures.accuracy import seasonal_scales
from kamlib.measures.money import SCALE, to_money

BASELINE = "seasonal_naive"


def accuracy_on_holdout(
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    *,
    as_of: dt.date,
    params: ForecastParams,
    past: PastForecasts | None = None,
) -> pd.DataFrame:
    """Forecast again from past dates, as it would have been done then, and measure the errors.

    Past dates (origins) lie `params.holdout_step` months apart over the last `params.holdout_months` months;
    from each, all months up to `as_of` are forecast with what was known before it, by `params.method` and by
    seasonal naive. Pairs that first sold after an origin have a forecast of zero there: what new business
    brought counts as error. An origin needs `params.season_length` months of history before it.

    Parameters
    ----------
    cube, accounts : pandas.DataFrame
        As for `kamlib.forecast.forecast_sales`.
    as_of : datetime.date
        First day not seen.
    params : ForecastParams
        Method, season, history window and what is held out.
    past : PastForecasts, optional
        What `kamlib.forecast.replay_sales` made of the same cube; made here where it is None.

    Returns
    -------
    pandas.DataFrame
        One row per level, method, origin and horizon: level, method, origin (first month forecast; null: all
        origins together), horizon (months ahead, 1 is the origin itself; null: all together), origins and
        series (counts), actual and forecast [currency], wape and bias [fraction; bias > 0 is a forecast too
        high], mase and rmsse [multiple of seasonal naive's in-sample error, mean over series that have one].
        Measures without a denominator are null. Empty if the history is too short for any origin.

    Examples
    --------
    >>> months = [f"{y}-{m:02d}" for y in (2023, 2024, 2025) for m in range(1, 13)]
    >>> cube = pd.DataFrame({"account_id": "A", "product_line": "Bikes", "month": months, "revenue": 10})
    >>> accounts = pd.DataFrame({"account_id": ["A"], "region": "N", "account_type": "T", "rep_id": "R"})
    >>> table = accuracy_on_holdout(cube, accounts, as_of=dt.date(2026, 1, 1), params=ForecastParams())
    >>> table.loc[table["origin"].isna() & table["horizon"].isna(), "wape"].max()
    np.float64(0.0)
    """
    if past is None:
        past = replay_sales(cube, accounts, as_of=as_of, until=_next_month(as_of), params=params)
    pairs, groups = past.levels.pairs, past.levels.groups
    methods = list(dict.fromkeys([params.method, BASELINE]))
    dates = range(len(pairs.ticks) - params.holdout_months, len(pairs.ticks), params.holdout_step)
    codes = {level: pd.factorize(groups[level], sort=True) for level in LEVELS}
    cells: dict[tuple[str, str], list[_Cells]] = {}
    for origin in (date for date in dates if date >= params.season_length):
        known, ahead = pairs.until(origin), pairs.ticks[origin:]
        place = int(np.searchsorted(past.origins, origin))
        made: dict[str, Ints] = {params.method: past.forecast[place, : len(ahead)]}
        made[BASELINE] = naive_ticks(known, horizon=len(ahead), params=params)
        for method in methods:
            for level, (code, keys) in codes.items():
                before = sum_groups(known.ticks[-params.history_months :], code, len(keys)).T / SCALE
                absolute, squared = seasonal_scales(before, params.season_length)
                actual, forecast = (sum_groups(v, code, len(keys)) for v in (ahead, made[method]))
                cells.setdefault((level, method), []).append(
                    _Cells(origin, actual, forecast, absolute[:, None], squared[:, None])
                )
    rows = [
        {"level": level, "method": method} | row
        for (level, method), found in cells.items()
        for row in _rows(found, pairs.start)
    ]
    return _table(rows, methods)


@dataclass(frozen=True)
class _Cells:
    """Errors of one level, method and origin: one row a key, one column a month ahead."""

    origin: int
    actual: Ints
    forecast: Ints
    absolute: Floats
    squared: Floats

    def at(self, horizon: int) -> _Cells:
        """Return the cells of one month ahead."""
        ahead = slice(horizon - 1, horizon)
        return _Cells(
            self.origin, self.actual[:, ahead], self.forecast[:, ahead], self.absolute, self.squared
        )


def _rows(cells: list[_Cells], start: int) -> list[dict[str, object]]:
    rows = []
    longest = max(c.actual.shape[1] for c in cells)
    for origin in (None, *(c.origin for c in cells)):
        chosen = [c for c in cells if origin in (None, c.origin)]
        for horizon in (None, *range(1, longest + 1)):
            part = [c if horizon is None else c.at(horizon) for c in chosen]
            part = [c for c in part if c.actual.shape[1]]
            if part:
                name = None if origin is None else str(month_text(np.array([start + origin]))[0])
                rows.append({"origin": name, "horizon": horizon, "origins": len(part)} | _measures(part))
    return rows


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def _measures(cells: list[_Cells]) -> dict[str, object]:
    error = [(c.forecast - c.actual) / SCALE for c in cells]
    size = sum(float(np.abs(c.actual).sum()) for c in cells) / SCALE
    count = sum(e.shape[1] for e in error)
    absolute = sum((np.abs(e) / c.absolute).sum(axis=1) for e, c in zip(error, cells, strict=True)) / count
    squared = sum(((e / c.squared) ** 2).sum(axis=1) for e, c in zip(error, cells, strict=True)) / count
    return {
        "series": len(cells[0].actual),
        "actual": sum(int(c.actual.sum()) for c in cells),
        "forecast": sum(int(c.forecast.sum()) for c in cells),
        "wape": sum(float(np.abs(e).sum()) for e in error) / size if size else np.nan,
        "bias": sum(float(e.sum()) for e in error) / size if size else np.nan,
        "mase": _mean(absolute),
        "rmsse": _mean(np.sqrt(squared)),
    }


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _table(rows: list[dict[str, object]], methods: list[str]) -> pd.DataFrame:
    columns = ["level", "method", "origin", "horizon", "origins", "series", "actual", "forecast",
               "wape", "bias", "mase", "rmsse"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    for column in ("level", "method", "origin"):
        table[column] = table[column].astype("str")
    for column in ("horizon", "origins", "series"):
        table[column] = table[column].astype("Int64")
    for column in ("actual", "forecast"):
        table[column] = to_money(table[column].astype("int64"))
    for column in ("wape", "bias", "mase", "rmsse"):
        table[column] = table[column].astype("float64")
    by_level = table["level"].map({level: i for i, level in enumerate(LEVELS)})
    by_method = table["method"].map({method: i for i, method in enumerate(methods)})
    order = np.lexsort((table["horizon"].fillna(0), table["origin"].fillna(""), by_method, by_level))
    return table.iloc[order].reset_index(drop=True)
