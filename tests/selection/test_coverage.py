from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import cdist

from paperlib.selection import select


def obvious_k_center(embeddings, k):
    distances = cdist(embeddings, embeddings)
    chosen = [int(cdist(embeddings, embeddings.mean(axis=0)[None]).argmin())]
    while len(chosen) < k:
        left = [i for i in range(len(embeddings)) if i not in chosen]
        chosen.append(max(left, key=lambda i: distances[i, chosen].min()))
    return chosen


def radius(embeddings, chosen):
    """The largest distance of a sample from its nearest chosen one."""
    return cdist(embeddings, embeddings[list(chosen)]).min(axis=1).max()


def test_k_center_equals_the_obvious_implementation():
    embeddings = np.random.default_rng(0).normal(size=(80, 5))
    assert select(embeddings, 80, "k_center").tolist() == obvious_k_center(embeddings, 80)


@given(hnp.arrays(np.int64, st.tuples(st.integers(2, 9), st.integers(1, 3)), elements=st.integers(-9, 9)), st.data())
def test_k_center_has_at_most_twice_the_smallest_radius(embeddings, data):
    if (embeddings == embeddings[0]).all():
        return
    k = data.draw(st.integers(1, len(embeddings)))
    smallest = min(radius(embeddings, some) for some in combinations(range(len(embeddings)), k))
    assert radius(embeddings, select(embeddings, k, "k_center")) <= 2 * smallest + 1e-9


def test_k_center_finds_every_cluster():
    draw = np.random.default_rng(1)
    clusters = draw.permutation(np.repeat(np.arange(20), [1] * 10 + [50] * 10))  # half of them single samples
    embeddings = 1e4 + 100 * draw.normal(size=(20, 8))[clusters] + draw.normal(size=(len(clusters), 8))
    assert set(clusters[select(embeddings, 20, "k_center")]) == set(range(20))


def test_k_center_by_index_takes_the_lower_one_on_ties():
    embeddings = np.array([[1], [-4], [4], [0], [4], [-4], [0]])  # the mean is 1 / 7
    assert select(embeddings, 7, "k_center", ties="index").tolist() == [3, 1, 2, 0, 4, 5, 6]


def test_k_means_takes_the_sample_nearest_to_each_centroid():
    draw = np.random.default_rng(2)
    clusters = draw.permutation(np.repeat(np.arange(6), 40))
    embeddings = 50 * np.eye(6)[clusters] + draw.normal(size=(240, 6))
    expected = set()
    for name in range(6):
        members = np.flatnonzero(clusters == name)
        centroid = embeddings[members].mean(axis=0)
        expected.add(members[cdist(embeddings[members], centroid[None]).argmin()])
    # The mean over batches is not quite the mean: nearest to it, or nearly so.
    chosen = select(embeddings, 6, "k_means")
    assert set(clusters[chosen]) == set(range(6))
    for sample in chosen:
        members = embeddings[clusters == clusters[sample]]
        distances = np.sort(cdist(members, members.mean(axis=0)[None])[:, 0])
        assert np.linalg.norm(embeddings[sample] - members.mean(axis=0)) <= distances[5]
    assert len(expected & set(chosen.tolist())) >= 2


@pytest.mark.parametrize("k", [1, 4, 30])
def test_k_means_equals_the_obvious_choice_by_the_same_centroids(k, monkeypatch):
    """Also where centroids share their nearest sample."""
    draw = np.random.default_rng(3)
    embeddings = np.round(draw.normal(size=(60, 2)), 1)
    centroids = np.round(draw.normal(size=(k, 2)), 1) / 4 + 0.01  # crowded in the middle

    class Clusters:
        def __init__(self, *_, **__):
            self.cluster_centers_ = centroids

        def fit(self, _):
            return self

    monkeypatch.setattr("sklearn.cluster.MiniBatchKMeans", Clusters)
    expected = []
    for centroid in centroids:
        near = np.argsort(cdist(embeddings, centroid[None])[:, 0], kind="stable")
        expected.append(next(i for i in near.tolist() if i not in expected))
    nearest = cdist(centroids, embeddings).argmin(axis=1)
    assert k < 30 or len(set(nearest.tolist())) < 25  # many do share
    assert select(embeddings, k, "k_means", ties="index").tolist() == expected


def test_k_means_is_drawn_by_its_seed():
    embeddings = np.random.default_rng(4).normal(size=(200, 4))
    assert len({tuple(select(embeddings, 9, "k_means", seed=seed)) for seed in range(4)}) > 1


def test_pca_whitens_for_k_means():
    """Two clusters far apart in a direction of little variance: seen only when it is scaled up."""
    draw = np.random.default_rng(5)
    clusters = np.arange(400) % 2
    embeddings = np.column_stack([1000 * draw.normal(size=400), clusters + 0.01 * draw.normal(size=400)])

    def found(pca):
        return [len(set(clusters[select(embeddings, 2, "k_means", pca=pca, seed=seed)])) for seed in range(9)]

    assert sum(found(pca=True)) > sum(found(pca=False))
