from __future__ import annotations

import re
from decimal import Decimal

import pandas as pd
import pytest

from kamlib import glossary
from kamlib.glossary import Words
from kamlib.measures.money import total_money
from kamlib.packs import pages_accounts as pages
from kamlib.packs.page import Page
from kamlib.segments import (
    SegmentParams,
    mix_health,
    movement_matrix,
    summarise_concentration,
    summarise_fields,
    summarise_movements,
    summarise_tenure,
    summarise_tiers,
)
from tests.segments.sample import AS_OF, LAST_YEAR, MONTHS, make_accounts, make_cube, make_segments, money


def make_pages(
    lang: str = "en", cube: pd.DataFrame | None = None, accounts: pd.DataFrame | None = None, **more: object
) -> dict[str, Page]:
    cube = make_cube() if cube is None else cube
    params = SegmentParams(**more)
    scope = pages.Scope(Words(lang, "EUR"), "Nine", tuple(MONTHS), tuple(LAST_YEAR), str(cube["month"].min()))
    table = make_segments(cube, accounts, **more)
    tiers = summarise_tiers(table, cube, months=MONTHS, last_year_months=LAST_YEAR)
    concentration = summarise_concentration(table, params=params)
    mix = mix_health(table, months=MONTHS, as_of=AS_OF, params=params)
    made = [
        pages.pareto_page(table, tiers, concentration, scope=scope, params=params),
        pages.potential_page(table, summarise_fields(table), scope=scope, params=params),
        pages.contribution_page(table, summarise_tenure(table, params=params), scope=scope),
        pages.movement_page(table, movement_matrix(table), summarise_movements(table), scope=scope),
        pages.mix_page(mix, scope=scope, params=params),
    ]
    return {page.id: page for page in made}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_five_pages_with_a_finding_a_display_and_words_for_all(lang: str) -> None:
    made = make_pages(lang)
    assert list(made) == [f"accounts_{number}" for number in range(1, 6)]
    for page in made.values():
        assert page.figures, page.id
        assert page.subtitle.startswith("Nine · "), page.id
        assert "2025-01" in page.subtitle, page.id
        assert set(page.table.columns) <= set(glossary.columns()), page.id
        assert set(page.totals) <= set(page.table.columns), page.id
        for native in (figure.native for figure in page.figures if figure.native):
            assert {native.category, *native.series} <= set(page.table.columns), page.id
        assert all("<svg" in figure.svg for figure in page.figures), page.id
        chinese = all(re.search("[一-鿿]", text) for text in (page.title, page.subtitle, *page.notes))
        assert chinese is (lang == "zh"), page.id


def test_the_table_of_the_money_ties_to_the_cube() -> None:
    page = make_pages()["accounts_1"]
    assert total_money(page.table["revenue"]) == Decimal(1007)
    assert total_money(page.table["revenue_last_year"]) == Decimal(1103)
    assert page.table["name"].tolist()[-1] == "Sales without an account"
    assert page.table["account_id"].tolist()[:3] == ["a1", "a2", "a3"]
    assert "PY 2024-01 to 2024-12" in page.subtitle


def test_no_line_for_sales_without_an_account_where_there_are_none() -> None:
    cube = make_cube()
    page = make_pages(cube=cube[cube["account_id"].notna()])["accounts_1"]
    assert len(page.table) == 9


def test_accounts_to_grow_lead_and_unknown_ones_end_the_table() -> None:
    table = make_pages()["accounts_2"].table
    assert table["account_id"].tolist() == ["a2", "a1", "a3", "a5", "a6", "a8", "a7", "a4", "a9"]


def test_who_does_not_pay_comes_first() -> None:
    page = make_pages()["accounts_3"]
    assert page.table["account_id"].tolist()[:3] == ["a2", "a7", "a6"]
    [bars, scatter] = page.figures
    assert bars.native.series == {"contribution": "AC"}
    assert scatter.native.category == "tenure_years"


