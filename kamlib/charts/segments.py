"""Figures of the chapter on accounts, drawn from its tables; numbers are written, nothing is computed."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from kamlib.charts.figure import ACCENT, BAD, DARK, GOOD, GRID, LIGHT, WIDTH, Figure, NativeChart, figure
from kamlib.charts.parts import heading, log_span, money_axis, padded_scale, plain, tips, with_values
from kamlib.glossary import Words

_POINTS = 600
_LABEL = 170
_DASH = {"strokeDash": [4, 3], "color": DARK}


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
    axis = alt.Axis(tickMinStep=1, format=",d")
    x = alt.X("accounts:Q", title=words("accounts.axis_accounts"), axis=axis)
    y = alt.Y("cumulative_share:Q", title=words("accounts.axis_cumulative"), axis=alt.Axis(format="%"))
    colour = alt.Color(
        "scenario:N", scale=alt.Scale(domain=list(looks), range=list(looks.values())), legend=None
    )
    columns = ["curve", "scenario", "accounts", "cumulative_share", "name"]
    base = alt.Chart(plain(curves[columns])).encode(x, y)
    shown = tips(words, text=["name"], fraction=["cumulative_share"])
    shown.insert(0, alt.Tooltip("curve:N", title=words.label("basis")))
    shown.insert(2, alt.Tooltip("accounts:Q", title=words.label("rank"), format=",d"))
    names = (
        curves[columns]
        .groupby("curve", sort=False)
        .tail(1)
        .assign(place=lambda t: _apart(t["cumulative_share"]))
    )
    ends = alt.Chart(plain(names)).mark_text(align="left", dx=6)
    mark = alt.Chart(plain(cut)).encode(x, y)
    layers = [
        base.mark_line(strokeWidth=2).encode(colour, alt.Detail("curve:N")),
        base.mark_point(opacity=0, size=60).encode(tooltip=shown),
        ends.encode(x, alt.Y("place:Q"), colour, text="curve:N"),
        mark.mark_rule(**_DASH).encode(alt.Y2Datum(0)),
        mark.mark_point(size=70, color=DARK, filled=True),
        mark.mark_text(align="left", dx=10, dy=14, fontWeight="bold").encode(text="text:N"),
    ]
    if cut_share is not None:
        across = alt.Chart(pd.DataFrame({"at": [cut_share]})).mark_rule(**_DASH)
        layers.insert(0, across.encode(alt.Y("at:Q")))
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
    columns = ["accounts", "revenue", "share"]
    now = tiers[["tier", *columns]].assign(scenario="AC")
    past = tiers[["tier", *(f"{column}_last_year" for column in columns)]]
    past = past.set_axis(["tier", *columns], axis=1).assign(scenario="PY")
    rows = plain(pd.concat([past, now])).dropna(subset="revenue")
    order = [words.value("tier", code) for code in tiers["tier"]]
    rows["tier"] = [words.value("tier", code) for code in rows["tier"]]
    rows["text"] = [
        words(
            "accounts.tier_text", accounts=words.count(int(n)), money=words.money(m), share=words.percent(s)
        )
        if pd.notna(s) and pd.notna(n)
        else words.money(m)
        for n, m, s in zip(rows["accounts"], rows["revenue"], rows["share"], strict=True)
    ]
    shades = alt.Scale(domain=["PY", "AC"], range=[LIGHT, DARK])
    base = alt.Chart(rows).encode(
        alt.Y("tier:N", sort=order, title=None),
        alt.X("revenue:Q", axis=None, scale=alt.Scale(zero=True)),
        alt.YOffset("scenario:N", sort=["PY", "AC"]),
        tooltip=tips(words, text=["tier"], count=["accounts"], money=["revenue"], fraction=["share"]),
    )
    bars = base.mark_bar().encode(alt.Color("scenario:N", scale=shades, legend=None))
    layers = with_values(base, bars, rows["revenue"], x="revenue")
    return figure(layers.properties(width=WIDTH - 280, height=40 * len(order)))


def matrix_chart(
    points: pd.DataFrame, *, wallet_cut: float, potential_cut: float, words: Words, native: NativeChart
) -> Figure:
    """Draw accounts by potential and share of wallet, in four named fields.

    Parameters
    ----------
    points : pandas.DataFrame
        One row per account, the largest first: `name`, `field`, `potential` above zero [currency/year],
        `share_of_wallet` [fraction], `revenue` [currency], `open_potential` [currency/year], `label` (empty
        where not written).
    wallet_cut : float
        Where high value begins [fraction].
    potential_cut : float
        Where high potential begins [currency/year].
    words : Words
        Language.
    native : NativeChart
        The workbook's chart.
    """
    codes = [words.value("field", code) for code in ("keep", "grow", "harvest", "review")]
    money = ["potential", "revenue", "open_potential"]
    data = plain(points[["name", "field", *money, "share_of_wallet", "label"]].head(_POINTS))
    data["field"] = [words.value("field", code) for code in data["field"]]
    span = log_span(pd.concat([data["potential"], pd.Series([potential_cut])]))
    top = max(1.05, min(1.5, float(data["share_of_wallet"].max()) * 1.05))
    log = alt.Scale(type="log", domain=span, nice=False)
    title = words("accounts.axis_potential")
    x = alt.X("potential:Q", scale=log, axis=money_axis(words, span), title=title)
    wallet, above = words.label("share_of_wallet"), int((data["share_of_wallet"] > top).sum())
    if above:
        wallet = words("accounts.axis_wallet_cut", wallet=wallet, count=words.count(above), cut=f"{top:.0%}")
    y = alt.Y(
        "share_of_wallet:Q",
        scale=alt.Scale(domain=[0, top], clamp=True),
        axis=alt.Axis(format="%"),
        title=wallet,
    )
    dots = alt.Chart(data).mark_circle(opacity=0.75).encode(
        x, y,
        alt.Color("field:N", scale=alt.Scale(domain=codes, range=[DARK, ACCENT, LIGHT, LIGHT]), legend=None),
        alt.Size("revenue:Q", scale=alt.Scale(range=[25, 700], domainMin=0), legend=None),
        tooltip=tips(words, text=["name", "field"], money=money, fraction=["share_of_wallet"]),
    )  # fmt: skip
    named = alt.Chart(data[data["label"] != ""]).encode(x, y, text="label:N")
    halo = named.mark_text(align="right", dx=-14, dy=-4, stroke="white", strokeWidth=4)
    corners = zip(codes, (span[1], span[1], span[0], span[0]), (top, 0.0, top, 0.0), strict=True)
    titles = [
        alt.Chart(pd.DataFrame({"field": [code], "potential": [at], "share_of_wallet": [height]}))
        .mark_text(
            align="right" if at == span[1] else "left", dx=-6 if at == span[1] else 6,
            dy=10 if height else -10, fontWeight="bold", fontSize=13, opacity=0.8,
            color=ACCENT if code == codes[1] else DARK,
        )
        .encode(x, y, text="field:N")
        for code, at, height in corners
    ]  # fmt: skip
    cuts = [
        alt.Chart(pd.DataFrame({"potential": [potential_cut]})).mark_rule(**_DASH).encode(x),
        alt.Chart(pd.DataFrame({"share_of_wallet": [wallet_cut]})).mark_rule(**_DASH).encode(y),
    ]
    layers = alt.layer(*cuts, dots, *titles, halo, named.mark_text(align="right", dx=-14, dy=-4))
    return figure(_sized(layers, len(points), 360, words), native)


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
    data = plain(rows)
    data["text"] = [words.money(amount) for amount in data[value]]
    base = alt.Chart(data).encode(
        alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=_LABEL)),
        alt.X(f"{value}:Q", axis=None, scale=padded_scale(data[value])),
        tooltip=tips(words, text=["name"], money=[value]),
    )
    bars = base.mark_bar().encode(color=alt.condition("datum.marked", alt.value(ACCENT), alt.value(DARK)))
    layers = with_values(base, bars, data[value], x=value)
    size = {"width": WIDTH - 260, "height": 20 * len(data)}
    return figure(layers.properties(**size, title=heading(title)), native)


def tenure_chart(points: pd.DataFrame, *, words: Words, native: NativeChart) -> Figure:
    """Draw accounts by years of tenure and revenue, those that do not pay in the accent colour.

    Parameters
    ----------
    points : pandas.DataFrame
        One row per account, the largest first: `name`, `tenure_years` [years], `revenue` above zero and
        `profit` [currency], `pays`.
    words : Words
        Language.
    native : NativeChart
        The workbook's chart.
    """
    data = plain(points[["name", "tenure_years", "revenue", "profit", "pays"]].head(_POINTS))
    data["loss"] = (~data.pop("pays").astype("boolean")).fillna(False).astype(bool)
    span = log_span(data["revenue"])
    log = alt.Scale(type="log", domain=span, nice=False)
    years = alt.Axis(tickMinStep=1, format=",d")
    dots = alt.Chart(data).mark_circle(size=70, opacity=0.75).encode(
        alt.X("tenure_years:Q", scale=alt.Scale(zero=True), axis=years, title=words("accounts.axis_tenure")),
        alt.Y("revenue:Q", scale=log, axis=money_axis(words, span), title=words("accounts.axis_revenue_log")),
        color=alt.condition("datum.loss", alt.value(ACCENT), alt.value(DARK)),
        tooltip=tips(words, text=["name"], number=["tenure_years"], money=["revenue", "profit"]),
    )  # fmt: skip
    sized = _sized(dots, len(points), 260, words)
    return figure(
        sized.properties(title=heading(words("accounts.tenure_looks"))) if data["loss"].any() else sized,
        native,
    )


def movement_chart(matrix: pd.DataFrame, *, words: Words) -> Figure:
    """Draw last year's tiers against this year's: how many accounts moved, and what their revenue changed by.

    Parameters
    ----------
    matrix : pandas.DataFrame
        What `movement_matrix` returns.
    words : Words
        Language.
    """
    data = plain(matrix)
    forms = ["one" if number == 1 else "many" for number in data["accounts"]]
    data["text"] = [
        words(f"accounts.cell_accounts_{form}", count=words.count(number)) if number else ""
        for form, number in zip(forms, data["accounts"], strict=True)
    ]
    data["money"] = [words.signed_money(amount) for amount in data["revenue_change"]]
    data.loc[data["accounts"] == 0, "money"] = ""
    data["better"] = np.sign(data["revenue_change"])
    order = [words.value("tier", code) for code in matrix["tier"].unique()]
    for column in ("tier", "tier_last_year"):
        data[column] = [words.value("tier", code) for code in data[column]]
    money = ["revenue_last_year", "revenue", "revenue_change"]
    top = alt.Axis(orient="top", labelAngle=0)
    base = alt.Chart(data).encode(
        alt.X("tier:N", sort=order, title=words("accounts.axis_tier_now"), axis=top),
        alt.Y("tier_last_year:N", sort=order, title=words("accounts.axis_tier_past")),
        tooltip=tips(words, text=["tier_last_year", "tier"], count=["accounts"], money=money),
    )
    heat = base.mark_rect(stroke="white", strokeWidth=2).encode(
        alt.Color("accounts:Q", scale=alt.Scale(range=["#f5f6f7", LIGHT], type="sqrt"), legend=None)
    )
    rise, fall = alt.when("datum.better > 0"), alt.value(BAD)
    sign = rise.then(alt.value(GOOD)).when("datum.better < 0").then(fall).otherwise(alt.value(DARK))
    counts = base.mark_text(dy=-7).encode(text="text:N")
    changes = base.mark_text(dy=9).encode(text="money:N", color=sign)
    return figure((heat + counts + changes).properties(width=WIDTH - 220, height=190))


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
    data = plain(rows)
    data["text"] = [words.signed_money(change) for change in data["revenue_change"]]
    scale = padded_scale(data["revenue_change"])
    colour = alt.condition("datum.revenue_change > 0", alt.value(GOOD), alt.value(BAD))
    names = alt.Axis(labelLimit=_LABEL, minExtent=_LABEL + 10)
    panels = []
    for group, part in data.groupby("group", sort=False):
        base = alt.Chart(part).encode(
            alt.Y("name:N", sort=None, title=group, axis=names),
            alt.X("revenue_change:Q", axis=None, scale=scale),
            tooltip=tips(words, text=["name"], money=["revenue_change"]),
        )
        bars = base.mark_bar().encode(color=colour)
        layers = with_values(base, bars, part["revenue_change"], x="revenue_change")
        panels.append(layers.properties(width=WIDTH - 260, height=20 * len(part)))
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
    data, areas = plain(points), plain(bands)
    for table in (data, areas):
        table["verdict"] = [words.value("verdict", code) for code in table["verdict"]]
    whole, percent = alt.Scale(domain=[0, 1]), alt.Axis(format="%")
    own, key = words("accounts.axis_own_share"), words("accounts.axis_key_share")
    shade = alt.Chart(areas).mark_rect(color=GRID).encode(
        alt.X("own_from:Q", scale=whole, axis=percent, title=own), alt.X2("own_to:Q"),
        alt.Y("key_from:Q", scale=whole, axis=percent, title=key), alt.Y2("key_to:Q"),
    )  # fmt: skip
    names = alt.Chart(areas).mark_text(align="right", baseline="top", dx=-4, dy=4, opacity=0.7)
    base = alt.Chart(data).encode(
        alt.X("own_share:Q", title=own),
        alt.Y("key_share:Q", title=key),
        tooltip=tips(words, text=["region", "verdict"], fraction=["own_share", "key_share"]),
    )
    layers = [
        shade,
        names.encode(alt.X("own_to:Q"), alt.Y("key_to:Q"), text="verdict:N"),
        base.mark_circle(size=90, opacity=1).encode(color=_total_colour()),
        base.mark_text(align="left", dx=8).encode(text="region:N", color=_total_colour()),
    ]
    return figure(alt.layer(*layers).properties(width=WIDTH - 90, height=340), native)


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
    data = plain(rows)
    data["text"] = [words.percent(share) for share in data["key_share"]]
    base = alt.Chart(data).encode(
        alt.Y("region:N", sort=None, title=None),
        alt.X("key_share:Q", axis=None, scale=padded_scale(data["key_share"])),
        tooltip=tips(words, text=["region"], fraction=["key_share"]),
    )
    bars = base.mark_bar().encode(color=_total_colour())
    layers = with_values(base, bars, data["key_share"], x="key_share")
    return figure(layers.properties(width=WIDTH - 260, height=24 * len(data)), native)


def _sized(chart: Any, points: int, height: int, words: Words) -> Any:
    """Give a scatter its size, and say so where it shows only the largest of its points."""
    chart = chart.properties(width=WIDTH - 90, height=height)
    if points <= _POINTS:
        return chart
    largest = words("accounts.largest", shown=words.count(_POINTS), accounts=words.count(points))
    return chart.properties(title=heading(largest))


def _total_colour() -> Any:
    return alt.condition("datum.level == 'total'", alt.value(ACCENT), alt.value(DARK))


def _apart(shares: pd.Series, gap: float = 0.055) -> pd.Series:
    """Move the names of curves apart that end at the same height, downwards."""
    places: list[float] = []
    for share in shares:
        place = float(share)
        while any(abs(place - other) < gap - 1e-9 for other in places):
            place -= gap
        places.append(place)
    return pd.Series(places, index=shares.index)
