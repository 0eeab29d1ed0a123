"""Rank acceptabilities of 2,000 reps x 12 KPIs under 10,000 draws of weights: seconds and memory."""

import resource
import time

import numpy as np

from kamlib.appraisal.ranking import draw_weights, rank_draws


def test_two_thousand_reps_ten_thousand_draws() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(80, 15, (2000, 12))
    started = time.perf_counter()
    found = rank_draws(scores, draw_weights(12, draws=10_000, rng=rng))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"acceptabilities 2,000 x 12 x 10,000: {seconds:.1f} s, peak {peak:.0f} MB")
    assert found.counts.sum() == 2000 * 10_000
    assert seconds < 5
    assert peak < 1024
