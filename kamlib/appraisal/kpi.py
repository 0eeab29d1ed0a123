"""How a KPI is declared: what it measures, against which target, how it becomes a score, what it weighs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, model_validator

from kamlib.errors import did_you_mean
from kamlib.params import ROUNDED, Params, as_tuple, param

Direction = Literal["up", "down"]
Perspective = Literal["financial", "customer", "process", "learning"]

MEASURES: Mapping[str, Direction] = {
    "target_attainment": "up",
    "sales_volume": "up",
    "customer_count": "up",
    "gross_margin": "up",
    "market_share": "up",
    "satisfaction": "up",
    "new_accounts": "up",
    "new_account_value": "up",
    "cross_sell": "up",
    "retention": "up",
    "repeat_purchase": "up",
    "wallet_gain": "up",
    "sales_cycle": "down",
    "activity_participation": "up",
    "effective_contacts": "up",
    "complaints_closed": "up",
    "losses_reviewed": "up",
    "forecast_accuracy": "up",
    "overdue_collected": "up",
}
"""What a KPI can measure, and whether more or less of it is better; see `kamlib.appraisal.measure`."""

SUMS = ("target_attainment", "sales_volume", "new_accounts", "new_account_value")
"""Measures that add up over months: what is fixed for them is a year's."""

PERSPECTIVES: tuple[Perspective, ...] = ("financial", "customer", "process", "learning")
"""Perspectives of the balanced scorecard (R. S. Kaplan, D. P. Norton, 1992)."""


