"""Saving in two steps, and loading: what a panel settles on, as a file that a run reads as it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from difflib import unified_diff
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import ipywidgets as ui

from kamlib.packs.overlay import difference, overlay_path, overlay_text, refuse_taken, write_overlay
from kamlib.params import Params
from kamlib.widgets.slider import DESCRIBED, WIDE, fold

if TYPE_CHECKING:
    from kamlib.widgets.frame import Frame

P = TypeVar("P", bound=Params)
P_co = TypeVar("P_co", bound=Params, covariant=True)


class Read(Protocol[P_co]):
    """Reads parameters from their files as a run does, such as `kamlib.packs.planning.planning_params`."""

    def __call__(
        self, period: str | None = None, *, book: str | None = None, params_file: Path | None = None
    ) -> P_co:
        """Return the parameters of a period and a book, with a file laid over."""
        ...


@dataclass
class Store(Generic[P]):
    """Where a panel's parameters are kept.

    Attributes
    ----------
    read : callable
        Reads them anew at every need: files change while a panel is open.
    folder : pathlib.Path
        Where overlays are saved.
    period : str
        The period; a file of its name is read by its next run by itself.
    book : str
        Name of the book; an overlay says that it is written for it.
    sign : callable, optional
        Given the state, who, why and the day, returns what is saved, such as with an entry in a log.
    day : callable
        Returns the day on which something is saved.
    """

    read: Read[P]
    folder: Path
    period: str
    book: str
    sign: Callable[[P, str, str, dt.date], P] | None = None
    day: Callable[[], dt.date] = dt.date.today

    def below(self) -> list[P]:
        """Return what an overlay is laid over: the company's parameters, and with the period's over them."""
        return [self.read(book=self.book), self.read(self.period, book=self.book)]

    def load(self, name: str) -> P:
        """Return what a run of the period has with a file given by ``--params``."""
        return self.read(self.period, book=self.book, params_file=self.folder / f"{name}.yaml")

    def names(self) -> list[str]:
        """Return the files that are there, without their ending."""
        return sorted(path.stem for path in self.folder.glob("*.yaml"))


class _Offer(NamedTuple):
    """What the second step writes."""

    path: Path
    text: str
    state: Any


class Saving(Generic[P]):
    """The part of a panel that saves and loads.

    Parameters
    ----------
    frame : Frame
        The panel.
    store : Store
        Where its parameters are kept.
    """

    def __init__(self, frame: Frame[P], store: Store[P]) -> None:
        self.frame, self.store = frame, store
        self.fields: dict[str, Any] = {}
        self.shown = ui.HTML()
        self._open = False
        self._offer: _Offer | None = None

    def lay_out(self) -> Any:
        """Make the controls in the panel's language; what was typed stays."""
        words, button = self.frame.words, self.frame.button
        typed = {key: field.value for key, field in self.fields.items()}
        self.fields = {
            key: ui.Text(
                value=typed.get(key, self.store.period if key == "file_name" else ""),
                description=words(f"widgets.{key}"), layout=WIDE, style=DESCRIBED,
            )
            for key in ("file_name", "who", "why")
        }  # fmt: skip
        self.replace = ui.Checkbox(value=False, description=words("widgets.replace"), indent=False)
        described = words("widgets.load_from")
        self.files = ui.Dropdown(options=self.store.names(), description=described, style=DESCRIBED)
        self.ask = button(words("widgets.save"), self.offer)
        self.confirm = button(words("widgets.write"), self.write)
        self.take = button(words("widgets.load"), self.load)
        self.confirm.button_style = "primary"
        for control in (*self.fields.values(), self.replace):
            control.observe(lambda _: self.forget(), "value")
        self.forget()
        inside = [
            *self.fields.values(), self.replace, self.ask, self.shown,
            self.confirm, self.files, self.take,
        ]  # fmt: skip
        return fold(words("widgets.saving"), inside, open_=self._open, told=self._opened)

    def _opened(self, is_open: bool) -> None:
        self._open = is_open

    def forget(self) -> None:
        """Drop what was shown to be written: it is no longer what would be."""
        self._offer = None
        self.shown.value = ""
        self.confirm.layout.display = "none"

    def offer(self, *_: Any) -> None:
        """Show the very text that would be written, or why it cannot be; nothing is written yet."""
        self.forget()
        self._show(self._made())

    def write(self, *_: Any) -> None:
        """Write what was shown; where something changed since, show it anew first."""
        now = self._made()
        if now != self._offer:
            self._show(now)
            self.frame.say(self.frame.words("widgets.changed_since"))
            return
        write_overlay(
            now.path, now.text, params=now.state, below=self.store.below(), replace=self.replace.value
        )
        self.replace.value = False
        self.forget()
        self.files.options = self.store.names()
        said = "/".join(now.path.parts[-3:])
        self.frame.say(self.frame.words("widgets.saved", file=said))

    def load(self, *_: Any) -> None:
        """Take the state that a run would have with the chosen file."""
        if self.files.value is not None:
            self.frame.accept(self.store.load(self.files.value))

    def _made(self) -> _Offer:
        self.frame.draw()  # what cannot be drawn, a run would refuse
        store = self.store
        path = overlay_path(store.folder, self.fields["file_name"].value)
        refuse_taken(path, replace=self.replace.value)
        who, why = (self.fields[key].value for key in ("who", "why"))
        day, state = store.day(), self.frame.state
        if store.sign is not None:
            state = store.sign(state, who, why, day)
        values = difference(state, store.below())
        return _Offer(path, overlay_text(values, book=store.book, who=who, why=why, day=day), state)

    def _show(self, made: _Offer) -> None:
        words, text, key = self.frame.words, made.text, "widgets.difference"
        if made.path.is_file():
            key, old = "widgets.difference_old", made.path.read_text(encoding="utf-8").splitlines()
            lines = unified_diff(old, text.splitlines(), lineterm="", n=len(old))
            text = "\n".join(list(lines)[3:]) or text
        self._offer = made
        said = words(key, file=made.path.name)
        self.shown.value = f"<p>{escape(said)}</p><pre>{escape(text)}</pre>"
        self.confirm.layout.display = ""
