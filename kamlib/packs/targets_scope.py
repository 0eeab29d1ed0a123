"""What the pages on targets share: the run's words, names and total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from kamlib.glossary import Words
from kamlib.measures.money import as_float, to_money, to_ticks, total_money
from kamlib.packs.pages_proof import joined
from kamlib.periods import Period, parse_period
from kamlib.runs import Run
from kamlib.targets import CalendarParams, TargetSize
from kamlib.targets.calendars import compared_days
from kamlib.targets.facts import unknown_months
from kamlib.targets.held import around_held, total_held
from kamlib.targets.holding import Enclosing

_EVEN = 50  # percent
_YEAR = 12  # months
_TENTH = 10  # of the base's working days more or fewer
_LEADS = ("rep", "region", "account_type", "product_line")


@dataclass(frozen=True)
class Scope:
    """What every page of the chapter needs to word itself.

    Attributes
    ----------
    words : Words
        Language and currency.
    company : str
        Name of the book.
    size : TargetSize
        The total, with the period and the period it is compared with.
    reps : dict of str to str
        Names of reps.
    accounts : dict of str to str
        Names of accounts.
    doubt : tuple of str
        What `base_doubt` says of the base.
    """

    words: Words
    company: str
    size: TargetSize
    reps: dict[str, str]
    accounts: dict[str, str]
    doubt: tuple[str, ...] = ()

    def subtitle(self, what: str) -> str:
        """Return who · what, unit · period, scenarios."""
        known = "scenarios_no_forecast" if self.size.forecast is None else "scenarios"
        scenarios = self.words(f"targets.{known}", base=self.size.base_period, period=self.size.period)
        return self.about(what, scenarios)

    def about(self, what: str, scenarios: str) -> str:
        """Return who · what, unit · what is shown, where that is not the base, the forecast and the plan."""
        return self.words(
            "targets.subtitle",
            company=self.company,
            what=what,
            currency=self.words.money_unit,
            scenarios=scenarios,
        )

    def labels(self) -> dict[str, str]:
        """Return the headings of columns about the base period: it need not be last year's."""
        return base_labels(self.size.base_period, self.words)

    def rep_name(self, rep: object) -> str:
        """Return the name of a rep, the id where it has none, or the words for accounts without one."""
        return self.words("targets.unassigned") if pd.isna(rep) else self.reps.get(str(rep), str(rep))


def base_labels(base: str, words: Words) -> dict[str, str]:
    """Return the headings of columns that compare with a base period."""
    names = ("actual_last_year", "change_asked", "growth_asked")
    return {name: words(f"targets.base_{name}", base=base) for name in names}


def told_apart(names: Sequence[str], ids: Sequence[object]) -> list[str]:
    """Return names for a chart's axis: one that stands more than once gets its id.

    Examples
    --------
    >>> told_apart(["Li Na", "Li Na", "Wu"], ["R1", "R2", "R3"])
    ['Li Na (R1)', 'Li Na (R2)', 'Wu']
    """
    counts = Counter(names)
    return [f"{name} ({key})" if counts[name] > 1 else name for name, key in zip(names, ids, strict=True)]


def with_side(name: str, dimension: str, words: Words) -> str:
    """Return a name, of a region, account type or product line with what it is."""
    if dimension in ("company", "rep", "account"):
        return name
    return words("targets.chain_name", side=words.value("dimension", dimension), name=name)


def names_of(table: pd.DataFrame, scope: Scope) -> list[str]:
    """Return the name of each row's dimension and key."""
    words = scope.words
    names = []
    for dimension, key in zip(table["dimension"], table["key"], strict=True):
        if dimension == "rep":
            names.append(scope.rep_name(key))
        elif dimension == "account":
            names.append(scope.accounts.get(str(key), str(key)))
        elif dimension == "company":
            names.append(words.value("dimension", "company"))
        else:
            names.append(side_name(key, words))
    return names


