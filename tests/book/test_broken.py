"""Broken books: each told in full, all of it at once, with exit code 3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kamlib.book import open_book
from kamlib.errors import BookError
from tests.book.shelf import write_book

CASES = Path(__file__).resolve().parents[1] / "broken" / "book"
ROWS = yaml.safe_load((CASES / "rows.yaml").read_text(encoding="utf-8"))


def refused(folder: Path) -> list[str]:
    with open_book(folder) as book:
        problems = [str(problem) for problem in book.check() if problem.severity == "refuse"]
        if problems:
            with pytest.raises(BookError) as caught:
                book.facts()
            assert str(caught.value) == "\n".join(problems)
            assert caught.value.exit_code == 3
    return problems


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case["broken"])
def test_broken_rows(tmp_path: Path, case: dict[str, Any]) -> None:
    assert refused(write_book(tmp_path / "b", case["files"])) == case["refused"]


def test_the_good_book_has_nothing_to_refuse(tmp_path: Path) -> None:
    assert refused(write_book(tmp_path / "b")) == []
