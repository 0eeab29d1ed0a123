"""One run's folder: what chapters load from it and save to it."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kamlib.errors import ParameterError, RunError, did_you_mean
from kamlib.glossary import Words
from kamlib.params import Layer, Params, build_params
from kamlib.periods import Period, month_of, parse_period

P = TypeVar("P", bound=Params)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Run:
    """A run folder, being built or published.

    Tables of the book (``book/``) and of earlier chapters (``tables/``) are read with `load`; a chapter's own
    are written with `save`. A published run is read-only: what is saved from it goes to ``outputs/scratch/``.

    Attributes
    ----------
    folder : pathlib.Path
        The run's folder.
    facts : dict
        The manifest: pack, period, as_of, lang, seed, book, parameters and, once published, results.
    """

    folder: Path
    facts: dict[str, Any] = field(repr=False)

    @property
    def period(self) -> Period:
        """The period the run plans or appraises."""
        return parse_period(self.facts["period"], fiscal_year_start=self.facts["book"]["fiscal_year_start"])

    @property
    def as_of(self) -> dt.date:
        """First day that the run does not see."""
        return dt.date.fromisoformat(self.facts["as_of"])

    @property
    def history_months(self) -> list[Period]:
        """Months of the last four complete quarters before `as_of`, from which shares are taken."""
        return self._month.window_before(4)

    @property
    def last_year_months(self) -> list[Period]:
        """The twelve months before `history_months`."""
        return self._month.shift(-12).window_before(4)

    @property
    def _month(self) -> Period:
        return month_of(self.as_of, fiscal_year_start=self.facts["book"]["fiscal_year_start"])

    @property
    def seed(self) -> int:
        """Seed of every random generator of the run."""
        return int(self.facts["seed"])

    @property
    def rounding_unit(self) -> int:
        """Money is planned in multiples of this [book currency]."""
        return int(self.facts["book"]["rounding_unit"])

    @property
    def words(self) -> Words:
        """Labels, sentences and number formats in the run's language and currency."""
        return Words(self.facts["lang"], self.facts["book"]["currency"])

    @property
    def published(self) -> bool:
        """Whether the run is complete and therefore read-only."""
        return "tables" in self.facts

    @property
    def target_folder(self) -> Path:
        """Where `save` writes: the run itself while it is built, scratch once it is published."""
        if not self.published:
            return self.folder
        parts = [self.facts["pack"], self.facts["period"], self.folder.resolve().name]
        return self.folder.resolve().parents[2] / "scratch" / "-".join(parts)

    def params(self, model: type[P], **knobs: Any) -> P:
        """Return the run's parameters of one room, with a chapter's knobs laid over them.

        Parameters
        ----------
        model : type of Params
            The room's parameter model; its `section` names the section of the run.
        **knobs : object
            Values that the chapter's parameter cell sets.

        Raises
        ------
        ParameterError
            If a knob is unknown, of the wrong type or out of range.
        """
        stored = self.facts["parameters"].get(model.section, {})
        return build_params(model, [Layer("run", stored), Layer("notebook", knobs)])

    def has(self, name: str) -> bool:
        """Tell whether the book or an earlier chapter left a table of this name."""
        return self._find(name) is not None

    def load(self, name: str) -> pd.DataFrame:
        """Read a table of the book or of an earlier chapter; money comes as DECIMAL(18, 4).

        Raises
        ------
        RunError
            If there is no such table; the message suggests the nearest name.
        """
        path = self._find(name)
        if path is None:
            known = sorted(
                p.stem for sub in ("book", "tables") for p in (self.folder / sub).glob("*.parquet")
            )
            hint = did_you_mean(name, known) or f" There are: {', '.join(known)}."
            raise RunError(f'the run has no table "{name}".{hint}')
        return read_table(path)

    def save(self, name: str, table: pd.DataFrame) -> Path:
        """Write a chapter's table as ``tables/<name>.parquet`` and return its path.

        Raises
        ------
        RunError
            If the name is not lower-case words joined by underscores, or that of a table of the book, which
            could then not be read.
        """
        if not _NAME.fullmatch(name):
            raise RunError(f'table name "{name}": use lower-case letters, digits and underscores.')
        if (self.folder / "book" / f"{name}.parquet").is_file():
            raise RunError(
                f'table name "{name}": the book has a table of this name. Save under another name.'
            )
        path = self.target_folder / "tables" / f"{name}.parquet"
        write_table(table, path)
        return path

    def _find(self, name: str) -> Path | None:
        for sub in ("tables", "book"):
            path = self.folder / sub / f"{name}.parquet"
            if path.is_file():
                return path
        return None


def read_table(path: Path) -> pd.DataFrame:
    """Read a parquet table: decimals stay exact, dates are timestamps at midnight."""
    arrow = pq.read_table(path)
    exact = {f.type: pd.ArrowDtype(f.type) for f in arrow.schema if pa.types.is_decimal(f.type)}
    return arrow.to_pandas(types_mapper=exact.get, date_as_object=False)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as parquet; the same table gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrow = pa.Table.from_pandas(table.reset_index(drop=True), preserve_index=False)
    pq.write_table(arrow.replace_schema_metadata(None), path, compression="zstd")


def project_root() -> Path:
    """Return the folder that holds ``notebooks/``, ``params/`` and ``outputs/``.

    Raises
    ------
    ParameterError
        If kamlib is not run from a checkout of the project.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / "notebooks" / "planning").is_dir():
        raise ParameterError("no notebooks/ beside the package: install kamlib from a checkout (make setup).")
    return root


def open_run(run: str = "latest", *, pack: str = "planning") -> Run:
    """Open a run by its folder, or the latest published run of a pack.

    Parameters
    ----------
    run : str
        A run folder, or ``"latest"``.
    pack : str
        ``"planning"`` or ``"appraisal"``; of the latest.

    Returns
    -------
    Run

    Raises
    ------
    RunError
        If no run is published yet.
    ParameterError
        If the folder is not a run's.
    """
    if run == "latest":
        links = [
            p
            for p in (project_root() / "outputs").glob(f"{pack}/*/latest")
            if (p / "manifest.json").is_file()
        ]
        if not links:
            command = {"planning": "plan --book data/demo --period 2026Q1"}.get(
                pack, "appraise --book data/demo --period 2025Q4"
            )
            raise RunError(f"no run is published yet: run `kam {command}` first.")
        folder = max(links, key=lambda p: (p / "manifest.json").stat().st_mtime_ns).resolve()
    else:
        folder = Path(run)
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise ParameterError(
            f"{folder}: no manifest.json there, so it is not a run folder. Name the whole "
            "folder that the run printed as its last line."
        )
    return Run(folder, json.loads(manifest.read_text(encoding="utf-8")))
