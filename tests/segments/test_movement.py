from __future__ import annotations

from kamlib.measures.money import total_money
from kamlib.segments import movement_matrix, summarise_movements
from tests.segments.sample import column, make_cube, make_segments


def test_the_matrix_holds_every_pair_and_ties_to_the_accounts() -> None:
    table = make_segments()
    matrix = movement_matrix(table)
    cells = {
        (past, now): (int(count), float(change))
        for past, now, count, change in matrix[
            ["tier_last_year", "tier", "accounts", "revenue_change"]
        ].itertuples(index=False)
    }
    assert len(cells) == 16
    assert {pair: cell for pair, cell in cells.items() if cell[0]} == {
        ("A", "A"): (2, 0), ("A", "C"): (1, -60), ("A", "none"): (1, -150), ("B", "A"): (1, 0),
        ("C", "none"): (1, -50), ("none", "B"): (2, 160), ("none", "none"): (1, 0),
    }  # fmt: skip
    assert total_money(matrix["revenue"]) == total_money(table["revenue"])
    assert total_money(matrix["revenue_last_year"]) == total_money(table["revenue_last_year"])


def test_movements_are_counted_with_their_money() -> None:
    movements = summarise_movements(make_segments())
    assert column(movements, "accounts", "movement") == {
        "new": 1, "returned": 1, "up": 1, "same": 2, "down": 1, "lost": 2, "none": 1,
    }  # fmt: skip
    assert column(movements, "revenue_change", "movement") == {
        "new": 100, "returned": 60, "up": 0, "same": 0, "down": -60, "lost": -200, "none": 0,
    }  # fmt: skip


def test_without_last_year_there_is_nothing_to_compare() -> None:
    cube = make_cube()
    table = make_segments(cube[cube["month"] >= "2025-01"])
    assert movement_matrix(table).empty
    assert summarise_movements(table).empty
    assert list(summarise_movements(table).columns)[:2] == ["movement", "accounts"]
