"""The page of chapter 3 that says why a number is what it is, from the company's total to the last unit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.charts.chain import TextColumn, accounts_chart, steps_chart
from kamlib.charts.figure import Figure
from kamlib.glossary import Words
from kamlib.measures.money import as_float, to_ticks
from kamlib.packs.chain_sentences import chain_sentence, line_of, own_accounts, share_of
from kamlib.packs.page import Choice, Page
from kamlib.packs.pages_proof import joined
from kamlib.packs.targets_scope import Scope, leading_side, side_name, told_apart, with_side
from kamlib.targets import RULES, Allocation
from kamlib.targets.chain import BOUND_STEPS, chain_steps

_SHOWN = 8
# Chains drawn, largest targets first; the table holds all.
_DRAWN = {"rep": 40, "region": 12, "account_type": 12, "product_line": 12}
_SUMS = ("PY", "PL", "shares", "bounds", "rest", "rounding")


def chain_page(
    allocation: Allocation,
    traced: pd.DataFrame,
    segments: pd.DataFrame | None,
    *,
    scope: Scope,
    summary: pd.DataFrame | None = None,
) -> Page:
    """Answer why a target is what it is (targets 3): one rep's chain, every other one by choice.

    Shown first is the rep (where none is named, the region or what else is) asked for most above the
    forecast; the largest, where none is above.

    Parameters
    ----------
    allocation : Allocation
        What `kamlib.targets.allocate_targets` returns.
    traced : pandas.DataFrame
        What `kamlib.targets.trace_targets` returns.
    segments : pandas.DataFrame or None
        Accounts with their tier.
    scope : Scope
        What the page is about, in which words.
    summary : pandas.DataFrame, optional
        What `kamlib.targets.summarise_targets` returns.
    """
    words = scope.words
    named = traced.assign(name=_names(traced, scope), forecast_gap=_gaps(traced, summary))
    lead = leading_side(named)
    sides = [lead, *(side for side in _DRAWN if side != lead)]
    rows = pd.concat([named[named["dimension"] == side].head(_DRAWN[side]) for side in sides])
    leading = named[(named["dimension"] == lead) & named["key"].notna()]
    if (leading["forecast_gap"] < 0).any():
        first = leading["forecast_gap"].idxmin()
        rows = pd.concat([named.loc[[first]], rows.drop(index=first, errors="ignore")])
    chains = [_chain(row, allocation, scope) for _, row in rows.iterrows()]
    return Page(
        id="targets_3",
        title=chains[0].sentence,
        subtitle=scope.about(words("targets.chain_what"), _scenarios(scope)),
        table=_chain_table(allocation, named, segments, scope),
        figures=chains[0].figures,
        own_choice=chains[0].label,
        choices=tuple(chains[1:]),
        notes=_chain_notes(allocation, scope),
        labels=scope.labels() | {"accounts": words("targets.accounts_open")},
    )


def _gaps(traced: pd.DataFrame, summary: pd.DataFrame | None) -> pd.Series:
    """Return forecast less target of each chain [currency]; unknown without a forecast."""
    keys = ["dimension", "key"]
    if summary is None:
        return pd.Series(np.nan, index=traced.index)
    known = summary.loc[~summary["without_account"], [*keys, "forecast_gap"]]
    found = traced[keys].merge(known, how="left", on=keys)["forecast_gap"]
    return pd.Series(found.astype("float64").to_numpy(), index=traced.index)


def _scenarios(scope: Scope) -> str:
    known = {"base": scope.size.base_period, "period": scope.size.period}
    return scope.words("targets.scenarios_no_forecast", **known)


def _names(traced: pd.DataFrame, scope: Scope) -> list[str]:
    """Name each chain's rep, region, account type or product line."""
    words = scope.words
    reps = traced.loc[traced["dimension"] == "rep", "key"].tolist()
    named = iter(told_apart([scope.rep_name(rep) for rep in reps], reps))
    names = []
    for dimension, key in zip(traced["dimension"], traced["key"], strict=True):
        if dimension == "rep":
            names.append(next(named))
        elif dimension == "company":
            names.append(words.value("dimension", "company"))
        else:
            names.append(side_name(key, words))
    return names


def _chain(row: pd.Series, allocation: Allocation, scope: Scope) -> Choice:
    """Return one target's way from the company's total to the last unit, and the accounts it is made of."""
    words, dimension = scope.words, row["dimension"]
    group = words.value("dimension", dimension)
    name = with_side(row["name"], dimension, words)
    figures = (_steps(row, allocation, scope), _accounts(row, allocation, scope))
    label = f"{row['name']} · {words.money(row['target'])}"
    return Choice(label, chain_sentence(row, name, allocation, words), figures, group=group)