def side_name(key: object, words: Words) -> str:
    """Return the name of a region, account type or product line; the words for what has none."""
    return words("targets.chain_unnamed") if pd.isna(key) else str(key)


def leading_side(table: pd.DataFrame) -> str:
    """Return whom a page tells of first: reps or, where the book names none who is asked, the next side.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per dimension and key, with the target.

    Examples
    --------
    >>> table = pd.DataFrame({"dimension": ["rep", "region"], "key": [None, "N"], "target": [9, 9]})
    >>> leading_side(table), leading_side(table.assign(key="R1"))
    ('region', 'rep')
    """
    asked = table[table["key"].notna() & (as_float(table["target"]) > 0)]
    return next((side for side in _LEADS if (asked["dimension"] == side).any()), _LEADS[0])


def mean_beside_middle(likely: pd.DataFrame) -> pd.Series:
    """Say of which targets the forecast, a mean, is on one side and the middle of what may come on the other.

    Parameters
    ----------
    likely : pandas.DataFrame
        What `kamlib.targets.attain_probability` returns.

    Returns
    -------
    pandas.Series
        "high": the forecast is above the target, and the chance, in whole percent, below 50; "low": the
        reverse; null elsewhere.

    Examples
    --------
    >>> likely = pd.DataFrame({"landing": [11, 9, 11], "target": 10, "reach_probability": [0.49, 0.6, 0.51]})
    >>> mean_beside_middle(likely).tolist()
    ['high', 'low', None]
    """
    gap = as_float(likely["landing"]) - as_float(likely["target"])
    chance = (100 * likely["reach_probability"].astype("float64")).round()
    codes = np.select([(gap > 0) & (chance < _EVEN), (gap < 0) & (chance > _EVEN)], ["high", "low"], "")
    return pd.Series(codes, index=likely.index, dtype="object").replace("", None)


def scope_of(run: Run, size: TargetSize) -> Scope:
    """Return the scope of a run's pages on targets."""
    accounts = run.load("accounts")
    reps = run.load("reps") if run.has("reps") else pd.DataFrame({"rep_id": [], "name": []})
    return Scope(
        run.words,
        run.facts["book"]["name"],
        size,
        dict(zip(reps["rep_id"], reps["name"].fillna(reps["rep_id"]), strict=True)),
        dict(zip(accounts["account_id"], accounts["name"].fillna(accounts["account_id"]), strict=True)),
        base_doubt(run, size.base_period, size.total),
    )


def base_doubt(run: Run, base: str, total: int) -> tuple[str, ...]:
    """Say how the base differs: older, known in part, or of a tenth more or fewer working days.

    Parameters
    ----------
    run : Run
        The run.
    base : str
        The period that the plan is compared with.
    total : int
        What the plan asks in all [currency].
    """
    earlier = parse_period(base, fiscal_year_start=run.period.fiscal_year_start)
    part = _part_base(run, earlier)
    return (*_older_base(run, base, total), *(part or _other_days(run, earlier, total)))


def _part_base(run: Run, base: Period) -> tuple[str, ...]:
    """Say how much the book knows of a base that it begins within or after."""
    cube, months = run.load("cube"), [str(month) for month in base.months()]
    unknown = unknown_months(cube, months)
    if not unknown:
        return ()
    known = {"first": str(cube["month"].min()), "months": len(months), "known": len(months) - unknown}
    return (run.words("planning.sentence_base_part", base=base, **known),)


def _other_days(run: Run, base: Period, total: int) -> tuple[str, ...]:
    """Say what the plan asks a working day, where the base had more or fewer."""
    period = run.period
    counts = compared_days(base, period, params=run.params(CalendarParams))
    if counts is None:
        return ()
    now, then = (sum(counts[str(month)] for month in each.months()) for each in (period, base))
    cube = run.load("cube")
    sold = total_money(cube.loc[cube["month"].isin([str(month) for month in base.months()]), "revenue"])
    if sold <= 0 or not then or not now or _TENTH * abs(now - then) < then:
        return ()
    growth = run.words.signed_percent(total / now / (float(sold) / then) - 1)
    return (run.words("planning.sentence_days", period=period, now=now, base=base, then=then, growth=growth),)


