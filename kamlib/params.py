"""Parameters: how a room declares them, and how what a company sets is laid over their defaults.

A room owns a frozen pydantic model derived from `Params`; each field is made with `param`, which makes the
unit, the meaning in both languages and the source of the default mandatory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from kamlib.errors import ParameterError, did_you_mean
from kamlib.strict_yaml import read_yaml, read_yaml_file

ROUNDED = 1e-6
"""By how much weights and shares written with six digits may miss a sum of 1."""
STRENGTHS = ("law", "study", "vendor practice", "seed deck", "our choice")


class Params(BaseModel):
    """Base of every parameter model: strict types, no unknown names, frozen.

    Attributes
    ----------
    section : str
        Name of the section in a parameter file (class variable).
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False
    )
    section: ClassVar[str] = ""


P = TypeVar("P", bound=Params)


def _to_decimal(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is not an amount; write digits such as 120000 or 99.5") from None


def as_tuple(value: object) -> object:
    """Read a list of a parameter file as the tuple that a model holds."""
    return tuple(value) if isinstance(value, list) else value


Amount = Annotated[Decimal, BeforeValidator(_to_decimal), Field(allow_inf_nan=False)]
"""Money in a parameter: an exact decimal, written as a number or as digits in quotes."""


def param(
    default: Any,
    *,
    en: str,
    zh: str,
    unit: str,
    source: str,
    strength: str,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
) -> Any:
    """Declare one parameter of a room's model.

    Parameters
    ----------
    default : object
        The default value; mutable defaults are copied by pydantic.
    en, zh : str
        What it means, in English and Chinese.
    unit : str
        Unit of the value, such as ``"fraction"``, ``"months"``, ``"money/year"``; ``""`` where it has none.
    source : str
        Where the default comes from.
    strength : str
        How strong that source is, one of `STRENGTHS`.
    ge, gt, le, lt : float, optional
        Bounds of the value.

    Raises
    ------
    ValueError
        If `strength` is not one of `STRENGTHS`.
    """
    if strength not in STRENGTHS:
        raise ValueError(f"strength {strength!r} is not one of {STRENGTHS}")
    extra: dict[str, JsonValue] = {"zh": zh, "unit": unit, "source": source, "strength": strength}
    return Field(default, description=en, json_schema_extra=extra, ge=ge, gt=gt, le=le, lt=lt)


def read_layer(path: Path, origin: str) -> tuple[Layer, str | None]:
    """Read a parameter file, and the name of the book that it is written for where it says one.

    Parameters
    ----------
    path : pathlib.Path
        The file; the key ``book`` beside its sections names the book.
    origin : str
        What to call it in messages.

    Raises
    ------
    ParameterError
        As `read_yaml_file`, or if ``book`` is no name.
    """
    values = read_yaml_file(path)
    book = values.pop("book", None)
    if book is not None and not isinstance(book, str):
        raise ParameterError(f"{origin}: book is {book!r}; write the book's name as text, or leave it out.")
    return Layer(origin, values), book


def parse_overrides(assignments: Sequence[str]) -> dict[str, Any]:
    """Read ``section.name=value`` assignments, as given on the command line, into a nested mapping.

    Raises
    ------
    ParameterError
        If an assignment has no ``=``, or the same name is assigned twice.

    Examples
    --------
    >>> parse_overrides(["allocation.history_weight=0.6", "allocation.growth_cap=0.5"])
    {'allocation': {'history_weight': 0.6, 'growth_cap': 0.5}}
    """
    result: dict[str, Any] = {}
    seen: set[str] = set()
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        name = name.strip()
        if not equals or not name:
            raise ParameterError(
                f'-p {assignment}: write it as section.name=value, for example "sizing.growth=0.05".'
            )
        if any(
            name == other or name.startswith(f"{other}.") or other.startswith(f"{name}.") for other in seen
        ):
            raise ParameterError(f"-p {name}: assigned twice; keep one.")
        seen.add(name)
        target = result
        *path, last = name.split(".")
        for part in path:
            target = target.setdefault(part, {})
        target[last] = read_yaml(value, origin=f"-p {name}")
    return result


@dataclass(frozen=True)
class Layer:
    """One source of parameter values: where they were set, and the values as a nested mapping."""

    origin: str
    values: Mapping[str, Any]


def build_params(model: type[P], layers: Sequence[Layer]) -> P:
    """Lay values over a model's defaults, later layers over earlier ones, and check all of them.

    Parameters
    ----------
    model : type of Params
        The model; fields that are models themselves are sections.
    layers : sequence of Layer
        Sources in rising precedence. Mappings merge by key, where null takes an entry away, such as a pin
        of an account; everything else replaces.

    Returns
    -------
    Params

    Raises
    ------
    ParameterError
        If any name is unknown, or any value has the wrong type or is out of range: one line each, naming
        the source, the parameter, the value and what is allowed.
    """
    problems: list[str] = []
    merged: dict[str, Any] = {}
    for layer in layers:
        problems += [f"{layer.origin}: {text}" for text in _unknown_names(model, layer.values, "")]
        merged = _merge(merged, layer.values, model)
    if not problems:
        try:
            return model.model_validate(merged)
        except ValidationError as error:
            for detail in error.errors():
                path = ".".join(str(part) for part in detail["loc"])
                origin = next(
                    (x.origin for x in reversed(layers) if _sets(x.values, detail["loc"])), "parameters"
                )
                whole = detail["type"] == "value_error" and isinstance(detail["input"], Mapping)
                named = path if whole else f"{path} is {_shown(detail['input'])}"
                problems.append(
                    ": ".join(filter(None, (origin, named, _plain(detail["msg"], detail["input"])))) + "."
                )
    raise ParameterError("\n".join(problems))


@dataclass(frozen=True)
class ParameterRow:
    """One line of the list of parameters (`kam params`, the appendix of a pack)."""

    name: str
    value: Any
    unit: str
    range: str
    meaning: str
    meaning_zh: str
    source: str
    strength: str
    default: Any


def list_params(params: Params) -> Iterator[ParameterRow]:
    """Yield every parameter of a model with its value, unit, range, meaning and source, sections in order."""
    for name, field in type(params).model_fields.items():
        value = getattr(params, name)
        if isinstance(value, Params):
            for row in list_params(value):
                yield ParameterRow(f"{name}.{row.name}", *list(row.__dict__.values())[1:])
            continue
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        yield ParameterRow(
            name=name,
            value=value,
            unit=str(extra.get("unit", "")),
            range=_range(field),
            meaning=field.description or "",
            meaning_zh=str(extra.get("zh", "")),
            source=str(extra.get("source", "")),
            strength=str(extra.get("strength", "")),
            default=field.get_default(call_default_factory=True)
            if field.default is not PydanticUndefined
            else None,
        )


def _range(field: FieldInfo) -> str:
    words = {"ge": ">= {}", "gt": "> {}", "le": "<= {}", "lt": "< {}"}
    bounds = [
        text.format(getattr(item, name))
        for item in field.metadata
        for name, text in words.items()
        if getattr(item, name, None) is not None
    ]
    if bounds:
        return ", ".join(bounds)
    options = getattr(field.annotation, "__args__", ())
    return " | ".join(str(option) for option in options if isinstance(option, str))


def _sections(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    kinds = {name: field.annotation for name, field in model.model_fields.items()}
    return {name: k for name, k in kinds.items() if isinstance(k, type) and issubclass(k, BaseModel)}


def _unknown_names(model: type[BaseModel], values: Any, prefix: str) -> Iterator[str]:
    if not isinstance(values, Mapping):
        return
    for name, value in values.items():
        field = model.model_fields.get(str(name))
        if field is None:
            # A name without its section is the commonest slip; suggestions are names that can be typed.
            homes = [
                f"{home}.{name}" for home, inner in _sections(model).items() if name in inner.model_fields
            ]
            near = [f"{prefix}{field}" for field in model.model_fields]
            hint = f' Did you mean "{homes[0]}"?' if homes else did_you_mean(f"{prefix}{name}", near)
            yield f"{prefix}{name} is not a parameter.{hint or ' See: kam params.'}"
        elif str(name) in _sections(model):
            yield from _unknown_names(_sections(model)[str(name)], value, f"{prefix}{name}.")


def _merge(
    below: Mapping[str, Any], above: Mapping[str, Any], model: type[BaseModel] | None = None
) -> dict[str, Any]:
    result = dict(below)
    for name, value in above.items():
        if not isinstance(value, Mapping):
            result[name] = value
            continue
        field, old = model.model_fields.get(str(name)) if model else None, result.get(name)
        kind = field.annotation if field else None
        section = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
        merged = _merge(old if isinstance(old, Mapping) else {}, value, section)
        entries = model is not None and section is None  # of a mapping, where null takes one away
        result[name] = {k: v for k, v in merged.items() if v is not None} if entries else merged
    return result


def _sets(values: Any, path: Sequence[int | str]) -> bool:
    for depth, part in enumerate(path):
        if not isinstance(values, Mapping) or part not in values:
            return depth > 1
        values = values[part]
    return True


def _shown(value: object) -> str:
    """Write a value as YAML does."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(str(value)) if isinstance(value, Decimal) else repr(value)


def _plain(message: str, value: object) -> str:
    message = message.removeprefix("Value error, ")
    if message == "Input should be a valid number":
        return "write a number in digits, such as 0.08"
    if message.startswith("Input should be a valid dictionary"):
        if value is None:
            return "null takes one entry away, not all: write {name: null}"
        return "write a mapping of names to values: {name: value}"
    return message[:1].lower() + message[1:]
