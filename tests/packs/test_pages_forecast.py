from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from kamlib.forecast import (
    ForecastParams,
    accuracy_on_holdout,
    forecast_sales,
    outlook_by_account,
    outlook_by_month,
)
from kamlib.forecast.sales_history import LEVELS
from kamlib.glossary import Words
from kamlib.measures.money import to_money, total_money
from kamlib.packs import pages_forecast as pages
from kamlib.packs.cells import table_columns
from kamlib.packs.page import Page
from kamlib.packs.pages_landing import fan_lines, landing_page
from kamlib.periods import parse_period

AS_OF, YEAR = dt.date(2025, 10, 1), parse_period("2025")
MONTHS = [f"{year}-{month:02d}" for year in (2022, 2023, 2024, 2025) for month in range(1, 13)][:45]
NAMES = [f"Account {i:02d}" for i in range(20)]
ACCOUNTS = pd.DataFrame(
    {
        "account_id": [f"A{i:02d}" for i in range(20)],
        "name": NAMES,
        "region": "N",
        "account_type": "T",
        "rep_id": "R",
    }
)


def cube(months: list[str] = MONTHS, growth: float = 0.1, without: bool = True) -> pd.DataFrame:
    rows = [
        (f"A{i:02d}", m, (1000 + 100 * i) * (1 + growth) ** (int(m[:4]) - 2022) * (1 + int(m[5:]) / 24))
        for i in range(20)
        for m in months
        if not (i == 19 and m >= "2024-12")
    ]
    rows += [(None, m, 50.0) for m in months if without]
    table = pd.DataFrame(rows, columns=["account_id", "month", "revenue"]).assign(product_line="Bikes")
    table["account_id"] = table["account_id"].astype("str")
    return table.assign(revenue=to_money((table["revenue"] * 10_000).round().astype("int64")))


def make(
    book: pd.DataFrame, lang: str = "en", params: ForecastParams | None = None
) -> tuple[Page, Page, Page]:
    params, words = params or ForecastParams(), Words(lang, "EUR")
    forecast = forecast_sales(book, ACCOUNTS, as_of=AS_OF, until=YEAR.end, params=params)
    accuracy = accuracy_on_holdout(book, ACCOUNTS, as_of=AS_OF, params=params)
    months = outlook_by_month(book, forecast, as_of=AS_OF, year=YEAR)
    changes = outlook_by_account(book, forecast, ACCOUNTS, as_of=AS_OF, year=YEAR)
    return (
        landing_page(months, accuracy, words=words, name="Bikes Ltd", year=YEAR, as_of=AS_OF),
        pages.movers_page(changes, words=words, year=YEAR, first_month=book["month"].min()),
        pages.errors_page(accuracy, words=words, method=params.method, as_of=AS_OF),
    )


@pytest.fixture(scope="module")
def made() -> tuple[Page, Page, Page]:
    return make(cube())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_page_is_whole_in_both_languages(lang: str) -> None:
    for number, page in enumerate(make(cube(), lang), start=1):
        assert page.id == f"forecast_{number}"
        assert len(page.notes) == 3
        assert all(figure.svg.startswith("<svg") for figure in page.figures)
        assert [column.label for column in table_columns(page, Words(lang))]
        assert "{" not in page.title + page.subtitle + "".join(page.notes)


def test_landing_says_where_the_year_lands(made: tuple[Page, Page, Page]) -> None:
    page, words = made[0], Words("en", "EUR")
    landing, before = total_money(page.table["landing"]), total_money(page.table["actual_last_year"])
    assert page.title == (
        f"2025 is heading for {words.money(landing)}: {words.signed_money(landing - before)} "
        f"({words.signed_percent(float(landing / before) - 1)}) against last year"
    )
    assert total_money(page.table["change"]) == landing - before
    assert page.notes[0].startswith(
        f"Of 2025, sold before 2025-10-01: {words.money(total_money(page.table['actual']))};"
    )
    assert (
        "made at 4 dates from 2024-10 to 2025-07, each for all months up to 2025-10-01, the same"
        in page.notes[2]
    )
    assert page.figures[0].native.series == {"actual_last_year": "PY", "actual": "AC", "forecast": "FC"}


def test_landing_without_a_whole_last_year_compares_nothing() -> None:
    page = make(cube([m for m in MONTHS if m >= "2024-06"]))[0]
    assert page.title.endswith("last year is not in the book as a whole")
    assert "made at one date (" in page.notes[-1]
    assert len(page.notes) == 2
    assert "too short to test" in make(cube([m for m in MONTHS if m >= "2025-01"]))[0].notes[-1]


def test_movers_lead_from_change_to_change_to_the_total(made: tuple[Page, Page, Page]) -> None:
    page = made[1]
    steps = page.figures[0].native.steps
    assert steps[0][0] == page.table["name"].iloc[0] == "Account 19"
    assert steps[-2][0] == "other (9)"
    assert steps[-1][0] == "ΔPY in all"
    assert sum(amount for _, amount, kind in steps if kind == "change") == pytest.approx(steps[-1][1])
    assert steps[-1][1] == pytest.approx(float(total_money(page.table["change"])))
    assert "Accounts that rise: 19; that fall: 1;" in page.notes[0]
    assert page.notes[1].startswith(
        "Open accounts that are forecast to bring less than a tenth of last year: 1, with"
    )
    assert "(Account 19 " in page.notes[1]
    assert "(no account)" in page.table["name"].tolist()


