from __future__ import annotations

import pandas as pd

from kamlib.glossary import Words
from kamlib.packs.targets_scope import Scope, told_apart
from kamlib.targets import SizingParams, size_target
from tests.targets.sample import PERIOD, make_cube, make_forecast


def scope(lang: str = "en", *, forecast: bool = True) -> Scope:
    coming = make_forecast(make_cube()) if forecast else None
    size = size_target(make_cube(), coming, period=PERIOD, params=SizingParams(), unit=10)
    return Scope(Words(lang, "EUR"), "Seven", size, {"R1": "Wu Lei"}, {"A": "Alpha"})


def test_the_subtitle_says_who_what_unit_period_and_scenarios() -> None:
    assert scope().subtitle("targets") == "Seven · targets, EUR · PY 2025Q1, FC and PL 2026Q1"
    assert scope("zh").subtitle("目标") == "Seven · 目标，EUR · PY 2025Q1，FC 与 PL 2026Q1"
    assert scope(forecast=False).subtitle("targets") == "Seven · targets, EUR · PY 2025Q1, PL 2026Q1"


def test_names_of_reps() -> None:
    assert scope().rep_name("R1") == "Wu Lei"
    assert scope().rep_name("R9") == "R9"
    assert scope("zh").rep_name(pd.NA) == "（未分配客户经理）"


def test_names_that_stand_twice_get_their_id() -> None:
    assert told_apart(["a", "b", "a"], [1, 2, 3]) == ["a (1)", "b", "a (3)"]
