"""The numbers behind the sliders for targets and scenarios: a published plan split anew over accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.charts import live
from kamlib.errors import ParameterError
from kamlib.forecast import ForecastParams, draw_period_sums
from kamlib.forecast.period_sums import PeriodSums
from kamlib.glossary import Words
from kamlib.incentives import PayParams, cost_at_forecast
from kamlib.measures.money import as_float, sum_money
from kamlib.packs.paying import period_pay
from kamlib.packs.planning import PlanningParams
from kamlib.packs.proof_run import evidence_of
from kamlib.packs.targets_scope import pipeline_of
from kamlib.params import Layer, build_params
from kamlib.runs import Run
from kamlib.targets import (
    AttainabilityParams,
    attain_probability,
    reps_at_target,
    size_sides,
    size_target,
)
from kamlib.targets.allocation import account_targets
from kamlib.targets.facts import AccountFacts, account_facts, look_back
from kamlib.targets.scenarios import scenario_params

_SHOWN, _MOVED = 40, 8
_KEPT = 12  # splits kept: the plan, all scenarios, and the last few moves, which undo asks for again
_SIDES = (("region", "region"), ("rep", "rep_id"))
_ACTUAL, _TARGET = "#44546a", "#c55a11"


@dataclass(frozen=True)
class Split:
    """A total over accounts, and what it asks of whom.

    Attributes
    ----------
    total : int
        What all accounts add up to [currency].
    accounts : pandas.DataFrame
        As `kamlib.targets.allocation.account_targets`.
    likely : pandas.DataFrame
        As `kamlib.targets.attain_probability`: the company, regions and reps.
    """

    total: int
    accounts: pd.DataFrame
    likely: pd.DataFrame


@dataclass(frozen=True)
class TargetDesk:
    """A published plan, ready to be split otherwise.

    Attributes
    ----------
    run : Run
        The planning run.
    """

    run: Run

    @cached_property
    def params(self) -> PlanningParams:
        """The run's parameters."""
        return build_params(PlanningParams, [Layer("run", self.run.facts["parameters"])])

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The cube, accounts and forecast of the run."""
        return {name: self.run.load(name) for name in ("cube", "accounts", "forecast")}

    @cached_property
    def around(self) -> dict[str, Any]:
        """What splits go by beside parameters."""
        forecast = self.tables["forecast"]
        return {"evidence": evidence_of(self.run, forecast), "pipeline": pipeline_of(self.run)}

    @cached_property
    def sums(self) -> PeriodSums | None:
        """What the period may bring; None where it is not forecast."""
        return draw_period_sums(
            **self.tables, errors=self.run.load("forecast_errors"), period=self.run.period,
            as_of=self.run.as_of, params=self.run.params(ForecastParams), seed=self.run.seed,
        )  # fmt: skip

    @cached_property
    def judged(self) -> tuple[pd.DataFrame, NDArray[np.int64] | None]:
        """Keys and paths of the levels that are shown; accounts are far more and are not."""
        if self.sums is None:
            return _NO_KEYS, None
        shown = self.sums.keys["level"].isin(["company", *dict(_SIDES)]).to_numpy()
        paths = self.sums.paths
        return self.sums.keys[shown].reset_index(drop=True), None if paths is None else paths[shown]

    @cached_property
    def last_year(self) -> dict[tuple[str, str], float]:
        """Last year's revenue of the company, each rep and each region [currency]."""
        accounts = self.before.accounts
        last = accounts.assign(last=as_float(accounts["actual_last_year"]), company="company")
        found: dict[tuple[str, str], float] = {}
        for dimension, column in (("company", "company"), *_SIDES):
            sums = last.groupby(column)["last"].sum()
            found |= {(dimension, str(key)): float(value) for key, value in sums.items()}
        return found

    @cached_property
    def totals(self) -> dict[str, pd.DataFrame]:
        """What a total is sized by: revenue by month, and the forecast of the period's months."""
        forecast = self.tables["forecast"]
        months = [str(month) for month in self.run.period.months()]
        shown = forecast["period"].isin(months) & forecast["level"].isin(["company", "account"])
        return {"cube": sum_money(self.tables["cube"], ["month"], ["revenue"]), "forecast": forecast[shown]}

    @cached_property
    def _facts(self) -> dict[int, AccountFacts]:
        return {}

    @cached_property
    def _splits(self) -> dict[str, Split]:
        return {}

    @cached_property
    def targets_before(self) -> dict[tuple[str, str], int]:
        """The run's targets by dimension and key [currency]."""
        rows = self.before.likely
        return dict(zip(zip(rows["dimension"], rows["key"], strict=True), rows["target"], strict=True))

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of reps and accounts by id; the id where there is none."""
        found: dict[str, str] = {}
        for table, key in (("reps", "rep_id"), ("accounts", "account_id")):
            if self.run.has(table):
                rows = self.run.load(table)
                names = rows["name"].fillna(rows[key]) if "name" in rows else rows[key]
                found |= dict(zip(rows[key], names, strict=True))
        return found

    @cached_property
    def before(self) -> Split:
        """The run's own split."""
        return self.split(self.params)

    def split(self, params: PlanningParams) -> Split:
        """Size and split the total, and say how likely it is to be reached.

        Raises
        ------
        ParameterError
            If the request cannot be met.
        """
        parts = (params.sizing, params.allocation, params.attainability)
        key = "".join(part.model_dump_json() for part in parts)
        if key not in self._splits:
            made = self._split(params)
            while len(self._splits) >= _KEPT:
                del self._splits[next(iter(self._splits))]
            self._splits[key] = made
        return self._splits[key]

    def _split(self, params: PlanningParams) -> Split:
        run, tables = self.run, self.tables
        plan: dict[str, Any] = {"period": run.period, "as_of": run.as_of}
        cube, forecast = self.totals["cube"], self.totals["forecast"]
        sides = size_sides(
            cube, forecast, tables["accounts"], params=params.sizing, pipeline=self.around["pipeline"], **plan
        )
        size = size_target(cube, forecast, params=params.sizing, unit=run.rounding_unit, sides=sides, **plan)
        table = account_targets(
            tables["cube"], tables["accounts"], total=size.total, params=params.allocation,
            unit=run.rounding_unit, evidence=self.around["evidence"],
            facts=self._account_facts(params.allocation.history_quarters), **plan,
        )  # fmt: skip
        return Split(size.total, table, self._likely(table, params.attainability))

    def _account_facts(self, quarters: int) -> AccountFacts:
        if quarters not in self._facts:
            windows = look_back(self.run.period, as_of=self.run.as_of, quarters=quarters)
            tables = self.tables
            self._facts[quarters] = account_facts(tables["cube"], tables["accounts"], windows=windows)
        return self._facts[quarters]

    def _likely(self, accounts: pd.DataFrame, params: AttainabilityParams) -> pd.DataFrame:
        parts = [pd.DataFrame({"dimension": ["company"], "key": ["company"],
                               "target": [int(accounts["target"].sum())]})]  # fmt: skip
        for dimension, column in _SIDES:
            sums = accounts.groupby(column)["target"].sum()
            parts.append(pd.DataFrame({"dimension": dimension, "key": sums.index, "target": sums.to_numpy()}))
        rows = pd.concat(parts, ignore_index=True)
        return attain_probability(rows, *self.judged, params=params, unit=self.run.rounding_unit)


