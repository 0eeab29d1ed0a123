"""What page targets 2 says of reps and other sides of a plan that are far from their forecast, and why."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.packs.chain_sentences import moved_by
from kamlib.packs.targets_scope import Scope
from kamlib.targets.chain import chain_steps

_FAR = 0.1  # of the forecast, beyond what the total is off its own
_SIDES = {"sides": ("region", "product_line", "account_type"), "reps": ("rep",)}  # each told by its own ends


def far_sentences(table: pd.DataFrame, traced: pd.DataFrame | None, *, scope: Scope) -> tuple[str, ...]:
    """Name what is asked for most above its forecast and most below it, and what moves it there; reps apart.

    A total above its forecast has every part above, so what counts is how far a part's target is from its
    share of the forecast times the total. Those by a tenth or more are far; of them the largest amount is
    told on either side, first of regions, product lines and account types, then of reps, whose amounts are
    smaller. The cause is the step of the chain that brings most of that amount, each compared
    with the same share of the company's step.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of `kamlib.targets.summarise_targets`, with name.
    traced : pandas.DataFrame or None
        What `kamlib.targets.trace_targets` returns.
    scope : Scope
        What the page is about, in which words.

    Returns
    -------
    tuple of str
        One sentence; none where nothing is far, or nothing is forecast or traced.
    """
    words = scope.words
    company = table[table["dimension"] == "company"]
    if scope.size.forecast is None or traced is None or company["forecast"].astype(float).iloc[0] <= 0:
        return ()
    total, coming = (float(company[name].iloc[0]) for name in ("target", "forecast"))
    traced = traced[traced["key"].notna()]
    known = pd.MultiIndex.from_frame(table[["dimension", "key"]]).isin(
        pd.MultiIndex.from_frame(traced[["dimension", "key"]])
    )
    told, groups = [], []
    for group, sides in _SIDES.items():
        rows = table[table["dimension"].isin(sides) & known & ~table["without_account"]]
        ends = _ends(rows, total / coming)
        groups += [words(f"targets.far_{group}")] if ends else []
        for at in ends:
            share = float(rows.loc[at, "forecast"]) / coming
            told.append(_said(rows.loc[at], traced, share, share * total, scope))
    if not told:
        return ()
    of = groups[0] if len(groups) == 1 else words("targets.far_both", sides=groups[0], reps=groups[1])
    listed = words("targets.list").join(told)
    return (words("targets.far", told=listed, sides=of, all=words.signed_percent(total / coming - 1)),)


def _ends(rows: pd.DataFrame, pace: float) -> list[Any]:
    """Return the places of the rows furthest above and below their forecast times a pace, if they are far."""
    asked, even = rows["target"].astype(float), pace * rows["forecast"].astype(float)
    apart = (asked - even)[(even > 0) & ((asked - even).abs() >= _FAR * even)]
    above = [apart.idxmax()] if (apart > 0).any() else []
    return above + ([apart.idxmin()] if (apart < 0).any() else [])


def _said(row: pd.Series, traced: pd.DataFrame, share: float, even: float, scope: Scope) -> str:
    """Tell one target beside its even share of the total and its forecast, and why it is so far off."""
    words = scope.words
    chain = traced[(traced["dimension"] == row["dimension"]) & (traced["key"] == row["key"])].iloc[0]
    return words(
        "targets.far_one",
        side=words.value("dimension", row["dimension"]),
        name=row["name"],
        gap=words.signed_percent(float(row["target"]) / even - 1),
        target=words.money(row["target"]),
        even=words.money(round(even)),
        forecast=words.money(row["forecast"]),
        cause=_cause(chain, traced, share, scope),
    )


def _cause(chain: pd.Series, traced: pd.DataFrame, share: float, scope: Scope) -> str:
    """Say which step brings most of what a target is above, or below, its share of the forecast."""
    words = scope.words
    company = traced[traced["dimension"] == "company"].iloc[0]
    steps = chain_steps(list(traced.columns))
    beyond = {step: float(chain[step]) - share * float(company[step]) for step in steps}
    side = 1 if sum(beyond.values()) > 0 else -1
    step = max(steps, key=lambda name: side * beyond[name])
    factor, parted, _ = step.partition("_part")
    if not parted:
        return words("targets.far_step", step=moved_by(step, chain["dimension"], beyond[step], words))
    return words(
        "targets.far_share",
        factor=words.value("factor", factor),
        share=words.percent(chain[f"{factor}_share"]),
        forecast=words.percent(share),
    )