def test_movers_tell_closed_accounts_from_open_ones_that_fade() -> None:
    ids = [f"A{at}" for at in range(5)]
    changes = pd.DataFrame(
        {
            "account_id": ids, "name": [f"Shop {at}" for at in range(5)],
            "actual": [0] * 5, "forecast": [0, 4, 0, 90, 0], "landing": [0, 4, 0, 90, 0],
            "actual_last_year": [500, 50, 300, 100, 700], "change": [-500, -46, -300, -10, -700],
        }
    )  # fmt: skip
    accounts = pd.DataFrame({"account_id": ids, "status": ["closed", "active", None, "closed", "closed"]})
    known = {"words": Words("en", "EUR"), "year": YEAR, "first_month": "2020-01"}
    note = pages.movers_page(changes, **known, accounts=accounts).notes[1]
    assert note == (
        "Accounts closed in the book: 2, with 1.20 k of last year's revenue (Shop 4 700, Shop 0 500). Open accounts that "
        "are forecast to bring less than a tenth of last year: 2, with 350 of last year's revenue (Shop 2 300, Shop 1 "
        "50.0). There a call tells more than the forecast."
    )
    assert pages.movers_page(changes, **known).notes[1].startswith("Open accounts")


@pytest.mark.parametrize("whole", [True, False])
def test_movers_say_how_much_is_forecast_of_accounts_long_silent(whole: bool) -> None:
    changes = pd.DataFrame({"account_id": ["A", "B", "C", "D", None], "name": ["Shop", "Mill", "Yard", "Pub", "–"],
                            "actual": 0, "forecast": [60, 90, 40, 0, 70], "landing": [60, 90, 40, 0, 70],
                            "actual_last_year": 50, "change": [10, 40, -10, -50, 20]})  # fmt: skip
    if not whole:
        changes["change"] = None
    segments = pd.DataFrame({"account_id": ["A", "B", "C", "D", "E"], "silent_months": pd.array([12, 23, 11, 40, None], dtype="Int64"),
                             "last_bought": ["2023-12", "2023-01", "2024-01", "2021-08", None]})  # fmt: skip
    known = {"words": Words("en", "EUR"), "year": YEAR, "first_month": "2020-01"}
    note = pages.movers_page(changes, **known, segments=segments).notes[-1]
    assert note.endswith(
        " 2 accounts that bought nothing for a year and more are forecast all the same, for 150 of 2025; most:"
        " Mill, 90.0, last bought in 2023-01. What rises there rises only if they come back."
    )
    awake = segments.assign(silent_months=11)
    assert pages.movers_page(changes, **known, segments=awake).notes[-1].endswith("not foreseen either.")


def test_movers_in_chinese_name_sales_without_an_account_in_chinese() -> None:
    assert "（无客户归属）" in make(cube(), "zh")[1].table["name"].tolist()


def test_movers_say_that_a_book_starts_within_last_year() -> None:
    page = make(cube([m for m in MONTHS if m >= "2024-06"]))[1]
    assert page.notes[0].startswith("The book starts in 2024-06, so last year (2024) is not whole")
    assert page.figures == ()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_year_whose_last_year_is_not_over_is_not_compared(lang: str) -> None:
    year, words, book = parse_period("2026"), Words(lang, "EUR"), cube()
    forecast = forecast_sales(book, ACCOUNTS, as_of=AS_OF, until=year.end, params=ForecastParams())
    accuracy = accuracy_on_holdout(book, ACCOUNTS, as_of=AS_OF, params=ForecastParams())
    months = outlook_by_month(book, forecast, as_of=AS_OF, year=year)
    changes = outlook_by_account(book, forecast, ACCOUNTS, as_of=AS_OF, year=year)
    landing = landing_page(months, accuracy, words=words, name="B", year=year, as_of=AS_OF)
    movers = pages.movers_page(changes, words=words, year=year, first_month="2022-01")
    money = words.money(total_money(months["landing"]))
    assert landing.title == words("forecast.landing_title_running", year=year, landing=money)
    assert landing.totals == ("actual", "forecast", "landing")
    assert "2025" not in [
        row.get("bar") for rows in landing.figures[0].spec["datasets"].values() for row in rows
    ]
    assert movers.title == words("forecast.movers_title_alone", year=year)
    assert movers.notes[0] == words("forecast.movers_running", before=year.last_year())
    assert movers.figures == ()
    assert "change" not in movers.table
    assert movers.table["landing"].is_monotonic_decreasing


