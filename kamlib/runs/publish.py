"""Building a run aside and moving it in place: a whole pack or nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from kamlib.runs.run import Run

_RUN = re.compile(r"(\d{3,})-[0-9a-f]{8}")


def start_run(out: Path, facts: dict[str, Any]) -> Run:
    """Make a build folder of its own beside the published runs and write the run's facts into it.

    Parameters
    ----------
    out : pathlib.Path
        Root of the outputs.
    facts : dict
        Manifest facts known before the chapters run; plain JSON types.

    Returns
    -------
    Run
    """
    parent = out / facts["pack"] / facts["period"]
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=parent))
    folder.chmod(0o755)
    for sub in ("book", "tables", "pages", "notebooks"):
        (folder / sub).mkdir()
    run = Run(folder, facts)
    write_facts(run)
    return run


def write_facts(run: Run) -> None:
    """Write the manifest of a run being built."""
    text = json.dumps(run.facts, indent=1, ensure_ascii=False, sort_keys=True)
    (run.folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def run_digest(facts: dict[str, Any]) -> str:
    """Return eight hex digits that name what went in: book, period, language, parameters and versions.

    Examples
    --------
    >>> run_digest({"period": "2026Q1"}) == run_digest({"period": "2026Q1", "seconds": {"plan": 3.0}})
    True
    """
    keys = ("pack", "period", "as_of", "lang", "seed", "book", "parameters", "versions")
    text = json.dumps({k: facts.get(k) for k in keys}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def hash_tables(run: Run) -> dict[str, str]:
    """Return the SHA-256 of every table file of the run, by name."""
    files = sorted((run.folder / "tables").glob("*.parquet"))
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def publish_run(run: Run) -> Run:
    """Move a finished run in place under the next free number, then point ``latest`` at the newest run.

    Returns
    -------
    Run
        The published run.
    """
    parent = run.folder.parent
    digest = run_digest(run.facts)
    while True:
        final = parent / f"{_last_number(parent) + 1:03d}-{digest}"
        with contextlib.suppress(FileExistsError):
            # An empty folder is claimed first, so that two runs never take one number.
            (parent / f".{final.name[:3]}.claim").mkdir()
            break
    os.replace(run.folder, final)
    (parent / f".{final.name[:3]}.claim").rmdir()
    _point_latest(parent)
    return Run(final, run.facts)


def set_aside(run: Run) -> Path:
    """Rename the build folder of a failed run to ``failed-…`` and return it; ``latest`` stays as it was."""
    final = run.folder.with_name(run.folder.name.replace(".building-", "failed-"))
    os.replace(run.folder, final)
    return final


def discard(run: Run) -> None:
    """Remove the build folder of a run that was refused before any chapter ran."""
    shutil.rmtree(run.folder, ignore_errors=True)
    for folder in (run.folder.parent, run.folder.parent.parent):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _last_number(parent: Path) -> int:
    numbers = [int(m[1]) for p in parent.iterdir() if (m := _RUN.fullmatch(p.name))]
    claims = [int(p.name[1:-6]) for p in parent.glob(".*.claim")]
    return max([0, *numbers, *claims])


def _point_latest(parent: Path) -> None:
    newest = max((p for p in parent.iterdir() if _RUN.fullmatch(p.name)), key=lambda p: int(p.name.split("-")[0]))
    link = parent / f".latest-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(newest.name, target_is_directory=True)
    os.replace(link, parent / "latest")
