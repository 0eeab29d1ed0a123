from __future__ import annotations

from decimal import Decimal

import pandas as pd

from kamlib.glossary import Words
from kamlib.packs.pages_planning import _odd_title

CHECKS = pd.DataFrame(
    {
        "count": [268, 47, 3],
        "money": [Decimal("-2019567"), Decimal("45750"), None],
        "message": ["Returns", "Loose", "Old"],
    }
)


def test_the_largest_finding_is_named_and_unlike_amounts_are_not_added_up() -> None:
    assert _odd_title(CHECKS, Words("en", "CNY")) == (
        "Kinds of findings kept though odd: 3, on 318 rows; the largest is -2.02 M CNY: Returns"
    )
    assert (
        _odd_title(CHECKS, Words("zh", "CNY"))
        == "异常但保留：3类、318行；金额最大的一类为 -202万 CNY：Returns"
    )
    assert (
        _odd_title(CHECKS.tail(1), Words("en"))
        == "Kinds of findings kept though odd: 1, on 3 rows, without money"
    )
    assert _odd_title(CHECKS.head(0), Words("en")) == "Nothing odd was found in the book"
