"""What a company can set about its targets."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from kamlib.params import Amount, Params, param
from kamlib.targets.factors import FACTORS


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


class SizingParams(Params):
    """How large the total is."""

    section = "sizing"
    growth: float = param(
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
