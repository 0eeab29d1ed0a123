"""Pages of chapter 3: who is asked for what; the pages before and after it are taken in here."""

from __future__ import annotations

import pandas as pd

from kamlib.charts import targets as charts
from kamlib.charts.figure import NativeChart, Scenario
from kamlib.glossary import Words
from kamlib.measures.money import as_float, to_ticks, total_money
from kamlib.packs.page import Page
from kamlib.packs.pages_falls import fall_sentences, with_forecasts
from kamlib.packs.pages_far import far_sentences
from kamlib.packs.pages_held import add_held, held_labels, held_sentences, save_held
from kamlib.packs.pages_required import required_sentences
from kamlib.packs.pages_size import size_page
from kamlib.packs.pages_targets_chain import chain_page
from kamlib.packs.targets_scope import (
    Scope,
    around_of,
    held_of,
    leading_side,
    pipeline_of,
    scope_of,
    told_apart,
)
from kamlib.targets import Allocation, TargetSize
from kamlib.targets.held import Held

__all__ = [
    "Scope",
    "around_of",
    "chain_page",
    "held_of",
    "margins_page",
    "pipeline_of",
    "save_held",
    "scope_of",
    "size_page",
]

_SHOWN = 12
_REPS = 20  # each defends a target, so that few are gathered
_SIDES = ("region", "product_line", "account_type")


def margins_page(
    summary: pd.DataFrame,
    allocation: Allocation,
    *,
    scope: Scope,
    likely: pd.DataFrame | None = None,
    held: Held | None = None,
    segments: pd.DataFrame | None = None,
    traced: pd.DataFrame | None = None,
) -> Page:
    """Answer who is asked for what (targets 2): reps first or, where none is named, what else the book names.

    Parameters
    ----------
    summary : pandas.DataFrame
        What `kamlib.targets.summarise_targets` returns.
    allocation : Allocation
        What `kamlib.targets.allocate_targets` returns.
    scope : Scope
        What the page is about, in which words.
    likely : pandas.DataFrame, optional
        What `kamlib.targets.attain_probability` returns.
    held : Held, optional
        What `kamlib.packs.pages_held.save_held` returns.
    segments : pandas.DataFrame, optional
        What chapter 1 found of each account, such as who has gone silent.
    traced : pandas.DataFrame, optional
        What `kamlib.targets.trace_targets` returns.
    """
    words = scope.words
    if likely is not None:
        chances = likely.dropna(subset="key")[["dimension", "key", "reach_probability"]]
        summary = summary.merge(chances, how="left", on=["dimension", "key"])
    lead = leading_side(summary)
    others = [side for side in ("rep", *_SIDES) if side != lead]
    order = {name: at for at, name in enumerate([lead, *others, "company"])}
    table = summary[summary["dimension"].isin(list(order))].copy()
    table = table.sort_values("dimension", key=lambda c: c.map(order), kind="stable", ignore_index=True)
    table = add_held(table, held)
    table.insert(1, "name", _names(table, scope))
    rows = {side: table[table["dimension"] == side] for side in (lead, *others)}
    reps, heading = rows["rep"], {side: words.value("dimension", side) for side in rows}
    first = bars_of(rows[lead], heading[lead], words, most=_REPS)
    rest = [bars_of(rows[side], heading[side], words) for side in others]
    named = len(first) - (len(first) < len(rows[lead]))  # the last one may stand for the others
    native = NativeChart("bar", "name", series_of(scope.size), rows=named)
    figures = (
        charts.margin_chart([first], words=words, native=native),
        charts.margin_chart(rest, words=words),
    )
    return Page(
        id="targets_2",
        title=_margins_title(rows[lead], scope),
        subtitle=scope.subtitle(words("targets.margins_what")),
        table=table.drop(columns=["key", "without_account"]),
        figures=figures,
        sentences=(
            *scope.doubt,
            *far_sentences(table, traced, scope=scope),
            *fall_sentences(reps, with_forecasts(allocation.accounts, summary), segments, scope=scope),
            *required_sentences(allocation.requirements, words),
            *held_sentences(held, scope),
        ),
        notes=_margins_notes(reps, allocation, scope),
        labels=scope.labels() | held_labels(held, words) | {"accounts": words("targets.accounts_asked")},
    )


