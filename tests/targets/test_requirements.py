from __future__ import annotations

import numpy as np
import pytest

from kamlib.errors import ParameterError
from kamlib.targets.requirements import require

TABLE = np.arange(12.0).reshape(3, 2, 2)


def test_groups_of_several_axes_add_up_their_cells() -> None:
    one = require("region x line", ["N", "S", "N"], ["p", "q"], None, total=np.zeros((2, 2)))
    assert one.sums(TABLE).tolist() == [[0 + 1 + 8 + 9, 2 + 3 + 10 + 11], [4 + 5, 6 + 7]]
    assert [one.key(i) for i in range(one.size)] == ["N x p", "N x q", "S x p", "S x q"]


def test_positions_without_a_label_are_outside() -> None:
    one = require("some", ["N", None, "S"], None, None, lower={"S": 5})
    assert one.sums(TABLE).tolist() == [6, 38]
    assert one.lower.tolist() == [0, 5]
    assert np.isinf(one.upper).all()
    assert one.cell_groups(TABLE.shape)[:, 0, 0].tolist() == [0, -1, 1]
    assert one.spread(np.array([2.0, 3.0]), outside=1.0)[:, 0, 0].tolist() == [2, 1, 3]


def test_sum_of_all_and_pins_by_label() -> None:
    whole = require("all", None, None, None, total=66)
    assert whole.sums(TABLE) == 66
    assert whole.key(0) == "all"
    pin = require("pin", ["a", "b", "c"], ["p", "q"], None, total={("b", "q"): 9})
    assert np.argwhere(pin.lower == 9).tolist() == [[1, 1]]
    with pytest.raises(ParameterError, match='requirement "pin": an amount is -1'):
        require("pin", ["a"], total={"a": -1})


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ({}, "give either a total or bounds"),
        ({"total": 1, "lower": 1}, "give either a total or bounds"),
        ({"total": 1, "weight": 0}, "weight is 0; it must be above zero"),
        ({"lower": {"Nroth": 3}}, 'there is no "Nroth". Did you mean "North"?'),
        ({"total": -4}, "an amount is -4"),
        ({"total": float("nan")}, "an amount is nan"),
        ({"total": [1, 2, 3]}, r"amounts are of shape \(3,\), groups of \(2,\)"),
        ({"lower": 5, "upper": 4}, "a floor of 5 is above its cap of 4"),
    ],
)
def test_broken_requirements_are_refused(amounts: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        require("region", ["North", "South"], None, **amounts)
