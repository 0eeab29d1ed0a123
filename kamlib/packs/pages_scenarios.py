"""Page of chapter 3 on named scenarios beside the plan; left out where none is named."""

from __future__ import annotations

import pandas as pd

from kamlib.charts.figure import NativeChart
from kamlib.charts.scenarios import scenario_chart
from kamlib.glossary import Words
from kamlib.incentives import cost_at_forecast
from kamlib.packs.page import Page, show
from kamlib.packs.pages_attainability import Likely
from kamlib.packs.targets_scope import Scope, leading_side, names_of, pipeline_of, with_side
from kamlib.runs import Run
from kamlib.targets import AllocationParams, Evidence, ScenarioParams, SizingParams, compare_scenarios
from kamlib.targets.attainability import attain_probability, reps_at_target
from kamlib.targets.scenarios import BASE, Comparison

_SHOWN = 12
_NAMED = 3  # reps who move most


def scenarios_page(comparison: Comparison, *, scope: Scope, likely: Likely | None = None) -> Page:
    """Say what named scenarios would ask of the company and of each rep (targets 7).

    Of a book without reps, of what else it names.

    Parameters
    ----------
    comparison : Comparison
        What `kamlib.targets.compare_scenarios` made.
    scope : Scope
        What the page is about, in which words.
    likely : Likely, optional
        What `kamlib.packs.pages_attainability.judge_targets` returns.
    """
    words, found = scope.words, comparison.table
    totals_by_name = found[found["dimension"] == "company"].set_index("scenario")["target"]
    names = [BASE, *totals_by_name.drop(BASE).sort_values(ascending=False, kind="stable").index]
    shown = {name: words("targets.scenario_plan") if name == BASE else name for name in names}
    company = found[found["dimension"] == "company"].set_index("scenario")
    side = leading_side(found[found["scenario"] == BASE])
    reps = found[(found["dimension"] == side) & ~found["without_account"]]
    table = _wide(pd.concat([company.reset_index(), reps]), names, scope)
    notes = [words("targets.scenarios_rule")]
    if comparison.refused:
        told = [f"{name}: {' '.join(why.split())}" for name, why in comparison.refused.items()]
        notes.append(words("targets.scenarios_refused", what="; ".join(told)))
    totals = pd.DataFrame(
        {
            "scenario": [shown[name] for name in names],
            "target": company["target"][names].astype(float).to_numpy(),
            "growth": company["growth_asked"][names].to_numpy(dtype=float),
        }
    )
    moved = reps[reps["scenario"] != BASE]
    dots = pd.DataFrame(
        {
            "name": names_of(moved, scope),
            "scenario": moved["scenario"].map(shown),
            "change": moved["against_plan"].astype(float),
        }
    )
    largest = dots.groupby("name", sort=True)["change"].apply(lambda c: c.abs().max())
    first = largest.sort_values(ascending=False, kind="stable").index[:_SHOWN]
    return Page(
        id="targets_7",
        title=_title(company["target"], shown, comparison, words),
        subtitle=scope.subtitle(words("targets.scenarios_what")),
        table=table,
        figures=(
            scenario_chart(
                totals,
                dots[dots["name"].isin(first)],
                words=words,
                heading=words("targets.chart_scenario_moves", side=words.value("dimension", side)),
                native=NativeChart("column", "name", {names[0]: "PL"}, rows=min(len(table), _SHOWN)),
            ),
        ),
        sentences=(
            *_movers(moved, shown, scope),
            *(() if likely is None else _odds(found, names, shown, likely, scope)),
        ),
        labels=shown,
        kinds=dict.fromkeys(names, "money"),
        notes=tuple(notes),
        folded=False,
    )


def _title(totals: pd.Series, shown: dict[str, str], comparison: Comparison, words: Words) -> str:
    """Say how far apart the totals are of the scenarios that can be met."""
    plan = words.money(totals[BASE])
    if len(totals) == 1:
        return words("targets.scenarios_title_none", plan=plan)
    low, high = totals.idxmin(), totals.idxmax()
    if totals[low] == totals[high]:
        met = "_met" if comparison.refused else ""
        return words(f"targets.scenarios_title_same{met}", plan=plan)
    ends = {"low_target": words.money(totals[low]), "high_target": words.money(totals[high])}
    return words("targets.scenarios_title", low=shown[low], high=shown[high], plan=plan, **ends)


