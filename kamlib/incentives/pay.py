"""Pay by attainment: a curve with threshold, accelerator and cap; tiers by amount; who earns what."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError
from kamlib.incentives.pay_params import PayParams, check_tiers

Floats = npt.NDArray[np.float64]
_DIGITS = 12  # of an attainment: 5.81 of 8.30 is 0.7, and not a hair under it
_MONEY = 6  # digits of an amount, which is exact to four


def pay_curve(attainment: npt.ArrayLike, curve: Sequence[tuple[float, float]]) -> Floats:
    """Read pay off a curve: nothing below its first point, straight lines between, no more above its last.

    Parameters
    ----------
    attainment : array_like of float
        Attainment [fraction], read to twelve digits; NaN gives NaN.
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
    at = np.round(np.asarray(attainment, dtype=float), _DIGITS)
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
        Amounts, such as revenue [currency], not negative; NaN gives NaN.
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
    values = np.round(np.asarray(amounts, dtype=float), _MONEY)
    if how not in ("marginal", "cliff"):
        raise ParameterError(f'pay tiers: how is "{how}"; write marginal or cliff.')
    if (values < 0).any():
        raise ParameterError(f"pay tiers: {values[values < 0][0]:g} is negative; amounts start at 0.")
    try:
        check_tiers(tuple((float(a), float(b)) for a, b in tiers))
    except ValueError as error:
        raise ParameterError(f"pay tiers: {error}.") from None
    starts, rates = (np.array(side, dtype=float) for side in zip(*tiers, strict=True))
    if how == "cliff":
        return np.asarray(values * rates[np.searchsorted(np.round(starts, _MONEY), values, side="right") - 1])
    ends = np.append(starts[1:], np.inf)
    inside = np.clip(values[..., None] - starts, 0, ends - starts)
    return np.asarray((inside * rates).sum(axis=-1))


def pay_reps(basis: pd.DataFrame, *, params: PayParams) -> pd.DataFrame:
    """Say what each rep earns.

    Parameters
    ----------
    basis : pandas.DataFrame
        One row per rep: rep_id, pay_basis (attainment or score over 100 [fraction], null where unknown) and,
        where pay depends on them, score_rank and revenue [currency], which tiers are read by.
    params : PayParams
        Of the period that is paid (`kamlib.incentives.pay_params.pay_of_months`).

    Returns
    -------
    pandas.DataFrame
        One row per rep: rep_id, pay_basis, target_pay [currency], pay_part (of target pay [fraction]),
        commission (by tiers of revenue, only where there are tiers), payout (all that is paid, with the bonus
        of the rank; null where a part is unknown) [currency, cents, half to even], next_step (what one more
        point of attainment pays [currency]); null where unknown.

    Examples
    --------
    >>> params = PayParams(target_pay=100.0, target_pay_of={"b": 200.0}, tiers=((0.0, 0.01), (1000.0, 0.02)))
    >>> basis = pd.DataFrame({"rep_id": ["a", "b"], "pay_basis": [1.0, 0.85], "revenue": [900.0, 1100.0]})
    >>> pay_reps(basis, params=params)[["target_pay", "commission", "payout"]].values.tolist()
    [[100.0, 9.0, 109.0], [200.0, 12.0, 112.0]]
    """
    at = basis["pay_basis"].to_numpy(dtype=float)
    pays = target_pays(basis["rep_id"], params=params)
    part = pay_curve(at, params.curve)
    more = pay_curve(at + 0.01, params.curve) - part
    table = pd.DataFrame(
        {"rep_id": basis["rep_id"].to_numpy(), "pay_basis": at, "target_pay": pays, "pay_part": part}
    )
    # Who has no target pay needs no attainment to be paid none.
    payout = np.array(_cents(np.where(pays == 0, 0.0, part), pays))
    if params.tiers:
        sold = basis["revenue"].to_numpy(dtype=float)
        paid = pay_tiers(np.where(sold < 0, 0.0, sold), params.tiers, how=params.tiers_how)
        table["commission"] = _cents(paid, np.ones(len(paid)))
        payout = payout + table["commission"].to_numpy()
    if "score_rank" in basis:
        payout = payout + np.nan_to_num(bonus_of_ranks(basis["score_rank"], params))
    return table.assign(payout=np.round(payout, 2), next_step=_cents(more, pays))


def target_pays(reps: pd.Series, *, params: PayParams) -> Floats:
    """Return each rep's variable pay at full attainment: the rep's own amount, else that of all.

    Examples
    --------
    >>> params = PayParams(target_pay=10.0, target_pay_of={"a": 30.0})
    >>> target_pays(pd.Series(["a", "b"]), params=params).tolist()
    [30.0, 10.0]
    """
    return np.array([params.target_pay_of.get(rep, params.target_pay) for rep in reps], dtype=float)


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


def _cents(part: Floats, pays: Floats) -> list[float]:
    """Return parts of amounts in whole cents, half to even, by decimal arithmetic on twelve digits."""
    cent = Decimal("0.01")
    return [
        float("nan")
        if np.isnan(p)
        else float((Decimal(f"{p:.12f}") * Decimal(str(pay))).quantize(cent, ROUND_HALF_EVEN))
        for p, pay in zip(part, pays, strict=True)
    ]


def pay_cost(
    drawn: Floats, *, params: PayParams, pays: Floats | None = None, targets: Floats | None = None
) -> pd.DataFrame:
    """Say what pay may cost when attainment is still open.

    Parameters
    ----------
    drawn : numpy.ndarray of float64, shape (draws, reps)
        Attainment of each rep in each draw [fraction]; NaN pays nothing.
    params : PayParams
        Of the period that is paid.
    pays : numpy.ndarray of float64, shape (reps,), optional
        Target pay of each rep (`target_pays`) [currency]; that of all without.
    targets : numpy.ndarray of float64, shape (reps,), optional
        What is asked of each rep [currency]; where there are tiers, they are read by attainment times this.

    Returns
    -------
    pandas.DataFrame
        One row: mean_cost, low_cost, high_cost (ends of the central 80 %), full_cost (all at 100 %)
        [currency].
    """
    each = np.full(drawn.shape[1], params.target_pay) if pays is None else pays
    cost = np.nansum(pay_curve(drawn, params.curve) * each, axis=1)
    full = float((pay_curve([1.0], params.curve) * each).sum())
    if params.tiers and targets is not None:
        asked = np.nan_to_num(targets)
        sold = np.nan_to_num(drawn * asked).clip(min=0)
        cost = cost + pay_tiers(sold, params.tiers, how=params.tiers_how).sum(axis=1)
        full += float(pay_tiers(asked, params.tiers, how=params.tiers_how).sum())
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
