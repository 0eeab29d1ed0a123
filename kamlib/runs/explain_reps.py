"""Why reps' targets differ between two runs: the sums of their accounts' reasons."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.runs.explain import Compared, Whole, compare_targets, points
from kamlib.runs.run import Run

SUMS = "target_summary"
NO_REP = "(no rep)"
_MOST = 2  # parts of which the account that makes most is named
_OF_ALL = ("total", "weights", "rounding")  # parts that no account stands out by
_WORDS = {
    "by_own_bounds": "floors, caps and pins",
    "by_rest": "shares of what all bounds leave over",
    "gained": "accounts that had another rep",
    "lost": "accounts that have another rep now",
    "new": "accounts only in B",
    "gone": "accounts only in A",
}


def moved_reps(a: Run, b: Run, told: Callable[[str], str] = str) -> list[list[object]]:
    """List the reps whose targets differ, and why.

    The change of a rep is the sum of the accounts' changes, and its parts are the sums of theirs, of the
    accounts that the rep has in both runs; an account that came or went counts whole, as such. Of the parts
    that move most the account that makes most of it is named.

    Parameters
    ----------
    a, b : Run
        Two planning runs.
    told : callable, optional
        How to write an account_id.

    Returns
    -------
    list of [rep_id, target in A, target in B, B - A, why]
        Largest change first, ties by rep_id; empty where one of the runs has no targets by rep. Why is empty
        where the runs do not say it of accounts.
    """
    if not (a.has(SUMS) and b.has(SUMS)):
        return []
    old, new = (_reps(run.load(SUMS)) for run in (a, b))
    reps = sorted({*old.index, *new.index})
    rows = [[rep, int(old.get(rep, 0)), int(new.get(rep, 0))] for rep in reps]
    moved = [[*row, row[2] - row[1]] for row in rows if row[2] != row[1]]
    compared = compare_targets(a, b)
    return [
        [*row, "" if compared is None else _why(compared, str(row[0]), told)]
        for row in sorted(moved, key=lambda row: -abs(row[3]))
    ]


def _reps(summary: pd.DataFrame) -> pd.Series:
    """Return the target of each rep, and of accounts without one."""
    reps = summary[(summary["dimension"] == "rep") & ~summary["without_account"]]
    return reps.assign(rep_id=reps["key"].fillna(NO_REP)).set_index("rep_id")["target"]


def _why(compared: Compared, rep: str, told: Callable[[str], str]) -> str:
    """Say what a rep's change is made of, the largest parts first, rounding last."""
    parts, kept = _parts(compared, rep)
    sums = {name: int(amounts.sum()) for name, amounts in parts.items()}
    order = sorted(
        (name for name in sums if sums[name]), key=lambda name: (name == "rounding", -abs(sums[name]))
    )
    named = [name for name in order if name not in _OF_ALL][:_MOST]
    said = []
    for name in order:
        words = (
            f"{sums[name]:+,} {_WORDS.get(name) or compared.words.get(name) or _share(compared, name, kept)}"
        )
        if name in named:
            most = int(np.argmax(np.sign(sums[name]) * parts[name]))
            account, made = told(compared.both["account_id"].iloc[most]), parts[name][most]
            words += f", all {account}" if made == sums[name] else f", most {account} {made:+,}"
        said.append(words)
    return "; ".join(said)


def _parts(compared: Compared, rep: str) -> tuple[dict[str, Whole], npt.NDArray[np.bool_]]:
    """Return the parts of a rep's change, account by account, and which accounts the rep has in both runs."""
    both = compared.both
    of = [(both[f"rep_id_{side}"].fillna(NO_REP) == rep).to_numpy() for side in "ab"]
    there = [both[f"rule_{side}"].notna().to_numpy() for side in "ab"]
    old, new = (np.rint(amounts).astype(np.int64) for amounts in compared.target)
    mine = [of[0] & there[0], of[1] & there[1]]
    kept = mine[0] & mine[1]
    parts = {name: np.where(kept, amounts, 0) for name, amounts in compared.parts.items()}
    parts |= {
        "gained": np.where(mine[1] & ~mine[0] & there[0], new, 0),
        "lost": np.where(mine[0] & ~mine[1] & there[1], -old, 0),
        "new": np.where(mine[1] & ~there[0], new, 0),
        "gone": np.where(mine[0] & ~there[1], -old, 0),
    }
    return parts, kept


def _share(compared: Compared, name: str, kept: npt.NDArray[np.bool_]) -> str:
    """Say by how many points the accounts' share of a factor, or of the blend, moved."""
    column = "blend" if name == "blend" else f"{name}_share"
    own = compared.both[kept]
    moved = points(own[f"{column}_b"].sum() - own[f"{column}_a"].sum())
    return (
        f"shares and weights moved the blend {moved}"
        if name == "blend"
        else f"{name.replace('_', ' ')} share {moved}"
    )
