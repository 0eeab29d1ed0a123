from __future__ import annotations

import itertools
from typing import Any

import pandas as pd
import pytest

from kamlib.charts import segments as charts
from kamlib.charts.figure import ACCENT, BAD, DARK, GOOD, Figure, NativeChart
from kamlib.glossary import Words
from kamlib.segments import (
    SegmentParams,
    mix_bands,
    mix_health,
    movement_matrix,
    pareto_curve,
    summarise_tiers,
)
from tests.segments.sample import AS_OF, LAST_YEAR, MONTHS, make_cube, make_segments

EN, ZH = Words("en", "EUR"), Words("zh", "EUR")
NATIVE = NativeChart("bar", "name", {"revenue": "AC"})


def data_of(figure: Figure) -> list[dict[str, Any]]:
    return [row for rows in figure.spec["datasets"].values() for row in rows]


def curves() -> pd.DataFrame:
    table = make_segments()
    parts = [("now", "AC", "revenue"), ("before", "PY", "revenue_last_year"), ("profit", "accent", "profit")]
    return pd.concat(
        [
            pareto_curve(table[column], table["account_id"]).assign(curve=name, scenario=look, name="x")
            for name, look, column in parts
        ]
    )


def test_pareto_names_the_cut_and_every_curve() -> None:
    cut = pd.DataFrame({"accounts": [3], "cumulative_share": [0.8], "text": ["3 accounts, 80.0 %"]})
    made = charts.pareto_chart(curves(), cut, cut_share=0.8, words=EN, native=NATIVE)
    assert {"at": 0.8} in data_of(made)
    for text in ("3 accounts, 80.0 %", "now", "before", "profit"):
        assert f">{text}</text>" in made.svg
    places = sorted(row["place"] for row in data_of(made) if "place" in row)
    assert min(b - a for a, b in itertools.pairwise(places)) > 0.05


def test_pareto_by_an_amount_has_no_line_across() -> None:
    cut = pd.DataFrame({"accounts": [], "cumulative_share": [], "text": []})
    made = charts.pareto_chart(curves(), cut, cut_share=None, words=EN, native=NATIVE)
    assert not any("at" in row for row in data_of(made))


@pytest.mark.parametrize(
    ("words", "text"), [(EN, "3 accounts · 800 · 80.0 %"), (ZH, "3家 · 800 · 80.0 %")], ids=["en", "zh"]
)
def test_tiers_stand_beside_last_years_with_counts_and_shares(words: Words, text: str) -> None:
    tiers = summarise_tiers(make_segments(), make_cube(), months=MONTHS, last_year_months=LAST_YEAR)
    made = charts.tier_chart(tiers, words=words)
    rows = data_of(made)
    assert [row["scenario"] for row in rows] == ["PY"] * 5 + ["AC"] * 5
    assert text in [row["text"] for row in rows]
    assert f">{text}</text>" in made.svg


def test_tiers_without_last_year_stand_alone() -> None:
    cube = make_cube()
    cube = cube[cube["month"] >= "2025-01"]
    tiers = summarise_tiers(make_segments(cube), cube, months=MONTHS, last_year_months=LAST_YEAR)
    assert {row["scenario"] for row in data_of(charts.tier_chart(tiers, words=EN))} == {"AC"}


def test_the_matrix_names_four_fields_and_the_accounts_that_are_labelled() -> None:
    table = make_segments()
    points = table[table["share_of_wallet"].notna()].assign(
        label=lambda t: t["name"].where(t["name"] == "Beta", "")
    )
    made = charts.matrix_chart(points, wallet_cut=0.5, potential_cut=1000.0, words=ZH, native=NATIVE)
    for text in ("保持", "发展", "收获", "审视", "Beta"):
        assert f">{text}</text>" in made.svg, text
    assert ">Alpha</text>" not in made.svg
    assert {"share_of_wallet": 0.5} in data_of(made)
    assert {"potential": 1000.0} in data_of(made)


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_the_matrix_says_how_many_accounts_lie_above_its_edge(words: Words) -> None:
    table = make_segments()
    points = table[table["share_of_wallet"].notna()].assign(label="")
    drawn = {"wallet_cut": 0.5, "potential_cut": 1000.0, "words": words, "native": NATIVE}
    low = charts.matrix_chart(points.assign(share_of_wallet=0.4), **drawn)
    assert "150" not in low.svg
    points["share_of_wallet"] = [2.78, 1.6] + [0.4] * (len(points) - 2)
    said = words("accounts.axis_wallet_cut", wallet=words.label("share_of_wallet"), count="2", cut="150%")
    made = charts.matrix_chart(points, **drawn)
    assert f">{said}</text>" in made.svg
    assert 2.78 in {row.get("share_of_wallet") for row in data_of(made)}