def _movers(moved: pd.DataFrame, shown: dict[str, str], scope: Scope) -> tuple[str, ...]:
    """Name who moves most from the plan in any scenario, each with that scenario."""
    words, apart = scope.words, moved["against_plan"].astype(float).abs()
    most = moved.assign(apart=apart).sort_values(["apart", "key"], ascending=[False, True], kind="stable")
    most = most[most["apart"] > 0].drop_duplicates("key").head(_NAMED)
    if most.empty:
        return ()
    told = [
        words(
            "targets.scenario_mover",
            name=with_side(name, row.dimension, words),
            change=words.signed_money(row.against_plan),
            share=_of_plan(row.target, row.against_plan, words),
            scenario=shown[row.scenario],
        )
        for row, name in zip(most.itertuples(), names_of(most, scope), strict=True)
    ]
    return (words("targets.scenario_movers", reps=words("targets.list").join(told)),)


def _of_plan(target: float, change: float, words: Words) -> str:
    """Return a change as a share of what the plan asks."""
    plan = float(target) - float(change)
    return words.signed_percent(float(change) / plan) if plan else "–"


def _odds(
    found: pd.DataFrame, names: list[str], shown: dict[str, str], likely: Likely, scope: Scope
) -> tuple[str, ...]:
    """Say how likely the total of each scenario is, and how many reps, if any, would reach theirs."""
    words, costs = scope.words, list[str]()
    told, by_reps = [], True
    for name in names:
        rows = found[(found["scenario"] == name) & ~found["without_account"]]
        company = rows[rows["dimension"] == "company"]
        reach = attain_probability(company, likely.keys, likely.paths, params=likely.params)
        total, reps = (
            reach["reach_probability"].iloc[0],
            reps_at_target(rows, likely.keys, likely.paths).expected,
        )
        if pd.isna(total):
            return ()
        cost = cost_at_forecast(rows, likely.keys, likely.paths, params=likely.pay)
        if cost is not None:
            mean = words.money(cost["mean_cost"].iloc[0])
            costs.append(words("targets.scenario_cost", name=shown[name], cost=mean))
        by_reps = by_reps and reps is not None
        told.append((shown[name], words.chance(total), "" if reps is None else words.percent(reps)))
    known = "odds" if by_reps else "chances"
    each = [words(f"targets.scenario_{known}", name=n, total=total, reps=reps) for n, total, reps in told]
    said = [words(f"targets.scenarios_{known}", odds=words("targets.list").join(each))]
    if costs:
        said.append(words("targets.scenarios_cost", costs=words("targets.list").join(costs)))
    return tuple(said)


def show_scenarios(
    run: Run,
    cube: pd.DataFrame,
    accounts: pd.DataFrame,
    forecast: pd.DataFrame,
    *,
    scope: Scope,
    sizing: SizingParams,
    allocation: AllocationParams,
    params: ScenarioParams,
    evidence: Evidence | None = None,
    likely: Likely | None = None,
) -> None:
    """Compare the named scenarios, save the table and show the page; nothing where none is named."""
    from IPython.display import display

    if not params.overlays:
        return
    comparison = compare_scenarios(
        cube, accounts, forecast, sizing=sizing, allocation=allocation, overlays=params.overlays,
        period=run.period, unit=run.rounding_unit, as_of=run.as_of, evidence=evidence,
        pipeline=pipeline_of(run),
    )  # fmt: skip
    run.save("target_scenarios", comparison.table)
    display(show(run, scenarios_page(comparison, scope=scope, likely=likely)))


def _wide(rows: pd.DataFrame, names: list[str], scope: Scope) -> pd.DataFrame:
    """Return one row for the company and each rep, one column a scenario; largest plan first."""
    rows = rows.assign(
        name=names_of(rows, scope),
        key=rows["key"].fillna("~"),
    )
    wide = rows.pivot(index=["dimension", "key", "name"], columns="scenario", values="target")[names]
    wide = wide.fillna(0).astype("int64").reset_index()
    wide = wide.sort_values(["dimension", names[0], "key"], ascending=[True, False, True], kind="stable")
    return wide[["name", *names]].reset_index(drop=True)
