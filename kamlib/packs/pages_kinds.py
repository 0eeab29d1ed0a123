"""Pages of chapter 3 on what is asked beside revenue, and where the company wants to be in some years."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from IPython.display import display

from kamlib.glossary import Words
from kamlib.measures.money import as_float
from kamlib.packs.page import Page, show
from kamlib.packs.pages_proof import joined
from kamlib.packs.targets_scope import Scope
from kamlib.periods import Period
from kamlib.runs import Run
from kamlib.targets.kinds import KINDS, KindParams, kind_targets
from kamlib.targets.longterm import LongTermParams, glide_paths

_ARROW = "→"
_COUNTED = ("new_accounts", "new_account_value")  # the first is the number of cases itself


def show_kinds(
    run: Run, cube: pd.DataFrame, accounts: pd.DataFrame, *, scope: Scope, params: KindParams
) -> None:
    """Set the further kinds of target, save them with the run and show the page where there are any."""
    more = {name: run.load(name) for name in ("surveys", "opportunities") if run.has(name)}
    kinds = kind_targets(cube, accounts, period=run.period, as_of=run.as_of, params=params, **more)
    run.save("target_kinds", kinds)
    if len(kinds):
        display(show(run, kinds_page(kinds, scope=scope, params=params)))


def kinds_page(kinds: pd.DataFrame, *, scope: Scope, params: KindParams) -> Page:
    """Say what each rep is asked for beside revenue (targets 9).

    Parameters
    ----------
    kinds : pandas.DataFrame
        What `kamlib.targets.kinds.kind_targets` made.
    scope : Scope
        What the page is about, in which words.
    params : KindParams
        Steps and aims.
    """
    words = scope.words
    found = [kind for kind in KINDS if kind in set(kinds["measure"])]
    told = kinds.assign(said=[_told(row, words) for row in kinds.itertuples()])
    table = told.pivot(index="rep_id", columns="measure", values="said")[found].reset_index()
    table.insert(0, "name", [scope.rep_name(rep) for rep in table["rep_id"]])
    company = kinds.groupby("measure")["company"].first()
    table.loc[len(table), ["name", *found]] = [
        words.value("dimension", "company"),
        *(_said(kind, company[kind], words) for kind in found),
    ]
    fresh = kinds[kinds["measure"] == "new_accounts"]
    wanted = int(fresh["target"].sum())
    absent = [words.value("measure", kind) for kind in KINDS if kind not in found]
    rule = [words("targets.kinds_rule")]
    if "retention" in found:
        rule.append(_kept_note(company["retention"], params.retention_aim, words))
    notes = [joined(rule, words), words("targets.kinds_new"), words("targets.kinds_doubt")]
    if absent:
        left_out = words("targets.kinds_absent", kinds=words("targets.list").join(absent))
        notes[-1] = joined([left_out, notes[-1]], words)
    return Page(
        id="targets_9",
        title=words(
            "targets.kinds_title_one" if wanted == 1 else "targets.kinds_title",
            kinds=words.count(len(found)),
            fresh=words.count(wanted),
            before=_said("new_accounts", company.get("new_accounts", 0.0), words),
        ),
        subtitle=scope.about(
            words("targets.kinds_what"), words("targets.kinds_scope", period=scope.size.period)
        ),
        table=table.drop(columns="rep_id"),
        labels={kind: words.value("measure", kind) for kind in found},
        kinds=dict.fromkeys(found, "text"),
        notes=tuple(notes),
        folded=False,
    )


def _kept_note(company: float, aim: float, words: Words) -> str:
    """Say how large a step is in accounts kept, and that nothing is asked above the aim."""
    known = {"aim": _said("retention", aim, words), "company": _said("retention", company, words)}
    return words(f"targets.kinds_kept_{'held' if company >= aim else 'step'}", **known)


def _told(row: Any, words: Words) -> str:
    """Write where a rep stands, what is asked, and on how many cases the first rests."""
    parts = [_said(row.measure, value, words) for value in (row.base, row.target)]
    told = f" {_ARROW} ".join(parts)
    return told if row.measure in _COUNTED else f"{told} ({words.count(int(row.cases))})"


def _said(kind: str, value: float, words: Words) -> str:
    """Write a value in the unit of its kind."""
    if pd.isna(value):
        return "–"
    if kind == "new_accounts" and not float(value).is_integer():
        return f"{value:.1f}"
    if kind in ("new_accounts", "sales_cycle"):
        return words.count(round(value))
    if kind == "new_account_value":
        return words.money(value)
    return f"{100 * value:.1f} %" if kind == "retention" else f"{value:.2f}"


def show_glide(run: Run, cube: pd.DataFrame, *, scope: Scope, params: LongTermParams) -> None:
    """Lay out the way to the long-term aims and show the page; nothing where none is set."""
    if not params.aims:
        return
    year = run.period.year().last_year()
    while year.end > run.as_of:
        year = year.last_year()
    months = [str(month) for month in year.months()]
    sold = float(as_float(cube.loc[cube["month"].isin(months), "revenue"]).sum())
    whole = str(cube["month"].min()) <= months[0]
    known = run.load("target_kinds").query("measure == 'retention'")["company"]
    today = {
        "revenue": sold if whole else None,
        "retention": float(known.iloc[0]) if len(known) else None,
        "market_share": _market_share(run, str(year)),
    }
    table = glide_paths(today, year=int(str(year)), params=params)
    run.save("target_aims", table)
    landing = None
    if run.has("outlook_months"):
        landing = float(as_float(run.load("outlook_months")["landing"]).sum())
    beside = {"landing": landing, "last_share": _share_of_year(run.period.last_year(), cube, run.as_of)}
    display(show(run, glide_page(table, scope=scope, year=int(str(run.period.year())), **beside)))


def _share_of_year(period: Period, cube: pd.DataFrame, as_of: dt.date) -> float | None:
    """Return what a period brought of its fiscal year; None where that is not over or not whole."""
    year = period.year()
    inside, whole = ({str(month) for month in one.months()} for one in (period, year))
    if year.end > as_of or str(cube["month"].min()) > min(whole):
        return None
    part, sold = (
        float(as_float(cube.loc[cube["month"].isin(one), "revenue"]).sum()) for one in (inside, whole)
    )
    return part / sold if sold > 0 else None


def _market_share(run: Run, year: str) -> float | None:
    """Return the company's own share of the markets of a year, weighted by their size; None where unknown."""
    if not run.has("market"):
        return None
    rows = run.load("market")
    rows = rows[rows["period"].str.startswith(year) & rows["own_share"].notna()]
    size = as_float(rows["size"])
    return (
        float((size * rows["own_share"].to_numpy(dtype=float)).sum() / size.sum()) if size.sum() > 0 else None
    )


