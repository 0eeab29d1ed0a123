"""Why targets differ between two runs, in words that add up to the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.measures.money import as_float
from kamlib.runs.run import Run

TABLE = "target_accounts"
WEIGHTS = "target_weights"
_LARGEST = 12
_NEED = ("account_id", "rule", "blend", "proposal", "bounded", "target", "bound")
_CHAIN = ("by_own_bounds", "by_required", "by_rest")
_POINTS = 0.0005  # share below which a change of a share rounds to 0.0 points
_DOES = {"floor": "raises", "cap": "cuts", "pin": "holds"}
_ROUNDED = 5e-7  # weights written in percent to four places

Amounts = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Compared:
    """The targets of accounts in two runs, and the parts that each change is made of.

    Attributes
    ----------
    both : pandas.DataFrame
        One row per account of either run, by account_id; columns of A end in ``_a``, of B in ``_b``.
    target : list of arrays
        Targets in A and in B, 0 where a run lacks the account [currency].
    parts : dict of arrays
        Parts of each change, by name; they add up to it [currency].
    words : dict of str
        What each part is called, where that is the same for all accounts.
    """

    both: pd.DataFrame
    target: list[Amounts]
    parts: dict[str, Whole]
    words: dict[str, str]


def explain_targets(a: Run, b: Run) -> list[list[object]]:
    """Say of the accounts whose targets differ most why they do.

    The change falls into parts that add up to it: what the changed total brings at the old blend; at the new
    total, what each share that moved brings at the mean of its two weights, and what changed weights bring
    at the means of the shares; what its own floor, cap or pin, required totals and its share of what all
    bounds leave over changed; and rounding to units. Of runs that don't say their weights (table
    ``target_weights``) shares and weights are one part, and so are bounds of runs that don't tell them apart.
    Own bounds are named by what they did to the proposal: a cap that an account was only pushed up to by what
    others left over is no cause.

    Parameters
    ----------
    a, b : Run
        Two planning runs.

    Returns
    -------
    list of [account_id, target in A, target in B, B - A, why]
        Largest change first, ties by account_id; empty where one of the runs has no targets by account.
    """
    compared = compare_targets(a, b)
    if compared is None:
        return []
    old, new = compared.target
    change = new - old
    order = np.argsort(-np.abs(change), kind="stable")[:_LARGEST]
    ids = compared.both["account_id"]
    return [
        [ids.iloc[i], int(old[i]), int(new[i]), int(change[i]), _why(compared, i)] for i in order if change[i]
    ]


def changed_accounts(a: Run, b: Run) -> int:
    """Count the accounts whose targets differ; none where one of the runs has no targets by account."""
    compared = compare_targets(a, b)
    return 0 if compared is None else int((compared.target[0] != compared.target[1]).sum())


def compare_targets(a: Run, b: Run) -> Compared | None:
    """Lay the targets of two runs side by side, account by account, with the parts of each change.

    Parameters
    ----------
    a, b : Run
        Two planning runs.

    Returns
    -------
    Compared or None
        None where one of the runs has no targets by account, or does not say how they came about.
    """
    if not (a.has(TABLE) and b.has(TABLE)):
        return None
    old, new = a.load(TABLE), b.load(TABLE)
    if any(column not in table.columns for table in (old, new) for column in _NEED):
        return None
    both = old.merge(new, on="account_id", how="outer", suffixes=("_a", "_b"), sort=True)
    target = [_amounts(both, "target", side) for side in "ab"]
    weights = [_weights(run) for run in (a, b)]
    parts = _parts(both, weights, target[0].sum(), target[1].sum(), target[1] - target[0])
    periods = [str(run.facts["period"]) for run in (a, b)]
    same = periods[0] == periods[1]
    words = {
        "total": "the total changed" if same else f"the total, of {periods[1]} in place of {periods[0]}",
        "weights": _weights_moved(weights),
        "bounds": "floors, caps and the rest",
        "by_required": "required totals",
        "by_rest": "its share of what all bounds leave over",
        "rounding": "by rounding",
    }
    return Compared(both, target, parts, words)


def _amounts(both: pd.DataFrame, column: str, side: str) -> Amounts:
    return np.nan_to_num(as_float(both[f"{column}_{side}"]))


def _weights(run: Run) -> dict[str, float] | None:
    """Return the weights that factors effectively had; None where the run does not say."""
    if not run.has(WEIGHTS):
        return None
    table = run.load(WEIGHTS)
    return dict(zip(table["factor"], table["weight"].astype(float), strict=True))


def _parts(
    both: pd.DataFrame,
    weights: list[dict[str, float] | None],
    total_a: float,
    total_b: float,
    change: Amounts,
) -> dict[str, Whole]:
    """Return the parts of each change in whole units of currency; rounding takes what is left."""
    blend = [_amounts(both, "blend", side) for side in "ab"]
    exact = {"total": (total_b - total_a) * blend[0]}
    if weights[0] is None or weights[1] is None:
        exact["blend"] = total_b * (blend[1] - blend[0])
    else:
        exact |= {name: total_b * moved for name, moved in _blended(both, weights[0], weights[1]).items()}
    exact |= _held(both)
    parts = {name: np.rint(values).astype(np.int64) for name, values in exact.items()}
    parts["rounding"] = np.rint(change).astype(np.int64) - sum(parts.values())
    return parts


def _held(both: pd.DataFrame) -> dict[str, Amounts]:
    """Return what an account's own bounds, required totals and the share of what all bounds leave changed.

    Of a run that does not tell them apart they are one part.
    """
    if all(f"{name}_{side}" in both for name in _CHAIN for side in "ab"):
        return {name: _amounts(both, name, "b") - _amounts(both, name, "a") for name in _CHAIN}
    held = [_amounts(both, "bounded", side) - _amounts(both, "proposal", side) for side in "ab"]
    return {"bounds": held[1] - held[0]}


def _blended(both: pd.DataFrame, old: Mapping[str, float], new: Mapping[str, float]) -> dict[str, Amounts]:
    """Split the change of the blend by factor, and what changed weights make: exact, with means of both."""
    parts, by_weights = {}, np.zeros(len(both))
    for name in dict.fromkeys([*old, *new]):
        weight = (old.get(name, 0.0), new.get(name, 0.0))
        share = _both_shares(both, name)
        parts[name] = (share[1] - share[0]) * sum(weight) / 2
        by_weights += (share[0] + share[1]) / 2 * (weight[1] - weight[0])
    return {**parts, "weights": by_weights}


def _both_shares(both: pd.DataFrame, name: str) -> tuple[Amounts, Amounts]:
    """Return a factor's shares in A and B; a run without them is taken to have those of the other."""
    if f"{name}_share_a" in both:
        return _amounts(both, f"{name}_share", "a"), _amounts(both, f"{name}_share", "b")
    only = np.nan_to_num(as_float(both[f"{name}_share"]))
    return only, only


