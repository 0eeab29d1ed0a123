"""A book's description: ``book.yaml`` or a folder of files named as the tables, read strictly."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kamlib.book.contract import DEFAULT_STAGES, TABLES
from kamlib.errors import BookError, ParameterError, did_you_mean
from kamlib.strict_yaml import read_yaml_file

SUFFIXES = (".csv", ".csv.gz", ".parquet", ".xlsx")
LANGUAGES = ("en", "zh")
_BESIDE = (".md", ".txt", ".yaml", ".yml", ".lock")
_FACTS = ("name", "currency", "rounding_unit", "fiscal_year_start", "language", "root", "stages", "tables")
_OPTION_OF = {
    "encoding": ".csv",
    "delimiter": ".csv",
    "sheet": ".xlsx",
    "thousands": ".csv .xlsx",
    "decimal": ".csv .xlsx",
    "date_format": ".csv .xlsx",
}
_SHORTEST = 3  # characters; a shorter value of the environment is no secret, and may be part of any word
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<fallback>[^}]*))?\}")


@dataclass(frozen=True)
class Options:
    """How the text of a file is written; each is a key of ``options:``.

    Attributes
    ----------
    encoding : str
        Of a CSV, a name Python knows: utf-8, gb18030, utf-16, ...
    delimiter : str
        Of a CSV, one character.
    sheet : str
        Of a workbook; empty for the first.
    thousands, decimal : str
        Signs in numbers; no thousands sign unless stated. Where a point parts thousands, a comma is the
        decimal sign unless another is stated.
    date_format : str
        Of days, in strptime's letters, such as ``%d.%m.%Y``; empty for 2026-01-31 and the like.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""
    thousands: str = ""
    decimal: str = "."
    date_format: str = ""


@dataclass(frozen=True)
class Source:
    """Where one table comes from: a file below the book's root, or a SELECT.

    `columns` maps names of the contract to names in the source.
    """

    table: str
    file: str = ""
    sql: str = ""
    options: Options = Options()
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """One of `SUFFIXES`, or empty for a SELECT and for a file of another kind."""
        return next((s for s in sorted(SUFFIXES, key=len) if self.file.lower().endswith(s)), "")


@dataclass(frozen=True)
class BookConfig:
    """What a book says of itself.

    Attributes
    ----------
    name, currency, language : str
        As written; the name falls back to the folder's.
    rounding_unit : int
        Money is planned in multiples of this [currency].
    fiscal_year_start : int
        Calendar month, 1..12.
    stages : mapping of str to float
        Stages of an opportunity with their win rates [fraction].
    root : pathlib.Path
        Where relative paths start.
    sources : tuple of Source
        One per table, in the order of the contract.
    hidden : mapping of str to str
        Values taken from the environment and what messages say in their place.
    """

    name: str
    currency: str
    rounding_unit: int
    fiscal_year_start: int
    language: str
    stages: Mapping[str, float]
    root: Path
    sources: tuple[Source, ...]
    hidden: Mapping[str, str] = field(default_factory=dict, repr=False)

    def redact(self, text: str) -> str:
        """Take the root's path and every value of the environment out of a message."""
        for value, stand_in in sorted(self.hidden.items(), key=lambda item: -len(item[0])):
            text = text.replace(value, stand_in)
        return text


def read_config(path: Path) -> BookConfig:
    """Read ``book.yaml``, or describe a folder of files named as the tables.

    Parameters
    ----------
    path : pathlib.Path
        A ``.yaml`` file, or a folder, in which ``book.yaml`` may give the facts and the tables.

    Returns
    -------
    BookConfig

    Raises
    ------
    BookError
        If there is no such file or folder, a key or table is unknown, or a value is not of its kind: one line
        for each.
    """
    if path.is_dir():
        file = path / "book.yaml"
        raw = _read(file) if file.is_file() else {}
    elif path.suffix.lower() in (".yaml", ".yml"):
        file, raw = path, _read(path)
    elif path.exists():
        raise BookError(f"{path.name}: a book is a folder or a .yaml file. Name one of them.")
    else:
        raise BookError(f"{path}: no such file or folder. Name a book.yaml, or a folder of tables.")
    reader = _Reader(file, raw)
    config = reader.config()
    if reader.problems:
        raise BookError("\n".join(f"{file.name}: {problem}" for problem in reader.problems))
    return config


