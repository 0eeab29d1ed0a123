"""The columns of a page's table as a reader sees them: label, kind, values without NaN, exact totals."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa

from kamlib.errors import RunError
from kamlib.glossary import Words, columns
from kamlib.measures.money import total_money
from kamlib.packs.page import KINDS, Page

Cell = str | int | float | bool | Decimal | dt.date | None

NUMERIC = ("money", "fraction", "chance", "number", "count")
NULL = "–"
TICK = "✓"
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


@dataclass(frozen=True)
class TableColumn:
    """One column of a page's table, ready to be written.

    Attributes
    ----------
    name, label : str
        The column and its heading in the pack's language; headings of a table differ from each other.
    kind : str
        One of `kamlib.packs.page.KINDS`.
    decimals : int
        Decimal places that its numbers are shown with (of the percentage, for fractions).
    values : tuple
        One value a row; None where it is unknown.
    total : int, float, Decimal or None
        The sum of the column where the page totals it and any of its values is known.
    meaning : str
        What the column says, for readers of English; empty where the glossary lacks it.
    signed : bool
        Whether it is a variance, shown with its sign.
    """

    name: str
    label: str
    kind: str
    decimals: int
    values: tuple[Cell, ...] = field(repr=False)
    total: int | float | Decimal | None = None
    meaning: str = ""
    signed: bool = False

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers, aligned to the right."""
        return self.kind in NUMERIC


def table_columns(page: Page, words: Words) -> tuple[TableColumn, ...]:
    """Describe the columns of a page's table.

    A column's kind is the page's word on it, else the glossary's; where the values are not of that kind, it
    is what they are. Texts that are coded values (a tier, a field) get their label. NaN, NaT and infinities
    are unknown.

    Raises
    ------
    RunError
        If a total is asked for a column that is not there or holds no numbers.
    """
    missing = [name for name in page.totals if name not in page.table.columns]
    if missing:
        raise RunError(f"page {page.id}: totals name {', '.join(missing)}, which its table does not have.")
    labels = distinct([clean(page.label(str(name), words)) for name in page.table.columns])
    result = []
    for name, label in zip(map(str, page.table.columns), labels, strict=True):
        series = page.table[name]
        kind = _kind(page, name, series)
        values = _values(series, kind, words)
        total = _total(page, name, series, kind) if name in page.totals else None
        entry = columns().get(name)
        meaning = entry.meaning if entry and words.lang == "en" else ""
        signed = entry is not None and entry.signed
        decimals = _decimals(values, kind)
        result.append(TableColumn(name, label, kind, decimals, values, total, meaning, signed))
    return tuple(result)


def text_of(value: Cell, column: TableColumn) -> str:
    """Write one value of a column as a reader sees it; an unknown one is a dash.

    Examples
    --------
    >>> growth = TableColumn("growth", "Growth", "fraction", 1, ())
    >>> text_of(0.1234, growth), text_of(None, growth)
    ('12.3 %', '–')
    >>> text_of(0.9995, TableColumn("reach_probability", "P(reach)", "chance", 0, ()))
    '> 99 %'
    >>> text_of(Decimal("1234567.80"), TableColumn("revenue", "Revenue", "money", 0, ()))
    '1,234,568'
    """
    if value is None:
        return NULL
    if column.kind == "flag":
        return TICK if value else ""
    if column.kind == "chance":
        return Words.chance(float(str(value)))
    if isinstance(value, (int, float, Decimal)) and column.numeric:
        fraction = column.kind == "fraction"
        text = _unsigned_zero(100 * value if fraction else value, column.decimals)
        sign = "+" if column.signed and value > 0 and text.strip("0.,") else ""
        return f"{sign}{text} %" if fraction else f"{sign}{text}"
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def clean(text: str) -> str:
    r"""Replace characters that neither XML nor HTML may hold by the replacement mark.

    Examples
    --------
    >>> clean("A\x00B")
    'A\ufffdB'
    """
    return _ILLEGAL.sub("\ufffd", text)


