"""What pages say of targets that hold already, adopted or the book's own, beside what the plan asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from kamlib.glossary import Words
from kamlib.measures.money import as_float, to_money, to_ticks, total_money
from kamlib.packs.pages_attainability import Likely
from kamlib.packs.pages_proof import joined
from kamlib.packs.targets_scope import Scope, expected_cells, leading_side, side_name, with_side
from kamlib.periods import parse_period
from kamlib.runs import Run
from kamlib.targets import attain_probability
from kamlib.targets.held import Held, compare_held
from kamlib.targets.holding import Enclosing

_NAMED = 3  # reps whose difference is told, months that are


def beside_held(run: Run, targets: pd.DataFrame) -> Held | None:
    """Set a plan's targets beside those that hold for its months, with the chance that `save_held` found.

    Parameters
    ----------
    run : Run
        The run, with the book's targets and the adopted ones where there are any.
    targets : pandas.DataFrame
        What `kamlib.targets.allocate_targets` returns as `targets`.
    """
    held = _compared(run, targets)
    if held is None or not run.has("target_held"):
        return held
    saved = run.load("target_held")
    chances = saved.loc[saved["dimension"] == "company", "held_probability"].dropna()
    return replace(held, chance=float(chances.iloc[0])) if len(chances) else held


def _compared(run: Run, targets: pd.DataFrame) -> Held | None:
    adopted, own = (run.load(name) if run.has(name) else None for name in ("adopted_targets", "targets"))
    return compare_held(
        targets, adopted, own, run.load("accounts"), period=run.period, coming=expected_cells(run)
    )


def save_held(run: Run, targets: pd.DataFrame, likely: Likely) -> Held | None:
    """Set the run's targets beside those that hold and save the comparison with the run.

    Parameters
    ----------
    run : Run
        The run; gets ``target_held`` where targets hold for a month of its period.
    targets : pandas.DataFrame
        What `kamlib.targets.allocate_targets` returns as `targets`.
    likely : Likely
        What `kamlib.packs.pages_attainability.judge_targets` returns: how likely what holds is.
    """
    held = _compared(run, targets)
    if held is None or not held.months:
        return held
    chance = held_chance(held, likely)
    company = held.table["dimension"] == "company"
    run.save("target_held", held.table.assign(held_probability=np.where(company, chance, np.nan)))
    return held if np.isnan(chance) else replace(held, chance=chance)


def held_chance(held: Held, likely: Likely) -> float:
    """Return how likely the period brings what holds; NaN where that is of a part, or nothing is drawn."""
    if not (held.whole and held.covers):
        return float("nan")
    asked = pd.DataFrame({"dimension": ["company"], "key": ["company"], "target": [held.total]})
    found = attain_probability(asked, likely.keys, likely.paths, params=likely.params)
    return float(found["reach_probability"].iloc[0])


def add_held(table: pd.DataFrame, held: Held | None) -> pd.DataFrame:
    """Add what holds already, what the plan asks of the same months and the difference, by dimension and key.

    Who holds a target and has no row, as a rep without an account now, gets one of nothing asked.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of `kamlib.targets.summarise_targets`.
    held : Held or None
        What `beside_held` returns; None adds nothing.

    Returns
    -------
    pandas.DataFrame
        With target_held and held_change [currency, null where nothing holds], and target_beside where
        targets hold for some months of the plan only; without them where nothing holds for any row.
    """
    if held is None or not held.months:
        return table
    columns = ["target_held", *([] if held.whole else ["target_beside"]), "held_change"]
    told = held.table[held.covers | (held.table["dimension"] != "company")]
    rows = told[["dimension", "key", *columns]]
    table = _with_unasked(table, rows)
    own = ~table["without_account"] if "without_account" in table else pd.Series(True, index=table.index)
    both = table[["dimension", "key"]].merge(rows, how="left", on=["dimension", "key"])
    both.index = table.index
    found = {name: both[name].where(own) for name in columns}
    return table.assign(**{name: held for name, held in found.items() if held.notna().any()})


def _with_unasked(table: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Add a row for each key that holds a target and is asked nothing; null keys stay last."""
    known = set(zip(table["dimension"], table["key"], strict=True))
    rows = held[held["dimension"].isin(set(table["dimension"])) & held["key"].notna()]
    pairs = [p for p in zip(rows["dimension"], rows["key"], strict=True) if p not in known]
    if not pairs:
        return table
    lost = pd.DataFrame(pairs, columns=["dimension", "key"]).astype(table[["dimension", "key"]].dtypes)
    lost[["accounts", "target"]] = 0
    for name in ("actual_last_year", "forecast", "change_asked", "forecast_gap"):
        if table[name].notna().any():
            lost[name] = to_money([0] * len(lost))
    lost["without_account"] = False
    order = {name: at for at, name in enumerate(dict.fromkeys(table["dimension"]))}
    both = pd.concat([table, lost], ignore_index=True).astype(table.dtypes)
    both["last"] = both["key"].isna()
    both = both.sort_values("last", kind="stable").sort_values(
        "dimension", key=lambda names: names.map(order), kind="stable", ignore_index=True
    )
    return both.drop(columns="last")