_NO_KEYS = pd.DataFrame({name: pd.Series(dtype="str") for name in ("level", "key")}).assign(
    landing=None, low_80=None, high_80=None
)


def with_values(params: PlanningParams, section: str, values: Mapping[str, object]) -> PlanningParams:
    """Return parameters with some of a section's values changed, checked as a file's would be.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """
    layers = [Layer("run", params.model_dump()), Layer("panel", {section: dict(values)})]
    return build_params(PlanningParams, layers)


def moved_accounts(now: Split, before: Split) -> pd.DataFrame:
    """Return the accounts whose targets differ, the largest change first: account_id, target, change."""
    # Both are of all accounts, in the same order, which is that of their ids.
    change = (now.accounts["target"] - before.accounts["target"]).to_numpy()
    order = np.argsort(-np.abs(change), kind="stable")[: np.count_nonzero(change)]
    table = now.accounts[["account_id", "target"]].take(order)
    return table.assign(change=change[order]).reset_index(drop=True)


def quick_pins(desk: TargetDesk, params: PlanningParams) -> list[tuple[str, int]]:
    """Return accounts worth a pin with their targets: pinned ones, then by change, then by size.

    Empty where the request cannot be met.
    """
    try:
        now = desk.split(params)
    except ParameterError:
        return []
    at = dict(zip(now.accounts["account_id"], now.accounts["target"].astype(int), strict=True))
    large = now.accounts.sort_values(["target", "account_id"], ascending=[False, True])["account_id"]
    order = [*params.allocation.pins, *moved_accounts(now, desk.before)["account_id"], *large]
    return [(account, at[account]) for account in dict.fromkeys(order) if account in at]


