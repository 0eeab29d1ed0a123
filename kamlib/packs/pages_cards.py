"""The page of chapter 3 that tells of each target whether it is a SMART one, and what would mend it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

import pandas as pd

from kamlib.packs.page import Page
from kamlib.packs.pages_attainability import Likely
from kamlib.packs.targets_scope import Scope, names_of, with_side
from kamlib.runs import Run
from kamlib.targets import Allocation, attain_probability, smart_cards
from kamlib.targets.smart import CRITERIA, OPEN, PASSES, STRETCH, UNKNOWN

_LISTED = 10  # accounts listed whose card is not whole
_FIRST = ("attainable", "relevant")  # which fail most, each in a column of its own
_REST = tuple(name for name in CRITERIA if name not in _FIRST)
_NAMED = 3  # reps named for each criterion that fails
_DIGITS = 3  # of an amount that would mend a card
_SIDES = ("company", "region", "account_type", "product_line")


def cards_page(
    run: Run,
    likely: Likely,
    allocation: Allocation,
    summary: pd.DataFrame,
    cube: pd.DataFrame,
    *,
    scope: Scope,
) -> Page:
    """Answer whether each target is a SMART one, and if not why and what would mend it (targets 8).

    Parameters
    ----------
    run : Run
        The run; gets ``target_cards``, the card of every target.
    likely : Likely
        What `kamlib.packs.pages_attainability.judge_targets` returns.
    allocation : Allocation
        What `kamlib.targets.allocate_targets` returns.
    summary : pandas.DataFrame
        What `kamlib.targets.summarise_targets` returns.
    cube : pandas.DataFrame
        The run's own.
    scope : Scope
        What the page is about, in which words.
    """
    words = scope.words
    cards = smart_cards(
        likely.table, allocation.accounts, allocation.targets, summary,
        cube=cube, period=run.period, as_of=run.as_of, weights=allocation.weights,
    )  # fmt: skip
    run.save("target_cards", cards)
    known = likely.table[["dimension", "key", "wanted_target"]]
    cards = _at_aim(cards.merge(known, how="left", on=["dimension", "key"]), likely, run.rounding_unit)
    cards.insert(1, "name", names_of(cards, scope))
    reps, accounts = (cards[cards["dimension"] == level] for level in ("rep", "account"))
    reps = reps if reps["key"].notna().any() else reps.head(0)
    sides = cards[cards["dimension"].isin(list(_SIDES))]
    loose = accounts[~accounts["smart"]]
    table = pd.concat([reps, sides, loose.head(_LISTED)], ignore_index=True)
    table["name"] = [with_side(row.name, row.dimension, words) for row in table.itertuples()]
    table["form"] = [_form(row) for row in table.itertuples()]
    table["mend"] = [_mend(row, likely, scope) for row in table.itertuples()]
    table = table.astype({"form": "str", "mend": "str"})
    notes = [words("targets.cards_note_rule", below=_below(likely, scope))]
    if scope.size.base_unknown:
        notes.append(words("targets.cards_note_part", base=scope.size.base_period))
    if len(loose) > _LISTED:
        notes.append(words("targets.cards_note_more", shown=_LISTED, failed=words.count(len(loose))))
    notes.append(words("targets.cards_note_doubt"))
    return Page(
        id="targets_8",
        title=_title(cards, likely, scope),
        subtitle=scope.subtitle(words("targets.cards_what")),
        table=table[["name", "target", *_FIRST, "form", "mend"]],
        sentences=tuple(
            _counted(kind, rows, likely, scope)
            for kind, rows in (("sides", sides), ("accounts", accounts))
            if len(rows)
        ),
        notes=tuple(notes),
        folded=False,
    )


def _form(row: Any) -> str:
    """Tick or cross the criteria of a target's form, in order; what would mend them tells which fail."""
    return " ".join("✓" if getattr(row, name) in PASSES[name] else "✗" for name in _REST)


def _below(likely: Likely, scope: Scope) -> str:
    return scope.words.chance(likely.params.stretch_below)