def test_bars_carry_their_values_and_marks() -> None:
    rows = pd.DataFrame({"name": ["a", "b"], "profit": [1_500_000.0, -20_000.0], "marked": [False, True]})
    made = charts.bar_chart(rows, value="profit", title="Contribution", words=EN, native=NATIVE)
    for text in ("1.50 M", "-20.0 k", "Contribution"):
        assert text in made.svg
    assert made.svg.count(f'fill="{ACCENT}"') == 1
    assert made.native is NATIVE


def test_tenure_marks_accounts_that_do_not_pay() -> None:
    table = make_segments()
    made = charts.tenure_chart(
        table[table["tenure_years"].notna() & (table["revenue"] > 0)], words=EN, native=NATIVE
    )
    assert {row["name"]: row["loss"] for row in data_of(made)} == {
        "Alpha": False, "Beta": True, "Gamma": False, "Delta": False, "Theta": False,
    }  # fmt: skip
    assert f'fill="{ACCENT}"' in made.svg


def test_a_scatter_of_many_accounts_says_that_it_shows_the_largest() -> None:
    table = make_segments().head(1).assign(name="x", tenure_years=1.0)
    many = pd.concat([table] * 700, ignore_index=True)
    made = charts.tenure_chart(many, words=ZH, native=NATIVE)
    assert "700家客户中最大的600家" in made.svg
    assert len(data_of(made)) == 600


def test_movement_writes_counts_and_signed_money() -> None:
    made = charts.movement_chart(movement_matrix(make_segments()), words=EN)
    for text in ("2 accounts", "1 account", "+160", "-150", "no sales"):
        assert f">{text}</text>" in made.svg
    assert GOOD in made.svg
    assert BAD in made.svg


def test_changes_are_good_or_bad_by_sign_and_grouped() -> None:
    rows = pd.DataFrame(
        {
            "group": ["risers", "risers", "exits"],
            "name": ["a", "other (3)", "b"],
            "revenue_change": [5.0, 2.0, -9.0],
        }
    )
    made = charts.change_chart(rows, words=EN, native=NATIVE)
    for text in ("risers", "exits", "other (3)", "+5.00", "-9.00"):
        assert f">{text}</text>" in made.svg
    assert made.svg.count(f'fill="{GOOD}"') == 2
    assert made.svg.count(f'fill="{BAD}"') == 1


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_mix_shows_bands_and_regions(words: Words) -> None:
    mix = mix_health(make_segments(), months=MONTHS, as_of=AS_OF, params=SegmentParams())
    points = mix.assign(
        own_share=[0.62, 0.35, 0.5], verdict=["unmet", "unmet", "healthy"], region=["N", "S", "all"]
    )
    made = charts.mix_chart(points, mix_bands(params=SegmentParams()), words=words, native=NATIVE)
    for text in (
        "N",
        "S",
        "all",
        *(words.value("verdict", v) for v in ("opportunity", "healthy", "reasonable")),
    ):
        assert f">{text}</text>" in made.svg
    assert made.svg.count(f'fill="{ACCENT}"') == 2


def test_shares_without_a_market_are_bars() -> None:
    rows = pd.DataFrame({"region": ["N", "all"], "key_share": [0.5, 0.4], "level": ["region", "total"]})
    made = charts.share_chart(rows, words=EN, native=NATIVE)
    assert ">50.0 %</text>" in made.svg
    assert f'fill="{DARK}"' in made.svg


def test_names_that_look_like_markup_stay_text() -> None:
    rows = pd.DataFrame({"name": ["<script>alert(1)</script>"], "revenue": [1.0], "marked": [False]})
    made = charts.bar_chart(rows, value="revenue", title="T", words=EN)
    assert "<script>" not in made.svg
    assert made.native is None
