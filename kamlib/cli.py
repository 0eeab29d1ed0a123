"""The command `kam`: each subcommand is a thin call into a room, and every refusal is one clear message."""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from kamlib.errors import BookError, KamError, ParameterError, did_you_mean


class _Parser(argparse.ArgumentParser):
    """argparse with kamlib's errors: exit code 2, one line, a suggestion for a mistyped word."""

    def error(self, message: str) -> NoReturn:
        words = [w.strip("',()") for w in message.split()]
        if "invalid choice:" in message:
            wrong = words[words.index("choice:") + 1]
            message = f'"{wrong}" is not a command.{did_you_mean(wrong, COMMANDS) or " See: kam --help."}'
        elif "unrecognized arguments:" in message:
            wrong = words[words.index("arguments:") + 1]
            parsers = [
                self,
                *(p for a in self._actions if isinstance(a.choices, dict) for p in a.choices.values()),
            ]
            options = [o for p in parsers for a in p._actions for o in a.option_strings]
            message = f'"{wrong}" is not an option here.{did_you_mean(wrong, options) or " See: --help."}'
        raise ParameterError(message)


def _plan(args: argparse.Namespace) -> None:
    from kamlib.packs.planning import plan

    folder = plan(
        args.book,
        args.period,
        params_file=args.params,
        overrides=args.set,
        lang=args.lang,
        out=args.out,
        as_of=args.as_of,
        say=_say,
    )
    print(folder)


def _appraise(args: argparse.Namespace) -> None:
    from kamlib.packs.appraisal import appraise

    folder = appraise(
        args.book,
        args.period,
        to_date=args.to_date,
        params_file=args.params,
        overrides=args.set,
        lang=args.lang,
        out=args.out,
        say=_say,
    )
    print(folder)


def _check(args: argparse.Namespace) -> None:
    from kamlib.book import open_book
    from kamlib.tables import text_table

    problems = open_book(args.book).check()
    rows = [[p.severity, p.table, p.column, p.count, p.message, p.remedy] for p in problems]
    if rows:
        print(text_table(["", "table", "column", "rows", "what", "what to do"], rows))
    refused = sum(p.severity == "refuse" for p in problems)
    if refused:
        raise BookError(f"{args.book}: kinds of problem to be mended before planning: {refused}.")
    print(f"{args.book}: the book keeps its contract; {len(problems)} kinds of oddity are kept and counted.")


def _demo(args: argparse.Namespace) -> None:
    from kamlib.book.demo import write_demo

    write_demo(
        args.out,
        accounts=args.accounts,
        months=args.months,
        lines_per_month=args.lines_per_month,
        seed=args.seed,
        fmt=args.format,
    )
    print(args.out)


def _diff(args: argparse.Namespace) -> None:
    from kamlib.runs.diff import diff_runs
    from kamlib.tables import text_table

    difference = diff_runs(args.run_a, args.run_b)
    for warning in difference.warnings:
        print(f"Not like for like: {warning}\n")
    for title, columns, rows in difference.sections():
        print(title)
        print(text_table(columns, rows) if rows else "  none")
        print()


def _adopt(args: argparse.Namespace) -> None:
    from kamlib.packs.adopt import adopt_run

    adopted = adopt_run(args.run, args.book, by=args.by, note=args.note)
    if adopted.supersedes:
        _say(f"version {adopted.version} for {adopted.period}; version {adopted.supersedes} no longer holds")
    print(adopted.file)


def _params(args: argparse.Namespace) -> None:
    from kamlib.book.config import read_config
    from kamlib.packs.appraisal import appraisal_params
    from kamlib.packs.planning import planning_params
    from kamlib.params import list_params
    from kamlib.tables import text_table

    read = appraisal_params if args.pack == "appraisal" else planning_params
    name = read_config(args.book).name if args.book else None
    params = read(args.period, book=name, params_file=args.params, overrides=args.set)
    rows = []
    for row in list_params(params):
        value = "null" if row.value is None else row.value
        rows.append([row.name, value, row.unit, row.range, row.meaning, row.source, row.strength])
    print(
        text_table(
            ["parameter", "value", "unit", "range", "meaning", "source of the default", "strength"], rows
        )
    )


def _lab(args: argparse.Namespace) -> None:
    import subprocess

    from kamlib.runs import project_root

    news = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={project_root() / 'notebooks'}", *news]
    if args.port is not None:
        command.append(f"--port={args.port}")
    if args.no_browser:
        command.append("--no-browser")
    if args.allow_root:
        command.append("--allow-root")
    code = subprocess.call(command)
    if code:
        raise KamError(f"JupyterLab ended with exit code {code}.")


def _app(args: argparse.Namespace) -> None:
    import webbrowser

    from kamlib.runs import project_root
    from kamlib.widgets.app import serve

    def ready(page: str) -> None:
        _say(f"{page} (only from this machine; stop with Ctrl-C)")
        if not args.no_browser:
            webbrowser.open(page)

    serve(project_root() / "notebooks" / "explore", port=args.port, ready=ready)


