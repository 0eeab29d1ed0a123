"""What differs between parameters, written as a file that the next run reads as it is."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from kamlib.errors import ParameterError
from kamlib.glossary import Words
from kamlib.params import Layer, Params, build_params
from kamlib.strict_yaml import read_yaml

P = TypeVar("P", bound=Params)
_NAME = re.compile(r"[\w][\w .-]{0,63}")


class PanelError(ParameterError):
    """What a panel refuses, in words of either language.

    Parameters
    ----------
    key : str
        Key of the sentence.
    plain : str, optional
        The sentence in English where another function already wrote it.
    **values : str or int
        Its placeholders.
    """

    def __init__(self, key: str, /, *, plain: str | None = None, **values: str | int) -> None:
        super().__init__(plain or Words("en")(key, **values))
        self._key, self._values = key, values

    def said(self, words: Words) -> str:
        """Return the sentence in a language."""
        return str(self) if words.lang == "en" else words(self._key, **self._values)


def difference(params: Params, below: Sequence[Params]) -> dict[str, Any]:
    """Return the parameters that differ from any of those that they are laid over.

    Parameters
    ----------
    params : Params
        What is wanted, a section a room.
    below : sequence of Params
        What holds without the overlay, such as the company's file, and that with the period's over it.

    Returns
    -------
    dict
        Section, parameter, value as plain YAML types; empty where nothing differs.
    """
    wanted = params.model_dump(mode="json")
    others = [one.model_dump(mode="json") for one in below]
    found: dict[str, Any] = {}
    for section, values in wanted.items():
        changed = [name for name in values if any(one[section][name] != values[name] for one in others)]
        differs = {name: _entries(values[name], [one[section][name] for one in others]) for name in changed}
        if differs:
            found[section] = differs
    return found


def unlike(params: Params, other: Params, *, except_: tuple[str, ...] = ()) -> list[str]:
    """Return the names of parameters that differ, ``section.name``, but for those that begin as told."""
    return [
        f"{section}.{name}"
        for section, values in params
        if values is not (others := getattr(other, section))
        for name, value in values
        if value != getattr(others, name) and not f"{section}.{name}".startswith(except_)
    ]


def _entries(value: Any, below: Sequence[Any]) -> Any:
    """Return a value; a mapping with null for each entry that it lacks and one below has, so that it goes."""
    if not isinstance(value, dict):
        return value
    gone = [key for one in below if isinstance(one, dict) for key in one if key not in value]
    return {**value, **dict.fromkeys(gone)}


def overlay_text(values: dict[str, Any], *, book: str, who: str, why: str, day: dt.date) -> str:
    """Write an overlay: who settled on it, when and why, for which book, then what differs.

    Raises
    ------
    ParameterError
        If nobody is named, or no reason.
    """
    who, why = (" ".join(text.split()) for text in (who, why))
    if not who or not why:
        raise PanelError("widgets.no_who")
    head = f"# Set by {who} on {day.isoformat()}: {why}\n"
    return head + yaml.safe_dump({"book": book, **values}, sort_keys=False, allow_unicode=True, width=100)


def overlay_path(folder: Path, name: str) -> Path:
    """Return the file of an overlay's name.

    Raises
    ------
    ParameterError
        If the name is not letters, digits, spaces, dots and hyphens, 64 at most.
    """
    stem = name.strip().removesuffix(".yaml").strip()
    if not _NAME.fullmatch(stem):
        raise PanelError("widgets.bad_file", name=name)
    return folder / f"{stem}.yaml"


def refuse_taken(path: Path, *, replace: bool) -> None:
    """Refuse a file that is there, unless it may be replaced.

    Raises
    ------
    ParameterError
        If it is there and may not be replaced.
    """
    if path.exists() and not replace:
        raise PanelError("widgets.taken", file=path.name)


def write_overlay(path: Path, text: str, *, params: P, below: Sequence[P], replace: bool = False) -> None:
    """Write an overlay, once it is sure that a run which reads it has these very parameters.

    Parameters
    ----------
    path : pathlib.Path
        Where to.
    text : str
        What `overlay_text` wrote.
    params, below
        As for `difference`.
    replace : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    ParameterError
        If the file is there and may not be replaced, does not give the parameters back, or cannot be written.
    """
    refuse_taken(path, replace=replace)
    values = read_yaml(text, origin=path.name)
    del values["book"]
    for one in below:
        layers = [Layer("below", one.model_dump(mode="json")), Layer(path.name, values)]
        if build_params(type(params), layers) != params:
            raise PanelError("widgets.not_given_back", file=path.name)
    aside = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8", newline="\n")
        aside.replace(path)
    except OSError as error:
        raise PanelError("widgets.not_written", file=path.name, why=error.strerror or str(error)) from error
