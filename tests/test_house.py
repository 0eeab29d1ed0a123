"""The laws of the layout: floors, lock, chapters, words."""

from __future__ import annotations

import ast
import json
import re
import string
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest
import yaml

from kamlib import glossary
from kamlib.packs.appraisal import CHAPTERS as APPRAISAL_CHAPTERS
from kamlib.packs.appraisal import AppraisalParams
from kamlib.packs.planning import CHAPTERS, PlanningParams

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "kamlib").rglob("*.py"))
PACKS = {"planning": (CHAPTERS, PlanningParams), "appraisal": (APPRAISAL_CHAPTERS, AppraisalParams)}
CHAPTER_FILES = [
    ROOT / "notebooks" / pack / f"{name}.ipynb" for pack, (names, _) in PACKS.items() for name in names
]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))

# What a room may import of kamlib, besides itself. Cli, widgets and packs stand on top and may use all.
GROUND = {"errors", "params", "glossary", "periods"}
METHODS = {"segments", "forecast", "targets", "appraisal", "incentives"}
FLOORS = {
    "errors": set(),
    "periods": {"errors"},
    "strict_yaml": {"errors"},
    "params": {"errors", "strict_yaml"},
    "glossary": {"errors", "params", "strict_yaml"},
    "tables": set(),
    "measures": GROUND,
    "charts": GROUND | {"measures"} | METHODS,
    "book": GROUND | {"measures", "strict_yaml"},
    "runs": GROUND | {"measures"},
    **{room: GROUND | {"measures"} for room in METHODS},
}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "kamlib").parts[0].removesuffix(".py")


def kamlib_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
        found |= {name.split(".")[1] for name in names if name.startswith("kamlib.")}
    return found


@pytest.mark.parametrize("path", [p for p in MODULES if room_of(p) in FLOORS], ids=str)
def test_imports_run_one_way(path: Path) -> None:
    room = room_of(path)
    assert kamlib_imports(path) - {room} - FLOORS[room] == set()


def test_every_room_has_its_floor() -> None:
    assert {room_of(p) for p in MODULES} - {"cli", "packs", "widgets", "__init__"} == set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False)
            body = (node.end_lineno or 0) - node.body[0].lineno + 1 - (doc.count("\n") + 1 if doc else 0)
            assert body <= 60, f"{node.name}: {body} lines"


def test_import_is_light() -> None:
    code = "import sys, kamlib; print([m for m in ('pandas', 'numpy', 'pydantic', 'ibis', 'papermill') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_load() -> None:
    import kamlib

    assert all(getattr(kamlib, name) is not None for name in kamlib.__all__)
    assert dir(kamlib) == sorted(kamlib.__all__)
    with pytest.raises(AttributeError, match="module 'kamlib' has no attribute 'nothing'"):
        kamlib.nothing  # noqa: B018


def test_environment_is_python_pip_and_the_lock() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *plain, pip = environment["dependencies"]
    assert [re.split("[=<>]", name)[0] for name in plain] == ["python", "pip"]
    assert pip == {"pip": ["-r requirements.lock"]}
    assert "--require-hashes -r requirements.lock" in (ROOT / "Makefile").read_text()


def test_the_lock_holds_what_the_project_asks_for_and_names_no_host() -> None:
    import tomllib

    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    locked = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==", lock, re.M))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {re.split(r"[\[<>=]", name)[0] for name in asked} <= locked


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def tags(cell: dict) -> set[str]:
    return set(cell["metadata"].get("tags", []))


@pytest.mark.parametrize("path", CHAPTER_FILES, ids=lambda p: p.stem)
def test_chapters_are_committed_without_outputs(path: Path) -> None:
    assert all(
        not c["outputs"] and c["execution_count"] is None for c in cells(path) if c["cell_type"] == "code"
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebooks_are_thin(path: Path) -> None:
    run_of_code = 0
    for cell in cells(path):
        source = "".join(cell["source"])
        run_of_code = run_of_code + 1 if cell["cell_type"] == "code" else 0
        assert run_of_code <= 3
        if cell["cell_type"] == "code":
            assert len([line for line in source.splitlines() if line.strip()]) <= 12
            assert not re.search(r"^\s*(def|class|for|while)\s", source, re.M)


@pytest.mark.parametrize("path", CHAPTER_FILES, ids=lambda p: p.stem)
def test_prose_comes_in_pairs(path: Path) -> None:
    languages = [
        next(t for t in tags(c) if t.startswith("lang-")) for c in cells(path) if c["cell_type"] == "markdown"
    ]
    assert languages == ["lang-en", "lang-zh"] * (len(languages) // 2)
    assert languages


@pytest.mark.parametrize("path", CHAPTER_FILES, ids=lambda p: p.stem)
def test_parameter_cells_repeat_the_models_defaults(path: Path) -> None:
    [cell] = [c for c in cells(path) if "parameters" in tags(c)]
    model = PACKS[path.parent.name][1]
    defaults = model()
    fields = {
        name: (getattr(section, name), get_type_hints(type(section)).get(name))
        for section in (getattr(defaults, s) for s in model.model_fields)
        for name in type(section).model_fields
    }
    for line in "".join(cell["source"]).splitlines():
        if line.startswith("#") or not line.strip():
            continue
        match = re.fullmatch(r"(\w+): (str|int|float|bool|list\[float\]) = (.+?)  # (.+) \[(.+)\]", line)
        assert match, line
        if match[1] == "run":
            assert match[3] == '"latest"'
        else:
            assert ast.literal_eval(match[3]) == fields[match[1]][0], line


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_word_has_its_twin_with_the_same_placeholders() -> None:
    pairs = glossary._words()
    assert pairs
    for key, pair in pairs.items():
        assert set(pair) == {"en", "zh"}, key
        assert pair["en"].strip(), key
        assert pair["zh"].strip(), key
        assert placeholders(pair["en"]) == placeholders(pair["zh"]), key


def test_every_column_has_type_unit_meaning_and_two_labels() -> None:
    for name, entry in glossary.columns().items():
        assert entry.dtype in {
            "text",
            "money",
            "fraction",
            "chance",
            "number",
            "count",
            "date",
            "period",
            "flag",
        }, name
        assert all((entry.meaning, entry.en, entry.zh)), name


def test_every_parameter_says_what_it_is_in_both_languages_and_where_its_default_comes_from() -> None:
    from kamlib.params import list_params

    for row in (*list_params(PlanningParams()), *list_params(AppraisalParams())):
        assert all((row.meaning, row.meaning_zh, row.source, row.strength)), row.name


def test_no_file_names_a_place_of_this_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    places = "|".join(re.escape(str(place)) for place in {ROOT.parent, Path.home()} if len(place.parts) > 1)
    words = re.compile(rf"(?<![\w.])({places})/\w")
    for name in listed.splitlines():
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".yaml", ".yml", ".toml", ".ipynb", ".lock", ".sh"}
            and path.is_file()
        ):
            assert not words.search(path.read_text(encoding="utf-8")), name
