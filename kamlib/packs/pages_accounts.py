"""Pages of the chapter on accounts: its tables with a title, notes and figures."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from kamlib.charts import segments as charts
from kamlib.charts.figure import Figure, NativeChart
from kamlib.glossary import Words
from kamlib.measures.money import to_money, to_ticks
from kamlib.packs import accounts_sentences as say
from kamlib.packs.first_moves import first_moves
from kamlib.packs.page import Page
from kamlib.runs import Run
from kamlib.segments import SegmentParams, mix_bands, pareto_curve, profit_basis

_BARS = 12
_GROUP_BARS = 5
_FIELD_ORDER = {"grow": 0, "keep": 1, "harvest": 2, "review": 3, "unknown": 4}
_WHO = ["account_id", "name", "region", "account_type", "rep_id"]


@dataclass(frozen=True)
class Scope:
    """Whose accounts a page shows, in which windows and words.

    Attributes
    ----------
    words : Words
        Language and currency.
    company : str
        Name of the book.
    months, last_year_months : tuple of str
        The window and the one before it, as month labels.
    first_month : str
        First month of the book with sales.
    """

    words: Words
    company: str
    months: tuple[str, ...]
    last_year_months: tuple[str, ...]
    first_month: str

    def subtitle(self, what: str, *, compared: bool = False) -> str:
        """Return who, what, unit, period and scenarios in one line."""
        words = self.words
        span, before = (
            words("accounts.span", first=months[0], last=months[-1])
            for months in (self.months, self.last_year_months)
        )
        facts = {"company": self.company, "what": words(f"accounts.{what}"), "currency": words.money_unit}
        if compared:
            return words("accounts.subtitle", **facts, span=span, span_last_year=before)
        return words("accounts.subtitle_now", **facts, span=span)

    @property
    def short(self) -> str:
        """What to say where the book begins after last year's window does; else empty."""
        whole = len(self.last_year_months)
        found = sum(month >= self.first_month for month in self.last_year_months)
        if found in (0, whole):
            return ""
        counts = {"found": self.words.count(found), "months": self.words.count(whole)}
        return self.words("accounts.note_short", first=self.first_month, **counts)


def scope_of(run: Run, cube: pd.DataFrame) -> Scope:
    """Return the scope of a run's pages on accounts.

    Parameters
    ----------
    run : Run
        The run.
    cube : pandas.DataFrame
        Its cube, for the first month with sales.
    """
    months, before = (tuple(map(str, window)) for window in (run.history_months, run.last_year_months))
    return Scope(run.words, run.facts["book"]["name"], months, before, str(cube["month"].min()))


def pareto_page(
    segments: pd.DataFrame,
    tiers: pd.DataFrame,
    concentration: pd.DataFrame,
    *,
    scope: Scope,
    params: SegmentParams,
) -> Page:
    """Answer who brings the money.

    Parameters
    ----------
    segments, tiers, concentration : pandas.DataFrame
        What `segment_accounts`, `summarise_tiers` and `summarise_concentration` return.
    scope : Scope
        Whose accounts, when, in which words.
    params : SegmentParams
        The parameters the tables were made with.
    """
    words = scope.words
    now = concentration.set_index("basis").loc["revenue"]
    without = tiers.set_index("tier").loc["no_account"]
    columns = ["rank", *_WHO, "tier", "key_account", "revenue", "share", "cumulative_share"]
    columns += ["revenue_last_year", "tier_last_year", "revenue_change"]
    table = segments[columns].astype({"key_account": "boolean"})
    money = ["revenue", "revenue_last_year", "revenue_change"]
    if any(pd.notna(without[name]) and without[name] != 0 for name in money):
        line = tiers.loc[tiers["tier"] == "no_account", money].assign(name=words("accounts.without_account"))
        line = line.reindex(columns=columns).astype({"rank": "Int64", "key_account": "boolean"})
        table = pd.concat([table, line], ignore_index=True)
    figures: tuple[Figure, ...] = (charts.tier_chart(_lines_shown(tiers), words=words),)
    if pd.notna(now["inside"]):
        inside = say.key_count(segments, int(now["inside"]), params)
        crossing = segments[["cumulative_share"]].iloc[max(0, inside - 1) : inside].assign(accounts=inside)
        crossing["text"] = [
            words("accounts.cut_point", inside=words.count(inside), share=words.percent(share))
            for share in crossing["cumulative_share"]
        ]
        share = params.key_share if params.key_threshold is None else None
        native = NativeChart("line", "rank", {"cumulative_share": "AC"}, rows=len(segments))
        curve = charts.pareto_chart(
            _curves(segments, words), crossing, cut_share=share, words=words, native=native
        )
        figures = (curve, *figures)
    return Page(
        id="accounts_1",
        title=say.pareto_title(segments, now, params=params, words=words),
        subtitle=scope.subtitle("revenue", compared=bool(segments["revenue_last_year"].notna().any())),
        table=table,
        figures=figures,
        notes=say.pareto_notes(
            segments, concentration, without=without, short=scope.short, params=params, words=words
        ),
        totals=tuple(money),
    )


