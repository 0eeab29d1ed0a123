"""Pages of the appraisal's first chapter: what was reached, why it changed, who sold into whose accounts."""

from __future__ import annotations

import pandas as pd
from IPython.display import display

from kamlib.appraisal.planned import planned_budgets
from kamlib.appraisal.results import attain_by_dimension, bridge_from_last_year, sold_by_others
from kamlib.charts import appraisal as charts
from kamlib.charts.bridge import bridge
from kamlib.charts.figure import NativeChart
from kamlib.glossary import Words
from kamlib.measures.money import as_float, total_money
from kamlib.packs.judging import Case
from kamlib.packs.page import Page, show

_SHOWN = 14


def label_of(case: Case) -> str:
    """Return the time judged, as the pages write it."""
    words = case.run.words
    if case.run.facts.get("to_date"):
        return words("appraisal.to_date", first=case.window.months[0], last=case.window.months[-1])
    return str(case.run.period)


def subtitle(case: Case, what: str) -> str:
    """Return who · what, unit · period."""
    words = case.run.words
    return words(
        "appraisal.subtitle", company=case.run.facts["book"]["name"], what=what, period=label_of(case)
    )


def asked_by_dimension(case: Case) -> dict[str, dict[str, float]]:
    """Return revenue targets by dimension: reps', their sum, and adopted ones by all sides."""
    planned = case.planned
    revenue = planned[planned["measure"] == "target_attainment"]
    found = {"rep": revenue.groupby("rep_id")["asked"].sum().to_dict()}
    if len(revenue):
        found["company"] = {"company": float(revenue["asked"].sum())}
    if case.run.has("adopted_targets") and (revenue["source"] == "adopted").any():
        rows = case.run.load("adopted_targets")
        rows = rows[(rows["measure"] == "revenue") & rows["month"].isin(case.window.months)]
        rows = rows.assign(asked=as_float(rows["target"]), company="company")
        for side in ("company", "region", "product_line", "account_type"):
            found[side] = rows.groupby(side)["asked"].sum().to_dict()
    return found


def show_results(case: Case) -> None:
    """Set actual beside target and last year, save the table and show the page (results 1)."""
    tables = case.tables
    table = attain_by_dimension(
        tables["cube"],
        tables["accounts"],
        window=case.window,
        targets=asked_by_dimension(case),
        budgets=planned_budgets(
            case.run.load("targets") if case.run.has("targets") else None,
            window=case.window,
            fiscal_year_start=case.run.facts["book"]["fiscal_year_start"],
        ),
    )
    case.run.save("results", table)
    display(show(case.run, results_page(case, table)))


def _no_targets(case: Case) -> str:
    """Tell a book without targets from one whose targets are for other days."""
    if not case.run.has("targets") or case.run.load("targets").empty:
        return "appraisal.results_no_targets"
    return "appraisal.results_other_days"


def results_page(case: Case, results: pd.DataFrame) -> Page:
    """Answer what was reached (results 1)."""
    words = case.run.words
    table = results.copy()
    table.insert(
        1, "name", [_name(case, d, k) for d, k in zip(table["dimension"], table["key"], strict=True)]
    )
    company = table[table["dimension"] == "company"].iloc[0]
    reps = table[(table["dimension"] == "rep") & table["key"].notna()]
    known = reps[reps["attainment"].notna()]
    change = _change(company["actual"], company["actual_last_year"])
    facts = {
        "period": label_of(case),
        "actual": words.money(company["actual"]),
        "change": words.signed_percent(change) if change is not None else words("appraisal.no_last_year"),
    }
    if len(known):
        attained = known["actual"].astype(float).sum() / known["target"].sum()
        title = words(
            "appraisal.results_title",
            attained=words.percent(attained),
            reps=len(known),
            reached=int((known["attainment"] >= 1).sum()),
            **facts,
        )
        median = words.percent(float(known["attainment"].median()))
        notes = (
            words("appraisal.results_credit"),
            words("appraisal.results_median", median=median),
            *_unmade(company, reps, words),
        )
    else:
        title = words("appraisal.results_title_plain", **facts)
        notes = (words("appraisal.results_credit"), words(_no_targets(case)))
    shown = reps.head(_SHOWN)
    bars = pd.DataFrame(
        {
            "name": shown["name"],
            "AC": as_float(shown["actual"]),
            "PL": shown["target"],
            "PY": as_float(shown["actual_last_year"]),
            "text": [
                words.money(actual) + ("" if pd.isna(part) else f" · {words.percent(part)}")
                for actual, part in zip(shown["actual"], shown["attainment"], strict=True)
            ],
        }
    )
    table["dimension"] = [words.value("dimension", d) for d in table["dimension"]]
    first = table[table["key"].notna()].index.min()
    order = [*reps.index, *(i for i in table.index if i not in set(reps.index))]
    native = NativeChart(
        "bar", "name", {"actual_last_year": "PY", "actual": "AC", "target": "PL"}, rows=len(shown)
    )
    return Page(
        id="results_1",
        title=title,
        subtitle=subtitle(case, words("appraisal.results_what", currency=words.money_unit)),
        table=table.loc[order].drop(columns="key").reset_index(drop=True),
        figures=(charts.attainment_chart(bars, native=native),) if first is not None else (),
        notes=notes,
    )


