"""What pages of chapter 3 say of targets that are adopted already, beside what the plan asks."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from kamlib.glossary import Words
from kamlib.measures.money import as_float, to_ticks, total_money
from kamlib.packs.targets_scope import Scope
from kamlib.runs import Run
from kamlib.targets.held import Held, compare_held

_NAMED = 3  # reps whose difference is told


def beside_adopted(run: Run, targets: pd.DataFrame) -> Held | None:
    """Set the run's targets beside the adopted ones and save the comparison with the run.

    Parameters
    ----------
    run : Run
        The run; gets ``target_held`` where targets are adopted for a month of its period.
    targets : pandas.DataFrame
        What `kamlib.targets.allocate_targets` returns as `targets`.
    """
    adopted = run.load("adopted_targets") if run.has("adopted_targets") else None
    held = compare_held(targets, adopted, period=run.period)
    if held is not None:
        run.save("target_held", held.table)
    return held


def add_held(table: pd.DataFrame, held: Held | None) -> pd.DataFrame:
    """Add what is adopted, what the plan asks of the same months and the difference, by dimension and key.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of `kamlib.targets.summarise_targets`.
    held : Held or None
        What `beside_adopted` returns; None adds nothing.

    Returns
    -------
    pandas.DataFrame
        With target_held and held_change [currency, null where nothing is adopted], and target_beside where
        not all months of the plan are adopted.
    """
    if held is None:
        return table
    columns = ["target_held", *([] if held.whole else ["target_beside"]), "held_change"]
    rows = held.table[["dimension", "key", *columns]]
    own = ~table["without_account"] if "without_account" in table else pd.Series(True, index=table.index)
    both = table[["dimension", "key"]].merge(rows, how="left", on=["dimension", "key"])
    both.index = table.index
    return table.assign(**{name: both[name].where(own) for name in columns})


def held_sentences(held: Held | None, scope: Scope) -> tuple[str, ...]:
    """Say what is adopted, how far the plan is from it and why; how to adopt, where nothing is."""
    words, size = scope.words, scope.size
    if held is None:
        return (words("targets.held_none", period=size.period),)
    known = {
        "period": size.period,
        "held": words.money(held.total),
        "target": words.money(held.total + held.change),
        "sources": words("targets.list").join(_sources(held, words)),
        "change": words.signed_money(held.change),
        "first": held.months[0],
        "last": held.months[-1],
    }
    said = [words("targets.held_whole" if held.whole else "targets.held_part", **known)]
    reps = held.of("rep")
    order = pd.Series(to_ticks(reps["held_change"]), index=reps.index).abs()
    moved = reps.loc[order[order > 0].sort_values(ascending=False, kind="stable").index[:_NAMED]]
    if len(moved):
        told = [
            _rep_said(key, change, held, scope)
            for key, change in zip(moved["key"], moved["held_change"], strict=True)
        ]
        said.append(words("targets.held_reps", reps=words("targets.list").join(told)))
        if set(held.sources["period"]) != {str(size.period)}:
            said.append(words("targets.held_why"))
    return tuple(said)


def quarters_said(quarters: pd.DataFrame, scope: Scope) -> tuple[str, ...]:
    """List the quarters of a longer period, each with what is adopted for it; nothing of one quarter.

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


def _rep_said(rep: object, change: Decimal, held: Held, scope: Scope) -> str:
    """Name a rep's difference, the reason that makes most of it, and the account that makes most of that."""
    words, accounts = scope.words, held.of("account")
    own = accounts["rep_id"].isna() if pd.isna(rep) else accounts["rep_id"] == rep
    rows = accounts[own]
    side = 1.0 if change > 0 else -1.0
    toward = pd.Series(side * as_float(rows["held_change"]), index=rows.index)
    by = toward.groupby(rows["held_reason"]).sum().sort_values(ascending=False, kind="stable")
    of = rows[rows["held_reason"] == by.index[0]]
    most = of.loc[toward[of.index].idxmax()]
    return words(
        "targets.held_rep",
        name=scope.rep_name(rep),
        change=words.signed_money(change),
        reason=words.value("held_reason", by.index[0]),
        amount=words.signed_money(total_money(of["held_change"])),
        account=scope.accounts.get(str(most["key"]), str(most["key"])),
        most=words.signed_money(most["held_change"]),
    )
