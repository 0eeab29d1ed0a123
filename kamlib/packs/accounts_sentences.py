"""Titles and notes of the pages on accounts: findings read off the tables and put into words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kamlib.glossary import Words
from kamlib.measures.money import to_ticks, total_money
from kamlib.packs.first_moves import first_moves, still_buying, with_alike
from kamlib.segments import SegmentParams, profit_basis

_NAMED = 3


def cut_text(share: float) -> str:
    """Write a cut as a percentage without needless digits.

    Examples
    --------
    >>> cut_text(0.8), cut_text(1 - 0.95), cut_text(0.125)
    ('80 %', '5 %', '12.5 %')
    """
    return f"{100 * share:.6g} %"


def key_count(segments: pd.DataFrame, inside: int, params: SegmentParams) -> int:
    """Return how many accounts the cut of revenue holds: by amount where one is set, else by share."""
    if params.key_threshold is None:
        return inside
    return int((segments["revenue"] >= params.key_threshold).fillna(False).sum())


def pareto_title(segments: pd.DataFrame, now: pd.Series, *, params: SegmentParams, words: Words) -> str:
    """Say how many accounts bring the cut's share of revenue, and how many of them do not pay.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.
    now : pandas.Series
        The row of revenue of what `summarise_concentration` returns.
    params : SegmentParams
        The cuts.
    words : Words
        Language.
    """
    if pd.isna(now["inside"]):
        return words("accounts.pareto_none")
    accounts = words.count(now["accounts"])
    inside = key_count(segments, int(now["inside"]), params)
    counted = segments.head(inside)
    if params.key_threshold is not None:
        share = words.percent(counted["share"].sum())
        amount = words.money(params.key_threshold)
        title = words(
            "accounts.threshold", amount=amount, inside=words.count(inside), accounts=accounts, share=share
        )
    else:
        form = "one" if inside == 1 else "many"
        cut = cut_text(params.key_share)
        title = words(f"accounts.pareto_{form}", inside=words.count(inside), accounts=accounts, cut=cut)
    basis = profit_basis(segments)
    if basis == "none" or counted.empty:
        return title
    return title + _counted(words, f"and_{basis}", int(_losing(counted).sum()))


def pareto_notes(
    segments: pd.DataFrame,
    concentration: pd.DataFrame,
    *,
    without: pd.Series,
    short: str,
    params: SegmentParams,
    words: Words,
) -> tuple[str, ...]:
    """Say how concentrated the book is, how long its tail, and what the curve leaves out.

    Parameters
    ----------
    segments, concentration : pandas.DataFrame
        What `segment_accounts` and `summarise_concentration` return.
    without : pandas.Series
        The row of sales without an account of what `summarise_tiers` returns.
    short : str
        What to say of a last year that is not whole, or empty.
    params : SegmentParams
        The cuts.
    words : Words
        Language.
    """
    by = concentration.set_index("basis")
    now, past, profit = by.loc["revenue"], by.loc["revenue_last_year"], by.loc["profit"]
    if pd.isna(now["inside"]):
        return ()
    cut, basis = cut_text(params.key_share), profit_basis(segments)
    tiers = {"tier_a": cut_text(params.tier_a_share), "tier_b": cut_text(params.tier_b_share)}
    figures = {"gini": f"{now['gini']:.2f}", "herfindahl": f"{now['herfindahl']:.3f}"}
    first = [words("accounts.note_cut", **tiers, **figures, top=words.percent(now["top_share"]))]
    if pd.notna(past["inside"]):
        counts = {"inside": words.count(past["inside"]), "accounts": words.count(past["accounts"])}
        first.append(words("accounts.note_cut_last_year", **counts, cut=cut, gini=f"{past['gini']:.2f}"))
    counts = {"tail": words.count(now["tail"]), "accounts": words.count(now["accounts"])}
    second = [words("accounts.note_tail", rest=cut_text(1 - params.tier_b_share), **counts)]
    if basis != "none" and pd.notna(profit["inside"]):
        second.append(words(f"accounts.note_profit_{basis}", cut=cut, inside=words.count(profit["inside"])))
    third = []
    if without["revenue"]:
        third.append(words("accounts.note_without", money=words.money(without["revenue"])))
    absent, grouped = int((segments["tier"] == "none").sum()), int(segments["parent_id"].notna().sum())
    if absent:
        third.append(words("accounts.note_absent", count=words.count(absent)))
    if grouped:
        third.append(words("accounts.note_parents", count=words.count(grouped)))
    third += [short] if short else []
    return tuple(_join(words, sentences) for sentences in (first, second, third) if sentences)


def potential_title(segments: pd.DataFrame, fields: pd.DataFrame, *, words: Words) -> str:
    """Say how many accounts could bring more, and how much.

    Parameters
    ----------
    segments, fields : pandas.DataFrame
        What `segment_accounts` and `summarise_fields` return.
    words : Words
        Language.
    """
    if segments["potential"].isna().all():
        return words("accounts.potential_none")
    grow = fields.set_index("field").loc["grow"]
    if not grow["accounts"]:
        return words("accounts.grow_none", money=words.money(total_money(segments["open_potential"])))
    share, money = words.percent(grow["share_of_wallet"]), words.money(grow["open_potential"])
    return words("accounts.grow_title", count=words.count(grow["accounts"]), share=share, money=money)


def potential_notes(segments: pd.DataFrame, *, params: SegmentParams, words: Words) -> tuple[str, ...]:
    """Say how the fields are cut, whom to look at first in each, and whose potential to doubt.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.
    params : SegmentParams
        The cuts.
    words : Words
        Language.
    """
    wallet = cut_text(params.wallet_cut)
    if params.potential_threshold is not None:
        amount = words.money(params.potential_threshold)
        notes = [words("accounts.note_fields_amount", potential=amount, wallet=wallet)]
    else:
        share = cut_text(params.potential_share)
        notes = [words("accounts.note_fields_share", potential=share, wallet=wallet)]
    moves = [
        words(
            "accounts.move",
            field=words.value("field", row.field),
            name=with_alike(row.name, row.alike, words),
            money=words.money(row.open_potential),
        )
        for row in first_moves(segments).itertuples(index=False)
    ]
    if moves:
        notes.append(words("accounts.note_moves", moves=words("accounts.moves").join(moves)))
    unknown = segments[segments["potential"].isna() & (to_ticks(segments["revenue"]) > 0)]
    below = int((segments["revenue"] > segments["potential"]).fillna(False).sum())
    counts = {"unknown": words.count(len(unknown)), "below": words.count(below)}
    money = words.money(total_money(unknown["revenue"]))
    doubt = [words("accounts.note_potential", **counts, money=money)]
    gone = segments[(segments["field"] == "grow") & ~still_buying(segments)]
    if len(gone):
        money = words.money(total_money(gone["open_potential"]))
        doubt.append(words("accounts.note_grow_closed", count=words.count(len(gone)), money=money))
    return (*notes, _join(words, doubt))


def contribution_title(segments: pd.DataFrame, *, words: Words) -> str:
    """Say how many accounts do not pay, what they cost, and how many of them are key accounts.

    Parameters
    ----------
    segments : pandas.DataFrame
        What `segment_accounts` returns.
    words : Words
        Language.
    """
    basis = profit_basis(segments)
    if basis == "none":
        return words("accounts.loss_unknown")
    losing, known = segments[_losing(segments)], segments[segments["profit"].notna()]
    revenue, profit = total_money(known["revenue"]), total_money(known["profit"])
    share = words.percent(float(profit / revenue)) if revenue > 0 else "–"
    loss = words.money(-total_money(losing["profit"]))
    title = _counted(words, f"loss_{basis}", len(losing), money=loss, share=share)
    return title + _counted(words, "loss_large", int(losing["key_account"].sum())) if len(losing) else title


def contribution_notes(segments: pd.DataFrame, tenure: pd.DataFrame, *, words: Words) -> tuple[str, ...]:
    """Name the key accounts that do not pay, say whether age tells value, and what is unknown.

    Parameters
    ----------
    segments, tenure : pandas.DataFrame
        What `segment_accounts` and `summarise_tenure` return.
    words : Words
        Language.
    """
    basis, large, old, doubt = profit_basis(segments), [], [], []
    if basis != "none":
        losing = segments[_losing(segments)]
        worst = losing[losing["key_account"]].sort_values(["profit", "account_id"]).head(_NAMED)
        named = [
            words("accounts.named", name=name, money=words.money(money))
            for name, money in worst[["name", "profit"]].itertuples(index=False)
        ]
        names = words("accounts.names").join(named)
        large.append(_all_said(segments, basis, words))
        large.append(
            words("accounts.note_large", names=names) if named else words("accounts.note_large_none")
        )
        idle = int((losing["tier"] == "none").sum())
        large += [words("accounts.note_idle", count=words.count(idle))] if idle else []
        unknown = segments[segments["profit"].isna()]
        if len(unknown):
            money = words.money(total_money(unknown["revenue"]))
            doubt.append(words("accounts.note_cost_unknown", count=words.count(len(unknown)), money=money))
        doubt.append(words(f"accounts.note_{'share_cost' if basis == 'contribution' else 'no_service'}"))
    correlation, ageless = tenure["rank_correlation"].iloc[0], int(tenure["accounts"].iloc[-1])
    if pd.notna(correlation):
        old.append(words("accounts.note_tenure", correlation=f"{correlation:.2f}"))
    if ageless:
        old.append(words("accounts.note_tenure_unknown", count=words.count(ageless)))
    return tuple(_join(words, sentences) for sentences in (large, old, doubt) if sentences)


def _all_said(segments: pd.DataFrame, basis: str, words: Words) -> str:
    """Say what all accounts whose profit is known come to together."""
    known = segments[segments["profit"].notna()]
    revenue, profit = total_money(known["revenue"]), total_money(known["profit"])
    share = words.signed_percent(float(profit / revenue)) if revenue > 0 else "–"
    return words(f"accounts.note_all_{basis}", money=words.signed_money(profit), share=share)


def movement_title(movements: pd.DataFrame, *, words: Words) -> str:
    """Say how many accounts came and went, with their money, and what the others changed by.

    Parameters
    ----------
    movements : pandas.DataFrame
        What `summarise_movements` returns.
    words : Words
        Language.
    """
    by = movements.set_index("movement")
    if by.empty:
        return words("accounts.moved_unknown")
    came, stayed, lost = by.loc[["new", "returned"]], by.loc[["up", "same", "down", "none"]], by.loc["lost"]
    return words(
        "accounts.moved",
        entries=words.count(came["accounts"].sum()),
        entered=words.signed_money(total_money(came["revenue_change"])),
        exits=words.count(lost["accounts"]),
        left=words.signed_money(lost["revenue_change"]),
        kept=words.signed_money(total_money(stayed["revenue_change"])),
    )


def movement_notes(
    segments: pd.DataFrame, movements: pd.DataFrame, *, short: str, words: Words
) -> tuple[str, ...]:
    """Say what all accounts changed by, who came and went, and how tiers moved.

    Parameters
    ----------
    segments, movements : pandas.DataFrame
        What `segment_accounts` and `summarise_movements` return.
    short : str
        What to say of a last year that is not whole, or empty.
    words : Words
        Language.
    """
    by = movements.set_index("movement")
    if by.empty:
        return ()
    now, past = total_money(segments["revenue"]), total_money(segments["revenue_last_year"])
    share = words.signed_percent(float((now - past) / past)) if past > 0 else "–"
    change = {"change": words.signed_money(now - past), "percent": share}
    first = [words("accounts.note_total", now=words.money(now), past=words.money(past), **change)]
    first += [short] if short else []
    counts = {name: words.count(by.loc[name, "accounts"]) for name in by.index}
    second = [words("accounts.note_came", new=counts["new"], returned=counts["returned"])]
    closed = segments[(segments["status"] == "closed") & (segments["tier"] != "none")]
    if len(closed):
        money = words.money(total_money(closed["revenue"]))
        second.append(words("accounts.note_closed", count=words.count(len(closed)), money=money))
    moved = {name: counts[name] for name in ("up", "down", "same")}
    second.append(words("accounts.note_tiers_moved", **moved))
    return tuple(_join(words, sentences) for sentences in (first, second, [_silent(segments, words)]))


def _silent(segments: pd.DataFrame, words: Words) -> str:
    """Say who has stopped ordering: how many, what they brought, the largest with its last month."""
    silent = segments[segments["gone_silent"].astype(bool)]
    if silent.empty:
        return words("accounts.note_silent_none")
    silent = silent.sort_values(["revenue", "account_id"], ascending=[False, True])
    first = silent.iloc[0]
    return words(
        "accounts.note_silent",
        count=words.count(len(silent)),
        money=words.money(total_money(silent["revenue"])),
        name=first["name"],
        month=first["last_bought"],
    )


def mix_title(everything: pd.Series, *, words: Words) -> str:
    """Say what key accounts bring, at which own market share, and what the rule says of it.

    Parameters
    ----------
    everything : pandas.Series
        The total's row of what `mix_health` returns.
    words : Words
        Language.
    """
    held, own = everything["key_share"], everything["own_share"]
    if pd.isna(held):
        return words("accounts.mix_none")
    known = words.percent(own) if pd.notna(own) else ""
    return words(f"accounts.mix_{everything['verdict']}", held=words.percent(held), own=known)


def mix_notes(regions: pd.DataFrame, *, params: SegmentParams, words: Words) -> tuple[str, ...]:
    """State the rule, what it says of each region, and how key accounts were named.

    Parameters
    ----------
    regions : pandas.DataFrame
        The regions' rows of what `mix_health` returns.
    params : SegmentParams
        The rule.
    words : Words
        Language.
    """
    points = dict(zip(("first", "second", "third", "fourth"), map(cut_text, params.mix_shares), strict=True))
    well = cut_text(params.mix_reference + params.mix_well_above)
    rule = words("accounts.note_mix_rule", **points, reference=cut_text(params.mix_reference), well=well)
    notes, said = [rule], []
    for code, part in regions.groupby("verdict", sort=True):
        names = words("accounts.names").join(part["region"])
        said.append(words("accounts.note_mix_region", verdict=words.value("verdict", str(code)), names=names))
    if regions["own_share"].notna().any():
        notes.append(words("accounts.note_mix_regions", list=words("accounts.moves").join(said)))
    if params.key_threshold is None:
        notes.append(words("accounts.note_mix_cut", cut=cut_text(params.key_share)))
    return tuple(notes)


def _losing(segments: pd.DataFrame) -> pd.Series:
    return (~segments["pays"].astype("boolean")).fillna(False).astype(bool)


def _counted(words: Words, key: str, number: int, **values: str) -> str:
    """Return the words of a key for none, one or many."""
    form = {0: "zero", 1: "one"}.get(number, "many")
    return words(f"accounts.{key}_{form}", count=words.count(number), **values)


def _join(words: Words, sentences: Sequence[str]) -> str:
    return ("" if words.lang == "zh" else " ").join(sentences)
