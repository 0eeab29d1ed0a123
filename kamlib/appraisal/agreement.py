"""Whether raters agree: intraclass correlation, Krippendorff's alpha, and how severe each of them is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import ParameterError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Icc:
    """Intraclass correlations of Shrout and Fleiss.

    Attributes
    ----------
    single_1, single_2, single_3 : float
        ICC(1,1), (2,1), (3,1): reliability of one rating; raters differ per subject, are a sample, are all.
        The last two are NaN where not every rater rated every subject.
    mean_1, mean_2, mean_3 : float
        ICC(1,k), (2,k), (3,k): reliability of the mean of k raters; NaN likewise.
    raters : float
        k: ratings a subject [ratings]; where they differ, the number that gives the same expected variance
        between subjects, which is a little below their mean.
    """

    single_1: float
    single_2: float
    single_3: float
    mean_1: float
    mean_2: float
    mean_3: float
    raters: float


def icc(ratings: pd.DataFrame) -> Icc:
    """Split the variance of ratings into subjects, raters and the rest.

    With gaps only the one-way forms are defined, ICC(1,1) and (1,k): a rater then differs per subject.

    Parameters
    ----------
    ratings : pandas.DataFrame, shape (subjects, raters)
        NaN where not rated; subjects that nobody rated are left out.

    Raises
    ------
    ParameterError
        If there are fewer than two subjects, none is rated twice, or no rating differs.

    References
    ----------
    P. E. Shrout, J. L. Fleiss (1979). Intraclass correlations: uses in assessing rater reliability.
    Psychological Bulletin 86:420-428.
    S. R. Searle, G. Casella, C. E. McCulloch (1992). Variance Components, ch. 3.6 (unequal numbers of
    ratings).

    Examples
    --------
    >>> round(icc(pd.DataFrame([[1, 2], [3, 4], [5, 6]])).single_3, 6)
    1.0
    """
    values = ratings.dropna(how="all").to_numpy(dtype=float)
    known = np.isfinite(values)
    of = known.sum(axis=1)
    n, size = len(values), int(of.sum())
    if n < 2 or size == n:
        raise ParameterError(
            f"ICC: {n} subjects with {size} ratings; it needs two subjects and one of them rated twice."
        )
    grand = values[known].mean()
    means = np.nansum(values, axis=1) / of
    total = float(((values[known] - grand) ** 2).sum())
    if total == 0:
        raise ParameterError("ICC: every rating is the same; there is nothing to tell apart.")
    of_subjects = float((of * (means - grand) ** 2).sum())
    k = (size - float((of**2).sum()) / size) / (n - 1)
    bms, wms = of_subjects / (n - 1), max(total - of_subjects, 0.0) / (size - n)
    second = third = (np.nan, np.nan)
    if known.all():
        of_raters = float(n * ((values.mean(axis=0) - grand) ** 2).sum())
        jms = of_raters / (k - 1)
        ems = max(total - of_subjects - of_raters, 0.0) / ((n - 1) * (k - 1))
        second = (_part(bms - ems, bms + (k - 1) * ems + k * (jms - ems) / n),
                  _part(bms - ems, bms + (jms - ems) / n))  # fmt: skip
        third = _part(bms - ems, bms + (k - 1) * ems), _part(bms - ems, bms)
    first = _part(bms - wms, bms + (k - 1) * wms), _part(bms - wms, bms)
    return Icc(first[0], second[0], third[0], first[1], second[1], third[1], k)


def _part(top: float, bottom: float) -> float:
    return float(top / bottom) if bottom > 0 else 0.0


def krippendorff_alpha(ratings: pd.DataFrame, *, level: str = "interval") -> float:
    """Measure agreement beyond chance, gaps allowed: 1 - observed / expected disagreement.

    Parameters
    ----------
    ratings : pandas.DataFrame, shape (units, raters)
        NaN where not rated; units rated once tell nothing.
    level : str
        ``nominal``, ``ordinal``, ``interval`` or ``ratio``.

    Returns
    -------
    float
        1 for full agreement, 0 for chance; NaN where all ratings are the same.

    Raises
    ------
    ParameterError
        If no unit is rated twice, or the level is unknown.

    References
    ----------
    K. Krippendorff (2011). Computing Krippendorff's alpha-reliability. University of Pennsylvania.
    """
    values = ratings.to_numpy(dtype=float)
    known = values[(~np.isnan(values)).sum(axis=1) >= 2]
    if not len(known):
        raise ParameterError("Krippendorff's alpha: no unit is rated twice.")
    levels = np.unique(known[~np.isnan(known)])
    pairs = np.zeros((len(levels), len(levels)))
    for unit in known:
        at = np.searchsorted(levels, unit[~np.isnan(unit)])
        count = np.bincount(at, minlength=len(levels)).astype(float)
        pairs += (np.outer(count, count) - np.diag(count)) / (count.sum() - 1)
    margin = pairs.sum(axis=0)
    distance = _DISTANCES.get(level)
    if distance is None:
        raise ParameterError(f'level is "{level}"; write one of {", ".join(_DISTANCES)}.')
    apart = distance(levels, margin)
    expected = float((np.outer(margin, margin) * apart).sum() / (margin.sum() - 1))
    return float("nan") if expected == 0 else 1 - float((pairs * apart).sum()) / expected


def _nominal(levels: Floats, _margin: Floats) -> Floats:
    return np.asarray(levels[:, None] != levels[None, :], dtype=float)


def _ordinal(_levels: Floats, margin: Floats) -> Floats:
    upto = np.cumsum(margin)
    between = np.abs(upto[:, None] - upto[None, :])
    low = np.minimum(np.arange(len(margin))[:, None], np.arange(len(margin))[None, :])
    high = np.maximum(np.arange(len(margin))[:, None], np.arange(len(margin))[None, :])
    return np.asarray((between + margin[low] / 2 - margin[high] / 2) ** 2)


def _interval(levels: Floats, _margin: Floats) -> Floats:
    return np.asarray((levels[:, None] - levels[None, :]) ** 2)


def _ratio(levels: Floats, _margin: Floats) -> Floats:
    total = levels[:, None] + levels[None, :]
    return np.asarray(((levels[:, None] - levels[None, :]) / np.where(total != 0, total, 1)) ** 2)


_DISTANCES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
    "ratio": _ratio,
}


@dataclass(frozen=True)
class Severity:
    """Ratings taken apart into who is rated and who rates.

    Attributes
    ----------
    persons : pandas.Series
        What each rated person would get from an average rater, by person.
    raters : pandas.Series
        How far each rater lies above (lenient) or below (severe) the average; they sum to 0.
    errors : pandas.Series
        Standard error of each rater's value; NaN where nothing is left to judge it by.
    """

    persons: pd.Series
    raters: pd.Series
    errors: pd.Series


def rating_circles(ratings: pd.DataFrame, *, person: str, rater: str) -> pd.Series:
    """Say of each rating in which circle of raters and rated it lies; no rating connects two circles.

    Parameters
    ----------
    ratings : pandas.DataFrame
        One row a rating.
    person, rater : str
        Columns: who is rated, who rates.

    Returns
    -------
    pandas.Series of int64
        From 0, in the order of the first person of each circle; with the index of `ratings`.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rated, persons = pd.factorize(ratings[person], sort=True)
    by, raters = pd.factorize(ratings[rater], sort=True)
    size = len(persons) + len(raters)
    links = coo_array((np.ones(len(ratings)), (rated, by + len(persons))), shape=(size, size))
    _, of = connected_components(links, directed=False)
    return pd.Series(of[rated], index=ratings.index, dtype="int64")


