"""Forecasts beside statsforecast's, of the same series in one run: errors, coverage, CPU seconds.

The peers live in `.venv-peers` (`make bench` makes it). All of M3 monthly under AutoETS takes minutes.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.forecast import forecast_panel
from tests.bench.series import DATA, Panel, covered
from tests.owa import owa

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
OURS = """
import sys
import pandas as pd
from kamlib.forecast import forecast_panel
source, target, season, horizon = sys.argv[1:5]
made = forecast_panel(pd.read_parquet(source), horizon=int(horizon), season_length=int(season))
made.to_parquet(target)
"""
CUTS = {8: 0.89, 12: 0.84, 18: 0.85, 24: 0.84, 36: 0.77}
SAMPLE = 300

pytestmark = pytest.mark.skipif(
    not (PEERS.exists() and DATA.exists()), reason="needs .venv-peers and the data beside the project"
)


def by_series(table: pd.DataFrame, column: str = "y") -> dict[str, np.ndarray]:
    ordered = table.sort_values(["unique_id", "ds"])
    return {str(key): part.to_numpy() for key, part in ordered.groupby("unique_id")[column]}


def cpu(command: list[str]) -> float:
    """Run a command and return its CPU seconds, import and warm-up included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def peer(
    folder: Path, train: pd.DataFrame, season: int, horizon: int, models: str, levels: str = ""
) -> tuple[pd.DataFrame, float]:
    source, target = folder / "train.parquet", folder / "peer.parquet"
    train.reset_index(drop=True).to_parquet(source)
    script = str(ROOT / "tests" / "bench" / "peers.py")
    extra = [levels] if levels else []
    seconds = cpu([str(PEERS), script, str(source), str(target), str(season), str(horizon), models, *extra])
    return pd.read_parquet(target), seconds


def ours(folder: Path, train: pd.DataFrame, season: int, horizon: int) -> tuple[pd.DataFrame, float]:
    source, target = folder / "train.parquet", folder / "ours.parquet"
    train.reset_index(drop=True).to_parquet(source)
    seconds = cpu([sys.executable, "-c", OURS, str(source), str(target), str(season), str(horizon)])
    return pd.read_parquet(target), seconds


@pytest.mark.parametrize(("name", "season", "limit"), [("m3_monthly", 12, 0.815), ("m3_quarterly", 4, 0.882)])
def test_m3_beside_ets_and_theta(name: str, season: int, limit: float, tmp_path: Path) -> None:
    panel = Panel(name, season)
    history, actual = by_series(panel.train), by_series(panel.test)
    made, seconds = ours(tmp_path, panel.train, season, panel.horizon)
    ets, slow = peer(tmp_path, panel.train, season, panel.horizon, "AutoETS", "80,95")
    theta, _ = peer(tmp_path, panel.train, season, panel.horizon, "DynamicOptimizedTheta")
    found = {
        "ours": owa(by_series(made, "forecast"), actual, history, season),
        "AutoETS": owa(by_series(ets, "AutoETS"), actual, history, season),
        "DynamicOptimizedTheta": owa(by_series(theta, "DynamicOptimizedTheta"), actual, history, season),
    }
    both = ets.merge(theta, on=["unique_id", "ds"])
    both["mean"] = (both["AutoETS"] + both["DynamicOptimizedTheta"]) / 2
    found["their mean"] = owa(by_series(both, "mean"), actual, history, season)
    print(f"\n{name}, OWA: {', '.join(f'{k} {v:.4f}' for k, v in found.items())}")
    print(f"CPU seconds: ours {seconds:.1f}, AutoETS {slow:.1f} = {slow / seconds:.0f} x")
    ranged = forecast_panel(panel.train, horizon=panel.horizon, season_length=season, coverage=(0.8, 0.95))
    cover = {}
    for level in (80, 95):
        cover[level] = covered(ranged, panel.test, f"low_{level}", f"high_{level}")
        theirs = covered(ets, panel.test, f"AutoETS-lo-{level}", f"AutoETS-hi-{level}")
        print(f"{level} % ranges cover: ours {cover[level]:.3f}, AutoETS {theirs:.3f}")
    assert found["ours"] <= limit
    if name == "m3_monthly":
        assert slow / seconds >= 25
    assert 0.78 <= cover[80] <= 0.82
    assert 0.93 <= cover[95] <= 0.97


