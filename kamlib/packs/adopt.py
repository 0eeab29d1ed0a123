"""Adopting a run: its targets become a file of the book that says who, when and from which run."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from kamlib.book.config import read_config
from kamlib.errors import BookError, ParameterError
from kamlib.measures.money import MONEY
from kamlib.runs import Run, open_run
from kamlib.runs.run import write_table

_FILE = re.compile(r"(?P<period>\d{4}(?:Q[1-4]|-\d{2})?)-v(?P<version>\d{3,})\.csv")
_ROW = ("account_id", "rep_id", "region", "account_type", "product_line", "month")
_WHY = ("bound", "required_change")  # of the account and of the row; files written before have neither
_ABOUT = ("adopted_by", "adopted_at", "run", "note")
COLUMNS = ("period", "version", "measure", *_ROW, "target", *_WHY, *_ABOUT)
_AMOUNTS = ("target", "required_change")


@dataclass(frozen=True)
class Adoption:
    """A file of adopted targets.

    Attributes
    ----------
    file : pathlib.Path
        Where it lies.
    period : str
        The period it sets targets for.
    version : int
        1 for the first adoption of the period; the largest holds.
    supersedes : int or None
        The version that held before.
    """

    file: Path
    period: str
    version: int
    supersedes: int | None


def adopt_run(
    run_folder: Path, book: Path, *, by: str, note: str = "", now: dt.datetime | None = None
) -> Adoption:
    """Write a run's targets beside the book as the next version for their period; overwrite nothing.

    The file lies in the book's folder under ``adopted/`` (of a book file of another name than book.yaml:
    beside it, under its name and ``-adopted``) and is called ``<period>-v<version>.csv``. It is written aside
    and moved in place, so that nobody reads half of it and two adoptions at once take two versions.

    Parameters
    ----------
    run_folder : pathlib.Path
        A published planning run.
    book : pathlib.Path
        The book the run was planned from.
    by : str
        Who adopts.
    note : str
        Why, in a line.
    now : datetime.datetime, optional
        The moment of adoption; the present by default.

    Returns
    -------
    Adoption

    Raises
    ------
    ParameterError
        If the folder is no published planning run, or nobody is named.
    BookError
        If the book is another one than the run's, or the run's targets hold already.
    """
    if not by.strip():
        raise ParameterError("--by is empty. Name who adopts the targets.")
    run = open_run(str(run_folder))
    if run.facts["pack"] != "planning" or not run.published:
        raise ParameterError(
            f"{run_folder}: no published planning run. Name the folder that kam plan printed."
        )
    config, planned = read_config(book), run.facts["book"]["name"]
    if config.name != planned:
        raise BookError(f'the run plans "{planned}", the book is "{config.name}". Name the run\'s own book.')
    folder = adopted_folder(book)
    name = run.folder.resolve().name
    moment = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).isoformat(timespec="seconds")
    table = _table_of(run, by=by.strip(), at=moment, name=name, note=" ".join(note.split()))
    folder.mkdir(parents=True, exist_ok=True)
    return _write(table, folder, str(run.period), name)


def adopted_folder(book: Path) -> Path:
    """Return where the adopted targets of a book lie, whether or not there are any."""
    if book.name == "book.yaml":
        book = book.parent  # the folder describes itself: both ways to name it are the same book
    return book / "adopted" if book.is_dir() else book.with_name(f"{book.stem}-adopted")


def read_adopted(book: Path) -> pd.DataFrame:
    """Read every adopted target that holds: each period's largest version, and of each month what is latest.

    Parameters
    ----------
    book : pathlib.Path
        A folder of tables, or a book.yaml.

    Returns
    -------
    pandas.DataFrame
        Of revenue one row per account, product line and month; of other measures one per rep and period,
        without a month. The columns are those of the files; empty where nothing was adopted. A version of a
        period takes the place of all of the version before, whatever the clocks of the machines said and
        whichever measures it has. Where a year's and a quarter's targets both cover a month, those adopted
        later hold for it.

    Raises
    ------
    BookError
        If a file lacks a column or holds what is no amount.
    """
    files = _holding(adopted_folder(book))
    if not files:
        return pd.DataFrame({c: pd.Series(dtype=MONEY if c in _AMOUNTS else "str") for c in COLUMNS})
    table = pd.concat([_read(path) for path in files], ignore_index=True)
    order = table["adopted_at"] + " " + table["period"]
    of = [table["measure"], table["month"].fillna(table["period"])]
    return table[order == order.groupby(of).transform("max")].reset_index(drop=True)


def adopted_digest(adopted: pd.DataFrame) -> str:
    """Return what a run's name is made from, so that a run with other adopted targets is another run."""
    return hashlib.sha256(adopted.to_csv(index=False).encode()).hexdigest()[:16]


