"""What a company sets about pay: amounts of a year, curve, tiers, bonuses by rank, rewards."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from kamlib.errors import ParameterError, did_you_mean
from kamlib.params import Params, as_tuple, param


class Reward(BaseModel):
    """A reward or consequence beyond pay.

    Attributes
    ----------
    name : str
        Its name, as the company words it.
    score_from, score_below : float or None
        Holds for total scores from the one and below the other [score points].
    best_ranks : int or None
        Holds for reps whose whole plausible range of ranks lies within the first so many.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
    name: str
    score_from: float | None = None
    score_below: float | None = None
    best_ranks: int | None = None


def check_tiers(tiers: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """Refuse tiers that do not begin at 0 and rise, and rates below 0."""
    starts = [start for start, _ in tiers]
    if not tiers or starts[0] != 0 or starts != sorted(set(starts)):
        raise ValueError(f"starts {starts} must begin at 0 and rise")
    if min(rate for _, rate in tiers) < 0:
        raise ValueError(f"rates {[rate for _, rate in tiers]} must not be below 0")
    return tiers


def _tiers_or_none(tiers: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    return check_tiers(tiers) if tiers else tiers


def _amounts(named: dict[str, float]) -> dict[str, float]:
    below = [name for name, pay in named.items() if pay < 0]
    if below:
        raise ValueError(f"{below[0]}: {named[below[0]]:g} is below 0")
    return named


def _points(value: object) -> object:
    if not isinstance(value, (list, tuple)):
        return value
    return tuple(
        tuple(float(x) for x in point) if isinstance(point, (list, tuple)) else point for point in value
    )


def _bonuses(value: object) -> object:
    if not isinstance(value, (list, tuple)):
        return value
    pairs = [one for one in value if isinstance(one, (list, tuple)) and len(one) == 2]
    if len(pairs) != len(value) or any(
        not isinstance(rank, int) or isinstance(rank, bool) for rank, _ in pairs
    ):
        raise ValueError("write pairs of a rank, a whole number, and an amount")
    return tuple((rank, float(amount)) for rank, amount in pairs)


def _falling(steps: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
    ranks, amounts = [rank for rank, _ in steps], [amount for _, amount in steps]
    wrong = ranks != sorted(set(ranks)) or amounts != sorted(amounts, reverse=True)
    if steps and (wrong or ranks[0] < 1 or amounts[-1] < 0):
        raise ValueError(
            f"ranks {ranks} must rise from 1 or later, and amounts {amounts} not rise or be below 0"
        )
    return steps


RankBonus = Annotated[tuple[tuple[int, float], ...], BeforeValidator(_bonuses), AfterValidator(_falling)]
Rewards = Annotated[tuple[Reward, ...], BeforeValidator(as_tuple)]
Curve = Annotated[tuple[tuple[float, float], ...], BeforeValidator(_points)]
Tiers = Annotated[tuple[tuple[float, float], ...], BeforeValidator(_points), AfterValidator(_tiers_or_none)]


def _checked(curve: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if len(curve) < 2 or any(b[0] <= a[0] or b[1] < a[1] for a, b in pairwise(curve)):
        raise ValueError("the curve needs two points or more, attainment rising and pay never falling")
    return curve


class PayParams(Params):
    """What attainment pays; amounts are a year's, of which a period gets its months' part."""

    section = "pay"
    target_pay: float = param(
        80000.0,
        en="variable pay of a rep at full attainment, a year; a period gets its months' part",
        zh="达成率 100% 时的全年浮动薪酬；各期间按月数折算",
        unit="currency/year",
        source="a placeholder that every company sets",
        strength="our choice",
        ge=0,
    )
    target_pay_of: Annotated[dict[str, float], AfterValidator(_amounts)] = param(
        {},
        en="the same for those who have another: {rep id or team: amount}; a rep's own goes before the "
        "team's",
        zh="与上述不同者：{客户经理编号或团队: 金额}；个人优先于团队",
        unit="currency/year",
        source="none: one amount for all unless the company sets others",
        strength="our choice",
    )
    curve: Annotated[Curve, AfterValidator(_checked)] = param(
        ((0.7, 0.0), (1.0, 1.0), (1.5, 2.0)),
        en="points (attainment, part of target pay); straight lines between; nothing below the first, no "
        "more above the last",
        zh="薪酬曲线的点（达成率，目标薪酬的倍数）；点间取直线；首点以下为零，末点以上封顶",
        unit="fraction",
        source="threshold 70 %, full pay at target, twice of it at 150 % and no more: common vendor example",
        strength="vendor practice",
    )
    by: Literal["attainment", "score"] = param(
        "attainment",
        en="what the curve is read by: attainment of the target, or the total score over 100",
        zh="曲线依据：目标达成率，或总分 / 100",
        unit="",
        source="pay by one figure that the rep can check",
        strength="vendor practice",
    )
    tiers: Tiers = param(
        (),
        en="commission by tiers of a year's revenue, beside the curve: (from, rate), beginning at 0; a tier "
        "holds up to, not including, the next one's start",
        zh="按全年销售收入分档提成（曲线之外）：（起点，比例），首档从 0 开始；每档不含下一档起点",
        unit="currency/year, fraction",
        source="none unless the company pays a commission",
        strength="our choice",
    )
    tiers_how: Literal["marginal", "cliff"] = param(
        "marginal",
        en="marginal: each part of revenue at its own tier's rate; cliff: all of it at the rate of the tier "
        "reached",
        zh="marginal：各段收入按所在档比例；cliff：全部收入按达到档的比例",
        unit="",
        source="a cliff pays for moving one order over a line",
        strength="vendor practice",
    )
    rank_bonus: RankBonus = param(
        (),
        en="bonuses by rank, a year's: (rank, amount) pays the amount to this rank and those above it down "
        "to the last",
        zh="名次奖金（全年）：（名次，金额）付给该名次及其以上、至前一档为止的名次",
        unit="currency/year",
        source="none: ranks of close scores are chance, and so would be the bonus",
        strength="our choice",
    )
    rewards: Rewards = param(
        (),
        en="rewards and consequences beyond pay: name, score_from, score_below, best_ranks",
        zh="薪酬以外的奖惩：名称、分数下限、分数上限、名次",
        unit="",
        source="none unless the company sets one",
        strength="our choice",
    )


def pay_of_months(params: PayParams, months: int, *, teams: Mapping[str, str] | None = None) -> PayParams:
    """Return what pay is for a period and its reps: of all amounts, which are a year's, the months' part.

    Parameters
    ----------
    params : PayParams
        As the company sets them.
    months : int
        Length of the period [months].
    teams : mapping of str to str, optional
        Team by rep: a team's amount is laid on its reps who have none of their own.

    Raises
    ------
    ParameterError
        If teams are given and `target_pay_of` names who is no rep and no team.

    Examples
    --------
    >>> pay_of_months(PayParams(target_pay=80000.0, tiers=((0.0, 0.01), (120.0, 0.02))), 3).tiers
    ((0.0, 0.01), (30.0, 0.02))
    >>> params = PayParams(target_pay_of={"North": 120.0, "b": 240.0})
    >>> pay_of_months(params, 1, teams={"a": "North", "b": "North"}).target_pay_of
    {'a': 10.0, 'b': 20.0}
    """
    named = params.target_pay_of
    if teams is not None:
        known = {*teams, *teams.values()}
        unknown = [name for name in named if name not in known]
        if unknown:
            raise ParameterError(
                f'pay.target_pay_of: "{unknown[0]}" is no rep and no team of the book ({len(unknown)} such).'
                f"{did_you_mean(unknown[0], known)} Write a rep's id or a team's name."
            )
        own = {rep: named.get(rep, named.get(team)) for rep, team in teams.items()}
        named = {rep: pay for rep, pay in own.items() if pay is not None}
    return params.model_copy(
        update={
            "target_pay": params.target_pay * months / 12,
            "target_pay_of": {rep: pay * months / 12 for rep, pay in named.items()},
            "tiers": tuple((start * months / 12, rate) for start, rate in params.tiers),
            "rank_bonus": tuple((rank, amount * months / 12) for rank, amount in params.rank_bonus),
        }
    )
