"""A small pack with every kind of chart and cell, in both languages, for the tests of rendering."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.bridge import bridge
from kamlib.charts.figure import DARK, LIGHT, NativeChart, figure
from kamlib.glossary import Words
from kamlib.measures.money import to_money
from kamlib.packs.content import PageRef, Prose, Section
from kamlib.packs.page import Page, save_page
from kamlib.runs import Run

HOSTILE = [
    "<script>alert(1)</script>",
    "=1+1",
    "../x",
    "\"quoted\" & 'single'",
    "+1",
    "-1",
    "@x",
    "\tx",
    "</script><!--",
]
TEXT: dict[str, dict[str, str]] = {
    "summary": {
        "en": "The first quarter is asked for 12.4 M, 6.3 % above last year; 0.5 M of it has no forecast behind it",
        "zh": "一季度目标 1,240万，比上年同期高 6.3 %，其中 50万尚无预测支撑",
    },
    "bridge_sub": {
        "en": "Northern Bikes · revenue, EUR · 2026Q1, from previous year to forecast to target",
        "zh": "北方自行车 · 收入，EUR · 2026Q1，从上年实际到预测再到目标",
    },
    "pareto": {
        "en": "Twenty-three of 118 accounts bring 80 % of revenue; four of them do not pay for their service",
        "zh": "118 家客户中的 23 家贡献了 80 % 的收入，其中 4 家的毛利不够支付服务成本",
    },
    "pareto_sub": {"en": "Key accounts · revenue, EUR · 2025, AC and PY", "zh": "大客户 · 收入，EUR · 2025，AC 与 PY"},
    "note_1": {
        "en": "Look at the three accounts that cross the cut: a lost order would move them out.",
        "zh": "请关注压线的三家客户：少一张订单就会跌出 A 类。",
    },
    "note_2": {"en": "Sales without an account are left out: 41 k.", "zh": "未计入没有客户的销售 4.1万。"},
    "prose": {
        "en": "# Accounts\n\nWho matters, and for what.\n\n## Who brings the money?\n\nLook first at the **cut**, then at who stands near it.",
        "zh": "# 客户\n\n谁重要、为什么重要。\n\n## 谁在贡献收入？\n\n先看**分界线**，再看线附近的客户。",
    },
    "months": {
        "en": "The year lands at 49.8 M, 0.6 M above the target",
        "zh": "全年落点 4,980万，高于目标 60万",
    },
    "value": {
        "en": "Eleven accounts worth less than their potential could bring 2.1 M more",
        "zh": "11 家客户远未达到潜力，还可再贡献 210万",
    },
    "odd": {"en": "Names from data stay data", "zh": "来自数据的名称仍是数据"},
}  # fmt: skip


def accounts(rows: int = 118) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    revenue = np.sort(np.exp(rng.normal(11, 1.4, rows)))[::-1]
    names = [f"Velo Handels {i:03d} GmbH" if i % 3 else f"华东轮业有限公司{i:03d}" for i in range(rows)]
    names[: len(HOSTILE)] = HOSTILE[:rows]
    table = pd.DataFrame({"account_id": [f"A{i:03d}" for i in range(rows)], "name": names})
    table["revenue"] = to_money((revenue * 10_000).round().astype("int64"))
    table["share"] = revenue / revenue.sum()
    table["cumulative_share"] = table["share"].cumsum()
    table["lines"] = rng.integers(1, 4000, rows)
    table["since"] = pd.to_datetime("2015-03-01") + pd.to_timedelta(rng.integers(0, 3600, rows), "D")
    table["key_account"] = table["cumulative_share"].shift(fill_value=0) < 0.8
    table["tier"] = np.where(table["key_account"], "A", "B")
    table["growth"] = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(0.05, 0.2, rows))
    return table


def pages(words: Words) -> list[Page]:
    lang = words.lang
    say = {key: pair[lang] for key, pair in TEXT.items()}
    return [
        _summary(say, words),
        _pareto(say, words),
        _value(say),
        _months(say),
        Page(
            id="forecast_2",
            title=say["odd"],
            subtitle=say["pareto_sub"],
            table=accounts(12)[["name", "revenue", "tier"]],
            totals=("revenue",),
            folded=False,
        ),
    ]


def sections(words: Words) -> tuple[Section, ...]:
    prose = TEXT["prose"][words.lang].split("\n\n", 1)
    forecast = {"en": "Forecast", "zh": "预测"}[words.lang]
    summary = {"en": "Summary", "zh": "摘要"}[words.lang]
    return (
        Section("summary", summary, (PageRef("summary"),)),
        Section(
            "accounts", prose[0].lstrip("# "), (Prose(prose[1]), PageRef("accounts_1"), PageRef("accounts_2"))
        ),
        Section("forecast", forecast, (PageRef("forecast_1"), PageRef("forecast_2"))),
    )


def facts(lang: str) -> dict[str, Any]:
    return {
        "pack": "planning",
        "period": "2026Q1",
        "as_of": "2026-01-01",
        "lang": lang,
        "seed": 1,
        "parameters": {"segments": {"key_share": 0.8, "tiers": [0.8, 0.95]}},
        "book": {
            "name": "Northern Bikes",
            "currency": "EUR",
            "rounding_unit": 100,
            "fiscal_year_start": 1,
            "hash": "0f3a",
            "rows": {"accounts": 118, "sales": 30211},
        },
    }


def make_run(folder: Path, lang: str = "en") -> Run:
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    run = Run(folder, facts(lang))
    for page in pages(run.words):
        save_page(run, page)
    return run


def _summary(say: dict[str, str], words: Words) -> Page:
    zh = words.lang == "zh"
    steps = [
        ("2025Q1" if not zh else "上年实际", 11_650_000.0, "PY"),
        ("Same accounts" if not zh else "老客户", 620_000.0, "change"),
        ("New accounts" if not zh else "新客户", 240_000.0, "change"),
        ("Lost accounts" if not zh else "流失", -610_000.0, "change"),
        ("Forecast" if not zh else "预测", 11_900_000.0, "FC"),
        ("Gap" if not zh else "缺口", 500_000.0, "change"),
        ("Target" if not zh else "目标", 12_400_000.0, "PL"),
    ]
    drawn = pd.DataFrame(steps, columns=["step", "amount", "scenario"])
    reps = pd.DataFrame(
        {
            "name": ["Anna Berg", "李伟", "Tom O'Neil"],
            "forecast": to_money([4_000_000_0000, 3_900_000_0000, 4_000_000_0000]),
            "target": [4_200_000, 4_100_000, 4_100_000],
        }
    )
    return Page(
        id="summary",
        title=say["summary"],
        subtitle=say["bridge_sub"],
        sentences=(say["months"], say["pareto"], say["value"]),
        table=reps,
        figures=(bridge(drawn, words=words),),
        notes=(say["note_1"], say["note_2"]),
        totals=("forecast", "target"),
        kinds={"target": "money"},
        folded=False,
    )


def _pareto(say: dict[str, str], words: Words) -> Page:
    table = accounts()
    drawn = table.head(15).assign(
        revenue=lambda t: t["revenue"].astype(float), text=lambda t: t["revenue"].map(words.money)
    )
    base = alt.Chart(drawn).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False))
    )
    bars = base.mark_bar(size=16).encode(
        x=alt.X("revenue:Q", axis=None), tooltip=["name", alt.Tooltip("revenue", format=",.0f")]
    )
    text = base.mark_text(align="left", dx=5).encode(x="revenue:Q", text="text:N")
    curve = (
        alt.Chart(table[["cumulative_share"]].assign(rank=range(1, len(table) + 1)))
        .mark_line()
        .encode(
            x="rank:Q",
            y=alt.Y("cumulative_share:Q", axis=alt.Axis(format="%")),
            tooltip=["rank", "cumulative_share"],
        )
        .properties(width=300, height=220)
    )
    native = NativeChart("bar", "name", {"revenue": "AC"}, rows=15)
    return Page(
        id="accounts_1",
        title=say["pareto"],
        subtitle=say["pareto_sub"],
        table=table,
        figures=(
            figure((bars + text).properties(width=460, height=alt.Step(22)), native),
            figure(curve, NativeChart("line", "account_id", {"cumulative_share": "AC"})),
        ),
        notes=(say["note_1"],),
        totals=("revenue", "lines"),
    )


def _value(say: dict[str, str]) -> Page:
    table = accounts()[["name", "revenue", "growth", "tier"]]
    drawn = table.assign(revenue=table["revenue"].astype(float)).dropna()
    chart = (
        alt.Chart(drawn)
        .mark_point(size=45)
        .encode(
            x=alt.X("revenue:Q", scale=alt.Scale(type="log")),
            y=alt.Y("growth:Q", axis=alt.Axis(format="%")),
            color=alt.Color("tier:N", scale=alt.Scale(range=[DARK, LIGHT])),
            tooltip=["name", "tier", alt.Tooltip("growth", format=".1%")],
        )
        .properties(width=620, height=320)
    )
    native = NativeChart("scatter", "revenue", {"growth": "AC"})
    return Page(
        id="accounts_2",
        title=say["value"],
        subtitle=say["pareto_sub"],
        table=pd.concat([table] * 5, ignore_index=True),
        figures=(figure(chart, native),),
        totals=("revenue",),
    )


def _months(say: dict[str, str]) -> Page:
    months = [f"2025-{m:02d}" for m in range(1, 13)]
    actual = [3.1, 3.3, 4.4, 4.6, 5.0, 4.7, 4.1, 3.8, 4.4]
    forecast = [4.2, 4.0, 4.2]
    plan = [3.2, 3.4, 4.2, 4.5, 4.9, 4.8, 4.2, 3.9, 4.3, 4.1, 3.9, 3.8]
    table = pd.DataFrame(
        {
            "month": months,
            "AC": to_money([int(v * 10_000_000_000) for v in actual] + [0] * 3),
            "FC": [None] * 9 + [Decimal(str(v)) * 1_000_000 for v in forecast],
            "PL": [v * 1e6 for v in plan],
        }
    )
    long = table.assign(AC=table["AC"].astype(float), FC=table["FC"].astype(float)).melt(
        "month", ["AC", "FC"]
    )
    bars = (
        alt.Chart(long.dropna())
        .mark_bar(size=30)
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", axis=None),
            color=alt.Color("variable:N", scale=alt.Scale(domain=["AC", "FC"], range=[DARK, LIGHT])),
            tooltip=["month", "variable", alt.Tooltip("value", format=",.0f")],
        )
    )
    line = (
        alt.Chart(table[["month", "PL"]])
        .mark_line(strokeDash=[4, 3], point=True)
        .encode(x="month:O", y="PL:Q")
    )
    return Page(
        id="forecast_1",
        title=say["months"],
        subtitle=say["bridge_sub"],
        table=table,
        figures=(
            figure(
                (bars + line).properties(width=700, height=260),
                NativeChart("column", "month", {"AC": "AC", "FC": "FC", "PL": "PL"}),
            ),
        ),
        notes=(say["note_2"],),
        totals=("AC", "FC", "PL"),
        kinds={"AC": "money", "FC": "money", "PL": "money"},
    )
