"""Weights that sum to one while one of them moves."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kamlib.errors import ParameterError, did_you_mean
from kamlib.measures.rounding import largest_remainder

ATOMS = 10_000
"""Parts of one that weights are counted in: hundredths of a percentage point."""


def move_weight(
    weights: Mapping[str, float], name: str, value: float, *, locked: Collection[str] = ()
) -> dict[str, float]:
    """Move one weight; the others that are not locked give way in proportion, so that all sum to 1.

    Weights are counted in hundredths of a percentage point. Where the others are all zero they share alike;
    where they are all locked, or the move asks for more than these leave, the weight takes what is left.

    Parameters
    ----------
    weights : mapping of str to float
        Weights, not negative [fraction].
    name : str
        The weight that moves.
    value : float
        Where it moves to; cut to what locked ones leave [fraction].
    locked : collection of str
        Weights that stay.

    Returns
    -------
    dict of str to float
        In the order given; sum 1 to the last hundredth of a point.

    Raises
    ------
    ParameterError
        If `name` is no weight.

    Examples
    --------
    >>> move_weight({"a": 0.5, "b": 0.3, "c": 0.2}, "a", 0.6)
    {'a': 0.6, 'b': 0.24, 'c': 0.16}
    >>> move_weight({"a": 0.5, "b": 0.3, "c": 0.2}, "a", 0.9, locked={"b"})
    {'a': 0.7, 'b': 0.3, 'c': 0.0}
    """
    if name not in weights:
        raise ParameterError(f'"{name}" is no weight.{did_you_mean(name, weights)}')
    kept = [other for other in weights if other in locked and other != name]
    free = [other for other in weights if other not in locked and other != name]
    atoms = {other: round(weights[other] * ATOMS) for other in kept}
    room = max(ATOMS - sum(atoms.values()), 0)
    moved = room if not free else min(max(round(value * ATOMS), 0), room)
    atoms[name] = moved
    if free:
        shares = [max(weights[other], 0.0) for other in free]
        parts = largest_remainder(shares if any(shares) else [1.0] * len(free), room - moved)
        atoms.update(zip(free, parts.tolist(), strict=True))
    return {other: atoms[other] / ATOMS for other in weights}
