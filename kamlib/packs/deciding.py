"""What the summary asks to decide between what holds, the plan and the forecast."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from kamlib.glossary import Words
from kamlib.measures.money import as_float, to_ticks, total_money
from kamlib.packs.pages_held import months_said
from kamlib.packs.pages_proof import joined
from kamlib.targets.held import Held
from kamlib.targets.holding import Enclosing


def decide_gap(reps: pd.DataFrame, gap: Decimal, words: Words, held: Held | None = None) -> str:
    """Say what is to be decided between what holds, the plan and the forecast.

    First which of two targets is asked, where one holds for the same, and whether more is asked, where what a
    longer period's target leaves for this one is more; then what the gap to the forecast asks to decide.
    Forecast above target is not offered as a reserve where more is left to be asked of all that is planned:
    what the forecast has to spare beyond that is told there.

    Parameters
    ----------
    reps : pandas.DataFrame
        One row a rep, with key, name, forecast and forecast_gap [currency].
    gap : Decimal
        Forecast less target in all [currency].
    words : Words
        Language and currency.
    held : Held, optional
        What `kamlib.packs.pages_held.beside_held` returns.
    """
    forecast = total_money(reps["forecast"])
    said = _decide_held(held, forecast, words)
    around = None if held is None else held.enclosing
    if around is not None and around.more is not None:
        said += _decide_around(around, around.more, reps, words)
        if around.covers and around.more > 0 and gap >= 0:
            return joined(said, words)
    return joined([*said, _decide_forecast(reps, gap, words)], words)


def _decide_held(held: Held | None, forecast: Decimal, words: Words) -> list[str]:
    """Say what holds for the same as the plan, or a part of it; beside the forecast where for all of it."""
    if held is None or not held.months:
        return []
    way = "more" if held.change > 0 else "less" if held.change < 0 else "same"
    known = {"held": words.money(held.total), "change": words.money(abs(held.change))}
    if held.whole and held.covers:
        over = held.total - forecast
        if over:
            place = words(f"planning.side_{'above' if over > 0 else 'below'}")
            beside = words("planning.held_beside", gap=words.money(abs(over)), side=place)
        else:
            beside = words("planning.held_beside_even")
        return [words(f"planning.held_{way}", beside=beside, **known)]
    part = words("planning.held_some") if held.whole else months_said(held.months, words)
    return [words(f"planning.held_part_{way}", part=part, **known)]


def _decide_around(around: Enclosing, more: Decimal, reps: pd.DataFrame, words: Words) -> list[str]:
    """Say what a longer period's target leaves for this one, and whether more is to be asked for it."""
    holds = around.period if around.covers else words("planning.around_part", around=around.period)
    known = {"around": holds, "period": around.planned, "gap": words.money(abs(more))}
    if not around.must:
        return [words("planning.around_met", **known)]
    known["must"] = words.money(around.must)
    if more <= 0:
        return [words(f"planning.around_{'less' if more else 'same'}", **known)]
    beside = _beside_forecast(around, around.must, words)
    return [words("planning.around_more", beside=beside, **known), *_most_left(around, reps, words)]


def _beside_forecast(around: Enclosing, must: Decimal, words: Words) -> str:
    """Say how much of what more is left is forecast, and how much lies beyond it; nothing if not known."""
    if around.forecast is None:
        return ""
    beyond, surplus = must - around.forecast, around.forecast - around.asked
    if beyond <= 0:
        return words("planning.around_covered", spare=words.money(-beyond))
    key = "partly" if surplus > 0 else "uncovered"
    return words(f"planning.around_{key}", surplus=words.money(surplus), beyond=words.money(beyond))


def _most_left(around: Enclosing, reps: pd.DataFrame, words: Words) -> list[str]:
    """Name the rep with the most left to bring beyond what is asked; nobody where no rep's is known."""
    left = pd.Series(to_ticks(around.reps["must"]) - to_ticks(around.reps["asked"]), index=around.reps.index)
    left = left[around.reps["key"].isin(reps["key"])]
    if not len(left) or left.max() <= 0:
        return []
    row = around.reps.loc[left.idxmax()]
    rep = reps.loc[reps["key"] == row["key"], "name"].iloc[0]
    amounts = {"must": row["must"], "asked": row["asked"], "part": row["must"] - row["asked"]}
    told = {name: words.money(amount) for name, amount in amounts.items()}
    return [words("planning.around_rep", rep=rep, **told)]


def _decide_forecast(reps: pd.DataFrame, gap: Decimal, words: Words) -> str:
    """Say what the gap to the forecast asks to decide, and which rep has most of it."""
    named = reps[reps["key"].notna()]
    if not len(named):
        return words("planning.decision_gap_plain", gap=words.signed_money(gap))
    gaps = as_float(named["forecast_gap"])
    worst = named.iloc[int(gaps.argmin() if gap < 0 else gaps.argmax())]
    return words(
        "planning.decision_gap" if gap < 0 else "planning.decision_reserve",
        gap=words.money(abs(gap)),
        rep=worst["name"],
        rep_gap=words.signed_money(worst["forecast_gap"]),
    )
