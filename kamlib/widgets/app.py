"""The slider workbooks as a web page: the command that serves them on this machine only."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kamlib.errors import KamError, ParameterError

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
    options = ["--template=kam", "--classic_tree=True", "--strip_sources=True", "--no-browser",
               "--Voila.ip=127.0.0.1", "--Voila.port_retries=0", f"--port={port}"]  # fmt: skip
    return [sys.executable, "-m", "kamlib.widgets.serve", str(folder), *options]


def app_environment() -> dict[str, str]:
    """Return the environment in which the command finds kamlib's page template."""
    path = os.pathsep.join(filter(None, (str(SHARE), os.environ.get("JUPYTER_PATH"))))
    return {**os.environ, "JUPYTER_PATH": path}


def serve(folder: Path, *, port: int, ready: Callable[[str], None]) -> None:
    """Serve a folder's notebooks until stopped.

    Parameters
    ----------
    folder : pathlib.Path
        What is served.
    port : int
        Port on this machine.
    ready : callable
        Told the address once the server answers there.

    Raises
    ------
    ParameterError
        If the port is taken, or none.
    KamError
        If the server ends by itself.
    """
    refuse_taken(port)
    with subprocess.Popen(app_command(folder, port=port), env=app_environment()) as server:
        try:
            while server.poll() is None and not _answers(port):
                time.sleep(0.1)
            if server.poll() is None:
                ready(f"http://127.0.0.1:{port}/")
            code = server.wait()
        except BaseException:
            server.terminate()
            raise
    if code:
        raise KamError(f"the web page ended with exit code {code}; what it said stands above.")


def refuse_taken(port: int) -> None:
    """Refuse a port that another program listens on.

    Raises
    ------
    ParameterError
        If it is taken, or cannot be had.
    """
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise ParameterError(
                f"--port {port} cannot be had ({error}); stop what uses it, or name another with --port."
            ) from error


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) == 0
