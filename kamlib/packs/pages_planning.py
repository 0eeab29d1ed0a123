"""The planning pack's own pages: book, appendix."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pydantic import BaseModel

from kamlib.glossary import Words
from kamlib.packs.page import Page
from kamlib.params import Params, list_params
from kamlib.runs import Run


def book_pages(run: Run) -> tuple[Page, Page]:
    """Make the pages that say whether the data can be trusted: tables and spans, findings that were kept."""
    words = run.words
    tables, checks = run.load("book_tables"), run.load("book_checks")
    tables["serves"] = [
        words(f"book.serves_{name}") if serves else words("planning.required")
        for name, serves in zip(tables["table"], tables["serves"], strict=True)
    ]
    checks["message"] = [words(f"book.check_{name}") for name in checks["check"]]
    checks["remedy"] = [words(f"book.remedy_{name}") for name in checks["check"]]
    book, as_of = run.facts["book"]["name"], run.as_of
    present = tables["present"].astype(bool)
    sales = tables[tables["table"] == "sales"].iloc[0]
    span = {"first": f"{sales['first_date']:%Y-%m-%d}", "last": f"{sales['last_date']:%Y-%m-%d}"}
    first = Page(
        id="book_1",
        title=words(
            "planning.book_1_title",
            rows=words.count(int(tables["rows"].sum())),
            present=int(present.sum()), absent=int((~present).sum()),
            **span,
        ),
        subtitle=words("planning.book_1_subtitle", book=book, as_of=as_of),
        notes=(words("planning.book_1_note"),),
        table=tables,
        totals=("rows",),
        folded=False,
    )  # fmt: skip
    counted = (words("planning.book_2_money", **span),) if len(checks) else ()
    second = Page(
        id="book_2",
        title=_odd_title(checks, words),
        subtitle=words("planning.book_2_subtitle", book=book, as_of=as_of, currency=words.money_unit),
        notes=(words("planning.book_2_note"), *counted),
        table=checks.drop(columns=["check", "severity"]),
        folded=False,
    )  # fmt: skip
    return first, second


def _odd_title(checks: pd.DataFrame, words: Words) -> str:
    """Say how much is kept though odd, and which finding has most money."""
    if not len(checks):
        return words("planning.book_2_title_none")
    known = {"kinds": len(checks), "rows": words.count(int(checks["count"].sum()))}
    sizes = checks["money"].dropna().map(abs)
    if not len(sizes):
        return words("planning.book_2_title_plain", **known)
    at = sizes.sort_values(ascending=False, kind="stable").index[0]
    largest = {"money": words.money(checks.loc[at, "money"]), "largest": checks.loc[at, "message"]}
    return words("planning.book_2_title", currency=words.money_unit, **largest, **known)


def parameter_page(params: Params, run: Run, before: Run | None) -> Page:
    """Make the list of parameters: value, default, value of the run before, unit, range, meaning, source."""
    words = run.words
    rows = list(list_params(params))
    others: dict[str, str] = run.facts.get("left_out", {})
    earlier = _flat(before.facts["parameters"]) if before else {}
    now = _flat(params.model_dump(mode="json"))
    changed_since = {name for name in now if before and earlier.get(name) != now[name]}
    table = pd.DataFrame(
        {
            "parameter": [r.name for r in rows],
            "parameter_value": [_text(now[r.name]) for r in rows],
            "unit": [r.unit for r in rows],
            "parameter_meaning": [r.meaning_zh if words.lang == "zh" else r.meaning for r in rows],
            "parameter_default": [_text(r.default) for r in rows],
            "parameter_before": [
                _text(earlier.get(r.name)) if r.name in changed_since else None for r in rows
            ],
            "range": [r.range for r in rows],
            "source": [r.source for r in rows],
            "strength": [r.strength for r in rows],
        },
        dtype=object,
    )
    if before is None:
        table = table.drop(columns="parameter_before")
    return Page(
        id="appendix_1",
        title=words(
            "planning.parameter_title", all=len(rows), changed=sum(r.value != r.default for r in rows)
        ),
        subtitle=words("planning.parameter_subtitle"),
        notes=(
            _compared(before, len(changed_since), words),
            *(words("planning.parameter_left_out", file=file, book=book) for file, book in others.items()),
        ),
        table=table,
        folded=False,
    )


def _compared(before: Run | None, count: int, words: Words) -> str:
    if before is None:
        return words("planning.parameter_first")
    return words("planning.parameter_previous", run=before.folder.name, count=count)


def run_page(run: Run) -> Page:
    """Make the list of what went into the run: book, period, language, rows, versions."""
    words = run.words
    facts = {k: run.facts[k] for k in ("pack", "period", "as_of", "lang", "seed", "book", "versions")}
    flat = _flat(facts)
    return Page(
        id="appendix_2",
        title=words(
            "planning.run_title",
            hash=facts["book"]["hash"][:12],
            version=facts["versions"]["kamlib"], python=facts["versions"]["python"],
        ),
        subtitle=words("planning.run_subtitle"),
        table=pd.DataFrame({"fact": list(flat), "fact_value": [*map(_text, flat.values())]}, dtype=object),
        folded=False,
    )  # fmt: skip


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value and not prefix.count("."):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _text(value: Any) -> str:
    """Write a parameter's value as a reader of YAML would: no brackets, nothing of Python."""
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_text(v)}" for k, v in value.items() if v is not None) or "–"
    if isinstance(value, (list, tuple)):
        apart = "; " if any(isinstance(v, dict) for v in value) else ", "
        return apart.join(map(_text, value)) or "–"
    if isinstance(value, BaseModel):
        return _text(value.model_dump(mode="json"))
    return "–" if value is None else str(value)