def _margins_title(rows: pd.DataFrame, scope: Scope) -> str:
    words = scope.words
    asked = rows[(rows["target"] > 0) & rows["key"].notna()]
    if not len(asked):
        return words("targets.margins_what")
    first = asked.iloc[0]
    part = "_part" if scope.size.base_unknown else ""
    known = {"target": words.money(first["target"]), "base": scope.size.base_period}
    if not part:
        known["change"] = words.signed_money(first["change_asked"])
    if first["dimension"] != "rep":
        side = words.value("dimension", first["dimension"])
        name = words("targets.chain_name", side=side, name=first["name"])
        return words(f"targets.margins_title_sides{part}", name=name, **known)
    if len(asked) == 1:
        return words(f"targets.margins_title_one{part}", **known)
    known |= {"name": first["name"], "reps": words.count(len(asked))}
    if not part:
        known["more"] = words.count(int((to_ticks(asked["change_asked"]) > 0).sum()))
    return words(f"targets.margins_title{part}", **known)


def _margins_notes(reps: pd.DataFrame, allocation: Allocation, scope: Scope) -> tuple[str, ...]:
    words = scope.words
    notes = [words("targets.margins_note_sums", total=words.count(allocation.total))]
    loose = reps[reps["key"].isna() & ~reps["without_account"] & (reps["target"] > 0)]
    if len(loose):
        notes.append(words("targets.margins_note_unassigned", target=words.money(loose["target"].iloc[0])))
        return tuple(notes)
    accounts = allocation.accounts
    closed = total_money(accounts.loc[accounts["rule"] == "closed", "actual_last_year"])
    without = total_money(reps.loc[reps["without_account"], "actual_last_year"])
    if closed or without:
        notes.append(
            words(
                "targets.margins_note_loose",
                base=scope.size.base_period,
                closed=words.money(closed),
                loose=words.money(without),
            )
        )
    return tuple(notes)


def series_of(size: TargetSize) -> dict[str, Scenario]:
    shown: dict[str, Scenario] = {"actual_last_year": "PY", "forecast": "FC", "target": "PL"}
    return {name: s for name, s in shown.items() if s != "FC" or size.forecast is not None}


def _names(table: pd.DataFrame, scope: Scope) -> list[str]:
    words = scope.words
    names = []
    for dimension, key, without in zip(
        table["dimension"], table["key"], table["without_account"], strict=True
    ):
        if without:
            names.append(words("targets.without_account"))
        elif dimension == "rep":
            names.append(scope.rep_name(key))
        else:
            names.append(words.value("dimension", "company") if dimension == "company" else str(key))
    return names


def bars_of(table: pd.DataFrame, heading: str, words: Words, *, most: int | None = _SHOWN) -> pd.DataFrame:
    """Return what a chart draws of a dimension: all rows, or the first ones and the sum of the rest.

    One row more than `most` is drawn by name rather than as one other.
    """
    amounts = {"PY": "actual_last_year", "FC": "forecast", "PL": "target", "change": "change_asked"}
    names = told_apart(table["name"].tolist(), table["key"].tolist())
    bars = pd.DataFrame({"name": names, "heading": heading}, index=table.index)
    for short, column in amounts.items():
        bars[short] = as_float(table[column])
    bars["growth"] = table["growth_asked"].to_numpy()
    if "reach_probability" in table and table["reach_probability"].notna().any():
        bars["reach"] = [words.chance(p) for p in table["reach_probability"]]
    if "held_change" in table and table["held_change"].notna().any():
        bars["held"] = ["–" if pd.isna(v) else words.signed_money(v) for v in table["held_change"]]
    bars = bars.reset_index(drop=True)
    if most is None or len(bars) <= most + 1:
        return bars
    rest = bars.iloc[most:]
    other = rest[list(amounts)].sum(min_count=1).to_frame().T
    other["growth"] = (other["change"] / other["PY"]).where(other["PY"] > 0)
    other["name"], other["heading"] = words("targets.other", count=len(rest)), heading
    other[[name for name in ("reach", "held") if name in bars]] = "–"
    return pd.concat([bars.iloc[:most], other], ignore_index=True)
