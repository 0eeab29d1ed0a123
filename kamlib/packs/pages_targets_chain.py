"""The page of chapter 3 that says why a number is what it is, from the total to the unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.charts import targets as charts
from kamlib.charts.bridge import bridge
from kamlib.charts.figure import NativeChart
from kamlib.glossary import Words
from kamlib.measures.money import as_float, to_ticks
from kamlib.packs.page import Choice, Page
from kamlib.packs.pages_proof import joined
from kamlib.packs.targets_scope import Scope, told_apart
from kamlib.targets import RULES, Allocation

_SHOWN = 12
_REPS = 40  # reps whose chains are drawn, largest targets first; the table holds all


def chain_page(
    allocation: Allocation, explained: pd.DataFrame, segments: pd.DataFrame | None, *, scope: Scope
) -> Page:
    """Answer why a rep's number is what it is (targets 3): the largest rep's chain, every rep's in the table.

    Parameters
    ----------
    allocation : Allocation
        What `kamlib.targets.allocate_targets` returns.
    explained : pandas.DataFrame
        What `kamlib.targets.explain_reps` returns.
    segments : pandas.DataFrame or None
        Accounts with their tier.
    scope : Scope
        What the page is about, in which words.
    """
    table = _chain_table(allocation, explained, segments, scope)
    others = _others(allocation)
    chains = [
        _rep_chain(rep, table, scope, others=bool(others)) for _, rep in explained.head(_REPS).iterrows()
    ]
    return Page(
        id="targets_3",
        title=chains[0].sentence,
        subtitle=scope.subtitle(
            scope.words("targets.chain_what", name=scope.rep_name(explained["rep_id"].iloc[0]))
        ),
        table=table.drop(columns="rep_id"),
        figures=chains[0].figures,
        choices=tuple(chains[1:]),
        notes=_chain_notes(allocation, scope),
        totals=("actual_last_year", "by_history", "proposal", "bounded", "rounding", "target"),
    )


def _others(allocation: Allocation) -> list[str]:
    """Return the factors beside history and potential that have a weight."""
    return [name for name in allocation.weights if name not in ("history", "potential")]


def _rule_codes(rules: pd.Series, allocation: Allocation) -> pd.Series:
    """Name rules by history and potential only where those two, and no others, have a weight."""
    if set(allocation.weights) == {"history", "potential"}:
        return rules
    return rules.where(~rules.isin(["both", "history", "potential"]), rules + "_factors")


def _rep_chain(rep: pd.Series, table: pd.DataFrame, scope: Scope, *, others: bool) -> Choice:
    """Return one rep's way from the share of history to the last unit, and the accounts below it."""
    words, name = scope.words, scope.rep_name(rep["rep_id"])
    own = table[table["rep_id"].isna() if pd.isna(rep["rep_id"]) else table["rep_id"] == rep["rep_id"]]
    share = words.percent(rep["history_share"])
    rows = [
        (words("targets.chain_step_history", share=share), float(rep["by_history"]), "PL"),
        (
            words("proof.chain_step_others" if others else "targets.chain_step_potential"),
            float(rep["by_potential"]),
            "neutral",
        ),
        (words("targets.chain_step_bounds"), float(rep["by_bounds"]), "neutral"),
        (words("targets.chain_step_rounding"), float(rep["rounding"]), "neutral"),
        (words("targets.chain_step_target", period=scope.size.period), float(rep["target"]), "PL"),
    ]
    steps = pd.DataFrame(rows, columns=["step", "amount", "scenario"])
    accounts = NativeChart(
        "bar", "name", {"actual_last_year": "PY", "target": "PL"}, rows=min(len(own), _SHOWN)
    )
    bounds = round(rep["by_bounds"])
    title = "proof.chain_title" if others else "targets.chain_title"
    sentence = words(
        title if bounds else f"{title}_plain",
        name=name,
        target=words.money(rep["target"]),
        history=words.money(rep["by_history"]),
        potential=words.signed_money(round(rep["by_potential"])),
        **({"bounds": words.signed_money(bounds)} if bounds else {}),
    )
    figures = (
        bridge(steps, words=words),
        charts.chain_chart(_own_bars(own, words), words=words, native=accounts),
    )
    return Choice(f"{name} · {words.money(rep['target'])}", sentence, figures)


