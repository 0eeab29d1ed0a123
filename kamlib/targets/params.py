"""What a company can set about its targets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from kamlib.params import Amount, Params, param
from kamlib.targets.factors import FACTORS
from kamlib.targets.wishes import Wish

_FASTEST = 2.0  # three times last year; what is above is a percentage written as a number, or has a total


def _text_keys(value: object) -> object:
    """Account ids that YAML reads as numbers are text."""
    if not isinstance(value, dict):
        return value
    return {str(k) if isinstance(k, int) and not isinstance(k, bool) else k: v for k, v in value.items()}


Amounts = Annotated[dict[str, Amount], BeforeValidator(_text_keys)]
"""Money per account id."""


def _one_in_all(weights: dict[str, float]) -> dict[str, float]:
    for name in weights:
        if name not in FACTORS:
            raise ValueError(f'"{name}" is not a factor; there are {", ".join(FACTORS)}')
    total = sum((Fraction(str(weight)) for weight in weights.values()), Fraction(0))
    if weights and total != 1:
        raise ValueError(f"the weights add up to {float(total):g}; they must add up to 1")
    return weights


Weights = Annotated[dict[str, Annotated[float, Field(ge=0, le=1)]], AfterValidator(_one_in_all)]
"""Weight per factor, adding up to 1."""
Powers = Annotated[dict[str, Annotated[float, Field(ge=0)]], BeforeValidator(_text_keys)]
"""An index per account type."""


def _no_percent(growth: float) -> float:
    if growth > _FASTEST:
        raise ValueError(f"{growth:g} is {growth:+.0%}; for {growth:g} % write {growth / 100:g}, "
                         "or give the total itself (sizing.total)")  # fmt: skip
    return growth


class SizingParams(Params):
    """How large the total is."""

    section = "sizing"
    growth: Annotated[float, AfterValidator(_no_percent)] = param(
        0.1,
        en="growth of the total over the same period one year before; not used when total is given",
        zh="总目标相对去年同期的增长率；给定 total 时不使用",
        unit="fraction",
        source="a round figure to start from: set your own",
        strength="our choice",
        gt=-1,
    )
    total: Amount | None = param(
        None,
        en="the total itself, rounded to the rounding unit; outranks growth",
        zh="直接给定的总目标，按取整单位四舍五入；优先于 growth",
        unit="currency",
        source="no amount is given unless the company gives one",
        strength="our choice",
        gt=0,
    )
    growth_parts: dict[str, float] = param(
        {},
        en="named parts of growth, such as market, price or a lost contract; outranks growth",
        zh="增长的各组成部分，如市场、价格、流失合同；优先于 growth",
        unit="fraction",
        source="none unless the company names them",
        strength="our choice",
    )
    growth_convention: Literal["added", "compounded"] = param(
        "added",
        en="how parts of growth make one: added, 1 + .10 - .02, or compounded, 1.10 x .98",
        zh="增长各部分的合并方式：added 相加（1 + .10 - .02），compounded 连乘（1.10 × .98）",
        unit="choice",
        source="the deck this project starts from adds them: 1,000 x (1 + .10 - .02) = 1,080",
        strength="seed deck",
    )
    market_size: Amount | None = param(
        None,
        en="size of the market last year; with market_share_aim the total from above by the market",
        zh="上年市场规模；与 market_share_aim 一起给出按市场推算的总目标",
        unit="currency/year",
        source="no market is known unless the company gives one",
        strength="our choice",
        gt=0,
    )
    market_growth: Annotated[float, AfterValidator(_no_percent)] = param(
        0.0,
        en="growth of the market",
        zh="市场增长率",
        unit="fraction",
        source="no growth unless the company expects one",
        strength="our choice",
        gt=-1,
    )
    market_ka_part: float = param(
        1.0,
        en="part of the market that key accounts buy",
        zh="大客户在市场中所占的比重",
        unit="fraction",
        source="the whole market unless the company says which part",
        strength="our choice",
        gt=0,
        le=1,
    )
    market_share_aim: float | None = param(
        None,
        en="own share of that part that is aimed at",
        zh="在该部分中的目标市场份额",
        unit="fraction",
        source="no aim unless the company sets one",
        strength="our choice",
        gt=0,
        le=1,
    )
    potential_uplift: float = param(
        0.0,
        en="part of the open potential that selling is to win, in the total from below",
        zh="自下而上推算时，销售要赢得的未开发潜力比例",
        unit="fraction",
        source="nothing is counted on before it is sold",
        strength="our choice",
        ge=0,
        le=1,
    )
    basis: Literal["growth", "market", "below", "between"] = param(
        "growth",
        en="which side the total is: growth (or the amount given), market, below (forecast, uplift and "
        "pipeline), or between growth and below",
        zh="总目标取自哪一侧：growth 增长（或给定金额）、market 市场、below 自下而上（预测、潜力与商机）、"
        "between 介于增长与自下而上之间",
        unit="choice",
        source="asking for growth is the common rule; the other sides stand beside it",
        strength="our choice",
    )
    above_weight: float = param(
        0.5,
        en="weight of growth in a total between growth and below",
        zh="basis 为 between 时增长一侧的权重",
        unit="fraction",
        source="neither side is preferred",
        strength="our choice",
        ge=0,
        le=1,
    )
    over_assignment: float = param(
        0.0,
        en="what is asked of the reps together above the company's own total",
        zh="分解给客户经理的合计超出公司总目标的比例",
        unit="fraction",
        source="none; plans that over-assign add 2 to 10 % (Cichelli 2010, Compensating the Sales Force)",
        strength="vendor practice",
        ge=0,
        le=0.5,
    )
    stretch: list[float] = param(
        [1.2, 1.5],
        en="stretch levels shown beside the total, as multiples of it",
        zh="与总目标并列显示的挑战目标倍数",
        unit="ratio",
        source="the deck this project starts from: 120 % and 150 % of the base",
        strength="seed deck",
    )

    def growth_rate(self) -> Fraction:
        """Return the growth of the total: `growth`, or its parts by the convention.

        Examples
        --------
        >>> parts = {"market": 0.10, "lost contract": -0.02}
        >>> 1000 * (1 + SizingParams(growth_parts=parts).growth_rate())
        Fraction(1080, 1)
        >>> 1000 * (1 + SizingParams(growth_parts=parts, growth_convention="compounded").growth_rate())
        Fraction(1078, 1)
        """
        if not self.growth_parts:
            return Fraction(str(self.growth))
        parts = [Fraction(str(part)) for part in self.growth_parts.values()]
        if self.growth_convention == "added":
            return sum(parts, Fraction(0))
        return math.prod((1 + part for part in parts), start=Fraction(1)) - 1


class AllocationParams(Params):
    """How the total is split over accounts."""

    section = "allocation"
    history_weight: float = param(
        0.5,
        en="weight of the share of history; the rest weighs the share of potential; not used when weights "
        "are given",
        zh="历史份额的权重，其余为潜力份额的权重；给定 weights 时不使用",
        unit="fraction",
        source="neither history nor potential is preferred before past periods are replayed",
        strength="our choice",
        ge=0,
        le=1,
    )
    weights: Weights = param(
        {},
        en="weight of each factor of a share, adding up to 1: history, potential, forecast, ability (of the "
        "rep), demand, competition and resources (of the region), purchasing_power (of the account type); "
        "outranks history_weight",
        zh="各份额因素的权重，合计为 1：history 历史、potential 潜力、forecast 预测、ability 客户经理能力、"
        "demand 区域需求、competition 区域竞争、resources 区域销售资源、purchasing_power 客户类型购买力；"
        "优先于 history_weight",
        unit="fraction",
        source="history_weight says it all unless the company weighs more than history and potential",
        strength="our choice",
    )
    purchasing_power: Powers = param(
        {},
        en="purchasing power by account type, on any scale; a type that is not named counts as the average",
        zh="各客户类型的购买力，量纲不限；未列出的类型按平均值计",
        unit="index",
        source="none unless the company sets one",
        strength="our choice",
    )
    history_quarters: int = param(
        4,
        en="complete quarters before the plan that count as history",
        zh="作为历史的规划日之前完整季度数",
        unit="quarters",
        source="a whole year, so that no season is missing or counted twice",
        strength="our choice",
        ge=1,
        le=20,
    )
    growth_floor: float | None = param(
        -0.5,
        en="least growth asked of an account against its same period last year; null for no floor",
        zh="单个客户相对去年同期的最低增长率；null 表示不设下限",
        unit="fraction",
        source="with the cap: between half and one and a half times last year's revenue",
        strength="our choice",
        ge=-1,
    )
    growth_cap: float | None = param(
        0.5,
        en="most growth asked of an account against its same period last year; null for no cap",
        zh="单个客户相对去年同期的最高增长率；null 表示不设上限",
        unit="fraction",
        source="with the floor: between half and one and a half times last year's revenue",
        strength="our choice",
        ge=-1,
    )
    potential_cap: float | None = param(
        0.25,
        en="most that is asked of an account without revenue in the same period last year, as a part of its "
        "potential in the period; null for no cap",
        zh="去年同期无收入的客户，其目标占本期潜力的最高比例；null 表示不设上限",
        unit="fraction",
        source="a quarter of what it could buy is a bold start for a new account",
        strength="our choice",
        ge=0,
    )
    pins: Amounts = param(
        {},
        en="targets fixed by hand: an amount per account_id, a multiple of the rounding unit",
        zh="手工锁定的目标：每个 account_id 一个金额，须为取整单位的整数倍",
        unit="currency",
        source="none unless the company sets one",
        strength="our choice",
    )
    floors: Amounts = param(
        {},
        en="least target of an account: an amount per account_id; outranks growth_floor",
        zh="单个客户的目标下限：每个 account_id 一个金额；优先于 growth_floor",
        unit="currency",
        source="none unless the company sets one",
        strength="our choice",
    )
    caps: Amounts = param(
        {},
        en="most target of an account: an amount per account_id; outranks growth_cap and potential_cap",
        zh="单个客户的目标上限：每个 account_id 一个金额；优先于 growth_cap 与 potential_cap",
        unit="currency",
        source="none unless the company sets one",
        strength="our choice",
    )

    requirements: list[Wish] = param(
        [],
        en="required totals: what accounts, reps, regions, account types, product lines, quarters and months "
        "have in common, exactly, at_least or at_most an amount, as in {region: North, at_least: 5000000}",
        zh="必须满足的合计：客户、客户经理、区域、客户类型、产品线、季度、月份的任意交集，"
        "以 exactly、at_least 或 at_most 给出金额，如 {region: North, at_least: 5000000}",
        unit="currency",
        source="none unless the company sets one",
        strength="our choice",
    )

    def factor_weights(self) -> Mapping[str, Fraction]:
        """Return the weight of each factor: `weights`, or history and potential by `history_weight`.

        Examples
        --------
        >>> AllocationParams(history_weight=0.6).factor_weights()
        {'history': Fraction(3, 5), 'potential': Fraction(2, 5)}
        """
        if self.weights:
            return {name: Fraction(str(weight)) for name, weight in self.weights.items()}
        history = Fraction(str(self.history_weight))
        return {"history": history, "potential": 1 - history}
