"""Starting up: the import and the command's help beside their peers."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.measure import python, ratio, report

KAM = str(Path(sys.executable).with_name("kam"))


def test_import_kamlib_beside_import_pandas() -> None:
    value, ours, peer = ratio(python("import kamlib"), python("import pandas"), runs=7)
    report("import kamlib / import pandas", value, 2.5, f"{ours[0].seconds:.2f} s / {peer[0].seconds:.2f} s")
    assert value <= 2.5


def test_import_of_every_public_name_beside_import_pandas() -> None:
    code = "import kamlib; [getattr(kamlib, name) for name in kamlib.__all__]"
    value, ours, peer = ratio(python(code), python("import pandas"), runs=5)
    report(
        "all public names / import pandas", value, 2.5, f"{ours[0].seconds:.2f} s / {peer[0].seconds:.2f} s"
    )
    assert value <= 2.5


def test_help_beside_import_click() -> None:
    value, ours, peer = ratio([KAM, "--help"], python("import click"), runs=9)
    report("kam --help / import click", value, 1.5, f"{ours[0].seconds:.3f} s / {peer[0].seconds:.3f} s")
    assert value <= 1.5
