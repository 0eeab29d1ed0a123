"""Pay by attainment: a curve with threshold, accelerator and cap; tiers by amount; who earns what."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from kamlib.errors import ParameterError
from kamlib.params import Params, param

Floats = npt.NDArray[np.float64]


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


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _rising(tiers: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    starts = [start for start, _ in tiers]
    if not tiers or starts[0] != 0 or starts != sorted(set(starts)):
        raise ValueError(f"starts {starts} must begin at 0 and rise")
    return tiers


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
Rewards = Annotated[tuple[Reward, ...], BeforeValidator(_tuple)]
Curve = Annotated[
    tuple[tuple[float, float], ...],
    BeforeValidator(_points),
]


def _checked(curve: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if len(curve) < 2 or any(b[0] <= a[0] or b[1] < a[1] for a, b in pairwise(curve)):
        raise ValueError("the curve needs two points or more, attainment rising and pay never falling")
    return curve


class PayParams(Params):
    """What attainment pays."""

    section = "pay"
    target_pay: float = param(
        20000.0,
        en="variable pay of a rep at full attainment, for the period appraised",
        zh="达成率 100% 时该期间的浮动薪酬",
        unit="currency",
        source="a placeholder that every company sets",
        strength="our choice",
        ge=0,
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
    rank_bonus: RankBonus = param(
        (),
        en="bonuses by rank: (rank, amount) pays the amount to this rank and those above it down to the last",
        zh="名次奖金：（名次，金额）付给该名次及其以上、至前一档为止的名次",
        unit="currency",
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


def pay_curve(attainment: npt.ArrayLike, curve: Sequence[tuple[float, float]]) -> Floats:
    """Read pay off a curve: nothing below its first point, straight lines between, no more above its last.

    Parameters
    ----------
    attainment : array_like of float
        Attainment [fraction]; NaN gives NaN.
    curve : sequence of (float, float)
        (attainment, part of target pay), attainment rising. The first point's pay is paid from the point on,
        so a first point such as (0.7, 0.5) is a cliff at 70 %.

    Returns
    -------
    numpy.ndarray of float64
        Part of target pay [fraction].

    Examples
    --------
    >>> curve = [(0.7, 0.0), (1.0, 1.0), (1.5, 2.0)]
    >>> (10000 * pay_curve([0.69, 0.85, 1.0, 1.2, 1.5, 1.7], curve)).round().tolist()
    [0.0, 5000.0, 10000.0, 14000.0, 20000.0, 20000.0]
    """
    at = np.asarray(attainment, dtype=float)
    x, y = (np.array(side, dtype=float) for side in zip(*curve, strict=True))
    if len(x) < 2 or not ((np.diff(x) > 0).all() and (np.diff(y) >= 0).all()):
        raise ParameterError("pay curve: two points or more, attainment rising and pay never falling.")
    paid = np.interp(at, x, y)
    return np.asarray(np.where(np.isnan(at), np.nan, np.where(at < x[0], 0.0, paid)))


def pay_tiers(
    amounts: npt.ArrayLike,
    tiers: Sequence[tuple[float, float]],
    *,
    how: Literal["marginal", "cliff"] = "marginal",
) -> Floats:
    """Pay a rate by tiers of an amount.

    Parameters
    ----------
    amounts : array_like of float
        Amounts, such as revenue [currency], not negative.
    tiers : sequence of (float, float)
        (from, rate), from rising and beginning at 0; a tier holds from its start up to, not including, the
        next tier's.
    how : str
        ``marginal``: each part of the amount at its own tier's rate. ``cliff``: the whole amount at the rate
        of the tier it lies in.

    Returns
    -------
    numpy.ndarray of float64
        Pay [currency].

    Examples
    --------
    >>> tiers = [(0, 0.05), (100_000, 0.07), (250_000, 0.09)]
    >>> pay_tiers([180_000], tiers).tolist(), pay_tiers([180_000], tiers, how="cliff").round(6).tolist()
    ([10600.0], [12600.0])
    """
    values = np.asarray(amounts, dtype=float)
    if how not in ("marginal", "cliff"):
        raise ParameterError(f'pay tiers: how is "{how}"; write marginal or cliff.')
    if (values < 0).any():
        raise ParameterError(f"pay tiers: {values[values < 0][0]:g} is negative; amounts start at 0.")
    try:
        _rising(tuple((float(a), float(b)) for a, b in tiers))
    except ValueError as error:
        raise ParameterError(f"pay tiers: {error}.") from None
    starts, rates = (np.array(side, dtype=float) for side in zip(*tiers, strict=True))
    if how == "cliff":
        return np.asarray(values * rates[np.searchsorted(starts, values, side="right") - 1])
    ends = np.append(starts[1:], np.inf)
    inside = np.clip(values[..., None] - starts, 0, ends - starts)
    return np.asarray((inside * rates).sum(axis=-1))


def pay_reps(basis: pd.DataFrame, *, params: PayParams) -> pd.DataFrame:
    """Say what each rep earns.

    Parameters
    ----------
    basis : pandas.DataFrame
        One row per rep: rep_id, pay_basis (attainment or score over 100 [fraction], null where unknown) and,
        where bonuses go by rank, score_rank.
    params : PayParams
        Curve, target pay and bonuses.

    Returns
    -------
    pandas.DataFrame
        One row per rep: rep_id, pay_basis, pay_part (of target pay [fraction]), payout (with the bonus of the
        rank, null where pay_basis is) [currency, cents, half to even], next_step (what one more point of
        attainment pays [currency]); null where unknown.
    """
    part = pay_curve(basis["pay_basis"].to_numpy(dtype=float), params.curve)
    more = pay_curve(basis["pay_basis"].to_numpy(dtype=float) + 0.01, params.curve)
    bonus = bonus_of_ranks(basis["score_rank"], params) if "score_rank" in basis else np.zeros(len(basis))
    return pd.DataFrame(
        {
            "rep_id": basis["rep_id"].to_numpy(),
            "pay_basis": basis["pay_basis"].to_numpy(dtype=float),
            "pay_part": part,
            "payout": np.round(np.array(_cents(part, params.target_pay)) + np.nan_to_num(bonus), 2),
            "next_step": _cents(more - part, params.target_pay),
        }
    )


def bonus_of_ranks(ranks: pd.Series, params: PayParams) -> Floats:
    """Return the bonus of each rank; NaN where the rank is unknown.

    Examples
    --------
    >>> params = PayParams(rank_bonus=((1, 500.0), (3, 200.0)))
    >>> bonus_of_ranks(pd.Series([1, 2, 3, 4, None]), params).tolist()
    [500.0, 200.0, 200.0, 0.0, nan]
    """
    at = ranks.to_numpy(dtype=float, na_value=np.nan)
    found = np.zeros(len(at))
    for rank, amount in reversed(params.rank_bonus):
        found = np.where(at <= rank, amount, found)
    return np.asarray(np.where(np.isnan(at), np.nan, found))


def _cents(part: Floats, pay: float) -> list[float]:
    """Return parts of an amount in whole cents, half to even, by decimal arithmetic on twelve digits."""
    whole, cent = Decimal(str(pay)), Decimal("0.01")
    return [
        float("nan") if np.isnan(p) else float((Decimal(f"{p:.12f}") * whole).quantize(cent, ROUND_HALF_EVEN))
        for p in part
    ]


def pay_cost(drawn: Floats, *, params: PayParams) -> pd.DataFrame:
    """Say what pay may cost when attainment is still open.

    Parameters
    ----------
    drawn : numpy.ndarray of float64, shape (draws, reps)
        Attainment of each rep in each draw [fraction]; NaN pays nothing.
    params : PayParams
        Curve and target pay.

    Returns
    -------
    pandas.DataFrame
        One row: mean_cost, low_cost, high_cost (ends of the central 80 %), full_cost (all at 100 %)
        [currency].
    """
    cost = params.target_pay * np.nansum(pay_curve(drawn, params.curve), axis=1)
    full = params.target_pay * drawn.shape[1] * float(pay_curve([1.0], params.curve)[0])
    low, high = np.quantile(cost, [0.1, 0.9])
    return pd.DataFrame(
        {"mean_cost": [cost.mean()], "low_cost": [low], "high_cost": [high], "full_cost": [full]}
    )


def give_rewards(table: pd.DataFrame, *, params: PayParams) -> pd.DataFrame:
    """List who meets the rules of which rewards and consequences.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per rep: rep_id, total_score [score points], worst_rank (of the plausible ones).

    Returns
    -------
    pandas.DataFrame
        One row per rep and reward met: rep_id, reward.
    """
    parts = []
    for reward in params.rewards:
        met = table["total_score"].notna()
        if reward.score_from is not None:
            met &= table["total_score"] >= reward.score_from
        if reward.score_below is not None:
            met &= table["total_score"] < reward.score_below
        if reward.best_ranks is not None:
            met &= table["worst_rank"] <= reward.best_ranks
        parts.append(pd.DataFrame({"rep_id": table.loc[met, "rep_id"], "reward": reward.name}))
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"rep_id": [], "reward": []})
    return found.astype({"rep_id": "str", "reward": "str"})