def potential_page(
    segments: pd.DataFrame, fields: pd.DataFrame, *, scope: Scope, params: SegmentParams
) -> Page:
    """Answer who could bring more.

    Parameters
    ----------
    segments, fields : pandas.DataFrame
        What `segment_accounts` and `summarise_fields` return.
    scope : Scope
        Whose accounts, when, in which words.
    params : SegmentParams
        The parameters the tables were made with.
    """
    words = scope.words
    order = segments.assign(place=segments["field"].map(_FIELD_ORDER))
    order = order.sort_values(["place", "open_potential", "account_id"], ascending=[True, False, True])
    table = order[[*_WHO, "field", "tier", "revenue", "potential", "share_of_wallet", "open_potential"]]
    drawn = segments[segments["share_of_wallet"].notna()]
    figures: tuple[Figure, ...] = ()
    if len(drawn):
        first = first_moves(segments)["account_id"]
        named = drawn["account_id"].isin(first)
        labelled = drawn.assign(label=drawn["name"].where(named, ""), named=named)
        by = ["named", "potential", "account_id"]
        labelled = labelled.sort_values(by, ascending=[False, False, True])
        high = segments[segments["field"].isin(["keep", "grow"])]["potential"]
        cut = params.potential_threshold or (high.min() if len(high) else drawn["potential"].max())
        known = int(table["potential"].notna().sum())
        native = NativeChart("scatter", "potential", {"share_of_wallet": "AC"}, rows=known)
        cuts = {"wallet_cut": params.wallet_cut, "potential_cut": float(cut)}
        figures = (charts.matrix_chart(labelled, **cuts, words=words, native=native),)
        grow = order[order["field"] == "grow"]
        if len(grow):
            rows = _gather(grow, "open_potential", words, bars=_BARS).assign(marked=True)
            title = words("accounts.axis_open")
            native = NativeChart("bar", "name", {"open_potential": "accent"}, rows=min(_BARS, len(grow)))
            bars = charts.bar_chart(rows, value="open_potential", title=title, words=words, native=native)
            figures += (bars,)
    return Page(
        id="accounts_2",
        title=say.potential_title(segments, fields, words=words),
        subtitle=scope.subtitle("potential"),
        table=table,
        figures=figures,
        notes=say.potential_notes(segments, params=params, words=words),
        totals=("revenue", "potential", "open_potential"),
    )