COMMANDS: dict[str, tuple[str, Callable[[argparse.Namespace], None]]] = {
    "check": ("validate a book: what is wrong, where, how many, what to do", _check),
    "plan": ("produce the planning pack of a period", _plan),
    "appraise": (
        "produce the appraisal pack of a period that is over, and a private sheet per rep",
        _appraise,
    ),
    "demo": ("write a demo book of any size with a known truth", _demo),
    "adopt": ("make a run's targets those that hold: a new version beside the book", _adopt),
    "diff": ("show which parameters, data and numbers differ between two runs", _diff),
    "params": ("list every parameter: value, unit, range, source of the default", _params),
    "lab": ("open JupyterLab on the notebooks", _lab),
    "app": ("open the slider workbooks as a web page on this machine only", _app),
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(prog="kam", description="Key-account planning and appraisal.", allow_abbrev=False)
    parser.add_argument("--debug", action="store_true", help="show the traceback of a failure")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    sub: dict[str, Any] = {}
    for name, (text, _) in COMMANDS.items():
        sub[name] = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        sub[name].add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
    for name in ("check", "plan", "appraise", "adopt"):
        sub[name].add_argument("--book", type=Path, required=True, help="a folder of tables, or a book.yaml")
    for name in ("plan", "appraise"):
        sub[name].add_argument(
            "--period", required=True, help="2026 (year), 2026Q1 (quarter) or 2026-01 (month)"
        )
        sub[name].add_argument("--lang", help="en or zh; default: the book's language")
        sub[name].add_argument("--out", type=Path, help="where runs go; default: outputs/")
    sub["appraise"].add_argument(
        "--to-date", action="store_true", help="judge the fiscal year from its start to the period's end"
    )
    sub["plan"].add_argument(
        "--as-of", help="first day the plan does not see, YYYY-MM-DD; default: the period's first"
    )
    sub["params"].add_argument("--book", type=Path, help="leave out files written for another book")
    sub["params"].add_argument("--period", help="also apply params/<pack>/<period>.yaml")
    sub["params"].add_argument(
        "--pack", choices=["planning", "appraisal"], default="planning", help="whose parameters [planning]"
    )
    for name in ("plan", "appraise", "params"):
        sub[name].add_argument("--params", type=Path, help="a YAML file laid over params/<pack>.yaml")
        sub[name].add_argument("-p", dest="set", action="append", default=[], metavar="SECTION.NAME=VALUE",
                               help="one parameter; may be repeated")  # fmt: skip
    demo = sub["demo"]
    demo.add_argument("--out", type=Path, required=True, help="an empty or new folder")
    demo.add_argument("--accounts", type=int, default=120, help="number of accounts [120]")
    demo.add_argument("--months", type=int, default=36, help="months of history, ending 2025-12 [36]")
    demo.add_argument(
        "--lines-per-month", type=float, default=6.0, help="mean sales lines an account and month [6]"
    )
    demo.add_argument("--seed", type=int, default=7, help="seed of the generator [7]")
    demo.add_argument("--format", choices=["auto", "csv", "parquet"], default="auto",
                      help="auto: csv for small books, parquet for large ones")  # fmt: skip
    sub["adopt"].add_argument("run", type=Path, metavar="RUN", help="a run folder, as kam plan printed it")
    sub["adopt"].add_argument("--by", required=True, help="who adopts the targets")
    sub["adopt"].add_argument("--note", default="", help="why, in a line")
    sub["diff"].add_argument("run_a", type=Path, metavar="RUN_A", help="a run folder")
    sub["diff"].add_argument("run_b", type=Path, metavar="RUN_B", help="a run folder")
    for name in ("lab", "app"):
        sub[name].add_argument("--no-browser", action="store_true", help="do not open a browser")
    sub["app"].add_argument("--port", type=int, default=8866, help="port on this machine [8866]")
    sub["lab"].add_argument("--port", type=int, help="port on this machine [JupyterLab's own choice]")
    sub["lab"].add_argument("--allow-root", action="store_true", help="start although you are root")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run `kam` and return its exit code.

    Returns
    -------
    int
        0 done; 1 the run failed; 2 a parameter or the usage is wrong; 3 the book breaks its contract.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a stopped run says what it leaves
    try:
        args = build_parser().parse_args(words)
        COMMANDS[args.command][1](args)
    except KamError as error:
        return _refuse(error, words)
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        print("kam: stopped; nothing was published.", file=sys.stderr)
        return 1
    except Exception as error:
        return _refuse(KamError(f"{type(error).__name__}: {error} (--debug shows where)"), words)
    return 0


def _refuse(error: KamError, words: Sequence[str]) -> int:
    if "--debug" in words:
        traceback.print_exc()
    print(f"kam: {error}", file=sys.stderr)
    return error.exit_code


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
