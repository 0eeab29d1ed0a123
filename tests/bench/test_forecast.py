"""Forecasts of 20,000 accounts x 4 product lines, and of their past: CPU seconds and memory in a process of its own.

CPU seconds, as wall seconds tell as much of what else the machine is doing.
"""

from __future__ import annotations

from tests.bench.measure import python, run

LARGE = """
import datetime as dt
import numpy as np
import pandas as pd
from kamlib.forecast import ForecastParams, accuracy_on_holdout, forecast_sales
from kamlib.measures.money import to_money
rng, accounts, lines, months = np.random.default_rng(1), 20_000, 4, 36
account, line, month = np.unravel_index(np.arange(accounts * lines * months), (accounts, lines, months))
names = np.array([f"A{i:05d}" for i in range(accounts)])
labels = np.array([f"{year}-{m:02d}" for year in (2023, 2024, 2025) for m in range(1, 13)])
sold = rng.random(len(account)) < 0.75
cube = pd.DataFrame({"account_id": names[account[sold]], "product_line": np.array(list("abcd"))[line[sold]],
                     "month": labels[month[sold]]})
cube["revenue"] = to_money(100 * np.exp(rng.normal(11, 1, len(cube))).astype("int64"))
master = pd.DataFrame({"account_id": names, "region": rng.choice(list("NSEW"), accounts), "account_type": "T",
                       "rep_id": [f"R{i % 300}" for i in range(accounts)]})
"""
AHEAD = "forecast_sales(cube, master, as_of=dt.date(2026, 1, 1), until=dt.date(2027, 1, 1), params=ForecastParams())"
PAST = "accuracy_on_holdout(cube, master, as_of=dt.date(2026, 1, 1), params=ForecastParams())"


def test_eighty_thousand_series_in_seconds() -> None:
    made = run(python(LARGE))
    for name, call, limit in (("forecast", AHEAD, 60), ("held-out errors", PAST, 90)):
        cost = run(python(LARGE + call))
        seconds = cost.cpu - made.cpu
        print(
            f"\n{name} of 80,000 series: {seconds:.1f} CPU s (at most {limit}), {cost.seconds:.0f} s in all, "
            f"peak {cost.megabytes:.0f} MB"
        )
        assert seconds <= limit
        assert cost.megabytes < 2000
