"""The page of chapter 3 that tells of each target whether it is a SMART one, and what would mend it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.packs.page import Page
from kamlib.packs.pages_attainability import Likely, names_of
from kamlib.packs.targets_scope import Scope
from kamlib.runs import Run
from kamlib.targets import Allocation, smart_cards
from kamlib.targets.smart import CRITERIA, PASSES

_LISTED = 15  # accounts listed whose card fails
_FIRST = ("attainable", "relevant")  # which fail most, beside what would mend them
_NAMED = 3  # reps named for each criterion that fails


def cards_page(run: Run, likely: Likely, allocation: Allocation, cube: pd.DataFrame, *, scope: Scope) -> Page:
    """Answer whether each target is a SMART one, and if not why and what would mend it (targets 8).

    Parameters
    ----------
    run : Run
        The run; gets ``target_cards``, the card of every rep and account.
    likely : Likely
        What `kamlib.packs.pages_attainability.judge_targets` returns.
    allocation : Allocation
        What `kamlib.targets.allocate_targets` returns.
    cube : pandas.DataFrame
        The run's own.
    scope : Scope
        What the page is about, in which words.
    """
    words = scope.words
    cards = smart_cards(
        likely.table, allocation.accounts, allocation.targets,
        cube=cube, period=run.period, as_of=run.as_of, weights=allocation.weights,
    )  # fmt: skip
    run.save("target_cards", cards)
    wanted = likely.table[["dimension", "key", "wanted_target"]]
    cards = cards.merge(wanted, how="left", on=["dimension", "key"])
    cards.insert(1, "name", names_of(cards, scope))
    reps, accounts = (cards[cards["dimension"] == level] for level in ("rep", "account"))
    loose = accounts[~accounts["smart"]]
    table = pd.concat([reps, loose.head(_LISTED)], ignore_index=True)
    table["mend"] = [_mend(row, likely, scope) for row in table.itertuples()]
    table = table.astype({"mend": "str"})
    rest = [name for name in CRITERIA if name not in _FIRST]
    notes = [words("targets.cards_note_rule")]
    if len(loose) > _LISTED:
        notes.append(words("targets.cards_note_more", shown=_LISTED, failed=words.count(len(loose))))
    notes.append(words("targets.cards_note_doubt"))
    return Page(
        id="targets_8",
        title=_title(reps[reps["key"].notna()], scope),
        subtitle=scope.subtitle(words("targets.cards_what")),
        table=table[["name", "target", *_FIRST, "mend", *rest, "dimension"]],
        sentences=_accounts_said(accounts, scope),
        notes=tuple(notes),
        folded=False,
    )


def _failing(cards: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the cards that fail by criterion, most first."""
    found = {name: cards[~cards[name].isin(list(PASSES[name]))] for name in CRITERIA}
    return {n: found[n] for n in sorted(found, key=lambda n: -len(found[n])) if len(found[n])}


def _title(reps: pd.DataFrame, scope: Scope) -> str:
    words = scope.words
    if not len(reps):
        return words("targets.cards_title_none")
    known = {"smart": words.count(int(reps["smart"].sum())), "reps": words.count(len(reps))}
    told = [
        words("targets.cards_failing", criterion=words.label(name), names=_some(rows["name"].tolist(), scope))
        for name, rows in _failing(reps).items()
    ]
    if not told:
        return words("targets.cards_title_one" if len(reps) == 1 else "targets.cards_title_all", **known)
    return words("targets.cards_title", failing=words("targets.list").join(told), **known)


def _some(names: list[str], scope: Scope) -> str:
    """Return the first names, and how many more there are."""
    words, link = scope.words, scope.words("targets.required_and")
    told = link.join(names[:_NAMED])
    more = len(names) - _NAMED
    return words("targets.cards_more", names=told, count=words.count(more)) if more > 0 else told


def _accounts_said(accounts: pd.DataFrame, scope: Scope) -> tuple[str, ...]:
    """Say how many accounts' targets meet all criteria, and of the others which one fails how often."""
    words = scope.words
    if not len(accounts):
        return ()
    known = {"smart": words.count(int(accounts["smart"].sum())), "accounts": words.count(len(accounts))}
    told = [
        words("targets.cards_count", criterion=words.label(name), count=words.count(len(rows)))
        for name, rows in _failing(accounts).items()
    ]
    if not told:
        return (words("targets.cards_accounts_all", **known),)
    return (words("targets.cards_accounts", failing=words("targets.list").join(told), **known),)


def _mend(row: Any, likely: Likely, scope: Scope) -> str | None:
    """Say what would mend each criterion that a card fails; nothing where none does."""
    words = scope.words
    chance = words.chance(likely.params.wanted_probability)
    told = []
    for name in CRITERIA:
        code = getattr(row, name)
        if code in PASSES[name]:
            continue
        if code == "out_of_reach" and not row.wanted_target > 0:
            told.append(words("targets.mend_nothing"))
        elif code == "out_of_reach":
            known = {
                "wanted": words.money(row.wanted_target),
                "chance": chance,
                "gap": words.money(row.target - row.wanted_target),
            }
            told.append(words("targets.mend_out_of_reach", **known))
        elif code == "no_aim":
            told.append(
                words("targets.mend_no_aim", amount=words.money(row.aim_from), base=scope.size.base_period)
            )
        else:
            told.append(words(f"targets.mend_{code}"))
    return words("targets.list").join(told) or None
