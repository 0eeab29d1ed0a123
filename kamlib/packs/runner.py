"""Chapters of a pack run in order under papermill, each with the run and its own knobs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import kamlib.errors
from kamlib.errors import KamError, RunError
from kamlib.params import Params
from kamlib.runs import Run

_KERNEL_QUIET = ["--Application.log_level=40"]


def chapter_knobs(notebook: Path, params: Params) -> dict[str, Any]:
    """Return the values that a chapter's parameter cell is to receive.

    Parameters
    ----------
    notebook : pathlib.Path
        The chapter.
    params : Params
        The pack's parameters; a knob is the name of a field in one of their sections.

    Returns
    -------
    dict
        ``run`` and every knob of the cell, as plain JSON values.

    Raises
    ------
    KamError
        If the cell declares a knob that no section, or more than one, has.
    """
    import papermill

    fields: dict[str, list[Any]] = {}
    for section in type(params).model_fields:
        values = getattr(params, section)
        for name, value in values.model_dump(mode="json").items():
            fields.setdefault(name, []).append(value)
    knobs: dict[str, Any] = {"run": "."}
    for name in papermill.inspect_notebook(str(notebook)):
        if name == "run":
            continue
        if len(fields.get(name, [])) != 1:
            raise KamError(f"{notebook.name}: the knob {name} must name one field of the pack's parameters.")
        knobs[name] = fields[name][0]
    return knobs


def run_chapters(
    run: Run, chapters: Mapping[str, Path], params: Params, *, say: Callable[[str], None]
) -> dict[str, float]:
    """Run the chapters in order; each executed notebook is kept in the run's ``notebooks/``.

    Parameters
    ----------
    run : Run
        The run being built.
    chapters : mapping of str to pathlib.Path
        Chapter name to notebook.
    params : Params
        The pack's parameters.
    say : callable
        Told, in one line, which chapter starts.

    Returns
    -------
    dict
        Wall seconds per chapter [s].

    Raises
    ------
    KamError
        If a chapter fails: the class it raised when that is one of kamlib's, else RunError; the message names
        the chapter and the executed notebook that holds the error.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    seconds: dict[str, float] = {}
    for number, (name, notebook) in enumerate(chapters.items(), start=1):
        say(f"chapter {number} of {len(chapters)}: {name}")
        started = time.perf_counter()
        try:
            papermill.execute_notebook(
                str(notebook),
                str(run.folder / "notebooks" / notebook.name),
                parameters=chapter_knobs(notebook, params),
                kernel_name="python3",
                cwd=str(run.folder),
                progress_bar={"desc": f"{number}/{len(chapters)} {name}"} if sys.stderr.isatty() else False,
                extra_arguments=_KERNEL_QUIET,
                shutdown_kernel="immediate",
            )
        except PapermillExecutionError as error:
            raise _chapter_error(name, notebook.name, error) from error
        except Exception as error:
            # nbclient raises its own classes when a kernel dies or does not start.
            message = f"chapter {name} stopped: {error}. The notebook so far: notebooks/{notebook.name}."
            raise RunError(message) from error
        _forget_places(run.folder / "notebooks" / notebook.name)
        seconds[name] = round(time.perf_counter() - started, 2)
    return seconds


def _forget_places(path: Path) -> None:
    """Take this machine's folders out of an executed notebook's metadata."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for key in ("input_path", "output_path"):
        content["metadata"].get("papermill", {}).pop(key, None)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _chapter_error(name: str, file: str, error: Any) -> KamError:
    kind = getattr(kamlib.errors, error.ename, None)
    is_ours = isinstance(kind, type) and issubclass(kind, KamError)
    what = (error.evalue if is_ours else f"{error.ename}: {error.evalue}").rstrip(".") + "."
    raised: type[KamError] = kind if is_ours and kind is not None else RunError
    return raised(f"chapter {name} failed: {what} The executed notebook with the error: notebooks/{file}.")
