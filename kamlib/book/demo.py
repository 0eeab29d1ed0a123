"""A seeded demo book of any size: a made-up company whose truth is known and written beside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from kamlib.book.contract import TABLES
from kamlib.errors import ParameterError, RunError

_OWN = "# A demo book with a known truth (see README.md), written by `kam demo`."
_CSV_LINES = 200_000


def write_demo(
    out: Path,
    *,
    accounts: int = 120,
    months: int = 36,
    lines_per_month: float = 6.0,
    seed: int = 2025,
    fmt: str = "auto",
) -> None:
    """Write a demo book: all tables of the contract, ``book.yaml`` and a README that states the truth."""
    _check_size(accounts, months, lines_per_month, seed, fmt)
    if fmt == "auto":
        fmt = "csv" if accounts * months * lines_per_month <= _CSV_LINES else "parquet"
    out = Path(out)
    _check_folder(out)
    aside = out.absolute().parent / f".{out.absolute().name}.{os.getpid()}.new"
    try:
        aside.mkdir(parents=True)
        _write(aside, accounts, months, lines_per_month, seed, fmt)
        _swap(aside, out)
    except OSError as error:
        raise RunError(f"{out}: the demo book cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _check_size(accounts: int, months: int, lines_per_month: float, seed: int, fmt: str) -> None:
    for name, value, low, high in (
        ("accounts", accounts, 20, 200_000),
        ("months", months, 13, 240),
        ("lines_per_month", lines_per_month, 0.5, 500),
        ("seed", seed, 0, 2**63),
    ):
        if not low <= value <= high:
            raise ParameterError(f"{name} is {value}; a demo book needs {name} from {low} to {high}.")
    if accounts * lines_per_month > 5_000_000:
        raise ParameterError("too big")
    if fmt not in ("auto", "csv", "parquet"):
        raise ParameterError(f'fmt is "{fmt}"; write auto, csv or parquet.')


def _check_folder(out: Path) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise ParameterError(f"{out} is a file; name a new or empty folder for the demo book.")
    found = sorted(path.name for path in out.iterdir())
    ours = {f"{t}.{e}" for t in TABLES for e in ("csv", "parquet")} | {"book.yaml", "README.md"}
    strange = [name for name in found if name not in ours]
    book = out / "book.yaml"
    if found and (strange or not book.is_file() or not book.read_text(encoding="utf-8").startswith(_OWN)):
        raise ParameterError(
            f"{out} is not empty and not an earlier demo book ({len(found)} entries, such as {(strange or found)[0]}); name a new or empty folder."
        )


def _swap(aside: Path, out: Path) -> None:
    old = aside.with_suffix(".old")
    if out.exists():
        out.rename(old)
    aside.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _write(folder: Path, accounts: int, months: int, lines_per_month: float, seed: int, fmt: str) -> None:
    from kamlib.book import demo_crm, demo_people, demo_tables
    from kamlib.book.demo_sales import write_sales
    from kamlib.book.demo_world import make_world
    from kamlib.book.demo_write import write_whole

    world = make_world(accounts, months, lines_per_month, seed)
    sold = write_sales(world, folder, fmt)
    blocks = demo_tables.account_blocks(world)
    pipeline, found = demo_crm.pipeline_blocks(world)
    blocks |= pipeline
    forecasts, ratio = demo_tables.forecast_block(world, sold)
    feedback, given = demo_people.feedback_block(world)
    blocks |= {
        "reps": demo_tables.rep_block(world),
        "contacts": demo_tables.contact_block(world),
        "targets": demo_tables.target_block(world),
        "rep_forecasts": forecasts,
        "market": demo_tables.market_block(world, sold),
        "activities": demo_crm.activity_block(world),
        "surveys": demo_crm.survey_block(world),
        "complaints": demo_crm.complaint_block(world),
        "loss_reviews": demo_crm.loss_block(world),
        "receivables": demo_crm.receivable_block(world, sold),
        "sightings": demo_crm.sighting_block(world),
        "feedback": feedback,
        "incidents": demo_people.incident_block(world),
    }
    for name, block in blocks.items():
        write_whole(folder, name, fmt, block)
    settings = f"{_OWN}\nname: Harbour Drives\ncurrency: CNY\nrounding_unit: 100\nfiscal_year_start: 1\nlanguage: en\n"
    (folder / "book.yaml").write_text(settings, encoding="utf-8", newline="\n")
