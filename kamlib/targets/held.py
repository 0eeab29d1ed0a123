"""A plan beside the targets that hold for its months already: a quarter's beside the adopted year's."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd

from kamlib.measures.money import sum_money, to_money, to_ticks, total_money
from kamlib.periods import Period, parse_period

_KEYS = {
    "company": [],
    "rep": ["rep_id"],
    "region": ["region"],
    "account_type": ["account_type"],
    "product_line": ["product_line"],
    "quarter": ["quarter"],
    "month": ["month"],
    "account": ["account_id", "rep_id"],
}
_SOURCE = ["period", "run", "adopted_by", "adopted_at"]


@dataclass(frozen=True)
class Held:
    """What holds for the months of a plan, and what the plan asks of the same months.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per dimension (company, rep, region, account_type, product_line, quarter, month, account) and
        key (null: no rep, or no such side in the adopted file): dimension, key, rep_id (of accounts; one that
        changed hands has a row with each rep), target_held (adopted), target_beside (asked by the plan),
        held_change (asked less adopted) [currency] and held_reason (of accounts, see `compare_held`).
    months : tuple of str
        Months of the plan for which targets are adopted.
    whole : bool
        Whether these are all months of the plan.
    sources : pandas.DataFrame
        One row per adoption that holds for any of them: period, run, adopted_by, adopted_at.
    """

    table: pd.DataFrame = field(repr=False)
    months: tuple[str, ...]
    whole: bool
    sources: pd.DataFrame = field(repr=False)

    @property
    def total(self) -> Decimal:
        """What is adopted for these months in all [currency]."""
        return total_money(self.of("company")["target_held"])

    @property
    def change(self) -> Decimal:
        """What the plan asks beyond it [currency]."""
        return total_money(self.of("company")["held_change"])

    def of(self, dimension: str) -> pd.DataFrame:
        """Return the rows of one dimension."""
        return self.table[self.table["dimension"] == dimension]


def compare_held(targets: pd.DataFrame, adopted: pd.DataFrame | None, *, period: Period) -> Held | None:
    """Set a plan beside the adopted targets that hold for its months, by every side.

    Of the plan only those months count for which targets are adopted, so that both sums are of the same
    months. Each side's amounts stand with whom they were asked of: adopted ones with the rep, region and type
    of the adopted file, the plan's with its own.

    Why an account's amount differs is told by the first of these that applies: ``moved`` (another rep is
    asked now), ``closed`` (the plan does not ask it, as it does no closed account), ``new`` (what is adopted
    does not ask it), the bound that bit in the plan (``floor`` if it asks more than is adopted, ``cap`` if
    less, ``pin``), else ``share`` (its share of the total).

    Parameters
    ----------
    targets : pandas.DataFrame
        One row per account, product line and month; what `allocate_targets` returns as `targets`.
    adopted : pandas.DataFrame or None
        Adopted targets that hold: measure, period, run, adopted_by, adopted_at, account_id, rep_id, region,
        account_type, product_line, month, target [currency].
    period : Period
        The period planned.

    Returns
    -------
    Held or None
        None where no revenue target is adopted for any month of the period.

    Examples
    --------
    >>> plan = pd.DataFrame({"account_id": "A", "rep_id": "R", "region": "N", "account_type": "T",
    ...     "product_line": "L", "month": ["2026-01", "2026-02"], "target": [60, 40], "rule": "both",
    ...     "bound": "floor"})
    >>> year = plan.assign(measure="revenue", period="2026", run="001", adopted_by="Li", adopted_at="d",
    ...     target=[50, 45])
    >>> from kamlib.periods import parse_period
    >>> held = compare_held(plan, year, period=parse_period("2026Q1"))
    >>> held.months, held.whole, int(held.total), int(held.change), held.of("account")["held_reason"].item()
    (('2026-01', '2026-02'), False, 95, 5, 'floor')
    """
    if adopted is None:
        return None
    own = [str(month) for month in period.months()]
    rows = adopted[(adopted["measure"] == "revenue") & adopted["month"].isin(own)]
    if rows.empty:
        return None
    months = tuple(month for month in own if month in set(rows["month"]))
    asked = targets[targets["month"].isin(months)]
    start = period.fiscal_year_start
    quarters = {m: str(parse_period(m, fiscal_year_start=start).quarters()[0]) for m in months}
    rows, asked = (table.assign(quarter=table["month"].map(quarters)) for table in (rows, asked))
    table = pd.concat([_beside(name, rows, asked) for name in _KEYS], ignore_index=True)
    account = table["dimension"] == "account"
    table.loc[account, "held_reason"] = _reasons(table[account], asked)
    table = table.astype({"rep_id": "str", "held_reason": "str"})
    sources = rows[_SOURCE].drop_duplicates().sort_values(_SOURCE, ignore_index=True)
    return Held(table, months, len(months) == len(own), sources)


def _beside(dimension: str, held: pd.DataFrame, asked: pd.DataFrame) -> pd.DataFrame:
    """Return both sums of one dimension, one row per key of either."""
    by = ["dimension", *_KEYS[dimension]]
    amounts = ("target_held", "target_beside")
    sums = [
        sum_money(rows.assign(dimension=dimension, **{name: rows["target"]}), by, [name])
        for rows, name in zip((held, asked), amounts, strict=True)
    ]
    both = sums[0].merge(sums[1], how="outer", on=by, sort=True)
    ticks = [np.where(both[n].isna(), 0, to_ticks(both[n].fillna(0))).astype(np.int64) for n in amounts]
    key = both[by[1]] if len(by) > 1 else pd.Series("company", index=both.index)
    return pd.DataFrame(
        {
            "dimension": dimension,
            "key": key.astype("str"),
            "rep_id": both["rep_id"].astype("str") if dimension == "account" else None,
            "target_held": to_money(ticks[0]),
            "target_beside": to_money(ticks[1]),
            "held_change": to_money(ticks[1] - ticks[0]),
            "held_reason": None,
        }
    )


def _reasons(accounts: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Say of each row of an account why what is asked differs from what is adopted."""
    plan = asked.drop_duplicates("account_id").set_index("account_id")
    key = accounts["key"]
    bound, change = key.map(plan["bound"]), to_ticks(accounts["held_change"])
    bites = (bound == "pin") | (bound == "floor") & (change > 0) | (bound == "cap") & (change < 0)
    moved = key.duplicated(keep=False)
    fresh = to_ticks(accounts["target_held"]) == 0
    codes = np.select(
        [moved, ~key.isin(plan.index), fresh, bites],
        ["moved", "closed", "new", bound.fillna("").astype("object")],
        "share",
    )
    return pd.Series(codes, index=accounts.index, dtype="object")