def _chain_table(
    allocation: Allocation, explained: pd.DataFrame, segments: pd.DataFrame | None, scope: Scope
) -> pd.DataFrame:
    """One row per account, reps in the order of their targets, accounts by theirs."""
    table = allocation.accounts
    table = table[table["rule"] != "closed"].copy()
    place = {rep: at for at, rep in enumerate(explained["rep_id"].dropna())}
    table["place"] = table["rep_id"].map(place).fillna(len(place) + 1)
    table = table.sort_values(
        ["place", "target", "account_id"], ascending=[True, False, True], kind="stable", ignore_index=True
    )
    table["rule"] = _rule_codes(table["rule"], allocation)
    table["rep_name"] = [scope.rep_name(rep) for rep in table["rep_id"]]
    table["name"] = [scope.accounts[account] for account in table["account_id"]]
    columns = ["rep_name", "account_id", "name", "actual_last_year", "history_share", "potential_share",
               *(f"{name}_share" for name in _others(allocation)), "blend", "rule",
               "by_history", "proposal", "floor", "cap", "bound_source", "bounded", "bound",
               "rounding", "target", "growth_asked", "rep_id"]  # fmt: skip
    if segments is not None:
        table = table.merge(segments[["account_id", "tier"]], on="account_id", how="left")
        columns.insert(3, "tier")
    return table[columns]


def _chain_notes(allocation: Allocation, scope: Scope) -> tuple[str, ...]:
    words, accounts = scope.words, allocation.accounts
    opened = accounts[accounts["rule"] != "closed"]
    weight = allocation.history_weight
    if _others(allocation):
        rule = _factors_note(allocation, words)
    elif allocation.wallet is not None:
        rule = words(
            "targets.chain_note_rule",
            history=words.percent(weight),
            potential=words.percent(1 - weight),
            wallet=words.percent(allocation.wallet),
        )
    else:
        rule = words(f"targets.chain_note_{'history' if weight else 'potential'}_only")
    counts = {code: int((opened["bound"] == code).sum()) for code in ("floor", "cap", "pin")}
    fresh = int((to_ticks(opened["actual_last_year"]) <= 0).sum())
    bounds = words(
        "targets.chain_note_bounds",
        accounts=words.count(len(opened)),
        base=allocation.base_period,
        fresh=fresh,
        **counts,
    )
    if allocation.squeezed:
        bounds += words("targets.chain_note_squeezed", count=words.count(allocation.squeezed))
    order = accounts["rule"].map({code: at for at, code in enumerate(RULES)})
    found = _rule_codes(accounts.loc[order.sort_values(kind="stable").index, "rule"], allocation)
    rules = words("targets.list").join(
        words("targets.chain_rule_count", rule=words.value("rule", code), count=words.count(int(count)))
        for code, count in found.value_counts(sort=False).items()
    )
    return rule, bounds, words("targets.chain_note_rules", rules=rules)


def _factors_note(allocation: Allocation, words: Words) -> str:
    """Say by which factors the total is split, and for how many accounts one had to be filled."""
    weights = words("targets.list").join(
        words("proof.weight", factor=words.value("factor", name), weight=words.percent(weight))
        for name, weight in allocation.weights.items()
    )
    note = words("proof.chain_note_factors", weights=weights)
    if not allocation.unknown:
        return note
    filled = words("targets.list").join(
        words("targets.chain_rule_count", rule=words.value("factor", name), count=words.count(count))
        for name, count in allocation.unknown.items()
    )
    return joined([note, words("proof.chain_note_filled", filled=filled)], words)


def _own_bars(own: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return a rep's accounts as a chart takes them: the first ones, the rest gathered with its sums."""
    bars = pd.DataFrame(
        {
            "name": told_apart(own["name"].tolist(), own["account_id"].tolist()),
            "PY": as_float(own["actual_last_year"]),
            "PL": own["target"].to_numpy(dtype=float),
            "floor": own["floor"].astype("Float64").to_numpy(dtype=float, na_value=np.nan),
            "cap": own["cap"].astype("Float64").to_numpy(dtype=float, na_value=np.nan),
            "why": [
                words.value("bound", bound) if bound != "none" else words.value("rule", rule)
                for bound, rule in zip(own["bound"], own["rule"], strict=True)
            ],
        }
    )
    if len(bars) <= _SHOWN + 1:
        return bars
    rest = bars.iloc[_SHOWN:]
    other = pd.DataFrame(
        {
            "name": [words("targets.other", count=len(rest))],
            "PY": [rest["PY"].sum()],
            "PL": [rest["PL"].sum()],
            "floor": [np.nan],
            "cap": [np.nan],
            "why": [""],
        }
    )
    return pd.concat([bars.iloc[:_SHOWN], other], ignore_index=True)
