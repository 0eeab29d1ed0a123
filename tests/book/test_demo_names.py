"""Names of the demo book are invented, distinct and of both languages."""

import numpy as np

from kamlib.book.demo_names import company_names, people_names


def test_company_names_are_distinct_and_in_the_language_asked_for() -> None:
    chinese = np.arange(20_000) % 3 == 0
    names = company_names(np.random.default_rng(5), chinese)
    assert len(set(names)) == 20_000
    assert [name.isascii() for name in names] == (~chinese).tolist()


def test_more_names_than_combinations_stay_distinct() -> None:
    names = company_names(np.random.default_rng(5), np.zeros(70_000, dtype=bool))
    assert len(set(names)) == 70_000
    assert sum(name.endswith(" 2") for name in names) == 70_000 - 40 * 20 * 16 * 5


def test_people_have_names_of_their_language() -> None:
    names = people_names(np.random.default_rng(5), np.array([True, False, True]))
    assert [2 <= len(name) <= 3 for name in names] == [True, False, True]
