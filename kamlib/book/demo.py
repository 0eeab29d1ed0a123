"""A seeded demo book of any size: a made-up company whose truth is known and written beside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from kamlib.book.contract import TABLES
from kamlib.errors import ParameterError, RunError

_MARK = "# A demo book, made by `kam demo`; README.md says what is planted in it."
_SETTINGS = """\
name: Harbour Drives
currency: CNY
rounding_unit: 100
fiscal_year_start: 1
language: en
"""
_CSV_LINES = 200_000
_FORMATS = ("auto", "csv", "parquet")
_LIMITS = {
    "accounts": (20, 200_000),
    "months": (13, 240),
    "lines_per_month": (0.5, 500),
    "seed": (0, 2**63 - 1),
}
_MONTH_LINES, _CELLS = 5_000_000, 8_000_000


def write_demo(
    out: Path,
    *,
    accounts: int = 120,
    months: int = 36,
    lines_per_month: float = 6.0,
    seed: int = 7,
    fmt: str = "auto",
) -> None:
    """Write a demo book: every table of the contract, ``book.yaml``, and a README with the planted truth.

    The months end in December 2025. The same arguments give the same bytes, whatever the number of threads.
    The book is made aside and moved in place when it is complete; an earlier demo book there is replaced.

    Parameters
    ----------
    out : pathlib.Path
        Folder to write: new, empty, or an earlier demo book.
    accounts : int
        Number of accounts, 20 to 200,000.
    months : int
        Number of months, 13 to 240.
    lines_per_month : float
        Mean sales lines per account and month in which it buys, 0.5 to 500.
    seed : int
        Seed of all random streams.
    fmt : str
        ``"csv"``, ``"parquet"``, or ``"auto"``: CSV up to 200,000 expected sales lines, parquet above.

    Raises
    ------
    ParameterError
        If a size is out of range, or `out` holds something else than an earlier demo book.
    RunError
        If the folder cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_demo(Path(folder) / "book", accounts=20, months=13, lines_per_month=1)
    ...     (Path(folder) / "book" / "sales.csv").is_file()
    True
    """
    _check_size(
        {"accounts": accounts, "months": months, "lines_per_month": lines_per_month, "seed": seed}, fmt
    )
    target = Path(out).absolute()
    _check_folder(target)
    made = (
        f"kam demo --accounts {accounts} --months {months} --lines-per-month {lines_per_month:.12g} "
        f"--seed {seed}" + ("" if fmt == "auto" else f" --format {fmt}")
    )
    if fmt == "auto":
        fmt = "csv" if accounts * months * lines_per_month <= _CSV_LINES else "parquet"
    aside = target.parent / f".{target.name}.{os.getpid()}.new"
    try:
        aside.mkdir(parents=True)
        _write_book(aside, accounts, months, lines_per_month, seed, fmt, made)
        _move(aside, target)
    except OSError as error:
        raise RunError(f"{out}: the demo book cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _check_size(sizes: dict[str, float], fmt: str) -> None:
    for name, value in sizes.items():
        low, high = _LIMITS[name]
        if not low <= value <= high:
            raise ParameterError(f"{name} is {value}; a demo book takes {low:,} to {high:,}.")
    a_month = sizes["accounts"] * sizes["lines_per_month"]
    if a_month > _MONTH_LINES:
        raise ParameterError(
            f"accounts x lines_per_month is {a_month:,.0f}; a demo book takes up to {_MONTH_LINES:,} sales "
            "lines a month. Ask for fewer accounts or lines."
        )
    cells = sizes["accounts"] * sizes["months"]
    if cells > _CELLS:
        raise ParameterError(
            f"accounts x months is {cells:,.0f}; a demo book takes up to {_CELLS:,}. Ask for fewer of either."
        )
    if fmt not in _FORMATS:
        raise ParameterError(f'fmt is "{fmt}"; write one of {", ".join(_FORMATS)}.')


def _check_folder(target: Path) -> None:
    """Refuse a folder that holds anything but an earlier demo book."""
    if not target.exists():
        return
    remedy = "Name a new or empty folder, or an earlier demo book."
    if not target.is_dir():
        raise ParameterError(f"{target} is a file. {remedy}")
    found = sorted(path.name for path in target.iterdir())
    ours = {f"{name}.{end}" for name in TABLES for end in ("csv", "parquet")} | {"book.yaml", "README.md"}
    strange = [name for name in found if name not in ours]
    book = target / "book.yaml"
    if found and not strange and not (book.is_file() and book.read_bytes().startswith(_MARK.encode())):
        strange = found
    if strange:
        raise ParameterError(
            f"{target} holds {len(strange)} files that are not of a demo book, such as {strange[0]}. {remedy}"
        )


def _move(aside: Path, target: Path) -> None:
    """Put the finished folder in place of whatever stands there, which goes last."""
    old = aside.with_suffix(".old")
    if target.exists():
        target.rename(old)
    try:
        aside.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _write_book(
    folder: Path, accounts: int, months: int, lines_per_month: float, seed: int, fmt: str, made: str
) -> None:
    from kamlib.book import demo_crm, demo_people, demo_tables
    from kamlib.book.demo_readme import readme
    from kamlib.book.demo_sales import write_sales
    from kamlib.book.demo_world import make_world
    from kamlib.book.demo_write import write_whole

    world = make_world(accounts, months, lines_per_month, seed)
    sold = write_sales(world, folder, fmt)
    blocks: dict[str, dict[str, Any]] = {
        **demo_tables.account_blocks(world),
        "reps": demo_tables.rep_block(world),
        "targets": demo_tables.target_block(world),
        **demo_crm.pipeline_blocks(world),
        "rep_forecasts": demo_tables.forecast_block(world, sold),
        "activities": demo_crm.activity_block(world),
        "surveys": demo_crm.survey_block(world),
        "complaints": demo_crm.complaint_block(world),
        "loss_reviews": demo_crm.loss_block(world),
        "receivables": demo_crm.receivable_block(world, sold),
        "feedback": demo_people.feedback_block(world),
        "incidents": demo_people.incident_block(world),
        "objectives": demo_people.objective_block(world),
        "market": demo_tables.market_block(world, sold),
        "sightings": demo_crm.sighting_block(world),
        "contacts": demo_tables.contact_block(world),
    }
    rows = {name: write_whole(folder, name, fmt, block) for name, block in blocks.items()}
    rows["sales"] = sold.lines
    texts = {"book.yaml": f"{_MARK}\n{_SETTINGS}", "README.md": readme(world, sold, blocks, rows, made)}
    for name, content in texts.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
