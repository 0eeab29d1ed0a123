"""Words and number formats in both languages."""

from __future__ import annotations

import re

import pytest

from kamlib.errors import KamError, ParameterError
from kamlib.glossary import LANGUAGES, Words, columns


@pytest.mark.parametrize(
    ("amount", "en", "zh"),
    [
        (0, "0", "0"),
        (7.256, "7.26", "7.26"),
        (950, "950", "950"),
        (999.9, "1.00 k", "1,000"),
        (1234, "1.23 k", "1,234"),
        (-45_678, "-45.7 k", "-4.57万"),
        (999_999, "1.00 M", "100万"),
        (1_234_567, "1.23 M", "123万"),
        (99_999_999, "100 M", "1.00亿"),
        (2_345_678_901, "2.35 B", "23.5亿"),
    ],
)
def test_money_has_three_significant_digits(amount: float, en: str, zh: str) -> None:
    assert Words("en").money(amount) == en
    assert Words("zh").money(amount) == zh


def test_signs_and_percentages() -> None:
    words = Words("en")
    assert (words.signed_money(1500), words.signed_money(-1500), words.signed_money(0)) == (
        "+1.50 k",
        "-1.50 k",
        "0",
    )
    assert (words.percent(0.1234), words.percent(1.5), words.signed_percent(0.05)) == (
        "12.3 %",
        "150 %",
        "+5.0 %",
    )


def test_labels_fall_back_to_the_name() -> None:
    assert Words("zh").label("account_id") == "客户"
    assert Words("en").label("2025-01") == "2025-01"
    assert columns()["revenue"].dtype == "money"


def test_unknown_words_and_languages() -> None:
    with pytest.raises(ParameterError, match='language is "fr"; it must be one of en, zh.'):
        Words("fr")
    with pytest.raises(KamError, match='no words for "values.tier_Z".'):
        Words("en")("values.tier_Z")


def test_chinese_amounts_and_counts_stand_close_to_their_words() -> None:
    words = Words("zh", "CNY")
    for key, values in {
        "planning.silent": {"count": "9", "asked": "5.11万"},
        "accounts.grow_title": {"count": "23", "money": "3.03万", "share": "8.0 %"},
        "targets.margins_note_unassigned": {"target": "3.03万"},
        "forecast.movers_note": {"rising": "3", "falling": "4", "shown": "7"},
    }.items():
        text = words(key, **values)
        assert not re.search("(万|家|名) [\u4e00-\u9fff]|[\u4e00-\u9fff] [0-9.]+ ?万|[0-9] 家", text), text


def test_one_of_a_thing_is_told_in_the_singular() -> None:
    words = Words("en", "EUR")
    known = {"amount": "5 k", "name": "Li", "most": "5 k"}
    assert "1 account loses 5 k a year" in words("planning.decision_contribution", count=1, **known)
    assert "2 accounts lose 5 k a year" in words("planning.decision_contribution", count="2", **known)
    tier = {"money": "5 k", "share": "1 %"}
    assert words("accounts.tier_text", accounts="1", **tier) == "1 account · 5 k · 1 %"
    assert words("accounts.tier_text", accounts="1,000", **tier) == "1,000 accounts · 5 k · 1 %"


def test_no_blank_parts_a_chinese_value_from_chinese_around_it() -> None:
    words = Words("zh")
    known = {"amount": "5", "kind": "x"}
    assert words("targets.fall_others", name="刘磊", **known) == "其余客户中刘磊下降最多，5"
    assert words("targets.fall_others", name="Li Lei", **known) == "其余客户中 Li Lei 下降最多，5"
    assert words("targets.fall_others", name="王 伟", **known) == "其余客户中王 伟下降最多，5"
    assert Words("en")("targets.fall_others", name="刘磊", **known) == "of the others 刘磊 falls most, 5"


def test_where_no_currency_is_named_amounts_are_in_units_of_one() -> None:
    assert [Words(lang).money_unit for lang in LANGUAGES] == ["units of currency", "货币单位"]
    assert Words("en", "CNY").money_unit == "CNY"
