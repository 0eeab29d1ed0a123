"""Weights from data and TOPSIS beside pymcdm: the same numbers, and whole commands timed, import included.

The peer runs in the environment `.venv-peers` (or the interpreter that `KAM_PEERS` names).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.bench.measure import ratio, report

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("KAM_PEERS") or ROOT / ".venv-peers" / "bin" / "python")
MADE = """
import json
import numpy as np
scores = np.random.default_rng(1).uniform(20, 120, (2000, 12))
weights = np.full(12, 1 / 12)
"""
OURS = (
    MADE
    + """
import pandas as pd
from kamlib.appraisal.data_weights import weights_critic, weights_entropy, weights_standard_deviation
from kamlib.appraisal.ranking import topsis
table = pd.DataFrame(scores, columns=[f"k{k}" for k in range(12)])
up = dict.fromkeys(table.columns, "up")
found = {"critic": weights_critic(table, directions=up), "entropy": weights_entropy(table),
         "sd": weights_standard_deviation(table, directions=up),
         "topsis": topsis(table, weights, directions=["up"] * 12)}
print(json.dumps({name: list(map(float, values)) for name, values in found.items()}))
"""
)
THEIRS = (
    MADE
    + """
from pymcdm import weights as rules
from pymcdm.methods import TOPSIS
from pymcdm.normalizations import vector_normalization
found = {"critic": rules.critic_weights(scores), "entropy": rules.entropy_weights(scores),
         "topsis": TOPSIS(vector_normalization)(scores, weights, np.ones(12))}
low, high = scores.min(axis=0), scores.max(axis=0)
found["sd"] = rules.standard_deviation_weights((scores - low) / (high - low))
print(json.dumps({name: list(map(float, values)) for name, values in found.items()}))
"""
)


def said(command: list[str]) -> dict[str, list[float]]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(not PEERS.exists(), reason="make bench sets up .venv-peers")
def test_weights_and_topsis_are_the_peers_and_as_fast() -> None:
    ours, theirs = [sys.executable, "-c", OURS], [str(PEERS), "-c", THEIRS]
    mine, other = said(ours), said(theirs)
    for name in other:
        assert np.allclose(mine[name], other[name], rtol=0, atol=1e-9), name
    times, a, b = ratio(ours, theirs, runs=5)
    report("weights and TOPSIS / pymcdm", times, 1.0, f"{a[-1].seconds:.2f} s, {b[-1].seconds:.2f} s")
    assert times <= 1.0