def test_the_largest_change_comes_first() -> None:
    page = make_pages()["accounts_4"]
    assert page.table["account_id"].tolist()[:3] == ["a6", "a1", "a2"]
    groups = [row["group"] for rows in page.figures[1].spec["datasets"].values() for row in rows]
    assert sorted(set(groups)) == ["entries", "exits", "fallers", "risers"]


def test_changes_shown_sum_to_the_change_of_all_accounts() -> None:
    cube = make_cube()
    for months in ("2023-01", "2024-04", "2024-06"):
        page = make_pages(cube=cube[cube["month"] >= months])["accounts_4"]
        rows = [row for data in page.figures[1].spec["datasets"].values() for row in data]
        shown = sum(row["revenue_change"] for row in rows)
        assert shown == float(total_money(page.table["revenue_change"]))


def test_a_short_history_is_said() -> None:
    cube = make_cube()
    made = make_pages(cube=cube[cube["month"] >= "2024-04"])
    said = "The book's sales begin in 2024-04, so last year's window holds 9 of its 12 months"
    assert said in made["accounts_1"].notes[2]
    assert said in made["accounts_4"].notes[0]


def test_a_book_without_last_year_cost_potential_or_start_still_makes_five_pages() -> None:
    cube = make_cube()
    cube = cube[cube["month"] >= "2025-01"].reset_index(drop=True)
    cube = cube.assign(cost=money([None] * len(cube)))
    accounts = make_accounts().assign(potential=None, service_cost=None, since=pd.NaT)
    made = make_pages(cube=cube, accounts=accounts)
    assert [len(page.figures) for page in made.values()] == [2, 0, 0, 0, 1]
    assert "PY" not in made["accounts_1"].subtitle
    assert made["accounts_4"].totals == ("revenue",)


def test_a_book_without_revenue_still_makes_five_pages() -> None:
    made = make_pages(cube=make_cube([("a7", "Parts", "2025-03", -20, -10)]))
    assert made["accounts_1"].title == "No account has net revenue in the window"
    assert len(made["accounts_1"].figures) == 1


def test_an_amount_that_names_key_accounts_names_the_cut() -> None:
    page = make_pages(key_threshold=100)["accounts_1"]
    texts = [row.get("text") for rows in page.figures[0].spec["datasets"].values() for row in rows]
    assert "4 accounts, 90.0 %" in texts


def test_accounts_of_one_name_get_their_id_and_the_rest_is_gathered() -> None:
    sales = [(f"b{n:02d}", "Bikes", "2025-01", 100 + n, 10) for n in range(40)]
    accounts = pd.DataFrame({"account_id": [row[0] for row in sales], "name": "Same", "region": "North"})
    accounts = accounts.assign(
        service_cost=money([1] * 40), potential=money([9000] * 40), account_type="x", rep_id="r"
    )
    made = make_pages(cube=make_cube(sales), accounts=accounts)
    rows = [row for data in made["accounts_3"].figures[0].spec["datasets"].values() for row in data]
    names = [row["name"] for row in rows if "marked" in row]
    assert names[0] == "Same · b39"
    assert names[6] == "other (28)"
    assert len(set(names)) == 13
    grown = [row for data in made["accounts_2"].figures[1].spec["datasets"].values() for row in data]
    assert [row["name"] for row in grown][-1] == "other (28)"


def test_the_scope_comes_from_the_run(tmp_path: object) -> None:
    from kamlib.runs import Run

    book = {"name": "Nine", "currency": "EUR", "fiscal_year_start": 1, "rounding_unit": 1}
    facts = {"period": "2026Q1", "as_of": "2026-01-01", "lang": "en", "book": book}
    scope = pages.scope_of(Run(tmp_path, facts), make_cube())
    assert (scope.company, scope.first_month) == ("Nine", "2023-11")
    assert list(scope.months) == MONTHS
    assert list(scope.last_year_months) == LAST_YEAR
    assert scope.short == ""