def _steps(row: pd.Series, allocation: Allocation, scope: Scope) -> Figure:
    """Draw the steps of one chain; those that move nothing are left out."""
    words, period = scope.words, scope.size.period
    rows = [(words("targets.chain_total", period=period), "", row["total"], "total")]
    for factor, weight in allocation.weights.items():
        how = words(
            "targets.chain_how_share",
            weight=words.percent(weight),
            share=words.percent(row[f"{factor}_share"]),
        )
        rows.append((words.value("factor", factor), how, row[f"{factor}_part"], "neutral"))
    for step in BOUND_STEPS:
        if row[step]:
            line = line_of(step, row["dimension"])
            own = step == "by_own_bounds"
            how = _bound_counts(row, allocation, words) if own else words(f"targets.chain_how_{line}")
            rows.append((words(f"targets.chain_step_{line}"), how, row[step], "neutral"))
    unit = words("targets.chain_how_rounding", unit=words.count(scope.size.unit))
    rows.append((words("targets.chain_rounding"), unit, row["rounding"], "neutral"))
    of = words("targets.chain_how_target", share=share_of(row["target"], row["total"], words))
    rows.append((words("targets.step_target", period=period), of, row["target"], "PL"))
    steps = pd.DataFrame(rows, columns=["step", "how", "amount", "scenario"])
    steps["written"] = [
        f"{amount:+,.2f}" if kind == "neutral" else f"{amount:,.0f}"
        for amount, kind in zip(steps["amount"], steps["scenario"], strict=True)
    ]
    steps["amount"] = steps["amount"].astype(float)
    texts = (
        TextColumn("how", words("targets.chain_how"), 220, "left"),
        TextColumn("written", words.label("amount"), 110),
    )
    return steps_chart(steps, texts=texts, words=words)


def _bound_counts(row: pd.Series, allocation: Allocation, words: Words) -> str:
    """Say of how many of the own accounts a bound changed the part by shares."""
    own = own_accounts(allocation.accounts, row)
    pinned = (own["bound"] == "pin").to_numpy()
    moved = np.where(pinned, 0, to_ticks(own["by_own_bounds"]))
    counts = {"raised": int((moved > 0).sum()), "cut": int((moved < 0).sum()), "pin": int(pinned.sum())}
    return words("targets.chain_how_by_own_bounds", accounts=words.count(len(own)), **counts)


def _accounts(row: pd.Series, allocation: Allocation, scope: Scope) -> Figure:
    """Draw the accounts that one target is made of."""
    words = scope.words
    if row["dimension"] == "product_line":
        return _line_accounts(row, allocation, scope)
    own = own_accounts(allocation.accounts, row)
    bars = pd.DataFrame(
        {
            "name": _account_names(own, scope),
            "PY": as_float(own["actual_last_year"]),
            "PL": own["target"].to_numpy(dtype=float),
            "floor": own["floor"].astype("Float64").to_numpy(dtype=float, na_value=np.nan),
            "cap": own["cap"].astype("Float64").to_numpy(dtype=float, na_value=np.nan),
            "shares": as_float(own["proposal"]),
            "bounds": as_float(own["by_own_bounds"]),
            "rest": as_float(own["by_required"]) + as_float(own["by_rest"]),
            "rounding": as_float(own["rounding"]),
            "why": [
                words.value("bound", bound) if bound != "none" else words.value("rule", rule)
                for bound, rule in zip(own["bound"], _rule_codes(own["rule"], allocation), strict=True)
            ],
        }
    )
    bars = _gathered(bars, words)
    for name in ("bounds", "rest", "rounding"):
        bars[f"{name}_text"] = ["–" if not round(v) else words.signed_money(v) for v in bars[name]]
    for name in ("shares", "PY", "PL"):
        bars[f"{name}_text"] = [words.money(v) for v in bars[name]]
    heads = {n: words(f"targets.chain_{n}") for n in ("shares", "bounds", "rest", "rounding")}
    if to_ticks(own["by_required"]).any():
        heads["rest"] = words("targets.chain_required_rest")
    heads = {"PY": "PY", **heads, "PL": "PL"}
    texts = [TextColumn(f"{name}_text", title, 58) for name, title in heads.items()]
    texts.append(TextColumn("why", words("targets.chart_why"), 130, "left"))
    return accounts_chart(bars, texts=texts, words=words)


