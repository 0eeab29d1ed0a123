"""What every pack has in common on the way from a book to a published run."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from kamlib.errors import BookError, KamError, ParameterError
from kamlib.packs.runner import run_chapters
from kamlib.params import Layer, Params, build_params, param, parse_overrides, read_layer
from kamlib.runs import Run, project_root
from kamlib.runs.publish import hash_tables, publish_run, set_aside, write_facts

P = TypeVar("P", bound=Params)
_SHARED: Mapping[str, Mapping[str, str]] = {"planning": {"pay": "appraisal"}}
"""By pack: sections that it reads from the files of another."""
_VERSIONS = (
    "kamlib",
    "pandas",
    "numpy",
    "scipy",
    "duckdb",
    "ibis-framework",
    "papermill",
    "altair",
    "xlsxwriter",
)


class RunParams(Params):
    """What holds for a whole run."""

    section = "run"
    seed: int = param(
        1,
        en="seed of every random generator",
        zh="所有随机数生成器的种子",
        unit="",
        source="any fixed number makes a run repeatable",
        strength="our choice",
        ge=0,
    )


def read_params(
    model: type[P],
    pack: str,
    period: str | None = None,
    *,
    book: str | None = None,
    params_file: Path | None = None,
    overrides: Sequence[str] = (),
) -> P:
    """Read a pack's parameters: ``params/<pack>.yaml``, the period's, a file laid over, then assignments.

    The planning pack's section ``pay`` is read from the appraisal's files, so that what attainment pays
    stands once; it is refused in the planning pack's own.

    A file of ``params/`` that says which book it is written for is left out for every other book: aims,
    holidays and growth of one company are no default for another.

    Parameters
    ----------
    model : type of Params
        Every parameter of the pack, a section a room.
    pack : str
        ``"planning"`` or ``"appraisal"``.
    period : str, optional
        Also apply ``params/<pack>/<period>.yaml`` where it exists.
    book : str, optional
        The name of the book; without one, no file is left out.
    params_file : pathlib.Path, optional
        A file laid over those of ``params/``.
    overrides : sequence of str
        ``section.name=value`` assignments, laid over everything.

    Raises
    ------
    ParameterError
        If any name, type, value or file is wrong, all problems at once; or if `params_file` is written for
        another book.
    """
    layers = [layer for layer, other in _company_layers(pack, period) if not _foreign(book, other)]
    if params_file is not None:
        layer, other = read_layer(params_file, params_file.name)
        if _foreign(book, other):
            raise ParameterError(
                f'{params_file.name} is written for the book "{other}", and this is "{book}"; '
                f"name another file, or take its line book: away."
            )
        _refuse_shared(pack, layer)
        layers.append(layer)
    layers.append(Layer("-p", parse_overrides(overrides)))
    return build_params(model, layers)


def left_out(pack: str, period: str, book: str) -> dict[str, str]:
    """Return the parameter files that are written for another book, with that book's name."""
    return {layer.origin: other for layer, other in _company_layers(pack, period)
            if other is not None and _foreign(book, other)}  # fmt: skip


def say_left_out(
    files: dict[str, str], book: str, params_file: Path | None, say: Callable[[str], None]
) -> None:
    """Tell which parameter files are left out, and what holds in their place."""
    holds = "Defaults hold; write a file for this book there, or name one with --params."
    if params_file is not None:
        holds = f"{params_file.name} holds, and defaults for what it leaves out."
    for file, other in files.items():
        say(f'{file} is written for the book "{other}" and left out: this is "{book}". {holds}')


def _company_layers(pack: str, period: str | None) -> list[tuple[Layer, str | None]]:
    """Return the files of ``params/`` that a pack reads, the lowest first, each with the book it is for."""
    shared = [
        (Layer(layer.origin, {name: layer.values[name]}), other)
        for name, source in _SHARED.get(pack, {}).items()
        for layer, other in _files_of(source, period)
        if name in layer.values
    ]
    own = _files_of(pack, period)
    for layer, _ in own:
        _refuse_shared(pack, layer)
    return shared + own


def _files_of(pack: str, period: str | None) -> list[tuple[Layer, str | None]]:
    folder = project_root() / "params"
    paths = (folder / f"{pack}.yaml", folder / pack / f"{period}.yaml")
    return [read_layer(path, str(path.relative_to(folder.parent))) for path in paths if path.is_file()]


def _refuse_shared(pack: str, layer: Layer) -> None:
    """Refuse a section that stands in another pack's files: two copies would drift apart unnoticed."""
    for name, source in _SHARED.get(pack, {}).items():
        if name in layer.values:
            raise ParameterError(
                f"{layer.origin}: {name} stands in params/{source}.yaml, which the {pack} pack reads too. "
                "Move it there."
            )


def _foreign(book: str | None, other: str | None) -> bool:
    return book is not None and other is not None and book != other


class Clock:
    """Wall seconds since the last mark, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, name: str) -> None:
        """Note the seconds since the mark before."""
        now = time.perf_counter()
        self.seconds[name] = round(now - self._last, 2)
        self._last = now


def build_run(
    run: Run,
    params: Params,
    *,
    chapters: Sequence[str],
    render: Callable[[Run, Any], None],
    clock: Clock,
    say: Callable[[str], None],
) -> Path:
    """Run the chapters, render, and publish; a failure leaves the build folder aside under ``failed-…``.

    Parameters
    ----------
    run : Run
        The run being built, with the book's tables.
    params : Params
        The pack's parameters.
    chapters : sequence of str
        Names of the notebooks of ``notebooks/<pack>/``, in order.
    render : callable
        Given the run and its parameters, writes the pack's files.
    clock : Clock
        Keeps the times.
    say : callable
        Told, in one line each, what is being done.

    Returns
    -------
    pathlib.Path
        The published run's folder.

    Raises
    ------
    KamError
        If a chapter or the rendering fails; the message names the folder that holds what was made.
    """
    notebooks = project_root() / "notebooks" / run.facts["pack"]
    try:
        seconds = run_chapters(run, {name: notebooks / f"{name}.ipynb" for name in chapters}, params, say=say)
        clock.mark("chapters")
        say("rendering pack.html and pack.xlsx")
        render(run, params)
        clock.mark("rendering")
        run.facts.update(tables=hash_tables(run), seconds=clock.seconds | seconds)
        run.facts["finished"] = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        write_facts(run)
        return publish_run(run).folder
    except BaseException as error:
        kept = set_aside(run)
        raised = type(error) if isinstance(error, KamError) else KamError
        what = "the run was stopped" if isinstance(error, KeyboardInterrupt) else error
        raise raised(f"{what} (in {kept}; nothing was published)") from error


def refuse_broken(book: Any) -> None:
    """Raise BookError with everything that the book's contract refuses."""
    refused = [p for p in book.check() if p.severity == "refuse"]
    if refused:
        raise BookError("\n".join(str(p) for p in refused), refused)


def check_out(out: Path | None) -> Path:
    """Return the root of the outputs; refuse a file."""
    if out is not None and out.exists() and not out.is_dir():
        raise ParameterError(f"--out {out} is a file; name a folder.")
    return out or project_root() / "outputs"


def package_versions() -> dict[str, str]:
    """Return the versions that a manifest ties a run to."""
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in _VERSIONS
    }
