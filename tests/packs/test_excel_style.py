from __future__ import annotations

from kamlib.packs.cells import TableColumn
from kamlib.packs.excel_style import column_width


def test_columns_are_as_wide_as_what_they_hold() -> None:
    assert column_width(TableColumn("a", "A", "text", 0, ("x",))) == 8
    assert column_width(TableColumn("a", "A", "text", 0, ("x" * 200,))) == 42
    assert column_width(TableColumn("a", "A", "text", 0, ("客户" * 5,))) == 22
    assert column_width(TableColumn("a", "A", "money", 0, (1_234_567.0,), total=12_345_678)) == 12
    assert column_width(TableColumn("a", "Share of revenue last year", "fraction", 1, (0.1,))) == 17
    assert column_width(TableColumn("a", "Unpronounceabilities", "fraction", 1, ())) == 20


def test_a_chance_is_never_written_as_none_or_sure(tmp_path) -> None:
    import xlsxwriter

    from kamlib.packs.excel_style import Style

    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as workbook:
        workbook.add_worksheet()
        chance = Style(workbook).of(TableColumn("a", "A", "chance", 0, (0.0005,)))
        assert chance.num_format == '[<0.01]"< 1 %";[>0.99]"> 99 %";0 %'


def test_a_variance_is_formatted_with_its_sign(tmp_path) -> None:
    import xlsxwriter

    from kamlib.packs.excel_style import Style

    with xlsxwriter.Workbook(tmp_path / "x.xlsx") as workbook:
        workbook.add_worksheet()
        style = Style(workbook)
        plain = TableColumn("a", "A", "money", 0, ())
        change = TableColumn("b", "B", "fraction", 1, (), signed=True)
        assert style.of(plain).num_format == "#,##0"
        assert style.of(change).num_format == "+0.0 %;-0.0 %;0.0 %"
