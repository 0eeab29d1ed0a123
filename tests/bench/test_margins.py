"""Joint margins: cost at the size of a company, and beside ipfn without and clarabel with bounds of cells.

The peers run in the environment `.venv-peers` (or the interpreter that `KAM_PEERS` names).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.bench.measure import PEAK, report

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("KAM_PEERS") or ROOT / ".venv-peers" / "bin" / "python")

MADE = """
import json, sys, time
import numpy as np
n = int(sys.argv[1])
rng = np.random.default_rng(1)
seed = rng.lognormal(0, 1.5, (n, 1, 1)) * rng.lognormal(0, .7, (n, 4, 12)) * 5
table = np.floor(seed * rng.lognormal(0, .4, seed.shape) + rng.random(seed.shape))
low = np.floor(table * rng.uniform(0, .9, seed.shape))
high = np.ceil(table * rng.uniform(1.05, 2, seed.shape)) + 1
axes = [(1, 2), (0, 2), (0, 1)]
sums = [table.sum(axis) for axis in axes]
bounded = sys.argv[3] == "bounded"
begun = time.process_time()
"""
OURS = """
from kamlib.targets.margins import fit_margins
from kamlib.targets.requirements import require
from kamlib.targets.rounding_stages import split_jointly
begun = time.process_time()
asked = [require(str(k), *[np.arange(seed.shape[k]) if k == a else None for a in range(3)], total=sums[k])
         for k in range(3)]
bounds = {"lower": low, "upper": high} if bounded else {}
found = fit_margins(seed, asked, **bounds).table
"""
ROUNDED = (
    OURS
    + f"""
cpu = time.process_time() - begun
begun = time.process_time()
split = split_jointly(seed, asked, **bounds)
rounding = time.process_time() - begun
assert len(split.residuals) == 0 and (split.units >= low).all() and (split.units <= high).all()
print(json.dumps({{"cpu": cpu, "rounding": rounding, "megabytes": {PEAK}}}))
"""
)
IPFN = """
from ipfn import ipfn
begun = time.process_time()
given = seed.copy()
found = ipfn.ipfn(given, sums, [[0], [1], [2]], convergence_rate=1e-10).iteration()
"""
CLARABEL = """
import clarabel
from scipy import sparse
begun = time.process_time()
N = seed.size
marks = np.indices(seed.shape).reshape(3, -1)
A = sparse.vstack([sparse.csr_matrix((np.ones(N), (marks[k], np.arange(N))), shape=(seed.shape[k], N))
                   for k in range(3)])
A = sparse.hstack([A, sparse.csr_matrix((A.shape[0], N))])
eye, none = sparse.identity(N), sparse.csr_matrix((N, N))
box = sparse.vstack([sparse.hstack([-eye, none]), sparse.hstack([eye, none])])
# exponential cones (-t, x, s): x exp(-t / x) <= s, so that t >= x log(x / s)
at = 3 * np.arange(N)
cone = sparse.csr_matrix((np.append(np.ones(N), -np.ones(N)), (np.append(at, at + 1),
                         np.append(N + np.arange(N), np.arange(N)))), shape=(3 * N, 2 * N))
rest = np.zeros(3 * N)
rest[at + 2] = seed.ravel()
b = np.concatenate([*sums, -low.ravel(), high.ravel(), rest])
cones = [clarabel.ZeroConeT(sum(seed.shape)), clarabel.NonnegativeConeT(2 * N)]
cones += [clarabel.ExponentialConeT()] * N
settings = clarabel.DefaultSettings()
settings.verbose = False
settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
cost = np.append(-np.ones(N), np.ones(N))
solved = clarabel.DefaultSolver(sparse.csc_matrix((2 * N, 2 * N)), cost, sparse.vstack([A, box, cone]).tocsc(), b,
                                cones, settings).solve()
found = np.array(solved.x[:N]).reshape(seed.shape)
"""
SAVED = """
print(json.dumps({"cpu": time.process_time() - begun}))
np.save(sys.argv[2], found)
"""


def measured(python: str | Path, code: str, size: int, file: Path, kind: str) -> dict[str, float]:
    """Run code on a made company in a process of its own and return what it says it took [CPU s, MB]."""
    command = [str(python), "-c", MADE + code, str(size), str(file), kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout.splitlines()[-1])


def test_twenty_thousand_accounts_within_the_time_and_memory_promised(tmp_path: Path) -> None:
    cost = measured(sys.executable, ROUNDED, 20_000, tmp_path / "none", "bounded")
    print(
        f"\n20,000 x 4 x 12 with bounds: margins {cost['cpu']:.1f} CPU s (at most 10), margins and rounding "
        f"{cost['rounding']:.1f} s (at most 30), peak {cost['megabytes']:.0f} MB (at most 1,024)"
    )
    assert cost["cpu"] < 10
    assert cost["rounding"] < 30
    assert cost["megabytes"] < 1024


@pytest.mark.skipif(not PEERS.exists(), reason="needs the peers' environment")
@pytest.mark.parametrize(
    ("peer", "code", "size", "kind", "limit"),
    [("ipfn", IPFN, 20_000, "free", 1 / 5), ("clarabel", CLARABEL, 300, "bounded", 1 / 50)],
)
def test_a_fraction_of_a_peer_and_the_same_table(
    peer: str, code: str, size: int, kind: str, limit: float, tmp_path: Path
) -> None:
    ours = measured(sys.executable, OURS + SAVED, size, tmp_path / "ours.npy", kind)
    other = measured(PEERS, code + SAVED, size, tmp_path / "peer.npy", kind)
    found, expected = np.load(tmp_path / "ours.npy"), np.load(tmp_path / "peer.npy")
    apart = np.abs(found - expected).max() / expected.max()
    ratio = ours["cpu"] / other["cpu"]
    report(
        f"margins of {size:,} accounts, CPU s to {peer}'s",
        ratio,
        limit,
        f"{ours['cpu']:.3f} to {other['cpu']:.2f} s, {apart:.1e} apart relative to the largest cell",
    )
    assert apart < 1e-6
    assert ratio < limit
