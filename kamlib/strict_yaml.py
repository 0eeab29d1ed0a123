"""YAML, read so that nothing YAML 1.1 does in silence passes.

``NO`` -> False, ``010`` -> 8, ``1e-3`` -> text, a doubled key: each is refused, with what to write instead.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from kamlib.errors import ParameterError


class _StrictLoader(yaml.SafeLoader):
    """YAML without surprises: refuses doubled keys and the scalars that YAML 1.1 reads differently."""


_TRAPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?i)yes|no|on|off|y|n"),
        'YAML reads it as a yes/no value; write true, false, or "{0}" in quotes',
    ),
    (
        re.compile(r"[-+]?0\d[\d_]*"),
        'YAML reads a leading zero as octal; write the number without it, or "{0}" in quotes',
    ),
    (re.compile(r"[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?"), 'YAML reads it in base 60; put it in quotes: "{0}"'),
    (re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+"), "YAML reads it as text; write it as a decimal number"),
    (re.compile(r"[-+]?\d[\d_]*_[\d_]*(\.\d*)?"), "write the number without underscores"),
)
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _construct_scalar(loader: _StrictLoader, node: yaml.ScalarNode) -> Any:
    if node.style is None:
        for pattern, advice in _TRAPS:
            if pattern.fullmatch(node.value):
                line = node.start_mark.line + 1
                raise ParameterError(f"line {line}: {node.value} is ambiguous: {advice.format(node.value)}.")
    plain = {
        "tag:yaml.org,2002:null": yaml.SafeLoader.construct_yaml_null,
        "tag:yaml.org,2002:bool": yaml.SafeLoader.construct_yaml_bool,
        "tag:yaml.org,2002:int": yaml.SafeLoader.construct_yaml_int,
        "tag:yaml.org,2002:float": yaml.SafeLoader.construct_yaml_float,
    }
    return plain.get(node.tag, yaml.SafeLoader.construct_yaml_str)(loader, node)


def _construct_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, (list, dict)):
            raise ParameterError(f"line {key_node.start_mark.line + 1}: a name must be text.")
        if key in result:
            line = key_node.start_mark.line + 1
            raise ParameterError(f'line {line}: "{key}" is written twice in the same place; keep one.')
        result[key] = loader.construct_object(value_node, deep=True)
    return result


for _tag in ("null", "bool", "int", "float", "str"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _construct_scalar)
_StrictLoader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def read_yaml(text: str, *, origin: str) -> Any:
    r"""Read YAML text strictly.

    Parameters
    ----------
    text : str
        The YAML text.
    origin : str
        What to call it in messages, usually the file's name.

    Returns
    -------
    object
        Mappings, lists and plain scalars; dates stay text.

    Raises
    ------
    ParameterError
        If the text is not YAML, has a key twice, or a scalar that YAML 1.1 reads differently than it looks.

    Examples
    --------
    >>> read_yaml("a: 0.5\nday: 2026-01-01", origin="example")
    {'a': 0.5, 'day': '2026-01-01'}
    >>> read_yaml("step: 1e-3", origin="example")
    Traceback (most recent call last):
    kamlib.errors.ParameterError: example: line 1: 1e-3 is ambiguous: YAML reads it as text; write ...
    """
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except ParameterError as error:
        raise ParameterError(f"{origin}: {error}") from None
    except (yaml.YAMLError, ValueError) as error:
        detail = " ".join(str(error).split())
        raise ParameterError(f"{origin}: not valid YAML: {detail}") from None


def read_yaml_file(path: Path) -> dict[str, Any]:
    """Read a YAML file whose top level is a mapping; an empty file is an empty mapping.

    Raises
    ------
    ParameterError
        If the file is missing, not UTF-8, not strict YAML, or not a mapping at the top.
    """
    if not path.is_file():
        raise ParameterError(f"{path}: no such file. Name an existing YAML file.")
    try:
        content = read_yaml(path.read_text(encoding="utf-8"), origin=path.name)
    except UnicodeDecodeError:
        raise ParameterError(f"{path.name}: not UTF-8. Save the file as UTF-8.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ParameterError(f"{path.name}: the file must be a mapping of names to values.")
    return content
