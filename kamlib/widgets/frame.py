"""What every panel has: a state with undo, a picture that follows it, saving and loading, two languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from time import monotonic
from typing import Any, Generic, TypeVar

import ipywidgets as ui

from kamlib.errors import KamError
from kamlib.glossary import Words
from kamlib.packs.overlay import PanelError
from kamlib.params import Params
from kamlib.widgets.latest import Latest
from kamlib.widgets.saving import Saving, Store
from kamlib.widgets.slider import OWN

P = TypeVar("P", bound=Params)
_PAUSE = 0.5  # seconds without a move before what nobody reads meanwhile is brought up to date
_REST = 1.0  # seconds after which a further turn of the same control is a step of its own for undo


class Frame(Generic[P]):
    """A panel around one parameter object.

    Parameters
    ----------
    first : Params
        The state to begin with.
    store : Store
        Where parameters are read from and saved.
    title : str
        Key of the panel's title in words.
    controls : callable
        Given the frame, makes the controls anew, in its language; they call `change` or `turn` and are told
        of a new state by what they append to `follow`, and to `after` where it can wait until nothing moves.
    draw : callable
        Given state and words, returns the picture as HTML; raises where a run would refuse the state.
    words : Words
        Language to begin with, and currency.
    remarks : callable
        Given state and words, returns sentences on what has no effect here or holds beside the sliders.
    check : callable
        Given a loaded state, raises where this panel cannot show it.
    """

    def __init__(
        self,
        first: P,
        *,
        store: Store[P],
        title: str,
        controls: Callable[[Frame[P]], list[Any]],
        draw: Callable[[P, Words], str],
        words: Words,
        remarks: Callable[[P, Words], Sequence[str]],
        check: Callable[[P], None] = lambda _: None,
    ) -> None:
        self.state, self.first, self.words = first, first, words
        self.follow: list[Callable[[P], None]] = []
        self.after: list[Callable[[P], None]] = []
        self.picture, self.message, self.remarks = ui.HTML(), ui.HTML(), ui.HTML()
        self.box = ui.VBox()
        self.saving = Saving(self, store)
        self._past: list[P] = []
        self._control, self._turned, self._base, self._kept = "", 0.0, first, False
        self._title, self._controls, self._draw = title, controls, draw
        self._remarks, self._check = remarks, check
        self._quiet = False
        self._latest = Latest(self._repaint, self._fail)
        self._later = Latest(self._settle, self.say, wait=_PAUSE)

    def show(self) -> Any:
        """Lay the panel out in its language, draw the picture, and return the panel."""
        self._lay_out()
        return self.box

    @property
    def setting(self) -> bool:
        """Whether controls are being set, not turned by the user."""
        return self._quiet

    def turn(self, control: str, made: Callable[[P], P]) -> None:
        """Take the state that a control makes of the one before it was first touched.

        Until another control is touched all turns start from the same state, so that there and back again is
        where one was. Turns within a second of each other are one step for undo.

        Parameters
        ----------
        control : str
            Name of the control.
        made : callable
            Given the state before, returns the new one.
        """
        if self._quiet:
            return
        now = monotonic()
        if control != self._control:
            self._base = self.state
        if control != self._control or now - self._turned > _REST:
            self._kept = False
        self._control, self._turned = control, now
        state = made(self._base)
        if state != self.state and not self._kept:
            self._past.append(self.state)
            self._kept = True
        self._take(state)

    def change(self, state: P) -> None:
        """Take a new state: remember the old one, let the controls follow, and wish for a new picture."""
        if self._quiet:
            return
        self.rest()
        if state != self.state:
            self._past.append(self.state)
        self._take(state)

    def rest(self) -> None:
        """End what a control does: the next turn starts from the state of now."""
        self._control = ""

    def accept(self, state: P) -> None:
        """Take a loaded state, once it is sure that this panel can show it."""
        self._check(state)
        self.change(state)

    def undo(self, *_: Any) -> None:
        """Go back to the state before the last step."""
        self.rest()
        while self._past:
            before = self._past.pop()
            if before != self.state:
                self._take(before)
                break

    def reset(self, *_: Any) -> None:
        """Go back to the run's own parameters; this can be undone."""
        self.change(self.first)

    def draw(self) -> str:
        """Return the picture of the state of now."""
        return self._draw(self.state, self.words)

    def say(self, what: str | Exception) -> None:
        """Show a message in the panel; nothing clears it but the next picture."""
        kind = "status" if isinstance(what, str) else "alert"
        colour = "#2c6b2f" if kind == "status" else "#a61c3c"
        lines = "<br>".join(escape(line) for line in plain(what, self.words).splitlines())
        self.message.value = (
            f'<div role="{kind}" lang="{self.words.lang}" style="color:{colour};max-width:72em">{lines}</div>'
        )

    def guard(self, call: Callable[..., None]) -> Callable[..., None]:
        """Make an event's function one whose exception is said in the panel."""

        def guarded(*args: Any) -> None:
            try:
                call(*args)
            except Exception as error:
                self.say(error)

        return guarded

    def watch(self, control: Any, call: Callable[[Any], None]) -> None:
        """Call a function with the value of a control each time the user changes it."""

        def changed(change: dict[str, Any]) -> None:
            if not self._quiet:
                call(change["new"])

        control.observe(self.guard(changed), "value")

    def button(self, text: str, call: Callable[..., None]) -> Any:
        """Make a button."""
        button = ui.Button(description=text, tooltip=text, layout=OWN)
        button.on_click(self.guard(call))
        return button

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
        self.saving.forget()
        self._latest.ask()

    def _set_controls(self) -> None:
        with self.quiet():
            for told in self.follow:
                told(self.state)
        said = "".join(f"<p>{escape(text)}</p>" for text in self._remarks(self.state, self.words))
        self.remarks.value = f'<div role="note" lang="{self.words.lang}">{said}</div>' if said else ""

    def _repaint(self) -> None:
        self.picture.value = self.draw()
        self._set_controls()
        self.message.value = ""
        self._later.ask()

    def _settle(self) -> None:
        with self.quiet():
            for told in self.after:
                told(self.state)

    def _fail(self, error: Exception) -> None:
        """Show why there is no picture: one of an older state would be taken for this one's."""
        self.picture.value = ""
        self.say(error)
        try:
            self._set_controls()
        except Exception as second:
            self.say(second)
        self._later.ask()

    def _lay_out(self) -> None:
        words = self.words
        self.follow, self.after = [], []
        language = ui.ToggleButtons(options=[("English", "en"), ("中文", "zh")], value=words.lang)
        language.style.button_width = "6em"
        self.watch(language, self.speak)
        undo, reset = (self.button(words(f"widgets.{name}"), call) for name, call in
                       (("undo", self.undo), ("reset", self.reset)))  # fmt: skip
        how, book = words(f"{self._title}_how"), self.saving.store.book
        title = ui.HTML(
            f'<div lang="{words.lang}"><h2>{escape(words(self._title))} · {escape(book)}</h2>'
            f"<p>{escape(how)}</p></div>"
        )
        top = ui.HBox([title, language], layout=ui.Layout(justify_content="space-between", width="100%"))
        controls = self._controls(self)
        self.box.children = [
            top, *controls, ui.HBox([undo, reset]), self.message, self.remarks, self.picture,
            self.saving.lay_out(),
        ]  # fmt: skip
        self._latest.now()

    def speak(self, lang: str) -> None:
        """Lay the panel out in another language; what was typed stays."""
        self.words = Words(lang, self.words.currency)
        self._lay_out()


def plain(what: str | Exception, words: Words) -> str:
    """Return a message in plain words and, where it has any, those of the panel's language."""
    if isinstance(what, str):
        return what
    if isinstance(what, PanelError):
        return what.said(words)
    text = str(what) if isinstance(what, KamError) else f"{type(what).__name__}: {what}"
    known = isinstance(what, KamError) and words.lang == "en"
    return text if known else words("widgets.failed", why=text)


def panel_or_reason(make: Callable[[], Any]) -> Any:
    """Make a panel, or say in its place why there is none: a web page shows no error of a cell."""
    try:
        return make()
    except Exception as error:
        said = escape(plain(error, Words("en")))
        return ui.HTML(f'<p role="alert" style="color:#a61c3c">{said}</p>')