class Kpi(BaseModel):
    """One KPI of the scorecard.

    Attributes
    ----------
    measure : str
        One of `MEASURES`; also the KPI's name, so that none comes twice.
    weight : float
        Its weight before policy [fraction]; weights of all KPIs sum to 1.
    perspective : str
        Of the balanced scorecard: financial, customer, process (internal process) or learning.
    target : str
        ``plan``: the targets that hold for the rep. ``fixed``: `value`. ``last_year``: the rep's own value in
        the same months a year before, times 1 + `growth`. ``peers``: the mean of the two or three in
        the middle of the others, five or more. ``none``: the score is a range between `worst` and `best`.
    value : float or None
        The fixed target, in the measure's unit; of `SUMS` a year's, of which the months judged get a part.
    growth : float
        Growth asked over last year [fraction].
    convention : str
        How a value becomes an attainment where less is better: ``ratio`` (target / value) or ``complement``
        (2 - value / target). Where more is better it is value / target.
    worst, best : float or None
        Values that score 0 and 100 where the target is ``none``: (value - worst) / (best - worst); of `SUMS`
        a year's too. The best is the larger where more is better, the smaller where less is.
    floor, cap : float
        The least and the most that counts [score points].
    trailing_year : bool
        Judge the twelve months up to the end of what is appraised, for what is too rare in a quarter.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
    measure: str
    weight: float
    perspective: Perspective
    target: Literal["plan", "fixed", "last_year", "peers", "none"]
    value: float | None = None
    growth: float = 0.0
    convention: Literal["ratio", "complement"] = "ratio"
    worst: float | None = None
    best: float | None = None
    floor: float = 0.0
    cap: float = 120.0
    trailing_year: bool = False

    @property
    def direction(self) -> Direction:
        """Whether more (``up``) or less (``down``) is better."""
        return MEASURES[self.measure]

    def of_months(self, months: int) -> Kpi:
        """Return the KPI as it holds for a window of so many months: sums get their part of a year's.

        Examples
        --------
        >>> kpi = Kpi(measure="sales_volume", weight=1.0, perspective="financial", target="fixed",
        ...           value=100.0)
        >>> kpi.of_months(3).value
        25.0
        """
        if self.measure not in SUMS or self.trailing_year:
            return self
        year = {"value": self.value, "worst": self.worst, "best": self.best}
        part = {name: None if amount is None else amount * months / 12 for name, amount in year.items()}
        return self.model_copy(update=part)

    @model_validator(mode="after")
    def _check(self) -> Kpi:
        if self.measure not in MEASURES:
            raise ValueError(f'"{self.measure}" is no measure.{did_you_mean(self.measure, MEASURES)}')
        if not 0 <= self.weight <= 1:
            raise ValueError(f"{self.measure}: the weight {self.weight:g} is not in 0..1")
        if not 0 <= self.floor < self.cap:
            raise ValueError(f"{self.measure}: floor {self.floor:g} and cap {self.cap:g}: 0 <= floor < cap")
        if self.target == "fixed" and (self.value is None or self.value <= 0):
            raise ValueError(f"{self.measure}: a fixed target needs a value above 0, not {self.value}")
        if self.target != "fixed" and self.value is not None:
            raise ValueError(f"{self.measure}: value {self.value:g} needs target: fixed")
        bounds = (self.worst, self.best)
        if self.target == "none" and (self.worst is None or self.best is None or self.worst == self.best):
            raise ValueError(f"{self.measure}: without a target, give worst and best, and not the same")
        if self.worst is not None and self.best is not None:
            more = self.direction == "up"
            if (self.best > self.worst) != more:
                raise ValueError(
                    f"{self.measure}: {'more' if more else 'less'} is better, but best {self.best:g} lies"
                    f" {'below' if more else 'above'} worst {self.worst:g}; swap them"
                )
        if self.target != "none" and bounds != (None, None):
            raise ValueError(f"{self.measure}: worst and best need target: none")
        if self.growth <= -1:
            raise ValueError(f"{self.measure}: growth {self.growth:g} is not above -1")
        return self


def _named_once(kpis: tuple[Kpi, ...]) -> tuple[Kpi, ...]:
    names = [kpi.measure for kpi in kpis]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)}: named {names.count(twice[0])} times; keep one")
    total = sum(kpi.weight for kpi in kpis)
    if not kpis or abs(total - 1) > ROUNDED:
        raise ValueError(f"the weights of {len(kpis)} KPIs sum to {total:g}; they must sum to 1")
    return kpis


Kpis = Annotated[tuple[Kpi, ...], BeforeValidator(as_tuple), AfterValidator(_named_once)]
"""KPIs of a scorecard in the order they are shown."""

_DEFAULT = (
    Kpi(measure="target_attainment", weight=0.40, perspective="financial", target="plan"),
    Kpi(measure="gross_margin", weight=0.20, perspective="financial", target="last_year"),
    Kpi(measure="satisfaction", weight=0.15, perspective="customer", target="fixed", value=7.5,
        trailing_year=True),
    Kpi(measure="new_accounts", weight=0.10, perspective="learning", target="none", worst=0.0, best=1.0,
        trailing_year=True),
    Kpi(measure="effective_contacts", weight=0.15, perspective="process", target="fixed", value=2.0),
)  # fmt: skip


class ScorecardParams(Params):
    """What reps are scored by; what is fixed for sums is a year's (`Kpi.of_months`)."""

    section = "scorecard"
    kpis: Kpis = param(
        _DEFAULT,
        en="KPIs: measure, weight, perspective, target rule, convention, floor and cap of the score",
        zh="KPI：指标、权重、维度、目标规则、计分方式、得分下限与上限",
        unit="",
        source="attainment, margin, satisfaction, new accounts and activity; two effective contacts an "
        "account and month: seed deck; at most five KPIs",
        strength="seed deck",
    )
    team_share: float = param(
        0.0,
        en="part of the total score that is the score of the rep's team",
        zh="总分中团队得分所占比例",
        unit="fraction",
        source="none unless the company rewards the team",
        strength="our choice",
        ge=0,
        le=1,
    )
    least_weight: float = param(
        0.5,
        en="a rep measured on less than this part of the weight that the best measured rep is measured on "
        "gets no total and no rank",
        zh="某代表可衡量的权重低于可衡量权重最多者的此比例时，不计总分、不排名",
        unit="fraction",
        source="a total made of less than half of what others are judged by is no comparison",
        strength="our choice",
        ge=0,
        le=1,
    )
    clear_cases: int = param(
        5,
        en="cases (accounts, answers, orders) under which a KPI's value is marked as resting on few",
        zh="依据少于此数（客户、答卷、订单）的 KPI 值标注为样本少",
        unit="cases",
        source="a mean of under five cases moves by half a standard deviation when one of them does",
        strength="our choice",
        ge=1,
    )
