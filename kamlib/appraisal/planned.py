"""Which targets hold for whom in the time that is judged: adopted ones first, then the book's own."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kamlib.appraisal.window import Window
from kamlib.errors import BookError, KamError
from kamlib.measures.money import as_float
from kamlib.periods import parse_period

MEASURE_OF: Mapping[str, str] = {"revenue": "target_attainment"}
"""KPI that a target's measure belongs to, where the two have different names."""

_SUMS = ("revenue", "budget", "new_accounts", "new_account_value")
_SIDES = {"rep": "rep_id", "region": "region", "product_line": "product_line", "account_type": "account_type"}
PLANNED = {"measure": "str", "rep_id": "str", "account_id": "str", "asked": "float64", "source": "str"}


def planned_targets(
    targets: pd.DataFrame | None,
    adopted: pd.DataFrame | None,
    accounts: pd.DataFrame,
    *,
    window: Window,
    fiscal_year_start: int = 1,
) -> pd.DataFrame:
    """Find the targets of reps that hold in a window.

    Adopted targets come first, measure by measure, where they cover every month of the window. Of the book's
    own, rows that name a rep or an account count (an account's go to the rep who serves it): those for
    exactly the window or, for each rep and measure without one, those of shorter periods that together
    cover it, summed for revenue and new accounts, averaged for the others.

    Parameters
    ----------
    targets : pandas.DataFrame or None
        The book's: period, starts, ends, measure, account_id, rep_id, target; rows that name a region,
        product line or account type are no rep's and don't count.
    adopted : pandas.DataFrame or None
        Those that ``kam adopt`` wrote: period, measure, rep_id, account_id, month, target.
    accounts : pandas.DataFrame
        account_id, rep_id.
    window : Window
        What is judged.
    fiscal_year_start : int
        Calendar month in which the fiscal year starts.

    Returns
    -------
    pandas.DataFrame
        One row per KPI measure, rep and account: measure (revenue is ``target_attainment``), rep_id,
        account_id (null for a rep's target as a whole), asked, source (``adopted`` or ``book``).

    Examples
    --------
    >>> from kamlib.appraisal.window import judged_window
    >>> targets = pd.DataFrame({"period": ["2025Q1", "2025Q2"], "measure": "revenue", "rep_id": "R",
    ...                         "target": [100.0, 50.0]})
    >>> half = judged_window(parse_period("2025Q2"), to_date=True)
    >>> accounts = pd.DataFrame({"account_id": ["A"], "rep_id": ["R"]})
    >>> planned_targets(targets, None, accounts, window=half)[["measure", "rep_id", "asked"]]
                 measure rep_id  asked
    0  target_attainment      R  150.0
    """
    found = [_adopted(adopted, window), _own(targets, accounts, window, fiscal_year_start)]
    settled = set(found[0]["measure"])
    found[1] = found[1][~found[1]["measure"].isin(settled)]
    known = [part for part in found if len(part)]
    table = pd.concat(known, ignore_index=True) if known else found[1]
    table["measure"] = table["measure"].replace(dict(MEASURE_OF))
    table = table[list(PLANNED)].astype(PLANNED)
    return table.sort_values(["measure", "rep_id", "account_id"], ignore_index=True)


