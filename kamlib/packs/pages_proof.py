"""The page of chapter 3 that tries rules on the past: whether they are fair and would have worked."""

from __future__ import annotations

import pandas as pd

from kamlib.charts.figure import NativeChart
from kamlib.charts.proof import proof_chart
from kamlib.glossary import Words
from kamlib.measures.money import as_float
from kamlib.packs.page import Page
from kamlib.targets import Proof

_FEW = 10  # targets expected to be reached, of which a decimal tells something
_TOLD = 3  # decimals of a share that are told, as tenths of a point
_EVEN = 0.1  # a rank correlation this small explains a hundredth of what differs


def proof_page(proof: Proof, *, words: Words, company: str) -> Page:
    """Answer whether the split is fair and would have worked (targets 4).

    Parameters
    ----------
    proof : Proof
        What `kamlib.targets.prove_targets` returns.
    words : Words
        Language and currency.
    company : str
        Name of the book.
    """
    if not len(proof.rules):
        return Page(
            id="targets_4",
            title=words("proof.title_none"),
            subtitle=f"{company} · {words('proof.what')}",
            table=proof.rules,
            notes=(words("proof.note_none"),),
        )
    error = _error(proof)
    true = proof.rules[proof.rules["split_total"] == "true"].sort_values(error, kind="stable")
    table = pd.concat([true, proof.rules[proof.rules["split_total"] != "true"]], ignore_index=True)
    bars = true.assign(
        name=[_name(code, proof, words) for code in true["split_rule"]],
        used=true["split_rule"] == proof.in_use,
        text=[words.percent(off) for off in true[error]],
    ).reset_index(drop=True)
    native = NativeChart("bar", "split_rule", {error: "AC"}, rows=len(true))
    return Page(
        id="targets_4",
        title=_title(proof, words),
        subtitle=_subtitle(proof, words, company),
        table=table,
        figures=(proof_chart(bars, error=error, words=words, native=native),),
        sentences=(*_chances(proof, words), _fair_note(proof, words), *_own_sentences(proof, words)),
        notes=(_blend_note(proof, words), _doubt_note(proof, words)),
    )


def _error(proof: Proof) -> str:
    """Return the error that tells rules apart."""
    return "rep_error" if proof.by_reps else "account_error"


def _row(table: pd.DataFrame, rule: str, total: str = "true") -> pd.Series:
    return table[(table["split_rule"] == rule) & (table["split_total"] == total)].iloc[0]


def _name(code: str, proof: Proof, words: Words) -> str:
    name = words.value("split_rule", code)
    return words("proof.in_use_mark", rule=name) if code == proof.in_use else name


def _title(proof: Proof, words: Words) -> str:
    best, other = (_row(proof.rules, rule)[_error(proof)] for rule in (proof.best, proof.against))
    known = {
        "best": _name(proof.best, proof, words),
        "other": _name(proof.against, proof, words),
        "error": words.percent(best),
        "points": _points(other - best),
    }
    if not proof.by_reps:
        lead = words("proof.title_one_rep" if len(proof.cases) else "proof.title_no_reps")
        return words("proof.title_accounts", lead=lead, **known)
    if len(proof.periods) == 1:
        return words("proof.title_single", first=proof.periods["period"].iloc[0], **known)
    true = proof.rules[proof.rules["split_total"] == "true"]
    apart = "best_blend" in set(true["split_rule"])  # of periods that overlap ranges are too narrow
    ends = _row(proof.rules, proof.against)[["difference_low", "difference_high"]].tolist()
    sure = "sure" if apart and round(ends[0], _TOLD) > 0 else "unsure"
    told = words("proof.range_none")
    if not any(map(pd.isna, ends)):
        kind = "points" if apart else "narrow"
        told = words(f"proof.range_{kind}", low=_points(ends[0]), high=_points(ends[1]))
    return words(f"proof.title_{sure}", periods=len(proof.periods), range=told, **known)


def _subtitle(proof: Proof, words: Words, company: str) -> str:
    known = {"company": company, "what": words("proof.what"), "first": proof.periods["period"].iloc[0]}
    if len(proof.periods) == 1:
        return words("proof.subtitle_one", **known)
    return words("proof.subtitle", last=proof.periods["period"].iloc[-1], **known)