def targets_html(desk: TargetDesk, params: PlanningParams, words: Words) -> str:
    """Draw targets by region and rep beside last year and the forecast, and who gains or loses most."""
    now = desk.split(params)
    company = now.likely.iloc[0]
    against = now.total - desk.before.total
    top = words(
        "widgets.targets_title",
        total=words.money(now.total),
        change=words.signed_money(against) if against else words("widgets.as_run"),
        chance=words.chance(company["reach_probability"]),
    )
    years = desk.last_year
    before = desk.targets_before
    rows, reps = [], now.likely[now.likely["dimension"] == "rep"].sort_values("target", ascending=False)
    known = reps[[row.target > 0 or years.get(("rep", row.key), 0.0) > 0 for row in reps.itertuples()]]
    shown = pd.concat([now.likely[now.likely["dimension"] != "rep"], known.head(_SHOWN)])
    full = max(float(as_float(reps["target"]).max()) if len(reps) else 1.0, 1.0) * 1.2
    for row in shown.itertuples():
        name = (
            words.value("dimension", "company")
            if row.dimension == "company"
            else desk.names.get(row.key, row.key)
        )
        ends = [None if pd.isna(v) else float(v) for v in (row.low_80, row.high_80, row.landing)]
        points = [(float(row.target), _TARGET)] + ([] if ends[2] is None else [(ends[2], _ACTUAL)])
        said = words(
            "widgets.range_said", target=words.money(row.target), chance=words.chance(row.reach_probability)
        )
        change = float(row.target) - float(before.get((row.dimension, row.key), 0))
        bar = live.range_bar(ends[0], ends[1], points, full=full, said=said) if row.dimension == "rep" else ""
        rows.append(
            [
                escape(str(name)),
                words.money(years.get((row.dimension, row.key), 0.0)),
                "–" if ends[2] is None else words.money(ends[2]),
                words.money(row.target),
                words.signed_money(change) if change else "",
                words.chance(row.reach_probability),
                escape(words.value("reach_band", row.reach_band)),
                "–" if pd.isna(row.wanted_target) else words.money(row.wanted_target),
                bar,
            ]
        )
    wanted = words("widgets.wanted", chance=words.chance(params.attainability.wanted_probability))
    columns = ("last_year", "forecast", "target", "change", "chance", "band")
    head = ["", *(words(f"widgets.{name}") for name in columns), wanted, words("widgets.range")]
    table = live.live_table(head, rows, numeric=[False, *[True] * 5, False, True, False], caption=top)
    marks = live.mark_key(
        [
            (words("widgets.range"), live.COLOURS[5]),
            (words("widgets.forecast"), _ACTUAL),
            (words("widgets.target"), _TARGET),
        ]
    )
    return (
        f'{live.STYLE}<div class="kam-live"><p><b class="head">{escape(top)}</b></p>{marks}{table}'
        f"{_moved_html(desk, now, words)}</div>"
    )