def _failing(cards: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the cards that fail by criterion, most first; a stretch or what is unknown fails none."""
    found = {name: cards[~cards[name].isin([*PASSES[name], *OPEN])] for name in CRITERIA}
    return {n: found[n] for n in sorted(found, key=lambda n: -len(found[n])) if len(found[n])}


def _title(cards: pd.DataFrame, likely: Likely, scope: Scope) -> str:
    words = scope.words
    reps = cards[(cards["dimension"] == "rep") & cards["key"].notna()]
    if not len(reps):
        others = cards[cards["dimension"] != "rep"]
        smart, targets = words.count(int(others["smart"].sum())), words.count(len(others))
        return words("targets.cards_title_none", smart=smart, targets=targets)
    known = {"smart": words.count(int(reps["smart"].sum())), "reps": words.count(len(reps))}
    failing = [
        words("targets.cards_failing", criterion=words.label(name), names=_some(rows["name"].tolist(), scope))
        for name, rows in _failing(reps).items()
    ]
    named = {code: _some(reps.loc[reps["attainable"] == code, "name"].tolist(), scope) for code in OPEN}
    told = _others(failing, reps, likely, scope, named=named)
    if not told:
        return words("targets.cards_title_one" if len(reps) == 1 else "targets.cards_title_all", **known)
    return words("targets.cards_title", others=told, **known)


def _others(
    failing: list[str],
    cards: pd.DataFrame,
    likely: Likely,
    scope: Scope,
    *,
    named: Mapping[str, str] | None = None,
) -> str:
    """Say how many are stretches or not known, and what fails; nothing where all is met."""
    words, told = scope.words, []
    for code in OPEN:
        count = int((cards["attainable"] == code).sum())
        if count:
            said = words(f"targets.cards_{code}", count=words.count(count), below=_below(likely, scope))
            names = (named or {}).get(code)
            told.append(words("targets.cards_failing", criterion=said, names=names) if names else said)
    blind = int((cards["relevant"] == UNKNOWN).sum())
    if blind:
        told.append(words("targets.cards_blind", count=words.count(blind)))
    if failing:
        told.append(words("targets.cards_fail_on", failing=words("targets.list").join(failing)))
    return words("targets.list").join(told)


def _some(names: list[str], scope: Scope) -> str:
    """Return the first names, and how many more there are."""
    words, link = scope.words, scope.words("targets.required_and")
    told = link.join(names[:_NAMED])
    more = len(names) - _NAMED
    return words("targets.cards_more", names=told, count=words.count(more)) if more > 0 else told


def _counted(kind: str, cards: pd.DataFrame, likely: Likely, scope: Scope) -> str:
    """Say how many targets meet all criteria, and of the others which one fails how often."""
    words = scope.words
    known = {"smart": words.count(int(cards["smart"].sum())), "targets": words.count(len(cards))}
    failing = [
        words("targets.cards_count", criterion=words.label(name), count=words.count(len(rows)))
        for name, rows in _failing(cards).items()
    ]
    told = _others(failing, cards, likely, scope)
    key = f"targets.cards_{kind}"
    return words(key, others=told, **known) if told else words(f"{key}_all", **known)


def _at_aim(cards: pd.DataFrame, likely: Likely, unit: int) -> pd.DataFrame:
    """Add the amount told above which each target serves an aim, and how likely the next unit above it is.

    Where no such amount is known, the target stands for it: nothing is told of it then.
    """
    told = [_cut(amount, ROUND_CEILING) for amount in cards["aim_from"].fillna(cards["target"].map(Decimal))]
    above = cards[["dimension", "key"]].assign(target=[(amount // unit + 1) * unit for amount in told])
    there = attain_probability(above, likely.keys, likely.paths, params=likely.params, unit=unit)
    return cards.assign(
        aim_told=told,
        aim_chance=there["reach_probability"].to_numpy(),
        aim_band=there["reach_band"].to_numpy(),
    )


def _cut(amount: Decimal, rounding: str) -> Decimal:
    """Cut an amount to the digits that are told, to the side on which what is advised still holds."""
    return Context(prec=_DIGITS, rounding=rounding).plus(amount)


def _mend(row: Any, likely: Likely, scope: Scope) -> str | None:
    """Say what would mend each criterion that a card fails; nothing where none does.

    An amount that would mend one criterion is told with what it does to the other.
    """
    words, told = scope.words, []
    for name in CRITERIA:
        code = getattr(row, name)
        if code in PASSES[name]:
            continue
        if code in ("out_of_reach", STRETCH):
            told.append(_less(row, likely, scope))
        elif code == "no_aim":
            told.append(_more(row, scope))
        elif code == UNKNOWN:
            base = words("targets.mend_base_unknown", base=scope.size.base_period)
            told.append(base if name == "relevant" else _lacking(row, likely, scope))
        else:
            told.append(words(f"targets.mend_{code}"))
    return words("targets.list").join(told) or None


def _less(row: Any, likely: Likely, scope: Scope) -> str:
    """Say what a target would fall to for the wanted chance, and whether it would still ask for more."""
    words = scope.words
    if not row.wanted_target > 0:
        return words("targets.mend_nothing")
    wanted = _cut(row.wanted_target, ROUND_FLOOR)
    known = {
        "wanted": words.money(wanted),
        "chance": words.chance(likely.params.wanted_probability),
        "gap": words.money(_cut(row.target - row.wanted_target, ROUND_CEILING)),
    }
    if pd.isna(row.aim_from) or wanted > row.aim_from:
        return words("targets.mend_out_of_reach", **known)
    part = "_part" if scope.size.base_unknown else ""
    return words(f"targets.mend_below_aims{part}", base=scope.size.base_period, **known)


def _more(row: Any, scope: Scope) -> str:
    """Say above which amount a target would ask for more, and how likely that is."""
    words, base, amount = scope.words, scope.size.base_period, scope.words.money(row.aim_told)
    if pd.isna(row.aim_chance):
        return words("targets.mend_no_aim_unknown", base=base, amount=amount)
    chance, band = words.chance(row.aim_chance), words.value("reach_band", row.aim_band)
    return words("targets.mend_no_aim", base=base, amount=amount, chance=chance, band=band)


def _lacking(row: Any, likely: Likely, scope: Scope) -> str:
    """Say what is missing to tell a target's chance: a name, months of history, or any purchase."""
    words = scope.words
    if pd.isna(row.key):
        return words("targets.mend_unknown_unnamed")
    if likely.history is not None:
        needed, known = likely.history
        return words("targets.mend_unknown_history", needed=needed, known=known)
    return words("targets.mend_unknown" if likely.paths is None else "targets.mend_unknown_new")
