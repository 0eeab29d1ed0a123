"""The errors a user can cause, each with an exit code, and the wording they share.

Every message names the table, the column, the offending value, how many there are, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal


class KamError(Exception):
    """What kamlib refuses to do, in words a user can act on; the command line exits with `exit_code`."""

    exit_code = 1


class RunError(KamError):
    """A run that started and could not finish (exit code 1)."""


class ParameterError(KamError):
    """A parameter, an argument or the usage is wrong (exit code 2)."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One finding of a book's validation.

    Attributes
    ----------
    check : str
        Name of the check in the severity table, such as ``"duplicate_key"``.
    severity : str
        ``"refuse"`` or ``"keep"``.
    table, column : str
        Where it was found; empty when it concerns the whole book or table.
    count : int
        Rows concerned.
    examples : tuple of str
        Up to three offending values, in order of first appearance by value.
    message : str
        What is wrong, in one sentence.
    remedy : str
        What to do about it.
    money : Decimal or None
        Money on the rows concerned, where the check counts it [book currency].
    """

    check: str
    severity: str
    table: str
    column: str
    count: int
    examples: tuple[str, ...]
    message: str
    remedy: str
    money: Decimal | None = None

    def __str__(self) -> str:
        where = ".".join(part for part in (self.table, self.column) if part)
        return f"{where + ': ' if where else ''}{self.message} {self.remedy}"


class BookError(KamError):
    """A book breaks its contract (exit code 3); `problems` holds all of them, not the first."""

    exit_code = 3

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the known word that a mistyped one was meant to be.

    Examples
    --------
    >>> did_you_mean("histroy_weight", ["history_weight", "growth_cap"])
    ' Did you mean "history_weight"?'
    >>> did_you_mean("colour", ["history_weight"])
    ''
    """
    spelt = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), spelt, n=1, cutoff=0.7)
    return f' Did you mean "{spelt[close[0]]}"?' if close else ""
