import time

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from paperlib.selection import METHODS, select
from paperlib.study import selections


@pytest.fixture
def embeddings():
    return np.random.default_rng(0).gamma(0.7, size=(2_000, 8)).astype(np.float32)


def test_what_is_measured_is_what_is_chosen(embeddings):
    labels = np.arange(2_000) % 4
    chosen, seconds, held = selections.measured(embeddings, 40, "k_means", labels=labels, seed=3, pca=True)
    assert np.array_equal(chosen, select(embeddings, 40, "k_means", seed=3, pca=True))
    assert seconds > 0 and held >= 0


def test_loading_is_not_charged_and_memory_is(embeddings, monkeypatch):
    now = [0.0]  # seconds: a clock that no other load on this machine moves
    monkeypatch.setattr(selections.time, "perf_counter", lambda: now[0])

    def slow_at_first(embeddings, k, *, labels, seed):
        now[0] += 1 if now[0] == 0 else 0.25
        assert len(labels) == len(embeddings)
        held = np.ones(10_000_000)
        time.sleep(0.1)  # long enough for memory to be looked at
        return np.arange(len(held))[:k]

    monkeypatch.setitem(METHODS, "random", slow_at_first)
    for _ in range(2):  # what the first call has freed hides nothing
        _, seconds, held = selections.measured(embeddings, 40, "random", labels=np.zeros(2_000, int), seed=0)
        assert seconds == 0.25
        assert 80e6 <= held < 200e6


def test_coverage_is_the_mean_distance_to_the_nearest_chosen(embeddings):
    chosen = [5, 7, 1_999]
    expected = cdist(embeddings, embeddings[chosen]).min(axis=1).mean()
    assert selections.coverage(embeddings, chosen) == pytest.approx(expected, rel=1e-5)
    assert selections.coverage(embeddings, np.arange(2_000)) == pytest.approx(0, abs=1e-3)