def held_labels(held: Held | None, words: Words) -> dict[str, str]:
    """Return the headings of what holds where that is for some months of the plan only."""
    if held is None or held.whole or not held.months:
        return {}
    months = months_said(held.months, words)
    names = ("target_held", "target_beside", "held_change")
    return {name: words("targets.held_label", label=words.label(name), months=months) for name in names}


def months_said(months: Sequence[str], words: Words) -> str:
    """Name months in order by the first and the last of those that follow each other, one by itself.

    Examples
    --------
    >>> words = Words("en", "EUR")
    >>> months_said(["2025-12", "2026-01", "2026-07"], words), months_said(["2026-01"], words)
    ('2025-12 to 2026-01, 2026-07', '2026-01')
    """
    spans: list[list[str]] = []
    for month in months:
        if spans and str(parse_period(spans[-1][-1]).shift(1)) == month:
            spans[-1].append(month)
        else:
            spans.append([month])
    told = [
        span[0] if len(span) == 1 else words("targets.held_span", first=span[0], last=span[-1])
        for span in spans
    ]
    return words("targets.required_and").join(told)


def held_sentences(held: Held | None, scope: Scope) -> tuple[str, ...]:
    """Say what holds, how far the plan is from it and why; how to adopt, where nothing does."""
    words, period = scope.words, scope.size.period
    if held is None:
        return (words("targets.held_none", period=period),)
    said = list(held_totals(held, words, period=period))
    moved = furthest(held).head(_NAMED)
    if len(moved):
        told = [
            _rep_said(row, held, scope)
            if held.adopted and row.dimension == "rep"
            else plain_said(row, scope.rep_name, words)
            for row in moved.itertuples()
        ]
        said.append(words("targets.held_reps", reps=words("targets.list").join(told)))
        if held.adopted and set(held.sources["period"]) != {str(period)} and _counted_otherwise(held):
            said.append(words("targets.held_why"))
    return tuple(said)


def _counted_otherwise(held: Held) -> bool:
    """Say whether any account is asked otherwise that was asked before and has kept its rep."""
    accounts = held.of("account")
    asked = accounts["held_reason"].isin(["share", "floor", "cap", "unbound"])
    return bool((asked & pd.Series(to_ticks(accounts["held_change"]) != 0, index=accounts.index)).any())


def held_totals(held: Held, words: Words, *, period: str) -> tuple[str, ...]:
    """Say what holds in all, by whom and since when, and what the plan asks of the same.

    After that what is adopted for months that the book's own target of a longer period counts for, and the
    target of a longer period that this one is a part of.
    """
    said = [_total(held, words, period)] if held.months else []
    if held.chance is not None:
        said.append(words("targets.held_chance", chance=words.chance(held.chance)))
    if held.passed is not None:
        said += [_total(held.passed, words, period), words("targets.held_passed")]
    if held.enclosing is not None:
        said.append(_enclosing(held.enclosing, words))
    return tuple(said)


def _total(held: Held, words: Words, period: str) -> str:
    """Say what holds for a period or some of its months, and what the plan asks of the same."""
    if held.adopted:
        how = "whole" if held.whole else "part"
    else:
        how = ("mixed" if held.mixed else "book") + ("" if held.covers else "_part")
    months = months_said(held.months, words)
    return words(
        f"targets.held_{how}",
        period=period if held.whole or held.adopted else months, months=months,
        own=months_said(held.own_months, words),
        taken=months_said([month for month in held.months if month not in held.own_months], words),
        held=words.money(held.total), target=words.money(held.total + held.change),
        change=words.signed_money(held.change), sources=words("targets.list").join(_sources(held, words)),
    )  # fmt: skip


def _enclosing(around: Enclosing, words: Words) -> str:
    """Say what holds for a longer period, what the plan asks of it, and what that leaves for which months."""
    share = words.percent(float(around.asked / around.target)) if around.target > 0 else "–"
    asked = {"target": words.money(around.asked), "share": share, "left": words.money(abs(around.left))}
    side = "held_around_over" if around.left < 0 else "held_around_left"
    said = [_around(around, words), words(f"targets.{side}", rest=_rest(around, words), **asked)]
    if around.adopted_months:
        months = words("targets.list").join(around.adopted_months)
        said.append(words("targets.held_around_adopted", months=months, adopted=words.money(around.adopted)))
    return joined([*said, *_has_to_bring(around, around.asked, words)], words)