@pytest.mark.parametrize("length", list(CUTS))
def test_short_histories(length: int, tmp_path: Path) -> None:
    panel = Panel("m3_monthly", 12)
    whole = by_series(panel.train)
    chosen = sorted(whole)[:: len(whole) // SAMPLE][:SAMPLE]
    train = panel.train[panel.train["unique_id"].isin(chosen)]
    train = train.sort_values(["unique_id", "ds"]).groupby("unique_id").tail(length)
    test = panel.test[panel.test["unique_id"].isin(chosen)].sort_values(["unique_id", "ds"])
    actual = by_series(test.groupby("unique_id").head(12))
    history = by_series(train)
    made, _ = ours(tmp_path, train, 12, 12)
    theirs, _ = peer(tmp_path, train, 12, 12, "AutoETS,DynamicOptimizedTheta,SeasonalNaive")
    theirs["mean"] = (theirs["AutoETS"] + theirs["DynamicOptimizedTheta"]) / 2
    found = {"ours": owa(by_series(made, "forecast"), actual, history, 12, whole)}
    for model in ("AutoETS", "DynamicOptimizedTheta", "mean", "SeasonalNaive"):
        if theirs[model].notna().all():  # below a season the library's seasonal naive is NaN, in silence
            found[model] = owa(by_series(theirs, model), actual, history, 12, whole)
    print(f"\nlast {length} months, OWA: {', '.join(f'{k} {v:.3f}' for k, v in found.items())}")
    assert found["ours"] <= CUTS[length]


def test_car_parts(tmp_path: Path) -> None:
    table = pd.read_parquet(DATA / "carparts.parquet").rename(columns={"t": "ds"})
    complete = sorted(set(table["unique_id"]) - set(table.loc[table["y"].isna(), "unique_id"]))
    # the sample that the peers' figures are of: IMAPA .615, ADIDA .623, TSB .653, CrostonSBA .863
    parts = np.random.default_rng(3).choice(complete, 1000, replace=False)
    table = table[table["unique_id"].isin(parts)]
    last = table["ds"].max()
    train, test = table[table["ds"] <= last - 6], table[table["ds"] > last - 6]
    history, actual = by_series(train), {k: v.sum() for k, v in by_series(test).items()}
    made, _ = ours(tmp_path, train, 12, 6)
    theirs, _ = peer(tmp_path, train, 12, 6, "IMAPA,ADIDA,TSB,CrostonSBA")
    scale = {k: 6 * np.abs(np.diff(v)).mean() for k, v in history.items()}
    judged = [k for k in actual if scale[k] > 0]
    score = {}
    models = {"ours": by_series(made, "forecast")}
    models |= {name: by_series(theirs, name) for name in ("IMAPA", "ADIDA", "TSB", "CrostonSBA")}
    for name, forecast in models.items():
        sums = {k: forecast[k].sum() for k in judged}
        errors = [abs(sums[k] - actual[k]) / scale[k] for k in judged]
        score[name] = float(np.mean(errors)), sum(sums.values()) / sum(actual[k] for k in judged) - 1
    found = ", ".join(f"{k} {a:.3f} ({b:+.1%})" for k, (a, b) in score.items())
    print(f"\n{len(judged)} car parts: {found}")
    assert len(judged) == 996
    assert score["IMAPA"][0] == pytest.approx(0.615, abs=0.002)  # the sample is the right one
    assert score["ours"][0] <= 0.60
    assert abs(score["ours"][1]) <= 0.05
