"""The numbers behind the sliders for targets and scenarios: a published plan split anew over accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import ParameterError
from kamlib.forecast import ForecastParams, draw_period_sums
from kamlib.forecast.period_sums import PeriodSums
from kamlib.glossary import Words
from kamlib.measures.money import as_float, sum_money
from kamlib.packs.overlay import PanelError, unlike
from kamlib.packs.planning import PlanningParams
from kamlib.packs.proof_run import evidence_of
from kamlib.packs.targets_scope import pipeline_of
from kamlib.params import Layer, build_params
from kamlib.runs import Run
from kamlib.targets import (
    AttainabilityParams,
    Sides,
    SizingParams,
    TargetSize,
    attain_probability,
    size_sides,
    size_target,
)
from kamlib.targets.allocation import account_targets
from kamlib.targets.bounds import account_bounds
from kamlib.targets.facts import AccountFacts, account_facts, look_back
from kamlib.targets.request import gather_evidence
from kamlib.targets.shares import blend_shares

_KEPT = 12  # splits kept: the plan, all scenarios, and the last few moves, which undo asks for again
_SIDES = (("region", "region"), ("rep", "rep_id"))


@dataclass(frozen=True)
class Split:
    """A total over accounts, and what it asks of whom.

    Attributes
    ----------
    key : str
        The parameters it was made with, written out: two splits with the same key are the same.
    size : TargetSize
        How the total comes about.
    accounts : pandas.DataFrame
        As `kamlib.targets.allocation.account_targets`.
    likely : pandas.DataFrame
        As `kamlib.targets.attain_probability`: the company, regions and reps.
    """

    key: str
    size: TargetSize
    accounts: pd.DataFrame
    likely: pd.DataFrame

    @property
    def total(self) -> int:
        """What all accounts add up to [currency]."""
        return self.size.total


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
        """Last year's revenue of the company, with and without an account, each rep and region [currency]."""
        accounts = self.before.accounts
        last = accounts.assign(last=as_float(accounts["actual_last_year"]))
        found = {("company", "company"): float(self.before.size.base)}
        for dimension, column in _SIDES:
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
            If the request cannot be met; a `PanelError`, which says so in either language.
        """
        parts = (params.sizing, params.allocation, params.attainability)
        key = "".join(part.model_dump_json() for part in parts)
        if key not in self._splits:
            made = self._split(key, params)
            while len(self._splits) >= _KEPT:
                del self._splits[next(iter(self._splits))]
            self._splits[key] = made
        return self._splits[key]

    def _split(self, key: str, params: PlanningParams) -> Split:
        run, tables = self.run, self.tables
        plan: dict[str, Any] = {"period": run.period, "as_of": run.as_of}
        cube, forecast = self.totals["cube"], self.totals["forecast"]
        sides = self._sides(params.sizing)
        size = size_target(cube, forecast, params=params.sizing, unit=run.rounding_unit, sides=sides, **plan)
        facts = self._account_facts(params.allocation.history_quarters)
        try:
            table = account_targets(
                tables["cube"], tables["accounts"], total=size.total, params=params.allocation,
                unit=run.rounding_unit, evidence=self.around["evidence"], facts=facts, **plan,
            )  # fmt: skip
        except ParameterError as error:
            raise self._refused(error, facts, size.total, params) from error
        return Split(key, size, table, self._likely(table, params.attainability))

    def _sides(self, sizing: SizingParams) -> Sides:
        """Look at a total from its sides; those that growth does not change are summed once."""
        plan: dict[str, Any] = {"period": self.run.period, "as_of": self.run.as_of}
        cube, accounts = self.totals["cube"], self.tables["accounts"]
        key = sizing.model_copy(update={"growth": 0.0}).model_dump_json()
        if key not in self._other_sides:
            forecast, pipeline = self.totals["forecast"], self.around["pipeline"]
            found = size_sides(cube, forecast, accounts, params=sizing, pipeline=pipeline, **plan)
            self._other_sides[key] = found
        grown = size_sides(cube, None, accounts, params=sizing, **plan)
        return replace(self._other_sides[key], growth=grown.growth)

    @cached_property
    def _other_sides(self) -> dict[str, Sides]:
        return {}

    def _refused(
        self, error: ParameterError, facts: AccountFacts, total: int, params: PlanningParams
    ) -> PanelError:
        """Say in either language why a total cannot be split: by how much which bounds are out of reach."""
        unit, split = self.run.rounding_unit, params.allocation
        bounds = account_bounds(facts, params=split, unit=unit, months=self.run.period.length)
        evidence = gather_evidence(self.around["evidence"], period=self.run.period, params=split)
        blend = blend_shares(
            facts, weights=split.factor_weights(), evidence=evidence, quarters=split.history_quarters
        )
        within = np.where((blend.weights > 0).astype(bool), bounds.upper, bounds.lower)
        pins, least, most = (
            sum(units.tolist()) * unit for units in (bounds.lower[bounds.pinned], bounds.lower, within)
        )
        for key, bound, gap in (("pins", pins, pins - total), ("floors", least, least - total),
                                ("caps", most, total - most)):  # fmt: skip
            if gap > 0:
                amounts = {"bound": f"{bound:,}", "total": f"{total:,}", "gap": f"{gap:,}"}
                return PanelError(f"widgets.refused_{key}", plain=str(error), **amounts)
        return PanelError("widgets.failed", plain=str(error), why=str(error))

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


def idle(params: PlanningParams) -> dict[str, str]:
    """Return the parameters with a slider that have no effect, with the key of the sentence that says why."""
    found = {}
    if params.sizing.total is not None:
        found["growth"] = "widgets.idle_total"
    elif params.sizing.basis in ("market", "below"):
        found["growth"] = "widgets.idle_basis"
    elif params.sizing.growth_parts:
        found["growth"] = "widgets.idle_parts"
    if params.allocation.weights:
        found["history_weight"] = "widgets.idle_weights"
    return found


def plan_remarks(
    desk: TargetDesk, params: PlanningParams, words: Words, *, followed: tuple[str, ...]
) -> list[str]:
    """Say in words which sliders have no effect, and which parameters a panel does not follow.

    Parameters
    ----------
    desk : TargetDesk
        The plan.
    params : PlanningParams
        The state.
    words : Words
        Language.
    followed : tuple of str
        How the names of the parameters begin that the panel's picture follows.
    """
    said = [words(key) for key in idle(params).values()]
    unfollowed = unlike(params, desk.params, except_=followed)
    return [*said, *([words("widgets.needs_run", names=", ".join(unfollowed))] if unfollowed else [])]


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