def _blend_note(proof: Proof, words: Words) -> str:
    parts = []
    for row in proof.weights.itertuples():
        known = {"factor": words.value("factor", row.factor), "weight": _whole(row.weight)}
        if pd.isna(row.weight_low):
            parts.append(words("proof.weight", **known))
        else:
            ends = {"low": _whole(row.weight_low), "high": _whole(row.weight_high)}
            parts.append(words("proof.weight_range", **known, **ends))
    notes = [words("proof.note_blend", weights=words("targets.list").join(parts))] if parts else []
    if not proof.by_reps:
        notes.append(words("proof.note_accounts"))
    elif "best_blend" in set(proof.rules["split_rule"]):
        held_out = words.percent(_row(proof.rules, "best_blend")["rep_error"])
        notes.append(words("proof.note_held_out", error=held_out))
    else:
        notes.append(words("proof.note_not_held_out"))
    if proof.in_use:
        in_use = words.percent(_row(proof.rules, proof.in_use)[_error(proof)])
        notes.append(words("proof.note_in_use", error=in_use))
    else:
        notes.append(words("proof.note_no_use"))
    return joined(notes, words)


def _fair_note(proof: Proof, words: Words) -> str:
    rule = proof.in_use or proof.best
    row = _row(proof.rules, rule)
    reps = ""
    if proof.by_reps:
        spread = f"{100 * row['attainment_spread']:.0f}"
        reps = words("proof.note_fair_reps", in_band=words.percent(row["in_band"]), spread=spread)
    return words(
        "proof.note_fair",
        rule=_name(rule, proof, words),
        reps=reps,
        size=_side(row["size_correlation"], words),
        growth=_side(row["growth_correlation"], words),
        size_r=_signed(row["size_correlation"]),
        growth_r=_signed(row["growth_correlation"]),
    )


def _own_sentences(proof: Proof, words: Words) -> tuple[str, ...]:
    """Set the company's own targets beside the best rule's; nothing where it had none."""
    if not len(proof.own):
        return ()
    own, best = _row(proof.own, "company"), _row(proof.own, proof.best)
    said = words(
        "proof.note_own",
        error=words.percent(own["rep_error"]),
        cases=words.count(int(own["replayed_cases"])),
        best=_name(proof.best, proof, words),
        best_error=words.percent(best["rep_error"]),
        title_error=words.percent(_row(proof.rules, proof.best)["rep_error"]),
    )
    return (said,)


def _chances(proof: Proof, words: Words) -> list[str]:
    """Say how many of the company's own targets could be expected to be reached, and how many were.

    The spread that chance makes lies between that of reps who are independent and that of reps who all rise
    and fall together within a period; two of it hold about 95 %.
    """
    known = proof.chances[proof.chances["reach_probability"].notna()]
    if not len(known):
        return []
    chance = known["reach_probability"].astype(float)
    spread = (chance * (1 - chance)) ** 0.5
    alone, together = ((spread**2).sum() ** 0.5, (spread.groupby(known["period"]).sum() ** 2).sum() ** 0.5)
    reached = int((as_float(known["actual"]) >= as_float(known["target"])).sum())
    apart = reached - chance.sum()
    sure = "perhaps" if abs(apart) > 2 * alone else "within"
    if abs(apart) > 2 * together:
        sure = "fewer" if apart < 0 else "more"
    said = words(
        "proof.note_chances",
        targets=words.count(len(known)),
        expected=f"{chance.sum():.{int(chance.sum() < _FEW)}f}",
        reached=words.count(reached),
        sure=words(f"proof.chances_{sure}"),
    )
    return [joined([said, words("proof.note_chances_by")], words)]


def _doubt_note(proof: Proof, words: Words) -> str:
    outside, came = as_float(proof.periods["outside"]).sum(), as_float(proof.periods["actual"]).sum()
    reps = words.count(int(proof.cases["rep_id"].nunique()))
    share = words.percent(outside / (outside + came))
    notes = [words("proof.note_doubt", periods=len(proof.periods), reps=reps, outside=share)]
    if proof.today:
        stands_in = [words(f"proof.today_{name}") for name in proof.today]
        notes.append(words("proof.note_today", what=words("targets.list").join(stands_in)))
    if "forecast" not in set(proof.rules["split_rule"]):
        notes.append(words("proof.note_no_forecast"))
    return joined(notes, words)


def joined(sentences: list[str], words: Words) -> str:
    """Return sentences one after the other, as the language sets them.

    Examples
    --------
    >>> joined(["One.", "Two."], Words("en")), joined(["一。", "二。"], Words("zh"))
    ('One. Two.', '一。二。')
    """
    return ("" if words.lang == "zh" else " ").join(sentences)


def _side(correlation: float, words: Words) -> str:
    if pd.isna(correlation):
        return words("proof.side_unknown")
    if abs(correlation) < _EVEN:
        return words("proof.side_even")
    return words("proof.side_easy" if correlation > 0 else "proof.side_hard")


def _signed(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:+.2f}"


def _points(share: float) -> str:
    return f"{100 * round(share, _TOLD):.1f}"


def _whole(weight: float) -> str:
    return f"{100 * weight:.0f} %"