def _moved_html(desk: TargetDesk, now: Split, words: Words) -> str:
    moved = moved_accounts(now, desk.before)
    if not len(moved):
        return ""
    rows = [
        [
            escape(desk.names.get(row.account_id, row.account_id)),
            words.money(row.target),
            words.signed_money(row.change),
        ]
        for row in moved.head(_MOVED).itertuples()
    ]
    title = words("widgets.moved", count=len(moved))
    head = [words("widgets.account"), words("widgets.target"), words("widgets.change")]
    table = live.live_table(head, rows, numeric=[False, True, True], caption=title)
    return f"<p><b>{escape(title)}</b></p>{table}"


def scenarios_html(desk: TargetDesk, params: PlanningParams, words: Words) -> str:
    """Draw the plan and its named scenarios side by side: total, who reaches it, what pay costs, by rep."""
    plans: dict[str, Split | str] = {words("targets.scenario_plan"): desk.split(params)}
    for name, overlay in params.scenarios.overlays.items():
        sizing, allocation = scenario_params(name, params.sizing, params.allocation, overlay)
        try:
            plans[name] = desk.split(params.model_copy(update={"sizing": sizing, "allocation": allocation}))
        except ParameterError as error:
            plans[name] = " ".join(str(error).split())
    pay = period_pay(desk.run)
    rows = [_scenario_row(desk, name, found, pay, words) for name, found in plans.items()]
    columns = ("scenario", "target", "growth", "chance", "reps_at", "pay")
    head = [words(f"widgets.{name}") for name in columns]
    title = words("widgets.scenarios_title", count=len(plans) - 1)
    table = live.live_table(head, rows, numeric=[False, *[True] * 5], caption=title)
    made = {name: found for name, found in plans.items() if isinstance(found, Split)}
    by_rep = pd.DataFrame(
        {name: found.accounts.groupby("rep_id")["target"].sum() for name, found in made.items()}
    )
    by_rep = by_rep.sort_values(by_rep.columns[0], ascending=False).head(_SHOWN)
    cells = [[escape(desk.names.get(str(rep), str(rep))), *(words.money(v) for v in row)]
             for rep, row in zip(by_rep.index, by_rep.to_numpy(), strict=True)]  # fmt: skip
    second = live.live_table(
        [words("widgets.rep"), *map(str, made)], cells, numeric=[False, *[True] * len(made)], caption=title
    )
    refused = "".join(
        f"<p>{escape(name)}: {escape(found)}</p>" for name, found in plans.items() if isinstance(found, str)
    )
    return (
        f'{live.STYLE}<div class="kam-live"><p><b class="head">{escape(title)}</b></p>{table}{refused}'
        f"<p></p>{second}</div>"
    )


def _scenario_row(desk: TargetDesk, name: str, found: Split | str, pay: PayParams, words: Words) -> list[str]:
    if isinstance(found, str):
        return [escape(name), *["–"] * 5]
    reps = reps_at_target(found.likely, *desk.judged).expected
    cost = cost_at_forecast(found.likely, *desk.judged, params=pay)
    last = desk.last_year["company", "company"]
    return [
        escape(name),
        words.money(found.total),
        words.signed_percent(found.total / last - 1) if last > 0 else "–",
        words.chance(found.likely["reach_probability"].iloc[0]),
        "–" if reps is None else words.percent(reps),
        "–" if cost is None else words.money(cost["mean_cost"].iloc[0]),
    ]


def best_and_worst(desk: TargetDesk) -> dict[str, float]:
    """Return the growth over last year at both ends of the company's 80 % range; empty without a forecast."""
    if desk.sums is None or desk.sums.paths is None:
        return {}
    company = desk.sums.keys[desk.sums.keys["level"] == "company"].iloc[0]
    last = desk.last_year["company", "company"]
    if not last > 0:
        return {}
    ends = {"best": company["high_80"], "worst": company["low_80"]}
    return {name: float(np.round(float(amount) / last - 1, 2)) for name, amount in ends.items()}
