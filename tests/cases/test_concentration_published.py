"""Published concentration: R's `ineq` example of ten incomes; an index of shares in percent."""

from __future__ import annotations

import pytest

from kamlib.measures.concentration import gini, herfindahl, lorenz_curve, top_share

INCOMES = [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261]


def test_ineq() -> None:
    assert gini(INCOMES) == pytest.approx(0.4620911, abs=5e-8)
    assert herfindahl(INCOMES) == pytest.approx(0.18408123, abs=5e-9)
    assert top_share(INCOMES, fraction=0.2) == pytest.approx(0.51309585, abs=5e-9)
    curve = lorenz_curve(INCOMES)
    assert 1 - curve["value_share"].iloc[8] == pytest.approx(0.51309585, abs=5e-9)


def test_index_of_shares_in_percent() -> None:
    assert 10_000 * herfindahl([25, 20, 15, 10, 9, 8, 7, 6]) == pytest.approx(1580)