def _read(file: Path) -> dict[str, Any]:
    try:
        return read_yaml_file(file)
    except ParameterError as error:
        raise BookError(str(error)) from None


class _Reader:
    """Reads one mapping, gathering every problem."""

    def __init__(self, file: Path, raw: dict[str, Any]) -> None:
        self.file, self.raw = file, raw
        self.problems: list[str] = []
        self.hidden: dict[str, str] = {}

    def config(self) -> BookConfig:
        self._unknown(self.raw, _FACTS, "a key of a book")
        root = self._root()
        tables = self.raw.get("tables")
        sources = self._scan(root) if tables is None else self._sources(tables)
        if any(source.sql for source in sources) and "," in str(root):
            self.problems.append("root: the path has a comma, which sql cannot read from. Move the files.")
        return BookConfig(
            name=self._text("name", self.file.resolve().parent.name),
            currency=self._text("currency", ""),
            rounding_unit=self._whole("rounding_unit", 1, 1, 10**12),
            fiscal_year_start=self._whole("fiscal_year_start", 1, 1, 12),
            language=self._language(),
            stages=self._stages(),
            root=root,
            sources=tuple(sorted(sources, key=lambda source: list(TABLES).index(source.table))),
            hidden=self.hidden,
        )

    def _unknown(self, raw: Mapping[Any, Any], known: Any, what: str, where: str = "") -> None:
        for key in raw:
            if key not in known:
                hint = did_you_mean(str(key), known) or f" There are: {', '.join(known)}."
                self.problems.append(f"{where}{key} is not {what}.{hint}")

    def _text(self, key: str, default: str) -> str:
        value = self.raw.get(key, default)
        if not isinstance(value, str) or (key in self.raw and not value.strip()):
            self.problems.append(f'{key} is {value!r}; it must be text. Put it in quotes: "...".')
            return default
        return value

    def _whole(self, key: str, default: int, low: int, high: int) -> int:
        value = self.raw.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.problems.append(f"{key} is {value!r}; it must be a whole number from {low} to {high}.")
            return default
        return value

    def _language(self) -> str:
        value = self._text("language", "en")
        if value not in LANGUAGES:
            self.problems.append(f'language is "{value}"; it must be one of {", ".join(LANGUAGES)}.')
        return value

    def _stages(self) -> dict[str, float]:
        raw = self.raw.get("stages", dict(DEFAULT_STAGES))
        if not isinstance(raw, dict) or not raw:
            self.problems.append("stages must map each stage to its win rate, as in {offer: 0.5}.")
            return dict(DEFAULT_STAGES)
        for stage, rate in raw.items():
            if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
                self.problems.append(f"stages.{stage} is {rate!r}; a win rate is a fraction from 0 to 1.")
                return dict(DEFAULT_STAGES)
        return {str(stage): float(rate) for stage, rate in raw.items()}

    def _root(self) -> Path:
        written = self._text("root", ".")
        root = self.file.parent / self._expand(written)
        if not self.problems and not root.is_dir():
            names = "".join(f", or {match['name']}" for match in _VARIABLE.finditer(written))
            self.problems.append(f'root is "{written}"; there is no such folder. Correct the path{names}.')
        self.hidden[str(root)] = self.hidden[str(root.resolve())] = "<root>"
        return root.resolve()

    def _expand(self, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            name, fallback = match["name"], match["fallback"]
            found = os.environ.get(name) or fallback
            if found is None:
                self.problems.append(
                    f"root: the environment has no {name}. Set it, or write ${{{name}:-path}}."
                )
                return ""
            if len(os.environ.get(name, "")) > _SHORTEST:
                self.hidden[found] = f"${{{name}}}"
            return found

        return _VARIABLE.sub(value, text)

    def _scan(self, root: Path) -> list[Source]:
        found: dict[str, str] = {}
        for file in sorted(root.iterdir()) if root.is_dir() else ():
            name = file.name
            if not file.is_file() or name.startswith((".", "~")) or name.lower().endswith(_BESIDE):
                continue
            suffix = Source("", file=name).suffix
            table = name[: -len(suffix)] if suffix else file.stem
            if table not in TABLES:
                if suffix:
                    hint = did_you_mean(table, TABLES) or " Move it, or list the book's tables in book.yaml."
                    self.problems.append(f'file "{name}" is not named as a table.{hint}')
            elif not suffix:
                self.problems.append(
                    f'file "{name}": a table is one of {", ".join(SUFFIXES)}. Export it again.'
                )
            elif table in found:
                self.problems.append(f'files "{found[table]}" and "{name}" are the same table. Keep one.')
            else:
                found[table] = name
        return [Source(table, file=name) for table, name in found.items()]

    def _sources(self, tables: Any) -> list[Source]:
        if not isinstance(tables, dict):
            self.problems.append("tables must map each table to its file or sql.")
            return []
        self._unknown(tables, tuple(TABLES), "a table", "tables.")
        return [self._source(table, raw) for table, raw in tables.items() if table in TABLES]

    def _source(self, table: str, raw: Any) -> Source:
        where = f"tables.{table}"
        if not isinstance(raw, dict):
            self.problems.append(f"{where} must say file: or sql:.")
            return Source(table)
        self._unknown(raw, ("file", "sql", "options", "columns"), "a key of a table", f"{where}.")
        texts = {key: raw.get(key, "") for key in ("file", "sql")}
        for key, value in texts.items():
            if not isinstance(value, str):
                self.problems.append(f"{where}.{key} is {value!r}; it must be text.")
                return Source(table)
        if bool(texts["file"].strip()) == bool(texts["sql"].strip()):
            self.problems.append(f"{where} must say either file: or sql:, and only one of them.")
        source = Source(table, **texts)
        if texts["file"] and not source.suffix:
            self.problems.append(f'{where}.file is "{source.file}"; a table is one of {", ".join(SUFFIXES)}.')
        options = self._options(source, raw.get("options", {}))
        return Source(table, **texts, options=options, columns=self._columns(table, raw.get("columns", {})))

    def _options(self, source: Source, raw: Any) -> Options:
        where = f"tables.{source.table}.options"
        if not isinstance(raw, dict):
            self.problems.append(f"{where} must map names to values.")
            return Options()
        self._unknown(raw, tuple(_OPTION_OF), "an option", f"{where}.")
        good: dict[str, str] = {}
        for key, value in raw.items():
            if key not in _OPTION_OF:
                continue
            fault = self._fault(key, value, source)
            if fault:
                self.problems.append(f"{where}.{key} {fault}")
            else:
                good[key] = value
        if good.get("thousands") == "." and "decimal" not in raw:
            good["decimal"] = ","
        options = Options(**good)
        if options.thousands == options.decimal:
            self.problems.append(f'{where}: thousands and decimal are both "{options.decimal}". Change one.')
        return options

    def _fault(self, key: str, value: Any, source: Source) -> str:
        if not isinstance(value, str) or not value:
            return f"is {value!r}; it must be text. Put it in quotes."
        kinds = _OPTION_OF[key].split()
        if not any(kind in source.suffix for kind in kinds):
            return f"is for {' and '.join(kinds)} files only. Leave it out."
        if key in ("delimiter", "thousands", "decimal") and len(value) != 1:
            return f'is "{value}"; it must be one character.'
        if key == "encoding" and not _is_encoding(value):
            return f'is "{value}", which is not an encoding. Write utf-8, gb18030, utf-16 or the like.'
        return ""

    def _columns(self, table: str, raw: Any) -> dict[str, str]:
        where = f"tables.{table}.columns"
        if not isinstance(raw, dict):
            self.problems.append(f"{where} must map columns of the contract to columns of the source.")
            return {}
        known = tuple(column.name for column in TABLES[table].columns)
        self._unknown(raw, known, f"a column of {table}", f"{where}.")
        for key, value in raw.items():
            if not isinstance(value, str):
                self.problems.append(f"{where}.{key} is {value!r}; it must be text. Put it in quotes.")
        return {key: value for key, value in raw.items() if key in known and isinstance(value, str)}


def _is_encoding(name: str) -> bool:
    try:
        return bool(getattr(codecs.lookup(name), "_is_text_encoding", True))
    except LookupError:
        return False
