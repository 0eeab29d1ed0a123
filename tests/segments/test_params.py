from __future__ import annotations

import pytest

from kamlib.errors import ParameterError
from kamlib.params import STRENGTHS, Layer, build_params, list_params
from kamlib.segments import SegmentParams


def test_every_default_has_a_source_and_its_strength() -> None:
    rows = list(list_params(SegmentParams()))
    assert {row.name for row in rows} >= {"key_share", "key_threshold", "wallet_cut", "mix_reference"}
    for row in rows:
        assert row.source, row.name
        assert row.strength in STRENGTHS, row.name
        assert row.meaning_zh, row.name


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"key_share": 0}, "key_share is 0"),
        ({"key_share": "0.8"}, "key_share is '0.8'"),
        ({"key_shares": 0.8}, 'key_shares is not a parameter. Did you mean "key_share"?'),
        ({"key_measure": "margin"}, "key_measure is 'margin'"),
        ({"key_threshold": "much"}, "key_threshold is 'much'"),
        ({"tier_a_share": 0.95}, "must be below tier_b_share"),
        ({"tenure_bands": []}, "tenure_bands is []: write one or more rising numbers above 0"),
        ({"tenure_bands": [3.0, 1.0]}, "rising numbers above 0"),
        ({"mix_shares": [0.3, 0.4, 0.5]}, "4 rising numbers between 0 and 1"),
        ({"mix_shares": [0.3, 0.4, 0.5, 1.2]}, "4 rising numbers between 0 and 1"),
        ({"mix_about": 0.4}, "mix_about (0.4) must be below mix_reference (0.4)"),
    ],
)
def test_wrong_values_stop_with_their_name(values: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        build_params(SegmentParams, [Layer("my.yaml", values)])
    assert message in str(caught.value)
    assert str(caught.value).startswith("my.yaml: ")


def test_an_amount_is_exact() -> None:
    params = build_params(SegmentParams, [Layer("my.yaml", {"key_threshold": "120000.10"})])
    assert str(params.key_threshold) == "120000.10"