def _older_base(run: Run, base: str, total: int) -> tuple[str, ...]:
    """Say what is known of last year where the plan has to be compared with an earlier one."""
    last = run.period.last_year()
    if base == str(last):
        return ()
    words, cube = run.words, run.load("cube")
    months, today = [str(month) for month in last.months()], f"{run.as_of:%Y-%m}"
    rows = cube[cube["month"].isin([month for month in months if month < today])]
    said = words(
        "planning.sentence_base",
        base=base, last=last, months=len(months), known=rows["month"].nunique(),
        amount=words.money(total_money(rows["revenue"])),
    )  # fmt: skip
    recent = pd.period_range(end=pd.Period(today, "M") - 1, periods=_YEAR, freq="M").astype(str)
    sold = total_money(cube.loc[cube["month"].isin(recent), "revenue"])
    if len(months) < _YEAR or sold <= 0 or str(cube["month"].min()) > recent[0]:
        return (said,)
    growth = words.signed_percent(float(total / sold) - 1)
    recently = words(
        "planning.sentence_base_recent", as_of=run.as_of, amount=words.money(sold), growth=growth
    )
    return (joined([said, recently], words),)


def held_of(run: Run) -> Decimal | None:
    """Return what is asked of the company for the run's period already, in the book or adopted [currency]."""
    own, adopted = _held_tables(run)
    return total_held(
        adopted, own, run.load("accounts"), _expected(run, expected_cells(run)), period=run.period
    )


def around_of(run: Run) -> Enclosing | None:
    """Return the book's own target of a longer period around the run's, where none holds for all of that."""
    own, adopted = _held_tables(run)
    coming = expected_cells(run)
    expected = _expected(run, coming)
    return around_held(adopted, own, run.load("accounts"), expected, period=run.period, coming=coming)


def _held_tables(run: Run) -> list[pd.DataFrame | None]:
    """Return the book's own targets and the adopted ones; None where there are none."""
    return [run.load(name) if run.has(name) else None for name in ("targets", "adopted_targets")]


def _expected(run: Run, coming: pd.DataFrame) -> pd.DataFrame:
    """Return what is expected in the run's period, zero or more."""
    rows = coming[coming["month"].isin([str(month) for month in run.period.months()])]
    return rows.assign(target=to_money(np.maximum(to_ticks(rows["target"]), 0), rows.index))


def expected_cells(run: Run) -> pd.DataFrame:
    """Return what accounts bought of product lines in the year's months that are over, and what is forecast.

    The year is that of the run's period. Columns are account_id, rep_id, region, account_type, product_line,
    month and target [currency].
    """
    columns = ["account_id", "product_line", "month", "target"]
    year = [str(month) for month in run.period.year().months()]
    sold, forecast = run.load("cube"), run.load("forecast")
    sold = sold[sold["month"].isin(year)].rename(columns={"revenue": "target"})[columns]
    ahead = forecast[(forecast["level"] == "account_line") & forecast["period"].isin(year)]
    ahead = ahead.rename(columns={"period": "month", "forecast": "target"})[columns]
    both = pd.concat([sold, ahead[~ahead["month"].isin(sold["month"])]], ignore_index=True)
    sides = run.load("accounts")[["account_id", "rep_id", "region", "account_type"]]
    return both.merge(sides, how="left", on="account_id")


def pipeline_of(run: Run) -> pd.DataFrame | None:
    """Return what the pipeline adds to the forecast by month; None where the book has no opportunities."""
    return run.load("pipeline_months") if run.has("pipeline_months") else None