def width_of(text: str) -> int:
    """Return how many columns of fixed width a text takes; a Chinese character takes two.

    Examples
    --------
    >>> width_of("AB 客户")
    7
    """
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def distinct(labels: Sequence[str]) -> list[str]:
    """Tell headings that repeat, ignoring case, apart: a workbook's table refuses them.

    Examples
    --------
    >>> distinct(["Sum", "sum", "Mean"])
    ['Sum', 'sum (2)', 'Mean']
    """
    seen: set[str] = set()
    result = []
    for label in labels:
        wanted, count = label, 1
        while wanted.casefold() in seen:
            count += 1
            wanted = f"{label} ({count})"
        seen.add(wanted.casefold())
        result.append(wanted)
    return result


def _unsigned_zero(value: float | Decimal, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def _is_decimal(dtype: object) -> bool:
    return isinstance(dtype, pd.ArrowDtype) and pa.types.is_decimal(dtype.pyarrow_dtype)


def _found_kind(series: pd.Series) -> str:
    dtype = series.dtype
    if _is_decimal(dtype):
        return "money"
    if pd.api.types.is_bool_dtype(dtype):
        return "flag"
    if pd.api.types.is_integer_dtype(dtype):
        return "count"
    if pd.api.types.is_float_dtype(dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "date"
    known = series.dropna()
    if len(known) and known.map(lambda v: isinstance(v, Decimal)).all():
        return "money"
    if len(known) and known.map(lambda v: isinstance(v, (bool, np.bool_))).all():
        return "flag"
    if len(known) and known.map(lambda v: isinstance(v, (int, float, np.number, Decimal))).all():
        return "number"
    if len(known) and known.map(lambda v: isinstance(v, dt.date)).all():
        return "date"
    return "text"


def _kind(page: Page, name: str, series: pd.Series) -> str:
    found = _found_kind(series)
    entry = columns().get(name)
    said = page.kinds.get(name) or (entry.dtype if entry else found)
    if said not in KINDS:
        known = ", ".join(KINDS)
        raise RunError(f'page {page.id}: column {name} is of kind "{said}"; it must be one of {known}.')
    empty = not series.notna().any()
    agrees = empty or (said in NUMERIC and found in NUMERIC) or said == found or said in ("text", "period")
    return said if agrees else found


def _values(series: pd.Series, kind: str, words: Words) -> tuple[Cell, ...]:
    known = series.notna().to_numpy()
    raw = series.tolist()
    if kind in NUMERIC:
        return tuple(_number(v) if k else None for v, k in zip(raw, known, strict=True))
    if kind == "flag":
        return tuple(bool(v) if k else None for v, k in zip(raw, known, strict=True))
    if kind == "date":
        return tuple(_day(v) if k else None for v, k in zip(raw, known, strict=True))
    name = str(series.name)
    return tuple(clean(words.value(name, str(v))) if k else None for v, k in zip(raw, known, strict=True))


def _number(value: object) -> int | float | Decimal | None:
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    number = float(value)  # type: ignore[arg-type]
    return number if math.isfinite(number) else None


def _day(value: object) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value  # type: ignore[return-value]


def _total(page: Page, name: str, series: pd.Series, kind: str) -> int | float | Decimal | None:
    """Return the sum of what is known, exact; where nothing is, there is none: null is not zero."""
    if kind not in NUMERIC:
        raise RunError(f"page {page.id}: column {name} is to be totalled, but it holds no numbers.")
    known = series.dropna()
    if not len(known):
        return None
    if _is_decimal(series.dtype):
        return total_money(known)
    if pd.api.types.is_integer_dtype(series.dtype):
        return sum(int(v) for v in known.tolist())
    numbers = [n for n in map(_number, known.tolist()) if n is not None]
    if numbers and all(isinstance(n, Decimal) for n in numbers):
        return sum((n for n in numbers if isinstance(n, Decimal)), Decimal(0))
    return math.fsum(numbers)


def _decimals(values: Sequence[Cell], kind: str) -> int:
    if kind == "fraction":
        return 1
    if kind in ("count", "chance"):
        return 0
    numbers = [abs(float(v)) for v in values if isinstance(v, (int, float, Decimal))]
    largest = max(numbers, default=0.0)
    if all(n.is_integer() for n in numbers):
        return 0
    if kind == "money":
        return 0 if largest >= 1000 else 2
    return 1 if largest >= 100 else 2 if largest >= 1 else 3
