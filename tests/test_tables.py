"""Text tables line up, also with wide characters, and wrap to the width they get."""

from __future__ import annotations

import pytest

from kamlib.tables import text_table


def test_columns_line_up_with_wide_characters() -> None:
    text = text_table(["a", "b"], [["客户", 1], ["x", None]], width=30)
    assert text.splitlines() == ["a     b", "----  -", "客户  1", "x"]


def test_long_cells_wrap_within_the_width() -> None:
    text = text_table(["k", "what"], [["x", "one two three four five six seven eight nine ten"]], width=30)
    assert max(map(len, text.splitlines())) <= 30
    assert text.split()[5:] == ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def test_a_row_stays_one_line_where_no_width_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda *_: (_ for _ in ()).throw(OSError()))
    row = ["allocation.requirements", "word " * 100 + "end"]
    assert text_table(["name", "source"], [row]).splitlines()[2] == f"{row[0]}  {row[1]}"
    monkeypatch.setenv("COLUMNS", "40")
    assert len(text_table(["name", "source"], [row]).splitlines()) > 3
