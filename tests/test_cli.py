"""The command: exit codes, one clear message, nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kamlib.cli import COMMANDS, build_parser, main

ROOT = Path(__file__).resolve().parents[1]
DEMO = str(ROOT / "data" / "demo")
KAM = str(Path(sys.executable).with_name("kam"))


def says(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plna"], 'kam: "plna" is not a command. Did you mean "plan"?'),
        (["frobnicate"], 'kam: "frobnicate" is not a command. See: kam --help.'),
        ([], "kam: the following arguments are required: COMMAND"),
        (["plan", "--book", DEMO], "kam: the following arguments are required: --period"),
        (["plan", "--book", DEMO, "--period", "2026Q1", "--lnag", "zh"], 'kam: "--lnag" is not an option here. Did you mean "--lang"?'),
        (["plan", "--book", DEMO, "--period", "2026Q5"], 'kam: "2026Q5" is not a period. Write a year (2026), a quarter (2026Q1) or a month (2026-01).'),
        (["plan", "--book", DEMO, "--period", "2026Q1", "-p", "growth=0.1"], 'kam: -p: growth is not a parameter. Did you mean "sizing.growth"?'),
        (["plan", "--book", DEMO, "--period", "2026Q1", "-p", "sizing.growth=5"], "kam: -p: sizing.growth is 5: 5 is +500%; for 5 % write 0.05, or give the total itself (sizing.total)."),
        (["plan", "--book", DEMO, "--period", "2026Q1", "-p", "sizing.growht=0.1"], 'kam: -p: sizing.growht is not a parameter. Did you mean "sizing.growth"?'),
        (["plan", "--book", DEMO, "--period", "2026Q1", "-p", "sizing.growth=banana"], "kam: -p: sizing.growth is 'banana': write a number in digits, such as 0.08."),
        (["params", "-p", "sizing.growth"], 'kam: -p sizing.growth: write it as section.name=value, for example "sizing.growth=0.05".'),
        (["params", "--params", "none.yaml"], "kam: none.yaml: no such file. Name an existing YAML file."),
        (["demo", "--out", "x", "--accounts", "many"], "kam: argument --accounts: invalid int value: 'many'"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_exit_code_2(capsys, words: list[str], message: str) -> None:
    code, out, err = says(capsys, *words)
    assert (code, out, err) == (2, "", message + "\n")


def test_a_run_that_is_none_is_wrong_usage(capsys, tmp_path: Path) -> None:
    code, _, err = says(capsys, "diff", str(tmp_path), str(tmp_path))
    assert code == 2
    what = f"{tmp_path}: no manifest.json there, so it is not a run folder."
    assert err == f"kam: {what} Name the whole folder that the run printed as its last line.\n"


def test_check_of_a_good_book(capsys) -> None:
    code, out, _ = says(capsys, "check", "--book", DEMO)
    assert code == 0
    assert "the book keeps its contract" in out.splitlines()[-1]


def test_check_of_a_broken_book_lists_everything_and_exits_3(capsys, tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account_id,region,account_type\nA,N,T\nA,N,T\n")
    (tmp_path / "sales.csv").write_text("date,account_id,product_line,revenue\n2025-01-01,B,L,much\n")
    code, out, err = says(capsys, "check", "--book", str(tmp_path))
    assert code == 3
    assert out.count("refuse") == 3
    assert err == f"kam: {tmp_path}: kinds of problem to be mended before planning: 3.\n"


def test_a_book_that_is_not_there(capsys, tmp_path: Path) -> None:
    code, _, err = says(capsys, "plan", "--book", str(tmp_path / "none"), "--period", "2026Q1")
    assert code == 3
    assert err.startswith("kam: ")
    assert err.endswith("none: no such file or folder. Name a book.yaml, or a folder of tables.\n")


def test_debug_shows_the_traceback(capsys) -> None:
    code, _, err = says(capsys, "plan", "--book", DEMO, "--period", "soon", "--debug")
    assert code == 2
    assert err.startswith("Traceback")
    assert err.splitlines()[-1].startswith('kam: "soon" is not a period')


def test_params_lists_every_parameter(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    code, out, _ = says(capsys, "params", "-p", "allocation.history_weight=0.25")
    assert code == 0
    [line] = [line for line in out.splitlines() if line.startswith("allocation.history_weight")]
    assert line.split()[1] == "0.25"
    assert ">= 0, <= 1" in line


def test_demo_and_its_refusal(capsys, tmp_path: Path) -> None:
    folder = tmp_path / "book"
    words = ["demo", "--out", str(folder), "--accounts", "30", "--months", "24", "--seed", "3"]
    assert says(capsys, *words)[0] == 0
    assert says(capsys, "check", "--book", str(folder))[0] == 0
    code, _, err = says(capsys, "demo", "--out", str(folder), "--accounts", "3")
    assert code == 2
    assert "3" in err


def test_every_command_has_help(capsys) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as caught:
            build_parser().parse_args([name, "--help"])
        assert caught.value.code == 0
        assert f"kam {name}" in capsys.readouterr().out


@pytest.mark.slow
def test_the_last_line_of_plan_is_the_run_folder(demo_command_zh: subprocess.CompletedProcess[str]) -> None:
    done = demo_command_zh
    folder = Path(done.stdout.splitlines()[-1])
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["lang"] == "zh"
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
