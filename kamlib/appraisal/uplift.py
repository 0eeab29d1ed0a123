"""Whether accounts that take part in activities grow more than invited ones that do not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.appraisal.window import Window
from kamlib.measures.money import as_float

_DRAWS = 1000  # ends of an 80 % range are then known to about a percent of the draws


def participation_uplift(
    activities: pd.DataFrame, cube: pd.DataFrame, *, window: Window, rng: np.random.Generator
) -> pd.DataFrame | None:
    """Set the growth of accounts that took part beside that of invited ones that did not.

    An account took part where one of its contacts did, at any activity of the window that it was invited to.
    Growth is the revenue of all a group's accounts over that of the same months of last year; accounts
    without revenue then are left out. Who comes may have grown anyway: the difference is no effect.

    Parameters
    ----------
    activities : pandas.DataFrame
        date, account_id, invited, effective (contacts that took part).
    cube : pandas.DataFrame
        account_id, month, revenue [currency].
    window : Window
        What is judged.
    rng : numpy.random.Generator
        Source of randomness of the range.

    Returns
    -------
    pandas.DataFrame or None
        One row: took_part, stayed_away (accounts), growth_part, growth_away, uplift (their difference),
        uplift_low, uplift_high (80 % range over resampled accounts) [fraction]; None where either group has
        fewer than two accounts.

    Examples
    --------
    >>> from kamlib.appraisal.window import judged_window
    >>> from kamlib.periods import parse_period
    >>> visits = pd.DataFrame({"date": "2025-10-05", "account_id": list("abcd"), "invited": 2,
    ...                        "effective": [1, 2, 0, 0]})
    >>> sold = pd.DataFrame({"account_id": list("abcd") * 2, "month": ["2024-10"] * 4 + ["2025-10"] * 4,
    ...                      "revenue": [100.0] * 4 + [120.0, 120.0, 110.0, 110.0]})
    >>> found = participation_uplift(visits, sold, window=judged_window(parse_period("2025Q4")),
    ...                              rng=np.random.default_rng(1))
    >>> round(found["uplift"].item(), 3)
    0.1
    """
    day = pd.to_datetime(activities["date"])
    inside = (day >= pd.Timestamp(window.start)) & (day < pd.Timestamp(window.end))
    rows = activities[inside & activities["account_id"].notna()]
    invited = pd.Series(as_float(rows["invited"]), index=rows.index)
    rows = rows[(invited > 0) & rows["effective"].notna()]
    came = rows.assign(came=as_float(rows["effective"]) > 0).groupby("account_id")["came"].any()
    sold = cube.assign(revenue=as_float(cube["revenue"]))
    now, before = (
        sold[sold["month"].isin(w.months)]
        .groupby("account_id")["revenue"]
        .sum()
        .reindex(came.index)
        .fillna(0.0)
        for w in (window, window.last_year())
    )
    known = before > 0
    groups = [np.flatnonzero((came == part).to_numpy() & known.to_numpy()) for part in (True, False)]
    if min(len(at) for at in groups) < 2:
        return None
    drawn = []
    growth = []
    for at in groups:
        again = rng.choice(at, (_DRAWS, len(at)))
        growth.append(now.to_numpy()[at].sum() / before.to_numpy()[at].sum() - 1)
        drawn.append(now.to_numpy()[again].sum(axis=1) / before.to_numpy()[again].sum(axis=1) - 1)
    low, high = np.quantile(drawn[0] - drawn[1], [0.1, 0.9])
    return pd.DataFrame(
        {
            "took_part": [len(groups[0])],
            "stayed_away": [len(groups[1])],
            "growth_part": [growth[0]],
            "growth_away": [growth[1]],
            "uplift": [growth[0] - growth[1]],
            "uplift_low": [low],
            "uplift_high": [high],
        }
    )
