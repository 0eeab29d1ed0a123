from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests import conftest


def needing(marker: str) -> Any:
    return SimpleNamespace(name="test_x", get_closest_marker=lambda name: name == marker or None)


@pytest.mark.parametrize(("marker", "remedy"), [("browser", "chromium"), ("office", "libreoffice-calc")])
def test_what_is_absent_skips_by_name_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, marker: str, remedy: str
) -> None:
    name, package, _ = conftest.NEEDS[marker]
    monkeypatch.setitem(conftest.NEEDS, marker, (name, package, lambda: False))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"test_x needs {name}: apt-get install {remedy}"):
        conftest.pytest_runtest_setup(needing(marker))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=f"test_x needs {name}: apt-get install {remedy}"):
        conftest.pytest_runtest_setup(needing(marker))


def test_what_is_there_or_not_needed_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(conftest.NEEDS, "office", ("LibreOffice", "x", lambda: True))
    monkeypatch.setitem(conftest.NEEDS, "browser", ("Chromium", "x", lambda: False))
    try:
        conftest.pytest_runtest_setup(needing("office"))
    except pytest.skip.Exception as skipped:
        pytest.fail(f"skipped what is there: {skipped}")