def contribution_page(segments: pd.DataFrame, tenure: pd.DataFrame, *, scope: Scope) -> Page:
    """Answer who does not pay, and whether old accounts are the valuable ones.

    Parameters
    ----------
    segments, tenure : pandas.DataFrame
        What `segment_accounts` and `summarise_tenure` return.
    scope : Scope
        Whose accounts, when, in which words.
    """
    words, basis = scope.words, profit_basis(segments)
    measure = "margin" if basis == "margin" else "contribution"
    money = ["revenue", "cost", "margin", "service_cost", "contribution"]
    table = segments.sort_values(["profit", "account_id"], na_position="last")
    table = table[[*_WHO, "tier", "key_account", *money, "profit_ratio", "since", "tenure_years"]]
    figures: tuple[Figure, ...] = ()
    if basis != "none":
        ranked = segments[segments["profit"].notna()].sort_values("profit_rank")
        rows = _both_ends(ranked, "profit", words)
        native = NativeChart("bar", "name", {measure: "AC"}, rows=min(_BARS, len(ranked)))
        title = words(f"accounts.{measure}")
        if rows["marked"].any():
            title = words("accounts.bars_marked", title=title)
        figures = (charts.bar_chart(rows, value="profit", title=title, words=words, native=native),)
    aged = segments[segments["tenure_years"].notna() & (to_ticks(segments["revenue"]) > 0)]
    if len(aged):
        native = NativeChart("scatter", "tenure_years", {"revenue": "AC"})
        figures += (charts.tenure_chart(aged, words=words, native=native),)
    return Page(
        id="accounts_3",
        title=say.contribution_title(segments, words=words),
        subtitle=scope.subtitle(measure),
        table=table,
        figures=figures,
        notes=say.contribution_notes(segments, tenure, words=words),
        totals=tuple(money),
    )


def movement_page(
    segments: pd.DataFrame, matrix: pd.DataFrame, movements: pd.DataFrame, *, scope: Scope
) -> Page:
    """Answer who moved.

    Parameters
    ----------
    segments, matrix, movements : pandas.DataFrame
        What `segment_accounts`, `movement_matrix` and `summarise_movements` return.
    scope : Scope
        Whose accounts, when, in which words.
    """
    words = scope.words
    money = ["revenue_last_year", "revenue", "revenue_change"]
    table = segments.assign(size=segments["revenue_change"].abs())
    table = table.sort_values(["size", "account_id"], ascending=[False, True], na_position="last")
    table = table[
        [*_WHO, "status", "tier_last_year", "tier", "movement", *money, "last_bought", "gone_silent"]
    ].astype({"gone_silent": "boolean"})
    compared = len(movements) > 0
    figures: tuple[Figure, ...] = ()
    if compared:
        figures = (charts.movement_chart(matrix, words=words),)
        changes = _changes(segments, words)
        if len(changes):
            rows = min(_BARS, int((to_ticks(segments["revenue_change"]) != 0).sum()))
            native = NativeChart("bar", "name", {"revenue_change": "accent"}, rows=rows)
            figures += (charts.change_chart(changes, words=words, native=native),)
    return Page(
        id="accounts_4",
        title=say.movement_title(movements, words=words),
        subtitle=scope.subtitle("movement", compared=compared),
        table=table,
        figures=figures,
        notes=say.movement_notes(segments, movements, short=scope.short, words=words),
        totals=tuple(money) if compared else ("revenue",),
    )


def mix_page(mix: pd.DataFrame, *, scope: Scope, params: SegmentParams) -> Page:
    """Answer whether the mix of key accounts is healthy.

    Parameters
    ----------
    mix : pandas.DataFrame
        What `mix_health` returns.
    scope : Scope
        Whose accounts, when, in which words.
    params : SegmentParams
        The parameters the table was made with.
    """
    words = scope.words
    whole = mix["level"] == "total"
    shown = mix.assign(region=mix["region"].where(~whole, words.value("level", "total")))
    bars = shown[shown["key_share"].notna()]
    points = bars[bars["own_share"].notna()]
    figures: tuple[Figure, ...] = ()
    if len(points):
        native = NativeChart("scatter", "own_share", {"key_share": "AC"})
        figures = (charts.mix_chart(points, mix_bands(params=params), words=words, native=native),)
    elif len(bars):
        native = NativeChart("bar", "region", {"key_share": "AC"})
        figures = (charts.share_chart(bars, words=words, native=native),)
    return Page(
        id="accounts_5",
        title=say.mix_title(shown[whole].iloc[0], words=words),
        subtitle=scope.subtitle("mix"),
        table=shown.drop(columns="level"),
        figures=figures,
        notes=say.mix_notes(shown[~whole], params=params, words=words),
    )


