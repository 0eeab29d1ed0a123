"""The strict reading of parameters: each trap, each wrong name, type and range has its message."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kamlib.errors import ParameterError
from kamlib.params import (
    Amount,
    Layer,
    Params,
    build_params,
    list_params,
    param,
    parse_overrides,
    read_yaml,
    read_yaml_file,
)


class Room(Params):
    section = "room"
    weight: float = param(
        0.5, en="w", zh="权", unit="fraction", source="s", strength="our choice", ge=0, le=1
    )
    pins: dict[str, Amount] = param({}, en="p", zh="钉", unit="money", source="s", strength="our choice")
    months: int = param(12, en="m", zh="月", unit="months", source="s", strength="our choice", gt=0)


class Pack(Params):
    room: Room = Room()


def build(values: object) -> Pack:
    return build_params(Pack, [Layer("my.yaml", {"room": values})])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: NO", 'f.yaml: line 1: NO is ambiguous: YAML reads it as a yes/no value; write true, false, or "NO" in quotes.'),
        ("a: on", 'f.yaml: line 1: on is ambiguous: YAML reads it as a yes/no value; write true, false, or "on" in quotes.'),
        ("a: 010", 'f.yaml: line 1: 010 is ambiguous: YAML reads a leading zero as octal; write the number without it, or "010" in quotes.'),
        ("a: 1e-3", "f.yaml: line 1: 1e-3 is ambiguous: YAML reads it as text; write it as a decimal number."),
        ("a: 1:30", 'f.yaml: line 1: 1:30 is ambiguous: YAML reads it in base 60; put it in quotes: "1:30".'),
        ("a: 1_000", "f.yaml: line 1: 1_000 is ambiguous: write the number without underscores."),
        ("a: 1\nb:\n  c: 1\n  c: 2", 'f.yaml: line 4: "c" is written twice in the same place; keep one.'),
        ("? [a, b]\n: 1", "f.yaml: line 1: a name must be text."),
    ],
)  # fmt: skip
def test_yaml_traps_are_refused(text: str, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        read_yaml(text, origin="f.yaml")
    assert str(caught.value) == message


def test_broken_yaml_names_line_and_column() -> None:
    with pytest.raises(ParameterError, match=r"f\.yaml: not valid YAML: .*line 1, column 4"):
        read_yaml("a: [1", origin="f.yaml")


def test_quotes_make_traps_text_and_dates_stay_text() -> None:
    text = 'a: "NO"\nb: "010"\nc: 2026-01-01\nd: -0.25\ne: true\nf: 0\ng: null'
    expected = {"a": "NO", "b": "010", "c": "2026-01-01", "d": -0.25, "e": True, "f": 0, "g": None}
    assert read_yaml(text, origin="f") == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"wieght": 1}, 'my.yaml: room.wieght is not a parameter. Did you mean "room.weight"?'),
        ({"colour": 1}, "my.yaml: room.colour is not a parameter. See: kam params."),
        ({"weight": "half"}, "my.yaml: room.weight is 'half': write a number in digits, such as 0.08."),
        ({"weight": True}, "my.yaml: room.weight is true: write a number in digits, such as 0.08."),
        ({"weight": 2}, "my.yaml: room.weight is 2: input should be less than or equal to 1."),
        ({"weight": float("nan")}, "my.yaml: room.weight is nan: input should be a finite number."),
        ({"months": 1.5}, "my.yaml: room.months is 1.5: input should be a valid integer."),
        ({"months": 0}, "my.yaml: room.months is 0: input should be greater than 0."),
        ({"pins": {"A": "much"}}, "my.yaml: room.pins.A is 'much': 'much' is not an amount; write digits such as 120000 or 99.5."),
        ({"pins": {"A": "inf"}}, "my.yaml: room.pins.A is 'Infinity': input should be a finite number."),
        ({"pins": None}, "my.yaml: room.pins is null: null takes one entry away, not all: write {name: null}."),
        ({"pins": [1]}, "my.yaml: room.pins is [1]: write a mapping of names to values: {name: value}."),
    ],
)  # fmt: skip
def test_wrong_values_are_refused(values: object, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        build(values)
    assert str(caught.value) == message


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ParameterError) as caught:
        build({"weight": 2, "months": 0})
    assert len(str(caught.value).splitlines()) == 2


def test_later_layers_win_and_mappings_merge() -> None:
    layers = [
        Layer("a", {"room": {"weight": 0.1, "pins": {"A": 1}}}),
        Layer("b", {"room": {"weight": 0.2, "pins": {"B": 2.5}}}),
    ]
    room = build_params(Pack, layers).room
    assert room.weight == 0.2
    assert room.pins == {"A": Decimal(1), "B": Decimal("2.5")}


def test_the_last_layer_that_set_a_value_is_blamed() -> None:
    layers = [Layer("a.yaml", {"room": {"weight": 0.1}}), Layer("-p", {"room": {"weight": 9}})]
    with pytest.raises(ParameterError, match=r"^-p: room\.weight is 9"):
        build_params(Pack, layers)


def test_overrides() -> None:
    assert parse_overrides(["room.weight=0.25", "room.months=6"]) == {"room": {"weight": 0.25, "months": 6}}
    with pytest.raises(ParameterError, match="assigned twice"):
        parse_overrides(["room.weight=1", "room.weight=0"])
    with pytest.raises(ParameterError, match="assigned twice"):
        parse_overrides(["room.weight=1", "room=2"])
    with pytest.raises(ParameterError, match="write it as section.name=value"):
        parse_overrides(["room.weight"])
    with pytest.raises(ParameterError, match="-p room.weight: line 1: 1e-3 is ambiguous"):
        parse_overrides(["room.weight=1e-3"])


def test_files(tmp_path) -> None:
    with pytest.raises(ParameterError, match="no such file"):
        read_yaml_file(tmp_path / "none.yaml")
    path = tmp_path / "p.yaml"
    path.write_text("- a\n")
    with pytest.raises(ParameterError, match="p.yaml: the file must be a mapping"):
        read_yaml_file(path)
    path.write_bytes("a: 客户".encode("gb18030"))
    with pytest.raises(ParameterError, match="p.yaml: not UTF-8. Save the file as UTF-8."):
        read_yaml_file(path)
    path.write_text("")
    assert read_yaml_file(path) == {}


def test_list_names_range_unit_and_source() -> None:
    rows = {row.name: row for row in list_params(Pack())}
    assert list(rows) == ["room.weight", "room.pins", "room.months"]
    weight = rows["room.weight"]
    assert (weight.value, weight.default, weight.unit, weight.range) == (0.5, 0.5, "fraction", ">= 0, <= 1")
    assert (weight.meaning, weight.meaning_zh, weight.source, weight.strength) == (
        "w",
        "权",
        "s",
        "our choice",
    )


def test_a_parameter_without_a_known_strength_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="strength 'hearsay' is not one of"):
        param(1, en="x", zh="x", unit="", source="s", strength="hearsay")


def test_null_takes_an_entry_of_a_mapping_away_and_stays_a_value_elsewhere() -> None:
    from kamlib.packs.planning import PlanningParams

    below = Layer("a", {"allocation": {"pins": {"A": 1, "B": 2}}, "sizing": {"total": 5}})
    above = Layer("b", {"allocation": {"pins": {"A": None, "C": None}}, "sizing": {"total": None}})
    found = build_params(PlanningParams, [below, above])
    assert dict(found.allocation.pins) == {"B": 2}
    assert found.sizing.total is None
