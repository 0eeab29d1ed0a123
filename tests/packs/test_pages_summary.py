from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.measures.money import to_money
from kamlib.packs.deciding import decide_gap
from kamlib.packs.pages_attainability import Likely
from kamlib.packs.pages_held import beside_held, held_totals, save_held
from kamlib.packs.pages_summary import (
    _against_forecast,
    _data_sentence,
    _decide_effort,
    _growth_said,
    _heading,
    _held_sentence,
    _likely_sentence,
    _named_by,
    _rows,
    _told,
    _with_months,
)
from kamlib.periods import parse_period
from kamlib.targets.attainability import AttainabilityParams, RepsAtTarget
from kamlib.targets.held import Held, compare_held
from kamlib.targets.holding import Enclosing


def held_run(lang: str, held: int, of: str = "2026-01") -> SimpleNamespace:
    plan = pd.DataFrame({"account_id": ["A", "B"], "rep_id": ["R1", "R2"], "region": "N", "account_type": "T",
                         "product_line": "L", "month": "2026-01", "target": [500, 700], "bound": "none"})  # fmt: skip
    own = pd.DataFrame({"period": "2026-01", "rep_id": ["R1", "R2"], "target": [held, 700]})
    about = {"account_id": "A", "product_line": "L"}
    cube = pd.DataFrame({**about, "month": ["2025-12"], "revenue": to_money([9_000_000])})
    coming = pd.DataFrame({**about, "level": "account_line", "period": ["2026-01", "2026-02", "2026-03"],
                           "forecast": to_money([10_000_000, 11_000_000, 12_000_000])})  # fmt: skip
    tables = {
        "plan_targets": plan,
        "targets": own.assign(period=of),
        "accounts": plan,
        "cube": cube,
        "forecast": coming,
        "reps": pd.DataFrame({"rep_id": ["R1", "R2"], "name": ["Ann", "Wu"]}),
    }
    return SimpleNamespace(
        load=tables.__getitem__,
        has=tables.__contains__,
        words=Words(lang, "EUR"),
        period=parse_period("2026-01"),
    )


def told(run: SimpleNamespace) -> Held | None:
    return _told(beside_held(run, run.load("plan_targets")))


def test_the_chance_of_what_holds_is_this_run_s_or_none() -> None:
    run = held_run("en", 400)
    stale = pd.DataFrame({"dimension": ["company"], "held_probability": [0.9]})
    saved: dict[str, pd.DataFrame] = {}
    before = SimpleNamespace(**{
        **vars(run), "save": saved.__setitem__, "has": lambda name: name == "target_held" or run.has(name),
        "load": lambda name: stale if name == "target_held" else run.load(name),
    })  # fmt: skip
    plan = run.load("plan_targets")
    keys = pd.DataFrame(
        {"level": ["company"], "key": ["company"], "landing": [1], "low_80": [1], "high_80": [1]}
    )
    undrawn = Likely(pd.DataFrame(), RepsAtTarget(0, None, None, None), 0, AttainabilityParams(), keys, None)
    held = save_held(before, plan, undrawn)
    assert held is not None
    assert held.chance is None
    assert saved["target_held"]["held_probability"].isna().all()
    told_later = beside_held(before, plan)
    assert told_later is not None
    assert told_later.chance == 0.9


def test_growth_over_a_base_that_is_not_known_is_not_said() -> None:
    summary = pd.DataFrame({"dimension": ["company", "rep"], "growth_asked": [0.1, float("nan")]})
    assert _growth_said(summary, Words("en", "EUR")) == "+10.0 %"
    unknown = summary.assign(growth_asked=None)
    assert [_growth_said(unknown, Words(lang, "EUR")) for lang in ("en", "zh")] == [
        "no comparison",
        "无可比数据",
    ]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "The book's own targets for 2026-01: 1.10 k; this plan asks 1.20 k, +100. "
               "Furthest from what holds: Ann +100 (500 asked, 400 held)."),
        ("zh", "账册自带的 2026-01 目标为 1,100；本计划要求 1,200，相差 +100。与已有目标相差最大：Ann +100（要求 500，已有 400）。"),
    ],
)  # fmt: skip
def test_targets_that_hold_are_told_where_the_plan_asks_otherwise(lang: str, said: str) -> None:
    run = held_run(lang, 400)
    held = told(run)
    assert isinstance(held, Held)
    assert _held_sentence(held, run) == (said,)
    same = told(held_run(lang, 500))
    assert same is None
    assert _held_sentence(same, run) == ()


