"""Descriptions of books: folders, book.yaml, the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from kamlib.book.config import Options, Source, read_config
from kamlib.errors import BookError
from tests.book.shelf import write_book


def test_a_folder_describes_itself(tmp_path: Path) -> None:
    config = read_config(write_book(tmp_path / "Northern Bikes", {"notes.md": "", "sales.csv.lock": ""}))
    assert (config.name, config.currency, config.rounding_unit) == ("Northern Bikes", "", 1)
    assert (config.fiscal_year_start, config.language) == (1, "en")
    assert config.stages == {"10": 0.1, "30": 0.3, "50": 0.5, "70": 0.7, "100": 1.0}
    assert [source.file for source in config.sources] == [
        "accounts.csv",
        "account_history.csv",
        "sales.csv",
        "reps.csv",
        "targets.csv",
        "opportunities.csv",
        "stage_history.csv",
    ]


def test_a_folder_with_facts(tmp_path: Path) -> None:
    text = "name: 北方\ncurrency: CNY\nrounding_unit: 1000\nfiscal_year_start: 4\nlanguage: zh\nstages: {20: 0.2, won: 1}\n"
    config = read_config(write_book(tmp_path, {"book.yaml": text}))
    assert (config.name, config.currency, config.rounding_unit) == ("北方", "CNY", 1000)
    assert (config.fiscal_year_start, config.language) == (4, "zh")
    assert config.stages == {"20": 0.2, "won": 1}
    assert len(config.sources) == 7


def test_a_yaml_names_files_options_and_columns(tmp_path: Path) -> None:
    text = """
tables:
  sales:
    file: Orders.CSV.gz
    options: {encoding: gb18030, delimiter: ";", thousands: ".", decimal: ",", date_format: "%d.%m.%Y"}
    columns: {date: Order Date}
  accounts: {sql: select 1}
"""
    file = tmp_path / "my.yaml"
    file.write_text(text)
    accounts, sales = read_config(file).sources
    assert accounts == Source("accounts", sql="select 1")
    assert sales.suffix == ".csv.gz"
    assert sales.columns == {"date": "Order Date"}
    assert sales.options == Options("gb18030", ";", "", ".", ",", "%d.%m.%Y")


@pytest.mark.parametrize(
    ("options", "thousands", "decimal"),
    [
        ('{thousands: "."}', ".", ","),
        ('{thousands: ".", decimal: "-"}', ".", "-"),
        ('{thousands: ","}', ",", "."),
        ('{decimal: ","}', "", ","),
    ],
)
def test_a_thousands_point_makes_the_comma_decimal(
    tmp_path: Path, options: str, thousands: str, decimal: str
) -> None:
    file = tmp_path / "my.yaml"
    file.write_text(f"tables: {{sales: {{file: s.csv, options: {options}}}}}")
    [sales] = read_config(file).sources
    assert (sales.options.thousands, sales.options.decimal) == (thousands, decimal)


@pytest.mark.parametrize(
    ("file", "suffix"),
    [
        ("a.csv", ".csv"),
        ("a.csv.gz", ".csv.gz"),
        ("x.PARQUET", ".parquet"),
        ("x.xlsx", ".xlsx"),
        ("x.gz", ""),
    ],
)
def test_suffixes(file: str, suffix: str) -> None:
    assert Source("sales", file=file).suffix == suffix


def test_root_comes_from_the_environment_or_falls_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "raw").mkdir(parents=True)
    (tmp_path / "there" / "raw").mkdir(parents=True)
    file = tmp_path / "book.yaml"
    file.write_text("root: ${KAM_TEST_ROOT:-here}/raw\n")
    monkeypatch.delenv("KAM_TEST_ROOT", raising=False)
    assert read_config(file).root == tmp_path / "here" / "raw"
    monkeypatch.setenv("KAM_TEST_ROOT", "")
    assert read_config(file).root == tmp_path / "here" / "raw"
    monkeypatch.setenv("KAM_TEST_ROOT", str(tmp_path / "there"))
    config = read_config(file)
    assert config.root == tmp_path / "there" / "raw"
    assert config.redact(f"cannot open {config.root}/x of {tmp_path / 'there'}") == (
        "cannot open <root>/x of ${KAM_TEST_ROOT}"
    )


def test_sql_below_a_path_with_a_comma_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a,b").mkdir()
    (tmp_path / "book.yaml").write_text('root: "a,b"\ntables: {sales: {sql: select 1}}\n')
    with pytest.raises(
        BookError, match=r"^book.yaml: root: the path has a comma, which sql cannot read from\."
    ):
        read_config(tmp_path)
