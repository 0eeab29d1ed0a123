"""Series of the forecasting competitions, and how often ranges hold what came."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

DATA = Path(__file__).parents[3] / "shared" / "data" / "forecast"


class Panel:
    """A competition's series: train and test by unique_id."""

    def __init__(self, name: str, season: int) -> None:
        table = pd.read_parquet(DATA / f"{name}.parquet").rename(columns={"t": "ds"})
        self.season = season
        self.train = table.loc[table["split"] == "train", ["unique_id", "ds", "y"]]
        self.test = table.loc[table["split"] == "test", ["unique_id", "ds", "y"]]
        self.horizon = int(self.test.groupby("unique_id").size().iloc[0])


def covered(table: pd.DataFrame, test: pd.DataFrame, low: str, high: str) -> float:
    both = test.merge(table, on=["unique_id", "ds"])
    assert len(both) == len(test)
    return float(((both[low] <= both["y"]) & (both["y"] <= both[high])).mean())