@pytest.mark.parametrize(
    ("lang", "furthest"),
    [
        ("en", "Furthest from what holds: Region N -100 (500 asked, 600 held); Region S +100 (700 asked, 600 held)."),
        ("zh", "与已有目标相差最大：区域 N -100（要求 500，已有 600）；区域 S +100（要求 700，已有 600）。"),
    ],
)  # fmt: skip
def test_without_reps_regions_are_told_beside_what_holds(lang: str, furthest: str) -> None:
    run = held_run(lang, 400)
    plan = run.load("plan_targets").assign(rep_id=pd.Series([None, None], dtype="str"), region=["N", "S"])
    adopted = plan.assign(
        measure="revenue",
        period="2026-01",
        run="001",
        adopted_by="Li",
        adopted_at="2025-12-03",
        target=[600, 600],
    )
    held = compare_held(plan, adopted, period=run.period)
    assert held is not None
    said = _held_sentence(_told(held), run)[0]
    assert said.endswith(furthest)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "The book's own targets hold for 2026Q1, which 2026-01 is a part of: 3.70 k. This plan asks 1.20 k of "
               "that (32.4 %) and leaves 2.50 k for 2026-02, 2026-03. Sold or forecast in 2026-02, 2026-03: 2.30 k, "
            "so that 2026-01 has to bring 1.40 k, 200 more than this plan asks of it."),
        ("zh", "账册自带的目标涵盖 2026-01 所属的 2026Q1：3,700。本计划占其中1,200（32.4 %），为 2026-02、2026-03 留下2,500。"
               "2026-02、2026-03 已实现或预测的收入为2,300，"
            "因此 2026-01 须实现1,400，比本计划的要求多200。"),
    ],
)  # fmt: skip
def test_a_month_of_a_quarter_with_targets_is_told_so(lang: str, said: str) -> None:
    run = held_run(lang, 3000, of="2026Q1")
    assert _held_sentence(told(run), run) == (said,)


@pytest.mark.parametrize(
    ("lang", "held", "said"),
    [
        ("en", 400, "1.10 k holds already, 100 below the forecast, and this plan asks 100 more: decide first which of "
                    "the two is asked. "),
        ("en", 600, "1.30 k holds already, 100 above the forecast, and this plan asks 100 less: decide first which of "
                    "the two is asked. "),
        ("en", 500, "1.20 k holds already, as much as the forecast, and this plan asks as much. "),
        ("zh", 600, "已有目标1,300（较预测高100），本计划少要求100：先决定以哪一个为准。"),
    ],
)  # fmt: skip
def test_what_holds_is_weighed_before_the_forecast(lang: str, held: int, said: str) -> None:
    reps = pd.DataFrame({"key": ["R1", "R2"], "name": ["Ann", "Wu"], "forecast": to_money([4_000_000, 8_000_000]),
                         "forecast_gap": to_money([0, 0])})  # fmt: skip
    run = held_run(lang, held)
    holds = beside_held(run, run.load("plan_targets"))
    alone = decide_gap(reps, Decimal(0), run.words)
    assert decide_gap(reps, Decimal(0), run.words, holds) == said + alone


def test_what_holds_for_a_part_is_weighed_with_the_plan_alone() -> None:
    reps = pd.DataFrame(
        {"key": ["R1"], "name": ["Ann"], "forecast": to_money([4]), "forecast_gap": to_money([0])}
    )
    run = held_run("en", 400)
    plan = run.load("plan_targets")
    own = beside_held(run, plan)
    assert own is not None
    months = replace(own, whole=False)
    said = decide_gap(reps, Decimal(0), run.words, months)
    assert said.startswith(
        "Of 2026-01 1.10 k holds already, and this plan asks 100 more of the same: decide first "
    )
    part = decide_gap(reps, Decimal(0), run.words, replace(own, covers=False))
    assert part.startswith(
        "Of a part of what is planned 1.10 k holds already, and this plan asks 100 more of "
    )