def glide_page(
    paths: pd.DataFrame,
    *,
    scope: Scope,
    year: int,
    landing: float | None = None,
    last_share: float | None = None,
) -> Page:
    """Say what the planned year contributes to the aims of later years (targets 10).

    Parameters
    ----------
    paths : pandas.DataFrame
        What `kamlib.targets.longterm.glide_paths` made.
    scope : Scope
        What the page is about, in which words.
    year : int
        The fiscal year of the period planned.
    landing : float, optional
        Where the forecast lets that year land [currency].
    last_share : float, optional
        What the period planned brought of the year before [fraction].
    """
    words = scope.words
    sentences: tuple[str, ...] = ()
    mine = paths[(paths["fiscal_year"] == year) & paths["yearly_step"].notna()]
    revenue = mine[mine["measure"] == "revenue"]
    if len(revenue):
        step = revenue.iloc[0]
        title = words(
            "targets.glide_title",
            year=year,
            path=words.money(step["path"]),
            step=words.signed_money(step["yearly_step"]),
            growth=words.signed_percent(step["yearly_growth"]),
        )
        if landing is not None and not pd.isna(landing):
            gap = words.signed_money(landing - step["path"])
            sentences = (words("targets.glide_beside", year=year, landing=words.money(landing), gap=gap),)
        sentences += (_plan_beside(float(step["path"]), year, last_share, scope),)
    else:
        title = words("targets.glide_title_none", year=year)
    return Page(
        id="targets_10",
        title=title,
        subtitle=scope.about(
            words("targets.glide_what"), words("targets.glide_scope", start=paths["fiscal_year"].min())
        ),
        kinds=dict.fromkeys(("fiscal_year", "aim", "path", "yearly_step"), "text"),
        table=_written(paths, words),
        sentences=sentences,
        notes=(words("targets.glide_rule"), words("targets.glide_doubt")),
        folded=False,
    )  # fmt: skip


def _plan_beside(path: float, year: int, last_share: float | None, scope: Scope) -> str:
    """Set what the plan asks beside the way: of a whole year its gap, of a part its share and last year's."""
    words, size = scope.words, scope.size
    known = {"period": size.period, "target": words.money(size.total), "year": year}
    if str(size.period) == str(year):
        return words("targets.glide_plan", gap=words.signed_money(size.total - path), **known)
    known["share"] = words.percent(size.total / path)
    if last_share is None:
        return words("targets.glide_part", **known)
    return words("targets.glide_part_last", last_share=words.percent(last_share), **known)


def _written(paths: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Write amounts of revenue as money and shares in percent, as each measure is read."""
    table = paths.astype({"fiscal_year": "str"})
    for column in ("aim", "path", "yearly_step"):
        table[column] = pd.Series(
            [
                _amount(value, measure, words, step=column == "yearly_step")
                for measure, value in zip(paths["measure"], paths[column], strict=True)
            ],
            dtype="str",
        )
    return table


def _amount(value: float, measure: str, words: Words, *, step: bool) -> str | None:
    """Write one amount; a step of a share is points, not percent."""
    if pd.isna(value):
        return None
    if measure == "revenue":
        return words.signed_money(value) if step else words.money(value)
    return words("targets.points", points=f"{100 * value:+.1f}") if step else f"{100 * value:.1f} %"
