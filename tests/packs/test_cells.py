from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import RunError
from kamlib.glossary import Words
from kamlib.measures.money import MONEY, to_money
from kamlib.packs.cells import TableColumn, clean, table_columns, text_of
from kamlib.packs.page import Page


def described(table: pd.DataFrame, lang: str = "en", **page: Any) -> dict[str, TableColumn]:
    columns = table_columns(
        Page(id="accounts_1", title="T", subtitle="S", table=table, **page), Words(lang, "EUR")
    )
    return {column.name: column for column in columns}


def texts(column: TableColumn) -> list[str]:
    return [text_of(value, column) for value in column.values]


def test_each_kind_is_written_in_its_own_way() -> None:
    table = pd.DataFrame(
        {
            "revenue": to_money([12_345_678_000, -5_000, 0]),
            "share": [0.12345, np.nan, -0.0],
            "reach_probability": [0.0005, np.nan, 0.9995],
            "rows": pd.array([1234567, None, 3], dtype="Int64"),
            "since": pd.to_datetime(["2024-02-29", None, "1899-12-31"]),
            "key_account": pd.array([True, False, None], dtype="boolean"),
            "name": ["A\x00B", None, "华东"],
        }
    )
    found = described(table, labels={"x": "X"}, kinds={"rows": "count"})
    assert texts(found["revenue"]) == ["1,234,568", "0", "0"]
    assert texts(found["share"]) == ["12.3 %", "–", "0.0 %"]
    assert texts(found["reach_probability"]) == ["< 1 %", "–", "> 99 %"]
    assert texts(found["rows"]) == ["1,234,567", "–", "3"]
    assert texts(found["since"]) == ["2024-02-29", "–", "1899-12-31"]
    assert texts(found["key_account"]) == ["✓", "", "–"]
    assert texts(found["name"]) == ["A\ufffdB", "–", "华东"]
    assert [c.numeric for c in found.values()] == [True, True, True, True, False, False, False]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1000.25, 3.5], ["1,000", "4"]),
        ([12.5, 3.0], ["12.50", "3.00"]),
        ([5.0, 7.0], ["5", "7"]),
    ],
)
def test_money_has_no_decimals_that_nobody_needs(values: list[float], expected: list[str]) -> None:
    table = pd.DataFrame({"revenue": to_money([round(v * 10_000) for v in values])})
    assert texts(described(table)["revenue"]) == expected


def test_nan_nat_none_and_infinity_are_unknown() -> None:
    table = pd.DataFrame({"x": [np.inf, -np.inf, np.nan, 1.5], "y": [None, pd.NaT, np.nan, "z"]})
    found = described(table)
    assert texts(found["x"]) == ["–", "–", "–", "1.50"]
    assert texts(found["y"]) == ["–", "–", "–", "z"]


def test_a_column_outside_the_glossary_is_what_its_values_are() -> None:
    table = pd.DataFrame(
        {
            "m": to_money([1]),
            "i": [1],
            "f": [0.5],
            "b": [True],
            "d": [pd.Timestamp("2024-01-01")],
            "o": pd.Series([Decimal(1)], dtype=object),
            "t": ["x"],
            "day": pd.Series([dt.date(2024, 1, 1)], dtype=object),
            "mixed": pd.Series([1, 2.5], dtype=object).head(1),
            "yes": pd.Series([True], dtype=object),
        }
    )
    kinds = {name: column.kind for name, column in described(table).items()}
    assert kinds == {
        "m": "money", "i": "count", "f": "number", "b": "flag", "d": "date", "o": "money", "t": "text",
        "day": "date", "mixed": "number", "yes": "flag",
    }  # fmt: skip


def test_values_win_where_the_glossary_says_another_kind() -> None:
    found = described(pd.DataFrame({"revenue": ["12 k", "above 1 M"]}))
    assert found["revenue"].kind == "text"
    assert texts(found["revenue"]) == ["12 k", "above 1 M"]


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(RunError, match='column x is of kind "cash"; it must be one of text, money'):
        described(pd.DataFrame({"x": [1]}), kinds={"x": "cash"})


def test_totals_are_exact() -> None:
    table = pd.DataFrame({"revenue": to_money([1, 2, 3]), "f": [0.1] * 3, "n": [2**60, 1, 1]})
    found = described(table, totals=("revenue", "f", "n"))
    assert found["revenue"].total == Decimal("0.0006")
    assert found["f"].total == 0.30000000000000004 or found["f"].total == 0.3
    assert found["n"].total == 2**60 + 2
    gaps = pd.DataFrame({"x": pd.Series([Decimal("0.1"), None, Decimal("0.2")], dtype=object)})
    assert described(gaps, totals=("x",))["x"].total == Decimal("0.3")


@pytest.mark.parametrize("dtype", [MONEY, "float64", "Int64", "object"])
def test_a_column_of_which_nothing_is_known_has_no_total(dtype: object) -> None:
    table = pd.DataFrame({"name": ["A", "B"], "revenue": pd.Series([None, None], dtype=dtype)})
    assert described(table, totals=("revenue",))["revenue"].total is None
    table = table.assign(revenue=pd.Series([0, None], dtype=dtype))
    assert described(table, totals=("revenue",))["revenue"].total == 0


def test_a_total_of_no_numbers_or_no_column_is_refused() -> None:
    with pytest.raises(RunError, match="column name is to be totalled, but it holds no numbers"):
        described(pd.DataFrame({"name": ["x"]}), totals=("name",))
    with pytest.raises(RunError, match="totals name amount, which its table does not have"):
        described(pd.DataFrame({"name": ["x"]}), totals=("amount",))


def test_headings_differ_even_where_labels_do_not() -> None:
    found = described(
        pd.DataFrame({"a": [1], "b": [1], "c": [1]}), labels={"a": "Sum", "b": "sum", "c": "Sum"}
    )
    assert [c.label for c in found.values()] == ["Sum", "sum (2)", "Sum (3)"]


def test_labels_and_coded_values_speak_the_language() -> None:
    table = pd.DataFrame({"account_id": ["A1"], "field": ["grow"]})
    found = described(table, lang="zh")
    assert found["account_id"].label == "客户"
    assert found["account_id"].meaning == ""
    assert described(table)["account_id"].meaning != ""
    assert texts(described(table)["field"]) == [Words("en").value("field", "grow")]


def test_marks_that_xml_cannot_hold_are_replaced() -> None:
    assert clean("a\ud800b\x0bc\ufffed\t\n") == "a\ufffdb\ufffdc\ufffdd\t\n"


def test_a_variance_carries_its_sign_and_zero_none() -> None:
    table = pd.DataFrame(
        {
            "change_asked": to_money([12_000_000, -5_000_000, 0, 1_000]),
            "growth_asked": [0.25, -0.5, 0.0, np.nan],
        }
    )
    found = described(table)
    assert texts(found["change_asked"]) == ["+1,200", "-500", "0", "0"]
    assert texts(found["growth_asked"]) == ["+25.0 %", "-50.0 %", "0.0 %", "–"]