@pytest.mark.parametrize(
    ("held", "gap", "said"),
    [
        # R1 and R2 have 3,700 in the quarter; 2,300 is forecast in February and March, 1,000 in January
        (3000, 150, "Decide first whether 200 more is to be asked of 2026-01: of what holds for 2026Q1 1.40 k is left for "
                    "it to bring, 400 beyond the forecast, all of it yet to be won. The largest part of it, 100, is left with Ann: 700 to "
                    "bring, 600 asked."),
        (3000, -100, "Decide first whether 200 more is to be asked of 2026-01: of what holds for 2026Q1 1.40 k is left for "
                     "it to bring, 400 beyond the forecast, all of it yet to be won. The largest part of it, 100, is left with Ann: 700 to "
                     "bring, 600 asked. Decide how 100 between forecast and target is to be won: Ann lacks most (-100)."),
        (2800, 150, "Of what holds for 2026Q1 1.20 k is left for 2026-01 to bring, as much as this plan asks. Decide whether "
                    "150 of forecast above target is to be asked for: Ann has most in hand (+150)."),
        (2500, 150, "Of what holds for 2026Q1 900 is left for 2026-01 to bring, 300 less than this plan asks, which goes "
                    "beyond it. Decide whether 150 of forecast above target is to be asked for: Ann has most in hand (+150)."),
        (1000, 150, "What holds for 2026Q1 is met without 2026-01, by what its other months sold or are forecast to; all "
                    "that this plan asks goes beyond it. Decide whether 150 of forecast above target is to be asked for: "
                    "Ann has most in hand (+150)."),
    ],
)  # fmt: skip
def test_what_a_month_has_to_bring_is_decided_before_what_is_forecast_above_it(
    held: int, gap: int, said: str
) -> None:
    reps = pd.DataFrame({"key": ["R1", "R2"], "name": ["Ann", "Wu"], "forecast": to_money([7_000_000, 3_000_000]),
                         "forecast_gap": to_money([gap * 10_000, 0])})  # fmt: skip
    run = held_run("en", held, of="2026Q1")
    plan = run.load("plan_targets").assign(target=[600, 600])
    holds = beside_held(run, plan)
    assert decide_gap(reps, Decimal(gap), run.words, holds) == said


@pytest.mark.parametrize(("forecast", "lang", "beside"), [
    (140, "en", ", which the forecast covers with 10.0 to spare"),
    (110, "en", "; 10.0 of the difference is forecast, 20.0 lies beyond the forecast and is yet to be won"),
    (90, "en", ", 40.0 beyond the forecast, all of it yet to be won"),
    (None, "en", ""),
    (110, "zh", "；差额中10.0已在预测之内，20.0超出预测，尚待争取"),
])  # fmt: skip
def test_what_is_left_for_a_month_is_set_beside_its_forecast(
    forecast: int | None, lang: str, beside: str
) -> None:
    around = Enclosing(
        "2026Q1", "2026-01", Decimal(300), Decimal(100), True, ("2026-02", "2026-03"), Decimal(0), (), Decimal(170),
        None if forecast is None else Decimal(forecast), pd.DataFrame({"key": [], "must": [], "asked": []}),
    )  # fmt: skip
    held = Held(pd.DataFrame(), (), False, pd.DataFrame(), enclosing=around)
    reps = pd.DataFrame({"key": ["R1"], "name": ["Ann"], "forecast": to_money([1_100_000]),
                         "forecast_gap": to_money([100_000])})  # fmt: skip
    words = Words(lang, "EUR")
    start = {
        "en": "Decide first whether 30.0 more is to be asked of 2026-01: of what holds for 2026Q1 130 is left for it to "
        f"bring{beside}.",
        "zh": f"先决定是否对 2026-01 追加30.0：2026Q1 的已有目标中尚余130须由其完成{beside}。",
    }[lang]
    assert decide_gap(reps, Decimal(10), words, held) == start
    part = decide_gap(reps, Decimal(10), words, replace(held, enclosing=replace(around, covers=False)))
    of_part = {"en": "2026Q1 (for a part of what is planned)", "zh": "2026Q1（仅涉及计划的一部分）"}[lang]
    reserve = {"en": " Decide whether 10.0 of forecast", "zh": "需决定：预测高出目标的10.0"}[lang]
    assert part.startswith(
        start.replace("for 2026Q1", f"for {of_part}").replace("：2026Q1 ", f"：{of_part}") + reserve
    )


@pytest.mark.parametrize(("gap", "lang", "said"), [
    (-250, "en", "Decide how 250 between forecast and target is to be won: Ann lacks most (-250)."),
    (250, "en", "Decide whether 250 of forecast above target is to be asked for: Ann has most in hand (+250)."),
    (250, "zh", "需决定：预测高出目标的250是否追加为目标；余量最大的是 Ann（+250）。"),
])  # fmt: skip
def test_the_gap_to_the_forecast_is_decided_with_the_rep_who_has_most_of_it(
    gap: int, lang: str, said: str
) -> None:
    reps = pd.DataFrame({"key": ["R1", "R2"], "name": ["Ann", "Wu"], "forecast": to_money([7_000_000, 3_000_000]),
                         "forecast_gap": to_money([gap * 10_000, 0])})  # fmt: skip
    assert decide_gap(reps, Decimal(gap), Words(lang, "EUR")) == said


