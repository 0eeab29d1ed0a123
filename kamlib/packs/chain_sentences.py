"""What is said of one target's chain: factors, bounds, how far from the forecast, what holds it fast."""

from __future__ import annotations

import pandas as pd

from kamlib.glossary import Words
from kamlib.targets import Allocation
from kamlib.targets.chain import BOUND_STEPS

_FACTORS_SAID = 3
_BOUNDS = ["cap", "floor", "pin"]
_HELD_FAST = 0.25  # of a target, by one kind of bound
SIDES = {"rep": "rep_id", "region": "region", "account_type": "account_type"}


def chain_sentence(row: pd.Series, name: str, allocation: Allocation, words: Words) -> str:
    """Say in words how a target comes about."""
    parts = _factors_said(row, allocation, words)
    for step in BOUND_STEPS:
        if round(row[step]):
            parts.append(moved_by(step, row["dimension"], row[step], words))
    return words(
        "targets.chain_title",
        name=name,
        target=words.money(row["target"]),
        share=share_of(row["target"], row["total"], words),
        total=words.money(row["total"]),
        beside=_beside_forecast(row["forecast_gap"], words),
        parts=words("targets.chain_list").join(parts),
        bounded=_bounded_said(row, allocation, words),
    )


def _beside_forecast(gap: float, words: Words) -> str:
    """Say how far a target is from its forecast."""
    if pd.isna(gap) or not round(gap):
        return ""
    return words(f"targets.chain_{'above' if gap < 0 else 'below'}", gap=words.money(abs(gap)))


def _bounded_said(row: pd.Series, allocation: Allocation, words: Words) -> str:
    """Say which bound holds most of a target, where it holds a quarter and more of it."""
    if row["dimension"] not in SIDES or not row["target"]:
        return ""
    own = own_accounts(allocation.accounts, row)
    held = own[own["bound"].isin(_BOUNDS)].groupby("bound")["target"].agg(["sum", "size"])
    held = held.reindex(_BOUNDS).fillna(0)
    bound = held["sum"].idxmax()
    share = held["sum"][bound] / row["target"]
    if share < _HELD_FAST:
        return ""
    known = {"count": int(held["size"][bound]), "accounts": len(own), "share": words.percent(share)}
    return words("targets.chain_bounded", bound=words(f"targets.chain_at_{bound}"), **known)


def moved_by(step: str, dimension: str, amount: float, words: Words) -> str:
    """Say what a step other than a factor's moves.

    Examples
    --------
    >>> moved_by("by_rest", "rep", 1230, Words("en", "EUR"))
    'share of the rest +1.23 k'
    """
    return words(f"targets.chain_{line_of(step, dimension)}", amount=words.signed_money(round(amount)))


def _factors_said(row: pd.Series, allocation: Allocation, words: Words) -> list[str]:
    """Say what each factor brings; of many the first ones by weight, and the rest together."""
    factors = sorted(allocation.weights, key=lambda name: -allocation.weights[name])
    told = factors if len(factors) <= _FACTORS_SAID else factors[: _FACTORS_SAID - 1]
    amounts = [(words.value("factor", name), row[f"{name}_part"]) for name in told]
    if rest := factors[len(told) :]:
        amounts.append((words("targets.chain_others"), sum(row[f"{name}_part"] for name in rest)))
    return [words("targets.chain_part", factor=name, amount=words.money(amount)) for name, amount in amounts]


def line_of(step: str, dimension: str) -> str:
    """Return the word of a step; what bounds of accounts move between product lines is no rest of others."""
    return "by_mix" if step == "by_rest" and dimension == "product_line" else step


def share_of(part: float, whole: float, words: Words) -> str:
    """Return a part of a whole in percent; a dash where there is no whole."""
    return words.percent(float(part) / float(whole)) if whole else "–"


def own_accounts(accounts: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """Return the open accounts of a rep, region or account type, largest target first."""
    side = accounts[SIDES[row["dimension"]]]
    mine = side.isna() if pd.isna(row["key"]) else side == row["key"]
    return accounts[mine.to_numpy(dtype=bool) & (accounts["rule"] != "closed").to_numpy()].sort_values(
        ["target", "account_id"], ascending=[False, True], kind="stable"
    )
