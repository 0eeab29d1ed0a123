"""Pages of chapter 3 on what is asked beside revenue, and where the company wants to be in some years."""

from __future__ import annotations

import pandas as pd
from IPython.display import display

from kamlib.glossary import Words
from kamlib.measures.money import as_float
from kamlib.packs.page import Page, show
from kamlib.packs.targets_scope import Scope
from kamlib.runs import Run
from kamlib.targets.kinds import KINDS, KindParams, kind_targets
from kamlib.targets.longterm import LongTermParams, glide_paths

_SHOWN = {"new_accounts": "count", "new_account_value": "money"}


def show_kinds(
    run: Run, cube: pd.DataFrame, accounts: pd.DataFrame, *, scope: Scope, params: KindParams
) -> None:
    """Set the further kinds of target, save them with the run and show the page."""
    more = {name: run.load(name) for name in ("surveys", "opportunities") if run.has(name)}
    kinds = kind_targets(cube, accounts, period=run.period, as_of=run.as_of, params=params, **more)
    run.save("target_kinds", kinds)
    display(show(run, kinds_page(kinds, scope=scope)))


def kinds_page(kinds: pd.DataFrame, *, scope: Scope) -> Page:
    """Say what each rep is asked for beside revenue (targets 9).

    Parameters
    ----------
    kinds : pandas.DataFrame
        What `kamlib.targets.kinds.kind_targets` made.
    scope : Scope
        What the page is about, in which words.
    """
    words = scope.words
    found = [kind for kind in KINDS if kind in set(kinds["measure"])]
    wide = kinds.pivot(index="rep_id", columns="measure", values="target")[found]
    table = wide.reset_index()
    table.insert(0, "name", [scope.rep_name(rep) for rep in table["rep_id"]])
    fresh = kinds[kinds["measure"] == "new_accounts"]
    absent = [words.value("measure", kind) for kind in KINDS if kind not in found]
    notes = [words("targets.kinds_rule"), words("targets.kinds_doubt")]
    if absent:
        notes.insert(1, words("targets.kinds_absent", kinds=words("targets.list").join(absent)))
    company = int(fresh["company"].iloc[0]) if len(fresh) else 0
    return Page(
        id="targets_9",
        title=words("targets.kinds_title", kinds=words.count(len(found)),
                    fresh=words.count(int(fresh["target"].sum())), before=words.count(company)),
        subtitle=scope.subtitle(words("targets.kinds_what")),
        table=table.drop(columns="rep_id"),
        labels={kind: words.value("measure", kind) for kind in found},
        kinds={kind: _SHOWN.get(kind, "number") for kind in found} | {"retention": "fraction"},
        notes=tuple(notes),
        folded=False,
    )  # fmt: skip


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
    display(show(run, glide_page(table, scope=scope, year=int(str(run.period.year())))))


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


def glide_page(paths: pd.DataFrame, *, scope: Scope, year: int) -> Page:
    """Say what the planned year contributes to the aims of later years (targets 10).

    Parameters
    ----------
    paths : pandas.DataFrame
        What `kamlib.targets.longterm.glide_paths` made.
    scope : Scope
        What the page is about, in which words.
    year : int
        The fiscal year of the period planned.
    """
    words = scope.words
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
    else:
        title = words("targets.glide_title_none", year=year)
    return Page(
        id="targets_10",
        title=title,
        subtitle=scope.subtitle(words("targets.glide_what")),
        kinds=dict.fromkeys(("fiscal_year", "aim", "path", "yearly_step"), "text"),
        table=_written(paths, words),
        notes=(words("targets.glide_rule"), words("targets.glide_doubt")),
        folded=False,
    )  # fmt: skip


def _written(paths: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Write amounts of revenue as money and shares in percent, as each measure is read."""
    table = paths.astype({"fiscal_year": "str"})
    for column in ("aim", "path", "yearly_step"):
        table[column] = pd.Series(
            [
                None
                if pd.isna(value)
                else words.money(value)
                if measure == "revenue"
                else words.percent(value)
                for measure, value in zip(paths["measure"], paths[column], strict=True)
            ],
            dtype="str",
        )
    return table
