from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.packs.pages_required import required_moves
from kamlib.targets import AllocationParams, allocate_targets
from kamlib.targets.wishes import Wish
from tests.targets.sample import FREE, PERIOD, make_accounts, make_cube


def moves(*wishes: Wish, lang: str = "en", reps: bool = True) -> tuple[str, ...]:
    accounts = make_accounts() if reps else make_accounts().assign(rep_id=pd.Series(None, dtype="str"))
    made = allocate_targets(make_cube(), accounts, total=1220, period=PERIOD, unit=10,
                            params=AllocationParams(requirements=list(wishes), **FREE))  # fmt: skip
    names, side = {"R1": "Wu Lei"}, "rep" if reps else "region"
    return required_moves(made.requirements, made.targets, names, Words(lang, "EUR"), side=side)


MORE, LESS = Wish(region="South", exactly=Decimal(500)), Wish(product_line="Bikes", at_most=Decimal(700))
IDLE = Wish(region="North", at_least=Decimal(10))


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "3 required totals hold; furthest from what would come without: Product line Bikes -136 (700, 836 without); "
               "Region South +60.0 (500, 440 without); by rep most R2 +55.0; Wu Lei -60.0."),
        ("zh", "共有3项规定合计；与无规定合计时相差最大的是产品线 Bikes -136（700，若无规定合计为836）；区域 South +60.0"
               "（500，若无规定合计为440）；按客户经理变动最大的是 R2 +55.0；Wu Lei -60.0。"),
    ],
)  # fmt: skip
def test_the_required_totals_that_move_most_are_told_with_whose_targets_they_move(
    lang: str, said: str
) -> None:
    assert moves(MORE, LESS, IDLE, lang=lang) == (said,)


def test_without_reps_regions_are_told_and_without_required_totals_nothing() -> None:
    assert moves(MORE, reps=False)[0].endswith("; by region most South +60.0; North -60.0.")
    assert moves(IDLE) == ("1 required total holds, none of which moves a target.",)
    assert moves() == ()
