"""Figures of the chapter on accounts, drawn from its tables; only numbers are written as words here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.figure import ACCENT, BAD, DARK, GOOD, GRID, LIGHT, WIDTH, Figure, NativeChart, figure
from kamlib.glossary import Words
from kamlib.measures.money import as_float

_POINTS = 600
_LABEL = 170


def pareto_chart(
    curves: pd.DataFrame, cut: pd.DataFrame, *, cut_share: float | None, words: Words, native: NativeChart
) -> Figure:
    """Draw cumulative share over the number of accounts, the cut named.

    Parameters
    ----------
    curves : pandas.DataFrame
        One row per point: `curve` (its name), `scenario` (AC, PY or accent), `accounts`, `cumulative_share`
        [fraction], `name` of the account.
    cut : pandas.DataFrame, at most one row
        Where the curve of revenue crosses the cut: `accounts`, `cumulative_share` [fraction], `text`.
    cut_share : float or None
        The cut, drawn across; none where accounts are cut by an amount [fraction].
    words : Words
        Language.
    native : NativeChart
        The workbook's chart.
    """
    looks = {"AC": DARK, "PY": LIGHT, "accent": ACCENT}
    base = alt.Chart(_plain(curves))
    x = alt.X("accounts:Q", title=words("accounts.axis_accounts"), axis=alt.Axis(tickMinStep=1, format=",d"))
    y = alt.Y("cumulative_share:Q", title=words("accounts.axis_cumulative"), axis=alt.Axis(format="%"),
              scale=alt.Scale(zero=True))  # fmt: skip
    colour = alt.Color(
        "scenario:N", scale=alt.Scale(domain=list(looks), range=list(looks.values())), legend=None
    )
    detail = alt.Detail("curve:N")
    tips = [
        alt.Tooltip("curve:N", title=words.label("basis")),
        alt.Tooltip("name:N", title=words.label("name")),
        alt.Tooltip("accounts:Q", title=words.label("rank"), format=",d"),
        alt.Tooltip("cumulative_share:Q", title=words.label("cumulative_share"), format=".1%"),
    ]
    lines = base.mark_line(strokeWidth=2).encode(x, y, colour, detail)
    hover = base.mark_point(opacity=0, size=60).encode(x, y, tooltip=tips)
    names = curves.groupby("curve", sort=False).tail(1).assign(place=lambda t: _apart(t["cumulative_share"]))
    ends = alt.Chart(_plain(names)).mark_text(align="left", dx=6).encode(
        x, alt.Y("place:Q"), colour, text="curve:N"
    )  # fmt: skip
    mark = alt.Chart(_plain(cut))
    layers = [lines, hover, ends]
    if cut_share is not None:
        across = alt.Chart(pd.DataFrame({"at": [cut_share]})).mark_rule(strokeDash=[4, 3], color=DARK)
        layers.insert(0, across.encode(alt.Y("at:Q")))
    layers += [
        mark.mark_rule(strokeDash=[4, 3], color=DARK).encode(x, y, alt.Y2Datum(0)),
        mark.mark_point(size=70, color=DARK, filled=True).encode(x, y),
        mark.mark_text(align="left", dx=10, dy=14, fontWeight="bold").encode(x, y, text="text:N"),
    ]
    return figure(alt.layer(*layers).properties(width=WIDTH - 190, height=300), native)


def tier_chart(tiers: pd.DataFrame, *, words: Words) -> Figure:
    """Draw each tier's revenue, this year beside last year, with counts and shares written on the bars.

    Parameters
    ----------
    tiers : pandas.DataFrame
        What `summarise_tiers` returns, in order.
    words : Words
        Language.
    """
    now = tiers.assign(scenario="AC")[["tier", "scenario", "accounts", "revenue", "share"]]
    past = tiers.assign(scenario="PY")[
        ["tier", "scenario", "accounts_last_year", "revenue_last_year", "share_last_year"]
    ]
    rows = pd.concat([past.set_axis(now.columns, axis=1), now]).reset_index(drop=True)
    rows = _plain(rows[rows["revenue"].notna()])
    rows["tier"] = [words.value("tier", code) for code in rows["tier"]]
    rows["text"] = [
        words(
            "accounts.tier_text", accounts=words.count(int(n)), money=words.money(m), share=words.percent(s)
        )
        if s == s and n == n
        else words.money(m)
        for n, m, s in zip(rows["accounts"], rows["revenue"], rows["share"], strict=True)
    ]
    order = [words.value("tier", code) for code in tiers["tier"]]
    base = alt.Chart(rows).encode(
        alt.Y("tier:N", sort=order, title=None),
        alt.X("revenue:Q", axis=None, scale=alt.Scale(zero=True)),
        alt.YOffset("scenario:N", sort=["PY", "AC"]),
        tooltip=_tips(
            words, text=["tier", "scenario"], count=["accounts"], money=["revenue"], fraction=["share"]
        ),
    )
    bars = base.mark_bar().encode(alt.Color("scenario:N", scale=_scenario_scale(), legend=None))
    text = base.mark_text(align="left", dx=5).encode(text="text:N")
    return figure((bars + text).properties(width=WIDTH - 260, height=40 * tiers["tier"].nunique()))


def matrix_chart(
    points: pd.DataFrame, *, wallet_cut: float, potential_cut: float, words: Words, native: NativeChart
) -> Figure:
    """Draw accounts by potential and share of wallet, in four named fields.

    Parameters
    ----------
    points : pandas.DataFrame
        One row per account: `name`, `field`, `potential` above zero [currency/year], `share_of_wallet`
        [fraction], `revenue` [currency], `open_potential` [currency/year], `label` (empty where not written).
    wallet_cut : float
        Where high value begins [fraction].
    potential_cut : float
        Where high potential begins [currency/year].
    words : Words
        Language.
    native : NativeChart
        The workbook's chart.
    """
    data = _plain(points.head(_POINTS))
    low, high = _log_span(data["potential"])
    top = max(1.05, min(1.5, float(data["share_of_wallet"].max()) * 1.05)) if len(data) else 1.05
    x = alt.X("potential:Q", scale=alt.Scale(type="log", domain=[low, high], nice=False), axis=_money_axis(words),
              title=words("accounts.axis_potential"))  # fmt: skip
    y = alt.Y("share_of_wallet:Q", scale=alt.Scale(domain=[0, top], clamp=True), axis=alt.Axis(format="%"),
              title=words.label("share_of_wallet"))  # fmt: skip
    codes = [words.value("field", code) for code in ("keep", "grow", "harvest", "review")]
    data["field"] = [words.value("field", code) for code in data["field"]]
    colour = alt.Color(
        "field:N", scale=alt.Scale(domain=codes, range=[DARK, ACCENT, LIGHT, LIGHT]), legend=None
    )
    tips = _tips(
        words,
        text=["name", "field"],
        money=["potential", "revenue", "open_potential"],
        fraction=["share_of_wallet"],
    )
    dots = alt.Chart(data).mark_circle(opacity=0.75).encode(
        x, y, colour, alt.Size("revenue:Q", scale=alt.Scale(range=[25, 700], domainMin=0), legend=None), tooltip=tips
    )  # fmt: skip
    names = alt.Chart(data[data["label"] != ""]).mark_text(align="right", dx=-9).encode(x, y, text="label:N")
    corners = pd.DataFrame(
        {"field": codes, "potential": [high, high, low, low], "share_of_wallet": [top, 0.0, top, 0.0]}
    )
    titles = [
        alt.Chart(corners.iloc[[at]]).mark_text(
            align="right" if at < 2 else "left", dx=-6 if at < 2 else 6, dy=10 if at % 2 == 0 else -10,
            fontWeight="bold", fontSize=13, color=DARK, opacity=0.6,
        ).encode(x, y, text="field:N")
        for at in range(4)
    ]  # fmt: skip
    cuts = [
        alt.Chart(pd.DataFrame({"potential": [potential_cut]}))
        .mark_rule(strokeDash=[4, 3], color=DARK)
        .encode(x),
        alt.Chart(pd.DataFrame({"share_of_wallet": [wallet_cut]}))
        .mark_rule(strokeDash=[4, 3], color=DARK)
        .encode(y),
    ]
    return figure(alt.layer(*cuts, dots, *titles, names).properties(width=WIDTH - 90, height=360), native)


def bar_chart(
    rows: pd.DataFrame, *, value: str, title: str, words: Words, native: NativeChart | None = None
) -> Figure:
    """Draw an amount by account as bars in the order given, values written on them.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per bar: `name`, the amount, and `marked`, whether the bar is in the accent colour.
    value : str
        Column of the amount [currency].
    title : str
        Title over the bars.
    words : Words
        Language.
    native : NativeChart, optional
        The workbook's chart.
    """
    data = _plain(rows)
    data["text"] = [words.money(v) for v in data[value]]
    base = alt.Chart(data).encode(
        alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=_LABEL)),
        alt.X(f"{value}:Q", axis=None, scale=alt.Scale(zero=True)),
        tooltip=_tips(words, text=["name"], money=[value]),
    )
    colour = alt.condition("datum.marked", alt.value(ACCENT), alt.value(DARK))
    bars = base.mark_bar().encode(color=colour)
    return figure(
        _with_values(base, bars, data[value]).properties(
            width=WIDTH - 260, height=20 * len(data), title=_title(title)
        ),
        native,
    )


def tenure_chart(points: pd.DataFrame, *, words: Words, native: NativeChart) -> Figure:
    """Draw accounts by years of tenure and revenue, those that do not pay in the accent colour.

    Parameters
    ----------
    points : pandas.DataFrame
        One row per account: `name`, `tenure_years` [years], `revenue` above zero, `profit` [currency], `pays`.
    words : Words
        Language.
    native : NativeChart
        The workbook's chart.
    """
    data = _plain(points.head(_POINTS))
    data["loss"] = [value is False or value == 0 for value in points["pays"].head(_POINTS).astype(object)]
    low, high = _log_span(data["revenue"])
    dots = alt.Chart(data).mark_circle(size=70, opacity=0.75).encode(
        alt.X("tenure_years:Q", title=words("accounts.axis_tenure"), scale=alt.Scale(zero=True)),
        alt.Y("revenue:Q", scale=alt.Scale(type="log", domain=[low, high], nice=False), axis=_money_axis(words),
              title=words("accounts.axis_revenue_log")),
        color=alt.condition("datum.loss", alt.value(ACCENT), alt.value(DARK)),
        tooltip=_tips(words, text=["name"], number=["tenure_years"], money=["revenue", "profit"]),
    )  # fmt: skip
    return figure(dots.properties(width=WIDTH - 90, height=260), native)


def movement_chart(matrix: pd.DataFrame, *, words: Words) -> Figure:
    """Draw last year's tiers against this year's: how many accounts moved, and what their revenue changed by.

    Parameters
    ----------
    matrix : pandas.DataFrame
        What `movement_matrix` returns.
    words : Words
        Language.
    """
    data = _plain(matrix)
    data["text"] = [
        words(f"accounts.cell_accounts_{'one' if n == 1 else 'many'}", count=words.count(n)) if n else ""
        for n in data["accounts"]
    ]
    data["money"] = [
        words.signed_money(m) if n else ""
        for n, m in zip(data["accounts"], data["revenue_change"], strict=True)
    ]
    data["better"] = np.sign(data["revenue_change"])
    order = [words.value("tier", code) for code in matrix["tier"].unique()]
    for column in ("tier", "tier_last_year"):
        data[column] = [words.value("tier", code) for code in data[column]]
    base = alt.Chart(data).encode(
        alt.X("tier:N", sort=order, title=words("accounts.axis_tier_now"), axis=alt.Axis(orient="top", labelAngle=0)),
        alt.Y("tier_last_year:N", sort=order, title=words("accounts.axis_tier_past")),
        tooltip=_tips(words, text=["tier_last_year", "tier"], count=["accounts"],
                      money=["revenue_last_year", "revenue", "revenue_change"]),
    )  # fmt: skip
    heat = base.mark_rect(stroke="white", strokeWidth=2).encode(
        alt.Color("accounts:Q", scale=alt.Scale(range=["#f5f6f7", LIGHT], type="sqrt"), legend=None)
    )
    sign = (
        alt.when("datum.better > 0").then(alt.value(GOOD)).when("datum.better < 0").then(alt.value(BAD))
    ).otherwise(alt.value(DARK))
    counts = base.mark_text(dy=-7).encode(text="text:N")
    money = base.mark_text(dy=9).encode(text="money:N", color=sign)
    return figure((heat + counts + money).properties(width=WIDTH - 220, height=190))


def change_chart(rows: pd.DataFrame, *, words: Words, native: NativeChart) -> Figure:
    """Draw the largest entries, exits, risers and fallers, each group with its rest gathered.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per bar, in order: `group` (its heading), `name`, `revenue_change` [currency].
    words : Words
        Language.
    native : NativeChart
        The workbook's chart.
    """
    data = _plain(rows)
    data["text"] = [words.signed_money(v) for v in data["revenue_change"]]
    span = [min(0.0, float(data["revenue_change"].min())), max(0.0, float(data["revenue_change"].max()))]
    room = 0.18 * (span[1] - span[0])
    scale = alt.Scale(
        domain=[span[0] - (room if span[0] < 0 else 0), span[1] + (room if span[1] > 0 else 0)], nice=False
    )
    panels = []
    for group in data["group"].unique():
        part = data[data["group"] == group]
        base = alt.Chart(part).encode(
            alt.Y("name:N", sort=None, title=group, axis=alt.Axis(labelLimit=_LABEL, minExtent=_LABEL + 10)),
            alt.X("revenue_change:Q", axis=None, scale=scale),
            tooltip=_tips(words, text=["group", "name"], money=["revenue_change"]),
        )
        bars = base.mark_bar().encode(
            color=alt.condition("datum.revenue_change > 0", alt.value(GOOD), alt.value(BAD))
        )
        panels.append(
            _with_values(base, bars, part["revenue_change"]).properties(
                width=WIDTH - 260, height=20 * len(part)
            )
        )
    return figure(alt.vconcat(*panels, spacing=8), native)


def mix_chart(points: pd.DataFrame, bands: pd.DataFrame, *, words: Words, native: NativeChart) -> Figure:
    """Draw key accounts' share of revenue against own market share, with the bands where the rule speaks.

    Parameters
    ----------
    points : pandas.DataFrame
        One row per region and one for the total: `region`, `own_share`, `key_share` [fraction], `verdict`,
        `level`.
    bands : pandas.DataFrame
        What `mix_bands` returns.
    words : Words
        Language.
    native : NativeChart
        The workbook's chart.
    """
    areas = bands.assign(verdict=[words.value("verdict", code) for code in bands["verdict"]])
    data = points.assign(verdict=[words.value("verdict", code) for code in points["verdict"]])
    x = alt.X(
        "own_share:Q",
        title=words("accounts.axis_own_share"),
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%"),
    )
    y = alt.Y(
        "key_share:Q",
        title=words("accounts.axis_key_share"),
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%"),
    )
    band = alt.Chart(areas)
    shade = band.mark_rect(color=GRID).encode(
        alt.X("own_from:Q", title=words("accounts.axis_own_share")), alt.X2("own_to:Q"),
        alt.Y("key_from:Q", title=words("accounts.axis_key_share")), alt.Y2("key_to:Q"),
    )  # fmt: skip
    names = band.mark_text(align="left", baseline="top", dx=4, dy=4, opacity=0.7).encode(
        alt.X("own_from:Q"), alt.Y("key_to:Q"), text="verdict:N"
    )
    base = alt.Chart(_plain(data)).encode(
        x, y, tooltip=_tips(words, text=["region", "verdict"], fraction=["own_share", "key_share"])
    )
    colour = alt.condition("datum.level == 'total'", alt.value(ACCENT), alt.value(DARK))
    dots = base.mark_circle(size=90, opacity=1).encode(color=colour)
    text = base.mark_text(align="left", dx=8).encode(text="region:N", color=colour)
    return figure(alt.layer(shade, names, dots, text).properties(width=WIDTH - 90, height=340), native)


def share_chart(rows: pd.DataFrame, *, words: Words, native: NativeChart) -> Figure:
    """Draw key accounts' share of revenue by region as bars, where no own market share is known.

    Parameters
    ----------
    rows : pandas.DataFrame
        One row per bar, in order: `region`, `key_share` [fraction], `level`.
    words : Words
        Language.
    native : NativeChart
        The workbook's chart.
    """
    data = _plain(rows)
    data["text"] = [words.percent(share) for share in data["key_share"]]
    base = alt.Chart(data).encode(
        alt.Y("region:N", sort=None, title=None),
        alt.X("key_share:Q", axis=None, scale=alt.Scale(domain=[0, 1.15])),
        tooltip=_tips(words, text=["region"], fraction=["key_share"]),
    )
    colour = alt.condition("datum.level == 'total'", alt.value(ACCENT), alt.value(DARK))
    layers = base.mark_bar().encode(color=colour) + base.mark_text(align="left", dx=5).encode(text="text:N")
    return figure(layers.properties(width=WIDTH - 260, height=24 * len(data)), native)


def _with_values(base: Any, bars: Any, values: pd.Series) -> Any:
    """Write each value at the outer end of its bar."""
    value = base.encoding.x.shorthand.partition(":")[0]
    right = (
        base.transform_filter(f"datum['{value}'] >= 0").mark_text(align="left", dx=5).encode(text="text:N")
    )
    left = (
        base.transform_filter(f"datum['{value}'] < 0").mark_text(align="right", dx=-5).encode(text="text:N")
    )
    if (values < 0).any():
        return alt.layer(bars, right, left)
    return alt.layer(bars, right)


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Turn exact money into floats, which is all a drawing needs."""
    result = table.reset_index(drop=True).copy()
    for column in result.columns:
        if isinstance(result[column].dtype, pd.ArrowDtype):
            result[column] = as_float(result[column])
    return result


