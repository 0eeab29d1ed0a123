"""One place for every column's meaning and every word a pack says, in English and Chinese."""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from kamlib.errors import KamError, ParameterError, did_you_mean
from kamlib.strict_yaml import read_yaml_file

LANGUAGES = ("en", "zh")
_HERE = Path(__file__).parent
MAGNITUDES = {"en": ((1e9, " B"), (1e6, " M"), (1e3, " k")), "zh": ((1e8, "亿"), (1e4, "万"))}
"""From which amount on money is written in which magnitude, largest first; Chinese sets no blank."""


class _Writer(string.Formatter):
    """Fills placeholders; one with two words parted by | is the word for one or for more."""

    def format_field(self, value: object, format_spec: str) -> str:
        one, parted, more = format_spec.partition("|")
        if not parted:
            return str(super().format_field(value, format_spec))
        return one if str(value) == "1" else more


class _ChineseWriter(_Writer):
    """Fills placeholders of a Chinese sentence: no blank parts Chinese in a value from Chinese around it."""

    def format_field(self, value: object, format_spec: str) -> str:
        return f"{_EDGE}{super().format_field(value, format_spec)}{_EDGE}"

    def vformat(self, format_string: str, args: Sequence[object], kwargs: Mapping[str, object]) -> str:
        told = super().vformat(format_string, args, kwargs)
        return _STRAY.sub("", told).replace(_EDGE, "")


_EDGE = "\0"  # where a value begins and ends, until the sentence is whole
_CHINESE = "[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_STRAY = re.compile(f"(?<={_CHINESE}) (?={_EDGE}{_CHINESE})|(?<={_CHINESE}{_EDGE}) (?={_EDGE}?{_CHINESE})")
_WRITERS = {"en": _Writer(), "zh": _ChineseWriter()}


@dataclass(frozen=True)
class ColumnMeaning:
    """What a column is: its type, unit, meaning, and label in both languages; a variance is `signed`."""

    name: str
    dtype: str
    unit: str
    meaning: str
    en: str
    zh: str
    signed: bool = False


@functools.cache
def columns() -> Mapping[str, ColumnMeaning]:
    """Return every column of the glossary by name."""
    raw = read_yaml_file(_HERE / "glossary.yaml")
    return {
        name: ColumnMeaning(
            name=name,
            dtype=entry["dtype"],
            unit=entry["unit"],
            meaning=entry["meaning"],
            en=entry["label"]["en"],
            zh=entry["label"]["zh"],
            signed=entry.get("signed", False),
        )
        for name, entry in raw.items()
    }


@functools.cache
def _words() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for path in sorted((_HERE / "words").glob("*.yaml")):
        for key, pair in read_yaml_file(path).items():
            found[f"{path.stem}.{key}"] = pair
    return found


def word_keys() -> list[str]:
    """Return the key of every word, sorted."""
    return sorted(_words())


@dataclass(frozen=True)
class Words:
    """Labels, sentences and numbers in one language.

    Attributes
    ----------
    lang : str
        ``"en"`` or ``"zh"``.
    currency : str
        Currency of the book, as written in the book.

    Examples
    --------
    >>> w = Words("en", "EUR")
    >>> w.money(1234567), w.money(45600), w.money(-950), w.percent(0.1234)
    ('1.23 M', '45.6 k', '-950', '12.3 %')
    >>> Words("zh", "CNY").money(1234567)
    '123万'
    >>> w.label("account_id")
    'Account'
    """

    lang: str
    currency: str = ""

    def __post_init__(self) -> None:
        if self.lang not in LANGUAGES:
            raise ParameterError(f'language is "{self.lang}"; it must be one of {", ".join(LANGUAGES)}.')

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the sentence of `key` with its placeholders filled.

        ``{count:account brings|accounts bring}`` is the first where count is one, else the second. A blank
        between Chinese and a value that is Chinese there, too, is left out.

        Raises
        ------
        KamError
            If the key is unknown, or the values are not exactly the sentence's placeholders.
        """
        pair = _words().get(key)
        if pair is None:
            raise KamError(f'no words for "{key}".{did_you_mean(key, _words())}')
        names = {name for _, name, _, _ in string.Formatter().parse(pair[self.lang]) if name}
        if not names <= set(values):
            raise KamError(f'words for "{key}" need {", ".join(sorted(names - set(values)))}.')
        return _WRITERS[self.lang].vformat(pair[self.lang], (), values)

    @property
    def money_unit(self) -> str:
        """What amounts are in: the currency, or that they are in units of one where the book names none."""
        return self.currency or self("pack.no_currency")

    def label(self, column: str) -> str:
        """Return a column's label; a column outside the glossary is its own label."""
        entry = columns().get(column)
        if entry is None:
            return column
        return entry.zh if self.lang == "zh" else entry.en

    def value(self, kind: str, code: str) -> str:
        """Return the label of a coded value, such as tier A, or the code where it has none."""
        pair = _words().get(f"values.{kind}_{code}")
        return pair[self.lang] if pair else code

    def money(self, amount: float | Decimal | int, *, digits: int = 3) -> str:
        """Write an amount of money with three significant digits and the language's magnitudes."""
        value = float(amount)
        rounded = float(f"{value:.{digits}g}")
        for scale, sign in MAGNITUDES[self.lang]:
            if abs(rounded) >= scale:
                return f"{_significant(rounded / scale, digits)}{sign}"
        return f"{round(value):,}" if abs(rounded) >= 1000 else _significant(rounded, digits)

    def signed_money(self, amount: float | Decimal | int) -> str:
        """Write an amount with its sign, for variances."""
        return ("+" if amount > 0 else "") + self.money(amount)

    def percent(self, fraction: float, *, digits: int = 3) -> str:
        """Write a fraction as a percentage with three significant digits, at most one decimal."""
        value = 100 * float(fraction)
        return f"{value:,.0f} %" if abs(value) >= 99.95 and digits <= 3 else f"{value:.1f} %"

    @staticmethod
    def chance(probability: float) -> str:
        """Write a probability in whole percents, never as 0 or 100 %; a dash where it is unknown.

        Examples
        --------
        >>> [Words.chance(p) for p in (0.0005, 0.423, 0.9995, float("nan"))]
        ['< 1 %', '42 %', '> 99 %', '–']
        """
        if probability != probability:
            return "–"
        if probability < 0.01:
            return "< 1 %"
        return "> 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"

    def signed_percent(self, fraction: float) -> str:
        """Write a fraction as a percentage with its sign, for variances."""
        return ("+" if fraction > 0 else "") + self.percent(fraction)

    def count(self, number: int) -> str:
        """Write a count with thousands separators."""
        return f"{number:,}"


def _significant(value: float, digits: int) -> str:
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    return f"{value:,.{max(0, digits - whole)}f}" if value else "0"
