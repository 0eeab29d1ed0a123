"""Judgements that contradict themselves, dates of policies, ranks made weights: what is said and refused."""

import datetime as dt

import pandas as pd
import pytest
from pydantic import ValidationError

from kamlib.appraisal.judged_weights import AhpWeights, weights_best_worst
from kamlib.appraisal.kpi import Kpi
from kamlib.appraisal.weighting import Policy, WeightChange, WeightParams, judge_weights, settle_weights
from kamlib.errors import ParameterError
from kamlib.packs.judging import Case, Judged, Measured
from kamlib.packs.pages_judged import weights_page

NAMES = ("sales_volume", "satisfaction", "retention")
KPIS = [Kpi(measure=m, weight=w, perspective="financial", target="peers") for m, w in zip(NAMES, (0.5, 0.3, 0.2),
        strict=True)]  # fmt: skip
DAY = dt.date(2025, 12, 31)
CROOKED = {"sales_volume/satisfaction": 3.0, "satisfaction/retention": 3.0, "sales_volume/retention": 1.0}


def policy(**more):
    return Policy(**({"name": "p", "who": "w", "why": "y", "starts": "2025-01-01", "factors": {"retention": 2.0}}
                     | more))  # fmt: skip


@pytest.mark.parametrize("day", ["20250101", "2025-W01-1", "2025-1-1", "soon"])
def test_a_day_is_written_one_way_only(day):
    for made in (lambda: policy(starts=day), lambda: policy(ends=day)):
        with pytest.raises(ValidationError, match=f'"{day}" is not a day; write YYYY-MM-DD'):
            made()
    with pytest.raises(ValidationError, match="is not a day"):
        WeightChange(day=day, who="w", why="y", kpi="retention", before=0.1, after=0.2)


def test_a_policy_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValidationError, match="p: it ends on 2024-12-31, before it starts on 2025-01-01"):
        policy(ends="2024-12-31")
    assert policy(ends="2025-01-01").holds(dt.date(2025, 1, 1))


@pytest.mark.parametrize(
    ("how", "weights"), [("centroid", [11, 5, 2]), ("sum", [9, 6, 3]), ("reciprocal", [18 * 6 / 11, 18 * 3 / 11, 18 * 2 / 11])]
)  # fmt: skip
def test_ranks_become_weights_as_the_company_chooses(how, weights):
    ranks = dict(zip(NAMES, (1.0, 2.0, 3.0), strict=True))
    params = WeightParams(method="rank", ranks=ranks, rank_how=how)
    found = settle_weights(KPIS, pd.DataFrame(), day=DAY, params=params)
    assert found["weight"].tolist() == pytest.approx([w / 18 for w in weights])


def test_best_and_worst_are_two_and_both_lists_agree_on_them():
    with pytest.raises(ParameterError, match="a is both the best and the worst"):
        weights_best_worst({"a": 1, "b": 5}, {"a": 1, "b": 5})
    with pytest.raises(ParameterError, match="a against b is 9 in best_to_others and 3 in others_to_worst"):
        weights_best_worst({"a": 1, "b": 9}, {"a": 3, "b": 1})
    assert weights_best_worst({"a": 1, "b": 1}, {"a": 1, "b": 1}).weights.tolist() == pytest.approx(
        [0.5, 0.5]
    )


def test_judgements_tell_how_far_they_agree():
    found = judge_weights(KPIS, WeightParams(method="ahp", pairs=CROOKED))
    assert isinstance(found, AhpWeights)
    turn = 9 ** (1 / 3)  # of the circle 3 x 3 / 1; three criteria have the eigenvalue 1 + turn + 1 / turn
    assert found.ratio == pytest.approx((turn + 1 / turn - 2) / 2 / 0.58)
    assert judge_weights(KPIS, WeightParams()) is None


def page_of(params, run):
    from kamlib.appraisal.kpi import ScorecardParams
    from kamlib.appraisal.window import judged_window

    case = Case(run, judged_window(run.period), ScorecardParams(kpis=tuple(KPIS)))
    empty = pd.DataFrame()
    settled = settle_weights(KPIS, empty, day=DAY, params=params)
    return weights_page(Judged(Measured(case, empty, empty, empty), settled, empty, empty), params)


def test_the_page_names_ratio_table_and_the_pair_to_look_at_again(appraisal_facts):
    said = page_of(WeightParams(method="ahp", pairs=CROOKED), appraisal_facts).sentences
    assert "index 0.280 over 0.58, the random index of 3 KPIs in the table of Saaty (1980)" in said[0]
    assert "Above 0.10" in said[1]
    straight = CROOKED | {"sales_volume/retention": 9.0}
    assert len(page_of(WeightParams(method="ahp", pairs=straight), appraisal_facts).sentences) == 1
    worst = {"sales_volume": 9.0, "satisfaction": 9.0, "retention": 1.0}
    params = WeightParams(method="best_worst", others_to_worst=worst,
                          best_to_others={"sales_volume": 1.0, "satisfaction": 9.0, "retention": 9.0})  # fmt: skip
    said = page_of(params, appraisal_facts).sentences
    assert "xi of the linear model" in said[0]
    assert "judge best and worst again" in said[1]


def test_no_policies_are_told_where_none_hold(appraisal_facts):
    assert "policies" not in page_of(WeightParams(), appraisal_facts).title
    assert "changed by policies: 1" in page_of(WeightParams(policies=(policy(),)), appraisal_facts).title


@pytest.fixture
def appraisal_facts(tmp_path):
    from kamlib.runs import Run

    return Run(tmp_path, {"period": "2025Q4", "as_of": "2026-01-01", "lang": "en", "pack": "appraisal",
                          "book": {"fiscal_year_start": 1, "currency": "CNY", "name": "B"}})  # fmt: skip
