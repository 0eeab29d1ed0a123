"""The page of chapter 3 that says how the total comes about, from above and from below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pandas as pd

from kamlib.charts.bridge import bridge
from kamlib.glossary import Words
from kamlib.measures.money import as_float
from kamlib.packs.page import Page
from kamlib.packs.pages_held import around_sentences
from kamlib.packs.targets_scope import Scope
from kamlib.targets import Sides
from kamlib.targets.holding import Enclosing

_ADDED = ("uplift", "new_business")  # what the sum from below adds to the forecast


def size_page(
    steps: pd.DataFrame,
    *,
    scope: Scope,
    sides: Sides | None = None,
    stretch: Sequence[float] = (),
    held: Decimal | None = None,
    around: Enclosing | None = None,
) -> Page:
    """Answer how the total comes about (targets 1).

    Parameters
    ----------
    steps : pandas.DataFrame
        What `kamlib.targets.sizing_steps` returns.
    scope : Scope
        What the page is about, in which words.
    sides : Sides, optional
        What `kamlib.targets.size_sides` made.
    stretch : sequence of float
        Multiples of the total that are shown as stretch levels.
    held : Decimal, optional
        What is asked for the period already, in the book or adopted [currency].
    around : Enclosing, optional
        What `kamlib.packs.targets_scope.around_of` returns.
    """
    words, size = scope.words, scope.size
    bars = pd.DataFrame(
        {
            "step": [_step_name(code, grown, scope) for code, grown in steps[["step", "growth"]].to_numpy()],
            "amount": as_float(steps["amount"]),
            "scenario": steps["step"].map({"base": "PY", "target": "PL", "forecast": "FC"}).fillna("change"),
        }
    )
    if size.rounding == 0:
        bars = bars[steps["step"] != "rounding"]
    return Page(
        id="targets_1",
        title=_size_title(scope),
        subtitle=scope.subtitle(words("targets.size_what")),
        table=steps,
        figures=(bridge(bars, words=words),),
        sentences=(
            *scope.doubt,
            *_size_sentences(scope, sides, stretch),
            *_held(scope, held),
            *around_sentences(around, size.total, words),
        ),
        notes=_size_notes(scope, sides),
    )


def _step_name(code: str, growth: float, scope: Scope) -> str:
    words, size = scope.words, scope.size
    known = {"base": size.base_period, "unit": words.count(size.unit), "period": size.period}
    if code == "growth":
        known["growth"] = words.signed_percent(growth)
    return words(f"targets.step_{code}", **known)


def _size_title(scope: Scope) -> str:
    words, size = scope.words, scope.size
    known = {"target": words.money(size.total), "period": size.period, "base": size.base_period}
    if size.growth is None:
        return words(f"targets.size_title_{'part' if size.base_unknown else 'no'}_base", **known)
    known["growth"] = words.signed_percent(float(size.total / size.base - 1))
    if size.gap is None:
        return words("targets.size_title_no_forecast", **known)
    if size.gap == 0:
        return words("targets.size_title_even", **known)
    side = words("targets.above" if size.gap > 0 else "targets.below")
    return words("targets.size_title", gap=words.money(abs(size.gap)), side=side, **known)


def _size_sentences(scope: Scope, sides: Sides | None, stretch: Sequence[float]) -> tuple[str, ...]:
    """Say what the other sides would ask, and the stretch levels."""
    words, size = scope.words, scope.size
    said = []
    if sides is not None and sides.below is not None:
        said.append(
            words(
                "targets.sides",
                above=words("targets.list").join(_above(sides, scope)) or words("targets.side_none"),
                below=words.money(sides.below),
                parts=_parts({name: getattr(sides, name) for name in ("forecast", *_ADDED)}, words),
                basis=words.value("basis", "given" if size.given else size.basis),
                against=_against(sides.below, scope),
            )
        )
        said += [*_not_counted(sides, scope), *_covered(scope, sides)]
    if stretch:
        levels = [f"{words.money(round(size.total * level))} ({words.percent(level)})" for level in stretch]
        said.append(words("targets.stretch", levels=words("targets.list").join(levels)))
    return tuple(said)


def _above(sides: Sides, scope: Scope) -> list[str]:
    """Say what growth, as it is asked, and the market come to."""
    words, base = scope.words, scope.size.base
    said = []
    if sides.growth is not None:
        growth = words.signed_percent(float(sides.growth / base - 1))
        said.append(words("targets.side_growth", amount=words.money(sides.growth), growth=growth))
    if sides.market is not None:
        said.append(words("targets.side_market", amount=words.money(sides.market)))
    return said


def _parts(amounts: Mapping[str, Decimal | None], words: Words) -> str:
    """Write those amounts of a sum that are known."""
    parts = [
        words(f"targets.part_{name}", amount=words.money(amount))
        for name, amount in amounts.items()
        if amount is not None
    ]
    return " + ".join(parts)


def _against(below: Decimal, scope: Scope) -> str:
    """Set the sum from below against the target, which may be made of nothing else."""
    words, size = scope.words, scope.size
    if below == size.amount and size.basis == "below" and not size.given:
        return words("targets.sides_rounded")
    return words("targets.sides_against", gap=words.signed_money(below - size.total))


def _not_counted(sides: Sides, scope: Scope) -> list[str]:
    """Say which parts of the sum from below are not counted, and why."""
    words = scope.words
    left = []
    if sides.uplift is None:
        left.append(words(f"targets.left_{'potential' if sides.open_potential is None else 'uplift'}"))
    if sides.new_business is None:
        left.append(words("targets.left_new_business"))
    return [words("targets.sides_left", parts=words("targets.list").join(left))] if left else []


def _covered(scope: Scope, sides: Sides) -> list[str]:
    """Say how far new business covers what the forecast leaves open of this plan's own total."""
    words, size = scope.words, scope.size
    if sides.new_business is None or size.gap is None or size.gap >= 0:
        return []
    known = {"period": size.period, "open": words.money(-size.gap)}
    if not sides.new_business:
        return [words("targets.sides_cover_none", **known)]
    share = words.percent(float(sides.new_business / -size.gap))
    return [words("targets.sides_cover", share=share, new=words.money(sides.new_business), **known)]


