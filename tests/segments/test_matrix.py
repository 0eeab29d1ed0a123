from __future__ import annotations

import pandas as pd
import pytest

from kamlib.measures.money import total_money
from kamlib.segments import SegmentParams, summarise_fields
from kamlib.segments.matrix import place_in_fields
from tests.segments.sample import column, make_segments, money


def test_fields_by_hand() -> None:
    table = make_segments()
    assert column(table, "field") == {
        "a1": "keep", "a2": "grow", "a3": "harvest", "a4": "unknown", "a5": "harvest", "a8": "review",
        "a6": "review", "a9": "unknown", "a7": "review",
    }  # fmt: skip
    assert column(table, "open_potential") == {
        "a1": 500, "a2": 800, "a3": 0, "a4": None, "a5": 0, "a8": 110, "a6": 200, "a9": None, "a7": 50,
    }  # fmt: skip
    wallet = column(table, "share_of_wallet")
    assert wallet["a3"] == pytest.approx(1.25)
    assert wallet["a7"] == pytest.approx(-0.4)
    assert (wallet["a4"], wallet["a5"], wallet["a6"]) == (None, None, 0)


def test_a_missing_potential_is_not_zero() -> None:
    book = pd.DataFrame({"account_id": ["a", "b"], "revenue": [10, 0], "potential": money([None, 0])})
    placed = place_in_fields(book, months=12, params=SegmentParams())
    assert placed["field"].tolist() == ["unknown", "review"]
    assert placed["open_potential"].isna().tolist() == [True, False]


def test_accounts_of_one_potential_are_on_one_side_of_the_cut() -> None:
    book = pd.DataFrame({"account_id": list("abcd"), "revenue": 0, "potential": [50, 20, 20, 10]})
    placed = place_in_fields(book, months=12, params=SegmentParams(potential_share=0.6))
    assert placed["field"].tolist() == ["grow", "grow", "grow", "review"]
    assert set(place_in_fields(book.assign(potential=0), months=12, params=SegmentParams())["field"]) == {
        "review"
    }


def test_an_amount_may_cut_potential() -> None:
    table = make_segments(potential_threshold=170)
    assert column(table, "field")["a8"] == "grow"
    assert column(table, "field")["a6"] == "grow"
    assert column(table, "field")["a3"] == "harvest"


def test_the_wallet_cut_is_met_from_below() -> None:
    assert column(make_segments(wallet_cut=0.51), "field")["a1"] == "grow"


def test_fields_are_summed_and_tie_to_the_accounts() -> None:
    table = make_segments()
    fields = summarise_fields(table)
    assert fields["field"].tolist() == ["keep", "grow", "harvest", "review", "unknown"]
    assert fields["accounts"].tolist() == [1, 1, 2, 3, 2]
    assert total_money(fields["revenue"]) == total_money(table["revenue"])
    assert column(fields, "potential", "field") == {
        "keep": 1000, "grow": 1000, "harvest": 80, "review": 420, "unknown": None,
    }  # fmt: skip
    assert column(fields, "share_of_wallet", "field")["review"] == pytest.approx(40 / 420)


def test_a_field_without_accounts_is_a_row_of_zeros() -> None:
    fields = summarise_fields(make_segments(potential_threshold=10_000)).set_index("field")
    assert fields.loc["keep", "accounts"] == 0
    assert float(fields.loc["keep", "revenue"]) == 0
    assert pd.isna(fields.loc["keep", "share_of_wallet"])