def around_sentences(around: Enclosing | None, total: int, words: Words) -> tuple[str, ...]:
    """Say what a longer period's target leaves for this one, beside what is asked in all, before the split.

    Parameters
    ----------
    around : Enclosing or None
        What `kamlib.packs.targets_scope.around_of` returns.
    total : int
        What the plan asks in all [currency].
    words : Words
        Language and currency.
    """
    if around is None:
        return ()
    asked = Decimal(total) if around.covers else None
    return (joined([_around(around, words), *_has_to_bring(around, asked, words)], words),)


def _rest(around: Enclosing, words: Words) -> str:
    """Name the other months of a longer period; how many these are where they are many."""
    if len(around.rest) > _NAMED:
        return words("targets.held_around_rest", count=len(around.rest))
    return words("targets.required_and").join(around.rest)


def _around(around: Enclosing, words: Words) -> str:
    """Say what holds for a longer period."""
    return words(
        f"targets.held_around{'' if around.covers else '_part'}",
        around=around.period,
        period=around.planned,
        held=words.money(around.target),
    )


def _has_to_bring(around: Enclosing, asked: Decimal | None, words: Words) -> list[str]:
    """Say what the other months bring, and what that leaves for this one to bring beside what is asked.

    Where what is asked of the same is not known, without that; nothing where what these bring is not.
    """
    if around.expected is None or around.must is None:
        return []
    known = {"expected": words.money(around.expected), "rest": _rest(around, words)}
    if not around.must:
        return [words("targets.held_around_met", **known)]
    gap = ""
    if asked is not None:
        more = around.must - asked
        side = "same" if not more else "more" if more > 0 else "less"
        gap = words(f"targets.held_around_{side}", gap=words.money(abs(more)))
    known |= {"period": around.planned, "must": words.money(around.must), "gap": gap}
    return [words(f"targets.held_around_expected{'' if around.covers else '_part'}", **known)]


def furthest(held: Held) -> pd.DataFrame:
    """Return the rows of who is asked otherwise than what holds, the furthest first.

    They are of reps or, where none is named for whom anything holds, of the next side.
    """
    side = leading_side(held.table.assign(target=held.table["target_held"]))
    rows = held.of(side)
    apart = pd.Series(to_ticks(rows["held_change"]), index=rows.index).abs()
    return rows.loc[apart[apart > 0].sort_values(ascending=False, kind="stable").index]


def plain_said(row: Any, rep_name: Callable[[object], str], words: Words) -> str:
    """Name a rep's difference, or that of another side, without the accounts that make it."""
    name = rep_name(row.key) if row.dimension == "rep" else side_name(row.key, words)
    return words(
        "targets.held_rep_plain",
        name=with_side(name, row.dimension, words),
        change=words.signed_money(row.held_change),
        held=words.money(row.target_held),
        target=words.money(row.target_beside),
    )


def quarters_said(quarters: pd.DataFrame, scope: Scope) -> tuple[str, ...]:
    """List the quarters of a longer period, each with what holds for it; nothing of one quarter.

    Parameters
    ----------
    quarters : pandas.DataFrame
        Rows of quarters, as `add_held` returns them.
    scope : Scope
        What the page is about, in which words.
    """
    words = scope.words
    if len(quarters) < 2:
        return ()
    told = []
    for row in quarters.itertuples():
        known = {"quarter": row.key, "target": words.money(row.target)}
        if pd.isna(getattr(row, "target_held", None)):
            told.append(words("targets.held_quarter_none", **known))
            continue
        change = words.signed_money(row.held_change)
        told.append(words("targets.held_quarter", held=words.money(row.target_held), change=change, **known))
    return (words("targets.held_quarters", quarters=words("targets.list").join(told)),)


def _sources(held: Held, words: Words) -> list[str]:
    return [
        words(
            "targets.held_source", period=row.period, run=row.run, by=row.adopted_by, day=row.adopted_at[:10]
        )
        for row in held.sources.itertuples()
    ]


def _rep_said(row: Any, held: Held, scope: Scope) -> str:
    """Name a rep's difference, the reason that makes most of it, and the account that makes most of that."""
    words, accounts = scope.words, held.of("account")
    own = accounts["rep_id"].isna() if pd.isna(row.key) else accounts["rep_id"] == row.key
    rows = accounts[own]
    side = 1.0 if row.held_change > 0 else -1.0
    toward = pd.Series(side * as_float(rows["held_change"]), index=rows.index)
    by = toward.groupby(rows["held_reason"]).sum().sort_values(ascending=False, kind="stable")
    of = rows[rows["held_reason"] == by.index[0]]
    most = of.loc[toward[of.index].idxmax()]
    return words(
        "targets.held_rep",
        name=scope.rep_name(row.key),
        change=words.signed_money(row.held_change),
        reason=words.value("held_reason", by.index[0]),
        amount=words.signed_money(total_money(of["held_change"])),
        account=scope.accounts.get(str(most["key"]), str(most["key"])),
        most=words.signed_money(most["held_change"]),
    )
