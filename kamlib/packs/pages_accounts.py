"""Pages of the chapter on accounts: its tables turned into titles, notes, figures and tables to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from kamlib.charts import segments as charts
from kamlib.charts.figure import Figure, NativeChart
from kamlib.glossary import Words
from kamlib.measures.money import to_money, to_ticks, total_money
from kamlib.packs.page import Page
from kamlib.runs import Run
from kamlib.segments import SegmentParams, mix_bands, pareto_curve, profit_basis

_BARS = 12
_NAMED = 3
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
    """

    words: Words
    company: str
    months: tuple[str, ...]
    last_year_months: tuple[str, ...]

    def subtitle(self, what: str, *, compared: bool = False) -> str:
        """Return who, what, unit, period and scenarios in one line."""
        words = self.words
        spans = [words("accounts.span", first=m[0], last=m[-1]) for m in (self.months, self.last_year_months)]
        return words(
            "accounts.subtitle" if compared else "accounts.subtitle_now",
            company=self.company,
            what=words(f"accounts.{what}"),
            currency=words.currency,
            span=spans[0],
            span_last_year=spans[1],
        )


def scope_of(run: Run) -> Scope:
    """Return the scope of a run's pages on accounts."""
    months, before = run.history_months, run.last_year_months
    return Scope(run.words, run.facts["book"]["name"], tuple(map(str, months)), tuple(map(str, before)))


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
    by = concentration.set_index("basis")
    now, past = by.loc["revenue"], by.loc["revenue_last_year"]
    compared = bool(segments["revenue_last_year"].notna().any())
    without = tiers.set_index("tier").loc["no_account"]
    columns = ["rank", *_WHO, "tier", "key_account", "revenue", "share", "cumulative_share"]
    columns += ["revenue_last_year", "tier_last_year", "revenue_change"]
    table = segments[columns]
    if without["revenue"] or without["revenue_last_year"]:
        money = ["revenue", "revenue_last_year", "revenue_change"]
        line = tiers[tiers["tier"] == "no_account"][money].assign(name=words("accounts.without_account"))
        table = pd.concat([table, line.reindex(columns=columns).astype({"rank": "Int64"})], ignore_index=True)
        table["key_account"] = table["key_account"].astype("boolean")
    names = segments.set_index("account_id")["name"]
    basis = profit_basis(segments)
    curves = [("curve_revenue", "AC", "revenue")]
    curves += [("curve_last_year", "PY", "revenue_last_year")] if compared else []
    curves += [(f"curve_{basis}", "accent", "profit")] if basis != "none" else []
    points = pd.concat(
        pareto_curve(segments[column], segments["account_id"]).assign(
            curve=words(f"accounts.{key}"), scenario=look
        )
        for key, look, column in curves
    )
    points["name"] = points["account_id"].map(names)
    native = NativeChart("line", "rank", {"cumulative_share": "AC"}, rows=len(segments))
    share = None if params.key_threshold is not None else params.key_share
    crossing = _crossing(segments, words, now)
    figures = [charts.tier_chart(_tiers_shown(tiers), words=words)]
    if len(points):
        figures.insert(0, charts.pareto_chart(points, crossing, cut_share=share, words=words, native=native))
    return Page(
        id="accounts_1",
        title=_pareto_title(segments, now, basis, params, words),
        subtitle=scope.subtitle("revenue", compared=compared),
        table=table,
        figures=tuple(figures),
        notes=_pareto_notes(segments, without, now, past, by.loc["profit"], basis, params, scope),
        totals=("revenue", "revenue_last_year", "revenue_change"),
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
    table = segments.sort_values(
        ["open_potential", "account_id"], ascending=[False, True], na_position="last"
    )
    table = table[[*_WHO, "field", "tier", "revenue", "potential", "share_of_wallet", "open_potential"]]
    known = table[table["potential"].notna()]
    unknown = segments[segments["potential"].isna() & (to_ticks(segments["revenue"]) > 0)]
    figures: tuple[Figure, ...] = ()
    notes = [_fields_note(params, words)]
    if len(known):
        grow = fields.set_index("field").loc["grow"]
        key = "grow_title" if grow["accounts"] else "grow_none"
        title = words(
            f"accounts.{key}",
            count=words.count(grow["accounts"]),
            share=words.percent(grow["share_of_wallet"]) if grow["accounts"] else "",
            money=words.money(
                grow["open_potential"] if grow["accounts"] else total_money(known["open_potential"])
            ),
        )
        drawn = segments[segments["share_of_wallet"].notna()].copy()
        drawn["label"] = drawn["name"].where(drawn["account_id"].isin(_first_moves(known)["account_id"]), "")
        high = segments[segments["field"].isin(["keep", "grow"])]["potential"]
        cut = params.potential_threshold or (high.min() if len(high) else known["potential"].max())
        native = NativeChart("scatter", "potential", {"share_of_wallet": "AC"}, rows=len(known))
        figures = (
            charts.matrix_chart(
                drawn, wallet_cut=params.wallet_cut, potential_cut=float(cut), words=words, native=native
            ),
        )
        bars = known[known["field"] == "grow"]
        if len(bars):
            rows = _gather(bars, "open_potential", words).assign(marked=True)
            figures += (
                charts.bar_chart(
                    rows, value="open_potential", title=words("accounts.axis_open"), words=words
                ),
            )
        moves = [
            words("accounts.move", field=words.value("field", field), name=name, money=words.money(money))
            for field, name, money in _first_moves(known)[["field", "name", "open_potential"]].itertuples(
                index=False
            )
        ]
        notes.append(words("accounts.note_moves", moves=words("accounts.moves").join(moves)))
    else:
        title = words("accounts.potential_none")
    below = int((segments["revenue"] > segments["potential"]).fillna(False).sum())
    notes.append(
        words("accounts.note_potential", unknown=words.count(len(unknown)), below=words.count(below),
              money=words.money(total_money(unknown["revenue"])))
    )  # fmt: skip
    return Page(
        id="accounts_2",
        title=title,
        subtitle=scope.subtitle("potential"),
        table=table,
        figures=figures,
        notes=tuple(notes),
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
    columns = ["revenue", "cost", "margin", "service_cost", "contribution", "profit_ratio", "tenure_years"]
    table = segments.sort_values(["profit", "account_id"], na_position="last")
    table = table[[*_WHO, "tier", "key_account", *columns]]
    shown = "margin" if basis == "margin" else "contribution"
    aged = segments[segments["tenure_years"].notna() & (to_ticks(segments["revenue"]) > 0)]
    figures: list[Figure] = []
    if basis != "none":
        ranked = segments[segments["profit"].notna()].sort_values("profit_rank")
        rows = _both_ends(ranked, "profit", words)
        marked = rows["key_account"].fillna(False).astype(bool) & (rows["profit"] < 0).fillna(False).astype(
            bool
        )
        native = NativeChart("bar", "name", {shown: "AC"}, rows=_BARS)
        figures.append(
            charts.bar_chart(
                rows.assign(marked=marked),
                value="profit",
                title=words(f"accounts.{basis}"),
                words=words,
                native=native,
            )
        )
    if len(aged):
        native = NativeChart("scatter", "tenure_years", {"revenue": "AC"})
        figures.append(charts.tenure_chart(aged, words=words, native=native))
    return Page(
        id="accounts_3",
        title=_contribution_title(segments, basis, words),
        subtitle=scope.subtitle("margin" if basis == "margin" else "contribution"),
        table=table,
        figures=tuple(figures),
        notes=_contribution_notes(segments, tenure, basis, words),
        totals=("revenue", "cost", "margin", "service_cost", "contribution"),
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
    columns = [*_WHO, "tier_last_year", "tier", "movement", "revenue_last_year", "revenue", "revenue_change"]
    if movements.empty:
        return Page(
            id="accounts_4",
            title=words("accounts.moved_unknown"),
            subtitle=scope.subtitle("movement"),
            table=segments[columns],
            totals=("revenue",),
        )
    size = segments["revenue_change"].abs()
    table = segments.assign(size=size).sort_values(["size", "account_id"], ascending=[False, True])[columns]
    by = movements.set_index("movement")
    came, stayed = by.loc[["new", "returned"]], by.loc[["up", "same", "down"]]
    title = words(
        "accounts.moved",
        entries=words.count(came["accounts"].sum()),
        entered=words.signed_money(total_money(came["revenue_change"])),
        exits=words.count(by.loc["lost", "accounts"]),
        left=words.signed_money(by.loc["lost", "revenue_change"]),
        kept=words.signed_money(total_money(stayed["revenue_change"])),
    )
    now, past = total_money(segments["revenue"]), total_money(segments["revenue_last_year"])
    counts = {name: words.count(by.loc[name, "accounts"]) for name in by.index}
    notes = (
        words("accounts.note_total", now=words.money(now), past=words.money(past),
              change=words.signed_money(now - past),
              percent=words.signed_percent((now - past) / past) if past > 0 else "–"),
        words("accounts.note_came", new=counts["new"], returned=counts["returned"]),
        words("accounts.note_tiers_moved", up=counts["up"], down=counts["down"], same=counts["same"]),
    )  # fmt: skip
    native = NativeChart("bar", "name", {"revenue_change": "accent"}, rows=_BARS)
    return Page(
        id="accounts_4",
        title=title,
        subtitle=scope.subtitle("movement", compared=True),
        table=table,
        figures=(
            charts.movement_chart(matrix, words=words),
            charts.change_chart(_changes(segments, words), words=words, native=native),
        ),
        notes=notes,
        totals=("revenue_last_year", "revenue", "revenue_change"),
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
    everything = mix[mix["level"] == "total"].iloc[0]
    shown = mix.assign(region=mix["region"].where(mix["level"] != "total", words.value("level", "total")))
    regions = shown[shown["level"] == "region"]
    key, own = everything["key_share"], everything["own_share"]
    if key != key:
        title = words("accounts.mix_none")
    else:
        title = words(
            f"accounts.mix_{everything['verdict']}",
            held=words.percent(key),
            own=words.percent(own) if own == own else "",
        )
    first, second, third, fourth = (_cut(share) for share in params.mix_shares)
    reference, well = _cut(params.mix_reference), _cut(params.mix_reference + params.mix_well_above)
    notes = [
        words(
            "accounts.note_mix_rule",
            first=first,
            second=second,
            third=third,
            fourth=fourth,
            reference=reference,
            well=well,
        )
    ]
    said = [
        words(
            "accounts.note_mix_region",
            verdict=words.value("verdict", code),
            names=words("accounts.names").join(part["region"]),
        )
        for code, part in regions.groupby("verdict", sort=True)
    ]
    notes.append(words("accounts.note_mix_regions", list=words("accounts.moves").join(said)))
    if params.key_threshold is None:
        notes.append(words("accounts.note_mix_cut", cut=_cut(params.key_share)))
    points = shown[shown["own_share"].notna() & shown["key_share"].notna()]
    if len(points):
        native = NativeChart("scatter", "own_share", {"key_share": "AC"})
        drawn = charts.mix_chart(points, mix_bands(params=params), words=words, native=native)
    else:
        bars = shown[shown["key_share"].notna()]
        drawn = charts.share_chart(
            bars, words=words, native=NativeChart("bar", "region", {"key_share": "AC"})
        )
    return Page(
        id="accounts_5",
        title=title,
        subtitle=scope.subtitle("mix"),
        table=shown.drop(columns="level"),
        figures=(drawn,) if len(shown) > 1 else (),
        notes=tuple(notes),
    )


def _cut(share: float) -> str:
    return f"{100 * share:.6g} %"


def _some(words: Words, key: str, number: int, **values: object) -> str:
    """Return the words of a key for none, one or many."""
    form = {0: "zero", 1: "one"}.get(number, "many")
    return words(f"accounts.{key}_{form}", count=words.count(number), **values)


def _join(words: Words, sentences: Sequence[str]) -> str:
    return ("" if words.lang == "zh" else " ").join(sentences)


def _tiers_shown(tiers: pd.DataFrame) -> pd.DataFrame:
    """Leave out the lines of accounts without sales, and of sales without an account, that are empty."""
    money = (
        tiers[["revenue", "revenue_last_year"]]
        .apply(lambda c: to_ticks(c.fillna(Decimal(0))) != 0)
        .any(axis=1)
    )
    return tiers[tiers["tier"].isin(["A", "B", "C"]) | money]


def _crossing(segments: pd.DataFrame, words: Words, now: pd.Series) -> pd.DataFrame:
    inside = 0 if pd.isna(now["inside"]) else int(now["inside"])
    row = (
        segments[["cumulative_share"]].iloc[inside - 1 : inside]
        if inside
        else segments[["cumulative_share"]].iloc[:0]
    )
    return row.assign(
        accounts=inside,
        text=[
            words("accounts.cut_point", inside=inside, share=words.percent(s))
            for s in row["cumulative_share"]
        ],
    )


def _pareto_title(
    segments: pd.DataFrame, now: pd.Series, basis: str, params: SegmentParams, words: Words
) -> str:
    if pd.isna(now["inside"]):
        return words("accounts.pareto_none")
    accounts, inside = words.count(now["accounts"]), int(now["inside"])
    counted = segments.head(inside)
    if params.key_threshold is not None:
        counted = segments[(segments["revenue"] >= params.key_threshold).fillna(False).astype(bool)]
        title = words(
            "accounts.threshold",
            amount=words.money(params.key_threshold),
            inside=words.count(len(counted)),
            accounts=accounts,
            share=words.percent(counted["share"].sum()),
        )
    else:
        form = "one" if inside == 1 else "many"
        title = words(
            f"accounts.pareto_{form}",
            inside=words.count(inside),
            accounts=accounts,
            cut=_cut(params.key_share),
        )
    if basis == "none" or counted.empty:
        return title
    return title + _some(words, f"and_{basis}", int((~counted["pays"]).fillna(False).sum()))


def _pareto_notes(
    segments: pd.DataFrame,
    without: pd.Series,
    now: pd.Series,
    past: pd.Series,
    profit: pd.Series,
    basis: str,
    params: SegmentParams,
    scope: Scope,
) -> tuple[str, ...]:
    words = scope.words
    if pd.isna(now["inside"]):
        return ()
    cut = _cut(params.key_share)
    first = [
        words("accounts.note_cut", tier_a=_cut(params.tier_a_share), tier_b=_cut(params.tier_b_share),
              gini=f"{now['gini']:.2f}", herfindahl=f"{now['herfindahl']:.3f}", top=words.percent(now["top_share"]))
    ]  # fmt: skip
    if pd.notna(past["inside"]):
        first.append(words("accounts.note_cut_last_year", inside=words.count(past["inside"]), cut=cut,
                           accounts=words.count(past["accounts"]), gini=f"{past['gini']:.2f}"))  # fmt: skip
    second = [
        words("accounts.note_tail", rest=_cut(1 - params.tier_b_share), tail=words.count(now["tail"]),
              accounts=words.count(now["accounts"]))
    ]  # fmt: skip
    if basis != "none" and pd.notna(profit["inside"]):
        second.append(words(f"accounts.note_profit_{basis}", cut=cut, inside=words.count(profit["inside"])))
    third = []
    if without["revenue"]:
        third.append(words("accounts.note_without", money=words.money(without["revenue"])))
    absent = int((segments["tier"] == "none").sum())
    if absent:
        third.append(words("accounts.note_absent", count=words.count(absent)))
    if segments["parent_id"].notna().any():
        third.append(words("accounts.note_parents", count=words.count(segments["parent_id"].notna().sum())))
    return tuple(_join(words, sentences) for sentences in (first, second, third) if sentences)


def _fields_note(params: SegmentParams, words: Words) -> str:
    wallet = _cut(params.wallet_cut)
    if params.potential_threshold is not None:
        return words(
            "accounts.note_fields_amount", potential=words.money(params.potential_threshold), wallet=wallet
        )
    return words("accounts.note_fields_share", potential=_cut(params.potential_share), wallet=wallet)


def _first_moves(known: pd.DataFrame) -> pd.DataFrame:
    """Return the account with the largest open potential of each field, in order of fields."""
    order = {"keep": 0, "grow": 1, "harvest": 2, "review": 3}
    return known.drop_duplicates("field").sort_values("field", key=lambda column: column.map(order))


def _gather(rows: pd.DataFrame, value: str, words: Words, *, bars: int = _BARS) -> pd.DataFrame:
    """Keep the first rows and gather the rest as "other (n)"."""
    if len(rows) <= bars + 1:
        return rows[["name", value]]
    rest = rows.iloc[bars:]
    name = words("accounts.other", count=words.count(len(rest)))
    other = pd.DataFrame({"name": [name], value: to_money([int(to_ticks(rest[value]).sum())])})
    return pd.concat([rows[["name", value]].head(bars), other], ignore_index=True)


def _both_ends(ranked: pd.DataFrame, value: str, words: Words) -> pd.DataFrame:
    """Keep both ends of a ranking and gather what lies between as "other (n)"."""
    columns = ["name", value, "key_account"]
    half = _BARS // 2
    if len(ranked) <= _BARS + 1:
        return ranked[columns]
    rest = ranked.iloc[half:-half]
    name = words("accounts.other", count=words.count(len(rest)))
    other = pd.DataFrame(
        {"name": [name], value: to_money([int(to_ticks(rest[value]).sum())]), "key_account": [False]}
    )
    return pd.concat([ranked[columns].head(half), other, ranked[columns].tail(half)], ignore_index=True)


def _contribution_title(segments: pd.DataFrame, basis: str, words: Words) -> str:
    if basis == "none":
        return words("accounts.loss_unknown")
    losing = segments[(~segments["pays"]).fillna(False).astype(bool)]
    known = segments[segments["profit"].notna()]
    revenue, profit = total_money(known["revenue"]), total_money(known["profit"])
    title = _some(words, f"loss_{basis}", len(losing), money=words.money(-total_money(losing["profit"])),
                  share=words.percent(profit / revenue) if revenue > 0 else "–")  # fmt: skip
    return title + _some(words, "loss_large", int(losing["key_account"].sum())) if len(losing) else title


def _contribution_notes(
    segments: pd.DataFrame, tenure: pd.DataFrame, basis: str, words: Words
) -> tuple[str, ...]:
    notes = []
    if basis != "none":
        losing = segments[(~segments["pays"]).fillna(False).astype(bool) & segments["key_account"]]
        named = [
            words("accounts.named", name=name, money=words.money(money))
            for name, money in losing.sort_values("profit")[["name", "profit"]]
            .head(_NAMED)
            .itertuples(index=False)
        ]
        names = words("accounts.names").join(named)
        notes.append(
            words("accounts.note_large", names=names) if named else words("accounts.note_large_none")
        )
    old = []
    correlation = tenure["rank_correlation"].iloc[0]
    if correlation == correlation:
        old.append(words("accounts.note_tenure", correlation=f"{correlation:.2f}"))
    nameless = int(tenure["accounts"].iloc[-1])
    if nameless:
        old.append(words("accounts.note_tenure_unknown", count=words.count(nameless)))
    if old:
        notes.append(_join(words, old))
    unknown = segments[segments["profit"].isna()]
    doubt = []
    if len(unknown) and basis != "none":
        money = words.money(total_money(unknown["revenue"]))
        doubt.append(words("accounts.note_cost_unknown", count=words.count(len(unknown)), money=money))
    doubt += (
        [words(f"accounts.note_{'share_cost' if basis == 'contribution' else 'no_service'}")]
        if basis != "none"
        else []
    )
    return (*notes, _join(words, doubt)) if doubt else tuple(notes)


def _changes(segments: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return the largest entries, exits, risers and fallers with their rests, in order of display."""
    change = to_ticks(segments["revenue_change"])
    stayed = segments["movement"].isin(["up", "same", "down"])
    groups = {
        "group_riser": segments[stayed & (change > 0)],
        "group_entry": segments[segments["movement"].isin(["new", "returned"])],
        "group_faller": segments[stayed & (change < 0)],
        "group_exit": segments[segments["movement"] == "lost"],
    }
    parts = []
    for key, part in groups.items():
        size = part.assign(size=part["revenue_change"].abs()).sort_values(
            ["size", "account_id"], ascending=[False, True]
        )
        if len(part):
            parts.append(
                _gather(size, "revenue_change", words, bars=5).assign(group=words(f"accounts.{key}"))
            )
    return pd.concat(parts, ignore_index=True)
