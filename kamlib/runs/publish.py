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

from kamlib.runs.run import Run, open_run

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
    # What is judged to date spans other months than the period alone: runs of the two are not compared.
    parent = out / facts["pack"] / (facts["period"] + ("-to-date" if facts.get("to_date") else ""))
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
    keys = (
        "pack", "period", "to_date", "as_of", "lang", "seed", "book", "adopted", "parameters", "versions",
    )  # fmt: skip
    text = json.dumps({k: facts[k] for k in keys if k in facts}, sort_keys=True)
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
    number, claim = _claim_number(parent)
    final = parent / f"{number:03d}-{run_digest(run.facts)}"
    try:
        run.folder.replace(final)
    finally:
        claim.rmdir()
    _point_latest(parent)
    return Run(final, run.facts)


def previous_run(run: Run) -> Run | None:
    """Return the newest published run of the same book, pack and period that was asked something else."""
    digest = run_digest(run.facts)
    others = [
        p for p in run.folder.parent.iterdir() if _RUN.fullmatch(p.name) and not p.name.endswith(digest)
    ]
    for path in sorted(others, key=lambda p: int(p.name.split("-")[0]), reverse=True):
        other = open_run(str(path))
        if other.facts["book"]["name"] == run.facts["book"]["name"]:
            return other
    return None


def set_aside(run: Run) -> Path:
    """Rename the build folder of a failed run to ``failed-…`` and return it; ``latest`` stays as it was."""
    final = run.folder.with_name(run.folder.name.replace(".building-", "failed-"))
    run.folder.replace(final)
    return final


def discard(run: Run) -> None:
    """Remove the build folder of a run that was refused before any chapter ran, and what it leaves empty."""
    shutil.rmtree(run.folder, ignore_errors=True)
    for folder in run.folder.parents[:3]:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _claim_number(parent: Path) -> tuple[int, Path]:
    """Take the next free run number; making a folder is atomic, so that two runs never take the same one."""
    while True:
        number = max([0, *_numbers(parent)]) + 1
        claim = parent / f".{number:03d}.claim"
        try:
            claim.mkdir()
        except FileExistsError:
            continue
        # Another run may have published under this number and let go of it between the look and the claim.
        if number not in _numbers(parent, claims=False):
            return number, claim
        claim.rmdir()


def _numbers(parent: Path, *, claims: bool = True) -> set[int]:
    published = {int(m[1]) for p in parent.iterdir() if (m := _RUN.fullmatch(p.name))}
    return published | ({int(p.name[1:-6]) for p in parent.glob(".*.claim")} if claims else set())


def _point_latest(parent: Path) -> None:
    """Point ``latest`` at the newest run, and look again, as another run may publish meanwhile."""
    latest, link = parent / "latest", parent / f".latest-{os.getpid()}"
    while not latest.is_symlink() or latest.readlink().name != _newest(parent):
        link.unlink(missing_ok=True)
        link.symlink_to(_newest(parent), target_is_directory=True)
        link.replace(latest)


def _newest(parent: Path) -> str:
    names = [path.name for path in parent.iterdir() if _RUN.fullmatch(path.name)]
    return max(names, key=lambda name: int(name.split("-")[0]))
