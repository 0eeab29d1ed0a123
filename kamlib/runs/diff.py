"""What differs between two runs: parameters, data, versions, and the numbers of every table."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import RunError
from kamlib.glossary import columns as glossary
from kamlib.measures.money import total_money
from kamlib.runs.explain import changed_accounts, explain_targets
from kamlib.runs.explain_reps import moved_reps
from kamlib.runs.run import Run, open_run

Rows = list[list[object]]
_LARGEST = 5
_CUTS = ("dimension", "level", "scenario", "split_rule", "method", "model", "measure", "side", "step")
"""Columns of tables that hold the same sum by several cuts, or several sums: their rows don't add up."""
_NAMED = {"account_id": "accounts", "rep_id": "reps"}  # columns of ids, and the tables that name them
_SIDES = {"account": "account_id", "rep": "rep_id"}  # dimensions and levels whose keys are such ids
_NOISE = 1e-9  # relative to the amount, or of a fraction: sums of floats differ by less from run to run


@dataclass(frozen=True)
class Difference:
    """What differs between run A and run B.

    Attributes
    ----------
    warnings : list of str
        What the two runs do not share though their numbers are only like for like where they do: the period,
        the book, the currency where only one names any.
    parameters : list of [name, value in A, value in B]
    data : list of [fact, value in A, value in B]
        Book, period, planning date, language, row counts, content hash, adopted targets, versions.
    totals : list of [table, column, rows that differ, sum in A, sum in B, B - A]
        One row per number column that differs; rows only one run has count as differing. Sums are given of
        amounts whose rows add up; what differs by a rounding of float arithmetic does not count.
    largest : list of [table, column, row's key, value in A, value in B, B - A]
        The largest changes of each such column; nothing of tables whose rows have no key.
    reps : list of [rep, target in A, target in B, B - A, why]
        Reps whose targets differ, see `kamlib.runs.explain_reps`.
    reasons : list of [account, target in A, target in B, B - A, why]
        Why the targets of the accounts changed that changed most, see `kamlib.runs.explain`.
    changed : int
        Number of accounts whose targets differ.
    currency : str
        What targets of both runs are in; empty where a run's book names none.

    Accounts and reps are told by id and name, where a run's tables know it.
    """

    warnings: list[str]
    parameters: Rows
    data: Rows
    totals: Rows
    largest: Rows
    reps: Rows
    reasons: Rows
    changed: int = 0
    currency: str = ""

    def sections(self) -> list[tuple[str, list[str], Rows]]:
        """Return title, header and rows of each part, for printing."""
        change = ["A", "B", "B - A"]
        unit = f" [{self.currency}]" if self.currency else ""
        money, why = [f"{name}{unit}" for name in change], f"why{unit}"
        left = self.changed > len(self.reasons)
        extract = f" (the {len(self.reasons)} accounts that moved most, of {self.changed})" if left else ""
        return [
            ("Parameters that differ", ["parameter", "A", "B"], self.parameters),
            ("Data and versions that differ", ["fact", "A", "B"], self.data),
            ("Reps whose targets changed", ["rep", *money, why], _separated(self.reps)),
            (f"Why targets changed{extract}", ["account", *money, why], _separated(self.reasons)),
            ("Numbers that differ", ["table", "column", "rows", *change], self.totals),
            ("Largest changes", ["table", "column", "row", *change], self.largest),
        ]