def _why(compared: Compared, i: int) -> str:
    row = compared.both.iloc[i]
    if pd.isna(row["rule_a"]) or pd.isna(row["rule_b"]):
        return f"the account is only in {'B' if pd.isna(row['rule_a']) else 'A'}"
    told = [
        f"{amounts[i]:+,} {compared.words.get(name) or _moved(row, name)}"
        for name, amounts in compared.parts.items()
        if amounts[i]
    ]
    if row["rule_a"] != row["rule_b"]:
        told.append(f"(rule {row['rule_b']} in place of {row['rule_a']})")
    return "; ".join(told)


def _moved(row: pd.Series, name: str) -> str:
    """Say what own bounds did, or by how many points a factor's share moved."""
    if name == "by_own_bounds":
        return _own_bounds(row)
    if name == "blend":
        return f"shares and weights moved the blend {points(row['blend_b'] - row['blend_a'])}"
    return f"{name.replace('_', ' ')} share {points(row[f'{name}_share_b'] - row[f'{name}_share_a'])}"


def points(moved: float) -> str:
    """Write by how many points a share moved."""
    return f"{100 * moved:+.1f} points" if abs(moved) >= _POINTS else "by less than 0.1 points"


def _weights_moved(weights: list[dict[str, float] | None]) -> str:
    """Say which weights changed from what to what."""
    old, new = (known or {} for known in weights)
    told = [
        f"{name.replace('_', ' ')} {100 * old.get(name, 0):.4g} to {100 * new.get(name, 0):.4g} %"
        for name in dict.fromkeys([*old, *new])
        if abs(new.get(name, 0) - old.get(name, 0)) > _ROUNDED
    ]
    return f"weights of {', '.join(told)}"


def _own_bounds(row: pd.Series) -> str:
    """Say what the account's own floor, cap or pin did to its proposal: a cap cuts it, a floor raises it."""
    before, after = (_own_bound(row, side) for side in "ab")
    if before == after and after in ("floor", "cap"):
        more = abs(row["by_own_bounds_b"]) > abs(row["by_own_bounds_a"])
        return f"the {after} {_DOES[after]} {'more' if more else 'less'}"
    if before and after and "pin" in (before, after):  # a pin may lie on either side of what it takes over
        return "its pin" if before == after else f"the {after} in place of the {before}"
    told = [f"the {before} no longer {_DOES[before]}"] if before else []
    return ", ".join([*told, *([f"the {after} {_DOES[after]} now"] if after else [])])


def _own_bound(row: pd.Series, side: str) -> str | None:
    """Name the bound that moved the account's proposal in A or B; one it was only pushed to moved nothing."""
    if row[f"bound_{side}"] == "pin":
        return "pin"
    moved = row[f"by_own_bounds_{side}"]
    return None if not moved else "cap" if moved < 0 else "floor"
