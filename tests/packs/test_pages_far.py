from __future__ import annotations

import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.packs.pages_far import far_sentences
from kamlib.packs.targets_scope import Scope
from kamlib.targets import SizingParams, size_target
from tests.targets.sample import PERIOD, make_cube, make_forecast

SIZE = size_target(make_cube(), make_forecast(make_cube()), period=PERIOD, params=SizingParams(), unit=10)
# dimension, key, target, forecast, share of history, of potential, own bounds, rest
ROWS = [
    ("company", "company", 900, 1000, 1.0, 1.0, -40, 40),
    ("region", "North", 540, 600, 0.6, 0.6, -24, 24),
    ("region", "South", 360, 400, 0.4, 0.4, -16, 16),
    ("account_type", "Shop", 400, 200, 0.2, 0.7, -10, 5),
    ("account_type", "Chain", 500, 800, 0.8, 0.3, -30, 35),
    ("product_line", "Bikes", 900, 1000, 1.0, 1.0, 0, 0),
]


def said(rows: list[tuple[object, ...]], lang: str = "en") -> tuple[str, ...]:
    columns = ["dimension", "key", "target", "forecast", "history_share", "potential_share",
               "by_own_bounds", "by_rest"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).assign(without_account=False, by_required=0, rounding=0)
    table["name"] = table["key"]
    for factor in ("history", "potential"):
        table[f"{factor}_part"] = 450 * table[f"{factor}_share"]
    scope = Scope(Words(lang, "EUR"), "Seven", SIZE, {}, {})
    return far_sentences(table, table, scope=scope)


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "A tenth and more off an even share of the total, which stands -10.0 % from its forecast, the largest amount above and the largest below "
               "of regions, product lines and account types: Account type Shop +122 % (400, "
               "even share 180, forecast 200; 70.0 % of potential, 20.0 % of the forecast); Account type Chain -30.6 % (500, "
               "even share 720, forecast 800; 30.0 % of potential, 80.0 % of the forecast)."),
        ("zh", "与按预测均摊总目标（总目标较预测 -10.0 %）相差一成以上者，在区域、产品线与客户类型中"
               "分别列出偏高与偏低金额最大的：客户类型 Shop +122 %（目标 400，均摊 180，预测 200；占潜力 70.0 %，占预测 20.0 %）；"
               "客户类型 Chain -30.6 %（目标 500，均摊 720，预测 800；占潜力 30.0 %，占预测 80.0 %）。"),
    ],
)  # fmt: skip
def test_what_is_far_above_and_below_its_forecast_is_told_with_the_factor_behind_it(
    lang: str, told: str
) -> None:
    assert said(ROWS, lang) == (told,)


def test_reps_are_told_by_the_same_measure_after_the_other_sides() -> None:
    rows = [*ROWS[:3], ("rep", "R1", 200, 150, 0.15, 0.5, 0, 0), ("rep", "R2", 110, 110, 0.1, 0.1, 0, 0),
            ("rep", "R3", 590, 740, 0.75, 0.4, 0, 0), ("rep", None, 9, 1, 0.0, 0.0, 0, 0)]  # fmt: skip
    even = (
        "A tenth and more off an even share of the total, which stands -10.0 % from its forecast, the largest amount "
        "above and the largest below "
    )
    sides = "of regions, product lines and account types"
    reps = ("Rep R1 +48.1 % (200, even share 135, forecast 150; 50.0 % of potential, 15.0 % of the forecast); Rep R3 -11.4 % (590, "
            "even share 666, forecast 740; 40.0 % of potential, 74.0 % of the forecast).")  # fmt: skip
    assert said(rows) == (f"{even}of reps: {reps}",)
    shop = said(ROWS)[0].removeprefix(f"{even}{sides}: ").removesuffix(".")
    assert said([*ROWS, *rows[3:]]) == (f"{even}{sides}, and of reps: {shop}; {reps}",)


def test_bounds_are_told_where_they_move_most() -> None:
    rows = [*ROWS[:3], ("account_type", "Shop", 110, 200, 0.2, 0.2, -78, 8)]
    assert said(rows) == (
        "A tenth and more off an even share of the total, which stands -10.0 % from its forecast, the largest amount above and the "
        "largest below of regions, product lines and account types: Account type Shop -38.9 % (110, "
        "even share 180, forecast 200; own bounds -70.0 beyond an even part).",
    )


def test_a_target_near_its_forecast_is_told_by_its_distance_from_an_even_share() -> None:
    rows = [("company", "company", 1200, 1000, 1.0, 1.0, 0, 20), ("region", "North", 502, 500, 0.5, 0.4, 0, -90),
            ("region", "South", 698, 500, 0.5, 0.6, 0, 110)]  # fmt: skip
    (told,) = said(rows, "zh")
    assert "区域 North -16.3 %（目标 502，均摊 600，预测 500；余量分摊 -100（扣除均摊部分后））" in told
    (told,) = said(rows)
    assert (
        "Region North -16.3 % (502, even share 600, forecast 500; share of the rest -100 beyond an even part)"
        in told
    )


def test_nothing_is_said_where_every_part_is_as_far_as_the_total() -> None:
    assert said(ROWS[:3]) == ()
    assert said([("company", "company", 900, 0, 1.0, 1.0, 0, 0)]) == ()