def diff_runs(run_a: Path, run_b: Path) -> Difference:
    """Compare two published runs.

    Parameters
    ----------
    run_a, run_b : pathlib.Path
        Run folders.

    Returns
    -------
    Difference

    Raises
    ------
    RunError
        If one of them is not a run folder, or they are runs of different packs or in different currencies.
    """
    a, b = open_run(str(run_a)), open_run(str(run_b))
    packs = [run.facts["pack"] for run in (a, b)]
    if packs[0] != packs[1]:
        raise RunError(
            f"{run_a} is a run of the {packs[0]} pack and {run_b} of the {packs[1]} pack; "
            f"compare two runs of one pack."
        )
    currencies = [str(run.facts["book"]["currency"]) for run in (a, b)]
    if all(currencies) and currencies[0] != currencies[1]:
        raise RunError(
            f"{run_a} is in {currencies[0]} and {run_b} in {currencies[1]}; amounts cannot be compared. "
            f"Compare two runs in one currency."
        )
    names = {column: _names(table, column, a, b) for column, table in _NAMED.items()}
    data_keys = ("pack", "period", "as_of", "lang", "seed", "book", "versions")
    totals: Rows = []
    largest: Rows = []
    hashes_a, hashes_b = a.facts.get("tables", {}), b.facts.get("tables", {})
    for name in sorted({*hashes_a, *hashes_b}):
        if hashes_a.get(name) != hashes_b.get(name):
            found = _diff_table(name, a, b, names)
            totals += found[0]
            largest += found[1]
    accounts = names["account_id"]
    return Difference(
        warnings=_warnings(a, b),
        parameters=_diff_facts(a.facts["parameters"], b.facts["parameters"]),
        data=_diff_facts(*({k: run.facts.get(k) for k in data_keys} | _adopted(run) for run in (a, b))),
        totals=totals,
        largest=largest,
        reps=[
            [_told(row[0], names["rep_id"]), *row[1:]]
            for row in moved_reps(a, b, lambda account: _told(account, accounts))
        ],
        reasons=[[_told(row[0], accounts), *row[1:]] for row in explain_targets(a, b)],
        changed=changed_accounts(a, b),
        currency=currencies[0] if currencies[0] == currencies[1] else "",
    )


def _warnings(a: Run, b: Run) -> list[str]:
    """Say what the runs do not share though amounts are like for like only where they do."""
    told = []
    periods = [str(run.facts["period"]) for run in (a, b)]
    if periods[0] != periods[1]:
        told.append(
            f"A is of {periods[0]}, B of {periods[1]}: what differs by amount differs first of all because "
            "the periods do. To see what parameters or data changed, compare two runs of one period."
        )
    books = [str(run.facts["book"]["name"]) for run in (a, b)]
    if books[0] != books[1]:
        told.append(
            f'A is of the book "{books[0]}", B of "{books[1]}": rows are matched by id alone, so that an '
            "account or rep of one id may be another in each. Compare books of one company only."
        )
    currencies = [str(run.facts["book"]["currency"]) for run in (a, b)]
    if currencies[0] != currencies[1]:
        with_one, without = "AB" if currencies[0] else "BA"
        currency = currencies[0] or currencies[1]
        told.append(
            f"{with_one} is in {currency}, the book of {without} names no currency: amounts are like for "
            f"like only if they are in {currency} too. Name it in that book (currency: {currency})."
        )
    return told


def _names(table: str, column: str, a: Run, b: Run) -> dict[str, str]:
    """Return the names of ids, B's where the runs differ; none where no run's table tells any."""
    found: dict[str, str] = {}
    for run in (a, b):
        rows = run.load(table) if run.has(table) else pd.DataFrame(columns=[column, "name"])
        if "name" in rows:
            known = rows[[column, "name"]].dropna()
            found |= dict(zip(known[column].astype(str), known["name"].astype(str), strict=True))
    return found


def _told(part: object, names: Mapping[str, str]) -> str:
    """Write an id with the name it has, if that is another."""
    text = str(part).removesuffix(" 00:00:00")
    name = names.get(text, text)
    return text if name == text else f"{text} {name}"


def _adopted(run: Run) -> dict[str, str]:
    """Say which adopted targets a run was made with: each version, and a hash of what all of them hold."""
    if not run.has("adopted_targets"):
        return {"adopted targets": "none"}
    files = run.load("adopted_targets")[["period", "version"]].drop_duplicates()
    names = sorted(f"{row.period}-v{int(row.version):03d}" for row in files.itertuples())
    return {"adopted targets": f"{', '.join(names)} (hash {run.facts['adopted']})"}


def _separated(rows: Rows) -> Rows:
    """Write whole amounts with separators."""
    return [[f"{value:,}" if isinstance(value, int) else value for value in row] for row in rows]