def check_asked(planned: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return planned targets as they are; refuse those of a rep that are zero or below.

    Parameters
    ----------
    planned : pandas.DataFrame
        Of `planned_targets`.
    window : Window
        Months that they are for, which the message names.

    Raises
    ------
    BookError
        If a rep's targets of a measure sum to zero or less; a part of nothing is no attainment.
    """
    asked = planned.groupby(["measure", "rep_id"])["asked"].sum()
    wrong = asked[asked <= 0]
    if len(wrong):
        measure, rep = wrong.index[0]
        raise BookError(
            f"targets.target: {wrong.iloc[0]:g} for rep {rep}, measure {measure}, {window.months[0]} to"
            f" {window.months[-1]} ({len(wrong)} such): an attainment needs one above 0. Set it, or leave the"
            " row out."
        )
    return planned


def planned_budgets(
    targets: pd.DataFrame | None, *, window: Window, fiscal_year_start: int = 1
) -> dict[str, dict[str, float]]:
    """Find the budgets of revenue that hold in a window.

    Budgets are rows of the book's targets whose measure is ``budget``. A row counts for the one side that it
    names, rep, region, product line or account type, or for the company where it names none; rows for exactly
    the window or, without one, those of shorter periods that together cover it, summed.

    Parameters
    ----------
    targets, window, fiscal_year_start
        As for `planned_targets`.

    Returns
    -------
    dict of str to dict of str to float
        By dimension and key [currency]; the company's key is ``company``. Empty without budgets.

    Examples
    --------
    >>> from kamlib.appraisal.window import judged_window
    >>> rows = pd.DataFrame({"period": ["2025Q1", "2025Q2"], "measure": "budget", "target": [100.0, 50.0]})
    >>> planned_budgets(rows, window=judged_window(parse_period("2025Q2"), to_date=True))
    {'company': {'company': 150.0}}
    """
    if targets is None or not (targets["measure"] == "budget").any():
        return {}
    rows = _with_spans(targets[targets["measure"] == "budget"], fiscal_year_start)
    first, last = pd.Timestamp(window.start), pd.Timestamp(window.end)
    rows = rows[(rows["begins"] >= first) & (rows["until"] <= last) & rows["account_id"].isna()]
    named = rows[list(_SIDES.values())].notna()
    found: dict[str, dict[str, float]] = {}
    for side, column in {"company": None, **_SIDES}.items():
        alone = named.sum(axis=1) == (0 if column is None else 1)
        mine = rows[alone if column is None else alone & named[column]]
        mine = mine.assign(rep_id="company" if column is None else mine[column])
        parts = {str(key): _cover(part, first, last) for key, part in mine.groupby("rep_id")}
        sums = {key: float(part["asked"].sum()) for key, part in parts.items() if len(part)}
        if sums:
            found[side] = sums
    return found


def _adopted(adopted: pd.DataFrame | None, window: Window) -> pd.DataFrame:
    if adopted is None or not len(adopted):
        return _none()
    parts = []
    asked = adopted.assign(asked=as_float(adopted["target"]))
    revenue = asked[(asked["measure"] == "revenue") & asked["month"].isin(window.months)]
    if set(revenue["month"]) == set(window.months):
        parts.append(
            revenue.groupby(["measure", "rep_id", "account_id"], as_index=False, dropna=False)["asked"].sum()
        )
    others = asked[(asked["measure"] != "revenue") & (asked["period"] == _label(window))]
    if len(others):
        parts.append(others[["measure", "rep_id", "account_id", "asked"]])
    if not parts:
        return _none()
    table = pd.concat(parts, ignore_index=True)
    return table[table["rep_id"].notna()].assign(source="adopted")


def _own(
    targets: pd.DataFrame | None, accounts: pd.DataFrame, window: Window, fiscal_year_start: int
) -> pd.DataFrame:
    if targets is None or not len(targets):
        return _none()
    rows = _with_spans(targets[targets["measure"].fillna("revenue") != "budget"], fiscal_year_start)
    rows = rows[rows[["region", "product_line", "account_type"]].isna().all(axis=1)]
    held = rows["account_id"].map(accounts.set_index("account_id")["rep_id"])
    rows["rep_id"] = rows["rep_id"].where(rows["rep_id"].notna(), held)
    rows = rows[rows["rep_id"].notna()]
    first, last = pd.Timestamp(window.start), pd.Timestamp(window.end)
    inside = rows[(rows["begins"] >= first) & (rows["until"] <= last)]
    parts = [
        _cover(part, first, last) for _, part in inside.groupby(["measure", "rep_id"]) if len(part)
    ]  # fmt: skip
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True).assign(source="book") if parts else _none()


def _with_spans(targets: pd.DataFrame, fiscal_year_start: int) -> pd.DataFrame:
    """Return targets with every side as a column, asked, and the days begins to until (not included)."""
    rows = targets.copy()
    for column in ("account_id", *_SIDES.values(), "starts", "ends", "period"):
        if column not in rows:
            rows[column] = None
    rows["asked"] = as_float(rows["target"])
    rows["measure"] = rows["measure"].fillna("revenue")
    spans = [
        _span(row, fiscal_year_start) for row in rows[["period", "starts", "ends"]].itertuples(index=False)
    ]
    return rows.assign(begins=[s[0] for s in spans], until=[s[1] for s in spans])


def _cover(part: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Return a rep's targets of one measure for the whole window: exact ones, else parts that cover it."""
    columns = ["measure", "rep_id", "account_id"]
    exact = part[(part["begins"] == first) & (part["until"] == last)]
    if len(exact):
        return exact.groupby(columns, as_index=False, dropna=False)["asked"].sum()
    spans = part[["begins", "until"]].drop_duplicates().sort_values(["begins", "until"])
    gapless = (spans["begins"].iloc[1:].to_numpy() == spans["until"].iloc[:-1].to_numpy()).all()
    if not gapless or spans["begins"].iloc[0] != first or spans["until"].iloc[-1] != last:
        return part.iloc[:0]
    of_span = part.groupby([*columns, "begins"], as_index=False, dropna=False)["asked"].sum()
    how = "sum" if part["measure"].iloc[0] in _SUMS else "mean"
    return of_span.groupby(columns, as_index=False, dropna=False)["asked"].agg(how)


def _span(row: tuple[object, ...], fiscal_year_start: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first day of a target's window and the day after its last."""
    label, starts, ends = row
    if isinstance(label, str) and label:
        period = parse_period(label, fiscal_year_start=fiscal_year_start)
        return pd.Timestamp(period.start), pd.Timestamp(period.end)
    begins, until = pd.Timestamp(starts), pd.Timestamp(ends)
    if pd.isna(begins) or pd.isna(until):
        raise KamError("targets: a row has neither a period nor both starts and ends. Fill one in.")
    return begins, until + pd.Timedelta(days=1)


def _label(window: Window) -> str:
    """Return the label of the year, quarter or month that a window is, or nothing."""
    whole = {12: window.first.year(), 3: window.first.quarters()[0], 1: window.first}.get(window.length)
    return str(whole) if whole is not None and whole.start == window.start else ""


def _none() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in PLANNED.items()})