def test_no_movers_is_said_so() -> None:
    flat = pd.DataFrame({"account_id": ["A00"], "name": ["x"], "actual": to_money([0]), "forecast": to_money([5]),
                         "landing": to_money([5]), "actual_last_year": to_money([5]), "change": to_money([0])})  # fmt: skip
    page = pages.movers_page(flat, words=Words("en"), year=YEAR, first_month="2020-01")
    assert page.title == "No account moves: 2025 lands where last year did"
    assert page.figures[0].svg


def accuracy_table(worse: list[str], method: str = "blend") -> pd.DataFrame:
    book = cube()
    table = accuracy_on_holdout(book, ACCOUNTS, as_of=AS_OF, params=ForecastParams(method=method))
    own = table["method"] == method
    table["wape"] = 0.2
    table.loc[own, "wape"] = 0.1
    table.loc[own & table["level"].isin(worse), "wape"] = 0.9
    return table


@pytest.mark.parametrize(
    ("worse", "title"),
    [
        ([], "The forecast beats seasonal naive at every level"),
        (
            ["region", "account_line"],
            "does not beat seasonal naive at 2 of 7 levels (region, account and product line)",
        ),
        (list(LEVELS), "The forecast does not beat seasonal naive at any level"),
    ],
)
def test_errors_say_plainly_where_seasonal_naive_is_not_beaten(worse: list[str], title: str) -> None:
    page = pages.errors_page(accuracy_table(worse), words=Words("en"), method="blend", as_of=AS_OF)
    assert title in page.title
    assert page.table["horizon"].isna().tolist() == [True] * 7 + [False] * (len(page.table) - 7)
    assert page.table["level"].head(7).tolist()[:2] == ["Company", "Region"]
    assert page.figures[0].native.rows == 7


def test_seasonal_naive_in_use_is_not_compared_with_itself() -> None:
    table = accuracy_table([], "seasonal_naive")
    page = pages.errors_page(table, words=Words("en"), method="seasonal_naive", as_of=AS_OF)
    assert page.title.startswith("Seasonal naive is the forecast in use: off by")


def test_too_short_a_history_is_said_so() -> None:
    page = make(cube([m for m in MONTHS if m >= "2025-01"]))[2]
    assert page.title.startswith("How good forecasts are cannot be said yet")
    assert page.figures == ()
    assert page.table.empty


def test_the_fan_starts_where_actuals_end_and_ends_at_the_landing() -> None:
    outlook = pd.DataFrame(
        {
            "period": ["2025-01", "2025-02", "2025-03"],
            "actual": to_money([100_0000, 0, 0]).where(pd.Series([True, False, False])),
            "forecast": to_money([0, 120_0000, 130_0000]).where(pd.Series([False, True, True])),
            "landing": to_money([100_0000, 120_0000, 130_0000]),
            "actual_last_year": to_money([90_0000, 95_0000, 99_0000]),
        }
    )
    running = pd.DataFrame(
        {
            "period": ["2025-02", "2025-03"],
            "low_80": to_money([110_0000, 220_0000]),
            "high_80": to_money([135_0000, 290_0000]),
        }
    )
    lines = fan_lines(outlook, running)
    assert lines["PY"].tolist() == [90, 185, 284]
    assert lines["AC"].head(1).tolist() == [100]
    assert lines["FC"].tolist() == [100, 220, 350]
    assert lines["low"].tolist() == [100, 210, 320]
    assert lines["high"].tolist() == [100, 235, 390]
    alone = fan_lines(outlook, None)
    assert alone["low"].tolist() == alone["high"].tolist() == [100, 220, 350]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            "Bias at company level: {bias} (plus is a forecast too high), made at 4 dates from 2024-10 on, each for "
            "all months up to 2025-10-01. It may differ, also in side, from what page forecast 1, and the summary "
            "where most went to one side, tell of the forecasts 1 to 12 months ahead from 2023-01 to 2023-07: those leave out what new accounts brought, and stand on "
            "other dates, months and lengths of history.",
        ),
        (
            "zh",
            "公司层级偏差：{bias}（正值表示预测偏高），自 2024-10 起4个时点各预测至 2025-10-01。"
            "它与“预测 1”页（多数偏向一侧时还有摘要）中提前 1 至 12 个月、2023-01 至 2023-07 的预测误差可能不同，方向也可能相反："
            "后者不计新客户的收入，且时点、月数与可用历史均不同。",
        ),
    ],
)
def test_a_bias_names_its_dates_and_why_another_differs(lang: str, said: str) -> None:
    accuracy = accuracy_on_holdout(cube(), ACCOUNTS, as_of=AS_OF, params=ForecastParams())
    blocks = pd.DataFrame({"origin": ["2023-07", "2023-01"], "horizon": [1, 12]})
    words = Words(lang, "EUR")
    page = pages.errors_page(accuracy, words=words, method="blend", as_of=AS_OF, blocks=blocks)
    pooled = accuracy["origin"].isna() & accuracy["horizon"].isna() & (accuracy["method"] == "blend")
    bias = words.signed_percent(accuracy.loc[pooled & (accuracy["level"] == "company"), "bias"].iloc[0])
    assert page.notes[0] == said.format(bias=bias)