def _held(scope: Scope, held: Decimal | None) -> tuple[str, ...]:
    """Set the plan beside what is asked already; nothing where nothing is, or the same."""
    words, size = scope.words, scope.size
    if held is None or held == size.total:
        return ()
    asked = size.total - held
    side = "more" if asked > 0 else "less"
    known = {"period": size.period, "held": words.money(held), "gap": words.money(abs(asked))}
    return (words(f"targets.size_held_{side}", **known),)


def _size_notes(scope: Scope, sides: Sides | None) -> tuple[str, ...]:
    words, size = scope.words, scope.size
    growth = None if size.growth is None else words.signed_percent(size.growth)
    notes = [_way_note(scope), _gap_note(scope, sides)]
    if size.base_growth is None:
        notes.append(words("targets.size_note_no_pace", base=size.base_period))
    elif growth is not None:
        pace = words.signed_percent(size.base_growth)
        notes.append(words("targets.size_note_pace", base=size.base_period, pace=pace, growth=growth))
    return tuple(notes)


def _way_note(scope: Scope) -> str:
    """Say by which way the total came about, what that comes to, and what is over-assigned on top of it."""
    words, size = scope.words, scope.size
    way, own = "given" if size.given else size.basis, size.amount - size.over
    known = {"base": size.base_period, "amount": words.money(own), "unit": words.count(size.unit)}
    if size.growth is None:
        note = words(f"targets.size_note_{way}_alone", **known)
    else:
        growth = words.signed_percent(float(own / size.base - 1))
        note = words(f"targets.size_note_{'above' if way == 'growth' else way}", growth=growth, **known)
    return note + (words("targets.size_note_over", over=words.money(size.over)) if size.over else "")


def _gap_note(scope: Scope, sides: Sides | None) -> str:
    """Say how far the forecast is from the target, and of a total from below by which parts."""
    words, size = scope.words, scope.size
    if size.gap is None:
        return words("targets.size_note_no_forecast")
    known = {"gap": words.money(abs(size.gap))}
    if size.gap >= 0:
        return words("targets.size_note_reserve", **known)
    if size.basis == "below" and not size.given and sides is not None:
        return words("targets.size_note_short_parts", parts=_short_parts(scope, sides), **known)
    return words("targets.size_note_short", **known)


def _short_parts(scope: Scope, sides: Sides) -> str:
    """Write what a total from below holds beyond the forecast; rounding where it shows."""
    words, size = scope.words, scope.size
    amounts = {name: getattr(sides, name) for name in _ADDED} | {"over": size.over}
    amounts = {name: amount for name, amount in amounts.items() if amount}
    beyond = sum(amounts.values(), Decimal(0))
    if words.money(beyond) != words.money(beyond + size.rounding):
        amounts["rounding"] = size.rounding
    return _parts(amounts, words)