@pytest.mark.parametrize(
    ("landing", "chance", "key"), [(110, 0.43, "high"), (90, 0.56, "low"), (110, 0.56, "")]
)
def test_a_chance_on_the_other_side_of_the_forecast_is_explained(
    landing: int, chance: float, key: str
) -> None:
    table = pd.DataFrame({"dimension": ["company", "rep"], "landing": [landing, 110], "target": 100,
                          "reach_probability": [chance, 0.4]})  # fmt: skip
    words = Words("en", "EUR")
    run = SimpleNamespace(load={"target_probabilities": table}.__getitem__, words=words)
    assert _against_forecast(run) == ((words(f"planning.mean_{key}"),) if key else ())


@pytest.mark.parametrize(("expected", "said"), [
    (60, "leaves 60.0 for 2026-02, 2026-03. Sold or forecast in 2026-02, 2026-03: 60.0, so that 2026-01 has to bring 40.0, as much as this plan asks of it."),
    (70, "leaves 60.0 for 2026-02, 2026-03. Sold or forecast in 2026-02, 2026-03: 70.0, so that 2026-01 has to bring 30.0, 10.0 less than this plan asks of it."),
    (100, "leaves 60.0 for 2026-02, 2026-03. Sold or forecast in 2026-02, 2026-03: 100, which is all of it."),
])  # fmt: skip
def test_what_a_month_has_to_bring_of_its_quarter(expected: int, said: str) -> None:
    around = Enclosing(
        "2026Q1",
        "2026-01",
        Decimal(100),
        Decimal(40),
        True,
        ("2026-02", "2026-03"),
        Decimal(0),
        (),
        Decimal(expected),
    )
    held = Held(pd.DataFrame(), (), False, pd.DataFrame(), enclosing=around)
    assert held_totals(held, Words("en", "EUR"), period="2026-01") == (
        "The book's own targets hold for 2026Q1, which 2026-01 is a part of: 100. This plan asks 40.0 of that (40.0 %) and "
        + said,
    )


@pytest.mark.parametrize(("period", "lang", "said"), [
    ("2026Q1", "en", "2026Q1 (2026-01 to 2026-03)"), ("2026Q1", "zh", "2026Q1（2026-01 至 2026-03）"), ("2026-02", "en", "2026-02"),
])  # fmt: skip
def test_a_period_is_named_with_its_months_but_for_a_month(period: str, lang: str, said: str) -> None:
    assert _with_months(parse_period(period), Words(lang, "EUR")) == said


@pytest.mark.parametrize(
    ("lang", "likely", "decided"),
    [
        ("en", "The total is reached with a chance of 80 %; of 2 targets by region 1 is likelier than not to be reached.",
         "Decide how 60.0 between forecast and target is to be won: Region S lacks most (-70.0)."),
        ("zh", "总目标达成概率 80 %；按区域的2个目标中有1个达成可能性过半。",
         "需决定：预测与目标之间的60.0缺口如何补上；缺口最大的是区域 S（-70.0）。"),
    ],
)  # fmt: skip
def test_without_reps_the_summary_is_told_by_region(lang: str, likely: str, decided: str) -> None:
    amounts = {"actual_last_year": to_money([0] * 4), "growth_asked": 0.1, "without_account": False}
    summary = pd.DataFrame({"dimension": ["rep", "region", "region", "region"], "key": [None, "N", "S", None], **amounts,
                            "target": [900, 400, 500, 0], "forecast": to_money([8_400_000, 4_100_000, 4_300_000, 0]),
                            "forecast_gap": to_money([-600_000, 100_000, -700_000, 0])})  # fmt: skip
    chances = pd.DataFrame({"dimension": ["company", "region", "region"], "key": ["company", "N", "S"],
                            "landing": [840, 410, 430], "target": [900, 400, 500],
                            "reach_probability": [0.8, 0.6, 0.1]})  # fmt: skip
    tables = {"target_summary": summary, "target_probabilities": chances}
    words = Words(lang, "EUR")
    run = SimpleNamespace(load=tables.__getitem__, has=tables.__contains__, words=words)
    rows = _rows(run, None, "region")
    assert rows["name"].tolist() == ["N", "S", words("targets.chain_unnamed")]
    assert rows["target"].tolist() == [400, 500, 0]
    assert rows["reach_probability"].fillna(-1).tolist() == [0.6, 0.1, -1]
    assert _heading("region", words) == {"name": {"en": "Region", "zh": "区域"}[lang]}
    assert _heading("rep", words) == {}
    assert _likely_sentence(run, rows, "region", None)[0].startswith(likely)
    assert decide_gap(_named_by("region", rows, words), Decimal(-60), words) == decided


