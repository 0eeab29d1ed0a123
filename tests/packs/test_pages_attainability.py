from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kamlib.glossary import Words
from kamlib.measures.money import SCALE, to_money
from kamlib.packs import pages_attainability as pages
from kamlib.packs import pages_targets
from kamlib.packs.cells import table_columns
from kamlib.packs.page import Page
from kamlib.packs.pages_cards import _at_aim, _lacking, _less, _more, cards_page
from kamlib.packs.past_sides import PastSide
from kamlib.runs import Run
from kamlib.targets import (
    AllocationParams,
    AttainabilityParams,
    SizingParams,
    allocate_targets,
    attain_probability,
    reps_at_target,
    size_target,
    summarise_targets,
)
from kamlib.targets.attainability import RepsAtTarget
from tests.targets.sample import PERIOD, make_accounts, make_cube, make_forecast

REPS = {"R1": "Wu Lei", "R2": "Ann"}


def make_keys(summary: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Each key brings 20 % around its forecast, all together."""
    keys = summary[summary["key"].notna() & ~summary["dimension"].isin(["month", "quarter"])]
    keys = keys.rename(columns={"dimension": "level"})[["level", "key", "forecast"]].reset_index(drop=True)
    middle = keys.pop("forecast").astype("float64").fillna(0).to_numpy()
    paths = np.rint(middle[:, None] * np.linspace(0.8, 1.2, 201) * SCALE).astype(np.int64)
    for name, row in (("landing", 100), ("low_80", 20), ("high_80", 180)):
        keys[name] = to_money(paths[:, row])
    return keys, paths


def make_pages(
    folder: Path,
    lang: str = "en",
    *,
    known: bool = True,
    params: AttainabilityParams | None = None,
    history: tuple[int, int] | None = None,
    reps: bool = True,
    parts: bool = True,
    first: str = "",
    sizing: SizingParams | None = None,
) -> dict[str, Page]:
    cube, accounts = make_cube(), make_accounts()
    cube = cube[cube["month"] >= first]
    if not reps:
        accounts["rep_id"] = None
    coming = make_forecast(cube)
    size = size_target(cube, coming, period=PERIOD, params=sizing or SizingParams(), unit=10)
    allocation = allocate_targets(
        cube, accounts, total=size.total, period=PERIOD, params=AllocationParams(), unit=10
    )
    summary = summarise_targets(allocation.targets, accounts, cube=cube, forecast=coming, period=PERIOD)
    rows = summary[~summary["without_account"]]
    keys, paths = make_keys(rows if parts else rows[rows["dimension"] == "company"])
    drawn = paths if known else None
    params = params or AttainabilityParams()
    likely = pages.Likely(
        attain_probability(rows, keys, drawn, params=params, unit=10),
        reps_at_target(rows, keys, drawn),
        12 if known else 0,
        params,
        keys,
        drawn,
        history=history,
    )
    names = dict(zip(accounts["account_id"], accounts["name"], strict=True))
    scope = pages_targets.Scope(Words(lang, "EUR"), "Seven", size, REPS, names)
    facts = {"period": "2026Q1", "as_of": "2026-01-01", "book": {"fiscal_year_start": 1, "rounding_unit": 10}}
    run = Run(folder, facts)
    return {
        "targets_6": pages.reach_page(likely, scope=scope),
        "targets_8": cards_page(run, likely, allocation, summary, cube, scope=scope),
        "targets_2": pages_targets.margins_page(summary, allocation, scope=scope, likely=likely.table),
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    return make_pages(tmp_path_factory.mktemp("run"))


def test_titles_are_findings(made: dict[str, Page]) -> None:
    # R1 is asked for 1,000 of 1,200 ± 20 %: on 17 of 201 paths less comes; R2 for less than ever comes;
    # (184 / 201 + 1) / 2 is 95.8 %
    assert made["targets_6"].title.startswith(
        "95.8 % of 2 reps are expected to reach their target, above the"
    )
    assert made["targets_8"].title == (
        "1 of 2 reps' targets meets all five SMART criteria; failing: Relevant (Wu Lei)"
    )
    assert made["targets_8"].sentences == (
        "Of 7 targets of the company, regions, account types and product lines 1 meets all five; "
        "failing: Specific 5; Relevant 2.",
        "Of 5 accounts' targets 2 meet all five; failing: Attainable 2; Specific 1.",
    )
    assert "probability of" in made["targets_6"].notes[0]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("known", [True, False])
def test_every_page_is_whole(tmp_path: Path, lang: str, known: bool) -> None:
    for page in make_pages(tmp_path, lang, known=known).values():
        assert len(page.notes) <= 3
        for figure in page.figures:
            assert figure.svg.startswith("<svg")
            if figure.native:
                assert {figure.native.category, *figure.native.series} <= set(page.table.columns)
        assert all(column.label for column in table_columns(page, Words(lang, "EUR")))


def test_without_past_errors_nothing_is_made_up(tmp_path: Path) -> None:
    page = make_pages(tmp_path, known=False)["targets_6"]
    assert page.title.startswith("How likely the targets are cannot be said")
    assert page.table["reach_probability"].isna().all()
    assert page.table["reach_band"].eq("unknown").all()


@pytest.mark.parametrize(
    ("lang", "likely", "bands", "asked", "cards"),
    [
        ("en",
         "The total of 1.21 k is reached with a probability of > 99 %, Region North least likely with 91 %; no rep "
         "is named whose chance could be said",
         "Regions, account types and product lines by likelihood: easy 6.",
         "Region North carries most of what is asked: 1.00 k, 0 on 2025Q1; no rep is named for any of it",
         "No rep has a target; of the other 12 targets 0 meet all five SMART criteria"),
        ("zh", "总目标1,210的达成概率为 > 99 %，其中区域 North 最低，为 91 %；没有可判断概率的客户经理",
         "按可达程度统计区域、客户类型与产品线：轻松可达 6个。",
         "区域 North 承担最多：1,000，较 2025Q1 0；全部目标均未指定客户经理",
         "没有客户经理承担目标；其余12个目标中有0个满足 SMART 全部五项"),
    ],
)  # fmt: skip
def test_a_book_without_reps_is_told_by_what_it_names(
    tmp_path: Path, lang: str, likely: str, bands: str, asked: str, cards: str
) -> None:
    made = make_pages(tmp_path, lang, reps=False)
    page = made["targets_6"]
    assert (page.title, page.notes[0]) == (likely, bands)
    assert {"en": "may come, by region, EUR", "zh": "按区域，EUR"}[lang] in page.subtitle
    assert page.table["name"].tolist()[:2] == ["North", "South"]
    assert page.figures[0].native is not None
    assert page.figures[0].native.rows == 2
    assert made["targets_2"].title == asked
    assert made["targets_2"].table["name"].tolist()[:2] == ["North", "South"]
    company = {"en": "Company", "zh": "全公司"}[lang]
    assert made["targets_8"].table["name"].iloc[0] == company  # nobody's row would hold the whole total
    assert made["targets_8"].title == cards


@pytest.mark.parametrize(
    ("lang", "title", "first"),
    [
        ("en", "The total of 1.21 k is reached with a probability of > 99 %; of no part can a probability be said",
         "To doubt: "),
        ("zh", "总目标1,210的达成概率为 > 99 %；各部分的概率无法判断", "需存疑："),
    ],
)  # fmt: skip
def test_a_total_whose_parts_have_no_chance_stands_alone(
    tmp_path: Path, lang: str, title: str, first: str
) -> None:
    page = make_pages(tmp_path, lang, reps=False, parts=False)["targets_6"]
    assert page.title == title
    assert len(page.notes) == 1
    assert page.notes[0].startswith(first)


def test_accounts_without_a_rep_are_no_rep(made: dict[str, Page]) -> None:
    rows = made["targets_6"].table.query("dimension == 'rep' and target > 0")
    assert rows["name"].tolist() == ["Wu Lei", "Ann", "(no rep)"]
    assert made["targets_6"].notes[1].startswith("Reps by likelihood: easy 2. ")


def test_the_page_on_reps_has_the_probability(made: dict[str, Page]) -> None:
    table = made["targets_2"].table
    likely = made["targets_6"].table.set_index(["dimension", "name"])["reach_probability"]
    assert likely.notna().any()
    for dimension, name, chance in table[["dimension", "name", "reach_probability"]].itertuples(index=False):
        if (dimension, name) in likely.index and pd.notna(chance):
            assert chance == likely[(dimension, name)]
    assert "P(reach)" in made["targets_2"].figures[0].svg


def test_a_chance_on_the_other_side_of_even_than_the_forecast_is_explained() -> None:
    table = pd.DataFrame(
        {
            "dimension": ["rep", "region", "region", "region", "region", "account", "rep"],
            "key": ["R1", "North", "South", "East", "West", "A", "R2"],
            "landing": [11, 11, 11, 11, 11, 11, 9],
            "target": 10,
            "reach_probability": [0.4, 0.4, 0.3, 0.2, 0.1, 0.4, 0.6],
        }
    )
    likely = pages.Likely(table, RepsAtTarget(2, 0.5, 0.5, 0.5), 4, AttainabilityParams(), table, None)
    scope = pages_targets.Scope(Words("en", "EUR"), "Bikes", None, REPS, {})
    assert pages._mean_said(likely, scope) == (
        "The forecast lies above the target, and yet the chance is below 50 %: Wu Lei, Region North, Region South and 2 more; "
        "accounts: 1. A forecast is the mean of what may come, and a few good courses lift it above the middle.",
        "The forecast lies below the target, and yet the chance is above 50 %: Ann. A forecast is the mean of "
        "what may come, and a few bad courses pull it below the middle.",
    )


def test_the_page_repeats_to_which_side_forecasts_went(made: dict[str, Page]) -> None:
    side = PastSide(True, 12, 12, 0.07, "2024-02", "2025-01", 1, 3, 13, 24, 36)
    scope = pages_targets.Scope(Words("en", "EUR"), "Bikes", None, REPS, {})
    known = pages.Likely(made["targets_6"].table, RepsAtTarget(2, 0.5, 0.5, 0.5), 4, AttainabilityParams(),
                         made["targets_6"].table, None, side=side)  # fmt: skip
    assert pages._side_said(known, scope) == (side.said(scope.words),)
    unsaid = known.table.assign(reach_probability=np.nan)
    assert pages._side_said(replace(known, table=unsaid), scope) == ()


def test_the_wanted_probability_is_in_the_heading(made: dict[str, Page]) -> None:
    assert made["targets_6"].labels == {"wanted_target": "Target at 65.0 %"}


def test_every_card_is_kept_with_the_run(tmp_path: Path) -> None:
    make_pages(tmp_path)
    kept = pd.read_parquet(next(tmp_path.rglob("target_cards.parquet")))
    assert kept["dimension"].drop_duplicates().tolist() == [
        "company", "rep", "region", "account_type", "product_line", "account",
    ]  # fmt: skip
    assert (kept["target"] > 0).all()


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            {
                "Wu Lei": "above neither 2025Q1 nor FC, it asks for nothing more; above 1.00 k it would, at a chance of "
                "89 % (easy)",
                "(no rep)": "name a rep; no chance is drawn without a name",
                "Account A": "210 of new business for a chance of 65 %; 560 has that chance too, but is above neither 2025Q1 nor "
                "FC: it asks for nothing more",
                "Account C": "nothing comes by itself: it takes new business",
                "Account E": "name a rep",
            },
        ),
        (
            "zh",
            {
                "Wu Lei": "不高于 2025Q1 和预测，没有新要求；高于 1,000 才有，概率为 89 %（轻松可达）",
                "（未分配客户经理）": "指定客户经理；没有名称则不计算概率",
                "Account A": "另找 210 的新业务（概率 65 %）；下调至 560 也有此概率，但不高于 2025Q1 和预测，没有新要求",
                "Account C": "照旧则无采购：须全部靠新业务",
                "Account E": "指定客户经理",
            },
        ),
    ],
)
def test_a_card_that_fails_says_what_would_mend_it(tmp_path: Path, lang: str, said: dict[str, str]) -> None:
    table = make_pages(tmp_path, lang)["targets_8"].table
    owned = pd.concat([table.head(3), table.tail(3)])
    assert dict(owned.loc[owned["mend"].notna(), ["name", "mend"]].itertuples(index=False)) == said
    assert table.loc[table["name"] == "Ann", "mend"].isna().all()  # whose card is whole
    assert (table["name"].head(3).isin(["Wu Lei", "Ann"]).tolist()) == [True, True, False]


@pytest.mark.parametrize(
    ("lang", "told", "note", "mend"),
    [
        ("en", "of 1 it cannot be said whether more is asked", "The book does not know the whole of 2025Q1, so that growth on it"
         " counts as no aim;", "whether it asks for more cannot be said, as 2025Q1 is not known whole"),
        ("zh", "1个无法判断是否有新要求", "账册未含完整的 2025Q1，故较其增长不计为目的；", "2025Q1 数据不完整，无法判断是否有新要求"),
    ],
)  # fmt: skip
def test_no_card_is_judged_by_growth_on_a_base_known_in_part(
    tmp_path: Path, lang: str, told: str, note: str, mend: str
) -> None:
    page = make_pages(tmp_path, lang, first="2025-02", sizing=SizingParams(total=500))["targets_8"]
    kept = pd.read_parquet(next(tmp_path.rglob("target_cards.parquet")))
    assert set(kept["relevant"]) == {"potential", "forecast_gap", "unknown"}
    assert told in page.title
    assert page.notes[1].startswith(note)
    assert mend in page.table["mend"].tolist()


def test_the_page_says_on_what_probabilities_were_tested(made: dict[str, Page]) -> None:
    assert (
        "On 800 generated books, targets were reached as often as said within three points"
        in made["targets_6"].notes[2]
    )


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        (
            "en",
            "1 of 2 reps' targets meets all five SMART criteria; "
            "1 is a stretch below 95 % (Wu Lei); failing: Relevant (Wu Lei)",
        ),
        (
            "zh",
            "2名客户经理中有1名的目标满足 SMART 全部五项；"
            "1个有挑战、概率不足 95 %（Wu Lei）；不满足：相关（Wu Lei）",
        ),
    ],
)
def test_stretches_are_counted_apart(tmp_path: Path, lang: str, title: str) -> None:
    bands = AttainabilityParams(
        stretch_below=0.95, easy_above=0.99
    )  # Wu Lei's chance is 91.3 %, Ann's 99.8 %
    page = make_pages(tmp_path, lang, params=bands)["targets_8"]
    assert page.title == title
    row = page.table.set_index("name").loc["Wu Lei"]
    assert (row["attainable"], row["mend"].count("65")) == ("stretch", 1)


@pytest.mark.parametrize(
    ("lang", "title", "accounts", "mend", "note"),
    [
        ("en", "0 of 2 reps' targets meet all five SMART criteria; of 2 no chance can be said (Wu Lei, Ann); "
               "failing: Relevant (Wu Lei)",
         "Of 5 accounts' targets 0 meet all five; of 5 no chance can be said; failing: Specific 1.",
         "its chance can be said from 25 months of history on (24 are known); until then agree it with who knows the "
         "accounts",
         "That is 25 months of history at least; 24 are known."),
        ("zh", "2名客户经理中有0名的目标满足 SMART 全部五项；2个无法判断概率（Wu Lei、Ann）；不满足：相关（Wu Lei）",
         "5家客户的目标中有0个满足全部五项；5个无法判断概率；不满足：具体 1个。",
         "有 25 个月历史后才能判断概率（现有 24 个月）；在此之前与了解客户的人商定",
         "即至少 25 个月的历史，现有 24 个月。"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_told_apart_from_what_fails(
    tmp_path: Path, lang: str, title: str, accounts: str, mend: str, note: str
) -> None:
    made = make_pages(tmp_path, lang, known=False, history=(25, 24))
    page = made["targets_8"]
    assert (page.title, page.sentences[1]) == (title, accounts)
    rows = page.table.set_index("name")
    assert rows.loc["Ann", ["attainable", "mend"]].tolist() == ["unknown", mend]
    assert rows.loc["Wu Lei", "mend"].startswith(mend)
    assert made["targets_6"].notes[0].endswith(note)


@pytest.mark.parametrize(("first", "found"), [("2024-01", (25, 24)), ("2023-12", None)])
def test_a_chance_needs_a_season_and_what_is_forecast_and_a_month(
    tmp_path: Path, first: str, found: tuple[int, int] | None
) -> None:
    facts = {"period": "2026Q1", "as_of": "2026-01-01", "book": {"fiscal_year_start": 1}, "parameters": {}}
    forecast = pd.DataFrame({"period": [f"2026-{month:02d}" for month in range(1, 13)] * 2})
    assert (
        pages._history(Run(tmp_path, facts), pd.DataFrame({"month": ["2025-03", first]}), forecast) == found
    )


def test_of_an_account_that_has_bought_nothing_yet_no_chance_can_be_said() -> None:
    likely = pages.Likely(pd.DataFrame(), RepsAtTarget(2, None, None, None), 12, AttainabilityParams(),
                          pd.DataFrame(), np.zeros((0, 3), dtype=np.int64))  # fmt: skip
    scope = pages_targets.Scope(Words("en", "EUR"), "Bikes", None, REPS, {})
    row = SimpleNamespace(key="A")
    assert _lacking(row, likely, scope).startswith("its chance cannot be said, as nothing was bought yet")
    assert _lacking(row, replace(likely, paths=None), scope).startswith(
        "its chance cannot be said, as it is not fo"
    )


def _told(target: int, aim_from: int, *, known: bool = True) -> tuple[str, str]:
    """What would mend the target of a region that brings 1,000,100 to 1,200,000 in steps of 100."""
    paths = np.arange(1_000_100, 1_200_001, 100)[None, :] * SCALE
    keys = pd.DataFrame({"level": ["region"], "key": ["N"]})
    for name, amount in (("landing", 1_100_050), ("low_80", 1_020_000), ("high_80", 1_180_000)):
        keys[name] = to_money([amount * SCALE])
    rows = pd.DataFrame({"dimension": ["region"], "key": ["N"], "target": [target]})
    table = attain_probability(rows, keys, paths, params=AttainabilityParams(), unit=100)
    drawn = paths if known else None
    likely = pages.Likely(table, RepsAtTarget(0, None, None, None), 12, AttainabilityParams(), keys, drawn)
    scope = pages_targets.Scope(
        Words("en", "EUR"), "Bikes", SimpleNamespace(base_unknown=0, base_period="PY"), REPS, {}
    )
    cards = _at_aim(table.assign(aim_from=to_money([aim_from * SCALE])), likely, 100)
    row = next(cards.itertuples())
    return _less(row, likely, scope), _more(row, scope)


def test_an_amount_that_would_mend_a_card_is_cut_to_the_side_on_which_it_does() -> None:
    # 65 % are reached at 1,070,400, of which 1.08 M would have 60 %; 1,079,600 more is not 1.07 M
    less, more = _told(2_150_000, 1_064_100)
    assert less == "down to 1.07 M for a chance of 65 %, or 1.08 M of new business"
    # above 1.06 M would still leave 1,064,000, which asks for nothing; above 1.07 M, 1,070,100: 1,300 of 2,000 paths
    assert more == (
        "above neither PY nor FC, it asks for nothing more; above 1.07 M it would, at a chance of 65 % (attainable)"
    )


def test_an_amount_that_would_mend_one_criterion_says_what_it_does_to_the_other() -> None:
    # what is told, 1.07 M, is not above the aim, though 1,070,400 would be
    less, _ = _told(2_150_000, 1_070_200)
    assert less == (
        "1.08 M of new business for a chance of 65 %; 1.07 M has that chance too, but is above neither PY nor FC: "
        "it asks for nothing more"
    )
    _, more = _told(1_110_000, 1_129_900)  # 1,130,100 is reached on 700 of 2,000
    assert more.endswith("above 1.13 M it would, at a chance of 35 % (stretch)")
    _, more = _told(1_110_000, 1_129_900, known=False)
    assert more == "not above PY, it asks for nothing more; above 1.13 M it would"


def test_sides_have_cards_that_tell_what_they_are_of(made: dict[str, Page]) -> None:
    table = made["targets_8"].table.set_index("name")
    assert table.loc["Company", ["form", "mend"]].tolist() == ["✗ ✓ ✓", "name a rep for every account"]
    assert table.loc["Region North", "form"] == "✓ ✓ ✓"
    assert table.loc["(no rep)", "form"] == "✗ ✓ ✓"
