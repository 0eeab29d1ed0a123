"""What every panel has: a state with undo, a picture that follows it, saving and loading, two languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any, Generic, TypeVar

import ipywidgets as ui

from kamlib.errors import KamError, ParameterError
from kamlib.glossary import Words
from kamlib.packs.overlay import difference, overlay_path, overlay_text, write_overlay
from kamlib.params import Layer, Params, build_params, read_layer
from kamlib.widgets.latest import Latest

P = TypeVar("P", bound=Params)
_PAUSE = 0.5  # seconds without a move before what would be saved is written out: nobody reads it meanwhile
WIDE = ui.Layout(width="44em")
DESCRIBED = {"description_width": "24em"}


class Frame(Generic[P]):
    """A panel around one parameter object.

    Parameters
    ----------
    first : Params
        The state to begin with.
    below : sequence of Params
        What a saved overlay is laid over; see `kamlib.packs.overlay.difference`.
    folder : pathlib.Path
        Where overlays are saved.
    name : str
        What an overlay is called unless it is renamed; a period's name makes its next run use it.
    title : str
        Key of the panel's title in words.
    controls : callable
        Given the frame, makes the controls anew, in its language; they call `change` and are told of a new
        state by what they append to `follow`, and to `after` where it can wait until
        nothing moves.
    draw : callable
        Given state and words, returns the picture as HTML.
    book : str
        Name of the book; an overlay says that it is written for it.
    words : Words
        Language to begin with, and currency.
    day : callable
        Returns the day on which something is saved.
    sign : callable, optional
        Given the state, who, why and the day, returns what is saved, such as with an entry in a log.
    """

    def __init__(
        self,
        first: P,
        *,
        below: list[P],
        folder: Path,
        name: str,
        title: str,
        controls: Callable[[Frame[P]], list[Any]],
        draw: Callable[[P, Words], str],
        book: str,
        words: Words,
        day: Callable[[], dt.date] = dt.date.today,
        sign: Callable[[P, str, str, dt.date], P] | None = None,
    ) -> None:
        self.state, self.first, self.words = first, first, words
        self.book = book
        self.follow: list[Callable[[P], None]] = []
        self.after: list[Callable[[P], None]] = []
        self.picture, self.message = ui.HTML(), ui.HTML()
        self.box = ui.VBox()
        self._past: list[P] = []
        self.below, self.folder, self._day = below, folder, day
        self._title, self._controls, self._draw = title, controls, draw
        self._name, self._sign = name, sign
        self._quiet = False
        self._latest = Latest(self._repaint, self._fail)
        self._later = Latest(self._compare, self.say, wait=_PAUSE)

    def show(self) -> Any:
        """Lay the panel out in its language, draw the picture, and return the panel."""
        self._lay_out()
        return self.box

    @property
    def setting(self) -> bool:
        """Whether controls are being set, not turned by the user."""
        return self._quiet

    def change(self, state: P) -> None:
        """Take a new state: remember the old one, let the controls follow, and wish for a new picture."""
        if self._quiet:
            return
        if state != self.state:
            self._past.append(self.state)
        self._take(state)

    def undo(self, *_: Any) -> None:
        """Go back to the state before the last change."""
        if self._past:
            self._take(self._past.pop())

    def reset(self, *_: Any) -> None:
        """Go back to the run's own parameters; this can be undone."""
        self.change(self.first)

    def say(self, what: str | Exception) -> None:
        """Show a message in the panel; nothing clears it."""
        kind = "status" if isinstance(what, str) else "alert"
        text = what if isinstance(what, str) else f"{type(what).__name__}: {what}"
        if isinstance(what, KamError):
            text = str(what)
        colour = "#2c6b2f" if kind == "status" else "#a61c3c"
        lines = "<br>".join(escape(line) for line in text.splitlines())
        self.message.value = f'<div role="{kind}" style="color:{colour};max-width:72em">{lines}</div>'

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Let controls be set without their being taken for a change of the user's."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _take(self, state: P) -> None:
        self.state = state
        self._latest.ask()

    def _set_controls(self) -> None:
        with self.quiet():
            for told in self.follow:
                told(self.state)

    def _repaint(self) -> None:
        self.picture.value = self._draw(self.state, self.words)
        self._set_controls()
        self.message.value = ""
        self._later.ask()

    def _compare(self) -> None:
        self._difference.value = self._diff_html()
        with self.quiet():
            for told in self.after:
                told(self.state)

    def _fail(self, error: Exception) -> None:
        """Show why there is no picture: one of an older state would be taken for this one's."""
        self.picture.value = ""
        self._set_controls()
        self.say(error)

    def _lay_out(self) -> None:
        words = self.words
        self.follow, self.after = [], []
        language = ui.ToggleButtons(options=[("English", "en"), ("中文", "zh")], value=words.lang)
        language.style.button_width = "6em"
        language.observe(self._speak, "value")
        undo, reset = (self.button(words(f"widgets.{name}"), call) for name, call in
                       (("undo", self.undo), ("reset", self.reset)))  # fmt: skip
        how = words(f"{self._title}_how")
        title = ui.HTML(f"<h2>{escape(words(self._title))} · {escape(self.book)}</h2><p>{escape(how)}</p>")
        top = ui.HBox([title, language], layout=ui.Layout(justify_content="space-between", width="100%"))
        controls = self._controls(self)
        self.box.children = [
            top, *controls, ui.HBox([undo, reset]), self.message, self.picture, self._saving(),
        ]  # fmt: skip
        self._latest.now()

    def _speak(self, change: dict[str, Any]) -> None:
        self.words = Words(change["new"], self.words.currency)
        self._lay_out()

    def button(self, text: str, call: Callable[..., None]) -> Any:
        """Make a button."""
        button = ui.Button(description=text, tooltip=text, layout=ui.Layout(width="auto"))
        button.on_click(call)
        return button

    def _saving(self) -> Any:
        words = self.words
        self._difference = ui.HTML()
        self.fields = {
            key: ui.Text(
                value=self._name if key == "file_name" else "",
                description=words(f"widgets.{key}"),
                layout=WIDE,
                style=DESCRIBED,
            )
            for key in ("file_name", "who", "why")
        }
        self.replace = ui.Checkbox(value=False, description=words("widgets.replace"), indent=False)
        described = words("widgets.load_from")
        self.files = ui.Dropdown(options=self._found(), description=described, style=DESCRIBED)
        buttons = [
            self.button(words("widgets.save"), self.save),
            self.button(words("widgets.load"), self.load),
        ]
        save, load = buttons
        inside = ui.VBox([self._difference, *self.fields.values(), self.replace, save, self.files, load])
        return ui.Accordion([inside], titles=[words("widgets.saving")], selected_index=None)

    def _found(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.yaml"))

    def _diff_html(self) -> str:
        values = difference(self.state, self.below)
        if not values:
            return f"<p>{escape(self.words('widgets.no_difference'))}</p>"
        text = overlay_text(values, book=self.book, who="…", why="…", day=self._day())
        return f"<p>{escape(self.words('widgets.difference'))}</p><pre>{escape(text)}</pre>"

    def save(self, *_: Any) -> None:
        """Write what differs to the file that the fields name; say so, or why not."""
        try:
            path = overlay_path(self.folder, self.fields["file_name"].value)
            who, why = (self.fields[key].value for key in ("who", "why"))
            day = self._day()
            state = self.state if self._sign is None else self._sign(self.state, who, why, day)
            text = overlay_text(difference(state, self.below), book=self.book, who=who, why=why, day=day)
            write_overlay(path, text, params=state, below=self.below, replace=self.replace.value)
        except KamError as error:
            self.say(error)
            return
        self.replace.value = False
        self.files.options = self._found()
        self.say(
            self.words("widgets.saved", file=f"{path.parent.parent.name}/{path.parent.name}/{path.name}")
        )

    def load(self, *_: Any) -> None:
        """Take the state of the saved file that is chosen."""
        if self.files.value is None:
            return
        path = overlay_path(self.folder, self.files.value)
        try:
            layers = [Layer("params", self.below[0].model_dump(mode="json"))]
            layer, other = read_layer(path, path.name)
            if other not in (None, self.book):
                raise ParameterError(f'{path.name} is written for the book "{other}", not for "{self.book}".')
            state = build_params(type(self.state), [*layers, layer])
        except KamError as error:
            self.say(error)
            return
        self.change(state)


def panel_or_reason(make: Callable[[], Any]) -> Any:
    """Make a panel, or say in its place why there is none: a web page shows no error of a cell."""
    try:
        return make()
    except KamError as error:
        return ui.HTML(f'<p role="alert" style="color:#a61c3c">{escape(str(error))}</p>')