def keep_adopted(adopted: pd.DataFrame, run: Run) -> None:
    """Keep adopted targets with a run that is being built; nothing where there are none."""
    if len(adopted):
        write_table(adopted, run.folder / "book" / "adopted_targets.parquet")


def _versions(folder: Path) -> dict[str, dict[int, Path]]:
    """Return the files of each period by version."""
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(folder.glob("*.csv")):
        named = _FILE.fullmatch(path.name)
        if named:
            found.setdefault(named["period"], {})[int(named["version"])] = path
    return found


def _holding(folder: Path) -> list[Path]:
    """Return the file of each period that holds: its largest version."""
    return [versions[max(versions)] for versions in _versions(folder).values()]


def _source_run(file: Path) -> str:
    return str(_read(file)["run"].iloc[0])


def _read(file: Path) -> pd.DataFrame:
    table = pd.read_csv(file, dtype="str", keep_default_na=False, na_values=[""])
    missing = [column for column in COLUMNS if column not in (*table.columns, *_WHY)]
    if missing or table.empty:
        what = f"no column {', '.join(missing)}" if missing else "no rows"
        raise BookError(f"adopted/{file.name}: {what}. Restore the file as kam adopt wrote it.")
    table = table.reindex(columns=list(COLUMNS)).astype(dict.fromkeys(_WHY, "str"))
    table["required_change"] = table["required_change"].fillna("0")
    for name in _AMOUNTS:
        try:
            table[name] = table[name].astype(MONEY)
        except (ValueError, TypeError, ArithmeticError):
            wrong = int(pd.to_numeric(table[name], errors="coerce").isna().sum())
            raise BookError(
                f"adopted/{file.name}.{name}: {wrong} values are no amounts. Restore the file as kam adopt"
                " wrote it."
            ) from None
    return table


def _table_of(run: Run, *, by: str, at: str, name: str, note: str) -> pd.DataFrame:
    targets = run.load("plan_targets").reindex(columns=[*_ROW, "target", *_WHY]).assign(measure="revenue")
    if run.has("target_kinds"):
        kinds = run.load("target_kinds")[["measure", "rep_id", "target"]]
        targets = pd.concat([targets.astype({"target": "object"}), kinds.round({"target": 4})])
    facts = {"adopted_by": by, "adopted_at": at, "run": name, "note": note}
    return targets.assign(period=str(run.period), **facts)


def _write(table: pd.DataFrame, folder: Path, period: str, name: str) -> Adoption:
    """Write under the next free version; making a link is atomic and never replaces a file.

    Where another adoption took the version in between, what it wrote is looked at before the next is tried.
    """
    while True:
        held = _versions(folder).get(period, {})
        before = max(held, default=0)
        if held and _source_run(held[before]) == name:
            raise BookError(
                f"{held[before].name} holds the targets of run {name} already. Adopt another run."
            )
        file = folder / f"{period}-v{before + 1:03d}.csv"
        handle, aside = tempfile.mkstemp(prefix=".adopting-", dir=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as target:
                table.assign(version=before + 1)[list(COLUMNS)].to_csv(target, index=False)
            Path(aside).chmod(0o644)
            file.hardlink_to(aside)
        except FileExistsError:
            continue
        finally:
            Path(aside).unlink()
        return Adoption(file, period, before + 1, before or None)
