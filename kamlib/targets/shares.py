"""What share of the total each account would carry: factors blended by their weights, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from kamlib.measures.rounding import Exact, Floats
from kamlib.targets.factors import FACTORS, Evidence, Factor, make_factor
from kamlib.targets.facts import AccountFacts

RULES = ("both", "history", "potential", "lapsed", "returns", "nothing", "closed")
"""Why an account's share is what it is; see `blend_shares`."""

NO_EVIDENCE = Evidence()


@dataclass(frozen=True)
class Blend:
    """Shares of the accounts, in the order of the facts; each column adds up to 1 or is all zero.

    Attributes
    ----------
    history, potential, blend : numpy.ndarray of float64
        Shares of history and of potential, and all factors weighted [fraction].
    weights : numpy.ndarray of int (Python integers)
        The blend, exact, on a common scale.
    rule : numpy.ndarray of str
        One of `RULES`.
    history_weight : float
        The weight history effectively had: 1 without any potential, 0 without any history [fraction].
    wallet : float or None
        History per potential of the accounts that have both, by which one stands in for the other; 1 where
        no account has both, None where one of the two is missing everywhere [fraction of a year's potential].
    factors : mapping of str to numpy.ndarray of float64
        Shares by each factor that had a weight [fraction].
    used : mapping of str to float
        The weights that factors effectively had, adding up to 1 [fraction].
    unknown : mapping of str to int
        Open accounts that a factor beside history and potential did not know, and that were filled.
    """

    history: Floats
    potential: Floats
    blend: Floats
    weights: Exact
    rule: npt.NDArray[np.object_]
    history_weight: float
    wallet: float | None
    factors: Mapping[str, Floats] = field(default_factory=dict)
    used: Mapping[str, float] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)


def blend_shares(
    facts: AccountFacts,
    *,
    weights: Mapping[str, Fraction | float],
    evidence: Evidence = NO_EVIDENCE,
    quarters: int = 4,
) -> Blend:
    """Blend each open account's shares by several factors.

    ``blend = sum of weight * share`` over the factors. What is missing is not zero. History and potential are
    filled from each other by the share of wallet of the accounts that have both (their history over their
    potential), so that both columns speak of all accounts; the other factors as `make_factor` says. Rules:

    - both: history and potential are known;
    - history: the potential is unknown; it is taken to be in proportion to the history;
    - potential: the account never bought; its history is taken to be in proportion to the potential;
    - lapsed: it bought before, but not in the history window: its history is zero;
    - returns: returns exceed sales in the window: its history counts as zero;
    - nothing: it never bought and its potential is unknown: no share;
    - closed: closed accounts take no part.

    A factor of which nothing is known gives its weight up to the others in proportion to theirs; where none
    is left, history decides, or else potential.

    Parameters
    ----------
    facts : AccountFacts
        The accounts.
    weights : mapping of str to Fraction or float
        Weight of each factor, one of `FACTORS`, zero or more, adding up to 1 [fraction]. Floats count as the
        decimals they are written as.
    evidence : Evidence
        What the factors beside history and potential are taken from.
    quarters : int
        Length of the history window, to make it comparable to a year's potential [quarters].

    Returns
    -------
    Blend
    """
    rule = _rules(facts)
    known = facts.open & facts.known
    past = np.where(facts.open, np.maximum(facts.history, 0), 0).astype(np.object_)
    could = np.where(known, facts.potential, 0).astype(np.object_)
    has_past, has_potential = bool(past.sum() if past.size else 0), bool(could.sum() if could.size else 0)
    ratio = None
    if has_past and has_potential:
        ratio = _wallet(past, could, (facts.sold & known), quarters)
        new, unknown = rule == "potential", facts.open & ~facts.known
        past_full, could_full = past * ratio.denominator, could * ratio.numerator
        past_full, could_full = (
            np.where(new, could_full, past_full),
            np.where(unknown, past_full, could_full),
        )
    else:
        past_full = could_full = past if has_past else could
    found: dict[str, Factor] = {}
    if has_past:
        found["history"] = Factor(past_full, 0)
    if has_potential:
        found["potential"] = Factor(could_full, 0)
    wanted = {name: _exact(weight) for name, weight in weights.items() if weight}
    for name in FACTORS[2:]:
        made = make_factor(name, facts, past_full, evidence) if name in wanted else None
        if made is not None:
            found[name] = made
    used = _used(wanted, found)
    scales = _blended({name: found[name].amounts for name in used}, used, len(past_full))
    return Blend(
        history=shares_of(past_full),
        potential=shares_of(could_full),
        blend=shares_of(scales),
        weights=scales,
        rule=rule,
        history_weight=float(used.get("history", 0)),
        wallet=None if ratio is None else float(ratio * 4 / quarters),
        factors={name: shares_of(found[name].amounts) for name in used},
        used={name: float(weight) for name, weight in used.items()},
        unknown={name: found[name].unknown for name in used if found[name].unknown},
    )


def shares_of(amounts: Exact) -> Floats:
    """Return each whole amount's share of their sum, correctly rounded; zeros where all are zero.

    Examples
    --------
    >>> shares_of(np.array([1, 3], dtype=object)).tolist()
    [0.25, 0.75]
    """
    total = sum(amounts.tolist())
    return np.asarray(amounts / total if total else amounts * 0, dtype=np.float64)


def _exact(weight: Fraction | float) -> Fraction:
    return weight if isinstance(weight, Fraction) else Fraction(str(weight))


def _used(wanted: Mapping[str, Fraction], found: Mapping[str, Factor]) -> dict[str, Fraction]:
    """Return the weights of the factors that are known, adding up to 1."""
    kept = {name: wanted[name] for name in FACTORS if name in wanted and name in found}
    if not kept:
        return {name: Fraction(1) for name in tuple(found)[:1]}
    total = sum(kept.values())
    return {name: weight / total for name, weight in kept.items()}


def _blended(amounts: Mapping[str, Exact], used: Mapping[str, Fraction], size: int) -> Exact:
    """Add the factors up, each over its own sum, on the smallest common scale of whole numbers."""
    sums = {name: sum(values.tolist()) for name, values in amounts.items()}
    common = Fraction(1)
    for name in amounts:
        common *= sums[name] * used[name].denominator
    result = np.zeros(size, dtype=np.object_)
    for name, values in amounts.items():
        result = result + values * int(common * used[name] / sums[name])
    divisor = np.gcd.reduce(result) if result.size else 0
    return result // divisor if divisor else result


def _rules(facts: AccountFacts) -> npt.NDArray[np.object_]:
    conditions = [
        ~facts.open,
        ~facts.sold & ~facts.known,
        ~facts.sold,
        ~facts.recent,
        facts.history < 0,
        ~facts.known,
    ]
    labels = ["closed", "nothing", "potential", "lapsed", "returns", "history"]
    return np.select(conditions, labels, default="both").astype(np.object_)


def _wallet(past: Exact, could: Exact, both: npt.NDArray[np.bool_], quarters: int) -> Fraction:
    """Return history per year's potential where both are known, or a full wallet where they never are."""
    history, potential = sum(past[both].tolist()), sum(could[both].tolist())
    if history and potential:
        return Fraction(history, potential)
    return Fraction(quarters, 4)