def _flat(values: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(values, Mapping):
        return {prefix: values}
    parts = [_flat(value, f"{prefix}.{name}" if prefix else str(name)) for name, value in values.items()]
    return dict(itertools.chain.from_iterable(part.items() for part in parts))


def _diff_facts(a: Mapping[str, Any], b: Mapping[str, Any]) -> Rows:
    flat_a, flat_b = _flat(a), _flat(b)
    names = [*flat_a, *(name for name in flat_b if name not in flat_a)]
    stated = [(n, _stated(flat_a.get(n)), _stated(flat_b.get(n))) for n in names]
    return [[n, _written(old), _written(new)] for n, old, new in stated if old != new]


def _written(value: Any) -> Any:
    """Write a list as parameter files do, on one line."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


def _stated(value: Any) -> Any:
    """Leave out what entries of a list leave open (null)."""
    if isinstance(value, list):
        return [_stated(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _stated(item) for name, item in value.items() if item is not None}
    return value


def _diff_table(name: str, a: Run, b: Run, names: Mapping[str, Mapping[str, str]]) -> tuple[Rows, Rows]:
    if not (a.has(name) and b.has(name)):
        where = "A" if a.has(name) else "B"
        return [[name, f"only in {where}", None, None, None, None]], []
    left, right = a.load(name), b.load(name)
    keys = _key(left, right)
    shared = [c for c in left.columns if c in right.columns and c not in keys]
    numbers = [c for c in shared if _is_number(left[c]) and _is_number(right[c])]
    if keys:
        both = left.merge(right, on=keys, how="outer", suffixes=("_a", "_b"))
    else:
        both = left.add_suffix("_a").join(right.add_suffix("_b"), how="outer")
    adds_up = not any(cut in left.columns for cut in _CUTS)
    named = bool(keys) or len(both) == 1
    totals: Rows = []
    largest: Rows = []
    for column in numbers:
        old, new = _floats(both[f"{column}_a"]), _floats(both[f"{column}_b"])
        differs = ~np.isclose(old, new, rtol=_NOISE, atol=_NOISE, equal_nan=True)
        if not differs.any():
            continue
        change = np.nan_to_num(new) - np.nan_to_num(old)
        shown = ["-"] * 3
        if adds_up and _is_amount(column):
            before, after = total_money(left[column]), total_money(right[column])
            shown = [_short(float(amount)) for amount in (before, after, after - before)]
        totals.append([name, column, int(differs.sum()), *shown])
        top = np.argsort(-np.abs(change), kind="stable")[: min(_LARGEST, int(differs.sum()))]
        largest += [
            [name, column, _row_name(both, keys, i, names), *map(_short, (old[i], new[i], change[i]))]
            for i in (top if named else ())
        ]
    return totals, largest


def _row_name(
    table: pd.DataFrame, keys: Sequence[str], at: int, names: Mapping[str, Mapping[str, str]]
) -> str:
    parts = {key: table[key].iloc[at] for key in keys}
    of = str(parts.get("dimension", parts.get("level", "")))
    column = {key: _SIDES.get(of, key) if key == "key" else key for key in keys}
    texts = ["–" if pd.isna(part) else _told(part, names.get(column[key], {})) for key, part in parts.items()]
    return " · ".join(texts) or "the only row"


def _is_amount(column: str) -> bool:
    """Say whether the values of a column can be added up: money, but no fractions, scores or places."""
    known = glossary().get(column)
    return known is not None and known.dtype == "money"


def _key(left: pd.DataFrame, right: pd.DataFrame) -> list[str]:
    """Return the leading columns that together name a row in both tables; none if nothing does.

    Text and dates come first, then whole numbers that are no amounts, such as a month's place or a year.
    """
    shared = [column for column in left.columns if column in right.columns]
    texts = [column for column in shared if not _is_number(left[column])]
    places = [c for c in shared if pd.api.types.is_integer_dtype(left[c].dtype) and not _is_amount(c)]
    keys: list[str] = []
    for column in [*texts, *places]:
        keys.append(column)
        if not left.duplicated(keys).any() and not right.duplicated(keys).any():
            return keys
    return []


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)


def _floats(values: pd.Series) -> Any:
    return values.astype("float64").to_numpy(dtype=np.float64, na_value=np.nan)


def _short(value: float) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
