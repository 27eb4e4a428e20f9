import numpy as np
import pytest
from sklearn.cluster import kmeans_plusplus

from paperlib.selection import seeding


def samples_of(kind):
    draw = np.random.default_rng(0)
    return {
        "float64": draw.normal(size=(300, 7)),
        "float32": draw.normal(size=(300, 7)).astype(np.float32),
        "far from 0": 1e3 + draw.gamma(0.7, size=(300, 7)).astype(np.float32),
        "many alike": draw.integers(0, 2, (300, 7)).astype(np.float32),
        "more rows than a block": draw.normal(size=(2_200, 3)).astype(np.float32),
    }[kind]


@pytest.mark.parametrize("kind", ["float64", "float32", "far from 0", "many alike", "more rows than a block"])
@pytest.mark.parametrize("count", [1, 2, 40, 300])
@pytest.mark.parametrize("seed", range(3))
def test_the_centroids_are_scikit_learns(kind, count, seed):
    samples = samples_of(kind)
    expected, _ = kmeans_plusplus(samples, count, random_state=np.random.RandomState(seed))
    found = seeding.k_means_plus_plus(samples, count, np.random.RandomState(seed))
    assert found.dtype == samples.dtype and np.array_equal(found, expected)


def test_of_many_samples_no_distances_are_kept(monkeypatch):
    samples = samples_of("float32")
    kept = seeding.k_means_plus_plus(samples, 40, np.random.RandomState(1))
    monkeypatch.setattr(seeding, "_MOST", len(samples) - 1)
    monkeypatch.setattr(seeding, "_squared_distances", None)  # would fail if it were called
    assert np.array_equal(seeding.k_means_plus_plus(samples, 40, np.random.RandomState(1)), kept)
