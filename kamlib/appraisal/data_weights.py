"""Weights from the data: how much a KPI tells reps apart; and their blend with judgement."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kamlib.errors import ParameterError


def weights_entropy(scores: pd.DataFrame) -> pd.Series:
    """Weigh KPIs by how unevenly they are spread: 1 less the entropy of each column's shares, over ln n.

    Parameters
    ----------
    scores : pandas.DataFrame, shape (reps, kpis)
        Not negative, columns of sum above 0, no gaps, two rows or more. Shares are of the column's sum.

    Returns
    -------
    pandas.Series
        By KPI; sum 1. Columns that are all alike weigh 0.

    Raises
    ------
    ParameterError
        If a value is missing or negative, a column is all zero, or all columns are even.

    References
    ----------
    C. E. Shannon (1948); C.-L. Hwang, K. Yoon (1981). Multiple Attribute Decision Making, ch. 3.

    Examples
    --------
    >>> weights_entropy(pd.DataFrame({"a": [1.0, 3.0], "b": [2.0, 2.0]})).round(6).to_dict()
    {'a': 1.0, 'b': 0.0}
    """
    values = _checked(scores)
    if (values < 0).any():
        raise ParameterError(f"entropy: {_where(scores, values < 0)} is negative; shares need values from 0.")
    sums = values.sum(axis=0)
    if (sums == 0).any():
        raise ParameterError(f"entropy: {scores.columns[int(np.argmax(sums == 0))]} is 0 for every rep.")
    shares = values / sums
    logs = np.log(np.where(shares > 0, shares, 1.0))
    spread = 1 + (shares * logs).sum(axis=0) / np.log(len(values))
    return _normalised(np.where(spread > 1e-12, spread, 0.0), scores, "entropy")


def weights_critic(scores: pd.DataFrame, *, directions: Mapping[str, str]) -> pd.Series:
    """Weigh KPIs by contrast and conflict: standard deviation times the sum of 1 less correlations.

    Columns are first scaled from worst (0) to best (1); ddof is 1, correlations are Pearson's.

    Parameters
    ----------
    scores : pandas.DataFrame, shape (reps, kpis)
        No gaps, two rows or more.
    directions : mapping of str to str
        ``up`` where more is better, ``down`` where less is; the direction changes the weights.

    Raises
    ------
    ParameterError
        If a value or direction is missing, or every column is constant.

    References
    ----------
    D. Diakoulaki, G. Mavrotas, L. Papayannakis (1995). Determining objective weights in multiple criteria
    problems: the CRITIC method. Computers & Operations Research 22:763-770.
    """
    scaled = _scaled(scores, directions)
    sd = scaled.std(axis=0, ddof=1)
    apart = (scaled - scaled.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    correlation = apart.T @ apart / (len(scaled) - 1)
    moving = sd > 0
    conflict = ((1 - correlation) * np.outer(moving, moving)).sum(axis=0)
    found = sd * conflict
    # Columns that all say the same conflict in nothing; their contrast then decides.
    return _normalised(found if found.sum() > 1e-12 else sd, scores, "CRITIC")


def weights_standard_deviation(scores: pd.DataFrame, *, directions: Mapping[str, str]) -> pd.Series:
    """Weigh KPIs by their standard deviation after scaling each from worst (0) to best (1).

    Parameters
    ----------
    scores : pandas.DataFrame, shape (reps, kpis)
        No gaps, two rows or more.
    directions : mapping of str to str
        ``up`` or ``down``; it does not change the result, a missing one is refused all the same.

    References
    ----------
    I. Z. Mukhametzyanov (2021). Specific character of objective methods for determining weights of criteria
    in MCDM problems. Decision Making: Applications in Management and Engineering 4(2):76-105.
    """
    return _normalised(_scaled(scores, directions).std(axis=0, ddof=1), scores, "standard deviation")


def blend_weights(
    judged: Mapping[str, float], data: Mapping[str, float], *, judged_share: float
) -> pd.Series:
    """Mix judged weights with those from the data, in proportion.

    Parameters
    ----------
    judged, data : mapping of str to float
        Weights of the same KPIs, each of sum 1.
    judged_share : float
        Part of the judgement [fraction].

    Examples
    --------
    >>> blend_weights({"a": 0.8, "b": 0.2}, {"a": 0.4, "b": 0.6}, judged_share=0.75).round(6).to_dict()
    {'a': 0.7, 'b': 0.3}
    """
    if set(judged) != set(data):
        raise ParameterError(f"blend: weights differ in {', '.join(sorted(set(judged) ^ set(data)))}.")
    if not 0 <= judged_share <= 1:
        raise ParameterError(f"blend: the judged share {judged_share:g} is not in 0..1.")
    return pd.Series({k: judged_share * judged[k] + (1 - judged_share) * data[k] for k in judged})


def _checked(scores: pd.DataFrame) -> np.ndarray:
    values = scores.to_numpy(dtype=float)
    if len(values) < 2:
        raise ParameterError(f"weights from data: {len(values)} rows; at least two must be told apart.")
    if not np.isfinite(values).all():
        where = _where(scores, ~np.isfinite(values))
        raise ParameterError(f"weights from data: {where} is missing. Leave the row or the KPI out.")
    return np.asarray(values)


def _scaled(scores: pd.DataFrame, directions: Mapping[str, str]) -> np.ndarray:
    values = _checked(scores)
    wrong = [c for c in scores.columns if directions.get(c) not in ("up", "down")]
    if wrong:
        raise ParameterError(f"weights from data: {wrong[0]} has no direction; write up or down.")
    low, high = values.min(axis=0), values.max(axis=0)
    part = (values - low) / np.where(high > low, high - low, 1.0)
    down = np.array([directions[c] == "down" for c in scores.columns])
    return np.asarray(np.where(down & (high > low), 1 - part, part))


def _normalised(found: np.ndarray, scores: pd.DataFrame, method: str) -> pd.Series:
    if not found.sum() > 0:
        raise ParameterError(
            f"{method}: every KPI is the same for all {len(scores)}; nothing tells them apart."
        )
    return pd.Series(found / found.sum(), index=scores.columns)


def _where(scores: pd.DataFrame, wrong: np.ndarray) -> str:
    row, column = np.argwhere(wrong)[0]
    return f"{scores.columns[column]} of {scores.index[row]}"