def rater_severity(ratings: pd.DataFrame, *, person: str, rater: str, score: str) -> Severity:
    """Fit score = person + rater by least squares, raters summing to 0.

    Parameters
    ----------
    ratings : pandas.DataFrame
        One row a rating.
    person, rater, score : str
        Columns: who is rated, who rates, the score.

    Raises
    ------
    ParameterError
        If there is no rating, or raters and rated fall into groups that no rating connects: their severities
        could then not be compared.

    References
    ----------
    J. M. Linacre (1989). Many-Facet Rasch Measurement,
    ch. 3 on connected designs.
    """
    known = ratings[ratings[score].notna()]
    persons, raters = sorted(known[person].unique()), sorted(known[rater].unique())
    if not len(known):
        raise ParameterError("severity: there is no rating.")
    p = known[person].map({name: k for k, name in enumerate(persons)}).to_numpy()
    r = known[rater].map({name: k for k, name in enumerate(raters)}).to_numpy() + len(persons)
    n, size = len(known), len(persons) + len(raters)
    circle = rating_circles(known, person=person, rater=rater)
    if circle.max() > 0:
        alone = min(known.loc[circle > 0, person])
        raise ParameterError(
            f"severity: raters and rated fall into {circle.max() + 1} groups that no rating connects ({alone}"
            f" is not in the group of {persons[0]}). Take the groups apart, or have somebody rate in both."
        )
    # The last rater's value is minus the sum of the others', so that they sum to 0.
    design = np.zeros((n, size - 1))
    design[np.arange(n), p] = 1
    free = r < size - 1
    design[np.arange(n)[free], r[free]] = 1
    design[~free, len(persons) :] = -1
    values = known[score].to_numpy(dtype=float)
    gram = design.T @ design
    inverse = np.linalg.pinv(gram)
    found = inverse @ (design.T @ values)
    others = found[len(persons) :]
    spread = (
        np.vstack([np.eye(len(raters) - 1), -np.ones(len(raters) - 1)])
        if len(raters) > 1
        else np.zeros((1, 0))
    )
    left = n - (size - 1)
    variance = float(((values - design @ found) ** 2).sum() / left) if left > 0 else np.nan
    covariance = spread @ inverse[len(persons) :, len(persons) :] @ spread.T
    return Severity(
        pd.Series(found[: len(persons)], index=persons),
        pd.Series(spread @ others if len(raters) > 1 else [0.0], index=raters),
        pd.Series(np.sqrt(np.clip(variance * np.diag(covariance), 0, None)), index=raters),
    )
