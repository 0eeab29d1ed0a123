"""The contract: once in code, in the glossary, in the docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kamlib.book.contract import CHECKS, DEFAULT_STAGES, STAGE_COLUMNS, TABLES, contract_markdown
from kamlib.glossary import Words, columns, word_keys

README = Path(__file__).resolve().parents[2] / "data" / "README.md"


def test_tables_in_order_and_two_required() -> None:
    assert len(TABLES) == 19
    assert [name for name, table in TABLES.items() if table.required] == ["accounts", "sales"]
    assert all(table.serves for table in TABLES.values() if not table.required)


def test_keys_dates_and_references_name_columns_that_are_there() -> None:
    for table in TABLES.values():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert set(table.key) <= set(names)
        assert not table.dated or table.column(table.dated).kind == "date"
        for column in table.columns:
            if column.refers:
                key = TABLES[column.refers].key
                assert len(key) == 1
                assert TABLES[column.refers].column(key[0]).kind == "id"
            assert column.kind != "choice" or column.choices or f"{table.name}.{column.name}" in STAGE_COLUMNS
    with pytest.raises(KeyError):
        TABLES["sales"].column("name")


def test_every_column_is_in_the_glossary_with_its_type() -> None:
    types = {"id": "text", "choice": "text"}
    other = {"severity", "size", "own_share", "competitor_share"}
    for table in TABLES.values():
        for column in table.columns:
            entry = columns()[column.name]
            assert column.name in other or entry.dtype == types.get(column.kind, column.kind), column


def test_the_severity_table_refuses_and_keeps_what_it_should() -> None:
    kept = {name for name, check in CHECKS.items() if check.severity == "keep"}
    assert kept == {
        "returns",
        "sales_without_account",
        "sales_without_rep",
        "sales_of_closed_accounts",
        "sales_before_since",
        "accounts_without_rep",
        "accounts_without_potential",
        "extra_columns",
    }
    assert all(c.meaning.endswith(".") and c.remedy.endswith(".") for c in CHECKS.values())


def test_default_stages_are_win_rates() -> None:
    assert dict(DEFAULT_STAGES) == {"10": 0.1, "30": 0.3, "50": 0.5, "70": 0.7, "100": 1.0}


def test_checks_and_tables_have_words_in_both_languages() -> None:
    wanted = {f"book.check_{name}" for name in CHECKS} | {f"book.table_{name}" for name in TABLES}
    wanted |= {f"book.remedy_{name}" for name in CHECKS}
    wanted |= {f"book.serves_{name}" for name, table in TABLES.items() if table.serves}
    assert wanted <= set(word_keys())
    words = Words("en")
    for name, check in CHECKS.items():
        assert words(f"book.remedy_{name}") == check.remedy
    for name, table in TABLES.items():
        assert not table.serves or words(f"book.serves_{name}") == table.serves


def test_the_readme_holds_the_contract() -> None:
    text = README.read_text(encoding="utf-8")
    held = re.search(r"<!-- contract -->\n(.*?)<!-- /contract -->", text, re.S)
    assert held is not None
    assert held[1] == contract_markdown(), "run: make docs"