def _lines_shown(tiers: pd.DataFrame) -> pd.DataFrame:
    """Leave out the lines of accounts without sales, and of sales without an account, that are empty."""
    money = tiers[["revenue", "revenue_last_year"]]
    filled = money.apply(lambda column: to_ticks(column.fillna(Decimal(0))) != 0).any(axis=1)
    return tiers[tiers["tier"].isin(["A", "B", "C"]) | filled]


def _curves(segments: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return the points of the Pareto curves: revenue, last year's, and profit."""
    curves = [
        ("curve_revenue", "AC", "revenue"),
        ("curve_last_year", "PY", "revenue_last_year"),
        (f"curve_{profit_basis(segments)}", "accent", "profit"),
    ]
    points = pd.concat(
        [
            pareto_curve(segments[column], segments["account_id"]).assign(
                curve=words(f"accounts.{key}"), scenario=look
            )
            for key, look, column in curves
            if segments[column].notna().any()
        ],
        ignore_index=True,
    )
    return points.assign(name=points["account_id"].map(segments.set_index("account_id")["name"]))


def _gather(rows: pd.DataFrame, value: str, words: Words, *, bars: int) -> pd.DataFrame:
    """Keep the first bars and gather the rest as "other (n)"; names that two accounts share get their id."""
    kept = _bars(rows, value)
    if len(rows) <= bars + 1:
        return kept
    return pd.concat([kept.head(bars), _other(rows.iloc[bars:], value, words)], ignore_index=True)


def _both_ends(ranked: pd.DataFrame, value: str, words: Words) -> pd.DataFrame:
    """Keep both ends of a ranking and gather what lies between; key accounts below zero are marked."""
    losing = ranked["key_account"] & (to_ticks(ranked[value]) < 0)
    kept = _bars(ranked, value).assign(marked=losing.to_numpy())
    if len(ranked) <= _BARS + 1:
        return kept
    half = _BARS // 2
    between = _other(ranked.iloc[half:-half], value, words).assign(marked=False)
    return pd.concat([kept.head(half), between, kept.tail(half)], ignore_index=True)


def _bars(rows: pd.DataFrame, value: str) -> pd.DataFrame:
    shared = rows["name"].duplicated(keep=False)
    named = rows["name"].where(~shared, rows["name"] + " · " + rows["account_id"])
    return pd.DataFrame({"name": named, value: rows[value]}).reset_index(drop=True)


def _other(rest: pd.DataFrame, value: str, words: Words) -> pd.DataFrame:
    name = words("accounts.other", count=words.count(len(rest)))
    return pd.DataFrame({"name": [name], value: to_money([int(to_ticks(rest[value]).sum())])})


def _changes(segments: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return the largest risers, entries, fallers and exits with their rests, in order of display."""
    change = to_ticks(segments["revenue_change"])
    stayed = ~segments["movement"].isin(["new", "returned", "lost"])
    ordered = segments.assign(size=segments["revenue_change"].abs())
    ordered = ordered.sort_values(["size", "account_id"], ascending=[False, True])
    groups = {
        "group_riser": stayed & (change > 0),
        "group_entry": segments["movement"].isin(["new", "returned"]),
        "group_faller": stayed & (change < 0),
        "group_exit": segments["movement"] == "lost",
    }
    parts = [pd.DataFrame({"name": [], "revenue_change": [], "group": []})]
    for key, chosen in groups.items():
        part = ordered[chosen.reindex(ordered.index)]
        if len(part):
            rows = _gather(part, "revenue_change", words, bars=_GROUP_BARS)
            parts.append(rows.assign(group=words(f"accounts.{key}")))
    return pd.concat(parts[1:] or parts, ignore_index=True)