def _line_accounts(row: pd.Series, allocation: Allocation, scope: Scope) -> Figure:
    """Draw the accounts of a product line: what of their targets falls on it, and by which mix."""
    words = scope.words
    cells = allocation.targets[allocation.targets["product_line"] == row["key"]]
    part = cells.groupby("account_id", sort=True).agg(PL=("target", "sum"), share=("line_share", "first"))
    own = allocation.accounts.merge(part.reset_index(), on="account_id").sort_values(
        ["PL", "account_id"], ascending=[False, True], kind="stable"
    )
    bars = pd.DataFrame(
        {
            "name": _account_names(own, scope),
            "PY": np.nan,
            "PL": own["PL"].to_numpy(dtype=float),
            "floor": np.nan,
            "cap": np.nan,
            "whole": own["target"].to_numpy(dtype=float),
            "share": [words.percent(share) for share in own["share"]],
            "why": [
                words("targets.chain_mix_own" if one else "targets.chain_mix_all") for one in own["own_mix"]
            ],
        }
    )
    bars = _gathered(bars, words)
    for name in ("whole", "PL"):
        bars[f"{name}_text"] = [words.money(v) for v in bars[name]]
    texts = (
        TextColumn("whole_text", words("targets.chain_whole"), 100),
        TextColumn("share", words.label("line_share"), 110),
        TextColumn("PL_text", words("targets.chain_of_line"), 100),
        TextColumn("why", words("targets.chain_mix"), 130, "left"),
    )
    return accounts_chart(bars, texts=texts, words=words)


def _account_names(own: pd.DataFrame, scope: Scope) -> list[str]:
    ids = own["account_id"].tolist()
    return told_apart([scope.accounts[account] for account in ids], ids)


def _gathered(bars: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Keep the first accounts and gather the rest with their sums."""
    if len(bars) <= _SHOWN + 1:
        return bars
    rest = bars.iloc[_SHOWN:]
    other: dict[str, object] = dict.fromkeys(bars.columns, "")
    other |= {name: rest[name].sum(min_count=1) for name in (*_SUMS, "whole") if name in bars}
    other |= {"name": words("targets.other", count=len(rest)), "floor": np.nan, "cap": np.nan}
    return pd.concat([bars.iloc[:_SHOWN], pd.DataFrame([other])], ignore_index=True)


def _chain_table(
    allocation: Allocation, named: pd.DataFrame, segments: pd.DataFrame | None, scope: Scope
) -> pd.DataFrame:
    """One row per chain: the company, reps, regions, account types, product lines, then every account."""
    accounts = allocation.accounts[allocation.accounts["rule"] != "closed"].copy()
    reps = named.loc[named["dimension"] == "rep", "key"].dropna()
    place = {rep: at for at, rep in enumerate(reps)}
    accounts["place"] = accounts["rep_id"].map(place).fillna(len(place) + 1)
    accounts = accounts.sort_values(
        ["place", "target", "account_id"], ascending=[True, False, True], kind="stable"
    )
    accounts["rule"] = _rule_codes(accounts["rule"], allocation)
    accounts["rep_name"] = [scope.rep_name(rep) for rep in accounts["rep_id"]]
    accounts["name"] = [scope.accounts[account] for account in accounts["account_id"]]
    accounts["dimension"] = "account"
    if segments is not None:
        accounts = accounts.merge(segments[["account_id", "tier"]], on="account_id", how="left")
    sums = named.assign(rep_name=named["name"].where(named["dimension"] == "rep"))
    table = pd.concat([sums, accounts], ignore_index=True)
    table["growth_asked"] = table["growth_asked"].astype(float)
    shares = [f"{name}_share" for name in allocation.weights]
    steps = [
        name
        for name in chain_steps(list(named.columns))
        if name != "by_required" or to_ticks(table[name]).any()
    ]
    columns = ["dimension", "name", "rep_name", "region", "account_type", "account_id", "tier", "accounts",
               *shares, "blend", "rule", *steps, "target", "floor", "cap", "bound_source", "bound",
               "actual_last_year", "growth_asked"]  # fmt: skip
    table["accounts"] = table["accounts"].astype("Int64")
    return table[[name for name in columns if name in table]]


def _others(allocation: Allocation) -> list[str]:
    """Return the factors beside history and potential that have a weight."""
    return [name for name in allocation.weights if name not in ("history", "potential")]


def _rule_codes(rules: pd.Series, allocation: Allocation) -> pd.Series:
    """Name rules by history and potential only where those two, and no others, have a weight."""
    if set(allocation.weights) == {"history", "potential"}:
        return rules
    return rules.where(~rules.isin(["both", "history", "potential"]), rules + "_factors")


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
    part = bool(scope.size.base_unknown)
    fresh = len(opened) if part else int((to_ticks(opened["actual_last_year"]) <= 0).sum())
    bounds = words(
        "targets.chain_note_bounds_part" if part else "targets.chain_note_bounds",
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
