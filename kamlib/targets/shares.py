"""What share of the total each account would carry: history and potential blended, in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from kamlib.measures.rounding import Exact, Floats
from kamlib.targets.facts import AccountFacts

RULES = ("both", "history", "potential", "lapsed", "returns", "nothing", "closed")
"""Why an account's share is what it is; see `blend_shares`."""


@dataclass(frozen=True)
class Blend:
    """Shares of the accounts, in the order of the facts; each column adds up to 1 or is all zero.

    Attributes
    ----------
    history, potential, blend : numpy.ndarray of float64
        Shares of history and of potential, and the two weighted [fraction].
    weights : numpy.ndarray of int (Python integers)
        The blend, exact, on a common scale.
    rule : numpy.ndarray of str
        One of `RULES`.
    history_weight : float
        The weight history effectively had: 1 without any potential, 0 without any history [fraction].
    wallet : float or None
        History per potential of the accounts that have both, by which one stands in for the other; 1 where
        no account has both, None where one of the two is missing everywhere [fraction of a year's potential].
    """

    history: Floats
    potential: Floats
    blend: Floats
    weights: Exact
    rule: npt.NDArray[np.object_]
    history_weight: float
    wallet: float | None


def blend_shares(facts: AccountFacts, *, history_weight: float, quarters: int = 4) -> Blend:
    """Blend each open account's share of history with its share of potential.

    ``blend = history_weight * history_share + (1 - history_weight) * potential_share``. What is missing is
    not zero: it is filled from the other by the share of wallet of the accounts that have both (their
    history over their potential), so that both columns speak of all accounts. Rules:

    - both: history and potential are known;
    - history: the potential is unknown; it is taken to be in proportion to the history;
    - potential: the account never bought; its history is taken to be in proportion to the potential;
    - lapsed: it bought before, but not in the history window: its history is zero;
    - returns: returns exceed sales in the window: its history counts as zero;
    - nothing: it never bought and its potential is unknown: no share;
    - closed: closed accounts take no part.

    Without any potential the blend is the share of history, and the other way round.

    Parameters
    ----------
    facts : AccountFacts
        The accounts.
    history_weight : float
        Weight of the share of history, 0..1 [fraction].
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
    past_sum, could_sum = sum(past_full.tolist()), sum(could_full.tolist())
    weight = Fraction(str(history_weight)) if ratio is not None else Fraction(1 if has_past else 0)
    weights = (
        weight.numerator * past_full * could_sum
        + (weight.denominator - weight.numerator) * could_full * past_sum
    )
    common = np.gcd.reduce(weights) if weights.size else 0
    weights = weights // common if common else weights
    return Blend(
        history=shares_of(past_full),
        potential=shares_of(could_full),
        blend=shares_of(weights),
        weights=weights,
        rule=rule,
        history_weight=float(weight),
        wallet=None if ratio is None else float(ratio * 4 / quarters),
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