@pytest.mark.parametrize(
    ("lang", "odd", "with_returns"),
    [
        ("en", "The book keeps its contract. 1 kind of oddities kept and counted: Accounts without a rep (unassigned).",
         "The book keeps its contract. 4 kinds of oddities kept and counted: Accounts without a rep (unassigned); Accounts "
         "without a known potential; Returns (negative revenue); 1 more. Returns come to -50.0."),
        ("zh", "数据账册符合约定。保留并计数的异常共1类：未分配客户经理的客户。",
         "数据账册符合约定。保留并计数的异常共4类：未分配客户经理的客户；采购潜力未知的客户；退货（销售收入为负）；另1类。退货合计-50.0。"),
    ],
)  # fmt: skip
def test_oddities_are_named_and_returns_only_where_there_are_any(
    lang: str, odd: str, with_returns: str
) -> None:
    checks = pd.DataFrame({"check": ["accounts_without_rep", "accounts_without_potential", "returns", "extra_columns"],
                           "severity": "keep", "money": [None, None, *to_money([-500_000]), None]})  # fmt: skip
    words = Words(lang, "EUR")
    assert _data_sentence(checks.head(1), words) == odd
    assert _data_sentence(checks, words) == with_returns
    assert _data_sentence(checks.head(0), words) == words("planning.sentence_data_clean")


@pytest.mark.parametrize(
    ("lang", "one", "two"),
    [
        ("en", "Decide where to put effort: Uno, the one account to grow, leaves 279 k a year of potential unsold. Ask before "
               "you plan with Sol, which has gone silent: 53.4 k of the target stands on it.",
         "Decide where to put effort: 2 accounts to grow leave 280 k a year of potential unsold, Uno most of those still buying "
         "(279 k). Ask before you plan with the 2 that have gone silent: 53.5 k of the target stands on them."),
        ("zh", "需决定：资源投向何处；“增长”象限仅 Uno 一家，每年尚有27.9万潜力未实现。Sol 已沉默，目标中5.34万落在其上，纳入计划前先核实。",
         "需决定：资源投向何处；“增长”象限的2家客户每年尚有28.0万潜力未实现，仍在采购者中最大的是 Uno（27.9万）。另有2家客户已沉默，"
         "目标中5.35万落在其上，纳入计划前先核实。"),
    ],
)  # fmt: skip
def test_one_account_to_grow_or_gone_silent_is_named(lang: str, one: str, two: str) -> None:
    segments = pd.DataFrame({"account_id": ["U", "S", "V", "T"], "name": ["Uno", "Sol", "Vi", "Tre"], "status": "active",
                             "field": ["grow", "keep", "grow", "keep"], "gone_silent": [False, True, False, True],
                             "open_potential": to_money([2_790_000_000, 0, 10_000_000, 0])})  # fmt: skip
    plan = pd.DataFrame({"account_id": ["U", "S", "T"], "target": [900, 53_400, 100]})
    words = Words(lang, "EUR")
    runs = [
        SimpleNamespace(load={"segments": rows, "plan_targets": plan}.__getitem__, words=words)
        for rows in (segments.head(2), segments)
    ]
    assert [_decide_effort(run) for run in runs] == [one, two]


@pytest.mark.parametrize(
    ("lang", "one", "none"),
    [
        ("en", "The total is reached with a chance of 80 %; of 2 reps 1 is likelier than not to reach theirs.",
         "The total is reached with a chance of 80 %; no rep is named whose chance could be said."),
        ("zh", "总目标达成概率 80 %；2名客户经理中有1名达成可能性过半。", "总目标达成概率 80 %；没有可判断概率的客户经理。"),
    ],
)  # fmt: skip
def test_the_total_s_chance_is_told_where_no_rep_s_is_known(lang: str, one: str, none: str) -> None:
    table = pd.DataFrame({"dimension": ["company"], "key": ["company"], "landing": [9], "target": [8],
                          "reach_probability": [0.8]})  # fmt: skip
    run = SimpleNamespace(load={"target_probabilities": table}.__getitem__, words=Words(lang, "EUR"))
    reps = pd.DataFrame({"key": ["R1", "R2"], "reach_probability": [0.6, 0.4]})
    assert _likely_sentence(run, reps, "rep", None) == (one,)
    assert _likely_sentence(run, reps.assign(reach_probability=float("nan")), "rep", None) == (none,)
