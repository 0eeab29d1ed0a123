"""Weights from judgement: pairwise comparison (AHP), best and worst, ranks and swings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError

RANDOM_INDEX = {1: 0.0, 2: 0.0, 3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45, 10: 1.49}
"""Mean consistency index of random matrices by size (Saaty 1980), against which a ratio is taken."""

CONSISTENT = 0.10
"""Consistency ratios up to this are acceptable (Saaty 1980)."""

_RECIPROCAL = 1e-6  # a judgement of 1/3 written with seven digits


@dataclass(frozen=True)
class AhpWeights:
    """Weights from pairwise judgements, and how far these agree with each other.

    Attributes
    ----------
    weights : pandas.Series
        By criterion; sum 1.
    principal : float
        Principal eigenvalue, at least the number of criteria.
    index, ratio : float
        Consistency index (principal - n) / (n - 1) and ratio to the random index; 0 up to two criteria.
    revisit : tuple of (str, str) or None
        The pair whose judgement is farthest from what the weights say; None where all agree.
    said, implied : float
        What was said of that pair, and what the weights say.
    """

    weights: pd.Series
    principal: float
    index: float
    ratio: float
    revisit: tuple[str, str] | None
    said: float
    implied: float

    @property
    def consistent(self) -> bool:
        """Whether the ratio is at most `CONSISTENT`."""
        return self.ratio <= CONSISTENT


def weights_ahp(judgements: pd.DataFrame) -> AhpWeights:
    """Weigh criteria by pairwise comparison: the principal eigenvector of a reciprocal matrix.

    Parameters
    ----------
    judgements : pandas.DataFrame, shape (criteria, criteria)
        How many times as important the row is as the column, 1/9 to 9 by custom; named alike.

    Returns
    -------
    AhpWeights

    Raises
    ------
    ParameterError
        If the table is not square, names differ, a value is not above 0, a pair is not reciprocal, or there
        are more criteria than the random index has (10).

    References
    ----------
    T. L. Saaty (2008). Decision making with the analytic hierarchy process. IJSS 1:83-98.
    Random index: T. L. Saaty (1980). The Analytic Hierarchy Process. McGraw-Hill.

    Examples
    --------
    >>> names = ["margin", "growth"]
    >>> weights_ahp(pd.DataFrame([[1, 3], [1 / 3, 1]], names, names)).weights.round(6).to_dict()
    {'margin': 0.75, 'growth': 0.25}
    """
    matrix = _reciprocal(judgements)
    n = len(matrix)
    names = [str(name) for name in judgements.index]
    values, vectors = np.linalg.eig(matrix)
    at = int(np.argmax(values.real))
    principal = float(values[at].real)
    weights = np.abs(vectors[:, at].real)
    weights /= weights.sum()
    index = max((principal - n) / (n - 1), 0.0) if n > 2 else 0.0
    ratio = index / RANDOM_INDEX[n] if n > 2 else 0.0
    implied = weights[:, None] / weights[None, :]
    apart = np.triu(np.abs(np.log(matrix / implied)), 1)
    i, j = np.unravel_index(int(np.argmax(apart)), apart.shape)
    off = bool(apart[i, j] > _RECIPROCAL)
    return AhpWeights(
        weights=pd.Series(weights, index=names),
        principal=principal,
        index=index,
        ratio=ratio,
        revisit=(names[i], names[j]) if off else None,
        said=float(matrix[i, j]),
        implied=float(implied[i, j]),
    )


def weights_ahp_group(judgements: Sequence[pd.DataFrame]) -> AhpWeights:
    """Weigh criteria by several people's comparisons: the geometric mean, pair by pair.

    Parameters
    ----------
    judgements : sequence of pandas.DataFrame
        One matrix a person, as in `weights_ahp`, with the same criteria.

    Raises
    ------
    ParameterError
        If there is none, or the criteria differ.

    References
    ----------
    J. Aczél, T. L. Saaty (1983). Procedures for synthesizing ratio judgements. J. Math. Psych. 27:93-102.
    """
    if not judgements:
        raise ParameterError("AHP: no judgements. Give one matrix a person.")
    names = list(judgements[0].index)
    if any(set(person.index) != set(names) for person in judgements):
        raise ParameterError("AHP: the people judged different criteria. Give each the same.")
    logs = [np.log(_reciprocal(person.loc[names, names])) for person in judgements]
    return weights_ahp(pd.DataFrame(np.exp(np.mean(logs, axis=0)), names, names))


def _reciprocal(judgements: pd.DataFrame) -> npt.NDArray[np.float64]:
    names = list(judgements.index)
    if list(judgements.columns) != names or len(set(names)) != len(names) or not names:
        raise ParameterError("AHP: rows and columns must be the same criteria in the same order, each once.")
    if len(names) > max(RANDOM_INDEX):
        raise ParameterError(f"AHP: {len(names)} criteria; more than {max(RANDOM_INDEX)} cannot be compared.")
    matrix = judgements.to_numpy(dtype=float)
    if not (np.isfinite(matrix).all() and (matrix > 0).all()):
        raise ParameterError("AHP: every judgement must be a number above 0.")
    product = matrix * matrix.T
    i, j = np.unravel_index(int(np.argmax(np.abs(product - 1))), product.shape)
    if abs(product[i, j] - 1) > _RECIPROCAL * 10:
        raise ParameterError(
            f"AHP: {names[i]} against {names[j]} is {matrix[i, j]:g}, and back {matrix[j, i]:g}; one must be"
            f" 1 over the other. Write {1 / matrix[i, j]:g} for {names[j]} against {names[i]}."
        )
    return np.asarray(matrix)


@dataclass(frozen=True)
class BestWorstWeights:
    """Weights of the best-worst method.

    Attributes
    ----------
    weights : pandas.Series
        By criterion; sum 1.
    inconsistency : float
        The largest absolute gap left (xi of the linear model); 0 where all judgements agree.
    """

    weights: pd.Series
    inconsistency: float


def weights_best_worst(
    best_to_others: Mapping[str, float], others_to_worst: Mapping[str, float]
) -> BestWorstWeights:
    """Weigh criteria by comparing the best with all and all with the worst, in the linear model.

    Minimises the largest of abs(w_best - a_best,j w_j) and abs(w_j - a_j,worst w_worst), with weights not
    negative and of sum 1.

    Parameters
    ----------
    best_to_others : mapping of str to float
        How many times as important the best is as each, 1 to 9; 1 for the best itself.
    others_to_worst : mapping of str to float
        How many times as important each is as the worst, 1 to 9; 1 for the worst itself.

    Raises
    ------
    ParameterError
        If the criteria differ, a value is outside 1..9, no criterion is best or worst, one is both, or the
        two lists say different things of the best against the worst.

    References
    ----------
    J. Rezaei (2016). Best-worst multi-criteria decision-making method: some properties and a linear model.
    Omega 64:126-130.

    Examples
    --------
    >>> found = weights_best_worst({"a": 8, "b": 2, "c": 1}, {"a": 1, "b": 5, "c": 8})
    >>> found.weights.round(4).to_dict()
    {'a': 0.0714, 'b': 0.3214, 'c': 0.6071}
    """
    from scipy.optimize import linprog

    names = list(best_to_others)
    if set(names) != set(others_to_worst):
        raise ParameterError("best-worst: the two lists name different criteria. Name each in both.")
    best = np.array([best_to_others[name] for name in names], dtype=float)
    worst = np.array([others_to_worst[name] for name in names], dtype=float)
    for what, values in (("best_to_others", best), ("others_to_worst", worst)):
        wrong = [name for name, value in zip(names, values, strict=True) if not 1 <= value <= 9]
        if wrong:
            raise ParameterError(f"best-worst: {what}.{wrong[0]} is outside 1 to 9.")
        if not (values == 1).any():
            raise ParameterError(f"best-worst: {what} has no 1; the {what.split('_')[0]} has it to itself.")
    n, b, w = len(names), *_ends(names, best, worst)
    rows = []
    for j in range(n):
        for plus, minus, factor in ((b, j, best[j]), (j, w, worst[j])):
            row = np.zeros(n)
            row[plus] += 1
            row[minus] -= factor
            rows += [np.append(row, -1.0), np.append(-row, -1.0)]
    found = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=np.array(rows),
        b_ub=np.zeros(len(rows)),
        A_eq=[[1.0] * n + [0.0]],
        b_eq=[1.0],
        method="highs",
    )
    return BestWorstWeights(pd.Series(found.x[:n], index=names), float(max(found.x[n], 0.0)))


def _ends(
    names: Sequence[str], best: npt.NDArray[np.float64], worst: npt.NDArray[np.float64]
) -> tuple[int, int]:
    """Return the places of the best and the worst criterion, which both lists must agree on."""
    b = int(np.argmax(best == 1))
    others = [int(k) for k in np.flatnonzero(worst == 1) if k != b]
    if not others and len(names) > 1:
        raise ParameterError(f"best-worst: {names[b]} is both the best and the worst. Name another worst.")
    w = others[0] if others else b
    if best[w] != worst[b]:
        raise ParameterError(
            f"best-worst: {names[b]} against {names[w]} is {best[w]:g} in best_to_others and {worst[b]:g} in"
            " others_to_worst. Write the same in both."
        )
    return b, w


def weights_by_rank(ranks: Mapping[str, float], *, how: str = "centroid") -> pd.Series:
    """Weigh criteria by their ranks alone; ties share the mean of the weights they would take.

    Parameters
    ----------
    ranks : mapping of str to float
        Rank of each criterion, 1 the most important; equal ranks are ties.
    how : str
        ``centroid``: mean of all weights that keep the order, (1/n) sum over k >= i of 1/k. ``sum``:
        2 (n + 1 - i) / (n (n + 1)). ``reciprocal``: 1/i over the sum of these.

    Returns
    -------
    pandas.Series
        By criterion; sum 1.

    References
    ----------
    F. H. Barron, B. E. Barrett (1996). Decision quality using ranked attribute weights. Management Science
    42:1515-1523. W. G. Stillwell, D. A. Seaver, W. Edwards (1981). Organ. Behav. Hum. Perf. 28:62-77.

    Examples
    --------
    >>> weights_by_rank({"a": 1, "b": 2, "c": 3, "d": 4}).round(4).tolist()
    [0.5208, 0.2708, 0.1458, 0.0625]
    """
    n = len(ranks)
    places = np.arange(1, n + 1)
    rules = {
        "centroid": np.cumsum((1 / places)[::-1])[::-1] / max(n, 1),
        "sum": 2 * (n + 1 - places) / (n * (n + 1)) if n else places,
        "reciprocal": (1 / places) / (1 / places).sum() if n else places,
    }
    if how not in rules or not n:
        raise ParameterError(f'ranks: how is "{how}" over {n} criteria; write one of {", ".join(rules)}.')
    given = pd.Series(dict(ranks), dtype="float64")
    if given.isna().any():
        raise ParameterError(f"ranks: {given.index[given.isna()][0]} has no rank.")
    order = given.sort_values(kind="stable")
    weights = pd.Series(rules[how], index=order.index)
    return weights.groupby(order).transform("mean").reindex(given.index)


def weights_by_swing(points: Mapping[str, float]) -> pd.Series:
    """Weigh criteria by points for swinging each from worst to best (the largest by custom 100).

    Raises
    ------
    ParameterError
        If a number of points is negative or none is above 0.

    References
    ----------
    D. von Winterfeldt, W. Edwards (1986). Decision Analysis and Behavioral Research. Cambridge.

    Examples
    --------
    >>> weights_by_swing({"a": 100, "b": 60, "c": 40}).tolist()
    [0.5, 0.3, 0.2]
    """
    given = pd.Series(dict(points), dtype="float64")
    if not (given >= 0).all() or not given.sum() > 0:
        raise ParameterError("swing: points are not negative, and one at least is above 0.")
    return given / given.sum()
