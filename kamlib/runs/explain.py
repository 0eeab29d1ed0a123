"""Why targets differ between two runs, in words that add up to the change."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.measures.money import as_float
from kamlib.runs.run import Run

TABLE = "target_accounts"
_LARGEST = 12
_NEED = ("account_id", "rule", "blend", "proposal", "bounded", "target", "bound")
_POINTS = 0.0005  # share below which a change of a share rounds to 0.0 points
_BOUNDS = {"floor": "floor", "cap": "cap", "pin": "pin"}


def explain_targets(a: Run, b: Run) -> list[list[object]]:
    """Say of the accounts whose targets differ most why they do.

    The change falls into four parts that add up to it: what the changed total brings at the old share; what
    the changed share brings at the new total, with the shares that moved; what floors, caps and pins changed;
    and rounding to units.

    Parameters
    ----------
    a, b : Run
        Two planning runs.

    Returns
    -------
    list of [account_id, target in A, target in B, B - A, why]
        Largest change first, ties by account_id; empty where one of the runs has no targets by account.
    """
    if not (a.has(TABLE) and b.has(TABLE)):
        return []
    old, new = a.load(TABLE), b.load(TABLE)
    if any(column not in table.columns for table in (old, new) for column in _NEED):
        return []
    both = old.merge(new, on="account_id", how="outer", suffixes=("_a", "_b"), sort=True)
    target = [_amounts(both, "target", side) for side in "ab"]
    change = target[1] - target[0]
    parts = _parts(both, target[0].sum(), target[1].sum(), change)
    order = np.argsort(-np.abs(change), kind="stable")[:_LARGEST]
    return [
        [
            both["account_id"].iloc[i],
            int(target[0][i]),
            int(target[1][i]),
            int(change[i]),
            _why(both, parts, i),
        ]
        for i in order
        if change[i]
    ]


def _amounts(both: pd.DataFrame, column: str, side: str) -> npt.NDArray[np.float64]:
    return np.nan_to_num(as_float(both[f"{column}_{side}"]))


def _parts(
    both: pd.DataFrame, total_a: float, total_b: float, change: npt.NDArray[np.float64]
) -> dict[str, npt.NDArray[np.int64]]:
    """Return the four parts of each change in whole units of currency; rounding takes what is left."""
    blend = [_amounts(both, "blend", side) for side in "ab"]
    held = [_amounts(both, "bounded", side) - _amounts(both, "proposal", side) for side in "ab"]
    exact = {
        "total": (total_b - total_a) * blend[0],
        "share": total_b * (blend[1] - blend[0]),
        "bounds": held[1] - held[0],
    }
    parts = {name: np.rint(values).astype(np.int64) for name, values in exact.items()}
    parts["rounding"] = np.rint(change).astype(np.int64) - sum(parts.values())
    return parts


def _why(both: pd.DataFrame, parts: dict[str, npt.NDArray[np.int64]], i: int) -> str:
    row = both.iloc[i]
    if pd.isna(row["rule_a"]) or pd.isna(row["rule_b"]):
        return f"the account is only in {'B' if pd.isna(row['rule_a']) else 'A'}"
    words = {
        "total": "the total changed",
        "share": ", ".join(_shares(row)) or "the shares of others changed",
        "bounds": ", ".join(_bounds(row)) or "what required totals and others' floors and caps leave",
        "rounding": "whole units",
    }
    if row["rule_a"] != row["rule_b"]:
        words["share"] = f"rule {row['rule_b']} in place of {row['rule_a']}, {words['share']}"
    told = [f"{parts[name][i]:+,} {text}" for name, text in words.items() if parts[name][i]]
    return "; ".join(told)


def _shares(row: pd.Series) -> list[str]:
    """Say by how many points the shares moved that the blend is made of."""
    names = [name[: -len("_share_a")] for name in row.index if name.endswith("_share_a")]
    told = []
    for name in names:
        moved = row.get(f"{name}_share_b", np.nan) - row[f"{name}_share_a"]
        if abs(moved) >= _POINTS:
            told.append(f"{name.replace('_', ' ')} share {100 * moved:+.1f} points")
    moved = row["blend_b"] - row["blend_a"]
    if not told and abs(moved) >= _POINTS:
        told.append(f"weights of the shares moved the blend {100 * moved:+.1f} points")
    return told


def _bounds(row: pd.Series) -> list[str]:
    before, after = _BOUNDS.get(row["bound_a"]), _BOUNDS.get(row["bound_b"])
    if before == after:
        return [f"the {after} moved"] if after else []
    told = [f"the {before} no longer binds"] if before else []
    return told + ([f"the {after} binds now"] if after else [])
