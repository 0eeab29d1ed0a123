"""The picture of the panel that sets targets: a plan split anew, as HTML."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

from kamlib.charts import live
from kamlib.glossary import Words
from kamlib.measures.money import as_float
from kamlib.packs.live_targets import Split, TargetDesk, moved_accounts
from kamlib.packs.planning import PlanningParams

_SHOWN, _MOVED = 40, 8
_ACTUAL, _TARGET = "#44546a", "#c55a11"


def targets_html(desk: TargetDesk, params: PlanningParams, words: Words) -> str:
    """Draw targets by region and rep beside last year and the forecast, and who gains or loses most."""
    now = desk.split(params)
    against = now.total - desk.before.total
    top = words(
        "widgets.targets_title",
        total=words.money(now.total),
        change=words.signed_money(against) if against else words("widgets.as_run"),
        chance=words.chance(now.likely["reach_probability"].iloc[0]),
    )
    years, more = desk.last_year, ""
    reps = now.likely[now.likely["dimension"] == "rep"].sort_values("target", ascending=False)
    known = reps[[row.target > 0 or years.get(("rep", row.key), 0.0) > 0 for row in reps.itertuples()]]
    if len(known) > _SHOWN:
        more = f"<p>{escape(words('widgets.more', shown=_SHOWN, count=len(known)))}</p>"
    shown = pd.concat([now.likely[now.likely["dimension"] != "rep"], known.head(_SHOWN)])
    full = max(float(as_float(reps["target"]).max()) if len(reps) else 1.0, 1.0) * 1.2
    rows = [_target_row(desk, row, full, words) for row in shown.itertuples()]
    rows += _without_rep(desk, now, words)
    wanted = words("widgets.wanted", chance=words.chance(params.attainability.wanted_probability))
    columns = ("last_year", "forecast", "target", "change", "chance", "band")
    head = ["", *(words(f"widgets.{name}") for name in columns), wanted, words("widgets.range")]
    table = live.live_table(head, rows, numeric=[False, *[True] * 5, False, True, False], caption=top)
    marks = live.mark_key(
        [
            (words("widgets.range"), live.COLOURS[5]),
            (words("widgets.forecast"), _ACTUAL),
            (words("widgets.target"), _TARGET),
        ]
    )
    return live.live_page(top, f"{marks}{table}{more}{_moved_html(desk, now, words)}", lang=words.lang)


def _target_row(desk: TargetDesk, row: Any, full: float, words: Words) -> list[str]:
    name = desk.names.get(row.key, row.key)
    if row.dimension == "company":
        name = words.value("dimension", "company")
    low, high, landing = (None if pd.isna(v) else float(v) for v in (row.low_80, row.high_80, row.landing))
    points = [(float(row.target), _TARGET)] + ([] if landing is None else [(landing, _ACTUAL)])
    chance = words.chance(row.reach_probability)
    said = words("widgets.range_said", target=words.money(row.target), chance=chance)
    change = int(row.target) - desk.targets_before.get((row.dimension, row.key), 0)
    return [
        escape(str(name)),
        words.money(desk.last_year.get((row.dimension, row.key), 0.0)),
        "–" if landing is None else words.money(landing),
        words.money(row.target),
        words.signed_money(change) if change else "",
        chance,
        escape(words.value("reach_band", row.reach_band)),
        "–" if pd.isna(row.wanted_target) else words.money(row.wanted_target),
        live.range_bar(low, high, points, full=full, said=said) if row.dimension == "rep" else "",
    ]


def _without_rep(desk: TargetDesk, now: Split, words: Words) -> list[list[str]]:
    """Make the row that reps lack to the total: accounts that nobody serves; none where there are none."""
    nobody = now.accounts["rep_id"].isna().to_numpy()
    target, before = (int(one.accounts["target"][nobody].sum()) for one in (now, desk.before))
    last = float(as_float(now.accounts["actual_last_year"][nobody]).sum())
    if not target and not last:
        return []
    change = words.signed_money(target - before) if target != before else ""
    return [[escape(words("widgets.no_rep")), words.money(last), "", words.money(target), change, *[""] * 4]]


def _moved_html(desk: TargetDesk, now: Split, words: Words) -> str:
    moved = moved_accounts(now, desk.before)
    if not len(moved):
        return ""
    rows = [
        [
            escape(desk.names.get(row.account_id, row.account_id)),
            words.money(row.target),
            words.signed_money(row.change),
        ]
        for row in moved.head(_MOVED).itertuples()
    ]
    title = words("widgets.moved", count=len(moved))
    head = [words("widgets.account"), words("widgets.target"), words("widgets.change")]
    table = live.live_table(head, rows, numeric=[False, True, True], caption=title)
    return f"<p><b>{escape(title)}</b></p>{table}"
