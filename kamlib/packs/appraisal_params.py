"""Parameters of the appraisal pack that belong to no room of their own."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from kamlib.params import ROUNDED, Params, as_tuple, param


def _whole(shares: tuple[float, ...]) -> tuple[float, ...]:
    if shares and (min(shares) < 0 or abs(sum(shares) - 1) > ROUNDED):
        raise ValueError(f"shares sum to {sum(shares):g}; they are not negative and sum to 1")
    return shares


Shares = Annotated[tuple[float, ...], BeforeValidator(as_tuple), AfterValidator(_whole)]


class RankingParams(Params):
    """How ranks and their doubt are drawn."""

    section = "ranking"
    draws: int = param(
        2000,
        en="draws of accounts and weights behind ranges of scores and ranks",
        zh="得分与名次区间的模拟次数",
        unit="draws",
        source="the share of a rank is then known to about two points",
        strength="our choice",
        ge=100,
        le=100_000,
    )
    weight_spread: float = param(
        0.1,
        en="how far weights could have been others: standard deviation of a weight w over sqrt(w (1 - w))",
        zh="权重不确定程度：权重 w 的标准差与 sqrt(w(1-w)) 之比",
        unit="fraction",
        source="a weight of 40 % then lies within some 5 points",
        strength="our choice",
        gt=0,
        lt=1,
    )
    level: float = param(
        0.9,
        en="part of the draws that ranges of scores and plausible ranks enclose",
        zh="得分区间与合理名次所覆盖的模拟比例",
        unit="fraction",
        source="nine in ten, as usual where a decision can be revised",
        strength="our choice",
        gt=0.5,
        lt=1,
    )
    feedback_share: float = param(
        0.0,
        en="part of the final score that is 360-degree feedback",
        zh="最终得分中 360 度反馈所占比例",
        unit="fraction",
        source="feedback serves development unless the company decides otherwise",
        strength="study",
        ge=0,
        le=1,
    )
    forced: Shares = param(
        (),
        en="shares of bands of a forced distribution, the best first; empty: none",
        zh="强制分布各档比例，最优在前；空表示不采用",
        unit="fraction",
        source="none: forced distributions punish good teams",
        strength="our choice",
    )