def show_bridge(case: Case) -> None:
    """Split the change since last year, save it and show the page (results 2); nothing without last year."""
    cube = case.tables["cube"]
    if str(cube["month"].min()) > case.window.last_year().months[0]:
        return
    parts = bridge_from_last_year(case.tables.get("products", cube), window=case.window)
    case.run.save("results_bridge", parts)
    display(show(case.run, bridge_page(case, parts)))


def bridge_page(case: Case, parts: pd.DataFrame) -> Page:
    """Answer why revenue changed since last year (results 2)."""
    words = case.run.words
    amount = dict(zip(parts["part"], parts["amount"], strict=True))
    moved = parts[~parts["part"].isin(["before", "after"])]
    # Products that replace each other are one change of the assortment.
    told = {part: amount[part] for part in moved["part"] if part not in ("new_products", "lost_products")}
    told["assortment"] = amount["new_products"] + amount["lost_products"]
    largest = max(told, key=lambda part: abs(told[part]))
    kept = [part for part in parts["part"] if part in ("before", "after") or amount[part] != 0]
    steps = pd.DataFrame(
        {
            "step": [words.value("part", part) for part in kept],
            "amount": [float(amount[part]) for part in kept],
            "scenario": [{"before": "PY", "after": "AC"}.get(part, "change") for part in kept],
        }
    )
    known = "products" in case.tables
    doubt = "appraisal.bridge_doubt_product" if known else "appraisal.bridge_doubt_line"
    if case.tables["cube"]["quantity"].isna().all():
        doubt = "appraisal.bridge_no_quantity"
    table = parts.assign(part=[words.value("part", part) for part in parts["part"]])
    return Page(
        id="results_2",
        title=words(
            "appraisal.bridge_title",
            period=label_of(case),
            change=words.signed_money(amount["after"] - amount["before"]),
            part=words.value("part", largest),
            amount=words.signed_money(told[largest]),
        ),
        subtitle=subtitle(case, words("appraisal.bridge_what", currency=words.money_unit)),
        table=table,
        figures=(bridge(steps, words=words),),
        notes=(
            words(
                "appraisal.bridge_rule", by=words("appraisal.by_product" if known else "appraisal.by_line")
            ),
            words(doubt),
        ),
    )


def show_sharing(case: Case) -> None:
    """List sales into other reps' accounts and show the page (results 3); nothing where there are none."""
    table = sold_by_others(
        case.tables["cube"],
        case.tables["accounts"],
        window=case.window,
        history=case.tables.get("account_history"),
    )
    if not len(table):
        return
    case.run.save("results_shared", table)
    display(show(case.run, sharing_page(case, table)))


def sharing_page(case: Case, shared: pd.DataFrame) -> Page:
    """Answer who sold into whose accounts (results 3)."""
    words = case.run.words
    accounts = case.tables["accounts"].set_index("account_id")["name"]
    table = pd.DataFrame(
        {
            "account_id": shared["account_id"],
            "name": shared["account_id"].map(accounts).fillna(shared["account_id"]),
            "rep_name": [case.everyone.get(rep, rep) for rep in shared["rep_id"]],
            "seller": [case.everyone.get(rep, rep) for rep in shared["seller"]],
            "shared_sales": shared["amount"],
        }
    )
    first = table.iloc[0]
    return Page(
        id="results_3",
        title=words(
            "appraisal.sharing_title",
            amount=words.money(total_money(shared["amount"])),
            accounts=shared["account_id"].nunique(),
            seller=first["seller"],
            name=first["name"],
            rep=first["rep_name"],
            most=words.money(first["shared_sales"]),
        ),
        subtitle=subtitle(case, words("appraisal.sharing_what", currency=words.money_unit)),
        table=table,
        totals=("shared_sales",),
        notes=(words("appraisal.sharing_rule"),),
        folded=False,
    )


def _unmade(company: pd.Series, reps: pd.DataFrame, words: Words) -> tuple[str, ...]:
    """Say by how much the company's row exceeds the reps' together; nothing where it does not."""
    rest = company["actual"] - total_money(reps["actual"])
    return (words("appraisal.results_rest", rest=words.money(rest)),) if rest else ()


def _name(case: Case, dimension: str, key: object) -> str:
    words = case.run.words
    if pd.isna(key):
        return words("appraisal.without_rep" if dimension == "rep" else "appraisal.without_account")
    if dimension == "company":
        return words.value("dimension", "company")
    return case.everyone.get(str(key), str(key)) if dimension == "rep" else str(key)


def _change(now: object, before: object) -> float | None:
    last = float(before)  # type: ignore[arg-type]
    return float(now) / last - 1 if last > 0 else None  # type: ignore[arg-type]
