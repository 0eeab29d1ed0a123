"""Forecasts of other libraries, made by the interpreter of `.venv-peers`.

Usage: peers.py IN.parquet OUT.parquet SEASON HORIZON MODEL[,MODEL...] [LEVEL,LEVEL]

IN has unique_id, ds (whole numbers) and y; OUT a column per model, and its ends at each level.
"""

from __future__ import annotations

import sys

import pandas as pd
from statsforecast import StatsForecast, models


def main(source: str, target: str, season: str, horizon: str, names: str, levels: str = "") -> None:
    m = int(season)
    makers = {
        "AutoETS": lambda: models.AutoETS(season_length=m),
        "AutoTheta": lambda: models.AutoTheta(season_length=m),
        "DynamicOptimizedTheta": lambda: models.DynamicOptimizedTheta(season_length=m),
        "SeasonalNaive": lambda: models.SeasonalNaive(season_length=m),
        "IMAPA": models.IMAPA,
        "ADIDA": models.ADIDA,
        "TSB": lambda: models.TSB(alpha_d=0.1, alpha_p=0.1),
        "CrostonSBA": models.CrostonSBA,
    }
    engine = StatsForecast(models=[makers[name]() for name in names.split(",")], freq=1, n_jobs=1)
    extra = {"level": [int(level) for level in levels.split(",")]} if levels else {}
    table = engine.forecast(df=pd.read_parquet(source), h=int(horizon), **extra)
    table.to_parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
