"""The slider workbooks as a web page: the command that serves them on this machine only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SHARE = Path(__file__).parent / "share"


def app_command(folder: Path, *, port: int) -> list[str]:
    """Return the command that serves a folder's notebooks by Voilà, bound to the loopback address.

    Parameters
    ----------
    folder : pathlib.Path
        What is served, and nothing else.
    port : int
        Port on this machine.
    """
    options = ["--template=kam", "--classic_tree=True", "--strip_sources=True", "--no-browser"]
    return [sys.executable, "-m", "voila", str(folder), "--Voila.ip=127.0.0.1", f"--port={port}", *options]


def app_environment() -> dict[str, str]:
    """Return the environment in which the command finds kamlib's page template."""
    path = os.pathsep.join(filter(None, (str(SHARE), os.environ.get("JUPYTER_PATH"))))
    return {**os.environ, "JUPYTER_PATH": path}