def _tips(
    words: Words,
    *,
    text: Sequence[str] = (),
    count: Sequence[str] = (),
    number: Sequence[str] = (),
    money: Sequence[str] = (),
    fraction: Sequence[str] = (),
) -> list[Any]:
    kinds = (
        (text, "N", None),
        (count, "Q", ",d"),
        (number, "Q", ",.1f"),
        (money, "Q", ",.0f"),
        (fraction, "Q", ".1%"),
    )
    return [
        alt.Tooltip(f"{name}:{kind}", title=words.label(name), **({"format": style} if style else {}))
        for names, kind, style in kinds
        for name in names
    ]


def _money_axis(words: Words) -> Any:
    steps = {"en": ((1e9, " B"), (1e6, " M"), (1e3, " k")), "zh": ((1e8, " 亿"), (1e4, " 万"))}[words.lang]
    text = "format(datum.value, ',~g')"
    for scale, sign in reversed(steps):
        text = f"abs(datum.value) >= {scale:.0f} ? format(datum.value / {scale:.0f}, ',~g') + '{sign}' : ({text})"
    return alt.Axis(labelExpr=text, labelOverlap=True)


def _scenario_scale() -> Any:
    return alt.Scale(domain=["PY", "AC"], range=[LIGHT, DARK])


def _title(text: str) -> Any:
    return alt.TitleParams(text, anchor="start", fontSize=12, fontWeight="normal", color=DARK)


def _log_span(values: pd.Series) -> tuple[float, float]:
    """Return the ends of a logarithmic axis around positive values."""
    above = values[values > 0]
    if above.empty:
        return 1.0, 10.0
    return float(above.min()) / 1.4, float(above.max()) * 1.4


def _apart(shares: pd.Series, gap: float = 0.055) -> pd.Series:
    """Move the names of curves apart that end at the same height, downwards."""
    places: list[float] = []
    for share in shares:
        place = float(share)
        while any(abs(place - other) < gap - 1e-9 for other in places):
            place -= gap
        places.append(place)
    return pd.Series(places, index=shares.index)
