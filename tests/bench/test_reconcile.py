"""Reconciliation: cost at 10,000 series beside the dense formula, agreement with a library, gain on retail sales.

The library runs in the environment `.venv-peers` (or the interpreter that `KAM_PEERS` names); where there is none, its
part is skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.forecast.engine import forecast_matrix
from kamlib.forecast.reconcile import RECONCILIATIONS, reconcile
from kamlib.forecast.structure import Structure, build_structure
from kamlib.measures.accuracy import seasonal_scales
from tests.bench.measure import PEAK, report

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("KAM_SHARED") or ROOT.parent / "shared")
RETAIL = SHARED / "data" / "forecast" / "aus_retail.parquet"
PEERS = Path(os.environ.get("KAM_PEERS") or ROOT / ".venv-peers" / "bin" / "python")

# A company of so many account x product line pairs, 12 months ahead, 36 past errors of every series
COMPANY = """
import json, sys, time
import numpy as np
import pandas as pd
n = int(sys.argv[1])
rng = np.random.default_rng(1)
keys = pd.DataFrame({"company": "all", "region": rng.integers(0, 8, n), "rep": rng.integers(0, n // 100 + 2, n),
                     "line": np.arange(n) % 4, "account": np.arange(n) // 4})
levels = ["company", "region", "rep", "line", "account"]
total = n + sum(keys[level].nunique() for level in levels)
common = rng.normal(size=(36, 3)) @ rng.normal(size=(3, total))
errors = (common + rng.normal(size=(36, total))) * np.exp(rng.normal(size=total))
y = 100 + 10 * rng.normal(size=(12, total))
"""
OURS = """
import scipy.sparse.linalg
from kamlib.forecast.reconcile import reconcile
from kamlib.forecast.structure import build_structure
begun = time.process_time()
structure = build_structure(keys, levels)
found = reconcile(y, structure, method="mint_shrink", errors=errors)
cpu = time.process_time() - begun
sums = structure.sum_up(found[:, structure.above:])
gap = float((np.abs(found - sums) / np.maximum(1.0, np.abs(sums))).max())
"""
DENSE = """
begun = time.process_time()
parts = np.vstack([np.asarray(keys[level])[None] == np.unique(keys[level])[:, None] for level in levels]).astype(float)
c = np.hstack([np.eye(len(parts)), -parts])
deviation = errors - errors.mean(axis=0)
sample = deviation.T @ deviation / (len(errors) - 1)
unit = deviation / np.sqrt((deviation ** 2).sum(axis=0))
squares = ((unit.T @ unit) ** 2).sum() - total
fourth = ((unit ** 2).T @ unit ** 2).sum() - (unit ** 4).sum()
shrinkage = min(1.0, (len(errors) * fourth - squares) / (len(errors) - 1) / squares)
w = (1 - shrinkage) * sample
np.fill_diagonal(w, np.diag(sample))
found = y - (w @ c.T @ np.linalg.solve(c @ w @ c.T, c @ y.T)).T
cpu = time.process_time() - begun
gap = float(np.abs(c @ found.T).max())
"""
SAY = f"""
peak = {PEAK}
np.save(sys.argv[2], found)
print(json.dumps({{"cpu": cpu, "megabytes": peak, "gap": gap}}))
"""
LIBRARY = """
import sys
import numpy as np
from hierarchicalforecast.methods import BottomUp, MinTrace
given = np.load(sys.argv[1])
found = {}
for name, method in (("bottom_up", BottomUp()), ("ols", MinTrace("ols")), ("wls", MinTrace("wls_var")),
                     ("mint_shrink", MinTrace("mint_shrink"))):
    past = {} if name == "bottom_up" else {"y_insample": given["actual"].T, "y_hat_insample": given["forecast"].T}
    tags = {"all": np.arange(len(given["sums"]))}
    found[name] = method.fit_predict(S=given["sums"], y_hat=given["y"].T, tags=tags, **past)["mean"].T
np.savez(sys.argv[2], **found)
"""


def company(size: int, code: str, file: Path) -> dict[str, float]:
    """Reconcile a company in a process of its own and return what it took [CPU s, MB] and the widest gap."""
    command = [sys.executable, "-c", COMPANY + code + SAY, str(size), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


def test_ten_thousand_series_add_up_within_a_second(tmp_path: Path) -> None:
    cost = company(10_000, OURS, tmp_path / "ours.npy")
    print(
        f"\nMinT shrink, 10,000 bottom series x 12 months: {cost['cpu']:.2f} CPU s after imports (at most 1), "
        f"peak {cost['megabytes']:.0f} MB (at most 500), widest relative gap {cost['gap']:.1e}"
    )
    assert cost["cpu"] < 1
    assert cost["megabytes"] < 500
    assert cost["gap"] < 1e-9


def test_a_fraction_of_the_dense_formula_and_the_same_forecasts(tmp_path: Path) -> None:
    ours = company(2_000, OURS, tmp_path / "ours.npy")
    dense = company(2_000, DENSE, tmp_path / "dense.npy")
    report(
        "MinT shrink, 2,000 bottom series, CPU s to the dense formula's",
        ours["cpu"] / dense["cpu"],
        0.5,
        f"{ours['cpu']:.2f} to {dense['cpu']:.2f} s, {ours['megabytes']:.0f} to {dense['megabytes']:.0f} MB",
    )
    assert ours["cpu"] <= 0.5 * dense["cpu"]
    found, expected = np.load(tmp_path / "ours.npy"), np.load(tmp_path / "dense.npy")
    assert np.abs(found - expected).max() <= 1e-9 * np.abs(expected).max()


@pytest.mark.skipif(not PEERS.exists(), reason="needs the peers' environment")
@pytest.mark.parametrize("size", [30, 400])
def test_equals_the_library(size: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(size)
    keys = pd.DataFrame({"company": "all", "p": rng.integers(0, 4, size), "q": rng.integers(0, 5, size)})
    structure = build_structure(keys, ["company", "p", "q"])
    n = structure.total
    # amounts in thousands: the library adds 2e-8 to every variance, which is then below rounding
    actual = 1e6 + 1e3 * rng.normal(size=(30, n))
    errors = 1e3 * (rng.normal(size=(30, n)) * np.exp(rng.normal(size=n)) + rng.normal(size=(30, 1)))
    y = 1e6 + 1e4 * rng.normal(size=(12, n))
    sums = structure.sum_up(np.eye(size)).T
    np.savez(tmp_path / "given.npz", actual=actual, forecast=actual + errors, y=y, sums=sums)
    files = [str(tmp_path / "given.npz"), str(tmp_path / "found.npz")]
    subprocess.run([str(PEERS), "-c", LIBRARY, *files], check=True, capture_output=True)
    found = np.load(tmp_path / "found.npz")
    for method in RECONCILIATIONS:
        ours = reconcile(y, structure, method=method, errors=errors)
        apart = np.abs(ours - found[method]).max() / np.abs(ours).max()
        print(f"\n{method}, {size} bottom series: {apart:.1e} from the library's, relative (at most 1e-9)")
        assert apart < 1e-9


def retail() -> tuple[Structure, np.ndarray]:
    """Return Australian retail turnover by state and industry and its sums, of series without a gap."""
    wide = pd.read_parquet(RETAIL).pivot_table(
        index="Month", columns=["State", "Industry"], values="Turnover"
    )
    wide = wide.loc[:, wide.notna().all()]
    keys = wide.columns.to_frame(index=False).assign(country="Australia")
    structure = build_structure(keys, ["country", "State", "Industry"])
    return structure, structure.sum_up(wide.to_numpy())


def scaled_errors(structure: Structure, y: np.ndarray, origin: int) -> dict[str, float]:
    """Forecast a year after `origin` from ten years and return each method's mean scaled error, all series.

    Errors are those of the last 24 months, each forecast one month ahead; the scale is seasonal naive's mean
    absolute error in the ten years.
    """
    window, past = 120, 24

    def ahead(row: int, horizon: int) -> np.ndarray:
        return forecast_matrix(y[row - window : row], horizon=horizon, season_length=12)

    scale, _ = seasonal_scales(y[origin - window : origin], 12)
    errors = np.vstack([ahead(row, 1) - y[row] for row in range(origin - past, origin)])
    base, actual = ahead(origin, 12), y[origin : origin + 12]
    found = {"base": base}
    found |= {method: reconcile(base, structure, method=method, errors=errors) for method in RECONCILIATIONS}
    return {name: float((np.abs(forecast - actual) / scale).mean()) for name, forecast in found.items()}


@pytest.mark.skipif(not RETAIL.exists(), reason="needs ../shared/data/forecast")
def test_retail_hierarchy_gains_by_shrinkage_at_the_last_year_and_before() -> None:
    structure, y = retail()
    origins = [len(y) - 12 - 6 * back for back in range(8)]
    table = pd.DataFrame([scaled_errors(structure, y, origin) for origin in origins], index=origins)
    last, mean = table.iloc[0], table.mean()
    print(f"\nretail, mean scaled error over all levels, by first month forecast:\n{table.round(4)}")
    print(f"last year: MinT {last['mint_shrink']:.3f} (at most .67); mean of eight origins:\n{mean.round(4)}")
    assert last["mint_shrink"] <= 0.67
    assert mean["mint_shrink"] <= 0.98 * min(mean["base"], mean["bottom_up"])
